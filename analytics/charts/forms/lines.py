"""Lines over time and over age: trend with interval, survival with numbers at risk, small multiples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analytics.charts.theme import (
    ACCENT,
    SMALL,
    Options,
    Words,
    end_labels,
    fit,
    fmt_axis,
    frame,
    label,
    room_for,
    scale_top,
    size_of,
    text_width,
    time_ticks,
    under,
    unit,
    wrap,
)
from analytics.page.tokens import LIGHT

Values = Sequence[float | None]
_DOTTED = (0, (1, 2.5))


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart.

    Attributes
    ----------
    name : str
        Written at the line's end.
    values : sequence of float or None
        One for each label; None leaves a gap.
    low, high : sequence of float or None
        The interval, drawn as a band.
    colour : str
        A token; ``ghost`` for what is only compared with.
    dashed : bool
        For the year before and the like.
    end : str
        Words for the last value, below or beside the name; empty for none.
    """

    name: str
    values: Values
    low: Values | None = None
    high: Values | None = None
    colour: str = "c1"
    dashed: bool = False
    end: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve over age: the share who have, or have not yet, done something.

    Attributes
    ----------
    name : str
    days : sequence of float
        Ascending ages at which the curve steps; the first is 0.
    values, low, high : sequence of float
        The curve and its interval after each step.
    at_risk : sequence of int
        How many are still watched at age 0 and at each of the chart's marks.
    colour : str
        A token.
    """

    name: str
    days: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] | None
    high: Sequence[float] | None
    at_risk: Sequence[int]
    colour: str = "c1"


def numbers(values: Values | None) -> npt.NDArray[np.float64]:
    """Turn values into an array in which what is missing is NaN; no values, no entries."""
    known = [] if values is None else [np.nan if value is None else value for value in values]
    return np.asarray(known, dtype=float)


def line(
    fig: Figure,
    narrow: bool,
    *,
    labels: Sequence[str],
    series: Sequence[Series],
    words: Words,
    title: str,
    top: float | None = None,
    bottom: float = 0,
    event: tuple[float, str] | None = None,
    short_title: str = "",
) -> None:
    r"""Draw lines over periods, named at their ends; the first is the point, the others are grey.

    Parameters
    ----------
    fig, narrow
        As for every form.
    labels : sequence of str
        One for each period: ``"Jun\n2026"``; a line feed parts month and year.
    series : sequence of Series
    words : callable
        Words of a number on the axis.
    title : str
        What the axis measures; `short_title` on phones.
    top, bottom : float, optional
        Ends of the axis; the top is chosen from the values where it is not given.
    event : tuple of (float, str), optional
        A dotted vertical at a period, with two words.
    """
    roof = top or _round_top(
        [value for one in series for value in (*numbers(one.values), *numbers(one.high))]
    )
    names = [_end_words(one, narrow) for one in series]
    right = 11 + room_for([part for name in names for part in name.split("\n")], 66 if narrow else 150, 20)
    left = 10 + room_for([words(bottom), words(roof)], 90, 22, SMALL)
    ax = frame(fig, left, 40, right, 46)
    ax.set_xlim(0 if len(labels) > 1 else -0.5, max(len(labels) - 1, 0.5))
    ax.set_ylim(bottom, roof)
    fmt_axis(ax.yaxis, words, 4 if narrow else 5)
    time_ticks(ax, labels, size_of(fig)[0] - left - right)
    unit(ax, short_title if narrow and short_title else title, dx=-left)
    if event is not None:
        _mark_event(ax, event, narrow)
    for one in reversed(series):
        _draw_series(ax, one, focus=one is series[0])
    ends = [(one, name, numbers(one.values)) for one, name in zip(series, names, strict=True)]
    ended = [(one, name, y[-1]) for one, name, y in ends if len(y) and np.isfinite(y[-1])]
    end_labels(
        ax,
        len(labels) - 1,
        [y for _, _, y in ended],
        ["\n".join(fit(part, right - 11) for part in name.split("\n")) for _, name, _ in ended],
        [LIGHT["mute" if one.colour == "ghost" else one.colour] for one, _, _ in ended],
        gap=17 if all("\n" not in name for _, name, _ in ended) else 34,
        dx=11,
        bold=[one is series[0] for one, _, _ in ended],
    )


def _end_words(one: Series, narrow: bool) -> str:
    if narrow and one.end:
        return one.end
    return f"{one.name}\n{one.end}" if one.end else one.name


def _round_top(values: Sequence[float]) -> float:
    largest = max((value for value in values if np.isfinite(value)), default=1.0)
    if largest <= 0:
        return 1.0
    unit_ = 10.0 ** np.floor(np.log10(largest))
    return float(
        next(step * unit_ for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if largest <= step * unit_ * 1.0001)
    )


def _mark_event(ax: Axes, event: tuple[float, str], narrow: bool) -> None:
    at, text = event
    low, high = ax.get_ylim()
    ax.axvline(at, color=LIGHT["soft"], lw=1, ls=_DOTTED)
    place = (at, low + (high - low) * 0.05)
    text = text.replace(" ", "\n", 1) if narrow else text
    label(ax, text, place, (-7, 10 if narrow else 2), ha="right", color=LIGHT["soft"], fontsize=SMALL)


def _draw_series(ax: Axes, one: Series, *, focus: bool) -> None:
    colour, x, y = LIGHT[one.colour], np.arange(len(one.values)), numbers(one.values)
    if one.low is not None and one.high is not None:
        ax.fill_between(x, numbers(one.low), numbers(one.high), color=colour, alpha=0.16, lw=0)
    dashes: Options = {"dashes": (4, 3), "dash_capstyle": "butt"} if one.dashed else {}
    ax.plot(x, y, color=colour, lw=2.5 if focus else 1.75, **dashes)
    known = np.isfinite(y)
    if len(y) and known[-1] and focus:
        ax.plot(x[-1], y[-1], "o", color=colour, ms=7, clip_on=False)
    padded = np.r_[False, known, False]
    alone = known & ~padded[:-2] & ~padded[2:]
    if alone.any():  # a value between two gaps has no line to be seen by
        ax.plot(x[alone], y[alone], "o", color=colour, ms=5, clip_on=False)


def survival(
    fig: Figure,
    narrow: bool,
    *,
    curves: Sequence[Curve],
    words: Words,
    count: Words,
    title: str,
    xtitle: str,
    marks: Sequence[float],
    at: float | None = None,
    top: float | None = None,
    watched: str = "Still watched",
) -> None:
    """Draw step curves over age with their intervals, and below them how many are still watched.

    Parameters
    ----------
    fig, narrow
        As for every form.
    curves : sequence of Curve
        At most four.
    words, count : callable
        Words of a share on the axis, and of a number of customers.
    title, xtitle : str
        What the axes measure.
    marks : sequence of float
        Ages with a tick and a number still watched; the last one ends the axis.
    at : float, optional
        An age at which the curves are read off.
    top : float, optional
        End of the vertical axis; 35, 60 or 100 where it is not given.
    watched : str
        Head of the numbers below.
    """
    roof = top or scale_top(
        [value for one in curves for part in (one.values, one.high) for value in numbers(part)]
    )
    names = [one.name for one in curves]
    right = 14 + room_for(names, 98 if narrow else 170, 30, SMALL, bold=True)
    row = 34 if narrow and len(curves) > 1 else 18
    left = max(46.0, 18 + max((text_width(count(one.at_risk[0]), 12) for one in curves), default=0) / 2)
    ax = frame(fig, left, 36, right, 70 + row * len(curves))
    ax.set_xlim(0, marks[-1])
    ax.set_ylim(0, roof)
    for one in reversed(curves):
        _draw_curve(ax, one, float(marks[-1]))
    if at is not None:
        _read_off(ax, curves, at, words)
    ends = [_value_at(one, marks[-1]) for one in curves]
    shown = [wrap(name, right - 14, SMALL, bold=True) for name in names]
    colours = [LIGHT[one.colour] for one in curves]
    gap = 34 if any("\n" in name for name in shown) else 18
    end_labels(ax, marks[-1], ends, shown, colours, gap=gap, bold=[True] * len(curves), fontsize=SMALL)
    fmt_axis(ax.yaxis, words, 4)
    ax.set_xticks([0, *marks], ["0", *(count(mark) for mark in marks)])
    unit(ax, title, dx=-left)
    under(ax, xtitle, -33)
    _numbers_at_risk(ax, curves, [0.0, *marks], count, (watched, left, right, row))


def _draw_curve(ax: Axes, one: Curve, end: float) -> None:
    days = np.r_[numbers(one.days), end]
    kept = days <= end
    parts = [numbers(part) for part in (one.values, one.low, one.high) if part is not None]
    held = [np.r_[part, part[-1]][kept] for part in parts]
    colour = LIGHT[one.colour]
    if len(held) == 3:
        ax.fill_between(days[kept], held[1], held[2], step="post", color=colour, alpha=0.15, lw=0)
    ax.plot(days[kept], held[0], drawstyle="steps-post", color=colour, lw=2.25)


def _value_at(one: Curve, age: float) -> float:
    place = int(np.searchsorted(numbers(one.days), age, side="right")) - 1
    return float(numbers(one.values)[max(place, 0)])


def _read_off(ax: Axes, curves: Sequence[Curve], at: float, words: Words) -> None:
    ax.axvline(at, color=LIGHT["soft"], lw=1, ls=_DOTTED)
    values = [_value_at(one, at) for one in curves]
    for one, value in zip(curves, values, strict=True):
        ax.plot(at, value, "o", color=LIGHT[one.colour], ms=6)
    highest, lowest = int(np.argmax(values)), int(np.argmin(values))
    for i in {highest, lowest}:
        offset, side = ((-6, 12), "right") if i == highest else ((6, -13), "left")
        label(
            ax,
            words(values[i]),
            (at, values[i]),
            offset,
            color=LIGHT[curves[i].colour],
            weight="bold",
            ha=side,
        )


def _numbers_at_risk(
    ax: Axes,
    curves: Sequence[Curve],
    ages: Sequence[float],
    count: Words,
    place: tuple[str, float, float, float],
) -> None:
    watched, left, right, row = place
    small: Options = {"fontsize": 12, "halo": False}
    label(ax, watched, (0, 0), (-left, -54), coords="axes fraction", color=LIGHT["mute"], **small)
    for i, one in enumerate(curves, start=1):
        colour, y = LIGHT[one.colour], -54 - row * i
        for age, still in zip(ages, one.at_risk, strict=True):
            at: Options = {"coords": ("data", "axes fraction"), "ha": "center", "color": colour}
            label(ax, count(still), (age, 0), (0, y), **at, **small)
        if row > 18:  # on phones the name has a line of its own
            label(ax, one.name, (0, 0), (-left, y + 17), coords="axes fraction", color=colour, **small)
        elif len(curves) > 1:
            half = text_width(count(one.at_risk[-1]), 12) / 2 + 8
            name = fit(one.name, right - half, 12)
            label(ax, name, (1, 0), (half, y), coords="axes fraction", color=colour, **small)


def multiples(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    series: Sequence[Values],
    words: Words,
    title: str,
    ends: tuple[str, str],
    everybody: Values | None = None,
    top: float | None = None,
    all_name: str = "all",
) -> None:
    """Draw one small line for each group, all on one scale, with everybody's line in grey behind each.

    Parameters
    ----------
    fig, narrow
        As for every form.
    names : sequence of str
    series : sequence of sequence of float or None
        One for each name, of one length.
    words : callable
        Words of a number, on the axis and at the lines' ends.
    title : str
        What the axes measure.
    ends : tuple of str
        Names of the first and the last period.
    everybody : sequence of float or None, optional
        The line of all groups together, named `all_name` once.
    top : float, optional
        End of all vertical axes.
    """
    across = 2 if narrow else min(3, max(len(names), 1))
    down = -(-len(names) // across)
    width, height = size_of(fig)
    roof = top or _round_top([v for one in (*series, everybody) for v in numbers(one)])
    left, above, below, gap_x, gap_y = 10 + room_for([words(roof)], 70, 28, SMALL), 52, 26, 26, 46
    each = (width - left - 24 - gap_x * (across - 1)) / across
    tall = (height - above - below - gap_y * (down - 1)) / down
    for i, (name, one) in enumerate(zip(names, series, strict=True)):
        row, column = divmod(i, across)
        x0, y0 = left + column * (each + gap_x), above + row * (tall + gap_y)
        ax = frame(fig, x0, y0, width - x0 - each, height - y0 - tall)
        _small_line(ax, numbers(one), None if everybody is None else numbers(everybody), roof, words)
        label(
            ax, fit(name, each, bold=True), (0, 1), (0, 12), coords="axes fraction", weight="bold", halo=False
        )
        ax.set_yticks([0, roof / 2, roof], [words(v) if column == 0 else "" for v in (0, roof / 2, roof)])
        last_row = i + across >= len(names)
        ax.set_xticks([0, max(len(one) - 1, 1)], list(ends) if last_row else ["", ""], ha=["left", "right"])
        if i == 0 and everybody is not None:
            _name_everybody(ax, numbers(everybody), all_name)
    fig.text(
        0,
        1 - 14 / height,
        wrap(title, width, SMALL, lines=1),
        va="baseline",
        color=LIGHT["mute"],
        fontsize=SMALL,
    )


def _small_line(
    ax: Axes, y: npt.NDArray[np.float64], everybody: npt.NDArray[np.float64] | None, roof: float, words: Words
) -> None:
    x = np.arange(len(y))
    ax.set_xlim(0, max(len(y) - 1, 1))
    ax.set_ylim(0, roof)
    if everybody is not None:
        ax.plot(np.arange(len(everybody)), everybody, color=LIGHT["rule"], lw=1.75)
    ax.plot(x, y, color=ACCENT, lw=2.25)
    if len(y) and np.isfinite(y[-1]):
        ax.plot(x[-1], y[-1], "o", color=ACCENT, ms=5, clip_on=False)
        lift = 12 if y[-1] < roof * 0.85 else -13
        label(
            ax,
            words(float(y[-1])),
            (x[-1], y[-1]),
            (0, lift),
            color=ACCENT,
            weight="bold",
            ha="right",
            fontsize=SMALL,
        )


def _name_everybody(ax: Axes, y: npt.NDArray[np.float64], name: str) -> None:
    known = np.flatnonzero(np.isfinite(y))
    if len(known):
        at = int(known[len(known) // 3])
        label(ax, name, (at, y[at]), (0, 11), color=LIGHT["mute"], fontsize=12, ha="center")
