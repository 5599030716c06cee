"""The index: counts in a sentence, what needs a look, and a link to every page of the run."""

import re
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from analytics.reporting.index import render_index, render_organisation_index
from analytics.reporting.manifest import HeadlineFigure, ReportName, ReportResult, RunRecord
from tests.page.hostile import read, values_of

NOTEBOOKS = {"segmentation": "Segmentation", "retention": "Retention", "clv": "Lifetime value"}


def result(
    organisation="acme", timeframe="2026-Q3", notebook="retention", state="ready", reason="", figure=None
):
    report = ReportName(
        organisation=organisation,
        organisation_name=organisation.title() + " & Co",
        timeframe=timeframe,
        slug=timeframe.replace("/", "_"),
        notebook=notebook,
        title=NOTEBOOKS[notebook],
    )
    figure = figure or HeadlineFigure("Customers who stayed", "43.7%", "+5.8 pts")
    return ReportResult(
        report=report,
        state=state,
        reason=reason,
        headlines=() if state in ("failed", "no data") else (figure,),
    )


def record(*results, **options):
    return RunRecord(
        started=datetime(2026, 11, 20, 6, 12, tzinfo=UTC), seconds=41.2, results=tuple(results), **options
    )


def run(organisations=("acme", "bolt"), timeframes=("2026-Q3", "all")):
    return record(*(result(o, t, n) for o in organisations for t in timeframes for n in NOTEBOOKS))


def text(page):
    return " ".join("".join(read(page).texts).split())


def links(page):
    return [address for address in values_of(read(page), "href", "a") if not address.startswith("#")]


class TestSentence:
    def test_counts_reports_by_state(self):
        made = record(
            result(),
            result("bolt"),
            result("bolt", notebook="clv", state="warning"),
            result(notebook="clv", state="no data"),
            result("bolt", "all", state="failed"),
        )
        said = (
            "5 reports for two organisations, made on 20 November 2026. "
            "2 are ready, 1 is ready with a warning, 1 has no data and 1 failed."
        )
        assert said in text(render_index(made))

    def test_says_all_where_all_are_alike(self):
        assert "12 reports for two organisations, made on 20 November 2026. All are ready." in text(
            render_index(run())
        )

    def test_of_one_report_counts_one(self):
        assert "1 report, made on 20 November 2026. 1 is ready." in text(render_index(record(result())))

    def test_of_none_says_so(self):
        assert "0 reports, made on 20 November 2026. Nothing was run." in text(render_index(record()))

    def test_says_what_a_stopped_run_did_not_reach(self):
        page = render_index(record(result(), not_run=("acme/all/clv.html",) * 3))
        assert "The run was stopped before 3 more were tried." in text(page)


class TestNeedsALook:
    def test_lists_failures_before_warnings_and_leaves_out_the_rest(self):
        made = record(
            result(state="warning", reason="3.1% of rows were left out"),
            result("bolt", state="failed", reason="cell 4 of 11: no amount"),
            result("bolt", "all", "clv", state="no data", reason="no table accounts"),
        )
        todo = re.search(r'<section class="todo">.*?</section>', render_index(made))[0]
        assert re.findall(r'<a href="[^"]*">([^<]*)</a>', todo) == [
            "Retention: cell 4 of 11: no amount",
            "Retention: 3.1% of rows were left out",
        ]
        assert links(todo) == ["bolt/2026-Q3/retention.html", "acme/2026-Q3/retention.html"]

    def test_says_the_same_trouble_once(self):
        frames = ("2026-Q3", "2026", "all")
        page = render_index(
            record(*(result(timeframe=t, state="warning", reason="few rows") for t in frames))
        )
        todo = re.search(r'<section class="todo">.*?</section>', page)[0]
        assert todo.count("<li>") == 1
        assert "Acme &amp; Co, three timeframes" in todo

    def test_is_left_out_where_nothing_does(self):
        assert "Needs a look" not in render_index(run())

    def test_stays_a_list_one_can_read(self):
        many = record(*(result(f"o{i}", state="failed", reason="cell 1 of 2") for i in range(50)))
        page = render_index(many)
        assert re.search(r'<section class="todo">.*?</section>', page)[0].count("<li>") == 20
        assert "and 30 more" in page

    def test_cuts_a_long_reason_at_a_word(self):
        page = render_index(record(result(state="failed", reason="word " * 60)))
        assert "word word…</a>" in page


