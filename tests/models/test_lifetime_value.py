"""What predicted lifetime value promises: published numbers, distributions against draws, laws, odd data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analytics.models.lifetime_value import (
    discounted,
    expect_lifetime_value,
    fit_lifetime_value,
    fit_purchases,
    independence,
    no_purchase_probability,
    predict_lifetime_value,
    repeat_visits,
    totals,
)
from analytics.models.purchases import counts, gamma_gamma, spending
from analytics.models.purchases.fit import MODELS, PurchaseFit
from analytics.models.purchases.rows import WEEKS_A_MONTH, Rows, collapse
from benchmarks import cdnow
from benchmarks.simulated_buyers import simulate

HORIZONS = ["12m", "36m"]


@pytest.fixture(scope="module")
def histories():
    return cdnow.histories()


@pytest.fixture(scope="module")
def model(histories):
    return fit_lifetime_value(histories)


@pytest.fixture(scope="module")
def predicted(model, histories):
    return predict_lifetime_value(model, histories, profit_share=0.25, tempering=1.5)


def people(*rows, observed_day=364):
    """Histories: id, visits, last day, mean repeat value; all first came on day 0."""
    frame = pd.DataFrame(rows, columns=["customer_id", "visits", "last_day", "repeat_value"])
    return frame.assign(first_day=0, observed_day=observed_day).astype({"repeat_value": "float64"})


class TestThePublishedNumbers:
    def test_gamma_gamma_on_the_946_repeat_customers(self, model):
        assert model.value.customers == 946
        assert model.value.values.round(2) == pytest.approx([6.25, 3.74, 15.44])
        assert model.value.log_likelihood == pytest.approx(-4055.918, abs=1e-3)

    def test_a_thousand_a_year_discounted(self):
        monthly = 1000 / 12
        assert discounted(np.full(12, monthly)) == pytest.approx(950.04, abs=0.005)
        assert discounted(np.full(36, monthly)) == pytest.approx(2598.87, abs=0.005)

    def test_customers_by_repeat_visits(self, histories):
        """Actual counts as in the paper's figure 3; expected ones as the package lifetimes gives them."""
        found = repeat_visits(fit_purchases(histories, model="bg_nbd"), histories)
        assert found.actual.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
        assert found.expected.sum() == pytest.approx(2357)
        other = cdnow.lifetimes_package().BetaGeoFitter()
        other.params_ = fit_purchases(histories, model="bg_nbd").params
        age = (histories.observed_day - histories.first_day) / 7
        chance = other.probability_of_n_purchases_up_to_time
        theirs = [sum(k * chance(t, n) for t, k in age.value_counts().items()) for n in range(7)]
        assert found.expected.iloc[:7].tolist() == pytest.approx(theirs, rel=1e-6)

    def test_lifetimes_finds_the_same_gamma_gamma(self, histories, model):
        found = fit_lifetime_value(histories, model="mbg_nbd", fitter="lifetimes")
        assert found.value.values == pytest.approx(model.value.values, rel=1e-3)
        assert found.purchases.values == pytest.approx(model.purchases.values, rel=1e-3)


