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
    write_files,
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

    def test_stands_in_lines_one_for_each_row_and_each_named_figure(self, tmp_path):
        frame = pd.DataFrame({"cohort": ["2026-01", "2026-02"], "x": [3, None]})
        read_json(tmp_path, {"rows": frame, "summary": {"a": 1.5, "none": frame.head(0)}})
        text = (tmp_path / "r.json").read_text(encoding="utf-8")
        assert text.startswith(
            '{\n"success": true,\n"data": {\n"rows": [\n'
            '{"cohort": "2026-01", "x": 3.0},\n{"cohort": "2026-02", "x": null}\n],\n'
            '"summary": {\n"a": 1.5,\n"none": []\n}\n},\n"meta": {\n'
        )

    def test_the_same_figures_give_the_same_bytes(self, tmp_path):
        read_json(tmp_path, {"summary": {"a": 1.5}})
        first = (tmp_path / "r.json").read_bytes()
        read_json(tmp_path, {"summary": {"a": 1.5}})
        assert (tmp_path / "r.json").read_bytes() == first


MOMENTS = {
    "days": (["2026-03-01", None], ["2026-03-01", None]),
    "a_moment_among_them": (
        ["2026-03-01", "2026-03-01 13:30", None],
        ["2026-03-01", "2026-03-01T13:30:00", None],
    ),
    "none_known": ([None, None], [None, None]),
    "none_at_all": ([], []),
}


class TestColumns:
    """A column is turned into JSON's types all at once: it holds what its values by themselves would."""

    @pytest.mark.parametrize(("given", "written"), MOMENTS.values(), ids=MOMENTS)
    @pytest.mark.parametrize("unit", ["s", "us", "ns"])
    def test_of_days_and_moments(self, tmp_path, given, written, unit):
        column = pd.Series(pd.to_datetime(given, format="mixed")).astype(f"datetime64[{unit}]")
        data = read_json(tmp_path, {"rows": pd.DataFrame({"day": column})})["data"]["rows"]
        assert [row["day"] for row in data] == written

    def test_of_moments_with_a_time_zone(self, tmp_path):
        column = pd.to_datetime(pd.Series(["2026-03-01", "2026-03-02"])).dt.tz_localize("Europe/London")
        data = read_json(tmp_path, {"rows": pd.DataFrame({"day": column})})["data"]["rows"]
        assert [row["day"] for row in data] == ["2026-03-01", "2026-03-02"]

    @pytest.mark.parametrize(
        "column",
        [
            pd.Series([1.5, np.nan, -np.inf]),
            pd.Series([1, 2], dtype="Int64"),
            pd.Series([True, None], dtype="boolean"),
            pd.Series(["a", None, "Łódź"]),
            pd.Series([np.int64(1), np.float64("nan"), True, np.bool_(False), "x"], dtype=object),
            pd.Series([date(2026, 3, 1), None, Decimal("1.5"), [1, None], {"a": np.nan}], dtype=object),
        ],
        ids=lambda column: f"{column.dtype}-{len(column)}",
    )
    def test_of_numbers_text_and_what_is_mixed(self, tmp_path, column):
        blocks = {"rows": pd.DataFrame({"x": column}), "one": {str(i): x for i, x in enumerate(column)}}
        data = read_json(tmp_path, blocks)["data"]
        assert [repr(row["x"]) for row in data["rows"]] == [repr(x) for x in data["one"].values()]


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

    @pytest.mark.parametrize(
        "text",
        [
            *("<r>a & <b</r>", "<si/>", "</t>", "_x0041_", " a ", "&amp;", "x" * 40_000),
            f"<r>{'x' * 32_760}</r>",
            f"<r>{'x' * 32_760}</r>{'y' * 99}",
        ],
    )
    def test_text_from_the_data_never_becomes_markup(self, tmp_path, text):
        frame = pd.DataFrame({"n": [text, "after it"], text[:99]: 1})
        head, *rows = read_excel(tmp_path, {"customers": frame})["customers"]
        assert rows[0][0].removesuffix(" ")[:32_766] == text[:32_767].removesuffix(" ")[:32_766]
        assert rows[1] == ["after it", 1]
        assert head[1].removesuffix(" ") == text[:99].removesuffix(" ")

    def test_a_frame_within_a_list_is_written_as_in_json(self, tmp_path):
        blocks = {"parts": {"lists": [pd.DataFrame({"a": [1]})]}}
        _, *rows = read_excel(tmp_path, blocks)["parts"]
        assert rows == [["lists", '[[{"a": 1}]]']]

    def test_cells_are_what_they_are_in_the_frame_and_absent_where_a_value_is(self, tmp_path):
        frame = pd.DataFrame(
            {
                "mixed": pd.Series([None, "", True, np.bool_(False), 3, 0.1, [1, "ü"], "x"], dtype=object),
                "number": [1.5, np.nan, np.inf, 0.0, -2.25, 1e300, 0.1 + 0.2, 3],
                "day": pd.to_datetime(["2026-03-01", None] * 4),
            }
        )
        _, *rows = read_excel(tmp_path, {"rows": frame})["rows"]
        mixed, number, day = zip(*rows, strict=True)
        assert [*map(repr, mixed)] == ["None", "''", "True", "False", "3", "0.1", "'[1, \"ü\"]'", "'x'"]
        assert number == (1.5, None, None, 0, -2.25, 1e300, 0.3, 3)
        assert day == ("2026-03-01", None) * 4

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

    def test_all_files_of_a_report_stop_at_the_same_row(self, tmp_path):
        blocks = {"customers": self.frame, "summary": {"n": 7, "top": self.frame, "deep": {"in": self.frame}}}
        write_files(tmp_path, "clv", blocks, META, [{"name": "x"}], rows=2, made=MADE)
        body = json.loads((tmp_path / "clv.json").read_text(encoding="utf-8"))
        two = [{"customer_id": "c0"}, {"customer_id": "c1"}]
        assert body["data"] == {"customers": two, "summary": {"n": 7, "top": two, "deep": {"in": two}}}
        assert body["meta"]["headlines"] == [{"name": "x"}]
        book = openpyxl.load_workbook(tmp_path / "clv.xlsx")
        assert [sheet.title for sheet in book] == ["about", "customers", "summary", "summary.top"]
        assert [[*row] for row in book["summary"].values] == [
            ["name", "value"],
            ["n", 7],
            ["deep", json.dumps({"in": two})],
        ]
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "clv.customers.parquet",
            "clv.json",
            "clv.summary.top.parquet",
            "clv.xlsx",
        ]

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
