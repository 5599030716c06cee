"""What the lifetime value report says of contracts, and when the simple rule leads."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.metrics.account_values import NUMBERS
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import account_value as words
from tests.words.outlooks import accounts_of, no_accounts, no_year

BRITISH = Format("en_GB", "GBP")
VIETNAMESE = Format("vi_VN", "VND")
COMPARISON = compare(parse_timeframe("2026-10", as_of=date(2026, 11, 1)), first_day=date(2025, 1, 1))


def books_of(acv=40_000.0):
    periods = COMPARISON.periods
    grows = acv * np.linspace(0.8, 1, len(periods))
    return pd.DataFrame(
        {
            "start": [p.start for p in periods],
            "end": [p.reference_date for p in periods],
            "ending_acv": grows,
        }
    )


class TestCards:
    def test_four_with_interval_history_loss_and_stay(self):
        expected, value, loss, stay = words.cards(accounts_of(), books_of(), COMPARISON, BRITISH)
        assert (expected.value, expected.base) == ("£35.0k", "80% interval £31.5k to £38.5k")
        assert value.value == "£40.0k"
        assert value.base == "40 accounts, £1,000 each"
        assert value.history[-1] == value.number == 40_000.0
        assert (expected.number, expected.unit) == (accounts_of()["predicted_revenue_12m"], "money")
        share = np.linspace(0.7, 1.05, 40)
        assert loss.value == BRITISH.money(1000 * (1 - share[share < 1]).sum())
        assert loss.base.startswith(f"in 12 months, by {(share < 1).sum()} accounts")
        assert stay.value == "10.2 months"

    def test_the_history_of_all_is_not_shown_beside_some(self):
        _, value, *_ = words.cards(accounts_of(), books_of(90_000.0), COMPARISON, BRITISH)
        assert (value.value, value.number, value.history, value.changes) == ("£40.0k", 40_000.0, (), ())

    def test_a_year_too_little_is_dashes(self):
        expected, value, loss, stay = words.cards(no_year(), books_of(), COMPARISON, BRITISH)
        assert (expected.value, loss.value, stay.value) == ("–", "–", "–")
        assert expected.base == "a year of snapshots is needed"
        assert value.value == "£40.0k"

    def test_the_rule_without_a_check_is_called_unchecked(self):
        young = accounts_of("baseline", predicted_revenue_12m_low=np.nan, predicted_revenue_12m_high=np.nan)
        assert "unchecked" in words.card(young, BRITISH).base

    def test_few_accounts_are_unsure(self):
        assert words.card(accounts_of(accounts=29), BRITISH).unsure
        assert not words.card(accounts_of(accounts=30), BRITISH).unsure


class TestSummary:
    def test_value_expectation_and_where_to_begin(self):
        said = words.summary(accounts_of(), BRITISH)
        text = " ".join(map(plain, said))
        assert text.startswith("40 accounts are worth £40.0k a year. Contracts should bring £35.0k (")
        lost = 1000 * (1 - np.linspace(0.7, 1.05, 40)[:20]).sum()
        assert text.endswith(
            f"Begin with the 20 accounts that should lose most: {BRITISH.money(lost)} of £20.0k."
        )
        assert len(text.split()) <= 60
        assert sum(isinstance(run, Bold) for runs in said for run in runs) <= 4

    def test_names_nobody_where_the_simple_rule_leads(self):
        assert "Begin" not in " ".join(map(plain, words.summary(accounts_of("baseline"), BRITISH)))

    def test_one_account(self):
        assert (
            plain(words.summary(accounts_of(accounts=1), BRITISH)[0]) == "1 account is worth £1,000 a year."
        )

    def test_none(self):
        assert plain(words.summary(no_accounts(), BRITISH)[0]) == "No account of this report has a contract."


class TestStatements:
    def test_the_ensembles_figure_stands_beside_the_rules(self):
        found = words.outlook(accounts_of(), BRITISH)
        assert found.heading == "Contracts should bring £35.0k in 12 months, 88% of their value"
        assert "The figure is the ensemble's, which had the lower error. " in found.lead
        assert "(10.2 months of 12) gives £34.0k." in found.lead

    def test_a_lead_by_chance_is_called_so(self):
        assert (
            "though by no more than chance" in words.outlook(accounts_of(difference_high=0.01), BRITISH).lead
        )

    def test_the_rule_leads_where_it_was_nearer(self):
        assert "it was nearer than the ensemble" in words.outlook(accounts_of("baseline"), BRITISH).lead

    def test_the_rule_leads_where_there_is_no_check(self):
        young = accounts_of("baseline", scores=accounts_of()["scores"].head(0))
        assert "too little history" in words.outlook(young, BRITISH).lead
        assert "two years" in words.check_missing(young)

    def test_contract_value_alone_where_a_year_is_missing(self):
        assert words.outlook(no_year(), BRITISH).heading == "40 accounts are worth £40.0k a year"
        assert "A year of snapshots" in words.missing(no_year())
        assert "A year of snapshots" in words.check_missing(no_year())
        assert "No account" in words.missing(no_accounts())
        assert words.outlook(no_accounts(), BRITISH).heading == "No account has a contract"

    @pytest.mark.parametrize(
        ("errors", "interval", "heading"),
        [
            ((0.30, 0.35), (-0.05, -0.01), "The ensemble beats the simple rule: off by 30.0%, not 35.0%"),
            ((0.36, 0.35), (0.001, 0.02), "The simple rule beats the ensemble: off by 35.0%, not 36.0%"),
            ((0.34, 0.35), (-0.02, 0.01), "Ensemble and simple rule are level: off by 34.0% and 35.0%"),
        ],
    )
    def test_the_check_has_a_heading_for_each_case(self, errors, interval, heading):
        scores = accounts_of()["scores"].set_index("method")
        scores.loc[["ensemble", "baseline"], "share_error"] = errors
        block = accounts_of(
            scores=scores.reset_index(), difference_low=interval[0], difference_high=interval[1]
        )
        found = words.check(block, BRITISH)
        assert found.heading == heading
        assert "+1.1% (ensemble) and −8.0%" in found.lead
        assert "held 79%" in found.lead

    def test_what_tells_accounts_apart(self):
        found = words.drivers(accounts_of(), BRITISH)
        assert found.heading == "What tells accounts apart most: seats in use, 5.0 pts of contract value"
        assert "no evidence" in words.drivers(accounts_of("baseline"), BRITISH).lead
        assert "Nothing is known" in words.drivers(no_year(), BRITISH).heading

    @pytest.mark.parametrize("show", [BRITISH, VIETNAMESE])
    def test_headings_have_80_characters_and_notes_40_words(self, show):
        for block in (accounts_of(acv=9.9e12, predicted_revenue_12m=8.88e12), no_year(), no_accounts()):
            for statement in (words.outlook, words.check, words.drivers):
                found = statement(block, show)
                assert len(found.heading) <= 80
                assert len(found.read.split()) <= 40
                assert "nan" not in f"{found.heading} {found.lead} {found.based}".lower().split()


class TestFactors:
    def test_every_feature_has_words(self):
        assert set(words.FACTORS) == {*NUMBERS, "plan"}

    def test_stand_with_what_they_move(self):
        row = next(accounts_of()["customers"].itertuples())
        assert words.factor_words(row, BRITISH).replace("\u2060", "") == "seats in use −£120; plan +£60"
        assert words.factor_words(next(no_year()["customers"].itertuples()), BRITISH) == ""


class TestNotes:
    def test_only_where_there_are_accounts(self):
        assert words.definitions(no_accounts()) == words.method(no_accounts()) == ()
        assert any("forest" in text for text in words.method(accounts_of()))
