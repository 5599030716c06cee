"""What the tables of what is to come hold."""

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.tables import clv_predictive as tables
from analytics.words.account_value import factor_words
from tests.words.outlooks import (
    accounts_of,
    checked_of,
    model_of,
    no_accounts,
    no_year,
    nothing_known,
    unchecked,
)

BRITISH = Format("en_GB", "GBP")


def people_of(n=3, **other):
    """Customers with predictions, the second the best; the last has none."""
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "customer_name": [None, "Ada", "Ben"][:n],
            "last_purchase_date": pd.to_datetime(["2026-10-01"] * n),
            "predicted_revenue_12m": [50.0, 400.0, np.nan][:n],
            "predicted_revenue_12m_low": [0.0, 100.0, np.nan][:n],
            "predicted_revenue_12m_high": [90.0, 900.0, np.nan][:n],
            "predicted_revenue_36m": [100.0, 900.0, np.nan][:n],
            "expected_purchases_90d": [0.5, 1.0, np.nan][:n],
            "expected_purchases_12m": [2.04, 4.0, np.nan][:n],
            "expected_purchases_12m_low": [0.0, 2.0, np.nan][:n],
            "expected_purchases_12m_high": [4.0, 7.0, np.nan][:n],
            "expected_average_value": [25.0, 100.0, np.nan][:n],
            "probability_alive": [np.nan, 0.973, np.nan][:n],
        }
    )
    return frame.assign(**other)


class TestCustomers:
    def test_the_best_first_with_intervals(self):
        table = tables.outlook(people_of(), BRITISH)
        assert len(table.rows) == 2
        assert table.rows[0] == (
            "Ada (c1)", "£400", 100.0, "£100 to £900", "£900", "1.0", "4.0 (2 to 7)", "£100", "97%",
            "1 October 2026",
        )  # fmt: skip
        assert (table.rows[1][0], table.rows[1][-2]) == ("c0", "–")
        assert table.folded

    def test_says_of_how_many(self):
        assert tables.outlook(people_of(), BRITISH, rows=1).of_rows == "2"
        assert tables.outlook(people_of(), BRITISH).of_rows == ""

    def test_a_loss_has_no_bar_to_the_wrong_side(self):
        people = people_of(2, predicted_revenue_12m=[-5.0, 10.0])
        assert [row[2] for row in tables.outlook(people, BRITISH).rows] == [100.0, 0.0]

    def test_nothing_expected_is_no_row(self):
        assert tables.outlook(people_of(0), BRITISH).rows == ()


class TestEvidence:
    def test_parameters_have_four_figures_and_standard_errors(self):
        rows = tables.parameters(model_of(), BRITISH).rows
        assert rows[0] == ("MBG/NBD", "yes", "−100.00", "r 0.2426 (0.0126), alpha 4.414 (–)")
        assert rows[1] == ("Gamma-Gamma", "yes", "–", "p 6.250 (1.189)")
        assert tables.parameters(nothing_known(), BRITISH).rows == ()

    def test_scores_stand_beside_the_rules(self):
        rows = tables.scores(checked_of(), BRITISH).rows
        assert [row[0] for row in rows] == ["Model", "Same rate as before", "No visit at all"]
        assert rows[0][1:5] == ("110", "100", "+10.0%", "1.50")
        assert rows[2][-1] == "–"
        assert tables.scores(unchecked(), BRITISH).rows == ()

    def test_coverage_that_cannot_be_measured_is_a_dash(self):
        assert [row[-1] for row in tables.coverage(checked_of(), BRITISH).rows] == ["81.0%", "–", "79.0%"]


class TestContracts:
    def test_those_who_should_lose_most_stand_first(self):
        upside_down = accounts_of(customers=accounts_of()["customers"].iloc[::-1])
        table = tables.contracts(upside_down, BRITISH, factor_words, rows=2)
        first = table.rows[0]
        assert first[0] == "Ada (a0)"
        assert first[2:6] == ("£1,000", "£700", "£490 to £840", "−£300")
        assert first[6] == "90%"
        assert first[7].startswith("seats in use")
        assert table.rows[1][0] == "a1"
        assert table.of_rows == "40"

    def test_the_total_adds_up(self):
        total = tables.contracts(accounts_of(), BRITISH, factor_words).total
        assert total[2:6] == ("£40.0k", "£35.0k", "£31.5k to £38.5k", "−£5,000")

    @pytest.mark.parametrize("block", [accounts_of(), accounts_of("baseline"), no_year(), no_accounts()])
    def test_every_row_has_every_column(self, block):
        table = tables.contracts(block, BRITISH, factor_words)
        assert {len(row) for row in (*table.rows, table.total or table.columns)} == {len(table.columns)}

    def test_contract_values_alone_where_nothing_is_predicted(self):
        table = tables.contracts(no_year(), BRITISH, factor_words)
        assert [column.label for column in table.columns] == ["Account", "Plan", "Contract value"]

    def test_the_check_names_each_method(self):
        rows = tables.contract_scores(accounts_of(), BRITISH).rows
        assert rows[0] == ("Ensemble", "30.0%", "£300", "£9,100", "£9,000", "+1.1%")
        assert rows[3][0] == "Contract value × expected lifetime"

    def test_confidence_by_thirds(self):
        rows = tables.contract_confidence(accounts_of(), BRITISH).rows
        assert rows[0] == ("Lowest third", "80%", "40.0%", "133")
