"""What the segmentation report says: cards, summary and one statement for each picture."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.words.headlines import Difference, difference, headline, moved_words, than
from analytics.words.segmentation_setting import Setting, shortened

STABLE, SHAKY = 0.8, 0.6
"""Adjusted Rand index from which groups are called steady, and below which they are a sketch."""


def headlines(setting: Setting, history: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: customers, active ones, the best segment, and the best customers who are being lost.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.segment_history` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
    """
    show, comparison, bounds = setting.format, setting.comparison, setting.bounds
    now = history.iloc[-1]
    active = _percent(now["active_customers"], now["total_customers"])
    of_all = f"{show.percent(active, 0)} of all, last order " if not math.isnan(active) else "last order "
    best = show.percent(now["best_contribution"], 0)
    brings = (
        f"bring {best} of revenue" if pd.notna(now["best_contribution"]) else "share of revenue not known"
    )
    ranked = pd.notna(now["best_customers"])
    return (
        headline(
            history,
            "total_customers",
            comparison,
            show,
            label="Customers",
            unit="count",
            good="up",
            base=f"{setting.kind.strip()} with an order {setting.window}".strip(),
        ),
        headline(
            history,
            "active_customers",
            comparison,
            show,
            label="Active customers",
            unit="count",
            good="up",
            base=f"{of_all}less than {show.days(bounds.churn_days)} ago",
        ),
        headline(
            history,
            "best_customers",
            comparison,
            show,
            label=shortened(str(now["best_segment"]), 40),
            unit="count",
            good="up",
            base=brings if ranked else "too few customers to rank",
        ),
        headline(
            history,
            "lost_vip",
            comparison,
            show,
            label="Lost VIPs",
            unit="count",
            good="down",
            base=f"of {show.count(now['top_customers'])} in the top {bounds.top_percent}% by revenue; "
            f"brought {show.money(now['lost_vip_revenue'])}",
        ),
    )


