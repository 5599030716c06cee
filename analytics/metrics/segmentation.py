"""Segmentation: who the customers are, by what they have done up to the reference date.

Everything here is a state: it uses the whole history before the reference date, whatever the timeframe's
start. `analytics.metrics.customer_scores` ranks; this module counts who ranks where.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from analytics.metrics.customer_scores import (
    TIERS,
    TOO_FEW,
    Scoring,
    SegmentTable,
    segment_codes,
)
from analytics.metrics.purchases import day_number, label_periods
from analytics.metrics.rates import percentage
from analytics.timeframe import Comparison, Timeframe

Floats = NDArray[np.float64]

JOINED, RETURNED, INACTIVE = "First purchase since", "Came back", "Gone inactive"
"""Where customers come from who had no segment, and where they go who have none any more."""

GRID_DAYS, GRID_ORDERS = 15, 12
"""Width of the grid's cells in days since the last order; orders from the second on are one row."""


def segment_history(cells: pd.DataFrame, periods: Sequence[Timeframe], table: SegmentTable) -> pd.DataFrame:
    """Headline figures at the reference date of each period.

    Parameters
    ----------
    cells : pandas.DataFrame
        As returned by `analytics.metrics.customer_scores.score_cells`.
    periods : sequence of Timeframe
        Those that the scores were made for.
    table : SegmentTable
        The rule table; the segment that holds 555 is the best one.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order:

        - ``period`` (label), ``start``, ``end`` (dates; end is the reference date)
        - ``total_customers``, ``active_customers`` (int64): the customers shown, and those of them whose
          last purchase lies less than churn_days before the reference date.
        - ``segments_count`` (int64): RFM segments with a customer.
        - ``lost_vip`` (int64): customers of the top by revenue who stand under At-Risk.
        - ``lost_vip_revenue`` (float64): their net revenue since their first purchase.
        - ``top_customers`` (int64): all customers of the top by revenue, with any tier.
        - ``best_customers`` (float64): customers in the best segment; missing where too few to rank.
        - ``best_contribution`` (float64, percent of revenue): theirs; missing also without revenue.
        - ``total_revenue`` (float64): net revenue of the customers shown, since their first purchase.
        - ``best_segment``: its name.
    """
    best = best_segment(table)
    is_best = cells["segment_name"] == best
    is_lost = cells["top"] & (cells["tier"] == "At-Risk")
    parts = pd.DataFrame(
        {
            "period": cells["period"],
            "total_customers": cells["customer_count"],
            "active_customers": cells["active_customers"],
            "lost_vip": cells["customer_count"].where(is_lost, 0),
            "lost_vip_revenue": cells["revenue"].where(is_lost, 0.0),
            "top_customers": cells["customer_count"].where(cells["top"], 0),
            "best_customers": cells["customer_count"].where(is_best, 0),
            "best_revenue": cells["revenue"].where(is_best, 0.0),
            "total_revenue": cells["revenue"],
        }
    )
    sums = parts.groupby("period", as_index=False).sum()
    kept = cells[cells["segment_name"] != TOO_FEW]
    sums["segments_count"] = (
        sums["period"].map(kept.groupby("period")["segment_name"].nunique()).fillna(0).astype("int64")
    )
    money = ["total_revenue", "best_revenue", "lost_vip_revenue"]
    sums[money] = sums[money].round(4)
    ranked = sums["period"].map(cells.groupby("period")["ranked"].all()).astype(bool)
    sums["best_customers"] = sums["best_customers"].astype("float64").where(ranked)
    total = sums["total_revenue"].where((sums["total_revenue"] > 0) & ranked)
    sums["best_contribution"] = percentage(sums["best_revenue"], total)
    figures = label_periods(sums.drop(columns="best_revenue"), periods)
    always = ["total_revenue", "lost_vip_revenue"]
    figures[always] = figures[always].fillna(0.0)
    return figures.assign(best_segment=best)


