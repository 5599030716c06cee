"""What the figures on how value is spread over customers promise."""

import math
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.clv import customers_by_value, headlines
from analytics.metrics.customer_value import (
    by_joining_year,
    by_orders,
    deciles,
    distribution,
    half_of_revenue,
    lorenz,
    orders_and_value,
    percentiles,
)
from analytics.metrics.purchases import as_table
from analytics.metrics.selection import Selection
from analytics.timeframe import parse_timeframe
from tests.books import books_of

AS_OF = date(2026, 1, 1)
YEAR = parse_timeframe("2025", as_of=AS_OF)


def sales_of(*rows):
    """Sales from (customer, day, amount) or (customer, day, amount, profit)."""
    padded = [(*row, None) if len(row) == 3 else row for row in rows]
    return as_table(
        pd.DataFrame(
            {
                "sale_id": pd.Series([str(i) for i in range(len(rows))], dtype="str"),
                "customer_id": pd.Series([row[0] for row in padded], dtype="str"),
                "sold_at": pd.Series([row[1] for row in padded], dtype="datetime64[us]"),
                "total_amount": pd.Series([row[2] for row in padded], dtype="float64"),
                "total_profit": pd.Series([row[3] for row in padded], dtype="float64"),
            }
        )
    )


def spending(*amounts):
    """One customer for each amount."""
    return sales_of(*[(f"c{i:04}", "2025-03-01", amount) for i, amount in enumerate(amounts)])


def spread(*past, **selection):
    """The distribution from sales."""
    return distribution(customers_by_value(*past, **selection))


def grid_of(*past, **selection):
    """Orders and their value from sales."""
    return orders_and_value(customers_by_value(*past, **selection))


class TestLorenz:
    def test_of_two_customers_worked_by_hand(self):
        curve = lorenz(percentiles(spending(30, 10), None, YEAR))
        assert curve.to_numpy().tolist() == [[0, 0], [0.5, 0.25], [1, 1]]

    def test_has_at_most_101_points_and_ends_at_all_of_both(self):
        curve = lorenz(percentiles(spending(*range(1, 451)), None, YEAR))
        assert len(curve) == 101
        assert curve.iloc[-1].tolist() == [1.0, 1.0]

    def test_its_area_is_the_gini_of_the_headline(self):
        amounts = [1, 2, 3, 50, 4, 0, 9, 9]
        curve = lorenz(percentiles(spending(*amounts), None, YEAR))
        area = np.trapezoid(curve["revenue_share"], curve["customer_share"])
        assert 1 - 2 * area == pytest.approx(headlines(spending(*amounts), None, [YEAR])["gini"].iloc[0])

    def test_takes_net_revenue_below_zero_as_zero(self):
        sales = sales_of(("ada", "2025-03-01", 10), ("ben", "2025-03-01", 1), ("ben", "2025-03-02", -8))
        assert lorenz(percentiles(sales, None, YEAR))["revenue_share"].tolist() == [0, 0, 1]

    def test_is_empty_where_nobody_has_brought_anything(self):
        assert lorenz(percentiles(spending(0, 0), None, YEAR)).empty
        assert lorenz(percentiles(spending(), None, YEAR)).empty

    @given(st.lists(st.integers(0, 10_000), min_size=1, max_size=130))
    @settings(max_examples=15)
    def test_never_rises_above_the_line_of_equality_and_bends_one_way(self, amounts):
        curve = lorenz(percentiles(spending(*amounts), None, YEAR))
        assert (curve["revenue_share"] <= curve["customer_share"] + 1e-9).all()
        slopes = np.diff(curve["revenue_share"]) / np.diff(curve["customer_share"])
        assert (np.diff(slopes) >= -1e-9).all()


class TestHalfOfTheRevenue:
    @pytest.mark.parametrize(
        ("amounts", "few"),
        [([50, 30, 20], 1), ([49, 31, 20], 2), ([1, 1, 1, 1], 2), ([7], 1), ([0, 0], 0), ([], 0)],
        ids=str,
    )
    def test_is_reached_by_the_customer_who_completes_it(self, amounts, few):
        assert half_of_revenue(percentiles(spending(*amounts), None, YEAR)) == few


