"""What the prediction of contracts promises: it is checked forward, and the simple rule leads if it wins."""

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.account_values import NUMBERS
from analytics.models import account_value
from analytics.models.account_ensemble import Ensemble
from analytics.models.account_value import METHODS, value_accounts

NEWEST = pd.Timestamp("2026-11-01")
PAST = [NEWEST - pd.DateOffset(months=months) for months in range(12, 36, 3)]


def snapshots(seed=0, accounts=150, *, effect=0.6, cutoffs=PAST, value=None):
    """Accounts at past cutoffs and now; ``seat_use`` alone says, by `effect`, who will stay the year.

    ``value`` turns the frame of features into the share brought; by default an account stays all year or
    leaves in a random month.
    """
    random = np.random.default_rng(seed)
    parts = []
    for cutoff in (*cutoffs, NEWEST):
        rows = pd.DataFrame({name: random.random(accounts) for name in NUMBERS})
        rows["acv"] = np.round(random.lognormal(8, 1, accounts), 2)
        stays = random.random(accounts) < 0.75 + effect * (rows["seat_use"] - 0.5)
        months = np.where(stays, 12, random.integers(0, 12, accounts)).astype(float)
        share = months / 12 if value is None else value(rows)
        over = cutoff != NEWEST
        parts.append(
            rows.assign(
                cutoff=cutoff,
                customer_id=[f"a{i:04}" for i in range(accounts)],
                customer_name="Ada",
                plan=np.where(rows["acv"] > 3000, "Team", "Starter"),
                shown=True,
                months_live=np.where(over, months, np.nan),
                revenue_12m=np.where(over, share * rows["acv"], np.nan),
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["cutoff", "customer_id"], ignore_index=True)


@pytest.fixture(scope="module")
def found():
    return value_accounts(snapshots())


class TestTheRuleToBeat:
    def test_is_contract_value_times_expected_lifetime(self, found):
        past = snapshots().query("cutoff < @NEWEST")
        assert found.total["expected_months"] == pytest.approx(past["months_live"].mean())
        share = past["months_live"].mean() / 12
        np.testing.assert_allclose(found.accounts["baseline_revenue_12m"], share * found.accounts["acv"])

    def test_leads_where_features_say_nothing(self):
        nothing = value_accounts(snapshots(seed=3, effect=0.0))
        errors = nothing.scores.set_index("method")["share_error"]
        assert errors["baseline"] < errors["ensemble"]
        assert nothing.leader == "baseline"
        pd.testing.assert_series_equal(
            nothing.accounts["predicted_revenue_12m"],
            nothing.accounts["baseline_revenue_12m"],
            check_names=False,
        )

    def test_loses_where_a_feature_tells_who_stays(self, found):
        errors = found.scores.set_index("method")["share_error"]
        assert found.leader == "ensemble"
        assert errors["ensemble"] < errors["baseline"]
        assert found.difference["high"] < 0
        assert (found.accounts["predicted_revenue_12m"] == found.accounts["ensemble_revenue_12m"]).all()

    def test_errors_are_those_of_their_definition(self, found):
        assert list(found.scores["method"]) == list(METHODS)
        past = snapshots().query("cutoff in @PAST[:4] and acv > 0")
        off = 1 - past["revenue_12m"] / past["acv"]
        unchanged = found.scores.set_index("method").loc["unchanged"]
        assert unchanged["share_error"] == pytest.approx(np.sqrt((off**2).mean()))
        assert unchanged["revenue_error"] == pytest.approx(np.sqrt(((off * past["acv"]) ** 2).mean()))
        assert unchanged["total_error_percent"] == pytest.approx(
            100 * (past["acv"].sum() / past["revenue_12m"].sum() - 1)
        )
        assert unchanged["checked_accounts"] == len(past)


class TestTheCheck:
    def test_knows_only_years_that_were_over(self):
        """What happened within the year before a checked cutoff was not known at it."""
        rows = snapshots(accounts=120)
        known = rows["revenue_12m"].notna()
        latest = rows.loc[known, "cutoff"].max()
        recent = known & (rows["cutoff"] < latest) & (rows["cutoff"] > latest - pd.DateOffset(months=12))
        changed = rows.assign(revenue_12m=rows["revenue_12m"].mask(recent, 0.0))
        checks = [account_value._forward_check(frame[known], 0) for frame in (rows, changed)]
        first, second = (check[check["cutoff"] == latest] for check in checks)
        assert recent.sum() >= 360
        np.testing.assert_array_equal(first["ensemble"], second["ensemble"])
        np.testing.assert_array_equal(first["baseline"], second["baseline"])

    def test_takes_the_latest_cutoffs_with_a_past_of_their_own(self, found):
        assert found.folds == 4
        assert found.trained_on == 8 * 150

    def test_without_a_checked_cutoff_the_rule_leads_and_no_interval_is_claimed(self):
        young = value_accounts(snapshots(cutoffs=PAST[:3]))
        assert (young.leader, young.folds, young.missing) == ("baseline", 0, "")
        assert young.scores.empty
        assert young.accounts["predicted_revenue_12m_low"].isna().all()
        assert np.isnan(young.total["predicted_revenue_12m_low"])
        assert np.isnan(young.coverage)

    def test_bands_hold_every_checked_account_and_rise(self, found):
        assert found.bands["accounts"].sum() == found.scores["checked_accounts"].iloc[0]
        assert found.bands["accounts"].min() >= 60
        assert found.bands["predicted"].is_monotonic_increasing
        assert found.bands["actual"].iloc[-1] > found.bands["actual"].iloc[0] + 0.1


class TestIntervals:
    def test_hold_the_prediction(self, found):
        rows = found.accounts
        assert (rows["predicted_revenue_12m_low"] <= rows["predicted_revenue_12m"]).all()
        assert (rows["predicted_revenue_12m_high"] >= rows["predicted_revenue_12m"]).all()

    def test_cover_eighty_percent_where_shares_are_continuous(self):
        random = np.random.default_rng(8)
        shares = value_accounts(
            snapshots(accounts=300, value=lambda rows: 0.5 + rows["seat_use"] * random.random(len(rows)))
        )
        assert 0.74 <= shares.coverage <= 0.86

    def test_of_the_total_is_narrower_than_the_sum_of_the_accounts(self, found):
        total, rows = found.total, found.accounts
        assert total["predicted_revenue_12m"] == pytest.approx(rows["predicted_revenue_12m"].sum())
        assert rows["predicted_revenue_12m_low"].sum() < total["predicted_revenue_12m_low"]
        assert total["predicted_revenue_12m_high"] < rows["predicted_revenue_12m_high"].sum()

    def test_of_the_total_hold_what_came_in_most_simulations(self):
        """Now is drawn as the past was, so what it will bring is known to the test."""
        held = 0
        for seed in range(6):
            rows = snapshots(seed=seed, accounts=100)
            random = np.random.default_rng(1000 + seed)
            now = rows[rows["cutoff"] == NEWEST]
            stays = random.random(100) < 0.75 + 0.6 * (now["seat_use"] - 0.5)
            brought = (np.where(stays, 12, random.integers(0, 12, 100)) / 12 * now["acv"]).sum()
            total = value_accounts(rows).total
            held += total["predicted_revenue_12m_low"] <= brought <= total["predicted_revenue_12m_high"]
        assert held >= 4


class TestFactors:
    def test_add_up_to_the_prediction(self):
        rows = snapshots(accounts=120)
        model = Ensemble.fit(rows[rows["revenue_12m"].notna()], 0)
        now = rows[rows["revenue_12m"].isna()]
        effects = model.effects(now)
        np.testing.assert_allclose(model.average + effects.sum(axis=1), model.predict(now)["ensemble"])

    def test_name_what_tells(self, found):
        assert found.drivers["feature"].iloc[0] == "seat_use"
        first = found.accounts["factor_1"].value_counts()
        assert first.index[0] == "seat_use"
        up = found.accounts[found.accounts["factor_1"] == "seat_use"].merge(
            snapshots().query("cutoff == @NEWEST")[["customer_id", "seat_use"]], on="customer_id"
        )
        assert (np.sign(up["factor_1_effect"]) == np.sign(up["seat_use"] - 0.5))[
            (up["seat_use"] - 0.5).abs() > 0.2
        ].all()

    def test_stand_in_the_order_of_their_size(self, found):
        sizes = found.accounts[[f"factor_{i}_effect" for i in (1, 2, 3)]].abs().to_numpy()
        assert (np.diff(sizes, axis=1) <= 1e-9).all()


class TestConfidence:
    def test_is_a_share_and_high_where_members_agree(self, found):
        assert found.accounts["prediction_confidence"].between(0, 1).all()
        model = Ensemble.fit(snapshots().query("revenue_12m == revenue_12m"), 0)
        trees, linear = model.members(model.matrix(snapshots().head(20)))
        mean = (trees.mean(axis=0) + linear) / 2
        spread = np.sqrt(0.5 * ((trees - mean) ** 2).mean(axis=0) + 0.5 * (linear - mean) ** 2)
        np.testing.assert_allclose(model.predict(snapshots().head(20))["confidence"], 1 - spread / mean)

    def test_thirds_are_of_one_size(self, found):
        assert list(found.confidence["third"]) == ["low", "middle", "high"]
        assert found.confidence["accounts"].tolist() == [200, 200, 200]
        assert found.confidence["confidence"].is_monotonic_increasing


class TestOddData:
    def test_no_accounts(self):
        nobody = value_accounts(snapshots().head(0))
        assert (nobody.missing, nobody.leader, len(nobody.accounts)) == ("no accounts", "", 0)
        assert nobody.total["accounts"] == 0

    def test_no_year_of_history_leaves_contract_values(self):
        now = value_accounts(snapshots(cutoffs=[]))
        assert (now.missing, len(now.accounts)) == ("too little history", 150)
        assert now.accounts["predicted_revenue_12m"].isna().all()
        assert now.total["acv"] == pytest.approx(now.accounts["acv"].sum())
        assert np.isnan(now.total["predicted_revenue_12m"])

    def test_one_account(self):
        one = value_accounts(snapshots(accounts=1))
        assert (one.leader, len(one.accounts), one.trained_on) == ("baseline", 1, 0)
        assert one.accounts["factor_1"].isna().all()

    def test_nobody_ever_leaves(self):
        kept = value_accounts(snapshots(accounts=60, value=lambda rows: np.ones(len(rows))))
        np.testing.assert_allclose(kept.accounts["ensemble_revenue_12m"], kept.accounts["acv"])

    def test_everybody_always_leaves_at_once(self):
        rows = snapshots(accounts=60, value=lambda rows: np.zeros(len(rows)))
        gone = value_accounts(rows.assign(months_live=rows["months_live"] * 0))
        assert gone.total["predicted_revenue_12m"] == 0
        assert (gone.accounts["prediction_confidence"].isin([0.0, 1.0])).all()
        assert gone.scores["total_error_percent"].isna().all()

    def test_all_contracts_alike_and_nothing_else_known(self):
        rows = snapshots(accounts=60).assign(acv=100.0, plan=None, revenue_12m=lambda f: 75 + 0 * f.acv)
        rows[[name for name in NUMBERS if name != "acv"]] = np.nan
        rows.loc[rows["cutoff"] == NEWEST, "revenue_12m"] = np.nan
        alike = value_accounts(rows)
        assert (alike.leader, alike.trained_on) == ("baseline", 0)

    def test_contracts_worth_nothing_are_expected_to_bring_nothing(self):
        rows = snapshots(accounts=60)
        rows.loc[rows["customer_id"] == "a0000", ["acv", "revenue_12m"]] *= 0
        row = value_accounts(rows).accounts.set_index("customer_id").loc["a0000"]
        assert row["predicted_revenue_12m"] == 0

    def test_missing_features_take_the_middle(self):
        rows = snapshots(accounts=60)
        past, now = rows["cutoff"] < NEWEST, rows["cutoff"] == NEWEST
        model = Ensemble.fit(rows[past], 0)
        unknown = rows[now].assign(seat_use=np.nan)
        middle = rows[now].assign(seat_use=rows.loc[past, "seat_use"].median())
        np.testing.assert_array_equal(model.matrix(unknown), model.matrix(middle))

    def test_a_plan_that_was_never_seen_is_predicted(self):
        rows = snapshots(accounts=60)
        rows.loc[rows["cutoff"] == NEWEST, "plan"] = "Brand new"
        assert value_accounts(rows).accounts["ensemble_revenue_12m"].notna().all()


class TestRepeatability:
    def test_same_rows_same_figures_and_the_input_is_left_alone(self):
        rows = snapshots(accounts=60)
        before = rows.copy()
        first, second = value_accounts(rows), value_accounts(rows)
        pd.testing.assert_frame_equal(first.accounts, second.accounts)
        pd.testing.assert_frame_equal(rows, before)
        assert not value_accounts(rows, seed=1).accounts.equals(first.accounts)

    def test_who_is_not_shown_is_learnt_from_and_not_listed(self):
        rows = snapshots(accounts=60)
        some = value_accounts(rows.assign(shown=rows["customer_id"] < "a0010"))
        every = value_accounts(rows).accounts
        assert len(some.accounts) == 10
        assert some.total["accounts"] == 10
        kept = every[every["customer_id"] < "a0010"].reset_index(drop=True)
        pd.testing.assert_series_equal(
            some.accounts["ensemble_revenue_12m"], kept["ensemble_revenue_12m"], check_names=False
        )

    def test_a_large_book_is_learnt_from_a_sample(self, monkeypatch):
        monkeypatch.setattr("analytics.models.account_ensemble.MOST_ROWS", 200)
        assert value_accounts(snapshots(accounts=60)).trained_on == 200

    def test_the_block_has_every_frame(self, found):
        block = found.published()
        assert {"customers", "scores", "bands", "confidence", "drivers"} <= set(block)
        assert block["leader"] == "ensemble"
        assert block["missing"] is None
