"""What `look_ahead` puts together: fitted on all, checked on later visits, shown for those asked for."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.purchases import as_table
from analytics.metrics.visits import visit_history
from analytics.models import lifetime_value
from analytics.models.customer_outlook import leading, look_ahead, same_rate, tenths
from analytics.timeframe import parse_timeframe

END = date(2026, 1, 1)
YEAR = parse_timeframe("2025", as_of=END)


def sales_of(customers=120, seed=0):
    """Two years of a shop whose customers come at rates of their own and stop by and by."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        first, rate, leaves = random.integers(0, 400), random.gamma(1.2, 1 / 40), random.exponential(500)
        day = float(first)
        while day < min(730, first + leaves):
            rows.append((f"c{number:03}", int(day), round(random.gamma(4, 10), 2)))
            day += random.exponential(1 / rate)
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "total_amount"])
    sold = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D")
    return frame.assign(sold_at=sold, sale_id=[str(i) for i in range(len(frame))]).drop(columns="day")


SALES = as_table(sales_of())
PEOPLE = sales_of().groupby("customer_id")["total_amount"].sum().rename("total_revenue").reset_index()


def seen_of(people=PEOPLE, margin=40.0, sales=SALES, **options):
    return look_ahead(sales, people, YEAR, pd.DataFrame({"profit_margin": [margin]}), **options)


@pytest.fixture(scope="module")
def seen():
    return seen_of()


class TestLookAhead:
    def test_predicts_each_customer_beside_what_is_known(self, seen):
        assert list(seen.customers["customer_id"]) == list(PEOPLE["customer_id"])
        assert seen.customers["predicted_revenue_12m"].notna().all()
        assert (seen.customers["total_revenue"] == PEOPLE["total_revenue"]).all()

    def test_the_total_is_the_sum_of_the_customers(self, seen):
        assert seen.total("12m", "revenue")["value"] == pytest.approx(
            seen.customers["predicted_revenue_12m"].sum()
        )
        assert seen.tenths["predicted_revenue_12m"].sum() == pytest.approx(
            seen.total("12m", "revenue")["value"]
        )

    def test_profit_is_the_organisations_share_of_it(self, seen):
        ratio = seen.customers["predicted_clv_12m"] / seen.customers["predicted_revenue_12m"]
        np.testing.assert_allclose(ratio, 0.4)
        unknown = seen_of(margin=np.nan)
        assert unknown.profit_share is None
        assert unknown.customers["predicted_clv_12m"].isna().all()
        assert unknown.customers["predicted_revenue_12m"].notna().all()

    def test_a_selection_acts_after_fitting(self, seen):
        some = seen_of(PEOPLE.iloc[10:20].reset_index(drop=True))
        whole = seen.customers.set_index("customer_id")["predicted_revenue_12m"]
        found = some.customers.set_index("customer_id")["predicted_revenue_12m"]
        pd.testing.assert_series_equal(found, whole[found.index])
        assert some.total("12m", "revenue")["value"] == pytest.approx(found.sum())
        assert some.model.customers == seen.model.customers == len(PEOPLE)

    def test_totals_are_widened_by_what_the_check_missed(self, seen):
        assert seen.validation.holdout_days == 273
        assert seen.total("12m", "revenue")["widened"]

    def test_discounting_lowers_money_and_no_visit(self, seen):
        plain = seen_of(discount_rate=0.0)
        assert plain.total("12m", "revenue")["value"] > seen.total("12m", "revenue")["value"]
        assert plain.total("12m", "purchases")["value"] == pytest.approx(
            seen.total("12m", "purchases")["value"]
        )

    def test_the_model_asked_for_is_the_one_taken(self):
        assert seen_of(model="pareto_nbd").published_model()["purchases"] == "pareto_nbd"


class TestOddData:
    def test_nobody(self):
        nobody = seen_of(PEOPLE.head(0), sales=as_table(sales_of().head(1)).limit(0))
        assert nobody.leader == ""
        assert (len(nobody.customers), len(nobody.tenths)) == (0, 0)
        assert nobody.published_model()["customers"] == 0
        assert nobody.published_validation()["missing"] == "no_sales"

    def test_one_customer(self):
        one = sales_of().query("customer_id == 'c000'")
        found = seen_of(PEOPLE.head(1), sales=as_table(one))
        assert found.leader == ""
        assert found.customers["predicted_revenue_12m"].isna().all()

    def test_no_repeat_purchase(self):
        once = sales_of().drop_duplicates("customer_id")
        found = seen_of(sales=as_table(once))
        assert found.leader == ""
        assert "few_repeat_customers" in found.published_model()["notes"]
        assert found.same_rate["purchases_12m"] == 0

    def test_all_amounts_equal(self):
        one_a_day = sales_of().drop_duplicates(["customer_id", "sold_at"])
        found = seen_of(sales=as_table(one_a_day.assign(total_amount=10.0)))
        np.testing.assert_allclose(found.customers["expected_average_value"], 10.0)


