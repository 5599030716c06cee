"""What the board's page says: the figures of the other reports, what has moved, what to look at.

Figures, changes and their words are those of the report that they come from; nothing is rounded anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.board import NAMES, listed, measured, records, report_name, size_words
from analytics.page.pieces import Bold, Change, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import than

_PLURAL = {"active_customers", "at_risk_customers", "leads"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    organisation : str
        Its id, for the command that renders what is missing.
    """

    format: Format
    comparison: Comparison
    organisation: str

    @property
    def previous(self) -> str:
        """The timeframe before, in words."""
        return than(self.comparison, "previous", self.format)

    def command(self, reports: Sequence[str] = ()) -> str:
        """The command that renders reports of this organisation and timeframe, and then this page."""
        chosen = "".join(f" --notebook {name}" for name in (*reports, "executive")) if reports else ""
        label = self.comparison.this.label
        return f"workbook run params --organisation {self.organisation} --timeframe {label}{chosen}"


def headlines(setting: Setting, figures: pd.DataFrame) -> tuple[Headline, ...]:
    """A card for each figure that a report shows, leading to that report.

    Parameters
    ----------
    setting : Setting
    figures : pandas.DataFrame
        As returned by `analytics.models.board.read_figures`. It is not modified.
    """
    rows = {row["figure"]: row for row in records(figures) if not pd.isna(row["value"])}
    return tuple(_card(setting, rows[figure]) for figure in NAMES if figure in rows)


