"""Explore: a segment is chosen, its customers are the answer, and a button writes them to a file."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from analytics.export import without_contacts, write_csv
from analytics.page.display import Shown
from analytics.page.pieces import Section, Statement
from analytics.widgets.panel import drawn, laid_out, row

SHOWN = 50
"""Customers that the table has; the file has them all."""


def explore(
    people: pd.DataFrame, segments: pd.DataFrame, setting: Any, *, stem: str, tables: ModuleType, on: bool
) -> Any:
    """Show a button for each segment and, below, its customers and a button that writes them as CSV.

    Parameters
    ----------
    people : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.customer_list`. It is not modified.
    segments : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments`: the order of the buttons.
    setting : analytics.words.segmentation_setting.Setting
    stem : str
        What the name of the file begins with: the organisation. It is written into the working folder, as
        ``<stem>_<segment>.csv``, an older one is replaced. Mobile numbers and e-mail addresses are masked.
    tables : module
        `analytics.tables.segmentation`, which lays the answer out.
    on : bool
        Whether somebody is there to choose; a batch has nobody.

    Returns
    -------
    ipywidgets.VBox or Shown
        Nothing to show where nobody is there, or nobody is in a segment.
    """
    groups = dict(list(people.groupby("segment_name", sort=False)))
    names = [name for name in segments["segment_name"] if name in groups]
    if not on or not names:
        return Shown()
    import ipywidgets  # only here: a batch does without

    show = setting.format
    labels = [(f"{name} ({show.count(len(groups[name]))})", name) for name in names]
    choice = ipywidgets.ToggleButtons(options=labels, style={"button_width": "auto"})
    button = ipywidgets.Button(description="Write as CSV", icon="download")
    said, rows = ipywidgets.Label(), ipywidgets.HTML()

    def answer(_: Any = None) -> None:
        own = groups[choice.value]
        revenue = show.money(own["monetary"].sum())
        heading = f"{choice.value}: {setting.customers(len(own))}, {revenue} of revenue"
        table = tables.customers(own, show, limit=SHOWN, folded="")
        said.value, rows.value = "", drawn(Section("segment", Statement(heading), full=table))

    def write(_: Any) -> None:
        own = groups[choice.value]
        path = Path(f"{_plain(stem)}_{_plain(choice.value)}.csv")
        write_csv(path, without_contacts(own))
        said.value = f"{setting.customers(len(own))} written to {path}"

    choice.observe(answer, names="value")
    button.on_click(write)
    answer()
    return laid_out([choice], row([button, said]), rows)


def _plain(text: str) -> str:
    """Words as a part of a file's name: no folder, no dot, no space."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")
