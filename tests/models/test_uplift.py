"""Whom a contact changes: the published experiment, planted effects, and no effect at all."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.purchases import as_table
from analytics.models.uplift import campaign_uplift, uplift
from analytics.timeframe import parse_timeframe

REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the folder of reference data is not here"
)


@pytest.fixture(scope="module")
def hillstrom():
    data = pd.read_csv(REFERENCE / "hillstrom" / "hillstrom.csv.gz")
    names = ["recency", "history", "mens", "womens", "newbie", "zip_code", "channel", "history_segment"]
    features = pd.get_dummies(data[names], dtype="float64")
    return data, features.assign(history=np.log1p(features["history"]))


@pytest.fixture(scope="module")
def womens(hillstrom):
    return of_arm(hillstrom, "Womens E-Mail")


@pytest.fixture(scope="module")
def mens(hillstrom):
    return of_arm(hillstrom, "Mens E-Mail")


def of_arm(hillstrom, arm):
    data, features = hillstrom
    both = data["segment"].isin([arm, "No E-Mail"])
    part = data[both]
    return uplift(features[both], part["segment"] == arm, part["visit"], part["recency"])


@needs_reference
class TestHillstrom:
    @pytest.mark.long
    def test_the_womens_e_mail_moves_some_more_than_others(self, womens):
        found = womens
        assert found.verdict == "evidence"
        score = found.scores.set_index("targeting").loc["predicted effect"]
        assert score.qini >= 0.003
        assert score.random_sd == pytest.approx(0.0004, abs=0.0002)

    def test_for_the_mens_e_mail_there_is_no_evidence_for_targeting(self, mens):
        assert mens.verdict == "no evidence"
        assert abs(mens.scores["qini"].iloc[0]) < 0.001

    def test_the_curve_ends_at_the_effect_on_all(self, mens):
        curve = mens.curve
        ends = curve.iloc[-1][["by_effect", "by_risk", "at_random"]]
        assert ends.to_numpy() == pytest.approx([0.076590 * 21_307 / 42_613] * 3, abs=1e-6)
        assert curve.iloc[0].drop("share").eq(0).all()


def planted(effect, n=6_000, seed=0):
    """An experiment where the first feature says how much a contact does."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    treated = rng.random(n) < 0.5
    chance = 0.15 + treated * effect(x[:, 0])
    return x, treated, rng.random(n) < chance


class TestPlanted:
    def test_an_effect_on_half_of_them_is_found_by_most_seeds(self):
        x, treated, converted = planted(lambda first: 0.25 * (first > 0))
        for seed in range(2):
            found = uplift(x, treated, converted, seed=seed)
            assert found.verdict == "evidence"
            halfway = found.curve.iloc[50]
            assert halfway.by_effect > 1.3 * halfway.at_random

    def test_the_same_effect_on_all_is_no_evidence_for_targeting(self):
        verdicts = [
            uplift(*planted(lambda first: 0.1 + 0 * first, n=2_000, seed=seed)).verdict for seed in range(10)
        ]
        assert verdicts.count("no evidence") >= 9

    def test_an_order_by_risk_that_is_the_effect_wins_as_well(self):
        x, treated, converted = planted(lambda first: 0.25 * (first > 0))
        scores = uplift(x, treated, converted, x[:, 0]).scores.set_index("targeting")
        assert scores.loc["risk", "low"] > 0
        assert uplift(x, treated, converted, -x[:, 0]).scores.set_index("targeting").loc["risk", "high"] < 0

    def test_a_smaller_control_is_scaled_to_the_contacted(self):
        x, treated, converted = planted(lambda first: 0.1 + 0 * first, n=1_000)
        kept = treated | (np.arange(len(x)) % 3 == 0)
        x, treated, converted = x[kept], treated[kept], converted[kept]
        ends = uplift(x, treated, converted).curve.iloc[-1]
        lift = converted[treated].mean() - converted[~treated].mean()
        assert ends["by_effect"] == pytest.approx(lift * treated.mean())

    def test_without_an_order_by_risk_there_is_no_curve_of_it(self):
        found = uplift(*planted(lambda first: 0.1 + 0 * first, n=1_000))
        assert found.curve["by_risk"].isna().all()
        assert found.scores["targeting"].tolist() == ["predicted effect", "at random"]

    def test_the_same_seed_gives_the_same_figures(self):
        data = planted(lambda first: 0.1 * (first > 0), n=1_500)
        one, other = uplift(*data, seed=4), uplift(*data, seed=4)
        pd.testing.assert_frame_equal(one.curve, other.curve)
        pd.testing.assert_frame_equal(one.scores, other.scores)

    def test_groups_that_all_convert_cannot_be_told_apart(self):
        x, treated, _ = planted(lambda first: 0 * first, n=200)
        assert uplift(x, treated, np.ones(200)).status == "too small"


class TestCampaigns:
    OCTOBER = parse_timeframe("2026-10", as_of=date(2026, 11, 1))

    def measured(self, n, *, control=True):
        rng = np.random.default_rng(7)
        ids = [f"c{i:05d}" for i in range(2 * n)]
        arm = np.where(np.arange(2 * n) < n, "letter", "control" if control else "card")
        frequent = rng.random(2 * n) < 0.5
        before = pd.DataFrame(
            {"customer_id": ids, "sold_at": pd.Timestamp("2026-03-01"), "total_amount": 10.0}
        )
        again = before[frequent].assign(sold_at=pd.Timestamp("2026-05-01"))
        moved = rng.random(2 * n) < np.where((arm == "letter") & frequent, 0.5, 0.1)
        after = before[moved].assign(sold_at=pd.Timestamp("2026-06-10"))
        sales = pd.concat([before, again, after], ignore_index=True)
        campaigns = pd.DataFrame(
            {"campaign_id": ["k"], "started_at": [pd.Timestamp("2026-06-01")], "cost": [1.0]}
        )
        accounts = pd.DataFrame(
            {
                "customer_id": pd.Series(dtype="str"),
                "acv": pd.Series(dtype="float64"),
                **{
                    name: pd.Series(dtype="datetime64[us]")
                    for name in ("snapshot_at", "started_at", "churned_at")
                },
            }
        )
        contacts = pd.DataFrame({"campaign_id": "k", "customer_id": ids, "arm": arm})
        return campaign_uplift(
            as_table(campaigns),
            as_table(contacts),
            as_table(sales.assign(sale_id=sales.index.astype("str"))),
            as_table(accounts),
            self.OCTOBER,
        )

    def test_a_thousand_customers_an_arm_are_enough(self):
        found = self.measured(1_000)
        assert (found.status, found.verdict) == ("measured", "evidence")
        assert (found.campaign_id, found.arm, found.treated, found.control) == ("k", "letter", 1_000, 1_000)
        assert found.published()["scores"]["targeting"].tolist() == ["predicted effect", "risk", "at random"]

    def test_one_less_is_too_small_and_says_how_many_there_are(self):
        found = self.measured(999)
        assert (found.status, found.verdict, found.largest_arm) == ("too small", "not measured", 999)
        assert found.scores.empty

    def test_without_a_control_there_is_no_campaign_to_learn_from(self):
        assert self.measured(50, control=False).status == "no campaign"
