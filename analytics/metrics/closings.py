"""Deals that were won or lost: how many in a timeframe, by month and quarter, and what goes with winning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.monthly_revenue import month_start
from analytics.metrics.purchases import (
    SECONDS_A_DAY,
    day_number,
    exact_sum,
    label_periods,
    month_number,
    periods_table,
)
from analytics.metrics.rates import wilson
from analytics.timeframe import Timeframe

DRIVERS = {
    "objections_handled": 4,
    "competitors_mentioned": 3,
    "champion_identified": 1,
    "budget_confirmed": 1,
    "decision_maker_engaged": 1,
}
"""What win rates are compared by, with its highest level; more is counted there."""


def closings(deals: ibis.Table, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Deals closed in each period, a flow.

    Parameters
    ----------
    deals : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order:

        - ``period``, ``start``, ``end``: label, first day, reference date.
        - ``won_deals``, ``lost_deals`` (int64), ``won_value`` (currency; 0 without any).
        - ``win_rate`` (0–1) = won / (won + lost) with ``win_rate_n``, ``win_rate_low``, ``win_rate_high``
          (Wilson 95 %); missing where none closed.
        - ``sales_cycle_days``: mean whole days from creation to closing of the won deals; missing without
          any.
    """
    rows, spans = _closed(deals), periods_table(periods)
    rows = rows.join(spans, [rows.day >= spans.start, rows.day < spans.end])
    sums = rows.group_by("period").agg(
        won_deals=_.won.sum(),
        lost_deals=(1 - _.won).sum(),
        won_value=exact_sum(_.value, where=_.won == 1),
        days=_.days.sum(where=_.won == 1),
    )
    found = label_periods(sums.to_pandas(), periods)
    cycle = found["days"].astype("float64") / found["won_deals"].where(found["won_deals"] > 0)
    found["won_value"] = found["won_value"].astype("float64").fillna(0.0)
    return with_win_rate(found.drop(columns="days")).assign(sales_cycle_days=cycle)


def won_deals(deals: ibis.Table, edge: date) -> pd.DataFrame:
    """Won and lost deals by month and by quarter of closing, up to a reference date.

    Parameters
    ----------
    deals : ibis.Table
        As in the contract.
    edge : datetime.date
        Nothing on or after it is read.

    Returns
    -------
    pandas.DataFrame
        One row for each month, then each quarter, from the first with a closed deal to the last that has
        begun before the date, without a break: ``grain`` (month or quarter), ``period`` (``2026-10``,
        ``2026-Q4``),
        ``start`` (datetime64), ``finished`` (whether it has ended by the date), ``won_deals``,
        ``lost_deals``,
        ``won_value``, ``avg_won_value`` (missing without a won deal), ``win_rate`` with n and interval. Empty
        where no deal has closed.
    """
    rows = _closed(deals).filter(_.day < day_number(edge))
    sums = rows.group_by("month").agg(
        won_deals=_.won.sum(), lost_deals=(1 - _.won).sum(), won_value=exact_sum(_.value, where=_.won == 1)
    )
    found = sums.to_pandas().set_index("month")
    if found.empty:
        return pd.DataFrame(columns=_WON).astype({"win_rate": "float64"})
    last = month_number(date.fromordinal(edge.toordinal() - 1))
    found = found.reindex(range(int(found.index.min()), last + 1)).fillna(0).astype({"won_value": "float64"})
    months = [month_start(int(month)) for month in found.index]
    by_month = found.assign(start=months, length=1, grain="month", period=[f"{m:%Y-%m}" for m in months])
    quarter = found.index // 3 * 3
    by_quarter = found.groupby(quarter).sum()
    starts = [month_start(int(month)) for month in by_quarter.index]
    names = [f"{start:%Y}-Q{(start.month + 2) // 3}" for start in starts]
    by_quarter = by_quarter.assign(start=starts, length=3, grain="quarter", period=names)
    both = pd.concat([by_month, by_quarter])
    ends = [month_start(int(m) + int(n)) for m, n in zip(both.index, both["length"], strict=True)]
    both["finished"] = [end <= pd.Timestamp(edge) for end in ends]
    both = both.astype({"won_deals": "int64", "lost_deals": "int64"}).reset_index(drop=True)
    both["avg_won_value"] = both["won_value"] / both["won_deals"].where(both["won_deals"] > 0)
    return with_win_rate(both)[_WON]


