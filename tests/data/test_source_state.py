"""The state of the data: where it is the same, so are the data; told without an engine."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from datetime import date

import duckdb
import psycopg
import pytest

from analytics.data.batches import kept_batches
from analytics.data.contract import CONTRACT, NEWEST_OF
from analytics.data.source_state import DATING, REFERENCES, kept_state, provided_state, source_state
from analytics.errors import SourceError
from analytics.params import Organisation
from analytics.params.file_digests import TICK, FileDigests
from analytics.params.kept import kept_of
from analytics.params.source import Source

OLD = 1_700_000_000


def organisation(**source):
    return Organisation(id="acme", source=Source(**{"owned": True} | source))


def write(path, text, at=OLD):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))
    return path


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "data" / "sales.csv", "sale_id\n1\n")
    write(tmp_path / "data" / "campaigns.csv", "campaign_id\n1\n")
    return tmp_path / "data"


def state(folder, tables=("sales",), digests=None):
    return source_state(organisation(path=folder), tables, digests or FileDigests())


# The contract -------------------------------------------------------------------------------------------


def test_it_knows_the_contract_without_importing_it():
    rules = {
        name: {rule.table for rule in contract.rules if rule.table} for name, contract in CONTRACT.items()
    }
    assert {name: set(tables) for name, tables in REFERENCES.items()} == {n: t for n, t in rules.items() if t}
    assert DATING == NEWEST_OF


def test_it_needs_no_engine_and_no_frame():
    heavy = ("ibis", "pandas", "duckdb", "numpy", "pyarrow", "psycopg")
    code = f"import sys, analytics.data.source_state; sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Files --------------------------------------------------------------------------------------------------


def test_one_changed_byte_changes_it(folder):
    before = state(folder)
    write(folder / "sales.csv", "sale_id\n2\n", OLD + 1)
    assert state(folder) != before


def test_touched_moved_or_copied_it_is_the_same(folder, tmp_path):
    before = state(folder)
    os.utime(folder / "sales.csv")
    assert state(folder) == before
    folder.rename(tmp_path / "elsewhere")
    assert state(tmp_path / "elsewhere") == before


def test_a_table_that_is_not_read_does_not_matter(folder):
    before = state(folder)
    write(folder / "campaigns.csv", "campaign_id\n2\n")
    assert state(folder) == before
    assert state(folder, ["campaigns"]) != before


@pytest.mark.parametrize("table", ["customers", "accounts"], ids=["referred to", "may date the data"])
def test_a_table_that_matters_unnamed_changes_it_when_it_appears(folder, table):
    before = state(folder)
    write(folder / f"{table}.csv", "customer_id\n1\n")
    assert state(folder) != before


def test_a_source_that_is_gone_has_no_state(tmp_path):
    with pytest.raises(SourceError, match="there is no folder"):
        state(tmp_path / "gone")


def test_files_are_read_once_while_they_stay_what_they_are(folder, tmp_path):
    reads = []
    digests = FileDigests(tmp_path / "memory.json", now=lambda: time.time() + 10)
    for _ in range(2):
        digests.of(folder / "sales.csv", "", lambda path: reads.append(path) or "digest")
    digests.save()
    again = FileDigests(tmp_path / "memory.json")
    assert again.of(folder / "sales.csv", "", lambda path: reads.append(path) or "digest") == "digest"
    assert len(reads) == 1


def test_a_file_changed_within_a_tick_of_being_read_is_not_trusted(folder):
    """Its second change might have the same size and time: git calls such an entry racily clean."""
    path = folder / "sales.csv"
    changed = path.stat().st_ctime
    soon, later = FileDigests(now=lambda: changed + TICK / 2), FileDigests(now=lambda: changed + TICK * 2)
    for digests, reads in ((soon, 2), (later, 1)):
        said = []
        for _ in range(2):
            digests.of(path, "", lambda path, said=said: said.append(path) or "digest")
        assert len(said) == reads


def test_the_same_size_and_time_with_another_content_is_noticed(folder):
    """As a copy leaves it that keeps times: the system's own time of change cannot be set back."""
    digests = FileDigests(now=lambda: time.time() + 10)
    before = state(folder, digests=digests)
    time.sleep(0.02)
    write(folder / "sales.csv", "sale_id\n9\n")
    assert state(folder, digests=digests) != before


@pytest.mark.parametrize("text", ["", "nothing", '{"format": 0}', '{"format": 1, "files": 3}'])
def test_a_memory_that_cannot_be_read_is_begun_anew(folder, tmp_path, text):
    (tmp_path / "memory.json").write_text(text)
    assert state(folder, digests=FileDigests(tmp_path / "memory.json")) == state(folder)


# Databases ----------------------------------------------------------------------------------------------


