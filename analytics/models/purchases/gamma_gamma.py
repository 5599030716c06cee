"""Gamma-Gamma: what a visit of each customer brings.

The values of a customer's visits are Gamma(p, ν), with ν ~ Gamma(q, γ) over customers: who spends much per
visit goes on to, and the mean of few visits is drawn towards the mean of all.

References
----------
.. [1] P. S. Fader, B. G. S. Hardie and K. L. Lee, "RFM and CLV: Using Iso-Value Curves for Customer Base
   Analysis", *Journal of Marketing Research* 42(4), 2005.
.. [2] P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from analytics.models.purchases.fit import FEWEST_REPEATERS, LARGEST_SLOPE, Fitter, inverse_curvature, refine
from analytics.models.purchases.rows import Floats
from analytics.models.threads import one_thread

PARAMETERS = ("p", "q", "gamma")
LEAST_Q = 1.05
"""With q at 1 or below, the mean value of a new customer would be infinite."""

LARGEST_P = 1e5
"""A greater p means that all visits of a customer bring the same, and the likelihood has no top."""


MOST_P = 100.0
"""A greater p, or one without a standard error, lies on a ridge: as p grows and γ falls, the likelihood
hardly changes, and means of visits do not tell how single visits differ."""

UNSURE = 0.5
"""Nor is p known where the standard error of its logarithm is greater (at 95 %, a factor of 2.7 either way):
a τ fitted beside another p would not go with it."""

ASSUMED_P = 6.25
"""p on such a ridge: as published for CDNOW (reference 1), a visit 40 % off the customer's mean."""

SAMPLE = 20_000
"""Customers from whom the start is fitted, and the curvature measured, where there are many more."""

MOST_ABOVE = 2.0
"""A mean of all that is more than so many times the observed one is not believed."""

_STARTS = ((2.0, 3.0, 1.0), (10.0, 2.0, 0.1), (0.5, 10.0, 10.0))


@dataclass(frozen=True)
class GammaGammaFit:
    """The value of a visit, fitted.

    Attributes
    ----------
    params, standard_errors : pandas.Series
        p, q and gamma (money); p has no error where it is assumed. Missing where `constant` takes their
        place.
    covariance : pandas.DataFrame
        Of the logarithms of the parameters; 0 along directions in which the likelihood is flat.
    log_likelihood : float
    converged : bool
    customers : int
        With a repeat visit and a mean repeat value above 0.
    observed : float
        The mean of these customers' mean repeat values (money).
    constant : float or None
        What every visit brings, where all amounts are the same or the fit failed; else None.
    notes : tuple of str
        Codes: ``equal_amounts``, ``value_not_converged`` (`constant` is the mean repeat value),
        ``lifetimes_failed``, ``spread_assumed`` (p is `ASSUMED_P`), ``heavy_tailed_values`` (see
        `newcomer`).
    """

    params: pd.Series
    standard_errors: pd.Series
    covariance: pd.DataFrame
    log_likelihood: float
    converged: bool
    customers: int
    observed: float
    constant: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> Floats:
        """p, q and γ."""
        return self.params.to_numpy(dtype=np.float64)

    @property
    def newcomer(self) -> float:
        """What a visit of a customer without a repeat value is expected to bring (money).

        The mean of all, p γ / (q − 1); but the mean observed where that is less than half of it: with q
        near 1 a few large customers make the model's mean as large as one likes.
        """
        if self.constant is not None:
            return self.constant
        p, q, gamma = self.values
        mean = float(p * gamma / (q - 1))
        return mean if mean <= MOST_ABOVE * self.observed else self.observed


def valued(histories: pd.DataFrame) -> tuple[Floats, Floats]:
    """Repeat visits and mean repeat value that count: both 0 where there is no repeat, or no value above 0.

    Parameters
    ----------
    histories : pandas.DataFrame

    Returns
    -------
    tuple of numpy.ndarray, each of shape (n_customers,)
    """
    value = histories["repeat_value"].to_numpy(dtype=np.float64, na_value=np.nan)
    visits = histories["visits"].to_numpy(dtype=np.float64) - 1
    counts = (visits > 0) & (value > 0)
    return np.where(counts, visits, 0.0), np.where(counts, value, 0.0)


