"""How text becomes ids, amounts, days: every way of writing that the params may say, and no other."""

# ruff: noqa: E501  rows of a table stay on one line

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data.dataset import check_dataset
from analytics.params import Organisation
from analytics.params.source import Source

D = datetime
HEAD = "sale_id,customer_id,sold_at,total_amount\n"


class TestIds:
    def test_leading_zeros_stay_and_blanks_go(self, from_csv, rows):
        dataset = from_csv(
            sales=HEAD + "00123, 007 ,2026-01-01,1\n00124,  ,2026-01-01,1\n00125,,2026-01-01,1\n"
        )
        assert [row[:2] for row in rows(dataset.sales)] == [
            ("00123", "007"),
            ("00124", None),
            ("00125", None),
        ]

    @pytest.mark.parametrize(
        ("given", "whole", "read"),
        [("17850.0", True, "17850"), ("017850.00", True, "017850"), ("17850.5", True, "17850.5"),
         ("A.0", True, "A.0"), ("17850.0", False, "17850.0")],
    )  # fmt: skip
    def test_decimals_of_an_id_go_where_the_mapping_says_so(self, from_csv, rows, given, whole, read):
        columns = {"customer_id": {"column": "customer_id", "whole": whole}}
        dataset = from_csv(sales=HEAD + f"1,{given},2026-01-01,1\n", tables={"sales": {"columns": columns}})
        assert rows(dataset.sales)[0][1] == read

    def test_words_for_none(self, from_csv, rows):
        dataset = from_csv(
            sales=HEAD + "1,NULL,2026-01-01,1\n2,n/a,2026-01-01,1\n", csv={"nulls": ["NULL", "n/a"]}
        )
        assert [row[1] for row in rows(dataset.sales)] == [None, None]

    def test_untidy_ids_in_parquet_meet_tidy_ones(self, opened, tmp_path, rows):
        import pandas as pd

        at = D(2026, 1, 1)
        pd.DataFrame({"customer_id": ["a ", "b"]}).to_parquet(tmp_path / "customers.parquet")
        pd.DataFrame(
            {"sale_id": ["1", "2"], "customer_id": [" a", ""], "sold_at": at, "total_amount": 1.0}
        ).to_parquet(tmp_path / "sales.parquet")
        dataset = opened(Source(path=tmp_path, owned=True))
        assert dataset.findings == ()
        assert [row[:2] for row in rows(dataset.sales)] == [("1", "a"), ("2", None)]


