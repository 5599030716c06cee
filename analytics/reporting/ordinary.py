"""The Papermill engine that starts an ordinary kernel for each report, on any system."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from analytics.reporting.watch import Watch

_LONGEST_SOCKET_PATH = 90
_START_LIMIT = 120  # seconds in which a kernel must answer
_GRACE = 10  # seconds after the time limit in which the client must have noticed that its kernel is dead
_ASK_AGAIN = 0.5  # seconds


class OrdinaryEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own way to execute, in a kernel of the batch's choosing, under a watch."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Watch, environment: Mapping[str, str], **_: Any
    ) -> Any:
        """Execute the cells one after another."""
        watch.notebook, request = nb_man.nb, watch.request
        with (
            tempfile.TemporaryDirectory(prefix="wb-", dir=request.sockets) as sockets,
            (request.folder / "kernel.log").open("wb") as log,  # what it writes past the notebook's outputs
        ):
            manager = _Manager(kernel_name=kernel_name, connection_file=str(Path(sockets) / "k.json"))
            if os.name == "posix" and len(sockets) < _LONGEST_SOCKET_PATH:
                manager.transport = "ipc"  # no port to race for, nothing on the network
            watch.start(manager.process)
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                kernel_name=kernel_name,
                timeout=None,
                startup_timeout=_START_LIMIT,
                on_cell_start=watch.on_cell_start,
                on_cell_executed=watch.on_cell_executed,
                shutdown_kernel="immediate",
            )
            started = {"env": dict(environment), "cwd": str(request.folder), "stdout": log, "stderr": log}
            _within(watch.left + _GRACE, lambda: client.execute(cleanup_kc=True, **started))
        return nb_man.nb


class _Manager(AsyncKernelManager):
    """Kernels of the very interpreter that runs the batch, whatever kernels are installed."""

    def _client_factory_default(self) -> type:
        return _Client

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command that starts one."""
        command = [sys.executable, "-m", "analytics.reporting.kernel", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    def process(self) -> int | None:
        """Return the kernel's process, None while it has none."""
        process = getattr(self.provisioner, "process", None)
        return process.pid if process is not None and process.returncode is None else None


class _Channel(AsyncZMQSocketChannel):
    """A channel on which nobody waits for ever.

    A socket of ZeroMQ tells once that a message has come. jupyter_client sends past the object that waits for
    this; where a reply comes in that moment, as it does when nbclient answers an output widget, whoever
    waits for the reply is not told. So it is asked for again from time to time.
    """

    async def get_msg(  # type: ignore[override]
        self, timeout: float | None = None
    ) -> dict[str, Any]:
        """Return the next message; raise Empty where a given time was too short."""
        while True:
            try:
                return await super().get_msg(_ASK_AGAIN if timeout is None else timeout)
            except Empty:
                if timeout is not None:
                    raise


class _Client(AsyncKernelClient):
    shell_channel_class = _Channel
    iopub_channel_class = _Channel


def _within(seconds: float, call: Callable[[], Any]) -> None:
    """Call something that may never return, and give it up after a time.

    Raises
    ------
    TimeoutError
        If it has not returned; the thread that it has of its own is left behind.
    Exception
        What it raised.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            raised.append(error)
        finally:
            ensure_event_loop().close()  # the one that nbclient made for this thread

    thread = threading.Thread(target=run, name="client", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError("the client of the kernel did not return")
    if raised:
        raise raised[0]
