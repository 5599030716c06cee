"""One look for every chart: size, type, colour, and how a chart reaches the page.

A chart is a function ``draw(fig, narrow, *, …)`` that places axes by margins in pixels (`frame`) and draws
with the colours of `LIGHT`. `both` calls it twice, for wide and for narrow screens, and gives the pair with
its alternative text. Words of numbers come from callables that the caller takes from
`analytics.formats.Format`, so that no chart knows a currency or a language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Transform

from analytics.charts.lettering import SMALL, TEXT, fit, room_for, text_width, wrap
from analytics.charts.plot import Line, Plot, Sheet
from analytics.charts.svg import inline
from analytics.page.pieces import Chart
from analytics.page.tokens import LIGHT, STEPS
from analytics.page.widths import narrow_wanted

__all__ = [
    "ACCENT",
    "CATEGORICAL",
    "DIVERGING",
    "GHOST",
    "NARROW",
    "RC",
    "SEQUENTIAL",
    "SMALL",
    "TEXT",
    "WIDE",
    "Options",
    "Words",
    "both",
    "end_labels",
    "figure",
    "fit",
    "fmt_axis",
    "frame",
    "label",
    "room_for",
    "scale_top",
    "size_of",
    "spread",
    "step_of",
    "style",
    "svg",
    "text_width",
    "time_ticks",
    "under",
    "unit",
    "wrap",
]

ACCENT, GHOST = LIGHT["c1"], LIGHT["ghost"]
CATEGORICAL = [LIGHT[f"c{i}"] for i in range(1, 7)]
SEQUENTIAL = ListedColormap([LIGHT[f"q{i}"] for i in range(1, STEPS + 1)], "workbook-sequential")
DIVERGING = ListedColormap([LIGHT[f"d{i}"] for i in range(1, STEPS + 1)], "workbook-diverging")

WIDE, NARROW = (760, 340), (344, 320)
"""Usual sizes in pixels, width and height."""

Words = Callable[[float], str]
"""Turns a number into words, as the methods of `analytics.formats.Format` do."""

Options = dict[str, Any]
"""Keywords of `matplotlib.text.Text` and of `label`."""

RC: dict[str, Any] = {
    "text.parse_math": False,  # "$5 to $10" is money, not a formula
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "axes.facecolor": "none",
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["mute"],
    "axes.titlecolor": LIGHT["ink"],
    "xtick.color": LIGHT["mute"],
    "ytick.color": LIGHT["mute"],
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.labelsize": SMALL,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # as it is: what may be in its way is not looked for
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": LIGHT["soft"],
    "axes.linewidth": 1,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 1,
    "grid.linestyle": "-",
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.pad": 17,
    "ytick.major.pad": 8,
    "axes.prop_cycle": cycler(color=CATEGORICAL),
    "lines.linewidth": 2.25,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "lines.markersize": 6,
    "patch.linewidth": 0,
    "patch.edgecolor": "none",
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "axes.xmargin": 0,
    "axes.ymargin": 0,
    "legend.frameon": False,
}
"""What matplotlib, and seaborn with it, draws by."""


def style() -> AbstractContextManager[None]:
    """Draw by the theme inside the block, and leave matplotlib as it was."""
    return rc_context(cast(Any, RC))


def figure(width: float, height: float) -> Figure:
    """Make an empty figure, measured in pixels."""
    return Figure(figsize=(width / 72, height / 72), dpi=72, frameon=False)


def size_of(fig: Figure) -> tuple[float, float]:
    """Give a figure's width and height in pixels."""
    width, height = fig.get_size_inches() * 72
    return float(width), float(height)


def frame(
    fig: Figure, left: float, top: float, right: float, bottom: float, kind: type[Axes] = Sheet, **look: Any
) -> Axes:
    """Place axes by their margins in pixels, so that they lie the same on every machine."""
    width, height = size_of(fig)
    box = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    return fig.add_axes(kind(fig, box, **look))


def unit(ax: Axes, text: str, dx: float = 0, dy: float = 18, **options: Any) -> None:
    """Write what an axis measures flat above the plot, where it is read first; in two lines where it must."""
    room = size_of(ax.get_figure(root=True))[0] * (1 - ax.get_position().x0) - dx  # type: ignore[arg-type]
    at: Options = {"color": LIGHT["mute"], "fontsize": SMALL, "va": "bottom", "halo": False} | options
    label(ax, wrap(text, room, SMALL), (0, 1), (dx, dy), coords="axes fraction", **at)


