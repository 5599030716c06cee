"""What the tables of how customers buy show."""

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.tables import purchase_patterns as tables

SHOW = Format("en_GB", "GBP")


def test_ranges_under_thirty_orders_are_grey_and_the_total_is_over_orders():
    rows = pd.DataFrame(
        {"transaction_count": [90, 10, 0], "percentage": [90.0, 10.0, 0.0], "avg_items": [1.5, 2.0, np.nan],
         "avg_amount": [10.0, 110.0, np.nan]}
    )  # fmt: skip
    table = tables.baskets(rows, ["a", "b", "c"], SHOW)
    assert table.rows[0] == ("a", "90", "90.0%", "1.5", "£10")
    assert table.rows[2] == ("c", "0", "0.0%", "–", "–")
    assert table.total == ("All", "100", "100.0%", "", "£20")
    assert table.unsure == {1, 2}
    assert tables.baskets(rows.assign(transaction_count=0), ["a", "b", "c"], SHOW) is None


def test_a_cut_period_says_so_and_the_newest_are_shown():
    rows = pd.DataFrame(
        {"cut": [False, False, True], "transaction_count": [1, 2, 3], "unique_customers": [1, 1, 1],
         "revenue": [5.0, 6.0, 7.0], "avg_basket_size": [5.0, 3.0, np.nan]}
    )  # fmt: skip
    table = tables.over_time(rows, ["x", "y", "z"], SHOW, limit=2)
    assert table.rows == (("y", "2", "1", "£6", "£3", ""), ("z", "3", "1", "£7", "–", "cut by the timeframe"))
    assert table.of_rows == "3"


def test_offers_stand_in_one_row_a_customer_the_surest_first():
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b"],
            "rank": [1, 2, 3, 1],
            "category": ["Tea", "Pots", "Cups", "Coffee"],
            "after_category": ["Pots", "Tea", "Tea", "Tea"],
            "confidence": [0.4, 0.3, 0.2, 0.5],
            "lift": [1.25, 1.2, 1.1, 2.0],
        }
    )
    table = tables.following(rows, SHOW)
    assert table.rows == (
        ("b", "Coffee", "Tea", "50%", "2.00", ""),
        ("a", "Tea", "Pots", "40%", "1.25", "Pots, Cups"),
    )
    assert tables.following(rows.iloc[:0], SHOW) is None


def test_pairs_say_of_how_many_they_are_and_grey_the_few():
    rows = pd.DataFrame(
        {"category": ["a", "b"], "other_category": ["c", "d"], "purchase_count": [29, 30], "support": 0.125,
         "confidence": 0.5, "lift": 2.0, "lift_low": 1.5, "lift_high": 2.5}
    )  # fmt: skip
    rows.attrs["pairs"] = 1500
    table = tables.pairs(rows, SHOW, limit=2)
    assert table.rows[0] == ("a", "c", "29", "12.5%", "50.0%", "2.00", "1.50 to 2.50")
    assert (table.unsure, table.of_rows) == ({0}, "1,500")


def test_hours_without_an_order_are_left_out_and_unknown_hours_have_no_table():
    rows = pd.DataFrame({"hour": [0, 1], "transaction_count": [0, 4], "percentage": [0.0, 100.0]})
    assert tables.by_hour(rows, SHOW).rows == (("01:00", "4", "100.0%"),)
    assert tables.by_hour(None, SHOW) is None
