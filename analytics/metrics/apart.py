"""What stands beside figures on customers: sales of nobody known, and customers with nothing but returns."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.timeframe import Timeframe


def sales_apart(
    sales: ibis.Table,
    timeframe: Timeframe,
    *,
    flow: bool,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> dict[str, Any]:
    """Sum the sales, and count the customers, that are in no figure on customers.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    timeframe : Timeframe
    flow : bool
        Whether only the timeframe's own sales count; else, for a state, all before its reference date.
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"
        Count the customers of this type only. Guests have no type: their revenue stays.

    Returns
    -------
    dict
        ``guest_revenue`` (float, currency): net revenue of sales without a known customer, 0 without any;
        ``customers_with_returns_only`` (int).

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = ibis.memtable(pd.DataFrame({"sale_id": ["1", "2"], "customer_id": [None, "ada"],
    ...     "sold_at": pd.to_datetime(["2026-01-02", "2026-01-05"]), "total_amount": [30.0, -10.0]}))
    >>> sales_apart(sales, parse_timeframe("2026-01", as_of=date(2026, 2, 1)), flow=True)
    {'guest_revenue': 30.0, 'customers_with_returns_only': 1}
    """
    rows = sales.select(
        customer_id=sales.customer_id,
        day=(sales.sold_at.epoch_seconds() // SECONDS_A_DAY).cast("int64"),
        amount=sales.total_amount.cast("decimal(18, 4)"),
    ).filter(_.day < day_number(timeframe.reference_date))
    if flow:
        rows = rows.filter(_.day >= day_number(timeframe.start))
    each = rows.group_by("customer_id").agg(best=_.amount.max(), revenue=_.amount.sum())
    returned_only = each.customer_id.notnull() & (each.best < 0)
    if customer_type != "all" and customers is not None:
        of_type = customers.filter(customers.customer_type == customer_type)
        returned_only &= each.customer_id.isin(of_type.customer_id)
    found = each.agg(
        guests=each.revenue.sum(where=each.customer_id.isnull()).round(4).cast("float64"),
        returned_only=each.count(where=returned_only),
    ).to_pandas()
    guests = found["guests"].iloc[0]
    return {
        "guest_revenue": 0.0 if pd.isna(guests) else float(guests),
        "customers_with_returns_only": int(found["returned_only"].iloc[0]),
    }
