"""Revenue month by month: what came in from sales or, without sales, what live contracts are worth a month.

Only whole months count. The unfinished one is neither history nor an outcome; nor is the first one where the
data begin in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.purchases import SECONDS_A_DAY, day_number, exact_sum, month_number
from analytics.timeframe import Timeframe

FEWEST_ACCOUNTS = 15
"""Fewer live accounts give no revenue to forecast: each one that leaves would bend it."""
BUSY = 30
"""Sales a month from which on a month without any is a gap in the data, not a month without revenue."""
FIRST_DAYS = 3
"""Data that begin by this day of a month hold the whole month."""

Source = Literal["sales", "accounts", "none"]


@dataclass(frozen=True)
class MonthlyRevenue:
    """Revenue of the whole months before a reference date.

    Attributes
    ----------
    months : pandas.DataFrame
        One row for each month from the first whole one to the last, none left out:

        - ``month`` (datetime64): its first day.
        - ``revenue`` (currency): of sales Σ ``total_amount``, returns taken off, guests included; of accounts
          Σ ``acv`` / 12 of those live at the month's end. Missing in a gap: a month without a single sale
          where the usual month has `BUSY` or more. Elsewhere such a month is 0.
        - ``rows`` (int64): sales of the month, or live accounts at its end.
    source : {"sales", "accounts", "none"}
        What it is made from.
    too_few : int or None
        Where the accounts are too few to be forecast: how many are live at the end.
    unfinished : pandas.Timestamp or NaT
        The month that has begun and is left out; NaT where the reference date is a first of a month.
    contracts : float or None
        Where revenue is that of sales and there are accounts too: the contract value a year of those live at
        the end of the last whole month, which is not in it.
    """

    months: pd.DataFrame
    source: Source = "none"
    too_few: int | None = None
    unfinished: Any = pd.NaT
    contracts: float | None = None


def monthly_revenue(sales: ibis.Table, accounts: ibis.Table | None, timeframe: Timeframe) -> MonthlyRevenue:
    """Sum revenue by calendar month up to the reference date.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract; an absent table is an empty one.
    accounts : ibis.Table or None
        As in the contract; revenue is theirs only where no sale lies before the reference date.
    timeframe : Timeframe
        Its reference date counts: nothing on or after it is read.

    Returns
    -------
    MonthlyRevenue

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.metrics.purchases import as_table
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = pd.DataFrame({"sale_id": ["1", "2", "3"], "customer_id": ["ada", None, "ben"],
    ...     "sold_at": pd.to_datetime(["2026-01-02", "2026-02-10", "2026-03-05"]),
    ...     "total_amount": [30.0, 20.0, 60.0]})
    >>> year = parse_timeframe("2026", as_of=date(2026, 3, 20))
    >>> monthly_revenue(as_table(sales), None, year).months
           month  revenue  rows
    0 2026-01-01     30.0     1
    1 2026-02-01     20.0     1
    """
    edge = timeframe.reference_date
    by_month = _sales_by_month(sales, edge)
    live = _frame([], [], []) if accounts is None else _accounts_by_month(accounts, edge)
    if len(by_month):
        beside = 12 * float(live["revenue"].iloc[-1]) if len(live) else None
        return MonthlyRevenue(_whole_months(by_month, edge), "sales", None, _unfinished(edge), beside)
    if not len(live):
        return MonthlyRevenue(_frame([], [], []))
    enough = (live["rows"] >= FEWEST_ACCOUNTS).to_numpy()
    if not enough[-1]:
        return MonthlyRevenue(live.iloc[:0], "accounts", int(live["rows"].iloc[-1]), _unfinished(edge))
    first = int(np.argmax(enough))
    return MonthlyRevenue(live.iloc[first:].reset_index(drop=True), "accounts", None, _unfinished(edge))


def month_of(moment: Any) -> Any:
    """Months since the year 0 of a timestamp column, as `purchases.month_number` counts them."""
    return (12 * moment.year() + moment.month() - 1).cast("int64")


def month_start(number: int) -> pd.Timestamp:
    """First day of a month.

    Examples
    --------
    >>> month_start(month_number(date(2026, 2, 28)))
    Timestamp('2026-02-01 00:00:00')
    """
    return pd.Timestamp(year=int(number) // 12, month=int(number) % 12 + 1, day=1)


def running_sums(rows: ibis.Table, first: int | None, last: int) -> pd.DataFrame:
    """Sum what holds for spans of months, month by month.

    Each span adds its amount where it begins and takes it off where it ends, so that the engine returns two
    sums a month however many rows there are.

    Parameters
    ----------
    rows : ibis.Table
        ``since`` and ``until`` (int64, months; the amount holds from the one to before the other, null for
        without end) and ``amount`` (decimal). Spans that end before they begin are nothing.
    first, last : int
        Months, both included; without a first, from that in which the first span begins.

    Returns
    -------
    pandas.DataFrame
        ``month`` (int64), ``amount`` (float64), ``rows`` (int64), one row for each month; none without a
        first and without a span.
    """
    known = rows.filter(_.until.isnull() | (_.until > _.since))
    begun = known.select(month="since", sign=ibis.literal(1, "int64"), amount="amount")
    ended = known.filter(_.until.notnull())
    ended = ended.select(month="until", sign=ibis.literal(-1, "int64"), amount="amount")
    changes = ibis.union(begun, ended).group_by("month", "sign")
    sums = changes.agg(amount=exact_sum(_.amount), rows=_.count()).to_pandas()
    sums = sums.astype({"amount": "float64"}).fillna({"amount": 0.0})
    if first is None:
        first = int(sums["month"].min()) if len(sums) else last + 1
    months = range(first, last + 1)
    total = pd.DataFrame({"amount": 0.0, "rows": 0}, index=months)
    for sign in (1, -1):
        found = sums[sums["sign"] == sign].set_index("month")
        before = found[found.index < first].sum()
        change = found.reindex(months, fill_value=0)
        total["amount"] += sign * (change["amount"].cumsum() + before["amount"])
        total["rows"] += sign * (change["rows"].cumsum() + int(before["rows"])).astype("int64")
    return total.assign(amount=total["amount"].round(4)).rename_axis("month").reset_index()


def _sales_by_month(sales: ibis.Table, edge: date) -> pd.DataFrame:
    """Sums of each month that has a sale, and the day of the month of its earliest."""
    read = sales.filter(sales.sold_at.epoch_seconds() < day_number(edge) * SECONDS_A_DAY)
    found = read.select(
        month=month_of(read.sold_at),
        day=read.sold_at.day().cast("int64"),
        amount=read.total_amount.cast("decimal(18, 4)"),
    )
    sums = found.group_by("month").agg(revenue=exact_sum(_.amount), rows=_.count(), first_day=_.day.min())
    frame: pd.DataFrame = sums.order_by("month").to_pandas()
    return frame


def _whole_months(by_month: pd.DataFrame, edge: date) -> pd.DataFrame:
    start = int(by_month["month"].iloc[0])
    if int(by_month["first_day"].iloc[0]) > FIRST_DAYS:
        start += 1
    months = range(start, month_number(edge))
    found = by_month.set_index("month").reindex(months)
    rows = found["rows"].fillna(0).astype("int64")
    usual = float(by_month["rows"].median())
    empty = np.nan if usual >= BUSY else 0.0
    revenue = found["revenue"].astype("float64").where(rows > 0, empty)
    return _frame([month_start(month) for month in months], revenue.tolist(), rows.tolist())


def _accounts_by_month(accounts: ibis.Table, edge: date) -> pd.DataFrame:
    """A twelfth of the yearly contract value of all accounts live at each month's end."""
    last = month_number(edge) - 1
    shots = accounts.filter(month_of(accounts.snapshot_at) <= last)
    at = month_of(shots.snapshot_at)
    started, gone = month_of(shots.started_at), month_of(shots.churned_at)
    in_turn = ibis.window(group_by=shots.customer_id, order_by=shots.snapshot_at)
    following = at.lead().over(in_turn)
    amount = ibis.coalesce(shots.acv.cast("decimal(18, 4)"), ibis.literal(0, "decimal(18, 4)"))
    spans = shots.select(at=at, started=started, gone=gone, following=following, amount=amount)
    spans = spans.select(
        since=ibis.coalesce((_.started > _.at).ifelse(_.started, _.at), _.at),
        until=ibis.coalesce(
            (_.following < _.gone).ifelse(_.following, _.gone),
            _.following,
            _.gone,
        ),
        amount=_.amount,
    )
    found = running_sums(spans, None, last)
    revenue = (found["amount"] / 12).round(4)
    return _frame([month_start(month) for month in found["month"]], revenue.tolist(), found["rows"].tolist())


def _unfinished(edge: date) -> Any:
    return pd.NaT if edge.day == 1 else pd.Timestamp(edge.replace(day=1))


def _frame(months: list[pd.Timestamp], revenue: list[float], rows: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": pd.DatetimeIndex(months, dtype="datetime64[us]"),
            "revenue": pd.Series(revenue, dtype="float64"),
            "rows": pd.Series(rows, dtype="int64"),
        }
    )
