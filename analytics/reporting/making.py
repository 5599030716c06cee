"""One report, from its parameters to its files. Runs in a worker of the batch."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from analytics.page.pieces import MIME
from analytics.reporting.execution import Outcome, Request, execute
from analytics.reporting.failures import failure_of, masked, one_line, scrub, without_data
from analytics.reporting.files import put_into_place, write_whole
from analytics.reporting.manifest import (
    STATES,
    Failure,
    HeadlineFigure,
    ReportName,
    ReportResult,
    State,
)
from analytics.reporting.page import render_failure, render_report
from analytics.reporting.task import Task

OUTPUT = "WORKBOOK_OUTPUT"


def make_report(task: Task) -> ReportResult:
    """Make one report: execute, render, put the files into place.

    Parameters
    ----------
    task : Task
        What to make.

    Returns
    -------
    ReportResult
        Also where it failed; then the files are a page that says why, the notebook as far as it came, and
        JSON with ``"success": false``.
    """
    began = time.monotonic()
    made = task.work / "made"
    shutil.rmtree(task.work, ignore_errors=True)
    made.mkdir(parents=True)
    if task.refusal:
        result = _failed(task, made, None, task.refusal)
    else:
        outcome = execute(
            Request(
                notebook=task.notebook,
                parameters=task.parameters,
                folder=task.work,
                sockets=task.sockets,
                environment={**task.environment, OUTPUT: str(made)},
                time_limit=task.time_limit,
                memory_limit=task.memory_limit,
                engine=task.engine,
            )
        )
        result = _rendered(task, made, outcome)
        result = replace(result, kernel=outcome.kernel, peak_memory=outcome.peak_memory)
    names = put_into_place(made, task.out / task.name.folder, task.name.notebook)
    return replace(
        result,
        files=tuple(str(task.name.folder / name) for name in names),
        parameters=masked(task.parameters),
        made=task.context.started,
        seconds=round(time.monotonic() - began, 3),
    )


def _rendered(task: Task, made: Path, outcome: Outcome) -> ReportResult:
    """Turn an execution into files, and into the failure's files where it failed."""
    if outcome.error:
        failure = failure_of(outcome, time_limit=task.time_limit, memory_limit=task.memory_limit)
        return _failed(task, made, outcome.notebook, failure)
    scrub(outcome.notebook, None)
    try:
        context = replace(task.context, seconds=outcome.seconds)
        page = render_report(outcome.notebook, context)
        _write_notebook(made, task.name, outcome.notebook)
        (made / f"{task.name.notebook}.html").write_text(page, encoding="utf-8")
        return _published(task.name, outcome.notebook)
    except Exception as error:  # noqa: BLE001 - a page that cannot be drawn is a failed report, not a failed run
        kind, said = type(error).__name__, without_data(type(error).__name__, str(error))
        failure = Failure(type=kind, message=f"the page could not be drawn: {said}")
        return _failed(task, made, outcome.notebook, failure)


def _failed(task: Task, made: Path, notebook: Any, failure: Failure) -> ReportResult:
    """Leave the failure's page, notebook and JSON, and nothing else."""
    name = task.name
    for file in made.glob(f"{name.notebook}.*"):
        file.unlink()
    if notebook is not None:
        scrub(notebook, failure)
        _write_notebook(made, name, notebook)
    body = {
        "success": False,
        "error": {"type": failure.type, "message": failure.message, "cell": failure.cell},
        "meta": {
            "organisation": name.organisation,
            "timeframe": {"label": name.timeframe, "start": None, "end": None},
            "currency": task.context.currency,
            "parameters": masked(task.parameters),
            "versions": dict(task.context.versions),
        },
    }
    write_whole(made / f"{name.notebook}.json", json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    try:
        page = render_failure(failure, task.context)
    except Exception as error:  # noqa: BLE001 - the reader must be told, if only in plain words
        page = _plain_page(name, failure, type(error).__name__)
    (made / f"{name.notebook}.html").write_text(page, encoding="utf-8")
    at = f"cell {failure.cell} of {failure.cells}: " if failure.cell else ""
    return ReportResult(
        report=name,
        state="failed",
        reason=one_line(f"{at}{failure.message or failure.type}", longest=300),
        failure=failure,
    )


def _write_notebook(made: Path, name: ReportName, notebook: Any) -> None:
    text = nbformat.writes(nbformat.from_dict(notebook))  # type: ignore[no-untyped-call]
    write_whole(made / f"{name.notebook}.ipynb", f"{text}\n")


def _published(name: ReportName, notebook: Any) -> ReportResult:
    """Read what the notebook published: its state, its reason, its headline figures."""
    said = next((record for record in _records(notebook) if record.get("kind") == "publish"), {})
    state: State = said.get("state", "ready")
    if state not in STATES or state == "failed":
        raise ValueError(f"the notebook published the state {state}")
    headlines = said.get("headlines") or ([said["headline"]] if said.get("headline") else [])
    return ReportResult(
        report=name,
        state=state,
        reason=one_line(said.get("reason", ""), longest=300),
        headlines=tuple(_figure(item) for item in headlines),
    )


def _figure(item: Mapping[str, Any]) -> HeadlineFigure:
    if "changes" in item:
        change = next((c for c in item["changes"] if c.get("words")), None)
        words = f"{'+' if change['up'] else '−'}{change['words']}" if change else ""
    else:
        words = item.get("change") or ""
    return HeadlineFigure(item["label"], item["value"], words)


def _records(notebook: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the structured records of a notebook's pieces, the last cell's first."""
    for cell in reversed(notebook["cells"]):
        for output in cell.get("outputs", ()):
            if record := output.get("data", {}).get(MIME):
                yield record
                yield from record.get("also", ())


def _plain_page(name: ReportName, failure: Failure, error: str) -> str:
    """Say the least that must be said, where the page of failures cannot be drawn either."""
    title = escape(f"Failed: {name.title}, {name.organisation_name}, {name.timeframe}")
    why = escape(f"{failure.type}. {failure.message}")
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        f"<title>{title}</title></head><body><h1>{title}</h1><p>This report was not made: {why}</p>"
        f"<p>Nor could its page be drawn: {escape(error)}.</p></body></html>\n"
    )
