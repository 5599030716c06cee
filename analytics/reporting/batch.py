"""The batch: reports in the order of their needs, several at once, each in a process of its own.

A report that fails is a result like any other. The jobs go to an executor of the ``concurrent.futures``
kind; the local one is a pool of processes that start the kernels.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, TypeVar

from analytics.errors import AnalyticsError
from analytics.params import Job, Organisation
from analytics.params.kept import MODELS, kept_folder
from analytics.params.notebooks import FOLDER
from analytics.params.workbook import PARAMS
from analytics.reporting.failures import masked, one_line, without_data
from analytics.reporting.files import work_folder, write_whole
from analytics.reporting.kernel import die_with_parent
from analytics.reporting.manifest import (
    RECORD,
    Failure,
    PageContext,
    ReportName,
    ReportResult,
    RunRecord,
    read_record,
)
from analytics.reporting.progress import Reporter
from analytics.reporting.task import Task, make

Check = Callable[[Organisation], None]
"""Opens an organisation's data and raises an AnalyticsError where they are refused."""

STARTED = "WORKBOOK_STARTED"
_GIB = 1 << 30
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What to run, and where to.

    Parameters
    ----------
    jobs : sequence of Job
        In an order in which every job comes after those that it needs.
    params : pathlib.Path
        The params file or folder, for the notebooks to look their organisation up in.
    notebooks : pathlib.Path
        Folder of the notebooks.
    out : pathlib.Path
        Folder of all reports.
    workers : int
        How many reports run at once.
    check : callable, optional
        Called once for each organisation before anything runs; must be importable by name.
    """

    jobs: Sequence[Job]
    params: Path
    notebooks: Path
    out: Path
    workers: int = 1
    check: Check | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


class Stopped(Exception):
    """The run was stopped by Ctrl-C; what was finished stands, and the record says so."""

    def __init__(self, record: RunRecord) -> None:
        super().__init__("the run was stopped")
        self.record = record


def run(batch: Batch, reporter: Reporter) -> RunRecord:
    """Run a batch.

    Parameters
    ----------
    batch : Batch
        What to run. Its params were checked before.
    reporter : Reporter
        Is told of every finished report.

    Returns
    -------
    RunRecord
        Also written to ``run.json`` in the folder of the reports, beside ``index.html``.

    Raises
    ------
    AnalyticsError
        If the data of every organisation of the run are refused; nothing was written.
    Stopped
        If the run was interrupted; all workers and kernels have ended.
    """
    began = monotonic()
    with _pool(batch.workers) as pool:
        refusals = _refused(batch, pool, reporter)
        results: dict[int, ReportResult] = {}
        stopped = False
        with work_folder(batch.out) as work, TemporaryDirectory(prefix="wb-") as sockets:
            tasks = _tasks(batch, work, Path(sockets), refusals)
            try:
                for number, result in _finished(batch, tasks, pool):
                    results[number] = result
                    reporter.done(result, len(results), len(tasks))
            except KeyboardInterrupt:
                stopped = True
                pool.stop()
    record = RunRecord(
        started=batch.started,
        seconds=round(monotonic() - began, 3),
        results=tuple(results[number] for number in sorted(results)),
        earlier=_earlier(batch.out, tasks),
        not_run=tuple(str(task.name.page) for number, task in enumerate(tasks) if number not in results),
        workers=batch.workers,
        versions=versions(),
    )
    _write_index(batch.out, record)
    if stopped:
        raise Stopped(record)
    return record


def default_workers() -> int:
    """Return how many reports run at once where nothing is said: two, or one on a single core."""
    return min(2, os.cpu_count() or 1)


def versions() -> dict[str, str]:
    """Return the versions of what makes the reports."""
    packages = {"workbook": "customer-analytics-workbook", "papermill": "papermill", "ipykernel": "ipykernel"}
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name, package in packages.items():
        with suppress(PackageNotFoundError):
            found[name] = version(package)
    return found


def name_of(job: Job) -> ReportName:
    """Return which report a job makes."""
    return ReportName(
        organisation=job.organisation.id,
        organisation_name=job.organisation.name,
        timeframe=job.timeframe,
        slug=job.slug,
        notebook=job.card.name,
        title=job.card.title,
        question=job.card.question,
    )


# Organisations whose data are refused -------------------------------------------------------------------


def _refused(batch: Batch, pool: _Pool, reporter: Reporter) -> Mapping[str, Failure]:
    """Hold every organisation's data against the contract, once, before anything runs."""
    if batch.check is None:
        return {}
    organisations = list({job.organisation.id: job.organisation for job in batch.jobs}.values())
    futures = {o.id: pool.submit(check_quietly, batch.check, o) for o in organisations}
    refusals = {name: failure for name, future in futures.items() if (failure := future.result())}
    if refusals and len(refusals) == len(organisations):
        listed = [f"{name}: {failure.message}" for name, failure in refusals.items()]
        raise AnalyticsError("\n".join([*listed, "nothing was run, and nothing was written"]))
    for name, failure in refusals.items():
        reporter.say(f"{name}: refused: {one_line(failure.message, longest=300)}")
    return refusals


