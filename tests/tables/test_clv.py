"""What a reader finds in the tables of customer lifetime value."""

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.tables import clv as tables

BRITISH = Format("en_GB", "GBP")

TENTHS = pd.DataFrame(
    {
        "decile": [1, 2],
        "customers": [3, 2],
        "total_revenue": [900.0, 100.0],
        "least_revenue": [200.0, 40.0],
        "revenue_contribution": [90.0, 10.0],
        "average_clv": [300.0, 50.0],
        "total_orders": [9, 2],
        "average_order_value": [100.0, 50.0],
        "total_profit": [270.0, np.nan],
        "revenue_with_profit": [900.0, np.nan],
        "profit_margin": [30.0, np.nan],
        "sales_without_profit": [0, 2],
    }
)
FIGURES = pd.DataFrame(
    {
        "total_customers": [2000],
        "total_revenue": [99_000.5],
        "total_orders": [7000],
        "average_order_value": [14.14],
    }
)


def people(**columns):
    frame = pd.DataFrame(
        {
            "customer_id": ["007", "008"],
            "customer_name": ["<b>Ada</b>", None],
            "customer_type": ["RETAIL", None],
            "total_revenue": [200.0, -50.0],
            "total_orders": [4, 1],
            "average_order_value": [50.0, -50.0],
            "total_profit": [60.0, np.nan],
            "profit_margin": [30.0, np.nan],
            "last_purchase_date": pd.to_datetime(["2026-10-31", "2026-01-02"]),
            "tenure_days": [100, 303],
            "days_as_customer": [100, 1],
            "purchase_frequency_days": [25.0, np.nan],
        }
    )
    return frame.assign(**columns)


def column(table, label):
    place = [head.label for head in table.columns].index(label)
    return [row[place] for row in table.rows]


def test_every_row_is_as_wide_as_its_head():
    years = pd.DataFrame(
        {
            "joining_year": [2024], "customers": [9], "average_clv": [1.0], "first_year_customers": [1],
            "first_year_value": [1.0], "first_year_value_low": [np.nan], "first_year_value_high": [np.nan],
            "maybe_older": [0],
        }
    )  # fmt: skip
    orders = pd.DataFrame(
        {
            "total_orders": [1, 10], "customers": [29, 30], "customer_percent": [49.2, 50.8],
            "total_revenue": [1.0, 2.0], "revenue_contribution": [33.3, 66.7],
            "average_order_value": [1.0, 1.0], "average_clv": [1.0, 1.0],
        }
    )  # fmt: skip
    counted = pd.DataFrame(
        {
            "from_revenue": [np.nan, 1.0],
            "to_revenue": [0.01, 10.0],
            "customers": [1, 3],
            "total_revenue": [0.0, 9.0],
        }
    )
    made = [
        tables.tenths(TENTHS, BRITISH), tables.spread(counted, BRITISH), tables.orders(orders, BRITISH),
        tables.joining(years, BRITISH), tables.customers(people(), FIGURES, BRITISH),
        tables.margin(TENTHS, BRITISH),
    ]  # fmt: skip
    for table in made:
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert table.total is None or len(table.total) == len(table.columns)
        cells = [(head, cell) for row in table.rows for head, cell in zip(table.columns, row, strict=True)]
        assert all(isinstance(cell, str) or head.bar for head, cell in cells)
    assert made[2].unsure == {0}
    assert made[3].unsure == {0}
    assert column(made[1], "Net revenue so far") == ["under £0.01", "£1.00 to under £10.00"]
    assert column(made[2], "Orders so far") == ["1", "10 or more"]
    assert column(made[3], "95% interval") == ["–"]


class TestTenths:
    def test_the_total_is_that_of_all(self):
        assert tables.tenths(TENTHS, BRITISH).total == (
            "All",
            "5",
            "£1,000",
            "100.0%",
            "",
            "£200",
            "",
            "11",
            "£91",
        )

    def test_nobody_has_no_total(self):
        assert tables.tenths(TENTHS.head(0), BRITISH).total is None

    def test_margins_are_of_those_with_a_profit(self):
        assert column(tables.margin(TENTHS, BRITISH), "Margin") == ["30.0%"]


class TestCustomers:
    def test_names_come_as_they_are_with_the_id_beside_them(self):
        assert column(tables.customers(people(), FIGURES, BRITISH), "Customer") == ["<b>Ada</b> (007)", "008"]

    def test_says_of_how_many_they_are_the_first(self):
        table = tables.customers(people(), FIGURES, BRITISH)
        assert table.of_rows == "2,000"
        assert table.total[0] == "All customers"
        assert "£99,000.50" in table.total

    def test_a_purchase_on_the_last_day_was_a_day_ago(self):
        assert column(tables.customers(people(), FIGURES, BRITISH), "Days ago") == ["1", "303"]

    def test_bars_have_one_scale_from_zero(self):
        assert column(tables.customers(people(), FIGURES, BRITISH), "") == [100.0, -25.0]

    def test_missing_figures_are_dashes(self):
        table = tables.customers(people(), FIGURES, BRITISH)
        assert column(table, "Margin") == ["30.0%", "–"]
        assert column(table, "Days between") == ["25.0", "–"]

    def test_no_types_and_no_profits_need_no_columns(self):
        table = tables.customers(people(customer_type=None, total_profit=np.nan), FIGURES, BRITISH)
        assert not {"Type", "Profit", "Margin"} & {head.label for head in table.columns}

    def test_nobody_is_an_empty_table(self):
        assert tables.customers(people().head(0), FIGURES, BRITISH).rows == ()

    def test_no_revenue_has_no_bars(self):
        table = tables.customers(people(total_revenue=[0.0, -1.0]), FIGURES, BRITISH)
        assert column(table, "") == ["", ""]
