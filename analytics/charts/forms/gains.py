"""How much a list holds: the share of what is sought that the first so many percent would have found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from analytics.charts.theme import ACCENT, GHOST, SMALL, Words, fmt_axis, frame, label, under, unit
from analytics.page.tokens import LIGHT

_DOTTED = (0, (1, 2.5))


def gains(
    fig: Figure,
    narrow: bool,
    *,
    depth: Sequence[float],
    found: Sequence[float],
    at: float,
    note: str,
    words: Words,
    title: str,
    xtitle: str,
    random: str,
) -> None:
    """Draw what a list finds by its length, beside a list in no order.

    The words stand below the diagonal, where a list that is any good has nothing.

    Parameters
    ----------
    fig, narrow
        As for every form.
    depth, found : sequence of float
        Length of the list and what it finds, both in percent of all; (0, 0) is added.
    at : float
        The length that is read off, and `note` what is read there, two short lines.
    words : callable
        Words of a percentage.
    title, xtitle : str
        What the axes measure.
    random : str
        Name of the diagonal.
    """
    x, y = np.array([0.0, *depth]), np.array([0.0, *found])
    del narrow  # the words fit either way
    here = float(np.interp(at, x, y))
    ax = frame(fig, 46, 34, 24, 46)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.fill_between(x, x, y, color=LIGHT["q1"], lw=0)
    ax.plot([0, 100], [0, 100], color=GHOST, lw=1.5, dashes=(4, 3), dash_capstyle="butt")
    ax.plot(x, y, color=ACCENT, lw=2.5)
    ax.plot([at, at, 0], [0, here, here], color=LIGHT["soft"], lw=1, ls=_DOTTED)
    ax.plot(at, here, "o", color=ACCENT, ms=7)
    label(ax, note, (98.5, 15), ha="right", weight="bold", color=ACCENT)
    label(ax, random, (98.5, 32), ha="right", color=LIGHT["mute"], fontsize=SMALL)
    for axis, ticks in ((ax.xaxis, ax.set_xticks), (ax.yaxis, ax.set_yticks)):
        fmt_axis(axis, words)
        ticks([0, 20, 40, 60, 80, 100])
    unit(ax, title, dx=-46)
    under(ax, xtitle)
