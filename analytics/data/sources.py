"""An organisation's source: opened read-only, and limited to the organisation's rows in one place.

Nothing else in the package opens data. `OpenSource.table` is the only way from a source to a table, and
what it hands out has passed `only_rows_of`. Files must lie inside the source's folder, whatever a mapping or
a symbolic link says.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import ibis
from ibis.expr.operations import DatabaseTable

from analytics.data import delimited
from analytics.data.casting import Dialect
from analytics.data.delimited import literal, quoted
from analytics.data.dialects import DuckDb, NestedSelects, Postgres, Sqlite, register
from analytics.data.mapping import FILE, ROW, Raw
from analytics.data.postgres_address import address_of, refused
from analytics.data.table_files import existing_file, existing_folder, find_files, listed
from analytics.errors import SourceError, nearest
from analytics.params.source import Source, TableMapping

if TYPE_CHECKING:
    from analytics.params import Organisation

ORG_ID = "org_id"
FEW_ROWS = 122_880
"""Rows up to which a table is computed once, those of a row group of DuckDB: one thread reads it, so that
sums come out the same in every run. Larger tables are scanned in place."""


@ibis.udf.scalar.builtin(name="hex", signature=(("string",), "string"))  # type: ignore[untyped-decorator]
def _hex(text: str) -> str:  # type: ignore[empty-body]
    """DuckDB's and SQLite's own function."""


@ibis.udf.scalar.builtin(name="convert_to", signature=(("string", "string"), "binary"))  # type: ignore[untyped-decorator]
def _bytes(text: str, encoding: str) -> bytes:  # type: ignore[empty-body]
    """PostgreSQL's own function."""


def only_rows_of(organisation: str, table: Any, column: str, dialect: Dialect) -> Any:
    """Limit a shared table to one organisation's rows: the one place where this is done.

    The ids are compared byte by byte: a database whose collation takes ``ACME`` for ``acme`` must not hand
    out the other's rows. The plain comparison beside it lets the engine skip what cannot match.
    """
    text = table[column].cast("string")
    same = text == organisation
    if dialect.name == "postgres":
        same = same & (_bytes(text, "UTF8") == _bytes(ibis.literal(organisation), "UTF8"))
    else:
        same = same & (_hex(text) == organisation.encode().hex().upper())
    return table.filter(same)


class View(NamedTuple):
    """What a session is asked to make a table of.

    Attributes
    ----------
    sql : str
        A select.
    columns : dict of str to str
        The columns that it has, with their types.
    rests_on : dict of str to str
        Tables computed once that the select reads, by name, each with its own select.
    """

    sql: str
    columns: dict[str, str]
    rests_on: dict[str, str]


