"""Lines, points and bars, in a fraction of the time that matplotlib's take.

matplotlib makes a shape with transforms, limits and callbacks of its own for each bar, and guesses for each
line what its arguments mean. These take what our charts give, and look the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import is_color_like, to_rgba
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, Transform

HERE = IdentityTransform()
"""Coordinates that are pixels already."""

Numbers = npt.NDArray[np.float64]
Cap = Literal["butt", "round"]
Dashes = tuple[float, Sequence[float]]
"""Where the pattern begins, and the lengths of dashes and gaps, in widths of the line."""


class Mark(Artist):
    """What is drawn on axes, and ends at their edge."""

    def __init__(self, axes: Axes, whole: bool = False) -> None:
        super().__init__()
        self.box: Bbox | None = None if whole else axes.bbox

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Pass over what axes say of their edge when a mark is added: it is known."""

    def pen(self, renderer: RendererBase, width: float, colour: Any) -> GraphicsContextBase:
        """Give the pen that the mark is drawn with."""
        pen = renderer.new_gc()
        if self.box is not None:
            pen.set_clip_rectangle(self.box)
        pen.set_linewidth(width)
        pen.set_foreground(colour, isRGBA=True)
        return pen


class Curve(Mark):
    """A line through points, or a mark at each of them, or both.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : array of float
        One each for every point; a gap where either is NaN.
    transform : matplotlib.transforms.Transform
        Whose coordinates they are.
    color, lw, marker, ms, mew, alpha
        As of `matplotlib.lines.Line2D`; a width of 0 draws no line.
    dashes : tuple of float and sequence of float, optional
        The line is whole without.
    cap : str
        ``round`` or ``butt``.
    whole : bool
        Whether it is drawn beyond the edge of the axes.
    """

    zorder = 2

    def __init__(
        self,
        axes: Axes,
        x: Numbers,
        y: Numbers,
        transform: Transform,
        *,
        color: Any,
        lw: float,
        dashes: Dashes | None,
        cap: Cap,
        marker: str,
        ms: float = 6,
        mew: float = 1,
        alpha: float | None = None,
        whole: bool = False,
    ) -> None:
        super().__init__(axes, whole)
        self.x, self.y, self.color, self.width = x, y, color, lw
        self.dashes, self.cap, self.alpha = dashes, cap, alpha
        self.marker, self.size, self.edge = marker, ms, mew
        self.set_transform(transform)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the line, then the marks."""
        if not len(self.x):
            return
        path = Path(self.get_transform().transform(np.column_stack([self.x, self.y])))
        colour = to_rgba(self.color, self.alpha)
        renderer.open_group("curve")
        if self.width:
            pen = self.pen(renderer, self.width, colour)
            pen.set_capstyle(self.cap)
            if self.dashes is not None:
                pen.set_dashes(self.dashes[0], [length * self.width for length in self.dashes[1]])
            renderer.draw_path(pen, path, HERE)
        if self.marker:
            shape, place = _shape_of(self.marker, self.size)
            renderer.draw_markers(self.pen(renderer, self.edge, colour), shape, place, path, HERE, colour)
        renderer.close_group("curve")


@lru_cache(maxsize=64)
def _shape_of(marker: str, size: float) -> tuple[Path, Affine2D]:
    style = MarkerStyle(marker)
    return style.get_path(), Affine2D(style.get_transform().get_matrix()).scale(size)


class Bars(Mark):
    """Rectangles that stand beside one another.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    sides : tuple of arrays of float
        Left, bottom, right and top, one number for each, in the coordinates of the data.
    color : color or sequence of color
        One for all, or one for each.
    edge, width : color and float
        Of a line around each, in pixels.
    """

    zorder = 1
    _CLOSED = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)

    def __init__(
        self, axes: Axes, sides: tuple[Numbers, ...], color: Any, edge: Any = "none", width: float = 0
    ) -> None:
        super().__init__(axes)
        self.sides, self.edge, self.width = sides, to_rgba(edge), width
        self.colours = [color] * len(sides[0]) if is_color_like(color) else list(color)
        self.set_transform(axes.transData)

    def draw(self, renderer: RendererBase) -> None:
        """Draw one after another, but those of which a side is missing."""
        left, bottom, right, top = self.sides
        round_it = np.stack([left, bottom, right, bottom, right, top, left, top, left, bottom], axis=1)
        corners = self.get_transform().transform(round_it.reshape(-1, 2)).reshape(-1, 5, 2)
        pen = self.pen(renderer, self.width, self.edge)
        pen.set_joinstyle("miter")
        for places, colour in zip(corners, self.colours, strict=True):
            if np.isfinite(places).all():
                renderer.draw_path(pen, Path(places, self._CLOSED), HERE, to_rgba(colour))
