"""Buyers whose true model is known: what they do follows the MBG/NBD (or BG/NBD) and Gamma-Gamma exactly.

For benchmarks and for tests of coverage; times are whole days, as in real data, so that two purchases of one
day are one visit.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CDNOW_LIKE = (0.52, 6.18, 0.89, 1.61)
"""r, α, a, b of the MBG/NBD, times in weeks: half of the customers buy once."""

VALUE_LIKE = (6.25, 3.74, 15.44)
"""p, q, γ of Gamma-Gamma, as published for CDNOW."""


@dataclass(frozen=True)
class Buyers:
    """Repeat visits of simulated customers, by customer and day.

    Attributes
    ----------
    first_day : numpy.ndarray of shape (n_customers,)
    customer, day, value : numpy.ndarray of shape (n_repeat_visits,)
    """

    first_day: np.ndarray
    customer: np.ndarray
    day: np.ndarray
    value: np.ndarray

    def histories(self, cut: int, until: int | None = None) -> pd.DataFrame:
        """As `analytics.metrics.visits.visit_history`, of the customers acquired before day `cut`."""
        known = self.first_day < cut
        count = len(self.first_day)
        past = self.day < cut
        repeats = np.bincount(self.customer[past], minlength=count)
        spent = np.bincount(self.customer[past], weights=self.value[past], minlength=count)
        last = self.first_day.copy()
        np.maximum.at(last, self.customer[past], self.day[past])
        frame = pd.DataFrame(
            {
                "customer_id": np.char.zfill(np.arange(count).astype("U8"), 8),
                "visits": repeats + 1,
                "first_day": self.first_day,
                "last_day": last,
                "observed_day": cut - 1,
                "repeat_value": np.divide(spent, repeats, out=np.full(count, np.nan), where=repeats > 0),
            }
        )
        if until is not None:
            later = ~past & (self.day < until)
            frame["later_visits"] = np.bincount(self.customer[later], minlength=count)
            frame["later_revenue"] = np.bincount(
                self.customer[later], weights=self.value[later], minlength=count
            )
        return frame[known].reset_index(drop=True)


def simulate(
    customers: int,
    *,
    days: int,
    acquired_within: int,
    seed: int = 0,
    params: tuple[float, float, float, float] = CDNOW_LIKE,
    value: tuple[float, float, float] = VALUE_LIKE,
    early: bool = True,
) -> Buyers:
    """Draw customers acquired evenly over the first days, and follow them to day `days`.

    Parameters
    ----------
    customers, days, acquired_within, seed : int
    params : tuple
        r, α, a, b; times in weeks.
    value : tuple
        p, q, γ.
    early : bool, default True
        Whether one can be gone after the first purchase (MBG/NBD); else the BG/NBD.
    """
    random = np.random.default_rng(seed)
    r, alpha, a, b = params
    rate = random.gamma(r, 1 / alpha, customers) / 7
    leaving = random.beta(a, b, customers)
    first = random.integers(0, acquired_within, customers)
    active = np.flatnonzero(random.random(customers) >= leaving) if early else np.arange(customers)
    time = first + random.random(customers)
    who, when = [], []
    while len(active):
        time[active] += random.exponential(1 / np.maximum(rate[active], 1e-12))
        active = active[time[active] < days]
        who.append(active)
        when.append(time[active].astype(np.int64))
        active = active[random.random(len(active)) >= leaving[active]]
    customer, day = np.concatenate(who), np.concatenate(when)
    keys = np.unique(customer * days + day)  # a day is one visit
    customer, day = keys // days, keys % days
    again = day > first[customer]
    customer, day = customer[again], day[again]
    p, q, gamma = value
    level = random.gamma(q, 1 / gamma, customers)
    return Buyers(first, customer, day, random.gamma(p, 1 / level[customer]))
