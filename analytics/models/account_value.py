"""What contract customers will bring in the next 12 months: the prediction, its check, the rule to beat.

The model is the ensemble of `analytics.models.account_ensemble`; it leads only where its check says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.account_values import HORIZON
from analytics.models.account_ensemble import LEAST_ROWS, Ensemble, Floats
from analytics.models.threads import one_thread

FOLDS = 4
"""Cutoffs that are predicted from what was known before them, the latest ones."""
BANDS, BAND = 8, 60
"""Groups of alike predictions that intervals are read from, and the fewest accounts in one."""
SHARES = (0.8, 0.9, 0.95, 1.0)
"""Bounds of the groups that accounts are shown in by the share of their contract value to come."""
FACTORS = 3
"""Factors that are named for each account."""
DRAWS = 400


@dataclass(frozen=True)
class AccountValue:
    """What contracts are expected to bring, and how far the expectation can be trusted.

    Money is the organisation's; a share is one of the annual contract value, in [0, 1] or above where an
    account grows.

    Attributes
    ----------
    leader : str
        ``"ensemble"`` or ``"baseline"``: whose figures lead, by the lower error of the check; empty where
        there is no figure.
    accounts : pandas.DataFrame
        One row for each account that is live at the reference date and shown, by predicted revenue, ties by
        id: ``rank``, ``customer_id``, ``customer_name``, ``plan``, ``acv``, ``tenure_days``,
        ``predicted_revenue_12m`` of the leader with ``_low`` and ``_high`` (80 %, missing without a check),
        ``expected_change_12m`` (predicted − contract value; below 0 where some of it should be lost),
        ``ensemble_revenue_12m``, ``baseline_revenue_12m``, ``prediction_confidence`` (share; missing where
        there is no ensemble), and, of the ensemble, ``factor_1`` … ``factor_3`` (feature) with
        ``factor_1_effect`` … (money against an average account with that contract), by their size.
    total : pandas.Series
        Over the rows of `accounts`: ``accounts``, ``acv``, ``predicted_revenue_12m`` with ``_low`` and
        ``_high`` (80 %: the scatter of accounts, and the error that totals had in the check),
        ``baseline_revenue_12m``, ``expected_months`` (that an average account stays of the next 12).
    scores : pandas.DataFrame
        ``method`` (ensemble, forest, linear, baseline, unchanged), ``share_error`` (root mean square of
        predicted − actual share, each account alike), ``revenue_error`` (the same in money),
        ``total_predicted``, ``total_actual`` (sums over the checked accounts), ``total_error_percent``,
        ``checked_accounts``; empty without a check.
    difference : pandas.Series
        ``value``, ``low``, ``high``: mean squared share error of the ensemble − baseline, with a 95 %
        bootstrap interval over customers; missing without a check.
    bands : pandas.DataFrame
        The checked accounts by predicted share: ``predicted``, ``actual`` (mean shares), ``low``, ``high``
        (95 % of the mean), ``accounts``.
    confidence : pandas.DataFrame
        The same in thirds by confidence: ``third`` (low, middle, high), ``confidence``, ``share_error``,
        ``accounts``.
    groups : pandas.DataFrame
        The accounts by predicted share of their contract value, the lowest first: ``from_share``,
        ``to_share`` (the first and the last open-ended, missing), ``accounts``, ``acv``,
        ``predicted_revenue_12m``; groups without an account are left out.
    drivers : pandas.DataFrame
        ``feature``, ``effect`` (mean |effect| on the share over the accounts), by size.
    coverage : float
        Share of the accounts of the last checked cutoff inside intervals made from the cutoffs before it;
        missing where there is only one.
    folds : int
    trained_on : int
        Rows that the final ensemble learnt from.
    missing : str
        ``""``, ``"no accounts"`` or ``"too little history"``; with the latter, `accounts` has contract values
        only.
    """

    leader: str
    accounts: pd.DataFrame
    total: pd.Series
    scores: pd.DataFrame
    difference: pd.Series
    bands: pd.DataFrame
    confidence: pd.DataFrame
    groups: pd.DataFrame
    drivers: pd.DataFrame
    coverage: float
    folds: int
    trained_on: int
    missing: str = ""

    def published(self) -> Mapping[str, Any]:
        """Give the block that a report publishes: the total's figures, and every frame."""
        figures = {str(name): value for name, value in self.total.items()}
        said = {"leader": self.leader or None, "missing": self.missing or None, "folds": self.folds}
        return {
            **figures, **said, "trained_on": self.trained_on, "coverage": self.coverage,
            "difference": self.difference["value"], "difference_low": self.difference["low"],
            "difference_high": self.difference["high"], "customers": self.accounts, "scores": self.scores,
            "bands": self.bands, "confidence": self.confidence, "groups": self.groups,
            "drivers": self.drivers,
        }  # fmt: skip


