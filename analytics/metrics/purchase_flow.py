"""The sales of a timeframe, with what patterns of buying are counted by: day, weekday, hour, amount.

A flow: rows in [start, reference date). Times are the organisation's own wall clock, which the data layer has
made of whatever zone they came in, so that an hour means the same in winter and in summer. Days and hours are
integers, which every engine counts alike.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.timeframe import Timeframe

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THURSDAY = 3  # position of 1970-01-01 in a week that begins on Monday


def chosen_sales(
    sales: ibis.Table,
    customers: ibis.Table | None = None,
    *,
    customer_id: str = "",
    customer_type: str = "all",
) -> ibis.Table:
    """Limit sales to one customer, or to the customers of one type.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_id : str, default ""
        Keep the sales of this customer; empty for all.
    customer_type : str, default "all"
        Keep the sales of customers of this type; customers without a type, and sales without a customer,
        belong to none.

    Returns
    -------
    ibis.Table
        The same columns, a lazy expression. With neither filter it is `sales`, guests included.

    Examples
    --------
    >>> import pandas as pd
    >>> sales = ibis.memtable(pd.DataFrame({"sale_id": ["1", "2"], "customer_id": ["ada", None]}))
    >>> chosen_sales(sales, customer_id="ada").count().execute()
    1
    """
    if customer_type != "all":
        kind = None if customers is None or "customer_type" not in customers.columns else customers
        if kind is None:
            return sales.filter(ibis.literal(False))
        sales = sales.semi_join(kind.filter(kind.customer_type == customer_type), "customer_id")
    return sales.filter(_.customer_id == customer_id) if customer_id else sales


def flow(sales: ibis.Table, timeframe: Timeframe) -> ibis.Table:
    """Sales in [start, reference date), with the columns that patterns are counted by.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted (`chosen_sales`). ``total_profit``, ``units`` and
        ``payment_method`` may be absent.
    timeframe : Timeframe

    Returns
    -------
    ibis.Table
        See `counted`.
    """
    return counted(sales).filter(
        _.day >= day_number(timeframe.start), _.day < day_number(timeframe.reference_date)
    )


def counted(sales: ibis.Table) -> ibis.Table:
    """All sales, with the columns that patterns are counted by.

    Returns
    -------
    ibis.Table
        One row for each sale, a lazy expression:

        - ``sale_id``, ``customer_id`` (string, null for a guest)
        - ``day`` (int64, since 1970-01-01), ``month`` (int64, since the year 0), ``weekday`` (int64, Monday
          is 0), ``second`` (int64, of the day), all by the organisation's wall clock.
        - ``is_order`` (boolean): false for a return.
        - ``revenue``, ``profit`` (decimal, four places): null profit where it is not known.
        - ``units`` (float64 or null): those of a return are negative, whichever sign the source gives them.
        - ``payment_method`` (string or null)
    """
    columns = set(sales.columns)
    amount = sales.total_amount.cast("decimal(18, 4)")
    day = day_of(sales.sold_at)
    profit = sales.total_profit if "total_profit" in columns else ibis.null("float64")
    units = (sales.units if "units" in columns else ibis.null("float64")).cast("float64")
    method = sales.payment_method if "payment_method" in columns else ibis.null("string")
    return sales.select(
        sale_id=sales.sale_id,
        customer_id=sales.customer_id,
        day=day,
        month=(12 * sales.sold_at.year() + sales.sold_at.month() - 1).cast("int64"),
        weekday=((day + THURSDAY) % 7).cast("int64"),
        second=(sales.sold_at.epoch_seconds() % SECONDS_A_DAY).cast("int64"),
        is_order=amount >= 0,
        revenue=amount,
        profit=profit.cast("decimal(18, 4)"),
        units=(amount >= 0).ifelse(units, -units.abs()),
        payment_method=method,
    )


def day_of(moment: Any) -> Any:
    """Day of a local time, since 1970-01-01."""
    return (moment.epoch_seconds() // SECONDS_A_DAY).cast("int64")


def has_hours(sales: ibis.Table, timeframe: Timeframe) -> bool:
    """Whether the time of day is known: whether any sale before the reference date is not at midnight.

    Parameters
    ----------
    sales : ibis.Table
        All sales of the organisation: whether its times are days is not a matter of one customer.
    timeframe : Timeframe
    """
    past = counted(sales).filter(_.day < day_number(timeframe.reference_date))
    return bool(past.filter(_.second > 0).limit(1).count().execute())


def orders(sales: ibis.Table, timeframe: Timeframe) -> ibis.Table:
    """The rows of `flow` that are orders: returns are left out."""
    return flow(sales, timeframe).filter(_.is_order)
