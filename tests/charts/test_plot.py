"""The light axes: their scales and words against matplotlib's own, byte for byte."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from analytics.charts import theme
from analytics.charts.lettering import measured
from analytics.charts.plot import Plot, Sheet
from analytics.page.tokens import LIGHT

LETTERS = "fiVA Tj.–1£₫ấộÉ≥→■"


def shaped(text, size, bold):
    font = FontProperties(family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, False)


class TestMeasured:
    @pytest.mark.parametrize("bold", [False, True])
    @pytest.mark.parametrize(
        "text",
        ["Qualified offers", "AVATAR To 1.", "Khách hàng ở lại", "26,2 tỷ ₫ – £5", "ffl ffi", " ", "客 ก"],
    )
    @pytest.mark.filterwarnings("ignore:Glyph")
    def test_is_what_shaping_the_whole_gives(self, text, bold):
        assert measured(text, 13.0, bold) == shaped(text, 13.0, bold)

    @given(st.text(LETTERS, min_size=1, max_size=12), st.booleans())
    @example("Coffee", True)
    def test_is_within_a_hair_of_it_for_any_words(self, text, bold):
        assert measured(text, 12.5, bold) == pytest.approx(shaped(text, 12.5, bold), abs=0.05)


def with_axes(kind, marks, **limits):
    """A drawing with a numbered and a named scale, some marks, words and an inverted axis."""

    def draw(fig, narrow):
        width, height = theme.size_of(fig)
        ax = fig.add_axes(kind(fig, (40 / width, 30 / height, 0.8, 0.7)))
        ax.set(**limits)
        ax.grid(visible=False)
        ax.grid(visible=True, axis="y")
        ax.set_xticks([])
        marks(ax)
        theme.label(ax, "Éight\nlines", (1, 1), (4, 3))
        theme.fmt_axis(ax.yaxis, "Ế {:.1f}".format)

    return theme.svg(draw, "a", (300, 200), narrow=False)


def bars(ax):
    ax.barh([0, 1], [2, 3], color=LIGHT["c1"])
    ax.barh(2, -1, left=3, height=0.3, color=[LIGHT["c2"]])
    ax.bar([0, 1], [3, 0], bottom=1, width=0.5, color=[LIGHT["c3"], LIGHT["c4"]])
    ax.bar(
        [0.5, 1.5], [2, 2], [1, 0.5], align="edge", color=LIGHT["q2"], edgecolor=LIGHT["paper"], linewidth=1
    )


def lines(ax):
    ax.plot([0, 1], [1, 2], color=LIGHT["c2"])
    ax.plot([0, 1, np.nan, 2, 3], [1, 5, 2, 8, 1], color=LIGHT["c3"], lw=1.5, alpha=0.5)
    ax.plot([0, 1, 3], [1, 2, 2.5], color=LIGHT["c1"], lw=2, dashes=(4, 3))
    ax.plot([1, 1], [0, 1], color=LIGHT["soft"], lw=1, ls=(0, (1, 2.5)), transform=ax.get_xaxis_transform())
    ax.plot([0, 1, 2], [1, 3, 2], color=LIGHT["c1"], lw=9, drawstyle="steps-post", solid_capstyle="butt")
    across = np.linspace(0, 3, 500)
    ax.plot(across, 4 + np.sin(across * 5), color=LIGHT["c5"], zorder=1)


def points(ax):
    ax.plot(2, 5, "o", color=LIGHT["c2"], ms=9, clip_on=False)
    ax.plot([1, 2, 3], [1, np.nan, 4], "o", color=LIGHT["c2"], mew=0, alpha=0.8)
    ax.plot([1, 2, 3], [2, 3, 4], color=LIGHT["c3"], marker="o")
    ax.plot([1, 3], [6, 6], ls="", marker=".", ms=3, color=LIGHT["soft"])
    ax.plot([], [], "o", color=LIGHT["c1"])


class TestPlot:
    @pytest.mark.parametrize("marks", [bars, lines, points])
    @pytest.mark.parametrize("kind", [Plot, Sheet])
    @pytest.mark.parametrize(
        "limits",
        [
            {"xlim": (0, 4), "ylim": (0, 7)},
            {"xlim": (0, 4), "ylim": (3.2, -0.7)},
            {"yscale": "log", "xlim": (0, 4), "ylim": (1, 50)},
        ],
    )
    def test_draws_what_axes_of_matplotlib_draw(self, kind, marks, limits):
        assert with_axes(kind, marks, **limits) == with_axes(Axes, marks, **limits)

    def test_draws_no_bar_without_a_number(self):
        drawn = with_axes(Sheet, lambda ax: ax.bar([0, 1], [np.nan, 2], color=LIGHT["c4"]))
        assert drawn.count("f-c4") == 1

    def scale(self, **options):
        def draw(fig, narrow):
            ax = theme.frame(fig, 50, 10, 10, 40)
            ax.set(xlim=(0, 2), ylim=(0, 2))
            ax.set_yticks([0, 1, 2], ["no", "one", "two"], **options)
            ax.set_ylim(0.5, 2)

        return theme.svg(draw, "a", (300, 200), narrow=False)

    def test_names_only_what_lies_within_its_limits(self):
        assert re.findall(">(\\w+)</text>", self.scale()) == ["one", "two"]

    def test_gives_each_name_its_own_look(self):
        found = dict(re.findall("<text([^>]*)>(\\w+)<", self.scale(weight=["bold", "normal", "bold"])))
        assert ["600" in look for look in found] == [False, True]

    def test_holds_the_places_that_it_names(self):
        def draw(fig, narrow):
            ax = theme.frame(fig, 50, 10, 10, 40)
            ax.set_xlim(0, 1)
            ax.set_xticks([0, 4], ["a", "b"])
            assert ax.get_xlim() == (0, 4)

        assert theme.svg(draw, "a", (300, 200), narrow=False).count("<text") == 2 + 6

    def test_that_is_switched_off_shows_neither_scale_nor_edge(self):
        def draw(fig, narrow):
            ax = theme.frame(fig, 50, 10, 10, 40)
            ax.set_xticks([0, 1], ["Jan\n2026", "Feb"])
            ax.axis("off")

        assert not re.search("<text|<path", theme.svg(draw, "a", (300, 200), narrow=False))

    def test_sets_the_years_below_the_months(self):
        def draw(fig, narrow):
            ax = theme.frame(fig, 50, 10, 10, 40)
            ax.set_yticks([])
            ax.set_xticks([0, 1], ["Jan\n2026", "Feb"])

        found = re.findall('y="([\\d.]+)"[^>]*>(\\w+)<', theme.svg(draw, "a", (300, 200), narrow=False))
        assert found == [("177", "Jan"), ("177", "Feb"), ("193", "2026")]


@pytest.mark.parametrize("style", ["--", ":", "-.", "None"])
def test_a_line_s_style_is_given_as_dashes(style):
    with pytest.raises(ValueError, match="give dashes"):
        with_axes(Sheet, lambda ax: ax.plot([0, 1], [1, 2], color=LIGHT["c1"], ls=style))
