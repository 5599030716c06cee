"""Leads: what was known of each up to a day, and how many come, convert and are still to be called.

A lead is converted where `converted_at` lies before the reference date. Counters of engagement are taken as
of the conversion, for the others as of the reference date: what a customer reads after signing is no sign of
a lead that will sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.purchases import SECONDS_A_DAY, day_number, label_periods, periods_table
from analytics.metrics.rates import add_rate
from analytics.timeframe import Timeframe

COUNTERS = {
    "email_opens": "email_open",
    "page_views": "page_view",
    "content_downloads": "content_download",
}
"""Counters of a lead, and the kind of ``activities`` that each counts."""

FEATURES = (
    "company_size",
    "industry",
    "role",
    "source",
    *COUNTERS,
    "demo_requested",
    "book_consultant",
)
"""What a score is made from where params name nothing more."""

_KEPT = ("lead_id", "company", "company_size", "industry", "role", "source", "region", "owner", "points")
_DERIVED = ("created_day", "age_days", "converted", "converted_day")
_DATES = ("created_at", "converted_at")


def lead_list(leads: ibis.Table, activities: ibis.Table | None, reference_date: date) -> pd.DataFrame:
    """What was known of each lead on a day.

    Parameters
    ----------
    leads, activities : ibis.Table
        As in the contract; `leads` may have more columns, which are kept. Without `activities` the counters
        of `leads` are taken to be as of the conversion already.
    reference_date : datetime.date
        Nothing on or after it is read: neither leads nor conversions nor logged activities.

    Returns
    -------
    pandas.DataFrame
        One row for each lead created before, the oldest first, ties by id: ``lead_id``, ``company``,
        ``company_size``, ``industry``, ``role``, ``source``, ``region``, ``owner``, ``points`` and

        - ``email_opens``, ``page_views``, ``content_downloads`` (float64): the counter less what was logged
          on or after the conversion or the reference date, not below 0. Where `leads` has no counter, what
          was logged before; missing where nothing of the kind was ever logged.
        - ``demo_requested``, ``book_consultant`` (0.0, 1.0 or missing)
        - ``created_day`` (int64): days since 1970-01-01. ``age_days`` (int64): a lead of the last day is 1.
        - ``converted`` (boolean), ``converted_day`` (float64, missing where it is not)
        - the columns beyond the contract, as they are.

    Examples
    --------
    >>> leads = ibis.memtable(pd.DataFrame({"lead_id": ["a"], "created_at": pd.to_datetime(["2026-01-01"]),
    ...     "converted_at": pd.to_datetime(["2026-02-01"]), "email_opens": [5.0]}))
    >>> opened = pd.to_datetime(["2026-01-09", "2026-03-01"])
    >>> log = ibis.memtable(pd.DataFrame({"subject_id": "a", "kind": "email_open", "occurred_at": opened}))
    >>> lead_list(leads, log, date(2026, 4, 1))[["email_opens", "converted"]].values.tolist()
    [[4.0, True]]
    """
    end = ibis.literal(datetime.combine(reference_date, time.min), "timestamp")
    columns = set(leads.columns)
    converted_at = leads.converted_at if "converted_at" in columns else ibis.null("timestamp")
    known = leads.mutate(converted_at=converted_at).filter(_.created_at < end)
    moment = ibis.cases((known.converted_at < end, known.converted_at), else_=end)
    known = known.mutate(moment__=moment.cast("timestamp"))
    edge = day_number(reference_date)
    texts = {name: known[name] if name in columns else ibis.null("string") for name in _KEPT}
    flags = {name: _flag(known, name) for name in ("demo_requested", "book_consultant")}
    own = {name: known[name].cast("float64") if name in columns else _nothing() for name in COUNTERS}
    standard = {*_KEPT, *flags, *COUNTERS, *_DATES, "customer_id", "org_id", "moment__"}
    more = {name: known[name] for name in leads.columns if name not in standard}
    created = (known.created_at.epoch_seconds() // SECONDS_A_DAY).cast("int64")
    table = known.select(
        **texts,
        **flags,
        **own,
        created__=known.created_at.epoch_seconds(),
        created_day=created,
        age_days=edge - created,
        converted=(known.converted_at < end).fill_null(False).ifelse(1, 0).cast("int64"),
        converted_day=(known.converted_at.epoch_seconds() // SECONDS_A_DAY).cast("float64"),
        moment__=known.moment__,
        **more,
    )
    found = _as_of_conversion(table, activities).to_pandas()
    found = found.sort_values(["created__", "lead_id"], ignore_index=True).drop(columns="created__")
    return _typed(found)


def lead_history(leads: ibis.Table, periods: Sequence[Timeframe], *, conversion_days: int) -> pd.DataFrame:
    """Headline figures of each period.

    Parameters
    ----------
    leads : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.
    conversion_days : int
        Days that a lead is given to convert.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order:

        - ``period`` (label), ``start``, ``end`` (dates; end is the reference date)
        - ``new_leads``, ``converted_leads`` (int64): created, and converted, in the period: flows.
        - ``conversion_rate`` (float64, percent) with ``_n``, ``_low``, ``_high``: of the leads whose
          `conversion_days` ended in the period, the share that converted within them. **Why**: younger leads
          may still convert, and counting them as lost would make every latest month look worst.
    """
    columns = set(leads.columns)
    converted_at = leads.converted_at if "converted_at" in columns else ibis.null("timestamp")
    days = leads.select(
        created=(leads.created_at.epoch_seconds() // SECONDS_A_DAY).cast("int64"),
        closed=(converted_at.epoch_seconds() // SECONDS_A_DAY).cast("int64"),
    )
    both = days.cross_join(periods_table(periods))
    due = both.created + conversion_days
    ripe = (due >= both.start) & (due < both.end)
    is_new = (both.created >= both.start) & (both.created < both.end)
    is_won = (both.closed >= both.start) & (both.closed < both.end)
    in_time = ripe & (both.closed < due)
    counted = both.group_by("period").agg(
        new_leads=is_new.fill_null(False).ifelse(1, 0).sum(),
        converted_leads=is_won.fill_null(False).ifelse(1, 0).sum(),
        ripe=ripe.fill_null(False).ifelse(1, 0).sum(),
        in_time=in_time.fill_null(False).ifelse(1, 0).sum(),
    )
    rows = counted.to_pandas().astype("int64")
    found = label_periods(rows, periods)
    counts = ["new_leads", "converted_leads", "ripe", "in_time"]
    found[counts] = found[counts].fillna(0).astype("int64")
    return add_rate(found, "conversion_rate", found["in_time"], found["ripe"]).drop(
        columns=["ripe", "in_time"]
    )


def further_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of a list of leads that are beyond the contract: those that params name as features."""
    return [name for name in frame.columns if name not in {*_KEPT, *FEATURES, *_DERIVED}]


