"""Bars in panels, one below another and on one scale: the same groups by several measures."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    TEXT,
    Options,
    Words,
    fit,
    frame,
    label,
    room_for,
    size_of,
)
from analytics.page.tokens import LIGHT

ROW, HEAD = 25, 40
"""Pixels that a bar and a panel's name need."""


def panel_sizes(panels: int, rows: int) -> dict[str, tuple[float, float]]:
    """Give the sizes of the two drawings, for `analytics.charts.theme.both`.

    Examples
    --------
    >>> panel_sizes(3, 5)
    {'wide': (760, 503), 'narrow': (344, 503)}
    """
    tall = panels * (HEAD + ROW * rows) + 8
    return {"wide": (760, tall), "narrow": (344, tall)}


def panels(
    fig: Figure,
    narrow: bool,
    *,
    heads: Sequence[str],
    names: Sequence[Sequence[str]],
    values: Sequence[Sequence[float]],
    notes: Sequence[Sequence[str]],
    words: Words,
    focus: Sequence[int] = (0,),
) -> None:
    """Draw one panel of bars for each measure, from zero, all on one scale.

    Parameters
    ----------
    fig, narrow
        As for every form.
    heads : sequence of str
        Name of each panel.
    names, values : sequence of sequences
        The bars of each panel, in the order given; no value is negative.
    notes : sequence of sequences
        What stands behind each bar, at the right; left out on phones.
    words : callable
        Words of a value.
    focus : sequence of int
        The bars of every panel that are the point; the others are grey.
    """
    height, tall = size_of(fig)[1], HEAD + ROW * max(len(panel) for panel in values)
    top = max((value for panel in values for value in panel), default=0.0) or 1.0
    left = 12 + room_for([name for own in names for name in own], 150 if narrow else 220, 40, SMALL)
    value_room = room_for([words(v) for panel in values for v in panel], 90, 30, SMALL, bold=True)
    note_room = 0.0 if narrow else room_for([note for own in notes for note in own], 200, 0, 12)
    right = value_room + note_room
    for number, (head, own, bars) in enumerate(zip(heads, names, values, strict=True)):
        y = number * tall + HEAD
        ax = frame(fig, left, y, right, height - y - ROW * len(bars))
        ax.set_xlim(0, top)
        ax.set_ylim(len(bars) - 0.5, -0.5)
        ax.grid(False)
        ax.spines["bottom"].set_visible(False)
        ax.set_xticks([])
        colours = [ACCENT if i in focus else GHOST for i in range(len(bars))]
        ax.barh(range(len(bars)), bars, height=0.62, color=colours)
        for i, value in enumerate(bars):
            weight = "bold" if i in focus else "normal"
            label(ax, words(value), (value, i), (6, 0), weight=weight, fontsize=SMALL, halo=False)
            if not narrow:
                at: Options = {"coords": ("axes fraction", "data"), "ha": "right", "halo": False}
                label(ax, notes[number][i], (1, i), (right - 2, 0), color=LIGHT["mute"], fontsize=12, **at)
        ax.plot([0, 0], [-0.5, len(bars) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
        ax.set_yticks(range(len(bars)), [fit(name, left - 10, SMALL) for name in own], color=LIGHT["ink"])
        label(
            ax, fit(head, 300, TEXT, bold=True), (0, 1), (-left, 12),
            coords="axes fraction", weight="bold", halo=False,
        )  # fmt: skip
