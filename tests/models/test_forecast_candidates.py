"""What the candidates promise: they agree with statsmodels, and no origin knows what came after it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.arima_process import arma2ma
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import kpss

from analytics.metrics import seasons
from analytics.models.forecast import arima as arima_module
from analytics.models.forecast import smoothing as smoothing_module
from analytics.models.forecast import theta as theta_module
from analytics.models.forecast.candidates import all_paths, candidates, recipe
from analytics.models.forecast.forest import forest
from analytics.models.forecast.naive import mean_of_months, seasonal_drift, seasonal_naive
from analytics.models.forecast.search import even_points, refine
from analytics.models.forecast.smoothing import Form, smoothing
from analytics.models.forecast.theta import theta

MONTHS = np.arange(96)
SHOP = (
    np.exp(
        0.006 * MONTHS
        + 0.2 * np.sin(2 * np.pi * MONTHS / 12)
        + 0.03 * np.random.default_rng(1).normal(size=len(MONTHS))
    )
    * 1000
)
"""Eight years of a shop that grows by 7 % a year and has a season."""


def last(path):
    return path.mean[0]


class TestSeasons:
    def test_additive_season_is_that_of_classical_decomposition(self):
        published = seasonal_decompose(SHOP, model="additive", period=12).seasonal[:12]
        assert seasons.season(SHOP, ratio=False) == pytest.approx(published)

    def test_ratio_season_is_that_of_classical_decomposition(self):
        published = seasonal_decompose(SHOP, model="multiplicative", period=12).seasonal[:12]
        assert seasons.season(SHOP, ratio=True) == pytest.approx(published)

    def test_strength_is_near_one_with_a_season_and_low_without(self):
        noise = np.random.default_rng(3).normal(size=96)
        assert seasons.seasonal_strength(SHOP) > 0.9
        assert seasons.seasonal_strength(noise) < 0.6
        assert seasons.seasonal_strength(np.full(96, 5.0)) == 0.0

    def test_a_season_is_found_where_there_is_one(self):
        noise = np.random.default_rng(3).normal(size=96)
        assert seasons.has_season(SHOP)
        assert not seasons.has_season(noise)
        assert not seasons.has_season(np.zeros(96))
        assert not seasons.has_season(SHOP[:23])


class TestSmoothing:
    @pytest.mark.parametrize(
        ("trend", "season", "damped", "paces"),
        [("add", "add", False, (0.3, 0.05, 0.1, 1.0)), ("add", "add", True, (0.4, 0.1, 0.2, 0.9))],
    )
    def test_the_recursion_is_that_of_statsmodels(self, trend, season, damped, paces):
        """The same paces and starting states give the same errors and forecasts."""
        alpha, beta, gamma, phi = paces
        first = seasons.season(SHOP[:36], ratio=season == "mul")
        options = {"trend": trend, "seasonal": season, "damped_trend": damped, "seasonal_periods": 12}
        model = ETSModel(SHOP, error="add", initialization_method="known", initial_level=1000.0,
                         initial_trend=5.0, initial_seasonal=first, **options)  # fmt: skip
        extra = [phi] if damped else []
        # The last of statsmodels' starting seasons is the newest.
        oracle = model.smooth([alpha, beta, gamma, *extra, 1000.0, 5.0, *first[::-1]])
        run = smoothing_module._recursion(
            SHOP,
            np.array(paces)[:, None],
            np.array([1000.0]),
            np.array([5.0]),
            first[:, None],
            season == "mul",
        )
        assert run.fitted[:, 0] == pytest.approx(oracle.fittedvalues, rel=1e-9)

    def test_a_season_that_multiplies_is_that_of_the_book(self):
        """Spelled out after the equations of ETS(M, Ad, M); statsmodels has Holt and Winters' older form."""
        alpha, beta, gamma, phi = 0.4, 0.1, 0.2, 0.9
        level, slope, shape = 1000.0, 5.0, list(seasons.season(SHOP[:36], ratio=True))
        first, fitted = np.array(shape)[:, None], []
        for value in SHOP:
            expected = (level + phi * slope) * shape[-12]
            error = (value - expected) / expected
            fitted.append(expected)
            level, slope, shape = (
                (level + phi * slope) * (1 + alpha * error),
                phi * slope + beta * (level + phi * slope) * error,
                [*shape, shape[-12] * (1 + gamma * error)],
            )
        paces = np.array([[alpha], [beta], [gamma], [phi]])
        run = smoothing_module._recursion(SHOP, paces, np.array([1000.0]), np.array([5.0]), first, True)
        assert run.fitted[:, 0] == pytest.approx(fitted, rel=1e-9)

    def test_it_forecasts_as_near_as_the_most_likely_form_of_statsmodels(self):
        fitted = ETSModel(SHOP, error="mul", trend="add", seasonal="mul", seasonal_periods=12).fit(disp=False)
        ahead = last(smoothing(SHOP, np.array([96]), 12))
        assert ahead == pytest.approx(fitted.forecast(12), rel=0.04)

    def test_one_likelihood_is_worked_by_hand(self):
        run = smoothing_module._Run(
            np.array([[2.0], [1.0]]), np.array([[10.0], [20.0]]), *[np.zeros((2, 1))] * 3
        )
        additive = smoothing_module._likelihood(run, [Form("A", "N", "N")])
        assert additive[:, 0] == pytest.approx([np.log(4), 2 * np.log(5 / 2)])
        multiplied = smoothing_module._likelihood(run, [Form("M", "N", "N")])
        squares = 0.2**2 + 0.05**2
        assert multiplied[1, 0] == pytest.approx(2 * np.log(squares / 2) + 2 * np.log(200))

    def test_forms_that_multiply_need_months_above_zero(self):
        below = SHOP.copy()
        below[40] = -50
        assert smoothing(below, np.array([96]), 3).forms[0].startswith("ETS(A,")
        assert "M" not in smoothing(below, np.array([96]), 3).forms[0].removeprefix("ETS")

    def test_parameters_are_counted_as_in_the_book(self):
        """α, first level and the variance; β and first slope; φ; γ and eleven free seasons."""
        assert [Form("A", "N", "N").parameters, Form("M", "D", "M").parameters] == [3, 18]

    def test_an_interval_widens_with_the_months_ahead(self):
        wide = smoothing(SHOP, np.array([96]), 11).deviation[0] / smoothing(SHOP, np.array([96]), 11).mean[0]
        assert (np.diff(wide) >= -1e-9).all()


