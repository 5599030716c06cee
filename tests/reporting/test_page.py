"""The page of one report: one file, nothing from elsewhere, and never half a figure under a good name."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

import nbformat
import pytest

from analytics.page import pieces as p
from analytics.page.display import Shown
from analytics.reporting.manifest import Failure, PageContext, ReportName
from analytics.reporting.page import render_failure, render_report
from tests.page.every_piece import every_piece
from tests.page.hostile import read, values_of


def name(notebook="retention", title="Retention", timeframe="2026-Q3", slug="2026-Q3", organisation="acme"):
    return ReportName(
        organisation=organisation,
        organisation_name="Harbour & Vale",
        timeframe=timeframe,
        slug=slug,
        notebook=notebook,
        title=title,
        question="Do customers come back?",
    )


CONTEXT = PageContext(
    report=name(),
    siblings=(name("segmentation", "Segmentation"), name(), name("clv", "Lifetime value")),
    timeframes=(name(), name(timeframe="last-12-months", slug="last-12-months")),
    started=datetime(2026, 11, 20, 6, 12, tzinfo=UTC),
    locale="en_GB",
    currency="GBP",
    parameters={"organisation": "acme", "include_inactive": False, "grain": None, "phone": "•••• 1234"},
    versions={"workbook": "0.1.0"},
)


def notebook(*shown, source="report.section()", tags=()):
    cells = [
        nbformat.v4.new_code_cell(
            source,
            metadata={"tags": list(tags)},
            outputs=[nbformat.v4.new_output("execute_result", data=Shown(piece)._repr_mimebundle_())],
        )
        for piece in shown
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Retention"), *cells])


FULL = notebook(*every_piece("Ordered again"))
PAGE = render_report(FULL, CONTEXT)


class TestReport:
    def test_allows_nothing_from_elsewhere(self):
        policy = values_of(read(PAGE), "content", "meta")[1]
        assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        assert "<script" not in PAGE
        assert "http://" not in PAGE
        assert "https://" not in PAGE
        assert "url(http" not in PAGE

    def test_tells_no_one_where_its_reader_came_from(self):
        assert '<meta name="referrer" content="no-referrer">' in PAGE

    def test_has_language_title_and_description(self):
        assert '<html lang="en-GB">' in PAGE
        assert "<title>Retention, Harbour &amp; Vale, 2026-Q3</title>" in PAGE
        assert '<meta name="description" content="Ordered againOrdered again">' in PAGE

    def test_is_described_by_its_question_where_it_has_no_summary(self):
        page = render_report(notebook(p.Masthead("A", "B", ())), CONTEXT)
        assert '<meta name="description" content="Do customers come back?">' in page

    def test_leads_past_the_navigation(self):
        assert '<a class="skip" href="#main">To the report</a>' in PAGE
        assert '<main id="main">' in PAGE

    def test_keeps_the_pieces_in_their_order_and_the_notes_at_the_end(self):
        order = [
            "mast",
            "notice warn",
            "notice fail",
            "short",
            "heads",
            'id="trend"',
            'id="cohorts"',
            'id="regions"',
        ]
        places = [PAGE.index(mark if "id=" in mark else f'class="{mark}"') for mark in order]
        assert places == sorted(places)
        assert PAGE.index("</main>") < PAGE.index('class="notes"')

    def test_has_one_id_for_one_thing(self):
        ids = values_of(read(PAGE), "id")
        assert len(ids) == len(set(ids))

    def test_folds_its_code_at_the_end_without_outputs(self):
        page = render_report(notebook(p.Notice("x"), source='table.filter(_.name == "<b>")'), CONTEXT)
        code = page[page.index("<summary>The code of this report") :]
        assert "table.filter(_.name == &#34;&lt;b&gt;&#34;)" in code
        assert page.index("table.filter") > page.index("</main>")

    def test_keeps_injected_parameters_out_of_the_code(self):
        page = render_report(
            notebook(p.Notice("x"), source='phone = "01632 960123"', tags=["injected-parameters"]), CONTEXT
        )
        assert "960123" not in page

    def test_lists_its_siblings_above_and_below(self):
        seen = read(PAGE)
        assert values_of(seen, "href", "a").count("clv.html") == 2
        assert values_of(seen, "href", "a").count("../last-12-months/retention.html") == 2
        assert PAGE.count('<span aria-current="page">Retention</span>') == 2

    def test_lists_nothing_where_it_is_alone(self):
        page = render_report(FULL, replace(CONTEXT, siblings=(name(),), timeframes=(name(),)))
        assert "Other reports" not in page
        assert "More on" not in page

    def test_links_lead_to_files_of_the_run(self):
        here = PurePosixPath("acme/2026-Q3")
        for address in values_of(read(PAGE), "href", "a"):
            if not address.startswith("#"):
                parts: list[str] = []
                for part in (here / address).parts:
                    parts = parts[:-1] if part == ".." else [*parts, part]
                assert "/".join(parts) in {
                    "index.html",
                    "acme/index.html",
                    "acme/2026-Q3/segmentation.html",
                    "acme/2026-Q3/clv.html",
                    "acme/last-12-months/retention.html",
                }

    def test_without_a_masthead_gets_one(self):
        page = render_report(notebook(p.Notice("x")), CONTEXT)
        assert "<h1>Retention</h1>" in page
        assert "20 November 2026" in page

    def test_is_the_same_every_time(self):
        assert render_report(FULL, CONTEXT) == PAGE

    def test_is_small(self):
        assert len(PAGE.encode()) < 100_000
        twelve = [p.Section(f"s{i}", p.Statement("x"), every_piece("x")[5].chart) for i in range(12)]
        assert len(render_report(notebook(*twelve), CONTEXT).encode()) < 300_000

    def test_of_nothing_says_what_is_missing(self):
        book = notebook(
            p.Masthead("Harbour & Vale", "Pipeline", ()), p.Empty("No table deals", "Add the table deals.")
        )
        page = render_report(book, CONTEXT)
        assert '<div class="empty"><b>No table deals</b>Add the table deals.</div>' in page
        assert '<meta name="description" content="No table deals">' in page


FAILURE = Failure(
    type="ContractError",
    message="sales: 3 of 120 rows have no amount.",
    cell=4,
    cells=11,
    cell_title="Open the data",
    source="one\ntwo\nthree < 3\nfour",
    line=3,
    deliberate=True,
)

COMMAND = "workbook run params/demo.yml --organisation acme --timeframe 2026-Q3 --notebook retention"


class TestFailure:
    def page(self, **changes):
        return render_failure(replace(FAILURE, **changes), CONTEXT, command=COMMAND)

    def text(self, **changes):
        return " ".join("".join(f"{part} " for part in read(self.page(**changes)).texts).split())

    def test_says_in_red_which_cell_failed_and_why(self):
        assert (
            '<div class="notice fail" role="note"><b>This report was not made: cell 4 of 11 failed</b>'
            in self.page()
        )
        assert (
            "sales: 3 of 120 rows have no amount. No figure of this report should be quoted." in self.text()
        )
        assert "<title>Failed: Retention" in self.page()

    def test_draws_the_run_as_a_strip_of_cells(self):
        strip = re.search(r'<div class="run".*?</div>', self.page())[0]
        assert [strip.count("<i></i>"), strip.count('<i class="x">'), strip.count('<i class="no">')] == [
            3,
            1,
            7,
        ]
        assert 'aria-label="11 cells: 3 ran, cell 4 failed, 7 were not run"' in strip

    @pytest.mark.parametrize(
        ("cell", "words"),
        [
            (1, ["cell 1 failed", "cells 2–11 not run"]),
            (2, ["cell 1 ran"]),
            (10, ["cell 11 not run"]),
            (11, ["cells 1–10 ran"]),
        ],
    )
    def test_names_the_cells_that_ran_and_those_that_did_not(self, cell, words):
        assert all(word in self.text(cell=cell) for word in words)
        assert ("not run" in self.text(cell=cell)) == (cell < 11)

    def test_points_at_the_line(self):
        assert "<mark>→ three &lt; 3</mark>" in self.page()
        assert self.page().count("<mark>") == 1

    def test_shows_a_few_lines_around_it(self):
        text = self.text(source="\n".join(f"line {i:03}" for i in range(1, 101)), line=50)
        assert "line 046" in text
        assert "line 054" in text
        assert "line 045" not in text
        assert "line 055" not in text

    def test_gives_parameters_as_they_were_masked(self):
        text = self.text()
        assert "include_inactive false" in text
        assert "grain not set" in text
        assert "phone •••• 1234" in text

    def test_numbers_what_can_be_done_and_gives_the_command(self):
        assert '<ol class="do"><li>' in self.page()
        assert f"{COMMAND}</code>" in self.page()
        assert "workbook check params/demo.yml</code>" in self.page()

    def test_params_in_a_folder_with_a_blank_in_its_name_stay_one_word(self):
        command = "workbook run 'our params/demo.yml' --notebook retention"
        page = render_failure(FAILURE, CONTEXT, command=command)
        assert "workbook check &#39;our params/demo.yml&#39;</code>" in page

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("TimeLimit", "Give it more time"),
            ("MemoryLimit", "Give it more memory"),
            ("DeadKernel", "often because memory ran out"),
            ("KeyError", "Its own words may quote data and are kept off this page"),
        ],
    )
    def test_advises_by_what_happened(self, kind, words):
        assert words in self.text(type=kind, deliberate=False)
        assert "workbook check" not in self.text(type=kind, deliberate=False)

    def test_before_the_first_cell_draws_no_strip(self):
        page = self.page(cell=None, cells=0, source="", line=None, cell_title="")
        assert "no cell was run" in page
        assert 'class="run"' not in page
        assert "<pre" not in page

    def test_shows_no_figure_and_no_table_but_the_parameters(self):
        assert "<svg" not in self.page()
        assert 'class="card' not in self.page()
        assert self.page().count("<table") == 2  # parameters and provenance

    def test_allows_nothing_from_elsewhere(self):
        assert values_of(read(self.page()), "content", "meta")[1].startswith("default-src 'none'")

    def test_is_the_same_every_time(self):
        assert self.page() == self.page()
