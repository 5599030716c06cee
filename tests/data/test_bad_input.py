"""What is said about data that cannot be used: what, where, what is allowed, how to mend it; never a row."""

import gzip
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from analytics.errors import ContractError, SourceError
from analytics.params.source import Source

HEAD = "sale_id,customer_id,sold_at,total_amount\n"
GOOD = HEAD + "1,a,2026-01-01,1.50\n"
SECRET = "secret-value"


def reference(name: str) -> Path:
    folder = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip("the reference data are not here; WORKBOOK_REFERENCE_DATA says where they are")
    return folder / name


def said(error: pytest.ExceptionInfo) -> str:
    return str(error.value)


class TestFiles:
    def test_a_missing_folder(self, opened, tmp_path):
        with pytest.raises(
            SourceError, match=r"there is no folder .*nowhere; check path \(it is relative to"
        ):
            opened(Source(path=tmp_path / "nowhere"))

    def test_a_file_where_a_folder_is_meant(self, opened, tmp_path):
        (tmp_path / "sales.csv").write_text(GOOD)
        with pytest.raises(
            SourceError, match=r"is a file; give path the folder it lies in, and name the file"
        ):
            opened(Source(path=tmp_path / "sales.csv"))

    def test_a_missing_file_with_the_nearest_name(self, from_csv):
        with pytest.raises(
            SourceError, match=r"no 'salse.csv' in .* \(did you mean \"sales.csv\"\?\); the folder holds"
        ):
            from_csv(sales=GOOD, tables={"sales": {"from": "salse.csv"}})

    def test_a_folder_without_any_table(self, from_csv):
        with pytest.raises(
            SourceError, match=r"none of the contract's tables .*holds orders.csv; .*\{from: …\}"
        ):
            from_csv(orders=GOOD)

    @pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
    def test_a_missing_database_file_is_not_made(self, opened, tmp_path, kind):
        with pytest.raises(SourceError, match=r"there is no file .*data.db; check path"):
            opened(Source(kind=kind, path=tmp_path / "data.db"))
        assert not (tmp_path / "data.db").exists()

    @pytest.mark.parametrize(("kind", "called"), [("duckdb", "a DuckDB"), ("sqlite", "an SQLite")])
    def test_a_file_that_is_no_database(self, opened, tmp_path, kind, called):
        (tmp_path / "data.db").write_text("not a database, but a text of some length" * 50)
        with pytest.raises(SourceError, match=f"is not {called} file"):
            opened(Source(kind=kind, path=tmp_path / "data.db"))

    def test_a_package_that_is_not_installed(self, opened):
        with pytest.raises(SourceError, match=r"package 'lifetimez' is not installed"):
            opened(Source(kind="package", package="lifetimez", path="datasets"))

    def test_a_parquet_file_that_is_none(self, opened, tmp_path):
        (tmp_path / "sales.parquet").write_bytes(b"PAR1 no more")
        with pytest.raises(SourceError, match=r"sales.parquet: not Parquet files that can be read"):
            opened(Source(path=tmp_path, owned=True))

    def test_a_table_that_is_there_twice(self, from_csv, tmp_path):
        (tmp_path / "source").mkdir()
        with gzip.open(tmp_path / "source" / "sales.csv.gz", "wt") as file:
            file.write(GOOD)
        with pytest.raises(
            SourceError, match=r"sales is there more than once: sales.csv, sales.csv.gz; keep one"
        ):
            from_csv(sales=GOOD)

    def test_a_table_that_the_database_lacks_with_the_nearest_name(self, opened, database):
        source = database({"invoices": pd.DataFrame({"sale_id": ["1"]})}, owned=True)
        tables = {"sales": {"from": "invoice"}}
        source = Source.model_validate(
            {**source.model_dump(by_alias=True), "url": source.url, "tables": tables}
        )
        with pytest.raises(SourceError, match=r"no table 'invoice' \(did you mean \"invoices\"\?\)"):
            opened(source)


