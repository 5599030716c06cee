"""The table of recommendations: first match, no row without a customer, nobody without a row."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.churn_catalogue import FEATURES
from analytics.params import load_rules, load_workbook
from analytics.params.churn_rules import FACTORS, LEVELS, ChurnRecommendations
from analytics.params.document import read_document
from analytics.params.problems import validated
from tests.reporting.tiny import write_params

LAST = {"level": "any", "factor": "any", "do": "Nothing."}


@pytest.fixture
def table(tmp_path):
    """Read a table from the text of its file."""

    def read(text):
        return validated(ChurnRecommendations, read_document(write_params(tmp_path, text, "rules.yml")))

    return read


class TestProjectTable:
    def test_every_reason_of_the_models_is_known_to_the_table_and_no_other(self):
        assert set(FACTORS) == {feature.reason for feature in FEATURES}

    @given(
        st.sampled_from(LEVELS),
        st.lists(st.sampled_from(FACTORS), max_size=3),
        st.sampled_from([None, "vietnam", "x"]),
    )
    def test_everybody_has_a_recommendation_and_it_does_not_depend_on_the_order(self, level, factors, market):
        rules = load_rules("churn_recommendations")
        said = rules.recommend(level, factors, market)
        assert said
        assert rules.recommend(level, factors[::-1], market) == said

    def test_in_vietnam_what_customers_say_comes_first_and_no_offer_before_the_relationship(self):
        rules = load_rules("churn_recommendations")
        said = rules.recommend("Critical", ["days_overdue", "nps"], "vietnam")
        assert said.startswith("Visit or call in person")
        assert "no offer" in said
        assert rules.recommend("Critical", ["days_overdue", "nps"]) != said
        for factor, level in product(FACTORS, ("High", "Critical")):
            step = rules.recommend(level, [factor], "vietnam")
            assert "offer built on" not in step
            assert "discount" not in step

    def test_a_low_risk_alone_asks_for_no_call_and_forbids_none(self):
        """What is at stake may still make a call worth while; that, the ROI report weighs."""
        rules = load_rules("churn_recommendations")
        said = {factor: rules.recommend("Low", [factor]) for factor in FACTORS}
        assert said["recency_days"].startswith("Risk is low by itself; the next regular contact is early")
        assert said["days_overdue"].startswith("Risk is low by itself; bring this up at the next regular")
        assert not any(word in step for step in said.values() for word in ("no call", "do not", "Nothing"))
        assert set(said.values()) == {said["recency_days"], said["days_overdue"]}

    def test_a_level_that_does_not_exist_is_refused(self):
        with pytest.raises(ValueError, match="one of Low, Medium, High, Critical"):
            load_rules("churn_recommendations").recommend("Unknown", [])


class TestMatching:
    def test_the_first_row_that_fits_wins(self):
        rules = ChurnRecommendations(
            rules=[
                {"level": "High", "factor": "nps", "market": "vietnam", "do": "1"},
                {"level": ["High", "Critical"], "factor": ["nps", "sentiment"], "do": "2"},
                {"level": "any", "factor": "seat_use", "do": "3"},
                LAST,
            ]
        )
        found = [
            rules.recommend(level, factors, market)
            for level, factors, market in [
                ("High", ["seat_use", "nps"], "vietnam"),
                ("High", ["seat_use", "nps"], "other"),
                ("High", ["seat_use", "nps"], None),
                ("Critical", ["nps"], "vietnam"),
                ("Low", ["nps", "seat_use"], "vietnam"),
                ("Low", [], None),
            ]
        ]
        assert found == ["1", "2", "2", "2", "3", "Nothing."]

    def test_columns_of_ones_own_can_be_reasons(self):
        rows = [{"level": "any", "factor": "tariff", "do": "Look at the tariff."}, LAST]
        rules = ChurnRecommendations(own_factors=["tariff"], rules=rows)
        assert rules.recommend("High", ["tariff"]) == "Look at the tariff."


class TestChecks:
    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (
                "[{level: Hihg, factor: any, do: x}]",
                'there is no level "Hihg" (did you mean "High"?)',
            ),
            ("[{level: any, factor: npss, do: x}]", 'there is no factor "npss" (did you mean "nps"?)'),
            (
                "[{level: High, factor: any, do: x}]",
                "recommendation: add a last row",
            ),
            (
                "[{level: any, factor: any, market: vietnam, do: x}]",
                "not every customer has a rec",
            ),
            (
                "[{level: any, factor: any, do: x}, {level: High, factor: nps, do: call them all at once}]",
                'rule 2 ("call them all at once…") is never reached',
            ),
            (
                "[{level: [Low, Medium], factor: any, do: x}, {level: [High, Critical], factor: any, do: y},"
                " {level: any, factor: any, do: z}]",
                "rule 3",
            ),
            ("[{level: any, factor: any, do: ''}]", "at least 1 character"),
            ("[{level: any, factor: [], do: x}]", "the list is empty"),
            ("[{level: any, factor: any, todo: x}]", "unknown key"),
            ("[]", "at least 1 item"),
        ],
    )
    def test_a_wrong_table_is_refused_in_words(self, table, rows, words):
        with pytest.raises(ParamsError) as caught:
            table(f"rules: {rows}\n")
        assert words in str(caught.value)

    def test_a_row_that_wins_in_one_market_only_is_reached(self, table):
        assert (
            table(
                "rules: [{level: High, factor: nps, market: vietnam, do: x}, "
                "{level: High, factor: any, do: y}, {level: any, factor: any, do: z}]"
            ).recommend("High", ["nps"], "vietnam")
            == "x"
        )

    def test_an_organisation_may_have_its_own_and_is_told_what_is_wrong_with_it(self, tmp_path):
        text = "organisations: [{id: acme, source: {path: d}, rules: {churn_recommendations: own.yml}}]"
        path = write_params(tmp_path, text)
        own = write_params(tmp_path, "rules: [{level: any, factor: any, do: Ring them.}]", "own.yml")
        organisation = load_workbook(path, notebooks=tmp_path).organisation("acme")
        assert load_rules("churn_recommendations", organisation).recommend("High", ["nps"]) == "Ring them."
        own.with_name("bad.yml").write_text("rules: [{level: Hgh, factor: any, do: x}]")
        path.write_text(text.replace("own.yml", "bad.yml"))
        with pytest.raises(ParamsError, match='no level "Hgh"'):
            load_workbook(path, notebooks=tmp_path)
