"""The candidates, what each needs, and of which of them the forecast is the mean.

The length of the history decides, not the winner of a backtest: on every set of series measured the plain
mean of candidates was better than the one that a backtest had chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from analytics.metrics.seasons import FEWEST_MONTHS, YEAR
from analytics.models.forecast.arima import arima
from analytics.models.forecast.forest import forest
from analytics.models.forecast.naive import mean_of_months, seasonal_drift, seasonal_naive
from analytics.models.forecast.paths import Floats, Ints, Paths
from analytics.models.forecast.smoothing import smoothing
from analytics.models.forecast.theta import theta

FEWEST = 6
"""Months under which nothing is forecast."""
MOST_MONTHS = 10 * YEAR
"""Only the last ten years are read: what was before tells little of what comes, and costs."""
NAIVE = "seasonal_naive"
MEAN = "mean"

_BY_LENGTH = (
    (3 * YEAR, ("exponential_smoothing", "theta", "arima")),
    (FEWEST_MONTHS, ("seasonal_drift", "theta")),
    (YEAR, (NAIVE,)),
    (FEWEST, ("mean_of_months",)),
)


class Forecaster(Protocol):
    """Forecasts from several ends of one series."""

    def __call__(self, values: Floats, ends: Ints, horizon: int) -> Paths: ...  # noqa: D102


@dataclass(frozen=True)
class Candidate:
    """A way to forecast, and the months that it needs."""

    fewest: int
    forecast: Forecaster


def candidates(*, seed: int = 0, pipeline: Floats | None = None) -> Mapping[str, Candidate]:
    """All candidates by name.

    Parameters
    ----------
    seed : int
        Of the random forest; the others draw no random numbers.
    pipeline : ndarray of shape (n,), optional
        Value of the open deals at each month's end, a feature of the forest.

    Returns
    -------
    mapping of str to Candidate
    """
    return {
        "mean_of_months": Candidate(FEWEST, mean_of_months),
        NAIVE: Candidate(YEAR, seasonal_naive),
        "seasonal_drift": Candidate(FEWEST_MONTHS, seasonal_drift),
        "exponential_smoothing": Candidate(FEWEST_MONTHS, smoothing),
        "theta": Candidate(FEWEST_MONTHS, theta),
        "arima": Candidate(FEWEST_MONTHS, arima),
        "random_forest": Candidate(FEWEST_MONTHS, partial(forest, seed=seed, pipeline=pipeline)),
    }


def recipe(months: int) -> tuple[str, ...]:
    """The candidates whose mean is the forecast, by the length of the history.

    Parameters
    ----------
    months : int

    Returns
    -------
    tuple of str
        Empty under six months.

    Examples
    --------
    >>> [recipe(months) for months in (5, 11, 23, 35)]
    [(), ('mean_of_months',), ('seasonal_naive',), ('seasonal_drift', 'theta')]
    >>> recipe(36)
    ('exponential_smoothing', 'theta', 'arima')
    """
    return next((names for fewest, names in _BY_LENGTH if months >= fewest), ())


def name_of(members: tuple[str, ...]) -> str:
    """The name under which a recipe forecasts: its only member's, or ``mean``."""
    return members[0] if len(members) == 1 else MEAN


def all_paths(values: Floats, ends: Ints, horizon: int, known: Mapping[str, Candidate]) -> dict[str, Paths]:
    """Forecast by every candidate that can, and by the mean that the length of each history asks for.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first, none missing.
    ends : ndarray of shape (n_ends,)
        How many months are known, ascending; all at least 6.
    horizon : int
    known : mapping of str to Candidate
        As returned by `candidates`.

    Returns
    -------
    dict of str to Paths
        Each candidate whose need all ends meet, and ``mean`` where the longest history has more than one
        member and all are among the candidates. At an earlier end the mean is of what that length asks
        for: what would have been said then.
    """
    shortest, longest = int(ends.min()), int(ends.max())
    wanted = {name for end in ends for name in recipe(int(end))}
    found = {
        name: each.forecast(values, ends, horizon)
        for name, each in known.items()
        if shortest >= each.fewest and (name != "mean_of_months" or name in wanted)
    }
    if len(recipe(longest)) > 1 and wanted <= found.keys():
        found[MEAN] = _mean(found, ends)
    return found


def _mean(paths: Mapping[str, Paths], ends: Ints) -> Paths:
    """The mean of the members at each end; its deviation is theirs on average, as if errors went together."""
    members = [recipe(int(end)) for end in ends]
    mean, deviation = (
        np.array(
            [
                np.mean([getattr(paths[name], part)[i] for name in names], axis=0)
                for i, names in enumerate(members)
            ]
        )
        for part in ("mean", "deviation")
    )
    return Paths(mean, deviation, tuple(" + ".join(names) for names in members))
