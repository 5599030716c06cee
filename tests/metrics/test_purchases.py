"""What metrics start from: purchases of known customers, and each one's past at a date."""

from datetime import date

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import _

from analytics.metrics.purchases import (
    as_table,
    day_number,
    exact_sum,
    label_periods,
    month_number,
    periods_table,
    purchases,
)
from analytics.timeframe import parse_timeframe

AS_OF = date(2026, 11, 1)


def frame(text):
    return parse_timeframe(text, as_of=AS_OF)


def sales_of(*rows):
    """Sales from ``(customer, time, amount)``; profit is half the amount."""
    data = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(i) for i in range(len(data))]
    data["total_profit"] = data["total_amount"] / 2
    return data


class TestPurchases:
    def test_leaves_out_sales_without_a_customer(self):
        kept = purchases(as_table(sales_of(("ada", "2026-10-01", 5.0), (None, "2026-10-01", 7.0))))
        assert kept.to_pandas()["customer_id"].tolist() == ["ada"]

    def test_a_negative_amount_is_a_return_and_zero_is_an_order(self):
        kept = purchases(as_table(sales_of(("a", "2026-10-01", -0.01), ("b", "2026-10-01", 0.0))))
        assert kept.order_by("customer_id").to_pandas()["is_order"].tolist() == [False, True]

    def test_counts_days_and_months_of_the_wall_clock(self):
        row = purchases(as_table(sales_of(("a", "2026-03-29 23:59:59", 1.0)))).to_pandas().iloc[0]
        assert (row.day, row.month) == (day_number(date(2026, 3, 29)), month_number(date(2026, 3, 29)))

    def test_keeps_only_the_customer_type_asked_for(self):
        customers = as_table(
            pd.DataFrame({"customer_id": ["a", "b", "c"], "customer_type": ["RETAIL", "WHOLESALE", None]})
        )
        sales = as_table(sales_of(*((c, "2026-10-01", 1.0) for c in "abcd")))
        assert purchases(sales, customers, customer_type="RETAIL").to_pandas()["customer_id"].tolist() == [
            "a"
        ]
        assert purchases(sales, customers).count().to_pandas() == 4


class TestExactSum:
    AMOUNTS = [0.1] * 1000 + [1e9, -1e9 + 0.2]

    @staticmethod
    def total(sales):
        return purchases(sales).agg(total=exact_sum(_.revenue)).to_pandas()["total"].item()

    def test_adds_up_to_the_cent_whatever_the_order(self):
        data = sales_of(*(("a", "2026-08-01", amount) for amount in self.AMOUNTS))
        assert self.total(as_table(data)) == self.total(as_table(data.iloc[::-1])) == 100.2

    @pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
    def test_engines_agree(self, engine):
        data = sales_of(("a", "2026-05-31 23:59:59", 0.1), ("a", "2026-08-01", 0.2), ("b", "2026-08-02", 0.3))
        sales = getattr(ibis, engine).connect().create_table("sales", data)
        assert self.total(sales) == 0.6
        assert purchases(sales).day.min().to_pandas() == day_number(date(2026, 5, 31))

    @settings(max_examples=20)
    @given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30))
    def test_is_the_sum_of_whole_cents(self, cents):
        data = sales_of(*(("a", "2026-08-01", amount / 100) for amount in cents))
        assert round(self.total(as_table(data)) * 100) == sum(cents)


class TestPeriods:
    def test_an_unfinished_period_ends_at_the_date_up_to_which_data_are_read(self):
        row = periods_table([frame("2026")]).to_pandas().iloc[0]
        assert (row.start, row.end) == (day_number(date(2026, 1, 1)), day_number(AS_OF))

    def test_periods_without_rows_get_zero_counts_and_missing_amounts(self):
        found = pd.DataFrame({"period": [1], "customers": [4], "rate": [50.0]})
        labelled = label_periods(found, [frame("2026-Q2"), frame("2026-Q3")])
        assert labelled["period"].tolist() == ["2026-Q2", "2026-Q3"]
        assert labelled["customers"].tolist() == [0, 4]
        assert labelled["rate"].isna().tolist() == [True, False]
