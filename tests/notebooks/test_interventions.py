"""The queue of interventions from the notebook's cells to its JSON: whole data, parts of it, and none."""

import pandas as pd
import pytest
from openpyxl import load_workbook

from analytics.errors import ParamsError
from analytics.page import render
from analytics.page.pieces import Notice, Section, Summary, plain
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: whole, currency: GBP, source: {path: whole, owned: true, csv: {dates: iso}}}
  - {id: saigon, currency: VND, market: vietnam, source: {path: whole, owned: true, csv: {dates: iso}}}
  - {id: unscored, currency: GBP, source: {path: unscored, owned: true, csv: {dates: iso}}}
  - {id: neither, currency: GBP, source: {path: neither, owned: true, csv: {dates: iso}}}
  - {id: one, currency: GBP, source: {path: one, owned: true, csv: {dates: iso}}}
"""
SECTIONS = ["queue-today", "kpis-days", "kpis-owners", "queue", "kpis-causes"]
DAY = "2026-08-31"


def accounts(n=40):
    """Accounts of three owners: those with the lower number are in the worse state."""
    ids = [f"a{i:02}" for i in range(n)]
    frame = pd.DataFrame({"customer_id": ids, "snapshot_at": "2026-08-30", "plan": "Team"})
    return frame.assign(
        owner=[["Ada", "Ben", ""][i % 3] for i in range(n)], acv=[1000 + 100 * i for i in range(n)],
        renews_at=["2026-09-10" if i % 5 == 0 else "2027-05-01" for i in range(n)],
        nps=[-60 + 4 * i for i in range(n)], days_overdue=[45 if i % 4 == 0 else 0 for i in range(n)],
        logins_30d=[20 + 3 * i for i in range(n)], logins_previous_30d=100,
        support_tickets_90d=[5 if i < 6 else 0 for i in range(n)], critical_tickets_90d=0,
    )  # fmt: skip


def sales():
    """Purchases of ten customers, one of whom has a contract as well."""
    rows = [
        (f"s{i}{month}", "a03" if i == 0 else f"s{i}", f"2026-0{month}-1{i}", 50 + i, 20 + i)
        for i in range(10)
        for month in range(1, 8)
    ]
    return pd.DataFrame(rows, columns=["sale_id", "customer_id", "sold_at", "total_amount", "total_profit"])


def predictions():
    ids = [*(f"a{i:02}" for i in range(40)), *(f"s{i}" for i in range(1, 10))]
    frame = pd.DataFrame({"customer_id": ids, "batch_id": "b1", "predicted_at": DAY, "monetary_score": 50})
    return frame.assign(
        churn_probability=[round(0.95 - 0.019 * i, 3) for i in range(len(ids))],
        risk_level="High",
        risk_factors="no purchase for 1,200 days",
        recommendations="Write by name.",
    )


PEOPLE = pd.DataFrame(
    {
        "customer_id": [*(f"a{i:02}" for i in range(40)), *(f"s{i}" for i in range(1, 10))],
        "name": "Shop <b>bold</b>", "mobile": "+44 7700 900123", "email": "ada@example.com",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    """A folder with organisations: everything, no predictions, no accounts either, one customer."""
    folder = tmp_path_factory.mktemp("works")
    for name, tables in {
        "whole": {
            "accounts": accounts(),
            "sales": sales(),
            "predictions": predictions(),
            "customers": PEOPLE,
        },
        "unscored": {"accounts": accounts(), "sales": sales()},
        "neither": {"sales": sales()},
        "one": {"sales": sales().tail(7), "predictions": predictions().tail(1).assign(churn_probability=0.9)},
    }.items():
        (folder / name).mkdir()
        for table, frame in tables.items():
            frame.to_csv(folder / name / f"{table}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def usual():
    asked = {"organisation": "whole", "timeframe": "2026-08", "as_of": "2026-09-01", "charts": False}
    return asked | {"started": "2026-11-01T06:00:00+00:00"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where each run has a folder of its own."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(works, usual, folder):
    """Run the notebook with other parameters; give what it made."""
    return runs_of("interventions", works / "params.yml", folder, **usual)


def page_of(ran):
    return "".join(render.fragment(piece) for piece in ran.pieces)


def test_the_whole_page_is_there_and_hides_contacts_and_escapes_names(run):
    ran = run(charts=True)
    assert ran.sections == SECTIONS
    assert ran.data.keys() == {"queue", "kpis"}
    page = page_of(ran)
    assert page.count("<svg") >= 6
    assert "<b>bold" not in page
    assert "Shop &lt;b&gt;bold" in page
    for contact in ("900123", "ada@example.com"):
        assert contact not in page
        assert contact not in ran.text


def test_queue_cards_and_summary_tell_the_same(run):
    ran = run()
    queue, kpis = pd.DataFrame(ran.data["queue"]), ran.data["kpis"]
    assert len(queue) == kpis["to_call"] == sum(row["to_call"] for row in kpis["owners"])
    assert kpis["value_at_risk"] == pytest.approx(queue["value_at_risk"].sum())
    assert kpis["accounts_to_call"] == queue["kind"].eq("account").sum()
    assert queue["customer_id"].is_unique
    assert queue["value_at_risk"].is_monotonic_decreasing
    assert (queue["value_at_risk"] - queue["churn_probability"] * queue["worth_if_stays"]).abs().max() < 1e-3
    (summary,) = (piece for piece in ran.pieces if isinstance(piece, Summary))
    assert plain(summary.sentences[0]).startswith(f"{len(queue)} accounts need a call")


def test_figures_equal_those_of_return_and_of_pipeline(run, works, usual, tmp_path_factory):
    folder, params = tmp_path_factory.mktemp("others"), works / "params.yml"
    other = {name: runs_of(name, params, folder / name, **usual)() for name in ("roi", "pipeline")}
    ran = run()
    ours = pd.DataFrame(ran.data["queue"]).set_index("customer_id")
    roi = pd.DataFrame(other["roi"].data["customers"]).set_index("customer_id")
    for name in ("value_at_risk", "worth_if_stays", "churn_probability", "value_source"):
        assert ours[name].tolist() == roi.loc[ours.index, name].tolist()
    assert set(roi.index[roi["high_risk"]]) == set(ours.index[ours["high_risk"]])
    value = other["roi"].data["expected_value"]
    assert ran.data["kpis"]["high_risk_customers"] == value["high_risk_customers"] > 0
    assert ran.data["kpis"]["total_value_at_risk"] == pytest.approx(value["value_at_risk"], abs=1e-3)
    health = pd.DataFrame(other["pipeline"].data["accounts"]).set_index("customer_id")
    assert ours["account_risk"].tolist() == health.loc[ours.index, "churn_risk"].tolist()
    assert ours["account_level"].tolist() == health.loc[ours.index, "risk_level"].tolist()
    assert set(health.index[health["risk_level"] == "high"]) <= set(ours.index)


@pytest.mark.parametrize(
    ("asked", "keep"),
    [
        ({"owner": "ada"}, lambda rows: rows["owner"] == "Ada"),
        ({"due": "today"}, lambda rows: rows["due"] == "today"),
        ({"min_value": 1500.0}, lambda rows: rows["value_at_risk"] >= 1500),
    ],
    ids=["owner", "today", "value"],
)
def test_a_filter_acts_on_every_part_of_the_page(run, asked, keep):
    whole, part = run(), run(**asked)
    rows = pd.DataFrame(whole.data["queue"])
    left = rows[keep(rows)]
    assert 0 < len(left) < len(rows)
    assert [row["customer_id"] for row in part.data["queue"]] == left["customer_id"].tolist()
    kpis = part.data["kpis"]
    assert kpis["value_at_risk"] == pytest.approx(left["value_at_risk"].sum())
    for name in ("owners", "days"):
        assert sum(row["to_call"] for row in kpis[name]) == len(left)
    assert kpis["history"][-1]["to_call"] == len(left)
    assert max(row["to_call"] for row in kpis["causes"]) <= len(left)
    first = next(piece for piece in part.pieces if isinstance(piece, Notice))
    assert first.title == "A part of the queue is shown"
    today = next(
        piece for piece in part.pieces if isinstance(piece, Section) and piece.block == "queue-today"
    )
    named = [] if today.full is None else [row[0] for row in today.full.rows]
    assert len(named) == min(10, int(left["due"].eq("today").sum()))


def test_nobody_of_an_owner_is_said_and_still_a_page(run):
    ran = run(owner="Nobody of that name")
    assert ran.data["queue"] == []
    assert ran.sections == SECTIONS
    assert "Nobody in the queue is what was asked for" in page_of(ran)


def test_customers_alone_are_asked_for_by_kind(run):
    ran = run(kind="customer", high_risk_threshold=0.01)
    assert {row["kind"] for row in ran.data["queue"]} == {"customer"}
    assert "a03" not in {row["customer_id"] for row in ran.data["queue"]}
    assert len(ran.data["queue"]) == 9


def test_the_market_decides_reasons_and_steps_and_nothing_else(run):
    here, there = (pd.DataFrame(run(organisation=name).data["queue"]) for name in ("whole", "saigon"))
    same = ["customer_id", "due_date", "urgency", "value_at_risk"]
    pd.testing.assert_frame_equal(here[same], there[same])
    low = there["nps"] <= 0
    assert low.any()
    assert there.loc[low, "reasons"].str.startswith("latest NPS answer").all()
    assert there.loc[low, "recommendation"].str.startswith("Visit, or call in person").all()
    assert not here.loc[low, "reasons"].str.startswith("latest NPS answer").all()
    assert there.loc[~low, "recommendation"].str.startswith("Let the person whom they know best").all()


class TestWithoutPredictions:
    def test_accounts_are_listed_by_health_and_nothing_is_claimed_to_be_at_risk(self, run):
        ran = run(organisation="unscored")
        rows = pd.DataFrame(ran.data["queue"])
        assert len(rows) > 0
        assert rows["value_at_risk"].isna().all()
        assert ran.data["kpis"]["value_at_risk"] is None
        order = (rows["account_risk"] * rows["worth_if_stays"]).tolist()
        assert order == sorted(order, reverse=True)
        page = page_of(ran)
        assert "There are no predictions dated before 1 September 2026" in page
        assert "nothing is predicted of them" in page

    def test_neither_predictions_nor_accounts_is_a_page_too(self, run):
        ran = run(organisation="neither")
        assert ran.data["queue"] == []
        assert ran.data["kpis"]["to_call"] is None
        assert ran.sections == ["queue-today"]
        assert "neither predictions nor live accounts" in page_of(ran)

    def test_a_timeframe_before_all_data_is_empty_and_said(self, run):
        ran = run(timeframe="2020-01")
        assert ran.data == {"queue": None, "kpis": None}
        assert "Nothing to show" in page_of(ran)


def test_one_customer_makes_a_queue(run):
    ran = run(organisation="one")
    (row,) = ran.data["queue"]
    assert (row["customer_id"], row["kind"], row["due"]) == ("s9", "customer", "today")
    assert row["recommendation"] == "Write by name."
    (summary,) = (piece for piece in ran.pieces if isinstance(piece, Summary))
    assert plain(summary.sentences[0]).startswith("1 customer needs a call: £")


def test_excel_has_all_rows_and_the_figures(run, folder):
    ran = run()
    path, *_ = (path for path in folder.glob("*/interventions.json") if path.read_text() == ran.text)
    book = load_workbook(path.with_suffix(".xlsx"), read_only=True)
    ids = {row[1] for row in book["queue"].iter_rows(values_only=True)}
    assert ids >= {row["customer_id"] for row in ran.data["queue"]}
    assert any("kpis" in name for name in book.sheetnames)


@pytest.mark.parametrize(
    "wrong", [{"due": "tomorrow"}, {"kind": "lead"}, {"min_value": -1.0}, {"high_risk_threshold": 2.0}]
)
def test_parameters_that_cannot_be_are_refused(run, wrong):
    (name,) = wrong
    with pytest.raises(ParamsError, match=name):
        run(**wrong)
