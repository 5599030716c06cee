"""What a customer is worth if they stay, and where that comes from."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analytics.metrics.purchases import as_table
from analytics.metrics.value_at_risk import (
    contract_values,
    customer_worth,
    standing,
    trailing_year,
    worth_sources,
)
from analytics.params.rules import load_rules
from analytics.timeframe import parse_timeframe

YEAR_END = parse_timeframe("2025", as_of=date(2026, 1, 1))


def sales_of(*rows):
    """Sales from (customer, day, amount, profit)."""
    return as_table(
        pd.DataFrame(
            {
                "sale_id": pd.Series([str(i) for i in range(len(rows))], dtype="str"),
                "customer_id": pd.Series([row[0] for row in rows], dtype="str"),
                "sold_at": pd.Series([row[1] for row in rows], dtype="datetime64[us]"),
                "total_amount": pd.Series([row[2] for row in rows], dtype="float64"),
                "total_profit": pd.Series([row[3] for row in rows], dtype="float64"),
            }
        )
    )


def accounts_of(*rows):
    """Snapshots from (customer, moment, acv, churned or None)."""
    return as_table(
        pd.DataFrame(
            {
                "customer_id": pd.Series([row[0] for row in rows], dtype="str"),
                "snapshot_at": pd.Series([row[1] for row in rows], dtype="datetime64[us]"),
                "acv": pd.Series([row[2] for row in rows], dtype="float64"),
                "churned_at": pd.Series([row[3] for row in rows], dtype="datetime64[us]"),
            }
        )
    )


def scored(**probabilities):
    return pd.DataFrame(
        {"customer_id": list(probabilities), "churn_probability": list(probabilities.values())}
    )


def worth(people, sales=None, accounts=None, **options):
    sales = sales_of() if sales is None else sales
    accounts = accounts_of() if accounts is None else accounts
    frame = customer_worth(people, sales, accounts, YEAR_END, **options)
    return frame.set_index("customer_id")


def lifetime(customer, clv, alive, revenue=np.nan):
    return pd.DataFrame(
        {
            "customer_id": [customer],
            "predicted_clv_12m": [clv],
            "predicted_revenue_12m": [revenue],
            "probability_alive": [alive],
        }
    )


class TestWhereItComesFrom:
    SALES = sales_of(
        ("ada", "2025-06-01", 100.0, 40.0),
        ("ada", "2025-07-01", -20.0, -8.0),
        ("ada", "2024-06-01", 900.0, 300.0),
        ("eve", "2024-01-01", 50.0, 20.0),
        ("kim", "2025-03-01", 200.0, None),
    )

    def test_the_profit_of_the_last_365_days_returns_deducted(self):
        row = worth(scored(ada=0.5), self.SALES).loc["ada"]
        assert (row.worth_if_stays, row.value_source, row.value_at_risk) == (32.0, "trailing profit", 16.0)
        assert not row.is_revenue

    def test_the_predicted_value_is_divided_by_the_chance_to_be_alive(self):
        row = worth(scored(ada=0.5), self.SALES, lifetime=lifetime("ada", 90.0, 0.6)).loc["ada"]
        assert row.value_source == "lifetime model"
        assert row.worth_if_stays == pytest.approx(150.0)
        assert row.value_at_risk == pytest.approx(75.0)

    def test_who_has_surely_gone_is_not_worth_a_fortune_if_they_stayed(self):
        gone = worth(scored(ada=1.0), self.SALES, lifetime=lifetime("ada", 1e-6, 1e-9)).loc["ada"]
        assert gone.worth_if_stays == pytest.approx(1e-5, abs=1e-4)
        assert gone.probability_alive == 1e-9
        at_the_bound = worth(scored(ada=1.0), self.SALES, lifetime=lifetime("ada", 9.0, 0.1)).loc["ada"]
        assert at_the_bound.worth_if_stays == 90.0

    @pytest.mark.parametrize("alive", [np.nan, 0.0])
    def test_without_a_chance_to_be_alive_the_past_stands_in(self, alive):
        row = worth(scored(ada=0.5), self.SALES, lifetime=lifetime("ada", 90.0, alive)).loc["ada"]
        assert row.value_source == "trailing profit"

    def test_who_has_not_bought_for_a_year_is_worth_nothing_not_unknown(self):
        row = worth(scored(eve=0.9), self.SALES).loc["eve"]
        assert (row.worth_if_stays, row.value_source) == (0.0, "trailing profit")

    def test_a_customer_whose_profit_is_not_known_takes_the_organisations_margin(self):
        # 32 of 80 with a known profit: 40 % of 200.
        row = worth(scored(kim=0.5), self.SALES).loc["kim"]
        assert (row.worth_if_stays, row.value_source, row.is_revenue) == (80.0, "trailing profit", False)

    def test_an_organisation_without_profits_is_measured_in_revenue_and_says_so(self):
        bare = sales_of(("ada", "2025-06-01", 100.0, None), ("eve", "2025-06-01", 10.0, None))
        found = worth(scored(ada=0.5, eve=0.5), bare)
        assert found["value_source"].unique().tolist() == ["trailing revenue"]
        assert found["is_revenue"].all()
        predicted = lifetime("ada", np.nan, 0.5, revenue=60.0)
        assert worth(scored(ada=0.5), bare, lifetime=predicted).loc["ada", "worth_if_stays"] == 120.0

    def test_a_stranger_is_worth_nobody_knows_what(self):
        row = worth(scored(stranger=0.9), self.SALES).loc["stranger"]
        assert (row.value_source, row.is_revenue) == ("unknown", False)
        assert np.isnan(row.worth_if_stays)
        assert np.isnan(row.value_at_risk)

    def test_a_loss_stays_a_loss(self):
        row = worth(scored(ada=0.5), sales_of(("ada", "2025-06-01", 10.0, -4.0))).loc["ada"]
        assert row.value_at_risk == -2.0

    def test_sources_are_counted(self):
        found = worth_sources(worth(scored(ada=0.5, eve=0.5, stranger=0.5), self.SALES).reset_index())
        assert found["value_source"].tolist() == ["trailing profit", "unknown"]
        assert found["customers"].tolist() == [2, 1]
        assert found["value_at_risk"].iloc[0] == 16.0
        assert np.isnan(found["value_at_risk"].iloc[1])


class TestContracts:
    ACCOUNTS = accounts_of(
        ("live", "2025-11-30", 1000.0, None),
        ("live", "2025-12-31", 1200.0, None),
        ("live", "2026-01-31", 9999.0, None),
        ("gone", "2025-12-31", 500.0, "2025-12-20"),
        ("blank", "2025-12-31", None, None),
    )

    def test_the_last_snapshot_before_the_reference_date_times_the_margin(self):
        row = worth(scored(live=0.5), None, self.ACCOUNTS, contract_margin=0.5).loc["live"]
        assert (row.worth_if_stays, row.value_source, row.value_at_risk) == (600.0, "contract", 300.0)

    def test_an_account_that_has_left_has_nothing_to_lose(self):
        assert worth(scored(gone=0.5), None, self.ACCOUNTS).loc["gone", "worth_if_stays"] == 0.0

    def test_an_account_without_a_value_is_unknown_even_where_it_buys(self):
        sales = sales_of(("blank", "2025-06-01", 100.0, 40.0))
        assert worth(scored(blank=0.5), sales, self.ACCOUNTS).loc["blank", "value_source"] == "unknown"

    def test_a_contract_stands_before_what_was_bought(self):
        sales = sales_of(("live", "2025-06-01", 100.0, 40.0))
        assert worth(scored(live=0.5), sales, self.ACCOUNTS).loc["live", "value_source"] == "contract"


class TestReferenceDate:
    def test_nothing_on_or_after_it_is_read(self):
        before = [("ada", "2025-06-01", 100.0, 40.0)]
        after = [("ada", "2026-01-01", 999.0, 999.0), ("bob", "2026-02-01", 5.0, 5.0)]
        pd.testing.assert_frame_equal(
            trailing_year(sales_of(*before, *after), YEAR_END), trailing_year(sales_of(*before), YEAR_END)
        )

    def test_the_365_days_begin_on_the_first_of_january(self):
        rows = sales_of(("ada", "2025-01-01", 1.0, 1.0), ("ada", "2024-12-31 23:59:59", 10.0, 10.0))
        assert trailing_year(rows, YEAR_END)["profit"].tolist() == [1.0]


class TestStanding:
    TABLE = load_rules("rfm_segments")

    def test_buyers_of_long_ago_are_inactive_and_registered_only_have_none(self):
        customers = as_table(
            pd.DataFrame(
                {"customer_id": ["ada", "zoe"], "name": ["Ada", "Zoe"], "customer_type": ["R", None]}
            )
        )
        sales = sales_of(("ada", "2024-01-01", 5.0, 1.0), ("new", "2025-12-20", 5.0, 1.0))
        found = standing(sales, customers, YEAR_END, self.TABLE).set_index("customer_id")
        assert found.loc["ada", ["customer_name", "rfm_segment", "tier"]].tolist() == [
            "Ada",
            "Inactive",
            "Inactive",
        ]
        assert found.loc["zoe", ["rfm_segment", "tier"]].isna().all()
        assert found.loc["new", "tier"] == "New"
        assert pd.isna(found.loc["new", "customer_name"])

    def test_without_a_table_of_customers_there_are_no_names(self):
        found = standing(sales_of(("ada", "2025-12-01", 5.0, 1.0)), None, YEAR_END, self.TABLE)
        assert found["customer_id"].tolist() == ["ada"]
        assert found["customer_name"].isna().all()


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_every_engine_gives_the_same_worth(engine):
    connection = getattr(ibis, engine).connect()

    def stored(name, table):
        frame = table.to_pandas()
        plain = frame.astype(object).where(frame.notna(), None)
        return connection.create_table(name, ibis.memtable(plain, schema=table.schema()))

    sales, accounts = TestWhereItComesFrom.SALES, TestContracts.ACCOUNTS
    people = scored(ada=0.5, kim=0.4, live=0.3, gone=0.2, stranger=0.1)
    pd.testing.assert_frame_equal(
        worth(people, stored("sales", sales), stored("accounts", accounts)), worth(people, sales, accounts)
    )
    pd.testing.assert_frame_equal(
        contract_values(connection.table("accounts"), YEAR_END), contract_values(accounts, YEAR_END)
    )
    connection.disconnect()
