"""The most likely coefficients of a logistic regression, by Newton's method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""A spread of less than this share of a column's mean comes of rounding: the column has one value."""

_MOST_STEPS, _CLOSE = 100, 1e-7  # the error left is about the square of a step


def most_likely(
    columns: Floats,
    target: NDArray[Any],
    start: Floats,
    penalty: Floats,
    *,
    weights: NDArray[Any] | None = None,
) -> Floats:
    """Find the coefficients of the greatest penalised likelihood; it is concave, so there is one.

    Parameters
    ----------
    columns : numpy.ndarray of shape (n, k)
        Without missing values.
    target : numpy.ndarray of shape (n,)
        Outcomes, or chances from 0 to 1.
    start : numpy.ndarray of shape (k,)
        Where to begin.
    penalty : numpy.ndarray of shape (k,)
        Times half the square of each coefficient, taken from the log likelihood.
    weights : numpy.ndarray of shape (n,), optional
        How often each row counts; by default once.

    Returns
    -------
    numpy.ndarray of shape (k,)

    Examples
    --------
    One of four happens, whatever the only column of ones says: log odds of 1 to 3.

    >>> ones, seen = np.ones((4, 1)), np.array([True, False, False, False])
    >>> most_likely(ones, seen, np.zeros(1), np.zeros(1)).round(6).tolist()
    [-1.098612]
    """
    times = 1.0 if weights is None else weights

    def likelihood(of: Floats, odds: Floats) -> float:
        certain = np.maximum(odds, 0.0) + np.log1p(np.exp(-np.abs(odds)))  # ln(1 + e^odds), never too large
        return float((times * (target * odds - certain)).sum() - (penalty * of**2).sum() / 2)

    guess, odds = start, columns @ start
    reached = likelihood(guess, odds)
    for _ in range(_MOST_STEPS):
        said = expit(odds)
        slope = columns.T @ (times * (target - said)) - penalty * guess
        curvature = (columns * (times * said * (1 - said))[:, None]).T @ columns + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, slope)
        while True:
            odds = columns @ (guess + step)
            found = likelihood(guess + step, odds)
            if not (found < reached and np.abs(step).max() > _CLOSE):  # true also of what is no number
                break
            step = step / 2  # a whole one can lead past the top, and back, for ever
        guess, reached = guess + step, found
        if np.abs(step).max() < _CLOSE:
            break
    return guess
