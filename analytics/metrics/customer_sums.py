"""What each customer's sales add up to, as it stood at the reference date of one timeframe or of several.

Sums of money stay exact here; whoever returns them turns them into floating-point last, with `money`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from analytics.metrics.purchases import SECONDS_A_DAY, day_number, periods_table, purchases
from analytics.metrics.rates import percentage
from analytics.metrics.selection import EVERYONE, Selection
from analytics.timeframe import Timeframe

MONEY = "decimal(38, 4)"


def members(
    sales: ibis.Table, customers: ibis.Table | None, timeframe: Timeframe, selection: Selection = EVERYONE
) -> ibis.Table:
    """The selected customers, each with the sums of all their sales before the reference date.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; `customers` may be None.
    timeframe : Timeframe
    selection : Selection

    Returns
    -------
    ibis.Table
        One row for each selected customer with a purchase, a lazy expression:

        - ``customer_id``, ``customer_name``, ``customer_type`` (string)
        - ``first_day``, ``last_day``, ``joined_day`` (int64, days since 1970-01-01): first and last
          purchase; registration, else first purchase. ``joined_month`` (int64, months since the year 0).
        - ``orders``, ``sales``, ``sales_without_profit`` (int64): sales include returns.
        - ``revenue`` (exact money): returns deducted.
        - ``profit``, ``revenue_with_profit`` (exact money): of the sales whose profit is known; null where
          it never is.
    """
    bought = purchases(sales, customers, customer_type=selection.customer_type)
    rows = (
        bought.filter(_.day < day_number(timeframe.reference_date))
        .group_by("customer_id")
        .agg(last_day=_order(_.day).max(), **_first(), **_sums())
    )
    everybody = _with_identity(rows, customers)
    return everybody.filter(_is_member(everybody, selection))


def members_by_period(
    sales: ibis.Table,
    customers: ibis.Table | None,
    periods: Sequence[Timeframe],
    selection: Selection = EVERYONE,
) -> ibis.Table:
    """The same sums for several timeframes at once.

    Sales are summed by customer and by the span between two reference dates first; what a timeframe sees
    of a customer is then the sum of a few spans, side by side in one row, so that neither sales nor sums are
    repeated for each timeframe.

    Returns
    -------
    ibis.Table
        One row for each timeframe and each customer with a sale before its reference date, a lazy
        expression: ``period`` (int64, position in `periods`), ``orders``, ``revenue`` as in `members`,
        ``revenue_inside`` (exact money, from the timeframe's start on), and ``is_member`` (boolean), which
        tells the selected customers with a purchase from the rest. ``profit`` is there where the selection
        needs it: sums for many timeframes cost as much as they have columns.
    """
    names = ["orders", "revenue", *(["profit"] if selection.min_profit is not None else [])]
    span = spans(periods)
    last = max(day_number(period.reference_date) for period in periods)
    bought = purchases(sales, customers, customer_type=selection.customer_type).filter(_.day < last)
    by_span = bought.group_by("customer_id", span=span(_.day)).agg(**_first(), **_sums())
    wide = by_span.group_by("customer_id").agg(
        first_day=_.first_day.min(),
        first_month=_.first_month.min(),
        **{
            f"{name}_{number}": by_span[name].sum(
                where=by_span.span < span(day_number(period.reference_date))
            )
            for number, period in enumerate(periods)
            for name in names
        },
        **{
            f"revenue_inside_{number}": by_span.revenue.sum(
                where=(by_span.span >= span(day_number(period.start)))
                & (by_span.span < span(day_number(period.reference_date)))
            )
            for number, period in enumerate(periods)
        },
    )
    joining = any(selection.joined)
    wide = _with_identity(wide, customers) if joining else wide.mutate(joined_day=_.first_day)
    rows = wide.cross_join(periods_table(periods).select("period"))
    narrow = rows.select(
        "period",
        "joined_day",
        **{name: _of_period(rows, name, len(periods)) for name in (*names, "revenue_inside")},
    ).filter(_.revenue.notnull())
    return narrow.mutate(is_member=_is_member(narrow, selection))


def spans(periods: Sequence[Timeframe]) -> Any:
    """Return the function that numbers a day by how many starts and reference dates it has reached.

    Days with one number are seen by the same timeframes. The function takes a number or a column of numbers
    of days since 1970-01-01, and gives the like.
    """
    cuts = sorted({day_number(day) for period in periods for day in (period.start, period.reference_date)})

    def span(day: Any) -> Any:
        if isinstance(day, int):
            return sum(day >= cut for cut in cuts)
        before = [(day < cut, ibis.literal(number, "int64")) for number, cut in enumerate(cuts)]
        return ibis.cases(*before, else_=ibis.literal(len(cuts), "int64"))

    return span


def day_of(instant: Any) -> Any:
    """Day of an instant, since 1970-01-01, in the organisation's time zone."""
    return (instant.epoch_seconds() // SECONDS_A_DAY).cast("int64")


def exact(amount: Any) -> Any:
    """A sum of money that no order of rows changes.

    Decimals add up exactly; SQLite has none, and there the rounding removes what binary fractions leave.
    """
    return amount.round(4).cast(MONEY)


def money(amount: Any) -> Any:
    """An exact sum of money as a floating-point number, to be returned."""
    return amount.round(4).cast("float64")


def share_of(part: pd.Series, whole: pd.Series) -> NDArray[np.float64]:
    """Part in percent of the whole; missing where the whole is 0 or less."""
    return percentage(part, whole.where(whole > 0))


def _sums() -> dict[str, Any]:
    """What sales add up to, from purchases."""
    with_profit = _.profit.notnull().ifelse(_.revenue, ibis.null("decimal(18, 4)"))
    return {
        "orders": _.is_order.ifelse(1, 0).sum().cast("int64"),
        "sales": _.count(),
        "sales_without_profit": _.count() - _.profit.count(),
        "revenue": exact(_.revenue.sum()),
        "profit": exact(_.profit.sum()),
        "revenue_with_profit": exact(with_profit.sum()),
    }


def _first() -> dict[str, Any]:
    return {"first_day": _order(_.day).min(), "first_month": _order(_.month).min()}


def _order(column: Any) -> Any:
    return _.is_order.ifelse(column, ibis.null("int64"))


def _of_period(rows: ibis.Table, name: str, periods: int) -> Any:
    """Of the columns that stand side by side for all timeframes, the one for the row's own."""
    column = ibis.cases(*[(rows.period == number, rows[f"{name}_{number}"]) for number in range(periods)])
    return column.fill_null(0).cast("int64") if name == "orders" else exact(column)


def _with_identity(rows: ibis.Table, customers: ibis.Table | None) -> ibis.Table:
    """Add name, type and the day of joining to rows of customers."""
    kept = [name for name in rows.columns if name != "first_month"]
    columns = set(customers.columns) if customers is not None else set()
    name, kind = ibis.null("string"), ibis.null("string")
    joined_day, joined_month = rows.first_day, rows.first_month
    if customers is not None:
        rows = rows.left_join(customers, "customer_id", rname="{name}_of_customers")
        name = rows.name if "name" in columns else name
        kind = rows.customer_type if "customer_type" in columns else kind
        if "registered_at" in columns:
            at = rows.registered_at
            joined_day = ibis.coalesce(day_of(at), rows.first_day)
            joined_month = ibis.coalesce((12 * at.year() + at.month() - 1).cast("int64"), rows.first_month)
    return rows.select(
        *kept, customer_name=name, customer_type=kind, joined_day=joined_day, joined_month=joined_month
    )


def _is_member(rows: ibis.Table, selection: Selection) -> Any:
    """Whether a customer has a purchase and the selection does not leave them out; never null."""
    is_member = rows.orders > 0
    first, last = selection.joined
    if first:
        is_member &= rows.joined_day >= day_number(first)
    if last:
        is_member &= rows.joined_day <= day_number(last)
    if selection.min_revenue is not None:
        is_member &= rows.revenue.cast("float64") >= selection.min_revenue
    if selection.min_profit is not None:
        is_member &= rows.profit.notnull() & (rows.profit.cast("float64") >= selection.min_profit)
    return is_member.fill_null(False)
