"""Fitting models of purchases: the optimum, whether it is one, how well it is known, which model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from analytics.errors import ParamsError, nearest
from analytics.models.purchases.bg_nbd import BetaGeometric
from analytics.models.purchases.pareto_nbd import ParetoNbd
from analytics.models.purchases.rows import Floats, Rows, collapse
from analytics.models.threads import one_thread

ModelName = Literal["mbg_nbd", "bg_nbd", "pareto_nbd"]
Model = Literal["auto", "mbg_nbd", "bg_nbd", "pareto_nbd"]
Fitter = Literal["own", "lifetimes"]

MODELS: dict[str, BetaGeometric | ParetoNbd] = {
    "mbg_nbd": BetaGeometric(1),
    "bg_nbd": BetaGeometric(0),
    "pareto_nbd": ParetoNbd(),
}
LABELS = {"mbg_nbd": "MBG/NBD", "bg_nbd": "BG/NBD", "pareto_nbd": "Pareto/NBD"}

FEWEST_REPEATERS = 10
"""Fewer customers with a repeat visit say too little about the other customers."""

CLEARLY_BETTER = 2.0
"""Units of log-likelihood by which another model must beat the MBG/NBD to be chosen."""

SCALED_AGE = 40.0
"""The longest age while fitting: unscaled, an optimiser can stop far below the optimum and report success."""

SAMPLE = 20_000
"""Distinct histories that the start and the curvature are measured on, where there are many more."""

STEPS = 8
"""Most of Newton's steps; three or four are enough."""

LARGEST_SLOPE = 1e-5
"""Greatest slope of the mean log-likelihood, by a parameter's logarithm, at what is called an optimum."""

FLAT = 0.04
"""Curvature of the log-likelihood under which a parameter is not known: its logarithm to ± 5 only."""

BOUND = 12.0
"""Logarithms of scaled parameters are kept within ± this."""

_RESTARTS = ((1.0, 10.0, 1.0, 1.0), (0.1, 1.0, 0.2, 5.0), (3.0, 30.0, 3.0, 10.0), (0.3, 20.0, 0.05, 1.0))


@dataclass(frozen=True)
class PurchaseFit:
    """A model of purchases, fitted.

    Attributes
    ----------
    name : {"mbg_nbd", "bg_nbd", "pareto_nbd"}
    params, standard_errors : pandas.Series
        By parameter: r, alpha, a, b, or r, alpha, s, beta; times in weeks. A standard error is missing where
        the likelihood is flat.
    covariance : pandas.DataFrame
        Of the logarithms of the parameters; 0 along directions in which the likelihood is flat.
    log_likelihood : float
        At `params`, times in weeks.
    converged : bool
        Whether the optimum is one: no slope is left there.
    customers : int
        Fitted on; one-time buyers are among them.
    notes : tuple of str
        Codes: ``not_converged``, ``lifetimes_failed`` (the own fitter was used instead),
        ``no_visible_dropout``, ``mbg_nbd_not_converged`` (another was taken instead).
    """

    name: ModelName
    params: pd.Series
    standard_errors: pd.Series
    covariance: pd.DataFrame
    log_likelihood: float
    converged: bool
    customers: int
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> BetaGeometric | ParetoNbd:
        """The formulas."""
        return MODELS[self.name]

    @property
    def values(self) -> Floats:
        """The parameters as the formulas take them."""
        return self.params.to_numpy(dtype=np.float64)


def fit_purchases(
    histories: pd.DataFrame, *, model: Model = "auto", fitter: Fitter = "own"
) -> PurchaseFit | None:
    """Fit a model of purchases to customers' histories.

    Parameters
    ----------
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`; one-time buyers belong to it.
    model : {"auto", "mbg_nbd", "bg_nbd", "pareto_nbd"}, default "auto"
        "auto" takes the MBG/NBD unless another's log-likelihood is more than `CLEARLY_BETTER` above its own.
    fitter : {"own", "lifetimes"}, default "own"
        Who looks for the optimum. Where the package lifetimes fails, the own fitter answers and the notes say
        so.

    Returns
    -------
    PurchaseFit or None
        None under `FEWEST_REPEATERS` customers with a repeat visit.

    Raises
    ------
    ParamsError
        If `model` or `fitter` is none of those.
    """
    fits = fit_candidates(histories, model=model, fitter=fitter)
    return choose(fits) if fits else None


