"""Pictures of the way from lead to renewal: the funnel, sources, NPS, channels, one customer's journey."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.funnel import funnel as funnel_form
from analytics.charts.forms.funnel import funnel_sizes
from analytics.charts.forms.panels import panel_sizes, panels
from analytics.charts.forms.timeline import Mark, timeline, timeline_sizes
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

MOST_GROUPS = 8
MOST_CHANNELS = 10
MONTHS = 25
"""Months of NPS that are drawn; the table and the files have them all."""


def funnel(stages: pd.DataFrame, rates: pd.DataFrame, format: Format) -> Chart | None:
    """How many reached each stage, with the steps between them.

    Parameters
    ----------
    stages, rates : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.funnel_stages` and `conversion_rates`. Not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a lead.
    """
    rows = stages.to_dict("records")
    if not rows[0]["subjects"]:
        return None
    into = {row["to_stage"]: row for row in rates.to_dict("records") if row["from_stage"] == _before(row)}
    names = [str(row["stage"]) for row in rows]
    worst = [i for i, name in enumerate(names) if name in into and into[name]["is_bottleneck"]]
    said = "; ".join(f"{row['stage']} {format.count(row['subjects'])}" for row in rows)
    return theme.both(
        funnel_form,
        "lifecyclefunnel",
        f"Funnel of a cohort of leads, bars of who reached each stage: {said}."[:300],
        **funnel_sizes(len(rows)),
        names=names,
        values=[float(row["subjects"]) for row in rows],
        shares=["", *(format.percent(row["percent_of_leads"]) for row in rows[1:])],
        steps=["", *(_step_words(into[name], format) for name in names[1:])],
        short_steps=["", *(_step_words(into[name], format, short=True) for name in names[1:])],
        words=format.count,
        title="Subjects that reached the stage, and their share of the leads",
        worst=worst[0] if worst else None,
        lost=[len(rows) - 1],
    )


def groups(rows: pd.DataFrame, column: str, overall: float, format: Format) -> Chart | None:
    """How many leads of each group became customers where they had time, with intervals.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.by_group`. It is not modified.
    column : {"source", "region"}
    overall : float
        The rate of all, percent.
    format : Format

    Returns
    -------
    Chart or None
        None where no group has 30 leads that had time.
    """
    known = rows[rows["mature_conversion_rate_n"] >= FEW].head(MOST_GROUPS)
    if known.empty:
        return None
    known = known.sort_values(["mature_conversion_rate", column], ascending=[False, True])
    low, high = known["mature_conversion_rate_low"], known["mature_conversion_rate_high"]
    apart = [i for i, (a, b) in enumerate(zip(low, high, strict=True)) if a > overall or b < overall]
    first, last = known.iloc[0], known.iloc[-1]
    return theme.both(
        long_names.points,
        f"lifecycle{column}",
        f"Points with 95% intervals by {column}: {first[column]} highest with "
        f"{format.percent(first['mature_conversion_rate'])}, {last[column]} lowest with "
        f"{format.percent(last['mature_conversion_rate'])}; all {format.percent(overall)}.",
        **long_names.row_sizes(len(known), 48),
        names=[str(name) for name in known[column]],
        values=known["mature_conversion_rate"].tolist(),
        low=low.tolist(),
        high=high.tolist(),
        words=format.percent,
        axis_words=lambda value: format.percent(value, 0),
        title="Leads that became customers; dashed: all",
        ends=(0.0, theme.scale_top([float(high.max())], (35, 60, 100))),
        focus=apart,
        line=overall,
    )


def nps(rows: pd.DataFrame, format: Format) -> Chart | None:
    """NPS by month with its interval; months with fewer than 30 answers are left out.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.success_by_month`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two months that have 30 answers.
    """
    shown = rows.tail(MONTHS)
    sure = shown["responses"] >= FEW
    if sure.sum() < 2:
        return None
    values = [shown[name].where(sure) for name in ("nps", "nps_low", "nps_high")]
    first, last = values[0].dropna().iloc[0], values[0].dropna().iloc[-1]
    bottom = min(0.0, 10 * float(values[1].min() // 10))
    return theme.both(
        forms.line,
        "lifecyclenps",
        f"Line of the mean NPS of {format.count(len(shown))} months with 95% intervals, from "
        f"{format.number(first)} to {format.number(last)}.",
        narrow=(344, 280),
        wide=(760, 300),
        labels=[_month_label(month, format) for month in shown["month"]],
        series=[
            forms.Series(
                "NPS", values[0].tolist(), values[1].tolist(), values[2].tolist(), end=format.number(last)
            )
        ],
        words=format.number,
        title="Mean answer of accounts, −100 to 100",
        short_title="Mean NPS of accounts",
        bottom=bottom,
    )


def channels(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Customers by first and by last channel, side by side.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.channels.by_channel`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a customer with a channel that is known.
    """
    sides = {side: _most_first(rows, side) for side in ("first", "last")}
    named = rows.loc[rows["channel"] != "none known", ["first_customers", "last_customers"]]
    if not named.to_numpy().sum():
        return None
    tops = [sides[side].iloc[0] for side in ("first", "last")]
    return theme.both(
        panels,
        "lifecyclechannels",
        f"Bars of new customers by channel, twice. First touch: {tops[0]['channel']} leads with "
        f"{format.count(tops[0]['first_customers'])}; last touch: {tops[1]['channel']} with "
        f"{format.count(tops[1]['last_customers'])}.",
        **panel_sizes(2, max(len(side) for side in sides.values())),
        heads=["New customers by first touch", "The same by last touch"],
        names=[[str(name) for name in side["channel"]] for side in sides.values()],
        values=[side[f"{name}_customers"].astype("float64").tolist() for name, side in sides.items()],
        notes=[
            [f"worth {format.money(value)} a year" for value in side[f"{name}_value"]]
            for name, side in sides.items()
        ],
        words=format.count,
    )


def journey(events: pd.DataFrame, end: Any, format: Format) -> Chart | None:
    """One customer's events in lanes: stages, purchases, tickets, answers, predictions.

    Parameters
    ----------
    events : pandas.DataFrame
        As returned by `analytics.metrics.journey.customer_journey`. It is not modified.
    end : datetime.date
        Last day of the axis: the reference date.
    format : Format

    Returns
    -------
    Chart or None
        None without an event.
    """
    if events.empty:
        return None
    lanes = [lane for lane in _LANES if (events["lane"] == lane).any()]
    days = (events["at"] - pd.Timestamp(0)) / pd.Timedelta(days=1)
    last = float((pd.Timestamp(end) - pd.Timestamp(0)) / pd.Timedelta(days=1))
    first = min(float(days.min()), last - 30)
    marks = [
        Mark(lanes.index(row["lane"]), float(day), _mark_words(row, format), _is_bad(row))
        for row, day in zip(events.to_dict("records"), days, strict=True)
    ]
    counts = events["lane"].value_counts()
    said = ", ".join(f"{format.count(counts[lane])} {_LANES[lane].lower()}" for lane in lanes)
    return theme.both(
        timeline,
        "lifecyclejourney",
        f"Timeline from {format.date(events['at'].iloc[0])} to {format.date(events['at'].iloc[-1])}: {said}.",
        **timeline_sizes(len(lanes)),
        lanes=[_LANES[lane] for lane in lanes],
        marks=marks,
        ticks=_ticks(first, last, format),
        span=(first - 0.02 * (last - first), last),
    )


_LANES = {
    "stage": "Stages", "purchase": "Purchases", "ticket": "Tickets", "nps": "NPS", "prediction": "Risk",
}  # fmt: skip
_FOLLOWS = {"MQL": "Lead", "SQL": "MQL", "Customer": "SQL"}


def _most_first(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    """The channels that any customer had on one side, most customers first."""
    had = rows[rows[f"{side}_customers"] > 0]
    return had.sort_values([f"{side}_customers", "channel"], ascending=[False, True]).head(MOST_CHANNELS)


def _before(row: dict[Any, Any]) -> str:
    """The stage whose step to a stage the funnel shows: everything after Customer is counted from there."""
    return _FOLLOWS.get(str(row["to_stage"]), "Customer")


def _step_words(row: dict[Any, Any], format: Format, *, short: bool = False) -> str:
    """``62% go on, in 2 days; ⅔ may still``: the step in words, grey words where it is too early to say."""
    if not row["from_subjects"]:
        return ""
    whose = "" if row["to_stage"] in _FOLLOWS else f" of {row['from_stage'].lower()}s"
    if short and row["too_young"]:
        later = f"; {format.percent(row['mature_rate'], 0)} with time" if row["mature_rate_n"] >= FEW else ""
        return f"{format.percent(row['conversion_rate'], 0)}{whose}{later or ', too early'}"
    days = row["median_days"]
    when = "" if pd.isna(days) else f", {'' if short else 'half of them '}within {format.days(days)}"
    early = ""
    if row["too_young"]:
        early = "; too early to say"
        if row["mature_rate_n"] >= FEW:
            early += f": {format.percent(row['mature_rate'], 0)} of those who had time"
    return f"{format.percent(row['conversion_rate'], 0)}{whose}{when}{early}"


def _mark_words(row: dict[Any, Any], format: Format) -> str:
    match row["lane"]:
        case "purchase":
            return format.money(row["number"])
        case "nps":
            return format.number(row["number"])
        case "ticket":
            return "critical" if row["what"] == "critical_ticket" else ""
        case "prediction":
            level = row["what"] if isinstance(row["what"], str) else ""
            return f"{level} {format.share(row['number'], 0)}".strip()
        case _:
            return str(row["what"])


def _is_bad(row: dict[Any, Any]) -> bool:
    """Whether an event is bad news."""
    if row["lane"] == "nps":
        return bool(row["number"] < 0)
    if row["lane"] == "prediction":
        return str(row["what"]).capitalize() in ("High", "Critical")
    return row["what"] in ("Churned", "critical_ticket", "return")


def _ticks(first: float, last: float, format: Format) -> list[tuple[float, str]]:
    """First days of months, at most about eight."""
    start, end = (pd.Timestamp(0) + pd.Timedelta(days=day) for day in (first, last))
    months = pd.date_range(start.normalize().replace(day=1), end, freq="MS")
    every = max(1, -(-len(months) // 8))
    chosen = [month for month in months[::every] if month >= start]
    return [
        (float((month - pd.Timestamp(0)) / pd.Timedelta(days=1)), format.month(month.date()))
        for month in chosen
    ]


def _month_label(month: Any, format: Format) -> str:
    r"""Name of a month on an axis, the year on a second line: ``Oct\n2026``."""
    day = pd.Timestamp(month)
    year = str(day.year)
    return f"{format.month(day.date()).replace(year, '').strip(' ,/.')}\n{year}"
