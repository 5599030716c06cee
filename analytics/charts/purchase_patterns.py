"""Pictures of how customers buy: over time, by value, by weekday and hour, by category, by season."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms.shares import shares
from analytics.charts.forms.week import week
from analytics.charts.retention import month_label
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

MOST = 12
"""Bars of a picture at most; the table has the rest."""


def over_time(rows: pd.DataFrame, grouping: str, format: Format) -> Chart | None:
    """Orders, period by period; those that the timeframe cuts are grey.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.purchase_patterns.transactions_over_time`. It is not modified.
    grouping : {"daily", "weekly", "monthly"}
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two periods, or without an order.
    """
    if len(rows) < 2 or not rows["transaction_count"].sum():
        return None
    counts, cut = rows["transaction_count"].astype("float64"), rows["cut"].to_numpy()
    name = {"daily": "day", "weekly": "week", "monthly": "month"}[grouping]
    labels = [
        month_label(start, format) if grouping == "monthly" else _day_label(start, format)
        for start in rows["start"]
    ]
    whole = rows[~cut] if not cut.all() else rows
    seen = whole["transaction_count"]
    best = whole.iloc[int(seen.argmax())]
    alt = (
        f"Columns of orders in {format.count(len(rows))} {name}s from {format.date(rows['start'].iloc[0])}: "
        f"{'' if len(whole) == len(rows) else 'in whole ones '}between {format.count(seen.min())} and "
        f"{format.count(seen.max())}, the most in the {name} from {format.date(best['start'])}."
    )
    groups = [
        ("", counts.where(~cut, 0.0).tolist(), "c1"),
        ("", counts.where(cut, 0.0).tolist(), "ghost"),
    ]
    return theme.both(
        forms.columns,
        "overtime",
        alt,
        labels=labels,
        groups=_unnamed(groups),
        words=format.count,
        title=f"Orders a {name}",
        values=len(rows) <= MOST,
    )


def gaps(rows: pd.DataFrame, mean: float | None, format: Format) -> Chart | None:
    """Days between two visits of a customer.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.purchase_patterns.gaps_inside`. It is not modified.
    mean : float or None
        Mean of the gaps, in days.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 gaps.
    """
    if mean is None or rows["gaps"].sum() < FEW:
        return None
    longest = int(rows["gap_days"].max())
    cut = float(next((end for end in (30, 60, 90, 180, 365) if end >= longest or end >= 4 * mean), 730))
    usual = format.days(mean, 1)
    alt = f"Histogram of the days between two visits of a customer, up to {format.days(cut)}; mean {usual}."
    return theme.both(
        forms.distribution,
        "gaps",
        alt,
        narrow=(344, 300),
        values=rows["gap_days"].to_numpy(dtype="float64"),
        weights=rows["gaps"].to_numpy(dtype="float64"),
        words=format.number,
        count=lambda value: format.count(value),
        title="Gaps between visits",
        xtitle="Days from one visit to the next",
        marks=[(mean, f"On average {usual}")],
        cut=cut,
    )


def baskets(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Chart | None:
    """Share of orders against share of what they brought, by range of value.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.basket_analysis`. It is not modified.
    names : sequence of str
        Name of each range.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 orders.
    """
    worth = rows["transaction_count"] * rows["avg_amount"].fillna(0.0)
    if rows["transaction_count"].sum() < FEW or not worth.sum() > 0:
        return None
    revenue = (100 * worth / worth.sum()).tolist()
    parts = "; ".join(
        f"{name} {format.percent(share, 0)} and {format.percent(part, 0)}"
        for name, share, part in zip(names, rows["percentage"], revenue, strict=True)
    )
    return theme.both(
        shares,
        "baskets",
        f"Bars by basket value, share of orders and of revenue: {parts}."[:300],
        wide=(760, 44 + 46 * len(rows)),
        narrow=(344, 54 + 46 * len(rows)),
        names=list(names),
        grey=rows["percentage"].tolist(),
        blue=revenue,
        heads=("of orders", "of revenue"),
        words=format.percent,
    )


def payments(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Share of orders by payment method.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.payment_preferences`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 orders.
    """
    if rows["transaction_count"].sum() < FEW:
        return None
    values = [f"{format.money(value)} an order" for value in rows["avg_transaction_value"]]
    return _bars(rows, "payment_method", "payments", "Share of orders", values, format)


def categories(rows: pd.DataFrame, things: str, format: Format) -> Chart | None:
    """Share of orders that hold each category, the commonest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_preferences`. It is not modified.
    things : str
        ``categories`` or ``products``.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 orders.
    """
    if rows.attrs.get("orders", 0) < FEW or rows.empty:
        return None
    values = [f"{format.money(value)} each time" for value in rows["avg_spend"]]
    title = "Share of orders that hold it"
    if len(rows) > MOST:
        title += f"; the {MOST} commonest of {format.count(len(rows))} {things}"
    return _bars(rows, "category", "categories", title, values, format)


def by_day(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Orders on an average Monday, Tuesday, … Sunday.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``by_day_of_week`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 orders.
    """
    if rows["transaction_count"].sum() < FEW:
        return None
    known = rows["avg_transactions"].fillna(0.0)
    best = rows.iloc[int(known.argmax())]
    parts = "; ".join(
        f"{day[:3]} {format.number(value, 1)}" for day, value in zip(rows["day_of_week"], known, strict=True)
    )
    return theme.both(
        forms.columns,
        "byday",
        f"Columns of orders on an average weekday: {parts}. The most on {best['day_of_week']}.",
        wide=(760, 260),
        narrow=(344, 240),
        labels=[day[:3] for day in rows["day_of_week"]],
        groups=[("Orders", known.tolist(), "c1")],
        words=lambda value: format.number(value, 1 if value % 1 else 0),
        title="Orders on an average day",
    )


def by_hour(rows: pd.DataFrame | None, format: Format) -> Chart | None:
    """Heat map of orders by weekday and hour.

    Parameters
    ----------
    rows : pandas.DataFrame or None
        ``by_day_and_hour`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where hours are not known, or with fewer than 30 orders.
    """
    if rows is None or rows["transaction_count"].sum() < FEW:
        return None
    days = list(dict.fromkeys(rows["day_of_week"]))
    grid = rows["avg_transactions"].to_numpy(dtype="float64").reshape(len(days), -1)
    best = rows.iloc[int(rows["avg_transactions"].argmax())]
    alt = (
        f"Heat map of orders by weekday and hour. The most come on {best['day_of_week']} from "
        f"{int(best['hour']):02}:00: {format.number(best['avg_transactions'], 1)} on average."
    )
    return theme.both(
        week,
        "byhour",
        alt,
        wide=(760, 330),
        narrow=(344, 300),
        days=days,
        values=grid.tolist(),
        words=lambda value: format.number(value, 1),
        title="Orders in such an hour, on average",
    )


def by_month(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Orders a day in each month of the year.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``by_month`` of `analytics.metrics.purchase_times.TimePatterns`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two months or 30 orders.
    """
    if len(rows) < 2 or rows["transaction_count"].sum() < FEW:
        return None
    values, cut = rows["avg_transactions"].astype("float64"), rows["cut"].to_numpy()
    best = rows.iloc[int(values.argmax())]
    groups = [
        ("", values.where(~cut, 0.0).tolist(), "c1"),
        ("", values.where(cut, 0.0).tolist(), "ghost"),
    ]
    return theme.both(
        forms.columns,
        "bymonth",
        f"Columns of orders a day by month of the year, between {format.number(values.min(), 1)} and "
        f"{format.number(values.max(), 1)}, the most in {best['month_name']}.",
        wide=(760, 240),
        narrow=(344, 230),
        labels=[name[:3] for name in rows["month_name"]],
        groups=_unnamed(groups),
        words=lambda value: format.number(value, 1 if value % 1 else 0),
        title="Orders a day",
    )


def pairs(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Orders that hold both of a pair, against as many as chance would give.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_pairs`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no pair lies above chance; those below stand in the table.
    """
    shown = rows[rows["lift"] > 1].head(10)
    if shown.empty:
        return None
    first = shown.iloc[0]
    alt = (
        f"Dumbbells of {format.count(len(shown))} pairs, orders by chance and orders with both. First "
        f"{first['category'][:40]} with {first['other_category'][:40]}: "
        f"{format.count(first['expected_count'])} by chance, {format.count(first['purchase_count'])} in fact."
    )
    return theme.both(
        forms.dumbbell,
        "pairs",
        alt[:300],
        wide=(760, 70 + 36 * len(shown)),
        narrow=(344, 70 + 36 * len(shown)),
        names=[f"{a} + {b}" for a, b in zip(shown["category"], shown["other_category"], strict=True)],
        before=shown["expected_count"].tolist(),
        after=shown["purchase_count"].astype("float64").tolist(),
        heads=("by chance", "in fact"),
        words=format.count,
        change=lambda value: format.count(value, sign=True),
        title="Orders with both",
        change_head="Beyond",
    )


def following(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Customers to whom each category is offered first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.next_categories.next_categories`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    first = rows[rows["rank"] == 1]
    if len(first) < FEW:
        return None
    counts = first.groupby("category").size().reset_index(name="customers")
    counts = counts.sort_values(["customers", "category"], ascending=[False, True]).head(MOST)
    top = counts.iloc[0]
    return theme.both(
        forms.bars,
        "following",
        f"Bars of customers by what is offered to them first: {str(top['category'])[:60]} to "
        f"{format.count(top['customers'])} of {format.count(len(first))}.",
        wide=(760, 60 + 30 * len(counts)),
        narrow=(344, 60 + 30 * len(counts)),
        names=counts["category"].astype(str).tolist(),
        values=counts["customers"].astype("float64").tolist(),
        words=format.count,
        title="Customers to whom it is offered first",
    )


def season(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Revenue of each month of the year in percent of an average one.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``by_month`` of `analytics.metrics.purchase_times.Seasonality`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None under two years of history.
    """
    if rows.empty:
        return None
    values = (100 * rows["seasonal_index"]).astype("float64")
    best, least = rows.iloc[int(values.argmax())], rows.iloc[int(values.argmin())]
    return theme.both(
        forms.columns,
        "season",
        f"Columns of revenue by month of the year in percent of an average month: from "
        f"{format.percent(values.min(), 0)} in {least['month_name']} to {format.percent(values.max(), 0)} in "
        f"{best['month_name']}.",
        wide=(760, 260),
        narrow=(344, 240),
        labels=[name[:3] for name in rows["month_name"]],
        groups=[("Index", values.tolist(), "c1")],
        words=lambda value: format.number(value),
        title="Revenue in percent of an average month",
    )


