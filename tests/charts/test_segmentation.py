"""What a reader notices in the pictures of the segmentation report."""

import re

import numpy as np
import pandas as pd
import pytest

from analytics.charts import segmentation as charts
from analytics.formats import Format

BRITISH = Format("en_GB", "GBP")


def words_of(svg):
    return re.findall(r">([^<>]+)</text>", svg)


def segments(**changed):
    frame = pd.DataFrame(
        {
            "segment_name": ["Champions", "Loyal", "Hibernating"],
            "customer_count": [40, 100, 60],
            "percentage": [20.0, 50.0, 30.0],
            "action": ["Reward.", "Offer.", "Mail."],
            "revenue_contribution": [60.0, 39.0, 1.0],
            "standing": [1, 2, 3],
        }
    )
    return frame.assign(**changed)


def movement(*rows):
    columns = ["from_segment", "to_segment", "customer_count", "percentage", "change"]
    return pd.DataFrame(rows, columns=columns)


MOVED = movement(
    ("Champions", "Champions", 40, 80.0, "same"),
    ("Champions", "Hibernating", 10, 20.0, "worse"),
    ("Hibernating", "Champions", 5, 25.0, "better"),
    ("Hibernating", "Gone inactive", 15, 75.0, "left"),
    ("First purchase since", "Loyal", 7, 100.0, "joined"),
)


class TestSegments:
    def test_both_shares_are_written_beside_their_bars(self):
        words = words_of(charts.segments(segments(), BRITISH).wide)
        assert "20.0% of customers" in words
        assert "60.0% of revenue" in words
        assert {"50.0%", "39.0%", "30.0%", "1.0%"} <= set(words)

    def test_the_most_revenue_stands_on_top(self):
        words = words_of(charts.segments(segments(revenue_contribution=[1.0, 39.0, 60.0]), BRITISH).wide)
        assert "30.0% of customers" in words

    def test_without_revenue_there_are_customers_alone(self):
        chart = charts.segments(segments(revenue_contribution=np.nan), BRITISH)
        assert not [word for word in words_of(chart.wide) if "revenue" in word]
        assert "revenue." not in chart.alt

    def test_a_negative_share_is_drawn_in_the_colour_of_losses(self):
        chart = charts.segments(segments(revenue_contribution=[110.0, -4.0, -6.0]), BRITISH)
        assert "f-c2" in chart.wide
        assert "−6.0%" in words_of(chart.wide)

    def test_the_words_for_those_who_do_not_see_it_have_the_figures(self):
        chart = charts.segments(segments(), BRITISH)
        assert "Champions: 20% of customers, 60% of revenue" in chart.alt
        assert len(chart.alt) <= 300

    def test_nothing_where_nobody_is_ranked(self):
        assert charts.segments(segments(customer_count=0), BRITISH) is None
        assert charts.segments(segments(customer_count=[9, 10, 10]), BRITISH) is None
        assert charts.segments(segments(action=""), BRITISH) is None


class TestMovement:
    def test_names_the_groups_on_both_sides_the_best_first(self):
        chart = charts.movement(MOVED, BRITISH, heads=("30 September 2026", "31 October 2026"))
        words = words_of(chart.wide)
        assert [w for w in words if w.startswith("Champions")] == ["Champions, 50", "Champions, 45"]
        assert [w for w in words if w.startswith("Outside")] == ["Outside, 7", "Outside, 15"]
        assert "30 September 2026" in words
        assert "40 customers stayed, 5 moved to a better segment, 10 to a worse one" in chart.alt

    def test_a_segment_that_nobody_left_has_its_place_by_standing(self):
        rows = movement(
            ("Champions", "Loyal", 5, 50.0, "worse"),
            ("Champions", "Hibernating", 5, 50.0, "worse"),
            ("Hibernating", "Hibernating", 9, 100.0, "same"),
        )
        words = words_of(charts.movement(rows, BRITISH, heads=("then", "now")).wide)
        left = [word.split(",")[0] for word in words if "," in word][:3]
        assert left == ["Champions", "Loyal", "Hibernating"]

    def test_nothing_without_a_comparison(self):
        assert charts.movement(MOVED.iloc[:0], BRITISH, heads=("then", "now")) is None