@dataclass
class OpenSource:
    """An organisation's source while its dataset is in use.

    Attributes
    ----------
    organisation : str
        Whose rows it hands out.
    source : Source
    backend : ibis.BaseBackend
    dialect : Dialect
    folder : Path, optional
        Where the files are, symbolic links resolved.
    database : tuple of str or str, optional
        Where the backend's tables are.
    files : list of Path
        Files that tables were read from, for the fingerprint.
    files_of : dict of str to list of Path
        By table; a database's tables are all in its one file.
    """

    organisation: str
    source: Source
    backend: Any
    dialect: Dialect
    folder: Path | None = None
    database: Any = None
    files: list[Path] = field(default_factory=list)
    files_of: dict[str, list[Path]] = field(default_factory=dict)
    _read: dict[tuple[tuple[Path, ...], bool], str] = field(default_factory=dict)
    _computed: dict[str, str] = field(default_factory=dict)
    _anchor: Any = None
    _names: int = 0

    def table(self, name: str, mapping: TableMapping) -> Raw | None:
        """Hand out a table of the source, limited to the organisation's rows.

        Parameters
        ----------
        name : str
            Name in the contract.
        mapping : TableMapping

        Returns
        -------
        Raw or None
            None where the source has no such table and the params name none.

        Raises
        ------
        SourceError
            If the params name a file or table that is not there, if a file cannot be read as they say, or
            if a shared source's table has no column to tell organisations apart.
        """
        found = (
            self._from_folder(name, mapping)
            if self.folder is not None
            else self._from_database(name, mapping)
        )
        if found is None:
            return None
        table, origin = found
        self._anchor = table if self._anchor is None else self._anchor
        if not self.source.owned:
            table = only_rows_of(
                self.organisation, table, self._organisation_column(table, name, mapping), self.dialect
            )
        text = self.folder is not None and delimited.is_text(self.files[-1])
        return Raw(table, origin, self.dialect, self.source.csv, text)

    def keep(self, table: Any) -> Any:
        """Compute a table once and keep it in the session's scratch space.

        Text is parsed once for each process, because every scan of it would be paid again by each metric;
        so are sums of line items. Everything else is scanned in place. Only DuckDB has such a space: the
        other engines open their source read-only and compute again.
        """
        if self.dialect.name != "duckdb":
            return table
        self._names += 1
        return self._made(f"kept_{self._names}", table, self.backend.compile(table))

    def computed(self, name: str, table: Any) -> Any:
        """Compute a table once under a name, as `keep` does; what is made of it can be made again."""
        if self.dialect.name != "duckdb":
            return table
        sql = self._computed[name] = self.backend.compile(table)
        return self._made(name, table, sql)

    def _made(self, name: str, table: Any, sql: str) -> Any:
        self.backend.raw_sql(f"CREATE TEMP TABLE {quoted(name)} AS {sql}")
        return DatabaseTable(name=name, schema=table.schema(), source=self.backend).to_expr()

    def view_of(self, table: Any) -> View | None:
        """What makes a table again in another session on the same files; None where none can be made.

        PostgreSQL's sessions are read-only, and make none.
        """
        if self.dialect.name not in ("duckdb", "sqlite"):
            return None
        columns = {name: str(type_) for name, type_ in table.schema().items()}
        read = {one.name for one in table.op().find(DatabaseTable)}
        computed = {name: sql for name, sql in self._computed.items() if name in read}
        return View(self.backend.compile(table), columns, computed)

    def named(self, name: str, table: Any, *, rows: int | None = None) -> Any:
        """Give a table a name in the session, so that what is asked of it stays short; see `viewed`.

        Every query of a report would else carry the whole reading of its texts: Ibis would compile it each
        time, which takes longer than most queries, and SQLite's parser, which holds a hundred open brackets
        and no more, would refuse it. A view is parsed on its own; a temporary one leaves the source alone.
        """
        view = self.view_of(table)
        return table if view is None else self.viewed(name, view, rows=rows)

    def viewed(self, name: str, view: View, *, rows: int | None = None) -> Any:
        """Make a view, and give it as a table; of so few rows that they are soon read, compute it once.

        Each query of a view casts, merges and looks up again what it reads, which takes longer than most
        queries take on the rows themselves.
        """
        for computed, sql in view.rests_on.items():
            self.backend.raw_sql(f"CREATE TEMP TABLE IF NOT EXISTS {quoted(computed)} AS {sql}")
        once = self.dialect.name == "duckdb" and rows is not None and rows <= FEW_ROWS
        kind = "TABLE" if once else "VIEW"
        made = self.backend.raw_sql(f"CREATE TEMP {kind} {quoted(name)} AS {view.sql}")
        if self.dialect.name == "sqlite":
            made.close()
        # Said, not looked up: the columns of SQLite's views have no types.
        return DatabaseTable(name=name, schema=ibis.schema(view.columns), source=self.backend).to_expr()

    def empty(self, schema: Any) -> Any:
        """Make a table of a schema without a row, for what the source has not."""
        if self.dialect.name == "duckdb":
            self._names += 1
            return self.backend.create_table(f"empty_{self._names}", schema=schema, temp=True)
        nulls = {name: ibis.null(type_) for name, type_ in schema.items()}
        return self._anchor.select(**nulls).filter(ibis.literal(False))

    def contents(self) -> str:
        """What the source holds, for a message."""
        if self.folder is not None:
            return f"{self.folder} holds {listed([path.name for path in self.folder.iterdir()])}"
        return f"the database holds {listed(self._tables())}"

    def seal(self) -> None:
        """Let go of what was parsed for reading, and bar the engine from every file but the source's."""
        if self.dialect.name != "duckdb":
            return
        for (files, _numbered), name in self._read.items():
            if delimited.is_text(files[0]):
                self.backend.raw_sql(f"DROP TABLE {quoted(name)}")
        allowed = ", ".join(literal(str(file)) for file in self.files)
        self.backend.raw_sql(f"SET allowed_paths = [{allowed}]")
        self.backend.raw_sql("SET enable_external_access = false")

    def close(self) -> None:
        """End the connection."""
        self.backend.disconnect()

    def _organisation_column(self, table: Any, name: str, mapping: TableMapping) -> str:
        said = mapping.columns.get(ORG_ID)
        wanted = said.column if said is not None and said.column is not None else ORG_ID
        if wanted not in table.columns:
            raise SourceError(
                f"{name} has no column {wanted}{nearest(wanted, table.columns)}, so that nothing tells this "
                "organisation's rows from another's; name the column (columns: {org_id: …}), or say "
                "owned: true where the whole source belongs to the organisation"
            )
        return wanted

    def _from_database(self, name: str, mapping: TableMapping) -> tuple[Any, str] | None:
        wanted = mapping.from_ or name
        tables = self._tables()
        if wanted not in tables:
            if mapping.from_ is None:
                return None
            raise SourceError(
                f"tables: {name}: from: the database has no table {wanted!r}{nearest(wanted, tables)}; "
                "check the name, and the schema if it is not the default one"
            )
        table = self.backend.table(wanted, database=self.database)
        return table, f"table {wanted}"

    def _tables(self) -> list[str]:
        """Names of the database's tables and views."""
        if self.dialect.name != "duckdb":
            return list(self.backend.list_tables(database=self.database))
        catalog, schema = self.database
        found = self.backend.raw_sql(
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_catalog = {literal(catalog)} AND table_schema = {literal(schema)}"
        ).fetchall()
        return [name for (name,) in found]

    def _from_folder(self, name: str, mapping: TableMapping) -> tuple[Any, str] | None:
        assert self.folder is not None
        files = find_files(self.folder, name, mapping.from_)
        if not files:
            return None
        self.files = [file for file in self.files if file not in files] + files
        self.files_of[name] = files
        numbered = any(column.row for column in mapping.columns.values())
        text = [delimited.is_text(file) for file in files]
        if any(text) and not all(text):
            raise SourceError(
                f"{name} is there as Parquet and as CSV; keep one, or name it (tables: {name}: from)"
            )
        origin = files[0].name if len(files) == 1 else f"{len(files)} files of {name}"
        read = (tuple(files), numbered)
        if read not in self._read:
            # The same files have the same name in every session, whatever else was read before.
            said = hashlib.sha256(repr(read).encode()).hexdigest()[:16]
            view = self._read[read] = f"raw_{said}"
            create = self._create_from_text if all(text) else self._create_from_parquet
            create(view, files, numbered=numbered)
        return self.backend.table(self._read[read]), origin

    def _create_from_parquet(self, view: str, files: list[Path], *, numbered: bool) -> None:
        paths = ", ".join(literal(str(file)) for file in files)
        numbers = ", file_row_number=true, filename='path__'" if numbered else ""
        chosen = "*"
        if numbered:
            chosen = (
                "* EXCLUDE (path__, file_row_number), parse_filename(path__) AS "
                f"{FILE}, file_row_number + 1 AS {ROW}"
            )
        options = f"union_by_name=true, hive_partitioning=false{numbers}"
        sql = f"SELECT {chosen} FROM read_parquet([{paths}], {options})"
        try:
            self.backend.raw_sql(f"CREATE TEMP VIEW {quoted(view)} AS {sql}")
        except duckdb.Error:
            raise SourceError(
                f"{', '.join(f.name for f in files[:3])}: not Parquet files that can be read"
            ) from None

    def _create_from_text(self, view: str, files: list[Path], *, numbered: bool) -> None:
        form = self.source.csv
        parts = []
        with tempfile.TemporaryDirectory(prefix="workbook-") as copies:
            for file in files:
                names = delimited.read_header(file, form)
                readable = delimited.utf8_copy(file, form, Path(copies))
                parts.append(
                    delimited.select_sql(readable, names, form, numbered=file.name if numbered else None)
                )
            try:
                # Parsed once; see `keep`. A shared file is parsed whole and limited right after.
                self.backend.raw_sql(
                    f"CREATE TEMP TABLE {quoted(view)} AS {' UNION ALL BY NAME '.join(parts)}"
                )
            except duckdb.Error as error:
                broken = next((file for file in files if file.name in str(error)), files[0])
                raise delimited.explain(broken, form, error) from None