class TestDeciles:
    def test_the_first_tenth_is_the_share_in_the_headline(self):
        amounts = [*range(1, 24)]
        tenths = deciles(percentiles(spending(*amounts), None, YEAR))
        found = headlines(spending(*amounts), None, [YEAR]).iloc[0]
        assert tenths["customers"].iloc[0] == found.top_10_percent_customers == 3
        assert tenths["revenue_contribution"].iloc[0] == pytest.approx(found.top_10_percent_contribution)

    def test_the_first_d_tenths_hold_the_customers_rounded_up(self):
        tenths = deciles(percentiles(spending(*range(1, 24)), None, YEAR))
        assert tenths["customers"].cumsum().tolist() == [math.ceil(2.3 * d) for d in range(1, 11)]

    def test_five_customers_fill_five_tenths(self):
        tenths = deciles(percentiles(spending(5, 4, 3, 2, 1), None, YEAR))
        assert tenths["decile"].tolist() == [1, 3, 5, 7, 9]
        assert tenths["least_revenue"].tolist() == [5, 4, 3, 2, 1]

    def test_adds_up_to_everything(self):
        tenths = deciles(percentiles(spending(*range(1, 251)), None, YEAR))
        assert tenths["cumulative_contribution"].iloc[-1] == pytest.approx(100)
        assert (tenths["customers"].sum(), tenths["total_revenue"].sum()) == (250, 250 * 251 / 2)

    def test_margins_use_only_the_sales_whose_profit_is_known(self):
        sales = sales_of(("ada", "2025-03-01", 100, 25), ("ada", "2025-03-01", 900), ("ben", "2025-03-01", 5))
        tenths = deciles(percentiles(sales, None, YEAR))
        assert tenths["profit_margin"].iloc[0] == 25
        assert math.isnan(tenths["profit_margin"].iloc[1])
        assert math.isnan(tenths["total_profit"].iloc[1])
        assert tenths["sales_without_profit"].tolist() == [1, 1]

    def test_no_customers_give_no_tenths(self):
        assert deciles(percentiles(spending(), None, YEAR)).empty


class TestDistribution:
    def test_counts_everybody_once(self):
        counted = spread(spending(0.005, 0.01, 9.99, 10, 10.01, 1e6, 0), None, YEAR)
        assert counted["customers"].sum() == 7
        assert counted["total_revenue"].sum() == pytest.approx(1_000_030.02)

    def test_an_amount_on_an_edge_belongs_to_the_step_above(self):
        counted = spread(spending(10), None, YEAR)
        assert counted[["from_revenue", "customers"]].to_numpy().tolist() == [[10.0, 1]]

    def test_those_who_brought_nothing_stand_in_a_row_of_their_own(self):
        sales = sales_of(("ada", "2025-03-01", 20), ("ben", "2025-03-01", 5), ("ben", "2025-03-02", -9))
        counted = spread(sales, None, YEAR)
        assert math.isnan(counted["from_revenue"].iloc[0])
        assert counted["customers"].tolist() == [1, 1]

    def test_empty_steps_between_are_there(self):
        counted = spread(spending(1, 10), None, YEAR)
        assert counted["customers"].tolist() == [1, *[0] * 7, 1]

    def test_steps_join_without_gaps_and_grow_by_one_factor(self):
        counted = spread(spending(1, 1e4), None, YEAR)
        assert (
            counted["from_revenue"].iloc[1:].to_numpy() == counted["to_revenue"].iloc[:-1].to_numpy()
        ).all()
        assert (counted["to_revenue"] / counted["from_revenue"]).tolist() == pytest.approx(
            [10**0.125] * 33, rel=1e-3
        )

    def test_beyond_the_last_step_is_the_last_step(self):
        assert spread(spending(9e12), None, YEAR)["customers"].tolist() == [1]


