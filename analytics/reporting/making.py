"""One report, from its parameters to its files. Runs in a worker of the batch."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from analytics.page.pieces import MIME
from analytics.reporting import records
from analytics.reporting.execution import Outcome, execute
from analytics.reporting.failures import code_cells, failure_of, masked, one_line, scrub, without_data
from analytics.reporting.files import put_into_place, take_away, write_whole
from analytics.reporting.manifest import (
    STATES,
    Failure,
    HeadlineFigure,
    ReportName,
    ReportResult,
    State,
)
from analytics.reporting.page import render_failure, render_report
from analytics.reporting.printing import print_page
from analytics.reporting.recall import refuse_if_recalled
from analytics.reporting.task import Task
from analytics.reporting.watch import Request

OUTPUT = "WORKBOOK_OUTPUT"
PDF = "pdf"


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

    Raises
    ------
    RecalledError
        If it is not wanted any more; what an earlier run left stands.
    """
    if task.redraw and (drawn := _redrawn(task)):
        return drawn
    began = time.monotonic()
    made = task.work / "made"
    outcome: Outcome | None = None
    try:
        shutil.rmtree(task.work, ignore_errors=True)
        made.mkdir(parents=True)
        if task.refusal:
            result = _failed(task, made, None, task.refusal)
        else:
            outcome = execute(_request(task, made))
            result = _rendered(task, made, outcome)
        refuse_if_recalled()
        names = put_into_place(made, task.out / task.name.folder, task.name.notebook)
    except OSError as error:
        refuse_if_recalled()
        result, names = _unwritten(task, made, outcome, error)
    if outcome:
        result = replace(result, kernel=outcome.kernel, peak_memory=outcome.peak_memory)
    result = replace(
        result,
        files=tuple(str(task.name.folder / name) for name in names),
        parameters=masked(task.parameters),
        made=task.context.started,
        seconds=round(time.monotonic() - began, 3),
    )
    _remember(task, result, outcome.notebook if outcome else None)
    return result


def _remember(task: Task, result: ReportResult, notebook: Any) -> None:
    """Keep what the report was made from; without a record it is only made again."""
    said = _publication(notebook) if notebook is not None and result.state != "failed" else {}
    with suppress(OSError):
        record = records.Record(
            result=result,
            key=task.key,
            page_key=task.page_key,
            files=records.of_files(task.out, result),
            reference_date=_day(said.get("reference_date")),
            coming_day=_day(said.get("coming_day")),
        )
        records.write_record(task.out, record)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _redrawn(task: Task) -> ReportResult | None:
    """Draw the page of a report that stands, from its notebook; None where it must be made after all."""
    record = records.read_record_of(task.out, task.name)
    if record is None or record.result.made is None:
        return None
    context = replace(task.context, started=record.result.made, seconds=record.result.seconds)
    try:
        notebook = nbformat.read(task.out / task.name.file("ipynb"), as_version=4)  # type: ignore[no-untyped-call]
        page = render_report(notebook, context)
        if PDF in task.formats:
            task.work.mkdir(parents=True, exist_ok=True)
            drawn = task.work / task.name.page.name
            drawn.write_text(page, encoding="utf-8")
            _print(task, drawn)
            write_whole(task.out / task.name.file(PDF), drawn.with_suffix(f".{PDF}").read_bytes())
        write_whole(task.out / task.name.page, page)
        files = records.of_files(task.out, record.result)
        records.write_record(task.out, replace(record, files=files, page_key=task.page_key))
    except Exception:  # noqa: BLE001 - whatever stands there, making the report mends it
        return None
    return replace(record.result, reused=True)


def _print(task: Task, page: Path) -> None:
    """Print a page beside itself, where that is asked for."""
    if PDF in task.formats:
        print_page(page, page.with_suffix(f".{PDF}"), limit=task.time_limit)


def _request(task: Task, made: Path) -> Request:
    return Request(
        notebook=task.notebook,
        parameters=task.parameters,
        folder=task.work,
        sockets=task.sockets,
        environment={**task.environment, OUTPUT: str(made)},
        time_limit=task.time_limit,
        memory_limit=task.memory_limit,
        engine=task.engine,
    )


def _unwritten(
    task: Task, made: Path, outcome: Outcome | None, error: OSError
) -> tuple[ReportResult, tuple[str, ...]]:
    """Make room on a full disk, and say what can still be said: at best all of the failure's files.

    What an earlier run left goes in any case, where it can be removed: a reader must not take it for today's.
    """
    kind = type(error).__name__
    said = f"the report could not be written: {one_line(error.strerror or kind).lower()}"
    notebook = outcome.notebook if outcome else None
    failure = task.refusal or Failure(
        type=kind, message=said, cells=len(code_cells(notebook)) if notebook else 0
    )
    if outcome and outcome.error:
        failure = failure_of(outcome, time_limit=task.time_limit, memory_limit=task.memory_limit)
    target, stem = task.out / task.name.folder, task.name.notebook
    for kept in (notebook, None):
        with suppress(OSError):
            shutil.rmtree(task.work, ignore_errors=True)
            take_away(target, stem)
            made.mkdir(parents=True)
            return _failed(task, made, kept, failure), put_into_place(made, target, stem)
    shutil.rmtree(task.work, ignore_errors=True)
    reason = f"{_reason(failure)}; nor could its page be written: {one_line(error.strerror or kind).lower()}"
    return ReportResult(report=task.name, state="failed", reason=reason, failure=failure), ()


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
        _print(task, made / f"{task.name.notebook}.html")
        return _published(task.name, outcome.notebook)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a page that cannot be drawn is a failed report, not a failed run
        kind, said = type(error).__name__, without_data(type(error).__name__, str(error))
        cells = len(code_cells(outcome.notebook))
        failure = Failure(type=kind, message=f"the page could not be drawn: {said}", cells=cells)
        return _failed(task, made, outcome.notebook, failure)


def _failed(task: Task, made: Path, notebook: Any, failure: Failure) -> ReportResult:
    """Leave the failure's page, notebook and JSON, and nothing else."""
    name = task.name
    for file in made.glob(f"{name.notebook}.*"):
        file.unlink()
    if notebook is not None:
        scrub(notebook, failure)
        notebook["metadata"].setdefault("papermill", {})["exception"] = True
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
        page = render_failure(failure, task.context, command=task.command)
    except Exception as error:  # noqa: BLE001 - the reader must be told, if only in plain words
        page = _plain_page(name, failure, type(error).__name__)
    (made / f"{name.notebook}.html").write_text(page, encoding="utf-8")
    return ReportResult(report=name, state="failed", reason=_reason(failure), failure=failure)


def _reason(failure: Failure) -> str:
    at = f"cell {failure.cell} of {failure.cells}: " if failure.cell else ""
    return one_line(f"{at}{failure.message or failure.type}", longest=300)


def _write_notebook(made: Path, name: ReportName, notebook: Any) -> None:
    text = nbformat.writes(nbformat.from_dict(notebook))  # type: ignore[no-untyped-call]
    write_whole(made / f"{name.notebook}.ipynb", f"{text}\n", wait=False)  # `put_into_place` waits


def _published(name: ReportName, notebook: Any) -> ReportResult:
    """Read what the notebook published: its state, its reason, its headline figures."""
    said = _publication(notebook)
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


def _publication(notebook: Any) -> Mapping[str, Any]:
    return next((record for record in _records(notebook) if record.get("kind") == "publish"), {})


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
