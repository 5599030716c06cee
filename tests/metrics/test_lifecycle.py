"""The funnel: who reached what, how fast, where they are lost; held against a slow count in plain Python."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data.contract import STAGES
from analytics.metrics import lifecycle as metrics
from analytics.timeframe import compare, parse_timeframe
from tests.lifecycle_data import company, events, plain_subjects

QUARTER = parse_timeframe("2026-Q1", as_of=date(2026, 5, 1))
AFTER = ["Customer", "Retained", "Expansion"]
FOLLOWS = {"Lead": ["MQL", "SQL", *AFTER], "MQL": ["SQL", *AFTER], "SQL": AFTER, "Customer": AFTER[1:]}


def read(edge=QUARTER.reference_date, **frames):
    """Subjects of leads and stages, made in plain Python: the engine's are held against these elsewhere."""
    wanted = {name: frames[name] for name in ("leads", "stage_events") if name in frames}
    return plain_subjects(edge, **wanted)


@pytest.fixture(scope="module")
def everybody():
    return read(**company())


@pytest.fixture(scope="module")
def cohort(everybody):
    return metrics.cohort_of(everybody, QUARTER)


def counts(frame):
    return metrics.funnel_stages(frame).set_index("stage")["subjects"].to_dict()


class TestReached:
    def test_a_skipped_stage_is_reached_and_counted_as_skipped(self):
        frame = read(stage_events=events("L1", Lead="2026-01-05", SQL="2026-01-20"))
        rows = metrics.funnel_stages(frame).set_index("stage")
        assert rows.loc["MQL", ["subjects", "entered", "skipped"]].tolist() == [1, 0, 1]
        assert rows.loc["Customer", "subjects"] == 0

    def test_going_back_takes_nothing_away(self):
        frame = read(
            stage_events=events("L1", Lead="2026-01-05", MQL=["2026-01-06", "2026-02-06"], SQL="2026-01-20")
        )
        rows = metrics.funnel_stages(frame).set_index("stage")
        assert rows.loc["SQL", ["subjects", "standing"]].tolist() == [1, 0]
        assert rows.loc["MQL", ["subjects", "standing"]].tolist() == [1, 1]

    def test_each_counts_once_a_stage(self):
        frame = read(
            stage_events=events("L1", Lead=["2026-01-05", "2026-01-09"], MQL=["2026-01-06", "2026-02-06"])
        )
        assert (counts(frame)["Lead"], counts(frame)["MQL"]) == (1, 1)

    def test_an_expansion_is_no_renewal_and_a_departure_no_sale(self):
        frame = read(
            stage_events=events("L1", Lead="2026-01-05", Expansion="2026-02-01")
            + events("L2", Lead="2026-01-05", Churned="2026-02-01")
        )
        found = counts(frame)
        assert (found["Customer"], found["Retained"], found["Expansion"], found["Churned"]) == (1, 0, 1, 1)

    def test_the_funnel_is_the_slow_count(self, cohort):
        data = company()
        by_lead = {row["customer_id"]: row["lead_id"] for row in data["leads"] if row["customer_id"]}
        had = {row["lead_id"]: {"Lead"} | ({"Customer"} if in_time(row["converted_at"]) else set()) for row in
               data["leads"]}  # fmt: skip
        for event in data["stage_events"]:
            if in_time(event["entered_at"]):
                had[by_lead.get(event["subject_id"], event["subject_id"])].add(event["stage"])
        inside = {
            row["lead_id"] for row in data["leads"] if "2026-01-01" <= str(row["created_at"]) < "2026-04-01"
        }
        slow = {
            stage: sum(bool(had[one] & {stage, *FOLLOWS.get(stage, [])}) for one in inside)
            for stage in STAGES
        }
        fast = counts(cohort)
        assert fast == slow
        assert fast["SQL"] > 3

    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6), st.integers(0, 99)), max_size=40))
    @settings(max_examples=25, deadline=None)
    def test_no_stage_has_more_than_the_one_before_it_and_standing_adds_up(self, rows):
        frame = frame_of(rows)
        found = metrics.funnel_stages(frame).set_index("stage")
        ladder = found.loc[["Lead", "MQL", "SQL", "Customer"], "subjects"].tolist()
        assert ladder[1:] == sorted(ladder[1:], reverse=True)
        assert found["standing"].sum() == len(frame)
        assert (found["subjects"] <= len(frame)).all()
        assert (found["skipped"] >= 0).all()


