"""The lifecycle notebook from its cells to its JSON, for companies with everything and next to nothing."""

import pandas as pd
import pytest

from analytics.data.demo import write_demo
from analytics.page.pieces import Cards, Notice, Section, Summary, plain
from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: demo-saas, name: Tools, currency: USD, locale: en_US, source: {path: demo-saas, owned: true}}
  - {id: demo-retail, name: Shop, currency: GBP, source: {path: demo-retail, owned: true}}
  - {id: leads-only, name: Leads, currency: GBP, source: {path: leads, owned: true, csv: {dates: iso}}}
"""
BLOCKS = {
    *("funnel", "conversion_rates", "paths", "financial", "success", "channels", "customers", "journey"),
}
MEMO = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("lifecycle")
    write_demo(where / "demo", customers=90)
    root = where / "demo"
    (root / "leads").mkdir()
    row = {"lead_id": ["1"], "created_at": ["2026-03-01"], "company": [MEMO], "converted_at": ["2026-03-09"]}
    pd.DataFrame(row).to_csv(root / "leads" / "leads.csv", index=False)
    (root / "params.yml").write_text(PARAMS)
    return root


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    usual = {"started": "2026-11-21T06:00:00+00:00", "charts": False, "organisation": "demo-saas"}
    return runs_of("lifecycle", folder / "params.yml", tmp_path_factory.mktemp("out"), **usual)


@pytest.fixture(scope="module")
def usual(run):
    return run(timeframe="last-12-months", charts=True)


def sections(ran):
    return {piece.block: piece for piece in ran.pieces if isinstance(piece, Section)}


def test_every_block_is_there_and_on_the_page(usual):
    assert usual.data.keys() == BLOCKS
    assert all(usual.data[name] for name in BLOCKS)
    shown = sections(usual)
    assert {block.partition("-")[0] for block in shown} == BLOCKS
    assert {"funnel-source", "funnel-region", "funnel-reconciliation"} <= shown.keys()
    for name in ("funnel", "journey", "channels"):
        assert shown[name].chart, name
    for piece in shown.values():
        assert len(piece.statement.heading) <= 80
        assert len(piece.statement.read.split()) <= 40
        assert "nan" not in str(piece.statement).lower().replace("financial", "")
    (summary,) = (piece for piece in usual.pieces if isinstance(piece, Summary))
    assert sum(len(plain(runs).split()) for runs in summary.sentences) <= 60
    (cards,) = (piece for piece in usual.pieces if isinstance(piece, Cards))
    assert [card.name for card in cards.headlines] == ["leads", "mature_conversion_rate", "cac", "ltv"]


def test_the_funnel_reconciles_with_the_leads_table(usual, folder):
    leads = pd.read_parquet(folder / "demo-saas" / "leads.parquet")
    start, end = usual.meta["timeframe"]["start"], usual.meta["reference_date"]
    inside = leads[(leads["created_at"] >= start) & (leads["created_at"] < end)]
    funnel = usual.data["funnel"]
    assert funnel["leads"] == len(inside) > 50
    assert funnel["customers"] == (inside["converted_at"] < end).sum() > 5
    stages = {row["stage"]: row for row in funnel["stages"]}
    events = pd.read_parquet(folder / "demo-saas" / "stage_events.parquet")
    seen = events[events["subject_id"].isin(inside["lead_id"]) & (events["entered_at"] < end)]
    entered = seen.groupby("stage")["subject_id"].nunique()
    assert {name: stages[name]["entered"] for name in entered.index} == entered.to_dict()
    assert "every lead of the leads table" in sections(usual)["funnel-reconciliation"].statement.heading


def test_what_another_report_reads_is_there(usual):
    funnel, money = usual.data["funnel"], usual.data["financial"]
    for block, names in (
        (funnel, ("leads", "customers", "lead_to_customer_rate", "mature_conversion_rate", "new_customers")),
        (money, ("cac", "ltv", "ltv_cac", "payback_months", "new_customers")),
    ):
        assert block["history"][-1]["end"] == usual.meta["reference_date"]
        for name in names:
            assert block[name] == block["history"][-1][name], name
    assert all(f"mature_conversion_rate{part}" in funnel for part in ("_n", "_low", "_high"))


def test_filters_act_are_announced_and_what_was_searched_for_is_masked(run):
    found = run(timeframe="last-12-months", stage="Churned", search="Account", customer_id="Account")
    rows = found.data["customers"]
    assert rows
    assert {row["stage"] for row in rows} == {"Churned"}
    assert sum(row["standing"] for row in found.data["funnel"]["stages"][:-1]) == 0
    assert found.data["financial"]["cac"] is None
    assert found.data["journey"]["stage"] == "Churned"
    (notice,) = (piece for piece in found.pieces if isinstance(piece, Notice))
    assert f"Only {len(rows)} of " in notice.title
    assert found.meta["parameters"]["search"] == "••••"


def test_a_shop_without_leads_has_no_funnel_and_says_so(run):
    found = run(organisation="demo-retail", timeframe="last-12-months")
    assert {name for name in BLOCKS if found.data[name] is None} == {
        *("funnel", "conversion_rates", "paths", "success"),
    }
    assert found.data["financial"]["cac"] > 0
    assert found.data["financial"]["ltv"] > 0
    assert found.data["journey"]["events"]
    assert "no funnel" in str(found.pieces)
    assert "paths" not in found.sections


@pytest.mark.parametrize("timeframe", ["2026-03", "2027"])
def test_one_lead_is_a_normal_answer_and_its_text_stays_text(run, timeframe):
    found = run(organisation="leads-only", timeframe=timeframe, as_of="2026-04-01")
    assert found.data.keys() == BLOCKS
    if timeframe == "2026-03":
        assert found.data["funnel"]["leads"] == found.data["funnel"]["customers"] == 1
        assert found.data["customers"][0]["name"] == MEMO
        assert found.data["financial"]["ltv"] is None
        assert found.data["customers"][0]["engagement_score"] is None
    assert "nan" not in "".join(str(piece.statement) for piece in sections(found).values()).lower().replace(
        "financial", ""
    )
