"""Leads, stages, accounts, sales and campaigns, made up, as tables of the contract."""

from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.data.contract import CONTRACT, STAGES
from analytics.data.contract_terms import ENGINE_TYPES

TABLES = (
    *("leads", "stage_events", "activities", "accounts", "customers", "sales", "campaigns"),
    *("campaign_contacts", "predictions"),
)


def tables(engine="duckdb", **frames):
    """Tables as the data layer hands them out: every column of the contract, absent tables without rows."""
    connection = ibis.sqlite.connect() if engine == "sqlite" else None
    return {name: _table(name, frames.get(name), connection) for name in TABLES}


def _table(name, rows, connection):
    columns = CONTRACT[name].columns
    frame = pd.DataFrame(rows if rows is not None else [])
    for column in columns:
        if column.name not in frame:
            frame[column.name] = None
        if column.type == "timestamp":
            frame[column.name] = pd.to_datetime(frame[column.name], format="mixed").astype("datetime64[us]")
        if column.type == "money" and connection is None:
            known = frame[column.name].notna()
            frame[column.name] = frame[column.name].astype(object).where(known, None)
            frame.loc[known, column.name] = frame.loc[known, column.name].map(lambda v: Decimal(f"{v:.4f}"))
    frame = frame[[column.name for column in columns]]
    schema = ibis.schema({column.name: ENGINE_TYPES[column.type] for column in columns})
    if connection is None:
        return ibis.memtable(pa.Table.from_pandas(frame, schema=schema.to_pyarrow(), preserve_index=False))
    table = connection.create_table(name, schema=schema)
    values = [[_plain(value) for value in row] for row in frame.astype(object).itertuples(index=False)]
    connection.con.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", values)
    return table


def _plain(value):
    if value is None or pd.isna(value):
        return None
    return str(value) if isinstance(value, pd.Timestamp) else value


def events(subject, **stages):
    """Stage events of one subject: ``events("L1", Lead="2026-01-01", MQL="2026-01-05")``."""
    return [
        {"subject_id": subject, "stage": stage, "entered_at": day}
        for stage, days in stages.items()
        for day in ([days] if isinstance(days, str) else days)
    ]


def company(n=120, seed=4):
    """Frames of a company with leads of all kinds: skipped stages, ways back, unrecorded ones, churn."""
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2025-01-01")

    def moment(days):
        return start + pd.to_timedelta(float(days), unit="D").round("s")

    leads, stages, accounts, activities, sales, customers = [], [], [], [], [], []
    for i in range(n):
        lead, born = f"L{i:03}", random.uniform(0, 500)
        deepest = random.choice(4, p=[0.3, 0.25, 0.2, 0.25])
        at = born + np.cumsum(random.exponential(15, 4))
        converted = at[2] if deepest == 3 else None
        customer = f"A{i:03}" if deepest == 3 else None
        leads.append({
            "lead_id": lead, "created_at": moment(born), "company": f"Company {i}", "customer_id": customer,
            "source": random.choice(["Web", "Fair", None]), "region": random.choice(["North", "South"]),
            "converted_at": None if converted is None else moment(converted), "owner": "Ada",
        })  # fmt: skip
        path = [("Lead", born), ("MQL", at[0]), ("SQL", at[1]), ("Customer", at[2])][: deepest + 1]
        kept = [step for step in path if step[0] == "Lead" or random.random() > 0.15]
        kept = kept if random.random() > 0.1 else []  # nobody recorded a stage
        if deepest == 2 and random.random() < 0.3:
            kept.append(("MQL", at[3]))
        who = lead
        if customer:
            who = random.choice([lead, customer])
            customers.append({"customer_id": customer, "name": f"Customer {i}", "owner": "Ben"})
            left = at[2] + random.exponential(200)
            kept += [("Expansion", at[2] + 40)] if random.random() < 0.3 else []
            kept += [("Churned", left)] if left < 600 else []
            for month in range(1, 22):
                end = start + pd.DateOffset(months=month) - pd.Timedelta(hours=1)
                if moment(at[2]) < end and (moment(left) > end - pd.DateOffset(months=1)):
                    accounts.append({
                        "customer_id": customer, "snapshot_at": end,
                        "acv": float(100 * (i + 1)),
                        "started_at": moment(at[2]),
                        "churned_at": moment(left) if moment(left) < end else None,
                        "nps": float(random.integers(-50, 90)) if random.random() < 0.5 else None,
                        "logins_30d": float(random.integers(0, 99)),
                        "seats_used": 3.0, "seats_purchased": 4.0,
                        "support_tickets_90d": float(random.integers(0, 4)), "critical_tickets_90d": 0.0,
                    })  # fmt: skip
        stages += [
            {"subject_id": lead if when < at[2] else who, "stage": stage, "entered_at": moment(when)}
            for stage, when in kept
        ]
        activities += [
            {
                "subject_id": lead,
                "kind": kind,
                "occurred_at": moment(born + random.uniform(0, 60)),
                "value": 1.0,
            }
            for kind in random.choice(["email_open", "meeting", "ticket"], 3)
        ]
    for i in range(40):
        customers.append({"customer_id": f"B{i:02}", "name": f"Buyer {i}"})
        sales += [
            {
                "sale_id": f"{i}-{k}", "customer_id": f"B{i:02}", "sold_at": moment(random.uniform(0, 600)),
                "total_amount": float(random.integers(-20, 200)), "channel": random.choice(["Shop", None]),
                "total_profit": float(random.integers(0, 50)) if random.random() < 0.9 else None,
            }
            for k in range(random.integers(1, 6))
        ]  # fmt: skip
    campaigns = [
        {"campaign_id": "C1", "channel": "Fair", "purpose": "acquisition", "started_at": "2026-01-01",
         "ended_at": "2026-01-10", "cost": 1000.0},
        {"campaign_id": "C2", "channel": "Post", "purpose": "retention", "started_at": "2026-01-01",
         "ended_at": None, "cost": 5000.0},
    ]  # fmt: skip
    contacts = [
        {"campaign_id": "C1", "customer_id": f"B{i:02}", "arm": arm, "contacted_at": moment(5)}
        for i, arm in enumerate(["control", "letter", "letter"])
    ]
    predictions = [
        {"batch_id": "b1", "predicted_at": "2026-04-01", "customer_id": row["customer_id"],
         "churn_probability": 0.7 if i % 2 else 0.1, "risk_level": "High" if i % 2 else "Low",
         "monetary_score": 50.0}
        for i, row in enumerate(customers)
    ]  # fmt: skip
    return {
        "leads": leads, "stage_events": stages, "accounts": accounts, "activities": activities,
        "sales": sales, "customers": customers, "campaigns": campaigns, "campaign_contacts": contacts,
        "predictions": predictions,
    }  # fmt: skip


