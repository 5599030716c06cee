"""PSI: the published arithmetic, what counts as drift, and what chance alone does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.models.drift import drift, drift_profile


def psi_by_hand(then, now):
    """The index of two counts by bin, as textbooks have it."""
    then, now = np.array(then, float) / sum(then), np.array(now, float) / sum(now)
    return float(sum((b - a) * np.log(b / a) for a, b in zip(then, now, strict=True)))


def one(training, current):
    return drift(drift_profile(pd.DataFrame({"x": training})), pd.DataFrame({"x": current})).iloc[0]


class TestIndex:
    def test_levels_by_hand(self):
        found = one(["a"] * 50 + ["b"] * 50, ["a"] * 80 + ["b"] * 20)
        assert (
            found["psi"]
            == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
            == pytest.approx(0.415888, abs=1e-6)
        )
        assert found["drifted"]

    def test_numbers_fall_into_the_deciles_of_the_training(self):
        training = np.arange(1000.0)
        current = np.arange(500.0, 1500.0)
        edges = np.quantile(training, np.arange(1, 10) / 10)
        counts = [
            np.bincount(np.searchsorted(edges, x, side="left"), minlength=10) for x in (training, current)
        ]
        now = np.where(counts[1] > 0, counts[1], 0.5)
        assert one(training, current)["psi"] == pytest.approx(psi_by_hand(counts[0], now))

    def test_missing_values_are_a_bin_of_their_own(self):
        numbers = [1.0] * 50 + [np.nan] * 50
        expected = pytest.approx(psi_by_hand([50, 50], [80, 20]))
        assert one(numbers, [1.0] * 80 + [np.nan] * 20)["psi"] == expected
        texts = ["a"] * 50 + [None] * 50
        assert one(texts, ["a"] * 80 + [None] * 20)["psi"] == expected

    def test_an_infinite_number_counts_as_missing(self):
        assert one([1.0, np.nan] * 50, [1.0, np.inf] * 50)["psi"] == 0

    def test_a_level_that_training_did_not_know_is_other(self):
        found = one(["a"] * 99 + ["b"], ["a"] * 60 + ["new"] * 40)
        assert found["psi"] == pytest.approx(psi_by_hand([99, 1, 0.5], [60, 0.5, 40]), rel=0.02)

    def test_rare_levels_are_counted_together(self):
        training = [f"l{i:02}" for i in range(30) for _ in range(30 - i)]
        profile = drift_profile(pd.DataFrame({"x": training}))
        assert (profile["kind"] == "level").sum() == 20
        assert profile.loc[profile["kind"] == "other", "customers"].tolist() == [sum(range(1, 11))]

    def test_a_value_that_most_customers_have_makes_fewer_bins_and_no_empty_one(self):
        profile = drift_profile(pd.DataFrame({"x": [0] * 95 + [1, 2, 3, 4, 5]}))
        assert (profile.loc[profile["kind"] == "number", "customers"] > 0).all()

    def test_truth_values_are_numbers(self):
        assert one([True] * 50 + [False] * 50, [True] * 80 + [False] * 20)["psi"] == pytest.approx(
            psi_by_hand([50, 50], [80, 20])
        )

    def test_a_column_that_is_gone_drifted_into_missing(self):
        profile = drift_profile(pd.DataFrame({"x": np.arange(500.0), "y": np.arange(500.0)}))
        found = drift(profile, pd.DataFrame({"y": np.arange(500.0), "z": 1})).set_index("feature")
        assert found["drifted"].to_dict() == {"x": True, "y": False}

    def test_without_customers_on_either_side_nothing_is_said(self):
        profile = drift_profile(pd.DataFrame({"x": [1.0, 2.0]}))
        found = drift(profile, pd.DataFrame({"x": pd.Series([], dtype=float)})).iloc[0]
        assert np.isnan(found["psi"])
        assert not found["drifted"]


class TestVerdict:
    def test_the_threshold_is_0_2_and_can_be_said(self):
        training, current = ["a"] * 500 + ["b"] * 500, ["a"] * 700 + ["b"] * 300
        found = one(training, current)
        assert 0.15 < found["psi"] < 0.2
        assert not found["drifted"]
        profile = drift_profile(pd.DataFrame({"x": training}))
        assert drift(profile, pd.DataFrame({"x": current}), threshold=0.1)["drifted"].all()

    def test_chance_alone_is_no_drift_among_few_customers(self):
        rng = np.random.default_rng(7)
        found = [one(rng.normal(size=40), rng.normal(size=40)) for _ in range(200)]
        beyond = sum(row["psi"] > 0.2 for row in found)
        drifted = sum(row["drifted"] for row in found)
        assert beyond > 100, "0.2 alone would cry wolf more often than not"
        assert drifted <= 24, "once in twenty, and its spread"

    def test_by_chance_is_what_samples_without_drift_exceed_once_in_twenty(self):
        rng = np.random.default_rng(8)
        found = [one(rng.normal(size=1000), rng.normal(size=1000)) for _ in range(300)]
        beyond = np.mean([row["psi"] > row["by_chance"] for row in found])
        assert 0.02 < beyond < 0.09


values = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60)


class TestLaws:
    @given(values, values)
    def test_never_negative_and_zero_for_the_same_data(self, then, now):
        then, now = (np.array(x, dtype=float) for x in (then, now))
        assert one(then, now)["psi"] >= 0
        assert one(then, then)["psi"] == 0

    @given(values, values, st.randoms())
    def test_the_order_of_customers_does_not_matter(self, then, now, random):
        shuffled = random.sample(now, len(now))
        then, now, shuffled = (np.array(x, dtype=float) for x in (then, now, shuffled))
        assert one(then, now)["psi"] == pytest.approx(one(then, shuffled)["psi"], abs=1e-12)

    @given(values)
    def test_every_customer_is_in_one_bin(self, then):
        profile = drift_profile(pd.DataFrame({"x": np.array(then, dtype=float)}))
        assert profile["customers"].sum() == len(then)

    def test_a_profile_says_the_same_after_it_was_kept(self, tmp_path):
        training = pd.DataFrame({"x": [1.0, 2.0, None] * 40, "plan": ["a", "b", None] * 40})
        current = pd.DataFrame({"x": [2.0, 5.0] * 40, "plan": ["b", "c"] * 40})
        profile = drift_profile(training)
        profile.to_parquet(tmp_path / "p.parquet")
        again = drift(pd.read_parquet(tmp_path / "p.parquet"), current)
        pd.testing.assert_frame_equal(again, drift(profile, current))
