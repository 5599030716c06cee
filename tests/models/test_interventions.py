"""The queue: who is in it, in which order, by when, why, and what to do first."""

import math
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models.interventions.queue import Wanted, call_queue, working_week
from analytics.models.interventions.signs import in_order, reason_of, stakes
from analytics.models.interventions.subjects import late_deals
from analytics.params import load_rules
from tests.intervention_data import ADA, BEN, THREE, THURSDAY, likely, queue_of, subjects
from tests.metrics.test_interventions import ROWS

RULES = load_rules("intervention_rules")
SUNDAY = date(2026, 11, 1)


def only(queue):
    """The single row of a queue."""
    assert len(queue.rows) == 1
    return queue.rows.iloc[0]


class TestWhoIsInIt:
    def test_a_chance_above_the_threshold_and_not_at_it(self):
        rows = [likely(churn_probability=p, worth_if_stays=-1.0) for p in (0.5, 0.51)]
        assert queue_of(*rows).rows["customer_id"].tolist() == ["c1"]

    def test_an_account_whose_health_calls_the_risk_high_though_nothing_is_predicted(self):
        row = only(
            queue_of(
                {"account_risk": 60, "worth_if_stays": 10.0}, {"account_risk": 59, "worth_if_stays": 0.0}
            )
        )
        assert (row["customer_id"], row["urgency"]) == ("c0", "health")
        assert pd.isna(row["value_at_risk"])

    def test_those_who_hold_the_first_fifth_of_all_value_at_risk_though_their_chance_is_low(self):
        rows = [{"churn_probability": 0.1, "worth_if_stays": worth} for worth in (30.0, 1000.0, 200.0)]
        assert only(queue_of(*rows))["customer_id"] == "c1"

    def test_other_signs_alone_bring_nobody(self):
        signs = {"days_overdue": 90, "nps": -100, "critical_tickets_90d": 3, "days_to_renewal": 2}
        assert queue_of({"churn_probability": 0.4, "worth_if_stays": -1.0} | signs).rows.empty

    def test_without_predictions_health_and_contract_value_choose(self):
        rows = [{"account_risk": risk, "worth_if_stays": worth} for risk, worth in ((50, 900.0), (10, 100.0))]
        row = only(queue_of(*rows))
        assert (row["customer_id"], row["urgency"], row["rank"]) == ("c0", "stake", 1)
        assert pd.isna(row["value_at_risk"])


class TestOrder:
    def test_value_at_risk_then_id_and_unknown_values_last_by_points_times_worth(self):
        rows = [
            {"customer_id": "z", "account_risk": 90, "worth_if_stays": 1e9},
            {"customer_id": "y", "account_risk": 80, "worth_if_stays": 2e9},
            likely(customer_id="b"), likely(customer_id="a"), likely(customer_id="c", worth_if_stays=101.0),
            likely(customer_id="x", worth_if_stays=math.nan),
        ]  # fmt: skip
        assert queue_of(*rows).rows["customer_id"].tolist() == ["c", "a", "b", "y", "z", "x"]

    @given(ROWS, st.randoms())
    @settings(max_examples=8, deadline=None)
    def test_is_total_and_does_not_depend_on_the_order_of_the_data(self, rows, random):
        frame = subjects(*rows)
        shuffled = frame.sample(frac=1, random_state=random.randint(0, 99))
        queues = [call_queue(part, RULES, THURSDAY, high_risk_threshold=0.5) for part in (frame, shuffled)]
        pd.testing.assert_frame_equal(queues[0].rows, queues[1].rows)
        pd.testing.assert_frame_equal(queues[0].told, queues[1].told)
        assert queues[0].rows["customer_id"].is_unique
        values = queues[0].rows["value_at_risk"].dropna()
        assert values.is_monotonic_decreasing
        assert queues[0].rows["rank"].tolist() == list(range(1, len(queues[0].rows) + 1))

    def test_what_was_given_is_left_as_it_was(self):
        frame = subjects(*THREE)
        before = frame.copy(deep=True)
        call_queue(frame, RULES, THURSDAY)
        in_order(frame)
        pd.testing.assert_frame_equal(frame, before)