class TestTheta:
    def test_the_recursion_is_that_of_the_paper(self):
        """Spelled out for one series, with means and regressions recomputed from all months so far."""
        y = SHOP[:30] / 1000
        alpha, share, start = 0.4, 2.5, 0.9
        level, squares = start * y[0], 0.0
        for t in range(1, len(y) + 1):
            if t > 1:
                past = y[: t - 1]
                slope = np.polyfit(np.arange(1, t), past, 1)[0] if t > 2 else 0.0
                line = past.mean() - slope * t / 2
                expected = level + (1 - 1 / share) * (
                    (1 - alpha) ** (t - 1) * line + (1 - (1 - alpha) ** t) / alpha * slope
                )
                squares += (y[t - 1] - expected) ** 2
            level = alpha * y[t - 1] + (1 - alpha) * level
        natural = tuple(np.array([v]) for v in (alpha, share, start))
        found, _ = theta_module._recursion(y[:, None], np.array([30]), natural, 0)
        assert found[0] == pytest.approx(squares)

    def test_it_is_near_the_theta_method_of_statsmodels(self):
        oracle = ThetaModel(SHOP, period=12, method="multiplicative").fit().forecast(12).to_numpy()
        assert last(theta(SHOP, np.array([96]), 12)) == pytest.approx(oracle, rel=0.05)

    def test_two_years_are_taken_to_have_a_season(self):
        ahead = last(theta(SHOP[:24], np.array([24]), 12))
        assert np.corrcoef(ahead, SHOP[12:24])[0, 1] > 0.95


