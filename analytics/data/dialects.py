"""How each engine reads text as numbers and times: DuckDB, SQLite, PostgreSQL.

DuckDB has casts that give a missing value instead of an error. PostgreSQL 15 has not, so a pattern and the
calendar are checked before the cast. SQLite has no types and no time zones: what is not in its own notation
goes through two functions of Python's.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler

from analytics.data.casting import MONEY, NOT_FINITE, NUMBER, ZONED
from analytics.data.contract_terms import Type
from analytics.params.source import DateOrder

_ZONED_TIME = dt.Timestamp(timezone="UTC")
_EXACT = dt.Decimal(38, 10)

_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_ORDERS: dict[DateOrder, tuple[str, ...]] = {
    "iso": (),
    "dmy": ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    "mdy": ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y"),
}
_ISO = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M")


def _formats(order: DateOrder) -> list[str]:
    return [day + time for day in _ORDERS[order] for time in _TIMES]


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "array<string>"), "timestamp"))  # type: ignore[untyped-decorator]
def _try_strptime(text: str, formats: list[str]) -> datetime:  # type: ignore[empty-body]
    """DuckDB's own function: the first format that fits, else a missing value."""


@ibis.udf.scalar.builtin(name="array_extract", signature=(("string", "int64"), "string"))  # type: ignore[untyped-decorator]
def _character(text: str, position: int) -> str:  # type: ignore[empty-body]
    """DuckDB's own function; −1 is the last."""


class _Blanks:
    """How an engine tells that a text has blanks around it."""

    def untidy(self, text: Any) -> Any:
        """See `analytics.data.casting.Dialect`."""
        return text.strip() != text


class NestedSelects(DuckDBCompiler):  # type: ignore[misc]
    """Ibis's SQL for DuckDB, one select inside another as a metric says them.

    Ibis would merge them into fewer, which is a third of all that writing a query costs, and DuckDB's
    optimiser merges them as well. SQLite needs them merged: its parser holds a hundred open brackets.
    """

    __slots__ = ()

    def translate(self, op: Any, *, params: Any) -> Any:
        """Translate without the merging."""
        before, ibis.options.sql.fuse_selects = ibis.options.sql.fuse_selects, False
        try:
            return super().translate(op, params=params)
        finally:
            ibis.options.sql.fuse_selects = before


class DuckDb(_Blanks):
    """DuckDB, on files and on its own databases."""

    name = "duckdb"
    money: dt.DataType = MONEY

    def untidy(self, text: Any) -> Any:
        """See `analytics.data.casting.Dialect`."""
        # Trimming 20 million ids would take longer than all other checks. Blanks sort before "!".
        return (text < "!") | (_character(text, -1) < "!")

    def number(self, text: Any, type_: Type) -> Any:
        """See `analytics.data.casting.Dialect`."""
        target = _EXACT if type_ == "money" else dt.float64
        return ibis.cases(
            (text.re_search(NUMBER) | text.re_search(NOT_FINITE), text.try_cast(target)),
            else_=ibis.null(target),
        )

    def instant(self, text: Any, order: DateOrder) -> Any:
        """See `analytics.data.casting.Dialect`."""
        named = ibis.null("timestamp")
        if order != "iso":
            # 03/04/11 would be the year 11: two digits are no year.
            given = _try_strptime(text, _formats(order))
            named = ibis.cases((given >= ibis.timestamp("1000-01-01"), given), else_=named)
        plain = ibis.cases(
            (text.re_search(r"^[0-9]{8}$"), _try_strptime(text, ["%Y%m%d"])),
            (text.re_search(r"^[0-9]{4}[-/]"), text.try_cast("timestamp")),
            else_=named,
        )
        zoned = text.re_search(ZONED) & text.re_search(r"^[0-9]{4}-")
        return ibis.cases((zoned, self.local(text.try_cast(_ZONED_TIME))), else_=plain)

    def local(self, instant: Any) -> Any:
        """See `analytics.data.casting.Dialect`; the session's time zone is the organisation's."""
        return instant.cast("timestamp")


