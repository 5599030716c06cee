"""The words on data, case by case: what is said follows from the figures and fits its place."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.data.contract import CONTRACT
from analytics.formats import Format
from analytics.metrics.data_quality import KINDS
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import data_quality as words
from analytics.words import data_quality_notes as notes
from analytics.words import quality_names as names

SHOW = Format("en_GB", "GBP")
COMPARISON = compare(parse_timeframe("2026-10", as_of=date(2026, 11, 1)), first_day=date(2024, 1, 1))


def setting(trust="yes", newest=("sales", date(2026, 10, 31))):
    return words.Setting(SHOW, COMPARISON, trust, newest)


def tables(**changed):
    usual = {
        "table": ["customers", "sales", "leads"],
        "state": "used",
        "reason": None,
        "rows": [100.0, 1_000.0, 50.0],
        "rows_used": [100.0, 999.0, 50.0],
        "rows_left_out": [0.0, 1.0, 0.0],
        "rows_in_timeframe": [np.nan, 80.0, 5.0],
        "freshness_days": [np.nan, 1.0, 3.0],
        "late": False,
        "passing_percent": [100.0, 99.9, 100.0],
    }
    return pd.DataFrame(usual | changed)


def history(share=99.9, findings=1.0):
    now = {
        "passing_percent": share,
        "passing_percent_n": 1_150,
        "findings": findings,
        "rows_in_timeframe": 85,
    }
    spans = [*COMPARISON.earlier, COMPARISON.this]
    return pd.DataFrame([{**now, "start": span.start, "end": span.reference_date} for span in spans])


def mend(rule="sold_at_days", action="set aside", rows=1.0, table="sales"):
    row = {"table": table, "rule": rule, "kind": "date", "action": action, "rows_failing": rows}
    return pd.DataFrame([row | {"failing_percent": 0.1}])


NOTHING = pd.DataFrame(columns=["table", "rule", "rows", "effect", "report", "title"])


def said(trust, frame, first=None, left=NOTHING):
    return [
        plain(one)
        for one in words.summary(setting(trust), history(), frame, mend() if first is None else first, left)
    ]


class TestSummary:
    def test_figures_that_can_be_acted_on(self):
        first, second, third = said("yes", tables())
        assert (
            first == "The figures can be acted on: 99.9% of 1,150 rows pass every rule, and no table is late."
        )
        assert second == "Mend first: sales: sold on an impossible day (1 row), set aside."
        assert third == ""

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"state": ["used", "used", "refused"]}, "leads is refused."),
            ({"late": [False, True, True]}, "sales and leads are late."),
            ({"passing_percent": [99.0, 98.0, 100.0]},
             "1% or more of the rows of customers and sales are set aside."),
            ({"state": ["used", "used", "refused"], "late": [False, True, False]},
             "leads is refused and sales is late."),
        ],
    )  # fmt: skip
    def test_figures_to_act_on_with_care(self, changed, why):
        assert said("partly", tables(**changed))[0] == f"Act on the figures with care: {why}"

    def test_figures_not_to_act_on(self):
        refused = tables(state=["used", "refused", "used"])
        assert said("no", refused)[0] == (
            "Do not act on the figures yet: sales is refused, and reports that need it are not made."
        )

    def test_without_a_row_there_is_nothing_to_act_on_and_nothing_to_praise(self):
        """Else: "The figures can be acted on: – of 0 rows pass every rule"."""
        empty = said("no", tables(rows=0.0, rows_used=0.0), mend()[:0])
        assert empty == ["There is nothing to act on: no table holds a row.", "", ""]

    @pytest.mark.parametrize(
        ("first", "sentence"),
        [
            (
                mend("key_unique", "refused", 7),
                ": one key, several rows (7 keys), for which the table is refused.",
            ),
            (
                mend("column_missing", "refused", np.nan),
                ": a column is missing, for which the table is refused.",
            ),
            (mend("late", "late", np.nan), ", which has had no new row for too long."),
            (
                mend("customer_id_known", "kept", 35),
                ": customer_id not known (35 rows), kept in totals only.",
            ),
        ],
    )
    def test_what_to_mend_first(self, first, sentence):
        assert said("yes", tables(), first)[1] == f"Mend first: sales{sentence}"

    def test_where_nothing_needs_mending(self):
        assert said("yes", tables(), mend()[:0])[1] == "Nothing needs mending: no row breaks a rule."

    def test_sales_without_a_known_customer_are_counted_once_for_all_reports(self):
        rows = [("sales", "guest_sales", 60.0, "clv"), ("sales", "guest_sales", 60.0, "roi")]
        rows += [("sales", "customer_id_known", 13.0, "clv")]
        left = pd.DataFrame(rows, columns=["table", "rule", "rows", "report"])
        assert said("yes", tables(), left=left)[2].startswith("7.3% of sales have no known customer")

    def test_is_short_and_its_bold_words_are_few(self):
        sentences = words.summary(setting("partly"), history(), tables(late=True), mend(), NOTHING)
        assert len(" ".join(map(plain, sentences)).split()) <= 60
        assert sum(isinstance(run, Bold) for one in sentences for run in one) <= 4


class TestCards:
    def test_four_with_what_stands_behind_them(self):
        rules = pd.DataFrame({"origin": ["contract"] * 3, "rows_checked": [5.0, 5.0, np.nan]})
        cards = words.headlines(setting(), history(), tables(), rules)
        assert [(card.label, card.value, card.base) for card in cards] == [
            ("Rows that pass every rule", "99.9%", "1 of 1,150 rows are in no figure"),
            ("Findings to mend", "1", "of 2 rules that could be checked"),
            ("Rows dated in the timeframe", "85", "in 2 tables"),
            ("Age of the newest sales row", "1 day", "31 October 2026, against the reference date"),
        ]
        assert [len(card.changes) for card in cards] == [0, 0, 2, 0]

    def test_without_a_day(self):
        rules = pd.DataFrame({"origin": [], "rows_checked": []})
        card = words.headlines(setting(newest=("", None)), history(), tables(), rules)[3]
        assert (card.value, card.base) == ("–", "no table has a day")

    @pytest.mark.parametrize(
        ("percent", "shown"),
        [(100, "100.0%"), (99.96, "over 99.9%"), (99.9, "99.9%"), (0.04, "under 0.1%"), (0, "0.0%")],
    )
    def test_nearly_all_is_not_all_and_nearly_nothing_not_nothing(self, percent, shown):
        assert setting().share(percent) == shown


class TestStatements:
    @pytest.mark.parametrize(
        ("changed", "heading"),
        [
            ({}, "None of 3 tables is refused or late; 1 row set aside"),
            ({"late": [False, True, False]}, "1 of 3 tables late: sales"),
            ({"state": ["refused", "used", "used"], "late": True}, "1 of 3 tables refused: customers"),
        ],
    )
    def test_tables(self, changed, heading):
        assert words.tables(setting(), tables(**changed)).heading == heading

    def test_a_late_table_is_held_against_the_limit_that_its_row_shows(self):
        """Params may name the days; the table's own rhythm is then not what made it late."""
        assert "than the last column allows" in words.tables(setting(), tables(late=True)).lead

    def test_rules(self):
        every = pd.DataFrame({"origin": "contract", "rows_checked": [5.0] * 70})
        broken = pd.DataFrame({"origin": ["contract", "observed"], "action": ["set aside", "noted"]})
        assert (
            words.rules(setting(), broken, every, tables()).heading
            == "Rows break 1 of 70 rules; 1 row is set aside"
        )
        clean = words.rules(setting(), broken[1:], every, tables())
        assert clean.heading == "No row breaks any of 70 rules"

    def test_observed(self):
        seen = pd.DataFrame({"origin": "observed", "kind": ["outlier", "text"], "rows_failing": [59.0, 1.0]})
        assert words.observed(setting(), seen).heading == (
            "2 things to look at beyond the contract; 59 values of odd size"
        )
        assert words.observed(setting(), seen[1:]).heading == "1 thing to look at beyond the contract"
        assert words.observed(setting(), seen[:0]).heading.startswith("Nothing odd")

    def test_gaps_lead_with_a_column_that_reports_want(self):
        columns = pd.DataFrame(
            {
                "table": ["customers", "sales", "deals"], "column": ["industry", "customer_id", "closed_at"],
                "missing": [90, 7, 99], "missing_percent": [90.0, 7.0, 99.0],
                "wanted": [False, True, False], "may_be_empty": [False, False, True],
            }
        )  # fmt: skip
        assert words.gaps(setting(), columns).heading == "2 columns with gaps; sales.customer_id lacks 7.0%"
        assert words.gaps(setting(), columns.assign(missing=0)).heading == "No column has a gap"
        assert words.gaps(setting(), pd.DataFrame()).heading == "No column has a gap"

    def test_crm(self):
        crm = pd.DataFrame(
            {"table": ["deals", "leads"], "field": "owner", "missing": [3, 0], "missing_percent": [5.0, 0.0]}
        )
        assert words.crm(setting(), crm).heading == "3 rows of deals lack owner (5.0%)"
        assert "throughout" in words.crm(setting(), crm[1:]).heading
        assert words.crm(setting(), crm[:0]) is None

    @pytest.mark.parametrize(
        ("effects", "out", "heading"),
        [
            (["stopped", "stopped"], 0, "2 reports are not made, for want of a table"),
            (["left_out"], 1, "1 row is in no report; others are in some figures only"),
            (["no_order"], 0, "No row is left out; some are in some figures only"),
            ([], 0, "Every row is in every report that reads its table"),
        ],
    )
    def test_left_out(self, effects, out, heading):
        frame = pd.DataFrame({"effect": effects, "title": [f"t{n}" for n in range(len(effects))], "rule": ""})
        assert words.left_out(setting(), frame, tables(rows_left_out=[0.0, out, 0.0])).heading == heading

    @pytest.mark.parametrize(
        ("states", "heading"),
        [
            (["ready", "partly ready"], "All 2 reports are ready"),
            (["ready", "refused", "too short"], "1 of 3 reports are ready"),
        ],
    )
    def test_readiness(self, states, heading):
        assert words.readiness(setting(), pd.DataFrame({"state": states})).heading == heading

    def test_mending_and_ids(self):
        assert words.mending(setting(), mend()).heading == "What to mend, in 1 table: sales"
        assert words.mending(setting(), mend()[:0]) is None
        ids = pd.DataFrame({"table": "sales", "rule": ["a", "a", "b"]})
        assert words.examples(setting(), ids).heading == "Where to look: the first ids of 2 findings"
        assert words.examples(setting(), ids[:0]).heading == "No ids to look at"


