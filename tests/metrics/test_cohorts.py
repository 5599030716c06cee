"""What `cohort_analysis` promises."""

from datetime import date

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.cohorts import cohort_analysis
from analytics.timeframe import parse_timeframe

AS_OF = date(2026, 7, 1)


def sales_of(*rows):
    data = pd.DataFrame(
        [(*row, 10.0)[:3] for row in rows], columns=["customer_id", "sold_at", "total_amount"]
    )
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(i) for i in range(len(data))]
    return data.astype({"customer_id": "str", "total_amount": "float64"})


def cohorts(data, text="2026", *, as_of=AS_OF, engine="duckdb", **options):
    sales = getattr(ibis, engine).connect().create_table("sales", data)
    return cohort_analysis(sales, parse_timeframe(text, as_of=as_of), **options).set_index("cohort")


#               Jan      Feb      Mar
# ada           10       20
# ben           10                30
# cleo                   40       50, back 15
HAND = sales_of(
    *[("ada", "2026-01-05", 10.0), ("ada", "2026-02-06", 20.0), ("ben", "2026-01-31", 10.0)],
    *[("ben", "2026-03-01", 30.0), ("cleo", "2026-02-11", 40.0), ("cleo", "2026-03-12", 50.0)],
    *[("cleo", "2026-03-13", -15.0)],
)


class TestTriangle:
    def test_three_customers_worked_by_hand(self):
        found = cohorts(HAND, as_of=date(2026, 4, 1))
        assert found.index.tolist() == ["2026-01", "2026-02", "average"]
        assert found["initial_customers"].tolist() == [2, 1, 3]
        assert found["period_0_retention"].tolist() == [100.0, 100.0, 100.0]
        assert found["period_1_retention"].tolist() == [50.0, 100.0, pytest.approx(200 / 3)]
        assert found["period_2_retention"].iloc[[0, 2]].tolist() == [50.0, 50.0]
        assert pd.isna(found.loc["2026-02", "period_2_retention"])
        assert "period_3_retention" not in found.columns

    def test_the_same_triangle_for_revenue_has_returns_deducted(self):
        found = cohorts(HAND, as_of=date(2026, 4, 1))
        assert found.loc["2026-01", ["period_0_revenue", "period_1_revenue"]].tolist() == [20.0, 20.0]
        assert found.loc["2026-02", ["period_0_revenue", "period_1_revenue"]].tolist() == [40.0, 35.0]
        # Weighted by customers: (2 × 20 + 1 × 35) / 3, and period 2 was reached by January alone.
        assert found.loc["average", "period_1_revenue"] == 25.0
        assert found.loc["average", "period_2_revenue"] == 30.0

    def test_a_period_that_has_not_ended_is_missing(self):
        found = cohorts(HAND, as_of=date(2026, 3, 31))
        assert found.loc["2026-01", "period_1_retention"] == 50.0
        assert "period_2_retention" not in found.columns
        assert pd.isna(found.loc["2026-02", "period_1_retention"])

    def test_a_cohort_whose_own_period_has_not_ended_has_no_cells_yet(self):
        found = cohorts(sales_of(("ada", "2026-06-01")), as_of=date(2026, 6, 20))
        assert found["initial_customers"].tolist() == [1, 1]
        assert found["period_0_retention"].isna().all()
        assert found["partial"].tolist() == [True, False]

    def test_a_month_nobody_bought_in_is_0_and_not_missing(self):
        found = cohorts(sales_of(("ada", "2026-01-05")), as_of=date(2026, 3, 1))
        assert found.loc["2026-01", "period_1_retention"] == 0.0
        assert found.loc["2026-01", "period_1_revenue"] == 0.0

    def test_quarters_and_years(self):
        data = sales_of(
            ("ada", "2025-03-31"), ("ada", "2025-04-01"), ("ben", "2024-12-31"), ("ben", "2026-06-30")
        )
        quarters = cohorts(data, "2024-01-01..2026-06-30", cohort_period="quarter")
        assert quarters.index.tolist() == ["2024-Q4", "2025-Q1", "average"]
        assert quarters["period_1_retention"].tolist() == [0.0, 100.0, 50.0]
        assert quarters.loc["2024-Q4", "period_6_retention"] == 100.0
        years = cohorts(data, "2024-01-01..2026-06-30", cohort_period="year")
        assert years.index.tolist() == ["2024", "2025", "average"]
        assert years["period_1_retention"].tolist()[0] == 0.0
        assert pd.isna(years.loc["2025", "period_1_retention"])  # 2026 is not over
        assert "period_2_retention" not in years.columns

    def test_only_first_purchases_inside_the_timeframe_make_a_cohort(self):
        found = cohorts(HAND, "2026-02-01..2026-03-31", as_of=date(2026, 4, 1))
        assert found.index.tolist() == ["2026-02", "average"]

    def test_a_cohort_cut_by_the_timeframe_is_marked(self):
        found = cohorts(HAND, "2026-01-15..2026-03-31", as_of=date(2026, 4, 1))
        assert found.loc["2026-01", "initial_customers"] == 1
        assert found["partial"].tolist() == [True, False, False]

    def test_active_and_churned_at_the_reference_date_add_up(self):
        found = cohorts(sales_of(("a", "2026-01-01"), ("b", "2026-01-01"), ("b", "2026-04-03")))
        assert found[["current_active", "churned"]].to_numpy().tolist() == [[1, 1], [1, 1]]
        assert cohorts(sales_of(("b", "2026-04-02")))["current_active"].tolist() == [0, 0]  # 90 days old

    def test_a_return_before_the_first_purchase_belongs_to_no_cell(self):
        found = cohorts(sales_of(("a", "2026-01-05", -3.0), ("a", "2026-02-05", 8.0)))
        assert found.index.tolist() == ["2026-02", "average"]
        assert found["period_0_revenue"].tolist() == [8.0, 8.0]

    def test_the_first_churn_days_of_the_data_are_marked(self):
        found = cohorts(HAND, known_from=date(2025, 11, 30), churn_days=60)
        assert found["left_truncated"].tolist() == [True, False, False]

    def test_nobody_new_gives_an_empty_table(self):
        found = cohorts(HAND, "2026-05", as_of=AS_OF)
        assert found.empty
        assert {"initial_customers", "current_active", "churned"} <= set(found.columns)

    def test_an_unknown_period_is_refused_with_the_nearest(self):
        with pytest.raises(ParamsError, match=r'"quater" is not known \(did you mean "quarter"\?\); allowed'):
            cohorts(HAND, cohort_period="quater")