def win_drivers(deals: ibis.Table, edge: date) -> pd.DataFrame:
    """Win rates by how a deal was worked, over all deals closed before a reference date.

    An association: deals that were worked so may have been the better ones from the start.

    Parameters
    ----------
    deals : ibis.Table
        As in the contract.
    edge : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row for each level with a closed deal of each of `DRIVERS`: ``driver``, ``level`` (``0`` … ``4+``,
        ``no``, ``yes``), ``won_deals``, ``win_rate`` (0–1) with ``win_rate_n``, ``win_rate_low``,
        ``win_rate_high``. Deals of which a driver is not known are in none of its levels.
    """
    rows = _closed(deals).filter(_.day < day_number(edge))
    levels = {}
    for driver, top in DRIVERS.items():
        level = rows[driver].cast("int32").cast("int64")  # PostgreSQL makes no long number of a truth value
        bounded = ibis.least(ibis.greatest(level, 0), top)  # of what is missing, some engines say 0
        levels[driver] = level.isnull().ifelse(ibis.null("int64"), bounded)
    # One query for all drivers: there are a few hundred combinations of levels at most.
    sums = rows.group_by(**levels).agg(won_deals=_.won.sum(), closed=_.count()).to_pandas()
    frames = []
    for driver, top in DRIVERS.items():
        known = sums[sums[driver].notna()].astype({driver: "int64"})
        found = known.groupby(driver)[["won_deals", "closed"]].sum().astype("int64").rename_axis("level")
        names = ["no", "yes"] if top == 1 else [*map(str, range(top)), f"{top}+"]
        found = found.reset_index()
        frames.append(found.assign(driver=driver, level=[names[i] for i in found["level"]]))
    both = pd.concat(frames, ignore_index=True)
    both["lost_deals"] = both["closed"] - both["won_deals"]
    columns = ["driver", "level", "won_deals", "win_rate", "win_rate_n", "win_rate_low", "win_rate_high"]
    return with_win_rate(both)[columns]


def with_win_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """Add ``win_rate`` (0–1), its n and Wilson's 95 % bounds to rows of ``won_deals`` and ``lost_deals``."""
    won = rows["won_deals"].astype("int64")
    closed = won + rows["lost_deals"].astype("int64")
    low, high = wilson(won, closed)
    return rows.assign(
        win_rate=won / closed.where(closed > 0),
        win_rate_n=closed,
        win_rate_low=low / 100,
        win_rate_high=high / 100,
    )


_WON = [
    *("grain", "period", "start", "finished", "won_deals", "lost_deals", "won_value", "avg_won_value"),
    *("win_rate", "win_rate_n", "win_rate_low", "win_rate_high"),
]


def _closed(deals: ibis.Table) -> ibis.Table:
    """Won and lost deals with the day and month of closing, and the days that they were open."""
    outcome = deals.outcome.strip().lower()
    rows = deals.filter(outcome.isin(["won", "lost"]), deals.closed_at.notnull())
    day = _day(rows.closed_at)
    return rows.select(
        "deal_id",
        "owner",
        value=rows["value"].cast("decimal(18, 4)"),
        won=(rows.outcome.strip().lower() == "won").ifelse(1, 0),
        day=day,
        month=(12 * rows.closed_at.year() + rows.closed_at.month() - 1).cast("int64"),
        days=day - _day(rows.created_at),
        **{name: rows[name] for name in DRIVERS},
    )


def _day(time: Any) -> Any:
    return (time.epoch_seconds() // SECONDS_A_DAY).cast("int64")
