"""The state of an organisation's data, told cheaply: where it is what it was, so are the data.

No engine is opened for it. Files are known by size, times and number on the disk, and read only where those
changed (`FileDigests`); what the workbook keeps itself are files as well. A PostgreSQL server says by its
snapshot whether any transaction has ended since; only where one has, it sums up the tables that are read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics.data.fingerprint import content
from analytics.data.postgres_address import address_of, refused
from analytics.data.table_files import existing_file, existing_folder, find_files
from analytics.params.file_digests import FileDigests
from analytics.params.kept import kept_of
from analytics.params.source import TableMapping

if TYPE_CHECKING:
    from analytics.params import Organisation

REFERENCES: Mapping[str, tuple[str, ...]] = {
    "sales": ("customers",),
    "sale_items": ("sales",),
    "deal_history": ("deals",),
    "campaign_contacts": ("campaigns",),
}
"""Tables in which a table's references are looked up, as the contract has it; its module needs an engine."""

DATING = ("sales", "accounts", "deals", "leads")
"""Tables whose newest event may say what ``latest`` means, whichever tables a report reads."""

KEPT_TABLES = ("predictions", "forecasts")
_BATCH = re.compile(r"(\d{4}-\d{2}-\d{2})_[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.parquet")
_LOGS = ("-wal", ".wal", "-journal")


def source_state(organisation: Organisation, tables: Collection[str], digests: FileDigests) -> str:
    """Sum up the state of the tables that a report reads.

    Parameters
    ----------
    organisation : Organisation
    tables : collection of str
        Names in the contract; the tables that they refer to, and those that may say which day is the
        newest, are added.
    digests : FileDigests
        Remembers what files held.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits. No address, no password and no row goes into it.

    Raises
    ------
    SourceError, OSError
        If the source cannot be reached, or is not as its params say.
    """
    source, wanted = organisation.source, with_references({*tables, *DATING})
    if source.kind == "postgres":
        said: Any = _postgres_state(organisation, wanted, digests)
    elif source.kind in ("duckdb", "sqlite"):
        file = existing_file(source)
        logs = [path for end in _LOGS if (path := file.with_name(file.name + end)).is_file()]
        said = [[path.name, _content(path, digests)] for path in (file, *logs) if path.stat().st_size]
    else:
        folder = existing_folder(source)
        said = [
            [name, path.relative_to(folder).as_posix(), _content(path, digests)]
            for name in sorted(wanted)
            for path in find_files(folder, name, source.tables.get(name, TableMapping()).from_)
        ]
    return hashlib.sha256(json.dumps([source.kind, said]).encode()).hexdigest()


def with_references(tables: Collection[str]) -> frozenset[str]:
    """Add the tables that some tables refer to, and those that they refer to.

    Examples
    --------
    >>> sorted(with_references({"sale_items"}))
    ['customers', 'sale_items', 'sales']
    """
    found = frozenset(tables)
    added = found.union(*(REFERENCES.get(name, ()) for name in found))
    return found if added == found else with_references(added)


def kept_state(
    organisation: str,
    tables: Collection[str],
    digests: FileDigests,
    *,
    models: bool,
    reference_date: date | None = None,
) -> dict[str, str]:
    """Sum up what a report may know of what the workbook keeps.

    Parameters
    ----------
    organisation : str
        Its id.
    tables : collection of str
        Those of ``predictions`` and ``forecasts`` that the report reads; others are passed over.
    digests : FileDigests
    models : bool
        Whether it looks at trained models.
    reference_date : datetime.date, optional
        The report's. Predictions of that day or before count, forecasts made before it, and models trained
        on what lies before it; by default all.

    Returns
    -------
    dict of str to str
        Name of a file in the organisation's folder → its digest.
    """
    home, found = kept_of(organisation), {}
    for table in sorted({*tables} & {*KEPT_TABLES}):
        for path, day in _batches(home / table):
            edge = reference_date.isoformat() if reference_date else "9999"
            if day < edge or (day == edge and table == "predictions"):
                found[f"{table}/{path.name}"] = digests.of(path)
    for card in sorted(home.glob("*/*/card.json")) if models else ():
        trained = digests.of(card, "reference_date", _reference_date)
        if reference_date is None or not trained or trained <= reference_date.isoformat():
            found |= {p.relative_to(home).as_posix(): digests.of(p) for p in _of_model(card)}
            pin = card.parents[1] / "in_use.json"
            if pin.is_file():
                found[pin.relative_to(home).as_posix()] = digests.of(pin)
    return found