_DAY_29 = "(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|(([02468][048]|[13579][26])00))-02-29"
_OTHER_DAYS = (
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_CLOCK_12 = "(0[1-9]|1[0-2]):[0-5][0-9](:[0-5][0-9])? ?[AaPp][Mm]"
_OFFSET = r"\s*(Z|z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?"
IN_CALENDAR = f"^(?!0000)({_DAY_29}|{_OTHER_DAYS})([ T]({_CLOCK}{_OFFSET}|{_CLOCK_12}))?$"
"""A year-first day that exists, with or without a time: what PostgreSQL's cast cannot fail on."""


class Postgres(_Blanks):
    """PostgreSQL, whose casts stop the query at the first value that does not fit."""

    name = "postgres"
    money: dt.DataType = MONEY

    def number(self, text: Any, type_: Type) -> Any:
        """See `analytics.data.casting.Dialect`."""
        target = _EXACT if type_ == "money" else dt.float64
        # Thirty digits and more are no amount; the cast would overflow and stop the query.
        short = text.length() < 28
        readable = text.re_search(NUMBER) & short & ~text.re_search("[eE]")
        return ibis.cases((readable, text.cast(target)), else_=ibis.null(target))

    def instant(self, text: Any, order: DateOrder) -> Any:
        """See `analytics.data.casting.Dialect`."""
        # A chain of replacements mentions the text once; nested conditions would double it each time.
        iso = text.re_replace("^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3")
        iso = iso.re_replace("^([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", r"\1-\2-\3")
        if order != "iso":
            turned = r"\3-\2-\1" if order == "dmy" else r"\3-\1-\2"
            iso = iso.re_replace("^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", turned)
        iso = iso.re_replace("-([0-9])-", r"-0\1-").re_replace("-([0-9])([ T]|$)", r"-0\1\2")
        iso = iso.re_replace(" ([0-9]):", r" 0\1:")
        exists = iso.re_search(IN_CALENDAR)
        return ibis.cases(
            (exists & iso.re_search(ZONED), self.local(iso.cast(_ZONED_TIME))),
            (exists, iso.cast("timestamp")),
            else_=ibis.null("timestamp"),
        )

    def local(self, instant: Any) -> Any:
        """See `analytics.data.casting.Dialect`; the session's time zone is the organisation's."""
        return instant.cast("timestamp")


@ibis.udf.scalar.builtin(name="workbook_number", signature=(("string",), "float64"))  # type: ignore[untyped-decorator]
def _sqlite_number(text: str) -> float:  # type: ignore[empty-body]
    """Registered on each SQLite connection by `register`."""


@ibis.udf.scalar.builtin(name="workbook_local_time", signature=(("string", "string"), "timestamp"))  # type: ignore[untyped-decorator]
def _sqlite_local_time(text: str, order: str) -> datetime:  # type: ignore[empty-body]
    """Registered on each SQLite connection by `register`."""


@ibis.udf.scalar.builtin(name="datetime", signature=(("string",), "timestamp"))  # type: ignore[untyped-decorator]
def _sqlite_datetime(text: str) -> datetime:  # type: ignore[empty-body]
    """SQLite's own function."""


@ibis.udf.scalar.builtin(name="date", signature=(("string", "string"), "string"))  # type: ignore[untyped-decorator]
def _sqlite_date(text: str, shift: str) -> str:  # type: ignore[empty-body]
    """SQLite's own function."""


class Sqlite(_Blanks):
    """SQLite, which keeps whatever it was given in any column."""

    name = "sqlite"
    money: dt.DataType = dt.float64

    def number(self, text: Any, type_: Type) -> Any:  # noqa: ARG002  SQLite has no decimals
        """See `analytics.data.casting.Dialect`."""
        return _sqlite_number(text)

    def instant(self, text: Any, order: DateOrder) -> Any:
        """See `analytics.data.casting.Dialect`."""
        # Only a shift makes SQLite notice that there is no 30 February.
        own = text.length().isin([10, 19]) & (_sqlite_date(text, "+0 days") == text.substr(0, 10))
        return ibis.cases((own, _sqlite_datetime(text)), else_=_sqlite_local_time(text, order))

    def local(self, instant: Any) -> Any:
        """SQLite has no timestamps with a zone: `instant` reads them from text."""
        return instant


def register(connection: sqlite3.Connection, zone: ZoneInfo) -> None:
    """Give a SQLite connection the two functions that read numbers and times.

    Parameters
    ----------
    connection : sqlite3.Connection
    zone : zoneinfo.ZoneInfo
        The organisation's time zone.
    """

    def number(text: str | None) -> float | None:
        if text is None or not (re.match(NUMBER, text) or re.match(NOT_FINITE, text)):
            return None
        return float(text)

    def local_time(text: str | None, order: DateOrder) -> str | None:
        instant = _parse(text, order, zone) if text is not None else None
        return None if instant is None else instant.isoformat(sep=" ")

    connection.create_function("workbook_number", 1, number, deterministic=True)
    connection.create_function("workbook_local_time", 2, local_time, deterministic=True)


def _parse(text: str, order: DateOrder, zone: ZoneInfo) -> datetime | None:
    if re.search(ZONED, text):
        try:
            return datetime.fromisoformat(text).astimezone(zone).replace(tzinfo=None)
        except ValueError:
            return None
    for form in (*_ISO, *(day + time for day in _ISO[:2] for time in _TIMES[1:]), *_formats(order)):
        try:
            # Local time of the organisation by definition: there is no zone to attach.
            return datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
    return None
