"""The funnel from lead to customer to renewal: how many reached each stage, how fast, where they are lost.

A cohort is the subjects whose Lead entry lies in a timeframe; it is looked at on the timeframe's reference
date. Everything here takes the frame of `analytics.metrics.lifecycle_subjects.read_subjects`.

A subject has *reached* a stage that it entered, or that lies before one that it entered: whoever is a
customer has passed MQL and SQL, recorded or not (a skipped stage), and going back takes nothing away.
Retained and Expansion both follow Customer and neither stands for the other, because accounts grow before
their first renewal too. Churned stands for no other stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.data.contract import STAGES
from analytics.metrics.lifecycle_subjects import ARROW
from analytics.metrics.purchases import SECONDS_A_DAY, day_number, label_periods
from analytics.metrics.rates import add_rate
from analytics.timeframe import Timeframe

FEW = 30
"""A step with fewer behind it is no bottleneck."""
USUAL = 0.9
"""A step's usual days: within so many nine of ten of those who took it did."""
LOOKBACK = 365
"""Days over which those are counted who had time enough for a step."""
UNKNOWN = "unknown"
MOST_PATHS = 10
STEPS = (
    ("Lead", "MQL", "main"),
    ("MQL", "SQL", "main"),
    ("SQL", "Customer", "main"),
    ("Customer", "Retained", "main"),
    ("Retained", "Expansion", "main"),
    ("Customer", "Expansion", "beside"),
    ("Customer", "Churned", "beside"),
    ("Lead", "Customer", "overall"),
)
"""Steps that are measured: those of the funnel, others beside them, and the way from lead to customer."""

_IMPLIED = (("Customer", "Retained"), ("Customer", "Expansion"), ("SQL", "Customer"), ("MQL", "SQL"))
"""Stages that somebody has passed by entering another, the last of them first."""


def reach_times(subjects: pd.DataFrame) -> pd.DataFrame:
    """When each subject had reached each stage, at the latest.

    Parameters
    ----------
    subjects : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        One column for each stage, seconds since 1970-01-01, missing for not reached: the first entry, or the
        first one into a later stage where that is earlier or the only one.

    Examples
    --------
    >>> skipped = pd.DataFrame({stage: [float("nan")] for stage in STAGES}).assign(Lead=0.0, SQL=86_400.0)
    >>> reach_times(skipped)[["Lead", "MQL", "SQL", "Customer"]].iloc[0].tolist()
    [0.0, 86400.0, 86400.0, nan]
    """
    found = {stage: subjects[stage].to_numpy(dtype="float64") for stage in STAGES}
    for earlier, later in _IMPLIED:
        found[earlier] = np.fmin(found[earlier], found[later])
    return pd.DataFrame(found, index=subjects.index)


def lead_history(
    subjects: pd.DataFrame, periods: Sequence[Timeframe], *, conversion_days: int
) -> pd.DataFrame:
    """Leads, and how many became customers, for each timeframe.

    Parameters
    ----------
    subjects : pandas.DataFrame
    periods : sequence of Timeframe
    conversion_days : int
        Days that a lead is given to become a customer.

    Returns
    -------
    pandas.DataFrame
        One row for each of `periods`: ``period`` (label), ``start``, ``end`` (dates; end is the reference
        date), ``leads`` and ``customers`` (int64: the cohort, and those of it that were customers by the
        end), ``lead_to_customer_rate`` (percent, with ``_n``, ``_low``, ``_high``), ``young_leads`` (int64:
        those of the cohort that had fewer than `conversion_days`), ``mature_conversion_rate`` (with the same
        three: of the leads of as many days, moved back by `conversion_days`, those that became customers
        within `conversion_days`), ``mature_converted``, and ``new_customers`` (int64: became customers in the
        timeframe, whenever they were leads, each customer once).
    """
    lead, customer = subjects["Lead"].to_numpy(), reach_times(subjects)["Customer"].to_numpy()
    given = conversion_days * SECONDS_A_DAY
    counted = ~subjects["again"].to_numpy()
    rows = []
    for place, period in enumerate(periods):
        start, end = _seconds(period)
        cohort = (lead >= start) & (lead < end)
        grown = (lead >= start - given) & (lead < end - given)
        rows.append(
            {
                "period": place,
                "leads": int(cohort.sum()),
                "customers": int((cohort & (customer < end)).sum()),
                "young_leads": int((cohort & (lead > end - given)).sum()),
                "mature_leads": int(grown.sum()),
                "mature_converted": int((grown & (customer - lead < given)).sum()),
                "new_customers": int(((customer >= start) & (customer < end) & counted).sum()),
            }
        )
    found = label_periods(pd.DataFrame(rows), periods)
    found = add_rate(found, "lead_to_customer_rate", found["customers"], found["leads"])
    found = add_rate(found, "mature_conversion_rate", found["mature_converted"], found["mature_leads"])
    return found.drop(columns="mature_leads")


