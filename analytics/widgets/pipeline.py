"""What if: the changes of the report on the pipeline as sliders, its bridge as the answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pandas as pd

from analytics.models.deals.what_if import scenario
from analytics.page.display import Shown
from analytics.page.pieces import Section
from analytics.page.widths import wide_only
from analytics.widgets.panel import drawn, laid_out, slider

SLIDERS: Mapping[str, str] = {
    "pipeline_change": "More pipeline, %",
    "win_rate_change": "Win rate, %",
    "deal_size_change": "Deal size, %",
}
"""Change to its name."""
WIDTH = 50.0
"""Per cent, up and down, that a slider reaches at least."""
NOTHING_LEFT = -100.0


def what_if(
    row: pd.Series, setting: Any, *, of_timeframe: bool, words: ModuleType, charts: ModuleType, on: bool
) -> Any:
    """Show sliders for the changes and, below them, what would come out.

    Parameters
    ----------
    row : pandas.Series
        Of `analytics.models.deals.what_if.scenario`: where the sliders start, and what they change.
    setting : analytics.words.pipeline.Setting
    of_timeframe : bool
        Whether the win rate is the timeframe's own.
    words, charts : module
        `analytics.words.pipeline` and `analytics.charts.pipeline`, which say and draw the answer.
    on : bool
        Whether somebody is there to move them; a batch has nobody.

    Returns
    -------
    ipywidgets.VBox or Shown
        Nothing to show where nobody is there, or without an open deal or a win rate.
    """
    if not on or not row["baseline_forecast"] > 0:
        return Shown()
    import ipywidgets  # only here: a batch does without

    sliders = {name: _slider(label, float(row[name])) for name, label in SLIDERS.items()}
    picture = ipywidgets.HTML()

    def answer(_: Any = None) -> None:
        changes = {name: one.value for name, one in sliders.items()}
        asked = scenario(row["baseline_pipeline"], row["baseline_win_rate"], **changes).iloc[0]
        statement = words.scenario(setting, asked, of_timeframe=of_timeframe)
        with wide_only():
            chart = charts.scenario(asked, setting.format)
        picture.value = drawn(Section("what-if", statement, chart))

    for one in sliders.values():
        one.observe(answer, names="value")
    answer()
    return laid_out(list(sliders.values()), picture)


def _slider(label: str, start: float) -> Any:
    least = max(NOTHING_LEFT, min(-WIDTH, 2 * start))
    return slider(label, start, least=least, most=max(WIDTH, 2 * start), step=0.5)
