"""One process of a run that imports, from which the parents of all workers of this machine are forked.

It is light to import: the runner starts it before there is a worker. A worker finds its end of the socket to
its parent in `offered`; one that finds none, as on another machine, starts a parent of its own.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path

PROGRAM = "analytics.reporting.warm.parent"
ANOTHER = b'{"another": true}'
"""The order for a parent beside the one that is asked."""

offered: list[socket.socket] = []
"""This worker's end of the socket to a parent that it has not met."""


class Started:
    """A process to fork from, and what ends with it.

    Parameters
    ----------
    environment : mapping of str to str
        Of the imports; each report brings its own.
    folder : pathlib.Path, optional
        Where to keep a folder for its log; by default the system's for temporary files.
    notebooks : iterable of pathlib.Path
        Whose imports it does before it answers.
    """

    def __init__(
        self, environment: Mapping[str, str], folder: Path | None, notebooks: Iterable[Path] = ()
    ) -> None:
        paths = [str(path.resolve()) for path in notebooks]
        with ExitStack() as undo:
            self._folder = Path(tempfile.mkdtemp(prefix="warm-", dir=folder))
            undo.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.enter_context(self.control)
            with theirs, (self._folder / "parent.log").open("wb") as log:
                self._process = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        PROGRAM,
                        str(theirs.fileno()),
                        *paths,
                    ],
                    cwd=self._folder,
                    env={**environment, "IPYTHONDIR": str(self._folder)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is the batch's to answer
                )
            undo.pop_all()

    def end(self) -> None:
        """End the process."""
        self.control.close()
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Ancestor:
    """The process that imports for all workers; `Started` says what its parameters are."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path | None, notebooks: Iterable[Path]
    ) -> None:
        self._started = Started(environment, folder, notebooks)

    @property
    def importing(self) -> bool:
        """Whether it has not yet said that its imports are done."""
        poll = select.poll()
        poll.register(self._started.control, select.POLLIN)
        return not poll.poll(0)

    def parent(self) -> socket.socket | None:
        """Ask for a parent, and do not wait for it.

        Returns
        -------
        socket.socket or None
            To the parent, for a worker to have. It is closed from the other side where the imports leave
            nothing to fork from; None where that is known already.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self._started.control, [ANOTHER], [theirs.fileno()])
        except OSError:
            ours.close()
            return None
        return ours

    def end(self) -> None:
        """End the process; parents end with their workers."""
        self._started.end()


@cache
def can_fork() -> bool:
    """Return whether the system has what a parent needs."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True
