"""The forms a chart can take: how a kind of picture is drawn, for any measure.

Every form is ``form(fig, narrow, *, …)`` and is handed to `analytics.charts.theme.both`::

    theme.both(forms.line, "trend", alt, labels=…, series=[forms.Series(…)], words=fmt.percent, title=…)

Numbers are drawn in the unit they come in; their words come from callables (`analytics.formats.Format`).
Colours are names of tokens. Names that come from data are shortened to the room there is.
"""

from analytics.charts.forms.bars import bars, columns, dumbbell
from analytics.charts.forms.bridges import Step, bridge, flow
from analytics.charts.forms.distributions import distribution, grid, lorenz, regression
from analytics.charts.forms.lines import Curve, Series, line, multiples, survival

__all__ = [
    "Curve",
    "Series",
    "Step",
    "bars",
    "bridge",
    "columns",
    "distribution",
    "dumbbell",
    "flow",
    "grid",
    "line",
    "lorenz",
    "multiples",
    "regression",
    "survival",
]
