"""What `retention` promises: who was there, who came, who left, and who was there at the end."""

from datetime import date, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.retention import retention, retention_books
from analytics.timeframe import compare, parse_timeframe
from tests.books import books_of

AS_OF = date(2026, 11, 1)
FIRST = date(2026, 1, 1)


def frame(text, as_of=AS_OF, first_day=FIRST):
    return parse_timeframe(text, as_of=as_of, first_day=first_day)


def sales_of(*rows):
    """Sales from ``(customer, day)`` or ``(customer, day, amount)``: the facts that these tests need."""
    data = pd.DataFrame(
        [(*row, 10.0)[:3] for row in rows], columns=["customer_id", "sold_at", "total_amount"]
    )
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(i) for i in range(len(data))]
    return data.astype({"customer_id": "str", "total_amount": "float64"})


def table(data, engine="duckdb"):
    return getattr(ibis, engine).connect().create_table("sales", data)


def books(data, *texts, engine="duckdb", as_of=AS_OF, **options):
    return retention_books(table(data, engine), [frame(text, as_of) for text in texts], **options)


def many(prefix, count, *days):
    return [(f"{prefix}{i}", day) for i in range(count) for day in days]


class TestDefinition:
    def test_450_starting_30_new_15_churned_is_465_and_96_7_percent(self):
        data = sales_of(
            *many("stays", 435, "2026-05-01", "2026-09-01"),
            *many("leaves", 15, "2026-05-15"),
            *many("new", 30, "2026-08-15"),
        )
        row = books(data, "2026-Q3").iloc[0]
        assert (row.starting_customers, row.new_customers, row.churned_customers) == (450, 30, 15)
        assert row.ending_customers == row.active_customers == 465
        assert (round(row.retention_rate, 1), round(row.churn_rate, 1)) == (96.7, 3.3)
        assert (row.retention_rate_n, row.churn_rate_n) == (450, 450)

    @pytest.mark.parametrize(
        ("last", "active"),
        [("2026-10-31", True), ("2026-08-04", True), ("2026-08-03", False), ("2026-08-02", False)],
        ids=["1 day old", "89 days old", "90 days old", "91 days old"],
    )
    def test_active_means_less_than_churn_days_old(self, last, active):
        row = books(sales_of(("ada", last)), "2026-10").iloc[0]
        assert row.ending_customers == active

    def test_each_customer_is_in_one_movement(self):
        data = sales_of(
            *[("stays", "2026-06-01"), ("stays", "2026-09-30")],
            *[("leaves", "2026-06-01")],
            *[("new", "2026-08-20")],
            *[("back", "2026-02-01"), ("back", "2026-08-20")],
            *[("gone", "2026-02-01")],
        )
        row = books(data, "2026-Q3").iloc[0]
        assert (row.starting_customers, row.lapsed_customers, row.lapsed_returned) == (2, 2, 1)
        assert (row.new_customers, row.churned_customers, row.reactivated_customers) == (1, 1, 1)
        assert (row.ending_customers, row.returning_customers) == (3, 2)
        assert row.total_customers == 2 + 1 + 1
        assert row.winback_rate == 50.0

    def test_a_new_customer_who_lapses_again_is_new_and_not_churned(self):
        row = books(sales_of(("ada", "2026-02-01")), "2026", as_of=AS_OF).iloc[0]
        assert (row.new_customers, row.new_lapsed, row.churned_customers, row.ending_customers) == (
            1,
            1,
            0,
            0,
        )

    def test_who_comes_back_and_lapses_again_is_no_reactivation(self):
        data = sales_of(("ada", "2025-01-01"), ("ada", "2026-02-01"))
        row = books(data, "2026").iloc[0]
        assert (row.lapsed_returned, row.reactivated_customers, row.returning_customers) == (1, 0, 1)

    def test_the_rates_at_60_and_180_days_stand_beside(self):
        # Bought 20, 70 and 150 days before the quarter; only the first buys again, on its last day.
        start = date(2026, 7, 1)
        days = [str(start - timedelta(days=age)) for age in (20, 70, 150)]
        data = sales_of(("a", days[0]), ("a", "2026-09-30"), ("b", days[1]), ("c", days[2]))
        row = books(data, "2026-Q3").iloc[0]
        assert (row.retention_rate_60, row.retention_rate, row.retention_rate_180) == (100.0, 50.0, 200 / 3)
        assert (row.retention_rate_60_n, row.retention_rate_n, row.retention_rate_180_n) == (1, 2, 3)
        assert row.churn_rate_180 == pytest.approx(100 / 3)

    def test_repeat_buyers_are_a_state_of_everyone_so_far(self):
        data = sales_of(
            *[("a", "2026-01-01"), ("a", "2026-01-11"), ("b", "2026-09-01"), ("b", "2026-10-15")],
            ("c", "2026-08-01"),
        )
        september, october = books(data, "2026-09", "2026-10").to_dict("records")
        assert (september["customers"], september["repeat_buyers"], september["one_time_buyers"]) == (3, 1, 2)
        assert (october["repeat_buyers"], october["one_time_buyers"]) == (2, 1)
        assert october["repeat_purchase_rate"] == october["repeat_rate"] == pytest.approx(200 / 3)
        assert october["avg_purchases_per_customer"] == pytest.approx(5 / 3)
        assert october["avg_customer_lifespan_days"] == pytest.approx((10 + 44 + 0) / 3)


