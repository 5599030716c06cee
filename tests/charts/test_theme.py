"""One look for every chart: colours from the tokens, words that fit, drawings that stay the same."""

import re
import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Circle, Rectangle

from analytics.charts import theme
from analytics.charts.svg import ColourError
from analytics.page import guard
from analytics.page.tokens import LIGHT

SIZE = (300, 200)


def drawn(draw, uid="a", size=SIZE) -> str:
    return theme.svg(draw, uid, size, narrow=False)


def one_line(fig, narrow, colour=LIGHT["c1"]):
    axes = theme.frame(fig, 40, 20, 10, 40)
    axes.plot([0, 1, 2], [0, 2, 1], color=colour)


class TestColour:
    def test_of_a_token_stands_as_attribute_and_as_class(self):
        assert 'stroke="#0f4c75" stroke-width="2.25" stroke-linecap="round" class="s-c1"' in drawn(one_line)

    @pytest.mark.parametrize("colour", ["steelblue", "#123456", "0.5", "C0"])
    def test_from_elsewhere_is_refused(self, colour):
        def draw(fig, narrow):
            one_line(fig, narrow, colour)

        if colour == "C0":  # the cycle holds tokens
            assert "s-c1" in drawn(draw)
        else:
            with pytest.raises(ColourError, match="is not a token"):
                drawn(draw)

    def test_of_many_dots_is_said_once(self):
        def draw(fig, narrow):
            axes = theme.frame(fig, 40, 20, 10, 40)
            axes.plot(range(50), range(50), "o", color=LIGHT["c2"], mew=0)

        assert drawn(draw).count(LIGHT["c2"]) <= 2


class TestDrawing:
    def test_is_as_large_as_asked_and_one_unit_is_one_pixel(self):
        root = re.match(r"<svg[^>]*>", drawn(one_line))[0]
        assert 'viewBox="0 0 300 200" width="300" height="200"' in root

    def test_keeps_the_margins_it_was_given(self):
        def draw(fig, narrow):
            theme.frame(fig, 40, 20, 10, 30)

        assert 'd="M40 170H290"' in drawn(draw)  # the axis at the bottom

    def test_is_the_same_every_time(self):
        assert drawn(one_line) == drawn(one_line)

    def test_passes_the_guard_of_the_page(self):
        assert guard.drawing(drawn(one_line))

    def test_has_ids_of_its_own(self):
        first, second = drawn(one_line, "a"), drawn(one_line, "b")
        ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (first, second)]
        assert ids[0]
        assert not ids[0] & ids[1]

    @pytest.mark.parametrize("uid", ["", "A", "1a", "a b", 'a"'])
    def test_needs_an_id_that_is_safe_in_a_page(self, uid):
        with pytest.raises(ValueError, match="lower-case letters"):
            drawn(one_line, uid)

    def test_holds_no_style_sheet_and_no_font(self):
        svg = drawn(one_line)
        assert "<style" not in svg
        assert "font-family" not in svg

    def test_leaves_out_points_on_a_straight_run(self):
        def draw(fig, narrow):
            axes = theme.frame(fig, 0, 0, 0, 0)
            axes.set(xlim=(0, 300), ylim=(0, 200))
            axes.grid(visible=False)
            axes.plot(range(0, 201, 10), range(0, 201, 10), color=LIGHT["c1"])

        assert 'd="M0 200L200 0"' in drawn(draw)

    def test_comes_in_two_sizes_with_one_text(self):
        chart = theme.both(one_line, "a", "A line.", (300, 200), (200, 200))
        assert 'class="chart wide"' in chart.wide
        assert 'class="chart narrow"' in chart.narrow
        assert 'width="200"' in chart.narrow
        assert chart.alt == "A line."

    def test_holds_an_area_as_one_path(self):
        def draw(fig, narrow):
            axes = theme.frame(fig, 0, 0, 0, 0)
            axes.set(xlim=(0, 3), ylim=(0, 2))
            axes.fill_between([0, 3], [0, 0], [1, 2], color=LIGHT["q1"], lw=0)

        assert re.search(r'd="M0 100V200H300V0[^"]*"[^>]*class="f-q1"', drawn(draw))
        assert "<use" not in drawn(draw)

    def test_says_once_where_marks_end(self):
        def draw(fig, narrow):
            one_line(fig, narrow)
            fig.axes[0].bar([0, 1], [1, 2], color=LIGHT["c1"])

        svg = drawn(draw)
        assert re.findall("<clipPath.*?</clipPath>", svg) == [
            '<clipPath id="a0"><rect x="40" y="20" width="250" height="140"/></clipPath>'
        ]
        assert svg.count('clip-path="url(#a0)"') > 3

    def test_that_only_matplotlib_could_make_is_refused(self):
        def hatched(fig, narrow):
            theme.frame(fig, 0, 0, 0, 0).add_patch(Rectangle((0, 0), 1, 1, fc=LIGHT["c1"], hatch="/"))

        def round_edge(fig, narrow):
            ax = theme.frame(fig, 0, 0, 0, 0)
            dot = Rectangle((0, 0), 1, 1, fc=LIGHT["c1"])
            dot.set_clip_path(Circle((0, 0), 1, transform=ax.transData))
            ax.add_patch(dot)

        for draw in (hatched, round_edge):
            with pytest.raises(ValueError, match="no hatches"):
                drawn(draw)

    def test_leaves_matplotlib_as_it_was(self):
        names = mpl.rcParams.keys() - {"backend"}  # settled when it is first asked for
        before = {name: mpl.rcParams[name] for name in names}
        drawn(one_line)
        with pytest.raises(RuntimeError), theme.style():
            raise RuntimeError
        assert {name: mpl.rcParams[name] for name in names} == before