def test_a_row_in_the_write_ahead_log_of_sqlite_changes_it(tmp_path):
    path = tmp_path / "data.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE sales (sale_id)")
    one = organisation(kind="sqlite", path=path)
    before = source_state(one, ["sales"], FileDigests())
    file = path.read_bytes()
    connection.execute("INSERT INTO sales VALUES (1)")
    assert path.read_bytes() == file  # the row is in the log alone
    assert source_state(one, ["sales"], FileDigests()) != before
    connection.close()


def test_a_row_in_duckdb_changes_it(tmp_path):
    path = tmp_path / "data.duckdb"
    one = organisation(kind="duckdb", path=path)
    said = set()
    for statement in ("CREATE TABLE sales (sale_id INT)", "INSERT INTO sales VALUES (1)"):
        with duckdb.connect(path) as connection:
            connection.execute(statement)
        said |= {source_state(one, ["sales"], FileDigests()) for _ in range(2)}
    assert len(said) == 2


@pytest.fixture
def server(postgres_url):
    """A schema with two tables, shared by two organisations."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS state CASCADE")
        connection.execute("CREATE SCHEMA state")
        connection.execute("CREATE TABLE state.sales AS SELECT 1 AS sale_id, 'acme' AS org_id, 2.5 AS total")
        connection.execute("CREATE TABLE state.campaigns AS SELECT 1 AS campaign_id, 'acme' AS org_id")
        yield connection, organisation(kind="postgres", url=postgres_url, schema="state", owned=False)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO state.sales VALUES (2, 'acme', 1)",
        "UPDATE state.sales SET total = 2.6",
        "DELETE FROM state.sales",
        "ALTER TABLE state.sales ADD COLUMN more int",
    ],
)
def test_every_change_of_a_table_on_a_server_changes_it(server, statement):
    connection, one = server
    digests = FileDigests()
    before = source_state(one, ["sales"], digests)
    assert source_state(one, ["sales"], digests) == before
    connection.execute(statement)
    assert source_state(one, ["sales"], digests) != before


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO state.sales VALUES (2, 'bolt', 1)", "UPDATE state.campaigns SET campaign_id = 2"],
    ids=["another organisation's row", "another table"],
)
def test_what_a_report_cannot_see_on_a_server_does_not_matter(server, statement):
    connection, one = server
    digests = FileDigests()
    before = source_state(one, ["sales"], digests)
    connection.execute(statement)
    assert source_state(one, ["sales"], digests) == before


def test_a_server_on_which_nothing_was_written_is_not_scanned(server, monkeypatch):
    _, one = server
    digests = FileDigests()
    before = source_state(one, ["sales"], digests)
    monkeypatch.setattr("analytics.data.source_state._SUM", "SELECT 1/0, 0 FROM {} t")
    assert source_state(one, ["sales"], digests) == before


def test_nothing_that_is_remembered_holds_the_password(server, tmp_path, postgres_url):
    _, one = server
    digests = FileDigests(tmp_path / "memory.json")
    source_state(one, ["sales"], digests)
    digests.save()
    secret = postgres_url.split("//")[1].split("@")[0].split(":")[1]
    text = (tmp_path / "memory.json").read_text()
    assert "sales" in text
    assert secret not in text
    assert secret.replace("%20", " ") not in text


# What the workbook keeps --------------------------------------------------------------------------------


@pytest.fixture
def kept(models):
    home = kept_of("acme")
    for table in ("predictions", "forecasts"):
        for name in ("2026-07-01_a.parquet", "2026-10-01_b.parquet", "2026-10-02_c.parquet", "notes.txt"):
            write(home / table / name, name)
    for day in ("2026-07-01", "2026-10-02"):
        write(home / "churn" / f"m-{day}" / "card.json", json.dumps({"reference_date": day}))
    return home


@pytest.mark.parametrize("table", ["predictions", "forecasts"])
@pytest.mark.parametrize("day", [None, date(2026, 6, 1), date(2026, 10, 1), date(2026, 10, 2)])
def test_batches_count_that_a_report_of_the_day_may_know(kept, table, day):
    found = kept_state("acme", [table, "sales"], FileDigests(), models=False, reference_date=day)
    assert sorted(found) == [f"{table}/{path.name}" for path in kept_batches("acme", table, day)]


def test_models_count_where_they_are_looked_at_as_does_which_is_in_use(kept):
    def found(**choice):
        return kept_state("acme", [], FileDigests(), **{"reference_date": date(2026, 10, 1)} | choice)

    assert found(models=False) == {}
    assert list(found(models=True)) == ["churn/m-2026-07-01/card.json"]
    write(kept / "churn" / "in_use.json", "{}")
    assert "churn/in_use.json" in found(models=True)
    assert len(found(models=True, reference_date=None)) == 3


def test_a_provider_answers_for_the_batches_of_its_day(kept):
    found = provided_state("acme", ["predictions", "forecasts"], FileDigests(), date(2026, 10, 1))
    assert sorted(found) == ["forecasts/2026-10-01_b.parquet", "predictions/2026-10-01_b.parquet"]