def check_quietly(check: Check, organisation: Organisation) -> Failure | None:
    """Check an organisation's data in a worker, and say in words that may be printed what is wrong."""
    try:
        check(organisation)
    except AnalyticsError as error:
        return Failure(type=type(error).__name__, message=str(error), deliberate=True)
    except Exception as error:  # noqa: BLE001 - an organisation whose data break the check is refused
        kind = type(error).__name__
        said = f"the data could not be read: {kind}: {without_data(kind, str(error))}"
        return Failure(type=kind, message=said)
    return None


# Tasks in order -----------------------------------------------------------------------------------------


def _tasks(batch: Batch, work: Path, sockets: Path, refusals: Mapping[str, Failure]) -> list[Task]:
    """Give every job its folder, its environment and what its page must know."""
    names = [name_of(job) for job in batch.jobs]
    environment = {
        PARAMS: str(batch.params.resolve()),
        FOLDER: str(batch.notebooks.resolve()),
        STARTED: batch.started.isoformat(),
        MODELS: str(kept_folder()),
    }
    tasks = []
    for number, (job, name) in enumerate(zip(batch.jobs, names, strict=True)):
        same_organisation = [n for n in names if n.organisation == name.organisation]
        context = PageContext(
            report=name,
            siblings=tuple(n for n in same_organisation if n.slug == name.slug),
            timeframes=tuple(n for n in same_organisation if n.notebook == name.notebook),
            started=batch.started,
            locale=job.organisation.locale,
            currency=job.organisation.currency,
            parameters=masked(job.parameters),
            versions=versions(),
        )
        tasks.append(
            Task(
                context=context,
                notebook=job.card.path,
                parameters=job.parameters,
                environment=environment,
                out=batch.out.resolve(),
                work=work.resolve() / str(number),
                sockets=sockets,
                time_limit=job.organisation.time_limit,
                memory_limit=int(job.organisation.memory_limit * _GIB),
                refusal=refusals.get(job.organisation.id),
            )
        )
    return tasks


def _finished(batch: Batch, tasks: Sequence[Task], pool: _Pool) -> Iterator[tuple[int, ReportResult]]:
    """Run tasks as soon as those before them are done, and yield their results as they come.

    One whose provider failed runs all the same: what was made in an earlier run may do, and where there is
    nothing, its page says so better than a page of errors.
    """
    waiting = deque(range(len(tasks)))
    running: dict[Future[ReportResult], int] = {}
    results: dict[int, ReportResult] = {}
    lost: Counter[int] = Counter()
    while waiting or running:
        ready = [n for n in waiting if all(need in results for need in batch.jobs[n].after)]
        for number in ready[: pool.workers - len(running)]:
            waiting.remove(number)
            running[pool.submit(make, tasks[number])] = number
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=running.__getitem__):
            number = running.pop(future)
            if isinstance(future.exception(), BrokenProcessPool) and not lost[number]:
                lost[number] += 1  # perhaps a neighbour broke the pool: once more, before the next ones
                waiting.appendleft(number)
                continue
            results[number] = _result(tasks[number], future)
            yield number, results[number]


def _result(task: Task, future: Future[ReportResult]) -> ReportResult:
    """Take a task's result; where its worker died or a file could not be written, it has failed."""
    try:
        return future.result()
    except BrokenProcessPool:
        failure = Failure(type="DeadWorker", message="the process that made the report died")
    except Exception as error:  # noqa: BLE001 - one report's trouble must not end the run
        kind = type(error).__name__
        said = without_data(kind, getattr(error, "strerror", None) or str(error))
        failure = Failure(type=kind, message=f"the report could not be written: {said}")
    try:
        return make(replace(task, refusal=failure))
    except OSError:
        return ReportResult(report=task.name, state="failed", reason=failure.message, failure=failure)


# What the run leaves ------------------------------------------------------------------------------------


def _earlier(out: Path, tasks: Sequence[Task]) -> tuple[ReportResult, ...]:
    """Return the reports of earlier runs that still stand beside those of this one."""
    try:
        last = read_record(out)
    except (ValueError, KeyError, TypeError):
        return ()
    planned = {task.name.page for task in tasks}
    standing = last.standing if last else ()
    return tuple(
        result
        for result in standing
        if result.report.page not in planned and (out / result.report.page).is_file()
    )


def _write_index(out: Path, record: RunRecord) -> None:
    """Write the index of all reports, that of each organisation, and last the record of the run."""
    from analytics.reporting.index import (
        render_index,
        render_organisation_index,
    )  # slow to import, needed last

    for organisation, _ in record.organisations:
        write_whole(out / organisation / "index.html", render_organisation_index(record, organisation))
    write_whole(out / "index.html", render_index(record))
    write_whole(out / RECORD, record.to_json())


# Workers ------------------------------------------------------------------------------------------------


class _Pool:
    """A pool of processes that can be stopped at once, and that is renewed when one of them dies."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._before = {child.pid for child in active_children()}
        self._executor = self._new()

    def _new(self) -> Executor:
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=_prepare)

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Hand a call to a worker."""
        try:
            return self._executor.submit(function, *arguments)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._new()
            return self._executor.submit(function, *arguments)

    def stop(self) -> None:
        """End all workers at once; their kernels end with them."""
        for child in active_children():
            if child.pid not in self._before:
                child.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Let the workers go."""
        self._executor.shutdown(wait=True)


@contextmanager
def _pool(workers: int) -> Iterator[_Pool]:
    pool = _Pool(workers)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.close()


def _prepare() -> None:
    """Make a process a worker: Ctrl-C is the batch's to answer, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
