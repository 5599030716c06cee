"""What the restated figures on return promise: whom they select, what these add up to, batch by batch."""

from datetime import date
from fractions import Fraction
from math import ceil

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.purchases import as_table
from analytics.metrics.roi import (
    RoiRules,
    cost_breakdown,
    part_of,
    retention_savings,
    roi_metrics,
    segments,
    selected,
    thresholds,
)
from analytics.metrics.roi_batches import batch_figures, scored_customers
from analytics.timeframe import parse_timeframe

RULES = RoiRules()
AS_OF = date(2026, 11, 1)
Q3 = parse_timeframe("2026-Q3", as_of=AS_OF)
MONEY = ("total_revenue", "total_costs", "net_profit")


def scored(*rows):
    """A batch from (customer, probability, score)."""
    return pd.DataFrame(
        {
            "customer_id": pd.Series([row[0] for row in rows], dtype="str"),
            "batch_id": pd.Series(["batch"] * len(rows), dtype="str"),
            "predicted_at": pd.Series(["2026-10-01"] * len(rows), dtype="datetime64[us]"),
            "churn_probability": pd.Series([row[1] for row in rows], dtype="float64"),
            "monetary_score": pd.Series([row[2] for row in rows], dtype="float64"),
        }
    )


def batches(*rows):
    """Predictions from (batch, moment, customer, probability, score)."""
    return pd.DataFrame(
        {
            "batch_id": pd.Series([row[0] for row in rows], dtype="str"),
            "predicted_at": pd.Series([row[1] for row in rows], dtype="datetime64[us]"),
            "customer_id": pd.Series([row[2] for row in rows], dtype="str"),
            "churn_probability": pd.Series([row[3] for row in rows], dtype="float64"),
            "monetary_score": pd.Series([row[4] for row in rows], dtype="float64"),
        }
    )


def high(count):
    """So many customers at high risk, with scores from 1 up."""
    return scored(*[(f"c{i:04d}", 0.9, float(i % 101)) for i in range(count)])


class TestTheSpecificationsCustomer:
    def test_one_customer_with_monetary_score_85(self):
        figures = roi_metrics(scored(("one", 0.9, 85.0)), RULES)
        names = (*MONEY, "roi_percentage", "payback_months", "customer_count")
        assert [figures[name] for name in names] == [8_500, 850, 7_650, 900, 1.2, 1]
        assert (figures["average_customer_ltv"], figures["cost_per_retention"]) == (8_500, 850)

    def test_the_costs_are_spent_as_written(self):
        figures = roi_metrics(scored(("one", 0.9, 85.0)), RULES)
        costs = cost_breakdown(figures, RULES).set_index("category")["cost"]
        assert costs.to_dict() == {
            "retention_campaigns": 425.0,
            "customer_success": 170.0,
            "technology_and_tools": 127.5,
            "support_and_service": 85.0,
            "other": 42.5,
        }


class TestSelection:
    def test_of_nine_customers_one_is_selected_not_none(self):
        assert len(selected(high(9), RULES)) == 1

    @pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (10, 1), (11, 2), (30, 3), (31, 4)])
    def test_a_tenth_rounded_up(self, count, expected):
        assert len(selected(high(count), RULES)) == expected

    def test_a_tenth_of_thirty_is_three_although_binary_fractions_say_a_little_more(self):
        assert ceil(30 * 0.1000000000000001) == 4
        assert part_of(30, Fraction(1, 10)) == 3
        assert part_of(100, Fraction("0.07")) == 7 < ceil(100 * 0.07)

    def test_a_probability_of_exactly_the_threshold_is_not_above_it(self):
        assert selected(scored(("at", 0.8, 90.0), ("over", 0.8001, 10.0)), RULES)["customer_id"].tolist() == [
            "over"
        ]

    def test_the_greatest_score_comes_first_and_equal_ones_go_by_id(self):
        rows = scored(("b", 0.9, 50.0), ("c", 0.9, 90.0), ("a", 0.9, 50.0))
        chosen = selected(rows, RoiRules(top_share=1.0))
        assert chosen[["rank", "customer_id"]].to_numpy().tolist() == [[1, "c"], [2, "a"], [3, "b"]]

    def test_lower_thresholds_are_told(self):
        rows = scored(("a", 0.9, 1.0), ("b", 0.75, 1.0), ("c", 0.65, 1.0), ("d", 0.55, 1.0), ("e", 0.5, 1.0))
        found = thresholds(rows, RULES)
        assert found["threshold"].tolist() == [0.8, 0.7, 0.6, 0.5]
        assert found["high_risk_customers"].tolist() == [1, 2, 3, 4]
        assert found["selected_customers"].tolist() == [1, 1, 1, 1]

    def test_a_threshold_in_use_that_is_among_them_stands_once(self):
        assert thresholds(high(3), RoiRules(high_risk_threshold=0.6))["threshold"].tolist() == [0.7, 0.6, 0.5]


