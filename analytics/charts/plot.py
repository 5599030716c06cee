"""Axes that write their own scales and words, in a fraction of the time that matplotlib's take.

matplotlib makes objects for every tick (a grid line, two strokes and two words, with their transforms) and
measures every bar for limits that our charts set themselves. `Plot` is matplotlib's axes for all that is
drawn on it; locators, formatters, limits and spines are used as ever. What it does not have: minor ticks,
strokes at ticks, and limits found from what is drawn. `Sheet`, on which all but seaborn draws, has lines,
points and bars of its own as well (`analytics.charts.marks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import Transform

from analytics.charts.lettering import measured, reach
from analytics.charts.marks import HERE, Bars, Cap, Curve, Numbers
from analytics.charts.svg import Drawing


class Line(Artist):
    """A line of words at a distance in pixels from a point.

    Parameters
    ----------
    text : str
        One line.
    xy, offset : tuple of float
        The point, in the coordinates of `transform`, and the distance from it in pixels, right and up.
    transform : matplotlib.transforms.Transform
    color, fontsize, weight, ha, va
        As of `matplotlib.text.Text`.
    halo : bool
        Whether the words have an edge in the colour of the page.
    """

    zorder = 3

    def __init__(
        self,
        text: str,
        xy: tuple[float, float],
        offset: tuple[float, float],
        transform: Transform,
        *,
        fontsize: float,
        color: str | None = None,
        weight: str = "normal",
        ha: str = "left",
        va: str = "center",
        halo: bool = False,
    ) -> None:
        super().__init__()
        self.halo = halo
        self.text, self.xy, self.offset = text, xy, offset
        self.size, self.bold = fontsize, weight == "bold"
        self.color = color or rcParams["text.color"]
        self.ha, self.va = ha, va
        self.set_transform(transform)

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Stay whole: no words are cut off at the edge of their axes."""

    def draw(self, renderer: Any) -> None:
        """Write the words on a `analytics.charts.svg.Drawing`."""
        x, y = self.get_transform().transform(self.xy)
        at = (x + self.offset[0], y + self.offset[1])
        write(renderer, self.text, at, (self.size, self.bold), self.color, self.ha, self.va, self.halo)


def write(
    drawing: Drawing,
    text: str,
    at: tuple[float, float],
    font: tuple[float, bool],
    color: str,
    ha: str,
    va: str,
    halo: bool = False,
) -> None:
    """Write a line of words at a point of the drawing, aligned as matplotlib aligns it."""
    x, y = at
    if not text or not isfinite(x) or not isfinite(y):
        return
    _, height, below = measured(text, *font)
    most, least = reach(*font)
    ascent, descent = max(height - below, most), max(below, least)
    bottom = -ascent - descent
    rise = {
        "top": 0.0,
        "center": bottom / 2,
        "bottom": bottom,
        "baseline": bottom + descent,
        "center_baseline": bottom + (ascent + descent) - ascent / 2,
    }[va]
    drawing.write(text, x, drawing.height - ((-ascent - rise) + y), *font, color, ha, halo)


