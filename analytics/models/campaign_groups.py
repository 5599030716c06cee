"""The two groups of a campaign's arm: who was contacted, who was not, and what each of them brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd

from analytics.metrics.campaign_roi import CONTROL, campaign_list, contact_outcomes, sells
from analytics.metrics.rates import add_rate
from analytics.timeframe import Timeframe

Outcome = Literal["sales", "contacts", "contracts", "none"]

FACTS = ("campaign_id", "name", "channel", "purpose", "started_at")
TEXTS = frozenset(
    {*FACTS, "arm", "outcome", "measure", "status", "verdict", "characteristic"} - {"started_at"}
)
FLAGS = frozenset({"in_timeframe", "unbalanced", "beyond_chance"})
COUNTS = frozenset(
    {
        *("contacted", "control", "responded", "left_out", "unfinished", "sales_without_profit"),
        *("lapsed_contacts", "reactivated", "control_lapsed", "control_reactivated"),
        *("treated", "churned_treated", "churned_control", "window_days"),
    }
)


@dataclass(frozen=True, slots=True)
class Groups:
    """One treatment arm beside its control, each as far as its days are over."""

    campaign: Mapping[str, Any]
    arm: str
    everybody: pd.DataFrame  # of the arm, over or not
    treated: pd.DataFrame
    control: pd.DataFrame
    has_control: bool
    outcome: Outcome
    knows_profit: bool
    left_out: int
    treated_in_campaign: int  # of all arms

    @property
    def status(self) -> str:
        """``measured``, or why it is not."""
        if not self.has_control:
            return "no control group"
        if self.outcome == "none":
            return "no outcome"
        if self.treated.empty or self.control.empty:
            return "not over"
        return "too few" if min(len(self.treated), len(self.control)) < 2 else "measured"


def campaign_groups(
    campaigns: ibis.Table,
    contacts: ibis.Table,
    sales: ibis.Table,
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    response_days: int = 30,
    churn_days: int = 90,
    contract_margin: float = 1.0,
) -> list[Groups]:
    """Read every campaign that had begun by the reference date: each treatment arm beside its control.

    Parameters
    ----------
    campaigns, contacts, sales, accounts, timeframe, response_days, churn_days, contract_margin
        As for `analytics.models.campaign_results.campaign_results`.

    Returns
    -------
    list of Groups
        As returned by `groups_of`; ``kept_value`` is what a contract that left has cost, below 0.
    """
    people = contact_outcomes(
        campaigns, contacts, sales, accounts, timeframe, response_days=response_days, churn_days=churn_days
    )
    people["kept_value"] = -(people["acv"] * contract_margin).where(people["left_contract"], 0.0)
    return groups_of(campaign_list(campaigns, timeframe), people, sells(sales))


def groups_of(listed: pd.DataFrame, people: pd.DataFrame, has_sales: bool) -> list[Groups]:
    """Pair every treatment arm with its campaign's control, the newest campaign first.

    Parameters
    ----------
    listed : pandas.DataFrame
        As returned by `analytics.metrics.campaign_roi.campaign_list`.
    people : pandas.DataFrame
        As returned by `analytics.metrics.campaign_roi.contact_outcomes`, with ``kept_value`` (money).
    has_sales : bool
        Whether money can be read from sales.

    Returns
    -------
    list of Groups
        Without campaigns that contacted nobody, and without customers who stand in several arms.
    """
    found = []
    sells_at_profit = bool(people["profit"].fillna(0).ne(0).any())
    by_campaign = dict(tuple(people.groupby("campaign_id")))
    for campaign in listed.to_dict("records"):
        mine = by_campaign.get(campaign["campaign_id"])
        if mine is None:
            continue
        outcome = _outcome(mine, has_sales)
        over = "churn_over" if outcome == "contracts" else "over"
        clear = mine[mine["arms"] == 1]
        if outcome == "contracts":
            clear = clear[clear["has_contract"]]
        is_control = clear["arm"].str.strip().str.lower() == CONTROL
        control = clear[is_control]
        found += [
            Groups(
                campaign={str(name): value for name, value in campaign.items()},
                arm=str(arm),
                everybody=arm_people,
                treated=arm_people[arm_people[over]],
                control=control[control[over]],
                has_control=len(control) > 0,
                outcome=outcome,
                knows_profit=outcome == "contracts" or (outcome == "sales" and sells_at_profit),
                left_out=len(mine) - len(clear),
                treated_in_campaign=int((~is_control).sum()),
            )
            for arm, arm_people in clear[~is_control].groupby("arm", sort=True)
        ]
    return found


def _outcome(people: pd.DataFrame, has_sales: bool) -> Outcome:
    if 2 * int(people["has_contract"].sum()) > len(people):
        return "contracts"
    if has_sales:
        return "sales"
    return "contacts" if people["noted_revenue"].notna().any() else "none"


def money_of(
    group: pd.DataFrame, outcome: Outcome, knows_profit: bool
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Give each customer's revenue, profit and conversion (0 or 1); missing where it cannot be known."""
    nothing = pd.Series(np.nan, index=group.index)
    if outcome == "contracts":
        value = group["kept_value"]
        return value, value, (~group["left_contract"]).astype("float64")
    if outcome == "contacts":
        revenue = group["noted_revenue"].fillna(0.0)
        return revenue, nothing, revenue.gt(0).astype("float64")
    if outcome == "none":
        return nothing, nothing, nothing
    # A customer whose sales all lack their profit counts with none.
    profit = group["profit"].fillna(0.0) if knows_profit else nothing
    return group["revenue"], profit, group["orders"].gt(0).astype("float64")


def rate_of(name: str, converted: pd.Series, outcome: Outcome) -> dict[str, Any]:
    """Give the rate of those who converted, with its denominator and its interval."""
    n = len(converted) if outcome != "none" else 0
    successes = int(converted.fillna(0).sum())
    rate = add_rate(pd.DataFrame(index=[0]), name, [successes], [n]).iloc[0]
    return {str(key): value for key, value in rate.items()}


def with_bounds(*names: str) -> tuple[str, ...]:
    """Name figures, each with the bounds of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))


def rate_columns(name: str) -> tuple[str, ...]:
    """Name a rate, its denominator and the bounds of its interval."""
    return (name, f"{name}_n", f"{name}_low", f"{name}_high")


def typed(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Make a frame whose columns have the same types with rows and without."""
    frame = pd.DataFrame(rows, columns=list(columns))
    kinds: dict[str, Any] = {name: "float64" for name in columns if name not in TEXTS}
    kinds |= {name: "int64" for name in columns if name in COUNTS or name.endswith("_n")}
    kinds |= {name: bool for name in columns if name in FLAGS}
    kinds |= {name: "datetime64[us]" for name in columns if name == "started_at"}
    frame = frame.astype(kinds)
    for name in (name for name in columns if name in TEXTS):
        frame[name] = frame[name].astype("str")
    return frame