class TestWords:
    @pytest.mark.parametrize("words", ["£5 & <more>", "$5 to $10", "a_b^c", "100 % – 5"])
    def test_are_written_as_they_are(self, words):
        def draw(fig, narrow):
            theme.label(theme.frame(fig, 10, 10, 10, 10), words, (0, 0))

        assert words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in drawn(draw)

    def test_in_any_script_are_measured_without_a_warning(self):
        def draw(fig, narrow):
            theme.label(theme.frame(fig, 10, 10, 10, 10), "Khách hàng ก 客 😀", (0, 0))

        assert "Khách hàng ก 客 😀" in drawn(draw)
        assert theme.text_width("ก 客 😀") > 0

    def test_of_several_lines_are_anchored_each(self):
        def draw(fig, narrow):
            axes = theme.frame(fig, 10, 10, 10, 10)
            axes.axis("off")
            theme.label(axes, "one\ntwo", (1, 0), ha="right")

        assert re.findall(r'text-anchor="end"[^>]*>(\w+)<', drawn(draw)) == ["one", "two"]

    def test_may_be_turned(self):
        def draw(fig, narrow):
            fig.text(0.5, 0.5, "up", rotation=90, ha="left", va="bottom")

        assert re.search(r'x="(\S+)" y="(\S+)"[^>]* transform="rotate\(-90 \1 \2\)">up<', drawn(draw))

    def test_hold_nothing_that_a_page_cannot(self):
        def draw(fig, narrow):
            theme.label(theme.frame(fig, 10, 10, 10, 10), "a\x00b\x1b", (0, 0))

        assert guard.drawing(drawn(draw)).count("a\ufffdb\ufffd") == 1

    def test_with_a_halo_carry_its_class(self):
        def draw(fig, narrow):
            theme.label(theme.frame(fig, 10, 10, 10, 10), "x", (0, 0))

        assert 'class="halo f-ink"' in drawn(draw)

    @given(st.text(max_size=40), st.floats(20, 300))
    def test_fit_the_room_there_is(self, words, room):
        fitted = theme.fit(words, room)
        assert theme.text_width(fitted) <= room or len(fitted) <= 2
        assert fitted.endswith("…") or fitted == " ".join(words.split())

    def test_wrap_into_lines_and_lose_nothing_that_fits(self):
        assert (
            theme.wrap("Share of the customers of one quarter who ordered in the next", 200).count("\n") == 1
        )
        assert theme.wrap("short", 200) == "short"
        assert theme.wrap("", 200) == ""


class TestSpread:
    places = st.lists(st.floats(-1e3, 1e3), max_size=8)

    @given(places, st.floats(0.1, 50))
    def test_keeps_the_gap_and_the_order(self, places, gap):
        found = theme.spread(places, gap)
        order = sorted(range(len(places)), key=lambda i: places[i])
        for one, other in pairwise(order):
            assert found[other] - found[one] >= gap - 1e-6

    @given(st.lists(st.floats(0, 100), max_size=8))
    def test_keeps_the_gap_within_its_bounds(self, places):
        found = sorted(theme.spread(places, 10, 0, 100))
        assert all(-1e-6 <= place <= 100 + 1e-6 for place in found)
        assert all(other - one >= 10 - 1e-6 for one, other in pairwise(found))

    @given(st.lists(st.integers(-20, 20), unique=True, max_size=6))
    def test_moves_nothing_that_is_far_enough_apart(self, places):
        assert theme.spread(places, 0.5) == pytest.approx(places)


class TestScale:
    @pytest.mark.parametrize(
        ("value", "step"), [(-1, 1), (0, 1), (4.99, 1), (5, 2), (34.99, 7), (35, 7), (80, 7)]
    )
    def test_step_of_a_fixed_scale(self, value, step):
        assert theme.step_of(value, 0, 35) == step

    @pytest.mark.parametrize(
        ("values", "top"), [([], 35), ([35.0], 35), ([35.1], 60), ([float("nan"), 99], 100), ([140], 100)]
    )
    def test_top_is_one_of_a_few(self, values, top):
        assert theme.scale_top(values) == top


class TestPeriods:
    def ticks(self, labels, room=600):
        found = []

        def draw(fig, narrow):
            axes = theme.frame(fig, 40, 20, 10, 40)
            axes.set_xlim(0, max(len(labels) - 1, 1))
            theme.time_ticks(axes, labels, room)
            found.extend(tick.get_text() for tick in axes.get_xticklabels())

        drawn(draw)
        return found

    def test_name_the_year_once(self):
        assert self.ticks(["Nov\n2025", "Dec\n2025", "Jan\n2026"]) == ["Nov\n2025", "Dec", "Jan\n2026"]

    def test_name_the_last_one_always(self):
        labels = [f"M{i}\n2026" for i in range(30)]
        shown = self.ticks(labels, room=200)
        assert shown[-1] == "M29"
        assert 2 <= len(shown) <= 8

    def test_may_be_none(self):
        assert self.ticks([]) == []


def test_importing_the_theme_needs_neither_pyplot_nor_seaborn():
    heavy = {"matplotlib.pyplot", "seaborn", "ibis"}
    code = f"import sys, analytics.charts.forms; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
