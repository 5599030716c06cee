"""The same data and mapping have the same fingerprint, other data another."""

# ruff: noqa: E501  rows of a table stay on one line

import os
import shutil
from datetime import UTC, datetime

import pandas as pd
import pytest

from analytics.data.fingerprint import LARGE, content

HEAD = "sale_id,customer_id,sold_at,total_amount\n"


def frame(amount=1.0, customer="a"):
    return pd.DataFrame(
        {"sale_id": ["1", "2"], "customer_id": [customer, "b"], "sold_at": datetime(2026, 1, 1), "total_amount": [amount, 2.0]}
    )  # fmt: skip


def test_the_same_data_at_another_place_and_time(opened, tmp_path):
    from analytics.params.source import Source

    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "sales.csv").write_text(HEAD + "1,a,2026-01-01,1\n")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    os.utime(tmp_path / "two" / "sales.csv", (1, 1))
    one = opened(Source(path=tmp_path / "one", owned=True))
    two = opened(
        Source(path=tmp_path / "two", owned=True, memory="1GB", threads=1),
        started=datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 16


def test_opening_twice_gives_the_same_on_every_engine(engine, opened):
    source = engine({"sales": frame()}, owned=True)
    assert opened(source).fingerprint == opened(source).fingerprint


@pytest.mark.parametrize("change", [{"amount": 1.01}, {"customer": "b"}], ids=["amount", "customer"])
def test_one_changed_value_changes_it_on_every_engine(engine, opened, change, tmp_path):
    before = opened(engine({"sales": frame()}, owned=True))
    first = before.fingerprint
    before.close()
    for name in ("duckdb", "sqlite"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    assert opened(engine({"sales": frame(**change)}, owned=True)).fingerprint != first


def test_another_mapping_of_the_same_file_changes_it(from_csv):
    text = "sale_id,customer_id,sold_at,total_amount,net\n1,a,2026-01-01,1,2\n"
    plain = from_csv(sales=text)
    mapped = from_csv(sales=text, tables={"sales": {"columns": {"total_amount": "net"}}})
    assert plain.fingerprint != mapped.fingerprint


def test_other_organisations_of_a_source_have_others(from_csv):
    text = "org_id," + HEAD + "acme,1,a,2026-01-01,1\nrival,1,a,2026-01-01,1\n"
    assert (
        from_csv(sales=text, owned=False).fingerprint
        != from_csv(sales=text, owned=False, org="rival").fingerprint
    )


def test_a_large_file_is_told_by_its_size_its_time_and_its_ends(tmp_path):
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(LARGE + 1)  # sparse: takes no room
    os.utime(file, (1, 1))
    same = content(file)
    assert content(file) == same
    with file.open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"x")
    os.utime(file, (1, 1))
    assert content(file) != same