class TestArima:
    def test_errors_are_those_of_a_plain_loop(self):
        points = np.array([0.3, -0.2, 0.5, 0.1, 0.4, -0.6, 0.05])[:, None]
        data = np.random.default_rng(5).normal(size=(40, 1))
        of_values, of_errors = (part[:, 0] for part in arima_module._polynomials(points))
        expected = np.zeros(40)
        for t in range(40):
            expected[t] = data[t, 0] - 0.05
            for place, lag in enumerate(arima_module.LAGS):
                if t >= lag:
                    expected[t] -= of_values[place] * (data[t - lag, 0] - 0.05)
                    expected[t] -= of_errors[place] * expected[t - lag]
        found = arima_module._errors(points, data, np.ones((40, 1), dtype=bool))
        assert found[:, 0] == pytest.approx(expected)

    def test_polynomials_multiply_the_seasonal_by_the_plain_part(self):
        points = np.array([0.3, 0.0, 0.0, 0.0, 0.4, 0.0, 0.0])[:, None]
        phi, seasonal = 0.995 * np.tanh([0.3, 0.4])
        of_values, _ = arima_module._polynomials(points)
        assert of_values[:, 0] == pytest.approx([phi, 0, seasonal, -phi * seasonal, 0])

    def test_the_least_squares_are_those_of_statsmodels(self):
        """An ARMA(1, 1) of 500 months: conditional least squares and likelihood agree closely."""
        random = np.random.default_rng(11).normal(size=600)
        series = np.zeros(600)
        for t in range(1, 600):
            series[t] = 0.7 * series[t - 1] + random[t] + 0.4 * random[t - 1]
        series = series[100:]
        oracle = ARIMA(series, order=(1, 0, 1), trend="c").fit()
        fitted = arima_module._fit(series, np.array([500]), 0)
        column = fitted.order.index(arima_module.Order(1, 1, 0, 0, True))
        of_values, of_errors = arima_module._polynomials(fitted.points[:, [column]])
        assert of_values[0, 0] == pytest.approx(oracle.params[1], abs=0.02)
        assert of_errors[0, 0] == pytest.approx(oracle.params[2], abs=0.02)
        ahead, width = arima_module._ahead(series, fitted, np.array([column]), (0, 0), 6)
        known = oracle.get_forecast(6)
        assert ahead[:, 0] == pytest.approx(known.predicted_mean, abs=0.05)
        assert width[:, 0] == pytest.approx(known.se_mean, rel=0.02)

    def test_differences_are_taken_back(self):
        """A straight line with a season goes on for ever, and its error grows as theory has it."""
        known = np.arange(48.0) + np.tile(np.arange(12.0), 4)
        for differences, psi in (((1, 0), np.ones(14)), ((0, 1), np.r_[1.0, np.zeros(11), 1.0, 0.0])):
            after = np.arange(48.0, 62) + np.resize(np.arange(12.0), 14)
            steps = arima_module._difference(np.r_[known, after], *differences)[-14:]
            response = np.r_[1.0, np.zeros(13)]
            mean, reach = arima_module._undone(known, steps[:, None], response[:, None], differences)
            assert mean[:, 0] == pytest.approx(after)
            assert reach[:, 0] == pytest.approx(psi)

    def test_responses_are_those_of_the_process(self):
        psi = arma2ma([1, -0.6], [1, 0.3], 8)
        fitted = arima_module._fit(SHOP[:40] / 1000, np.array([40]), 0)
        points = np.zeros((7, 1))
        points[0], points[2] = np.arctanh(0.6 / 0.995), np.arctanh(-0.3 / 0.995)
        months, squares = np.array([40]), np.array([40.0])
        one = arima_module._Fitted(fitted.order[:1], months, points, np.zeros((40, 1)), squares, np.zeros(1))
        _, width = arima_module._ahead(SHOP[:40] / 1000, one, np.array([0]), (0, 0), 8)
        variance = 40.0 / (40 - sum(fitted.order[0].used))
        of_errors = arima_module._polynomials(points)[1][0, 0]
        assert of_errors == pytest.approx(0.3)
        assert width[:, 0] == pytest.approx(np.sqrt(variance * np.cumsum(psi**2)))

    @pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.InterpolationWarning")
    @pytest.mark.filterwarnings("ignore:kpss currently returns a plain tuple:FutureWarning")
    def test_the_test_for_a_level_is_that_of_statsmodels(self):
        for series in (SHOP, np.random.default_rng(2).normal(size=96)):
            lags = int(3 * np.sqrt(96) / 13)
            assert arima_module._kpss(series) == pytest.approx(kpss(series, regression="c", nlags=lags)[0])
        assert arima_module._kpss(np.full(50, 3.0)) == 0.0

    def test_a_strong_season_is_differenced_by_a_year_and_a_level_is_not(self):
        assert arima_module._differences(SHOP)[1] == 1
        assert arima_module._differences(np.random.default_rng(2).normal(size=96)) == (0, 0)


