"""`workbook run --email` on the demonstration: what its managers get is borne by mail clients."""

from pathlib import Path

import pytest

from analytics.cli import main
from analytics.data.demo import write_demo
from tests.mail.lint import faults, read

DEMO = Path(__file__).resolve().parents[2] / "params" / "demo.yml"


@pytest.mark.long
def test_mail_clients_bear_the_messages_of_all_demo_organisations(tmp_path, monkeypatch, models):
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
