"""Which channels bring customers: by the first and by the last touch before they became one."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.lifecycle_subjects import Tables, conversions, moments, stacked
from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.timeframe import Timeframe

NO_TOUCH = "none known"
CONTROL = "control"
ACTIVITY_CHANNELS: Mapping[str, str] = {
    "email_open": "E-mail", "content_download": "Content", "meeting": "Meeting", "call": "Call",
}  # fmt: skip
"""Kinds of activities that are a touch, and their channels; other kinds, such as tickets, are none."""


def first_and_last(
    tables: Tables,
    timeframe: Timeframe,
    activity_channels: Mapping[str, str] = ACTIVITY_CHANNELS,
    *,
    entries: ibis.Table | None = None,
) -> pd.DataFrame:
    """The first and the last channel of who became a customer in a timeframe.

    Touches are the source of a lead, at the time it was created, contacts by campaigns (their control groups
    aside), the channel of the purchase that made somebody a customer, and activities of some kinds: all up to
    the Customer entry. Of touches in the same second
    the channel that comes first in the alphabet is taken.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        As for `analytics.metrics.lifecycle_subjects.subjects`, with ``activities``, ``campaigns`` and
        ``campaign_contacts``.
    timeframe : Timeframe
    activity_channels : mapping of str to str
        Kind of activity to channel.
    entries : ibis.Table, optional
        What `analytics.metrics.lifecycle_subjects.moments` gives for the same, where it is at hand.

    Returns
    -------
    pandas.DataFrame
        One row for each subject with a touch: ``lead_id``, ``customer_id``, ``first_channel``,
        ``last_channel``, ``touches`` (int64).
    """
    start = day_number(timeframe.start) * SECONDS_A_DAY
    entries = moments(tables, timeframe.reference_date) if entries is None else entries
    became = conversions(entries).filter(_.converted >= start)
    known_as = stacked(
        [
            became.filter(became[key].notnull()).select(
                "lead_id", "customer_id", "converted", of=key, by=ibis.literal(key)
            )
            for key in ("lead_id", "customer_id")
        ]
    )
    touches = stacked(_touches(tables, activity_channels))
    same = [known_as.of == touches.who, (known_as.by == touches.by) | touches.by.isnull()]
    joined = known_as.inner_join(touches, same)
    rows = joined.filter(joined["at"] <= joined.converted).select(
        "lead_id", "customer_id", "channel", at=joined["at"]
    )
    person = ["lead_id", "customer_id"]
    early = ibis.window(group_by=person, order_by=["at", "channel"])
    late = ibis.window(group_by=person, order_by=[ibis.desc("at"), "channel"])
    rows = rows.mutate(from_start=ibis.row_number().over(early), from_end=ibis.row_number().over(late))
    found: pd.DataFrame = (
        rows.group_by(person)
        .agg(
            first_channel=_.channel.max(where=_.from_start == 0),
            last_channel=_.channel.max(where=_.from_end == 0),
            touches=_.count(),
        )
        .to_pandas()
    )
    for name in person:
        found[name] = found[name].astype("object").where(found[name].notna(), None)
    return found.astype({"touches": "int64"})


def by_channel(customers: pd.DataFrame, touched: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Customers and what they brought, by first and by last channel side by side.

    Parameters
    ----------
    customers : pandas.DataFrame
        Who became a customer in the timeframe: ``lead_id``, ``customer_id``, ``revenue`` and ``value``
        (money, missing for none).
    touched : pandas.DataFrame
        As returned by `first_and_last`.
    costs : pandas.DataFrame
        ``channel`` and ``cost`` of acquisition in the timeframe.

    Returns
    -------
    pandas.DataFrame
        Most customers by first channel first, then by last, ties by name, ``none known`` last: ``channel``,
        ``first_customers``, ``last_customers`` (int64), ``first_revenue``, ``last_revenue`` (money so far),
        ``first_value``, ``last_value`` (money a year), ``acquisition_cost`` (money; missing where no campaign
        of this channel ran) and ``cac`` = that cost / first_customers. Customers, revenue and value add up
        to the same in either way of counting.
    """
    keys = ["lead_id", "customer_id"]
    rows = customers[[*keys, "revenue", "value"]].merge(touched, on=keys, how="left")
    sides = []
    for side in ("first", "last"):
        named = rows[f"{side}_channel"].astype("object")
        groups = rows.assign(channel=named.where(named.notna(), NO_TOUCH)).groupby("channel")
        sums = groups.agg(customers=("revenue", "size"), revenue=("revenue", "sum"), value=("value", "sum"))
        sides.append(sums.round(4).add_prefix(f"{side}_"))
    spent = costs[costs["channel"].notna()].groupby("channel")["cost"].sum().rename("acquisition_cost")
    found = pd.concat([*sides, spent], axis=1).rename_axis("channel").reset_index()
    counts = ["first_customers", "last_customers"]
    sums_of = [name for name in found.columns if name.startswith(("first_", "last_"))]
    found[sums_of] = found[sums_of].astype("float64").fillna(0.0)
    found = found.astype(dict.fromkeys(counts, "int64") | {"acquisition_cost": "float64"})
    own = found["first_customers"].astype("float64")
    found["cac"] = found["acquisition_cost"] / own.where(own > 0)
    found["unknown__"] = found["channel"] == NO_TOUCH
    ordered = found.sort_values(
        ["unknown__", *counts, "channel"], ascending=[True, False, False, True], ignore_index=True
    )
    columns = ["channel", *counts, "first_revenue", "last_revenue", "first_value", "last_value"]
    return ordered[[*columns, "acquisition_cost", "cac"]]