class TestText:
    def test_a_web_page_saved_as_csv(self, from_csv):
        with pytest.raises(
            SourceError, match=r"sales.csv is a web page, not a table: .* download the file itself"
        ):
            from_csv(sales="\n\n<!DOCTYPE html>\n<html><body>Log in</body></html>")

    def test_a_real_web_page_saved_as_csv(self, opened):
        folder = reference("dirty")
        tables = {"sales": {"from": "telco_is_really_html.csv.gz"}}
        with pytest.raises(SourceError, match=r"telco_is_really_html.csv.gz is a web page"):
            opened(Source(path=folder, owned=True, tables=tables))

    def test_a_semicolon_file_read_as_commas(self, from_csv):
        with pytest.raises(SourceError, match=r"3 semicolons .* say csv: \{delimiter: semicolon\}"):
            from_csv(sales=GOOD.replace(",", ";"))

    def test_a_real_semicolon_file_read_as_commas(self, opened):
        tables = {"sales": {"from": "superstore_semicolon_cp1252.csv.gz"}}
        with pytest.raises(SourceError, match=r"11 semicolons .* say csv: \{delimiter: semicolon\}"):
            opened(Source(path=reference("dirty"), owned=True, tables=tables))

    def test_a_semicolon_file_whose_names_hold_a_comma(self, from_csv):
        with pytest.raises(SourceError, match=r"csv: \{delimiter: semicolon\}"):
            from_csv(sales="sale_id;total_amount (EUR, net);sold_at\n1;2;3\n")

    def test_cp1252_bytes(self, from_csv):
        with pytest.raises(
            SourceError, match=r"sales.csv, line 3: byte 0xE9 is not utf-8; .* say csv: \{encoding: cp1252\}"
        ):
            from_csv(sales=GOOD.encode() + "2,café,2026-01-01,1\n".encode("cp1252"))

    def test_real_cp1252_bytes(self, opened):
        tables = {"sales": {"from": "superstore_semicolon_cp1252.csv.gz"}}
        with pytest.raises(SourceError, match=r"line \d+: byte 0x[0-9A-F]{2} is not utf-8"):
            opened(Source(path=reference("dirty"), owned=True, tables=tables, csv={"delimiter": ";"}))

    def test_utf_16(self, from_csv):
        with pytest.raises(SourceError, match=r"Excel's “Unicode text”\), say csv: \{encoding: utf-16\}"):
            from_csv(sales=GOOD.encode("utf-16"))

    @pytest.mark.parametrize(
        ("data", "kind"),
        [(b"PK\x03\x04rest", "spreadsheet"), (b"PAR1rest", "Parquet"), (b"%PDF-1.7", "PDF")],
    )
    def test_another_kind_of_file_called_csv(self, from_csv, data, kind):
        with pytest.raises(SourceError, match=f"sales.csv is not text but an? .*{kind}"):
            from_csv(sales=data)

    def test_an_empty_file(self, from_csv):
        with pytest.raises(SourceError, match=r"sales.csv is empty; its first line must name the columns"):
            from_csv(sales="")

    def test_a_column_named_twice(self, from_csv):
        with pytest.raises(SourceError, match=r"names the column 'Customer_ID' more than once|'customer_id'"):
            from_csv(sales="sale_id,customer_id,Customer_ID\n1,2,3\n")

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (f"2,{SECRET},2026-01-01", "a row has 3 values where the first line has 4"),
            (f"2,{SECRET},2026-01-01,1,1", "a row has 5 values where the first line has 4"),
            (f'2,"{SECRET},2026-01-01,1', "a quotation mark is not closed"),
        ],
        ids=["short", "long", "quote"],
    )
    def test_a_broken_line_is_named_and_not_shown(self, from_csv, line, why):
        with pytest.raises(SourceError, match=f"sales.csv, line 3: {why}") as error:
            from_csv(sales=GOOD + line + "\n3,b,2026-01-01,1\n")
        assert SECRET not in said(error)
        assert error.value.__suppress_context__  # nor in the traceback

    def test_a_ragged_line_between_blanks(self, from_csv):
        with pytest.raises(
            SourceError, match=r"a row has more or fewer values than the first line has names"
        ):
            from_csv(
                sales="sale_id sold_at total_amount\n1 20260101 2\n2 20260101\n",
                csv={"delimiter": "whitespace"},
            )


