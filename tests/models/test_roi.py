"""The parts of return put together: what is worst, and what if."""

from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest

from analytics.data.batches import write_batch
from analytics.errors import ParamsError
from analytics.metrics import value_at_risk
from analytics.metrics.purchases import as_table
from analytics.metrics.roi import RoiRules
from analytics.models import roi
from analytics.models.expected_profit import Economics
from analytics.models.lifetime_value import Validation
from analytics.models.registry import save_model
from analytics.models.roi import Weighed, trust_in
from analytics.models.save_share import SaveShare
from tests.metrics.test_value_at_risk import accounts_of
from tests.models.test_customer_outlook import SALES, YEAR, sales_of

MEASURED = SaveShare(0.16, 0.01, 0.29, True, "measured", 800, 120, 0.16)


def weighed(*customers, share=None, cost=5.0, **rules):
    """Customers given as (chance to leave, worth if they stay), without sales and campaigns."""
    n = len(customers)
    risk = np.array([one[0] for one in customers], dtype="float64")
    worth = np.array([one[1] for one in customers], dtype="float64")
    ids = [f"c{i}" for i in range(n)]
    scored = pd.DataFrame(
        {
            "customer_id": ids, "batch_id": "b", "predicted_at": pd.Timestamp("2026-10-01"),
            "churn_probability": risk, "monetary_score": np.linspace(100, 10, n), "risk_level": None,
            "risk_factors": None, "recommendations": None, "prediction_confidence": np.nan,
        }
    )  # fmt: skip
    valued = pd.DataFrame(
        {
            "customer_id": ids, "worth_if_stays": worth, "is_revenue": False,
            "probability_alive": 0.9, "value_at_risk": risk * worth,
            "value_source": np.where(np.isnan(worth), "unknown", "trailing profit"),
        }
    )  # fmt: skip
    standing = pd.DataFrame({"customer_id": ids}).assign(
        customer_name=None, customer_type=None, rfm_segment=None, tier=None
    )
    economics = Economics(share or SaveShare.from_assumption(0.2), cost)
    return Weighed(RoiRules(**rules), economics, scored, valued, standing, *[None] * 6)


class TestWorst:
    CUSTOMERS = ((0.95, 400.0), (0.92, 60.0), (0.85, 200.0), (0.75, 30.0), (0.4, 900.0))

    def test_is_the_least_of_all_combinations(self):
        found = weighed(*self.CUSTOMERS)
        ends = product((0.1, 0.3), (2.5, 10.0), (0.7, 0.9))
        spelled_out = [
            sum(p * worth * share - cost for p, worth in self.CUSTOMERS if p > threshold)
            for share, cost, threshold in ends
        ]
        assert found.worst["profit"] == pytest.approx(min(spelled_out))

    def test_is_no_better_than_any_single_wrong_assumption(self):
        found = weighed(*[(0.85, 20.0)] * 5, (0.95, 400.0))
        singles = found.sensitivity[["profit_at_low", "profit_at_high"]].to_numpy()
        assert found.worst["profit"] <= singles.min()


class TestWhatIf:
    def test_moves_the_rule_and_the_terms_and_leaves_the_customers(self):
        found = weighed((0.95, 400.0), (0.85, 200.0), (0.6, 100.0))
        other = found.what_if(high_risk_threshold=0.5, save_share=0.5, contact_cost=1.0)
        assert other.value["high_risk_customers"] == 3
        assert other.value["best_profit"] == pytest.approx((0.95 * 400 + 0.85 * 200 + 0.6 * 100) * 0.5 - 3)
        assert other.scored is found.scored
        assert found.value["high_risk_customers"] == 2

    def test_moves_the_restated_figures(self):
        found = weighed((0.9, 1.0)).what_if(revenue_multiplier=50.0, retention_cost_share=0.2, top_share=1.0)
        assert found.metrics["total_revenue"] == 5_000
        assert found.metrics["roi_percentage"] == 400

    def test_takes_a_share_that_is_given_instead_of_one_that_was_measured(self):
        found = weighed((0.9, 400.0), share=MEASURED)
        assert found.value["save_share_measured"]
        assert not found.what_if(save_share=0.3).value["save_share_measured"]
        assert found.what_if(contact_cost=9.0).value["save_share_measured"]

    def test_without_a_change_changes_nothing(self):
        found = weighed((0.95, 400.0), (0.85, 200.0))
        pd.testing.assert_frame_equal(found.what_if().curve, found.curve)

    @pytest.mark.parametrize(
        "wrong", [{"save_share": 1.1}, {"high_risk_threshold": -0.1}, {"contact_cost": -1.0}]
    )
    def test_refuses_what_cannot_be(self, wrong):
        with pytest.raises(ParamsError):
            weighed((0.9, 400.0)).what_if(**wrong)


