"""What every report does first and slowly, done once in the process that reports are forked from.

Libraries put off a good part of their start until they are used: DuckDB and Ibis for the first query, Jinja
for each template, matplotlib for the first words of a drawing, Babel for the first date. A forked process has
what its parent has done. So the parent makes a small report of an organisation that does not exist, in a
folder that is gone afterwards: nothing of any organisation is read, and nothing of it is kept.
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow
import pyarrow.parquet
from matplotlib.figure import Figure

from analytics.charts.theme import ACCENT, both, fmt_axis, frame, label, time_ticks, unit
from analytics.models.threads import one_thread
from analytics.page.pieces import (
    Bold,
    Change,
    Chart,
    Column,
    Headline,
    Heat,
    HeatCell,
    Notice,
    Statement,
    Table,
)
from analytics.params.kept import MODELS
from analytics.params.notebooks import FOLDER
from analytics.params.run import REPORTS
from analytics.params.workbook import PARAMS
from analytics.report import OUTPUT, Report, open_report

_NAME = "rehearsal"
_PARAMS = f"""
organisations:
  - {{id: {_NAME}, name: Rehearsal, currency: EUR, timezone: Europe/Paris,
     source: {{path: data, owned: true, threads: 1}}}}
"""
_CARD = {"title": "Rehearsal", "tables": ["sales"], "blocks": {"rows": ["sales"]}}


def rehearse() -> None:
    """Make a small report with a piece of each kind, a drawing, a query and the files."""
    with tempfile.TemporaryDirectory(prefix=f"{_NAME}-") as name:
        folder = Path(name)
        _write(folder)
        with _told(
            {PARAMS: str(folder / "params.yml"), **dict.fromkeys((FOLDER, MODELS, OUTPUT, REPORTS), name)}
        ):
            report = open_report(_NAME, _NAME, "2026")
            _show(report)
            report.dataset.close()
    gc.collect()  # the engine ends its threads, and a process with threads is not forked


def fit() -> None:
    """Fit a small model: scikit-learn and the models look for the libraries that have threads."""
    from sklearn.cluster import KMeans  # not every report has models

    with one_thread():
        KMeans(2, n_init=1, random_state=0).fit([[0.0], [1.0], [2.0]])


def _write(folder: Path) -> None:
    days = [date(2026, month, 15) for month in range(1, 11)]
    sales = {
        "sale_id": [str(day) for day in days],
        "customer_id": ["a", "b"] * 5,
        "sold_at": days,
        "total_amount": [10.0] * 10,
    }
    (folder / "data").mkdir()
    pyarrow.parquet.write_table(pyarrow.table(sales), folder / "data" / "sales.parquet")
    (folder / "params.yml").write_text(_PARAMS, encoding="utf-8")
    notebook = {"cells": [], "metadata": {"workbook": _CARD}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{_NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def _told(what: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment, and leave no trace of them."""
    before = dict(os.environ)
    os.environ.update(what)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = None  # Python remembers it, and a report may be told another


def _show(report: Report) -> None:
    sales, show = report.sales, report.format
    by_customer = sales.group_by("customer_id").agg(
        orders=sales.count(), revenue=sales["total_amount"].sum(), last=sales["sold_at"].max()
    )
    ranked = by_customer.mutate(rank=ibis.row_number().over(ibis.window(order_by=by_customer["revenue"])))
    rows = ranked.filter(ranked["orders"] > 0).order_by("customer_id").execute()
    words = (show.money(90_718.4), show.money_exact(3.5), show.percent(43.7), show.month(date(2026, 1, 1)))
    change = Change("5.8 pts", "2025", up=True, verdict="better")
    card = Headline("orders", "Orders", show.count(10), changes=(change,), history=(1.0, 2.0, 3.0))
    table = Table(tuple(Column(word) for word in words), (words,), of_rows="10", folded="All")
    heat = Heat("Share", ("1",), (("Jan", "10", (HeatCell("50", 3, "shown"),)),), None, "%")
    said = Statement("Customers come back", "A lead.", "How to read it.", "10 orders")
    for shown in (
        report.opening(Notice("Few rows", "Ten in all.")),
        report.summary(("Revenue is ", Bold(words[0]), ".")),
        report.cards(card),
        report.section("rows", said, _picture(), table=table),
        report.section("rows", said, full=heat),
        report.notes((("Order", "A sale."),), ("Counted.",), ("Few.",)),
        report.publish(rows=rows),
    ):
        shown._repr_mimebundle_()


def _picture() -> Chart:
    return both(_draw, _NAME, "Line: a rehearsal.")


def _draw(fig: Figure, narrow: bool, **_: Any) -> None:
    ax = frame(fig, 60, 30, 20, 40)
    ax.plot([0, 1, 2], [1, 2, 3], color=ACCENT)
    ax.bar([0, 1], [1, 2], color=ACCENT)
    ax.scatter([0, 1], [1, 2], color=ACCENT)
    fmt_axis(ax.yaxis, str)
    time_ticks(ax, ["Jan\n2026", "Feb\n2026", "Mar\n2026"], 300)
    unit(ax, "Orders")
    label(ax, "narrow" if narrow else "wide", (1, 1), weight="bold")
