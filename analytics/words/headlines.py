"""Headline figures: a card's value, how it has changed, and whether the change is worth a word.

Cards, summaries and statement headings ask the same function (`difference`) whether a figure has moved, so
that no page says in a sentence what its own card calls close.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Change, Headline, Verdict
from analytics.timeframe import Comparison, Timeframe

Unit = Literal["money", "count", "events", "percent", "days", "number"]
"""What a figure is counted in. Rates (``percent``) change by points, everything else in percent. ``events``
are what happens in a timeframe, such as customers lost: it varies by chance; ``count`` is what there is."""

Good = Literal["up", "down", "neutral"]
Against = Literal["previous", "year_earlier"]

CARDS_KEY = (
    "Small lines: up to 12 earlier timeframes and this one, each on its own scale; dot = now, ring = a year "
    "ago. ≈ lies within the figure's usual spread or the margin of error. Differences are taken before "
    "rounding."
)
"""What stands under the cards of every report."""
ENOUGH_HISTORY = 6
"""Earlier timeframes that are needed before a figure has a usual spread of its own."""
SLIGHT = 1.0
"""Percent by which a count or an amount without a usual spread must move to be worth a word."""
USUAL = 2.0
"""Standard deviations of a figure's own changes that count as usual."""
CHANCE = 1.96
"""Standard deviations within which 95 of 100 differences lie that are chance alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a figure lies from the same figure of another timeframe.

    Attributes
    ----------
    amount : float or None
        Points for a rate, percent for anything else; None where either figure is missing, the other
        timeframe is not covered by the data, or it starts from zero or less.
    close : bool
        Whether it is within the figure's usual spread, or within the margin of error of a rate or of a
        number of events. A missing difference is close: nothing can be said of it.
    """

    amount: float | None
    close: bool

    @property
    def up(self) -> bool:
        """Whether the figure is higher now."""
        return self.amount is not None and self.amount > 0

    @property
    def rose(self) -> bool:
        """Whether it is higher by more than is usual."""
        return self.up and not self.close

    @property
    def fell(self) -> bool:
        """Whether it is lower by more than is usual."""
        return self.amount is not None and self.amount < 0 and not self.close


def headline(
    frame: pd.DataFrame,
    column: str,
    comparison: Comparison,
    format: Format,
    *,
    label: str,
    unit: Unit,
    good: Good = "neutral",
    base: str = "",
    name: str = "",
) -> Headline:
    """One figure with its changes against the previous timeframe and a year earlier.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each of ``comparison.periods``, with ``start`` and ``end`` (dates; end is the reference
        date) to find it by, and `column`. Where it has ``{column}_n``, a denominator under 30 makes the
        figure unsure; where it has ``{column}_low`` and ``{column}_high``, a change within the margin of
        error is close.
    column : str
        Name of the figure in `frame`, and of the headline.
    comparison : Comparison
    format : Format
    label : str
        The name in words.
    unit : {"money", "count", "events", "percent", "days", "number"}
    good : {"up", "down", "neutral"}, default "neutral"
        Which way is better. Only rates are called better or worse; counts and money are more or less.
    base : str, default ""
        What stands behind the figure, in words.
    name : str, default `column`
        Name of the headline where it is not the column's.

    Returns
    -------
    Headline
    """
    this = value_of(frame, column, comparison.this)
    spans = [*comparison.earlier, comparison.this]
    earlier = comparison.year_earlier
    places = [i for i, span in enumerate(spans[:-1]) if earlier is not None and _key(span) == _key(earlier)]
    return Headline(
        name=name or column,
        label=label,
        value=_shown(this, unit, format),
        base=base,
        changes=tuple(
            _change(frame, column, comparison, format, against, unit, good)
            for against in _against(comparison)
        ),
        history=tuple(values_of(frame, column, spans)),
        year_ago=places[0] if places else None,
        unsure=is_unsure(frame, column, comparison.this),
        number=this,
        unit=unit,
    )


