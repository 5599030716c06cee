"""How customers buy: hand-made cases, a plain computation, and laws that hold for any sales."""

from collections import Counter, defaultdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.baskets import basket_analysis, payment_preferences
from analytics.metrics.purchase_flow import DAYS, chosen_sales
from analytics.metrics.purchase_patterns import (
    gaps_inside,
    published_summary,
    purchase_frequency,
    purchase_summary,
    transactions_over_time,
)
from analytics.metrics.purchase_times import seasonality, time_patterns
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe

AS_OF = date(2026, 11, 1)


def frame(text, as_of=AS_OF):
    return parse_timeframe(text, as_of=as_of)


def sales_of(*rows):
    """Sales from ``(customer, time, amount)`` and, where given, units, profit and payment method."""
    full = [(*row, *(1.0, None, None)[len(row) - 3 :]) for row in rows]
    names = ["customer_id", "sold_at", "total_amount", "units", "total_profit", "payment_method"]
    data = pd.DataFrame(full, columns=names)
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [f"s{i:03}" for i in range(len(data))]
    for name in ("units", "total_profit"):
        data[name] = data[name].astype("float64")
    for name in ("customer_id", "payment_method"):
        data[name] = data[name].astype("object")
    return as_table(data.astype({"customer_id": "string", "payment_method": "string"}))


OCTOBER = frame("2026-10")
SHOP = (
    ("ada", "2026-09-30 23:59:59", 500.0),
    ("ada", "2026-10-01 10:00", 30.0, 3.0, 10.0, "Card"),
    ("ada", "2026-10-05 10:30", 70.0, 2.0, 20.0, "Card"),
    ("ada", "2026-10-05 18:00", 100.0, 1.0, None, "Cash"),
    ("ben", "2026-10-06 18:00", -50.0, 2.0, -5.0, "Card"),
    ("ben", "2026-10-07 18:00", 250.0, 4.0, 50.0, None),
    (None, "2026-10-31 23:59", 0.0, None, None, "Card"),
    ("ada", "2026-11-01 00:00", 999.0),
)


class TestSummary:
    def test_counts_orders_and_sums_net_of_returns_with_guests(self):
        row = purchase_summary(sales_of(*SHOP), [OCTOBER]).iloc[0]
        assert (row.total_transactions, row.returns, row.unique_customers) == (5, 1, 2)
        assert (row.total_revenue, row.avg_basket_size) == (400.0, 80.0)
        assert row.purchases_per_customer == 2.0

    def test_profit_is_that_of_the_sales_that_have_one(self):
        row = purchase_summary(sales_of(*SHOP), [OCTOBER]).iloc[0]
        assert (row.total_profit, row.sales_without_profit) == (75.0, 2)

    def test_units_of_a_return_are_taken_off_whichever_sign_they_have(self):
        row = purchase_summary(sales_of(*SHOP), [OCTOBER]).iloc[0]
        assert row.avg_items_per_transaction == (3 + 2 + 1 - 2 + 4) / 4
        other = (*SHOP[:4], ("ben", "2026-10-06 18:00", -50.0, -2.0), *SHOP[5:])
        again = purchase_summary(sales_of(*other), [OCTOBER]).iloc[0]
        assert again.avg_items_per_transaction == row.avg_items_per_transaction

    def test_a_mean_over_nothing_is_missing_and_a_sum_is_zero(self):
        row = purchase_summary(sales_of(*SHOP), [frame("2025-01")]).iloc[0]
        assert (row.total_transactions, row.total_revenue, row.unique_customers) == (0, 0.0, 0)
        missing = ["total_profit", "avg_basket_size", "avg_items_per_transaction", "purchases_per_customer"]
        assert row[missing].isna().all()

    def test_several_timeframes_are_what_each_is_alone(self):
        periods = [frame("2026-09"), OCTOBER, frame("2026")]
        table = sales_of(*SHOP)
        together = purchase_summary(table, periods).drop(columns="period")
        for position, period in enumerate(periods):
            alone = purchase_summary(table, [period]).drop(columns="period")
            pd.testing.assert_frame_equal(together.iloc[[position]].reset_index(drop=True), alone)

    def test_names_what_is_most_usual(self):
        table = sales_of(*SHOP)
        times = time_patterns(table, OCTOBER)
        found = published_summary(
            purchase_summary(table, [OCTOBER]),
            payments=payment_preferences(table, None, OCTOBER),
            by_day_of_week=times.by_day_of_week,
            by_hour=times.by_hour,
        )
        assert found["most_popular_payment_method"] == "Card"
        assert isinstance(found["total_transactions"], int)
        assert (found["busiest_day"], found["busiest_hour"]) == ("Monday", 10)

    def test_names_nothing_where_nothing_was_bought(self):
        table, period = sales_of(*SHOP), frame("2025-01")
        times = time_patterns(table, period)
        found = published_summary(
            purchase_summary(table, [period]),
            payments=payment_preferences(table, None, period),
            by_day_of_week=times.by_day_of_week,
            by_hour=times.by_hour,
        )
        assert [found[n] for n in ("most_popular_payment_method", "busiest_day", "busiest_hour")] == [
            None
        ] * 3


