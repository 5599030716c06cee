"""Cells that several tables of the pipeline have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Column

DASH = "–"
FIRST = 10
"""Rows that a list shows at once; the rest is folded."""
WHO = (Column("Deal"), Column("Company"), Column("Owner"))
"""Heads of the cells of `who`."""


def of_rows(rows: pd.DataFrame, limit: int, format: Format) -> str:
    """How many rows there are in all, where more than are shown; else an empty text."""
    return format.count(len(rows)) if len(rows) > limit else ""


def when(days: float, format: Format) -> str:
    """How far away a day is: ``in 3 days``, ``today``, ``12 days overdue``."""
    return f"{format.days(-days)} overdue" if days < 0 else f"in {format.days(days)}" if days else "today"


def health(row: Mapping[Any, Any], format: Format) -> str:
    """A deal's health with its category, a dash where it is not known."""
    if pd.isna(row["health_score"]):
        return DASH
    return f"{format.number(row['health_score'])} {row['health_category']}"


def text(value: Any) -> str:
    """Text from data, a dash where it is missing."""
    return DASH if value is None or pd.isna(value) or value == "" else str(value)


def between(low: float, high: float, format: Format) -> str:
    """An interval of percentages, a dash where it is missing."""
    if pd.isna(low):
        return DASH
    return f"{format.number(low)} to {format.percent(high, 0)}"


def who(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    """Name, company and owner of a deal; its id where it has no name."""
    return str(row["name"] or row["deal_id"]), text(row["company"]), text(row["owner"])
