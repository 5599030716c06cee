"""Learning how customers come, stay and spend: the models chosen, with what a reader must know of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.models.purchases import counts, fit, gamma_gamma
from analytics.models.purchases.fit import Fitter, Model, PurchaseFit
from analytics.models.purchases.gamma_gamma import GammaGammaFit
from analytics.models.purchases.rows import DAYS_A_WEEK, Floats, collapse

MOST_CORRELATION = 0.3
"""Gamma-Gamma wants value not to go with frequency; beyond this it is warned."""

FREQUENT_WEEKS = 2.0
"""Where half of the repeat customers come more often than this, visits are too regular for the intervals."""

CATEGORIES = ("0", "1", "2", "3", "4", "5", "6", "7+")


@dataclass(frozen=True)
class LifetimeValueModel:
    """What was learnt from customers' histories.

    Attributes
    ----------
    purchases : PurchaseFit or None
        The model of visits; None under ten customers with a repeat visit, and then nothing is predicted.
    value : GammaGammaFit or None
        The value of a visit; None under ten customers with a mean repeat value above 0.
    candidates : pandas.DataFrame
        One row for each model of visits fitted: ``model``, ``label``, ``log_likelihood``, ``converged``
        (bool), ``chosen`` (bool).
    parameters : pandas.DataFrame
        One row for each parameter of each model fitted, "gamma_gamma" last: ``model``, ``label``,
        ``parameter``, ``estimate``, ``standard_error`` (missing where the data do not fix it), ``chosen``.
        Times are in weeks.
    customers, repeat_customers : int
    notes : tuple of str
        Codes of what a reader must know: those of `PurchaseFit` and `GammaGammaFit`, and
        ``few_repeat_customers``, ``few_values``, ``frequent_visits`` (half of the repeat customers come more
        often than every two weeks, so that intervals are unreliable), ``value_goes_with_frequency`` (|r| >
        0.3).
    """

    purchases: PurchaseFit | None
    value: GammaGammaFit | None
    candidates: pd.DataFrame
    parameters: pd.DataFrame
    customers: int
    repeat_customers: int
    notes: tuple[str, ...] = ()


def fit_lifetime_value(
    histories: pd.DataFrame, *, model: Model = "auto", fitter: Fitter = "own"
) -> LifetimeValueModel:
    """Learn how customers come, stay and spend.

    Parameters
    ----------
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`; everybody with a purchase.
    model : {"auto", "mbg_nbd", "bg_nbd", "pareto_nbd"}, default "auto"
        "auto" is the MBG/NBD unless the log-likelihood of another is more than 2 better.
    fitter : {"own", "lifetimes"}, default "own"

    Returns
    -------
    LifetimeValueModel

    Raises
    ------
    ParamsError
        If `model` or `fitter` is none of those.
    """
    fits = fit.fit_candidates(histories, model=model, fitter=fitter)
    chosen = fit.choose(fits) if fits else None
    value = gamma_gamma.fit_values(histories, fitter=fitter)
    notes = [*(chosen.notes if chosen else ["few_repeat_customers"])]
    notes += value.notes if value else ["few_values"]
    repeats = histories[histories["visits"] > 1]
    gaps = (repeats["last_day"] - repeats["first_day"]) / (repeats["visits"] - 1) / DAYS_A_WEEK
    if len(gaps) and gaps.median() < FREQUENT_WEEKS:
        notes.append("frequent_visits")
    if abs(independence(histories)["correlation"]) > MOST_CORRELATION:
        notes.append("value_goes_with_frequency")
    return LifetimeValueModel(
        purchases=chosen,
        value=value,
        candidates=_candidates(fits, chosen),
        parameters=_parameters(fits, chosen, value),
        customers=len(histories),
        repeat_customers=len(repeats),
        notes=tuple(dict.fromkeys(notes)),
    )


def no_purchase_probability(
    purchases: PurchaseFit | None, histories: pd.DataFrame, horizon_days: int
) -> Floats:
    """Probability of no visit in the days that follow.

    Parameters
    ----------
    purchases : PurchaseFit or None
        As returned by `fit_purchases`.
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`.
    horizon_days : int
        Days after the last observed one.

    Returns
    -------
    numpy.ndarray of shape (n_customers,)
        0–1, in the order of `histories`; missing without a model. It ranks customers by their chance of being
        lost; 1 − P(alive) does not, because a customer may be there and buy rarely.
    """
    if purchases is None:
        return np.full(len(histories), np.nan)
    rows = collapse(histories)
    return counts.count_visits(purchases, rows, horizon_days / DAYS_A_WEEK).none[rows.place]


def repeat_visits(purchases: PurchaseFit | None, histories: pd.DataFrame) -> pd.DataFrame:
    """Count customers by repeat visits so far, beside what the model would have expected of new customers.

    Parameters
    ----------
    purchases : PurchaseFit or None
    histories : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame of shape (8, 3)
        ``visits`` ("0" to "6", "7+"), ``actual`` (int64), ``expected`` (float64, missing without a model).
    """
    last = len(CATEGORIES) - 1
    rows = collapse(histories)
    actual = np.bincount(np.minimum(rows.x, last), weights=rows.customers, minlength=last + 1)
    expected = np.full(last + 1, np.nan)
    if purchases is not None:
        age, at = np.unique(rows.age, return_inverse=True)
        customers = np.bincount(at, weights=rows.customers)
        none = np.zeros(len(age), dtype=np.int64)
        tails = purchases.model.tails(purchases.values, none, 0.0 * age, age)
        chance = purchases.model.alive_at_start(purchases.values)
        least = np.array([customers.sum(), *(chance * (customers @ next(tails)) for _ in range(last))])
        expected = least - np.append(least[1:], 0.0)
    return pd.DataFrame({"visits": list(CATEGORIES), "actual": actual.astype("int64"), "expected": expected})


def independence(histories: pd.DataFrame) -> dict[str, float]:
    """Whether value goes with frequency, which Gamma-Gamma takes not to be so.

    Parameters
    ----------
    histories : pandas.DataFrame

    Returns
    -------
    dict
        ``correlation`` (Pearson's r of repeat visits and mean repeat value, missing where one of them does
        not vary), ``customers`` (with a mean repeat value above 0).
    """
    x, value = gamma_gamma.valued(histories)
    x, value = x[x > 0], value[x > 0]
    varies = len(x) > 1 and np.ptp(x) > 0 and np.ptp(value) > 0
    return {
        "correlation": float(np.corrcoef(x, value)[0, 1]) if varies else float("nan"),
        "customers": len(x),
    }


def _candidates(fits: list[PurchaseFit], chosen: PurchaseFit | None) -> pd.DataFrame:
    columns = ["model", "label", "log_likelihood", "converged", "chosen"]
    return pd.DataFrame(
        [
            (one.name, fit.LABELS[one.name], one.log_likelihood, one.converged, one.name == _name(chosen))
            for one in fits
        ],
        columns=columns,
    )


def _parameters(
    fits: list[PurchaseFit], chosen: PurchaseFit | None, value: GammaGammaFit | None
) -> pd.DataFrame:
    found: list[tuple[str, str, str, float, float, bool]] = [
        (
            one.name,
            fit.LABELS[one.name],
            name,
            one.params[name],
            one.standard_errors[name],
            one.name == _name(chosen),
        )
        for one in fits
        for name in one.params.index
    ]
    if value is not None:
        found += [
            ("gamma_gamma", "Gamma-Gamma", name, value.params[name], value.standard_errors[name], True)
            for name in value.params.index
        ]
    return pd.DataFrame(
        found, columns=["model", "label", "parameter", "estimate", "standard_error", "chosen"]
    )


def _name(chosen: PurchaseFit | None) -> str:
    return chosen.name if chosen else ""