class TestFrequency:
    def test_divides_by_calendar_days_weeks_of_7_and_months_of_30(self):
        found = purchase_frequency(sales_of(*SHOP), OCTOBER)
        assert found["orders_per_day"] == 5 / 31
        assert found["orders_per_week"] == 35 / 31
        assert found["orders_per_month"] == 150 / 31

    def test_gaps_lie_between_days_with_an_order_inside_the_timeframe(self):
        rows = [("ada", f"2026-10-{day:02}", 1.0) for day in (1, 1, 5, 15)] + [
            ("ada", "2026-09-01", 1.0), ("ada", "2026-10-20", -1.0), ("ben", "2026-10-02", 1.0),
            (None, "2026-10-03", 1.0), (None, "2026-10-09", 1.0),
        ]  # fmt: skip
        found = purchase_frequency(sales_of(*rows), OCTOBER)
        assert (found["avg_days_between_purchases"], found["gaps"]) == (7.0, 2)
        assert gaps_inside(sales_of(*rows), OCTOBER).to_dict("list") == {"gap_days": [4, 10], "gaps": [1, 1]}

    def test_without_a_gap_there_is_no_mean_gap(self):
        assert purchase_frequency(sales_of(*SHOP[:2]), OCTOBER)["avg_days_between_purchases"] is None

    def test_a_timeframe_that_has_not_begun_has_no_frequency(self):
        found = purchase_frequency(sales_of(*SHOP), frame("2027-01"))
        assert (found["orders_per_day"], found["orders_per_week"], found["days"]) == (None, None, 0)

    def test_an_unfinished_timeframe_counts_the_days_up_to_its_reference_date(self):
        found = purchase_frequency(sales_of(*SHOP), frame("2026-10", as_of=date(2026, 10, 6)))
        assert (found["days"], found["orders_per_day"]) == (5, 3 / 5)


class TestOverTime:
    def test_weeks_begin_on_monday_and_those_cut_are_marked(self):
        found = transactions_over_time(sales_of(*SHOP), OCTOBER, "weekly")
        assert found["period"].tolist() == ["2026-W40", "2026-W41", "2026-W42", "2026-W43", "2026-W44"]
        assert found["cut"].tolist() == [True, False, False, False, True]
        assert found["transaction_count"].tolist() == [1, 3, 0, 0, 1]
        assert found["revenue"].tolist() == [30.0, 370.0, 0.0, 0.0, 0.0]
        assert found["unique_customers"].tolist() == [1, 2, 0, 0, 0]
        assert found["avg_basket_size"].iloc[1] == pytest.approx(370 / 3)
        assert found["avg_basket_size"].iloc[2:4].isna().all()

    def test_a_week_of_the_turn_of_the_year_has_its_iso_name(self):
        table = sales_of(("ada", "2027-01-01", 1.0))
        found = transactions_over_time(table, frame("2026-12-30..2027-01-05", date(2027, 2, 1)), "weekly")
        assert found["period"].tolist() == ["2026-W53", "2027-W01"]
        assert found["transaction_count"].tolist() == [1, 0]

    def test_every_day_has_a_row(self):
        found = transactions_over_time(sales_of(*SHOP), OCTOBER, "daily")
        assert len(found) == 31
        assert not found["cut"].any()
        assert found.loc[found["period"] == "2026-10-05", "transaction_count"].item() == 2

    def test_a_month_that_has_not_ended_is_cut(self):
        found = transactions_over_time(sales_of(*SHOP), frame("2026-Q4", date(2026, 11, 2)), "monthly")
        assert found["period"].tolist() == ["2026-10", "2026-11"]
        assert found["cut"].tolist() == [False, True]
        assert found["transaction_count"].tolist() == [5, 1]

    def test_nothing_before_a_timeframe_begins(self):
        assert transactions_over_time(sales_of(*SHOP), frame("2027-01"), "daily").empty