class TestDue:
    @pytest.mark.parametrize(
        ("sign", "day", "due", "because"),
        [
            ({"worth_if_stays": 0.0}, THURSDAY, "2026-10-08", "leaving"),
            ({}, THURSDAY, "2026-10-01", "stake"),
            ({"days_overdue": 30, "worth_if_stays": 0.0}, THURSDAY, "2026-10-02", "overdue"),
            ({"days_overdue": 29, "worth_if_stays": 0.0}, THURSDAY, "2026-10-08", "leaving"),
            ({"nps": 0, "worth_if_stays": 0.0}, THURSDAY, "2026-10-06", "nps"),
            ({"nps": 1, "worth_if_stays": 0.0}, THURSDAY, "2026-10-08", "leaving"),
            ({"account_risk": 60, "worth_if_stays": 0.0}, THURSDAY, "2026-10-05", "health"),
            (
                {"logins_30d": 7, "logins_previous_30d": 10, "worth_if_stays": 0.0},
                THURSDAY,
                "2026-10-06",
                "logins",
            ),
            (
                {"logins_30d": 7, "logins_previous_30d": 0, "worth_if_stays": 0.0},
                THURSDAY,
                "2026-10-08",
                "leaving",
            ),
            ({"days_to_renewal": 60, "worth_if_stays": 0.0}, THURSDAY, "2026-10-08", "leaving"),
            # Fourteen days before the renewal at the latest: Monday the 5th, Sunday the 4th, and long ago.
            ({"days_to_renewal": 18, "worth_if_stays": 0.0}, THURSDAY, "2026-10-05", "renewal"),
            ({"days_to_renewal": 17, "worth_if_stays": 0.0}, THURSDAY, "2026-10-02", "renewal"),
            ({"days_to_renewal": 3, "worth_if_stays": 0.0}, THURSDAY, "2026-10-01", "renewal"),
            ({"days_to_renewal": -1, "worth_if_stays": 0.0}, THURSDAY, "2026-10-08", "leaving"),
            ({}, SUNDAY, "2026-11-02", "stake"),
            ({"days_overdue": 30, "worth_if_stays": 0.0}, SUNDAY, "2026-11-03", "overdue"),
        ],
    )
    def test_the_most_urgent_sign_sets_a_working_day(self, sign, day, due, because):
        row = only(queue_of(likely(**sign), day=day))
        assert (str(row["due_date"].date()), row["urgency"]) == (due, because)

    def test_much_value_without_a_high_chance_has_more_time(self):
        row = only(queue_of({"churn_probability": 0.1, "worth_if_stays": 9.0}))
        assert (str(row["due_date"].date()), row["due"]) == ("2026-10-06", "next_week")

    def test_days_off_and_other_working_days_are_minded(self):
        off = RULES.model_copy(update={"days_off": (date(2026, 10, 1), date(2026, 10, 2))})
        assert only(queue_of(likely(), rules=off))["due_date"] == pd.Timestamp("2026-10-05")
        saturdays = RULES.model_copy(update={"working_days": ("saturday",)})
        assert only(queue_of(likely(), rules=saturdays))["due_date"] == pd.Timestamp("2026-10-03")

    def test_the_week_ends_on_the_sunday_of_the_first_working_day(self):
        assert working_week(RULES, THURSDAY) == (THURSDAY, date(2026, 10, 4))
        assert working_week(RULES, SUNDAY) == (date(2026, 11, 2), date(2026, 11, 8))

    @given(ROWS, st.integers(0, 30))
    @settings(max_examples=8, deadline=None)
    def test_equals_a_plain_reading_of_the_table(self, rows, later):
        day = THURSDAY + timedelta(days=later)
        queue = queue_of(*rows, day=day)
        for row in queue.rows.to_dict("records"):
            assert row["due_date"].date() == plainly_due(row, day, queue.everybody)
            assert row["due_date"].weekday() < 5
            assert row["due_date"].date() >= day


