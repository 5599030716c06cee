"""How the lifetime value page puts customers and contracts together."""

import pytest

from analytics.formats import Format
from analytics.page.pieces import Bold, plain
from analytics.words import clv_page
from tests.words.outlooks import accounts_of, checked_of, model_of, no_accounts, nothing_known, totals_of
from tests.words.test_account_value import books_of
from tests.words.test_clv import COMPARISON, best_of, figures_of, profit_of

BRITISH = Format("en_GB", "GBP")
VIETNAMESE = Format("vi_VN", "VND")
NOBODY = {"total_customers": 0, "total_revenue": 0.0}


def cards(figures, model, contracts, show=BRITISH):
    return [card.name for card in clv_page.cards(figures, model, contracts, books_of(), COMPARISON, show)]


def summary(figures, model, contracts, show=BRITISH, ago=(1, 200)):
    known = {"half": 20, "best": best_of(*ago), "sort_by": "revenue"}
    return clv_page.summary(figures, model, contracts, COMPARISON, show, **known)


def text(runs):
    return " ".join(map(plain, runs))


class TestCards:
    def test_of_customers_alone_hold_what_should_come(self):
        found = cards(figures_of(), model_of(), no_accounts())
        assert found == [
            "average_clv", "predicted_revenue_12m", "revenue_in_timeframe", "top_10_percent_contribution",
        ]  # fmt: skip

    def test_say_how_many_customers_there_are(self):
        first = clv_page.cards(figures_of(), model_of(), no_accounts(), books_of(), COMPARISON, BRITISH)[0]
        assert first.base.startswith("400 customers; half")

    def test_of_both_hold_both_forecasts(self):
        found = cards(figures_of(), model_of(), accounts_of())
        assert found[1:3] == ["predicted_revenue_12m", "predicted_contract_revenue_12m"]

    def test_of_contracts_alone_speak_of_contracts_alone(self):
        found = cards(figures_of(**NOBODY), nothing_known(0), accounts_of())
        assert found == ["predicted_contract_revenue_12m", "ending_acv", "expected_loss", "expected_months"]

    def test_of_nobody_are_those_of_customers(self):
        found = cards(figures_of(**NOBODY), nothing_known(0), no_accounts())
        assert found[0] == "average_clv"
        assert len(found) == 4


class TestSummary:
    def test_has_come_should_come_do_next(self):
        found = text(summary(figures_of(), model_of(), no_accounts()))
        assert found.startswith("400 customers have brought £39.6k") or found.startswith("400 customers")
        assert "they should bring £100k (£80.0k to £125k)." in found
        assert found.endswith("1 has not ordered for 90 days.")

    def test_without_a_forecast_it_is_what_it_was(self):
        found = text(summary(figures_of(), nothing_known(), no_accounts()))
        assert "Half of all revenue so far comes from 20 customers" in found
        assert "next 12 months" not in found

    def test_of_both_names_both_forecasts(self):
        found = text(summary(figures_of(), model_of(), accounts_of()))
        assert "they should bring £100k" in found
        assert "Contracts should bring £35.0k" in found

    def test_of_contracts_alone(self):
        found = text(summary(figures_of(**NOBODY), nothing_known(0), accounts_of()))
        assert found.startswith("40 accounts are worth £40.0k a year.")

    @pytest.mark.parametrize("show", [BRITISH, VIETNAMESE])
    @pytest.mark.parametrize("contracts", [accounts_of(), no_accounts()])
    @pytest.mark.parametrize("moved", [{}, {"revenue_in_timeframe": 9e12}])
    def test_has_60_words_and_four_bold_figures_at_most(self, show, contracts, moved):
        block = model_of(totals=totals_of(8.88e11, 7.77e11, 9.99e11))
        found = summary(figures_of(**moved), block, contracts, show)
        assert len(text(found).split()) <= 60
        assert sum(isinstance(run, Bold) for runs in found for run in runs) <= 4
        assert any("should bring" in plain(runs) for runs in found)


class TestNotes:
    def of(self, figures, model, contracts):
        return clv_page.notes(figures, profit_of(), model, checked_of(), contracts, BRITISH, COMPARISON.this)

    def test_define_what_is_there_and_nothing_else(self):
        both = {name for name, _ in self.of(figures_of(), model_of(), accounts_of())["definitions"]}
        assert {"Customer", "Expected revenue", "Expected contract revenue"} <= both
        alone = self.of(figures_of(**NOBODY), nothing_known(0), accounts_of())
        assert {name for name, _ in alone["definitions"]} == {"Expected contract revenue", "Confidence"}

    def test_always_say_that_the_future_is_taken_to_be_as_the_past(self):
        assert "as the past" in " ".join(self.of(figures_of(), model_of(), no_accounts())["limits"])