def fit_candidates(
    histories: pd.DataFrame, *, model: Model = "auto", fitter: Fitter = "own"
) -> list[PurchaseFit]:
    """Fit the model asked for, or with "auto" all three, the MBG/NBD first; see `fit_purchases`."""
    for word, said, known in (("model", model, get_args(Model)), ("fitter", fitter, get_args(Fitter))):
        if said not in known:
            raise ParamsError(
                f'{word} "{said}" is not known{nearest(said, known)}; allowed: {", ".join(known)}'
            )
    if int((histories["visits"] > 1).sum()) < FEWEST_REPEATERS:
        return []
    rows = collapse(histories)
    names = list(MODELS) if model == "auto" else [model]
    with one_thread():
        return [fit_rows(name, rows, fitter) for name in names]


def choose(fits: Sequence[PurchaseFit]) -> PurchaseFit:
    """Take the first of the fits unless another is clearly better; a failed one only for want of others.

    Parameters
    ----------
    fits : sequence of PurchaseFit
        At least one.
    """
    usable = [fit for fit in fits if fit.converged] or list(fits)
    best = max(usable, key=lambda fit: fit.log_likelihood)
    chosen = usable[0] if best.log_likelihood - usable[0].log_likelihood <= CLEARLY_BETTER else best
    if fits[0] not in usable:
        chosen = replace(chosen, notes=(*chosen.notes, f"{fits[0].name}_not_converged"))
    return chosen


def fit_rows(name: str, rows: Rows, fitter: Fitter = "own") -> PurchaseFit:
    """Fit one model to distinct histories, times in weeks."""
    model, notes = MODELS[name], []
    unit = SCALED_AGE / max(float(rows.age.max()), 1e-9)
    scaled = replace(rows, t_x=rows.t_x * unit, age=rows.age * unit)
    change = np.array([unit if name in model.times else 1.0 for name in model.parameters])
    found = None
    if fitter == "lifetimes":
        found = _lifetimes_optimum(name, rows, change)
        notes += ["lifetimes_failed"] * (found is None)
    if found is None:
        found = _own_optimum(model, scaled)
    value, slope = _objective(model, scaled, found)
    covariance, errors = _covariance(model, scaled, found)
    converged = _is_optimum(found, slope) or (
        fitter == "lifetimes" and not notes and bool(np.isfinite(value))
    )
    names = list(model.parameters)
    params = np.exp(found) / change
    if not converged:
        notes.append("not_converged")
    if model.loses_nobody(params):
        notes.append("no_visible_dropout")
    customers = int(rows.customers.sum())
    return PurchaseFit(
        name=name,  # type: ignore[arg-type]
        params=pd.Series(params, names),
        standard_errors=pd.Series(params * errors, names),
        covariance=pd.DataFrame(covariance, names, names),
        log_likelihood=float(-value * customers + rows.customers @ rows.x * np.log(unit)),
        converged=converged,
        customers=customers,
        notes=tuple(notes),
    )


def _objective(model: BetaGeometric | ParetoNbd, rows: Rows, logs: Floats) -> tuple[float, Floats]:
    """Minus the mean log-likelihood, and its gradient, by the logarithms of the parameters."""
    params = np.exp(logs)
    value, gradient = model.log_likelihood(params, rows)
    customers = rows.customers.sum()
    return -value / customers, -gradient * params / customers


def _own_optimum(model: BetaGeometric | ParetoNbd, rows: Rows) -> Floats:
    """Logarithms of the parameters of greatest likelihood; further starts only where the first fails."""
    start = np.log(model.start)
    few = _sample(rows)
    if few is not rows:
        start = climb(lambda logs: _objective(model, few, logs), start)
        inverse = _covariance(model, rows, start)[0] * float(rows.customers.sum())
        start = refine(lambda logs: _objective(model, rows, logs), start, inverse)
        if _is_optimum(start, _objective(model, rows, start)[1]):
            return start
    tried = []
    for begin in (start, *np.log(_RESTARTS)):
        found = climb(lambda logs: _objective(model, rows, logs), begin)
        value, slope = _objective(model, rows, found)
        if _is_optimum(found, slope):
            return found
        tried.append((value if np.isfinite(value) else np.inf, found))
    return min(tried, key=lambda one: one[0])[1]


