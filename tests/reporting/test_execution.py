"""However a notebook ends, it is told as it was: Papermill calls a killed one completed."""

from __future__ import annotations

import sys
import time

import pytest

from analytics.reporting.execution import Request, execute
from analytics.reporting.failures import failure_of
from tests.reporting.tiny import write_notebook


@pytest.fixture
def ended(tmp_path):
    """Execute a notebook of two cells, of which the first is given, and return how it ended."""

    def call(source, **limits):
        notebook = write_notebook(tmp_path, "end", source, "print('reached')")
        return execute(
            Request(notebook=notebook, parameters={"organisation": "bolt"}, folder=tmp_path, **limits)
        )

    return call


def states(outcome):
    return [c.metadata.papermill.status for c in outcome.notebook.cells if c.cell_type == "code"]


def test_a_notebook_that_runs_to_its_end_has_no_error(ended):
    outcome = ended("print(organisation)")
    assert outcome.error == ""
    assert [c.outputs[0].text for c in outcome.notebook.cells[-2:]] == ["bolt\n", "reached\n"]
    assert states(outcome) == ["completed"] * 4


@pytest.mark.parametrize(
    ("source", "limits", "error", "words"),
    [
        ("import sys; sys.exit(0)", {}, "SystemExit", "ended itself before its last cell"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", {}, "DeadKernel", "died without a word"),
        ("import ctypes; ctypes.CDLL(None).sleep(60)", {"time_limit": 6.0}, "TimeLimit", "time limit of 6 s"),
        ("x = bytearray(8 << 30)", {"memory_limit": 400 << 20}, "MemoryError", ""),
        (
            "import time; x = b'x' * (600 << 20); time.sleep(60)",
            {"memory_limit": 300 << 20},
            "MemoryLimit",
            "memory limit of 0.293 GiB",
        ),
    ],
    ids=["exit", "kill", "native code that outlasts its time", "absurd request", "too much memory"],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are those of Linux")
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


def test_a_dead_kernel_s_report_ends_well_before_its_time(ended):
    began = time.monotonic()
    outcome = ended("import os; os.abort()", time_limit=60.0)
    assert outcome.error == "DeadKernel"
    assert time.monotonic() - began < 50
