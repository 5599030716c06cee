"""What the parameters of the revenue forecast's notebook do, from its cells to its JSON."""

import numpy as np
import pandas as pd
import pytest

from tests.deal_data import frames
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: corner-shop, name: Corner Shop, currency: GBP, source: {path: ., owned: true, csv: {dates: iso}}}
"""
BLOCKS = ["forecast", "backtest", "seasonality", "growth", "accuracy", "pipeline_forecast"]


def sales():
    """Five sales a month from October 2023 to April 2026, more in summer."""
    random = np.random.default_rng(4)
    months = pd.date_range("2023-10-01", "2026-04-01", freq="MS")
    amounts = 500 * np.exp(0.3 * np.sin(months.month * np.pi / 6)) + random.normal(0, 20, len(months))
    rows = [(month + pd.Timedelta(days=5 * i), round(amount, 2))
            for month, amount in zip(months, amounts, strict=True) for i in range(5)]  # fmt: skip
    return (
        pd.DataFrame(rows, columns=["sold_at", "total_amount"])
        .assign(customer_id="c1")
        .reset_index(names="sale_id")
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run the notebook with other parameters; what is forecast in March 2026 is kept, and read in May."""
    folder = tmp_path_factory.mktemp("shop")
    deals, history = frames()
    for name, frame in (("sales", sales()), ("deals", deals), ("deal_history", history)):
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    usual = {"organisation": "corner-shop", "as_of": "2026-05-01", "charts": False}
    usual |= {"started": "2026-11-02T06:00:00+00:00", "models": folder / "models"}
    asked = runs_of("revenue_forecast", folder / "params.yml", tmp_path_factory.mktemp("runs"), **usual)
    asked(as_of="2026-03-01")
    return asked


def test_everything_is_there_by_default(run):
    data = run().data
    assert list(data) == BLOCKS
    assert all(data.values())
    ahead = [str(month) for month in pd.period_range("2026-05", periods=12, freq="M")]
    assert [row["month"][:7] for row in data["forecast"]] == ahead
    came = sales().groupby(sales()["sold_at"].dt.strftime("%Y-%m"))["total_amount"].sum()
    assert {row["month"][:7]: row["revenue"] for row in data["growth"]} == pytest.approx(came.to_dict())
    earlier = {(row["made_at"][:10], row["month"][:7]): row["actual"] for row in data["accuracy"]}
    assert earlier == pytest.approx({("2026-03-01", month): came[month] for month in ("2026-03", "2026-04")})


def test_open_deals_stand_beside_the_forecast(run):
    deals, edge = frames()[0], pd.Timestamp("2026-05-01")
    open_ = deals[(deals["created_at"] < edge) & ~(deals["closed_at"] < edge)]
    rows = run().data["pipeline_forecast"]
    assert sum(row["deals"] for row in rows) == len(open_) > 0
    assert [row["month"][:7] for row in rows if row["timing"] == "expected"] == [
        row["month"][:7] for row in run().data["forecast"]
    ]


def test_a_longer_horizon_extra_deals_and_the_seed_reach_their_blocks(run):
    usual, data = run().data, run(horizon=15, deals_are_extra=True, seed=1).data
    assert len(data["forecast"]) == 15
    assert data["forecast"][:12] == usual["forecast"]
    expected = [row for row in data["pipeline_forecast"] if row["timing"] == "expected"]
    assert len(expected) == 15
    for row, ahead in zip(expected, data["forecast"], strict=True):
        assert row["total"] == pytest.approx(row["weighted_value"] + ahead["value"])
    assert not any(row["total"] for row in usual["pipeline_forecast"])
    before, after = ({row["model"]: row for row in each["backtest"]} for each in (usual, data))
    assert [name for name in before if before[name] != after[name]] == ["random_forest"]


def test_five_months_have_a_reason_and_no_forecast(run):
    ran = run(as_of="2024-03-01")
    assert not ran.data["forecast"]
    assert not ran.data["backtest"]
    assert "A forecast needs 6 whole months of revenue; 5 are known." in str(ran.pieces)
