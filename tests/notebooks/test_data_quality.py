"""What the data-quality notebook shows and publishes, also of data that every other report refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest

from analytics.page.pieces import Cards, Notice, Section, Summary, Table, plain
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: clean, source: {path: clean, owned: true, csv: {dates: iso}}}
  - {id: twice, source: {path: twice, owned: true, csv: {dates: iso}}}
  - {id: people, source: {path: people, owned: true, csv: {dates: iso}}}
  - {id: late, as_of: 2026-10-01, source: {path: clean, owned: true, csv: {dates: iso}}}
"""
BLOCKS = {"tables", "rules", "examples", "left_out", "readiness"}
SECTIONS = ["tables", "rules", "rules-observed", "examples", "tables-gaps", "left_out", "readiness"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four organisations: a clean shop, one with a key that is used twice, one without dates, a late one."""
    folder = tmp_path_factory.mktemp("quality")
    days = pd.date_range("2026-01-01", periods=120).strftime("%Y-%m-%d")
    sales = pd.DataFrame(
        {
            "sale_id": [f"s{n:03}" for n in range(120)],
            "customer_id": "c",
            "sold_at": days,
            "total_amount": 9.5,
        }
    )
    sales.loc[5, "sold_at"] = "1926-01-06"
    people = pd.DataFrame(
        {"customer_id": ["c", "<i>d</i>"], "email": ["ada@example.com", ""], "credit_limit": [1, -1]}
    )
    twice = pd.concat([sales, sales.head(7).assign(total_amount=1)])
    for name, tables in {
        "clean": {"sales": sales},
        "twice": {"sales": twice, "customers": people},
        "people": {"customers": people},
    }.items():
        (folder / name).mkdir()
        for table, frame in tables.items():
            frame.to_csv(folder / name / f"{table}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """Run the notebook for an organisation; give what it made."""
    usual = {"started": "2026-11-01T06:00:00+00:00", "charts": False, "timeframe": "2026-Q1"}
    return runs_of("data_quality", folder / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


def texts(ran):
    """All that the page says, as one text."""
    return repr(ran.pieces)


def summary(ran):
    (piece,) = (piece for piece in ran.pieces if isinstance(piece, Summary))
    return [plain(one) for one in piece.sentences]


def test_every_block_and_section_is_there(run):
    ran = run(organisation="clean", charts=True)
    assert ran.data.keys() == BLOCKS
    assert None not in ran.data.values()
    shown = [section for section in ran.sections if section != "rules-mending"]
    assert shown == SECTIONS
    assert (
        summary(ran)[0]
        == "The figures can be acted on: 99.2% of 120 rows pass every rule, and no table is late."
    )
    assert summary(ran)[1] == "Mend first: sales: sold on an impossible day (1 row), set aside."


def test_cards_are_those_of_the_blocks(run):
    ran = run(organisation="clean", charts=True)
    (cards,) = (piece for piece in ran.pieces if isinstance(piece, Cards))
    assert [one.name for one in cards.headlines] == [
        "passing_percent", "findings", "rows_in_timeframe", "freshness_days",
    ]  # fmt: skip
    (table,) = ran.data["tables"]["tables"]
    assert cards.headlines[2].value == str(int(table["rows_in_timeframe"])) == "89"
    assert cards.headlines[3].value == "1 day"


def test_the_timeframe_moves_what_is_dated_and_not_the_rules(run):
    first, second = run(organisation="clean"), run(organisation="clean", timeframe="2026-01")
    rules = ["table", "rule", "rows_failing"]
    broken = [
        pd.DataFrame(ran.data["rules"]).query("origin == 'contract'")[rules].fillna(-1)
        for ran in (first, second)
    ]
    pd.testing.assert_frame_equal(*broken)
    assert [ran.data["tables"]["columns"][0]["rows"] for ran in (first, second)] == [90, 31]


def test_refused_sales_are_what_the_page_is_about(run):
    ran = run(organisation="twice")
    (notice,) = (piece for piece in ran.pieces if isinstance(piece, Notice))
    assert notice.title == "The table sales is refused"
    assert "sale_id names one row; 6 keys are used by several rows" in notice.text  # s005 is set aside
    assert "(s000, s001, s002, s003, s004, …)" in notice.text
    assert summary(ran)[0].startswith("Do not act on the figures yet: sales is refused")
    stopped = {row["report"] for row in ran.data["left_out"] if row["effect"] == "stopped"}
    assert {"segmentation", "clv", "lead_scoring"} <= stopped
    assert "data_quality" not in stopped
    states = {row["notebook"]: row["state"] for row in ran.data["readiness"]}
    assert (states["clv"], states["data_quality"]) == ("refused", "ready")


def test_only_ids_of_rows_are_shown(run):
    ran = run(organisation="twice")
    everything = ran.text + texts(ran)
    assert "ada@example.com" not in everything
    assert "9.5" not in everything
    assert any(row["id"] == "<i>d</i>" for row in ran.data["examples"])  # an id, escaped where it is drawn


def test_without_a_table_that_has_a_day_the_page_is_there(run):
    ran = run(organisation="people")
    (table,) = ran.data["tables"]["tables"]
    assert (table["newest_day"], table["late"], table["rows"]) == (None, False, 2)
    assert ran.data["tables"]["trust"] == "partly"  # one of two rows is set aside
    assert "no table has a day" in texts(ran)


@pytest.mark.parametrize(("late_days", "late"), [(None, True), (200, False)])
def test_a_feed_that_has_stopped_is_late_against_a_day(run, late_days, late):
    ran = run(organisation="late", as_of="2026-10-01", timeframe="last-quarter", late_days=late_days)
    (table,) = ran.data["tables"]["tables"]
    assert (table["freshness_days"], table["late"]) == (154, late)
    said = "Act on the figures with care: sales is late." in summary(ran)
    assert said == late


def test_wider_outliers_reach_the_figures(run):
    ran = run(organisation="clean", outlier_widths=9.0)
    assert ran.meta["parameters"]["outlier_widths"] == 9.0
    assert "(Q3 / Q1)^9" in texts(ran)


def test_words_stay_within_their_limits(run):
    for organisation in ("clean", "twice", "people", "late"):
        ran = run(organisation=organisation)
        assert len(" ".join(summary(ran)).split()) <= 60
        for section in (piece for piece in ran.pieces if isinstance(piece, Section)):
            assert len(section.statement.heading) <= 80
            assert len(section.statement.read.split()) <= 40
            assert not isinstance(section.full, Table) or section.full.rows


def test_every_report_reads_the_same_names(folder):
    """The notebook opens every table of the contract, and says that it opens refused ones."""
    from analytics.data.contract import CONTRACT
    from analytics.params.notebooks import read_card

    card = read_card("data_quality", Path(__file__).parents[2] / "notebooks")
    assert set(card.optional) == set(CONTRACT)
    assert card.opens_refused
    assert json.loads(card.path.read_text())["metadata"]["workbook"]["tables"] == []
