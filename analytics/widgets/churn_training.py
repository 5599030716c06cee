"""What if: the costs of a miss and of a call as sliders, the threshold and its costs as the answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from analytics.formats import Format
from analytics.page.display import Shown
from analytics.page.pieces import Section
from analytics.page.widths import wide_only
from analytics.widgets.panel import drawn, laid_out, slider

SLIDERS: Mapping[str, str] = {"cost_of_miss": "Cost of a miss", "cost_of_call": "Cost of a call"}
"""Cost to its name; a slider reaches from a tenth of what is assumed to four times as much."""


def threshold(found: Any, format: Format, *, words: ModuleType, charts: ModuleType, on: bool) -> Any:
    """Show sliders for the two costs and, below them, from which chance on to call.

    Parameters
    ----------
    found : analytics.models.churn.ChurnResult
        Its ``what_if`` is asked whenever a slider moves; nothing is read or trained again.
    format : Format
    words, charts : module
        `analytics.words.churn_evidence` and `analytics.charts.churn_training`, which say and draw the answer.
    on : bool
        Whether somebody is there to move them; a batch has nobody.

    Returns
    -------
    ipywidgets.VBox or Shown
        Nothing to show where nobody is there, without a model, or where what its threshold was chosen on was
        not kept.
    """
    if not on or not found.confusion:
        return Shown()
    start = {name: float(found.confusion[name]) for name in SLIDERS}
    if not found.what_if(**start):
        return Shown()
    import ipywidgets  # only here: a batch does without

    sliders = {
        name: slider(label, start[name], least=start[name] / 10, most=4 * start[name], step=start[name] / 10)
        for name, label in SLIDERS.items()
    }
    picture = ipywidgets.HTML()

    def answer(_: Any = None) -> None:
        counts = found.what_if(**{name: one.value for name, one in sliders.items()})
        statement = words.what_if(found.status, counts, format)
        with wide_only():
            chart = charts.threshold(counts, format)
        picture.value = drawn(Section("what-if", statement, chart))

    for one in sliders.values():
        one.observe(answer, names="value")
    answer()
    return laid_out(list(sliders.values()), picture)
