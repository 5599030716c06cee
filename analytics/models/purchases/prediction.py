"""Predicting what each customer will buy and bring: visits × value, discounted, with 80 % intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.models.purchases import counts, gamma_gamma, spending
from analytics.models.purchases.fit import PurchaseFit
from analytics.models.purchases.learning import LifetimeValueModel
from analytics.models.purchases.rows import DAYS_A_WEEK, WEEKS_A_MONTH, Floats, Rows, collapse
from analytics.models.threads import one_thread

MONTHS = (12, 36)
"""Horizons of value."""

SHORT_DAYS = 90
"""The near horizon of visits."""


def predict_lifetime_value(
    model: LifetimeValueModel,
    histories: pd.DataFrame,
    *,
    discount_rate: float = 0.10,
    profit_share: float | None = None,
    tempering: float = 1.0,
) -> pd.DataFrame:
    """Predict what each customer will buy and bring.

    Parameters
    ----------
    model : LifetimeValueModel
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`, at the reference date.
    discount_rate : float, default 0.10
        A year, 0–1; each month is discounted to its end.
    profit_share : float, optional
        The organisation's profit as a share of net revenue; without it, value (``clv``) is missing.
    tempering : float, default 1.0
        How much wider real spending is spread than Gamma-Gamma says, from `Validation.tempering`.

    Returns
    -------
    pandas.DataFrame of shape (n_customers, 21)
        One row for each customer, in the order of `histories`; intervals (``_low``, ``_high``) hold 80 %:

        - ``customer_id``
        - ``probability_alive`` (0–1): missing for customers without a repeat visit under the BG/NBD, which
          gives them 1 by construction.
        - ``expected_purchases_90d``, ``expected_purchases_12m`` (visits), each with ``_low`` and ``_high``
          (whole numbers), and ``expected_purchases_36m``
        - ``expected_average_value`` (money): of a visit.
        - ``predicted_revenue_12m``, ``predicted_revenue_36m`` (money, discounted), with ``_low`` and
          ``_high``
        - ``predicted_clv_12m``, ``predicted_clv_36m`` (money): the same × `profit_share`, with ``_low``,
          ``_high``

        All missing where no model of visits could be fitted; money where none of value could.
    """
    ids = histories["customer_id"].to_numpy()
    found = pd.DataFrame(np.nan, index=range(len(ids)), columns=_columns())
    found.insert(0, "customer_id", ids)
    if model.purchases is None or not len(ids):
        return found
    with one_thread():
        _fill(found, model, model.purchases, histories, discount_rate, tempering)
    share = np.nan if profit_share is None else profit_share
    ends = ("_low", "_high") if share >= 0 else ("_high", "_low")  # at a loss, more revenue is less profit
    for months in MONTHS:
        for end, taken in zip(("", "_low", "_high"), ("", *ends), strict=True):
            found[f"predicted_clv_{months}m{end}"] = found[f"predicted_revenue_{months}m{taken}"] * share
    return found


def expect_lifetime_value(
    model: LifetimeValueModel,
    histories: pd.DataFrame,
    *,
    discount_rate: float = 0.10,
    profit_share: float | None = None,
) -> pd.DataFrame:
    """Predict what customers will bring in twelve months, without the intervals, which take most of the time.

    Parameters
    ----------
    model, histories, discount_rate, profit_share
        As for `predict_lifetime_value`.

    Returns
    -------
    pandas.DataFrame of shape (n_customers, 4)
        ``customer_id``, ``probability_alive``, ``predicted_revenue_12m`` and ``predicted_clv_12m``, the same
        as there.
    """
    ids = histories["customer_id"].to_numpy()
    found = pd.DataFrame(
        {"customer_id": ids, "probability_alive": np.nan, "predicted_revenue_12m": np.nan},
        index=range(len(ids)),
    )
    if model.purchases is not None and len(ids):
        with one_thread():
            rows = collapse(histories)
            found["probability_alive"] = _alive(model.purchases, rows)
            if model.value is not None:
                present = spending.discounted_visits(model.purchases, rows, MONTHS[0], discount_rate)[1]
                each = gamma_gamma.expected_value(model.value, histories)
                found["predicted_revenue_12m"] = present[rows.place] * each
    share = np.nan if profit_share is None else profit_share
    return found.assign(predicted_clv_12m=found["predicted_revenue_12m"] * share)


def discounted(monthly: Floats, discount_rate: float = 0.10) -> float:
    """Present value of amounts that come in at the end of each month.

    Parameters
    ----------
    monthly : array_like of shape (n_months,)
    discount_rate : float, default 0.10
        A year, 0–1.

    Examples
    --------
    1,000 a year, evenly, over 12 and over 36 months:

    >>> round(discounted(np.full(12, 1000 / 12)), 2), round(discounted(np.full(36, 1000 / 12)), 2)
    (950.04, 2598.87)
    """
    amounts = np.asarray(monthly, dtype=np.float64)
    return float(spending.discount_factors(len(amounts), discount_rate) @ amounts)


def _fill(
    found: pd.DataFrame,
    model: LifetimeValueModel,
    purchases: PurchaseFit,
    histories: pd.DataFrame,
    discount_rate: float,
    tempering: float,
) -> None:
    """Fill in everything but value, which is a share of revenue."""
    rows = collapse(histories)
    found["probability_alive"] = _alive(purchases, rows)
    for name, weeks in (("90d", SHORT_DAYS / DAYS_A_WEEK), ("12m", 12 * WEEKS_A_MONTH)):
        visits = counts.count_visits(purchases, rows, weeks)
        found[f"expected_purchases_{name}_low"] = visits.low[rows.place].astype(np.float64)
        found[f"expected_purchases_{name}_high"] = visits.high[rows.place].astype(np.float64)
        if name == "90d":
            found["expected_purchases_90d"] = visits.expected[rows.place]
    for months in MONTHS:
        expected, present = spending.discounted_visits(purchases, rows, months, discount_rate)
        found[f"expected_purchases_{months}m"] = expected[rows.place]
        if model.value is not None:
            _spend(found, model, histories, rows, months, present, expected, tempering)
    for end in ("_low", "_high"):  # what has come in by then does not go away again
        longer = found[[f"predicted_revenue_{months}m{end}" for months in MONTHS]].max(axis=1, skipna=False)
        found[f"predicted_revenue_{MONTHS[-1]}m{end}"] = longer


def _alive(purchases: PurchaseFit, rows: Rows) -> Floats:
    """Chance of each customer to be there still; the BG/NBD knows none of those without a repeat visit."""
    alive = purchases.model.alive(purchases.values, rows.x, rows.t_x, rows.age)
    if purchases.name == "bg_nbd":
        alive = np.where(rows.x > 0, alive, np.nan)
    return np.asarray(alive[rows.place])


def _spend(
    found: pd.DataFrame,
    model: LifetimeValueModel,
    histories: pd.DataFrame,
    rows: Rows,
    months: int,
    present: Floats,
    expected: Floats,
    tempering: float,
) -> None:
    """Fill in the columns of money of one horizon; an interval is discounted as its mean is."""
    purchases, value = model.purchases, model.value
    assert purchases is not None  # whoever calls has looked
    assert value is not None
    each = gamma_gamma.expected_value(value, histories)
    found["expected_average_value"] = each
    name = f"predicted_revenue_{months}m"
    found[name] = present[rows.place] * each
    weeks = months * WEEKS_A_MONTH
    worth = present / np.maximum(expected, 1e-300)
    if value.constant is not None:
        visits = counts.count_visits(purchases, rows, weeks)
        ends = (visits.low.astype(np.float64), visits.high.astype(np.float64))
        units = each
    else:
        ends = spending.spending_quantiles(purchases, value, rows, weeks, tempering)
        x, mean = gamma_gamma.valued(histories)
        units = spending.scale(value, x, rows.x[rows.place], mean)
    for end, quantile in zip(("low", "high"), ends, strict=True):
        found[f"{name}_{end}"] = (quantile * worth)[rows.place] * units


def _columns() -> list[str]:
    ends = ("", "_low", "_high")
    visits = [f"expected_purchases_{horizon}{end}" for horizon in ("90d", "12m") for end in ends]
    money = [f"predicted_{what}_{m}m{end}" for what in ("revenue", "clv") for m in MONTHS for end in ends]
    return ["probability_alive", *visits, "expected_purchases_36m", "expected_average_value", *money]
