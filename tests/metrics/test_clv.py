"""What the figures on customer lifetime value promise."""

import gzip
import math
import os
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.clv import customer_values, customers_by_value, gini, headlines, profits
from analytics.metrics.customer_sums import members
from analytics.metrics.purchases import as_table
from analytics.metrics.selection import Selection
from analytics.timeframe import compare, parse_timeframe

AS_OF = date(2026, 1, 1)
YEAR = parse_timeframe("2025", as_of=AS_OF)
DECEMBER = parse_timeframe("2025-12", as_of=AS_OF)

REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the folder of reference data is not here"
)


def sales_frame(*rows):
    """Sales from (customer or None, day, amount) or (customer, day, amount, profit)."""
    padded = [(*row, None) if len(row) == 3 else row for row in rows]
    return pd.DataFrame(
        {
            "sale_id": pd.Series([str(i) for i in range(len(rows))], dtype="str"),
            "customer_id": pd.Series([row[0] for row in padded], dtype="str"),
            "sold_at": pd.Series([row[1] for row in padded], dtype="datetime64[us]"),
            "total_amount": pd.Series([row[2] for row in padded], dtype="float64"),
            "total_profit": pd.Series([row[3] for row in padded], dtype="float64"),
        }
    )


def sales_of(*rows):
    return as_table(sales_frame(*rows))


def customers_of(*rows):
    """Customers from (id, name, type, registered)."""
    return as_table(
        pd.DataFrame(
            {
                "customer_id": pd.Series([row[0] for row in rows], dtype="str"),
                "name": pd.Series([row[1] for row in rows], dtype="str"),
                "customer_type": pd.Series([row[2] for row in rows], dtype="str"),
                "registered_at": pd.Series([row[3] for row in rows], dtype="datetime64[us]"),
            }
        )
    )


def one(sales, customers=None, timeframe=YEAR, **options):
    return headlines(sales, customers, [timeframe], **options).iloc[0]


def rows_of(sales, customers=None, timeframe=YEAR, **options):
    return customers_by_value(sales, customers, timeframe, **options).set_index("customer_id")


@pytest.fixture(params=["duckdb", "sqlite"])
def engine(request):
    """An empty database of each kind that can live in memory."""
    connection = getattr(ibis, request.param).connect()
    yield connection
    connection.disconnect()


def stored(engine, name, table):
    """The table in a database; SQLite's driver takes no missing instants but None."""
    frame = table.to_pandas()
    plain = frame.astype(object).where(frame.notna(), None)
    return engine.create_table(name, ibis.memtable(plain, schema=table.schema()))


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


