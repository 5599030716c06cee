"""Tables of the retention report: formatted rows, and the cohort triangle."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Cell, Column, Heat, HeatCell, Table
from analytics.page.tokens import STEPS

SCALES = (35, 60, 100)
"""Ends of the cohort triangle's scale in percent: the least that holds every cell."""
WIDTH = 13
"""Steps after the first order that the page shows; the files have them all."""


def trends(rows: pd.DataFrame, format: Format) -> Table | None:
    """The books of each whole month, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.retention.retention_books`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a whole month.
    """
    if rows.empty:
        return None
    newest = rows.iloc[::-1].reset_index(drop=True)
    count = format.count
    body = tuple(
        (
            format.month(row.start) + (" *" if row.left_truncated else ""),
            count(row.starting_customers),
            count(row.new_customers),
            count(row.new_lapsed),
            count(row.reactivated_customers),
            count(row.churned_customers),
            count(row.ending_customers),
            format.percent(row.retention_rate),
            _between(format, row.retention_rate_low, row.retention_rate_high),
        )
        for row in newest.itertuples()
    )
    marked = (
        ". * The data begin too late to know whether all of the new are new"
        if newest["left_truncated"].any()
        else ""
    )
    return Table(
        columns=(
            Column("Month"),
            *(
                Column(name, number=True)
                for name in ("Active at start", "New", "Of these lapsed", "Came back")
            ),
            *(Column(name, number=True) for name in ("Lost", "Active at end", "Stayed", "95% interval")),
        ),
        rows=body,
        caption=f"Customers by month{marked}",
        folded="The figures, by month",
        unsure=frozenset(newest.index[newest["retention_rate_n"] < FEW]),
    )


def rates(row: pd.Series, format: Format, *, churn_days: int) -> Table:
    """How the rates change with the days of silence after which a customer counts as lapsed.

    Parameters
    ----------
    row : pandas.Series
        One row of `analytics.metrics.retention.retention_books`.
    format : Format
    churn_days : int
    """
    lengths = sorted(({60: "_60", 180: "_180"} | {churn_days: ""}).items())
    return Table(
        columns=(
            Column("Lapsed after"),
            *(Column(name, number=True) for name in ("Active at start", "Stayed", "95% interval", "Lost")),
        ),
        rows=tuple(
            (
                format.days(days),
                format.count(row[f"retention_rate{ending}_n"]),
                format.percent(row[f"retention_rate{ending}"]),
                _between(format, row[f"retention_rate{ending}_low"], row[f"retention_rate{ending}_high"]),
                format.percent(row[f"churn_rate{ending}"]),
            )
            for days, ending in lengths
        ),
        caption="The same customers, counted as lapsed after a shorter and a longer silence",
        unsure=frozenset(
            place for place, (_, ending) in enumerate(lengths) if row[f"retention_rate{ending}_n"] < FEW
        ),
    )


def cohorts(rows: pd.DataFrame, format: Format, *, period: str, page_rows: int = 50) -> Heat | None:
    """The cohort triangle: who ordered in the k-th period after the first order, in percent.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.cohorts.cohort_analysis`. It is not modified.
    format : Format
    period : str
        ``month``, ``quarter`` or ``year``.
    page_rows : int, default 50
        How many cohorts are shown, the newest.

    Returns
    -------
    Heat or None
        None without cohorts, and where no period after the first is over yet.
    """
    steps = _steps(rows)
    if not steps:
        return None
    average, listed = rows.iloc[-1], rows.iloc[:-1].tail(page_rows)
    names = [f"period_{k}_retention" for k in steps]
    sure = listed["initial_customers"] >= FEW
    largest = listed.loc[sure, names].max().max()
    top = next((end for end in SCALES if not largest > end), SCALES[-1])
    shown = f" (the newest {len(listed)} of {len(rows) - 1})" if len(listed) < len(rows) - 1 else ""
    return Heat(
        caption=f"Share of each {period}'s new customers who ordered in a later {period}, per cent{shown}",
        heads=("First order", "New", *(format.count(k) for k in steps)),
        rows=tuple(
            (
                f"{cohort_name(row['cohort'], row, format)}",
                format.count(row["initial_customers"]),
                tuple(_cell(row[name], enough, top, format) for name in names),
            )
            for (_, row), enough in zip(listed.iterrows(), sure, strict=True)
        ),
        average=(
            "All",
            format.count(average["initial_customers"]),
            tuple("" if pd.isna(average[name]) else format.number(average[name]) for name in names),
        ),
        scale=f"0 to {top}% in seven equal steps",
    )


