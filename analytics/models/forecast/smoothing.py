"""Exponential smoothing: level, trend and season that follow the series, each at its own pace.

Fifteen forms of the state-space family are fitted; the forecast is the mean of the few most likely, weighted
by their likelihood. The errors of a form with additive errors and of its sister with multiplicative ones come
from one recursion and differ in the likelihood only, so nine recursions serve all fifteen. Starting states
are set by decomposition of the first years, not searched for.

Source: R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder, *Forecasting with Exponential Smoothing*,
2008, chapters 2, 5 (likelihood) and 6 (variances). Weights: K. P. Burnham and D. R. Anderson, *Model
Selection and Multimodel Inference*, 2002, section 2.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.seasons import FEWEST_MONTHS, YEAR, season
from analytics.models.forecast.paths import Flags, Floats, Ints, Paths, unit_of
from analytics.models.forecast.search import even_points, refine

Kind = Literal["N", "A", "M", "D"]

KEPT_FORMS = 4
"""How many of the most likely forms the mean is of."""
FIRST_POINTS = 96
_FIRST_YEARS, _FIRST_LINE = 3 * YEAR, 10
_TINY = 1e-9


class Form(NamedTuple):
    """One member of the family: error A or M; trend N(one), A(dditive) or D(amped); season N, A or M."""

    error: Kind
    trend: Kind
    season: Kind

    @property
    def parameters(self) -> int:
        """Paces, starting states and the variance, as Akaike's criterion counts them."""
        return 3 + 2 * (self.trend != "N") + (self.trend == "D") + YEAR * (self.season != "N")

    @property
    def paces(self) -> int:
        """How many of them are searched for."""
        return 1 + (self.trend != "N") + (self.trend == "D") + (self.season != "N")


FORMS = tuple(
    Form(error, trend, season_)
    for trend in ("N", "A", "D")
    for season_ in ("N", "A", "M")
    for error in ("A", "M")
    if (error, season_) != ("A", "M")  # additive errors around a multiplicative season are unstable
)


@dataclass(frozen=True)
class _Run:
    """What the recursion leaves behind: one column for each set of parameters, one row a month."""

    error: Floats
    fitted: Floats
    level: Floats
    slope: Floats
    season: Floats  # twelve rows more: the season before the first month

    @classmethod
    def empty(cls, months: int, columns: int) -> _Run:
        shapes = [(months, columns)] * 4 + [(months + YEAR, columns)]
        return cls(*map(np.empty, shapes))


def smoothing(values: Floats, ends: Ints, horizon: int) -> Paths:
    """Forecast by the most likely forms of exponential smoothing.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first. Forms that multiply are left out at an end before which one is zero or less.
    ends : ndarray of shape (n_ends,)
        How many months are known; at least 12, and 24 for a season to be fitted.
    horizon : int

    Returns
    -------
    Paths
        ``forms`` names the most likely form of each end, as ``ETS(M,A,M)``.
    """
    shortest = int(ends.min())  # nothing that all ends share may know more than the earliest of them
    unit = unit_of(values[:shortest])
    series = values / unit
    lowest = np.minimum.accumulate(series)[ends - 1]
    starts = _starts(series[:shortest], positive=bool(series[:shortest].min() > 0))
    forms = [form for form in FORMS if form.season in starts and (lowest.max() > 0 or form.error == "A")]
    tried, first, points = _first_pass(series, ends, forms, starts)
    penalty = _penalty(forms, ends, lowest > 0)
    kept = np.argsort(first + penalty, axis=1, kind="stable")[:, :KEPT_FORMS]
    rows = np.repeat(np.arange(len(ends)), kept.shape[1])
    chosen = [forms[j] for j in kept.ravel()]
    known = ends[rows]

    def loss(trial: Floats, problems: Ints) -> Floats:
        some = [chosen[i] for i in problems]
        run = _run(series, some, _paces(trial, some), starts)
        return _likelihood(run, some)[known[problems] - 1, np.arange(len(some))]

    begin = points[:, tried[rows, kept.ravel()]]
    best, least = refine(loss, begin, rounds=14, tries=10, radius=0.25, shrink=0.8)
    mean, deviation = _ahead(series, chosen, known, _paces(best, chosen), starts, horizon)
    weights = _weights(least + penalty[rows, kept.ravel()], len(ends))
    shape = (len(ends), kept.shape[1], horizon)
    leading = [chosen[i * kept.shape[1] + int(w.argmax())] for i, w in enumerate(weights)]
    return Paths(
        unit * np.einsum("ij,ijh->ih", weights, mean.reshape(shape)),
        unit * np.einsum("ij,ijh->ih", weights, deviation.reshape(shape)),
        tuple(f"ETS({form.error},{form.trend.replace('D', 'Ad')},{form.season})" for form in leading),
    )


