"""What the page on interventions says, in every case that a queue can be in."""

import math

import pytest

from analytics.metrics.churn_catalogue import FEATURES
from analytics.models.interventions.signs import _REASON
from analytics.page.pieces import Bold, plain
from analytics.params import load_rules
from analytics.words import interventions as words
from analytics.words import interventions_notes as notes
from tests.intervention_data import ADA, BEN, CYD, THREE, likely, page_of

UNKNOWN = {"account_risk": 80, "account_level": "high", "worth_if_stays": 900.0, "owner": "Team 1"}
LATER = likely(worth_if_stays=0.0, owner="Team 1")
CASES = {
    "three": THREE,
    "nobody to call": ({"churn_probability": 0.1, "worth_if_stays": -1.0},),
    "one": (BEN,),
    "nothing today": (LATER,),
    "no owner": (CYD,),
    "no predictions": (UNKNOWN,),
    "many": tuple(likely(owner=f"A team with a long name {i % 3}", days_overdue=40) for i in range(25)),
    "losses": (likely(worth_if_stays=-50.0),),
    "mixed": (ADA, UNKNOWN, LATER),
}
TRUST = {"verdict": "tested", "calibration_error": 0.01}


def said(sentences):
    return " ".join(plain(runs) for runs in sentences)


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def page(request):
    return page_of(*CASES[request.param])


def test_every_case_has_words_that_fit(page):
    setting, kpis, rows = page
    sentences = words.summary(setting, kpis, rows)
    assert 1 <= len(sentences) <= 3
    assert len(said(sentences).split()) <= 60
    assert sum(isinstance(run, Bold) for runs in sentences for run in runs) <= 4
    for statement in (
        words.today(setting, kpis), words.queue(setting, kpis, rows), words.days(setting, kpis),
        words.owners(setting, kpis), words.causes(setting, kpis),
    ):  # fmt: skip
        assert 0 < len(statement.heading) <= 80
        assert len(statement.read.split()) <= 40
    assert len(words.headlines(setting, kpis)) == 4
    told = [said(sentences), *(card.base + card.value for card in words.headlines(setting, kpis))]
    assert not [text for text in told if "nan" in text or "None" in text]
    assert bool(words.missing(setting, kpis)) == rows.empty


def test_where_nobody_is_known_nothing_is_counted():
    setting, kpis, rows = page_of()
    assert kpis["to_call"] is kpis["value_at_risk"] is None
    assert math.isnan(kpis["history"]["to_call"].iloc[-1])
    assert said(words.summary(setting, kpis, rows)).startswith("Whom to call is not known")
    assert words.headlines(setting, kpis) == ()
    assert words.today(setting, kpis).heading == "Whom to call is not known"
    shown = (
        words.queue(setting, kpis, rows),
        *(part(setting, kpis) for part in (words.days, words.owners, words.causes)),
    )
    assert shown == (None,) * 4
    assert words.missing(setting, kpis).startswith("There are neither predictions nor live accounts")


class TestSummary:
    def test_says_how_many_what_is_at_risk_by_when_and_with_whom_to_begin(self):
        setting, kpis, rows = page_of(*THREE)
        assert said(words.summary(setting, kpis, rows)) == (
            "3 customers need a call: £8,622 of their yearly value is at risk. 2 calls are due today; "
            "Team 1 has most at risk. Begin with Ada & Co (£8,100 at risk): payment 45 days overdue."
        )

    def test_a_change_of_more_than_is_usual_is_said(self):
        before = page_of(BEN)[1]
        setting, kpis, rows = page_of(*THREE, before=before)
        assert "3 customers need a call, 200% more than Aug 2026" in said(words.summary(setting, kpis, rows))

    def test_begins_with_what_is_due_first_though_others_hold_more(self):
        big = likely(customer_name="Later plc", churn_probability=0.1, worth_if_stays=1e6)
        setting, kpis, rows = page_of(big, BEN | {"worth_if_stays": 1.0})
        assert rows["customer_name"].iloc[0] == "Later plc"
        assert "Begin with Ben Ltd" in said(words.summary(setting, kpis, rows))

    def test_without_predictions_no_value_at_risk_is_claimed(self):
        setting, kpis, rows = page_of(UNKNOWN)
        text = said(words.summary(setting, kpis, rows))
        assert text.startswith("1 account needs a call, worth £900 a year; nothing is predicted of them.")
        assert "at risk" not in text

    def test_names_the_part_that_is_asked_for_where_it_is_empty(self):
        setting, kpis, rows = page_of(*CASES["nobody to call"], asked="only of Ada")
        assert said(words.summary(setting, kpis, rows)) == "Nobody has to be called (only of Ada)."
        assert words.missing(setting, kpis).startswith("Nobody in the queue is what was asked for")


def test_cards_give_figures_with_their_base():
    setting, kpis, _ = page_of(*THREE)
    cards = {card.name: card for card in words.headlines(setting, kpis)}
    assert [cards[name].value for name in cards] == ["3", "£8,622", "2", "2"]
    assert cards["to_call"].base == "3 with a chance to leave above 50%"
    assert cards["value_at_risk"].base == "chance to leave × £9,580 that they bring in 12 months if they stay"
    assert cards["due_today"].base == "by 1 October 2026; £8,550 at risk"


