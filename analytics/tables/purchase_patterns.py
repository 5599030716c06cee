"""Tables of how customers buy: formatted rows, in the order of the column that matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Cell, Column, Table
from analytics.tables.cells import of_rows


def over_time(rows: pd.DataFrame, names: Sequence[str], format: Format, *, limit: int = 50) -> Table | None:
    """Periods in order, those that the timeframe cuts marked.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.purchase_patterns.transactions_over_time`. It is not modified.
    names : sequence of str
        Name of each period.
    format : Format
    limit : int, default 50
        Most rows to show, the newest.

    Returns
    -------
    Table or None
        None without periods.
    """
    if rows.empty:
        return None
    columns = (
        Column("From"),
        Column("Orders", number=True),
        Column("Customers", number=True),
        Column("Revenue", number=True),
        Column("Revenue an order", number=True),
        Column(""),
    )
    body = tuple(
        (
            name,
            format.count(row.transaction_count),
            format.count(row.unique_customers),
            format.money(row.revenue),
            format.money(row.avg_basket_size),
            "cut by the timeframe" if row.cut else "",
        )
        for name, row in zip(names, rows.itertuples(), strict=True)
    )
    return Table(
        columns, body[-limit:], of_rows=of_rows(rows, limit, format), folded="Every period, oldest first"
    )


def frequency(figures: dict[str, Any], format: Format) -> Table | None:
    """How often orders come, in one row for each measure.

    Parameters
    ----------
    figures : dict
        As returned by `analytics.metrics.purchase_patterns.purchase_frequency`.
    format : Format

    Returns
    -------
    Table or None
        None before the timeframe has begun.
    """
    if figures["orders_per_day"] is None:
        return None
    body = (
        ("Orders a calendar day", format.number(figures["orders_per_day"], 1)),
        ("Orders in 7 days", format.number(figures["orders_per_week"], 1)),
        ("Orders in 30 days", format.number(figures["orders_per_month"], 1)),
        ("Days between two visits of a customer", format.number(figures["avg_days_between_purchases"], 1)),
    )
    return Table((Column("How often"), Column("On average", number=True)), body)


def baskets(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Table | None:
    """Ranges of basket value, the lowest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.basket_analysis`. It is not modified.
    names : sequence of str
        Name of each range.
    format : Format

    Returns
    -------
    Table or None
        None without orders.
    """
    total = int(rows["transaction_count"].sum())
    if not total:
        return None
    columns = (
        Column("Basket"),
        Column("Orders", number=True),
        Column("Share", number=True),
        Column("Items an order", number=True),
        Column("Value an order", number=True),
    )
    body = tuple(
        (
            name,
            format.count(row.transaction_count),
            format.percent(row.percentage),
            format.number(row.avg_items, 1),
            format.money(row.avg_amount),
        )
        for name, row in zip(names, rows.itertuples(), strict=True)
    )
    worth = (rows["transaction_count"] * rows["avg_amount"].fillna(0.0)).sum()
    last = ("All", format.count(total), format.percent(100), "", format.money(worth / total))
    return Table(columns, body, "Before returns", last, unsure=_few(rows))


def payments(rows: pd.DataFrame, format: Format) -> Table | None:
    """Payment methods, the commonest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.payment_preferences`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where no method is known.
    """
    if rows.empty:
        return None
    columns = (
        Column("Paid by"),
        Column("Orders", number=True),
        Column("Share", number=True),
        Column("Value an order", number=True),
    )
    body = tuple(
        (
            str(row.payment_method),
            format.count(row.transaction_count),
            format.percent(row.percentage),
            format.money(row.avg_transaction_value),
        )
        for row in rows.itertuples()
    )
    return Table(columns, body, folded="The methods in figures", unsure=_few(rows))


def by_day(rows: pd.DataFrame, format: Format) -> Table | None:
    """Weekdays from Monday.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``by_day_of_week`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without orders.
    """
    if not rows["transaction_count"].sum():
        return None
    columns = (
        Column("Weekday"),
        Column("Occurred", number=True),
        Column("Orders", number=True),
        Column("Orders on such a day", number=True),
    )
    body = tuple(
        (
            str(row.day_of_week),
            format.count(row.occurrences),
            format.count(row.transaction_count),
            format.number(row.avg_transactions, 1),
        )
        for row in rows.itertuples()
    )
    return Table(columns, body, folded="Weekdays in figures")


def by_hour(rows: pd.DataFrame | None, format: Format) -> Table | None:
    """Hours that have an order.

    Parameters
    ----------
    rows : pandas.DataFrame or None
        ``by_hour`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where hours are not known, or without orders.
    """
    if rows is None or not rows["transaction_count"].sum():
        return None
    columns = (Column("Hour"), Column("Orders", number=True), Column("Share", number=True))
    body = tuple(
        (f"{row.hour:02}:00", format.count(row.transaction_count), format.percent(row.percentage))
        for row in rows[rows["transaction_count"] > 0].itertuples()
    )
    return Table(columns, body, folded="Hours in figures")


def by_month(rows: pd.DataFrame, format: Format) -> Table | None:
    """Months of the year.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``by_month`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without orders.
    """
    if not rows["transaction_count"].sum():
        return None
    columns = (
        Column("Month"),
        Column("Days in the timeframe", number=True),
        Column("Orders", number=True),
        Column("Orders a day", number=True),
        Column(""),
    )
    body = tuple(
        (
            str(row.month_name),
            format.count(row.days),
            format.count(row.transaction_count),
            format.number(row.avg_transactions, 1),
            "cut by the timeframe" if row.cut else "",
        )
        for row in rows.itertuples()
    )
    return Table(columns, body, folded="Months in figures")


def season(by_month: pd.DataFrame, by_quarter: pd.DataFrame, format: Format) -> Table | None:
    """Quarters, then months, in percent of an average one.

    Parameters
    ----------
    by_month, by_quarter : pandas.DataFrame
        Of `analytics.metrics.purchase_times.Seasonality`. They are not modified.
    format : Format

    Returns
    -------
    Table or None
        None under two years of history.
    """
    if by_month.empty:
        return None
    columns = (
        Column("Part of the year"),
        Column("Of an average one", number=True),
        Column("Revenue a month", number=True),
    )
    named = [("quarter", by_quarter), ("month_name", by_month)]
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (
            str(row[name]),
            format.percent(100 * row["seasonal_index"]),
            format.money(row["average_revenue"]),
        )
        for name, frame in named
        for row in frame.to_dict("records")
    )
    return Table(columns, body, folded="Quarters and months in figures")


def categories(
    rows: pd.DataFrame, format: Format, *, thing: str = "Category", limit: int = 50
) -> Table | None:
    """Categories, the commonest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_preferences`. It is not modified.
    format : Format
    thing : str, default "Category"
        Head of the first column.
    limit : int, default 50
        Most rows to show.

    Returns
    -------
    Table or None
        None without lines.
    """
    if rows.empty:
        return None
    columns = (
        Column(thing),
        Column("Orders with it", number=True),
        Column("Share of orders", number=True),
        Column("Spent on it each time", number=True),
        Column("Revenue", number=True),
    )
    body = tuple(
        (
            str(row.category),
            format.count(row.purchase_count),
            format.percent(row.percentage),
            format.money(row.avg_spend),
            format.money(row.revenue),
        )
        for row in rows.head(limit).itertuples()
    )
    few = frozenset(i for i, n in enumerate(rows["purchase_count"].head(limit)) if n < FEW)
    return Table(columns, body, of_rows=of_rows(rows, limit, format), folded="In figures", unsure=few)


def pairs(rows: pd.DataFrame, format: Format, *, limit: int = 50) -> Table | None:
    """Pairs bought together, those furthest above chance first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_pairs`. It is not modified.
    format : Format
    limit : int, default 50
        Most rows to show.

    Returns
    -------
    Table or None
        None without pairs.
    """
    if rows.empty:
        return None
    columns = (
        Column("Who buys"),
        Column("also buys"),
        Column("Orders with both", number=True),
        Column("Support", number=True),
        Column("Confidence", number=True),
        Column("Lift", number=True),
        Column("Lift, 95%", number=True),
    )
    body = tuple(
        (
            str(row.category),
            str(row.other_category),
            format.count(row.purchase_count),
            format.share(row.support),
            format.share(row.confidence),
            format.number(row.lift, 2),
            f"{format.number(row.lift_low, 2)} to {format.number(row.lift_high, 2)}",
        )
        for row in rows.head(limit).itertuples()
    )
    few = frozenset(i for i, n in enumerate(rows["purchase_count"].head(limit)) if n < FEW)
    total = int(rows.attrs.get("pairs", len(rows)))
    of_all = format.count(total) if total > limit else ""
    return Table(columns, body, of_rows=of_all, folded="Pairs in figures", unsure=few)


def following(rows: pd.DataFrame, format: Format, *, limit: int = 50) -> Table | None:
    """Customers with what to offer them, one row a customer, the surest first offer on top.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.next_categories.next_categories`. It is not modified.
    format : Format
    limit : int, default 50
        Most rows to show.

    Returns
    -------
    Table or None
        None where nothing can be offered.
    """
    if rows.empty:
        return None
    first = rows[rows["rank"] == 1].sort_values(
        ["confidence", "lift", "customer_id"], ascending=[False, False, True]
    )
    shown = first.head(limit)
    later = rows[(rows["rank"] > 1) & rows["customer_id"].isin(shown["customer_id"])]
    then = later.sort_values("rank").groupby("customer_id")["category"].agg(", ".join)
    columns = (
        Column("Customer"),
        Column("Offer first"),
        Column("because they have"),
        Column("Of such customers, bought it after", number=True),
        Column("Lift", number=True),
        Column("Then"),
    )
    body = tuple(
        (
            str(row.customer_id),
            str(row.category),
            str(row.after_category),
            format.share(row.confidence, 0),
            format.number(row.lift, 2),
            str(then.get(row.customer_id, "")),
        )
        for row in shown.itertuples()
    )
    many = of_rows(first, limit, format)
    return Table(columns, body, of_rows=many, folded="Customers and what to offer them")


def _few(rows: pd.DataFrame) -> frozenset[int]:
    return frozenset(i for i, count in enumerate(rows["transaction_count"]) if count < FEW)
