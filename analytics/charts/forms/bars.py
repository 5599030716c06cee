"""Which group: bars from zero, columns over periods, and two points in time for each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.forms.lines import Values, numbers
from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    TEXT,
    Options,
    Words,
    fit,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    text_width,
    time_ticks,
    unit,
)
from analytics.page.tokens import LIGHT


def bar_colours(values: Sequence[float], focus: Sequence[int]) -> list[str]:
    """Colours of bars: losses in the second colour, the bars that a chart is about in the first, others grey.

    Examples
    --------
    >>> bar_colours([3.0, -1.0, 2.0], [0, 1]) == [ACCENT, LIGHT["c2"], GHOST]
    True
    """
    return [LIGHT["c2"] if v < 0 else ACCENT if i in focus else GHOST for i, v in enumerate(values)]


def bars(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    values: Sequence[float],
    words: Words,
    title: str,
    notes: Sequence[str] = (),
    focus: Sequence[int] = (0,),
    low: Values | None = None,
    high: Values | None = None,
    top: float | None = None,
) -> None:
    """Draw bars from zero, in the order given, with value and base in words beside them.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names, values : sequence
        One bar each; negative ones go to the left, in the colour of losses.
    words : callable
        Words of a value.
    title : str
        What the bars measure.
    notes : sequence of str
        What stands behind each bar, at the right; left out on phones.
    focus : sequence of int
        The bars that are the point; the others are grey.
    low, high : sequence of float or None, optional
        Intervals, drawn as whiskers.
    top : float, optional
        Value at the right-hand end.
    """
    width = size_of(fig)[0]
    left = 12 + room_for(names, 136 if narrow else 220, 40, TEXT, bold=True)
    value_room = room_for([words(v) for v in values], 120, 40, TEXT, bold=True)
    right = value_room + (0 if narrow or not notes else room_for(notes, 230, 0, 12))
    ax = _rows_frame(fig, left, 30, right, len(names))
    whiskers = list(zip(numbers(low), numbers(high), strict=True)) or [(np.nan, np.nan)] * len(names)
    floor = float(np.nanmin([0.0, *values, *numbers(low)]))
    ceiling = top or float(np.nanmax([0.0, *values, *numbers(high)])) or 1.0
    beyond = value_room / max(width - left - right - value_room, 1) * (ceiling - floor) if floor < 0 else 0
    ax.set_xlim(floor - beyond, ceiling)
    ax.barh(range(len(names)), values, height=0.62, color=bar_colours(values, focus))
    for i, value in enumerate(values):
        reach = float(value)
        if np.isfinite(whiskers[i]).all():
            ax.plot(whiskers[i], [i, i], color=LIGHT["ink"], lw=1.25, solid_capstyle="butt")
            reach = float(whiskers[i][1 if value >= 0 else 0])
        side, dx = ("left", 7) if value >= 0 else ("right", -7)
        weight = "bold" if i in focus else "normal"
        label(ax, words(value), (reach, i), (dx, 0), ha=side, weight=weight, halo=False)
        if notes and not narrow:
            at: Options = {
                "coords": ("axes fraction", "data"),
                "ha": "right",
                "color": LIGHT["mute"],
                "fontsize": 12,
            }
            label(ax, fit(notes[i], right - value_room, 12), (1, i), (right - 2, 0), halo=False, **at)
    ax.plot([0, 0], [-0.5, len(names) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    ax.set_xticks([])
    _row_names(ax, names, left, focus)
    unit(ax, title, dx=-left, dy=14)


def _rows_frame(fig: Figure, left: float, top: float, right: float, rows: int, bottom: float = 10) -> Axes:
    ax = frame(fig, left, top, right, bottom)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    return ax


def _row_names(ax: Axes, names: Sequence[str], left: float, bold: Sequence[int] = ()) -> None:
    shown = [fit(name, left - 10, TEXT, bold=i in bold) for i, name in enumerate(names)]
    weights = ["bold" if i in bold else "normal" for i in range(len(names))]
    ax.set_yticks(range(len(names)), shown, color=LIGHT["ink"], fontsize=TEXT, weight=weights)


def columns(
    fig: Figure,
    narrow: bool,
    *,
    labels: Sequence[str],
    groups: Sequence[tuple[str, Values, str]],
    words: Words,
    title: str,
    top: float | None = None,
    values: bool = True,
) -> None:
    r"""Draw columns from zero over periods or ordered classes, stacked where there are several groups.

    Parameters
    ----------
    fig, narrow
        As for every form.
    labels : sequence of str
        One for each column: ``"Jun\n2026"``.
    groups : sequence of (str, sequence of float or None, str)
        Name, values and token of each layer, the lowest first; at most four. Values are not negative.
    words : callable
        Words of a number, on the axis and above the columns.
    title : str
        What the columns measure.
    top : float, optional
        End of the axis.
    values : bool
        Whether the total stands above each column, where there is room.
    """
    layers = np.vstack([np.nan_to_num(numbers(one)) for _, one, _ in groups])
    total = layers.sum(axis=0)
    roof = top or float(total.max() if total.size else 1) * 1.08 or 1.0
    names = [name for name, _, _ in groups] if len(groups) > 1 else []
    left = 10 + room_for([words(roof)], 90, 22, SMALL)
    right = 6 + room_for(names, 84 if narrow else 160, 0, bold=True) if names else 6.0
    ax = frame(fig, left, 40, right, 46)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(0, roof)
    base = np.zeros(len(labels))
    for (name, _, colour), layer in zip(groups, layers, strict=True):
        ax.bar(range(len(labels)), layer, bottom=base, width=0.72, color=LIGHT[colour])
        if names and layer[-1:].any():
            at = (len(labels) - 0.62, float(base[-1] + layer[-1] / 2))
            label(
                ax,
                fit(name, right - 6, bold=True),
                at,
                (8, 0),
                color=LIGHT[colour],
                weight="bold",
                halo=False,
            )
        base = base + layer
    room = (size_of(fig)[0] - left - right) / max(len(labels), 1)
    if values and all(text_width(words(v), 12) < room - 2 for v in total):
        for i, value in enumerate(total):
            label(ax, words(float(value)), (i, value), (0, 9), ha="center", fontsize=12, color=LIGHT["ink"])
    fmt_axis(ax.yaxis, words, 4 if narrow else 5)
    time_ticks(ax, labels, size_of(fig)[0] - left - right)
    unit(ax, title, dx=-left)


def dumbbell(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    before: Sequence[float],
    after: Sequence[float],
    heads: tuple[str, str],
    words: Words,
    change: Words,
    title: str,
    low: Values | None = None,
    high: Values | None = None,
    sure: Sequence[bool] | None = None,
    top: float | None = None,
    change_head: str = "Change",
) -> None:
    """Draw two points in time for each group, the interval of the later one, and the change in words.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names, before, after : sequence
        One row each.
    heads : tuple of str
        Names of the two points in time.
    words, change : callable
        Words of a value on the axis, and of a difference with its sign.
    title : str
        What is measured.
    low, high : sequence of float or None, optional
        Interval of `after`, drawn as a band.
    sure : sequence of bool, optional
        Whether each change is larger than the margin of error; others are grey.
    top : float, optional
        Right-hand end of the axis.
    """
    left = 12 + room_for(names, 110 if narrow else 220, 60)
    changes = [change(b - a) for a, b in zip(before, after, strict=True)]
    right = 14 + room_for([*changes, change_head], 110, 30, TEXT, bold=True)
    ax = _rows_frame(fig, left, 64, right, len(names), bottom=28)
    ax.grid(True, axis="x")
    roof = top or float(np.nanmax([0.0, *before, *after, *numbers(high)])) * 1.05 or 1.0
    bands = list(zip(numbers(low), numbers(high), strict=True)) or [(np.nan, np.nan)] * len(names)
    ax.set_xlim(min(0.0, *before, *after), roof)
    certain = [True] * len(names) if sure is None else list(sure)
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        if np.isfinite(bands[i]).all():
            ax.plot(bands[i], [i, i], color=ACCENT, lw=9, alpha=0.17, solid_capstyle="butt")
        ax.plot([a, b], [i, i], color=LIGHT["soft"], lw=1.5)
        ax.plot(a, i, "o", color=GHOST, ms=7, clip_on=False)
        ax.plot(b, i, "o", color=ACCENT if b >= a else LIGHT["c2"], ms=9, clip_on=False)
        colour = LIGHT["mute"] if not certain[i] else LIGHT["good"] if b >= a else LIGHT["bad"]
        at: Options = {"coords": ("axes fraction", "data"), "ha": "right", "halo": False}
        label(
            ax,
            changes[i],
            (1, i),
            (right - 2, 0),
            color=colour,
            weight="bold" if certain[i] else "normal",
            **at,
        )
    fmt_axis(ax.xaxis, words, 4 if narrow else 6)
    _row_names(ax, names, left)
    _dumbbell_heads(ax, (before[0], after[0]), heads)
    head: Options = {
        "coords": "axes fraction",
        "ha": "right",
        "color": LIGHT["mute"],
        "fontsize": SMALL,
        "halo": False,
    }
    label(ax, change_head, (1, 1), (right - 2, 12), **head)
    unit(ax, title, dx=-left, dy=38)


def _dumbbell_heads(ax: Axes, first: tuple[float, float], heads: tuple[str, str]) -> None:
    sides = ("right", "left") if first[0] < first[1] else ("left", "right")
    looks = ((LIGHT["mute"], "normal"), (ACCENT, "bold"))
    for value, text, side, (colour, weight) in zip(first, heads, sides, looks, strict=True):
        label(
            ax, text, (value, -0.5), (0, 12), ha=side, color=colour, weight=weight, fontsize=SMALL, halo=False
        )
