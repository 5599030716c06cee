"""The process in which one report runs: an IPython kernel with a memory limit, which dies with its parent.

Run as ``python -m analytics.reporting.kernel -f CONNECTION_FILE``. Installed kernel specifications, the
user's IPython profile and history are not used, so that a batch runs alike for everyone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

MEMORY_LIMIT = "WORKBOOK_MEMORY_LIMIT"
_PR_SET_PDEATHSIG = 1
_SLACK = 1 << 30  # address space that is asked for and never touched: thread stacks, arenas


def main() -> None:
    """Start the kernel and serve until it is told to stop."""
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    die_with_parent()
    limit_memory(int(os.environ.pop(MEMORY_LIMIT, "0")))
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=[*sys.argv[1:], "--HistoryManager.enabled=False"])


def die_with_parent(*, still: bool = True) -> None:
    """Ask the system to end this process when the one that started it ends, where it can (Linux).

    Not `still`: let it go on then, though it was asked before.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if still else 0)


def surroundings(temporary: Path | None) -> dict[str, str]:
    """Return what the environment of every kernel has beside that of the runner.

    Parameters
    ----------
    temporary : pathlib.Path, optional
        Where a kernel puts temporary files: it is ended by a signal, so that it cannot remove what it or its
        database have put aside.
    """
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(threads, "1"),
        **({"TMPDIR": str(temporary)} if temporary else {}),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONHASHSEED": "0",
    }


def limit_memory(limit: int) -> None:
    """Let a single absurd request fail as a MemoryError; the runner watches the memory really used."""
    if limit <= 0 or not sys.platform.startswith("linux"):
        return
    import resource

    ceiling = limit + _SLACK
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, hard))


if __name__ == "__main__":
    main()
