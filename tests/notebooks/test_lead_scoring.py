"""What the lead scoring notebook makes of leads, from its cells to its JSON."""

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - id: desk
    name: Desk
    currency: EUR
    market: vietnam
    source:
      path: .
      owned: true
      csv: {delimiter: comma, dates: iso, nulls: [Select]}
      tables: {leads: {features: {Tags: Tags, city: City}}}
  - id: plain
    name: Plain
    currency: EUR
    source: {path: ., owned: true, csv: {delimiter: comma, dates: iso}}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with 500 leads in a CSV file, one of its columns filled in after contact, and its params."""
    folder = tmp_path_factory.mktemp("desk")
    random, n = np.random.default_rng(4), 500
    seconds = np.sort(random.integers(0, 700 * 86_400, n))
    created = pd.Timestamp("2024-12-01") + pd.to_timedelta(seconds, unit="s")
    source = random.choice(["Referral", "Web"], n)
    won = random.random(n) < 0.15 + 0.4 * (source == "Referral")
    tags = np.where(won, "Will revert", random.choice(["Ringing", "Not interested"], n))
    leads = {
        "lead_id": [f"L{i}" for i in range(n)],
        "created_at": created.strftime("%Y-%m-%d %H:%M:%S"),
        "converted_at": pd.Series((created + pd.Timedelta(days=20)).strftime("%Y-%m-%d")).where(won),
        "company": "Example & <b>Sons</b>",
        "email": "ada@example.org",
        "mobile": "+44 7700 900123",
        "source": source,
        "region": random.choice(["DACH", "APAC", "Hanoi"], n),
        "owner": "Sales team 1",
        "points": random.integers(80, 130, n),
        "book_consultant": random.random(n) < 0.1,
        "Tags": tags,
        "City": random.choice(["Select", "Hue", "Hanoi"], n),
    }
    pd.DataFrame(leads).to_csv(folder / "leads.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(desk, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"organisation": "desk", "timeframe": "2026-Q3", "charts": False}
    usual["started"] = "2026-11-21T06:00:00+00:00"
    return runs_of("lead_scoring", desk / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


def notices(ran):
    return [piece.title for piece in ran.pieces if type(piece).__name__ == "Notice"]


def test_everything_is_there_a_leak_is_warned_of_and_no_contact_details_are_anywhere(run):
    ran = run(charts=True)
    data = ran.data
    assert data.keys() == {"status", "scores", "bands", "leads"}
    assert ran.sections == [
        "bands", "leads", "leads-stages", "scores", "scores-gains", "scores-calibration", "status-features"
    ]  # fmt: skip
    assert notices(ran)[0] == "Suspected leak: Tags"
    assert "city" in data["status"]["features"]
    assert "Tags" not in data["status"]["features"]
    assert data["status"]["test"] == "later"
    assert len(data["leads"]) == data["status"]["open_leads"]
    assert sum(row["sql_leads"] for row in data["status"]["assignments"]) == data["status"]["sql_leads"]
    for text in (str(ran.pieces), ran.text):
        assert "900123" not in text
        assert "ada@" not in text


def test_what_is_suspected_can_be_kept_and_the_page_says_so(run):
    ran = run(keep_suspects=True, conversion_days=30)
    data = ran.data
    assert "Tags" in data["status"]["features"]
    assert notices(ran)[0] == "Suspected leak: Tags"
    assert data["scores"]["models"][0]["roc_auc"] > 0.95
    assert all(row["in_time"] == (row["age_days"] < 30) for row in data["leads"])
    assert data["status"]["conversion_days"] == 30


def test_without_a_market_there_are_no_point_rules_and_no_columns_beyond_the_contract(run):
    ran = run(organisation="plain", more_features=["region"])
    data = ran.data
    assert "leads-stages" not in ran.sections
    assert {row["stage"] for row in data["leads"]} == {None}
    assert data["status"]["features"][-1] == "region"
    assert not {"Tags", "city"} & set(data["status"]["features"])


def test_too_few_outcomes_leave_the_point_rules_alone_and_the_page_whole(run):
    ran = run(timeframe="2024-12")
    data = ran.data
    assert not data["status"]["model"]
    assert "Too few outcomes for a score" in notices(ran)
    assert {row["stage"] for row in data["leads"]} <= {"MQL", "SQL"}
    assert ran.sections[:2] == ["bands", "leads"]


def test_a_timeframe_before_the_data_has_nothing_to_show(run):
    ran = run(timeframe="2020-01")
    assert ran.sections == []
    assert not any(ran.data.values())
