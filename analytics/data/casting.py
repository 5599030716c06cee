"""From a source's values to the contract's types, on every engine, without a guess.

Each engine is asked in the way that cannot fail on a bad value: what does not read as its type comes out
missing, and a flag says so, so that validation counts it instead of a query that breaks half-way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import ibis
import ibis.expr.datatypes as dt

from analytics.data.contract_terms import Type
from analytics.params.source import DECIMAL_MARKS, THOUSANDS_MARKS, CsvFormat, DateOrder

MONEY = dt.Decimal(18, 4)
LARGEST_MONEY = 10**14
LARGEST_NUMBER = 1e300

NUMBER = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])$"
ZONED = r":[0-9]{2}([.][0-9]+)?\s*(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$"
YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Reading:
    """A column read as a contract type.

    Attributes
    ----------
    value : ibis.Value
        Of the contract's type; missing where it cannot be read.
    unreadable, infinite, untidy : ibis.BooleanValue, optional
        Where a value is there but not of the type; is no finite number; needed tidying (blanks around an
        id, say). None where the source's own type rules it out.
    plain : ibis.Value, optional
        The value without the precautions, for a column in which validation found nothing of the kind.
    """

    value: Any
    unreadable: Any = None
    infinite: Any = None
    untidy: Any = None
    plain: Any = None


class Dialect(Protocol):
    """What differs between engines when a value is read."""

    name: str
    money: dt.DataType

    def number(self, text: Any, type_: Type) -> Any:
        """Read tidy text such as ``-12.5``, exactly for money; missing where it is something else."""

    def untidy(self, text: Any) -> Any:
        """Where text has blanks around it, as cheaply as the engine can tell."""

    def instant(self, text: Any, order: DateOrder) -> Any:
        """Read text as local time, missing where it is something else."""

    def local(self, instant: Any) -> Any:
        """Turn a timestamp with a zone into local time without one."""


def read(
    column: Any, type_: Type, dialect: Dialect, form: CsvFormat, *, whole: bool, order: DateOrder
) -> Reading:
    """Read a source's column as a contract type.

    Parameters
    ----------
    column : ibis.Column
    type_ : str
        One of the contract's types.
    dialect : Dialect
    form : CsvFormat
        How numbers and dates are written where the column is text.
    whole : bool
        Ids that were exported as decimal numbers lose their ``.0``.
    order : {"iso", "dmy", "mdy"}
        Order of a date's parts where the column is text.

    Returns
    -------
    Reading
    """
    if type_ in ("id", "text"):
        return _text(column, dialect, form, whole=whole, as_id=type_ == "id")
    if type_ in ("money", "number"):
        return _number(column, type_, dialect, form)
    if type_ == "timestamp":
        return _timestamp(column, dialect, form, order)
    return _boolean(column, form)


def tidy(text: Any, form: CsvFormat) -> Any:
    """Text without blanks around it, missing where nothing or a word for nothing is left."""
    stripped = text.strip()
    return ibis.cases((stripped.isin(["", *form.nulls]), ibis.null("string")), else_=stripped)


def normal_number(text: Any, form: CsvFormat) -> Any:
    """Rewrite a number's text with a decimal point and without thousands, or leave it unreadable."""
    decimal, thousands = DECIMAL_MARKS[form.decimal], THOUSANDS_MARKS[form.thousands]
    if not thousands and decimal == ".":
        return text
    groups = {" ": "[ \u00a0\u202f]", "'": "['\u2019]", "": ""}.get(thousands, f"[{thousands}]")
    digits = f"([0-9]{{1,3}}({groups}[0-9]{{3}})+|[0-9]+)" if groups else "[0-9]+"
    said = text.re_search(rf"^[+-]?({digits}([{decimal}][0-9]*)?|[{decimal}][0-9]+)([eE][+-]?[0-9]+)?$")
    plain = text.re_replace(groups, "") if groups else text
    # What is not written so stays unreadable: 1,234.5 must not become 12345 because commas were dropped.
    odd = text.re_search(NOT_FINITE)
    return ibis.cases((said, plain.replace(decimal, ".")), (odd, text), else_=ibis.literal("?"))


