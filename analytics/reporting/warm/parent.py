"""The process that reports are forked from: it imports, waits, forks, and ends what it forked.

Run as ``python -m analytics.reporting.warm.parent FD [NOTEBOOK ...]``, where FD is a socket that keeps
message boundaries, and what the notebooks import is imported first. It has one child at a time and no thread.
Who holds the other end sends an order (JSON, with a socket beside it):

* for a report: it is answered by the child's process number or by why there is none; then comes anything at
  all, whereupon the child and all that it started are ended. The child is waited for only then, so that
  its number means no other process as long as the worker may use it. When that goes, so do parent and child;
* for another parent: a copy of this one serves the socket that came, and ends when nobody holds it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from analytics.reporting.kernel import die_with_parent
from analytics.reporting.warm.ancestor import ANOTHER
from analytics.reporting.warm.child import Kernel, run_report
from analytics.reporting.warm.preload import import_for, other_sockets, other_threads

LONGEST_ORDER = 1 << 18
_copied_from: list[int] = []
"""The ancestor of a copy; empty in a process that was started."""


def main() -> None:
    """Build a kernel, import, then serve until nobody asks any more."""
    die_with_parent()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    kernel = Kernel()
    for notebook in sys.argv[2:]:
        if _is_alone(control):
            return
        import_for(Path(notebook))
    _serve(control, kernel)


def _serve(control: socket.socket, kernel: Kernel) -> None:
    _tell(control, {"ready": os.getpid()})
    while _serve_one(control, kernel):
        pass


def _serve_one(control: socket.socket, kernel: Kernel) -> bool:
    """Carry out an order; return whether there may be another."""
    data, sockets, _, _ = socket.recv_fds(control, LONGEST_ORDER, 1)
    if not data:
        return False
    if data == ANOTHER:
        return _another(control, kernel, sockets[0])
    order = json.loads(data)
    with _ended_with_ancestor():
        import_for(Path(order["notebook"]))
    if _refuses(control, sockets[0]):
        return False
    child = _forked()
    if child == 0:
        _be_the_child(control, kernel, order, sockets[0])
    os.close(sockets[0])
    _tell(control, {"process": child})
    more = bool(control.recv(1))
    _end(child)
    _tell(control, {"ended": child})
    return more


def _another(control: socket.socket, kernel: Kernel, connection: int) -> bool:
    """Have a copy of this process serve a socket; this one goes on, and waits for no copy."""
    with socket.socket(fileno=connection) as theirs:
        if _refuses(theirs, control.fileno()):
            return False
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        ancestor = os.getpid()
        if _forked() == 0:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                _copied_from.append(ancestor)
                _serve(theirs, kernel)
            except BaseException:  # noqa: BLE001 - told in the log
                os.write(2, traceback.format_exc().encode())
            finally:  # never back into the ancestor's frames, nor to what it does at its end
                os._exit(0)
    return True


@contextmanager
def _ended_with_ancestor() -> Iterator[None]:
    """Let a copy end with the ancestor, and so with the run, while it cannot hear that its worker has gone.

    At other times it hears that, and ends its report's processes, which it could not if it were killed.
    """
    if _copied_from:
        die_with_parent()
        if os.getppid() != _copied_from[0]:
            os._exit(0)
    yield
    if _copied_from:
        die_with_parent(still=False)


def _is_alone(control: socket.socket) -> bool:
    """Whether nobody holds the other end any more."""
    poll = select.poll()
    poll.register(control, 0)
    return bool(poll.poll(0))


def _refuses(control: socket.socket, other: int) -> bool:
    """Say why nothing can be forked, if so; two sockets are known."""
    left = {"threads behind": other_threads(), "connections open": other_sockets({control.fileno(), other})}
    said = [f"{what}: {', '.join(names)}" for what, names in left.items() if names]
    if said:
        _tell(control, {"refused": f"its imports left {'; '.join(said)}"})
    return bool(said)


def _forked() -> int:
    gc.collect()
    gc.freeze()  # the child's collector then leaves the pages alone that it shares with its parent
    return os.fork()


def _be_the_child(control: socket.socket, kernel: Kernel, order: dict[str, Any], connection: int) -> None:
    """Be the report; never come back into the parent's frames."""
    try:
        control.close()
        run_report(kernel, order, connection)
    except BaseException:  # noqa: BLE001 - told in the report's log
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(1)


def _end(child: int) -> None:
    """End a child and its process group; one that is not yet in a group of its own ends alone."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            end(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _tell(control: socket.socket, what: dict[str, Any]) -> None:
    with suppress(OSError):
        control.send(json.dumps(what).encode())


if __name__ == "__main__":
    main()
