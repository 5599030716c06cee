"""What the lifetime value report says of the future, and when it says nothing."""

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.page.pieces import Bold, plain
from analytics.words import clv_predictive as words
from tests.words.outlooks import (
    candidates_of,
    checked_of,
    model_of,
    nothing_known,
    tenths_of,
    totals_of,
    unchecked,
)

BRITISH = Format("en_GB", "GBP")
VIETNAMESE = Format("vi_VN", "VND")


class TestCard:
    def test_gives_value_interval_and_profit(self):
        card = words.card(model_of(), BRITISH)
        assert (card.name, card.value) == ("predicted_revenue_12m", "£100k")
        assert card.base == "80% interval £80.0k to £125k; £40.0k as profit"
        assert not card.unsure

    def test_says_nothing_of_profit_that_is_not_known(self):
        card = words.card(model_of(totals=totals_of(share=np.nan)), BRITISH)
        assert card.base == "80% interval £80.0k to £125k"

    def test_the_same_rate_leads_where_it_was_nearer(self):
        card = words.card(model_of(leader="same_rate"), BRITISH)
        assert card.value == "£180k"
        assert "nearer than the model" in card.base

    def test_no_figure_leads_where_expecting_nothing_was_nearer(self):
        card = words.card(model_of(leader="zero"), BRITISH)
        assert card.value == "–"
        assert "no visit at all was nearer" in card.base

    def test_is_a_dash_where_too_few_came_back(self):
        card = words.card(nothing_known(), BRITISH)
        assert (card.value, card.base, card.unsure) == ("–", "too few customers have come back", True)


class TestSummarySentence:
    def test_has_one_bold_figure_and_its_interval(self):
        runs = words.ahead(model_of(), BRITISH)
        assert plain(runs) == "In the next 12 months they should bring £100k (£80.0k to £125k)."
        assert [run.text for run in runs if isinstance(run, Bold)] == ["£100k"]

    def test_names_the_assumption_where_the_same_rate_leads(self):
        assert plain(words.ahead(model_of(leader="same_rate"), BRITISH)).startswith(
            "If each goes on as so far"
        )

    @pytest.mark.parametrize(
        "block", [nothing_known(), model_of(leader="zero"), model_of(repeat_customers=29)]
    )
    def test_is_left_out_where_nothing_can_be_said(self, block):
        assert words.ahead(block, BRITISH) == ()


class TestOutlook:
    def test_heading_has_the_figure_and_its_interval(self):
        found = words.outlook(model_of(), BRITISH)
        assert found.heading == "Next 12 months: £100k expected, £80.0k to £125k"
        assert "The best 10% should bring 60% of it." in found.lead
        assert "As profit, at 40.0% of revenue: £40.0k." in found.lead
        assert "Over 36 months: £250k of revenue." in found.lead
        assert found.based == (
            "120 customers; 80% interval, widened by what the check missed; months discounted at 10% a year"
        )

    def test_says_that_profit_is_not_known(self):
        found = words.outlook(model_of(totals=totals_of(share=np.nan), profit_share=None), BRITISH)
        assert "What of it is profit is not known." in found.lead

    def test_an_unchecked_total_is_called_so_everywhere(self):
        block = model_of(totals=totals_of().assign(widened=False))
        assert "80% interval, unchecked by later revenue;" in words.outlook(block, BRITISH).based
        assert words.card(block, BRITISH).base == "80% interval £80.0k to £125k; unchecked; £40.0k as profit"
        assert plain(words.ahead(block, BRITISH)).endswith("(£80.0k to £125k, unchecked).")

    def test_the_baseline_leads_where_it_won_and_the_model_stands_beside(self):
        found = words.outlook(model_of(leader="same_rate"), BRITISH)
        assert found.heading == "At the same rate as before, 12 months bring £180k"
        assert "the model expects £100k" in found.lead

    def test_says_so_where_expecting_nothing_won(self):
        assert "cannot be said" in words.outlook(model_of(leader="zero"), BRITISH).heading

    def test_says_nothing_of_tenths_of_few(self):
        assert "best 10%" not in words.outlook(model_of(tenths=tenths_of(9)), BRITISH).lead

    def test_says_what_is_missing(self):
        assert words.missing(nothing_known()).startswith("Fewer than 10 customers have come back")
        assert words.missing(nothing_known(0)) == "There are no sales yet."
        assert words.missing(model_of(notes="few_values")).startswith("Fewer than 10 customers have spent")
        assert words.missing(model_of()) == ""


class TestFit:
    def test_says_what_share_of_customers_stands_where_the_model_puts_them(self):
        # 6 + 3 + 3 + 1 + 1 = 14 off, each counted twice, of 120
        assert "puts 94% of customers" in words.fit(model_of(), BRITISH).heading

    def test_rounds_nothing_up_to_all(self):
        rows = model_of()["repeat_visits"].assign(actual=1000.0, expected=[1010.0, *[1000.0] * 6, 990.0])
        assert "puts 99.9% of customers" in words.fit(model_of(repeat_visits=rows), BRITISH).heading

    def test_says_why_the_model_was_taken(self):
        assert "No other has a better" in words.fit(model_of(), BRITISH).lead
        other = candidates_of("bg_nbd", mbg=-100.0, bg=-90.0)
        assert "is 10.0 better than that of MBG/NBD" in words.fit(model_of(candidates=other), BRITISH).lead
        near = candidates_of(mbg=-100.0, bg=-99.0)
        assert "1.0 better, too little to leave" in words.fit(model_of(candidates=near), BRITISH).lead
        alone = candidates_of().head(1)
        assert "no other was tried" in words.fit(model_of(candidates=alone), BRITISH).lead

    @pytest.mark.parametrize("code", [code for code in words.CAUTIONS if code != "seasonality"])
    def test_gives_each_caution_of_the_model_in_words(self, code):
        lead = words.fit(model_of(notes=f"{code}; other"), BRITISH).lead
        assert words.CAUTIONS[code] in lead

    def test_a_code_that_ends_another_is_not_taken_for_it(self):
        lead = words.fit(model_of(notes="mbg_nbd_not_converged"), BRITISH).lead
        assert words.CAUTIONS["not_converged"] not in lead

    def test_without_a_model(self):
        assert words.fit(nothing_known(), BRITISH).heading == "There is no model of visits"


