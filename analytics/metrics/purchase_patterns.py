"""How customers buy: how much, how often, and how that goes over time. A flow, guests included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.purchase_flow import DAYS, THURSDAY, counted, day_of, flow
from analytics.metrics.purchases import (
    EPOCH,
    day_number,
    exact_sum,
    label_periods,
    month_number,
    periods_table,
)
from analytics.metrics.repeat import visit_gaps
from analytics.timeframe import Timeframe

Grouping = Literal["daily", "weekly", "monthly"]

WEEK, MONTH = 7, 30
"""Days of the week and the month that orders are counted by."""


def purchase_summary(sales: ibis.Table, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Count and sum what was bought in each of several timeframes.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted (`analytics.metrics.purchase_flow.chosen_sales`).
    periods : sequence of Timeframe
        At least one.

    Returns
    -------
    pandas.DataFrame
        One row for each timeframe, in their order: ``period``, ``start``, ``end``, and

        - ``total_transactions`` (orders, int64), ``returns`` (int64)
        - ``total_revenue`` (currency): returns deducted, guests included; 0 where nothing was sold.
        - ``total_profit`` (currency): of the ``sales_with_profit`` whose profit is known; missing where none
          is. ``sales_without_profit`` (int64) lack it.
        - ``unique_customers`` (int64): identified, with an order.
        - ``customer_orders`` (int64): orders with a customer.
        - ``avg_basket_size`` (currency): net revenue / orders.
        - ``avg_items_per_transaction``: units, those of returns negative, / orders whose units are known.
        - ``purchases_per_customer``: orders with a customer / customers.

        A mean over nothing is missing.

    Examples
    --------
    >>> from analytics.metrics.purchases import as_table
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = pd.DataFrame({"sale_id": ["1", "2", "3"], "customer_id": ["ada", "ada", None],
    ...     "sold_at": pd.to_datetime(["2026-01-02", "2026-01-05", "2026-01-05"]),
    ...     "total_amount": [30.0, -10.0, 40.0]})
    >>> january = parse_timeframe("2026-01", as_of=date(2026, 2, 1))
    >>> row = purchase_summary(as_table(sales), [january]).iloc[0]
    >>> int(row.total_transactions), float(row.total_revenue), float(row.avg_basket_size)
    (2, 60.0, 30.0)
    """
    spans = periods_table(periods)
    rows = counted(sales).cross_join(spans).filter(_.day >= _.start, _.day < _.end)
    bought = _.is_order & _.customer_id.notnull()
    found = (
        rows.group_by("period")
        .agg(
            total_transactions=_.is_order.ifelse(1, 0).sum().cast("int64"),
            returns=_.is_order.ifelse(0, 1).sum().cast("int64"),
            total_revenue=exact_sum(_.revenue),
            total_profit=exact_sum(_.profit),
            sales_with_profit=_.profit.count(),
            sales_without_profit=_.count() - _.profit.count(),
            unique_customers=_.customer_id.nunique(where=_.is_order),
            customer_orders=bought.ifelse(1, 0).sum().cast("int64"),
            units=_.units.sum(),
            orders_with_units=(_.is_order & _.units.notnull()).ifelse(1, 0).sum().cast("int64"),
        )
        .to_pandas()
    )
    table = label_periods(found, periods)
    table["total_revenue"] = table["total_revenue"].astype("float64").fillna(0.0)
    for name in ("total_profit", "units"):
        table[name] = table[name].astype("float64")
    table["avg_basket_size"] = _over(table["total_revenue"], table["total_transactions"])
    table["avg_items_per_transaction"] = _over(table["units"], table["orders_with_units"])
    table["purchases_per_customer"] = _over(table["customer_orders"], table["unique_customers"])
    return table


def purchase_frequency(sales: ibis.Table, timeframe: Timeframe) -> dict[str, Any]:
    """How often orders come, and how long a customer takes to come again.

    Parameters
    ----------
    sales : ibis.Table
        As for `purchase_summary`.
    timeframe : Timeframe

    Returns
    -------
    dict
        ``orders_per_day`` (a calendar day of the timeframe up to its reference date), ``orders_per_week`` (7
        days), ``orders_per_month`` (30 days); ``avg_days_between_purchases``, the mean over all gaps
        between consecutive visits of one customer, both inside the timeframe; ``gaps`` (int, how many),
        ``returning_customers`` (int, with a gap), ``days`` (int). A visit is a day with an order. None where
        there is no day, or no gap.

    Notes
    -----
    Gaps of one customer add up to the days from the first visit to the last, so that no gap is ever listed.
    """
    visits = (
        flow(sales, timeframe)
        .filter(_.is_order)
        .group_by("customer_id")
        .agg(orders=_.count(), visits=_.day.nunique(), first=_.day.min(), last=_.day.max())
    )
    known = visits.customer_id.notnull()
    row = (
        visits.agg(
            orders=visits.orders.sum(),
            gaps=(visits.visits - 1).sum(where=known),
            gap_days=(visits.last - visits.first).sum(where=known),
            returning_customers=visits.count(where=known & (visits.visits > 1)),
        )
        .to_pandas()
        .fillna(0)
        .iloc[0]
    )
    days, number, gaps = timeframe.days, int(row["orders"]), int(row["gaps"])
    each = number / days if days else None
    return {
        "orders_per_day": each,
        "orders_per_week": None if each is None else number * WEEK / days,
        "orders_per_month": None if each is None else number * MONTH / days,
        "avg_days_between_purchases": float(row["gap_days"]) / gaps if gaps else None,
        "gaps": gaps,
        "returning_customers": int(row["returning_customers"]),
        "days": days,
    }