def difference(
    frame: pd.DataFrame, column: str, comparison: Comparison, against: Against, *, unit: Unit
) -> Difference:
    """How far a figure has moved, and whether that is within its usual spread.

    A difference is close when it is no larger than two standard deviations of the figure's own changes from
    one timeframe to the next, over at least six earlier ones; and, for a rate with an interval, when the
    interval of the difference holds zero (Newcombe's, made of the two Wilson intervals). A figure with
    neither is close where it has moved by less than one percent. So is a number of events that has moved by
    no more than 1.96·√(now + then): events that come independently of each other, as often now as then, are
    two Poisson counts, and the variance of their difference is their sum.

    Parameters
    ----------
    frame, column, comparison
        As for `headline`.
    against : {"previous", "year_earlier"}
    unit : str

    Returns
    -------
    Difference

    References
    ----------
    .. [1] R. G. Newcombe, "Interval estimation for the difference between independent proportions:
       comparison of eleven methods", *Statistics in Medicine* 17, 1998, method 10.
    .. [2] J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson series",
       *Biometrika* 31, 1940; here with the normal approximation.
    """
    other = getattr(comparison, against)
    then = None if other is None else value_of(frame, column, other)
    now = value_of(frame, column, comparison.this)
    amount = _moved(then, now, unit)
    if then is None or now is None or amount is None:
        return Difference(None, close=True)
    usual = usual_spread(frame, column, comparison, unit=unit)
    within = usual is not None and abs(amount) <= usual
    noise = within_margin(_row(frame, other), _row(frame, comparison.this), column)
    slight = usual is None and unit != "percent" and abs(amount) < SLIGHT
    chance = usual is None and unit == "events" and abs(now - then) <= CHANCE * math.sqrt(now + then)
    return Difference(amount, close=amount == 0 or within or noise or slight or chance)


def usual_spread(frame: pd.DataFrame, column: str, comparison: Comparison, *, unit: Unit) -> float | None:
    """Two standard deviations of a figure's changes from one earlier timeframe to the next.

    Returns
    -------
    float or None
        Points for a rate, percent for anything else; None with fewer than six earlier timeframes that have
        the figure.
    """
    values = values_of(frame, column, comparison.earlier)
    if sum(value is not None for value in values) < ENOUGH_HISTORY:
        return None
    moves = [_moved(then, now, unit) for then, now in pairwise(values)]
    known = pd.Series([move for move in moves if move is not None], dtype="float64")
    return USUAL * float(known.std()) if len(known) > 1 else None


def value_of(frame: pd.DataFrame, column: str, span: Timeframe) -> float | None:
    """The figure of one timeframe; None where it is missing or the frame has no such row."""
    return values_of(frame, column, [span])[0]


def values_of(frame: pd.DataFrame, column: str, spans: Sequence[Timeframe]) -> list[float | None]:
    """The figures of some timeframes, in their order."""
    places = _places(frame, spans)
    values: list[Any] = frame[column].tolist() if any(place is not None for place in places) else []
    found = [None if place is None else values[place] for place in places]
    return [None if value is None or pd.isna(value) else float(value) for value in found]


def is_unsure(frame: pd.DataFrame, column: str, span: Timeframe) -> bool:
    """Whether fewer than 30 stand in the denominator of a rate; one without a denominator is sure."""
    [place], counts = _places(frame, [span]), f"{column}_n"
    if place is None or counts not in frame.columns:
        return False
    denominator: Any = frame[counts].iloc[place]
    return not denominator >= FEW


def than(comparison: Comparison, against: Against, format: Format) -> str:
    """Name the other timeframe of a comparison in words: ``Sept 2026``, ``the 12 months before``."""
    this, other = comparison.this, getattr(comparison, against)
    far = "a year earlier"
    if other is None:
        return "the timeframe before" if against == "previous" else far
    if this.unit in ("month", "quarter", "year", "fiscal-year", "week"):
        if other.unit == this.unit:
            return span_name(other, format)
        return f"the same days of {span_name(_whole(comparison, against), format)}"
    if this.unit == "months":
        if against == "previous" and this.finished:
            return "the month before" if this.count == 1 else f"the {this.count} months before"
        return far if against == "year_earlier" else f"the {this.days} days before"
    return f"the {this.days} days before" if against == "previous" else far


