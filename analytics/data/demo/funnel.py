"""Leads and deals of a demonstration organisation, from first contact to signature.

A lead qualifies for sales with a probability that is logistic in what is known of it; every qualified lead
opens a deal, and the deal is won with a probability that is logistic in how it was worked. Both sets of
weights are written to `truth.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.data.demo.accounts import PLANS
from analytics.data.demo.people import INDUSTRIES
from analytics.data.demo.season import DAYS, Array

# name → (share of leads, weight in the log odds of qualifying, points)
SIZES = {
    "1-10": (0.30, -0.6, 0), "11-50": (0.30, -0.2, 10), "51-200": (0.20, 0.2, 20),
    "201-1000": (0.13, 0.5, 30), "1001+": (0.07, 0.4, 30),
}  # fmt: skip
ROLES = {
    "Owner": (0.20, 0.6, 30), "Manager": (0.35, 0.4, 20),
    "Specialist": (0.30, 0.0, 10), "Student": (0.15, -1.4, 0),
}  # fmt: skip
SOURCES = {
    "Web search": (0.35, 0.0, 0), "Referral": (0.15, 0.9, 20), "Event": (0.15, 0.4, 10),
    "Advert": (0.25, -0.4, 0), "Partner": (0.10, 0.6, 20),
}  # fmt: skip
LEAD_WEIGHTS = {
    "intercept": -1.75, "email_opens_up_to_10": 0.10, "page_views_up_to_30": 0.025, "content_downloads": 0.25,
    "demo_requested": 1.1, "book_consultant": 0.9,
}  # fmt: skip
DEAL_WEIGHTS = {
    "intercept": -2.2, "interactions_up_to_10": 0.10, "objections_handled_up_to_5": 0.15,
    "champion_identified": 0.9,
    "budget_confirmed": 0.8, "decision_maker_engaged": 0.7, "competitors_mentioned": -0.45,
    "lead_score": 0.015,
}  # fmt: skip
STAGES = ("discovery", "qualified", "proposal", "negotiation")
STAGE_DAYS = (9.0, 13.0, 17.0, 14.0)  # mean days in each stage
SKIPS_MQL, GOES_BACK, NEVER_CLOSED = 0.06, 0.04, 0.05
SEAT_PRICE = (15, 29, 49)  # list price of a seat and month, by plan


@dataclass(frozen=True)
class Leads:
    """Leads of a block, all of shape (n,), oldest first; days are fractional day numbers, NaN for never."""

    features: dict[str, Array]
    created: Array
    mql: Array
    sql: Array
    back: Array  # returned from SQL to MQL
    converted: Array
    deal: dict[str, Array]  # of the leads that became SQL, with `lead` the position


def draw_leads(rng: np.random.Generator, conversions: int) -> Leads:
    """Draw leads until `conversions` of them have become customers before the end of the data."""
    size = conversions * 6 + 200
    while True:
        leads = _draw(rng, size)
        won = np.flatnonzero(~np.isnan(leads["converted"]))
        if len(won) >= conversions:
            break
        size *= 2
    kept = np.arange(won[conversions - 1] + 1 if conversions else 0)
    order = kept[np.argsort(leads["created"][kept], kind="stable")]
    table = {name: values[order] for name, values in leads.items()}
    timed = ("created", "mql", "sql", "back", "converted")
    deal_columns = [name for name in table if name.startswith("deal.")]
    with_deal = np.flatnonzero(~np.isnan(table["sql"]))
    deal = {name.removeprefix("deal."): table[name][with_deal] for name in deal_columns}
    features = {
        name: values for name, values in table.items() if name not in timed and name not in deal_columns
    }
    created, mql, sql, back, converted = (table[name] for name in timed)
    return Leads(features, created, mql, sql, back, converted, deal | {"lead": with_deal})


def _draw(rng: np.random.Generator, size: int) -> dict[str, Array]:
    table: dict[str, Array] = {}
    for name, choices in (("company_size", SIZES), ("role", ROLES), ("source", SOURCES)):
        table[name] = rng.choice(len(choices), size, p=[share for share, _, _ in choices.values()])
    table["email_opens"] = rng.poisson(3.0, size)
    table["page_views"] = rng.negative_binomial(2, 0.18, size)
    table["content_downloads"] = rng.poisson(0.7, size)
    table["demo_requested"] = rng.random(size) < 0.18
    table["book_consultant"] = rng.random(size) < 0.08
    table["industry"] = rng.integers(0, len(INDUSTRIES), size)
    table["region"] = rng.integers(0, 4, size)
    table["points"] = _points(table)
    qualifies = rng.random(size) < qualifying_probability(table)
    created = (
        np.sqrt(rng.uniform(0.25, 1, size)) * 2 * DAYS - DAYS
    )  # twice as many a day at the end as at the start
    table["created"] = created
    mql = created + rng.exponential(4, size)
    sql = np.where(qualifies, mql + rng.exponential(7, size), np.nan)
    skips = qualifies & (rng.random(size) < SKIPS_MQL)
    reaches = qualifies | (rng.random(size) < 0.45)
    table["mql"] = np.where(reaches & ~skips & (mql < DAYS), mql, np.nan)
    table["sql"] = np.where(sql < DAYS, sql, np.nan)
    table |= _draw_deals(rng, table)
    converted = np.where(table["deal.won"], table["deal.closed"], np.nan)
    table["converted"] = converted
    back = table["sql"] + rng.exponential(20, size)
    lost = ~np.isnan(table["sql"]) & np.isnan(converted) & (rng.random(size) < GOES_BACK)
    table["back"] = np.where(lost & (back < DAYS), back, np.nan)
    return table


def qualifying_probability(table: dict[str, Array]) -> Array:
    """P(lead becomes SQL), 0–1, from codes and counters of leads."""
    odds: Array = np.full(len(table["role"]), LEAD_WEIGHTS["intercept"])
    for name, choices in (("company_size", SIZES), ("role", ROLES), ("source", SOURCES)):
        odds = odds + np.array([weight for _, weight, _ in choices.values()])[table[name]]
    odds = odds + LEAD_WEIGHTS["email_opens_up_to_10"] * np.minimum(table["email_opens"], 10)
    odds = odds + LEAD_WEIGHTS["page_views_up_to_30"] * np.minimum(table["page_views"], 30)
    for name in ("content_downloads", "demo_requested", "book_consultant"):
        odds = odds + LEAD_WEIGHTS[name] * table[name]
    probability: Array = 1 / (1 + np.exp(-odds))
    return probability


def _points(table: dict[str, Array]) -> Array:
    points: Array = 3 * table["email_opens"] + table["page_views"] + 10 * table["content_downloads"]
    points = points + 30 * table["demo_requested"] + 20 * table["book_consultant"]
    for name, choices in (("company_size", SIZES), ("role", ROLES), ("source", SOURCES)):
        points = points + np.array([value for _, _, value in choices.values()])[table[name]]
    return points


def _draw_deals(rng: np.random.Generator, leads: dict[str, Array]) -> dict[str, Array]:
    """A deal for every lead (those of SQLs are used): how it was worked, how it stands on the last day."""
    size = len(leads["sql"])
    deal = {
        "interactions": rng.poisson(6, size),
        "objections_handled": rng.poisson(1.2, size),
        "champion_identified": rng.random(size) < 0.5,
        "budget_confirmed": rng.random(size) < 0.55,
        "decision_maker_engaged": rng.random(size) < 0.5,
        "competitors_mentioned": rng.poisson(0.8, size),
        "lead_score": np.clip(np.rint(100 * qualifying_probability(leads) + rng.normal(0, 8, size)), 0, 100),
    }
    plan = rng.choice(len(PLANS), size, p=[0.40, 0.38, 0.22])
    seats = np.maximum(2, np.rint(rng.lognormal(2.3 + 0.35 * leads["company_size"], 0.6))).astype("int64")
    discount = rng.choice([0.0, 0.05, 0.10, 0.15, 0.20], size, p=[0.45, 0.15, 0.2, 0.1, 0.1])
    months = rng.choice([12, 24, 36], size, p=[0.7, 0.2, 0.1])
    deal |= {"plan": plan, "seats": seats, "discount": discount, "months": months}
    deal["yearly"] = rng.random(size) < 0.6
    deal["factor"] = rng.choice([1.0, 1.2, 1.5], size, p=[0.7, 0.2, 0.1])
    wins = rng.random(size) < winning_probability(deal)
    stays = rng.gamma(2.0, np.array(STAGE_DAYS) / 2, (size, len(STAGES)))
    last = np.where(wins, len(STAGES) - 1, rng.choice(len(STAGES), size, p=[0.3, 0.3, 0.25, 0.15]))
    entered = leads["sql"][:, None] + np.column_stack([np.zeros(size), np.cumsum(stays, axis=1)])
    closed = np.take_along_axis(entered, (last + 1)[:, None], axis=1)[:, 0]
    forgotten = ~wins & (rng.random(size) < NEVER_CLOSED)
    happened = (closed < DAYS) & ~forgotten
    reached = (entered[:, : len(STAGES)] < DAYS) & (np.arange(len(STAGES)) <= last[:, None])
    deal["won"] = wins & happened
    deal["lost"] = ~wins & happened
    deal["closed"] = np.where(happened, closed, np.nan)
    deal["stage"] = np.maximum(reached.sum(axis=1) - 1, 0)
    for position in range(len(STAGES)):
        deal[f"entered_{position}"] = np.where(reached[:, position], entered[:, position], np.nan)
    deal["expected"] = np.floor(closed + rng.normal(0, 12, size))
    deal["active"] = np.maximum(leads["sql"], np.minimum(closed, DAYS - 0.01) - rng.exponential(6, size))
    return {f"deal.{name}": values for name, values in deal.items()}


def winning_probability(deal: dict[str, Array]) -> Array:
    """P(deal is won), 0–1, from how it was worked."""
    odds = (
        DEAL_WEIGHTS["intercept"]
        + DEAL_WEIGHTS["interactions_up_to_10"] * np.minimum(deal["interactions"], 10)
        + DEAL_WEIGHTS["objections_handled_up_to_5"] * np.minimum(deal["objections_handled"], 5)
    )
    for name in ("champion_identified", "budget_confirmed", "decision_maker_engaged"):
        odds = odds + DEAL_WEIGHTS[name] * deal[name]
    odds = odds + DEAL_WEIGHTS["competitors_mentioned"] * deal["competitors_mentioned"]
    odds = odds + DEAL_WEIGHTS["lead_score"] * deal["lead_score"]
    probability: Array = 1 / (1 + np.exp(-odds))
    return probability


def funnel_truth() -> dict[str, Any]:
    """The weights of the funnel as `truth.json` names them."""
    choices = {"company_size": SIZES, "role": ROLES, "source": SOURCES}
    return {
        "lead_log_odds": LEAD_WEIGHTS
        | {name: {value: weight for value, (_, weight, _) in of.items()} for name, of in choices.items()},
        "deal_log_odds": DEAL_WEIGHTS,
        "stage_days": dict(zip(STAGES, STAGE_DAYS, strict=True)),
        "skips_mql_probability": SKIPS_MQL,
        "goes_back_probability": GOES_BACK,
        "never_closed_probability": NEVER_CLOSED,
    }
