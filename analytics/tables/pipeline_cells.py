"""Cells that several tables of the pipeline have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import Column
from analytics.tables.cells import text

WHO = (Column("Deal"), Column("Company"), Column("Owner"))
"""Heads of the cells of `who`."""


def when(days: float, format: Format) -> str:
    """How far away a day is: ``in 3 days``, ``today``, ``12 days overdue``."""
    return f"{format.days(-days)} overdue" if days < 0 else f"in {format.days(days)}" if days else "today"


def health(row: Mapping[Any, Any], format: Format) -> str:
    """A deal's health with its category, a dash where it is not known."""
    if pd.isna(row["health_score"]):
        return MISSING
    return f"{format.number(row['health_score'])} {row['health_category']}"


def who(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    """Name, company and owner of a deal; its id where it has no name."""
    return str(row["name"] or row["deal_id"]), text(row["company"]), text(row["owner"])