def test_cards_compare_with_the_timeframe_before():
    before = dict.fromkeys(("to_call", "due_today", "due_this_week", "value_at_risk"), 2)
    setting, kpis, _ = page_of(*THREE, before=before)
    assert words.headlines(setting, kpis)[0].changes[0].words == "50.0%"


def test_owners_say_who_has_most_and_how_many_have_nobody():
    statement = words.owners(*page_of(*THREE)[:2])
    assert statement.heading == "Team 1 has most on their hands: £8,100 at risk"
    assert statement.lead == "They have 1 call, 1 of them this week. 1 has no owner."
    assert words.owners(*page_of(CYD)[:2]).heading == "No customer in the queue has an owner"
    assert words.owners(*page_of(*CASES["nobody to call"])[:2]).heading == "Nobody has calls on their hands"


def test_today_says_whom_most_of_the_calls_are_with():
    rows = [likely(owner="Ada"), likely(owner="Ada"), likely(owner="Ben")]
    setting, kpis, _ = page_of(*(row | {"days_to_renewal": 2} for row in rows))
    assert words.today(setting, kpis).lead == "Ada has most of them: 2."
    assert words.today(*page_of(LATER)[:2]).heading == "No call is due today"
    assert words.none_today(page_of(LATER)[1])
    assert not words.none_today(kpis)


def test_every_reason_of_signs_and_models_has_a_name_in_words():
    assert {*_REASON.values(), *(feature.reason for feature in FEATURES), "other"} - words.REASONS.keys() == {
        "logins_30d"
    }  # fmt: skip
    assert words.reason("own_column") == "Own column"


class TestNotices:
    def test_missing_predictions_are_said_with_what_stands_instead(self):
        setting, kpis, rows = page_of(UNKNOWN)
        found = [
            notice
            for notice in notes.notices(setting, kpis, rows, {"verdict": "none", "calibration_error": None})
            if notice
        ]
        assert [notice.title for notice in found] == ["There are no predictions dated before 1 October 2026"]
        assert "by their health and contract value" in found[0].text

    def test_revenue_in_place_of_profit_is_said_with_how_much(self):
        setting, kpis, rows = page_of(*THREE)
        found = [notice for notice in notes.notices(setting, kpis, rows, TRUST) if notice]
        assert [notice.title for notice in found] == ["Revenue stands in for profit for 1 of 3 in the queue"]
        assert found[0].text.startswith("£72 of the value at risk is revenue")

    def test_a_part_of_the_queue_and_predictions_of_unknown_trust_are_said(self):
        setting, kpis, rows = page_of(BEN, asked="only of Ada")
        trust = {"verdict": "outside", "calibration_error": None}
        titles = [notice.title for notice in notes.notices(setting, kpis, rows, trust) if notice]
        assert titles == [
            "A part of the queue is shown",
            "How far the chances to leave can be trusted is not known",
        ]

    def test_the_name_of_an_owner_keeps_its_capitals(self):
        setting, kpis, rows = page_of(BEN, asked="only of Ada McRae")
        (part,) = (notice for notice in notes.notices(setting, kpis, rows, TRUST) if notice)
        assert part.text == "Only of Ada McRae."

    def test_nothing_is_said_where_all_is_well(self):
        setting, kpis, rows = page_of(BEN)
        assert not any(notes.notices(setting, kpis, rows, TRUST))


class TestNotes:
    def test_say_bounds_and_urgency_as_the_table_has_them(self):
        setting, kpis, _ = page_of(*THREE)
        found = dict(notes.notes(setting, kpis, load_rules("intervention_rules"), market=None)["definitions"])
        assert "above 50%" in found["In the queue"]
        assert "the first 20% of all value at risk" in found["In the queue"]
        assert "an overdue payment within 1" in found["Due"]
        assert "today where the chance is high as well" in found["Due"]
        assert "14 days before it" in found["Due"]
        assert "NPS 0 or lower" in found["Signs"]

    def test_the_market_profile_is_said_where_it_changes_something(self):
        setting, kpis, _ = page_of(*THREE)
        rules = load_rules("intervention_rules")
        method = notes.notes(setting, kpis, rules, market="vietnam")["method"]
        assert method[-1] == (
            "Market profile vietnam: NPS leads reasons and steps; relationship comes before service comes "
            "before commercial in the steps; a stage’s normal days are multiplied by 1.5."
        )
        assert not [
            line for line in notes.notes(setting, kpis, rules, market=None)["method"] if "profile" in line
        ]

    def test_accounts_without_a_prediction_and_unknown_values_are_limits(self):
        setting, kpis, _ = page_of(ADA, UNKNOWN)
        limits = " ".join(notes.notes(setting, kpis, load_rules("intervention_rules"), market=None)["limits"])
        assert "1 live account has no prediction in the batch; only its health can bring it" in limits
        assert "1 in the queue is of unknown value" in limits
        assert "The predictions are of 1 customers: " not in limits
        assert "The predictions are of 1 customer: who is not among them" in limits
        nobody = page_of(UNKNOWN)[1]
        limits = notes.notes(setting, nobody, load_rules("intervention_rules"), market=None)["limits"]
        assert not [line for line in limits if "not among them" in line]


def test_a_queue_of_losses_gives_no_share_of_what_is_at_risk():
    setting, kpis, rows = page_of(likely(worth_if_stays=-50.0))
    assert not math.isnan(kpis["value_at_risk"])
    assert words.queue(setting, kpis, rows).lead == ""
