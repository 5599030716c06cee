"""Deals and their history, made up, with everything that a report on the pipeline reads."""

import ibis
import numpy as np
import pandas as pd

STAGES = ["discovery", "qualified", "proposal", "negotiation"]
FIRST = pd.Timestamp("2025-01-01")


def frames(n=240, days=540, seed=5):
    """Tables ``deals`` and ``deal_history`` as pandas frames: won more often with a champion and a budget."""
    random = np.random.default_rng(seed)
    created = np.sort(random.integers(0, days, n)) + random.random(n)
    yes = {name: random.random(n) < 0.5 for name in ("champion_identified", "budget_confirmed")}
    odds = -1.2 + 1.4 * yes["champion_identified"] + 1.2 * yes["budget_confirmed"]
    wins = random.random(n) < 1 / (1 + np.exp(-odds))
    last = np.where(wins, 3, random.integers(0, 4, n))
    stays = random.gamma(2, 6, (n, 5))
    entered = created[:, None] + np.column_stack([np.zeros(n), np.cumsum(stays[:, :4], axis=1)])
    closed = entered[np.arange(n), last + 1]
    forgotten = ~wins & (random.random(n) < 0.12)  # nobody closes them
    over = (closed < days) & ~forgotten
    stage = np.minimum((entered[:, :4] < days).sum(axis=1) - 1, last)
    value = random.integers(1, 40, n) * 1_000.0
    deals = {
        "deal_id": [f"d{i:04}" for i in range(n)],
        "name": [f"Deal {i}" for i in range(n)],
        "company": [f"Company {i % 40}" for i in range(n)],
        "owner": random.choice(["Ada", "Ben"], n),
        "industry": random.choice(["Tech", "Retail"], n),
        "product_plan": random.choice(["Starter", "Team"], n),
        "seats": random.integers(2, 50, n),
        "price_per_seat": 29.0,
        "discount": 0.1,
        "contract_months": 12,
        "expansion_factor": 1.0,
        "value": value,
        "stage": np.array(STAGES)[stage],
        "created_at": when(created),
        "stage_entered_at": when(entered[np.arange(n), stage]),
        "last_activity_at": when(np.minimum(np.where(over, closed, days), days) - random.random(n) * 9),
        "expected_close_at": when(np.floor(closed)),
        "closed_at": when(np.where(over, closed, np.nan)),
        "outcome": np.where(over, np.where(wins, "won", "lost"), None),
        "interactions": random.poisson(6, n),
        "objections_handled": random.poisson(1, n),
        "decision_maker_engaged": random.random(n) < 0.5,
        "competitors_mentioned": random.poisson(1, n),
        "lead_score": random.integers(0, 101, n),
        **yes,
    }
    row, position = np.nonzero((entered[:, :4] < days) & (np.arange(4) <= last[:, None]))
    history = {
        "deal_id": [f"d{i:04}" for i in row],
        "changed_at": when(entered[row, position]),
        "stage": np.array(STAGES)[position],
        "value": value[row] + 100.0 * (3 - position),
        "expected_close_at": when(np.floor(closed[row])),
    }
    return pd.DataFrame(deals), pd.DataFrame(history)


def when(days):
    """Times so many days after the first; missing stays missing."""
    return (FIRST + pd.to_timedelta(pd.Series(days, dtype="float64"), unit="D")).dt.floor("s")


def table(frame):
    """A frame as the data layer hands it out, with every column that metrics read."""
    for name in (
        "customer_id",
        "lead_id",
        "owner",
        "industry",
        "product_plan",
        "name",
        "company",
        "outcome",
        "stage",
    ):
        if name not in frame:
            frame = frame.assign(**{name: None})
    kinds = dict.fromkeys(("customer_id", "lead_id", "outcome", "stage", "owner", "industry"), "string")
    kinds |= {"product_plan": "string", "name": "string", "company": "string"}
    times = {name: "timestamp" for name in frame.columns if name.endswith("_at")}
    schema = {
        name: (kinds | times).get(name, ibis.schema(ibis.memtable(frame[[name]]).schema())[name])
        for name in frame.columns
    }
    return ibis.memtable(frame, schema=ibis.schema(schema))
