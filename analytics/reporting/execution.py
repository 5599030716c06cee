"""Execute one notebook in a kernel of its own, and tell the truth about how it ended.

Papermill fills in the parameters and keeps the record; around it stands what it lacks: a time limit for
the whole report, a memory limit, and true states when a kernel dies (Papermill marks every cell of such a
notebook as completed).

`execute` is the one place where a kernel is started. Another way to start one (kernels forked from a
process that has done the imports) is another Papermill engine, named in `Request.engine`.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.execute import ERROR_MARKER_TAG

from analytics.reporting.kernel import MEMORY_LIMIT
from analytics.reporting.task import ORDINARY

_LONGEST_SOCKET_PATH = 90
_LOOK_EVERY = 0.1  # seconds between two looks at the kernel's memory and the clock
_START_LIMIT = 60  # seconds in which a kernel must answer

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


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
        A folder with a short path for the kernel's sockets; by default one of the system's.
    environment : mapping of str to str
        Added to the environment of the process.
    time_limit : float
        Seconds for the whole report, the start of its kernel included.
    memory_limit : int
        Bytes of resident memory.
    engine : str
        Name of the Papermill engine.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    folder: Path
    sockets: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit: float = 600.0
    memory_limit: int = 2 << 30
    engine: str = ORDINARY


@dataclass(slots=True)
class Outcome:
    """How an execution ended.

    Parameters
    ----------
    notebook : dict
        The notebook with its outputs, as far as it came; every cell's state is true.
    error : str
        Empty where every cell ran; else the name of the exception, ``TimeLimit``, ``MemoryLimit`` or
        ``DeadKernel``.
    message : str
        What the exception said, unabridged: it may quote data.
    traceback : tuple of str
        As IPython shows it.
    cell : int or None
        Position among all cells of the one that failed.
    seconds : float
        Wall time.
    peak_memory : int or None
        Greatest resident memory of the kernel in bytes, where the system tells.
    kernel : str
        Name of the engine.
    """

    notebook: dict[str, Any]
    error: str = ""
    message: str = ""
    traceback: tuple[str, ...] = ()
    cell: int | None = None
    seconds: float = 0.0
    peak_memory: int | None = None
    kernel: str = ORDINARY


def execute(request: Request) -> Outcome:
    """Execute a notebook.

    Parameters
    ----------
    request : Request
        What, with what, within which limits.

    Returns
    -------
    Outcome
        Also where it failed: no exception of the notebook or its kernel leaves this function.
    """
    watch = _Watch(request)
    began = time.monotonic()
    raised: BaseException | None = None
    try:
        papermill.execute_notebook(
            request.notebook,
            None,
            parameters=dict(request.parameters),
            engine_name=request.engine,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            watch=watch,
        )
    except Exception as error:  # noqa: BLE001 - whatever ended it is told in the outcome
        raised = error
    finally:
        watch.stop()
    outcome = _told_truly(watch, raised)
    outcome.seconds = time.monotonic() - began
    return outcome


class _Watch:
    """Follow a kernel: which cell runs, how much memory it takes, whether its time is up."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.notebook: Any = None
        self.cell: int | None = None
        self.finished: set[int] = set()
        self.peak: int | None = None
        self.verdict = ""
        self._manager: AsyncKernelManager | None = None
        self._deadline = time.monotonic() + request.time_limit
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self, manager: AsyncKernelManager) -> None:
        """Begin to look."""
        self._manager = manager
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
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
        while not self._ended.wait(_LOOK_EVERY):
            process = getattr(getattr(self._manager, "provisioner", None), "pid", None)
            used, peak = _memory(process) if process else (0, None)
            if peak is not None:
                self.peak = max(self.peak or 0, peak)
            if self.verdict:
                continue
            if time.monotonic() > self._deadline:
                self.verdict = "TimeLimit"
            elif used > self.request.memory_limit:
                self.verdict = "MemoryLimit"
            if self.verdict and process:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process, signal.SIGKILL)


