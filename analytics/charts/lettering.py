"""Words in a drawing: how wide they are, and how to make them fit.

Widths are measured with the font that matplotlib brings along. It is wider than the fonts of the page, so
what fits here fits there, and a drawing is the same on every machine.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

TEXT, SMALL = 13.0, 12.5
"""Sizes of words beside marks, and of axes and notes, in pixels."""


@lru_cache(maxsize=4096)
def measured(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Measure a line of words in pixels: width, height, and how much of that is below the baseline.

    To shape words is a good part of a drawing, and its two forms show the same ones: each is shaped once.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        width, height, descent = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width), float(height), float(descent)


@lru_cache(maxsize=64)
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal")


def text_width(text: str, size: float = TEXT, bold: bool = False) -> float:
    """Measure the width of a line of words in pixels, a little generously."""
    return measured(text, _font(size, bold))[0]


def fit(text: str, room: float, size: float = TEXT, bold: bool = False) -> str:
    """Shorten words to a width, with an ellipsis where something was left out.

    Examples
    --------
    >>> fit("Harbour & Vale", 500)
    'Harbour & Vale'
    >>> fit("A segment with a very long name", 90)
    'A segment…'
    """
    text = " ".join(text.split())
    if text_width(text, size, bold) <= room:
        return text
    while len(text) > 1 and text_width(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip(" ,;-–") + "…"


def wrap(text: str, room: float, size: float = TEXT, lines: int = 2, bold: bool = False) -> str:
    r"""Break words into a few lines of a width, the last one shortened where they do not fit.

    Examples
    --------
    >>> wrap("Joined February to June 2026", 120).split("\n")
    ['Joined February to', 'June 2026']
    """
    made: list[str] = []
    words = text.split()
    while words and len(made) < lines - 1:
        n = len(words)
        while n > 1 and text_width(" ".join(words[:n]), size, bold) > room:
            n -= 1
        made.append(fit(" ".join(words[:n]), room, size, bold))
        words = words[n:]
    return "\n".join([*made, fit(" ".join(words), room, size, bold)] if words else made)


def room_for(
    names: Sequence[str], most: float, least: float = 0, size: float = TEXT, bold: bool = False
) -> float:
    """Say how many pixels the longest of some names needs, within bounds."""
    widest = max((text_width(" ".join(name.split()), size, bold) for name in names), default=0.0)
    return float(min(most, max(least, widest + 12)))
