"""What a report's files hold: the numbers themselves, nothing that runs, nobody's telephone number."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analytics.export import (
    masked,
    masked_parameters,
    without_contacts,
    write_csv,
    write_excel,
    write_json,
    write_parquet,
)

META = {"organisation": "acme", "timeframe": {"label": "2026-Q3", "start": date(2026, 7, 1)}}
MADE = date(2026, 10, 31)


def read_json(path, blocks, rows=100):
    write_json(path / "r.json", blocks, META, rows=rows)
    return json.loads((path / "r.json").read_text(encoding="utf-8"))


def read_excel(path, blocks, rows=100):
    write_excel(path / "r.xlsx", blocks, META, rows=rows, made=MADE)
    book = openpyxl.load_workbook(path / "r.xlsx")
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


class TestJson:
    def test_says_success_data_and_meta_in_this_order(self, tmp_path):
        assert list(read_json(tmp_path, {})) == ["success", "data", "meta"]

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (float("nan"), None),
            (float("inf"), None),
            (None, None),
            (pd.NaT, None),
            (pd.NA, None),
            (np.float64(0.1) + np.float64(0.2), 0.30000000000000004),
            (np.int64(3), 3),
            (np.bool_(True), True),
            (Decimal("1.2500"), 1.25),
            (date(2026, 3, 1), "2026-03-01"),
            (pd.Timestamp("2026-03-01"), "2026-03-01"),
            (pd.Timestamp("2026-03-01 13:30:00"), "2026-03-01T13:30:00"),
            ("Łódź & <b>", "Łódź & <b>"),
        ],
        ids=str,
    )
    def test_writes_numbers_unrounded_dates_as_iso_and_the_missing_as_null(self, tmp_path, value, written):
        assert read_json(tmp_path, {"summary": {"x": value}})["data"]["summary"]["x"] == written

    def test_a_frame_becomes_its_rows_and_an_absent_block_null(self, tmp_path):
        frame = pd.DataFrame({"cohort": ["2026-01", "2026-02"], "initial_customers": [3, 5]})
        data = read_json(tmp_path, {"cohort_analysis": frame, "survival": None})["data"]
        assert data["cohort_analysis"][1] == {"cohort": "2026-02", "initial_customers": 5}
        assert data["survival"] is None

    def test_the_same_figures_give_the_same_bytes(self, tmp_path):
        read_json(tmp_path, {"summary": {"a": 1.5}})
        first = (tmp_path / "r.json").read_bytes()
        read_json(tmp_path, {"summary": {"a": 1.5}})
        assert (tmp_path / "r.json").read_bytes() == first


class TestExcel:
    def test_a_sheet_for_each_block_and_one_that_says_what_they_are_about(self, tmp_path):
        frame = pd.DataFrame({"period": ["2026-09"], "retention_rate": [71.25]})
        sheets = read_excel(
            tmp_path, {"summary": {"customers": 4}, "retention_trends": frame, "survival": None}
        )
        assert list(sheets) == ["about", "summary", "retention_trends", "survival"]
        assert sheets["retention_trends"] == [["period", "retention_rate"], ["2026-09", 71.25]]
        assert ["timeframe.label", "2026-Q3"] in sheets["about"]
        assert sheets["survival"][1] == ["not computed: see the report's page"]

    @pytest.mark.parametrize(
        "text", ["=1+1", "+1", "@SUM(A1)", "-2", "http://example.com", "=HYPERLINK('x')"]
    )
    def test_text_from_the_data_never_becomes_a_formula_or_a_link(self, tmp_path, text):
        write_excel(
            tmp_path / "r.xlsx",
            {"customers": pd.DataFrame({"customer_name": [text]})},
            META,
            rows=9,
            made=MADE,
        )
        cell = openpyxl.load_workbook(tmp_path / "r.xlsx")["customers"]["A2"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)

    def test_long_block_names_get_sheets_of_their_own(self, tmp_path):
        frame = pd.DataFrame({"x": [1]})
        name = "a_block_with_a_very_long_name_indeed"
        sheets = read_excel(tmp_path, {name: frame, f"{name}_2": frame})
        assert len(sheets) == 3

    def test_the_same_figures_give_the_same_bytes(self, tmp_path):
        read_excel(tmp_path, {"summary": {"a": 1.5}})
        first = (tmp_path / "r.xlsx").read_bytes()
        read_excel(tmp_path, {"summary": {"a": 1.5}})
        assert (tmp_path / "r.xlsx").read_bytes() == first


class TestLongFrames:
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in range(7)]})

    def test_json_and_excel_stop_at_the_limit_and_parquet_has_all(self, tmp_path):
        assert len(read_json(tmp_path, {"customers": self.frame}, rows=5)["data"]["customers"]) == 5
        assert len(read_excel(tmp_path, {"customers": self.frame}, rows=5)["customers"]) == 1 + 5
        (whole,) = write_parquet(tmp_path, "clv", {"customers": self.frame}, rows=5)
        assert whole.name == "clv.customers.parquet"
        pd.testing.assert_frame_equal(pd.read_parquet(whole), self.frame)

    def test_nothing_more_is_written_where_all_fits(self, tmp_path):
        assert write_parquet(tmp_path, "clv", {"customers": self.frame}, rows=7) == []


class TestContacts:
    def test_numbers_and_addresses_keep_their_last_four_characters(self):
        assert [masked("+44 7700 900 123"), masked("a@b.example"), masked("123"), masked(None)] == [
            "•••• 0123", "•••• mple", "••••", None,
        ]  # fmt: skip

    def test_contact_columns_are_masked_wherever_they_stand_in_a_block(self):
        frame = pd.DataFrame({"customer_id": ["1"], "mobile": ["07700900123"], "email": ["x@y.example"]})
        hidden = without_contacts({"rows": frame, "mobile": "07700900123"})
        assert hidden["rows"].loc[0].tolist() == ["1", "•••• 0123", "•••• mple"]
        assert hidden["mobile"] == "•••• 0123"
        assert frame.loc[0, "mobile"] == "07700900123", "the caller's frame is not touched"

    def test_parameters_that_name_a_person_are_masked_and_others_are_not(self):
        given = {"search": "Ada", "customer_mobile": "", "churn_days": 90}
        assert masked_parameters(given) == {"search": "••••", "customer_mobile": "", "churn_days": 90}


class TestCsv:
    def test_is_read_back_as_it_was_and_excel_knows_its_letters(self, tmp_path):
        rows = pd.DataFrame({"id": ["001", "Đặng"], "value": [0.1 + 0.2, np.nan], "orders": [-3, 4]})
        write_csv(tmp_path / "r.csv", rows)
        assert (tmp_path / "r.csv").read_bytes().startswith(b"\xef\xbb\xbfid,value,orders\n001,")
        back = pd.read_csv(tmp_path / "r.csv", dtype={"id": str})
        pd.testing.assert_frame_equal(back, rows.astype({"id": back["id"].dtype}))

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_text_from_the_data_never_becomes_a_formula(self, tmp_path, text):
        rows = pd.DataFrame({"name": [text, "a=b"]})
        write_csv(tmp_path / "r.csv", rows)
        back = pd.read_csv(tmp_path / "r.csv", lineterminator="\n")
        assert back["name"].tolist() == [f"'{text}", "a=b"]
        assert rows["name"].tolist() == [text, "a=b"]