class TestWhatOneCustomerIsExpectedToBring:
    def test_revenue_is_visits_times_value_discounted_month_by_month(self, model, histories, predicted):
        fit = model.purchases
        i = int(np.argmax(histories.visits))
        x, weeks = histories.visits[i] - 1, (histories.observed_day[i] - histories.first_day[i]) / 7
        alive = fit.model.alive(
            fit.values,
            np.array([x]),
            np.array([(histories.last_day[i] - histories.first_day[i]) / 7]),
            np.array([weeks]),
        )
        ends = np.arange(0, 37) * WEEKS_A_MONTH
        until = alive * fit.model.expected_if_alive(fit.values, np.full(37, x), np.full(37, weeks), ends)
        value = predicted.expected_average_value[i]
        assert predicted.predicted_revenue_12m[i] == pytest.approx(discounted(np.diff(until[:13])) * value)
        assert predicted.predicted_revenue_36m[i] == pytest.approx(discounted(np.diff(until)) * value)
        assert predicted.expected_purchases_12m[i] == pytest.approx(until[12])

    def test_value_is_drawn_towards_that_of_all(self, model):
        two = people(("few", 2, 100, 200.0), ("many", 21, 100, 200.0), ("none", 1, 0, np.nan))
        few, many, none = predict_lifetime_value(model, two).expected_average_value
        assert none < few < many < 200
        p, q, gamma = model.value.values
        assert none == pytest.approx(p * gamma / (q - 1))

    def test_value_is_revenue_times_the_profit_share_and_missing_where_it_is_not_known(
        self, model, histories, predicted
    ):
        for end in ("", "_low", "_high"):
            assert predicted[f"predicted_clv_12m{end}"].to_numpy() == pytest.approx(
                0.25 * predicted[f"predicted_revenue_12m{end}"].to_numpy()
            )
        unknown = predict_lifetime_value(model, histories.head(3))
        assert unknown.filter(like="clv").isna().all(axis=None)
        assert unknown.filter(like="revenue").notna().all(axis=None)

    def test_nothing_else_is_missing_under_the_mbg_nbd(self, predicted):
        assert predicted.notna().all(axis=None)

    def test_under_the_bg_nbd_being_alive_is_missing_without_a_repeat(self, histories):
        found = predict_lifetime_value(fit_lifetime_value(histories, model="bg_nbd"), histories)
        assert (found.probability_alive.isna() == (histories.visits == 1)).all()
        assert found.expected_purchases_12m.notna().all()

    def test_the_order_of_customers_is_kept_and_changes_nothing(self, model, histories, predicted):
        shuffled = histories.sample(frac=1, random_state=1)
        again = predict_lifetime_value(model, shuffled, profit_share=0.25, tempering=1.5)
        assert again.customer_id.tolist() == shuffled.customer_id.tolist()
        pd.testing.assert_frame_equal(
            again.sort_values("customer_id", ignore_index=True), predicted, rtol=1e-9
        )

    def test_the_number_of_threads_changes_nothing(self, model, histories, predicted):
        with threadpool_limits(limits=2):
            again = predict_lifetime_value(model, histories, profit_share=0.25, tempering=1.5)
            pd.testing.assert_frame_equal(again, predicted, check_exact=True)
            assert fit_purchases(histories).params.equals(model.purchases.params)

    def test_the_input_is_left_as_it_was(self, model, histories):
        before = histories.copy()
        predict_lifetime_value(model, histories)
        pd.testing.assert_frame_equal(before, histories)


@pytest.mark.parametrize("name", ["auto", "bg_nbd"])
def test_without_the_intervals_the_expectations_are_the_same(histories, name):
    model = fit_lifetime_value(histories, model=name)
    for known, rows in ((model, histories), (replace(model, purchases=None), histories.head(3))):
        whole = predict_lifetime_value(known, rows, profit_share=0.25)
        found = expect_lifetime_value(known, rows, profit_share=0.25)
        pd.testing.assert_frame_equal(found, whole[list(found.columns)], check_exact=True)