def test_no_copy_of_a_file_outlives_its_reading(from_csv, rows, tmp_path, monkeypatch):
    """The process of a report is killed in the end, and could take nothing away."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    text = (HEAD + "1,Zoë,2026-01-01,1\n").encode("cp1252")
    dataset = from_csv(sales=text, csv={"encoding": "latin-1"})
    assert rows(dataset.sales)[0][1] == "Zoë"
    assert list((tmp_path / "temporary").iterdir()) == []


class TestNumbers:
    @pytest.mark.parametrize(
        ("form", "text", "amount"),
        [
            ({}, "1234.5", "1234.5"),
            ({}, "+.5", "0.5"),
            ({}, "-1e-2", "-0.01"),
            ({"thousands": ","}, "1,234,567.89", "1234567.89"),
            ({"thousands": ","}, "1234.5", "1234.5"),
            ({"decimal": ","}, "-0,25", "-0.25"),
            ({"decimal": ",", "thousands": "."}, "1.234,56", "1234.56"),
            ({"decimal": ",", "thousands": "."}, "12.345.678", "12345678"),
            ({"decimal": ",", "thousands": "space"}, "1\u202f234,5", "1234.5"),
            ({"decimal": ",", "thousands": "space"}, "1 234,5", "1234.5"),
            ({"thousands": "'"}, "1'234.50", "1234.5"),
        ],
    )
    def test_as_the_params_say(self, from_csv, rows, form, text, amount):
        csv = {"delimiter": ";", **form}
        dataset = from_csv(sales=f"sale_id;sold_at;total_amount\n1;2026-01-01;{text}\n", csv=csv)
        assert rows(dataset.sales)[0][3] == Decimal(amount)

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ({}, "1,234.5"),
            ({}, "12 3"),
            ({}, "0x10"),
            ({}, "1_000"),
            ({"thousands": ","}, "12,34.5"),
            ({"thousands": ","}, "1,2345"),
            ({"decimal": ",", "thousands": "."}, "1.234.5"),
            ({"decimal": ","}, "1.5"),
            ({"decimal": ",", "thousands": "."}, "1234.56"),
        ],
    )
    def test_nothing_else_is_a_number(self, from_csv, form, text):
        csv = {"delimiter": ";", **form}
        dataset = from_csv(sales=f"sale_id;sold_at;total_amount\n1;2026-01-01;{text}\n", csv=csv, check=True)
        assert [(f.rule, f.action) for f in dataset.findings] == [("total_amount_type", "refused")]

    def test_amounts_are_exact_decimals(self, from_csv):
        dataset = from_csv(sales=HEAD + "".join(f"{i},a,2026-01-01,0.1\n" for i in range(1000)))
        assert dataset.sales.total_amount.sum().to_pandas() == Decimal(100)

    @settings(max_examples=10)
    @given(st.lists(st.decimals("-99999999.9999", "99999999.9999", places=4), min_size=1, max_size=20))
    def test_any_amount_survives_any_way_of_writing_it(self, tmp_path_factory, amounts):
        folder = tmp_path_factory.mktemp("law")
        written = [f"{amount:,.4f}".translate(str.maketrans(",.", ".,")) for amount in amounts]
        lines = "".join(f"{i};2026-01-01;{text}\n" for i, text in enumerate(written))
        (folder / "sales.csv").write_text("sale_id;sold_at;total_amount\n" + lines)
        csv = {"delimiter": "semicolon", "decimal": "comma", "thousands": "point"}
        organisation = Organisation(id="acme", source=Source(path=folder, owned=True, csv=csv))
        dataset = check_dataset(organisation, started=D(2026, 11, 1, tzinfo=UTC))
        assert dataset.sales.total_amount.sum().to_pandas() == sum(amounts)
        dataset.close()


class TestTimes:
    @pytest.mark.parametrize(
        ("dates", "text", "read"),
        [
            ("iso", "2026-03-04", D(2026, 3, 4)),
            ("iso", "2026-03-04 05:06", D(2026, 3, 4, 5, 6)),
            ("iso", "2026-03-04T05:06:07.25", D(2026, 3, 4, 5, 6, 7, 250000)),
            ("iso", "20260304", D(2026, 3, 4)),
            ("iso", "2026/03/04", D(2026, 3, 4)),
            ("dmy", "3/4/2026", D(2026, 4, 3)),
            ("dmy", "03.04.2026 17:05", D(2026, 4, 3, 17, 5)),
            ("dmy", "2026-04-03", D(2026, 4, 3)),
            ("mdy", "3/4/2026 5:06 PM", D(2026, 3, 4, 17, 6)),
            ("mdy", "12-31-2025 23:59:59", D(2025, 12, 31, 23, 59, 59)),
        ],
    )
    def test_as_the_params_say(self, from_csv, rows, dates, text, read):
        dataset = from_csv(sales=HEAD + f"1,a,{text},1\n", csv={"dates": dates})
        assert rows(dataset.sales)[0][2] == read

    @pytest.mark.parametrize(
        ("dates", "text"),
        [("iso", "03/04/2026"), ("dmy", "12/31/2026"), ("mdy", "31/12/2026"), ("iso", "2026-02-29"),
         ("iso", "2026-13-01"), ("dmy", "30.02.2026"), ("dmy", "03/04/26"), ("iso", "45000")],
    )  # fmt: skip
    def test_nothing_else_is_a_day(self, from_csv, dates, text):
        dataset = from_csv(sales=HEAD + f"1,a,{text},1\n", csv={"dates": dates}, check=True)
        assert [(f.rule, f.action) for f in dataset.findings] == [("sold_at_type", "refused")]

    def test_one_column_may_differ_from_the_others(self, from_csv, rows):
        text = "customer_id,registered_at\na,03/04/2026\n"
        columns = {"registered_at": {"column": "registered_at", "dates": "mdy"}}
        dataset = from_csv(customers=text, tables={"customers": {"columns": columns}}, csv={"dates": "dmy"})
        assert rows(dataset.customers)[0][5] == D(2026, 3, 4)

    @pytest.mark.parametrize(
        ("zone", "text", "read"),
        [
            # London: the clocks go forward on 29 March 2026 and back on 25 October 2026, at 01:00 UTC.
            ("Europe/London", "2026-03-29T00:59:59Z", D(2026, 3, 29, 0, 59, 59)),
            ("Europe/London", "2026-03-29T01:00:00Z", D(2026, 3, 29, 2, 0)),
            ("Europe/London", "2026-10-25T00:30:00Z", D(2026, 10, 25, 1, 30)),
            ("Europe/London", "2026-10-25T01:30:00Z", D(2026, 10, 25, 1, 30)),
            ("Europe/London", "2026-06-30T23:30:00+00:00", D(2026, 7, 1, 0, 30)),
            ("America/New_York", "2026-01-01T04:59:00Z", D(2025, 12, 31, 23, 59)),
            ("Asia/Ho_Chi_Minh", "2026-01-01 00:00:00-0500", D(2026, 1, 1, 12, 0)),
            ("Asia/Ho_Chi_Minh", "2026-01-01 00:00", D(2026, 1, 1)),
        ],
    )
    def test_a_time_with_a_zone_becomes_local_on_every_engine(self, engine, opened, rows, zone, text, read):
        import pandas as pd

        frame = pd.DataFrame({"sale_id": ["1"], "sold_at": [text], "total_amount": [1.0]})
        assert rows(opened(engine({"sales": frame}, owned=True), timezone=zone).sales)[0][2] == read

    @pytest.mark.parametrize("kind", ["parquet", "duckdb", "postgres"])
    def test_a_column_with_a_zone_becomes_local(self, request, opened, rows, tmp_path, kind):
        import duckdb
        import pandas as pd
        import psycopg

        instants = pd.to_datetime(["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"])
        frame = pd.DataFrame({"sale_id": ["1", "2"], "sold_at": instants, "total_amount": 1.0})
        source = Source(path=tmp_path, owned=True)
        if kind == "parquet":
            frame.to_parquet(tmp_path / "sales.parquet")
        elif kind == "duckdb":
            with duckdb.connect(str(tmp_path / "d.duckdb")) as connection:
                connection.register("frame", frame)
                connection.execute("CREATE TABLE sales AS SELECT * FROM frame")
            source = Source(kind="duckdb", path=tmp_path / "d.duckdb", owned=True)
        else:
            url = request.getfixturevalue("postgres_url")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA IF EXISTS zoned CASCADE; CREATE SCHEMA zoned")
                connection.execute(
                    "CREATE TABLE zoned.sales (sale_id text, sold_at timestamptz, total_amount numeric)"
                )
                connection.execute(
                    "INSERT INTO zoned.sales VALUES ('1', '2026-03-29T00:59:59Z', 1), ('2', '2026-03-29T01:00:00Z', 1)"
                )
            source = Source(kind="postgres", url=url, schema="zoned", owned=True)
        found = [row[2] for row in rows(opened(source).sales)]
        assert found == [D(2026, 3, 29, 0, 59, 59), D(2026, 3, 29, 2, 0)]


class TestFiles:
    TEXT = "sale_id,customer_id,sold_at,total_amount\n1,Café – Łódź,2026-01-01,1\n"

    @pytest.mark.parametrize(
        ("data", "csv", "customer"),
        [
            (TEXT.encode(), {}, "Café – Łódź"),
            (TEXT.encode("utf-8-sig"), {}, "Café – Łódź"),
            (TEXT.encode("utf-16"), {"encoding": "utf-16"}, "Café – Łódź"),
            (TEXT.replace("Łódź", "Köln").encode("cp1252"), {"encoding": "cp1252"}, "Café – Köln"),
            (TEXT.replace(" – Łódź", "").encode("latin-1"), {"encoding": "latin-1"}, "Café"),
            (TEXT.replace(",", ";").encode(), {"delimiter": "semicolon"}, "Café – Łódź"),
            (TEXT.replace(",", "\t").encode(), {"delimiter": "tab"}, "Café – Łódź"),
            (TEXT.replace(",", "|").encode(), {"delimiter": "|"}, "Café – Łódź"),
            (TEXT.replace("\n", "\r\n").encode(), {}, "Café – Łódź"),
        ],
        ids=["utf-8", "byte order mark", "utf-16", "cp1252", "latin-1", "semicolon", "tab", "pipe", "crlf"],
    )
    def test_bytes_as_people_export_them(self, from_csv, rows, data, csv, customer):
        assert rows(from_csv(sales=data, csv=csv).sales)[0][1] == customer

    def test_quotes_hold_delimiters_and_lines(self, from_csv, rows):
        dataset = from_csv(sales=HEAD + '1,"a, ""b""\nc",2026-01-01,1\n2,d,2026-01-01,1\n')
        assert [row[1] for row in rows(dataset.sales)] == ['a, "b"\nc', "d"]

    def test_extra_columns_are_ignored_and_names_may_differ_in_case(self, from_csv, rows):
        dataset = from_csv(sales="Sale_ID,SOLD_AT,Total_Amount,colour\n1,2026-01-01,1,red\n")
        assert dataset.sales.columns[:4] == ("sale_id", "customer_id", "sold_at", "total_amount")
        assert len(rows(dataset.sales)) == 1

    def test_several_files_are_one_table_whatever_the_order_of_their_columns(self, opened, tmp_path, rows):
        (tmp_path / "sales").mkdir()
        (tmp_path / "sales" / "1.csv").write_text(HEAD + "1,a,2026-01-01,1\n")
        (tmp_path / "sales" / "2.csv").write_text(
            "total_amount,sold_at,customer_id,sale_id\n2,2026-01-02,b,2\n"
        )
        dataset = opened(Source(path=tmp_path, owned=True))
        assert [(row[0], row[1], int(row[3])) for row in rows(dataset.sales)] == [
            ("1", "a", 1),
            ("2", "b", 2),
        ]

    def test_row_numbers_are_those_of_each_file(self, opened, tmp_path, rows):
        import pandas as pd

        (tmp_path / "sales").mkdir()
        for name, amounts in (("a", [1.0, 2.0]), ("b", [3.0])):
            frame = pd.DataFrame({"sold_at": D(2026, 1, 1), "total_amount": amounts})
            frame.to_parquet(tmp_path / "sales" / f"{name}.parquet")
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        columns = {"sale_id": "row"}
        for wanted, end in (("sales/*.parquet", "parquet"), ("*.csv", "csv")):
            tables = {"sales": {"from": wanted, "columns": columns}}
            dataset = opened(Source(path=tmp_path, owned=True, tables=tables))
            assert [(row[0], int(row[3])) for row in rows(dataset.sales)] == [
                (f"a.{end}:1", 1), (f"a.{end}:2", 2), (f"b.{end}:1", 3)
            ]  # fmt: skip

    def test_row_numbers_of_a_long_text_are_in_order(self, from_csv):
        count = 30_000
        lines = "".join(f"2026-01-01,{number}\n" for number in range(1, count + 1))
        dataset = from_csv(
            sales="sold_at,total_amount\n" + lines, tables={"sales": {"columns": {"sale_id": "row"}}}
        )
        number = dataset.sales.sale_id.split(":")[1].cast("int64")
        assert dataset.sales.count(where=number == dataset.sales.total_amount).to_pandas() == count


class TestMapping:
    def test_constants_and_other_words(self, from_csv, rows):
        text = (
            "id,closed,worth,phase,made,state\n1,2026-02-01,5,x,2026-01-01,Closed Won\n2,,6,x,2026-01-01,\n"
        )
        columns = {
            "deal_id": "id", "value": "worth", "stage": "phase", "created_at": "made", "closed_at": "closed",
            "outcome": {"column": "state", "values": {"Closed Won": "won"}}, "owner": {"value": "Sam"},
        }  # fmt: skip
        dataset = from_csv(deals=text, tables={"deals": {"columns": columns}})
        frame = dataset.deals.to_pandas().sort_values("deal_id")
        assert frame["outcome"].tolist()[0] == "won"
        assert frame["outcome"].isna().tolist() == [False, True]
        assert frame["owner"].tolist() == ["Sam", "Sam"]

    @pytest.mark.parametrize(
        ("word", "read"), [("true", True), ("Yes", True), ("1", True), ("no", False), ("F", False)]
    )
    def test_yes_and_no(self, from_csv, word, read):
        dataset = from_csv(leads=f"lead_id,created_at,demo_requested\n1,2026-01-01,{word}\n")
        assert dataset.leads.demo_requested.to_pandas().tolist() == [read]
