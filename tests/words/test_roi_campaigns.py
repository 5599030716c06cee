"""What is said of past campaigns, and of figures that restate their own assumptions."""

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.words import roi_campaigns as words
from analytics.words import roi_restated as restated
from tests import roi_figures as figures

BRITISH = Format("en_GB", "GBP")
WORKS = {"verdict": "works, pays unclear", "incremental_profit_low": -150.0}
LOSES = {"verdict": "loses", "incremental_profit": -1_000.0, "incremental_profit_high": -10.0}
MEASURED = {"save_share_measured": True, "save_share": 0.25}
RULE = {"threshold": 0.8, "top_share": 0.1}


def heading(*rows):
    return words.campaigns(words.labelled(figures.arms_of(*rows)), BRITISH).heading


class TestCampaigns:
    def test_counts_those_that_have_paid(self):
        assert heading({}, figures.UNSEEN) == "1 of 2 campaign groups with a control has paid"
        assert heading({}, {}) == "2 of 2 campaign groups with a control have paid"

    def test_tells_an_effect_from_a_gain(self):
        assert (
            heading(WORKS, figures.UNSEEN) == "1 of 2 campaign groups had an effect; whether any paid is open"
        )

    def test_says_that_one_lost_money(self):
        assert (
            heading(LOSES, figures.UNSEEN) == "No campaign is shown to pay; 1 of 2 campaign groups lost money"
        )

    def test_says_that_none_is_shown_to_work(self):
        assert (
            heading(figures.UNSEEN, figures.UNSEEN)
            == "None of 2 campaign groups with a control is shown to work"
        )
        assert heading(figures.UNSEEN) == "The one campaign with a control is not shown to work"

    def test_says_not_measurable_without_a_control_and_gives_the_gross_figure(self):
        arms = words.labelled(figures.arms_of(figures.WITHOUT_CONTROL))
        found = words.campaigns(arms, BRITISH)
        assert found.heading == "No campaign can be judged: no control group"
        assert found.lead == "Those contacted bought for £9,000, for whatever reason."
        assert arms["status_words"].tolist() == ["not measurable: no control group"]

    def test_names_the_days_over_which_each_kind_was_judged(self):
        based = words.campaigns(
            words.labelled(figures.arms_of({}, {"outcome": "contracts", "window_days": 90})), BRITISH
        ).based
        assert based.endswith("; purchases over 30 days, contracts over 90 days from the contact")

    def test_names_the_best_with_its_interval(self):
        arms = words.labelled(figures.arms_of(figures.UNSEEN, {}))
        lead = words.campaigns(arms, BRITISH).lead
        assert lead == "Best so far: Spring voucher, +£1,050 after cost (95% interval £150 to £1,950)."

    def test_speaks_of_revenue_after_cost_where_no_profit_is_known(self):
        arms = words.labelled(figures.arms_of({"measure": "revenue", "incremental_profit": np.nan}))
        lead = words.campaigns(arms, BRITISH).lead
        assert lead == "Spring voucher, +£2,550 of revenue after cost (95% interval £750 to £4,350)."

    def test_says_what_would_fill_the_part(self):
        assert "campaign_contacts" in words.campaigns_missing(figures.arms_of())
        assert words.campaigns_missing(figures.arms_of({})) == ""


class TestNames:
    def test_have_the_arm_where_there_are_several(self):
        arms = figures.arms_of(
            {"arm": "voucher"}, {"arm": "sample"}, {"campaign_id": "R2", "name": "Newsletter"}
        )
        assert words.labelled(arms)["label"].tolist() == [
            "Spring voucher (voucher)", "Spring voucher (sample)", "Newsletter",
        ]  # fmt: skip

    def test_are_the_id_where_there_is_none(self):
        assert words.labelled(figures.arms_of({"name": None}))["label"].tolist() == ["R1"]

    def test_leave_the_frame_alone(self):
        arms = figures.arms_of({})
        words.labelled(arms)
        assert "label" not in arms


class TestBalance:
    def said(self, **changed):
        return words.balance(words.labelled(figures.BALANCE.assign(**changed)), BRITISH)

    def test_leads_with_what_differed_more_than_chance_explains(self):
        found = self.said()
        assert found.heading == "1 of 2 comparisons differs by more than chance"
        assert found.lead == (
            "It is the spend of the year before in Spring voucher. An effect measured there may be the "
            "difference that was there before, though 1 fair comparison in 20 looks so, too. 1 of 2 differs "
            "by more than 0.1 standard deviations, the usual warning."
        )

    def test_names_the_furthest_of_several(self):
        found = self.said(beyond_chance=True, unbalanced=False, by_chance=0.01)
        assert found.heading == "2 of 2 comparisons differ by more than chance"
        assert found.lead.startswith("Furthest apart is the spend of the year before in Spring voucher.")
        assert found.lead.endswith(
            "None of 2 differs by more than 0.1 standard deviations, the usual warning."
        )

    def test_says_that_small_groups_differ_by_chance(self):
        found = self.said(by_chance=0.4, beyond_chance=False)
        assert found.heading == "Groups were alike before the campaigns, as far as chance allows"
        assert found.lead == (
            "1 of 2 differs by more than 0.1 standard deviations, the usual warning; a fair split into "
            "groups of this size does that, too."
        )

    def test_says_that_groups_were_alike_or_that_nothing_is_known(self):
        alike = self.said(unbalanced=False, beyond_chance=False)
        assert alike.heading == "Groups were alike before the campaigns, as far as chance allows"
        assert alike.lead == "None of 2 differs by more than 0.1 standard deviations, the usual warning."
        assert "not known" in self.said(standardised_difference=np.nan).heading