class TestNobody:
    def test_nobody_selected_gives_zeros_and_no_rates(self):
        figures = roi_metrics(scored(("a", 0.1, 50.0)), RULES)
        assert [figures[name] for name in (*MONEY, "customer_count")] == [0, 0, 0, 0]
        rates = ("roi_percentage", "average_customer_ltv", "cost_per_retention", "payback_months")
        assert all(np.isnan(figures[name]) for name in rates)
        assert (figures["high_risk_percent"], figures["high_risk_percent_n"]) == (0.0, 1)

    def test_no_batch_at_all(self):
        figures = roi_metrics(scored(), RULES)
        assert figures["batch_id"] is None
        assert figures["predicted_at"] is None
        assert np.isnan(figures["high_risk_percent"])
        assert retention_savings(scored(), RULES)["customers"].tolist() == [0, 0, 0, 0]

    def test_without_costs_the_return_is_missing(self):
        figures = roi_metrics(high(3), RoiRules(retention_cost_share=0.0))
        assert np.isnan(figures["roi_percentage"])
        assert figures["payback_months"] == 0


class TestRules:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"high_risk_threshold": 1.1},
            {"top_share": 0.0},
            {"retention_cost_share": -0.1},
            {"revenue_multiplier": -1.0},
            {"revenue_multiplier": float("nan")},
            {"cost_breakdown": {"all": 0.9}},
            {"cost_breakdown": {"all": 1.5, "less": -0.5}},
        ],
    )
    def test_what_makes_no_sense_is_refused_by_name(self, wrong):
        with pytest.raises(ParamsError, match=next(iter(wrong))):
            RoiRules(**wrong)

    def test_shares_that_add_up_to_one_only_in_decimals_are_accepted(self):
        shares = {"a": 0.7, "b": 0.2, "c": 0.1}
        assert sum(shares.values()) < 1
        assert RoiRules(cost_breakdown=shares).cost_breakdown == shares


class TestTiers:
    def test_bounds_are_cumulative_and_rounded_up(self):
        assert retention_savings(high(9), RULES)["customers"].tolist() == [1, 0, 2, 6]
        assert retention_savings(high(100), RULES)["customers"].tolist() == [3, 7, 15, 75]
        assert retention_savings(high(101), RULES)["customers"].tolist() == [4, 7, 15, 75]

    @given(st.integers(0, 400))
    def test_tiers_hold_everybody_at_high_risk_the_most_valuable_first(self, count):
        rows = high(count)
        tiers = retention_savings(rows, RULES)
        assert tiers["customers"].sum() == count
        assert tiers["value"].sum() == pytest.approx(100 * rows["monetary_score"].sum())
        means = (tiers["value"] / tiers["customers"]).dropna()
        assert means.is_monotonic_decreasing
        assert (tiers["value"] - tiers["cost"] - tiers["saving"]).abs().max() < 1e-6


class TestSegments:
    STANDING = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "customer_name": ["A", "B", "C"],
            "customer_type": ["RETAIL", None, "RETAIL"],
            "rfm_segment": ["At Risk", "At Risk", "Champions"],
            "tier": ["VIP", "VIP", "VIP"],
        }
    )

    def test_the_sums_of_each_grouping_equal_the_headline(self):
        rules = RoiRules(top_share=1.0)
        rows = scored(("a", 0.9, 80.0), ("b", 0.9, 10.0), ("c", 0.9, 50.0), ("stranger", 0.9, 5.0))
        found = segments(selected(rows, rules), self.STANDING, rules)
        headline = roi_metrics(rows, rules)
        for _, group in found.groupby("grouping"):
            assert {name: group[name].sum() for name in MONEY} == {name: headline[name] for name in MONEY}
            assert group["customers"].sum() == headline["customer_count"]
            assert group["percentage"].sum() == pytest.approx(100)
        of = found.set_index(["grouping", "segment"])["customers"]
        assert of[("rfm_segment", "At Risk")] == 2
        assert of[("rfm_segment", "Unknown")] == 1
        assert of[("customer_type", "Unknown")] == 2

    def test_nobody_selected_gives_no_rows(self):
        found = segments(selected(scored(), RULES), self.STANDING, RULES)
        assert found.empty
        assert "total_revenue" in found


