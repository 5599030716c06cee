"""Whom to call: published rules first, then sums by hand, then laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models.churn import calls

HELD = pd.DataFrame({"predicted": [0.5], "actual": [0.5], "customers": [100]})


def level_of(chance):
    """The specification's bounds: Low < 0.3 ≤ Medium < 0.6 ≤ High ≤ 0.8 < Critical."""
    return "Low" if chance < 0.3 else "Medium" if chance < 0.6 else "High" if chance <= 0.8 else "Critical"


def batch(*rows):
    """Predictions from (id, chance, value)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "churn_probability", "monetary_score"])
    frame["churn_probability"] = frame["churn_probability"].astype("float64")
    frame["monetary_score"] = frame["monetary_score"].astype("float64")
    return frame.assign(risk_level=[level_of(chance) for chance in frame["churn_probability"]])


class TestCallList:
    def test_holds_those_at_high_or_critical_risk_the_most_valuable_first(self):
        made = batch(("a", 0.99, 5), ("b", 0.7, 90), ("c", 0.5, 100), ("d", 0.81, 60), ("e", 0.1, 99))
        assert calls.call_list(made)["customer_id"].tolist() == ["b", "d", "a"]

    def test_of_equal_value_those_surer_to_leave_come_first_then_ids(self):
        made = batch(("z", 0.7, 50), ("y", 0.9, 50), ("x", 0.7, 50), ("10", 0.7, 50), ("9", 0.7, 50))
        assert calls.call_list(made)["customer_id"].tolist() == ["y", "10", "9", "x", "z"]

    def test_holds_the_riskiest_tenth_where_fewer_are_at_high_risk(self):
        """Eleven customers, one at high risk: two are on the list, by their chances."""
        low = [(f"c{i}", 0.1 + i / 100, 50) for i in range(10)]
        found = calls.call_list(batch(("a", 0.7, 5), *low))
        assert found["customer_id"].tolist() == ["c9", "a"]

    def test_of_equal_chances_the_more_valuable_get_onto_the_list(self):
        low = [(f"c{i}", 0.1, i) for i in range(10)]
        assert calls.call_list(batch(*low))["customer_id"].tolist() == ["c9"]

    def test_nobody_is_an_empty_list(self):
        assert calls.call_list(batch()).empty
        assert list(calls.call_list(batch())) == list(batch())

    @given(
        st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 50.0, 100.0])), max_size=30), st.randoms()
    )
    @settings(max_examples=40)
    def test_does_not_depend_on_the_order_of_the_rows(self, rows, random):
        made = batch(*((f"c{i}", chance, value) for i, (chance, value) in enumerate(rows)))
        order = list(range(len(made)))
        random.shuffle(order)
        before = made.copy(deep=True)
        pd.testing.assert_frame_equal(calls.call_list(made), calls.call_list(made.iloc[order]))
        pd.testing.assert_frame_equal(made, before)


class TestRiskLevels:
    def test_counts_all_four_the_highest_first(self):
        found = calls.risk_levels(batch(("a", 0.9, 10), ("b", 0.85, 30), ("c", 0.7, 50), ("d", 0.1, 70)))
        assert found["risk_level"].tolist() == ["Critical", "High", "Medium", "Low"]
        assert found["customers"].tolist() == [2, 1, 0, 1]
        assert found["expected_to_leave"].tolist() == pytest.approx([1.75, 0.7, 0.0, 0.1])
        assert found["monetary_score"].tolist() == pytest.approx([20, 50, np.nan, 70], nan_ok=True)

    def test_nobody_is_nought_in_each(self):
        assert calls.risk_levels(batch())["customers"].tolist() == [0, 0, 0, 0]

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
    @settings(max_examples=40)
    def test_adds_up_to_the_outlook(self, chances):
        made = batch(*((f"c{i}", chance, 50) for i, chance in enumerate(chances)))
        rows, whole = calls.risk_levels(made), calls.outlook(made, HELD)
        assert rows["customers"].sum() == whole["customers"] == len(chances)
        assert rows["expected_to_leave"].sum() == pytest.approx(whole["expected_to_leave"], abs=1e-6)
        assert rows["customers"].iloc[:2].sum() == whole["at_risk"]
        assert rows["customers"].iloc[0] == whole["critical"]


class TestOutlook:
    def test_counts_the_best_fifth_and_those_of_them_at_risk(self):
        found = calls.outlook(batch(("a", 0.9, 80), ("b", 0.2, 100), ("c", 0.9, 79.9)), HELD)
        assert (found["best_customers"], found["best_at_risk"], found["at_risk"]) == (2, 1, 2)
        assert (found["list_customers"], found["list_expected"]) == (2, 1.8)

    def test_interval_is_that_of_a_sum_of_coin_throws(self):
        """100 throws of a fair coin: 50 ± 1.96 × 5."""
        found = calls.outlook(batch(*((f"c{i}", 0.5, 1) for i in range(100))), HELD)
        assert found["expected_to_leave"] == 50
        assert found["expected_to_leave_low"] == pytest.approx(40.2, abs=0.001)
        assert found["expected_to_leave_high"] == pytest.approx(59.8, abs=0.001)

    @pytest.mark.parametrize("way", [0.1, -0.1])
    def test_interval_is_widened_by_how_far_the_test_was_off(self, way):
        """10 points off in the test: √(9.8² + 10²) either way."""
        off = HELD.assign(predicted=HELD["actual"] + way)
        found = calls.outlook(batch(*((f"c{i}", 0.5, 1) for i in range(100))), off)
        assert found["expected_to_leave_high"] - 50 == pytest.approx(14.0, abs=0.01)
        assert 50 - found["expected_to_leave_low"] == pytest.approx(14.0, abs=0.01)

    def test_groups_count_by_their_customers(self):
        groups = pd.DataFrame({"predicted": [0.6, 0.4], "actual": [0.5, 0.5], "customers": [10, 10]})
        even = calls.outlook(batch(("a", 1.0, 1), ("b", 0.0, 1)), groups)
        assert even["expected_to_leave_high"] == 1.0
        skewed = calls.outlook(batch(("a", 1.0, 1), ("b", 0.0, 1)), groups.assign(customers=[30, 10]))
        assert skewed["expected_to_leave_high"] == pytest.approx(1.1)

    @pytest.mark.parametrize("chance", [0.0, 1.0], ids=["all alive", "all gone"])
    def test_certainty_stays_within_what_can_be(self, chance):
        found = calls.outlook(batch(("a", chance, 1), ("b", chance, 1)), HELD.assign(predicted=0.9))
        assert 0 <= found["expected_to_leave_low"] <= 2 * chance <= found["expected_to_leave_high"] <= 2

    def test_of_nobody_counts_are_nought_and_nothing_is_expected(self):
        found = calls.outlook(batch(), HELD.head(0))
        counts = {name: value for name, value in found.items() if isinstance(value, int)}
        assert set(counts.values()) == {0}
        assert all(np.isnan(value) for name, value in found.items() if name not in counts)
        assert "expected_to_leave" not in counts
