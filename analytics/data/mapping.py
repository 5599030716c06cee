"""From a source's own columns to the contract's: renamed, typed, and lines summed to sales.

The result is a *staged* table: the contract's columns, and beside them flags (``unreadable__…``,
``infinite__…``, ``untidy__…``) that validation counts and the canonical table leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ibis
from ibis import _

from analytics.data.casting import Dialect, Reading, read
from analytics.data.contract import CONTRACT
from analytics.data.contract_terms import ENGINE_TYPES, Column, TableContract
from analytics.errors import SourceError, nearest
from analytics.params.source import ColumnMapping, CsvFormat, LineMapping, TableMapping

FLAGS = ("unreadable", "infinite", "untidy")
FILE, ROW = "file__", "row__"
LINE_TIME = "line_time__"
"""When a line was sold, as written, beside the columns of ``sale_items`` that come from lines."""


@dataclass(frozen=True)
class Raw:
    """A source's table as it is, already limited to the organisation's rows.

    Attributes
    ----------
    table : ibis.Table
    origin : str
        Where it comes from, as messages call it.
    dialect : Dialect
    form : CsvFormat
        How its text is written.
    text : bool
        The values come from a text file, all of them as text.
    """

    table: Any
    origin: str
    dialect: Dialect
    form: CsvFormat
    text: bool = False


@dataclass(frozen=True)
class Staged:
    """A contract table read from a source, with flags for what did not read well.

    Attributes
    ----------
    contract : TableContract
    table : ibis.Table
    given : frozenset of str
        Contract columns that the source has; the others are missing in every row.
    origin : str
    dialect : Dialect
    numbered : bool
        The key is the row's number, so that no row is a duplicate of another.
    lines : bool
        The rows are sums of line items.
    features : tuple of str
        Columns beyond the contract's that the params name for a model, as text.
    """

    contract: TableContract
    table: Any
    given: frozenset[str]
    origin: str
    dialect: Dialect
    numbered: bool = False
    lines: bool = False
    features: tuple[str, ...] = ()

    def flag(self, kind: str, column: str) -> Any:
        """The flag of a column, or None where its type rules the fault out."""
        name = f"{kind}__{column}"
        return self.table[name] if name in self.table.columns else None


def missing_columns(raw: Raw, contract: TableContract, mapping: TableMapping) -> tuple[str, ...]:
    """Say which required columns a table lacks, each with the nearest name that it has.

    Returns
    -------
    tuple of str
        One sentence for each, empty where all are there.
    """
    said = []
    for name in contract.required:
        if _found(raw, name, mapping) is None and not _from_lines(name, mapping.lines):
            hint = nearest(name, raw.table.columns)
            said.append(
                f"{contract.name} ({raw.origin}) has no column {name}{hint}; where it has another name, say "
                f"so in the params: tables: {contract.name}: columns: {{{name}: …}}"
            )
    return tuple(said)


def stage(
    raw: Raw,
    contract: TableContract,
    mapping: TableMapping,
    trusted: frozenset[str] = frozenset(),
    line_time: ColumnMapping | None = None,
) -> Staged:
    """Read a source's table as a contract table.

    Parameters
    ----------
    raw : Raw
    contract : TableContract
    mapping : TableMapping
    trusted : frozenset of str
        Columns in which there is nothing to tidy and nothing unreadable: they are read without precautions,
        so that a metric's query costs what a hand-written one does.
    line_time : ColumnMapping, optional
        Of ``sale_items`` that come from lines: what becomes `LINE_TIME`.

    Returns
    -------
    Staged

    Raises
    ------
    SourceError
        If the mapping names a column that the contract or the source has not.
    """
    _refuse_unknown(raw, contract, mapping)
    columns, given = _columns(raw, contract, mapping, trusted)
    numbered = any(mapping.columns.get(name, ColumnMapping(value="")).row for name in contract.key)
    if mapping.lines is not None and contract.name == "sales":
        lines = _lines(raw, mapping.lines, columns)
        return replace(lines, given=lines.given | given)
    if mapping.lines is not None:
        _line_amount(raw, mapping.lines, columns, "amount")
        given |= {"amount"}
    if line_time is not None:
        columns[LINE_TIME] = _reading(raw, contract, Column(LINE_TIME), line_time).value
    for name, said in mapping.features.items():
        columns[name] = _reading(raw, contract, Column(name), said).value
    return Staged(
        contract, raw.table.select(**columns), given, raw.origin, raw.dialect,
        numbered=numbered, features=tuple(mapping.features),
    )  # fmt: skip


def items_mapping(sales: TableMapping) -> TableMapping:
    """Give the mapping by which ``sale_items`` come from the lines that ``sales`` are summed from."""
    lines = sales.lines
    columns = {"sale_id": sales.columns.get("sale_id", ColumnMapping(column="sale_id"))}
    for name in ("product_id", "product", "category", "quantity"):
        source = getattr(lines, name)
        if source is not None:
            columns[name] = ColumnMapping(column=source)
    if lines is not None and lines.quantity is None:
        columns["quantity"] = ColumnMapping(value=1)  # a line without a quantity is one thing
    return TableMapping(columns=columns, lines=lines)


def source_columns(raw: Raw, mapping: TableMapping, name: str) -> tuple[str, ...]:
    """Which of the source's columns a contract column is made from."""
    lines = mapping.lines
    if lines is not None and name in ("total_amount", "amount"):
        parts: tuple[str | None, ...] = (lines.amount,) if lines.amount else (lines.quantity, lines.price)
    elif lines is not None and name in ("units", "quantity"):
        parts = (lines.quantity,)
    elif lines is not None and name == "total_profit":
        parts = (lines.profit,)
    else:
        found = _found(raw, name, mapping)
        parts = (found.column if found is not None else None,)
    return tuple(own for part in parts if part is not None and (own := _own_name(raw, part)) is not None)


