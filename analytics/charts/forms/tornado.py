"""What must be right: a figure when one assumption after the other is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.theme import (
    ACCENT,
    SMALL,
    TEXT,
    Options,
    Words,
    fit,
    fmt_axis,
    frame,
    label,
    room_for,
    size_of,
    text_width,
    unit,
)
from analytics.page.tokens import LIGHT

_DOTTED = (0, (1, 2.5))
THICK = 0.56
"""Height of a bar, as a share of its row."""
_LETTERS = 12.0


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumption of a plan, and what the plan brings where it is wrong.

    Attributes
    ----------
    name : str
    low_words, high_words : str
        The low and the high value of the assumption.
    at_low, at_high : float
        The result with either, everything else as planned.
    """

    name: str
    low_words: str
    high_words: str
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """How far the results lie apart, the planned one left aside."""
        return abs(self.at_high - self.at_low)


def tornado(
    fig: Figure,
    narrow: bool,
    *,
    planned: float,
    rows: Sequence[Assumption],
    words: Words,
    planned_words: str,
    title: str,
    even: str = "breaks even",
) -> None:
    """Draw a bar from the planned result to that with each assumption low and high; worse is orange.

    Parameters
    ----------
    fig, narrow
        As for every form; on phones the names stand above their bars.
    planned : float
        The result as planned.
    rows : sequence of Assumption
        In the order drawn, the longest first. Where both ends lie on one side of the plan, each has half of
        the row.
    words : callable
        Words of a result on the axis.
    planned_words : str
        Stands above the line of the plan.
    title : str
        What the bars measure.
    even : str
        Words above a result of zero, where it is within the picture and leaves them room.
    """
    left = 8.0 if narrow else 12 + room_for([row.name for row in rows], 220, 60)
    ends = [value for row in rows for value in (row.at_low, row.at_high)]
    low, high = min([planned, *ends]), max([planned, *ends])
    right = max(12.0, text_width(words(high), SMALL) / 2 - 8)  # half of the last tick's words, and the margin
    ax = frame(fig, left, 66, right, 28)
    _limit(ax, low, high, rows, size_of(fig)[0] - left - right)
    ax.set_ylim(len(rows) - 0.5, -0.75 if narrow else -0.5)
    ax.grid(False)
    ax.grid(True, axis="x")
    fmt_axis(ax.xaxis, words, 3 if narrow else 6)
    for i, row in enumerate(rows):
        _draw(ax, i, row, planned, narrow)
    if not narrow:  # on phones it would run through the names: each row has a piece of it
        ax.plot([planned, planned], [0, 1], color=LIGHT["ink"], lw=1.25, transform=ax.get_xaxis_transform())
    _heads(ax, planned, planned_words, even, left)
    if narrow:
        ax.set_yticks([])
    else:
        ax.set_yticks(
            range(len(rows)),
            [fit(row.name, left - 10, TEXT) for row in rows],
            color=LIGHT["ink"],
            fontsize=TEXT,
        )
    unit(ax, title, dx=-left, dy=42)


def _limit(ax: Axes, low: float, high: float, rows: Sequence[Assumption], pixels: float) -> None:
    """Leave room for the words outside the bars, whichever of them reach furthest."""
    most = max((text_width(w, _LETTERS) for row in rows for w in (row.low_words, row.high_words)), default=0)
    aside = most + 14
    span = (high - low) or abs(high) or 1.0
    beyond = span * aside / max(pixels - 2 * aside, 40)
    ax.set_xlim(low - beyond, high + beyond)


def _draw(ax: Axes, i: int, row: Assumption, planned: float, narrow: bool) -> None:
    thick = THICK * (0.72 if narrow else 1)
    middle = i + (0.12 if narrow else 0)
    ends = [(row.at_low, row.low_words), (row.at_high, row.high_words)]
    same_side = (row.at_low - planned) * (row.at_high - planned) > 0
    for place, (value, text) in enumerate(ends):
        half = thick / 2 if same_side else thick
        at = middle + ((place - 0.5) * half if same_side else 0)
        better = value >= planned
        ax.barh(at, value - planned, left=planned, height=half, color=ACCENT if better else LIGHT["c2"])
        look: Options = {"ha": "left" if better else "right", "color": LIGHT["soft"], "fontsize": _LETTERS}
        if value == planned:  # an end without a bar would have its words upon the other end's
            better = ends[1 - place][0] < planned
            look["ha"] = "left" if better else "right"
        label(ax, text, (value, at), (6 if better else -6, 0), **look)
    if narrow:
        piece = [middle - 0.3, middle + 0.3]
        ax.plot([planned, planned], piece, color=LIGHT["ink"], lw=1.25, solid_capstyle="butt")
        place_of_name: Options = {"coords": ("axes fraction", "data"), "fontsize": SMALL, "weight": "bold"}
        label(ax, fit(row.name, 320, SMALL, bold=True), (0, i - 0.34), (-4, 0), **place_of_name)


def _heads(ax: Axes, planned: float, planned_words: str, even: str, left: float) -> None:
    """Name the lines of the plan and of zero; the latter only where its words stay clear of the former's."""
    low, high = ax.get_xlim()
    pixels = float(ax.get_window_extent().width) / (high - low)
    centre, room = (planned - low) * pixels, float(ax.get_window_extent().width)
    half = text_width(planned_words, SMALL, bold=True) / 2
    shift = max(half - centre - left, 0) - max(centre + half - room - 12, 0)
    at: Options = {"coords": ("data", "axes fraction"), "ha": "center", "halo": False}
    label(ax, planned_words, (planned, 1), (shift, 11), weight="bold", fontsize=SMALL, **at)
    if not low < 0 < high or planned == 0:
        return
    ax.plot([0, 0], [0, 1], color=LIGHT["soft"], lw=1, ls=_DOTTED, transform=ax.get_xaxis_transform())
    width = text_width(even, _LETTERS) / 2
    place = -low * pixels
    clear = abs(place - centre - shift) > half + width + 10
    if clear and place + width < room + 12 and place - width > -left:
        label(ax, even, (0, 1), (0, 11), fontsize=_LETTERS, color=LIGHT["mute"], **at)
