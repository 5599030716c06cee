"""Tables of whom to call first, and of what the scores are worth: formatted rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.lead_evidence import LABELS
from analytics.page.pieces import FEW, Column, Table

WHY = {
    "separates": "separates almost perfectly",
    "name": "named like what is filled in after contact",
    "": "",
}


def bands(rows: pd.DataFrame, format: Format) -> Table:
    """Bands with their real conversion rates and what to do with each.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `bands` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Bands with under 30 tested leads are grey.
    """
    heads = ("Band", "Score", "Open now", "Tested", "Converted", "Rate", "95% interval", "Given", "Next step")
    cells = [
        (
            str(row["band"]),
            f"{format.number(row['from_score'])} to {format.number(row['to_score'])}",
            format.count(row["open_leads"]),
            format.count(row["tested_leads"]),
            format.count(row["converted"]),
            format.percent(row["conversion_rate"]),
            _span(row["conversion_rate_low"], row["conversion_rate_high"], format),
            format.percent(row["predicted_rate"]),
            str(row["step"]),
        )
        for _, row in rows.iterrows()
    ]
    columns = tuple(Column(head, number=0 < i < len(heads) - 1) for i, head in enumerate(heads))
    few = frozenset(i for i, n in enumerate(rows["tested_leads"]) if n < FEW)
    return Table(columns, tuple(cells), "Given: mean chance that the score gave the tested leads", unsure=few)


def leads(rows: pd.DataFrame, status: Mapping[str, Any], format: Format, *, shown: int) -> Table | None:
    """The list to call by: the open leads in time, in its order.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `leads` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    status : mapping
        Its `status`.
    format : Format
    shown : int
        Most rows on the page.

    Returns
    -------
    Table or None
        None where no lead is open. Nothing by which anybody could be reached stands in it.
    """
    here = rows[rows["in_time"].astype(bool)]
    if here.empty:
        return None
    columns = [Column("Lead"), Column("Company")]
    if status["model"]:
        columns += [
            Column("Score", number=True),
            Column("Band"),
            Column("Of its band converted", number=True),
        ]
    columns.append(Column("Points", number=True))
    columns += [Column("Stage"), Column("Goes to")] if status["point_rules"] else [Column("Owner")]
    columns += [Column("Source"), Column("Role"), Column("Size"), Column("Days old", number=True)]
    cells = []
    for _, row in here.head(shown).iterrows():
        own = [_text(row["lead_id"]), _text(row["company"])]
        if status["model"]:
            own += [format.number(row["score"], 1), _text(row["band"]), _evidence(row, format)]
        own.append(format.number(row["points"], 0))
        own += (
            [_text(row["stage"]), _text(row["assignee"])] if status["point_rules"] else [_text(row["owner"])]
        )
        own += [_text(row[name]) for name in ("source", "role", "company_size")]
        cells.append((*own, format.count(row["age_days"])))
    of_rows = format.count(len(here)) if len(here) > shown else ""
    return Table(tuple(columns), tuple(cells), of_rows=of_rows)


def stages(rows: pd.DataFrame, format: Format) -> Table | None:
    """Who takes how many leads under the point rules; None without any."""
    if rows.empty:
        return None
    cells = [
        (_text(row["assignee"]), format.count(row["sql_leads"]), format.count(row["mql_leads"]))
        for _, row in rows.iterrows()
    ]
    heads = (Column("Goes to"), Column("SQL", number=True), Column("MQL", number=True))
    total = ("All", format.count(rows["sql_leads"].sum()), format.count(rows["mql_leads"].sum()))
    return Table(heads, tuple(cells), total=total, folded="The figures")


def scores(rows: pd.DataFrame, format: Format) -> Table | None:
    """Measures of the score and of the baselines on the same leads; None without a test."""
    if rows.empty:
        return None
    heads = ("What ranks", "AUC", "95% interval", "Log loss", "Brier", "Calibration error")
    cells = [
        (
            str(row["label"]),
            format.number(row["roc_auc"], 3),
            f"{format.number(row['roc_auc_low'], 3)} to {format.number(row['roc_auc_high'], 3)}",
            format.number(row["log_loss"], 3),
            format.number(row["brier"], 3),
            format.number(row["calibration_error"], 3),
        )
        for _, row in rows.iterrows()
    ]
    columns = tuple(Column(head, number=i > 0) for i, head in enumerate(heads))
    return Table(columns, tuple(cells), folded="The figures")


def gains(rows: pd.DataFrame, format: Format) -> Table | None:
    """How much lists of any length would have held; None without a test."""
    if rows.empty:
        return None
    heads = ("First", "Leads", "Converted", "Rate", "95% interval", "Times the average", "Of all conversions")
    cells = [
        (
            format.percent(row["depth_percent"], 0),
            format.count(row["leads"]),
            format.count(row["converted"]),
            format.percent(row["precision_rate"]),
            _span(row["low"], row["high"], format),
            format.number(row["lift"], 2),
            format.percent(row["recall_rate"]),
        )
        for _, row in rows.iterrows()
    ]
    columns = tuple(Column(head, number=i > 0) for i, head in enumerate(heads))
    few = frozenset(i for i, n in enumerate(rows["leads"]) if n < FEW)
    return Table(columns, tuple(cells), folded="The figures", unsure=few)


def calibration(rows: pd.DataFrame, format: Format) -> Table | None:
    """Chances given and what became of the leads, by groups of like chances; None without a test."""
    if rows.empty:
        return None
    heads = ("Group", "Leads", "Converted", "Given", "Rate", "95% interval")
    cells = [
        (
            format.count(row["bin"]),
            format.count(row["leads"]),
            format.count(row["converted"]),
            format.share(row["predicted"]),
            format.share(row["actual"]),
            _span(100 * row["low"], 100 * row["high"], format),
        )
        for _, row in rows.iterrows()
    ]
    columns = tuple(Column(head, number=i > 0) for i, head in enumerate(heads))
    few = frozenset(i for i, n in enumerate(rows["leads"]) if n < FEW)
    return Table(columns, tuple(cells), folded="The figures", unsure=few)


def features(rows: pd.DataFrame, format: Format) -> Table | None:
    """What each column tells alone, and why it is suspected; None where nothing was tested."""
    if rows.empty:
        return None
    heads = ("Column", "AUC alone", "95% interval", "Known for", "Suspected")
    cells = [
        (
            LABELS.get(row["feature"], str(row["feature"])),
            format.number(row["alone_auc"], 3),
            f"{format.number(row['alone_auc_low'], 3)} to {format.number(row['alone_auc_high'], 3)}",
            format.share(row["known_share"], 0),
            WHY[row["why"]],
        )
        for _, row in rows.iterrows()
    ]
    columns = tuple(Column(head, number=0 < i < 4) for i, head in enumerate(heads))
    return Table(columns, tuple(cells), folded="The figures")


def _evidence(row: pd.Series, format: Format) -> str:
    """What became of tested leads of the same band, with its interval; too few say nothing."""
    if not row["band_conversion_rate_n"] >= FEW:
        return format.percent(None)
    rate, low, high = (row[f"band_conversion_rate{end}"] for end in ("", "_low", "_high"))
    return f"{format.percent(rate, 0)} ({format.percent(low, 0)} to {format.percent(high, 0)})"


def _span(low: float, high: float, format: Format) -> str:
    return "" if pd.isna(low) else f"{format.percent(low)} to {format.percent(high)}"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
