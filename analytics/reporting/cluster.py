"""Reports on many machines: the pool whose workers are those of a Dask cluster.

The cluster is used through the ``concurrent.futures`` interface of ``dask.distributed``, so that a batch runs
by the same code path as on one machine. Every worker sees the folders of reports, notebooks, params and data
under the same paths, and has the same code (`fitness`). It reads the params itself, with the secrets of its
own environment: none travels in a task.

Dask gives a task whose worker died to another, and computes again what was lost with a worker: a task may
come twice. So each attempt has a folder of its own and takes those of earlier attempts away, an attempt that
is not wanted any more puts nothing into place, and what the run has finished is not made again.
"""

from __future__ import annotations

import asyncio
import atexit
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

from analytics.errors import AnalyticsError, ParamsError
from analytics.params import Organisation, Workbook, load_workbook
from analytics.reporting.fitness import Expected, described, faults, forget
from analytics.reporting.manifest import ReportResult
from analytics.reporting.plan import Batch
from analytics.reporting.recall import RecalledError, while_wanted
from analytics.reporting.records import are_whole, read_record_of
from analytics.reporting.task import Task
from analytics.reporting.workers import WorkerLostError

Result = TypeVar("Result")

_CONNECT = 10  # seconds in which the scheduler must answer, and name a worker
_ANSWER = 60  # seconds in which workers must have looked around, or have ended what runs
_NO_WORKER = 300  # seconds without any worker after which a run gives up
_LOOK_EVERY = 1.0


class ClusterError(AnalyticsError):
    """A cluster cannot be reached, or cannot make these reports."""


class ClusterPool:
    """The workers of a Dask cluster, each of which was found fit to make the reports of a batch.

    The cluster is called at the first use: a run in which there is nothing to make leaves it alone.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://render-1:8786``.
    batch : Batch
        What is to be made.

    Raises
    ------
    ParamsError
        If `address` is none.
    ClusterError
        If Dask is not installed. Also by the first `submit`, before anything has run, if the scheduler does
        not answer, or a worker would not make the same reports.
    """

    def __init__(self, address: str, batch: Batch) -> None:
        self._address = scheduler_address(address)
        if find_spec("distributed") is None:
            raise ClusterError(
                f"--scheduler {address} needs dask.distributed, which is not installed here; "
                "install it with: pip install '.[cluster]'"
            )
        self._batch = batch
        self._cluster: _Cluster | None = None

    @property
    def workers(self) -> int:
        """How many reports run at once: the threads of the workers that are there now."""
        return self._cluster.threads if self._cluster else 1

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        """Hand a call to a worker. Function, arguments and result travel between machines."""
        if self._cluster is None:
            self._cluster = _Cluster(self._address, self._batch)
        return self._cluster.submit(function, *arguments)

    @property
    def free(self) -> int:
        """How many reports run at once: nothing else goes on."""
        return self.workers

    def prepare(self, notebooks: Sequence[Path], temporary: Path) -> None:
        """Do nothing: a worker of the cluster imports when its first report comes."""

    def is_lost(self, error: BaseException) -> bool:
        """Whether a call ended with this error because its worker was lost, not because of what it did."""
        return isinstance(error, (WorkerLostError, RecalledError))

    def stop(self) -> None:
        """Call back what is queued and what runs, and wait until the processes of the reports have ended."""
        if self._cluster is not None:
            self._cluster.call_back()
        self.close()

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        if self._cluster is not None:
            self._cluster.leave()
            self._cluster = None


def scheduler_address(text: str) -> str:
    """Check the address of a scheduler.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Raises
    ------
    ParamsError
        If it is none.

    Examples
    --------
    >>> scheduler_address("tcp://render-1:8786")
    'tcp://render-1:8786'
    >>> scheduler_address("render-1")
    Traceback (most recent call last):
    analytics.errors.ParamsError: --scheduler "render-1" is no address of a scheduler; give one such as
    tcp://render-1:8786, or tls://render-1:8786
    """
    found = re.fullmatch(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})/?", text)
    if not found or not 0 < int(found[1]) < 1 << 16:
        raise ParamsError(
            f'--scheduler "{text[:80]}" is no address of a scheduler; give one such as '
            "tcp://render-1:8786, or tls://render-1:8786"
        )
    return text


# In the runner ------------------------------------------------------------------------------------------


