"""What stands before and after the figures on the lifecycle: who is left out, and how it was measured."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from analytics.page.pieces import Notice
from analytics.words.lifecycle import WITH_LEADS, Setting


def shown(setting: Setting, blocks: Collection[str]) -> frozenset[str]:
    """Which blocks the report can have: all, or without leads and stages what needs neither."""
    wanted = frozenset(blocks)
    return wanted if setting.has_leads else wanted - frozenset(WITH_LEADS)


def notice(setting: Setting, chosen: Any, found: Any) -> Notice | None:
    """Say that filters leave somebody out; None without a filter.

    Parameters
    ----------
    setting : Setting
    chosen : Chosen
        Of `analytics.metrics.lifecycle_subjects`. What was searched for is not repeated.
    found : Lifecycle
        Of `analytics.models.customer_lifecycle`.
    """
    if not setting.filtered:
        return None
    show = setting.format
    asked = [
        *([f"stage {chosen.stage}"] if chosen.stage != "all" else []),
        *([f"risk level {chosen.risk_level}"] if chosen.risk_level != "all" else []),
        *(["a search"] if chosen.search.strip() else []),
    ]
    return Notice(
        f"Only {show.count(len(found.customers))} of {show.count(found.everybody)} leads and customers are "
        "shown",
        f"Chosen by {' and '.join(asked)}, as they stand on {setting.last_day}; every figure is of them "
        "alone, earlier "
        "timeframes too. Rates of a group chosen by where it stands say nothing of how well the funnel "
        "works, and "
        "what campaigns cost is not known of a part.",
    )


def notes(setting: Setting, found: Any, engagement_days: int, half_life_days: float) -> dict[str, Any]:
    """Give definitions, method and limits.

    Parameters
    ----------
    setting : Setting
    found : Lifecycle
    engagement_days : int
    half_life_days : float

    Returns
    -------
    dict
        Keywords of `analytics.report.Report.notes`.
    """
    return {
        "definitions": _definitions(setting, engagement_days, half_life_days),
        "method": _method(setting),
        "limits": _limits(setting, found),
    }


def _definitions(setting: Setting, engagement_days: int, half_life_days: float) -> list[tuple[str, str]]:
    show = setting.format
    funnel = [
        ("Lead", "Enters the stage Lead, or is created in the leads table where no stage is recorded."),
        (
            "Reached",
            "Entered the stage, or one that comes after it: a customer has passed MQL and SQL, recorded or "
            "not. "
            "Going back takes nothing away. Retained and Expansion both follow Customer; neither implies "
            "the other.",
        ),
        (
            "Lead to customer",
            f"Of leads that had {show.days(setting.conversion_days)}, those that became customers within "
            "them.",
        ),
        ("Usual days", "Nine of ten of all who took the step did so within them."),
        (
            "Bottleneck",
            "The main step that the fewest take, of those who had time for it, 30 or more.",
        ),
    ]
    money = [
        (
            "Cost of a new customer",
            "Cost of campaigns for acquisition, spread evenly over their days, / customers new in the "
            "timeframe.",
        ),
        (
            "Worth of a customer",
            "Profit per customer and month / share of customers lost a month. Lost: a contract that ended, "
            "or "
            f"{show.days(setting.churn_days)} without a purchase.",
        ),
        (
            "Engagement",
            f"Activities of the last {show.days(engagement_days)}, each counting half after "
            f"{show.days(half_life_days)}; "
            "the score is the percentile among those with any, 0 for none.",
        ),
        (
            "First and last touch",
            "Of the source of a lead, contacts of campaigns, activities that are a touch, and the purchase "
            "itself, "
            "up to the day of becoming a customer.",
        ),
    ]
    return [*(funnel if setting.has_leads else []), *money]


def _method(setting: Setting) -> list[str]:
    lines = [
        "Intervals of rates are Wilson's, 95%; that of a customer's worth comes from the share lost alone.",
        "Where a customer lacks an entry into a stage, the leads table, contracts and first purchases tell "
        "of it; a "
        "recorded entry always wins.",
    ]
    if setting.has_leads:
        lines.append(
            "What a customer does after signing belongs to the lead that became this customer first; "
            "further leads of "
            "the same customer stay subjects of their own."
        )
    return lines


def _limits(setting: Setting, found: Any) -> list[str]:
    show, lines = setting.format, []
    if not setting.has_leads:
        lines.append(
            "There are no leads and no stage events: funnel, steps and paths are not shown. Adding either "
            "table to "
            "the source, or its mapping to params, would show them."
        )
    if found.contradicted:
        lines.append(
            f"{setting.customers(found.contradicted)} stand in Churned by their stages, though their "
            "accounts run: they "
            "came back without a stage that says so."
        )
    if len(found.kinds) > 1:
        lines.append(
            "Customers with a contract and without are measured together in the headline; the table has "
            "them apart."
        )
    if found.scored_at is None:
        lines.append("No batch of predictions was in force: risk levels are missing.")
    else:
        lines.append(f"Risk levels are those of the predictions of {show.date(found.scored_at)}.")
    if "campaigns" in setting.present:
        lines.append("Cost is what campaigns cost; salaries of sales and marketing are in no table.")
    lines.append("First and last touch say what came before a sale, not what caused it.")
    return lines
