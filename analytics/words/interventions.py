"""What the page on interventions says: cards, summary, and a statement for each picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import difference, headline, moved_words, than

Kpis = Mapping[str, Any]
"""Block ``kpis`` of `analytics.models.interventions.queue.Interventions.published`."""

TOP = 10
NOBODY = "nobody"

REASONS = {
    "recency_days": "No purchase for long",
    "frequency": "Buys rarely",
    "monetary_90": "Spends little lately",
    "monetary_365": "Spends little in a year",
    "tenure_days": "Customer for a short time",
    "mean_gap_days": "Long gaps between purchases",
    "gap_trend": "Gaps become longer",
    "basket_value": "Size of purchases",
    "category_breadth": "Buys in few categories",
    "return_share": "Returns much",
    "login_change": "Few or falling logins",
    "seat_use": "Seats not in use",
    "nps": "NPS",
    "nps_change": "NPS has fallen",
    "tickets_90d": "Support tickets",
    "critical_tickets_90d": "Critical tickets",
    "days_overdue": "Payment overdue",
    "plan": "Plan",
    "acv": "Size of the contract",
    "acv_change": "Contract was cut",
    "days_to_renewal": "Renewal ahead",
    "feature_adoption": "Features not in use",
    "sentiment": "Tense tone",
    "account_health": "Poor account health",
    "stage_late": "Deal stands still",
    "other": "Other reasons",
}
"""Reasons in a few words, by the names under which models and signs give them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    threshold : float
        0–1; with a greater chance to leave a customer is at high risk.
    asked : str
        Which part of the queue is shown, in words; empty for all of it.
    """

    format: Format
    comparison: Comparison
    threshold: float
    asked: str = ""

    def people(self, kpis: Kpis, n: float | None = None) -> str:
        """Count those in the queue by what they are: ``80 accounts``, ``12 customers``."""
        number = kpis["to_call"] if n is None else n
        word = "account" if kpis["accounts_to_call"] == kpis["to_call"] > 0 else "customer"
        return f"{self.format.count(number)} {word if number == 1 else word + 's'}"

    def calls(self, n: float) -> str:
        """Count calls in words."""
        return f"{self.format.count(n)} {'call' if n == 1 else 'calls'}"

    def based(self, kpis: Kpis) -> str:
        """Name the base of a picture."""
        part = f"; {self.asked}" if self.asked else ""
        return f"{self.people(kpis)} to call, of {self.format.count(kpis['could_be_called'])} known{part}"


def asked(owner: str, kind: str, due: str, min_value: float, format: Format) -> str:
    """Say which part of the queue is asked for.

    Examples
    --------
    >>> british = Format("en_GB", "GBP")
    >>> asked("Ada", "account", "this_week", 500, british)
    'only of Ada, only accounts, only due this week, only from £500 at risk'
    >>> asked("", "all", "all", 0, british)
    ''
    """
    parts = [
        "" if not owner else "only without an owner" if owner.strip() == "-" else f"only of {owner.strip()}",
        "" if kind == "all" else f"only {kind}s",
        "" if due == "all" else f"only due {due.replace('_', ' ')}",
        f"only from {format.money(min_value)} at risk" if min_value > 0 else "",
    ]
    return ", ".join(part for part in parts if part)


def headlines(setting: Setting, kpis: Kpis) -> tuple[Headline, ...]:
    """Four cards: how many to call, what is at risk with them, what is due today and this week.

    Parameters
    ----------
    setting : Setting
    kpis : mapping
        As returned by `analytics.models.interventions.queue.Interventions.published`.

    Returns
    -------
    tuple of Headline
        None where nobody is known.
    """
    if not kpis["could_be_called"]:
        return ()
    show, history, comparison = setting.format, kpis["history"], setting.comparison
    high = show.count(kpis["high_risk_customers"])
    above = f"{high} with a chance to leave above {show.share(setting.threshold, 0)}"
    health = f"{show.count(kpis['high_risk_accounts'])} at high risk by account health"
    worth = show.money(kpis["worth_if_stays"])
    return (
        headline(
            history, "to_call", comparison, show, label="To call", unit="count",
            base=above if kpis["scored_customers"] else health,
        ),
        headline(
            history, "value_at_risk", comparison, show, label="Value at risk", unit="money", good="down",
            base=f"chance to leave × {worth} that they bring in 12 months if they stay",
        ),
        headline(
            history, "due_today", comparison, show, label="Due today", unit="count",
            base=f"by {show.date(kpis['first_working_day'])}; {_at_risk(kpis['due_today_value'], show)}",
        ),
        headline(
            history, "due_this_week", comparison, show, label="Due this week", unit="count",
            base=f"today’s among them; {_at_risk(kpis['due_this_week_value'], show)}",
        ),
    )  # fmt: skip


def summary(setting: Setting, kpis: Kpis, rows: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences: how many to call and what is at risk, by when, with whom to begin.

    Parameters
    ----------
    setting : Setting
    kpis : mapping
        As for `headlines`.
    rows : pandas.DataFrame
        The block ``queue``.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    if not kpis["could_be_called"]:
        return (sentence("Whom to call is not known: there are neither predictions nor live accounts."),)
    if rows.empty:
        return (
            sentence("Nobody has to be called{part}.", part=f" ({setting.asked})" if setting.asked else ""),
        )
    return (_first(setting, kpis), _due(setting, kpis), _begin(setting, rows))


def today(setting: Setting, kpis: Kpis) -> Statement:
    """Say what is due today."""
    show, n = setting.format, kpis["due_today"]
    day = show.date(kpis["first_working_day"])
    if not kpis["could_be_called"]:
        return Statement("Whom to call is not known")
    if not kpis["to_call"]:
        return Statement("Nobody has to be called", based=setting.based(kpis))
    if not n:
        return Statement(
            "No call is due today",
            f"The next is due on {show.date(kpis['days']['due_date'].iloc[0])}.",
            based=setting.based(kpis),
        )
    owners = kpis["owners"]
    most = owners.sort_values("due_today", ascending=False, kind="stable").iloc[0]
    who = NOBODY if most["owner"] is None else most["owner"]
    alone = owners["due_today"].eq(most["due_today"]).sum() == 1
    lead = (
        f"{who} has most of them: {show.count(most['due_today'])}." if alone and 1 < len(owners) < n else ""
    )
    if who == NOBODY and len(owners) > 1:
        lead = f"{show.count(most['due_today'])} of them have no owner: name one first."
    return Statement(
        f"{setting.calls(n)} {'is' if n == 1 else 'are'} due today, "
        f"{_at_risk(kpis['due_today_value'], show)}",
        lead,
        "The most value at risk first. Reasons begin with the most urgent; steps are in the order in which "
        "to take them.",
        f"{setting.people(kpis, n)} due by {day}",
    )


def queue(setting: Setting, kpis: Kpis, rows: pd.DataFrame) -> Statement | None:
    """Say how much of the value at risk the first of the queue hold; None where nobody is known."""
    if not kpis["could_be_called"]:
        return None
    show, total = setting.format, kpis["value_at_risk"]
    if rows.empty:
        return Statement("The queue is empty", based=setting.based(kpis))
    first = rows["value_at_risk"].head(TOP).sum()
    if pd.isna(total) or not total > 0:
        heading = f"{setting.people(kpis)} to call, by account health and contract value"
    elif len(rows) <= TOP:
        heading = f"{setting.people(kpis)} in the queue, {show.money(total)} at risk"
    else:
        share = show.share(first / total, 0)
        heading = f"The first {TOP} of {show.count(len(rows))} hold {share} of what is at risk"
    everybody = kpis["total_value_at_risk"]
    lead = ""
    if not pd.isna(everybody) and everybody > 0 and not pd.isna(total):
        scored = show.count(kpis["scored_customers"])
        share = show.share(total / everybody, 0)
        lead = f"The queue holds {share} of the value at risk of all {scored} scored."
    return Statement(
        heading,
        lead,
        "Value at risk is the chance to leave times what the customer brings in 12 months if they stay.",
        setting.based(kpis),
    )


def days(setting: Setting, kpis: Kpis) -> Statement | None:
    """Say on which day most calls are due; None where nobody is known."""
    show, rows = setting.format, kpis["days"]
    if not kpis["could_be_called"]:
        return None
    if rows.empty:
        return Statement("No call is due", based=setting.based(kpis))
    most = rows.iloc[int(rows["to_call"].to_numpy().argmax())]
    later = kpis["to_call"] - kpis["due_this_week"]
    soon = f"{setting.calls(kpis['due_this_week'])} {'is' if kpis['due_this_week'] == 1 else 'are'}"
    end = show.date(kpis["week_end"])
    return Statement(
        f"{soon} due by {end}, {show.count(later)} after it" if later else f"All calls are due by {end}",
        f"The fullest day is {show.date(most['due_date'])} with {setting.calls(most['to_call'])}.",
        "The most urgent sign of each customer sets the day, a working day; it is the last one on which to "
        "call.",
        setting.based(kpis),
    )


def owners(setting: Setting, kpis: Kpis) -> Statement | None:
    """Say who has most on their hands; None where nobody is known."""
    show, rows = setting.format, kpis["owners"]
    if not kpis["could_be_called"]:
        return None
    named = rows[rows["owner"].notna()]
    if named.empty:
        nobody = "Nobody has calls on their hands" if rows.empty else "No customer in the queue has an owner"
        return Statement(nobody, based=setting.based(kpis))
    first = named.iloc[0]
    held = first["value_at_risk"]
    amount = setting.calls(first["to_call"]) if pd.isna(held) else f"{show.money(held)} at risk"
    heading = f"{_short(first['owner'])} has most on their hands: {amount}"
    busiest = named.sort_values(["to_call", "owner"], ascending=[False, True], kind="stable").iloc[0]
    whose = (
        "They have" if busiest["owner"] == first["owner"] else f"Most calls has {_short(busiest['owner'])}:"
    )
    soon = show.count(busiest["due_this_week"])
    lead = f"{whose} {setting.calls(busiest['to_call'])}, {soon} of them this week."
    if kpis["unassigned"]:
        lead += f" {show.count(kpis['unassigned'])} {'has' if kpis['unassigned'] == 1 else 'have'} no owner."
    return Statement(
        heading,
        lead,
        "Grey is the value at risk of the owner’s calls, blue the part that is due this week.",
        setting.based(kpis),
    )


def causes(setting: Setting, kpis: Kpis) -> Statement | None:
    """Say which reason is seen most often; None where nobody is known."""
    show, rows = setting.format, kpis["causes"]
    if not kpis["could_be_called"]:
        return None
    if rows.empty:
        return Statement("Nothing stands out as a reason", based=setting.based(kpis))
    first = rows.iloc[0]
    share = show.percent(100 * first["to_call"] / kpis["to_call"], 0)
    return Statement(
        f"{reason(first['reason'])}: with {show.count(first['to_call'])} of {show.count(kpis['to_call'])} "
        f"to call ({share})",
        "What many have in common may be mended once for all of them.",
        "Customers with each reason. Most have several, so that they do not add up.",
        setting.based(kpis),
    )


def reason(name: str) -> str:
    """Name a reason in a few words; one from a column of one's own as it is called there."""
    return REASONS.get(name, _short(name.replace("_", " ").capitalize(), 30))


