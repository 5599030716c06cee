"""A folder of reports as a run leaves it, made of pieces, so that no notebook need run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from analytics.charts import forms, theme
from analytics.page import pieces as p
from analytics.page.display import Shown
from analytics.params import Job, Organisation
from analytics.params.notebooks import NotebookCard
from analytics.reporting.manifest import Failure, ReportName, ReportResult, RunRecord

STARTED = datetime(2026, 11, 2, 6, tzinfo=UTC)
TITLES = {"executive": "Executive", "retention": "Retention", "clv": "Lifetime value", "roi": "ROI"}
ALL_TITLES = TITLES | {"churn_training": "Churn: who is about to leave"}
ALERTS = [
    {
        **{"kind": "at_risk_deals", "report": "pipeline", "subject": "Widgets & Sons", "count": 3},
        **{"value": 45_000.0, "largest": 20_000.0, "limit": 10_000.0, "unit": "money"},
    },
    {"kind": "failed_report", "report": "roi", "subject": "cell 3"},
]


def organisation(**said: Any) -> Organisation:
    """One organisation that gets messages."""
    email = {"sender": "reports@example.org", "to": ("ann@example.net", "bob@example.net")}
    given = {
        "id": "acme",
        "name": "Acme & <Sons>",
        "currency": "GBP",
        "source": {"path": "."},
        "email": email,
    }
    return Organisation.model_validate(given | said)


def jobs(who: Organisation, notebooks: Sequence[str] = tuple(TITLES), slug: str = "2026-Q3") -> list[Job]:
    """What params would name."""
    return [
        Job(who, slug, slug, NotebookCard(Path(f"{name}.ipynb"), ALL_TITLES[name]), {}) for name in notebooks
    ]


@lru_cache
def chart(alt: str) -> p.Chart:
    series = [forms.Series("stayed", [1.0, 2.0, 3.0], end="3")]
    return theme.both(
        forms.line, "c", alt, labels=["a", "b", "c"], series=series, words=lambda v: f"{v:g}", title=alt
    )


def report(
    notebook: str, *, picture: bool = True, words: str = "", verdict: p.Verdict = "better"
) -> list[Shown]:
    """What a notebook's cells show."""
    changes = (
        p.Change("5.8 pts", "Q2 2026", up=True, verdict=verdict),
        p.Change("", "Q3 2025", verdict="none"),
    )
    figure = p.Headline(f"{notebook}_rate", f"{ALL_TITLES[notebook]} rate{words}", "43.7%", changes=changes)
    section = p.Section(
        "trend",
        p.Statement(f"{ALL_TITLES[notebook]} grew to 43.7%{words}"),
        chart(f"Line of {notebook}, 43.7% at the end") if picture else None,
    )
    return [
        Shown(
            p.Masthead("Acme", ALL_TITLES[notebook], ()),
            p.Notice(f"3 rows of {notebook} left out", "No date."),
        ),
        Shown(p.Summary(((f"{ALL_TITLES[notebook]} is ", p.Bold("43.7%"), f", as it should be{words}."),))),
        Shown(p.Cards((figure,))),
        Shown(section),
        Shown(p.Publication("ready", headlines=(figure,))),
    ]


def write(
    out: Path,
    states: Mapping[str, str],
    *,
    who: str = "acme",
    slug: str = "2026-Q3",
    words: str = "",
    alerts: Sequence[Mapping[str, Any]] = ALERTS,
    verdict: p.Verdict = "better",
) -> tuple[ReportResult, ...]:
    """Write reports and the record of the run that made them; a report is in a state, or ``failed``."""
    results = []
    for notebook, state in states.items():
        name = ReportName(
            organisation=who,
            organisation_name="Acme & <Sons>",
            timeframe=slug,
            slug=slug,
            notebook=notebook,
            title=ALL_TITLES[notebook],
        )
        why = Failure(type="ValueError", message="the column is missing", cell=3, cells=9)
        failed = state == "failed"
        results.append(
            ReportResult(
                report=name,
                state=state,
                reason="cell 3 of 9: the column is missing" if failed else "",
                failure=why if failed else None,
            )
        )
        folder = out / name.folder
        folder.mkdir(parents=True, exist_ok=True)
        shown = [] if failed else report(notebook, words=words, verdict=verdict)
        cells = [{"cell_type": "code", "outputs": [{"data": one._repr_mimebundle_()}]} for one in shown]
        (folder / f"{notebook}.ipynb").write_text(json.dumps({"cells": cells}))
        (folder / f"{notebook}.html").write_text(f"<h1>{notebook}</h1>")
        (folder / f"{notebook}.xlsx").write_bytes(b"PK")
        body = {"success": not failed, "data": {"alerts": list(alerts)} if notebook == "executive" else {}}
        days = {"label": slug, "start": "2026-07-01", "end": "2026-10-01"}
        (folder / f"{notebook}.json").write_text(json.dumps(body | {"meta": {"timeframe": days}}))
    record = RunRecord(started=STARTED, seconds=1.0, results=tuple(results))
    (out / "run.json").write_text(record.to_json())
    return tuple(results)
