"""Digests of files, remembered for as long as a file is the one that was read.

A file is taken for unchanged while its size, its times of change and its number on the disk are what they
were, as git's index has it. Times are coarse: a file may change twice within one tick of the clock, and the
second change would go unseen. What changed within the last seconds before it was read is therefore not
remembered, and read again the next time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TICK = 2.0
"""Seconds within which two changes of a file may look like one (FAT keeps even seconds)."""

_FORMAT = 1


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FileDigests:
    """Remembers digests of files between runs.

    Parameters
    ----------
    memory : pathlib.Path, optional
        A file of its own to keep them in; without one they are remembered while this object lives. One that
        cannot be read is begun anew, for it only saves time.
    now : callable
        The clock, in seconds since 1970.
    """

    def __init__(self, memory: Path | None = None, now: Callable[[], float] = time.time) -> None:
        self._memory, self._now = memory, now
        self._known: dict[str, list[str | int]] = _read(memory) if memory else {}
        self._changed = False

    def of(self, path: Path, kind: str = "", read: Callable[[Path], str] = sha256) -> str:
        """Return what was read from a file.

        Parameters
        ----------
        path : pathlib.Path
        kind : str
            Tells apart different things that are read from one file.
        read : callable
            Reads it, where it is not known any more.

        Returns
        -------
        str

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        at = f"{kind}:{path.resolve()}"
        state = _state(path)
        known = self._known.get(at)
        if known and known[:-1] == state:
            return str(known[-1])
        asked = self._now()
        said = read(path)
        if _state(path) == state and asked - max(state[1:3]) / 1e9 > TICK:
            self._known[at] = [*state, said]
            self._changed = True
        elif self._known.pop(at, None):
            self._changed = True
        return said

    def recall(self, what: str, version: str) -> str:
        """Return what was remembered of a thing that is no file, in this version; else an empty text."""
        known = self._known.get(f"server:{what}")
        return str(known[-1]) if known and known[0] == version else ""

    def remember(self, what: str, version: str, said: str) -> None:
        """Remember something of a thing that is no file, for as long as its version is this."""
        self._known[f"server:{what}"] = [version, said]
        self._changed = True

    def save(self) -> None:
        """Keep what was learnt; where that cannot be written, it is learnt again."""
        if self._memory is None or not self._changed:
            return
        temporary = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
        with suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"format": _FORMAT, "files": self._known}), encoding="utf-8")
            temporary.replace(self._memory)
            self._changed = False


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _read(memory: Path) -> dict[str, list[str | int]]:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        body = json.loads(memory.read_text(encoding="utf-8"))
        if body.get("format") == _FORMAT:
            return {str(at): list(said) for at, said in body["files"].items()}
    return {}
