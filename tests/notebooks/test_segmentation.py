"""What the parameters of the segmentation notebook do, from its cells to its JSON."""

import ast
import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "segmentation.ipynb"
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
    pd.DataFrame(sales).to_csv(folder / "sales.csv", index=False)
    people = {
        "customer_id": [f"c{i:02}" for i in range(90)],
        "name": "Ada Lovelace",
        "mobile": "+44 7700 900123",
        "customer_type": ["RETAIL", "WHOLESALE"] * 45,
        "credit_limit": [0, 100, 1000] * 30,
        "outstanding_balance": [50] * 90,
    }
    pd.DataFrame(people).to_csv(folder / "customers.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture
def run(shop, tmp_path, monkeypatch):
    """Run the notebook's cells with other parameters; give its JSON and the blocks of its sections."""

    def run_with(**parameters):
        monkeypatch.setenv("WORKBOOK_PARAMS", str(shop / "params.yml"))
        monkeypatch.setenv("WORKBOOK_OUTPUT", str(tmp_path))
        monkeypatch.setenv("WORKBOOK_STARTED", "2026-11-01T06:00:00+00:00")
        shown = []
        names = {"display": shown.append}
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type == "code":
                tree = ast.parse(cell.source)
                last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
                exec(compile(tree, cell.id, "exec"), names)
                if last is not None:
                    shown.append(eval(compile(ast.Expression(last.value), cell.id, "eval"), names))
                if cell.id == "parameters":
                    names |= {"organisation": "corner-shop", "timeframe": "2026-08"} | parameters
        names["report"].dataset.close()
        pieces = [piece for one in shown for piece in one.parts]
        figures = json.loads((tmp_path / "segmentation.json").read_text())
        return figures["data"], [piece.block for piece in pieces if hasattr(piece, "block")], pieces

    return run_with


BLOCKS = ["rfm_segments", "movement", "tier_segments", "credit_segments", "behaviour_segments", "customers"]


def test_everything_is_there_by_default(run):
    data, sections, pieces = run()
    assert sections == BLOCKS
    assert data.keys() == {"summary", *BLOCKS}
    assert all(data.values())
    assert data["summary"]["total_customers"] == len(data["customers"])
    assert list(data["customers"][0])[:6] == [
        "customer_id", "r_score", "f_score", "m_score", "segment_name", "tier"
    ]  # fmt: skip
    assert "900123" not in str(pieces)
    assert "Lovelace" not in str(pieces)


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
    data, sections, _ = run(segment_type=asked)
    assert set(sections) == {*blocks, "customers"}
    assert {name for name, block in data.items() if block is not None} == {*blocks, "customers", "summary"}


def test_a_customer_type_selects_in_every_block_and_leaves_the_scores(run):
    whole, _, _ = run(include_inactive=True)
    data, _, _ = run(include_inactive=True, customer_type="WHOLESALE")
    n = data["summary"]["total_customers"]
    assert 0 < n < whole["summary"]["total_customers"]
    for block in ("rfm_segments", "tier_segments", "credit_segments", "behaviour_segments"):
        assert sum(row["customer_count"] for row in data[block]) == n
    scores = {row["customer_id"]: row for row in whole["customers"]}
    assert all(row == scores[row["customer_id"]] for row in data["customers"])


def test_bounds_and_days_act_on_the_tiers(run):
    usual, _, _ = run()
    other, _, _ = run(top_percent=50, at_risk_days=400, new_days=1, churn_days=1, inactive_days=30)
    assert other["summary"]["total_customers"] < usual["summary"]["total_customers"]
    assert other["summary"]["active_customers"] == 0
    assert {row["tier"]: row["customer_count"] for row in other["tier_segments"]}["At-Risk"] == 0


def test_a_timeframe_before_the_data_has_nothing_to_show(run):
    data, sections, pieces = run(timeframe="2020-01")
    assert sections == []
    assert not any(data.values())
    assert "no data before" in str(pieces[1])


def test_earlier_than_the_newest_day_there_is_no_credit(run):
    data, sections, _ = run(timeframe="2026-05")
    assert data["credit_segments"] is None
    assert "credit_segments" in sections
