"""What became of it: the bridge from one total to another, and the flow of customers between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analytics.charts.theme import (
    ACCENT,
    SMALL,
    TEXT,
    Options,
    Words,
    fit,
    frame,
    label,
    room_for,
    spread,
    text_width,
)
from analytics.page.tokens import LIGHT


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bridge: what adds to the total or takes from it, and who stands behind it."""

    name: str
    value: float
    note: str = ""


def bridge(
    fig: Figure,
    narrow: bool,
    *,
    start: float,
    end: float,
    steps: Sequence[Step],
    names: tuple[str, str],
    words: Words,
    signed: Words,
    title: str = "",
) -> None:
    """Draw how one total became another: totals grey, what was added blue, what was lost orange.

    Parameters
    ----------
    fig, narrow
        As for every form; the narrow drawing lies on its side.
    start, end : float
        The two totals.
    steps : sequence of Step
        Their values add up to ``end - start``.
    names : tuple of str
        Names of the totals.
    words, signed : callable
        Words of a total, and of a step with its sign.
    title : str
        What is measured, with its unit.

    Raises
    ------
    ValueError
        If the steps do not lead from the one total to the other.
    """
    values = [start, *(step.value for step in steps), end]
    level = start + sum(step.value for step in steps)
    if abs(level - end) > 1e-6 * max(abs(start), abs(end), 1):
        raise ValueError(f"the steps of the bridge lead to {level:g}, not to {end:g}")
    edges = np.r_[start, start + np.cumsum([step.value for step in steps])]
    spans = [(0.0, start), *pairwise(edges), (0.0, end)]
    named = [(names[0], ""), *((step.name, step.note) for step in steps), (names[1], "")]
    text = [words(start), *(signed(step.value) for step in steps), words(end)]
    (_bridge_lying if narrow else _bridge_standing)(fig, spans, values, named, text, title)


_Spans = Sequence[tuple[float, float]]


def _colour(i: int, values: Sequence[float]) -> str:
    if i in (0, len(values) - 1):
        return LIGHT["c6"]
    return ACCENT if values[i] >= 0 else LIGHT["c2"]


def _limits(spans: _Spans) -> tuple[float, float]:
    low, high = min(min(span) for span in spans), max(max(span) for span in spans)
    return min(low, 0.0), max(high, 0.0) or 1.0


