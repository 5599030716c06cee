"""What a contact changed: a treated group against its control, and the size that would show.

Pure functions on arrays. Customers are the unit: each of them was put into one group or the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

POWER = 0.80
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference of two means.

    Attributes
    ----------
    treated, control : int
        Customers in each group.
    treated_mean, control_mean : float
        Mean a head; NaN in an empty group.
    lift : float
        The difference of the two.
    standard_error, degrees_of_freedom : float
        Of the lift, by Welch; NaN under two customers a group, or where neither group varies.
    low, high : float
        95 % interval of the lift; NaN where the standard error is.
    p_value : float
        Two-sided, of a lift of 0.
    smallest_visible : float
        The smallest true lift that groups of this size and spread would show in 80 of 100 cases at the
        two-sided 5 % level.
    """

    treated: int
    control: int
    treated_mean: float
    control_mean: float
    lift: float
    standard_error: float
    degrees_of_freedom: float
    low: float
    high: float
    p_value: float
    smallest_visible: float


def welch(treated: ArrayLike, control: ArrayLike) -> Effect:
    """Compare two groups whose spreads may differ.

    Parameters
    ----------
    treated, control : array_like of shape (n_customers,)
        What each customer brought, or 0 and 1 for what each did. Missing values are left out; a spread
        under a millionth of a millionth is none.

    Returns
    -------
    Effect

    Notes
    -----
    The interval is lift ± t × s with s² = s₁²/n₁ + s₀²/n₀ and t on Welch and Satterthwaite's degrees of
    freedom. The smallest visible effect is (z₀.₉₇₅ + z₀.₈₀) × s.

    References
    ----------
    .. [1] B. L. Welch, "The generalization of 'Student's' problem when several different population variances
       are involved", *Biometrika* 34(1–2), 1947.

    Examples
    --------
    >>> found = welch([3.0, 5.0, 4.0, 6.0], [2.0, 2.0, 4.0])
    >>> round(found.lift, 4), round(found.standard_error, 4), round(found.degrees_of_freedom, 2)
    (1.8333, 0.928, 4.73)
    """
    one, other = (_known(group) for group in (treated, control))
    means = [float(group.mean()) if len(group) else np.nan for group in (one, other)]
    lift = means[0] - means[1]
    parts = [float(group.var(ddof=1)) / len(group) if len(group) > 1 else np.nan for group in (one, other)]
    error = float(np.sqrt(sum(parts)))
    # Equal amounts vary by the rounding of their mean; that is no spread.
    if not error > 1e-12 * max(1.0, abs(means[0]), abs(means[1])):
        blank = float("nan")
        return Effect(len(one), len(other), means[0], means[1], lift, *[blank] * 6)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(one) - 1) + parts[1] ** 2 / (len(other) - 1))
    half = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    return Effect(
        treated=len(one),
        control=len(other),
        treated_mean=means[0],
        control_mean=means[1],
        lift=lift,
        standard_error=error,
        degrees_of_freedom=freedom,
        low=lift - half,
        high=lift + half,
        p_value=float(2 * stats.t.sf(abs(lift) / error, freedom)),
        smallest_visible=float(stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(POWER)) * error,
    )


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for asking several questions at once.

    Parameters
    ----------
    p_values : array_like of shape (n,)
        Missing ones stay missing and count as no question.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Adjusted p-values, never below the plain ones and at most 1.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", *Scandinavian Journal of
       Statistics* 6(2), 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, float("nan")])
    array([0.03, 0.06, 0.06,  nan])
    """
    p = np.asarray(p_values, dtype="float64")
    adjusted = np.full(p.shape, np.nan)
    asked = np.flatnonzero(~np.isnan(p))
    order = asked[np.argsort(p[asked], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


def standardised_difference(treated: ArrayLike, control: ArrayLike) -> float:
    """How far two groups differed before the contact, in standard deviations.

    Returns
    -------
    float
        (mean treated − mean control) / √((s₁² + s₀²) / 2); 0 where nobody varies and the means agree, NaN
        where they do not or a group has under two customers.

    Examples
    --------
    >>> round(standardised_difference([1, 2, 3], [2, 3, 4]), 4)
    -1.0
    """
    one, other = (_known(group) for group in (treated, control))
    if min(len(one), len(other)) < 2:
        return float("nan")
    spread = float(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    difference = float(one.mean() - other.mean())
    if spread > 0:
        return difference / spread
    return 0.0 if difference == 0 else float("nan")


def difference_by_chance(treated: int, control: int) -> float:
    """Standardised difference that a fair split of this size exceeds, either way, in 5 of 100 cases.

    Examples
    --------
    >>> round(difference_by_chance(137, 136), 3)
    0.237
    """
    if min(treated, control) < 1:
        return float("nan")
    return float(stats.norm.ppf(1 - LEVEL / 2) * np.sqrt(1 / treated + 1 / control))


def _known(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype="float64")
    known: NDArray[np.float64] = array[~np.isnan(array)]
    return known
