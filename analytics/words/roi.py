"""What the report on return says first: whom to call, what it brings, and what must be right for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import headline

WHERE_FROM = {
    "lifetime model": "from the lifetime model",
    "trailing profit": "from the last 365 days' profit",
    "contract": "from the contract",
    "lifetime revenue": "from the lifetime model's revenue",
    "trailing revenue": "from the last 365 days' revenue",
    "unknown": "not known",
}
"""Where a customer's worth comes from, in words."""

UNMEASURED = {
    "no retention campaign": "no retention campaign is on record",
    "no control group": "no retention campaign had a control group",
    "not over": "the time to judge the retention campaigns is not over",
    "too few lost": f"under {FEW} customers left in the control groups",
    "other customers": "the retention campaigns on record were with customers who leave in another way",
}
"""Why the share saved could not be measured, in words."""

ASSUMPTIONS = {
    "save_share": "Share of leavers saved",
    "contact_cost": "Cost of a call",
    "high_risk_threshold": "Risk from which on to call",
}
"""Names of what the plan rests on."""


def cards(
    value: Mapping[str, Any], figures: pd.DataFrame, comparison: Comparison, format: Format
) -> tuple[Headline, ...]:
    """The four headline figures; the number at high risk with its changes.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    figures : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.headlines` for ``comparison.periods``.
    comparison : Comparison
    format : Format

    Returns
    -------
    tuple of Headline
        Expected profit, customers worth calling, the share that must be saved, customers at high risk.
    """
    n, best, unknown = (int(value[f"{name}_customers"]) for name in ("scored", "best", "unknown_worth"))
    nobody = "no predictions up to this day"
    spent = f"{format.money(value['best_cost'])} spent; 95% interval {interval(value, 'best_profit', format)}"
    beside = f"; the worth of {format.count(unknown)} more is not known" if unknown else ""
    of_all = f"{_share_of(best, n - unknown, format)} of {_customers(n - unknown, format)}{beside}"
    predicted = figures.iloc[-1]["predicted_at"]
    made = "" if pd.isna(predicted) else f"; predicted on {format.date(predicted)}"
    share = _share_of(value["high_risk_customers"], n, format)
    base = f"{share}{'' if share.startswith('all') else ' of all'}{made}" if n else nobody
    label = "Customers at high risk"
    risky = headline(figures, "high_risk_customers", comparison, format, label=label, unit="count", base=base)
    if figures["high_risk_customers"].notna().sum() < 2:  # one batch alone has not changed
        risky = replace(risky, changes=(), history=())
    return (
        Headline(
            "expected_profit",
            f"Expected {gain_word(value)}, 12 months",
            format.money(value["best_profit"] if n else None),
            (spent if best else "nobody is worth a call") if n else nobody,
        ),
        Headline(
            "best_customers",
            "Customers worth calling",
            format.count(best if n else None),
            of_all if n else nobody,
        ),
        Headline(
            "break_even_save_share",
            "Must be saved to pay",
            _fine(value["break_even_save_share_best"], format),
            f"of those who would leave; {saved_words(value, format)}" if n else nobody,
        ),
        risky,
    )


def summary(value: Mapping[str, Any], arms: pd.DataFrame, format: Format, *, day: Any) -> tuple[Runs, ...]:
    """What a reader in a hurry takes away: is it worth calling, how many, what must be right.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    arms : pandas.DataFrame
        ``arms`` of `analytics.models.campaign_results.campaign_results`.
    format : Format
    day : date
        The reference date.

    Returns
    -------
    tuple of runs
        Two or three sentences of at most 60 words and four bold figures together.
    """
    match value["verdict"]:
        case "nobody scored":
            said = _unscored(day, format)
        case "do not call":
            said = _not_worth(value, format)
        case _:
            said = _worth(value, format)
    return tuple(runs for runs in (*said, _measured(arms, format)) if runs)


