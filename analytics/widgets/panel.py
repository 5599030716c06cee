"""What the widgets share: a slider, and a section of the page as the answer below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analytics.page import render
from analytics.page.pieces import Section

if TYPE_CHECKING:
    import ipywidgets

_LABEL, _SLIDER = "11em", "31em"
"""Wide enough for the longest label: sliders below each other begin and end alike."""
_ID = re.compile(r'( id="|="url\(#| href="#| xlink:href="#)')


def slider(label: str, value: float, *, least: float, most: float, step: float) -> ipywidgets.FloatSlider:
    """Make a slider that answers when it is let go, not at every step on its way."""
    import ipywidgets  # only here, and below: a batch does without

    return ipywidgets.FloatSlider(
        value=value,
        min=least,
        max=most,
        step=step,
        description=label,
        continuous_update=False,
        style={"description_width": _LABEL},
        layout={"width": _SLIDER},
    )


def drawn(section: Section) -> str:
    """Give a section as HTML, in the look that the notebook's masthead brings.

    Its ids are its own: the same picture stands above it, and a browser takes the first of two ids.
    """
    inside = _ID.sub(r"\1moved-", render.fragment(section))
    return f'<div class="workbook">{inside}</div>'


def row(controls: list[Any]) -> ipywidgets.HBox:
    """Lay controls out beside each other, as many as have room, in line with the answer below them."""
    import ipywidgets

    return ipywidgets.HBox(controls, layout={"flex_flow": "row wrap", "padding": "0 20px"})


def laid_out(controls: list[Any], *answers: Any) -> ipywidgets.VBox:
    """Lay controls out, and what they change below them."""
    import ipywidgets

    return ipywidgets.VBox([row(controls), *answers])
