"""What the parameters of the notebook on buying do, from its cells to its JSON."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.running import run_notebook

PARAMS = """
organisations:
  - id: corner-shop
    name: Corner Shop
    currency: GBP
    timezone: Europe/London
    source: {path: ., owned: true, csv: {delimiter: comma, dates: iso}}
"""
USUAL = {
    "organisation": "corner-shop", "timeframe": "2026",
    "started": "2026-09-01T06:00:00+00:00", "charts": False,
}  # fmt: skip
BLOCKS = [
    "summary", "purchase_frequency", "transactions_over_time", "basket_analysis", "time_patterns",
    "payment_preferences", "category_preferences", "category_pairs", "next_categories", "seasonality",
]  # fmt: skip


def shop_in(folder, kept=lambda sales, _people: sales.index == sales.index):
    """A shop of 60 customers, half of them wholesale, with lines, payments and guests."""
    random = np.random.default_rng(4)
    n = 900
    at = pd.to_datetime("2024-05-01") + pd.to_timedelta(random.integers(0, 850 * 1440, n), unit="min")
    who = [f"c{int(60 * i**2):02}" if i > 0.05 else "" for i in random.random(n)]
    sales = pd.DataFrame(
        {
            "sale_id": [f"s{i:03}" for i in range(n)],
            "customer_id": who,
            "sold_at": at.strftime("%Y-%m-%d %H:%M:%S"),
            "total_amount": (random.gamma(2, 60, n) * np.where(random.random(n) < 0.03, -1, 1)).round(2),
            "total_profit": random.gamma(2, 20, n).round(2),
            "units": random.integers(1, 9, n),
            "payment_method": random.choice(["Card", "Cash", ""], n, p=[0.6, 0.3, 0.1]),
        }
    )
    people = pd.DataFrame(
        {"customer_id": [f"c{i:02}" for i in range(60)], "customer_type": ["RETAIL", "WHOLESALE"] * 30}
    )
    lines = pd.DataFrame(
        {
            "sale_id": random.choice(sales["sale_id"], 2 * n),
            "category": random.choice(
                ["Tea", "Coffee", "Pots", "<b>Cups</b>"], 2 * n, p=[0.4, 0.3, 0.2, 0.1]
            ),
            "quantity": 1,
            "amount": random.gamma(2, 20, 2 * n).round(2),
        }
    )
    paid = pd.DataFrame(
        {
            "payment_id": [f"p{i}" for i in range(n)],
            "sale_id": sales["sale_id"],
            "method": "Voucher",
            "amount": 1.0,
            "paid_at": sales["sold_at"],
        }
    )
    chosen = kept(sales, people)
    sales[chosen].to_csv(folder / "sales.csv", index=False)
    known = set(sales.loc[chosen, "sale_id"])
    for name, frame in (("sale_items", lines), ("payments", paid)):
        frame[frame["sale_id"].isin(known)].to_csv(folder / f"{name}.csv", index=False)
    people.to_csv(folder / "customers.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_in(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def run_on(tmp_path):
    """Run the notebook on a folder's shop; give what it made."""

    def run(folder, **parameters):
        asked = USUAL | parameters
        ran = run_notebook("purchase_patterns", folder / "params.yml", tmp_path / "out", **asked)
        assert (tmp_path / "out" / "purchase_patterns.xlsx").stat().st_size > 0
        return ran

    return run


@pytest.fixture
def run(run_on, shop):
    """Run the notebook on the shop with other parameters."""
    return partial(run_on, shop)


