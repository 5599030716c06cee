"""The renderer of the drawings, beside matplotlib's own: another text, the same picture."""

import io
import re

import numpy as np
import pytest
import resvg_py
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection
from PIL import Image

from analytics.charts import theme
from analytics.charts.svg import inline
from analytics.page.tokens import LIGHT

SIZE = (300, 200)


def bars(ax):
    ax.bar([1, 2, 3], [2, 5, 9], color=[LIGHT["c1"], LIGHT["c2"], LIGHT["c3"]], alpha=0.4)
    ax.barh([6, 7], [2, 5], color=LIGHT["q3"], edgecolor=LIGHT["ink"], linewidth=3, linestyle="--")


def lines(ax):
    ax.plot([-1, 1, np.nan, 2, 3, 9], [1, 5, 2, 8, 1, 4], color=LIGHT["c3"], lw=5, alpha=0.5)
    ax.plot([0, 4], [6, 2], color=LIGHT["c1"], lw=3, ls=(4, (3, 2)))
    across = np.linspace(0, 4, 700)
    ax.plot(across, 3 + np.sin(across * 9), color=LIGHT["c5"], solid_capstyle="projecting")


def points(ax):
    ax.plot([1, 2, 3], [1, np.nan, 4], "o", color=LIGHT["c2"], ms=14, mec=LIGHT["ink"], mew=2, alpha=0.8)
    ax.plot([0.1, 3.9], [6, 6], "s", color=LIGHT["c1"], ms=20, clip_on=False)
    ax.scatter([1, 2, 3, 3.5], [5, 5, 5, 2], s=[30, 60, 90, 10], color=[LIGHT["c1"], LIGHT["c4"]] * 2, lw=0)


def areas(ax):
    ax.fill_between([0, 2, 9], [1, 2, 1], [3, 5, 9], color=LIGHT["c1"], alpha=0.3, lw=0)
    ax.pcolormesh([0, 1, 2], [5, 6, 7], [[0, 1], [1, np.nan]], cmap=theme.SEQUENTIAL, vmin=0, vmax=1)
    ax.add_collection(LineCollection([[(0, 0), (4, 7)], [(0, 7), (4, 0)]], colors=LIGHT["c6"], lw=4))


def figure_of(marks):
    fig = theme.figure(*SIZE)
    ax = fig.add_axes((0.1, 0.1, 0.8, 0.8))
    marks(ax)
    ax.set(xlim=(0, 4), ylim=(0, 8), xticks=[], yticks=[])
    return fig


def seen(svg):
    svg = re.sub(r'(width|height)="(\d+)pt"', r'\1="\2"', svg)
    if "xmlns" not in svg:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    image = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, background="white"))))
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("marks", [bars, lines, points, areas])
def test_looks_as_what_matplotlib_writes(marks):
    written = io.StringIO()
    with theme.style():
        FigureCanvasSVG(figure_of(marks)).print_svg(written)
        ours = seen(inline(figure_of(marks), "a", "wide"))
    off = np.abs(ours - seen(written.getvalue())).max(axis=2)
    assert (ours < 250).any(axis=2).mean() > 0.03  # there is something to see
    assert (off > 40).sum() <= 3  # a tenth of a pixel shifts the shade of an edge


def path_of(*points):
    def draw(fig, narrow):
        ax = theme.frame(fig, 0, 0, 0, 0)
        ax.set(xlim=(0, 300), ylim=(0, 200))
        ax.axis("off")
        ax.plot(*zip(*points, strict=True), color=LIGHT["c1"])

    return re.search(' d="([^"]*)"', theme.svg(draw, "a", SIZE, narrow=False))[1]


def test_noise_in_the_last_digits_changes_no_path():
    assert path_of((0, 0), (12.35 - 1e-11, 80)) == path_of((0, 0), (12.35 + 1e-11, 80)) == "M0 200L12.3 120"


def test_lines_end_at_the_edge_of_the_drawing():
    assert path_of((0, 0), (3e7, 2e7)) == "M0 200L301 -0.7"


def test_the_edge_of_a_mark_follows_the_page():
    def draw(fig, narrow):
        theme.frame(fig, 10, 10, 10, 10).plot([0, 1], [0, 1], "o", color=LIGHT["c2"])

    found = re.search('<defs><path d="[^"]*" id="a[0-9]" ([^>]*)/>', theme.svg(draw, "a", SIZE, narrow=False))
    assert found[1] == f'stroke="{LIGHT["c2"]}" class="s-c2"'


def test_a_point_without_a_number_is_no_mark():
    def draw(fig, narrow):
        ax = theme.frame(fig, 10, 10, 10, 10)
        ax.plot([0, 1, np.nan], [0, np.inf, 1], "o", color=LIGHT["c2"])

    assert theme.svg(draw, "a", SIZE, narrow=False).count("<use") == 1
