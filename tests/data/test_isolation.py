"""An organisation's rows and no others, whatever is asked for."""

# ruff: noqa: E501  rows of a table stay on one line

import sqlite3
from datetime import datetime

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from analytics.data.contract import CONTRACT
from analytics.errors import SourceError
from analytics.params import Organisation
from analytics.params.source import Source

CANARY = "canary"
AT = datetime(2026, 1, 1)
HEAD = "org_id,sale_id,customer_id,sold_at,total_amount\n"


def frames() -> dict[str, pd.DataFrame]:
    """Two organisations in one source; whatever is the other's holds the word canary."""
    others = ["rival", "ACME", "Acme", "acme ", " acme", "acmé", "acme2", "acm", "", None, "../acme", "ａcme"]
    orgs = ["acme", *others]
    mine = [org == "acme" for org in orgs]
    ids = ["mine" if own else f"{CANARY}-{i}" for i, own in enumerate(mine)]
    sales = pd.DataFrame(
        {"org_id": orgs, "sale_id": ids, "customer_id": ids, "sold_at": AT, "total_amount": [1.0 if own else 7e9 for own in mine]}
    )  # fmt: skip
    customers = pd.DataFrame({"org_id": orgs, "customer_id": ids, "name": ids})
    items = pd.DataFrame({"org_id": orgs, "sale_id": ids, "quantity": 1.0, "amount": 1.0, "product": ids})
    return {"customers": customers, "sales": sales, "sale_items": items}


def test_no_other_organisation_shows_on_any_engine(engine, opened):
    dataset = opened(engine(frames()))
    for name in CONTRACT:
        frame = dataset.tables[name].to_pandas()
        assert CANARY not in frame.to_csv()
        assert len(frame) == (name in frames())
    assert dataset.rows == {"customers": 1, "sales": 1, "sale_items": 1}
    assert dataset.findings == ()


def test_an_organisation_without_rows_has_no_tables(engine, opened):
    dataset = opened(engine(frames()), org="nobody")
    assert dataset.present == frozenset()
    assert dataset.sales.count().to_pandas() == 0
    assert (dataset.first_day, dataset.newest_day) == (None, None)


def test_findings_and_refusals_speak_of_own_rows_only(engine, opened):
    data = frames()
    bad = data["sales"].assign(sold_at=datetime(2099, 1, 1))
    dataset = opened(engine({"sales": pd.concat([bad, bad])}), check=True)
    assert CANARY not in str(dataset.findings)
    assert {finding.rows for finding in dataset.findings} == {2}


@pytest.mark.parametrize("collation", ["NOCASE"])
def test_a_database_that_takes_capitals_for_small_letters_hands_out_no_more(opened, tmp_path, collation):
    columns = f"org_id TEXT COLLATE {collation}, sale_id TEXT, sold_at TEXT, total_amount REAL"
    values = [("acme", "mine", "2026-01-01", 1.0), ("ACME", CANARY, "2026-01-01", 1.0)]
    lite = sqlite3.connect(tmp_path / "d.sqlite")
    lite.execute(f"CREATE TABLE sales ({columns})")
    lite.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", values)
    lite.commit()
    lite.close()
    with duckdb.connect(str(tmp_path / "d.duckdb")) as duck:
        duck.execute(f"CREATE TABLE sales ({columns})")
        duck.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", values)
    for kind in ("sqlite", "duckdb"):
        dataset = opened(Source(kind=kind, path=tmp_path / f"d.{kind}"))
        assert dataset.sales.sale_id.to_pandas().tolist() == ["mine"]


