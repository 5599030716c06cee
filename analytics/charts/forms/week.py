"""A week by the hour: seven rows of twenty-four cells on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

from analytics.charts.theme import (
    SEQUENTIAL,
    SMALL,
    TEXT,
    Options,
    Words,
    frame,
    label,
    room_for,
    size_of,
    unit,
)
from analytics.page.tokens import LIGHT, STEPS


def week(
    fig: Figure,
    narrow: bool,
    *,
    days: Sequence[str],
    values: Sequence[Sequence[float]],
    words: Words,
    title: str,
) -> None:
    """Draw how much happens in each hour of each weekday, in seven steps of colour from zero.

    Parameters
    ----------
    fig, narrow
        As for every form.
    days : sequence of str
        Seven names, the first on top.
    values : sequence of sequence of float
        One row for each day, one value for each of 24 hours; NaN is left blank, hours before the first and
        after the last that has a value are left out.
    words : callable
        Words of the ends of the scale.
    title : str
        What the cells measure.
    """
    grid = np.asarray(values, dtype=float)
    busy = np.flatnonzero(np.nan_to_num(grid).sum(axis=0) > 0)
    first, last = (int(busy[0]), int(busy[-1])) if busy.size else (0, grid.shape[1] - 1)
    grid = grid[:, first : last + 1]
    top = float(np.nanmax(grid)) if np.isfinite(grid).any() else 0.0
    names = [day[:3] for day in days] if narrow else list(days)
    left = 12 + room_for(names, 110, 30, TEXT)
    ax = frame(fig, left, 34, 8, 62)
    ends = np.linspace(0, top or 1.0, STEPS + 1)
    # Quiet and never are two things: a cell without anything stays empty.
    shown = np.ma.masked_invalid(np.where(grid > 0, grid, np.nan))
    ax.pcolormesh(
        np.arange(first, last + 2),
        np.arange(len(days) + 1),
        shown,
        cmap=SEQUENTIAL,
        norm=BoundaryNorm(ends, STEPS),
        edgecolors="none",
        rasterized=False,
    )
    for x in range(first, last + 2):
        ax.plot([x, x], [0, len(days)], color=LIGHT["paper"], lw=1.5)
    for y in range(len(days) + 1):
        ax.plot([first, last + 1], [y, y], color=LIGHT["paper"], lw=1.5)
    ax.set_xlim(first, last + 1)
    ax.set_ylim(len(days), 0)
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_yticks(np.arange(len(days)) + 0.5, names)
    every = 3 if narrow and last - first > 9 else 2 if last - first > 13 else 1
    hours = list(range(first, last + 2, every))
    ax.set_xticks(hours, [f"{hour:02}" if narrow else f"{hour:02}:00" for hour in hours])
    unit(ax, title, dx=-left)
    _key(fig, narrow, left, words, top)


def _key(fig: Figure, narrow: bool, left: float, words: Words, top: float) -> None:
    """The seven steps below the grid, with the words of their ends."""
    width, _ = size_of(fig)
    wide = 18 if narrow else 26
    ax = frame(fig, left, size_of(fig)[1] - 24, width - left - STEPS * wide - 1, 12)
    ax.set_xlim(0, STEPS)
    ax.set_ylim(0, 1)
    ax.axis("off")
    for step in range(STEPS):
        ax.bar(step + 0.5, 1, width=0.94, color=LIGHT[f"q{step + 1}"])
    words_of_ends = f"more than 0 to {words(top)}" if top else "nothing"
    at: Options = {"color": LIGHT["mute"], "fontsize": SMALL, "halo": False}
    label(ax, words_of_ends, (1, 0.5), (8, 0), coords="axes fraction", **at)
