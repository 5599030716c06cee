"""The queue: who is called, by when, why, and what to do first, in one total order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analytics.metrics import interventions as metrics
from analytics.models.interventions.signs import (
    MOST_REASONS,
    NO_REASON,
    asking,
    in_order,
    read_signs,
    reasons,
)
from analytics.models.interventions.subjects import read_subjects
from analytics.params.intervention_rules import SIGNS, WEEKDAYS, InterventionRules
from analytics.params.pipeline_rules import PipelineRules
from analytics.timeframe import Comparison, Timeframe

COLUMNS = (
    *("rank", "customer_id", "kind", "customer_name", "customer_type", "owner"),
    *("value_at_risk", "worth_if_stays", "value_source", "is_revenue"),
    *("churn_probability", "risk_level", "high_risk", "account_risk", "account_level", "probability_alive"),
    *("plan", "nps", "renews_at", "due_date", "due", "urgency"),
    *("reasons", "recommendation", "next_steps", "prediction_confidence"),
)
HORIZON_MONTHS = 12
"""What a customer is worth is counted over so many months; the chance to leave has a horizon of its own."""


@dataclass(frozen=True)
class Wanted:
    """Which part of the queue is asked for.

    Attributes
    ----------
    owner : str
        In any case; empty for all, a single hyphen for those without an owner.
    kind : str
        ``customer``, ``account`` or ``all``.
    due : str
        ``today``, ``this_week`` (which holds today) or ``all``.
    min_value : float
        Least value at risk (money, or 0 for all); customers of unknown value are then left out.
    """

    owner: str = ""
    kind: str = "all"
    due: str = "all"
    min_value: float = 0.0

    def __bool__(self) -> bool:
        return self != Wanted()

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows that are asked for, in their order and with their rank."""
        keep = pd.Series(True, rows.index)
        if self.owner:
            name = "" if self.owner.strip() == "-" else self.owner.strip().casefold()
            keep &= rows["owner"].fillna("").astype("str").str.strip().str.casefold() == name
        if self.kind != "all":
            keep &= rows["kind"] == self.kind
        if self.due != "all":
            keep &= rows["due"].isin(metrics.DUE[:1] if self.due == "today" else metrics.DUE[:2])
        if self.min_value > 0:
            keep &= rows["value_at_risk"] >= self.min_value
        return rows[keep].reset_index(drop=True)


