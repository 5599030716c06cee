"""Is calling worth it: the sums by hand, the laws of the curve, and customers who bring only losses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.roi import RoiRules
from analytics.models.expected_profit import (
    Economics,
    call_list,
    expected_value,
    profit_curve,
    sensitivity,
)
from analytics.models.save_share import SaveShare

RULES = RoiRules()
TWENTY = Economics(SaveShare.from_assumption(0.20), contact_cost=5.0)


def calls_of(*rows, rules=RULES, economics=TWENTY):
    """The call list of (customer, probability, worth or None) or (…, score)."""
    padded = [(*row, 50.0) if len(row) == 3 else row for row in rows]
    frame = pd.DataFrame(padded, columns=["customer_id", "churn_probability", "worth_if_stays", "score"])
    frame = frame.astype({"customer_id": "str", "churn_probability": "float64", "worth_if_stays": "float64"})
    texts = ("risk_level", "risk_factors", "recommendations", "prediction_confidence")
    scored = frame[["customer_id", "churn_probability"]].assign(
        monetary_score=frame["score"].astype("float64"), **dict.fromkeys(texts)
    )
    worth = frame[["customer_id", "worth_if_stays"]].assign(
        value_source="trailing profit",
        is_revenue=False,
        value_at_risk=frame.eval("churn_probability * worth_if_stays"),
    )
    people = ["customer_id", "customer_name", "customer_type", "rfm_segment", "tier"]
    return call_list(scored, worth, pd.DataFrame(columns=people, dtype="str"), rules, economics)


customers = st.lists(st.tuples(st.floats(0, 1), st.floats(-2_000, 2_000)), min_size=1, max_size=30).map(
    lambda rows: [(f"c{i:03d}", p, v) for i, (p, v) in enumerate(rows)]
)


class TestByHand:
    #  value at risk 450, 80, 20, −90; own term at a fifth less 5: 85, 11, −1, −23
    FOUR = (("ada", 0.9, 500.0), ("ben", 0.8, 100.0), ("cat", 0.2, 100.0), ("dan", 0.9, -100.0))

    def test_each_term_is_value_at_risk_times_share_less_the_cost(self):
        found = calls_of(*self.FOUR)
        assert found["customer_id"].tolist() == ["ada", "ben", "cat", "dan"]
        assert found["expected_profit"].tolist() == [85.0, 11.0, -1.0, -23.0]
        assert found["worth_calling"].tolist() == [True, True, False, False]
        assert found["high_risk"].tolist() == [True, False, False, True]

    def test_the_curve_rises_to_its_best_depth_and_falls_after_it(self):
        curve = profit_curve(calls_of(*self.FOUR), TWENTY)
        assert curve["customers"].tolist() == [0, 1, 2, 3, 4]
        assert curve["profit"].tolist() == [0.0, 85.0, 96.0, 95.0, 72.0]
        assert curve.loc[curve["best"], "customers"].tolist() == [2]
        assert curve["depth_percent"].tolist() == [0, 25, 50, 75, 100]
        assert curve["profit_random"].tolist() == [0, 18, 36, 54, 72]
        assert curve["profit_by_risk"].tolist() == [0.0, 85.0, 62.0, 73.0, 72.0]

    def test_the_answer(self):
        found = expected_value(calls_of(*self.FOUR), TWENTY, RULES)
        assert found["verdict"] == "call"
        assert (found["best_customers"], found["best_profit"], found["best_cost"]) == (2, 96.0, 10.0)
        assert found["best_roi_percentage"] == 960.0
        assert found["best_saved_customers"] == pytest.approx(0.2 * 1.7)
        assert (found["call_all_profit"], found["high_risk_profit"]) == (72.0, 62.0)
        assert (found["by_risk_profit"], found["random_profit"]) == (62.0, 36.0)

    def test_break_even_is_where_all_above_the_threshold_bring_nothing(self):
        found = expected_value(calls_of(*self.FOUR), TWENTY, RULES)
        share = found["break_even_save_share"]
        assert share == pytest.approx(2 * 5 / 360)
        there = Economics(SaveShare.from_assumption(share), 5.0)
        again = expected_value(calls_of(*self.FOUR, economics=there), there, RULES)
        assert again["high_risk_profit"] == pytest.approx(0, abs=1e-3)

    def test_the_interval_is_the_chance_of_who_leaves_and_is_saved(self):
        # Saved with a chance of 0.18, or not: 500 or nothing, less the call.
        found = expected_value(calls_of(("ada", 0.9, 500.0)), TWENTY, RULES)
        assert (found["best_profit_low"], found["best_profit_high"]) == (-5.0, 495.0)

    def test_the_interval_of_the_curve_ends_where_the_headline_does(self):
        calls = calls_of(*self.FOUR)
        found, curve = expected_value(calls, TWENTY, RULES), profit_curve(calls, TWENTY)
        for rows, name in ((curve[curve["best"]], "best"), (curve.tail(1), "call_all")):
            ends = rows[["profit_low", "profit_high"]].iloc[0].tolist()
            assert ends == [found[f"{name}_profit_low"], found[f"{name}_profit_high"]]

    def test_a_measured_share_brings_its_own_uncertainty(self):
        measured = Economics(SaveShare(0.2, 0.1, 0.3, True, "measured", 500, 60, 0.2))
        rows = [(f"c{i:03d}", 0.5, 100.0) for i in range(300)]
        wide = expected_value(calls_of(*rows, economics=measured), measured, RULES)
        plain = expected_value(calls_of(*rows), TWENTY, RULES)
        assert wide["best_profit"] == plain["best_profit"]
        assert wide["best_profit_low"] < plain["best_profit_low"]
        assert wide["best_profit_high"] > plain["best_profit_high"]

    def test_the_interval_is_that_of_drawn_customers(self):
        rng = np.random.default_rng(2)
        rows = [
            (f"c{i:03d}", p, v)
            for i, (p, v) in enumerate(zip(rng.random(300), rng.gamma(1, 300, 300), strict=True))
        ]
        found = expected_value(calls_of(*rows), TWENTY, RULES)
        p, v = (np.array([row[k] for row in rows]) for k in (1, 2))
        drawn = [((rng.random(300) < 0.2 * p) * v - 5).sum() for _ in range(2_000)]
        inside = np.mean([found["call_all_profit_low"] <= x <= found["call_all_profit_high"] for x in drawn])
        assert 0.93 <= inside <= 0.97


class TestSensitivity:
    FOUR = TestByHand.FOUR

    def test_each_assumption_moves_alone(self):
        rows = sensitivity(calls_of(*self.FOUR), TWENTY, RULES).set_index("assumption")
        assert rows["base_profit"].unique().tolist() == [62.0]
        share = rows.loc["save_share"]
        assert (share.low_value, share.high_value) == pytest.approx((0.1, 0.3))
        assert (share.profit_at_low, share.profit_at_high, share.swing) == (26.0, 98.0, 72.0)
        cost = rows.loc["contact_cost"]
        assert (cost.profit_at_low, cost.profit_at_high) == (67.0, 52.0)
        threshold = rows.loc["high_risk_threshold"]
        assert (threshold.low_value, threshold.high_value) == (0.7, 0.9)
        assert (threshold.customers_at_low, threshold.customers_at_high) == (3, 0)
        assert (threshold.profit_at_low, threshold.profit_at_high) == (73.0, 0.0)

    def test_the_widest_swing_comes_first(self):
        assert sensitivity(calls_of(*self.FOUR), TWENTY, RULES)["swing"].is_monotonic_decreasing

    def test_a_measured_share_moves_over_its_interval(self):
        measured = Economics(SaveShare(0.2, 0.05, 0.4, True, "measured", 500, 60, 0.2))
        row = sensitivity(calls_of(*self.FOUR), measured, RULES).set_index("assumption").loc["save_share"]
        assert (row.low_value, row.high_value) == (0.05, 0.4)

    def test_shares_do_not_leave_0_to_1(self):
        certain = Economics(SaveShare.from_assumption(0.9))
        rows = sensitivity(calls_of(*self.FOUR), certain, RoiRules(high_risk_threshold=0.95))
        assert rows.set_index("assumption")["high_value"].loc[
            ["save_share", "high_risk_threshold"]
        ].tolist() == [1, 1]


class TestLaws:
    @settings(max_examples=30)
    @given(customers)
    def test_no_order_and_no_depth_brings_more_than_the_best(self, rows):
        calls = calls_of(*rows)
        best = expected_value(calls, TWENTY, RULES)["best_profit"]
        curve = profit_curve(calls, TWENTY)
        columns = ["profit", "profit_by_risk", "profit_by_money", "profit_random"]
        assert (curve[columns] <= best + 1e-3).all(axis=None)
        assert curve.loc[curve["best"], "profit"].item() == pytest.approx(best, abs=1e-3)
        assert curve[columns].iloc[-1].to_numpy() == pytest.approx([curve["profit"].iloc[-1]] * 4, abs=1e-2)

    @settings(max_examples=30)
    @given(customers)
    def test_no_loss_is_greater_than_the_calls_and_the_customers_who_cost(self, rows):
        curve = profit_curve(calls_of(*rows), TWENTY)
        assert (curve["profit_low"] <= curve["profit"] + 1e-3).all()
        assert (curve["profit"] <= curve["profit_high"] + 1e-3).all()
        kept = calls_of(*rows)["worth_if_stays"].to_numpy()
        spent = 5.0 * curve["customers"]
        lost, won = (np.concatenate([[0], part.cumsum()]) for part in (kept.clip(max=0), kept.clip(min=0)))
        assert (curve["profit_low"] >= lost[curve["customers"]] - spent - 1e-3).all()
        assert (curve["profit_high"] <= won[curve["customers"]] - spent + 1e-3).all()

    @settings(max_examples=30)
    @given(customers, st.randoms())
    def test_the_order_of_the_rows_changes_nothing(self, rows, random):
        mixed = list(rows)
        random.shuffle(mixed)
        pd.testing.assert_frame_equal(calls_of(*rows), calls_of(*mixed))

    @settings(max_examples=30)
    @given(customers)
    def test_dearer_calls_never_bring_more(self, rows):
        dear = Economics(TWENTY.save_share, 10.0)
        cheap = expected_value(calls_of(*rows), TWENTY, RULES)
        other = expected_value(calls_of(*rows, economics=dear), dear, RULES)
        assert other["best_profit"] <= cheap["best_profit"] + 1e-6
        assert other["best_customers"] <= cheap["best_customers"]


class TestOddData:
    def test_negative_profit_everywhere_means_nobody_is_called(self):
        calls = calls_of(("a", 0.9, -10.0), ("b", 0.95, -20.0))
        found = expected_value(calls, TWENTY, RULES)
        assert (found["verdict"], found["best_customers"], found["best_profit"]) == ("do not call", 0, 0.0)
        assert found["call_all_profit"] < 0
        assert np.isnan([found["break_even_save_share"], found["best_roi_percentage"]]).all()
        curve = profit_curve(calls, TWENTY)
        assert curve.loc[curve["best"], "customers"].tolist() == [0]

    def test_a_share_above_one_would_be_needed_where_calls_cost_too_much(self):
        dear = Economics(SaveShare.from_assumption(0.2), 500.0)
        found = expected_value(calls_of(("a", 0.9, 100.0), economics=dear), dear, RULES)
        assert found["break_even_save_share"] == pytest.approx(500 / 90)
        assert found["verdict"] == "do not call"

    def test_customers_of_unknown_worth_are_listed_last_and_counted_nowhere(self):
        calls = calls_of(("x", 0.99, None), ("a", 0.9, 500.0))
        assert calls["customer_id"].tolist() == ["a", "x"]
        found = expected_value(calls, TWENTY, RULES)
        assert (found["scored_customers"], found["unknown_worth_customers"]) == (2, 1)
        assert (found["best_depth_percent"], found["call_all_profit"]) == (100.0, 85.0)
        assert profit_curve(calls, TWENTY)["customers"].max() == 1
        assert not calls["worth_calling"].iloc[1]

    def test_customers_who_have_probably_gone_are_counted(self):
        calls = calls_of(("a", 0.9, 500.0), ("b", 0.9, 400.0), ("c", 0.9, 300.0))
        known = calls.assign(probability_alive=[0.09, 0.10, np.nan])
        assert expected_value(known, TWENTY, RULES)["probably_gone_customers"] == 1

    def test_nobody_at_all(self):
        calls = calls_of()
        found = expected_value(calls, TWENTY, RULES)
        assert (found["verdict"], found["best_profit"]) == ("nobody scored", 0.0)
        assert np.isnan([found["best_depth_percent"], found["break_even_save_share"]]).all()
        assert profit_curve(calls, TWENTY).empty
        assert sensitivity(calls, TWENTY, RULES)["customers_at_low"].tolist() == [0, 0, 0]

    def test_nobody_above_the_threshold(self):
        found = expected_value(calls_of(("a", 0.5, 500.0)), TWENTY, RULES)
        assert (found["high_risk_customers"], found["high_risk_profit"], found["verdict"]) == (0, 0.0, "call")
        assert np.isnan(found["break_even_save_share"])

    def test_nine_customers_have_one_selected_among_them(self):
        calls = calls_of(*[(f"c{i}", 0.9, 100.0, float(i)) for i in range(9)])
        assert calls.loc[calls["selected"], "customer_id"].tolist() == ["c8"]

    def test_free_calls_pay_wherever_there_is_something_at_risk(self):
        free = Economics(SaveShare.from_assumption(0.2), 0.0)
        found = expected_value(calls_of(("a", 0.1, 10.0), ("b", 0.9, 0.0), economics=free), free, RULES)
        assert found["best_customers"] == 1
        assert np.isnan(found["best_roi_percentage"])

    @pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf")])
    def test_a_cost_below_nothing_is_refused(self, cost):
        with pytest.raises(ParamsError, match="contact_cost"):
            Economics(TWENTY.save_share, cost)
