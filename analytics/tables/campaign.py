"""Tables of the campaign dashboard: formatted rows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Column, Table

FOLDED = "The figures"


def kpis(history: pd.DataFrame, format: Format) -> Table:
    """All six figures of the timeframe, each with what it is made of.

    Parameters
    ----------
    history : pandas.DataFrame
        As returned by `analytics.metrics.campaign.campaign_kpis`; its last row is shown. It is not modified.
    format : Format
    """
    row = history.iloc[-1]
    n, orders = format.count(row["total_customer"]), format.count(row["orders"])
    known = format.count(row["profit_customers"])
    low, high = format.percent(row["retention_rate_low"]), format.percent(row["retention_rate_high"])
    cells = (
        ("Customers", n, f"with {orders} orders"),
        ("Spending", format.money(row["customer_spending"]), "net of returns"),
        (
            "Units an order",
            format.number(row["unit_per_transaction"], 1),
            f"units net of returns over {format.count(row['unit_orders'])} orders whose units are known",
        ),
        (
            "Profit a customer",
            format.money(row["profit_per_customer"]),
            f"over {known} of {n} customers, whose profit is known"
            if row["profit_customers"]
            else "not known",
        ),
        ("Days to return", format.days(row["days_to_return"], 1), "mean of all gaps between visits"),
        (
            "Repeat visit rate",
            format.percent(row["retention_rate"]),
            f"two visits or more; 95% interval {low} to {high}",
        ),
    )
    few = frozenset({5}) if row["retention_rate_n"] < FEW else frozenset()
    return Table((Column("Figure"), Column("Value", number=True), Column("Made of")), cells, unsure=few)


def scores(blocks: Sequence[pd.DataFrame], format: Format) -> Table:
    """Customers by score: one row a score, one pair of columns for each of R, F and M."""
    columns = [Column("Score")]
    for block in blocks:
        name = str(block.columns[0])[0].upper()
        columns += [Column(f"{name}: customers", number=True), Column(f"{name}: spent", number=True)]
    cells = []
    for place in range(5):
        row = [str(5 - place)]
        for block in blocks:
            row += [
                format.count(block["customer_count"].iloc[place]),
                format.money(block["spending"].iloc[place]),
            ]
        cells.append(tuple(row))
    total = ["All"]
    for block in blocks:
        total += [format.count(block["customer_count"].sum()), format.money(block["spending"].sum())]
    return Table(tuple(columns), tuple(cells), total=tuple(total), folded=FOLDED)


def buckets(rows: pd.DataFrame, head: str, names: Sequence[str], format: Format) -> Table:
    """Customers by bucket, with their share and what they spent; the total is all selected customers."""
    cells = [
        (
            name,
            format.count(row["customer_count"]),
            format.percent(row["percentage"]),
            format.money(row["spending"]),
        )
        for name, (_, row) in zip(names, rows.iterrows(), strict=True)
    ]
    total = ("All", format.count(rows["customer_count"].sum()), "", format.money(rows["spending"].sum()))
    heads = (Column(head), *(Column(name, number=True) for name in ("Customers", "Share", "Spent")))
    return Table(heads, tuple(cells), total=total, folded=FOLDED)


def segments(rows: pd.DataFrame, actions: Sequence[str], format: Format) -> Table:
    """Segments with their share of customers and of spending, and what to do about each."""
    heads = ("Segment", "Customers", "Share", "Spent", "Of spending", "What to do")
    cells = [
        (
            str(row["segment_name"]),
            format.count(row["customer_count"]),
            format.percent(row["percentage"]),
            format.money(row["spending"]),
            format.percent(row["spending_percent"]),
            action,
        )
        for action, (_, row) in zip(actions, rows.iterrows(), strict=True)
    ]
    return Table(tuple(Column(head, number=0 < i < 5) for i, head in enumerate(heads)), tuple(cells))


def fiscal_years(rows: pd.DataFrame, format: Format) -> Table | None:
    """New and old customers by fiscal year; None without any. Years with under 30 customers are grey."""
    if rows.empty:
        return None
    heads = ("Fiscal year", "Customers", "New", "New share", "95% interval", "Old", "Old share")
    cells = []
    for _, row in rows.iterrows():
        low, high = format.percent(row["new_percentage_low"]), format.percent(row["new_percentage_high"])
        cells.append(
            (
                f"{row['fiscal_year']}{'*' if row['cut'] else ''}",
                format.count(row["new_percentage_n"]),
                format.count(row["new_customers"]),
                format.percent(row["new_percentage"]),
                f"{low} to {high}",
                format.count(row["old_customers"]),
                format.percent(row["old_percentage"]),
            )
        )
    few = frozenset(i for i, n in enumerate(rows["new_percentage_n"]) if n < FEW)
    caption = (
        "* The timeframe, or the last day that was read, takes a part of the year away"
        if rows["cut"].any()
        else ""
    )
    return Table(
        tuple(Column(head, number=i > 0) for i, head in enumerate(heads)), tuple(cells), caption, unsure=few
    )