class TestTimes:
    def test_weekdays_are_divided_by_how_often_they_occurred(self):
        rows = [("a", f"2026-10-{day:02} 09:00", 1.0) for day in range(1, 32)]
        found = time_patterns(sales_of(*rows), OCTOBER).by_day_of_week
        assert tuple(found["day_of_week"]) == DAYS
        assert found["occurrences"].tolist() == [4, 4, 4, 5, 5, 5, 4]
        assert found["avg_transactions"].tolist() == [1.0] * 7

    def test_a_weekday_that_does_not_occur_has_no_average(self):
        found = time_patterns(sales_of(*SHOP), frame("2026-10-05..2026-10-06")).by_day_of_week
        assert found["occurrences"].tolist() == [1, 1, 0, 0, 0, 0, 0]
        assert found["avg_transactions"].isna().tolist() == [False] * 2 + [True] * 5

    def test_hours_are_counted_by_day_and_in_all(self):
        found = time_patterns(sales_of(*SHOP), OCTOBER)
        hours = found.by_hour.set_index("hour")["transaction_count"]
        assert hours[hours > 0].to_dict() == {10: 2, 18: 2, 23: 1}
        assert found.by_day_and_hour["transaction_count"].sum() == 5
        assert len(found.by_day_and_hour) == 168
        assert found.by_hour["percentage"].sum() == pytest.approx(100)

    def test_hours_are_missing_where_every_sale_is_at_midnight(self):
        days = sales_of(("ada", "2026-10-01", 1.0), ("ben", "2026-10-02", 2.0))
        found = time_patterns(days, OCTOBER)
        assert found.by_hour is None
        assert found.by_day_and_hour is None
        assert found.by_day_of_week["transaction_count"].sum() == 2

    def test_one_customer_who_only_came_at_midnight_does_not_make_hours_unknown(self):
        table = sales_of(("ada", "2026-10-01", 1.0), ("ben", "2026-10-02 09:00", 2.0))
        ada = chosen_sales(table, customer_id="ada")
        assert time_patterns(ada, OCTOBER, all_sales=table).by_hour["transaction_count"].iloc[0] == 1

    def test_months_are_divided_by_their_days_and_marked_where_cut(self):
        found = time_patterns(sales_of(*SHOP), frame("2026-09-16..2026-10-31")).by_month
        assert found["month_name"].tolist() == ["September", "October"]
        assert found["days"].tolist() == [15, 31]
        assert found["cut"].tolist() == [True, False]
        assert found["avg_transactions"].tolist() == [1 / 15, 5 / 31]

    def test_the_same_month_of_two_years_is_one(self):
        found = time_patterns(sales_of(*SHOP), frame("2025-10-01..2026-10-31")).by_month
        assert found.loc[found["month"] == 10, "days"].item() == 62
        assert not found["cut"].any()


class TestSeason:
    def monthly(self, years, shape=lambda _month: 1.0):
        """A sale on the first of each month up to October 2026, growing by one percent a month."""
        months = pd.date_range(end="2026-10-01", periods=12 * years, freq="MS")
        rows = [("a", day, 100 * 1.01**i * shape(day.month)) for i, day in enumerate(months)]
        return sales_of(*rows)

    def test_needs_two_years(self):
        found = seasonality(self.monthly(1), OCTOBER)
        assert found.published() is None
        assert (found.months, found.by_month.empty, found.by_quarter.empty) == (12, True, True)

    def test_finds_a_planted_season_and_not_the_growth(self):
        found = seasonality(self.monthly(4, lambda month: 2.0 if month == 12 else 1.0), OCTOBER)
        index = found.by_month.set_index("month")["seasonal_index"]
        assert index.idxmax() == 12
        assert index[12] / index.drop(12).mean() == pytest.approx(2, abs=0.02)
        assert index.drop(12).max() / index.drop(12).min() < 1.03
        assert found.beyond_chance
        assert found.by_quarter.set_index("quarter")["seasonal_index"].idxmax() == "Q4"

    def test_it_is_a_state_the_timeframe_may_be_short(self):
        table = self.monthly(3)
        pd.testing.assert_frame_equal(
            seasonality(table, OCTOBER).by_month, seasonality(table, frame("last-7-days")).by_month
        )