def _found(raw: Raw, name: str, mapping: TableMapping) -> ColumnMapping | None:
    said = mapping.columns.get(name)
    if said is not None:
        return said
    own = _own_name(raw, name)
    return None if own is None else ColumnMapping(column=own)


def _own_name(raw: Raw, name: str) -> str | None:
    """The source's spelling of a column: exact, else the only one that differs in case."""
    if name in raw.table.columns:
        return name
    alike = [column for column in raw.table.columns if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _from_lines(name: str, lines: LineMapping | None) -> bool:
    return lines is not None and name in ("total_amount", "amount")


def _refuse_unknown(raw: Raw, contract: TableContract, mapping: TableMapping) -> None:
    allowed = [column.name for column in contract.columns]
    for name, said in mapping.columns.items():
        if name not in contract and name != "org_id":
            raise SourceError(
                f"tables: {contract.name}: columns: {name} is no column of the contract"
                f"{nearest(name, allowed)}; it has {', '.join(allowed)}"
            )
        if said.column is not None and _own_name(raw, said.column) is None:
            raise _no_such_column(raw, contract.name, name, said.column)
    for name in mapping.features:
        if name in contract or "__" in name:
            why = "is a column of the contract" if name in contract else "has two underscores in a row"
            raise SourceError(f"tables: {contract.name}: features: {name} {why}; give it another name")


def _no_such_column(raw: Raw, table: str, name: str, column: str) -> SourceError:
    own = [name for name in raw.table.columns if name not in (FILE, ROW)]
    return SourceError(
        f"tables: {table}: {name} is said to be the column {column!r} of {raw.origin}, which has "
        f"none of that name{nearest(column, own)}; it has {', '.join(own)}"
    )


def _columns(
    raw: Raw,
    contract: TableContract,
    mapping: TableMapping,
    trusted: frozenset[str] = frozenset(),
) -> tuple[dict[str, Any], frozenset[str]]:
    columns: dict[str, Any] = {}
    given = set()
    for column in contract.columns:
        said = _found(raw, column.name, mapping)
        type_ = raw.dialect.money if column.type == "money" else ENGINE_TYPES[column.type]
        if said is None:
            columns[column.name] = ibis.null(type_)
            continue
        given.add(column.name)
        reading = _reading(raw, contract, column, said)
        use_plain = column.name in trusted and reading.plain is not None
        columns[column.name] = reading.plain if use_plain else reading.value
        for kind in FLAGS:
            flag = getattr(reading, kind)
            if flag is not None:
                columns[f"{kind}__{column.name}"] = flag.fill_null(False)
    return columns, frozenset(given)


def _reading(raw: Raw, contract: TableContract, column: Column, said: ColumnMapping) -> Reading:
    if said.row:
        if FILE not in raw.table.columns:
            raise SourceError(
                f"tables: {contract.name}: {column.name}: row needs the rows of a file; {raw.origin} is a "
                "database table, whose rows have no number: name its key column"
            )
        return Reading(raw.table[FILE].concat(":", raw.table[ROW].cast("string")))
    if said.value is not None:
        return Reading(ibis.literal(said.value).cast(ENGINE_TYPES[column.type]))
    own = _own_name(raw, said.column or "")
    if own is None:
        raise _no_such_column(raw, contract.name, column.name, said.column or "")
    order = said.dates or raw.form.dates
    reading = read(raw.table[own], column.type, raw.dialect, raw.form, whole=said.whole, order=order)
    if not said.values:
        return reading
    if column.type not in ("id", "text"):
        words = ibis.cases(
            *((raw.table[own].cast("string") == word, meant) for word, meant in said.values.items()),
            else_=raw.table[own].cast("string"),
        )
        return read(words, column.type, raw.dialect, raw.form, whole=said.whole, order=order)
    value = ibis.cases(
        *((reading.value == word, meant) for word, meant in said.values.items()), else_=reading.value
    )
    return Reading(value)


def _line_amount(raw: Raw, lines: LineMapping, columns: dict[str, Any], name: str) -> None:
    """Add a line's amount and its flags, exact to four places: from the column, else quantity × price."""
    parts = [lines.amount] if lines.amount is not None else [lines.quantity, lines.price]
    readings = []
    for part in parts:
        own = _own_name(raw, part or "")
        if own is None:
            raise _no_such_column(raw, "sales", "lines", part or "")
        readings.append(read(raw.table[own], "money", raw.dialect, raw.form, whole=False, order="iso"))
    amount = readings[0].value
    if len(readings) > 1:
        amount = amount * readings[1].value
    columns[name] = amount.round(4) if raw.dialect.name == "sqlite" else amount.cast(raw.dialect.money)
    for kind in ("unreadable", "infinite"):
        flags = [flag for reading in readings if (flag := getattr(reading, kind)) is not None]
        if flags:
            either = flags[0] if len(flags) == 1 else flags[0] | flags[1]
            columns[f"{kind}__{name}"] = either.fill_null(False)


def _lines(raw: Raw, lines: LineMapping, columns: dict[str, Any]) -> Staged:
    """Sum line items to sales: one row for each ``sale_id``."""
    columns = dict(columns)
    _line_amount(raw, lines, columns, "total_amount")
    given = {"total_amount"}
    for name, source in (("units", lines.quantity), ("total_profit", lines.profit)):
        if source is None:
            continue
        own = _own_name(raw, source)
        if own is None:
            raise _no_such_column(raw, "sales", "lines", source)
        column = CONTRACT["sales"][name]
        reading = _reading(raw, CONTRACT["sales"], column, ColumnMapping(column=own))
        columns[name] = reading.value
        given.add(name)
        for kind in ("unreadable", "infinite"):
            if (flag := getattr(reading, kind)) is not None:
                columns[f"{kind}__{name}"] = flag.fill_null(False)
    table = raw.table.select(**columns)
    sums = sum_lines(table, raw.dialect)
    return Staged(CONTRACT["sales"], sums, frozenset(given), raw.origin, raw.dialect, lines=True)


def sum_lines(table: Any, dialect: Dialect) -> Any:
    """One row for each ``sale_id`` of staged lines.

    The amount and the units are sums (equal lines all count), the time is the earliest line's, the profit is
    known where every line's is. ``customers__`` tells sales of more than one customer, ``lines__`` counts
    lines without an amount, which no sum can hold.
    """
    sums = {"total_amount", "units"}
    aggregates: dict[str, Any] = {}
    for name in table.columns:
        column = table[name]
        if name == "sale_id":
            continue
        if "__" in name:
            aggregates[name] = column.any()
        elif name in sums:
            aggregates[name] = column.sum()
        elif name == "total_profit":
            aggregates[name] = ibis.cases(
                (column.count() == _.count(), column.sum()), else_=ibis.null(column.type())
            )
        else:
            aggregates[name] = column.min()
    total = table.group_by("sale_id").aggregate(
        customers__=table.customer_id.min() != table.customer_id.max(),
        lines__=table.total_amount.isnull().sum().cast("int64"),
        **aggregates,
    )
    return total.mutate(
        total_amount=_money(total.total_amount, dialect), total_profit=_money(total.total_profit, dialect)
    )


def _money(column: Any, dialect: Dialect) -> Any:
    return column.round(4) if dialect.name == "sqlite" else column.cast(dialect.money)
