"""Pictures of what customers have brought: how unequally, how much, how often, by year and at what margin."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analytics.charts import forms, theme
from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    Words,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    text_width,
    under,
    unit,
)
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart
from analytics.page.tokens import LIGHT

SIZES = 8
"""Sizes of dots, so that each is written into the file once."""
MOST_ORDERS = 10
_DOTTED = (0, (1, 2.5))


def lorenz(curve: pd.DataFrame, tenths: pd.DataFrame, format: Format, *, half: int) -> Chart | None:
    """Draw how much of the revenue the best customers bring; half of it is the point to read.

    Parameters
    ----------
    curve : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.lorenz`. It is not modified.
    tenths : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`. It is not modified.
    format : Format
    half : int
        How few customers have brought half of the revenue.

    Returns
    -------
    Chart or None
        None where nobody has brought anything.
    """
    if curve.empty:
        return None
    heads = 100 * (1 - curve["customer_share"].to_numpy()[::-1])
    revenue = 100 * (1 - curve["revenue_share"].to_numpy()[::-1])
    customers = int(tenths["customers"].sum())
    at = 100 * half / customers
    share = f"under {format.percent(1, 0)}" if at < 0.5 else format.percent(at, 0)
    few = f"{format.count(half)} customer{'' if half == 1 else 's'} ({share})"
    tenth = format.percent(float(np.interp(10, heads, revenue)), 0)
    bring = "brings" if half == 1 else "bring"
    return theme.both(
        forms.lorenz,
        "clvlorenz",
        f"Lorenz curve of {format.count(customers)} customers, the best first: {few} {bring} half of the "
        f"revenue, the best {format.percent(10, 0)} bring {tenth}.",
        wide=(760, 400),
        narrow=(344, 340),
        customers=heads.tolist(),
        value=revenue.tolist(),
        at=at,
        note=f"{few}\n{bring} half of the revenue",
        words=lambda v: format.percent(v, 0),
        title="Share of revenue",
        xtitle="Share of customers, those with the most revenue first",
    )


def distribution(counted: pd.DataFrame, format: Format, *, median: float, average: float) -> Chart | None:
    """Draw how many customers have brought how much, on a scale that grows by one factor.

    Parameters
    ----------
    counted : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.distribution`. It is not modified.
    format : Format
    median, average : float
        Named in the picture where they are above zero.

    Returns
    -------
    Chart or None
        None without a customer above zero.
    """
    steps = counted[counted["from_revenue"].notna()]
    if steps.empty:
        return None
    most = steps.iloc[int(steps["customers"].argmax())]
    ends = f"{format.money(steps['from_revenue'].iloc[0])} to {format.money(steps['to_revenue'].iloc[-1])}"
    marks = [
        (value, f"{name} {format.money(value)}")
        for name, value in (("Half below", median), ("Average", average))
        if value > 0
    ]
    named = "; ".join(text for _, text in marks)
    return theme.both(
        _distribution,
        "clvspread",
        f"Histogram of revenue per customer on a logarithmic scale from {ends}; most customers, "
        f"{format.count(most['customers'])}, lie between {format.money(most['from_revenue'])} and "
        f"{format.money(most['to_revenue'])}{'; ' if named else ''}{named}.",
        wide=(760, 340),
        narrow=(344, 320),
        steps=steps,
        marks=marks,
        money=format.money_axis,
        count=format.count,
    )


def orders(grid: pd.DataFrame, rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw customers by number of orders and by order value, with the average order value as a line.

    Parameters
    ----------
    grid : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.orders_and_value`. It is not modified.
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_orders`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no group of at least 30 customers has an order value above zero.
    """
    line = rows[(rows["customers"] >= FEW) & (rows["average_order_value"] > 0)]
    dots = grid[grid["from_value"].notna()]
    if line.empty or dots.empty:
        return None
    ends = [
        f"{format.money(row['average_order_value'])} for customers with {_orders_words(row['total_orders'])}"
        for _, row in line.iloc[[0, -1] if len(line) > 1 else [0]].iterrows()
    ]
    return theme.both(
        _orders,
        "clvorders",
        f"Counted grid of customers by orders and order value. The average order is {' and '.join(ends)}.",
        wide=(760, 380),
        narrow=(344, 340),
        dots=dots,
        line=line,
        money=format.money_axis,
        named=format.money,
        count=format.count,
    )


def joining(years: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what customers brought in their first year, by the year they joined.

    Parameters
    ----------
    years : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_joining_year`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no year has 30 customers with a whole first year; years with fewer are left out.
    """
    enough = years[years["first_year_customers"] >= FEW]
    if enough.empty:
        return None
    sure = (enough["year_complete"] & (enough["maybe_older"] == 0)).tolist()
    focus = [max(i for i, ok in enumerate(sure) if ok)] if any(sure) else []
    values = enough["first_year_value"].tolist()
    ends = " to ".join(
        f"{format.money(row['first_year_value'])} in {row['joining_year']:.0f}"
        for _, row in enough.iloc[[0, -1] if len(enough) > 1 else [0]].iterrows()
    )
    return theme.both(
        forms.bars,
        "clvjoining",
        f"Bars of mean net revenue in the first 365 days by joining year, with 95% intervals: {ends}.",
        wide=(760, 56 + 38 * len(enough)),
        narrow=(344, 56 + 38 * len(enough)),
        names=[str(int(year)) for year in enough["joining_year"]],
        values=values,
        words=format.money,
        title="Net revenue per customer in the first 365 days",
        notes=[_base(row, format) for _, row in enough.iterrows()],
        focus=focus,
        low=enough["first_year_value_low"].tolist(),
        high=enough["first_year_value_high"].tolist(),
    )


def margin(tenths: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the margin of each tenth of customers, the best tenth first.

    Parameters
    ----------
    tenths : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no profit is known, or with fewer than 30 customers.
    """
    known = tenths[tenths["profit_margin"].notna()]
    if known.empty or tenths["customers"].sum() < FEW:
        return None
    first, last = known.iloc[0], known.iloc[-1]
    names = [tenth_words(int(decile), format) for decile in known["decile"]]
    return theme.both(
        forms.bars,
        "clvmargin",
        f"Bars of margin by tenths of customers: {format.percent(first['profit_margin'], 0)} for the "
        f"{names[0].lower()}, {format.percent(last['profit_margin'], 0)} for the {names[-1].lower()}.",
        wide=(760, 56 + 30 * len(known)),
        narrow=(344, 56 + 30 * len(known)),
        names=names,
        values=known["profit_margin"].tolist(),
        words=lambda v: format.percent(v, 1),
        title="Profit in percent of net revenue",
        notes=[f"{format.money(value)} profit" for value in known["total_profit"]],
    )


