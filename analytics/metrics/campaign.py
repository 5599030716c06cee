"""The campaign dashboard: how many customers bought lately, often and for much, and how soon they return.

Every block is made from the cells of the selected customers (`analytics.metrics.campaign_customers`), so
that each obeys every filter and all counts add up to the same customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.apart import sales_apart
from analytics.metrics.campaign_customers import Campaign
from analytics.metrics.purchases import day_number, label_periods, purchases
from analytics.metrics.rates import add_rate, percentage
from analytics.timeframe import Timeframe

SCORE_WORDS = {
    "r_score": ("Longest ago", "Long ago", "Some time ago", "Recently", "Bought most recently"),
    "f_score": ("Rarest", "Rarely", "Now and then", "Often", "Most frequent"),
    "m_score": ("Lowest spending", "Low spending", "Medium spending", "High spending", "Highest spending"),
}
"""What scores 1 to 5 mean, the lowest first."""

SEGMENTS = ("Champions", "Potential Loyalists", "New Customers", "Need Attention")
"""Segments of this dashboard in the order in which they are tried; the last takes the rest."""


def campaign_kpis(cells: pd.DataFrame, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Headline figures of each period.

    Parameters
    ----------
    cells : pandas.DataFrame
        As returned by `analytics.metrics.campaign_customers.campaign_cells`.
    periods : sequence of Timeframe
        Those that the customers were taken for.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order:

        - ``period`` (label), ``start``, ``end`` (dates; end is the reference date)
        - ``total_customer``, ``orders`` (int64)
        - ``customer_spending`` (float64): net revenue of these customers.
        - ``unit_per_transaction`` (float64): units net of returns / orders whose units are known; missing
          without any.
        - ``profit_per_customer`` (float64): profit / customers with a known profit, ``profit_customers``
          (int64) of them; missing without any.
        - ``days_to_return`` (float64): mean over all gaps between consecutive visits; missing without one.
        - ``retention_rate`` (float64, percent) with ``_n``, ``_low``, ``_high``: customers with two visits or
          more; the page calls it the repeat visit rate.
    """
    sums = cells.drop(columns=list(cells.columns[1:8])).groupby("period", as_index=False).sum()
    found = label_periods(sums, periods)
    found[["revenue", "profit"]] = found[["revenue", "profit"]].fillna(0.0).round(4)
    n = found["customer_count"]
    found = found.assign(
        total_customer=n,
        customer_spending=found["revenue"],
        unit_per_transaction=_quotient(found["units"], found["unit_orders"]),
        profit_per_customer=_quotient(found["profit"], found["profit_customers"]),
        days_to_return=_quotient(found["span_days"], found["gaps"]),
    )
    found = add_rate(found, "retention_rate", found["returned"], n)
    return found.drop(
        columns=["customer_count", "revenue", "profit", "units", "span_days", "gaps", "returned"]
    )


def score_counts(cells: pd.DataFrame, score: str) -> pd.DataFrame:
    """Customers by one score, the best first.

    Parameters
    ----------
    cells : pandas.DataFrame
        Of one period.
    score : {"r_score", "f_score", "m_score"}

    Returns
    -------
    pandas.DataFrame
        Five rows: `score` (int64), ``label``, ``customer_count`` (int64), ``percentage`` (float64; missing
        without customers), ``spending`` (float64).
    """
    sums = _by(cells, score, range(1, 6))
    words = SCORE_WORDS[score]
    rows = pd.DataFrame({score: range(5, 0, -1), "label": words[::-1]})
    return pd.concat([rows, sums.iloc[::-1].reset_index(drop=True)], axis=1)


def bucket_counts(
    cells: pd.DataFrame, column: str, labels: Sequence[str], name: str = "bucket"
) -> pd.DataFrame:
    """Customers by bucket, in the order of the labels, also where there is none.

    Parameters
    ----------
    cells : pandas.DataFrame
        Of one period.
    column : str
        Number of the bucket.
    labels : sequence of str
    name : str, default "bucket"
        Name of the labels' column.

    Returns
    -------
    pandas.DataFrame
        `name`, ``customer_count`` (int64), ``percentage`` (float64; missing without customers), ``spending``
        (float64).
    """
    sums = _by(cells, column, range(len(labels)))
    return pd.concat([pd.DataFrame({name: list(labels)}), sums], axis=1)


def segment_counts(cells: pd.DataFrame) -> pd.DataFrame:
    """Customers by segment of this dashboard, the first that fits.

    Champions have R, F and M of 3 or more, Potential Loyalists R and F of 2 or more, New Customers R of 4 or
    more; all others need attention.

    Parameters
    ----------
    cells : pandas.DataFrame
        Of one period.

    Returns
    -------
    pandas.DataFrame
        ``segment_name``, ``customer_count`` (int64), ``percentage`` (float64; missing without customers),
        ``spending`` (float64), ``spending_percent`` (float64; missing where the whole is not above zero).
    """
    r, f, m = (cells[name].to_numpy() for name in ("r_score", "f_score", "m_score"))
    fits = [(r >= 3) & (f >= 3) & (m >= 3), (r >= 2) & (f >= 2), r >= 4]
    rows = bucket_counts(
        cells.assign(segment=np.select(fits, [0, 1, 2], 3)), "segment", SEGMENTS, "segment_name"
    )
    whole = rows["spending"].sum()
    return rows.assign(spending_percent=percentage(rows["spending"], whole if whole > 0 else np.nan))


