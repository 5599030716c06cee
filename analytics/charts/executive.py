"""Pictures for the board: which figures moved beyond what is usual, and how far leads have come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms.effects import Effect, effects
from analytics.formats import Format
from analytics.page.board import NAMES, change_words, records
from analytics.page.pieces import Chart

MOST_SPREADS = 3.0
"""Usual spreads at which a dot stops: one figure that leaps must not press the others together."""


def moves(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw each figure's change in units of its usual spread, on the band of what is usual.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.page.board.measured`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no figure has a usual spread.
    """
    if rows.empty:
        return None
    shown = [
        Effect(
            NAMES[row["figure"]],
            max(-MOST_SPREADS, min(MOST_SPREADS, row["moved"])),
            math.nan,
            math.nan,
            1.0,
            change_words(row["changes"][0]),
            bool(row["unusual"]),
        )
        for row in records(rows)
    ]
    beyond = [f"{one.name} {one.words}" for one in shown if one.sure]
    said = "; ".join(beyond[:5]) if beyond else "none"
    what = f"{len(shown)} figures" if shown[1:] else shown[0].name
    return theme.both(
        effects,
        "boardmoves",
        f"Dots of how {what} changed, on the band of what is usual. Beyond it: {said}.",
        wide=(760, 74 + 34 * len(shown)),
        narrow=(344, 74 + 48 * len(shown)),
        rows=shown,
        words=lambda v: _times(v, format),
        title="Change, in units of the figure's usual spread",
        head="Change",
    )


def funnel(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how many leads reached each stage.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``stages`` of `analytics.models.board.read_funnel`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a stage that anybody reached.
    """
    stages = records(rows)
    if not stages or not any(row["subjects"] for row in stages):
        return None
    said = "; ".join(f"{row['stage']} {format.count(row['subjects'])}" for row in stages)
    return theme.both(
        forms.bars,
        "boardfunnel",
        f"Bars of how many of the timeframe's leads reached each stage: {said}.",
        wide=(760, 46 + 36 * len(stages)),
        narrow=(344, 46 + 36 * len(stages)),
        names=[str(row["stage"]) for row in stages],
        values=[float(row["subjects"]) for row in stages],
        words=format.count,
        title="Leads of the timeframe that reached the stage",
        notes=[_of_leads(row, format) for row in stages],
        focus=range(len(stages)),
    )


def _times(spreads: float, format: Format) -> str:
    """Words of a place on the axis: how many usual spreads."""
    size = format.number(abs(spreads), 0 if float(spreads).is_integer() else 1)
    return f"{'−' if spreads < 0 else '+'}{size}×" if spreads else "0"


def _of_leads(row: Mapping[str, Any], format: Format) -> str:
    share = row.get("percent_of_leads")
    return "" if share is None or pd.isna(share) else f"{format.percent(share)} of leads"