class TestWinBack:
    def test_gives_both_arms_of_the_clearest(self):
        found = words.win_back(words.labelled(figures.WIN_BACK), BRITISH)
        assert found.heading == "After We miss you, 15% came back, 5% without"

    def test_says_that_a_difference_is_not_clear(self):
        found = words.win_back(words.labelled(figures.WIN_BACK.head(1)), BRITISH)
        assert found.heading == "No clear win-back: after Spring voucher, 10% came back, 9% without"

    def test_says_nothing_of_few(self):
        rows = figures.WIN_BACK.assign(lapsed_contacts=29)
        assert "not measurable" in words.win_back(words.labelled(rows), BRITISH).heading

    def test_says_what_would_show_it(self):
        assert "90 days" in words.win_back_missing(figures.WIN_BACK.head(0), churn_days=90)
        assert words.win_back_missing(figures.WIN_BACK, churn_days=90) == ""


class TestSaveShare:
    def said(self, **changed):
        rows = words.retention(figures.SAVE_SHARE, definition="purchase")
        return words.save_share(figures.value_of(**changed), rows, BRITISH)

    @pytest.mark.parametrize(
        ("low", "high", "heading"),
        [
            (0.02, 0.45, "Retention campaigns saved 25% of leavers (2% to 45%)"),
            (0.0, 0.45, "Campaigns saved 25% of leavers, but it may be none (0% to 45%)"),
        ],
    )
    def test_gives_what_was_measured(self, low, high, heading):
        assert self.said(**MEASURED, save_share_low=low, save_share_high=high).heading == heading

    def test_says_that_nobody_was_saved(self):
        found = self.said(save_share_measured=True, save_share=0.0, save_share_low=0.0, save_share_high=0.2)
        assert found.heading == "Retention campaigns have saved nobody so far (0% to 20%)"

    @pytest.mark.parametrize(
        ("reason", "lead"),
        [
            ("no retention campaign", "No retention campaign is on record."),
            ("no control group", "No retention campaign had a control group."),
            ("not over", "The time to judge the retention campaigns is not over."),
            ("too few lost", "Under 30 customers left in the control groups."),
            (
                "other customers",
                "The retention campaigns on record were with customers who leave in another way.",
            ),
        ],
    )
    def test_says_why_it_is_assumed(self, reason, lead):
        found = self.said(save_share_reason=reason)
        assert (found.heading, found.lead) == ("That 20% of leavers are saved is assumed, not measured", lead)

    def test_is_about_retention_campaigns_alone(self):
        rows = figures.SAVE_SHARE.assign(purpose="winback")
        none = words.retention(rows, definition="purchase")
        assert none.empty
        assert "control" in words.save_share_missing(none)
        assert words.save_share_missing(words.retention(figures.SAVE_SHARE, definition="purchase")) == ""

    def test_counts_a_control_group_once(self):
        two = figures.SAVE_SHARE.loc[[0, 0]].assign(arm=["voucher", "sample"])
        rows = words.retention(two, definition="purchase")
        based = words.save_share(figures.value_of(**MEASURED, save_share_low=0.1), rows, BRITISH).based
        assert based.startswith("300 treated, 150 in control groups")
        assert based.endswith("purchases over 90 days from the contact")

    def test_leaves_out_campaigns_with_customers_who_leave_in_another_way(self):
        both = pd.concat(
            [figures.SAVE_SHARE, figures.SAVE_SHARE.assign(campaign_id="R2", outcome="contracts")]
        )
        rows = words.retention(both, definition="contract")
        assert rows["used"].tolist() == [False, True]
        assert rows["status_words"].tolist() == ["not used: it judged purchases", "measured"]
        based = words.save_share(figures.value_of(**MEASURED, save_share_low=0.1), rows, BRITISH).based
        assert based.startswith("150 treated, 150 in control groups")
        assert based.endswith("contracts over 90 days from the contact")


class TestUplift:
    def test_says_that_there_is_evidence(self):
        found = words.uplift(figures.uplift_of(), BRITISH)
        assert found.heading == "Choosing by predicted effect finds those whom a campaign moves"
        assert found.lead == "Qini 0.0036: beyond chance."

    def test_says_that_there_is_no_evidence_for_targeting(self):
        found = words.uplift(figures.uplift_of("no evidence", qini=0.0004), BRITISH)
        assert found.heading.startswith("There is no evidence for targeting")
        assert found.lead == "Qini 0.0004: orders by chance alone reach ±0.0008."

    def test_says_what_it_takes(self):
        small = figures.uplift_of("not measured", "too small", largest_arm=157)
        assert (
            words.uplift(small, BRITISH).heading
            == "The customers most at risk need not be the easiest to save"
        )
        assert "1,000 customers or more in each arm; the largest so far had 157." in words.uplift_missing(
            small, BRITISH
        )
        none = figures.uplift_of("not measured", "no campaign", largest_arm=0)
        assert "there is none yet" in words.uplift_missing(none, BRITISH)
        assert words.uplift_missing(figures.uplift_of(), BRITISH) == ""


