"""Did it work: effects beside what groups of that size can show, and what is gained by targeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.forms.lines import numbers
from analytics.charts.theme import (
    ACCENT,
    SMALL,
    TEXT,
    Options,
    Words,
    end_labels,
    fit,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    under,
    unit,
    wrap,
)
from analytics.page.tokens import LIGHT

_DOTTED = (0, (1, 2.5))


@dataclass(frozen=True, slots=True)
class Effect:
    """A measured difference between those who were treated and those who were not.

    Attributes
    ----------
    name : str
    value, low, high : float
        The difference and its interval; NaN where it was not measurable.
    visible : float
        The smallest difference that a comparison of this size would most likely show.
    words : str
        Stands at the right: the difference, or why there is none.
    sure : bool
        Whether it is beyond chance, everything counted.
    """

    name: str
    value: float
    low: float
    high: float
    visible: float
    words: str
    sure: bool


def effects(
    fig: Figure,
    narrow: bool,
    *,
    rows: Sequence[Effect],
    words: Words,
    title: str,
    head: str = "",
    goal: float | None = None,
    goal_words: str = "",
) -> None:
    """Draw each difference as a dot with whiskers, on a grey band of differences too small to be seen.

    Parameters
    ----------
    fig, narrow
        As for every form; on phones names and words stand above the dots.
    rows : sequence of Effect
        In the order drawn. Those beyond chance are blue or orange, all others grey.
    words : callable
        Words of a difference on the axis.
    title : str
        What is measured.
    head : str
        Head of the words at the right; not on phones.
    goal : float, optional
        What a difference should reach, a dotted line with `goal_words` above it.
    """
    left = 8.0 if narrow else 12 + room_for([row.name for row in rows], 230, 60)
    right = 8.0 if narrow else 14 + room_for([*(row.words for row in rows), head], 190, 40)
    ax = frame(fig, left, 46, right, 28)
    ax.set_ylim(len(rows) - 0.5, -0.75 if narrow else -0.5)
    ax.grid(False)
    ax.grid(True, axis="x")
    ax.spines["bottom"].set_visible(False)
    ends = numbers(
        [v for row in rows for v in (row.low, row.high, row.visible, -row.visible, row.value, 0.0)]
    )
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    pad = 0.06 * ((high - low) or 1.0)
    ax.set_xlim(low - pad, high + pad)
    for i, row in enumerate(rows):
        _draw(ax, i + (0.2 if narrow else 0), row, narrow)
    ax.plot([0, 0], [0, 1], color=LIGHT["soft"], lw=1, transform=ax.get_xaxis_transform())
    if goal is not None:
        ax.plot(
            [goal, goal], [0, 1], color=LIGHT["soft"], lw=1, ls=_DOTTED, transform=ax.get_xaxis_transform()
        )
        above: Options = {
            "coords": ("data", "axes fraction"),
            "ha": "center",
            "fontsize": SMALL,
            "halo": False,
        }
        label(ax, goal_words, (goal, 1), (0, 12), color=LIGHT["mute"], **above)
    fmt_axis(ax.xaxis, words, 3 if narrow else 5)
    _texts(ax, rows, narrow, left, right, size_of(fig)[0])
    if head and not narrow:
        at: Options = {"coords": "axes fraction", "ha": "right", "color": LIGHT["mute"], "fontsize": SMALL}
        label(ax, head, (1, 1), (right - 2, 12), halo=False, **at)
    unit(ax, title, dx=-left, dy=26)


def _draw(ax: Axes, at: float, row: Effect, narrow: bool) -> None:
    if np.isfinite(row.visible):
        band = {"color": LIGHT["rule"], "alpha": 0.45, "solid_capstyle": "butt"}
        ax.plot([-row.visible, row.visible], [at, at], lw=14 if narrow else 18, **band)  # type: ignore[arg-type]
    if not np.isfinite(row.value):
        return
    colour = LIGHT["c6"] if not row.sure else ACCENT if row.value >= 0 else LIGHT["c2"]
    ax.plot([row.low, row.high], [at, at], color=colour, lw=2, solid_capstyle="butt")
    ax.plot(row.value, at, "o", color=colour, ms=8)


def _texts(ax: Axes, rows: Sequence[Effect], narrow: bool, left: float, right: float, width: float) -> None:
    for i, row in enumerate(rows):
        weight = "bold" if row.sure else "normal"
        colour = LIGHT["ink" if row.sure else "mute"]
        if narrow:
            room = (width - 16) / 2
            at: Options = {"coords": ("axes fraction", "data"), "fontsize": SMALL}
            label(ax, fit(row.name, room, SMALL, bold=True), (0, i - 0.28), (0, 0), weight="bold", **at)
            label(ax, fit(row.words, room, SMALL), (1, i - 0.28), ha="right", color=colour, **at)
        else:
            beside: Options = {"coords": ("axes fraction", "data"), "ha": "right", "halo": False}
            shown = fit(row.words, right - 12, TEXT, bold=row.sure)
            label(ax, shown, (1, i), (right - 2, 0), weight=weight, color=colour, **beside)
    if narrow:
        ax.set_yticks([])
        return
    ax.set_yticks(
        range(len(rows)), [fit(row.name, left - 10, TEXT) for row in rows], color=LIGHT["ink"], fontsize=TEXT
    )


@dataclass(frozen=True, slots=True)
class Gain:
    """What is gained by contacting more and more customers in one order.

    Attributes
    ----------
    name : str
    depth, gain : sequence of float
        Per cent of customers contacted, from 0 to 100, and what has been gained by then.
    colour : str
        A token.
    dashed : bool
        For the order by chance.
    """

    name: str
    depth: Sequence[float]
    gain: Sequence[float]
    colour: str = "c1"
    dashed: bool = False
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def gains(
    fig: Figure,
    narrow: bool,
    *,
    curves: Sequence[Gain],
    words: Words,
    percent: Words,
    title: str,
    xtitle: str,
) -> None:
    """Draw gains by depth for several orders of customers; all begin at nothing and end at the same point.

    Parameters
    ----------
    fig, narrow
        As for every form.
    curves : sequence of Gain
        At most three; the first is the point. Their names stand at the right, in the order of the curves.
    words, percent : callable
        Words of a gain and of a depth on the axes.
    title, xtitle : str
        What the axes measure.
    """
    every = np.concatenate([numbers(part) for one in curves for part in (one.gain, one.low, one.high)])
    low, high = min(0.0, float(np.nanmin(every))), max(0.0, float(np.nanmax(every)))
    span = (high - low) or 1.0
    left = 10 + room_for([words(low), words(high)], 100, 30, SMALL)
    right = 14 + room_for([one.name for one in curves], 98 if narrow else 190, 30, SMALL, bold=True)
    ax = frame(fig, left, 40, right, 46)
    ax.set_xlim(0, 100)
    ax.set_ylim(low - 0.05 * span, high + 0.08 * span)
    for one in reversed(curves):
        dashes: Options = {"dashes": (4, 3), "dash_capstyle": "butt"} if one.dashed else {}
        width = 2.5 if one is curves[0] else 1.75
        if one.low is not None and one.high is not None:
            band: Options = {"color": LIGHT[one.colour], "alpha": 0.14, "lw": 0}
            ax.fill_between(numbers(one.depth), numbers(one.low), numbers(one.high), **band)
        ax.plot(numbers(one.depth), numbers(one.gain), color=LIGHT[one.colour], lw=width, **dashes)
    ax.spines["bottom"].set_visible(False)
    ax.axhline(0, color=LIGHT["soft"], lw=1)
    fmt_axis(ax.yaxis, words, 4 if narrow else 5)
    ticks = (0, 50, 100) if narrow else (0, 20, 40, 60, 80, 100)
    ax.set_xticks(list(ticks), [percent(v) for v in ticks])
    shown = [wrap(one.name, right - 14, SMALL, bold=True) for one in curves]
    colours = [LIGHT["mute" if one.colour == "ghost" else one.colour] for one in curves]
    # All curves end at one point: their names stand in the order in which the curves lie half-way.
    halfway = [float(np.interp(50, numbers(one.depth), numbers(one.gain))) for one in curves]
    ends = [float(numbers(one.gain)[-1]) + (h - high) * 1e-6 for one, h in zip(curves, halfway, strict=True)]
    bold = [one is curves[0] for one in curves]
    end_labels(ax, 100, ends, shown, colours, gap=34, bold=bold, fontsize=SMALL)
    unit(ax, title, dx=-left)
    under(ax, xtitle)