class _Cluster:
    """A cluster to which the runner is connected."""

    def __init__(self, address: str, batch: Batch) -> None:
        self._address = address
        self._run = uuid4().hex
        self._expected: Expected | None = None
        self._futures: set[Future[Any]] = set()
        self._left = threading.Event()
        self._client = _connected(address)
        try:
            self.threads = _threads(self._client, address)
            self._expected = described(batch)
            self._refuse_unfit_workers()
        except BaseException:
            self._client.close()
            self._forget()
            raise
        self._executor = self._client.get_executor(pure=False)  # equal calls are not one call
        self._watch = threading.Thread(target=self._look, name="cluster", daemon=True)
        self._watch.start()

    def submit(self, function: Callable[..., Result], /, *arguments: Any) -> Future[Result]:
        outer: Future[Result] = Future()
        try:
            inner = self._executor.submit(_in_worker, self._run, self._expected, function, *_sent(arguments))
        except Exception as error:  # noqa: BLE001 - however it says so, the way to the cluster is gone
            outer.set_exception(ClusterError(f"{self._gone} ({type(error).__name__})"))
            return outer
        self._futures.add(outer)
        outer.add_done_callback(self._futures.discard)
        inner.add_done_callback(partial(_pass_on, outer))
        return outer

    def call_back(self) -> None:
        """Cancel everything, and wait until no worker is busy with it."""
        with suppress(Exception):  # a cluster that is gone runs nothing that could be waited for
            self._executor.shutdown(wait=False)
            self._client.run(_until_idle, self._run, on_error="ignore", callback_timeout=_ANSWER)

    def leave(self) -> None:
        """Cut the connection."""
        self._left.set()
        self._watch.join()
        with suppress(Exception):
            self._client.close()
        self._forget()

    @property
    def _gone(self) -> str:
        return (
            f"the connection to the cluster at {self._address} is lost: start it again, "
            "then repeat the command with --resume"
        )

    def _forget(self) -> None:
        if self._expected is not None:
            forget(self._expected)

    def _refuse_unfit_workers(self) -> None:
        """Ask each worker once what it lacks, before anything has run."""
        known = self._client.scheduler_info()["workers"]
        try:
            answers = self._client.run(faults, self._expected, on_error="return", callback_timeout=_ANSWER)
        except Exception as error:
            raise ClusterError(
                f"--scheduler {self._address}: the workers did not answer within {_ANSWER} s "
                f"({type(error).__name__}); see their logs"
            ) from error
        lines = []
        for address, answer in sorted(answers.items()):
            found = known.get(address, {})
            where = f"worker {found.get('name', address)} on {found.get('host', address)}"
            lines += [f"  {where} {fault}" for fault in _words(answer)]
        if lines:
            unfit = sum(bool(_words(answer)) for answer in answers.values())
            raise ClusterError(
                f"--scheduler {self._address}: {unfit} of {len(answers)} workers cannot make these reports, "
                "and nothing was run:\n" + "\n".join(lines)
            )

    def _look(self) -> None:
        """Count the threads of the cluster, and give up where it has had none for long."""
        seen = monotonic()
        while not self._left.wait(_LOOK_EVERY):
            try:
                threads = sum(self._client.nthreads(callback_timeout=_CONNECT).values())
            except Exception:  # noqa: BLE001 - it does not answer; for how long decides
                threads = 0
            if threads:
                seen, self.threads = monotonic(), threads
            elif monotonic() - seen > _NO_WORKER:
                error = ClusterError(f"{self._gone} (no worker for {_NO_WORKER} s)")
                for future in list(self._futures):
                    with suppress(InvalidStateError):
                        future.set_exception(error)


def _connected(address: str) -> Any:
    """Call the scheduler."""
    from distributed import Client

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions: said below, for every worker
            return Client(address, timeout=_CONNECT, set_as_default=False, name="workbook")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise ClusterError(
            f"--scheduler {address}: no scheduler answered within {_CONNECT} s ({type(error).__name__}); "
            "start one there with: dask scheduler; or mend the address or the firewall"
        ) from error


def _threads(client: Any, address: str) -> int:
    """Wait for the first worker, and count threads."""
    try:
        client.wait_for_workers(1, timeout=_CONNECT)
    except Exception as error:
        raise ClusterError(
            f"--scheduler {address}: the scheduler has no worker; start some, each with the workbook "
            f"installed, with: dask worker {address}"
        ) from error
    return sum(client.nthreads().values())


