"""The runner's side: start a parent, have it fork, and hear what the child says."""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import socket
import threading
import time
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.jsonutil import parse_date

from analytics.reporting.warm.ancestor import Started, can_fork, offered
from analytics.reporting.warm.wire import ERR, MESSAGE, OUT, Frames, framed

_ATTEMPTS = 3  # parents that may fail one after another before a worker asks for no more
_LARGEST_ANSWER, _LARGEST_READ = 1 << 16, 1 << 20
_FAREWELL = 2_000  # milliseconds in which a parent must end by itself
_END_LIMIT = 10.0  # seconds in which a parent must have ended a child


class NoParentError(Exception):
    """There is no parent to fork the report from; nothing of the report has run."""


class GoneError(Exception):
    """The child does not answer any more."""


class Parent:
    """A process to fork reports from. It ends with this object, which ends with the thread that made it.

    Parameters
    ----------
    control : socket.socket
        To the process.
    limit : float
        Seconds in which it must be ready.
    end : callable, optional
        What to do to end it, where it is more than to kill it.
    """

    def __init__(self, control: socket.socket, limit: float, end: Callable[[], None] | None = None) -> None:
        self._control = control
        self.close = weakref.finalize(self, end or control.close)
        try:
            self.process: int = self._answer(limit)["ready"]
            if end is None:
                found = os.pidfd_open(self.process)
                self.close.detach()
                self.close = weakref.finalize(self, partial(_end, control, found))
        except (NoParentError, OSError) as error:
            self.close()
            raise NoParentError(str(error)) from error

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        if not self.close.alive:
            return False
        poll = select.poll()
        poll.register(self._control, 0)
        return not poll.poll(0)  # it tells of nothing but the end

    @contextmanager
    def child(self, order: Mapping[str, Any], limit: float) -> Iterator[Child]:
        """Fork a child, and end it, with all that it started, on leaving.

        Parameters
        ----------
        order : mapping
            What the child is to take on: ``notebook``, ``folder``, ``environment``.
        limit : float
            Seconds in which the child must be ready.

        Yields
        ------
        Child

        Raises
        ------
        NoParentError
            If there is none; the parent is of no use any more.
        """
        ours, theirs = socket.socketpair()
        with ours:
            try:
                with theirs:
                    socket.send_fds(self._control, [json.dumps(dict(order)).encode()], [theirs.fileno()])
                child = Child(ours, self._answer(limit)["process"], limit)
            except NoParentError:
                self.close()
                raise
            except (OSError, GoneError) as error:
                self.close()
                raise NoParentError(f"no process could be forked: {error}") from error
            try:
                yield child
            finally:
                child.close()
                self._end_child()

    def _end_child(self) -> None:
        """Have the child ended, and wait for it; a parent that cannot is ended, and so is its child."""
        try:
            self._control.send(b"x")
            self._answer(_END_LIMIT)
        except (OSError, NoParentError):
            self.close()

    def _answer(self, limit: float) -> dict[str, Any]:
        self._control.settimeout(max(limit, 0.001))
        try:
            data = self._control.recv(_LARGEST_ANSWER)
        except TimeoutError:
            raise NoParentError("the process to fork from did not answer in time") from None
        except OSError as error:
            raise NoParentError(f"the process to fork from is gone: {error.strerror}") from error
        answer: dict[str, Any] = json.loads(data) if data else {"refused": "the process to fork from ended"}
        if "refused" in answer:
            raise NoParentError(str(answer["refused"]))
        return answer