def many(name, n, **stages):
    """The same events of so many subjects."""
    return [row for i in range(n) for row in events(f"{name}{i:02}", **stages)]


def frame_of(rows):
    """Subjects with first entries on some days, as the engine would give them."""
    frame = pd.DataFrame(np.nan, index=sorted({who for who, _, _ in rows}), columns=list(STAGES))
    for who, stage, day in rows:
        frame.loc[who, STAGES[stage]] = np.fmin(frame.loc[who, STAGES[stage]], day * 86_400.0)
    return frame.assign(stage="Lead", path="Lead", first=0.0, last=0.0)


def in_time(day):
    return day is not None and not pd.isna(day) and str(day) < "2026-04-01"


class TestHistory:
    def test_leads_and_customers_of_each_timeframe_are_those_of_its_own_reference_date(self, everybody):
        spans = compare(QUARTER, first_day=date(2025, 1, 1)).periods
        rows = metrics.lead_history(everybody, spans, conversion_days=30)
        for row, span in zip(rows.to_dict("records"), spans, strict=True):
            alone = read(span.reference_date, **company())
            assert row["leads"] == len(metrics.cohort_of(alone, span))
            assert row["customers"] == counts(metrics.cohort_of(alone, span))["Customer"]
        assert rows["leads"].sum() > 50

    def test_the_mature_rate_gives_every_lead_the_same_days(self):
        rows = [
            *events("L1", Lead="2025-12-20", Customer="2026-01-10"),  # in time
            *events("L2", Lead="2025-12-20", Customer="2026-02-20"),  # too late
            *events("L3", Lead="2026-03-03"),  # young: not yet asked
            *events("L4", Lead="2025-12-01", Customer="2025-12-02"),  # before the window
        ]
        row = metrics.lead_history(read(stage_events=rows), [QUARTER], conversion_days=30).iloc[0]
        assert (row["mature_conversion_rate_n"], row["mature_conversion_rate"]) == (2, 50.0)
        assert (row["leads"], row["young_leads"], row["new_customers"]) == (1, 1, 2)

    def test_a_further_lead_of_a_customer_is_no_new_customer(self):
        leads = [
            {
                "lead_id": f"L{i}",
                "created_at": "2026-01-02",
                "customer_id": "A",
                "converted_at": f"2026-02-0{i}",
            }
            for i in (1, 2)
        ]
        row = metrics.lead_history(read(leads=leads), [QUARTER], conversion_days=30).iloc[0]
        assert (row["customers"], row["new_customers"]) == (2, 1)

    def test_without_leads_rates_are_missing_and_never_0(self):
        row = metrics.lead_history(read(), [QUARTER], conversion_days=30).iloc[0]
        assert row["leads"] == 0
        assert row[["lead_to_customer_rate", "mature_conversion_rate"]].isna().all()