def _bars(rows: pd.DataFrame, name: str, uid: str, title: str, notes: Sequence[str], format: Format) -> Chart:
    shown = rows.head(MOST)
    first = shown.iloc[0]
    alt = (
        f"Bars, {title.lower()}: {str(first[name])[:60]} {format.percent(first['percentage'])}, down to "
        f"{str(shown.iloc[-1][name])[:60]} {format.percent(shown.iloc[-1]['percentage'])}."
    )
    return theme.both(
        forms.bars,
        uid,
        alt[:300],
        wide=(760, 60 + 30 * len(shown)),
        narrow=(344, 60 + 30 * len(shown)),
        names=shown[name].astype(str).tolist(),
        values=shown["percentage"].tolist(),
        words=format.percent,
        title=title,
        notes=list(notes)[: len(shown)],
    )


def _unnamed(groups: list[tuple[str, list[float], str]]) -> list[tuple[str, list[float], str]]:
    """Layers that hold anything; a single one needs no name."""
    return [group for group in groups if any(group[1])]


def _day_label(start: object, format: Format) -> str:
    r"""Name a day on an axis, its month on a second line: ``5\nOct``."""
    day = pd.Timestamp(str(start))
    month = format.month(day.date()).replace(str(day.year), "").strip(" ,/.")
    return f"{day.day}\n{month}"
