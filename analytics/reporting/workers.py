"""Who makes the reports: a pool of workers to which calls are handed, on this machine or elsewhere."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeVar

from analytics.reporting.kernel import die_with_parent, surroundings
from analytics.reporting.warm.ancestor import Ancestor, can_fork, offered

Result = TypeVar("Result")
_FAREWELL = 10.0  # seconds in which an idle worker must end when it is told to


class Pool(Protocol):
    """Workers, by the ``concurrent.futures`` interface and the little that a batch needs beside it.

    No worker is started before the first call: a run in which there is nothing to make starts none.
    """

    @property
    def workers(self) -> int:
        """How many calls run at once; it may change while a run goes on."""

    @property
    def free(self) -> int:
        """How many calls get on at once: fewer than `workers` while what `prepare` began takes a core."""

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Hand a call to a worker. Function, arguments and result travel between processes."""

    def prepare(self, notebooks: Sequence[Path], temporary: Path) -> None:
        """Hear whose reports will be made, and where kernels may put what is temporary, before they are."""

    def is_lost(self, error: BaseException) -> bool:
        """Whether a call ended with this error because its worker died, not because of what it did."""

    def stop(self) -> None:
        """End what runs, at once, with all processes that it started."""

    def close(self) -> None:
        """Let the workers go; nothing runs any more."""


class WorkerLostError(Exception):
    """A worker died over a call."""


class LocalPool:
    """Processes of this machine, each with a pipe of its own.

    The death of one ends the call that it had and no other; the next call gets a new one.

    Parameters
    ----------
    workers : int
        How many calls run at once.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._guard = threading.Lock()
        self._all: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._stopped = False
        self._ancestor: Ancestor | None = None

    def prepare(self, notebooks: Sequence[Path], temporary: Path) -> None:
        """Start to import for all workers what these notebooks import, where kernels can be forked."""
        if can_fork():
            with suppress(OSError):  # workers then import themselves
                self._ancestor = Ancestor(surroundings(temporary), temporary, notebooks)

    @property
    def free(self) -> int:
        """All of them, but for one where the imports take the core that it would run on."""
        busy = self._ancestor is not None and self._ancestor.importing
        return max(1, self.workers - 1) if busy and (os.cpu_count() or 1) <= self.workers else self.workers

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Hand a call to a worker."""
        return self._threads.submit(self._call, function, arguments)

    def is_lost(self, error: BaseException) -> bool:
        """Whether a worker died over a call."""
        return isinstance(error, WorkerLostError)

    def stop(self) -> None:
        """Kill all workers; their kernels end with them."""
        with self._guard:
            self._stopped = True
            for worker in self._all:
                worker.process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            worker.end()
        self._end_ancestor()

    def close(self) -> None:
        """Tell the workers to end, and wait until they have."""
        self._threads.shutdown(wait=True)
        for worker in self._all:
            worker.pipe.close()
        for worker in self._all:
            worker.process.join(_FAREWELL)
            worker.end()
        self._end_ancestor()

    def _end_ancestor(self) -> None:
        if self._ancestor:
            self._ancestor.end()
            self._ancestor = None

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        worker = self._take()
        try:
            worker.pipe.send((function, arguments))
            done, answer = worker.pipe.recv()
        except (EOFError, OSError) as error:
            with self._guard:
                self._all.remove(worker)
            worker.end()
            raise WorkerLostError(f"exit code {worker.process.exitcode}") from error
        finally:
            if worker in self._all:
                self._idle.append(worker)
        if not done:
            raise answer
        return answer

    def _take(self) -> _Worker:
        with self._guard:
            if self._stopped:
                raise WorkerLostError("the pool was stopped")
            if self._idle:
                return self._idle.pop()
            self._all.append(_Worker(self._ancestor.parent() if self._ancestor else None))
            return self._all[-1]


class _Worker:
    """One process and the pipe to it; it takes over the socket to its parent."""

    def __init__(self, parent: socket.socket | None) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, parent), daemon=True)
        with _without_interrupts():
            self.process.start()
        theirs.close()
        if parent:
            parent.close()

    def end(self) -> None:
        """End the process if it has not ended, and take note of its exit code."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach before they can say that it is not for them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_runner() -> None:
    """End with the runner also where the system does not see to it: nobody waits for the report any more."""
    if runner := parent_process():
        runner.join()
        os._exit(1)


def _serve(pipe: Connection, parent: socket.socket | None) -> None:
    """Be a worker: Ctrl-C is the batch's to answer, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with_parent()
    threading.Thread(target=_end_with_runner, name="runner", daemon=True).start()
    if parent:
        parent.set_inheritable(False)
        offered.append(parent)
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = True, function(*arguments)
        except Exception as error:  # noqa: BLE001 - it is told to the caller
            answer = False, error
        try:
            pipe.send(answer)
        except Exception as error:  # noqa: BLE001 - what cannot be pickled
            pipe.send((False, RuntimeError(f"an answer that cannot travel: {type(error).__name__}")))