class TestDefinition:
    """What the share saved has to be measured by."""

    @pytest.mark.parametrize(
        ("sources", "definition"),
        [
            (["contract", "contract", "trailing profit"], "contract"),
            (["contract", "trailing profit"], "purchase"),
            ([], "purchase"),
        ],
    )
    def test_is_what_most_of_the_scored_can_leave(self, sources, definition):
        assert roi._definition(pd.DataFrame({"value_source": sources})) == definition


class TestLifetimes:
    """The lifetime model prices customers only where the holdout favoured it."""

    def lifetimes(self, monkeypatch, scores, missing=""):
        known = Validation(
            None, None, None, 0, 0, 0, pd.DataFrame(scores, columns=["method", "rmse"]),
            *[pd.DataFrame()] * 3, missing=missing,
        )  # fmt: skip
        monkeypatch.setattr(roi, "compare_methods", lambda *_: known)
        return roi._lifetimes({"sales": SALES}, YEAR)

    def test_a_model_that_was_nearest_is_used(self, monkeypatch):
        assert len(self.lifetimes(monkeypatch, [("model", 1.0), ("same_rate", 2.0)])) > 0

    def test_a_beaten_or_unchecked_one_is_not_and_the_sources_say_so(self, monkeypatch):
        for scores, missing in (
            ([("model", 2.0), ("same_rate", 1.0)], ""),
            ([], "few_repeat_customers"),
            ([], "history_too_short"),
        ):
            found = self.lifetimes(monkeypatch, scores, missing)
            assert found.empty
            scored = pd.DataFrame({"customer_id": ["c000", "c001"], "churn_probability": [0.5, 0.5]})
            sales = as_table(sales_of().assign(total_profit=lambda rows: rows["total_amount"] * 0.4))
            worth = value_at_risk.customer_worth(scored, sales, accounts_of(), YEAR, lifetime=found)
            assert set(value_at_risk.worth_sources(worth)["value_source"]) == {"trailing profit"}


class TestNobody:
    def test_is_an_answer_too(self):
        found = weighed()
        assert found.value["verdict"] == "nobody scored"
        assert found.curve.empty
        assert found.worst["profit"] == 0

    def test_unknown_worth_is_in_no_sum(self):
        found = weighed((0.95, np.nan), (0.9, 500.0))
        assert found.value["unknown_worth_customers"] == 1
        assert found.curve["customers"].max() == 1


class TestTrust:
    """What the test of the model behind a batch showed."""

    DAY = date(2026, 10, 1)

    def scored(self, batch):
        return pd.DataFrame({"batch_id": [batch], "predicted_at": [pd.Timestamp(self.DAY)]})

    def kept(self, models, **card):
        one = {"batch_id": "own", "predicted_at": self.DAY, "customer_id": "ada"}
        write_batch(
            "org", "predictions", pd.DataFrame([one | {"churn_probability": 0.5, "monetary_score": 1.0}])
        )
        said = {
            "reference_date": self.DAY, "leader": "mean", "model": {"name": "mean"},
            "test_customers": 400, "test_churned": 100, "scores": {"calibration_error": 0.02},
        }  # fmt: skip
        save_model("org", "churn", "v1", said | card, {}, {})
        return trust_in("org", self.scored("own"))["verdict"]

    def test_a_tested_model_is_trusted(self, models):
        assert self.kept(models) == "tested"

    @pytest.mark.parametrize(
        ("card", "verdict"),
        [
            ({"leader": "recency"}, "baseline"),
            ({"leader": None, "test_churned": 29}, "too few"),
            ({"leader": None, "test_churned": 371}, "too few"),
            ({"scores": {"calibration_error": 0.09}}, "off"),
        ],
    )
    def test_what_its_test_showed_is_said(self, models, card, verdict):
        assert self.kept(models, **card) == verdict

    def test_what_came_from_outside_was_not_tested_here(self, models):
        self.kept(models)
        assert trust_in("org", self.scored("theirs"))["verdict"] == "outside"
        assert trust_in("other", self.scored("own"))["verdict"] == "outside"

    def test_nobody_scored_is_nothing_to_trust(self, models):
        assert trust_in("org", self.scored("own").head(0))["verdict"] == "none"
