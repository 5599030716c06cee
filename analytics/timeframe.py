"""Timeframes: the half-open spans of days that every report is about.

A day here is a *local* day of the organisation. Whoever opens data turns instants into local time first;
nothing in this module knows of hours or time zones, and a `datetime` is refused where a day is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Literal

from analytics.errors import ParamsError, nearest

Unit = Literal["day-range", "days", "week", "month", "quarter", "year", "fiscal-year", "months", "all"]
Grain = Literal["month", "quarter", "year"]

MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "year": 12}

ACCEPTED = (
    "2026-10 (a month), 2026-Q3 (a quarter), 2026 (a year), 2026-W41 (an ISO week), "
    "FY2026 (the fiscal year ending in 2026), 2026-01-01..2026-03-31 (days, both ends included), "
    "last-30-days, last-12-months (any number), last-month, last-quarter, last-year, "
    "this-month, this-quarter, this-year, monthly, quarterly, yearly (the last whole one) or all"
)

_WORDS: dict[str, tuple[int, Grain]] = {
    **{f"last-{grain}": (-1, grain) for grain in MONTHS},
    **{f"this-{grain}": (0, grain) for grain in MONTHS},
    **{"monthly": (-1, "month"), "quarterly": (-1, "quarter"), "yearly": (-1, "year")},
}
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A span of whole local days: `start` is inside it, `end` is not.

    Half-open spans tile time without overlap: the end of March *is* the start of April, so no sale is
    counted twice and none is lost.

    Parameters
    ----------
    label : str
        How the timeframe is written, as `parse_timeframe` reads it: ``"2026-Q3"``.
    start, end : datetime.date
        First day, and the day after the last day. `end` is after `start`.
    as_of : datetime.date
        The day up to which data are known; nothing on or after it is ever read. It may be before `start`:
        then the timeframe has not begun.
    unit : str
        What the timeframe is a piece of; it decides what came before.
    count : int, default 1
        How many units (12 for ``last-12-months``, 30 for ``last-30-days``).
    fiscal_year_start : int, default 1
        Month in which the organisation's fiscal year begins.

    Raises
    ------
    ParamsError
        If it ends before it starts, or the fiscal year begins in no month.
    TypeError
        If a bound is an instant rather than a day.

    Examples
    --------
    >>> october = parse_timeframe("2026-10", as_of=date(2026, 11, 20))
    >>> october.previous().label, october.year_earlier().label, october.days
    ('2026-09', '2025-10', 31)
    """

    label: str
    start: date
    end: date
    as_of: date
    unit: Unit
    count: int = 1
    fiscal_year_start: int = 1

    def __post_init__(self) -> None:
        for name, day in (("start", self.start), ("end", self.end), ("as_of", self.as_of)):
            _require_day(name, day)
        _require_month(self.fiscal_year_start)
        if self.end <= self.start:
            last = self.end - _DAY
            raise ParamsError(f'timeframe "{self.label}" ends on {last}, before its first day {self.start}')

    @property
    def reference_date(self) -> date:
        """The earlier of `end` and `as_of`: "days since" are counted up to it."""
        return min(self.end, self.as_of)

    @property
    def finished(self) -> bool:
        """Whether all of its days are known."""
        return self.end <= self.as_of

    @property
    def days(self) -> int:
        """Days that can be read: from `start` to the reference date, 0 where it has not begun."""
        return max((self.reference_date - self.start).days, 0)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.reference_date

    def previous(self, n: int = 1) -> Timeframe:
        """The timeframe of the same kind that lies `n` before this one.

        Calendar units give the unit before; a span of days gives as many days before. Where this timeframe
        is not finished, the other is cut to as many days as this one has, and never reaches beyond its
        own end; where it has not begun, the other is whole.

        Parameters
        ----------
        n : int, default 1
            How many timeframes back.

        Returns
        -------
        Timeframe
            With a label of its own that `parse_timeframe` reads back to the same days.

        Raises
        ------
        ValueError
            If this is all the data, before which there is nothing, or `n` is under 1.

        Examples
        --------
        >>> march = parse_timeframe("2026-03", as_of=date(2026, 3, 11))
        >>> march.previous().label
        '2026-02-01..2026-02-10'
        """
        if n < 1:
            raise ValueError(f"n is {n}, but a timeframe before this one is 1 or more back")
        if self.unit == "all":
            raise ValueError("nothing lies before all of the data")
        if months := self._months():
            start = _add_months(self.start, -n * months)
            return self._other(start, _add_months(start, months))
        span = self.end - self.start
        return self._other(self.start - n * span, self.end - n * span)

    def year_earlier(self) -> Timeframe:
        """The same timeframe a year earlier, cut as `previous` cuts it.

        Months keep their months and weeks their ISO number; week 53 becomes the last week of the ISO year
        before. A span of days keeps its dates, 29 February becoming 28 February; ``last-30-days`` keeps its
        last day and its number of days.

        Returns
        -------
        Timeframe
            With a label of its own that `parse_timeframe` reads back to the same days.

        Raises
        ------
        ValueError
            If this is all the data.

        Examples
        --------
        >>> week = parse_timeframe("2026-W53", as_of=date(2027, 2, 1))
        >>> week.year_earlier().label
        '2025-W52'
        """
        if self.unit == "all":
            raise ValueError("all of the data has no year before")
        if months := self._months():
            start = _add_months(self.start, -12)
            return self._other(start, _add_months(start, months))
        if self.unit == "week":
            year, week, _ = self.start.isocalendar()
            start = date.fromisocalendar(year - 1, min(week, 52), 1)  # no two years in a row have a week 53
            return self._other(start, start + 7 * _DAY)
        end = _year_before(self.end - _DAY) + _DAY
        start = end - (self.end - self.start) if self.unit == "days" else _year_before(self.start)
        return self._other(start, end)

    def periods(self, grain: Grain) -> list[Timeframe]:
        """Whole calendar periods between `start` and the reference date.

        Parameters
        ----------
        grain : {"month", "quarter", "year"}
            Length of a period.

        Returns
        -------
        list of Timeframe
            Oldest first, each beginning where the one before ends. A period that is not over, or begins
            before this timeframe, is not among them.

        Examples
        --------
        >>> this_year = parse_timeframe("2026", as_of=date(2026, 11, 20))
        >>> [period.label for period in this_year.periods("quarter")]
        ['2026-Q1', '2026-Q2', '2026-Q3']
        """
        months = MONTHS[grain]
        start = _first_of(self.start, grain)
        if start < self.start:
            start = _add_months(start, months)
        found = []
        while (end := _add_months(start, months)) <= self.reference_date:
            found.append(replace(self, label=_name(grain, start), start=start, end=end, unit=grain, count=1))
            start = end
        return found

    def _months(self) -> int:
        """Length in whole months, or 0 where it is counted in days."""
        known = {"month": 1, "quarter": 3, "year": 12, "fiscal-year": 12, "months": self.count}
        return known.get(self.unit, 0)

    def _other(self, start: date, end: date) -> Timeframe:
        """A timeframe of this kind elsewhere, cut to the days that this one has."""
        cut = start + self.days * _DAY
        if not self.finished and start < cut < end:
            return replace(self, label=_range(start, cut), start=start, end=cut, unit="day-range", count=1)
        return replace(self, label=self._label(start, end), start=start, end=end)

    def _label(self, start: date, end: date) -> str:
        match self.unit:
            case "month" | "quarter" | "year":
                return _name(self.unit, start)
            case "months" if self.count == 1:
                return _name("month", start)
            case "fiscal-year":
                return f"FY{(end - _DAY).year}"
            case "week":
                return f"{start:%G-W%V}"
            case _:
                return _range(start, end)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A timeframe with those that it is held against.

    Parameters
    ----------
    this : Timeframe
        The timeframe of the report.
    previous, year_earlier : Timeframe or None
        None where there is none, or the data do not cover all of it: the change is then a dash.
    earlier : tuple of Timeframe
        The timeframes before this one, consecutive, oldest first, each cut as `Timeframe.previous` cuts it.
    """

    this: Timeframe
    previous: Timeframe | None
    year_earlier: Timeframe | None
    earlier: tuple[Timeframe, ...]

    @property
    def periods(self) -> tuple[Timeframe, ...]:
        """Every timeframe that a headline figure is needed for, each once, `this` last."""
        wanted = (*self.earlier, self.previous, self.year_earlier)
        unique = {(t.start, t.reference_date): t for t in reversed([t for t in wanted if t is not None])}
        return (*sorted(unique.values(), key=lambda t: (t.start, t.reference_date)), self.this)


def compare(timeframe: Timeframe, *, first_day: date | None, count: int = 12) -> Comparison:
    """Find the timeframes to hold this one against, as far as the data reach.

    Parameters
    ----------
    timeframe : Timeframe
        The timeframe of the report.
    first_day : datetime.date or None
        First day of the data; None where there are none.
    count : int, default 12
        How many earlier timeframes at most.

    Returns
    -------
    Comparison
        Without what begins before `first_day`. All of the data, and a timeframe that has not begun, are
        compared with nothing.

    Examples
    --------
    >>> quarter = parse_timeframe("2026-Q3", as_of=date(2026, 11, 20))
    >>> comparison = compare(quarter, first_day=date(2025, 12, 24))
    >>> [t.label for t in comparison.earlier], comparison.year_earlier
    (['2026-Q1', '2026-Q2'], None)
    """
    if timeframe.unit == "all" or timeframe.days == 0 or first_day is None:
        return Comparison(this=timeframe, previous=None, year_earlier=None, earlier=())

    def covered(other: Timeframe) -> bool:
        return other.start >= first_day and other.finished

    earlier = tuple(takewhile(covered, (timeframe.previous(n) for n in range(1, count + 1))))
    previous, year_earlier = timeframe.previous(), timeframe.year_earlier()
    return Comparison(
        this=timeframe,
        previous=previous if covered(previous) else None,
        year_earlier=year_earlier if covered(year_earlier) else None,
        earlier=tuple(reversed(earlier)),
    )


def parse_timeframe(
    text: str, *, as_of: date, first_day: date | None = None, fiscal_year_start: int = 1
) -> Timeframe:
    """Read a timeframe as it is written in params and on the command line.

    Parameters
    ----------
    text : str
        One of `ACCEPTED`. Capitals and surrounding spaces do not matter.
    as_of : datetime.date
        The day up to which data are known; relative timeframes count back from it, and nothing on or after
        it is ever read.
    first_day : datetime.date, optional
        First day of the data, where ``all`` begins. Without one, ``all`` is the day before `as_of`.
    fiscal_year_start : int, default 1
        Month in which the fiscal year begins; 1 makes ``FY2026`` the calendar year.

    Returns
    -------
    Timeframe
        Its label is the text, tidied.

    Raises
    ------
    ParamsError
        If the text is none of `ACCEPTED`, or names a day, week or year that does not exist.
    TypeError
        If `as_of` or `first_day` is an instant rather than a day.

    Examples
    --------
    >>> quarter = parse_timeframe("2026-Q3", as_of=date(2026, 8, 15))
    >>> str(quarter.start), str(quarter.end), str(quarter.reference_date), quarter.finished
    ('2026-07-01', '2026-10-01', '2026-08-15', False)
    >>> parse_timeframe("last-moth", as_of=date(2026, 8, 15))
    Traceback (most recent call last):
    ...
    analytics.errors.ParamsError: timeframe "last-moth" is not known (did you mean "last-month"?)...
    """
    _require_day("as_of", as_of)
    _require_month(fiscal_year_start)
    wanted = str(text).strip()
    if wanted.lower() == "all":
        return _all(as_of, first_day, fiscal_year_start)
    readers: dict[re.Pattern[str], Callable[[re.Match[str]], _Span]] = {
        _CALENDAR: _read_calendar,
        _WEEK: _read_week,
        _FISCAL_YEAR: partial(_read_fiscal_year, first_month=fiscal_year_start),
        _RANGE: _read_range,
        _LAST: partial(_read_last, as_of=as_of),
        _WORD: partial(_read_word, as_of=as_of),
    }
    for pattern, read in readers.items():
        if found := pattern.fullmatch(wanted):
            try:
                label, start, end, unit, count = read(found)
            except (ValueError, OverflowError) as error:
                raise ParamsError(f'timeframe "{wanted}": {error}; allowed: {ACCEPTED}') from error
            return Timeframe(label, start, end, as_of, unit, count, fiscal_year_start)
    raise ParamsError(
        f'timeframe "{wanted}" is not known{nearest(wanted, _candidates(as_of))}; allowed: {ACCEPTED}'
    )


_Span = tuple[str, date, date, Unit, int]


def _read_calendar(found: re.Match[str]) -> _Span:
    year = _year(found["year"])
    grain: Grain = "year"
    start = date(year, 1, 1)
    if quarter := found["quarter"]:
        if not 1 <= int(quarter) <= 4:
            raise ValueError("a year has quarters Q1 to Q4")
        start, grain = date(year, 3 * int(quarter) - 2, 1), "quarter"
    elif month := found["month"]:
        if not 1 <= int(month) <= 12:
            raise ValueError("a year has months 01 to 12")
        start, grain = date(year, int(month), 1), "month"
    return _name(grain, start), start, _add_months(start, MONTHS[grain]), grain, 1


def _read_week(found: re.Match[str]) -> _Span:
    year, week = _year(found["year"]), int(found["week"])
    weeks = date(year, 12, 28).isocalendar().week  # 28 December is always in the last
    if not 1 <= week <= weeks:
        raise ValueError(f"{year} has ISO weeks W01 to W{weeks}")
    start = date.fromisocalendar(year, week, 1)
    return f"{year}-W{week:02}", start, start + 7 * _DAY, "week", 1


def _read_fiscal_year(found: re.Match[str], *, first_month: int) -> _Span:
    year = _year(found["year"])
    start = date(year if first_month == 1 else year - 1, first_month, 1)
    return f"FY{year}", start, _add_months(start, 12), "fiscal-year", 1


def _read_range(found: re.Match[str]) -> _Span:
    start, last = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
    _year(start.year)
    _year(last.year)
    return _range(start, last + _DAY), start, last + _DAY, "day-range", 1


def _read_last(found: re.Match[str], *, as_of: date) -> _Span:
    count, unit = int(found["count"]), found["unit"].lower()
    if count == 0:
        raise ValueError(f"it holds no {unit}; give 1 or more")
    if unit == "days":
        start, end = as_of - count * _DAY, as_of
    else:
        end = as_of.replace(day=1)
        start = _add_months(end, -count)
    _year(start.year)
    return f"last-{count}-{unit}", start, end, "days" if unit == "days" else "months", count


def _read_word(found: re.Match[str], *, as_of: date) -> _Span:
    word = found[0].lower()
    steps, grain = _WORDS[word]
    start = _add_months(_first_of(as_of, grain), steps * MONTHS[grain])
    return word, start, _add_months(start, MONTHS[grain]), grain, 1


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.ASCII)


_CALENDAR = _pattern(r"(?P<year>\d{4})(-Q(?P<quarter>\d)|-(?P<month>\d{2}))?")
_WEEK = _pattern(r"(?P<year>\d{4})-W(?P<week>\d{2})")
_FISCAL_YEAR = _pattern(r"FY(?P<year>\d{4})")
_RANGE = _pattern(r"(?P<first>\d{4}-\d\d-\d\d)\.\.(?P<last>\d{4}-\d\d-\d\d)")
_LAST = _pattern(r"last-(?P<count>\d{1,6})-(?P<unit>days|months)")
_WORD = _pattern("|".join(_WORDS))


def _all(as_of: date, first_day: date | None, fiscal_year_start: int) -> Timeframe:
    if first_day is not None:
        _require_day("first_day", first_day)
    start = first_day if first_day is not None and first_day < as_of else as_of - _DAY
    return Timeframe("all", start, as_of, as_of, "all", 1, fiscal_year_start)


def _candidates(as_of: date) -> list[str]:
    """Timeframes that someone may have meant: the words, and the recent calendar."""
    years = range(as_of.year - 2, as_of.year + 1)
    parts = [*(f"Q{quarter}" for quarter in range(1, 5)), *(f"{month:02}" for month in range(1, 13))]
    calendar = [f"{year}-{part}" for year in years for part in parts]
    whole = [f"{kind}{year}" for year in years for kind in ("", "FY")]
    return [*_WORDS, "all", "last-7-days", "last-30-days", "last-12-months", *whole, *calendar]


def _require_day(name: str, day: date) -> None:
    if isinstance(day, datetime) or not isinstance(day, date):
        raise TypeError(f"{name} is {day!r}, but a timeframe is made of the organisation's local days")


def _require_month(number: int) -> None:
    if not 1 <= number <= 12:
        raise ParamsError(f"fiscal_year_start is {number}; allowed: a month from 1 to 12")


def _year(number: str | int) -> int:
    year = int(number)
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"it reaches the year {year}, but years are {_FIRST_YEAR} to {_LAST_YEAR}")
    return year


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _add_months(first: date, months: int) -> date:
    """First day of the month that lies `months` after the month beginning on `first`."""
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _first_of(day: date, grain: Grain) -> date:
    """First day of the calendar month, quarter or year that `day` is in."""
    months = MONTHS[grain]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _name(grain: Grain, start: date) -> str:
    part = {"month": f"-{start.month:02}", "quarter": f"-Q{(start.month + 2) // 3}", "year": ""}
    return f"{start.year}{part[grain]}"


def _range(start: date, end: date) -> str:
    return f"{start}..{end - _DAY}"
