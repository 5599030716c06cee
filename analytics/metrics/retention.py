"""Retention: of the customers who could have left, how many stayed.

A customer without a contract never says goodbye. So a customer is *active* at an instant when the last
purchase is less than ``churn_days`` calendar days before it, and *lapsed* otherwise; every count on this page
is made of those two words. Names ending in ``_rate`` are percentages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.purchases import at_boundary, day_number, label_periods, periods_table, purchases
from analytics.metrics.rates import add_rate
from analytics.timeframe import Comparison, Timeframe, compare, parse_timeframe

CHURN_DAYS = 90
BESIDE = (60, 180)
"""Other lengths of silence after which the rates are shown, so that nobody mistakes one for a law."""

LEADS = ("last-12-months", "last-3-months")
"""What the page leads with, in this order, where nobody is starting in the timeframe itself."""

_AT_ONCE = 40  # periods in one statement, whose boundaries are columns


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention report's figures on customers, from two statements as a rule.

    Attributes
    ----------
    timeframe : Timeframe
        What was asked for.
    leading : Comparison
        The timeframe that the page leads with, and those that it is compared with. It is the one asked for,
        unless nobody was active when that began.
    summary : pandas.DataFrame
        The timeframe asked for: one row, columns as in `retention_books`.
    headlines : pandas.DataFrame
        One row for each of ``leading.periods``, columns as in `retention_books`. In an earlier timeframe
        the new customers are missing where it is ``left_truncated``, the churned ones and the rates where
        it begins within `churn_days` of the first day: nobody can have been silent for that long.
    trends : pandas.DataFrame
        One row for each whole month in the timeframe, columns as in `retention_books`.
    line : pandas.DataFrame
        One row for each whole month up to the reference date, as far as the data reach and at most 25: the
        months of the trend's picture and, for each, the month a year before; without rates where a month
        begins within `churn_days` of the first day.
    known_from : datetime.date or None
        First day of data that do not hold every customer's first purchase.
    """

    timeframe: Timeframe
    leading: Comparison
    summary: pd.DataFrame
    headlines: pd.DataFrame
    trends: pd.DataFrame
    line: pd.DataFrame
    known_from: date | None = None

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the page leads with another timeframe than the one asked for."""
        return self.leading.this is not self.timeframe

    def published(self, **more: float) -> dict[str, object]:
        """Give the published ``summary``: the timeframe asked for, and what the page leads with.

        Parameters
        ----------
        **more : float
            Further figures, ``gap_days_p90`` for instance.

        Returns
        -------
        dict
            The fields of `retention_books`, `more`, and ``leading_timeframe`` with ``leading_start``,
            ``leading_end`` and the leading starting and churned customers, retention and churn rate: the
            same as the timeframe's own, unless nobody was active when that began.
        """
        own, lead = self.summary.iloc[0].to_dict(), self.headlines.iloc[-1]
        names = ("start", "end", "starting_customers", "churned_customers", "retention_rate", "churn_rate")
        return (
            own
            | more
            | {"leading_timeframe": self.leading.this.label}
            | {f"leading_{name}": lead[name] for name in names}
        )


def retention(
    sales: ibis.Table,
    comparison: Comparison,
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
    churn_days: int = CHURN_DAYS,
    first_day: date | None = None,
    complete_history: bool = False,
) -> Retention:
    """Measure the timeframe, those it is compared with, and its months.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract; `customers` too, needed only for a `customer_type`.
    comparison : Comparison
    customers : ibis.Table, optional
    customer_type : str, default "all"
        Only customers of this type.
    churn_days : int, default 90
        Days without a purchase after which a customer counts as lapsed.
    first_day : datetime.date, optional
        First day of the data. What begins within `churn_days` of it is marked ``left_truncated``.
    complete_history : bool, default False
        Whether the data hold every customer's first purchase: then nothing is marked.

    Returns
    -------
    Retention
    """
    this = comparison.this
    months, recent = this.periods("month"), _recent_months(this, first_day)
    known_from = None if complete_history else first_day

    def measure(periods: Sequence[Timeframe]) -> pd.DataFrame:
        return retention_books(
            sales,
            periods,
            customers=customers,
            customer_type=customer_type,
            churn_days=churn_days,
            known_from=known_from,
        )

    wanted = [*comparison.periods, *months, *recent]
    unique = {(period.start, period.reference_date): period for period in reversed(wanted)}
    found = measure(list(unique.values()))
    leading, headlines = comparison, _rows(found, comparison.periods)
    summary = _rows(found, [this])
    for text in LEADS:
        if summary["starting_customers"].iloc[0] or not summary["customers"].iloc[0]:
            break  # somebody is starting, or nobody has ever bought
        instead = compare(parse_timeframe(text, as_of=this.reference_date), first_day=first_day)
        other = measure(instead.periods)
        if other["starting_customers"].iloc[-1]:
            leading, headlines = instead, other
            break
    headlines = _comparable(headlines, _young(headlines, first_day, churn_days))
    trends, line = _rows(found, months), _rows(found, recent)
    young = _young(line, first_day, churn_days)
    line = line.assign(
        **{name: line[name].mask(young, 0 if name.endswith("_n") else None) for name in _RATE_COLUMNS}
    )
    return Retention(this, leading, summary, headlines, trends, line, known_from)


def _young(rows: pd.DataFrame, first_day: date | None, churn_days: int) -> pd.Series:
    """Periods that begin before anybody can have been silent for `churn_days`: few can lapse in them.

    That the data hold every first purchase does not help: the customers themselves are younger than that.
    """
    limit = first_day and first_day + timedelta(days=churn_days)
    return pd.Series([limit is not None and start < limit for start in rows["start"]], rows.index, dtype=bool)


def _comparable(headlines: pd.DataFrame, young: pd.Series) -> pd.DataFrame:
    """Leave out of earlier timeframes what is no measure for this one.

    Who seems new in the first days of the data may be older, and few can lapse in them.
    """
    earlier = headlines.index < len(headlines) - 1
    seems_new = dict.fromkeys(("new_customers", "new_customers_this_period"), headlines["left_truncated"])
    lapses = dict.fromkeys(("churned_customers", *_RATE_COLUMNS), young)
    return headlines.assign(
        **{name: headlines[name].mask(mark & earlier) for name, mark in (seems_new | lapses).items()}
    )


def retention_books(
    sales: ibis.Table,
    periods: Sequence[Timeframe],
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
    churn_days: int = CHURN_DAYS,
    known_from: date | None = None,
) -> pd.DataFrame:
    """Who was there when each period began, who came, who left, and who was there when it ended.

    The books balance: ending = starting + (new − new_lapsed) + reactivated − churned. A period ends at its
    reference date at the latest. One pass over the sales for up to forty periods, whether they overlap or
    not: for each customer the last purchase before each boundary says everything that is counted here.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.
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
        One row for each period, in their order; counts are int64, a rate whose denominator is 0 is missing.

        - ``period``, ``start``, ``end``: label, first day, and reference date.
        - ``starting_customers``: active when the period begins.
        - ``new_customers``: first purchase inside; ``new_lapsed``: of these, lapsed again by the end.
        - ``churned_customers``: starting, and lapsed at the end.
        - ``reactivated_customers``: lapsed at the start, bought inside, active at the end.
        - ``ending_customers``: active at the end.
        - ``lapsed_customers``: lapsed at the start; ``lapsed_returned``: of these, bought inside.
        - ``returning_customers``: bought inside, first purchase before the start.
        - ``total_customers``: starting + new + lapsed_returned. ``active_customers`` is ending_customers,
          ``new_customers_this_period`` is new_customers.
        - ``retention_rate`` = (starting − churned) / starting, ``churn_rate`` = churned / starting,
          ``winback_rate`` = reactivated / lapsed, each with ``_n``, ``_low``, ``_high``.
        - ``retention_rate_60``, ``churn_rate_60``, ``retention_rate_180``, ``churn_rate_180``: the same
          with 60 and 180 days of silence, with their bounds.
        - A state, of everyone with a purchase before the reference date: ``customers``,
          ``one_time_buyers``, ``repeat_buyers`` (2 orders or more), ``repeat_purchase_rate`` (with bounds;
          ``repeat_rate`` is the same figure), ``avg_purchases_per_customer`` (orders),
          ``avg_customer_lifespan_days`` (mean days from first to last purchase, their difference).
        - ``left_truncated`` (boolean): begins within `churn_days` of `known_from`, so that customers
          counted as new may be older, and some of those starting are not seen.

    Examples
    --------
    Ada stays, Ben leaves, Cleo is new.

    >>> sales = ibis.memtable(pd.DataFrame({
    ...     "sale_id": ["1", "2", "3", "4"],
    ...     "customer_id": ["ada", "ben", "ada", "cleo"],
    ...     "sold_at": pd.to_datetime(["2025-12-20", "2025-12-01", "2026-03-10", "2026-02-05"]),
    ...     "total_amount": [10.0, 10.0, 10.0, 10.0],
    ... }))
    >>> quarter = parse_timeframe("2026-Q1", as_of=date(2026, 6, 1))
    >>> books = retention_books(sales, [quarter]).iloc[0]
    >>> int(books.starting_customers), int(books.churned_customers), int(books.ending_customers)
    (2, 1, 2)
    >>> float(books.retention_rate)
    50.0
    """
    bought = purchases(sales, customers, customer_type=customer_type).filter(_.is_order)
    slices = [periods[i : i + _AT_ONCE] for i in range(0, len(periods), _AT_ONCE)]
    parts = [_counts(bought, part, churn_days) for part in slices]
    frame = label_periods(pd.concat(parts).assign(period=range(len(periods))), periods)
    frame = frame.assign(
        active_customers=frame["ending_customers"],
        new_customers_this_period=frame["new_customers"],
        total_customers=frame["starting_customers"] + frame["new_customers"] + frame["lapsed_returned"],
        repeat_buyers=frame["customers"] - frame["one_time_buyers"],
    )
    begun = [period.days > 0 for period in periods]  # nobody can stay through days that have not begun
    for ending in ("", *(f"_{days}" for days in BESIDE)):
        starting, churned = frame[f"starting_customers{ending}"], frame[f"churned_customers{ending}"]
        frame = add_rate(frame, f"retention_rate{ending}", (starting - churned) * begun, starting * begun)
        frame = add_rate(frame, f"churn_rate{ending}", churned * begun, starting * begun)
    frame = add_rate(frame, "winback_rate", frame["reactivated_customers"], frame["lapsed_customers"] * begun)
    frame = add_rate(frame, "repeat_purchase_rate", frame["repeat_buyers"], frame["customers"])
    known = frame["customers"].where(frame["customers"] > 0)
    limit = None if known_from is None else known_from + timedelta(days=churn_days)
    return frame.assign(
        repeat_rate=frame["repeat_purchase_rate"],
        avg_purchases_per_customer=frame["orders"] / known,
        avg_customer_lifespan_days=frame["lifespan_days"] / known,
        left_truncated=[limit is not None and period.start < limit for period in periods],
    )[list(_COLUMNS)]


def _counts(bought: ibis.Table, periods: Sequence[Timeframe], churn_days: int) -> pd.DataFrame:
    """Count customers for each period, in their order, in one statement.

    The engine holds one row for each customer, with the last purchase before each boundary. Those rows meet
    the periods only to be counted as they pass: one for each customer and period would be too many to hold.
    """
    spans = [
        (min(day_number(period.start), end := day_number(period.reference_date)), end) for period in periods
    ]
    starts, ends = (set(days) for days in zip(*spans, strict=True))
    known, never = bought.filter(_.day < max(ends)), ibis.null("int64")
    past = {day: known.day < day for day in sorted(starts | ends)}
    customers = known.group_by("customer_id").agg(
        first=known.day.min(),
        **{f"last_{day}": is_past.ifelse(known.day, never).max() for day, is_past in past.items()},
        **{f"orders_{day}": past[day].ifelse(1, 0).sum() for day in sorted(ends)},
    )
    pairs = customers.cross_join(periods_table(periods).mutate(start=ibis.least(_.start, _.end)))
    states = pairs.select(
        *("period", "start", "end", "first"),
        before=at_boundary(pairs, "last", pairs.start, starts),
        last=at_boundary(pairs, "last", pairs.end, ends),
        orders=at_boundary(pairs, "orders", pairs.end, ends),
    )
    found: pd.DataFrame = states.group_by("period").agg(**_period_counts(states, churn_days)).to_pandas()
    return found.set_index("period").reindex(range(len(periods))).fillna(0).astype("int64")


def _period_counts(states: ibis.Table, churn_days: int) -> dict[str, ibis.Value]:
    """What is counted of the customers of one period.

    A customer without a purchase before an edge has no last day there, and a comparison with it is unknown,
    which no count includes.
    """
    first, before, last = states["first"], states.before, states.last
    start, end, orders = states.start, states.end, states.orders
    was_lapsed, is_active = before <= start - churn_days, last > end - churn_days
    inside, new = last >= start, (first >= start) & (first < end)
    found = {
        "starting_customers": before > start - churn_days,
        "new_customers": new,
        "new_lapsed": new & ~is_active,
        "churned_customers": (before > start - churn_days) & ~is_active,
        "reactivated_customers": was_lapsed & inside & is_active,
        "ending_customers": is_active,
        "lapsed_customers": was_lapsed,
        "lapsed_returned": was_lapsed & inside,
        "returning_customers": before.notnull() & inside,
        "customers": last.notnull(),
        "one_time_buyers": orders == 1,
    }
    for days in BESIDE:
        found[f"starting_customers_{days}"] = before > start - days
        found[f"churned_customers_{days}"] = (before > start - days) & (last <= end - days)
    # A sum of zeros and ones: engines count faster than they filter.
    return {name: condition.ifelse(1, 0).sum() for name, condition in found.items()} | {
        "orders": orders.sum(),
        "lifespan_days": (last - first).sum(),
    }


_RATE_COLUMNS = tuple(
    f"{rate}{ending}"
    for rate in (
        *("retention_rate", "churn_rate", "retention_rate_60", "churn_rate_60"),
        *("retention_rate_180", "churn_rate_180", "winback_rate"),
    )
    for ending in ("", "_n", "_low", "_high")
)

TREND = (
    *("period", "start", "end", "starting_customers", "new_customers", "new_lapsed", "churned_customers"),
    *("reactivated_customers", "ending_customers", "retention_rate", "retention_rate_n"),
    *("retention_rate_low", "retention_rate_high", "churn_rate", "churn_rate_n"),
    *("churn_rate_low", "churn_rate_high", "left_truncated"),
)
"""Columns of the trends that are published."""

_COLUMNS = (
    *("period", "start", "end", "starting_customers", "new_customers", "new_lapsed", "churned_customers"),
    *("reactivated_customers", "ending_customers", "lapsed_customers", "lapsed_returned"),
    *("returning_customers", "total_customers", "active_customers", "new_customers_this_period"),
    *_RATE_COLUMNS,
    *("customers", "one_time_buyers", "repeat_buyers", "repeat_rate"),
    *(f"repeat_purchase_rate{ending}" for ending in ("", "_n", "_low", "_high")),
    *("avg_purchases_per_customer", "avg_customer_lifespan_days", "left_truncated"),
)


def _recent_months(this: Timeframe, first_day: date | None) -> list[Timeframe]:
    """Whole months up to the reference date, at most 25: two years for a line and its ghost, and one more."""
    if first_day is None or first_day >= this.reference_date:
        return []
    span = Timeframe("recent", first_day, this.reference_date, this.reference_date, "day-range")
    return span.periods("month")[-25:]


def _rows(found: pd.DataFrame, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Pick the rows of some periods by their days, in the order of the periods, under their own labels."""
    place = {key: row for row, key in enumerate(zip(found["start"], found["end"], strict=True))}
    rows = found.iloc[[place[period.start, period.reference_date] for period in periods]]
    return rows.assign(period=[period.label for period in periods]).reset_index(drop=True)
