"""The process that reports are forked from: it imports, waits, forks, and ends what it forked.

Run as ``python -m analytics.reporting.warm.parent FD``, where FD is a socket to the runner that keeps message
boundaries. It has one child at a time and no thread. The runner sends an order (JSON, with the child's socket
beside it), which is answered by the child's process number or by why there is none; then anything at all,
whereupon the child and all that it started are ended. The child is waited for only then, so that its number
means no other process as long as the runner may use it. When the runner goes, so do parent and child.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from analytics.reporting.kernel import die_with_parent
from analytics.reporting.warm.child import Kernel, run_report
from analytics.reporting.warm.preload import import_for, other_threads

LONGEST_ORDER = 1 << 18


def main() -> None:
    """Build a kernel, then serve until the runner goes."""
    die_with_parent()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    kernel = Kernel()
    _tell(control, {"ready": True})
    while _serve_one(control, kernel):
        pass


def _serve_one(control: socket.socket, kernel: Kernel) -> bool:
    """Make one child and end it; return whether the runner may want another."""
    data, sockets, _, _ = socket.recv_fds(control, LONGEST_ORDER, 1)
    if not data:
        return False
    order = json.loads(data)
    import_for(Path(order["notebook"]))
    if threads := other_threads():
        _tell(control, {"refused": f"its imports left threads behind: {', '.join(threads)}"})
        return False
    gc.collect()
    gc.freeze()  # the child's collector then leaves the pages alone that it shares with its parent
    child = os.fork()
    if child == 0:
        _be_the_child(control, kernel, order, sockets[0])
    os.close(sockets[0])
    _tell(control, {"process": child})
    more = bool(control.recv(1))
    _end(child)
    _tell(control, {"ended": child})
    return more


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
