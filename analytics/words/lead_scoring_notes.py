"""What stands before and after the figures on leads: suspected leaks, definitions, method, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.lead_evidence import LABELS, enough_tested
from analytics.page.pieces import Notice
from analytics.words.lead_scoring import best_rule, evidence_of, listed, missing

_RULES = {"points": "the CRM's points", "source": "the source of the lead", "prior": "one chance for all"}


def notices(status: Mapping[str, Any], tests: pd.DataFrame, format: Format) -> tuple[Notice, ...]:
    """Say before the first figure what the scores may not be believed for.

    Parameters
    ----------
    status : mapping
        `status` of `analytics.models.lead_scoring.LeadResult`.
    tests : pandas.DataFrame
        Its `scores`. It is not modified.
    format : Format

    Returns
    -------
    tuple of Notice
        Empty where all is well.
    """
    said = []
    if status["suspected_leaks"]:
        names = listed(status["suspected_leaks"])
        done = (
            "The score was made with them all the same, as asked: it looks far better than it will be on new "
            "leads. Take them out of params."
            if status["suspects_used"]
            else "The score was made without them. Where one is known before the first contact, set "
            "keep_suspects."
        )
        why = (
            "They separate the outcomes almost perfectly, or are named like what is filled in after contact."
        )
        said.append(Notice(f"Suspected leak: {names}", f"{why} {done}"))
    if status["total_leads"] and status["missing"]:
        instead = (
            "Leads are listed by the point rules alone."
            if status["point_rules"]
            else "Leads are listed by points."
        )
        said.append(Notice("Too few outcomes for a score", f"{missing(status)} {instead}"))
    if status["model"] and not enough_tested(status):
        said.append(
            Notice(
                "Too few leads were tested",
                f"The score was tested on {format.count(status['test_leads'])} leads, of which "
                f"{format.count(status['test_converted'])} converted: how far to trust it is not known.",
            )
        )
    elif status["model"] and status["leader"] != "model":
        rule = best_rule(tests)
        name = _RULES[str(rule["model"])]
        said.append(
            Notice(
                f"In the test {name} ranked leads as well as the score",
                "The order adds little to it; what the score adds is the chance and the bands.",
            )
        )
    return tuple(said)


def definitions(status: Mapping[str, Any], format: Format) -> list[tuple[str, str]]:
    """Define the terms of the page.

    Parameters
    ----------
    status, format
        As for `notices`.

    Returns
    -------
    list of tuple of str
        Term and meaning.
    """
    days = format.days(status["conversion_days"])
    terms = [
        ("Score", "The chance that a lead like this converts, times 100: 0 to 100, calibrated."),
        ("Converted", "The lead became a customer before the last day that was read."),
        (
            "Conversion rate",
            f"Of leads whose {days} ended in the timeframe, the share that converted within {days}. Younger "
            "ones may still convert.",
        ),
        ("Open, in time", f"Not converted and younger than {days}."),
        ("Band", "Leads with scores from one bound to the next; its rate is what became of tested leads."),
    ]
    if status["point_rules"]:
        points = format.number(status["sql_from_points"])
        terms.append(
            (
                "MQL, SQL",
                f"Under {points} points marketing keeps a lead (MQL); from there sales takes it (SQL).",
            )
        )
    return terms


def method(status: Mapping[str, Any], format: Format) -> list[str]:
    """Say how the figures were made.

    Parameters
    ----------
    status, format
        As for `notices`.
    """
    if not status["model"]:
        return ["No score was made; the lines above say why."]
    names = ", ".join(
        LABELS.get(name, name).lower() if name in LABELS else name for name in status["features"]
    )
    days = format.days(status["conversion_days"])
    lines = [
        f"Gradient boosting on {names}; learnt from {format.count(status['leads_trained'])} leads, of which "
        f"{format.count(status['converted_trained'])} converted. {format.count(status['left_out_young'])} "
        f"that are younger than {days} and not converted were left out.",
        "Counters of e-mails, pages and papers are those of the time before the conversion, else before the "
        "last day that was read.",
        "Calibrated by a logistic curve through chances given out of fold to leads that had time."
        if status["calibrated"]
        else "Not recalibrated: that needs 50 leads of each outcome.",
        f"The evidence: {evidence_of(status, format)}. Intervals are 95%: DeLong for AUC, Wilson for rates.",
    ]
    if status["test"] == "later":
        lines.append(
            "For the test the model learnt only what was known on the first day of the tested leads; the one "
            "in use learnt from all."
        )
    return lines


def limits(status: Mapping[str, Any]) -> list[str]:
    """Say what the figures do not show."""
    lines = [
        "A score says who is like leads that converted, not whom a call would change.",
        "A lead of a few days has had little time to open and read, so its score can still rise.",
    ]
    if not status["point_rules"] and not status["model"]:
        lines.append("The organisation's market profile has no point rules, so no lead is called MQL or SQL.")
    return lines
