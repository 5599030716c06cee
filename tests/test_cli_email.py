"""The command ``workbook email``."""

import pytest

from analytics import cli
from tests.mail import desk

PARAMS = """
timeframes: [2026-Q3]
notebooks: [retention, clv]
email: {sender: reports@example.org, failures_to: [ops@example.org]}
organisations: [{id: acme, currency: GBP, source: {path: .}, email: {to: [ann@example.net]}}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HOST", "PORT", "USER", "PASSWORD", "TLS"):
        monkeypatch.delenv(f"WORKBOOK_SMTP_{name}", raising=False)
    (tmp_path / "p.yml").write_text(PARAMS)
    desk.write(tmp_path / "reports", {"retention": "ready", "clv": "failed"})
    return tmp_path


def test_without_a_server_messages_are_written(folder, capsys):
    assert cli.main(["email", "p.yml"]) == 0
    assert sorted(path.name for path in (folder / "outbox").iterdir()) == [
        "acme_2026-Q3.eml",
        "failures.eml",
    ]
    assert "2 messages written to outbox; WORKBOOK_SMTP_HOST names no server" in capsys.readouterr().out


def test_an_outbox_is_written_whatever_the_environment_names(folder, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "mail.invalid")
    assert cli.main(["email", "p.yml", "--outbox", "there"]) == 0
    assert "2 messages written to there\n" in capsys.readouterr().out


def test_a_server_that_cannot_be_reached_is_a_failure_without_addresses(folder, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("WORKBOOK_SMTP_PORT", "1")
    monkeypatch.setattr("analytics.mail.delivery.time.sleep", lambda _: None)
    assert cli.main(["email", "p.yml"]) == 1
    said = capsys.readouterr().out
    assert said.count("failed: the connection was lost or not made") == 2
    assert "example.net" not in said


def test_a_setting_that_cannot_be_meant_is_refused_before_anything_is_drawn(folder, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "mail.invalid")
    monkeypatch.setenv("WORKBOOK_SMTP_TLS", "yes")
    assert cli.main(["email", "p.yml"]) == 2
    assert "allowed: starttls, tls, none" in capsys.readouterr().err


def test_an_unknown_organisation_is_refused(folder, capsys):
    assert cli.main(["email", "p.yml", "--organisation", "acne"]) == 2
    assert 'did you mean "acme"' in capsys.readouterr().err


def test_without_a_run_there_is_nothing_to_write_about(folder, capsys):
    assert cli.main(["email", "p.yml", "--out", "elsewhere"]) == 2
    assert "make one with: workbook run p.yml" in capsys.readouterr().err
