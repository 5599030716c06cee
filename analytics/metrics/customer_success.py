"""How customers fare: what they say, whether they come, what they need, and how busy each of them is."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.customer_economics import YEAR, contract_spans
from analytics.metrics.lifecycle_subjects import LEVELS, Ids, Tables, limited
from analytics.metrics.monthly_revenue import month_of, month_start
from analytics.metrics.purchases import SECONDS_A_DAY, day_number, exact_sum, purchases
from analytics.metrics.rates import Z, percentage
from analytics.timeframe import Timeframe

ENGAGEMENT_DAYS = 90
HALF_LIFE_DAYS = 30.0
VALUE_DAYS = 365
"""Days of purchases that are part of what a customer is worth a year."""

_MONEY = "decimal(18, 4)"


def success_by_month(accounts: ibis.Table, timeframe: Timeframe, *, only: Ids | None = None) -> pd.DataFrame:
    """NPS, logins, seats and tickets of live accounts by the month of their snapshots.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    timeframe : Timeframe
        Snapshots before its reference date are read.
    only : sequence of str or ibis.Table, optional
        The customers to count, as `analytics.metrics.lifecycle_subjects.customer_ids` gives them; by default
        all.

    Returns
    -------
    pandas.DataFrame
        One row for each month with a snapshot of a live account, ascending; of each account its last one in
        the month: ``month`` (datetime64), ``in_timeframe`` (bool: it has a day of the timeframe),
        ``accounts`` (int64), ``responses`` (int64: accounts with an NPS), ``nps`` (mean, −100…100) with
        ``nps_low`` and ``nps_high`` (95 %, missing under 2 responses), ``logins`` (mean of ``logins_30d`` an
        account), ``seat_use_percent`` (seats used / purchased of the accounts where both are known),
        ``tickets`` and ``critical_tickets`` (mean an account, in the 90 days before the snapshot). What no
        account of the month has is missing.
    """
    shots = limited(accounts, only)
    limit = day_number(timeframe.reference_date) * SECONDS_A_DAY
    rows = shots.select(
        "customer_id",
        at=shots.snapshot_at.epoch_seconds().cast("int64"),
        month=month_of(shots.snapshot_at),
        gone=shots.churned_at.notnull() & (shots.churned_at <= shots.snapshot_at),
        **{
            name: shots[column].cast("float64")
            for name, column in {
                "nps": "nps", "logins": "logins_30d", "used": "seats_used", "bought": "seats_purchased",
                "tickets": "support_tickets_90d", "critical": "critical_tickets_90d",
            }.items()
        },
    ).filter(_["at"] < limit)  # fmt: skip
    newest = ibis.window(group_by=["customer_id", "month"], order_by=ibis.desc("at"))
    rows = rows.mutate(place=ibis.row_number().over(newest)).filter(_.place == 0, ~_.gone)
    known = rows.used.notnull() & rows.bought.notnull()
    sums: pd.DataFrame = (
        rows.group_by("month")
        .agg(
            accounts=_.count(), responses=_.nps.count(), nps=_.nps.sum(), squares=(_.nps * _.nps).sum(),
            logins=_.logins.mean().round(9), tickets=_.tickets.mean().round(9),
            critical_tickets=_.critical.mean().round(9),
            used=rows.used.sum(where=known), bought=rows.bought.sum(where=known),
        )
        .to_pandas()
        .sort_values("month", ignore_index=True)
    )  # fmt: skip
    return _monthly(sums, timeframe)


def _monthly(sums: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    numbers = ("nps", "squares", "logins", "tickets", "critical_tickets", "used", "bought")
    sums = sums.astype(
        dict.fromkeys(numbers, "float64") | dict.fromkeys(("month", "accounts", "responses"), "int64")
    )
    n = sums["responses"].astype("float64")
    mean = sums["nps"] / n.where(n > 0)
    spread = (sums["squares"] - n * mean**2).clip(lower=0) / (n - 1).where(n > 1)
    half = Z * np.sqrt(spread / n.where(n > 0))
    months = [month_start(month) for month in sums["month"]]
    last = [(month + pd.offsets.MonthEnd(0)).date() for month in months]
    return pd.DataFrame(
        {
            "month": pd.DatetimeIndex(months, dtype="datetime64[us]"),
            "in_timeframe": [day >= timeframe.start for day in last],
            "accounts": sums["accounts"],
            "responses": sums["responses"],
            "nps": mean,
            "nps_low": (mean - half).clip(lower=-100),
            "nps_high": (mean + half).clip(upper=100),
            "logins": sums["logins"],
            "seat_use_percent": percentage(sums["used"], sums["bought"]),
            "tickets": sums["tickets"],
            "critical_tickets": sums["critical_tickets"],
        }
    )


def recent_activity(
    activities: ibis.Table, reference_date: date, *, days: int, half_life: float
) -> pd.DataFrame:
    """How busy each subject of the activities was lately.

    Parameters
    ----------
    activities : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Nothing on or after it is read.
    days : int
        Days before the reference date that count.
    half_life : float
        Days after which an activity counts half.

    Returns
    -------
    pandas.DataFrame
        ``subject_id`` as in the table, ``activities`` (int64) and ``weight``: Σ 0.5^(age / half_life), an
        activity of the last day being 1 day old. Every kind counts alike.
    """
    edge = day_number(reference_date)
    rows = activities.select("subject_id", age=edge - (_.occurred_at.epoch_seconds() // SECONDS_A_DAY))
    rows = rows.filter(_.age > 0, _.age <= days)
    by_age = rows.group_by("subject_id", "age").agg(n=_.count())
    # Decimals add up exactly: the order in which an engine adds must not decide who ranks before whom.
    weight = (ibis.literal(0.5) ** (by_age.age / half_life)).round(9).cast("decimal(18, 9)") * by_age.n
    sums = (
        by_age.mutate(weight=weight).group_by("subject_id").agg(activities=_.n.sum(), weight=_.weight.sum())
    )
    found: pd.DataFrame = sums.mutate(weight=_.weight.cast("float64").round(9)).to_pandas()
    return found.astype({"activities": "int64", "weight": "float64"})


def engagement_scores(subjects: pd.DataFrame, recent: pd.DataFrame) -> pd.DataFrame:
    """Put every subject on a scale from silent to busiest.

    Parameters
    ----------
    subjects : pandas.DataFrame
        All subjects, as returned by `analytics.metrics.lifecycle_subjects.read_subjects`.
    recent : pandas.DataFrame
        As returned by `recent_activity`.

    Returns
    -------
    pandas.DataFrame
        One row for each subject, in their order: ``activities`` (int64) and ``engagement_score`` (0–100).
        The score is 0 for who did nothing; among those who did something it is the percentage of them whose
        weight is no greater.

    Notes
    -----
    Why the silent are left out of the percentile: most leads of past years are silent, and whoever opened one
    e-mail would stand above them all, near 100.
    """
    by_id = recent.set_index("subject_id")
    sums = pd.DataFrame(0.0, index=subjects.index, columns=["activities", "weight"])
    for name in ("lead_id", "customer_id"):
        ids = subjects[name].where(subjects[name].notna())
        # An id that is a lead's and a customer's is the lead's, as with events.
        mine = ids if name == "lead_id" else ids.where(~ids.isin(subjects["lead_id"]))
        sums += by_id.reindex(mine).fillna(0.0).set_axis(subjects.index)
    active = sums["weight"] > 0
    rank = sums.loc[active, "weight"].round(9).rank(method="max")
    score = (100 * rank / max(int(active.sum()), 1)).reindex(subjects.index).fillna(0.0)
    return pd.DataFrame({"activities": sums["activities"].astype("int64"), "engagement_score": score})


def customer_values(tables: Tables, reference_date: date, spans: ibis.Table | None = None) -> pd.DataFrame:
    """What each customer is worth a year, and has brought so far.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        ``accounts`` and ``sales`` as in the contract; either may be without rows.
    reference_date : datetime.date
        Nothing on or after it is read.
    spans : ibis.Table, optional
        What `analytics.metrics.customer_economics.contract_spans` gives for the same, where it is at hand.

    Returns
    -------
    pandas.DataFrame
        One row for each customer with an account or a sale, by ``customer_id``: ``has_contract`` and
        ``is_live`` (bool: an account, and one that runs), ``value`` (money a year: ``acv`` where the account
        is live, and net sales of the last 365 days), ``revenue`` (money so far: contract value for as long as
        it ran, and net sales), ``account_owner`` (of the live account).
    """
    edge = day_number(reference_date)
    spans = contract_spans(tables["accounts"], reference_date) if spans is None else spans
    live = spans.until.isnull() | (spans.until >= edge)
    nothing = ibis.literal(0, _MONEY)
    over = ibis.coalesce((spans.until < edge).ifelse(spans.until, edge), edge)
    contracts = spans.select(
        "customer_id",
        contract=ibis.literal(1, "int64"),
        live=live.ifelse(1, 0).cast("int64"),
        acv=live.ifelse(spans.acv, nothing),
        acv_days=(spans.acv * (over - spans.since)).cast("decimal(28, 4)"),
        sold=nothing,
        sold_lately=nothing,
        owner=live.ifelse(spans.owner, ibis.null("string")),
    )
    sold = purchases(tables["sales"]).filter(_.day < edge)
    bought = sold.select(
        "customer_id",
        contract=ibis.literal(0, "int64"),
        live=ibis.literal(0, "int64"),
        acv=nothing,
        acv_days=ibis.literal(0, "decimal(28, 4)"),
        sold=sold.revenue.cast(_MONEY),
        sold_lately=(sold.day >= edge - VALUE_DAYS).ifelse(sold.revenue, nothing).cast(_MONEY),
        owner=ibis.null("string"),
    )
    sums = ibis.union(contracts, bought).group_by("customer_id").agg(
        has_contract=_.contract.max(), live=_.live.max(), owner=_.owner.max(),
        **{name: exact_sum(_[name]) for name in ("acv", "acv_days", "sold", "sold_lately")},
    )  # fmt: skip
    found: pd.DataFrame = sums.to_pandas().sort_values("customer_id", ignore_index=True)
    money = found[["acv", "acv_days", "sold", "sold_lately"]].astype("float64")
    return pd.DataFrame(
        {
            "customer_id": found["customer_id"],
            "has_contract": found["has_contract"].astype(bool),
            "is_live": found["live"].astype(bool),
            "value": (money["acv"] + money["sold_lately"]).round(4),
            "revenue": (money["acv_days"] / YEAR + money["sold"]).round(4),
            "account_owner": found["owner"].astype("object").where(found["owner"].notna(), None),
        }
    )


def customer_list(subjects: pd.DataFrame, values: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    """Every subject with where it stands, its risk, who owns it and what it is worth.

    Parameters
    ----------
    subjects : pandas.DataFrame
        With ``activities`` and ``engagement_score``, as `engagement_scores` gives them.
    values : pandas.DataFrame
        As returned by `customer_values`.
    scored : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.scored_customers`.

    Returns
    -------
    pandas.DataFrame
        The most valuable first, ties by id, those without a value last: ``subject_id``, ``customer_id``,
        ``lead_id``, ``name``, ``stage``, ``since`` (datetime64: day of the entry), ``days_in_stage``,
        ``risk_level``, ``churn_probability`` (0–1; both missing for whom no batch has scored), ``owner`` (of
        the customer, else the live account, else the lead), ``value`` (money a year; missing for who is no
        customer, 0 for one who left), ``revenue`` (money so far), ``has_contract`` and ``is_live`` (bool:
        an account, and one that runs), ``engagement_score``, ``activities``, ``source``, ``region``.
    """
    risks = scored[["customer_id", "risk_level", "churn_probability"]]
    rows = subjects.merge(values, on="customer_id", how="left").merge(risks, on="customer_id", how="left")
    for name in ("risk_level", "account_owner"):
        rows[name] = rows[name].astype("object").where(rows[name].notna(), None)
    known_as = {level.lower(): level for level in LEVELS}  # others may write them in another case
    rows["risk_level"] = rows["risk_level"].map(
        lambda level: known_as.get(level.lower(), level), na_action="ignore"
    )
    rows["owner"] = rows["owner"].where(rows["owner"].notna(), rows["account_owner"])
    rows["has_contract"], rows["is_live"] = rows["has_contract"].eq(True), rows["is_live"].eq(True)
    rows["since"] = pd.to_datetime(rows["since_day"], unit="D").astype("datetime64[us]")
    rows = rows.astype({"value": "float64", "revenue": "float64", "churn_probability": "float64"})
    ordered = rows.sort_values(
        ["value", "subject_id"], ascending=[False, True], na_position="last", ignore_index=True
    )
    return ordered[list(LIST_COLUMNS)]


LIST_COLUMNS = (
    *("subject_id", "customer_id", "lead_id", "name", "stage", "since", "days_in_stage", "risk_level"),
    *("churn_probability", "owner", "value", "revenue", "has_contract", "is_live", "engagement_score"),
    *("activities", "source", "region"),
)
"""Columns of the list of customers."""


def days_in_stage(subjects: pd.DataFrame, reference_date: date) -> Any:
    """Whole days since the entry into the stage in which each subject stands."""
    return day_number(reference_date) - subjects["since_day"]
