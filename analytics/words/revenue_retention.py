"""What the retention report says of contract customers."""

from __future__ import annotations

import pandas as pd

from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.words.headlines import difference, headline, is_unsure, moved_words, than
from analytics.words.retention import Setting, brief


def headlines(setting: Setting, rows: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: net and gross revenue retention, accounts lost, contract value at the end.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.revenue_retention` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
        Empty where no account was ever live in them.
    """
    show, now = setting.format, rows.iloc[-1]
    if _nothing(now):
        return ()
    base = f"of {show.money(now['starting_acv'])} a year at the start"
    every = setting.comparison, show
    return (
        headline(
            rows,
            "net_revenue_retention",
            *every,
            label="Net revenue retention",
            unit="percent",
            good="up",
            base=f"{base}, growth counted",
        ),
        headline(
            rows,
            "gross_revenue_retention",
            *every,
            label="Gross revenue retention",
            unit="percent",
            good="up",
            base=f"{base}, growth not counted",
        ),
        headline(
            rows,
            "churned_accounts",
            *every,
            label="Accounts lost",
            unit="events",
            good="down",
            base=f"of {show.count(now['starting_accounts'])} at the start",
        ),
        headline(
            rows,
            "ending_acv",
            *every,
            label="Contract value a year",
            unit="money",
            good="up",
            base=f"{show.count(now['ending_accounts'])} accounts at the end",
        ),
    )


def at_the_end(setting: Setting, rows: pd.DataFrame) -> tuple[Headline, ...]:
    """How many accounts are live at the end, with its changes; nothing where none ever was."""
    if _nothing(rows.iloc[-1]):
        return ()
    return (
        headline(
            rows,
            "ending_accounts",
            setting.comparison,
            setting.format,
            label="Live accounts",
            unit="count",
            good="up",
            base="with a contract at the end",
        ),
    )


def summary(setting: Setting, rows: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences on contracts, for a page that has nothing else.

    Parameters
    ----------
    setting, rows
        As for `headlines`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    show, now = setting.format, rows.iloc[-1]
    if _nothing(now):
        return (sentence("No account had a contract in {span}.", span=setting.span),)
    if not setting.comparison.this.days:
        begun = "{span} has not begun: {n} accounts are worth {acv} a year on {day}."
        accounts, acv = show.count(now["ending_accounts"]), Bold(show.money(now["ending_acv"]))
        return (sentence(begun, span=setting.span, n=accounts, acv=acv, day=setting.until),)
    if now["starting_accounts"] < FEW:
        number = int(now["starting_accounts"])
        few = "{n} had a contract {began}: too few to speak of a rate."
        who = Bold(f"{show.count(number)} account{'' if number == 1 else 's'}")
        return (sentence(few, n=who, began=setting.began),)
    return brief(kept(setting, rows), _moved(setting, now), _next(setting, now))


def kept(setting: Setting, rows: pd.DataFrame) -> Runs:
    """One sentence: what the contracts of the start are worth now; nothing where there are too few."""
    show, now = setting.format, rows.iloc[-1]
    if now["starting_accounts"] < FEW or pd.isna(now["net_revenue_retention"]):
        return ()
    found = difference(rows, "net_revenue_retention", setting.comparison, "previous", unit="percent")
    previous, change = setting.comparison.previous, ""
    if not found.close and previous and not is_unsure(rows, "net_revenue_retention", previous):
        words = moved_words(found, show, unit="percent")
        other = than(setting.comparison, "previous", show)
        change = f", {words} {'more' if found.up else 'less'} than in {other}"
    return sentence(
        "Of the contract value {began}, {gross} was kept, {net} with growth{change}.",
        began=setting.began,
        gross=Bold(show.percent(now["gross_revenue_retention"])),
        net=Bold(show.percent(now["net_revenue_retention"])),
        change=change,
    )


def _moved(setting: Setting, now: pd.Series) -> Runs:
    show = setting.format
    gains = now["new_acv"] + now["expansion_acv"] + now["reactivated_acv"]
    losses = -(now["contraction_acv"] + now["churned_acv"])
    return sentence(
        "{gains} a year was added, {losses} lost.",
        gains=Bold(show.money(gains)),
        losses=Bold(show.money(losses)),
    )


def _next(setting: Setting, now: pd.Series) -> Runs:
    show = setting.format
    if now["churned_acv"] == 0 and now["contraction_acv"] == 0:
        return ()
    if now["churned_acv"] <= now["contraction_acv"]:
        number = int(now["churned_accounts"])
        left = f"{show.count(number)} account{' that' if number == 1 else 's that'} left"
        return sentence("Most of the loss is {left}: begin with those that renew next.", left=left)
    number = int(now["contraction_accounts"])
    shrank = f"{show.count(number)} account{'' if number == 1 else 's'} that shrank"
    return sentence("Most of the loss is {shrank}: begin with their unused seats.", shrank=shrank)


def bridge(setting: Setting, row: pd.Series) -> Statement:
    """Say which way contract value went, and how much of the start was kept.

    Parameters
    ----------
    setting : Setting
    row : pandas.Series
        The timeframe that the page leads with, as in
        `analytics.metrics.revenue_retention.revenue_retention`.
    """
    show = setting.format
    if _nothing(row):
        return Statement("No account had a contract in this timeframe")
    moved = row["ending_acv"] - row["starting_acv"]
    way = "grew by" if moved > 0 else "shrank by"
    heading = (
        f"Contract value {way} {show.money(abs(moved))} to {show.money(row['ending_acv'])} a year"
        if moved
        else f"Contract value stands where it stood: {show.money(row['ending_acv'])} a year"
    )
    kept = row["account_retention_rate"]
    lead = (
        f"{show.percent(kept, 0)} of the accounts stayed; of their value "
        f"{show.percent(row['gross_revenue_retention'], 0)} "
        f"was kept, {show.percent(row['net_revenue_retention'], 0)} with growth."
        if row["starting_accounts"] >= FEW and pd.notna(row["net_revenue_retention"])
        else ""
    )
    if pd.notna(row["quick_ratio"]) and lead:
        lead += f" What came is {show.number(row['quick_ratio'], 1)} times what went."
    opening = "the first snapshot" if row["left_truncated"] else "the start"
    read = (
        f"From the contract value of {opening} on the left, blue steps add and orange steps take away, to "
        "that of the end on the right."
    )
    ends = show.count(row["starting_accounts"]), show.count(row["ending_accounts"])
    return Statement(heading, lead, read, f"{ends[0]} accounts at the start, {ends[1]} at the end")


def survival(setting: Setting, curves: pd.DataFrame, at: pd.DataFrame) -> Statement:
    """Say how many accounts are still customers after a year, and how plans differ.

    Parameters
    ----------
    setting : Setting
    curves : pandas.DataFrame
        As returned by `analytics.metrics.survival.survival`.
    at : pandas.DataFrame
        As returned by `analytics.metrics.survival.survival_at` for 365 days.
    """
    show = setting.format
    if curves.empty:
        return Statement("No account has been watched long enough to say how long they stay")
    number = int(curves["accounts"].iloc[0])
    read = (
        "The higher the curve, the more accounts are still customers so many days after they "
        "started. Bands are "
        "95% intervals. An account counts from the day it is first seen in the data."
    )
    based = f"{show.count(number)} accounts; a plan with fewer than {FEW} watched has no curve"
    if number < FEW:
        return Statement(f"Too few accounts to say how long they stay: {show.count(number)}", "", read, based)
    everyone = at[at["plan"] == "all"]
    if everyone.empty:
        last = curves[curves["plan"] == "all"].iloc[-1]
        rate, days = show.percent(last["survival_rate"], 0), show.days(last["days"])
        heading = f"{rate} of accounts are still customers after {days}"
        return Statement(heading, "", read, based)
    heading = (
        f"After a year, {show.percent(everyone['survival_rate'].iloc[0], 0)} of accounts are still customers"
    )
    plans = at[(at["plan"] != "all") & (at["at_risk"] >= FEW)].sort_values("survival_rate", ascending=False)
    lead = ""
    if len(plans) > 1:
        best, worst = plans.iloc[0], plans.iloc[-1]
        if best["survival_rate_low"] > worst["survival_rate_high"]:
            lead = (
                f"{str(best['plan'])[:24]}: {show.percent(best['survival_rate'], 0)}; "
                f"{str(worst['plan'])[:24]}: {show.percent(worst['survival_rate'], 0)}."
            )
        else:
            lead = "The plans' intervals overlap after a year: the difference may be chance."
    return Statement(heading, lead, read, based)


def any_contract(rows: pd.DataFrame) -> bool:
    """Whether any account had a contract in the timeframe that the page leads with."""
    return not _nothing(rows.iloc[-1])


def _nothing(row: pd.Series) -> bool:
    return not row["starting_accounts"] and not row["ending_accounts"] and not row["churned_accounts"]