@dataclass(frozen=True)
class Queue:
    """Whom to call, at one reference date.

    Attributes
    ----------
    rows : pandas.DataFrame
        The block ``queue``: one row for each customer, see `call_queue`.
    told : pandas.DataFrame
        One row for each customer and reason: ``customer_id``, ``reason``, ``words``.
    subjects : int
        How many could be called. ``scored``: of them with a prediction. ``unscored_accounts``: live accounts
        that the predictions do not have. ``total_value_at_risk``: of all of them, in the queue or not (money;
        missing where no one's is known).
    batch : pandas.DataFrame
        ``batch_id`` and ``predicted_at`` of the batch in force: one row, none without a batch.
    today : datetime.date
        First working day from the reference date on. ``week_end``: last day of its calendar week.
    everybody : pandas.DataFrame
        The rows before anything was asked for.
    """

    rows: pd.DataFrame
    told: pd.DataFrame
    scored: int
    unscored_accounts: int
    subjects: int
    total_value_at_risk: float
    batch: pd.DataFrame
    today: date
    week_end: date
    everybody: pd.DataFrame = field(repr=False)

    def wanted(self, wanted: Wanted) -> Queue:
        """Keep the part that is asked for; every figure of it obeys."""
        rows = wanted.of(self.everybody)
        told = self.told[self.told["customer_id"].isin(rows["customer_id"])].reset_index(drop=True)
        return replace(self, rows=rows, told=told)

    @property
    def figures(self) -> dict[str, Any]:
        """As returned by `analytics.metrics.interventions.figures`; all None where nobody is known at all."""
        found = metrics.figures(self.rows)
        return found if self.subjects else dict.fromkeys(found)

    @property
    def owners(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.interventions.by_owner`."""
        return metrics.by_owner(self.rows)

    @property
    def days(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.interventions.by_day`."""
        return metrics.by_day(self.rows)

    @property
    def causes(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.interventions.by_reason`."""
        return metrics.by_reason(self.rows, self.told)


@dataclass(frozen=True)
class Interventions:
    """The queue now, and how its figures have moved.

    Attributes
    ----------
    queue : Queue
    history : pandas.DataFrame
        As returned by `analytics.metrics.interventions.history` for the periods of a comparison.
    """

    queue: Queue
    history: pd.DataFrame

    def published(self) -> dict[str, Any]:
        """Give the block ``kpis``."""
        queue = self.queue
        beside = {
            "horizon_months": HORIZON_MONTHS,
            "could_be_called": queue.subjects,
            "total_value_at_risk": queue.total_value_at_risk,
            "scored_customers": queue.scored,
            "unscored_accounts": queue.unscored_accounts,
            "batch_id": queue.batch["batch_id"].iloc[0] if len(queue.batch) else None,
            "predicted_at": queue.batch["predicted_at"].iloc[0] if len(queue.batch) else None,
            "first_working_day": queue.today,
            "week_end": queue.week_end,
        }
        frames = {"owners": queue.owners, "days": queue.days, "causes": queue.causes}
        return queue.figures | beside | frames | {"history": self.history}


def read_interventions(
    tables: Mapping[str, ibis.Table],
    present: Collection[str],
    comparison: Comparison,
    rules: InterventionRules,
    pipeline: PipelineRules,
    *,
    market: str | None = None,
    wanted: Wanted | None = None,
    high_risk_threshold: float = 0.80,
    contract_margin: float = 1.0,
) -> Interventions:
    """Read the queue at the reference date, and its figures in the timeframes that it is held against.

    Parameters
    ----------
    tables, present
        As for `analytics.models.interventions.subjects.read_subjects`.
    comparison : Comparison
        The previous timeframe and the year earlier are read as this one is, each with the batch in force
        then; where this one has predictions and that one has none, its figures are missing. Others are too.
    rules : InterventionRules
    pipeline : PipelineRules
    market : str, optional
        The organisation's market profile.
    wanted : Wanted, optional
        Which part is asked for; of earlier timeframes the same part.
    high_risk_threshold : float, default 0.80
        0–1; with a greater chance to leave a customer is at high risk.
    contract_margin : float, default 1
        0–1; profit as a share of the annual contract value.

    Returns
    -------
    Interventions
    """

    def queue_of(period: Timeframe) -> Queue:
        subjects = read_subjects(
            tables,
            present,
            period,
            pipeline,
            contract_margin=contract_margin,
            normal_days_factor=rules.of(market).normal_days_factor,
        )
        day = period.reference_date
        queue = call_queue(subjects, rules, day, market=market, high_risk_threshold=high_risk_threshold)
        return queue.wanted(wanted or Wanted())

    now = queue_of(comparison.this)
    first = _first_batch(tables, present)
    others = (comparison.previous, comparison.year_earlier)
    spans = [(other.start, other.reference_date) for other in others if other is not None]

    def comparable(period: Timeframe) -> bool:
        known = first is not None and first <= period.reference_date
        return (period.start, period.reference_date) in spans and known >= bool(now.scored)

    before = comparison.periods[:-1]
    figures = [queue_of(period).figures if comparable(period) else None for period in before]
    return Interventions(now, metrics.history(comparison.periods, [*figures, now.figures]))


def call_queue(
    subjects: pd.DataFrame,
    rules: InterventionRules,
    reference_date: date,
    *,
    market: str | None = None,
    high_risk_threshold: float = 0.80,
) -> Queue:
    """Put those who have to be called in order, each with a day, reasons and steps.

    Parameters
    ----------
    subjects : pandas.DataFrame
        As returned by `analytics.models.interventions.subjects.read_subjects`. It is not modified.
    rules : InterventionRules
    reference_date : datetime.date
        Days are counted from it.
    market : str, optional
        The organisation's market profile.
    high_risk_threshold : float, default 0.80
        0–1; with a greater chance to leave a customer is at high risk.

    Returns
    -------
    Queue
        Its rows are those with a sign that opens the queue, in the order of
        `analytics.models.interventions.signs.in_order`. To the columns of `subjects` come

        - ``rank`` (int64, from 1), ``high_risk`` (bool): chance above the threshold.
        - ``due_date`` (datetime64): the earliest day that one of the signs asks for, a working day; of a
          renewal also not later than the working day on or before its lead. ``due``: one of
          `analytics.metrics.interventions.DUE`. ``urgency``: the sign that asks for that day.
        - ``reasons``: in words, parted by ``; ``, the most urgent first and before it the one that leads in
          the market. ``recommendation``: the first step; ``next_steps``: those after it, a line each; empty
          without any.
    """
    signs = read_signs(subjects, rules.signs, threshold=high_risk_threshold)
    opens = [name for name in SIGNS if getattr(rules.signs, name).opens]
    rows = in_order(subjects.assign(high_risk=signs["leaving"])[signs[opens].any(axis=1)])
    seen = signs.loc[rows.index].reset_index(drop=True)
    rows = rows.reset_index(drop=True)
    asked = _days(rows, seen, rules, reference_date)
    today, week_end = working_week(rules, reference_date)
    rows = rows.assign(rank=np.arange(1, len(rows) + 1, dtype="int64"))
    rows, told = _explained(rows, asked, rules, market)
    rows["due"] = _when(rows["due_date"], today, week_end)
    scored = subjects["churn_probability"].notna()
    batch = subjects.loc[scored, ["batch_id", "predicted_at"]].head(1).reset_index(drop=True)
    rows = rows[list(COLUMNS)]
    return Queue(
        rows=rows,
        told=told,
        subjects=len(subjects),
        total_value_at_risk=float(subjects["value_at_risk"].sum(min_count=1)),
        scored=int(scored.sum()),
        unscored_accounts=int((subjects["kind"].eq("account") & ~scored).sum()),
        batch=batch,
        today=today,
        week_end=week_end,
        everybody=rows,
    )


def working_week(rules: InterventionRules, reference_date: date) -> tuple[date, date]:
    """Give the first working day from a date on, and the Sunday that ends its week.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> [str(day) for day in working_week(load_rules("intervention_rules"), date(2026, 11, 1))]
    ['2026-11-02', '2026-11-08']
    """
    today = np.busday_offset(np.datetime64(reference_date, "D"), 0, roll="forward", **_calendar(rules)).item()
    return today, today + timedelta(days=6 - today.weekday())


def _calendar(rules: InterventionRules) -> dict[str, Any]:
    return {
        "weekmask": [name in rules.working_days for name in WEEKDAYS],
        "holidays": [np.datetime64(day, "D") for day in rules.days_off],
    }


def _days(rows: pd.DataFrame, seen: pd.DataFrame, rules: InterventionRules, edge: date) -> pd.DataFrame:
    """The working day that each sign asks for; missing where the sign is not there."""
    calendar, start = _calendar(rules), np.datetime64(edge, "D")
    asked = {}
    for name in SIGNS:
        day = np.busday_offset(start, getattr(rules.signs, name).within, roll="forward", **calendar)
        days = np.full(len(rows), day, dtype="datetime64[D]")
        if name == "stake":
            soon = np.busday_offset(start, rules.signs.stake.likely_within, roll="forward", **calendar)
            days = np.where(seen["leaving"].to_numpy(), soon, days)
        if name == "renewal" and len(rows):
            lead = rows["renews_at"].fillna(pd.Timestamp(edge)).to_numpy().astype("datetime64[D]")
            lead = lead - np.timedelta64(rules.signs.renewal.lead_days, "D")
            first = np.busday_offset(start, 0, roll="forward", **calendar)
            days = np.clip(np.busday_offset(lead, 0, roll="backward", **calendar), first, days)
        asked[name] = pd.Series(days.astype("datetime64[us]"), rows.index).where(seen[name])
    return pd.DataFrame(asked, index=rows.index, columns=list(SIGNS))


def _explained(
    rows: pd.DataFrame, asked: pd.DataFrame, rules: InterventionRules, market: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say of each row by when, why and what to do; and all reasons once more, one a row."""
    said: dict[str, list[Any]] = {name: [] for name in ("due_date", "urgency", "reasons", "recommendation")}
    said["next_steps"] = []
    told: list[tuple[str, str, str]] = []
    records: list[dict[Any, Any]] = rows.to_dict("records")
    for row, days in zip(records, asked.itertuples(index=False, name=None), strict=True):
        there = sorted(
            (day, place) for place, day in enumerate(days) if not pd.isna(day)
        )  # by day, and of one day as the signs are named
        names = [SIGNS[place] for _, place in there]
        why = reasons(row, names, rules.of(market).leads)
        steps = [step.do for step in rules.plan(asking(why, names), market, _advice(row))]
        said["due_date"].append(there[0][0])
        said["urgency"].append(names[0])
        said["reasons"].append("; ".join(text for _, text in why[:MOST_REASONS]) or NO_REASON)
        said["recommendation"].append(steps[0])
        said["next_steps"].append("\n".join(steps[1:]))
        told += [(row["customer_id"], reason, text) for reason, text in why]
    frame = rows.assign(**{name: pd.Series(values, rows.index) for name, values in said.items()})
    frame["due_date"] = pd.to_datetime(frame["due_date"]).astype("datetime64[us]")
    return frame, pd.DataFrame(told, columns=["customer_id", "reason", "words"])


def _advice(row: Mapping[Any, Any]) -> str:
    """What the predictions recommend at a high risk; at a lower one they say to wait: much is at stake."""
    text, level = row["recommendations"], str(row["risk_level"]).casefold()
    return text if isinstance(text, str) and level in ("high", "critical") else ""


def _when(days: pd.Series, today: date, week_end: date) -> pd.Series:
    bounds = [pd.Timestamp(today), pd.Timestamp(week_end), pd.Timestamp(week_end) + pd.Timedelta(days=7)]
    found = np.select([days <= bound for bound in bounds], metrics.DUE[:3], metrics.DUE[3])
    return pd.Series(found, days.index, dtype="object")


def _first_batch(tables: Mapping[str, ibis.Table], present: Collection[str]) -> date | None:
    if "predictions" not in present:
        return None
    first = tables["predictions"].predicted_at.min().to_pandas()
    return None if pd.isna(first) else pd.Timestamp(first).date()
