"""How many visits each customer makes within a horizon: the exact distribution, not a draw of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.models.purchases.fit import PurchaseFit
from analytics.models.purchases.rows import Floats, Integers, Rows

LOW, HIGH = 0.1, 0.9
"""Levels of the 80 % intervals."""

NEGLIGIBLE = 1e-6
"""Probability of more visits than are counted."""

LEAST = 1e-13
"""The same where a single outcome's probability is asked for; less is rounding."""

CHUNK = 4096
MOST_VISITS = 5000


@dataclass(frozen=True)
class Counts:
    """Visits within a horizon, for each distinct history.

    Attributes
    ----------
    expected, variance, none : numpy.ndarray of float64, shape (n_distinct,)
        Mean and variance of the number of visits, and the probability of none.
    low, high : numpy.ndarray of int64, shape (n_distinct,)
        The least numbers that at most 10 %, and at least 90 %, of the probability stay under: an 80 %
        interval that covers rather more, because counts are whole.
    """

    expected: Floats
    variance: Floats
    none: Floats
    low: Integers
    high: Integers


@dataclass(frozen=True)
class Chunk:
    """Some of the pairs of x and age, and their tails.

    Attributes
    ----------
    pairs : numpy.ndarray of int64, shape (n_pairs,)
        Which pairs.
    tails : numpy.ndarray of float64, shape (n_counts, n_pairs)
        P(K ≥ 1), P(K ≥ 2), … of a customer who is there at the age T; the last row is negligible.
    rows, column : numpy.ndarray of int64, shape (n_rows,)
        The distinct histories with these pairs, and the column of each.
    """

    pairs: Integers
    tails: Floats
    rows: Integers
    column: Integers


def pairs_of(rows: Rows) -> tuple[Integers, Integers]:
    """Distinct pairs of x and age, on which alone the future of a customer who is still there depends.

    Parameters
    ----------
    rows : Rows
        In the order that `collapse` gives them.

    Returns
    -------
    first : numpy.ndarray of shape (n_pairs,)
        A row with each pair.
    place : numpy.ndarray of shape (n_distinct,)
        The pair of each row.
    """
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(rows.x) != 0) | (np.diff(rows.age) != 0)
    return np.flatnonzero(new), np.cumsum(new) - 1


def chunks(fit: PurchaseFit, rows: Rows, horizon: float, negligible: float = NEGLIGIBLE) -> Iterator[Chunk]:
    """Tails of all pairs, those with like counts together, so that each chunk counts as far as it must."""
    first, place = pairs_of(rows)
    x, age = rows.x[first], rows.age[first]
    busy = np.argsort((fit.values[0] + x) / (fit.values[1] + age), kind="stable")
    rank = np.empty(len(busy), dtype=np.int64)
    rank[busy] = np.arange(len(busy))
    row_rank = rank[place]
    by_rank = np.argsort(row_rank, kind="stable")
    for start in range(0, len(busy), CHUNK):
        pairs = busy[start : start + CHUNK]
        ends = np.searchsorted(row_rank[by_rank], [start, start + len(pairs)])
        members = by_rank[ends[0] : ends[1]]
        tails = []
        for tail in fit.model.tails(fit.values, x[pairs], age[pairs], np.full(len(pairs), horizon)):
            tails.append(tail)
            if tail.max() < negligible or len(tails) == MOST_VISITS:
                break
        yield Chunk(first[pairs], np.array(tails), members, row_rank[members] - start)


def count_visits(fit: PurchaseFit, rows: Rows, horizon: float) -> Counts:
    """Distribution of the visits within the next `horizon` weeks.

    Parameters
    ----------
    fit : PurchaseFit
    rows : Rows
    horizon : float
        Weeks after the last observed day.

    Returns
    -------
    Counts
    """
    alive = fit.model.alive(fit.values, rows.x, rows.t_x, rows.age)
    size = len(rows)
    expected, variance, none = np.empty(size), np.empty(size), np.empty(size)
    low, high = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    for chunk in chunks(fit, rows, horizon):
        members, column = chunk.rows, chunk.column
        chance = alive[members]
        odd = 2.0 * np.arange(len(chunk.tails)) + 1
        mean, square = chunk.tails.sum(axis=0), odd @ chunk.tails
        expected[members] = chance * mean[column]
        variance[members] = chance * square[column] - (chance * mean[column]) ** 2
        none[members] = 1 - chance * chunk.tails[0][column]
        low[members] = reached(chunk, (1 - LOW) / chance)
        high[members] = reached(chunk, (1 - HIGH) / chance)
    return Counts(expected, variance, none, low, high)


def reached(chunk: Chunk, level: Floats) -> Integers:
    """How many of each row's tails are above a level, by bisection, for tails only fall.

    Parameters
    ----------
    chunk : Chunk
    level : numpy.ndarray of shape (n_rows,)
    """
    under = np.zeros(len(level), dtype=np.int64)
    above = np.full(len(level), len(chunk.tails), dtype=np.int64)
    while np.any(under < above):
        middle = (under + above) // 2
        at = np.minimum(middle, len(chunk.tails) - 1)
        more = (chunk.tails[at, chunk.column] > level) & (under < above)
        under, above = np.where(more, middle + 1, under), np.where(more, above, middle)
    return under


def distribution_at(fit: PurchaseFit, rows: Rows, horizon: float, visits: Integers) -> tuple[Floats, Floats]:
    """P(K < y) and P(K ≤ y) of a number of visits y of each row, the step that an outcome falls on.

    Parameters
    ----------
    fit, rows, horizon
        As for `count_visits`.
    visits : numpy.ndarray of int64, shape (n_distinct,)

    Returns
    -------
    tuple of numpy.ndarray, each of shape (n_distinct,)
    """
    alive = fit.model.alive(fit.values, rows.x, rows.t_x, rows.age)
    below, upto = np.empty(len(rows)), np.empty(len(rows))
    for chunk in chunks(fit, rows, horizon, negligible=LEAST):
        # P(K ≥ 0) in front, and 0 behind, so that row y is P(K ≥ y).
        ends = np.ones((1, chunk.tails.shape[1]))
        tails = np.concatenate([ends, chunk.tails, 0 * ends])
        y, chance = visits[chunk.rows], alive[chunk.rows]
        at, after = np.minimum(y, len(tails) - 1), np.minimum(y + 1, len(tails) - 1)
        below[chunk.rows] = np.where(y > 0, 1 - chance * tails[at, chunk.column], 0.0)
        upto[chunk.rows] = 1 - chance * tails[after, chunk.column]
    return below, upto


def step_inside(below: Floats, upto: Floats) -> Floats:
    """How much of the step of each outcome lies inside the 80 % interval: on average a fair coverage.

    Parameters
    ----------
    below, upto : numpy.ndarray of shape (n,)
        P(K < y) and P(K ≤ y).

    Returns
    -------
    numpy.ndarray of shape (n,)
        Shares. Equal-tailed intervals of whole numbers cover more than they promise, whatever the model; the
        share of [P(K < y), P(K ≤ y)] within [0.1, 0.9] is 0.8 on average where the model is right.

    Examples
    --------
    >>> step_inside(np.array([0.0, 0.2]), np.array([0.2, 0.5])).tolist()
    [0.5, 1.0]
    """
    inside = np.clip(np.minimum(upto, HIGH) - np.maximum(below, LOW), 0.0, None)
    width = upto - below
    point = (upto >= LOW) & (upto <= HIGH)
    return np.where(width > 1e-12, inside / np.maximum(width, 1e-12), point)
