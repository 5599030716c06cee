"""What is in a demonstration basket: categories with planted affinities, products, prices and margins."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from analytics.data.demo.season import Array


@dataclass(frozen=True)
class Assortment:
    """Categories and products of a shop.

    The first line of a basket is of category i with probability ``popularity[i]``. Every further line is of
    the category that goes with the first one with probability `affinity`, else drawn by popularity again.

    Attributes
    ----------
    categories : dict of str to (popularity, margin, typical price)
        Popularities add up to 1; margin is profit / revenue, 0–1.
    companions : dict of str to str
        The category that goes with a category.
    affinity : float
        Probability 0–1 that a further line is of the companion.
    products : int
        In each category; the k-th is bought in proportion to 1 / k.
    """

    categories: dict[str, tuple[float, float, float]]
    companions: dict[str, str]
    affinity: float
    products: int

    @property
    def names(self) -> list[str]:
        """Categories in the order of their codes."""
        return list(self.categories)

    @property
    def popularity(self) -> Array:
        """Probability of each category on a first line, shape (n_categories,)."""
        return np.array([values[0] for values in self.categories.values()])

    @property
    def margins(self) -> Array:
        """Profit / revenue of each category, shape (n_categories,)."""
        return np.array([values[1] for values in self.categories.values()])

    @property
    def prices(self) -> Array:
        """List price of each product, shape (n_categories × products,)."""
        typical = np.array([values[2] for values in self.categories.values()])
        return np.outer(typical, np.linspace(0.5, 1.5, self.products)).ravel()

    @property
    def following(self) -> Array:
        """P(category of a further line | category of the first), shape (n, n), rows add up to 1."""
        matrix = np.tile(self.popularity, (len(self.names), 1))
        for name, companion in self.companions.items():
            row, column = self.names.index(name), self.names.index(companion)
            matrix[row] *= 1 - self.affinity
            matrix[row, column] += self.affinity
        return matrix

    def product_names(self) -> list[str]:
        """Neutral names such as ``Coffee 3``, category by category."""
        return [f"{name} {number}" for name in self.names for number in range(1, self.products + 1)]

    def truth(self, lines: tuple[float, ...]) -> dict[str, Any]:
        """Exact share of baskets with each category, and lift of each pair, given these line counts."""
        contains, pairs = np.zeros(len(self.names)), np.zeros((len(self.names),) * 2)
        for further, probability in enumerate(lines):
            missed = (1 - self.following) ** further  # [first, c]: no further line is of category c
            np.fill_diagonal(missed, 0)
            contains += probability * (self.popularity @ (1 - missed))
            for one, other in combinations(range(len(self.names)), 2):
                neither = (1 - self.following[:, one] - self.following[:, other]) ** further
                neither[[one, other]] = 0
                both = 1 - missed[:, one] - missed[:, other] + neither
                pairs[one, other] += probability * (self.popularity @ both)
        return {
            "category_share": dict(zip(self.names, contains.round(6).tolist(), strict=True)),
            "pair_lift": {
                f"{self.names[i]} & {self.names[j]}": round(float(pairs[i, j] / contains[i] / contains[j]), 6)
                for i, j in combinations(range(len(self.names)), 2)
            },
        }


@dataclass(frozen=True)
class Baskets:
    """Lines of purchases, all of shape (n_lines,), in the order of the purchases."""

    order: Array  # position of the purchase
    product: Array  # position in Assortment.product_names
    quantity: Array
    amount: Array  # hundredths
    profit: Array  # hundredths

    def sums(self, values: Array, orders: int) -> Array:
        """Total of a line value for each purchase, shape (orders,)."""
        totals = np.zeros(orders, dtype="int64")
        np.add.at(totals, self.order, values)
        return totals


def draw_baskets(
    rng: np.random.Generator, assortment: Assortment, counts: Array, totals: Array, step: int
) -> Baskets:
    """Fill purchases of known value with lines that add up to it exactly.

    Parameters
    ----------
    rng : numpy.random.Generator
    assortment : Assortment
    counts : numpy.ndarray of shape (n,)
        Lines in each purchase, at least 1.
    totals : numpy.ndarray of shape (n,)
        Value of each purchase in hundredths, a multiple of `step`.
    step : int
        Smallest part of money in the shop, in hundredths.
    """
    order = np.repeat(np.arange(len(counts)), counts)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype("int64")
    first = rng.choice(len(assortment.names), size=len(counts), p=assortment.popularity)
    bounds = np.cumsum(assortment.following, axis=1)
    category = (rng.random(len(order))[:, None] >= bounds[first[order], :-1]).sum(axis=1)
    category[starts] = first
    rank = 1 / np.arange(1, assortment.products + 1)
    product = category * assortment.products + rng.choice(
        assortment.products, size=len(order), p=rank / rank.sum()
    )
    weight = np.cumsum(assortment.prices[product] * rng.uniform(0.5, 1.5, len(order)))
    before = np.concatenate([[0.0], weight])[starts]
    ends = np.append(starts[1:], len(order)) - 1
    upto = (weight - before[order]) / (weight[ends] - before)[order]
    upto[ends] = 1.0
    cumulated = np.rint(upto * (totals[order] // step)).astype("int64") * step
    amount = np.diff(cumulated, prepend=0)
    amount[starts] = cumulated[starts]
    quantity = np.maximum(1, np.rint(amount / 100 / assortment.prices[product])).astype("int64")
    profit = np.rint(amount * assortment.margins[category]).astype("int64")
    return Baskets(order, product, quantity, amount, profit)