def best_segment(table: SegmentTable) -> str:
    """Name the segment of those who score five on everything."""
    return segment_codes(table.rules)["555"]


def rfm_segments(cells: pd.DataFrame, period: int, table: SegmentTable) -> pd.DataFrame:
    """RFM segments: how many customers each has, what they bring, and what to do about them.

    Parameters
    ----------
    cells : pandas.DataFrame
        As returned by `analytics.metrics.customer_scores.score_cells`.
    period : int
        Position of the period among those that the scores were made for.
    table : SegmentTable
        The rule table.

    Returns
    -------
    pandas.DataFrame
        One row for each segment of the rule table, in its order, also with no customer; and one more,
        "Too few to rank", where the customers are too few for segments:

        - ``segment_name``, ``description``
        - ``customer_count`` (int64), ``percentage`` (float64, of the customers shown; missing without any)
        - ``avg_revenue``, ``avg_recency_days``, ``avg_frequency`` (float64, a customer; missing in an empty
          segment)
        - ``criteria``: the codes (recency, frequency, monetary) that its rules really win
        - ``action``: what to do about it
        - ``total_revenue`` (float64), ``revenue_contribution`` (float64, percent; missing where the total is
          not above zero)
        - ``standing`` (int64): 1 for the segment in the best standing, as in `standing`.

    Notes
    -----
    The first rule that holds a customer's scores decides. Narrower rules stand before the wider ones that
    would swallow them, so the criteria say what a segment is better than its own rules do.
    """
    here = cells[cells["period"] == period]
    codes = segment_codes(table.rules)
    names = [*table.segments, *([TOO_FEW] if (here["segment_name"] == TOO_FEW).any() else [])]
    sums = _sums(here, "segment_name", names)
    order = standing(table)
    return pd.DataFrame(
        {
            "segment_name": names,
            "description": [
                table.segments[name].description if name in table.segments else "Scored, but not ranked."
                for name in names
            ],
            "customer_count": sums["customer_count"].to_numpy(),
            "percentage": percentage(sums["customer_count"], here["customer_count"].sum()),
            "avg_revenue": _average(sums["revenue"], sums["customer_count"]),
            "avg_recency_days": _average(sums["recency_days"], sums["customer_count"]),
            "avg_frequency": _average(sums["orders"], sums["customer_count"]),
            "criteria": [", ".join(c for c, won in codes.items() if won == name) for name in names],
            "action": [table.segments[name].action if name in table.segments else "" for name in names],
            "total_revenue": sums["revenue"].to_numpy(),
            "revenue_contribution": _contribution(sums["revenue"]),
            "standing": [order.index(name) + 1 if name in order else len(order) + 1 for name in names],
        }
    )


def standing(table: SegmentTable) -> list[str]:
    """Order the segments from the best standing to the worst.

    First come the segments of those who bought lately, then the middle, then those who have been away;
    among each, whoever scores higher on frequency and money. It decides which way a customer has moved.

    Returns
    -------
    list of str
        Every segment that wins a code.
    """
    won: dict[str, list[str]] = {}
    for code, name in segment_codes(table.rules).items():
        won.setdefault(name, []).append(code)

    def place(name: str) -> tuple[int, float, str]:
        scores = [[int(code[i]) for code in won[name]] for i in range(3)]
        recency, rest = sum(scores[0]) / len(won[name]), sum(scores[1]) + sum(scores[2])
        band = 0 if recency >= 3.5 else 1 if recency >= 2.5 else 2
        return band, -rest / len(won[name]), name

    return sorted(won, key=place)


