"""Organisations on every kind of source, and a PostgreSQL server of the tests' own."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import duckdb
import pandas as pd
import psycopg
import pytest

from analytics.data.dataset import Dataset, check_dataset, open_dataset
from analytics.params import Organisation
from analytics.params.source import Source

STARTED = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse"


@dataclass
class Opener:
    """Opens datasets for a test and closes them after it."""

    opened: list[Dataset]

    def __call__(self, source: Source, *, org="acme", timezone="Europe/London", check=False, started=STARTED):
        organisation = Organisation(id=org, timezone=timezone, source=source)
        dataset = (check_dataset if check else open_dataset)(organisation, started=started)
        self.opened.append(dataset)
        return dataset


@pytest.fixture
def opened() -> Iterator[Opener]:
    opener = Opener([])
    yield opener
    for dataset in opener.opened:
        dataset.close()


@pytest.fixture
def from_csv(tmp_path: Path, opened: Opener):
    """A dataset from the text of CSV files: ``from_csv(sales="sale_id,…", csv={…})``."""

    def build(
        *, csv=None, tables=None, owned=True, check=False, org="acme", timezone="Europe/London", **files
    ):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            (folder / f"{name}.csv").write_bytes(data)
        source = Source(path=folder, owned=owned, csv=csv or {}, tables=tables or {})
        return opened(source, check=check, org=org, timezone=timezone)

    return build


@pytest.fixture
def rows():
    """The rows of a canonical table in the order of its first column, missing values as None."""

    def read(table) -> list[tuple]:
        frame = table.to_pandas().sort_values(table.columns[0], kind="stable")
        return [
            tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)
        ]

    return read


def write_parquet(folder: Path, frames: dict[str, pd.DataFrame]) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return Source(path=folder)


def write_csv(folder: Path, frames: dict[str, pd.DataFrame]) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return Source(path=folder)


def write_duckdb(folder: Path, frames: dict[str, pd.DataFrame]) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "data.duckdb")) as connection:
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    return Source(kind="duckdb", path=folder / "data.duckdb")


def write_sqlite(folder: Path, frames: dict[str, pd.DataFrame]) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "data.sqlite")
    for name, frame in frames.items():
        frame.to_sql(name, connection, index=False)
    connection.close()
    return Source(kind="sqlite", path=folder / "data.sqlite")


POSTGRES_TYPES = {"float64": "double precision", "int64": "bigint", "bool": "boolean"}


def write_postgres(url: str, schema: str, frames: dict[str, pd.DataFrame]) -> Source:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        connection.execute(f'CREATE SCHEMA "{schema}"')
        for name, frame in frames.items():
            types = {
                column: "timestamp"
                if str(kind).startswith("datetime")
                else POSTGRES_TYPES.get(str(kind), "text")
                for column, kind in frame.dtypes.items()
            }
            columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
            connection.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            with connection.cursor() as cursor, cursor.copy(f'COPY "{schema}"."{name}" FROM STDIN') as copy:
                for row in frame.astype(object).itertuples(index=False):
                    copy.write_row([None if pd.isna(value) else value for value in row])
    return Source(kind="postgres", url=url, schema=schema)


ENGINES = ("parquet", "csv", "duckdb", "sqlite", "postgres")


@pytest.fixture(params=ENGINES)
def engine(request, tmp_path):
    """Writes frames as a source of each kind: ``engine({"sales": frame}, owned=True)``."""
    return writer(request, tmp_path)


@pytest.fixture(params=("duckdb", "sqlite", "postgres"))
def database(request, tmp_path):
    """The same for databases only."""
    return writer(request, tmp_path)


def writer(request, tmp_path):
    kind = request.param

    def write(frames: dict[str, pd.DataFrame], **options) -> Source:
        if kind == "postgres":
            source = write_postgres(request.getfixturevalue("postgres_url"), "test", frames)
        else:
            source = {
                "parquet": write_parquet,
                "csv": write_csv,
                "duckdb": write_duckdb,
                "sqlite": write_sqlite,
            }[kind](tmp_path / kind, frames)
        return source.model_copy(update=options)

    write.kind = kind
    return write


def _without_server(reason: str) -> NoReturn:
    """Skip on someone's laptop; fail where continuous integration has promised a server."""
    if os.environ.get("WORKBOOK_REQUIRE_POSTGRES"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Debian's PostgreSQL on a free port of this machine, in a folder of its own."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        _without_server("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    bin_folder = binaries[-1].parent
    # Not among pytest's folders, which another session of pytest may clear away under the server.
    folder = Path(tempfile.mkdtemp(prefix="workbook-postgres-"))
    become: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            _without_server("PostgreSQL refuses to run as root, and there is no user postgres")
        become = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*become, str(bin_folder / program), *arguments],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    data = folder / "data"
    run("initdb", "-D", str(data), "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
        "--locale=C.UTF-8", "-N")  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://owner:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)
