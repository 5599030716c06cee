"""The tables of return: what is in them, what is grey, and what is never in them."""

import numpy as np
import pytest

from analytics.formats import Format
from analytics.tables import roi as tables
from analytics.tables import roi_campaigns as campaign_tables
from analytics.words import roi as words
from analytics.words import roi_campaigns as campaign_words
from analytics.words import roi_restated as restated
from tests import roi_figures as figures

BRITISH = Format("en_GB", "GBP")
label = campaign_words.labelled


class TestDepths:
    def test_are_tenths_with_the_best_point_between_them(self):
        rows = tables.depths(figures.curve_of(), BRITISH).rows
        assert [row[0] for row in rows] == [
            "10%", "20%", "30%", "40%", "50%", "60%", "70%", "Best: 76%", "80%", "90%", "100%",
        ]  # fmt: skip
        assert rows[7][1] == "152"

    def test_what_each_adds_adds_up(self):
        curve = figures.curve_of()
        rows = tables.depths(curve, BRITISH).rows
        assert rows[0][2] == BRITISH.money(
            curve.loc[curve["depth_percent"] == 10, "profit"].iloc[0], sign=True
        )
        assert rows[-1][2].startswith("−")
        assert max(row[3] for row in rows) == 100
        assert rows[-1][3] < 0

    def test_are_none_without_customers(self):
        assert tables.depths(figures.curve_of().head(0), BRITISH).rows == ()

    def test_say_each_number_of_customers_once(self):
        rows = tables.depths(figures.curve_of(figures.calls_of(3)), BRITISH).rows
        assert len({row[1] for row in rows}) == len(rows)

    def test_say_who_is_left_out_where_nearly_all_are_called(self):
        curve = figures.curve_of().assign(best=False)
        curve.loc[len(curve), :] = curve.iloc[-1]
        curve = curve.assign(customers=[*curve["customers"][:-2], 199, 200])
        curve["depth_percent"] = curve["customers"] / 2
        curve.loc[curve["customers"] == 199, "best"] = True
        shown = [row[0] for row in tables.depths(curve, BRITISH).rows]
        assert shown[-2:] == ["Best: all but 1", "100%"]


class TestSensitivity:
    def test_gives_both_ends_of_each_assumption(self):
        rows = tables.sensitivity(words.assumptions(figures.SENSITIVITY, BRITISH), BRITISH).rows
        assert rows[2] == ("Risk from which on to call", "80%", "70%", "56", "£2,200", "90%", "12", "£800")


class TestCustomers:
    def test_are_those_worth_a_call_in_their_order(self):
        table = tables.customers(figures.calls_of(), BRITISH, rows=3)
        assert [row[0] for row in table.rows] == ["C0000", "Customer 1 (C0001)", "C0002"]
        assert table.rows[0][2:6] == ("95%", "£300", "£52", 100.0)

    def test_go_on_in_a_second_folded_table(self):
        table = tables.customers(figures.calls_of(), BRITISH, rows=50, first=10)
        assert len(table.rows) == 40
        assert table.rows[0][0] == "C0010"
        assert table.folded == "The next calls: 11 to 50 of 152"

    def test_leave_out_nobody_who_is_worth_a_call_and_everybody_who_is_not(self):
        calls = figures.calls_of(9)
        table = tables.customers(calls, BRITISH, rows=50)
        assert len(table.rows) == int(calls["worth_calling"].sum()) < 9
        assert tables.customers(calls, BRITISH, rows=50, first=10) is None
        assert tables.customers(figures.calls_of(worth=20.0), BRITISH, rows=50) is None

    def test_leave_out_columns_of_which_nothing_is_known(self):
        calls = figures.calls_of().assign(rfm_segment=None, risk_factors=None, recommendations=None)
        heads = [column.label for column in tables.customers(calls, BRITISH, rows=3).columns]
        assert heads == ["Customer", "Chance to leave", "Worth if stays", "Expected gain", ""]

    def test_never_tell_to_leave_in_peace_whom_it_pays_to_call(self):
        calls = figures.calls_of().assign(
            risk_level=["Low", *["High"] * 199], recommendations="Do not spend."
        )
        rows = tables.customers(calls, BRITISH, rows=2).rows
        assert [row[-1] for row in rows] == [
            "Call: with £285 at stake it is expected to pay.", "Do not spend.",
        ]  # fmt: skip

    def test_never_call_a_risk_low_that_the_report_counts_as_high(self):
        calls = figures.calls_of().assign(risk_level="Low", recommendations="Risk is low.", high_risk=True)
        assert "low" not in str(tables.customers(calls, BRITISH, rows=50).rows).lower()

    def test_hold_no_way_to_reach_anybody(self):
        calls = figures.calls_of().assign(mobile="+44 7700 900123", email="ada@example.org")
        assert "900123" not in str(tables.customers(calls, BRITISH, rows=50))