class TestColumns:
    def test_missing_required_columns_all_at_once_with_the_nearest_names(self, from_csv):
        with pytest.raises(ContractError) as error:
            from_csv(sales="sale_id,sold_on,amount\n1,2026-01-01,3\n", customers="customer,name\n1,Ada\n")
        assert 'customers (customers.csv) has no column customer_id (did you mean "customer"?)' in said(error)
        assert 'sales (sales.csv) has no column sold_at (did you mean "sold_on"?)' in said(error)
        assert 'has no column total_amount (did you mean "amount"?); where it has another name, say' in said(
            error
        )

    def test_a_mapping_to_a_column_that_is_not_there(self, from_csv):
        with pytest.raises(
            SourceError, match=r"sold_at is said to be the column 'solt_at' of sales.csv.*\"sold_at\""
        ):
            from_csv(sales=GOOD, tables={"sales": {"columns": {"sold_at": "solt_at"}}})

    def test_a_mapping_of_a_column_that_the_contract_has_not(self, from_csv):
        with pytest.raises(
            SourceError, match=r"columns: total_amt is no column of the contract.*\"total_amount\""
        ):
            from_csv(sales=GOOD, tables={"sales": {"columns": {"total_amt": "total_amount"}}})

    def test_a_table_that_the_contract_has_not(self, from_csv):
        with pytest.raises(
            SourceError, match=r"tables: sale is no table of the contract \(did you mean \"sales\"\?\)"
        ):
            from_csv(sales=GOOD, tables={"sale": {}})

    def test_a_row_number_of_a_database_table(self, opened, database):
        source = database(
            {"sales": pd.DataFrame({"sold_at": ["2026-01-01"], "total_amount": [1.0]})}, owned=True
        )
        tables = {"sales": {"columns": {"sale_id": "row"}}}
        source = Source.model_validate(
            {**source.model_dump(by_alias=True), "url": source.url, "tables": tables}
        )
        with pytest.raises(
            SourceError, match=r"sale_id: row needs the rows of a file; table sales is a database"
        ):
            opened(source)


