"""What the models of purchases promise: the published numbers, an oracle, and laws.

Fader, Hardie and Lee (2005) and the walkthrough of the R package BTYD fit them to 2,357 customers of CDNOW.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta as beta_of
from scipy.stats import gamma as gamma_of
from scipy.stats import poisson

from analytics.errors import ParamsError
from analytics.models.lifetime_value import fit_purchases
from analytics.models.purchases import fit as fitting
from analytics.models.purchases.bg_nbd import BetaGeometric, beta_quadrature
from analytics.models.purchases.fit import MODELS, PurchaseFit, choose, fit_candidates
from analytics.models.purchases.negative_binomial import negative_binomial_tails
from analytics.models.purchases.rows import Rows, collapse
from benchmarks import cdnow

PUBLISHED = {
    "bg_nbd": ([0.24259, 4.4136, 0.7929, 2.4259], -9582.429),
    "pareto_nbd": ([0.553, 10.578, 0.606, 11.669], -9595.0),
}
BG, MBG, PARETO = MODELS["bg_nbd"], MODELS["mbg_nbd"], MODELS["pareto_nbd"]


@pytest.fixture(scope="module")
def histories():
    return cdnow.histories()


@pytest.fixture(scope="module")
def fits(histories):
    return {fit.name: fit for fit in fit_candidates(histories)}


def row(x, t_x, age, customers=1):
    """One history as the formulas take it."""
    return Rows(
        np.array([x]), np.array([float(t_x)]), np.array([float(age)]), np.array([customers]), np.zeros(1, int)
    )


def at(*values):
    return [np.array([value]) for value in values]


def expected(fit, x, t_x, age, horizon):
    model, params = fit.model, fit.values
    alive = model.alive(params, *at(x, t_x, age))
    return float((alive * model.expected_if_alive(params, *at(x, age, horizon)))[0])


class TestThePublishedNumbers:
    @pytest.mark.parametrize("name", PUBLISHED)
    def test_parameters_to_a_thousandth_and_likelihood_to_a_hundredth(self, fits, name):
        params, log_likelihood = PUBLISHED[name]
        assert fits[name].values == pytest.approx(params, abs=1e-3)
        assert fits[name].log_likelihood == pytest.approx(
            log_likelihood, abs=0.01 if name == "bg_nbd" else 0.05
        )
        assert fits[name].converged

    def test_purchases_of_a_new_customer(self, fits):
        params = fits["bg_nbd"].values
        found = BG.expected_if_alive(params, np.zeros(3, int), np.zeros(3), np.array([1.0, 3.0, 32.0]))
        assert found.round(4).tolist() == [0.0532, 0.1506, 1.0437]

    def test_the_published_purchases_of_78_weeks_are_cut_after_150_terms_of_the_series(self, fits):
        r, alpha, a, b = params = fits["bg_nbd"].values
        z = 78 / (alpha + 78)
        n = np.arange(1, 150)
        terms = np.cumprod((r + n - 1) * (b + n - 1) / ((a + b + n - 2) * n) * z)

        def purchases(series):
            return (a + b - 1) / (a - 1) * (1 - (1 - z) ** r * series)

        assert round(purchases(1 + terms.sum()), 4) == 1.8576
        whole = BG.expected_if_alive(params, *at(0, 0.0, 78.0))[0]
        assert whole == pytest.approx(purchases(hyp2f1(r, b, a + b - 1, z)), rel=1e-9)
        assert round(whole, 4) == 1.858

    def test_purchases_of_a_customer_with_two_repeats(self, fits):
        assert expected(fits["bg_nbd"], 2, 30.43, 38.86, 39.0) == pytest.approx(1.226, abs=5e-4)

    def test_a_frequent_customer(self, fits):
        assert expected(fits["bg_nbd"], 26, 216 / 7, 31.0, 52.0) == pytest.approx(25.75659, abs=1e-3)
        alive = fits["bg_nbd"].model.alive(fits["bg_nbd"].values, *at(26, 216 / 7, 31.0))
        assert alive[0] == pytest.approx(0.9688523, abs=3e-6)

    @pytest.mark.parametrize(("x", "t_x", "published"), [(0, 0, -0.59947382), (200, 38, 100.7957)])
    def test_the_likelihood_is_stable_in_the_corners(self, x, t_x, published):
        value, _ = BG.log_likelihood(np.array([0.25, 4.0, 0.8, 2.5]), row(x, t_x, 40))
        assert value == pytest.approx(published, rel=1e-6)

    def test_the_default_is_the_mbg_nbd_that_fits_no_worse(self, fits, histories):
        assert fits["mbg_nbd"].log_likelihood == pytest.approx(-9582.136, abs=0.01)
        assert fit_purchases(histories).name == "mbg_nbd"


class TestAgainstThePackageLifetimes:
    @pytest.mark.parametrize("name", ["mbg_nbd", "bg_nbd"])
    def test_its_fitter_finds_the_same(self, fits, histories, name):
        other = fit_purchases(histories, model=name, fitter="lifetimes")
        assert other.notes == ()
        assert other.values == pytest.approx(fits[name].values, rel=1e-3)
        assert other.log_likelihood <= fits[name].log_likelihood + 1e-6

    def test_pareto_nbd_from_its_published_parameters(self, histories):
        ParetoNBDFitter = cdnow.lifetimes_package().ParetoNBDFitter
        params = np.array([0.553, 10.578, 0.606, 11.669])
        rows = collapse(histories)
        theirs = ParetoNBDFitter._conditional_log_likelihood(params, rows.x, rows.t_x, rows.age)
        value, _ = PARETO.log_likelihood(params, rows)
        assert value == pytest.approx(float(theirs @ rows.customers), abs=1e-4)

    def test_where_it_fails_the_own_fitter_answers_and_says_so(self, histories, monkeypatch):
        def fails(self, *args, **options):
            raise ValueError("singular matrix")

        monkeypatch.setattr(cdnow.lifetimes_package().BetaGeoFitter, "fit", fails)
        found = fit_purchases(histories, model="bg_nbd", fitter="lifetimes")
        assert found.notes == ("lifetimes_failed",)
        assert found.values == pytest.approx(PUBLISHED["bg_nbd"][0], abs=1e-3)


class TestAgainstTheDefinition:
    """The future of a customer who is still there, by integrals over what is not known of them."""

    @pytest.mark.parametrize("early", [0, 1])
    @pytest.mark.parametrize(("x", "age", "horizon"), [(0, 5.0, 4.0), (3, 30.0, 20.0), (12, 20.0, 52.0)])
    def test_chances_of_each_number_of_purchases(self, early, x, age, horizon):
        r, alpha, a, b = params = np.array([0.5, 6.0, 0.9, 2.0])
        rate, leaving = gamma_of(r + x, scale=1 / (alpha + age)), beta_of(a, b + x + early)

        def chance(k):  # stays through all, or leaves at the last
            stays = quad(lambda p: leaving.pdf(p) * (1 - p) ** k, 0, 1)[0]
            leaves = quad(lambda p: leaving.pdf(p) * p * (1 - p) ** (k - 1), 0, 1)[0] if k else 0.0
            offered = quad(lambda u: rate.pdf(u) * poisson.pmf(k, u * horizon), 0, np.inf)[0]
            more = quad(lambda u: rate.pdf(u) * poisson.sf(k - 1, u * horizon), 0, np.inf)[0] if k else 0.0
            return stays * offered + leaves * more

        tails = BetaGeometric(early).tails(params, *at(x, age, horizon))
        reached = [1.0, *(float(next(tails)[0]) for _ in range(5))]
        assert -np.diff(reached) == pytest.approx([chance(k) for k in range(5)], abs=1e-6)

    def test_expected_purchases_are_the_papers_formula(self):
        r, alpha, a, b = params = np.array([0.243, 4.414, 0.793, 2.426])
        x, age, t = np.array([0, 2, 7]), np.array([10.0, 38.86, 30.0]), np.array([20.0, 39.0, 52.0])
        z = t / (alpha + age + t)
        series = hyp2f1(r + x, b + x, a + b + x - 1, z) * (1 - z) ** (r + x)
        assert BG.expected_if_alive(params, x, age, t) == pytest.approx(
            (a + b + x - 1) / (a - 1) * (1 - series), rel=1e-9
        )

    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize(("x", "age", "horizon"), [(0, 0.0, 52.0), (4, 30.0, 13.0), (40, 60.0, 156.0)])
    def test_expected_purchases_are_the_sum_of_the_tails(self, name, x, age, horizon):
        params = np.array([0.55, 10.0, 0.6, 11.0])
        tails = MODELS[name].tails(params, *at(x, age, horizon))
        summed = sum(float(next(tails)[0]) for _ in range(1500))
        assert MODELS[name].expected_if_alive(params, *at(x, age, horizon))[0] == pytest.approx(
            summed, rel=1e-6
        )

    def test_a_near_one_loses_no_digits(self):
        found = [
            BG.expected_if_alive(np.array([0.5, 5.0, a, 2.0]), *at(3, 20.0, 30.0))[0]
            for a in (1 - 1e-9, 1.0, 1 + 1e-9)
        ]
        assert found == pytest.approx([found[1]] * 3, rel=1e-8)

    def test_pareto_nbd_leaves_when_the_definition_says(self):
        r, alpha, s, beta = params = np.array([0.55, 10.6, 0.6, 11.7])
        x, t_x, age = 3, 20.0, 38.0
        left = quad(lambda u: s * (alpha + u) ** -(r + x) * (beta + u) ** -(s + 1), t_x, age)[0]
        stayed = (alpha + age) ** -(r + x) * (beta + age) ** -s
        assert PARETO.alive(params, *at(x, t_x, age))[0] == pytest.approx(stayed / (stayed + left), rel=1e-9)

    def test_many_points_are_splined_to_the_same(self):
        params, age = np.array([0.5, 6.0, 0.9, 2.0]), np.linspace(0, 100, 3000)
        whole = BG.expected_if_alive(params, np.full(3000, 2), age, np.full(3000, 52.0))
        few = BG.expected_if_alive(params, np.full(30, 2), age[::100], np.full(30, 52.0))
        assert whole[::100] == pytest.approx(few, rel=1e-8)


class TestAliveMeansWhatItSays:
    def test_under_the_bg_nbd_nobody_is_gone_without_a_repeat(self):
        assert BG.alive(np.array([0.2, 4.0, 0.8, 2.4]), *at(0, 0.0, 50.0))[0] == 1.0

    def test_under_the_mbg_nbd_they_may_be_and_more_so_the_longer_it_is(self):
        age = np.array([0.0, 5.0, 50.0])
        found = MBG.alive(np.array([0.5, 6.0, 0.9, 1.6]), np.zeros(3, int), np.zeros(3), age)
        assert found[0] == pytest.approx(1.6 / 2.5)
        assert (np.diff(found) < 0).all()

    @pytest.mark.parametrize("name", MODELS)
    @settings(max_examples=30)
    @given(x=st.integers(0, 60), share=st.floats(0, 1), age=st.floats(0.2, 300))
    def test_it_is_a_probability_and_silence_lowers_it(self, name, x, share, age):
        params = np.array([0.5, 6.0, 0.9, 2.0])
        t_x = share * age if x else 0.0
        now, later = (MODELS[name].alive(params, *at(x, t_x, until))[0] for until in (age, age + 10))
        assert 0 <= later <= now <= 1


class TestTheGradient:
    @pytest.mark.parametrize("name", MODELS)
    def test_is_the_slope_of_the_likelihood(self, name, histories):
        rows, model = collapse(histories), MODELS[name]
        params = np.array([0.7, 4.0, 0.6, 3.0])
        _, gradient = model.log_likelihood(params, rows)
        steps = np.eye(4) * 1e-5
        numbers = [
            (model.log_likelihood(params + s, rows)[0] - model.log_likelihood(params - s, rows)[0]) / 2e-5
            for s in steps
        ]
        assert gradient == pytest.approx(numbers, rel=1e-5, abs=1e-3)


class TestFitting:
    @pytest.mark.parametrize("name", MODELS)
    def test_from_any_start_to_the_same_optimum(self, name, histories, fits):
        rows = collapse(histories)
        unit = fitting.SCALED_AGE / rows.age.max()
        scaled = Rows(rows.x, rows.t_x * unit, rows.age * unit, rows.customers, rows.place)
        random = np.random.default_rng(0)
        best = fitting._objective(MODELS[name], scaled, fitting._own_optimum(MODELS[name], scaled))[0]
        for _ in range(5):
            found = fitting.climb(
                lambda logs: fitting._objective(MODELS[name], scaled, logs), random.normal(0, 1, 4)
            )
            assert fitting._objective(MODELS[name], scaled, found)[0] == pytest.approx(best, abs=1e-8)

    def test_the_unit_of_time_changes_alpha_alone(self, histories, fits):
        seven = histories.assign(
            **{name: histories[name] * 7 for name in ("first_day", "last_day", "observed_day")}
        )
        found = fit_purchases(seven, model="mbg_nbd")
        assert found.values / fits["mbg_nbd"].values == pytest.approx([1, 7, 1, 1], rel=1e-4)

    def test_the_order_of_customers_changes_nothing(self, histories, fits):
        shuffled = histories.sample(frac=1, random_state=0)
        assert fit_purchases(shuffled, model="mbg_nbd").params.equals(fits["mbg_nbd"].params)

    def test_standard_errors_shrink_with_the_root_of_the_customers(self, histories, fits):
        fourfold = fit_purchases(pd.concat([histories] * 4), model="mbg_nbd")
        ratio = fits["mbg_nbd"].standard_errors / fourfold.standard_errors
        assert ratio.to_numpy() == pytest.approx([2, 2, 2, 2], rel=1e-2)

    def test_a_large_number_of_histories_is_refined_from_a_sample_to_the_same(
        self, histories, fits, monkeypatch
    ):
        monkeypatch.setattr(fitting, "SAMPLE", 200)
        for name, whole in fits.items():
            found = fit_purchases(histories, model=name)
            assert found.values == pytest.approx(whole.values, rel=1e-4)

    def test_a_fit_that_fails_falls_back_visibly(self, histories, monkeypatch):
        honest = fitting._is_optimum
        monkeypatch.setattr(
            fitting,
            "_own_optimum",
            lambda model, rows, own=fitting._own_optimum: own(model, rows) + (model is MBG),
        )
        assert honest(np.zeros(4), np.zeros(4))
        found = fit_purchases(histories)
        assert (found.name, found.notes) == ("bg_nbd", ("mbg_nbd_not_converged",))
        alone = fit_purchases(histories, model="mbg_nbd")
        assert not alone.converged
        assert "not_converged" in alone.notes

    def test_under_ten_customers_with_a_repeat_there_is_no_model(self, histories):
        again = histories[histories.visits > 1]
        assert fit_purchases(pd.concat([histories[histories.visits == 1], again.head(9)])) is None
        assert fit_purchases(pd.concat([histories[histories.visits == 1], again.head(10)])) is not None

    def test_words_that_are_not_known_are_refused_with_those_that_are(self, histories):
        with pytest.raises(ParamsError, match=r'model "bgnbd" is not known.*allowed: auto, mbg_nbd'):
            fit_purchases(histories, model="bgnbd")
        with pytest.raises(ParamsError, match=r'fitter "scipy" is not known.*allowed: own, lifetimes'):
            fit_purchases(histories, fitter="scipy")


def fitted(name, log_likelihood, *, converged=True):
    empty = pd.Series(dtype="float64")
    return PurchaseFit(name, empty, empty, pd.DataFrame(), log_likelihood, converged, 100)


class TestChoosing:
    def test_another_is_taken_only_where_more_than_two_better(self):
        first = fitted("mbg_nbd", -100.0)
        assert choose([first, fitted("bg_nbd", -98.0)]).name == "mbg_nbd"
        assert choose([first, fitted("bg_nbd", -97.9), fitted("pareto_nbd", -97.0)]).name == "pareto_nbd"

    def test_one_that_has_not_converged_is_the_last_resort(self):
        others = [fitted("mbg_nbd", -90.0, converged=False), fitted("bg_nbd", -100.0)]
        assert choose(others).name == "bg_nbd"
        assert choose(others[:1]).name == "mbg_nbd"


class TestOddData:
    @pytest.mark.parametrize("name", MODELS)
    def test_where_nobody_leaves_the_fit_says_so(self, name):
        random = np.random.default_rng(1)
        rate = random.gamma(3.0, 1 / 10, 500)
        visits = 1 + random.poisson(rate * 50)
        last = (350 * random.random(500) ** (1 / np.maximum(visits - 1, 1))).astype(int)
        frame = pd.DataFrame(
            {"visits": visits, "first_day": 0, "last_day": np.where(visits > 1, np.maximum(last, 1), 0)}
        ).assign(observed_day=350)
        found = fit_purchases(frame, model=name)
        assert "no_visible_dropout" in found.notes
        assert found.converged
        assert np.isnan(found.standard_errors.iloc[-1])  # what cannot be seen has no error either
        assert np.isfinite(found.covariance.to_numpy()).all()

    def test_everybody_seen_for_one_day(self):
        frame = pd.DataFrame({"visits": [1] * 30, "first_day": 5, "last_day": 5, "observed_day": 5})
        assert fit_purchases(frame) is None

    def test_a_customer_who_comes_every_day(self):
        random = np.random.default_rng(2)
        busy = random.integers(300, 360, 40)
        frame = pd.DataFrame({"visits": busy, "first_day": 0, "last_day": 355, "observed_day": 360})
        found = fit_purchases(frame)
        outlook = found.model.expected_if_alive(
            found.values, np.array([330]), np.array([360 / 7]), np.array([52.0])
        )
        assert 280 < outlook[0] < 360


class TestThePieces:
    @pytest.mark.parametrize(("a", "b"), [(0.05, 0.5), (0.8, 2.5), (1.0, 1.0), (3.0, 1e4), (1e-3, 40.0)])
    def test_the_quadrature_averages_over_the_beta_distribution(self, a, b):
        p, weights = beta_quadrature(a, b)
        assert weights.sum() == pytest.approx(1.0)
        for power in (1, 2, 5):
            i = np.arange(power)
            assert weights @ p**power == pytest.approx(np.prod((a + i) / (a + b + i)), rel=1e-6)

    @settings(max_examples=20)
    @given(shape=st.floats(0.05, 3000), ratio=st.floats(0, 20), k=st.integers(1, 40))
    def test_negative_binomial_tails(self, shape, ratio, k):
        from scipy.stats import nbinom

        tails = negative_binomial_tails(np.array([shape]), np.array([ratio]))
        found = [float(next(tails)[0]) for _ in range(k)][-1]
        assert found == pytest.approx(nbinom.sf(k - 1, shape, 1 / (1 + ratio)), abs=1e-9)
