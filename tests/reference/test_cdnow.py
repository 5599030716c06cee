"""CDNOW: the workbook's figures against the plain computation, and against what is published."""

from datetime import date

import pytest

from tests.reference import agreement, spelled_out

TIMEFRAMES = ["all", "1997-Q1", "1997-Q2", "1998-Q1"]


@pytest.fixture(scope="module")
def both(reference_data, opened):
    return agreement.Both(opened("cdnow"), spelled_out.cdnow(reference_data), date(1998, 7, 1))


class TestThePublishedFacts:
    def test_every_row_is_a_sale_and_no_row_a_duplicate(self, both):
        assert both.dataset.sales.count().execute() == len(both.sales) == 69_659

    def test_the_total_and_the_customers(self, both):
        said = spelled_out.value(both.history("all"))
        assert said["total_revenue"] == 25_003_156_300  # 2,500,315.63 dollars
        assert said["total_customers"] == 23_570

    def test_half_of_them_buy_once(self, both):
        assert spelled_out.repeats(both.history("all"))["one_time_buyers"] == 11_908

    def test_ids_keep_their_leading_zeros(self, both):
        assert both.dataset.sales.customer_id.min().execute() == "00001"

    def test_the_days_are_those_of_the_file(self, both):
        assert (both.dataset.first_day, both.dataset.newest_day) == (date(1997, 1, 1), date(1998, 6, 30))


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
class TestToTheCentAndTheCustomer:
    def test_revenue(self, both, timeframe):
        agreement.check_revenue(both, timeframe)

    def test_value_and_concentration(self, both, timeframe):
        agreement.check_value(both, timeframe)

    @pytest.mark.parametrize("include_inactive", [True, False], ids=["everybody", "of the last year"])
    def test_scores_segments_and_tiers_of_every_customer(self, both, timeframe, include_inactive):
        agreement.check_segments(both, timeframe, include_inactive=include_inactive)

    def test_retention_books(self, both, timeframe):
        agreement.check_books(both, timeframe)

    def test_repeat_purchases(self, both, timeframe):
        agreement.check_repeats(both, timeframe)

    def test_cohort_triangle(self, both, timeframe):
        agreement.check_cohorts(both, timeframe)


def test_every_customer_of_the_clv_table(both):
    agreement.check_customers(both, "1998-Q1")