class Child:
    """A forked kernel, as nbclient needs one: it takes requests, and messages come from it.

    A process descriptor tells that it has ended, whoever else holds its socket open.
    """

    def __init__(self, connection: socket.socket, process: int, limit: float) -> None:
        self.process = process
        self._connection = connection
        self._ended = os.pidfd_open(process)
        self._poll = select.poll()
        for file in (connection.fileno(), self._ended):
            self._poll.register(file, select.POLLIN)
        self._frames, self._text = Frames(), {OUT: bytearray(), ERR: bytearray()}
        self._parent: dict[str, Any] = {}
        self._messages: deque[dict[str, Any]] = deque()
        self.session = self.shell_channel = self  # where nbclient's widgets look for `msg` and `send`
        try:
            self.language: dict[str, Any] = self.next(limit)["content"]["language_info"]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of what tells its end."""
        os.close(self._ended)

    def msg(
        self, msg_type: str, content: Any = None, parent: Any = None, metadata: Any = None
    ) -> dict[str, Any]:
        """Make a message."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": msg_type, "username": "", "session": ""}
        return {
            "header": {**header, "version": "5.3"},
            "msg_id": header["msg_id"],
            "msg_type": msg_type,
            "parent_header": parent or {},
            "metadata": metadata or {},
            "content": content or {},
            "buffers": [],
        }

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; where the child is dead, `next` says so."""
        if message["msg_type"] == "execute_request":
            self._parent = message["header"]
        with suppress(OSError):
            self._connection.sendall(framed(MESSAGE, json.dumps(message).encode()))

    def next(self, limit: float) -> dict[str, Any]:
        """Return the next message.

        Parameters
        ----------
        limit : float
            Seconds in which it must come.

        Raises
        ------
        GoneError
            If none came in time, or the child has ended and all that it said was returned before.
        """
        until = time.monotonic() + limit
        while not self._messages:
            ready = {file for file, _ in self._poll.poll(max(until - time.monotonic(), 0) * 1000)}
            if not ready:
                raise GoneError("it did not answer in time")
            data = b""
            if self._connection.fileno() in ready:
                with suppress(ConnectionResetError):
                    data = self._connection.recv(_LARGEST_READ)
            if data:
                self._take(data)
            elif self._ended in ready:
                self._say_text()
                if not self._messages:
                    raise GoneError("it has ended")
            else:  # it closed its socket and goes on: all that is left to wait for is its end
                self._poll.unregister(self._connection.fileno())
        return self._messages.popleft()

    def _take(self, data: bytes) -> None:
        """Sort what came; text is kept until something else comes, because it comes in many pieces."""
        for kind, body in self._frames.add(data):
            if kind == MESSAGE:
                self._say_text()
                message = json.loads(body)
                message["header"]["date"] = parse_date(message["header"].get("date"))
                message["buffers"] = [base64.b64decode(each) for each in message.get("buffers", ())]
                self._messages.append(message)
            else:
                self._text[kind].extend(body)

    def _say_text(self) -> None:
        """Say what was kept, each kind in one piece, as a kernel does that looks a few times a second."""
        for kind, name in ((OUT, "stdout"), (ERR, "stderr")):
            if text := self._text[kind]:
                said = {"name": name, "text": text.decode("utf-8", "replace")}
                self._messages.append(self.msg("stream", said, self._parent))
                text.clear()


def _end(control: socket.socket, process: int) -> None:
    """Let a parent that an ancestor has forked see that nobody holds its socket; kill one that does not."""
    control.close()
    poll = select.poll()
    poll.register(process, select.POLLIN)
    if not poll.poll(_FAREWELL):
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    os.close(process)


class _Own(threading.local):
    """A thread's parent: a system that is asked to end a process with its parent ends it with that thread."""

    parent: Parent | None = None
    failures: int = 0


_own = _Own()


def own_parent(environment: Mapping[str, str], folder: Path | None, limit: float) -> Parent:
    """Return the parent of the thread that calls, a new one where there is none.

    Parameters
    ----------
    environment, folder
        As for `Started`.
    limit : float
        Seconds in which it must be ready.

    Returns
    -------
    Parent

    Raises
    ------
    NoParentError
        If the system has not what it takes, or it cannot be started, or several could not be used before.
    """
    if _own.parent and _own.parent.alive:
        return _own.parent
    forget_parent()
    if not can_fork():
        raise NoParentError("warm kernels need Linux 5.3 or newer")
    until = time.monotonic() + limit
    if offered:
        with suppress(NoParentError):
            _own.parent = Parent(offered.pop(), limit / 2)  # else there is time to start one
            return _own.parent
    if _own.failures >= _ATTEMPTS:
        raise NoParentError(f"{_ATTEMPTS} processes to fork from could not be used")
    _own.failures += 1
    try:
        started = Started(environment, folder)
    except OSError as error:
        raise NoParentError(f"the process to fork from could not be started: {error.strerror}") from error
    _own.parent = Parent(started.control, until - time.monotonic(), started.end)
    return _own.parent


def has_served() -> None:
    """Note that the thread's parent is of use."""
    _own.failures = 0


def forget_parent() -> None:
    """End the parent of the thread that calls."""
    if _own.parent:
        _own.parent.close()
    _own.parent = None
