"""What is asked of an execution, and the watch that holds a kernel to its limits."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analytics.reporting.recall import wanted
from analytics.reporting.task import WARM

_LOOK_EVERY = 0.1  # seconds between two looks at the kernel's memory and the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to execute, with what, and within which limits.

    Parameters
    ----------
    notebook : pathlib.Path
        The notebook; it is not changed.
    parameters : mapping
        Checked before; Papermill would only log one that the notebook does not declare.
    folder : pathlib.Path
        The kernel's working folder, private to it.
    sockets : pathlib.Path, optional
        A folder with a short path for the kernel's sockets and temporary files, which is removed with the
        run; by default the system's.
    environment : mapping of str to str
        Added to the environment of the process.
    time_limit : float
        Seconds for the whole report, the start of its kernel included.
    memory_limit : int
        Bytes of resident memory.
    engine : str
        Name of the Papermill engine. Where a warm kernel cannot be had, an ordinary one is started.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    folder: Path
    sockets: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit: float = 600.0
    memory_limit: int = 2 << 30
    engine: str = WARM


class Watch:
    """Follow a kernel: which cell runs, how much memory it takes, whether its time is up or nobody wants it.

    Parameters
    ----------
    request : Request
        What is executed, and within which limits; its time begins now.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.began = time.monotonic()
        self.notebook: Any = None
        self.cell: int | None = None
        self.finished: set[int] = set()
        self.peak: int | None = None
        self.verdict = ""
        self._wanted = wanted()
        self._process: Callable[[], int | None] = lambda: None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    @property
    def left(self) -> float:
        """Seconds until the time limit; negative when it is past."""
        return self.began + self.request.time_limit - time.monotonic()

    def start(self, process: Callable[[], int | None]) -> None:
        """Begin to look at the kernel whose process is called for, None while it has none."""
        self._process = process
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and kill no more: the number of the process may now be given to another."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def on_cell_start(self, cell_index: int, **_: Any) -> None:
        """Note the cell that runs."""
        self.cell = cell_index

    def on_cell_executed(self, cell_index: int, **_: Any) -> None:
        """Note the cell that has run."""
        self.finished.add(cell_index)

    def _look(self) -> None:
        over = False
        while not over:
            over = self._ended.wait(_LOOK_EVERY)
            process = self._process()
            used, peak = _memory(process) if process else (0, None)
            if peak is not None:
                self.peak = max(self.peak or 0, peak)
            if over:
                return
            if self.left < 0:
                self.verdict = self.verdict or "TimeLimit"
            elif used > self.request.memory_limit:
                self.verdict = self.verdict or "MemoryLimit"
            elif not self._wanted():
                self.verdict = self.verdict or "Recalled"
            if self.verdict and process:  # at every look: there may have been no process at the last one
                _kill(process)


def _kill(process: int) -> None:
    """End a process, and where the system knows groups of processes, all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process, signal.SIGKILL)
        else:
            os.kill(process, signal.SIGTERM)


def _memory(process: int) -> tuple[int, int | None]:
    """Return the resident memory of a process and its peak, in bytes; (0, None) where nobody tells."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0, None
    found = {line[:6]: int(line.split()[1]) << 10 for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return found.get("VmRSS:", 0), found.get("VmHWM:")
