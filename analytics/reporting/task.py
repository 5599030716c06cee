"""What the batch hands to a worker: light to import, so that the runner itself stays small."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.reporting.manifest import Failure, PageContext, ReportName, ReportResult

ORDINARY = "ordinary"
"""Name of the engine that starts an ordinary kernel for each report."""

WARM = "warm"
"""Name of the engine that forks each report's kernel from a process that has done the imports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All that a worker needs to make one report; it holds no secret and no data.

    Parameters
    ----------
    context : PageContext
        Which report, and what its page knows of the run.
    notebook : pathlib.Path
    parameters : mapping
        Unmasked: what the notebook is really given.
    environment : mapping of str to str
        For the kernel, beside its own ``WORKBOOK_OUTPUT``.
    out : pathlib.Path
        Folder of all reports.
    work : pathlib.Path
        A folder of its own on the same file system; made anew.
    sockets : pathlib.Path
        A folder with a short path, for the sockets between worker and kernel, and for the kernel's temporary
        files.
    time_limit : float
        Seconds.
    memory_limit : int
        Bytes.
    refusal : Failure or None
        Why it must not be executed at all.
    key, page_key : str
        What it is made from, and what stands around its figures; see `analytics.reporting.keys`.
    redraw : bool
        Only its page is to be drawn again, from the notebook that stands.
    formats : tuple of {'html', 'pdf'}
        What is made of its page.
    command : str
        What makes just this report again, as one would type it.
    engine : str
        How the kernel is started; where a warm one cannot be had, an ordinary one is.
    """

    context: PageContext
    notebook: Path
    parameters: Mapping[str, Any]
    environment: Mapping[str, str]
    out: Path
    work: Path
    sockets: Path
    time_limit: float = 600.0
    memory_limit: int = 2 << 30
    refusal: Failure | None = None
    key: str = ""
    page_key: str = ""
    redraw: bool = False
    formats: tuple[str, ...] = ("html",)
    command: str = ""
    engine: str = WARM

    @property
    def name(self) -> ReportName:
        """Which report it is."""
        return self.context.report


def make(task: Task) -> ReportResult:
    """Make one report, in a worker: Papermill and all that draws a page are imported there."""
    # jsonschema, beneath nbformat, builds a parser of international addresses when it is imported: half of a
    # worker's start, for a check that nothing here asks for. It does without where the parser is missing.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from analytics.reporting.making import make_report

    return make_report(task)
