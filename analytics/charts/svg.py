"""From a figure to an inline drawing that follows the page into dark mode, print and phone.

A drawing is made once, in light colours on no ground at all. Here matplotlib's file is taken apart: each
colour becomes a presentation attribute (the drawing works alone) and a class (the page's stylesheet gives
it the token's value for the present scheme). A colour that is no token is an error, so no chart leaves
the palette by accident. Words stay words, coordinates keep a tenth of a pixel, ids are the chart's own.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from analytics.charts.lettering import measured
from analytics.page.tokens import LIGHT, TOKEN_OF

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_SEGMENT = re.compile("[MLQCz][^MLQCz]*")
_LINK = re.compile(r'url\(#([^)]+)\)|xlink:href="#([^"]+)"')
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FLAT = re.compile(r"rotate\(-?0(?:\.0+)? [\d.-]+ [\d.-]+\)")
_NEEDLESS = {
    "stroke-linejoin": "round",
    "stroke-miterlimit": None,
    "opacity": "1",
    "stroke-opacity": "1",
    "fill-opacity": "1",
    "font-family": None,
}
_INHERITED = ("class", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap")
_ROUNDED = ("x", "y", "width", "height", "transform")


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
    file = io.StringIO()
    renderer = _Renderer(width, height, file, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    fig.draw(renderer)
    renderer.finalize()  # type: ignore[no-untyped-call]
    text = _NOT_XML.sub("\ufffd", file.getvalue())
    root = ET.fromstring(text)
    for element in list(root):
        if element.tag == _SVG + "metadata" or element.find(_SVG + "style") is not None:
            root.remove(element)  # a style sheet here would reach the whole page
    _Writer(uid, {a or b for a, b in _LINK.findall(text)}).element(root)
    root.attrib = {
        "class": f"chart {css_class}",
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": f"{width:g}",
        "height": f"{height:g}",
        "stroke-linejoin": "round",
        "aria-hidden": "true",  # the figure around it carries the words
    }
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


class _Renderer(RendererSVG):
    """matplotlib's own, but for words, which are measured as `analytics.charts.lettering` does."""

    def get_text_width_height_descent(
        self,
        s: str,
        prop: FontProperties,
        ismath: Any,  # noqa: ARG002 - no words of a chart are mathematics
    ) -> tuple[float, float, float]:
        return measured(s, prop.get_size_in_points(), prop.get_weight() == "bold")


class _Writer:
    """Rewrites one drawing in place."""

    def __init__(self, uid: str, linked: set[str]) -> None:
        self.uid = uid
        self.linked = linked
        self.ids: dict[str, str] = {}

    def new_id(self, old: str) -> str:
        return self.ids.setdefault(old, f"{self.uid}{len(self.ids):x}")

    def element(self, element: ET.Element, halo: bool = False) -> None:
        own = element.attrib.pop("id", "")
        halo = halo or own == "halo"
        if own in self.linked:
            element.set("id", self.new_id(own))
        style = _style_of(element)
        classes = ["halo"] if halo and element.tag == _SVG + "text" else []
        for name, value in style.items():
            if name in ("fill", "stroke") and value.startswith("#"):
                classes.append(f"{name[0]}-{self.token(value)}")
            if name not in _NEEDLESS or _NEEDLESS[name] not in (None, value):
                element.set(name, value.replace(" ", "") if "dash" in name else _rounded(value, 2))
        if classes:
            element.set("class", " ".join(classes))
        self.attributes(element)
        for child in list(element):
            self.element(child, halo)
        element.text = element.text if element.text and element.text.strip() else None
        element.tail = None
        _prune(element)
        if element.tag == _SVG + "g":
            _hoist(element)

    def token(self, colour: str) -> str:
        name = TOKEN_OF.get(to_hex(colour))
        if name is None:
            raise ColourError(
                f"{self.uid}: the colour {colour} is not a token; take one of LIGHT in analytics.page.tokens"
            )
        return name

    def attributes(self, element: ET.Element) -> None:
        for name, value in list(element.attrib.items()):
            if value.startswith("url(#"):
                element.set(name, f"url(#{self.new_id(value[5:-1])})")
            elif name == _XLINK + "href":
                del element.attrib[name]
                element.set("href", "#" + self.new_id(value[1:]))
            elif name == "d":
                element.set(name, _path(value))
            elif name in _ROUNDED:
                element.set(name, _rounded(value, 1))
        if _FLAT.fullmatch(element.get("transform", "")):
            del element.attrib["transform"]


