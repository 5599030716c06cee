"""The tables of a demonstration shop, written block by block, with the dirt that real tables have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from analytics.data.demo.campaigns import Contacts, contact_columns, stray_contacts
from analytics.data.demo.columns import either, instants, labels, moments, money, texts, without
from analytics.data.demo.folder import TableFiles
from analytics.data.demo.people import (
    INDUSTRIES,
    awkward,
    credit_columns,
    customer_columns,
    registrations,
)
from analytics.data.demo.season import DAYS, Array
from analytics.data.demo.shop import GUEST, UNKNOWN, Block, Shop, draw_block, draw_sales
from analytics.data.demo.shoppers import Traits, draw_traits
from analytics.data.demo.tally import Tally


def write_shop_block(
    files: TableFiles, rng: np.random.Generator, shop: Shop, size: int, offset: int, tally: Tally
) -> None:
    """Write `size` customers, numbered from `offset` + 1, with all that they do."""
    idle = round(shop.without_purchase_share * size)
    only_returns = max(1, round(shop.return_only_share * size))
    buyers = size - idle - only_returns
    traits = draw_traits(rng, shop.kinds, buyers, shop.opening_wave)
    purchases, contacts = draw_sales(rng, shop, traits)
    block = draw_block(rng, shop, purchases, np.arange(buyers, buyers + only_returns), tally)
    ids = texts("", np.arange(offset + 1, offset + size + 1), 7)
    _write_sales(files, rng, shop, block, ids, tally)
    _write_items(files, rng, shop, block, tally)
    _write_payments(files, rng, shop, block, ids, tally)
    _write_contacts(files, shop, contacts, ids, traits, tally)
    kind = np.concatenate([traits.kind, np.zeros(size - buyers, dtype="int64")])
    _write_customers(files, rng, shop, block, kind, offset, tally)
    tally.add("customers.registered_only", idle)
    tally.add("customers.return_only", only_returns)
    tally.add("customers.buyers", buyers)
    for position, shoppers in enumerate(shop.kinds):
        tally.add(f"customers.buyers_by_type.{shoppers.customer_type}", (traits.kind == position).sum())


def _by_kind(shop: Shop, kind: Array, code: Array, of: str) -> Any:
    """Labels of a column whose words differ from kind to kind."""
    words: list[str] = []
    starts = []
    for shoppers in shop.kinds:
        starts.append(len(words))
        words += list(getattr(shoppers, of))
    return labels(np.array(starts)[kind] + code, words)


def _customer_ids(block: Block, ids: Any) -> Any:
    known = ids.take(pa.array(np.maximum(block.customer, 0)))
    unknown = texts("X", block.number, 8)
    named = either(block.customer == UNKNOWN, unknown, known)
    return without(named, block.customer == GUEST)


def _split(shop: Shop, block: Block) -> Array:
    """Purchases at the till that are paid in two ways: every fiftieth, by the number of the sale."""
    every = round(1 / shop.split_payment_share)
    at_till: Array = ~np.array([shoppers.on_account for shoppers in shop.kinds])[block.kind]
    chosen: Array = at_till & (block.number % every == 0) & (block.amount > 2 * shop.step)
    return chosen


def _write_sales(
    files: TableFiles, rng: np.random.Generator, shop: Shop, block: Block, ids: Any, tally: Tally
) -> None:
    size = len(block.day)
    profit = block.lines.sums(block.lines.profit, size)
    units = block.lines.sums(block.lines.quantity, size)
    without_profit = np.zeros(size, dtype=bool)
    without_profit[rng.choice(size, round(shop.missing_profit_share * size), replace=False)] = True
    ordinary = {
        "sale_id": texts("S", block.number, 8),
        "customer_id": _customer_ids(block, ids),
        "sold_at": moments(block.day, block.second),
        "total_amount": money(block.amount),
        "total_profit": without(money(profit), without_profit),
        "units": pa.array(units),
        "payment_method": without(_by_kind(shop, block.kind, block.payment, "payments"), _split(shop, block)),
        "channel": _by_kind(shop, block.kind, block.channel, "channels"),
    }
    files.write("sales", ordinary)
    _count_sales(block, profit, without_profit, tally)
    plain = np.flatnonzero(~without_profit & (block.customer >= 0) & (block.amount > 0))
    copies = pa.array(np.sort(rng.choice(plain, max(2, round(shop.duplicate_share * size)), replace=False)))
    files.write("sales", {name: column.take(copies) for name, column in ordinary.items()})
    tally.add("planted.sales.exact_duplicates", len(copies))
    for name, moved in (("future_dated", 36), ("before_1970", -100)):
        # The century or the decade mistyped: 2026 became 2062, or 2024 became 1924.
        late = np.sort(rng.choice(plain, max(2, round(shop.late_share * size)), replace=False))
        shift = day_number_shift(moved)
        changed = {key: column.take(pa.array(late)) for key, column in ordinary.items()}
        changed["sale_id"] = texts("F" if moved > 0 else "P", block.number[late], 8)
        changed["sold_at"] = moments(block.day[late] + shift, block.second[late])
        files.write("sales", changed)
        tally.add(f"planted.sales.{name}", len(late))


def day_number_shift(years: int) -> int:
    """Days to move by a number of years of 365.25 days."""
    return int(years * 365.25)


def _count_sales(block: Block, profit: Array, without_profit: Array, tally: Tally) -> None:
    """Add the ordinary rows to the tally; money in hundredths."""
    known = block.customer >= 0
    back = block.amount < 0
    tally.add("sales.ordinary_rows", len(block.day))
    tally.add("sales.orders", (~back).sum())
    tally.add("sales.orders_of_known_customers", (~back & known).sum())
    tally.add("sales.revenue_hundredths", block.amount.sum())
    tally.add("sales.revenue_of_known_customers_hundredths", block.amount[known].sum())
    tally.add("sales.profit_hundredths", profit[~without_profit].sum())
    tally.add("sales.revenue_of_rows_with_profit_hundredths", block.amount[~without_profit].sum())
    tally.add("planted.sales.returns", back.sum())
    tally.add("planted.sales.guest", (block.customer == GUEST).sum())
    tally.add("planted.sales.unknown_customer", (block.customer == UNKNOWN).sum())
    tally.add("planted.sales.missing_profit", without_profit.sum())


def _write_items(files: TableFiles, rng: np.random.Generator, shop: Shop, block: Block, tally: Tally) -> None:
    lines, products = block.lines, shop.assortment.products
    sale_id = texts("S", block.number[lines.order], 8)
    columns = {
        "sale_id": sale_id,
        "product_id": texts("P", lines.product + 1, 4),
        "product": labels(lines.product, shop.assortment.product_names()),
        "category": labels(lines.product // products, shop.assortment.names),
        "quantity": pa.array(lines.quantity),
        "amount": money(lines.amount),
    }
    files.write("sale_items", columns)
    orphans = rng.choice(
        len(lines.order), max(2, round(shop.orphan_item_share * len(lines.order))), replace=False
    )
    lost = {name: column.take(pa.array(np.sort(orphans))) for name, column in columns.items()}
    lost["sale_id"] = texts("L", block.number[lines.order[np.sort(orphans)]], 8)
    files.write("sale_items", lost)
    tally.add("sale_items.ordinary_rows", len(lines.order))
    tally.add("planted.sale_items.unknown_sale", len(orphans))


def _write_payments(
    files: TableFiles, rng: np.random.Generator, shop: Shop, block: Block, ids: Any, tally: Tally
) -> None:
    """Payments of sales on account, 10 to 60 days later, and the two halves of split ones."""
    on_account = np.array([shoppers.on_account for shoppers in shop.kinds])[block.kind]
    delay = np.where(on_account, rng.integers(10, 61, len(block.day)), 0)
    split = _split(shop, block)
    paid = np.flatnonzero((on_account | split) & (block.day + delay < DAYS))
    larger = np.where(
        split[paid],
        np.rint(block.amount[paid] * 0.6 / shop.step).astype("int64") * shop.step,
        block.amount[paid],
    )
    halves = np.flatnonzero(split[paid])
    row = np.concatenate([paid, paid[halves]])
    amount = np.concatenate([larger, block.amount[paid[halves]] - larger[halves]])
    method = np.concatenate(
        [_by_kind(shop, block.kind[paid], block.payment[paid], "payments"), labels(halves * 0, ["Voucher"])]
    )
    number = tally["payments.rows"] + 1 + np.arange(len(row))
    files.write(
        "payments",
        {
            "payment_id": texts("B", number, 8),
            "sale_id": texts("S", block.number[row], 8),
            "customer_id": _customer_ids(block, ids).take(pa.array(row)),
            "method": pa.array(method, pa.string()),
            "amount": money(amount),
            "paid_at": moments(
                block.day[row] + delay[row], np.where(delay[row] > 0, 12 * 3_600, block.second[row])
            ),
        },
    )
    tally.add("payments.rows", len(row))
    tally.add("payments.split_sales", len(halves))


def _write_contacts(
    files: TableFiles,
    shop: Shop,
    contacts: list[Contacts],
    ids: Any,
    traits: Traits,
    tally: Tally,
) -> None:
    """Write the contacts of each campaign and add up what each arm was truly given."""
    files.write("campaign_contacts", stray_contacts(ids.slice(0, 2)))
    tally.add("planted.campaign_contacts.unknown_campaign", 2)
    shapes = np.array([shoppers.p for shoppers in shop.kinds])
    usual = shapes[traits.kind] / traits.value_rate  # expected value of a purchase of each customer
    for drawn in contacts:
        extra = drawn.extra_day >= 0
        responded = without(instants(drawn.extra_day + 0.5), ~extra)
        revenue = np.zeros(len(extra), dtype="int64")
        columns = contact_columns(drawn, ids.take(pa.array(drawn.customer)), responded, revenue)
        files.write("campaign_contacts", columns)
        for position, (arm, effect) in enumerate(drawn.campaign.effects):
            mine = drawn.arm == position
            name = f"campaigns.{drawn.campaign.campaign_id}.{arm}"
            tally.add(f"{name}.contacts", mine.sum())
            tally.add(f"{name}.extra_purchases", (mine & extra).sum())
            tally.add(f"{name}.expected_extra_revenue", float(effect * usual[drawn.customer[mine]].sum()))


def _write_customers(
    files: TableFiles,
    rng: np.random.Generator,
    shop: Shop,
    block: Block,
    kind: Array,
    offset: int,
    tally: Tally,
) -> None:
    size = len(kind)
    numbers = np.arange(offset + 1, offset + size + 1)
    day, second = block.first(size)
    registered_at, missing = registrations(rng, day, second, shop.unregistered_share)
    on_account = np.array([shoppers.on_account for shoppers in shop.kinds])[kind]
    names = either(on_account, texts("Company ", numbers, 5), texts("Customer ", numbers, 5))
    if offset == 0:
        spent = np.zeros(size, dtype="int64")
        known = block.customer >= 0
        np.add.at(spent, block.customer[known], block.amount[known])
        names = awkward(names, int(spent.argmax()))
        tally.add("planted.customers.awkward_name", 1)
    credit = credit_columns(
        rng,
        [shoppers.credit_limits for shoppers in shop.kinds],
        [shoppers.credit_share for shoppers in shop.kinds],
        shop.step,
        kind,
        tally,
    )
    industry = without(labels(rng.integers(0, len(INDUSTRIES), size), INDUSTRIES), ~on_account)
    owner = without(texts("Sales team ", rng.integers(1, 5, size), 1), ~on_account)
    region = (rng.choice(len(shop.regions), size, p=_uneven(len(shop.regions))), shop.regions)
    types = labels(kind, [shoppers.customer_type for shoppers in shop.kinds])
    files.write(
        "customers",
        customer_columns(
            texts("", numbers, 7),
            names,
            numbers,
            types,
            registered_at,
            region,
            credit,
            industry=industry,
            owner=owner,
        ),
    )
    tally.add("customers.rows", size)
    tally.add("customers.missing_registered_at", missing.sum())


def _uneven(count: int) -> Array:
    weights = 1 / np.arange(1, count + 1) ** 0.5
    shares: Array = weights / weights.sum()
    return shares
