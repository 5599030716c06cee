"""Rolling-origin backtest: what every candidate would have said, month after month, against what came.

Every origin knows only the months before it. How a name ends says how to read it: mase, smape and mape are
errors, lower is better; bias is signed, above zero where forecasts were too high.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.metrics.seasons import FEWEST_MONTHS, YEAR
from analytics.models.forecast.candidates import FEWEST, Candidate, all_paths, recipe
from analytics.models.forecast.intervals import coverage, factor
from analytics.models.forecast.paths import Flags, Floats, Ints, Paths

LEAST_ORIGINS, MOST_ORIGINS = 6, 12
LONGEST = 12
"""Months ahead that a backtest looks."""

COLUMNS = (
    *("model", "mase", "smape", "mape", "bias", "bias_percent", "coverage_80", "coverage_95"),
    *("origins", "horizon", "months", "zero_months"),
)


@dataclass(frozen=True)
class Backtest:
    """What the backtest found.

    Attributes
    ----------
    scores : pandas.DataFrame
        One row for each candidate that every origin had months enough for, and for their mean, the best
        (lowest MASE) first. Empty without a backtest. Columns:

        - ``model`` (text)
        - ``mase``: mean over the origins of mean |error| / mean |change from the same month a year before| in
          the origin's training (from the month before under 24 months); missing where that never changes.
        - ``smape`` (0–200): mean of 200·|error| / (|actual| + |forecast|).
        - ``mape`` (percent): mean of 100·|error| / |actual| over months that are not zero.
        - ``bias`` (currency): mean of forecast − actual; ``bias_percent`` of the mean |actual|.
        - ``coverage_80``, ``coverage_95`` (percent): months within the intervals, each origin's scaled by the
          others' errors.
        - ``origins``, ``horizon``, ``months``, ``zero_months`` (int64): forecasts made, months ahead, months
          compared, and those of them that were zero.
    factors : mapping of str to float
        What the intervals of each are scaled by, see `intervals.factor`; empty without a backtest.
    ends : ndarray of shape (n_origins,)
        Months known at each origin.
    horizon : int
    paths : mapping of str to Paths
    changed : bool
        Whether some origins knew so few months that their mean was of other members than today's.
    """

    scores: pd.DataFrame
    factors: Mapping[str, float]
    ends: Ints
    horizon: int
    paths: Mapping[str, Paths]
    changed: bool = False


def plan(months: int, horizon: int) -> tuple[Ints, int]:
    """Which origins a history allows, and how far ahead they can look.

    Parameters
    ----------
    months : int
        Length of the history.
    horizon : int
        Months ahead that are asked for.

    Returns
    -------
    ends : ndarray
        Months known at each origin, one origin a month: six to twelve of them; empty where training would be
        too short.
    horizon : int
        At most 12; as many as leave six origins.

    Examples
    --------
    >>> ends, ahead = plan(120, 12)
    >>> int(ends.min()), int(ends.max()), ahead
    (97, 108, 12)
    >>> ends, ahead = plan(36, 12)
    >>> ends.tolist(), ahead
    ([24, 25, 26, 27, 28, 29], 7)
    >>> plan(29, 12)[0].tolist()
    []
    """
    # A mean needs the two years that its season needs; last year repeated needs the one.
    first = next((fewest for fewest in (FEWEST_MONTHS, YEAR) if months >= fewest), FEWEST)
    ahead = min(horizon, LONGEST, months - first - LEAST_ORIGINS + 1)
    if ahead < 1:
        return np.array([], dtype=np.int64), 0
    last = months - ahead
    return np.arange(max(first, last - MOST_ORIGINS + 1), last + 1, dtype=np.int64), ahead


def backtest(
    values: Floats, known: Mapping[str, Candidate], *, horizon: int, counted: Flags | None = None
) -> Backtest:
    """Hold every candidate against the months that came after each origin.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Months, oldest first, none missing.
    known : mapping of str to Candidate
    horizon : int
        Months ahead; at most 12 of them are tested.
    counted : ndarray of bool of shape (n,), optional
        Months that are targets; those that were filled in are not. By default all.

    Returns
    -------
    Backtest
    """
    ends, ahead = plan(len(values), horizon)
    if not len(ends):
        return Backtest(pd.DataFrame(columns=list(COLUMNS)), {}, ends, 0, {})
    counts = np.ones(len(values), dtype=bool) if counted is None else counted
    places = ends[:, None] + np.arange(ahead)
    actual = np.where(counts[places], values[places], np.nan)
    scales = np.array([training_scale(values[:end]) for end in ends])
    paths = all_paths(values, ends, ahead, known)
    rows = [{"model": name} | _scores(each, actual, scales) for name, each in paths.items()]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(origins=len(ends), horizon=ahead)
    return Backtest(
        scores=frame.sort_values(["mase", "model"], ignore_index=True, kind="stable"),
        factors={name: factor(each.mean - actual, each.deviation) for name, each in paths.items()},
        ends=ends,
        horizon=ahead,
        paths=paths,
        changed=any(recipe(int(end)) != recipe(len(values)) for end in ends),
    )


def training_scale(known: Floats) -> float:
    """Mean change from the same month a year before, or from the month before under 24 months.

    Examples
    --------
    >>> training_scale(np.array([1.0, 2.0, 4.0]))
    1.5
    """
    lag = YEAR if len(known) >= FEWEST_MONTHS else 1
    return float(np.abs(known[lag:] - known[:-lag]).mean())


def _scores(paths: Paths, actual: Floats, scales: Floats) -> dict[str, float]:
    """Errors of one candidate over all origins; NaN where there is no month to say it of."""
    errors = paths.mean - actual
    known = np.isfinite(errors)
    if not known.any():
        return dict.fromkeys(COLUMNS[1:8], float("nan")) | {"months": 0, "zero_months": 0}
    size, true = np.abs(errors[known]), np.abs(actual[known])
    both = true + np.abs(paths.mean[known])
    scaled = np.array(
        [np.abs(row[np.isfinite(row)]).mean() if np.isfinite(row).any() else np.nan for row in errors]
    )
    usable = np.isfinite(scaled) & (scales > 0)
    within_80, within_95 = coverage(errors, paths.deviation)
    return {
        "mase": float((scaled[usable] / scales[usable]).mean()) if usable.any() else float("nan"),
        "smape": float(np.mean(200 * size[both > 0] / both[both > 0])) if (both > 0).any() else 0.0,
        "mape": float(np.mean(100 * size[true > 0] / true[true > 0])) if (true > 0).any() else float("nan"),
        "bias": float(errors[known].mean()),
        "bias_percent": 100 * float(errors[known].sum() / true.sum()) if true.sum() > 0 else float("nan"),
        "coverage_80": within_80,
        "coverage_95": within_95,
        "months": int(known.sum()),
        "zero_months": int((true == 0).sum()),
    }
