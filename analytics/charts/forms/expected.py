"""Can I trust it: what was counted in columns or points, and a line across each for what was expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from analytics.charts.forms.lines import Values, numbers
from analytics.charts.theme import (
    ACCENT,
    SMALL,
    Options,
    Words,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    text_width,
    under,
    unit,
)
from analytics.page.tokens import LIGHT

WIDTH = 0.62
"""Of a column, where 1 is the distance from one to the next."""


def expected(
    fig: Figure,
    narrow: bool,
    *,
    labels: Sequence[str],
    actual: Values,
    expected: Values,
    words: Words,
    title: str,
    xtitle: str,
    names: tuple[str, str],
    low: Values | None = None,
    high: Values | None = None,
    floor: float = 0.0,
) -> None:
    """Draw a column for what was counted in each class, and a line across it for what was expected.

    Parameters
    ----------
    fig, narrow
        As for every form.
    labels : sequence of str
        One for each class, in their order.
    actual, expected : sequence of float or None
        One each; None leaves a gap. None is negative.
    words : callable
        Words of a number, on the axis.
    title, xtitle : str
        What the columns measure, and what the classes are.
    names : tuple of str
        Names of a column and of a line, written once.
    low, high : sequence of float or None, optional
        Intervals of `actual`, drawn as whiskers.
    floor : float, default 0.0
        Where the axis begins. Above 0 there are points in place of columns, which would mislead.
    """
    counted, wanted = numbers(actual), numbers(expected)
    ends = [numbers(low), numbers(high)]
    top = 1.0 if not np.isfinite(counted).any() else float(np.nanmax([*counted, *wanted, *ends[1]]))
    roof = floor + ((top - floor) if top > floor else 1.0) * 1.18
    left = 10 + room_for([words(roof)], 90, 30, SMALL)
    ax = frame(fig, left, 44, 8, 52)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(floor, roof)
    x = np.arange(len(labels))
    if not floor:
        ax.bar(x, np.nan_to_num(counted), width=WIDTH, color=ACCENT)
    for i in np.flatnonzero(np.isfinite(wanted)):
        across: Options = {"solid_capstyle": "butt"}
        span = [i - WIDTH / 2 - 0.08, i + WIDTH / 2 + 0.08]
        ax.plot(span, [wanted[i]] * 2, color=LIGHT["c2"], lw=3, **across)
    if len(ends[0]):
        for i in np.flatnonzero(np.isfinite(ends[0])):
            colour, width = (ACCENT, 2.5) if floor else (LIGHT["ink"], 1.25)
            ax.plot([i, i], [ends[0][i], ends[1][i]], color=colour, lw=width)
    if floor:
        ax.plot(x, counted, "o", color=ACCENT, ms=8)
    fmt_axis(ax.yaxis, words, 3 if narrow else 4)
    room = size_of(fig)[0] - left - 8
    every = max(1, -(-len(labels) * max(int(text_width(text, SMALL)) + 8 for text in labels) // int(room)))
    ax.set_xticks(x[::every], list(labels)[::every])
    unit(ax, title, dx=-left, dy=24)
    _names(fig, names, left, "●" if floor else "▮")
    under(ax, xtitle)


def _names(fig: Figure, names: tuple[str, str], left: float, sign: str) -> None:
    """Write what a column, or a point, and a line are in their own colours, above the plot at the left."""
    ax = fig.axes[0]
    above: Options = {"coords": "axes fraction", "weight": "bold", "fontsize": SMALL, "halo": False}
    label(ax, f"{sign} {names[0]}", (0, 1), (-left, 10), color=ACCENT, **above)
    along = text_width(f"{sign} {names[0]}", SMALL, bold=True) * 1.08 + 16
    label(ax, f"▬ {names[1]}", (0, 1), (along - left, 10), color=LIGHT["c2"], **above)