def log_likelihood(params: Floats, x: Floats, value: Floats) -> tuple[float, Floats]:
    """Log-likelihood of mean repeat values, and its gradient by p, q and γ.

    Parameters
    ----------
    params : numpy.ndarray of shape (3,)
        p, q, γ.
    x, value : numpy.ndarray of shape (n,)
        Repeat visits and their mean value, both above 0.

    Returns
    -------
    tuple of float and numpy.ndarray of shape (3,)
        Sums over customers (reference 2, eq. 1a).
    """
    p, q, gamma = params
    distinct, at = np.unique(x, return_inverse=True)
    per_x, n = np.bincount(at).astype(np.float64), len(x)
    spent = gamma + x * value
    log_spent, log_paid = np.log(spent), np.log(x * value)
    shape = p * distinct
    by_x = gammaln(shape + q) - gammaln(shape)
    total = float(
        per_x @ by_x
        + n * (q * np.log(gamma) - gammaln(q))
        + p * (x @ log_paid)
        - np.log(value).sum()
        - (p * x + q) @ log_spent
    )
    up, down = digamma(shape + q), digamma(shape)
    gradient = np.array(
        [
            (per_x * distinct) @ (up - down) + x @ (log_paid - log_spent),
            per_x @ up - n * digamma(q) + n * np.log(gamma) - log_spent.sum(),
            n * q / gamma - ((p * x + q) / spent).sum(),
        ]
    )
    return total, gradient


def fit_values(histories: pd.DataFrame, *, fitter: Fitter = "own") -> GammaGammaFit | None:
    """Fit the Gamma-Gamma model to the mean values of repeat visits.

    Parameters
    ----------
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`. One-time buyers, and those whose repeat
        visits have brought nothing, are left out.
    fitter : {"own", "lifetimes"}, default "own"

    Returns
    -------
    GammaGammaFit or None
        None under `FEWEST_REPEATERS` customers to fit on. Where all amounts are the same, or there is no
        optimum, every visit is worth the mean, and the notes say so.
    """
    x, value = valued(histories)
    x, value = x[x > 0], value[x > 0]
    if len(x) < FEWEST_REPEATERS:
        return None
    mean = float(x @ value / x.sum())
    if float(np.ptp(value)) <= 1e-6 * mean:
        return _constant(mean, len(x), "equal_amounts")
    with one_thread():
        return _fitted(x, value, mean, fitter)


def _fitted(x: Floats, value: Floats, mean: float, fitter: Fitter) -> GammaGammaFit:
    n, scaled, notes = len(x), value / mean, []
    every = max(1, n // SAMPLE)

    def objective(logs: Floats, step: int = 1) -> tuple[float, Floats]:
        total, gradient = log_likelihood(np.exp(logs), x[::step], scaled[::step])
        customers = len(x[::step])
        return -total / customers, -gradient * np.exp(logs) / customers

    found = _lifetimes_optimum(x, scaled) if fitter == "lifetimes" else None
    if fitter == "lifetimes" and found is None:
        notes.append("lifetimes_failed")
    given = found is not None
    if found is None:
        starts = [np.log(start) for start in _STARTS]
        if every > 1:
            start = _optimum(lambda logs: objective(logs, every), starts)
            inverse = inverse_curvature(lambda logs: objective(logs, every)[1] * n, start)[0] * n
            starts.insert(0, refine(objective, start, inverse))
        found = _optimum(objective, starts)
    total, slope = objective(found)
    at_bound = found <= np.array([-12.0, np.log(LEAST_Q) + 1e-9, -12.0])
    steep = bool(np.any(np.abs(slope[~at_bound]) > LARGEST_SLOPE)) and not given
    if steep or not np.isfinite(total) or found[0] >= np.log(LARGEST_P):
        return _constant(mean, n, "value_not_converged")
    covariance, errors = inverse_curvature(lambda logs: objective(logs, every)[1] * n, found)
    if found[0] > np.log(MOST_P) or not errors[0] <= UNSURE:
        notes.append("spread_assumed")
        found, covariance, errors = _on_ridge(objective, n)
        total = objective(found)[0]
    params = np.exp(found) * [1.0, 1.0, mean]
    fitted = GammaGammaFit(
        params=pd.Series(params, list(PARAMETERS)),
        standard_errors=pd.Series(params * errors, list(PARAMETERS)),
        covariance=pd.DataFrame(covariance, list(PARAMETERS), list(PARAMETERS)),
        log_likelihood=float(-total * n - n * np.log(mean)),
        converged=True,
        customers=n,
        observed=float(value.mean()),
        notes=tuple(notes),
    )
    believed = fitted.newcomer != fitted.observed
    return fitted if believed else replace(fitted, notes=(*fitted.notes, "heavy_tailed_values"))


def _on_ridge(
    objective: Callable[[Floats], tuple[float, Floats]], customers: int
) -> tuple[Floats, Floats, Floats]:
    """The optimum with p assumed, its covariance (0 for p) and errors (missing for p), all in logarithms."""
    log_p = np.log(ASSUMED_P)

    def rest(logs: Floats) -> tuple[float, Floats]:
        total, slope = objective(np.array([log_p, *logs]))
        return total, slope[1:]

    found = minimize(
        rest,
        np.log([3.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(LEAST_Q), 12.0), (-12.0, 12.0)],
        options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-8},
    )
    free, errors = inverse_curvature(lambda logs: rest(logs)[1] * customers, found.x)
    covariance = np.zeros((3, 3))
    covariance[1:, 1:] = free
    return np.array([log_p, *found.x]), covariance, np.array([np.nan, *errors])


