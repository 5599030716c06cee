"""Tables of the way from lead to renewal: formatted rows, in the order of the column that matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import FEW, Cell, Column, Table
from analytics.tables.cells import between


def stages(rows: pd.DataFrame, format: Format) -> Table | None:
    """The stages of the funnel in figures.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.funnel_stages`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a lead.
    """
    if not rows["subjects"].iloc[0]:
        return None
    names = ("Reached", "Of leads", "95% interval", "Entered", "Skipped", "Stand there now")
    body = tuple(
        (
            str(row["stage"]),
            format.count(row["subjects"]),
            format.percent(row["percent_of_leads"]),
            between(row["percent_of_leads_low"], row["percent_of_leads_high"], format),
            format.count(row["entered"]),
            format.count(row["skipped"]),
            format.count(row["standing"]),
        )
        for row in rows.to_dict("records")
    )
    return Table(_columns("Stage", names), body, folded="Stages in figures")


def steps(rows: pd.DataFrame, format: Format) -> Table | None:
    """The steps from stage to stage; grey where fewer than 30 could take one.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.conversion_rates`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where nobody could take any step, now or before.
    """
    if not rows["from_subjects"].sum() and not rows["mature_rate_n"].sum():
        return None
    names = (
        "This timeframe",
        "Went on",
        "Median days",
        "Usual days",
        "With time",
        "95% interval",
        "Had time",
    )
    body = tuple(
        (
            f"{row['from_stage']} → {row['to_stage']}",
            _early(row, format),
            f"{format.count(row['to_subjects'])} of {format.count(row['from_subjects'])}",
            format.number(row["median_days"]),
            format.number(row["usual_days"]),
            format.percent(row["mature_rate"]),
            between(row["mature_rate_low"], row["mature_rate_high"], format),
            format.count(row["mature_rate_n"]),
            "bottleneck" if row["is_bottleneck"] else "",
        )
        for row in rows.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(rows["mature_rate_n"]) if n < FEW)
    return Table((*_columns("Step", names), Column("")), body, unsure=few)


def groups(rows: pd.DataFrame, column: str, format: Format, *, folded: bool) -> Table | None:
    """The funnel by source or region, most leads first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.by_group`. It is not modified.
    column : {"source", "region"}
    format : Format
    folded : bool
        Whether it stands under a picture.

    Returns
    -------
    Table or None
        None without a lead.
    """
    if rows.empty:
        return None
    stages = ("lead", "mql", "sql", "customer", "retained", "expansion", "churned")
    heads = ("Leads", "MQL", "SQL", "Customers", "Retained", "Expansion", "Churned")
    names = (*heads, "With time", "95% interval", "Had time")
    body = tuple(
        (
            str(row[column]),
            *(format.count(row[stage]) for stage in stages),
            format.percent(row["mature_conversion_rate"]),
            between(row["mature_conversion_rate_low"], row["mature_conversion_rate_high"], format),
            format.count(row["mature_conversion_rate_n"]),
        )
        for row in rows.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(rows["mature_conversion_rate_n"]) if n < FEW)
    name = column.capitalize()
    return Table(_columns(name, names), body, unsure=few, folded=f"{name}s in figures" if folded else "")


def reconciliation(items: Mapping[str, int], format: Format, *, listed: bool) -> Table | None:
    """From the leads table to the funnel, step by step.

    Parameters
    ----------
    items : mapping of str to int
        As returned by `analytics.metrics.lifecycle.reconciliation`.
    format : Format
    listed : bool
        Whether there is a leads table.

    Returns
    -------
    Table or None
        None without one.
    """
    if not listed:
        return None
    rows = tuple(
        (words, f"{'−' if name in _TAKEN_OFF and items[name] else ''}{format.count(items[name])}")
        for name, words in _RECONCILED.items()
    )
    return Table(
        (Column("What"), Column("Leads", number=True)), rows, folded="From the leads table to the funnel"
    )


def paths(rows: pd.DataFrame, format: Format) -> Table | None:
    """The commonest paths.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.commonest_paths`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a lead.
    """
    if rows.empty:
        return None
    columns = (
        Column("Path"),
        Column("Leads", number=True),
        Column("Share", number=True),
        Column("", bar=True),
        Column("Days", number=True),
        Column("Outcome"),
    )
    top = float(rows["share"].max())
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (
            "All other paths" if row["path"] == "other" else str(row["path"]),
            format.count(row["subjects"]),
            format.share(row["share"]),
            100 * row["share"] / top,
            format.number(row["median_days"]),
            str(row["outcome"]).capitalize(),
        )
        for row in rows.to_dict("records")
    )
    return Table(columns, body)


def financial(history: pd.DataFrame, format: Format, *, previous: int | None, year: int | None) -> Table:
    """Cost, worth and payback now, in the timeframe before and a year earlier.

    Parameters
    ----------
    history : pandas.DataFrame
        As `analytics.models.customer_lifecycle.Lifecycle` holds it. It is not modified.
    format : Format
    previous, year : int or None
        Rows of the other timeframes; None where there is none.

    Returns
    -------
    Table
    """
    rows = [history.iloc[-1], *(None if place is None else history.iloc[place] for place in (previous, year))]
    heads = ["Now", "Timeframe before", "A year earlier"]
    if previous is not None and previous == year:
        rows, heads = rows[:2], ["Now", "A year earlier"]
    body = tuple(
        (words, *(MISSING if row is None else _money_cell(name, row, format) for row in rows))
        for name, words in _MONEY.items()
    )
    few = [
        i for i, name in enumerate(_MONEY) if f"{name}_n" in history and history[f"{name}_n"].iloc[-1] < FEW
    ]
    return Table(_columns("What", heads), body, unsure=frozenset(few))


def kinds(rows: pd.DataFrame, format: Format) -> Table | None:
    """The same for customers with a contract and without.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_economics.by_kind`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where there are customers of one kind only.
    """
    if len(rows) < 2:
        return None
    names = ("New", "Customer-months", "Lost", "Lost a month", "Profit a month", "Worth", "95% interval")
    body = tuple(
        (
            _KINDS[str(row["kind"])],
            format.count(row["new_customers"]),
            format.count(row["customer_months"]),
            format.count(row["lost_customers"]),
            format.percent(row["monthly_churn_percent"]),
            format.money(row["monthly_profit_per_customer"]),
            format.money(row["ltv"]),
            _money_between(row, format),
        )
        for row in rows.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(rows["ltv_n"]) if n < FEW)
    return Table(_columns("Customers", names), body, unsure=few, folded="With a contract and without")


def _columns(first: str, others: Any) -> tuple[Column, ...]:
    return (Column(first), *(Column(name, number=True) for name in others))


def _early(row: Mapping[Any, Any], format: Format) -> str:
    rate = format.percent(row["conversion_rate"])
    return f"{rate} (too early)" if row["too_young"] else rate


def _money_cell(name: str, row: pd.Series, format: Format) -> str:
    value = row[name]
    if name == "monthly_churn_percent":
        return format.percent(value, 2)
    if name in ("new_customers", "lost_customers", "customer_months"):
        return format.count(value)
    if name == "payback_months":
        return _payback(value, format)
    if name == "ltv_cac":
        return MISSING if pd.isna(value) else f"{format.number(value, 1)} ×"
    if name == "ltv_low":
        return _money_between(row, format)
    return format.money(value)


def _payback(months: float, format: Format) -> str:
    """Months, or under one the days."""
    if pd.isna(months):
        return MISSING
    return (
        f"{format.number(months, 1)} months" if months >= 1 else format.days(max(1, round(months * 365 / 12)))
    )


def _money_between(row: Any, format: Format) -> str:
    if pd.isna(row["ltv_low"]):
        return MISSING
    return f"{format.money(row['ltv_low'])} to {format.money(row['ltv_high'])}"


_KINDS = {"contract": "With a contract", "purchase": "Without, by purchases"}
_MONEY = {
    "acquisition_cost": "Cost of campaigns for acquisition",
    "new_customers": "New customers",
    "cac": "Cost of a new customer",
    "monthly_profit_per_customer": "Profit per customer and month",
    "customer_months": "Customer-months",
    "lost_customers": "Customers lost",
    "monthly_churn_percent": "Lost a month",
    "ltv": "Worth of a customer",
    "ltv_low": "95% interval of it",
    "ltv_cac": "Worth / cost",
    "payback_months": "Payback",
}
_RECONCILED = {
    "leads_table": "Rows of the leads table created in the timeframe",
    "entered_outside": "whose stage Lead is dated outside it",
    "created_outside": "created outside it, whose stage Lead is dated inside",
    "without_row": "in the stage Lead without a row in the table",
    "leads": "Leads of the funnel",
    "converted_table": "of them with a conversion in the table",
    "not_customers": "whose stage Customer is not reached by then",
    "not_converted": "customers by their stage, without a conversion in the table",
    "customers": "Customers of the funnel",
}
_TAKEN_OFF = ("entered_outside", "not_customers")