class TestTable:
    def test_links_the_headline_figure_to_its_page(self):
        page = render_index(record(result()))
        assert (
            '<a href="acme/2026-Q3/retention.html" aria-label="43.7%: Retention, 2026-Q3"><b>43.7%</b></a>'
            in page
        )
        assert '<span class="change">+5.8 pts</span>' in page

    def test_says_state_in_words_and_is_silent_where_all_is_well(self):
        page = render_index(
            record(
                result(),
                result(notebook="clv", state="failed"),
                result(notebook="segmentation", state="no data"),
            )
        )
        assert '<span class="state failed">failed</span>' in page
        assert ">Why it failed</a>" in page
        assert ">What is missing</a>" in page
        assert '<span class="state ready">' not in page

    def test_leaves_a_gap_where_a_report_was_not_asked_for(self):
        page = render_index(record(result(), result("bolt", "all")))
        assert re.search(r'<td class="t t1" data-t="all"></td>', page)

    @pytest.mark.parametrize("count", [1, 2, 3, 6])
    def test_has_a_column_for_each_timeframe(self, count):
        frames = tuple(f"2026-{i:02}" for i in range(1, count + 1))
        page = render_index(run(timeframes=frames))
        assert page.count('<th scope="col" class="t t') == 2 * count
        assert page.count('<td class="t t') == 2 * 3 * count
        assert ('<table class="ix many">' in page) == (count > 2)


class TestFilter:
    def test_needs_no_script_and_its_rules_meet_something(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        for rule in re.findall(r"body:has\(#([\w-]+)", page):
            assert f'id="{rule}"' in page
        for number in re.findall(r"option\[value=(o\d+)\]", page):
            assert f'value="{number}"' in page
            assert f'class="o org {number}"' in page
        assert "<script" not in page

    def test_hides_rows_of_other_states_in_other_timeframes(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        assert 'class="r-failed r-failed-1 r-1"' in page
        assert "body:has(#s-failed:checked):has(#f-1:checked) .ix tbody tr:not(.r-failed-1)" in page

    def test_offers_only_choices_that_exist(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        assert "Failed 1" in page
        assert "Warnings" not in page
        assert 'class="filter"' not in render_index(record(result()))


class TestLinks:
    def test_from_the_index_of_all_lead_to_every_page_and_every_organisation(self):
        made = run()
        expected = {str(r.report.page) for r in made.results} | {
            "acme/index.html",
            "bolt/index.html",
            "run.json",
        }
        assert set(links(render_index(made))) == expected

    def test_from_the_index_of_one_lead_to_its_pages_and_back(self):
        made = run()
        found = {
            PurePosixPath("acme") / address for address in links(render_organisation_index(made, "acme"))
        }
        own = {r.report.page for r in made.of("acme")}
        assert found == own | {PurePosixPath("acme/../index.html"), PurePosixPath("acme/../run.json")}

    def test_of_one_organisation_name_no_other(self):
        page = render_organisation_index(run(), "acme")
        assert "Acme &amp; Co" in page
        assert "olt" not in text(page)
        assert "bolt" not in page


def test_few_reports_stand_open_and_many_are_folded():
    assert ' id="acme" open>' in render_index(run())
    assert " open>" not in render_index(run(tuple(f"o{i}" for i in range(30))))


def test_index_of_hundreds_of_reports_stays_small():
    assert len(render_index(run(tuple(f"o{i}" for i in range(140)))).encode()) < 500_000


def test_index_allows_nothing_from_elsewhere():
    assert values_of(read(render_index(run())), "content", "meta")[1].startswith("default-src 'none'")


def test_index_is_the_same_every_time():
    assert render_index(run()) == render_index(run())