def reasons(kpis: Kpis) -> dict[str, str]:
    """Name each reason of the queue in a few words."""
    return {name: reason(name) for name in kpis["causes"]["reason"]}


def missing(setting: Setting, kpis: Kpis) -> str:
    """Say why there is nothing in the queue; empty where there is something."""
    if kpis["to_call"]:
        return ""
    if setting.asked:
        return "Nobody in the queue is what was asked for; the parameters say what that is."
    if not kpis["could_be_called"]:
        return "There are neither predictions nor live accounts to make a queue of."
    return "Nobody shows a sign that brings them into the queue."


def none_today(kpis: Kpis) -> str:
    """Say that nothing is due today, where there is a queue."""
    return "" if kpis["due_today"] else "Nothing to do today; the whole queue stands below."


def _first(setting: Setting, kpis: Kpis) -> Runs:
    show, n = setting.format, kpis["to_call"]
    verb = "needs" if n == 1 else "need"
    if pd.isna(kpis["value_at_risk"]):
        return sentence(
            "{who} {verb} a call, worth {worth} a year; nothing is predicted of them.",
            who=Bold(setting.people(kpis)), verb=verb, worth=show.money(kpis["worth_if_stays"]),
        )  # fmt: skip
    moved = difference(kpis["history"], "to_call", setting.comparison, "previous", unit="count")
    change = ""
    if moved.rose or moved.fell:
        words = moved_words(moved, show, unit="count")
        more = f"{words} {'more' if moved.rose else 'fewer'}"
        change = f", {more} than {than(setting.comparison, 'previous', show)}"
    return sentence(
        "{who} {verb} a call{change}: {amount} of their yearly value is at risk.",
        who=Bold(setting.people(kpis)), verb=verb, change=change,
        amount=Bold(show.money(kpis["value_at_risk"])),
    )  # fmt: skip


