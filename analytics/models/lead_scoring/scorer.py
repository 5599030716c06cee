"""The model: gradient boosting on what is known of a lead, calibrated on leads that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from analytics.models.churn.calibrate import Calibration, fit_calibration
from analytics.models.churn.candidates import fit_estimators, probabilities
from analytics.models.churn.matrix import Column, design, plan_columns

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 10
"""Leads of either outcome that a model needs."""
FOLDS = 5


@dataclass(frozen=True)
class Scorer:
    """A fitted model.

    Attributes
    ----------
    columns : tuple of Column
        Of its matrix.
    estimators : dict of str to estimator
    calibration : Calibration
    """

    columns: tuple[Column, ...]
    estimators: dict[str, Any]
    calibration: Calibration

    def probability(self, frame: pd.DataFrame) -> Floats:
        """Chance to convert of each lead, 0–1."""
        return self.calibration(probabilities("boosting", self.estimators, design(frame, self.columns)))


def readable(frame: pd.DataFrame, features: Sequence[str], like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Read columns of text as numbers where every value is one.

    Parameters
    ----------
    frame : pandas.DataFrame
        It is not modified.
    features : sequence of str
    like : pandas.DataFrame, optional
        A frame whose columns decide which are numbers, by default `frame` itself: two frames that one model
        sees must agree. What is no number in `frame` is then missing.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> frame = pd.DataFrame({"visits": ["3", None, "10"], "city": ["Hue", "7", None]})
    >>> readable(frame, ["visits", "city"]).dtypes.map(lambda kind: kind.kind == "f").to_dict()
    {'visits': True, 'city': False}
    """
    pattern, changed = frame if like is None else like, {}
    for name in features:
        if pd.api.types.is_numeric_dtype(pattern[name]) and not pd.api.types.is_numeric_dtype(frame[name]):
            changed[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        if pd.api.types.is_numeric_dtype(pattern[name]):
            continue
        given = pattern[name].dropna().astype(str)
        if len(given) and pd.to_numeric(given, errors="coerce").notna().all():
            changed[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
    return frame.assign(**changed)


def folds(converted: Bools, seed: int) -> NDArray[np.int64]:
    """Which of five parts each lead belongs to; both outcomes are spread evenly over them."""
    place = np.zeros(len(converted), dtype="int64")
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(converted, converted)
    for number, (_, inside) in enumerate(parts):
        place[inside] = number
    return place


def out_of_fold(
    frame: pd.DataFrame, converted: Bools, features: Sequence[str], place: NDArray[np.int64], *, seed: int
) -> Floats:
    """Chances that models say of leads that they were not fitted on, not yet calibrated."""
    columns = plan_columns(frame, features)
    matrix, found = design(frame, columns), np.zeros(len(frame))
    for number in range(FOLDS):
        inside = place == number
        fitted = fit_estimators(("boosting",), matrix[~inside], converted[~inside], seed=seed)
        found[inside] = probabilities("boosting", fitted, matrix[inside])
    return found


def fit_scorer(
    frame: pd.DataFrame, converted: Bools, ripe: Bools, features: Sequence[str], *, seed: int
) -> Scorer:
    """Fit a model to leads, and calibrate it on those of them that had time to convert.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of the leads, with the columns `features`.
    converted : numpy.ndarray of bool, shape (n,)
        With at least `FEWEST` of either outcome.
    ripe : numpy.ndarray of bool, shape (n,)
        Old enough to have converted. **Why**: of the younger ones only those that have converted are in
        `frame`, which would make every chance too high.
    features : sequence of str
    seed : int

    Returns
    -------
    Scorer
        Under 50 ripe leads of either outcome the boosting's own chances stand, which its regularisation
        keeps close to calibrated.
    """
    outside = out_of_fold(frame, converted, features, folds(converted, seed), seed=seed)
    columns = plan_columns(frame, features)
    fitted = fit_estimators(("boosting",), design(frame, columns), converted, seed=seed)
    return Scorer(columns, fitted, fit_calibration(outside[ripe], converted[ripe]))


def enough(converted: Bools) -> bool:
    """Whether there are at least `FEWEST` leads of either outcome."""
    return bool(min(converted.sum(), (~converted).sum()) >= FEWEST)
