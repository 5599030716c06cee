"""Purchases: what every report on customers starts from, one row for each sale of a known customer.

Days and months are integers here, because date intervals are not portable between engines, and sums of
money are exact: amounts come from the source as decimals and become floating-point only after the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeAlias

import ibis
import pandas as pd
from ibis.expr.operations import DummyTable, Literal

from analytics.timeframe import Timeframe

Keep: TypeAlias = Callable[[ibis.Table], ibis.Table]
"""Computes once what several queries rest on: `analytics.data.dataset.Dataset.keep`."""

EPOCH = date(1970, 1, 1)
SECONDS_A_DAY = 86_400


def day_number(day: date) -> int:
    """Days since 1970-01-01, the way metrics count days.

    Examples
    --------
    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - EPOCH).days


def lazily(table: ibis.Table) -> ibis.Table:
    """Keep nothing: each query computes again what it rests on."""
    return table


def month_number(day: date) -> int:
    """Months since the year 0, the way metrics count calendar months.

    Examples
    --------
    >>> month_number(date(2026, 1, 31)) - month_number(date(2025, 12, 1))
    1
    """
    return 12 * day.year + day.month - 1


def as_table(frame: pd.DataFrame) -> ibis.Table:
    """Take a plain pandas frame where a metric expects a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns as in the contract, for ``sales`` at least ``sale_id``, ``customer_id``, ``sold_at``
        and ``total_amount``.

    Returns
    -------
    ibis.Table
        The same rows, in DuckDB's memory.
    """
    return ibis.memtable(frame)


def purchases(
    sales: ibis.Table, customers: ibis.Table | None = None, *, customer_type: str = "all"
) -> ibis.Table:
    """Sales of known customers, with the columns that metrics count and sum.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract. ``total_profit`` and ``units`` may be absent.
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"
        Keep the customers of this type only; customers without a type belong to none.

    Returns
    -------
    ibis.Table
        One row for each sale, a lazy expression:

        - ``customer_id`` (string)
        - ``day`` (int64): day of the sale, days since 1970-01-01 in the organisation's time zone.
        - ``month`` (int64): months since the year 0.
        - ``is_order`` (boolean): false for a return, which is a sale with a negative amount; a
          sale of exactly 0 is an order.
        - ``revenue``, ``profit`` (decimal, four places): null profit where it is not known.
        - ``units`` (float64 or null)
    """
    known = sales.filter(sales.customer_id.notnull())
    if customer_type != "all" and customers is not None:
        wanted = customers.filter(customers.customer_type == customer_type).select("customer_id")
        known = known.semi_join(wanted, "customer_id")
    columns = set(sales.columns)
    amount = known.total_amount.cast("decimal(18, 4)")
    profit = known.total_profit if "total_profit" in columns else ibis.null("float64")
    units = known.units if "units" in columns else ibis.null("float64")
    return known.select(
        customer_id=known.customer_id,
        day=(known.sold_at.epoch_seconds() // SECONDS_A_DAY).cast("int64"),
        month=(12 * known.sold_at.year() + known.sold_at.month() - 1).cast("int64"),
        is_order=amount >= 0,
        revenue=amount,
        profit=profit.cast("decimal(18, 4)"),
        units=units.cast("float64"),
    )


def periods_table(periods: Sequence[Timeframe]) -> ibis.Table:
    """The timeframes as rows, so that one query answers for all of them.

    Parameters
    ----------
    periods : sequence of Timeframe
        At least one.

    Returns
    -------
    ibis.Table
        ``period`` (int64, position in `periods`), ``start`` (int64, first day) and ``end`` (int64, the
        reference date: nothing on or after it is read).
    """
    return integers_table(
        period=range(len(periods)),
        start=[day_number(period.start) for period in periods],
        end=[day_number(period.reference_date) for period in periods],
    )


def integers_table(**columns: Sequence[int]) -> ibis.Table:
    """Rows of integers made of literals: the table joins with any engine and writes nothing to it.

    Parameters
    ----------
    **columns : sequence of int
        By name; equally long, at least one value each.

    Returns
    -------
    ibis.Table
        With these columns (int64).
    """
    rows = [
        DummyTable(dict(zip(columns, map(_integer, values), strict=True))).to_expr()
        for values in zip(*columns.values(), strict=True)
    ]
    # In pairs, and pairs of pairs: one inside the other, fourteen unions are too deep for SQLite's parser.
    while len(rows) > 1:
        pairs = [rows[i : i + 2] for i in range(0, len(rows), 2)]
        rows = [ibis.union(*pair, distinct=False) if len(pair) == 2 else pair[0] for pair in pairs]
    return rows[0]


def _integer(value: int) -> Literal:
    return Literal(value, dtype="int64")


def at_boundary(table: ibis.Table, name: str, day: ibis.Value, days: Iterable[int]) -> ibis.Value:
    """Read a column that a table has once for each boundary, ``{name}_{day}``, at the boundary of each row.

    Parameters
    ----------
    table : ibis.Table
    name : str
        What the columns' names begin with.
    day : ibis.Value
        The boundary, an integer column of `table`.
    days : iterable of int
        The boundaries that it may be.

    Returns
    -------
    ibis.Value
    """
    return ibis.cases(*((day == known, table[f"{name}_{known}"]) for known in sorted(days)))


def exact_sum(amount: ibis.Deferred, where: ibis.Deferred | None = None) -> ibis.Deferred:
    """Sum of money that does not depend on the order of rows or the number of threads.

    Decimals add up exactly; SQLite has none, and there the rounding to the contract's four places
    removes what binary fractions leave behind.
    """
    return amount.sum(where=where).round(4).cast("float64")


def label_periods(frame: pd.DataFrame, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Give a frame with one row for each period their labels and dates.

    Parameters
    ----------
    frame : pandas.DataFrame
        With a column ``period`` that holds positions in `periods`; periods without rows may be absent.
    periods : sequence of Timeframe

    Returns
    -------
    pandas.DataFrame
        One row for each of `periods`, in their order, with ``period`` (label), ``start`` and ``end``
        (dates; end is the reference date) first. Counts of absent periods are 0 where the column holds
        integers, missing elsewhere.
    """
    integers = [name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name])]
    rows = frame.set_index("period").reindex(range(len(periods)))
    counts = [name for name in integers if name != "period"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    rows.insert(0, "period", [period.label for period in periods])
    rows.insert(1, "start", [period.start for period in periods])
    rows.insert(2, "end", [period.reference_date for period in periods])
    return rows.reset_index(drop=True)
