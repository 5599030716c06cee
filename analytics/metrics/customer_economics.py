"""What a new customer costs and brings: acquisition cost, lifetime value, and how soon the cost is back.

Lifetime value is profit per customer and month over the share of customers lost a month. Both are measured
over the same customer-months of the timeframe, so that growth bends neither, and who joins and leaves inside
it counts for as long as they were there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from analytics.metrics.lifecycle_subjects import Ids, Tables, limited, stacked
from analytics.metrics.purchases import SECONDS_A_DAY, day_number, exact_sum, label_periods, purchases
from analytics.metrics.rates import wilson
from analytics.timeframe import Timeframe

MONTH = 365.25 / 12
"""Days of a month."""
YEAR = 365.25
KINDS = ("contract", "purchase")
"""Customers with an account, and all others who buy; an account's own sales count with its contract."""

MEASURES = (
    *("acquisition_cost", "new_customers", "cac", "cac_n", "ltv", "ltv_n", "ltv_low", "ltv_high", "ltv_cac"),
    *("payback_months", "monthly_profit_per_customer", "monthly_churn_percent", "monthly_churn_percent_n"),
    *("monthly_churn_percent_low", "monthly_churn_percent_high", "customer_months", "lost_customers"),
    *("profit", "is_revenue", "revenue_without_profit"),
)
"""Columns of `financial`."""

_MONEY = "decimal(18, 4)"
_FAR = 1 << 40  # a day after all others: engines differ in what is the least of a null


def contract_spans(accounts: ibis.Table, reference_date: date) -> ibis.Table:
    """From when to when each account was worth what, snapshot by snapshot.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Snapshots on or after it are not read.

    Returns
    -------
    ibis.Table
        ``customer_id``, ``since`` and ``until`` (int64, days since 1970-01-01, from the one to before the
        other; null where it still holds), ``acv`` (exact money, 0 where it is unknown) and ``owner``. An
        account begins with ``started_at``, else with its first snapshot, and ends with ``churned_at``; one
        that came back begins again.
    """
    shots = accounts.select(
        "customer_id",
        "owner",
        at=_day(accounts.snapshot_at),
        started=_day(accounts.started_at),
        churned=_day(accounts.churned_at),
        acv=ibis.coalesce(accounts.acv.cast(_MONEY), ibis.literal(0, _MONEY)),
    ).filter(_["at"] < day_number(reference_date))
    in_turn = ibis.window(group_by=shots.customer_id, order_by=shots["at"])
    rows = shots.mutate(
        earlier=shots["at"].lag().over(in_turn),
        following=shots["at"].lead().over(in_turn),
        told=shots.churned.lead().over(in_turn),  # the next snapshot tells who has left since this one
    )
    begins = rows.started.notnull() & (rows.started <= rows["at"])
    begins = begins & (rows.earlier.isnull() | (rows.started > rows.earlier))
    spans = rows.select(
        "customer_id",
        since=begins.ifelse(rows.started, rows["at"]),
        until=ibis.least(
            rows.following.fill_null(_FAR),
            rows.churned.fill_null(_FAR),
            (rows.told > rows["at"]).ifelse(rows.told, _FAR).fill_null(_FAR),
        ).nullif(_FAR),
        acv=rows.acv,
        owner=rows.owner,
    )
    return spans.filter(spans.until.isnull() | (spans.until > spans.since))