def tier_segments(cells: pd.DataFrame, period: int, scoring: Scoring) -> pd.DataFrame:
    """Tiers: New, At-Risk, VIP, Low Value or Regular, the first that fits.

    Parameters
    ----------
    cells : pandas.DataFrame
        As returned by `analytics.metrics.customer_scores.score_cells`.
    period : int
        Position of the period among those that the scores were made for.
    scoring : Scoring
        The same as for the cells.

    Returns
    -------
    pandas.DataFrame
        One row for each tier, also with no customer:

        - ``tier``, ``customer_count`` (int64), ``percentage`` (float64; missing without customers)
        - ``total_revenue`` (float64), ``revenue_contribution`` (float64, percent; missing where the total is
          not above zero)
        - ``criteria``: who belongs to it, in words
        - ``top_customers`` (int64): of the top by revenue; those under At-Risk are the lost VIPs
    """
    here = cells[cells["period"] == period]
    sums = _sums(here, "tier", list(TIERS))
    top = here[here["top"]].groupby("tier")["customer_count"].sum().reindex(list(TIERS), fill_value=0)
    share = f"{scoring.top_percent}% of customers by revenue"
    criteria = {
        "New": f"First purchase in the last {scoring.new_days} days",
        "At-Risk": f"No purchase for {scoring.at_risk_days} days or more",
        "VIP": f"Among the top {share}",
        "Low Value": f"Among the bottom {share}",
        "Regular": "Everybody else",
    }
    return pd.DataFrame(
        {
            "tier": list(TIERS),
            "customer_count": sums["customer_count"].to_numpy(),
            "percentage": percentage(sums["customer_count"], here["customer_count"].sum()),
            "total_revenue": sums["revenue"].to_numpy(),
            "revenue_contribution": _contribution(sums["revenue"]),
            "criteria": [criteria[tier] for tier in TIERS],
            "top_customers": top.to_numpy().astype("int64"),
        }
    )


def segment_movement(
    scores: ibis.Table, comparison: Comparison, table: SegmentTable, scoring: Scoring
) -> pd.DataFrame:
    """Movement between RFM segments since the previous timeframe.

    Parameters
    ----------
    scores : ibis.Table
        As returned by `analytics.metrics.customer_scores.customer_scores` for ``comparison.periods``.
    comparison : Comparison
    table : SegmentTable
        The rule table.
    scoring : Scoring

    Returns
    -------
    pandas.DataFrame
        One row for each pair that somebody made, in the order of `standing`:

        - ``from_segment``: segment at the previous reference date; "First purchase since" and "Came back"
          for those who had none.
        - ``to_segment``: segment now; "Gone inactive" for those who have none any more.
        - ``customer_count`` (int64), ``percentage`` (float64): of those who were in ``from_segment``.
        - ``change``: better, worse, same, joined, returned or left.

        No row at all where the data do not cover the previous timeframe, where customers were or are too few
        to rank, and where RFM segments are not asked for.
    """
    columns = ["from_segment", "to_segment", "customer_count", "percentage", "change"]
    previous, this = comparison.previous, comparison.this
    if previous is None or "movement" not in scoring.blocks:
        return pd.DataFrame(columns=columns)
    between = day_number(this.reference_date) - day_number(previous.reference_date)
    then, today = (comparison.periods.index(period) for period in (previous, this))
    pairs = (
        scores.filter(_.period.isin([then, today]))
        .group_by("customer_id")
        .agg(
            before=_.segment_name.max(where=_.period == then),
            now=_.segment_name.max(where=_.period == today),
            tenure=_.tenure_days.max(where=_.period == today),
        )
        .mutate(
            from_segment=_.before.fill_null((_.tenure <= between).ifelse(JOINED, RETURNED)),
            to_segment=_.now.fill_null(INACTIVE),
        )
        .group_by("from_segment", "to_segment")
        .agg(customer_count=_.count())
        .to_pandas()
    )
    if pairs.empty or pairs[["from_segment", "to_segment"]].isin([TOO_FEW]).any(axis=None):
        return pd.DataFrame(columns=columns)
    order = [*standing(table), JOINED, RETURNED, INACTIVE]
    start, end = pairs["from_segment"].map(order.index), pairs["to_segment"].map(order.index)
    pairs["percentage"] = percentage(
        pairs["customer_count"], pairs.groupby("from_segment")["customer_count"].transform("sum")
    )
    pairs["change"] = [_change(order, a, b) for a, b in zip(start, end, strict=True)]
    pairs = pairs.assign(start=start, end=end).sort_values(["start", "end"], ignore_index=True)
    return pd.DataFrame(pairs[columns])


