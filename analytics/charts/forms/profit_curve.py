"""How far to go: expected profit by the share of customers contacted, with the best point and everybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.forms.lines import Values, numbers
from analytics.charts.theme import (
    ACCENT,
    SMALL,
    Options,
    Words,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    text_width,
    under,
    unit,
)
from analytics.page.tokens import LIGHT

_DOTTED = (0, (1, 2.5))
_SAME = 1.0
"""Depths that are so few per cent apart share one mark."""


def profit_curve(
    fig: Figure,
    narrow: bool,
    *,
    depth: Sequence[float],
    profit: Sequence[float],
    best: int,
    names: tuple[str, str],
    words: Words,
    percent: Words,
    title: str,
    xtitle: str,
    low: Values | None = None,
    high: Values | None = None,
    others: Sequence[tuple[str, Values]] = (),
    short_xtitle: str = "",
) -> None:
    r"""Draw profit over depth; the best point stands out, and what everybody would bring is named.

    Parameters
    ----------
    fig, narrow
        As for every form.
    depth : sequence of float
        Per cent of customers contacted, ascending from 0 to 100.
    profit : sequence of float
        What that brings.
    best : int
        Which point brings most.
    names : tuple of str
        Words at the best point and at the last one: ``("Best: 36%\n£796", "Everybody\n−£598")``; one of
        them is left out where they are the same point.
    words, percent : callable
        Words of a profit and of a depth on the axes.
    title, xtitle : str
        What the axes measure; `short_xtitle` on phones.
    low, high : sequence of float or None, optional
        Interval of the profit, drawn as a band.
    others : sequence of (str, sequence of float)
        Name and profit of other orders of the customers, grey; at most two, on phones the first.
    """
    x, y = numbers(depth), numbers(profit)
    lower, upper = (y if side is None else numbers(side) for side in (low, high))
    last_words = names[1].split("\n")
    one = x[-1] - x[best] <= _SAME
    right = 22.0 if narrow or one else 16 + room_for(last_words, 150, 30, bold=True)
    floor, roof = _limits(
        np.r_[y, lower, upper, *(numbers(one) for _, one in others)], names[0], size_of(fig)[1] - 86
    )
    if narrow and not one:  # the words of the last point stand below it
        floor = min(floor, y[-1] - 42 / (size_of(fig)[1] - 86) * (roof - floor))
    left = 10 + room_for([words(floor), words(roof)], 100, 30, SMALL)
    ax = frame(fig, left, 40, right, 46)
    ax.set_xlim(0, 100)
    ax.set_ylim(floor, roof)
    if low is not None and high is not None:
        ax.fill_between(x, lower, upper, color=ACCENT, alpha=0.14, lw=0)
    for i, (name, values) in enumerate(others[:1] if narrow else others):
        _draw_other(ax, x, numbers(values), name, dashed=i > 0)
    ax.plot(x, y, color=ACCENT, lw=2.5)
    ax.spines["bottom"].set_visible(False)
    ax.axhline(0, color=LIGHT["soft"], lw=1)
    fmt_axis(ax.yaxis, words, 4 if narrow else 6)
    ax.set_xticks([0, 20, 40, 60, 80, 100], [percent(v) for v in (0, 20, 40, 60, 80, 100)])
    ax.plot([x[best], x[best]], [floor, y[best]], color=LIGHT["soft"], lw=1, ls=_DOTTED)
    ax.plot(x[best], y[best], "o", color=ACCENT, ms=8, clip_on=False)
    if not one:
        _name_last(ax, x, y, names[1], narrow)
    _name_best(ax, float(x[best]), roof, names[0])
    unit(ax, title, dx=-left)
    under(ax, short_xtitle if narrow and short_xtitle else xtitle)


def _draw_other(
    ax: Axes, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], name: str, *, dashed: bool
) -> None:
    """Draw another order, named below its line: the first at a third of the way, the second at two thirds."""
    dashes: Options = {"dashes": (4, 3), "dash_capstyle": "butt"} if dashed else {}
    ax.plot(x, y, color=LIGHT["ghost"], lw=1.75, **dashes)
    at = 66.0 if dashed else 33.0
    place = (at, float(np.interp(at, x, y)))
    rises = float(np.interp(at + 5, x, y)) >= place[1]  # the words stand below, on the side that falls away
    side: Options = {"ha": "left"} if rises else {"ha": "right"}
    label(ax, name, place, (6 if rises else -6, -11), color=LIGHT["mute"], fontsize=SMALL, **side)


def _limits(values: npt.NDArray[np.float64], name: str, height: float) -> tuple[float, float]:
    """Ends of the axis: zero is on it, and above the curve there is room for the words of the best point."""
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    span = (high - low) or 1.0
    aside = (18.0 * (1 + name.count("\n")) + 16) / height
    return low - 0.06 * span, high + span * aside / (1 - aside)


def _name_best(ax: Axes, x: float, roof: float, text: str) -> None:
    """Write above the best point, moved inwards where the words would cross an edge."""
    width = float(ax.get_window_extent().width)
    half = max(text_width(part, bold=True) for part in text.split("\n")) / 2
    centre = x / 100 * width
    at: Options = {"ha": "center", "va": "top", "weight": "bold", "color": ACCENT}
    label(ax, text, (x, roof), (max(half - centre, 0) - max(centre + half - width - 10, 0), -4), **at)


def _name_last(
    ax: Axes, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], text: str, narrow: bool
) -> None:
    colour = LIGHT["c2"] if y[-1] < 0 else LIGHT["soft"]
    ax.plot(x[-1], y[-1], "o", color=colour, ms=7, clip_on=False)
    if not narrow:
        label(ax, text, (x[-1], y[-1]), (11, 0), color=colour, weight="bold", halo=False)
        return
    label(ax, text, (x[-1], y[-1]), (0, -24), color=colour, weight="bold", ha="right")