def _bridge_standing(
    fig: Figure,
    spans: _Spans,
    values: Sequence[float],
    named: Sequence[tuple[str, str]],
    text: Sequence[str],
    title: str,
) -> None:
    ax = frame(fig, 8, 44 if title else 34, 8, 46)
    low, high = _limits(spans)
    ax.set_ylim(low * 1.08, high * 1.04)
    ax.set_xlim(-0.5, len(values) - 0.5)
    ax.grid(False)
    ax.set_yticks([])
    room = 744 / len(values) - 4
    for i, (a, b) in enumerate(spans):
        total = i in (0, len(values) - 1)
        ax.bar(i, b - a, bottom=a, width=0.66, color=_colour(i, values))
        if i < len(values) - 1:
            ax.plot([i + 0.33, i + 0.67], [b, b], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
        label(ax, text[i], (i, max(a, b)), (0, 10), ha="center", weight="bold" if total else "normal")
    shown = [fit(name, room, 12) + (f"\n{fit(note, room, 12)}" if note else "") for name, note in named]
    ax.set_xticks(range(len(named)), shown, color=LIGHT["soft"], fontsize=12)
    if title:
        label(
            ax,
            title,
            (0, 1),
            (-8, 30),
            coords="axes fraction",
            color=LIGHT["mute"],
            fontsize=SMALL,
            halo=False,
        )


def _bridge_lying(
    fig: Figure,
    spans: _Spans,
    values: Sequence[float],
    named: Sequence[tuple[str, str]],
    text: Sequence[str],
    title: str,
) -> None:
    left = 12 + room_for([name for name, _ in named], 120, 60)
    right = room_for(text, 90, 40, SMALL, bold=True)
    ax = frame(fig, left, 30 if title else 12, right, 6)
    ax.set_xlim(*_limits(spans))
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])
    ax.axvline(0, color=LIGHT["soft"], lw=1)
    for i, (a, b) in enumerate(spans):
        total = i in (0, len(values) - 1)
        ax.barh(i, b - a, left=a, height=0.62, color=_colour(i, values))
        if i < len(values) - 1:
            ax.plot([b, b], [i + 0.31, i + 0.69], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
        weight = "bold" if total else "normal"
        label(ax, text[i], (max(a, b), i), (6, 0), weight=weight, halo=False, fontsize=SMALL)
    ax.set_yticks(range(len(named)), [fit(name, left - 10, TEXT) for name, _ in named], color=LIGHT["ink"])
    if title:
        label(
            ax,
            title,
            (0, 1),
            (-left, 16),
            coords="axes fraction",
            color=LIGHT["mute"],
            fontsize=SMALL,
            halo=False,
        )


def flow(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    moved: Sequence[Sequence[float]],
    heads: tuple[str, str],
    count: Words,
    change: Words,
) -> None:
    """Draw who moved from group to group: those who rose blue, those who fell orange, stayers pale.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names : sequence of str
        Groups, the best first.
    moved : array-like of shape (n_groups, n_groups)
        Row ``i``, column ``j``: customers who were in ``i`` and are in ``j``.
    heads : tuple of str
        Names of the two points in time.
    count, change : callable
        Words of a number of customers, and of a signed change in per cent.
    """
    matrix = np.asarray(moved, dtype=float)
    was, now = matrix.sum(axis=1), matrix.sum(axis=0)
    gap = matrix.sum() * 0.035
    left_words = [_was(name, value, count, narrow) for name, value in zip(names, was, strict=True)]
    right_words = [
        _now(name, a, b, count, change, narrow) for name, a, b in zip(names, was, now, strict=True)
    ]
    most, letters = (100, 12) if narrow else (210, TEXT)
    sides = [
        12 + room_for([part for text in texts for part in text.split("\n")], most, 48, letters, bold=True)
        for texts in (left_words, right_words)
    ]
    ax = frame(fig, sides[0], 34, sides[1], 8)
    ax.set_xlim(0, 1)
    ax.set_ylim(matrix.sum() + gap * (len(names) - 1), 0)
    ax.axis("off")
    at_left = np.r_[0, np.cumsum(was + gap)][:-1]
    at_right = np.r_[0, np.cumsum(now + gap)][:-1]
    thick = 0.05 if narrow else 0.022
    _ribbons(ax, matrix, at_left, at_right, thick)
    for place, size in zip(at_left, was, strict=True):
        ax.add_patch(Rectangle((0, place), thick, size, facecolor=LIGHT["c6"]))
    for place, size in zip(at_right, now, strict=True):
        ax.add_patch(Rectangle((1 - thick, place), thick, size, facecolor=LIGHT["c6"]))
    gap = matrix.sum() * (0.1 if narrow else 0.048)
    for middles, texts, x, weight in (
        (at_left + was / 2, left_words, 0, "normal"),
        (at_right + now / 2, right_words, 1, "bold"),
    ):
        look: Options = {
            "ha": "left" if x else "right",
            "weight": weight,
            "fontsize": letters,
            "linespacing": 1.2,
        }
        for y, text in zip(_apart(middles, gap, ax), texts, strict=True):
            fitted = "\n".join(fit(part, sides[x] - 8, letters, bool(x)) for part in text.split("\n"))
            label(ax, fitted, (x, y), (8 if x else -8, 0), halo=False, **look)
    head: Options = {"coords": "axes fraction", "color": LIGHT["mute"], "fontsize": SMALL, "halo": False}
    for text, x, outward in ((heads[0], 0, -1), (heads[1], 1, 1)):
        long = text_width(text, SMALL) > sides[x] - 8  # then it begins at the edge of the drawing
        look = {"ha": "left" if (x == 0) == long else "right"}
        label(ax, text, (x, 1), (outward * (sides[x] if long else 8), 16), **look, **head)


def _apart(middles: npt.NDArray[np.float64], gap: float, ax: Axes) -> list[float]:
    bottom, top = ax.get_ylim()
    return spread(list(middles), gap, top, bottom)


def _was(name: str, value: float, count: Words, narrow: bool) -> str:
    return f"{name}\n{count(value)}" if narrow else f"{name}, {count(value)}"


def _now(name: str, was: float, now: float, count: Words, change: Words, narrow: bool) -> str:
    moved = change((now - was) / was * 100) if was else ""
    if narrow:
        return f"{count(now)}\n{moved}" if moved else count(now)
    return f"{name}, {count(now)}" + (f" ({moved})" if moved else "")


def _ribbons(
    ax: Axes,
    matrix: npt.NDArray[np.float64],
    at_left: npt.NDArray[np.float64],
    at_right: npt.NDArray[np.float64],
    thick: float,
) -> None:
    left, right = at_left.copy(), at_right.copy()
    drawn = []
    for i, j in np.ndindex(matrix.shape):
        if matrix[i, j] > 0:
            drawn.append((i, j, matrix[i, j], left[i], right[j]))
        left[i] += matrix[i, j]
        right[j] += matrix[i, j]
    for i, j, size, y0, y1 in sorted(drawn, key=lambda one: one[0] != one[1]):  # stayers first, below
        corners = [
            *((thick, y0), (0.5, y0), (0.5, y1), (1 - thick, y1)),
            *((1 - thick, y1 + size), (0.5, y1 + size), (0.5, y0 + size), (thick, y0 + size), (thick, y0)),
        ]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        colour = LIGHT["ghost"] if i == j else ACCENT if j < i else LIGHT["c2"]
        ax.add_patch(
            PathPatch(
                Path(np.asarray(corners), codes), facecolor=colour, alpha=0.22 if i == j else 0.62, lw=0
            )
        )