def plain_subjects(reference_date, leads=(), stage_events=()):
    """The frame of `read_subjects`, made slowly in plain Python, from leads and stages alone."""
    edge = pd.Timestamp(reference_date)
    by_customer, again = {}, set()
    order = [dict(row) for row in leads if pd.Timestamp(row["created_at"]) < edge]
    for row in order:
        if when(row, "converted_at") is not None and when(row, "converted_at") >= edge:
            row["converted_at"] = row["customer_id"] = None
    far = pd.Timestamp.max
    for row in sorted(order, key=lambda one: (when(one, "converted_at") or far, one["created_at"])):
        if row.get("customer_id"):
            if row["customer_id"] in by_customer:
                again.add(row["lead_id"])
            by_customer.setdefault(row["customer_id"], row["lead_id"])
    rows = {row["lead_id"]: row for row in order}
    entries = {lead: [] for lead in rows}
    for event in stage_events:
        who = event["subject_id"]
        who = who if who in rows else by_customer.get(who, who)
        entries.setdefault(who, []).append((pd.Timestamp(event["entered_at"]), STAGES.index(event["stage"])))
    found = []
    for who, own in entries.items():
        own = [entry for entry in own if entry[0] < edge]
        row = rows.get(who, {})
        for stage, column in ((0, "created_at"), (3, "converted_at")):
            day = when(row, column)
            if day is not None and day < edge and stage not in {code for _, code in own}:
                own.append((day, stage))
        own.sort()
        moves = [entry for i, entry in enumerate(own) if i == 0 or own[i - 1][1] != entry[1]]
        if moves:
            found.append(_subject(who, row, moves, who in again))
    names = ["subject_id", "lead_id", "customer_id", "source", "region", "again", "created", "converted"]
    frame = pd.DataFrame(found, columns=[*names, *STAGES, "stage", "path", "first", "last"])
    texts = ["lead_id", "customer_id", "source", "region"]
    for name in texts:
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def when(row, column):
    """A moment of a row; None where it is missing."""
    return None if pd.isna(row.get(column)) else pd.Timestamp(row[column])


def _subject(who, row, moves, again):
    seconds = [entry[0].timestamp() for entry in moves]
    first = {STAGES[code]: at.timestamp() for at, code in reversed(moves)}
    customer = row.get("customer_id") if row and not again else None if row else who
    known = {"created": when(row, "created_at"), "converted": when(row, "converted_at")}
    return {
        **{stage: first.get(stage, float("nan")) for stage in STAGES},
        **{name: float("nan") if at is None else at.timestamp() for name, at in known.items()},
        **{name: row.get(name) for name in ("source", "region")},
        "subject_id": who,
        "lead_id": who if row else None,
        "customer_id": customer,
        "again": again,
        "stage": STAGES[moves[-1][1]],
        "path": " → ".join(STAGES[code] for _, code in moves),
        "first": seconds[0],
        "last": seconds[-1],
    }
