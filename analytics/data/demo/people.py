"""The table `customers` of a demonstration organisation: neutral names, addresses that reach nobody."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.data.demo.columns import either, labels, moments, money, nulls, texts, without
from analytics.data.demo.season import Array
from analytics.data.demo.tally import Tally

AWKWARD_NAME = "<img src=x onerror=alert(1)>"

INDUSTRIES = ("Education", "Finance", "Health", "Manufacturing", "Retail", "Technology")

_UTILISATION = {  # class → (share of customers with a limit, from %, to %)
    "over_limit": (0.07, 101, 140),
    "high": (0.20, 71, 99),
    "medium": (0.36, 31, 69),
    "low": (0.33, -8, 29),
    "limit_of_zero": (0.04, 0, 0),
}


def contact_details(numbers: Array) -> dict[str, Any]:
    """Mobile numbers under the unassigned country code 999, and addresses at example.com."""
    return {
        "mobile": texts("+999 ", numbers, 9),
        "email": texts("customer", numbers, 7, "@example.com"),
    }


def awkward(names: Any, position: int) -> Any:
    """The same names with one replaced by a piece of markup, which pages must show as just that."""
    changed = np.arange(len(names)) == position
    return either(changed, AWKWARD_NAME, names)


def credit_columns(
    rng: np.random.Generator,
    limits: list[tuple[int, ...]],
    shares: list[float],
    step: int,
    kind: Array,
    tally: Tally,
) -> dict[str, Any]:
    """Credit limits and outstanding balances, and the count of each class of utilisation.

    Parameters
    ----------
    rng : numpy.random.Generator
    limits, shares : list
        For each kind of customer: the limits there are, in whole units of money, and the share that has one.
    step : int
        Smallest part of money, in hundredths.
    kind : numpy.ndarray of shape (n,)
        Kind of each customer.
    tally : Tally
        Receives ``credit.<class>``.
    """
    size = len(kind)
    chosen = np.array([rng.choice(of_kind, size) for of_kind in limits])[kind, np.arange(size)] * 100
    none = rng.random(size) >= np.array(shares)[kind]
    classes = list(_UTILISATION)
    code = rng.choice(len(classes), size=size, p=[share for share, _, _ in _UTILISATION.values()])
    lowest = np.array([low for _, low, _ in _UTILISATION.values()])[code]
    highest = np.array([high for _, _, high in _UTILISATION.values()])[code]
    limit = np.where(code == classes.index("limit_of_zero"), 0, chosen)
    outstanding = np.rint(limit / step * rng.uniform(lowest, highest + 1e-9) / 100).astype("int64") * step
    for position, name in enumerate(classes):
        tally.add(f"credit.{name}", ((code == position) & ~none).sum())
    tally.add("credit.no_limit", none.sum())
    return {
        "credit_limit": without(money(limit), none),
        "outstanding_balance": without(money(outstanding), none),
    }


def no_credit(size: int) -> dict[str, Any]:
    """Credit columns of customers without any."""
    empty = np.zeros(size, dtype="int64")
    missing = np.ones(size, dtype=bool)
    return {
        "credit_limit": without(money(empty), missing),
        "outstanding_balance": without(money(empty), missing),
    }


def registrations(
    rng: np.random.Generator, day: Array, second: Array, missing_share: float
) -> tuple[Any, Array]:
    """Moments of registration: with the first purchase, or some days before; a share is missing.

    Returns
    -------
    registered_at : pyarrow.Array of timestamp
    missing : numpy.ndarray of bool
    """
    before = np.where(rng.random(len(day)) < 0.4, 0, np.floor(rng.exponential(12, len(day)))).astype("int64")
    missing = rng.random(len(day)) < missing_share
    return without(moments(day - before, np.where(before > 0, 9 * 3_600, second)), missing), missing


def customer_columns(
    ids: Any,
    names: Any,
    numbers: Array,
    types: Any,
    registered_at: Any,
    places: tuple[Array, tuple[str, ...]],
    credit: dict[str, Any],
    *,
    industry: Any = None,
    owner: Any = None,
) -> dict[str, Any]:
    """Put the columns of `customers` together."""
    size = len(numbers)
    return {
        "customer_id": ids,
        "name": names,
        **contact_details(numbers),
        "customer_type": types,
        "registered_at": registered_at,
        "region": labels(places[0], places[1]),
        "industry": nulls(size) if industry is None else industry,
        "owner": nulls(size) if owner is None else owner,
        **credit,
    }