class TestOrdersAndValue:
    SALES = (("ada", "2025-03-01", 10), ("ben", "2025-03-01", 30), ("ben", "2025-03-02", 10))

    def test_counts_customers_by_orders_and_by_order_value(self):
        grid = grid_of(sales_of(*self.SALES), None, YEAR)
        assert grid[["total_orders", "from_value", "customers"]].to_numpy().tolist() == [
            [1, 10, 1],
            [2, 17.7828, 1],
        ]

    def test_ten_stands_for_ten_or_more(self):
        sales = sales_of(*[("ada", "2025-03-01", 1)] * 12, *[("ben", "2025-03-01", 1)] * 10)
        orders = by_orders(grid_of(sales, None, YEAR))
        assert orders[["total_orders", "customers", "average_order_value"]].to_numpy().tolist() == [
            [10, 2, 1]
        ]

    def test_shares_of_customers_and_of_revenue_add_up(self):
        orders = by_orders(grid_of(sales_of(*self.SALES), None, YEAR))
        assert orders["customer_percent"].tolist() == [50, 50]
        assert orders["revenue_contribution"].tolist() == [20, 80]
        assert orders["average_order_value"].tolist() == [10, 20]
        assert orders["average_clv"].tolist() == [10, 40]

    def test_an_order_value_of_nothing_has_no_lower_end(self):
        assert math.isnan(grid_of(spending(0), None, YEAR)["from_value"].iloc[0])

    def test_no_customers_give_no_rows(self):
        assert by_orders(grid_of(spending(), None, YEAR)).empty


class TestJoiningYears:
    def test_the_first_year_is_365_days_from_the_first_purchase(self):
        last, after = date(2024, 1, 1) + timedelta(364), date(2024, 1, 1) + timedelta(365)
        sales = sales_of(("ada", "2024-01-01", 10), ("ada", str(last), 5), ("ada", str(after), 100))
        row = by_joining_year(sales, None, YEAR).iloc[0]
        assert (row.first_year_value, row.average_clv) == (15, 115)

    @pytest.mark.parametrize(
        ("first", "over"), [("2025-01-01", 1), ("2025-01-02", 0)], ids=["just over", "a day short"]
    )
    def test_a_customer_whose_first_year_is_not_over_is_in_no_mean_of_it(self, first, over):
        row = by_joining_year(sales_of(("ada", first, 10)), None, YEAR).iloc[0]
        assert (row.customers, row.first_year_customers, bool(row.year_complete)) == (1, over, bool(over))
        assert row.first_year_value == 10 if over else math.isnan(row.first_year_value)

    def test_returns_lower_the_first_year(self):
        row = by_joining_year(
            sales_of(("ada", "2024-01-01", 10), ("ada", "2024-02-01", -4)), None, YEAR
        ).iloc[0]
        assert row.first_year_value == 6

    def test_registration_decides_the_year_and_the_first_purchase_where_there_is_none(self):
        sales = sales_of(("ada", "2024-02-01", 10), ("ben", "2024-02-01", 20))
        customers = as_table(
            pd.DataFrame(
                {"customer_id": ["ada", "ben"], "registered_at": pd.to_datetime(["2023-12-31 23:00", None])}
            )
        )
        rows = by_joining_year(sales, customers, YEAR)
        assert rows[["joining_year", "average_clv"]].to_numpy().tolist() == [[2023, 10], [2024, 20]]

    def test_the_interval_is_that_of_a_mean(self):
        amounts = [10.0, 20.0, 60.0]
        sales = sales_of(*[(name, "2024-02-01", amount) for name, amount in zip("abc", amounts, strict=True)])
        row = by_joining_year(sales, None, YEAR).iloc[0]
        half = 1.959964 * np.std(amounts, ddof=1) / math.sqrt(3)
        assert row.first_year_value_low == pytest.approx(30 - half, abs=1e-4)
        assert row.first_year_value_high == pytest.approx(30 + half, abs=1e-4)

    def test_one_customer_has_no_interval(self):
        row = by_joining_year(sales_of(("ada", "2024-01-01", 10)), None, YEAR).iloc[0]
        assert math.isnan(row.first_year_value_low)

    def test_customers_first_seen_when_the_data_begin_may_be_older(self):
        sales = sales_of(("ada", "2024-01-01", 10), ("ben", "2024-03-30", 10), ("cleo", "2024-03-31", 10))

        def older(**options):
            return by_joining_year(sales, None, YEAR, **options)["maybe_older"].tolist()

        assert older(first_day=date(2024, 1, 1)) == [2]
        assert older(first_day=date(2024, 1, 1), churn_days=1) == [1]
        assert older(first_day=date(2024, 1, 1), complete_history=True) == [0]
        assert older() == [0]

    def test_obeys_the_selection(self):
        sales = sales_of(("ada", "2024-01-01", 10), ("ben", "2024-03-31", 20))
        assert by_joining_year(sales, None, YEAR, selection=Selection(min_revenue=15))[
            "customers"
        ].tolist() == [1]

    def test_no_customers_give_no_years(self):
        assert by_joining_year(spending(), None, YEAR).empty


