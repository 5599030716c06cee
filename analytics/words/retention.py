"""What the retention report says of customers: cards, summary and one statement for each picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, plain, sentence
from analytics.timeframe import Comparison, Timeframe
from analytics.words.headlines import (
    difference,
    headline,
    is_unsure,
    moved_words,
    span_name,
    than,
    within_margin,
)

WORDS = 60
"""Words of a summary at most."""
MANY = 50.0
"""From this percentage of customers with one order only, the second order is where to begin."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence of the page must know beside its figures.

    Attributes
    ----------
    format : Format
    comparison : Comparison
        What the page leads with, and what that is compared with.
    churn_days : int
        Days without an order after which a customer counts as lapsed.
    customer_type : str
        ``all``, or the type that the page is limited to.
    asked : Timeframe or None
        What was asked for, where it may be another timeframe than the page leads with.
    first_day : datetime.date or None
        First day of the data.
    """

    format: Format
    comparison: Comparison
    churn_days: int = 90
    customer_type: str = "all"
    asked: Timeframe | None = None
    first_day: date | None = None

    @property
    def instead(self) -> bool:
        """Whether the page leads with another timeframe than the one asked for."""
        return self.asked is not None and self.asked != self.comparison.this

    @property
    def began(self) -> str:
        """When the timeframe began, in words: ``when Oct 2026 began``, ``on 5 January 2026``."""
        this = self.comparison.this
        if this.unit in ("day-range", "all"):
            return f"on {self.format.date(this.start)}"
        return f"when {self.span} began"

    @property
    def until(self) -> str:
        """The last day that is read."""
        end = (self.asked or self.comparison.this).reference_date
        return self.format.date(end - timedelta(days=1))

    @property
    def span(self) -> str:
        """The timeframe in words that follow "in": ``Oct 2026``, ``the 12 months to 31 October 2026``."""
        return span_words(self.comparison.this, self.format)

    @property
    def history_days(self) -> int | None:
        """Days from the first of the data to the last that is read; None where the first is not known."""
        end = (self.asked or self.comparison.this).reference_date
        return None if self.first_day is None else (end - self.first_day).days

    @property
    def nobody(self) -> str:
        """Nobody, or no customer of the type that the page is limited to."""
        return "Nobody" if self.customer_type == "all" else f"No customer of type {self.customer_type[:24]}"

    def customers(self, number: float) -> str:
        """Count customers, and name their type where the page is limited to one."""
        kind = "" if self.customer_type == "all" else f" of type {self.customer_type[:24]}"
        return f"{self.format.count(number)} customer{'' if number == 1 else 's'}{kind}"


def span_words(span: Timeframe, format: Format) -> str:
    """Name a timeframe in words that follow "in".

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.timeframe import parse_timeframe
    >>> year = parse_timeframe("last-12-months", as_of=date(2026, 11, 1))
    >>> span_words(year, Format("en_GB", "GBP"))
    'the 12 months to 31 October 2026'
    """
    if span.unit in ("months", "days"):
        what = "month" if span.unit == "months" else "day"
        length = what if span.count == 1 else f"{span.count} {what}s"
        return f"the {length} to {format.date(span.end - timedelta(days=1))}"
    if span.unit in ("day-range", "all"):
        return f"the days from {format.span(span.start, span.end)}"
    return span_name(span, format)


def headlines(setting: Setting, rows: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: who stayed, who was lost, who is new, and who has come back at all.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.retention.retention_books` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
    """
    show, now = setting.format, rows.iloc[-1]
    stayed = now["starting_customers"] - now["churned_customers"]
    every = rows, setting.comparison, show
    return (
        _card(
            "retention_rate",
            *every,
            label="Customers who stayed",
            unit="percent",
            good="up",
            base=f"{show.count(stayed)} of {show.count(now['starting_customers'])} active at the start",
        ),
        _card(
            "churned_customers",
            *every,
            label="Customers lost",
            unit="events",
            good="down",
            base=f"no order for {show.days(setting.churn_days)} or more",
        ),
        _card(
            "new_customers",
            *every,
            label="New customers",
            unit="events",
            good="up",
            base=f"first order in {setting.span}" + (", some may be older" if now["left_truncated"] else ""),
        ),
        _card(
            "repeat_purchase_rate",
            *every,
            label="Ordered more than once",
            unit="percent",
            good="up",
            base=f"{show.count(now['repeat_buyers'])} of {show.count(now['customers'])} customers so far",
        ),
    )


