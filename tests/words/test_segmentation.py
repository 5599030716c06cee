"""What the segmentation report says, whatever the figures are."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.metrics.customer_scores import Scoring
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import segmentation as words
from analytics.words import segmentation_notes as notes
from analytics.words.segmentation_setting import Setting

AS_OF = date(2026, 11, 1)
OCTOBER = parse_timeframe("2026-10", as_of=AS_OF)
COMPARISON = compare(OCTOBER, first_day=date(2025, 1, 1))
BRITISH = Format("en_GB", "GBP")
SETTING = Setting(BRITISH, COMPARISON, Scoring())
NOBODY = {"guest_revenue": 0.0, "customers_with_returns_only": 0}
NAMES = ["Champions", "Loyal", "Hibernating"]


def history(**now):
    """Headline figures that hardly change, but for those given for this timeframe."""
    usual = {
        "total_customers": 1000, "active_customers": 600, "segments_count": 8, "lost_vip": 40,
        "lost_vip_revenue": 50_000.0, "top_customers": 200, "best_customers": 120.0,
        "best_contribution": 45.0, "total_revenue": 1e6, "best_segment": "Champions",
    }  # fmt: skip
    rows = []
    for i, period in enumerate(COMPARISON.periods):
        wobble = {name: usual[name] + i % 3 for name in ("total_customers", "active_customers", "lost_vip")}
        rows.append(usual | wobble | {"start": period.start, "end": period.reference_date})
    rows[-1] |= now
    return pd.DataFrame(rows)


def segments(*counts, revenue=(600.0, 300.0, 100.0)):
    total, money = sum(counts), sum(revenue)
    return pd.DataFrame(
        {
            "segment_name": NAMES,
            "description": "What they are.",
            "customer_count": counts,
            "percentage": [100 * n / total if total else np.nan for n in counts],
            "criteria": ["555", "444", "111"],
            "action": ["Reward them; ask for more.", "Offer more.", "Mail them seldom."],
            "total_revenue": revenue,
            "revenue_contribution": [100 * r / money if money > 0 else np.nan for r in revenue],
            "standing": [1, 2, 3],
        }
    )


def movement(**changes):
    pairs = {
        "better": ("Loyal", "Champions"), "worse": ("Champions", "Loyal"), "same": ("Loyal", "Loyal"),
        "joined": ("First purchase since", "Loyal"), "left": ("Hibernating", "Gone inactive"),
    }  # fmt: skip
    order = ["worse", "better", "same", "left", "joined"]
    rows = [(*pairs[c], changes[c], 50.0, c) for c in order if c in changes]
    return pd.DataFrame(
        rows, columns=["from_segment", "to_segment", "customer_count", "percentage", "change"]
    )


def said(runs):
    return " ".join(plain(sentence) for sentence in runs if sentence)


class TestSummary:
    def test_says_nothing_of_a_change_within_the_usual_spread(self):
        text = said(words.summary(SETTING, history(), segments(120, 500, 380)))
        assert text.startswith("600 of 1,000 customers are active.")
        assert "more than" not in text
        assert "fewer than" not in text

    # There were 602 in September.
    @pytest.mark.parametrize(("now", "words_"), [(300, "50.2% fewer"), (900, "49.5% more")])
    def test_leads_with_what_changed_most(self, now, words_):
        text = said(words.summary(SETTING, history(active_customers=now), segments(120, 500, 380)))
        assert text.startswith(f"There are {now} active customers, {words_} than Sept 2026.")

    def test_says_what_to_do_next_and_what_is_at_stake(self):
        text = said(words.summary(SETTING, history(lost_vip=41), segments(120, 500, 380)))
        assert (
            "win back the 41 of the top 20% by revenue who have not ordered for 90 days; they brought £50.0k"
            in text
        )

    def test_without_lost_customers_the_largest_segment_is_next(self):
        text = said(words.summary(SETTING, history(lost_vip=0), segments(120, 500, 380)))
        assert text.endswith("Next, for Champions: reward them.")

    @pytest.mark.parametrize("kind", ["tier", "credit", "behaviour"])
    def test_a_page_without_segments_names_none(self, kind):
        setting = Setting(BRITISH, COMPARISON, Scoring(segment_type=kind))
        text = said(words.summary(setting, history(best_customers=500, lost_vip=41), segments(120, 500, 380)))
        assert "Champions" not in text
        assert text.startswith("600 of 1,000 customers are active. Next, win back the 41 of the top 20%")
        without = said(words.summary(setting, history(lost_vip=0), segments(120, 500, 380)))
        assert without == "600 of 1,000 customers are active."

    def test_a_page_of_segments_leads_with_them_where_they_changed_most(self):
        setting = Setting(BRITISH, COMPARISON, Scoring(segment_type="rfm"))
        text = said(words.summary(setting, history(best_customers=500), segments(120, 500, 380)))
        assert text.startswith("There are 500 Champions, ")

    def test_a_few_customers_are_counted_and_no_more(self):
        text = said(words.summary(SETTING, history(total_customers=1), segments(1, 0, 0)))
        assert (
            text
            == "1 customer has ordered in the 365 days to 31 October 2026: too few to say how they differ."
        )

    def test_no_customers(self):
        text = said(words.summary(SETTING, history(total_customers=0), segments(0, 0, 0)))
        assert text == "No customer has ordered in the 365 days to 31 October 2026."

    @settings(max_examples=25)
    @given(
        st.fixed_dictionaries(
            {
                "total_customers": st.integers(0, 10**9),
                "active_customers": st.integers(0, 10**9),
                "lost_vip": st.integers(0, 10**8),
                "best_customers": st.one_of(st.just(np.nan), st.integers(0, 10**8)),
                "best_contribution": st.one_of(st.just(np.nan), st.floats(0, 200)),
                "lost_vip_revenue": st.floats(-1e12, 1e12),
            }
        )
    )
    def test_is_never_longer_than_sixty_words_and_four_bold_figures(self, now):
        runs = words.summary(SETTING, history(**now), segments(120, 500, 380))
        assert len(said(runs).split()) <= 60
        assert sum(isinstance(run, Bold) for sentence in runs for run in sentence) <= 4
        assert "nan" not in said(runs)


class TestCards:
    def test_four_with_their_bases(self):
        cards = words.headlines(SETTING, history())
        assert [(card.label, card.value) for card in cards] == [
            ("Customers", "1,000"), ("Active customers", "600"), ("Champions", "120"), ("Lost VIPs", "40")
        ]  # fmt: skip
        assert cards[0].base == "with an order in the 365 days to 31 October 2026"
        assert cards[1].base == "60% of all, last order less than 90 days ago"
        assert cards[2].base == "bring 45% of revenue"
        assert cards[3].base == "of 200 in the top 20% by revenue; brought £50.0k"

    def test_say_of_which_type_the_customers_are(self):
        setting = Setting(BRITISH, COMPARISON, Scoring(customer_type="RETAIL", include_inactive=True))
        assert (
            words.headlines(setting, history())[0].base
            == "of type RETAIL with an order up to 31 October 2026"
        )

    def test_without_customers_and_without_a_ranking(self):
        cards = words.headlines(
            SETTING,
            history(total_customers=0, active_customers=0, best_customers=np.nan, best_contribution=np.nan),
        )
        assert cards[1].base == "last order less than 90 days ago"
        assert (cards[2].value, cards[2].base) == ("–", "too few customers to rank")


class TestSegments:
    def test_names_what_the_best_bring(self):
        found = words.segments(SETTING, history(), segments(120, 500, 380))
        assert found.heading == "Champions are 12% of customers and bring 60% of revenue"
        assert found.based == "1,000 customers with an order in the 365 days to 31 October 2026"

    @pytest.mark.parametrize(
        ("now", "lead"),
        [
            (180.0, "The number of Champions has risen by 50.0% against Sept 2026."),
            (60.0, "The number of Champions has fallen by 50.0% against Sept 2026."),
            (120.0, "The number of Champions is close to that of Sept 2026."),
            (np.nan, ""),
        ],
        ids=["up", "down", "close", "missing"],
    )
    def test_says_which_way_their_number_went(self, now, lead):
        found = words.segments(SETTING, history(best_customers=now), segments(120, 500, 380))
        assert found.lead == lead

    def test_a_few_customers_are_counted(self):
        found = words.segments(SETTING, history(), segments(3, 20, 4))
        assert (found.heading, found.lead) == ("3 of 27 customers belong to Champions", "")

    def test_nobody_among_the_best(self):
        found = words.segments(SETTING, history(), segments(0, 600, 400))
        assert found.heading == "Loyal is the largest segment: 60% of customers"

    def test_no_revenue_no_share(self):
        found = words.segments(SETTING, history(), segments(120, 500, 380, revenue=(0.0, 0.0, 0.0)))
        assert found.heading == "Champions are 12% of customers"

    def test_too_few_to_rank_and_nobody_say_why(self):
        none, few = segments(0, 0, 0), segments(0, 0, 0)
        few.loc[3] = ["Too few to rank", "Scored.", 12, 100.0, "", "", 5.0, 100.0, 4]
        assert words.segments(SETTING, history(), few).heading == "Customers are too few to rank"
        assert "25 customers and 5 different days" in words.segments_missing(SETTING, few)
        assert "No customer has ordered" in words.segments_missing(SETTING, none)
        assert words.segments_missing(SETTING, segments(1, 0, 0)) == ""


class TestTiers:
    TIERS = pd.DataFrame({"customer_count": [10, 100, 90]})

    @pytest.mark.parametrize(
        ("lost", "heading"),
        [
            (40, "40 of 200 top customers have not ordered for 90 days"),
            (1, "1 of 200 top customers has not ordered for 90 days"),
            (0, "None of the 200 top customers by revenue is at risk"),
        ],
    )
    def test_counts_the_lost(self, lost, heading):
        assert words.tiers(SETTING, history(lost_vip=lost), self.TIERS).heading == heading

    def test_one_customer_at_the_top(self):
        found = words.tiers(SETTING, history(lost_vip=0, top_customers=1), self.TIERS)
        assert found.heading == "The top customer by revenue is not at risk"

    @pytest.mark.parametrize(
        ("first_day", "complete", "marked"),
        [
            (date(2026, 7, 5), False, True),  # 90 days later is 3 October; new is since 2 October
            (date(2026, 7, 4), False, False),
            (date(2026, 7, 5), True, False),
        ],
    )
    def test_marks_who_looks_new_where_the_data_begin_too_late_to_know(self, first_day, complete, marked):
        setting = Setting(BRITISH, COMPARISON, Scoring(), first_day, complete)
        found = words.tiers(setting, history(), self.TIERS)
        assert (
            "The data begin on 5 July 2026, so that customers who look new may be older" in found.lead
        ) == marked

    def test_nobody(self):
        found = words.tiers(SETTING, history(), self.TIERS * 0)
        assert found.heading == "There are no customers to place in tiers"


class TestMovement:
    @pytest.mark.parametrize(
        ("up", "down", "heading"),
        [
            (200, 100, "More customers moved up than down: 200 against 100"),
            (100, 200, "More customers moved down than up: 200 against 100"),
            (100, 90, "About as many customers moved up as down: 100 and 90"),
            (9, 20, "9 moved to a better segment and 20 to a worse one"),
            (0, 0, "No customer has changed segment since 30 September 2026"),
        ],
        ids=["up", "down", "close", "too few", "none"],
    )
    def test_says_which_way_more_went(self, up, down, heading):
        assert words.movement(SETTING, movement(better=up, worse=down, same=500)).heading == heading

    def test_says_who_came_who_went_and_who_slipped_from_the_best(self):
        found = words.movement(SETTING, movement(worse=5, same=500, joined=12, left=1))
        assert found.lead == (
            "Of 5 Champions, 5 moved down. Since 30 September 2026, 12 customers bought for the first time "
            "and 1 customer went inactive."
        )

    def test_says_why_there_is_none(self):
        nothing = movement()
        alone = Setting(BRITISH, compare(OCTOBER, first_day=None), Scoring())
        assert "do not cover the timeframe before" in words.movement_missing(alone, nothing)
        assert "too few to rank" in words.movement_missing(SETTING, nothing)
        assert words.movement_missing(SETTING, movement(same=1)) == ""


class TestCredit:
    def rows(self, over):
        return pd.DataFrame(
            {
                "customer_count": [over, 5],
                "total_outstanding": [900.0, 100.0],
                "as_of": [date(2026, 10, 31)] * 2,
            }
        )

    @pytest.mark.parametrize(
        ("over", "heading"),
        [
            (0, "No customer owes more than the credit limit"),
            (1, "1 customer owes more than the credit limit"),
            (12, "12 customers owe more than the credit limit"),
        ],
    )
    def test_counts_who_owes_too_much_with_the_date(self, over, heading):
        found = words.credit(SETTING, self.rows(over))
        assert found.heading == heading
        assert found.lead == "£1,000 is outstanding in all, as of 31 October 2026."

    def test_says_why_there_is_none(self):
        nothing = self.rows(0).iloc[:0]
        assert "newest day, 5 November 2026" in words.credit_missing(SETTING, nothing, date(2026, 11, 5))
        assert "No customer has a credit limit" in words.credit_missing(SETTING, nothing, date(2026, 10, 31))


class TestBehaviour:
    ROWS = pd.DataFrame(
        {
            "customer_count": [100, 200, 700],
            "percentage": [10.0, 20.0, 70.0],
            "revenue_contribution": [50.0, 30.0, 20.0],
        }
    )

    @pytest.mark.parametrize(
        ("stability", "silhouette", "lead"),
        [
            (0.93, 0.4, "Resampled customers give much the same groups (agreement 0.93 of 1)."),
            (0.7, 0.4, "Resampled customers give similar groups (agreement 0.70 of 1): their borders are "
                       "uncertain."),
            (0.4, 0.2, "Resampled customers give other groups (agreement 0.40 of 1): take them as a sketch; "
                       "the groups overlap."),
        ],
        ids=["steady", "uncertain", "a sketch"],
    )  # fmt: skip
    def test_says_how_far_to_trust_the_groups(self, stability, silhouette, lead):
        choice = pd.DataFrame({"silhouette": [silhouette, 0.1], "chosen": [True, False]})
        found = words.behaviour(SETTING, self.ROWS, choice, stability)
        assert found.heading == "3 groups by behaviour: 10% of customers bring 50% of revenue"
        assert found.lead == lead

    def test_says_why_there_are_none(self):
        assert "50 customers or more" in words.behaviour_missing(self.ROWS.iloc[:0])


class TestCustomers:
    def cells(self, *rows):
        return pd.DataFrame(rows, columns=["orders", "group", "role", "customer_count"])

    def test_counts_those_who_came_once_and_those_who_have_been_away(self):
        found = words.customers(SETTING, self.cells((1, "Others", "other", 60), (5, "At Risk", "away", 40)))
        assert found.heading == "60% of customers ordered once; 40 good ones have been away"
        assert found.lead == "Those who have been away are At Risk."

    def test_a_few_customers_have_no_percentage(self):
        found = words.customers(SETTING, self.cells((1, "Others", "other", 2), (5, "At Risk", "away", 1)))
        assert found.heading == "2 of 3 customers ordered once; 1 good one has been away"

    @pytest.mark.parametrize(
        ("once", "others", "heading"),
        [
            (0, 60, "No customer here ordered only once"),
            (0, 5, "No customer here ordered only once"),
            (1, 999, "Less than 1% of customers ordered once"),
            (1, 99, "1% of customers ordered once"),
        ],
    )
    def test_no_share_of_zero_is_shown(self, once, others, heading):
        cells = self.cells((1, "Others", "other", once), (5, "Others", "other", others))
        assert words.customers(SETTING, cells).heading == heading

    def test_nobody(self):
        assert words.customers(SETTING, self.cells()).heading == "There are no customers to show"


class TestEverySentence:
    """Headings fit, and nothing is shown that is not a figure."""

    @settings(max_examples=25)
    @given(st.integers(0, 10**9), st.integers(0, 10**8), st.integers(0, 10**8))
    def test_headings_are_at_most_eighty_characters(self, a, b, c):
        rows, figures = segments(a, b, c), history(lost_vip=b, top_customers=a)
        found = [
            words.segments(SETTING, figures, rows),
            words.tiers(SETTING, figures, rows),
            words.movement(SETTING, movement(better=a, worse=b, same=c)),
            words.credit(SETTING, rows.assign(total_outstanding=1.0, as_of=date(2026, 10, 31))),
            words.behaviour(SETTING, rows, pd.DataFrame({"silhouette": [0.3], "chosen": [True]}), 0.9),
            words.customers(SETTING, TestCustomers().cells((1, "A", "other", a), (2, "B", "away", b))),
        ]
        for statement in found:
            assert len(statement.heading) <= 80, statement.heading
            assert len(statement.read.split()) <= 40
            assert "nan" not in f"{statement.heading} {statement.lead} {statement.based}"

    def test_a_long_name_of_a_segment_is_shortened(self):
        name = "The very best customers that anybody could ever wish to have"
        rows = segments(120, 500, 380).replace("Champions", name)
        found = words.segments(SETTING, history(best_segment=name), rows)
        assert len(found.heading) <= 80


class TestNotes:
    def test_define_each_segment_with_its_codes(self):
        terms = dict(notes.definitions(SETTING, segments(1, 2, 3)))
        assert terms["Champions"] == "What they are. Codes (R, F, M): 555."
        assert "last 30 days" in terms["Tier"]

    def test_say_who_is_left_out(self):
        assert any("last 365 days" in line for line in notes.limits(SETTING, NOBODY))
        everybody = replace(SETTING, bounds=Scoring(include_inactive=True, customer_type="RETAIL"))
        lines = " ".join(notes.limits(everybody, NOBODY))
        assert "last 365 days" not in lines
        assert "of type RETAIL" in lines

    def test_say_how_many_are_in_no_tier(self):
        apart = {"guest_revenue": 83_611.0, "customers_with_returns_only": 2}
        added = set(notes.limits(SETTING, apart)) - set(notes.limits(SETTING, NOBODY))
        assert added == {
            "Sales without a known customer (£83.6k so far) and 2 customers with nothing but returns are in "
            "no segment and no tier, nor in any sum of them."
        }

    def test_say_how_groups_were_made_only_where_there_are_some(self):
        assert "k-means" in " ".join(notes.method(SETTING, 100, 100))
        assert "k-means" not in " ".join(notes.method(SETTING, 0, 0))
