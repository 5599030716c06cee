"""How far a run has come: a live bar in a terminal, one plain line for each report elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from analytics.reporting.manifest import ReportResult, RunRecord, State

if TYPE_CHECKING:
    from rich.progress import Progress

_MARKS: dict[State, str] = {
    "ready": "ready",
    "warning": "! warning",
    "no data": "– no data",
    "failed": "× failed",
}


class Reporter(Protocol):
    """What the batch tells of its progress."""

    def say(self, text: str) -> None:
        """Say something between two reports."""

    def done(self, result: ReportResult, number: int, total: int) -> None:
        """Say that a report is finished, the `number`-th of `total`."""


@contextmanager
def progress(stream: TextIO, total: int) -> Iterator[Reporter]:
    """Provide the reporter that suits a stream.

    Parameters
    ----------
    stream : TextIO
        Where to write.
    total : int
        How many reports there will be.

    Yields
    ------
    Reporter
        A live bar where `stream` is a terminal; else plain lines, flushed one by one.
    """
    if not stream.isatty():
        yield _Lines(stream)
        return
    from rich.console import Console  # slow to import, and only needed here
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(file=stream, highlight=False, markup=False)
    with Progress(*columns, console=console) as bar:
        yield _Bar(bar, total)


def line_of(result: ReportResult) -> str:
    """Write what became of a report as one line; it quotes no data.

    Examples
    --------
    >>> from analytics.reporting.manifest import ReportName
    >>> name = ReportName(organisation="acme", organisation_name="Acme", timeframe="2026-Q3", slug="2026-Q3",
    ...                   notebook="clv", title="Lifetime value")
    >>> line_of(ReportResult(report=name, state="no data", reason="no data before 1 May 2024", seconds=2.04))
    'acme  2026-Q3  clv  2.0 s  – no data: no data before 1 May 2024'
    """
    name = result.report
    why = f": {result.reason}" if result.reason else ""
    shown = f"{name.organisation}  {name.timeframe}  {name.notebook}"
    if result.reused:
        return f"{shown}  unchanged" + (f"  {_MARKS[result.state]}{why}" if result.state != "ready" else "")
    return f"{shown}  {result.seconds:.1f} s  {_MARKS[result.state]}{why}"


def summary_of(record: RunRecord) -> str:
    """Write what a run did as one sentence.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> summary_of(RunRecord(started=datetime(2026, 11, 1, tzinfo=timezone.utc), seconds=3.2, results=()))
    '0 reports in 3.2 s.'
    """
    reports = f"{len(record.results)} report{'' if len(record.results) == 1 else 's'}"
    words = {"ready": "ready", "warning": "with a warning", "no data": "without data", "failed": "failed"}
    states: tuple[State, ...] = ("ready", "warning", "no data", "failed")
    made = Counter(result.state for result in record.results if not result.reused)
    unchanged = len(record.results) - made.total()
    counts = [f"{unchanged} unchanged"] if unchanged else []
    counts += [f"{made[state]} {words[state]}" for state in states if made[state]]
    if record.not_run:
        counts.append(f"{len(record.not_run)} not run")
    return f"{reports} in {record.seconds:.1f} s{': ' if counts else ''}{', '.join(counts)}."


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def done(self, result: ReportResult, number: int, total: int) -> None:
        self.say(f"[{number:>{len(str(total))}}/{total}] {line_of(result)}")


class _Bar:
    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("Reports", total=total)

    def say(self, text: str) -> None:
        self._bar.console.print(text)

    def done(self, result: ReportResult, number: int, total: int) -> None:
        if result.state != "ready":
            self._bar.console.print(line_of(result))
        self._bar.update(self._task, completed=number, total=total)
