"""The negative binomial count of purchases that a gamma-distributed rate gives, tail by tail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import betainc

from analytics.models.purchases.rows import Floats

Tail = Iterator[Floats]
"""P(K ≥ 1), P(K ≥ 2), … of many customers at once, without an end; whoever reads it stops."""

SMALLEST = -600.0
"""ln P(N = 0) under which the recursion would start from nothing."""


def negative_binomial_tails(shape: Floats, ratio: Floats) -> Tail:
    """P(N ≥ k), k = 1, 2, …, of N ~ Poisson(λ t) with λ ~ Gamma(shape, rate) and ratio = t / rate.

    Parameters
    ----------
    shape, ratio : numpy.ndarray of shape (n,)
        Above 0, and 0 or more.

    Yields
    ------
    numpy.ndarray of shape (n,)

    Examples
    --------
    >>> tails = negative_binomial_tails(np.array([1.0]), np.array([1.0]))  # geometric: halves each time
    >>> [float(next(tails)[0]) for _ in range(3)]
    [0.5, 0.25, 0.125]
    """
    share = ratio / (1 + ratio)
    log_none = -shape * np.log1p(ratio)
    if len(log_none) and log_none.min() < SMALLEST:
        k = 0
        while True:
            k += 1
            yield np.asarray(betainc(float(k), shape, share))
    term = np.exp(log_none)
    tail = -np.expm1(log_none)
    k = 0
    while True:
        yield np.maximum(tail, 0.0)
        term = term * ((shape + k) / (k + 1) * share)
        tail = tail - term
        k += 1
