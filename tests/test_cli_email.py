"""The command ``workbook email``."""

import pytest

from analytics import cli
from analytics.reporting.lock import only_run
from tests.mail import desk
from tests.reporting.tiny import write_notebook

PARAMS = """
timeframes: [2026-Q3]
notebooks: [retention, clv]
email: {sender: reports@example.org, failures_to: [ops@example.org]}
organisations: [{id: acme, currency: GBP, source: {path: .}, email: {to: [ann@example.net]}}]
"""
NO_EMAIL = "timeframes: [2026-Q3]\norganisations: [{id: acme, currency: GBP, source: {path: .}}]"


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
    assert said.count("failed: the connection to 127.0.0.1:1 was lost or not made") == 2
    assert "example.net" not in said


def test_a_setting_that_cannot_be_meant_is_refused_before_anything_is_drawn(folder, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "mail.invalid")
    monkeypatch.setenv("WORKBOOK_SMTP_TLS", "yes")
    assert cli.main(["email", "p.yml"]) == 2
    assert "allowed: starttls, tls, none" in capsys.readouterr().err


def test_an_unknown_organisation_is_refused(folder, capsys):
    assert cli.main(["email", "p.yml", "--organisation", "acne"]) == 2
    assert 'did you mean "acme"' in capsys.readouterr().err


def test_an_outbox_that_cannot_be_written_is_named(folder, capsys):
    assert cli.main(["email", "p.yml", "--outbox", "p.yml/there"]) == 1
    assert "Not a directory: p.yml/there" in capsys.readouterr().err


def test_while_others_send_nothing_is_sent(folder, monkeypatch, capsys):
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "mail.invalid")
    with only_run(folder / "reports"):
        assert cli.main(["email", "p.yml"]) == 2
    assert "another run is making reports in reports" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("params", "tls", "said"),
    [(PARAMS, "yes", "allowed: starttls, tls, none"), (NO_EMAIL, "tls", "nobody is named")],
)
def test_a_run_with_email_that_could_not_be_sent_is_refused_before_it(
    folder, monkeypatch, capsys, params, tls, said
):
    write_notebook(folder / "notebooks", "clv")
    write_notebook(folder / "notebooks", "retention")
    monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(folder / "notebooks"))
    monkeypatch.setenv("WORKBOOK_SMTP_HOST", "mail.invalid")
    monkeypatch.setenv("WORKBOOK_SMTP_TLS", tls)
    (folder / "p.yml").write_text(params)
    assert cli.main(["run", "p.yml", "--email", "--out", "new"]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "new").exists()


def test_without_a_run_there_is_nothing_to_write_about(folder, capsys):
    assert cli.main(["email", "p.yml", "--out", "elsewhere"]) == 2
    assert "make one with: workbook run p.yml" in capsys.readouterr().err
