"""Rows with long names: rivals as points with their intervals, and bars. On phones the name stands above."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.forms.bars import bar_colours
from analytics.charts.forms.lines import Values, numbers
from analytics.charts.theme import (
    ACCENT,
    GHOST,
    TEXT,
    Words,
    fit,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    unit,
)
from analytics.page.tokens import LIGHT

WIDE_ROW, NARROW_ROW = 32, 46
"""Pixels that a row needs, to be used when the size of a drawing is chosen."""
_MOST_NAME = 400.0


def row_sizes(rows: int, foot: int) -> dict[str, tuple[float, float]]:
    """Give the sizes of the two drawings of so many rows, for `analytics.charts.theme.both`.

    Examples
    --------
    >>> row_sizes(3, 30)
    {'wide': (760, 156), 'narrow': (344, 198)}
    """
    return {
        "wide": (760, 30 + foot + WIDE_ROW * rows),
        "narrow": (344, 30 + foot + NARROW_ROW * rows),
    }


def points(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    values: Sequence[float],
    low: Values,
    high: Values,
    words: Words,
    axis_words: Words,
    title: str,
    ends: tuple[float, float],
    focus: Sequence[int] = (0,),
    line: float | None = None,
) -> None:
    """Draw a point and its interval in each row, in the order given, on a scale that need not begin at zero.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names, values : sequence
        One row each.
    low, high : sequence of float or None
        Intervals; a missing one is not drawn.
    words, axis_words : callable
        Words of a value beside its point, and of one on the axis.
    title : str
        What is measured.
    ends : tuple of float
        Ends of the axis; the same measure has the same in every report.
    focus : sequence of int
        The rows that are the point; the others are grey.
    line : float, optional
        A value to compare all with, drawn as a dashed vertical.
    """
    right = 10 + room_for([words(v) for v in values], 110, 30, TEXT, bold=True)
    ax = _frame(fig, narrow, names, right, 48)
    ax.set_xlim(*ends)
    ax.grid(True, axis="x")
    ax.spines["bottom"].set_visible(True)
    if line is not None and ends[0] <= line <= ends[1]:
        ax.plot([line, line], [-0.5, len(names) - 0.5], color=GHOST, lw=1.5, dashes=(4, 3))
    whiskers = zip(numbers(low), numbers(high), strict=True)
    for i, (value, (bottom, top)) in enumerate(zip(values, whiskers, strict=True)):
        y, main = i + _drop(narrow), i in focus
        colour = ACCENT if main else LIGHT["soft"]
        if np.isfinite([bottom, top]).all():
            ax.plot(
                np.clip([bottom, top], *ends), [y, y], color=colour, lw=9, alpha=0.2, solid_capstyle="butt"
            )
        ax.plot(np.clip(value, *ends), y, "o", color=colour, ms=9 if main else 7, clip_on=False)
        weight, at = "bold" if main else "normal", ("axes fraction", "data")
        label(ax, words(value), (1, y), (right - 2, 0), coords=at, ha="right", weight=weight, halo=False)
    _name(ax, narrow, names, focus)
    fmt_axis(ax.xaxis, axis_words, 4 if narrow else 5)
    _head(ax, title)


def bars(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    values: Sequence[float],
    words: Words,
    title: str,
    focus: Sequence[int] = (),
    low: Values | None = None,
    high: Values | None = None,
    top: float | None = None,
    cut: float = math.inf,
    line: float | None = None,
) -> None:
    """Draw bars from zero, in the order given.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names, values : sequence
        One bar each; negative ones go to the left, in the colour of losses. Their words stay on the right.
    words : callable
        Words of a value.
    title : str
        What the bars measure.
    focus : sequence of int
        The bars that are the point; the others are grey.
    low, high : sequence of float or None, optional
        Intervals, drawn as whiskers.
    top : float, optional
        The least value that the right-hand end must hold.
    cut : float
        Where bars end that would be longer, and leave the others nothing to be seen by; their words tell.
    line : float, optional
        A value to compare all with, drawn as a dashed vertical.
    """
    room = room_for([words(v) for v in values], 120, 40, TEXT, bold=True)
    ax = _frame(fig, narrow, names, room, 10)
    whiskers = list(zip(numbers(low), numbers(high), strict=True)) or [(np.nan, np.nan)] * len(names)
    floor = float(np.nanmin([0.0, *values, *numbers(low)]))
    ceiling = min(cut, float(np.nanmax([top or 0.0, line or 0.0, *values, *numbers(high)]))) or 1.0
    ax.set_xlim(floor, ceiling)
    if line is not None:
        ax.plot([line, line], [-0.5, len(names) - 0.5], color=GHOST, lw=1.5, dashes=(4, 3))
    places = [i + _drop(narrow) for i in range(len(names))]
    shown, height = [min(v, cut) for v in values], 0.36 if narrow else 0.6
    ax.barh(places, shown, height=height, color=bar_colours(values, focus))
    for i, (value, whisker) in enumerate(zip(values, whiskers, strict=True)):
        y, main = places[i], i in focus
        reach = min(cut, max(0.0, float(value)))
        if np.isfinite(whisker).all():
            ax.plot(whisker, [y, y], color=LIGHT["ink"], lw=1.25, solid_capstyle="butt")
            reach = max(reach, float(whisker[1]))
        label(ax, words(value), (reach, y), (7, 0), weight="bold" if main else "normal", halo=False)
    ax.plot([0, 0], [-0.5, len(names) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    ax.set_xticks([])
    _name(ax, narrow, names, focus)
    _head(ax, title)


def _drop(narrow: bool) -> float:
    """How far below the middle of its row a mark stands, to leave room for the name above."""
    return 0.2 if narrow else 0.0


def _frame(fig: Figure, narrow: bool, names: Sequence[str], right: float, bottom: float) -> Axes:
    left = 8.0 if narrow else 12 + room_for(names, _MOST_NAME, 40, TEXT, bold=True)
    ax = frame(fig, left, 30, right, bottom)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_yticks([])
    return ax


def _name(ax: Axes, narrow: bool, names: Sequence[str], focus: Sequence[int]) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    width = size_of(figure)[0]
    left = ax.get_position().x0 * width
    for i, name in enumerate(names):
        bold = i in focus
        room, x, side = (width - left - 4, 0.0, "left") if narrow else (left - 10, -10.0, "right")
        label(
            ax,
            fit(name, room, TEXT, bold=bold),
            (0, i - (0.22 if narrow else 0)),
            (x, 0),
            coords=("axes fraction", "data"),
            ha=side,
            weight="bold" if bold else "normal",
            halo=narrow,
        )


def _head(ax: Axes, title: str) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    unit(ax, title, dx=-ax.get_position().x0 * size_of(figure)[0], dy=14)
