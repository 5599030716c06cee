"""What happened when: events in lanes along one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.theme import ACCENT, SMALL, TEXT, fit, frame, label, room_for, size_of, text_width
from analytics.page.tokens import LIGHT

LANE, FOOT = 52, 56
"""Pixels that a lane needs, and that stand above and below all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One event.

    Attributes
    ----------
    lane : int
    at : float
        Days, on the scale of the axis.
    text : str
        What is written above it where there is room; empty for a bare mark.
    bad : bool
        Whether it is drawn as a loss.
    """

    lane: int
    at: float
    text: str = ""
    bad: bool = False


def timeline_sizes(lanes: int) -> dict[str, tuple[float, float]]:
    """Give the sizes of the two drawings of so many lanes, for `analytics.charts.theme.both`.

    Examples
    --------
    >>> timeline_sizes(3)
    {'wide': (760, 212), 'narrow': (344, 212)}
    """
    tall = FOOT + LANE * lanes
    return {"wide": (760, tall), "narrow": (344, tall)}


def timeline(
    fig: Figure,
    narrow: bool,
    *,
    lanes: Sequence[str],
    marks: Sequence[Mark],
    ticks: Sequence[tuple[float, str]],
    span: tuple[float, float],
) -> None:
    """Draw events as dots in their lanes, each with its words as far as they do not meet.

    Parameters
    ----------
    fig, narrow
        As for every form.
    lanes : sequence of str
        Names, from the top.
    marks : sequence of Mark
        In the order of time; where words would meet, the later ones give way, a loss never to others.
    ticks : sequence of (float, str)
        Days and their words on the axis.
    span : tuple of float
        First and last day of the axis.
    """
    left = 12 + room_for(lanes, 110, 40, TEXT)
    ax = frame(fig, left, 14, 16 if narrow else 24, 34)
    ax.set_xlim(*span)
    ax.set_ylim(len(lanes) - 0.5, -0.5)
    ax.grid(False)
    ax.set_yticks([])
    width = size_of(fig)[0] - left - (16 if narrow else 24)
    _axis(ax, ticks, width, span)
    for i, name in enumerate(lanes):
        ax.plot(span, [i + 0.14, i + 0.14], color=LIGHT["grid"], lw=1)
        label(ax, fit(name, left - 10), (0, i + 0.14), (-10, 0), coords=("axes fraction", "data"), ha="right",
              halo=False)  # fmt: skip
        _lane(ax, [mark for mark in marks if mark.lane == i], i, width, span)


def _axis(ax: Axes, ticks: Sequence[tuple[float, str]], width: float, span: tuple[float, float]) -> None:
    """Words of days as far as they do not meet."""
    shown, free = [], -1.0
    for day, text in ticks:
        at = (day - span[0]) / max(span[1] - span[0], 1e-9) * width
        half = text_width(text, SMALL) / 2
        if at - half >= free:
            shown.append((day, text))
            free = at + half + 14
    ax.set_xticks([day for day, _ in shown], [text for _, text in shown])


def _lane(ax: Axes, marks: Sequence[Mark], lane: int, width: float, span: tuple[float, float]) -> None:
    scale = width / max(span[1] - span[0], 1e-9)
    taken: list[tuple[float, float]] = []
    for mark in sorted(marks, key=lambda one: (not one.bad, one.at)):
        colour = LIGHT["c2"] if mark.bad else ACCENT
        ax.plot(mark.at, lane + 0.14, "o", color=colour, ms=8, clip_on=False, zorder=4 if mark.bad else 3)
        if not mark.text:
            continue
        half, at = text_width(mark.text, SMALL) / 2, (mark.at - span[0]) * scale
        middle = min(max(at, half), width + 20 - half)
        if all(middle + half + 6 < low or middle - half - 6 > high for low, high in taken):
            taken.append((middle - half, middle + half))
            label(ax, mark.text, (mark.at, lane + 0.14), (middle - at, 15), ha="center", fontsize=SMALL,
                  color=LIGHT["bad"] if mark.bad else LIGHT["ink"])  # fmt: skip
