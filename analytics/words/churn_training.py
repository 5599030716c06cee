"""What the report on churn says first: how many are about to leave, how sure that is, and whom to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.churn_evidence import beaten_by, enough_tested, lead_of, model_row, pairs, row_of
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison, Timeframe
from analytics.words.churn_evidence import (
    agree,
    leave,
    left,
    people,
    rule_of_thumb,
    sentences,
    thumb_name,
    window,
)
from analytics.words.headlines import headline

Status = Mapping[str, Any]
"""`status` of `analytics.models.churn.ChurnResult`."""

Outlook = Mapping[str, Any]
"""As returned by `analytics.models.churn.calls.outlook`."""


def summary(
    status: Status, outlook: Outlook, scores: pd.DataFrame, leader: str, format: Format
) -> tuple[Runs, ...]:
    """What a reader in a hurry takes away: how many, how sure, whom to call first.

    Parameters
    ----------
    status : mapping
    outlook : mapping
    scores : pandas.DataFrame
        As `scores` of `analytics.models.churn.ChurnResult`. It is not modified.
    leader : str
        Whose figure leads.
    format : Format

    Returns
    -------
    tuple of runs
        Two or three sentences of at most 60 words and four bold figures together.
    """
    if status["missing"]:
        return (
            sentence("{no}: too little is known yet.", no=Bold("No model was trained")),
            sentence("Nobody has been scored, and nothing has been saved."),
        )
    n = int(outlook["customers"])
    if not n:
        return (sentence("There is a model, but nobody to score."), _how_sure(scores, leader, format))
    said = [
        sentence(
            "Of {customers}, {expected} are expected to {leave} in the next {days}.",
            customers=people(n, format),
            expected=Bold(format.count(outlook["expected_to_leave"])),
            leave=leave(status),
            days=format.days(status["horizon_days"]),
        ),
        _how_sure(scores, leader, format),
        _whom_to_call(status, outlook, format),
    ]
    return tuple(runs for runs in said if runs)


def cards(
    status: Status,
    outlook: Outlook,
    scores: pd.DataFrame,
    leader: str,
    rates: pd.DataFrame,
    comparison: Comparison,
    format: Format,
) -> tuple[Headline, ...]:
    """The four headline figures.

    Parameters
    ----------
    status, outlook, scores, leader, format
        As for `summary`.
    rates : pandas.DataFrame
        One row for each of ``comparison.periods``: ``start``, ``end``, ``churn_rate`` (percent of those who
        could have left in the days up to the end) with ``_n``, ``_low``, ``_high``, and
        ``churned_customers``. It is not modified.
    comparison : Comparison

    Returns
    -------
    tuple of Headline
        Expected to leave, left in the days before, at high or critical risk, how often the ranking is right.
    """
    days, now = format.days(status["horizon_days"]), rates.iloc[-1]
    n = int(outlook["customers"])
    nothing = format.count(None)
    low, high = (format.count(outlook[f"expected_to_leave_{end}"]) for end in ("low", "high"))
    beside = (
        f"{format.count(outlook['critical'])} critical; {format.count(outlook['best_at_risk'])} of the best "
        f"{format.count(outlook['best_customers'])}"
    )
    if _short_of_risk(outlook):
        beside = (
            f"of the riskiest {format.count(outlook['list_customers'])}, "
            f"{format.count(outlook['list_expected'])} are expected to leave"
        )
    expected = Headline(
        "expected_to_leave",
        f"Expected to leave in {days}",
        format.count(outlook["expected_to_leave"]) if n else nothing,
        f"of {people(n, format)}; 95% interval {low} to {high}" if n else "nobody has been scored",
        unsure=0 < n < FEW,
    )
    risky = Headline(
        "at_risk_customers",
        "At high or critical risk",
        format.count(outlook["at_risk"]) if n else nothing,
        beside if n else "nobody has been scored",
        number=float(outlook["at_risk"]) if n else None,
        unit="count",
    )
    gone = headline(
        rates, "churn_rate", comparison, format,
        label=f"Left in the {days} before", unit="percent", good="down",
        base=f"{format.count(now['churned_customers'])} of {people(now['churn_rate_n'], format)}"
        if now["churn_rate_n"] > 0 else "nobody could have left",
    )  # fmt: skip
    return (expected, gone, risky, _ranking_card(status, scores, leader, format))


def levels(
    status: Status, rows: pd.DataFrame, outlook: Outlook, timeframe: Timeframe, format: Format
) -> Statement | None:
    """How many customers stand at which risk.

    Parameters
    ----------
    status, outlook, format
        As for `summary`.
    rows : pandas.DataFrame
        As returned by `analytics.models.churn.calls.risk_levels`. It is not modified.
    timeframe : Timeframe

    Returns
    -------
    Statement or None
        Says what is missing where there is no model.
    """
    if status["missing"]:
        return Statement("There is no model: too little is known yet")
    n = int(rows["customers"].sum())
    based = f"{people(n, format)} scored as of {format.date(timeframe.reference_date)}"
    if not n:
        return Statement("Nobody is left to be scored", based=based)
    risky = rows[rows["risk_level"].isin(("Critical", "High"))]
    k = int(risky["customers"].sum())
    heading = f"{people(k, format)} of {format.count(n)} {_stand(k)} at high or critical risk"
    if not k:
        heading = f"None of {people(n, format)} is at high or critical risk"
    expected = format.count(risky["expected_to_leave"].sum())
    are = "is" if expected == "1" else "are"
    lead = f"Of these, {expected} {are} expected to {leave(status)} within {window(status, format)}."
    read = (
        f"A bar counts customers by their chance to leave: low under {format.percent(30, 0)}, medium to "
        "under "
        f"{format.percent(60, 0)}, high to {format.percent(80, 0)}, critical above. Beside it: how many of "
        "them are expected to leave."
    )
    if not k:
        lead = f"The highest chance is {format.share(outlook['highest_chance'], 0)}."
    return Statement(heading, lead, read, based)


def missing(status: Status) -> str:
    """Say all that is missing for a model; an empty text where there is one."""
    if not status["missing"]:
        return ""
    return f"{sentences(status['missing'])} No model was trained and nothing was saved; no chance is guessed."


def calls(status: Status, shown: int, outlook: Outlook, format: Format) -> Statement | None:
    """Whom to call first.

    Parameters
    ----------
    status, outlook, format
        As for `summary`.
    shown : int
        How many of the list the page has room for.

    Returns
    -------
    Statement or None
        None where there is no model, or nobody to call.
    """
    n = int(outlook["list_customers"])
    if status["missing"] or not n:
        return None
    best, of = int(outlook["best_at_risk"]), int(outlook["best_customers"])
    heading = f"Call first: {format.count(best)} of the {format.count(of)} best customers are at risk"
    based = f"{people(n, format)} at high or critical risk; best: a value of {format.count(80)} or more"
    if _short_of_risk(outlook):
        heading = f"Few are at high risk: watch the {format.count(n)} riskiest, the most valuable first"
        based = f"the riskiest {format.percent(10, 0)} of {people(outlook['customers'], format)} scored"
    elif not best:
        heading = f"No best customer is at high risk: call the {format.count(min(n, shown))} next"
    read = (
        "The most valuable come first. Value: of 100 customers, how many have no more "
        f"{_worth(status)}. Sure: how alike 20 refits of the model see the customer."
    )
    lead = 'What stands out moves the chance most, up or, "in favour", down; it need not be the cause.'
    return Statement(heading, lead, read, based)


def base(status: Status, horizons: pd.DataFrame, format: Format) -> Statement | None:
    """How many leave, and how that depends on the days one waits.

    Parameters
    ----------
    status, format
        As for `summary`.
    horizons : pandas.DataFrame
        As `horizons` of `analytics.models.churn.ChurnResult`. It is not modified.

    Returns
    -------
    Statement or None
        Stands without a model, too; None where there is neither a model nor a rate.
    """
    own = horizons[horizons["own"].astype(bool)]
    known = horizons[horizons["churn_rate"].notna()]
    if own.empty or known.empty or not float(own["churn_rate_n"].iloc[0]) > 0:
        return None if status["missing"] else Statement("How many leave is not known yet")
    row = own.iloc[0]
    based = (
        f"{people(row['churn_rate_n'], format)} as of {format.date(row['cutoff'])}, watched for "
        f"{window(status, format)}; {_population(status, format)}"
    )
    if row["churn_rate_n"] < FEW:
        return Statement(f"{people(row['churn_rate_n'], format)}: too few for a churn rate", based=based)
    heading = f"{format.percent(row['churn_rate'], 0)} {left(status)} within {window(status, format)}"
    others = [
        f"{format.percent(other['churn_rate'], 0)} within {format.days(other['horizon_days'])}"
        for _, other in known[~known["own"].astype(bool)].iterrows()
    ]
    lead = f"With another horizon: {' and '.join(others)}." if others else ""
    read = (
        "A bar is the share of customers who left within so many days; the line through its end is the 95% "
        "interval. Each is counted from the last day that allows it."
    )
    return Statement(heading, lead, read, based)


def _how_sure(scores: pd.DataFrame, leader: str, format: Format) -> Runs:
    """Say how often the ranking is right, and against what: the leader's figure first."""
    tested = scores.iloc[0]
    if not enough_tested(scores):
        return sentence(
            "Only {n} could be tested, of whom {k} left: too few to say how good the model is.",
            n=people(tested["customers"], format),
            k=format.count(tested["churned"]),
        )
    model, found = model_row(scores), row_of(scores, leader)
    if leader == "prior":
        return sentence(
            "Given one who left and one who stayed, the model tells which in {pairs} cases: no better "
            "than a guess.",
            pairs=Bold(pairs(model, format)),
        )
    if beaten_by(scores, leader):
        return sentence(
            "{rule} {name} which of two customers left in {pairs} cases; the churn model, right in "
            "{own}, {verdict}.",
            rule=thumb_name(found),
            name=agree(found, "tell"),
            pairs=Bold(pairs(found, format)),
            own=_number(model, format),
            verdict="does worse" if found["auc_gain_high"] < 0 else "is level",
        )
    rule = rule_of_thumb(scores)
    beside = f"; {thumb_name(rule, start=False)} alone in {_number(rule, format)}" if rule is not None else ""
    beside += ", which may be chance" if _may_be_chance(rule) else ""
    return sentence(
        "Given one who left and one who stayed, the model tells which in {pairs} cases{beside}.",
        pairs=Bold(pairs(model, format)),
        beside=beside,
    )