def daily_flows(
    tables: Tables,
    reference_date: date,
    *,
    churn_days: int,
    only: Ids | None = None,
    spans: ibis.Table | None = None,
) -> pd.DataFrame:
    """What changed on each day: customers who came and went, contract value, and what sales brought.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        ``accounts`` and ``sales`` as in the contract; either may be without rows.
    reference_date : datetime.date
        Nothing on or after it is read.
    churn_days : int
        Days without a purchase after which somebody without a contract is no customer.
    only : sequence of str or ibis.Table, optional
        The customers to count, as `analytics.metrics.lifecycle_subjects.customer_ids` gives them; by default
        all.
    spans : ibis.Table, optional
        What `contract_spans` gives for the same, where it is at hand.

    Returns
    -------
    pandas.DataFrame
        One row for each kind and day with a change: ``kind`` (of `KINDS`), ``day`` (int64, days since
        1970-01-01), ``change`` (int64: customers from this day on, less those until it), ``acv_change``
        (money a year), ``left`` (int64: contracts ended, or customers silent for `churn_days` on that day),
        ``profit``, ``revenue`` and ``revenue_without_profit`` (money, of sales).
    """
    spans = contract_spans(tables["accounts"], reference_date) if spans is None else spans
    accounts, sales, spans = (limited(table, only) for table in (tables["accounts"], tables["sales"], spans))
    edge = day_number(reference_date)
    parts = [*_of_contracts(accounts, spans, edge), *_of_sales(sales, accounts, edge, churn_days)]
    sums = stacked(parts).filter(_.day < edge).group_by("kind", "day").agg(
        change=_.change.sum(), left=_.left_them.sum(), acv_change=exact_sum(_.acv),
        **{name: exact_sum(_[name]) for name in ("profit", "revenue", "revenue_without_profit")},
    )  # fmt: skip
    found: pd.DataFrame = sums.to_pandas()
    money = ("acv_change", "profit", "revenue", "revenue_without_profit")
    found = found.astype(
        dict.fromkeys(("kind", "day", "change", "left"), "int64") | dict.fromkeys(money, "float64")
    )
    found["kind"] = found["kind"].map(dict(enumerate(KINDS)))
    return found.sort_values(["kind", "day"], ignore_index=True)


