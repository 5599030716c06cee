"""What the report on lifetime value says of contract customers: what comes in, what moves it, how sure it is.

`block` is the block ``accounts`` as it is published, see `analytics.models.account_value`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import headline

METHODS = {
    "ensemble": "the ensemble",
    "forest": "the forest alone",
    "linear": "the regression alone",
    "baseline": "contract value × expected lifetime",
    "unchanged": "contract value unchanged",
}
FACTORS = {
    "acv": "contract size",
    "tenure_days": "tenure",
    "plan": "plan",
    "raises_365d": "raises in the last year",
    "cuts_365d": "cuts in the last year",
    "raised_share_365d": "how far it was raised",
    "seat_use": "seats in use",
    "logins_per_seat": "logins a seat",
    "login_change": "change of logins",
    "nps_365d": "answers to surveys",
    "feature_adoption": "features in use",
    "sentiment": "sentiment",
    "tickets_90d": "support tickets",
    "critical_tickets_90d": "critical tickets",
    "days_overdue": "overdue payments",
    "days_to_renewal": "time to renewal",
}
"""Features of an account in words."""

FIRST = 20
"""So many accounts are named first: those that should lose most of their contract value."""


def missing(block: Mapping[str, Any]) -> str:
    """Say what is missing where nothing is predicted; an empty text where something is."""
    if block["missing"] == "no accounts":
        return "No account had a contract on the last day of the timeframe."
    if block["missing"]:
        return (
            "A year of snapshots is needed before it can be seen what contracts bring in 12 months; "
            "the page fills itself when there is one."
        )
    return ""


def cards(
    block: Mapping[str, Any], books: pd.DataFrame, comparison: Comparison, format: Format
) -> tuple[Headline, ...]:
    """Four figures on contracts, for a page that has nothing else.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    books : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.revenue_retention` for ``comparison.periods``.
    comparison : Comparison
    format : Format

    Returns
    -------
    tuple of Headline
        Expected revenue, contract value, what should be lost of it, expected stay.
    """
    accounts, loss = int(block["accounts"]), _losing(block)
    each = format.money(block["acv"] / accounts if accounts else None)
    value = headline(
        books, "ending_acv", comparison, format,
        label="Contract value a year", unit="money", good="up",
        base=f"{_accounts(accounts, format)}, {each} each",
    )  # fmt: skip
    if not math.isclose(block["acv"], books["ending_acv"].iloc[-1]):  # only some are shown: no history
        shown, number = format.money(block["acv"]), float(block["acv"])
        value = replace(value, value=shown, number=number, changes=(), history=(), year_ago=None)
    lost = -loss["expected_change_12m"].sum() if block["leader"] else None
    return (
        card(block, format),
        value,
        Headline(
            "expected_loss", "Expected to be lost of it", format.money(lost),
            f"in 12 months, by {_accounts(len(loss), format)}; the others should grow or stay",
        ),
        Headline(
            "expected_months", "Expected stay", _months(block["expected_months"], format),
            "of the next 12, for an average account, as earlier ones stayed",
        ),
    )  # fmt: skip


def card(block: Mapping[str, Any], format: Format) -> Headline:
    """The headline figure: what contracts should bring in the next 12 months, with its interval."""
    value, low, high = (block[f"predicted_revenue_12m{end}"] for end in ("", "_low", "_high"))
    if pd.isna(value):
        base = "a year of snapshots is needed" if block["accounts"] else "no account has a contract"
    elif pd.isna(low):
        base = "contract value × expected lifetime, unchecked: under two years of snapshots"
    else:
        base = f"80% interval {format.money(low)} to {format.money(high)}"
    return Headline(
        "predicted_contract_revenue_12m", "Expected from contracts, next 12 months", format.money(value),
        base, unsure=block["accounts"] < FEW, number=None if pd.isna(value) else float(value), unit="money",
    )  # fmt: skip


def ahead(block: Mapping[str, Any], format: Format) -> Runs:
    """One sentence for the summary; nothing where nothing is expected or under 30 accounts are there."""
    value, low, high = (block[f"predicted_revenue_12m{end}"] for end in ("", "_low", "_high"))
    if pd.isna(value) or block["accounts"] < FEW:
        return ()
    between = "" if pd.isna(low) else f" ({format.money(low)} to {format.money(high)})"
    return sentence(
        "Contracts should bring {value}{between} in the next 12 months.",
        value=Bold(format.money(value)), between=between,
    )  # fmt: skip


def summary(block: Mapping[str, Any], format: Format) -> tuple[Runs, ...]:
    """Two or three sentences on contracts, for a page that has nothing else."""
    accounts = int(block["accounts"])
    if not accounts:
        return (sentence("No account of this report has a contract."),)
    stands = sentence(
        "{accounts} {are} worth {acv} a year.",
        accounts=_accounts(accounts, format), are="is" if accounts == 1 else "are",
        acv=Bold(format.money(block["acv"])),
    )  # fmt: skip
    loss = _losing(block)
    doubt: Runs = ()
    if block["leader"] == "ensemble" and len(loss) > FIRST and accounts >= FEW:
        first = loss.nsmallest(FIRST, "expected_change_12m")
        doubt = sentence(
            "Begin with the {n} accounts that should lose most: {lost} of {acv}.",
            n=str(FIRST), lost=Bold(format.money(-first["expected_change_12m"].sum())),
            acv=format.money(first["acv"].sum()),
        )  # fmt: skip
    said = (stands, ahead(block, format), doubt)
    return tuple(runs for runs in said if runs)


def outlook(block: Mapping[str, Any], format: Format) -> Statement:
    """What contracts should bring, beside what they are worth.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    format : Format

    Returns
    -------
    Statement
    """
    accounts = int(block["accounts"])
    based = f"{_accounts(accounts, format)}, {format.money(block['acv'])} a year; not discounted"
    value = block["predicted_revenue_12m"]
    if pd.isna(value):
        heading = (
            f"{_accounts(accounts, format)} {'is' if accounts == 1 else 'are'} worth "
            f"{format.money(block['acv'])} a year"
            if accounts
            else "No account has a contract"
        )
        return Statement(heading, based=based if accounts else "")
    share = format.percent(100 * value / block["acv"], 0) if block["acv"] > 0 else ""
    heading = f"Contracts should bring {format.money(value)} in 12 months"
    heading += f", {share} of their value" if share else ""
    return Statement(heading, _leads(block, format), _how_to_read(block), based)


def _leads(block: Mapping[str, Any], format: Format) -> str:
    months = _months(block["expected_months"], format)
    if block["leader"] == "ensemble":
        rule = format.money(block["baseline_revenue_12m"])
        chance = "" if block["difference_high"] < 0 else ", though by no more than chance"
        return (
            f"The figure is the ensemble's, which had the lower error{chance}. Contract value × expected "
            f"lifetime ({months} of 12) gives {rule}."
        )
    if block["scores"].empty:
        return (
            f"This is contract value × expected lifetime: earlier accounts stayed {months} of 12. For a "
            "model and its check there is too little history."
        )
    return (
        f"This is contract value × expected lifetime ({months} of 12): in the check it was nearer than the "
        "ensemble."
    )


def _how_to_read(block: Mapping[str, Any]) -> str:
    if len(block["groups"]) < 2:
        return ""
    return (
        "Accounts stand by the share of their contract value that is expected in 12 months, the lowest "
        "first; a bar is the contract value of such accounts."
    )


def check(block: Mapping[str, Any], format: Format) -> Statement:
    """Whether the ensemble beats the rule, and whether its shares come true.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    format : Format

    Returns
    -------
    Statement
    """
    scores = block["scores"].set_index("method")
    if scores.empty:
        return Statement("The prediction of contracts could not be checked")
    off = {name: format.percent(100 * scores.loc[name, "share_error"]) for name in ("ensemble", "baseline")}
    better = scores.loc["ensemble", "share_error"] < scores.loc["baseline", "share_error"]
    sure = block["difference_high"] < 0 or block["difference_low"] > 0
    if not sure:
        heading = f"Ensemble and simple rule are level: off by {off['ensemble']} and {off['baseline']}"
    elif better:
        heading = f"The ensemble beats the simple rule: off by {off['ensemble']}, not {off['baseline']}"
    else:
        heading = f"The simple rule beats the ensemble: off by {off['baseline']}, not {off['ensemble']}"
    totals = {
        name: format.percent(scores.loc[name, "total_error_percent"], sign=True)
        for name in ("ensemble", "baseline")
    }
    lead = (
        f"The sum over all accounts was off by {totals['ensemble']} (ensemble) and {totals['baseline']} "
        "(contract value × expected lifetime)."
    )
    if pd.notna(block["coverage"]):
        held = format.percent(100 * block["coverage"], 0)
        lead += f" Intervals meant to hold 80% of accounts held {held}."
    read = (
        "Checked accounts in groups by the share of contract value predicted: points are what they brought, "
        "with 95% intervals, lines what was predicted. On one height is good."
    )
    checked = int(scores.loc["ensemble", "checked_accounts"])
    based = (
        f"{format.count(checked)} predictions of {format.count(block['folds'])} past days, each from what "
        "was known before; off: root mean square, in percent of contract value"
    )
    return Statement(heading, lead, read, based)


def check_missing(block: Mapping[str, Any]) -> str:
    """Say why there is no check; an empty text where there is one."""
    if not block["scores"].empty:
        return ""
    return missing(block) or (
        "A check predicts past days from what was known a year before them: that takes two years of "
        "snapshots, and 100 accounts to learn from."
    )


def drivers(block: Mapping[str, Any], format: Format) -> Statement:
    """What moves the predictions of single accounts most.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    format : Format

    Returns
    -------
    Statement
    """
    rows = block["drivers"]
    if rows.empty:
        return Statement("Nothing is known that tells accounts apart")
    first = FACTORS.get(rows["feature"].iloc[0], rows["feature"].iloc[0])
    size = format.points(100 * rows["effect"].iloc[0])
    heading = f"What tells accounts apart most: {first}, {size} of contract value"
    lead = ""
    if block["leader"] != "ensemble":
        lead = "The ensemble did not beat the simple rule, so this is a hint, no evidence."
    read = (
        "How far each feature moves the expected share of contract value up or down, on average over all "
        "accounts. It is what the model goes by, not a cause."
    )
    return Statement(heading, lead, read, f"{_accounts(block['accounts'], format)}")


def definitions(block: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Say what the words about contracts mean; nothing where there are no accounts."""
    if not block["accounts"]:
        return ()
    return (
        (
            "Expected contract revenue",
            "A twelfth of the contract value for each of the next 12 months at whose end the account is "
            "expected to be a customer.",
        ),
        (
            "Confidence",
            "1 − the spread among the members of the ensemble, in parts of the prediction: how far they "
            "agree. How sure the future is, the interval says.",
        ),
    )


def method(block: Mapping[str, Any]) -> tuple[str, ...]:
    """Say how the figures about contracts are made."""
    if not block["accounts"]:
        return ()
    return (
        "Contracts: the mean of a random forest and a linear regression on contract value, tenure, plan, "
        "raises and cuts, use, surveys, tickets and payments predicts the share of contract value that an "
        "account brings in 12 months. It learns from every third month of the past whose year is over.",
        "Whether it or contract value × expected lifetime leads is decided by the root mean square error of "
        "the share, forward in time. Intervals are what checked accounts with a prediction alike brought, "
        "from the 10th to the 90th in 100.",
    )


def factor_words(row: Any, format: Format) -> str:
    """Name what moves one account's prediction, the largest first: ``seats in use −£310; plan +£120``."""
    parts = []
    for place in (1, 2, 3):
        name, effect = getattr(row, f"factor_{place}"), getattr(row, f"factor_{place}_effect")
        if not pd.isna(effect):
            size = format.money(effect, sign=True).replace("−", "−\u2060")  # no line ends after a minus
            parts.append(f"{FACTORS.get(name, name)} {size}")
    return "; ".join(parts)


def _losing(block: Mapping[str, Any]) -> pd.DataFrame:
    """The accounts that should bring less than their contract value."""
    rows: pd.DataFrame = block["customers"]
    return rows[rows["expected_change_12m"] < 0]


def _months(months: Any, format: Format) -> str:
    return "–" if pd.isna(months) else f"{format.number(months, 1)} months"


def _accounts(n: Any, format: Format) -> str:
    return f"{format.count(n)} account{'' if int(n) == 1 else 's'}"