def value_accounts(snapshots: pd.DataFrame, *, seed: int = 0) -> AccountValue:
    """Predict what each account will bring in the 12 months after the newest cutoff, and check the way.

    The check goes forward: each of the last four cutoffs whose year is over is predicted by a model of rows
    whose own year was over by then. The rule to beat is contract value × expected lifetime: an account brings
    its contract value for as many of the next 12 months as earlier accounts stayed of theirs, on average.
    Whichever has the lower error leads.

    Parameters
    ----------
    snapshots : pandas.DataFrame
        As returned by `analytics.metrics.account_values.account_snapshots`. It is not modified.
    seed : int, default 0
        Of the forest, the sample and the bootstrap.

    Returns
    -------
    AccountValue
        Without a year of history (`missing`), contract values stand alone; with too few rows for a model or
        for its check, the rule leads, and there is no interval.

    Notes
    -----
    ``prediction_confidence`` is 1 − spread / prediction, where the spread is the standard deviation over the
    ensemble's members: the trees, and the regression with the weight of all of them. It says how far the
    members agree, not how sure the future is; that is what the intervals say, the 10 % and 90 % quantiles of
    what checked accounts with a prediction alike brought. Effects of the forest follow [1]_: along the path
    of an account, each split moves the expected value, and that is the effect of its feature. Together with
    those of the regression they add up to the prediction.

    References
    ----------
    .. [1] A. Palczewska, J. Palczewski, R. M. Robinson and D. Neagu, "Interpreting random forest
       classification models using a feature contribution method", 2014.

    Examples
    --------
    >>> from analytics.metrics.account_values import _COLUMNS, _typed
    >>> nobody = _typed(pd.DataFrame(columns=list(_COLUMNS)))
    >>> value_accounts(nobody).missing
    'no accounts'
    """
    if snapshots.empty:
        return _plain(snapshots, "no accounts")
    newest = snapshots["cutoff"].max()
    now = snapshots[(snapshots["cutoff"] == newest) & snapshots["revenue_12m"].isna()]
    past = snapshots[snapshots["revenue_12m"].notna()]
    if now.empty:
        return _plain(now, "no accounts")
    if past.empty:
        return _plain(now, "too little history")
    with one_thread():
        checked = _forward_check(past, seed)
        model = Ensemble.fit(past, seed) if len(past) >= LEAST_ROWS else None
        return _valued(now.reset_index(drop=True), past, checked, model, seed)


# The check -----------------------------------------------------------------------------------------


