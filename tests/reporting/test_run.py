"""The course of a run: what is tried again, what is given up, and what its record says at every moment.

Workers only pretend here, so that a run costs nothing.
"""

from __future__ import annotations

import tracemalloc
from concurrent.futures import Future
from dataclasses import replace

import pytest

from analytics.cli import main
from analytics.errors import ContractError, LostConnectionError
from analytics.params import expand, load_workbook
from analytics.reporting import batch as module
from analytics.reporting import index
from analytics.reporting.batch import Stopped, Unsaved, check_quietly, run
from analytics.reporting.manifest import Failure, ReportResult, read_record
from analytics.reporting.plan import Batch
from analytics.reporting.workers import WorkerLostError
from tests.reporting.test_batch import Told
from tests.reporting.tiny import publish, write_notebook, write_params

PARAMS = """
timeframes: [2026-Q2, 2026-Q3]
retry_after: [0, 0]
organisations: [{id: acme, source: {path: data}}, {id: bolt, source: {path: data}}]
"""
FIRST = "acme/2026-Q2/stay.html"


class Pretence:
    """A pool whose calls run here and now; `make` is whatever a test says it is."""

    workers = free = 2

    def __init__(self, made):
        self.made, self.tasks, self.stopped = made, [], False

    def submit(self, function, *arguments):
        future = Future()
        try:
            if function is check_quietly:
                future.set_result(function(*arguments))
            else:
                self.tasks.append(arguments[0])
                future.set_result(self.made(arguments[0]))
        except Exception as error:  # noqa: BLE001 - as an executor has it
            future.set_exception(error)
        return future

    def is_lost(self, error):
        return isinstance(error, WorkerLostError)

    def stop(self):
        self.stopped = True

    def prepare(self, notebooks, temporary):
        self.prepared = [notebook.stem for notebook in notebooks]

    def close(self):
        pass


def ready(task, **more):
    page = task.out / task.name.page
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("page")
    return ReportResult(
        report=task.name, state="ready", made=task.context.started, files=(str(task.name.page),)
    )


