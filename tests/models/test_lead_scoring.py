"""Scores of leads: who is learnt from, what is left out, what the evidence is, and what too few give."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analytics.errors import ParamsError
from analytics.metrics.rates import wilson
from analytics.models.lead_scoring import lead_scores, score_frame
from analytics.models.lead_scoring.evidence import band_rates
from analytics.models.lead_scoring.leaks import screen
from analytics.params import load_rules
from analytics.params.lead_rules import LeakScreen

RULES = load_rules("lead_rules")
DAY = date(2026, 11, 1)


def made_leads(n=600, seed=3):
    """Leads over two years; referrals and owners convert more, after 40 days, whatever comes later."""
    random = np.random.default_rng(seed)
    seconds = np.sort(random.integers(0, 730 * 86_400, n))
    created = pd.Timestamp("2024-11-01") + pd.to_timedelta(seconds, unit="s")
    source = random.choice(["Referral", "Web"], n)
    role = random.choice(["Owner", "Student", "Manager"], n)
    chance = 0.1 + 0.35 * (source == "Referral") + 0.25 * (role == "Owner")
    won = random.random(n) < chance
    closed = pd.Series(created + pd.Timedelta(days=40)).where(won)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:04}" for i in range(n)],
            "created_at": created,
            "converted_at": closed.where(closed < pd.Timestamp(DAY)),
            "source": source,
            "role": role,
            "region": random.choice(["DACH", "APAC", "Hanoi"], n),
            "owner": "Sales team 1",
            "points": 60 + 60 * (source == "Referral") + random.integers(0, 30, n).astype("float64"),
            "book_consultant": random.random(n) < 0.1,
            "company": "A company",
        }
    )


@pytest.fixture(scope="module")
def frame():
    return made_leads()


@pytest.fixture(scope="module")
def result(frame):
    return lead_scores(ibis.memtable(frame), None, DAY, rules=RULES, market="vietnam")


class TestWhoIsLearntFrom:
    def test_leads_too_young_to_have_converted_are_left_out(self, frame, result):
        young = frame["created_at"].dt.normalize() > pd.Timestamp(DAY) - pd.Timedelta(days=90)
        left_out = young & frame["converted_at"].isna()
        assert result.status["left_out_young"] == left_out.sum() > 0
        assert result.status["leads_trained"] == len(frame) - left_out.sum()
        assert result.status["converted_trained"] == frame["converted_at"].notna().sum()

    def test_the_days_given_decide_who_is_young(self, frame):
        short = lead_scores(ibis.memtable(frame), None, DAY, rules=RULES, conversion_days=10)
        young = frame["created_at"].dt.normalize() > pd.Timestamp(DAY) - pd.Timedelta(days=10)
        assert short.status["left_out_young"] == (young & frame["converted_at"].isna()).sum()

    def test_nothing_that_happens_later_changes_a_score(self, frame):
        """What became of leads after the day, and who came since, is not read."""
        day = date(2026, 6, 1)
        later = frame.copy()
        after = later["converted_at"] >= pd.Timestamp(day)
        later.loc[after, "converted_at"] = pd.NaT
        later = later[later["created_at"] < pd.Timestamp(day)]
        both = [lead_scores(ibis.memtable(f), None, day, rules=RULES).leads for f in (frame, later)]
        pd.testing.assert_frame_equal(*both)

    @pytest.mark.parametrize("won", [0, 9])
    def test_under_ten_of_an_outcome_there_are_the_point_rules_alone(self, frame, won):
        few = frame[(frame["created_at"] < "2026-06-01")].copy()
        keep = few["converted_at"].dropna().index[:won]
        few.loc[~few.index.isin(keep), "converted_at"] = pd.NaT
        found = lead_scores(ibis.memtable(few), None, DAY, rules=RULES, market="vietnam")
        assert not found.status["model"]
        assert f"{won} that converted" in found.status["missing"][0]
        assert found.leads["score"].isna().all()
        assert set(found.leads["stage"]) == {"MQL", "SQL"}
        assert found.scores.empty
        assert found.bands["conversion_rate"].isna().all()

    def test_ten_of_each_outcome_are_enough(self, frame):
        few = frame[frame["created_at"] < "2026-06-01"]
        lost, won = few[few["converted_at"].isna()].head(10), few[few["converted_at"].notna()].head(10)
        found = lead_scores(ibis.memtable(pd.concat([lost, won])), None, DAY, rules=RULES)
        assert found.status["model"]
        assert found.status["test"] == "folds"

    def test_no_lead_at_all_is_a_normal_answer(self, frame):
        found = lead_scores(ibis.memtable(frame), None, date(2020, 1, 1), rules=RULES, market="vietnam")
        assert found.leads.empty
        assert found.status["total_leads"] == 0
        assert found.assignments().empty


class TestEvidence:
    def test_the_test_is_on_later_leads_than_any_that_was_learnt_from(self, frame, result):
        since = pd.Timestamp(result.status["test_from"])
        ripe = frame["created_at"].dt.normalize() <= pd.Timestamp(DAY) - pd.Timedelta(days=90)
        tested = frame[ripe & (frame["created_at"] >= since)]
        assert result.status["test"] == "later"
        assert result.status["test_leads"] == len(tested)
        assert result.status["test_converted"] == tested["converted_at"].notna().sum()

    def test_the_model_that_is_tested_has_not_seen_the_later_leads(self, frame, result):
        """Roles that only later leads have tell who of them converted; earlier ones cannot know."""
        told = frame.copy()
        late = told["created_at"] >= pd.Timestamp(result.status["test_from"])
        won = told["converted_at"].notna()
        told.loc[late & won, "role"] = "Winner"
        told.loc[late & ~won, "role"] = "Loser"
        found = lead_scores(ibis.memtable(told), None, DAY, rules=RULES)
        assert found.status["test_from"] == result.status["test_from"]
        assert found.status["suspected_leaks"] == []
        assert found.scores["roc_auc"].iloc[0] < 0.8

    def test_baselines_stand_beside_the_score_on_the_same_leads(self, result):
        assert result.scores["model"].tolist() == ["model", "points", "source", "prior"]
        assert set(result.scores["leads"]) == {result.status["test_leads"]}
        assert result.scores.set_index("model")["roc_auc"]["prior"] == 0.5

    def test_the_score_finds_what_decides(self, result):
        ranked = result.scores.set_index("model")
        assert ranked["roc_auc"]["model"] > ranked["roc_auc"]["source"]
        assert result.status["leader"] == "model"
        assert result.features["feature"].iloc[0] == "source"

    def test_every_tested_and_every_open_lead_stands_in_one_band(self, result):
        assert result.bands["tested_leads"].sum() == result.status["test_leads"]
        assert result.bands["converted"].sum() == result.status["test_converted"]
        assert result.bands["open_leads"].sum() == result.status["leads_in_time"]

    def test_band_rates_are_the_counts_with_wilson_intervals(self, result):
        rows = result.bands[result.bands["tested_leads"] > 0]
        low, high = wilson(rows["converted"], rows["tested_leads"])
        np.testing.assert_allclose(rows["conversion_rate"], 100 * rows["converted"] / rows["tested_leads"])
        np.testing.assert_allclose(rows[["conversion_rate_low", "conversion_rate_high"]], np.c_[low, high])

    def test_a_score_on_a_bound_belongs_to_the_band_above(self):
        begins = [band.begins for band in RULES.bands]
        scores = np.array([100.0, *begins, *(begin - 1e-9 for begin in begins[:-1])])
        found = band_rates(None, scores, RULES).set_index("band")["open_leads"]
        expected = [RULES.band(score) for score in scores]
        assert found.to_dict() == {band.name: expected.count(band.name) for band in RULES.bands}

    def test_gains_end_with_all_conversions(self, result):
        assert result.gains["recall_rate"].iloc[-1] == 100.0
        assert result.gains["recall_rate"].is_monotonic_increasing

    def test_the_same_data_give_the_same_scores_in_any_order_of_rows(self, frame, result):
        shuffled = frame.sample(frac=1, random_state=1)
        again = lead_scores(ibis.memtable(shuffled), None, DAY, rules=RULES, market="vietnam")
        pd.testing.assert_frame_equal(again.leads, result.leads)


class TestTheList:
    def test_holds_the_open_leads_the_young_first_then_by_score(self, frame, result):
        assert set(result.leads["lead_id"]) == set(frame.loc[frame["converted_at"].isna(), "lead_id"])
        assert result.leads["in_time"].is_monotonic_decreasing
        young = result.leads[result.leads["in_time"].astype(bool)]
        assert (young["age_days"] < 90).all()
        assert young["score"].is_monotonic_decreasing
        assert young["score"].between(0, 100).all()

    def test_each_score_has_its_band_and_what_became_of_it(self, result):
        rates = result.bands.set_index("band")["conversion_rate"]
        for row in result.leads.head(20).itertuples():
            assert row.band == RULES.band(row.score)
            np.testing.assert_equal(row.band_conversion_rate, rates[row.band])

    def test_point_rules_and_regions_are_those_of_the_market(self, frame, result):
        known = frame.set_index("lead_id").loc[result.leads["lead_id"]]
        sql = (known["points"] >= 110) | known["book_consultant"]
        assert (result.leads["stage"] == "SQL").tolist() == sql.tolist()
        desks = {"DACH": "DACH desk", "APAC": "APAC desk"}
        assert result.leads["assignee"].tolist() == known["region"].map(desks).fillna("Sales team 1").tolist()
        takers = result.assignments()
        assert takers["sql_leads"].sum() == result.status["sql_leads"]
        assert takers[["sql_leads", "mql_leads"]].to_numpy().sum() == result.status["leads_in_time"]

    def test_without_a_market_nobody_is_assigned(self, frame):
        found = lead_scores(ibis.memtable(frame), None, DAY, rules=RULES)
        assert found.leads[["stage", "assignee"]].isna().all(axis=None)
        assert found.assignments().empty

    def test_holds_nothing_by_which_anybody_could_be_reached(self, frame):
        more = frame.assign(email="ada@example.org", mobile="+44 7700 900123", phone="900123")
        found = lead_scores(ibis.memtable(more), None, DAY, rules=RULES)
        assert not {"email", "mobile", "phone"} & set(found.leads.columns)


class TestLeaks:
    def test_a_column_that_alone_separates_is_suspected_and_left_out(self, frame):
        told = frame["converted_at"].notna() ^ (np.arange(len(frame)) % 25 == 0)
        leaking = frame.assign(Verdict=np.where(told, "yes", "no"))
        found = lead_scores(ibis.memtable(leaking), None, DAY, rules=RULES)
        assert found.status["suspected_leaks"] == ["Verdict"]
        assert "Verdict" not in found.status["features"]
        assert found.scores["roc_auc"].iloc[0] < 0.85
        kept = lead_scores(ibis.memtable(leaking), None, DAY, rules=RULES, keep_suspects=True)
        assert kept.status["suspected_leaks"] == ["Verdict"]
        assert kept.status["suspects_used"]
        assert kept.scores["roc_auc"].iloc[0] > 0.95

    def test_missing_is_a_value_that_can_tell(self):
        won = np.arange(200) % 4 == 0
        only_after = pd.DataFrame({"reason": np.where(won, "budget", None)})
        found = screen(only_after, won, ["reason"], LeakScreen())
        assert found["why"].tolist() == ["separates"]

    def test_a_column_with_a_value_of_its_own_for_each_lead_tells_nothing(self):
        random = np.random.default_rng(0)
        frame = pd.DataFrame({"id": [f"x{i}" for i in range(400)], "noise": random.random(400)})
        found = screen(frame, random.random(400) < 0.3, ["id", "noise"], LeakScreen())
        assert found["alone_auc"].between(0.4, 0.6).all()

    def test_a_number_that_tells_at_both_ends_is_found(self):
        values = np.linspace(-1, 1, 400)
        found = screen(pd.DataFrame({"x": values}), np.abs(values) > 0.7, ["x"], LeakScreen())
        assert found["alone_auc"].iloc[0] > 0.95

    def test_a_name_alone_makes_no_suspect_of_a_column_that_tells_nothing(self):
        random = np.random.default_rng(0)
        frame = pd.DataFrame({"last_seen": random.random(400)})
        found = screen(frame, random.random(400) < 0.3, ["last_seen"], LeakScreen(names=("last",)))
        assert not found["suspected"].any()


class TestFeatures:
    def test_further_columns_are_learnt_from_where_asked(self, frame):
        found = lead_scores(ibis.memtable(frame), None, DAY, rules=RULES, more_features=["points", "region"])
        assert {"points", "region"} <= set(found.status["features"])

    def test_a_column_that_leads_do_not_have_is_an_error_with_the_nearest_name(self, frame):
        with pytest.raises(ParamsError, match=r'no column "regoin".*region'):
            lead_scores(ibis.memtable(frame), None, DAY, rules=RULES, more_features=["regoin"])

    def test_numbers_written_as_text_are_numbers(self, frame):
        text = frame.assign(visits=[str(i % 30) for i in range(len(frame))])
        number = frame.assign(visits=[float(i % 30) for i in range(len(frame))])
        one, two = (
            lead_scores(ibis.memtable(f), None, DAY, rules=RULES).leads["score"] for f in (text, number)
        )
        pd.testing.assert_series_equal(one, two)


def test_leads_without_dates_are_tested_in_five_parts(frame):
    plain = frame.assign(converted=frame["converted_at"].notna()).drop(columns=["created_at", "converted_at"])
    found = score_frame(plain, ["source", "role"], rules=RULES)
    assert found.status["test"] == "folds"
    assert found.status["test_leads"] == len(frame)
    assert found.scores["roc_auc"].iloc[0] > 0.65
    assert found.bands["tested_leads"].sum() == len(frame)
    assert found.leads["in_time"].all()
