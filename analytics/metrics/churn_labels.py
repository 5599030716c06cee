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
from analytics.metrics.churn_features import by_place
from analytics.metrics.customer_sums import day_of
from analytics.metrics.purchases import EPOCH, day_number, integers_table, label_periods, purchases
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
    horizon = _horizons_table([start], [(end - start).days])
    return _ids(_leavings(accounts, known_until), horizon, 1)[0]


def _leavings(accounts: ibis.Table, known_until: date) -> ibis.Table:
    """Customers and the days on which they left, as far as snapshots before a day say so."""
    rows = accounts.select("customer_id", at=day_of(_.snapshot_at), day=day_of(_.churned_at))
    return rows.filter(_.at < day_number(known_until))


def _horizons_table(cutoffs: Sequence[date], days: Sequence[int]) -> ibis.Table:
    """Horizons as rows, so that one query answers for all: ``place``, ``cutoff``, ``end`` (not included)."""
    starts = [day_number(cutoff) for cutoff in cutoffs]
    ends = [start + length for start, length in zip(starts, days, strict=True)]
    return integers_table(place=range(len(starts)), cutoff=starts, end=ends)


def _ids(rows: ibis.Table, horizons: ibis.Table, count: int) -> list[pd.Series]:
    """Ids of the customers with a row whose ``day`` lies in each of the horizons, in order."""
    inside = rows.inner_join(horizons, [rows.day >= horizons.cutoff, rows.day < horizons.end])
    frames = by_place(inside.select("place", "customer_id").distinct(), count)
    return [frame["customer_id"] for frame in frames]


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
    return churn_labels_at(
        [customers],
        definition,
        [cutoff],
        horizon_days,
        sales=sales,
        accounts=accounts,
        known_until=known_until,
    )[0]


