"""The plain candidates: the mean of few months, and last year repeated."""

from __future__ import annotations

import numpy as np

from analytics.metrics.seasons import YEAR
from analytics.models.forecast.paths import Floats, Ints, Paths


def mean_of_months(values: Floats, ends: Ints, horizon: int) -> Paths:
    """Expect what came in on average.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first.
    ends : ndarray of shape (n_ends,)
        How many months are known; at least 2.
    horizon : int

    Returns
    -------
    Paths
        The deviation of a new month from the mean of n independent ones: s · √(1 + 1/n).
    """
    means = np.array([values[:end].mean() for end in ends])
    spread = np.array([values[:end].std(ddof=1) * np.sqrt(1 + 1 / end) for end in ends])
    level, width = (np.repeat(part[:, None], horizon, axis=1) for part in (means, spread))
    return Paths(level, width, ("mean",) * len(ends))


def seasonal_naive(values: Floats, ends: Ints, horizon: int) -> Paths:
    """Expect of each month what the same month brought a year before.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first.
    ends : ndarray of shape (n_ends,)
        How many months are known; at least 12.
    horizon : int

    Returns
    -------
    Paths
        The deviation k years ahead is √k times that of one year against the next (a seasonal random walk);
        with fewer than three such differences it is that of the months around their mean.
    """
    ahead = np.arange(horizon)
    mean = np.array([values[end - YEAR + ahead % YEAR] for end in ends])
    spread = np.array([_yearly_change(values[:end]) for end in ends])
    return Paths(mean, spread[:, None] * np.sqrt(ahead // YEAR + 1), ("last year",) * len(ends))


def _yearly_change(known: Floats) -> float:
    changes = known[YEAR:] - known[:-YEAR]
    if len(changes) < 3:
        return float(known.std(ddof=1))
    return float(np.sqrt((changes**2).mean()))