class TestSelection:
    SALES = sales_of(
        ("ada", "2025-03-01", 100.0, 10.0), ("ben", "2025-04-01", 50.0, 20.0), ("cleo", "2025-05-01", 25.0),
        (None, "2025-05-01", 3.0), ("dora", "2025-05-01", -3.0),
    )  # fmt: skip
    CUSTOMERS = customers_of(
        ("ada", "Ada", "RETAIL", "2024-01-31 18:00:00"), ("ben", "Ben", "WHOLESALE", None),
        ("cleo", "Cleo", None, None), ("dora", "Dora", "RETAIL", None),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            (Selection(), ["ada", "ben", "cleo"]),
            (Selection(customer_type="RETAIL"), ["ada"]),
            (Selection(customer_type="UNHEARD OF"), []),
            (Selection(start_date="2025-04-01"), ["ben", "cleo"]),
            (Selection(start_date="2025-04-02"), ["cleo"]),
            (Selection(end_date="2025-04-01"), ["ada", "ben"]),
            (Selection(end_date="2024-01-31"), ["ada"]),
            (Selection(start_date="2024-01-31", end_date="2024-01-31"), ["ada"]),
            (Selection(min_revenue=50.0), ["ada", "ben"]),
            (Selection(min_revenue=50.01), ["ada"]),
            (Selection(min_profit=10.0), ["ada", "ben"]),
            (Selection(min_profit=-1e9), ["ada", "ben"]),
            (Selection("WHOLESALE", "2025-01-01", "2025-12-31", 1.0, 1.0), ["ben"]),
        ],
        ids=lambda value: str(value) if isinstance(value, Selection) else "",
    )
    def test_every_figure_obeys_every_filter(self, engine, selection, expected):
        sales = stored(engine, "sales", self.SALES)
        customers = stored(engine, "customers", self.CUSTOMERS)
        assert (
            customers_by_value(sales, customers, YEAR, selection=selection)["customer_id"].tolist()
            == expected
        )
        found = headlines(sales, customers, [YEAR], selection=selection).iloc[0]
        assert found.total_customers == len(expected)
        assert found.total_revenue == sum({"ada": 100, "ben": 50, "cleo": 25}[name] for name in expected)
        assert found.revenue_in_timeframe == found.total_revenue
        assert found.guest_revenue == 3.0

    def test_those_with_returns_only_are_counted_among_the_chosen_type(self):
        def apart(kind):
            return one(self.SALES, self.CUSTOMERS, selection=Selection(kind)).customers_with_returns_only

        assert (apart("all"), apart("RETAIL"), apart("WHOLESALE")) == (1, 1, 0)

    def test_acts_at_each_reference_date_on_what_was_known_then(self):
        sales = sales_of(("ada", "2025-10-05", 30.0), ("ada", "2025-11-05", 30.0))
        periods = [parse_timeframe(f"2025-{month}", as_of=AS_OF) for month in (10, 11)]
        found = headlines(sales, None, periods, selection=Selection(min_revenue=50.0))
        assert found["total_customers"].tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"start_date": "31.01.2026"}, r'start_date "31.01.2026" is no day; write it as 2026-01-31'),
            ({"end_date": "2026-02-30"}, r'end_date "2026-02-30" is no day'),
            (
                {"start_date": "2026-02-01", "end_date": "2026-01-31"},
                r'"2026-02-01" is after end_date "2026-01-31"',
            ),
        ],
        ids=["another way of writing", "no such day", "the wrong way round"],
    )
    def test_refuses_what_is_no_span_of_days(self, options, message):
        with pytest.raises(ParamsError, match=message):
            Selection(**options)

    def test_knows_whether_it_leaves_anybody_out(self):
        assert Selection().everyone
        assert not Selection(min_revenue=0.0).everyone


class TestConcentration:
    def test_the_top_tenth_is_rounded_up(self):
        sales = sales_of(*[(f"c{i:02}", "2025-03-01", 10.0 if i else 90.0) for i in range(11)])
        found = one(sales)
        assert found.top_10_percent_customers == 2
        assert found.top_10_percent_contribution == pytest.approx(100 * 100 / 190)
        assert found.top_10_percent_contribution_n == 11

    def test_it_is_missing_where_all_revenue_was_returned(self):
        found = one(sales_of(("ada", "2025-03-01", 10.0), ("ada", "2025-03-01", -10.0)))
        assert math.isnan(found.top_10_percent_contribution)
        assert math.isnan(found.gini)

    def test_the_median_of_four_is_between_the_two_in_the_middle(self):
        sales = sales_of(
            *[(name, "2025-03-01", amount) for name, amount in zip("abcd", (1, 5, 8, 100), strict=True)]
        )
        assert one(sales).median_clv == 6.5

    def test_gini_of_four_worked_by_hand(self):
        # Shares 1, 2, 3, 4 of 10: the mean absolute difference of the 16 pairs is 20 / 16, the mean 2.5.
        sales = sales_of(
            *[(name, "2025-03-01", amount) for name, amount in zip("abcd", (1, 2, 3, 4), strict=True)]
        )
        assert one(sales).gini == pytest.approx((20 / 16) / (2 * 2.5))

    def test_gini_is_zero_where_all_bring_the_same(self):
        assert gini(pd.Series([60.0]), pd.Series([30.0]), pd.Series([3])).tolist() == [0.0]


