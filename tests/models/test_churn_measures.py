"""How good probabilities are: published cases, scikit-learn and resampling as oracles, then laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from analytics.models.churn.measures import (
    auc_difference,
    auc_interval,
    average_precision,
    calibration_error,
    calibration_table,
    cheapest_threshold,
    confusion,
    lift_table,
    losses,
    roc_auc,
    score_row,
)


def population(n=600, seed=0, ties=False):
    random = np.random.default_rng(seed)
    probability = random.beta(1, 4, n)
    if ties:
        probability = probability.round(1)
    return probability, random.random(n) < probability


drawn = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9]), st.booleans()), min_size=4, max_size=40
)


class TestRanking:
    @pytest.mark.parametrize("ties", [False, True])
    def test_auc_and_average_precision_are_scikit_learns(self, ties):
        probability, churned = population(ties=ties)
        assert roc_auc(probability, churned)[0] == pytest.approx(roc_auc_score(churned, probability))
        if not ties:
            order = np.argsort(-probability, kind="stable")
            found = average_precision(order, churned, np.ones(len(churned)))
            assert found == pytest.approx(average_precision_score(churned, probability))

    def test_the_interval_is_what_resampling_gives(self):
        probability, churned = population()
        auc, low, high = auc_interval(probability, churned)
        random, again = np.random.default_rng(1), []
        for _ in range(400):
            rows = random.integers(0, len(churned), len(churned))
            again.append(roc_auc(probability[rows], churned[rows])[0])
        assert auc == pytest.approx((low + high) / 2)
        assert (high - low) / 2 == pytest.approx(1.96 * np.std(again), rel=0.15)

    def test_the_difference_of_two_scores_is_paired(self):
        probability, churned = population()
        noisy = probability + np.random.default_rng(2).normal(0, 0.02, len(churned))
        gain, low, high = auc_difference(probability, noisy, churned)
        random, again = np.random.default_rng(1), []
        for _ in range(400):
            rows = random.integers(0, len(churned), len(churned))
            again.append(
                roc_auc(probability[rows], churned[rows])[0] - roc_auc(noisy[rows], churned[rows])[0]
            )
        assert gain == pytest.approx(roc_auc(probability, churned)[0] - roc_auc(noisy, churned)[0])
        assert (high - low) / 2 == pytest.approx(1.96 * np.std(again), rel=0.2)
        whole = auc_interval(probability, churned)
        assert high - low < (whole[2] - whole[1]) / 2  # far narrower than if they were independent

    def test_bounds_stay_between_0_and_1(self):
        churned = np.array([False, False, True, True])
        assert auc_interval(np.array([0.1, 0.2, 0.3, 0.4]), churned) == (1, 1, 1)

    @given(drawn)
    def test_turning_the_order_round_turns_the_area_round(self, rows):
        score, churned = (np.array(values) for values in zip(*rows, strict=True))
        if churned.any() and not churned.all():
            assert roc_auc(score, churned)[0] == pytest.approx(1 - roc_auc(-score, churned)[0])


class TestProbabilities:
    def test_losses_are_scikit_learns(self):
        probability, churned = population()
        squared, logged = losses(probability, churned)
        assert squared.mean() == pytest.approx(brier_score_loss(churned, probability))
        assert logged.mean() == pytest.approx(sklearn_log_loss(churned, probability))

    def test_a_certain_miss_is_dear_and_not_infinite(self):
        assert np.isfinite(losses(np.array([0.0]), np.array([True]))[1]).all()

    def test_calibration_error_by_hand(self):
        probability = np.repeat([0.1, 0.9], 50)
        churned = np.concatenate([np.arange(50) < 10, np.arange(50) < 40])  # 20 % and 80 % left
        assert calibration_error(probability, churned) == pytest.approx(0.1)

    def test_true_probabilities_have_hardly_any_error(self):
        assert calibration_error(*population(40_000)) < 0.01

    def test_the_table_counts_everybody_once(self):
        probability, churned = population(ties=True)
        table = calibration_table(probability, churned)
        assert table["customers"].sum() == len(churned)
        assert table["churned"].sum() == churned.sum()
        weighted = (table["customers"] * (table["predicted"] - table["actual"]).abs()).sum() / len(churned)
        assert weighted == pytest.approx(calibration_error(probability, churned))
        assert (table["low"] <= table["actual"]).all()
        assert (table["actual"] <= table["high"]).all()

    def test_equal_probabilities_share_a_bin(self):
        table = calibration_table(np.full(30, 0.4), np.arange(30) < 12)
        assert len(table) == 1
        assert table.loc[0, ["predicted", "actual"]].tolist() == pytest.approx([0.4, 0.4])

    def test_every_measure_lies_in_its_interval(self):
        probability, churned = population(200)
        row = score_row(probability, probability, churned, seed=0)
        for name in ("roc_auc", "average_precision", "brier", "log_loss", "calibration_error"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
            assert row[f"{name}_low"] < row[f"{name}_high"]
        assert row["majority_share"] == max(churned.mean(), 1 - churned.mean())
        assert row["accuracy"] == ((probability >= 0.5) == churned).mean()


class TestLift:
    def test_by_hand(self):
        score, churned = np.arange(10, 0, -1) / 10, np.arange(10) < 2
        table = lift_table(score, churned).set_index("depth_percent")
        assert table.loc[20, ["customers", "churned", "precision_rate", "lift", "recall_rate"]].tolist() == [
            *(2, 2, 100, 5, 100),
        ]
        assert table.loc[1, "customers"] == 1  # one percent of ten, rounded up
        assert table.loc[100, ["lift", "recall_rate"]].tolist() == [1, 100]

    @given(drawn)
    def test_gains_never_fall(self, rows):
        score, churned = (np.array(values) for values in zip(*rows, strict=True))
        if churned.any():
            assert (np.diff(lift_table(score, churned)["recall_rate"]) >= 0).all()


class TestCosts:
    @given(drawn, st.sampled_from([(5, 1), (1, 1), (1, 4)]))
    def test_no_threshold_is_cheaper(self, rows, costs):
        probability, churned = (np.array(values) for values in zip(*rows, strict=True))
        priced = dict(zip(("cost_of_miss", "cost_of_call"), costs, strict=True))
        best = confusion(probability, churned, cheapest_threshold(probability, churned, **priced), **priced)
        others = [confusion(probability, churned, t, **priced)["cost"] for t in (*probability, 1.0)]
        assert best["cost"] == min(others)

    def test_counts_and_costs_add_up(self):
        probability, churned = population()
        said = confusion(probability, churned, 0.3, cost_of_miss=5, cost_of_call=1)
        called = said["true_positives"] + said["false_positives"]
        assert called == (probability >= 0.3).sum()
        assert called + said["false_negatives"] + said["true_negatives"] == len(churned)
        assert said["cost"] == 5 * said["false_negatives"] + called
        assert (said["cost_of_calling_all"], said["cost_of_calling_none"]) == (
            len(churned),
            5 * churned.sum(),
        )

    def test_where_a_call_is_dearer_than_any_loss_nobody_is_called(self):
        probability, churned = population()
        threshold = cheapest_threshold(probability, churned, cost_of_miss=1, cost_of_call=100)
        said = confusion(probability, churned, threshold, cost_of_miss=1, cost_of_call=100)
        assert (threshold, said["true_positives"] + said["false_positives"]) == (1.0, 0)
