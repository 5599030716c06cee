"""What the tables of the retention report show."""

from datetime import date

import pandas as pd
import pytest

from analytics.formats import Format
from analytics.metrics.rates import add_rate
from analytics.tables import retention as tables
from analytics.tables import revenue_retention as contract_tables

POUNDS = Format("en_GB", "GBP")
NAN = float("nan")


def cohorts(sizes=(120, 29, 60)):
    total = sum(sizes)
    return pd.DataFrame(
        {
            "cohort": ["2025-12", "2026-01", "2026-02", "average"],
            "initial_customers": [*sizes, total],
            "period_0_retention": [100.0] * 4,
            "period_1_retention": [34.9, 50.0, NAN, 20.0],
            "period_2_retention": [5.0, NAN, NAN, 5.0],
            "period_0_revenue": [1000.0, 200.0, 300.0, 500.0],
            "period_1_revenue": [10.0, 20.0, NAN, 15.0],
            "period_2_revenue": [0.0, NAN, NAN, 0.0],
            "current_active": [10, 5, 60, 75],
            "churned": [110, 24, 0, 134],
            "left_truncated": [True, False, False, False],
            "partial": [False, False, True, False],
        }
    )


class TestTriangle:
    def test_cells_are_shown_hidden_or_blank(self):
        heat = tables.cohorts(cohorts(), POUNDS, period="month")
        assert heat.heads == ("First order", "New", "1", "2")
        assert [[cell.state for cell in cells] for _, _, cells in heat.rows] == [
            ["shown", "shown"], ["hidden", "blank"], ["blank", "blank"],
        ]  # fmt: skip
        assert heat.rows[0][2][0].text == "35"
        assert heat.rows[1][2][0].text == ""

    def test_the_scale_is_fixed_and_steps_up_only_where_a_shown_cell_needs_it(self):
        assert tables.cohorts(cohorts(), POUNDS, period="month").scale == "0 to 35% in seven equal steps"
        shown = tables.cohorts(cohorts((120, 30, 60)), POUNDS, period="month")
        assert shown.scale == "0 to 60% in seven equal steps"
        assert [cells[0].step for _, _, cells in shown.rows[:2]] == [5, 6]

    def test_the_weighted_row_is_all_and_marks_say_what_is_doubtful(self):
        heat = tables.cohorts(cohorts(), POUNDS, period="month")
        assert heat.average == ("All", "209", ("20", "5"))
        assert [name for name, _, _ in heat.rows] == ["Dec 2025 *", "Jan 2026", "Feb 2026 …"]

    @pytest.mark.parametrize(("cohort", "name"), [("2010-Q4", "Q4 2010"), ("2010", "2010")])
    def test_quarters_and_years_have_names(self, cohort, name):
        row = pd.Series({"left_truncated": False, "partial": False})
        assert tables.cohort_name(cohort, row, POUNDS) == name

    def test_only_the_newest_cohorts_are_shown_where_there_are_many(self):
        heat = tables.cohorts(cohorts(), POUNDS, period="month", page_rows=2)
        assert [name for name, _, _ in heat.rows] == ["Jan 2026", "Feb 2026 …"]
        assert "the newest 2 of 3" in heat.caption

    def test_nothing_to_show_is_none(self):
        assert tables.cohorts(cohorts().iloc[:0], POUNDS, period="month") is None
        young = cohorts().drop(columns=["period_1_retention", "period_2_retention"])
        assert tables.cohorts(young, POUNDS, period="month") is None

    def test_revenue_has_the_same_rows_and_the_weighted_average(self):
        table = tables.cohort_revenue(cohorts(), POUNDS, period="month")
        assert table.rows[1] == ("Jan 2026", "29", "£200", "£20", "", "5", "24")
        assert table.total[:4] == ("Average", "209", "£500", "£15")
        assert table.unsure == {1}
        assert table.folded


