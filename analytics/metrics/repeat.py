"""Repeat purchases: how many come back at all, and how long they usually stay away."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.purchases import day_number, exact_sum, purchases
from analytics.metrics.rates import percentage
from analytics.timeframe import Timeframe

MOST = 10
"""Customers with this many orders or more share a row."""


def visit_gaps(
    sales: ibis.Table,
    timeframe: Timeframe,
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> pd.DataFrame:
    """How many days lie between consecutive visits of the same customer, all customers pooled.

    A visit is a day with a purchase. A state: every visit before the reference date counts.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    timeframe : Timeframe
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"

    Returns
    -------
    pandas.DataFrame
        One row for each length that occurs, shortest first: ``gap_days`` and ``gaps`` (int64).

    Notes
    -----
    The gap that a customer is in now is not among them, because nobody knows how long it will be: long gaps
    are under-represented in a short history.
    """
    bought = purchases(sales, customers, customer_type=customer_type)
    visits = bought.filter(_.is_order & (_.day < day_number(timeframe.reference_date)))
    before = _.day.lag().over(ibis.window(group_by="customer_id", order_by="day"))
    gaps: pd.DataFrame = (
        visits.select("customer_id", "day")
        .distinct()
        .mutate(gap_days=_.day - before)
        .filter(_.gap_days.notnull())
        .group_by("gap_days")
        .agg(gaps=_.count())
        .order_by("gap_days")
        .to_pandas()
    )
    return gaps.astype("int64")


def gap_percentile(gaps: pd.DataFrame, percent: float) -> float:
    """Percentile of the gaps between visits, interpolated linearly.

    Parameters
    ----------
    gaps : pandas.DataFrame
        As returned by `visit_gaps`.
    percent : float
        From 0 to 100.

    Returns
    -------
    float
        In days; missing without a gap.

    Examples
    --------
    >>> gaps = pd.DataFrame({"gap_days": [10, 20, 100], "gaps": [1, 1, 1]})
    >>> gap_percentile(gaps, 50), gap_percentile(gaps, 90)
    (20.0, 84.0)
    """
    if gaps.empty:
        return float("nan")
    ends = gaps["gaps"].cumsum().to_numpy()
    place = (ends[-1] - 1) * percent / 100
    low, high = (
        int(gaps["gap_days"].iloc[int(np.searchsorted(ends, rank, side="right"))])
        for rank in (np.floor(place), np.ceil(place))
    )
    return float(low + (high - low) * (place - np.floor(place)))


def share_of_gaps_from(gaps: pd.DataFrame, days: int) -> float:
    """Share of the gaps that lasted `days` or more, in percent: who counted as lapsed, and came back.

    Examples
    --------
    >>> share_of_gaps_from(pd.DataFrame({"gap_days": [10, 90], "gaps": [3, 1]}), 90)
    25.0
    """
    return float(percentage(gaps["gaps"].where(gaps["gap_days"] >= days, 0).sum(), gaps["gaps"].sum()))


def customers_by_orders(
    sales: ibis.Table,
    timeframe: Timeframe,
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> pd.DataFrame:
    """Customers by the number of their orders ever, and the revenue that they bring.

    A state: every sale before the reference date counts; customers with nothing but returns are in none.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    timeframe : Timeframe
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"

    Returns
    -------
    pandas.DataFrame of shape (10, 5)
        ``orders`` (``1``, ``2``, … ``10+``), ``customer_count`` (int64), ``percentage`` (percent of
        customers), ``revenue`` (currency, returns deducted), ``revenue_contribution`` (percent of revenue;
        missing where that is not above 0).
    """
    bought = purchases(sales, customers, customer_type=customer_type)
    counted = (
        bought.filter(_.day < day_number(timeframe.reference_date))
        .group_by("customer_id")
        .agg(orders=_.is_order.ifelse(1, 0).sum(), revenue=_.revenue.sum())
        .filter(_.orders > 0)
        .mutate(orders=(_.orders < MOST).ifelse(_.orders, MOST))
        .group_by("orders")
        .agg(customer_count=_.count(), revenue=exact_sum(_.revenue))
        .to_pandas()
    )
    frame = counted.set_index("orders").reindex(range(1, MOST + 1)).fillna(0).reset_index()
    revenue = frame["revenue"].astype("float64")
    total = revenue.sum()
    return pd.DataFrame(
        {
            "orders": [*(str(n) for n in range(1, MOST)), f"{MOST}+"],
            "customer_count": frame["customer_count"].astype("int64"),
            "percentage": percentage(frame["customer_count"], frame["customer_count"].sum()),
            "revenue": revenue,
            "revenue_contribution": percentage(revenue, total if total > 0 else np.nan),
        }
    )


def repeat_purchase_analysis(books: pd.Series, orders: pd.DataFrame, gaps: pd.DataFrame) -> dict[str, object]:
    """Gather what the report publishes on repeat purchases.

    Parameters
    ----------
    books : pandas.Series
        The timeframe, as in `analytics.metrics.retention.retention_books`.
    orders : pandas.DataFrame
        As returned by `customers_by_orders`.
    gaps : pandas.DataFrame
        As returned by `visit_gaps`.

    Returns
    -------
    dict
        ``repeat_purchase_rate`` with its bounds, ``repeat_rate``, ``one_time_buyers``, ``repeat_buyers``,
        ``avg_purchases_per_customer``, ``avg_customer_lifespan_days``, ``gap_days_p50`` and
        ``gap_days_p90`` (days), and the frames ``customers_by_orders`` and ``visit_gaps``.
    """
    names = [
        *(f"repeat_purchase_rate{ending}" for ending in ("", "_n", "_low", "_high")),
        *("repeat_rate", "one_time_buyers", "repeat_buyers", "avg_purchases_per_customer"),
        "avg_customer_lifespan_days",
    ]
    return {name: books[name] for name in names} | {
        "gap_days_p50": gap_percentile(gaps, 50),
        "gap_days_p90": gap_percentile(gaps, 90),
        "customers_by_orders": orders,
        "visit_gaps": gaps,
    }
