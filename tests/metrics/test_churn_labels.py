"""Who left: both definitions by hand at their edges, then a plain loop, then what must always hold."""

from datetime import date, timedelta

import pandas as pd
import pytest

from analytics.errors import ParamsError
from analytics.metrics.churn_labels import (
    choose_definition,
    churn_by_horizon,
    churn_labels,
    churn_labels_at,
    churn_rates,
    customers_who_left,
    newest_day,
    oldest_day,
    snapshot_days,
    standing,
)
from analytics.metrics.rates import wilson
from analytics.timeframe import parse_timeframe
from tests.churn_data import END, accounts_of, company, sales_of, shop

CUT = date(2026, 3, 1)


def left(customers, definition="purchase", days=90, **tables):
    ids = pd.Series(customers)
    return dict(zip(ids, churn_labels(ids, definition, CUT, days, **tables), strict=True))


class TestWithoutAContract:
    def test_a_purchase_on_the_first_or_the_last_day_of_the_horizon_keeps_a_customer(self):
        sales = sales_of(
            ("first", "2026-03-01", 1), ("last", "2026-05-29 23:59", 1), ("late", "2026-05-30", 1)
        )
        assert left(["first", "last", "late", "none"], sales=sales) == {
            "first": False, "last": False, "late": True, "none": True,
        }  # fmt: skip

    def test_a_return_keeps_nobody(self):
        assert left(["a"], sales=sales_of(("a", "2026-03-05", -1))) == {"a": True}

    def test_at_risk_is_who_bought_in_the_eligible_days(self):
        sales = sales_of(("a", "2025-03-01", 1), ("b", "2025-02-28", 1), ("c", "2026-03-01", 1))
        end, days = CUT + timedelta(days=30), {"horizons": (30,), "own": 30}
        for eligible, people in ((365, 1), (None, 2)):
            found = churn_by_horizon("purchase", end, **days, sales=sales, eligible_days=eligible)
            assert found["customers"].item() == people

    def test_several_cutoffs_at_once_are_labelled_as_each_alone(self):
        sales, cutoffs = shop(40), [date(2026, 1, 1), CUT, date(2026, 2, 1)]
        ids = pd.Series([f"C{number:04d}" for number in range(40)])
        found = churn_labels_at([ids, ids[:20], ids[20:]], "purchase", cutoffs, 45, sales=sales)
        for labels, people, cutoff in zip(found, (ids, ids[:20], ids[20:]), cutoffs, strict=True):
            alone = churn_labels(people, "purchase", cutoff, 45, sales=sales)
            pd.testing.assert_series_equal(labels, alone)
        assert found[0].any()
        assert not found[0].all()


BASE = {"snapshot_at": "2026-02-28 23:00", "started_at": "2024-01-01"}


class TestWithAContract:
    def left_on(self, day, seen="2026-05-31 23:00"):
        rows = [BASE | {"customer_id": "a"}]
        rows.append(BASE | {"customer_id": "a", "snapshot_at": seen, "churned_at": day})
        return accounts_of(*rows)

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-02-28", False),
            ("2026-03-01", True),
            ("2026-05-29", True),
            ("2026-05-30", False),
            (None, False),
        ],
    )
    def test_leaving_in_the_horizon_counts_its_first_day_and_not_the_day_after_its_last(self, day, said):
        assert left(["a"], "contract", accounts=self.left_on(day), known_until=END) == {"a": said}

    def test_a_row_on_or_after_the_reference_date_is_not_read(self):
        accounts = self.left_on("2026-04-01", seen="2026-06-15")
        early, late = (
            customers_who_left(accounts, CUT, date(2026, 5, 30), known_until=day).tolist()
            for day in (date(2026, 6, 15), date(2026, 6, 16))
        )
        assert (early, late) == ([], ["a"])

    def test_a_horizon_that_is_not_over_has_no_answer(self):
        with pytest.raises(ParamsError, match="whole horizon is over"):
            left(["a"], "contract", accounts=self.left_on(None), known_until=date(2026, 5, 29))

    def test_labels_need_their_table(self):
        with pytest.raises(ParamsError, match="accounts"):
            left(["a"], "contract")
        with pytest.raises(ParamsError, match="sales"):
            left(["a"])


class TestWhichDefinition:
    def test_contract_where_there_are_snapshots_before_the_reference_date(self):
        accounts = accounts_of({"customer_id": "a", "snapshot_at": "2026-02-28"})
        assert choose_definition("auto", accounts, CUT) == "contract"
        assert choose_definition("auto", accounts, date(2026, 2, 28)) == "purchase"
        assert choose_definition("auto", None, CUT) == "purchase"
        assert choose_definition("purchase", accounts, CUT) == "purchase"

    def test_another_word_is_refused_with_those_that_are_allowed(self):
        with pytest.raises(ParamsError, match="auto, contract, purchase"):
            choose_definition("both", None, CUT)


