"""What the lifecycle report says of customers: what they bring, how they fare, where they came from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.page.pieces import FEW, Statement
from analytics.words.headlines import span_name
from analytics.words.lifecycle import Setting

AT_RISK = ("High", "Critical")


def financial(setting: Setting, now: pd.Series) -> Statement:
    """Say what a customer costs and brings, and what that rests on.

    Parameters
    ----------
    setting : Setting
    now : pandas.Series
        The timeframe's row of the history.
    """
    show = setting.format
    months = show.count(now["customer_months"])
    based = f"{months} customer-months, {setting.customers(now['lost_customers'])} lost in them"
    read = (
        "Worth is profit per customer and month / share of customers lost a month, over the same months. "
        "Payback "
        "is cost / profit a month."
    )
    if pd.isna(now["ltv"]):
        if not now["customer_months"] > 0:
            why = "nobody was a customer"
        else:
            why = "no profit is known" if now["lost_customers"] else "nobody was lost"
        return Statement(
            f"What a customer is worth cannot be said: {why}", _rests_on(setting, now), read, based
        )
    low, high = show.money(now["ltv_low"]), show.money(now["ltv_high"])
    if pd.isna(now["ltv_cac"]):
        heading = f"A customer is worth {show.money(now['ltv'])} ({low} to {high})"
    else:
        times = show.number(now["ltv_cac"], 1 if now["ltv_cac"] < 10 else 0)
        heading = f"A customer is worth {show.money(now['ltv'])}, {times} times what a new one costs"
    return Statement(heading, _rests_on(setting, now), read, based)


def success(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say whether customers are content, by the newest month against a year before.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.success_by_month`.
    """
    show, sure = setting.format, rows[rows["responses"] >= FEW]
    if rows.empty:
        return Statement("No snapshot of an account was taken by then")
    last = rows.iloc[-1]
    if sure.empty:
        return Statement(
            "Too few accounts answered in any month to speak of NPS",
            _use(setting, last),
            based=_accounts(setting, last),
        )
    now = sure.iloc[-1]
    year = sure[sure["month"] == now["month"] - pd.DateOffset(years=1)]
    heading = f"NPS is {show.number(now['nps'])} in {show.month(now['month'])}"
    if len(year):
        then = year.iloc[0]
        apart = now["nps_low"] > then["nps_high"] or now["nps_high"] < then["nps_low"]
        heading += f", {'' if apart else 'close to '}{show.number(then['nps'])} a year before"
        if apart:
            heading = heading.replace(" is ", " rose to " if now["nps"] > then["nps"] else " fell to ", 1)
            heading = heading.replace(f", {show.number(then['nps'])}", f", from {show.number(then['nps'])}")
    return Statement(
        heading,
        _use(setting, last),
        "Mean answer of the accounts that gave one, with its 95% interval. Months with fewer than 30 "
        "answers are "
        "left out of the picture.",
        f"{setting.counted(now['responses'], 'answer')} of {_accounts(setting, now)}",
    )


