"""Survival: how long contract customers stay, those who are still here counted for as long as seen."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import ArrayLike

from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.metrics.rates import Z
from analytics.timeframe import Timeframe

ALL_PLANS = "all"
NO_PLAN = "no plan"
AGES = (30, 60, 90, 180, 365, 545, 730, 1095, 1460, 1825, 2555, 3650)
"""Days at which a curve is read off, so that it has a row there even if nobody left on that day."""


def survival(
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> pd.DataFrame:
    """Share of accounts that are still customers so many days after they started, by plan.

    A state: everything known before the reference date counts. Time runs from ``started_at``. An account is
    watched from its first snapshot (late entry: those who had left before it never show, so it says nothing
    of earlier days) to the day it leaves, or else to its last snapshot.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract. Accounts without ``started_at``, and those that had left by their first
        snapshot, are left out.
    timeframe : Timeframe
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"
        Only customers of this type.

    Returns
    -------
    pandas.DataFrame
        ``plan`` (at the first snapshot; ``all`` first, then by number of accounts, ``no plan`` where it is
        unknown), ``accounts`` (int64, of the plan), then one row for each day as `kaplan_meier` has them.

    Notes
    -----
    Who leaves and comes back is followed to the first departure. The plan is the one at the first snapshot:
    a later one would be known only of those who stayed long enough to change it.
    """
    spells = _spells(accounts, timeframe, customers, customer_type)
    if spells.empty:
        return pd.DataFrame(columns=["plan", "accounts", *_CURVE])
    sizes = spells.groupby("plan")["accounts"].sum().reset_index()
    sizes = sizes.sort_values(["accounts", "plan"], ascending=[False, True])
    groups = [(ALL_PLANS, spells), *((plan, spells[spells["plan"] == plan]) for plan in sizes["plan"])]
    curves = [
        kaplan_meier(part["entry"], part["exit"], part["left"], weights=part["accounts"], ages=AGES).assign(
            plan=plan, accounts=int(part["accounts"].sum())
        )
        for plan, part in groups
    ]
    return pd.concat(curves, ignore_index=True)[["plan", "accounts", *_CURVE]]


def kaplan_meier(
    entry: ArrayLike,
    leave: ArrayLike,
    left: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    ages: Sequence[int] = (),
) -> pd.DataFrame:
    """Estimate a survival curve from spells that may enter late and may not be over.

    Parameters
    ----------
    entry, leave : array_like of shape (n_spells,)
        Day on which the watching of each begins and ends. On day *t* those are at risk with
        entry < t ≤ leave.
    left : array_like of shape (n_spells,)
        Whether the spell ended by leaving, not by the end of the watching.
    weights : array_like of shape (n_spells,), optional
        How many spells each row stands for, 1 by default.
    ages : sequence of int
        Days that get a row in any case, as far as anybody was watched.

    Returns
    -------
    pandas.DataFrame
        One row for day 0, for each day on which somebody left, for `ages`, and for the last day of watching:

        - ``days`` (int64), ``at_risk`` and ``churned`` (int64).
        - ``survival_rate`` (percent): of those who start, how many are still here after that day.
        - ``survival_rate_low``, ``survival_rate_high`` (percent): 95 % band from Greenwood's variance on
          the scale log(−log), which keeps it between 0 and 100; missing once nobody is left.
        - ``standard_error`` (points): Greenwood's own.

    References
    ----------
    .. [1] E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", *Journal of
       the American Statistical Association* 53, 1958.
    .. [2] J. P. Klein and M. L. Moeschberger, *Survival Analysis*, 2nd ed., Springer, 2003, sections 4.2,
       4.3 and 4.6 (left truncation).

    Examples
    --------
    >>> curve = kaplan_meier([0, 0, 0], [10, 20, 20], [True, False, False])
    >>> curve[["days", "at_risk", "churned"]].to_numpy().tolist()
    [[0, 3, 0], [10, 3, 1], [20, 2, 0]]
    >>> curve["survival_rate"].round(1).tolist()
    [100.0, 66.7, 66.7]
    """
    start, end, over = (np.asarray(values, dtype="int64") for values in (entry, leave, left))
    weight = np.ones(len(start), dtype="int64") if weights is None else np.asarray(weights, dtype="int64")
    watched = start < end
    start, end, over, weight = start[watched], end[watched], over[watched] == 1, weight[watched]
    if not len(start):
        return pd.DataFrame(columns=list(_CURVE))
    also = [age for age in ages if age < end.max()]
    days = np.unique(np.concatenate([[0], end[over], also, [end.max()]])).astype("int64")
    risk = _running(start, weight, days, "left") - _running(end, weight, days, "left")
    risk[0] = _running(start, weight, days[:1], "right")[0] if days[0] == 0 else risk[0]
    gone = _running(end[over], weight[over], days, "right") - _running(end[over], weight[over], days, "left")
    safe = np.where(risk > 0, risk, 1)
    share = np.cumprod(1 - gone / safe)
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = np.cumsum(np.where(gone > 0, gone / (safe * (safe - gone).astype("float64")), 0))
        error = share * np.sqrt(summed)
        spread = Z * np.sqrt(summed) / np.abs(np.log(share))
        low, high = share ** np.exp(spread), share ** np.exp(-spread)
    sure, nobody = share == 1, share == 0
    return pd.DataFrame(
        {
            "days": days,
            "at_risk": risk,
            "churned": gone,
            "survival_rate": 100 * share,
            "survival_rate_low": 100 * np.where(sure, 1, np.where(nobody, np.nan, low)),
            "survival_rate_high": 100 * np.where(sure, 1, np.where(nobody, np.nan, high)),
            "standard_error": 100 * np.where(nobody, np.nan, error),
        }
    )


def survival_at(curves: pd.DataFrame, days: int) -> pd.DataFrame:
    """Read each plan's curve at one day; plans that nobody was watched in for so long are missing from it.

    Parameters
    ----------
    curves : pandas.DataFrame
        As returned by `survival`.
    days : int

    Returns
    -------
    pandas.DataFrame
        One row for each plan: ``plan``, ``accounts`` and the row of the last day not after `days`.
    """
    reach = curves.groupby("plan")["days"].transform("max") >= days
    found = curves[reach & (curves["days"] <= days)].groupby("plan", sort=False).tail(1)
    return found.assign(days=days).reset_index(drop=True)


_CURVE = (
    *("days", "at_risk", "churned", "survival_rate", "survival_rate_low", "survival_rate_high"),
    "standard_error",
)


def _running(values: np.ndarray, weights: np.ndarray, days: np.ndarray, side: str) -> np.ndarray:
    """How many lie before each day (``left``), or not after it (``right``)."""
    order = np.argsort(values, kind="stable")
    sums = np.concatenate([[0], np.cumsum(weights[order])])
    return sums[np.searchsorted(values[order], days, side=side)]  # type: ignore[call-overload]


def _spells(
    accounts: ibis.Table, timeframe: Timeframe, customers: ibis.Table | None, customer_type: str
) -> pd.DataFrame:
    """Count accounts by plan, days to the first snapshot, days watched, and whether they left."""
    if customer_type != "all" and customers is not None:
        wanted = customers.filter(customers.customer_type == customer_type).select("customer_id")
        accounts = accounts.semi_join(wanted, "customer_id")
    end = day_number(timeframe.reference_date)
    known = accounts.filter(accounts.started_at.notnull()).select(
        customer_id=accounts.customer_id,
        plan=ibis.coalesce(accounts.plan, ibis.literal(NO_PLAN)),
        at=accounts.snapshot_at.epoch_seconds().cast("int64"),
        day=_day(accounts.snapshot_at),
        started=_day(accounts.started_at),
        churned=_day(accounts.churned_at),
    )
    each = ibis.window(group_by=["customer_id", "started"], order_by="at")
    placed = known.filter((_.day < end) & (_.started < end)).mutate(
        place=ibis.row_number().over(each), following=_.at.lead().over(each)
    )
    # A planned departure counts where nothing later is known, a past one always.
    told = (_.churned < end) & ((_.churned <= _.day) | _.following.isnull())
    spells = placed.group_by("customer_id", "started").agg(
        plan=(_.place == 0).ifelse(_.plan, ibis.null("string")).max(),
        first=_.day.min(),
        last=_.day.max(),
        churned=told.ifelse(_.churned, ibis.null("int64")).min(),
    )
    first = (_.first > _.started).ifelse(_.first, _.started)
    counted = (
        spells.mutate(
            entry=first - _.started,
            exit=ibis.coalesce(_.churned, _.last) - _.started,
            left=_.churned.notnull().ifelse(1, 0),
        )
        .filter(_.entry < _.exit)
        .group_by("plan", "entry", "exit", "left")
        .agg(accounts=_.count())
        .order_by("plan", "entry", "exit", "left")
    )
    frame: pd.DataFrame = counted.to_pandas()
    return frame


def _day(instant: ibis.Value) -> ibis.Value:
    return (instant.epoch_seconds() // SECONDS_A_DAY).cast("int64")
