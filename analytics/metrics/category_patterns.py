"""What is bought, and what is bought together. A flow: the orders of the timeframe that have lines.

Where lines have no category, products stand in for them: their names, else their ids. Lines that are taken
back (a quantity of 0 or less) are not bought.
"""

from __future__ import annotations

from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.purchase_flow import orders
from analytics.metrics.purchases import Keep, exact_sum, lazily
from analytics.metrics.rates import wilson
from analytics.timeframe import Timeframe

Level = Literal["category", "product"]

LEAST_TOGETHER = 20
"""Orders with both without which a pair is not listed."""
MOST_PAIRS = 1000
"""Pairs that are listed at most."""


def category_level(items: ibis.Table) -> Level:
    """What lines are told apart by: their category where any has one, else their product.

    Parameters
    ----------
    items : ibis.Table
        ``sale_items`` as in the contract, all of the organisation's.
    """
    return "category" if items.filter(items.category.notnull()).limit(1).count().execute() else "product"


def bought_categories(items: ibis.Table, level: Level) -> ibis.Table:
    """Lines that were bought: ``sale_id``, ``category`` (or the product in its place), ``amount``."""
    name = items.category if level == "category" else ibis.coalesce(items["product"], items.product_id)
    lines = items.select(
        sale_id=items.sale_id,
        category=name,
        quantity=items.quantity.cast("float64"),
        amount=items.amount.cast("decimal(18, 4)"),
    )
    return lines.filter(_.category.notnull(), _.quantity > 0).drop("quantity")


def category_preferences(
    sales: ibis.Table, items: ibis.Table, timeframe: Timeframe, *, level: Level, keep: Keep = lazily
) -> pd.DataFrame:
    """How many orders hold each category, and what is spent on it in them.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted (`analytics.metrics.purchase_flow.chosen_sales`).
    items : ibis.Table
        ``sale_items`` as in the contract.
    timeframe : Timeframe
    level : {"category", "product"}
        As `category_level` says.
    keep : callable, optional
        See `analytics.metrics.purchases.Keep`.

    Returns
    -------
    pandas.DataFrame
        One row for each category, the commonest first, ties by name: ``category``, ``purchase_count`` (int64,
        orders that hold it), ``percentage`` (of the orders with lines), ``avg_spend`` (currency, on the
        category in an order that holds it), ``revenue`` (currency, of its lines). In ``attrs["orders"]`` the
        orders with lines.
    """
    lines = _lines(sales, items, timeframe, level)
    in_order = keep(lines.group_by("sale_id", "category").agg(amount=_.amount.sum()))
    by_category = in_order.group_by("category").agg(purchase_count=_.count(), revenue=exact_sum(_.amount))
    found = by_category.cross_join(in_order.agg(orders=_.sale_id.nunique())).to_pandas()
    total = int(found["orders"].iloc[0]) if len(found) else 0
    rows = found.sort_values(["purchase_count", "category"], ascending=[False, True], ignore_index=True)
    counts = rows["purchase_count"].astype("int64")
    revenue = rows["revenue"].astype("float64")
    table = pd.DataFrame(
        {
            "category": rows["category"].astype("object"),
            "purchase_count": counts,
            "percentage": 100 * counts / max(total, 1),
            "avg_spend": revenue / counts,
            "revenue": revenue,
        }
    )
    table.attrs["orders"] = total
    return table


