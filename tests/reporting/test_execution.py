"""However a notebook ends, it is told as it was: Papermill calls a killed one completed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest
import zmq.asyncio
from jupyter_client.session import Session

from analytics.reporting import ordinary
from analytics.reporting.execution import execute
from analytics.reporting.failures import failure_of
from analytics.reporting.task import ORDINARY, WARM
from analytics.reporting.warm import engine
from analytics.reporting.warm.client import can_fork
from analytics.reporting.watch import Request, Watch
from tests.reporting.tiny import write_notebook

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are those of Linux")


@pytest.fixture(params=[ORDINARY, WARM])
def kind(request):
    """Name of an engine."""
    if request.param == WARM and not can_fork():
        pytest.skip("there are no warm kernels on this system")
    return request.param


@pytest.fixture
def ended(tmp_path, kind):
    """Execute a notebook of two cells, of which the first is given, and return how it ended."""

    def call(source, time_limit=90.0, **limits):
        notebook = write_notebook(tmp_path, "end", source, "print('reached')")
        asked = Request(
            notebook=notebook,
            parameters={"organisation": "bolt"},
            folder=tmp_path,
            engine=kind,
            time_limit=time_limit,
            **limits,
        )
        outcome = execute(asked)
        assert outcome.kernel == kind
        return outcome

    return call


def states(outcome):
    return [c.metadata.papermill.status for c in outcome.notebook.cells if c.cell_type == "code"]


def test_a_notebook_that_runs_to_its_end_has_no_error(ended):
    outcome = ended("print(organisation)")
    assert outcome.error == ""
    assert [c.outputs[0].text for c in outcome.notebook.cells[-2:]] == ["bolt\n", "reached\n"]
    assert states(outcome) == ["completed"] * 4


def test_temporary_files_go_where_the_run_removes_them(ended, tmp_path):
    """A kernel is killed in the end, and with it a database that would have removed its own."""
    outcome = ended("import tempfile; print(tempfile.gettempdir())", sockets=tmp_path)
    assert outcome.notebook.cells[-2].outputs[0].text == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("source", "limits", "error", "words"),
    [
        ("1 / 0", {}, "ZeroDivisionError", ""),
        ("import sys; sys.exit(0)", {}, "SystemExit", "ended itself before its last cell"),
        ("import sys; sys.exit(1)", {}, "SystemExit", "ended itself before its last cell"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", {}, "DeadKernel", "died without a word"),
        ("import os; os.abort()", {}, "DeadKernel", "died without a word"),
        ("x = bytearray(8 << 30)", {"memory_limit": 400 << 20}, "MemoryError", ""),
        (
            "import time; x = b'x' * (600 << 20); time.sleep(60)",
            {"memory_limit": 300 << 20},
            "MemoryLimit",
            "memory limit of 0.293 GiB",
        ),
    ],
    ids=["exception", "exit", "exit 1", "kill", "abort", "absurd request", "too much memory"],
)
@on_linux
def test_a_notebook_that_ends_early_has_failed_in_that_cell_and_the_next_was_not_run(
    ended, source, limits, error, words
):
    outcome = ended(source, **limits)
    assert outcome.error == error
    assert states(outcome)[-2:] == ["failed", "pending"]
    failure = failure_of(
        outcome, time_limit=limits.get("time_limit", 600), memory_limit=limits.get("memory_limit", 0)
    )
    assert (failure.cell, failure.cells) == (2, 3)
    assert words in failure.message


@on_linux
def test_native_code_that_outlasts_the_time_has_failed_in_that_cell(ended, monkeypatch):
    def left(watch):
        """Seconds: time is up as soon as the cell has begun, however slow the machine."""
        return -1.0 if (watch.request.folder / "begun").exists() else 90.0

    monkeypatch.setattr(Watch, "left", property(left))
    outcome = ended("import ctypes, pathlib; pathlib.Path('begun').touch(); ctypes.CDLL(None).sleep(600)")
    assert (outcome.error, states(outcome)[-2:]) == ("TimeLimit", ["failed", "pending"])
    assert "time limit of 7 s" in failure_of(outcome, time_limit=7, memory_limit=0).message


@pytest.fixture
def for_ever():
    """What waits until the test is over."""
    over = threading.Event()
    yield over.wait
    over.set()


class TestAnExecutionReturnsAfterItsTime:
    @pytest.mark.parametrize("kind", [ORDINARY], indirect=True)
    def test_also_where_the_client_of_an_ordinary_kernel_never_returns(self, ended, monkeypatch, for_ever):
        monkeypatch.setattr(ordinary, "_GRACE", 0.5)
        monkeypatch.setattr(ordinary.PapermillNotebookClient, "execute", lambda *_, **__: for_ever())
        outcome = ended("1", time_limit=1.0)
        assert (outcome.error, states(outcome)) == ("TimeLimit", ["pending"] * 4)

    @on_linux
    @pytest.mark.parametrize("kind", [WARM], indirect=True)
    def test_also_where_a_warm_kernel_cannot_be_killed(self, ended, monkeypatch):
        assert ended("1").error == "", "there is a parent now"
        monkeypatch.setattr(engine, "_GRACE", 0.5)
        monkeypatch.setattr("os.killpg", lambda *_: None)
        assert ended("import time; time.sleep(600)", time_limit=2.0).error == "TimeLimit"

    @pytest.mark.parametrize("kind", [ORDINARY], indirect=True)
    def test_also_on_a_system_without_groups_of_processes(self, ended, monkeypatch):
        monkeypatch.delattr("os.killpg", raising=False)
        assert ended("import time; time.sleep(600)", time_limit=4.0).error == "TimeLimit"

    @pytest.mark.parametrize("kind", [ORDINARY], indirect=True)
    def test_also_where_it_was_over_before_there_was_a_kernel(self, ended):
        outcome = ended("import time; time.sleep(600)", time_limit=0.2)
        assert (outcome.error, states(outcome)) == ("TimeLimit", ["pending"] * 4)


@on_linux
def test_a_kernel_that_comes_when_time_is_up_is_ended(tmp_path):
    watch = Watch(Request(notebook=tmp_path, parameters={}, folder=tmp_path, time_limit=0.0))
    found, asked = [], threading.Event()

    def process():
        if watch.verdict:
            asked.set()
        return found[0].pid if found else None

    watch.start(process)
    assert asked.wait(60)
    found.append(subprocess.Popen(["sleep", "600"], start_new_session=True))
    assert found[0].wait(60) == -signal.SIGKILL
    watch.stop()


def test_a_reply_that_came_while_something_was_sent_is_heard():
    """ZeroMQ tells once that a message has come; whoever sends on the same socket is told, too."""

    async def hear():
        with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as ours, zmq.Context() as theirs:
            port = ours.bind_to_random_port("tcp://127.0.0.1")
            with theirs.socket(zmq.DEALER) as peer:
                peer.connect(f"tcp://127.0.0.1:{port}")
                session = Session()
                waits = asyncio.create_task(ordinary._Channel(ours, session).get_msg())
                await asyncio.sleep(0.1)
                session.send(peer, "execute_reply")
                time.sleep(0.3)  # no turn for who waits, until what came was noticed by who sends
                zmq.Socket.shadow(ours.underlying).get(zmq.EVENTS)
                return await asyncio.wait_for(waits, 30)

    assert asyncio.run(hear())["msg_type"] == "execute_reply"
