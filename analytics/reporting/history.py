"""Earlier runs: a line each in a file of the month, and pages of a month's runs drawn from it.

``_history/2026-11.jsonl`` is only ever appended to. No page and no file grows without end: a month with more
runs than a page takes goes on in ``2026-11.2.jsonl``. What is not wanted any more can be deleted by hand.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from analytics.reporting.manifest import ReportResult, RunRecord, State
from analytics.reporting.standing import first_words, number

FOLDER = "_history"
"""No organisation can be called so."""
MOST_RUNS = 500
"""So many runs stand on one page."""
_MOST_FAILURES = 20
_SHOWN = 3
_NAME = re.compile(r"(\d{4})-(\d{2})(?:\.(\d+))?")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
ROWS, TITLE, LINKS = "<!--rows-->", "<!--title-->", "<!--links-->"
"""What stands in the shell of a month's page for what is filled in: text from data holds no such mark."""
_STATES: tuple[State, ...] = ("ready", "warning", "no data", "failed")


def append(out: Path, record: RunRecord) -> str:
    """Write a run down.

    Parameters
    ----------
    out : pathlib.Path
        The folder of reports.
    record : RunRecord
        The run that has ended.

    Returns
    -------
    str
        Name of the part that it went to, such as ``2026-11`` or ``2026-11.2``.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    part = _part(folder, record.started)
    path = folder / f"{part}.jsonl"
    with path.open("ab+") as file:
        _heal(file)
        file.write(json.dumps(line_of(record), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return part


def line_of(record: RunRecord) -> dict[str, Any]:
    """Return what is kept of a run: when, how long, what was asked, what became of it, what failed."""
    made = [result for result in record.results if not unchanged(record, result)]
    failed = [result for result in made if result.state == "failed"]
    count = Counter(result.state for result in made)
    return {
        "started": record.started.isoformat(),
        "seconds": record.seconds,
        "asked": _asked(record),
        "reports": len(record.results) + len(record.not_run),
        "unchanged": len(record.results) - len(made),
        **{state: count[state] for state in _STATES if count[state]},
        "not run": len(record.not_run),
        "failures": [[str(r.report.page), first_words(r.reason)] for r in failed[:_MOST_FAILURES]],
    }


def unchanged(record: RunRecord, result: ReportResult) -> bool:
    """Whether an earlier run had made a report, and nothing had changed since."""
    return result.made is not None and result.made != record.started


def read(path: Path) -> list[dict[str, Any]]:
    """Read the runs of a part of a month, in their order; a torn line is left out.

    A run that was killed and finished later (``--resume``) stands once, as it ended.
    """
    runs: dict[str, dict[str, Any]] = {}
    if path.is_file():
        for line in path.read_bytes().splitlines():
            try:
                run = json.loads(line)
                runs.pop(run["started"], None)
                runs[run["started"]] = run
            except (ValueError, TypeError, KeyError):
                continue
    return list(runs.values())


def parts(out: Path) -> list[str]:
    """Return the names of all parts that have a page, the newest first."""
    found = [path.stem for path in (out / FOLDER).glob("*.html") if _NAME.fullmatch(path.stem)]
    return sorted(found, key=_order, reverse=True)


def title_of(part: str) -> str:
    """Name a part in words.

    Examples
    --------
    >>> title_of("2026-11"), title_of("2026-11.2")
    ('November 2026', 'November 2026, part 2')
    """
    year, month, which = _parsed(part)
    return f"{_MONTHS[month - 1]} {year}{f', part {which}' if which > 1 else ''}"


def page_of(part: str, runs: Sequence[dict[str, Any]], others: Sequence[str], shell: str) -> str:
    """Fill the page of a part: its runs, the newest first, and the way to older ones.

    Parameters
    ----------
    part : str
        Its name.
    runs : sequence of dict
        As `read` gives them.
    others : sequence of str
        Names of all parts.
    shell : str
        The page without its runs.

    Returns
    -------
    str
        One HTML file for the folder of the history.
    """
    older = next(
        (name for name in sorted(others, key=_order, reverse=True) if _order(name) < _order(part)), ""
    )
    links = f'<a href="{older}.html">{title_of(older)}</a>' if older else "no earlier run is kept"
    filled = shell.replace(TITLE, title_of(part)).replace(LINKS, f"Before that: {links}.")
    return filled.replace(ROWS, "".join(map(_row, reversed(runs))))


def day_of(moment: datetime) -> str:
    """Write a moment's day.

    Examples
    --------
    >>> day_of(datetime(2026, 11, 3))
    '3 November 2026'
    """
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def lasted(seconds: float) -> str:
    """Say how long something took.

    Examples
    --------
    >>> lasted(0.4), lasted(41.2), lasted(600), lasted(7200)
    ('0.4 seconds', '41 seconds', '10 minutes', '2.0 hours')
    """
    if seconds < 90:
        return f"{seconds:.1f} seconds" if seconds < 9.95 else f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def did(run: Mapping[str, Any]) -> str:
    """Say what became of a run's reports.

    Examples
    --------
    >>> did({"unchanged": 34, "ready": 2})
    '34 unchanged, 2 ready'
    """
    return ", ".join([*_well(run), *_badly(run)]) or "nothing was run"


def _well(run: Mapping[str, Any]) -> list[str]:
    words = {
        "unchanged": "unchanged",
        "ready": "ready",
        "warning": "with a warning",
        "no data": "without data",
    }
    return [f"{run[key]:,} {said}" for key, said in words.items() if run.get(key)]


def _badly(run: Mapping[str, Any]) -> list[str]:
    return [f"{run[key]:,} {key}" for key in ("failed", "not run") if run.get(key)]


def _part(folder: Path, started: datetime) -> str:
    """Return the part of the month that takes one more run."""
    month = f"{started:%Y-%m}"
    names = [p.stem for p in folder.glob(f"{month}*.jsonl") if _NAME.fullmatch(p.stem)]
    last = max(names, key=_order, default=month)
    path = folder / f"{last}.jsonl"
    if path.is_file() and path.read_bytes().count(b"\n") >= MOST_RUNS:
        return f"{month}.{_parsed(last)[2] + 1}"
    return last


def _heal(file: Any) -> None:
    """Take away what a process that was killed has left of a last line."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    whole = file.read().rfind(b"\n") + 1
    if whole < size:
        file.truncate(whole)
    file.seek(0, os.SEEK_END)


