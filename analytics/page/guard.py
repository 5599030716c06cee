"""The second lock of a page: what drawings and finished fragments may hold.

The words in them were escaped where they were written. Here only elements and attributes that the workbook
itself uses are let through, so that neither a mistake there nor a fragment from elsewhere can bring script,
a style sheet or anything that is fetched.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import lru_cache
from html.parser import HTMLParser

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
            _check_reference(name, value)
    return Markup(markup)


def _check_reference(name: str, value: str) -> None:
    if name == "href" and not value.startswith("#"):
        raise UnsafeDrawing("a drawing may link to its own parts only")
    joined = "".join(value.split()).lower()
    if "url(" in joined and not joined.startswith("url(#"):
        raise UnsafeDrawing("a drawing may refer to its own parts only")


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
        If it holds an element, an attribute, a style or a link that pieces do not use.

    Examples
    --------
    >>> fragment('<p class="short">Revenue is <b>£90.7k</b>.</p>')
    Markup('<p class="short">Revenue is <b>£90.7k</b>.</p>')
    >>> fragment("<p onclick=alert(1)>")
    Traceback (most recent call last):
    analytics.page.guard.UnsafeFragment: a page may not hold the attribute "onclick" of "p"
    """
    reader = _Reader(convert_charrefs=True)
    reader.feed(markup)
    reader.close()
    return Markup(markup)


_LOWER_DRAWN = frozenset(name.lower() for name in _DRAWN)
_LOWER_DRAWN_WITH = frozenset(name.lower() for name in _DRAWN_WITH)


class _Reader(HTMLParser):
    """Reads a fragment as a browser's tokeniser would, and refuses what is not on the lists."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        drawn = tag in _LOWER_DRAWN
        if not drawn and tag not in _WRITTEN:
            raise UnsafeFragment(f'a page may not hold the element "{tag}"')
        for name, value in attrs:
            if name not in (_LOWER_DRAWN_WITH if drawn else _WRITTEN_WITH):
                raise UnsafeFragment(f'a page may not hold the attribute "{name}" of "{tag}"')
            if name == "href" and not _LINK.fullmatch(value or ""):
                raise UnsafeFragment("a page may link to its own parts and to other reports only")
            if name == "style" and not _STYLE.fullmatch(value or ""):
                raise UnsafeFragment(
                    "a page may set the length of a bar in a style attribute, and nothing else"
                )
            if drawn and "url(" in (value or "") and not (value or "").startswith("url(#"):
                raise UnsafeFragment("a drawing may refer to its own parts only")

    def handle_comment(self, data: str) -> None:
        del data
        raise UnsafeFragment("a page may not hold comments")

    def handle_decl(self, decl: str) -> None:
        del decl
        raise UnsafeFragment("a page may not hold declarations")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        del data
        raise UnsafeFragment("a page may not hold instructions")