def _whom_to_call(status: Status, outlook: Outlook, format: Format) -> Runs:
    of, best, k = (int(outlook[name]) for name in ("best_customers", "best_at_risk", "at_risk"))
    if _short_of_risk(outlook):
        return sentence(
            "Few are at high risk; watch the {n} riskiest, of whom {expected} are expected to leave.",
            n=Bold(format.count(outlook["list_customers"])),
            expected=format.count(outlook["list_expected"]),
        )
    if best:
        return sentence(
            "Call first: {best} of the {of} best customers by {worth} {stand} at high or critical risk.",
            best=Bold(format.count(best)),
            of=format.count(of),
            worth=_worth(status),
            stand="is" if best == 1 else "are",
        )
    return sentence(
        "None of the {of} best customers is among the {k} at high or critical risk.",
        of=format.count(of),
        k=Bold(format.count(k)),
    )


def _short_of_risk(outlook: Outlook) -> bool:
    """Whether the call list goes beyond those at high or critical risk, because they are few."""
    return bool(outlook["at_risk"] < outlook["list_customers"])


def _ranking_card(status: Status, scores: pd.DataFrame, leader: str, format: Format) -> Headline:
    """How often the ranking is right; the baseline's figure where that wins."""
    if status["missing"] or scores.empty:
        return Headline("roc_auc", "Pairs ranked right", format.count(None), "there is no model")
    if not enough_tested(scores):
        tested = people(scores["customers"].iloc[0], format)
        k = format.count(scores["churned"].iloc[0])
        return Headline(
            "roc_auc",
            "Pairs ranked right",
            format.count(None),
            f"too few to say: {k} of {tested} tested left",
        )
    found, model = lead_of(scores, leader), model_row(scores)
    low, high = (format.number(100 * found[f"roc_auc_{end}"], 0) for end in ("low", "high"))
    beside = rule_of_thumb(scores)
    other = ""
    if beaten_by(scores, leader):
        other = f"; by {thumb_name(found, start=False)}, the churn model {_number(model, format)}"
    elif beside is not None:
        other = f"; {thumb_name(beside, start=False)} {_number(beside, format)}"
        other += ", which may be chance" if _may_be_chance(beside) else ""
    return Headline(
        "roc_auc",
        "Pairs ranked right",
        pairs(found, format),
        f"of one who left and one who stayed; 95% interval {low} to {high}{other}",
    )


def _may_be_chance(rule: pd.Series | None) -> bool:
    """Whether the model's lead over a rule of thumb may be none: its paired interval holds zero."""
    return rule is not None and not rule["auc_gain_low"] > 0


def _number(row: pd.Series, format: Format) -> str:
    return format.number(100 * row["roc_auc"], 0)


def _population(status: Status, format: Format) -> str:
    if status["definition"] == "contract":
        return "those with a contract on that day"
    if status["eligible_days"] is None:
        return "everybody with a purchase before"
    return f"those with a purchase in the {format.days(status['eligible_days'])} before"


def _worth(status: Status) -> str:
    return "contract value" if status["definition"] == "contract" else "revenue"


def _stand(n: int) -> str:
    return "stands" if n == 1 else "stand"
