"""What became of the customers of each campaign: one row for each contact, before it and after it.

A contact's days begin with the day it was made; a customer without one, a control above all, counts from the
start of the campaign. Both groups are read alike, over the same number of whole days.
"""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.customer_sums import day_of
from analytics.metrics.purchases import day_number, exact_sum, purchases
from analytics.timeframe import Timeframe

CONTROL = "control"
YEAR = 365

_CONTACT = ["campaign_id", "customer_id"]
_MONEY = ("revenue", "profit", "spend_365d", "noted_revenue", "acv")
_COUNTS = ("orders", "later_orders", "earlier_orders", "sales_without_profit", "orders_365d", "arms")


def campaign_list(campaigns: ibis.Table, timeframe: Timeframe) -> pd.DataFrame:
    """The campaigns that had begun by the reference date, the newest first.

    Returns
    -------
    pandas.DataFrame
        ``campaign_id``, ``name``, ``channel``, ``purpose`` (text or missing), ``started_at`` (datetime64),
        ``cost`` (money), ``in_timeframe`` (bool: it began in the timeframe).
    """
    day = day_of(_.started_at)
    start, end = day_number(timeframe.start), day_number(timeframe.reference_date)
    texts = [name for name in ("name", "channel", "purpose") if name not in campaigns.columns]
    found: pd.DataFrame = (
        campaigns.mutate(**{name: ibis.null("string") for name in texts})
        .filter(day < end)
        .select(
            *("campaign_id", "name", "channel", "purpose", "started_at"),
            cost=_.cost.cast("float64"),
            in_timeframe=day >= start,
        )
        .to_pandas()
    )
    return found.astype({"in_timeframe": bool}).sort_values(
        ["started_at", "campaign_id"], ascending=[False, True], ignore_index=True
    )


def contact_outcomes(
    campaigns: ibis.Table,
    contacts: ibis.Table,
    sales: ibis.Table,
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    response_days: int = 30,
    churn_days: int = 90,
) -> pd.DataFrame:
    """What each contact was before it, and did in the days after it.

    Parameters
    ----------
    campaigns, contacts, sales, accounts : ibis.Table
        As in the contract; any may be without rows. A customer named twice in a campaign counts once, from
        the first contact.
    timeframe : Timeframe
        Nothing on or after its reference date is read: neither contacts nor what they led to.
    response_days : int, default 30
        Whole days, the first being the day of the contact, in which a purchase counts.
    churn_days : int, default 90
        Whole days from the contact in which a customer who does not buy, or whose account leaves, is lost.

    Returns
    -------
    pandas.DataFrame
        One row for each campaign and customer, by both:

        - ``campaign_id``, ``customer_id``, ``arm`` (text); ``arms`` (int64): above 1 the customer stands in
          more than one arm, and nothing can be said of them.
        - ``day`` (int64, days since 1970-01-01): of the contact. ``over``, ``churn_over`` (bool): its
          `response_days`, its `churn_days` have ended by the reference date.
        - ``responded`` (bool): answered within `response_days`. ``noted_revenue`` (money): what the table of
          contacts itself ascribes to it; missing where it says nothing.
        - ``orders`` (int64), ``revenue``, ``profit`` (money) within `response_days`; profit is of the
          sales that have one, ``sales_without_profit`` (int64) do not, and it is missing where there are only
          such. ``later_orders`` (int64): within `churn_days`.
        - ``recency_days`` (days since the last purchase before the contact; missing without one),
          ``tenure_days`` (since the first), ``earlier_orders``, ``orders_365d`` (int64), ``spend_365d``
          (net revenue of the 365 days before it).
        - ``has_contract`` (bool): a live account at the contact; ``acv`` (money) and ``contract_days`` (its
          age) as of then; ``left_contract`` (bool): it left within `churn_days`.
    """
    end = day_number(timeframe.reference_date)
    people = _people(campaigns, contacts, end)
    bought = _bought(people, sales, end, response_days, churn_days)
    held = _contracts(people, accounts, end, churn_days)
    joined = people.left_join(bought, _CONTACT, rname="{name}_of_sales").left_join(
        held, _CONTACT, rname="{name}_of_accounts"
    )
    names = [*people.columns, *bought.columns[2:], *held.columns[2:]]
    frame: pd.DataFrame = joined.select(*names).to_pandas()
    day, answered = frame["day"], frame.pop("responded_day")
    return _typed(
        frame.assign(
            over=day + response_days <= end,
            churn_over=day + churn_days <= end,
            responded=(answered < end) & (answered < day + response_days),
        )
    )


def sells(sales: ibis.Table) -> bool:
    """Whether there are any sales of known customers, so that money can be read from them."""
    return int(sales.filter(_.customer_id.notnull()).limit(1).count().to_pyarrow().as_py()) > 0


