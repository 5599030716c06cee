"""Open deals as they stood: what history says, what dates prove, and that nothing later is read."""

from datetime import date, timedelta

import pandas as pd
import pytest

from analytics.metrics.closings import closings, win_drivers, won_deals
from analytics.metrics.deals import deals_then
from analytics.metrics.purchases import day_number
from analytics.metrics.stage_moves import stage_rates, stays
from analytics.timeframe import parse_timeframe
from tests.deal_data import STAGES, frames, table

EDGE = date(2025, 10, 1)
LAST = date(2026, 6, 25)


@pytest.fixture(scope="module")
def data():
    return frames()


def one(history=(), **row):
    """One deal of 1,000, in discovery since 2025-01-01, with changes in its history."""
    deal = {
        "deal_id": "a",
        "value": 1000.0,
        "stage": "Discovery",
        "created_at": "2025-01-01",
        "closed_at": None,
    }
    deal |= dict.fromkeys(("stage_entered_at", "last_activity_at", "expected_close_at"))
    deal |= dict.fromkeys(("interactions", "objections_handled", "competitors_mentioned", "lead_score"), 1.0)
    deal |= dict.fromkeys(("champion_identified", "budget_confirmed", "decision_maker_engaged"), True)
    terms = ("seats", "price_per_seat", "contract_months", "discount", "expansion_factor")
    deals = pd.DataFrame([deal | dict.fromkeys(terms, 1.0) | row])
    for name in deals.columns[deals.columns.str.endswith("_at")]:
        deals[name] = pd.to_datetime(deals[name])
    if not history:
        return table(deals), None
    names = ["changed_at", "stage", "value", "expected_close_at"]
    changes = pd.DataFrame(history, columns=names).assign(deal_id="a").astype({"value": "float64"})
    for name in ("changed_at", "expected_close_at"):
        changes[name] = pd.to_datetime(changes[name])
    return table(deals), table(changes)


def state(edge, history=(), **row):
    found = deals_then(*one(history, **row), [edge]).opened[edge]
    return None if found.empty else found.iloc[0]


class TestOpenAtTheReferenceDate:
    @pytest.mark.parametrize(
        ("edge", "is_open"),
        [("2025-01-01", False), ("2025-01-02", True), ("2025-03-05", True), ("2025-03-06", False)],
    )
    def test_created_before_it_and_not_closed_before_it(self, edge, is_open):
        row = state(date.fromisoformat(edge), closed_at="2025-03-05 18:00", outcome="won")
        assert (row is not None) == is_open

    def test_days_are_whole_calendar_days_up_to_it(self):
        row = state(
            EDGE,
            stage_entered_at="2025-09-30 23:59",
            last_activity_at="2025-09-17",
            expected_close_at="2025-10-11",
        )
        assert (row["days_in_stage"], row["days_silent"], row["days_to_close"]) == (1, 14, 10)
        assert row["days_open"] == 273

    def test_stages_are_written_small(self):
        assert state(EDGE, stage=" Discovery ")["stage"] == "discovery"


class TestHistory:
    CHANGES = (
        ("2025-01-01", "discovery", 900, "2025-08-01"),
        ("2025-02-01", "discovery", 950, None),
        ("2025-03-01", "proposal", None, "2025-09-01"),
        ("2025-04-01", None, 990, None),
        ("2025-12-01", "negotiation", 2000, "2026-09-01"),
    )

    def test_tells_stage_value_and_day_as_they_stood(self):
        row = state(date(2025, 5, 1), self.CHANGES, stage="negotiation", stage_entered_at="2025-12-01")
        assert (row["stage"], row["value"]) == ("proposal", 990)
        assert row["expected_close_at"] == pd.Timestamp("2025-09-01")
        assert row["days_in_stage"] == 61

    def test_a_change_that_keeps_the_stage_is_no_entry(self):
        row = state(date(2025, 2, 15), self.CHANGES)
        assert (row["days_in_stage"], row["value"]) == (45, 950)

    def test_one_query_answers_for_many_days(self):
        deals, history = one(self.CHANGES)
        edges = [date(2025, 1, 15), date(2025, 3, 15), date(2026, 1, 1)]
        found = deals_then(deals, history, edges).opened
        assert [found[day]["stage"].iloc[0] for day in edges] == ["discovery", "proposal", "negotiation"]


class TestWithoutHistory:
    def test_a_stage_entered_later_is_not_known_then(self):
        row = state(EDGE, stage_entered_at="2025-12-01")
        assert row["stage"] is None
        assert pd.isna(row["days_in_stage"])

    def test_a_stage_without_a_day_is_known_of_a_deal_not_closed_since(self):
        assert state(EDGE)["stage"] == "discovery"
        assert state(EDGE, closed_at="2026-01-01", outcome="won")["stage"] is None

    def test_an_activity_that_came_later_proves_only_the_last_event_before(self):
        assert state(EDGE, last_activity_at="2026-01-01")["days_silent"] == 273
        assert pd.isna(state(EDGE)["days_silent"])


def truncated(deals, history, edge):
    """The tables as they would have been on the day before the edge."""
    limit = pd.Timestamp(edge)
    deals = deals[deals["created_at"] < limit].copy()
    later = deals["closed_at"] >= limit
    deals.loc[later, ["closed_at", "outcome"]] = None
    return deals, history[history["changed_at"] < limit]