def gaps_inside(sales: ibis.Table, timeframe: Timeframe) -> pd.DataFrame:
    """Days between consecutive visits of one customer, both inside the timeframe.

    Returns
    -------
    pandas.DataFrame
        As `analytics.metrics.repeat.visit_gaps`: ``gap_days`` and ``gaps`` (int64), shortest first.
    """
    inside = sales.filter(day_of(sales.sold_at) >= day_number(timeframe.start))
    return visit_gaps(inside, timeframe)


def transactions_over_time(sales: ibis.Table, timeframe: Timeframe, grouping: Grouping) -> pd.DataFrame:
    """Orders, customers, revenue and average basket, period by period.

    Parameters
    ----------
    sales : ibis.Table
        As for `purchase_summary`.
    timeframe : Timeframe
    grouping : {"daily", "weekly", "monthly"}
        Calendar days, ISO weeks from Monday, calendar months.

    Returns
    -------
    pandas.DataFrame
        One row for each period that the timeframe touches up to its reference date, none left out:
        ``period`` (``2026-10-05``, ``2026-W41``, ``2026-10``), ``start``, ``end`` (dates, of the part that
        lies inside; end excluded), ``cut`` (bool: whether the timeframe holds only a part of the period),
        ``transaction_count``, ``unique_customers`` (int64), ``revenue`` (currency, returns deducted),
        ``avg_basket_size`` (currency, missing without an order).
    """
    rows = flow(sales, timeframe)
    key = {"daily": rows.day, "weekly": (rows.day + THURSDAY) // 7, "monthly": rows.month}[grouping]
    found = (
        rows.group_by(key=key.cast("int64"))
        .agg(
            transaction_count=_.is_order.ifelse(1, 0).sum().cast("int64"),
            unique_customers=_.customer_id.nunique(where=_.is_order),
            revenue=exact_sum(_.revenue),
        )
        .to_pandas()
        .set_index("key")
    )
    periods = _periods(timeframe, grouping)
    counts = found.reindex(periods["key"])
    for name in ("transaction_count", "unique_customers"):
        periods[name] = counts[name].fillna(0).astype("int64").to_numpy()
    periods["revenue"] = counts["revenue"].astype("float64").fillna(0.0).to_numpy()
    periods["avg_basket_size"] = _over(periods["revenue"], periods["transaction_count"])
    return periods.drop(columns="key")


def published_summary(
    rows: pd.DataFrame,
    *,
    payments: pd.DataFrame,
    by_day_of_week: pd.DataFrame,
    by_hour: pd.DataFrame | None,
) -> dict[str, Any]:
    """The block ``summary``: the timeframe's own row, with what is most usual in it.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `purchase_summary`, the timeframe itself last.
    payments, by_day_of_week, by_hour : pandas.DataFrame
        Of the same timeframe; `by_hour` is None where hours are not known.

    Returns
    -------
    dict
        The figures of `purchase_summary`, and ``most_popular_payment_method``, ``busiest_day`` (most orders a
        day; of equals the earlier in the week) and ``busiest_hour`` (0–23; of equals the earlier), None
        where there is nothing to choose from.
    """
    left_out = ("period", "start", "end", "units", "orders_with_units", "sales_with_profit")
    (last,) = rows.drop(columns=list(left_out)).tail(1).to_dict("records")
    row = {str(name): value for name, value in last.items()}
    method = None if payments.empty else str(payments["payment_method"].iloc[0])
    return row | {
        "most_popular_payment_method": method,
        "busiest_day": busiest(by_day_of_week, "day_of_week", "avg_transactions"),
        "busiest_hour": busiest(by_hour, "hour", "transaction_count"),
    }


def busiest(rows: pd.DataFrame | None, name: str, measure: str) -> Any:
    """The row with the greatest measure, the first of equals; None where nothing was bought."""
    if rows is None or rows.empty or not rows["transaction_count"].sum():
        return None
    return rows[name].tolist()[int(rows[measure].astype("float64").argmax())]


def _over(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Part / whole; missing where the whole is 0."""
    return part.astype("float64") / whole.where(whole > 0).astype("float64")


def _periods(timeframe: Timeframe, grouping: Grouping) -> pd.DataFrame:
    """Periods that the timeframe touches: key as the engine has it, label, dates, and whether it is cut."""
    first, edge = timeframe.start, timeframe.reference_date
    rows: list[tuple[int, str, date, date, bool]] = []
    while first < edge:
        key, name, begins, ends = _period_of(first, grouping)
        inside = min(ends, edge)
        rows.append((key, name, first, inside, begins < first or ends > edge))
        first = inside
    frame = pd.DataFrame(rows, columns=["key", "period", "start", "end", "cut"])
    return frame.astype({"key": np.int64, "cut": bool})


def _period_of(day: date, grouping: Grouping) -> tuple[int, str, date, date]:
    if grouping == "daily":
        return day_number(day), day.isoformat(), day, day + timedelta(days=1)
    if grouping == "weekly":
        key = (day_number(day) + THURSDAY) // 7
        monday = EPOCH + timedelta(days=7 * key - THURSDAY)
        year, week, _day = day.isocalendar()
        return key, f"{year}-W{week:02}", monday, monday + timedelta(days=len(DAYS))
    month = month_number(day)
    after = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return month, f"{day:%Y-%m}", day.replace(day=1), after
