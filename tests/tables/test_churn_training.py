"""What a reader finds in the tables of churn."""

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.models.churn import calls as calling
from analytics.tables import churn_training as tables
from tests.words import churn_result as made

BRITISH = Format("en_GB", "GBP")
PREDICTIONS = made.predictions_of()
LABELS = {"feature_0": "Days since the last purchase"}

MADE = {
    "levels": lambda: tables.levels(calling.risk_levels(PREDICTIONS), BRITISH),
    "calls": lambda: tables.calls(calling.call_list(PREDICTIONS), BRITISH, shown=50),
    "base": lambda: tables.base(made.horizons_of(), BRITISH),
    "scores": lambda: tables.scores(made.scores_of(), BRITISH),
    "calibration": lambda: tables.calibration(made.calibration_of(), BRITISH),
    "lift": lambda: tables.lift(made.lift_of(), BRITISH),
    "threshold": lambda: tables.threshold(made.confusion_of(), BRITISH),
    "features": lambda: tables.features(made.features_of(), BRITISH),
    "drift": lambda: tables.drift(made.drift_of(), LABELS, BRITISH),
    "model_card": lambda: tables.model_card(made.CARD),
    "next_steps": lambda: tables.next_steps(made.status_of(), BRITISH),
}


def column(table, label):
    place = [head.label for head in table.columns].index(label)
    return [row[place] for row in table.rows]


@pytest.mark.parametrize("name", MADE)
def test_every_row_is_as_wide_as_its_head_and_holds_words(name):
    table = MADE[name]()
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert table.total is None or len(table.total) == len(table.columns)
    cells = [(head, cell) for row in table.rows for head, cell in zip(table.columns, row, strict=True)]
    assert all(isinstance(cell, str) or head.bar for head, cell in cells)


@pytest.mark.parametrize(
    "empty",
    [
        lambda: tables.levels(calling.risk_levels(PREDICTIONS.head(0)), BRITISH),
        lambda: tables.calls(PREDICTIONS.head(0), BRITISH, shown=50),
        lambda: tables.base(made.horizons_of().head(0), BRITISH),
        lambda: tables.scores(made.scores_of().head(0), BRITISH),
        lambda: tables.calibration(made.calibration_of().head(0), BRITISH),
        lambda: tables.lift(made.lift_of().head(0), BRITISH),
        lambda: tables.threshold({}, BRITISH),
        lambda: tables.features(made.features_of().head(0), BRITISH),
        lambda: tables.drift(made.drift_of().head(0), {}, BRITISH),
        lambda: tables.model_card({}),
        lambda: tables.next_steps(made.status_of(recommendations=[]), BRITISH),
    ],
    ids=list(MADE),
)
def test_no_model_is_an_empty_table(empty):
    table = empty()
    assert table.rows == ()
    assert table.total is None


class TestLevels:
    def test_name_their_bounds_and_add_up(self):
        table = MADE["levels"]()
        assert column(table, "Chance to leave") == [
            "above 80%",
            "60% to 80%",
            "30% to under 60%",
            "under 30%",
        ]
        assert table.total[2] == "2,000"

    def test_nobody_at_a_level_has_no_mean(self):
        low = calling.risk_levels(PREDICTIONS[PREDICTIONS["risk_level"] == "Low"])
        assert column(tables.levels(low, BRITISH), "Mean value, of 100")[0] == "–"


class TestCalls:
    def test_shows_so_many_and_says_of_how_many(self):
        risky = calling.call_list(PREDICTIONS)
        table = tables.calls(risky, BRITISH, shown=50)
        assert len(table.rows) == 50
        assert table.of_rows == BRITISH.count(len(risky))
        assert tables.calls(risky.head(3), BRITISH, shown=50).of_rows == ""

    def test_the_words_of_the_data_come_as_they_are_and_missing_ones_are_dashes(self):
        rows = calling.call_list(PREDICTIONS).head(2)
        rows = rows.assign(
            customer_id=["<b>1</b>", "2"], risk_factors=["silent; gone", None],
            recommendations=[np.nan, "Call."], prediction_confidence=[np.nan, 0.5],
        )  # fmt: skip
        table = tables.calls(rows, BRITISH, shown=50)
        assert column(table, "Customer") == ["<b>1</b>", "2"]
        assert column(table, "What stands out") == ["silent; gone", "–"]
        assert column(table, "What to do") == ["–", "Call."]
        assert column(table, "Sure") == ["–", "50%"]

    def test_a_chance_is_a_percentage_and_a_bar_of_the_same_length(self):
        rows = calling.call_list(PREDICTIONS).head(1).assign(churn_probability=0.654)
        table = tables.calls(rows, BRITISH, shown=50)
        assert column(table, "Chance to leave") == ["65%"]
        assert column(table, "") == [pytest.approx(65.4)]

    def test_a_chance_is_nought_or_certain_only_where_it_is(self):
        rows = calling.call_list(PREDICTIONS).head(4).assign(churn_probability=[0.0, 0.004, 0.996, 1.0])
        table = tables.calls(rows, BRITISH, shown=50)
        assert column(table, "Chance to leave") == ["0%", "under 1%", "over 99%", "100%"]


