"""Histories as models read them: repeat visits x, recency t_x and age T in weeks, equal rows once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS_A_WEEK = 7.0
WEEKS_A_MONTH = 365.25 / 84


@dataclass(frozen=True)
class Rows:
    """Distinct histories.

    Attributes
    ----------
    x : numpy.ndarray of int64, shape (n_distinct,)
        Repeat visits: the first visit is not counted.
    t_x, age : numpy.ndarray of float64, shape (n_distinct,)
        Weeks from the first visit to the last one, and to the last observed day.
    customers : numpy.ndarray of int64, shape (n_distinct,)
        How many customers have this history.
    place : numpy.ndarray of int64, shape (n_customers,)
        The distinct history of each customer.
    """

    x: Integers
    t_x: Floats
    age: Floats
    customers: Integers
    place: Integers

    def __len__(self) -> int:
        return len(self.x)


def collapse(histories: pd.DataFrame) -> Rows:
    """Count equal histories once; a million customers have far fewer different ones.

    Parameters
    ----------
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`.

    Returns
    -------
    Rows
        In the order of x, then age, then t_x.

    Examples
    --------
    >>> rows = collapse(pd.DataFrame({"visits": [1, 3, 1], "first_day": [0, 0, 0], "last_day": [0, 14, 0],
    ...                               "observed_day": [35, 35, 35]}))
    >>> rows.x.tolist(), rows.t_x.tolist(), rows.age.tolist(), rows.customers.tolist()
    ([0, 2], [0.0, 2.0], [5.0, 5.0], [2, 1])
    """
    x = histories["visits"].to_numpy(np.int64) - 1
    first = histories["first_day"].to_numpy(np.int64)
    t_x = histories["last_day"].to_numpy(np.int64) - first
    age = histories["observed_day"].to_numpy(np.int64) - first
    days = int(age.max(initial=0)) + 1
    _, index, place, customers = np.unique(
        (x * days + age) * days + t_x, return_index=True, return_inverse=True, return_counts=True
    )
    weeks = 1 / DAYS_A_WEEK
    return Rows(x[index], t_x[index] * weeks, age[index] * weeks, customers, place.astype(np.int64))