def month_rows():
    frame = pd.DataFrame(
        {
            "start": [date(2026, 9, 1), date(2026, 10, 1)],
            "starting_customers": [450, 20],
            "new_customers": [30, 1],
            "new_lapsed": [0, 0],
            "reactivated_customers": [0, 2],
            "churned_customers": [15, 5],
            "ending_customers": [465, 18],
            "left_truncated": [True, False],
        }
    )
    return add_rate(frame, "retention_rate", [435, 15], [450, 20])


class TestOthers:
    def test_months_are_listed_newest_first_and_few_are_grey(self):
        table = tables.trends(month_rows(), POUNDS)
        assert table.rows[0][:2] == ("Oct 2026", "20")
        assert table.rows[1] == ("Sept 2026 *", "450", "30", "0", "0", "15", "465", "96.7%", "95% to 98%")
        assert table.unsure == {0}
        assert "begin too late" in table.caption
        assert tables.trends(month_rows().iloc[:0], POUNDS) is None

    def test_rates_stand_side_by_side_in_the_order_of_days(self):
        row = {}
        for ending, part, whole in (("_60", 50, 100), ("", 120, 150), ("_180", 180, 200)):
            frame = add_rate(pd.DataFrame(index=[0]), f"retention_rate{ending}", [part], [whole])
            frame = add_rate(frame, f"churn_rate{ending}", [whole - part], [whole])
            row |= frame.iloc[0].to_dict()
        table = tables.rates(pd.Series(row), POUNDS, churn_days=90)
        assert [cells[:3] for cells in table.rows] == [
            ("60 days", "100", "50.0%"), ("90 days", "150", "80.0%"), ("180 days", "200", "90.0%"),
        ]  # fmt: skip
        other = tables.rates(pd.Series(row), POUNDS, churn_days=30)
        assert [cells[0] for cells in other.rows] == ["30 days", "60 days", "180 days"]
        same = tables.rates(pd.Series(row), POUNDS, churn_days=60)
        assert [cells[0] for cells in same.rows] == ["60 days", "180 days"]

    def test_orders_add_up_to_the_last_row(self):
        rows = pd.DataFrame(
            {
                "orders": ["1", "10+"],
                "customer_count": [30, 10],
                "percentage": [75.0, 25.0],
                "revenue": [1000.0, 9000.0],
                "revenue_contribution": [10.0, 90.0],
            }
        )
        table = tables.orders(rows, POUNDS)
        assert table.total == ("All", "40", "100.0%", "£10.0k", "100.0%")
        assert table.unsure == {1}
        assert tables.orders(rows.assign(customer_count=0), POUNDS) is None


class TestContracts:
    ROW = pd.Series(
        {"starting_accounts": 2, "ending_accounts": 3, "starting_acv": 1000.5, "ending_acv": 1500.0}
    )

    def test_movements_are_signed_to_the_cent(self):
        rows = pd.DataFrame({"movement": ["new", "churned"], "accounts": [2, 1], "acv": [1000.0, -500.5]})
        table = contract_tables.movements(rows, self.ROW, POUNDS)
        assert table.rows == (
            ("At the start", "2", "£1,000.50"), ("New", "2", "+£1,000.00"), ("Left", "1", "−£500.50"),
        )  # fmt: skip
        assert table.total == ("At the end", "3", "£1,500.00")

    def test_no_accounts_no_table(self):
        empty = self.ROW.copy()
        empty[["starting_accounts", "ending_accounts"]] = 0
        assert contract_tables.movements(pd.DataFrame(), empty, POUNDS) is None
        assert contract_tables.survival(pd.DataFrame(columns=["plan", "days"]), POUNDS) is None

    def test_survival_is_a_dash_where_few_are_watched(self):
        curves = pd.DataFrame(
            {
                "plan": ["all", "Pro"],
                "accounts": [100, 20],
                "days": [365, 365],
                "at_risk": [60, 12],
                "survival_rate": [80.0, 90.0],
                "survival_rate_low": [70.0, 60.0],
                "survival_rate_high": [88.0, 99.0],
            }
        )
        table = contract_tables.survival(curves, POUNDS)
        assert table.rows == (("All plans", "100", "80% (70% to 88%)"), ("Pro", "20", "–"))
        assert table.columns[2].label == "After 365 days"