class TestPlainCandidates:
    def test_last_year_is_repeated(self):
        ahead = last(seasonal_naive(SHOP, np.array([96]), 15))
        assert ahead.tolist() == [*SHOP[84:96], *SHOP[84:87]]

    def test_its_error_grows_by_the_year(self):
        wide = seasonal_naive(SHOP, np.array([96]), 13).deviation[0]
        assert wide[0] == pytest.approx(np.sqrt(((SHOP[12:] - SHOP[:-12]) ** 2).mean()))
        assert wide[12] == pytest.approx(np.sqrt(2) * wide[0])

    def test_growth_that_every_month_shares_goes_on(self):
        steps = np.arange(30.0)
        ahead = last(seasonal_drift(1000 + 20 * steps, np.array([30]), 14))
        assert ahead == pytest.approx(1000 + 20 * (30 + np.arange(14)))

    def test_growth_that_months_disagree_about_counts_little(self):
        changes = np.where(np.arange(12) % 2, 50.0, -40.0)  # 5 on average, 47 around it
        values = np.concatenate([np.full(12, 300.0), 300.0 + changes])
        grown = last(seasonal_drift(values, np.array([24]), 12)) - values[12:]
        sure = 25 / (25 + changes.var(ddof=1))
        assert grown == pytest.approx(np.full(12, 5 * sure))
        assert sure < 0.02

    def test_without_growth_it_is_last_year(self):
        values = np.tile(SHOP[:12], 2)
        assert last(seasonal_drift(values, np.array([24]), 12)).tolist() == SHOP[:12].tolist()

    def test_the_mean_of_months(self):
        path = mean_of_months(np.array([1.0, 2.0, 3.0, 9.0]), np.array([3]), 2)
        assert path.mean[0].tolist() == [2.0, 2.0]
        assert path.deviation[0, 0] == pytest.approx(np.sqrt(1 + 1 / 3))

    def test_the_forest_repeats_itself_by_its_seed(self):
        one, two = (forest(SHOP, np.array([60]), 6, seed=4).mean for _ in range(2))
        assert one.tolist() == two.tolist()
        assert one.tolist() != forest(SHOP, np.array([60]), 6, seed=5).mean.tolist()

    def test_the_deviation_of_the_forest_is_of_months_that_its_trees_have_not_seen(self):
        """Of noise nothing can be learnt; trees repeat the noise that they have seen with half its size."""
        noise = 100 + 10 * np.random.default_rng(3).standard_normal(72)
        assert 9 < forest(noise, np.array([72]), 1).deviation[0, 0] < 13

    def test_the_forest_reads_the_open_deals(self):
        deals = np.linspace(1, 2, 96) * 1e5
        with_deals = forest(SHOP, np.array([60]), 6, pipeline=deals).mean
        assert with_deals.tolist() != forest(SHOP, np.array([60]), 6).mean.tolist()