def under(ax: Axes, text: str, dy: float = -34) -> None:
    """Write what the axis below the plot measures; in two lines where it must."""
    at: Options = {
        "color": LIGHT["mute"],
        "fontsize": SMALL,
        "ha": "center",
        "va": "top",
        "halo": False,
    }
    room = size_of(ax.get_figure(root=True))[0]  # type: ignore[arg-type]
    label(ax, wrap(text, room, SMALL), (0.5, 0), (0, dy + SMALL / 2), coords="axes fraction", **at)


def label(
    ax: Axes,
    text: str,
    xy: tuple[float, float],
    offset: tuple[float, float] = (0, 0),
    *,
    halo: bool = True,
    coords: Any = "data",
    **options: Any,
) -> None:
    """Write words beside a mark.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    text : str
        One line, or several parted by a line feed; each is anchored by itself, so that they stay aligned in
        any font.
    xy, offset : tuple of float
        The point, and the distance from it in pixels, right and up.
    halo : bool
        Whether the words get an edge in the colour of the page, to be read upon lines.
    coords : str or tuple of str
        Coordinates of `xy` in matplotlib's words.
    **options
        Of `matplotlib.text.Text`: ``color``, ``weight``, ``ha``, ``va``, ``fontsize``.
    """
    at: Options = {"ha": "left", "va": "center", "fontsize": TEXT} | options
    lines = text.split("\n")
    step = float(at["fontsize"]) * float(at.pop("linespacing", 1.25))
    first = {"center": step * (len(lines) - 1) / 2, "bottom": step * (len(lines) - 1)}.get(at["va"], 0.0)
    for i, line in enumerate(lines):
        place = (offset[0], offset[1] + first - i * step)
        ax.add_artist(Line(line, xy, place, _coordinates(ax, coords), halo=halo, **at))


def _coordinates(ax: Axes, words: Any) -> Transform:
    return {
        "data": ax.transData,
        "axes fraction": ax.transAxes,
        ("data", "axes fraction"): ax.get_xaxis_transform(),
        ("axes fraction", "data"): ax.get_yaxis_transform(),
    }[words]


