"""What the parameters of the segmentation notebook do, from its cells to its JSON."""

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - id: corner-shop
    name: Corner Shop
    currency: GBP
    source: {path: ., owned: true, csv: {delimiter: comma, dates: iso}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a shop of 90 customers, half of them wholesale, and its params."""
    folder = tmp_path_factory.mktemp("shop")
    random = np.random.default_rng(4)
    who = (90 * random.random(900) ** 2).astype(int)
    days = pd.to_datetime("2025-01-01") + pd.to_timedelta(random.integers(0, 600, 900), unit="D")
    sales = {
        "sale_id": range(900),
        "customer_id": [f"c{i:02}" for i in who],
        "sold_at": days.strftime("%Y-%m-%d"),
        "total_amount": random.gamma(2, 20, 900).round(2),
    }
    apart = {"sale_id": ["guest", "return"], "customer_id": [None, "returner"], "total_amount": [70.5, -5]}
    apart = pd.DataFrame(apart | {"sold_at": "2026-08-02"})
    pd.concat([pd.DataFrame(sales), apart]).to_csv(folder / "sales.csv", index=False)
    people = {
        "customer_id": [f"c{i:02}" for i in range(90)],
        "name": "Ada Lovelace",
        "mobile": "+44 7700 900123",
        "customer_type": ["RETAIL", "WHOLESALE"] * 45,
        "credit_limit": [0, 100, 1000] * 30,
        "outstanding_balance": [50] * 90,
    }
    returner = pd.DataFrame({"customer_id": ["returner"]})
    pd.concat([pd.DataFrame(people), returner]).to_csv(folder / "customers.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"organisation": "corner-shop", "timeframe": "2026-08", "charts": False}
    usual["started"] = "2026-11-01T06:00:00+00:00"
    return runs_of("segmentation", shop / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


BLOCKS = ["rfm_segments", "movement", "tier_segments", "credit_segments", "behaviour_segments", "customers"]


def test_everything_is_there_by_default(run):
    ran = run(charts=True)
    data = ran.data
    assert ran.sections == BLOCKS
    assert data.keys() == {"summary", *BLOCKS}
    assert all(data.values())
    assert data["summary"]["total_customers"] == len(data["customers"])
    apart = {name: data["summary"][name] for name in ("guest_revenue", "customers_with_returns_only")}
    assert apart == {"guest_revenue": 70.5, "customers_with_returns_only": 1}
    assert "1 customer with nothing but returns are in no segment" in str(ran.pieces)
    assert list(data["customers"][0])[:6] == [
        "customer_id", "r_score", "f_score", "m_score", "segment_name", "tier"
    ]  # fmt: skip
    assert "900123" not in str(ran.pieces)
    assert "Lovelace" not in str(ran.pieces)


@pytest.mark.parametrize(
    ("asked", "blocks"),
    [
        ("rfm", {"rfm_segments", "movement"}),
        ("tier", {"tier_segments"}),
        ("credit", {"credit_segments"}),
        ("behaviour", {"behaviour_segments"}),
    ],
)
def test_blocks_that_are_not_asked_for_are_null_and_their_sections_absent(run, asked, blocks):
    ran = run(segment_type=asked)
    data = ran.data
    assert set(ran.sections) == {*blocks, "customers"}
    assert {name for name, block in data.items() if block is not None} == {*blocks, "customers", "summary"}


def test_a_customer_type_selects_in_every_block_and_leaves_the_scores(run):
    whole = run(include_inactive=True).data
    data = run(include_inactive=True, customer_type="WHOLESALE").data
    n = data["summary"]["total_customers"]
    assert 0 < n < whole["summary"]["total_customers"]
    for block in ("rfm_segments", "tier_segments", "credit_segments", "behaviour_segments"):
        assert sum(row["customer_count"] for row in data[block]) == n
    scores = {row["customer_id"]: row for row in whole["customers"]}
    assert all(row == scores[row["customer_id"]] for row in data["customers"])


def test_bounds_and_days_act_on_the_tiers(run):
    usual = run().data
    other = run(top_percent=50, at_risk_days=400, new_days=1, churn_days=1, inactive_days=30).data
    assert other["summary"]["total_customers"] < usual["summary"]["total_customers"]
    assert other["summary"]["active_customers"] == 0
    assert {row["tier"]: row["customer_count"] for row in other["tier_segments"]}["At-Risk"] == 0


def test_a_timeframe_before_the_data_has_nothing_to_show(run):
    ran = run(timeframe="2020-01")
    assert ran.sections == []
    assert not any(ran.data.values())
    assert "no data before" in str(ran.pieces[1])


def test_earlier_than_the_newest_day_there_is_no_credit(run):
    ran = run(timeframe="2026-05")
    assert ran.data["credit_segments"] is None
    assert "credit_segments" in ran.sections