def test_everything_is_there_by_default(run, shop):
    ran = run(timeframe="all", charts=True)
    data = ran.data
    assert list(data) == BLOCKS
    assert all(data[name] for name in BLOCKS)
    assert ran.sections == [
        "transactions_over_time", "purchase_frequency", "basket_analysis", "payment_preferences",
        "time_patterns-day", "time_patterns-hour", "time_patterns-month", "seasonality",
        "category_preferences", "category_pairs", "next_categories",
    ]  # fmt: skip
    sold = pd.read_csv(shop / "sales.csv")
    guests = sold.loc[sold["customer_id"].isna(), "total_amount"]
    assert data["summary"]["guest_revenue"] == pytest.approx(guests.sum(), abs=1e-9)
    best = sold.groupby("customer_id")["total_amount"].max()
    assert data["summary"]["customers_with_returns_only"] == (best < 0).sum()
    assert "of the revenue is of sales without a known customer" in str(ran.pieces)
    total = data["summary"]["total_transactions"]
    assert sum(row["transaction_count"] for row in data["basket_analysis"]) == total
    assert sum(row["transaction_count"] for row in data["time_patterns"]["by_hour"]) == total
    assert sum(row["transaction_count"] for row in data["payment_preferences"]) == total
    assert {row["payment_method"] for row in data["payment_preferences"]} == {"Card", "Cash", "Voucher"}
    assert data["next_categories"][0].keys() >= {"customer_id", "rank", "category", "lift"}
    one = data["next_categories"][0]["customer_id"]
    alone = run(timeframe="all", customer_id=one).data
    expected = [row for row in data["next_categories"] if row["customer_id"] == one]
    assert alone["next_categories"] == expected  # learned from all others


def test_every_filter_gives_the_figures_of_data_that_hold_nothing_else(run, run_on, tmp_path):
    """Offers to one customer alone are learned from all others: they are compared apart."""

    def of_type(sales, people):
        wanted = people.loc[people["customer_type"] == "WHOLESALE", "customer_id"]
        return sales["customer_id"].isin(wanted)

    cases = {
        "of-type": ({"customer_type": "WHOLESALE"}, of_type, ()),
        "of-one": (
            {"customer_id": "c03"},
            lambda sales, _: sales["customer_id"] == "c03",
            ("next_categories", "category_pairs"),
        ),
    }
    for name, (parameters, kept, apart) in cases.items():
        (tmp_path / name).mkdir()
        alone = shop_in(tmp_path / name, kept)
        span = {"timeframe": "2025-01-01..2026-06-30", "as_of": "2026-08-01"}
        data = run(**span, **parameters).data
        said = run_on(alone, **span).data
        assert data["summary"]["total_transactions"] > 0
        for block in BLOCKS:
            if block not in apart:
                assert data[block] == said[block], (name, block)


@pytest.mark.parametrize(
    ("parameters", "first", "ranges"),
    [
        ({"grouping": "daily", "basket_bounds": [50]}, "2026-08-01", 2),
        ({"grouping": "monthly", "quantile_bins": 3}, "2026-08", 3),
    ],
)
def test_periods_and_basket_ranges_are_those_asked_for(run, parameters, first, ranges):
    data = run(timeframe="2026-08", **parameters).data
    assert data["transactions_over_time"][0]["period"] == first
    assert len(data["basket_analysis"]) == ranges


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"timeframe": "2026-09", "as_of": "2026-08-20"}, "has not begun"),
        ({"customer_id": "nobody"}, "No order of customer nobody"),
    ],
)
def test_where_there_is_nothing_the_page_stands_and_says_so(run, parameters, words):
    ran = run(**parameters)
    data = ran.data
    assert data["summary"]["total_transactions"] == 0
    assert data["summary"]["avg_basket_size"] is None
    assert data["category_pairs"] == data["next_categories"] == []
    assert words in str(ran.pieces)


def test_a_shop_with_sales_alone_whose_times_are_days_says_what_is_missing(run_on, tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    days = pd.date_range("2026-01-01", periods=200).strftime("%Y-%m-%d")
    bare = pd.DataFrame({"sale_id": range(200), "sold_at": days, "total_amount": 10.0})
    bare.to_csv(folder / "sales.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    ran = run_on(folder)
    data = ran.data
    assert data["time_patterns"]["by_hour"] is None
    assert data["time_patterns"]["by_day_of_week"][0]["transaction_count"] > 0
    assert data["category_pairs"] is data["next_categories"] is data["seasonality"] is None
    assert data["summary"]["busiest_hour"] is None
    assert data["summary"]["unique_customers"] == 0
    text = str(ran.pieces)
    assert "Every sale is dated at midnight" in text
    assert "A season shows from 24 whole months on" in text
    assert "for want of the table sale_items" in text
