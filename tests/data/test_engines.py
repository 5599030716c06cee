"""One organisation, five kinds of source, the same canonical tables."""

# ruff: noqa: E501  rows of a table stay on one line

from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest

from analytics.data.contract import CONTRACT

D = datetime


def frames(org="acme"):
    """Two customers; a guest, a return, an unknown customer, a copy, a row from the future."""
    customers = pd.DataFrame(
        {"customer_id": ["00123", " c2 "], "name": ["Ada", ""], "customer_type": ["RETAIL", None]}
    )
    sales = pd.DataFrame(
        [
            ("s1", "00123", D(2026, 3, 29, 0, 30), 10.25, 2.5, 1.0),
            ("s2", "c2", D(2026, 3, 29, 12, 0), -4.1, None, -1.0),
            ("s3", "nobody", D(2026, 4, 1), 7.0, 1.0, 2.0),
            ("s4", None, D(2026, 4, 1, 23, 59, 59), 0.0, 0.0, 0.0),
            ("s5", "c2", D(2026, 5, 1), 3.3333, 1.0, 3.0),
            ("s5", "c2", D(2026, 5, 1), 3.3333, 1.0, 3.0),
            ("s6", "c2", D(2027, 5, 1), 99.0, 1.0, 3.0),
        ],
        columns=["sale_id", "customer_id", "sold_at", "total_amount", "total_profit", "units"],
    )
    return {"customers": customers.assign(org_id=org), "sales": sales.assign(org_id=org)}


def test_every_engine_gives_the_same_tables(engine, opened, rows):
    dataset = opened(engine(frames()))
    found = [
        (sale, customer, at, Decimal(str(amount)).quantize(Decimal("0.0001")), profit, units)
        for sale, customer, at, amount, profit, units, *_ in rows(dataset.sales)
    ]
    # Parquet, DuckDB and the text file read blanks away as the databases do.
    assert found == [
        ("s1", "00123", D(2026, 3, 29, 0, 30), Decimal("10.2500"), 2.5, 1.0),
        ("s2", "c2", D(2026, 3, 29, 12), Decimal("-4.1000"), None, -1.0),
        ("s3", None, D(2026, 4, 1), Decimal("7.0000"), 1.0, 2.0),
        ("s4", None, D(2026, 4, 1, 23, 59, 59), Decimal("0.0000"), 0.0, 0.0),
        ("s5", "c2", D(2026, 5, 1), Decimal("3.3333"), 1.0, 3.0),
    ]
    assert [row[:2] for row in rows(dataset.customers)] == [("00123", "Ada"), ("c2", None)]


def test_every_engine_counts_the_same(engine, opened, rows):
    dataset = opened(engine(frames()))
    assert dataset.rows == {"customers": 2, "sales": 5}
    assert dataset.left_out == {"customers": 0, "sales": 2}
    assert {(f.rule, f.action, f.rows, f.examples) for f in dataset.findings} == {
        ("sold_at_days", "set aside", 1, ("s6",)),
        ("duplicate", "set aside", 1, ("s5",)),
        ("customer_id_known", "kept", 1, ("s3",)),
    }
    assert (str(dataset.first_day), str(dataset.newest_day)) == ("2026-03-29", "2026-05-01")


def test_every_engine_types_every_table_alike_even_absent_ones(engine, opened, rows):
    dataset = opened(engine(frames()))
    assert dataset.present == {"customers", "sales"}
    for name, contract in CONTRACT.items():
        wanted = dict(contract.schema().items())
        if engine.kind == "sqlite":  # which has no decimals
            wanted = {column: "float64" if kind.is_decimal() else kind for column, kind in wanted.items()}
        found = dict(dataset.tables[name].schema().items())
        assert {c: str(k).split("(")[0] for c, k in found.items()} == {
            c: str(k).split("(")[0] for c, k in wanted.items()
        }
        if name not in dataset.present:
            assert dataset.tables[name].count().to_pandas() == 0


def test_every_engine_reads_text_where_a_number_or_a_time_belongs(engine, opened, rows):
    sales = pd.DataFrame(
        {
            "sale_id": ["a", "b", "c"],
            "customer_id": ["1", "2", "3"],
            "sold_at": ["2026-07-01T10:00:00Z", "2026-07-01 10:00", "20260701"],
            "total_amount": ["-12.5", " 1e1 ", ".5"],
        }
    )
    if engine.kind == "postgres":  # whose text has no exponents here
        sales["total_amount"] = ["-12.5", " 10 ", ".5"]
    dataset = opened(engine({"sales": sales}, owned=True))
    assert [(row[0], row[2], float(row[3])) for row in rows(dataset.sales)] == [
        ("a", D(2026, 7, 1, 11, 0), -12.5),  # summer time in London
        ("b", D(2026, 7, 1, 10, 0), 10.0),
        ("c", D(2026, 7, 1), 0.5),
    ]