def tenth_words(decile: int, format: Format) -> str:
    """Name a tenth of the customers: ``Best 10%``, ``11% to 20%``."""
    if decile == 1:
        return f"Best {format.percent(10, 0)}"
    return f"{format.percent(10 * decile - 9, 0)} to {format.percent(10 * decile, 0)}"


def _base(row: pd.Series, format: Format) -> str:
    words = f"{format.count(row['first_year_customers'])} customers"
    if row["maybe_older"]:
        return f"{words}, perhaps older"
    return words if row["year_complete"] else f"{words}, year not over"


def _orders_words(orders: float) -> str:
    return "1 order" if orders == 1 else f"{orders:.0f} orders{' or more' if orders >= MOST_ORDERS else ''}"


def _distribution(
    fig: Figure,
    narrow: bool,
    *,
    steps: pd.DataFrame,
    marks: list[tuple[float, str]],
    money: Words,
    count: Words,
) -> None:
    edges = [*steps["from_revenue"], steps["to_revenue"].iloc[-1]]
    left = 10 + room_for([count(steps["customers"].max())], 90, 30, SMALL)
    ax = frame(fig, left, 46, 22, 46)
    ax.set_xscale("log")
    ax.bar(
        edges[:-1], steps["customers"], np.diff(edges), align="edge",
        color=ACCENT, edgecolor=LIGHT["paper"], linewidth=1,
    )  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    height = float(steps["customers"].max()) * 1.2
    ax.set_ylim(0, height)
    fmt_axis(ax.yaxis, count, 4)
    ticks = _decades(edges[0], edges[-1], 3 if narrow else 6)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: money(v)))
    ax.xaxis.set_minor_locator(NullLocator())
    reach = math.log(edges[-1] / edges[0])
    for i, (at, text) in enumerate(marks):
        if edges[0] <= at <= edges[-1]:
            ax.plot([at, at], [0, height], color=LIGHT["soft"], lw=1, ls=_DOTTED)
            place = math.log(at / edges[0]) / reach
            # Words lean outwards, the lower mark's to the left, unless there is no room there.
            room = (1 - place) * (size_of(fig)[0] - left - 22)
            lower = at == min(value for value, _ in marks)
            left_of = place > (0.4 if lower else 0.6) or text_width(text, bold=True) > room
            side, dx = ("right", -7) if left_of else ("left", 7)
            colour = LIGHT["ink"] if i == 0 else LIGHT["soft"]
            label(ax, text, (at, height), (dx, -8 - 20 * i), ha=side, weight="bold", color=colour)
    unit(ax, "Customers", dx=-left)
    under(ax, "Net revenue so far, logarithmic scale")


