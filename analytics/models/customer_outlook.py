"""What customers without a contract will bring, with everything that a reader needs in order to trust it.

One call fits, checks, predicts and sums, so that a report hands its frames on to pictures and words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.visits import visit_history
from analytics.models.lifetime_value import (
    LifetimeValueModel,
    Validation,
    discounted,
    fit_lifetime_value,
    independence,
    predict_lifetime_value,
    repeat_visits,
    totals,
    validate_lifetime_value,
)
from analytics.models.purchases.fit import Fitter, Model
from analytics.timeframe import Timeframe

DAYS_A_YEAR = 365.25
TENTHS = 10

Leader = Literal["model", "same_rate", "zero", ""]


@dataclass(frozen=True)
class Outlook:
    """What customers are expected to bring, and the evidence.

    Attributes
    ----------
    leader : {"model", "same_rate", "zero", ""}
        Whose figures lead: the method that missed customers' visits by the least in the holdout (root mean
        square); without a holdout the same rate as before, which takes nothing to be learnt; empty where
        nothing is predicted, or the history is too short for any check.
    profit_share : float or None
        The organisation's profit as a share of net revenue (0–1), None where it is not known.
    discount_rate : float
    model : LifetimeValueModel
    validation : Validation
    customers : pandas.DataFrame
        The customers that were asked for, in their order, with all their columns and those of
        `analytics.models.lifetime_value.predict_lifetime_value`; without a holdout those of 36 months are
        missing, and where the history is too short for one (under 16 weeks) those of 12 months too.
    totals : pandas.DataFrame
        Of these customers, as returned by `analytics.models.lifetime_value.totals`.
    same_rate : pandas.Series
        Of these customers, if each went on as often as so far, a repeat visit worth what it has been:
        ``purchases_12m``, ``revenue_12m``, ``clv_12m`` (money discounted; missing where not known).
    tenths : pandas.DataFrame
        These customers by expected revenue of 12 months, ties by id, in tenths from the best: ``decile``,
        ``customers``, ``predicted_revenue_12m``, ``revenue_contribution`` (percent of all),
        ``probability_alive`` (mean, 0–1), ``expected_purchases_12m`` (mean), ``total_revenue`` (so far);
        empty where no revenue is predicted.
    repeats : pandas.DataFrame
        As returned by `analytics.models.lifetime_value.repeat_visits`, for all customers.
    independence : mapping
        ``correlation`` of value with frequency, ``customers``.
    """

    leader: Leader
    profit_share: float | None
    discount_rate: float
    model: LifetimeValueModel
    validation: Validation
    customers: pd.DataFrame
    totals: pd.DataFrame
    same_rate: pd.Series
    tenths: pd.DataFrame
    repeats: pd.DataFrame
    independence: Mapping[str, float]

    def total(self, horizon: str, measure: str) -> pd.Series:
        """One row of `totals`: ``value``, ``low``, ``high``, ``widened``."""
        rows = self.totals[(self.totals["horizon"] == horizon) & (self.totals["measure"] == measure)]
        return rows.iloc[0]

    def published_model(self) -> dict[str, Any]:
        """Give the block ``model``: what was fitted, and the totals of what it predicts."""
        fits = (self.model.purchases, self.model.value)
        return {
            "purchases": fits[0].name if fits[0] else None,
            "value": "gamma_gamma" if fits[1] else None,
            "customers": self.model.customers,
            "repeat_customers": self.model.repeat_customers,
            "leader": self.leader or None,
            "profit_share": self.profit_share,
            "discount_rate": self.discount_rate,
            "correlation": self.independence["correlation"],
            "correlation_customers": self.independence["customers"],
            "notes": "; ".join([*self.model.notes, *_unchecked(self.model, self.validation)]) or None,
            **{f"same_rate_{name}": value for name, value in self.same_rate.items()},
            "candidates": self.model.candidates,
            "parameters": self.model.parameters,
            "totals": self.totals,
            "repeat_visits": self.repeats,
            "tenths": self.tenths,
        }

    def published_validation(self) -> dict[str, Any]:
        """Give the block ``validation``: the holdout."""
        found = self.validation
        texts = ("notes", "missing")
        kept = {part.name: getattr(found, part.name) for part in fields(found) if part.name != "model"}
        said = {"missing": found.missing or None, "notes": "; ".join(found.notes) or None}
        return {name: value for name, value in kept.items() if name not in texts} | said


def look_ahead(
    sales: ibis.Table,
    people: pd.DataFrame,
    timeframe: Timeframe,
    profit: pd.DataFrame,
    *,
    model: Model = "auto",
    fitter: Fitter = "own",
    discount_rate: float = 0.10,
) -> Outlook:
    """Learn from everybody, check on a holdout, and predict the customers asked for.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    people : pandas.DataFrame
        The customers to show, as returned by `analytics.metrics.clv.customers_by_value`, at least
        ``customer_id`` and ``total_revenue``: the selection acts after fitting.
    timeframe : Timeframe
        Nothing on or after its reference date is read.
    profit : pandas.DataFrame
        As returned by `analytics.metrics.clv.profits` for everybody.
    model, fitter
        As for `analytics.models.lifetime_value.fit_lifetime_value`.
    discount_rate : float, default 0.10
        A year, 0–1.

    Returns
    -------
    Outlook

    Raises
    ------
    ParamsError
        If `model` or `fitter` is not known.
    """
    end = timeframe.reference_date
    histories = visit_history(sales, end)
    learnt = fit_lifetime_value(histories, model=model, fitter=fitter)
    checked = validate_lifetime_value(sales, end, model=model, fitter=fitter, visits=histories)
    margin = profit["profit_margin"].iloc[0]
    share = None if pd.isna(margin) else float(margin) / 100
    shown = histories[histories["customer_id"].isin(people["customer_id"])].reset_index(drop=True)
    terms: dict[str, Any] = {"discount_rate": discount_rate, "profit_share": share}
    predicted = predict_lifetime_value(learnt, shown, tempering=checked.tempering, **terms)
    too_far = _too_far(checked)
    for horizon in too_far:
        predicted.loc[:, predicted.columns.str.contains(horizon)] = np.nan
    errors = {"total_error": checked.total_error, "revenue_error": checked.revenue_error}
    return Outlook(
        leader=leading(learnt, checked),
        profit_share=share,
        discount_rate=discount_rate,
        model=learnt,
        validation=checked,
        customers=people.merge(predicted, on="customer_id", how="left"),
        totals=_without(totals(learnt, shown, **errors, **terms), too_far),
        same_rate=_rate_ahead(shown, checked, **terms),
        tenths=tenths(people, predicted),
        repeats=repeat_visits(learnt.purchases, histories),
        independence=independence(histories),
    )


def leading(learnt: LifetimeValueModel, checked: Validation) -> Leader:
    """Choose the method whose figures lead: the one with the least error in the holdout.

    A model that nothing was held against does not lead: the same rate as before does, and nothing at all
    where the history is too short for a check.
    """
    if learnt.purchases is None or checked.missing in ("history_too_short", "no_sales"):
        return ""
    errors = checked.scores.set_index("method")["rmse"].dropna() if len(checked.scores) else pd.Series()
    # "model" stands first, so that it leads where another is no better than it.
    best: Any = errors.idxmin() if len(errors) else "same_rate"
    return cast("Leader", best)


def _too_far(checked: Validation) -> tuple[str, ...]:
    """Horizons for which the history vouches for no figure."""
    if checked.missing in ("history_too_short", "no_sales"):
        return ("12m", "36m")
    return ("36m",) if checked.missing else ()


def _without(sums: pd.DataFrame, too_far: tuple[str, ...]) -> pd.DataFrame:
    figures = ["value", "low", "high"]
    return sums.assign(**{name: sums[name].mask(sums["horizon"].isin(too_far)) for name in figures})


def _rate_ahead(shown: pd.DataFrame, checked: Validation, **terms: Any) -> pd.Series:
    rates = same_rate(shown, **terms)
    # Without sales there is nothing to be said too early: the sum of nobody stays 0.
    return rates * np.nan if checked.missing == "history_too_short" else rates


def _unchecked(learnt: LifetimeValueModel, checked: Validation) -> tuple[str, ...]:
    """The note on a model that nothing was held against."""
    if learnt.purchases is None or not checked.missing:
        return ()
    return (checked.missing if checked.missing == "history_too_short" else "unchecked",)


def same_rate(
    histories: pd.DataFrame, *, discount_rate: float = 0.10, profit_share: float | None = None
) -> pd.Series:
    """Sum what customers bring in 12 months if each goes on as often as so far.

    Parameters
    ----------
    histories : pandas.DataFrame
        As returned by `analytics.metrics.visits.visit_history`.
    discount_rate, profit_share
        As for `look_ahead`.

    Returns
    -------
    pandas.Series
        ``purchases_12m`` = Σ repeat visits / days watched × 365.25, ``revenue_12m`` (each customer's with
        their own mean repeat value, discounted month by month), ``clv_12m``.

    Examples
    --------
    Three repeat visits of 50 in 365 days:

    >>> ada = pd.DataFrame({"customer_id": ["ada"], "visits": [4], "first_day": [0], "last_day": [300],
    ...                     "observed_day": [365], "repeat_value": [50.0]})
    >>> same_rate(ada, discount_rate=0.0).round(1).to_dict()
    {'purchases_12m': 3.0, 'revenue_12m': 150.1, 'clv_12m': nan}
    """
    watched = (histories["observed_day"] - histories["first_day"]).to_numpy(dtype=np.float64)
    repeats = histories["visits"].to_numpy(dtype=np.float64) - 1
    visits = np.divide(repeats, watched, out=np.zeros_like(repeats), where=watched > 0) * DAYS_A_YEAR
    worth = np.nan_to_num(histories["repeat_value"].to_numpy(dtype=np.float64, na_value=np.nan))
    revenue = float(visits @ worth) * discounted(np.full(12, 1 / 12), discount_rate)
    share = np.nan if profit_share is None else profit_share
    return pd.Series(
        {"purchases_12m": float(visits.sum()), "revenue_12m": revenue, "clv_12m": revenue * share}
    )


def tenths(people: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Sum customers in tenths by expected revenue, the best first; see `Outlook.tenths`."""
    columns = ["decile", "customers", "predicted_revenue_12m", "revenue_contribution"]
    columns += ["probability_alive", "expected_purchases_12m", "total_revenue"]
    rows = predicted.merge(people[["customer_id", "total_revenue"]], on="customer_id")
    if not rows["predicted_revenue_12m"].notna().any():
        return pd.DataFrame(columns=columns)
    order = ["predicted_revenue_12m", "customer_id"]
    rows = rows.sort_values(order, ascending=[False, True], ignore_index=True)
    place: NDArray[np.int64] = np.arange(len(rows), dtype=np.int64)
    groups = rows.groupby(TENTHS * place // len(rows) + 1)
    frame = groups.agg(
        customers=("customer_id", "size"),
        predicted_revenue_12m=("predicted_revenue_12m", "sum"),
        probability_alive=("probability_alive", "mean"),
        expected_purchases_12m=("expected_purchases_12m", "mean"),
        total_revenue=("total_revenue", "sum"),
    )
    total = float(frame["predicted_revenue_12m"].sum())
    share = 100 * frame["predicted_revenue_12m"] / total if total > 0 else np.nan
    return frame.assign(revenue_contribution=share).rename_axis("decile").reset_index()[columns]
