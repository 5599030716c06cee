"""What is known of a customer strictly before a cutoff: sums by hand, then the proof that nothing leaks."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.churn_catalogue import FEATURE, FEATURES, known, label, names, reasons
from analytics.metrics.churn_features import (
    account_features,
    account_features_at,
    changed_by_the_future,
    purchase_features,
    purchase_features_at,
    visits_at,
)
from analytics.metrics.visits import visit_history
from tests.churn_data import ACCOUNT_COLUMNS, accounts_of, company, sales_of, shop

CUT = date(2026, 3, 1)


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


class TestPurchases:
    def test_every_feature_of_one_customer_by_hand(self):
        rows = [("ada", "2026-01-01", 10), ("ada", "2026-01-11", 20), ("ada", "2026-02-10", 60)]
        row = only(purchase_features(sales_of(*rows, ("ada", "2026-02-12 09:00", -15)), CUT))
        assert row["recency_days"] == 19  # 10 February to 1 March; the return is no purchase
        assert row["tenure_days"] == 59
        assert (row["frequency"], row["frequency_90"], row["frequency_365"]) == (3, 3, 3)
        assert (row["monetary_30"], row["monetary_90"], row["monetary_365"]) == (45, 75, 75)
        assert row["mean_gap_days"] == 20
        assert row["overdue_ratio"] == pytest.approx(19 / 20)
        assert row["gap_trend"] == 3  # 30 days after 10
        assert row["basket_value"] == 25
        assert row["return_share"] == 0.25
        assert np.isnan(row["category_breadth"])
        assert row["value"] == 75

    def test_a_purchase_on_the_last_day_is_one_day_old_and_one_on_the_cutoff_is_not_there(self):
        sales = sales_of(("ada", "2026-02-28 23:59", 10), ("ben", "2026-03-01 00:00", 10))
        row = only(purchase_features(sales, CUT))
        assert (row["customer_id"], row["recency_days"]) == ("ada", 1)

    def test_two_purchases_on_one_day_are_one_visit(self):
        row = only(
            purchase_features(sales_of(("ada", "2026-02-01", 10), ("ada", "2026-02-01 18:00", 30)), CUT)
        )
        assert (row["frequency"], row["basket_value"]) == (1, 20)

    def test_what_a_single_visit_cannot_show_is_missing(self):
        row = only(purchase_features(sales_of(("ada", "2026-02-01", 10)), CUT))
        assert row[["mean_gap_days", "overdue_ratio", "gap_trend"]].isna().all()

    @pytest.mark.parametrize(
        ("eligible", "there"), [(365, ["ada"]), (366, ["ada", "old"]), (None, ["ada", "old"])]
    )
    def test_only_those_with_a_purchase_in_the_eligible_days_are_there(self, eligible, there):
        old = (CUT - timedelta(days=366)).isoformat()
        found = purchase_features(
            sales_of(("ada", "2026-02-01", 1), ("old", old, 1)), CUT, eligible_days=eligible
        )
        assert found["customer_id"].tolist() == there

    def test_a_customer_with_returns_only_is_not_there(self):
        assert purchase_features(sales_of(("ada", "2026-02-01", -5)), CUT).empty

    def test_a_return_after_the_last_purchase_changes_no_day(self):
        row = only(purchase_features(sales_of(("ada", "2026-02-01", 10), ("ada", "2026-02-20", -10)), CUT))
        assert (row["recency_days"], row["frequency"], row["monetary_90"]) == (28, 1, 0)

    def test_categories_are_counted_once_each_and_those_of_later_sales_not_at_all(self):
        sales = sales_of(("ada", "2026-02-01", 1), ("ada", "2026-02-02", 1), ("ada", "2026-03-02", 1))
        lines = {"sale_id": ["0", "0", "1", "2"], "category": ["tea", "pot", "tea", "late"]}
        items = sales.get_backend().create_table("sale_items", pd.DataFrame(lines))
        row = only(purchase_features(sales, CUT, sale_items=items))
        assert row["category_breadth"] == 2

    def test_engines_agree(self):
        rows = shop(40).to_pandas().values.tolist()
        frames = [
            purchase_features(sales_of(*[row[:3] for row in rows], engine=engine), CUT)
            for engine in ("duckdb", "sqlite")
        ]
        pd.testing.assert_frame_equal(*frames)
        assert len(frames[0]) > 20


BASE = {"customer_id": "a", "snapshot_at": "2026-02-28 23:00", "started_at": "2025-03-01"}


class TestAccounts:
    def test_every_feature_of_one_account_by_hand(self):
        state = {
            "renews_at": "2026-03-31", "plan": "Team", "acv": 1200.0, "seats_purchased": 10.0,
            "seats_used": 5.0, "logins_30d": 60.0, "logins_previous_30d": 80.0, "nps": 20.0,
            "support_tickets_90d": 3.0, "critical_tickets_90d": 1.0, "days_overdue": 12.0,
            "feature_adoption": 0.4, "sentiment": -0.2,
        }  # fmt: skip
        earlier = {"acv": 1000.0, "nps": 50.0, "snapshot_at": "2025-02-20", "started_at": "2025-01-01"}
        row = only(account_features(accounts_of(BASE | state, BASE | earlier), CUT))
        assert row["tenure_days"] == 365
        assert (row["logins_30d"], row["logins_per_seat"], row["login_change"]) == (60, 12, -0.25)
        assert row["login_fall"] == 0.25
        assert row["seat_use"] == 0.5
        assert (row["nps"], row["nps_latest"], row["nps_change"]) == (20, 20, -30)
        assert (row["tickets_90d"], row["critical_tickets_90d"], row["days_overdue"]) == (3, 1, 12)
        assert (row["plan"], row["acv"], row["value"]) == ("Team", 1200, 1200)
        assert row["acv_change"] == pytest.approx(0.2)
        assert (row["days_to_renewal"], row["renewal_due"]) == (30, 1)
        assert (row["feature_adoption"], row["sentiment"]) == (0.4, -0.2)

    def test_the_last_snapshot_before_the_cutoff_counts_and_an_answer_is_remembered(self):
        rows = accounts_of(
            BASE | {"snapshot_at": "2026-01-31", "nps": 70.0, "days_overdue": 9.0},
            BASE | {"days_overdue": 1.0},
            BASE | {"snapshot_at": "2026-03-01", "days_overdue": 99.0, "nps": -100.0},
        )
        row = only(account_features(rows, CUT))
        assert (row["days_overdue"], row["nps_latest"]) == (1, 70)
        assert np.isnan(row["nps"])
        assert np.isnan(row["nps_change"])

    def test_who_has_left_or_not_begun_is_not_there(self):
        gone = BASE | {"customer_id": "gone", "churned_at": "2026-02-10"}
        late = BASE | {"customer_id": "late", "started_at": "2026-03-05"}
        leaves_later = BASE | {"customer_id": "later", "churned_at": "2026-03-05"}
        found = account_features(accounts_of(BASE, gone, late, leaves_later), CUT)
        assert found["customer_id"].tolist() == ["a", "later"]

    def test_a_renewal_beyond_the_horizon_is_not_due(self):
        row = {"renews_at": "2026-05-01"}
        assert only(account_features(accounts_of(BASE | row), CUT, horizon_days=61))["renewal_due"] == 0
        assert only(account_features(accounts_of(BASE | row), CUT, horizon_days=62))["renewal_due"] == 1

    def test_what_the_snapshot_does_not_say_is_missing(self):
        row = only(account_features(accounts_of(BASE), CUT))
        unknown = [name for name in names("contract") if name not in ("tenure_days",)]
        assert row[unknown].isna().all()
        assert row["value"] == 0

    def test_engines_agree(self):
        rows = company(30).to_pandas().to_dict("records")
        frames = [account_features(accounts_of(*rows, engine=e), CUT) for e in ("duckdb", "sqlite")]
        pd.testing.assert_frame_equal(*frames)
        assert len(frames[0]) > 10


class TestSeveralCutoffs:
    """One query answers for all cutoffs, and says of each what it says of it alone."""

    CUTOFFS = (CUT, date(2025, 1, 2), date(2026, 5, 1))

    def test_purchases(self):
        sales = shop(40)
        for found, cutoff in zip(purchase_features_at(sales, self.CUTOFFS), self.CUTOFFS, strict=True):
            pd.testing.assert_frame_equal(found, purchase_features(sales, cutoff))

    def test_accounts(self):
        accounts = company(40)
        for found, cutoff in zip(account_features_at(accounts, self.CUTOFFS), self.CUTOFFS, strict=True):
            pd.testing.assert_frame_equal(found, account_features(accounts, cutoff))

    def test_visits_are_those_of_the_models_of_buying(self):
        sales = shop(40)
        for found, cutoff in zip(visits_at(sales, self.CUTOFFS), self.CUTOFFS, strict=True):
            histories = visit_history(sales, cutoff).drop(columns="repeat_value")
            pd.testing.assert_frame_equal(found, histories)


class TestNothingLeaks:
    """A feature dated after the cutoff is caught, and the builders have none."""

    def test_purchases_after_the_cutoff_change_no_feature(self):
        build = lambda sales: purchase_features(sales, CUT, eligible_days=None)  # noqa: E731
        assert changed_by_the_future(build, shop(), CUT, at="sold_at") == []

    def test_snapshots_after_the_cutoff_change_no_feature(self):
        build = lambda accounts: account_features(accounts, CUT)  # noqa: E731
        assert changed_by_the_future(build, company(), CUT, at="snapshot_at") == []

    def test_a_planted_feature_is_named(self):
        def planted(sales):
            until = CUT + timedelta(days=90)
            later = purchase_features(sales, until, eligible_days=None).set_index("customer_id")["frequency"]
            found = purchase_features(sales, CUT, eligible_days=None)
            return found.assign(planted=later.reindex(found["customer_id"]).to_numpy())

        assert changed_by_the_future(planted, shop(), CUT, at="sold_at") == ["planted"]

    def test_a_builder_that_is_a_day_late_is_caught(self):
        late = lambda accounts: account_features(accounts, date(2026, 4, 1))  # noqa: E731
        assert changed_by_the_future(late, company(), date(2026, 3, 31), at="snapshot_at")

    def test_customers_who_come_later_are_caught(self):
        everybody = lambda sales: purchase_features(sales, date(2026, 7, 1), eligible_days=None)  # noqa: E731
        assert changed_by_the_future(everybody, shop(), CUT, at="sold_at") == ["customer_id"]

    @settings(max_examples=15)
    @given(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(-200, 100), st.integers(-50, 100)),
            min_size=1,
            max_size=25,
        )
    )
    def test_whatever_is_bought_later(self, drawn):
        rows = [(who, CUT + timedelta(days=day), amount) for who, day, amount in drawn]
        past = [row for row in rows if row[1] < CUT]
        both = purchase_features(sales_of(*rows), CUT)
        if past:
            pd.testing.assert_frame_equal(both, purchase_features(sales_of(*past), CUT))
        else:
            assert both.empty


class TestCatalogue:
    def test_names_are_unique_and_frames_have_them(self):
        assert len(FEATURE) == len(FEATURES)
        assert set(names("contract")) <= set(account_features(company(12), CUT).columns)
        made_elsewhere = {"no_purchase_probability"}
        assert set(names("purchase")) - made_elsewhere <= set(purchase_features(shop(12), CUT).columns)

    def test_reasons_are_features_themselves(self):
        assert {feature.reason for feature in FEATURES} <= set(FEATURE)

    def test_rule_tables_know_every_reason(self):
        from analytics.params.churn_rules import FACTORS

        assert set(reasons(list(FEATURE))) <= set(FACTORS)

    @pytest.mark.parametrize(
        ("name", "value", "more", "said"),
        [
            ("recency_days", 1.0, True, "no purchase for 1 day"),
            ("seat_use", 0.254, False, "only 25% of the seats in use"),
            ("login_change", -0.62, False, "logins down by 62% in a month"),
            ("nps", -40.0, False, "NPS answer of −40"),
            ("overdue_ratio", 2.75, True, "silent 2.8 times as long as usual"),
            ("critical_tickets_90d", 1.0, True, "1 critical ticket in 90 days"),
        ],
    )
    def test_words_are_what_one_would_say(self, name, value, more, said):
        assert FEATURE[name].words(value, more=more) == said

    def test_an_unknown_feature_has_its_own_name(self):
        assert label("number_of_boats") == "number of boats"

    def test_known_means_neither_none_nor_nan(self):
        assert [known(value) for value in (None, float("nan"), np.float64("nan"), 0.0, "x")] == [
            *(False, False, False, True, True)
        ]


def test_the_made_up_accounts_have_the_contracts_columns():
    from analytics.data.contract import CONTRACT

    assert set(ACCOUNT_COLUMNS) <= {column.name for column in CONTRACT["accounts"].columns}
