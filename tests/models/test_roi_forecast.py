"""The restated profit of the months ahead: what a trend gives, and what too little history does not."""

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.roi import RoiRules
from analytics.models.roi_forecast import MONTHS_NEEDED, roi_forecast

RULES = RoiRules()


def history(values, start="2025-11-01"):
    months = pd.date_range(start, periods=len(values), freq="MS").astype("datetime64[us]")
    return pd.DataFrame({"month": months, "net_profit": np.asarray(values, dtype="float64")})


class TestHowFar:
    def test_twelve_months_from_the_month_after_the_last_batch(self):
        found = roi_forecast(history([100.0, 120, 90, 110, 100, 105]), RULES)
        assert found["month"].iloc[0] == pd.Timestamp("2026-05-01")
        assert found["month"].iloc[-1] == pd.Timestamp("2027-04-01")
        assert len(found) == 12

    @pytest.mark.parametrize("months", range(MONTHS_NEEDED))
    def test_under_six_batches_nothing_is_told(self, months):
        found = roi_forecast(history([100.0] * months), RULES)
        assert found.empty
        assert found["month"].dtype == "datetime64[us]"

    def test_a_month_without_a_batch_takes_the_value_between_its_neighbours(self):
        whole = history([100.0, 110, 120, 130, 140, 150, 160])
        pd.testing.assert_frame_equal(roi_forecast(whole.drop(index=3), RULES), roi_forecast(whole, RULES))


class TestFigures:
    def test_a_constant_series_goes_on_without_doubt(self):
        found = roi_forecast(history([7_650.0] * 8), RULES)
        assert found["net_profit"].unique().tolist() == [7_650.0]
        assert found[["lower_95", "upper_95"]].eq(7_650.0).all(axis=None)
        assert found["roi_percentage"].unique().tolist() == [900.0]
        assert found["total_revenue"].unique().tolist() == [8_500.0]

    def test_zeros_stay_zeros_and_have_no_return(self):
        found = roi_forecast(history([0.0] * 8), RULES)
        assert found["upper_95"].eq(0).all()
        assert found["roi_percentage"].isna().all()

    def test_a_trend_goes_on_at_half_its_slope(self):
        found = roi_forecast(history(1_000 + 50.0 * np.arange(24)), RULES)
        assert np.diff(found["net_profit"]) == pytest.approx([25.0] * 11, abs=1e-3)

    def test_nothing_restates_a_loss(self):
        found = roi_forecast(history([500.0, 400, 300, 200, 100, 10]), RULES)
        money = found[["net_profit", "lower_80", "upper_80", "lower_95", "upper_95"]]
        assert (money >= 0).all(axis=None)

    def test_intervals_hold_each_other_and_widen(self):
        rng = np.random.default_rng(0)
        found = roi_forecast(history(5_000 + rng.normal(0, 100, 18)), RULES)
        for inner, outer in (("lower_80", "lower_95"), ("net_profit", "lower_80")):
            assert (found[inner] > found[outer]).all()
        assert (found["upper_80"] < found["upper_95"]).all()
        assert (found["upper_80"] - found["lower_80"]).is_monotonic_increasing

    @pytest.mark.parametrize(("level", "low", "high"), [("80", 0.74, 0.90), ("95", 0.91, 0.99)])
    def test_intervals_cover_levels_that_wander(self, level, low, high):
        rng = np.random.default_rng(1)
        covered = []
        for _ in range(150):
            walk = 10_000 + np.cumsum(rng.normal(0, 50, 24)) + rng.normal(0, 100, 24)
            found = roi_forecast(history(walk[:18]), RULES, horizon=6)
            covered.append((found[f"lower_{level}"] <= walk[18:]) & (walk[18:] <= found[f"upper_{level}"]))
        assert low <= np.mean(covered) <= high