def failed(task, kind):
    failure = Failure(type=kind, message="why")
    return ReportResult(report=task.name, state="failed", reason="why", failure=failure, files=("x",))


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Run a batch of four reports with pretended workers; return its record and the pool."""
    write_notebook(tmp_path / "notebooks", "stay", publish())
    write_params(tmp_path, PARAMS)

    def call(made=ready, **choice):
        pool = Pretence(made)
        monkeypatch.setattr(module, "LocalPool", lambda _: pool)
        notebooks = tmp_path / "notebooks"
        jobs = expand(load_workbook(tmp_path / "params.yml", notebooks=notebooks), folder=notebooks)
        choice = {"force": True} | choice
        wanted = Batch(
            jobs=jobs, params=tmp_path / "params.yml", notebooks=notebooks, out=tmp_path / "out", **choice
        )
        return run(wanted, Told()), pool

    return call


def counted(*outcomes):
    """Make the first report in turn as is said, and all others well."""
    left = list(outcomes)

    def made(task):
        if str(task.name.page) != FIRST or task.refusal or not left:
            return ready(task) if not task.refusal else failed(task, task.refusal.type)
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return failed(task, outcome)

    return made


@pytest.mark.parametrize("outcome", [WorkerLostError(), "DeadKernel", "LostConnectionError"])
def test_what_was_lost_is_tried_again_and_the_record_says_how_often(start, outcome):
    record, pool = start(counted(outcome))
    assert [(r.state, r.tries) for r in record.results] == [("ready", 2), *[("ready", 1)] * 3]
    assert len(pool.tasks) == 5


@pytest.mark.parametrize("kind", ["ParamsError", "ContractError", "TimeLimit", "MemoryLimit", "KeyError"])
def test_what_another_try_cannot_mend_is_not_tried_again(start, kind):
    record, pool = start(counted(kind))
    assert (record.results[0].failure.type, record.results[0].tries, len(pool.tasks)) == (kind, 1, 4)


def test_after_three_lost_workers_the_report_is_given_up_and_its_page_says_so(start):
    record, pool = start(counted(*[WorkerLostError()] * 3))
    first = record.results[0]
    assert (first.state, first.failure.type, first.tries) == ("failed", "DeadWorker", 3)
    assert [task.refusal is not None for task in pool.tasks if str(task.name.page) == FIRST] == [
        False,
        False,
        False,
        True,
    ]
    assert record.count("ready") == 3


def test_where_not_even_that_page_can_be_made_the_record_still_says_failed(start):
    def made(task):
        if str(task.name.page) == FIRST:
            raise WorkerLostError
        return ready(task)

    record, _ = start(made)
    first = record.results[0]
    assert (first.state, first.failure.type, first.tries, first.files) == ("failed", "DeadWorker", 3, ())
    assert first.reason == "the process that made the report died; nor could its page be written"


def test_a_foreseen_error_of_a_worker_is_the_report_s_own_failure(start):
    record, _ = start(counted(LookupError("no 'Ada Lovelace' here")))
    assert (record.results[0].failure.type, record.results[0].tries) == ("LookupError", 1)
    assert "Ada" not in record.results[0].failure.message


def test_a_lost_connection_does_not_refuse_an_organisation_but_bad_data_do(start):
    asked = []

    def check(organisation, told):
        asked.append(organisation.id)
        if organisation.id == "bolt":
            raise ContractError("sales have no occurred_at")
        if asked.count("acme") < 3:
            raise LostConnectionError("nothing answers there")

    record, _ = start(lambda task: failed(task, "x") if task.refusal else ready(task), check=check)
    assert [r.state for r in record.results] == ["ready", "ready", "failed", "failed"]
    assert sorted(asked) == ["acme", "acme", "acme", "bolt"]


def test_from_its_beginning_on_the_record_says_of_a_run_that_it_is_not_complete(start, tmp_path):
    start()
    seen = []

    def made(task):
        seen.append(read_record(tmp_path / "out"))
        return ready(task)

    record, _ = start(made)
    assert {(r.complete, len(r.not_run), r.started) for r in seen} == {(False, 4, record.started)}
    assert read_record(tmp_path / "out") == record
    assert record.complete


def test_a_run_stopped_while_data_are_checked_says_that_nothing_was_run_and_keeps_what_stands(
    start, tmp_path
):
    start()

    def check(*_):
        raise KeyboardInterrupt

    with pytest.raises(Stopped) as caught:
        start(check=check)
    record = caught.value.record
    assert (len(record.not_run), record.results) == (4, ())
    assert read_record(tmp_path / "out") == record
    assert FIRST in (tmp_path / "out" / "index.html").read_text()


def test_an_index_that_cannot_be_written_is_not_that_of_yesterday_and_the_run_has_failed(
    start, tmp_path, monkeypatch
):
    start()
    real = index.write_whole

    def write(path, *text, **options):
        if path.suffix == ".html":
            raise OSError(28, "No space left on device")
        real(path, *text, **options)

    monkeypatch.setattr(index, "write_whole", write)
    with pytest.raises(Unsaved, match="No space left on device"):
        start()
    assert not list((tmp_path / "out").glob("index.html"))
    assert read_record(tmp_path / "out").complete, "what could be written was"


def test_the_command_says_that_its_index_could_not_be_written(tmp_path, monkeypatch, capsys):
    write_notebook(tmp_path / "notebooks", "stay", publish())
    write_params(tmp_path, PARAMS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
    monkeypatch.setattr(module, "LocalPool", lambda _: Pretence(ready))
    monkeypatch.setattr("analytics.cli.refuse_bad_data", lambda *_: None)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "update", full)
    assert main(["run", "params.yml"]) == 1
    said = capsys.readouterr().err
    assert "4 ready. the index of the run could not be written: No space left on device" in said


def test_the_runner_keeps_no_more_of_a_report_than_its_line_in_the_record(start, monkeypatch):
    """Its memory must stay flat over thousands of reports: kilobytes for each, never a page or a notebook."""
    real = module.tasks_of
    many = 250

    def made(task):
        return replace(ready(task), parameters={"large": "x" * 100})

    def multiplied(batch, *places):
        tasks = real(batch, *places)
        object.__setattr__(batch, "jobs", tuple(batch.jobs) * many)
        return tasks * many

    monkeypatch.setattr(module, "tasks_of", multiplied)
    monkeypatch.setattr(index, "update", lambda *_: None)
    monkeypatch.setattr(Pretence, "submit", keeping_nothing)
    tracemalloc.start()
    record, _ = start(made)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(record.results) == 4 * many
    assert kept < 4 * many * 4096


def keeping_nothing(pool, _, task):
    future = Future()
    future.set_result(pool.made(task))
    return future
