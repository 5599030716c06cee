"""What is missing where and when: one row a column, one cell a month, on a fixed scale of steps."""

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
    fit,
    frame,
    label,
    room_for,
    size_of,
    time_ticks,
    unit,
)
from analytics.page.tokens import LIGHT, STEPS

ENDS = (0, 1, 5, 10, 25, 50, 75, 100)
"""Ends of the seven steps, in percent: small gaps are told apart, for they are the usual ones."""


def gaps(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    months: Sequence[str],
    values: Sequence[Sequence[float]],
    words: Words,
    title: str,
) -> None:
    r"""Draw the share that is missing in each month, in seven fixed steps of colour.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names : sequence of str
        One for each row, the first on top.
    months : sequence of str
        One for each cell of a row: ``"Jun\n2026"``.
    values : sequence of sequence of float
        Percent; 0 is left empty with a rule, NaN (a month without rows) is blank.
    words : callable
        Words of a percentage.
    title : str
        What the cells measure.
    """
    grid = np.asarray(values, dtype=float)
    left = 12 + room_for(names, 120 if narrow else 230, 40, SMALL if narrow else TEXT)
    ax = frame(fig, left, 34, 8, 74)
    count, width = grid.shape
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(count, 0)
    shown = np.ma.masked_invalid(np.where(grid > 0, grid, np.nan))
    edges = np.arange(width + 1) - 0.5
    norm = BoundaryNorm(ENDS, STEPS)
    ax.pcolormesh(edges, np.arange(count + 1), shown, cmap=SEQUENTIAL, norm=norm, edgecolors="none")
    for x in edges:
        ax.plot([x, x], [0, count], color=LIGHT["paper"], lw=1.5)
    for y in range(count + 1):
        ax.plot([-0.5, width - 0.5], [y, y], color=LIGHT["paper"], lw=2)
    for y, row in enumerate(grid):
        whole = np.flatnonzero(row == 0)
        ax.plot(whole, [y + 0.5] * len(whole), ls="", marker=".", ms=3, color=LIGHT["soft"])
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    size = SMALL if narrow else TEXT
    ax.set_yticks(
        np.arange(count) + 0.5,
        [fit(name, left - 12, size) for name in names],
        color=LIGHT["ink"],
        fontsize=size,
    )
    time_ticks(ax, months, size_of(fig)[0] - left - 8)
    unit(ax, title, dx=-left)
    _key(fig, 8 if narrow else left, words)


def _key(fig: Figure, left: float, words: Words) -> None:
    """The seven steps, each with the percentage at which it ends."""
    width, height = size_of(fig)
    wide = min(46.0, (width - left - 64) / STEPS)  # beside the last step stand two words
    ax = frame(fig, left, height - 30, width - left - STEPS * wide - 1, 20)
    ax.set_xlim(0, STEPS)
    ax.set_ylim(0, 1)
    ax.axis("off")
    at: Options = {"color": LIGHT["mute"], "fontsize": SMALL, "halo": False, "ha": "center", "va": "top"}
    for step in range(STEPS):
        ax.bar(step + 0.5, 1, width=0.94, color=LIGHT[f"q{step + 1}"])
        label(ax, words(ENDS[step + 1]), (step + 0.5, 0), (0, -3), **at)
    beside: Options = at | {"ha": "left", "va": "center"}
    label(ax, "and less", (1, 0.5), (8, 0), coords="axes fraction", **beside)