def spread(
    places: Sequence[float], gap: float, low: float | None = None, high: float | None = None
) -> list[float]:
    """Move places apart, as little as can be, until none is nearer to the next than a gap.

    Parameters
    ----------
    places : sequence of float
        Where things would like to be.
    gap : float
        Least distance.
    low, high : float, optional
        Bounds; where they leave too little room, the lower one is crossed.

    Returns
    -------
    list of float
        A place for each, in the order given.

    Examples
    --------
    >>> spread([10.0, 11.0, 30.0], 4)
    [8.5, 12.5, 30.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[tuple[list[int], float]] = []
    for i in order:
        groups.append(([i], float(places[i])))
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], gap):
            (first, _), (second, _) = groups[-2], groups[-1]
            members = first + second
            groups[-2:] = [(members, sum(places[j] for j in members) / len(members))]
    found = [0.0] * len(places)
    for members, middle in groups:
        for k, j in enumerate(members):
            found[j] = middle + gap * (k - (len(members) - 1) / 2)
    floor = -float("inf") if low is None else low
    for j in order:
        found[j] = max(found[j], floor)
        floor = found[j] + gap
    ceiling = float("inf") if high is None else high
    for j in reversed(order):
        found[j] = min(found[j], ceiling)
        ceiling = found[j] - gap
    return found


def _overlap(below: tuple[list[int], float], above: tuple[list[int], float], gap: float) -> bool:
    top = below[1] + gap * (len(below[0]) - 1) / 2
    bottom = above[1] - gap * (len(above[0]) - 1) / 2
    return top + gap > bottom + 1e-9


def end_labels(
    ax: Axes,
    x: float,
    ys: Sequence[float],
    texts: Sequence[str],
    colours: Sequence[str],
    *,
    gap: float = 16,
    dx: float = 8,
    bold: Sequence[bool] | None = None,
    **options: Any,
) -> None:
    """Name lines at their right-hand ends, the words kept `gap` pixels apart."""
    low, high = ax.get_ylim()
    scale = (high - low) / float(ax.get_window_extent().height)
    places = spread([float(y) for y in ys], gap * scale, low, high)
    for y, text, colour, heavy in zip(places, texts, colours, bold or [False] * len(ys), strict=True):
        weight = "bold" if heavy else "normal"
        label(ax, text, (x, y), (dx, 0), color=colour, weight=weight, halo=False, **options)


def step_of(value: float, low: float, high: float, steps: int = STEPS) -> int:
    """Say which step of a fixed scale a value falls in.

    Parameters
    ----------
    value, low, high : float
        In one unit; values beyond the ends belong to the first or the last step.
    steps : int
        Number of equal steps.

    Returns
    -------
    int
        1 to `steps`.

    Examples
    --------
    >>> [step_of(v, 0, 35) for v in (0, 5, 34.9, 35)]
    [1, 2, 7, 7]
    """
    return min(steps, max(1, int((value - low) / (high - low) * steps // 1) + 1))


def scale_top(values: Sequence[float], tops: Sequence[float] = (35, 60, 100)) -> float:
    """Choose the end of an axis from a few fixed ones, so that reports can be laid side by side.

    Parameters
    ----------
    values : sequence of float
        What is drawn, intervals included; NaN is passed over.
    tops : sequence of float
        The ends allowed, ascending, in the unit of the values.

    Returns
    -------
    float
        The least end that holds all values, else the last one.

    Examples
    --------
    >>> scale_top([12.0, 41.5])
    60
    """
    largest = max((value for value in values if value == value), default=0.0)
    return next((top for top in tops if largest <= top), tops[-1])


def fmt_axis(axis: Axis, words: Words, count: int = 5, steps: Sequence[float] = (1, 2, 2.5, 5, 10)) -> None:
    """Give an axis four to six round ticks and its own words for numbers."""
    axis.set_major_locator(MaxNLocator(count, steps=list(steps)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: words(0.0 if value == 0 else float(value))))
    axis.set_minor_locator(NullLocator())


def time_ticks(ax: Axes, labels: Sequence[str], room: float) -> None:
    """Name as many periods along the bottom as there is room for, the last one always.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Period ``i`` lies at x = i.
    labels : sequence of str
        One for each period; a line feed puts the rest on a second line (the year).
    room : float
        Width of the plot in pixels.
    """
    widest = max((text_width(part, SMALL) for text in labels for part in text.split("\n")), default=0.0)
    fitting = max(1, int(room / (widest + 14)))
    every = max(1, -(-len(labels) // fitting))
    places = list(range(len(labels) - 1, -1, -every))[::-1]
    named = []
    year = ""
    for i in places:
        first, _, second = labels[i].partition("\n")
        named.append(f"{first}\n{second}" if second and second != year else first)
        year = second
    ax.set_xticks(places, named)


Draw = Callable[..., None]
"""A chart: ``draw(fig, narrow, **data)``."""

_UID = re.compile(r"[a-z][a-z0-9]*")


def svg(draw: Draw, uid: str, size: tuple[float, float], *, narrow: bool, **data: Any) -> str:
    """Make one drawing of a chart.

    Parameters
    ----------
    draw : callable
        ``draw(fig, narrow, **data)``.
    uid : str
        Lower-case letters and digits, one for each drawing of a page: its ids begin with it.
    size : tuple of float
        Width and height in pixels.
    narrow : bool
        Whether it is the drawing for phones.
    **data
        Handed on.

    Returns
    -------
    str
        Inline SVG.
    """
    with style():
        return _drawn(draw, uid, size, narrow, data)


def _drawn(draw: Draw, uid: str, size: tuple[float, float], narrow: bool, data: dict[str, Any]) -> str:
    if not _UID.fullmatch(uid):
        raise ValueError(f"the id {uid!r} of a chart must be lower-case letters and digits")
    fig = figure(*size)
    draw(fig, narrow, **data)
    _finish(fig)
    return inline(fig, uid, "narrow" if narrow else "wide")


def both(
    draw: Draw,
    uid: str,
    alt: str,
    wide: tuple[float, float] = WIDE,
    narrow: tuple[float, float] = NARROW,
    **data: Any,
) -> Chart:
    """Make the two drawings of a chart; the page shows the one that fits, and prints the wide one.

    Within `analytics.page.widths.wide_only` there is only the wide one.

    Parameters
    ----------
    draw : callable
        ``draw(fig, narrow, **data)``.
    uid : str
        Lower-case letters and digits, one for each chart of a page.
    alt : str
        Kind of chart, range or ends, the point; at most 300 characters.
    wide, narrow : tuple of float
        Sizes in pixels.
    **data
        What the chart draws.

    Returns
    -------
    analytics.page.pieces.Chart
    """
    with style():
        return Chart(
            wide=_drawn(draw, uid + "w", wide, False, data),
            narrow=_drawn(draw, uid + "n", narrow, True, data) if narrow_wanted() else "",
            alt=alt,
        )


def _finish(fig: Figure) -> None:
    """Write the second lines under an axis (the years), set apart from the first."""
    for ax in fig.axes:
        if not isinstance(ax, Plot) or not ax.axison:
            continue
        for x, name, look in ax.scales["x"].inside():
            _, _, second = name.partition("\n")
            at: Options = {"color": LIGHT["mute"], "fontsize": SMALL, "ha": "center"} | look
            label(
                ax,
                second,
                (x, 0),
                (0, -33),
                coords=("data", "axes fraction"),
                va="baseline",
                halo=False,
                **at,
            )
