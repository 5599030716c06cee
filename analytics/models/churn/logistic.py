"""A logistic regression that knows of missing values, as one number for each thing that it goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analytics.models.newton import ROUNDING, most_likely

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PENALTY = 20.0
"""Of a coefficient's square, on columns of unit spread: as good as 2 on thousands of customers, and better
on hundreds."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression.

    **Why** not scikit-learn's own pipeline: a filler, a scaler and a regression come to one straight line,
    which is quicker to fit, to keep and to ask.

    Attributes
    ----------
    coefficients : numpy.ndarray of shape (1 + 2 k,)
        Log odds where all k columns are 0 and known; what each column adds for each unit; what it adds where
        it is missing.
    """

    coefficients: Floats

    def predict_proba(self, matrix: Floats) -> Floats:
        """Chance of staying and of leaving; each row's is the same, whoever else is asked about.

        Parameters
        ----------
        matrix : numpy.ndarray of shape (n, k)
            Missing is NaN.

        Returns
        -------
        numpy.ndarray of shape (n, 2)
        """
        unit, missing = self.coefficients[1:].reshape(2, -1)
        odds = self.coefficients[0] + np.where(np.isnan(matrix), missing, matrix * unit).sum(axis=1)
        return np.column_stack([expit(-odds), expit(odds)])


def fit_logistic(matrix: Floats, churned: Bools, counts: Sequence[NDArray[np.int64]] = ()) -> list[Logistic]:
    """Fit a logistic regression, and again on resampled rows.

    A missing value stands for the column's mean, and has a coefficient of its own.

    Parameters
    ----------
    matrix : numpy.ndarray of shape (n, k)
        Missing is NaN.
    churned : numpy.ndarray of bool, shape (n,)
        With both outcomes.
    counts : sequence of numpy.ndarray of shape (n,)
        How often each row was drawn, for each sample; with both outcomes among the drawn.

    Returns
    -------
    list of Logistic
        On all rows, then on each sample. The samples share the scale of all rows, and their search begins at
        the first one's coefficients.

    Examples
    --------
    >>> sees, left = np.arange(40.0)[:, None], np.arange(40) % 10 > 6
    >>> chance = fit_logistic(sees, left)[0].predict_proba(sees)[:, 1]
    >>> round(float(chance.mean()), 6)
    0.3
    """
    unknown = np.isnan(matrix)
    gaps = unknown.any(axis=0)
    some = np.maximum((~unknown).sum(axis=0), 1)
    typical = np.where(unknown, 0.0, matrix).sum(axis=0) / some  # 0 where nothing is known
    seen = np.column_stack([np.where(unknown, typical, matrix), unknown[:, gaps]])
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    flat = spread <= ROUNDING * np.abs(mean)  # one value, but for the last digits of its mean
    spread[flat] = 1.0
    columns = np.column_stack([np.ones(len(seen)), np.where(flat, 0.0, seen - mean) / spread])
    penalty = np.append(0.0, np.full(seen.shape[1], PENALTY))

    def on_the_scale_of_the_matrix(found: Floats) -> Logistic:
        slopes = found[1:] / spread
        unit, missing = slopes[: matrix.shape[1]], np.zeros(matrix.shape[1])
        missing[gaps] = slopes[matrix.shape[1] :]
        return Logistic(np.concatenate([[found[0] - slopes @ mean], unit, missing + unit * typical]))

    share = churned.mean()
    start = np.zeros(len(penalty))
    start[0] = np.log(share / (1 - share))
    first = most_likely(columns, churned, start, penalty)
    again = [most_likely(columns, churned, first, penalty, weights=count) for count in counts]
    return [on_the_scale_of_the_matrix(found) for found in (first, *again)]
