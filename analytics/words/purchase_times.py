"""What the report on buying says of when, and of what is bought with what: times, categories, seasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.page.pieces import FEW, Statement
from analytics.words.purchase_patterns import Setting, hour_name
from analytics.words.segmentation_setting import shortened

WEAK = 1.1
"""Lift below which what customers buy next hardly depends on what they have."""


def by_day(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which weekday is the busiest and which the quietest.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        ``by_day_of_week`` of `analytics.metrics.purchase_times.TimePatterns`.
    """
    show, total = setting.format, int(rows["transaction_count"].sum())
    known = rows[rows["avg_transactions"].notna()]
    based = f"{setting.orders(total)}{setting.who} on {show.count(rows['occurrences'].sum())} days"
    read = "Each column is a weekday: its orders, divided by how often the weekday occurred."
    if not total:
        return Statement("No order to sort by weekday")
    if total < FEW:
        return Statement(f"{setting.orders(total)}: too few to tell weekdays apart", read=read, based=based)
    best = known.iloc[int(known["avg_transactions"].argmax())]
    never = list(known.loc[known["transaction_count"] == 0, "day_of_week"])
    number = show.number(best["avg_transactions"], 1)
    heading = f"{best['day_of_week']} is the busiest day: {number} orders on average"
    if len(never) == 1:
        return Statement(heading, lead=f"Nobody ordered on a {never[0]}.", read=read, based=based)
    if never:
        lead = f"Nobody ordered on {', '.join(f'{day}s' for day in never)}."
        return Statement(heading, lead=lead, read=read, based=based)
    least = known.iloc[int(known["avg_transactions"].argmin())]
    lead = f"The quietest is {least['day_of_week']}, with {show.number(least['avg_transactions'], 1)}."
    return Statement(heading, lead=lead if len(known) > 1 else "", read=read, based=based)


def by_hour(setting: Setting, rows: pd.DataFrame | None, timezone: str) -> Statement:
    """Say which hours hold half of the orders.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame or None
        ``by_hour`` of `analytics.metrics.purchase_times.TimePatterns`.
    timezone : str
        The organisation's, as IANA names it.
    """
    read = (
        "Each cell is one hour of one weekday; the darker, the more orders such an hour has on average. "
        f"Hours are those of {timezone.replace('_', ' ')}."
    )
    if rows is None:
        return Statement("At which hour customers buy is not known")
    total = int(rows["transaction_count"].sum())
    if not total:
        return Statement("No order to sort by hour")
    based = f"{setting.orders(total)}{setting.who}"
    if total < FEW:
        return Statement(f"{setting.orders(total)}: too few to tell hours apart", read=read, based=based)
    first, last = shortest_half(rows["transaction_count"].to_numpy(dtype="int64"))
    share = setting.format.percent(100 * rows["transaction_count"].iloc[first : last + 1].sum() / total, 0)
    best = rows.iloc[int(rows["transaction_count"].argmax())]
    heading = f"{share} of orders come between {first:02}:00 and {(last + 1) % 24:02}:00"
    lead = f"The busiest hour is {hour_name(int(best['hour']))}."
    return Statement(heading, lead=lead, read=read, based=based)


def hours_missing(rows: pd.DataFrame | None) -> str:
    """Say why there are no hours; empty where there are."""
    if rows is not None:
        return ""
    return (
        "Every sale is dated at midnight: the source knows the day and not the hour. Map a column with the "
        "time of day to sold_at, and this fills itself; weekdays and months are not affected."
    )


def shortest_half(counts: np.ndarray) -> tuple[int, int]:
    """First and last place of the shortest run that holds half of all, of equals the one that holds most.

    Examples
    --------
    >>> shortest_half(np.array([1, 0, 6, 5, 0]))
    (2, 2)
    """
    total, ends = counts.sum(), np.r_[0, np.cumsum(counts)]
    for length in range(1, len(counts) + 1):
        sums = ends[length:] - ends[:-length]
        if 2 * sums.max() >= total:
            first = int(np.argmax(sums))
            return first, first + length - 1
    return 0, len(counts) - 1


