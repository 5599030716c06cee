"""What the report on return says: whom to call, what it brings, what must be right."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import roi as words
from analytics.words import roi_campaigns as campaigns
from analytics.words import roi_notes as notes
from analytics.words import roi_restated as restated
from tests import roi_figures as figures

BRITISH = Format("en_GB", "GBP")
LOCALES = [BRITISH, Format("vi_VN", "VND"), Format("de_DE", "EUR"), Format("en_US", "USD")]
DAY = date(2026, 11, 1)
COMPARISON = compare(parse_timeframe("2026-10", as_of=DAY), first_day=date(2024, 1, 1))
NOBODY = figures.calls_of().head(0)
POOR = figures.calls_of(worth=20.0)
LOSING = figures.SENSITIVITY.assign(profit_at_low=[-650.0, 1600.0, 2200.0])
RULES = {
    "high_risk_threshold": 0.8,
    "top_share": 0.1,
    "revenue_multiplier": 100.0,
    "retention_cost_share": 0.1,
}
WORST = {"profit": -200.0, "customers": 34}


def headlines_of(**last):
    """At high risk in each month, with what the last one says."""
    n = len(COMPARISON.periods)
    frame = pd.DataFrame({"period": [p.label for p in COMPARISON.periods]})
    frame["start"] = [p.start for p in COMPARISON.periods]
    frame["end"] = [p.reference_date for p in COMPARISON.periods]
    frame["predicted_at"] = pd.Timestamp("2026-10-31")
    frame["high_risk_customers"] = np.where(np.arange(n) % 2, 34.0, 35.0)
    for name, value in last.items():
        frame.loc[n - 1, name] = value
    return frame


def said(value, arms=None, format=BRITISH):
    arms = figures.arms_of() if arms is None else arms
    return words.summary(value, arms, format, day=DAY)


def text(sentences):
    return " ".join(map(plain, sentences))


def named(value, rows=figures.SENSITIVITY, worst=WORST, thresholds=figures.THRESHOLDS, threshold=0.8):
    moved = words.assumptions(rows, BRITISH)
    return words.sensitivity(value, moved, worst, thresholds, BRITISH, threshold=threshold)


class TestSummary:
    def test_says_how_many_to_call_what_it_brings_and_what_must_be_right(self):
        value = figures.value_of(best_profit=796.0, best_profit_low=456.0, best_profit_high=1129.0)
        assert text(said(value)) == (
            "Calling the 152 customers most worth saving should bring £796 of profit in 12 months (95% "
            "interval £456 to £1,129) for £760. It pays if more than 3.8% of those who would leave are "
            "saved; 20% is assumed."
        )

    def test_says_what_everybody_would_lose(self):
        assert "Calling everybody would lose £598." in text(said(figures.value_of(call_all_profit=-598.0)))

    def test_says_where_the_share_saved_was_measured(self):
        assert "; 14% is measured." in text(said(figures.value_of(save_share=0.14, save_share_measured=True)))

    def test_calls_everybody_and_one_customer_by_their_names(self):
        everybody = figures.calls_of(9, worth=6000.0)
        assert text(said(figures.value_of(everybody))).startswith("Calling all 9 customers should bring")
        alone = figures.value_of(figures.calls_of(1))
        assert text(said(alone)).startswith("Calling one customer should bring")

    def test_says_to_call_nobody_where_no_call_pays(self):
        found = text(said(figures.value_of(POOR)))
        assert found.startswith("Call nobody: with 20% of leavers saved and £5 a call, none of 200 customers")
        assert "Calling everybody would lose £" in found

    def test_says_how_to_get_predictions_where_there_are_none(self):
        found = text(said(figures.value_of(NOBODY)))
        assert found.startswith("There are no predictions dated before 1 November 2026")
        assert "The report churn_training makes them" in found

    def test_speaks_of_revenue_where_it_stands_in_for_profit(self):
        assert "of revenue in 12 months" in text(said(figures.value_of(revenue_based_customers=150)))
        assert "of profit in 12 months" in text(said(figures.value_of(revenue_based_customers=50)))

    def test_says_what_campaigns_have_shown_and_nothing_where_there_was_nothing_to_judge(self):
        arms = figures.arms_of({}, figures.UNSEEN)
        assert text(said(figures.value_of(), arms)).endswith(" 1 of 2 measured campaigns has paid.")
        assert text(said(figures.value_of(), figures.arms_of(figures.UNSEEN))).endswith("shown to pay.")
        assert "campaign" not in text(said(figures.value_of(), figures.arms_of(figures.WITHOUT_CONTROL)))

    @pytest.mark.parametrize("format", LOCALES, ids=lambda f: f.locale)
    @given(
        n=st.integers(0, 300),
        worth=st.floats(1, 1e9),
        everybody=st.floats(-1e9, 1e9),
        measured=st.booleans(),
        paid=st.booleans(),
    )
    @settings(max_examples=25)
    def test_is_short_whatever_the_figures(self, format, n, worth, everybody, measured, paid):
        value = figures.value_of(
            figures.calls_of(n, worth=worth), call_all_profit=everybody, save_share_measured=measured
        )
        sentences = said(value, figures.arms_of({} if paid else figures.UNSEEN), format)
        assert len(text(sentences).split()) <= 60
        assert sum(isinstance(run, Bold) for runs in sentences for run in runs) <= 4
        assert not {"nan", "None"} & set(text(sentences).replace(".", " ").split())


class TestCards:
    def test_are_profit_customers_share_and_risk(self):
        found = words.cards(figures.value_of(), headlines_of(), COMPARISON, BRITISH)
        assert [card.name for card in found] == [
            "expected_profit", "best_customers", "break_even_save_share", "high_risk_customers",
        ]  # fmt: skip
        assert [card.value for card in found] == ["£3,254", "152", "3.8%", "35"]

    def test_give_the_interval_the_cost_and_the_base(self):
        profit, best, share, risk = words.cards(figures.value_of(), headlines_of(), COMPARISON, BRITISH)
        assert profit.base == "£760 spent; 95% interval £2,268 to £4,240"
        assert best.base == "76% of 200 customers"
        assert share.base == "of those who would leave; 20% assumed, not measured"
        assert risk.base == "17% of all; predicted on 31 October 2026"

    def test_compare_those_at_high_risk_only(self):
        *others, risk = words.cards(
            figures.value_of(), headlines_of(high_risk_customers=68.0), COMPARISON, BRITISH
        )
        assert not any(card.changes for card in others)
        assert [change.verdict for change in risk.changes] == ["more", "more"]

    def test_leave_out_of_the_base_whose_worth_is_not_known(self):
        found = words.cards(figures.value_of(unknown_worth_customers=48), headlines_of(), COMPARISON, BRITISH)
        assert found[1].base == "100% of 152 customers; the worth of 48 more is not known"

    def test_have_no_small_line_and_no_change_where_there_is_one_batch(self):
        one = headlines_of().assign(high_risk_customers=[*[np.nan] * (len(COMPARISON.periods) - 1), 34.0])
        (*_, risky) = words.cards(figures.value_of(), one, COMPARISON, BRITISH)
        assert (risky.value, risky.changes, risky.history) == ("34", (), ())
        (*_, risky) = words.cards(figures.value_of(), headlines_of(), COMPARISON, BRITISH)
        assert risky.changes
        assert risky.history

    def test_name_who_is_left_out_rather_than_a_share_that_is_nearly_all(self):
        value = figures.value_of(scored_customers=345, best_customers=344, high_risk_customers=344)
        _, best, _, risky = words.cards(value, headlines_of(), COMPARISON, BRITISH)
        assert best.base == "all but 1 of 345 customers"
        assert risky.base.startswith("all but 1; predicted on")

    def test_are_dashes_without_predictions(self):
        figured = headlines_of(high_risk_customers=np.nan, predicted_at=pd.NaT)
        found = words.cards(figures.value_of(NOBODY), figured, COMPARISON, BRITISH)
        assert [card.value for card in found] == ["–"] * 4
        assert {card.base for card in found} == {"no predictions up to this day"}


class TestProfitCurve:
    def test_says_where_to_stop(self):
        found = words.profit_curve(figures.value_of(), BRITISH)
        assert found.heading == "Stop at 76%: beyond that, a call costs more than it brings"
        assert (
            "by risk alone would bring £2,929, by spend alone bring £2,603, at random bring £1,627"
            in found.lead
        )

    def test_says_that_a_gain_may_be_chance_where_its_interval_holds_nought(self):
        found = words.profit_curve(figures.value_of(best_profit_low=-1.0), BRITISH)
        assert found.heading == "Calling 76% brings most, but the gain may be chance"
        unsure = figures.value_of(scored_customers=152, best_profit_low=-1.0)
        assert words.profit_curve(unsure, BRITISH).heading.startswith("Calling everybody brings most")

    def test_says_to_call_everybody_or_nobody(self):
        everybody = words.profit_curve(figures.value_of(figures.calls_of(9, worth=6000.0)), BRITISH)
        assert everybody.heading.startswith("Call everybody")
        assert "at random" not in everybody.lead
        assert words.profit_curve(figures.value_of(POOR), BRITISH).heading.startswith("Call nobody")

    def test_never_says_all_where_it_is_not_all_and_never_nought_where_it_is_some(self):
        nearly = words.profit_curve(figures.value_of(scored_customers=1000, best_customers=999), BRITISH)
        assert nearly.heading == "Call all but 1: that call costs more than it brings"
        nearly = words.profit_curve(figures.value_of(scored_customers=1000, best_customers=996), BRITISH)
        assert nearly.heading == "Call all but 4: each such call costs more than it brings"
        few = words.profit_curve(figures.value_of(scored_customers=1000, best_customers=1), BRITISH)
        assert few.heading.startswith("Stop at under 1%")

    def test_counts_everybody_of_known_worth_as_all(self):
        value = figures.value_of(scored_customers=200, unknown_worth_customers=48)
        found = words.profit_curve(value, BRITISH)
        assert found.heading.startswith("Call everybody")
        assert "the worth of 48 is not known" in found.based

    def test_says_a_loss_as_a_loss(self):
        assert (
            "at random lose £50." in words.profit_curve(figures.value_of(random_profit=-50.0), BRITISH).lead
        )


class TestSensitivity:
    def test_says_that_no_single_assumption_turns_the_plan(self):
        found = named(figures.value_of(high_risk_profit=1500.0, break_even_save_share=0.021))
        assert found.heading == "No single wrong assumption turns £1,500 into a loss"
        assert (
            found.lead
            == "Saving 2.1% of leavers would break even. All assumptions wrong at once: a loss of £200."
        )

    def test_says_which_share_must_be_saved_where_that_decides(self):
        found = named(figures.value_of(break_even_save_share=0.078), LOSING)
        assert found.heading == "Calling all above 80% pays only if more than 7.8% of leavers are saved"

    def test_names_another_assumption_where_that_decides(self):
        rows = figures.SENSITIVITY.assign(profit_at_high=[2350.0, -5.0, 800.0])
        assert named(figures.value_of(), rows).heading.endswith("check the cost of a call")

    def test_says_a_loss_and_what_would_mend_it(self):
        found = named(figures.value_of(high_risk_profit=-300.0, break_even_save_share=0.4))
        assert found.heading == "Calling all above 80% loses £300"
        assert "if more than 40.0% of leavers were saved" in found.lead

    @pytest.mark.parametrize("share", [1.7, float("nan")])
    def test_says_where_no_share_would_pay(self, share):
        found = named(figures.value_of(high_risk_profit=-300.0, break_even_save_share=share))
        assert found.lead == "No share saved would pay."

    def test_says_how_many_there_would_be_at_lower_thresholds_where_nobody_is_above(self):
        found = named(figures.value_of(high_risk_customers=0))
        assert found.heading == "Nobody's risk is above 80%"
        assert found.lead == "There are 56 above 70%, 78 above 60%, 100 above 50%."
        assert "high_risk_threshold" in words.sensitivity_missing(figures.value_of(high_risk_customers=0))
        assert words.sensitivity_missing(figures.value_of()) == ""

    def test_offers_lower_thresholds_only(self):
        found = named(figures.value_of(high_risk_customers=0), threshold=0.6)
        assert found.lead == "There are 100 above 50%."

    def test_puts_assumptions_and_their_ends_into_words(self):
        found = words.assumptions(figures.SENSITIVITY, BRITISH)
        assert found["label"].tolist() == [
            "Share of leavers saved",
            "Cost of a call",
            "Risk from which on to call",
        ]
        assert found["low_words"].tolist() == ["10%", "£2.50", "70%"]
        assert found["high_words"].tolist() == ["30%", "£10", "90%"]

    def test_writes_a_tiny_share_as_what_it_is(self):
        found = named(figures.value_of(break_even_save_share=0.0001), LOSING)
        assert found.heading == "Calling all above 80% pays only if more than 0.1% of leavers are saved"
        value = figures.value_of(break_even_save_share_best=0.0001)
        assert "more than 0.1% of those" in text(said(value))
        assert words.cards(value, headlines_of(), COMPARISON, BRITISH)[2].value == "under 0.1%"


class TestCustomers:
    def test_says_what_the_first_calls_hold(self):
        calls = figures.calls_of()
        found = words.customers(calls, figures.value_of(), BRITISH, shown=50)
        first = (
            calls["expected_profit"].head(50).sum()
            / calls.loc[calls["worth_calling"], "expected_profit"].sum()
        )
        assert found.heading == f"The first 50 calls hold {100 * first:.0f}% of the expected gain"

    def test_says_where_their_worth_comes_from(self):
        based = words.customers(figures.calls_of(), figures.value_of(), BRITISH, shown=50).based
        assert based.endswith("from the lifetime model (114), from the last 365 days' profit (38)")

    def test_says_where_all_of_them_are_listed_or_there_is_nobody(self):
        calls = figures.calls_of(30)
        found = words.customers(calls, figures.value_of(calls), BRITISH, shown=50)
        assert found.heading == "All 23 customers worth a call are listed here"
        assert words.customers(POOR, figures.value_of(POOR), BRITISH, shown=50).heading.startswith(
            "There is nobody"
        )
        assert "£5 a call" in words.customers_missing(figures.value_of(POOR), BRITISH)
        assert words.customers_missing(figures.value_of(), BRITISH) == ""


def every_statement(format):
    """Each statement in several of its cases."""
    arms = campaigns.labelled(figures.arms_of({}, figures.UNSEEN, figures.WITHOUT_CONTROL))
    moved = words.assumptions(figures.SENSITIVITY, format)
    costly = words.assumptions(LOSING, format)
    rule = {"threshold": 0.8, "top_share": 0.1}
    for value in (
        figures.value_of(), figures.value_of(POOR), figures.value_of(NOBODY),
        figures.value_of(high_risk_profit=-9e12),
        figures.value_of(save_share_measured=True, save_share_low=-0.05, save_share_high=0.45),
    ):  # fmt: skip
        yield words.profit_curve(value, format)
        yield words.customers(figures.calls_of(), value, format, shown=50)
        yield campaigns.save_share(
            value, campaigns.retention(figures.SAVE_SHARE, definition="purchase"), format
        )
        for rows in (moved, costly):
            yield words.sensitivity(value, rows, WORST, figures.THRESHOLDS, format, threshold=0.8)
    yield campaigns.campaigns(arms, format)
    yield campaigns.campaigns(arms.head(0), format)
    yield campaigns.balance(campaigns.labelled(figures.BALANCE), format)
    yield campaigns.win_back(
        campaigns.labelled(figures.WIN_BACK.assign(name="A campaign named at length")), format
    )
    for verdict in ("evidence", "no evidence"):
        yield campaigns.uplift(figures.uplift_of(verdict), format)
    yield restated.metrics(figures.METRICS, figures.THRESHOLDS, format, **rule)
    yield restated.metrics(figures.NOBODY, figures.THRESHOLDS, format, **rule)
    yield restated.savings(figures.SAVINGS, format)
    yield restated.segments(restated.labelled(figures.SEGMENTS), format)
    yield restated.trend(figures.batches_of(7000, 8000), format)
    yield restated.forecast(figures.forecast_of(), figures.batches_of(*range(7000, 7006)), format)


@pytest.mark.parametrize("format", LOCALES, ids=lambda f: f.locale)
def test_every_statement_fits_its_place(format):
    for found in every_statement(format):
        assert 10 < len(found.heading) <= 80, found.heading
        assert len(found.read.split()) <= 40, found.read
        assert not {"nan", "None", "NaT"} & set(f"{found.heading} {found.lead} {found.based}".split())


class TestNotices:
    WORTH = pd.DataFrame({"is_revenue": [False] * 9 + [True]})

    def noticed(self, value, worth=WORTH, format=BRITISH, verdict="tested"):
        trust = {"verdict": verdict, "calibration_error": 0.089}
        return [found for found in notes.notices(value, worth, format, day=DAY, trust=trust) if found]

    @pytest.mark.parametrize(
        ("verdict", "title"),
        [
            ("outside", "How far the chances to leave can be trusted is not known"),
            ("too few", "How far the chances to leave can be trusted is not known"),
            ("baseline", "A simple rule ranked customers as well as the model behind these figures"),
            ("off", "Chances to leave were off by 8.9 pts on average when tested"),
        ],
    )
    def test_say_what_the_test_of_the_chances_showed(self, verdict, title):
        (found,) = self.noticed(figures.value_of(), self.WORTH.head(9), verdict=verdict)
        assert found.title == title

    def test_say_how_to_get_predictions(self):
        (found,) = self.noticed(figures.value_of(NOBODY), self.WORTH.head(0))
        assert found.title == "There are no predictions dated before 1 November 2026"
        assert "churn_training" in found.text

    def test_say_that_revenue_stands_in_for_profit(self):
        (found,) = self.noticed(figures.value_of())
        assert found.title == "Revenue stands in for profit for 1 of 10 customers"
        assert self.noticed(figures.value_of(), self.WORTH.assign(is_revenue=True))[0].title.endswith(
            "profit"
        )
        assert self.noticed(figures.value_of(), self.WORTH.head(9)) == []

    def test_say_that_a_call_costs_next_to_nothing(self):
        (found,) = self.noticed(
            figures.value_of(break_even_save_share_best=0.00001), self.WORTH.head(9), Format("vi_VN", "VND")
        )
        assert found.title.startswith("A call that costs 5")
        assert "contact_cost" in found.text


class TestWithoutPredictions:
    BLOCKS = ("metrics", "customers", "campaign_roi", "uplift")

    def test_only_what_campaigns_have_shown_is_there(self):
        assert notes.shown(NOBODY, self.BLOCKS) == {"campaign_roi", "uplift"}
        assert notes.shown(figures.calls_of(), self.BLOCKS) == set(self.BLOCKS)


class TestNotes:
    SOURCES = pd.DataFrame({"value_source": ["lifetime model", "unknown"], "customers": [190, 10]})

    def limits(self, **changed):
        found = notes.notes(
            figures.value_of(**changed), self.SOURCES, BRITISH, parameters=RULES, response_days=30
        )
        return " ".join(found["limits"])

    def test_say_that_the_share_saved_is_an_assumption_where_it_is_one(self):
        assert "is an assumption" in self.limits()
        assert "is an assumption" not in self.limits(save_share_measured=True)

    def test_say_where_the_worth_comes_from(self):
        assert "190 from the lifetime model; 10 not known" in self.limits()

    def test_say_how_many_have_probably_gone(self):
        assert "12 of the customers are with a chance of over 90% gone" in self.limits(
            probably_gone_customers=12
        )
        assert "gone" not in self.limits()

    def test_say_that_the_order_is_no_evidence(self):
        assert "no evidence" in self.limits()
