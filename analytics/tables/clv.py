"""Tables of what customers have brought."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Column, Table


def tenths(rows: pd.DataFrame, format: Format) -> Table:
    """The customers in tenths, the best first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`. It is not modified.
    format : Format

    Returns
    -------
    Table
        With a total; no rows where there are no customers.
    """
    columns = (
        Column("Customers by revenue"),
        Column("Customers", number=True),
        Column("Net revenue", number=True),
        Column("Share of revenue", number=True),
        Column("", bar=True),
        Column("Per customer", number=True),
        Column("From", number=True),
        Column("Orders", number=True),
        Column("Per order", number=True),
    )
    body = tuple(
        (
            _tenth(row.decile, format),
            format.count(row.customers),
            format.money(row.total_revenue),
            format.percent(row.revenue_contribution),
            _bar(row.revenue_contribution),
            format.money(row.average_clv),
            format.money(row.least_revenue),
            format.count(row.total_orders),
            format.money(row.average_order_value),
        )
        for row in _rows(rows)
    )
    heads, revenue, orders = (
        float(rows[name].sum()) for name in ("customers", "total_revenue", "total_orders")
    )
    total = (
        "All",
        format.count(heads),
        format.money(revenue),
        format.percent(100) if revenue > 0 else format.percent(None),
        "",
        format.money(revenue / heads if heads else None),
        "",
        format.count(orders),
        format.money(revenue / orders if orders else None),
    )
    return Table(
        columns,
        body,
        folded="The figures, by tenths of customers",
        total=total if body else None,
    )


def spread(rows: pd.DataFrame, format: Format) -> Table:
    """How many customers have brought how much.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.distribution`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Net revenue so far"),
        Column("Customers", number=True),
        Column("Share of customers", number=True),
        Column("", bar=True),
        Column("Net revenue", number=True),
    )
    whole = float(rows["customers"].sum())
    body = []
    for row in _rows(rows):
        share = 100 * row.customers / whole
        span = f"{format.money_exact(row.from_revenue)} to under {format.money_exact(row.to_revenue)}"
        if pd.isna(row.from_revenue):
            span = f"under {format.money_exact(row.to_revenue)}"
        body.append(
            (span, format.count(row.customers), format.percent(share), share, format.money(row.total_revenue))
        )
    return Table(columns, tuple(body), folded="The figures, by revenue")


