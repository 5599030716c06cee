"""What the tables on data show, and in which order."""

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.tables import data_quality as tables
from analytics.words.quality_names import EFFECTS, remedy, rule_name

SHOW = Format("en_GB", "GBP")
RULES = pd.DataFrame(
    {
        "table": "sales",
        "rule": ["sold_at_type", "duplicate", "customer_id_known"],
        "kind": ["unreadable", "duplicate", "orphan"],
        "origin": "contract",
        "action": ["refused", "set aside", "kept"],
        "text": ["reads", "a row is there once", "is one of customers"],
        "rows_checked": [10_000.0, 10_000.0, np.nan],
        "rows_failing": [0.0, 3.0, np.nan],
        "failing_percent": [0.0, 0.03, np.nan],
    }
)


def test_rules_that_rows_break_come_first_and_unchecked_ones_last():
    table = tables.rules(RULES, SHOW)
    assert table.rows == (
        ("sales", "a row is there once", "10,000", "3", "under 0.1%", "set aside"),
        ("sales", "reads", "10,000", "0", "0.0%", "refused"),
        ("sales", "is one of customers", "not checked", "–", "–", "kept"),
    )


def test_findings_say_what_mends_them():
    table = tables.findings(RULES[1:2], rule_name, remedy, SHOW)
    assert table.rows == (
        (
            "sales",
            "the same row twice",
            "3",
            "under 0.1%",
            "set\xa0aside",
            "Stop the export that sends rows twice",
        ),
    )
    assert tables.findings(RULES[:0], rule_name, remedy, SHOW) is None


def test_refused_and_late_tables_say_so_and_dates_stay_in_one_line():
    day = pd.Timestamp("2026-10-31").date()
    frame = pd.DataFrame(
        {
            "table": ["a", "b", "c"], "state": ["refused", "used", "used"], "late": [True, True, False],
            "rows": [9.0, 9.0, np.nan], "rows_used": [0.0, 9.0, np.nan], "rows_left_out": [9.0, 0.0, np.nan],
            "passing_percent": [0.0, 100.0, np.nan],
            "first_day": [day, None, None], "newest_day": [day, None, None],
            "freshness_days": [1.0, np.nan, np.nan], "allowed_days": [2.0, np.nan, np.nan],
        }
    )  # fmt: skip
    table = tables.tables(frame, SHOW)
    assert [row[1] for row in table.rows] == ["refused", "late", "in\xa0use"]
    assert table.rows[0][5] == "31\xa0October\xa02026"
    assert table.rows[2][2:6] == ("–", "–", "–", "–")
    assert table.total[2:5] == ("18", "9", "50.0%")


def test_ids_stand_in_one_line_a_finding():
    frame = pd.DataFrame({"table": "sales", "rule": ["duplicate", "duplicate"], "id": ["1", "2"]})
    assert tables.examples(frame, RULES, rule_name, SHOW).rows == (
        ("sales", "the same row twice", "3", "1, 2"),
    )
    assert tables.examples(frame[:0], RULES, rule_name, SHOW) is None


def test_columns_that_are_rightly_empty_come_last():
    frame = pd.DataFrame(
        {
            "table": "deals", "column": ["outcome", "owner", "value", "name"], "rows": 10,
            "missing": [9, 1, 2, 0], "missing_percent": [90.0, 10.0, 20.0, 0.0],
            "required": [False, False, True, False], "may_be_empty": [True, False, False, False],
        }
    )  # fmt: skip
    table = tables.columns(frame, SHOW, limit=2)
    assert [row[0] for row in table.rows] == ["deals.value", "deals.owner"]
    assert (table.rows[0][4], table.rows[1][4], table.of_rows) == ("required", "a gap", "3")
    assert tables.columns(frame, SHOW, limit=9).rows[-1][4] == "empty until it happens"
    assert tables.columns(frame.assign(missing=0), SHOW, limit=2) is None


def test_odd_values_by_column_with_the_sizes_that_are_usual():
    counts = {"negative": [1.0, np.nan], "zero": [0.0, np.nan], "before_1970": [np.nan, 0.0]}
    frame = pd.DataFrame(
        {"table": "sales", "column": ["total_amount", "sold_at"], "type": ["money", "timestamp"]}
        | counts
        | {
            "in_future": [np.nan, 0.0],
            "outliers": [2.0, np.nan],
            "low": [0.5, np.nan],
            "high": [9_741.9, np.nan],
        }
    )
    assert tables.values(frame, SHOW).rows == (
        ("sales.total_amount", "1", "0", "–", "–", "2", "£1 to £9,742"),
    )
    assert tables.values(frame[1:], SHOW) is None


def test_many_reports_are_counted_and_few_are_named():
    rows = [("sales", "duplicate", 3.0, "left_out", f"r{n}") for n in range(4)]
    rows += [("sales", "profit_unknown", 5.0, "no_profit", f"r{n}") for n in range(3)]
    rows += [("sales", "key_unique", 1.0, "stopped", f"x{n}") for n in range(5)]
    frame = pd.DataFrame(rows, columns=["table", "rule", "rows", "effect", "title"])
    said = [row[3:] for row in tables.left_out(frame[:7], rule_name, EFFECTS.get, SHOW).rows]
    assert said == [("left out", "all 4 that read sales"), ("in no profit and no margin", "r0, r1, r2")]
    stopped = tables.left_out(frame, rule_name, EFFECTS.get, SHOW).rows[-1]
    assert stopped[3:] == ("not made", "5 reports")
    assert tables.left_out(frame[:0], rule_name, EFFECTS.get, SHOW) is None


def test_what_a_report_lacks():
    frame = pd.DataFrame(
        {
            "title": ["A", "B", "C", "D"],
            "state": ["ready", "partly ready", "too short", "lacks tables"],
            "tables": ["", "", "", "deals"],
            "blocks": ["", "a_b", "", "c"],
            "columns": ["", "sales.units", "", ""],
            "refused_tables": ["", "leads", "", ""],
            "days": [np.nan, np.nan, 20.0, np.nan],
            "needed_days": [np.nan, np.nan, 90.0, np.nan],
        }
    )
    assert [row[2] for row in tables.readiness(frame, SHOW).rows] == [
        "–",
        "leads refused; without a b; columns sales.units",
        "20 days of history, 90 needed",
        "table deals",
    ]


def test_a_field_that_an_export_has_not_says_so():
    frame = pd.DataFrame(
        {
            "table": "deals",
            "field": "owner",
            "rows": 4,
            "missing": 4,
            "missing_percent": 100.0,
            "in_export": [False],
        }
    )
    assert tables.crm(frame, SHOW).rows == (("deals", "owner (no such column)", "4", "4", "100.0%"),)
    assert tables.crm(frame[:0], SHOW) is None
