"""The models that compete: logistic regression, regularised boosting, their mean, and a random forest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor

from analytics.models.churn.forest import Forest
from analytics.models.churn.logistic import fit_logistic
from analytics.models.threads import one_thread

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CANDIDATES = ("mean", "boosting", "logistic", "random_forest")
"""In the order in which equal ones are preferred."""

SIMPLEST = "logistic"
"""Taken where no other is better by more than chance: steadier from run to run, and one line to explain."""

LABELS: Mapping[str, str] = {
    "mean": "Mean of logistic regression and boosting",
    "boosting": "Gradient boosting",
    "logistic": "Logistic regression",
    "random_forest": "Random forest",
    "recency": "Days since the last purchase alone",
    "logins": "Change of logins alone",
    "clv_probability": "Chance of no purchase from the CLV model",
    "prior": "The same chance for everybody",
}

PARTS: Mapping[str, tuple[str, ...]] = {
    "mean": ("logistic", "boosting"),
    "boosting": ("boosting",),
    "logistic": ("logistic",),
    "random_forest": ("random_forest",),
}
"""The estimators whose mean probability each candidate is."""

FOREST_ROWS = 1_000
"""What a tree of the forest sees at most; of 5,000, leaves of ten customers learn the noise."""

RESAMPLED_TREES = 15


def fit_estimators(
    names: tuple[str, ...],
    matrix: Floats,
    churned: Bools,
    *,
    seed: int,
    trees: int = 40,
) -> dict[str, Any]:
    """Fit estimators to one matrix.

    Parameters
    ----------
    names : tuple of str
        Of ``logistic``, ``boosting``, ``random_forest``.
    matrix : numpy.ndarray of shape (n, k)
        Missing is NaN.
    churned : numpy.ndarray of bool, shape (n,)
        With both outcomes.
    seed : int
    trees : int, default 40
        Of the forest.

    Returns
    -------
    dict of str to estimator
        Each with ``predict_proba``; one thread, so that the number of threads changes no figure.

    Notes
    -----
    Boosting with trees of 8 leaves, 40 rows a leaf and l2 1 was the best single model on public churn data,
    and its mean with a logistic regression better than either; 30 trees at learning rate 0.15 and 63 bins are
    as good there as 150 at 0.04 and 255, and better on fewer customers. Each tree of the forest sees at most
    `FOREST_ROWS`.
    """
    with one_thread():
        return {name: _fitted(name, matrix, churned, seed, trees) for name in names}


def fit_resampled(
    name: str, matrix: Floats, churned: Bools, counts: Sequence[NDArray[np.int64]], *, seed: int
) -> list[Any]:
    """Fit one estimator on each of several samples of the rows of a matrix.

    Parameters
    ----------
    name : {"logistic", "boosting", "random_forest"}
    matrix : numpy.ndarray of shape (n, k)
    churned : numpy.ndarray of bool, shape (n,)
    counts : sequence of numpy.ndarray of shape (n,)
        How often each row was drawn; with both outcomes among the drawn.
    seed : int

    Returns
    -------
    list of estimator
        One for each sample; forests have `RESAMPLED_TREES`.
    """
    with one_thread():
        if name == "logistic":
            return fit_logistic(matrix, churned, counts)[1:]
        found = []
        for number, times in enumerate(counts):
            drawn = np.repeat(np.arange(len(times)), times)  # rows, not weights: boosting is quicker so
            sample = matrix[drawn], churned[drawn]
            found.append(_fitted(name, *sample, seed + number, RESAMPLED_TREES))
        return found


def _fitted(name: str, matrix: Floats, churned: Bools, seed: int, trees: int) -> Any:
    if name == "logistic":
        return fit_logistic(matrix, churned)[0]
    fitted = _new(name, len(matrix), seed, trees).fit(matrix, churned)
    return Forest.of(fitted) if name == "random_forest" else fitted


def _new(name: str, rows: int, seed: int, trees: int) -> Any:
    if name == "boosting":
        return HistGradientBoostingClassifier(
            learning_rate=0.15,
            max_iter=30,
            max_leaf_nodes=8,
            max_bins=63,
            min_samples_leaf=max(1, min(40, rows // 20)),
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )
    # Of outcomes of 0 and 1 the variance is half of Gini's impurity: the same trees, in half the time.
    return RandomForestRegressor(
        trees,
        max_features="sqrt",
        min_samples_leaf=max(1, min(20, rows // 50)),
        max_samples=min(rows, FOREST_ROWS),
        random_state=seed,
        n_jobs=1,
    )


def probabilities(candidate: str, estimators: Mapping[str, Any], matrix: Floats) -> Floats:
    """Chance of leaving, as a candidate sees it.

    Parameters
    ----------
    candidate : str
        One of `CANDIDATES`.
    estimators : mapping of str to estimator
        At least the candidate's `PARTS`.
    matrix : numpy.ndarray of shape (n, k)

    Returns
    -------
    numpy.ndarray of shape (n,)
    """
    if not len(matrix):
        return np.zeros(0)
    with one_thread():
        parts = [estimators[name].predict_proba(matrix)[:, 1] for name in PARTS[candidate]]
    result: Floats = np.mean(parts, axis=0)
    return result
