"""What the report on churn says, and when."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.models.churn import calls as calling
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import churn_evidence as evidence
from analytics.words import churn_training as words
from analytics.words import churn_training_notes as notes
from tests.words import churn_result as made

BRITISH = Format("en_GB", "GBP")
LOCALES = [BRITISH, Format("vi_VN", "VND"), Format("de_DE", "EUR"), Format("en_US", "USD")]
MONTH = parse_timeframe("2026-10", as_of=date(2026, 11, 1))
COMPARISON = compare(MONTH, first_day=date(2024, 1, 1))
NO_MODEL = made.status_of(missing=["10 customers are needed, there are 3", "nobody has left yet"])
CONTRACT = made.status_of(definition="contract", eligible_days=None)


def outlook_of(**changes):
    usual = {
        "customers": 2000, "expected_to_leave": 772.4, "expected_to_leave_low": 736.1,
        "expected_to_leave_high": 808.8, "at_risk": 455, "critical": 155, "best_customers": 400,
        "best_at_risk": 93, "list_customers": 455, "list_expected": 345.2,
        "highest_chance": 0.324,
    }  # fmt: skip
    return usual | changes


def levels_of(critical=155, high=300, medium=679, low=866):
    return pd.DataFrame(
        {
            "risk_level": ["Critical", "High", "Medium", "Low"], "customers": [critical, high, medium, low],
            "expected_to_leave": [0.9 * critical, 0.7 * high, 0.45 * medium, 0.15 * low],
            "monetary_score": 50.0,
        }
    )  # fmt: skip


def said(status=None, outlook=None, scores=None, leader="mean", format=BRITISH):
    status = made.status_of() if status is None else status
    scores = made.scores_of() if scores is None else scores
    found = words.summary(status, outlook or outlook_of(), scores, leader, format)
    return " ".join(map(plain, found))


def headings(status, format, *, scores=None, leader="mean", **frames):
    """The headings of all sections."""
    scores = made.scores_of() if scores is None else scores
    labels = dict.fromkeys(("feature_0", "feature_1"), "Chance of no purchase, from the rhythm of visits (%)")
    found = [
        words.levels(status, frames.get("levels", levels_of()), outlook_of(), MONTH, format),
        words.calls(status, 50, frames.get("outlook", outlook_of()), format),
        words.base(status, frames.get("horizons", made.horizons_of()), format),
        evidence.scores(status, scores, leader, format),
        evidence.calibration(status, frames.get("calibration", made.calibration_of()), scores, format),
        evidence.lift(status, frames.get("lift", made.lift_of()), scores, format),
        evidence.threshold(status, frames.get("confusion", made.confusion_of()), format),
        evidence.features(status, frames.get("features", made.features_of()), scores, format),
        evidence.drift(status, frames.get("drift", made.drift_of()), labels, format),
        evidence.model_card(status, format),
        evidence.next_steps(status),
    ]
    return [statement for statement in found if statement is not None]


class TestSummary:
    def test_says_how_many_how_sure_and_whom_to_call(self):
        assert said() == (
            "Of 2,000 customers, 772 are expected to order nothing in the next 90 days. Given one who "
            "left and "
            "one who stayed, the model tells which in 84 of 100 cases; the CLV model's own chance alone in "
            "81. Call "
            "first: 93 of the 400 best customers by revenue are at high or critical risk."
        )

    def test_of_contracts_it_says_that_they_end(self):
        found = said(CONTRACT)
        assert "772 are expected to end their contract in the next 90 days" in found
        assert "best customers by contract value" in found

    @pytest.mark.parametrize(
        ("leader", "aucs", "start"),
        [
            (
                "recency",
                {"recency": 0.85},
                "Days since the last purchase tell which of two customers left in 85",
            ),
            ("clv_probability", {"clv_probability": 0.86}, "The CLV model's own chance tells which of two"),
        ],
    )
    def test_where_a_baseline_wins_its_figure_leads(self, leader, aucs, start):
        found = said(scores=made.scores_of(**aucs), leader=leader)
        assert start in found
        assert "the churn model, right in 84, does worse." in found

    def test_a_difference_within_its_interval_is_level(self):
        found = said(scores=made.scores_of(recency=0.843), leader="recency")
        assert "the churn model, right in 84, is level." in found

    def test_a_lead_that_may_be_chance_is_called_so_in_summary_and_card(self):
        close = made.scores_of(clv_probability=0.836)
        assert "alone in 84, which may be chance." in said(scores=close)
        assert TestCards().cards(scores=close)[3].base.endswith("own chance 84, which may be chance")

    def test_where_nothing_beats_a_guess_it_says_so(self):
        found = said(scores=made.scores_of(mean=0.51), leader="prior")
        assert "tells which in 51 of 100 cases: no better than a guess" in found

    def test_builds_nothing_on_a_small_test(self):
        found = said(scores=made.scores_of(tested=200, churned=29))
        assert "Only 200 customers could be tested, of whom 29 left: too few" in found
        assert "of 100" not in found

    def test_without_a_model_says_what_is_missing_and_nothing_else(self):
        assert said(NO_MODEL, scores=made.scores_of().head(0)) == (
            "No model was trained: too little is known yet. Nobody has been scored, and nothing has been "
            "saved."
        )

    def test_a_model_with_nobody_to_score(self):
        assert said(outlook=outlook_of(customers=0)).startswith("There is a model, but nobody to score.")

    @pytest.mark.parametrize(
        ("changes", "end"),
        [
            (
                {"best_at_risk": 0},
                "None of the 400 best customers is among the 455 at high or critical risk.",
            ),
            (
                {"best_at_risk": 0, "at_risk": 3, "list_customers": 200, "list_expected": 41.2},
                "Few are at high risk; watch the 200 riskiest, of whom 41 are expected to leave.",
            ),
            ({"best_at_risk": 1}, "1 of the 400 best customers by revenue is at high or critical risk."),
        ],
        ids=["none of the best", "few", "one"],
    )
    def test_says_whom_to_call_in_every_case(self, changes, end):
        assert said(outlook=outlook_of(**changes)).endswith(end)

    @pytest.mark.parametrize("format", LOCALES, ids=lambda format: format.locale)
    @pytest.mark.parametrize("leader", ["mean", "recency", "clv_probability", "prior"])
    def test_is_at_most_sixty_words_with_four_bold_figures(self, format, leader):
        many = outlook_of(
            customers=10**7, expected_to_leave=9e6, best_customers=2 * 10**6, best_at_risk=10**6
        )
        sentences = words.summary(CONTRACT, many, made.scores_of(), leader, format)
        assert 2 <= len(sentences) <= 3
        assert len(" ".join(map(plain, sentences)).split()) <= 60
        assert sum(isinstance(run, Bold) for runs in sentences for run in runs) <= 4


class TestCards:
    def cards(self, status=None, outlook=None, scores=None, leader="mean", rates=None):
        return words.cards(
            made.status_of() if status is None else status,
            outlook or outlook_of(),
            made.scores_of() if scores is None else scores,
            leader,
            made.rates_of(COMPARISON) if rates is None else rates,
            COMPARISON,
            BRITISH,
        )

    def test_are_four_each_with_its_base_and_interval(self):
        found = self.cards()
        assert [card.name for card in found] == [
            "expected_to_leave", "churn_rate", "at_risk_customers", "roc_auc",
        ]  # fmt: skip
        assert [card.value for card in found] == ["772", "40.0%", "455", "84 of 100"]
        assert found[0].base == "of 2,000 customers; 95% interval 736 to 809"
        assert found[1].base == "760 of 1,900 customers"
        assert found[2].base == "155 critical; 93 of the best 400"
        assert (found[2].number, found[2].unit) == (455.0, "count")
        assert found[3].base.endswith("95% interval 82 to 86; the CLV model's own chance 81")

    def test_where_few_are_at_risk_the_riskiest_tenth_stands_beside(self):
        few = outlook_of(at_risk=3, list_customers=200, list_expected=41.2)
        assert self.cards(outlook=few)[2].base == "of the riskiest 200, 41 are expected to leave"

    def test_more_leaving_than_usual_is_worse(self):
        assert self.cards(rates=made.rates_of(COMPARISON, last=50.0))[1].changes[0].verdict == "worse"

    def test_the_baseline_that_wins_stands_on_the_card_with_its_name(self):
        found = self.cards(scores=made.scores_of(recency=0.87), leader="recency")[3]
        assert found.value == "87 of 100"
        assert found.base.endswith("by days since the last purchase, the churn model 84")

    def test_a_small_test_leads_with_no_figure(self):
        found = self.cards(scores=made.scores_of(tested=100, churned=80, recency=0.9), leader="recency")[3]
        assert found.value == "–"
        assert found.base == "too few to say: 80 of 100 customers tested left"

    def test_no_model_is_dashes(self):
        none = outlook_of(customers=0, at_risk=0)
        found = self.cards(NO_MODEL, none, made.scores_of().head(0), "")
        assert [found[i].value for i in (0, 2, 3)] == ["–", "–", "–"]

    def test_nobody_who_could_have_left_is_a_dash(self):
        rates = made.rates_of(COMPARISON)
        rates.loc[len(rates) - 1, ["churn_rate", "churn_rate_low", "churn_rate_high"]] = np.nan
        rates.loc[len(rates) - 1, ["churn_rate_n", "churned_customers"]] = 0
        found = self.cards(rates=rates)[1]
        assert (found.value, found.base) == ("–", "nobody could have left")


class TestLevels:
    def test_counts_those_at_high_or_critical_risk(self):
        found = words.levels(made.status_of(), levels_of(), outlook_of(), MONTH, BRITISH)
        assert found.heading == "455 customers of 2,000 stand at high or critical risk"
        assert found.lead == "Of these, 350 are expected to order nothing within 90 days."
        assert found.based == "2,000 customers scored as of 1 November 2026"

    def test_says_of_one_what_is_said_of_one(self):
        rows = levels_of(0, 2, 5, 5).assign(expected_to_leave=[0.0, 1.2, 2.0, 0.1])
        found = words.levels(made.status_of(), rows, outlook_of(), MONTH, BRITISH)
        assert found.lead == "Of these, 1 is expected to order nothing within 90 days."

    def test_names_the_highest_chance_where_nobody_is_at_risk(self):
        found = words.levels(made.status_of(), levels_of(0, 0, 5, 5), outlook_of(), MONTH, BRITISH)
        assert found.lead == "The highest chance is 32%."

    @pytest.mark.parametrize(
        ("rows", "heading"),
        [
            ((0, 0, 5, 5), "None of 10 customers is at high or critical risk"),
            ((1, 0, 5, 5), "1 customer of 11 stands at high or critical risk"),
            ((0, 0, 0, 0), "Nobody is left to be scored"),
        ],
        ids=["none", "one", "nobody"],
    )
    def test_has_a_wording_for_none_and_one(self, rows, heading):
        assert (
            words.levels(made.status_of(), levels_of(*rows), outlook_of(), MONTH, BRITISH).heading == heading
        )

    def test_says_what_is_missing_for_a_model_and_that_nothing_is_guessed(self):
        found = words.levels(NO_MODEL, levels_of(0, 0, 0, 0), outlook_of(), MONTH, BRITISH)
        assert found.heading == "There is no model: too little is known yet"
        assert words.missing(NO_MODEL).startswith(
            "10 customers are needed, there are 3. Nobody has left yet. No model was trained"
        )
        assert words.missing(made.status_of()) == ""


class TestCalls:
    def test_names_how_many_of_the_best(self):
        found = words.calls(made.status_of(), 50, outlook_of(), BRITISH)
        assert found.heading == "Call first: 93 of the 400 best customers are at risk"

    def test_none_of_the_best(self):
        none = outlook_of(best_at_risk=0, at_risk=70, list_customers=70)
        found = words.calls(made.status_of(), 50, none, BRITISH)
        assert found.heading == "No best customer is at high risk: call the 50 next"

    def test_few_at_high_risk(self):
        few = outlook_of(at_risk=3, list_customers=200)
        found = words.calls(made.status_of(), 50, few, BRITISH)
        assert found.heading == "Few are at high risk: watch the 200 riskiest, the most valuable first"
        assert found.based == "the riskiest 10% of 2,000 customers scored"

    def test_nobody(self):
        nobody = outlook_of(customers=0, at_risk=0, list_customers=0)
        assert words.calls(made.status_of(), 50, nobody, BRITISH) is None


class TestBase:
    def test_names_definition_window_and_other_horizons(self):
        found = words.base(made.status_of(), made.horizons_of(), BRITISH)
        assert found.heading == "40% ordered nothing within 90 days"
        assert found.lead == "With another horizon: 55% within 60 days and 22% within 180 days."
        assert found.based == (
            "1,900 customers as of 3 August 2026, watched for 90 days; those with a purchase in the 365 "
            "days before"
        )

    def test_of_contracts(self):
        found = words.base(CONTRACT, made.horizons_of(2.0, 3.4, 6.0), BRITISH)
        assert found.heading == "3% ended their contract within 90 days"
        assert "those with a contract on that day" in found.based

    def test_everybody_with_a_purchase(self):
        found = words.base(made.status_of(eligible_days=None), made.horizons_of(), BRITISH)
        assert found.based.endswith("everybody with a purchase before")

    @pytest.mark.parametrize(("n", "heading"), [(29, "29 customers: too few for a churn rate"), (0, None)])
    def test_few_have_no_rate(self, n, heading):
        found = words.base(made.status_of(), made.horizons_of(customers=n), BRITISH)
        assert found.heading == (heading or "How many leave is not known yet")


class TestWithoutAModel:
    def test_one_section_says_so_and_those_about_the_model_are_absent(self):
        assert [statement.heading for statement in headings(NO_MODEL, BRITISH)] == [
            "There is no model: too little is known yet",
            "40% ordered nothing within 90 days",
            "2 things to do next",
        ]

    def test_not_even_a_rate_is_shown_where_nobody_could_have_left(self):
        found = headings(NO_MODEL, BRITISH, horizons=made.horizons_of().head(0))
        assert len(found) == 2

    def test_the_notice_says_all_that_is_missing(self):
        (found,) = notes.notices(
            NO_MODEL, made.calibration_of().head(0), made.scores_of().head(0), "", BRITISH
        )
        assert found.title == "Too little data for a model"
        assert found.text == "10 customers are needed, there are 3. Nobody has left yet."


class TestNotices:
    def test_none_where_all_is_well(self):
        assert notes.notices(made.status_of(), made.calibration_of(), made.scores_of(), "mean", BRITISH) == ()

    @pytest.mark.parametrize(
        ("leader", "title"),
        [
            ("recency", "A simple rule is as good as the model"),
            ("prior", "The model does not know who will leave"),
        ],
    )
    def test_a_baseline_that_wins_is_said_before_the_first_figure(self, leader, title):
        (found,) = notes.notices(made.status_of(), made.calibration_of(), made.scores_of(), leader, BRITISH)
        assert found.title == title

    @pytest.mark.parametrize(
        ("off", "title", "way"),
        [
            (0.09, "The chances ran too high: 54% expected to leave, 45% did", "fewer"),
            (-0.09, "The chances ran too low: 36% expected to leave, 45% did", "more"),
        ],
    )
    def test_chances_that_ran_off_are_said(self, off, title, way):
        (found,) = notes.notices(
            made.status_of(), made.calibration_of(off), made.scores_of(), "mean", BRITISH
        )
        assert found.title == title
        assert f"{way} customers will leave than the chances add up to" in found.text

    def test_chances_that_ran_off_a_little_are_not(self):
        little = made.calibration_of(0.04)
        assert notes.notices(made.status_of(), little, made.scores_of(), "mean", BRITISH) == ()

    @pytest.mark.parametrize("leader", ["mean", "recency", "prior"])
    def test_a_small_test_is_said_and_crowns_nobody(self, leader):
        few = made.scores_of(tested=328, churned=29)
        (found,) = notes.notices(made.status_of(), made.calibration_of(), few, leader, BRITISH)
        assert found.title == "Too few customers left or stayed to test the model"

    def test_drift_is_said_of_a_model_that_was_kept(self):
        drifted = made.status_of(drifted_features=["nps"], model_age_days=5)
        (found,) = notes.notices(drifted, made.calibration_of(), made.scores_of(), "mean", BRITISH)
        assert found.title == "1 feature drifted since the model was trained"
        new = drifted | {"model_age_days": 0}
        assert notes.notices(new, made.calibration_of(), made.scores_of(), "mean", BRITISH) == ()


class TestNotes:
    def text(self, status):
        found = notes.notes(status, made.scores_of(), BRITISH, MONTH)
        return " ".join(map(str, (*found["definitions"], *found["method"], *found["limits"])))

    def test_define_who_left(self):
        assert (
            "No purchase in the 90 days after a day, of those with a purchase in the 365 days"
            in self.text(made.status_of())
        )
        assert "with a purchase ever before" in self.text(made.status_of(eligible_days=None))
        assert "The contract ended in the 90 days" in self.text(CONTRACT)

    def test_pass_on_what_the_model_says_of_itself(self):
        assert "Autumn was left out." in self.text(made.status_of(notes=["Autumn was left out."]))


class TestLaws:
    @given(
        st.integers(0, 10**7), st.floats(0, 1), st.floats(0.5, 1), st.floats(0, 1e7),
        st.sampled_from(LOCALES), st.sampled_from(["mean", "recency", "clv_probability", "prior"]),
        st.sampled_from(["contract", "purchase"]), st.integers(0, 30),
    )  # fmt: skip
    @settings(max_examples=60, deadline=None)
    def test_headings_are_short_and_readings_too(self, n, share, auc, cost, format, leader, definition, age):
        status = made.status_of(definition=definition, model_age_days=age, training_rows=n)
        risky = int(n * share)
        found = headings(
            status,
            format,
            scores=made.scores_of(tested=n, churned=n // 2, mean=auc),
            leader=leader,
            levels=levels_of(risky, 0, n - risky, 0),
            outlook=outlook_of(best_customers=n, best_at_risk=risky),
            horizons=made.horizons_of(100 * share, 100 * auc, 100.0, own=120, customers=n),
            calibration=made.calibration_of(share / 10, customers=n),
            confusion=made.confusion_of(cost=cost, cost_of_calling_all=float(n)),
            drift=made.drift_of(share, auc),
        )
        assert max(len(statement.heading) for statement in found) <= 80
        assert max(len(statement.read.split()) for statement in found) <= 40

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
    @settings(max_examples=25, deadline=None)
    def test_the_summary_counts_what_the_outlook_counts(self, chances):
        batch = made.predictions_of(len(chances)).assign(churn_probability=chances)
        outlook = calling.outlook(batch, made.calibration_of())
        found = said(outlook=outlook)
        assert f", {BRITISH.count(sum(chances))} are expected" in found
