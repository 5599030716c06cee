"""How customers of Online Retail buy: published facts, and a plain pandas computation on the file itself."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics.category_patterns import category_level, category_pairs, category_preferences
from analytics.metrics.purchase_patterns import purchase_frequency, purchase_summary
from analytics.metrics.purchase_times import time_patterns
from analytics.timeframe import parse_timeframe


@pytest.fixture(scope="module")
def data(opened):
    return opened("online-retail")


@pytest.fixture(scope="module")
def invoices(reference_data):
    """Invoices and lines as a spreadsheet would have them."""
    kinds = {"InvoiceNo": str, "StockCode": str, "CustomerID": "Int64"}
    lines = pd.read_csv(
        reference_data / "online_retail" / "online_retail.csv.gz", dtype=kinds, parse_dates=["InvoiceDate"]
    )
    lines["amount"] = (lines["Quantity"] * lines["UnitPrice"]).round(4)
    by = lines.groupby("InvoiceNo")
    sums = by.agg(at=("InvoiceDate", "min"), amount=("amount", "sum"), who=("CustomerID", "first"))
    return sums[sums["amount"].round(4) >= 0], lines


@pytest.fixture(scope="module")
def everything(data):
    return parse_timeframe("all", as_of=date(2011, 12, 10), first_day=data.first_day)


def test_nobody_buys_on_a_saturday(data, everything, invoices):
    found = time_patterns(data.sales, everything).by_day_of_week.set_index("day_of_week")
    assert found.loc["Saturday", "transaction_count"] == 0
    assert (found.drop("Saturday")["transaction_count"] > 1000).all()
    said = invoices[0]["at"].dt.day_name().value_counts()
    for day in said.index:
        assert found.loc[day, "transaction_count"] == said[day]


def test_hours_are_those_of_the_file(data, everything, invoices):
    found = time_patterns(data.sales, everything).by_hour.set_index("hour")["transaction_count"]
    assert found[found > 0].to_dict() == invoices[0]["at"].dt.hour.value_counts().to_dict()


def test_totals_and_gaps(data, everything, invoices):
    orders, _ = invoices
    row = purchase_summary(data.sales, [everything]).iloc[0]
    assert (row.total_transactions, row.unique_customers) == (len(orders), orders["who"].nunique())
    assert row.total_revenue == pytest.approx(9_747_747.934, abs=1e-3)
    visits = orders.dropna(subset="who").assign(day=lambda one: one["at"].dt.normalize())
    gaps = visits.drop_duplicates(["who", "day"]).sort_values(["who", "day"]).groupby("who")["day"].diff()
    mean = purchase_frequency(data.sales, everything)["avg_days_between_purchases"]
    assert mean == pytest.approx(gaps.dropna().dt.days.mean(), rel=1e-12)


def test_the_best_known_pair_is_that_of_the_regency_teacups(data, everything, invoices):
    items = data.tables["sale_items"]
    assert category_level(items) == "product"
    rows = category_preferences(data.sales, items, everything, level="product")
    pairs = category_pairs(data.sales, items, everything, level="product", preferences=rows)
    first = pairs.iloc[0]
    assert first["category"] == "GREEN REGENCY TEACUP AND SAUCER"
    assert first["other_category"] == "ROSES REGENCY TEACUP AND SAUCER"
    orders, lines = invoices
    bought = lines[(lines["Quantity"] > 0) & lines["InvoiceNo"].isin(orders.index)]
    name = bought["Description"].str.strip()
    holding = {
        one: set(bought.loc[name == one, "InvoiceNo"]) for one in (first["category"], first["other_category"])
    }
    green, roses = holding.values()
    assert first["purchase_count"] == len(green & roses)
    assert first["confidence"] == len(green & roses) / len(green)
    everyone = rows.attrs["orders"]
    assert first["support"] == len(green & roses) / everyone
    assert first["lift"] == pytest.approx(len(green & roses) * everyone / len(green) / len(roses))
