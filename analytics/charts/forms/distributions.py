"""How they are spread: Lorenz curve, distribution, counted grid of two measures, regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analytics.charts.plot import Plot
from analytics.charts.theme import (
    ACCENT,
    GHOST,
    SMALL,
    Words,
    fit,
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

_DOTTED = (0, (1, 2.5))


def lorenz(
    fig: Figure,
    narrow: bool,
    *,
    customers: Sequence[float],
    value: Sequence[float],
    at: float,
    note: str,
    words: Words,
    title: str,
    xtitle: str,
    equal: str = "If all spent the same",
) -> None:
    """Draw how much of a total the best customers bring.

    Parameters
    ----------
    fig, narrow
        As for every form.
    customers, value : sequence of float
        Cumulated percentages of customers, the best first, and of what they bring; both from 0 to 100.
    at : float
        The percentage of customers that is read off, and `note` what is read there, two short lines.
    words : callable
        Words of a percentage.
    title, xtitle : str
        What the axes measure.
    equal : str
        Name of the diagonal.
    """
    x, y = np.asarray(customers, dtype=float), np.asarray(value, dtype=float)
    kept = np.unique(np.linspace(0, len(x) - 1, 90).round().astype(int))
    here = float(np.interp(at, x, y))
    ax = frame(fig, 46, 34, 24, 46)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, max(100.0, float(y.max(initial=100.0))))
    ax.fill_between(x[kept], x[kept], y[kept], color=LIGHT["q1"], lw=0)
    ax.plot([0, 100], [0, 100], color=GHOST, lw=1.5, dashes=(4, 3), dash_capstyle="butt")
    ax.plot(x[kept], y[kept], color=ACCENT, lw=2.5)
    ax.plot([at, at, 0], [0, here, here], color=LIGHT["soft"], lw=1, ls=_DOTTED)
    ax.plot(at, here, "o", color=ACCENT, ms=7)
    below = here > 25  # right below the point is always under the curve
    label(
        ax,
        note,
        (at, here),
        (14, -16 if below else 14),
        weight="bold",
        color=ACCENT,
        va="top" if below else "bottom",
    )
    label(ax, equal, (98.5, 22 if narrow else 36), color=LIGHT["mute"], fontsize=SMALL, ha="right")
    for axis, ticks in ((ax.xaxis, ax.set_xticks), (ax.yaxis, ax.set_yticks)):
        fmt_axis(axis, words)
        ticks([0, 20, 40, 60, 80, 100])
    unit(ax, title, dx=-46)
    under(ax, xtitle)


def _tallest(ax: Axes) -> float:
    return max((bar.get_height() for bar in ax.patches if isinstance(bar, Rectangle)), default=0.0)


def distribution(
    fig: Figure,
    narrow: bool,
    *,
    values: Sequence[float] | npt.NDArray[np.float64],
    words: Words,
    count: Words,
    title: str,
    xtitle: str,
    marks: Sequence[tuple[float, str]] = (),
    bins: int = 30,
    cut: float | None = None,
    weights: Sequence[float] | npt.NDArray[np.float64] | None = None,
) -> None:
    """Draw how many customers lie where, with named values such as the median.

    Parameters
    ----------
    fig, narrow
        As for every form.
    values : array-like of shape (n,)
        One for each customer; NaN is passed over.
    words, count : callable
        Words of a value and of a number of customers.
    title, xtitle : str
        What the axes measure.
    marks : sequence of (float, str)
        Dotted verticals with words; at most two.
    bins : int
        Number of equal classes, half as many on phones.
    cut : float, optional
        Values above are counted in the last class, whose tick says so.
    weights : array-like of shape (n,), optional
        How many customers each value stands for, 1 by default.
    """
    import seaborn as sns  # only here: it takes a second to import

    kept = np.asarray(values, dtype=float)
    known = np.isfinite(kept)
    kept, heavy = kept[known], None if weights is None else np.asarray(weights, dtype=float)[known]
    top = float(kept.max()) if cut is None and kept.size else cut or 1.0
    bottom = min(0.0, float(kept.min()) if kept.size else 0.0)
    ax = frame(fig, 46, 44, 22, 46, Plot)
    ax.set(xlabel=" ", ylabel=" ")  # else seaborn looks at all ticks for whether to name the axes
    classes = bins // 2 if narrow else bins
    sns.histplot(
        x=np.minimum(kept, top),
        weights=heavy,
        bins=classes,
        binrange=(bottom, top),
        ax=ax,
        color=GHOST,
        alpha=1,
        edgecolor="none",
        shrink=0.86,
    )
    ax.set(xlabel="", ylabel="")
    ax.set_xlim(bottom, top)
    fmt_axis(ax.yaxis, count, 4)
    fmt_axis(ax.xaxis, words, 4 if narrow else 6)
    if cut is not None:
        last = top - (top - bottom) / classes / 2
        ticks = [at for at in ax.get_xticks() if bottom <= at < bottom + 0.88 * (top - bottom)]
        ax.set_xticks([*ticks, last], [*map(words, ticks), f"{words(top)}+"])
    height = 1.08 * _tallest(ax) or 1.0
    ax.set_ylim(0, height)
    for i, (at, text) in enumerate(marks):
        if bottom <= at <= top:
            ax.plot([at, at], [0, height], color=LIGHT["soft"], lw=1, ls=_DOTTED)
            side, dx = ("left", 7) if at < (bottom + top) / 2 else ("right", -7)
            label(
                ax,
                text,
                (at, height),
                (dx, -10 - 18 * i),
                ha=side,
                weight="bold",
                color=ACCENT if i == 0 else LIGHT["soft"],
            )
    unit(ax, title, dx=-46)
    under(ax, xtitle)


def grid(
    fig: Figure,
    narrow: bool,
    *,
    x: Sequence[float] | npt.NDArray[np.float64],
    y: Sequence[float] | npt.NDArray[np.float64],
    groups: Sequence[str],
    colours: Mapping[str, str],
    title: str,
    xtitle: str,
    x_top: float,
    y_top: int,
    words: Words,
    counts: Sequence[int] | None = None,
    reverse_x: bool = True,
    bins: int = 24,
) -> None:
    """Count customers into a grid of two measures; the area of a dot says how many, its colour who.

    Thousands of points would only make a cloud, and a large file.

    Parameters
    ----------
    fig, narrow
        As for every form.
    x, y : array-like of shape (n,)
        Such as days since the last order, and number of orders; values beyond the tops are counted at them.
    groups : sequence of str of length n
        The group of each customer.
    colours : mapping of str to str
        Token of each group, those at the bottom first; a group that is not named here is not drawn. At most
        four are told apart by colour.
    title, xtitle : str
        What the axes measure.
    x_top, y_top : float, int
        Ends of the axes.
    words : callable
        Words of a number on the axes.
    counts : sequence of int, optional
        How many customers stand behind each of `x` and `y`, where they are counted already; else one.
    reverse_x : bool
        Whether 0 lies at the right-hand end: what is recent is near.
    bins : int
        Classes across, half as many on phones.
    """
    left, right = 40.0, 18.0
    ax = frame(fig, left, 40, right, 46)
    classes = bins // 2 if narrow else bins
    wide = x_top / classes
    columns = np.clip(np.asarray(x, dtype=float) // wide, 0, classes - 1).astype(int)
    rows = np.minimum(np.asarray(y, dtype=float), y_top).round().astype(int)
    counted: Counter[tuple[int, int, str]] = Counter()
    for column, row, group, n in zip(
        columns.tolist(), rows.tolist(), groups, counts or repeat(1), strict=False
    ):
        counted[column, row, str(group)] += n
    width, height = size_of(fig)
    pixels = min((width - left - right) / classes, (height - 86) / max(y_top, 1))
    ax.set_xlim(*((x_top * 1.02, -x_top * 0.02) if reverse_x else (-x_top * 0.02, x_top * 1.02)))
    ax.set_ylim(0.3, y_top + 0.9)
    most = max((n for (_, _, group), n in counted.items() if group in colours), default=1)
    for group, colour in colours.items():
        mine = [((c + 0.5) * wide, row, n) for (c, row, g), n in sorted(counted.items()) if g == group]
        _dots(ax, mine, LIGHT[colour], 1.15 * pixels / most**0.5)
    for group, colour in colours.items():
        mine = [((c + 0.5) * wide, row, n) for (c, row, g), n in counted.items() if g == group]
        if mine:
            across, up, weights = zip(*mine, strict=True)
            middle = (float(np.average(across, weights=weights)), float(np.average(up, weights=weights)))
            named = fit(group, 130 if narrow else 180, bold=True)
            reach = text_width(named, bold=True) / 2 / (width - left - right) * x_top
            middle = (min(max(middle[0], reach), x_top - reach), middle[1])  # within the drawing
            ink = LIGHT["mute" if colour == "ghost" else colour]
            label(ax, named, middle, color=ink, weight="bold", ha="center", fontsize=12 if narrow else 13)
    every = max(2, y_top // 5)
    ticks = [tick for tick in range(1, y_top - 1) if tick == 1 or tick % every == 0]
    ax.set_yticks([*ticks, y_top], [*(words(tick) for tick in ticks), f"{words(y_top)}+"])
    fmt_axis(ax.xaxis, words, 4 if narrow else 6)
    unit(ax, title, dx=-left)
    under(ax, xtitle)


def _dots(ax: Axes, counted: Sequence[tuple[float, int, int]], colour: str, scale: float) -> None:
    """Draw a dot for each cell, in a few sizes so that each is written once."""
    sizes: dict[float, list[tuple[float, int]]] = {}
    for x, y, n in counted:
        sizes.setdefault(max(2.5, round(scale * n**0.5 / 2) * 2), []).append((x, y))
    for size, at in sizes.items():
        ax.plot(*zip(*at, strict=True), "o", color=colour, ms=size, alpha=0.8, mew=0)


def regression(
    fig: Figure,
    narrow: bool,
    *,
    x: Sequence[float] | npt.NDArray[np.float64],
    y: Sequence[float] | npt.NDArray[np.float64],
    xwords: Words,
    ywords: Words,
    title: str,
    xtitle: str,
    note: str = "",
) -> None:
    """Draw two measures against each other with the straight line through them and its 95% interval.

    Parameters
    ----------
    fig, narrow
        As for every form.
    x, y : array-like of shape (n,)
        At most 400 points; more are averaged in 20 classes of `x`, with their intervals.
    xwords, ywords : callable
        Words of numbers on the axes.
    title, xtitle : str
        What the axes measure.
    note : str
        What the line says, at its end.
    """
    import seaborn as sns  # only here: it takes a second to import

    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(across) & np.isfinite(up)
    across, up = across[known], up[known]
    left = 10 + room_for([ywords(float(up.max(initial=0)))], 90, 30, SMALL)
    ax = frame(fig, left, 40, 24, 46, Plot)
    many = {"x_bins": 20} if across.size > 400 else {}
    sns.regplot(
        x=across, y=up, ax=ax, ci=95, n_boot=200, seed=1, color=ACCENT, **many,
        scatter_kws={"color": GHOST, "alpha": 0.8, "linewidths": 0, "s": 22},
        line_kws={"color": ACCENT, "lw": 2.5},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    fmt_axis(ax.xaxis, xwords, 4 if narrow else 6)
    fmt_axis(ax.yaxis, ywords, 4 if narrow else 5)
    if note:
        label(ax, note, (1, 1), (0, -8), coords="axes fraction", ha="right", color=ACCENT, weight="bold")
    unit(ax, title, dx=-left)
    under(ax, xtitle)
