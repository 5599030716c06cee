"""Pictures of the data: which rules rows break, and what is missing when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.gaps import gaps
from analytics.formats import Format
from analytics.page.pieces import Chart

MOST_RULES = 12
MOST_COLUMNS = 14


def rules(broken: pd.DataFrame, name_of: Callable[[str], str], format: Format) -> Chart | None:
    """Draw how many rows break each rule of the contract, most rows first.

    Parameters
    ----------
    broken : pandas.DataFrame
        `analytics.metrics.data_quality.Quality.broken`; what is only observed is left out. It is not
        modified.
    name_of : callable
        Words of a rule that is broken.
    format : Format

    Returns
    -------
    Chart or None
        None where no row breaks a rule.
    """
    frame = broken[(broken["origin"] == "contract") & (broken["rows_failing"] > 0)]
    if frame.empty:
        return None
    frame = frame.sort_values(["rows_failing", "table", "rule"], ascending=[False, True, True])[:MOST_RULES]
    names = [name_of(rule) for rule in frame["rule"]]
    notes = [
        f"{table}: {_share(percent, format)}, {action}"
        for table, percent, action in zip(
            frame["table"], frame["failing_percent"], frame["action"], strict=True
        )
    ]
    tallest = 52 + 30 * len(frame)
    return theme.both(
        _bars,
        "qualityrules",
        f"Bars of rows that break a rule, {len(frame)} rules: {names[0]} has most, "
        f"{format.count(frame['rows_failing'].iloc[0])}.",
        wide=(760, tallest),
        narrow=long_names.row_sizes(len(frame), 10)["narrow"],
        names=names,
        tables=frame["table"].tolist(),
        values=frame["rows_failing"].tolist(),
        words=format.count,
        title="Rows that break a rule of the contract",
        notes=notes,
        focus=[i for i, action in enumerate(frame["action"]) if action == "refused"] or [0],
    )


def completeness(months: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the share of missing values by column and month, the columns with most of them first.

    Parameters
    ----------
    months : pandas.DataFrame
        As returned by `analytics.metrics.data_gaps.completeness`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no column with a time of its own has gaps.
    """
    if months.empty:
        return None
    wide = months.pivot_table(
        index=["table", "column"], columns="month", values="missing_percent", dropna=False, observed=True
    )
    # A pivot keeps every pair of names; only those that were given are rows here.
    given = list(dict.fromkeys(zip(months["table"], months["column"], strict=True)))
    wide = wide.reindex(given)
    order = wide.mean(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_COLUMNS]
    wide = wide.loc[order]
    table, column = order[0]
    return theme.both(
        gaps,
        "qualitygaps",
        f"Grid of missing values in {len(wide)} columns and {wide.shape[1]} months; {table}.{column} has "
        f"most, {format.percent(wide.iloc[0].mean())} on average.",
        wide=(760, 116 + 26 * len(wide)),
        narrow=(344, 116 + 26 * len(wide)),
        names=[f"{table}.{column}" for table, column in order],
        months=[_month(day, format) for day in wide.columns.tolist()],
        values=wide.to_numpy().tolist(),
        words=lambda value: format.percent(value, 0),
        title="Missing values, percent of the month's rows; a dot: none missing",
    )


def _bars(
    fig: Figure, narrow: bool, *, names: list[str], tables: list[str], notes: list[str], **data: Any
) -> None:
    """Draw bars; on phones the name stands above its bar, with its table, for there is no room beside it."""
    if narrow:
        above = [f"{table}: {name}" for table, name in zip(tables, names, strict=True)]
        long_names.bars(fig, narrow, names=above, **data)
    else:
        forms.bars(fig, narrow, names=names, notes=notes, **data)


def _month(day: Any, format: Format) -> str:
    return f"{format.month(day).replace(str(day.year), '').strip(' ,/.')}\n{day.year}"


def _share(percent: float, format: Format) -> str:
    least = 0.1
    return f"under {format.percent(least)}" if 0 < percent < least else format.percent(percent)
