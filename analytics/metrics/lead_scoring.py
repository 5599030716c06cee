"""Leads: what was known of each up to a day, and how many come, convert and are still to be called.

A lead is converted where `converted_at` lies before the reference date. Counters of engagement are taken as
of the conversion, for the others as of the reference date: what a customer reads after signing is no sign of
a lead that will sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import ibis
import numpy as np
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
    log = None if activities is None else read_log(leads, activities, [reference_date])
    return as_known(read_leads(leads, reference_date), log, reference_date)


def read_leads(leads: ibis.Table, reference_date: date) -> pd.DataFrame:
    """Read the leads created before a day as the table has them, for `as_known` of that day and earlier ones.

    Parameters
    ----------
    leads : ibis.Table
        As in the contract; it may have more columns, which are kept.
    reference_date : datetime.date

    Returns
    -------
    pandas.DataFrame
        The oldest first, ties by id: the columns of `lead_list` that no day decides, and ``converted_second``
        (float64, since 1970-01-01; missing where there is none).
    """
    columns = set(leads.columns)
    created = leads.created_at.epoch_seconds()
    closed = leads.converted_at.epoch_seconds() if "converted_at" in columns else ibis.null("int64")
    texts = {name: leads[name] if name in columns else ibis.null("string") for name in _KEPT}
    flags = {name: _flag(leads, name) for name in ("demo_requested", "book_consultant")}
    own = {name: leads[name].cast("float64") if name in columns else _nothing() for name in COUNTERS}
    standard = {*_KEPT, *flags, *COUNTERS, *_DATES, "customer_id", "org_id"}
    more = {name: leads[name] for name in leads.columns if name not in standard}
    table = leads.select(**texts, **flags, **own, created__=created, converted_second=closed, **more)
    rows: pd.DataFrame = table.filter(_.created__ < day_number(reference_date) * SECONDS_A_DAY).to_pandas()
    rows = rows.sort_values(["created__", "lead_id"], ignore_index=True)
    numbers = [*COUNTERS, *flags, "points", "converted_second"]
    rows = rows.astype(dict.fromkeys(numbers, "float64") | {"created__": "int64"})
    rows["created__"] //= SECONDS_A_DAY
    return rows.rename(columns={"created__": "created_day"})


def read_log(leads: ibis.Table, activities: ibis.Table, days: Sequence[date]) -> pd.DataFrame:
    """Count what was logged of each lead, in all and since its conversion or each of some days.

    Parameters
    ----------
    leads, activities : ibis.Table
        As in the contract.
    days : sequence of datetime.date

    Returns
    -------
    pandas.DataFrame
        ``lead_id`` (missing for what is logged of others than leads), ``kind`` of `COUNTERS`, ``logged`` and
        for each of `days` a column ``since_`` and its ISO date: on or after the day, or the conversion where
        that is earlier (int64).
    """
    closed = leads.converted_at if "converted_at" in leads.columns else ibis.null("timestamp")
    owners = leads.select("lead_id", closed=closed)
    logged = activities.filter(_.kind.isin(list(COUNTERS.values())))
    logged = logged.select("kind", "occurred_at", subject="subject_id")
    joined = logged.left_join(owners, logged.subject == owners.lead_id)
    since = {}
    for day in days:
        end = ibis.literal(datetime.combine(day, time.min), "timestamp")
        later = (joined.occurred_at >= end) | (joined.occurred_at >= joined.closed).fill_null(False)
        since[f"since_{day}"] = later.ifelse(1, 0).sum()
    counted = joined.group_by("lead_id", "kind").agg(logged=_.count(), **since)
    found: pd.DataFrame = counted.to_pandas()
    return found.astype(dict.fromkeys(["logged", *since], "int64"))


def as_known(rows: pd.DataFrame, log: pd.DataFrame | None, day: date) -> pd.DataFrame:
    """What was known of leads on a day.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `read_leads` for the day or a later one.
    log : pandas.DataFrame or None
        As returned by `read_log`, the day among its own. None without activities.
    day : datetime.date

    Returns
    -------
    pandas.DataFrame
        As `lead_list` of the day.
    """
    edge = day_number(day)
    found = rows[rows["created_day"] < edge].reset_index(drop=True)
    closed = found["converted_second"]
    converted = closed < edge * SECONDS_A_DAY
    place = int(found.columns.get_loc("created_day")) + 1  # type: ignore[arg-type]
    found.insert(place, "age_days", edge - found["created_day"])
    found.insert(place + 1, "converted", converted)
    found.insert(place + 2, "converted_day", (closed // SECONDS_A_DAY).where(converted))
    if log is not None:
        of_lead = pd.Index(found["lead_id"]).get_indexer(log["lead_id"])
        for name, kind in COUNTERS.items():
            is_kind = (log["kind"] == kind).to_numpy()
            mine = is_kind & (of_lead >= 0)
            counts = np.zeros((2, len(found)))
            counts[:, of_lead[mine]] = log.loc[mine, ["logged", f"since_{day}"]].T
            logged, since = counts
            kept = (found[name] - since).clip(lower=0.0)
            found[name] = kept.where(kept.notna(), logged - since) if is_kind.any() else kept
    return found.drop(columns="converted_second")


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


def _flag(table: ibis.Table, name: str) -> ibis.Value:
    return table[name].cast("int32").cast("float64") if name in table.columns else _nothing()


def _nothing() -> ibis.Value:
    return ibis.null("float64")
