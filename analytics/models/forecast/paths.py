"""What every candidate gives back: one forecast for each end of the history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """Forecasts from several ends of one history.

    Attributes
    ----------
    mean : ndarray of shape (n_ends, horizon)
        Expected value of each month after the end, in the unit of the series.
    deviation : ndarray of shape (n_ends, horizon)
        Standard deviation of the error that the model itself expects.
    forms : tuple of str
        What was chosen for each end, in the words of the model's literature.
    """

    mean: Floats
    deviation: Floats
    forms: tuple[str, ...]


def unit_of(values: Floats) -> float:
    """A size to divide a series by, so that searches do not depend on its currency."""
    return float(np.abs(values).mean()) or 1.0
