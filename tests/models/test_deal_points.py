"""Chance, health, value and account risk by points: the published figures, then what must always hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.models.deals import account_health, points, what_if
from analytics.params import load_rules
from analytics.params.pipeline_rules import PipelineRules

RULES = load_rules("pipeline_rules")
REFERENCE = {
    "industry": None,
    "stage": "proposal",
    "days_in_stage": 12,
    "days_silent": 3,
    "lead_score": 75,
    "interactions": 8,
    "objections_handled": 2,
    "champion_identified": 1,
    "budget_confirmed": 1,
    "decision_maker_engaged": 0,
    "competitors_mentioned": 1,
}
ACCOUNT = {
    "customer_id": "a",
    "name": None,
    "industry": None,
    "plan": "Team",
    "owner": None,
    "acv": 9.0,
    "seats_purchased": 10,
    "seats_used": 9,
    "nps": 50,
    "logins_30d": 50,
    "logins_previous_30d": 100,
    "support_tickets_90d": 2,
    "critical_tickets_90d": 1,
    "days_overdue": 30,
    "feature_adoption": 0.5,
    "sentiment": 0.0,
    "renews_at": pd.NaT,
}
TEXTS = {"industry": "object", "stage": "object"}


def deal(**changes):
    row = pd.DataFrame([REFERENCE | changes])
    return row.astype({name: "float64" for name in row.columns if name not in TEXTS}).astype(TEXTS)


def chance(**changes):
    return points.close_points(deal(**changes), RULES).iloc[0]


def health(**changes):
    return points.deal_health(deal(**changes), RULES).iloc[0]


def account(**changes):
    return account_health.account_scores(pd.DataFrame([ACCOUNT | changes]), RULES).iloc[0]


@st.composite
def deals(draw):
    """A deal with any of its inputs missing."""
    maybe = lambda values: st.one_of(st.none(), values)  # noqa: E731
    return deal(
        stage=draw(maybe(st.sampled_from([*RULES.order, "elsewhere"]))),
        days_in_stage=draw(maybe(st.integers(0, 900))),
        days_silent=draw(maybe(st.integers(0, 900))),
        lead_score=draw(maybe(st.integers(-5, 120))),
        interactions=draw(maybe(st.integers(0, 50))),
        objections_handled=draw(maybe(st.integers(0, 20))),
        champion_identified=draw(maybe(st.integers(0, 1))),
        budget_confirmed=draw(maybe(st.integers(0, 1))),
        decision_maker_engaged=draw(maybe(st.integers(0, 1))),
        competitors_mentioned=draw(maybe(st.integers(0, 20))),
    )


class TestCloseProbability:
    def test_reference(self):
        row = chance()
        assert [row[part] for part in points.PARTS] == [50, 23.5, 25, 0, -5]
        assert row["points_total"] == 93.5
        assert row["points_probability"] == 94

    @pytest.mark.parametrize(
        ("days", "lost"), [(30, 0), (36, 0), (37, 2), (44, 4), (99, 18), (100, 20), (999, 20)]
    )
    def test_each_full_week_beyond_normal_days_takes_two_points_up_to_twenty(self, days, lost):
        assert chance(days_in_stage=days)["velocity_points"] == -lost

    @pytest.mark.parametrize(("rivals", "lost"), [(0, 0), (2, 10), (3, 15), (9, 15)])
    def test_competitors_take_up_to_fifteen(self, rivals, lost):
        assert chance(competitors_mentioned=rivals)["competition_points"] == -lost

    def test_only_ten_interactions_and_five_objections_count(self):
        assert chance(interactions=99, objections_handled=99)["engagement_points"] == 15 + 10 + 7.5

    def test_a_half_is_rounded_up_after_clipping(self):
        assert chance(stage="negotiation", days_in_stage=0)["points_probability"] == 99
        worst = dict.fromkeys(REFERENCE, 0) | {"stage": "discovery", "days_in_stage": 500, "industry": None}
        assert chance(**worst | {"competitors_mentioned": 3})["points_probability"] == 1
        assert points.half_up(pd.Series([0.5, 1.5, 2.5])).tolist() == [1, 2, 3]

    def test_confidence_counts_the_inputs(self):
        assert (chance()["inputs_known"], chance()["confidence"]) == (9, "high")
        assert chance(lead_score=None)["confidence"] == "medium"
        few = dict.fromkeys(("lead_score", "interactions", "objections_handled"))
        assert chance(**few)["confidence"] == "medium"
        assert chance(**few, champion_identified=None)["confidence"] == "low"

    def test_a_stage_that_nobody_knows_has_no_chance(self):
        assert math.isnan(chance(stage="elsewhere")["points_probability"])
        assert chance(stage="elsewhere")["inputs_known"] == 8

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "qualification +25.0; engagement +23.5; no decision maker"),
            ({"days_in_stage": 500, "champion_identified": 0, "budget_confirmed": 0},
             "engagement +23.5; late in its stage −20.0; no champion, budget, decision maker"),
            ({"competitors_mentioned": 3, "interactions": 0, "lead_score": 0, "decision_maker_engaged": 1},
             "qualification +35.0; competitors named −15.0"),
            ({"interactions": 0, "lead_score": 0, "objections_handled": 5, "champion_identified": 1,
              "budget_confirmed": None}, "engagement +10.0; qualification +10.0; no decision maker"),
        ],
        ids=["reference", "late", "rivals", "ties by name, the unknown is not lacking"],
    )  # fmt: skip
    def test_key_factors_are_the_strongest_two_first_then_what_is_lacking(self, changes, said):
        assert points.key_factors(points.close_points(deal(**changes), RULES), deal(**changes))[0] == said

    def test_nothing_but_the_stage_has_no_factor(self):
        unknown = deal(**{name: None for name in REFERENCE if name not in TEXTS})
        assert points.key_factors(points.close_points(unknown, RULES), unknown)[0] == ""

    @given(deals())
    def test_the_breakdown_adds_up_and_the_chance_is_its_clipped_sum(self, row):
        found = points.close_points(row, RULES).iloc[0]
        total = sum(found[part] for part in points.PARTS)
        if math.isnan(total):
            assert math.isnan(found["points_probability"])
            return
        assert found["points_total"] == pytest.approx(total)
        assert found["points_probability"] == math.floor(round(min(max(total, 1), 99), 9) + 0.5)

    def test_a_vertical_has_its_own_weights(self):
        own = {"health": {"stages": {"proposal": {"close_probability": 20}}}}
        stages = {name: stage.model_dump() for name, stage in RULES.stages.items()}
        stages["discovery"]["close_probability"] = stages["qualified"]["close_probability"] = 5
        rules = PipelineRules(stages=stages, verticals=own)
        rows = pd.concat([deal(industry="Retail"), deal(industry="Health"), deal()], ignore_index=True)
        assert points.close_points(rows, rules)["base_points"].tolist() == [50, 20, 50]


class TestHealth:
    def test_reference(self):
        row = health(days_in_stage=75, days_silent=21, interactions=7)
        parts = [row[f"{name}_health"] for name in ("velocity", "engagement", "qualification")]
        assert parts == [0, 15, 20]
        assert (row["health_score"], row["health_category"]) == (35, "critical")
        assert row["stagnant"]

    def test_reasons_are_words(self):
        row = health(days_in_stage=75, days_silent=21)
        said = "stagnant: 75 days in proposal, normal are 30; silent for 21 days; no decision maker"
        assert row["risk_factors"] == said

    def test_a_deal_that_does_well_has_no_reason(self):
        row = health(days_silent=0, decision_maker_engaged=1, interactions=10)
        assert (row["health_score"], row["health_category"], row["risk_factors"]) == (100, "healthy", "")

    @pytest.mark.parametrize(("days", "stagnant"), [(60, False), (61, True)])
    def test_stagnant_is_beyond_sixty_days(self, days, stagnant):
        assert health(days_in_stage=days)["stagnant"] == stagnant

    @pytest.mark.parametrize(("days", "silent"), [(13, False), (14, True)])
    def test_silent_is_from_fourteen_days(self, days, silent):
        assert ("silent" in health(days_silent=days)["risk_factors"]) == silent

    def test_what_is_not_known_is_left_out_and_the_rest_rescaled(self):
        nothing = dict.fromkeys(
            ("interactions", "champion_identified", "budget_confirmed", "decision_maker_engaged")
        )
        assert health(days_in_stage=37, days_silent=15, **nothing)["health_score"] == pytest.approx(
            100 * 37.5 / 55
        )
        unknown = health(days_in_stage=None, days_silent=None, **nothing)
        assert math.isnan(unknown["health_score"])
        assert unknown["health_category"] == "unknown"

    @given(deals())
    def test_lies_between_0_and_100_with_the_category_of_its_score(self, row):
        found = points.deal_health(row, RULES).iloc[0]
        score = found["health_score"]
        assert math.isnan(score) or 0 <= score <= 100
        bounds = {"healthy": score >= 70, "watch": 40 <= score < 70, "critical": score < 40}
        assert bounds.get(found["health_category"], math.isnan(score))


class TestValue:
    TERMS = pd.DataFrame(
        [{"seats": 50.0, "price_per_seat": 29.0, "contract_months": 12.0, "discount": 0.15,
          "stage": "proposal", "expansion_factor": 1.5, "industry": "tech", "product_plan": "Team"}]
    )  # fmt: skip

    def similar(self, n):
        return pd.DataFrame({"industry": ["Tech"] * n, "product_plan": ["Team"] * n, "value": [15000.0] * n})

    def test_reference(self):
        row = points.deal_value(self.TERMS, self.similar(5), RULES).iloc[0]
        assert row["list_value"] == 14_790
        assert row["adjusted_value"] == 19_966.5
        assert row["estimated_value"] == 17_483.25
        assert row["estimate_confidence"] == 75

    def test_similar_on_a_day_are_deals_that_closed_before_it(self):
        won = self.similar(3).assign(closed_day=[9.0, 10.0, 11.0], value=[1.0, 2.0, 4.0])
        rows = pd.concat([self.TERMS] * 3, ignore_index=True)
        found = points.deal_value(rows, won, RULES, pd.Series([12, 9, 11]))
        assert found["similar_deals"].tolist() == [3, 0, 2]

    def test_without_similar_deals_it_is_that_of_its_terms(self):
        others = pd.concat(
            [self.similar(3).assign(product_plan="Starter"), self.similar(2).assign(industry="Retail")]
        )
        row = points.deal_value(self.TERMS, others, RULES).iloc[0]
        assert (row["estimated_value"], row["estimate_confidence"], row["similar_deals"]) == (19_966.5, 50, 0)

    def test_without_terms_there_is_none(self):
        row = points.deal_value(self.TERMS.assign(seats=np.nan), self.similar(5), RULES).iloc[0]
        assert math.isnan(row["estimated_value"])
        assert math.isnan(row["estimate_confidence"])


class TestAccounts:
    def test_points_add_up_as_they_stand_in_the_rules(self):
        row = account()
        assert row["churn_risk"] == pytest.approx(20 + 4 + 5 + 10 + 2.5 + 5)
        assert row["expansion_score"] == pytest.approx(32 + 20 + 10 + 15)
        assert row["risk_reasons"] == "logins fell by 50%; 30 days overdue; 1 critical ticket"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "uses 90% of its seats; could move up from Team; NPS 50"),
            (
                {"feature_adoption": 0.9},
                "uses 90% of its seats; could move up from Team; uses 90% of features",
            ),
            ({"seats_used": 5, "plan": "Business"}, "NPS 50; uses 50% of features"),
            ({"seats_used": 1, "plan": "Business", "feature_adoption": 0, "nps": -100}, ""),
        ],
        ids=["most points first", "three at most", "none for a half-used or greatest plan", "none"],
    )
    def test_expansion_reasons_are_those_that_earn_the_points(self, changes, said):
        assert account(**changes)["expansion_reasons"] == said

    def test_missing_inputs_are_left_out_and_the_rest_rescaled(self):
        row = account(logins_30d=np.nan, sentiment=np.nan)
        assert row["churn_risk"] == pytest.approx(100 * 21.5 / 50)
        assert row["risk_inputs"] == 4
        row = account(nps=np.nan, plan="Bespoke")
        assert row["expansion_score"] == pytest.approx(100 * 42 / 60)

    def test_nothing_known_is_no_risk_and_no_room(self):
        names = [
            name
            for name in ACCOUNT
            if name not in ("customer_id", "name", "industry", "plan", "owner", "renews_at")
        ]
        row = account(**dict.fromkeys(names, np.nan), plan=None)
        assert math.isnan(row["churn_risk"])
        assert math.isnan(row["expansion_score"])
        assert row["risk_level"] == "unknown"

    def test_logins_that_rise_or_start_from_none_are_no_fall(self):
        assert account(logins_30d=300)["churn_risk"] == pytest.approx(26.5)
        assert account(logins_previous_30d=0)["churn_risk"] == pytest.approx(100 * 26.5 / 60)

    def test_no_room_to_grow_above_a_churn_risk_of_60(self):
        worst = {"logins_30d": 0, "support_tickets_90d": 9, "critical_tickets_90d": 9, "days_overdue": 90}
        row = account(**worst)
        assert row["churn_risk"] == pytest.approx(40 + 20 + 20 + 2.5 + 5)
        assert row["expansion_score"] == 0
        assert row["expansion_reasons"] == "churn risk first"

    def test_the_greatest_plan_has_none_above(self):
        assert account(plan="Business")["expansion_score"] == pytest.approx(57)

    def test_risky_ones_come_first_then_the_larger_then_by_id(self):
        frame = pd.DataFrame(
            [ACCOUNT | {"customer_id": "c"}, ACCOUNT | {"customer_id": "b"},
             ACCOUNT | {"customer_id": "a", "acv": 99}, ACCOUNT | {"customer_id": "d", "days_overdue": 60}]
        )  # fmt: skip
        assert account_health.account_scores(frame, RULES)["customer_id"].tolist() == ["d", "a", "b", "c"]


class TestWhatIf:
    def test_reference(self):
        row = what_if.scenario(
            450_000, 0.30, pipeline_change=10, win_rate_change=5, deal_size_change=15
        ).iloc[0]
        assert row["baseline_forecast"] == pytest.approx(135_000)
        assert row["projected_forecast"] == pytest.approx(179_313.75)
        assert row["delta_forecast"] == pytest.approx(44_313.75)
        assert row["delta_percent"] == pytest.approx(32.825)
        blocks = what_if.published(row)
        assert blocks["projected"]["forecast"] - blocks["baseline"]["forecast"] == pytest.approx(
            blocks["delta"]["forecast"]
        )

    def test_a_win_rate_stays_within_one_and_it_is_said(self):
        row = what_if.scenario(100, 0.8, win_rate_change=50).iloc[0]
        assert (row["projected_win_rate"], row["projected_forecast"], row["win_rate_capped"]) == (
            1,
            100,
            True,
        )
        assert not what_if.scenario(100, 0.8, win_rate_change=25).iloc[0]["win_rate_capped"]

    def test_nothing_changes_without_a_change_and_nothing_is_known_without_a_rate(self):
        assert what_if.scenario(100, 0.5).iloc[0]["delta_forecast"] == 0
        assert math.isnan(what_if.scenario(100, math.nan, pipeline_change=9).iloc[0]["projected_forecast"])
        assert math.isnan(what_if.scenario(0, 0.5, pipeline_change=9).iloc[0]["delta_percent"])

    @pytest.mark.parametrize(("n", "rate", "own"), [(30, 0.4, True), (29, 0.75, False)])
    def test_a_timeframe_with_few_closed_deals_borrows_the_win_rate_of_all(self, n, rate, own):
        headlines = pd.DataFrame({"win_rate": [0.4], "win_rate_n": [n]})
        won = pd.DataFrame({"grain": ["month", "quarter"], "won_deals": [3, 3], "win_rate_n": [4, 4]})
        assert what_if.expected_win_rate(headlines, won) == (rate, own)