def _memory(process: int) -> tuple[int, int | None]:
    """Return the resident memory of a process and its peak, in bytes; (0, None) where nobody tells."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0, None
    found = {line[:6]: int(line.split()[1]) << 10 for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return found.get("VmRSS:", 0), found.get("VmHWM:")


class _OwnKernel(AsyncKernelManager):
    """Kernels of the very interpreter that runs the batch, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command that starts one."""
        command = [sys.executable, "-m", "analytics.reporting.kernel", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class OrdinaryEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own way to execute, in a kernel of the batch's choosing, under a watch."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, watch: _Watch, **_: Any) -> Any:
        """Execute the cells one after another."""
        watch.notebook = nb_man.nb
        request = watch.request
        with (
            tempfile.TemporaryDirectory(prefix="wb-", dir=request.sockets) as sockets,
            _log(request.folder) as log,
        ):
            manager = _OwnKernel(kernel_name=kernel_name, connection_file=str(Path(sockets) / "k.json"))
            if os.name == "posix" and len(sockets) < _LONGEST_SOCKET_PATH:
                manager.transport = "ipc"  # no port to race for, nothing on the network
            watch.start(manager)
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                kernel_name=kernel_name,
                timeout=None,
                startup_timeout=min(_START_LIMIT, request.time_limit),
                on_cell_start=watch.on_cell_start,
                on_cell_executed=watch.on_cell_executed,
                shutdown_kernel="immediate",
            )
            client.execute(
                cleanup_kc=True, env=_environment(request), cwd=str(request.folder), stdout=log, stderr=log
            )
        return nb_man.nb


papermill_engines.register(ORDINARY, OrdinaryEngine)


def _log(folder: Path) -> Any:
    """Keep what a kernel writes past the notebook's outputs out of the terminal."""
    return (folder / "kernel.log").open("wb")


def _environment(request: Request) -> dict[str, str]:
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        **_ONE_THREAD,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(request.folder / "ipython"),
        MEMORY_LIMIT: str(request.memory_limit),
        **request.environment,
    }


def _told_truly(watch: _Watch, raised: BaseException | None) -> Outcome:
    """Find out how the execution really ended, and write it into the cells."""
    notebook = watch.notebook
    if notebook is None:
        notebook = nbformat.read(watch.request.notebook, as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [c for c in notebook.cells if ERROR_MARKER_TAG not in c.metadata.get("tags", ())]
    outcome = Outcome(notebook=notebook, kernel=watch.request.engine, peak_memory=watch.peak)
    code = [n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    shown = _first_error(notebook, code)
    if watch.verdict:
        outcome.error, outcome.cell = watch.verdict, watch.cell
    elif shown:
        outcome.cell, error = shown
        outcome.error, outcome.message = error.ename, error.evalue
        outcome.traceback = tuple(error.traceback)
    elif raised is not None:
        dead = type(raised).__name__ == "DeadKernelError" or "Kernel died" in str(raised)
        outcome.error, outcome.cell = "DeadKernel" if dead else type(raised).__name__, watch.cell
        outcome.message = "" if dead else str(raised)
    elif unreached := [n for n in code if n not in watch.finished]:
        outcome.error, outcome.cell = "NotAllCellsRan", unreached[0]
    if outcome.error:
        _mark(notebook, outcome.cell)
    return outcome


def _first_error(notebook: Any, code: list[int]) -> tuple[int, Any] | None:
    for number in code:
        for output in notebook.cells[number].get("outputs", ()):
            if output.output_type == "error":
                return number, output
    return None


def _mark(notebook: Any, failed: int | None) -> None:
    """Set Papermill's states right: it takes cells for completed that never ran."""
    for number, cell in enumerate(notebook.cells):
        record = cell.metadata.setdefault("papermill", {})
        if failed is not None and number == failed:
            record.update(status="failed", exception=True)
        elif failed is None or number > failed:
            record.update(status="pending", exception=False, start_time=None, end_time=None, duration=None)
    notebook.metadata.setdefault("papermill", {})["exception"] = True