def customer_list(scores: ibis.Table) -> pd.DataFrame:
    """Customers with their scores, segment and tier, those with the most revenue first.

    Parameters
    ----------
    scores : ibis.Table
        As returned by `analytics.metrics.customer_scores.customer_scores` for one period.

    Returns
    -------
    pandas.DataFrame
        One row for each customer, ties by id: ``customer_id``, ``r_score``, ``f_score``, ``m_score``,
        ``segment_name``, ``tier``, ``recency_days``, ``frequency`` (orders), ``monetary`` (net revenue).
    """
    chosen = scores.select(
        "customer_id",
        "r_score",
        "f_score",
        "m_score",
        "segment_name",
        "tier",
        "recency_days",
        frequency=_.orders,
        monetary=_.revenue.cast("float64"),
    )
    found: pd.DataFrame = chosen.order_by([ibis.desc("monetary"), "customer_id"]).to_pandas()
    return found


def recency_frequency(people: pd.DataFrame, table: SegmentTable) -> pd.DataFrame:
    """Count customers into a grid of days since the last order by number of orders.

    Parameters
    ----------
    people : pandas.DataFrame
        As returned by `customer_list`.
    table : SegmentTable
        The rule table.

    Returns
    -------
    pandas.DataFrame
        One row for each cell and group with a customer:

        - ``days`` (int64): first day of the cell; 1, 16, 31 … days since the last order.
        - ``orders`` (int64): 1 to 12, the last standing for 12 and more.
        - ``group``: the segment where it is the best one, the one of those who have just begun, or one of
          good customers who have been away for long; else "Others".
        - ``role``: best, new, away or other.
        - ``customer_count`` (int64)
    """
    role = people["segment_name"].map(_roles(table)).fillna("other")
    cells = pd.DataFrame(
        {
            "days": 1 + (people["recency_days"] - 1) // GRID_DAYS * GRID_DAYS,
            "orders": people["frequency"].clip(upper=GRID_ORDERS),
            "group": people["segment_name"].where(role != "other", "Others"),
            "role": role,
        }
    )
    counted = cells.groupby(list(cells.columns), as_index=False).agg(customer_count=("days", "size"))
    return counted.astype({"days": "int64", "customer_count": "int64"})


def if_any(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Give a frame as it is, and None where it has no row: a block that could not be computed is null."""
    return None if frame.empty else frame


def _roles(table: SegmentTable) -> dict[str, str]:
    codes = segment_codes(table.rules)
    roles = {codes["155"]: "away", codes["255"]: "away", codes["144"]: "away", codes["133"]: "away"}
    return roles | {codes["511"]: "new"} | {codes["555"]: "best"}


def _change(order: list[str], start: int, end: int) -> str:
    if order[start] in (JOINED, RETURNED):
        return "joined" if order[start] == JOINED else "returned"
    if order[end] == INACTIVE:
        return "left"
    return "same" if start == end else "better" if end < start else "worse"


def _sums(cells: pd.DataFrame, key: str, names: list[str]) -> pd.DataFrame:
    columns = ["customer_count", "revenue", "recency_days", "orders"]
    sums = cells.groupby(key)[columns].sum().reindex(names, fill_value=0)
    return sums.assign(revenue=sums["revenue"].round(4))


def _average(total: pd.Series, count: pd.Series) -> Floats:
    return (total / count.where(count > 0)).to_numpy(dtype="float64")


def _contribution(revenue: pd.Series) -> Floats:
    total = round(float(revenue.sum()), 4)
    return percentage(revenue, total if total > 0 else float("nan"))
