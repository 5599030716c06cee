"""Kept batches as a table of the engine that holds an organisation's other tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import ibis
import psycopg
import pyarrow as pa
from ibis.expr.operations import DatabaseTable

from analytics.data.batches import KeptTable, content_digest, kept_batches, read_batch
from analytics.data.delimited import quoted
from analytics.data.mapping import Raw, Staged
from analytics.data.sources import OpenSource
from analytics.data.validation import Finding
from analytics.errors import ContractError, SourceError
from analytics.params.source import CsvFormat


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Kept batches, ready to be read as a source's table is.

    Attributes
    ----------
    raw : Raw
    digests : tuple of str
        Of each batch, for the fingerprint.
    """

    raw: Raw
    digests: tuple[str, ...]


def kept_rows(source: OpenSource, table: KeptTable, reference_date: date | None) -> KeptRows | Finding | None:
    """Read the batches that a report of a day may know, of the source's organisation only.

    Parameters
    ----------
    source : OpenSource
        The organisation is its; nothing else says whose batches are read.
    table : {"predictions", "forecasts"}
    reference_date : datetime.date, optional
        See `analytics.data.batches.kept_batches`; None for all.

    Returns
    -------
    KeptRows, Finding or None
        None where there is no batch; a finding that refuses the table where one of them was damaged or
        changed, for then nobody knows what the others are worth.
    """
    paths = kept_batches(source.organisation, table, reference_date)
    if not paths:
        return None
    try:
        batches = [read_batch(path, source.organisation, table) for path in paths]
        engine_table = _as_table(source, f"kept_{table}__", pa.concat_tables(batches))
    except (ContractError, SourceError) as error:
        return Finding(table, "batch_whole", "refused", 0, (), str(error))
    origin = f"{len(paths)} kept {'batch' if len(paths) == 1 else 'batches'}"
    raw = Raw(engine_table, origin, source.dialect, CsvFormat())
    digests = tuple(f"{path.name} {content_digest(rows)}" for path, rows in zip(paths, batches, strict=True))
    return KeptRows(raw, digests)


def together(own: Staged, kept: Staged) -> Staged:
    """The rows of a source's own table and, below them, those that the workbook keeps.

    Parameters
    ----------
    own, kept : Staged
        Of the same contract table and engine.

    Returns
    -------
    Staged
        With every flag that one of them has; a row without a flag has not that fault.
    """
    columns = [column.name for column in own.contract.columns]
    flags = sorted((set(own.table.columns) | set(kept.table.columns)) - set(columns))
    parts = []
    for staged in (own, kept):
        lacking = {name: ibis.literal(False) for name in flags if name not in staged.table.columns}
        parts.append(staged.table.mutate(**lacking).select(*columns, *flags))
    return replace(
        own,
        table=parts[0].union(parts[1]),
        given=own.given | kept.given,
        origin=f"{own.origin} and {kept.origin}",
    )


def _as_table(source: OpenSource, name: str, rows: pa.Table) -> Any:
    """Put rows into the session's scratch space; the source itself stays as it is."""
    if source.dialect.name == "duckdb":
        return source.backend.create_table(name, rows, temp=True)
    types = {field.name: _ibis_type(field.type, source.dialect.name) for field in rows.schema}
    if source.dialect.name == "sqlite":
        _fill_sqlite(source.backend.con, name, types, rows)
    else:
        _fill_postgres(source.backend.con, name, types, rows)
    return DatabaseTable(name=name, schema=ibis.schema(types), source=source.backend).to_expr()


def _ibis_type(type_: pa.DataType, engine: str) -> str:
    if pa.types.is_floating(type_):
        return "float64"
    if pa.types.is_timestamp(type_):
        return "string" if engine == "sqlite" else "timestamp"
    if pa.types.is_decimal(type_):
        return "float64" if engine == "sqlite" else "decimal(18, 4)"
    return "string"


_SQL = {
    "float64": "double precision",
    "timestamp": "timestamp",
    "decimal(18, 4)": "numeric(18, 4)",
    "string": "text",
}


def _definition(name: str, types: dict[str, str]) -> str:
    columns = ", ".join(f"{quoted(column)} {_SQL[type_]}" for column, type_ in types.items())
    return f"CREATE TEMP TABLE {quoted(name)} ({columns})"


def _fill_sqlite(connection: Any, name: str, types: dict[str, str], rows: pa.Table) -> None:
    connection.execute(_definition(name, types))
    marks = ", ".join("?" * len(types))
    values = (tuple(map(_plain, row)) for row in _tuples(rows))
    connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", values)
    connection.commit()


def _fill_postgres(connection: Any, name: str, types: dict[str, str], rows: pa.Table) -> None:
    """A temporary table needs one transaction that may write; the session's default stays read-only."""
    try:
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("BEGIN READ WRITE" if connection.autocommit else "SET TRANSACTION READ WRITE")
            cursor.execute(_definition(name, types))
            with cursor.copy(f"COPY {quoted(name)} FROM STDIN") as copy:
                for row in _tuples(rows):
                    copy.write_row(row)
            cursor.execute("COMMIT")
    except psycopg.Error:
        connection.rollback()
        raise SourceError(
            "the workbook's own batches are laid beside the database's tables in a temporary table, which "
            "this user may not make; grant TEMPORARY on the database (nothing else is written)"
        ) from None


def _tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in rows.columns), strict=True)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value if value is None or isinstance(value, (str, float)) else float(value)
