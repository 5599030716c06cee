"""What the lifetime value notebook shows of orders and of contracts, from its cells to its JSON."""

import numpy as np
import pandas as pd
import pytest

from analytics.page.pieces import Headline, Notice, plain
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - id: shop
    name: Shop
    currency: GBP
    source: {path: shop, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: software
    name: Software
    currency: GBP
    source: {path: software, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: both
    name: Both
    currency: GBP
    source: {path: both, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: young
    name: Young
    currency: GBP
    source: {path: young, owned: true, csv: {delimiter: comma, dates: iso}}
"""
BOTH = {"organisation": "both", "model": "pareto_nbd", "discount_rate": 0.0, "charts": True}
OF_SALES = {"summary", "customers", "concentration", "model", "validation"}


def sales_of(random, customers=80, days=600):
    """A shop whose customers come at rates of their own, some no more after a while."""
    rows = []
    for number in range(customers):
        day, rate, end = random.integers(0, 300), random.gamma(1.2, 1 / 30), random.integers(200, 900)
        while day < min(days, end):
            rows.append((f"c{number:02}", day, round(random.gamma(2, 20), 2)))
            day += 1 + int(random.exponential(1 / rate))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "total_amount"])
    sold = pd.to_datetime("2024-11-01") + pd.to_timedelta(frame["day"], unit="D")
    frame = frame.assign(sale_id=range(len(frame)), sold_at=sold.dt.strftime("%Y-%m-%d"), total_profit=1.0)
    return frame.drop(columns="day")


def accounts_of(random, accounts=90, months=32):
    """Accounts seen at every month's end; who uses few seats is likelier to leave."""
    ends = pd.date_range("2024-03-31", periods=months, freq="ME")
    rows = []
    for number in range(accounts):
        used = random.random()
        for end in ends:
            gone = random.random() < 0.08 * (1 - used)
            left = (end - pd.Timedelta(days=3)).strftime("%Y-%m-%d") if gone else ""
            rows.append((f"a{number:02}", f"{end:%Y-%m-%d}", 1000 + 10 * number, int(100 * used), left))
            if gone:
                break
    columns = ["customer_id", "snapshot_at", "acv", "seats_used", "churned_at"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(started_at="2024-01-01", plan="Team", seats_purchased=100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four organisations: orders, contracts, both, and one in which too few have come back."""
    folder, random = tmp_path_factory.mktemp("clv"), np.random.default_rng(7)
    sales, accounts = sales_of(random), accounts_of(random)
    few, late = sales.head(4).assign(sold_at="2026-10-05"), accounts[accounts["snapshot_at"] >= "2026-07-01"]
    tables = {
        "shop": {"sales": sales},
        "software": {"accounts": accounts},
        "both": {"sales": sales, "accounts": accounts},
        "young": {"sales": few, "accounts": late},
    }
    for name, found in tables.items():
        (folder / name).mkdir()
        for table, rows in found.items():
            rows.to_csv(folder / name / f"{table}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"started": "2026-11-01T06:00:00+00:00", "timeframe": "all", "charts": False}
    return runs_of("clv", folder / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


def said_in(pieces):
    return " ".join(plain(runs) for piece in pieces for runs in getattr(piece, "sentences", ()))


def cards_in(pieces):
    found = [card for piece in pieces for card in getattr(piece, "headlines", ())]
    return [card for card in found if isinstance(card, Headline)]


class TestCustomersWithoutAContract:
    def test_have_their_future_beside_their_past(self, run):
        ran = run(organisation="shop")
        data, sections = ran.data, ran.sections
        assert {name for name, block in data.items() if block is not None} == OF_SALES
        assert not [name for name in sections if name.startswith("accounts")]
        assert {"model-outlook", "validation", "model", "customers"} <= set(sections)
        assert "should bring" in said_in(ran.pieces)
        best = data["customers"][0]
        assert best["rank"] == 1
        assert best["predicted_revenue_12m_low"] <= best["predicted_revenue_12m"]
        assert 0 <= best["probability_alive"] <= 1

    def test_the_total_is_the_sum_of_the_customers(self, run):
        data = run(organisation="shop").data
        (total,) = (
            row for row in data["model"]["totals"] if (row["horizon"], row["measure"]) == ("12m", "revenue")
        )
        assert total["value"] == pytest.approx(sum(row["predicted_revenue_12m"] for row in data["customers"]))

    def test_the_check_stands_beside_its_baselines(self, run):
        data = run(organisation="shop").data
        assert [row["method"] for row in data["validation"]["scores"]] == ["model", "same_rate", "zero"]
        assert data["validation"]["holdout_days"] == 273

    def test_parameters_reach_the_model(self, run):
        data = run(**BOTH).data
        assert (data["model"]["purchases"], data["model"]["discount_rate"]) == ("pareto_nbd", 0.0)


class TestContracts:
    def test_alone_are_the_whole_page(self, run):
        ran = run(organisation="software")
        data, pieces = ran.data, ran.pieces
        assert {name for name, block in data.items() if block is not None} == {"accounts"}
        assert ran.sections == ["accounts", "accounts-check", "accounts-drivers"]
        assert said_in(pieces).startswith(f"{data['accounts']['accounts']} accounts are worth")
        assert cards_in(pieces)[0].name == "predicted_contract_revenue_12m"
        assert any(isinstance(piece, Notice) and "sales" in piece.title for piece in pieces)

    def test_have_their_error_beside_the_simple_rules(self, run):
        block = run(organisation="software").data["accounts"]
        assert {"ensemble", "baseline"} <= {row["method"] for row in block["scores"]}
        assert block["leader"] in ("ensemble", "baseline")
        assert block["predicted_revenue_12m"] == pytest.approx(
            sum(row["predicted_revenue_12m"] for row in block["customers"])
        )

    def test_stand_beside_orders_where_there_are_both(self, run):
        ran = run(**BOTH)
        assert all(ran.data.values())
        assert {"model-outlook", "accounts", "validation"} <= set(ran.sections)
        assert [card.name for card in cards_in(ran.pieces)][1:3] == [
            "predicted_revenue_12m", "predicted_contract_revenue_12m",
        ]  # fmt: skip


class TestTooLittle:
    def test_is_said_on_the_page_and_the_rest_stands(self, run):
        ran = run(organisation="young")
        data = ran.data
        assert data["model"]["leader"] is None
        assert data["accounts"]["missing"] == "too little history"
        assert data["customers"]
        missing = {piece.block: piece.missing for piece in ran.pieces if getattr(piece, "missing", "")}
        assert missing["model-outlook"].startswith("Fewer than 10 customers have come back")
        assert "too short" in missing["validation"] or "Fewer than 10" in missing["validation"]
        assert "A year of snapshots" in missing["accounts-check"]
        assert "concentration" in ran.sections