MEASURES = [percentiles, spread, grid_of, by_joining_year]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_every_engine_gives_the_same_figures(measure, kind):
    book = sales_of(
        ("ada", "2024-02-29", 19.99, 3.5), ("ada", "2025-12-31 23:59:59", 0.1, 0.1), ("ben", "2023-12-31", 7),
        ("ben", "2024-12-30 08:00:00", -7.5, -1), ("cleo", "2024-06-01", -3), (None, "2024-06-01", 8),
    )  # fmt: skip
    frame = book.to_pandas()
    connection = getattr(ibis, kind).connect()
    sales = connection.create_table(
        "sales", frame.astype(object).where(frame.notna(), None), schema=book.schema()
    )
    found = measure(sales, None, YEAR, selection=Selection(end_date="2025-01-01"))
    connection.disconnect()
    pd.testing.assert_frame_equal(
        found, measure(book, None, YEAR, selection=Selection(end_date="2025-01-01"))
    )


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_nothing_on_or_after_the_reference_date_is_read(measure):
    before = sales_of(("ada", "2024-02-29", 20), ("ben", "2025-12-31", 7))
    later = sales_of(
        ("ada", "2024-02-29", 20),
        ("ben", "2025-12-31", 7),
        ("ada", "2026-01-01", 99),
        ("cleo", "2026-01-02", 5),
    )
    pd.testing.assert_frame_equal(measure(before, None, YEAR), measure(later, None, YEAR))


class TestLaws:
    days = st.dates(date(2023, 12, 1), date(2026, 1, 15)).map(str)
    cents = st.integers(-2_000, 20_000).map(lambda n: n / 100)
    books = books_of(st.tuples(st.sampled_from("abcdefgh"), days, cents), most=40)

    @given(books)
    @settings(max_examples=10)
    def test_every_way_of_counting_counts_the_same_customers_and_revenue(self, book):
        sales = sales_of(*book)
        found = headlines(sales, None, [YEAR]).iloc[0]
        for measure in MEASURES:
            frame = measure(sales, None, YEAR)
            assert frame["customers"].sum() == found.total_customers
            assert frame["total_revenue"].sum() == pytest.approx(found.total_revenue, abs=1e-6)

    @given(books)
    @settings(max_examples=20)
    def test_the_first_year_agrees_with_plain_python(self, book):
        values = {}
        for who in "abcdefgh":
            past = [(date.fromisoformat(d), a) for w, d, a in book if w == who and d < "2026-01-01"]
            bought = [d for d, a in past if a >= 0]
            if bought and min(bought) + timedelta(365) <= AS_OF:
                first = min(bought)
                spent = sum(a for d, a in past if first <= d < first + timedelta(365))
                values.setdefault(first.year, []).append(spent)
        rows = by_joining_year(sales_of(*book), None, YEAR).set_index("joining_year")
        for year, spent in values.items():
            assert rows.loc[year, "first_year_customers"] == len(spent)
            assert rows.loc[year, "first_year_value"] == pytest.approx(sum(spent) / len(spent), abs=1e-6)
        assert rows["first_year_customers"].sum() == sum(map(len, values.values()))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_amounts_in_a_small_currency_are_not_too_large(measure):
    sales = sales_of(*[(f"c{i:03}", "2024-03-01", 9e11 + i) for i in range(200)])
    frame = measure(sales, None, YEAR)
    assert frame["customers"].sum() == 200
    assert frame["total_revenue"].sum() == pytest.approx(200 * 9e11 + 199 * 100)
    assert 0 <= headlines(sales, None, [YEAR])["gini"].iloc[0] < 1e-6