@pytest.mark.parametrize("edge", [EDGE, date(2026, 1, 1), LAST], ids=str)
def test_nothing_on_or_after_the_reference_date_is_read(data, edge):
    deals, history = data
    cut = truncated(deals, history, edge)
    now = deals_then(table(deals), table(history), [edge])
    then = deals_then(table(cut[0]), table(cut[1]), [edge])
    pd.testing.assert_frame_equal(now.opened[edge], then.opened[edge])
    pd.testing.assert_frame_equal(now.closed, then.closed)
    pd.testing.assert_frame_equal(now.entries, then.entries)


@pytest.mark.parametrize("edge", [EDGE, LAST], ids=str)
def test_open_deals_agree_with_a_plain_count(data, edge):
    deals, history = data
    found = deals_then(table(deals), table(history), [edge]).opened[edge].set_index("deal_id")
    limit = pd.Timestamp(edge)
    still = deals[(deals["created_at"] < limit) & ~(deals["closed_at"] < limit)]
    assert sorted(found.index) == sorted(still["deal_id"])
    last = history[history["changed_at"] < limit].sort_values("changed_at").groupby("deal_id").last()
    assert (found["stage"] == last["stage"].reindex(found.index)).all()
    assert (found["value"] == last["value"].reindex(found.index)).all()


class TestClosings:
    def test_agree_with_a_plain_count(self, data):
        deals, _ = data
        quarter = parse_timeframe("2025-Q3", as_of=LAST)
        row = closings(table(deals), [quarter, quarter.previous()]).iloc[0]
        inside = deals[(deals["closed_at"] >= "2025-07-01") & (deals["closed_at"] < "2025-10-01")]
        won = inside[inside["outcome"] == "won"]
        assert (row["won_deals"], row["win_rate_n"]) == (len(won), len(inside))
        assert row["won_value"] == won["value"].sum()
        assert row["win_rate"] == pytest.approx(len(won) / len(inside))
        cycle = (won["closed_at"].dt.normalize() - won["created_at"].dt.normalize()).dt.days.mean()
        assert row["sales_cycle_days"] == pytest.approx(cycle)

    def test_of_a_timeframe_without_any_there_is_no_rate(self, data):
        row = closings(table(data[0]), [parse_timeframe("2020", as_of=LAST)]).iloc[0]
        assert (row["won_deals"], row["lost_deals"], row["won_value"]) == (0, 0, 0)
        assert pd.isna(row["win_rate"])
        assert pd.isna(row["sales_cycle_days"])

    def test_months_and_quarters_hold_every_won_deal(self, data):
        deals, _ = data
        rows = won_deals(table(deals), LAST)
        for _, part in rows.groupby("grain"):
            assert part["won_deals"].sum() == (deals["outcome"] == "won").sum()
            assert part["won_value"].sum() == deals.loc[deals["outcome"] == "won", "value"].sum()
        last = rows[rows["grain"] == "month"].iloc[-1]
        assert (last["period"], bool(last["finished"])) == ("2026-06", False)

    def test_a_driver_has_every_closed_deal_once(self, data):
        deals, _ = data
        rows = win_drivers(table(deals), LAST)
        assert set(rows.groupby("driver")["win_rate_n"].sum()) == {deals["outcome"].notna().sum()}
        yes = rows[(rows["driver"] == "champion_identified") & (rows["level"] == "yes")].iloc[0]
        mine = deals[deals["champion_identified"] & deals["outcome"].notna()]
        assert yes["win_rate"] == pytest.approx((mine["outcome"] == "won").mean())
        assert yes["win_rate_low"] < yes["win_rate"] < yes["win_rate_high"]
        assert {"4+"} >= set(rows["level"]) - {"0", "1", "2", "3", "3+", "yes", "no"}


class TestMoves:
    def test_rates_of_stages_fall_towards_the_first(self, data):
        deals, history = (table(frame) for frame in data)
        found = deals_then(deals, history, [LAST])
        rates = stage_rates(found.closed, found.entries, STAGES)
        assert rates["won_percent_n"].is_monotonic_decreasing
        won = (data[0]["outcome"] == "won").sum()
        assert rates["won_percent"].iloc[-1] == pytest.approx(100 * won / rates["won_percent_n"].iloc[-1])

    def test_without_a_history_a_deal_has_passed_every_stage_before_its_last(self, data):
        deals, history = (table(frame) for frame in data)
        found, bare = deals_then(deals, history, [LAST]), deals_then(deals, None, [LAST])
        with_history = stage_rates(found.closed, found.entries, STAGES)
        without = stage_rates(found.closed, bare.entries, STAGES)
        pd.testing.assert_frame_equal(with_history, without)

    def test_a_stay_moved_on_into_a_later_stage_or_to_winning(self):
        changes = [("2025-01-01", "proposal"), ("2025-02-01", "qualified"), ("2025-03-01", "negotiation")]
        history = [(day, stage, None, None) for day, stage in changes]
        deals, changes = one(history, closed_at="2025-04-01", outcome="won")
        then = deals_then(deals, changes, [EDGE])
        found = stays(then.closed, then.entries, STAGES).set_index("stage")
        assert found["moved_on"].to_dict() == {"proposal": False, "qualified": True, "negotiation": True}
        assert found.loc["qualified", "day"] == day_number(date(2025, 3, 1))

    def test_an_open_stay_is_not_over(self):
        deals, changes = one([("2025-01-01", "proposal", None, None)])
        edge = EDGE + timedelta(days=1)
        then = deals_then(deals, changes, [edge])
        assert stays(then.closed, then.entries, STAGES).empty