def at_the_end(setting: Setting, rows: pd.DataFrame) -> Headline:
    """How many customers are active at the end, with its changes."""
    return _card(
        "ending_customers",
        rows,
        setting.comparison,
        setting.format,
        label="Active customers",
        unit="count",
        good="up",
        base=f"last order less than {setting.format.days(setting.churn_days)} ago",
    )


def _card(column: str, rows: pd.DataFrame, comparison: Comparison, show: Format, **options: Any) -> Headline:
    return headline(rows, column, comparison, show, **options)


def cards_about(setting: Setting) -> str:
    """Say which timeframe the cards are about where it is not the one asked for."""
    return f"The cards are about {setting.span}." if setting.instead else ""


def summary(setting: Setting, rows: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences: how many stayed, what stands behind it, where to begin.

    Parameters
    ----------
    setting, rows
        As for `headlines`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    show, now = setting.format, rows.iloc[-1]
    if now["customers"] == 0:
        return (sentence("{nobody} has ordered up to {day}.", nobody=setting.nobody, day=setting.until),)
    if not setting.comparison.this.days:
        active = Bold(setting.customers(now["ending_customers"]))
        begun = "{span} has not begun: {active} {are} active up to {day}."
        are = "is" if now["ending_customers"] == 1 else "are"
        return (sentence(begun, span=_capital(setting.span), active=active, are=are, day=setting.until),)
    return brief(_stayed(setting, rows), _books(show, now), _next(show, now))


def brief(*sentences: Runs) -> tuple[Runs, ...]:
    """Keep a summary within 60 words: where all its sentences are too long, the middle one goes.

    Examples
    --------
    >>> brief(("Most stayed.",), (), ("Write to the others.",))
    (('Most stayed.',), ('Write to the others.',))
    """
    said = [runs for runs in sentences if runs]
    while len(said) > 1 and sum(len(plain(runs).split()) for runs in said) > WORDS:
        said.pop(1 if len(said) > 2 else -1)
    return tuple(said)


def _stayed(setting: Setting, rows: pd.DataFrame) -> Runs:
    show, now = setting.format, rows.iloc[-1]
    number = int(now["starting_customers"])
    lead = (
        sentence(
            "Nobody was active when this timeframe began, so the page leads with {span}. ", span=setting.span
        )
        if setting.instead
        else ()
    )
    if number == 0:
        return sentence("Nobody was active {began}, so nobody could stay.", began=setting.began)
    when = "at its start" if setting.instead else setting.began
    if is_unsure(rows, "retention_rate", setting.comparison.this):
        few = "{who} {were} active {when}: too few to speak of a rate."
        return lead + sentence(few, who=Bold(setting.customers(number)), were=_was(number), when=when)
    return lead + sentence(
        "Of {who} active {when}, {rate} still were at the end{change}.",
        who=setting.customers(number),
        when=when,
        rate=Bold(show.percent(now["retention_rate"])),
        change=_change(setting, rows, "retention_rate"),
    )


def _change(setting: Setting, rows: pd.DataFrame, column: str) -> str:
    """What changed against the previous timeframe; nothing where that is within the usual spread."""
    found = difference(rows, column, setting.comparison, "previous", unit="percent")
    previous = setting.comparison.previous
    if found.close or previous is None or is_unsure(rows, column, previous):
        return ""
    words = moved_words(found, setting.format, unit="percent")
    other = than(setting.comparison, "previous", setting.format)
    return f", {words} {'more' if found.up else 'less'} than in {other}"


def _books(show: Format, now: pd.Series) -> Runs:
    came = int(now["new_customers"] - now["new_lapsed"]), int(now["reactivated_customers"])
    if not now["starting_customers"] and not any(came):
        return ()
    return sentence(
        "{lost} lapsed; {new} new customer{s} and {back} who came back are active, {ending} in all.",
        lost=Bold(show.count(now["churned_customers"])),
        new=show.count(came[0]),
        s="" if came[0] == 1 else "s",
        back=show.count(came[1]),
        ending=Bold(show.count(now["ending_customers"])),
    )


def _next(show: Format, now: pd.Series) -> Runs:
    if now["customers"] < FEW:
        return ()
    once = 100 - now["repeat_purchase_rate"]
    if once >= MANY:
        return sentence(
            "{once} of all customers have ordered only once: begin with the second order.",
            once=Bold(show.percent(once, 0)),
        )
    came = now["new_customers"] - now["new_lapsed"] + now["reactivated_customers"]
    if now["churned_customers"] > came:
        return sentence("More lapsed than came: begin with those who lapsed last.")
    lapsed = now["lapsed_customers"] + now["churned_customers"] - now["reactivated_customers"]
    return sentence("To win back: {lapsed} who have lapsed.", lapsed=show.count(lapsed)) if lapsed > 0 else ()


def trend(setting: Setting, line: pd.DataFrame) -> Statement:
    """Say how many stayed through the last whole month, and a year earlier.

    Parameters
    ----------
    setting : Setting
    line : pandas.DataFrame
        Whole months, oldest first, as `analytics.metrics.retention.Retention` has them in ``line``.
    """
    show = setting.format
    known = line[line["retention_rate"].notna() & ~line["left_truncated"]] if len(line) else line
    if known.empty:
        young = len(line) and line["retention_rate"].notna().any()
        return Statement(
            "The data are too young to say how many stay through a month"
            if young
            else "No whole month began with active customers"
        )
    now = known.iloc[-1]
    read = (
        "Each point is one month: of the customers active when it began, how many still were when it ended. "
        "The band is the 95% interval; the dashed line is the same month a year earlier."
    )
    numbers = known["retention_rate_n"]
    based = (
        f"{setting.customers(now['retention_rate_n'])} at the last point, {show.count(numbers.min())} to "
        f"{show.count(numbers.max())} along the line"
    )
    month, rate = show.month(now["start"]), show.percent(now["retention_rate"], 0)
    if now["retention_rate_n"] < FEW:
        number = setting.format.count(now["retention_rate_n"])
        return Statement(
            f"Too few to follow: {number} were active when {month} began", read=read, based=based
        )
    before = known[known["start"] == now["start"].replace(year=now["start"].year - 1)]
    if before.empty or before.iloc[0]["retention_rate_n"] < FEW:
        return Statement(f"{rate} of active customers stayed through {month}", read=read, based=based)
    then = before.iloc[0]
    was = show.percent(then["retention_rate"], 0)
    if within_margin(then, now, "retention_rate"):
        heading = f"About as many stay as a year ago: {rate} in {month}"
    elif now["retention_rate"] > then["retention_rate"]:
        heading = f"More customers stay: {rate} in {month}, {was} a year earlier"
    else:
        heading = f"Fewer customers stay: {rate} in {month}, {was} a year earlier"
    return Statement(heading, read=read, based=based)


def books(setting: Setting, row: pd.Series) -> Statement:
    """Say which way the number of active customers went, and whether 90 days decide it.

    Parameters
    ----------
    setting : Setting
    row : pandas.Series
        The timeframe that the page leads with, as in `analytics.metrics.retention.retention_books`.
    """
    show = setting.format
    start, end = int(row["starting_customers"]), int(row["ending_customers"])
    moved = show.count(abs(end - start))
    if start == end:
        heading = f"As many customers are active at the end as at the start: {show.count(end)}"
    else:
        heading = f"{moved} {'more' if end > start else 'fewer'} customers are active: {show.count(end)}"
        heading += f", {show.count(start)} at the start"
    rates = [row[f"retention_rate{ending}"] for ending in ("_60", "", "_180")]
    lead = ""
    if all(pd.notna(rate) for rate in rates):
        lead = (
            f"Counted after 60 days of silence {show.percent(rates[0], 0)} stayed, after "
            f"{setting.churn_days} days {show.percent(rates[1], 0)}, after 180 days "
            f"{show.percent(rates[2], 0)}."
        )
    read = (
        "From the active customers of the start on the left, blue steps add and the orange step takes away, "
        "to those of the end on the right."
    )
    return Statement(
        heading, lead=lead, read=read, based=f"{setting.customers(row['total_customers'])}, in {setting.span}"
    )


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
