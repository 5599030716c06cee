"""Search: a customer or lead is looked up, the way of the one chosen is the answer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.metrics.journey import find_subjects
from analytics.page.display import Shown
from analytics.page.pieces import Section
from analytics.page.widths import wide_only
from analytics.widgets.panel import drawn, laid_out

MOST_MATCHES = 20
"""Of more matches the best are offered, and how many there are is said."""


def search(found: Any, setting: Any, *, words: ModuleType, charts: ModuleType, on: bool) -> Any:
    """Show a search box, who matches and, below, the way of the one chosen: at first the best match.

    Parameters
    ----------
    found : analytics.models.customer_lifecycle.Lifecycle
        Its ``customers`` are searched, its ``way_of`` is asked whenever one is chosen.
    setting : analytics.words.lifecycle.Setting
    words, charts : module
        `analytics.words.lifecycle_customers` and `analytics.charts.lifecycle`, which say and draw the answer.
    on : bool
        Whether somebody is there to search; a batch has nobody.

    Returns
    -------
    ipywidgets.VBox or Shown
        Nothing to show where nobody is there, or nobody is listed.
    """
    if not on or found.customers.empty:
        return Shown()
    import ipywidgets  # only here: a batch does without

    show = setting.format
    box = ipywidgets.Text(placeholder="An id or a name, or a part of it", description="Search")
    box.continuous_update = False
    matches = ipywidgets.Select(rows=6, layout={"width": "32em"})
    number, picture = ipywidgets.Label(), ipywidgets.HTML()

    def find(_: Any = None) -> None:
        wanted = box.value.strip()
        everybody = find_subjects(found.customers, wanted) if wanted else found.customers.head(0)
        some = everybody.head(MOST_MATCHES)
        of = f"{show.count(len(some))} of {show.count(len(everybody))}"
        number.value = of if len(everybody) > MOST_MATCHES else ""
        matches.options = [(_label(row, show), place) for place, row in some.iterrows()]
        matches.index = None if some.empty else 0
        if some.empty:
            nobody = Section("search", words.journey(setting, None, found.journey, wanted))
            picture.value = drawn(nobody) if wanted else ""

    def draw(_: Any) -> None:
        if matches.value is not None:
            one = found.customers.loc[matches.value]
            picture.value = _way(one, found.way_of(one), setting, words, charts)

    matches.observe(draw, names="value")
    box.observe(find, names="value")
    return laid_out([box, matches, number], picture)


def _way(one: pd.Series, events: pd.DataFrame, setting: Any, words: ModuleType, charts: ModuleType) -> str:
    statement = words.journey(setting, one, events, str(one["subject_id"]))
    with wide_only():
        picture = charts.journey(events, setting.comparison.this.reference_date, setting.format)
    return drawn(Section("search", statement, picture))


def _label(row: pd.Series, format: Format) -> str:
    """``Acme · C0001 · Retained · £12k a year``: what tells apart who bears the same name."""
    known = row["customer_id"] if pd.notna(row["customer_id"]) else row["subject_id"]
    parts = [row["name"], known, row["stage"]]
    parts += [f"{format.money(row['value'])} a year"] if pd.notna(row["value"]) else []
    return " · ".join(str(part) for part in parts if isinstance(part, str) and part)