class Scale(Artist):
    """Grid and words of one axis: what its locator and its formatter say, written in one go."""

    zorder = 0.5

    def __init__(self, plot: Plot, axis: Axis, across: bool) -> None:
        super().__init__()
        self.plot, self.axis, self.across = plot, axis, across
        self.grid = False
        self.look: dict[str, Any] = {}

    def draw(self, renderer: Any) -> None:
        """Write the scale, unless the axes show none."""
        if not self.plot.axison:
            return
        shown = self.inside()
        near = self._across([place for place, _, _ in shown], 0)
        far = self._across([place for place, _, _ in shown], 1)
        pen = self._pen(renderer)
        renderer.open_group("scale")
        for i, (_, name, look) in enumerate(shown):
            renderer.open_group("tick")
            if self.grid:
                renderer.draw_path(pen, Path([near[i], far[i]]), HERE)
            self._name(renderer, near[i], name.split("\n")[0], look)
            renderer.close_group("tick")
        renderer.close_group("scale")

    def inside(self) -> list[tuple[float, str, dict[str, Any]]]:
        """Give the places within the limits, with the name and its look of each."""
        places = [float(place) for place in self.axis.get_majorticklocs()]
        names = self.axis.get_major_formatter().format_ticks(places)
        scaled = self.axis.get_transform().transform
        low, high = scaled(np.sort(self.axis.get_view_interval()))
        near = (high - low) * 1e-10
        at = scaled(np.asarray(places, dtype=float))
        return [
            (
                places[i],
                names[i],
                {key: one[i] if isinstance(one, list) else one for key, one in self.look.items()},
            )
            for i in np.flatnonzero((low - near <= at) & (at <= high + near))
        ]

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Cut off nothing but the grid, which sees to that itself."""

    def _across(self, places: list[float], side: float) -> Numbers:
        """Give the points of the drawing at one side of the plot, 0 at the axis, and 1 opposite."""
        if self.across:
            points, transform = [(place, side) for place in places], self.plot.get_xaxis_transform()
        else:
            points, transform = [(side, place) for place in places], self.plot.get_yaxis_transform()
        return np.asarray(transform.transform(np.reshape(points, (-1, 2))))

    def _pen(self, renderer: Drawing) -> GraphicsContextBase:
        pen = renderer.new_gc()
        pen.set_clip_rectangle(self.plot.bbox)
        pen.set_linewidth(rcParams["grid.linewidth"])
        pen.set_foreground(rcParams["grid.color"])
        pen.set_capstyle("round")
        pen.set_joinstyle("round")
        return pen

    def _name(self, renderer: Drawing, place: Numbers, name: str, look: dict[str, Any]) -> None:
        x, y = place.tolist()
        if self.across:
            at, ha, va = (x, y - rcParams["xtick.major.pad"]), "center", "baseline"
        else:
            at, ha, va = (x - rcParams["ytick.major.pad"], y), "right", "center_baseline"
        font = (look.get("fontsize", rcParams["xtick.labelsize"]), look.get("weight") == "bold")
        colour = look.get("color", rcParams["xtick.color"])
        write(renderer, name, at, font, colour, look.get("ha", ha), va)


class Plot(Axes):
    """Axes with scales of their own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.xaxis.set_visible(False)
        self.yaxis.set_visible(False)
        self.patch.set_visible(False)
        self.spines["bottom"].set_transform(self.get_xaxis_transform())  # as a tick would have done
        self.scales = {"x": Scale(self, self.xaxis, True), "y": Scale(self, self.yaxis, False)}
        for scale in self.scales.values():
            self.add_artist(scale)
        self.grid(True, axis="y")

    def get_xaxis_transform(self, which: Any = "grid") -> Transform:  # noqa: ARG002
        """Give the coordinates of the scale below; no spine is ever moved, so all ask for the same."""
        return super().get_xaxis_transform("grid")

    def get_yaxis_transform(self, which: Any = "grid") -> Transform:  # noqa: ARG002
        """Give the coordinates of the scale at the left."""
        return super().get_yaxis_transform("grid")

    def grid(self, visible: Any = True, which: Any = None, axis: str = "both", **_: Any) -> None:  # noqa: ARG002
        """Show or hide the lines of one scale, or of both."""
        if not hasattr(self, "scales"):  # matplotlib asks while it makes the axes, and would make ticks next
            for each in (self.xaxis, self.yaxis):
                each.majorTicks, each.minorTicks = [], []
            return
        for name, scale in self.scales.items():
            if axis in (name, "both"):
                scale.grid = visible

    def set_xticks(self, ticks: Any, labels: Any = None, *, minor: bool = False, **look: Any) -> Any:  # noqa: ARG002
        """Number the axis below; the words' look is one for all, or a list with one for each."""
        return self._name("x", ticks, labels, look)

    def set_yticks(self, ticks: Any, labels: Any = None, *, minor: bool = False, **look: Any) -> Any:  # noqa: ARG002
        """Number the axis at the left; the words' look is one for all, or a list with one for each."""
        return self._name("y", ticks, labels, look)

    def _name(self, axis: str, ticks: Sequence[float], labels: Sequence[str] | None, look: Any) -> None:
        scale = self.scales[axis]
        scale.look = look
        scale.axis.set_major_locator(FixedLocator(ticks))
        if labels is not None:
            scale.axis.set_major_formatter(FixedFormatter(list(labels)))
        if len(ticks):
            scale.axis.set_view_interval(min(ticks), max(ticks))

    def add_patch(self, p: Any) -> Any:
        """Add a shape, without looking for limits that would hold it."""
        return self.add_artist(p)

    def add_line(self, line: Any) -> Any:
        """Add a line, without looking for limits that would hold it."""
        return self.add_artist(line)


class Sheet(Plot):
    """Axes whose lines, points and bars are ours, too; seaborn needs matplotlib's.

    The methods mean by their words what matplotlib's of the same name mean.
    """

    def plot(  # type: ignore[override]
        self,
        x: Any,
        y: Any,
        fmt: str = "",
        *,
        color: Any,
        lw: float | None = None,
        ls: Any = "-",
        dashes: Sequence[float] | None = None,
        drawstyle: str = "default",
        solid_capstyle: Cap = "round",
        dash_capstyle: Cap = "butt",
        marker: str = "",
        clip_on: bool = True,
        transform: Transform | None = None,
        zorder: float = Curve.zorder,
        **look: float,
    ) -> None:
        """Draw a line through points, or with a marker for `fmt` only that at each."""
        x, y = _alike(x, y)
        if drawstyle == "steps-post":
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
        if isinstance(ls, str) and ls not in ("-", ""):
            raise ValueError(f"a line of style {ls!r}: give dashes, or a pattern of them")
        pattern = (0, dashes) if dashes else None if isinstance(ls, str) else ls
        curve = Curve(
            self,
            x,
            y,
            transform or self.transData,
            color=color,
            lw=0 if fmt or not ls else rcParams["lines.linewidth"] if lw is None else lw,
            dashes=pattern,
            cap=dash_capstyle if pattern else solid_capstyle,
            marker=fmt or marker,
            whole=not clip_on,
            **look,
        )
        curve.set_zorder(zorder)
        self.add_artist(curve)

    def bar(  # type: ignore[override]
        self,
        x: Any,
        height: Any,
        width: Any = 0.8,
        bottom: Any = 0,
        *,
        color: Any,
        align: str = "center",
        edgecolor: Any = "none",
        linewidth: float = 0,
    ) -> None:
        """Draw columns."""
        x, height, width, bottom = _alike(x, height, width, bottom)
        left = x - width / 2 if align == "center" else x
        sides = (left, bottom, left + width, bottom + height)
        self.add_artist(Bars(self, sides, color, edgecolor, linewidth))

    def barh(  # type: ignore[override]
        self, y: Any, width: Any, height: Any = 0.8, left: Any = 0, *, color: Any
    ) -> None:
        """Draw bars that lie, each in the middle of its row."""
        y, width, height, left = _alike(y, width, height, left)
        bottom = y - height / 2
        self.add_artist(Bars(self, (left, bottom, left + width, bottom + height), color))


def _alike(*values: Any) -> tuple[Numbers, ...]:
    """Give numbers, or one number for all, as arrays of one length."""
    return tuple(np.broadcast_arrays(*(np.atleast_1d(np.asarray(each, dtype=float)) for each in values)))
