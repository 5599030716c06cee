"""What a contact changed: the published experiment first, then other programs' answers, then laws."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analytics.models.campaign_effect import (
    difference_by_chance,
    holm,
    standardised_difference,
    welch,
)

REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the folder of reference data is not here"
)

amounts = st.lists(st.floats(-1e4, 1e4, allow_nan=False), min_size=2, max_size=30)


@pytest.fixture(scope="module")
def hillstrom():
    return pd.read_csv(REFERENCE / "hillstrom" / "hillstrom.csv.gz")


@needs_reference
class TestHillstrom:
    """64,000 customers, two e-mails, and a control that got none."""

    @pytest.mark.parametrize(
        ("arm", "measure", "lift", "low", "high"),
        [
            ("Mens E-Mail", "spend", 0.769827, 0.485140, 1.054515),
            ("Womens E-Mail", "spend", 0.424412, 0.168957, 0.679868),
            ("Mens E-Mail", "visit", 0.076590, 0.069953, 0.083226),
            ("Womens E-Mail", "visit", 0.045233, 0.038893, 0.051573),
        ],
    )
    def test_lift_a_head_and_its_interval(self, hillstrom, arm, measure, lift, low, high):
        found = self.compare(hillstrom, arm, measure)
        assert (found.lift, found.low, found.high) == pytest.approx((lift, low, high), abs=1e-6)

    @pytest.mark.parametrize(
        ("arm", "error", "smallest"), [("Mens E-Mail", 0.145247, 0.4069), ("Womens E-Mail", 0.130333, 0.3651)]
    )
    def test_standard_error_and_smallest_visible_effect(self, hillstrom, arm, error, smallest):
        found = self.compare(hillstrom, arm, "spend")
        assert found.standard_error == pytest.approx(error, abs=1e-6)
        assert found.smallest_visible == pytest.approx(smallest, abs=5e-5)

    def test_the_groups_are_those_of_the_experiment(self, hillstrom):
        found = self.compare(hillstrom, "Mens E-Mail", "spend")
        assert (found.treated, found.control) == (21_307, 21_306)
        assert (found.treated_mean, found.control_mean) == pytest.approx((1.422617, 0.652789), abs=1e-6)

    @staticmethod
    def compare(data, arm, measure):
        return welch(
            data.loc[data["segment"] == arm, measure], data.loc[data["segment"] == "No E-Mail", measure]
        )


class TestWelch:
    @pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
    @given(amounts, amounts)
    def test_scipy_says_the_same(self, treated, control):
        found = welch(treated, control)
        if not found.standard_error > 1e-9:
            return
        oracle = stats.ttest_ind(treated, control, equal_var=False)
        interval = oracle.confidence_interval(0.95)
        assert found.p_value == pytest.approx(oracle.pvalue, abs=1e-9)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-6)

    @given(amounts, amounts)
    def test_exchanged_groups_turn_the_sign(self, treated, control):
        one, other = welch(treated, control), welch(control, treated)
        assert (one.lift, one.low, one.high) == pytest.approx(
            (-other.lift, -other.high, -other.low), nan_ok=True
        )

    def test_what_is_called_visible_is_seen_in_four_of_five_experiments(self):
        rng = np.random.default_rng(3)
        lift = welch(rng.normal(0, 1, 200), rng.normal(0, 1, 200)).smallest_visible
        seen = sum(
            welch(rng.normal(lift, 1, 200), rng.normal(0, 1, 200)).p_value < 0.05 for _ in range(1_000)
        )
        assert 740 <= seen <= 860

    @pytest.mark.parametrize(
        ("treated", "control"),
        [([1.0], [2.0, 3.0]), ([], []), ([4.0, 4.0], [4.0, 4.0]), ([0.1] * 3, [0.1] * 7)],
    )
    def test_where_nothing_varies_or_nobody_is_there_no_interval_is_told(self, treated, control):
        found = welch(treated, control)
        assert np.isnan([found.low, found.high, found.p_value, found.smallest_visible]).all()

    def test_missing_values_are_left_out(self):
        assert welch([1.0, np.nan, 3.0], [0.0, 1.0]).treated == 2


class TestHolm:
    @pytest.mark.parametrize("size", [1, 2, 5, 12])
    def test_statsmodels_says_the_same(self, size):
        p_values = np.random.default_rng(size).random(size) ** 3
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])

    def test_a_question_that_was_not_asked_corrects_no_other(self):
        assert holm([0.04, np.nan]).tolist()[0] == 0.04
        assert np.isnan(holm([0.04, np.nan])[1])
        assert holm([]).shape == (0,)


class TestBalance:
    def test_a_difference_of_one_standard_deviation(self):
        assert standardised_difference([1, 2, 3], [2, 3, 4]) == pytest.approx(-1.0)

    def test_groups_without_spread(self):
        assert standardised_difference([5, 5], [5, 5]) == 0.0
        assert np.isnan(standardised_difference([5, 5], [6, 6]))
        assert np.isnan(standardised_difference([5], [5, 6]))

    def test_a_fair_split_exceeds_the_bound_in_one_of_twenty_cases(self):
        rng = np.random.default_rng(5)
        bound = difference_by_chance(80, 120)
        beyond = sum(
            abs(standardised_difference(rng.normal(size=80), rng.normal(size=120))) > bound
            for _ in range(1_000)
        )
        assert 30 <= beyond <= 72
