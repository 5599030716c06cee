"""Tables of who the customers are: formatted rows, in the order of the column that matters."""

from __future__ import annotations

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Column, Table
from analytics.tables.cells import of_rows


def segments(rows: pd.DataFrame, format: Format) -> Table | None:
    """RFM segments, the most revenue first, each with what to do.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where nobody has a segment.
    """
    ranked = rows[rows["action"] != ""]
    if not ranked["customer_count"].sum():
        return None
    ranked = ranked.sort_values(["total_revenue", "standing"], ascending=[False, True])
    columns = (
        Column("Segment"),
        Column("Customers", number=True),
        Column("Share", number=True),
        Column("Share of revenue", number=True),
        Column("Revenue each", number=True),
        Column("Days since last order", number=True),
        Column("Orders each", number=True),
        Column("What to do"),
    )
    body = tuple(
        (
            str(row.segment_name),
            format.count(row.customer_count),
            format.percent(row.percentage),
            format.percent(row.revenue_contribution),
            format.money(row.avg_revenue),
            format.number(row.avg_recency_days),
            format.number(row.avg_frequency, 1),
            str(row.action),
        )
        for row in ranked.itertuples()
    )
    count, revenue = ranked["customer_count"].sum(), ranked["total_revenue"].sum()
    total = (
        "All",
        format.count(count),
        format.percent(100),
        format.percent(100) if revenue > 0 else format.percent(None),
        format.money(revenue / count),
        format.number(_weighted(ranked, "avg_recency_days")),
        format.number(_weighted(ranked, "avg_frequency"), 1),
        "",
    )
    caption = "RFM segments; revenue is net, since each customer's first order"
    return Table(columns, body, caption, total, unsure=_few(ranked))


def tiers(rows: pd.DataFrame, format: Format) -> Table | None:
    """Tiers in the order in which they are given.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.tier_segments`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without customers.
    """
    if not rows["customer_count"].sum():
        return None
    columns = (
        Column("Tier"),
        Column("Who"),
        Column("Customers", number=True),
        Column("Share", number=True),
        Column("Of the top by revenue", number=True),
        Column("Revenue", number=True),
        Column("Share of revenue", number=True),
    )
    body = tuple(
        (
            str(row.tier),
            str(row.criteria),
            format.count(row.customer_count),
            format.percent(row.percentage),
            format.count(row.top_customers),
            format.money(row.total_revenue),
            format.percent(row.revenue_contribution),
        )
        for row in rows.itertuples()
    )
    revenue = rows["total_revenue"].sum()
    total = (
        "All",
        "",
        format.count(rows["customer_count"].sum()),
        format.percent(100),
        format.count(rows["top_customers"].sum()),
        format.money(revenue),
        format.percent(100) if revenue > 0 else format.percent(None),
    )
    return Table(columns, body, "Tiers, the first that fits", total, unsure=_few(rows))


def movement(rows: pd.DataFrame, format: Format, *, limit: int = 50) -> Table | None:
    """Customers who changed their segment, the largest movements first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.segment_movement`. It is not modified.
    format : Format
    limit : int, default 50
        Most rows to show.

    Returns
    -------
    Table or None
        None where nobody has moved, or there is nothing to compare.
    """
    movers = rows[rows["change"] != "same"]
    if movers.empty:
        return None
    movers = movers.sort_values("customer_count", ascending=False, kind="stable")
    words = {"better": "up", "worse": "down", "joined": "new", "returned": "back", "left": "gone"}
    columns = (
        Column("From"),
        Column("To"),
        Column("Which way"),
        Column("Customers", number=True),
        Column("Of those in “from”", number=True),
    )
    body = tuple(
        (
            str(row.from_segment),
            str(row.to_segment),
            words[str(row.change)],
            format.count(row.customer_count),
            format.percent(row.percentage),
        )
        for row in movers.head(limit).itertuples()
    )
    many = of_rows(movers, limit, format)
    return Table(columns, body, of_rows=many, folded="The movements, the largest first")


