"""What a run did: one result for each report, one record for the run, and what a page is told about itself.

`run.json` is a `RunRecord` written out; what earlier runs made and still stands is kept by the index. Nothing
here holds a row of data, a secret or a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

Scalar = str | int | float | bool | None
State = Literal["ready", "warning", "no data", "failed"]
STATES: tuple[State, ...] = ("failed", "warning", "no data", "ready")
"""All states, those that need a look first."""

LOST_WORKER = "DeadWorker"
"""The type of a failure where the process that made the report died."""

RECORD = "run.json"
FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportName:
    """Which report it is: one notebook, one organisation, one timeframe.

    Parameters
    ----------
    organisation : str
        Id of the organisation; also the name of its folder.
    organisation_name : str
        Its name as readers know it. Comes from params: escape it on a page.
    timeframe : str
        The timeframe as it was asked for, such as ``last-quarter`` or ``2026-Q3``.
    slug : str
        The name of the timeframe's folder, such as ``last-quarter`` or ``2026-01-01_2026-03-31``.
    notebook : str
        Stem of the notebook, such as ``retention``.
    title, question : str
        From the notebook's first cell or metadata.

    Examples
    --------
    >>> name = ReportName(organisation="acme", organisation_name="Acme", timeframe="2026-Q3", slug="2026-Q3",
    ...                   notebook="clv", title="Lifetime value")
    >>> str(name.page), str(name.file("xlsx"))
    ('acme/2026-Q3/clv.html', 'acme/2026-Q3/clv.xlsx')
    """

    organisation: str
    organisation_name: str
    timeframe: str
    slug: str
    notebook: str
    title: str
    question: str = ""

    @property
    def folder(self) -> PurePosixPath:
        """Folder of its files, relative to the folder of all reports."""
        return PurePosixPath(self.organisation) / self.slug

    @property
    def page(self) -> PurePosixPath:
        """Its page, relative to the folder of all reports."""
        return self.file("html")

    def file(self, suffix: str) -> PurePosixPath:
        """Return the path of one of its files, relative to the folder of all reports."""
        return self.folder / f"{self.notebook}.{suffix}"


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """The figure that an index quotes: texts, already in the organisation's locale."""

    label: str
    value: str
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a report was not made.

    Parameters
    ----------
    type : str
        Name of the exception's class, or ``TimeLimit``, ``MemoryLimit``, ``DeadKernel``.
    message : str
        One line for a reader. Quotes no row of data: only errors that the workbook raises on purpose are
        quoted in their own words.
    cell : int or None
        The code cell that failed, counted from 1 as in the notebook's file; None where no cell was reached.
    cells : int
        How many code cells the notebook has.
    cell_title : str
        The heading above the cell that failed.
    source : str
        The source of that cell (code of the notebook, no data).
    line : int or None
        The failing line of that cell, counted from 1, where it is known.
    deliberate : bool
        True where the workbook raised it on purpose (its message tells how to mend it).
    """

    type: str
    message: str
    cell: int | None = None
    cells: int = 0
    cell_title: str = ""
    source: str = ""
    line: int | None = None
    deliberate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """What became of one report.

    Parameters
    ----------
    report : ReportName
        Which report.
    state : {'ready', 'warning', 'no data', 'failed'}
        A warning is a report with a caveat; a failed one has a page that says why and no figures.
    reason : str
        Why it is not simply ready, in a few words; what the index shows.
    headlines : tuple of HeadlineFigure
        Figures for the index; the first is the main one. Empty where there are none.
    seconds : float
        Wall time of the execution and the page.
    peak_memory : int or None
        Greatest resident memory of the kernel in bytes; None where the system does not tell.
    kernel : str
        How it was executed: ``ordinary`` (a kernel started for it), or ``none`` where nothing was.
    failure : Failure or None
        Given exactly where the state is ``failed``.
    files : tuple of str
        Its files, relative to the folder of all reports, the page first.
    parameters : mapping
        The parameters that the notebook was given, personal ones masked.
    made : datetime or None
        When the run began that made it.
    tries : int
        How often it was tried; more than once where a lost worker, kernel or connection was to blame.
    reused : bool
        Whether an earlier run made it and nothing has changed since.
    """

    report: ReportName
    state: State
    reason: str = ""
    headlines: tuple[HeadlineFigure, ...] = ()
    seconds: float = 0.0
    peak_memory: int | None = None
    kernel: str = "none"
    failure: Failure | None = None
    files: tuple[str, ...] = ()
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    made: datetime | None = None
    tries: int = 1
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What one run of the batch did.

    Parameters
    ----------
    started : datetime
        When it began, with its time zone.
    seconds : float
        Wall time of the whole run.
    results : tuple of ReportResult
        What this run made: by organisation as params name them, notebooks in order of need, timeframes from
        the earliest.
    not_run : tuple of str
        Pages that were planned and not reached, because the run was stopped.
    workers : int
        How many reports ran at once.
    versions : mapping of str to str
        Versions of Python, of the workbook and of what it computes with.
    """

    started: datetime
    seconds: float
    results: tuple[ReportResult, ...]
    not_run: tuple[str, ...] = ()
    workers: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything planned was tried."""
        return not self.not_run

    def count(self, state: State) -> int:
        """Return how many reports of this run are in a state."""
        return sum(result.state == state for result in self.results)

    def to_json(self) -> str:
        """Write the record as the text of `run.json`."""
        body = asdict(self)
        body = {"format": FORMAT, "complete": self.complete} | body
        return json.dumps(body, ensure_ascii=False, indent=1, default=datetime.isoformat) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """Read a record back from the text of `run.json`.

        Raises
        ------
        ValueError
            If the text was written in another format.
        """
        body = json.loads(text)
        if body.pop("format", None) != FORMAT:
            raise ValueError("run.json was written by another version of the workbook")
        body.pop("complete")
        return cls(
            started=datetime.fromisoformat(body.pop("started")),
            results=tuple(read_result(item) for item in body.pop("results")),
            not_run=tuple(body.pop("not_run")),
            **body,
        )


def read_result(item: dict[str, Any]) -> ReportResult:
    """Read a result back from what JSON made of it."""
    failure, made = item.pop("failure"), item.pop("made")
    return ReportResult(
        report=ReportName(**item.pop("report")),
        headlines=tuple(HeadlineFigure(**figure) for figure in item.pop("headlines")),
        failure=Failure(**failure) if failure else None,
        files=tuple(item.pop("files")),
        made=datetime.fromisoformat(made) if made else None,
        **item,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What a page knows about itself besides the executed notebook.

    Parameters
    ----------
    report : ReportName
        The report that the page shows.
    siblings : tuple of ReportName
        All reports of the same organisation and timeframe, this one included, in order.
    timeframes : tuple of ReportName
        The same report for all timeframes of the organisation, this one included, in order.
    started : datetime
        When the run began, with its time zone: the page's "made on".
    locale, currency : str
        Of the organisation.
    parameters : mapping
        The parameters that the notebook was given, personal ones masked.
    versions : mapping of str to str
        As in `RunRecord`.
    seconds : float
        Time of the execution. It differs from run to run.
    """

    report: ReportName
    siblings: tuple[ReportName, ...]
    timeframes: tuple[ReportName, ...] = ()
    started: datetime
    locale: str = "en_GB"
    currency: str = "EUR"
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def link(self, other: ReportName) -> str:
        """Return the address of another report's page, relative to this page."""
        if other.organisation != self.report.organisation:
            return f"../../{other.page}"
        if other.slug != self.report.slug:
            return f"../{other.slug}/{other.notebook}.html"
        return f"{other.notebook}.html"

    @property
    def index(self) -> str:
        """Address of the index of all reports, relative to this page."""
        return "../../index.html"

    @property
    def organisation_index(self) -> str:
        """Address of the organisation's own index, relative to this page."""
        return "../index.html"


def read_record(folder: Path) -> RunRecord | None:
    """Read the record of the last run into a folder of reports; None where there was none."""
    path = folder / RECORD
    return RunRecord.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None
