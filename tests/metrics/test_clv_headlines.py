"""What the headline figures on customer lifetime value promise: of whom, over what, in any engine."""

import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.clv import customers_by_value, gini, headlines, profits
from analytics.metrics.customer_sums import members
from analytics.metrics.selection import Selection
from analytics.timeframe import compare, parse_timeframe
from tests.books import books_of
from tests.clv_data import AS_OF, DECEMBER, YEAR, customers_of, one, rows_of, sales_of


@pytest.fixture(params=["duckdb", "sqlite"])
def engine(request):
    """An empty database of each kind that can live in memory."""
    connection = getattr(ibis, request.param).connect()
    yield connection
    connection.disconnect()


def stored(engine, name, table):
    """The table in a database; SQLite's driver takes no missing instants but None."""
    frame = table.to_pandas()
    plain = frame.astype(object).where(frame.notna(), None)
    return engine.create_table(name, ibis.memtable(plain, schema=table.schema()))


class TestSelection:
    SALES = sales_of(
        ("ada", "2025-03-01", 100.0, 10.0), ("ben", "2025-04-01", 50.0, 20.0), ("cleo", "2025-05-01", 25.0),
        (None, "2025-05-01", 3.0), ("dora", "2025-05-01", -3.0),
    )  # fmt: skip
    CUSTOMERS = customers_of(
        ("ada", "Ada", "RETAIL", "2024-01-31 18:00:00"), ("ben", "Ben", "WHOLESALE", None),
        ("cleo", "Cleo", None, None), ("dora", "Dora", "RETAIL", None),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            (Selection(), ["ada", "ben", "cleo"]),
            (Selection(customer_type="RETAIL"), ["ada"]),
            (Selection(customer_type="UNHEARD OF"), []),
            (Selection(start_date="2025-04-01"), ["ben", "cleo"]),
            (Selection(start_date="2025-04-02"), ["cleo"]),
            (Selection(end_date="2025-04-01"), ["ada", "ben"]),
            (Selection(end_date="2024-01-31"), ["ada"]),
            (Selection(start_date="2024-01-31", end_date="2024-01-31"), ["ada"]),
            (Selection(min_revenue=50.0), ["ada", "ben"]),
            (Selection(min_revenue=50.01), ["ada"]),
            (Selection(min_profit=10.0), ["ada", "ben"]),
            (Selection(min_profit=-1e9), ["ada", "ben"]),
            (Selection("WHOLESALE", "2025-01-01", "2025-12-31", 1.0, 1.0), ["ben"]),
        ],
        ids=lambda value: str(value) if isinstance(value, Selection) else "",
    )
    def test_every_figure_obeys_every_filter(self, engine, selection, expected):
        sales = stored(engine, "sales", self.SALES)
        customers = stored(engine, "customers", self.CUSTOMERS)
        assert (
            customers_by_value(sales, customers, YEAR, selection=selection)["customer_id"].tolist()
            == expected
        )
        found = headlines(sales, customers, [YEAR], selection=selection).iloc[0]
        assert found.total_customers == len(expected)
        assert found.total_revenue == sum({"ada": 100, "ben": 50, "cleo": 25}[name] for name in expected)
        assert found.revenue_in_timeframe == found.total_revenue
        assert found.guest_revenue == 3.0

    def test_those_with_returns_only_are_counted_among_the_chosen_type(self):
        def apart(kind):
            return one(self.SALES, self.CUSTOMERS, selection=Selection(kind)).customers_with_returns_only

        assert (apart("all"), apart("RETAIL"), apart("WHOLESALE")) == (1, 1, 0)

    def test_acts_at_each_reference_date_on_what_was_known_then(self):
        sales = sales_of(("ada", "2025-10-05", 30.0), ("ada", "2025-11-05", 30.0))
        periods = [parse_timeframe(f"2025-{month}", as_of=AS_OF) for month in (10, 11)]
        found = headlines(sales, None, periods, selection=Selection(min_revenue=50.0))
        assert found["total_customers"].tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"start_date": "31.01.2026"}, r'start_date "31.01.2026" is no day; write it as 2026-01-31'),
            ({"end_date": "2026-02-30"}, r'end_date "2026-02-30" is no day'),
            (
                {"start_date": "2026-02-01", "end_date": "2026-01-31"},
                r'"2026-02-01" is after end_date "2026-01-31"',
            ),
        ],
        ids=["another way of writing", "no such day", "the wrong way round"],
    )
    def test_refuses_what_is_no_span_of_days(self, options, message):
        with pytest.raises(ParamsError, match=message):
            Selection(**options)

    def test_knows_whether_it_leaves_anybody_out(self):
        assert Selection().everyone
        assert not Selection(min_revenue=0.0).everyone


