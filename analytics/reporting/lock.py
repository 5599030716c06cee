"""One run at a time on a folder of reports.

The lock is the system's own on an open file. It ends with the process that holds it, however that ends: a run
that was killed never blocks the next. What stands in the file is only for the message.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from analytics.errors import AnalyticsError

LOCK = ".lock"


class InUseError(AnalyticsError):
    """Another run holds the folder of reports; nothing has been run."""


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold a folder of reports against every other run.

    Parameters
    ----------
    out : pathlib.Path
        The folder; it is made if needed, and removed again if nothing was put into it.

    Raises
    ------
    InUseError
        If another run holds it: which process, on which host, since when, and what to do.
    """
    new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    held = _lock(out)
    try:
        os.ftruncate(held, 0)
        os.write(held, _myself().encode())
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; it then stays, and nobody holds it
            (out / LOCK).unlink()
        os.close(held)
        if new:
            with suppress(OSError):
                out.rmdir()


def _lock(out: Path) -> int:
    """Open the file and lock it.

    The run that held it removes it at its end; a lock on a file that has just been removed holds nobody off.
    """
    while True:
        held = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock_now(held)
            if os.path.samestat(os.fstat(held), (out / LOCK).stat()):
                return held
        except BlockingIOError:
            os.close(held)
            raise InUseError(_who_else(out)) from None
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(held)
            raise
        os.close(held)


if sys.platform == "win32":
    import msvcrt

    _BEYOND_ALL_WORDS = 1 << 30  # a byte that is locked there cannot be read either

    def _lock_now(held: int) -> None:
        os.lseek(held, _BEYOND_ALL_WORDS, os.SEEK_SET)
        try:
            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None
        finally:
            os.lseek(held, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock_now(held: int) -> None:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _myself() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since})


def _who_else(out: Path) -> str:
    try:
        said = json.loads((out / LOCK).read_text(encoding="utf-8"))
        process, host, since = said["process"], said["host"], said["since"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"another run is making reports in {out}; wait for its end, or give another folder with --out"
    return (
        f"another run is making reports in {out}: process {process} on {host}, since {since}; "
        "wait for its end, stop it, or give another folder with --out"
    )