class TestPeriods:
    def test_one_query_answers_for_all_timeframes_of_a_comparison(self):
        sales = sales_of(*[("ada", f"{2024 + m // 12}-{m % 12 + 1:02}-10", 1.0) for m in range(24)])
        periods = compare(DECEMBER, first_day=date(2024, 1, 10)).periods
        found = headlines(sales, None, periods)
        assert found["period"].tolist() == [period.label for period in periods]
        assert found["total_revenue"].tolist() == list(range(12, 25))
        assert found["revenue_in_timeframe"].tolist() == [1.0] * 13

    def test_a_timeframe_before_all_sales_has_zeros_and_nothing_to_divide(self):
        found = one(sales_of(("ada", "2025-03-01", 10.0)), timeframe=parse_timeframe("2025-01", as_of=AS_OF))
        assert (found.total_customers, found.total_revenue, found.revenue_in_timeframe) == (0, 0.0, 0.0)
        assert found[["average_clv", "median_clv", "gini", "top_10_percent_contribution"]].isna().all()

    def test_a_timeframe_that_has_not_begun_has_a_state_and_no_flow(self):
        later = parse_timeframe("2026-03", as_of=AS_OF)
        found = one(sales_of(("ada", "2025-03-01", 10.0)), timeframe=later)
        assert (found.total_revenue, found.revenue_in_timeframe) == (10.0, 0.0)

    def test_no_sales_at_all_is_an_answer_too(self):
        found = one(sales_of())
        assert (found.total_customers, found.guest_revenue) == (0, 0.0)
        assert rows_of(sales_of()).empty


MONTHS = compare(DECEMBER, first_day=date(2024, 1, 1)).periods
BOOK = [
    ("ada", "2024-01-31 23:59:59", 19.99, 3.3333), ("ben", "2024-02-29 00:00:00", 0.1, None),
    ("ada", "2025-12-31 23:59:59", 0.2, 0.05), ("cleo", "2025-06-15 12:00:00", -7.5, -2.0),
    (None, "2025-12-01 00:00:00", 3.3, 1.0), ("ben", "2025-11-30 23:59:59", 0.7, None),
]  # fmt: skip
REGISTER = [("ada", "Ada", "RETAIL", "2023-12-31 10:00:00"), ("ben", "Ben", "RETAIL", None)]


class TestEngines:
    def test_every_engine_gives_the_same_figures(self, engine):
        sales = stored(engine, "sales", sales_of(*BOOK))
        customers = stored(engine, "customers", customers_of(*REGISTER))
        chosen = Selection("RETAIL", start_date="2023-12-31")
        expected = headlines(sales_of(*BOOK), customers_of(*REGISTER), MONTHS, selection=chosen)
        pd.testing.assert_frame_equal(headlines(sales, customers, MONTHS, selection=chosen), expected)
        assert expected["total_revenue"].iloc[-1] == 20.99
        found = customers_by_value(sales, customers, DECEMBER)
        pd.testing.assert_frame_equal(
            found, customers_by_value(sales_of(*BOOK), customers_of(*REGISTER), DECEMBER)
        )

    def test_money_adds_up_exactly(self, engine):
        sales = stored(engine, "sales", sales_of(*[("ada", "2025-03-01", 0.1)] * 3))
        assert headlines(sales, None, [YEAR]).iloc[0].total_revenue == 0.3

    def test_can_be_written_for_a_server(self):
        sales = ibis.table(sales_of(*BOOK).schema(), name="sales")
        customers = ibis.table(customers_of(*REGISTER).schema(), name="customers")
        assert "SELECT" in ibis.to_sql(members(sales, customers, YEAR), dialect="postgres")


