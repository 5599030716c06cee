"""A part of a whole, row by row: a grey bar, and inside it the part that counts."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    TEXT,
    Words,
    fit,
    frame,
    label,
    room_for,
    size_of,
    unit,
)
from analytics.page.tokens import LIGHT

ROW, FOOT = 46, 44
"""Pixels that a row needs, and that stand above and below the rows."""


def nested_bars(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    whole: Sequence[float],
    part: Sequence[float],
    words: Words,
    title: str,
    notes: Sequence[str] = (),
) -> None:
    """Draw a bar for each whole with its part inside, and both in words.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names : sequence of str
        One row each, from the top.
    whole, part : sequence of float
        Not negative; a part is not above its whole.
    words : callable
        Words of a value.
    title : str
        What is measured.
    notes : sequence of str
        What stands behind each row, at the right; left out on phones.
    """
    width = size_of(fig)[0]
    left = 12 + room_for(names, 110 if narrow else 180, 40, TEXT, bold=True)
    texts = [f"{words(b)} of {words(a)}" for a, b in zip(whole, part, strict=True)]
    beside = room_for(texts, 165 if narrow else 190, 40, SMALL)
    noted = 0.0 if narrow or not notes else room_for(notes, 240, 0, 12)
    ax = frame(fig, left, 34, beside + noted + 8, 6)
    ax.set_xlim(0, max(*whole, 0.0) or 1.0)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(False)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    for i, (all_of_it, some) in enumerate(zip(whole, part, strict=True)):
        ax.barh(i, all_of_it, height=0.56, color=GHOST)
        ax.barh(i, some, height=0.3, color=ACCENT)
        label(ax, texts[i], (all_of_it, i), (7, 0), fontsize=SMALL, halo=False)
        if noted:
            at = ("axes fraction", "data")
            room = min(noted, width / 2)
            label(
                ax, fit(notes[i], room, 12), (1, i), (beside + noted + 4, 0), coords=at, ha="right",
                color=LIGHT["mute"], fontsize=12, halo=False,
            )  # fmt: skip
    ax.plot([0, 0], [-0.5, len(names) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    ax.set_yticks(
        range(len(names)), [fit(name, left - 12) for name in names], color=LIGHT["ink"], fontsize=TEXT
    )
    unit(ax, title, dx=-left, dy=14)
