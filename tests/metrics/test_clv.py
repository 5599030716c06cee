"""What the figures on customer lifetime value promise."""

import gzip
import math
import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analytics.errors import ParamsError
from analytics.metrics.clv import customer_values, customers_by_value, profits
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe
from tests.clv_data import DECEMBER, YEAR, customers_of, one, rows_of, sales_frame, sales_of

REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the folder of reference data is not here"
)


class TestReferenceNumbers:
    """Figures printed in the specification, or published with the data."""

    def test_january_15_to_october_10_of_2024_is_270_days_and_every_6_days_with_45_orders(self):
        ends = [("ada", "2024-01-15", 10.0), ("ada", "2024-10-10", 10.0)]
        between = [("ada", "2024-05-01", 10.0)] * 43
        ada = rows_of(sales_of(*ends, *between)).loc["ada"]
        assert (ada.days_as_customer, ada.total_orders, ada.purchase_frequency_days) == (270, 45, 6.0)

    @needs_reference
    def test_online_retail_has_4338_customers_with_8911407_90_in_its_clean_part(self):
        with gzip.open(REFERENCE / "online_retail" / "online_retail.csv.gz") as file:
            lines = pd.read_csv(file, dtype={"CustomerID": "str", "InvoiceNo": "str"})
        clean = lines[lines.CustomerID.notna() & (lines.Quantity > 0) & (lines.UnitPrice > 0)]
        clean = clean.assign(amount=(clean.Quantity * clean.UnitPrice).round(4))
        invoices = clean.groupby("InvoiceNo").agg(
            customer_id=("CustomerID", "first"),
            sold_at=("InvoiceDate", "min"),
            total_amount=("amount", "sum"),
        )
        invoices["sold_at"] = pd.to_datetime(invoices["sold_at"])
        invoices["total_amount"] = invoices["total_amount"].round(4)
        everything = parse_timeframe("all", as_of=date(2011, 12, 10), first_day=date(2010, 12, 1))
        found = one(as_table(invoices.reset_index(names="sale_id")), timeframe=everything)
        assert found.total_customers == 4338
        assert round(found.total_revenue, 2) == 8_911_407.90
        best_first = sorted(invoices.groupby("customer_id")["total_amount"].sum(), reverse=True)
        assert found.top_customer_revenue == pytest.approx(best_first[0])
        assert found.top_10_percent_contribution == pytest.approx(100 * sum(best_first[:434]) / 8_911_407.90)

    @needs_reference
    def test_cdnow_has_23570_customers_who_spent_2500315_63_dollars_and_11908_came_once(self):
        with gzip.open(REFERENCE / "cdnow" / "cdnow_master.csv.gz") as file:
            bought = pd.read_csv(file, dtype={"customer_id": "str"}, parse_dates=["date"])
        sales = bought.rename(columns={"date": "sold_at", "dollar_value": "total_amount"})
        sales["sale_id"] = sales.index.astype("str")
        everything = parse_timeframe("all", as_of=date(1998, 7, 1), first_day=date(1997, 1, 1))
        found = one(as_table(sales), timeframe=everything)
        assert (found.total_customers, round(found.total_revenue, 2)) == (23_570, 2_500_315.63)
        customers = customers_by_value(as_table(sales), None, everything)
        once = customers[customers.first_purchase_date == customers.last_purchase_date]
        assert len(once) >= 11_908
        assert (customers.total_orders == 1).sum() == 11_908