class TestHoldout:
    def test_close_within_ten_percent_and_against_beyond(self):
        assert "110 visits expected, close to 100" in words.holdout(model_of(), checked_of(), BRITISH).heading
        far = words.holdout(model_of(), checked_of(total=111.0), BRITISH)
        assert far.heading == "Held out 20 weeks: 111 visits expected, against 100 that came"
        assert far.lead.startswith("The total was 11.0% too high; at the same rate as before")

    def test_says_too_low(self):
        assert "20.0% too low" in words.holdout(model_of(), checked_of(total=80.0), BRITISH).lead

    def test_names_the_errors_of_all_three(self):
        lead = words.holdout(model_of(), checked_of(), BRITISH).lead
        assert "the model 1.50, the same rate as before 2.50, no visit at all 2.20" in lead
        assert "the model is nearest" in lead

    def test_says_that_a_baseline_wins_and_leads(self):
        lost = checked_of(rmse=(2.0, 1.0, 3.0))
        lead = words.holdout(model_of(leader="same_rate"), lost, BRITISH).lead
        assert "the same rate as before was nearer" in lead
        assert lead.endswith("so the page leads with that.")

    def test_warns_of_a_season(self):
        lead = words.holdout(model_of(), checked_of(notes="seasonality"), BRITISH).lead
        assert words.CAUTIONS["seasonality"] in lead

    def test_without_a_check_it_says_why(self):
        assert "could not be checked" in words.holdout(model_of(), unchecked(), BRITISH).heading
        assert words.holdout_missing(model_of(), unchecked()) == words.WHY_NOT["history_too_short"]

    def test_under_16_weeks_nothing_is_said_of_the_next_year(self):
        gone = totals_of(np.nan, np.nan, np.nan)
        block = model_of(leader=None, notes="history_too_short", totals=gone)
        assert words.card(block, BRITISH).base == "not said: the history is under 16 weeks"
        assert "under 16 weeks" in plain(words.ahead(block, BRITISH))
        assert "under 16 weeks" in words.missing(block)

    def test_the_same_rate_that_leads_without_a_check_is_not_called_nearer(self):
        block = model_of(leader="same_rate", notes="unchecked")
        assert "unchecked" in words.card(block, BRITISH).base
        lead = words.outlook(block, BRITISH).lead
        assert "could not be checked" in lead
        assert "nearer" not in lead + words.card(block, BRITISH).base

    def test_a_spread_that_was_assumed_or_failed_is_owned_up_to(self):
        for code in ("spread_assumed", "spread_unsure"):
            assert words.CAUTIONS[code] in words.bins(checked_of(notes=code), BRITISH).lead
        assert words.holdout_missing(model_of(), checked_of()) == ""
        assert words.holdout_missing(nothing_known(0), unchecked("no_sales")) == "There are no sales yet."

    def test_names_the_group_furthest_off_and_none_of_few(self):
        found = words.bins(checked_of(), BRITISH)
        assert found.heading == "Furthest off, after 1 repeat visits: 0.90 came, 0.50 expected"
        assert "80% of customers held 81% for visits and 79% for revenue." in found.lead
        few = checked_of()["bins"].assign(customers=29)
        assert "Too few" in words.bins(checked_of(bins=few), BRITISH).heading
        assert "There is no check" in words.bins(unchecked(), BRITISH).heading


class TestNotes:
    def test_are_silent_where_nothing_is_predicted(self):
        block = nothing_known()
        assert (words.definitions(block), words.method(block), words.limits(block, unchecked())) == (
            (),
            (),
            (),
        )

    def test_say_what_is_not_in_it(self):
        said = " ".join(words.limits(model_of(profit_share=None), unchecked()))
        assert "those who have yet to come" in said
        assert "No profit is known" in said
        assert "The model is unchecked" in said
        assert "unchecked" not in " ".join(words.limits(model_of(), checked_of()))


class TestRoom:
    @pytest.mark.parametrize("show", [BRITISH, VIETNAMESE])
    @pytest.mark.parametrize("leader", ["model", "same_rate", "zero"])
    def test_headings_have_80_characters_and_notes_40_words(self, show, leader):
        huge = totals_of(8.88e11, 7.77e11, 9.99e11)
        block = model_of(leader=leader, totals=huge, same_rate_revenue_12m=8.88e11)
        checked = checked_of(total=1_234_567.0, actual=2_345_678)
        said = [
            words.outlook(block, show), words.fit(block, show), words.holdout(block, checked, show),
            words.bins(checked, show),
        ]  # fmt: skip
        for statement in said:
            assert len(statement.heading) <= 80
            assert len(statement.read.split()) <= 40
            assert "nan" not in f"{statement.heading} {statement.lead} {statement.based}".split()

    def test_frames_are_left_alone(self):
        block, checked = model_of(), checked_of()
        before = {name: value.copy() for name, value in block.items() if isinstance(value, pd.DataFrame)}
        words.outlook(block, BRITISH)
        words.fit(block, BRITISH)
        words.holdout(block, checked, BRITISH)
        for name, frame in before.items():
            pd.testing.assert_frame_equal(block[name], frame)
