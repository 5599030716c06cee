"""Who could be called: every customer of the predictions in force and every live account, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analytics.metrics import account_state, deals, roi_batches
from analytics.metrics.interventions import identities
from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.models.deals.account_health import account_scores
from analytics.models.roi import worth_of
from analytics.params.pipeline_rules import PipelineRules
from analytics.timeframe import Timeframe

ACCOUNT = ("plan", "renews_at", "churn_risk", "risk_level", "risk_inputs")
OF_STATE = (
    *("seats_purchased", "seats_used", "nps", "logins_30d", "logins_previous_30d"),
    *("support_tickets_90d", "critical_tickets_90d", "days_overdue"),
)
LATE = ("late_deal_id", "late_deal_stage", "late_deal_days", "late_deal_over")


def read_subjects(
    tables: Mapping[str, ibis.Table],
    present: Collection[str],
    this: Timeframe,
    rules: PipelineRules,
    *,
    contract_margin: float = 1.0,
    normal_days_factor: float = 1.0,
) -> pd.DataFrame:
    """Read what is known of everybody who could be called.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        As in the contract: ``predictions``, ``sales``, ``customers``, ``accounts``, ``deals``,
        ``deal_history``. Any may be without rows.
    present : collection of str
        Names of those that the organisation has: others are not asked.
    this : Timeframe
        Nothing on or after its reference date is read, but for a batch dated on it.
    rules : PipelineRules
        Weights of the churn risk of accounts, and normal days of stages.
    contract_margin : float, default 1
        0–1; profit as a share of the annual contract value.
    normal_days_factor : float, default 1
        What the normal days of a stage are multiplied by.

    Returns
    -------
    pandas.DataFrame
        One row for each customer of the batch in force and each live account, by ``customer_id``; who is
        both has one row. Scored customers whose contract has ended are left out: there is nothing to keep.

        - ``kind``: ``account`` with a live account, else ``customer``; ``customer_name``, ``customer_type``;
          ``owner``: the account's, else the customer's. Missing where not known.
        - ``churn_probability``, ``risk_level``, ``risk_factors``, ``recommendations``,
          ``prediction_confidence``, ``batch_id``, ``predicted_at``: of the batch; missing for accounts
          that it does not have.
        - ``worth_if_stays``, ``value_source``, ``is_revenue``, ``value_at_risk``, ``probability_alive``: as
          returned by `analytics.metrics.value_at_risk.customer_worth`.
        - ``account_risk`` (0–100) and ``account_level``: churn risk and level of
          `analytics.models.deals.account_health.account_scores`; ``plan``, ``renews_at``, ``days_to_renewal``
          (calendar days from the reference date) and `OF_STATE`: of the last snapshot; missing without one.
        - `LATE`: the open deal of the customer that is most beyond the normal days of its stage: id, stage,
          days in the stage, and days beyond. Missing where none is.
    """
    edge = this.reference_date
    scored = roi_batches.scored_customers(tables["predictions"], edge)
    known = tables["customers"] if "customers" in present else None
    who = identities(known)
    accounts = account_state.live_accounts(tables["accounts"], known, edge)
    asked = _asked(scored, accounts)
    worth = worth_of(tables, asked, this, contract_margin=contract_margin)
    ended = worth["value_source"].eq("contract") & ~worth["customer_id"].isin(accounts["customer_id"])
    frame = asked.merge(worth, on="customer_id", how="left")[~ended.to_numpy()]
    frame = frame.merge(_state(accounts, rules, edge), on="customer_id", how="left")
    frame = frame.merge(who, on="customer_id", how="left")
    late = _late(tables, present, frame["customer_id"], edge, rules, normal_days_factor)
    frame = frame.merge(late, on="customer_id", how="left")
    is_account = frame["customer_id"].isin(accounts["customer_id"])
    frame["kind"] = np.where(is_account, "account", "customer")
    frame["owner"] = frame["account_owner"].where(frame["account_owner"].notna(), frame["customer_owner"])
    frame = frame.drop(columns=["account_owner", "customer_owner"])
    return frame.sort_values("customer_id", ignore_index=True)


def late_deals(
    opened: pd.DataFrame, rules: PipelineRules, *, normal_days_factor: float = 1.0
) -> pd.DataFrame:
    """Open deals that stand in their stage for longer than is normal, the latest of each customer.

    Parameters
    ----------
    opened : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.opened` for one day. It is not modified.
    rules : PipelineRules
        A deal's normal days are its vertical's; a stage that the rules do not know has none.
    normal_days_factor : float, default 1
        What they are multiplied by.

    Returns
    -------
    pandas.DataFrame
        One row for each customer with such a deal, by ``customer_id``: `LATE`.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> deal = {"customer_id": "a", "deal_id": "d", "stage": "proposal", "industry": None,
    ...         "days_in_stage": 50.0}
    >>> rules = load_rules("pipeline_rules")
    >>> float(late_deals(pd.DataFrame([deal]), rules)["late_deal_over"].iloc[0])
    20.0
    >>> float(late_deals(pd.DataFrame([deal]), rules, normal_days_factor=1.5)["late_deal_over"].iloc[0])
    5.0
    """
    rows = opened[opened["customer_id"].notna()]
    normal = [
        stage.normal_days if (stage := rules.of(industry).stages.get(str(name))) else np.nan
        for industry, name in zip(rows["industry"], rows["stage"], strict=True)
    ]
    over = rows["days_in_stage"].astype("float64") - normal_days_factor * np.array(normal, dtype="float64")
    found = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "late_deal_id": rows["deal_id"],
            "late_deal_stage": rows["stage"],
            "late_deal_days": rows["days_in_stage"].astype("float64"),
            "late_deal_over": over,
        }
    )
    found = found[found["late_deal_over"] > 0]
    found = found.sort_values(
        ["customer_id", "late_deal_over", "late_deal_id"], ascending=[True, False, True], ignore_index=True
    )
    return found.drop_duplicates("customer_id", ignore_index=True)


def _asked(scored: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """All that could be called: the scored, and live accounts that the batch does not have."""
    others = accounts.loc[~accounts["customer_id"].isin(scored["customer_id"]), ["customer_id"]]
    columns = ["customer_id", "churn_probability", "risk_level", "risk_factors", "recommendations"]
    rows = scored[[*columns, "prediction_confidence", "batch_id", "predicted_at"]]
    return rows.merge(others, on="customer_id", how="outer") if len(others) else rows


def _state(accounts: pd.DataFrame, rules: PipelineRules, edge: date) -> pd.DataFrame:
    scores = account_scores(accounts, rules)[["customer_id", *ACCOUNT]]
    names = {"risk_level": "account_level", "churn_risk": "account_risk"}
    found = scores.rename(columns=names).merge(
        accounts[["customer_id", "owner", *OF_STATE]], on="customer_id"
    )
    ahead = (found["renews_at"] - pd.Timestamp(edge)).dt.days.astype("float64")
    return found.rename(columns={"owner": "account_owner"}).assign(days_to_renewal=ahead)


def _late(
    tables: Mapping[str, ibis.Table],
    present: Collection[str],
    of: pd.Series,
    edge: date,
    rules: PipelineRules,
    factor: float,
) -> pd.DataFrame:
    """`late_deals` of some customers; few deals name a customer, so that those are looked for first."""
    none = pd.DataFrame({name: pd.Series(dtype="object") for name in ("customer_id", *LATE)})
    if "deals" not in present:
        return none
    table = tables["deals"]
    closes = table.closed_at.epoch_seconds().cast("int64")
    may = table.closed_at.isnull() | (closes >= day_number(edge) * SECONDS_A_DAY)
    named = table.filter(table.customer_id.notnull(), may).select("deal_id", "customer_id").to_pandas()
    theirs = named.loc[named["customer_id"].isin(of), "deal_id"].tolist()
    if not theirs:
        return none
    history = tables["deal_history"] if "deal_history" in present else None
    found = deals.deals_then(table.filter(table.deal_id.isin(theirs)), history, [edge]).opened[edge]
    return late_deals(found, rules, normal_days_factor=factor)
