"""What is known of each customer strictly before a cutoff: the features of the churn models.

Every builder filters its rows by the cutoff before it does anything else. `changed_by_the_future` proves it
for any builder: it builds twice, once from all rows and once from those before the cutoff, and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.churn_catalogue import FEATURE, FEATURES, Feature, names
from analytics.metrics.customer_sums import day_of, exact, money
from analytics.metrics.purchases import day_number, purchases

__all__ = [
    "FEATURE",
    "FEATURES",
    "Feature",
    "account_features",
    "changed_by_the_future",
    "names",
    "purchase_features",
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
    end = day_number(cutoff)
    days = (
        purchases(sales)
        .filter(_.day < end)
        .group_by("customer_id", "day")
        .agg(
            orders=_.is_order.ifelse(1, 0).sum(),
            returns=_.is_order.ifelse(0, 1).sum(),
            revenue=exact(_.revenue.sum()),
        )
        .mutate(visit=(_.orders > 0).ifelse(_.day, ibis.null("int64")))
    )
    # Of a day without a visit, the greatest visit day so far is still the one before it.
    earlier = ibis.window(group_by="customer_id", order_by="day", rows=(None, -1))
    gaps = days.mutate(gap=_.visit - _.visit.max().over(earlier))
    last = gaps.group_by("customer_id").agg(last_day=_.visit.max())
    rows = gaps.inner_join(last, "customer_id").filter(_.last_day.notnull())
    if eligible_days is not None:
        rows = rows.filter(_.last_day >= end - eligible_days)
    found = rows.group_by("customer_id").agg(
        first_day=_.visit.min(),
        last_day=_.last_day.max(),
        last_gap=_.gap.max(where=_.visit == _.last_day),
        orders=_.orders.sum(),
        returns=_.returns.sum(),
        revenue=money(_.revenue.sum()),
        frequency=_.visit.count(),
        **{f"frequency_{n}": _.visit.count(where=_.day >= end - n) for n in (90, YEAR)},
        **{f"monetary_{n}": money(_.revenue.sum(where=_.day >= end - n)) for n in (30, 90, YEAR)},
    )
    breadth = _category_breadth(sales, sale_items, end)
    if breadth is not None:
        found = found.left_join(breadth, "customer_id").drop("customer_id_right")
    frame: pd.DataFrame = found.to_pandas().sort_values("customer_id", ignore_index=True)
    return _of_purchases(frame, end)


def _category_breadth(sales: ibis.Table, sale_items: ibis.Table | None, end: int) -> ibis.Table | None:
    """Categories that each customer has bought before a day."""
    if sale_items is None or "category" not in sale_items.columns:
        return None
    bought = sales.filter(
        sales.customer_id.notnull(), sales.total_amount >= 0, day_of(sales.sold_at) < end
    ).select("sale_id", "customer_id")
    lines = sale_items.filter(sale_items.category.notnull()).select("sale_id", "category")
    pairs = lines.inner_join(bought, "sale_id").select("customer_id", "category").distinct()
    return pairs.group_by("customer_id").agg(category_breadth=_.count())


def _of_purchases(frame: pd.DataFrame, end: int) -> pd.DataFrame:
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
    end = day_number(cutoff)
    known = accounts.mutate(day=day_of(accounts.snapshot_at)).filter(_.day < end)
    newest = ibis.window(group_by="customer_id", order_by=ibis.desc("snapshot_at"))
    rows = known.mutate(place=ibis.row_number().over(newest))
    state = (
        rows.filter(_.place == 0)
        .filter(_.churned_at.isnull() | (day_of(_.churned_at) >= end))
        .filter(_.started_at.isnull() | (day_of(_.started_at) < end))
        .select(
            "customer_id",
            "plan",
            started=day_of(_.started_at),
            renews=day_of(_.renews_at),
            acv=_.acv.cast("float64"),
            **{name: _[name].cast("float64") for name in _STATE},
        )
    )
    answers = known.filter(_.nps.notnull()).mutate(place=ibis.row_number().over(newest))
    nps = answers.group_by("customer_id").agg(
        nps_latest=_.nps.cast("float64").max(where=_.place == 0),
        nps_before=_.nps.cast("float64").max(where=_.place == 1),
    )
    year = known.filter(_.day < end - YEAR).mutate(place=ibis.row_number().over(newest))
    old = year.filter(_.place == 0).select("customer_id", acv_before=_.acv.cast("float64"))
    joined = state.left_join(nps, "customer_id").drop("customer_id_right")
    frame: pd.DataFrame = joined.left_join(old, "customer_id").drop("customer_id_right").to_pandas()
    return _of_snapshots(frame.sort_values("customer_id", ignore_index=True), end, horizon_days)


_STATE = (
    *("seats_purchased", "seats_used", "nps", "logins_30d", "logins_previous_30d", "support_tickets_90d"),
    *("critical_tickets_90d", "days_overdue", "feature_adoption", "sentiment"),
)


def _of_snapshots(frame: pd.DataFrame, end: int, horizon_days: int) -> pd.DataFrame:
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