class TestWhoCounts:
    def test_sales_on_or_after_the_reference_date_do_not_exist(self):
        sales = sales_of(
            ("ada", "2025-12-31 23:59:59", 10.0), ("ada", "2026-01-01", 5.0), ("ben", "2026-01-01", 1.0)
        )
        found = one(sales)
        assert (found.total_customers, found.total_revenue) == (1, 10.0)

    def test_history_before_the_timeframe_counts_for_the_state_and_not_for_the_flow(self):
        found = one(sales_of(("ada", "2024-06-01", 40.0), ("ada", "2025-12-01", 2.0)), timeframe=DECEMBER)
        assert (found.total_revenue, found.revenue_in_timeframe) == (42.0, 2.0)

    def test_the_first_day_of_the_timeframe_is_inside_it(self):
        sales = sales_of(("ada", "2025-11-30 23:59:59", 40.0), ("ada", "2025-12-01 00:00:00", 2.0))
        assert one(sales, timeframe=DECEMBER).revenue_in_timeframe == 2.0

    def test_guests_stand_beside_and_are_no_customer(self):
        sales = sales_of((None, "2024-02-01", 7.0), (None, "2025-12-02", 5.0), ("ada", "2025-12-02", 1.0))
        found = one(sales, timeframe=DECEMBER)
        assert (found.total_customers, found.total_revenue) == (1, 1.0)
        assert (found.guest_revenue, found.guest_revenue_in_timeframe) == (12.0, 5.0)

    def test_customers_with_nothing_but_returns_are_counted_apart(self):
        sales = sales_of(("ada", "2025-03-01", 10.0), ("ben", "2025-03-01", -4.0))
        found = one(sales)
        assert (found.total_customers, found.total_revenue, found.customers_with_returns_only) == (1, 10.0, 1)
        assert rows_of(sales).index.tolist() == ["ada"]

    def test_a_return_lowers_revenue_and_is_neither_an_order_nor_a_purchase_date(self):
        sales = sales_of(
            ("ada", "2025-03-01", 10.0), ("ada", "2025-03-09", -4.0), ("ada", "2025-02-01", -1.0)
        )
        ada = rows_of(sales).loc["ada"]
        assert (ada.total_revenue, ada.total_orders, ada.average_order_value) == (5.0, 1, 5.0)
        assert (str(ada.first_purchase_date.date()), ada.days_as_customer) == ("2025-03-01", 1)

    def test_a_sale_of_exactly_nothing_is_an_order(self):
        found = one(sales_of(("ada", "2025-03-01", 0.0)))
        assert (found.total_customers, found.total_orders, found.average_clv) == (1, 1, 0.0)

    def test_a_customer_who_returned_more_than_they_bought_still_is_one(self):
        found = one(
            sales_of(("ada", "2025-03-01", 10.0), ("ada", "2025-03-02", -15.0), ("ben", "2025-03-02", 9.0))
        )
        assert (found.total_customers, found.total_revenue, found.gini) == (2, 4.0, 0.5)