class TestSteps:
    def steps(self, rows, edge=QUARTER.reference_date):
        frame = read(edge, stage_events=rows)
        found = metrics.conversion_rates(metrics.cohort_of(frame, QUARTER), frame, edge)
        return found.set_index(["from_stage", "to_stage"])

    def test_days_are_whole_days_between_recorded_entries_only(self):
        rows = [
            *events("L1", Lead="2026-01-01 23:00", MQL="2026-01-04 01:00"),
            *events("L2", Lead="2026-01-01", SQL="2026-01-21"),
            *events("L3", Lead="2026-01-10", MQL="2026-01-05"),
        ]
        row = self.steps(rows).loc[("Lead", "MQL")]
        assert (row["from_subjects"], row["to_subjects"]) == (3, 3)
        assert (row["median_days"], row["median_days_n"], row["out_of_order"]) == (3.0, 1, 1)

    def test_the_denominator_is_who_reached_the_stage_before(self):
        rows = [*events("L1", Lead="2026-01-01", SQL="2026-01-02"), *events("L2", Lead="2026-01-01")]
        found = self.steps(rows)
        assert found.loc[("MQL", "SQL"), ["conversion_rate", "conversion_rate_n"]].tolist() == [100.0, 1]
        assert found.loc[("Lead", "MQL"), "conversion_rate"] == 50.0
        assert np.isnan(found.loc[("Customer", "Retained"), "conversion_rate"])

    def test_a_cohort_that_had_no_time_is_marked(self):
        old = [row for i in range(9) for row in events(f"O{i}", Lead="2025-01-01", Customer="2025-02-20")]
        young = [row for i in range(5) for row in events(f"Y{i}", Lead="2026-03-20")]
        grown = [row for i in range(4) for row in events(f"G{i}", Lead="2026-01-02")]
        row = self.steps(old + young + grown).loc[("Lead", "Customer")]
        assert (row["usual_days"], row["young_subjects"], bool(row["too_young"])) == (50.0, 5, True)
        assert not self.steps(old + young[:2] + grown).loc[("Lead", "Customer"), "too_young"]

    def test_the_bottleneck_is_the_lowest_rate_of_those_who_had_time(self):
        """Forty old leads lose most from MQL to SQL; forty young ones have not gone beyond Lead."""
        old = many("O", 8, Lead="2025-09-01", MQL="2025-09-02", SQL="2025-09-05")
        old += many("P", 32, Lead="2025-09-01", MQL="2025-09-02")
        sold = many("S", 60, Lead="2025-09-01", MQL="2025-09-02", SQL="2025-09-05", Customer="2025-09-09")
        young = many("Y", 40, Lead="2026-03-31")
        found = self.steps(old + sold + young)
        assert found.index[found["is_bottleneck"]].tolist() == [("MQL", "SQL")]
        assert found.loc[("MQL", "SQL"), ["mature_rate", "mature_rate_n"]].tolist() == [68.0, 100]

    def test_a_stage_that_nobody_records_is_no_bottleneck_but_customers_that_never_came_are(self):
        won = many("W", 50, Lead="2025-09-01", MQL="2025-09-02", SQL="2025-09-05", Customer="2025-09-09")
        lost = many("X", 10, Lead="2025-09-01", MQL="2025-09-02", SQL="2025-09-05")
        found = self.steps(won + lost)
        assert found.loc[("Customer", "Retained"), ["from_subjects", "to_subjects"]].tolist() == [0, 0]
        cohort = plain_subjects(QUARTER.reference_date, [], won + lost)
        found = metrics.conversion_rates(cohort, cohort, QUARTER.reference_date)
        found = found.set_index(["from_stage", "to_stage"])
        assert found.loc[("Customer", "Retained"), "conversion_rate"] == 0.0
        assert found.index[found["is_bottleneck"]].tolist() == [("SQL", "Customer")]
        nobody = plain_subjects(
            QUARTER.reference_date, [], many("X", 40, Lead="2025-09-01", SQL="2025-09-05")
        )
        found = metrics.conversion_rates(nobody, nobody, QUARTER.reference_date)
        assert found.loc[found["is_bottleneck"], "to_stage"].tolist() == ["Customer"]

    def test_with_few_there_is_no_bottleneck(self):
        assert not self.steps(events("L1", Lead="2026-01-01"))["is_bottleneck"].any()

    def test_customers_older_than_the_leads_do_not_say_what_is_usual(self):
        older = [
            row for i in range(40) for row in events(f"A{i}", Customer="2020-01-01", Churned="2026-01-01")
        ]
        row = self.steps(older + events("L1", Lead="2026-01-01", Customer="2026-01-02", Churned="2026-01-12"))
        assert row.loc[("Customer", "Churned"), "usual_days"] == 10.0


