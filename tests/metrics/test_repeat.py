"""What `repeat` promises: gaps between visits, and customers by orders."""

from datetime import date
from itertools import pairwise

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.repeat import customers_by_orders, gap_percentile, share_of_gaps_from, visit_gaps
from analytics.timeframe import parse_timeframe

YEAR = parse_timeframe("2026", as_of=date(2026, 11, 1))


def table(*rows, engine="duckdb"):
    data = pd.DataFrame(
        [(*row, 10.0)[:3] for row in rows], columns=["customer_id", "sold_at", "total_amount"]
    )
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(i) for i in range(len(data))]
    data = data.astype({"customer_id": "str", "total_amount": "float64"})
    return getattr(ibis, engine).connect().create_table("sales", data)


class TestGaps:
    def test_two_orders_on_one_day_are_one_visit(self):
        found = visit_gaps(
            table(("a", "2026-01-01 09:00"), ("a", "2026-01-01 17:00"), ("a", "2026-01-11")), YEAR
        )
        assert found.to_numpy().tolist() == [[10, 1]]

    def test_gaps_of_all_customers_are_pooled_and_counted_by_length(self):
        sales = table(
            *[("a", "2026-01-01"), ("a", "2026-01-11"), ("a", "2026-01-21")],
            *[("b", "2026-01-01"), ("b", "2026-03-01"), ("c", "2026-01-01")],
        )
        assert visit_gaps(sales, YEAR).to_numpy().tolist() == [[10, 2], [59, 1]]

    def test_it_is_a_state_so_visits_before_the_timeframe_count_and_those_after_do_not(self):
        sales = table(("a", "2025-12-01"), ("a", "2026-01-01"), ("a", "2026-11-01"))
        assert visit_gaps(sales, YEAR).to_numpy().tolist() == [[31, 1]]

    def test_a_return_is_no_visit(self):
        assert visit_gaps(table(("a", "2026-01-01"), ("a", "2026-02-01", -1.0)), YEAR).empty

    def test_no_gap_has_no_percentile(self):
        assert np.isnan(gap_percentile(visit_gaps(table(("a", "2026-01-01")), YEAR), 90))
        assert np.isnan(share_of_gaps_from(visit_gaps(table(("a", "2026-01-01")), YEAR), 90))

    @settings(max_examples=25)
    @given(st.lists(st.integers(1, 400), min_size=1, max_size=60), st.sampled_from([0, 50, 90, 99.5, 100]))
    def test_the_percentile_is_that_of_the_list_of_gaps(self, gaps, percent):
        counted = pd.Series(gaps).value_counts().sort_index()
        frame = pd.DataFrame({"gap_days": counted.index, "gaps": counted.to_numpy()})
        assert gap_percentile(frame, percent) == pytest.approx(np.percentile(gaps, percent))

    @settings(max_examples=15)
    @given(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.dates(date(2026, 1, 1), date(2026, 10, 31))),
            min_size=1,
            max_size=25,
        ),
        st.sampled_from(["duckdb", "sqlite"]),
    )
    def test_agrees_with_a_loop_over_customers(self, book, engine):
        expected = []
        for customer in {c for c, _day in book}:
            visits = sorted({day for c, day in book if c == customer})
            expected += [(b - a).days for a, b in pairwise(visits)]
        found = visit_gaps(table(*book, engine=engine), YEAR)
        assert sorted(found["gap_days"].repeat(found["gaps"]).tolist()) == sorted(expected)


class TestOrders:
    def test_customers_and_revenue_by_number_of_orders(self):
        sales = table(
            *[("a", "2026-01-01", 5.0), ("b", "2026-01-01", 10.0), ("b", "2026-01-02", 20.0)],
            *[("b", "2026-01-03", -5.0), ("c", "2026-01-01", -5.0)],
            *[("d", f"2026-01-{day:02}", 1.0) for day in range(1, 13)],
        )
        found = customers_by_orders(sales, YEAR).set_index("orders")
        assert found.loc["1"].tolist() == [1, pytest.approx(100 / 3), 5.0, pytest.approx(500 / 42)]
        assert found.loc["2", ["customer_count", "revenue"]].tolist() == [1, 25.0]
        assert found.loc["10+", ["customer_count", "revenue"]].tolist() == [1, 12.0]
        assert found["customer_count"].sum() == 3

    def test_no_customers_give_zeros_without_shares(self):
        found = customers_by_orders(table(), YEAR)
        assert found["customer_count"].tolist() == [0] * 10
        assert found[["percentage", "revenue_contribution"]].isna().all().all()

    def test_revenue_that_is_not_above_zero_has_no_shares(self):
        found = customers_by_orders(table(("a", "2026-01-01", 0.0)), YEAR)
        assert found["revenue_contribution"].isna().all()
        assert found["percentage"].iloc[0] == 100.0