def _optimum(objective: Callable[[Floats], tuple[float, Floats]], starts: Sequence[Floats]) -> Floats:
    """The best of a few starts; the first is nearly always enough."""
    bounds = [(-12.0, np.log(LARGEST_P)), (np.log(LEAST_Q), 12.0), (-12.0, 12.0)]
    best, least = np.zeros(3), np.inf
    for start in starts:
        if float(np.abs(objective(start)[1]).max()) <= LARGEST_SLOPE / 100:
            return start
        with np.errstate(all="ignore"):  # a step too far is answered with inf, and the search steps back
            found = minimize(
                objective,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-8},
            )
        if found.fun < least:
            best, least = found.x, found.fun
        if float(np.abs(found.jac).max()) <= LARGEST_SLOPE:
            break
    return np.asarray(best, dtype=np.float64)


def expected_value(fit: GammaGammaFit, histories: pd.DataFrame) -> Floats:
    """What a visit of each customer is expected to bring.

    Parameters
    ----------
    fit : GammaGammaFit
    histories : pandas.DataFrame

    Returns
    -------
    numpy.ndarray of shape (n_customers,)
        Money: the mean of the customer's repeat visits, drawn towards the mean of all the more, the fewer
        they are; the mean of all for customers without a repeat value above 0.
    """
    if fit.constant is not None:
        return np.full(len(histories), fit.constant)
    x, value = valued(histories)
    return np.where(x > 0, conditional_mean(fit.values, x, value), fit.newcomer)


def conditional_mean(params: Floats, x: Floats, value: Floats) -> Floats:
    """P (γ + x·z̄) / (p x + q − 1), the expected value of a visit (reference 2, eq. 5).

    Examples
    --------
    Two repeat visits of 50 on average, by the parameters published for CDNOW:

    >>> conditional_mean(np.array([6.25, 3.74, 15.44]), np.array([2.0]), np.array([50.0])).round(2).tolist()
    [47.34]
    """
    p, q, gamma = params
    return np.asarray(p * (gamma + x * value) / (p * x + q - 1))


def _constant(value: float, customers: int, note: str) -> GammaGammaFit:
    names = list(PARAMETERS)
    missing = pd.Series(np.nan, names)
    return GammaGammaFit(
        params=missing,
        standard_errors=missing.copy(),
        covariance=pd.DataFrame(np.nan, names, names),
        log_likelihood=float("nan"),
        converged=note == "equal_amounts",
        customers=customers,
        observed=value,
        constant=value,
        notes=(note,),
    )


def _lifetimes_optimum(x: Floats, value: Floats) -> Floats | None:
    """What the package lifetimes finds, as logarithms; None where it fails."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # its overflows on the way; the result is checked here
        # Imported only where it is asked for, because it warns and sets an option of pandas when imported.
        from lifetimes import GammaGammaFitter
        from lifetimes.utils import ConvergenceError

        try:
            fitted = GammaGammaFitter().fit(x, value)
        except (ConvergenceError, ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
    params = fitted.params_[["p", "q", "v"]].to_numpy(dtype=np.float64)
    usable = np.all(np.isfinite(params)) and params.min() > 0 and params[1] >= LEAST_Q
    return np.log(params) if usable else None
