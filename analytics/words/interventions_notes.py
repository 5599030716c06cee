"""What stands before and after the queue of interventions: what is missing, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Notice
from analytics.words.interventions import Kpis, Setting
from analytics.words.roi_notes import doubts

LED = {
    "nps": "NPS",
    "overdue": "an overdue payment",
    "critical_tickets": "critical tickets",
    "renewal": "the renewal",
    "health": "account health",
}
"""Signs that may lead in a market, in words; others by their name."""


def notices(
    setting: Setting, kpis: Kpis, rows: pd.DataFrame, trust: Mapping[str, Any]
) -> tuple[Notice | None, ...]:
    """Say before the first figure that predictions are missing, what bends the figures, what part is shown.

    Parameters
    ----------
    setting : Setting
    kpis : mapping
        As returned by `analytics.models.interventions.queue.Interventions.published`.
    rows : pandas.DataFrame
        The block ``queue``.
    trust : mapping
        As returned by `analytics.models.roi.trust_in`.

    Returns
    -------
    tuple of Notice or None
        None where there is nothing to say.
    """
    said = f"{setting.asked[:1].upper()}{setting.asked[1:]}."  # names keep their capitals
    part = Notice("A part of the queue is shown", said) if setting.asked else None
    return (
        part,
        _no_predictions(setting, kpis),
        doubts(trust, setting.format),
        _revenue(kpis, rows, setting.format),
    )


def notes(setting: Setting, kpis: Kpis, rules: Any, *, market: str | None) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits for the end of the page.

    Parameters
    ----------
    setting : Setting
    kpis : mapping
        As for `notices`.
    rules : InterventionRules
        The rule table ``intervention_rules``.
    market : str or None
        The organisation's market profile.

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    show = setting.format
    signs, stake = rules.signs, rules.signs.stake
    definitions = (
        (
            "Value at risk",
            "Chance to leave × what the customer brings in 12 months if they stay, as in the report on "
            "return: "
            "profit of a customer, contract value a year of an account. The chance has the horizon of the "
            "predictions.",
        ),
        (
            "In the queue",
            f"A chance to leave above {show.share(setting.threshold, 0)}; among those who together hold "
            f"the first "
            f"{show.share(stake.at, 0)} of all value at risk; or an account with a churn risk of "
            f"{show.number(signs.health.at)} of 100 or more.",
        ),
        (
            "Due",
            f"In working days from the reference date: {_urgency(signs, show)} Of several, the earliest. A "
            f"renewal is "
            f"spoken of {show.days(signs.renewal.lead_days)} before it at the latest.",
        ),
        ("This week", "Up to the Sunday of the week in which the first working day lies."),
        ("Signs", _bounds(signs, show)),
    )
    method = [
        "Predictions are the newest batch dated up to the reference date; accounts stand as their last "
        "snapshot "
        "before it says. Who is both a customer with sales and an account stands once, as an account.",
        "The queue is in the order of value at risk; ties by id. Accounts without a prediction come last, by "
        "churn risk in points × contract value, which is no chance and no value at risk.",
        "Reasons: what is seen of the account, the most urgent first, then what else pushes the model’s "
        "chance up.",
        "Steps, days and bounds stand in the rule table intervention_rules and can be changed there. What "
        "the "
        "predictions recommend is taken where no sign has a step.",
    ]
    if profile := _profile(rules, market, show):
        method.append(profile)
    return {"definitions": definitions, "method": tuple(method), "limits": _limits(setting, kpis, rules)}


def _no_predictions(setting: Setting, kpis: Kpis) -> Notice | None:
    if kpis["scored_customers"]:
        return None
    day = setting.format.date(setting.comparison.this.reference_date)
    instead = (
        "Accounts are listed by their health and contract value; what is at risk is not known. "
        if kpis["could_be_called"]
        else ""
    )
    return Notice(
        f"There are no predictions dated before {day}",
        f"{instead}The report churn_training makes them, or says on its page what it lacks.",
    )


def _revenue(kpis: Kpis, rows: pd.DataFrame, format: Format) -> Notice | None:
    n = int(rows["is_revenue"].eq(True).sum())
    if not n:
        return None
    some = "" if n == len(rows) else f" for {format.count(n)} of {format.count(len(rows))} in the queue"
    return Notice(
        f"Revenue stands in for profit{some}",
        f"{format.money(kpis['revenue_value_at_risk'])} of the value at risk is revenue, for no profit is "
        f"known.",
    )


def _urgency(signs: Any, show: Format) -> str:
    stake = signs.stake
    parts = [
        f"much value at risk {_within(stake.within, show)}, {_within(stake.likely_within, show)} where the "
        f"chance is high as well",
        f"a high chance to leave {_within(signs.leaving.within, show)}",
        f"critical tickets {_within(signs.critical_tickets.within, show)}",
        f"an overdue payment {_within(signs.overdue.within, show)}",
        f"poor account health {_within(signs.health.within, show)}",
        f"falling logins {_within(signs.logins.within, show)}",
        f"a low NPS {_within(signs.nps.within, show)}",
        f"a renewal ahead {_within(signs.renewal.within, show)}",
        f"a deal that stands still {_within(signs.stage_late.within, show)}",
    ]
    return "; ".join(parts) + "."


def _within(days: int, show: Format) -> str:
    return "today" if days == 0 else f"within {show.count(days)}"


def _bounds(signs: Any, show: Format) -> str:
    return (
        f"Payment {show.days(signs.overdue.at)} overdue or more; critical tickets from "
        f"{show.number(signs.critical_tickets.at)} and tickets from {show.number(signs.tickets.at)} in 90 "
        f"days; logins "
        f"down by {show.share(signs.logins.at, 0)} or more in a month; NPS {show.number(signs.nps.at)} or "
        f"lower; renewal "
        f"within {show.days(signs.renewal.at)}; {show.share(signs.seats.at, 0)} of the seats in use or "
        f"less; an open deal "
        f"{show.days(signs.stage_late.at)} or more beyond its stage’s normal days."
    )


def _profile(rules: Any, market: str | None, show: Format) -> str:
    profile = rules.of(market)
    said = []
    if profile.leads:
        said.append(f"{LED.get(profile.leads, profile.leads.replace('_', ' '))} leads reasons and steps")
    if profile.kinds:
        said.append(f"{' comes before '.join(profile.kinds)} in the steps")
    if profile.normal_days_factor != 1:
        said.append(f"a stage’s normal days are multiplied by {show.number(profile.normal_days_factor, 1)}")
    return f"Market profile {market}: {'; '.join(said)}." if said else ""


def _limits(setting: Setting, kpis: Kpis, rules: Any) -> tuple[str, ...]:
    show = setting.format
    limits = [
        "Whether the chances to leave are right is shown in the report churn_training; whether calling "
        "pays, in roi.",
        "That a call keeps a customer is not known from this page.",
    ]
    if kpis["scored_customers"] and kpis["unscored_accounts"]:
        n = kpis["unscored_accounts"]
        have, their, them = ("account has", "its", "it") if n == 1 else ("accounts have", "their", "them")
        limits.append(
            f"{show.count(n)} live {have} no prediction in the batch; only {their} health can bring {them} "
            "into the queue."
        )
    if n := kpis["scored_customers"]:
        scored = f"{show.count(n)} {'customer' if n == 1 else 'customers'}"
        limits.append(
            f"The predictions are of {scored}: who is not among them "
            "and has no running contract cannot be in the queue."
        )
    if not rules.days_off:
        limits.append("Public holidays are not known: days_off of the rule table is empty.")
    if kpis["unvalued"] and kpis["scored_customers"]:
        n = kpis["unvalued"]
        are = "is" if n == 1 else "are"
        limits.append(f"{show.count(n)} in the queue {are} of unknown value and in no sum.")
    return tuple(limits)
