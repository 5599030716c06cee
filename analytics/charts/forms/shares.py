"""Two shares of each row, the one grey and the other blue, on one scale from zero."""

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
    scale_top,
)
from analytics.page.tokens import LIGHT


def shares(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    grey: Sequence[float],
    blue: Sequence[float],
    heads: tuple[str, str],
    words: Words,
) -> None:
    """Draw two bars a row.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names : sequence of str
    grey, blue : sequence of float
        Percentages, not negative.
    heads : tuple of str
        What the two measure, to follow the first row's figures.
    words : callable
        Words of a percentage.
    """
    left = 12 + room_for(names, 130 if narrow else 220, 40, TEXT)
    ax = frame(fig, left, 12, 76 if narrow else 170, 22)
    ax.set_xlim(0, scale_top([*grey, *blue], (35, 60, 100)))
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    ax.plot([0, 0], [-0.5, len(names) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    for i in range(len(names)):
        for value, shift, colour, ink, head, weight in (
            (grey[i], -0.19, GHOST, LIGHT["mute"], heads[0], "normal"),
            (blue[i], 0.19, ACCENT, ACCENT, heads[1], "bold"),
        ):
            ax.barh(i + shift, value, height=0.3, color=colour)
            said = f"{words(value)} {head}" if i == 0 and not narrow else words(value)
            at: Options = {"color": ink, "weight": weight, "fontsize": SMALL, "halo": False}
            label(ax, said, (value, i + shift), (7, 0), **at)
    ax.set_xticks([])
    ax.set_yticks(range(len(names)), [fit(name, left - 12) for name in names], color=LIGHT["ink"])
    if narrow:
        key: Options = {"color": LIGHT["mute"], "fontsize": SMALL, "halo": False}
        label(ax, f"grey: {heads[0]}, blue: {heads[1]}", (0, 0), (0, -10), coords="axes fraction", **key)