def summary(setting: Setting, history: pd.DataFrame, segments: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences: what changed most, what stands behind it, what to do next.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.segment_history` for ``comparison.periods``.
    segments : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments` for this timeframe.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    now = history.iloc[-1]
    total = int(now["total_customers"])
    if total == 0:
        return (
            sentence("No customer{kind} has ordered {window}.", kind=setting.kind, window=setting.window),
        )
    if total < FEW:
        few = sentence(
            "{n} {have} ordered {window}: too few to say how they differ.",
            n=Bold(setting.customers(total, kind=True)),
            have=_have(total),
            window=setting.window,
        )
        return (few,)
    return (
        _what_changed(setting, history),
        _what_stands_behind(setting, now),
        _what_next(setting, now, segments),
    )


def segments(setting: Setting, history: pd.DataFrame, rows: pd.DataFrame) -> Statement:
    """Say what the best segment brings, and which way its number has gone.

    Parameters
    ----------
    setting, history
        As for `summary`.
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments`.
    """
    show, now = setting.format, history.iloc[-1]
    total, name = int(rows["customer_count"].sum()), str(now["best_segment"])
    ranked = rows[rows["action"] != ""]
    best = rows[rows["segment_name"] == name].iloc[0]
    short = shortened(name, 26)
    if not ranked["customer_count"].sum():
        return Statement(_too_few_heading(total), based=setting.based(total))
    if total < FEW:
        heading = f"{show.count(best['customer_count'])} of {setting.customers(total)} belong to {short}"
    elif best["customer_count"] == 0:
        largest = ranked.sort_values(["customer_count", "standing"], ascending=[False, True]).iloc[0]
        share = show.percent(largest["percentage"], 0)
        heading = (
            f"{shortened(str(largest['segment_name']), 26)} is the largest segment: {share} of customers"
        )
    elif pd.isna(best["revenue_contribution"]):
        heading = f"{short} are {show.percent(best['percentage'], 0)} of customers"
    else:
        share, brings = show.percent(best["percentage"], 0), show.percent(best["revenue_contribution"], 0)
        heading = f"{short} are {share} of customers and bring {brings} of revenue"
    found = difference(history, "best_customers", setting.comparison, "previous", unit="count")
    lead = _moved(f"The number of {short}", found, setting) if total >= FEW else ""
    return Statement(
        heading,
        lead,
        "Grey is a segment's share of customers, blue its share of revenue. Where blue reaches beyond grey, "
        "its customers bring more than the average one."
        if total >= FEW
        else "",
        setting.based(total),
    )


def segments_missing(setting: Setting, rows: pd.DataFrame) -> str:
    """Say why there are no segments to show; empty where there are some."""
    total = int(rows["customer_count"].sum())
    if rows.loc[rows["action"] != "", "customer_count"].sum():
        return ""
    if total == 0:
        return f"No customer{setting.kind} has ordered {setting.window}."
    show, bounds = setting.format, setting.bounds
    return (
        f"Too few to rank. Segments need {show.count(bounds.fewest_customers)} customers and "
        f"{show.count(bounds.fewest_days)} different days of a last order. The scores are in the "
        f"list of customers."
    )


def tiers(setting: Setting, history: pd.DataFrame, rows: pd.DataFrame) -> Statement:
    """Say how many of the best customers have stopped buying.

    Parameters
    ----------
    setting, history
        As for `summary`.
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.tier_segments`.
    """
    show, bounds, now = setting.format, setting.bounds, history.iloc[-1]
    total, top, lost = int(rows["customer_count"].sum()), int(now["top_customers"]), int(now["lost_vip"])
    if total == 0:
        return Statement("There are no customers to place in tiers", based=setting.based(total))
    if lost:
        heading = (
            f"{show.count(lost)} of {show.count(top)} top customers {_have(lost)} not ordered for "
            f"{show.days(bounds.at_risk_days)}"
        )
    elif top == 1:
        heading = "The top customer by revenue is not at risk"
    else:
        heading = f"None of the {show.count(top)} top customers by revenue is at risk"
    new_since = setting.timeframe.reference_date - timedelta(days=bounds.new_days)
    found = difference(history, "lost_vip", setting.comparison, "previous", unit="count")
    moved = _moved("The number of lost top customers", found, setting) if total >= FEW else ""
    return Statement(
        heading,
        (moved + setting.truncation(new_since)).strip(),
        f"Each customer has the first tier that fits, in the order shown. Top customers are the "
        f"{bounds.top_percent}% with the most revenue; those under At-Risk are lost VIPs.",
        setting.based(total),
    )


def movement(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say whether more customers moved up than down.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.segment_movement`.
    """
    if rows.empty:
        return Statement("Movement between segments cannot be shown")
    show, (then, _) = setting.format, setting.heads
    by = rows.groupby("change")["customer_count"].sum()
    up, down = int(by.get("better", 0)), int(by.get("worse", 0))
    if up + down == 0:
        heading = f"No customer has changed segment since {then}"
    elif up + down < FEW:
        heading = f"{show.count(up)} moved to a better segment and {show.count(down)} to a worse one"
    elif abs(up - down) <= 1.96 * math.sqrt(up + down):
        heading = f"About as many customers moved up as down: {show.count(up)} and {show.count(down)}"
    else:
        more, less = ("up", "down") if up > down else ("down", "up")
        heading = (
            f"More customers moved {more} than {less}: {show.count(max(up, down))} against "
            f"{show.count(min(up, down))}"
        )
    outside = [
        f"{setting.customers(int(by[change]))} {words}"
        for change, words in (
            ("joined", "bought for the first time"),
            ("returned", "came back"),
            ("left", "went inactive"),
        )
        if by.get(change, 0)
    ]
    best = rows[rows["from_segment"] == rows["from_segment"].iloc[0]]
    slipped = int(best.loc[best["change"] == "worse", "customer_count"].sum())
    was = int(best["customer_count"].sum())
    name = shortened(str(best["from_segment"].iloc[0]), 26)
    lead = f"Of {show.count(was)} {name}, {show.count(slipped)} moved down." if slipped else ""
    lead += f" Since {then}, {_listed(outside)}." if outside else ""
    if by.get("joined", 0) and setting.comparison.previous:
        lead += setting.truncation(setting.comparison.previous.reference_date)
    return Statement(
        heading,
        lead.strip(),
        f"Left is where customers stood on {then}, right where they stand now. Pale bands stayed, blue ones "
        "moved up, orange ones down. Outside means no segment then, or none now.",
        f"{setting.customers(int(rows['customer_count'].sum()), kind=True)} in a segment then or now",
    )


def movement_missing(setting: Setting, rows: pd.DataFrame) -> str:
    """Say why there is no movement to show; empty where there is some."""
    if not rows.empty:
        return ""
    if setting.comparison.previous is None:
        return "The data do not cover the timeframe before this one, so there is nothing to compare with."
    return "Customers are too few to rank in this timeframe or in the one before."


def credit(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how many customers owe more than their limit.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.credit.credit_segments`.
    """
    if rows.empty:
        return Statement("Use of credit cannot be shown")
    show, over = setting.format, int(rows["customer_count"].iloc[0])
    if over:
        heading = f"{setting.customers(over)} {'owes' if over == 1 else 'owe'} more than the credit limit"
    else:
        heading = "No customer owes more than the credit limit"
    owed = show.money(rows["total_outstanding"].sum())
    total = int(rows["customer_count"].sum())
    return Statement(
        heading,
        f"{owed} is outstanding in all, as of {show.date(rows['as_of'].iloc[0])}.",
        "Bars are customers, by the share of their limit that they owe; the words at the right are what they "
        "owe together.",
        setting.based(total),
    )


def credit_missing(setting: Setting, rows: pd.DataFrame, newest_day: date | None) -> str:
    """Say why there is no credit to show; empty where there is some."""
    if not rows.empty:
        return ""
    if newest_day is not None and setting.timeframe.reference_date <= newest_day:
        newest = setting.format.date(newest_day)
        return f"Balances are known as of the newest day, {newest}; this timeframe ends before it."
    return "No customer has a credit limit in the data."


def behaviour(setting: Setting, rows: pd.DataFrame, choice: pd.DataFrame, stability: float) -> Statement:
    """Say how many groups there are, what the best brings, and how far to trust them.

    Parameters
    ----------
    setting : Setting
    rows, choice : pandas.DataFrame
        ``segments`` and ``choice`` of `analytics.models.behaviour.Behaviour`.
    stability : float
    """
    if rows.empty:
        return Statement("Customers cannot be grouped by how they buy")
    show, count, first = setting.format, len(rows), rows.iloc[0]
    heading = f"Customers fall into {show.count(count)} groups by how they buy"
    if pd.notna(first["revenue_contribution"]) and first["customer_count"] >= FEW:
        share, brings = show.percent(first["percentage"], 0), show.percent(first["revenue_contribution"], 0)
        heading = f"{show.count(count)} groups by behaviour: {share} of customers bring {brings} of revenue"
    return Statement(
        heading,
        _trust(choice, stability, show),
        "A bar to the right means more than the average customer, to the left less; pale grey is "
        "close to it. "
        "The ends are two standard deviations.",
        setting.based(int(rows["customer_count"].sum())),
    )


def behaviour_missing(rows: pd.DataFrame) -> str:
    """Say why there are no groups to show; empty where there are some."""
    return "" if len(rows) else "Groups need 50 customers or more, who differ in how they buy."


def customers(setting: Setting, cells: pd.DataFrame) -> Statement:
    """Say how many customers have ordered once, and how many good ones have been away.

    Parameters
    ----------
    setting : Setting
    cells : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.recency_frequency`.
    """
    show, total = setting.format, int(cells["customer_count"].sum())
    if total == 0:
        return Statement("There are no customers to show", based=setting.based(total))
    once = int(cells.loc[cells["orders"] == 1, "customer_count"].sum())
    away = cells[cells["role"] == "away"]
    gone, names = int(away["customer_count"].sum()), _listed(sorted(away["group"].unique()))
    if not once:
        heading = "No customer here ordered only once"
    elif total < FEW:
        heading = f"{show.count(once)} of {show.count(total)} customers ordered once"
    else:
        share = _percent(once, total)
        least = "Less than " if share < 1 else ""
        heading = f"{least}{show.percent(max(share, 1), 0)} of customers ordered once"
    if gone:
        heading += f"; {show.count(gone)} good {'one has' if gone == 1 else 'ones have'} been away"
    return Statement(
        heading,
        f"Those who have been away are {shortened(names, 80)}." if gone else "",
        "Each dot counts the customers with so many orders whose last one is so long ago: recent on the "
        "right, frequent at the top, larger for more customers."
        if total >= FEW
        else "",
        setting.based(total),
    )


def _what_changed(setting: Setting, history: pd.DataFrame) -> Runs:
    show, now = setting.format, history.iloc[-1]
    measures = {
        "active_customers": "active customers",
        "total_customers": "customers",
        "best_customers": shortened(str(now["best_segment"]), 26),
        "lost_vip": "lost VIPs",
    }
    if not setting.shows_segments:
        del measures["best_customers"]
    found = {n: difference(history, n, setting.comparison, "previous", unit="count") for n in measures}
    enough = [name for name in measures if found[name].amount is not None and now[name] >= FEW]
    moved = sorted(
        (name for name in enough if not found[name].close), key=lambda name: -abs(found[name].amount or 0.0)
    )
    of_all = sentence(
        "{active} of {all} are active.",
        active=Bold(show.count(now["active_customers"])),
        all=setting.customers(int(now["total_customers"]), kind=True),
    )
    if not moved:
        return of_all
    name = moved[0]
    change = found[name]
    return sentence(
        "There are {n} {what}, {size} {way} than {other}.",
        n=show.count(now[name]),
        what=measures[name],
        size=Bold(moved_words(change, show, unit="count")),
        way="more" if change.up else "fewer",
        other=than(setting.comparison, "previous", show),
    )


def _what_stands_behind(setting: Setting, now: pd.Series) -> Runs:
    show, best = setting.format, now["best_customers"]
    if not setting.shows_segments or pd.isna(best) or best == 0 or pd.isna(now["best_contribution"]):
        return ()
    share = _percent(best, now["total_customers"])
    return sentence(
        "{name}, {share} of customers, bring {revenue} of revenue.",
        name=shortened(str(now["best_segment"]), 26),
        share=show.percent(share, 0),
        revenue=Bold(show.percent(now["best_contribution"], 0)),
    )


def _what_next(setting: Setting, now: pd.Series, segments: pd.DataFrame) -> Runs:
    show, bounds, lost = setting.format, setting.bounds, int(now["lost_vip"])
    if lost:
        return sentence(
            "Next, win back the {n} of the top {top}% by revenue who {have} not ordered for {days}; they "
            "brought {revenue}.",
            n=Bold(show.count(lost)),
            revenue=Bold(show.money(now["lost_vip_revenue"])),
            top=str(bounds.top_percent),
            have=_have(lost),
            days=show.days(bounds.at_risk_days),
        )
    ranked = segments[segments["action"] != ""]
    if not setting.shows_segments or not ranked["customer_count"].sum():
        return ()
    first = ranked.sort_values(["total_revenue", "standing"], ascending=[False, True]).iloc[0]
    action = str(first["action"]).split(";")[0].rstrip(".")
    return sentence("Next, for {name}: {action}.", name=str(first["segment_name"]), action=_lower(action))


def _moved(subject: str, found: Difference, setting: Setting) -> str:
    if found.amount is None:
        return ""
    other = than(setting.comparison, "previous", setting.format)
    if found.close:
        return f"{subject} is close to that of {other}."
    way = "risen" if found.up else "fallen"
    return f"{subject} has {way} by {moved_words(found, setting.format, unit='count')} against {other}."


def _trust(choice: pd.DataFrame, stability: float, show: Format) -> str:
    if math.isnan(stability):
        return ""
    agreement = f"{show.number(stability, 2)} of 1"
    if stability >= STABLE:
        words = f"Resampled customers give much the same groups (agreement {agreement})"
    elif stability >= SHAKY:
        words = (
            f"Resampled customers give similar groups (agreement {agreement}): their borders are uncertain"
        )
    else:
        words = f"Resampled customers give other groups (agreement {agreement}): take them as a sketch"
    chosen = choice.loc[choice["chosen"].astype(bool), "silhouette"]
    overlap = "; the groups overlap" if len(chosen) and chosen.iloc[0] < 0.25 else ""
    return f"{words}{overlap}."


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _too_few_heading(total: int) -> str:
    return "Customers are too few to rank" if total else "There are no customers to segment"


def _percent(part: float, whole: float) -> float:
    return 100 * float(part) / float(whole) if whole else math.nan


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