class TestIntervals:
    def test_ends_stand_around_in_order(self, predicted):
        for name in ("expected_purchases_90d", "expected_purchases_12m"):
            assert (predicted[f"{name}_low"] <= predicted[f"{name}_high"]).all()
        for name in HORIZONS:
            low, high = (
                predicted[f"predicted_revenue_{name}_low"],
                predicted[f"predicted_revenue_{name}_high"],
            )
            assert (low >= 0).all()
            assert (low <= high).all()

    def test_what_has_come_in_after_a_year_has_not_gone_after_three(self, predicted):
        for end in ("", "_low", "_high"):
            assert (
                predicted[f"predicted_revenue_36m{end}"] >= predicted[f"predicted_revenue_12m{end}"]
            ).all()

    @pytest.mark.parametrize("name", MODELS)
    def test_counts_are_those_of_the_definition(self, name):
        """Draw the rest of one customer's life many times; the exact distribution lies within the noise."""
        random, size = np.random.default_rng(4), 60_000
        params = np.array([0.6, 8.0, 0.7, 2.5] if name != "pareto_nbd" else [0.6, 8.0, 0.7, 20.0])
        x, t_x, age, horizon = 5, 20.0, 26.0, 30.0
        made = MODELS[name]
        rate = random.gamma(params[0] + x, 1 / (params[1] + age), size)
        if name == "pareto_nbd":
            left = random.exponential(1 / random.gamma(params[2], 1 / (params[3] + age), size))
            drawn = random.poisson(rate * np.minimum(left, horizon))
        else:
            leaving = random.beta(params[2], params[3] + x + made.early, size)
            drawn = np.minimum(random.poisson(rate * horizon), random.geometric(leaving))
        gone = random.random(size) >= made.alive(params, np.array([x]), np.array([t_x]), np.array([age]))
        drawn = np.where(gone, 0, drawn)
        row = Rows(np.array([x]), np.array([t_x]), np.array([age]), np.array([1]), np.zeros(1, int))
        fit = fitted(name, params)
        found = counts.count_visits(fit, row, horizon)
        assert found.expected[0] == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(size))
        assert found.none[0] == pytest.approx((drawn == 0).mean(), abs=0.01)
        assert found.variance[0] == pytest.approx(drawn.var(), rel=0.05)
        below, upto = counts.distribution_at(fit, row, horizon, np.array([4]))
        assert (below[0], upto[0]) == pytest.approx(((drawn < 4).mean(), (drawn <= 4).mean()), abs=0.01)
        assert (drawn < found.low[0]).mean() <= 0.1 + 0.01
        assert (drawn <= found.high[0]).mean() >= 0.9 - 0.01

    @pytest.mark.parametrize("tempering", [1.0, 2.0])
    @pytest.mark.parametrize("visits", [4, 60])
    def test_spending_is_that_of_the_definition(self, tempering, visits):
        random, size = np.random.default_rng(5), 60_000
        params, value = np.array([0.6, 8.0, 0.7, 2.5]), np.array([6.25, 3.74, 15.44])
        x, t_x, age, horizon = visits, 24.0, 26.0, 52.0
        made = MODELS["mbg_nbd"]
        rate = random.gamma(params[0] + x, 1 / (params[1] + age), size)
        leaving = random.beta(params[2], params[3] + x + 1, size)
        drawn = np.minimum(random.poisson(rate * horizon), random.geometric(leaving))
        gone = random.random(size) >= made.alive(params, np.array([x]), np.array([t_x]), np.array([age]))
        drawn = np.where(gone, 0, drawn)
        level = random.gamma((value[1] + value[0] * x) / tempering, 1, size)
        paid = random.gamma(np.maximum(drawn, 1e-9) * value[0] / tempering) / level * (drawn > 0)
        row = Rows(np.array([x]), np.array([t_x]), np.array([age]), np.array([1]), np.zeros(1, int))
        worth = valued(value)
        low, high = spending.spending_quantiles(fitted("mbg_nbd", params), worth, row, horizon, tempering)
        assert (paid <= low[0]).mean() == pytest.approx(max(0.1, (drawn == 0).mean()), abs=0.01)
        assert (paid <= high[0]).mean() == pytest.approx(0.9, abs=0.01)

    def test_they_are_discounted_as_their_mean_is(self, model, histories, predicted):
        plain = predict_lifetime_value(model, histories, discount_rate=0.0, tempering=1.5)
        less = predicted.predicted_revenue_12m / plain.predicted_revenue_12m
        assert ((less > 0.9) & (less < 0.97)).all()
        for end in ("low", "high"):
            name = f"predicted_revenue_12m_{end}"
            assert predicted[name].to_numpy() == pytest.approx((less * plain[name]).to_numpy())

    def test_repeats_that_brought_nothing_are_worth_what_a_newcomer_is(self, model):
        p, q, gamma = model.value.values
        usual = (model.value.newcomer * (p * 12 + q - 1) / p - gamma) / 12
        found = predict_lifetime_value(model, people(("nothing", 13, 300, -4.0), ("usual", 13, 300, usual)))
        money = found.filter(like="revenue")
        assert money.iloc[0].to_numpy() == pytest.approx(money.iloc[1].to_numpy())
        assert (money.iloc[0] > 0).any()

    def test_a_customer_who_has_surely_gone_gets_nothing(self, model):
        found = predict_lifetime_value(model, people(("gone", 30, 60, 50.0), observed_day=2000)).iloc[0]
        assert found.probability_alive < 1e-6
        assert found[["expected_purchases_12m_high", "predicted_revenue_36m_high"]].tolist() == [0, 0]

    def test_the_step_of_an_outcome_counts_for_what_lies_inside(self):
        below, upto = np.array([0.0, 0.05, 0.95, 0.3, 0.1]), np.array([0.4, 0.95, 1.0, 0.3, 0.9])
        assert counts.step_inside(below, upto) == pytest.approx([0.75, 0.8 / 0.9, 0, 1, 1])


def fitted(name, params):
    names = list(MODELS[name].parameters)
    made = pd.Series(params, names)
    return PurchaseFit(name, made, made * 0, pd.DataFrame(0.0, names, names), 0.0, True, 1)


