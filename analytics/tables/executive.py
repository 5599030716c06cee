"""Tables for the board: alerts with their rules, and all figures with the report that each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.board import (
    NAMES,
    alert_name,
    alert_words,
    change_words,
    records,
    report_name,
    rule_words,
    usual_words,
)
from analytics.page.pieces import Cell, Column, Link, Table


def alerts(rows: pd.DataFrame, format: Format) -> Table | None:
    """What breaks a rule, with a link to the report that shows how it comes about, and the rule.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.alerts.find_alerts`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without an alert.
    """
    if rows.empty:
        return None
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (_linked(alert_name(row), row), alert_words(format, row), rule_words(format, row))
        for row in records(rows)
    )
    return Table((Column("About"), Column("What"), Column("Rule")), body)


def kpis(figures: pd.DataFrame, format: Format, *, previous: str) -> Table:
    """All figures, in the order of the specification, also those that no report shows.

    Parameters
    ----------
    figures : pandas.DataFrame
        As returned by `analytics.models.board.read_figures`. It is not modified.
    format : Format
    previous : str
        The timeframe before, in words.
    """
    columns = (
        Column("Figure"),
        Column("Value", number=True),
        Column("Change", number=True),
        Column("Usual", number=True),
        Column("On a year earlier", number=True),
        Column("Report"),
        Column("What it is"),
    )
    rows = records(figures)
    body: tuple[tuple[Cell, ...], ...] = tuple(_figure(format, row, previous) for row in rows)
    unsure = frozenset(i for i, row in enumerate(rows) if row["unsure"])
    return Table(columns, body, caption=f"Change against {previous}, unless said otherwise", unsure=unsure)


def funnel(rows: pd.DataFrame, format: Format) -> Table | None:
    """How many leads reached each stage, in figures.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``stages`` of `analytics.models.board.read_funnel`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a stage.
    """
    if rows.empty:
        return None
    show = format
    body = tuple(
        (
            str(row["stage"]),
            show.count(row["subjects"]),
            show.percent(row.get("percent_of_leads")),
        )
        for row in records(rows)
    )
    columns = (Column("Stage"), Column("Leads", number=True), Column("Of all leads", number=True))
    return Table(columns, body, folded="The funnel in figures")


def _figure(format: Format, row: Mapping[str, Any], previous: str) -> tuple[Cell, ...]:
    name = NAMES[row["figure"]]
    if pd.isna(row["value"]):
        return (name, MISSING, MISSING, MISSING, MISSING, _linked(report_name(row["report"]), row), _why(row))
    changes = [*row["changes"], None, None][:2]
    label, base = str(row["label"]), str(row["base"])
    what = base if label.casefold() == name.casefold() else ": ".join(filter(None, [label, base]))
    said = change_words(changes[0])
    return (
        name,
        str(row["shown"]),
        said or MISSING,
        usual_words(format, row) or MISSING,
        change_words(changes[1]) or MISSING,
        _linked(report_name(row["report"]), row),
        what
        if not said or changes[0]["than"] == previous
        else f"{what}; change against {changes[0]['than']}",
    )


def _why(row: Mapping[str, Any]) -> str:
    """Say why a figure is not there."""
    if row["state"] in ("found", "no data"):
        return f"{report_name(row['report'])} has no such figure for this timeframe"
    return f"{report_name(row['report'])}: {row['missing']}"


def _linked(words: str, row: Mapping[str, Any]) -> Cell:
    return Link(words, row["link"]) if row["link"] else words
