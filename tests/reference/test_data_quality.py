"""The data-quality report on UCI Online Retail: the facts that are known of the file, exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analytics.metrics import data_gaps, data_left_out
from analytics.metrics.data_quality import Quality
from analytics.params.notebooks import notebook_names, read_card
from analytics.timeframe import parse_timeframe

ALL = parse_timeframe("all", as_of=date(2011, 12, 10), first_day=date(2010, 12, 1))


@pytest.fixture(scope="module")
def quality(reference_data, opened):
    return Quality(opened("online-retail"), [ALL], datetime(2011, 12, 10, 6, tzinfo=UTC), "Europe/London")


@pytest.fixture(scope="module")
def columns(quality):
    return data_gaps.columns(quality.profile).set_index(["table", "column"])


@pytest.fixture(scope="module")
def left_out(quality):
    cards = [read_card(name) for name in notebook_names()]
    rows = data_left_out.left_out(quality.profile, cards)
    return {(row.table, row.rule): row.rows for row in rows.itertuples()}


def failing(quality, rule):
    return quality.rules.set_index("rule").loc[rule, "rows_failing"]


class TestKnownFacts:
    def test_541_909_lines_of_25_900_invoices_from_1_december_2010_to_9_december_2011(self, quality):
        tables = quality.tables.set_index("table")
        assert tables["rows"].to_dict() == {"sales": 25_900, "sale_items": 541_909}
        sales = tables.loc["sales"]
        assert (sales["first_day"], sales["newest_day"]) == (date(2010, 12, 1), date(2011, 12, 9))

    def test_135_080_lines_without_a_customer(self, left_out):
        assert left_out["sale_items", "lines_of_guests"] == 135_080

    def test_10_624_negative_quantities_9_288_of_them_on_cancellations(self, columns, left_out):
        assert columns.loc[("sale_items", "quantity"), "negative"] == 10_624
        assert left_out["sale_items", "returned_lines"] == 9_288

    def test_2_517_prices_not_above_zero(self, quality):
        assert failing(quality, "price_not_positive") == 2_517

    def test_5_268_exact_duplicates_which_all_count(self, quality):
        assert failing(quality, "row_repeated") == 5_268
        assert quality.dataset.left_out["sale_items"] == 0

    def test_1_454_lines_without_a_description(self, columns):
        assert columns.loc[("sale_items", "product"), "missing"] == 1_454

    def test_the_famous_orders_of_tens_of_thousands_are_outliers(self, quality):
        items = quality.dataset.sale_items
        row = quality.profile.outliers.set_index("column").loc["quantity"]
        assert row["outliers"] == (items.quantity.abs() > row["high"]).sum().execute()
        assert 4_800 < row["high"] < 74_215  # 80,995 and 74,215, ordered and sent back, are beyond

    def test_nothing_is_refused_and_the_figures_can_be_acted_on(self, quality):
        assert quality.trust == "yes"
        assert quality.mend.empty