def valued(params):
    names = list(gamma_gamma.PARAMETERS)
    made = pd.Series(params, names)
    return gamma_gamma.GammaGammaFit(made, made * 0, pd.DataFrame(0.0, names, names), 0.0, True, 1, 30.0)


class TestTempering:
    def test_it_is_one_where_the_model_is_right_and_more_where_spending_varies_more(self):
        random, size = np.random.default_rng(6), 20_000
        params, x, visits = np.array([6.25, 3.74, 15.44]), np.full(20_000, 3.0), np.full(20_000, 2.0)
        value = np.full(size, 40.0)
        scale = 15.44 + x * value
        for times in (1.0, 2.5):
            level = random.gamma((3.74 + 6.25 * x) / times, 1)
            spent = scale * random.gamma(6.25 * visits / times) / level
            assert spending.temper(params, x, value, visits, spent) == pytest.approx(times, abs=0.12)

    def test_it_widens_intervals_of_money_alone(self, model, histories):
        plain = predict_lifetime_value(model, histories)
        wide = predict_lifetime_value(model, histories, tempering=4.0)
        money = [name for name in plain if "revenue" in name and name.endswith(("_low", "_high"))]
        same = plain.columns.difference([*money, *plain.filter(like="clv").columns])
        pd.testing.assert_frame_equal(plain[same], wide[same])
        assert wide.predicted_revenue_12m_high.sum() > 1.02 * plain.predicted_revenue_12m_high.sum()

    def test_nobody_to_learn_from_is_one(self):
        none = np.array([])
        assert spending.temper(np.array([6.0, 3.0, 15.0]), none, none, none, none) == 1.0


class TestNoPurchaseProbability:
    def test_it_falls_with_the_horizon_and_is_missing_without_a_model(self, model, histories):
        near, far = (no_purchase_probability(model.purchases, histories, days) for days in (30, 365))
        assert ((far < near) & (near <= 1) & (far >= 0)).all()
        assert np.isnan(no_purchase_probability(None, histories, 90)).all()

    def test_it_counts_who_does_not_come_back(self):
        buyers = simulate(20_000, days=546, acquired_within=180, seed=3)
        past = buyers.histories(273, 273 + 90)
        found = no_purchase_probability(fit_purchases(past), past, 90)
        assert found.mean() == pytest.approx((past.later_visits == 0).mean(), abs=0.01)


class TestTotals:
    def test_they_are_the_sums_of_the_customers(self, model, histories, predicted):
        found = totals(model, histories, profit_share=0.25).set_index(["horizon", "measure"]).value
        for horizon in ("90d", "12m", "36m"):
            each = predicted[f"expected_purchases_{horizon}"].sum()
            assert found[horizon, "purchases"] == pytest.approx(each, rel=1e-4)
        for horizon in HORIZONS:
            assert found[horizon, "revenue"] == pytest.approx(predicted[f"predicted_revenue_{horizon}"].sum())
            assert found[horizon, "clv"] == pytest.approx(predicted[f"predicted_clv_{horizon}"].sum())

    def test_a_holdout_that_missed_widens_them_and_says_so(self, model, histories):
        plain = totals(model, histories, profit_share=0.25)
        wide = totals(model, histories, profit_share=0.25, total_error=0.2, revenue_error=0.3)
        assert not plain.widened.any()
        assert wide.widened.all()
        assert (wide.high / wide.low > 1.3 * plain.high / plain.low).all()
        assert ((wide.low < wide.value) & (wide.value < wide.high)).all()

    def test_uncertain_parameters_are_in_them(self, model, histories):
        sure = replace(model.purchases, covariance=model.purchases.covariance * 0)
        known = totals(replace(model, purchases=sure), histories).iloc[2]
        found = totals(model, histories).iloc[2]
        assert found.high - found.low > 1.2 * (known.high - known.low)

    def test_those_of_value_are_in_the_total_of_revenue(self, model, histories):
        sure = replace(model.value, covariance=model.value.covariance * 0)
        known = totals(replace(model, value=sure), histories).set_index("measure").loc["revenue"]
        found = totals(model, histories).set_index("measure").loc["revenue"]
        assert (found.high / found.low > 1.0002 * known.high / known.low).all()  # little, but not nothing

    def test_a_loss_is_a_loss_at_both_ends(self, model, histories):
        found = totals(model, histories, profit_share=-0.1).set_index(["horizon", "measure"])
        loss = found.loc[("12m", "clv")]
        assert loss.low < loss.value < loss.high < 0

    def test_without_a_profit_share_value_is_missing(self, model, histories):
        found = totals(model, histories).set_index("measure")
        assert found.loc["clv", ["value", "low", "high"]].isna().all(axis=None)
        assert found.loc["revenue", "value"].notna().all()


