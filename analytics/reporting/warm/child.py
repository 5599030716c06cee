"""One report's process: ipykernel's own kernel, with a socket in the place of ZeroMQ.

Nothing is kept back in it: what a report had shown when it was killed, the runner has already.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from analytics.reporting.kernel import MEMORY_LIMIT, die_with_parent, limit_memory
from analytics.reporting.warm.wire import ERR, MESSAGE, OUT, Frames, framed

_BACKEND = "module://matplotlib_inline.backend_inline"  # what an ordinary kernel sets where nothing is set
_READ = 1 << 16


class Wire:
    """The child's end of the socket to the runner.

    A process that the report itself forks has a copy of the socket, and its frames would come between the
    report's: it writes text to the log and shows nothing.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process = 0
        self._lock = threading.Lock()

    def open(self, connection: int) -> socket.socket:
        """Use a connection; it belongs to the process that calls."""
        self._socket, self._process = socket.socket(fileno=connection), os.getpid()
        self._socket.set_inheritable(False)
        return self._socket

    def send(self, kind: bytes, data: bytes) -> None:
        """Send a frame; return when the system has taken it."""
        if self._socket is not None and os.getpid() == self._process:
            with self._lock:
                self._socket.sendall(framed(kind, data))
        elif kind != MESSAGE:
            os.write(2, data)


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a report."""

    encoding = "UTF-8"

    def __init__(self, wire: Wire, name: str) -> None:
        self.name = name
        self._wire, self._number, self._kind = wire, *{"stdout": (1, OUT), "stderr": (2, ERR)}[name]

    def write(self, text: str) -> int:
        """Send a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if text:
            self._wire.send(self._kind, text.encode("utf-8", "backslashreplace"))
        return len(text)

    def fileno(self) -> int:
        """Return the file that programs started by the report write to: its log."""
        return self._number

    def writable(self) -> bool:
        """Return True."""
        return True


class Kernel:
    """ipykernel's kernel and shell, made once in the parent, before anything asks for them.

    matplotlib's inline backend, for one, shows no figure where it is imported before there is a shell.
    """

    def __init__(self) -> None:
        before = dict(os.environ)
        os.environ.setdefault("MPLBACKEND", _BACKEND)
        _leave_out_the_debugger()
        from ipykernel.ipkernel import IPythonKernel
        from ipykernel.kernelapp import IPKernelApp
        from traitlets.config import Config

        self.wire = Wire()
        sys.stdout, sys.stderr = Stream(self.wire, "stdout"), Stream(self.wire, "stderr")
        settings = Config()
        settings.HistoryManager.enabled = False
        self.kernel: Any = IPythonKernel.instance(
            config=settings, session=_session(self.wire), _execute_sleep=0.0, log=logging.getLogger(__name__)
        )
        self.kernel.shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())
        app: Any = IPKernelApp.instance()  # is never initialised; %matplotlib looks for its kernel
        shell: Any = self.kernel.shell
        app.kernel, app.shell = self.kernel, shell
        app.init_path()  # the report's own folder can be imported from
        shell.extension_manager.load_extension("storemagic")  # as an ordinary kernel does
        self.environment = {k: v for k, v in os.environ.items() if before.get(k) != v}

    def handle(self, message: dict[str, Any]) -> Any:
        """Do what a message asks for; what comes back may have to be awaited."""
        return self.kernel.shell_handlers[message["header"]["msg_type"]](None, [], message)

    def say(self, state: str) -> None:
        """Publish whether the kernel is busy."""
        self.kernel._publish_status(state, "shell")


def _leave_out_the_debugger() -> None:
    """Put nothing in the place of ipykernel's debugger, which wants sockets and takes long to import."""
    nothing: Any = ModuleType("ipykernel.debugger")
    nothing._is_debugpy_available, nothing.Debugger = False, object
    sys.modules[nothing.__name__] = nothing


def _session(wire: Wire) -> Any:
    """Make a Jupyter session that sends over a wire; what it sends is packed as ever."""
    from jupyter_client.session import Session

    class WireSession(Session):
        def send(
            self,
            stream: Any,  # noqa: ARG002 - there is one way only
            msg_or_type: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,  # noqa: ARG002
            buffers: Any = None,
            track: bool = False,  # noqa: ARG002
            header: Any = None,
            metadata: Any = None,
        ) -> dict[str, Any]:
            """Send a message."""
            whole: dict[str, Any] = msg_or_type
            if not isinstance(whole, dict):
                whole = self.msg(msg_or_type, content, parent, header, metadata)
            packed = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
            wire.send(MESSAGE, self.pack({**whole, "buffers": packed}))
            return whole

    return WireSession()


def run_report(kernel: Kernel, order: dict[str, Any], connection: int) -> None:
    """Be one report, from the fork to its end; returns when nobody wants more, or when the notebook left.

    Parameters
    ----------
    kernel : Kernel
        The copy of the parent's.
    order : dict
        ``environment`` (with the memory limit) and ``folder``.
    connection : int
        The socket to the runner.
    """
    parent = os.getppid()
    os.setsid()  # a group of its own: ended together with all that it starts
    die_with_parent()
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _settle(order["folder"], {**kernel.environment, **order["environment"]})
    _forget(kernel, order["environment"]["IPYTHONDIR"])
    connected = kernel.wire.open(connection)
    language = kernel.kernel.language_info
    ready = {"msg_type": "ready", "content": {"language_info": language}, "parent_header": {}, "header": {}}
    kernel.wire.send(MESSAGE, json.dumps(ready).encode())
    loop = asyncio.new_event_loop()  # not asyncio.run, which would turn an interrupt into a cancellation
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_serve(kernel, connected))
    except RuntimeError:
        if not kernel.kernel.shell.exit_now:  # exit() stops the loop, as it stops a kernel
            raise


def _settle(folder: str, environment: dict[str, str]) -> None:
    """Take on the report's folder, log, environment and limit."""
    os.chdir(folder)
    log = os.open("kernel.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for new, old in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(new, old)
    os.close(log)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    limit_memory(int(os.environ.pop(MEMORY_LIMIT, "0")))


def _forget(kernel: Kernel, folder: str) -> None:
    """Undo what all children of a parent would share, and kernels of their own would not."""
    from IPython.core.profiledir import ProfileDir

    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Python's own generator is reseeded by the fork
    with warnings.catch_warnings():  # a change of the filters clears the marks of what was shown before
        warnings.simplefilter("default")
    Path(folder).mkdir(parents=True, exist_ok=True)
    shell = kernel.kernel.shell
    shell.ipython_dir = folder
    shell.profile_dir = ProfileDir.create_profile_dir_by_name(folder, "default")  # type: ignore[no-untyped-call]
    shell._db = None  # what %store keeps; the next use opens it in the profile's folder


async def _serve(kernel: Kernel, connection: socket.socket) -> None:
    """Answer one request after another; between them the loop runs, as in any kernel."""
    from tornado.ioloop import IOLoop

    loop, frames = asyncio.get_running_loop(), Frames()
    kernel.kernel.io_loop = IOLoop.current()
    while True:
        ready = asyncio.Event()
        loop.add_reader(connection, ready.set)
        await ready.wait()
        loop.remove_reader(connection)
        if not (data := connection.recv(_READ)):
            return
        for _, body in frames.add(data):
            message = json.loads(body)
            kernel.kernel.set_parent([], message)
            kernel.say("busy")
            done = kernel.handle(message)
            if inspect.isawaitable(done):
                await done
            kernel.say("idle")
