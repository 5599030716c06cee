"""A demonstration shop, block by block: what its customers buy, bring back, and answer to campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.data.demo.baskets import Assortment, Baskets, draw_baskets
from analytics.data.demo.campaigns import Campaign, Contacts, draw_contacts
from analytics.data.demo.season import DAYS, Array
from analytics.data.demo.shoppers import (
    Shoppers,
    Traits,
    days_of,
    draw_purchases,
    draw_values,
    guest_value_rates,
)
from analytics.data.demo.tally import Tally

GUEST, UNKNOWN = -1, -2


@dataclass(frozen=True)
class Shop:
    """A shop and its dirt; every share is 0–1 and of the sales rows, where nothing else is said."""

    kinds: tuple[Shoppers, ...]
    assortment: Assortment
    campaigns: tuple[Campaign, ...]
    regions: tuple[str, ...]
    step: int  # smallest part of money, in hundredths
    opening_wave: float
    guest_share: float = 0.08
    unknown_share: float = 0.002
    missing_profit_share: float = 0.03
    duplicate_share: float = 0.0006
    late_share: float = 0.0003
    orphan_item_share: float = 0.0004
    split_payment_share: float = 0.02
    without_purchase_share: float = 0.02  # of the customers
    return_only_share: float = 0.001  # of the customers
    unregistered_share: float = 0.03  # of the customers: registered_at is missing


@dataclass(frozen=True)
class Rows:
    """Sales rows of a block, all of shape (n,); a return is a row with a negative amount."""

    customer: Array
    kind: Array
    day: Array
    amount: Array


@dataclass(frozen=True)
class Block:
    """What a block writes: ordinary sales in the order of time, with everything that hangs on them."""

    customer: Array
    kind: Array
    day: Array
    second: Array
    lines: Baskets
    amount: Array
    number: Array  # of the sale
    payment: Array
    channel: Array

    def first(self, customers: int) -> tuple[Array, Array]:
        """Day and second of each customer's first row; where there is none, days spread over the years."""
        day, second = np.arange(customers) * 37 % DAYS, np.full(customers, 9 * 3_600)
        known = np.flatnonzero(self.customer >= 0)[::-1]  # the earliest is written last
        day[self.customer[known]], second[self.customer[known]] = self.day[known], self.second[known]
        return day, second


def draw_sales(rng: np.random.Generator, shop: Shop, traits: Traits) -> tuple[Rows, list[Contacts]]:
    """Purchases of the customers, those that campaigns add, and those of guests and unknown customers."""
    customer, time = draw_purchases(rng, shop.kinds, traits)
    day = days_of(shop.kinds, traits.kind[customer], time)
    contacts = []
    for campaign in shop.campaigns:
        if not campaign.effects:
            continue
        last = np.full(len(traits.kind), -1)
        before = day < campaign.day
        np.maximum.at(last, customer[before], day[before])
        drawn = draw_contacts(rng, campaign, last)
        contacts.append(drawn)
        extra = drawn.extra_day >= 0
        customer = np.concatenate([customer, drawn.customer[extra]])
        day = np.concatenate([day, drawn.extra_day[extra]])
    kind, value_rate = traits.kind[customer], traits.value_rate[customer]
    amount = draw_values(rng, shop.kinds, kind, value_rate, shop.step)
    guests, unknown = round(shop.guest_share * len(day)), max(1, round(shop.unknown_share * len(day)))
    walk_in = shop.kinds[0]
    nameless = guests + unknown
    rates = guest_value_rates(rng, walk_in, nameless)
    none = np.zeros(nameless, dtype="int64")
    rows = Rows(
        np.concatenate([customer, np.repeat([GUEST, UNKNOWN], [guests, unknown])]),
        np.concatenate([kind, none]),
        np.concatenate([day, walk_in.season.day_of(walk_in.season.acquisition_times(rng, nameless, 0.0))]),
        np.concatenate([amount, draw_values(rng, shop.kinds, none, rates, shop.step)]),
    )
    return rows, contacts


