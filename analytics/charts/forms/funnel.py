"""Where do we lose: how many reach each stage, and between two stages how many go on."""

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

ROW, FOOT = 54, 40
"""Pixels that a stage needs with the step before it, and that stand above and below all."""


def funnel_sizes(stages: int) -> dict[str, tuple[float, float]]:
    """Give the sizes of the two drawings of so many stages, for `analytics.charts.theme.both`.

    Examples
    --------
    >>> funnel_sizes(4)
    {'wide': (760, 256), 'narrow': (344, 256)}
    """
    tall = FOOT + ROW * stages
    return {"wide": (760, tall), "narrow": (344, tall)}


def funnel(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    values: Sequence[float],
    shares: Sequence[str],
    steps: Sequence[str],
    short_steps: Sequence[str],
    words: Words,
    title: str,
    worst: int | None = None,
    lost: Sequence[int] = (),
) -> None:
    """Draw a bar for each stage from zero, and between two stages in words how many take the step.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names, values : sequence
        One stage each, from the top.
    shares : sequence of str
        What each is of the first, beside its value.
    steps, short_steps : sequence of str
        Of each stage, the step that leads to it, in a line and for phones; empty for none.
    words : callable
        Words of a value.
    title : str
        What the bars count.
    worst : int, optional
        The stage whose step loses most: its words are those of a loss.
    lost : sequence of int
        Stages that are losses.
    """
    width = size_of(fig)[0]
    left = 12 + room_for(names, 110 if narrow else 180, 40, TEXT, bold=True)
    texts = [
        f"{words(value)}{f', {share}' if share else ''}" for value, share in zip(values, shares, strict=True)
    ]
    right = 8 + room_for(texts, 150, 40, TEXT, bold=True)
    ax = frame(fig, left, 24, right, 4)
    ax.set_xlim(0, max(*values, 0.0) or 1.0)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines["bottom"].set_visible(False)
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        y = i + 0.16
        colour = LIGHT["c2"] if i in lost else ACCENT if i == 0 or value else GHOST
        ax.barh(y, value, height=0.46, color=colour)
        label(
            ax, fit(name, left - 10, TEXT, bold=True), (0, y), (-10, 0), ha="right", weight="bold", halo=False
        )
        label(ax, texts[i], (value, y), (7, 0), weight="bold", halo=False)
        step = (short_steps if narrow else steps)[i]
        if step:
            colour, weight = (LIGHT["bad"], "bold") if i == worst else (LIGHT["mute"], "normal")
            words_of = fit(f"↓ {step}", width - left - 4, SMALL, bold=i == worst)
            label(
                ax, words_of, (0, i - 0.27), (2, 0), color=colour, weight=weight, fontsize=SMALL, halo=False
            )
    ax.plot([0, 0], [-0.1, len(names) - 0.6], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    unit(ax, title, dx=-left, dy=8)
