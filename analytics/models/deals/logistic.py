"""Logistic regression by Newton's method, calibrated on parts of the rows that it was not fitted to.

A page needs one for every day that it looks back to. With a dozen columns a step of Newton's method is one
small system of equations, and a fit to four parts of five starts where the fit to all of them has ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analytics.models.newton import ROUNDING, most_likely

Floats = NDArray[np.float64]

PENALTY = 20.0
"""Times half the sum of squared coefficients (of inputs with a spread of 1), taken from the log likelihood.

A deal is there once a week, and its weeks say much the same: what would do for as many deals is too little.
With 20 rather than 1, later deals were foretold a little better, and clearly better where few are closed."""


@dataclass(frozen=True, eq=False, slots=True)
class Logistic:
    """Log odds = intercept + Σ slope × (input − its mean); a missing input stands at its mean.

    Attributes
    ----------
    intercept : float
    slopes, means : numpy.ndarray of shape (k,)
    """

    intercept: float
    slopes: Floats
    means: Floats

    def probability(self, values: Floats) -> Floats:
        """Probability of rows of the k inputs, 0–1."""
        beside = np.where(np.isnan(values), 0.0, values - self.means)
        found: Floats = expit(self.intercept + (beside * self.slopes).sum(axis=1))
        return found


def fit_calibrated(values: Floats, target: NDArray[np.bool_], part: NDArray[np.int64]) -> Logistic:
    """Fit a regularised logistic regression and calibrate it by cross-validation.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, k)
        Inputs that differ between rows; missing is NaN.
    target : numpy.ndarray of bool, shape (n,)
        With both outcomes, also without any one part.
    part : numpy.ndarray of int, shape (n,)
        Which part each row belongs to, from 0 on; rows that belong together are in one.

    Returns
    -------
    Logistic
        The calibration, a line through log odds, is within its intercept and slopes.

    References
    ----------
    .. [1] J. Platt, "Probabilistic Outputs for Support Vector Machines", *Advances in Large Margin
       Classifiers*, 1999.

    Examples
    --------
    Three of four with a champion are won, and one of four without:

    >>> champion = np.repeat([[0.0], [1.0]], 2_000, axis=0)
    >>> won = np.concatenate([np.arange(2_000) % 4 == 0, np.arange(2_000) % 4 > 0])
    >>> model = fit_calibrated(champion, won, np.arange(4_000) % 5)
    >>> model.probability(np.array([[0.0], [1.0], [np.nan]])).round(2).tolist()
    [0.25, 0.75, 0.5]
    """
    means = np.nanmean(values, axis=0)
    beside = np.where(np.isnan(values), 0.0, values - means)
    spread = beside.std(axis=0)
    flat = spread <= ROUNDING * np.abs(means)  # one value, but for the last digits of its mean
    spread[flat] = 1.0
    columns = np.column_stack([np.ones(len(values)), np.where(flat, 0.0, beside) / spread])
    goal = target.astype("float64")
    penalty = np.full(columns.shape[1], PENALTY)
    penalty[0] = 0.0
    found = most_likely(columns, goal, np.zeros(columns.shape[1]), penalty)
    outside = np.zeros(len(values))
    for number in range(int(part.max()) + 1):
        held = part == number
        outside[held] = columns[held] @ most_likely(columns[~held], goal[~held], found, penalty)
    hits = goal.sum()
    # Platt's targets: a little within 0 and 1, so that the line stays finite where outcomes are parted well.
    softened = np.where(target, (hits + 1) / (hits + 2), 1 / (len(goal) - hits + 2))
    line = np.column_stack([np.ones(len(values)), outside])
    shift, slope = most_likely(line, softened, np.array([0.0, 1.0]), np.zeros(2))
    return Logistic(float(shift + slope * found[0]), slope * found[1:] / spread, means)
