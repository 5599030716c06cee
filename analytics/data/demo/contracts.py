"""The tables of a demonstration software company, block by block: accounts, leads and their fate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from analytics.data.demo.accounts import (
    MONTH_STARTS,
    NEVER,
    PLANS,
    SNAPSHOT_SECOND,
    AccountRules,
    new_accounts,
    rules_truth,
    simulate_accounts,
)
from analytics.data.demo.campaigns import Campaign, Contacts, contact_columns
from analytics.data.demo.columns import instants, labels, moments, money, nulls, texts, without
from analytics.data.demo.folder import TableFiles
from analytics.data.demo.funnel import (
    ROLES,
    SEAT_PRICE,
    SIZES,
    SOURCES,
    Leads,
    draw_leads,
    funnel_truth,
)
from analytics.data.demo.people import INDUSTRIES, awkward, customer_columns, no_credit
from analytics.data.demo.sales_work import write_activities, write_deals, write_stage_events
from analytics.data.demo.season import DAYS, Array
from analytics.data.demo.tally import Tally

OWNERS = 5


@dataclass(frozen=True)
class Software:
    """A company with contract customers; shares are 0–1.

    Attributes
    ----------
    customer_types : tuple of (str, int)
        Name, and the seats at the start from which on an account is of this type.
    price_factor : int
        What one unit of the price list is in the organisation's currency.
    legacy_share : float
        Accounts that are older than the data; the others come from leads.
    broken_share : float
        Rows with a value out of its range, of each kind, for each row of `accounts`.
    """

    rules: AccountRules
    campaigns: tuple[Campaign, ...]
    regions: tuple[str, ...]
    customer_types: tuple[tuple[str, int], ...]
    price_factor: int
    legacy_share: float = 0.35
    broken_share: float = 0.0003
    hazard_note: str = field(default="monthly, from the snapshot at the end of the month before")


@dataclass(frozen=True)
class Contract:
    """How every account of a block begins, all of shape (n,); those from leads stand last."""

    started: Array  # fractional day number
    plan: Array
    seats: Array
    price: Array  # of a seat and year after discount, hundredths
    industry: Array
    region: Array
    lead: Array  # position of the lead; -1 for accounts older than the data


def write_contract_block(
    files: TableFiles,
    rng: np.random.Generator,
    company: Software,
    size: int,
    offset: int,
    tally: Tally,
    *,
    first_number: int = 0,
) -> None:
    """Write `size` accounts with their leads, deals, snapshots, events and activities.

    `offset` accounts were written before; `first_number` is added to the number in names, mobiles and
    addresses, where other customers of the organisation have taken the first ones.
    """
    legacy = round(company.legacy_share * size)
    leads = draw_leads(rng, size - legacy)
    contract = _begin(rng, company, leads, legacy)
    ids = texts("A", np.arange(offset + 1, offset + size + 1), 6)
    state = new_accounts(
        rng, contract.started, contract.plan.copy(), contract.seats.copy(), contract.price.copy()
    )
    snapshots, contacts = simulate_accounts(rng, state, company.rules, company.campaigns)
    _write_customers(files, company, contract, ids, first_number + offset, tally)
    _write_snapshots(files, rng, company, contract, snapshots, ids, tally)
    lead_ids = texts("L", tally["leads.rows"] + 1 + np.arange(len(leads.created)), 7)
    account_of = np.full(len(leads.created), -1)
    account_of[contract.lead[legacy:]] = np.arange(legacy, size)
    _write_leads(files, company, leads, lead_ids, ids, account_of, tally)
    write_deals(files, leads, lead_ids, ids, account_of, company.price_factor, tally)
    subjects = pa.chunked_array([ids.slice(0, legacy), lead_ids.take(pa.array(contract.lead[legacy:]))])
    write_stage_events(files, leads, lead_ids, subjects, contract.started, snapshots, tally)
    write_activities(files, rng, leads, lead_ids, ids, snapshots, tally)
    for campaign in company.campaigns:
        if campaign.campaign_id in contacts:
            account, arm = contacts[campaign.campaign_id]
            _write_contacts(files, campaign, account, arm, ids, tally)


def _begin(rng: np.random.Generator, company: Software, leads: Leads, legacy: int) -> Contract:
    won = np.flatnonzero(~np.isnan(leads.converted))
    deal = {name: values[np.searchsorted(leads.deal["lead"], won)] for name, values in leads.deal.items()}
    plan = np.concatenate([rng.choice(len(PLANS), legacy, p=[0.4, 0.38, 0.22]), deal["plan"]])
    seats = np.concatenate(
        [np.maximum(2, np.rint(rng.lognormal(2.8, 0.7, legacy))).astype("int64"), deal["seats"]]
    )
    discount = np.concatenate([rng.choice([0.0, 0.1, 0.2], legacy), deal["discount"]])
    yearly = np.array(SEAT_PRICE)[plan] * 12 * company.price_factor
    return Contract(
        np.concatenate([-rng.uniform(1, 900, legacy), leads.converted[won]]),
        plan,
        seats,
        np.rint(yearly * (1 - discount)).astype("int64") * 100,
        np.concatenate([rng.integers(0, len(INDUSTRIES), legacy), leads.features["industry"][won]]),
        np.concatenate(
            [
                rng.integers(0, len(company.regions), legacy),
                leads.features["region"][won] % len(company.regions),
            ]
        ),
        np.concatenate([np.full(legacy, -1), won]),
    )


def _write_customers(
    files: TableFiles, company: Software, contract: Contract, ids: Any, offset: int, tally: Tally
) -> None:
    size = len(contract.started)
    numbers = np.arange(offset + 1, offset + size + 1)
    bounds = np.array([seats for _, seats in company.customer_types])
    kind = np.searchsorted(bounds, contract.seats, side="right") - 1
    names = texts("Account ", numbers, 5)
    if offset == 0:
        names = awkward(names, int((contract.seats * contract.price).argmax()))
        tally.add("planted.customers.awkward_name", 1)
    columns = customer_columns(
        ids,
        names,
        numbers,
        labels(kind, [name for name, _ in company.customer_types]),
        instants(contract.started),
        (contract.region, company.regions),
        no_credit(size),
        industry=labels(contract.industry, INDUSTRIES),
        owner=texts("Success team ", np.arange(size) % OWNERS + 1, 1),
    )
    files.write("customers", columns)
    tally.add("customers.rows", size)
    tally.add("accounts.accounts", size)
    tally.add("accounts.older_than_the_data", (contract.started < 0).sum())


def _write_snapshots(
    files: TableFiles,
    rng: np.random.Generator,
    company: Software,
    contract: Contract,
    snapshots: list[dict[str, Array]],
    ids: Any,
    tally: Tally,
) -> None:
    for month, shot in enumerate(snapshots):
        columns = _snapshot_columns(contract, shot, ids)
        files.write("accounts", columns)
        gone = shot["churned"] < NEVER
        tally.add("accounts.snapshots", len(gone))
        tally.add("accounts.churned", gone.sum())
        tally.add("accounts.returned", (shot["returned"] == month).sum())
        # What may still leave in the data: the last snapshot is followed by nothing.
        if month + 1 < len(MONTH_STARTS):
            tally.add("accounts.months_at_risk", (~gone).sum())
            tally.add("accounts.expected_churned", float(np.nansum(shot["hazard"])))
    last = snapshots[-1]
    columns = _snapshot_columns(contract, last, ids)
    count = max(2, round(company.broken_share * sum(len(shot["account"]) for shot in snapshots)))
    breaks = {"nps": 140, "feature_adoption": 1.7, "sentiment": -3.0, "acv": -500}
    for position, (name, value) in enumerate(breaks.items()):
        rows = np.sort(rng.choice(len(last["account"]), min(count, len(last["account"])), replace=False))
        broken = {key: column.take(pa.array(rows)) for key, column in columns.items()}
        broken["snapshot_at"] = moments(last["day"][rows] - 10 - position, SNAPSHOT_SECOND)
        kind = columns[name].type
        broken[name] = (
            money(np.full(len(rows), value * 100)) if name == "acv" else pa.array([value] * len(rows), kind)
        )
        files.write("accounts", broken)
        tally.add(f"planted.accounts.{name}_out_of_range", len(rows))


def _snapshot_columns(contract: Contract, shot: dict[str, Array], ids: Any) -> dict[str, Any]:
    account, day = shot["account"], shot["day"]
    whole = {
        name: pa.array(shot[name]) for name in ("support_tickets_90d", "critical_tickets_90d", "days_overdue")
    }
    counted = {
        name: pa.array(np.nan_to_num(shot[name]).astype("int64"), mask=np.isnan(shot[name]))
        for name in ("nps", "logins_30d", "logins_previous_30d")
    }
    return {
        "customer_id": ids.take(pa.array(account)),
        "snapshot_at": moments(day, SNAPSHOT_SECOND),
        "plan": labels(shot["plan"], PLANS),
        "seats_purchased": pa.array(shot["seats_purchased"]),
        "seats_used": pa.array(shot["seats_used"]),
        "acv": money(shot["acv"]),
        "started_at": instants(contract.started[account]),
        "renews_at": instants(shot["renewal"]),
        "churned_at": without(
            moments(np.minimum(shot["churned"], DAYS), 12 * 3_600), shot["churned"] == NEVER
        ),
        "owner": texts("Success team ", account % OWNERS + 1, 1),
        **counted,
        **whole,
        "feature_adoption": pa.array(shot["feature_adoption"]),
        "sentiment": pa.array(shot["sentiment"]),
    }


def _write_leads(
    files: TableFiles,
    company: Software,
    leads: Leads,
    lead_ids: Any,
    ids: Any,
    account_of: Array,
    tally: Tally,
) -> None:
    features, size = leads.features, len(leads.created)
    numbers = tally["leads.rows"] + 1 + np.arange(size)
    converted = ~np.isnan(leads.converted)
    whole = {
        name: pa.array(features[name])
        for name in (
            "points",
            "book_consultant",
            "email_opens",
            "page_views",
            "content_downloads",
            "demo_requested",
        )
    }
    files.write(
        "leads",
        {
            "lead_id": lead_ids,
            "created_at": instants(leads.created),
            "company": texts("Prospect ", numbers, 6),
            "company_size": labels(features["company_size"], list(SIZES)),
            "industry": labels(features["industry"], INDUSTRIES),
            "role": labels(features["role"], list(ROLES)),
            "source": labels(features["source"], list(SOURCES)),
            "region": labels(features["region"] % len(company.regions), company.regions),
            "owner": texts("Sales team ", numbers % OWNERS + 1, 1),
            **whole,
            "converted_at": without(instants(np.nan_to_num(leads.converted)), ~converted),
            "customer_id": without(ids.take(pa.array(np.maximum(account_of, 0))), ~converted),
        },
    )
    tally.add("leads.rows", size)
    tally.add("leads.converted", converted.sum())


def _write_contacts(
    files: TableFiles, campaign: Campaign, account: Array, arm: Array, ids: Any, tally: Tally
) -> None:
    drawn = Contacts(campaign, account, arm, np.full(len(account), campaign.day), np.full(len(account), -1))
    columns = contact_columns(
        drawn, ids.take(pa.array(account)), nulls(len(account), pa.timestamp("us")), account * 0
    )
    files.write("campaign_contacts", columns)
    for position, (name, _) in enumerate(campaign.effects):
        tally.add(f"campaigns.{campaign.campaign_id}.{name}.contacts", (arm == position).sum())


def company_truth(company: Software) -> Mapping[str, Any]:
    """Everything that `truth.json` says of a software company before anything is drawn."""
    return {
        "accounts": {
            **rules_truth(company.rules),
            "legacy_share": company.legacy_share,
            "hazard_is": company.hazard_note,
        },
        "funnel": funnel_truth(),
        "account_campaigns": {
            campaign.campaign_id: {"log_odds_of_leaving_for_3_months": dict(campaign.effects)}
            for campaign in company.campaigns
            if campaign.effects
        },
    }
