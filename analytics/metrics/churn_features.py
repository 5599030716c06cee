"""What is known of each customer strictly before a cutoff: the features of the churn models.

Every builder filters its rows by the cutoff before it does anything else. `changed_by_the_future` proves it
for any builder: it builds twice, once from all rows and once from those before the cutoff, and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.churn_catalogue import FEATURE, FEATURES, Feature, names
from analytics.metrics.customer_sums import day_of, exact, money
from analytics.metrics.purchases import day_number, integers_table, purchases

__all__ = [
    "FEATURE",
    "FEATURES",
    "Feature",
    "account_features",
    "account_features_at",
    "changed_by_the_future",
    "names",
    "purchase_features",
    "purchase_features_at",
    "visits_at",
]

YEAR = 365


def purchase_features(
    sales: ibis.Table,
    cutoff: date,
    *,
    sale_items: ibis.Table | None = None,
    eligible_days: int | None = YEAR,
) -> pd.DataFrame:
    """Describe the buying of each eligible customer before a cutoff.

    Parameters
    ----------
    sales, sale_items : ibis.Table
        As in the contract; without `sale_items`, or without categories in it, the breadth is missing.
    cutoff : datetime.date
        Nothing on or after this day is read.
    eligible_days : int or None, default 365
        Only customers with a purchase in so many days before the cutoff; None: all with a purchase.

    Returns
    -------
    pandas.DataFrame
        One row for each eligible customer, by id; days are calendar days, a purchase on the last day before
        the cutoff is 1 day old. A visit is a day with a purchase.

        - ``customer_id`` (text)
        - ``recency_days``, ``tenure_days`` (float64): since the last and since the first visit.
        - ``frequency``, ``frequency_90``, ``frequency_365`` (float64): visits, in all and in so many days.
        - ``monetary_30``, ``monetary_90``, ``monetary_365`` (float64, money): net revenue, returns deducted.
        - ``mean_gap_days`` (float64): first to last visit / gaps; missing under two visits.
        - ``overdue_ratio`` (float64): recency_days / mean_gap_days; missing with it.
        - ``gap_trend`` (float64): last gap / mean of the gaps before it; missing under three visits.
        - ``basket_value`` (float64, money): net revenue an order.
        - ``category_breadth`` (float64): categories bought; missing where not known.
        - ``return_share`` (float64, 0–1): returns of all sales.
        - ``first_day``, ``last_day`` (int64, days since 1970-01-01), ``value`` (float64, money): the visits
          and the revenue of 365 days that `monetary_score` ranks by; no features.
    """
    terms: dict[str, Any] = {"sale_items": sale_items, "eligible_days": eligible_days}
    return purchase_features_at(sales, [cutoff], **terms)[0]


def purchase_features_at(
    sales: ibis.Table,
    cutoffs: Sequence[date],
    *,
    sale_items: ibis.Table | None = None,
    eligible_days: int | None = YEAR,
) -> list[pd.DataFrame]:
    """Describe the same at several cutoffs, in their order; see `purchase_features`."""
    visits = {"group_by": "customer_id", "order_by": "day"}
    before, after = ibis.window(**visits, rows=(None, -1)), ibis.window(**visits, rows=(1, None))
    days = _buying_days(sales, max(cutoffs)).mutate(
        # Of a day without a visit, the greatest visit day so far is still the one before it.
        gap=_.visit - _.visit.max().over(before),
        next_visit=_.visit.min().over(after),
    )
    marks = cutoffs_table(cutoffs)
    found = (
        days.inner_join(marks, days.day < marks.cutoff)
        .group_by("place", "cutoff", "customer_id")
        .agg(
            first_day=_.visit.min(),
            last_day=_.visit.max(),
            last_gap=_.gap.max(where=_.next_visit.isnull() | (_.next_visit >= _.cutoff)),
            orders=_.orders.sum(),
            returns=_.returns.sum(),
            revenue=money(_.revenue.sum()),
            frequency=_.visit.count(),
            **{f"frequency_{n}": _.visit.count(where=_.day >= _.cutoff - n) for n in (90, YEAR)},
            **{f"monetary_{n}": money(_.revenue.sum(where=_.day >= _.cutoff - n)) for n in (30, 90, YEAR)},
        )
        .filter(_.last_day.notnull())
    )
    if eligible_days is not None:
        found = found.filter(_.last_day >= _.cutoff - eligible_days)
    found = found.drop("cutoff")
    breadth = _category_breadth(sales, sale_items, cutoffs)
    if breadth is not None:
        found = found.left_join(breadth, ["place", "customer_id"]).drop("place_right", "customer_id_right")
    frame = _in_order(found)
    return _parted(_of_purchases(frame, _ends(frame, cutoffs)), frame["place"], len(cutoffs))


def visits_at(sales: ibis.Table, cutoffs: Sequence[date]) -> list[pd.DataFrame]:
    """Count the visits of every customer with one, eligible or not, before each of several cutoffs.

    Returns
    -------
    list of pandas.DataFrame
        For each cutoff, by id: ``customer_id``, ``visits``, ``first_day``, ``last_day``, ``observed_day`` as
        `analytics.metrics.visits.visit_history` has them.
    """
    marks, days = cutoffs_table(cutoffs), _buying_days(sales, max(cutoffs))
    visits = days.filter(_.visit.notnull()).select("customer_id", "day")
    found = (
        visits.inner_join(marks, visits.day < marks.cutoff)
        .group_by("place", "customer_id")
        .agg(visits=_.count(), first_day=_.day.min(), last_day=_.day.max())
    )
    frames = by_place(found, len(cutoffs))
    return [f.assign(observed_day=day_number(day) - 1) for f, day in zip(frames, cutoffs, strict=True)]


def cutoffs_table(cutoffs: Sequence[date]) -> ibis.Table:
    """The cutoffs as rows, so that one query answers for all: ``place`` in `cutoffs`, ``cutoff`` (a day)."""
    return integers_table(place=range(len(cutoffs)), cutoff=[day_number(cutoff) for cutoff in cutoffs])


def by_place(rows: ibis.Table, count: int) -> list[pd.DataFrame]:
    """Ask for rows of customers at so many cutoffs, and give those of each cutoff, by id."""
    frame = _in_order(rows)
    return _parted(frame.drop(columns="place"), frame["place"], count)


def _in_order(rows: ibis.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas().sort_values(["place", "customer_id"], ignore_index=True)
    return frame


def _parted(frame: pd.DataFrame, place: pd.Series, count: int) -> list[pd.DataFrame]:
    """The rows of each cutoff; they stand in the order of the cutoffs."""
    edges = np.searchsorted(place.to_numpy(), np.arange(count + 1))
    return [frame.iloc[edges[i] : edges[i + 1]].reset_index(drop=True) for i in range(count)]


def _ends(frame: pd.DataFrame, cutoffs: Sequence[date]) -> pd.Series:
    """The cutoff of each row, as a day."""
    days = np.array([day_number(cutoff) for cutoff in cutoffs], dtype="float64")
    return pd.Series(days[frame["place"].to_numpy(dtype="int64")], index=frame.index)


def _buying_days(sales: ibis.Table, cutoff: date) -> ibis.Table:
    """One row for each customer and day with a sale before a cutoff; ``visit`` is the day of a purchase."""
    return (
        purchases(sales)
        .filter(_.day < day_number(cutoff))
        .group_by("customer_id", "day")
        .agg(
            orders=_.is_order.ifelse(1, 0).sum(),
            returns=_.is_order.ifelse(0, 1).sum(),
            revenue=exact(_.revenue.sum()),
        )
        .mutate(visit=(_.orders > 0).ifelse(_.day, ibis.null("int64")))
    )


def _category_breadth(
    sales: ibis.Table, sale_items: ibis.Table | None, cutoffs: Sequence[date]
) -> ibis.Table | None:
    """Categories that each customer has bought before each cutoff."""
    if sale_items is None or "category" not in sale_items.columns:
        return None
    bought = sales.filter(sales.customer_id.notnull(), sales.total_amount >= 0).select(
        "sale_id", "customer_id", day=day_of(sales.sold_at)
    )
    lines = sale_items.filter(sale_items.category.notnull()).select("sale_id", "category")
    pairs = lines.inner_join(bought.filter(_.day < day_number(max(cutoffs))), "sale_id")
    first = pairs.group_by("customer_id", "category").agg(day=_.day.min())
    marks = cutoffs_table(cutoffs)
    known = first.inner_join(marks, first.day < marks.cutoff)
    return known.group_by("place", "customer_id").agg(category_breadth=_.count())


def _of_purchases(frame: pd.DataFrame, end: pd.Series) -> pd.DataFrame:
    """Divide what the engine has summed."""
    sums = frame.drop(columns="customer_id").astype("float64")
    visits, span = sums["frequency"], sums["last_day"] - sums["first_day"]
    recency, mean_gap = end - sums["last_day"], span / (visits - 1).where(visits > 1)
    earlier = (span - sums["last_gap"]) / (visits - 2).where(visits > 2)
    spent = {f"monetary_{n}": sums[f"monetary_{n}"].fillna(0.0) for n in (30, 90, YEAR)}
    breadth = sums["category_breadth"] if "category_breadth" in sums else pd.Series(np.nan, sums.index)
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "recency_days": recency,
            "overdue_ratio": recency / mean_gap,
            "frequency": visits,
            "frequency_90": sums["frequency_90"],
            "frequency_365": sums["frequency_365"],
            **spent,
            "tenure_days": end - sums["first_day"],
            "mean_gap_days": mean_gap,
            "gap_trend": sums["last_gap"] / earlier,
            "basket_value": sums["revenue"] / sums["orders"],
            "category_breadth": breadth,
            "return_share": sums["returns"] / (sums["orders"] + sums["returns"]),
            "first_day": frame["first_day"].astype("int64"),
            "last_day": frame["last_day"].astype("int64"),
            "value": spent["monetary_365"],
        }
    )


def account_features(accounts: ibis.Table, cutoff: date, *, horizon_days: int = 90) -> pd.DataFrame:
    """Describe each contract customer who is live at a cutoff, from the snapshots before it.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    cutoff : datetime.date
        No snapshot of this day or later is read.
    horizon_days : int, default 90
        ``renewal_due`` is about so many days from the cutoff.

    Returns
    -------
    pandas.DataFrame
        One row for each account that had started and had not left by its last snapshot before the cutoff, by
        id. What the snapshot does not say is missing.

        - ``customer_id``, ``plan`` (text)
        - ``tenure_days``, ``days_to_renewal`` (float64): from ``started_at`` to the cutoff, from it to
          ``renews_at``; ``renewal_due`` (0 or 1): that day lies within the horizon.
        - ``logins_30d``; ``logins_per_seat``: / seats in use; ``login_change``: logins / those of the 30 days
          before − 1, at most 1; missing where there were none before; ``login_fall`` (0–1): its size where it
          is negative, else 0.
        - ``seat_use`` (0–1 and more): seats used / purchased.
        - ``nps``: of the snapshot; ``nps_latest``: the latest answer of any snapshot; ``nps_change``: that
          less the answer before it, missing under two answers.
        - ``tickets_90d``, ``critical_tickets_90d``, ``days_overdue``, ``feature_adoption``, ``sentiment``
        - ``acv`` (money a year); ``acv_change``: acv / the one a year earlier − 1, missing where not known.
        - ``value`` (float64): acv, 0 where it is not known; `monetary_score` ranks by it; no feature.

    Notes
    -----
    Who left after the last snapshot and before the cutoff is left out as soon as any row says so: sources may
    write ``churned_at`` on the last row or on all of them.
    """
    return account_features_at(accounts, [cutoff], horizon_days=horizon_days)[0]


def account_features_at(
    accounts: ibis.Table, cutoffs: Sequence[date], *, horizon_days: int = 90
) -> list[pd.DataFrame]:
    """Describe the same at several cutoffs, in their order; see `account_features`."""
    rows = accounts.select(
        "customer_id",
        "snapshot_at",
        "plan",
        day=day_of(_.snapshot_at),
        started=day_of(_.started_at),
        renews=day_of(_.renews_at),
        left=day_of(_.churned_at),
        **{name: _[name].cast("float64") for name in _STATE},
    ).filter(_.day < day_number(max(cutoffs)))
    # When each account's latest snapshot, latest answer and latest snapshot of a year before were, at each
    # cutoff: times alone, so that the engine sorts no rows; then what stands in the rows of those times.
    marks = cutoffs_table(cutoffs)
    times = rows.select("customer_id", "snapshot_at", "day", answered=_.nps.notnull())
    latest = (
        times.inner_join(marks, times.day < marks.cutoff)
        .group_by("place", "cutoff", "customer_id")
        .agg(
            now=_.snapshot_at.max(),
            answer=_.snapshot_at.max(where=_.answered),
            old=_.snapshot_at.max(where=_.day < _.cutoff - YEAR),
        )
    )
    given = rows.filter(_.nps.notnull()).select("customer_id", "snapshot_at", nps_latest="nps")
    given = given.mutate(nps_before=_.nps_latest.lag().over(group_by="customer_id", order_by="snapshot_at"))
    old = rows.select("customer_id", "snapshot_at", acv_before="acv")
    found = latest.inner_join(rows, ["customer_id", latest.now == rows.snapshot_at]).filter(
        _.left.isnull() | (_.left >= _.cutoff), _.started.isnull() | (_.started < _.cutoff)
    )
    live = (
        found.left_join(given, ["customer_id", found.answer == given.snapshot_at], rname="answer_{name}")
        .left_join(old, ["customer_id", found.old == old.snapshot_at], rname="old_{name}")
        .select(
            "place",
            "customer_id",
            "plan",
            "started",
            "renews",
            *_STATE,
            "nps_latest",
            "nps_before",
            "acv_before",
        )
    )
    frame = _in_order(live)
    described = _of_snapshots(frame, _ends(frame, cutoffs), horizon_days)
    return _parted(described, frame["place"], len(cutoffs))


_STATE = (
    *(
        "acv",
        "seats_purchased",
        "seats_used",
        "nps",
        "logins_30d",
        "logins_previous_30d",
        "support_tickets_90d",
    ),
    *("critical_tickets_90d", "days_overdue", "feature_adoption", "sentiment"),
)


def _of_snapshots(frame: pd.DataFrame, end: pd.Series, horizon_days: int) -> pd.DataFrame:
    s = frame.drop(columns=["customer_id", "plan"]).astype("float64")
    ahead = s["renews"] - end
    due = ((ahead >= 0) & (ahead < horizon_days)).astype("float64").where(ahead.notna())
    change = s["logins_30d"] / s["logins_previous_30d"].where(s["logins_previous_30d"] > 0) - 1
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "tenure_days": end - s["started"],
            "logins_30d": s["logins_30d"],
            "logins_per_seat": s["logins_30d"] / s["seats_used"].where(s["seats_used"] > 0),
            "login_change": change.clip(upper=1.0),
            "login_fall": -change.clip(upper=0.0),
            "seat_use": s["seats_used"] / s["seats_purchased"].where(s["seats_purchased"] > 0),
            "nps": s["nps"],
            "nps_latest": s["nps_latest"],
            "nps_change": s["nps_latest"] - s["nps_before"],
            "tickets_90d": s["support_tickets_90d"],
            "critical_tickets_90d": s["critical_tickets_90d"],
            "days_overdue": s["days_overdue"],
            "plan": frame["plan"].astype("object").where(frame["plan"].notna(), None),
            "acv": s["acv"],
            "acv_change": s["acv"] / s["acv_before"].where(s["acv_before"] > 0) - 1,
            "days_to_renewal": ahead,
            "renewal_due": due,
            "feature_adoption": s["feature_adoption"],
            "sentiment": s["sentiment"],
            "value": s["acv"].fillna(0.0),
        }
    )


def changed_by_the_future(
    build: Callable[[ibis.Table], pd.DataFrame], table: ibis.Table, cutoff: date, *, at: str
) -> list[str]:
    """Name the features that rows on or after a cutoff change: none of an honest builder's.

    Parameters
    ----------
    build : callable
        Makes a feature frame with ``customer_id`` from a table.
    table : ibis.Table
        ``sales``, ``accounts`` or any other, with rows on both sides of the cutoff.
    cutoff : datetime.date
    at : str
        Column of `table` that says when a row was known (``sold_at``, ``snapshot_at``).

    Returns
    -------
    list of str
        Columns that differ, ``customer_id`` where the customers themselves do; empty where nothing leaks.

    Examples
    --------
    >>> from analytics.metrics.purchases import as_table
    >>> sales = as_table(pd.DataFrame({
    ...     "sale_id": ["1", "2"], "customer_id": ["ada", "ada"], "total_amount": [30.0, 90.0],
    ...     "sold_at": pd.to_datetime(["2026-01-01", "2026-03-01"])}))
    >>> planted = lambda table: purchase_features(table, date(2026, 1, 10)).assign(
    ...     spent_in_all=table.total_amount.sum().execute())
    >>> changed_by_the_future(planted, sales, date(2026, 1, 10), at="sold_at")
    ['spent_in_all']
    """
    past = table.filter(day_of(table[at]) < day_number(cutoff))
    everything, honest = (build(rows).set_index("customer_id").sort_index() for rows in (table, past))
    if not everything.index.equals(honest.index):
        return ["customer_id"]
    return [name for name in everything.columns if not everything[name].equals(honest[name])]