def profit_curve(value: Mapping[str, Any], format: Format) -> Statement:
    """How far to go: at which depth the next call costs more than it brings.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    format : Format

    Returns
    -------
    Statement
    """
    n, best, unknown = (
        int(value[name]) for name in ("scored_customers", "best_customers", "unknown_worth_customers")
    )
    left_out = f"; the worth of {format.count(unknown)} is not known" if unknown else ""
    based = f"{_customers(n, format)} with a prediction{left_out}; {terms(value, format)}"
    read = (
        "Going right, more customers are called, those with the largest expected gain first. The curve falls "
        "where a call costs more than it is expected to bring. The band holds 95 of 100 outcomes, if the "
        "assumptions are right."
    )
    if not best:
        lead = f"Calling everybody would {_brings(value['call_all_profit'], format)}."
        return Statement(
            "Call nobody: no customer's expected gain covers the cost of a call", lead, read, based
        )
    share, others = _share_of(best, n - unknown, format), n - unknown - best
    if best >= n - unknown:
        heading = "Call everybody: each call is expected to bring more than it costs"
    elif share.startswith("all"):
        heading = f"Call {share}: {'that' if others == 1 else 'each such'} call costs more than it brings"
    else:
        heading = f"Stop at {share}: beyond that, a call costs more than it brings"
    if value["best_profit_low"] <= 0:
        whom = "everybody" if best >= n - unknown else share
        heading = f"Calling {whom} brings most, but the gain may be chance"
    lead = (
        f"As many calls by risk alone would {_brings(value['by_risk_profit'], format)}, by spend alone "
        f"{_brings(value['by_money_profit'], format)}, at random {_brings(value['random_profit'], format)}."
    )
    if best >= n - unknown:
        lead = "The order then decides only who is called first; the first calls bring most."
    return Statement(heading, lead, read, based)


def sensitivity(
    value: Mapping[str, Any],
    rows: pd.DataFrame,
    worst: Mapping[str, Any],
    thresholds: pd.DataFrame,
    format: Format,
    *,
    threshold: float,
) -> Statement:
    """What must be right where all above the threshold are called.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    rows : pandas.DataFrame
        As returned by `analytics.models.expected_profit.sensitivity`.
    worst : mapping
        As in ``Weighed.worst`` of `analytics.models.roi`.
    thresholds : pandas.DataFrame
        As returned by `analytics.metrics.roi.thresholds`.
    format : Format
    threshold : float
        The risk above which customers are at high risk, 0–1.

    Returns
    -------
    Statement
    """
    above = format.share(threshold, 0)
    n = int(value["high_risk_customers"])
    based = f"{_customers(n, format)} with a risk above {above}; {terms(value, format)}"
    if not n:
        return Statement(
            f"Nobody's risk is above {above}", _lower(thresholds, format, threshold=threshold), based=based
        )
    read = (
        "Each bar changes one assumption to a low and a high value, the others as planned. Long bars are "
        "worth checking before the money is spent."
    )
    profit, needed = float(value["high_risk_profit"]), value["break_even_save_share"]
    spans = zip(rows["profit_at_low"], rows["profit_at_high"], strict=True)
    turning = [name for name, ends in zip(rows["assumption"], spans, strict=True) if min(ends) < 0]
    pays = "" if pd.isna(needed) or needed > 1 else _least(needed, format)
    together = f"All assumptions wrong at once: {_amount(worst['profit'], format)}."
    if profit < 0:
        heading = f"Calling all above {above} loses {format.money(-profit)}"
        lead = (
            f"It would pay if more than {pays} of leavers were saved."
            if pays
            else "No share saved would pay."
        )
    elif "save_share" in turning and pays:
        heading = f"Calling all above {above} pays only if more than {pays} of leavers are saved"
        lead = together
    elif turning:
        named = ASSUMPTIONS[turning[0]].lower()
        heading = f"Calling all above {above} can turn into a loss: check the {named}"
        lead = together
    else:
        heading = f"No single wrong assumption turns {format.money(profit)} into a loss"
        lead = f"Saving {pays} of leavers would break even. {together}" if pays else together
    return Statement(heading, lead, read, based)


def sensitivity_missing(value: Mapping[str, Any]) -> str:
    """Say why there is no plan to test; an empty text where there is one."""
    if value["high_risk_customers"]:
        return ""
    return (
        "What is tested here is the plan to call all at high risk, and there is nobody. The parameter "
        "high_risk_threshold says from which risk on; the expected gain above needs no threshold."
    )


def assumptions(rows: pd.DataFrame, format: Format) -> pd.DataFrame:
    """Put the assumptions and their values into words, for picture and table.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.expected_profit.sensitivity`. It is not modified.
    format : Format

    Returns
    -------
    pandas.DataFrame
        `rows` with ``label``, ``base_words``, ``low_words`` and ``high_words``.
    """
    said = {"label": [ASSUMPTIONS[str(name)] for name in rows["assumption"]]}
    for end in ("base", "low", "high"):
        pairs = zip(rows["assumption"], rows[f"{end}_value"], strict=True)
        said[f"{end}_words"] = [_assumed(str(name), value, format) for name, value in pairs]
    return rows.assign(**said)


