"""Credit: how much of their limits customers owe, as of the extract."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.customer_scores import Scoring, of_type, population
from analytics.metrics.purchases import exact_sum
from analytics.metrics.rates import percentage
from analytics.timeframe import Timeframe

CREDIT = ("Over Limit", "High Credit Users", "Medium", "Low", "No Credit")
UNKNOWN_CREDIT = "Balance Unknown"

_CREDIT_CRITERIA = {
    "Over Limit": "Owe more than their limit",
    "High Credit Users": "Owe 70% to 100% of their limit",
    "Medium": "Owe 30% to less than 70% of their limit",
    "Low": "Owe less than 30% of their limit, or nothing",
    "No Credit": "Have no credit limit, or one of 0",
    UNKNOWN_CREDIT: "Have a limit, but no known balance",
}


def credit_segments(
    sales: ibis.Table,
    customers: ibis.Table,
    timeframe: Timeframe,
    scoring: Scoring,
    *,
    newest_day: date | None,
    people: ibis.Table | None = None,
) -> pd.DataFrame:
    """Credit segments: how much of their limit customers owe, as of the extract.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; ``credit_limit`` and ``outstanding_balance`` are read.
    timeframe : Timeframe
    scoring : Scoring
    newest_day : date or None
        Newest day of the data: balances are known as of the extract only.
    people : ibis.Table, optional
        What `analytics.metrics.customer_scores.population` gives for the timeframe, where it is kept.

    Returns
    -------
    pandas.DataFrame
        One row for each segment, also with no customer: ``segment_name``, ``criteria``, ``customer_count``
        (int64), ``percentage``, ``avg_utilization`` (float64, percent of the limit, mean over customers;
        missing without any), ``total_outstanding`` (float64), ``as_of`` (date). No row at all where the
        reference date is not the newest, where no customer has a credit limit, and where credit segments
        are not asked for. A row "Balance Unknown" is there only where somebody has a limit and no balance.

    Notes
    -----
    Utilization is outstanding_balance / credit_limit × 100: Over Limit above 100, High Credit Users from 70,
    Medium from 30, Low below 30 (credit balances too), No Credit without a limit or with one of 0.
    """
    columns = ["segment_name", "criteria", "customer_count", "percentage", "avg_utilization"]
    columns += ["total_outstanding", "as_of"]
    stale = newest_day is None or timeframe.reference_date <= newest_day
    if stale or "credit_segments" not in scoring.blocks:
        return pd.DataFrame(columns=columns)
    accounts = customers.select(
        "customer_id",
        allowed=customers.credit_limit.cast("decimal(18, 4)"),
        owed=customers.outstanding_balance.cast("decimal(18, 4)"),
    )
    people = population(sales, [timeframe], scoring) if people is None else people
    shown = of_type(people, customers, scoring.customer_type)
    found = (
        shown.left_join(accounts, "customer_id")
        .mutate(
            segment_name=_credit(_.allowed, _.owed),
            utilization=(_.allowed > 0).ifelse(
                (100 * _.owed / _.allowed).cast("float64").round(6), ibis.null("float64")
            ),
        )
        .group_by("segment_name")
        .agg(
            customer_count=_.count(),
            known=_.utilization.count(),
            limits=_.allowed.count(),
            utilization=_.utilization.cast("decimal(38, 6)").sum().cast("float64"),
            total_outstanding=exact_sum(_.owed),
        )
        .to_pandas()
    )
    if not found["limits"].sum():
        return pd.DataFrame(columns=columns)
    names = [*CREDIT, *([UNKNOWN_CREDIT] if (found["segment_name"] == UNKNOWN_CREDIT).any() else [])]
    rows = found.set_index("segment_name").reindex(names)
    counts = rows["customer_count"].fillna(0).astype("int64")
    return pd.DataFrame(
        {
            "segment_name": names,
            "criteria": [_CREDIT_CRITERIA[name] for name in names],
            "customer_count": counts.to_numpy(),
            "percentage": percentage(counts, counts.sum()),
            "avg_utilization": (rows["utilization"] / rows["known"].where(rows["known"] > 0)).to_numpy(),
            "total_outstanding": rows["total_outstanding"].fillna(0.0).to_numpy(),
            "as_of": newest_day,
        }
    )


def _credit(allowed: ibis.Deferred, owed: ibis.Deferred) -> ibis.Deferred:
    # Cross-multiplied, so that exactly 70 % of a limit is 70 % on every engine.
    return ibis.cases(
        (allowed.isnull() | (allowed <= 0), "No Credit"),
        (owed.isnull(), UNKNOWN_CREDIT),
        (owed > allowed, "Over Limit"),
        (100 * owed >= 70 * allowed, "High Credit Users"),
        (100 * owed >= 30 * allowed, "Medium"),
        else_="Low",
    )
