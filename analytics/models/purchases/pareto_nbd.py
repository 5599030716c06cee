"""Pareto/NBD: customers who buy at random and may leave at any moment, seen or not.

Rates of buying λ ~ Gamma(r, α) and of leaving μ ~ Gamma(s, β), independent over customers. Who is still there
at the age T has λ ~ Gamma(r + x, α + T) and μ ~ Gamma(s, β + T), independent still.

References
----------
.. [1] D. C. Schmittlein, D. G. Morrison and R. Colombo, "Counting Your Customers: Who Are They and What Will
   They Do Next?", *Management Science* 33(1), 1987.
.. [2] P. S. Fader and B. G. S. Hardie, "A Note on Deriving the Pareto/NBD Model and Related Expressions",
   2005.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from analytics.models.purchases.negative_binomial import Tail, negative_binomial_tails
from analytics.models.purchases.rows import Floats, Integers, Rows

LEGENDRE, WEIGHTS = np.polynomial.legendre.leggauss(16)
LEGENDRE, WEIGHTS = (LEGENDRE + 1) / 2, WEIGHTS / 2
"""Nodes of the quadrature over the time of leaving, as shares of it, and their weights."""

CHUNK = 100_000


@dataclass(frozen=True)
class ParetoNbd:
    """The model; it has no settings."""

    parameters = ("r", "alpha", "s", "beta")
    times = ("alpha", "beta")
    start = (0.5, 5.0, 0.6, 6.0)

    def log_likelihood(self, params: Floats, rows: Rows) -> tuple[float, Floats]:
        """Log-likelihood of all histories, and its gradient by the parameters.

        Parameters
        ----------
        params : numpy.ndarray of shape (4,)
            r, α, s, β; all above 0.
        rows : Rows
            In the unit of time that α and β are in.

        Returns
        -------
        tuple of float and numpy.ndarray of shape (4,)

        Notes
        -----
        L is the sum of staying past T and of leaving at a time u between t_x and T (reference 2, before the
        hypergeometric functions are put in): the latter is integrated over u, which is stable for every α and
        β and gives the gradient with the same nodes.
        """
        value, gradient = 0.0, np.zeros(4)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            one, slope = self._part(
                params, rows.x[part], rows.t_x[part], rows.age[part], rows.customers[part]
            )
            value, gradient = value + one, gradient + slope
        return value, gradient

    def _part(
        self, params: Floats, x: Integers, t_x: Floats, age: Floats, customers: Integers
    ) -> tuple[float, Floats]:
        r, alpha, s, beta = params
        left, mean = _leaving(params, x, t_x, age)
        log_alpha, log_beta = np.log(alpha + age), np.log(beta + age)
        stayed = -(r + x) * log_alpha - s * log_beta
        both = np.logaddexp(stayed, left)
        stay, leave = np.exp(stayed - both), np.exp(left - both)
        n = float(customers.sum())
        value = float(
            customers @ (gammaln(r + x) + both) + n * (r * np.log(alpha) + s * np.log(beta) - gammaln(r))
        )
        slopes = np.array(
            [
                digamma(r + x) - stay * log_alpha - leave * mean[0],
                -stay * (r + x) / (alpha + age) - leave * (r + x) * mean[1],
                -stay * log_beta + leave * (1 / s - mean[2]),
                -stay * s / (beta + age) - leave * (s + 1) * mean[3],
            ]
        )
        gradient = slopes @ customers + n * np.array(
            [np.log(alpha) - digamma(r), r / alpha, np.log(beta), s / beta]
        )
        return value, gradient

    def alive(self, params: Floats, x: Integers, t_x: Floats, age: Floats) -> Floats:
        """Probability of being a customer still at the age T."""
        r, alpha, s, beta = params
        left, _ = _leaving(params, x, t_x, age)
        stayed = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        return np.asarray(np.exp(stayed - np.logaddexp(stayed, left)))

    def alive_at_start(self, params: Floats) -> float:
        """Probability that a new customer is not gone after the first purchase: 1."""
        del params
        return 1.0

    def expected_if_alive(self, params: Floats, x: Integers, age: Floats, horizon: Floats) -> Floats:
        """Purchases expected within a horizon from a customer who is there at the age T (reference 2)."""
        r, alpha, s, beta = params
        log_stretch = np.log1p(horizon / (beta + age))
        if abs(s - 1) < 1e-9:
            time = (beta + age) * log_stretch
        else:
            time = (beta + age) * -np.expm1(-(s - 1) * log_stretch) / (s - 1)
        return np.asarray((r + x) / (alpha + age) * time)

    def tails(self, params: Floats, x: Integers, age: Floats, horizon: Floats) -> Tail:
        """P(K ≥ k) for k = 1, 2, … within a horizon of customers who are there at the age T.

        A mixture over the time until they leave, cut at the horizon, of negative binomial counts.
        """
        r, alpha, s, beta = params
        scale = beta + age
        stays = np.exp(-s * np.log1p(horizon / scale))
        parts = [(stays, negative_binomial_tails(r + x, horizon / (alpha + age)))]
        for node, weight in zip(LEGENDRE, WEIGHTS, strict=True):
            until = scale * np.expm1(-np.log1p(-node * (1 - stays)) / s)
            tail = negative_binomial_tails(r + x, until / (alpha + age))
            parts.append((weight * (1 - stays), tail))
        while True:
            yield np.sum([share * next(tail) for share, tail in parts], axis=0)

    def loses_nobody(self, params: Floats) -> bool:
        """Whether fewer than one customer in a thousand leaves in a week, at the mean rate s / β."""
        return bool(params[2] / params[3] < 0.001)


def _leaving(params: Floats, x: Integers, t_x: Floats, age: Floats) -> tuple[Floats, list[Floats]]:
    """Ln ∫ s (α+u)^−(r+x) (β+u)^−(s+1) du over t_x … T, and the means that its gradient is made of.

    The means over u, weighted by the integrand, are of ln(α+u), 1/(α+u), ln(β+u), 1/(β+u). The variable is
    y = ln((α+u)/(α+t_x)), cut where the integrand has fallen by e^−40.
    """
    r, alpha, s, beta = params
    start = np.log(alpha + t_x)
    length = np.minimum(np.log(alpha + age) - start, 40.0 / np.maximum(r + x - 1, 0.5))
    y = length[:, None] * LEGENDRE
    log_a = start[:, None] + y
    a_u = np.exp(log_a)
    b_u = np.maximum(a_u + (beta - alpha), 1e-300)
    log_b = np.log(b_u)
    log_f = (1 - r - x)[:, None] * y - (s + 1) * log_b
    top = log_f.max(axis=1)
    f = np.exp(log_f - top[:, None]) * WEIGHTS
    total = f.sum(axis=1)
    with np.errstate(divide="ignore"):  # no time between the last visit and T: log 0
        value = np.log(s * length * total) + top + (1 - r - x) * start
    means = [(f * each).sum(axis=1) / total for each in (log_a, 1 / a_u, log_b, 1 / b_u)]
    return value, means