class TestLaws:
    """Properties that hold for any book of sales."""

    days = st.dates(date(2024, 12, 1), date(2026, 1, 15)).map(str)
    cents = st.integers(-5_000, 20_000).map(lambda n: n / 100)
    profit = st.none() | st.integers(-500, 500).map(lambda n: n / 100)
    books = st.lists(st.tuples(st.sampled_from([*"abcdef", None]), days, cents, profit), max_size=25)

    @given(books)
    @settings(max_examples=25)
    def test_agrees_with_the_definition_spelled_out_in_plain_python(self, book):
        found, expected = one(sales_of(*book), timeframe=DECEMBER), spelled_out(book, DECEMBER)
        found = pd.concat([found, profits(sales_of(*book), None, DECEMBER).iloc[0]])
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-9, nan_ok=True), name

    @given(books, st.randoms())
    @settings(max_examples=15)
    def test_the_order_of_rows_does_not_matter(self, book, random):
        shuffled = random.sample(book, k=len(book))
        pd.testing.assert_frame_equal(
            headlines(sales_of(*book), None, [YEAR, DECEMBER]),
            headlines(sales_of(*shuffled), None, [YEAR, DECEMBER]),
            check_exact=True,
        )

    @given(books)
    @settings(max_examples=15)
    def test_the_customers_add_up_to_the_headline(self, book):
        rows, found = rows_of(sales_of(*book)), one(sales_of(*book))
        assert len(rows) == found.total_customers
        assert rows["total_revenue"].sum() == pytest.approx(found.total_revenue, abs=1e-6)
        assert rows["total_orders"].sum() == found.total_orders
        assert sorted(rows["rank"]) == list(range(1, len(rows) + 1))
        assert (rows["days_as_customer"] <= rows["tenure_days"]).all()


def spelled_out(book, timeframe):
    """The headline figures, slowly: loops over exact numbers."""
    revenue, inside, orders, profit, guests = {}, {}, {}, {}, Fraction(0)
    for who, day, amount, gain in book:
        if date.fromisoformat(day) >= timeframe.reference_date:
            continue
        exact = Fraction(Decimal(str(amount)))
        if who is None:
            guests += exact
            continue
        revenue[who] = revenue.get(who, 0) + exact
        orders[who] = orders.get(who, 0) + (amount >= 0)
        inside[who] = inside.get(who, 0) + (exact if date.fromisoformat(day) >= timeframe.start else 0)
        if gain is not None:
            known, base = profit.get(who, (0, 0))
            profit[who] = (known + Fraction(Decimal(str(gain))), base + exact)
    who = [name for name in revenue if orders[name]]
    best = sorted((revenue[name] for name in who), reverse=True)
    worth = [max(value, Fraction(0)) for value in best]
    n, total = len(who), sum(best)
    gains = [profit[name] for name in who if name in profit]
    gain, base = sum(g for g, _ in gains), sum(b for _, b in gains)
    pairs = sum(abs(a - b) for a in worth for b in worth)
    missing = np.nan
    return {
        "total_customers": n,
        "total_revenue": float(total),
        "average_clv": float(total / n) if n else missing,
        "median_clv": float((best[(n - 1) // 2] + best[n // 2]) / 2) if n else missing,
        "top_customer_revenue": float(best[0]) if n else missing,
        "top_10_percent_contribution": float(100 * sum(best[: math.ceil(n / 10)]) / total)
        if total > 0
        else missing,
        "gini": float(pairs / (2 * n * sum(worth))) if any(worth) else missing,
        "total_profit": float(gain) if gains else missing,
        "profit_margin": float(100 * gain / base) if base > 0 else missing,
        "average_profit_per_customer": float(gain / len(gains)) if gains else missing,
        "revenue_in_timeframe": float(sum(inside[name] for name in who)),
        "guest_revenue": float(guests),
        "customers_with_returns_only": sum(not count for count in orders.values()),
    }


def test_the_days_of_a_customer_follow_the_calendar():
    start = date(2024, 2, 28)
    for days in (1, 2, 366):
        last = start + timedelta(days=days - 1)
        ada = rows_of(sales_of(("ada", str(start), 1.0), ("ada", str(last), 1.0))).loc["ada"]
        assert ada.days_as_customer == days
