"""What all customers together will bring, with an interval that knows how little is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from analytics.models.purchases import counts, gamma_gamma, spending
from analytics.models.purchases.counts import Counts
from analytics.models.purchases.fit import PurchaseFit
from analytics.models.purchases.gamma_gamma import GammaGammaFit
from analytics.models.purchases.learning import LifetimeValueModel
from analytics.models.purchases.prediction import MONTHS, SHORT_DAYS
from analytics.models.purchases.rows import DAYS_A_WEEK, WEEKS_A_MONTH, Floats, Rows, collapse
from analytics.models.threads import one_thread

Fit = TypeVar("Fit", PurchaseFit, GammaGammaFit)

NORMAL = 1.2815515655446004
"""Standard deviations from the mean to the ends of an 80 % interval."""

SAMPLE = 50_000
"""Customers, evenly drawn, from whom the effect of the parameters on a total is measured."""

STEP = 1e-3
LEAST_SPREAD = 0.25
"""A customer's mean value has a finite variance where q + p·x is above 2; taken to be so much above."""


def totals(
    model: LifetimeValueModel,
    histories: pd.DataFrame,
    *,
    discount_rate: float = 0.10,
    profit_share: float | None = None,
    total_error: float = float("nan"),
    revenue_error: float = float("nan"),
) -> pd.DataFrame:
    """Sum predictions over all customers, with 80 % intervals.

    Parameters
    ----------
    model : LifetimeValueModel
    histories : pandas.DataFrame
        As for `analytics.models.lifetime_value.predict_lifetime_value`.
    discount_rate, profit_share
        As there.
    total_error, revenue_error : float, optional
        From the `Validation`: by how much, as a share, the totals of visits and of revenue were missed in the
        holdout.

    Returns
    -------
    pandas.DataFrame of shape (7, 6)
        One row for each ``horizon`` and ``measure``: visits ("purchases") of "90d", "12m" and "36m";
        "revenue" and "clv" (discounted money) of "12m" and "36m". ``value``, ``low``, ``high`` are missing
        where nothing could be fitted; ``widened`` (bool) says whether a holdout's error is in the interval.

    Notes
    -----
    Three sources of error are added up: chance of each customer (small in a sum), parameters (by their
    covariance, to first order), and what the holdout missed, which is neither. Ends are those of a log-normal
    distribution.
    """
    with one_thread():
        found = _sums(model, histories, discount_rate, profit_share, total_error, revenue_error)
    frame = pd.DataFrame(found, columns=["horizon", "measure", "value", "spread", "missed"])
    variance = frame["spread"] ** 2 + frame["missed"].fillna(0.0) ** 2
    factor = np.exp(NORMAL * np.sqrt(np.log1p(variance)))
    # A loss is a loss at both ends: the end nearer to zero is the low one in size.
    ends = np.sort(np.column_stack([frame["value"] / factor, frame["value"] * factor]), axis=1)
    return frame.assign(low=ends[:, 0], high=ends[:, 1], widened=frame["missed"].notna())[
        ["horizon", "measure", "value", "low", "high", "widened"]
    ]


def _sums(
    model: LifetimeValueModel,
    histories: pd.DataFrame,
    discount_rate: float,
    profit_share: float | None,
    total_error: float,
    revenue_error: float,
) -> list[tuple[str, str, float, float, float]]:
    """Horizon, measure, total, its standard deviation as a share of it, the share that a holdout missed."""
    horizons = {"90d": SHORT_DAYS / DAYS_A_WEEK, **{f"{m}m": m * WEEKS_A_MONTH for m in MONTHS}}
    nothing = (float("nan"), float("nan"))
    visits, money = dict.fromkeys(horizons, nothing), dict.fromkeys(MONTHS, nothing)
    if model.purchases is not None:
        rows, few = collapse(histories), _sample(histories)
        ahead = {name: _ahead(model.purchases, rows, few, weeks) for name, weeks in horizons.items()}
        visits = {name: _visits(model.purchases, rows, found) for name, found in ahead.items()}
        if model.value is not None:
            terms = (model.purchases, model.value, histories, rows, few)
            money = {
                months: _revenue(*terms, ahead[f"{months}m"], months, discount_rate) for months in MONTHS
            }
    share = np.nan if profit_share is None else profit_share
    return [
        *((name, "purchases", *found, total_error) for name, found in visits.items()),
        *((f"{months}m", "revenue", *found, revenue_error) for months, found in money.items()),
        *((f"{m}m", "clv", value * share, spread, revenue_error) for m, (value, spread) in money.items()),
    ]


