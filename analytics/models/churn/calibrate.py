"""Calibration of probabilities on a later slice, and only where a yet later one says that it helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.models.churn.matrix import log_odds
from analytics.models.churn.measures import losses
from analytics.models.newton import most_likely

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST = 50
"""Customers of either outcome that a calibration needs."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds of the calibrated probability = intercept + slope × log odds of the model's.

    The default changes nothing.
    """

    intercept: float = 0.0
    slope: float = 1.0

    @property
    def used(self) -> bool:
        """Whether it changes anything."""
        return (self.intercept, self.slope) != (0.0, 1.0)

    def __call__(self, probability: Floats) -> Floats:
        """Calibrate probabilities; their order stays, because the slope is positive."""
        if not self.used:
            return probability
        result: Floats = 1 / (1 + np.exp(-self.intercept - self.slope * log_odds(probability)))
        return result


def fit_calibration(probability: Floats, churned: Bools) -> Calibration:
    """Fit a calibration by maximum likelihood.

    Parameters
    ----------
    probability : numpy.ndarray of shape (n,)
        Of customers whom the model has not seen.
    churned : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    Calibration
        One that changes nothing under 50 customers of either outcome, or where the slope is not positive.

    References
    ----------
    .. [1] J. Platt, "Probabilistic Outputs for Support Vector Machines", *Advances in Large Margin
       Classifiers*, 1999.

    Examples
    --------
    Said of one half 10 % and of the other 30 %, of whom 20 % and 50 % left:

    >>> probability = np.repeat([0.1, 0.3], 500)
    >>> churned = np.concatenate([np.arange(500) % 5 == 0, np.arange(500) % 2 == 0])
    >>> np.unique(fit_calibration(probability, churned)(probability).round(4)).tolist()
    [0.2, 0.5]
    """
    if min(churned.sum(), (~churned).sum()) < LEAST:
        return Calibration()
    odds = log_odds(probability)
    columns = np.column_stack([np.ones(len(odds)), odds])
    guess = most_likely(columns, churned, np.array([0.0, 1.0]), np.array([0.0, 1e-6]))
    intercept, slope = (float(value) for value in guess)
    return Calibration(intercept, slope) if slope > 0.05 else Calibration()


def choose_calibration(forward: Sequence[tuple[Floats, Bools]]) -> tuple[Calibration, str]:
    """Decide whether to calibrate from forward predictions, the oldest slice first.

    Each slice is calibrated by the one before it; where that lowers the mean log loss by more than its
    standard error, the newest slice gives the calibration.

    Parameters
    ----------
    forward : sequence of (probability, churned)
        Predictions of models trained before each slice.

    Returns
    -------
    calibration : Calibration
    why : str
        A plain sentence.
    """
    if len(forward) < 2:
        return Calibration(), "Not recalibrated: the history is too short to tell whether that helps."
    gains = []
    for (probability, churned), (later, fate) in pairwise(forward):
        change = fit_calibration(probability, churned)
        gains.append(losses(later, fate)[1] - losses(change(later), fate)[1])
    gain = np.concatenate(gains)
    if gain.mean() > gain.std() / np.sqrt(len(gain)) > 0:
        found = fit_calibration(*forward[-1])
        return found, "Recalibrated on the latest training window, which helped in the windows before."
    return Calibration(), "Not recalibrated: it did not help in the windows before."