def became_customers(listed: pd.DataFrame, subjects: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    """Those of a list of customers who became one in a timeframe, each customer once.

    Parameters
    ----------
    listed : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.customer_list`.
    subjects : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle_subjects.read_subjects`.
    timeframe : Timeframe

    Returns
    -------
    pandas.DataFrame
        Rows of `listed`.
    """
    start, end = (day_number(day) * SECONDS_A_DAY for day in (timeframe.start, timeframe.reference_date))
    entered = subjects["Customer"].where(~subjects["again"])
    chosen = subjects.loc[(entered >= start) & (entered < end), "subject_id"]
    return listed[listed["subject_id"].isin(chosen)]


def _touches(tables: Tables, activity_channels: Mapping[str, str]) -> list[ibis.Table]:
    """Touches with the id that they bear, ``who``, and of what it is, ``by``: null where of either."""
    leads, contacts, campaigns = (tables[name] for name in ("leads", "campaign_contacts", "campaigns"))
    of_lead, of_customer = ibis.literal("lead_id"), ibis.literal("customer_id")
    of_either = ibis.null("string")
    sources = leads.filter(leads.source.notnull()).select(
        who="lead_id", by=of_lead, channel="source", at=leads.created_at.epoch_seconds().cast("int64")
    )
    joined = contacts.inner_join(campaigns, "campaign_id")
    contacted = joined.filter(
        joined.arm != CONTROL, joined.contacted_at.notnull(), joined.channel.notnull()
    ).select(
        who="customer_id", by=of_either, channel="channel",
        at=_.contacted_at.epoch_seconds().cast("int64"),
    )  # fmt: skip
    sales = tables["sales"]
    sold = sales.filter(sales.customer_id.notnull(), sales.channel.notnull(), sales.total_amount >= 0)
    bought = sold.select(
        who="customer_id", by=of_customer, channel="channel", at=sold.sold_at.epoch_seconds().cast("int64")
    )
    found = [sources, contacted, bought]
    if activity_channels:
        activities = tables["activities"]
        acted = activities.filter(activities.kind.isin(list(activity_channels)))
        of_kind = ibis.cases(*[(acted.kind == kind, channel) for kind, channel in activity_channels.items()])
        found.append(
            acted.select(
                who="subject_id", by=of_either, channel=of_kind,
                at=acted.occurred_at.epoch_seconds().cast("int64"),
            )
        )  # fmt: skip
    return found
