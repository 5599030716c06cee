"""What a run is to make: a batch of jobs, and from them the tasks that workers are given."""

from __future__ import annotations

import os
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.params import Job, Organisation
from analytics.params.kept import MODELS, kept_folder
from analytics.params.notebooks import FOLDER
from analytics.params.run import CHECKED, REPORTS, STARTED
from analytics.params.workbook import PARAMS
from analytics.reporting.failures import masked
from analytics.reporting.manifest import PageContext, ReportName
from analytics.reporting.records import standing_reports
from analytics.reporting.task import WARM, Task

if TYPE_CHECKING:
    from analytics.reporting.reuse import DataStates

Check = Callable[[Organisation, Mapping[str, str]], None]
"""Opens an organisation's data and raises an AnalyticsError where they are refused. It is told of the run
what notebooks are told by their environment, so that they need not check again."""

_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What to run, and where to.

    Parameters
    ----------
    jobs : sequence of Job
        In an order in which every job comes after those that it needs.
    params : pathlib.Path
        The params file or folder, for the notebooks to look their organisation up in.
    notebooks : pathlib.Path
        Folder of the notebooks.
    out : pathlib.Path
        Folder of all reports.
    workers : int
        How many reports run at once.
    check : callable, optional
        Called once for each organisation before anything runs; must be importable by name.
    force : bool
        Make also what has not changed.
    resume : bool
        Go on with the last run, if it was not finished, as if it had never stopped.
    data : DataStates, optional
        Tells the state of an organisation's data; without it nothing is known to be unchanged.
    whole : sequence of Job
        All that the params name, in order, where `jobs` are a choice of them: pages list each other so.
    scheduler : str
        Address of a Dask scheduler whose workers make the reports; empty for this machine's own processes.
    engine : str
        How kernels are started.
    started : datetime
        When the run began, with its time zone, to the second.
    """

    jobs: Sequence[Job]
    params: Path
    notebooks: Path
    out: Path
    workers: int = 1
    check: Check | None = None
    force: bool = False
    resume: bool = False
    data: DataStates | None = None
    whole: Sequence[Job] = ()
    scheduler: str = ""
    engine: str = WARM
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


def default_workers() -> int:
    """Return how many reports run at once where nothing is said: two, or one on a single core."""
    return min(2, os.cpu_count() or 1)


def versions() -> dict[str, str]:
    """Return the versions of what makes the reports."""
    packages = {"workbook": "customer-analytics-workbook", "papermill": "papermill", "ipykernel": "ipykernel"}
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name, package in packages.items():
        with suppress(PackageNotFoundError):
            found[name] = version(package)
    return found


def name_of(job: Job) -> ReportName:
    """Return which report a job makes."""
    return ReportName(
        organisation=job.organisation.id,
        organisation_name=job.organisation.name,
        timeframe=job.timeframe,
        slug=job.slug,
        notebook=job.card.name,
        title=job.card.title,
        question=job.card.question,
    )


def _standing_and_planned(batch: Batch, names: Sequence[ReportName]) -> list[ReportName]:
    """All reports to which pages may lead: those of this run, and those of earlier ones that stand.

    They are in the order of the params, whichever were made when: a run of a few reports draws the same
    pages as a run of all.
    """
    standing = standing_reports(batch.out, {name.organisation for name in names})
    known = {name.page: name for name in (*standing, *names)}
    order = [*(name_of(job) for job in batch.whole), *names, *standing]
    return [known[page] for page in dict.fromkeys(name.page for name in order) if page in known]


def _command(batch: Batch, name: ReportName) -> str:
    """What makes one report of a batch again, from the folder in which the batch was started."""
    chosen = ("--organisation", name.organisation, "--timeframe", name.timeframe, "--notebook", name.notebook)
    return shlex.join(["workbook", "run", str(batch.params), *chosen, "--out", str(batch.out)])


def tasks_of(batch: Batch, work: Path, sockets: Path) -> list[Task]:
    """Give every job its folder, its environment, its limits and what its page must know.

    Parameters
    ----------
    batch : Batch
    work : pathlib.Path
        Folder in which each task gets a folder of its own.
    sockets : pathlib.Path
        A folder with a short path.

    Returns
    -------
    list of Task
        In the order of the jobs.
    """
    names = [name_of(job) for job in batch.jobs]
    siblings: dict[tuple[str, str], list[ReportName]] = defaultdict(list)
    timeframes: dict[tuple[str, str], list[ReportName]] = defaultdict(list)
    for name in _standing_and_planned(batch, names):
        siblings[name.organisation, name.slug].append(name)
        timeframes[name.organisation, name.notebook].append(name)
    of_folder = {key: tuple(group) for key, group in siblings.items()}
    of_notebook = {key: tuple(group) for key, group in timeframes.items()}
    environment = {
        PARAMS: str(batch.params.resolve()),
        FOLDER: str(batch.notebooks.resolve()),
        STARTED: batch.started.isoformat(),
        CHECKED: str(work.resolve() / "checked"),
        MODELS: str(kept_folder()),
        REPORTS: str(batch.out.resolve()),
    }
    out, work, made_by = batch.out.resolve(), work.resolve(), versions()
    return [
        Task(
            context=PageContext(
                report=name,
                siblings=of_folder[name.organisation, name.slug],
                timeframes=of_notebook[name.organisation, name.notebook],
                started=batch.started,
                locale=job.organisation.locale,
                currency=job.organisation.currency,
                parameters=masked(job.parameters),
                versions=made_by,
            ),
            notebook=job.card.path,
            parameters=job.parameters,
            environment=environment,
            out=out,
            work=work / str(number),
            sockets=sockets,
            time_limit=job.organisation.limits_of(job.card.name)[0],
            memory_limit=int(job.organisation.limits_of(job.card.name)[1] * _GIB),
            formats=job.organisation.formats,
            command=_command(batch, name),
            engine=batch.engine,
        )
        for number, (job, name) in enumerate(zip(batch.jobs, names, strict=True))
    ]