def _style_of(element: ET.Element) -> dict[str, str]:
    """Take an element's style, from its attribute of that name and from its own colours."""
    style: dict[str, str] = {}
    for part in element.attrib.pop("style", "").split(";"):
        name, colon, value = part.partition(":")
        if colon:
            style[name.strip()] = value.strip()
    for name in ("fill", "stroke"):
        if name in element.attrib:
            style.setdefault(name, element.attrib.pop(name))
    if element.tag == _SVG + "text":
        style.setdefault("fill", LIGHT["ink"])
        _font(style)
    return style


def _font(style: dict[str, str]) -> None:
    """Reduce a font to size and weight: the family is the page's."""
    font = style.pop("font", "")
    if size := re.search(r"([\d.]+)px", font or style.get("font-size", "")):
        style["font-size"] = f"{float(size[1]):g}"
    if weight := re.match(r"(?:italic |oblique )?(bold|[1-9]00)\b", font or style.get("font-weight", "")):
        style["font-weight"] = "600" if weight[1] in ("bold", "700") else weight[1]
    if style.get("font-weight") in ("400", "normal"):
        del style["font-weight"]
    if style.get("text-anchor") == "start":
        del style["text-anchor"]


def _prune(element: ET.Element) -> None:
    """Drop what draws nothing, and groups that only hold others."""
    for at, child in reversed(list(enumerate(list(element)))):
        tag = child.tag.removeprefix(_SVG)
        if tag == "g" and not child.attrib:
            element.remove(child)
            for offset, grandchild in enumerate(list(child)):
                element.insert(at + offset, grandchild)
        elif _draws_nothing(child, tag):
            element.remove(child)


def _hoist(group: ET.Element) -> None:
    """Say once, on the group, what all of its members say of themselves: a hundred dots, one colour."""
    members = list(group)
    if len(members) < 2 or any(member.tag == _SVG + "g" for member in members):
        return
    for name in _INHERITED:
        values = {member.get(name) for member in members}
        if name not in group.attrib and len(values) == 1 and None not in values:
            group.set(name, values.pop() or "")
            for member in members:
                del member.attrib[name]


def _draws_nothing(element: ET.Element, tag: str) -> bool:
    if tag in ("g", "defs"):
        return not len(element)
    if tag == "path":
        unseen = element.get("fill") == "none" and element.get("stroke") in (None, "none")
        return unseen and not element.get("id")
    return tag == "text" and not (element.text or len(element))


def _rounded(text: str, digits: int) -> str:
    def shorter(match: re.Match[str]) -> str:
        return f"{round(float(match[0]), digits) or 0:g}"

    return _DECIMAL.sub(shorter, text)


Step = tuple[str, list[float]]


def _path(data: str) -> str:
    """Write a path with one decimal, without points on a straight run, and with H and V where they do."""
    steps: list[Step] = []
    for segment in _SEGMENT.findall(data):
        step = (segment[0], [round(float(number), 1) or 0.0 for number in segment[1:].split()])
        if step[0] == "L" and len(steps) > 1 and _on_the_way(steps[-2], steps[-1], step[1]):
            steps.pop()
        steps.append(step)
    words, last = [], [float("nan"), float("nan")]
    for command, numbers in steps:
        if command == "L" and numbers[0] == last[0]:
            words.append(f"V{numbers[1]:g}")
        elif command == "L" and numbers[1] == last[1]:
            words.append(f"H{numbers[0]:g}")
        else:
            words.append(command + " ".join(f"{number:g}" for number in numbers))
        last = numbers[-2:] or [float("nan"), float("nan")]
    return "".join(words)


def _on_the_way(before: Step, here: Step, after: list[float]) -> bool:
    """Say whether the point `here` lies on the straight line between its neighbours."""
    if here[0] != "L" or before[0] not in "ML":
        return False
    (ax, ay), (bx, by), (cx, cy) = before[1][-2:], here[1], after
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return abs(turn) < 0.02 and (bx - ax) * (cx - bx) >= 0 and (by - ay) * (cy - by) >= 0
