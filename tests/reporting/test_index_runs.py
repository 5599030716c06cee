"""The index run after run: what stands, what changed, what was lost, whatever was killed."""

import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics.reporting import index, records
from analytics.reporting.manifest import ReportResult
from tests.reporting.indexed import NOTEBOOKS, STARTED, links, pages, put, record, result, run, text


class TestWhatStands:
    def test_of_an_earlier_run_stays(self, tmp_path):
        put(tmp_path, run())
        put(tmp_path, record(result("bolt", state="failed", reason="no source")))
        said = text((tmp_path / "index.html").read_text())
        assert (
            "12 reports for two organisations, made on 20 November 2026. 11 are ready and 1 failed." in said
        )

    def test_is_said_with_the_days_of_its_making(self, tmp_path):
        put(tmp_path, run())
        later = record(started=STARTED + timedelta(days=20))
        again = ReportResult(report=result().report, state="ready", files=("a",), made=later.started)
        put(tmp_path, record(again, started=later.started))
        assert "made from 20 November to 10 December 2026" in text((tmp_path / "index.html").read_text())

    def test_goes_with_its_folder(self, tmp_path):
        put(tmp_path, run())
        shutil.rmtree(tmp_path / "bolt")
        put(tmp_path, record())
        assert "6 reports, made" in text((tmp_path / "index.html").read_text())
        assert "olt" not in (tmp_path / "index.html").read_text().split("</style>")[1]

    def test_goes_with_its_page(self, tmp_path):
        put(tmp_path, run())
        (tmp_path / "acme/all/clv.html").unlink()
        put(tmp_path, record())
        assert "acme/all/clv.html" not in links((tmp_path / "index.html").read_text())

    @pytest.mark.parametrize(
        ("success", "said"), [("true", "12 are ready|All are ready"), ("false", "1 failed")]
    )
    def test_is_no_better_than_a_page_that_a_killed_run_left(self, tmp_path, success, said):
        put(tmp_path, run())
        new = tmp_path / "acme/all/new"
        new.write_text("of a run that was killed")
        new.replace(tmp_path / "acme/all/clv.html")
        (tmp_path / "acme/all/clv.json").write_text(
            f'{{"success": {success}, "error": {{"message": "gone"}}}}'
        )
        put(tmp_path, record())
        page = (tmp_path / "index.html").read_text()
        assert re.search(said, text(page))
        assert 'aria-label="43.7%: Lifetime value, all"' in page, "of bolt"
        assert page.count('aria-label="43.7%: Lifetime value, all"') == 1

    def test_without_a_page_of_its_own_leads_to_the_record(self, tmp_path):
        put(tmp_path, run())
        bad = result(state="failed", reason="disk full")
        put(
            tmp_path,
            record(ReportResult(report=bad.report, state="failed", reason="disk full", made=STARTED)),
        )
        page = (tmp_path / "acme/index.html").read_text()
        assert 'href="2026-Q3/retention.html"' not in page
        assert 'href="../run.json"' in page

    def test_in_many_timeframes_shows_those_made_last_and_the_others_folded(self, tmp_path):
        for month in range(1, 9):
            started = datetime(2026, month, 2, tzinfo=UTC)
            one = result(timeframe=f"2026-{month:02}")
            made = ReportResult(report=one.report, state="ready", files=one.files, made=started)
            put(tmp_path, record(made, started=started))
        front, own = ((tmp_path / name).read_text() for name in ("index.html", "acme/index.html"))
        assert re.findall(r'<th scope="col" class="t [^>]*>([^<]*)', front) == [
            f"2026-{i:02}" for i in range(3, 9)
        ]
        assert "with two more timeframes" in text(front)
        assert "<summary>Earlier: 2026-01, 2026-02</summary>" in own


class TestRunThatChangedNothing:
    def test_draws_nothing_and_says_so_at_the_foot(self, tmp_path, monkeypatch):
        made = run()
        put(tmp_path, made)
        monkeypatch.setattr("analytics.reporting.shell.templates", None)  # nothing can be drawn
        monkeypatch.setattr("analytics.reporting.drawing.templates", None)
        before = pages(tmp_path)
        put(tmp_path, record(*made.results, started=STARTED + timedelta(days=1)))
        assert pages(tmp_path) == before
        said = text((tmp_path / "index.html").read_text())
        assert "Last run: 21 November 2026, 06:12 UTC, 41 seconds" in said
        assert "12 unchanged." in said

    def test_while_it_goes_on_the_index_says_that_it_has_not_ended(self, tmp_path):
        index.announce(tmp_path, STARTED)
        assert not list(tmp_path.iterdir()), "there is no index yet"
        put(tmp_path, run())
        index.announce(tmp_path, STARTED + timedelta(days=1))
        said = text((tmp_path / "index.html").read_text())
        assert "A run that began on 21 November 2026, 06:12 UTC has not ended." in said
        put(tmp_path, run())
        assert "has not ended" not in (tmp_path / "index.html").read_text()


