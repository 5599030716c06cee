"""Rates that are honest: a percentage, what it is a percentage of, and how sure it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Z = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""


def percentage(successes: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Successes in percent of all; missing, never 0 or infinite, where there are none to succeed.

    Parameters
    ----------
    successes, n : array_like, broadcastable to one shape
        Counts, or any two quantities of one unit.

    Returns
    -------
    numpy.ndarray
        100 × successes / n, NaN where `n` is 0 or either is missing.

    Examples
    --------
    >>> percentage([435, 0], [450, 0]).round(1)
    array([96.7,  nan])
    """
    part, whole = np.broadcast_arrays(_floats(successes), _floats(n))
    result = np.full(part.shape, np.nan)
    np.divide(100 * part, whole, out=result, where=whole != 0)
    return result


def wilson(successes: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % interval of a share, in percent.

    Parameters
    ----------
    successes, n : array_like, broadcastable to one shape
        Counts with 0 ≤ successes ≤ n.

    Returns
    -------
    low, high : numpy.ndarray
        In [0, 100]; NaN where `n` is 0 or either is missing.

    References
    ----------
    .. [1] E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
       *Journal of the American Statistical Association* 22(158), 1927.

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(float(low), 2), round(float(high), 2)
    (25.53, 36.62)
    """
    part, whole = np.broadcast_arrays(_floats(successes), _floats(n))
    safe = np.where(whole > 0, whole, np.nan)
    share = part / safe
    centre = (share + Z**2 / (2 * safe)) / (1 + Z**2 / safe)
    half = Z * np.sqrt(share * (1 - share) / safe + Z**2 / (4 * safe**2)) / (1 + Z**2 / safe)
    low, high = 100 * np.clip(centre - half, 0, 1), 100 * np.clip(centre + half, 0, 1)
    # At the ends the bound is the end itself; the formula misses it by a rounding error.
    return np.where(part == 0, low * 0, low), np.where(part == whole, 0 * high + 100, high)


def add_rate(frame: pd.DataFrame, name: str, successes: ArrayLike, n: ArrayLike) -> pd.DataFrame:
    """Give a frame a rate with its denominator and its interval.

    Parameters
    ----------
    frame : pandas.DataFrame
        It is not modified.
    name : str
        Name of the rate; it ends in ``_rate``, ``_percent`` or the like, because the unit is percent.
    successes, n : array_like of shape (n_rows,)
        Counts.

    Returns
    -------
    pandas.DataFrame
        With four more columns: `name` (percent, missing where `n` is 0), ``{name}_n`` (int64),
        ``{name}_low`` and ``{name}_high`` (percent, Wilson 95 %).
    """
    low, high = wilson(successes, n)
    return frame.assign(
        **{
            name: percentage(successes, n),
            f"{name}_n": np.asarray(n, dtype="int64"),
            f"{name}_low": low,
            f"{name}_high": high,
        }
    )


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype="float64")
