"""From a figure to an inline drawing that follows the page into dark mode, print and phone.

A drawing is made once, in light colours on no ground at all. matplotlib draws on whatever has the methods
of its `RendererBase`; `Drawing` is one that writes what the page needs and no more: each colour is a
presentation attribute (the drawing works alone) and a class (the page's stylesheet gives it the token's
value for the present scheme). A colour that is no token is an error, so no chart leaves the palette by
accident. Words stay words, coordinates keep a tenth of a pixel, ids are the chart's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from math import nan
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Transform

from analytics.charts.lettering import measured
from analytics.page.tokens import TOKEN_OF

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ANCHOR = {"left": None, "center": "middle", "right": "end"}
_CAP = {"butt": None, "round": "round", "projecting": "square"}
_INHERITED = ("class", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap")


class ColourError(ValueError):
    """A chart was drawn with a colour that is no token."""


def inline(fig: Figure, uid: str, css_class: str) -> str:
    """Write a figure as a compact inline SVG.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The finished figure; one of its points is one pixel.
    uid : str
        Beginning of the drawing's ids; one for each drawing of a page.
    css_class : str
        ``wide`` or ``narrow``: which screens show it.

    Returns
    -------
    str
        One ``svg`` element.

    Raises
    ------
    ColourError
        If a colour in the figure is no token.
    """
    width, height = (float(inches) * 72 for inches in fig.get_size_inches())
    drawing = Drawing(width, height, uid, css_class)
    fig.draw(drawing)
    return drawing.finished()


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: dict[str, str]
    members: list[_Element] = field(default_factory=list)
    text: str = ""

    def write(self, to: list[str]) -> None:
        """Append the element's markup."""
        to.append(f"<{self.tag}")
        to.extend(f' {name}="{value}"' for name, value in self.attributes.items())
        if not self.members and not self.text:
            to.append("/>")
            return
        to.append(f">{self.text}")
        for member in self.members:
            member.write(to)
        to.append(f"</{self.tag}>")


