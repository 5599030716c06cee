"""What calls may turn out to bring: the process itself drawn, one and two customers by hand, and bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.models.profit_interval import gain_interval
from analytics.models.save_share import SaveShare

Z = 1.959964
FIFTH = SaveShare.from_assumption(0.2)
PERHAPS = SaveShare(0.16, 0.01, 0.29, True, "measured", 800, 120, 0.16)
NONE_SO_FAR = SaveShare(0.0, 0.0, 0.2, True, "measured", 800, 120, -0.03)
MOST = SaveShare(0.6, 0.3, 0.75, True, "measured", 800, 120, 0.6)
SHARES = (FIFTH, PERHAPS, NONE_SO_FAR, MOST)


def ends(p, v, share, first=None):
    low, high = gain_interval(p, v, share, [len(v) if first is None else first])
    return float(low[0]), float(high[0])


def drawn(p, v, share, times, rng):
    """Gains where each customer leaves or not, and each leaver is saved or not."""
    gains = []
    for z in rng.standard_normal(times):
        side = share.value - share.low if z < 0 else share.high - share.value
        saved = np.clip(share.value + side * z / Z, 0, 1) if share.measured else share.value
        leaves = rng.random(len(p)) < p
        gains.append(v[leaves & (rng.random(len(p)) < saved)].sum())
    return np.array(gains)


class TestCoverage:
    """An interval holds 95 of 100 outcomes; more where few outcomes are possible at all."""

    @pytest.mark.parametrize("share", SHARES, ids=["assumed", "measured", "none so far", "most"])
    @pytest.mark.parametrize(
        ("customers", "least", "most"),
        [(1, 0.95, 1), (4, 0.94, 1), (12, 0.94, 1), (13, 0.91, 1), (300, 0.93, 0.985)],
    )
    @pytest.mark.parametrize("worth", ["alike", "a few large", "some below 0"])
    def test_holds_what_is_drawn(self, share, customers, least, most, worth):
        rng = np.random.default_rng(3)
        p = rng.beta(2, 1, customers)
        v = {
            "alike": np.full(customers, 100.0),
            "a few large": rng.lognormal(5, 1, customers),
            "some below 0": rng.normal(50, 100, customers),
        }[worth]
        low, high = ends(p, v, share)
        gains = drawn(p, v, share, 1_500, rng)
        assert least <= np.mean((low - 1e-6 <= gains) & (gains <= high + 1e-6)) <= most

    def test_of_many_customers_is_that_of_the_normal_distribution(self):
        p, v = np.full(4_000, 0.5), np.full(4_000, 100.0)
        half = Z * 100 * np.sqrt(4_000 * 0.1 * 0.9)
        assert ends(p, v, FIFTH) == pytest.approx((40_000 - half, 40_000 + half), abs=0.03 * half)

    def test_of_many_customers_is_that_of_the_share_where_it_is_measured(self):
        low, high = ends(np.full(200_000, 0.5), np.full(200_000, 1.0), PERHAPS)
        assert (low, high) == pytest.approx((0.01 * 100_000, 0.29 * 100_000), rel=0.03)


class TestByHand:
    def test_one_customer_is_saved_or_not(self):
        assert ends([0.9], [500.0], FIFTH) == pytest.approx((0.0, 500.0), abs=1e-6)

    def test_one_whose_loss_is_saved_costs_it(self):
        assert ends([0.9], [-40.0], FIFTH) == pytest.approx((-40.0, 0.0), abs=1e-6)

    def test_a_rare_large_amount_carries_the_end_to_the_mean(self):
        # Saved in 2 of 100 cases: 97.5 of 100 outcomes bring nothing, and the mean is 10 all the same.
        assert ends([0.1], [500.0], FIFTH) == pytest.approx((0.0, 10.0), abs=1e-6)

    def test_two_certain_leavers_saved_half_the_time(self):
        # Chances of 0, 100 and 200 are a quarter, a half and a quarter.
        assert ends([1, 1], [100.0, 100.0], SaveShare.from_assumption(0.5)) == pytest.approx((0, 200))

    def test_what_is_certain_has_no_interval(self):
        certain = SaveShare.from_assumption(1.0)
        assert ends([1, 1, 0, 0.5], [100.0, -30.0, 70.0, 0.0], certain) == pytest.approx((70, 70), abs=1e-3)

    def test_nobody_brings_nothing(self):
        assert ends([], [], PERHAPS) == (0.0, 0.0)
        assert ends([0.5, 0.5], [100.0, 50.0], PERHAPS, first=0) == (0.0, 0.0)

    def test_a_depth_is_as_if_nobody_stood_behind_it(self):
        p, v = [0.9, 0.5, 0.7], [300.0, -20.0, 90.0]
        low, high = gain_interval(p, v, PERHAPS, [0, 1, 2, 3])
        for n in range(4):
            assert (low[n], high[n]) == pytest.approx(ends(p[:n], v[:n], PERHAPS))

    def test_a_measured_share_widens_it(self):
        p, v = np.full(500, 0.5), np.full(500, 100.0)
        plain, wide = ends(p, v, SaveShare.from_assumption(0.16)), ends(p, v, PERHAPS)
        assert wide[0] < plain[0] < plain[1] < wide[1]


amounts = st.one_of(st.just(0.0), st.floats(-1e6, 1e6), st.floats(0, 1))
people = st.lists(st.tuples(st.floats(0, 1), amounts), max_size=25)
shares = st.one_of(st.sampled_from(SHARES), st.floats(0, 1).map(SaveShare.from_assumption))


class TestLaws:
    @given(people, shares)
    def test_holds_the_mean_and_nothing_impossible(self, rows, share):
        p, v = (np.array([row[k] for row in rows], dtype="float64") for k in (0, 1))
        low, high = ends(p, v, share)
        slack = 1e-6 * (1 + np.abs(v).sum())
        assert np.minimum(v, 0).sum() - slack <= low <= share.value * (p * v).sum() + slack
        assert share.value * (p * v).sum() - slack <= high <= np.maximum(v, 0).sum() + slack

    @given(people, shares, st.floats(0.01, 100))
    def test_another_currency_changes_nothing(self, rows, share, rate):
        p, v = (np.array([row[k] for row in rows], dtype="float64") for k in (0, 1))
        slack = 1e-5 * rate * (1 + np.abs(v).sum())
        assert ends(p, v * rate, share) == pytest.approx([x * rate for x in ends(p, v, share)], abs=slack)