class TestIndependence:
    def test_correlation_of_visits_and_value(self, histories):
        found = independence(histories)
        again = histories[histories.visits > 1]
        assert found["customers"] == 946
        assert found["correlation"] == pytest.approx(np.corrcoef(again.visits, again.repeat_value)[0, 1])
        assert "value_goes_with_frequency" not in fit_lifetime_value(histories).notes

    def test_beyond_three_tenths_it_is_noted(self, histories):
        value = histories.repeat_value * histories.visits
        assert "value_goes_with_frequency" in fit_lifetime_value(histories.assign(repeat_value=value)).notes


class TestOddData:
    def test_no_repeat_purchases(self):
        found = fit_lifetime_value(people(*[(str(i), 1, 0, np.nan) for i in range(50)]))
        assert (found.purchases, found.value) == (None, None)
        assert found.notes == ("few_repeat_customers", "few_values")
        assert found.candidates.empty
        table = predict_lifetime_value(found, people(("a", 1, 0, np.nan)), profit_share=0.2)
        assert table.drop(columns="customer_id").isna().all(axis=None)
        assert totals(found, people(("a", 1, 0, np.nan)))[["value", "low", "high"]].isna().all(axis=None)
        rows = repeat_visits(None, people(("a", 1, 0, np.nan)))
        assert rows.actual.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
        assert rows.expected.isna().all()

    def test_one_customer(self):
        found = fit_lifetime_value(people(("a", 5, 100, 10.0)))
        assert found.purchases is None
        assert len(predict_lifetime_value(found, people(("a", 5, 100, 10.0)))) == 1

    def test_nobody(self):
        nobody = people().astype({"visits": "int64", "last_day": "int64"})
        found = fit_lifetime_value(nobody)
        assert found.customers == 0
        assert predict_lifetime_value(found, nobody).empty

    def test_all_amounts_equal(self, histories):
        same = histories.assign(repeat_value=histories.repeat_value.where(histories.repeat_value.isna(), 9.0))
        found = fit_lifetime_value(same)
        assert "equal_amounts" in found.notes
        table = predict_lifetime_value(found, same)
        assert (table.expected_average_value == 9.0).all()
        assert (table.predicted_revenue_12m_high <= 9.0 * table.expected_purchases_12m_high + 1e-9).all()
        assert np.isfinite(totals(found, same).query("measure == 'revenue'").high).all()

    def test_a_value_model_without_an_optimum_says_so_and_takes_the_mean(self, histories):
        again = histories.repeat_value.notna()
        nearly = histories.assign(
            repeat_value=np.where(again, 10 + 1e-4 * (np.arange(len(again)) % 2), np.nan)
        )
        found = fit_lifetime_value(nearly)
        assert "value_not_converged" in found.notes
        assert found.value.constant == pytest.approx(10, abs=1e-3)

    def test_repeats_that_brought_nothing_or_less_are_no_part_of_value(self, histories, model):
        lost = histories.assign(repeat_value=histories.repeat_value.where(histories.visits < 10, -5.0))
        found = fit_lifetime_value(lost)
        assert found.value.customers == 946 - (histories.visits >= 10).sum()
        table = predict_lifetime_value(found, lost)
        p, q, gamma = found.value.values
        assert table.expected_average_value[histories.visits >= 10].to_numpy() == pytest.approx(
            p * gamma / (q - 1)
        )
        assert (table.predicted_revenue_12m_high >= table.predicted_revenue_12m_low).all()

    def test_a_few_enormous_customers_do_not_make_everybody_rich(self, histories):
        random = np.random.default_rng(9)
        x = (histories.visits - 1).where(histories.visits > 1)
        heavy = pd.Series(random.gamma(6.0 * x.fillna(1)) / random.gamma(1.07, 1 / 15.0, 2357)) / x
        found = fit_lifetime_value(histories.assign(repeat_value=heavy))
        p, q, gamma = found.value.values
        assert p * gamma / (q - 1) > 2 * heavy.mean()
        assert "heavy_tailed_values" in found.notes
        table = predict_lifetime_value(found, histories.assign(repeat_value=heavy))
        once = table.expected_average_value[histories.visits == 1]
        assert once.to_numpy() == pytest.approx(heavy.mean())

    def test_customers_who_come_every_week_are_warned_of(self, histories):
        weekly = people(*[(str(i), 30 + i % 9, 350, 20.0 + i % 5) for i in range(60)])
        assert "frequent_visits" in fit_lifetime_value(weekly).notes
        assert "frequent_visits" not in fit_lifetime_value(histories).notes

    def test_everybody_stays(self):
        random = np.random.default_rng(8)
        visits = 1 + random.poisson(random.gamma(3.0, 2.0, 300))
        frame = people(*[(str(i), v, 340 if v > 1 else 0, 20.0 + i % 7) for i, v in enumerate(visits)])
        found = fit_lifetime_value(frame.assign(repeat_value=frame.repeat_value.where(frame.visits > 1)))
        assert "no_visible_dropout" in found.notes
        table = predict_lifetime_value(found, frame)
        assert (table.probability_alive[frame.visits > 1] > 0.98).all()
        assert np.isfinite(totals(found, frame)[["value", "low", "high"]].iloc[:3]).all(axis=None)


