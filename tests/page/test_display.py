"""How a piece leaves a notebook, and how the page finds it again."""

import json
from datetime import date

import pytest

from analytics.page import pieces as p
from analytics.page import render
from analytics.page.display import Shown, fragment_of, kind_of, records
from tests.page.every_piece import every_piece


@pytest.mark.parametrize("piece", every_piece("x"), ids=kind_of)
class TestEveryPiece:
    def test_is_recorded_in_json_by_its_kind(self, piece):
        bundle = Shown(piece)._repr_mimebundle_()
        assert json.loads(json.dumps(bundle[p.MIME], allow_nan=False))["kind"] == kind_of(piece)

    def test_is_found_again_as_it_was_written(self, piece):
        assert fragment_of(Shown(piece)._repr_mimebundle_()) == render.fragment(piece)

    def test_has_words_for_a_terminal(self, piece):
        assert Shown(piece)._repr_mimebundle_()["text/plain"]


def test_record_of_a_section_leaves_out_drawings_and_rows():
    section = next(piece for piece in every_piece("x") if isinstance(piece, p.Section))
    assert records(Shown(section)._repr_mimebundle_()) == (
        {"kind": "section", "block": "trend", "heading": "x"},
    )


def test_record_of_a_publication_holds_what_the_index_quotes():
    head = p.Headline(
        "rate",
        "Stayed",
        "43.7%",
        changes=(p.Change("5.8 pts", "Q1", True, "better"),),
        history=(1.0, float("nan")),
    )
    said = records(
        Shown(
            p.Publication("warning", "few rows", (head,), newest_day=date(2026, 11, 19))
        )._repr_mimebundle_()
    )[0]
    assert said["kind"] == "publish"
    assert said["state"] == "warning"
    assert said["newest_day"] == "2026-11-19"
    assert said["headlines"][0]["value"] == "43.7%"
    assert said["headlines"][0]["changes"][0]["than"] == "Q1"
    assert said["headlines"][0]["history"] == [1.0, None]


def test_publication_shows_nothing():
    assert "text/html" not in Shown(p.Publication("ready"))._repr_mimebundle_()


def test_several_pieces_of_a_cell_are_all_recorded():
    shown = Shown(p.Masthead("Acme", "Retention", ()), p.Notice("3 rows left out"), p.Empty("Nothing", "x"))
    assert [record["kind"] for record in records(shown._repr_mimebundle_())] == [
        "masthead",
        "notice",
        "empty",
    ]


def test_nothing_to_show_is_nothing_on_the_page():
    bundle = Shown()._repr_mimebundle_()
    assert bundle == {"text/plain": ""}
    assert records(bundle) == ()
    assert fragment_of(bundle) == ""


def test_masthead_brings_the_style_sheet_to_the_notebook_and_leaves_it_there():
    bundle = Shown(p.Masthead("Acme", "Retention", ()))._repr_mimebundle_()
    assert bundle["text/html"].startswith("<style>.workbook{")
    assert "<style" not in fragment_of(bundle)
    assert "<style" not in Shown(p.Notice("x"))._repr_mimebundle_()["text/html"]


def test_html_that_was_saved_as_lines_is_read_as_one():
    bundle = Shown(p.Notice("x"))._repr_mimebundle_()
    cut = {
        **bundle,
        "text/html": bundle["text/html"].partition("role")
        and [bundle["text/html"][:20], bundle["text/html"][20:]],
    }
    assert fragment_of(cut) == fragment_of(bundle)


def test_other_outputs_have_no_record():
    assert records({"text/html": "<b>x</b>", "text/plain": "x"}) == ()