RUNS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(["acme", "bolt", "crux"])),
        st.sets(st.sampled_from(["2026-Q1", "2026-Q2", "all"]), min_size=1),
        st.lists(st.sampled_from(list(NOTEBOOKS)), min_size=1, unique=True),
        st.sampled_from(["ready", "warning", "no data", "failed"]),
        st.sampled_from(["", "acme", "bolt/all", "bolt/2026-Q1/clv.html"]),
    ),
    min_size=1,
    max_size=4,
)


LATER_WITH_EARLIER = [
    (set(), {"2026-Q1"}, ["segmentation"], "ready", ""),
    ({"acme"}, {"2026-Q2"}, ["segmentation"], "ready", ""),
    ({"acme"}, {"2026-Q1", "2026-Q2"}, ["retention"], "failed", ""),
]
"""The first notebook lacks the earlier of two timeframes, which a later run made of another."""


@settings(max_examples=12, deadline=None)
@given(RUNS, st.integers(0, 12))
@example(LATER_WITH_EARLIER, 12)
def test_law_an_index_kept_up_run_by_run_is_the_one_drawn_anew_wherever_a_run_was_killed(runs, killed):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        stands = {}
        for day, (organisations, timeframes, notebooks, state, gone) in enumerate(runs):
            started = STARTED + timedelta(days=day)
            made = [
                ReportResult(report=r.report, state=state, headlines=r.headlines, files=r.files, made=started)
                for o in sorted(organisations)
                for n in notebooks
                for t in sorted(timeframes)
                for r in [result(o, t, n, state)]
            ]
            with pytest.MonkeyPatch.context() as patch:
                if day == len(runs) - 1:
                    patch.setattr(index, "write_whole", killed_after(killed))
                try:
                    put(out, record(*made, started=started))
                except KeyboardInterrupt:
                    patch.undo()
                    index.update(out, record(*made, started=started))
            stands |= {str(r.report.page): state for r in made}
            path = out / gone
            if gone and path.exists():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                stands = {page: is_in for page, is_in in stands.items() if not page.startswith(gone)}
        index.update(out, record(started=STARTED + timedelta(days=9)))
        kept_up = pages(out)
        (out / "_index/kept/all.json").unlink()
        index.update(out, record(started=STARTED + timedelta(days=9)))
        assert pages(out) == kept_up
        front = kept_up["index.html"]
        assert {link for link in links(front) if not link.endswith("index.html") and link[0] != "_"} == set(
            stands
        )
        assert f"{len(stands)} report" in text(front)
        failed = sum(state == "failed" for state in stands.values())
        assert len(re.findall(r">Why it failed</a>", front)) == failed


def killed_after(count):
    """A `write_whole` that does its work so many times; then the process is gone."""
    left = [count]

    def write(path, content, *, wait=True):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(path, content, wait=wait)

    real = index.write_whole
    return write


class TestLostIndex:
    """Somebody removed `_index`: what stands is still known from the reports' own records."""

    @pytest.fixture
    def lost(self, tmp_path):
        made = run()
        put(tmp_path, made)
        for each in made.results:
            known = records.Record(result=each, key="", page_key="", files=records.of_files(tmp_path, each))
            records.write_record(tmp_path, known)
        shutil.rmtree(tmp_path / "_index")
        return tmp_path

    def test_is_whole_again_after_a_run_of_one_report(self, lost):
        again = record(result("bolt", state="failed", reason="no source"))
        put(lost, again)
        front = (lost / "index.html").read_text()
        assert "12 reports for two organisations" in text(front)
        assert "11 are ready and 1 failed." in text(front)
        assert {str(each.report.page) for each in run().results} <= set(links(front))
        assert "Acme &amp; Co" in front

    def test_shows_no_figure_of_a_page_that_a_killed_run_left(self, lost):
        new = lost / "acme/all/new"
        new.write_text("of a run that was killed")
        new.replace(lost / "acme/all/clv.html")
        put(lost, record())
        page = (lost / "acme/index.html").read_text()
        assert 'aria-label="See report: Lifetime value, all"' in page
        assert 'aria-label="43.7%: Lifetime value, 2026-Q3"' in page

    def test_names_no_report_whose_page_is_gone(self, lost):
        shutil.rmtree(lost / "bolt")
        put(lost, record())
        assert "6 reports, made" in text((lost / "index.html").read_text())