def _forward_check(past: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Predict earlier cutoffs from what was known by then; no rows where none can be.

    One row for each checked account: ``cutoff``, ``customer_id``, ``acv``, ``actual``, and the shares
    ``ensemble``, ``forest``, ``linear``, ``baseline``, ``unchanged``, with ``confidence``.
    """
    parts = []
    for cutoff in sorted(past["cutoff"].unique())[-FOLDS:]:
        known = past[past["cutoff"] <= cutoff - pd.DateOffset(months=HORIZON)]
        rows = past[(past["cutoff"] == cutoff) & (past["acv"] > 0)]
        model = Ensemble.fit(known, seed) if len(known) >= LEAST_ROWS else None
        if model is None or rows.empty:
            continue
        part = rows[["cutoff", "customer_id", "acv"]].assign(actual=rows["revenue_12m"] / rows["acv"])
        stayed = known["months_live"].mean() / HORIZON
        parts.append(part.join(model.predict(rows)).assign(baseline=stayed, unchanged=1.0))
    columns = ["cutoff", "customer_id", "acv", "actual", *METHODS, "confidence"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


METHODS = ("ensemble", "forest", "linear", "baseline", "unchanged")
"""What is checked: the ensemble, its two parts, contract value × expected lifetime, contract value."""


def _scores(checked: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for method in METHODS if len(checked) else ():
        off = checked[method] - checked["actual"]
        predicted, actual = (float((checked[name] * checked["acv"]).sum()) for name in (method, "actual"))
        rows.append(
            {
                "method": method,
                "share_error": float(np.sqrt((off**2).mean())),
                "revenue_error": float(np.sqrt(((off * checked["acv"]) ** 2).mean())),
                "total_predicted": predicted,
                "total_actual": actual,
                "total_error_percent": 100 * (predicted - actual) / actual if actual else np.nan,
                "checked_accounts": len(checked),
            }
        )
    columns = ["method", "share_error", "revenue_error", "total_predicted", "total_actual"]
    return pd.DataFrame(rows, columns=[*columns, "total_error_percent", "checked_accounts"])


def _difference(checked: pd.DataFrame, seed: int) -> pd.Series:
    """Mean squared error of the ensemble less that of the baseline; a customer is drawn with all rows."""
    if checked.empty:
        return pd.Series({"value": np.nan, "low": np.nan, "high": np.nan})
    gain = (checked["ensemble"] - checked["actual"]) ** 2 - (checked["baseline"] - checked["actual"]) ** 2
    people = gain.groupby(checked["customer_id"]).agg(["sum", "size"]).to_numpy(dtype="float64")
    random = np.random.default_rng(seed)
    drawn = np.array([people[random.integers(0, len(people), len(people))].sum(axis=0) for _ in range(DRAWS)])
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return pd.Series({"value": float(gain.mean()), "low": float(low), "high": float(high)})


def _band_of(predicted: Floats, edges: Floats) -> NDArray[np.int64]:
    return np.searchsorted(edges, predicted, side="right")


def _edges(predicted: Floats) -> Floats:
    """Bounds between groups of alike predictions, each of sixty accounts or more."""
    groups = min(BANDS, len(predicted) // BAND)
    if groups < 2:
        return np.array([])
    bounds = np.unique(np.quantile(predicted, np.arange(1, groups) / groups, method="lower"))
    above: Floats = bounds[bounds > predicted.min()]  # so that no group is empty, however many are equal
    return above


def _intervals(checked: pd.DataFrame, method: str, predicted: Floats) -> tuple[Floats, Floats]:
    """The 10 % and 90 % quantiles of what checked accounts with a prediction alike brought, as shares."""
    if len(checked) < BAND:
        return np.full(len(predicted), np.nan), np.full(len(predicted), np.nan)
    edges = _edges(checked[method].to_numpy())
    group = _band_of(checked[method].to_numpy(), edges)
    brought = checked["actual"].to_numpy()
    spread = np.array([np.quantile(brought[group == i], [0.1, 0.9]) for i in range(len(edges) + 1)])
    found = spread[_band_of(predicted, edges)]
    return np.minimum(found[:, 0], predicted), np.maximum(found[:, 1], predicted)


def _coverage(checked: pd.DataFrame, method: str) -> float:
    """How many of the latest checked accounts lie in the intervals that the cutoffs before give them."""
    if not method or checked.empty or checked["cutoff"].nunique() < 2:
        return float("nan")
    latest = checked["cutoff"] == checked["cutoff"].max()
    rows = checked[latest]
    low, high = _intervals(checked[~latest], method, rows[method].to_numpy())
    if np.isnan(low).all():
        return float("nan")
    return float(((rows["actual"] >= low - 1e-9) & (rows["actual"] <= high + 1e-9)).mean())


def _bands(checked: pd.DataFrame) -> pd.DataFrame:
    columns = ["predicted", "actual", "low", "high", "accounts"]
    if checked.empty:
        return pd.DataFrame(columns=columns)
    predicted = checked["ensemble"].to_numpy()
    groups = checked.groupby(_band_of(predicted, _edges(predicted)))
    frame = groups.agg(predicted=("ensemble", "mean"), actual=("actual", "mean"), sd=("actual", "std"))
    frame["accounts"] = groups.size()
    half = 1.959964 * frame["sd"] / np.sqrt(frame["accounts"])
    frame = frame.assign(low=(frame["actual"] - half).clip(lower=0), high=frame["actual"] + half)
    return frame[columns].reset_index(drop=True)


def _thirds(checked: pd.DataFrame) -> pd.DataFrame:
    names = ["low", "middle", "high"]
    columns = ["third", "confidence", "share_error", "accounts"]
    if len(checked) < 3 * BAND:
        return pd.DataFrame(columns=columns)
    place = checked["confidence"].rank(method="first")
    groups = (3 * (place - 1) // len(checked)).astype("int64")
    squared = (checked["ensemble"] - checked["actual"]) ** 2
    rows = [
        (name, checked["confidence"][part].mean(), squared[part].mean() ** 0.5, int(part.sum()))
        for name, part in ((name, groups == i) for i, name in enumerate(names))
    ]
    return pd.DataFrame(rows, columns=columns)


# The prediction ------------------------------------------------------------------------------------


def _valued(
    now: pd.DataFrame, past: pd.DataFrame, checked: pd.DataFrame, model: Ensemble | None, seed: int
) -> AccountValue:
    scores = _scores(checked)
    errors = scores.set_index("method")["share_error"]
    leader = "baseline"
    if model is not None and len(errors) and errors["ensemble"] < errors["baseline"]:
        leader = "ensemble"
    stayed = float(past["months_live"].mean())
    shares = pd.DataFrame({"baseline": stayed / HORIZON}, index=now.index)
    nothing = pd.Series(np.nan, index=now.index)
    found = model.predict(now) if model is not None else {"ensemble": nothing, "confidence": nothing}
    shares = shares.assign(ensemble=found["ensemble"], confidence=found["confidence"])
    low, high = _intervals(checked, leader, shares[leader].to_numpy())
    acv = now["acv"]
    frame = now[["customer_id", "customer_name", "plan", "acv", "tenure_days"]].assign(
        predicted_revenue_12m=shares[leader] * acv,
        predicted_revenue_12m_low=low * acv,
        predicted_revenue_12m_high=high * acv,
        expected_change_12m=(shares[leader] - 1) * acv,
        ensemble_revenue_12m=shares["ensemble"] * acv,
        baseline_revenue_12m=shares["baseline"] * acv,
        prediction_confidence=shares["confidence"],
    )
    effects = model.effects(now) if model is not None else pd.DataFrame(index=now.index)
    frame = frame.join(_named_factors(effects, acv))
    shown = frame[now["shown"]]
    return AccountValue(
        leader=leader,
        accounts=_ranked(shown),
        total=_total(shown, checked, leader, stayed),
        scores=scores,
        difference=_difference(checked, seed),
        bands=_bands(checked),
        confidence=_thirds(checked),
        groups=_groups(shown),
        drivers=_drivers(effects[now["shown"]]),
        coverage=_coverage(checked, leader),
        folds=int(checked["cutoff"].nunique()),
        trained_on=model.rows if model is not None else 0,
    )


def _total(shown: pd.DataFrame, checked: pd.DataFrame, leader: str, stayed: float) -> pd.Series:
    """Sums over the accounts, with what their scatter and the check's own totals leave open."""
    value = float(shown["predicted_revenue_12m"].sum())
    low = high = np.nan
    if len(checked) and value > 0:
        off = checked[leader] - checked["actual"]
        scatter = float((off**2).mean() * (shown["acv"] ** 2).sum())
        sums = checked.assign(off=off * checked["acv"], whole=checked[leader] * checked["acv"])
        by_cutoff = sums.groupby("cutoff")[["off", "whole"]].sum()
        missed = float(((by_cutoff["off"] / by_cutoff["whole"]) ** 2).mean())
        half = 1.281552 * np.sqrt(scatter + missed * value**2)
        low, high = max(value - half, 0.0), value + half
    return pd.Series(
        {
            "accounts": len(shown),
            "acv": round(float(shown["acv"].sum()), 4),
            "predicted_revenue_12m": value,
            "predicted_revenue_12m_low": low,
            "predicted_revenue_12m_high": high,
            "baseline_revenue_12m": float(shown["baseline_revenue_12m"].sum()),
            "expected_months": stayed,
        },
        dtype=object,
    )


def _named_factors(effects: pd.DataFrame, acv: pd.Series) -> pd.DataFrame:
    """The features that move each account's prediction furthest, with what they move it by in money."""
    frame = pd.DataFrame(index=acv.index)
    names = np.array([*effects.columns, *[None] * FACTORS], dtype=object)
    sizes = np.column_stack([effects.to_numpy(dtype="float64"), np.full((len(acv), FACTORS), np.nan)])
    order = np.argsort(np.where(np.isnan(sizes), 1.0, -np.abs(sizes)), axis=1, kind="stable")
    for place in range(FACTORS):
        picked = order[:, place]
        frame[f"factor_{place + 1}"] = names[picked]
        frame[f"factor_{place + 1}_effect"] = sizes[np.arange(len(acv)), picked] * acv.to_numpy()
    return frame


def _groups(shown: pd.DataFrame) -> pd.DataFrame:
    rows = shown[(shown["acv"] > 0) & shown["predicted_revenue_12m"].notna()]
    share = rows["predicted_revenue_12m"] / rows["acv"]
    place = np.searchsorted(SHARES, share.to_numpy(), side="right")
    groups = rows.groupby(place)[["acv", "predicted_revenue_12m"]].sum()
    groups.insert(0, "accounts", rows.groupby(place).size())
    ends = np.array([np.nan, *SHARES, np.nan])
    at = groups.index.to_numpy(dtype=np.int64)
    groups.insert(0, "from_share", ends[at])
    groups.insert(1, "to_share", ends[at + 1])
    return groups.reset_index(drop=True)


def _drivers(effects: pd.DataFrame) -> pd.DataFrame:
    if effects.empty:
        return pd.DataFrame(columns=["feature", "effect"])
    mean = effects.abs().mean().sort_values(ascending=False, kind="stable")
    return pd.DataFrame({"feature": mean.index, "effect": mean.to_numpy()})


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.sort_values(
        ["predicted_revenue_12m", "acv", "customer_id"], ascending=[False, False, True], ignore_index=True
    )
    ordered.insert(0, "rank", np.arange(1, len(ordered) + 1))
    return ordered


def _plain(now: pd.DataFrame, missing: str) -> AccountValue:
    """Contract values alone, where nothing can be predicted."""
    shown = now[now["shown"]].reset_index(drop=True)
    gaps = ["predicted_revenue_12m", "predicted_revenue_12m_low", "predicted_revenue_12m_high"]
    gaps += ["expected_change_12m", "ensemble_revenue_12m", "baseline_revenue_12m", "prediction_confidence"]
    frame = shown[["customer_id", "customer_name", "plan", "acv", "tenure_days"]].assign(
        **dict.fromkeys(gaps, np.nan)
    )
    frame = frame.join(_named_factors(pd.DataFrame(index=frame.index), frame["acv"]))
    total = {"accounts": len(frame), "acv": round(float(frame["acv"].sum()), 4)}
    empty = pd.DataFrame(columns=["cutoff", "customer_id", "acv", "actual", *METHODS, "confidence"])
    return AccountValue(
        leader="",
        accounts=_ranked(frame),
        total=pd.Series(total | dict.fromkeys([*gaps[:3], gaps[5], "expected_months"], np.nan), dtype=object),
        scores=_scores(empty),
        difference=_difference(empty, 0),
        bands=_bands(empty),
        confidence=_thirds(empty),
        groups=_groups(frame),
        drivers=_drivers(pd.DataFrame()),
        coverage=float("nan"),
        folds=0,
        trained_on=0,
        missing=missing,
    )
