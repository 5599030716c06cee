"""Batches of predictions: the one in force on a day, and what each of them came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.customer_sums import day_of
from analytics.metrics.purchases import day_number
from analytics.metrics.roi import RoiRules, exact_share, restated
from analytics.timeframe import Timeframe

SCORED = (
    *("customer_id", "batch_id", "predicted_at", "churn_probability", "monetary_score"),
    *("risk_level", "risk_factors", "recommendations", "prediction_confidence"),
)
FIGURES = ("total_revenue", "total_costs", "net_profit", "roi_percentage")
COUNTS = ("customer_count", "high_risk_customers", "scored_customers")

_POINTS = "decimal(28, 12)"


def scored_customers(
    predictions: ibis.Table, reference_date: date, *, batches: BatchFigures | None = None
) -> pd.DataFrame:
    """The batch in force on a day: the newest one not after it, ties to the greatest `batch_id`.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    reference_date : datetime.date
        A batch dated on this day still counts: it is dated by the reference date that it was made for.
    batches : BatchFigures, optional
        Of timeframes of which the last ends on this day, where they have been read already.

    Returns
    -------
    pandas.DataFrame
        One row for each customer of the batch, the greatest monetary score first, ties by id; none where no
        batch is in force: ``customer_id``, ``batch_id``, ``predicted_at`` (datetime64),
        ``churn_probability`` (0–1), ``monetary_score`` (0–100), ``risk_level``, ``risk_factors``,
        ``recommendations`` (text or missing), ``prediction_confidence`` (0–1 or missing).

    Examples
    --------
    >>> from analytics.metrics.purchases import as_table
    >>> batches = pd.DataFrame({
    ...     "batch_id": ["may", "june", "june"], "customer_id": ["ada", "ada", "ben"],
    ...     "predicted_at": pd.to_datetime(["2026-06-01", "2026-07-01", "2026-07-01"]),
    ...     "churn_probability": [0.5, 0.9, 0.2], "monetary_score": [85.0, 85.0, 90.0]})
    >>> found = scored_customers(as_table(batches), date(2026, 7, 1))
    >>> found[["customer_id", "batch_id", "monetary_score"]]
      customer_id batch_id  monetary_score
    0         ben     june            90.0
    1         ada     june            85.0
    """
    if batches is None:
        wanted = _in_force(_batches(predictions, reference_date), reference_date)
    else:
        wanted = batches.headlines["batch_id"].iloc[-1]
    rows = predictions.filter(_.batch_id == wanted if wanted is not None else ibis.literal(False))
    absent = {name: ibis.null(_TYPES[name]) for name in SCORED if name not in predictions.columns}
    frame: pd.DataFrame = rows.mutate(**absent).select(*SCORED).to_pandas()
    numbers = ("churn_probability", "monetary_score", "prediction_confidence")
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    return frame.sort_values(
        ["monetary_score", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """What batches of predictions came to: the restated figures of each, from two statements.

    All have ``batch_id``, ``predicted_at`` (datetime64), ``customer_count``, ``high_risk_customers``,
    ``scored_customers``, ``total_revenue``, ``total_costs``, ``net_profit`` (money) and ``roi_percentage``
    (percent; missing without costs).

    Attributes
    ----------
    headlines : pandas.DataFrame
        The batch in force at the reference date of each timeframe, in their order: also ``period`` (label),
        ``start``, ``end`` (dates; end is the reference date). All of a timeframe before the first batch is
        missing, counts included (float64 therefore).
    trend : pandas.DataFrame
        The last batch of each month among those that the days of the last timeframe led to, dated after its
        start, up to and with its reference date, oldest first: also ``month`` (datetime64, its first day);
        counts are int64.
    history : pandas.DataFrame
        The same of all batches up to that reference date.

    Notes
    -----
    A batch tells the state at the end of the day before its date, so one dated on the first belongs to the
    month before.
    """

    headlines: pd.DataFrame
    trend: pd.DataFrame
    history: pd.DataFrame


def batch_figures(predictions: ibis.Table, periods: Sequence[Timeframe], rules: RoiRules) -> BatchFigures:
    """Restate what the batches of some timeframes came to.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one; trend and history are those of the last.
    rules : RoiRules

    Returns
    -------
    BatchFigures
    """
    this = periods[-1]
    batches = _batches(predictions, max(period.reference_date for period in periods))
    in_force = [_in_force(batches, period.reference_date) for period in periods]
    so_far = batches[batches["day"] <= day_number(this.reference_date)]
    history = _last_of_months(so_far)
    trend = _last_of_months(so_far[so_far["day"] > day_number(this.start)])
    wanted = {batch for batch in in_force if batch is not None}.union(history["batch_id"], trend["batch_id"])
    figures = _figures(predictions, batches, sorted(wanted), rules)
    headlines = figures.set_index("batch_id").reindex(in_force).reset_index()
    headlines["batch_id"] = headlines["batch_id"].astype(object).where(headlines["batch_id"].notna(), None)
    for place, name in enumerate(("period", "start", "end")):
        attribute = {"period": "label", "start": "start", "end": "reference_date"}[name]
        headlines.insert(place, name, [getattr(period, attribute) for period in periods])
    return BatchFigures(
        headlines.astype(dict.fromkeys(COUNTS, "float64")),
        _of_months(trend, figures),
        _of_months(history, figures),
    )


_TYPES = {
    "risk_level": "string",
    "risk_factors": "string",
    "recommendations": "string",
    "prediction_confidence": "float64",
}


def _batches(predictions: ibis.Table, reference_date: date) -> pd.DataFrame:
    """All batches up to a day, the oldest first, ties by id: the last row is the one in force."""
    found: pd.DataFrame = (
        predictions.group_by("batch_id")
        .agg(predicted_at=_.predicted_at.max())
        .mutate(day=day_of(_.predicted_at))
        .filter(_.day <= day_number(reference_date))
        .to_pandas()
    )
    return found.sort_values(["predicted_at", "batch_id"], ignore_index=True)


def _in_force(batches: pd.DataFrame, day: date) -> str | None:
    known = batches[batches["day"] <= day_number(day)]
    return known["batch_id"].iloc[-1] if len(known) else None


def _last_of_months(batches: pd.DataFrame) -> pd.DataFrame:
    day_before = pd.to_datetime(batches["day"], unit="D") - timedelta(days=1)
    months = day_before.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    return batches.assign(month=months).drop_duplicates("month", keep="last")


def _of_months(last: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    frame = last[["month", "batch_id"]].merge(figures, on="batch_id", how="left")
    return frame.astype(dict.fromkeys(COUNTS, "int64"))


def _figures(
    predictions: ibis.Table, batches: pd.DataFrame, ids: Sequence[str], rules: RoiRules
) -> pd.DataFrame:
    """The restated figures of some batches, one row each: one statement adds up what is selected of each."""
    share = exact_share(rules.top_share)
    of_batch = ibis.window(group_by="batch_id")
    ranked = (
        predictions.filter(_.batch_id.isin(ids) if ids else ibis.literal(False))
        .mutate(risky=_.churn_probability > rules.high_risk_threshold)
        .mutate(
            place=ibis.row_number().over(
                group_by=["batch_id", "risky"], order_by=[ibis.desc("monetary_score"), "customer_id"]
            ),
            n=_.risky.ifelse(1, 0).sum().over(of_batch),
        )
    )
    # Place counts from 0: it is among the first ⌈n × share⌉ where place < n × share, in whole numbers.
    chosen = ranked.risky & (ranked.place * share.denominator < ranked.n * share.numerator)
    sums: pd.DataFrame = (
        ranked.mutate(chosen=chosen)
        .group_by("batch_id")
        .agg(
            scored_customers=_.count(),
            high_risk_customers=_.risky.ifelse(1, 0).sum(),
            customer_count=_.chosen.ifelse(1, 0).sum(),
            score=_.monetary_score.cast(_POINTS).sum(where=_.chosen).cast("float64"),
        )
        .to_pandas()
    )
    sums["score"] = sums["score"].astype("float64").fillna(0.0)
    pairs = zip(sums["score"].tolist(), sums["customer_count"].tolist(), strict=True)
    figures = [restated(score, customers, rules) for score, customers in pairs]
    money = {name: pd.Series([row[name] for row in figures], dtype="float64") for name in FIGURES}
    frame = batches[["batch_id", "predicted_at"]].merge(sums.assign(**money), on="batch_id")
    return frame[["batch_id", "predicted_at", *COUNTS, *FIGURES]]