class TestScores:
    def test_the_best_comes_first_with_its_role(self):
        table = MADE["scores"]()
        assert column(table, "Role") == [
            "the model", "candidate", "candidate", "candidate", "baseline", "baseline", "baseline",
        ]  # fmt: skip
        assert column(table, "ROC AUC")[0] == "0.841"
        assert column(table, "95% interval")[0] == "0.821 to 0.861"

    def test_says_how_far_others_are_behind_with_the_paired_interval(self):
        behind = column(MADE["scores"](), "Behind the model")
        assert behind[0] == ""
        assert behind[4] == "+0.029 (+0.021 to +0.037)"

    def test_accuracy_stands_beside_the_share_of_the_majority(self):
        table = MADE["scores"]()
        assert table.columns[-1].label == "Accuracy"
        assert table.total == ("The same said of everybody", *[""] * 8, "60.0%")

    def test_a_rank_without_a_probability_has_dashes(self):
        rows = made.scores_of()
        rows.loc[rows["model"] == "recency", ["brier", "log_loss", "calibration_error"]] = np.nan
        table = tables.scores(rows, BRITISH)
        place = column(table, "Score").index("Days since the last purchase")
        assert column(table, "Brier")[place] == "–"
        assert column(table, "Calibration error")[place] == "–"


class TestOthers:
    def test_groups_and_lists_of_few_are_grey(self):
        few = made.calibration_of()
        few.loc[3, "customers"] = 29
        assert tables.calibration(few, BRITISH).unsure == {3}
        assert tables.lift(made.lift_of(), BRITISH).unsure == {0}
        assert tables.base(made.horizons_of(customers=29), BRITISH).unsure == {0, 1, 2}

    def test_differences_of_chances_have_a_sign(self):
        table = tables.calibration(made.calibration_of(0.02), BRITISH)
        assert set(column(table, "Difference")) == {"+2.0 pts"}

    def test_right_and_wrong_calls_add_up(self):
        table = MADE["threshold"]()
        assert table.rows == (("Called", "700", "400", "1,100"), ("Not called", "60", "740", "800"))
        assert table.total == ("All tested", "760", "1,140", "1,900")

    def test_the_own_horizon_is_marked(self):
        assert column(MADE["base"](), "Within") == ["60 days", "90 days, the model’s own", "180 days"]

    def test_the_farthest_from_training_first_missing_last(self):
        table = tables.drift(made.drift_of(0.1, np.nan, 0.3), LABELS, BRITISH)
        assert column(table, "Stability index") == ["0.300", "0.100", "–"]
        assert column(table, "By chance up to") == ["0.050"] * 3
        assert column(table, "Drifted") == ["yes", "no", "no"]
        assert column(table, "Feature") == ["feature_1", "The chance to leave itself", LABELS["feature_0"]]

    def test_the_card_is_flat_and_complete(self):
        table = tables.model_card(
            made.CARD | {"note": None, "empty": [], "auc": 0.123456789, "columns": [["a", 1]]}
        )
        said = dict(table.rows)
        assert said["features"] == "recency_days, frequency"
        assert said["parameters: horizon days"] == "90"
        assert (said["note"], said["empty"]) == ("–", "–")
        assert (said["auc"], said["columns"]) == ("0.123457", "1 entries")

    @pytest.mark.parametrize(
        ("kept", "shown"),
        [
            ("uses only 3.9% of the features", "uses only 3,9% of the features"),
            ("1,405 logins; gaps (1,715 days)", "1.405 logins; gaps (1.715 days)"),
            ("NPS answer of −70", "NPS answer of −70"),
            ("on the plan A-12.5, since 2026-03-03", "on the plan A-12.5, since 2026-03-03"),
        ],
    )
    def test_numbers_of_stored_reasons_are_written_as_the_organisation_does(self, kept, shown):
        rows = calling.call_list(PREDICTIONS.assign(risk_factors=kept)).head(1)
        vietnamese = Format("vi_VN", "VND")
        assert column(tables.calls(rows, vietnamese, shown=1), "What stands out") == [shown]
        steps = tables.next_steps(made.status_of(recommendations=[kept]), vietnamese)
        assert steps.rows == ((shown,),)

    def test_input_is_left_alone(self):
        before = {name: frame.copy(deep=True) for name, frame in
                  (("scores", made.scores_of()), ("drift", made.drift_of()))}  # fmt: skip
        after = {"scores": made.scores_of(), "drift": made.drift_of()}
        tables.scores(after["scores"], BRITISH)
        tables.drift(after["drift"], {}, BRITISH)
        for name, frame in before.items():
            pd.testing.assert_frame_equal(after[name], frame)
