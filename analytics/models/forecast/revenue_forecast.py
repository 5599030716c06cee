"""Revenue of the months to come, with what the backtest says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analytics.metrics.seasons import FEWEST_MONTHS, YEAR, season
from analytics.models.forecast.backtest import Backtest, backtest
from analytics.models.forecast.candidates import (
    FEWEST,
    MEAN,
    MOST_MONTHS,
    NAIVE,
    all_paths,
    candidates,
    name_of,
    recipe,
)
from analytics.models.forecast.intervals import Bounds, bounds, deviation_of_sum, scale_of
from analytics.models.forecast.paths import Flags, Floats, Paths
from analytics.models.threads import one_thread

COLUMNS = ("month", "model", "value", "lower_80", "upper_80", "lower_95", "upper_95")
TOTALS = ("model", "months", "value", "lower_80", "upper_80", "lower_95", "upper_95", "year_before")
PAST = ("origin", *COLUMNS, "actual")

REMARKS = (
    "constant",
    "zero",
    "negative",
    "filled",
    "after_gap",
    "no_backtest",
    "mixed_backtest",
    "naive_wins",
)


@dataclass(frozen=True)
class ForecastResult:
    """A forecast, its evidence, and what must be said with it.

    Attributes
    ----------
    forecast : pandas.DataFrame
        The forecast that leads, one row a month ahead: ``month`` (datetime64, its first day), ``model``,
        ``value``, ``lower_80``, ``upper_80``, ``lower_95``, ``upper_95`` (currency). Empty where the history
        is too short.
    others : pandas.DataFrame
        The same columns for every candidate that could forecast, the mean among them.
    totals : pandas.DataFrame
        Sums over the first twelve months ahead (or the horizon, where that is shorter), one row for each
        model, the leader first: ``model``, ``months`` (int64), ``value``, the four bounds, and
        ``year_before``, what the last as many months brought (missing where there are fewer, or one of them
        is unknown).
    backtest : pandas.DataFrame
        As `analytics.models.forecast.backtest.Backtest.scores`.
    past : pandas.DataFrame
        What the leader would have said at each origin: ``origin`` (first day of the month after it), the
        columns of `forecast`, and ``actual`` (missing where the month is unknown).
    leader : str
        Name of the model that leads; empty where there is none.
    recipe : tuple of str
        The candidates that the length of the history asks for.
    months : int
        Months that were read, at most 120.
    remarks : tuple of str
        Of `REMARKS`, what holds: every month alike (``constant``), nothing but zeros (``zero``), a month
        below zero (``negative``), unknown months filled in (``filled``), months before a gap of a year or
        more left out (``after_gap``), training too short for a backtest (``no_backtest``), a mean of other
        members at the origins than today (``mixed_backtest``), last year repeated was nearer than the mean
        (``naive_wins``).
    scales : mapping of str to float
        What each model's deviations are multiplied by.
    """

    forecast: pd.DataFrame
    others: pd.DataFrame
    totals: pd.DataFrame
    backtest: pd.DataFrame
    past: pd.DataFrame
    leader: str = ""
    recipe: tuple[str, ...] = ()
    months: int = 0
    remarks: tuple[str, ...] = ()
    scales: Mapping[str, float] = field(default_factory=dict)

    def kept(self, made_at: object) -> pd.DataFrame:
        """The rows to keep of this forecast, for the contract's table ``forecasts``.

        Parameters
        ----------
        made_at : datetime.date
            The reference date: the day on or after which nothing was read.

        Returns
        -------
        pandas.DataFrame
            ``made_at`` and the columns of `forecast`, of the leader and, where that is not it, of the model
            that the length of the history asks for. Empty without a forecast.
        """
        names = {self.leader, name_of(self.recipe)} if self.recipe else set()
        rows = self.others[self.others["model"].isin(names)].reset_index(drop=True)
        return rows.assign(made_at=pd.Timestamp(made_at))  # type: ignore[arg-type]


def forecast_revenue(
    series: pd.DataFrame,
    *,
    horizon: int = 12,
    seed: int = 0,
    pipeline: pd.Series | None = None,
    beside: bool = True,
) -> ForecastResult:
    """Forecast monthly revenue.

    The forecast is the mean of candidates that the length of the history fixes (see `candidates.recipe`):
    under 6 months nothing, under 12 the mean of the months, under 24 last year repeated, under 36 the mean of
    that and Theta, from 36 on the mean of exponential smoothing, Theta and ARIMA, on the last 120 months.
    Where last year repeated has the lower MASE in the backtest, it leads.

    Parameters
    ----------
    series : pandas.DataFrame
        One row for each whole month without a break, in order: ``month`` (datetime64, its first day) and
        ``revenue`` (currency; missing where it is not known). It is not modified.
    horizon : int, default 12
        Months ahead, 1 or more.
    seed : int, default 0
        Of the random forest.
    pipeline : pandas.Series, optional
        Value of the open deals at the end of each month of `series`, in its order, a feature of the forest.
    beside : bool, default True
        Whether candidates that play no part in the forecast, the forest above all, are tested beside it. The
        forecast and its intervals are the same without, in a third of the time.

    Returns
    -------
    ForecastResult
        The number of threads changes nothing.

    Examples
    --------
    >>> months = pd.DataFrame({"month": pd.date_range("2026-01-01", periods=6, freq="MS"),
    ...                        "revenue": [90.0, 110.0, 100.0, 95.0, 105.0, 100.0]})
    >>> found = forecast_revenue(months, horizon=2)
    >>> found.leader, found.forecast["value"].tolist(), found.remarks
    ('mean_of_months', [100.0, 100.0], ('no_backtest',))
    """
    months, values, known, remarks = _read(series)
    if len(values) < FEWEST:
        return _no_forecast(len(values), remarks)
    deals = None if pipeline is None else pipeline.to_numpy(dtype=float)[-len(values) :]
    members = recipe(len(values))
    every = candidates(seed=seed, pipeline=deals)
    if not beside:
        every = {name: each for name, each in every.items() if name in _playing(len(values))}
    with one_thread():
        tested = backtest(values, every, horizon=horizon, counted=known)
        ahead = all_paths(values, np.array([len(values)]), horizon, every)
    leader = _leader(name_of(members), tested.scores)
    if leader != name_of(members):
        remarks = (*remarks, "naive_wins")
    if not len(tested.ends):
        remarks = (*remarks, "no_backtest")
    elif tested.changed:
        remarks = (*remarks, "mixed_backtest")
    scales = {name: scale_of(tested.factors.get(name, 1.0)) for name in ahead}
    start = months[-1] + pd.offsets.MonthBegin()
    floor = bool(values.min() >= 0)
    frames = {name: _frame(each, 0, start, name, scales[name], floor) for name, each in ahead.items()}
    return ForecastResult(
        forecast=frames[leader],
        others=pd.concat(list(frames.values()), ignore_index=True),
        totals=_totals(ahead, scales, values, known, leader, floor),
        backtest=tested.scores,
        past=_past(tested, leader, months, np.where(known, values, np.nan), scales[leader], floor),
        leader=leader,
        recipe=members,
        months=len(values),
        remarks=remarks,
        scales=scales,
    )


def _playing(months: int) -> set[str]:
    """Candidates that the mean is of, now or at an origin of the backtest, and last year repeated."""
    return {name for known in range(FEWEST, months + 1) for name in recipe(known)} | {NAIVE}


def _no_forecast(months: int, remarks: tuple[str, ...]) -> ForecastResult:
    none, totals, past = (pd.DataFrame(columns=list(names)) for names in (COLUMNS, TOTALS, PAST))
    scores = backtest(np.zeros(0), {}, horizon=1).scores
    return ForecastResult(none, none.copy(), totals, scores, past, months=months, remarks=remarks)


def _read(
    series: pd.DataFrame,
) -> tuple[pd.DatetimeIndex, Floats, Flags, tuple[str, ...]]:
    """The months to model, which of them are known, and what must be said of them."""
    months = pd.DatetimeIndex(series["month"])
    values = series["revenue"].to_numpy(dtype=float)
    remarks = []
    gone = np.isnan(values)
    runs = [t for t in range(YEAR, len(values)) if gone[t - YEAR : t].all()]
    if runs:  # what lies before a year without a figure is another business
        after = runs[-1]
        while after < len(values) and gone[after]:
            after += 1
        months, values = months[after:], values[after:]
        remarks.append("after_gap")
    months, values = months[-MOST_MONTHS:], values[-MOST_MONTHS:]
    first = int(np.argmax(~np.isnan(values))) if len(values) and not np.isnan(values).all() else len(values)
    months, values = months[first:], values[first:]
    known = np.isfinite(values)
    if not known.all():
        values = _filled(values)
        remarks.append("filled")
    if len(values) and not values.any():
        remarks.append("zero")
    elif len(values) and (values == values[0]).all():
        remarks.append("constant")
    if len(values) and values.min() < 0:
        remarks.append("negative")
    return months, values, known, tuple(remarks)


def _filled(values: Floats) -> Floats:
    """Fill unknown months: a straight line between their neighbours, times or plus what the season adds."""
    known = np.flatnonzero(np.isfinite(values))
    places = np.arange(len(values))
    line = np.interp(places, known, values[known])
    if len(values) < FEWEST_MONTHS:
        return line
    ratio = bool(line.min() > 0)
    shape = np.resize(season(line, ratio=ratio), len(values))
    plain = values[known] / shape[known] if ratio else values[known] - shape[known]
    through = np.interp(places, known, plain)
    return np.where(np.isfinite(values), values, through * shape if ratio else through + shape)


def _leader(wanted: str, scores: pd.DataFrame) -> str:
    """The model that the length asks for, unless last year repeated was nearer in the backtest."""
    errors = scores.set_index("model")["mase"]
    if wanted in errors.index and NAIVE in errors.index and errors[NAIVE] < errors[wanted]:
        return NAIVE
    return wanted


def _bounds_of(paths: Paths, row: int, scale: float, floor: bool) -> tuple[Floats, Bounds]:
    mean = np.maximum(paths.mean[row], 0.0) if floor else paths.mean[row]
    return mean, bounds(mean, paths.deviation[row], scale, floor=floor)


def _frame(paths: Paths, row: int, start: pd.Timestamp, name: str, scale: float, floor: bool) -> pd.DataFrame:
    mean, around = _bounds_of(paths, row, scale, floor)
    months = pd.date_range(start, periods=len(mean), freq="MS")
    rounded = {edge: values.round(4) for edge, values in ({"value": mean} | vars(around)).items()}
    return pd.DataFrame({"month": months, "model": name} | rounded)


def _totals(
    ahead: Mapping[str, Paths],
    scales: Mapping[str, float],
    values: Floats,
    known: Flags,
    leader: str,
    floor: bool,
) -> pd.DataFrame:
    """Sums over at most a year, with an interval for errors that go together in part."""
    rows = []
    for name, paths in sorted(ahead.items(), key=lambda item: (item[0] != leader, item[0] != MEAN, item[0])):
        mean, _ = _bounds_of(paths, 0, scales[name], floor)
        span = min(len(mean), YEAR)
        total, wide = np.array([mean[:span].sum()]), np.array([deviation_of_sum(paths.deviation[0][:span])])
        around = bounds(total, wide, scales[name], floor=floor)
        whole = len(values) >= span and known[-span:].all()
        rows.append(
            {"model": name, "months": span, "value": float(total[0])}
            | {edge: float(value[0]) for edge, value in vars(around).items()}
            | {"year_before": float(values[-span:].sum()) if whole else float("nan")}
        )
    return pd.DataFrame(rows, columns=list(TOTALS)).round(4)


def _past(
    tested: Backtest, leader: str, months: pd.DatetimeIndex, actual: Floats, scale: float, floor: bool
) -> pd.DataFrame:
    """What the leader would have said at each origin, beside what came."""
    frames = []
    for row, end in enumerate(tested.ends):
        frame = _frame(tested.paths[leader], row, months[end], leader, scale, floor)
        came = actual[end : end + tested.horizon]
        frames.append(frame.assign(actual=came).assign(origin=months[end]))
    return pd.concat(frames, ignore_index=True)[list(PAST)] if frames else pd.DataFrame(columns=list(PAST))