class TestBaskets:
    def test_a_bound_belongs_to_the_range_that_it_begins(self):
        rows = [("a", "2026-10-01", amount, 2.0) for amount in (0.0, 99.9999, 100.0, 250.0, 999.99, 1000.0)]
        found = basket_analysis(sales_of(*rows), OCTOBER, bounds=[100, 250, 500, 1000])
        assert found["basket_range"].tolist() == ["0-100", "100-250", "250-500", "500-1000", "1000+"]
        assert found["transaction_count"].tolist() == [2, 1, 1, 1, 1]
        assert found["avg_amount"].tolist() == [49.99995, 100.0, 250.0, 999.99, 1000.0]
        assert found["avg_items"].tolist() == [2.0] * 5

    def test_returns_are_in_no_range_and_no_mean(self):
        found = basket_analysis(sales_of(*SHOP), OCTOBER, bounds=[100, 250])
        assert found["transaction_count"].tolist() == [3, 1, 1]
        assert found["avg_amount"].tolist() == [pytest.approx(100 / 3), 100.0, 250.0]

    def test_no_orders_no_percentage_and_no_means(self):
        found = basket_analysis(sales_of(*SHOP), frame("2025-01"), bounds=[100])
        assert found["transaction_count"].tolist() == [0, 0]
        assert found[["percentage", "avg_items", "avg_amount"]].isna().all(axis=None)

    def test_an_order_of_nothing_that_takes_units_back_has_no_items(self):
        rows = (("a", "2026-10-01", 0.0, -40.0), ("a", "2026-10-02", 10.0, 4.0))
        found = basket_analysis(sales_of(*rows), OCTOBER, bounds=[100])
        assert (found["transaction_count"].iloc[0], found["avg_items"].iloc[0]) == (2, 4.0)

    def test_quantile_bins_hold_as_many_orders_each(self):
        rows = [("a", "2026-10-01", float(amount)) for amount in range(1, 101)]
        found = basket_analysis(sales_of(*rows), OCTOBER, bounds=[], quantiles=4)
        assert found["transaction_count"].tolist() == [25] * 4
        assert found["lower"].tolist() == [1.0, 26.0, 51.0, 76.0]

    def test_quantile_bins_keep_equal_amounts_together(self):
        rows = [("a", "2026-10-01", amount) for amount in [5.0] * 8 + [9.0, 10.0]]
        found = basket_analysis(sales_of(*rows), OCTOBER, bounds=[], quantiles=5)
        assert found["transaction_count"].tolist() == [8, 2]

    @pytest.mark.parametrize("bounds", [[100, 100], [250, 100], [0, 100], [-5]])
    def test_bounds_ascend_from_above_zero(self, bounds):
        with pytest.raises(ParamsError, match="ascend"):
            basket_analysis(sales_of(*SHOP), OCTOBER, bounds=bounds)

    def test_one_bin_is_none(self):
        with pytest.raises(ParamsError, match="quantile_bins 1"):
            basket_analysis(sales_of(*SHOP), OCTOBER, bounds=[], quantiles=1)


class TestPayments:
    PAID = pd.DataFrame(
        {
            "payment_id": ["p1", "p2", "p3", "p4"],
            "sale_id": ["s005", "s005", "s005", "s001"],
            "method": ["Voucher", "Invoice", "Cheque", "Gold"],
            "amount": [50.0, 100.0, 100.0, 30.0],
            "paid_at": pd.to_datetime(["2026-10-08", "2026-10-30", "2026-10-09", "2026-10-01"]),
        }
    )

    def test_the_sale_says_it_else_its_largest_payment_of_equals_the_first_by_id(self):
        found = payment_preferences(sales_of(*SHOP), as_table(self.PAID), OCTOBER)
        assert found["payment_method"].tolist() == ["Card", "Cash", "Invoice"]
        assert found["transaction_count"].tolist() == [3, 1, 1]
        assert found["percentage"].tolist() == [60.0, 20.0, 20.0]
        assert found["avg_transaction_value"].tolist() == [pytest.approx(100 / 3), 100.0, 250.0]
        assert found.attrs["unknown"] == 0

    def test_a_payment_of_the_reference_date_or_later_is_not_read(self):
        late = self.PAID.assign(paid_at=pd.to_datetime("2026-11-01"))
        found = payment_preferences(sales_of(*SHOP), as_table(late), OCTOBER)
        assert found["payment_method"].tolist() == ["Card", "Cash"]
        assert found["percentage"].tolist() == [75.0, 25.0]
        assert found.attrs["unknown"] == 1

    def test_no_method_no_rows(self):
        found = payment_preferences(sales_of(("ada", "2026-10-01", 5.0)), None, OCTOBER)
        assert (len(found), found.attrs["unknown"]) == (0, 1)


