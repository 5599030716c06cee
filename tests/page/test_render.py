"""What a reader finds on a page, piece by piece."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.page import pieces as p
from analytics.page import render
from tests.page.every_piece import chart, every_piece, heat, table
from tests.page.hostile import read, values_of


class TestChange:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (p.Change("5.8 pts", "Q1 2026", True, "better"), "▲ 5.8 pts better than Q1 2026"),
            (p.Change("5.8 pts", "Q1 2026", False, "worse"), "▼ 5.8 pts worse than Q1 2026"),
            (p.Change("3 days", "Q1 2026", False, "better"), "▼ 3 days better than Q1 2026"),
            (p.Change("17.9%", "Q1 2026", True, "more"), "▲ 17.9% more than Q1 2026"),
            (p.Change("£200", "Q2 2025", False, "less"), "▼ £200 less than Q2 2025"),
            (
                p.Change("2.7 pts", "joiners of Q4", True, "close"),
                "≈ 2.7 pts up on joiners of Q4, may be chance",
            ),
            (p.Change("", "Q1 2026", False, "close"), "≈ the same as Q1 2026"),
            (p.Change("", "Q2 2025"), "– not comparable with Q2 2025"),
        ],
    )
    def test_reads_as_a_sentence_on_the_page_and_in_plain_text(self, change, said):
        head = p.Headline("x", "Stayed", "43.7%", changes=(change,))
        assert render.change_words(change) == said
        html = render.fragment(p.Cards((head,)))
        item = re.search(r'<ul class="chg">(.*?)</ul>', html)[1]
        assert "".join(read(item).texts).replace(said[0], f"{said[0]} ", 1) == said
        assert f'<li class="{change.verdict}">' in item


class TestSparkline:
    def test_ends_in_a_dot_and_rings_a_year_ago(self):
        line = render.spark(p.Headline("x", "x", "x", history=(0.0, 5.0, 10.0), year_ago=0))
        assert line == render.Spark("M3 35.0L99 20.0L195 5.0", ("195", "5.0"), ("3", "35.0"))

    def test_breaks_where_a_figure_is_missing(self):
        line = render.spark(p.Headline("x", "x", "x", history=(1.0, None, 2.0, 3.0, None), year_ago=1))
        assert line.path.count("M") == 2
        assert line.dot is None
        assert line.ring is None

    @pytest.mark.parametrize("history", [(), (1.0,), (1.0, 2.0), (None, 1.0, 2.0), (float("nan"), 1.0, 2.0)])
    def test_is_left_out_where_two_points_would_have_to_be_a_trend(self, history):
        head = p.Headline("x", "x", "x", history=history)
        assert render.spark(head) is None
        assert "<svg" not in render.fragment(p.Cards((head,)))

    def test_of_a_constant_is_flat(self):
        assert (
            render.spark(p.Headline("x", "x", "x", history=(4.0, 4.0, 4.0))).path
            == "M3 35.0L99 35.0L195 35.0"
        )

    @given(st.lists(st.none() | st.floats(-1e12, 1e12), min_size=3, max_size=13))
    def test_stays_in_its_box(self, history):
        line = render.spark(p.Headline("x", "x", "x", history=tuple(history)))
        for x, y in re.findall(r"[ML](\d+) ([\d.]+)", line.path) if line else []:
            assert 0 <= float(x) <= 200
            assert 0 <= float(y) <= 40


class TestCards:
    @pytest.mark.parametrize(
        ("count", "across"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (6, 3), (8, 4), (11, 4)]
    )
    def test_stand_at_most_four_in_a_row(self, count, across):
        head = p.Headline("x", "Stayed", "43.7%")
        html = render.fragment(p.Cards((head,) * count))
        assert f'<ul class="cards n{across}">' in html
        assert html.count('<li class="card">') == count

    def test_show_an_unsure_figure_grey(self):
        html = render.fragment(p.Cards((p.Headline("x", "Stayed", "43.7%", unsure=True),)))
        assert '<li class="card unsure">' in html

    def test_explain_lines_and_signs_only_where_there_are_any(self):
        plain = p.Headline("x", "To call", "16", changes=(p.Change("", "Q2 2026", verdict="none"),))
        drawn = p.Headline("x", "To call", "16", history=(1.0, 2.0, 3.0, 4.0))
        close = p.Headline("x", "To call", "16", changes=(p.Change("2%", "Q2 2026", verdict="close"),))
        said = ["A line." in render.fragment(p.Cards((one,), key="A line.")) for one in (plain, drawn, close)]
        assert said == [False, True, True]


class TestSection:
    def test_is_found_by_the_name_of_its_block(self):
        html = render.fragment(p.Section("cohort_analysis", p.Statement("More stay"), missing="x"))
        assert values_of(read(html), "id", "section") == ["cohort_analysis"]

    def test_says_statement_lead_reading_and_base_once_each(self):
        statement = p.Statement("More stay: 44%", "Since June.", "Each point is a month.", "1,623 customers")
        html = render.fragment(p.Section("trend", statement, chart("x")))
        text = "".join(read(html).texts)
        for words in ("More stay: 44%", "Since June.", "Each point is a month.", "1,623 customers"):
            assert text.count(words) == 1
        assert "How to read" in text
        assert "Based on" in text

    def test_without_notes_has_no_heads_for_them(self):
        html = render.fragment(p.Section("trend", p.Statement("More stay"), chart("x")))
        assert "How to read" not in html
        assert "Based on" not in html

    def test_gives_its_chart_in_two_drawings_with_one_alternative_text(self):
        html = render.fragment(p.Section("trend", p.Statement("More stay"), chart("A line that rises")))
        seen = read(html)
        assert [c.split()[-1] for c in values_of(seen, "class", "svg")] == ["wide", "narrow"]
        assert values_of(seen, "aria-label", "figure") == ["A line that rises"]
        assert values_of(seen, "aria-hidden", "svg") == ["true", "true"]

    def test_says_what_is_missing_instead_of_showing_an_empty_frame(self):
        html = render.fragment(
            p.Section(
                "regions",
                p.Statement("By region", read="A bar is a region."),
                missing="No order has a region.",
                table=table("x"),
            )
        )
        assert "No order has a region." in html
        assert "<table" not in html
        assert "A bar is a region." not in html

    def test_with_a_drawing_from_elsewhere_is_refused(self):
        bad = p.Chart('<svg><image href="data:,"/></svg>', "<svg/>", "x")
        with pytest.raises(ValueError, match="image"):
            render.fragment(p.Section("trend", p.Statement("More stay"), bad))


class TestHeat:
    def test_tells_a_hidden_cell_from_one_that_has_not_happened(self):
        html = render.fragment(p.Section("cohorts", p.Statement("x"), full=heat("12")))
        row = re.search(r"<tbody><tr>(.*?)</tr>", html)[1]
        cells = re.findall(r"<td.*?</td>", row)[1:]
        assert cells == [
            '<td class="q3">12</td>',
            '<td class="hid"><span class="sr">hidden</span></td>',
            "<td></td>",
        ]

    def test_explains_its_scale_and_its_two_kinds_of_gap(self):
        text = "".join(read(render.fragment(p.Section("c", p.Statement("x"), full=heat("0 to 35%")))).texts)
        assert "0 to 35%" in text
        assert "hidden: fewer than 30 customers" in text
        assert "blank: not yet happened" in text

    def test_weighs_the_average_row_apart(self):
        assert '<tr class="avg">' in render.fragment(p.Section("c", p.Statement("x"), full=heat("x")))


class TestTable:
    columns = (p.Column("Segment"), p.Column("Customers", number=True), p.Column("Share", bar=True))

    def html(self, **options) -> str:
        rows = options.pop("rows", (("Loyal", "1,204", 40.0), ("New", "96", 10.0)))
        made = p.Table(self.columns, rows, **options)
        return render.fragment(p.Section("t", p.Statement("A heading"), table=made))

    def test_has_words_on_the_left_and_figures_on_the_right(self):
        assert '<th scope="row">Loyal</th><td class="num">1,204</td>' in self.html()

    def test_draws_a_bar_in_a_column_of_its_own(self):
        assert '<td class="bar"><i style="--v:40"></i></td>' in self.html()

    def test_draws_bars_to_both_sides_where_one_is_negative(self):
        html = self.html(rows=(("Loyal", "1", 40.0), ("New", "2", -12.5)))
        assert '<td class="bar two"><i style="--v:40"></i></td>' in html
        assert '<td class="bar two"><i class="neg" style="--v:12.5"></i></td>' in html

    @pytest.mark.parametrize(
        ("value", "width"), [(0.0, "0"), (33.333, "33.3"), (-250.0, "100"), (float("nan"), "0"), ("–", "0")]
    )
    def test_keeps_a_bar_within_its_column(self, value, width):
        assert render.bar_width(value) == width

    def test_ends_in_its_total(self):
        html = self.html(total=("All", "1,300", 50.0))
        assert html.index('<tr class="sum">') > html.index("New")

    def test_says_of_how_many_rows_it_shows_some(self):
        assert "By segment; 2 of 12,345 rows" in "".join(
            read(self.html(caption="By segment", of_rows="12,345")).texts
        )
        assert " of " not in self.html(caption="By segment", of_rows="")

    def test_folds_under_the_words_given(self):
        assert '<details class="more"><summary>The figures</summary>' in self.html(folded="The figures")
        assert "<details" not in self.html()

    def test_greys_rows_with_little_behind_them(self):
        assert '<tr class="unsure"><th scope="row">New</th>' in self.html(unsure=frozenset({1}))

    def test_keeps_a_column_of_sentences_wide_enough_to_read(self):
        columns = (p.Column("Segment"), p.Column("What to do"), p.Column("Tier"))
        row = ("Loyal", "Offer the next tier, bundles and a loyalty programme.", "VIP")
        html = render.fragment(p.Section("t", p.Statement("x"), table=p.Table(columns, (row,))))
        assert html.count('<td class="words">') == 1
        assert "<td>VIP</td>" in html

    def test_has_a_name_for_those_who_do_not_see_it(self):
        assert values_of(read(self.html()), "aria-label", "div") == ["A heading"]
        assert values_of(read(self.html(caption="By segment")), "aria-label", "div") == ["By segment"]

    def test_that_is_folded_has_another_name_than_the_one_above_it(self):
        assert values_of(read(self.html(folded="The rest")), "aria-label", "div") == ["A heading: The rest"]

    def test_names_a_column_without_a_head_for_those_who_hear_it(self):
        table = p.Table((p.Column("Groups"), p.Column("")), (("3", "chosen"),))
        html = render.fragment(p.Section("t", p.Statement("x"), table=table))
        assert '<th scope="col"><span class="sr">Remark</span></th>' in html


class TestText:
    def test_of_every_piece_is_plain(self):
        for piece in every_piece("a & b"):
            assert "<" not in render.text(piece)
            assert "&amp;" not in render.text(piece)

    def test_of_a_summary_keeps_its_words(self):
        runs = p.sentence("{n} stayed.", n=p.Bold("71.3%"))
        assert render.text(p.Summary((runs, ("More than before.",)))) == "71.3% stayed. More than before."
        assert "<b>71.3%</b> stayed. More than before." in render.fragment(
            p.Summary((runs, ("More than before.",)))
        )


class TestStyleSheet:
    def test_asks_for_nothing_from_elsewhere(self):
        for sheet in (render.page_css(), render.notebook_css()):
            assert "url(" not in sheet
            assert "@import" not in sheet
            assert "@font-face" not in sheet
            assert "</" not in sheet

    def test_is_small_and_balanced(self):
        for sheet in (render.page_css(), render.notebook_css()):
            assert len(sheet) < 24_000
            assert sheet.count("{") == sheet.count("}")

    def test_knows_phones_dark_screens_and_paper(self):
        for rule in (
            "(max-width:479px)",
            "prefers-color-scheme:dark",
            "@page{size:A4",
            "counter(pages)",
            "@media print",
        ):
            assert rule in render.page_css()

    def test_in_a_notebook_touches_only_what_is_the_workbooks(self):
        outside = re.sub(r"\.workbook\{", "", render.notebook_css(), count=1)
        assert not re.match(r"(body|html|table|h1)\{", outside)
        assert "@page" not in render.notebook_css()

    def test_in_a_notebook_goes_by_the_width_of_the_cell_and_by_the_theme_of_jupyterlab(self):
        sheet = render.notebook_css()
        assert "container-type:inline-size" in sheet
        assert "@container (max-width:699px)" in sheet
        assert "@media (max-width" not in sheet
        assert "[data-jp-theme-light=false] .workbook{color-scheme:dark;--paper:" in sheet

    def test_has_a_rule_for_every_class_in_use(self):
        used = {
            c
            for piece in every_piece("x")
            for v in values_of(read(render.fragment(piece)), "class")
            for c in v.split()
        }
        known = {"base", "chart", "wide", "val", "heads", "hid", "num"}
        missing = {c for c in used - known if not re.search(rf"\.{re.escape(c)}(?![\w-])", render.page_css())}
        assert missing == set()


def test_same_pieces_give_the_same_bytes():
    once, twice = ("".join(map(render.fragment, every_piece("x"))) for _ in range(2))
    assert once == twice