def _starts(known: Floats, *, positive: bool) -> dict[str, tuple[Floats, float, float, float]]:
    """Season, level, slope and mean level of the first years, for each kind of season."""
    nothing = np.zeros(YEAR)
    found = {"N": (nothing, *_line(known[:_FIRST_LINE]))}
    years = known[: min(len(known), _FIRST_YEARS) // YEAR * YEAR]
    if len(years) >= FEWEST_MONTHS:
        repeats = len(years) // YEAR
        for kind in ("A", "M") if positive else ("A",):
            shape = season(years, ratio=kind == "M")
            whole = np.tile(shape, repeats)
            plain = years / whole if kind == "M" else years - whole
            found[kind] = (shape, *_line(plain[:FEWEST_MONTHS]))
    return found


def _line(values: Floats) -> tuple[float, float, float]:
    slope, level = np.polyfit(np.arange(1, len(values) + 1), values, 1)
    return float(level), float(slope), float(values.mean())


def _paces(points: Floats, forms: Sequence[Form]) -> Floats:
    """Turn points of the unit cube into α, β, γ and φ; slow trends and seasons get most of the room."""
    trend, seasonal = (np.array([getattr(f, part) for f in forms]) for part in ("trend", "season"))
    alpha = 0.01 + 0.98 * points[0] ** 1.5
    beta = np.where(trend != "N", 0.9 * alpha * points[1] ** 3, 0.0)
    gamma = np.where(seasonal != "N", (1 - alpha) * points[2] ** 2, 0.0)
    phi = np.where(trend == "D", 0.8 + 0.18 * points[3], 1.0)
    return np.stack([alpha, beta, gamma, phi])


def _run(series: Floats, forms: Sequence[Form], paces: Floats, starts: dict[str, Any]) -> _Run:
    """Run the recursion of each column through the whole series."""
    n, columns = len(series), len(forms)
    run = _Run.empty(n, columns)
    for multiplied in (False, True):
        own = [i for i, form in enumerate(forms) if (form.season == "M") == multiplied]
        if not own:
            continue
        first = [starts[forms[i].season] for i in own]
        trended = np.array([forms[i].trend != "N" for i in own])
        level = np.where(trended, [s[1] for s in first], [s[3] for s in first])
        slope = np.where(trended, [s[2] for s in first], 0.0)
        part = _recursion(
            series, paces[:, own], level, slope, np.stack([s[0] for s in first], axis=1), multiplied
        )
        for whole, piece in zip(vars(run).values(), vars(part).values(), strict=True):
            whole[:, own] = piece
    return run


def _recursion(
    series: Floats, paces: Floats, level: Floats, slope: Floats, first: Floats, multiplied: bool
) -> _Run:
    alpha, beta, gamma, phi = paces
    run = _Run.empty(len(series), len(alpha))
    run.season[:YEAR] = first
    for t, value in enumerate(series):
        slope = phi * slope
        base, now = level + slope, run.season[t]
        if multiplied:
            base = np.maximum(base, _TINY)
            fitted = base * now
            error = value - fitted
            run.season[t + YEAR] = np.maximum(now + gamma * error / base, 1e-6)
            step = error / now
        else:
            fitted = base + now
            step = error = value - fitted
            run.season[t + YEAR] = now + gamma * error
        level, slope = base + alpha * step, slope + beta * step
        run.error[t], run.fitted[t], run.level[t], run.slope[t] = error, fitted, level, slope
    return run


def _likelihood(run: _Run, forms: Sequence[Form]) -> Floats:
    """Minus twice the log likelihood of all months so far, but for a constant; shape (n, columns)."""
    relative = np.array([form.error == "M" for form in forms])
    size = np.where(relative, np.maximum(np.abs(run.fitted), _TINY), 1.0)
    squares = np.cumsum((run.error / size) ** 2, axis=0)
    months = np.arange(1, len(squares) + 1)[:, None]
    found: Floats = months * np.log(np.maximum(squares, 1e-12) / months) + 2 * np.cumsum(np.log(size), axis=0)
    return found


def _first_pass(
    series: Floats, ends: Ints, forms: Sequence[Form], starts: dict[str, Any]
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """The best of a few even points, for each end and form; one run through the series serves all ends."""
    points = even_points(FIRST_POINTS, 4)
    kinds = sorted({(form.trend, form.season) for form in forms})
    columns = [Form("A", trend, season_) for trend, season_ in kinds for _ in range(FIRST_POINTS)]
    run = _run(series, columns, _paces(np.tile(points, len(kinds)), columns), starts)
    best = np.empty((len(ends), len(forms)), dtype=np.intp)
    least = np.empty((len(ends), len(forms)))
    for j, form in enumerate(forms):
        at = kinds.index((form.trend, form.season)) * FIRST_POINTS
        own = _Run(*(part[:, at : at + FIRST_POINTS] for part in vars(run).values()))
        losses = _likelihood(own, [form] * FIRST_POINTS)[ends - 1]
        best[:, j], least[:, j] = losses.argmin(axis=1), losses.min(axis=1)
    return best, least, points


def _penalty(forms: Sequence[Form], ends: Ints, positive: Flags) -> Floats:
    """Akaike's penalty, corrected for short series; a form that an end's months do not allow is out."""
    k = np.array([form.parameters for form in forms])
    left = ends[:, None] - k - 1
    plain = np.array([form.error == "A" for form in forms])
    allowed = (left > 0) & (plain | positive[:, None])
    found: Floats = np.where(allowed, 2 * k + 2 * k * (k + 1) / np.maximum(left, 1), 1e6)
    return found


def _weights(criterion: Floats, ends: int) -> Floats:
    """Akaike weights of the kept forms of each end."""
    each = criterion.reshape(ends, -1)
    weights = np.exp(-0.5 * (each - each.min(axis=1, keepdims=True)))
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def _ahead(
    series: Floats, forms: Sequence[Form], known: Ints, paces: Floats, starts: dict[str, Any], horizon: int
) -> tuple[Floats, Floats]:
    """Mean and deviation of the months ahead, one row for each column."""
    run = _run(series, forms, paces, starts)
    columns, ahead = np.arange(len(forms)), np.arange(1, horizon + 1)
    alpha, beta, gamma, phi = (pace[:, None] for pace in paces)
    reach = np.cumsum(phi**ahead, axis=1)
    trend = run.level[known - 1, columns][:, None] + reach * run.slope[known - 1, columns][:, None]
    now = np.stack([run.season[known + (h - 1) % YEAR, columns] for h in ahead], axis=1)
    multiplied = np.array([[form.season == "M"] for form in forms])
    mean = np.where(multiplied, np.maximum(trend, 0.0) * now, trend + now)
    relative = np.array([form.error == "M" for form in forms])
    size = np.where(relative, np.maximum(np.abs(run.fitted), _TINY), 1.0)
    squares = np.cumsum((run.error / size) ** 2, axis=0)[known - 1, columns]
    variance = squares / (known - np.array([form.paces for form in forms]))
    carried = alpha + beta * reach + np.where(ahead % YEAR == 0, gamma, 0.0)
    growth = 1 + np.cumsum(np.c_[np.zeros(len(forms)), carried[:, :-1] ** 2], axis=1)
    deviation = np.sqrt(variance[:, None] * growth) * np.where(relative[:, None], np.abs(mean), 1.0)
    return mean, deviation
