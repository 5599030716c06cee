"""What stands beside a campaign's return: who came back, whether the groups were alike, and who was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analytics.models.campaign_effect import difference_by_chance, standardised_difference, welch
from analytics.models.campaign_groups import Groups, rate_columns, rate_of, typed, with_bounds
from analytics.models.save_share import pooled_save_share

UNBALANCED = 0.1
"""Standardised difference above which the groups are said to have differed before the contact."""

CHARACTERISTICS: Mapping[str, Mapping[str, str]] = {
    "shop": {"recency_days": "recency_days", "spend_365d": "spend_365d"},
    "contracts": {"tenure_days": "contract_days", "acv": "acv"},
}


def win_back(groups: Sequence[Groups], lapsed_days: int, response_days: int) -> pd.DataFrame:
    """Count who came back of those who had lapsed; columns as in `campaign_results`."""
    rows = []
    for group in groups:
        if group.outcome == "contracts":
            continue
        mine, other = (g[g["recency_days"] >= lapsed_days] for g in (group.treated, group.control))
        if mine.empty:
            continue
        back, others_back = (g["orders"].gt(0).astype("float64") for g in (mine, other))
        effect = welch(100 * back, 100 * others_back)
        status = group.status
        if status == "measured" and len(other) < 2:
            status = "too few"
        measured = status == "measured"
        rows.append(
            {
                "campaign_id": group.campaign["campaign_id"],
                "name": group.campaign["name"],
                "arm": group.arm,
                "outcome": group.outcome,
                "window_days": response_days,
                "lapsed_contacts": len(mine),
                "reactivated": int(back.sum()),
                **rate_of("reactivated_rate", back, group.outcome),
                "control_lapsed": len(other),
                "control_reactivated": int(others_back.sum()),
                **rate_of("control_reactivated_rate", others_back, group.outcome),
                "difference": effect.lift if measured else np.nan,
                "difference_low": effect.low if measured else np.nan,
                "difference_high": effect.high if measured else np.nan,
                "p_value": effect.p_value if measured else np.nan,
                "status": status,
            }
        )
    return typed(rows, _WIN_BACK)


def balance(groups: Sequence[Groups]) -> pd.DataFrame:
    """Hold the groups against each other as they were before the contact."""
    rows = []
    for group in groups:
        if group.status not in ("measured", "no outcome"):
            continue
        kind = "contracts" if group.outcome == "contracts" else "shop"
        for name, column in CHARACTERISTICS[kind].items():
            mine, other = group.treated[column].dropna(), group.control[column].dropna()
            if mine.empty or other.empty:
                continue
            difference = standardised_difference(mine, other)
            chance = difference_by_chance(len(mine), len(other))
            rows.append(
                {
                    "campaign_id": group.campaign["campaign_id"],
                    "name": group.campaign["name"],
                    "arm": group.arm,
                    "characteristic": name,
                    "treated_mean": float(mine.mean()),
                    "control_mean": float(other.mean()),
                    "standardised_difference": difference,
                    "by_chance": chance,
                    # Two groups without any spread differ, if they differ at all, beyond measure.
                    "unbalanced": not abs(difference) <= UNBALANCED,
                    "beyond_chance": not abs(difference) <= chance,
                }
            )
    return typed(rows, _BALANCE)


def customers_kept(groups: Sequence[Groups], churn_days: int) -> pd.DataFrame:
    """Count the customers lost with the contact and without."""
    rows = []
    for group in groups:
        if group.outcome in ("contacts", "none"):
            continue  # without sales or accounts nobody knows who has gone
        mine, other = (g[g["churn_over"]] for g in (group.treated, group.control))
        lost, others_lost = (int(_lost(g, group.outcome).sum()) for g in (mine, other))
        share, low, high = pooled_save_share([lost], [max(len(mine), 1)], [others_lost], [max(len(other), 1)])
        status = group.status
        if status == "measured" and (mine.empty or other.empty):
            status = "not over"
        measured = status == "measured"
        rows.append(
            {
                **{name: group.campaign[name] for name in ("campaign_id", "name", "purpose")},
                "arm": group.arm,
                "outcome": group.outcome,
                "window_days": churn_days,
                "treated": len(mine),
                "churned_treated": lost,
                "control": len(other),
                "churned_control": others_lost,
                "churn_rate_treated": 100 * lost / len(mine) if len(mine) else np.nan,
                "churn_rate_control": 100 * others_lost / len(other) if len(other) else np.nan,
                "save_share": share if measured else np.nan,
                "save_share_low": low if measured else np.nan,
                "save_share_high": high if measured else np.nan,
                "status": status,
            }
        )
    return typed(rows, _SAVE)


def _lost(people: pd.DataFrame, outcome: str) -> pd.Series:
    """Who has gone: the account left, or no purchase came; one and the same of all in a campaign."""
    return people["left_contract"] if outcome == "contracts" else people["later_orders"].eq(0)


_WIN_BACK = (
    *("campaign_id", "name", "arm", "outcome", "window_days", "lapsed_contacts", "reactivated"),
    *rate_columns("reactivated_rate"),
    *("control_lapsed", "control_reactivated", *rate_columns("control_reactivated_rate")),
    *(*with_bounds("difference"), "p_value", "status"),
)
_BALANCE = (
    *("campaign_id", "name", "arm", "characteristic", "treated_mean", "control_mean"),
    *("standardised_difference", "by_chance", "unbalanced", "beyond_chance"),
)
_SAVE = (
    *("campaign_id", "name", "purpose", "arm", "outcome", "window_days", "treated"),
    *("churned_treated", "control"),
    *("churned_control", "churn_rate_treated", "churn_rate_control", *with_bounds("save_share"), "status"),
)