def by_month(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which month of the year is the busiest, a day.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        ``by_month`` of `analytics.metrics.purchase_times.TimePatterns`.
    """
    show, total = setting.format, int(rows["transaction_count"].sum())
    if not total:
        return Statement("No order to sort by month")
    read = "Each column is a month of the year: its orders, divided by its days in the timeframe."
    if rows["cut"].any():
        read += " Grey: some of its days lie outside."
    based = f"{setting.orders(total)}{setting.who}"
    if total < FEW:
        return Statement(f"{setting.orders(total)}: too few to tell months apart", read=read, based=based)
    best = rows.iloc[int(rows["avg_transactions"].argmax())]
    number = show.number(best["avg_transactions"], 1)
    if len(rows) == 1:
        return Statement(f"{best['month_name']} had {number} orders a day", read=read, based=based)
    least = rows.iloc[int(rows["avg_transactions"].argmin())]
    few = show.number(least["avg_transactions"], 1)
    heading = f"{best['month_name']} had {number} orders a day, {least['month_name']} {few}"
    return Statement(heading, read=read, based=based)


def season(
    setting: Setting, by_month: pd.DataFrame, by_quarter: pd.DataFrame, *, beyond_chance: bool
) -> Statement:
    """Say which month and quarter lie furthest above the average, if years resemble each other at all.

    Parameters
    ----------
    setting : Setting
    by_month, by_quarter : pandas.DataFrame
        Of `analytics.metrics.purchase_times.Seasonality`.
    beyond_chance : bool
        Whether years resemble each other more than chance would have it.
    """
    show = setting.format
    if by_month.empty:
        return Statement("Two years of history are needed to tell a season")
    read = (
        "Each column is a month of the year: its revenue in percent of the usual month around it, growth "
        "taken out. 100 is an average month."
    )
    lowest, highest = int(by_month["years"].min()), int(by_month["years"].max())
    times = f"{lowest}" if lowest == highest else f"{lowest} to {highest}"
    based = f"Each month of the year seen {times} times, with all the months around it; whole months only"
    best = by_month.iloc[int(by_month["seasonal_index"].argmax())]
    number = show.percent(100 * best["seasonal_index"], 0)
    lead = ""
    if len(by_quarter):
        quarter = by_quarter.iloc[int(by_quarter["seasonal_index"].argmax())]
        part = show.percent(100 * quarter["seasonal_index"], 0)
        lead = f"The strongest quarter is {quarter['quarter']}, at {part} of an average one."
    if not beyond_chance:
        heading = f"No sure season yet: {best['month_name']} stands highest, at {number}"
        lead = f"The years differ too much from each other to rely on it. {lead}".strip()
        return Statement(heading, lead=lead, read=read, based=based)
    least = by_month.iloc[int(by_month["seasonal_index"].argmin())]
    few = show.percent(100 * least["seasonal_index"], 0)
    heading = f"{best['month_name']} brings {number} of an average month, {least['month_name']} {few}"
    return Statement(heading, lead=lead, read=read, based=based)


def season_missing(by_month: pd.DataFrame, months: int) -> str:
    """Say how much history a season needs; empty where there is enough."""
    if len(by_month):
        return ""
    if months >= 24:
        return "Some months of the year have no usual revenue to be compared with."
    return (
        f"A season shows from 24 whole months on; {months} lie before the last day of this report. "
        "A single year cannot be told from a trend."
    )


def categories(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which category most orders hold.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_preferences`.
    """
    show, total = setting.format, int(rows.attrs.get("orders", 0))
    if rows.empty:
        return Statement(f"Which {setting.things} are bought is not known")
    based = f"{setting.orders(total)}{setting.who} with lines"
    read = "Each bar is the share of orders that hold it; beside it what they spend on it on average."
    first = rows.iloc[0]
    name = shortened(str(first["category"]), 34)
    if total < FEW:
        heading = f"{setting.orders(total)} with lines: too few to rank {setting.things}"
        return Statement(heading, read=read, based=based)
    share = show.percent(first["percentage"], 0 if first["percentage"] >= 20 else 1)
    heading = f"{name} leads: {share} of orders hold it"
    most = rows.iloc[int(rows["revenue"].argmax())]
    part = show.percent(100 * most["revenue"] / rows["revenue"].sum(), 0 if len(rows) < 50 else 1)
    top = shortened(str(most["category"]), 34)
    lead = f"{top} brings the most: {show.money(most['revenue'])}, {part} of all."
    return Statement(heading[:80], lead=lead, read=read, based=based)


def pairs(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which two are bought together furthest above chance.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_pairs`.
    """
    if rows.empty:
        return Statement(f"No two {setting.things} are bought together often enough to speak of")
    show, first = setting.format, rows.iloc[0]
    read = (
        "Grey: orders that would hold both if one had nothing to do with the other. Blue: orders that do. "
        "The lift is blue over grey."
    )
    based = f"{show.count(rows.attrs.get('pairs', len(rows)))} pairs with 20 orders or more{setting.who}"
    if not first["lift_low"] > 1:
        return Statement("No pair is bought together more often than by chance", read=read, based=based)
    one, other = (shortened(str(first[name]), 22) for name in ("category", "other_category"))
    heading = f"{one} with {other}: {show.number(first['lift'], 1)} times as often as by chance"
    lead = (
        f"{show.count(first['purchase_count'])} orders hold both, {show.count(first['expected_count'])} "
        f"would by chance; {show.share(first['confidence'], 0)} of those with {one} do."
    )
    return Statement(heading[:80], lead=lead, read=read, based=based)


def pairs_missing(setting: Setting, rows: pd.DataFrame) -> str:
    """Say what a pair needs; empty where there are pairs."""
    if len(rows):
        return ""
    return f"A pair of {setting.things} is listed from 20 orders with both on; none{setting.who} has as many."


def following(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say to how many customers something can be offered, and what most often.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.next_categories.next_categories`.
    """
    if rows.empty:
        return Statement("Nothing to offer next stands on enough customers")
    show = setting.format
    people = int(rows["customer_id"].nunique())
    first = rows[rows["rank"] == 1]["category"].value_counts()
    top = sorted(first[first == first.max()].index)[0]
    read = (
        "Each bar counts the customers to whom it is offered first: most often bought after something "
        "of theirs, and they have not bought it."
    )
    heading = f"{setting.customers(people)} can be offered something new"
    if not setting.customer_id:
        share = show.percent(100 * first.max() / first.sum(), 0)
        heading += f", {shortened(str(top), 24)} to {share}"
    lift = float(rows[rows["rank"] == 1]["lift"].median())
    lead = f"At the median {show.number(lift, 2)} times as many go on to it as after anything else"
    lead += ": hardly more, so expect little." if lift < WEAK else "."
    based = f"{setting.customers(people)} with an order in the timeframe"
    return Statement(heading[:80], lead=lead, read=read, based=based)


def following_missing(setting: Setting, rows: pd.DataFrame) -> str:
    """Say what an offer needs; empty where there is one."""
    if len(rows):
        return ""
    return (
        f"Offers need 20 customers who bought one of the {setting.things} after another, more often than "
        "after the rest, and a customer who has not bought it."
    )
