"""Demonstration campaigns: who is contacted, in which arm, and what the contact truly does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from analytics.data.demo.columns import moments, money, without
from analytics.data.demo.season import DAYS, Array, day_number

LAPSED_AFTER = 90
RESPONSE_DAYS = 25


@dataclass(frozen=True)
class Campaign:
    """One campaign and its truth.

    Attributes
    ----------
    effects : tuple of (str, float)
        Arm → probability 0–1 that a contact leads to one more purchase, 1 to 25 days later (for accounts:
        what the contact adds to the log odds of leaving). ``control`` has 0. Empty: nobody is contacted.
    audience : {"active", "lapsed"}
        Customers whose last purchase is under 90 days old on the start, or older.
    contact_share : float
        Of the audience, drawn at random and split evenly between the arms.
    """

    campaign_id: str
    name: str
    channel: str
    purpose: Literal["retention", "winback", "acquisition", "other"]
    start: date
    days: int
    cost: int
    audience: Literal["active", "lapsed"] = "active"
    contact_share: float = 0.0
    effects: tuple[tuple[str, float], ...] = ()

    @property
    def day(self) -> int:
        """Start as a day number."""
        return day_number(self.start)


@dataclass(frozen=True)
class Contacts:
    """The contacts of one campaign in one block, all of shape (n_contacts,)."""

    campaign: Campaign
    customer: Array
    arm: Array  # position in campaign.effects
    day: Array
    extra_day: Array  # of the purchase that the contact led to; -1 for none


def draw_contacts(rng: np.random.Generator, campaign: Campaign, last_purchase: Array) -> Contacts:
    """Contact a random part of the audience, split into arms at random.

    Parameters
    ----------
    rng : numpy.random.Generator
    campaign : Campaign
    last_purchase : numpy.ndarray of shape (n_customers,)
        Day number of the last purchase before the start; -1 for customers who have not bought yet.
    """
    age = campaign.day - last_purchase
    lapsed = age >= LAPSED_AFTER
    audience = np.flatnonzero((last_purchase >= 0) & (lapsed == (campaign.audience == "lapsed")))
    chosen = rng.permutation(audience)[: round(campaign.contact_share * len(audience))]
    arm = np.arange(len(chosen)) % len(campaign.effects)
    day = campaign.day + rng.integers(0, 3, len(chosen))
    effect = np.array([probability for _, probability in campaign.effects])[arm]
    extra = day + rng.integers(1, RESPONSE_DAYS + 1, len(chosen))
    happened = (rng.random(len(chosen)) < effect) & (extra < DAYS)
    return Contacts(campaign, chosen, arm, day, np.where(happened, extra, -1))


def campaign_columns(campaigns: Sequence[Campaign]) -> dict[str, Any]:
    """The table `campaigns`."""
    start = np.array([campaign.day for campaign in campaigns])
    return {
        "campaign_id": pa.array([campaign.campaign_id for campaign in campaigns]),
        "name": pa.array([campaign.name for campaign in campaigns]),
        "channel": pa.array([campaign.channel for campaign in campaigns]),
        "purpose": pa.array([str(campaign.purpose) for campaign in campaigns]),
        "started_at": moments(start),
        "ended_at": moments(start + [campaign.days for campaign in campaigns]),
        "cost": money(np.array([campaign.cost * 100 for campaign in campaigns])),
    }


def contact_columns(contacts: Contacts, customer_ids: Any, responded: Any, revenue: Array) -> dict[str, Any]:
    """The table `campaign_contacts` of one campaign; a control is never contacted and has no date."""
    arms = pa.array([arm for arm, _ in contacts.campaign.effects])
    control = np.array([arm == "control" for arm, _ in contacts.campaign.effects])[contacts.arm]
    return {
        "campaign_id": pa.array([contacts.campaign.campaign_id] * len(contacts.arm), pa.string()),
        "customer_id": customer_ids,
        "arm": arms.take(pa.array(contacts.arm)),
        "contacted_at": without(moments(contacts.day, 10 * 3_600), control),
        "responded_at": responded,
        "revenue": without(money(revenue), revenue == 0),
    }


def stray_contacts(customer_ids: Any) -> dict[str, Any]:
    """Contacts of a campaign that `campaigns` does not list, one for each of these customers."""
    size = len(customer_ids)
    return {
        "campaign_id": pa.array(["X99"] * size, pa.string()),
        "customer_id": customer_ids,
        "arm": pa.array(["unknown"] * size, pa.string()),
        "contacted_at": moments(np.zeros(size, dtype="int64"), 10 * 3_600),
        "responded_at": moments(np.zeros(size, dtype="int64")),
        "revenue": money(np.zeros(size, dtype="int64")),
    }
