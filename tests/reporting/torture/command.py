"""The command `workbook` for tiny notebooks: it checks no data, begins when told, can be held at a step.

A run and its workers are forked from a process that has done the imports, which saves most of what a run of
tiny reports costs; the processes that reports are forked from are started as ever.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from analytics import cli
from analytics.reporting import (
    batch,  # noqa: F401 - imported once, for all runs
    making,  # noqa: F401
    plan,
    workers,
)

FORK = get_context("fork") if os.name == "posix" else None


class Steps:
    """Counts what a run and its workers write through, rename and remove.

    Parameters
    ----------
    hold_at : int
        Whoever comes to this step stops before it, until it is killed; 0 for none.
    """

    def __init__(self, hold_at: int = 0) -> None:
        self.hold_at, self.taken, self.held = hold_at, FORK.Value("i", 0), FORK.Event()

    def take(self) -> None:
        """Count one; stop where it is the one."""
        with self.taken.get_lock():
            self.taken.value += 1
            mine = self.taken.value == self.hold_at
        if mine:
            self.held.set()
            time.sleep(600)

    def counting(self, function: Callable) -> Callable:
        """Take a step before each call."""

        def counted(*arguments, **options):
            self.take()
            return function(*arguments, **options)

        return counted


def run(root: Path, arguments: Sequence[str], begun: str, places: Mapping[str, str], steps: Steps) -> None:
    """Be a run, in a process group of its own; what it says is kept in the file ``said``."""

    class Clock(datetime):
        """The clock of a run's beginning: each run of its own minute, so that its pages can be told apart."""

        @classmethod
        def now(cls, tz=None):  # noqa: ARG003 - as the clock has it
            return datetime.fromisoformat(begun)

    os.setsid()
    os.chdir(root)
    os.environ.update(places, TMPDIR=str(root))
    tempfile.tempdir = None  # where the harness has its own; what is killed leaves its temporary files
    said = os.open(root / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    plan.datetime, workers.get_context, cli.refuse_bad_data = Clock, lambda _: FORK, accept
    os.fsync, Path.replace, Path.unlink = map(steps.counting, (os.fsync, Path.replace, Path.unlink))
    sys.exit(cli.main(["run", "params.yml", *arguments]))


def accept(organisation, told):
    """Hold nothing against the contract."""