def _decades(low: float, high: float, most: int) -> list[float]:
    """Round amounts for a logarithmic axis: 1, 2, 5 of each power of ten as far as there is room."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in powers for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // most)]


def _orders(
    fig: Figure,
    narrow: bool,
    *,
    dots: pd.DataFrame,
    line: pd.DataFrame,
    money: Words,
    named: Words,
    count: Words,
) -> None:
    low, high = float(dots["from_value"].min()), float(dots["to_value"].max())
    left = 10 + room_for([money(value) for value in _decades(low, high, 6)], 90, 30, SMALL)
    right = 30.0
    ax = frame(fig, left, 40, right, 46)
    ax.set_xlim(0.4, MOST_ORDERS + 0.6)
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    width, height = size_of(fig)
    rows = max(round(math.log(high / low) / math.log(10) * 4), 1)
    room = min((width - left - right) / MOST_ORDERS, (height - 86) / rows)
    most = float(dots["customers"].max())
    sizes: dict[float, list[tuple[float, float]]] = {}
    for orders, bottom, top, n in dots[["total_orders", "from_value", "to_value", "customers"]].itertuples(
        index=False
    ):
        step = max(1, math.ceil(SIZES * math.sqrt(n / most)))
        sizes.setdefault(max(2.5, round(0.95 * room * step / SIZES, 1)), []).append(
            (orders, math.sqrt(bottom * top))
        )
    for size, places in sizes.items():
        ax.plot(*zip(*places, strict=True), "o", color=GHOST, ms=size, alpha=0.7, mew=0)
    ax.plot(line["total_orders"], line["average_order_value"], color=ACCENT, lw=2.5, marker="o", ms=6)
    for place, (side, dx) in ((0, ("left", -4)), (-1, ("right", 8))):
        end = line.iloc[place]
        if place and len(line) == 1:
            break
        words = named(end["average_order_value"])
        at = (end["total_orders"], end["average_order_value"])
        label(ax, words, at, (dx, 16), ha=side, weight="bold", color=ACCENT)
    ticks = range(1, MOST_ORDERS + 1) if not narrow else (1, 2, 4, 6, 8, 10)
    ax.set_xticks(list(ticks), [f"{count(tick)}{'+' if tick == MOST_ORDERS else ''}" for tick in ticks])
    ax.yaxis.set_major_locator(FixedLocator(_decades(low, high, 6)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: money(v)))
    ax.yaxis.set_minor_locator(NullLocator())
    unit(ax, "Average order value, logarithmic scale", dx=-left)
    under(ax, "Number of orders so far")