def cohort_revenue(rows: pd.DataFrame, format: Format, *, period: str, page_rows: int = 50) -> Table | None:
    """The same triangle for revenue, folded.

    Parameters
    ----------
    rows, format, period, page_rows
        As for `cohorts`.
    """
    steps = [0, *_steps(rows)] if not rows.empty else []
    if not steps:
        return None
    listed = rows.iloc[:-1].tail(page_rows)
    body: list[tuple[Cell, ...]] = [
        (
            cohort_name(row["cohort"], row, format),
            format.count(row["initial_customers"]),
            *(_amount(row[f"period_{k}_revenue"], format) for k in steps),
            format.count(row["current_active"]),
            format.count(row["churned"]),
        )
        for _, row in listed.iterrows()
    ]
    average = rows.iloc[-1]
    count = len(rows) - 1
    return Table(
        columns=(
            Column("First order"),
            Column("New", number=True),
            *(Column(format.count(k), number=True) for k in steps),
            Column("Active now", number=True),
            Column("Lapsed", number=True),
        ),
        rows=tuple(body),
        caption=f"Net revenue of each {period}'s new customers; 0 is the {period} of the first order",
        total=(
            "Average",
            format.count(average["initial_customers"]),
            *(_amount(average[f"period_{k}_revenue"], format) for k in steps),
            format.count(average["current_active"]),
            format.count(average["churned"]),
        ),
        folded="The same customers' revenue",
        unsure=frozenset(place for place, n in enumerate(listed["initial_customers"]) if n < FEW),
        of_rows=format.count(count) if count > len(listed) else "",
    )


def orders(rows: pd.DataFrame, format: Format) -> Table | None:
    """Customers and revenue by number of orders.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.repeat.customers_by_orders`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without customers.
    """
    if not rows["customer_count"].sum():
        return None
    body = tuple(
        (
            str(row.orders),
            format.count(row.customer_count),
            format.percent(row.percentage),
            format.money(row.revenue),
            format.percent(row.revenue_contribution),
        )
        for row in rows.itertuples()
    )
    total = rows["revenue"].sum()
    return Table(
        columns=(
            Column("Orders so far"),
            *(
                Column(name, number=True)
                for name in ("Customers", "Share", "Net revenue", "Share of revenue")
            ),
        ),
        rows=body,
        total=(
            "All",
            format.count(rows["customer_count"].sum()),
            format.percent(100),
            format.money(total),
            format.percent(100 if total > 0 else None),
        ),
        folded="The figures, by number of orders",
        unsure=frozenset(place for place, n in enumerate(rows["customer_count"]) if n < FEW),
    )


def cohort_name(cohort: str, row: pd.Series, format: Format) -> str:
    """Name a cohort: ``Dec 2010``, ``Q4 2010``, ``2010``; * marks what may be older, … what is cut short."""
    marks = (" *" if row["left_truncated"] else "") + (" …" if row["partial"] else "")
    year, _, rest = str(cohort).partition("-")
    if not rest:
        return year + marks
    if rest.startswith("Q"):
        return f"{rest} {year}{marks}"
    return format.month(pd.Timestamp(int(year), int(rest), 1).date()) + marks


def _steps(rows: pd.DataFrame) -> list[int]:
    """Periods after the first that any cohort has reached, as many as the page has room for."""
    if rows.empty:
        return []
    names = [name for name in rows.columns if name.endswith("_retention")]
    return [k for k in range(1, len(names)) if rows[f"period_{k}_retention"].notna().any()][:WIDTH]


def _cell(value: float, enough: bool, top: float, format: Format) -> HeatCell:
    if pd.isna(value):
        return HeatCell()
    if not enough:
        return HeatCell(state="hidden")
    step = min(STEPS, int(value / top * STEPS) + 1)
    return HeatCell(format.number(value), step, "shown")


def _amount(value: float, format: Format) -> str:
    return "" if pd.isna(value) else format.money(value)


def _between(format: Format, low: Any, high: Any) -> str:
    if pd.isna(low) or pd.isna(high):
        return format.percent(None)
    return f"{format.percent(low, 0)} to {format.percent(high, 0)}"