def span_name(span: Timeframe, format: Format) -> str:
    """Name a timeframe in a few words: ``Oct 2026``, ``Q3 2026``, ``FY2026``, or its days.

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.timeframe import parse_timeframe
    >>> span_name(parse_timeframe("2026-Q3", as_of=date(2026, 11, 1)), Format("en_GB", "GBP"))
    'Q3 2026'
    """
    match span.unit:
        case "month":
            return format.month(span.start)
        case "quarter":
            return f"Q{(span.start.month + 2) // 3} {span.start.year}"
        case "year" | "fiscal-year":
            return span.label if span.label[-1].isdigit() else str(span.start.year)
        case "week":
            return f"week {span.start.isocalendar().week} of {span.start.isocalendar().year}"
        case "all":
            return "all of the data"
        case _:
            return format.span(span.start, span.end)


def moved_words(difference: Difference, format: Format, *, unit: Unit) -> str:
    """The size of a difference without its sign, ``5.8 pts`` or ``17.9%``; empty where it is missing."""
    if difference.amount is None:
        return ""
    size = abs(difference.amount)
    return format.points(size) if unit == "percent" else format.percent(size, 1 if size < 100 else 0)


def _against(comparison: Comparison) -> Sequence[Against]:
    """What to compare with: one line where the timeframe before and the one a year earlier are the same."""
    previous, year = comparison.previous, comparison.year_earlier
    same = previous is not None and year is not None and _key(previous) == _key(year)
    return ("previous",) if same else ("previous", "year_earlier")


def _change(
    frame: pd.DataFrame,
    column: str,
    comparison: Comparison,
    format: Format,
    against: Against,
    unit: Unit,
    good: Good,
) -> Change:
    found = difference(frame, column, comparison, against, unit=unit)
    return Change(
        words=moved_words(found, format, unit=unit) if found.amount else "",
        than=than(comparison, against, format),
        up=found.up,
        verdict=_verdict(found, unit, good),
        amount=found.amount,
        usual=usual_spread(frame, column, comparison, unit=unit),
    )


def _verdict(found: Difference, unit: Unit, good: Good) -> Verdict:
    if found.amount is None:
        return "none"
    if found.close:
        return "close"
    if unit != "percent" or good == "neutral":
        return "more" if found.up else "less"
    return "better" if found.up == (good == "up") else "worse"


def _moved(then: float | None, now: float | None, unit: Unit) -> float | None:
    if then is None or now is None:
        return None
    if unit == "percent":
        return now - then
    return 100 * (now - then) / then if then > 0 else None


def within_margin(then: pd.Series | None, now: pd.Series | None, column: str) -> bool:
    """Whether the interval of the difference of two rates holds zero; false for what has no interval.

    Parameters
    ----------
    then, now : pandas.Series or None
        Rows with `column`, ``{column}_low`` and ``{column}_high``.
    column : str

    Returns
    -------
    bool
    """
    names = [column, f"{column}_low", f"{column}_high"]
    if then is None or now is None or any(name not in now.index for name in names):
        return False
    if pd.isna(then[names]).any() or pd.isna(now[names]).any():
        return False
    a, a_low, a_high = (float(then[name]) for name in names)
    b, b_low, b_high = (float(now[name]) for name in names)
    down, up = math.hypot(b - b_low, a_high - a), math.hypot(b_high - b, a - a_low)
    return b - a - down <= 0 <= b - a + up


def _shown(value: float | None, unit: Unit, format: Format) -> str:
    match unit:
        case "money":
            return format.money(value)
        case "count" | "events":
            return format.count(value)
        case "percent":
            return format.percent(value)
        case "days":
            return format.days(value)
        case _:
            return format.number(value, 1)


def _row(frame: pd.DataFrame, span: Timeframe | None) -> pd.Series | None:
    place = None if span is None else _places(frame, [span])[0]
    return None if place is None else frame.iloc[place]


def _places(frame: pd.DataFrame, spans: Sequence[Timeframe]) -> list[int | None]:
    """Positions of the rows of timeframes, of each the last; a page asks for hundreds, so without masks."""
    rows = {key: place for place, key in enumerate(zip(frame["start"], frame["end"], strict=True))}
    return [rows.get(_key(span)) for span in spans]


def _key(span: Timeframe) -> tuple[object, object]:
    return span.start, span.reference_date


def _whole(comparison: Comparison, against: Against) -> Timeframe:
    """The whole calendar unit of which an unfinished timeframe is compared with the first days."""
    whole = replace(comparison.this, as_of=max(comparison.this.as_of, comparison.this.end))
    return whole.previous() if against == "previous" else whole.year_earlier()
