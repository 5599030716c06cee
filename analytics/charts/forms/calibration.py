"""Can the probabilities be trusted: predicted against actual, with a histogram of where customers stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    Words,
    fmt_axis,
    frame,
    label,
    scale_top,
    size_of,
    under,
    unit,
)
from analytics.page.tokens import LIGHT

TOPS = (40, 60, 100)
"""Ends of the axes in percent, the least that holds all points: reports can then be laid side by side."""
_LEFT, _RIGHT, _TOP = 46.0, 24.0, 34.0
_HISTOGRAM, _FOOT, _BETWEEN = 48.0, 48.0, 38.0


def calibration(
    fig: Figure,
    narrow: bool,
    *,
    predicted: Sequence[float],
    actual: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    sure: Sequence[bool],
    everybody: Sequence[float] | npt.NDArray[np.float64],
    words: Words,
    title: str,
    xtitle: str,
    heads: str,
    diagonal: str = "Dashed: as predicted",
) -> None:
    """Draw groups of customers by what was predicted and what happened, and everybody as a histogram.

    Parameters
    ----------
    fig, narrow
        As for every form.
    predicted, actual : sequence of float
        Mean prediction and actual rate of each group, in percent.
    low, high : sequence of float
        Interval of each actual rate, in percent.
    sure : sequence of bool
        Whether a group is large enough to say something; others are grey.
    everybody : array-like of shape (n,)
        Predictions in percent, for the histogram under the plot; what lies above the axis is counted at its
        end.
    words : callable
        Words of a percentage.
    title, xtitle, heads : str
        What the axes and the histogram show.
    diagonal : str
        Name of the line on which predictions hold.
    """
    top = float(scale_top([*predicted, *high], TOPS))
    height = size_of(fig)[1]
    ax = frame(fig, _LEFT, _TOP, _RIGHT, _HISTOGRAM + _FOOT + _BETWEEN)
    below = frame(fig, _LEFT, height - _HISTOGRAM - _FOOT, _RIGHT, _FOOT)
    for each in (ax, below):
        each.set_xlim(0, top)
        fmt_axis(each.xaxis, words, 4 if narrow else 6)
    ax.set_ylim(0, top)
    ax.plot([0, top], [0, top], color=GHOST, lw=1.5, dashes=(4, 3), dash_capstyle="butt")
    for x, y, bottom, end, certain in zip(predicted, actual, low, high, sure, strict=True):
        colour = ACCENT if certain else GHOST
        ax.plot([x, x], [bottom, end], color=colour, lw=1.5, alpha=0.55, solid_capstyle="butt")
        ax.plot(x, y, "o", color=colour, ms=7, clip_on=False)
    at = (0.985 * top, 0.08 * top)  # a corner where groups stand only when nothing holds
    label(ax, diagonal, at, ha="right", color=LIGHT["mute"], fontsize=SMALL)
    counts, edges = np.histogram(
        np.minimum(np.asarray(everybody, dtype=float), top), bins=20 if narrow else 40, range=(0, top)
    )
    below.bar(edges[:-1], counts, width=np.diff(edges) * 0.86, align="edge", color=GHOST)
    below.set_ylim(0, max(float(counts.max()), 1.0) * 1.05)
    below.grid(False)
    below.set_yticks([])
    ax.xaxis.set_major_formatter(NullFormatter())  # the histogram's axis is the plot's
    fmt_axis(ax.yaxis, words, 5)
    unit(ax, title, dx=-_LEFT)
    label(
        below,
        heads,
        (0, 1),
        (-_LEFT, 8),
        coords="axes fraction",
        color=LIGHT["mute"],
        fontsize=SMALL,
        va="bottom",
        halo=False,
    )
    under(below, xtitle)
