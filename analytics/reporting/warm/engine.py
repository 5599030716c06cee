"""The Papermill engine that runs a notebook in a child of this worker's warm parent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, DeadKernelError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine

from analytics.reporting.warm.client import Child, GoneError, has_served, own_parent
from analytics.reporting.watch import Watch

_START_LIMIT = 120  # seconds in which a parent must have started, and a child be ready
_GRACE = 5  # seconds after the time limit in which a child that was killed must have ended


class WarmEngine(Engine):  # type: ignore[misc]
    """Execute a notebook in a process forked from one that has done its imports."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Watch, environment: Mapping[str, str], **_: Any
    ) -> Any:
        """Execute the cells one after another.

        Raises
        ------
        NoParentError
            If there is nothing to fork from; no cell was run then.
        DeadKernelError
            If the child died.
        """
        watch.notebook, request = nb_man.nb, watch.request
        shared = {name: value for name, value in environment.items() if name not in request.environment}
        order = {
            "notebook": str(request.notebook.resolve()),
            "folder": str(request.folder),
            "environment": dict(environment),
        }
        parent = own_parent(shared, request.sockets, min(_START_LIMIT, watch.left))
        with parent.child(order, min(_START_LIMIT, watch.left)) as child:
            has_served()
            watch.start(lambda: child.process)
            try:
                _Client(nb_man, kernel_name=kernel_name, child=child, watch=watch).execute()
            finally:
                watch.stop()
        return nb_man.nb


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client over a child's socket: no event loop, and nbclient's own handling of messages."""

    def __init__(self, nb_man: Any, *, child: Child, watch: Watch, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self.kc, self._child, self._watch = child, child, watch

    def execute(self, **_: Any) -> Any:
        """Execute all cells, up to the first that fails."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = self._child.language
        self.set_widgets_metadata()
        return self.nb

    def execute_cell(
        self,
        cell: Any,
        cell_index: int,
        execution_count: Any = None,  # noqa: ARG002 - the kernel counts
        store_history: bool = True,
    ) -> Any:
        """Execute one cell, and take what it shows."""
        self._watch.on_cell_start(cell_index=cell_index)
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        cell.metadata["execution"], cell.outputs = {}, []
        self.clear_before_next_output = False
        self.code_cells_executed += 1
        asked = {"code": cell.source, "silent": False, "store_history": store_history, "allow_stdin": False}
        asked |= {"user_expressions": {}, "stop_on_error": False}  # nothing is queued that could be stopped
        request = self._child.msg("execute_request", asked)
        try:
            reply = self._answer(request, cell, cell_index)
        except GoneError:
            raise DeadKernelError("Kernel died") from None
        self._watch.on_cell_executed(cell_index=cell_index)
        if reply["content"]["status"] == "error":
            _show_error(cell, reply["content"])
            raise CellExecutionError.from_cell_and_msg(cell, reply["content"])
        return cell

    def _answer(self, request: dict[str, Any], cell: Any, cell_index: int) -> dict[str, Any]:
        """Handle messages until the kernel is idle again, and return the reply to a request."""
        self._child.send(request)
        reply: dict[str, Any] = {"content": {"status": "aborted"}}
        with suppress(CellExecutionComplete):
            while True:
                message = self._child.next(self._watch.left + _GRACE)
                of_cell = message["parent_header"].get("msg_id") == request["msg_id"]
                if message["msg_type"] == "execute_reply":
                    reply = message
                    cell.metadata["execution"]["shell.execute_reply"] = timestamp(message)
                elif of_cell or message["msg_type"] != "status":
                    self.process_message(message, cell, cell_index)
        return reply


def _show_error(cell: Any, reply: Mapping[str, Any]) -> None:
    """Leave the error in the cell also where the child had no memory left to show it."""
    if not any(output.output_type == "error" for output in cell.outputs):
        shown = {key: reply[key] for key in ("ename", "evalue", "traceback")}
        cell.outputs.append(new_output("error", **shown))  # type: ignore[no-untyped-call]
