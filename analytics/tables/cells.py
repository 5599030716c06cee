"""Cells that tables of several reports have."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format

FIRST = 10
"""Rows that a list shows at once; the rest is folded."""


def of_rows(rows: pd.DataFrame, limit: int, format: Format) -> str:
    """How many rows there are in all, where more than are shown; else an empty text."""
    return format.count(len(rows)) if len(rows) > limit else ""


def text(value: Any) -> str:
    """Text from data, a dash where it is missing."""
    return MISSING if value is None or pd.isna(value) or value == "" else str(value)


def between(low: float, high: float, format: Format) -> str:
    """An interval of percentages, a dash where it is missing."""
    if pd.isna(low):
        return MISSING
    return f"{format.number(low)} to {format.percent(high, 0)}"