def churn_labels_at(
    customers: Sequence[pd.Series],
    definition: Definition,
    cutoffs: Sequence[date],
    horizon_days: int,
    *,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
    known_until: date | None = None,
) -> list[pd.Series]:
    """Say the same of those at risk at several cutoffs, in their order; see `churn_labels`."""
    last = max(cutoffs)
    end = last + timedelta(days=horizon_days)
    if known_until is not None and end > known_until:
        raise ParamsError(
            f"the {horizon_days} days from {last} end after {known_until}; "
            "allowed are cutoffs whose whole horizon is over"
        )
    horizons = _horizons_table(cutoffs, [horizon_days] * len(cutoffs))
    if definition == "contract":
        if accounts is None:
            raise ParamsError("contract labels need the table accounts; use definition: purchase")
        left = _ids(_leavings(accounts, known_until or end), horizons, len(cutoffs))
        return [ids.isin(gone) for ids, gone in zip(customers, left, strict=True)]
    if sales is None:
        raise ParamsError("purchase labels need the table sales; use definition: contract")
    bought = purchases(sales).filter(_.is_order).select("customer_id", "day")
    stayed = _ids(bought, horizons, len(cutoffs))
    return [~ids.isin(came) for ids, came in zip(customers, stayed, strict=True)]


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
        As for `churn_labels`. Those at risk are, with a contract, accounts live at the cutoff; without,
        customers with a purchase in the `eligible_days` before it (None: with any before it).
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
    days = sorted({*horizons, own})
    cutoffs = [reference_date - timedelta(days=length) for length in days]
    counts = _counts(definition, cutoffs, days, eligible_days, sales, accounts)
    frame = pd.DataFrame({"horizon_days": days, "cutoff": cutoffs}).assign(
        customers=counts["customers"], churned=counts["churned"], own=[length == own for length in days]
    )
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
        As for `churn_by_horizon`.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order: ``period``, ``start``, ``end`` (end is the reference date),
        ``churned_customers`` (int64), ``churn_rate`` (percent, missing where nobody could leave: before the
        data begin, for instance) with ``_n``, ``_low`` and ``_high``.
    """
    cutoffs = [period.reference_date - timedelta(days=horizon_days) for period in periods]
    days = [horizon_days] * len(periods)
    counts = _counts(definition, cutoffs, days, eligible_days, sales, accounts)
    frame = counts.rename(columns={"churned": "churned_customers"}).rename_axis("period").reset_index()
    named = label_periods(frame, periods)
    return add_rate(named, "churn_rate", named["churned_customers"], named["customers"]).drop(
        columns="customers"
    )


def _counts(
    definition: Definition,
    cutoffs: Sequence[date],
    days: Sequence[int],
    eligible_days: int | None,
    sales: ibis.Table | None,
    accounts: ibis.Table | None,
) -> pd.DataFrame:
    """``customers`` at risk at each cutoff, and those of them who left in the days from it (``churned``)."""
    horizons = _horizons_table(cutoffs, days)
    if definition == "contract" and accounts is not None:
        people = _accounts_at(accounts, horizons).filter(_.live == 1, _.gone == 0)
    elif definition == "purchase" and sales is not None:
        people = _buyers_at(sales, horizons)
        if eligible_days is not None:
            people = people.filter(_.last_day >= _.cutoff - eligible_days)
    else:
        return pd.DataFrame(0, index=range(len(cutoffs)), columns=["customers", "churned"])
    sums = people.group_by("place").agg(customers=_.count(), churned=_.left.sum())
    found: pd.DataFrame = sums.to_pandas().set_index("place").reindex(range(len(cutoffs)), fill_value=0)
    return found.astype("int64")


def _accounts_at(accounts: ibis.Table, horizons: ibis.Table) -> ibis.Table:
    """The accounts with a snapshot before the end of each horizon, with what was true of them as 0 or 1.

    ``live`` by the last snapshot before the cutoff, and ``left`` in the horizon. Between that snapshot and
    the cutoff accounts have left of whom only a later row says so: they are ``gone``.
    """
    days = accounts.select(
        "customer_id",
        "snapshot_at",
        at=day_of(_.snapshot_at),
        started=day_of(_.started_at),
        churned=day_of(_.churned_at),
    )
    rows = days.inner_join(horizons, days.at < horizons.end).mutate(before=(_.at < _.cutoff).ifelse(1, 0))
    by_customer = ["place", "customer_id", "before"]
    rows = rows.mutate(
        place_in_time=ibis.row_number().over(group_by=by_customer, order_by=ibis.desc("snapshot_at")),
        newest_day=(_.before == 1).ifelse(_.at, ibis.null("int64")).max().over(group_by="place"),
    )
    live = (
        ((rows.before == 1) & (rows.place_in_time == 0))
        & (rows.churned.isnull() | (rows.churned >= rows.cutoff))
        & (rows.started.isnull() | (rows.started < rows.cutoff))
    )
    gone = (rows.churned > rows.newest_day) & (rows.churned < rows.cutoff)
    left = (rows.churned >= rows.cutoff) & (rows.churned < rows.end)
    return rows.group_by("place", "customer_id").agg(
        **{
            name: is_so.ifelse(1, 0).max()
            for name, is_so in {"live": live, "gone": gone, "left": left}.items()
        }
    )


def _buyers_at(sales: ibis.Table, horizons: ibis.Table) -> ibis.Table:
    """Who bought before each cutoff: their ``last_day``, and ``left`` (1) where none came in the horizon."""
    days = purchases(sales).filter(_.is_order).select("customer_id", "day").distinct()
    rows = days.inner_join(horizons, days.day < horizons.end)
    people = rows.group_by("place", "cutoff", "customer_id").agg(
        last_day=_.day.max(where=_.day < _.cutoff), left=(_.day >= _.cutoff).ifelse(0, 1).min()
    )
    return people.filter(_.last_day.notnull())


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
    now = _horizons_table([reference_date], [0])
    if definition == "contract" and accounts is not None:
        people, active = _accounts_at(accounts, now), _.live.sum()
    elif sales is not None:
        people = _buyers_at(sales, now)
        active = (_.last_day >= _.cutoff - horizon_days).ifelse(1, 0).sum()
    else:
        return {"total_customers": 0, "active_customers": 0, "churned_customers": 0}
    counts = people.agg(total=_.count(), active=active).to_pandas().fillna(0).astype("int64")
    total, active = (int(counts[name].iloc[0]) for name in ("total", "active"))
    return {"total_customers": total, "active_customers": active, "churned_customers": total - active}
