"""What comes next: the months measured, and a fan of what is likely to follow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analytics.charts.forms.lines import Values, numbers
from analytics.charts.theme import (
    ACCENT,
    SMALL,
    Words,
    end_labels,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    time_ticks,
    unit,
)
from analytics.page.tokens import LIGHT

_DOTTED = (0, (1, 2.5))
_OUTER, _INNER = "q2", "q3"


def fan(
    fig: Figure,
    narrow: bool,
    *,
    labels: Sequence[str],
    measured: Values,
    expected: Sequence[float],
    inner: tuple[Sequence[float], Sequence[float]],
    outer: tuple[Sequence[float], Sequence[float]],
    words: Words,
    axis_words: Words,
    title: str,
    heads: tuple[str, str] = ("Measured", "Forecast"),
    ends: tuple[str, str, str] = ("highest likely", "expected", "lowest likely"),
    came: Values | None = None,
) -> None:
    r"""Draw what was measured, then what is expected with a narrow and a wide band around it.

    Parameters
    ----------
    fig, narrow
        As for every form.
    labels : sequence of str
        One for each month, measured and expected: ``"Jun\n2026"``.
    measured : sequence of float or None
        The months known, oldest first; None leaves a gap.
    expected : sequence of float
        The months after them.
    inner, outer : tuple of two sequences of float
        Lower and upper ends of the two bands, one value for each expected month.
    words, axis_words : callable
        Words of the last values, and of the axis.
    title : str
        What is measured.
    heads : tuple of str
        Words left and right of the line between what is known and what is not.
    ends : tuple of str
        What the upper end of the inner band, the middle and its lower end are called; not on phones.
    came : sequence of float or None, optional
        What came in the expected months after all, drawn as dots.
    """
    known, middle = numbers(measured), np.asarray(expected, dtype=float)
    low, high = (np.asarray(part, dtype=float) for part in outer)
    after = numbers(came) if came is not None else np.full(len(middle), np.nan)
    finals = [f"{words(part[-1])}{'' if narrow else ' ' + name}" for part, name in _ends(inner, middle, ends)]
    left, right = 10 + room_for([axis_words(v) for v in (0, high.max())], 90, 22, SMALL), 0.0
    right = 12 + room_for(finals, 92 if narrow else 190, 30, bold=True)
    ax = frame(fig, left, 44, right, 46)
    count = len(known) + len(middle)
    ax.set_xlim(0, max(count - 1, 1))
    floor, roof = _limits(np.r_[known, low, after], np.r_[known, high, after])
    ax.set_ylim(floor, roof)
    _bands(ax, len(known), inner, (low, high))
    ax.plot(range(len(known)), known, color=LIGHT["ink"], lw=2)
    places = np.arange(len(known), count)
    ax.plot(places, middle, color=ACCENT, lw=2.5)
    if len(middle) == 1:
        ax.plot(places, middle, "o", color=ACCENT, ms=7, clip_on=False)
    ax.plot(places, after, "o", color=LIGHT["ink"], ms=5, clip_on=False)
    _border(ax, len(known) - 0.5, heads, roof)
    if floor < 0:
        ax.axhline(0, color=LIGHT["soft"], lw=1)
    fmt_axis(ax.yaxis, axis_words, 4 if narrow else 5)
    time_ticks(ax, labels, size_of(fig)[0] - left - right)
    unit(ax, title, dx=-left, dy=22)
    heights = [part[-1] for part, _ in _ends(inner, middle, ends)]
    colours = [LIGHT["mute"], ACCENT, LIGHT["mute"]]
    end_labels(ax, count - 1, heights, finals, colours, gap=17, dx=10, bold=[False, True, False])


def _ends(
    inner: tuple[Sequence[float], Sequence[float]], middle: NDArray[np.float64], names: tuple[str, str, str]
) -> list[tuple[NDArray[np.float64], str]]:
    """What is named at the right-hand end, from above."""
    low, high = (np.asarray(part, dtype=float) for part in inner)
    return list(zip((high, middle, low), names, strict=True))


def _limits(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the axis: from zero, unless something lies below it."""
    top = float(np.nanmax(np.r_[high, 0.0]))
    bottom = float(np.nanmin(np.r_[low, 0.0]))
    room = (top - bottom) or 1.0
    return (bottom - 0.06 * room if bottom < 0 else 0.0), top + 0.12 * room


def _bands(
    ax: Axes,
    known: int,
    inner: tuple[Sequence[float], Sequence[float]],
    outer: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    for (low, high), colour in ((outer, _OUTER), (inner, _INNER)):
        lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        places = np.arange(known, known + len(lower), dtype=float)
        if len(places) == 1:  # one month has a width of its own, or it would not be seen
            places = np.array([places[0] - 0.3, places[0] + 0.3])
            lower, upper = np.repeat(lower, 2), np.repeat(upper, 2)
        ax.fill_between(places, lower, upper, color=LIGHT[colour], lw=0)


def _border(ax: Axes, at: float, heads: tuple[str, str], roof: float) -> None:
    ax.axvline(at, color=LIGHT["soft"], lw=1, ls=_DOTTED)
    before, after = heads
    label(ax, before, (at, roof), (-7, -8), ha="right", color=LIGHT["soft"], fontsize=SMALL)
    label(ax, after, (at, roof), (7, -8), color=ACCENT, weight="bold", fontsize=SMALL)