def credit(rows: pd.DataFrame, format: Format) -> Table | None:
    """Credit segments, those who owe most of their limit first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.credit.credit_segments`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where credit is not known.
    """
    if rows.empty:
        return None
    columns = (
        Column("Credit"),
        Column("Who"),
        Column("Customers", number=True),
        Column("Share", number=True),
        Column("Average use of the limit", number=True),
        Column("Outstanding", number=True),
    )
    body = tuple(
        (
            str(row.segment_name),
            str(row.criteria),
            format.count(row.customer_count),
            format.percent(row.percentage),
            format.percent(row.avg_utilization),
            format.money(row.total_outstanding),
        )
        for row in rows.itertuples()
    )
    total = (
        "All",
        "",
        format.count(rows["customer_count"].sum()),
        format.percent(100 if rows["customer_count"].sum() else None),
        "",
        format.money(rows["total_outstanding"].sum()),
    )
    caption = f"Balances as of {format.date(rows['as_of'].iloc[0])}"
    return Table(columns, body, caption, total, unsure=_few(rows))


def behaviour(rows: pd.DataFrame, format: Format) -> Table | None:
    """Groups by behaviour with the averages of their customers.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``segments`` of `analytics.models.behaviour.Behaviour`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where there are no groups.
    """
    if rows.empty:
        return None
    broad = bool(rows["avg_category_breadth"].notna().any())
    columns = (
        Column("Group"),
        Column("Customers", number=True),
        Column("Share", number=True),
        Column("Share of revenue", number=True),
        Column("Revenue each", number=True),
        Column("Revenue an order", number=True),
        Column("Orders each", number=True),
        Column("Days since last order", number=True),
        Column("Days since first order", number=True),
        *((Column("Categories each", number=True),) if broad else ()),
    )
    body = tuple(
        (
            str(row.segment_name),
            format.count(row.customer_count),
            format.percent(row.percentage),
            format.percent(row.revenue_contribution),
            format.money(row.avg_revenue),
            format.money(row.avg_basket_size),
            format.number(row.avg_frequency, 1),
            format.number(row.avg_recency_days),
            format.number(row.avg_tenure_days),
            *((format.number(row.avg_category_breadth, 1),) if broad else ()),
        )
        for row in rows.itertuples()
    )
    return Table(columns, body, "Averages of each group's customers", unsure=_few(rows))


def group_choice(rows: pd.DataFrame, format: Format) -> Table | None:
    """How the number of groups was chosen: the silhouette of each number that was tried.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``choice`` of `analytics.models.behaviour.Behaviour`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where there are no groups.
    """
    if rows.empty:
        return None
    columns = (
        Column("Groups"),
        Column("Silhouette, −1 to 1", number=True),
        Column("Customers in the smallest", number=True),
        Column(""),
    )
    body = tuple(
        (
            format.count(row.groups),
            format.number(row.silhouette, 3),
            format.percent(row.smallest),
            "chosen" if row.chosen else "",
        )
        for row in rows.itertuples()
    )
    return Table(columns, body, folded="How the number of groups was chosen")


def customers(
    rows: pd.DataFrame, format: Format, *, limit: int = 50, folded: str = "Customers with the most revenue"
) -> Table | None:
    """Customers with the most revenue: id, segment, tier, scores and what stands behind them.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.customer_list`. It is not modified.
    format : Format
    limit : int, default 50
        Most rows to show.
    folded : str
        Words under which the table is folded; empty where it stands open.

    Returns
    -------
    Table or None
        None without customers.
    """
    if rows.empty:
        return None
    columns = (
        Column("Customer"),
        Column("Segment"),
        Column("Tier"),
        Column("R F M", number=True),
        Column("Days since last order", number=True),
        Column("Orders", number=True),
        Column("Revenue", number=True),
    )
    body = tuple(
        (
            str(row.customer_id),
            str(row.segment_name),
            str(row.tier),
            f"{row.r_score} {row.f_score} {row.m_score}",
            format.number(row.recency_days),
            format.count(row.frequency),
            format.money(row.monetary),
        )
        for row in rows.head(limit).itertuples()
    )
    return Table(columns, body, of_rows=of_rows(rows, limit, format), folded=folded)


def _weighted(rows: pd.DataFrame, column: str) -> float:
    counts = rows["customer_count"]
    return float((rows[column].fillna(0.0) * counts).sum() / counts.sum())


def _few(rows: pd.DataFrame) -> frozenset[int]:
    return frozenset(i for i, count in enumerate(rows["customer_count"]) if count < FEW)
