"""What is remembered of a report comes back as it was, and only while its files are whole."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import pytest

from analytics.reporting import records
from analytics.reporting.manifest import Failure, HeadlineFigure, ReportName, ReportResult
from analytics.reporting.records import Journal, Record

NAME = ReportName(
    organisation="acme",
    organisation_name="Acme",
    timeframe="2026-Q3",
    slug="2026-Q3",
    notebook="clv",
    title="Value",
)
FILES = ("acme/2026-Q3/clv.html", "acme/2026-Q3/clv.json")


@pytest.fixture
def record(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    result = ReportResult(
        report=NAME,
        state="warning",
        headlines=(HeadlineFigure("Value", "1", "+2"),),
        files=FILES,
        made=datetime(2026, 11, 1, tzinfo=UTC),
    )
    made = Record(
        result=result,
        key="k",
        page_key="p",
        files=records.of_files(tmp_path, result),
        reference_date=date(2026, 10, 1),
        data="d",
        kept={"a": "b"},
    )
    records.write_record(tmp_path, made)
    return made


def test_it_comes_back_as_it_was(record, tmp_path):
    assert records.read_record_of(tmp_path, NAME) == record


def test_a_failure_comes_back_as_it_was(record, tmp_path):
    failure = Failure(type="ValueError", message="why", cell=2, cells=3)
    failed = ReportResult(report=NAME, state="failed", failure=failure, made=record.result.made)
    records.write_record(tmp_path, Record(result=failed, key="", page_key="", files={}))
    assert records.read_record_of(tmp_path, NAME).result == failed


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0}', '{"format": 1, "result": {}}'])
def test_what_cannot_be_read_is_no_record(record, tmp_path, text):
    (tmp_path / ".records/acme/2026-Q3/clv.json").write_text(text)
    assert records.read_record_of(tmp_path, NAME) is None


def test_files_are_whole_while_they_are_what_was_written(record, tmp_path):
    page = tmp_path / FILES[0]
    assert records.are_whole(tmp_path, record)
    os.utime(page)
    assert records.are_whole(tmp_path, record)  # the same content at another time
    page.write_text(page.read_text()[::-1])
    os.utime(page, (1, 1))
    assert not records.are_whole(tmp_path, record)
    page.unlink()
    assert not records.are_whole(tmp_path, record)


def test_a_report_without_files_does_not_stand(tmp_path, record):
    nothing = Record(result=record.result, key="", page_key="", files={})
    assert not records.are_whole(tmp_path, nothing)


def test_reports_stand_while_they_have_a_page(record, tmp_path):
    assert records.standing_reports(tmp_path, ["acme", "bolt"]) == [NAME]
    (tmp_path / FILES[0]).unlink()
    assert records.standing_reports(tmp_path, ["acme"]) == []


def test_the_journal_says_which_run_did_not_end(tmp_path):
    assert records.unfinished_run(tmp_path) is None
    journal = Journal(started=datetime(2026, 11, 1, tzinfo=UTC), force=True, pages=("a", "b"))
    records.begin_run(tmp_path, journal)
    assert records.unfinished_run(tmp_path) == journal
    records.end_run(tmp_path)
    assert records.unfinished_run(tmp_path) is None
