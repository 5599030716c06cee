"""What words, tables and pictures of the board's page have in common: names, changes, alerts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analytics.formats import Format

NAMES: Mapping[str, str] = {
    "revenue": "Revenue",
    "profit": "Profit",
    "forecast": "Forecast",
    "pipeline": "Open pipeline",
    "leads": "Leads",
    "conversion": "Conversion",
    "active_customers": "Active customers",
    "at_risk_customers": "Customers at risk",
    "retention": "Retention",
    "clv": "Lifetime value",
}
"""Figure → its name, in the order of the cards: money first, as the index quotes the first of them."""

_REPORTS = {
    "clv": "Customer lifetime value",
    "roi": "Return on investment",
    "churn_training": "Churn",
    "campaign": "Campaign dashboard",
    "data_quality": "Data quality",
}


def report_name(report: str) -> str:
    """Name a report in words.

    Examples
    --------
    >>> report_name("purchase_patterns"), report_name("roi")
    ('Purchase patterns', 'Return on investment')
    """
    return _REPORTS.get(report) or report.replace("_", " ").capitalize()


def measured(figures: pd.DataFrame) -> pd.DataFrame:
    """Figures whose usual spread is known, with how far they moved in units of it.

    Parameters
    ----------
    figures : pandas.DataFrame
        As returned by `analytics.models.board.read_figures`. It is not modified.

    Returns
    -------
    pandas.DataFrame
        The rows in the order of `NAMES`, with ``moved`` (1: as far as is usual). A figure without any
        spread is left out.
    """
    known = figures[figures["change"].notna() & (figures["usual_change"].fillna(0) > 0) & ~figures["unsure"]]
    rows = known.sort_values("figure", key=lambda names: names.map(list(NAMES).index), kind="stable")
    moved = rows["change"].astype("float64") / rows["usual_change"].astype("float64")
    return rows.assign(moved=moved)


def alert_name(row: Mapping[str, Any]) -> str:
    """Name what an alert is about in two or three words.

    Examples
    --------
    >>> alert_name({"kind": "unusual_figure", "subject": "clv"}), alert_name({"kind": "late_data"})
    ('Lifetime value', 'Late data')
    """
    match row["kind"]:
        case "failed_report":
            return report_name(row["report"])
        case "unusual_figure":
            return NAMES[row["subject"]]
        case kind:
            return {"high_risk_customers": "Customers at high risk", "at_risk_deals": "Deals at risk"}.get(
                kind, "Late data"
            )


def alert_words(format: Format, row: Mapping[str, Any]) -> str:
    """Say what an alert is about.

    Parameters
    ----------
    format : Format
    row : mapping
        Of `analytics.models.alerts.find_alerts`. Where ``subject`` is empty, nobody is named.
    """
    show = format
    match row["kind"]:
        case "failed_report":
            return f"{report_name(row['report'])} failed: {row['subject']}"
        case "late_data":
            reach = show.date(row["expected_day"])
            return f"The data end on {show.date(row['day'])}; they should reach {reach}"
        case "unusual_figure":
            name, size = NAMES[row["subject"]], size_words(show, row["change"], row["unit"])
            return f"{name} {'rose' if row['change'] > 0 else 'fell'} by {size}"
        case kind:
            what = "deal" if kind == "at_risk_deals" else "customer"
            n = int(row["count"])
            worth = "worth" if what == "deal" else "with a value at risk of"
            level = "at risk" if what == "deal" else "at high risk"
            most = f"; the largest is {row['subject']}, {show.money(row['largest'])}"
            most = most if n > 1 else f": {row['subject']}"
            who = f"{show.count(n)} {what}{'' if n == 1 else 's'}"
            return f"{who} {level} {worth} {show.money(row['value'])}{most if row['subject'] else ''}"


def rule_words(format: Format, row: Mapping[str, Any]) -> str:
    """Say which rule an alert breaks, with its limit as the organisation writes it.

    Parameters
    ----------
    format, row
        As for `alert_words`.
    """
    show = format
    match row["kind"]:
        case "late_data":
            allowed = show.days(row["limit"])
            return f"Data may end {allowed} before the last day of the timeframe, or the day before the run"
        case "unusual_figure":
            usual = size_words(show, row["limit"], row["unit"])
            return f"Usual are ±{usual}: 2 standard deviations of its changes"
        case "high_risk_customers":
            return f"Only those with more than {show.money(row['limit'])} at risk are counted"
        case "at_risk_deals":
            worth = show.money(row["limit"])
            return f"Only those worth more than {worth} are counted; health under 40 of 100, or stagnant"
        case _:
            return "A report of this timeframe failed"


def change_words(change: Mapping[str, Any] | None) -> str:
    """Give a published change with its sign, as on a card; empty where there is none."""
    if not change or change["amount"] is None:
        return ""
    if not change["words"]:
        return "the same"
    return f"{'+' if change['up'] else '−'}{change['words']}"


def usual_words(format: Format, row: Mapping[str, Any]) -> str:
    """Give a figure's usual change; empty where it is not known."""
    if pd.isna(row["usual_change"]):
        return ""
    return f"±{size_words(format, row['usual_change'], row['unit'])}"


def size_words(show: Format, amount: float, unit: str) -> str:
    """Give the size of a change without its sign: points for a rate, else percent."""
    size = abs(amount)
    return show.points(size) if unit == "percent" else show.percent(size, 1 if size < 100 else 0)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def listed(words: Sequence[str]) -> str:
    """Join words: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
