"""What a reader sees in the pictures of the retention report."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.charts import retention as charts
from analytics.charts import revenue_retention as contract_charts
from analytics.formats import Format
from analytics.metrics.rates import add_rate
from analytics.metrics.survival import kaplan_meier

POUNDS, DONG = Format("en_GB", "GBP"), Format("vi_VN", "VND")


def line(months=25, customers=400, kept=300):
    starts = [date(2024 + (9 + i) // 12, (9 + i) % 12 + 1, 1) for i in range(months)]
    frame = pd.DataFrame({"start": starts, "left_truncated": False})
    return add_rate(frame, "retention_rate", [kept + i for i in range(months)], [customers] * months)


class TestTrend:
    def test_tells_the_ends_the_range_and_the_year_before(self):
        chart = charts.trend(line(), POUNDS)
        assert chart.alt == (
            "Line chart, Oct 2025 to Oct 2026. The share of active customers who stay through a month goes "
            "from 78% to 81%, between 78% and 81%. The year before it was 78%."
        )
        for words in ("This year", "Year before", "81%", "100%"):
            assert words in chart.wide

    def test_the_axis_ends_at_60_or_100_percent(self):
        low, high = charts.trend(line(kept=100), POUNDS).wide, charts.trend(line(), POUNDS).wide
        assert ">60%<" in low
        assert ">100%<" not in low
        assert ">100%<" in high

    def test_there_is_no_year_before_without_data(self):
        assert "Year before" not in charts.trend(line(months=12), POUNDS).wide

    def test_months_of_few_customers_or_of_too_young_data_have_no_point(self):
        assert charts.trend(line(customers=29, kept=1), POUNDS) is None
        assert charts.trend(line().assign(left_truncated=True), POUNDS) is None
        young = line(months=6).assign(left_truncated=[True, True, True, False, False, False])
        assert charts.trend(young, POUNDS).alt.startswith("Line chart, Jan 2025 to Mar 2025")

    def test_one_month_is_no_line_and_none_is_nothing(self):
        assert charts.trend(line(months=1), POUNDS) is None
        assert charts.trend(line().iloc[:0], POUNDS) is None

    def test_leaves_its_input_alone_and_draws_the_same_bytes_twice(self):
        frame = line()
        before = frame.copy(deep=True)
        assert charts.trend(frame, POUNDS) == charts.trend(frame, POUNDS)
        pd.testing.assert_frame_equal(frame, before)

    def test_months_are_named_in_the_readers_language(self):
        assert charts.month_label(date(2026, 10, 1), POUNDS) == "Oct\n2026"
        assert charts.month_label(date(2026, 10, 1), DONG).endswith("\n2026")
        assert "2026" not in charts.month_label(date(2026, 10, 1), DONG).split("\n")[0]


class TestBooks:
    ROW = pd.Series(
        {
            "starting_customers": 450,
            "churned_customers": 15,
            "reactivated_customers": 2,
            "new_customers": 30,
            "new_lapsed": 1,
            "ending_customers": 466,
        }
    )

    def test_the_bridge_leads_from_start_to_end(self):
        chart = charts.books(self.ROW, POUNDS)
        assert chart.alt == (
            "Bridge from 450 customers active at the start to 466 at the end: "
            "Lost −15; Came back +2; New +29."
        )
        for words in ("450", "−15", "+2", "+29", "466"):
            assert f">{words}<" in chart.wide

    def test_books_that_do_not_balance_are_no_picture(self):
        with pytest.raises(ValueError, match="lead to 466, not to 465"):
            charts.books(self.ROW.replace({466: 465}), POUNDS)

    def test_nobody_is_nothing(self):
        assert charts.books(self.ROW * 0, POUNDS) is None


class TestGapsAndOrders:
    GAPS = pd.DataFrame({"gap_days": [7, 30, 120], "gaps": [60, 30, 10]})

    def test_both_marks_are_named(self):
        chart = charts.gaps(self.GAPS, 107.0, POUNDS, churn_days=90)
        assert "Lapsed: 90 days" in chart.wide
        assert "Nine in ten: 107 days" in chart.wide
        assert chart.alt.endswith("ten last at most 107 days; a customer counts as lapsed after 90 days.")

    def test_a_gap_counts_as_often_as_it_occurs(self):
        heavier = self.GAPS.assign(gaps=[60, 300, 10])
        marks = {"churn_days": 90}
        assert charts.gaps(self.GAPS, 107.0, POUNDS, **marks) != charts.gaps(heavier, 107.0, POUNDS, **marks)

    def test_few_gaps_are_no_picture(self):
        assert charts.gaps(self.GAPS.assign(gaps=9), 107.0, POUNDS, churn_days=90) is None
        assert charts.gaps(self.GAPS.iloc[:0], np.nan, POUNDS, churn_days=90) is None

    def test_orders_tell_once_twice_and_often(self):
        rows = pd.DataFrame(
            {"orders": ["1", "2", "10+"], "customer_count": [50, 30, 20], "percentage": [50.0, 30.0, 20.0]}
        )
        chart = charts.repeat(rows, POUNDS)
        assert chart.alt == ("Columns: 50% of customers have ordered once, 30% twice, 20% ten times or more.")
        assert charts.repeat(rows.assign(customer_count=9), POUNDS) is None


class TestContracts:
    def test_the_bridge_of_contract_value(self):
        rows = pd.DataFrame(
            {"movement": ["new", "contraction"], "accounts": [5, 2], "acv": [300_000.0, -100_000.0]}
        )
        row = pd.Series(
            {"starting_accounts": 9, "ending_accounts": 14, "starting_acv": 1e6, "ending_acv": 1.2e6}
        )
        chart = contract_charts.bridge(rows, row, POUNDS)
        assert chart.alt == "Bridge from £1.00m at the start to £1.20m at the end: New +£300k; Shrank −£100k."
        assert "5 accounts" in chart.wide
        assert contract_charts.bridge(rows, row * 0, POUNDS) is None

    def curves(self, *sizes):
        """Accounts of each plan that are watched for 800 days; one in ten leaves after a year."""
        parts = []
        for plan, size in zip(["all", "Pro", "Lite"], [sum(sizes), *sizes], strict=False):
            leave = np.where(np.arange(size) % 10 == 0, 300, 800)
            curve = kaplan_meier(np.zeros(size), leave, leave == 300, ages=(90, 180, 365, 545, 730))
            parts.append(curve.assign(plan=plan, accounts=size))
        return pd.concat(parts, ignore_index=True)

    def test_each_plan_has_a_curve_with_the_numbers_still_watched(self):
        chart = contract_charts.survival(self.curves(100, 50), POUNDS)
        assert chart.alt == (
            "Falling curves over 730 days. After 365 days the share still customers is: Pro 90%; Lite 90%."
        )
        for words in ("Pro", "Lite", "Still watched", ">100<", ">45<"):
            assert words in chart.wide

    def test_a_plan_of_few_has_no_curve_and_then_all_are_drawn_together(self):
        chart = contract_charts.survival(self.curves(100, 20), POUNDS)
        assert "All accounts" in chart.wide
        assert "Lite" not in chart.wide

    def test_few_accounts_are_no_picture(self):
        assert contract_charts.survival(self.curves(12, 12), POUNDS) is None
        assert contract_charts.survival(self.curves(12).iloc[:0], POUNDS) is None