def provided_state(
    organisation: str, tables: Collection[str], digests: FileDigests, reference_date: date
) -> dict[str, str]:
    """Sum up the batches of one day, which a report has made: while they stand, it need not make them again.

    Parameters
    ----------
    organisation : str
    tables : collection of str
        What the report provides.
    digests : FileDigests
    reference_date : datetime.date
        The report's.

    Returns
    -------
    dict of str to str
        As of `kept_state`.
    """
    home, day = kept_of(organisation), reference_date.isoformat()
    return {
        f"{table}/{path.name}": digests.of(path)
        for table in sorted({*tables} & {*KEPT_TABLES})
        for path, made in _batches(home / table)
        if made == day
    }


def _batches(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (said := _BATCH.fullmatch(path.name)) and path.is_file():
            yield path, said[1]


def _of_model(card: Path) -> list[Path]:
    return sorted(path for path in card.parent.iterdir() if path.is_file())


def _reference_date(card: Path) -> str:
    try:
        return str(json.loads(card.read_text(encoding="utf-8"))["reference_date"])
    except (ValueError, KeyError, TypeError):
        return ""


def _content(path: Path, digests: FileDigests) -> str:
    return digests.of(path, "content", lambda file: content(file).hex())


# PostgreSQL ---------------------------------------------------------------------------------------------

_SNAPSHOT = """SELECT pg_current_snapshot()::text, pg_postmaster_start_time()::text,
EXISTS (SELECT FROM pg_foreign_table)"""
_RELATION = """SELECT c.relkind, c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND n.nspname = coalesce(%s, current_schema()) AND c.relkind IN ('r','p','m','v','f')"""
_SETTINGS = """SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
set_config('extra_float_digits', '1', false), set_config('IntervalStyle', 'postgres', false)"""

_SUM = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {} t"


def _postgres_state(organisation: Organisation, tables: Collection[str], digests: FileDigests) -> Any:
    """The tables' checksums, taken anew where a transaction has ended since they were.

    Every transaction that writes moves the server's snapshot, whichever table it writes to, and nothing else
    does: while the snapshot stands, no row of the server can have changed. Its counters of rows inserted,
    updated and deleted would tell more, but come late and are lost in a crash. A view may show what lies
    elsewhere, or ask the clock, so that its rows are summed up each time, and so is everything where there
    are foreign tables.
    """
    import psycopg

    source = organisation.source
    assert source.url is not None
    address, said = address_of(source.url.get_secret_value())
    where = f"database {address['database']!r} on {address['host']}:{address['port']} as {address['user']}"
    named: dict[str, Any] = {
        "dbname" if name == "database" else name: value for name, value in address.items()
    }
    options = f"{said.pop('options', '')} -c default_transaction_read_only=on".strip()
    at = f"{where} {source.schema_} {organisation.id}"
    try:
        with psycopg.connect(**named | said, options=options) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one view of all tables
            connection.execute(_SETTINGS)
            snapshot, up_since, foreign = connection.execute(_SNAPSHOT).fetchone() or ("", "", True)
            version = "" if foreign else f"{snapshot} {up_since}"
            return [
                [name, _checksum(connection, organisation, name, at, version, digests)]
                for name in sorted(tables)
            ]
    except psycopg.Error as error:
        raise refused(where, error) from None


def _checksum(
    connection: Any, organisation: Organisation, name: str, at: str, version: str, digests: FileDigests
) -> str:
    """Sum up the rows of one table that are the organisation's; empty where there is none."""
    source = organisation.source
    mapping = source.tables.get(name, TableMapping())
    relation = mapping.from_ or name
    found = connection.execute(_RELATION, (relation, source.schema_)).fetchone()
    if not found:
        return ""
    kind, number = found
    at, version = f"{at} {relation}", f"{version} {number}" if version and kind in "rpm" else ""
    if version and (known := digests.recall(at, version)):
        return known
    from psycopg import sql

    table = sql.Identifier(*filter(None, (source.schema_, relation)))
    query = sql.SQL(_SUM).format(table)
    values: tuple[str, ...] = ()
    if not source.owned:
        said = mapping.columns.get("org_id")
        column = said.column if said is not None and said.column is not None else "org_id"
        query += sql.SQL(" WHERE {}::text = %s").format(sql.Identifier("t", column))
        values = (organisation.id,)
    count, total = connection.execute(query, values).fetchone()
    summed = f"{count} {total}"
    if version:
        digests.remember(at, version, summed)
    return summed
