"""A customer called ``<img src=x onerror=alert(1)>`` is shown as just that, wherever the name turns up."""

import re
from datetime import UTC, datetime

import nbformat
import pytest

from analytics.charts import forms, theme
from analytics.page import guard, render
from analytics.page.display import Shown
from analytics.reporting import index
from analytics.reporting.manifest import (
    Failure,
    HeadlineFigure,
    PageContext,
    ReportName,
    ReportResult,
    RunRecord,
)
from analytics.reporting.page import render_failure, render_report
from tests.page.every_piece import chart, every_piece
from tests.page.hostile import PAYLOADS, read, values_of

XML_CANNOT_HOLD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def context(words: str) -> PageContext:
    name = ReportName(
        organisation="acme",
        organisation_name=words,
        timeframe="all",
        slug="all",
        notebook="retention",
        title=words,
        question=words,
    )
    started = datetime(2026, 11, 20, 6, 12, tzinfo=UTC)
    return PageContext(
        report=name, siblings=(name,), started=started, parameters={words: words}, versions={words: words}
    )


def notebook(pieces) -> nbformat.NotebookNode:
    cells = [
        nbformat.v4.new_code_cell(
            "report.section()",
            outputs=[nbformat.v4.new_output("execute_result", data=Shown(piece)._repr_mimebundle_())],
        )
        for piece in pieces
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_there_are_enough_of_them():
    assert len(set(PAYLOADS)) >= 30


def test_the_reader_notices_what_it_is_there_for():
    caught = [payload for payload in PAYLOADS if read(payload).running]
    assert len(caught) >= 28


@pytest.mark.parametrize("words", PAYLOADS)
class TestWords:
    def test_in_pieces_are_only_read(self, words):
        for piece in every_piece(words):
            html = render.fragment(piece)
            seen = read(html)
            assert seen.running == []
            if html:
                visible = "".join(seen.texts) + "".join(values_of(seen, "aria-label"))
                assert words.replace("\x00", "") in visible.replace("\x00", "").replace("�", "")

    def test_in_charts_are_only_read(self, words):
        drawn = chart(words)
        for svg in (drawn.wide, drawn.narrow):
            assert guard.drawing(svg)
            assert read(svg).running == []
        shown = "".join(read(theme.svg(forms_unit, "u", (760, 340), narrow=False, words=words)).texts)
        assert XML_CANNOT_HOLD.sub("�", words) in shown

    def test_in_whole_pages_are_only_read(self, words):
        failure = Failure(type=words, message=words, cell=1, cells=2, cell_title=words, source=words, line=1)
        pages = [
            render_report(notebook(every_piece(words)), context(words)),
            render_failure(failure, context(words), command=words),
        ]
        for page in pages:
            assert_runs_nothing(page)

    def test_in_indexes_are_only_read(self, words, tmp_path):
        result = ReportResult(
            report=context(words).report,
            state="warning",
            reason=words,
            headlines=(HeadlineFigure(words, words, words),),
        )
        record = RunRecord(started=datetime(2026, 11, 20, tzinfo=UTC), seconds=1, results=(result,))
        page = tmp_path / result.report.page
        page.parent.mkdir(parents=True)
        page.write_text("the report")
        page.with_suffix(".json").write_text("{}")
        index.update(tmp_path, record)
        drawn = [path for path in tmp_path.rglob("*.html") if path != page]
        assert len(drawn) > 3
        assert {path.relative_to(tmp_path).parts[0] for path in drawn} >= {"index.html", "acme", "_history"}
        for path in drawn:
            text = path.read_text(encoding="utf-8")
            # The pages' own marks, between which a later run writes.
            text = re.sub("<!--(top|foot|title|rows|links)-->", "", text)
            if text.startswith("<!doctype"):
                assert_runs_nothing(text)
            else:  # a part of a page, kept for the next run
                assert read(text).running == []


def forms_unit(fig, narrow, *, words):
    axes = theme.frame(fig, 40, 40, 10, 40)
    theme.label(axes, words, (0, 0))


def assert_runs_nothing(page: str) -> None:
    seen = read(page)
    assert seen.running == []
    assert seen.tags.count("meta") == 6
    assert seen.tags.count("style") == 1
    assert "link" not in seen.tags


class TestOutputsFromElsewhere:
    @pytest.mark.parametrize(
        "html",
        [
            "<script>alert(1)</script>",
            "<p onclick=alert(1)>",
            "<a href=javascript:alert(1)>",
            "<a href=//example.test>",
            "<a href=https://example.test>",
            "<img src=data:image/png;base64,AA>",
            "<svg><foreignObject></foreignObject></svg>",
            '<svg><use href="//example.test#a"/></svg>',
            '<svg><rect fill="url(//example.test#a)"/></svg>',
            '<p style="background:url(//example.test)">',
            '<i style="--v:1;position:fixed">',
            "<style>p{}</style>",
            "<!-- x -->",
            "<!doctype html>",
            "<![CDATA[x]]>",
            "<?php x ?>",
            "<meta http-equiv=refresh>",
            "<form><input></form>",
        ],
    )
    def test_stop_the_page_even_where_they_carry_the_record(self, html):
        book = notebook(every_piece("fine")[:1])
        book.cells[0].outputs[0].data["text/html"] = f'<div class="workbook">{html}</div>'
        with pytest.raises(guard.UnsafeFragment):
            render_report(book, context("fine"))

    def test_do_not_reach_the_page_without_the_record(self):
        book = notebook(every_piece("fine")[:1])
        stray = nbformat.v4.new_output("display_data", data={"text/html": "<b>a table of customers</b>"})
        book.cells[0].outputs.append(stray)
        book.cells[0].outputs.append(nbformat.v4.new_output("stream", name="stdout", text="customer 17850"))
        page = render_report(book, context("fine"))
        assert "a table of customers" not in page
        assert "17850" not in page


def test_names_in_every_form_of_chart_are_only_read():
    words = "<script>alert(1)</script>"
    say = lambda value: f"{value:g}"  # noqa: E731
    one = {"words": say, "title": words}
    drawn = [
        theme.both(forms.bars, "a", words, names=[words], values=[1], notes=[words], **one),
        theme.both(forms.columns, "b", words, labels=[words], groups=[(words, [1], "c1")] * 2, **one),
        theme.both(
            forms.dumbbell, "d", words, names=[words], before=[1], after=[2], heads=(words,) * 2,
            change=say, **one,
        ),
        theme.both(
            forms.bridge, "e", words, start=1, end=2, steps=[forms.Step(words, 1, words)], names=(words,) * 2,
            signed=say, **one,
        ),
        theme.both(
            forms.flow, "f", words, names=(words,) * 2, moved=[[1, 2], [3, 4]], heads=(words,) * 2, count=say,
            change=say,
        ),
        theme.both(forms.multiples, "g", words, names=[words], series=[[1, 2]], ends=(words,) * 2, **one),
        theme.both(
            forms.grid, "h", words, x=[1, 2], y=[1, 2], groups=(words,) * 2, colours={words: "c1"},
            xtitle=words, x_top=10, y_top=5, **one,
        ),
    ]  # fmt: skip
    for chart_ in drawn:
        assert guard.drawing(chart_.wide)
        assert guard.drawing(chart_.narrow)
        assert read(chart_.wide + chart_.narrow).running == []
