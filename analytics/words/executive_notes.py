"""What stands before and after the board's figures: what is lacking, how they were made, the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.page.board import listed, records, report_name
from analytics.page.pieces import Notice
from analytics.words.executive import Setting

_FILTERS: Mapping[str, tuple[str, ...]] = {
    "purchase_patterns": ("customer_id", "customer_type"),
    "segmentation": ("customer_type",),
    "retention": ("customer_type",),
    "clv": ("customer_type", "start_date", "end_date", "min_revenue", "min_profit"),
    "lifecycle": ("stage", "risk_level", "search"),
}
"""Parameters that limit the figures of a report to some customers."""
_EVERYBODY = ("", "all", None)


def notices(
    setting: Setting,
    figures: pd.DataFrame,
    published: Mapping[str, Any],
    unchecked: Mapping[str, str],
    funnel: Mapping[str, Any],
) -> tuple[Notice, ...]:
    """Say before the first figure which reports are lacking, and with which command they are made.

    Parameters
    ----------
    setting : Setting
    figures : pandas.DataFrame
        As returned by `analytics.models.board.read_figures`. It is not modified.
    published : mapping
        Report → what it has published: ``state``, ``reason``, ``parameters``.
    unchecked : mapping
        As returned by `analytics.models.alerts.unchecked`.
    funnel : mapping
        As returned by `analytics.models.board.read_funnel`.

    Returns
    -------
    tuple of Notice
        Empty where nothing is lacking.
    """
    states = {name: one.state for name, one in published.items()}
    if set(states.values()) <= {"missing"}:
        return (
            Notice(
                "No report of this timeframe is there yet",
                f"This page quotes the others. Make them, and it: {setting.command()}",
            ),
        )
    wanted = [row["report"] for row in records(figures) if pd.isna(row["value"])]
    wanted += [*unchecked.values(), *([] if funnel else ["lifecycle"])]
    absent = [name for name in dict.fromkeys(wanted) if states.get(name) == "missing"]
    stale = [name for name, state in states.items() if state == "other"]
    said = []
    if absent:
        names = listed([report_name(name) for name in absent])
        n = f"{len(absent)} reports are" if len(absent) > 1 else "One report is"
        said.append(Notice(f"{n} not there: {names}", f"To make what is lacking: {setting.command(absent)}"))
    if stale:
        why = "; ".join(f"{report_name(name)}: {published[name].reason}" for name in stale)
        said.append(
            Notice("What stands is not of this timeframe", f"{why}. Make anew: {setting.command(stale)}")
        )
    return (*said, *_filtered(published))


def notes(setting: Setting, *, customer_value_over: float, deal_value_over: float, late_days: int) -> Any:
    """Give definitions, method and limits.

    Parameters
    ----------
    setting : Setting
    customer_value_over, deal_value_over : float
    late_days : int

    Returns
    -------
    dict
        Keywords of `analytics.report.Report.notes`.
    """
    show = setting.format
    return {
        "definitions": [
            (
                "A figure",
                "What the report that it links to shows on its cards; its notes say how it is made.",
            ),
            (
                "Usual",
                "Within two standard deviations of the figure's own changes from one timeframe to the next, "
                "over up to 12 and at least 6 earlier timeframes of the kind. A change within the margin of "
                "error of a rate is no alert, nor is a rate with fewer than 30 behind it.",
            ),
            (
                "Customers at high risk",
                "Chance to leave above the limit of the report on return, and more than "
                f"{show.money(customer_value_over)} at risk each.",
            ),
            (
                "Deals at risk",
                "Open deals that the pipeline lists as at risk, each worth more than "
                f"{show.money(deal_value_over)}, or than the pipeline's own least value if that is more.",
            ),
            (
                "Late data",
                f"The newest day lies more than {show.days(late_days)} before the last day that the "
                "timeframe would have on the day of the run, or before the day of the run while that is not "
                "over.",
            ),
            ("Failed report", "Any report of the organisation and timeframe whose last run failed."),
        ],
        "method": [
            "Every figure, its changes and its usual spread are read from the files of the reports, which "
            "lie beside this page. None is computed or rounded anew, so that no two pages can disagree.",
            "A report is believed only where it says itself that it is of this organisation, timeframe, "
            "last day and currency.",
        ],
        "limits": [
            "Figures are as new as the reports: who renders one of them alone should render this page with "
            "it; a run of all does."
        ],
    }


def _filtered(published: Mapping[str, Any]) -> tuple[Notice, ...]:
    """Say which reports are about some customers only, because params say so."""
    found = []
    for name, filters in _FILTERS.items():
        given = published[name].parameters if name in published else {}
        chosen = [f"{key}={given[key]}" for key in filters if given.get(key) not in _EVERYBODY]
        if chosen:
            found.append(f"{report_name(name)} ({', '.join(chosen)})")
    if not found:
        return ()
    return (
        Notice("Some reports are about some customers only", f"{'; '.join(found)}. So are their figures."),
    )
