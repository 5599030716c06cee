"""When customers buy: by weekday, hour, both, month of the year, and season.

Weekdays and months are divided by how often they occurred, so that a timeframe with five Mondays and four
Tuesdays does not make Monday busier.
"""

from __future__ import annotations

from calendar import month_name
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.monthly_revenue import monthly_revenue
from analytics.metrics.purchase_flow import DAYS, has_hours, orders
from analytics.metrics.revenue_growth import quarter_seasonality
from analytics.metrics.seasons import FEWEST_MONTHS, YEAR, centred_mean, has_season
from analytics.timeframe import Timeframe

SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class TimePatterns:
    """Orders by time, in the organisation's time zone.

    Attributes
    ----------
    by_day_of_week : pandas.DataFrame
        Seven rows from Monday: ``day_of_week`` (English name), ``occurrences`` (int64, such days in the
        timeframe up to its reference date), ``transaction_count`` (int64), ``avg_transactions`` (a day;
        missing where the weekday did not occur).
    by_hour : pandas.DataFrame or None
        24 rows: ``hour`` (0–23), ``transaction_count`` (int64), ``percentage``. None where every sale of the
        organisation is at midnight: its times are days.
    by_day_and_hour : pandas.DataFrame or None
        168 rows: ``day_of_week``, ``hour``, ``transaction_count`` (int64), ``avg_transactions`` (in such an
        hour; missing where the weekday did not occur). None as above.
    by_month : pandas.DataFrame
        The months of the year that the timeframe touches, January first: ``month`` (1–12), ``month_name``
        (English), ``days`` (int64, that lie in the timeframe), ``cut`` (whether a part of some such month
        lies outside), ``transaction_count`` (int64), ``avg_transactions`` (a day).
    """

    by_day_of_week: pd.DataFrame
    by_hour: pd.DataFrame | None
    by_day_and_hour: pd.DataFrame | None
    by_month: pd.DataFrame

    def published(self) -> dict[str, Any]:
        """The block ``time_patterns``."""
        return {
            "by_day_of_week": self.by_day_of_week,
            "by_hour": self.by_hour,
            "by_day_and_hour": self.by_day_and_hour,
            "by_month": self.by_month,
        }


