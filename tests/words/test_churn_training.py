"""What the report on churn says, and when."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.models.churn import calls as calling
from analytics.page import churn_evidence as reading
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


class TestScores:
    @pytest.mark.parametrize(
        ("leader", "aucs", "heading"),
        [
            ("mean", {}, "The model beats the CLV model's own chance: AUC 0.841 against 0.812"),
            (
                "mean",
                {"recency": 0.84},
                "The model may not beat days since the last purchase: AUC 0.841 and 0.840",
            ),
            (
                "recency",
                {"recency": 0.85},
                "Days since the last purchase rank better: AUC 0.850, model 0.841",
            ),
            (
                "recency",
                {"recency": 0.843},
                "Days since the last purchase rank as well: AUC 0.843, model 0.841",
            ),
            (
                "clv_probability",
                {"clv_probability": 0.85},
                "The CLV model's own chance ranks better: AUC 0.850, model 0.841",
            ),
            ("prior", {"mean": 0.512}, "The model ranks no better than a guess: AUC 0.512"),
        ],
        ids=["better", "close", "recency wins", "recency level", "rhythm wins", "nothing"],
    )
    def test_has_a_wording_for_every_verdict(self, leader, aucs, heading):
        found = evidence.scores(made.status_of(), made.scores_of(**aucs), leader, BRITISH)
        assert found.heading == heading

    def test_accuracy_stands_only_beside_the_share_of_the_majority(self):
        found = evidence.scores(made.status_of(), made.scores_of(), "mean", BRITISH)
        assert found.lead == (
            "At one threshold the model is right about 78.0% of the customers; saying the same of everybody, "
            "about 60.0%."
        )

    def test_beside_a_winning_rule_the_model_adds_nothing(self):
        found = evidence.scores(made.status_of(), made.scores_of(recency=0.9), "recency", BRITISH)
        assert found.lead.startswith("The model adds nothing to it here;")

    def test_a_model_without_rivals_stands_alone(self):
        alone = made.scores_of()
        alone = alone[alone["model"].isin(["mean", "prior"])]
        found = evidence.scores(made.status_of(), alone, "mean", BRITISH)
        assert found.heading == "The model ranks customers with an AUC of 0.841"

    @pytest.mark.parametrize(("tested", "churned"), [(1000, 29), (1000, 971)], ids=["few left", "few stayed"])
    def test_few_are_not_compared(self, tested, churned):
        found = evidence.scores(
            made.status_of(), made.scores_of(tested=tested, churned=churned), "mean", BRITISH
        )
        assert found.heading == "Too few customers left or stayed to compare the model"

    def test_an_auc_is_a_whole_hundred_only_where_it_is_one(self):
        assert [reading.pairs(pd.Series({"roc_auc": auc}), BRITISH) for auc in (0.8449, 0.998, 1.0)] == [
            "84 of 100", "99.8 of 100", "100 of 100",
        ]  # fmt: skip

    def test_one_of_its_own_is_called_what_the_frame_calls_it(self):
        row = pd.Series({"model": "neural", "label": "Neural net", "chosen": False})
        assert evidence.thumb_name(row) == "Neural net"
        assert reading.short_name(row) == "Neural net"


class TestCalibration:
    def test_says_that_the_chances_hold(self):
        found = evidence.calibration(made.status_of(), made.calibration_of(), made.scores_of(), BRITISH)
        assert found.heading == "The chances hold: 1.8 pts off on average"
        assert found.lead == "Over all customers 45.0% were expected to leave, and 45.0% did."

    def test_says_that_they_are_off(self):
        scores = made.scores_of().assign(calibration_error=0.08)
        found = evidence.calibration(made.status_of(), made.calibration_of(), scores, BRITISH)
        assert found.heading == "The chances are 8.0 pts off on average"

    @pytest.mark.parametrize(
        ("off", "heading"),
        [
            (0.06, "The chances ran too high: 51% expected to leave, 45% did"),
            (-0.05, "The chances ran too low: 40% expected to leave, 45% did"),
        ],
    )
    def test_says_which_way_they_ran(self, off, heading):
        found = evidence.calibration(made.status_of(), made.calibration_of(off), made.scores_of(), BRITISH)
        assert found.heading == heading
        assert found.lead == "By groups of like chances they were 1.8 pts off on average."

    def test_what_may_be_chance_is_not_said(self):
        """60 customers, 5 points off: well within the interval of a rate of 45 %."""
        found = evidence.calibration(
            made.status_of(), made.calibration_of(0.05, customers=6), made.scores_of(), BRITISH
        )
        assert "too high" not in found.heading

    def test_few_are_not_checked(self):
        few = made.calibration_of(customers=2)
        found = evidence.calibration(made.status_of(), few, made.scores_of(), BRITISH)
        assert found.heading == "Too few were tested to check the chances"


class TestLift:
    def test_compares_the_riskiest_tenth_with_all(self):
        found = evidence.lift(made.status_of(), made.lift_of(), made.scores_of(), BRITISH)
        assert found.heading == "Of the riskiest 10%, 90% left; of all customers 40%"
        assert found.lead == "They held 23% of all who left, 2.3 times their share."

    def test_no_better_than_chance_is_said(self):
        found = evidence.lift(made.status_of(), made.lift_of(top=42.0), made.scores_of(), BRITISH)
        assert found.heading == "Of the riskiest 10%, 42% left, of all 40%: it may be chance"

    def test_takes_a_fifth_where_a_tenth_is_few(self):
        found = evidence.lift(made.status_of(), made.lift_of(n=20), made.scores_of(), BRITISH)
        assert found.heading.startswith("Of the riskiest 20%")

    def test_few_have_no_list(self):
        found = evidence.lift(made.status_of(), made.lift_of(n=10), made.scores_of(), BRITISH)
        assert found.heading == "Too few were tested to say what a call list would hold"


class TestThreshold:
    @pytest.mark.parametrize(
        ("changes", "heading"),
        [
            ({}, "Calling from 17% on costs least: 1,400; all 1,900, none 3,800"),
            ({"cost": 1900.0}, "Calling from 17% on costs as much as calling everybody: 1,900"),
            ({"cost": 2500.0}, "Calling everybody would have cost less: 1,900 against 2,500"),
            (
                {"cost": 400.0, "cost_of_calling_none": 300.0},
                "Calling nobody would have cost less: 300 against 400",
            ),
        ],
        ids=["least", "the same", "all", "none"],
    )
    def test_says_what_costs_least(self, changes, heading):
        found = evidence.threshold(made.status_of(), made.confusion_of(**changes), BRITISH)
        assert found.heading == heading

    def test_says_whom_it_reaches(self):
        found = evidence.threshold(made.status_of(), made.confusion_of(), BRITISH)
        assert found.lead == "It reaches 700 of 760 who left, with 400 calls to customers who stayed anyway."
        assert "a call as 1 and a customer lost without a call as 5" in found.read

    def test_one_call_is_one_and_few_are_not_weighed(self):
        few = made.confusion_of(true_positives=0, false_negatives=29, false_positives=1)
        found = evidence.threshold(made.status_of(), few, BRITISH)
        assert found.heading == "Too few left or stayed to weigh calls against losses"
        assert found.lead.endswith("with 1 call to customers who stayed anyway.")

    def test_costs_in_pence_keep_them(self):
        found = evidence.threshold(made.status_of(), made.confusion_of(cost_of_call=1.25), BRITISH)
        assert "a call as 1.25 and" in found.read


class TestFeatures:
    def test_names_the_most_telling(self):
        found = evidence.features(made.status_of(), made.features_of(), made.scores_of(), BRITISH)
        assert found.heading == "Most telling: days since the last purchase"
        assert found.lead == "Shuffled among customers, it takes 0.081 off the model's AUC (0.077 to 0.085)."

    def test_an_abbreviation_stays_one(self):
        rows = made.features_of().assign(label="NPS answer, the latest")
        found = evidence.features(made.status_of(), rows, made.scores_of(), BRITISH)
        assert found.heading == "Most telling: NPS answer, the latest"

    @pytest.mark.parametrize("values", [(0.003, 0.001), (-0.01,)], ids=["within chance", "negative"])
    def test_nothing_tells(self, values):
        found = evidence.features(made.status_of(), made.features_of(*values), made.scores_of(), BRITISH)
        assert found.heading == "No single feature tells much by itself"


class TestDrift:
    @pytest.mark.parametrize(
        ("values", "heading", "lead"),
        [
            ((0.1, 0.2), "Customers look like those the model learnt from: nothing has drifted", ""),
            ((0.1, 0.21, 0.1), "1 of 2 features has drifted; the chances have not",
             "Most of all: Days since the last purchase, 0.21. The model is new, but part of what it learnt "
             "from is old."),
            ((0.3, 0.21, 0.4), "2 of 2 features have drifted, and so have the chances",
             "Most of all: feature_1, 0.40. The model is new, but part of what it learnt from is old."),
            ((0.3, 0.1), "No feature has drifted alone, but the chances have", ""),
        ],
        ids=["none", "one", "all", "chances only"],
    )  # fmt: skip
    def test_has_a_wording_for_every_case(self, values, heading, lead):
        labels = {"feature_0": "Days since the last purchase"}
        found = evidence.drift(made.status_of(), made.drift_of(*values), labels, BRITISH)
        assert (found.heading, found.lead) == (heading, lead)

    def test_a_kept_model_learnt_all_of_it_before(self):
        kept = made.status_of(model_age_days=5)
        assert (
            evidence.drift(kept, made.drift_of(0.1, 0.21), {}, BRITISH).lead
            == "Most of all: feature_0, 0.21."
        )


class TestModelCard:
    @pytest.mark.parametrize(
        ("changes", "heading"),
        [
            ({}, "Trained for this report on 7,400 rows of 3 past cutoffs"),
            ({"model_age_days": 12}, "The model is 12 days old, trained on 7,400 rows of 3 past cutoffs"),
            (
                {"model_age_days": 1, "training_cutoffs": ["2026-05-05"]},
                "The model is 1 day old, trained on 7,400 rows of 1 past cutoff",
            ),
        ],
        ids=["new", "reused", "a day old"],
    )
    def test_says_how_old_the_model_is(self, changes, heading):
        assert evidence.model_card(made.status_of(**changes), BRITISH).heading == heading

    def test_says_that_it_was_chosen_by_hand(self):
        assert "by hand" in evidence.model_card(made.status_of(pinned=True), BRITISH).lead

    def test_counts_what_to_do_next(self):
        assert evidence.next_steps(made.status_of()).heading == "2 things to do next"
        assert evidence.next_steps(made.status_of(recommendations=["x"])).heading == "One thing to do next"
        assert evidence.next_steps(made.status_of(recommendations=[])) is None


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
