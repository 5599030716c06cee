"""Cohorts: customers by the period of their first purchase, and what each cohort does afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.errors import ParamsError, nearest
from analytics.metrics.purchases import day_number, exact_sum, month_number, purchases
from analytics.metrics.rates import percentage
from analytics.metrics.retention import CHURN_DAYS
from analytics.timeframe import MONTHS, Grain, Timeframe

AVERAGE = "average"
"""Name of the row that averages the cohorts."""


def cohort_analysis(
    sales: ibis.Table,
    timeframe: Timeframe,
    *,
    cohort_period: str = "month",
    customers: ibis.Table | None = None,
    customer_type: str = "all",
    churn_days: int = CHURN_DAYS,
    known_from: date | None = None,
) -> pd.DataFrame:
    """Of the customers who first bought in a period, who bought again in the k-th period after it.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    timeframe : Timeframe
        Whose first purchase lies in it belongs to a cohort; all are followed to its reference date.
    cohort_period : {"month", "quarter", "year"}, default "month"
        Calendar period of a cohort, and of the steps after it.
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"
        Only customers of this type.
    churn_days : int, default 90
        Days without a purchase after which a customer counts as lapsed.
    known_from : datetime.date, optional
        First day of data that do not hold every customer's first purchase.

    Returns
    -------
    pandas.DataFrame
        One row for each cohort with a customer, oldest first, then the row ``average``; empty without any.

        - ``cohort``: ``2010-12``, ``2010-Q4`` or ``2010``.
        - ``initial_customers`` (int64)
        - ``period_0_retention``, … (percent): share of the cohort with an order in the k-th period after
          its own; period 0 is 100 by definition. Missing where that period has not ended.
        - ``period_0_revenue``, … (currency): the cohort's net revenue in it, missing likewise. A return
          before the first purchase belongs to no cell.
        - ``current_active``, ``churned`` (int64): of the cohort, at the reference date.
        - ``left_truncated`` (boolean): the period begins within `churn_days` of `known_from`, so that its
          customers may be older. ``partial`` (boolean): the timeframe holds only a part of the period.

        The average is weighted by customers, over the cohorts that have reached the k-th period.

    Raises
    ------
    ParamsError
        If `cohort_period` is not one of the three.

    Examples
    --------
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = ibis.memtable(pd.DataFrame({
    ...     "sale_id": ["1", "2", "3"],
    ...     "customer_id": ["ada", "ben", "ada"],
    ...     "sold_at": pd.to_datetime(["2026-01-03", "2026-01-20", "2026-02-11"]),
    ...     "total_amount": [10.0, 20.0, 30.0],
    ... }))
    >>> cohorts = cohort_analysis(sales, parse_timeframe("2026-Q1", as_of=date(2026, 3, 1)))
    >>> cohorts[["cohort", "initial_customers", "period_0_retention", "period_1_retention"]]
        cohort  initial_customers  period_0_retention  period_1_retention
    0  2026-01                  2               100.0                50.0
    1  average                  2               100.0                50.0
    """
    if cohort_period not in MONTHS:
        allowed = get_args(Grain)
        raise ParamsError(
            f'cohort_period "{cohort_period}" is not known{nearest(cohort_period, allowed)}; '
            f"allowed: {', '.join(allowed)}"
        )
    months = MONTHS[cohort_period]
    bought = purchases(sales, customers, customer_type=customer_type)
    cells = _cells(bought, timeframe, months, churn_days)
    if cells.empty:
        return pd.DataFrame(columns=[*_FIRST, "current_active", "churned", *_MARKS])
    finished = month_number(timeframe.reference_date) // months  # the first period that has not ended
    reach = max(finished - cells["cohort"].min(), 1)
    size = cells[cells["step"] == 0].set_index("cohort")["customers"]
    buyers, revenue = (_grid(cells, name, size.index, reach) for name in ("customers", "revenue"))
    ended = np.add.outer(size.index.to_numpy(), np.arange(reach)) < finished
    buyers, revenue = buyers.where(ended), revenue.where(ended)
    active = cells.groupby("cohort")["active"].sum()
    frame = _triangle(size, buyers, revenue, active)
    starts = [*(_first_day(cohort * months) for cohort in size.index), None]
    ends = [*(_first_day((cohort + 1) * months) for cohort in size.index), None]
    limit = None if known_from is None else known_from + timedelta(days=churn_days)
    names = [*(_label(cohort, months) for cohort in size.index), AVERAGE]
    return frame.assign(
        cohort=names,
        left_truncated=[limit is not None and first is not None and first < limit for first in starts],
        partial=[
            first is not None
            and after is not None
            and (first < timeframe.start or after > timeframe.reference_date)
            for first, after in zip(starts, ends, strict=True)
        ],
    )


def _cells(bought: ibis.Table, timeframe: Timeframe, months: int, churn_days: int) -> pd.DataFrame:
    """Count buyers and sum revenue by cohort and step, in one statement."""
    start, end = day_number(timeframe.start), day_number(timeframe.reference_date)
    order_day = _.is_order.ifelse(_.day, ibis.null("int64"))
    known = bought.filter(_.day < end).mutate(
        number=(_.month // months).cast("int64"), order_day=order_day, is_order=_.is_order.ifelse(1, 0)
    )
    by_period = known.group_by("customer_id", "number").agg(orders=_.is_order.max(), revenue=_.revenue.sum())
    # A join, not a window: engines hash both sides faster than they sort all periods of all customers.
    members = (
        known.group_by("customer_id")
        .agg(
            first_day=_.order_day.min(),
            last_day=_.order_day.max(),
            cohort=(_.is_order == 1).ifelse(_.number, ibis.null("int64")).min(),
        )
        .filter(_.first_day >= start)
    )
    followed = by_period.inner_join(members, "customer_id")
    cells: pd.DataFrame = (
        followed.filter(_.number >= _.cohort)
        .mutate(step=_.number - _.cohort)
        .group_by("cohort", "step")
        .agg(
            customers=_.orders.sum(),
            revenue=exact_sum(_.revenue),
            active=((_.step == 0) & (_.last_day > end - churn_days)).ifelse(1, 0).sum(),
        )
        .order_by("cohort", "step")
        .to_pandas()
    )
    return cells


def _grid(cells: pd.DataFrame, name: str, cohorts: pd.Index, reach: int) -> pd.DataFrame:
    """One row for each cohort and one column for each step, 0 where nobody bought."""
    cells = cells[cells["step"] < reach]
    grid = np.zeros((len(cohorts), reach))
    place = cohorts.get_indexer(pd.Index(cells["cohort"]))
    grid[place, cells["step"]] = cells[name].astype("float64").fillna(0.0)
    return pd.DataFrame(grid, cohorts, range(reach))


def _triangle(
    size: pd.Series, buyers: pd.DataFrame, revenue: pd.DataFrame, active: pd.Series
) -> pd.DataFrame:
    """Lay the cells out, one row for each cohort and the average last."""
    weights = size.to_numpy()[:, None]
    reached = buyers.notna().to_numpy() * weights
    shares = np.vstack([percentage(buyers, weights), percentage(buyers.sum(), reached.sum(axis=0))])
    mean = percentage((revenue.fillna(0) * reached).sum(), reached.sum(axis=0)) / 100
    amounts = np.vstack([revenue, mean])
    totals = {"initial_customers": size, "current_active": active}
    counts = {name: [*column.astype(int), int(column.sum())] for name, column in totals.items()}
    steps = range(buyers.shape[1])
    return pd.DataFrame(
        {"cohort": "", "initial_customers": counts["initial_customers"]}
        | {f"period_{k}_retention": shares[:, k] for k in steps}
        | {f"period_{k}_revenue": amounts[:, k] for k in steps}
        | {"current_active": counts["current_active"]}
    ).assign(churned=lambda frame: frame["initial_customers"] - frame["current_active"])


_FIRST = ("cohort", "initial_customers", "period_0_retention", "period_0_revenue")
_MARKS = ("left_truncated", "partial")


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _label(number: int, months: int) -> str:
    first = _first_day(number * months)
    if months == 12:
        return f"{first.year}"
    return f"{first.year}-Q{first.month // 3 + 1}" if months == 3 else f"{first:%Y-%m}"
