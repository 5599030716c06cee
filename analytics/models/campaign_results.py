"""What each campaign changed: its arms against their control, win-back, balance, and customers kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analytics.models.campaign_beside import balance, customers_kept, win_back
from analytics.models.campaign_effect import LEVEL, Effect, holm, welch
from analytics.models.campaign_groups import (
    FACTS,
    Groups,
    campaign_groups,
    money_of,
    rate_columns,
    rate_of,
    typed,
    with_bounds,
)
from analytics.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class CampaignResults:
    """What campaigns changed, one frame for each question.

    Attributes
    ----------
    arms : pandas.DataFrame
        One row for each campaign and treatment arm, the newest campaign first; see `campaign_results`.
    win_back : pandas.DataFrame
        The arms that contacted customers who had lapsed, and what share of those came back.
    balance : pandas.DataFrame
        What the groups were like before the contact.
    save_share : pandas.DataFrame
        Customers lost with the contact and without.
    """

    arms: pd.DataFrame
    win_back: pd.DataFrame
    balance: pd.DataFrame
    save_share: pd.DataFrame

    def published(self) -> dict[str, Any]:
        """Give the block that the report publishes."""
        return {
            "arms": self.arms,
            "win_back": self.win_back,
            "balance": self.balance,
            "save_share": self.save_share,
        }


def campaign_results(
    campaigns: ibis.Table,
    contacts: ibis.Table,
    sales: ibis.Table,
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    response_days: int = 30,
    lapsed_days: int = 90,
    churn_days: int = 90,
    contract_margin: float = 1.0,
) -> CampaignResults:
    """Measure every campaign that had begun by the reference date, each treatment arm against its control.

    Parameters
    ----------
    campaigns, contacts, sales, accounts : ibis.Table
        As in the contract; any may be without rows.
    timeframe : Timeframe
        A state: every campaign so far, as far as its days are over by the reference date.
    response_days : int, default 30
        Days in which a purchase counts.
    lapsed_days : int, default 90
        Days without a purchase before the contact from which a customer had lapsed.
    churn_days : int, default 90
        Days from the contact in which a customer who does not buy, or whose account leaves, is lost.
    contract_margin : float, default 1
        Profit as a share of the annual contract value.

    Returns
    -------
    CampaignResults
        Money is the organisation's; ``_rate`` is percent with ``_n``, ``_low``, ``_high`` (Wilson 95 %).
        All other ``_low`` and ``_high`` are 95 % intervals, Welch's unless said otherwise.

        ``arms``: facts of the campaign, ``arm``, ``in_timeframe``, and

        - ``outcome``: where the money comes from. ``sales``; ``contacts`` (what the table of contacts
          ascribes to them, where the organisation has no sales); ``contracts`` (most have an account:
          a year's contract value × margin of those who leave within `churn_days`, as a loss; conversion is
          then the share that stays); ``none``.
        - ``measure``: ``profit``, or ``revenue`` where no profit is known: what p-values, the smallest
          visible effect and the verdict are about.
        - ``status``: ``measured``, ``no control group``, ``not over``, ``too few`` (under two in a group),
          ``no outcome``.
        - ``window_days`` (int64): from the contact, over which its outcome counts: `churn_days` of contracts,
          else `response_days`.
        - ``contacted``, ``control``, ``responded``, ``left_out`` (customers in two arms), ``unfinished``
          (customers whose days are not over): int64. ``cost``: the arm's part by customers contacted.
        - ``conversion_rate`` and ``control_conversion_rate``; ``conversion_lift`` (percentage points).
        - ``profit_per_treated``, ``profit_per_control``, ``profit_lift`` (a head); ``incremental_profit``
          = lift × contacted − cost; ``roi_percentage`` = that / cost × 100; the same with ``revenue``.
        - ``conversion_p_value``, ``conversion_p_holm``: of the lift of conversion.
        - ``p_value``, ``p_holm`` (corrected for all arms measured), ``smallest_visible_lift`` a head and
          ``smallest_visible_total`` for all contacted.
        - ``gross_revenue``, ``gross_profit``: what the contacted brought in those days, caused or not.
        - ``verdict``: ``pays``, ``works, pays unclear``, ``loses``, ``no evidence``, ``not measurable``.

        ``win_back``: ``outcome``, ``window_days``, ``lapsed_contacts``, ``reactivated``, ``reactivated_rate``
        and the same of the control, ``difference`` (percentage points), ``p_value``, ``status``.

        ``balance``: ``characteristic``, ``treated_mean``, ``control_mean``, ``standardised_difference``,
        ``by_chance`` (a fair split exceeds it in 5 of 100 cases), ``unbalanced`` (above 0.1 either way),
        ``beyond_chance`` (above ``by_chance`` either way: in large groups less than 0.1 is too much).

        ``save_share``: ``window_days`` (from the contact, in which they were lost), ``treated``,
        ``churned_treated``, ``control``, ``churned_control``, the two rates in percent, ``save_share`` =
        (lost share of the control − of the treated) / lost share of the control, ``status``.

    Notes
    -----
    A campaign costs its arms as much as they have contacts; those whose days are not over are left out on
    both sides, with their part of the cost.

    Why contracts are measured by what is lost: what an account was worth before the contact is no effect of
    it, and between a few hundred accounts its spread would drown every effect.
    """
    groups = campaign_groups(
        campaigns,
        contacts,
        sales,
        accounts,
        timeframe,
        response_days=response_days,
        churn_days=churn_days,
        contract_margin=contract_margin,
    )
    days = {"response_days": response_days, "lapsed_days": lapsed_days, "churn_days": churn_days}
    return results_of(groups, **days)


def results_of(
    groups: list[Groups], *, response_days: int = 30, lapsed_days: int = 90, churn_days: int = 90
) -> CampaignResults:
    """Measure campaigns that have been read; see `campaign_results`.

    Parameters
    ----------
    groups : list of Groups
        As returned by `analytics.models.campaign_groups.campaign_groups` for the same days.
    response_days, lapsed_days, churn_days : int
        As for `campaign_results`.

    Returns
    -------
    CampaignResults
    """
    arms = typed([_arm_row(group, response_days, churn_days) for group in groups], _ARMS)
    arms["p_holm"] = holm(arms["p_value"])
    arms["conversion_p_holm"] = holm(arms["conversion_p_value"])
    arms["verdict"] = _verdicts(arms)
    return CampaignResults(
        arms=arms,
        win_back=win_back(groups, lapsed_days, response_days),
        balance=balance(groups),
        save_share=customers_kept(groups, churn_days),
    )


def _arm_row(group: Groups, response_days: int, churn_days: int) -> dict[str, Any]:
    revenue, profit, converted = money_of(group.treated, group.outcome, group.knows_profit)
    other_revenue, other_profit, other_converted = money_of(group.control, group.outcome, group.knows_profit)
    measured = group.status == "measured"
    effects = {
        "profit": welch(profit, other_profit),
        "revenue": welch(revenue, other_revenue),
        "conversion": welch(100 * converted, 100 * other_converted),
    }
    measure = "profit" if group.knows_profit else "revenue"
    cost = float(group.campaign["cost"]) * len(group.treated) / max(group.treated_in_campaign, 1)
    row = {
        **{name: group.campaign[name] for name in (*FACTS, "in_timeframe")},
        "arm": group.arm,
        "outcome": group.outcome,
        "measure": measure,
        "status": group.status,
        "window_days": churn_days if group.outcome == "contracts" else response_days,
        "contacted": len(group.treated),
        "control": len(group.control),
        "responded": int(group.treated["responded"].sum()),
        "left_out": group.left_out,
        "unfinished": len(group.everybody) - len(group.treated),
        "cost": round(cost, 4),
        **rate_of("conversion_rate", converted, group.outcome),
        **rate_of("control_conversion_rate", other_converted, group.outcome),
        **_lift("conversion", effects["conversion"] if measured else None),
        "conversion_p_value": effects["conversion"].p_value if measured else np.nan,
        "p_value": effects[measure].p_value if measured else np.nan,
        "smallest_visible_lift": effects[measure].smallest_visible if measured else np.nan,
        "gross_revenue": _total(revenue),
        "gross_profit": _total(profit),
        "sales_without_profit": int(group.treated["sales_without_profit"].sum()),
    }
    row["smallest_visible_total"] = row["smallest_visible_lift"] * len(group.treated)
    for name in ("profit", "revenue"):
        row |= _return(name, effects[name], len(group.treated), cost, measured)
    return row


def _lift(name: str, effect: Effect | None) -> dict[str, float]:
    if effect is None:
        return {f"{name}_lift{end}": np.nan for end in ("", "_low", "_high")}
    return {
        f"{name}_lift": effect.lift,
        f"{name}_lift_low": effect.low,
        f"{name}_lift_high": effect.high,
    }


def _return(name: str, effect: Effect, contacted: int, cost: float, measured: bool) -> dict[str, float]:
    """What an arm brought beyond its control, after its cost, and in percent of it."""
    row = {f"{name}_per_treated": effect.treated_mean, f"{name}_per_control": effect.control_mean}
    row |= _lift(name, effect if measured else None)
    roi = "roi_percentage" if name == "profit" else f"{name}_roi_percentage"
    for end in ("", "_low", "_high"):
        brought = round(row[f"{name}_lift{end}"] * contacted - cost, 4)
        row[f"incremental_{name}{end}"] = brought
        row[f"{roi}{end}"] = 100 * brought / cost if cost > 0 else np.nan
    return row


def _verdicts(arms: pd.DataFrame) -> pd.Series:
    """Say what an arm's interval and its corrected p-value allow to say."""
    by_profit = arms["measure"] == "profit"
    low, high, lift = (
        arms[f"{name[0]}profit{name[1]}"].where(by_profit, arms[f"{name[0]}revenue{name[1]}"])
        for name in (("incremental_", "_low"), ("incremental_", "_high"), ("", "_lift"))
    )
    seen = arms["p_holm"] < LEVEL
    choices = [
        arms["status"] != "measured",
        seen & (low > 0),
        (high < 0) | (seen & (lift < 0)),
        seen,
    ]
    words = ["not measurable", "pays", "loses", "works, pays unclear"]
    return pd.Series(np.select(choices, words, default="no evidence"), index=arms.index, dtype="str")


def _total(values: pd.Series) -> float:
    return round(float(values.sum(min_count=1)), 4)


_ARMS = (
    *(*FACTS, "arm", "in_timeframe", "outcome", "measure", "status"),
    "window_days",
    *("contacted", "control", "responded", "left_out", "unfinished", "cost"),
    *rate_columns("conversion_rate"),
    *rate_columns("control_conversion_rate"),
    *(*with_bounds("conversion_lift"), "conversion_p_value", "conversion_p_holm"),
    *("profit_per_treated", "profit_per_control"),
    *with_bounds("profit_lift", "incremental_profit", "roi_percentage"),
    *("revenue_per_treated", "revenue_per_control"),
    *with_bounds("revenue_lift", "incremental_revenue", "revenue_roi_percentage"),
    *("p_value", "p_holm", "smallest_visible_lift", "smallest_visible_total"),
    *("gross_revenue", "gross_profit", "sales_without_profit", "verdict"),
)
