"""Everything that the lifecycle report shows, read once: from lead to customer to renewal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ibis
import pandas as pd

from analytics.errors import ParamsError
from analytics.metrics import channels as touches
from analytics.metrics import customer_economics as economics
from analytics.metrics import customer_success as success
from analytics.metrics import journey as journeys
from analytics.metrics import lifecycle as funnel
from analytics.metrics.lifecycle_subjects import (
    Chosen,
    choose,
    customer_ids,
    moments,
    read_subjects,
    subjects,
)
from analytics.metrics.purchases import Keep, lazily
from analytics.metrics.roi_batches import scored_customers
from analytics.timeframe import Timeframe

PUBLISHED = (
    *("subject_id", "customer_id", "name", "stage", "since", "risk_level", "churn_probability", "owner"),
    *("value", "revenue", "engagement_score"),
)
"""Columns of the published list of customers."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the figures rest on.

    Attributes
    ----------
    conversion_days : int
        Days that a lead is given to become a customer.
    churn_days : int
        Days without a purchase after which somebody without a contract is lost.
    contract_margin : float
        Profit as a share of contract value, 0 to 1.
    engagement_days : int
        Days of activities that count for the engagement score.
    half_life_days : float
        Days after which an activity counts half.
    activity_channels : mapping of str to str
        Kinds of activities that are a touch, and their channels.

    Raises
    ------
    ParamsError
        If a channel is no text, or an empty one.
    """

    conversion_days: int = 90
    churn_days: int = 90
    contract_margin: float = 1.0
    engagement_days: int = success.ENGAGEMENT_DAYS
    half_life_days: float = success.HALF_LIFE_DAYS
    activity_channels: Mapping[str, str] = field(default_factory=lambda: dict(touches.ACTIVITY_CHANNELS))

    def __post_init__(self) -> None:
        for kind, channel in self.activity_channels.items():
            if not isinstance(channel, str) or not channel.strip():
                raise ParamsError(
                    f'activity_channels: the channel of "{kind}" is {channel!r}; allowed: the name of a '
                    "channel, as in {email_open: E-mail}; a kind that is no touch is left out"
                )


@dataclass(frozen=True)
class Lifecycle:
    """The figures of the report, all of the selected subjects only.

    Attributes
    ----------
    history : pandas.DataFrame
        One row for each timeframe: the columns of `analytics.metrics.lifecycle.lead_history` and of
        `analytics.metrics.customer_economics.financial`.
    stages, rates, by_source, by_region, paths : pandas.DataFrame
        As `analytics.metrics.lifecycle` gives them, of the timeframe's cohort.
    reconciliation : dict
        How the funnel follows from the leads table.
    kinds : pandas.DataFrame
        The economics of customers with a contract and without.
    success : pandas.DataFrame
        One row for each month of snapshots.
    channels : pandas.DataFrame
        By first and by last channel.
    customers : pandas.DataFrame
        The list of subjects, the most valuable first.
    subject : pandas.Series or None
        Of that list, the one whose journey is shown.
    journey : pandas.DataFrame
        What happened to that one.
    everybody : int
        Subjects without any filter.
    scored_at : pandas.Timestamp or None
        Date of the predictions in force.
    contradicted : int
        Subjects that stand in Churned by their events, though their account is live.
    way_of : callable
        The journey of another: takes a row of `customers`.
    """

    history: pd.DataFrame
    stages: pd.DataFrame
    rates: pd.DataFrame
    by_source: pd.DataFrame
    by_region: pd.DataFrame
    paths: pd.DataFrame
    reconciliation: dict[str, int]
    kinds: pd.DataFrame
    success: pd.DataFrame
    channels: pd.DataFrame
    customers: pd.DataFrame
    subject: pd.Series | None
    journey: pd.DataFrame
    everybody: int
    scored_at: pd.Timestamp | None
    contradicted: int
    way_of: Callable[[pd.Series], pd.DataFrame] = field(repr=False)

    def blocks(self) -> dict[str, Any]:
        """Give the JSON blocks: what the report publishes."""
        now, columns = self.history.iloc[-1].to_dict(), list(self.history.columns)
        money = ["period", "start", "end", *economics.MEASURES]
        leads = [name for name in columns if name not in economics.MEASURES or name == "new_customers"]
        return {
            "funnel": {name: now[name] for name in leads}
            | self.reconciliation_block()
            | {"history": self.history[leads], "stages": self.stages}
            | {"by_source": self.by_source, "by_region": self.by_region},
            "conversion_rates": self.rates,
            "paths": self.paths,
            "financial": {name: now[name] for name in money}
            | {"history": self.history[money], "by_kind": self.kinds},
            "success": self.success,
            "channels": self.channels,
            "customers": self.customers[list(PUBLISHED)],
            "journey": self.journey_block(),
        }

    def reconciliation_block(self) -> dict[str, Any]:
        """The reconciliation as a frame of its own: one row for each item."""
        rows = pd.DataFrame(list(self.reconciliation.items()), columns=["item", "subjects"])
        return {"reconciliation": rows}

    def journey_block(self) -> dict[str, Any] | None:
        """Whose journey it is, and its events; None where there is nobody."""
        if self.subject is None:
            return None
        names = (
            "subject_id",
            "customer_id",
            "lead_id",
            "name",
            "stage",
            "since",
            "risk_level",
            "owner",
            "value",
        )
        return {name: self.subject[name] for name in names} | {"events": self.journey}


def read_lifecycle(
    tables: Mapping[str, ibis.Table],
    periods: Sequence[Timeframe],
    chosen: Chosen,
    assumed: Assumptions,
    *,
    present: Collection[str],
    customer_id: str = "",
    keep: Keep = lazily,
) -> Lifecycle:
    """Read and measure everything for one timeframe and those before it.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        ``leads``, ``stage_events``, ``activities``, ``accounts``, ``customers``, ``sales``, ``campaigns``,
        ``campaign_contacts`` and ``predictions`` as in the contract; any may be without rows.
    periods : sequence of Timeframe
        The last is the report's own.
    chosen : Chosen
        Whoever it leaves out is in no figure. Campaigns cost what they cost for everybody, so that of a
        selection acquisition cost, CAC, LTV/CAC and payback are missing.
    assumed : Assumptions
    present : collection of str
        Which of the tables the organisation has; without ``activities`` nobody has an engagement score.
    customer_id : str
        Whose journey is shown: see `analytics.metrics.journey.find_subject`.
    keep : callable, optional
        See `analytics.metrics.purchases.Keep`.

    Returns
    -------
    Lifecycle
    """
    this, edge = periods[-1], periods[-1].reference_date
    scored = scored_customers(tables["predictions"], edge)
    entries = keep(moments(tables, edge))
    spans = keep(economics.contract_spans(tables["accounts"], edge))
    expression = subjects(tables, edge, entries)
    every = read_subjects(expression)
    recent = success.recent_activity(
        tables["activities"], edge, days=assumed.engagement_days, half_life=assumed.half_life_days
    )
    every = every.join(success.engagement_scores(every, recent))
    if "activities" not in present:
        every[["activities", "engagement_score"]] = float("nan")
    every = every.assign(days_in_stage=success.days_in_stage(every, edge))
    some, only = every, None
    if chosen.filtered:
        batch = scored["batch_id"].iloc[0] if len(scored) else None
        picked = choose(expression, chosen, tables["predictions"], batch)
        some = _kept(every, picked)
        only = customer_ids(picked, some["customer_id"])
    listed = success.customer_list(some, success.customer_values(tables, edge, spans), scored)
    flows = economics.daily_flows(tables, edge, churn_days=assumed.churn_days, only=only, spans=spans)
    costs = economics.acquisition_costs(tables["campaigns"], periods)
    history, kinds, costs = _economics(
        periods, some, listed, flows, costs if only is None else costs[:0], assumed
    )
    cohort = funnel.cohort_of(some, this)
    groups = {"conversion_days": assumed.conversion_days}
    touched = touches.first_and_last(tables, this, assumed.activity_channels, entries=entries)
    became = touches.became_customers(listed, some, this)
    found = journeys.find_subject(listed, customer_id)
    return Lifecycle(
        history=history,
        stages=funnel.funnel_stages(cohort),
        rates=funnel.conversion_rates(cohort, some, edge),
        by_source=funnel.by_group(some, this, "source", **groups),
        by_region=funnel.by_group(some, this, "region", **groups),
        paths=funnel.commonest_paths(cohort),
        reconciliation=funnel.reconciliation(some, this),
        kinds=kinds,
        success=success.success_by_month(tables["accounts"], this, only=only),
        channels=touches.by_channel(became, touched, costs),
        customers=listed,
        subject=found,
        journey=_journey(tables, this, found),
        everybody=len(every),
        scored_at=scored["predicted_at"].iloc[0] if len(scored) else None,
        contradicted=int(((listed["stage"] == "Churned") & listed["is_live"]).sum()),
        way_of=partial(_journey, tables, this),
    )


def _kept(every: pd.DataFrame, picked: ibis.Table) -> pd.DataFrame:
    """The rows of a frame of subjects that a selection keeps."""
    ids = picked.select("lead_id", "customer_id").to_pandas()
    names = ["lead_id", "customer_id"]
    wanted = pd.MultiIndex.from_frame(ids.astype("object").where(ids.notna(), ""))
    have = pd.MultiIndex.from_frame(every[names].where(every[names].notna(), ""))
    return every[have.isin(wanted)].reset_index(drop=True)


def _economics(
    periods: Sequence[Timeframe],
    some: pd.DataFrame,
    listed: pd.DataFrame,
    flows: pd.DataFrame,
    costs: pd.DataFrame,
    assumed: Assumptions,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """History of leads and money, economics by kind, and what acquisition cost in the timeframe."""
    this = periods[-1]
    leads = funnel.lead_history(some, periods, conversion_days=assumed.conversion_days)
    margin = assumed.contract_margin
    news = leads["new_customers"].tolist()
    money = economics.financial(flows, costs, news, periods, contract_margin=margin)
    became = touches.became_customers(listed, some, this)
    by_contract = became["has_contract"]
    new = {"contract": int(by_contract.sum()), "purchase": int((~by_contract).sum())}
    kinds = economics.by_kind(flows, this, new, contract_margin=margin)
    history = leads.merge(
        money.drop(columns=["period", "start", "end", "new_customers"]), left_index=True, right_index=True
    )
    return history, kinds, costs[costs["period"] == len(periods) - 1]


def _journey(tables: Mapping[str, ibis.Table], this: Timeframe, found: pd.Series | None) -> pd.DataFrame:
    lead, customer = (None, None) if found is None else (found["lead_id"], found["customer_id"])
    if lead is None and customer is None:
        return pd.DataFrame({"at": [], "lane": [], "what": [], "number": []})
    return journeys.customer_journey(tables, this.reference_date, lead_id=lead, customer_id=customer)
