"""Pictures of the queue of interventions: by due day, by owner, by reason."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.nested_bars import FOOT, ROW, nested_bars
from analytics.formats import Format
from analytics.page.pieces import Chart

MOST_OWNERS, MOST_REASONS = 10, 8


def days(frame: pd.DataFrame, format: Format) -> Chart | None:
    """Columns of calls by the day on which they are due.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_day`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two days: one number is no picture.
    """
    if len(frame) < 2:
        return None
    labels = [_day(day, format) for day in frame["due_date"]]
    week = frame["due"].isin(["today", "this_week"])
    counts = frame["to_call"].astype("float64")
    said = "; ".join(
        f"{format.date(row.due_date)} {format.count(row.to_call)}" for row in frame.head(6).itertuples()
    )
    return theme.both(
        forms.columns,
        "interventiondays",
        f"Columns of calls by due day: {said}."[:300],
        narrow=(344, 280),
        labels=labels,
        groups=[
            ("", counts.where(week, 0.0).tolist(), "c1"),
            ("", counts.where(~week, 0.0).tolist(), "ghost"),
        ],
        words=lambda value: format.count(value) if value == int(value) else "",
        title="Calls by the last day on which to make them, blue: this week",
    )


def owners(frame: pd.DataFrame, format: Format) -> Chart | None:
    """Value at risk by owner, with the part that is due this week.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_owner`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        At most `MOST_OWNERS` owners; those without one in a row of their own. None where nobody has an owner,
        or nothing is known to be at risk.
    """
    known = frame[frame["value_at_risk"] > 0]
    named = known[known["owner"].notna()].head(MOST_OWNERS)
    if named.empty:
        return None
    shown = pd.concat([named, known[known["owner"].isna()]])
    first = named.iloc[0]
    notes = [
        f"{format.count(row.to_call)} to call, {format.count(row.due_this_week)} this week"
        for row in shown.itertuples()
    ]
    tall = FOOT + ROW * len(shown)
    return theme.both(
        nested_bars,
        "interventionowners",
        f"Bars of value at risk by owner, {format.count(len(named))} of them; the most has "
        f"{first['owner']} with "
        f"{format.money(first['value_at_risk'])}.",
        wide=(760, tall),
        narrow=(344, tall),
        names=["No owner" if owner is None else str(owner) for owner in shown["owner"]],
        whole=shown["value_at_risk"].tolist(),
        part=shown["due_this_week_value"].fillna(0.0).tolist(),
        words=format.money,
        title="Due this week of the value at risk",
        notes=notes,
    )


def causes(frame: pd.DataFrame, names: Mapping[str, str], format: Format) -> Chart | None:
    """Bars of the commonest reasons.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_reason`. It is not modified.
    names : mapping of str to str
        Reason → its name in words.
    format : Format

    Returns
    -------
    Chart or None
        At most `MOST_REASONS`. None with fewer than two.
    """
    shown = frame.head(MOST_REASONS)
    if len(shown) < 2:
        return None
    labels = [names[name] for name in shown["reason"]]
    first = shown.iloc[0]
    return theme.both(
        long_names.bars,
        "interventioncauses",
        f"Bars of customers by reason, {format.count(len(shown))} reasons; the commonest is {labels[0]} with "
        f"{format.count(first['to_call'])}."[:300],
        **long_names.row_sizes(len(shown), 20),
        names=labels,
        values=shown["to_call"].astype("float64").tolist(),
        words=format.count,
        title="Customers to call with each reason",
        focus=(0,),
    )


def _day(day: object, format: Format) -> str:
    r"""A day on an axis, its month on a second line: ``2\nNov``."""
    at = pd.Timestamp(str(day))
    return f"{at.day}\n{format.month(at.date()).replace(str(at.year), '').strip(' ,/.')}"
