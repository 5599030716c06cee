"""A classifier of the chance that an open deal is won, learnt from closed deals as they stood while open.

A deal's last row would give the answer away: every won deal has passed the last stage. So the classifier
learns from each closed deal once a week of its life, with the stage that it had then and how late it was.
Deals that nobody closes would be missing there, and look as good as those that were won; so what has been
open longer than nearly every won deal took counts as not won.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.rates import Z, wilson
from analytics.models.deals.logistic import Logistic, fit_calibrated
from analytics.models.deals.points import close_points, half_up, late_weeks
from analytics.models.threads import one_thread
from analytics.params.pipeline_rules import PipelineRules

ENOUGH, ENOUGH_OF_EACH = 50, 10
"""Closed deals from which on a classifier takes over, and how many of each outcome they must have."""
FEW_WON, NEARLY_ALL = 30, 0.99
"""With fewer won deals nobody knows how long they take; open for longer than this share of them is stale."""
WEEK = 7
FOLDS = 5
TRAINING_SHARE = 0.7
"""Share of the closed deals, the earlier ones, that the test trains on."""
FEWEST_TESTED = 10
LEARNT_FROM = ("deal_id", "created_day", "closed_day", "day", "outcome")
"""Columns of `weekly` that `known_by` and `fit` read beside the features."""
APART = 8
"""Weeks between the days of which bins are made, so that a deal is seldom counted twice."""
NUMBERS = ("interactions", "objections_handled", "lead_score", "competitors_mentioned")
YES_OR_NO = ("champion_identified", "budget_confirmed", "decision_maker_engaged")


@dataclass(frozen=True)
class CloseModel:
    """What says how likely open deals are won.

    Attributes
    ----------
    closed, won : int
        Deals closed before the reference date that were open on some day, and those of them won.
    fitted : Logistic or None
        None where there are too few; points say it then.
    inputs : tuple of str
        Columns that the classifier reads; those that tell closed deals apart in nothing are left out.
    """

    closed: int = 0
    won: int = 0
    fitted: Logistic | None = None
    inputs: tuple[str, ...] = ()

    @property
    def basis(self) -> str:
        """What is in use: ``classifier`` or ``points``."""
        return "points" if self.fitted is None else "classifier"

    def chance(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """P(won), 0–1, of rows of `features`; missing without a classifier."""
        if self.fitted is None or features.empty:
            return np.full(len(features), math.nan)
        return self.fitted.probability(features[list(self.inputs)].to_numpy())


@dataclass(frozen=True)
class Holdout:
    """How the classifier and the points did on later deals than those that it was trained on.

    Attributes
    ----------
    scores : pandas.DataFrame
        One row for each ``method`` (``classifier``, ``points``, ``base_rate``): ``log_loss`` (natural
        logarithm, mean over the weeks of all deals; missing for points where a deal's stage is not known),
        ``better_by`` (log loss of ``points`` less this one's), ``better_by_low``, ``better_by_high`` (95 %,
        the weeks of one deal as one observation), ``deals``, ``weeks``.
    bins : pandas.DataFrame
        ``method`` (classifier or points), ``predicted_percent``, ``won_percent``, ``won_percent_n``,
        ``won_percent_low``, ``won_percent_high``: a fifth each of the deals open on every eighth week.
    predicted : numpy.ndarray
        The classifier's chances of the deals in the bins, percent.
    since : pandas.Timestamp or None
        First day of the test.
    trained_on : int
        Deals closed before it.
    """

    scores: pd.DataFrame
    bins: pd.DataFrame
    predicted: NDArray[np.float64] = field(default_factory=lambda: np.array([]))
    since: pd.Timestamp | None = None
    trained_on: int = 0


def weekly(closed: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Deals as they stood, once a week of their lives.

    Parameters
    ----------
    closed : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.closed`; of an open deal ``closed_day`` is the reference
        date and ``outcome`` missing.
    entries : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.entries`.

    Returns
    -------
    pandas.DataFrame
        The columns of `closed` with ``day`` (days since 1970-01-01, the reference date of the row),
        ``stage`` and ``days_in_stage`` as of it (missing without a history), by day and deal. A deal that was
        open on no such day is taken at its last; one created and closed on one day never was open.
    """
    lived = closed[closed["closed_day"] > closed["created_day"]]
    first = lived["created_day"].astype("int64") // WEEK + 1
    last = lived["closed_day"].astype("int64") // WEEK
    weeks = (last - first + 1).clip(lower=1)
    rows = lived.loc[lived.index.repeat(weeks)].copy()
    step = rows.groupby(level=0).cumcount()
    grid = WEEK * (first.loc[rows.index] + step)
    rows["day"] = np.minimum(grid, rows["closed_day"].astype("int64")).astype("int64")
    rows = rows.drop(columns=["stage", "stage_day"]).sort_values(["day", "deal_id"], ignore_index=True)
    known = entries.rename(columns={"day": "stage_day"}).sort_values("stage_day", kind="stable")
    known["entered"] = known["stage_day"]
    rows["deal_id"], known["deal_id"] = rows["deal_id"].astype("str"), known["deal_id"].astype("str")
    rows = pd.merge_asof(
        rows, known, left_on="day", right_on="entered", by="deal_id", allow_exact_matches=False
    )
    return rows.assign(days_in_stage=rows["day"] - rows["stage_day"])


def known_by(rows: pd.DataFrame, day: int) -> pd.DataFrame:
    """What can be learnt from on a day: deals closed before it, and those that should have been long ago.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `weekly`.
    day : int
        Days since 1970-01-01.

    Returns
    -------
    pandas.DataFrame
        With the index of the rows: those of deals closed before the day; and, with ``outcome`` ``stale``, of
        deals open on it the rows on which they had been open for longer than 99 of 100 deals won before it
        took. Without 30 won deals there are none.
    """
    closed = rows[rows["closed_day"] < day]
    won = closed[closed["outcome"] == "won"].drop_duplicates("deal_id")
    if len(won) < FEW_WON:
        return closed
    longest = float((won["closed_day"] - won["created_day"]).quantile(NEARLY_ALL))
    stale = (rows["closed_day"] >= day) & (rows["day"] <= day) & (rows["day"] - rows["created_day"] > longest)
    return pd.concat([closed, rows[stale].assign(outcome="stale")]) if stale.any() else closed


def features(rows: pd.DataFrame, rules: PipelineRules) -> pd.DataFrame:
    """The nine inputs of a close probability as numbers, bounded as the points bound them.

    Parameters
    ----------
    rows : pandas.DataFrame
        Deals as they stood.
    rules : PipelineRules

    Returns
    -------
    pandas.DataFrame
        With the index of the rows: ``in_…`` of each stage (0 or 1), ``log_weeks_late`` (log of 1 + full
        weeks), `NUMBERS`, `YES_OR_NO`; missing where they are not known.
    """
    by = rules.close_probability
    most = (by.most_interactions, by.most_objections, 100, 3)
    found = {f"in_{name}": (rows["stage"] == name).astype("float64") for name in rules.order}
    found["log_weeks_late"] = np.log1p(late_weeks(rows, rules))
    found |= {name: rows[name].clip(0, top) for name, top in zip(NUMBERS, most, strict=True)}
    return pd.DataFrame(found | {name: rows[name] for name in YES_OR_NO}, index=rows.index)


def fit(rows: pd.DataFrame, rules: PipelineRules, inputs_of: pd.DataFrame | None = None) -> CloseModel:
    """Fit the classifier to closed deals as they stood: a regularised logistic regression, calibrated.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `known_by`.
    rules : PipelineRules
    inputs_of : pandas.DataFrame, optional
        As returned by `features` for the rows or for more, where many models learn from the same rows.

    Returns
    -------
    CloseModel
        Without a classifier under `ENOUGH` closed deals or `ENOUGH_OF_EACH` outcome, or where no input
        differs.
    """
    table = features(rows, rules) if inputs_of is None else inputs_of.loc[rows.index]
    values, target = table.to_numpy(), (rows["outcome"] == "won").to_numpy()
    numbers, first = _deals(rows)
    over = (rows["outcome"] != "stale").to_numpy()[first]
    closed, won = int(over.sum()), int(target[first].sum())
    differs = np.fmax.reduce(values, axis=0, initial=-np.inf) > np.fmin.reduce(values, axis=0, initial=np.inf)
    if closed < ENOUGH or min(won, closed - won) < ENOUGH_OF_EACH or not differs.any():
        return CloseModel(closed, won)
    with one_thread():
        fitted = fit_calibrated(values[:, differs], target, _parts(target[first])[numbers])
    return CloseModel(closed, won, fitted, tuple(table.columns[differs]))


def _deals(rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each row's deal, and each deal's first row."""
    numbers, _ = pd.factorize(rows["deal_id"])
    return numbers, np.flatnonzero(~rows["deal_id"].duplicated())


def _parts(won: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which of `FOLDS` parts each deal belongs to: both outcomes are dealt out evenly."""
    part = np.zeros(len(won), dtype="int64")
    part[np.argsort(won, kind="stable")] = np.arange(len(won)) % FOLDS
    return part


def evaluate(rows: pd.DataFrame, rules: PipelineRules) -> Holdout:
    """Compare the classifier with the points on the latest closed deals.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `weekly`.
    rules : PipelineRules

    Returns
    -------
    Holdout
        Empty where too few deals are closed to part them.

    Notes
    -----
    Trained on deals closed before the day by which `TRAINING_SHARE` were; tested on those closed from it on,
    as they stood from it on, so that nothing of the test's time is known in training.
    """
    over = rows[rows["outcome"].notna()]
    days = over.drop_duplicates("deal_id")["closed_day"].sort_values()
    if len(days) < ENOUGH:
        return Holdout(_scores({}, rows["deal_id"].iloc[:0]), _bins([]))
    split = float(days.iloc[int(TRAINING_SHARE * len(days))])
    later = over[(over["closed_day"] >= split) & (over["day"] >= split)]
    model = fit(known_by(rows, int(split)), rules)
    if model.fitted is None or later["deal_id"].nunique() < FEWEST_TESTED:
        return Holdout(_scores({}, rows["deal_id"].iloc[:0]), _bins([]))
    points = close_points(later, rules)["points_probability"] / 100
    base = model.won / model.closed
    chances = {
        "classifier": model.chance(features(later, rules)),
        "points": points.to_numpy(dtype="float64"),
        "base_rate": np.full(len(later), base),
    }
    won = (later["outcome"] == "won").to_numpy()
    losses = {name: _log_losses(chance, won) for name, chance in chances.items()}
    some = np.flatnonzero(((later["day"] - split) // WEEK % APART == 0).to_numpy())
    return Holdout(
        scores=_scores(losses, later["deal_id"]),
        bins=_bins([(name, chances[name][some], won[some]) for name in ("classifier", "points")]),
        predicted=100 * chances["classifier"][some],
        since=pd.Timestamp(split * 86_400, unit="s"),
        trained_on=model.closed,
    )


def percent(chance: NDArray[np.float64]) -> pd.Series:
    """Give a chance of 0–1 as a close probability of 1–99, rounded half up.

    Examples
    --------
    >>> percent(np.array([0.0, 0.935, 1.0])).tolist()
    [1.0, 94.0, 99.0]
    """
    return half_up(pd.Series(100 * chance).clip(1, 99))


def _log_losses(chance: NDArray[np.float64], won: NDArray[np.bool_]) -> NDArray[np.float64]:
    bounded = np.clip(chance, 0.01, 0.99)  # the page shows 1 to 99
    found: NDArray[np.float64] = -np.log(np.where(won, bounded, 1 - bounded))
    return found


def _scores(losses: dict[str, NDArray[np.float64]], deal_id: pd.Series) -> pd.DataFrame:
    rows = []
    deals, weeks = int(deal_id.nunique()), len(deal_id)
    for name, values in losses.items():
        own = name == "points"
        mean, half = (math.nan, math.nan) if own else _mean_of_weeks(losses["points"] - values, deal_id)
        known = float(values.mean()) if weeks and not np.isnan(values).any() else math.nan
        rows.append((name, known, mean, mean - half, mean + half, deals, weeks))
    columns = ["method", "log_loss", "better_by", "better_by_low", "better_by_high", "deals", "weeks"]
    return pd.DataFrame(rows, columns=columns).astype({"deals": "int64", "weeks": "int64"})


def _mean_of_weeks(values: NDArray[np.float64], deal_id: pd.Series) -> tuple[float, float]:
    """Mean over all weeks and half its 95 % interval, with the weeks of one deal as one observation."""
    known = pd.DataFrame({"value": values, "deal": deal_id.to_numpy()}).dropna()
    sums = known.groupby("deal")["value"].agg(["sum", "size"])
    if len(sums) < 2:
        return math.nan, math.nan
    mean = float(sums["sum"].sum() / sums["size"].sum())
    spread = (sums["sum"] - mean * sums["size"]).pow(2).sum() * len(sums) / (len(sums) - 1)
    return mean, Z * math.sqrt(spread) / float(sums["size"].sum())


def _bins(parts: Sequence[tuple[str, NDArray[np.float64], NDArray[np.bool_]]], bins: int = 5) -> pd.DataFrame:
    frames = []
    for name, chance, won in parts:
        known = pd.DataFrame({"chance": 100 * chance, "won": won}).dropna()
        if len(known) < bins:
            continue
        known["bin"] = pd.qcut(known["chance"].rank(method="first"), bins, labels=False)
        found = known.groupby("bin").agg(
            predicted_percent=("chance", "mean"), hits=("won", "sum"), won_percent_n=("won", "size")
        )
        low, high = wilson(found["hits"], found["won_percent_n"])
        found = found.assign(
            method=name,
            won_percent=100 * found["hits"] / found["won_percent_n"],
            won_percent_low=low,
            won_percent_high=high,
        )
        frames.append(found)
    columns = [
        "method",
        "predicted_percent",
        "won_percent",
        "won_percent_n",
        "won_percent_low",
        "won_percent_high",
    ]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
