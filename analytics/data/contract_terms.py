"""The terms in which the data contract is written: columns, rules, tables, and short ways to say them.

A rule *sets aside* the rows that break it, *refuses* the table, or *keeps* the row with a correction; each is
counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import ibis
import ibis.expr.datatypes as dt

Type = Literal["id", "text", "money", "number", "timestamp", "boolean"]
Action = Literal["set aside", "refused", "kept"]
Check = Literal[
    "type",
    "required",
    "finite",
    "range",
    "days",
    "one of",
    "not before",
    "only with",
    "known",
    "line amount",
    "one customer",
    "duplicate",
    "unique",
]

ENGINE_TYPES: Mapping[Type, dt.DataType] = MappingProxyType(
    {
        "id": dt.string,
        "text": dt.string,
        "money": dt.Decimal(18, 4),
        "number": dt.float64,
        "timestamp": dt.timestamp,
        "boolean": dt.boolean,
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    type : {"id", "text", "money", "number", "timestamp", "boolean"}
        Timestamps are in the organisation's time zone, money has four decimal places.
    required : bool
        A missing value sets the row aside; in a key it refuses the table.
    unit : str
        What one is, such as ``currency`` or ``0–1``; empty for names and ids.
    meaning : str
    """

    name: str
    type: Type = "text"
    required: bool = False
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a table.

    Attributes
    ----------
    code : str
        Reason code, unique within the table.
    check : str
        Which check of `analytics.data.validation` decides.
    columns : tuple of str
        Columns it looks at, the one it is about first.
    action : {"set aside", "refused", "kept"}
    text : str
        The rule in words: what is allowed.
    low, high : float, optional
        Bounds of a range; `low_open` excludes `low` itself.
    allowed : tuple of str
        Words that are allowed.
    table : str
        The table in which a reference must be known.
    """

    code: str
    check: Check
    columns: tuple[str, ...]
    action: Action
    text: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    allowed: tuple[str, ...] = ()
    table: str = ""


@dataclass(frozen=True, slots=True)
class TableContract:
    """Columns and rules of one table."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    event: str = ""  # the timestamp that says when a row happened
    _index: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {column.name: column for column in self.columns})

    def __getitem__(self, name: str) -> Column:
        return self._index[name]

    def __contains__(self, name: object) -> bool:
        return name in self._index

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)

    def schema(self) -> ibis.Schema:
        """Columns and types of the canonical table."""
        return ibis.schema({column.name: ENGINE_TYPES[column.type] for column in self.columns})


def an_id(name: str, meaning: str, *, required: bool = False) -> Column:
    """An identifier: text, kept as it is."""
    return Column(name, "id", required, "", meaning)


def texts(*names: str, required: bool = False) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name, "text", required) for name in names)


def money(name: str, meaning: str, *, required: bool = False) -> Column:
    """An amount in the organisation's currency."""
    return Column(name, "money", required, "currency", meaning)


def number(name: str, unit: str, meaning: str, *, required: bool = False) -> Column:
    """A count or a ratio."""
    return Column(name, "number", required, unit, meaning)


def time(name: str, meaning: str, *, required: bool = False) -> Column:
    """A time in the organisation's time zone."""
    return Column(name, "timestamp", required, "local time", meaning)


def flag(name: str, meaning: str) -> Column:
    """Yes or no."""
    return Column(name, "boolean", False, "", meaning)


def in_range(
    column: str,
    low: float | None = None,
    high: float | None = None,
    *,
    low_open: bool = False,
    action: Action = "set aside",
) -> Rule:
    """A rule: a value is within bounds, both included unless `low_open`."""
    if high is not None:
        words = f"{column} is from {low:g} to {high:g}"
    else:
        words = f"{column} is {'above' if low_open else 'at least'} {low:g}"
    words = words.replace("-", "−")
    return Rule(f"{column}_range", "range", (column,), action, words, low, high, low_open)


def finite(column: str) -> Rule:
    """A rule: a number is finite, and small enough for four exact decimal places."""
    words = f"{column} is a finite number below 10¹⁴"
    return Rule(f"{column}_finite", "finite", (column,), "set aside", words)


def known(column: str, table: str, *, action: Action = "set aside") -> Rule:
    """A rule: a reference is among another table's keys."""
    return Rule(f"{column}_known", "known", (column,), action, f"{column} is one of {table}", table=table)


def one_of(column: str, *allowed: str) -> Rule:
    """A rule: a word is one of those allowed; a missing one breaks nothing."""
    words = f"{column} is one of {', '.join(allowed)}"
    return Rule(f"{column}_allowed", "one of", (column,), "set aside", words, allowed=allowed)


def table(
    name: str,
    columns: Iterable[Column],
    *rules: Rule,
    key: tuple[str, ...] = (),
    event: str = "",
) -> TableContract:
    """Put the rules that every table has before those of its own."""
    columns = tuple(columns)
    common = [
        Rule(f"{c.name}_type", "type", (c.name,), "refused", f"{c.name} reads as {_TYPE_WORDS[c.type]}")
        for c in columns
        if c.type not in ("id", "text")
    ]
    missing = [
        Rule(
            f"{c.name}_missing",
            "required",
            (c.name,),
            "refused" if c.name in key else "set aside",
            f"{c.name} has a value",
        )
        for c in columns
        if c.required
    ]
    bounded = [finite(c.name) for c in columns if c.type in ("money", "number")]
    unique = []
    if key:
        words = f"{key[0]} names one row" if len(key) == 1 else f"{' and '.join(key)} together name one row"
        unique = [Rule("key_unique", "unique", key, "refused", words)]
    return TableContract(name, columns, key, (*common, *missing, *bounded, *rules, *unique), event)


_TYPE_WORDS: Mapping[Type, str] = {
    "money": "a number",
    "number": "a number",
    "timestamp": "a date or time",
    "boolean": "yes or no",
}