def _due(setting: Setting, kpis: Kpis) -> Runs:
    show, n = setting.format, kpis["due_today"]
    more = kpis["due_this_week"] - n
    rest = f", {show.count(more)} more this week" if more else ""
    named = kpis["owners"][kpis["owners"]["owner"].notna()]
    most = (
        f"; {_short(named.iloc[0]['owner'])} has most at risk"
        if len(named) > 1 and not pd.isna(named.iloc[0]["value_at_risk"])
        else ""
    )
    if not n and not more:
        return sentence("Nothing is due this week{most}.", most=most)
    return sentence(
        "{n} {verb} due today{rest}{most}.", n=Bold(setting.calls(n)) if n else "No call",
        verb="are" if n > 1 else "is", rest=rest, most=most,
    )  # fmt: skip


def _begin(setting: Setting, rows: pd.DataFrame) -> Runs:
    show = setting.format
    first = rows[rows["due"] == rows["due"].iloc[_earliest(rows)]].iloc[0]
    why = str(first["reasons"]).partition("; ")[0]
    at = "" if pd.isna(first["value_at_risk"]) else f" ({show.money(first['value_at_risk'])} at risk)"
    name = first["customer_id"] if pd.isna(first["customer_name"]) else first["customer_name"]
    return sentence("Begin with {name}{at}: {why}.", name=Bold(_short(name, 40)), at=at, why=why)


def _earliest(rows: pd.DataFrame) -> int:
    return int(rows["due_date"].to_numpy().argmin())


def _at_risk(value: float, show: Format) -> str:
    return "value not known" if pd.isna(value) else f"{show.money(value)} at risk"


def _short(name: Any, most: int = 24) -> str:
    text = str(name)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
