"""The logistic regression of the deals: that of scikit-learn, found in fewer steps."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit

from analytics.models.deals.logistic import PENALTY, fit_calibrated
from analytics.models.newton import most_likely


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(2)
    values = np.column_stack([random.normal(size=(600, 3)), random.random(600) < 0.1])
    won = random.random(600) < 1 / (1 + np.exp(0.5 - values @ [1.0, -0.5, 0.0, 1.5]))
    return values, won, np.arange(600) % 5


def test_the_chances_are_those_of_scikit_learn(rows):
    values, won, part = rows
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    plain = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=1_000)
    oracle = CalibratedClassifierCV(plain, method="sigmoid", cv=PredefinedSplit(part), ensemble=False)
    expected = oracle.fit(scaled, won).predict_proba(scaled)[:, 1]
    assert fit_calibrated(*rows).probability(values) == pytest.approx(expected, abs=1e-4)


def test_scale_and_origin_of_an_input_and_order_of_rows_change_nothing(rows):
    values, won, part = rows
    mixed = np.random.default_rng(0).permutation(len(values))
    other = fit_calibrated(7 - 40 * values[mixed], won[mixed], part[mixed])
    expected = fit_calibrated(*rows).probability(values)
    assert other.probability(7 - 40 * values) == pytest.approx(expected, abs=1e-9)


def test_a_missing_input_stands_at_the_mean_of_the_known(rows):
    values, won, part = rows
    holes = np.where(np.random.default_rng(1).random(values.shape) < 0.2, np.nan, values)
    means = np.nanmean(holes, axis=0)
    filled, kept = np.where(np.isnan(holes), means, holes), fit_calibrated(holes, won, part)
    assert kept.probability(holes) == pytest.approx(kept.probability(filled), abs=1e-12)
    assert kept.probability(holes) == pytest.approx(fit_calibrated(filled, won, part).probability(holes))


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_the_search_ends_also_where_a_column_is_no_number(odd):
    columns = np.array([[1.0, odd], [1.0, 1.0], [1.0, 0.0]])
    with np.errstate(invalid="ignore", over="ignore"):
        found = most_likely(columns, np.array([0.0, 1.0, 0.0]), np.zeros(2), np.ones(2))
    assert not np.isfinite(found).all()


def test_outcomes_that_an_input_parts_wholly_have_finite_chances():
    values = np.repeat([[0.0], [1.0]], 50, axis=0)
    won = values[:, 0] > 0
    low, high = fit_calibrated(values, won, np.arange(100) % 5).probability(np.array([[0.0], [1.0]]))
    assert 0 < low < 0.05
    assert 0.95 < high < 1


@pytest.mark.parametrize("won", [0.003, 0.02, 0.5, 0.98])
@pytest.mark.parametrize("spread", [0.02, 0.3, 3.0])
def test_a_line_through_chances_that_hardly_differ_is_found_too(won, spread):
    random = np.random.default_rng(7)
    line = np.column_stack([np.ones(900), np.log(won / (1 - won)) + spread * random.normal(size=900)])
    target = np.where(random.random(900) < won, 0.99, 1 / 900)
    chances = expit(line @ most_likely(line, target, np.array([0.0, 1.0]), np.zeros(2)))
    assert line.T @ (chances - target) == pytest.approx([0, 0], abs=1e-3)


def test_what_other_parts_do_not_confirm_is_drawn_to_the_base_rate():
    random = np.random.default_rng(4)
    values, won = random.normal(size=(200, 20)), random.random(200) < 0.3
    chances = fit_calibrated(values, won, np.arange(200) % 5).probability(values)
    assert chances.std() < 0.1
    assert chances.mean() == pytest.approx(won.mean(), abs=0.02)
