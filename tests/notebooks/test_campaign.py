"""What the campaign notebook makes of its filters, from its cells to its JSON."""

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - id: corner-shop
    name: Corner Shop
    currency: GBP
    fiscal_year_start: 4
    source: {path: ., owned: true, csv: {delimiter: comma, dates: iso}}
"""
SECTIONS = [
    *("kpi", "segment_data", "r_score_data", "r_value_bucket_data", "visits_data", "value_data"),
    *("days_to_return_bucket_data", "fiscal_year_data"),
]
BLOCKS = {*SECTIONS, "f_score_data", "m_score_data"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a shop of 90 customers, two of whom share a name, and its params."""
    folder = tmp_path_factory.mktemp("shop")
    random = np.random.default_rng(4)
    who = (90 * random.random(900) ** 2).astype(int)
    days = pd.to_datetime("2025-01-01") + pd.to_timedelta(random.integers(0, 600, 900), unit="D")
    sales = {
        "sale_id": range(900),
        "customer_id": [f"c{i:02}" for i in who],
        "sold_at": days.strftime("%Y-%m-%d"),
        "total_amount": random.gamma(2, 60, 900).round(2),
        "total_profit": 5.0,
        "units": 2,
    }
    pd.DataFrame(sales).to_csv(folder / "sales.csv", index=False)
    people = {
        "customer_id": [f"c{i:02}" for i in range(90)],
        "name": ["Ada Lovelace"] * 2 + ["Somebody Else"] * 88,
        "mobile": [f"+44 7700 9001{i:02}" for i in range(90)],
    }
    pd.DataFrame(people).to_csv(folder / "customers.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"started": "2026-11-01T06:00:00+00:00", "charts": False, "organisation": "corner-shop"}
    return runs_of("campaign", shop / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


def counts(data):
    return {
        name: sum(row["customer_count"] for row in data[name])
        for name in BLOCKS - {"kpi", "fiscal_year_data"}
    }


def test_everything_is_there_by_default(run):
    ran = run(charts=True)
    data = ran.data
    assert ran.meta["timeframe"]["label"] == "all"
    assert data.keys() == BLOCKS
    assert [block.replace("-", "_") for block in ran.sections] == SECTIONS
    assert set(counts(data).values()) == {data["kpi"]["total_customer"]}
    assert data["kpi"]["guest_revenue"] == 0.0
    assert next(iter(data["fiscal_year_data"][0])) == "fiscal_year"
    assert list(data["r_score_data"][0])[:2] == ["r_score", "label"]


@pytest.mark.parametrize(
    "asked",
    [
        {"timeframe": "2026-Q2", "f_value_bucket": "2"},
        {"r_value_bucket": "1-200", "m_value_bucket": "under 1,000"},
    ],
)
def test_each_filter_acts_on_every_block(run, asked):
    data = run(**asked).data
    n = data["kpi"]["total_customer"]
    assert 0 < n < 90
    assert set(counts(data).values()) == {n}
    assert max(row["new_percentage_n"] for row in data["fiscal_year_data"]) <= n


def test_names_and_mobile_numbers_select_and_are_shown_nowhere(run):
    ran = run(customer_name="lovelace", customer_mobile="900101")
    data = ran.data
    assert data["kpi"]["total_customer"] == 1
    assert data["kpi"]["guest_revenue"] is None
    assert set(counts(data).values()) == {1}
    for text in (str(ran.pieces).lower(), ran.text.lower()):
        assert "lovelace" not in text
        assert "900101" not in text


def test_nobody_found_is_a_normal_answer(run):
    ran = run(customer_name="nobody")
    assert ran.data["kpi"]["total_customer"] == 0
    assert ran.data["kpi"]["retention_rate"] is None
    assert set(counts(ran.data).values()) == {0}
    assert "No customer selected by a name bought" in str(ran.pieces)


def test_own_bounds_make_own_buckets(run):
    data = run(m_bounds=[500], r_bounds=[30], return_bounds=[7], most_visits=3).data
    assert [row["bucket"] for row in data["value_data"]] == ["under 500", "500 and more"]
    assert [row["bucket"] for row in data["r_value_bucket_data"]] == ["1–30", "over 30"]
    assert [row["bucket"] for row in data["days_to_return_bucket_data"]] == ["0–7", "over 7", "not returned"]
    assert [row["visits"] for row in data["visits_data"]] == ["1", "2", "3+"]


def test_a_timeframe_before_the_data_has_nothing_to_show(run):
    ran = run(timeframe="2020-01")
    assert not any(ran.data.values())
    assert "no data before" in str(ran.pieces[1])