def draw_block(
    rng: np.random.Generator, shop: Shop, bought: Rows, only_returns: Array, tally: Tally
) -> Block:
    """Fill the baskets, let some of them come back, and put all rows in the order of time."""
    counts = np.zeros(len(bought.day), dtype="int64")
    for position, shoppers in enumerate(shop.kinds):
        of_kind = np.flatnonzero(bought.kind == position)
        counts[of_kind] = 1 + rng.choice(len(shoppers.lines), size=len(of_kind), p=shoppers.lines)
    baskets = draw_baskets(rng, shop.assortment, counts, bought.amount, shop.step)
    chance = np.array([shoppers.return_probability for shoppers in shop.kinds])[bought.kind]
    back_day = bought.day + rng.integers(2, 31, len(bought.day))
    wanted = (rng.random(len(bought.day)) < chance) & (bought.customer != UNKNOWN)
    back_day = _next_open(shop, bought.kind, back_day)
    back = np.flatnonzero(wanted & (back_day < DAYS))
    whole = rng.random(len(bought.day)) < 0.7
    back_lines = _lines_back(baskets, back, whole)
    tally.add("returns.purchases_that_could_have_been_returned", (bought.day < DAYS - 40).sum())
    tally.add("returns.of_those_returned", (bought.day[back] < DAYS - 40).sum())
    # Customers of an earlier shop, who only bring something back.
    values = draw_values(
        rng, shop.kinds, only_returns * 0, guest_value_rates(rng, shop.kinds[0], len(only_returns)), shop.step
    )
    old = draw_baskets(rng, shop.assortment, np.ones(len(only_returns), dtype="int64"), values, shop.step)
    old_day = _next_open(shop, only_returns * 0, rng.integers(0, DAYS - 5, len(only_returns)))
    bases = (0, len(bought.day), len(bought.day) + len(back))
    lines = Baskets(
        np.concatenate([baskets.order, back_lines.order + bases[1], old.order + bases[2]]),
        np.concatenate([baskets.product, back_lines.product, old.product]),
        np.concatenate([baskets.quantity, -back_lines.quantity, -old.quantity]),
        np.concatenate([baskets.amount, -back_lines.amount, -old.amount]),
        np.concatenate([baskets.profit, -back_lines.profit, -old.profit]),
    )
    customer = np.concatenate([bought.customer, bought.customer[back], only_returns])
    kind = np.concatenate([bought.kind, bought.kind[back], only_returns * 0])
    day = np.concatenate([bought.day, back_day[back], old_day])
    return _in_time(rng, shop, Rows(customer, kind, day, lines.sums(lines.amount, len(day))), lines, tally)


def _next_open(shop: Shop, kind: Array, day: Array) -> Array:
    moved = day.copy()
    for position, shoppers in enumerate(shop.kinds):
        of_kind = kind == position
        moved[of_kind] = shoppers.season.next_open(day[of_kind])
    return moved


def _lines_back(baskets: Baskets, back: Array, whole: Array) -> Baskets:
    """The lines of returned purchases: all of them, or the first alone; `order` counts the returns."""
    position = np.full(len(whole), -1)
    position[back] = np.arange(len(back))
    is_first = np.diff(baskets.order, prepend=-1) > 0
    chosen = (position[baskets.order] >= 0) & (whole[baskets.order] | is_first)
    return Baskets(
        position[baskets.order[chosen]],
        baskets.product[chosen],
        baskets.quantity[chosen],
        baskets.amount[chosen],
        baskets.profit[chosen],
    )


def _in_time(rng: np.random.Generator, shop: Shop, rows: Rows, lines: Baskets, tally: Tally) -> Block:
    size = len(rows.day)
    second, payment, channel = (np.zeros(size, dtype="int64") for _ in range(3))
    for position, shoppers in enumerate(shop.kinds):
        of_kind = np.flatnonzero(rows.kind == position)
        second[of_kind] = shoppers.season.seconds(rng, len(of_kind))
        payment[of_kind] = rng.choice(
            len(shoppers.payments), len(of_kind), p=list(shoppers.payments.values())
        )
        channel[of_kind] = rng.choice(
            len(shoppers.channels), len(of_kind), p=list(shoppers.channels.values())
        )
    order = np.lexsort((np.arange(size), second, rows.day))
    rank = np.empty(size, dtype="int64")
    rank[order] = np.arange(size)
    line_order = np.argsort(rank[lines.order], kind="stable")
    sorted_lines = Baskets(
        rank[lines.order][line_order],
        lines.product[line_order],
        lines.quantity[line_order],
        lines.amount[line_order],
        lines.profit[line_order],
    )
    number = tally["sales.ordinary_rows"] + 1 + np.arange(size)
    return Block(
        rows.customer[order],
        rows.kind[order],
        rows.day[order],
        second[order],
        sorted_lines,
        rows.amount[order],
        number,
        payment[order],
        channel[order],
    )


def shop_truth(shop: Shop) -> Mapping[str, Any]:
    """Everything that `truth.json` says of a shop before anything is drawn."""
    return {
        "customer_types": {
            shoppers.customer_type: {**shoppers.truth(), "baskets": shop.assortment.truth(shoppers.lines)}
            for shoppers in shop.kinds
        },
        "opening_wave": shop.opening_wave,
        "margins": dict(zip(shop.assortment.names, shop.assortment.margins.tolist(), strict=True)),
        "affinity": {"companions": shop.assortment.companions, "probability": shop.assortment.affinity},
        "campaigns": {
            campaign.campaign_id: {"extra_purchase_probability": dict(campaign.effects)}
            for campaign in shop.campaigns
            if campaign.effects
        },
        "shares": {
            name: getattr(shop, name)
            for name in (
                "guest_share",
                "missing_profit_share",
                "duplicate_share",
                "late_share",
                "unknown_share",
            )
        },
    }