class TestConcentration:
    def test_the_top_tenth_is_rounded_up(self):
        sales = sales_of(*[(f"c{i:02}", "2025-03-01", 10.0 if i else 90.0) for i in range(11)])
        found = one(sales)
        assert found.top_10_percent_customers == 2
        assert found.top_10_percent_contribution == pytest.approx(100 * 100 / 190)
        assert found.top_10_percent_contribution_n == 11

    def test_it_is_missing_where_all_revenue_was_returned(self):
        found = one(sales_of(("ada", "2025-03-01", 10.0), ("ada", "2025-03-01", -10.0)))
        assert math.isnan(found.top_10_percent_contribution)
        assert math.isnan(found.gini)

    def test_the_median_of_four_is_between_the_two_in_the_middle(self):
        sales = sales_of(
            *[(name, "2025-03-01", amount) for name, amount in zip("abcd", (1, 5, 8, 100), strict=True)]
        )
        assert one(sales).median_clv == 6.5

    def test_gini_of_four_worked_by_hand(self):
        # Shares 1, 2, 3, 4 of 10: the mean absolute difference of the 16 pairs is 20 / 16, the mean 2.5.
        sales = sales_of(
            *[(name, "2025-03-01", amount) for name, amount in zip("abcd", (1, 2, 3, 4), strict=True)]
        )
        assert one(sales).gini == pytest.approx((20 / 16) / (2 * 2.5))

    def test_gini_is_zero_where_all_bring_the_same(self):
        assert gini(pd.Series([60.0]), pd.Series([30.0]), pd.Series([3])).tolist() == [0.0]


class TestPeriods:
    def test_one_query_answers_for_all_timeframes_of_a_comparison(self):
        sales = sales_of(*[("ada", f"{2024 + m // 12}-{m % 12 + 1:02}-10", 1.0) for m in range(24)])
        periods = compare(DECEMBER, first_day=date(2024, 1, 10)).periods
        found = headlines(sales, None, periods)
        assert found["period"].tolist() == [period.label for period in periods]
        assert found["total_revenue"].tolist() == list(range(12, 25))
        assert found["revenue_in_timeframe"].tolist() == [1.0] * 13

    def test_a_timeframe_before_all_sales_has_zeros_and_nothing_to_divide(self):
        found = one(sales_of(("ada", "2025-03-01", 10.0)), timeframe=parse_timeframe("2025-01", as_of=AS_OF))
        assert (found.total_customers, found.total_revenue, found.revenue_in_timeframe) == (0, 0.0, 0.0)
        assert found[["average_clv", "median_clv", "gini", "top_10_percent_contribution"]].isna().all()

    def test_a_timeframe_that_has_not_begun_has_a_state_and_no_flow(self):
        later = parse_timeframe("2026-03", as_of=AS_OF)
        found = one(sales_of(("ada", "2025-03-01", 10.0)), timeframe=later)
        assert (found.total_revenue, found.revenue_in_timeframe) == (10.0, 0.0)

    def test_no_sales_at_all_is_an_answer_too(self):
        found = one(sales_of())
        assert (found.total_customers, found.guest_revenue) == (0, 0.0)
        assert rows_of(sales_of()).empty


MONTHS = compare(DECEMBER, first_day=date(2024, 1, 1)).periods
BOOK = [
    ("ada", "2024-01-31 23:59:59", 19.99, 3.3333), ("ben", "2024-02-29 00:00:00", 0.1, None),
    ("ada", "2025-12-31 23:59:59", 0.2, 0.05), ("cleo", "2025-06-15 12:00:00", -7.5, -2.0),
    (None, "2025-12-01 00:00:00", 3.3, 1.0), ("ben", "2025-11-30 23:59:59", 0.7, None),
]  # fmt: skip
REGISTER = [("ada", "Ada", "RETAIL", "2023-12-31 10:00:00"), ("ben", "Ben", "RETAIL", None)]


class TestEngines:
    def test_every_engine_gives_the_same_figures(self, engine):
        sales = stored(engine, "sales", sales_of(*BOOK))
        customers = stored(engine, "customers", customers_of(*REGISTER))
        chosen = Selection("RETAIL", start_date="2023-12-31")
        expected = headlines(sales_of(*BOOK), customers_of(*REGISTER), MONTHS, selection=chosen)
        pd.testing.assert_frame_equal(headlines(sales, customers, MONTHS, selection=chosen), expected)
        assert expected["total_revenue"].iloc[-1] == 20.99
        found = customers_by_value(sales, customers, DECEMBER)
        pd.testing.assert_frame_equal(
            found, customers_by_value(sales_of(*BOOK), customers_of(*REGISTER), DECEMBER)
        )

    def test_money_adds_up_exactly(self, engine):
        sales = stored(engine, "sales", sales_of(*[("ada", "2025-03-01", 0.1)] * 3))
        assert headlines(sales, None, [YEAR]).iloc[0].total_revenue == 0.3

    def test_can_be_written_for_a_server(self):
        sales = ibis.table(sales_of(*BOOK).schema(), name="sales")
        customers = ibis.table(customers_of(*REGISTER).schema(), name="customers")
        assert "SELECT" in ibis.to_sql(members(sales, customers, YEAR), dialect="postgres")