class TestNoOriginKnowsWhatCameAfterIt:
    """Months after an end are changed beyond recognition: the forecast from that end stays the same."""

    ENDS = np.array([60, 66, 72])

    @pytest.mark.parametrize(
        "name",
        ["seasonal_naive", "seasonal_drift", "exponential_smoothing", "theta", "arima", "random_forest"],
    )
    @pytest.mark.parametrize("factor", [30.0, -3.0])
    def test_the_future_is_not_read(self, name, factor):
        deals = np.linspace(1, 2, 96) * 1e5
        planted, promised = SHOP.copy(), deals.copy()
        planted[60:] *= factor
        promised[60:] *= 7
        paths = [
            candidates(pipeline=pipeline)[name].forecast(values, self.ENDS, 6)
            for values, pipeline in ((SHOP, deals), (planted, promised))
        ]
        assert paths[0].mean[0] == pytest.approx(paths[1].mean[0], rel=1e-6)
        assert paths[0].deviation[0] == pytest.approx(paths[1].deviation[0], rel=1e-6)
        assert paths[0].mean[2] != pytest.approx(paths[1].mean[2], rel=1e-2)


class TestMean:
    @pytest.mark.parametrize(
        ("months", "members"),
        [
            (5, ()),
            (6, ("mean_of_months",)),
            (11, ("mean_of_months",)),
            (12, ("seasonal_naive",)),
            (23, ("seasonal_naive",)),
            (24, ("seasonal_drift", "theta")),
            (35, ("seasonal_drift", "theta")),
            (36, ("exponential_smoothing", "theta", "arima")),
            (120, ("exponential_smoothing", "theta", "arima")),
        ],
    )
    def test_the_length_of_the_history_decides(self, months, members):
        assert recipe(months) == members

    def test_it_is_the_mean_of_its_members_at_each_end(self):
        ends = np.array([30, 40])
        paths = all_paths(SHOP[:52], ends, 4, candidates())
        young = np.mean([paths[name].mean[0] for name in recipe(30)], axis=0)
        old = np.mean([paths[name].mean[1] for name in recipe(40)], axis=0)
        assert paths["mean"].mean == pytest.approx(np.array([young, old]))
        wide = np.mean([paths[name].deviation[1] for name in recipe(40)], axis=0)
        assert paths["mean"].deviation[1] == pytest.approx(wide)

    @settings(max_examples=8, deadline=None)
    @given(st.floats(1e-3, 1e9))
    def test_the_currency_changes_nothing(self, unit):
        known = {name: each for name, each in candidates().items() if name != "random_forest"}
        one = all_paths(SHOP[:48], np.array([48]), 3, known)
        other = all_paths(SHOP[:48] * unit, np.array([48]), 3, known)
        for name, path in one.items():
            assert other[name].mean[0] / unit == pytest.approx(path.mean[0], rel=1e-6)


class TestSearch:
    def test_points_fill_the_cube_evenly(self):
        points = even_points(1000, 3)
        assert points.min() >= 0
        assert points.max() < 1
        counts = np.histogramdd(points.T, bins=(4, 4, 4), range=[(0, 1)] * 3)[0]
        assert counts.min() > 8

    def test_each_problem_finds_its_own_best(self):
        wanted = np.array([[0.2, 0.9], [0.7, 0.1]])

        def loss(points, problems):
            return ((points - wanted[:, problems]) ** 2).sum(axis=0)

        best, least = refine(loss, np.full((2, 2), 0.5), rounds=14, tries=12, radius=0.25, shrink=0.8)
        assert best == pytest.approx(wanted, abs=0.01)
        assert least == pytest.approx(loss(best, np.arange(2)))
