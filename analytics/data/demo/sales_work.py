"""What a demonstration sales team does: deals and their history, stage events, activities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from analytics.data.demo.accounts import MONTH_STARTS, NEVER, PLANS
from analytics.data.demo.columns import instants, labels, money, texts, without
from analytics.data.demo.folder import TableFiles
from analytics.data.demo.funnel import SEAT_PRICE, STAGES, Leads
from analytics.data.demo.people import INDUSTRIES
from analytics.data.demo.season import DAYS, Array
from analytics.data.demo.tally import Tally

BROKEN_DEALS = 3  # of each kind, in each block


def write_deals(
    files: TableFiles,
    leads: Leads,
    lead_ids: Any,
    ids: Any,
    account_of: Array,
    price_factor: int,
    tally: Tally,
) -> None:
    """Write `deals` and `deal_history` of a block, with a few rows that break a rule."""
    deal, lead = leads.deal, leads.deal["lead"]
    size = len(lead)
    numbers = tally["deals.rows"] + 1 + np.arange(size)
    deal_id = texts("D", numbers, 7)
    monthly = np.array(SEAT_PRICE)[deal["plan"]] * price_factor
    value = np.rint(deal["seats"] * monthly * deal["months"] * (1 - deal["discount"]) * 100).astype("int64")
    entered = np.column_stack([deal[f"entered_{position}"] for position in range(len(STAGES))])
    expected = instants(deal["expected"])
    columns = {
        "deal_id": deal_id,
        "name": texts("Deal ", numbers, 6),
        "company": texts("Prospect ", lead + 1 + tally["leads.rows"] - len(leads.created), 6),
        "customer_id": without(ids.take(pa.array(np.maximum(account_of[lead], 0))), account_of[lead] < 0),
        "lead_id": lead_ids.take(pa.array(lead)),
        "owner": texts("Sales team ", numbers % 5 + 1, 1),
        "industry": labels(leads.features["industry"][lead], INDUSTRIES),
        "product_plan": labels(deal["plan"], PLANS),
        "seats": pa.array(deal["seats"]),
        "price_per_seat": money(monthly * 100),
        "discount": pa.array(deal["discount"]),
        "billing_cycle": labels(deal["yearly"].astype("int64"), ["monthly", "yearly"]),
        "contract_months": pa.array(deal["months"]),
        "expansion_factor": pa.array(deal["factor"]),
        "value": money(value),
        "stage": labels(deal["stage"], STAGES),
        "created_at": instants(leads.sql[lead]),
        "stage_entered_at": instants(entered[np.arange(size), deal["stage"]]),
        "last_activity_at": instants(deal["active"]),
        "expected_close_at": expected,
        "closed_at": without(instants(np.nan_to_num(deal["closed"])), np.isnan(deal["closed"])),
        "outcome": labels(deal["won"] + 2 * deal["lost"], [None, "won", "lost"]),
        **{
            name: pa.array(deal[name])
            for name in (
                "interactions", "objections_handled", "champion_identified", "budget_confirmed",
                "decision_maker_engaged", "competitors_mentioned", "lead_score",
            )
        },
    }  # fmt: skip
    files.write("deals", columns)
    for name in ("won", "lost"):
        tally.add(f"deals.{name}", deal[name].sum())
    tally.add("deals.open", (~deal["won"] & ~deal["lost"]).sum())
    tally.add("deals.won_value_hundredths", value[deal["won"]].sum())
    tally.add("deals.rows", size)
    _write_broken_deals(files, columns, deal, numbers, tally)
    _write_history(files, deal_id, entered, value, columns["expected_close_at"], tally)


def _write_broken_deals(
    files: TableFiles, columns: dict[str, Any], deal: dict[str, Array], numbers: Array, tally: Tally
) -> None:
    won = np.flatnonzero(deal["won"])[:BROKEN_DEALS]
    broken = {name: column.take(pa.array(won)) for name, column in columns.items()}
    early = broken | {
        "deal_id": texts("E", numbers[won], 7),
        "closed_at": instants(np.floor(deal["closed"][won]) - 500),
    }
    undated = broken | {
        "deal_id": texts("U", numbers[won], 7),
        "closed_at": pa.nulls(len(won), pa.timestamp("us")),
    }
    files.write("deals", early)
    files.write("deals", undated)
    tally.add("planted.deals.closed_before_created", len(won))
    tally.add("planted.deals.outcome_without_closed_at", len(won))


def _write_history(
    files: TableFiles, deal_id: Any, entered: Array, value: Array, expected: Any, tally: Tally
) -> None:
    """One row for each stage that a deal entered; the value asked falls by a tenth at most on the way."""
    row, stage = np.nonzero(~np.isnan(entered))
    order = np.lexsort((row, entered[row, stage]))
    row, stage = row[order], stage[order]
    asked = np.rint(value[row] * (1 + 0.03 * (len(STAGES) - 1 - stage)) / 100).astype("int64") * 100
    last = np.append(entered[:, 1:], np.full((len(entered), 1), np.nan), axis=1)[row, stage]
    asked = np.where(np.isnan(last), value[row], asked)
    columns = {
        "deal_id": deal_id.take(pa.array(row)),
        "changed_at": instants(entered[row, stage]),
        "stage": labels(stage, STAGES),
        "value": money(asked),
        "expected_close_at": expected.take(pa.array(row)),
    }
    files.write("deal_history", columns)
    lost = {name: column.slice(0, BROKEN_DEALS) for name, column in columns.items()}
    lost["deal_id"] = texts("N", np.arange(len(lost["stage"])), 7)
    files.write("deal_history", lost)
    tally.add("deal_history.ordinary_rows", len(row))
    tally.add("planted.deal_history.unknown_deal", len(lost["stage"]))


def write_stage_events(
    files: TableFiles,
    leads: Leads,
    lead_ids: Any,
    subjects: Any,
    started: Array,
    snapshots: list[dict[str, Array]],
    tally: Tally,
) -> None:
    """Write `stage_events`: a lead's id stays the subject after the signature; older accounts have theirs."""
    retained, expanded, churned = _account_events(started, snapshots)
    parts = [
        ("Lead", lead_ids, leads.created),
        ("MQL", lead_ids, leads.mql),
        ("SQL", lead_ids, leads.sql),
        ("MQL", lead_ids, leads.back),
        ("Customer", subjects, started),
        ("Retained", subjects, retained),
        ("Expansion", subjects, expanded),
        ("Churned", subjects, churned),
    ]
    subject, stage, entered = [], [], []
    for name, who, when in parts:
        happened = np.flatnonzero(~np.isnan(when))
        subject.append(who.take(pa.array(happened)).cast(pa.string()))
        stage.append(pa.array([name] * len(happened), pa.string()))
        entered.append(when[happened])
    moment = np.concatenate(entered)
    order = pa.array(np.argsort(moment, kind="stable"))
    chunks = [
        chunk for part in subject for chunk in (part.chunks if isinstance(part, pa.ChunkedArray) else [part])
    ]
    files.write(
        "stage_events",
        {
            "subject_id": pa.concat_arrays(chunks).take(order),
            "stage": pa.concat_arrays(stage).take(order),
            "entered_at": instants(np.sort(moment, kind="stable")),
        },
    )
    tally.add("stage_events.rows", len(moment))
    tally.add("stage_events.skipped_mql", (~np.isnan(leads.sql) & np.isnan(leads.mql)).sum())
    tally.add("stage_events.went_back_to_mql", (~np.isnan(leads.back)).sum())


