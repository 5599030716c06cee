"""How good predicted probabilities are, with intervals: ranking, calibration, lift, and what calls cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from analytics.metrics.rates import Z, wilson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS = 10
RESAMPLES = 200
DEPTHS = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
_EDGE = 1e-6


def roc_auc(score: Floats, churned: Bools) -> tuple[float, Floats, Floats]:
    """Area under the ROC curve, with the placements that its variance is made from.

    Parameters
    ----------
    score : numpy.ndarray of shape (n,)
        Greater for those more likely to leave; ties count half.
    churned : numpy.ndarray of bool, shape (n,)
        With both outcomes.

    Returns
    -------
    auc : float
    of_churned, of_stayed : numpy.ndarray
        For each customer who left, the share of those who stayed that it ranks above; for each who stayed,
        the share of those who left that rank above it.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the Areas under Two or More
       Correlated Receiver Operating Characteristic Curves", *Biometrics* 44(3), 1988.
    .. [2] X. Sun and W. Xu, "Fast Implementation of DeLong's Algorithm", *IEEE Signal Processing Letters*
       21(11), 2014.

    Examples
    --------
    >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))[0]
    0.75
    """
    left, stayed = score[churned], score[~churned]
    together = rankdata(score)
    of_churned = (together[churned] - rankdata(left)) / len(stayed)
    of_stayed = 1 - (together[~churned] - rankdata(stayed)) / len(left)
    return float(of_churned.mean()), of_churned, of_stayed


def roc_aucs(scores: Floats, churned: Bools) -> Floats:
    """Area under the ROC curve of several scores of the same customers, by the sum of ranks.

    Parameters
    ----------
    scores : numpy.ndarray of shape (m, n)
    churned : numpy.ndarray of bool, shape (n,)
        With both outcomes.

    Returns
    -------
    numpy.ndarray of shape (m,)

    Examples
    --------
    >>> roc_aucs(np.array([[0.1, 0.4, 0.35, 0.8]]), np.array([False, False, True, True])).tolist()
    [0.75]
    """
    left = int(churned.sum())
    above = rankdata(scores, axis=1)[:, churned].sum(axis=1) - left * (left + 1) / 2
    found: Floats = above / (left * (len(churned) - left))
    return found


def auc_interval(score: Floats, churned: Bools) -> tuple[float, float, float]:
    """ROC AUC with its 95 % interval (DeLong), limited to 0…1."""
    auc, first, second = roc_auc(score, churned)
    half = Z * _spread(first, second)
    return auc, max(0.0, auc - half), min(1.0, auc + half)


def auc_difference(score: Floats, other: Floats, churned: Bools) -> tuple[float, float, float]:
    """ROC AUC of one score less that of another on the same customers, with the paired 95 % interval.

    Examples
    --------
    >>> score, churned = np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True])
    >>> auc_difference(score, score, churned)
    (0.0, 0.0, 0.0)
    """
    auc, first, second = roc_auc(score, churned)
    base, base_first, base_second = roc_auc(other, churned)
    half = Z * _spread(first - base_first, second - base_second)
    return auc - base, auc - base - half, auc - base + half


def _spread(of_churned: Floats, of_stayed: Floats) -> float:
    """Standard error from placements; 0 where there is nothing to vary."""
    parts = [values.var(ddof=1) / len(values) for values in (of_churned, of_stayed) if len(values) > 1]
    return float(np.sqrt(max(0.0, sum(parts))))


def losses(probability: Floats, churned: Bools) -> tuple[Floats, Floats]:
    """Squared error and log loss of each customer; probabilities are kept within 1e-6 of 0 and 1."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return (probability - churned) ** 2, -np.where(churned, np.log(inside), np.log1p(-inside))


def log_loss(probability: Floats, churned: Bools) -> float:
    """Mean log loss."""
    return float(losses(probability, churned)[1].mean())