def category_pairs(
    sales: ibis.Table,
    items: ibis.Table,
    timeframe: Timeframe,
    *,
    level: Level,
    preferences: pd.DataFrame,
    least: int = LEAST_TOGETHER,
    keep: Keep = lazily,
) -> pd.DataFrame:
    """Which categories are bought in the same order, and how much more often than by chance.

    Parameters
    ----------
    sales, items, timeframe, level, keep
        As for `category_preferences`.
    preferences : pandas.DataFrame
        What `category_preferences` returns for the same.
    least : int, default 20
        Orders with both without which a pair is not listed.

    Returns
    -------
    pandas.DataFrame
        One row for each pair, first those with the most orders beyond what chance gives (then by names), at
        most 1,000. In ``attrs["pairs"]`` how many there are.

        - ``category``, ``other_category``: the rarer one first (of equals, the first by name).
        - ``purchase_count`` (int64): orders with both; ``expected_count``: as many as there would be if one
          had nothing to do with the other.
        - ``support`` (0–1): of the orders with lines.
        - ``confidence`` (0–1): of the orders with ``category``, the share that hold the other, too;
          ``confidence_back`` (0–1): the same the other way round.
        - ``lift``: confidence / share of all orders that hold the other; 1 is what chance gives.
          ``lift_low``, ``lift_high``: with the Wilson 95 % bounds of the confidence, the share as it is.

    Notes
    -----
    Both of a pair are in at least `least` orders, so that rarer ones are left out before orders are joined
    with themselves.

    References
    ----------
    .. [1] R. Agrawal and R. Srikant, "Fast algorithms for mining association rules", *VLDB*, 1994.
    """
    often = preferences[preferences["purchase_count"] >= least]
    if len(often) < 2:
        return _ranked(np.empty(0, int), np.empty(0, int), np.empty(0, int), often, 0)
    held = _lines(sales, items, timeframe, level).select("sale_id", "category").distinct()
    coded = keep(numbered(held, least))
    right = coded.view()
    both = coded.inner_join(right, (coded.sale_id == right.sale_id) & (coded.code < right.code))
    found = (
        both.select(one=coded.code, other=right.code)
        .group_by("one", "other")
        .agg(n=_.count())
        .filter(_.n >= least)
        .to_pandas()
    )
    names = names_of(coded)
    place = pd.Series(np.arange(len(often)), index=often["category"])
    one = place.loc[names.loc[found["one"]]].to_numpy()
    other = place.loc[names.loc[found["other"]]].to_numpy()
    return _ranked(one, other, found["n"].to_numpy(dtype="int64"), often, int(preferences.attrs["orders"]))


def numbered(rows: ibis.Table, least: int) -> ibis.Table:
    """Rows of categories that have at least `least` rows, with an integer ``code`` for the name.

    A pair of integers is counted several times as fast as a pair of texts. Windows, not joins, make the
    codes: engines that reorder joins would count the pairs before they know which categories are rare.
    """
    by_name = ibis.window(group_by=rows.category)
    often = rows.mutate(rows_of_name=rows.count().over(by_name)).filter(_.rows_of_name >= least)
    return often.mutate(code=ibis.dense_rank().over(order_by=often.category).cast("int64")).drop(
        "rows_of_name"
    )


def names_of(coded: ibis.Table) -> pd.Series:
    """Names by their code."""
    found = coded.group_by("code").agg(name=_.category.min()).to_pandas()
    return pd.Series(found["name"].to_numpy(dtype="object"), index=found["code"])


def _lines(sales: ibis.Table, items: ibis.Table, timeframe: Timeframe, level: Level) -> ibis.Table:
    bought = orders(sales, timeframe).select("sale_id")
    return bought_categories(items, level).semi_join(bought, "sale_id")


def _ranked(one: Any, other: Any, together: Any, often: pd.DataFrame, orders_: int) -> pd.DataFrame:
    """Pairs of positions in `often` with their measures, those furthest above chance first.

    By lift alone two rarities that twenty people bought would lead; by count alone two that everybody buys.
    """
    names = often["category"].to_numpy(dtype="object")
    counts = often["purchase_count"].to_numpy(dtype="int64")
    # `often` is in descending order of counts, ties by name: where they are equal, the smaller position has
    # the first name; else the greater position is the rarer.
    swap = np.where(counts[one] == counts[other], one > other, counts[one] > counts[other])
    rare, common = np.where(swap, other, one), np.where(swap, one, other)
    share = counts[common] / max(orders_, 1)
    confidence = together / counts[rare]
    low, high = wilson(together, counts[rare])
    table = pd.DataFrame(
        {
            "category": names[rare],
            "other_category": names[common],
            "purchase_count": together,
            "expected_count": counts[rare] * share,
            "support": together / max(orders_, 1),
            "confidence": confidence,
            "confidence_back": together / counts[common],
            "lift": confidence / share,
            "lift_low": low / 100 / share,
            "lift_high": high / 100 / share,
        }
    )
    table = table.assign(beyond=table["purchase_count"] - table["expected_count"]).sort_values(
        ["beyond", "category", "other_category"], ascending=[False, True, True], ignore_index=True
    )
    table = table.drop(columns="beyond")
    shown = table.head(MOST_PAIRS)
    shown.attrs["pairs"] = len(table)
    return shown
