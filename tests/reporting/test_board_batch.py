"""The page for the board through the real batch: after what it quotes, anew when that changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from analytics.cli import main
from analytics.reporting.manifest import read_record
from tests.mail.lint import faults, read
from tests.reporting.tiny import publish, write_notebook, write_params

ROOT = Path(__file__).resolve().parents[2]
PARAMS = """
notebooks: [executive, retention, campaign]
timeframes: [2026-Q3]
parameters: {{retention: {{churn_days: {days}}}}}
organisations:
  - {{id: acme, currency: GBP, source: {{path: data, owned: true, csv: {{dates: iso}}}}}}
"""
EMAIL = """
email:
  {sender: robot@example.org, to: [ann@example.net], failures_to: [ops@example.com], link: "https://x.example/k9"}
"""
BROKEN = "raise ValueError('the source is broken')"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("board")


@pytest.fixture(scope="module")
def runs(root):
    """Three runs: one report fails; it is mended and another's parameter changes; nothing but who gets it.

    The last one sends messages.
    """
    (root / "notebooks").mkdir()
    (root / "data").mkdir()
    for name in ("executive", "retention"):
        (root / "notebooks" / f"{name}.ipynb").write_text((ROOT / "notebooks" / f"{name}.ipynb").read_text())
    days = pd.date_range("2025-01-01", "2026-10-31", freq="D")
    sales = {"sale_id": range(len(days)), "customer_id": [f"c{n * n % 61}" for n in range(len(days))]}
    pd.DataFrame(sales | {"sold_at": days, "total_amount": 5}).to_csv(root / "data/sales.csv", index=False)
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_NOTEBOOKS", str(root / "notebooks"))
        for name in ("WORKBOOK_REPORTS", "WORKBOOK_SMTP_HOST"):
            patch.delenv(name, raising=False)
        patch.setenv("WORKBOOK_SMTP_PASSWORD", "hunter2")
        patch.chdir(root)
        for cell, days_of_silence, email in ((BROKEN, 90, ""), (publish(), 15, ""), (publish(), 15, EMAIL)):
            write_notebook(root / "notebooks", "campaign", cell)
            params = write_params(root, PARAMS.format(days=days_of_silence) + email)
            send = ["--email"] if email else []
            code = main(["run", str(params), "--out", str(root / "out"), "--jobs", "1", *send])
            files = {path.stem: path.read_text() for path in (root / "out/acme/2026-Q3").glob("*.json")}
            bodies = {name: json.loads(text) for name, text in files.items()}
            page = (root / "out/acme/2026-Q3/executive.html").read_text()
            seen.append((code, read_record(root / "out"), bodies, page))
    return seen


def kpi(bodies, figure):
    return next(row for row in bodies["executive"]["data"]["kpis"] if row["figure"] == figure)


def test_it_is_made_last_and_succeeds_though_another_report_fails(runs):
    code, record, bodies, _ = runs[0]
    assert code == 1
    assert [(one.report.notebook, one.state) for one in record.results] == [
        ("campaign", "failed"),
        ("retention", "ready"),
        ("executive", "warning"),
    ]
    assert bodies["executive"]["success"] is True
    assert bodies["campaign"]["success"] is False


def test_the_failed_report_is_an_alert_that_leads_to_its_page(runs):
    _, _, bodies, page = runs[0]
    (alert,) = bodies["executive"]["data"]["alerts"]
    assert (alert["kind"], alert["report"], alert["link"]) == ("failed_report", "campaign", "campaign.html")
    assert alert["subject"].startswith("ValueError")
    assert '<a href="campaign.html">Campaign dashboard</a>' in page


@pytest.mark.parametrize("number", [0, 1])
def test_each_figure_is_that_of_the_report_of_the_same_run_to_the_last_digit(runs, number):
    _, _, bodies, page = runs[number]
    summary = bodies["retention"]["data"]["summary"]
    assert kpi(bodies, "retention")["value"] == summary["retention_rate"]
    assert kpi(bodies, "active_customers")["value"] == summary["ending_customers"]
    assert '<a href="retention.html">Retention</a>' in page


def test_a_source_that_changed_makes_it_again_in_the_same_run(runs):
    (_, _, before, _), (code, record, after, _) = runs[:2]
    assert code == 0
    assert not any(one.reused for one in record.results)
    assert kpi(before, "retention")["value"] != kpi(after, "retention")["value"]
    assert after["executive"]["data"]["alerts"] == []


def test_where_nothing_changed_nothing_is_run(runs):
    code, record, bodies, page = runs[2]
    assert code == 0
    assert all(one.reused for one in record.results)
    assert (bodies, page) == runs[1][2:]


def test_a_run_with_email_writes_the_message_of_its_reports(runs, root):
    (message,) = (root / "outbox").iterdir()
    assert message.name == "acme_2026-Q3.eml"
    assert faults(message.read_bytes()) == []
    text = "\n".join(read(message.read_bytes()).get_body(("plain",)).get_content().splitlines())
    active = kpi(runs[2][2], "active_customers")["value"]
    assert re.search(rf"\nActive customers +{active:.0f}\n", text)
    assert "Read the full report:\nhttps://x.example/k9/acme/2026-Q3/executive.html" in text


def test_who_gets_messages_stands_in_no_report_record_or_ledger(runs, root):
    written = [path for path in (root / "out").rglob("*") if path.is_file()]
    assert any(path.name == "run.json" for path in written)
    for secret in (b"example.org", b"ann@", b"ops@", b"x.example", b"hunter2"):
        assert [path.name for path in written if secret in path.read_bytes()] == []


def test_what_is_lacking_is_named_with_the_command_that_makes_it(runs):
    _, _, _, page = runs[2]
    assert "--organisation acme --timeframe 2026-Q3 --notebook" in page