def cohort_of(subjects: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    """The subjects whose Lead entry lies in a timeframe; entries after its reference date are not in them."""
    start, end = _seconds(timeframe)
    return subjects[(subjects["Lead"] >= start) & (subjects["Lead"] < end)]


def funnel_stages(cohort: pd.DataFrame) -> pd.DataFrame:
    """How many of a cohort reached each stage.

    Parameters
    ----------
    cohort : pandas.DataFrame
        As returned by `cohort_of`.

    Returns
    -------
    pandas.DataFrame
        One row for each of the seven stages, in their order: ``stage``, ``subjects`` (int64, reached it,
        each counted once), ``entered`` (of these, those with an entry into the stage itself), ``skipped``
        (the others), ``standing`` (in it at the reference date), ``percent_of_leads`` (with ``_n``, ``_low``,
        ``_high``). Of Lead, ``standing`` are those who never left it, or came back.
    """
    reached, entered = reach_times(cohort).notna().sum(), cohort[list(STAGES)].notna().sum()
    standing = cohort["stage"].value_counts().reindex(list(STAGES), fill_value=0)
    rows = pd.DataFrame(
        {
            "stage": list(STAGES),
            "subjects": reached.to_numpy(dtype="int64"),
            "entered": entered.to_numpy(dtype="int64"),
            "skipped": (reached - entered).to_numpy(dtype="int64"),
            "standing": standing.to_numpy(dtype="int64"),
        }
    )
    return add_rate(rows, "percent_of_leads", rows["subjects"], np.full(len(rows), len(cohort)))


def conversion_rates(cohort: pd.DataFrame, everybody: pd.DataFrame, reference_date: Any) -> pd.DataFrame:
    """How many of a cohort took each step, how long it took them, and whether they had time enough.

    Parameters
    ----------
    cohort : pandas.DataFrame
        As returned by `cohort_of`.
    everybody : pandas.DataFrame
        All subjects: what is usual is taken from those with a Lead entry. Others have been customers since
        before there were data, and only those who stayed are known.
    reference_date : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row for each of `STEPS`: ``from_stage``, ``to_stage``, ``step`` (``main``, ``beside``,
        ``overall``), ``from_subjects``, ``to_subjects`` (int64, reached both), ``conversion_rate`` (percent
        of those who reached the first, with ``_n``, ``_low``, ``_high``), ``median_days`` (whole days between
        the first entries, of those who have both and in this order: ``median_days_n``), ``out_of_order``
        (int64: both entries, the other way round), ``usual_days`` (within which nine of ten of all subjects
        that took the step did), ``young_subjects`` (int64: of ``from_subjects``, those that have neither
        taken the step nor had that long), ``too_young`` (bool: more than half of those who have not taken
        it), ``mature_rate`` (with the same three: of all subjects that reached the first stage in the
        365 days that end `usual_days` before the reference date, those that have taken the step since), and
        ``is_bottleneck`` (bool: the lowest rate of the main steps).

    Notes
    -----
    The bottleneck is found among rates of those who had time: ``mature_rate``, or ``conversion_rate`` where
    the cohort is not too young, over 30 subjects at least. Else the newest step would always be the worst. A
    step into a stage that nobody has ever entered is left out: it may just not be recorded.
    """
    end = day_number(reference_date) * SECONDS_A_DAY
    known = everybody[everybody["Lead"].notna()]
    some, every = reach_times(cohort), reach_times(known)
    rows = [_step(cohort, some, known, every, a, b, end) | {"step": step} for a, b, step in STEPS]
    frame = pd.DataFrame(rows)
    frame = add_rate(frame, "conversion_rate", frame["to_subjects"], frame["from_subjects"])
    frame = add_rate(frame, "mature_rate", frame.pop("grown_took"), frame.pop("grown"))
    # Customers are known from conversions and contracts too: there, nobody is a figure.
    recorded = frame["to_stage"].isin(
        ["Customer", *(stage for stage in STAGES if known[stage].notna().any())]
    )
    frame["is_bottleneck"] = _bottleneck(frame, recorded)
    first = ["from_stage", "to_stage", "step", "from_subjects", "to_subjects"]
    return frame[[*first, *(name for name in frame.columns if name not in first)]]


def by_group(
    subjects: pd.DataFrame, timeframe: Timeframe, column: str, *, conversion_days: int
) -> pd.DataFrame:
    """The cohort's funnel by what is known of its leads, with how many became customers where they had time.

    Parameters
    ----------
    subjects : pandas.DataFrame
    timeframe : Timeframe
    column : {"source", "region", "owner"}
        Subjects without it are under ``unknown``.
    conversion_days : int
        As for `lead_history`.

    Returns
    -------
    pandas.DataFrame
        Most leads first, ties by name: `column`, one int64 column for each stage in small letters (``lead``,
        ``mql`` …: reached), ``lead_to_customer_rate`` of the cohort and ``mature_conversion_rate`` as in
        `lead_history`, each with ``_n``, ``_low``, ``_high``. A group is there that has leads in either.
    """
    named = subjects[column].where(subjects[column].notna(), UNKNOWN)
    start, end = _seconds(timeframe)
    given = conversion_days * SECONDS_A_DAY
    lead, reached = subjects["Lead"], reach_times(subjects)
    inside = (lead >= start) & (lead < end)
    grown = (lead >= start - given) & (lead < end - given)
    counts = reached.notna().rename(columns=str.lower).astype("int64")
    within = (reached["Customer"] - lead < given) & grown
    cohort = counts[inside].groupby(named[inside]).sum()
    grew = pd.DataFrame({"n": grown, "k": within})[grown].astype("int64").groupby(named[grown]).sum()
    names = sorted({*cohort.index, *grew.index})
    rows = cohort.reindex(names, fill_value=0).rename_axis(column).reset_index()
    grew = grew.reindex(names, fill_value=0)
    rows = add_rate(rows, "lead_to_customer_rate", rows["customer"], rows["lead"])
    rows = add_rate(rows, "mature_conversion_rate", grew["k"].to_numpy(), grew["n"].to_numpy())
    return rows.sort_values(["lead", column], ascending=[False, True], ignore_index=True)


def commonest_paths(cohort: pd.DataFrame, *, most: int = MOST_PATHS) -> pd.DataFrame:
    """The ways that a cohort went, the commonest first.

    Parameters
    ----------
    cohort : pandas.DataFrame
        As returned by `cohort_of`.
    most : int, default 10

    Returns
    -------
    pandas.DataFrame
        ``path`` (stages in the order in which they were entered, repetitions left out; a way back shows as
        ``Lead → MQL → SQL → MQL``), ``subjects`` (int64), ``share`` (0–1 of the cohort), ``median_days``
        (from the first entry to the last; missing for a path of one stage), ``outcome``: ``churned`` or
        ``customer`` where the path ends so, else ``open``. Ties by path. Then, where there are more, one row
        ``path: "other"`` for all others, without days, its outcome ``various``.
    """
    days = (cohort["last"] // SECONDS_A_DAY - cohort["first"] // SECONDS_A_DAY).astype("float64")
    steps = cohort["path"].astype("str").str.contains(ARROW, regex=False)
    rows = cohort.assign(days=days.where(steps)).groupby("path", sort=False)
    found = rows.agg(subjects=("path", "size"), median_days=("days", "median")).reset_index()
    found = found.sort_values(["subjects", "path"], ascending=[False, True], ignore_index=True)
    found["outcome"] = found["path"].map(_outcome)
    top, rest = found.head(most), found.iloc[most:]
    if len(rest):
        other = {"path": "other", "subjects": rest["subjects"].sum(), "outcome": "various"}
        top = pd.concat([top, pd.DataFrame([other | {"median_days": np.nan}])], ignore_index=True)
    top = top.assign(share=top["subjects"] / max(len(cohort), 1))
    return top.astype({"subjects": "int64", "median_days": "float64"})[
        ["path", "subjects", "share", "median_days", "outcome"]
    ]


def reconciliation(subjects: pd.DataFrame, timeframe: Timeframe) -> dict[str, int]:
    """How the funnel's leads and customers follow from the leads table.

    Parameters
    ----------
    subjects : pandas.DataFrame
    timeframe : Timeframe

    Returns
    -------
    dict
        ``leads_table`` (rows created in the timeframe) − ``entered_outside`` (whose Lead entry lies outside
        it) + ``created_outside`` (the other way round) + ``without_row`` (subjects that are in no leads
        table) = ``leads`` of the funnel. ``converted_table`` (its leads with ``converted_at`` by then) −
        ``not_customers`` (whose Customer entry is later) + ``not_converted`` (customers without
        ``converted_at`` by then) = ``customers``. All int.
    """
    start, end = _seconds(timeframe)
    lead, created = subjects["Lead"], subjects["created"]
    entered, listed = (lead >= start) & (lead < end), (created >= start) & (created < end)
    customer = reach_times(subjects)["Customer"] < end
    converted = subjects["converted"] < end
    return {
        "leads_table": int(listed.sum()),
        "entered_outside": int((listed & ~entered).sum()),
        "created_outside": int((entered & ~listed & created.notna()).sum()),
        "without_row": int((entered & created.isna()).sum()),
        "leads": int(entered.sum()),
        "converted_table": int((entered & converted).sum()),
        "not_customers": int((entered & converted & ~customer).sum()),
        "not_converted": int((entered & customer & ~converted).sum()),
        "customers": int((entered & customer).sum()),
    }


def _step(
    cohort: pd.DataFrame,
    some: pd.DataFrame,
    everybody: pd.DataFrame,
    every: pd.DataFrame,
    a: str,
    b: str,
    end: int,
) -> dict[str, Any]:
    """Counts and days of one step."""
    took = some[a].notna() & some[b].notna()
    days = _days(cohort[a], cohort[b])
    known = days[days >= 0]
    usual_days = _days(everybody[a], everybody[b])
    usual_days = usual_days[usual_days >= 0]
    usual = float(np.quantile(usual_days, USUAL)) if len(usual_days) else np.nan
    waited = (end - some.loc[some[a].notna() & ~took, a]) / SECONDS_A_DAY
    young = int((waited < usual).sum())
    limit = end - usual * SECONDS_A_DAY
    grown = (every[a] < limit) & (every[a] >= limit - LOOKBACK * SECONDS_A_DAY)
    grown_took = grown & every[b].notna()
    return {
        "from_stage": a,
        "to_stage": b,
        "from_subjects": int(some[a].notna().sum()),
        "to_subjects": int(took.sum()),
        "median_days": float(np.median(known)) if len(known) else np.nan,
        "median_days_n": len(known),
        "out_of_order": int((days < 0).sum()),
        "usual_days": usual,
        "young_subjects": young,
        "too_young": bool(young > len(waited) / 2),
        "grown": int(grown.sum()),
        "grown_took": int(grown_took.sum()),
    }


def _days(a: pd.Series, b: pd.Series) -> NDArray[np.float64]:
    """Whole days from one entry to another, of those who have both."""
    apart = (b // SECONDS_A_DAY - a // SECONDS_A_DAY).to_numpy(dtype="float64")
    found: NDArray[np.float64] = apart[~np.isnan(apart)]
    return found


def _bottleneck(rates: pd.DataFrame, recorded: pd.Series) -> NDArray[np.bool_]:
    own = rates["conversion_rate"].where((rates["conversion_rate_n"] >= FEW) & ~rates["too_young"])
    fair = rates["mature_rate"].where(rates["mature_rate_n"] >= FEW, own)
    fair = fair.where((rates["step"] == "main") & recorded)
    marked = np.zeros(len(rates), dtype=bool)
    if fair.notna().any():
        marked[int(np.nanargmin(fair.to_numpy()))] = True
    return marked


def _outcome(path: str) -> str:
    last = path.rpartition(ARROW)[2]
    if last in ("Customer", "Retained", "Expansion"):
        return "customer"
    return "churned" if last == "Churned" else "open"


def _seconds(period: Timeframe) -> tuple[int, int]:
    return day_number(period.start) * SECONDS_A_DAY, day_number(period.reference_date) * SECONDS_A_DAY
