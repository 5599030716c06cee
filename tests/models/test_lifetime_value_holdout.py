"""What the evidence of predicted lifetime value promises: the published holdout, fair coverage, refusals."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.purchases import as_table, day_number
from analytics.metrics.visits import visit_history
from analytics.models.lifetime_value import (
    compare_methods,
    fit_lifetime_value,
    totals,
    validate_lifetime_value,
)
from analytics.models.purchases import holdout
from benchmarks import cdnow
from benchmarks.simulated_buyers import simulate


@pytest.fixture(scope="module")
def sales():
    return as_table(cdnow.sales())


@pytest.fixture(scope="module")
def bg(sales):
    return validate_lifetime_value(sales, cdnow.END, model="bg_nbd")


@pytest.fixture(scope="module")
def auto(sales):
    return validate_lifetime_value(sales, cdnow.END)


def score(found, method):
    return found.scores.set_index("method").loc[method]


class TestThePublishedHoldout:
    def test_it_is_the_last_39_weeks_of_78(self, bg):
        assert (bg.calibration_start, bg.holdout_start) == (date(1997, 1, 1), cdnow.HOLDOUT)
        assert (bg.calibration_days, bg.holdout_days, bg.customers) == (273, 273, 2357)

    def test_mean_purchases_by_calibration_frequency(self, bg):
        assert bg.bins.visits.tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
        actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
        expected = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
        assert bg.bins.actual.to_numpy() == pytest.approx(actual, abs=1e-3)
        assert bg.bins.expected.to_numpy() == pytest.approx(expected, abs=1e-3)

    def test_total_and_errors(self, bg):
        model, zero, same = (score(bg, method) for method in ("model", "zero", "same_rate"))
        assert model.actual_total == 1882
        assert model.total == pytest.approx(1653, abs=0.5)
        assert (model.rmse, model.mae) == pytest.approx((1.608, 0.785), abs=5e-4)
        assert (zero.rmse, zero.mae, zero.total) == pytest.approx((2.206, 0.798, 0), abs=5e-4)
        assert (same.total, same.mae) == pytest.approx((2930, 1.024), abs=0.5)
        assert model.log_score == pytest.approx(0.985, abs=1e-3)
        assert bg.total_error == pytest.approx((1882 - 1653.4) / 1653.4, abs=1e-4)

    def test_the_default_is_no_worse(self, auto):
        assert auto.model.purchases.name == "mbg_nbd"
        assert score(auto, "model").rmse <= 1.61
        assert score(auto, "model").log_score == pytest.approx(0.982, abs=1e-3)

    @pytest.mark.parametrize("measure", ["visits", "value", "revenue"])
    def test_80_percent_intervals_hold_80_percent(self, bg, auto, measure):
        for found in (bg, auto):
            assert 0.77 <= found.coverage.set_index("measure").coverage[measure] <= 0.83

    def test_the_weekly_plot_counts_up_to_the_actual_visits(self, bg, sales):
        weekly = bg.weekly
        assert weekly.week.tolist() == list(range(1, 79))
        assert weekly.holdout.sum() == 39
        before = weekly[~weekly.holdout].actual.iloc[-1]
        assert weekly.actual.iloc[-1] - before == 1882
        assert (weekly[["actual", "expected"]].diff().dropna() >= 0).all(axis=None)
        assert weekly.expected[38] == pytest.approx(before, rel=0.03)


class TestOnlyComparing:
    def test_the_methods_stand_as_in_the_whole_check(self, sales):
        later = cdnow.END + timedelta(100)  # so that the two parts are not equally long
        found = compare_methods(sales, visit_history(sales, later), later).scores
        whole = validate_lifetime_value(sales, later).scores
        pd.testing.assert_frame_equal(
            found.drop(columns="log_score"), whole.drop(columns="log_score"), check_exact=True
        )

    @pytest.mark.parametrize("end", [date(1996, 1, 1), date(1997, 2, 1)])
    def test_what_is_missing_is_missing_there_too(self, sales, end):
        found = compare_methods(sales, visit_history(sales, end), end)
        assert found.missing == validate_lifetime_value(sales, end).missing != ""
        assert found.scores.empty


class TestTemperingIsLearntBeforeItIsJudged:
    def test_coverage_uses_an_inner_split_and_predictions_the_holdout(self, auto):
        used = auto.coverage.set_index("measure").tempering
        assert used["visits"] == 1.0
        assert used["value"] == used["revenue"] != auto.tempering
        assert min(used["value"], auto.tempering) > 1.0

    def test_untempered_the_value_of_cdnow_covers_too_little(self, auto):
        histories = cdnow.histories()
        shares = []
        for tempering in (1.0, auto.tempering):
            at = holdout.spending.value_distribution(
                auto.model.value.values, *holdout._outcomes(histories), tempering
            )
            shares.append(np.mean((at >= 0.1) & (at <= 0.9)))
        assert shares[0] < 0.75
        assert shares[1] == pytest.approx(0.8, abs=0.005)


class TestOnBuyersWhoseModelIsKnown:
    """The quick form; the long one is in `test_lifetime_value_coverage`."""

    def test_intervals_cover_what_they_promise(self):
        buyers = simulate(12_000, days=546, acquired_within=180, seed=5)
        past = buyers.histories(273, 546)
        found = holdout.evidence(
            fit_lifetime_value(past, model="mbg_nbd"), past, 273, buyers.histories(136, 273)
        )
        coverage = found.coverage.set_index("measure").coverage
        assert coverage["visits"] == pytest.approx(0.8, abs=0.012)
        assert coverage["value"] == pytest.approx(0.8, abs=0.03)
        assert coverage["revenue"] == pytest.approx(0.8, abs=0.03)


class TestWhatThereIsTooLittleOf:
    def table(self, days, customers=40):
        start = date(2026, 1, 1)
        rows = [
            (f"c{c}", start + timedelta((c * 3) % 20 + gap))
            for c in range(customers)
            for gap in range(0, 1 + c % 4 * days // 6, max(1, days // 6))
        ]
        frame = pd.DataFrame(rows, columns=["customer_id", "sold_at"])
        frame["sold_at"] = pd.to_datetime(frame.sold_at)
        frame["sale_id"] = [str(i) for i in range(len(frame))]
        return as_table(frame.assign(total_amount=10.0 + np.arange(len(frame)) % 5)), start + timedelta(days)

    def test_no_sales(self):
        sales, _ = self.table(200)
        found = validate_lifetime_value(sales, date(2026, 1, 1))
        assert (found.missing, found.model) == ("no_sales", None)
        assert all(frame.empty for frame in (found.scores, found.bins, found.weekly, found.coverage))
        assert np.isnan(found.total_error)

    def test_a_history_of_weeks(self):
        sales, end = self.table(100)
        assert validate_lifetime_value(sales, end).missing == "history_too_short"

    def test_hardly_anybody_who_came_again(self):
        sales, end = self.table(200, customers=8)
        assert validate_lifetime_value(sales, end).missing == "few_repeat_customers"

    def test_a_short_history_is_halved(self):
        sales, end = self.table(300)
        found = validate_lifetime_value(sales, end)
        assert (found.calibration_days, found.holdout_days, found.missing) == (150, 150, "")
        assert found.holdout_start == end - timedelta(150)

    def test_few_outcomes_leave_the_spread_of_value_unmeasured_and_untouched(self):
        sales, end = self.table(300, customers=25)
        found = validate_lifetime_value(sales, end)
        assert found.tempering == 1.0
        assert found.coverage.set_index("measure").coverage[["value", "revenue"]].isna().all()

    def test_an_empty_holdout_is_scored_without_dividing_by_nothing(self):
        sales, _ = self.table(150)
        found = validate_lifetime_value(sales, date(2026, 9, 1))
        assert score(found, "model").actual_total == 0
        assert np.isnan(score(found, "model").error_percent)
        assert found.total_error == pytest.approx(1.0)


class TestSeasons:
    def weekly(self, actual):
        weeks = np.arange(1, 60)
        return pd.DataFrame(
            {"week": weeks, "actual": np.cumsum(actual), "expected": 100.0 * weeks, "holdout": weeks > 20}
        )

    def test_a_month_far_above_the_others_is_seen(self):
        actual = np.full(59, 90.0)
        assert not holdout.swings(self.weekly(actual))
        actual[40:44] *= 1.6
        assert holdout.swings(self.weekly(actual))

    def test_a_rate_that_is_wrong_all_the_time_is_no_season(self):
        assert not holdout.swings(self.weekly(np.full(59, 300.0)))

    def test_chance_in_small_numbers_is_no_season(self):
        actual = np.full(59, 1.0)
        actual[40] = 3.0
        assert not holdout.swings(self.weekly(actual))


def test_nothing_on_or_after_the_reference_date_is_read(sales):
    until = date(1998, 4, 1)
    whole = validate_lifetime_value(sales, until, model="mbg_nbd")
    frame = cdnow.sales()
    cut = validate_lifetime_value(
        as_table(frame[frame.sold_at < pd.Timestamp(until)]), until, model="mbg_nbd"
    )
    pd.testing.assert_frame_equal(whole.scores, cut.scores)
    pd.testing.assert_frame_equal(whole.weekly, cut.weekly)
    assert whole.model.purchases.params.equals(cut.model.purchases.params)


def test_the_first_week_begins_with_the_first_visit(sales, bg):
    first = day_number(bg.calibration_start)
    assert cdnow.histories().first_day.min() == first


def test_totals_take_the_errors_of_the_holdout(bg):
    past = cdnow.histories()
    found = totals(bg.model, past, total_error=bg.total_error, revenue_error=bg.revenue_error)
    visits = found[found.measure == "purchases"]
    assert (visits.high / visits.value > 1 + bg.total_error).all()


class TestASpreadThatIsNotReliedOn:
    @pytest.mark.parametrize(
        ("tempering", "share", "used", "relied"),
        [
            (2.0, 0.8, 2.0, True),
            (2.0, 0.7, 2.0, True),
            (2.0, 0.69, 2.0, False),
            (2.0, 0.91, 2.0, False),
            (25.0, 0.8, 2.0, False),
            (2.0, 0.8, 25.0, False),
            (2.0, float("nan"), 1.0, True),
        ],
    )
    def test_is_not_carried_into_predictions_and_is_noted(self, auto, tempering, share, used, relied):
        covered = [("visits", 99, 0.8, 1.0), ("value", 99, share, used)]
        found = holdout._relied_on(auto.model.value, tempering, covered)
        assert found == ((tempering, ()) if relied else (1.0, ("spread_unsure",)))

    def test_the_validation_owns_up_to_a_spread_assumed(self, auto, sales):
        assert auto.notes == tuple(note for note in auto.notes if note == "seasonality")
        assumed = replace(auto.model.value, notes=("spread_assumed",))
        histories = visit_history(sales, cdnow.HOLDOUT, until=cdnow.END)
        found = holdout.evidence(replace(auto.model, value=assumed), histories, 273)
        assert "spread_assumed" in found.notes
