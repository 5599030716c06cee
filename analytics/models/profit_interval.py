"""How much contacting customers may turn out to bring: an interval that holds only what can happen.

Each customer would leave with a chance of their own, and a leaver is saved with the chance `save_share`. What
that brings is a sum of few or many amounts, each of which comes whole or not at all: often nothing, never
less than nothing where all worth is above 0, and never more than all there is to save.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analytics.metrics.rates import Z
from analytics.models.save_share import SaveShare

Floats = NDArray[np.float64]

PARTS = 20
"""Equally likely values of a measured share; the first and the last of twenty are its interval's ends."""

SPELLED_OUT = 12
"""Up to so many customers every outcome is listed: 4,096 of them."""

_TAILS = (0.025, 0.975)
_HALVINGS = 48  # of the range: the ends are exact to a millionth of a millionth of it
_EDGE = 1e-9


def gain_interval(
    churn_probability: ArrayLike, worth: ArrayLike, share: SaveShare, first: ArrayLike
) -> tuple[Floats, Floats]:
    """Give the 95 % interval of what contacting the first customers brings, before its cost.

    Parameters
    ----------
    churn_probability : array_like of shape (n_customers,)
        0–1: of leaving without a contact, each customer independently of the others.
    worth : array_like of shape (n_customers,)
        Money that a customer brings who stays; below 0 too. None missing.
    share : SaveShare
        Chance that a leaver is saved. One that is measured is uncertain itself, for all customers together;
        one that is assumed is taken as it stands.
    first : array_like of int, of shape (n_depths,)
        Of how many customers, from the first on; 0 to n_customers.

    Returns
    -------
    low, high : numpy.ndarray of shape (n_depths,)
        Money. Never below the sum of all worth below 0, nor above the sum of all above 0; each end reaches at
        least to the expected gain, which a rare large amount may carry above 97.5 % of all outcomes.

    Notes
    -----
    Of up to `SPELLED_OUT` customers every outcome is listed with its chance. Of more, with the share s,
    nobody is saved with the chance ∏ (1 − pᵢ s); else the gain is taken as beta distributed from the least
    to the greatest possible, with the mean and the variance that it then has, from s Σ pᵢ vᵢ and
    Σ pᵢ s (1 − pᵢ s) vᵢ². A measured share takes `PARTS` equally likely values on two half normal curves
    that meet at its value and whose 95 % are its interval; the gain's distribution is the mean of theirs.

    Examples
    --------
    One customer is lost or kept, and nothing between:

    >>> low, high = gain_interval([0.9], [500.0], SaveShare.from_assumption(0.2), [0, 1])
    >>> low.round(6).tolist(), high.round(6).tolist()
    ([0.0, 0.0], [0.0, 500.0])
    """
    at = np.asarray(first, dtype="int64")
    p, v = (np.asarray(part, dtype="float64") for part in (churn_probability, worth))
    shares = _shares(share)
    few = at <= SPELLED_OUT
    ends = np.empty((2, len(at)))
    for place in np.flatnonzero(few):
        ends[:, place] = _spelled_out(p[: at[place]], v[: at[place]], shares)
    ends[:, ~few] = _fitted(p, v, shares, at[~few])
    expected = share.value * sums(p * v)[at]
    return np.minimum(ends[0], expected), np.maximum(ends[1], expected)


def sums(values: ArrayLike) -> Floats:
    """Sums of the first 0, 1, …, n values."""
    added: Floats = np.cumsum(np.asarray(values, dtype="float64"))
    return np.concatenate([[0.0], added])


def _shares(share: SaveShare) -> Floats:
    if not share.measured:
        return np.array([share.value])
    z = special.ndtri((np.arange(PARTS) + 0.5) / PARTS)
    side = np.where(z < 0, share.value - share.low, share.high - share.value)
    values: Floats = np.clip(share.value + side * z / Z, 0.0, 1.0)
    return values


def _spelled_out(p: Floats, v: Floats, shares: Floats) -> Floats:
    """Ends of the interval where every outcome is listed."""
    gains, chances = np.zeros(1), np.ones((len(shares), 1))
    for one, worth in zip(p, v, strict=True):
        saved = (one * shares)[:, None]
        gains = np.concatenate([gains, gains + worth])
        chances = np.concatenate([chances * (1 - saved), chances * saved], axis=1)
    order = np.argsort(gains, kind="stable")
    reached = np.cumsum(chances.mean(axis=0)[order])
    ends: Floats = gains[order][np.searchsorted(reached, np.array(_TAILS) - _EDGE)]
    return ends


def _fitted(p: Floats, v: Floats, shares: Floats, at: NDArray[np.int64]) -> Floats:
    """Ends of the interval of the first so many, by the beta distribution."""
    least, most = (sums(part)[at] for part in (np.minimum(v, 0.0), np.maximum(v, 0.0)))
    parts = [_one_share(p, v, s, at, least, most) for s in shares]
    nobody, alpha, beta = np.stack(parts, axis=1) if len(at) else np.empty((3, len(shares), 0))

    def below(x: Floats) -> Floats:
        some = (1 - nobody) * special.betainc(alpha, beta, x)
        chance: Floats = np.mean(some + nobody * (least + (most - least) * x >= 0), axis=0)
        return chance

    return np.stack([least + (most - least) * _quantile(below, q, len(at)) for q in _TAILS])


def _one_share(
    p: Floats, v: Floats, s: float, at: NDArray[np.int64], least: Floats, most: Floats
) -> tuple[Floats, Floats, Floats]:
    """Chance that nobody is saved, and the beta distribution of the gain where somebody is."""
    chance = np.where(v == 0, 0.0, p * s)
    with np.errstate(divide="ignore"):  # one who is certain to be saved leaves no chance of nobody
        missed = sums(np.log1p(-chance))[at]
    somebody = np.where(missed < 0, -np.expm1(missed), 1.0)
    width = np.where(most - least > _EDGE, most - least, 1.0)  # too small to be divided by
    given = sums(chance * v)[at] / width / somebody
    square = (sums(chance * (1 - chance) * v**2)[at] / width**2 + (given * somebody) ** 2) / somebody
    middle = np.clip(given - least / width, _EDGE, 1 - _EDGE)
    with np.errstate(divide="ignore"):
        size = middle * (1 - middle) / np.maximum(square - given**2, 0.0) - 1
    size = np.clip(size, 1e-6, 1e12)
    return np.exp(missed), middle * size, (1 - middle) * size


def _quantile(below: Callable[[Floats], Floats], q: float, n: int) -> Floats:
    """Least point of 0 to 1 that a share q of the distribution does not exceed, by halving."""
    low, high = np.zeros(n), np.ones(n)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = below(middle) >= q
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
