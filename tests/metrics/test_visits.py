"""What `visits` promises: each customer's days with a purchase, as models of buying want them."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.purchases import as_table, day_number
from analytics.metrics.visits import repeat_visits_by_week, visit_history

FIRST, CUT, END = date(2026, 1, 1), date(2026, 3, 1), date(2026, 5, 1)


def table(*rows, engine="duckdb"):
    data = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(i) for i in range(len(data))]
    data = data.astype({"customer_id": "str", "total_amount": "float64"})
    return getattr(ibis, engine).connect().create_table("sales", data)


def only(sales, **options):
    found = visit_history(sales, CUT, **options)
    assert len(found) == 1
    return found.iloc[0]


class TestAVisitIsADayWithAPurchase:
    def test_orders_of_one_day_are_one_visit_and_add_up(self):
        sales = table(
            ("a", "2026-01-01", 9.0), ("a", "2026-01-05 09:00", 10.0), ("a", "2026-01-05 17:00", 5.0)
        )
        assert only(sales)[["visits", "repeat_value"]].tolist() == [2, 15.0]

    def test_the_first_visit_has_no_part_in_the_repeat_value(self):
        sales = table(("a", "2026-01-01", 500.0), ("a", "2026-01-05", 10.0), ("a", "2026-01-09", 20.0))
        assert only(sales).repeat_value == 15.0

    def test_without_a_repeat_visit_its_value_is_missing(self):
        assert np.isnan(only(table(("a", "2026-01-01", 5.0))).repeat_value)

    def test_a_return_is_no_visit_but_lowers_the_value(self):
        sales = table(("a", "2026-01-01", 9.0), ("a", "2026-01-05", 30.0), ("a", "2026-01-09", -10.0))
        row = only(sales)
        assert (row.visits, row.repeat_value) == (2, 20.0)
        assert row.last_day == day_number(date(2026, 1, 5))

    def test_a_sale_of_nothing_is_a_visit(self):
        assert only(table(("a", "2026-01-01", 9.0), ("a", "2026-01-05", 0.0))).visits == 2

    def test_who_only_returned_is_left_out_and_so_are_guests(self):
        sales = table(("a", "2026-01-01", -9.0), (None, "2026-01-01", 9.0), ("b", "2026-01-01", 1.0))
        assert visit_history(sales, CUT).customer_id.tolist() == ["b"]

    def test_a_return_before_the_first_purchase_does_not_count(self):
        sales = table(("a", "2026-01-01", -9.0), ("a", "2026-01-02", 5.0), ("a", "2026-01-03", 7.0))
        assert only(sales)[["visits", "repeat_value"]].tolist() == [2, 7.0]

    def test_nobody_gives_an_empty_frame_with_all_columns(self):
        found = visit_history(table(("a", "2027-01-01", 1.0)), CUT, until=END)
        assert found.empty
        assert {"visits", "observed_day", "later_visits", "later_revenue"} <= set(found.columns)


class TestNothingFromTheReferenceDateOn:
    def test_the_last_observed_day_is_the_one_before(self):
        row = only(table(("a", "2026-02-28", 5.0), ("a", "2026-03-01", 5.0)))
        assert (row.visits, row.observed_day) == (1, day_number(date(2026, 2, 28)))

    def test_what_comes_later_is_told_apart(self):
        sales = table(
            *[("a", "2026-01-01", 5.0), ("a", "2026-03-01", 7.0), ("a", "2026-03-01", 3.0)],
            *[("a", "2026-04-30", 11.0), ("a", "2026-04-30", -1.0), ("a", "2026-05-01", 99.0)],
        )
        row = only(sales, until=END)
        assert row[["visits", "later_visits", "later_revenue"]].tolist() == [1, 2, 20.0]

    def test_who_first_comes_later_is_not_there_yet(self):
        sales = table(("a", "2026-01-01", 5.0), ("b", "2026-03-02", 7.0))
        assert visit_history(sales, CUT, until=END).customer_id.tolist() == ["a"]

    def test_a_holdout_without_a_day_is_refused(self):
        with pytest.raises(ParamsError, match="no day after 2026-03-01"):
            visit_history(table(("a", "2026-01-01", 5.0)), CUT, until=CUT)


class TestByWeek:
    def test_repeat_visits_of_those_acquired_before_a_day_without_gaps(self):
        sales = table(
            *[("a", "2026-01-01", 1.0), ("a", "2026-01-07", 1.0), ("a", "2026-01-08", 1.0)],
            *[("a", "2026-01-25", 1.0), ("b", "2026-01-10", 1.0), ("b", "2026-01-11", 1.0)],
        )
        options = {"acquired_before": date(2026, 1, 10), "first_day": day_number(FIRST)}
        found = repeat_visits_by_week(sales, date(2026, 1, 29), **options)
        assert found.to_numpy().tolist() == [[1, 1], [2, 1], [3, 0], [4, 1]]


days = st.integers(0, 119)
row = st.tuples(st.sampled_from("abc"), days, st.integers(-3, 9))


class TestAgainstPlainCounting:
    @settings(max_examples=25)
    @given(st.lists(row, min_size=1, max_size=40), st.sampled_from(["duckdb", "sqlite"]))
    def test_every_customer_and_both_engines(self, rows, engine):
        sales = table(*[(who, str(FIRST + timedelta(day)), float(m)) for who, day, m in rows], engine=engine)
        cut, end = (CUT - FIRST).days, (END - FIRST).days
        expected = []
        for who in "abc":
            visits = sorted({day for name, day, m in rows if name == who and m >= 0 and day < cut})
            if not visits:
                continue
            later = {day for name, day, m in rows if name == who and m >= 0 and cut <= day < end}
            repeat = sum(m for name, day, m in rows if name == who and visits[0] < day < cut)
            after = sum(m for name, day, m in rows if name == who and cut <= day < end)
            value = repeat / (len(visits) - 1) if len(visits) > 1 else None
            expected.append([who, len(visits), visits[0], visits[-1], value, len(later), after])
        found = visit_history(sales, CUT, until=END)
        start = day_number(FIRST)
        got = [
            [
                *[r.customer_id, r.visits, r.first_day - start, r.last_day - start],
                *[None if np.isnan(r.repeat_value) else r.repeat_value, r.later_visits, r.later_revenue],
            ]
            for r in found.itertuples()
        ]
        assert got == [pytest.approx(e) if None not in e else e for e in expected]


def test_a_frame_of_pandas_will_do():
    frame = pd.DataFrame(
        {"sale_id": ["1"], "customer_id": ["a"], "sold_at": [pd.Timestamp(FIRST)], "total_amount": [1.0]}
    )
    assert visit_history(as_table(frame), CUT).visits.tolist() == [1]
