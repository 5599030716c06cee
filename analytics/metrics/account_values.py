"""Contract customers at past days: what was known of each then, and what it brought in the year after.

A model of what contracts will bring learns from these rows. What is known stands strictly before the row's
cutoff; what is to be predicted lies strictly after it, and is missing where it has not happened yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.customer_sums import day_of
from analytics.metrics.purchases import SECONDS_A_DAY, day_number, integers_table
from analytics.metrics.selection import EVERYONE, Selection
from analytics.timeframe import Timeframe

HORIZON = 12
"""Months after a cutoff that are to be predicted."""
STEP = 3
"""Months from one cutoff to the next."""
MOST = 16
"""Cutoffs at most, the newest included: what is four years old says little of the next."""
DAYS_BACK = 365
"""How far back a row looks for growth and for answers to surveys."""

NUMBERS = (
    *("acv", "tenure_days", "raises_365d", "cuts_365d", "raised_share_365d", "seat_use", "logins_per_seat"),
    *("login_change", "nps_365d", "feature_adoption", "sentiment", "tickets_90d", "critical_tickets_90d"),
    *("days_overdue", "days_to_renewal"),
)
"""The features of a row that are numbers, in the order of the table."""


def account_snapshots(
    accounts: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    *,
    selection: Selection = EVERYONE,
) -> pd.DataFrame:
    """Every account that was live at past cutoffs and at the reference date, with what it brought after.

    The cutoffs are the reference date, the day 12 months before it, and from there every third month back
    to the first snapshot. An account stands in its last snapshot before the cutoff.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    customers : ibis.Table or None
        As in the contract.
    timeframe : Timeframe
        Its reference date is the newest cutoff; nothing on or after it is read.
    selection : Selection
        ``customer_type`` and the joining dates mark rows (``shown``) and take none away, because they act
        after fitting; a least revenue or profit is of sales and does not act on contracts.

    Returns
    -------
    pandas.DataFrame
        One row for each cutoff and account, by cutoff and id:

        - ``cutoff`` (datetime64), ``customer_id``, ``customer_name``, ``plan`` (text, None where unknown),
          ``shown`` (bool)
        - ``acv`` (money a year; an unknown one is 0), ``tenure_days`` (since the start, else since the
          first snapshot)
        - ``raises_365d``, ``cuts_365d``: snapshots of the last 365 days with a higher, a lower contract
          value than the one before; ``raised_share_365d``: the sum of those raises / acv, missing where
          that is 0
        - ``seat_use`` (seats used / purchased), ``logins_per_seat`` (logins of 30 days / purchased),
          ``login_change`` (logins of 30 days / of the 30 before − 1), ``nps_365d`` (mean of the answers of
          365 days), ``feature_adoption``, ``sentiment``, ``tickets_90d``, ``critical_tickets_90d``,
          ``days_overdue``, ``days_to_renewal``: of the last snapshot, missing where not known
        - ``revenue_12m`` (money): Σ acv / 12 over the 12 months after the cutoff, each month by what the
          account is worth at its end, 0 from the month in which it leaves;
          ``months_live`` (0–12): at how many of those ends it is a customer. Both missing where the 12
          months are not over by the reference date.

    Examples
    --------
    Ada is worth 120 a year, and leaves in the seventh month after the cutoff of 2025-01-01.

    >>> from analytics.timeframe import parse_timeframe
    >>> rows = ibis.memtable(pd.DataFrame({
    ...     "customer_id": ["ada"] * 2, "acv": [120.0, 120.0],
    ...     "snapshot_at": pd.to_datetime(["2024-12-31", "2025-07-31"]),
    ...     "started_at": pd.to_datetime(["2024-01-01"] * 2),
    ...     "churned_at": pd.to_datetime([None, "2025-07-09"])}))
    >>> year = parse_timeframe("2025", as_of=date(2026, 1, 1))
    >>> account_snapshots(rows, None, year)[["cutoff", "customer_id", "revenue_12m", "months_live"]]
          cutoff customer_id  revenue_12m  months_live
    0 2025-01-01         ada         60.0          6.0
    """
    days = cutoffs(accounts, timeframe.reference_date)
    if not days:
        return _typed(pd.DataFrame(columns=_COLUMNS))
    rows = _at(_shots(accounts, timeframe.reference_date), _marks(days, timeframe.reference_date))
    frame: pd.DataFrame = _with_identity(rows, customers, selection).to_pandas()
    frame["cutoff"] = pd.to_datetime(frame["cutoff"], unit="D")
    return _typed(frame.sort_values(["cutoff", "customer_id"], ignore_index=True))


def cutoffs(accounts: ibis.Table, reference_date: date) -> tuple[date, ...]:
    """Choose the days at which accounts are looked at, the newest first.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    reference_date : date

    Returns
    -------
    tuple of date
        The reference date, then those whose 12 months are over by it; empty without a snapshot before it.
    """
    before = day_of(_.snapshot_at) < day_number(reference_date)
    first = day_of(accounts.filter(before).snapshot_at.min()).to_pandas()
    if pd.isna(first):
        return ()
    earlier = [months_after(reference_date, -HORIZON - STEP * number) for number in range(MOST - 1)]
    return (reference_date, *(day for day in earlier if day_number(day) > int(first)))


def months_after(day: date, months: int) -> date:
    """Give the day so many months later, or the last one of that month where it is shorter.

    Examples
    --------
    >>> months_after(date(2026, 8, 31), -6)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    following, over = divmod(12 * year + month + 1, 12)
    last = (date(following, over + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


_COLUMNS = (
    *("cutoff", "customer_id", "customer_name", "plan", "shown"),
    *NUMBERS,
    *("revenue_12m", "months_live"),
)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = dict.fromkeys((*NUMBERS, "revenue_12m", "months_live"), "float64")
    kinds: Any = numbers | {"shown": "bool", "cutoff": "datetime64[us]"}
    return frame[list(_COLUMNS)].astype(kinds)


def _shots(accounts: ibis.Table, reference_date: date) -> ibis.Table:
    """Snapshots before the reference date, with the one before and the time until which each is valid."""
    columns = set(accounts.columns)

    def number(name: str) -> Any:
        return accounts[name].cast("float64") if name in columns else ibis.null("float64")

    def second(name: str) -> Any:
        return accounts[name].epoch_seconds().cast("int64") if name in columns else ibis.null("int64")

    at = second("snapshot_at")
    following = ibis.window(group_by=accounts.customer_id, order_by=at)
    acv = ibis.coalesce(accounts.acv.cast("decimal(18, 4)"), ibis.literal(0, "decimal(18, 4)"))
    seats = number("seats_purchased").nullif(0)
    known = accounts.select(
        customer_id=accounts.customer_id,
        at=at,
        **_tenure(at, at.lead().over(following), second("started_at"), second("churned_at")),
        renews=second("renews_at"),
        plan=accounts.plan if "plan" in columns else ibis.null("string"),
        acv=acv,
        step=acv.cast("float64") - acv.lag().over(following).cast("float64"),
        seat_use=number("seats_used") / seats,
        logins_per_seat=number("logins_30d") / seats,
        login_change=number("logins_30d") / number("logins_previous_30d").nullif(0) - 1,
        nps=number("nps"),
        feature_adoption=number("feature_adoption"),
        sentiment=number("sentiment"),
        tickets_90d=number("support_tickets_90d"),
        critical_tickets_90d=number("critical_tickets_90d"),
        days_overdue=number("days_overdue"),
    )
    return known.filter(_.at < day_number(reference_date) * SECONDS_A_DAY)


_AS_THEY_STAND = (
    *("seat_use", "logins_per_seat", "login_change", "feature_adoption", "sentiment", "tickets_90d"),
    *("critical_tickets_90d", "days_overdue"),
)


def _marks(days: Sequence[date], reference_date: date) -> ibis.Table:
    """The cutoffs as rows, so that one query answers for all.

    ``cutoff`` (day); where it and the ends of the 12 months after it lie: ``edge``, ``end_1`` … ``end_12``
    (seconds); whether these are ``over`` (0 or 1). Where they are not, the ends lie at the cutoff.
    """
    ends = [[months_after(day, month) for month in range(1, HORIZON + 1)] for day in days]
    over = [of_day[-1] <= reference_date for of_day in ends]
    rows = [
        [day, *(of_day if is_over else [day] * HORIZON)]
        for day, of_day, is_over in zip(days, ends, over, strict=True)
    ]
    edges = zip(*([day_number(day) * SECONDS_A_DAY for day in row] for row in rows), strict=True)
    return integers_table(
        cutoff=[day_number(day) for day in days],
        over=[int(is_over) for is_over in over],
        **dict(zip(("edge", *_ENDS), edges, strict=True)),
    )


_ENDS = tuple(f"end_{month}" for month in range(1, HORIZON + 1))


def _at(shots: ibis.Table, marks: ibis.Table) -> ibis.Table:
    """One row for each cutoff and account that is live at it."""
    seen = shots.inner_join(marks, shots.at < marks[_ENDS[-1]])
    last = _.at < _.edge
    recent = last & (_.at >= _.edge - DAYS_BACK * SECONDS_A_DAY)
    # At how many of the ends a snapshot is the last word: what it says then holds for so many months.
    months: Any = sum(_live(_[end]).ifelse(1, 0) for end in _ENDS)
    rows = (
        seen.mutate(stands=_live(_.edge), months=(_.over == 1).ifelse(months, ibis.null("int64")))
        .group_by("cutoff", "edge", "customer_id")
        .agg(
            live=_.stands.ifelse(1, 0).max(),
            plan=_.plan.max(where=_.stands),
            acv=_.acv.max(where=_.stands).cast("float64"),
            since=ibis.coalesce(_.started.min(where=_.stands), _.at.min(where=last)),
            renews=_.renews.max(where=_.stands),
            raises_365d=(recent & (_.step > 0)).ifelse(1, 0).sum().cast("float64"),
            cuts_365d=(recent & (_.step < 0)).ifelse(1, 0).sum().cast("float64"),
            raised=_.step.sum(where=recent & (_.step > 0)),
            nps_365d=_.nps.mean(where=recent),
            **{name: _[name].max(where=_.stands) for name in _AS_THEY_STAND},
            revenue_12m=(_.acv * _.months).sum().round(4).cast("float64") / HORIZON,
            months_live=_.months.sum().cast("float64"),
        )
    )
    return rows.filter(_.live == 1).select(
        "cutoff",
        "customer_id",
        "plan",
        "acv",
        "raises_365d",
        "cuts_365d",
        "nps_365d",
        *_AS_THEY_STAND,
        "revenue_12m",
        "months_live",
        tenure_days=((_.edge - _.since) // SECONDS_A_DAY).cast("float64"),
        raised_share_365d=_.raised.fill_null(0.0) / _.acv.nullif(0.0),
        days_to_renewal=((_.renews - _.edge) // SECONDS_A_DAY).cast("float64"),
    )


_NEVER = 2**62


def _tenure(at: Any, following: Any, started: Any, churned: Any) -> dict[str, Any]:
    """When a snapshot is the last word on an account that is a customer: after one instant, up to another."""
    return {
        "started": started,
        "valid_after": ibis.greatest(at, started.fill_null(at)),
        "valid_upto": ibis.least(following.fill_null(_NEVER), churned.fill_null(_NEVER)),
    }


def _live(edge: Any) -> Any:
    """Whether a snapshot is the last one before an instant, and of an account that is a customer then."""
    return (_.valid_after < edge) & (_.valid_upto >= edge)


def _with_identity(rows: ibis.Table, customers: ibis.Table | None, selection: Selection) -> ibis.Table:
    """Add each account's name, and whether the selection shows it."""
    columns = set(customers.columns) if customers is not None else set()
    joined = _.cutoff - _.tenure_days.cast("int64")
    if customers is not None:
        kept = [name for name in ("name", "customer_type", "registered_at") if name in columns]
        rows = rows.left_join(customers.select("customer_id", *kept), "customer_id", rname="{name}_right")
    if "registered_at" in columns:
        joined = ibis.coalesce(day_of(_.registered_at), joined)
    kind = _.customer_type if "customer_type" in columns else ibis.null("string")
    shown = ibis.literal(True) if selection.customer_type == "all" else kind == selection.customer_type
    first, last = selection.joined
    if first:
        shown &= joined >= day_number(first)
    if last:
        shown &= joined <= day_number(last)
    name = _.name if "name" in columns else ibis.null("string")
    return rows.mutate(customer_name=name, shown=shown.fill_null(False)).select(*_COLUMNS)