class TestEdges:
    def test_a_return_is_no_purchase_and_a_sale_of_nothing_is_one(self):
        data = sales_of(
            *[("a", "2026-06-01"), ("a", "2026-09-01", -5.0), ("b", "2026-06-01"), ("b", "2026-09-01", 0.0)]
        )
        row = books(data, "2026-Q3").iloc[0]
        assert (row.starting_customers, row.churned_customers) == (2, 1)

    def test_only_returns_make_no_customer_and_guests_are_nobody(self):
        data = sales_of(("a", "2026-09-01", -5.0), ("guest", "2026-09-01"))
        data.loc[1, "customer_id"] = None
        assert books(data, "2026-Q3").iloc[0].customers == 0

    def test_nothing_on_or_after_the_reference_date_is_read(self):
        data = sales_of(("a", "2026-06-01"), ("a", "2026-10-11"), ("b", "2026-10-11"))
        row = books(data, "2026-10", as_of=date(2026, 10, 11)).iloc[0]
        assert (row.customers, row.ending_customers, row.end) == (1, 0, date(2026, 10, 11))

    def test_nobody_starting_gives_no_rate(self):
        row = books(sales_of(("a", "2026-09-01")), "2026-Q3").iloc[0]
        assert pd.isna(row[["retention_rate", "churn_rate", "retention_rate_low", "winback_rate"]]).all()
        assert row.retention_rate_n == 0

    def test_no_sales_at_all_give_zeros_and_no_rates(self):
        row = books(sales_of(), "2026-Q3").iloc[0]
        assert row[["starting_customers", "customers", "total_customers", "ending_customers"]].eq(0).all()
        assert pd.isna(row[["repeat_purchase_rate", "avg_purchases_per_customer", "retention_rate"]]).all()

    def test_a_period_that_has_not_begun_has_no_rate(self):
        row = books(sales_of(("a", "2026-10-01")), "2027-Q1").iloc[0]
        assert (row.starting_customers, row.ending_customers, row.new_customers) == (1, 1, 0)
        assert pd.isna(row.retention_rate)

    def test_overlapping_periods_are_each_their_own(self):
        data = sales_of(("a", "2026-06-15"), ("a", "2026-09-15"), ("b", "2026-08-15"))
        together = books(data, "2026-Q3", "2026-08", "2026-09", "2026")
        apart = [books(data, text) for text in ("2026-Q3", "2026-08", "2026-09", "2026")]
        pd.testing.assert_frame_equal(together, pd.concat(apart, ignore_index=True))

    def test_the_input_is_left_alone(self):
        data = sales_of(("a", "2026-09-01"))
        before = data.copy(deep=True)
        retention_books(ibis.memtable(data), [frame("2026-Q3")])
        pd.testing.assert_frame_equal(data, before)

    def test_forty_periods_come_back_in_their_order(self):
        periods = frame("2023-01-01..2026-10-31").periods("month")
        found = retention_books(table(sales_of(("a", "2023-01-05"))), periods)
        assert found["period"].tolist() == [period.label for period in periods]
        assert found["new_customers"].tolist() == [1] + [0] * (len(periods) - 1)

    def test_one_customer_type_only(self):
        data = sales_of(("a", "2026-09-01"), ("b", "2026-09-01"), ("c", "2026-09-01"))
        customers = pd.DataFrame(
            {"customer_id": ["a", "b", "c"], "customer_type": ["RETAIL", "WHOLESALE", None]}
        )
        row = books(data, "2026-Q3", customers=ibis.memtable(customers), customer_type="RETAIL").iloc[0]
        assert row.new_customers == 1

    def test_the_first_churn_days_of_the_data_are_marked(self):
        data = sales_of(("a", "2026-01-01"))
        marks = books(data, "2026-03", "2026-04", known_from=FIRST)["left_truncated"].tolist()
        assert marks == [True, False]  # the 90 days from 1 January end with 31 March
        assert not books(data, "2026-03")["left_truncated"].any()


