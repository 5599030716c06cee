"""The record of a run is read back as it was written, and pages link to each other from where they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analytics.reporting.manifest import (
    Failure,
    HeadlineFigure,
    PageContext,
    ReportName,
    ReportResult,
    RunRecord,
    read_record,
)

STARTED = datetime(2026, 11, 20, 6, 13, tzinfo=UTC)
NAME = ReportName(
    organisation="acme",
    organisation_name="Acme & Sons",
    timeframe="2026-Q3",
    slug="2026-Q3",
    notebook="clv",
    title="CLV",
)
GOOD = ReportResult(
    report=NAME, state="ready", headlines=(HeadlineFigure("Value", "£12", "+3%"),), files=("a",), made=STARTED
)
BAD = ReportResult(
    report=replace(NAME, notebook="roi"),
    state="failed",
    failure=Failure(type="KeyError", message="…", cell=3, cells=9),
)
RECORD = RunRecord(started=STARTED, seconds=1.5, results=(BAD, GOOD), not_run=("x.html",), workers=2)


def test_a_record_is_read_back_as_it_was_written(tmp_path):
    assert RunRecord.from_json(RECORD.to_json()) == RECORD
    (tmp_path / "run.json").write_text(RECORD.to_json(), encoding="utf-8")
    assert read_record(tmp_path) == RECORD
    assert read_record(tmp_path / "none") is None


def test_a_record_of_another_format_is_refused():
    with pytest.raises(ValueError, match="another version"):
        RunRecord.from_json('{"format": 0}')


def test_a_record_counts_its_reports():
    assert (RECORD.count("failed"), RECORD.count("ready"), RECORD.complete) == (1, 1, False)


@pytest.mark.parametrize(
    ("other", "link"),
    [
        ({"notebook": "roi"}, "roi.html"),
        ({"slug": "2026-Q2"}, "../2026-Q2/clv.html"),
        ({"organisation": "bolt"}, "../../bolt/2026-Q3/clv.html"),
    ],
)
def test_a_page_links_to_the_others_from_its_own_folder(other, link):
    context = PageContext(report=NAME, siblings=(NAME,), started=STARTED)
    assert context.link(replace(NAME, **other)) == link
