"""The demonstration calendar: three years of trading days, their season and their opening hours.

Purchases happen in *trading time*, a clock that runs fast in a busy month and stands still on a closed day.
In trading time a process with a constant rate stays a process with a constant rate, so the parameters behind
the data remain true whatever the season; on the calendar the same purchases show the season.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FIRST_DAY = date(2023, 11, 1)
END_DAY = date(2026, 11, 1)
DAYS = (END_DAY - FIRST_DAY).days
SECONDS_A_DAY = 86_400


def day_number(day: date) -> int:
    """Days since the first day of the demonstration data (2023-11-01 is 0)."""
    return (day - FIRST_DAY).days


def days_in_demo() -> list[date]:
    """Every calendar day of the demonstration data, oldest first."""
    return [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]


def month_ends() -> list[date]:
    """Last days of the 36 months of the demonstration data, oldest first."""
    return [day for day in days_in_demo() if (day + timedelta(days=1)).day == 1]


@dataclass(frozen=True)
class Season:
    """How busy each day and each hour is, compared with an average one.

    Attributes
    ----------
    months : tuple of 12 floats
        Factor of each calendar month, January first.
    weekdays : tuple of 7 floats
        Factor of each day of the week, Monday first.
    closed : tuple of date
        Days without any trade.
    hours : tuple of 24 floats
        Weight of each hour of the day; 0 where the shop is closed.
    """

    months: tuple[float, ...]
    weekdays: tuple[float, ...]
    closed: tuple[date, ...]
    hours: tuple[float, ...]

    @cached_property
    def weights(self) -> Array:
        """Trading time that passes on each day, in days, shape (1096,), mean 1."""
        raw = np.array(
            [
                0.0 if day in self.closed else self.months[day.month - 1] * self.weekdays[day.weekday()]
                for day in days_in_demo()
            ]
        )
        weights: Array = raw / raw.mean()
        return weights

    @cached_property
    def elapsed(self) -> Array:
        """Trading time at the start of each day and at the end of the last one, shape (1097,)."""
        return np.concatenate([[0.0], np.cumsum(self.weights)])

    def day_of(self, trading_time: Array) -> Array:
        """Day number in which a moment of trading time falls; never a closed day."""
        number = np.searchsorted(self.elapsed, trading_time, side="right") - 1
        return np.clip(number, 0, DAYS - 1)

    def next_open(self, number: Array) -> Array:
        """The same day number where that day is open, else the next open one (1096 where none is left)."""
        following = np.full(DAYS + 1, DAYS)
        for day in range(DAYS - 1, -1, -1):
            following[day] = day if self.weights[day] > 0 else following[day + 1]
        return np.take(following, np.clip(number, 0, DAYS))

    def seconds(self, rng: np.random.Generator, size: int) -> Array:
        """Random seconds of the day inside the opening hours."""
        hours = np.array(self.hours) / sum(self.hours)
        return rng.choice(24, size=size, p=hours) * 3_600 + rng.integers(0, 3_600, size)

    def acquisition_times(self, rng: np.random.Generator, size: int, opening_wave: float) -> Array:
        """Trading times at which customers buy for the first time.

        Parameters
        ----------
        rng : numpy.random.Generator
        size : int
            How many customers.
        opening_wave : float
            How many times more customers come on the first day than on an ordinary one; it fades with a
            mean of 40 days. Afterwards acquisition grows by a third over the three years.
        """
        number = np.arange(DAYS)
        rate = self.weights * (1 + number / DAYS / 3 + opening_wave * np.exp(-number / 40))
        day = rng.choice(DAYS, size=size, p=rate / rate.sum())
        return self.elapsed[day] + rng.random(size) * self.weights[day]


def between(first: int, last: int, peaks: dict[int, float]) -> tuple[float, ...]:
    """Weights of 24 hours: 1 from `first` to before `last`, `peaks` where named, else 0."""
    return tuple(peaks.get(hour, 1.0) if first <= hour < last else 0.0 for hour in range(24))
