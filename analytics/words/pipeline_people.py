"""What the pipeline report says of owners, wins, the evidence behind chances, and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.page.pieces import FEW, Statement
from analytics.words.pipeline import Setting

DRIVERS: Mapping[str, str] = {
    "objections_handled": "Objections handled",
    "competitors_mentioned": "Competitors named",
    "champion_identified": "Champion",
    "budget_confirmed": "Budget confirmed",
    "decision_maker_engaged": "Decision maker engaged",
}
"""Names of what win rates are compared by."""


def owners(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say who holds most of the pipeline, and how win rates differ.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.owners`.
    """
    show, whole = setting.format, rows[rows["stage"] == "all"]
    if whole.empty:
        return Statement("Nobody has an open or closed deal")
    total, first = whole["value"].sum(), whole.iloc[0]
    share = f", {show.percent(100 * first['value'] / total, 0)} of all" if total else ""
    heading = f"{_short(first['owner'])} holds {show.money(first['value'])} of open deals{share}"
    sure = whole[whole["win_rate_n"] >= FEW].sort_values("win_rate")
    lead = ""
    if len(sure) > 1:
        low, high = sure.iloc[0], sure.iloc[-1]
        apart = low["win_rate_high"] < high["win_rate_low"]
        ends = f"from {show.share(low['win_rate'], 0)} ({_short(low['owner'])})"
        ends += f" to {show.share(high['win_rate'], 0)} ({_short(high['owner'])})"
        lead = f"Win rates run {ends}" + (
            "." if apart else ": their intervals overlap, so this may be chance."
        )
    elif setting.with_history is False:
        lead = "Without a history of deals nothing is known of how often they moved on."
    return Statement(
        heading,
        lead,
        "Grey is the value of an owner's open deals, blue the part that their chances make likely.",
        f"{setting.deals(whole['deal_count'].sum())} open; {setting.deals(whole['win_rate_n'].sum())} "
        "closed in the "
        "timeframe",
    )