class TestGrid:
    CELLS = pd.DataFrame(
        {
            "days": [1, 1, 361], "orders": [12, 1, 2], "group": ["Champions", "Others", "At Risk"],
            "role": ["best", "other", "away"], "customer_count": [10, 400_000, 5],
        }
    )  # fmt: skip

    def test_names_the_groups_and_ends_at_twelve_orders(self):
        chart = charts.recency_frequency(self.CELLS, BRITISH)
        assert {"Champions", "Others", "At Risk", "12+"} <= set(words_of(chart.wide))
        assert "400,015 customers" in chart.alt
        assert "400,000 have ordered once" in chart.alt

    def test_many_customers_are_as_cheap_as_few(self):
        assert len(charts.recency_frequency(self.CELLS, BRITISH).wide) < 12_000

    def test_years_of_silence_fit_on_the_axis(self):
        far = self.CELLS.assign(days=[1, 1, 3001])
        assert "1 to 3," in charts.recency_frequency(far, BRITISH).alt

    def test_nothing_without_customers(self):
        assert charts.recency_frequency(self.CELLS.iloc[:0], BRITISH) is None


def test_credit_bars_say_who_owes_what():
    rows = pd.DataFrame(
        {"segment_name": ["Over Limit", "Low"], "customer_count": [3, 40], "total_outstanding": [500.0, 20.0]}
    )
    words = words_of(charts.credit(rows, BRITISH).wide)
    assert {"Over Limit", "3", "£500 outstanding"} <= set(words)
    assert charts.credit(rows.assign(customer_count=0), BRITISH) is None


class TestBehaviour:
    SEGMENTS = pd.DataFrame(
        {"segment_name": ["Many orders", "Long away"], "percentage": [30.0, 70.0], "customer_count": [30, 70]}
    )
    PROFILE = pd.DataFrame(
        [
            ("Many orders", "frequency", 1.4), ("Many orders", "recency_days", -0.2),
            ("Long away", "frequency", -7.0), ("Long away", "recency_days", 0.6),
        ],
        columns=["segment_name", "feature", "deviation"],
    )  # fmt: skip

    def test_each_group_has_a_panel_with_its_share(self):
        chart = charts.behaviour(self.PROFILE, self.SEGMENTS, BRITISH)
        words = words_of(chart.wide)
        assert {"Many orders", "30% of customers", "Long away", "70% of customers"} <= set(words)
        assert words.count("Orders") == 1  # the rows are named once, at the left
        assert "Many orders" in chart.alt

    def test_more_is_blue_less_is_amber_and_close_is_grey(self):
        svg = charts.behaviour(self.PROFILE, self.SEGMENTS, BRITISH).wide
        assert {"f-d6", "f-d2", "f-ghost"} <= set(re.findall(r"f-[a-z0-9]+", svg))

    def test_nothing_without_groups(self):
        assert charts.behaviour(self.PROFILE, self.SEGMENTS.iloc[:0], BRITISH) is None


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.segments(segments(), BRITISH),
        lambda: charts.movement(MOVED, BRITISH, heads=("a", "b")),
        lambda: charts.recency_frequency(TestGrid.CELLS, BRITISH),
        lambda: charts.behaviour(TestBehaviour.PROFILE, TestBehaviour.SEGMENTS, BRITISH),
    ],
    ids=["segments", "movement", "grid", "behaviour"],
)
def test_draws_the_same_bytes_twice_and_escapes_names(draw):
    assert draw() == draw()
    hostile = segments(segment_name=["<img src=x onerror=alert(1)>", "Loyal", "Hibernating"])
    assert "<img" not in charts.segments(hostile, BRITISH).wide


def test_no_picture_touches_its_frame():
    before = segments()
    charts.segments(before, BRITISH)
    pd.testing.assert_frame_equal(before, segments())
