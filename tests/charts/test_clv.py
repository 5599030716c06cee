"""What a reader notices in the pictures of customer lifetime value."""

import re

import numpy as np
import pandas as pd
import pytest

from analytics.charts import clv as charts
from analytics.formats import Format

BRITISH = Format("en_GB", "GBP")

CURVE = pd.DataFrame({"customer_share": [0, 0.5, 0.9, 1], "revenue_share": [0, 0.1, 0.5, 1]})
TENTHS = pd.DataFrame(
    {
        "decile": [1, 2, 3],
        "customers": [20, 20, 20],
        "profit_margin": [31.25, -4.0, np.nan],
        "total_profit": [1000.0, -40.0, np.nan],
    }
)
COUNTED = pd.DataFrame(
    {
        "from_revenue": [np.nan, 10.0, 100.0, 1000.0],
        "to_revenue": [0.01, 100.0, 1000.0, 10_000.0],
        "customers": [4, 30, 60, 10],
    }
)
GRID = pd.DataFrame(
    {
        "total_orders": [1, 1, 10],
        "from_value": [10.0, np.nan, 31.6],
        "to_value": [17.8, 0.01, 56.2],
        "customers": [40, 2, 35],
    }
)
ROWS = pd.DataFrame(
    {"total_orders": [1, 5, 10], "customers": [42, 29, 35], "average_order_value": [12.0, 999.0, 40.0]}
)
YEARS = pd.DataFrame(
    {
        "joining_year": [2022, 2023, 2024, 2025],
        "first_year_customers": [100, 200, 150, 29],
        "first_year_value": [120.0, 90.0, 95.0, 777.0],
        "first_year_value_low": [100.0, 80.0, 90.0, 1.0],
        "first_year_value_high": [140.0, 100.0, 100.0, 999.0],
        "maybe_older": [80, 0, 0, 0],
        "year_complete": [True, True, False, False],
    }
)

DRAWN = {
    "lorenz": lambda: charts.lorenz(CURVE, TENTHS, BRITISH, half=6),
    "distribution": lambda: charts.distribution(COUNTED, BRITISH, median=150.0, average=400.0),
    "orders": lambda: charts.orders(GRID, ROWS, BRITISH),
    "joining": lambda: charts.joining(YEARS, BRITISH),
    "margin": lambda: charts.margin(TENTHS, BRITISH),
}


def words_in(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.fixture(params=DRAWN)
def drawn(request):
    return DRAWN[request.param]


class TestEveryPicture:
    def test_comes_in_two_drawings_with_words_for_those_who_do_not_see_it(self, drawn):
        chart = drawn()
        assert 40 < len(chart.alt) <= 300
        assert chart.wide.startswith("<svg")
        assert chart.narrow.startswith("<svg")
        assert chart.wide != chart.narrow

    def test_is_drawn_the_same_twice(self, drawn):
        assert drawn() == drawn()

    def test_is_small(self, drawn):
        chart = drawn()
        assert len(chart.wide) + len(chart.narrow) < 25_000

    def test_leaves_its_input_alone(self, drawn):
        frames = [CURVE, TENTHS, COUNTED, GRID, ROWS, YEARS]
        before = [frame.copy(deep=True) for frame in frames]
        drawn()
        for frame, copy in zip(frames, before, strict=True):
            pd.testing.assert_frame_equal(frame, copy)


@pytest.mark.parametrize(
    "empty",
    [
        lambda: charts.lorenz(CURVE.head(0), TENTHS, BRITISH, half=0),
        lambda: charts.distribution(COUNTED.head(1), BRITISH, median=0.0, average=0.0),
        lambda: charts.orders(GRID, ROWS[ROWS["customers"] < 30], BRITISH),
        lambda: charts.orders(GRID.head(0), ROWS.head(0), BRITISH),
        lambda: charts.joining(YEARS.tail(1), BRITISH),
        lambda: charts.margin(TENTHS.assign(profit_margin=np.nan), BRITISH),
        lambda: charts.margin(TENTHS.assign(customers=9), BRITISH),
    ],
    ids=["no curve", "nobody above zero", "few", "no orders", "a year of few", "no profit", "few customers"],
)
def test_nothing_to_show_is_no_picture(empty):
    assert empty() is None


class TestLorenz:
    def test_reads_off_how_few_bring_half(self):
        chart = DRAWN["lorenz"]()
        assert "6 customers (10%)" in words_in(chart.wide)
        assert "6 customers (10%) bring half of the revenue, the best 10% bring 50%." in chart.alt

    def test_one_customer_brings(self):
        chart = charts.lorenz(CURVE, TENTHS.assign(customers=1000), BRITISH, half=1)
        assert "1 customer (under 1%) brings half of the revenue" in chart.alt


class TestDistribution:
    def test_names_median_and_average(self):
        texts = words_in(DRAWN["distribution"]().wide)
        assert {"Half below £150", "Average £400"} <= set(texts)

    def test_counts_what_the_frame_counts(self):
        assert "most customers, 60, lie between £100 and £1,000" in DRAWN["distribution"]().alt

    def test_draws_a_bar_for_each_step_as_high_as_its_count(self):
        bars = re.findall(r'<path d="M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)[^>]*f-c1', DRAWN["distribution"]().wide)
        heights = np.array([float(foot) - float(top) for foot, top in bars])
        assert heights / heights[1] == pytest.approx([30 / 60, 1, 10 / 60], abs=0.01)

    def test_leaves_out_a_mark_below_zero(self):
        chart = charts.distribution(COUNTED, BRITISH, median=-5.0, average=400.0)
        assert not [text for text in words_in(chart.wide) if text.startswith("Half below")]

    def test_one_step_is_enough(self):
        assert charts.distribution(COUNTED.iloc[[1]], BRITISH, median=50.0, average=50.0) is not None


class TestOrders:
    def test_labels_the_ends_of_the_line_and_leaves_out_few(self):
        texts = words_in(DRAWN["orders"]().wide)
        assert {"£12", "£40", "10+"} <= set(texts)
        assert "£999" not in texts

    def test_says_the_ends_in_words(self):
        assert (
            "£12 for customers with 1 order and £40 for customers with 10 orders or more"
            in DRAWN["orders"]().alt
        )


class TestJoining:
    def test_draws_years_with_thirty_customers_and_no_others(self):
        texts = words_in(DRAWN["joining"]().wide)
        assert {"2022", "2023", "2024", "£120", "£90", "£95"} <= set(texts)
        assert not {"2025", "£777"} & set(texts)

    def test_says_who_may_be_older_and_which_year_is_not_over(self):
        texts = words_in(DRAWN["joining"]().wide)
        assert {"100 customers, perhaps older", "200 customers", "150 customers, year not over"} <= set(texts)

    def test_one_year_is_said_once(self):
        assert charts.joining(YEARS.iloc[[1]], BRITISH).alt.endswith("intervals: £90 in 2023.")


class TestMargin:
    def test_names_tenths_and_leaves_out_those_without_profit(self):
        texts = words_in(DRAWN["margin"]().wide)
        assert {"Best 10%", "11% to 20%", "31.3%", "−4.0%"} <= set(texts)
        assert "21% to 30%" not in texts