def once_and_lately(cells: pd.DataFrame) -> int:
    """Customers of one period with one visit, in the first bucket of days since the last purchase."""
    fits = (cells["f_bucket"] == 0) & (cells["r_bucket"] == 0)
    return int(cells.loc[fits, "customer_count"].sum())


def fiscal_years(
    sales: ibis.Table,
    people: ibis.Table,
    timeframe: Timeframe,
    *,
    fiscal_year_start: int = 1,
    known_from: date | None = None,
) -> pd.DataFrame:
    """New and old customers among those who bought in each fiscal year that the timeframe touches.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract: the first purchase ever is looked for in the whole history.
    people : ibis.Table
        As returned by `analytics.metrics.campaign_customers.campaign_customers`, of this timeframe alone.
    timeframe : Timeframe
    fiscal_year_start : int, default 1
        Month in which a fiscal year begins, 1–12.
    known_from : datetime.date, optional
        Customers first seen before it may be older: the data begin too late to know.

    Returns
    -------
    pandas.DataFrame
        One row for each fiscal year with a purchase, in order:

        - ``fiscal_year`` (``FY2026``, the year in which it ends)
        - ``new_percentage``, ``old_percentage`` (float64, percent of those who bought in it): new = the first
          purchase ever lies in that year; with ``new_percentage_n``, ``_low``, ``_high``.
        - ``new_customers``, ``old_customers`` (int64)
        - ``cut`` (boolean): the timeframe, or its reference date, takes a part of the year away.
        - ``maybe_older`` (boolean): some of its new customers may be older than the data.
    """
    shift = fiscal_year_start - 1
    late = int(shift > 0)
    start, end = day_number(timeframe.start), day_number(timeframe.reference_date)
    bought = purchases(sales).filter(_.is_order, _.day < end)
    bought = bought.semi_join(people.select("customer_id"), "customer_id")
    dated = bought.mutate(year=((_.month - shift) // 12 + late).cast("int64"))
    first = dated.group_by("customer_id").agg(first_year=_.year.min())
    years = (
        dated.filter(_.day >= start).select("customer_id", "year").distinct().inner_join(first, "customer_id")
    )
    rows = (
        years.group_by("year")
        .agg(new_customers=(_.year == _.first_year).ifelse(1, 0).sum(), everybody=_.count())
        .order_by("year")
        .to_pandas()
        .astype("int64")
    )
    begins = [date(year - late, fiscal_year_start, 1) for year in rows["year"]]
    ends = [date(year - late + 1, fiscal_year_start, 1) for year in rows["year"]]
    found = pd.DataFrame(
        {
            "fiscal_year": [f"FY{year}" for year in rows["year"]],
            "new_customers": rows["new_customers"],
            "old_customers": rows["everybody"] - rows["new_customers"],
        }
    )
    found = add_rate(found, "new_percentage", rows["new_customers"], rows["everybody"])
    found["old_percentage"] = percentage(found["old_customers"], rows["everybody"])
    found["cut"] = [
        begin < timeframe.start or timeframe.reference_date < stop
        for begin, stop in zip(begins, ends, strict=True)
    ]
    found["maybe_older"] = [known_from is not None and begin < known_from for begin in begins]
    return found


def known_from(first_day: date | None, *, complete_history: bool, churn_days: int = 90) -> date | None:
    """Day from which a new customer is surely new; None where every one is.

    Examples
    --------
    >>> known_from(date(2026, 1, 1), complete_history=False)
    datetime.date(2026, 4, 1)
    """
    return None if complete_history or first_day is None else first_day + timedelta(days=churn_days)


def beside(sales: ibis.Table, timeframe: Timeframe) -> dict[str, Any]:
    """What the dashboard leaves out: sales without a known customer, and customers with nothing but returns.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    timeframe : Timeframe

    Returns
    -------
    dict
        ``guest_revenue`` (float): net revenue of the timeframe without a known customer, 0 without any;
        ``returns_only_customers`` (int).
    """
    found = sales_apart(sales, timeframe, flow=True)
    return {
        "guest_revenue": found["guest_revenue"],
        "returns_only_customers": found["customers_with_returns_only"],
    }


def published_kpi(kpis: pd.DataFrame, left_out: dict[str, Any], asked: Campaign) -> dict[str, Any]:
    """Give the block ``kpi``: the timeframe's own row, and what stands beside it.

    Guests have no name and no bucket: with a filter `guest_revenue` is missing.
    """
    row = {str(name): value for name, value in kpis.iloc[-1].items()}
    guests = None if asked.filtered else left_out["guest_revenue"]
    return row | {"guest_revenue": guests, "returns_only_customers": left_out["returns_only_customers"]}


def _by(cells: pd.DataFrame, column: str, values: range) -> pd.DataFrame:
    place = cells[column].to_numpy("int64") - values.start
    n = len(values)
    counts, spending = (np.bincount(place, cells[name], n) for name in ("customer_count", "revenue"))
    return pd.DataFrame(
        {
            "customer_count": counts.astype("int64"),
            "percentage": percentage(counts, counts.sum()),
            "spending": spending.round(4),
        }
    )


def _quotient(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.astype("float64") / whole.where(whole > 0)
