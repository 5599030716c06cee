"""Who has got which message: written before and after each is handed over, so that nobody gets one twice.

One line for each step, appended and flushed to the disk. A message counts as begun from just before its last
byte is sent: after a crash between that and the server's answer nobody knows whether it was taken, and it is
not sent again unless somebody asks for it. The lines hold digests, no addresses.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

Step = Literal["begun", "sent", "refused"]
FILE = ".mail/ledger.jsonl"


class Ledger:
    """The ledger of a folder of reports.

    Parameters
    ----------
    out : pathlib.Path
        Folder of all reports.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / FILE
        self._steps: dict[str, Step] = {}
        with suppress(FileNotFoundError):
            for line in self._path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError, TypeError):  # the last one may be torn
                    said = json.loads(line)
                    self._steps[said["key"]] = said["step"]

    def step(self, digest: str, recipient: str) -> Step | None:
        """Return how far a message to one recipient has come; None where it was not begun or was refused."""
        step = self._steps.get(_key(digest, recipient))
        return None if step == "refused" else step

    def write(self, digest: str, recipients: tuple[str, ...], step: Step) -> None:
        """Note a step, and wait until the disk has it.

        Raises
        ------
        OSError
            If it cannot be written; then nothing may be sent.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        keys = [_key(digest, recipient) for recipient in recipients]
        before = self._path.read_bytes() if self._path.exists() else b""
        torn = bool(before) and not before.endswith(b"\n")
        lines = "\n" * torn + "".join(json.dumps({"key": key, "step": step}) + "\n" for key in keys)
        with self._path.open("ab") as file:
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
        self._steps |= dict.fromkeys(keys, step)


def _key(digest: str, recipient: str) -> str:
    return hashlib.sha256(f"{digest} {recipient.casefold()}".encode()).hexdigest()