def customers(calls: pd.DataFrame, value: Mapping[str, Any], format: Format, *, shown: int) -> Statement:
    """Whom to call first.

    Parameters
    ----------
    calls : pandas.DataFrame
        As returned by `analytics.models.expected_profit.call_list`.
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    format : Format
    shown : int
        How many rows the table shows at most.

    Returns
    -------
    Statement
    """
    best = int(value["best_customers"])
    called = calls[calls["worth_calling"]]
    sources = called["value_source"].value_counts().sort_index()
    from_where = ", ".join(
        f"{WHERE_FROM[str(name)]} ({format.count(count)})" for name, count in sources.items()
    )
    based = f"worth if the customer stays, 12 months: {from_where}" if len(called) else ""
    if not best:
        return Statement("There is nobody to call first", based=based)
    some = "Expected gain = chance to leave × worth if the customer stays × share saved − cost of a call."
    if best == 1:
        return Statement("One customer is worth a call", some, "", based)
    if best <= shown:
        return Statement(f"All {format.count(best)} customers worth a call are listed here", some, "", based)
    first = float(called["expected_profit"].head(shown).sum())
    share = format.percent(100 * first / float(value["best_profit"]), 0)
    heading = f"The first {shown} calls hold {share} of the expected gain"
    return Statement(heading, some, "", based)


def what_if(found: Any, format: Format) -> Statement:
    """What comes out under other assumptions, for the sliders in JupyterLab.

    Parameters
    ----------
    found : analytics.models.roi.Weighed
        Its ``value`` and ``metrics`` are read.
    format : Format

    Returns
    -------
    Statement
    """
    value, figures = found.value, found.metrics
    said = profit_curve(value, format)
    calls, profit = format.count(value["best_customers"]), format.money(value["best_profit"])
    risky, theirs = format.count(value["high_risk_customers"]), _brings(value["high_risk_profit"], format)
    lead = (
        f"{calls} calls, {profit} ({interval(value, 'best_profit', format)}). Calling the {risky} at high "
        f"risk would {theirs}. Restated: {format.money(figures['total_revenue'])} of revenue, "
        f"{format.money(figures['net_profit'])} of profit, {format.percent(figures['roi_percentage'], 0)}."
    )
    return replace(said, lead=lead)


def customers_missing(value: Mapping[str, Any], format: Format) -> str:
    """Say why there is nobody to call; an empty text where there is somebody."""
    if value["best_customers"]:
        return ""
    return (
        f"With {terms(value, format)}, no call is expected to bring more than it costs. A cheaper contact, "
        "or one that saves more, changes that: contact_cost and save_share are parameters of this report."
    )


def terms(value: Mapping[str, Any], format: Format) -> str:
    """Name the two terms of the plan: ``20% saved (assumed), £5 a call``."""
    how = "measured" if value["save_share_measured"] else "assumed"
    saved = format.share(value["save_share"], 0)
    return f"{saved} saved ({how}), {_price(value['contact_cost'], format)} a call"


def saved_words(value: Mapping[str, Any], format: Format) -> str:
    """Say which share is expected to be saved, and whether anybody has measured it."""
    saved = format.share(value["save_share"], 0)
    if not value["save_share_measured"]:
        return f"{saved} assumed, not measured"
    low, high = (format.share(value[f"save_share_{side}"], 0) for side in ("low", "high"))
    return f"{saved} measured ({low} to {high})"


def gain_word(value: Mapping[str, Any]) -> str:
    """``profit``, or ``revenue`` where revenue stands in for it for most customers."""
    of = int(value["scored_customers"]) - int(value["unknown_worth_customers"])
    return "revenue" if of and 2 * int(value["revenue_based_customers"]) > of else "profit"


def interval(value: Mapping[str, Any], name: str, format: Format) -> str:
    """The interval of an amount: ``£456 to £1,129``."""
    low, high = value[f"{name}_low"], value[f"{name}_high"]
    return format.money(None) if pd.isna(low) else f"{format.money(low)} to {format.money(high)}"


def _unscored(day: Any, format: Format) -> tuple[Runs, ...]:
    return (
        sentence(
            "There are no predictions dated before {day}, so nobody can say yet whom to call.",
            day=format.date(day),
        ),
        sentence(
            "The report {notebook} makes them, or says on its page what it lacks.",
            notebook=Bold("churn_training"),
        ),
    )