def test_a_postgres_collation_that_ignores_case_hands_out_no_more(opened, postgres_url):
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "loose" CASCADE; CREATE SCHEMA "loose"')
        connection.execute(
            "CREATE COLLATION loose.anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
        connection.execute(
            "CREATE TABLE loose.sales (org_id text COLLATE loose.anycase, sale_id text, sold_at timestamp, "
            "total_amount numeric)"
        )
        connection.execute(
            f"INSERT INTO loose.sales VALUES ('acme', 'mine', '2026-01-01', 1), ('ACME', '{CANARY}', '2026-01-01', 1)"
        )
    dataset = opened(Source(kind="postgres", url=postgres_url, schema="loose"))
    assert dataset.sales.sale_id.to_pandas().tolist() == ["mine"]


def test_lines_and_mapped_org_columns_are_limited_too(from_csv):
    lines = "tenant,sale_id,sold_at,quantity,price\nacme,1,2026-01-01,2,3\nrival,1,2025-01-01,100,100\n"
    dataset = from_csv(
        sales=lines,
        owned=False,
        tables={
            "sales": {"columns": {"org_id": "tenant"}, "lines": {"quantity": "quantity", "price": "price"}}
        },
    )
    assert float(dataset.sales.total_amount.sum().to_pandas()) == 6
    assert dataset.sale_items.count().to_pandas() == 1


def test_a_shared_source_whose_table_has_no_org_id_is_refused(from_csv):
    with pytest.raises(
        SourceError, match=r"sales has no column org_id \(did you mean \"orgid\"\?\).*owned: true"
    ):
        from_csv(sales="orgid,sale_id,sold_at,total_amount\nacme,1,2026-01-01,1\n", owned=False)


def test_an_owned_source_needs_no_org_id(from_csv):
    assert from_csv(sales="sale_id,sold_at,total_amount\n1,2026-01-01,1\n").rows == {"sales": 1}


@pytest.mark.parametrize(
    "org", ["../x", "a/b", "Acme", "acmé", "", "a b", "-a", "a" * 64, "a'; DROP TABLE sales; --"]
)
def test_an_id_that_could_be_a_path_or_another_spelling_is_no_id(org, tmp_path):
    with pytest.raises(ValidationError):
        Organisation(id=org, source=Source(path=tmp_path))


class TestFolders:
    @pytest.mark.parametrize("name", ["../other/sales.csv", "/etc/passwd", "x/../../other/sales.csv"])
    def test_a_path_out_of_the_folder_is_refused(self, from_csv, tmp_path, name):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "sales.csv").write_text(HEAD)
        with pytest.raises(SourceError, match="leads out of the source's folder"):
            from_csv(customers="customer_id\n1\n", tables={"sales": {"from": name}})

    def test_a_link_out_of_the_folder_is_refused(self, from_csv, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "sales.csv").write_text(f"{HEAD}acme,{CANARY},c,2026-01-01,1\n")
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "sales.csv").symlink_to(tmp_path / "other" / "sales.csv")
        with pytest.raises(SourceError, match="is a link that leads out of the source's folder"):
            from_csv(customers="customer_id\n1\n")

    def test_a_linked_folder_of_files_is_refused(self, from_csv, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "one.csv").write_text(f"{HEAD}acme,{CANARY},c,2026-01-01,1\n")
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "sales").symlink_to(tmp_path / "other", target_is_directory=True)
        with pytest.raises(SourceError, match="leads out of the source's folder"):
            from_csv(customers="customer_id\n1\n")

    def test_a_package_path_out_of_the_package_is_refused(self, opened):
        with pytest.raises(SourceError, match="leads out of the package"):
            opened(Source(kind="package", package="lifetimes", path="../pandas"))

    def test_the_engine_cannot_read_other_files_once_a_dataset_is_open(self, from_csv, tmp_path):
        (tmp_path / "other.csv").write_text("a\n1\n")
        dataset = from_csv(sales="sale_id,sold_at,total_amount\n1,2026-01-01,1\n")
        engine = dataset.sales.get_backend()
        with pytest.raises(duckdb.PermissionException):
            engine.raw_sql(f"SELECT * FROM read_csv('{tmp_path / 'other.csv'}')")


class TestReadOnly:
    def test_nothing_can_be_written(self, database, opened):
        backend = opened(database(frames())).sales.get_backend()
        statements = {
            "duckdb": "INSERT INTO source.main.sales SELECT * FROM source.main.sales",
            "sqlite": "DELETE FROM sales",
            "postgres": 'DELETE FROM "test"."sales"',
        }
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            backend.raw_sql(statements[database.kind])