def _parsed(part: str) -> tuple[int, int, int]:
    found = _NAME.fullmatch(part)
    if found is None:
        raise ValueError(f"not a part of the history: {part}")
    return int(found[1]), int(found[2]), int(found[3] or 1)


def _order(part: str) -> tuple[int, int, int]:
    return _parsed(part)


def _asked(record: RunRecord) -> str:
    """Say what a run was asked for: by name where it is one thing, else by number."""
    pages = [str(result.report.page) for result in record.results] + list(record.not_run)
    split = [page.removesuffix(".html").split("/") for page in pages if page.count("/") == 2]
    said = []
    for which, what in enumerate(("organisations", "timeframes", "notebooks")):
        names = {names[which] for names in split}
        said.append(next(iter(names)) if len(names) == 1 else f"{number(len(names))} {what}")
    return ", ".join(said)


def _row(run: dict[str, Any]) -> str:
    started = datetime.fromisoformat(run["started"])
    zone = started.tzname() or ""
    when = f"{started.day} {_MONTHS[started.month - 1][:3]}, {started:%H:%M} {zone}".strip()
    said = [escape(", ".join(_well(run)))] if _well(run) or not _badly(run) else []
    said += [f'<span class="state failed">{each}</span>' for each in _badly(run)]
    return (
        f'<tr><th scope="row">{escape(when)}</th><td class="n">{lasted(run["seconds"])}</td>'
        f"<td>{escape(run['asked'])}</td><td>{', '.join(said)}{''.join(_failures(run))}</td></tr>\n"
    )


def _failures(run: dict[str, Any]) -> Iterator[str]:
    for page, reason in run["failures"][:_SHOWN]:
        yield f'<p class="why">{escape(page.removesuffix(".html"))}: {escape(reason)}</p>'
    left = run.get("failed", 0) - _SHOWN
    if left > 0:
        yield f'<p class="why">and {left:,} more</p>'