class TestNames:
    def test_every_rule_of_the_contract_has_words(self):
        for table in CONTRACT.values():
            for rule in table.rules:
                plainly = rule.code.replace("_", " ")
                assert rule.check == "required" or names.rule_name(rule.code) != plainly

    def test_every_kind_has_a_remedy(self):
        assert all(names.remedy(kind) for kind in {*KINDS.values(), "outlier", "text", "late"})
        assert names.remedy("nothing") == ""


class TestNotes:
    def test_a_refused_table_is_a_notice_with_its_reason(self):
        frame = tables(
            state=["used", "refused", "used"], reason=[None, "sales: sale_id names one row; 7 keys", None]
        )
        (notice,) = notes.notices(frame)
        assert (notice.title, notice.text) == (
            "The table sales is refused", "Sales: sale_id names one row; 7 keys.",
        )  # fmt: skip
        assert notes.notices(tables()) == []

    def test_a_very_long_reason_is_cut(self):
        frame = tables(state=["used", "refused", "used"], reason=[None, "x" * 900, None])
        assert len(notes.notices(frame)[0].text) == notes.LONGEST

    def test_parameters_are_in_the_definitions(self):
        usual = dict(notes.notes(setting(), late_days=None, widths=3.0)["definitions"])
        assert "19 of 20 pauses" in usual["Late"]
        said = dict(notes.notes(setting(), late_days=5, widths=2.5)["definitions"])
        assert "more than 5 days older" in said["Late"]
        assert "(Q3 / Q1)^2.5" in said["Outlier"]