def open_source(organisation: Organisation) -> OpenSource:
    """Open an organisation's source, read-only, in the organisation's time zone.

    Parameters
    ----------
    organisation : Organisation

    Returns
    -------
    OpenSource

    Raises
    ------
    SourceError
        If there is nothing at the address, or it cannot be opened. The message names no password.
    """
    source, zone = organisation.source, ZoneInfo(organisation.timezone)
    if source.kind == "sqlite":
        return _open_sqlite(organisation.id, source, zone)
    if source.kind == "postgres":
        return _open_postgres(organisation.id, source, zone)
    folder, file = None, None
    if source.kind == "duckdb":
        file = existing_file(source)
    else:
        folder = existing_folder(source)
    backend = _duckdb(source, zone)
    opened = OpenSource(organisation.id, source, backend, DuckDb(), folder)
    if file is not None:
        try:
            backend.raw_sql(f"ATTACH {literal(str(file))} AS source (READ_ONLY, TYPE duckdb)")
        except duckdb.Error:
            raise SourceError(f"{file} is not a DuckDB file that this version can open") from None
        opened.database = ("source", source.schema_ or "main")
        opened.files.append(file)
    return opened


def _duckdb(source: Source, zone: ZoneInfo) -> Any:
    # A private folder for what does not fit into memory; DuckDB removes it at the end.
    spill = Path(tempfile.gettempdir()) / f"workbook-duckdb-{os.getpid()}"
    backend = ibis.duckdb.connect(memory_limit=source.memory, temp_directory=str(spill))
    backend.compiler = NestedSelects()
    backend.raw_sql(f"SET TimeZone = {literal(str(zone))}")
    if source.threads is not None:
        backend.raw_sql(f"SET threads = {source.threads}")
    return backend


def _open_sqlite(organisation: str, source: Source, zone: ZoneInfo) -> OpenSource:
    file = existing_file(source)
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError:
        connection.close()
        raise SourceError(f"{file} is not an SQLite file") from None
    register(connection, zone)
    backend = ibis.sqlite.from_connection(connection)
    return OpenSource(organisation, source, backend, Sqlite(), files=[file])


def _open_postgres(organisation: str, source: Source, zone: ZoneInfo) -> OpenSource:
    assert source.url is not None
    address, said = address_of(source.url.get_secret_value())
    where = f"database {address['database']!r} on {address['host']}:{address['port']} as {address['user']}"
    try:
        # The last word on `options` is ours: nothing is ever written to a source.
        options = f"{said.pop('options', '')} -c default_transaction_read_only=on".strip()
        backend = ibis.postgres.connect(**address, schema=source.schema_, options=options, **said)
        with backend.con.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false)", (str(zone),))
    except Exception as error:  # noqa: BLE001  drivers raise many kinds, and their texts may hold the address
        raise refused(where, error) from None
    return OpenSource(organisation, source, backend, Postgres(), database=source.schema_)