class TestRestated:
    def test_costs_add_up_to_profit(self):
        table = tables.costs(figures.METRICS, restated.labelled(figures.COSTS), BRITISH)
        assert [row[1] for row in table.rows] == ["£8,500", "−£425", "−£170", "−£128", "−£85", "−£43"]
        assert table.total == ("Profit; costs are back after 1.2 months", "£7,650", "900% of them", "£7,650")

    def test_nobody_selected_is_no_table(self):
        assert tables.costs(figures.NOBODY, restated.labelled(figures.COSTS), BRITISH).rows == ()
        nobody = restated.labelled(figures.SAVINGS.assign(customers=0))
        assert tables.savings(nobody, BRITISH).rows == ()

    def test_a_tier_without_customers_has_no_average(self):
        rows = figures.SAVINGS.copy()
        rows.loc[1, ["customers", "saving"]] = 0
        assert tables.savings(restated.labelled(rows), BRITISH).rows[1][-1] == "–"

    def test_savings_have_a_total(self):
        table = tables.savings(restated.labelled(figures.SAVINGS), BRITISH)
        assert table.total == ("All", "34", "£161k", "£16.1k", "£145k", "", "£4,262")

    def test_segments_name_their_grouping(self):
        rows = tables.segments(restated.labelled(figures.SEGMENTS), BRITISH).rows
        assert [row[:3] for row in rows][:2] == [("At Risk", "Segment", "3"), ("Champions", "Segment", "1")]

    def test_batches_and_forecast_are_dated(self):
        assert tables.trend(figures.batches_of(7000), BRITISH).rows[0][:2] == ("Jan 2026", "28 January 2026")
        assert tables.forecast(figures.forecast_of(), BRITISH).rows[0][:3] == (
            "Nov 2026",
            "£8,080",
            "£6,464 to £9,696",
        )


class TestCampaigns:
    ARMS = label(figures.arms_of({}, {"name": "Flyer", **figures.WITHOUT_CONTROL}))

    def test_set_both_arms_side_by_side(self):
        rows = campaign_tables.campaigns(self.ARMS, BRITISH).rows
        assert rows[0] == (
            "Spring voucher", "Apr 2026", "150", "12", "150", "30 days", "20.0%", "12.0%", "+8.0 pts",
            "+1.0 to +15.0 pts", "measured",
        )  # fmt: skip
        assert rows[1][-1] == "not measurable: no control group"

    def test_give_gain_cost_and_return(self):
        rows = campaign_tables.returns(self.ARMS, BRITISH).rows
        assert rows[0] == (
            "Spring voucher", "profit", "£10.00", "£4.00 to £16.00", "£8.60", "£450", "£1,050", "£150 to "
            "£1,950",
            "233%", "0.002",
        )  # fmt: skip
        assert rows[1][2:] == ("–", "–", "–", "£450", "–", "–", "–", "–")

    def test_take_the_cost_from_revenue_only(self):
        (row,) = campaign_tables.returns(label(figures.arms_of({"measure": "revenue"})), BRITISH).rows
        assert row[6:9] == ("£2,550", "£750 to £4,350", "567%")

    @pytest.mark.parametrize("arm", ["contacted", "control"])
    def test_are_grey_where_either_arm_has_few(self, arm):
        arms = label(figures.arms_of({}, {arm: 29}))
        assert campaign_tables.campaigns(arms, BRITISH).unsure == {1}
        assert campaign_tables.returns(arms, BRITISH).unsure == {1}


class TestEvidenceOfCampaigns:
    def test_says_whether_groups_were_alike(self):
        rows = campaign_tables.balance(label(figures.BALANCE), BRITISH).rows
        assert [row[-1] for row in rows] == ["alike", "apart"]
        assert rows[1][2:5] == ("£300", "£420", "−0.30")
        fair = figures.BALANCE.assign(by_chance=0.4, beyond_chance=False)
        by_chance = campaign_tables.balance(label(fair), BRITISH).rows
        assert by_chance[1][-1] == "apart, perhaps by chance"
        large = figures.BALANCE.assign(unbalanced=False, by_chance=0.01)
        assert campaign_tables.balance(label(large), BRITISH).rows[1][-1] == "slightly apart"
        unknown = figures.BALANCE.assign(standardised_difference=np.nan)
        assert campaign_tables.balance(label(unknown), BRITISH).rows[0][-1] == "not known"

    def test_win_back_is_grey_where_few_had_lapsed(self):
        table = campaign_tables.win_back(label(figures.WIN_BACK.assign(control_lapsed=[29, 141])), BRITISH)
        assert table.unsure == {0}
        assert table.rows[1][4:7] == ("5.0%", "+10.0 pts", "+3.0 to +17.0 pts")

    def test_share_saved_is_grey_where_few_were_lost(self):
        table = campaign_tables.save_share(label(figures.SAVE_SHARE), BRITISH)
        assert table.rows[0][1] == "90 days"
        assert table.rows[0][6:8] == ("25%", "−5% to 45%")
        assert table.unsure == frozenset()
        assert campaign_tables.save_share(
            label(figures.SAVE_SHARE.assign(churned_control=29)), BRITISH
        ).unsure == {0}

    def test_uplift_gives_each_order(self):
        rows = campaign_tables.uplift(figures.SCORES, BRITISH).rows
        assert rows[0] == ("Predicted effect", "0.0036", "0.0021 to 0.0051", "0.0004")
        assert rows[2][2] == "–"