def time_patterns(
    sales: ibis.Table, timeframe: Timeframe, *, all_sales: ibis.Table | None = None
) -> TimePatterns:
    """Count the orders of a timeframe by when they were made.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted (`analytics.metrics.purchase_flow.chosen_sales`). Times are
        local; the hour that is passed twice when clocks go back counts both times, the one that is skipped
        has no order.
    timeframe : Timeframe
    all_sales : ibis.Table, optional
        All sales of the organisation, which say whether hours are known; `sales` without it.

    Returns
    -------
    TimePatterns
    """
    found = (
        orders(sales, timeframe)
        .group_by(weekday=_.weekday, hour=(_.second // SECONDS_AN_HOUR).cast("int64"), month=_.month % YEAR)
        .agg(n=_.count())
        .to_pandas()
        .astype("int64")
    )
    days = [timeframe.start + timedelta(days=i) for i in range(timeframe.days)]
    weekdays = Counter(day.weekday() for day in days)
    occurred = np.array([weekdays[i] for i in range(7)], dtype="int64")
    known = bool(found["hour"].any()) or has_hours(sales if all_sales is None else all_sales, timeframe)
    cells = found.groupby(["weekday", "hour"])["n"].sum()
    grid = cells.reindex(pd.MultiIndex.from_product([range(7), range(24)]), fill_value=0).to_numpy()
    counts = grid.reshape(7, 24)
    by_day = pd.DataFrame(
        {
            "day_of_week": DAYS,
            "occurrences": occurred,
            "transaction_count": counts.sum(axis=1),
            "avg_transactions": _each(counts.sum(axis=1), occurred),
        }
    )
    return TimePatterns(
        by_day_of_week=by_day,
        by_hour=_by_hour(counts) if known else None,
        by_day_and_hour=_by_day_and_hour(counts, occurred) if known else None,
        by_month=_by_month(found.groupby("month")["n"].sum(), timeframe),
    )


@dataclass(frozen=True)
class Seasonality:
    """How revenue goes with the year. A state: the whole months before the reference date.

    Attributes
    ----------
    by_month : pandas.DataFrame
        Twelve rows: ``month`` (1–12), ``month_name``, ``seasonal_index`` (1 is an average month),
        ``years`` (int64, that it is made from), ``average_revenue`` (currency a month). Empty under two
        years, or where twelve months together bring nothing.
    by_quarter : pandas.DataFrame
        As returned by `analytics.metrics.revenue_growth.quarter_seasonality`.
    months : int
        Whole months of history.
    beyond_chance : bool
        Whether years resemble each other more than chance would have it
        (`analytics.metrics.seasons.has_season`).
    """

    by_month: pd.DataFrame
    by_quarter: pd.DataFrame
    months: int
    beyond_chance: bool

    def published(self) -> dict[str, Any] | None:
        """The block ``seasonality``; None under two years."""
        if self.by_month.empty:
            return None
        return {
            "by_month": self.by_month,
            "by_quarter": self.by_quarter,
            "months_of_history": self.months,
            "beyond_chance": self.beyond_chance,
        }


def seasonality(sales: ibis.Table, timeframe: Timeframe) -> Seasonality:
    """How far each month and quarter of the year usually lies from the average, trend taken out.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted.
    timeframe : Timeframe
        Only its reference date counts: a timeframe of three months shows no season, its history may.

    Returns
    -------
    Seasonality
        With fewer than 24 whole months both frames are empty.
    """
    months = monthly_revenue(sales, None, timeframe).months
    revenue = np.asarray(months["revenue"], dtype=np.float64)
    columns = ["month", "month_name", "seasonal_index", "years", "average_revenue"]
    trend = centred_mean(revenue) if len(revenue) >= FEWEST_MONTHS else np.full(len(revenue), np.nan)
    usable = np.isfinite(trend) & (trend > 0) & np.isfinite(revenue)
    number = months["month"].dt.month.to_numpy()
    ratio = pd.Series(revenue[usable] / trend[usable]).groupby(number[usable])
    index = ratio.mean().reindex(range(1, YEAR + 1))
    if index.isna().any():
        empty = pd.DataFrame(columns=columns)
        return Seasonality(empty, quarter_seasonality(months.iloc[:0]), len(months), False)
    by_month = pd.DataFrame(
        {
            "month": range(1, YEAR + 1),
            "month_name": month_name[1:],
            "seasonal_index": (index / index.mean()).to_numpy(),
            "years": ratio.count().reindex(index.index).to_numpy(dtype="int64"),
            "average_revenue": pd.Series(revenue).groupby(number).mean().to_numpy(),
        }
    )
    whole = bool(np.isfinite(revenue).all())
    return Seasonality(by_month, quarter_seasonality(months), len(months), whole and has_season(revenue))


def _by_hour(counts: Any) -> pd.DataFrame:
    number = counts.sum(axis=0)
    total = int(number.sum())
    return pd.DataFrame(
        {
            "hour": range(24),
            "transaction_count": number,
            "percentage": 100 * number / total if total else np.full(24, np.nan),
        }
    )


def _by_day_and_hour(counts: Any, occurred: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day_of_week": np.repeat(DAYS, 24),
            "hour": np.tile(np.arange(24), 7),
            "transaction_count": counts.ravel(),
            "avg_transactions": _each(counts.ravel(), np.repeat(occurred, 24)),
        }
    )


def _by_month(found: pd.Series, timeframe: Timeframe) -> pd.DataFrame:
    """Months of the year, with their days inside the timeframe and whether one is cut."""
    days = [timeframe.start + timedelta(days=i) for i in range(timeframe.days)]
    inside = Counter(day.month for day in days)
    cut = set()
    if days:
        after = timeframe.reference_date
        cut |= {days[0].month} if days[0].day > 1 else set()
        cut |= {days[-1].month} if after.day > 1 else set()
    numbers = sorted(inside)
    counts = found.reindex([number - 1 for number in numbers], fill_value=0).to_numpy(dtype="int64")
    lengths = np.array([inside[number] for number in numbers], dtype="int64")
    return pd.DataFrame(
        {
            "month": np.array(numbers, dtype="int64"),
            "month_name": [month_name[number] for number in numbers],
            "days": lengths,
            "cut": [number in cut for number in numbers],
            "transaction_count": counts,
            "avg_transactions": _each(counts, lengths),
        }
    )


def _each(counts: Any, occurred: Any) -> Any:
    """Mean number an occurrence; missing where there was none."""
    number = np.asarray(occurred, dtype="float64")
    return np.divide(counts, number, out=np.full(len(number), np.nan), where=number > 0)
