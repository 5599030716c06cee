"""Hours and days of purchases are those of the organisation's clock, across the changes of the clocks."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics.baskets import basket_analysis, payment_preferences
from analytics.metrics.category_patterns import category_pairs, category_preferences
from analytics.metrics.next_categories import next_categories
from analytics.metrics.purchase_patterns import (
    purchase_frequency,
    purchase_summary,
    transactions_over_time,
)
from analytics.metrics.purchase_times import time_patterns
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe

YEAR = parse_timeframe("2026", as_of=date(2026, 11, 1))


def hours_of(dataset):
    by_hour = time_patterns(dataset.sales, YEAR).by_hour.set_index("hour")["transaction_count"]
    return by_hour[by_hour > 0].to_dict()


def weekdays_of(dataset):
    by_day = time_patterns(dataset.sales, YEAR).by_day_of_week.set_index("day_of_week")["transaction_count"]
    return by_day[by_day > 0].to_dict()


@pytest.mark.parametrize(
    ("zone", "instants", "hours", "days"),
    [
        # Clocks in London went forward on Sunday 29 March 2026 at 01:00 UTC and back on Sunday 25 October.
        (
            "Europe/London",
            ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
            {0: 1, 2: 1, 1: 2},
            {"Sunday": 4},
        ),
        # Noon in New York is 17:00 UTC in winter and 16:00 in summer.
        ("America/New_York", ["2026-01-15T17:00:00Z", "2026-07-15T16:00:00Z"], {12: 2},
         {"Thursday": 1, "Wednesday": 1}),
        # A late evening of one day here is the next day there; no clock changes.
        ("Asia/Ho_Chi_Minh", ["2026-03-29T17:30:00Z", "2026-03-29T16:30:00Z"], {0: 1, 23: 1},
         {"Monday": 1, "Sunday": 1}),
    ],
)  # fmt: skip
def test_instants_become_local_hours(database, opened, zone, instants, hours, days):
    sales = pd.DataFrame(
        {"sale_id": [str(i) for i in range(len(instants))], "sold_at": instants, "total_amount": 10.0}
    )
    dataset = opened(database({"sales": sales}, owned=True), timezone=zone)
    assert hours_of(dataset) == hours
    assert weekdays_of(dataset) == days


def test_local_times_stay_as_they_are_even_those_that_no_clock_showed(database, opened):
    at = pd.to_datetime(["2026-03-29 01:30:00", "2026-10-25 01:30:00", "2026-10-25 23:59:59"])
    sales = pd.DataFrame({"sale_id": ["a", "b", "c"], "sold_at": at, "total_amount": 10.0})
    dataset = opened(database({"sales": sales}, owned=True))
    assert hours_of(dataset) == {1: 2, 23: 1}


def test_every_engine_finds_the_same_patterns(database, opened):
    days = pd.date_range("2026-05-01 09:15", periods=120, freq="36h")
    n = len(days)
    sales = pd.DataFrame(
        {
            "sale_id": [f"s{i:03}" for i in range(n)],
            "customer_id": [f"c{i % 25:02}" for i in range(n)],
            "sold_at": days,
            "total_amount": [float(10 * (i % 40)) - 20 for i in range(n)],
            "units": [float(i % 3 + 1) for i in range(n)],
            "payment_method": ["Card" if i % 2 else None for i in range(n)],
        }
    )
    names = ["Tea", "Pots", "Cups", "Coffee"]
    items = pd.DataFrame(
        {
            "sale_id": [f"s{i // 2:03}" for i in range(2 * n)],
            "category": [names[(i * i + i // 7 + i // 31) % 4] for i in range(2 * n)],
            "quantity": 1.0,
            "amount": 5.0,
        }
    )
    payments = pd.DataFrame(
        {
            "payment_id": [f"p{i:03}" for i in range(n)],
            "sale_id": sales["sale_id"],
            "method": "Voucher",
            "amount": 1.0,
            "paid_at": days,
        }
    )
    dataset = opened(database({"sales": sales, "sale_items": items, "payments": payments}, owned=True))
    there = patterns(dataset.sales, dataset.tables["sale_items"], dataset.tables["payments"])
    items["product"] = items["product_id"] = None
    here = patterns(as_table(sales), as_table(items), as_table(payments))
    for name, frame in here.items():
        assert len(frame), name
        pd.testing.assert_frame_equal(there[name], frame, check_dtype=False)


def patterns(sales, items, payments):
    """Every figure that an engine makes, as frames."""
    chosen = {"level": "category"}
    preferences = category_preferences(sales, items, YEAR, **chosen)
    return {
        "summary": purchase_summary(sales, [YEAR]),
        "frequency": pd.DataFrame([purchase_frequency(sales, YEAR)]),
        "over time": transactions_over_time(sales, YEAR, "weekly"),
        "hours": time_patterns(sales, YEAR).by_day_and_hour,
        "baskets": basket_analysis(sales, YEAR, bounds=[100, 250]),
        "quantiles": basket_analysis(sales, YEAR, bounds=[], quantiles=3),
        "payments": payment_preferences(sales, payments, YEAR),
        "categories": preferences,
        "pairs": category_pairs(sales, items, YEAR, **chosen, preferences=preferences, least=5),
        "offers": next_categories(sales, items, YEAR, **chosen, least=3),
    }