@dataclass(frozen=True)
class _Ahead:
    """Visits of one horizon: of all histories, and expected of a sample, also with other parameters.

    ``moved`` has a pair for each parameter, with it a little greater and a little less.
    """

    counts: Counts
    few: Rows
    expected: Floats
    moved: list[tuple[Floats, Floats]]


def _ahead(purchases: PurchaseFit, rows: Rows, sample: pd.DataFrame, weeks: float) -> _Ahead:
    few = collapse(sample)
    moved = [(_expected(up, few, weeks), _expected(down, few, weeks)) for up, down in _each_moved(purchases)]
    found = counts.count_visits(purchases, rows, weeks)
    return _Ahead(found, few, _expected(purchases, few, weeks), moved)


def _visits(purchases: PurchaseFit, rows: Rows, ahead: _Ahead) -> tuple[float, float]:
    """Expected visits of all, and their standard deviation as a share of that."""
    found, few = ahead.counts, ahead.few.customers
    total, chance = float(rows.customers @ found.expected), float(rows.customers @ found.variance)
    sums = [(float(few @ up), float(few @ down)) for up, down in ahead.moved]
    return total, _spread(chance, total, _parameter_variance(purchases, sums))


def _revenue(
    purchases: PurchaseFit,
    value: GammaGammaFit,
    histories: pd.DataFrame,
    rows: Rows,
    sample: pd.DataFrame,
    ahead: _Ahead,
    months: int,
    discount_rate: float,
) -> tuple[float, float]:
    """Expected discounted revenue of all, and its standard deviation as a share of that."""
    expected, present = spending.discounted_visits(purchases, rows, months, discount_rate)
    each = gamma_gamma.expected_value(value, histories)
    total = float(present[rows.place] @ each)
    worth = (present / np.maximum(expected, 1e-300))[rows.place] * each
    between, within = _value_variance(value, histories)
    mean, variance = ahead.counts.expected[rows.place], ahead.counts.variance[rows.place]
    chance = variance + (variance + mean**2) * between + mean * (1 + between) * within
    # Discounting moves the total, and hardly what uncertain parameters do to it.
    place, values = ahead.few.place, gamma_gamma.expected_value(value, sample)
    sums = [(float(up[place] @ values), float(down[place] @ values)) for up, down in ahead.moved]
    parameters = _parameter_variance(purchases, sums)
    if value.constant is None:
        visits = ahead.expected[place]

        def brought(fit: GammaGammaFit) -> float:
            return float(visits @ gamma_gamma.expected_value(fit, sample))

        sums = [(brought(up), brought(down)) for up, down in _each_moved(value)]
        parameters += _parameter_variance(value, sums)
    return total, _spread(float(worth**2 @ chance), total, parameters)


def _expected(purchases: PurchaseFit, rows: Rows, weeks: float) -> Floats:
    """Expected visits of each distinct history."""
    alive = purchases.model.alive(purchases.values, rows.x, rows.t_x, rows.age)
    each = purchases.model.expected_if_alive(purchases.values, rows.x, rows.age, np.full(len(rows), weeks))
    return alive * each


def _value_variance(value: GammaGammaFit, histories: pd.DataFrame) -> tuple[Floats, float]:
    """Squared coefficients of variation: of a customer's mean value as it is known, and of a single visit."""
    if value.constant is not None:
        return np.zeros(len(histories)), 0.0
    p, q, _ = value.values
    x, _ = gamma_gamma.valued(histories)
    return 1 / np.maximum(q + p * x - 2, LEAST_SPREAD), 1 / p


def _parameter_variance(fit: PurchaseFit | GammaGammaFit, totals: list[tuple[float, float]]) -> float:
    """Variance of a total's logarithm from uncertain parameters, to first order; see `_each_moved`."""
    covariance = fit.covariance.to_numpy(dtype=np.float64)
    slope = np.array([np.log(up / down) / (2 * STEP) for up, down in totals])
    return float(slope @ covariance @ slope)


def _each_moved(fit: Fit) -> list[tuple[Fit, Fit]]:
    """For each parameter the fit with it a little greater, and with it a little less."""
    return [(_moved(fit, name, STEP), _moved(fit, name, -STEP)) for name in fit.params.index]


def _moved(fit: Fit, name: str, step: float) -> Fit:
    """The fit with one parameter a little greater."""
    params = fit.params.copy()
    params[name] *= np.exp(step)
    return replace(fit, params=params)


def _spread(chance: float, total: float, parameters: float) -> float:
    return float(np.sqrt(chance / total**2 + parameters)) if total > 0 else 0.0


def _sample(histories: pd.DataFrame) -> pd.DataFrame:
    every = max(1, len(histories) // SAMPLE)
    return histories.iloc[::every]
