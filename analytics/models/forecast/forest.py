"""A random forest on the last twelve months, the calendar and the open pipeline, month after month."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from analytics.metrics.seasons import YEAR
from analytics.models.forecast.paths import Floats, Ints, Paths

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
    rows = np.array([_row(known, t, deals) for t in range(YEAR, len(known))])
    trees = RandomForestRegressor(
        TREES, min_samples_leaf=2, max_features=0.5, oob_score=_unscored, random_state=seed, n_jobs=1
    )
    target = known[YEAR:] / levels
    trees.fit(rows, target)
    said = trees.oob_prediction_
    errors = (said - target)[np.isfinite(said) & (said != 0)] * levels[-1]
    path = known
    for _ in range(horizon):
        t = len(path)
        ahead = _said(trees, _row(path, t, deals)) * _level(path, t)
        path = np.append(path, ahead)
    return path[len(known) :], float(np.sqrt((errors**2).mean())) if len(errors) else 0.0


def _unscored(_target: Floats, _said: Floats) -> float:
    """No score: only the predictions out of bag are wanted, and R² takes a third as long as the trees."""
    return 0.0


def _said(trees: RandomForestRegressor, row: Floats) -> float:
    """What the forest says of one row, as its `predict`, whose checks take longer than its trees."""
    single = row.astype(np.float32)[None, :]
    return float(sum(tree.tree_.predict(single)[0, 0] for tree in trees.estimators_) / len(trees.estimators_))


def _level(path: Floats, t: int) -> float:
    return float(np.abs(path[t - YEAR : t]).mean()) or 1.0


def _row(path: Floats, t: int, deals: Floats | None) -> Floats:
    """What is known before month t: the twelve months to it, its place in the year, the deals then open."""
    level, angle = _level(path, t), 2 * np.pi * t / YEAR
    row = np.r_[path[t - YEAR : t] / level, np.sin(angle), np.cos(angle)]
    deal = [] if deals is None else [deals[min(t, len(deals)) - 1] / level]
    return np.append(row, deal)