class TestBatchInForce:
    TWO = batches(
        ("old", "2026-07-15", "a", 0.9, 10.0),
        ("new", "2026-09-30 23:00", "a", 0.95, 20.0),
        ("new", "2026-09-30 23:00", "b", 0.1, 30.0),
        ("later", "2026-10-02", "a", 0.99, 99.0),
    )

    def test_the_newest_not_after_the_reference_date(self):
        found = scored_customers(as_table(self.TWO), date(2026, 10, 1))
        assert found["batch_id"].unique().tolist() == ["new"]
        assert found["customer_id"].tolist() == ["b", "a"]

    def test_one_dated_on_the_reference_date_counts(self):
        found = scored_customers(as_table(self.TWO), date(2026, 10, 2))
        assert found["batch_id"].unique().tolist() == ["later"]

    def test_of_two_at_the_same_moment_the_greatest_id(self):
        same = batches(("b2", "2026-09-01", "a", 0.9, 1.0), ("b10", "2026-09-01", "a", 0.9, 2.0))
        assert scored_customers(as_table(same), date(2026, 10, 1))["batch_id"].tolist() == ["b2"]

    def test_before_the_first_there_is_none(self):
        found = scored_customers(as_table(self.TWO), date(2026, 7, 14))
        assert found.empty
        assert roi_metrics(found, RULES)["scored_customers"] == 0

    def test_is_the_same_where_the_batches_have_been_read_already(self):
        table = as_table(self.TWO)
        for text in (("2026-06",), ("2026-06", "2026-Q3")):
            periods = [parse_timeframe(one, as_of=AS_OF) for one in text]
            read, day = batch_figures(table, periods, RULES), periods[-1].reference_date
            found = scored_customers(table, day, batches=read)
            pd.testing.assert_frame_equal(found, scored_customers(table, day))


class TestTrend:
    DATED = batches(
        *[
            (name, moment, customer, 0.9, score)
            for name, moment, score in (
                ("before", "2026-07-01", 1.0),
                ("july", "2026-07-10", 2.0),
                ("july-again", "2026-07-31", 3.0),
                ("august", "2026-09-01", 4.0),
                ("september", "2026-10-01", 5.0),
                ("after", "2026-10-05", 6.0),
            )
            for customer in ("a", "b")
        ]
    )

    def test_batches_after_the_start_up_to_the_end_the_last_of_each_month(self):
        found = batch_figures(as_table(self.DATED), [Q3], RULES).trend
        assert found["batch_id"].tolist() == ["july-again", "august", "september"]
        assert found["month"].dt.strftime("%Y-%m").tolist() == ["2026-07", "2026-08", "2026-09"]
        assert found["net_profit"].tolist() == [270.0, 360.0, 450.0]
        assert found["roi_percentage"].tolist() == [900.0] * 3

    def test_history_goes_back_to_the_first(self):
        found = batch_figures(as_table(self.DATED), [Q3], RULES).history
        assert found["batch_id"].tolist() == ["before", "july-again", "august", "september"]

    def test_a_timeframe_without_a_batch_has_no_trend(self):
        none = batch_figures(as_table(self.DATED), [parse_timeframe("2026-05", as_of=AS_OF)], RULES).trend
        assert none.empty
        assert none["customer_count"].dtype == "int64"

    def test_headlines_are_those_of_the_batch_in_force_then(self):
        may, august = (parse_timeframe(text, as_of=AS_OF) for text in ("2026-05", "2026-08"))
        found = batch_figures(as_table(self.DATED), [may, august, Q3], RULES).headlines
        assert found["batch_id"].tolist() == [None, "august", "september"]
        assert found["total_revenue"].isna().tolist() == [True, False, False]
        assert found["net_profit"].iloc[-1] == 450.0
        assert found["end"].tolist() == [may.reference_date, august.reference_date, Q3.reference_date]


@st.composite
def many_batches(draw):
    rows = draw(
        st.dictionaries(
            st.tuples(st.sampled_from("xyz"), st.integers(0, 25)),
            st.tuples(st.integers(0, 20), st.integers(0, 1000)),
            min_size=1,
            max_size=60,
        )
    )
    moments = {"x": "2026-07-05", "y": "2026-08-05", "z": "2026-09-05"}
    return batches(
        *[(name, moments[name], f"c{who:02d}", p / 20, s / 10) for (name, who), (p, s) in rows.items()]
    )


class TestEngines:
    @settings(max_examples=12)
    @given(many_batches(), st.sampled_from(["duckdb", "sqlite"]), st.sampled_from([0.1, 0.3, 1.0]))
    def test_the_engine_adds_up_what_the_selection_by_hand_adds_up(self, frame, engine, share):
        rules = RoiRules(top_share=share, high_risk_threshold=0.5)
        connection = getattr(ibis, engine).connect()
        table = connection.create_table("predictions", frame)
        history = batch_figures(table, [Q3], rules).history
        for row in history.itertuples(index=False):
            one = scored_customers(table.filter(table.batch_id == row.batch_id), date(2026, 10, 1))
            by_hand = roi_metrics(one, rules)
            for name in (*MONEY, "customer_count", "high_risk_customers", "scored_customers"):
                assert getattr(row, name) == pytest.approx(by_hand[name], abs=1e-4)
        assert len(history) == frame["batch_id"].nunique()
        connection.disconnect()
