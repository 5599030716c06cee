"""A random forest on the last twelve months, the calendar and the open pipeline, month after month."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.tree import DecisionTreeRegressor

from analytics.metrics.seasons import YEAR
from analytics.models.forecast.paths import Flags, Floats, Ints, Paths

TREES = 40


def forest(
    values: Floats, ends: Ints, horizon: int, *, seed: int = 0, pipeline: Floats | None = None
) -> Paths:
    """Forecast one month at a time, each fed with those before it.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first.
    ends : ndarray of shape (n_ends,)
        How many months are known; at least 24.
    horizon : int
    seed : int
    pipeline : ndarray of shape (n,), optional
        Value of the open deals at each month's end, in the unit of the series. Beyond the end the last known
        one stands.

    Returns
    -------
    Paths
        The deviation is that of the errors out of bag, the same for all months ahead.
    """
    mean, deviation = np.empty((len(ends), horizon)), np.empty((len(ends), horizon))
    for row, end in enumerate(ends):
        deals = None if pipeline is None else pipeline[:end]
        mean[row], deviation[row] = _one(values[:end], horizon, seed, deals)
    return Paths(mean, deviation, ("random forest",) * len(ends))


def _one(known: Floats, horizon: int, seed: int, deals: Floats | None) -> tuple[Floats, float]:
    levels = np.array([_level(known, t) for t in range(YEAR, len(known))])
    rows = np.array([_row(known, t, deals) for t in range(YEAR, len(known))], dtype=np.float32)
    target = known[YEAR:] / levels
    trees, outside = _grown(rows, target, seed)
    votes = outside.sum(axis=0)
    said = (np.array([tree.predict(rows)[:, 0] for tree in trees]) * outside).sum(axis=0)
    errors = (said[votes > 0] / votes[votes > 0] - target[votes > 0]) * levels[-1]
    path = known
    for _ in range(horizon):
        t = len(path)
        row = _row(path, t, deals).astype(np.float32)[None, :]
        ahead = sum(tree.predict(row)[0, 0] for tree in trees) / TREES * _level(path, t)
        path = np.append(path, ahead)
    return path[len(known) :], float(np.sqrt((errors**2).mean())) if len(errors) else 0.0


def _grown(rows: NDArray[np.float32], target: Floats, seed: int) -> tuple[list[Any], Flags]:
    """Trees on months drawn with replacement, and for each which months it has not seen, shape (trees, n).

    What `RandomForestRegressor` does, whose checks take six times as long as such small trees. On 75 monthly
    series of retail its forecasts were no better: MASE 1.59 against 1.50 here from 36 months, 1.35 against
    1.31 from 120.
    """
    random = np.random.RandomState(seed)  # scikit-learn's trees take none of the newer generators
    tree = DecisionTreeRegressor(min_samples_leaf=2, max_features=0.5, random_state=random)
    drawn = random.randint(len(rows), size=(TREES, len(rows)))
    with config_context(skip_parameter_validation=True):
        trees = [tree.fit(rows[own], target[own], check_input=False).tree_ for own in drawn]
    outside = np.ones(drawn.shape, dtype=bool)
    np.put_along_axis(outside, drawn, False, axis=1)
    return trees, outside


def _level(path: Floats, t: int) -> float:
    return float(np.abs(path[t - YEAR : t]).mean()) or 1.0


def _row(path: Floats, t: int, deals: Floats | None) -> Floats:
    """What is known before month t: the twelve months to it, its place in the year, the deals then open."""
    level, angle = _level(path, t), 2 * np.pi * t / YEAR
    row = np.r_[path[t - YEAR : t] / level, np.sin(angle), np.cos(angle)]
    deal = [] if deals is None else [deals[min(t, len(deals)) - 1] / level]
    return np.append(row, deal)
