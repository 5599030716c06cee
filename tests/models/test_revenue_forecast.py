"""What a revenue forecast promises: its test on the past, its intervals, and an answer to odd histories."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analytics.data.batches import kept_batches
from analytics.models.forecast import intervals, keeping
from analytics.models.forecast.backtest import backtest, plan, training_scale
from analytics.models.forecast.candidates import candidates
from analytics.models.forecast.naive import seasonal_naive
from analytics.models.forecast.revenue_forecast import REMARKS, TOTALS, forecast_revenue

RANDOM = np.random.default_rng(7)
YEARS = np.arange(60)
SHOP = 1000 * np.exp(0.008 * YEARS + 0.25 * np.sin(YEARS * np.pi / 6) + 0.03 * RANDOM.normal(size=60))


def series(values, start="2021-11-01"):
    months = pd.date_range(start, periods=len(values), freq="MS")
    return pd.DataFrame({"month": months, "revenue": np.asarray(values, dtype=float)})


@pytest.fixture(scope="module")
def shop():
    return forecast_revenue(series(SHOP))


@pytest.fixture(scope="module")
def found():
    known = {name: candidates()[name] for name in ("seasonal_naive", "seasonal_drift", "theta")}
    return backtest(SHOP[:34], known, horizon=12)


class TestPlanOfTheBacktest:
    @given(st.integers(6, 200), st.integers(3, 36))
    def test_there_are_six_to_twelve_origins_a_month_apart_or_none(self, months, horizon):
        ends, ahead = plan(months, horizon)
        if not len(ends):
            assert months < 18 or 24 <= months < 30
            return
        assert 6 <= len(ends) <= 12
        assert (np.diff(ends) == 1).all()
        assert ends[-1] + ahead == months
        assert 1 <= ahead <= min(horizon, 12)
        assert ends[0] >= (24 if months >= 24 else 12)

    def test_the_horizon_shrinks_before_the_origins_do(self):
        ends, ahead = plan(41, 12)
        assert (len(ends), ahead) == (6, 12)
        ends, ahead = plan(33, 12)
        assert (len(ends), ahead) == (6, 4)


class TestBacktest:
    def test_errors_are_those_of_a_plain_loop(self, found):
        """Seasonal naive, all of it spelled out."""
        ends, ahead = plan(34, 12)
        mase, smape, mape, bias = [], [], [], []
        for end in ends:
            known, came = SHOP[:end], SHOP[end : end + ahead]
            said = np.array([known[len(known) - 12 + step % 12] for step in range(ahead)])
            scale = np.mean([abs(known[t] - known[t - 12]) for t in range(12, len(known))])
            mase.append(np.mean(np.abs(said - came)) / scale)
            smape += list(200 * np.abs(said - came) / (said + came))
            mape += list(100 * np.abs(said - came) / came)
            bias += list(said - came)
        row = found.scores.set_index("model").loc["seasonal_naive"]
        assert row["mase"] == pytest.approx(np.mean(mase))
        assert row["smape"] == pytest.approx(np.mean(smape))
        assert row["mape"] == pytest.approx(np.mean(mape))
        assert row["bias"] == pytest.approx(np.mean(bias))
        assert (row["origins"], row["horizon"], row["months"]) == (6, 5, 30)

    def test_coverage_is_that_of_intervals_scaled_by_the_other_origins(self, found):
        ends, ahead = plan(34, 12)
        path = seasonal_naive(SHOP, ends, ahead)
        errors = path.mean - np.array([SHOP[end : end + ahead] for end in ends])
        held = []
        for origin in range(len(ends)):
            others = [i for i in range(len(ends)) if i != origin]
            ratio = np.abs(errors[others]) / (1.2815515655446004 * path.deviation[others])
            scale = np.sqrt(1.1 * np.clip(np.quantile(ratio, 0.8), 0.3, 4))
            held += list(np.abs(errors[origin]) <= 1.2815515655446004 * scale * path.deviation[origin])
        row = found.scores.set_index("model").loc["seasonal_naive"]
        assert row["coverage_80"] == pytest.approx(100 * np.mean(held))

    def test_the_nearest_comes_first(self, shop):
        assert shop.backtest["mase"].is_monotonic_increasing
        assert set(shop.backtest["model"]) == {
            *("mean", "seasonal_naive", "seasonal_drift"),
            *("exponential_smoothing", "theta", "arima", "random_forest"),
        }

    def test_zero_months_are_left_out_of_mape_and_counted(self):
        values = np.where(np.arange(40) % 7 == 3, 0.0, SHOP[:40])
        found = backtest(values, {"seasonal_naive": candidates()["seasonal_naive"]}, horizon=3)
        row = found.scores.iloc[0]
        assert row["zero_months"] > 0
        assert np.isfinite(row["mape"])

    def test_filled_months_are_no_targets(self):
        counted = np.arange(40) != 35
        known = {"seasonal_naive": candidates()["seasonal_naive"]}
        row = backtest(SHOP[:40], known, horizon=6, counted=counted).scores.iloc[0]
        assert row["months"] < row["origins"] * row["horizon"]

    def test_under_24_months_the_scale_is_the_change_from_the_month_before(self):
        assert training_scale(SHOP[:23]) == pytest.approx(np.abs(np.diff(SHOP[:23])).mean())
        assert training_scale(SHOP[:24]) == pytest.approx(np.abs(SHOP[12:24] - SHOP[:12]).mean())


class TestIntervals:
    def test_the_factor_is_a_quantile_within_limits(self):
        ones = np.ones(100)
        assert intervals.factor(np.linspace(0, 2, 100) * intervals.Z80, ones) == pytest.approx(1.6, abs=0.01)
        assert intervals.factor(1e6 * ones, ones) == 4.0
        assert intervals.factor(0 * ones, ones) == 0.3
        assert intervals.factor(np.full(3, np.nan), np.ones(3)) == 1.0

    def test_half_widths_are_scaled_by_the_root_of_the_widened_factor(self):
        assert intervals.scale_of(2.0) == pytest.approx(np.sqrt(2.2))
        around = intervals.bounds(np.array([10.0]), np.array([2.0]), 1.5, floor=False)
        assert around.upper_80[0] - 10 == pytest.approx(1.2815515655 * 3)
        assert 10 - around.lower_95[0] == pytest.approx(1.9599639845 * 3)

    def test_a_sum_is_surer_than_its_parts_together_and_less_sure_than_apart(self):
        wide = np.array([1.0, 2.0, 3.0])
        assert np.sqrt(14) < intervals.deviation_of_sum(wide) < 6
        assert intervals.deviation_of_sum(wide[:1]) == 1.0

    def test_bounds_are_nested_around_the_value(self, shop):
        rows = shop.others
        for low, high in (("lower_95", "lower_80"), ("lower_80", "value"), ("value", "upper_80"),
                          ("upper_80", "upper_95")):  # fmt: skip
            assert (rows[low] <= rows[high]).all()

    def test_a_history_above_zero_has_no_interval_below(self):
        values = np.where(np.arange(40) % 5 == 0, 0.0, 100.0)
        assert (forecast_revenue(series(values)).others["lower_95"] >= 0).all()


class TestForecast:
    def test_it_begins_after_the_last_month(self, shop):
        assert shop.forecast["month"].iloc[0] == pd.Timestamp("2026-11-01")
        assert len(shop.forecast) == 12
        assert shop.leader == "mean"

    def test_it_follows_growth_and_season(self, shop):
        coming = np.arange(60, 72)
        expected = 1000 * np.exp(0.008 * coming + 0.25 * np.sin(coming * np.pi / 6))
        assert shop.forecast["value"].to_numpy() == pytest.approx(expected, rel=0.1)

    def test_totals_are_sums_of_the_first_year(self, shop):
        found = forecast_revenue(series(SHOP), horizon=18, beside=False)
        row = found.totals.iloc[0]
        assert row["value"] == pytest.approx(found.forecast["value"].iloc[:12].sum(), abs=0.01)
        assert row["year_before"] == pytest.approx(SHOP[-12:].sum(), abs=0.01)
        assert row["months"] == 12
        assert row["lower_80"] < row["value"] < row["upper_80"]
        spread = found.forecast["upper_80"].iloc[:12].sum() - row["value"]
        assert row["upper_80"] - row["value"] < spread

    def test_candidates_beside_it_change_nothing(self, shop):
        alone = forecast_revenue(series(SHOP), beside=False)
        assert "random_forest" not in set(alone.others["model"])
        pd.testing.assert_frame_equal(alone.forecast, shop.forecast)

    def test_threads_change_nothing(self, shop):
        with threadpool_limits(limits=2):
            again = forecast_revenue(series(SHOP), beside=False)
        pd.testing.assert_frame_equal(again.forecast, shop.forecast)

    def test_the_seed_moves_only_the_forest(self, shop):
        other = forecast_revenue(series(SHOP), seed=1).others
        same = other["model"] != "random_forest"
        pd.testing.assert_frame_equal(other[same], shop.others[same])
        assert not other[~same].equals(shop.others[~same])

    def test_only_ten_years_are_read(self):
        long = np.r_[np.full(60, 1e9), np.tile(SHOP[:12], 10)]
        found = forecast_revenue(series(long, "2009-01-01"), beside=False)
        assert found.months == 120
        assert found.forecast["value"].max() < 2 * SHOP[:12].max()

    def test_last_year_leads_where_it_was_nearer(self):
        """A season that never changes and a jump that comes and goes: nothing beats last year."""
        values = np.tile([100.0, 300, 50, 80, 900, 20, 60, 400, 30, 500, 10, 700], 5)
        values[30] += 5
        found = forecast_revenue(series(values), beside=False)
        errors = found.backtest.set_index("model")["mase"]
        assert errors["seasonal_naive"] < errors["mean"]
        assert found.leader == "seasonal_naive"
        assert "naive_wins" in found.remarks
        assert found.forecast["value"].tolist() == values[48:].tolist()
        assert set(found.kept(pd.Timestamp("2026-11-01"))["model"]) == {"seasonal_naive", "mean"}

    def test_the_past_holds_what_would_have_been_said(self, shop):
        past = shop.past
        assert past["origin"].nunique() == 12
        assert (past["month"] >= past["origin"]).all()
        actual = series(SHOP).set_index("month")["revenue"]
        assert past["actual"].to_numpy() == pytest.approx(actual.loc[past["month"]].to_numpy())


class TestShortHistories:
    @pytest.mark.parametrize("months", [0, 1, 5])
    def test_under_six_months_there_is_no_forecast(self, months):
        found = forecast_revenue(series(SHOP[:months]))
        assert found.forecast.empty
        assert found.totals.columns.tolist() == list(TOTALS)
        assert (found.leader, found.recipe, found.months) == ("", (), months)
        assert found.kept(pd.Timestamp("2026-11-01")).empty

    def test_from_six_months_it_is_their_mean(self):
        found = forecast_revenue(series(SHOP[:11]))
        assert found.forecast["value"].to_numpy() == pytest.approx(SHOP[:11].mean(), abs=1e-4)
        assert found.remarks == ("no_backtest",)

    def test_from_twelve_months_it_is_last_year(self):
        found = forecast_revenue(series(SHOP[:17]))
        assert found.forecast["value"].to_numpy() == pytest.approx(SHOP[5:17], abs=1e-4)
        assert "no_backtest" in found.remarks

    def test_from_eighteen_months_last_year_is_tested(self):
        found = forecast_revenue(series(SHOP[:18]))
        assert found.backtest["model"].tolist() == ["seasonal_naive"]
        assert found.remarks == ()

    def test_from_36_months_an_older_mean_is_tested_and_said(self):
        found = forecast_revenue(series(SHOP[:38]), beside=False)
        assert "mixed_backtest" in found.remarks
        assert found.recipe == ("exponential_smoothing", "theta", "arima")


class TestOddHistories:
    @pytest.mark.parametrize("months", [6, 12, 30, 48])
    def test_a_constant_series_is_forecast_as_it_is(self, months):
        found = forecast_revenue(series(np.full(months, 250.0)), beside=False)
        assert "constant" in found.remarks
        assert found.forecast["value"].to_numpy() == pytest.approx(250.0)
        assert found.forecast["upper_95"].to_numpy() == pytest.approx(250.0, abs=0.1)

    @pytest.mark.parametrize("months", [6, 12, 30, 48])
    def test_a_series_of_zeros_is_zero(self, months):
        found = forecast_revenue(series(np.zeros(months)), beside=False)
        assert "zero" in found.remarks
        assert found.forecast[["value", "lower_95", "upper_95"]].to_numpy() == pytest.approx(0.0)
        assert found.backtest["mape"].isna().all()

    def test_a_month_of_returns_larger_than_sales_is_a_month_below_zero(self):
        values = SHOP[:48].copy()
        values[20] = -400
        found = forecast_revenue(series(values), beside=False)
        assert "negative" in found.remarks
        assert np.isfinite(found.forecast[["value", "lower_80", "upper_80"]].to_numpy()).all()
        # It may happen again: the bounds are not cut at zero.
        flipped = forecast_revenue(series(np.where(np.arange(48) % 2, -50.0, 60.0)), beside=False)
        assert (flipped.forecast["lower_95"] < 0).any()

    def test_a_gap_is_filled_by_its_season_and_said(self):
        values = SHOP[:48].copy()
        values[20:23] = np.nan
        found = forecast_revenue(series(values), beside=False)
        whole = forecast_revenue(series(SHOP[:48]), beside=False)
        assert "filled" in found.remarks
        assert found.forecast["value"].to_numpy() == pytest.approx(
            whole.forecast["value"].to_numpy(), rel=0.1
        )

    def test_a_gap_among_tested_months_is_no_target(self):
        values = SHOP[:48].copy()
        values[44] = np.nan
        found = forecast_revenue(series(values), beside=False)
        whole = forecast_revenue(series(SHOP[:48]), beside=False)
        assert found.backtest["months"].iloc[0] < whole.backtest["months"].iloc[0]
        assert found.past["actual"].isna().any()

    def test_what_lies_before_a_gap_of_a_year_is_not_read(self):
        values = np.r_[np.full(10, 1e6), np.full(14, np.nan), SHOP[:30]]
        found = forecast_revenue(series(values), beside=False)
        assert (found.months, "after_gap" in found.remarks) == (30, True)
        assert found.forecast["value"].max() < 1e4

    def test_nothing_but_gaps_is_no_history(self):
        assert forecast_revenue(series(np.full(30, np.nan))).forecast.empty

    @settings(max_examples=12, deadline=None)
    @given(
        st.integers(6, 60),
        st.sampled_from([0.0, 1e-6, 1.0, 1e12]),
        st.lists(st.sampled_from([-5.0, 0.0, 0.0, 1.0, 7.0, 300.0, float("nan")]), min_size=60, max_size=60),
    )
    def test_every_history_has_a_finite_answer(self, months, unit, values):
        found = forecast_revenue(series(np.array(values[:months]) * unit), beside=False)
        assert set(found.remarks) <= set(REMARKS)
        if found.recipe:
            numbers = found.others.drop(columns=["month", "model"]).to_numpy(dtype=float)
            assert np.isfinite(numbers).all()


class TestKeeping:
    def test_a_forecast_is_kept_once_and_never_changed(self, shop, tmp_path, monkeypatch):
        monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path))
        made_at = pd.Timestamp("2026-11-01").date()
        assert keeping.keep("corner-shop", shop, made_at) is not None
        assert keeping.keep("corner-shop", shop, made_at) is None
        later = forecast_revenue(series(SHOP * 2), beside=False)
        assert keeping.keep("corner-shop", later, made_at) is None
        assert len(kept_batches("corner-shop", "forecasts")) == 1

    def test_no_forecast_is_nothing_to_keep(self, tmp_path, monkeypatch):
        monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path))
        short = forecast_revenue(series(SHOP[:3]))
        assert keeping.keep("corner-shop", short, pd.Timestamp("2026-11-01").date()) is None
        assert kept_batches("corner-shop", "forecasts") == []