class TestPerCustomer:
    def test_tenure_counts_a_purchase_on_the_last_day_as_one_day_old(self):
        ada = rows_of(sales_of(("ada", "2025-12-31", 10.0))).loc["ada"]
        assert (ada.tenure_days, ada.days_as_customer) == (1, 1)

    def test_no_frequency_under_two_orders(self):
        assert math.isnan(rows_of(sales_of(("ada", "2025-12-31", 10.0))).loc["ada"].purchase_frequency_days)

    def test_two_orders_on_one_day_are_half_a_day_apart(self):
        ada = rows_of(sales_of(("ada", "2025-12-31", 10.0), ("ada", "2025-12-31", 1.0))).loc["ada"]
        assert ada.purchase_frequency_days == 0.5

    def test_margin_uses_only_the_sales_whose_profit_is_known(self):
        sales = sales_of(("ada", "2025-03-01", 100.0, 30.0), ("ada", "2025-03-02", 900.0))
        ada = rows_of(sales).loc["ada"]
        assert (ada.total_profit, ada.profit_margin, ada.sales_without_profit) == (30.0, 30.0, 1)

    @pytest.mark.parametrize("amount", [0.0, -100.0], ids=["nothing", "a return alone"])
    def test_no_margin_where_that_revenue_is_not_above_zero(self, amount):
        sales = sales_of(("ada", "2025-03-01", amount, -20.0), ("ada", "2025-03-02", 500.0))
        ada = rows_of(sales).loc["ada"]
        assert ada.total_profit == -20.0
        assert math.isnan(ada.profit_margin)

    def test_profit_is_missing_where_it_never_is_known(self):
        sales = sales_of(("ada", "2025-03-01", 10.0))
        assert math.isnan(rows_of(sales).loc["ada"].total_profit)
        found = profits(sales, None, YEAR).iloc[0]
        assert math.isnan(found.total_profit)
        assert math.isnan(found.average_profit_per_customer)
        assert (found.sales_without_profit, found.total_sales) == (1, 1)

    def test_average_profit_is_over_the_customers_whose_profit_is_known(self):
        sales = sales_of(
            ("ada", "2025-03-01", 10.0, 4.0), ("ben", "2025-03-01", 10.0, 2.0), ("cleo", "2025-03-01", 9.0)
        )
        found = profits(sales, None, YEAR).iloc[0]
        assert (found.average_profit_per_customer, found.customers_with_profit) == (3.0, 2)

    def test_sales_without_a_profit_column_have_no_profit(self):
        frame = sales_frame(("ada", "2025-03-01", 10.0)).drop(columns="total_profit")
        assert math.isnan(rows_of(as_table(frame)).loc["ada"].total_profit)

    def test_names_and_types_come_from_the_customers_and_are_missing_without(self):
        sales = sales_of(("ada", "2025-03-01", 10.0), ("ben", "2025-03-01", 5.0))
        found = rows_of(sales, customers_of(("ada", "Ada & Co", "RETAIL", "2025-01-01")))
        assert found.loc["ada", ["customer_name", "customer_type"]].tolist() == ["Ada & Co", "RETAIL"]
        assert found.loc["ben", ["customer_name", "customer_type"]].isna().all()

    def test_contact_details_are_never_among_the_columns(self):
        customers = as_table(
            pd.DataFrame({"customer_id": ["ada"], "mobile": ["+1"], "email": ["a@b"], "name": ["Ada"]})
        )
        found = rows_of(sales_of(("ada", "2025-03-01", 10.0)), customers)
        assert not {"mobile", "email"} & set(found.columns)


class TestRank:
    SALES = sales_of(
        ("ada", "2025-03-01", 10.0, 1.0), ("ada", "2025-03-02", 10.0, 1.0),
        ("ben", "2025-03-01", 20.0, 9.0),
        ("cleo", "2025-03-01", 5.0),
        ("dora", "2025-03-01", 19.0, 0.5), ("dora", "2025-03-01", 1.0, 0.0), ("dora", "2025-03-01", 0.0, 0.0),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("sort_by", "expected"),
        [
            ("revenue", ["ada", "ben", "dora", "cleo"]),
            ("profit", ["ben", "ada", "dora", "cleo"]),
            ("orders", ["dora", "ada", "ben", "cleo"]),
            ("aov", ["ben", "ada", "dora", "cleo"]),
        ],
    )
    def test_is_by_the_chosen_figure_with_ties_by_id_and_the_unknown_last(self, sort_by, expected):
        found = customers_by_value(self.SALES, None, YEAR, sort_by=sort_by)
        assert found["customer_id"].tolist() == expected
        assert found["rank"].tolist() == [1, 2, 3, 4]

    def test_a_limit_keeps_the_best(self):
        found = customers_by_value(self.SALES, None, YEAR, limit=2)
        assert found["customer_id"].tolist() == ["ada", "ben"]

    def test_all_customers_can_be_had_without_bringing_them_into_memory(self, tmp_path):
        customer_values(self.SALES, None, YEAR).to_parquet(tmp_path / "all.parquet")
        assert sorted(pd.read_parquet(tmp_path / "all.parquet")["rank"]) == [1, 2, 3, 4]

    def test_an_unknown_order_is_refused_with_the_nearest_name(self):
        with pytest.raises(
            ParamsError, match=r'"profits" is not known \(did you mean "profit"\?\); allowed: revenue'
        ):
            customers_by_value(self.SALES, None, YEAR, sort_by="profits")