def _sample(rows: Rows) -> Rows:
    """Every so manieth history, where there are many; in their order, so that all kinds are among them."""
    if len(rows) <= 2 * SAMPLE:
        return rows
    every = np.linspace(0, len(rows) - 1, SAMPLE).astype(np.int64)
    return Rows(rows.x[every], rows.t_x[every], rows.age[every], rows.customers[every], rows.place)


def climb(objective: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """Where a smooth function of logarithms of parameters is least, from a start, within ± `BOUND`."""
    with np.errstate(all="ignore"):  # a step too far is answered with inf, and the search steps back
        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(start),
            options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-8, "maxls": 50},
        )
    return np.asarray(found.x, dtype=np.float64)


def refine(objective: Callable[[Floats], tuple[float, Floats]], start: Floats, inverse: Floats) -> Floats:
    """A few of Newton's steps, from an optimum on a sample to that on everything.

    Parameters
    ----------
    objective : callable
    start : numpy.ndarray of shape (n,)
    inverse : numpy.ndarray of shape (n, n)
        Inverse of the objective's curvature at the start; a sample's is near enough.

    Returns
    -------
    numpy.ndarray of shape (n,)
        The start again where the steps lead away from it.
    """
    found = start
    for _ in range(STEPS):
        slope = objective(found)[1]
        found = np.clip(found - inverse @ slope, -BOUND, BOUND)
        if not np.all(np.abs(found - start) <= 1.0):
            return start
        if np.abs(inverse @ slope).max() < 1e-7:
            break
    return found


def _is_optimum(logs: Floats, slope: Floats) -> bool:
    """No slope is left, but for parameters at a bound that would go further."""
    at_bound = np.abs(logs) >= BOUND - 1e-9
    return bool(np.all(np.isfinite(slope)) and np.all(np.abs(slope[~at_bound]) <= LARGEST_SLOPE))


def _covariance(model: BetaGeometric | ParetoNbd, rows: Rows, logs: Floats) -> tuple[Floats, Floats]:
    customers, few = float(rows.customers.sum()), _sample(rows)
    return inverse_curvature(lambda at: _objective(model, few, at)[1] * customers, logs)


def inverse_curvature(
    slope: Callable[[Floats], Floats], logs: Floats, step: float = 1e-4
) -> tuple[Floats, Floats]:
    """Covariance of estimates: the inverse of the curvature of minus the log-likelihood.

    Parameters
    ----------
    slope : callable
        Gradient of minus the log-likelihood.
    logs : numpy.ndarray of shape (n,)
        The optimum.
    step : float
        Of the central differences.

    Returns
    -------
    covariance : numpy.ndarray of shape (n, n)
        Along directions in which the likelihood is flat, 0: what does not change the past is taken not to
        change the future.
    errors : numpy.ndarray of shape (n,)
        Standard errors; missing for parameters that have a part in a flat direction.
    """
    size = len(logs)
    curvature = np.empty((size, size))
    for i, move in enumerate(np.eye(size) * step):
        curvature[i] = (slope(logs + move) - slope(logs - move)) / (2 * step)
    curvature = (curvature + curvature.T) / 2
    if not np.all(np.isfinite(curvature)):
        return np.zeros((size, size)), np.full(size, np.nan)
    values, vectors = np.linalg.eigh(curvature)
    flat = values <= max(FLAT, 1e-9 * values.max())
    known = vectors[:, ~flat]
    covariance = (known / values[~flat]) @ known.T
    lost = (vectors[:, flat] ** 2).sum(axis=1) > 1e-3
    return covariance, np.where(lost, np.nan, np.sqrt(np.diag(covariance)))


def _lifetimes_optimum(name: str, rows: Rows, change: Floats) -> Floats | None:
    """What the package lifetimes finds, as logarithms of scaled parameters; None where it fails."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # its overflows on the way; the result is checked here
        # Imported only where it is asked for, because it warns and sets an option of pandas when imported.
        from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
        from lifetimes.utils import ConvergenceError

        fitters = {"mbg_nbd": ModifiedBetaGeoFitter, "bg_nbd": BetaGeoFitter, "pareto_nbd": ParetoNBDFitter}
        try:
            fitted = fitters[name]().fit(rows.x, rows.t_x, rows.age, weights=rows.customers)
        except (ConvergenceError, ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
    params = fitted.params_[list(MODELS[name].parameters)].to_numpy(dtype=np.float64)
    if not np.all(np.isfinite(params)) or params.min() <= 0:
        return None
    return np.asarray(np.log(params * change))