def test_every_engine_counts_text_that_is_no_number_or_day_instead_of_failing(engine, opened, rows):
    sales = pd.DataFrame(
        {
            "sale_id": ["a", "b", "c"],
            "sold_at": ["2026-02-30", "2026-02-28", "yesterday"],
            "total_amount": ["1", "x1", "2"],
        }
    )
    dataset = opened(engine({"sales": sales}, owned=True), check=True)
    assert {(f.rule, f.action, f.rows, f.examples) for f in dataset.findings} == {
        ("sold_at_type", "refused", 2, ("a", "c")),
        ("total_amount_type", "refused", 1, ("b",)),
    }


@pytest.mark.parametrize(("order", "day"), [("dmy", D(2011, 4, 3)), ("mdy", D(2011, 3, 4))])
def test_every_engine_reads_a_date_in_the_order_that_is_said(engine, opened, rows, order, day):
    sales = pd.DataFrame({"sale_id": ["a"], "sold_at": ["03/04/2011"], "total_amount": [1.0]})
    source = engine({"sales": sales}, owned=True)
    source = source.model_copy(update={"csv": source.csv.model_copy(update={"dates": order})})
    assert rows(opened(source).sales)[0][2] == day


def test_every_engine_makes_ids_of_numbers_alike(engine, opened, rows):
    sales = pd.DataFrame(
        {
            "sale_id": [17850.0, 2.0],
            "customer_id": [7, 8],
            "sold_at": [D(2026, 1, 1)] * 2,
            "total_amount": [1, 2],
        }
    )
    columns = {"sale_id": {"column": "sale_id", "whole": True}}
    source = engine({"sales": sales}, owned=True, tables={})
    source = type(source).model_validate({**source.model_dump(by_alias=True), "url": source.url,
                                          "tables": {"sales": {"columns": columns}}})  # fmt: skip
    assert [row[:2] for row in rows(opened(source).sales)] == [("17850", "7"), ("2", "8")]


def test_every_engine_sums_lines_alike(engine, opened, rows):
    lines = pd.DataFrame(
        [
            ("i1", "c", D(2026, 1, 2), 2, 1.001),
            ("i1", "c", D(2026, 1, 1), 1, 3.5),
            ("i1", "c", D(2026, 1, 1), 1, 3.5),
            ("i2", None, D(2026, 1, 3), -1, 4.0),
        ],
        columns=["sale_id", "customer_id", "sold_at", "n", "price"],
    )
    source = engine({"sales": lines}, owned=True)
    source = type(source).model_validate({**source.model_dump(by_alias=True), "url": source.url,
                                          "tables": {"sales": {"lines": {"quantity": "n", "price": "price"}}}})  # fmt: skip
    dataset = opened(source)
    assert [(r[0], r[1], r[2], float(r[3]), r[5]) for r in rows(dataset.sales)] == [
        ("i1", "c", D(2026, 1, 1), 9.002, 4.0),
        ("i2", None, D(2026, 1, 3), -4.0, -1.0),
    ]
    assert sorted(float(row[5]) for row in rows(dataset.sale_items)) == [-4.0, 2.002, 3.5, 3.5]


def test_every_engine_can_read_a_query_as_deep_as_a_report_asks(engine, opened):
    sales = pd.DataFrame({"sale_id": ["a"], "sold_at": ["2026-03-04"], "total_amount": ["1.5"]})
    table = opened(engine({"sales": sales}, owned=True)).sales
    for step in range(12):  # SQLite's parser gives up at a hundred brackets, those of the reading included
        table = (
            table.filter(table.total_amount > -step).distinct().mutate(total_amount=table.total_amount + 1)
        )
    assert table.total_amount.sum().to_pandas() == 13.5


def test_every_engine_sets_aside_the_day_that_programs_write_for_none(engine, opened):
    days = ["0001-01-01", "0001-01-01 00:00:00", "9999-12-31", "2026-03-04"]
    sales = pd.DataFrame({"sale_id": list("abcd"), "sold_at": days, "total_amount": 1.0})
    dataset = opened(engine({"sales": sales}, owned=True))
    assert [(f.rule, f.action, f.examples) for f in dataset.findings] == [
        ("sold_at_days", "set aside", ("a", "b", "c"))
    ]
    assert dataset.first_day == D(2026, 3, 4).date()


def test_every_engine_counts_the_year_0_instead_of_failing(engine, opened):
    sales = pd.DataFrame(
        {"sale_id": list("ab"), "sold_at": ["0000-02-29", "0000-00-00"], "total_amount": 1.0}
    )
    dataset = opened(engine({"sales": sales}, owned=True), check=True)
    assert {f.rule for f in dataset.findings} <= {"sold_at_type", "sold_at_days"}
    assert sum(f.rows for f in dataset.findings) == 2
