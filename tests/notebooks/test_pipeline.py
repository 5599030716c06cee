"""What the parameters of the pipeline notebook do, from its cells to its JSON."""

import pandas as pd
import pytest

from analytics.page.pieces import Section, Summary, plain
from tests.deal_data import frames
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: tool-works, name: Tool Works, currency: GBP, source: {path: whole, owned: true, csv: {dates: iso}}}
  - {id: deals-only, name: Deals Only, currency: GBP, source: {path: deals, owned: true, csv: {dates: iso}}}
  - {id: no-deals, name: No Deals, currency: GBP, source: {path: accounts, owned: true, csv: {dates: iso}}}
  - {id: one-deal, name: One Deal, currency: GBP, source: {path: one, owned: true, csv: {dates: iso}}}
"""
BLOCKS = {
    *("kpis", "pipeline_by_stage", "owners", "monthly_forecast", "won_deals", "at_risk_deals", "upcoming"),
    *("win_drivers", "deals", "accounts", "scenario", "calibration"),
}


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    """A folder with four organisations: all tables, deals alone, no deals, a single deal."""
    folder = tmp_path_factory.mktemp("works")
    deals, history = frames()
    deals.loc[0, "company"] = "<script>alert(1)</script>"
    accounts = pd.DataFrame(
        {
            "customer_id": ["a", "b", "b"],
            "snapshot_at": ["2026-03-31", "2026-02-28", "2026-03-31"],
            "plan": "Team",
            "acv": 1200,
            "logins_30d": [10, 50, 50],
            "logins_previous_30d": [100, 50, 50],
            "days_overdue": [60, 0, 0],
        }
    )
    for name, tables in {
        "whole": {"deals": deals, "deal_history": history, "accounts": accounts},
        "deals": {"deals": deals},
        "accounts": {"accounts": accounts},
        "one": {"deals": deals.tail(1)},
    }.items():
        (folder / name).mkdir()
        for table, frame in tables.items():
            frame.to_csv(folder / name / f"{table}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(works, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"organisation": "tool-works", "timeframe": "2026-Q1", "charts": False}
    usual["started"] = "2026-07-01T06:00:00+00:00"
    return runs_of("pipeline", works / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


@pytest.fixture(scope="module")
def usual(run):
    """What the notebook makes without other parameters, with its pictures."""
    return run(charts=True)


def sections(pieces):
    return {piece.block: piece for piece in pieces if isinstance(piece, Section)}


def test_everything_is_there(usual):
    data, pieces = usual.data, usual.pieces
    assert data.keys() == BLOCKS
    assert all(data[name] for name in BLOCKS)
    shown = sections(pieces)
    assert {block.partition("-")[0] for block in shown} | {"kpis"} == BLOCKS
    assert all(len(piece.statement.heading) <= 80 for piece in shown.values())
    assert all(len(piece.statement.read.split()) <= 40 for piece in shown.values())
    summary = next(piece for piece in pieces if isinstance(piece, Summary))
    assert sum(len(plain(runs).split()) for runs in summary.sentences) <= 60
    assert "association" in shown["win_drivers"].statement.lead
    assert data["calibration"]["method"] == "classifier"
    assert {row["method"] for row in data["calibration"]["scores"]} >= {"classifier", "points"}


def test_blocks_agree_with_each_other(usual):
    data = usual.data
    kpis = data["kpis"]
    assert (
        kpis["deal_count"]
        == len(data["deals"])
        == sum(row["deal_count"] for row in data["pipeline_by_stage"])
    )
    assert kpis["at_risk_deals"] == len(data["at_risk_deals"])
    assert kpis["total_pipeline"] == pytest.approx(sum(row["deal_value"] for row in data["deals"]))
    soon = [row for row in data["upcoming"] if not row["overdue"]]
    assert kpis["weighted_forecast_90d"] == pytest.approx(sum(row["weighted_value"] for row in soon))
    scenario = data["scenario"]
    assert scenario["baseline"]["pipeline"] == kpis["total_pipeline"]
    names = [
        "deal_id",
        "name",
        "company",
        "deal_value",
        "health_score",
        "health_category",
        "risk_factors",
        "owner",
    ]
    assert list(data["at_risk_deals"][0])[:8] == names
    parts = ("base", "engagement", "qualification", "velocity", "competition")
    for row in data["deals"]:
        assert row["points_total"] == pytest.approx(sum(row[f"{part}_points"] for part in parts))


def test_the_parameters_act_where_they_should_and_nowhere_else(run, usual):
    before = usual.data
    changes = {"pipeline_change": 0.0, "win_rate_change": 1000.0, "deal_size_change": -50.0}
    ran = run(min_deal_value=20_000.0, **changes)
    data, pieces = ran.data, ran.pieces
    assert 0 < len(data["at_risk_deals"]) < len(before["at_risk_deals"])
    assert all(row["deal_value"] >= 20_000 for row in data["at_risk_deals"])
    assert data["kpis"]["at_risk_deals"] == len(data["at_risk_deals"])
    assert "£20.0k" in sections(pieces)["at_risk_deals"].statement.read
    assert data["scenario"]["projected"]["win_rate_capped"]
    assert data["scenario"]["projected"]["win_rate"] == 1
    assert "held at 100%" in sections(pieces)["scenario"].statement.lead
    others = BLOCKS - {"scenario", "at_risk_deals", "kpis"}
    assert {name: data[name] for name in others} == {name: before[name] for name in others}


def test_without_a_history_the_past_is_what_dates_prove_and_it_is_said(run):
    ran = run(organisation="deals-only")
    assert ran.data["accounts"] is None
    assert "what dates prove" in str(ran.pieces)
    assert {row["stage"] for row in ran.data["pipeline_by_stage"]} >= {"unknown"}
    assert not [block for block in ran.sections if block.startswith("accounts")]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"timeframe": "2020-01"}, "no data before"),
        ({"organisation": "no-deals"}, "has no such table"),
    ],
)
def test_with_nothing_to_show_it_says_why(run, parameters, said):
    ran = run(**parameters)
    assert said in str(ran.pieces[1])
    shown = {name for name, block in ran.data.items() if block}
    assert shown <= {"accounts"}


@pytest.mark.parametrize("timeframe", ["2026-06", "2027"])
def test_one_deal_is_a_normal_answer(run, timeframe):
    ran = run(organisation="one-deal", timeframe=timeframe)
    assert ran.data.keys() == BLOCKS
    for piece in ran.pieces:
        if isinstance(piece, Section):
            assert len(piece.statement.heading) <= 80
            assert "nan" not in str(piece.statement).lower()
