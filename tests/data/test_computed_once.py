"""What is computed once when data are opened, and what is read again by each query."""

import duckdb
import pandas as pd
import pytest

from analytics.data import sources
from tests.data.conftest import write_parquet, write_sqlite

SALES = pd.DataFrame(
    {
        "sale_id": ["1", "1", "2", "3"],
        "customer_id": ["a", "a", "nobody", None],
        "sold_at": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"]),
        "total_amount": [1.0, 1.0, 2.0, 3.0],
    }
)
FRAMES = {"customers": pd.DataFrame({"customer_id": ["a"]}), "sales": SALES}


def owned(source):
    return source.model_copy(update={"owned": True})


def test_few_rows_are_read_from_their_file_once(opened, rows, tmp_path):
    dataset = opened(owned(write_parquet(tmp_path, FRAMES)))
    (tmp_path / "sales.parquet").unlink()
    assert sorted(row[:2] for row in rows(dataset.sales)) == [("1", "a"), ("2", None), ("3", None)]


def test_many_are_scanned_in_place_and_are_the_same(opened, rows, tmp_path, monkeypatch):
    source = owned(write_parquet(tmp_path, FRAMES))
    once = sorted(rows(opened(source).sales))
    monkeypatch.setattr(sources, "FEW_ROWS", 2)
    dataset = opened(source)
    assert sorted(rows(dataset.sales)) == once
    (tmp_path / "sales.parquet").unlink()
    with pytest.raises(duckdb.Error):
        rows(dataset.sales)


def test_what_is_kept_is_not_read_again_and_two_may_be(opened, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "FEW_ROWS", 2)
    dataset = opened(owned(write_parquet(tmp_path, FRAMES)))
    kept = [
        dataset.keep(dataset.sales.filter(dataset.sales.sale_id == one).select("sale_id")) for one in "23"
    ]
    (tmp_path / "sales.parquet").unlink()
    assert [rows(table) for table in kept] == [[("2",)], [("3",)]]


def test_an_engine_in_which_nothing_is_written_computes_again(opened, rows, tmp_path):
    dataset = opened(owned(write_sqlite(tmp_path, FRAMES)))
    table = dataset.sales.select("sale_id")
    assert dataset.keep(table) is table
    assert rows(table) == [("1",), ("2",), ("3",)]
