"""What stands before and after the figures on return: what is missing, and how they were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Notice
from analytics.words.roi import WHERE_FROM

WITHOUT_PREDICTIONS = frozenset({"campaign_roi", "uplift"})
"""Blocks that need no predictions: what campaigns have shown."""
CHEAP = 0.001
"""A cost of calls that is paid back from this share saved on is taken to be one that nobody has set."""
NOTED = 0.01
"""From this share of the customers on, what stands in for profit is a notice of its own."""


def shown(scored: pd.DataFrame, blocks: Collection[str]) -> frozenset[str]:
    """Which blocks the report can have: all, or without predictions what campaigns have shown.

    Parameters
    ----------
    scored : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.scored_customers`.
    blocks : collection of str
        All blocks of the report.

    Returns
    -------
    frozenset of str
    """
    return frozenset(blocks) if len(scored) else WITHOUT_PREDICTIONS & frozenset(blocks)


_TRUST = {
    "outside": (
        "How far the chances to leave can be trusted is not known",
        "They were not made and tested here. If they are too high, so is what calling brings.",
    ),
    "too few": (
        "How far the chances to leave can be trusted is not known",
        "Too few customers left in the test of their model to judge it; the report on churn says how many.",
    ),
    "baseline": (
        "A simple rule ranked customers as well as the model behind these figures",
        "The report on churn shows both. Take the order of calls as one of several that are as good.",
    ),
    "off": (
        "Chances to leave were off by {error} on average when tested",
        "What calling brings is off by as much. The report on churn shows in which direction.",
    ),
}


def notices(
    value: Mapping[str, Any],
    worth: pd.DataFrame,
    format: Format,
    *,
    day: Any,
    trust: Mapping[str, Any],
) -> tuple[Notice | None, ...]:
    """Say before the first figure that predictions are missing, or what bends the figures.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    worth : pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.customer_worth`.
    format : Format
    day : date
        The reference date.
    trust : mapping
        As returned by `analytics.models.roi.trust_in`.

    Returns
    -------
    tuple of Notice or None
        None where there is nothing to say.
    """
    if not value["scored_customers"]:
        return (
            Notice(
                f"There are no predictions dated before {format.date(day)}",
                "What calling customers would bring is worked out from the chance of each to leave. The "
                "report churn_training makes these chances, or says on its page what it lacks; predictions "
                "of one's own may be a table of the source.",
            ),
        )
    return doubts(trust, format), _revenue_for_profit(worth, format), _cheap_call(value, format)


def doubts(trust: Mapping[str, Any], format: Format) -> Notice | None:
    """Say where the chances to leave may not be trusted; None where they were tested and held.

    Parameters
    ----------
    trust : mapping
        As returned by `analytics.models.roi.trust_in`.
    format : Format
    """
    if trust["verdict"] not in _TRUST:
        return None
    title, text = _TRUST[trust["verdict"]]
    error = trust["calibration_error"]
    return Notice(title.format(error="" if error is None else format.points(100 * error)), text)


def _revenue_for_profit(worth: pd.DataFrame, format: Format) -> Notice | None:
    n, of = int(worth["is_revenue"].astype(bool).sum()), len(worth)
    if n < NOTED * of:
        return None
    some = "" if n == of else f" for {format.count(n)} of {format.count(of)} customers"
    return Notice(
        f"Revenue stands in for profit{some}",
        "No profit of theirs is known. What saving them brings is overstated, and the more customers look "
        "worth a call. Map total_profit in the organisation's params, and this mends itself.",
    )


def _cheap_call(value: Mapping[str, Any], format: Format) -> Notice | None:
    if not value["break_even_save_share_best"] < CHEAP:
        return None
    return Notice(
        f"A call that costs {format.money_axis(value['contact_cost'])} costs next to nothing here",
        "Everybody looks worth calling. Set contact_cost to what a contact costs in this organisation's "
        "currency.",
    )


def notes(
    value: Mapping[str, Any],
    sources: pd.DataFrame,
    format: Format,
    *,
    parameters: Mapping[str, Any],
    response_days: int,
) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits for the end of the page.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    sources : pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.worth_sources`.
    format : Format
    parameters : mapping
        ``high_risk_threshold``, ``top_share``, ``revenue_multiplier``, ``retention_cost_share``.
    response_days : int
        Days after the contact in which a purchase counts.

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    threshold = format.share(parameters["high_risk_threshold"], 0)
    definitions = (
        ("High risk", f"A chance to leave above {threshold} in the batch of predictions in force."),
        (
            "Worth if the customer stays",
            "Profit expected in the next 12 months from a customer who is still one. Where the lifetime "
            "model is fitted: its prediction by the chance that the customer is still one, at least 10%, "
            "so that a loss is not counted twice. Else the profit of the last 365 days; for contracts, "
            "what the year is worth.",
        ),
        ("Value at risk", "Chance to leave × worth if the customer stays."),
        ("Expected gain", "Value at risk × share saved − cost of a call."),
        (
            "Share saved",
            "Of those who would have left, the share that a call keeps: what the control group lost more "
            "than the treated, by what the control lost.",
        ),
        (
            "Restated figures",
            f"Revenue is monetary score × {format.money_axis(parameters['revenue_multiplier'])}, costs are "
            f"{format.share(parameters['retention_cost_share'], 0)} of it, for the "
            f"{format.share(parameters['top_share'], 0)} of those at high risk with the greatest score.",
        ),
    )
    method = (
        "Figures are a state: the newest batch of predictions dated up to the reference date is used.",
        "Customers are called in the order of their own expected gain. The interval holds who happens to "
        "leave and to be saved, and the uncertainty of the share saved where it was measured.",
        f"Campaigns are compared with their own control groups, over {response_days} days from the contact; "
        "contracts over the time in which one can be lost. Intervals are Welch's, 95%; several groups are "
        "judged together by Holm's correction. Costs are split by the number of contacts.",
    )
    limits = [
        "Whether the chances to leave are right is shown in the report churn_training; here they are taken "
        "as they are.",
        "No other order of calls can do better on these predictions: that follows from the arithmetic and is "
        "no evidence for it.",
    ]
    if not value["save_share_measured"]:
        limits.append("The share saved is an assumption. A control group in the next campaign measures it.")
    if gone := int(value["probably_gone_customers"]):
        limits.append(
            f"{format.count(gone)} of the customers are with a chance of over 90% gone already: a call to "
            "them wins back, and is worth less than it looks."
        )
    known = {WHERE_FROM[row.value_source]: row.customers for row in _rows(sources)}
    if known:
        parts = "; ".join(f"{format.count(n)} {name}" for name, n in known.items())
        limits.append(f"What customers are worth if they stay comes, for so many, {parts}.")
    return {"definitions": definitions, "method": method, "limits": tuple(limits)}


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)
