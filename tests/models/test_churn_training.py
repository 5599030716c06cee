"""Choosing forward in time: what the matrix holds, what is trained before what, when calibration helps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analytics.models.churn import training
from analytics.models.churn.calibrate import Calibration, choose_calibration, fit_calibration
from analytics.models.churn.candidates import (
    CANDIDATES,
    LABELS,
    PARTS,
    fit_estimators,
    fit_resampled,
    probabilities,
)
from analytics.models.churn.forest import Forest
from analytics.models.churn.keeping import kept_estimators, plain_model, restore
from analytics.models.churn.logistic import PENALTY, fit_logistic
from analytics.models.churn.matrix import Column, as_plain, design, from_plain, log_odds, plan_columns
from analytics.models.churn.measures import log_loss
from analytics.models.churn.windows import MOST_ROWS, Window, digest, sampled
from analytics.models.registry import save_model


def window(n=300, seed=0, shift=0.0, cutoff="2026-01-01"):
    random = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "customer_id": [f"C{number:05d}" for number in range(n)],
            "days_overdue": random.gamma(1, 20, n),
            "nps": np.where(random.random(n) < 0.4, np.nan, random.normal(20, 40, n)),
            "plan": random.choice(["Starter", "Team"], n),
            "value": random.gamma(1, 100, n),
        }
    )
    odds = -1.5 + 0.06 * customers["days_overdue"] + (customers["plan"] == "Starter") + shift
    churned = pd.Series(random.random(n) < 1 / (1 + np.exp(-odds)))
    return Window(pd.Timestamp(cutoff).date(), customers, churned)


FEATURES = ("days_overdue", "nps", "plan")


class TestTheMatrix:
    FRAME = pd.DataFrame(
        {
            "acv": [0.0, 99.0, None],
            "plan": ["a", "b", "b"],
            "nps": [1.0, None, 3.0],
            "dead": [None] * 3,
            "same": [2] * 3,
        }
    )

    def test_numbers_amounts_and_levels(self):
        columns = plan_columns(self.FRAME, ["acv", "plan", "nps", "dead", "same"])
        assert columns == (
            Column("acv", "amount"), Column("plan", "category", "b"), Column("plan", "category", "a"),
            Column("nps", "number"),
        )  # fmt: skip
        matrix = design(self.FRAME, columns)
        assert matrix[1, 0] == pytest.approx(np.log(100))
        assert matrix[:, 1].tolist() == [0, 1, 1]
        assert np.isnan(matrix[2, 0])
        assert np.isnan(matrix[1, 3])

    def test_columns_survive_a_card(self):
        columns = plan_columns(self.FRAME, ["acv", "plan"])
        assert from_plain(as_plain(columns)) == columns

    def test_a_level_that_training_never_saw_is_none_of_its_levels(self):
        columns = plan_columns(self.FRAME, ["plan"])
        assert design(pd.DataFrame({"plan": ["new", None]}), columns).tolist() == [[0, 0], [0, 0]]

    def test_a_feature_that_is_gone_is_missing(self):
        assert np.isnan(design(pd.DataFrame(index=range(2)), [Column("nps", "number")])).all()

    def test_infinite_is_missing(self):
        assert np.isnan(design(pd.DataFrame({"nps": [np.inf]}), [Column("nps", "number")])).all()

    def test_log_odds_have_no_infinite_end(self):
        assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


class TestCandidates:
    def test_the_mean_is_the_mean_of_its_parts(self):
        one = window()
        columns = plan_columns(one.customers, FEATURES)
        matrix, churned = design(one.customers, columns), one.churned.to_numpy()
        estimators = fit_estimators(("logistic", "boosting", "random_forest"), matrix, churned, seed=0)
        said = {name: probabilities(name, estimators, matrix) for name in CANDIDATES}
        np.testing.assert_allclose(said["mean"], (said["logistic"] + said["boosting"]) / 2)
        for probability in said.values():
            assert ((probability >= 0) & (probability <= 1)).all()
            assert log_loss(probability, churned) < log_loss(np.full(len(churned), churned.mean()), churned)

    def test_every_candidate_has_words_and_parts(self):
        assert set(CANDIDATES) == set(PARTS) <= set(LABELS)

    def test_nobody_to_score_is_no_error(self):
        assert len(probabilities("mean", {}, np.zeros((0, 2)))) == 0

    def test_a_forest_says_what_scikit_learn_says_to_the_bit(self):
        one = window()
        matrix = design(one.customers, plan_columns(one.customers, FEATURES))
        assert np.isnan(matrix).any()
        fitted = RandomForestRegressor(7, min_samples_leaf=3, random_state=0).fit(matrix, one.churned)
        later = design(window(500, seed=5).customers, plan_columns(one.customers, FEATURES))
        assert (Forest.of(fitted).predict_proba(later)[:, 1] == fitted.predict(later)).all()

    def test_a_forest_on_variance_is_the_forest_of_two_classes(self):
        one = window()
        matrix = design(one.customers, plan_columns(one.customers, FEATURES))
        terms = {"n_estimators": 7, "min_samples_leaf": 10, "max_features": "sqrt", "random_state": 0}
        classes = RandomForestClassifier(**terms).fit(matrix, one.churned)
        variance = Forest.of(RandomForestRegressor(**terms).fit(matrix, one.churned))
        np.testing.assert_allclose(variance.predict_proba(matrix), classes.predict_proba(matrix))
        assert np.allclose(Forest.of(classes).predict_proba(matrix), classes.predict_proba(matrix))

    def test_a_resampled_estimator_is_one_of_the_rows_that_were_drawn(self):
        one = window()
        matrix, churned = one.customers[["days_overdue"]].to_numpy(), one.churned.to_numpy()
        drawn = np.bincount(np.random.default_rng(1).integers(0, 300, 300), minlength=300)
        rows = np.repeat(np.arange(300), drawn)
        for name in ("boosting", "random_forest"):
            (found,) = fit_resampled(name, matrix, churned, [drawn], seed=4)
            expected = fit_estimators((name,), matrix[rows], churned[rows], seed=4, trees=15)[name]
            assert (found.predict_proba(matrix) == expected.predict_proba(matrix)).all()

    def test_the_same_seed_gives_the_same_model(self):
        one = window()
        matrix, churned = one.customers[["days_overdue"]].to_numpy(), one.churned.to_numpy()
        found = [fit_estimators(("random_forest", "boosting"), matrix, churned, seed=3) for _ in range(2)]
        for name in ("random_forest", "boosting"):
            first, second = (probabilities(name, each, matrix) for each in found)
            assert (first == second).all()


class TestTheLogisticRegression:
    @pytest.fixture
    def data(self):
        customers = window().customers.assign(nobody_knows=np.nan, everybody=1.0)
        names = ["days_overdue", "nps", "nobody_knows", "everybody", "value"]
        return customers[names].to_numpy(dtype="float64"), window().churned.to_numpy()

    def oracle(self):
        fill = SimpleImputer(add_indicator=True, keep_empty_features=True)
        return make_pipeline(fill, StandardScaler(), LogisticRegression(C=1 / PENALTY, tol=1e-10))

    def test_equals_scikit_learns_pipeline(self, data):
        matrix, churned = data
        assert np.isnan(matrix[:, 1]).any()
        found = fit_logistic(matrix, churned)[0].predict_proba(matrix)
        expected = self.oracle().fit(matrix, churned).predict_proba(matrix)
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_a_value_that_was_never_missing_in_training_may_be_later(self, data):
        """It then stands for the mean of the training, as it does in the pipeline."""
        matrix, churned = data
        later = matrix.copy()
        later[:5, 0] = np.nan
        found = fit_logistic(matrix, churned)[0].predict_proba(later)
        expected = self.oracle().fit(matrix, churned).predict_proba(later)
        np.testing.assert_allclose(found, expected, atol=1e-6)

    @pytest.mark.parametrize("value", [0.1, 0.3, 1 / 3, 1e9 + 0.1])
    def test_a_column_of_one_value_or_none_says_nothing_of_other_values(self, value):
        """Its mean differs from the value by a last digit, which is no spread."""
        random = np.random.default_rng(3)
        churned = random.random(800) < 0.3
        matrix = np.column_stack([random.normal(size=800), np.where(random.random(800) < 0.4, np.nan, value)])
        fitted = fit_logistic(matrix, churned)[0]
        other = np.column_stack([matrix[:, 0], np.full(800, 2 * value)])
        seen = np.column_stack([matrix[:, 0], np.full(800, value)])
        np.testing.assert_allclose(fitted.predict_proba(other), fitted.predict_proba(seen), atol=1e-6)

    def test_a_row_counts_as_often_as_it_was_drawn(self, data):
        matrix, churned = data
        twice = np.where(np.arange(len(churned)) < 100, 2, 1)
        rows = np.repeat(np.arange(len(churned)), twice)
        _, found = fit_logistic(matrix, churned, [twice])
        # Only the scale, which is that of all rows, differs from a fit to the drawn ones.
        expected = fit_logistic(matrix[rows], churned[rows])[0].predict_proba(matrix)
        np.testing.assert_allclose(found.predict_proba(matrix), expected, atol=0.01)
        assert np.abs(found.predict_proba(matrix) - expected).max() < (
            np.abs(fit_logistic(matrix, churned)[0].predict_proba(matrix) - expected).max() / 5
        )

    def test_what_is_said_of_a_customer_does_not_depend_on_who_else_is_asked_about(self, data):
        matrix, churned = data
        fitted = fit_logistic(matrix, churned)[0]
        alone = np.concatenate([fitted.predict_proba(row[None]) for row in matrix])
        assert (alone == fitted.predict_proba(matrix)).all()


class TestForward:
    def test_each_window_is_predicted_by_models_that_saw_only_earlier_ones(self, monkeypatch):
        seen = []

        def fit(names, matrix, churned, **options):
            seen.append(len(churned))
            return fit_estimators(names, matrix, churned, **options)

        monkeypatch.setattr(training, "fit_estimators", fit)
        windows = [window(100 + number, seed=number) for number in range(5)]
        folds = training.forward_folds(windows, FEATURES, seed=0)
        assert seen == [100 + 101, 100 + 101 + 102, 100 + 101 + 102 + 103]
        for fold, one in zip(folds, windows[2:], strict=True):
            assert fold.churned.tolist() == one.churned.tolist()

    def test_one_window_alone_has_no_fold_and_the_mean_is_used(self):
        assert training.forward_folds([window()], FEATURES, seed=0) == []
        choice = training.choose([], cost_of_miss=5, cost_of_call=1)
        assert (choice.name, choice.threshold, choice.calibration.used) == ("mean", 0.2, False)

    def test_windows_without_both_outcomes_are_left_out(self):
        nobody = window()
        nobody = Window(nobody.cutoff, nobody.customers, pd.Series(False, index=range(300)))
        assert training.forward_folds([nobody, window()], FEATURES, seed=0) == []
        assert training.forward_folds([window(), nobody], FEATURES, seed=0) == []

    def test_the_lowest_forward_log_loss_wins(self):
        churned = np.array([True, False, False, False])
        good, bad = np.array([0.9, 0.1, 0.1, 0.1]), np.full(4, 0.5)
        said = dict.fromkeys(CANDIDATES, bad) | {"boosting": good}
        choice = training.choose([training.Fold(said, churned)], cost_of_miss=5, cost_of_call=1)
        assert choice.name == "boosting"
        assert choice.forward_log_loss["boosting"] == min(choice.forward_log_loss.values())
        assert choice.threshold == 0.9

    @pytest.mark.parametrize(("ahead", "chosen"), [(0.30, "boosting"), (0.001, "logistic")])
    def test_the_simplest_stands_where_chance_alone_could_put_another_before_it(self, ahead, chosen):
        random = np.random.default_rng(0)
        churned = random.random(400) < 0.5
        right = np.where(churned, 0.6, 0.4)
        noisy = np.clip(right + random.normal(0, 0.05, 400), 0.01, 0.99)
        better = np.clip(noisy + np.where(churned, ahead, -ahead) + random.normal(0, 0.05, 400), 0.01, 0.99)
        said = dict.fromkeys(CANDIDATES, np.full(400, 0.5)) | {"logistic": noisy, "boosting": better}
        choice = training.choose([training.Fold(said, churned)], cost_of_miss=5, cost_of_call=1)
        assert choice.name == chosen
        lowest = min(choice.forward_log_loss, key=choice.forward_log_loss.get)
        assert lowest == "boosting"
        assert ("lowest" if chosen == "boosting" else "simplest") in choice.why


class TestCalibration:
    def drawn(self, seed, n=4_000):
        random = np.random.default_rng(seed)
        true = random.beta(2, 5, n)
        return true, random.random(n) < true

    def test_equals_scikit_learns_logistic_regression(self):
        true, churned = self.drawn(0)
        said = true**2
        found = fit_calibration(said, churned)
        oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds(said)[:, None], churned)
        assert (found.intercept, found.slope) == pytest.approx(
            (float(oracle.intercept_[0]), float(oracle.coef_[0, 0])), rel=1e-3
        )

    def test_order_stays_and_nothing_changes_by_default(self):
        probability = np.array([0.1, 0.5, 0.9])
        assert Calibration()(probability) is probability
        assert (np.diff(Calibration(-1, 0.5)(probability)) > 0).all()

    def test_too_few_of_either_outcome_give_none(self):
        assert not fit_calibration(np.full(100, 0.3), np.arange(100) < 49).used

    def test_it_is_used_where_it_helps_in_a_later_slice(self):
        slices = [self.drawn(seed) for seed in range(3)]
        found, why = choose_calibration([(true / 2, churned) for true, churned in slices])
        assert found.used
        assert "helped" in why

    def test_it_is_not_used_where_it_does_not(self):
        found, why = choose_calibration([self.drawn(seed) for seed in range(3)])
        assert not found.used
        assert "did not help" in why

    def test_one_slice_cannot_tell(self):
        found, why = choose_calibration([self.drawn(0)])
        assert not found.used
        assert "too short" in why


@pytest.fixture(scope="module")
def model():
    windows = [window(300, seed=number) for number in range(3)]
    folds = training.forward_folds(windows, FEATURES, seed=0)
    choice = training.choose(folds, cost_of_miss=5, cost_of_call=1)
    return training.fit_model(windows, FEATURES, choice, seed=0, refits=5)


class TestTheModel:
    def test_what_drives_leaving_is_what_matters_most(self, model):
        later = window(600, seed=9)
        found = training.importance(model, model.matrix(later.customers), later.churned.to_numpy(), seed=0)
        assert found["feature"].tolist()[0] == "days_overdue"
        assert found["importance"].is_monotonic_decreasing
        assert found.set_index("feature").loc["nps", "importance"] < 0.02
        assert (found["low"] <= found["importance"]).all()

    def test_confidence_is_one_less_twice_the_spread_of_the_refits(self, model):
        matrix = model.matrix(window(50, seed=8).customers)
        said = [model.calibration(probabilities(model.name, refit, matrix)) for refit in model.refits]
        expected = 1 - 2 * np.std(said, axis=0, ddof=1) * model.refit_scale
        np.testing.assert_allclose(model.confidence(matrix), np.clip(expected, 0, 1))

    def test_an_exchanged_value_moves_the_odds_its_own_way(self, model):
        later = window(200, seed=7)
        place = [place for place, column in enumerate(model.columns) if column.feature == "days_overdue"]
        effect = training.push(model, model.matrix(later.customers), place)
        overdue = later.customers["days_overdue"].to_numpy()
        assert effect[overdue > 60].min() > 0
        assert np.corrcoef(effect, overdue)[0, 1] > 0.8

    def test_of_more_rows_than_a_refit_sees_the_spread_is_narrowed(self, monkeypatch):
        one = window(400)
        matrix, churned = one.customers[["days_overdue"]].to_numpy(), one.churned.to_numpy()
        monkeypatch.setattr(training, "REFIT_ROWS", 100)
        _, scale = training.refit("logistic", matrix, churned, one.customers["customer_id"], seed=0, most=2)
        assert scale == 0.5


class TestKept:
    @pytest.mark.parametrize("name", CANDIDATES)
    def test_a_model_that_is_taken_out_again_says_the_same(self, name, tmp_path, monkeypatch):
        monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path))
        windows = [window(100, seed=number) for number in range(2)]
        choice = replace(training.choose([], cost_of_miss=5, cost_of_call=1), name=name)
        made = training.fit_model(windows, FEATURES, choice, seed=0, refits=2)
        card = {"reference_date": "2026-01-01", "model": plain_model(made)}
        found = restore(save_model("acme", "churn", "v1", card, kept_estimators(made), {}))
        matrix = made.matrix(window(50, seed=4).customers)
        assert found.matrix(window(50, seed=4).customers).tobytes() == matrix.tobytes()
        assert (found.probability(matrix) == made.probability(matrix)).all()
        assert (found.confidence(matrix) == made.confidence(matrix)).all()


class TestWindows:
    def test_too_many_rows_are_thinned_by_customer(self, monkeypatch):
        windows = [window(400, seed=seed) for seed in range(2)]
        assert sampled(windows, 0) == windows
        assert MOST_ROWS > 800
        monkeypatch.setattr("analytics.models.churn.windows.MOST_ROWS", 200)
        thin = sampled(windows, 0)
        assert 100 < sum(len(one.customers) for one in thin) < 320
        assert thin[0].customers["customer_id"].tolist() == thin[1].customers["customer_id"].tolist()
        for one in thin:
            assert len(one.customers) == len(one.churned)

    def test_the_digest_sees_every_change(self):
        one = window()
        assert digest([one]) == digest([window()])
        other = one.customers.copy()
        other.loc[0, "nps"] = 12.0
        assert digest([Window(one.cutoff, other, one.churned)]) != digest([one])
        assert digest([Window(one.cutoff, one.customers, ~one.churned)]) != digest([one])