class TestReport:
    def measure(self, text, data, **options):
        comparison = compare(frame(text), first_day=FIRST)
        return retention(table(data), comparison, first_day=FIRST, **options)

    def test_a_timeframe_with_somebody_starting_leads_itself(self):
        found = self.measure("2026-Q3", sales_of(("a", "2026-05-01"), ("a", "2026-09-01")))
        assert not found.leads_elsewhere
        assert found.headlines["period"].tolist() == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert found.trends["period"].tolist() == ["2026-07", "2026-08", "2026-09"]

    def test_all_of_the_data_leads_with_the_last_12_months(self):
        data = sales_of(("a", "2025-10-20"), ("a", "2026-09-01"), ("b", "2026-09-01"))
        comparison = compare(frame("all", first_day=date(2024, 1, 1)), first_day=date(2024, 1, 1))
        found = retention(table(data), comparison, first_day=date(2024, 1, 1))
        assert found.leads_elsewhere
        assert found.leading.this.label == "last-12-months"
        assert found.headlines["starting_customers"].tolist()[-1] == 1
        assert (found.summary["period"].item(), found.summary["starting_customers"].item()) == ("all", 0)
        assert found.summary["new_customers"].item() == 2

    def test_a_year_of_data_leads_with_the_last_three_months(self):
        found = self.measure("all", sales_of(("a", "2026-01-01"), ("b", "2026-07-20"), ("b", "2026-10-01")))
        assert found.leading.this.label == "last-3-months"

    def test_where_nobody_was_ever_active_before_nothing_else_leads(self):
        found = self.measure("all", sales_of(("a", "2026-10-30")))
        assert not found.leads_elsewhere

    def test_the_line_has_two_years_and_a_month_at_most(self):
        data = sales_of(("a", "2020-01-01"))
        comparison = compare(frame("2026-10"), first_day=date(2020, 1, 1))
        line = retention(table(data), comparison, first_day=date(2020, 1, 1)).line
        assert (len(line), line["period"].iloc[0], line["period"].iloc[-1]) == (25, "2024-10", "2026-10")

    def test_the_first_days_of_the_data_measure_nothing_later(self):
        data = sales_of(("a", "2026-01-05"), ("a", "2026-05-01"), ("b", "2026-05-01"), ("a", "2026-09-01"))
        rows = self.measure("2026-Q3", data).headlines.set_index("period")
        assert pd.isna(rows.loc["2026-Q1", ["new_customers", "retention_rate", "retention_rate_n"]]).all()
        assert rows.loc["2026-Q1", "ending_customers"] == 1
        assert rows.loc["2026-Q2", "new_customers"] == 1
        kept = self.measure("2026-Q3", data, complete_history=True).headlines
        assert kept["new_customers"].tolist() == [1, 1, 0]

    def test_nobody_can_lapse_in_data_younger_than_the_silence(self):
        data = sales_of(("a", "2026-01-05"), ("a", "2026-05-01"), ("b", "2026-05-01"), ("a", "2026-09-01"))
        found = self.measure("2026-Q3", data, complete_history=True)
        rates = found.headlines.set_index("period")[["retention_rate", "churned_customers"]]
        assert rates.isna().any(axis=1).tolist() == [True, False, False]
        line = found.line.set_index("period")["retention_rate_n"]
        assert line[["2026-01", "2026-03", "2026-04"]].tolist() == [0, 0, 1]
        assert self.measure("2026-03", data, complete_history=True).summary["retention_rate"].item() == 100.0

    def test_the_published_summary_is_the_timeframe_asked_for(self):
        data = sales_of(("a", "2025-10-20"), ("a", "2026-09-01"))
        comparison = compare(frame("all", first_day=date(2024, 1, 1)), first_day=date(2024, 1, 1))
        found = retention(table(data), comparison, first_day=date(2024, 1, 1)).published(gap_days_p90=316.0)
        assert (found["period"], found["starting_customers"], found["gap_days_p90"]) == ("all", 0, 316.0)
        assert (found["leading_timeframe"], found["leading_starting_customers"]) == ("last-12-months", 1)

    def test_complete_history_marks_nothing(self):
        data = sales_of(("a", "2026-01-01"))
        assert self.measure("2026", data).trends["left_truncated"].sum() == 3
        assert not self.measure("2026", data, complete_history=True).trends["left_truncated"].any()