class TestGroupsAndPaths:
    def test_groups_add_up_to_the_funnel(self, everybody, cohort):
        for column in ("source", "region"):
            rows = metrics.by_group(everybody, QUARTER, column, conversion_days=30)
            total = counts(cohort)
            assert {stage: int(rows[stage.lower()].sum()) for stage in STAGES} == total
            whole = metrics.lead_history(everybody, [QUARTER], conversion_days=30).iloc[0]
            assert rows["mature_conversion_rate_n"].sum() == whole["mature_conversion_rate_n"]
            took = (rows["mature_conversion_rate"].fillna(0) * rows["mature_conversion_rate_n"]).sum() / 100
            assert round(took) == whole["mature_converted"]
        assert "unknown" in set(metrics.by_group(everybody, QUARTER, "source", conversion_days=30)["source"])

    def test_paths_hold_everybody_the_ten_commonest_first(self, everybody):
        rows = metrics.commonest_paths(everybody)
        assert rows["subjects"].sum() == len(everybody)
        assert rows["share"].sum() == pytest.approx(1)
        named = rows[rows["path"] != "other"]
        assert len(named) == 10
        assert named["subjects"].is_monotonic_decreasing
        plain = everybody["path"].value_counts()
        assert named["subjects"].tolist() == plain.head(10).tolist()

    def test_an_outcome_is_where_the_path_ends(self):
        frame = read(
            stage_events=events("L1", Lead="2026-01-01", Customer="2026-01-11")
            + events("L2", Lead="2026-01-01", Customer="2026-01-11", Churned="2026-02-10")
            + events("L3", Lead="2026-01-01", MQL="2026-01-02")
            + events("L4", Lead="2026-01-01")
        )
        rows = metrics.commonest_paths(frame).set_index("path")
        assert rows["outcome"].to_dict() == {
            "Lead → Customer": "customer", "Lead → Customer → Churned": "churned", "Lead → MQL": "open",
            "Lead": "open",
        }  # fmt: skip
        assert rows.loc["Lead → Customer → Churned", "median_days"] == 40
        assert np.isnan(rows.loc["Lead", "median_days"])


class TestReconciliation:
    def test_leads_and_customers_follow_from_the_leads_table(self, everybody, cohort):
        data = company()
        found = metrics.reconciliation(everybody, QUARTER)
        inside = [row for row in data["leads"] if "2026-01-01" <= str(row["created_at"]) < "2026-04-01"]
        assert found["leads_table"] == len(inside) > 10
        assert found["leads"] == len(cohort) == counts(cohort)["Lead"]
        assert found["customers"] == counts(cohort)["Customer"]
        assert found["converted_table"] == sum(in_time(row["converted_at"]) for row in inside)
        assert_adds_up(found)

    def test_every_way_to_differ_is_counted(self):
        leads = [
            {"lead_id": "L1", "created_at": "2026-01-01", "converted_at": "2026-01-02"},
            {"lead_id": "L2", "created_at": "2026-01-01"},
            {"lead_id": "L3", "created_at": "2025-12-31"},
            {"lead_id": "L4", "created_at": "2026-01-01", "converted_at": None},
        ]
        rows = (
            events("L1", Lead="2026-01-01", Customer="2026-04-02")
            + events("L2", Lead="2025-12-30")
            + events("L3", Lead="2026-01-03")
            + events("L4", Lead="2026-01-01", Customer="2026-01-09")
            + events("X1", Lead="2026-02-01")
        )
        found = metrics.reconciliation(read(leads=leads, stage_events=rows), QUARTER)
        assert found == {
            "leads_table": 3, "entered_outside": 1, "created_outside": 1, "without_row": 1, "leads": 4,
            "converted_table": 1, "not_customers": 0, "not_converted": 1, "customers": 2,
        }  # fmt: skip
        assert_adds_up(found)


def assert_adds_up(found):
    leads = found["leads_table"] - found["entered_outside"] + found["created_outside"] + found["without_row"]
    assert leads == found["leads"]
    assert found["converted_table"] - found["not_customers"] + found["not_converted"] == found["customers"]