class Drawing(RendererBase):
    """What matplotlib draws on: filled and stroked paths, marks and words, without images and hatches."""

    def __init__(self, width: float, height: float, uid: str, css_class: str) -> None:
        super().__init__()
        self.width, self.height, self.uid = width, height, uid
        look = {
            "class": f"chart {css_class}",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "stroke-linejoin": "round",
            "aria-hidden": "true",  # the figure around it carries the words
        }
        self._open = [_Element("svg", look)]
        self._ids: dict[tuple[str, ...], str] = {}
        self._clips: dict[Any, tuple[str, ...]] = {}

    def finished(self) -> str:
        """Give the markup of all that was drawn."""
        root = self._open[0]
        if clips := dict.fromkeys(self._clips.values()):
            root.members.append(_Element("defs", {}, [self._clip_path(place) for place in clips]))
        markup: list[str] = []
        root.write(markup)
        return "".join(markup)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Give the size in pixels."""
        return self.width, self.height

    def get_text_width_height_descent(
        self,
        s: str,
        prop: FontProperties,
        ismath: Any,  # noqa: ARG002 - no words of a chart are mathematics
    ) -> tuple[float, float, float]:
        """Measure words as `analytics.charts.lettering` does."""
        return measured(s, prop.get_size_in_points(), prop.get_weight() == "bold")

    def open_group(self, s: str, gid: str | None = None) -> None:  # noqa: ARG002
        """Begin what belongs together."""
        self._open.append(_Element("g", {}))

    def close_group(self, s: str) -> None:  # noqa: ARG002
        """End a group; one that says nothing of its members is not written."""
        self._close(self._open.pop())

    def _close(self, group: _Element) -> None:
        _hoist(group)
        self._open[-1].members.extend([group] if group.attributes else group.members)

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw lines and areas; lines end at the edge of the drawing."""
        clip, style = self._clip(gc), self._style(gc, rgbFace)
        stroked = rgbFace is None
        if stroked and "stroke" not in style:
            return
        clean = path.cleaned(
            transform,
            remove_nans=True,
            clip=(0.0, 0.0, self.width, self.height) if stroked else None,
            simplify=stroked and path.should_simplify,
            curves=True,
        )
        self._open[-1].members.append(_Element("path", {"d": _data(clean, self.height)} | clip | style))

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw one shape at many points."""
        places = np.asarray(trans.transform(path.vertices))
        places = places[np.isfinite(places).all(axis=1)]
        if not len(places):
            return
        if (
            len(places) == 1 and not places.any()
        ):  # so matplotlib draws the one shape of a collection: an area
            self.draw_path(gc, marker_path, marker_trans, rgbFace)
            return
        style = self._style(gc, rgbFace)
        data = _data(marker_path.cleaned(marker_trans, curves=True), 0.0)
        key = ("mark", data, *style.values())
        known = key in self._ids
        name = self._id(key)
        if not known:
            edge = {key: value for key, value in style.items() if key.startswith("stroke")}
            if "stroke" in edge:
                edge["class"] = style["class"].split()[-1]
            self._open[-1].members.append(
                _Element("defs", {}, [_Element("path", {"d": data, "id": name} | edge)])
            )
        group = _Element("g", self._clip(gc))
        for x, y in places.tolist():
            at = {"x": f"{_tenth(x):g}", "y": f"{_tenth(self.height - y):g}"}
            group.members.append(_Element("use", at | style | {"href": f"#{name}"}))
        self._close(group)

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,  # noqa: ARG002 - no words of a chart are mathematics
        mtext: Any = None,
    ) -> None:
        """Write a line of words where matplotlib has placed its left end."""
        ha = "left"
        if mtext is not None and not angle:
            ha = mtext.get_ha()
            x = float(mtext.get_transform().transform(mtext.get_unitless_position())[0])
        self.write(s, x, y, prop.get_size_in_points(), prop.get_weight() == "bold", gc.get_rgb(), ha)
        if angle:
            turn = f"rotate({-angle:g} {_tenth(x):g} {_tenth(y):g})"
            self._open[-1].members[-1].attributes["transform"] = turn

    def write(
        self,
        words: str,
        x: float,
        y: float,
        size: float,
        bold: bool,
        colour: Any,
        ha: str,
        halo: bool = False,
    ) -> None:
        """Write a line of words.

        Parameters
        ----------
        words : str
        x, y : float
            Where they are held, in pixels from the left and from the top; y is that of the baseline.
        size : float
            In pixels.
        bold : bool
        colour : color
            In matplotlib's words.
        ha : str
            ``left``, ``center`` or ``right``: which end is held.
        halo : bool
            Whether they have an edge in the colour of the page, to be read upon lines.
        """
        value, token = self._token(colour)
        look = {"x": f"{_tenth(x):g}", "y": f"{_tenth(y):g}"}
        if bold:
            look["font-weight"] = "600"
        look["font-size"] = f"{size:g}"
        if anchor := _ANCHOR[ha]:
            look["text-anchor"] = anchor
        look["fill"] = value
        look["class"] = f"halo f-{token}" if halo else f"f-{token}"
        text = escape(_NOT_XML.sub("\ufffd", words), quote=False)
        self._open[-1].members.append(_Element("text", look, text=text))

    def _id(self, thing: tuple[str, ...]) -> str:
        return self._ids.setdefault(thing, f"{self.uid}{len(self._ids):x}")

    def _clip(self, gc: GraphicsContextBase) -> dict[str, str]:
        box = gc.get_clip_rectangle()
        if box is None:
            return {}
        if box not in self._clips:
            left, bottom, width, height = box.bounds
            numbers = (left, self.height - (bottom + height), width, height)
            self._clips[box] = tuple(f"{_tenth(number):g}" for number in numbers)
        return {"clip-path": f"url(#{self._id(self._clips[box])})"}

    def _clip_path(self, place: tuple[str, ...]) -> _Element:
        shape = _Element("rect", dict(zip(("x", "y", "width", "height"), place, strict=True)))
        return _Element("clipPath", {"id": self._id(place)}, [shape])

    def _style(self, gc: GraphicsContextBase, face: Sequence[float] | None) -> dict[str, str]:
        if gc.get_hatch() is not None or gc.get_clip_path()[0] is not None:
            raise ValueError("a drawing has no hatches, and its edges are upright rectangles")
        style, classes = {"fill": "none"}, []
        whole = gc.get_forced_alpha()
        if face is not None:
            style["fill"], token = self._token(face)
            classes.append(f"f-{token}")
            if len(face) == 4 and face[3] != 1 and not whole:
                style["fill-opacity"] = _short(face[3])
        if whole and gc.get_alpha() != 1:
            style["opacity"] = _short(gc.get_alpha())
        width = gc.get_linewidth()
        offset, dashes = gc.get_dashes()
        if dashes is not None:
            style["stroke-dasharray"] = ",".join(f"{dash:g}" for dash in np.asarray(dashes))
            if offset:
                style["stroke-dashoffset"] = f"{offset:g}"
        if width:
            edge = gc.get_rgb()
            style["stroke"], token = self._token(edge)
            classes.append(f"s-{token}")
            if edge[3] != 1 and not whole:
                style["stroke-opacity"] = _short(edge[3])
            if width != 1:
                style["stroke-width"] = _short(width)
            if gc.get_joinstyle() != "round":
                style["stroke-linejoin"] = gc.get_joinstyle()
            if cap := _CAP[gc.get_capstyle()]:
                style["stroke-linecap"] = cap
        if classes:
            style["class"] = " ".join(classes)
        return style

    def _token(self, colour: Any) -> tuple[str, str]:
        value, token = _token_of(colour if isinstance(colour, str) else tuple(colour))
        if not token:
            raise ColourError(
                f"{self.uid}: the colour {value} is not a token; take one of LIGHT in analytics.page.tokens"
            )
        return value, token


@lru_cache(maxsize=256)
def _token_of(colour: Any) -> tuple[str, str]:
    value = to_hex(colour)
    return value, TOKEN_OF.get(value, "")


def _hoist(group: _Element) -> None:
    """Say once, on the group, what all of its members say of themselves: a hundred dots, one colour."""
    members = group.members
    if len(members) < 2 or any(member.tag == "g" for member in members):
        return
    for name in _INHERITED:
        values = {member.attributes.get(name) for member in members}
        if name not in group.attributes and len(values) == 1 and None not in values:
            group.attributes[name] = values.pop() or ""
            for member in members:
                del member.attributes[name]


def _short(number: float) -> str:
    return f"{round(number, 2):g}"


def _tenth(number: float) -> float:
    """Round to a tenth, by way of a millionth: noise in the last digits must not decide between two."""
    return round(round(number, 6), 1) or 0.0


Step = tuple[str, list[float]]
_COMMAND = {Path.MOVETO: ("M", 1), Path.LINETO: ("L", 1), Path.CURVE3: ("Q", 2), Path.CURVE4: ("C", 3)}


def _data(path: Path, height: float) -> str:
    """Write a path with one decimal, without points on a straight run, and with H and V where they do."""
    numbers = [[_tenth(x), _tenth(height - y)] for x, y in np.asarray(path.vertices).tolist()]
    codes = np.asarray(path.codes).tolist()
    steps: list[Step] = []
    i = 0
    while i < len(codes):
        code = codes[i]
        if code == Path.STOP:
            break
        if code == Path.CLOSEPOLY:
            steps.append(("z", []))
            i += 1
            continue
        command, n = _COMMAND[code]
        step = (command, [number for point in numbers[i : i + n] for number in point])
        if command == "L" and len(steps) > 1 and _on_the_way(steps[-2], steps[-1], step[1]):
            steps.pop()
        steps.append(step)
        i += n
    words, last = [], [nan, nan]
    for command, places in steps:
        if command == "L" and places[0] == last[0]:
            words.append(f"V{places[1]:g}")
        elif command == "L" and places[1] == last[1]:
            words.append(f"H{places[0]:g}")
        else:
            words.append(command + " ".join(f"{number:g}" for number in places))
        last = places[-2:] or [nan, nan]
    return "".join(words)


def _on_the_way(before: Step, here: Step, after: list[float]) -> bool:
    """Say whether the point `here` lies on the straight line between its neighbours."""
    if here[0] != "L" or before[0] not in "ML":
        return False
    (ax, ay), (bx, by), (cx, cy) = before[1][-2:], here[1], after
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return abs(turn) < 0.02 and (bx - ax) * (cx - bx) >= 0 and (by - ay) * (cy - by) >= 0
