"""What the past says of the predictions: fitted on a first part of history, held against the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from analytics.metrics.purchases import EPOCH
from analytics.metrics.visits import repeat_visits_by_week, visit_history
from analytics.models.purchases import counts, gamma_gamma, spending
from analytics.models.purchases.fit import Fitter, Model, PurchaseFit
from analytics.models.purchases.gamma_gamma import GammaGammaFit
from analytics.models.purchases.learning import CATEGORIES, LifetimeValueModel, fit_lifetime_value
from analytics.models.purchases.rows import DAYS_A_WEEK, Floats, Rows, collapse
from analytics.models.threads import one_thread

HOLDOUT_DAYS = 273
"""39 weeks; half of the history where that is under twice as long."""

FEWEST_DAYS = 28
"""A shorter holdout says nothing."""

FEWEST_OUTCOMES = 30
"""Customers who came back, from which the spread of value can be learnt."""

FIT_COVERAGE = (0.70, 0.90)
"""Where 80 % intervals of value hold fewer or more, a spread learnt from the past does not last."""

BLOCK_WEEKS = 4
SWING_PERCENT = 25.0
"""A month that differs so much from the others, beside what the model expects, speaks of a season."""


@dataclass(frozen=True)
class Validation:
    """Evidence from a holdout.

    Attributes
    ----------
    model : LifetimeValueModel or None
        Fitted on the calibration period alone.
    calibration_start, holdout_start : datetime.date or None
        First day of each part; the holdout ends before the reference date.
    calibration_days, holdout_days : int
    customers : int
        With a purchase in the calibration period.
    scores : pandas.DataFrame of shape (3, 7)
        One row for each ``method`` ("model", "same_rate": as often as before, "zero"): ``total`` and
        ``actual_total`` (visits), ``error_percent`` (of the total), ``rmse``, ``mae`` (visits a customer),
        ``log_score`` (mean of −ln P(what came), less is better; missing for zero, and for the same rate,
        which calls some of what came impossible).
    bins : pandas.DataFrame of shape (8, 4)
        By repeat visits in the calibration period, ``visits`` ("0" to "6", "7+"): ``customers``, and mean
        visits in the holdout, ``actual`` and ``expected``; missing without customers.
    weekly : pandas.DataFrame
        ``week`` (from 1), ``actual`` and ``expected`` repeat visits up to its end, ``holdout`` (bool).
    coverage : pandas.DataFrame of shape (3, 4)
        ``measure`` ("visits"; "value": spending given the visits; "revenue": both), ``customers``,
        ``coverage`` (0–1, of 80 % intervals, missing where there is nothing to measure it by), ``tempering``
        (the τ used, fitted on an inner split of the calibration period; 1 for visits).
    tempering : float
        τ from the holdout, for predictions from the whole history; 1.0 where it cannot be measured, or
        is not to be relied on (note ``spread_unsure``).
    total_error, revenue_error : float
        |actual − predicted| / predicted, of visits and of revenue; they widen totals. Missing without a
        holdout.
    notes : tuple of str
        ``seasonality``: some months are far above or below what a constant rate gives; ``spread_assumed``:
        as for the fit of value; ``spread_unsure``: τ is at its cap, or intervals of value with the τ of
        the inner split held too few or too many.
    missing : str
        Empty, or why there is no evidence: ``no_sales``, ``history_too_short``, ``few_repeat_customers``. All
        frames are then empty.
    """

    model: LifetimeValueModel | None
    calibration_start: date | None
    holdout_start: date | None
    calibration_days: int
    holdout_days: int
    customers: int
    scores: pd.DataFrame
    bins: pd.DataFrame
    weekly: pd.DataFrame
    coverage: pd.DataFrame
    tempering: float = 1.0
    total_error: float = float("nan")
    revenue_error: float = float("nan")
    notes: tuple[str, ...] = ()
    missing: str = ""


def validate_lifetime_value(
    sales: ibis.Table,
    reference_date: date,
    *,
    model: Model = "auto",
    fitter: Fitter = "own",
    visits: pd.DataFrame | None = None,
) -> Validation:
    """Fit on the first part of the history and compare with what came after.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Nothing on or after it is read. The holdout is the last 39 weeks before it, or the second half of a
        history under 78 weeks.
    model, fitter
        As for `analytics.models.purchases.learning.fit_lifetime_value`.
    visits : pandas.DataFrame, optional
        As returned by `analytics.metrics.visits.visit_history` at `reference_date`, where it has been read
        already.

    Returns
    -------
    Validation

    Raises
    ------
    ParamsError
        If `model` or `fitter` is not known.
    """
    visits = visit_history(sales, reference_date) if visits is None else visits
    if visits.empty:
        return _nothing("no_sales")
    first = int(visits["first_day"].min())
    split = _split(first, reference_date)
    if split is None:
        return _nothing("history_too_short")
    histories = visit_history(sales, split.cut, until=reference_date)
    fitted = fit_lifetime_value(histories, model=model, fitter=fitter)
    if fitted.purchases is None:
        return _nothing("few_repeat_customers")
    by_week = repeat_visits_by_week(sales, reference_date, acquired_before=split.cut, first_day=first)
    weekly = cumulative(fitted.purchases, histories, by_week, split.calibration, first)
    before = split.cut - timedelta(days=split.inner)
    earlier = visit_history(sales, before, until=split.cut) if fitted.value else None
    found = evidence(fitted, histories, split.holdout, earlier)
    return replace(
        found,
        calibration_start=split.start,
        holdout_start=split.cut,
        calibration_days=split.calibration,
        weekly=weekly,
        notes=(*(("seasonality",) if swings(weekly) else ()), *found.notes),
    )


def compare_methods(sales: ibis.Table, visits: pd.DataFrame, reference_date: date) -> Validation:
    """Only see which method misses customers' visits by the least, at a third of the whole check's time.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    visits : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history` at `reference_date`.
    reference_date : datetime.date
        As for `validate_lifetime_value`.

    Returns
    -------
    Validation
        As from `validate_lifetime_value`, of which ``scores`` are filled in, ``log_score`` excepted.
    """
    if visits.empty:
        return _nothing("no_sales")
    split = _split(int(visits["first_day"].min()), reference_date)
    if split is None:
        return _nothing("history_too_short")
    histories = visit_history(sales, split.cut, until=reference_date)
    fitted = fit_lifetime_value(histories)
    if fitted.purchases is None:
        return _nothing("few_repeat_customers")
    rows, weeks = collapse(histories), split.holdout / DAYS_A_WEEK
    actual = histories["later_visits"].to_numpy(dtype=np.float64)
    with one_thread():
        expected = counts.count_visits(fitted.purchases, rows, weeks).expected[rows.place]
    scores = _scores(actual, expected, _same_rate(rows, weeks), float("nan"))
    return replace(_nothing(""), model=fitted, scores=scores)


@dataclass(frozen=True)
class _Split:
    """Where a history is cut: what is fitted on, what is held out, and the same again within the first."""

    start: date
    cut: date
    holdout: int  # days, as the two below
    calibration: int
    inner: int


def _split(first: int, reference_date: date) -> _Split | None:
    """Cut the history from its first day on; None where it is too short for that."""
    start = EPOCH + timedelta(days=first)
    holdout = holdout_length((reference_date - start).days)
    cut = reference_date - timedelta(days=holdout)
    calibration = (cut - start).days
    inner = holdout_length(calibration)
    return None if min(holdout, inner) < FEWEST_DAYS else _Split(start, cut, holdout, calibration, inner)


def holdout_length(days: int) -> int:
    """Days of a history that are held out.

    Examples
    --------
    >>> holdout_length(546), holdout_length(545), holdout_length(1500)
    (273, 272, 273)
    """
    return HOLDOUT_DAYS if days >= 2 * HOLDOUT_DAYS else days // 2


def evidence(
    fitted: LifetimeValueModel, histories: pd.DataFrame, days: int, earlier: pd.DataFrame | None = None
) -> Validation:
    """Hold a model against what customers did afterwards.

    Parameters
    ----------
    fitted : LifetimeValueModel
        With a model of purchases, fitted on `histories`.
    histories : pandas.DataFrame
        With ``later_visits`` and ``later_revenue``, the outcomes of `days`.
    days : int
        Length of the holdout.
    earlier : pandas.DataFrame, optional
        The same, from an inner split of the calibration period: what the spread of value is learnt from, so
        that its coverage in the holdout is measured on data it has not seen.

    Returns
    -------
    Validation
        Without dates and weeks.
    """
    purchases = fitted.purchases
    assert purchases is not None  # whoever calls has looked
    with one_thread():
        return _evidence(fitted, purchases, histories, days, earlier)


def _evidence(
    fitted: LifetimeValueModel,
    purchases: PurchaseFit,
    histories: pd.DataFrame,
    days: int,
    earlier: pd.DataFrame | None,
) -> Validation:
    rows, weeks = collapse(histories), days / DAYS_A_WEEK
    actual = histories["later_visits"].to_numpy(dtype=np.float64)
    expected = counts.count_visits(purchases, rows, weeks).expected[rows.place]
    each, order = one_by_one(rows)
    below, upto = counts.distribution_at(purchases, each, weeks, actual.astype(np.int64)[order])
    covered = [("visits", len(rows.place), float(counts.step_inside(below, upto).mean()), 1.0)]
    tempering, revenue_error = 1.0, float("nan")
    notes: tuple[str, ...] = ()
    if fitted.value is not None:
        covered += _spending_coverage(fitted, histories, rows, weeks, earlier)
        tempering, notes = _relied_on(fitted.value, tempering_from(fitted.value, histories), covered)
        revenue = float(expected @ gamma_gamma.expected_value(fitted.value, histories))
        revenue_error = abs(float(histories["later_revenue"].sum()) - revenue) / revenue
    return Validation(
        model=fitted,
        calibration_start=None,
        holdout_start=None,
        calibration_days=0,
        holdout_days=days,
        customers=len(histories),
        scores=_scores(
            actual,
            expected,
            _same_rate(rows, weeks),
            float(-np.log(np.maximum(upto - below, counts.LEAST)).mean()),
        ),
        bins=_bins(rows, actual, expected),
        weekly=pd.DataFrame(columns=["week", "actual", "expected", "holdout"]),
        coverage=pd.DataFrame(covered, columns=["measure", "customers", "coverage", "tempering"]),
        tempering=tempering,
        total_error=abs(float(actual.sum() - expected.sum())) / float(expected.sum()),
        revenue_error=revenue_error,
        notes=notes,
    )


def _relied_on(
    value: GammaGammaFit, tempering: float, covered: list[tuple[str, int, float, float]]
) -> tuple[float, tuple[str, ...]]:
    """The τ to predict with, and what to say of the spread of value."""
    notes: tuple[str, ...] = ("spread_assumed",) if "spread_assumed" in value.notes else ()
    shares = {measure: (share, used) for measure, _customers, share, used in covered}
    share, used = shares["value"]
    capped = max(tempering, used) >= 0.999 * spending.MOST_TEMPER
    # A missing share is neither in nor out: there was too little to measure it by.
    if capped or share < FIT_COVERAGE[0] or share > FIT_COVERAGE[1]:
        return 1.0, (*notes, "spread_unsure")
    return tempering, notes


def one_by_one(rows: Rows) -> tuple[Rows, np.ndarray]:
    """Histories of single customers, in the order that distributions are computed in.

    Returns
    -------
    Rows
        One for each customer.
    order : numpy.ndarray of int64, shape (n_customers,)
        Which customer each is.
    """
    order = np.argsort(rows.place, kind="stable")
    at = rows.place[order]
    ones = np.ones(len(order), dtype=np.int64)
    return Rows(rows.x[at], rows.t_x[at], rows.age[at], ones, np.arange(len(order))), order


def cumulative(
    purchases: PurchaseFit, histories: pd.DataFrame, by_week: pd.DataFrame, calibration_days: int, first: int
) -> pd.DataFrame:
    """Repeat visits up to each week's end, as they were and as the model expects of new customers.

    Parameters
    ----------
    purchases : PurchaseFit
    histories : pandas.DataFrame
    by_week : pandas.DataFrame
        As returned by `analytics.metrics.visits.repeat_visits_by_week`.
    calibration_days : int
    first : int
        Day on which week 1 begins.

    Returns
    -------
    pandas.DataFrame
        As `Validation.weekly`.
    """
    since, customers = np.unique(histories["first_day"].to_numpy(np.int64) - first, return_counts=True)
    ends = by_week["week"].to_numpy(np.int64) * int(DAYS_A_WEEK)
    # The last day of a week is the last one observed, as for histories.
    passed = np.maximum(ends[:, None] - since[None, :] - 1, 0) / DAYS_A_WEEK
    new = np.zeros(passed.size, dtype=np.int64)
    each = purchases.model.expected_if_alive(purchases.values, new, np.zeros(passed.size), passed.ravel())
    expected = purchases.model.alive_at_start(purchases.values) * each.reshape(passed.shape) @ customers
    return pd.DataFrame(
        {
            "week": by_week["week"],
            "actual": by_week["repeat_visits"].cumsum(),
            "expected": expected,
            "holdout": ends > calibration_days,
        }
    )


def swings(weekly: pd.DataFrame) -> bool:
    """Whether some four weeks of the holdout lie far from the others, beside what a constant rate expects.

    Parameters
    ----------
    weekly : pandas.DataFrame
        As `Validation.weekly`.

    Returns
    -------
    bool
        True where the ratio of actual to expected is more than 25 % off that of all weeks held out, and more
        than chance explains (three standard errors, visits taken to be twice as uneven as independent ones).
    """
    steps = weekly[["actual", "expected"]].diff()[weekly["holdout"].to_numpy(dtype=bool)]
    blocks = steps.groupby(np.arange(len(steps)) // BLOCK_WEEKS)
    sums = blocks.sum()[blocks.size() == BLOCK_WEEKS]
    if len(sums) < 2 or steps["actual"].sum() <= 0:
        return False
    usual = sums["expected"] * steps["actual"].sum() / steps["expected"].sum()
    off = (sums["actual"] - usual).abs()
    return bool(((off > SWING_PERCENT / 100 * usual) & (off > 3 * np.sqrt(2 * usual))).any())


def tempering_from(value: GammaGammaFit, histories: pd.DataFrame) -> float:
    """The τ that makes 80 % intervals of past spending, given the visits, hold 80 %.

    Parameters
    ----------
    value : GammaGammaFit
    histories : pandas.DataFrame
        With ``later_visits`` and ``later_revenue``.

    Returns
    -------
    float
        1.0 where amounts are all the same, or fewer than `FEWEST_OUTCOMES` customers came again.
    """
    outcome = _outcomes(histories)
    if value.constant is not None or len(outcome[0]) < FEWEST_OUTCOMES:
        return 1.0
    return spending.temper(value.values, *outcome)


def _outcomes(histories: pd.DataFrame) -> tuple[Floats, Floats, Floats, Floats]:
    """Repeat visits and value so far, later visits and what they brought, of those who came again."""
    x, value = gamma_gamma.valued(histories)
    visits = histories["later_visits"].to_numpy(dtype=np.float64)
    spent = histories["later_revenue"].to_numpy(dtype=np.float64)
    came = (visits > 0) & (spent > 0)
    return x[came], value[came], visits[came], spent[came]


def _spending_coverage(
    fitted: LifetimeValueModel,
    histories: pd.DataFrame,
    rows: Rows,
    weeks: float,
    earlier: pd.DataFrame | None,
) -> list[tuple[str, int, float, float]]:
    """Coverage of spending given the visits, and of revenue, with a τ from the inner split."""
    value, purchases = fitted.value, fitted.purchases
    assert value is not None  # whoever calls has looked
    assert purchases is not None
    outcome = _outcomes(histories)
    if value.constant is not None or len(outcome[0]) < FEWEST_OUTCOMES or earlier is None:
        return [("value", len(outcome[0]), float("nan"), 1.0), ("revenue", len(histories), float("nan"), 1.0)]
    inner = gamma_gamma.fit_values(earlier)
    tempering = tempering_from(inner, earlier) if inner is not None else 1.0
    at = spending.value_distribution(value.values, *outcome, tempering)
    given = float(np.mean((at >= counts.LOW) & (at <= counts.HIGH)))
    low, high = spending.spending_quantiles(purchases, value, rows, weeks, tempering)
    x, mean = gamma_gamma.valued(histories)
    unit = spending.scale(value, x, rows.x[rows.place], mean)
    spent = np.maximum(histories["later_revenue"].to_numpy(dtype=np.float64), 0.0)
    none = counts.count_visits(purchases, rows, weeks).none[rows.place]
    inside = ((low[rows.place] * unit <= spent) & (spent <= high[rows.place] * unit)).astype(np.float64)
    idle = histories["later_visits"].to_numpy() == 0
    inside[idle] = counts.step_inside(np.zeros(int(idle.sum())), none[idle])
    return [
        ("value", len(outcome[0]), given, tempering),
        ("revenue", len(histories), float(inside.mean()), tempering),
    ]


def _same_rate(rows: Rows, weeks: float) -> Floats:
    """Visits of as many weeks at each customer's rate so far; none from those seen for no time."""
    rate = np.divide(rows.x, rows.age, out=np.zeros(len(rows)), where=rows.age > 0)
    return np.asarray(rate * weeks)[rows.place]


def _scores(actual: Floats, expected: Floats, same: Floats, log_score: float) -> pd.DataFrame:
    total = float(actual.sum())
    found = []
    for method, guess in (("model", expected), ("same_rate", same), ("zero", np.zeros(len(actual)))):
        error = guess - actual
        off = 100 * float(error.sum()) / total if total > 0 else float("nan")
        size = float(np.sqrt(np.mean(error**2)))
        score = log_score if method == "model" else float("nan")
        found.append((method, float(guess.sum()), total, off, size, float(np.abs(error).mean()), score))
    columns = ["method", "total", "actual_total", "error_percent", "rmse", "mae", "log_score"]
    return pd.DataFrame(found, columns=columns)


def _bins(rows: Rows, actual: Floats, expected: Floats) -> pd.DataFrame:
    last = len(CATEGORIES) - 1
    group = np.minimum(rows.x[rows.place], last)
    customers = np.bincount(group, minlength=last + 1)
    with np.errstate(invalid="ignore"):  # nobody: missing
        means = [
            np.bincount(group, weights=each, minlength=last + 1) / customers for each in (actual, expected)
        ]
    return pd.DataFrame(
        {"visits": list(CATEGORIES), "customers": customers, "actual": means[0], "expected": means[1]}
    )


def _nothing(why: str) -> Validation:
    return Validation(
        model=None,
        calibration_start=None,
        holdout_start=None,
        calibration_days=0,
        holdout_days=0,
        customers=0,
        scores=pd.DataFrame(
            columns=["method", "total", "actual_total", "error_percent", "rmse", "mae", "log_score"]
        ),
        bins=pd.DataFrame(columns=["visits", "customers", "actual", "expected"]),
        weekly=pd.DataFrame(columns=["week", "actual", "expected", "holdout"]),
        coverage=pd.DataFrame(columns=["measure", "customers", "coverage", "tempering"]),
        missing=why,
    )