def calibration_error(probability: Floats, churned: Bools, weights: Floats | None = None) -> float:
    """Expected calibration error: mean distance of predicted and actual share over tenths by probability.

    Parameters
    ----------
    probability : numpy.ndarray of shape (n,)
    churned : numpy.ndarray of bool, shape (n,)
    weights : numpy.ndarray of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Σ over ten bins of equal size of (share of customers in it) × |mean probability − share who left|.

    Examples
    --------
    >>> calibration_error(np.full(10, 0.3), np.arange(10) < 4)
    0.1
    """
    if weights is None:
        weights = np.ones(len(probability))
    return _distance(_tenths(probability), probability - churned, weights)


def _distance(place: NDArray[np.int64], off: Floats, weights: Floats) -> float:
    """Mean distance over bins: `off` is predicted − actual of each row, `place` its bin."""
    gap = np.bincount(place, weights * off, minlength=BINS)
    return round(float(np.abs(gap).sum() / weights.sum()), 12)


def _tenths(probability: Floats) -> NDArray[np.int64]:
    """Bin of each row, by probability; equal probabilities share a bin."""
    ranks = rankdata(probability, method="min") - 1
    tenths = np.minimum((ranks * BINS) // max(1, len(probability)), BINS - 1)
    return np.asarray(tenths, dtype="int64")


def average_precision(order: NDArray[np.int64], churned: Bools, weights: Floats) -> float:
    """Average precision of rows in `order` (the riskiest first), each counted `weights` times."""
    hit, weight = churned[order], weights[order]
    found = np.cumsum(hit * weight)
    precision = found / np.maximum(np.cumsum(weight), 1e-12)
    total = found[-1]
    return float((precision * hit * weight).sum() / total) if total > 0 else float("nan")


def score_row(score: Floats, probability: Floats, churned: Bools, *, seed: int) -> dict[str, Any]:
    """All measures of one model on one population.

    Parameters
    ----------
    score : numpy.ndarray of shape (n,)
        What customers are ordered by.
    probability : numpy.ndarray of shape (n,)
        What is said of them.
    churned : numpy.ndarray of bool, shape (n,)
        With both outcomes.
    seed : int

    Returns
    -------
    dict
        ``roc_auc`` (DeLong), ``average_precision`` and ``calibration_error`` (200 resamples of customers),
        ``brier`` and ``log_loss`` (normal), each with ``_low`` and ``_high`` at 95 %; ``accuracy`` at 0.5 and
        ``majority_share`` (0–1); ``customers``, ``churned``.
    """
    row: dict[str, Any] = {}
    row["roc_auc"], row["roc_auc_low"], row["roc_auc_high"] = auc_interval(score, churned)
    n, order = len(churned), np.argsort(-score, kind="stable")
    random, drawn = np.random.default_rng(seed), []
    tenth, off = _tenths(probability), probability - churned
    for _ in range(RESAMPLES):
        weights = np.bincount(random.integers(0, n, n), minlength=n).astype("float64")
        drawn.append((average_precision(order, churned, weights), _distance(tenth, off, weights)))
    ones = np.ones(n)
    means = (average_precision(order, churned, ones), calibration_error(probability, churned))
    for place, name in enumerate(("average_precision", "calibration_error")):
        low, high = np.nanquantile(np.array(drawn)[:, place], [0.025, 0.975])
        # Resampling adds noise to every bin, so an error measured as a distance comes out too large there.
        row |= {
            name: means[place],
            f"{name}_low": min(float(low), means[place]),
            f"{name}_high": max(float(high), means[place]),
        }
    for name, each in zip(("brier", "log_loss"), losses(probability, churned), strict=True):
        mean, half = float(each.mean()), Z * float(each.std(ddof=1)) / np.sqrt(n)
        row |= {name: mean, f"{name}_low": max(0.0, mean - half), f"{name}_high": mean + half}
    share = float(churned.mean())
    row["accuracy"] = float(((probability >= 0.5) == churned).mean())
    row["majority_share"] = max(share, 1 - share)
    return row | {"customers": n, "churned": int(churned.sum())}


def calibration_table(probability: Floats, churned: Bools) -> pd.DataFrame:
    """Predicted and actual share by tenths of probability, as `ChurnResult.calibration` has them."""
    place = _tenths(probability)
    rows: list[dict[str, Any]] = []
    for bin_ in range(BINS):
        inside = place == bin_
        if not inside.any():
            continue
        low, high = wilson(churned[inside].sum(), inside.sum())
        rows.append(
            {
                "bin": len(rows) + 1,
                "predicted": float(probability[inside].mean()),
                "actual": float(churned[inside].mean()),
                "low": float(low) / 100,
                "high": float(high) / 100,
                "customers": int(inside.sum()),
                "churned": int(churned[inside].sum()),
            }
        )
    return pd.DataFrame(rows)


def lift_table(score: Floats, churned: Bools) -> pd.DataFrame:
    """Who left among the riskiest, by depth, as `ChurnResult.lift` has it; depths round up to customers."""
    hits = np.concatenate([[0], np.cumsum(churned[np.argsort(-score, kind="stable")])])
    sizes = np.array([-(-depth * len(score) // 100) for depth in DEPTHS])
    found = hits[sizes]
    low, high = wilson(found, sizes)
    return pd.DataFrame(
        {
            "depth_percent": DEPTHS,
            "customers": sizes,
            "churned": found,
            "precision_rate": 100 * found / sizes,
            "low": low,
            "high": high,
            "lift": found / sizes / churned.mean(),
            "recall_rate": 100 * found / hits[-1],
        }
    )


def cheapest_threshold(
    probability: Floats, churned: Bools, *, cost_of_miss: float, cost_of_call: float
) -> float:
    """Probability from which on a call costs less than it saves, found on customers whose fate is known.

    Every customer with this probability or more is called and costs `cost_of_call`; each of the others who
    leaves costs `cost_of_miss`. Of equally cheap thresholds the greatest; 1 where calling nobody is cheapest.

    Examples
    --------
    >>> cheapest_threshold(np.array([0.1, 0.2, 0.6]), np.array([False, True, True]),
    ...                    cost_of_miss=5, cost_of_call=1)
    0.2
    """
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    missed = churned.sum() - np.cumsum(churned[order])
    cost = cost_of_miss * missed + cost_of_call * np.arange(1, len(ranked) + 1)
    last_of_equal = np.append(ranked[1:] != ranked[:-1], True)
    cost = np.where(last_of_equal, cost, np.inf)
    best = int(np.argmin(cost))
    return float(ranked[best]) if cost[best] < cost_of_miss * churned.sum() else 1.0


def threshold_for(known: pd.DataFrame, *, cost_of_miss: float, cost_of_call: float) -> float:
    """Probability from which on to call, by `cheapest_threshold` where the fate of any customer is known.

    Parameters
    ----------
    known : pandas.DataFrame
        Customers of past windows: ``churn_probability`` (0–1) and ``churned`` (0 or 1). Without rows, the
        threshold is where a call costs what it is expected to save, at most 1.
    cost_of_miss, cost_of_call : float
        Above 0, in one unit.
    """
    if known.empty:
        return min(1.0, cost_of_call / cost_of_miss)
    return cheapest_threshold(
        known["churn_probability"].to_numpy(),
        known["churned"].to_numpy(dtype=bool),
        cost_of_miss=cost_of_miss,
        cost_of_call=cost_of_call,
    )


def confusion(
    probability: Floats, churned: Bools, threshold: float, *, cost_of_miss: float, cost_of_call: float
) -> dict[str, Any]:
    """Count right and wrong calls at a threshold, and what they cost, as `ChurnResult.confusion` has them."""
    called = probability >= threshold if threshold < 1 else np.zeros(len(churned), dtype=bool)
    missed = int((~called & churned).sum())
    return {
        "threshold": threshold,
        "true_positives": int((called & churned).sum()),
        "false_positives": int((called & ~churned).sum()),
        "false_negatives": missed,
        "true_negatives": int((~called & ~churned).sum()),
        "cost": cost_of_miss * missed + cost_of_call * int(called.sum()),
        "cost_of_calling_all": cost_of_call * len(churned),
        "cost_of_calling_none": cost_of_miss * int(churned.sum()),
        "cost_of_miss": cost_of_miss,
        "cost_of_call": cost_of_call,
    }
