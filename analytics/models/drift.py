"""Has what a model sees, or what it says, moved away from its training? The population stability index.

PSI = Σ over bins (share now − share then) × ln(share now / share then), the symmetric Kullback-Leibler
divergence; above 0.2 it is taken for a shift that matters (Siddiqi, *Credit Risk Scorecards*, 2006, chapter
8). Numbers are binned by the deciles of the training, words by level; a missing value has a bin of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

THRESHOLD = 0.2
_BINS = 10
_LEVELS = 20
_EMPTY = 0.5  # customers that a bin without any is taken to have: a share of 0 has no logarithm
_ONCE_IN_TWENTY = 0.95
_COLUMNS = ["feature", "bin", "kind", "low", "high", "level", "customers"]


def drift_profile(training: pd.DataFrame) -> pd.DataFrame:
    """Sum up what the training saw, so that later data can be held against it.

    Parameters
    ----------
    training : DataFrame, one row a customer, one column a feature or score
        Numbers and truth values are cut at their deciles (fewer where values repeat), texts by level: the 20
        most frequent, and all others together. What is missing, or infinite, has a bin of its own.

    Returns
    -------
    DataFrame
        One row a bin: ``feature``, ``bin`` (0, 1, …), ``kind`` (``number``, ``level``, ``other`` or
        ``missing``), ``low`` and ``high`` (a number's bin is low < value ≤ high, the outer ones are open; NaN
        for other kinds), ``level`` (text; missing for other kinds), ``customers`` (int). To be kept with the
        model.

    Examples
    --------
    >>> profile = drift_profile(pd.DataFrame({"plan": ["basic", "pro", "basic", None]}))
    >>> profile[["kind", "customers"]].values.tolist()
    [['level', 2], ['level', 1], ['other', 0], ['missing', 1]]
    """
    rows = [
        (name, number, *row) for name in training.columns for number, row in enumerate(_bins(training[name]))
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.astype({"bin": "int64", "low": "float64", "high": "float64", "customers": "int64"})


def drift(profile: pd.DataFrame, current: pd.DataFrame, *, threshold: float = THRESHOLD) -> pd.DataFrame:
    """Hold data of today against what the training saw.

    Parameters
    ----------
    profile : DataFrame
        From `drift_profile`.
    current : DataFrame, one row a customer
        The same columns; one that is absent now counts as missing in every row. Others are left out.
    threshold : float, default 0.2

    Returns
    -------
    DataFrame
        One row a feature, in the order of the profile: ``feature``, ``psi`` (NaN where either side has no
        customer), ``by_chance`` (what two samples of these sizes exceed once in twenty although nothing has
        moved), ``drifted`` (bool: psi above the threshold and above chance).

    Notes
    -----
    A bin without a customer counts as half a customer. Without a shift, PSI / (1/n + 1/m) follows a
    chi-squared distribution with one degree of freedom less than there are bins (Yurdakul & Naranjo,
    *Statistical Properties of the Population Stability Index*, 2020): among 50 customers and 50, ten bins
    exceed 0.2 in most samples, and a model must not be trained anew for that.

    Examples
    --------
    >>> then = drift_profile(pd.DataFrame({"nps": np.arange(1000) % 100}))
    >>> now = pd.DataFrame({"nps": np.arange(1000) % 50})
    >>> drift(then, now)[["feature", "drifted"]].values.tolist()
    [['nps', True]]
    """
    rows = []
    for name, bins in profile.groupby("feature", sort=False):
        values = current[name] if name in current else pd.Series(np.nan, index=current.index, dtype=object)
        then, now = bins["customers"].to_numpy(dtype=float), _counted(bins, values)
        rows.append((name, *_stability(then, now)))
    found = pd.DataFrame(rows, columns=["feature", "psi", "by_chance"])
    found = found.astype({"psi": "float64", "by_chance": "float64"})
    return found.assign(drifted=(found["psi"] > threshold) & (found["psi"] > found["by_chance"]))


def _stability(then: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """PSI of two counts by bin, and what chance alone exceeds once in twenty."""
    there = (then > 0) | (now > 0)
    then, now = then[there], now[there]
    if not then.sum() or not now.sum():
        return float("nan"), float("nan")
    before, after = (np.where(n > 0, n, _EMPTY) for n in (then, now))
    before, after = before / before.sum(), after / after.sum()
    sizes = 1 / then.sum() + 1 / now.sum()
    by_chance = sizes * chi2.ppf(_ONCE_IN_TWENTY, len(then) - 1) if len(then) > 1 else 0.0
    return float(((after - before) * np.log(after / before)).sum()), float(by_chance)


def _bins(values: pd.Series) -> Iterator[tuple[str, float, float, str | None, int]]:
    """Cut one feature of the training into bins."""
    if _is_text(values):
        texts = _texts(values)
        # Ties by name, so that the order of the rows does not decide which level is among the twenty.
        counts = texts.value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
        for level, count in counts.head(_LEVELS).items():
            yield "level", np.nan, np.nan, str(level), int(count)
        yield "other", np.nan, np.nan, None, int(counts.iloc[_LEVELS:].sum())
        yield "missing", np.nan, np.nan, None, int(texts.isna().sum())
        return
    numbers = _numbers(values)
    known = numbers[np.isfinite(numbers)]
    cuts = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if known.size else np.array([])
    # The greatest value is no cut: nothing would lie beyond it in training.
    cuts = cuts[cuts < known.max()] if known.size else cuts
    held = np.bincount(np.searchsorted(cuts, known, side="left"), minlength=len(cuts) + 1)
    edges = [-np.inf, *cuts.tolist(), np.inf]
    for low, high, count in zip(edges[:-1], edges[1:], held, strict=True):
        yield "number", low, high, None, int(count)
    yield "missing", np.nan, np.nan, None, int(numbers.size - known.size)


def _counted(bins: pd.DataFrame, values: pd.Series) -> np.ndarray:
    """Count values of today in the bins of the training."""
    kind = bins["kind"].to_numpy()
    counts = np.zeros(len(bins))
    if (kind == "number").any():
        numbers = _numbers(values)
        known = numbers[np.isfinite(numbers)]
        cuts = bins["high"].to_numpy()[kind == "number"][:-1]
        counts[kind == "number"] = np.bincount(
            np.searchsorted(cuts, known, side="left"), minlength=len(cuts) + 1
        )
        counts[kind == "missing"] = numbers.size - known.size
        return counts
    texts = _texts(values)
    found = texts.value_counts()
    counts[kind == "level"] = found.reindex(bins["level"][kind == "level"]).fillna(0).to_numpy()
    counts[kind == "missing"] = int(texts.isna().sum())
    counts[kind == "other"] = len(texts) - counts.sum()
    return counts


def _is_text(values: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def _texts(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), None).map(str, na_action="ignore")


def _numbers(values: pd.Series) -> np.ndarray:
    """Numbers as floats; what is no number, where numbers were in training, is missing."""
    found: Any = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(found, dtype=float)
