"""The board's page, from the files of other reports to its own."""

import json

import pandas as pd
import pytest

from analytics.models.board import FIGURES
from analytics.page.pieces import Cards, Masthead, Notice, Publication, Section, Summary, plain
from tests.board_reports import QUARTER, failure, whole_set, write
from tests.deal_data import frames
from tests.notebooks.running import run_notebook

PARAMS = """
organisations:
  - {id: acme, name: Acme, currency: GBP, source: {path: acme, owned: true, csv: {dates: iso}}}
  - {id: bolt, name: Bolt, currency: GBP, source: {path: acme, owned: true, csv: {dates: iso}}}
"""
DAYS = pd.date_range("2025-01-01", "2026-10-31", freq="7D")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an organisation that has all reports, and one that has none."""
    folder = tmp_path_factory.mktemp("board")
    (folder / "acme").mkdir()
    sales = pd.DataFrame(
        {"sale_id": range(len(DAYS)), "customer_id": "a", "sold_at": DAYS, "total_amount": 5}
    )
    sales.to_csv(folder / "acme" / "sales.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    write(folder / "reports", "acme", "2026-Q3", **whole_set())
    return folder


@pytest.fixture(scope="module")
def run(place):
    def call(started="2026-11-20T06:00:00+00:00", charts=False, **parameters):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBOOK_REPORTS", str(place / "reports"))
            given = {"organisation": "acme", "timeframe": "2026-Q3"} | parameters
            return run_notebook(
                "executive", place / "params.yml", place / "out", started=started, charts=charts, **given
            )

    return call


@pytest.fixture(scope="module")
def usual(run):
    return run(charts=True)


def of(ran, kind):
    return [piece for piece in ran.pieces if isinstance(piece, kind)]


def test_every_block_is_there_and_every_section_of_a_block(usual):
    assert set(usual.data) == {"kpis", "funnel", "alerts"}
    assert set(usual.sections) == set(usual.data)
    assert [row["figure"] for row in usual.data["kpis"]] == list(FIGURES)
    shown = {piece.block: piece for piece in of(usual, Section)}
    assert all(len(piece.statement.heading) <= 80 for piece in shown.values())
    assert all(len(piece.statement.read.split()) <= 40 for piece in shown.values())
    assert shown["kpis"].chart
    assert shown["funnel"].chart
    assert of(usual, Notice) == []
    (summary,) = of(usual, Summary)
    assert sum(len(plain(runs).split()) for runs in summary.sentences) <= 60


def test_its_json_has_each_figure_of_its_source_to_the_last_digit(usual, place):
    for row in usual.data["kpis"]:
        body = json.loads((place / "reports/acme/2026-Q3" / f"{row['report']}.json").read_text())
        (source,) = [one for one in body["meta"]["headlines"] if one["name"] == row["name"]]
        assert row["value"] == source["number"]
        changes = [*source["changes"], {}, {}]
        assert (row["change"], row["usual_change"]) == (changes[0].get("amount"), changes[0].get("usual"))
        assert row["link"] == f"{row['report']}.html"


def test_its_funnel_and_its_alerts_are_published_with_rule_and_link(usual):
    source = whole_set()["lifecycle"]["data"]
    assert usual.data["funnel"] == {
        "stages": source["funnel"]["stages"],
        "conversion_rates": source["conversion_rates"],
    }
    kinds = [row["kind"] for row in usual.data["alerts"]]
    assert kinds == ["failed_report", "high_risk_customers", "at_risk_deals", *["unusual_figure"] * 3]
    assert all(row["rule"] and row["link"] for row in usual.data["alerts"])


def test_the_index_quotes_revenue(usual):
    (published,) = of(usual, Publication)
    assert (published.headlines[0].label, published.headlines[0].value) == ("Revenue", "£100,000")
    assert published.state == "ready"
    (masthead,) = of(usual, Masthead)
    assert "the figures of 9 reports" in dict(masthead.facts)["Made from"]


def test_the_limits_act_on_the_alerts_and_on_nothing_else(run, usual):
    ran = run(customer_value_over=4000.0, deal_value_over=24_999.0)
    assert (ran.data["kpis"], ran.data["funnel"]) == (usual.data["kpis"], usual.data["funnel"])
    rows = {row["kind"]: row for row in ran.data["alerts"]}
    assert "high_risk_customers" not in rows
    assert (rows["at_risk_deals"]["count"], rows["at_risk_deals"]["limit"]) == (1, 24_999.0)


@pytest.mark.parametrize("late_days", [3, 30])
def test_data_that_end_too_early_are_an_alert(run, late_days):
    ran = run(started="2027-01-20T06:00:00+00:00", timeframe="2026", late_days=late_days)
    rows = [row for row in ran.data["alerts"] if row["kind"] == "late_data"]
    assert [(row["day"], row["expected_day"], row["limit"]) for row in rows] == [
        ("2026-10-28", "2026-12-31", float(late_days))
    ]
    (published,) = of(ran, Publication)
    assert published.coming_day is None  # a year of the past: nothing will change


def test_a_page_on_a_relative_timeframe_is_looked_at_again_when_it_would_be_late(run):
    (published,) = of(run(timeframe="last-quarter"), Publication)
    assert f"{published.coming_day}" == "2027-01-03"  # with the days that a run looks ahead: on 1 January


def test_another_organisations_reports_are_never_read(run):
    ran = run(organisation="bolt")
    assert [row["value"] for row in ran.data["kpis"]] == [None] * len(FIGURES)
    assert ran.data["alerts"] == []
    assert ran.data["funnel"] is None
    (notice,) = of(ran, Notice)
    assert notice.title == "No report of this timeframe is there yet"
    assert "workbook run params --organisation bolt --timeframe 2026-Q3" in notice.text
    assert of(ran, Cards)[0].headlines == ()
    assert all(piece.missing or piece.table for piece in of(ran, Section))


def test_a_report_of_another_quarter_under_the_same_name_is_not_quoted(run, place):
    write(
        place / "reports",
        "bolt",
        "last-quarter",
        pipeline=whole_set()["pipeline"],
        roi=failure("bolt", "last-quarter"),
    )
    ran = run(organisation="bolt", timeframe="last-quarter")
    assert [row["value"] for row in ran.data["kpis"]] == [None] * len(FIGURES)
    assert [row["kind"] for row in ran.data["alerts"]] == ["failed_report"]
    assert "not of this timeframe" in " ".join(piece.title for piece in of(ran, Notice))


def test_before_the_first_day_of_the_data_there_is_nothing_to_show(run):
    ran = run(timeframe="2024-06")
    assert ran.data == {"kpis": None, "funnel": None, "alerts": None}
    assert of(ran, Publication)[0].state == "no data"


SHOWN_AS = {
    ("purchase_patterns", "total_revenue"): ("summary", "total_revenue"),
    ("purchase_patterns", "total_profit"): ("summary", "total_profit"),
    ("segmentation", "active_customers"): ("summary", "active_customers"),
    ("retention", "retention_rate"): ("summary", "retention_rate"),
    ("retention", "ending_customers"): ("summary", "ending_customers"),
    ("pipeline", "total_pipeline"): ("kpis", "total_pipeline"),
}


def test_what_reports_publish_for_it_is_what_stands_in_their_blocks(tmp_path):
    """From the data to the board, by the real notebooks that are quickly run."""
    deals, history = frames()
    (tmp_path / "whole").mkdir()
    days = pd.date_range("2024-01-01", "2026-03-31", freq="D")
    sales = pd.DataFrame({"sale_id": range(len(days)), "sold_at": days})
    sales["customer_id"] = [f"c{n * n % 61}" for n in range(len(days))]
    sales = sales.assign(total_amount=10.25, total_profit=2.5)
    for table, rows in {"deals": deals, "deal_history": history, "sales": sales}.items():
        rows.to_csv(tmp_path / "whole" / f"{table}.csv", index=False)
    source = "{path: whole, owned: true, csv: {dates: iso}}"
    (tmp_path / "params.yml").write_text(f"organisations: [{{id: acme, currency: GBP, source: {source}}}]")
    place = tmp_path / "reports/acme/2026-Q1"
    known = {"started": "2026-07-01T06:00:00+00:00", "charts": False}
    asked = {"organisation": "acme", "timeframe": "2026-Q1"}
    ran = {
        name: run_notebook(name, tmp_path / "params.yml", place, **known, **asked)
        for name in dict.fromkeys(report for report, _ in SHOWN_AS)
    }
    for (report, name), (block, field) in SHOWN_AS.items():
        (headline,) = [one for one in ran[report].meta["headlines"] if one["name"] == name]
        assert headline["number"] == ran[report].data[block][field], name
        assert headline["changes"], name
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_REPORTS", str(tmp_path / "reports"))
        board = run_notebook("executive", tmp_path / "params.yml", place, **known, **asked)
    quoted = {row["figure"]: row for row in board.data["kpis"] if row["value"] is not None}
    assert set(quoted) == {"revenue", "profit", "active_customers", "retention", "pipeline"}
    for row in quoted.values():
        block, field = SHOWN_AS[row["report"], row["name"]]
        assert row["value"] == ran[row["report"]].data[block][field]


def test_in_a_notebook_of_ones_own_no_folder_is_needed(place, monkeypatch):
    """JupyterLab starts it from its defaults, with no report made yet."""
    from analytics.report import open_report

    monkeypatch.setenv("WORKBOOK_PARAMS", str(place / "params.yml"))
    monkeypatch.setenv("WORKBOOK_STARTED", "2026-11-20T06:00:00+00:00")
    monkeypatch.setenv("WORKBOOK_REPORTS", str(place / "nowhere"))
    report = open_report("executive", "acme", QUARTER.label)
    assert {one.state for one in report.published.values()} == {"missing"}
    assert {one.page for one in report.published.values()} == {""}
    report.dataset.close()
    monkeypatch.setenv("WORKBOOK_REPORTS", str(place / "reports"))
    report = open_report("executive", "acme", QUARTER.label)
    assert report.published["clv"].state == "found"
    assert report.published["clv"].page == ""  # a page beside a notebook in JupyterLab there is none
    report.dataset.close()