def working_days(day, count):
    """So many working days after the first one from a day on."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def plainly_due(row, day, everybody):
    """The due day of signs that the rows of the Hypothesis test can have, one after the other."""
    asked = [working_days(day, 5)] if row["high_risk"] else []
    if row["urgency"] == "stake":
        asked.append(working_days(day, 0 if row["high_risk"] else 3))
    if row["reasons"].find("overdue") >= 0:
        asked.append(working_days(day, 1))
    if row["nps"] <= 0:
        asked.append(working_days(day, 3))
    ahead = (row["renews_at"].date() - day).days
    if 0 <= ahead <= 60:
        lead = row["renews_at"].date() - timedelta(days=14)
        while lead.weekday() > 4:
            lead -= timedelta(days=1)
        asked.append(max(working_days(day, 0), min(lead, working_days(day, 5))))
    return min(asked)


class TestReasonsAndSteps:
    def test_say_what_is_seen_the_most_urgent_first_then_what_else_the_model_sees(self):
        row = queue_of(
            ADA | {"risk_factors": "payment 45 days overdue; on the plan Team; in favour: friendly"}
        ).rows.iloc[0]
        assert row["reasons"] == (
            "payment 45 days overdue; account health: risk 70 of 100; latest NPS answer −40; on the plan Team"
        )
        assert row["recommendation"].startswith("Ask whether the open invoice is disputed")
        assert row["next_steps"].startswith("Call and ask what disappointed them")

    def test_what_speaks_for_a_customer_is_no_reason(self):
        factors = "in favour: 9 logins in 30 days; small purchases; In favour: pays on time"
        assert only(queue_of(likely(risk_factors=factors)))["reasons"] == "small purchases"

    def test_in_vietnam_a_low_nps_leads_the_reasons_and_has_the_first_step(self):
        row = queue_of(ADA, market="vietnam").rows.iloc[0]
        assert row["reasons"].startswith("latest NPS answer −40; payment 45 days overdue")
        assert row["recommendation"].startswith("Visit, or call in person")
        assert row["next_steps"].startswith("Ask whether the open invoice is disputed")
        assert row["urgency"] == queue_of(ADA).rows.iloc[0]["urgency"]

    def test_in_vietnam_a_fall_of_the_nps_that_the_model_sees_leads_too(self):
        row = only(queue_of(likely(days_overdue=45, risk_factors="NPS answer down by 70"), market="vietnam"))
        assert row["reasons"] == "NPS answer down by 70; payment 45 days overdue"
        assert row["recommendation"].startswith("Visit, or call in person")

    def test_an_answer_that_only_the_model_finds_low_does_not_lead(self):
        row = only(
            queue_of(likely(days_overdue=45, nps=10, risk_factors="latest NPS answer 10"), market="vietnam")
        )
        assert row["reasons"] == "payment 45 days overdue; latest NPS answer 10"
        assert row["recommendation"].startswith("Let the person whom they know best")

    def test_a_low_answer_and_its_fall_are_one_reason(self):
        assert (
            only(queue_of(likely(nps=-40, risk_factors="NPS answer down by 70")))["reasons"]
            == "latest NPS answer −40"
        )

    def test_in_vietnam_the_relation_comes_before_money_where_no_nps_is_low(self):
        first = only(queue_of(likely(days_overdue=45, nps=50), market="vietnam"))
        assert first["recommendation"].startswith("Let the person whom they know best")
        assert first["next_steps"].startswith("Ask whether the open invoice")
        assert only(queue_of(likely(days_overdue=45, nps=50)))["recommendation"].startswith(
            "Ask whether the open"
        )

    def test_the_same_reason_is_given_once_whoever_gives_it(self):
        factors = "latest NPS answer −40; 45 logins in 30 days only; logins down by 60% in a month"
        row = likely(nps=-40, logins_30d=40, logins_previous_30d=100, risk_factors=factors)
        assert only(queue_of(row))["reasons"] == "logins down by 60% in a month; latest NPS answer −40"

    @pytest.mark.parametrize(
        ("level", "advice", "first"),
        [
            ("Critical", "Write by name.", "Write by name."),
            ("High", "Write by name.", "Write by name."),
            ("Medium", "Wait.", "Call, ask how things are, and note the answer for whoever calls next."),
            ("Low", "Risk is low.", "Call, ask how things are, and note the answer for whoever calls next."),
            (None, None, "Call, ask how things are, and note the answer for whoever calls next."),
        ],
    )
    def test_what_the_predictions_recommend_is_taken_at_a_high_risk(self, level, advice, first):
        row = only(queue_of(likely(risk_level=level, recommendations=advice)))
        assert row["recommendation"] == first
        assert row["reasons"] == "no single reason stands out"

    def test_all_signs_have_words_of_their_own(self):
        row = only(
            queue_of(
                likely(
                    account_risk=70, days_overdue=31, critical_tickets_90d=1, days_to_renewal=0,
                    logins_30d=50, logins_previous_30d=100, nps=-10, support_tickets_90d=3,
                    seats_used=2, seats_purchased=10,
                    late_deal_stage="proposal", late_deal_days=65, late_deal_over=20, late_deal_id="d",
                ),
                rules=RULES,
            )
        )  # fmt: skip
        told = queue_of(
            likely(support_tickets_90d=3, seats_used=2, seats_purchased=10, late_deal_stage="proposal",
                   late_deal_days=65, late_deal_over=19.5)
        ).told  # fmt: skip
        assert row["reasons"].startswith(
            "renews today; payment 31 days overdue; 1 critical ticket in 90 days"
        )
        assert told["words"].tolist() == [
            "deal in proposal for 65 days, 20 longer than usual",
            "3 support tickets in 90 days",
            "only 20% of the seats in use",
        ]

    def test_words_of_a_prediction_lead_back_to_their_reason(self):
        assert reason_of("no purchase for 1,301 days") == "recency_days"
        assert reason_of("only 35% of the seats in use") == "seat_use"
        assert reason_of("customer for 1 day only") == "tenure_days"
        assert reason_of("somebody said so") == "other"


class TestStakes:
    @given(st.lists(st.integers(-5, 50), max_size=12), st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    @settings(max_examples=20, deadline=None)
    def test_are_the_fewest_of_the_first_that_hold_the_share(self, values, share):
        frame = subjects(*({"value_at_risk": float(v), "churn_probability": 0.1} for v in values))
        held = frame[stakes(frame, share)]["value_at_risk"].sort_values(ascending=False).tolist()
        positive = sorted((v for v in values if v > 0), reverse=True)
        wanted = share * sum(positive)
        count = next(n for n in range(len(positive) + 1) if sum(positive[:n]) >= wanted - 1e-9)
        assert held == positive[:count]


class TestLateDeals:
    @pytest.mark.parametrize(("stage", "normal"), [("discovery", 14), ("qualified", 21), ("proposal", 30)])
    @pytest.mark.parametrize("factor", [1.0, 1.5])
    def test_a_deal_is_late_beyond_normal_days_times_the_factor_of_the_market(self, stage, normal, factor):
        days = [normal * factor, normal * factor + 1]
        opened = pd.DataFrame(
            {
                "customer_id": ["on time", "late"],
                "deal_id": "d",
                "stage": stage,
                "industry": None,
                "days_in_stage": days,
            }
        )
        rows = late_deals(opened, load_rules("pipeline_rules"), normal_days_factor=factor)
        assert rows["customer_id"].tolist() == ["late"]
        assert rows["late_deal_over"].tolist() == [1.0]

    def test_the_latest_of_a_customer_counts_and_deals_of_nobody_or_of_unknown_stages_do_not(self):
        opened = pd.DataFrame(
            {
                "customer_id": ["a", "a", "a", None, "b"], "deal_id": ["3", "2", "1", "4", "5"],
                "industry": None,
                "stage": ["proposal", "discovery", "discovery", "proposal", "haggling"],
                "days_in_stage": [31.0, 34.0, 34.0, 99.0, 99.0],
            }
        )  # fmt: skip
        rows = late_deals(opened, load_rules("pipeline_rules"))
        assert rows[["customer_id", "late_deal_id", "late_deal_over"]].to_numpy().tolist() == [
            ["a", "1", 20.0]
        ]


class TestWanted:
    @pytest.mark.parametrize(
        ("wanted", "left"),
        [
            (Wanted(), ["ada", "ben", "cyd"]),
            (Wanted(owner=" team 2 "), ["ben"]),
            (Wanted(owner="-"), ["cyd"]),
            (Wanted(owner="nobody of that name"), []),
            (Wanted(kind="customer"), ["cyd"]),
            (Wanted(due="today"), ["ada", "ben"]),
            (Wanted(due="this_week"), ["ada", "ben"]),
            (Wanted(min_value=450.0), ["ada", "ben"]),
            (Wanted(min_value=450.01), ["ada"]),
            (Wanted(owner="Team 1", kind="customer"), []),
        ],
    )
    def test_keeps_what_is_asked_for_with_its_rank(self, wanted, left):
        whole = queue_of(*THREE)
        part = whole.wanted(wanted)
        assert part.rows["customer_id"].tolist() == left
        assert set(part.told["customer_id"]) == set(left)
        expected = whole.rows[whole.rows["customer_id"].isin(left)].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.rows, expected)

    @given(
        ROWS,
        st.sampled_from(["", "ada", "-"]),
        st.sampled_from(["all", "account"]),
        st.sampled_from([0.0, 60.0]),
    )
    @settings(max_examples=8, deadline=None)
    def test_every_figure_is_that_of_the_rows_that_are_left(self, rows, owner, kind, least):
        whole = queue_of(*rows)
        part = whole.wanted(Wanted(owner=owner, kind=kind, min_value=least))
        left = whole.rows
        left = left if not owner else left[left["owner"].fillna("-").str.lower() == owner]
        left = left if kind == "all" else left[left["kind"] == kind]
        left = left[left["value_at_risk"] >= least] if least else left
        assert part.figures["to_call"] == (len(left) if rows else None)
        assert part.owners["to_call"].sum() == part.days["to_call"].sum() == len(left)
        worth = part.figures["worth_if_stays"]
        if rows and not math.isnan(worth):
            assert worth == pytest.approx(left["worth_if_stays"].sum())
        told = whole.told[whole.told["customer_id"].isin(left["customer_id"])]
        assert part.causes["to_call"].sum() == len(told.drop_duplicates(["customer_id", "reason"]))


def test_a_queue_of_nobody_has_its_columns_and_kinds():
    empty, full = queue_of(), queue_of(*THREE)
    assert empty.rows.columns.tolist() == full.rows.columns.tolist()
    assert str(empty.rows["due_date"].dtype) == str(full.rows["due_date"].dtype) == "datetime64[us]"
    assert empty.batch.empty
    assert full.batch.iloc[0].tolist() == ["b1", pd.Timestamp(THURSDAY)]


def test_ben_is_called_before_his_renewal():
    assert only(queue_of(BEN | {"worth_if_stays": 0.0}))["urgency"] == "renewal"