class TestValues:
    def test_a_key_used_twice_with_different_content(self, from_csv):
        with pytest.raises(ContractError) as error:
            from_csv(sales=GOOD + f"1,{SECRET},2026-01-01,1.50\n")
        assert (
            "sale_id names one row; 1 key is used by several rows with different content (1); keep one row"
            in said(error)
        )
        assert "say so: tables: sales: lines: {" in said(error)
        assert SECRET not in said(error)

    def test_amounts_as_text(self, from_csv):
        with pytest.raises(ContractError) as error:
            from_csv(sales=GOOD + "2,a,2026-01-01,£12\n3,a,2026-01-01,twelve\n")
        assert "total_amount reads as a number; 2 of 3 rows do not (2, 3)" in said(error)
        assert "at most 1 of 3 values of 'total_amount' read as numbers, however they are written" in said(
            error
        )
        assert "£12" not in said(error)
        assert "twelve" not in said(error)

    def test_amounts_with_a_decimal_comma(self, from_csv):
        with pytest.raises(ContractError, match=r"all 2 values of 'total_amount' read with decimal: comma"):
            from_csv(sales=HEAD + '1,a,2026-01-01,"1,50"\n2,a,2026-01-01,"2,75"\n')

    def test_ambiguous_dates(self, from_csv):
        dates = ["03/04/2011", "13/04/2011", "25/12/2011", "04/13/2011", "2011-04-13"]
        with pytest.raises(ContractError) as error:
            from_csv(sales=HEAD + "".join(f"{i},a,{day},1\n" for i, day in enumerate(dates)))
        assert "sold_at reads as a date or time; 4 of 5 rows do not (0, 1, 2, 3)" in said(error)
        assert (
            "of 5 values of 'sold_at', 3 read as day first (dmy), 2 as month first (mdy) and 1 as both"
            in said(error)
        )
        assert "say which it is: csv: {dates: dmy} or csv: {dates: mdy}" in said(error)
        assert "03/04/2011" not in said(error)

    def test_a_year_of_two_digits_is_no_date(self, from_csv):
        with pytest.raises(ContractError, match=r"sold_at reads as a date or time; 1 of 1 rows does not"):
            from_csv(sales=HEAD + "1,a,03/04/11,1\n", csv={"dates": "dmy"})

    def test_words_that_are_no_dates(self, from_csv):
        with pytest.raises(
            ContractError, match=r"the others no dates; words for “none” go under csv: \{nulls"
        ):
            from_csv(sales=GOOD + "2,a,unknown,1\n")

    def test_everything_wrong_is_said_at_once(self, from_csv):
        with pytest.raises(ContractError) as error:
            from_csv(
                customers="customer_id,credit_limit\na,-1\na,2\nb,1\nb,3\n",
                sales=HEAD + "1,a,yesterday,1\n,a,2026-01-01,2\n3,a,2026-01-01,x\n4,zoe,,1\n",
                payments="payment_id,method,amount,paid_at\n1,card,1,2026-01-01\n1,cash,1,2026-01-01\n",
            )
        found = re.findall(r"^- (refused|set aside|kept): (\w+)", said(error), flags=re.MULTILINE)
        assert found.count(("refused", "sales")) == 3  # key missing, time, amount
        assert ("refused", "customers") in found
        assert ("refused", "payments") in found
        assert ("set aside", "customers") in found
        assert found == sorted(found, key=lambda pair: pair[0] != "refused")


class TestPostgres:
    def test_a_wrong_password_is_never_shown(self, opened, postgres_url):
        url = re.sub(r":[^:@/]+@", ":open%20sesame@", postgres_url)
        with pytest.raises(SourceError) as error:
            opened(Source(kind="postgres", url=url))
        assert re.search(
            r"cannot connect to the database 'postgres' on 127.0.0.1:\d+ as owner: .*password", said(error)
        )
        assert "sesame" not in said(error)
        assert "sesame" not in repr(Source(kind="postgres", url=url))

    def test_a_server_that_is_not_there(self, opened):
        with pytest.raises(SourceError, match=r"on 127.0.0.1:1 as me: nothing answers there") as error:
            opened(Source(kind="postgres", url="postgresql://me:sesame@127.0.0.1:1/shop"))
        assert "sesame" not in said(error)

    def test_another_kind_of_url(self, opened):
        with pytest.raises(SourceError, match=r"url does not begin with postgresql://"):
            opened(Source(kind="postgres", url="mysql://me:sesame@localhost/shop"))

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me:12/open sesame@host/shop",  # a slash in the password: 12 looks like a port
            "postgresql://me:12#sesame@host/shop",
            "postgresql://me:12?sesame@host/shop",
            "postgresql://me:sesame/x@host/shop",
            "postgresql://me:se[same@host/shop",
            "postgresql://me:x@host:sesame/shop",
            "postgresql://me:sesame@host:99999/shop",
        ],
    )
    def test_an_address_that_cannot_be_taken_apart_is_not_quoted(self, opened, url):
        with pytest.raises(SourceError, match=r"url cannot be read as .*write / as %2F") as error:
            opened(Source(kind="postgres", url=url))
        assert "sesame" not in said(error)
        assert error.value.__suppress_context__ or error.value.__context__ is None

    def test_user_and_password_may_stand_behind_the_question_mark(self, opened):
        url = "postgresql://127.0.0.1:1/shop?user=me&password=sesame&connect_timeout=3"
        with pytest.raises(SourceError, match=r"on 127.0.0.1:1 as me: nothing answers there") as error:
            opened(Source(kind="postgres", url=url))
        assert "sesame" not in said(error)