class TestChoice:
    CUSTOMERS = as_table(pd.DataFrame({"customer_id": ["ada", "ben"], "customer_type": ["RETAIL", None]}))

    def test_a_type_keeps_neither_guests_nor_customers_without_one(self):
        kept = chosen_sales(sales_of(*SHOP), self.CUSTOMERS, customer_type="RETAIL").to_pandas()
        assert set(kept["customer_id"]) == {"ada"}

    def test_both_filters_hold_together(self):
        kept = chosen_sales(
            sales_of(*SHOP), self.CUSTOMERS, customer_id="ben", customer_type="RETAIL"
        ).to_pandas()
        assert kept.empty

    def test_a_type_without_a_table_of_customers_is_nobody(self):
        assert chosen_sales(sales_of(*SHOP), None, customer_type="RETAIL").count().execute() == 0

    def test_without_filters_guests_stay(self):
        assert chosen_sales(sales_of(*SHOP), self.CUSTOMERS).count().execute() == len(SHOP)


WHEN = st.datetimes(pd.Timestamp(2026, 9, 20).to_pydatetime(), pd.Timestamp(2026, 11, 5).to_pydatetime())
CENTS = st.integers(-50_000, 200_000).map(lambda cents: cents / 100)
SALES = st.lists(
    st.tuples(st.sampled_from(["ada", "ben", "cem", None]), WHEN, CENTS), min_size=1, max_size=40
)


class TestAgainstThePlainComputation:
    @settings(max_examples=15)
    @given(rows=SALES)
    def test_every_figure_of_a_month(self, rows):
        table = sales_of(*rows)
        inside = [row for row in rows if date(2026, 10, 1) <= row[1].date() < date(2026, 11, 1)]
        orders = [row for row in inside if row[2] >= 0]
        row = purchase_summary(table, [OCTOBER]).iloc[0]
        assert row.total_transactions == len(orders)
        assert row.total_revenue == pytest.approx(sum(r[2] for r in inside), abs=1e-6)
        assert row.unique_customers == len({r[0] for r in orders} - {None})
        visits = defaultdict(set)
        for customer, at, _amount in orders:
            visits[customer].add(at.date())
        visits.pop(None, None)
        gaps = [
            (later - earlier).days
            for days in visits.values()
            for earlier, later in zip(sorted(days), sorted(days)[1:], strict=False)
        ]
        mean = purchase_frequency(table, OCTOBER)["avg_days_between_purchases"]
        assert mean == (pytest.approx(np.mean(gaps)) if gaps else None)
        by_day = time_patterns(table, OCTOBER).by_day_of_week
        counted = Counter(at.strftime("%A") for _c, at, _a in orders)
        assert dict(zip(by_day["day_of_week"], by_day["transaction_count"], strict=True)) == {
            day: counted[day] for day in DAYS
        }

    @settings(max_examples=10)
    @given(rows=SALES, grouping=st.sampled_from(["daily", "weekly", "monthly"]))
    def test_parts_add_up_to_the_whole(self, rows, grouping):
        table = sales_of(*rows)
        whole = purchase_summary(table, [OCTOBER]).iloc[0]
        parts = transactions_over_time(table, OCTOBER, grouping)
        assert parts["transaction_count"].sum() == whole.total_transactions
        assert parts["revenue"].sum() == pytest.approx(whole.total_revenue, abs=1e-6)
        assert parts["start"].iloc[0] == OCTOBER.start
        assert parts["end"].tolist()[:-1] == parts["start"].tolist()[1:]
        assert parts["end"].iloc[-1] == OCTOBER.end
        spans = [end - start for start, end in zip(parts["start"], parts["end"], strict=True)]
        assert sum(spans, timedelta()) == timedelta(days=31)
        for bounds, quantiles in (([100, 250], 0), ([], 3)):
            ranges = basket_analysis(table, OCTOBER, bounds=bounds, quantiles=quantiles)
            assert ranges["transaction_count"].sum() == whole.total_transactions