class TestTheFramesSayWhatWasFitted:
    def test_candidates_and_parameters(self, model):
        assert model.candidates.label.tolist() == ["MBG/NBD", "BG/NBD", "Pareto/NBD"]
        assert model.candidates.chosen.tolist() == [True, False, False]
        shown = model.parameters[model.parameters.chosen]
        assert shown.parameter.tolist() == ["r", "alpha", "a", "b", "p", "q", "gamma"]
        assert (shown.standard_error < shown.estimate).all()

    def test_only_the_model_asked_for(self, histories):
        found = fit_lifetime_value(histories, model="pareto_nbd")
        assert found.purchases.name == "pareto_nbd"
        assert found.candidates.model.tolist() == ["pareto_nbd"]


class TestCollapsing:
    @settings(max_examples=30)
    @given(
        st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40)
    )
    def test_equal_histories_are_counted_and_found_again(self, drawn):
        visits, first, after = np.array(drawn).T
        last = first + np.where(visits > 1, after, 0)
        frame = pd.DataFrame({"visits": visits, "first_day": first, "last_day": last, "observed_day": 20})
        rows = collapse(frame)
        assert rows.customers.sum() == len(frame)
        assert (rows.x[rows.place] == visits - 1).all()
        assert rows.t_x[rows.place] * 7 == pytest.approx(last - first)
        assert rows.age[rows.place] * 7 == pytest.approx(20 - first)
        keys = list(zip(rows.x, rows.age, rows.t_x, strict=True))
        assert keys == sorted(set(keys))


class TestAtALoss:
    def test_the_low_end_of_profit_is_the_larger_loss(self, model, histories):
        found = predict_lifetime_value(model, histories, profit_share=-0.2)
        for months in HORIZONS:
            low, high = found[f"predicted_clv_{months}_low"], found[f"predicted_clv_{months}_high"]
            assert (low <= high).all()
            assert (low < 0).any()
            np.testing.assert_allclose(low, -0.2 * found[f"predicted_revenue_{months}_high"])


class TestASpreadThatMeansDoNotTell:
    """Means that differ between customers alone leave p on a ridge; the visits themselves may differ."""

    def rows(self):
        random = np.random.default_rng(3)
        worth = 100 / random.gamma(3.0, 1.0, 300)
        visits = random.integers(2, 9, 300)
        return people(
            *[(f"c{i:03}", int(n), 200, v) for i, (n, v) in enumerate(zip(visits, worth, strict=True))]
        )

    def test_p_is_assumed_and_the_fit_says_so(self):
        found = gamma_gamma.fit_values(self.rows())
        assert found.notes == ("spread_assumed",)
        assert found.params["p"] == pytest.approx(gamma_gamma.ASSUMED_P)
        assert np.isnan(found.standard_errors["p"])
        assert found.standard_errors[["q", "gamma"]].notna().all()
        assert found.converged

    def test_the_rest_is_fitted_at_that_p(self):
        found = gamma_gamma.fit_values(self.rows())
        x, value = gamma_gamma.valued(self.rows())
        slope = gamma_gamma.log_likelihood(found.values, x, value)[1] * found.values
        assert slope[1:] / len(x) == pytest.approx([0, 0], abs=1e-5)

    def test_a_p_that_is_known_stays(self, model):
        assert "spread_assumed" not in model.value.notes
