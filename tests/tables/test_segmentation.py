"""What the tables of the segmentation report show."""

from datetime import date

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.tables import segmentation as tables

BRITISH = Format("en_GB", "GBP")


def segments():
    return pd.DataFrame(
        {
            "segment_name": ["Champions", "Loyal", "Hibernating"],
            "customer_count": [40, 160, 0],
            "percentage": [20.0, 80.0, 0.0],
            "avg_revenue": [1000.0, 500.0, np.nan],
            "avg_recency_days": [5.0, 30.0, np.nan],
            "avg_frequency": [12.0, 3.25, np.nan],
            "action": ["Reward them.", "Offer more.", "Mail them."],
            "total_revenue": [40_000.0, 80_000.0, 0.0],
            "revenue_contribution": [100 / 3, 200 / 3, 0.0],
            "standing": [1, 2, 3],
        }
    )


class TestSegments:
    def test_the_most_revenue_first_with_what_to_do(self):
        table = tables.segments(segments(), BRITISH)
        assert table.rows[0] == ("Loyal", "160", "80.0%", "66.7%", "£500", "30", "3.3", "Offer more.")
        assert [row[0] for row in table.rows] == ["Loyal", "Champions", "Hibernating"]

    def test_an_empty_segment_has_dashes_and_is_grey(self):
        table = tables.segments(segments(), BRITISH)
        assert table.rows[2][1:7] == ("0", "0.0%", "0.0%", "–", "–", "–")
        assert table.unsure == {2}

    def test_the_total_is_over_customers_not_over_segments(self):
        assert tables.segments(segments(), BRITISH).total == (
            "All", "200", "100.0%", "100.0%", "£600", "25", "5.0", ""
        )  # fmt: skip

    def test_nothing_where_nobody_is_ranked(self):
        assert tables.segments(segments().assign(customer_count=0), BRITISH) is None


def test_tiers_stand_in_their_order_with_the_top_customers():
    rows = pd.DataFrame(
        {
            "tier": ["New", "At-Risk"],
            "customer_count": [50, 150],
            "percentage": [25.0, 75.0],
            "total_revenue": [100.0, 12_345.6],
            "revenue_contribution": [0.8, 99.2],
            "criteria": ["First purchase in the last 30 days", "No purchase for 90 days or more"],
            "top_customers": [1, 39],
        }
    )
    table = tables.tiers(rows, BRITISH)
    assert table.rows[1] == (
        "At-Risk", "No purchase for 90 days or more", "150", "75.0%", "39", "£12.3k", "99.2%"
    )  # fmt: skip
    assert table.total == ("All", "", "200", "100.0%", "40", "£12.4k", "100.0%")
    assert tables.tiers(rows.assign(customer_count=0), BRITISH) is None


def test_movements_are_those_who_moved_the_most_first():
    rows = pd.DataFrame(
        {
            "from_segment": ["A", "A", "B"],
            "to_segment": ["A", "B", "A"],
            "customer_count": [100, 5, 9],
            "percentage": [95.2, 4.8, 100.0],
            "change": ["same", "worse", "better"],
        }
    )
    table = tables.movement(rows, BRITISH, limit=1)
    assert table.rows == (("B", "A", "up", "9", "100.0%"),)
    assert table.of_rows == "2"
    assert tables.movement(rows.iloc[:1], BRITISH) is None


def test_credit_says_of_which_day_it_is():
    rows = pd.DataFrame(
        {
            "segment_name": ["Over Limit", "Low"],
            "criteria": ["Owe more", "Owe less"],
            "customer_count": [0, 40],
            "percentage": [0.0, 100.0],
            "avg_utilization": [np.nan, 12.34],
            "total_outstanding": [0.0, 4321.0],
            "as_of": [date(2026, 10, 31)] * 2,
        }
    )
    table = tables.credit(rows, BRITISH)
    assert table.caption == "Balances as of 31 October 2026"
    assert table.rows[0][2:] == ("0", "0.0%", "–", "£0")
    assert table.total[2:] == ("40", "100.0%", "", "£4,321")
    assert tables.credit(rows.iloc[:0], BRITISH) is None


def behaviour():
    return pd.DataFrame(
        {
            "segment_name": ["Many orders"],
            "customer_count": [60],
            "percentage": [100.0],
            "avg_revenue": [99.6],
            "avg_recency_days": [10.0],
            "avg_frequency": [2.0],
            "avg_tenure_days": [100.0],
            "avg_basket_size": [49.8],
            "avg_category_breadth": [np.nan],
            "revenue_contribution": [100.0],
        }
    )


def test_categories_are_a_column_only_where_they_are_known():
    assert len(tables.behaviour(behaviour(), BRITISH).columns) == 9
    known = tables.behaviour(behaviour().assign(avg_category_breadth=2.5), BRITISH)
    assert (known.columns[-1].label, known.rows[0][-1]) == ("Categories each", "2.5")
    assert tables.behaviour(behaviour().iloc[:0], BRITISH) is None


def test_the_chosen_number_of_groups_is_marked():
    rows = pd.DataFrame(
        {"groups": [3, 4], "silhouette": [0.2, 0.345], "smallest": [10.0, 5.0], "chosen": [False, True]}
    )
    table = tables.group_choice(rows, BRITISH)
    assert [row[-1] for row in table.rows] == ["", "chosen"]
    assert table.rows[1][1] == "0.345"


class TestCustomers:
    ROWS = pd.DataFrame(
        {
            "customer_id": ["<img src=x>", "007"],
            "r_score": [5, 1], "f_score": [4, 1], "m_score": [3, 1],
            "segment_name": ["Champions", "Hibernating"],
            "tier": ["VIP", "At-Risk"],
            "recency_days": [1, 1234], "frequency": [10, 1], "monetary": [1234.4, -5.0],
        }
    )  # fmt: skip

    def test_show_ids_as_they_are(self):
        table = tables.customers(self.ROWS, BRITISH)
        assert table.rows[0] == ("<img src=x>", "Champions", "VIP", "5 4 3", "1", "10", "£1,234")
        assert table.rows[1][4:] == ("1,234", "1", "−£5")

    def test_the_first_rows_of_how_many(self):
        table = tables.customers(self.ROWS, BRITISH, limit=1)
        assert (len(table.rows), table.of_rows) == (1, "2")
        assert table.folded == "Customers with the most revenue"
        assert tables.customers(self.ROWS.iloc[:0], BRITISH) is None


def test_no_table_touches_its_frame():
    before = segments()
    after = before.copy(deep=True)
    tables.segments(after, BRITISH)
    pd.testing.assert_frame_equal(before, after)
