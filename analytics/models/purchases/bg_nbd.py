"""BG/NBD and MBG/NBD: how often customers buy, and when they stop.

A customer buys at random at a rate λ of their own, and after each purchase is gone for good with a
probability p of their own; λ ~ Gamma(r, α) and p ~ Beta(a, b) over customers. In the BG/NBD nobody can be
gone after the first purchase; in the MBG/NBD one can, so that one-time buyers have an honest chance of having
gone.

Who is still there at the age T has λ ~ Gamma(r + x, α + T) and, independently, p ~ Beta(a, b′), with b′ = b +
x for the BG/NBD and b + x + 1 for the MBG/NBD. Everything about the future follows from that.

References
----------
.. [1] P. S. Fader, B. G. S. Hardie and K. L. Lee, "'Counting Your Customers' the Easy Way: An Alternative to
   the Pareto/NBD Model", *Marketing Science* 24(2), 2005.
.. [2] E. P. Batislam, M. Denizel and A. Filiztekin, "Empirical Validation and Comparison of Models for
   Customer Base Analysis", *International Journal of Research in Marketing* 24(3), 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, expit, gammaln

from analytics.models.purchases.negative_binomial import Tail, negative_binomial_tails
from analytics.models.purchases.rows import Floats, Integers, Rows

NODES = 64
"""Nodes of the quadrature over p; more change no figure in the tenth place."""

DIRECT = 400
"""Most points of one x that are integrated each; beyond, a spline through as many is evaluated."""


@dataclass(frozen=True)
class BetaGeometric:
    """One of the two models.

    Attributes
    ----------
    early : int
        1 where a customer can be gone after the first purchase already (MBG/NBD), else 0 (BG/NBD).
    """

    early: int
    parameters = ("r", "alpha", "a", "b")
    times = ("alpha",)
    """Parameters that are times, and change with the unit."""

    start = (0.5, 5.0, 0.8, 2.5)

    def log_likelihood(self, params: Floats, rows: Rows) -> tuple[float, Floats]:
        """Log-likelihood of all histories, and its gradient by the parameters.

        Parameters
        ----------
        params : numpy.ndarray of shape (4,)
            r, α, a, b; all above 0.
        rows : Rows
            In the unit of time that α is in.

        Returns
        -------
        tuple of float and numpy.ndarray of shape (4,)
            Sums over customers: of ln L (reference 1, eq. 6), without the factor that holds no parameter.
        """
        r, alpha, a, b = params
        distinct, at, per_x = _by_x(rows)
        later = b + distinct + self.early  # b′
        log_age, log_last = np.log(alpha + rows.age), np.log(alpha + rows.t_x)
        shape, stretch = r + rows.x, log_age - log_last
        with np.errstate(divide="ignore"):  # under the BG/NBD nobody is gone without a repeat: log 0
            gone = np.where(distinct + self.early > 0, a / np.maximum(later - 1, 1e-300), 0.0)
            odds = np.log(gone)[at] + shape * stretch
        weight, n = expit(odds) * rows.customers, float(rows.customers.sum())
        by_x = gammaln(r + distinct) + gammaln(later) - gammaln(a + later)
        value = float(
            per_x @ by_x
            + n * (r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b))
            + rows.customers @ (np.logaddexp(0.0, odds) - shape * log_age)
        )
        dead = np.bincount(at, weights=weight, minlength=len(distinct))
        common = per_x @ -digamma(a + later) + n * digamma(a + b)
        gradient = np.array(
            [
                per_x @ digamma(r + distinct) + n * (np.log(alpha) - digamma(r)),
                n * r / alpha,
                common + dead.sum() / a,
                common + per_x @ digamma(later) - n * digamma(b),
            ]
        )
        gradient[0] += weight @ stretch - rows.customers @ log_age
        inverse_age = shape / (alpha + rows.age)
        gradient[1] += weight @ (inverse_age - shape / (alpha + rows.t_x)) - rows.customers @ inverse_age
        some = distinct + self.early > 0
        gradient[3] -= float((dead[some] / (later[some] - 1)).sum())
        return value, gradient

    def alive(self, params: Floats, x: Integers, t_x: Floats, age: Floats) -> Floats:
        """Probability of being a customer still at the age T.

        Under the BG/NBD it is 1 by construction without a repeat purchase: it says nothing there.
        """
        r, alpha, a, b = params
        some = x + self.early > 0
        odds = np.log(np.where(some, a / np.where(some, b + x + self.early - 1, 1.0), 1.0))
        odds = odds + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
        return np.where(some, expit(-odds), 1.0)

    def alive_at_start(self, params: Floats) -> float:
        """Probability that a new customer is not gone after the first purchase: 1, or b / (a + b)."""
        return float(params[3] / (params[2] + params[3])) if self.early else 1.0

    def expected_if_alive(self, params: Floats, x: Integers, age: Floats, horizon: Floats) -> Floats:
        """Purchases expected within a horizon from a customer who is there at the age T.

        Parameters
        ----------
        params : numpy.ndarray of shape (4,)
        x, age, horizon : numpy.ndarray of shape (n,)
            In the unit of α.

        Returns
        -------
        numpy.ndarray of shape (n,)

        Notes
        -----
        With p known, the expectation is (1 − (1 + p·t / (α + T))^−(r + x)) / p; the mean over p is taken by
        Gauss–Jacobi quadrature, which, unlike the hypergeometric form (reference 1, eq. 10), loses no digits
        where a is near 1 or x is large.
        """
        r, alpha, a, b = params
        ratio = np.asarray(horizon / (alpha + age), dtype=np.float64)
        found = np.empty(len(x))
        order = np.argsort(x, kind="stable")
        distinct, starts = np.unique(x[order], return_index=True)
        for count, members in zip(distinct, np.split(order, starts[1:]), strict=True):
            p, weights = beta_quadrature(float(a), float(b + count + self.early))

            def mean(points: Floats, shape: float = r + count, p: Floats = p, w: Floats = weights) -> Floats:
                return np.asarray(-np.expm1(-shape * np.log1p(np.outer(points, p))) @ (w / p))

            points = ratio[members]
            low, high = np.log(np.maximum([points.min(), points.max()], 1e-12))
            if len(points) <= DIRECT or high - low < 1e-6:
                found[members] = mean(points)
            else:
                grid = np.linspace(low, high, DIRECT)
                found[members] = CubicSpline(grid, mean(np.exp(grid)))(np.log(np.maximum(points, 1e-12)))
        return found

    def tails(self, params: Floats, x: Integers, age: Floats, horizon: Floats) -> Tail:
        """P(K ≥ k) for k = 1, 2, … within a horizon of customers who are there at the age T.

        Notes
        -----
        To buy k times one has to stay through k − 1 purchases and to be offered k: P(K ≥ k) = S(k − 1) · P(N
        ≥ k), with S(k) the mean of (1 − p)^k and N negative binomial. Exact, and k by k.
        """
        r, alpha, a, b = params
        staying = b + x + self.early
        survival = np.ones(len(x))
        for k, tail in enumerate(negative_binomial_tails(r + x, horizon / (alpha + age))):
            yield survival * tail
            survival = survival * ((staying + k) / (a + staying + k))

    def loses_nobody(self, params: Floats) -> bool:
        """Whether the mean chance of being gone after a purchase, a / (a + b), is under one in a thousand."""
        return bool(params[2] / (params[2] + params[3]) < 0.001)


@lru_cache(maxsize=4096)  # each x has its own, and several horizons ask for it
def beta_quadrature(a: float, b: float, nodes: int = NODES) -> tuple[Floats, Floats]:
    """Nodes in (0, 1) and weights, adding up to 1, that average smooth functions over Beta(a, b).

    From the recurrence of the Jacobi polynomials (Golub and Welsch, 1969); no gamma function, so that no b is
    too large.

    Examples
    --------
    >>> p, weights = beta_quadrature(0.8, 2.5)
    >>> round(float(weights @ p), 10) == round(0.8 / 3.3, 10)
    True
    """
    left, right = b - 1.0, a - 1.0  # exponents of 1 − p and of p
    n = np.arange(1, nodes, dtype=np.float64)
    total = 2 * n + left + right
    diagonal = np.empty(nodes)
    diagonal[0] = (right - left) / (left + right + 2)
    diagonal[1:] = (right**2 - left**2) / (total * (total + 2))
    squared = 4 * n * (n + left) * (n + right) * (n + left + right) / (total**2 * (total + 1) * (total - 1))
    # The first is 0/0 where the exponents add up to −1.
    squared[0] = 4 * (1 + left) * (1 + right) / ((2 + left + right) ** 2 * (3 + left + right))
    points, vectors = eigh_tridiagonal(diagonal, np.sqrt(squared))
    p, weights = np.clip((1 + points) / 2, 1e-15, 1.0), np.asarray(vectors[0] ** 2)
    p.setflags(write=False)
    weights.setflags(write=False)
    return p, weights


def _by_x(rows: Rows) -> tuple[Integers, Integers, Floats]:
    """Distinct x, where each row's is among them, and customers of each."""
    distinct, at = np.unique(rows.x, return_inverse=True)
    return distinct, at.astype(np.int64), np.bincount(at, weights=rows.customers).astype(np.float64)
