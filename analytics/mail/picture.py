"""Charts as PNG: no mail client shows SVG."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import resvg_py

WIDTH = 480
"""Pixels at which a picture is shown at most."""
_DRAWN = 840
"""Pixels at which it is drawn, for screens with fine pixels; narrow drawings are 344 wide."""
_FAMILY = "DejaVu Sans"  # the font by which the drawings were measured


def png(svg: str) -> bytes:
    """Draw a chart on a white plate, as no client's dark mode can then eat its ink.

    Parameters
    ----------
    svg : str
        The narrow drawing of a `analytics.page.pieces.Chart`.

    Returns
    -------
    bytes
        The same for the same drawing, whatever fonts a machine has.
    """
    whole = svg.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{_FAMILY}" ', 1)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=whole,
            width=_DRAWN,
            background="#ffffff",
            skip_system_fonts=True,
            font_files=_fonts(),
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
        )
    )


@cache
def _fonts() -> list[str]:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [str(folder / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
