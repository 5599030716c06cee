"""Of those who would have left, the share that a contact keeps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from analytics.errors import ParamsError
from analytics.models.save_share import SaveShare, choose_save_share, pooled_save_share


def arms(*rows):
    """Arms from (campaign, purpose, lost, contacted, control lost, control, status)."""
    names = ["campaign_id", "purpose", "churned_treated", "treated", "churned_control", "control", "status"]
    return pd.DataFrame(rows, columns=names)


class TestMeasured:
    def test_one_campaign_gives_the_share_of_the_control_that_was_kept(self):
        found = choose_save_share(arms(("a", "retention", 20, 200, 40, 200, "measured")), 0.2)
        assert found.value == pytest.approx((0.20 - 0.10) / 0.20)
        assert (found.measured, found.reason) == (True, "measured")
        assert 0 < found.low < found.value < found.high < 1
        assert (found.contacts, found.churned_control) == (200, 40)

    def test_arms_of_one_campaign_share_their_control(self):
        two = arms(
            ("a", "retention", 10, 100, 40, 200, "measured"), ("a", "retention", 10, 100, 40, 200, "measured")
        )
        assert choose_save_share(two, 0.2).value == pytest.approx(0.5)
        assert choose_save_share(two, 0.2).churned_control == 40

    def test_a_contact_that_drives_customers_away_saves_nobody(self):
        found = choose_save_share(arms(("a", "retention", 60, 200, 40, 200, "measured")), 0.2)
        assert found.value == 0.0
        assert found.raw == pytest.approx(-0.5)

    def test_statsmodels_pools_the_same(self):
        table = StratifiedTable([np.array([[20, 180], [40, 160]]), np.array([[5, 95], [30, 170]])])
        share, low, high = pooled_save_share([20, 5], [200, 100], [40, 30], [200, 200])
        assert share == pytest.approx(1 - table.riskratio_pooled)
        assert low < share < high

    @given(st.integers(1, 50), st.integers(51, 200), st.integers(1, 50), st.integers(51, 200))
    def test_one_campaign_pooled_is_the_campaign_alone(self, lost, treated, others_lost, control):
        share, low, high = pooled_save_share([lost], [treated], [others_lost], [control])
        assert share == pytest.approx(1 - (lost / treated) / (others_lost / control))
        assert low <= share <= high <= 1

    def test_the_interval_covers_the_truth_in_19_of_20_campaigns(self):
        rng = np.random.default_rng(1)
        lost, others = rng.binomial(300, 0.15, 800), rng.binomial(300, 0.20, 800)
        bounds = [pooled_save_share([a], [300], [b], [300])[1:] for a, b in zip(lost, others, strict=True)]
        assert 0.93 <= np.mean([low <= 0.25 <= high for low, high in bounds]) <= 0.97

    def test_nobody_lost(self):
        assert np.isnan(pooled_save_share([0], [50], [0], [50])).all()
        share, low, high = pooled_save_share([0], [50], [10], [50])
        assert (share, high) == (1.0, 1.0)
        assert 0 < low < 1


class TestAssumed:
    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ([], "no retention campaign"),
            ([("a", "winback", 20, 200, 40, 200, "measured")], "no retention campaign"),
            ([("a", "retention", 20, 200, 0, 0, "no control group")], "no control group"),
            ([("a", "retention", 0, 0, 0, 0, "not over")], "not over"),
            ([("a", "retention", 20, 200, 29, 200, "measured")], "too few lost"),
        ],
    )
    def test_the_assumption_stays_and_says_why(self, rows, reason):
        found = choose_save_share(arms(*rows), 0.3)
        assert (found.value, found.measured, found.reason) == (0.3, False, reason)
        assert np.isnan([found.low, found.high]).all()

    def test_customers_who_leave_in_another_way_say_nothing(self):
        row = ("retention", 20, 200, 40, 200, "measured")
        both = arms(("shop", *row), ("plan", *row)).assign(outcome=["sales", "contracts"])
        assert choose_save_share(both, 0.3).churned_control == 80
        for outcome in ("sales", "contracts"):
            found = choose_save_share(both, 0.3, outcome)
            assert (found.value, found.churned_control) == (pytest.approx(0.5), 40)
        alone = choose_save_share(both.head(1), 0.3, "contracts")
        assert (alone.value, alone.measured, alone.reason) == (0.3, False, "other customers")
        assert choose_save_share(both.head(0), 0.3, "contracts").reason == "no retention campaign"

    def test_thirty_lost_customers_are_enough(self):
        assert choose_save_share(arms(("a", "retention", 20, 200, 30, 200, "measured")), 0.3).measured

    @pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
    def test_a_share_outside_0_to_1_is_refused(self, value):
        with pytest.raises(ParamsError, match="save_share"):
            SaveShare.from_assumption(value)