days = st.dates(date(2025, 10, 1), date(2026, 6, 30))
order_books = st.lists(st.tuples(st.sampled_from("abcde"), days), min_size=1, max_size=25)


class TestLaws:
    @settings(max_examples=15)
    @given(order_books, st.sampled_from(["duckdb", "sqlite"]))
    def test_agrees_with_the_definition_spelled_out_in_plain_python(self, book, engine):
        found = cohorts(sales_of(*book), "2026-01-01..2026-06-30", engine=engine)
        firsts = {c: min(day for other, day in book if other == c) for c, _day in book}
        for month in range(1, 7):
            members = [c for c, day in firsts.items() if (day.year, day.month) == (2026, month)]
            if not members:
                assert f"2026-{month:02}" not in found.index
                continue
            row = found.loc[f"2026-{month:02}"]
            assert row["initial_customers"] == len(members)
            for k in range(6):
                if f"period_{k}_retention" not in found.columns:
                    continue
                if month + k > 6:
                    assert pd.isna(row[f"period_{k}_retention"])
                    continue
                came = {c for c, day in book if c in members and (day.year, day.month) == (2026, month + k)}
                assert row[f"period_{k}_retention"] == pytest.approx(100 * len(came) / len(members))

    @settings(max_examples=15)
    @given(order_books)
    def test_revenue_of_the_cells_is_the_revenue_of_the_cohorts(self, book):
        found = cohorts(sales_of(*book), "2025-10-01..2026-06-30").drop(index="average")
        cells = found[[name for name in found.columns if name.endswith("_revenue")]]
        assert cells.sum().sum() == pytest.approx(10.0 * len(book))