def _words(answer: list[str] | BaseException) -> list[str]:
    """Say what a worker answered when it was asked for its faults."""
    if isinstance(answer, BaseException):
        return [
            f"has no such package analytics as here ({type(answer).__name__}): "
            "install the same version, with the extra cluster, then restart it"
        ]
    return answer


def _pass_on(outer: Future[Any], inner: Future[Any]) -> None:
    """Hand on how a call ended; one that Dask dropped was lost, and is not cancelled by anyone here."""
    with suppress(InvalidStateError):  # given up already
        try:
            outer.set_result(inner.result())
        except CancelledError:
            outer.set_exception(WorkerLostError("the cluster dropped it"))
        except Exception as error:  # noqa: BLE001 - it is the batch's to judge
            if type(error).__name__ == "KilledWorker":  # tried several times by Dask: not tried again
                error = ClusterError("several workers died one after another while they made it")
            outer.set_exception(error)


# What travels -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    """An organisation by its id: its params may hold a password, which the worker has in its environment."""

    id: str


def _sent(arguments: Iterable[Any]) -> list[Any]:
    return [_Named(each.id) if isinstance(each, Organisation) else each for each in arguments]


def _received(arguments: Iterable[Any], expected: Expected, run: str) -> list[Any]:
    return [_params(expected, run).organisation(a.id) if isinstance(a, _Named) else a for a in arguments]


@lru_cache(maxsize=1)
def _params(expected: Expected, run: str) -> Workbook:  # noqa: ARG001 - read anew for each run
    return load_workbook(expected.params, notebooks=expected.notebooks[0].parent)


# In a worker --------------------------------------------------------------------------------------------

_busy: dict[str, str] = {}
"""Key of a task that runs in this process → its run."""


def _in_worker(
    run: str, expected: Expected, function: Callable[..., Result], /, *arguments: Any
) -> Result | ReportResult:
    """Do a call, in a worker that is fit, for as long as it is wanted."""
    from distributed import get_worker

    _refuse_if_unfit(expected)
    worker = get_worker()
    key = str(worker.get_current_task())
    _busy[key] = run
    try:
        if not isinstance(arguments[0], Task):
            return function(*_received(arguments, expected, run))
        with _attempt(arguments[0]) as (task, number):

            def wanted() -> bool:
                """Say whether Dask has not called it back, and no newer attempt has taken its folder."""
                state = worker.state.tasks.get(key)
                return state is not None and state.state == "executing" and task.work.is_dir()

            with while_wanted(wanted):
                result = _made_before(task) or function(task)
            return replace(result, tries=number) if isinstance(result, ReportResult) else result
    finally:
        _busy.pop(key, None)


def _made_before(task: Task) -> ReportResult | None:
    """Return what an earlier attempt of this run has finished: Dask lost the answer, not the report."""
    record = read_record_of(task.out, task.name)
    if record is None or task.refusal or record.result.state == "failed":
        return None
    of_this_run = (record.result.made, record.key) == (task.context.started, task.key)
    return record.result if of_this_run and are_whole(task.out, record) else None


@contextmanager
def _attempt(task: Task) -> Iterator[tuple[Task, int]]:
    """Give this attempt a folder of its own, take those of earlier ones away, and count it."""
    earlier = list(task.work.parent.glob(f"{task.work.name}.*"))
    number = 1 + max((int(path.name.split(".")[1]) for path in earlier), default=0)
    own = task.work.with_name(f"{task.work.name}.{number}.{uuid4().hex[:8]}")
    try:
        own.mkdir()
    except FileNotFoundError:
        raise RecalledError from None  # the run has ended
    for path in earlier:
        shutil.rmtree(path, ignore_errors=True)
    try:
        yield replace(task, work=own, sockets=_sockets()), number
    finally:
        shutil.rmtree(own, ignore_errors=True)


@cache
def _sockets() -> Path:
    """Return a folder of this machine with a short path, which lasts as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="wb-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache(maxsize=8)
def _refuse_if_unfit(expected: Expected) -> None:
    """Look around once for each run: a worker may have come after the others were asked."""
    if found := faults(expected):
        raise ClusterError(f"a worker came later that cannot make these reports: it {'; it '.join(found)}")


async def _until_idle(run: str) -> None:
    while run in _busy.values():
        await asyncio.sleep(0.05)
