"""What a reader is told of a failure: enough to mend it, and no row of data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import analytics.params  # noqa: F401 - so that every deliberate error is known by name
from analytics.errors import AnalyticsError
from analytics.reporting.manifest import Failure

if TYPE_CHECKING:
    from analytics.reporting.execution import Outcome

_MASK = "••••"
PERSONAL = frozenset({"customer_mobile", "customer_name", "search"})
"""Parameters that name a person: masked wherever a report or a record is written."""

_SAYS_NAMES_ONLY = frozenset(
    {"NameError", "ImportError", "ModuleNotFoundError", "AttributeError", "SyntaxError", "ZeroDivisionError"}
)
_PERSONAL_LINE = re.compile(rf"^({'|'.join(sorted(PERSONAL))}) = (?!None$|\"\"$|''$).*$", re.MULTILINE)
_OWN_WORDS = {
    "TimeLimit": "the report took longer than its time limit of {time:g} s and was stopped",
    "MemoryLimit": "the report used more than its memory limit of {memory:.3g} GiB and was stopped",
    "DeadKernel": "the process of the report died without a word, as when the system kills it for its memory",
    "NotAllCellsRan": "the notebook ended before its last cell",
    "SystemExit": "the notebook ended itself before its last cell",
}


def failure_of(outcome: Outcome, *, time_limit: float, memory_limit: int) -> Failure:
    """Describe why an execution failed.

    Parameters
    ----------
    outcome : Outcome
        An execution with an error.
    time_limit, memory_limit : float, int
        Its limits, in seconds and bytes.

    Returns
    -------
    Failure
        The message of a deliberate error as it is; any other error's without what may be data.
    """
    cells = outcome.notebook["cells"]
    code = code_cells(outcome.notebook)
    failed = outcome.cell
    deliberate = outcome.error in deliberate_errors()
    own = _OWN_WORDS.get(outcome.error)
    if own:
        message = own.format(time=time_limit, memory=memory_limit / (1 << 30))
    else:
        message = one_line(outcome.message) if deliberate else without_data(outcome.error, outcome.message)
    return Failure(
        type=outcome.error,
        message=message,
        cell=code.index(failed) + 1 if failed in code else None,
        cells=len(code),
        cell_title=_heading_above(cells, failed) if failed is not None else "",
        source=str(cells[failed]["source"]) if failed is not None else "",
        line=_failing_line(outcome.traceback),
        deliberate=deliberate,
    )


def code_cells(notebook: Mapping[str, Any]) -> list[int]:
    """Return the positions of the code cells that stand in the notebook's own file."""
    return [
        number
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and "injected-parameters" not in cell["metadata"].get("tags", ())
    ]


def deliberate_errors() -> frozenset[str]:
    """Return the names of the errors that the workbook raises on purpose."""

    def family(kind: type[AnalyticsError]) -> Iterator[str]:
        yield kind.__name__
        for child in kind.__subclasses__():
            yield from family(child)

    return frozenset(family(AnalyticsError))


def without_data(error: str, message: str) -> str:
    """Take out of an error's message what may be a row of data: quotations, addresses and long numbers.

    Examples
    --------
    >>> without_data("ConversionException", "Could not convert string 'Ada 0791' to INT64 in row 48211")
    'Could not convert string … to INT64 in row …'
    >>> without_data("NameError", "name 'salez' is not defined")
    "name 'salez' is not defined"
    """
    said = one_line(message)
    if error in _SAYS_NAMES_ONLY:
        return said
    said = re.sub(r"(?<!\w)'(?:[^'\\]|\\.)*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|\{[^}]*\}|<[^>]*>", "…", said)
    said = re.sub(r"\S+@\S+", "…", said)
    return re.sub(r"(?<!\w)[-+]?\d[\d.,:\-]{2,}", "…", said)


def one_line(message: str, *, longest: int = 1000) -> str:
    """Return a message on one line, without terminal colours, at most `longest` characters."""
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", message).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hide the values of parameters that name a person.

    Examples
    --------
    >>> masked({"churn_days": 90, "customer_name": "Ada"})
    {'churn_days': 90, 'customer_name': '••••'}
    """
    return {name: _MASK if name in PERSONAL and value else value for name, value in parameters.items()}


def scrub(notebook: dict[str, Any], failure: Failure | None) -> None:
    """Take out of an executed notebook what its page would not show.

    Personal parameters are masked, errors say what the page says, and no path of the machine is left.

    Parameters
    ----------
    notebook : dict
        The executed notebook; it is changed.
    failure : Failure or None
        What the reader is told, where it failed.
    """
    record = notebook["metadata"].get("papermill", {})
    record["parameters"] = masked(record.get("parameters", {}))
    for path in {"input_path", "output_path"} & record.keys():
        record[path] = Path(record[path]).name if record[path] else None
    for cell in notebook["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "injected-parameters"  # Papermill draws one by chance
            cell["source"] = _PERSONAL_LINE.sub(rf'\1 = "{_MASK}"', cell["source"])
        for output in cell.get("outputs", ()):
            if failure and output["output_type"] == "error":
                output["ename"], output["evalue"] = failure.type, failure.message
                output["traceback"] = [f"{failure.type}: {failure.message}"]


def _heading_above(cells: list[dict[str, Any]], number: int) -> str:
    for cell in reversed(cells[:number]):
        if cell["cell_type"] == "markdown" and (
            found := re.search(r"^#+ +(.+)$", cell["source"], re.MULTILINE)
        ):
            return found[1].strip()
    return ""


def _failing_line(traceback: tuple[str, ...]) -> int | None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
    found = re.search(r"Cell In\[\d+\], line (\d+)", plain)
    return int(found[1]) if found else None
