"""UCI Online Retail: the workbook's figures against the plain computation, and against what is published."""

from datetime import date

import pytest

from tests.reference import agreement, spelled_out

TIMEFRAMES = ["all", "2011-Q3", "2011-10", "2011-11", "last-12-months", "2010-12-15..2011-01-20"]


@pytest.fixture(scope="module")
def both(reference_data, opened):
    sales = spelled_out.online_retail(reference_data)
    return agreement.Both(opened("online-retail"), sales, date(2011, 12, 10))


class TestThePublishedFacts:
    def test_all_lines_add_up_to_the_known_sum(self, both):
        assert round(both.sales["amount"].sum() / spelled_out.PLACES, 2) == 9_747_747.93

    def test_the_data_layer_reads_the_same_invoices(self, both):
        sales = both.dataset.sales
        mine = both.sales.set_index("sale_id")
        found = sales.select(
            "sale_id", "customer_id", "sold_at", total=sales.total_amount.cast("float64")
        ).to_pandas()
        found = found.set_index("sale_id").reindex(mine.index)
        assert sales.count().execute() == len(mine) == 25_900
        assert (found["customer_id"].fillna("") == mine["customer_id"].fillna("")).all()
        assert (found["sold_at"] == mine["sold_at"]).all()
        assert (found["total"] - mine["amount"] / spelled_out.PLACES).abs().max() < 1e-9

    def test_the_last_day_is_the_ninth_of_december(self, both):
        assert both.dataset.newest_day == date(2011, 12, 9)
        assert both.dataset.first_day == date(2010, 12, 1)


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


@pytest.mark.parametrize("timeframe", ["all", "2011-Q3"])
def test_every_customer_of_the_clv_table(both, timeframe):
    agreement.check_customers(both, timeframe)
