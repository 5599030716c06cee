"""What to offer each customer next: categories that others bought after theirs, and they have not.

A state: what was bought before the reference date, however long ago, is never offered again. Offered to
those who bought in the timeframe.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.category_patterns import Level, bought_categories, numbered
from analytics.metrics.purchase_flow import counted
from analytics.metrics.purchases import Keep, day_number, lazily
from analytics.timeframe import Timeframe

OFFERS = 3
"""Categories for each customer at most."""
HELD_AT_ONCE = 5_000_000
"""Customers times ways from one category to another that are looked at together."""
LEAST_SUPPORT = 20
"""Customers who went the same way without whom nothing is offered."""


def next_categories(
    sales: ibis.Table,
    items: ibis.Table,
    timeframe: Timeframe,
    *,
    level: Level,
    customer_id: str = "",
    least: int = LEAST_SUPPORT,
    keep: Keep = lazily,
) -> pd.DataFrame:
    """Up to three categories for each customer, most often bought after one of theirs.

    A customer follows from X to Y when the first day with Y is after the first day with X. Of those who could
    (bought X, and not Y by that day), the share that did is the confidence of X → Y. The lift is that over
    the same share after any category: what would be expected of Y without knowing X.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited to a type of customers where wanted
        (`analytics.metrics.purchase_flow.chosen_sales`), and not to one customer: others show the way.
    items : ibis.Table
        ``sale_items`` as in the contract.
    timeframe : Timeframe
    level : {"category", "product"}
        As `analytics.metrics.category_patterns.category_level` says.
    customer_id : str, default ""
        Only what is offered to this customer; empty for all.
    least : int, default 20
        Customers who followed from X to Y without whom it is offered to nobody.
    keep : callable, optional
        See `analytics.metrics.purchases.Keep`.

    Returns
    -------
    pandas.DataFrame
        One row for each customer with an order in the timeframe and each offer, by customer and ``rank``
        (1–3): ``customer_id``, ``rank``, ``category``, ``after_category`` (the one of theirs that speaks most
        for it), ``customer_count`` (int64, who followed), ``confidence`` (0–1), ``lift`` (above 1). Ranked by
        confidence, then lift, then the names' order.
    """
    first = keep(_first_days(sales, items, timeframe, level, least))
    known = _usual(first)
    ways = _rules(first, known, least)
    bought = counted(sales).filter(_.is_order, _.day < day_number(timeframe.reference_date))
    recent = bought.filter(_.day >= day_number(timeframe.start))
    if customer_id:
        recent = recent.filter(_.customer_id == customer_id)
    owned = first.semi_join(recent.select("customer_id"), "customer_id")
    found = _best(owned.select("customer_id", "code").to_pandas(), ways)
    rows, names = ways.iloc[found["place"]].reset_index(drop=True), known["name"]
    return pd.DataFrame(
        {
            "customer_id": found["customer_id"].astype("object"),
            "rank": found["rank"].astype("int64"),
            "category": rows["other"].map(names).astype("object"),
            "after_category": rows["one"].map(names).astype("object"),
            "customer_count": rows["followed"].astype("int64"),
            "confidence": rows["confidence"].astype("float64"),
            "lift": rows["lift"].astype("float64"),
        }
    )


def _best(owned: pd.DataFrame, ways: pd.DataFrame) -> pd.DataFrame:
    """Up to three places of rules for each customer, by customer and ``rank``: `ways` are the best first.

    Not in the engine: rules upon rules would stand too deep inside for SQLite's parser. A number of customers
    at a time bounds what is held at once.
    """
    who, customers = pd.factorize(owned["customer_id"], sort=True)
    code, one, other = (column.to_numpy("int64") for column in (owned["code"], ways["one"], ways["other"]))
    codes = int(max(code.max(initial=0), other.max(initial=0), one.max(initial=0))) + 1
    at_once = max(HELD_AT_ONCE // max(len(ways), codes), 1)
    parts = [np.empty((3, 0), dtype="int64")]
    for first in range(0, len(customers), at_once):
        here = (who >= first) & (who < first + at_once)
        has = np.zeros((at_once, codes), dtype=bool)
        has[who[here] - first, code[here]] = True
        customer, place = np.nonzero(has[:, one] & ~has[:, other])
        _led, best = np.unique(customer * codes + other[place], return_index=True)
        best.sort()  # of all ways to a category the best one; a customer's best first
        customer, place = customer[best], place[best]
        rank = 1 + np.arange(len(customer)) - np.searchsorted(customer, customer)
        parts.append(np.stack([customer + first, rank, place])[:, rank <= OFFERS])
    customer, rank, place = np.hstack(parts)
    return pd.DataFrame({"customer_id": customers[customer], "rank": rank, "place": place})


def _first_days(
    sales: ibis.Table, items: ibis.Table, timeframe: Timeframe, level: Level, least: int
) -> ibis.Table:
    """First day of each customer with each category that enough customers have: an integer for the name."""
    past = counted(sales).filter(
        _.is_order, _.customer_id.notnull(), _.day < day_number(timeframe.reference_date)
    )
    lines = bought_categories(items, level).inner_join(
        past.select("sale_id", "customer_id", "day"), "sale_id"
    )
    first = lines.group_by("customer_id", "category").agg(day=_.day.min())
    return numbered(first, least)


def _rules(first: ibis.Table, usual: pd.DataFrame, least: int) -> pd.DataFrame:
    """Ways from one category to another that enough followed, and that lead there more often than others."""
    left, right = first, first.view()
    pairs = left.inner_join(
        right, (left.customer_id == right.customer_id) & (left.code != right.code)
    ).select(one=left.code, other=right.code, later=(right.day > left.day).ifelse(1, 0))
    ways = (
        pairs.group_by("one", "other")
        .agg(followed=_.later.sum().cast("int64"), together=_.count())
        .filter(_.followed >= least)
    )
    found = ways.to_pandas()
    had = usual["had"].loc[found["one"]].to_numpy()
    expected = usual["usual"].loc[found["other"]].to_numpy()
    confidence = found["followed"] / (had - (found["together"] - found["followed"]))
    found = found.assign(confidence=confidence, lift=confidence / expected)
    ranked: pd.DataFrame = found[found["lift"] > 1].sort_values(
        ["confidence", "lift", "other", "one"], ascending=[False, False, True, True], ignore_index=True
    )
    return ranked


def _usual(first: ibis.Table) -> pd.DataFrame:
    """For each category (by code: ``name``, ``had``, ``usual``), how often others lead to it of who could.

    How many others a customer first bought before it is the rank of its day among theirs, so that the
    pairs need not be counted again.
    """
    mine = ibis.window(group_by=first.customer_id, order_by=first.day)
    ranked = first.select(
        "code",
        "category",
        before=ibis.rank().over(mine).cast("int64"),
        all=first.count().over(ibis.window(group_by=first.customer_id)),
    )
    by_code = ranked.group_by("code").agg(
        name=_.category.min(),
        had=_.count(),
        after=_.before.sum().cast("int64"),
        all=(_["all"] - 1).sum().cast("int64"),
    )
    found = by_code.to_pandas()
    could = (found["had"].sum() - found["had"]) - (found["all"] - found["after"])
    usual: pd.DataFrame = found.assign(usual=found["after"] / could.where(could > 0))
    return usual.set_index("code")[["name", "had", "usual"]]