class TestRestated:
    def test_says_that_the_return_is_built_in(self):
        found = restated.metrics(figures.METRICS, figures.THRESHOLDS, BRITISH, **RULE)
        assert found.heading == "The return of 900% is built in: it restates the cost share"
        assert found.based == "1 customer: the 10% with the most spend of 1 with a risk above 80%"

    def test_says_under_ten_how_many_there_would_be_with_lower_thresholds(self):
        said = "With a lower threshold there would be 6 at 70%, 8 at 60%, 10 at 50%."
        assert said in restated.metrics(figures.METRICS, figures.THRESHOLDS, BRITISH, **RULE).lead
        enough = figures.METRICS | {"customer_count": 10}
        assert said not in restated.metrics(enough, figures.THRESHOLDS, BRITISH, **RULE).lead

    def test_says_where_nobody_is_selected_or_nothing_costs(self):
        nobody = restated.metrics(figures.NOBODY, figures.THRESHOLDS, BRITISH, **RULE)
        assert nobody.heading == "Nobody's risk is above 80%: nobody is selected"
        missing = restated.selected_missing(figures.NOBODY, threshold=0.8, format=BRITISH)
        assert missing.startswith(
            "These figures are about customers with a risk above 80%, and there are none."
        )
        assert restated.selected_missing(figures.METRICS, threshold=0.8, format=BRITISH) == ""
        free = figures.METRICS | {"roi_percentage": np.nan}
        assert "No costs are assumed" in restated.metrics(free, figures.THRESHOLDS, BRITISH, **RULE).heading

    def test_gives_the_part_of_the_first_tenth(self):
        found = restated.savings(figures.SAVINGS, BRITISH)
        assert found.heading == "A tenth of those at high risk holds 22% of the saving"  # 32,400 of 144,900
        nobody = figures.SAVINGS.assign(customers=0, value=0.0, cost=0.0, saving=0.0)
        assert "nothing to save" in restated.savings(nobody, BRITISH).heading

    def test_names_the_largest_segment_and_passes_over_unknown_ones(self):
        assert (
            restated.segments(restated.labelled(figures.SEGMENTS), BRITISH).heading
            == "75% of those selected are At Risk by segment"
        )
        unknown = restated.labelled(figures.SEGMENTS.assign(segment="Unknown"))
        assert "is not known" in restated.segments(unknown, BRITISH).heading
        assert unknown["named"].tolist() == [*["No purchases on record"] * 3, "Type not recorded"]
        nameless = restated.labelled(figures.SEGMENTS.assign(segment=["Unknown", "Champions", "Gold", "X"]))
        assert restated.segments(nameless, BRITISH).heading == "75% of those selected are in no segment"
        typed = restated.labelled(
            figures.SEGMENTS.assign(segment=["Unknown", "Unknown", "Unknown", "RETAIL"])
        )
        assert (
            restated.segments(typed, BRITISH).heading == "All of those selected are RETAIL by customer type"
        )
        nobody = restated.labelled(figures.SEGMENTS.head(0))
        assert "Nobody" in restated.segments(nobody, BRITISH).heading

    @pytest.mark.parametrize(
        ("profits", "heading"),
        [
            ((), "No batch of predictions was made in this timeframe"),
            ((7650,), "One batch so far: £7,650 in Jan 2026"),
            ((7000, 8000), "Restated profit is up: £8,000 in Feb 2026, £7,000 in Jan 2026"),
            ((8000, 7000), "Restated profit is down: £7,000 in Feb 2026, £8,000 in Jan 2026"),
            ((7000, 9000, 7000), "Restated profit has not moved: £7,000 since Jan 2026"),
        ],
    )
    def test_says_how_the_batches_have_moved(self, profits, heading):
        assert restated.trend(figures.batches_of(*profits), BRITISH).heading == heading

    def test_forecasts_with_an_interval_or_says_what_it_takes(self):
        batches = figures.batches_of(*[8000] * 6)
        found = restated.forecast(figures.forecast_of(), batches, BRITISH)
        assert found.heading == "By Oct 2027, £8,960 if the trend goes on"
        assert found.lead == "80 of 100 outcomes lie within £7,168 to £10.8k."
        missing = restated.forecast_missing(figures.forecast_of().head(0), batches.head(1), BRITISH)
        assert "from 6 months; there is 1." in missing
        assert restated.forecast_missing(figures.forecast_of(), batches, BRITISH) == ""

    def test_names_categories_of_its_own(self):
        rows = figures.COSTS.assign(category=["legal_advice", *figures.COSTS["category"][1:]])
        assert restated.labelled(rows)["label"].tolist()[:2] == ["Legal advice", "Success team"]
