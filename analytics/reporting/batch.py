"""The batch: reports in the order of their needs, several at once, each in a process of its own.

A report that fails is a result like any other. What to make is planned in `plan`, who makes it are the
`workers`, `schedule` says when, `retries` whether again; `lock` and `files` see to it that two runs never mix
and that one which is killed leaves nothing half.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from analytics.errors import AnalyticsError, ContractError
from analytics.params import Job, Organisation
from analytics.reporting import index
from analytics.reporting.failures import one_line, without_data
from analytics.reporting.files import recover, remove_parts, work_folder, write_whole
from analytics.reporting.lock import only_run
from analytics.reporting.manifest import LOST_WORKER, RECORD, Failure, ReportResult, RunRecord
from analytics.reporting.plan import Batch, Check, tasks_of, versions
from analytics.reporting.progress import Reporter
from analytics.reporting.records import Journal, begin_run, end_run
from analytics.reporting.retries import wait_before_next
from analytics.reporting.reuse import Reuse, resume
from analytics.reporting.schedule import in_order
from analytics.reporting.task import WARM, Task, make
from analytics.reporting.workers import LocalPool, Pool

__all__ = ["Batch", "Stopped", "Unsaved", "run"]

_BALLAST = 1 << 20
_BALLAST_PER_REPORT = 8 << 10


class Stopped(Exception):
    """The run was stopped by Ctrl-C; what was finished stands, and the record says so."""

    def __init__(self, record: RunRecord) -> None:
        super().__init__("the run was stopped")
        self.record = record


class Unsaved(Exception):
    """The run has ended, and its index or its record could not be written."""

    def __init__(self, record: RunRecord, error: OSError) -> None:
        super().__init__(f"the index of the run could not be written: {error.strerror}")
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
        Also written to ``run.json`` in the folder of the reports, beside ``index.html``. From its beginning
        on, ``run.json`` says of a run that has not ended that it is not complete.

    Raises
    ------
    AnalyticsError
        If another run holds the folder, or the data of every organisation of the run are refused; nothing
        was written.
    Stopped
        If the run was interrupted; all workers and kernels have ended.
    Unsaved
        If the index or the record could not be written, as on a full disk.
    """
    with (
        only_run(batch.out),
        _recovered(batch.out, reporter),
        work_folder(batch.out) as work,
        TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as sockets,
    ):
        batch, resumed = resume(batch, reporter)
        tasks = tasks_of(batch, work, Path(sockets))
        going = _Going(batch, reporter, tasks, Reuse(batch, tasks, resumed=resumed))
        stopped = False
        with _pool(batch) as pool:
            try:
                going.prepare(pool)
                going.refuse_bad_data(pool)
                going.begin(work)
                going.make_all(pool)
            except KeyboardInterrupt:
                stopped = True
                pool.stop()
        if stopped or any(result.tries > 1 for result in going.results.values()):
            remove_parts(batch.out)  # of workers that ended in the midst of writing
        record = going.end(work)
    if stopped:
        raise Stopped(record)
    return record


@contextmanager
def _recovered(out: Path, reporter: Reporter) -> Iterator[None]:
    """Set right what a run that was killed has left."""
    if recover(out):
        reporter.say("an earlier run was killed; what it had begun to put into place was finished")
    yield


@contextmanager
def _pool(batch: Batch) -> Iterator[Pool]:
    """Provide the workers."""
    pool: Pool
    if batch.scheduler:
        from analytics.reporting.cluster import ClusterPool  # needs an optional extra

        pool = ClusterPool(batch.scheduler, batch)
    else:
        pool = LocalPool(batch.workers)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.close()


