"""The second lock of a page: what drawings and finished fragments may hold.

The words in them were escaped where they were written. Here only elements and attributes that the workbook
itself uses are let through, so that neither a mistake there nor a fragment from elsewhere can bring script,
a style sheet or anything that is fetched.

Both are read as XML, which leaves nothing open: outside a tag no "<" stands, and every value is quoted. What
is well-formed so, and without declarations, comments and instructions, has the same tags and values for a
browser.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import lru_cache
from xml.parsers import expat

from markupsafe import Markup

_DRAWN = frozenset(
    {
        "circle", "clipPath", "defs", "desc", "ellipse", "g", "line", "path", "pattern", "polygon",
        "polyline", "rect", "svg", "text", "title", "tspan", "use",
    }
)  # fmt: skip
_DRAWN_WITH = frozenset(
    {
        "aria-hidden", "class", "clip-path", "cx", "cy", "d", "dominant-baseline", "dx", "dy",
        "fill", "fill-opacity", "fill-rule", "font-size", "font-style", "font-weight", "height",
        "href", "id", "opacity", "patternTransform", "patternUnits", "points", "r", "rx", "ry",
        "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
        "stroke-opacity", "stroke-width", "text-anchor", "transform", "viewBox", "width", "x", "x1",
        "x2", "y", "y1", "y2",
    }
)  # fmt: skip
_WRITTEN = frozenset(
    {
        "a", "b", "br", "caption", "code", "dd", "details", "div", "dl", "dt", "figcaption",
        "figure", "footer", "h1", "h2", "h3", "header", "i", "li", "ol", "p", "pre", "section",
        "small", "span", "strong", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
        "time", "tr", "ul",
    }
)  # fmt: skip
_WRITTEN_WITH = frozenset(
    {
        "aria-hidden", "aria-label", "class", "colspan", "datetime", "href", "id", "open", "role",
        "rowspan", "scope", "style", "tabindex",
    }
)  # fmt: skip
_LINK = re.compile(r"#[\w.-]*|(?:\.\./)*[\w.-]+(?:/[\w.-]+)*(?:#[\w.-]*)?")
_PART = re.compile(r"#[\w.-]*")
_REFERENCE = re.compile(r"url\(#[\w.-]+\)")
_MOVEMENTS = re.compile(r"(?:(?:rotate|translate|scale|matrix|skew[XY])\([-\d.e, ]*\)\s*)+")
_OWN_PARTS = "a drawing may refer to its own parts only"
_STYLE = re.compile(r"--[a-z]+:-?\d+(?:\.\d+)?;?")


class UnsafeDrawing(ValueError):
    """A drawing holds something that no chart of the workbook needs."""


class UnsafeFragment(ValueError):
    """A fragment of a page holds something that no piece of the workbook needs."""


@lru_cache(maxsize=256)
def drawing(markup: str) -> Markup:
    """Let a drawing through, or refuse it.

    Parameters
    ----------
    markup : str
        One ``svg`` element, without a namespace, as written by `analytics.charts.svg.inline`.

    Returns
    -------
    markupsafe.Markup
        The same text, marked as finished.

    Raises
    ------
    UnsafeDrawing
        If it is not well-formed, or holds an element, an attribute or a link outside the list.

    Examples
    --------
    >>> drawing('<svg><path d="M0 0"/></svg>')
    Markup('<svg><path d="M0 0"/></svg>')
    >>> drawing('<svg><a href="javascript:alert(1)"/></svg>')
    Traceback (most recent call last):
    analytics.page.guard.UnsafeDrawing: a drawing may not hold the element "a"
    """
    if "<!" in markup or "<?" in markup:
        raise UnsafeDrawing("a drawing may not hold declarations, comments or instructions")
    try:
        root = ET.fromstring(markup)
    except ET.ParseError as error:
        raise UnsafeDrawing(f"a drawing is not well-formed: {error}") from None
    if root.tag != "svg":
        raise UnsafeDrawing("a drawing is one svg element")
    for element in root.iter():
        if element.tag not in _DRAWN:
            raise UnsafeDrawing(f'a drawing may not hold the element "{element.tag}"')
        for name, value in element.attrib.items():
            if name not in _DRAWN_WITH:
                raise UnsafeDrawing(f'a drawing may not hold the attribute "{name}"')
            if _reaches_out(name, value):
                raise UnsafeDrawing(_OWN_PARTS)
    return Markup(markup)


def _reaches_out(name: str, value: str) -> bool:
    """Whether an attribute of a drawn element may refer to anything but the drawing's own parts.

    Values of most attributes are read as style sheets are, in which "url(" can be written in many ways: with
    brackets and backslashes nothing else is let through than a reference to a part, or a movement.
    """
    if name == "href":
        return not _PART.fullmatch(value)
    if name in ("class", "id") or not ("(" in value or "\\" in value):
        return False
    allowed = _MOVEMENTS if name in ("transform", "patternTransform") else _REFERENCE
    return not allowed.fullmatch(value)


def fragment(markup: str) -> Markup:
    """Let the finished fragment of a piece through, or refuse it.

    Parameters
    ----------
    markup : str
        HTML, as written by `analytics.page.render.fragment`.

    Returns
    -------
    markupsafe.Markup
        The same text, marked as finished.

    Raises
    ------
    UnsafeFragment
        If it is not well-formed, or holds an element, an attribute, a style or a link that pieces do not use.

    Examples
    --------
    >>> fragment('<p class="short">Revenue is <b>£90.7k</b>.</p>')
    Markup('<p class="short">Revenue is <b>£90.7k</b>.</p>')
    >>> fragment('<p onclick="alert(1)"></p>')
    Traceback (most recent call last):
    analytics.page.guard.UnsafeFragment: a page may not hold the attribute "onclick" of "p"
    """
    if "<!" in markup or "<?" in markup:
        raise UnsafeFragment("a page may not hold declarations, comments or instructions")
    reader = expat.ParserCreate()  # of names with a colon it makes nothing: they are on no list
    try:
        reader.Parse("<fragment>", False)
        reader.StartElementHandler = _check_element
        reader.Parse(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", markup), False)
        reader.Parse("</fragment>", True)
    except expat.ExpatError as error:
        raise UnsafeFragment(f"a page's fragment is not well-formed: {error}") from None
    return Markup(markup)


_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAY_HAVE = dict.fromkeys(_WRITTEN, _WRITTEN_WITH) | dict.fromkeys(_DRAWN, _DRAWN_WITH)


def _check_element(tag: str, attributes: dict[str, str]) -> None:
    allowed = _MAY_HAVE.get(tag)
    if allowed is None:
        raise UnsafeFragment(f'a page may not hold the element "{tag}"')
    for name, value in attributes.items():
        if name not in allowed:
            raise UnsafeFragment(f'a page may not hold the attribute "{name}" of "{tag}"')
        if allowed is _DRAWN_WITH:
            if _reaches_out(name, value):
                raise UnsafeFragment(_OWN_PARTS)
        elif name == "href" and not _LINK.fullmatch(value):
            raise UnsafeFragment("a page may link to its own parts and to other reports only")
        elif name == "style" and not _STYLE.fullmatch(value):
            raise UnsafeFragment("a page may set the length of a bar in a style attribute, and nothing else")