def spelled_out(book, start, end, churn_days):
    """The definitions in plain Python: one customer after another, one day after another."""
    found = dict.fromkeys(
        ["starting", "new", "new_lapsed", "churned", "reactivated", "ending", "returning", "lapsed", "total"],
        0,
    )
    for customer in {c for c, _day in book}:
        days = sorted(day for c, day in book if c == customer and day < end)
        if not days:
            continue

        def active(instant, days=days):
            past = [day for day in days if day < instant]
            return bool(past) and (instant - past[-1]).days < churn_days

        inside = [day for day in days if start <= day]
        new, starting, ending = start <= days[0], active(start), active(end)
        lapsed = not new and not starting
        found["starting"] += starting
        found["new"] += new
        found["new_lapsed"] += new and not ending
        found["churned"] += starting and not ending
        found["reactivated"] += lapsed and bool(inside) and ending
        found["ending"] += ending
        found["returning"] += bool(inside) and not new
        found["lapsed"] += lapsed
        found["total"] += starting or new or (lapsed and bool(inside))
    return found


NAMES = {
    "starting": "starting_customers",
    "new": "new_customers",
    "new_lapsed": "new_lapsed",
    "churned": "churned_customers",
    "reactivated": "reactivated_customers",
    "ending": "ending_customers",
    "returning": "returning_customers",
    "lapsed": "lapsed_customers",
    "total": "total_customers",
}
days_of_year = st.dates(date(2026, 1, 1), date(2026, 12, 31))
order_books = books_of(st.tuples(st.sampled_from("abcdef"), days_of_year), least=1, most=40)
TEXTS = ("2026-Q2", "2026-Q3", "2026-10", "2026-08", "last-30-days", "2026")


class TestLaws:
    """Properties that hold for any order book."""

    @settings(max_examples=12)
    @given(order_books, st.sampled_from([1, 10, 60, 90]))
    def test_agrees_with_the_definitions_spelled_out_and_the_books_balance(self, book, churn_days):
        found = books(sales_of(*book), *TEXTS, churn_days=churn_days)
        for row, text in zip(found.itertuples(), TEXTS, strict=True):
            span = frame(text)
            expected = spelled_out(book, span.start, span.reference_date, churn_days)
            assert {name: getattr(row, column) for name, column in NAMES.items()} == expected
            still = row.new_customers - row.new_lapsed
            balance = row.starting_customers + still + row.reactivated_customers - row.churned_customers
            assert row.ending_customers == balance
            if row.starting_customers:
                kept = row.ending_customers - still - row.reactivated_customers
                assert row.retention_rate == pytest.approx(100 * kept / row.starting_customers)
                assert row.retention_rate + row.churn_rate == pytest.approx(100)

    @settings(max_examples=6)
    @given(order_books)
    def test_every_engine_gives_the_same_books(self, book):
        data = sales_of(*book)
        duck, lite = (books(data, *TEXTS, engine=engine) for engine in ("duckdb", "sqlite"))
        pd.testing.assert_frame_equal(duck, lite)

    @settings(max_examples=6)
    @given(order_books)
    def test_the_end_of_a_month_is_the_start_of_the_next(self, book):
        found = books(sales_of(*book), *[f"2026-{month:02}" for month in range(1, 11)])
        assert found["ending_customers"].tolist()[:-1] == found["starting_customers"].tolist()[1:]