class _Going:
    """A run that is going on: its tasks, and what has become of them so far."""

    def __init__(self, batch: Batch, reporter: Reporter, tasks: Sequence[Task], reuse: Reuse) -> None:
        self.batch, self.reporter, self.tasks, self.reuse = batch, reporter, tasks, reuse
        self.results: dict[int, ReportResult] = {}
        self.refusals: Mapping[str, Failure] = {}
        self.workers = batch.workers
        self._began = monotonic()
        self._given_up: dict[int, Failure] = {}
        self._wanted: list[tuple[Job, Task]] = []

    def prepare(self, pool: Pool) -> None:
        """Tell the workers whose reports they will make: imports take longer than all that comes before."""
        jobs = zip(self.batch.jobs, self.tasks, strict=True)
        self._wanted = [(job, task) for job, task in jobs if not self.reuse.stands(task)]
        if self._wanted and self.batch.engine == WARM:
            notebooks = list(dict.fromkeys(task.notebook for _, task in self._wanted))
            pool.prepare(notebooks, self._wanted[0][1].sockets)

    # Organisations whose data are refused ---------------------------------------------------------------

    def refuse_bad_data(self, pool: Pool) -> None:
        """Hold the data of each organisation for which something is to be made against the contract, once.

        Raises
        ------
        AnalyticsError
            If the data of all of them are refused.
        """
        if self.batch.check is None:
            return
        wanted = {job.organisation.id: job.organisation for job, _ in self._wanted}
        told = self.tasks[0].environment
        self.refusals = _refusals(self.batch.check, list(wanted.values()), told, pool)
        if self.refusals and all(self._refused(number).refusal for number in range(len(self.tasks))):
            listed = [f"{name}: {failure.message}" for name, failure in self.refusals.items()]
            raise AnalyticsError("\n".join([*listed, "nothing was run, and nothing was written"]))
        for name, failure in self.refusals.items():
            self.reporter.say(f"{name}: refused: {one_line(failure.message, longest=300)}")

    # Reports --------------------------------------------------------------------------------------------

    def make_all(self, pool: Pool) -> None:
        """Make each report as soon as those before it are done.

        One whose provider failed is made all the same: what was made in an earlier run may do, and where
        there is nothing, its page says so better than a page of errors.
        """

        def start(number: int) -> Future[ReportResult]:
            task = self._refused(number)
            found = task if task.refusal else self.reuse.turn(task)
            if isinstance(found, Task):
                return pool.submit(make, found)
            standing: Future[ReportResult] = Future()
            standing.set_result(found)
            return standing

        def again(number: int, future: Future[ReportResult], tried: int) -> float | None:
            if number in self._given_up:
                return None
            error = future.exception()
            failure = future.result().failure if error is None else _why(error, pool)
            wait = wait_before_next(failure, tried, self.batch.jobs[number].organisation.retry_after)
            if wait is None and error is not None and failure is not None:
                self._given_up[number] = failure  # once more, only for the page that says so
                return 0.0
            return wait

        after = [job.after for job in self.batch.jobs]
        for number, future, tried in in_order(after, start, workers=lambda: pool.workers, again=again):
            self.workers = pool.workers
            given_up = self._given_up.pop(number, None)
            if given_up and future.exception():
                result = _without_page(self.tasks[number], given_up)
            else:
                result = future.result()
            self.results[number] = replace(result, tries=result.tries + tried - 1 - bool(given_up))
            self.reuse.made(self.tasks[number], self.results[number])
            self.reporter.done(self.results[number], len(self.results), len(self.tasks))

    def _refused(self, number: int) -> Task:
        task = self.tasks[number]
        refusal = self.refusals.get(task.name.organisation)
        if refusal and refusal.type == ContractError.__name__ and self.batch.jobs[number].card.opens_refused:
            refusal = None  # what is wrong with the data is what this report is about
        failure = self._given_up.get(number) or refusal
        return replace(task, refusal=failure) if failure else task

    # What the run leaves --------------------------------------------------------------------------------

    def begin(self, work: Path) -> None:
        """Write down that the run has begun, and keep room on the disk to say how it ended."""
        _reserve(work / "ballast", _BALLAST + _BALLAST_PER_REPORT * len(self.tasks))
        pages = tuple(str(task.name.page) for task in self.tasks)
        begin_run(self.batch.out, Journal(started=self.batch.started, force=self.batch.force, pages=pages))
        index.announce(self.batch.out, self.batch.started)
        write_whole(self.batch.out / RECORD, self.record().to_json())

    def record(self) -> RunRecord:
        """Return the record of the run as far as it has come."""
        return RunRecord(
            started=self.batch.started,
            seconds=round(monotonic() - self._began, 3),
            results=tuple(self.results[number] for number in sorted(self.results)),
            not_run=tuple(
                str(t.name.page) for number, t in enumerate(self.tasks) if number not in self.results
            ),
            workers=self.workers,
            versions=versions(),
        )

    def end(self, work: Path) -> RunRecord:
        """Write the index and the record of the run.

        Raises
        ------
        Unsaved
            If the disk takes them no more.
        """
        record = self.record()
        (work / "ballast").unlink(missing_ok=True)
        _write_end(self.batch.out, record)
        self.reuse.save()
        if record.complete:
            end_run(self.batch.out)
        return record


def _refusals(
    check: Check, organisations: Sequence[Organisation], told: Mapping[str, str], pool: Pool
) -> dict[str, Failure]:
    """Return whose data are refused and why; a lost connection is tried again."""

    def outcome(future: Future[Failure | None]) -> Failure | None:
        error = future.exception()
        return future.result() if error is None else _why(error, pool)

    ended = in_order(
        [()] * len(organisations),
        lambda number: pool.submit(check_quietly, check, organisations[number], told),
        workers=lambda: pool.free,
        again=lambda number, future, tried: wait_before_next(
            outcome(future), tried, organisations[number].retry_after
        ),
    )
    return {organisations[n].id: failure for n, future, _ in ended if (failure := outcome(future))}


def check_quietly(check: Check, organisation: Organisation, told: Mapping[str, str]) -> Failure | None:
    """Check an organisation's data in a worker, and say in words that may be printed what is wrong."""
    try:
        check(organisation, told)
    except AnalyticsError as error:
        return Failure(type=type(error).__name__, message=str(error), deliberate=True)
    except Exception as error:  # noqa: BLE001 - an organisation whose data break the check is refused
        kind = type(error).__name__
        said = f"the data could not be read: {kind}: {without_data(kind, str(error))}"
        return Failure(type=kind, message=said)
    return None


def _why(error: BaseException, pool: Pool) -> Failure:
    """Say why a worker came back with an error, or not at all."""
    if pool.is_lost(error):
        return Failure(type=LOST_WORKER, message="the process that made the report died")
    kind = type(error).__name__
    said = without_data(kind, getattr(error, "strerror", None) or str(error))
    return Failure(type=kind, message=f"the report could not be made: {said}")


def _without_page(task: Task, failure: Failure) -> ReportResult:
    reason = one_line(f"{failure.message}; nor could its page be written", longest=300)
    made = task.context.started
    return ReportResult(report=task.name, state="failed", reason=reason, failure=failure, made=made)


def _reserve(path: Path, size: int) -> None:
    """Hold room on the disk, so that a run that fills it can still say so."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.write(bytes(size))


def _write_end(out: Path, record: RunRecord) -> None:
    """Write the index of all reports, that of each organisation, and last the record of the run.

    What cannot be written must not be that of an earlier run either, where it can be removed.
    """
    refused: OSError | None = None
    try:
        index.update(out, record)
    except OSError as error:
        refused = error
    try:
        write_whole(out / RECORD, record.to_json())
    except OSError as error:
        refused = error
        with suppress(OSError):
            (out / RECORD).unlink(missing_ok=True)
    if refused:
        raise Unsaved(record, refused)