def _account_events(started: Array, snapshots: list[dict[str, Array]]) -> tuple[Array, Array, Array]:
    """Days of the first renewal, expansion and departure of each account; NaN for never."""
    expanded, churned = (np.full(len(started), np.nan) for _ in range(2))
    seats = np.full(len(started), NEVER)
    for shot in snapshots:
        account = shot["account"]
        grown = (shot["seats_purchased"] > seats[account]) & np.isnan(expanded[account])
        expanded[account[grown]] = shot["day"][grown] + 0.5
        seats[account] = shot["seats_purchased"]
        gone = (shot["churned"] < NEVER) & np.isnan(churned[account])
        churned[account[gone]] = shot["churned"][gone] + 0.5
    renewal = started + 365
    kept = (renewal < DAYS) & (np.isnan(churned) | (churned > renewal)) & (renewal >= 0)
    return np.where(kept, renewal, np.nan), expanded, churned


def write_activities(
    files: TableFiles,
    rng: np.random.Generator,
    leads: Leads,
    lead_ids: Any,
    ids: Any,
    snapshots: list[dict[str, Array]],
    tally: Tally,
) -> None:
    """Write `activities`: e-mails opened, downloads, meetings of leads; tickets and NPS of accounts.

    The rows agree with the counters: a lead has as many ``email_open`` as `email_opens`, an account as many
    ``ticket`` and ``critical_ticket`` in three calendar months as `support_tickets_90d`.
    """
    last = np.where(np.isnan(leads.converted), np.minimum(leads.created + 60, DAYS - 0.01), leads.converted)
    for kind, name in (("email_open", "email_opens"), ("content_download", "content_downloads")):
        who = np.repeat(np.arange(len(last)), leads.features[name])
        when = leads.created[who] + rng.random(len(who)) * (last - leads.created)[who]
        _write(files, kind, lead_ids, who, when, np.ones(len(who)), tally)
    deal, lead = leads.deal, leads.deal["lead"]
    met = np.repeat(np.arange(len(lead)), deal["interactions"])
    when = leads.sql[lead][met] + rng.random(len(met)) * (deal["active"] - leads.sql[lead])[met]
    _write(files, "meeting", lead_ids, lead[met], when, np.ones(len(met)), tally)
    for month, shot in enumerate(snapshots):
        begin = np.maximum(shot["started"], float(MONTH_STARTS[month]))
        length = shot["day"] + 0.9 - begin
        ordinary = shot["tickets_month"] - shot["critical_month"]
        # Accounts that left have no new month; their counters show the last one again.
        live = shot["churned"] == NEVER
        for kind, counts in (("ticket", ordinary), ("critical_ticket", shot["critical_month"])):
            row = np.repeat(np.arange(len(live)), counts * live)
            moment = begin[row] + rng.random(len(row)) * length[row]
            _write(files, kind, ids, shot["account"][row], moment, np.ones(len(row)), tally)
        row = np.flatnonzero(~np.isnan(shot["nps"]) & live)
        moment = begin[row] + rng.random(len(row)) * length[row]
        _write(files, "nps", ids, shot["account"][row], moment, shot["nps"][row], tally)


def _write(
    files: TableFiles, kind: str, ids: Any, who: Array, when: Array, value: Array, tally: Tally
) -> None:
    files.write(
        "activities",
        {
            "subject_id": ids.take(pa.array(who)),
            "kind": pa.array([kind] * len(who), pa.string()),
            "occurred_at": instants(when),
            "value": pa.array(value.astype("float64")),
        },
    )
    tally.add(f"activities.{kind}", len(who))
