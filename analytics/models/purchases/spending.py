"""What each customer spends within a horizon: visits × value, discounted, with the spread of both.

Given K visits, the sum is (γ + x·z̄) · BetaPrime(p·K, q + p·x): the scale is the customer's own, the rest
depends on x, recency and age alone, so that equal histories share their quantiles. Real customers vary more
than that; both shapes are divided by τ ≥ 1, fitted on past outcomes (`temper`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaincinv

from analytics.models.purchases.counts import HIGH, LEAST, LOW, Chunk, chunks, pairs_of
from analytics.models.purchases.fit import PurchaseFit
from analytics.models.purchases.gamma_gamma import GammaGammaFit
from analytics.models.purchases.rows import WEEKS_A_MONTH, Floats, Integers, Rows

GRID = 128
"""Points at which a distribution of spending is tabulated, equally far apart in its logarithm."""

TOGETHER = 0.04
"""Numbers of visits that differ by less, as a share, have one row of a table together: from 50 on."""

MOST_TEMPER = 25.0

LEVELS = np.array([LOW, HIGH])


def discount_factors(months: int, discount_rate: float) -> Floats:
    """What 1 at the end of each month is worth today, at `discount_rate` (0–1) a year.

    Examples
    --------
    >>> round(float(discount_factors(12, 0.10)[-1]), 4)
    0.9091
    """
    return np.asarray((1 + discount_rate) ** (-np.arange(1, months + 1) / 12))


def discounted_visits(
    fit: PurchaseFit, rows: Rows, months: int, discount_rate: float
) -> tuple[Floats, Floats]:
    """Expected visits of the next months, as they are and with each month discounted to its end.

    Parameters
    ----------
    fit : PurchaseFit
    rows : Rows
    months : int
    discount_rate : float
        A year, 0–1.

    Returns
    -------
    tuple of numpy.ndarray, each of shape (n_distinct,)
    """
    first, place = pairs_of(rows)
    x, age = rows.x[first], rows.age[first]
    ends = np.arange(1, months + 1) * WEEKS_A_MONTH
    size = len(first)
    until = fit.model.expected_if_alive(
        fit.values, np.tile(x, months), np.tile(age, months), np.repeat(ends, size)
    ).reshape(months, size)
    monthly = np.diff(until, axis=0, prepend=0.0)
    alive = fit.model.alive(fit.values, rows.x, rows.t_x, rows.age)
    present = discount_factors(months, discount_rate) @ monthly
    return alive * until[-1][place], alive * present[place]


def spending_quantiles(
    fit: PurchaseFit, value: GammaGammaFit, rows: Rows, horizon: float, tempering: float
) -> tuple[Floats, Floats]:
    """The 80 % interval of what is spent within a horizon, in units of the customer's own scale.

    Parameters
    ----------
    fit : PurchaseFit
    value : GammaGammaFit
        With parameters, not constant.
    rows : Rows
    horizon : float
        Weeks.
    tempering : float
        τ, 1 or more.

    Returns
    -------
    low, high : numpy.ndarray of shape (n_distinct,)
        To be multiplied by `scale`. 0 where even so much probability goes with no visit.
    """
    alive = fit.model.alive(fit.values, rows.x, rows.t_x, rows.age)
    low, high = np.zeros(len(rows)), np.zeros(len(rows))
    for chunk in chunks(fit, rows, horizon):
        visits, chances = _grouped(chunk)
        x = rows.x[chunk.pairs]
        pair_order = np.argsort(x, kind="stable")
        distinct, starts = np.unique(x[pair_order], return_index=True)
        row_x = np.searchsorted(distinct, rows.x[chunk.rows])
        row_order = np.argsort(row_x, kind="stable")
        row_ends = np.searchsorted(row_x[row_order], np.arange(len(distinct) + 1))
        local = np.empty(len(x), dtype=np.int64)
        for i, pairs in enumerate(np.split(pair_order, starts[1:])):
            local[pairs] = np.arange(len(pairs))
            none = 1 - chunk.tails[0][pairs]
            table = _Spending(value.values, float(distinct[i]), visits, none, chances[:, pairs], tempering)
            inside = row_order[row_ends[i] : row_ends[i + 1]]
            members = chunk.rows[inside]
            column = local[chunk.column[inside]]
            # Of those who are still there, this much must stay below.
            wanted = (1 - (1 - LEVELS[:, None]) / alive[members]).ravel()
            low[members], high[members] = table.crossing(np.tile(column, 2), wanted).reshape(2, -1)
    return low, high


def scale(fit: GammaGammaFit, x: Floats, visits: Integers, value: Floats) -> Floats:
    """The customer's own scale of spending, γ + x·z̄.

    Parameters
    ----------
    fit : GammaGammaFit
        With parameters, not constant.
    x : numpy.ndarray of shape (n,)
        Repeat visits that have a value; 0 where none has.
    visits : numpy.ndarray of shape (n,)
        All repeat visits, on which the shape of the spread depends.
    value : numpy.ndarray of shape (n,)
        Mean repeat value, 0 where none.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Money. For customers whose repeat visits have brought nothing, such that their mean is that of
        all.
    """
    p, q, gamma = fit.values
    lost = (visits > 0) & (x == 0)
    everyone = fit.newcomer * (q + p * visits - 1) / p
    return np.asarray(np.where(lost, everyone, gamma + x * value))


def value_distribution(
    params: Floats, x: Floats, value: Floats, visits: Floats, spent: Floats, tempering: float
) -> Floats:
    """P(sum of so many visits ≤ spent) of each customer.

    Parameters
    ----------
    params : numpy.ndarray of shape (3,)
    x, value : numpy.ndarray of shape (n,)
        Repeat visits with a value so far and their mean; both 0 without.
    visits, spent : numpy.ndarray of shape (n,)
        Later visits, 1 or more, and what they brought, above 0.
    tempering : float

    Returns
    -------
    numpy.ndarray of shape (n,)
    """
    p, q, gamma = params
    return np.asarray(
        betainc(p * visits / tempering, (q + p * x) / tempering, spent / (spent + gamma + x * value))
    )


def temper(params: Floats, x: Floats, value: Floats, visits: Floats, spent: Floats) -> float:
    """The τ with which 80 % of past outcomes fall into their 80 % intervals; 1 where they do without.

    Parameters
    ----------
    params, x, value, visits, spent
        As for `value_distribution`, of customers who came again after the split.

    Returns
    -------
    float
        From 1 to `MOST_TEMPER`, by bisection.
    """

    def covered(tempering: float) -> float:
        at = value_distribution(params, x, value, visits, spent, tempering)
        return float(np.mean((at >= LOW) & (at <= HIGH)))

    low, high = 1.0, MOST_TEMPER
    if not len(x) or covered(low) >= HIGH - LOW:
        return 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if covered(middle) < HIGH - LOW else (low, middle)
    return (low + high) / 2


class _Spending:
    """What customers with one number of repeat visits spend, if they are still there.

    P(spending ≤ that), relative to the own scale, of each pair of x and age, on a grid of logarithms. It is
    computed where it is asked for: bisection looks at a few points, and one x has often a few customers.
    """

    def __init__(
        self, params: Floats, x: float, visits: Floats, none: Floats, chances: Floats, tempering: float
    ) -> None:
        p, q, _ = params
        shape, self.after = p * visits / tempering, (q + p * x) / tempering
        ends = betaincinv(shape[[0, -1]], self.after, [0.005, 0.995])
        low, high = np.log(np.clip(ends, 1e-12, 1 - 1e-12)) - np.log1p(-np.clip(ends, 1e-12, 1 - 1e-12))
        self.logs = np.linspace(low, max(high, low + 1e-9), GRID)
        likely = chances.max(axis=1) > LEAST  # others of the chunk may come far more often
        self.shape, self.chances, self.none = shape[likely], chances[likely].T, none
        self.spread = np.empty((len(none), GRID))
        self.known = np.zeros(GRID, dtype=bool)

    def upto(self, column: Integers, place: Integers) -> Floats:
        """Read the distribution of each row's pair at a place of the grid."""
        new = np.unique(place[~self.known[place]])
        points = 1 / (1 + np.exp(-self.logs[new]))
        self.spread[:, new] = self.none[:, None] + self.chances @ betainc(
            self.shape[:, None], self.after, points
        )
        self.known[new] = True
        return self.spread[column, place]

    def crossing(self, column: Integers, wanted: Floats) -> Floats:
        """Where each row's distribution reaches the level wanted: bisection, then a straight line.

        0 where no visit alone has as much probability.
        """
        found, some = np.zeros(len(column)), wanted > self.none[column]
        column, wanted = column[some], wanted[some]
        below = np.zeros(len(column), dtype=np.int64)
        above = np.full(len(column), GRID - 1, dtype=np.int64)
        while np.any(above - below > 1):
            middle = (below + above) // 2
            less = self.upto(column, middle) < wanted
            below, above = np.where(less, middle, below), np.where(less, above, middle)
        start, end = self.upto(column, below), self.upto(column, above)
        part = np.clip((wanted - start) / np.maximum(end - start, 1e-15), 0.0, 1.0)
        found[some] = np.exp(self.logs[below] + part * (self.logs[above] - self.logs[below]))
        return found


def _grouped(chunk: Chunk) -> tuple[Floats, Floats]:
    """Numbers of visits, and P(K = each) of each pair: singly at first, then neighbours together."""
    counts, first = len(chunk.tails), [1]
    while first[-1] < counts:
        first.append(first[-1] + max(1, int(TOGETHER * first[-1])))
    starts = np.array(first)
    starts = starts[starts <= counts]
    tails = chunk.tails[starts - 1]
    chances = tails - np.concatenate([tails[1:], np.zeros((1, tails.shape[1]))])
    ends = np.append(starts[1:], counts + 1) - 1
    return (starts + ends) / 2, np.maximum(chances, 0.0)