def won(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what was won in the last whole quarter.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.won_deals`.
    """
    show = setting.format
    if rows.empty:
        return Statement("No deal has closed yet")
    quarters = rows[(rows["grain"] == "quarter") & rows["finished"].astype(bool)]
    months = rows[rows["grain"] == "month"]
    all_won = f"{setting.deals(months['won_deals'].sum())} won up to {setting.last_day}"
    if quarters.empty:
        value = show.money(months["won_value"].sum())
        return Statement(
            f"{setting.deals(months['won_deals'].sum())} won so far, worth {value}", based=all_won
        )
    last = quarters.iloc[-1]
    name = _quarter(last["period"])
    heading = f"{setting.deals(last['won_deals'])} worth {show.money(last['won_value'])} won in {name}"
    earlier = quarters[quarters["start"] == last["start"] - pd.DateOffset(years=1)]
    lead = ""
    if len(earlier):
        before = earlier.iloc[-1]
        lead = (
            f"In {_quarter(before['period'])} it was {setting.deals(before['won_deals'])} worth "
            f"{show.money(before['won_value'])}."
        )
    unfinished = not months["finished"].astype(bool).iloc[-1]
    return Statement(
        heading,
        lead,
        "A column is the value of deals won in the month"
        + ("; the last has not ended." if unfinished else "."),
        all_won,
    )


def drivers(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what goes with winning most, as an association.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.win_drivers`.
    """
    show = setting.format
    gaps = []
    for driver, levels in rows.groupby("driver", sort=False):
        sure = levels[levels["win_rate_n"] >= FEW]
        if len(sure) > 1:
            rates = sure["win_rate"].to_numpy()
            low, high = sure.iloc[int(rates.argmin())], sure.iloc[int(rates.argmax())]
            gaps.append((high["win_rate"] - low["win_rate"], str(driver), low, high))
    closed = int(rows.groupby("driver")["win_rate_n"].sum().max()) if len(rows) else 0
    based = f"{setting.deals(closed)} closed before the end of {setting.last_day}"
    if not gaps:
        return Statement("Too few deals have closed to say what goes with winning", based=based)
    _, driver, low, high = max(gaps, key=lambda item: item[0])
    if low["win_rate_high"] >= high["win_rate_low"]:
        heading = "Nothing that is recorded of deals tells won from lost ones beyond chance"
    else:
        heading = (
            f"{show.share(high['win_rate'], 0)} are won with {_with(driver, high['level'])}, "
            f"{show.share(low['win_rate'], 0)} with {_with(driver, low['level'])}"
        )
    return Statement(
        heading,
        "An association, not a cause: deals that go well also get a champion and a budget more easily.",
        "A point is the share won of the closed deals of that kind, its band the 95% interval.",
        based,
    )


def calibration(setting: Setting, test: Any, model: Any) -> Statement:
    """Say what weighs deals, and how it did on later deals.

    Parameters
    ----------
    setting : Setting
    test, model
        `Holdout` and `CloseModel` of `analytics.models.deals.close_probability`.
    """
    show, closed = setting.format, setting.deals(model.closed)
    if model.basis == "points":
        return Statement(
            "Chances are points: too few deals have closed to learn from",
            "A classifier takes over from 50 closed deals on, with ten or more of each outcome. There "
            f"are {closed}, "
            f"{show.count(model.won)} won.",
        )
    if test.scores.empty:
        return Statement(
            f"Chances are learnt from {closed}",
            "Too few closed lately to test them on; treat them as an estimate.",
        )
    scores = test.scores.set_index("method")
    own, points = scores.loc["classifier"], scores.loc["points"]
    heading = f"On later deals the classifier's log loss was {show.number(own['log_loss'], 3)}"
    heading += f", points' {show.number(points['log_loss'], 3)}" if pd.notna(points["log_loss"]) else ""
    if pd.isna(own["better_by_low"]):
        lead = "Points cannot be compared where stages are not known."
    elif own["better_by_low"] > 0:
        lead = "Lower is better, and the difference is more than chance."
    elif own["better_by_high"] < 0:
        lead = "Lower is better: points did better than the classifier here, beyond chance."
    else:
        lead = "Lower is better; the difference may be chance."
    guess = scores.loc["base_rate", "log_loss"]
    if pd.notna(guess):
        lead += f" Giving every deal the same chance has {show.number(guess, 3)}."
    return Statement(
        heading,
        lead,
        "Deals in five groups by their predicted chance; on the dashed line as many are won as predicted.",
        f"{setting.deals(own['deals'])} closed since {show.date(test.since)}, which the test's "
        "classifier had not seen",
    )


def calibration_missing(test: Any) -> str:
    """Say why there is no test to show; empty where there is one."""
    if len(test.bins):
        return ""
    return "A test needs 50 closed deals or more, with ten or more of each outcome among the earlier ones."


def accounts(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which accounts may leave.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.models.deals.account_health.account_scores`.
    """
    show = setting.format
    if rows.empty:
        return Statement("No account is live")
    high, medium = rows[rows["risk_level"] == "high"], rows[rows["risk_level"] == "medium"]
    if len(high):
        heading = (
            f"{_accounts(setting, len(high))} at high churn risk, worth "
            f"{show.money(high['acv'].sum())} a year"
        )
        lead = (
            f"{_accounts(setting, len(medium))} more at medium risk, worth {show.money(medium['acv'].sum())}."
        )
    elif len(medium):
        heading = f"No account at high churn risk, {show.count(len(medium))} at medium"
        lead = f"They are worth {show.money(medium['acv'].sum())} a year."
    else:
        heading, lead = "No account is at high or medium churn risk", ""
    return Statement(
        heading,
        lead,
        "Points for falling logins, tickets, overdue bills, NPS and tone, rescaled where some are not "
        "known; the "
        "highest first. High is 60 or more, medium 30.",
        f"{_accounts(setting, len(rows))} live at the end of {setting.last_day}",
    )


def expansion(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which accounts have room to grow.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As for `accounts`.
    """
    show, strong = setting.format, rows[rows["expansion_score"] >= 70]
    if rows["expansion_score"].isna().all():
        return Statement("Nothing is known of accounts' room to grow")
    if strong.empty:
        heading = "No account stands out by its room to grow"
    else:
        heading = (
            f"{_accounts(setting, len(strong))} with much room to grow, worth "
            f"{show.money(strong['acv'].sum())}"
        )
    return Statement(
        heading,
        "Offer more seats or the next plan to the first of them.",
        "Points for seats in use, a higher plan, adoption and NPS; much is 70 of 100 or more, none where "
        "churn risk "
        "is above 60.",
        f"{_accounts(setting, len(rows))} live at the end of {setting.last_day}",
    )


_KINDS = {
    "objections_handled": ("objection handled", "objections handled"),
    "competitors_mentioned": ("competitor named", "competitors named"),
    "champion_identified": ("a champion", "no champion"),
    "budget_confirmed": ("a confirmed budget", "no budget"),
    "decision_maker_engaged": ("the decision maker", "no decision maker"),
}


def _with(driver: str, level: Any) -> str:
    """What deals of a level had: ``a champion``, ``no competitors named``, ``4 or more objections …``."""
    one, many = _KINDS[driver]
    if level in ("yes", "no"):
        return one if level == "yes" else many
    number = str(level).replace("0", "no").replace("+", " or more")
    return f"{number} {one if number == '1' else many}"


def _quarter(period: Any) -> str:
    year, _, quarter = str(period).partition("-")
    return f"{quarter} {year}"


def _accounts(setting: Setting, n: int) -> str:
    return f"{setting.format.count(n)} {'account' if n == 1 else 'accounts'}"


def _short(name: Any, most: int = 24) -> str:
    text = str(name)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