def channels(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which channel brings customers first, and which stands last before they sign.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.channels.by_channel`.
    """
    show, n = setting.format, int(rows["first_customers"].sum())
    known = rows[rows["channel"] != "none known"]
    based = f"{setting.customers(n)} who became one in {span_name(setting.comparison.this, show)}"
    if not n:
        return Statement("Nobody became a customer in the timeframe", based=based)
    touched = int(known["first_customers"].sum())
    if not touched:
        return Statement(
            "No channel is known of any new customer",
            "Leads, contacts and activities would tell.",
            based=based,
        )
    first, last = _most(known, "first_customers"), _most(known, "last_customers")
    a, b = (_short(row["channel"]) for row in (first, last))
    shares = [100 * row[f"{side}_customers"] / touched for row, side in ((first, "first"), (last, "last"))]
    if a == b:
        heading = (
            f"{a} is first and last touch most often: {show.percent(shares[0], 0)} and "
            f"{show.percent(shares[1], 0)}"
        )
    else:
        heading = (
            f"{a} opens most ways to a customer ({show.percent(shares[0], 0)}), {b} closes most "
            f"({show.percent(shares[1], 0)})"
        )
    if len(heading) > 80:
        heading = f"{a} opens most ways to a customer, {b} closes most"
    lead = _paid(setting, known)
    if touched < n:
        lead = f"{lead} Of {setting.customers(n - touched)} no touch is known.".strip()
    return Statement(
        heading,
        lead,
        "Each customer counts once by the first touch that is known and once by the last before becoming "
        "one. "
        "Neither says what caused the sale.",
        based,
    )


def customers(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say who stands where, who is at risk, and who has fallen silent.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.customer_list`.
    """
    show = setting.format
    own = rows[rows["stage"].isin(("Customer", "Retained", "Expansion"))]
    if rows.empty:
        return Statement("Nobody is listed" + (": the filters leave nobody" if setting.filtered else ""))
    known = "1 lead or customer" if len(rows) == 1 else f"{show.count(len(rows))} leads and customers"
    based = f"{known} known by {setting.last_day}"
    if own.empty:
        heading = "1 is listed, no customer now" if len(rows) == 1 else ""
        heading = heading or f"{show.count(len(rows))} are listed, none of them a customer now"
        return Statement(heading, based=based)
    risky = own[own["risk_level"].isin(AT_RISK)]
    heading = f"{setting.customers(len(own))} worth {show.money(own['value'].sum())} a year"
    scored = own["risk_level"].notna().any()
    if scored:
        heading += f", {show.count(len(risky)) if len(risky) else 'none'} at high risk"
    lead = ""
    if len(risky):
        lead = f"Those at high or critical risk are worth {show.money(risky['value'].sum())} a year."
    elif not scored:
        lead = "No predictions are in force, so that nobody has a risk level."
    if own["engagement_score"].notna().any():
        silent = int((own["activities"] == 0).sum())
        days = show.days(setting.engagement_days)
        lead = f"{lead} {setting.customers(silent)} did nothing that is recorded in {days}.".strip()
    return Statement(
        heading,
        lead,
        "Value is what a live contract is worth a year, and net purchases of the last 365 days. "
        "Engagement: 0 is "
        "silent, 100 the busiest.",
        based,
    )


def journey(setting: Setting, subject: pd.Series | None, events: pd.DataFrame, wanted: str) -> Statement:
    """Say whose way it is, and how far it has gone.

    Parameters
    ----------
    setting : Setting
    subject : pandas.Series or None
        The subject shown.
    events : pandas.DataFrame
        As returned by `analytics.metrics.journey.customer_journey`.
    wanted : str
        The parameter that asked for somebody; empty for the most valuable.
    """
    show = setting.format
    if subject is None:
        return Statement(
            "Nobody matches the customer asked for" if wanted.strip() else "There is nobody to show"
        )
    name = _short(subject["name"] or subject["subject_id"], 28)
    since = show.date(subject["since"])
    heading = f"{name}: {subject['stage']} since {since}"
    counts = events["lane"].value_counts()
    parts = [
        f"{show.count(counts[lane])} {one if counts[lane] == 1 else many}"
        for lane, (one, many) in _EVENTS.items()
        if counts.get(lane)
    ]
    lead = "" if not parts else f"{', '.join(parts)}."
    if not wanted.strip():
        lead += " The most valuable of the list; the parameter customer_id shows another."
    return Statement(
        heading,
        lead.strip(),
        "Each dot is an event on its day; orange is bad news: a critical ticket, a negative answer, a "
        "return, a "
        "high risk, a departure.",
        f"{setting.counted(len(events), 'event')} by {setting.last_day}",
    )


def journey_missing(setting: Setting, subject: pd.Series | None, events: pd.DataFrame, wanted: str) -> str:
    """Say why no journey is shown; empty where one is."""
    if subject is None:
        if wanted.strip():
            return (
                "No lead or customer of the list has an id or a name with this text. Ids are in the list "
                "above."
            )
        return (
            "The filters leave nobody." if setting.filtered else "There is no lead and no customer by then."
        )
    return "" if len(events) else "No event of this customer is known."


def _rests_on(setting: Setting, now: pd.Series) -> str:
    """What the reader must know of profit and cost."""
    show, parts = setting.format, []
    if "accounts" in setting.present:
        margin = setting.contract_margin
        part = "Contract value" if margin == 1 else f"{show.share(margin, 0)} of contract value"
        parts.append(f"{part} counts as profit (contract_margin), and cost is that of campaigns alone.")
    elif now["is_revenue"]:
        parts.append("No profit of sales is known: revenue stands in. Cost is that of campaigns alone.")
    else:
        parts.append("Cost is that of campaigns alone, without salaries.")
    if not now["is_revenue"] and now["revenue_without_profit"]:
        parts.append(
            f"Sales worth {show.money(now['revenue_without_profit'])} lack their profit and add none."
        )
    return " ".join(parts)


def _use(setting: Setting, last: pd.Series) -> str:
    """Logins, seats and tickets of the newest month."""
    show, parts = setting.format, []
    if pd.notna(last["seat_use_percent"]):
        parts.append(f"{show.percent(last['seat_use_percent'], 0)} of seats are in use")
    if pd.notna(last["logins"]):
        parts.append(f"accounts log in {show.number(last['logins'])} times a month")
    if pd.notna(last["tickets"]):
        parts.append(f"they opened {show.number(last['tickets'], 1)} tickets in 90 days")
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _accounts(setting: Setting, last: pd.Series) -> str:
    return f"{setting.counted(last['accounts'], 'account')} in {setting.format.month(last['month'])}"


def _paid(setting: Setting, known: pd.DataFrame) -> str:
    """What customers of the paid channels cost, the dearest first; or that a paid channel brought nobody."""
    show, paid = setting.format, known[known["acquisition_cost"] > 0]
    if paid.empty or setting.filtered:
        return ""
    row = _most(paid, "acquisition_cost")
    spent, brought = show.money(row["acquisition_cost"]), int(row["first_customers"])
    if not brought:
        return f"{spent} went into {_short(row['channel'])}, which was nobody's first touch."
    return (
        f"{spent} went into {_short(row['channel'])}: {show.money(row['cac'])} for each of its "
        f"{setting.customers(brought)}."
    )


def _most(rows: pd.DataFrame, column: str) -> pd.Series:
    """The first row with the greatest value of a column."""
    return rows.iloc[int(rows[column].to_numpy().argmax())]


def _short(name: Any, room: int = 16) -> str:
    text = str(name)
    return text if len(text) <= room else f"{text[: room - 1]}…"


_EVENTS = {
    "stage": ("change of stage", "changes of stage"),
    "purchase": ("purchase or return", "purchases and returns"),
    "ticket": ("ticket", "tickets"),
    "nps": ("answer on NPS", "answers on NPS"),
    "prediction": ("prediction", "predictions"),
}
