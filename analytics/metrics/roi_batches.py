"""Batches of predictions: the one in force on a day, and what each of them came to."""

from __future__ import annotations

from collections.abc import Sequence
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


def scored_customers(predictions: ibis.Table, reference_date: date) -> pd.DataFrame:
    """The batch in force on a day: the newest one not after it, ties to the greatest `batch_id`.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    reference_date : datetime.date
        A batch dated on this day still counts: it is dated by the reference date that it was made for.

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
    batches = _batches(predictions, reference_date)
    wanted = [batches["batch_id"].iloc[-1]] if len(batches) else []
    rows = predictions.filter(_.batch_id.isin(wanted) if wanted else ibis.literal(False))
    absent = {name: ibis.null(_TYPES[name]) for name in SCORED if name not in predictions.columns}
    frame: pd.DataFrame = rows.mutate(**absent).select(*SCORED).to_pandas()
    numbers = ("churn_probability", "monetary_score", "prediction_confidence")
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    return frame.sort_values(
        ["monetary_score", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )


def headlines(predictions: ibis.Table, periods: Sequence[Timeframe], rules: RoiRules) -> pd.DataFrame:
    """The restated figures of the batch in force at the reference date of each timeframe.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        One row for each of `periods`, in their order: ``period`` (label), ``start``, ``end`` (dates; end is
        the reference date), ``batch_id``, ``predicted_at``, ``customer_count``, ``high_risk_customers``,
        ``scored_customers``, ``total_revenue``, ``total_costs``, ``net_profit``, ``roi_percentage``. All of a
        timeframe before the first batch is missing, counts included (float64 therefore).
    """
    batches = _batches(predictions, max(period.reference_date for period in periods))
    in_force = []
    for period in periods:
        known = batches[batches["day"] <= day_number(period.reference_date)]
        in_force.append(known["batch_id"].iloc[-1] if len(known) else None)
    figures = _figures(predictions, batches, in_force, rules).set_index("batch_id")
    frame = figures.reindex(in_force).reset_index()
    frame["batch_id"] = frame["batch_id"].astype(object).where(frame["batch_id"].notna(), None)
    for place, name in enumerate(("period", "start", "end")):
        attribute = {"period": "label", "start": "start", "end": "reference_date"}[name]
        frame.insert(place, name, [getattr(period, attribute) for period in periods])
    return frame.astype(dict.fromkeys(COUNTS, "float64"))


def batch_history(predictions: ibis.Table, reference_date: date, rules: RoiRules) -> pd.DataFrame:
    """The restated figures of the last batch of each month up to a day.

    A batch tells the state at the end of the day before its date, so one dated on the first belongs to the
    month before.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Batches up to this day, itself included.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        One row for each month that has a batch, oldest first: ``month`` (datetime64, its first day),
        ``batch_id``, ``predicted_at`` (datetime64), ``customer_count``, ``high_risk_customers``,
        ``scored_customers`` (int64), ``total_revenue``, ``total_costs``, ``net_profit`` (money),
        ``roi_percentage`` (percent; missing without costs).
    """
    batches = _batches(predictions, reference_date)
    return _monthly(predictions, batches, rules)


def profit_trend(predictions: ibis.Table, timeframe: Timeframe, rules: RoiRules) -> pd.DataFrame:
    """The restated figures of the batches of a timeframe, the last of each month.

    Parameters
    ----------
    predictions : ibis.Table
        As in the contract.
    timeframe : Timeframe
        Batches dated after its start, up to and with its reference date: those that its days led to.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        As returned by `batch_history`.
    """
    batches = _batches(predictions, timeframe.reference_date)
    return _monthly(predictions, batches[batches["day"] > day_number(timeframe.start)], rules)


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


def _monthly(predictions: ibis.Table, batches: pd.DataFrame, rules: RoiRules) -> pd.DataFrame:
    day_before = pd.to_datetime(batches["day"], unit="D") - timedelta(days=1)
    months = day_before.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    last = batches.assign(month=months).drop_duplicates("month", keep="last")
    figures = _figures(predictions, last, list(last["batch_id"]), rules)
    frame = last[["month", "batch_id"]].merge(figures, on="batch_id", how="left")
    return frame.astype(dict.fromkeys(COUNTS, "int64"))


def _figures(
    predictions: ibis.Table, batches: pd.DataFrame, wanted: Sequence[str | None], rules: RoiRules
) -> pd.DataFrame:
    """The restated figures of some batches, one row each: one statement adds up what is selected of each."""
    ids = sorted({batch for batch in wanted if batch is not None})
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