def orders(rows: pd.DataFrame, format: Format) -> Table:
    """What customers bring by how often they have ordered.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_orders`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Orders so far"),
        Column("Customers", number=True),
        Column("Share of customers", number=True),
        Column("Net revenue", number=True),
        Column("Share of revenue", number=True),
        Column("", bar=True),
        Column("Per order", number=True),
        Column("Per customer", number=True),
    )
    last = 10
    body = tuple(
        (
            f"{format.count(row.total_orders)}{' or more' if row.total_orders >= last else ''}",
            format.count(row.customers),
            format.percent(row.customer_percent),
            format.money(row.total_revenue),
            format.percent(row.revenue_contribution),
            _bar(row.revenue_contribution),
            format.money(row.average_order_value),
            format.money(row.average_clv),
        )
        for row in _rows(rows)
    )
    unsure = frozenset(i for i, n in enumerate(rows["customers"]) if n < FEW)
    return Table(columns, body, folded="The figures, by number of orders", unsure=unsure)


def joining(years: pd.DataFrame, format: Format) -> Table:
    """What customers bring by the year they joined.

    Parameters
    ----------
    years : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_joining_year`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Years with fewer than 30 customers whose first year is over are grey.
    """
    columns = (
        Column("Joined in"),
        Column("Customers", number=True),
        Column("Per customer so far", number=True),
        Column("With a whole first year", number=True),
        Column("First-year value", number=True),
        Column("95% interval", number=True),
        Column("Perhaps older", number=True),
    )
    body = tuple(
        (
            str(row.joining_year),
            format.count(row.customers),
            format.money(row.average_clv),
            format.count(row.first_year_customers),
            format.money(row.first_year_value),
            _interval(row.first_year_value_low, row.first_year_value_high, format),
            format.count(row.maybe_older),
        )
        for row in _rows(years)
    )
    unsure = frozenset(i for i, n in enumerate(years["first_year_customers"]) if n < FEW)
    return Table(columns, body, unsure=unsure)


def customers(rows: pd.DataFrame, figures: pd.DataFrame, format: Format) -> Table:
    """The best customers one by one.

    Parameters
    ----------
    rows : pandas.DataFrame
        The first rows of `analytics.metrics.clv.customers_by_value`. It is not modified.
    figures : pandas.DataFrame
        As returned by `analytics.metrics.clv.headlines`; the last row is the total.
    format : Format

    Returns
    -------
    Table
        Names and ids as the data have them, never a mobile number or an e-mail address.
    """
    typed = bool(rows["customer_type"].notna().any())
    gained = bool(rows["total_profit"].notna().any())
    columns = [
        Column("Customer"),
        *([Column("Type")] if typed else []),
        Column("Net revenue", number=True),
        Column("", bar=True),
        Column("Orders", number=True),
        Column("Per order", number=True),
        *([Column("Profit", number=True), Column("Margin", number=True)] if gained else []),
        Column("Last order", number=True),
        Column("Days ago", number=True),
        Column("Days between", number=True),
    ]
    most = float(rows["total_revenue"].max()) if len(rows) else 0.0
    body = []
    for row in _rows(rows):
        named = row.customer_id if pd.isna(row.customer_name) else f"{row.customer_name} ({row.customer_id})"
        body.append(
            (
                str(named),
                *((("" if pd.isna(row.customer_type) else str(row.customer_type)),) if typed else ()),
                format.money_exact(row.total_revenue),
                _bar(100 * row.total_revenue / most if most > 0 else None),
                format.count(row.total_orders),
                format.money(row.average_order_value),
                *(
                    (format.money_exact(row.total_profit), format.percent(row.profit_margin))
                    if gained
                    else ()
                ),
                format.date(row.last_purchase_date),
                format.count(row.tenure_days - row.days_as_customer + 1),
                format.number(row.purchase_frequency_days, 1),
            )
        )
    now = figures.iloc[-1]
    total = (
        "All customers",
        *(("",) if typed else ()),
        format.money_exact(now["total_revenue"]),
        "",
        format.count(now["total_orders"]),
        format.money(now["average_order_value"]),
        *(("", "") if gained else ()),
        *("", "", ""),
    )
    of_rows = format.count(now["total_customers"]) if now["total_customers"] > len(body) else ""
    return Table(tuple(columns), tuple(body), "Customers", total if body else None, of_rows)


def margin(tenth: pd.DataFrame, format: Format) -> Table:
    """Profit and margin of each tenth of customers, and the sales that lack a profit.

    Parameters
    ----------
    tenth : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Customers by revenue"),
        Column("Profit", number=True),
        Column("Revenue with known profit", number=True),
        Column("Margin", number=True),
        Column("Sales without profit", number=True),
    )
    body = tuple(
        (
            _tenth(row.decile, format),
            format.money(row.total_profit),
            format.money(row.revenue_with_profit),
            format.percent(row.profit_margin),
            format.count(row.sales_without_profit),
        )
        for row in _rows(tenth)
        if not pd.isna(row.total_profit)
    )
    return Table(columns, body, folded="The figures, by tenths of customers")


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _tenth(decile: int, format: Format) -> str:
    if decile == 1:
        return f"Best {format.percent(10, 0)}"
    return f"{format.percent(10 * decile - 9, 0)} to {format.percent(10 * decile, 0)}"


def _bar(value: float | None) -> float | str:
    """Length of a bar in percent; nothing where the figure is missing."""
    return "" if value is None or pd.isna(value) else max(-100.0, min(100.0, float(value)))


def _interval(low: float, high: float, format: Format) -> str:
    return format.money(None) if pd.isna(low) else f"{format.money(low)} to {format.money(high)}"