def _as_of_conversion(table: ibis.Table, activities: ibis.Table | None) -> ibis.Table:
    if activities is None:
        return table.drop("moment__")
    logged = activities.filter(_.kind.isin(list(COUNTERS.values())))
    owners = table.select("lead_id", "moment__")
    joined = logged.inner_join(owners, logged.subject_id == owners.lead_id)
    later = joined.occurred_at >= joined.moment__
    counts = {}
    for name, kind in COUNTERS.items():
        is_kind = joined.kind == kind
        counts[f"{name}_later"] = (is_kind & later).ifelse(1, 0).sum()
        counts[f"{name}_before"] = (is_kind & ~later).ifelse(1, 0).sum()
    sums = joined.group_by(log__=joined.lead_id).agg(**counts)
    kinds = logged.agg(
        **{f"{name}_kind": (_.kind == kind).ifelse(1, 0).sum() for name, kind in COUNTERS.items()}
    )
    wide = table.left_join(sums, table.lead_id == sums.log__).cross_join(kinds)
    right = {}
    for name in COUNTERS:
        rest = wide[name] - wide[f"{name}_later"].fill_null(0)
        logged_only = ibis.cases(
            (wide[f"{name}_kind"].fill_null(0) > 0, wide[f"{name}_before"].fill_null(0).cast("float64")),
            else_=_nothing(),
        )
        right[name] = ibis.cases((rest < 0, 0.0), else_=rest).fill_null(logged_only)
    return wide.mutate(**right).select([name for name in table.columns if name != "moment__"])


def _flag(table: ibis.Table, name: str) -> ibis.Value:
    return table[name].cast("int32").cast("float64") if name in table.columns else _nothing()


def _nothing() -> ibis.Value:
    return ibis.null("float64")


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = [*COUNTERS, "demo_requested", "book_consultant", "points", "converted_day"]
    frame = frame.astype(dict.fromkeys(numbers, "float64") | {"created_day": "int64", "age_days": "int64"})
    frame["converted"] = frame["converted"].astype(bool)
    frame["converted_day"] = frame["converted_day"].where(frame["converted"])
    return frame
