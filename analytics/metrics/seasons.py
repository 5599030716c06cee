"""Seasons of a monthly series: what a calendar month usually is against the months around it.

Classical decomposition: the trend is a centred mean of twelve months, the season what is left over it on
average, month by month. Plain numbers of a few hundred months; the engine has summed them before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YEAR = 12
"""Months after which a season returns."""
FEWEST_MONTHS = 2 * YEAR
"""Months without which no season can be told from a trend."""
_SURE = 1.645  # one in ten series without a season seems to have one


def centred_mean(values: Floats) -> Floats:
    """Mean of the twelve months around each month, the two ends of the window counted half.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        NaN for the first and the last six months, whose surroundings are not known.

    Examples
    --------
    >>> centred_mean(np.arange(14.0))[5:9]
    array([nan,  6.,  7., nan])
    """
    found = np.full(len(values), np.nan)
    if len(values) > YEAR:
        weights = np.r_[0.5, np.ones(YEAR - 1), 0.5] / YEAR
        found[YEAR // 2 : -YEAR // 2] = np.convolve(values, weights, "valid")
    return found


def season(values: Floats, *, ratio: bool) -> Floats:
    """What each calendar month is against the trend, on average over the years.

    Parameters
    ----------
    values : ndarray of shape (n,)
        At least `FEWEST_MONTHS` months.
    ratio : bool
        Whether months are divided by the trend (of a series above zero) or the trend is taken off.

    Returns
    -------
    ndarray of shape (12,)
        Entry i stands for the months i, i + 12, …; the mean of all is 1 (ratio) or 0.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., 2021,
       section 3.4.
    """
    trend = centred_mean(values)
    known = np.flatnonzero(np.isfinite(trend))
    against = values[known] / trend[known] if ratio else values[known] - trend[known]
    mean = np.array([against[known % YEAR == month].mean() for month in range(YEAR)])
    found: Floats = mean / mean.mean() if ratio else mean - mean.mean()
    return found


def seasonal_strength(values: Floats) -> float:
    """How much of what is not trend is season.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    float
        1 − Var(rest) / Var(season + rest), from 0, no season, to 1, nothing but season; 0 where the series is
        shorter than `FEWEST_MONTHS` or never leaves its trend.

    References
    ----------
    .. [1] X. Wang, K. Smith and R. Hyndman, "Characteristic-based clustering for time series data", *Data
       Mining and Knowledge Discovery* 13, 2006.
    """
    if len(values) < FEWEST_MONTHS:
        return 0.0
    trend = centred_mean(values)
    known = np.flatnonzero(np.isfinite(trend))
    detrended = values[known] - trend[known]
    spread = float(np.var(detrended))
    if spread <= 1e-18 * max(1.0, float(np.mean(values**2))):
        return 0.0
    rest = detrended - season(values, ratio=False)[known % YEAR]
    return max(0.0, 1.0 - float(np.var(rest)) / spread)


def has_season(values: Floats) -> bool:
    """Whether months resemble those of the year before more than chance would have it.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    bool
        Whether the autocorrelation at 12 months is beyond Bartlett's 90 % limit; false under
        `FEWEST_MONTHS`.
    """
    n = len(values)
    centred = values - values.mean()
    total = float(centred @ centred)
    if n < FEWEST_MONTHS or total <= 0:
        return False
    alike = np.array([centred[lag:] @ centred[: n - lag] for lag in range(1, YEAR + 1)]) / total
    limit = _SURE * np.sqrt((1 + 2 * float((alike[:-1] ** 2).sum())) / n)
    return bool(abs(alike[-1]) > limit)
