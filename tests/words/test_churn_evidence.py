"""What the report on churn says of how good its model is."""

import pandas as pd
import pytest

from analytics.formats import Format
from analytics.page import churn_evidence as reading
from analytics.words import churn_evidence as evidence
from tests.words import churn_result as made

BRITISH = Format("en_GB", "GBP")


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

    def test_names_both_bounds(self):
        """Few customers have an index above 0.2 by chance: the table then says no, and the sentence why."""
        read = evidence.drift(made.status_of(), made.drift_of(), {}, BRITISH).read
        assert "exceeds both 0.2 and the index that chance alone gives" in read
        assert len(read.split()) <= 40

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