class TestLaws:
    """Properties that hold for any book of sales."""

    days = st.dates(date(2024, 12, 1), date(2026, 1, 15)).map(str)
    cents = st.integers(-5_000, 20_000).map(lambda n: n / 100)
    profit = st.none() | st.integers(-500, 500).map(lambda n: n / 100)
    books = books_of(st.tuples(st.sampled_from([*"abcdef", None]), days, cents, profit), most=40)

    @given(books)
    @settings(max_examples=12)
    def test_agrees_with_the_definition_spelled_out_in_plain_python(self, book):
        found, expected = one(sales_of(*book), timeframe=DECEMBER), spelled_out(book, DECEMBER)
        found = pd.concat([found, profits(sales_of(*book), None, DECEMBER).iloc[0]])
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-9, nan_ok=True), name

    @given(books, st.randoms())
    @settings(max_examples=8)
    def test_the_order_of_rows_does_not_matter(self, book, random):
        shuffled = random.sample(book, k=len(book))
        pd.testing.assert_frame_equal(
            headlines(sales_of(*book), None, [YEAR, DECEMBER]),
            headlines(sales_of(*shuffled), None, [YEAR, DECEMBER]),
            check_exact=True,
        )

    @given(books)
    @settings(max_examples=8)
    def test_the_customers_add_up_to_the_headline(self, book):
        rows, found = rows_of(sales_of(*book)), one(sales_of(*book))
        assert len(rows) == found.total_customers
        assert rows["total_revenue"].sum() == pytest.approx(found.total_revenue, abs=1e-6)
        assert rows["total_orders"].sum() == found.total_orders
        assert sorted(rows["rank"]) == list(range(1, len(rows) + 1))
        assert (rows["days_as_customer"] <= rows["tenure_days"]).all()


def spelled_out(book, timeframe):
    """The headline figures, slowly: loops over exact numbers."""
    revenue, inside, orders, profit, guests = {}, {}, {}, {}, Fraction(0)
    for who, day, amount, gain in book:
        if date.fromisoformat(day) >= timeframe.reference_date:
            continue
        exact = Fraction(Decimal(str(amount)))
        if who is None:
            guests += exact
            continue
        revenue[who] = revenue.get(who, 0) + exact
        orders[who] = orders.get(who, 0) + (amount >= 0)
        inside[who] = inside.get(who, 0) + (exact if date.fromisoformat(day) >= timeframe.start else 0)
        if gain is not None:
            known, base = profit.get(who, (0, 0))
            profit[who] = (known + Fraction(Decimal(str(gain))), base + exact)
    who = [name for name in revenue if orders[name]]
    best = sorted((revenue[name] for name in who), reverse=True)
    worth = [max(value, Fraction(0)) for value in best]
    n, total = len(who), sum(best)
    gains = [profit[name] for name in who if name in profit]
    gain, base = sum(g for g, _ in gains), sum(b for _, b in gains)
    pairs = sum(abs(a - b) for a in worth for b in worth)
    missing = np.nan
    return {
        "total_customers": n,
        "total_revenue": float(total),
        "average_clv": float(total / n) if n else missing,
        "median_clv": float((best[(n - 1) // 2] + best[n // 2]) / 2) if n else missing,
        "top_customer_revenue": float(best[0]) if n else missing,
        "top_10_percent_contribution": float(100 * sum(best[: math.ceil(n / 10)]) / total)
        if total > 0
        else missing,
        "gini": float(pairs / (2 * n * sum(worth))) if any(worth) else missing,
        "total_profit": float(gain) if gains else missing,
        "profit_margin": float(100 * gain / base) if base > 0 else missing,
        "average_profit_per_customer": float(gain / len(gains)) if gains else missing,
        "revenue_in_timeframe": float(sum(inside[name] for name in who)),
        "guest_revenue": float(guests),
        "customers_with_returns_only": sum(not count for count in orders.values()),
    }


def test_the_days_of_a_customer_follow_the_calendar():
    start = date(2024, 2, 28)
    for days in (1, 2, 366):
        last = start + timedelta(days=days - 1)
        ada = rows_of(sales_of(("ada", str(start), 1.0), ("ada", str(last), 1.0))).loc["ada"]
        assert ada.days_as_customer == days