class TestWhoLeads:
    def test_the_least_error_of_the_check(self, seen):
        scores = pd.DataFrame({"method": ["model", "same_rate", "zero"], "rmse": [2.0, 1.5, 3.0]})
        for errors, leader in (
            ((2.0, 1.5, 3.0), "same_rate"),
            ((2.0, 2.5, 1.9), "zero"),
            ((2.0, 2.0, 2.0), "model"),
            ((1.0, 2.0, 2.0), "model"),
        ):
            rows = scores.assign(rmse=errors)
            assert leading(seen.model, replace(seen.validation, scores=rows)) == leader

    @pytest.mark.parametrize(
        ("missing", "leader"),
        [("few_repeat_customers", "same_rate"), ("history_too_short", ""), ("no_sales", "")],
    )
    def test_never_the_model_where_there_is_no_check(self, seen, missing, leader):
        unchecked = replace(seen.validation, scores=seen.validation.scores.head(0), missing=missing)
        assert leading(seen.model, unchecked) == leader

    def test_nobody_where_nothing_is_predicted(self, seen):
        empty = lifetime_value.fit_lifetime_value(visit_history(SALES, date(2024, 1, 1)))
        assert leading(empty, seen.validation) == ""


class TestWithoutACheck:
    def test_a_history_of_weeks_says_nothing_of_the_next_years(self):
        sold = sales_of(400).query("sold_at < '2024-04-10'")
        early = parse_timeframe("2024-01-01..2024-04-09", as_of=date(2024, 4, 10))
        people = sold.groupby("customer_id")["total_amount"].sum().rename("total_revenue").reset_index()
        found = look_ahead(as_table(sold), people, early, pd.DataFrame({"profit_margin": [40.0]}))
        assert found.model.purchases is not None
        assert found.leader == ""
        far = found.totals["horizon"].isin(["12m", "36m"])
        assert found.totals.loc[far, ["value", "low", "high"]].isna().all(axis=None)
        assert found.totals.loc[~far, "value"].notna().all()
        columns = [name for name in found.customers if "12m" in name or "36m" in name]
        assert found.customers[columns].isna().all(axis=None)
        assert found.customers["expected_purchases_90d"].notna().all()
        assert found.same_rate.isna().all()
        assert found.tenths.empty
        assert "history_too_short" in found.published_model()["notes"]

    def test_few_who_came_back_early_leave_the_same_rate_and_no_36_months(self):
        sold = sales_of()
        late = sold["sold_at"] >= "2025-04-01"
        firsts = sold[~late].drop_duplicates("customer_id")
        found = seen_of(sales=as_table(pd.concat([firsts, sold[late]])))
        assert found.validation.missing == "few_repeat_customers"
        assert found.leader == "same_rate"
        assert "unchecked" in found.published_model()["notes"].split("; ")
        assert found.total("12m", "revenue")["value"] > 0
        assert np.isnan(found.total("36m", "revenue")["value"])
        assert found.customers["predicted_revenue_36m_high"].isna().all()


class TestSameRate:
    def test_goes_on_as_so_far(self):
        histories = pd.DataFrame(
            {
                "customer_id": ["a", "b", "new"], "visits": [4, 1, 1], "first_day": [0, 0, 365],
                "last_day": [300, 0, 365], "observed_day": [365] * 3, "repeat_value": [50.0, np.nan, np.nan],
            }
        )  # fmt: skip
        found = same_rate(histories, discount_rate=0.10, profit_share=0.5)
        visits = 3 / 365 * 365.25
        assert found["purchases_12m"] == pytest.approx(visits)
        assert found["revenue_12m"] == pytest.approx(visits * 50 * 0.95004, rel=1e-5)
        assert found["clv_12m"] == pytest.approx(found["revenue_12m"] / 2)


class TestTenths:
    def test_are_equal_parts_from_the_best_with_ties_by_id(self):
        n = 25
        predicted = pd.DataFrame(
            {
                "customer_id": [f"c{i:02}" for i in range(n)], "predicted_revenue_12m": [5.0] * n,
                "probability_alive": 0.5, "expected_purchases_12m": 1.0,
            }
        )  # fmt: skip
        people = pd.DataFrame({"customer_id": predicted["customer_id"], "total_revenue": np.arange(n) * 1.0})
        rows = tenths(people, predicted.iloc[::-1])
        assert rows["customers"].sum() == n
        assert rows["customers"].between(2, 3).all()
        assert rows["revenue_contribution"].sum() == pytest.approx(100)
        assert rows["total_revenue"].iloc[0] == 0 + 1 + 2


class TestPublished:
    def test_blocks_hold_frames_and_plain_values(self, seen):
        model, checked = seen.published_model(), seen.published_validation()
        assert {"candidates", "parameters", "totals", "repeat_visits", "tenths"} <= set(model)
        assert {"scores", "bins", "weekly", "coverage"} <= set(checked)
        for value in (*model.values(), *checked.values()):
            assert isinstance(value, str | int | float | date | pd.DataFrame | type(None))