def summary(setting: Setting, figures: pd.DataFrame, alerts: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences: what came in, what has moved beyond the usual, what to do next.

    Parameters
    ----------
    setting, figures
        As for `headlines`.
    alerts : pandas.DataFrame
        As returned by `analytics.models.alerts.find_alerts`. It is not modified.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    known = [row for row in records(figures) if not pd.isna(row["value"])]
    if not known:
        return (
            sentence("No figure can be quoted yet. This page reads those of other reports and makes none."),
            _next(setting, alerts),
        )
    return (_money(known), _moves(setting, known, alerts), _next(setting, alerts))


def alerts(setting: Setting, rows: pd.DataFrame, unchecked: Mapping[str, str]) -> Statement:
    """Say how many things need a look, and what could not be checked.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.models.alerts.find_alerts`.
    unchecked : mapping
        As returned by `analytics.models.alerts.unchecked`.
    """
    show, n = setting.format, len(rows)
    if not n:
        heading = "Nothing breaks a rule" + (" that could be checked" if unchecked else "")
    else:
        heading = f"{show.count(n)} {'thing needs' if n == 1 else 'things need'} a look"
        if failed := int((rows["kind"] == "failed_report").sum()):
            heading += f"; {show.count(failed)} {'report' if failed == 1 else 'reports'} failed"
    words = {"high_risk_customers": "customers at high risk", "at_risk_deals": "deals at risk"}
    lead = "; ".join(f"{words[kind]} ({report_name(report)})" for kind, report in unchecked.items())
    return Statement(
        heading,
        f"Not checked, for want of the report: {lead}." if lead else "",
        "The first column leads to the report that shows how it comes about; the last is the rule.",
    )


def kpis(setting: Setting, figures: pd.DataFrame) -> Statement:
    """Say how many figures moved beyond what is usual.

    Parameters
    ----------
    setting, figures
        As for `headlines`.
    """
    show, rows = setting.format, measured(figures)
    if rows.empty:
        return Statement(
            "No figure has enough earlier timeframes to say what is usual",
            based="six earlier timeframes are needed",
        )
    beyond = [NAMES[row["figure"]] for row in records(rows) if row["unusual"]]
    n, word = len(beyond), "figure" if len(rows) == 1 else "figures"
    if len(rows) == 1:
        heading = f"{NAMES[rows['figure'].iloc[0]]} moved {'beyond' if n else 'within'} what is usual"
    else:
        some = f"{show.count(n)} of" if n else "None of the"
        heading = f"{some} {show.count(len(rows))} {word} moved beyond what is usual"
    return Statement(
        heading,
        f"Against {setting.previous}: {listed(beyond)}." if beyond else "",
        f"A dot is a change against {setting.previous}, divided by the figure's usual spread: two standard "
        "deviations of its own earlier changes. Inside the grey band a change is nothing new.",
        f"{show.count(len(rows))} {word} with six or more earlier timeframes",
    )


def funnel(setting: Setting, funnel: Mapping[str, Any]) -> Statement:
    """Say how many leads came in and where most of them are lost.

    Parameters
    ----------
    setting : Setting
    funnel : mapping
        As returned by `analytics.models.board.read_funnel`.
    """
    show, stages = setting.format, list(funnel["stages"].to_dict("records")) if funnel else []
    if not stages:
        return Statement("There is no funnel to show")
    by_stage = {str(row["stage"]): row for row in stages}
    first = by_stage.get("Lead", stages[0])
    won = by_stage.get("Customer")
    heading = f"{show.count(first['subjects'])} leads came in"
    if won is not None:
        are = "is a customer" if won["subjects"] == 1 else "are customers"
        heading += f", {show.count(won['subjects'])} {are} so far"
    narrow = [row for row in funnel["conversion_rates"].to_dict("records") if row.get("is_bottleneck")]
    lead = ""
    if narrow:
        step = narrow[0]
        fair = step.get("mature_rate")
        rate, who = (step["conversion_rate"], "") if pd.isna(fair) else (fair, " of those who had time")
        lead = f"Fewest go on from {step['from_stage']} to {step['to_stage']}: {show.percent(rate, 0)}{who}."
    return Statement(
        heading,
        lead,
        "Each bar is how many of the timeframe's leads have reached the stage by its last day; young "
        "leads may still move on.",
        f"{show.count(first['subjects'])} leads",
    )


def no_alert(rows: pd.DataFrame) -> str:
    """Say that there is no alert; empty where there is one."""
    return "" if len(rows) else "No rule is broken. The rules stand in the notes at the end."


def funnel_missing(funnel: Mapping[str, Any], published: Mapping[str, Any]) -> str:
    """Say why there is no funnel; empty where there is one.

    Parameters
    ----------
    funnel : mapping
        As for `funnel`.
    published : mapping
        Report → what it has published: ``state``, ``reason``.
    """
    if funnel:
        return ""
    source = published.get("lifecycle")
    if source is None or source.state == "missing":
        return "It is read from the report Lifecycle, which has not been made for this timeframe."
    if source.state in ("found", "no data"):
        return "The report Lifecycle has no leads to show."
    return f"It is read from the report Lifecycle: {source.reason}"


def _card(setting: Setting, row: Mapping[str, Any]) -> Headline:
    name, label, base = NAMES[row["figure"]], str(row["label"]), str(row["base"])
    if label.casefold() != name.casefold():
        base = ": ".join(filter(None, [label, base]))
    changes = tuple(Change(**change) for change in row["changes"])
    return Headline(
        name=row["figure"],
        label=name,
        value=str(row["shown"]),
        base=base,
        changes=changes or (Change("", setting.previous),),
        history=tuple(row["history"]),
        year_ago=None if pd.isna(row["year_ago"]) else int(row["year_ago"]),
        unsure=bool(row["unsure"]),
        number=float(row["value"]),
        unit=row["unit"],
        link=row["link"],
    )


def _money(known: Sequence[Mapping[str, Any]]) -> Runs:
    """The first sentence: revenue, else the first figure there is, and profit beside it."""
    rows = {row["figure"]: row for row in known}
    first = next(rows[name] for name in NAMES if name in rows)
    name = NAMES[first["figure"]]
    verb = "are" if first["figure"] in _PLURAL else "is"
    change = first["changes"][0] if first["changes"] else None
    if not change or change["amount"] is None:
        said = ""
    elif change["verdict"] == "close":
        said = f", close to {change['than']}"
    else:
        said = f", {change['words']} {'more' if change['up'] else 'less'} than {change['than']}"
    profit = rows.get("profit") if first["figure"] == "revenue" else None
    text = (
        "{name} {verb} {value}{profit}{said}." if profit is None else "{name} {verb} {value}{said}{profit}."
    )
    beside = f"; profit is {profit['shown']}" if profit else ""
    return sentence(text, name=name, verb=verb, value=Bold(first["shown"]), said=said, profit=beside)


def _moves(setting: Setting, known: Sequence[Mapping[str, Any]], alerts: pd.DataFrame) -> Runs:
    moved = [row for row in records(alerts) if row["kind"] == "unusual_figure"]
    if not moved:
        checked = any(not pd.isna(row["usual_change"]) for row in known)
        return sentence("No figure has moved by more than is usual.") if checked else ()
    moved.sort(key=lambda row: -abs(row["change"]) / row["limit"] if row["limit"] else 0)
    more = len(moved) - len(moved[:2])
    said: list[str | Bold] = []
    for row in moved[:2]:
        size = Bold(size_words(setting.format, row["change"], row["unit"]))
        name, way = NAMES[row["subject"]], "up" if row["change"] > 0 else "down"
        before = (", " if more else " and ") + name.lower() if said else name
        said += [f"{before} ({way} ", size, ")"]
    rest = f" and {setting.format.count(more)} more" if more else ""
    return (*said, f"{rest} moved more than is usual.")


def _next(setting: Setting, alerts: pd.DataFrame) -> Runs:
    show, rows = setting.format, records(alerts)
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in {r["kind"] for r in rows}}
    if failed := by_kind.get("failed_report"):
        names = listed([report_name(row["report"]) for row in failed[:2]])
        rest = f" and {show.count(len(failed) - 2)} more" if len(failed) > 2 else ""
        return sentence("First have {names}{rest} mended, which failed.", names=Bold(names), rest=rest)
    if late := by_kind.get("late_data"):
        return sentence("First get newer data: they end on {day}.", day=Bold(show.date(late[0]["day"])))
    money = [*by_kind.get("at_risk_deals", ()), *by_kind.get("high_risk_customers", ())]
    if not money:
        return ()
    money.sort(key=lambda row: -row["value"])
    first = money[0]
    beside = f"; then {_counted(show, money[1])}, {show.money(money[1]['value'])}" if money[1:] else ""
    worth = "worth" if first["kind"] == "at_risk_deals" else "with a value at risk of"
    return sentence(
        "Next, see who looks after {what} {worth} {value}{beside}.",
        what=_counted(show, first),
        worth=worth,
        value=Bold(show.money(first["value"])),
        beside=beside,
    )


def _counted(show: Format, row: Mapping[str, Any]) -> str:
    """Count what an alert is about: ``15 deals at risk``."""
    what, level = ("deal", "at risk") if row["kind"] == "at_risk_deals" else ("customer", "at high risk")
    n = int(row["count"])
    return f"{show.count(n)} {what}{'' if n == 1 else 's'} {level}"
