"""What a reader notices in the pictures of how customers buy."""

import re

import numpy as np
import pandas as pd

from analytics.charts import purchase_patterns as charts
from analytics.formats import Format
from analytics.metrics.purchase_flow import DAYS
from analytics.page.tokens import LIGHT

SHOW = Format("en_GB", "GBP")


def words_of(svg):
    return re.findall(r">([^<>]+)</text>", svg)


def weeks(counts=(20, 30, 5)):
    return pd.DataFrame(
        {
            "start": pd.date_range("2026-09-28", periods=len(counts), freq="7D").date,
            "cut": [True] + [False] * (len(counts) - 1),
            "transaction_count": counts,
        }
    )


def test_a_period_that_is_cut_is_grey():
    chart = charts.over_time(weeks(), "weekly", SHOW)
    assert LIGHT["ghost"] in chart.wide
    assert LIGHT["ghost"] not in charts.over_time(weeks().assign(cut=False), "weekly", SHOW).wide
    assert "in whole ones between 5 and 30, the most in the week from 5 October 2026" in chart.alt
    later = weeks((20, 30, 25)).assign(cut=[False, True, False])
    assert "in whole ones between 20 and 25, the most" in charts.over_time(later, "weekly", SHOW).alt
    assert charts.over_time(weeks((0, 0)), "weekly", SHOW) is None


def test_the_heat_map_leaves_out_the_hours_before_the_first_and_after_the_last_order():
    grid = np.zeros((7, 24))
    grid[5, 17], grid[0, 9] = 40, 10
    rows = pd.DataFrame(
        {
            "day_of_week": np.repeat(DAYS, 24),
            "hour": np.tile(range(24), 7),
            "transaction_count": grid.ravel(),
            "avg_transactions": grid.ravel() / 4,
        }
    )
    chart = charts.by_hour(rows, SHOW)
    words = words_of(chart.wide)
    assert {"Monday", "09:00", "18:00", "more than 0 to 10.0"} <= set(words)
    assert "08:00" not in words
    assert "Saturday from 17:00: 10.0 on average" in chart.alt
    assert LIGHT["q7"] in chart.wide
    assert charts.by_hour(None, SHOW) is None
    assert charts.by_hour(rows.assign(transaction_count=0), SHOW) is None


def test_pairs_below_chance_stand_in_the_table_only():
    rows = pd.DataFrame(
        {
            "category": ["Teapots", "Machines"],
            "other_category": ["Tea", "Cups"],
            "purchase_count": [150, 20],
            "expected_count": [78.0, 40.0],
            "lift": [1.92, 0.5],
        }
    )
    words = words_of(charts.pairs(rows, SHOW).wide)
    assert "Teapots + Tea" in words
    assert "+72" in words
    assert not any("Machines" in word for word in words)
    assert charts.pairs(rows.iloc[1:], SHOW) is None


def test_baskets_show_both_shares_with_their_figures():
    rows = pd.DataFrame(
        {"transaction_count": [90, 10], "percentage": [90.0, 10.0], "avg_amount": [10.0, 90.0]}
    )
    words = words_of(charts.baskets(rows, ["under £100", "from £100"], SHOW).wide)
    assert {"90.0% of orders", "50.0% of revenue", "under £100", "10.0%"} <= set(words)
    assert charts.baskets(rows.assign(transaction_count=[9, 1]), ["a", "b"], SHOW) is None


def test_alternative_texts_keep_to_their_length_whatever_the_names():
    rows = pd.DataFrame(
        {"category": [f"{i} " + "x" * 200 for i in range(20)], "percentage": 5.0, "avg_spend": 1.0,
         "purchase_count": 50}
    )  # fmt: skip
    rows.attrs["orders"] = 100
    assert len(charts.categories(rows, "products", SHOW).alt) <= 300
    offers = pd.DataFrame({"customer_id": range(30), "rank": 1, "category": "y" * 300})
    assert len(charts.following(offers, SHOW).alt) <= 300
