"""What the report on customer lifetime value says, from the same figures as its pictures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison, Timeframe
from analytics.words.headlines import difference, headline, moved_words, span_name, than

QUIET_DAYS = 90
"""A customer who has not ordered for so long is worth a call."""
OFTEN = 5
"""Orders from which on a customer orders often."""
ALIKE = 0.10
"""Order values that differ by no more than this share are called about the same."""
ALIKE_POINTS = 1.0
"""Margins that differ by less than this are called about the same."""

_MOST = {
    "revenue": "with the most revenue",
    "profit": "with the most profit",
    "orders": "with the most orders",
    "aov": "with the largest orders",
}


def cards(figures: pd.DataFrame, comparison: Comparison, format: Format) -> tuple[Headline, ...]:
    """The four headline figures with their changes.

    Parameters
    ----------
    figures : pandas.DataFrame
        As returned by `analytics.metrics.clv.headlines` for ``comparison.periods``.
    comparison : Comparison
    format : Format

    Returns
    -------
    tuple of Headline
        Average value, revenue of the timeframe, customers, share of the best tenth.
    """
    now = figures.iloc[-1]
    guests = now["guest_revenue_in_timeframe"]
    of_guests = f"; guests bring {format.money(guests)} more" if guests > 0 else ""
    apart = int(now["customers_with_returns_only"])
    returned = (
        f"; {format.count(apart)} more {'has' if apart == 1 else 'have'} only returned" if apart else ""
    )
    return (
        headline(
            figures, "average_clv", comparison, format,
            label="Revenue per customer so far", unit="money", good="up",
            base=f"half have brought {format.money(now['median_clv'])} or less",
        ),
        headline(
            figures, "revenue_in_timeframe", comparison, format,
            label="Revenue in the timeframe", unit="money", good="up",
            base=f"of identified customers{of_guests}",
        ),
        headline(
            figures, "total_customers", comparison, format,
            label="Customers so far", unit="count", good="up",
            base=f"with a purchase{returned}",
        ),
        headline(
            figures, "top_10_percent_contribution", comparison, format,
            label="Share of the best 10%", unit="percent", good="neutral",
            base=f"of all revenue, from {_customers(now['top_10_percent_customers'], format)}",
        ),
    )  # fmt: skip


def summary(
    figures: pd.DataFrame,
    comparison: Comparison,
    format: Format,
    *,
    half: int,
    best: pd.DataFrame,
    sort_by: str,
) -> tuple[Runs, ...]:
    """What a reader in a hurry takes away: what has changed, on whom it rests, what to do next.

    Parameters
    ----------
    figures, comparison, format
        As for `cards`.
    half : int
        How few customers have brought half of the revenue.
    best : pandas.DataFrame
        The first rows of `analytics.metrics.clv.customers_by_value`.
    sort_by : str
        What they are sorted by.

    Returns
    -------
    tuple of runs
        Two or three sentences of at most 60 words and four bold figures together.
    """
    now = figures.iloc[-1]
    n = int(now["total_customers"])
    if not n:
        return (sentence("No customer of this report had bought before {day}.", day=format.date(now["end"])),)
    said = [_opening(figures, comparison, format)]
    if n < FEW:
        said.append(sentence("So few customers say nothing about the next ones.") if n > 1 else ())
    elif half:
        share = _percent(100 * half / n, format)
        said.append(
            sentence(
                "Half of all revenue so far comes from {few}, {share} of all.",
                few=Bold(_customers(half, format)),
                share=share,
            )
        )
    quiet = int((_days_since(best) >= QUIET_DAYS).sum())
    if quiet and len(best) > 1:
        said.append(
            sentence(
                "Call first: of the {shown} {most}, {quiet} {have} not ordered for {days} days.",
                shown=_customers(len(best), format),
                most=_MOST[sort_by],
                quiet=Bold(format.count(quiet)),
                have="has" if quiet == 1 else "have",
                days=str(QUIET_DAYS),
            )
        )
    return tuple(runs for runs in said if runs)


def concentration(figures: pd.DataFrame, comparison: Comparison, half: int, format: Format) -> Statement:
    """How unequal customers are.

    Parameters
    ----------
    figures, comparison, format
        As for `cards`.
    half : int
        How few customers have brought half of the revenue.

    Returns
    -------
    Statement
    """
    now = figures.iloc[-1]
    n = int(now["total_customers"])
    based = f"net revenue so far of {_customers(n, format)}; below zero counts as zero"
    if not half:
        return Statement("No customer has brought any revenue yet", based=based)
    read = (
        "Those with the most revenue stand first. The further the curve bends from the dashed line, the more "
        f"depends on few. Gini coefficient {format.number(now['gini'], 2)}: 0 is all equal, "
        "1 is all from one."
    )
    if n < FEW:
        return Statement(
            f"{_customers(n, format)}: too few to say how revenue is spread", read=read, based=based
        )
    share = _percent(100 * half / n, format)
    heading = f"Half of the revenue comes from {_customers(half, format)}, {share} of all"
    return Statement(heading, _contribution(figures, comparison, format), read, based)


def distribution(
    figures: pd.DataFrame, tenths: pd.DataFrame, counted: pd.DataFrame, format: Format
) -> Statement:
    """What a typical customer has brought.

    Parameters
    ----------
    figures, format
        As for `cards`.
    tenths : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`.
    counted : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.distribution`.

    Returns
    -------
    Statement
    """
    now = figures.iloc[-1]
    n = int(now["total_customers"])
    nothing = int(counted.loc[counted["from_revenue"].isna(), "customers"].sum())
    left_out = f"; {_customers(nothing, format)} at zero or below not drawn" if nothing else ""
    based = f"{_customers(n, format)}{left_out}"
    if n < FEW:
        return Statement(_too_few(n, "a typical value", format), based=based)
    middle, average = format.money(now["median_clv"]), format.money(now["average_clv"])
    heading = f"Half the customers brought {middle} or less; the average {average}"
    if middle == average:
        heading = f"Half the customers brought {middle} or less, which is also the average"
    first = tenths.iloc[0]
    lead = f"To be among the best 10% takes {format.money(first['least_revenue'])}."
    read = (
        "A bar is a range of revenue, each a third wider than the one to its left; its height is customers."
    )
    return Statement(heading, lead, read, based)


def orders(rows: pd.DataFrame, format: Format) -> Statement:
    """Whether those who order often also spend more an order.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_orders`.
    format : Format

    Returns
    -------
    Statement
    """
    once, again = rows[rows["total_orders"] == 1], rows[rows["total_orders"] > 1]
    n, back = int(rows["customers"].sum()), int(again["customers"].sum())
    based = f"{_customers(n, format)}, {format.count(back)} of them with more than one order"
    read = (
        "A dot counts customers; a larger one means more of them. The line is the average order value of all "
        "with that many orders."
    )
    if min(n - back, back) < FEW:
        few = "came back" if back <= n - back else "ordered once"
        return Statement(f"Too few customers {few} to compare what an order brings", "", read, based)
    one, more = _order_value(once), _order_value(again)
    way = "larger" if more > one else "smaller"
    if one > 0 and abs(more - one) <= ALIKE * one:
        way = "alike"
    heading = f"Returning customers' orders are {way}: {format.money(more)} against {format.money(one)}"
    lead = f"A one-time buyer's order brings {format.money(one)}. {_often(rows, format)}".strip()
    return Statement(heading, lead, read, based)


def joining(years: pd.DataFrame, format: Format) -> Statement:
    """Whether newer customers are worth as much as older ones were at their age.

    Parameters
    ----------
    years : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.by_joining_year`.
    format : Format

    Returns
    -------
    Statement
    """
    enough = years[years["first_year_customers"] >= FEW]
    sure = enough[enough["year_complete"] & (enough["maybe_older"] == 0)]
    n = int(years["first_year_customers"].sum())
    based = f"{_customers(n, format)} whose first 365 days are over"
    read = (
        "Mean net revenue in the first 365 days from the first purchase, so that years can be compared. "
        "Whiskers are 95% intervals; where they overlap widely, the difference may be chance."
    )
    older = int(years["maybe_older"].sum())
    lead = ""
    if older:
        lead = f"{_customers(older, format)} first seen when the data begin may be older than they look."
    if enough.empty:
        return Statement(f"No joining year has {FEW} customers with a whole first year yet", lead, "", based)
    if sure.empty:
        return Statement("No joining year has a whole first year of new customers yet", lead, read, based)
    last = sure.iloc[-1]
    value = format.money(last["first_year_value"])
    year = int(last["joining_year"])
    if len(sure) < 2:
        return Statement(
            f"Customers who joined in {year} brought {value} in their first year", lead, read, based
        )
    before = sure.iloc[-2]
    then = format.money(before["first_year_value"])
    gap = last["first_year_value"] - before["first_year_value"]
    margin = math.hypot(*(row["first_year_value_high"] - row["first_year_value"] for row in (last, before)))
    earlier = int(before["joining_year"])
    heading = f"First-year value is {'up' if gap > 0 else 'down'}: {value} for {year}, {then} for {earlier}"
    if abs(gap) <= margin:
        heading = f"First year, no clear change: {value} for {year}, {then} for {earlier}"
    return Statement(heading, lead, read, based)


def margin(tenths: pd.DataFrame, profit: pd.DataFrame, format: Format) -> Statement:
    """Whether the best customers earn as much of their revenue as the others.

    Parameters
    ----------
    tenths : pandas.DataFrame
        As returned by `analytics.metrics.customer_value.deciles`.
    profit : pandas.DataFrame
        As returned by `analytics.metrics.clv.profits`.
    format : Format

    Returns
    -------
    Statement
    """
    figures = profit.iloc[0]
    sales, lacking = int(figures["total_sales"]), int(figures["sales_without_profit"])
    based = f"{format.count(sales - lacking)} of {format.count(sales)} sales; the others have no profit"
    if not lacking:
        based = f"{format.count(sales)} sales, all with their profit"
    if lacking == sales:
        return Statement("What is left of the revenue is not known", based=based)
    read = "Profit in percent of net revenue, of the sales whose profit is known. Customers by revenue."
    n = int(tenths["customers"].sum())
    first, others = tenths.iloc[:1], tenths.iloc[1:]
    best, rest = _margin(first), _margin(others)
    whole = f"All together: {format.percent(figures['profit_margin'])}."
    if n < FEW:
        return Statement(_too_few(n, "a margin by tenths", format), whole, read, based)
    if best is None or rest is None:
        return Statement(
            f"The margin of all sales together is {format.percent(figures['profit_margin'], 0)}",
            "",
            read,
            based,
        )
    words = f"{_percent(best, format)}, all others {_percent(rest, format)}"
    if abs(best - rest) < ALIKE_POINTS:
        heading = f"The best 10% leave about the same margin: {words}"
    else:
        heading = f"The best 10% leave a {'higher' if best > rest else 'lower'} margin: {words}"
    return Statement(heading, whole, read, based)


def margin_missing(profit: pd.DataFrame) -> str:
    """Say what is missing where no profit is known; an empty text where some is."""
    figures = profit.iloc[0]
    if figures["sales_without_profit"] < figures["total_sales"]:
        return ""
    return "No sale has a profit. Map total_profit in the organisation's params, and this part fills itself."


def best(rows: pd.DataFrame, figures: pd.DataFrame, format: Format, *, sort_by: str) -> Statement:
    """Who the best customers are, and how many of them have gone quiet.

    Parameters
    ----------
    rows : pandas.DataFrame
        The first rows of `analytics.metrics.clv.customers_by_value`.
    figures, format
        As for `cards`.
    sort_by : str
        What they are sorted by.

    Returns
    -------
    Statement
    """
    now = figures.iloc[-1]
    n, shown = int(now["total_customers"]), len(rows)
    if not shown:
        return Statement(f"No customer had bought before {format.date(now['end'])}")
    based = f"{_customers(n, format)}, as of {format.date(now['end'])}"
    quiet = int((_days_since(rows) >= QUIET_DAYS).sum())
    most = _MOST[sort_by]
    if shown == 1:
        ago = format.days(int(_days_since(rows).iloc[0]))
        return Statement(f"The customer {most} last ordered {ago} before", based=based)
    if quiet:
        have = "has" if quiet == 1 else "have"
        heading = f"Of the {shown} customers {most}, {quiet} {have} not ordered for {QUIET_DAYS} days"
    else:
        heading = f"All {shown} customers {most} have ordered in the last {QUIET_DAYS} days"
    worth = float(rows["total_revenue"].sum())
    total = float(now["total_revenue"])
    lead = ""
    if total > 0:
        share = format.percent(100 * worth / total)
        lead = f"These {shown} have brought {format.money(worth)}, {share} of all revenue."
    return Statement(heading, lead, "", based)


def _opening(figures: pd.DataFrame, comparison: Comparison, format: Format) -> Runs:
    """The figure that has moved most against the previous timeframe; where none has, where things stand."""
    now = figures.iloc[-1]
    moves = [
        (name, what, difference(figures, name, comparison, "previous", unit="money"))
        for name, what in (
            ("revenue_in_timeframe", "Customers brought {value} in {timeframe}, {size} {word} than {than}."),
            (
                "average_clv",
                "Customers have brought {value} each so far, {size} {word} than by the end of {than}.",
            ),
        )
    ]
    told = [move for move in moves if move[2].rose or move[2].fell]
    if told and now["total_customers"] >= FEW:
        name, template, found = max(told, key=lambda move: abs(move[2].amount or 0))
        return sentence(
            template,
            value=Bold(format.money(now[name])),
            timeframe=_name(comparison.this, format),
            size=Bold(moved_words(found, format, unit="money")),
            word="more" if found.up else "less",
            than=than(comparison, "previous", format),
        )
    n = int(now["total_customers"])
    return sentence(
        "{customers} {have} brought {revenue} so far, {average} each.",
        customers=_customers(n, format),
        have="has" if n == 1 else "have",
        revenue=Bold(format.money(now["total_revenue"])),
        average=Bold(format.money(now["average_clv"])),
    )


def _name(timeframe: Timeframe, format: Format) -> str:
    calendar = timeframe.unit in ("month", "quarter", "year", "fiscal-year", "week")
    return span_name(timeframe, format) if calendar else "the timeframe"


def _contribution(figures: pd.DataFrame, comparison: Comparison, format: Format) -> str:
    column = "top_10_percent_contribution"
    share = figures.iloc[-1][column]
    if pd.isna(share):
        return ""
    found = difference(figures, column, comparison, "previous", unit="percent")
    words = f"The best 10% bring {format.percent(share)} of all revenue"
    if found.amount is None:
        return f"{words}."
    other = than(comparison, "previous", format)
    if found.close:
        return f"{words}, close to {other}."
    size = moved_words(found, format, unit="percent")
    return f"{words}, {size} {'more' if found.up else 'less'} than {other}."


def _often(rows: pd.DataFrame, format: Format) -> str:
    often = rows[rows["total_orders"] >= OFTEN]
    share = often["revenue_contribution"].sum(min_count=1)
    if often.empty or pd.isna(share):
        return ""
    heads = format.percent(often["customer_percent"].sum())
    brought = format.percent(share)
    return f"Customers with {OFTEN} orders or more are {heads} of all and bring {brought} of the revenue."


def _order_value(rows: pd.DataFrame) -> float:
    orders = int(rows["orders"].sum())
    return float(rows["total_revenue"].sum() / orders) if orders else 0.0


def _margin(rows: pd.DataFrame) -> float | None:
    base = rows["revenue_with_profit"].sum()
    return float(100 * rows["total_profit"].sum() / base) if base > 0 else None


def _days_since(rows: pd.DataFrame) -> pd.Series:
    """Days from the last purchase to the reference date."""
    return rows["tenure_days"] - rows["days_as_customer"] + 1


def _too_few(n: int, what: str, format: Format) -> str:
    return f"{_customers(n, format)}: too few for {what}" if n else "No customer has bought yet"


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"


def _percent(value: float, format: Format) -> str:
    """A share in a heading: without decimals, and never a nought that is none."""
    return f"under {format.percent(1, 0)}" if 0 < value < 0.5 else format.percent(value, 0)
