"""What metrics start from: purchases of known customers, and each one's past at a date."""

from datetime import date

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.purchases import (
    as_table,
    customer_history,
    day_number,
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


def history(data, *texts):
    table = customer_history(purchases(as_table(data)), [frame(t) for t in texts])
    rows = table.order_by("period", "customer_id").to_pandas()
    return rows.astype({"last_day_before": "float64"})  # a column of nulls alone has no type of its own


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


class TestCustomerHistory:
    def test_the_reference_date_itself_is_not_read(self):
        data = sales_of(("ada", "2026-09-30 23:59:59", 1.0), ("ben", "2026-10-01 00:00:00", 1.0))
        assert history(data, "2026-Q3")["customer_id"].tolist() == ["ada"]

    def test_one_past_worked_by_hand(self):
        data = sales_of(
            ("ada", "2026-05-01", 10.0),
            ("ada", "2026-05-03", -4.0),  # a return is no order and no visit, but it is deducted
            ("ada", "2026-08-01", 1.1),
            ("ada", "2026-08-01", 2.2),
            ("ada", "2026-12-01", 99.0),
        )
        row = history(data, "2026-Q3").iloc[0]
        assert row[["first_day", "last_day_before", "last_day"]].tolist() == [
            day_number(d) for d in (date(2026, 5, 1), date(2026, 5, 1), date(2026, 8, 1))
        ]
        assert row[["orders", "orders_inside", "revenue", "profit"]].tolist() == [3, 2, 9.3, 4.65]

    def test_profit_counts_only_the_sales_that_have_one(self):
        data = sales_of(("ada", "2026-08-01", 10.0), ("ada", "2026-08-02", 30.0))
        data.loc[1, "total_profit"] = None
        row = history(data, "2026-Q3").iloc[0]
        assert (row.revenue, row.profit, row.revenue_with_profit) == (40.0, 5.0, 10.0)

    def test_a_customer_with_nothing_but_returns_is_none(self):
        assert history(sales_of(("ada", "2026-08-01", -1.0)), "2026-Q3").empty

    def test_several_periods_are_answered_at_once_as_one_by_one(self):
        data = sales_of(("a", "2026-04-01", 1.0), ("a", "2026-08-01", 2.0), ("b", "2026-07-01", 3.0))
        both = history(data, "2026-Q2", "2026-Q3").drop(columns="period")
        apart = pd.concat([history(data, "2026-Q2"), history(data, "2026-Q3")]).drop(columns="period")
        pd.testing.assert_frame_equal(both, apart.reset_index(drop=True))

    def test_money_adds_up_to_the_cent_whatever_the_order(self):
        data = sales_of(*(("a", "2026-08-01", amount) for amount in [0.1] * 1000 + [1e9, -1e9 + 0.2]))
        assert history(data, "2026-Q3")["revenue"].tolist() == [100.2]
        assert history(data.iloc[::-1], "2026-Q3")["revenue"].tolist() == [100.2]

    @pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
    def test_engines_agree(self, engine):
        data = sales_of(
            ("a", "2026-05-31 23:59:59", 0.1), ("a", "2026-08-01", 0.2), ("b", "2026-08-02", -0.3)
        )
        sales = getattr(ibis, engine).connect().create_table("sales", data)
        rows = customer_history(purchases(sales), [frame("2026-Q2"), frame("2026-Q3")])
        shown = rows.order_by("period").to_pandas()
        assert shown["revenue"].tolist() == [0.1, 0.3]
        assert shown["last_day"].tolist() == [day_number(date(2026, 5, 31)), day_number(date(2026, 8, 1))]

    @settings(max_examples=20)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from("abc"), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(-500, 500)
            ),
            min_size=1,
            max_size=25,
        )
    )
    def test_agrees_with_the_definition_spelled_out_in_plain_python(self, book):
        start, end = date(2026, 7, 1), date(2026, 10, 1)
        expected = {}
        for customer in "abc":
            past = [(day, cents) for c, day, cents in book if c == customer and day < end]
            bought = [day for day, cents in past if cents >= 0]
            if bought:
                before = [day for day in bought if day < start]
                expected[customer] = (
                    min(bought),
                    max(bought),
                    max(before) if before else None,
                    len(bought),
                    len(bought) - len(before),
                    sum(cents for _, cents in past),
                )
        found = history(sales_of(*((c, d.isoformat(), n / 100) for c, d, n in book)), "2026-Q3")
        assert {
            row.customer_id: (
                *(
                    None if pd.isna(n) else date(1970, 1, 1) + pd.Timedelta(days=n)
                    for n in (row.first_day, row.last_day, row.last_day_before)
                ),
                row.orders,
                row.orders_inside,
                round(row.revenue * 100),
            )
            for row in found.itertuples()
        } == expected


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
