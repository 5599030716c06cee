"""What managers of the demonstration's organisations get: mail clients bear it, and it names no customer."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.cli import main
from analytics.data.demo import write_demo
from analytics.mail.messages import messages_of
from analytics.params import expand, load_workbook
from tests.mail.lint import faults, read
from tests.rendered import NOTEBOOKS, PARAMS, SHOP

DEMO = Path(__file__).resolve().parents[2] / "params" / "demo.yml"


@pytest.mark.parametrize(("organisation", "charts"), [(SHOP, 5), ("demo-saas", 3), ("demo-retail", 4)])
def test_mail_clients_bear_the_message_and_it_names_no_customer(rendered, tmp_path, organisation, charts):
    params = tmp_path / "params.yml"
    mail = "email: {sender: reports@example.org, to: [all@example.net], charts: 5}\n"
    params.write_text(PARAMS.replace("data/", f"{rendered}/data/") + mail)
    jobs = expand(load_workbook(params, notebooks=NOTEBOOKS), folder=NOTEBOOKS)
    ours = [job for job in jobs if job.organisation.id == organisation]
    (message,) = messages_of(ours, rendered / "reports", params)
    assert faults(message.content) == []
    assert message.content.count(b"Content-ID:") == charts
    customers = pd.read_parquet(rendered / "data" / organisation / "customers.parquet")
    names = [*customers["name"].dropna(), *customers["email"].dropna()]
    said = read(message.content)
    words = "".join(said.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert not any(name in words for name in names)


@pytest.mark.long
def test_the_command_writes_such_messages_of_all_reports(tmp_path, monkeypatch, models):
    monkeypatch.chdir(tmp_path)
    for name in ("WORKBOOK_SMTP_HOST", "WORKBOOK_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    write_demo(tmp_path / "data" / "demo", customers=150)
    (tmp_path / "params").mkdir()
    email = "email: {sender: reports@example.org, to: [all@example.net]}\n"
    (tmp_path / "params" / "demo.yml").write_text(DEMO.read_text() + email)
    assert main(["run", "params/demo.yml", "--timeframe", "last-quarter", "--email"]) == 0
    written = {path.stem: path.read_bytes() for path in (tmp_path / "outbox").iterdir()}
    assert sorted(written) == [f"demo-{name}_last-quarter" for name in ("retail", "saas", "vietnam")]
    for name, content in written.items():
        assert faults(content) == [], name
        assert "£" in read(content)["Subject"] or "retail" not in name