def acquisition_costs(campaigns: ibis.Table, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """What campaigns for acquisition cost in each timeframe, by channel.

    Parameters
    ----------
    campaigns : ibis.Table
        As in the contract.
    periods : sequence of Timeframe

    Returns
    -------
    pandas.DataFrame
        One row for each timeframe and channel with such a campaign: ``period`` (position), ``channel`` (null
        where it is not known), ``campaigns`` (int64), ``cost`` (money). A campaign's cost is spread evenly
        over its days, first and last included; without an end, all of it falls on the first.
    """
    wanted = campaigns.filter(campaigns.purpose == "acquisition")
    rows: pd.DataFrame = wanted.select(
        "campaign_id", "channel", start=_day(_.started_at), end=_day(_.ended_at), cost=_.cost.cast("float64")
    ).to_pandas()
    first = rows["start"].to_numpy(dtype="float64")
    last = np.fmax(rows["end"].to_numpy(dtype="float64"), first)
    starts = np.array([[day_number(each.start)] for each in periods])
    ends = np.array([[day_number(each.reference_date)] for each in periods])
    days = np.minimum(last + 1, ends) - np.maximum(first, starts)
    cost = rows["cost"].to_numpy() * np.clip(days, 0, None) / (last - first + 1)
    period, campaign = np.nonzero(days > 0)
    inside = rows[["channel"]].iloc[campaign].assign(period=period, cost=cost[period, campaign])
    sums = inside.groupby(["period", "channel"], dropna=False)["cost"].agg(["size", "sum"])
    table = sums.reset_index().rename(columns={"size": "campaigns", "sum": "cost"})
    table["channel"] = table["channel"].astype("object").where(table["channel"].notna(), None)
    typed: pd.DataFrame = table.astype({"period": "int64", "campaigns": "int64", "cost": "float64"})
    return typed


def financial(
    flows: pd.DataFrame,
    costs: pd.DataFrame,
    new_customers: Sequence[int],
    periods: Sequence[Timeframe],
    *,
    contract_margin: float,
    kind: str | None = None,
) -> pd.DataFrame:
    """Acquisition cost, lifetime value and payback of each timeframe.

    Parameters
    ----------
    flows : pandas.DataFrame
        As returned by `daily_flows`.
    costs : pandas.DataFrame
        As returned by `acquisition_costs`; without a row for a timeframe its cost is not known.
    new_customers : sequence of int
        For each of `periods`.
    periods : sequence of Timeframe
    contract_margin : float
        Profit as a share of contract value, 0 to 1.
    kind : {"contract", "purchase"}, optional
        Only these; by default all customers.

    Returns
    -------
    pandas.DataFrame
        One row for each of `periods`: ``period``, ``start``, ``end``; ``acquisition_cost`` (money; missing
        where no campaign for acquisition ran), ``new_customers`` (int64), ``cac`` = cost / new customers
        (with ``cac_n``); ``customer_months``, ``lost_customers`` (int64); ``profit`` (money:
        `contract_margin` of contract value for as long as it ran, and profit of sales), ``is_revenue``
        (bool: sales have no profit at all, so that revenue stands in), ``revenue_without_profit`` (money: of
        sales that lack theirs), ``monthly_profit_per_customer`` = profit / customer-months;
        ``monthly_churn_percent`` = lost / customer-months × 100 (with ``_n``, ``_low``, ``_high``: Wilson, of
        whole customer-months); ``ltv`` = monthly profit / monthly churn share, with ``ltv_low``, ``ltv_high``
        (of the bounds of churn alone) and ``ltv_n`` = lost customers; ``ltv_cac``; ``payback_months`` =
        CAC / monthly profit. What would be divided by nothing is missing: nobody lost, or no profit, has no
        lifetime value. Payback is missing without profit.

    Examples
    --------
    Ten contracts of 365.25 a year, 1 a day, of which one ends after 30 of 90 days: 840 in all, one lost.

    >>> from datetime import date
    >>> from analytics.timeframe import parse_timeframe
    >>> flows = pd.DataFrame({
    ...     "kind": "contract", "day": [20454, 20484], "change": [10, -1], "acv_change": [3652.5, -365.25],
    ...     "left": [0, 1], "profit": 0.0, "revenue": 0.0, "revenue_without_profit": 0.0})
    >>> costs = pd.DataFrame({"period": [0], "cost": [420.0]})
    >>> quarter = parse_timeframe("2026-Q1", as_of=date(2026, 4, 1))
    >>> row = financial(flows, costs, [4], [quarter], contract_margin=1.0).iloc[0]
    >>> float(row["ltv"].round(6)), float(row["cac"]), float(row["ltv_cac"].round(6))
    (840.0, 105.0, 8.0)
    """
    rows = flows if kind is None else flows[flows["kind"] == kind]
    no_profit = _without_profit(rows)
    changes = {name: rows[name].to_numpy() for name in rows.columns if name != "kind"}
    found = []
    for place, period in enumerate(periods):
        mine = costs.loc[costs["period"] == place, "cost"]
        cost = float(mine.sum()) if len(mine) else np.nan
        found.append(
            _measured(changes, period, contract_margin, no_profit=no_profit)
            | {"period": place, "acquisition_cost": cost, "new_customers": int(new_customers[place])}
        )
    rows = _ratios(label_periods(pd.DataFrame(found), periods)).assign(is_revenue=no_profit)
    return rows[["period", "start", "end", *MEASURES]]


def _measured(
    rows: Mapping[str, NDArray[Any]], period: Timeframe, contract_margin: float, *, no_profit: bool
) -> dict[str, Any]:
    """Sums of one timeframe."""
    start, end = day_number(period.start), day_number(period.reference_date)
    # Who came on a day is there until the end, unless taken off again: days left × change adds up to days.
    there = np.clip(end - np.maximum(rows["day"], start), 0, None)
    inside = (rows["day"] >= start) & (rows["day"] < end)
    contracts = float((rows["acv_change"] * there).sum()) / YEAR * contract_margin
    sales = float(rows["revenue" if no_profit else "profit"][inside].sum())
    return {
        "customer_months": float((rows["change"] * there).sum()) / MONTH,
        "lost_customers": int(rows["left"][inside].sum()),
        "profit": round(contracts + sales, 4),
        "revenue_without_profit": round(float(rows["revenue_without_profit"][inside].sum()), 4),
    }


def _ratios(frame: pd.DataFrame) -> pd.DataFrame:
    months, lost = frame["customer_months"], frame["lost_customers"].astype("float64")
    whole = np.floor(months).clip(lower=0)
    low, high = wilson(np.minimum(lost, whole), whole)
    frame = frame.assign(
        cac=_over(frame["acquisition_cost"], frame["new_customers"]),
        cac_n=frame["new_customers"],
        monthly_profit_per_customer=_over(frame["profit"], months),
        monthly_churn_percent=100 * _over(lost, months),
        monthly_churn_percent_n=whole.astype("int64"),
        monthly_churn_percent_low=low,
        monthly_churn_percent_high=high,
        ltv_n=frame["lost_customers"],
    )
    profit = frame["monthly_profit_per_customer"].where(frame["monthly_profit_per_customer"] > 0)
    churn = frame["monthly_churn_percent"].where(frame["lost_customers"] > 0)
    return frame.assign(
        ltv=_over(100 * profit, churn),
        ltv_low=_over(100 * profit, frame["monthly_churn_percent_high"].where(churn.notna())),
        ltv_high=_over(100 * profit, frame["monthly_churn_percent_low"].where(churn.notna())),
        payback_months=_over(frame["cac"], profit),
    ).pipe(lambda rows: rows.assign(ltv_cac=_over(rows["ltv"], rows["cac"])))


def by_kind(
    flows: pd.DataFrame, timeframe: Timeframe, new_customers: Mapping[str, int], *, contract_margin: float
) -> pd.DataFrame:
    """The same figures for customers with a contract and without, where there are both.

    Parameters
    ----------
    flows, contract_margin
        As for `financial`.
    timeframe : Timeframe
    new_customers : mapping of str to int
        For each of `KINDS`.

    Returns
    -------
    pandas.DataFrame
        ``kind`` and the columns of `financial`, one row for each kind that has a customer. What campaigns
        cost is not known by kind: ``acquisition_cost``, ``cac``, ``ltv_cac`` and ``payback_months`` are
        missing.
    """
    nothing = pd.DataFrame({"period": [], "cost": []})
    parts = [
        financial(
            flows,
            nothing,
            [new_customers.get(kind, 0)],
            [timeframe],
            contract_margin=contract_margin,
            kind=kind,
        ).assign(kind=kind)
        for kind in KINDS
        if (flows["kind"] == kind).any()
    ]
    if not parts:
        return pd.DataFrame(columns=["kind"])
    found = pd.concat(parts, ignore_index=True)
    return found[["kind", *(name for name in found.columns if name != "kind")]]


def _of_contracts(accounts: ibis.Table, spans: ibis.Table, edge: int) -> list[ibis.Table]:
    ended = accounts.filter(accounts.churned_at.notnull(), _day(accounts.snapshot_at) < edge)
    ended = ended.select("customer_id", day=_day(ended.churned_at)).distinct()
    return [
        _flow(spans, 0, spans.since, change=1, acv=spans.acv),
        _flow(spans.filter(_.until.notnull()), 0, _.until, change=-1, acv=-_.acv),
        _flow(ended, 0, _.day, left_them=1),
    ]


def _of_sales(sales: ibis.Table, accounts: ibis.Table, edge: int, churn_days: int) -> list[ibis.Table]:
    """Purchases of customers, and their spells of buying; accounts have contracts in place of spells."""
    bought = purchases(sales).filter(_.day < edge)
    holders = accounts.select(holder="customer_id").distinct()
    bought = bought.left_join(holders, bought.customer_id == holders.holder)
    money = bought.select(
        kind=bought.holder.isnull().ifelse(1, 0).cast("int64"),
        day=bought.day,
        change=ibis.literal(0, "int64"),
        left_them=ibis.literal(0, "int64"),
        acv=ibis.literal(0, _MONEY),
        profit=ibis.coalesce(bought.profit, ibis.literal(0, _MONEY)).cast(_MONEY),
        revenue=bought.revenue.cast(_MONEY),
        revenue_without_profit=bought.profit.isnull()
        .ifelse(bought.revenue, ibis.literal(0, _MONEY))
        .cast(_MONEY),
    )
    days = bought.filter(bought.is_order & bought.holder.isnull()).select("customer_id", "day").distinct()
    in_turn = ibis.window(group_by=days.customer_id, order_by=days.day)
    visits = days.mutate(before=days.day.lag().over(in_turn), after=days.day.lead().over(in_turn))
    begins = visits.filter(visits.before.isnull() | (visits.before + churn_days <= visits.day))
    ends = visits.filter(visits.after.isnull() | (visits.after >= visits.day + churn_days))
    return [
        money,
        _flow(begins, 1, begins.day, change=1),
        _flow(ends, 1, ends.day + churn_days, change=-1, left_them=1),
    ]


def _flow(
    rows: ibis.Table, kind: int, day: Any, *, change: int = 0, left_them: int = 0, acv: Any = None
) -> ibis.Table:
    nothing = ibis.literal(0, _MONEY)
    return rows.select(
        kind=ibis.literal(kind, "int64"),
        day=day,
        change=ibis.literal(change, "int64"),
        left_them=ibis.literal(left_them, "int64"),
        acv=nothing if acv is None else acv.cast(_MONEY),
        profit=nothing,
        revenue=nothing,
        revenue_without_profit=nothing,
    )


def _without_profit(rows: pd.DataFrame) -> bool:
    """Whether there are sales and none of them has a profit."""
    sold = float(rows["revenue"].abs().sum())
    return sold > 0 and float(rows["profit"].abs().sum()) == 0


def _day(moment: Any) -> Any:
    return (moment.epoch_seconds() // SECONDS_A_DAY).cast("int64")


def _over(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A ratio; missing where there is nothing to divide by."""
    return part / whole.astype("float64").where(whole > 0)
