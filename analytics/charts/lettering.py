"""Words in a drawing: how wide they are, and how to make them fit.

Widths are measured with the font that matplotlib brings along. It is wider than the fonts of the page, so
what fits here fits there, and a drawing is the same on every machine.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, GlyphIndexType, Kerning, LoadFlags
from matplotlib.textpath import text_to_path

TEXT, SMALL = 13.0, 12.5
"""Sizes of words beside marks, and of axes and notes, in pixels."""

_EM = 100
"""Size at which letters are measured, as matplotlib measures them, in pixels."""
_UNITS = 2048
"""Units of the font's tables to its size."""
_PLAIN = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u024f\u1e00-\u1ef9"  # European languages and Vietnamese
    "\u2010-\u2027\u2030-\u2044\u20a0-\u20b5\u2190-\u22ff\u2500-\u25ff]+"  # dashes, money, arrows, blocks
)
"""Words whose letters stand side by side and are all in the font."""
_JOINED = {"ffi": "\ufb03", "ffl": "\ufb04", "ff": "\ufb00", "fi": "\ufb01", "fl": "\ufb02"}


def measured(text: str, size: float, bold: bool = False) -> tuple[float, float, float]:
    """Measure a line of words in pixels: width, height, and how much of that is below the baseline.

    To shape words takes longer than to draw them. Latin ones are as wide as their letters and the gaps
    between these, so each letter is shaped once; words in other scripts are shaped whole.
    """
    if not _PLAIN.fullmatch(text):
        return _shaped(text, size, bold)
    width, top, bottom = _extent(text, bold)
    pixel = size / _EM
    return width / 64 * pixel, (top - bottom) / 64 * pixel, -bottom / 64 * pixel


@lru_cache(maxsize=1024)
def _extent(text: str, bold: bool) -> tuple[int, int, int]:
    """Give the width of plain words, and their top and bottom, in 64ths of a pixel.

    A name is measured to find its room, to fit it in, and to write it, in the wide drawing and in the narrow.
    """
    if "f" in text:
        for apart, joined in _JOINED.items():  # as the font draws them
            text = text.replace(apart, joined)
    letters = [_letter(one, bold) for one in text]
    width = sum(one[1] for one in letters) + sum(_gap(a[0], b[0], bold) for a, b in pairwise(letters))
    return width, max(one[2] for one in letters), min(one[3] for one in letters)


@lru_cache(maxsize=1024)
def _shaped(text: str, size: float, bold: bool) -> tuple[float, float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = text_to_path.get_text_width_height_descent(text, font_of(size, bold), False)
    return float(found[0]), float(found[1]), float(found[2])


def _face(bold: bool) -> FT2Font:
    """Open the font; matplotlib keeps it, and opens it anew in a forked process, which must not share it."""
    face = get_font(findfont(font_of(TEXT, bold)))
    face.set_size(_EM, 72)
    return face


@lru_cache(maxsize=1024)
def _letter(letter: str, bold: bool) -> tuple[GlyphIndexType, int, int, int]:
    """Give a letter's number in the font, its width, and its top and bottom, in 64ths of a pixel."""
    face = _face(bold)
    glyph = face.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
    return face.get_char_index(ord(letter)), glyph.horiAdvance, glyph.bbox[3], glyph.bbox[1]


@lru_cache(maxsize=8192)
def _gap(left: GlyphIndexType, right: GlyphIndexType, bold: bool) -> int:
    """Give what two letters of the font are nearer or farther than their widths, in 64ths of a pixel."""
    units = _face(bold).get_kerning(left, right, Kerning.UNSCALED)
    return (units * _EM * 64 * 2 + _UNITS) // (_UNITS * 2)


@lru_cache(maxsize=64)
def font_of(size: float, bold: bool = False) -> FontProperties:
    """Give the font that words of a size are measured with."""
    return FontProperties(family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal")


def reach(size: float, bold: bool = False) -> tuple[float, float]:
    """Say how far a font of a size reaches above and below its baseline, in pixels."""
    above, below = _reach(bold)
    pixel = 1 / _UNITS * size
    return above * pixel, below * pixel


@lru_cache(maxsize=2)
def _reach(bold: bool) -> tuple[int, int]:
    table = _face(bold).get_sfnt_table("OS/2")
    assert table is not None
    return table["sTypoAscender"], -table["sTypoDescender"]


def text_width(text: str, size: float = TEXT, bold: bool = False) -> float:
    """Measure the width of a line of words in pixels, a little generously."""
    return measured(text, size, bold)[0] if text else 0.0


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
