"""What if: the assumptions of the report on return as sliders, its profit curve as the answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from analytics.formats import Format
from analytics.page.display import Shown
from analytics.page.pieces import Section
from analytics.page.widths import wide_only
from analytics.widgets.panel import drawn, laid_out, slider

SLIDERS: Mapping[str, tuple[str, float]] = {
    "save_share": ("Share saved", 1.0),
    "contact_cost": ("Cost of a call", 0.0),
    "high_risk_threshold": ("High risk above", 1.0),
    "top_share": ("Top share selected", 1.0),
    "revenue_multiplier": ("Revenue a point", 0.0),
    "retention_cost_share": ("Cost share", 1.0),
}
"""Assumption to its name and greatest value; 0 stands for four times what it is."""
LEAST = 0.01


def what_if(found: Any, format: Format, *, words: ModuleType, charts: ModuleType, on: bool) -> Any:
    """Show sliders for the assumptions and, below them, what would come out.

    Parameters
    ----------
    found : analytics.models.roi.Weighed
        Its ``what_if`` is asked whenever a slider moves; nothing is read again.
    format : Format
    words, charts : module
        `analytics.words.roi` and `analytics.charts.roi`, which say and draw the answer.
    on : bool
        Whether somebody is there to move them; a batch has nobody.

    Returns
    -------
    ipywidgets.VBox or Shown
        Nothing to show where nobody is there, or no customer has a prediction.
    """
    if not on or not found.value["scored_customers"]:
        return Shown()
    import ipywidgets  # only here: a batch does without

    start = _start(found)
    sliders = {
        name: slider(
            label,
            start[name],
            least=LEAST if name == "top_share" else 0.0,
            most=most or max(4 * start[name], 1.0),
            step=LEAST if most else max(start[name] / 10, LEAST),
        )
        for name, (label, most) in SLIDERS.items()
    }
    picture = ipywidgets.HTML()

    def answer(_: Any = None) -> None:
        # What was not moved is not handed on: a measured share stays measured.
        moved = {name: one.value for name, one in sliders.items() if one.value != start[name]}
        picture.value = _picture(found.what_if(**moved), format, words, charts)

    for one in sliders.values():
        one.observe(answer, names="value")
    answer()
    return laid_out(list(sliders.values()), picture)


def _start(found: Any) -> dict[str, float]:
    rules = {name: float(getattr(found.rules, name)) for name in SLIDERS if hasattr(found.rules, name)}
    share, cost = found.economics.save_share.value, found.economics.contact_cost
    return rules | {"save_share": round(float(share), 4), "contact_cost": float(cost)}


def _picture(found: Any, format: Format, words: ModuleType, charts: ModuleType) -> str:
    statement = words.what_if(found, format)
    with wide_only():
        chart = charts.profit_curve(found.curve, format, gain=words.gain_word(found.value))
    return drawn(Section("what-if", statement, chart))