def _not_worth(value: Mapping[str, Any], format: Format) -> tuple[Runs, ...]:
    all_of_them = float(value["call_all_profit"])
    return (
        sentence(
            "Call nobody: with {saved} of leavers saved and {cost} a call, {none} of {n} is expected to "
            "bring more than the call costs.",
            saved=format.share(value["save_share"], 0),
            cost=_price(value["contact_cost"], format),
            none=Bold("none"),
            n=_customers(value["scored_customers"], format),
        ),
        sentence(
            "Calling everybody would {lose} {amount}.",
            lose="lose" if all_of_them < 0 else "bring",
            amount=Bold(format.money(abs(all_of_them))),
        ),
    )


def _worth(value: Mapping[str, Any], format: Format) -> tuple[Runs, ...]:
    n, best = int(value["scored_customers"]), int(value["best_customers"])
    whom = (
        f"all {_customers(n, format)}"
        if best == n
        else f"the {format.count(best)} customers most worth saving"
    )
    found = [
        sentence(
            "Calling {whom} should bring {profit} of {gain} in 12 months (95% interval {interval}) for "
            "{cost}.",
            whom=Bold("one customer" if best == 1 else whom),
            profit=Bold(format.money(value["best_profit"])),
            gain=gain_word(value),
            interval=interval(value, "best_profit", format),
            cost=format.money(value["best_cost"]),
        )
    ]
    needed = _least(value["break_even_save_share_best"], format)
    found.append(
        sentence(
            "It pays if more than {needed} of those who would leave are saved; {saved} is {how}.",
            needed=Bold(needed),
            saved=format.share(value["save_share"], 0),
            how="measured" if value["save_share_measured"] else "assumed",
        )
    )
    if best < n and value["call_all_profit"] < 0:
        loss = format.money(-value["call_all_profit"])
        found.append(sentence("Calling everybody would lose {loss}.", loss=loss))
    return tuple(found)


def _measured(arms: pd.DataFrame, format: Format) -> Runs:
    """One sentence on what past campaigns have shown; none where there was nothing to judge."""
    judged = arms[arms["status"] == "measured"]
    if judged.empty:
        return ()
    pays = int((judged["verdict"] == "pays").sum())
    n = format.count(len(judged))
    if not pays:
        return sentence("No campaign so far is shown to pay.")
    return sentence(
        "{pays} of {n} measured campaigns {have} paid.",
        n=n,
        pays=format.count(pays),
        have="has" if pays == 1 else "have",
    )


def _assumed(name: str, value: Any, format: Format) -> str:
    if name == "contact_cost":
        return _price(value, format)
    return format.share(value, 0 if pd.isna(value) or round(100 * value, 6) % 1 == 0 else 1)


def _price(value: Any, format: Format) -> str:
    """Write a price without pence where it has none: ``£5``, ``£2.50``."""
    return format.money_axis(value) if float(value) % 1 == 0 else format.money_exact(value)


def _lower(thresholds: pd.DataFrame, format: Format, *, threshold: float) -> str:
    """Say how many there would be at lower thresholds."""
    parts = [
        f"{format.count(row.high_risk_customers)} above {format.share(row.threshold, 0)}"
        for row in thresholds[thresholds["threshold"] < threshold].itertuples()
    ]
    return f"There are {', '.join(parts)}." if parts else ""


def _brings(amount: Any, format: Format) -> str:
    return f"lose {format.money(-amount)}" if amount < 0 else f"bring {format.money(amount)}"


def _amount(amount: Any, format: Format) -> str:
    return f"a loss of {format.money(-amount)}" if amount < 0 else format.money(amount)


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"


def _share_of(n: Any, of: Any, format: Format) -> str:
    """A share without decimals, and never a nought that is none or a whole that is not all."""
    share = 100 * float(n) / float(of) if of else 0.0
    if 0 < share < 0.5:
        return f"under {format.percent(1, 0)}"
    return f"all but {format.count(of - n)}" if 99.5 <= share < 100 else format.percent(share, 0)


def _least(share: Any, format: Format) -> str:
    """A share that must be passed: where it is next to nothing, the least one that is written."""
    return format.share(max(share, 0.001))


def _fine(share: Any, format: Format) -> str:
    """A share with one decimal, and never a nought that is none."""
    return f"under {format.share(0.001)}" if 0 < share < 0.0005 else format.share(share)
