"""The book of deals: figures add up, the past stays what it was, and the classifier sees no future."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from analytics.metrics import pipeline
from analytics.metrics.deals import deals_then
from analytics.metrics.purchases import day_number
from analytics.models.deals import close_probability as classifier
from analytics.models.deals.book import read_book
from analytics.params import load_rules
from analytics.timeframe import compare, parse_timeframe
from tests.deal_data import FIRST, STAGES, frames, table

RULES = load_rules("pipeline_rules")
LAST = date(2026, 6, 25)


def periods(text, as_of=LAST):
    return compare(parse_timeframe(text, as_of=as_of, first_day=FIRST.date()), first_day=FIRST.date()).periods


@pytest.fixture(scope="module")
def tables():
    return tuple(table(frame) for frame in frames(n=700))


@pytest.fixture(scope="module")
def book(tables):
    return read_book(*tables, periods("2026-Q1"), RULES, first_day=FIRST.date())


@pytest.fixture(scope="module")
def lives(tables):
    then = deals_then(*tables, [LAST])
    closed, entries = then.closed, then.entries
    return classifier.weekly(closed, entries)


class TestFigures:
    def test_stages_owners_and_months_add_up_to_the_pipeline(self, book):
        now = book.headlines.iloc[-1]
        whole = book.owners[book.owners["stage"] == "all"]
        ahead = book.forecast[book.forecast["timing"] != "past"]
        for rows, count in ((book.stages, "deal_count"), (whole, "deal_count"), (ahead, "deals")):
            assert rows[count].sum() == now["deal_count"] == len(book.open)
            assert rows["value"].sum() == pytest.approx(now["total_pipeline"])
            assert rows["weighted_value"].sum() == pytest.approx(book.open["weighted_value"].sum())
        by_stage = book.owners[book.owners["stage"] != "all"]
        assert by_stage["value"].sum() == pytest.approx(now["total_pipeline"])

    def test_weighted_values_are_value_times_the_chance_shown(self, book):
        rows = pipeline.by_priority(book.open)
        expected = rows["deal_value"] * rows["close_probability"] / 100
        assert np.allclose(rows["priority_value"], expected)
        assert rows["priority_value"].is_monotonic_decreasing
        assert rows["close_probability"].between(1, 99).all()
        assert (rows["close_probability"] % 1 == 0).all()

    def test_the_forecast_of_90_days_leaves_overdue_and_undated_deals_apart(self, book):
        rows = book.open.assign(days_to_close=book.open["days_to_close"].astype("float64"))
        rows.loc[rows.index[:3], "days_to_close"] = [-1, 0, 89]
        rows.loc[rows.index[3:5], "days_to_close"] = [90, np.nan]
        now = pipeline.headlines([rows.head(5)], book.closings.tail(1), min_deal_value=0).iloc[0]
        assert now["weighted_forecast_90d"] == pytest.approx(rows["weighted_value"].iloc[1:3].sum())
        assert now["overdue_weighted_value"] == pytest.approx(rows["weighted_value"].iloc[0])
        assert now["undated_value"] == pytest.approx(rows["value"].iloc[4])
        assert (now["overdue_deals"], now["expected_90d_deals"], now["undated_deals"]) == (1, 2, 1)

    def test_velocity_is_deals_times_rate_times_size_over_cycle(self, book):
        now = book.headlines.iloc[-1]
        expected = now["deal_count"] * now["win_rate"] * now["avg_deal_size"] / now["sales_cycle_days"]
        assert now["velocity_per_day"] == pytest.approx(expected)

    def test_owners_won_what_the_timeframe_won(self, book):
        now, whole = book.headlines.iloc[-1], book.owners[book.owners["stage"] == "all"]
        assert whole["won_deals"].sum() == now["won_deals"]
        assert whole["won_value"].sum() == pytest.approx(now["won_value"])
        assert whole["win_rate_n"].sum() == now["win_rate_n"]
        assert book.owners.loc[book.owners["stage"].isin(STAGES), "conversion_rate_n"].sum() > 0

    def test_what_came_is_held_against_what_was_forecast(self, book, tables):
        past = book.forecast[book.forecast["timing"] == "past"]
        assert len(past) == 12
        assert (past["won_from_forecast"] <= past["won_value"]).all()
        january = past[past["month"] == "2026-01-01"].iloc[0]
        deals = frames(n=700)[0]
        won = deals[(deals["outcome"] == "won") & (deals["closed_at"].dt.strftime("%Y-%m") == "2026-01")]
        assert january["won_value"] == won["value"].sum()

    def test_deals_at_risk_are_large_and_critical_or_stagnant(self, book):
        least = 10_000
        rows = pipeline.at_risk_deals(book.open, min_deal_value=least)
        open_ = book.open[(book.open["value"] >= least)]
        assert set(rows["deal_id"]) == set(
            open_.loc[(open_["health_score"] < 40) | open_["stagnant"], "deal_id"]
        )
        assert rows["deal_value"].is_monotonic_decreasing

    def test_upcoming_has_overdue_deals_first(self, book):
        rows = pipeline.upcoming(book.open)
        assert rows["days_to_close"].is_monotonic_increasing
        assert (rows["overdue"] == (rows["days_to_close"] < 0)).all()
        assert rows["days_to_close"].max() < 90


class TestRows:
    """Each stage, owner and month against a loop over the deals: exchanged rows add up just as well."""

    START, END = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-04-01")

    def agrees(self, row, deals):
        assert row["deal_count"] == len(deals)
        assert row["value"] == pytest.approx(sum(deal["value"] for deal in deals))
        likely = sum(deal["value"] * deal["close_probability"] / 100 for deal in deals)
        assert row["weighted_value"] == pytest.approx(likely)
        assert row["stagnant_deals"] == sum(deal["days_in_stage"] > 60 for deal in deals)
        days = [deal["days_in_stage"] for deal in deals]
        mean = sum(days) / len(days) if days else np.nan
        assert row["avg_days_in_stage"] == pytest.approx(mean, nan_ok=True)

    def closed(self):
        deals = frames(n=700)[0].to_dict("records")
        return [deal for deal in deals if self.START <= deal["closed_at"] < self.END]

    def stays(self):
        """Owner, stage and whether the deal moved on, of the stays that ended in the timeframe."""
        deals, history = frames(n=700)
        for deal in deals.to_dict("records"):
            own = history[history["deal_id"] == deal["deal_id"]].sort_values("changed_at")
            steps = [*zip(own["changed_at"], own["stage"], strict=True), (deal["closed_at"], deal["outcome"])]
            for (_, stage), (ended, then) in pairwise(steps):
                if self.START <= ended < self.END:
                    yield deal["owner"], stage, then != "lost"

    def test_every_stage(self, book):
        assert book.stages["stage"].tolist() == STAGES
        deals = book.open.to_dict("records")
        for row in book.stages.to_dict("records"):
            self.agrees(row, [deal for deal in deals if deal["stage"] == row["stage"]])
            assert row["normal_days"] == RULES.stages[row["stage"]].normal_days

    def test_every_owner_and_stage(self, book):
        deals, closed, stays = book.open.to_dict("records"), self.closed(), list(self.stays())
        history = frames(n=700)[1]
        been = set(zip(history["deal_id"], history["stage"], strict=True))
        assert len(book.owners) == 2 * (1 + len(STAGES))
        for row in book.owners.to_dict("records"):
            owner, stage = row["owner"], row["stage"]
            stages = STAGES if stage == "all" else [stage]
            self.agrees(row, [deal for deal in deals if deal["owner"] == owner and deal["stage"] in stages])
            seen = [deal for deal in closed if deal["owner"] == owner
                    and (stage == "all" or (deal["deal_id"], stage) in been)]  # fmt: skip
            won = [deal["value"] for deal in seen if deal["outcome"] == "won"]
            assert (row["won_deals"], row["lost_deals"]) == (len(won), len(seen) - len(won))
            assert row["won_value"] == sum(won)
            assert row["win_rate"] == pytest.approx(len(won) / len(seen))
            moved = [on for name, left, on in stays if (name, left) == (owner, stage)]
            assert row["conversion_rate_n"] == len(moved)
            rate = 100 * sum(moved) / len(moved) if moved else np.nan
            assert row["conversion_rate"] == pytest.approx(rate, nan_ok=True)

    def test_every_month_ahead(self, book):
        ahead = book.forecast[book.forecast["timing"] == "expected"]
        assert ahead["month"].tolist() == list(pd.date_range("2026-04-01", periods=12, freq="MS"))
        for row in ahead.to_dict("records"):
            due = [deal for deal in book.open.to_dict("records") if deal["days_to_close"] >= 0
                   and deal["expected_close_at"].strftime("%Y-%m") == f"{row['month']:%Y-%m}"]  # fmt: skip
            assert (row["deals"], row["value"]) == (len(due), sum(deal["value"] for deal in due))
            likely = sum(deal["value"] * deal["close_probability"] / 100 for deal in due)
            assert row["weighted_value"] == pytest.approx(likely)

    def test_a_past_month_s_forecast_is_that_of_the_deals_due_then(self, book):
        past = book.forecast[book.forecast["timing"] == "past"].to_dict("records")
        deals = frames(n=700)[0].to_dict("records")
        assert sum(row["deals"] for row in past) > 50
        for row in past:
            month = row["month"].strftime("%Y-%m")
            due = [deal for deal in book.opened[row["month"].date()].to_dict("records")
                   if deal["expected_close_at"].strftime("%Y-%m") == month]  # fmt: skip
            came = {deal["deal_id"]: deal["value"] for deal in deals
                    if deal["outcome"] == "won" and deal["closed_at"].strftime("%Y-%m") == month}  # fmt: skip
            assert (row["deals"], row["value"]) == (len(due), sum(deal["value"] for deal in due))
            likely = sum(deal["value"] * deal["close_probability"] / 100 for deal in due)
            assert row["weighted_value"] == pytest.approx(likely)
            assert row["won_value"] == sum(came.values())
            assert row["won_from_forecast"] == sum(came.get(deal["deal_id"], 0) for deal in due)


class TestThePast:
    def test_an_earlier_timeframe_has_the_figures_that_it_has_in_this_one(self, book, tables):
        earlier = read_book(*tables, periods("2025-Q4")[-1:], RULES)
        mine = book.headlines.set_index("period").loc["2025-Q4"]
        pd.testing.assert_series_equal(
            earlier.headlines.iloc[-1].drop("period"), mine, check_names=False, check_dtype=False
        )

    def test_without_a_history_open_deals_are_the_same_and_fewer_stages_are_known(self, book, tables):
        plain = read_book(tables[0], None, periods("2026-Q1")[-1:], RULES)
        assert set(plain.open["deal_id"]) == set(book.open["deal_id"])
        assert plain.open["stage"].isna().sum() > 0
        assert not any(name.startswith("in_") for name in plain.model.inputs)

    def test_nothing_at_all_gives_empty_blocks(self, tables):
        nothing = read_book(*tables, periods("2024-Q1")[-1:], RULES)
        assert nothing.open.empty
        assert nothing.headlines.iloc[-1][["total_pipeline", "deal_count", "at_risk_deals"]].tolist() == [
            0,
            0,
            0,
        ]
        assert nothing.stages["deal_count"].sum() == 0
        assert nothing.owners.empty
        assert nothing.model.basis == "points"
        assert nothing.test.scores.empty
        assert len(nothing.forecast) == 12


class TestClassifier:
    def test_takes_over_from_50_closed_deals_on(self, lives):
        ids = lives["deal_id"].unique()
        fewer, enough = (lives[lives["deal_id"].isin(ids[:n])] for n in (49, 50))
        assert classifier.fit(fewer, RULES).basis == "points"
        assert classifier.fit(enough, RULES).basis == "classifier"
        assert classifier.fit(enough.assign(outcome="won"), RULES).basis == "points"

    def test_learns_from_deals_as_they_stood_while_open(self, lives):
        assert (lives["day"] > lives["created_day"]).all()
        assert (lives["day"] <= lives["closed_day"]).all()
        won = lives[lives["outcome"] == "won"]
        assert set(won["stage"]) == set(STAGES)
        assert (lives["days_in_stage"].dropna() > 0).all()

    def test_learns_from_nothing_closed_later(self, lives):
        day = day_number(date(2026, 1, 1))
        known = classifier.known_by(lives, day)
        sure = known[known["outcome"] != "stale"]
        assert (sure["closed_day"] < day).all()
        later = lives["closed_day"] >= day
        changed = lives.assign(outcome=lives["outcome"].mask(later, "won"))
        pd.testing.assert_frame_equal(known, classifier.known_by(changed, day))

    def test_a_deal_that_nobody_closes_counts_as_not_won(self, lives):
        zombie = lives.iloc[[0]].assign(deal_id="z", created_day=0.0, closed_day=1e6, day=900, outcome=None)
        known = classifier.known_by(pd.concat([lives, zombie], ignore_index=True), 30_000)
        assert known.loc[known["deal_id"] == "z", "outcome"].tolist() == ["stale"]

    def test_finds_what_goes_with_winning(self, lives):
        model = classifier.fit(lives, RULES)
        row = classifier.features(lives.iloc[[0]], RULES)
        both = {name: model.chance(row.assign(**{name: value}))[0]
                for name in ("champion_identified", "budget_confirmed") for value in (1.0,)}  # fmt: skip
        neither = model.chance(row.assign(champion_identified=0.0, budget_confirmed=0.0))[0]
        assert all(chance > neither + 0.1 for chance in both.values())

    def test_is_tested_on_later_deals_beside_the_points(self, lives):
        found = classifier.evaluate(lives, RULES)
        scores = found.scores.set_index("method")
        assert list(scores.index) == ["classifier", "points", "base_rate"]
        assert scores.loc["classifier", "log_loss"] < scores.loc["base_rate", "log_loss"]
        difference = scores.loc["points", "log_loss"] - scores.loc["classifier", "log_loss"]
        assert scores.loc["classifier", "better_by"] == pytest.approx(difference)
        split = day_number(found.since.date())
        later = lives[(lives["closed_day"] >= split) & (lives["day"] >= split)]
        assert scores.loc["classifier", "deals"] == later["deal_id"].nunique()
        assert found.trained_on == lives.loc[lives["closed_day"] < split, "deal_id"].nunique()

    def test_too_few_to_test_are_not_tested(self, lives):
        few = lives[lives["deal_id"].isin(lives["deal_id"].unique()[:40])]
        assert classifier.evaluate(few, RULES).scores.empty

    def test_gives_the_same_twice(self, lives):
        rows = classifier.features(lives.head(50), RULES)
        first, second = (classifier.fit(lives, RULES).chance(rows) for _ in range(2))
        assert (first == second).all()