class TestDays:
    def test_first_and_newest_day_before_the_reference_date(self):
        sales = sales_of(("a", "2026-01-05", 1), ("a", "2026-02-28 23:59", 1), ("a", "2026-03-01", 1))
        assert oldest_day(sales, CUT, at="sold_at") == date(2026, 1, 5)
        assert newest_day(sales, CUT, at="sold_at") == date(2026, 2, 28)
        assert newest_day(sales, date(2026, 1, 5), at="sold_at") is None

    def test_snapshot_days_are_each_once_the_newest_first(self):
        rows = [{"customer_id": c, "snapshot_at": day} for c in "ab" for day in ("2026-01-31", "2026-02-28")]
        assert snapshot_days(accounts_of(*rows), CUT) == [date(2026, 2, 28), date(2026, 1, 31)]


class TestRates:
    def test_each_horizon_ends_at_the_reference_date_against_a_plain_loop(self):
        sales = shop(80)
        rows = sales.to_pandas()
        rows["day"] = rows["sold_at"].dt.date
        found = churn_by_horizon("purchase", END, (60, 180), own=90, sales=sales)
        assert found["horizon_days"].tolist() == [60, 90, 180]
        assert found["own"].tolist() == [False, True, False]
        for row in found.itertuples():
            cutoff = END - timedelta(days=row.horizon_days)
            before = rows[(rows["day"] < cutoff) & (rows["day"] >= cutoff - timedelta(days=365))]
            people = set(before["customer_id"])
            stayed = set(rows[(rows["day"] >= cutoff) & (rows["day"] < END)]["customer_id"])
            assert (row.customers, row.churned) == (len(people), len(people - stayed))
            low, high = wilson(row.churned, row.customers)
            assert row.churn_rate == pytest.approx(100 * row.churned / row.customers)
            assert (row.churn_rate_low, row.churn_rate_high) == pytest.approx((float(low), float(high)))

    def test_contracts_at_each_horizon_against_a_plain_loop(self):
        accounts = company(60)
        rows = accounts.to_pandas()
        rows["day"], rows["left"] = rows["snapshot_at"].dt.normalize(), rows["churned_at"].dt.normalize()
        found = churn_by_horizon("contract", END, (60, 180), own=90, accounts=accounts)
        for row in found.itertuples():
            cutoff = pd.Timestamp(row.cutoff)
            before = rows[rows["day"] < cutoff]
            newest = before.sort_values("snapshot_at").groupby("customer_id").tail(1)
            live = newest[(newest["started_at"] < cutoff) & ~(newest["left"] < cutoff)]
            told = rows[(rows["day"] < pd.Timestamp(END)) & (rows["left"] > before["day"].max())]
            people = set(live["customer_id"]) - set(told[told["left"] < cutoff]["customer_id"])
            left = people & set(told[told["left"] >= cutoff]["customer_id"])
            assert (row.customers, row.churned) == (len(people), len(left))
            assert len(left) > 0

    def test_an_account_that_left_between_its_snapshot_and_the_cutoff_was_not_at_risk(self):
        base = {"snapshot_at": "2026-01-31 23:00", "started_at": "2024-01-01"}
        told = {"snapshot_at": "2026-02-28 23:00", "churned_at": "2026-02-05"}
        gone = base | {"customer_id": "gone"}
        accounts = accounts_of(gone, gone | told, base | {"customer_id": "stays"})
        found = churn_by_horizon("contract", date(2026, 3, 12), (30,), own=30, accounts=accounts)
        assert (found["customers"].item(), found["churned"].item()) == (1, 0)

    def test_every_period_has_the_horizon_that_ends_with_it(self):
        sales = sales_of(("a", "2026-01-10", 1), ("b", "2026-01-10", 1), ("b", "2026-03-05", 1))
        months = ("2025-11", "2026-03", "2026-04")
        periods = [parse_timeframe(month, as_of=date(2026, 6, 1)) for month in months]
        found = churn_rates(periods, definition="purchase", horizon_days=60, sales=sales)
        assert found["period"].tolist() == list(months)
        assert found["churn_rate_n"].tolist() == [0, 2, 2]
        assert found["churned_customers"].tolist() == [0, 1, 1]
        assert found["churn_rate"].isna().tolist() == [True, False, False]

    def test_standing_adds_up(self):
        said = standing("purchase", END, 90, sales=shop(60))
        assert said["active_customers"] + said["churned_customers"] == said["total_customers"] == 60
        said = standing("contract", END, 90, accounts=company(60))
        assert said["active_customers"] + said["churned_customers"] == said["total_customers"] == 60
        assert said["churned_customers"] > 0