def _people(campaigns: ibis.Table, contacts: ibis.Table, end: int) -> ibis.Table:
    """One row for each campaign and customer whose days began before the reference date."""
    columns = set(contacts.columns)
    kinds = {"contacted_at": "timestamp", "responded_at": "timestamp", "revenue": "float64"}
    known = contacts.mutate(**{name: ibis.null(kind) for name, kind in kinds.items() if name not in columns})
    begun = campaigns.select("campaign_id", started_day=day_of(_.started_at))
    return (
        known.select(
            *("campaign_id", "customer_id", "arm"),
            contact_day=day_of(_.contacted_at),
            responded_day=day_of(_.responded_at),
            noted=_.revenue.cast("decimal(18, 4)"),
        )
        .inner_join(begun, "campaign_id")
        .mutate(day=ibis.coalesce(_.contact_day, _.started_day))
        .filter((_.started_day < end) & (_.day < end))
        .group_by("campaign_id", "customer_id")
        .agg(
            arm=_.arm.min(),
            arms=_.arm.nunique(),
            day=_.day.min(),
            responded_day=_.responded_day.min(),
            noted_revenue=exact_sum(_.noted),
        )
    )


def _bought(
    people: ibis.Table, sales: ibis.Table, end: int, response_days: int, churn_days: int
) -> ibis.Table:
    pairs = people.select(*_CONTACT, contact_day="day").inner_join(
        purchases(sales).filter(_.day < end), "customer_id"
    )
    after = (_.day >= _.contact_day) & (_.day < _.contact_day + response_days)
    later = (_.day >= _.contact_day) & (_.day < _.contact_day + churn_days)
    before = _.day < _.contact_day
    year = before & (_.day >= _.contact_day - YEAR)
    marked = pairs.mutate(
        is_after=after,
        is_later=later & _.is_order,
        is_before=before & _.is_order,
        is_year=year,
        order_after=after & _.is_order,
        no_profit=after & _.profit.isnull(),
    )
    return marked.group_by("campaign_id", "customer_id").agg(
        orders=_.order_after.ifelse(1, 0).sum(),
        revenue=exact_sum(_.revenue, where=_.is_after),
        profit=exact_sum(_.profit, where=_.is_after),
        sales_without_profit=_.no_profit.ifelse(1, 0).sum(),
        later_orders=_.is_later.ifelse(1, 0).sum(),
        earlier_orders=_.is_before.ifelse(1, 0).sum(),
        orders_365d=(_.is_year & _.is_order).ifelse(1, 0).sum(),
        spend_365d=exact_sum(_.revenue, where=_.is_year),
        last_order=_.day.max(where=_.is_before),
        first_order=_.day.min(where=_.is_before),
    )


def _contracts(people: ibis.Table, accounts: ibis.Table, end: int, churn_days: int) -> ibis.Table:
    """Accounts that were live at the contact, and whether they left soon after it."""
    snapshots = accounts.select(
        "customer_id",
        "acv",
        snapshot_at="snapshot_at",
        seen=day_of(_.snapshot_at),
        gone=day_of(_.churned_at),
        begun=day_of(_.started_at),
    ).filter(_.seen < end)
    pairs = people.select(*_CONTACT, contact_day="day").inner_join(snapshots, "customer_id")
    last = ibis.row_number().over(
        group_by=["campaign_id", "customer_id", "known"], order_by=ibis.desc("snapshot_at")
    )
    marked = pairs.mutate(known=_.seen <= _.contact_day).mutate(
        leaves=((_.gone >= _.contact_day) & (_.gone < _.contact_day + churn_days)).fill_null(False)
    )
    latest = marked.mutate(last=_.known & (last == 0))
    live = (
        _.last
        & (_.gone.isnull() | (_.gone >= _.contact_day))
        & (_.begun.isnull() | (_.begun <= _.contact_day))
    )
    return (
        latest.mutate(live=live)
        .group_by("campaign_id", "customer_id")
        .agg(
            live=_.live.ifelse(1, 0).max(),
            acv=_.acv.cast("float64").max(where=_.live),
            began=_.begun.max(where=_.live),
            leaves=_.leaves.ifelse(1, 0).max(),
        )
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns their types, count what is absent as none, and turn days into ages."""
    frame = frame.sort_values(_CONTACT, ignore_index=True)
    frame = frame.astype(dict.fromkeys([*_MONEY, "last_order", "first_order", "began"], "float64"))
    frame["profit"] = frame["profit"].mask(
        frame["profit"].isna() & ~frame["sales_without_profit"].fillna(0).gt(0), 0.0
    )
    frame["revenue"] = frame["revenue"].fillna(0.0)
    frame["spend_365d"] = frame["spend_365d"].fillna(0.0)
    for name in _COUNTS:
        frame[name] = frame[name].astype("float64").fillna(0).astype("int64")
    frame["recency_days"] = frame["day"] - frame.pop("last_order")
    frame["tenure_days"] = frame["day"] - frame.pop("first_order")
    frame["contract_days"] = frame["day"] - frame.pop("began")
    frame["has_contract"] = frame.pop("live").eq(1)
    frame["left_contract"] = frame.pop("leaves").eq(1)
    return frame.astype({"over": bool, "churn_over": bool, "responded": bool, "day": "int64"})
