"""Pictures of the retention report on customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.theme import Words
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

MONTHS = 13
"""Months on the line: a year, and the month it is compared with."""


def trend(line: pd.DataFrame, format: Format) -> Chart | None:
    """Share of active customers who stay through each month, with the year before as a ghost.

    Parameters
    ----------
    line : pandas.DataFrame
        Whole months, oldest first, as `analytics.metrics.retention.Retention` has them in ``line``. It is
        not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two months that have a rate of 30 customers or more. The axis ends at 60 or
        100 %, so that reports can be laid side by side.
    """
    if line.empty:
        return None
    sure = (line["retention_rate_n"] >= FEW) & ~line["left_truncated"]
    known = line.assign(**{name: line[name].where(sure) for name in _RATE})
    shown = known.iloc[-MONTHS:]
    shown = shown.iloc[int(np.argmax(shown["retention_rate"].notna())) :]
    if shown["retention_rate"].notna().sum() < 2:
        return None
    past = dict(zip(known["start"], known["retention_rate"], strict=True))
    ghost = [past.get(start.replace(year=start.year - 1), np.nan) for start in shown["start"]]
    values, low, high = (shown[name].to_list() for name in _RATE)
    last = shown.iloc[-1]
    series = [
        forms.Series("This year", values, low, high, end=format.percent(last["retention_rate"], 0)),
    ]
    if any(pd.notna(value) for value in ghost):
        series.append(
            forms.Series("Year before", ghost, colour="ghost", dashed=True, end=format.percent(ghost[-1], 0))
        )
    was = f" The year before it was {format.percent(ghost[-1], 0)}." if pd.notna(ghost[-1]) else ""
    first = shown.iloc[0]
    alt = (
        f"Line chart, {format.month(first['start'])} to {format.month(last['start'])}. The share of active "
        f"customers who stay through a month goes from {format.percent(first['retention_rate'], 0)} to "
        f"{format.percent(last['retention_rate'], 0)}, between {format.percent(min(_real(values)), 0)} and "
        f"{format.percent(max(_real(values)), 0)}.{was}"
    )
    return theme.both(
        forms.line,
        "trend",
        alt[:300],
        labels=[month_label(start, format) for start in shown["start"]],
        series=series,
        words=_whole_percent(format),
        title="Share of active customers who stay through the month",
        short_title="Share who stay through the month",
        top=theme.scale_top([*high, *ghost], (60, 100)),
    )


def books(row: pd.Series, format: Format) -> Chart | None:
    """Bridge from the active customers of the start to those of the end.

    Parameters
    ----------
    row : pandas.Series
        One row of `analytics.metrics.retention.retention_books`.
    format : Format

    Returns
    -------
    Chart or None
        None where nobody was active at either end.
    """
    start, end = float(row["starting_customers"]), float(row["ending_customers"])
    if not start and not end:
        return None
    steps = [
        forms.Step("Lost", -float(row["churned_customers"])),
        forms.Step("Came back", float(row["reactivated_customers"])),
        forms.Step("New", float(row["new_customers"] - row["new_lapsed"])),
    ]
    parts = "; ".join(f"{step.name} {format.count(step.value, sign=True)}" for step in steps)
    return theme.both(
        forms.bridge,
        "books",
        f"Bridge from {format.count(start)} customers active at the start to {format.count(end)} at "
        f"the end: {parts}.",
        narrow=(344, 240),
        start=start,
        end=end,
        steps=steps,
        names=("Active at the start", "Active at the end"),
        words=format.count,
        signed=lambda value: format.count(value, sign=True),
        title="Customers",
    )


def gaps(rows: pd.DataFrame, p90: float, format: Format, *, churn_days: int) -> Chart | None:
    """How long customers stay away between two visits, against the silence that counts as lapsed.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.repeat.visit_gaps`. It is not modified.
    p90 : float
        90th percentile of the gaps, in days.
    format : Format
    churn_days : int

    Returns
    -------
    Chart or None
        None with fewer than 30 gaps.
    """
    if rows["gaps"].sum() < FEW:
        return None
    cut = float(next((end for end in (120, 180, 365, 730) if end >= max(1.2 * p90, 1.5 * churn_days)), 1095))
    lapsed, usual = format.days(churn_days), format.days(p90)
    alt = (
        f"Histogram of the days between two visits of a customer, up to {format.days(cut)} and "
        "more. Nine gaps in "
        f"ten last at most {usual}; a customer counts as lapsed after {lapsed}."
    )
    return theme.both(
        forms.distribution,
        "gaps",
        alt,
        values=rows["gap_days"].to_numpy(dtype="float64"),
        weights=rows["gaps"].to_numpy(dtype="float64"),
        words=format.number,
        count=_short_count(format),
        title="Gaps between visits",
        xtitle="Days from one visit to the next",
        marks=[(float(churn_days), f"Lapsed: {lapsed}"), (p90, f"Nine in ten: {usual}")],
        cut=cut,
    )


def repeat(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Share of customers by the number of their orders.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.repeat.customers_by_orders`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    if rows["customer_count"].sum() < FEW:
        return None
    first, last = rows.iloc[0], rows.iloc[-1]
    alt = (
        f"Columns: {format.percent(first['percentage'], 0)} of customers have ordered once, "
        f"{format.percent(rows.iloc[1]['percentage'], 0)} twice, {format.percent(last['percentage'], 0)} "
        "ten times or more."
    )
    return theme.both(
        forms.columns,
        "repeat",
        alt,
        wide=(760, 280),
        narrow=(344, 260),
        labels=rows["orders"].to_list(),
        groups=[("Customers", rows["percentage"].to_list(), "c1")],
        words=_whole_percent(format),
        title="Share of customers, by number of orders so far",
    )


def month_label(start: object, format: Format) -> str:
    r"""Name a month on an axis, its year on a second line: ``Oct\n2026``."""
    day = pd.Timestamp(str(start))
    year = str(day.year)
    return f"{format.month(day.date()).replace(year, '').strip(' ,/.')}\n{year}"


_RATE = ("retention_rate", "retention_rate_low", "retention_rate_high")


def _real(values: list[float]) -> list[float]:
    return [value for value in values if pd.notna(value)]


def _whole_percent(format: Format) -> Words:
    return lambda value: format.percent(value, 0)


def _short_count(format: Format) -> Words:
    return lambda value: format.count(value)
