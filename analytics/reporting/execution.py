"""Execute one notebook in a kernel of its own, and tell the truth about how it ended.

Papermill fills in the parameters and keeps the record; around it stands what it lacks: a time limit for
the whole report, a memory limit, and true states when a kernel dies (Papermill marks every cell of such a
notebook as completed).

`execute` is the one place where a kernel is started: an ordinary one, or one forked from a process that has
done the imports (`analytics.reporting.warm`). Each way is a Papermill engine, named in `Request.engine`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import nbformat
import papermill
from papermill.engines import papermill_engines
from papermill.execute import ERROR_MARKER_TAG

from analytics.reporting.kernel import MEMORY_LIMIT, surroundings
from analytics.reporting.ordinary import OrdinaryEngine
from analytics.reporting.task import ORDINARY, WARM
from analytics.reporting.warm.client import NoParentError
from analytics.reporting.warm.engine import WarmEngine
from analytics.reporting.watch import Request, Watch


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
        Name of the engine; where it is not the one that was asked for, with the reason in brackets.
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
        Also where it failed: no exception of the notebook or its kernel leaves this function. It returns
        within seconds of the time limit, whatever the kernel, or the client that waits for it, is doing.
    """
    watch = Watch(request)
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
            environment=_environment(request),
        )
    except Exception as error:  # noqa: BLE001 - whatever ended it is told in the outcome
        raised = error
    finally:
        watch.stop()
    if isinstance(raised, NoParentError):
        outcome = execute(replace(request, engine=ORDINARY, time_limit=max(watch.left, 1.0)))
        outcome.kernel = f"{ORDINARY} ({raised})"
    else:
        outcome = _told_truly(watch, raised)
    outcome.seconds = time.monotonic() - watch.began
    return outcome


papermill_engines.register(ORDINARY, OrdinaryEngine)
papermill_engines.register(WARM, WarmEngine)


def _environment(request: Request) -> dict[str, str]:
    return {
        **surroundings(request.sockets),
        "IPYTHONDIR": str(request.folder / "ipython"),
        MEMORY_LIMIT: str(request.memory_limit),
        **request.environment,
    }


def _told_truly(watch: Watch, raised: BaseException | None) -> Outcome:
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
