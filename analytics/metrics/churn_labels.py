"""Who left: the answers that churn models learn from, at any cutoff, under either definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import ibis
import pandas as pd
from ibis import _

from analytics.errors import ParamsError
from analytics.metrics.churn_catalogue import Definition
from analytics.metrics.customer_sums import day_of
from analytics.metrics.purchases import EPOCH, day_number, label_periods, purchases
from analytics.metrics.rates import add_rate
from analytics.timeframe import Timeframe

Asked = Literal["auto", "contract", "purchase"]


def choose_definition(asked: Asked, accounts: ibis.Table | None, reference_date: date) -> Definition:
    """Decide what leaving means for an organisation.

    Parameters
    ----------
    asked : {"auto", "contract", "purchase"}
        With "auto": contract where a snapshot of an account lies before the reference date, else purchase.
    accounts : ibis.Table or None
        As in the contract; None where the organisation has no such table.
    reference_date : datetime.date

    Returns
    -------
    {"contract", "purchase"}

    Raises
    ------
    ParamsError
        If `asked` is none of the three.
    """
    if asked == "contract" or asked == "purchase":
        return asked
    if asked != "auto":
        raise ParamsError(f'definition "{asked}" is not known; allowed: auto, contract, purchase')
    if accounts is not None and newest_day(accounts, reference_date, at="snapshot_at") is not None:
        return "contract"
    return "purchase"


def newest_day(table: ibis.Table, reference_date: date, *, at: str) -> date | None:
    """Day of the newest row before a reference date; None where there is none."""
    return _edge(table, reference_date, at, newest=True)


def oldest_day(table: ibis.Table, reference_date: date, *, at: str) -> date | None:
    """Day of the oldest row before a reference date; None where there is none."""
    return _edge(table, reference_date, at, newest=False)


def snapshot_days(accounts: ibis.Table, reference_date: date) -> list[date]:
    """Days before a reference date on which any account has a snapshot, the newest first."""
    days = accounts.select(day=day_of(accounts.snapshot_at)).filter(_.day < day_number(reference_date))
    found: pd.DataFrame = days.distinct().to_pandas()
    return [EPOCH + timedelta(days=int(day)) for day in sorted(found["day"], reverse=True)]


def _edge(table: ibis.Table, reference_date: date, at: str, *, newest: bool) -> date | None:
    days = table.select(day=day_of(table[at])).filter(_.day < day_number(reference_date)).day
    found = (days.max() if newest else days.min()).to_pandas()
    return None if pd.isna(found) else EPOCH + timedelta(days=int(found))


def customers_who_bought(sales: ibis.Table, start: date, end: date) -> pd.Series:
    """Ids of the customers with a purchase in [start, end), in order; returns are no purchases."""
    inside = purchases(sales).filter(_.is_order, _.day >= day_number(start), _.day < day_number(end))
    found: pd.DataFrame = inside.select("customer_id").distinct().to_pandas()
    return found["customer_id"].sort_values(ignore_index=True)


def customers_who_left(accounts: ibis.Table, start: date, end: date, *, known_until: date) -> pd.Series:
    """Ids of the accounts that left in [start, end), in order.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    start, end : datetime.date
        Days of ``churned_at``, the first included, the last not.
    known_until : datetime.date
        Only snapshots before this day are read.

    Returns
    -------
    pandas.Series of text
    """
    left = accounts.select(
        "customer_id", at=day_of(accounts.snapshot_at), day=day_of(accounts.churned_at)
    ).filter(_.at < day_number(known_until), _.day >= day_number(start), _.day < day_number(end))
    found: pd.DataFrame = left.select("customer_id").distinct().to_pandas()
    return found["customer_id"].sort_values(ignore_index=True)


def churn_labels(
    customers: pd.Series,
    definition: Definition,
    cutoff: date,
    horizon_days: int,
    *,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
    known_until: date | None = None,
) -> pd.Series:
    """Say of each customer whether they left in the horizon from a cutoff.

    Parameters
    ----------
    customers : pandas.Series of text
        Ids of those at risk at the cutoff.
    definition : {"contract", "purchase"}
        Contract: ``churned_at`` in [cutoff, cutoff + horizon). Purchase: no purchase in it.
    cutoff : datetime.date
    horizon_days : int
    sales, accounts : ibis.Table
        The one that the definition reads.
    known_until : datetime.date, optional
        The reference date: nothing on or after it is read; by default the end of the horizon.

    Returns
    -------
    pandas.Series of bool
        With the index of `customers`.

    Raises
    ------
    ParamsError
        If the horizon does not end by `known_until`: an answer that nobody knows yet is no answer.
    """
    end = cutoff + timedelta(days=horizon_days)
    if known_until is not None and end > known_until:
        raise ParamsError(
            f"the {horizon_days} days from {cutoff} end after {known_until}; "
            "allowed are cutoffs whose whole horizon is over"
        )
    if definition == "contract":
        if accounts is None:
            raise ParamsError("contract labels need the table accounts; use definition: purchase")
        left = customers_who_left(accounts, cutoff, end, known_until=known_until or end)
        return customers.isin(left)
    if sales is None:
        raise ParamsError("purchase labels need the table sales; use definition: contract")
    return ~customers.isin(customers_who_bought(sales, cutoff, end))


def at_risk(
    definition: Definition,
    cutoff: date,
    *,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
    eligible_days: int | None = 365,
) -> pd.Series:
    """Ids of the customers who can leave at a cutoff, in order.

    Contract: accounts live then. Purchase: customers with a purchase in the `eligible_days` before it (None:
    with any before it).
    """
    end = day_number(cutoff)
    if definition == "contract" and accounts is not None:
        known = accounts.mutate(day=day_of(accounts.snapshot_at)).filter(_.day < end)
        newest = ibis.window(group_by="customer_id", order_by=ibis.desc("snapshot_at"))
        rows = known.mutate(place=ibis.row_number().over(newest)).filter(
            _.place == 0,
            _.churned_at.isnull() | (day_of(_.churned_at) >= end),
            _.started_at.isnull() | (day_of(_.started_at) < end),
        )
    elif definition == "purchase" and sales is not None:
        rows = purchases(sales).filter(_.is_order, _.day < end)
        if eligible_days is not None:
            rows = rows.filter(_.day >= end - eligible_days)
    else:
        return pd.Series([], dtype="str", name="customer_id")
    found: pd.DataFrame = rows.select("customer_id").distinct().to_pandas()
    return found["customer_id"].sort_values(ignore_index=True)


def churn_by_horizon(
    definition: Definition,
    reference_date: date,
    horizons: Sequence[int],
    *,
    own: int,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
    eligible_days: int | None = 365,
) -> pd.DataFrame:
    """How many left within horizons of several lengths, each ending at the reference date.

    Parameters
    ----------
    definition, reference_date, sales, accounts, eligible_days
        As for `churn_labels` and `at_risk`.
    horizons : sequence of int
        Days. The cutoff of each is the reference date − so many days.
    own : int
        The horizon that the model predicts.

    Returns
    -------
    pandas.DataFrame
        One row for each horizon, the shortest first: ``horizon_days`` (int64), ``cutoff`` (date),
        ``customers``, ``churned`` (int64), ``own`` (bool), ``churn_rate`` (percent, missing without
        customers) with ``_n``, ``_low`` and ``_high`` (Wilson).
    """
    rows = []
    for days in sorted({*horizons, own}):
        cutoff = reference_date - timedelta(days=days)
        rows.append(
            (days, cutoff, *_counts(definition, cutoff, days, eligible_days, sales, accounts), days == own)
        )
    frame = pd.DataFrame(rows, columns=["horizon_days", "cutoff", "customers", "churned", "own"])
    return add_rate(frame, "churn_rate", frame["churned"], frame["customers"])


def churn_rates(
    periods: Sequence[Timeframe],
    *,
    definition: Definition,
    horizon_days: int,
    eligible_days: int | None = 365,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
) -> pd.DataFrame:
    """How many left in the horizon that ends at each timeframe's reference date.

    Parameters
    ----------
    periods : sequence of Timeframe
        At least one.
    definition, horizon_days, eligible_days, sales, accounts
        As for `churn_labels` and `at_risk`.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order: ``period``, ``start``, ``end`` (end is the reference date),
        ``churned_customers`` (int64), ``churn_rate`` (percent, missing where nobody could leave: before the
        data begin, for instance) with ``_n``, ``_low`` and ``_high``.
    """
    rows = []
    for position, period in enumerate(periods):
        cutoff = period.reference_date - timedelta(days=horizon_days)
        rows.append((position, *_counts(definition, cutoff, horizon_days, eligible_days, sales, accounts)))
    frame = pd.DataFrame(rows, columns=["period", "customers", "churned_customers"])
    named = label_periods(frame, periods)
    return add_rate(named, "churn_rate", named["churned_customers"], named["customers"]).drop(
        columns="customers"
    )


def _counts(
    definition: Definition,
    cutoff: date,
    days: int,
    eligible_days: int | None,
    sales: ibis.Table | None,
    accounts: ibis.Table | None,
) -> tuple[int, int]:
    """Customers at risk at a cutoff, and those of them who left in the days from it on."""
    people = at_risk(definition, cutoff, sales=sales, accounts=accounts, eligible_days=eligible_days)
    if definition == "contract" and accounts is not None and len(people):
        # Between the last snapshot and the cutoff accounts have left of whom only a later row says so.
        last = newest_day(accounts, cutoff, at="snapshot_at") or cutoff
        end = cutoff + timedelta(days=days)
        gone = customers_who_left(accounts, last + timedelta(days=1), cutoff, known_until=end)
        people = people[~people.isin(gone)]
    if people.empty:
        return 0, 0
    left = churn_labels(people, definition, cutoff, days, sales=sales, accounts=accounts)
    return len(people), int(left.sum())


def standing(
    definition: Definition,
    reference_date: date,
    horizon_days: int,
    *,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
) -> dict[str, int]:
    """Count customers as they stand at a reference date.

    Returns
    -------
    dict of str to int
        ``total_customers`` = ``active_customers`` + ``churned_customers``. Contract: accounts with a
        snapshot, the live ones, the others. Purchase: customers with a purchase, those with one in the last
        `horizon_days`, the others.
    """
    end = day_number(reference_date)
    if definition == "contract" and accounts is not None:
        rows = accounts.filter(day_of(accounts.snapshot_at) < end)
        total = int(rows.select("customer_id").distinct().count().to_pandas())
        active = len(at_risk(definition, reference_date, accounts=accounts))
    else:
        total = len(at_risk("purchase", reference_date, sales=sales, eligible_days=None))
        active = len(at_risk("purchase", reference_date, sales=sales, eligible_days=horizon_days))
    return {"total_customers": total, "active_customers": active, "churned_customers": total - active}
