"""Small seasonal ARIMA models, chosen by likelihood, all orders and all ends of the history at once.

How often to difference is decided by tests, then every order with p, q ≤ 2 and P, Q ≤ 1 is fitted by
conditional least squares (Gauss–Newton with Levenberg's damping, on partial autocorrelations, so that every
trial is stationary and invertible). The forecast is the mean of the few most likely, weighted by likelihood.

Source: G. E. P. Box and G. M. Jenkins, *Time Series Analysis*, 1976, chapters 5, 7 and 9; choice of the order
after R. J. Hyndman and Y. Khandakar, "Automatic time series forecasting", *Journal of Statistical Software*
27(3), 2008; least squares by J. J. Moré, "The Levenberg–Marquardt algorithm", 1978.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from analytics.metrics.seasons import YEAR, seasonal_strength
from analytics.models.forecast.paths import Flags, Floats, Ints, Paths, unit_of

KEPT_ORDERS = 6
"""How many of the most likely orders the mean is of."""
LAGS = (1, 2, YEAR, YEAR + 1, YEAR + 2)
_LONGEST = LAGS[-1]
_SEASONAL = 0.64  # strength of the season from which on a year's difference is taken
_KPSS = 0.463  # 5 % point of the test of Kwiatkowski and others, 1992, for a level
_STEPS, _ENOUGH = 15, 1e-5
_NUDGE = 1e-5


class Order(NamedTuple):
    """Orders of one model after differencing, and whether it has a constant."""

    p: int
    q: int
    seasonal_p: int
    seasonal_q: int
    constant: bool

    @property
    def used(self) -> tuple[bool, ...]:
        """Which of φ1, φ2, θ1, θ2, Φ, Θ and the constant are free."""
        low = (self.p >= 1, self.p >= 2, self.q >= 1, self.q >= 2)
        return (*low, self.seasonal_p > 0, self.seasonal_q > 0, self.constant)


@dataclass(frozen=True)
class _Fitted:
    """Models of all orders for some ends: one column for each pair."""

    order: Sequence[Order]
    known: Ints  # months after differencing
    points: Floats  # (7, columns), unbounded
    errors: Floats
    squares: Floats
    criterion: Floats


def arima(values: Floats, ends: Ints, horizon: int) -> Paths:
    """Forecast by the most likely small seasonal ARIMA models.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first.
    ends : ndarray of shape (n_ends,)
        How many months are known; at least 24.
    horizon : int

    Returns
    -------
    Paths
        ``forms`` names the most likely model of each end, as ``ARIMA(0,1,1)(0,1,1)``.
    """
    unit = unit_of(values[: int(ends.min())])  # no end may know more than its own months
    series = values / unit
    mean, deviation = np.empty((len(ends), horizon)), np.empty((len(ends), horizon))
    forms = [""] * len(ends)
    differences = [_differences(series[:end]) for end in ends]
    for once, yearly in sorted(set(differences)):
        rows = [i for i, found in enumerate(differences) if found == (once, yearly)]
        fitted = _fit(_difference(series, once, yearly), ends[rows] - once - YEAR * yearly, once + yearly)
        each = len(fitted.order) // len(rows)
        for place, row in enumerate(rows):
            columns = np.arange(place * each, (place + 1) * each)
            columns = columns[np.argsort(fitted.criterion[columns], kind="stable")][:KEPT_ORDERS]
            weights = np.exp(-0.5 * (fitted.criterion[columns] - fitted.criterion[columns[0]]))
            weights /= weights.sum()
            paths, widths = _ahead(series[: ends[row]], fitted, columns, (once, yearly), horizon)
            mean[row], deviation[row] = paths @ weights, widths @ weights
            best = fitted.order[columns[0]]
            forms[row] = f"ARIMA({best.p},{once},{best.q})({best.seasonal_p},{yearly},{best.seasonal_q})"
    return Paths(unit * mean, unit * deviation, tuple(forms))


def _differences(known: Floats) -> tuple[int, int]:
    """How often to difference: by a month until the level stands still, by a year for a strong season."""
    yearly = int(len(known) >= 3 * YEAR and seasonal_strength(known) > _SEASONAL)
    once = 0
    while once + yearly < 2 and _kpss(_difference(known, once, yearly)) > _KPSS:
        once += 1
    return once, yearly


def _difference(series: Floats, once: int, yearly: int) -> Floats:
    found = series[YEAR:] - series[:-YEAR] if yearly else series
    return np.diff(found, once)


def _kpss(series: Floats) -> float:
    """Statistic of the test whether a level stands still; 0 for a series that never moves."""
    n = len(series)
    error = series - series.mean()
    lags = int(3 * np.sqrt(n) / 13)
    variance = float(error @ error)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(error[lag:] @ error[: n - lag])
    return float((np.cumsum(error) ** 2).sum()) / n / variance if variance > n * 1e-15 else 0.0


def _fit(series: Floats, known: Ints, differenced: int) -> _Fitted:
    """Fit every order to the first ``known`` months, for each of the ends."""
    constants = {0: (True,), 1: (True, False)}.get(differenced, (False,))
    order = [Order(*each) for each in product(range(3), range(3), range(2), range(2), constants)]
    columns = list(order) * len(known)
    months = np.repeat(known, len(order))
    used = np.array([each.used for each in columns], dtype=float).T
    inside = np.arange(int(known.max()))[:, None] < months
    data = np.where(inside, series[: len(inside), None], 0.0)
    points = 0.1 * used
    points[-1] = used[-1] * data.sum(axis=0) / months
    points, errors = _least_squares(points, data, inside, used)
    squares = (errors**2).sum(axis=0)
    k = used.sum(axis=0) + 1
    criterion = (
        months * np.log(np.maximum(squares, 1e-30) / months)
        + 2 * k
        + 2 * k * (k + 1) / np.maximum(months - k - 1, 0.5)
    )
    return _Fitted(columns, months, points, errors, squares, criterion)


def _least_squares(points: Floats, data: Floats, inside: Flags, used: Floats) -> tuple[Floats, Floats]:
    """Gauss–Newton with damping, all columns at once; a column that no longer gains is left alone."""
    errors = _errors(points, data, inside)
    squares = (errors**2).sum(axis=0)
    damping = np.full(points.shape[1], 1e-2)
    active = np.arange(points.shape[1])
    for _ in range(_STEPS):
        slopes = _slopes(
            points[:, active], errors[:, active], data[:, active], inside[:, active], used[:, active]
        )
        normal = np.einsum("knb,lnb->bkl", slopes, slopes)
        pull = np.einsum("knb,nb->bk", slopes, errors[:, active])
        every = np.arange(len(points))
        # What is not used stays where it is: its row is that of the identity.
        normal[:, every, every] *= 1 + damping[active, None]
        normal[:, every, every] += 1e-9 + (1 - used[:, active].T)
        step = -np.linalg.solve(normal, pull[:, :, None])[:, :, 0].T * used[:, active]
        step[:-1] = np.clip(step[:-1], -1, 1)
        moved = points[:, active] + step
        moved[:-1] = np.clip(moved[:-1], -4, 4)
        found = _errors(moved, data[:, active], inside[:, active])
        total = (found**2).sum(axis=0)
        better = total < squares[active]
        gain = np.where(better, 1 - total / np.maximum(squares[active], 1e-300), 1.0)
        own = active[better]
        points[:, own], errors[:, own], squares[own] = moved[:, better], found[:, better], total[better]
        damping[active] *= np.where(better, 0.2, 8.0)
        active = active[(gain > _ENOUGH) & (damping[active] < 1e6)]
        if not len(active):
            break
    return points, errors


def _slopes(points: Floats, errors: Floats, data: Floats, inside: Flags, used: Floats) -> Floats:
    """Change of the errors with each parameter, shape (7, n, columns); nothing for those not used."""
    which, column = np.nonzero(used)
    nudged = points[:, column].copy()
    nudged[which, np.arange(len(which))] += _NUDGE
    found = np.zeros((len(points), *errors.shape))
    changed = _errors(nudged, data[:, column], inside[:, column]) - errors[:, column]
    found[which, :, column] = changed.T / _NUDGE
    return found


def _polynomials(points: Floats) -> tuple[Floats, Floats]:
    """Weights of earlier values and of earlier errors at the `LAGS`, shape (5, columns) each."""
    partial = 0.995 * np.tanh(points[:6])
    zero = np.zeros(points.shape[1])
    found = []
    for first, second, seasonal in (
        (partial[0], partial[1], partial[4]),
        (partial[2], partial[3], partial[5]),
    ):
        low = first * (1 - second)
        found.append(np.stack([low, second, seasonal, -seasonal * low, -seasonal * second]) + zero)
    return found[0], -found[1]


def _errors(points: Floats, data: Floats, inside: Flags) -> Floats:
    """One-month errors, the months before the first taken as average and without error."""
    of_values, of_errors = _polynomials(points)
    centred = np.where(inside, data - points[-1], 0.0)
    left = centred.copy()
    for lag, weight in zip(LAGS, of_values, strict=True):
        left[lag:] -= weight * centred[:-lag]
    errors = np.zeros((len(data) + _LONGEST, data.shape[1]))
    used = [(lag, weight) for lag, weight in zip(LAGS, of_errors, strict=True) if weight.any()]
    part = np.empty(data.shape[1])
    for t, value in enumerate(left, start=_LONGEST):
        now = errors[t]
        now[:] = value
        for lag, weight in used:
            np.multiply(weight, errors[t - lag], out=part)
            now -= part
    return np.where(inside, errors[_LONGEST:], 0.0)


def _ahead(
    known: Floats, fitted: _Fitted, columns: Ints, differences: tuple[int, int], horizon: int
) -> tuple[Floats, Floats]:
    """Mean and deviation of the months ahead, shape (horizon, columns) each."""
    points, months = fitted.points[:, columns], int(fitted.known[columns[0]])
    of_values, of_errors = _polynomials(points)
    past = _difference(known, *differences)[:, None] - points[-1]
    values = np.vstack([np.zeros((_LONGEST, len(columns))), past, np.zeros((horizon, len(columns)))])
    errors = np.zeros_like(values)
    errors[_LONGEST : _LONGEST + months] = fitted.errors[:months, columns]
    response = np.zeros((_LONGEST + horizon, len(columns)))
    response[_LONGEST] = 1.0
    weights = list(zip(LAGS, of_values, of_errors, strict=True))
    for t in range(_LONGEST + months, len(values)):
        values[t] = sum(a * values[t - lag] + b * errors[t - lag] for lag, a, b in weights)
    for step in range(1, horizon):
        now = sum(a * response[_LONGEST + step - lag] for lag, a, _ in weights)
        response[_LONGEST + step] = now + sum(b for lag, _, b in weights if lag == step)
    ahead = values[_LONGEST + months :] + points[-1]
    mean, reach = _undone(known, ahead, response[_LONGEST:], differences)
    free = np.array([sum(fitted.order[column].used) for column in columns])
    variance = fitted.squares[columns] / np.maximum(months - free, 1)
    return mean, np.sqrt(variance * np.cumsum(reach**2, axis=0))


def _undone(
    known: Floats, ahead: Floats, reach: Floats, differences: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Take the differences back, of the forecast and of what an error does to later months."""
    once, yearly = differences
    for times in reversed(range(once)):
        ahead = _difference(known, times, yearly)[-1] + np.cumsum(ahead, axis=0)
        reach = np.cumsum(reach, axis=0)
    if yearly:
        whole = np.vstack([np.repeat(known[-YEAR:, None], ahead.shape[1], axis=1), ahead])
        reach = reach.copy()
        for t in range(len(ahead)):
            whole[YEAR + t] += whole[t]
            if t >= YEAR:
                reach[t] += reach[t - YEAR]
        ahead = whole[YEAR:]
    return ahead, reach