def _text(column: Any, dialect: Dialect, form: CsvFormat, *, whole: bool, as_id: bool) -> Reading:
    type_ = column.type()
    if type_.is_string():
        value = tidy(column, form)
        if whole:
            value = value.re_replace(r"^(-?[0-9]+)[.]0+$", r"\1")
        untidy = dialect.untidy(column) | column.isin(["", *form.nulls])
        if whole:
            untidy = untidy | column.re_search(r"^-?[0-9]+[.]0+$")
        return Reading(value, untidy=untidy, plain=column)
    text = column.cast("string")
    if as_id and (type_.is_floating() or type_.is_decimal() or dialect.name == "sqlite"):
        # 17850.0 in a column of floating-point numbers is the id 17850.
        text = ibis.cases((text.re_search(r"^-?[0-9]+[.]0+$"), text.re_replace(r"[.]0+$", "")), else_=text)
    return Reading(text)


def _number(column: Any, type_: Type, dialect: Dialect, form: CsvFormat) -> Reading:
    target = dialect.money if type_ == "money" else dt.float64
    largest = LARGEST_MONEY if type_ == "money" else LARGEST_NUMBER
    given = column.type()
    if given.is_boolean() or not (given.is_numeric() or given.is_string()) or given.is_unknown():
        return Reading(ibis.null(target), unreadable=column.notnull())
    if given.is_string() or dialect.name == "sqlite":
        text = tidy(column.cast("string"), form)
        if given.is_string():
            text = normal_number(text, form)
        number = dialect.number(text, type_)
        infinite = text.re_search(NOT_FINITE)
        unreadable = text.notnull() & number.isnull() & ~infinite
    else:
        number, unreadable, infinite = column, None, ibis.literal(False)
        if _always_fits(given, target):
            return Reading(column.cast(target), plain=column.cast(target))
    # NaN sorts above every number on the engines that have it, so that this excludes it as well.
    finite = (number > -largest) & (number < largest)
    infinite = (infinite | (number.notnull() & ~finite)).fill_null(False)
    value = _as(number, target, dialect)
    value = ibis.cases((finite, value), else_=ibis.null(target))
    return Reading(value, unreadable=unreadable, infinite=infinite, plain=_as(number, target, dialect))


def _as(number: Any, target: dt.DataType, dialect: Dialect) -> Any:
    if dialect.name == "duckdb":
        return number.try_cast(target)
    if dialect.name == "sqlite":
        return number.cast("float64").round(4)
    return number.cast(target)


def _always_fits(given: Any, target: Any) -> bool:
    if given.is_integer():
        return bool(target.is_floating() or given.nbytes <= 4)
    if given.is_decimal() and given.precision is not None and given.scale is not None:
        return bool(target.is_floating() or given.precision - given.scale <= 14)
    return False


def _timestamp(column: Any, dialect: Dialect, form: CsvFormat, order: DateOrder) -> Reading:
    given = column.type()
    if given.is_timestamp() and dialect.name != "sqlite":
        local = column if given.timezone is None else dialect.local(column)
        return Reading(local.cast("timestamp"), plain=local.cast("timestamp"))
    if given.is_date() and dialect.name != "sqlite":
        return Reading(column.cast("timestamp"), plain=column.cast("timestamp"))
    if given.is_string() or given.is_integer() or dialect.name == "sqlite":
        text = tidy(column.cast("string"), form)
        value = dialect.instant(text, order)
        return Reading(value, unreadable=text.notnull() & value.isnull())
    return Reading(ibis.null("timestamp"), unreadable=column.notnull())


def _boolean(column: Any, form: CsvFormat) -> Reading:
    if column.type().is_boolean():
        return Reading(column)
    text = tidy(column.cast("string"), form).lower()
    value = ibis.cases((text.isin(YES), True), (text.isin(NO), False), else_=ibis.null("boolean"))
    return Reading(value, unreadable=text.notnull() & value.isnull())
