"""The history: a line a run, whatever was killed in between, and pages of a month that stay small."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.reporting import history, index
from analytics.reporting.manifest import ReportName, ReportResult, RunRecord

STARTED = datetime(2026, 11, 20, 6, 12, tzinfo=UTC)


def result(organisation="acme", notebook="clv", state="ready", made=STARTED, reason=""):
    names = {
        "timeframe": "2026-Q3",
        "slug": "2026-Q3",
        "title": "Lifetime value",
        "organisation_name": "Acme",
    }
    report = ReportName(organisation=organisation, notebook=notebook, **names)
    return ReportResult(report=report, state=state, made=made, reason=reason, files=(str(report.page),))


def record(*results, started=STARTED, **options):
    return RunRecord(started=started, seconds=41.2, results=results, **options)


def lines(out, part="2026-11"):
    return history.read(out / f"_history/{part}.jsonl")


def test_a_line_says_when_how_long_what_was_asked_and_what_became_of_it():
    yesterday = STARTED - timedelta(days=1)
    made = record(
        result(made=yesterday),
        result(notebook="roi", state="failed", reason="cell 4 of 11: no amounts"),
        not_run=("acme/2026-Q3/retention.html",),
    )
    assert history.line_of(made) == {
        "started": "2026-11-20T06:12:00+00:00",
        "seconds": 41.2,
        "asked": "acme, 2026-Q3, three notebooks",
        "reports": 3,
        "unchanged": 1,
        "failed": 1,
        "not run": 1,
        "failures": [["acme/2026-Q3/roi.html", "cell 4 of 11: no amounts"]],
    }


@given(
    st.lists(st.sampled_from(["ready", "warning", "no data", "failed"]), max_size=9),
    st.integers(0, 4),
    st.integers(0, 3),
)
def test_law_the_counts_of_a_line_add_up_to_what_was_asked_for(states, unchanged, left):
    old = STARTED - timedelta(days=1)
    results = [result(state=state) for state in states] + [result(made=old)] * unchanged
    line = history.line_of(record(*results, not_run=("a/b/c.html",) * left))
    counts = ("unchanged", "ready", "warning", "no data", "failed", "not run")
    assert sum(line.get(key, 0) for key in counts) == line["reports"] == len(states) + unchanged + left
    assert len(line["failures"]) == line.get("failed", 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.data())
def test_law_a_line_torn_anywhere_is_left_out_and_healed_by_the_next_run(count, data):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for day in range(count):
            history.append(out, record(result(), started=STARTED + timedelta(days=day)))
        path = out / "_history/2026-11.jsonl"
        whole = path.read_bytes()
        last = whole.rindex(b"\n", 0, -1) + 1 if count > 1 else 0
        path.write_bytes(whole[: data.draw(st.integers(last, len(whole) - 2))])
        assert len(lines(out)) == count - 1
        history.append(out, record(result(), started=STARTED + timedelta(days=9)))
        assert [json.loads(line)["started"] for line in path.read_text().splitlines()] == [
            (STARTED + timedelta(days=day)).isoformat() for day in [*range(count - 1), 9]
        ]


def test_a_run_that_was_killed_and_finished_later_stands_once_as_it_ended(tmp_path):
    history.append(tmp_path, record(not_run=("acme/2026-Q3/clv.html",)))
    history.append(tmp_path, record(result()))
    assert [(run["not run"], run.get("ready")) for run in lines(tmp_path)] == [(0, 1)]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Runs of two months, more in the second than a page takes."""
    out = tmp_path_factory.mktemp("history")
    made = result()
    (out / made.report.folder).mkdir(parents=True)
    (out / made.report.page).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "MOST_RUNS", 3)
        index.update(out, record(made, started=STARTED - timedelta(days=30)))
        for hour in range(5):
            index.update(out, record(made, started=STARTED + timedelta(hours=hour)))
    return out


def test_a_month_with_more_runs_than_a_page_takes_goes_on_in_another_part(out):
    assert [len(lines(out, part)) for part in ("2026-10", "2026-11", "2026-11.2")] == [1, 3, 2]
    assert history.parts(out) == ["2026-11.2", "2026-11", "2026-10"]


def test_the_newest_run_stands_first_and_older_pages_are_reached_from_it(out):
    page = (out / "_history/2026-11.2.html").read_text()
    assert page.index("20 Nov, 10:12 UTC") < page.index("20 Nov, 09:12 UTC")
    assert 'Before that: <a href="2026-11.html">November 2026</a>.' in page
    assert "no earlier run is kept" in (out / "_history/2026-10.html").read_text()


def test_the_front_page_links_every_part(out):
    front = (out / "index.html").read_text()
    for part in ("2026-10", "2026-11", "2026-11.2"):
        assert f'href="_history/{part}.html"' in front


def test_a_month_deleted_by_hand_is_gone_from_the_foot_and_nothing_else_changes(out):
    for suffix in ("html", "jsonl"):
        (out / f"_history/2026-10.{suffix}").unlink()
    index.update(out, record(result(), started=STARTED + timedelta(days=1)))
    front = (out / "index.html").read_text()
    assert "October" not in front
    assert 'href="_history/2026-11.html"' in front


def test_reasons_are_words_on_the_page(tmp_path):
    index.update(tmp_path, record(result(state="failed", reason="<script>alert(1)</script>")))
    page = (tmp_path / "_history/2026-11.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
