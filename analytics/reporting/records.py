"""What is remembered of each report: what it was made from, what came out, and its files.

A record is written whole, after the report's files are in place, by the worker that made it. It says what the
report was made from only when the runner has seen that the data did not change meanwhile (`Record.data`);
until then it serves to resume the run that made it and no other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from analytics.params.file_digests import sha256
from analytics.reporting.files import write_whole
from analytics.reporting.manifest import ReportName, ReportResult, read_result

FOLDER = ".records"
_FORMAT = 1
_RUNNING = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One report as it was made.

    Parameters
    ----------
    result : ReportResult
        `ReportResult.made` says in which run.
    key, page_key : str
        Of the report and of what stands around its figures, see `analytics.reporting.keys`.
    files : mapping of str to (int, int, str)
        Each file below the folder of reports: its size, its time of change in ns, its SHA-256.
    reference_date : date, optional
        The report's, where it says one.
    coming_day : date, optional
        From this day on, the same data would be read otherwise.
    data : str
        State of the source, the same before and after; empty where that is not known.
    kept, provided : mapping of str to str
        States of what it may have read of the workbook's own batches and models, and of those it made.
    """

    result: ReportResult
    key: str
    page_key: str
    files: Mapping[str, tuple[int, int, str]]
    reference_date: date | None = None
    coming_day: date | None = None
    data: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    provided: Mapping[str, str] = field(default_factory=dict)


def of_files(out: Path, result: ReportResult) -> dict[str, tuple[int, int, str]]:
    """Sum up a report's files, which are in place.

    Parameters
    ----------
    out : pathlib.Path
        Folder of all reports.
    result : ReportResult

    Raises
    ------
    OSError
        If one cannot be read.
    """
    return {name: (*_state(out / name), sha256(out / name)) for name in result.files}


def are_whole(out: Path, record: Record) -> bool:
    """Whether all files of a report are there as they were written.

    Files of the size and time that were recorded are not read.
    """
    try:
        return bool(record.files) and all(
            _state(out / name) == (size, changed) or sha256(out / name) == digest
            for name, (size, changed, digest) in record.files.items()
        )
    except OSError:
        return False


def write_record(out: Path, record: Record) -> None:
    """Keep a record in the place of an earlier one.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    body = {"format": _FORMAT, **asdict(record)}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_iso)
    write_whole(_path(out, record.result.report), text + "\n")


def read_record_of(out: Path, name: ReportName) -> Record | None:
    """Return what is known of a report; None where that is nothing, or was written by another version."""
    try:
        body = json.loads(_path(out, name).read_text(encoding="utf-8"))
        if body.pop("format") != _FORMAT:
            return None
        result = read_result(body.pop("result"))
        files = {file: tuple(said) for file, said in body.pop("files").items()}
        body |= {at: _day(body[at]) for at in ("reference_date", "coming_day")}
        return Record(result=result, files=files, **body)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def standing_reports(out: Path, organisations: Collection[str]) -> list[ReportName]:
    """Return the reports of some organisations that have a page, in the order of their addresses."""
    found = []
    for organisation in sorted(organisations):
        for path in sorted((out / FOLDER / organisation).glob("*/*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                said = json.loads(path.read_text(encoding="utf-8"))
                name = ReportName(**said["result"]["report"])
                if (out / name.page).is_file():
                    found.append(name)
    return found


def _path(out: Path, name: ReportName) -> Path:
    return out / FOLDER / name.file("json")


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _iso(value: Any) -> str:
    return str(value.isoformat())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# The run that is going on -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A run that was begun and has not ended.

    Parameters
    ----------
    started : datetime
        With its time zone.
    force : bool
        Whether it makes also what has not changed.
    pages : tuple of str
        The reports that it is to make.
    """

    started: datetime
    force: bool
    pages: tuple[str, ...]


def begin_run(out: Path, journal: Journal) -> None:
    """Write down that a run begins."""
    write_whole(out / FOLDER / _RUNNING, json.dumps(asdict(journal), default=_iso) + "\n")


def end_run(out: Path) -> None:
    """Forget the run: all that it was to make was tried, and its record is written."""
    (out / FOLDER / _RUNNING).unlink(missing_ok=True)


def unfinished_run(out: Path) -> Journal | None:
    """Return the last run, if it did not end."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        body = json.loads((out / FOLDER / _RUNNING).read_text(encoding="utf-8"))
        started = datetime.fromisoformat(body["started"])
        return Journal(started=started, force=bool(body["force"]), pages=tuple(body["pages"]))
    return None


def confirmed(
    record: Record, result: ReportResult, data: str, kept: Mapping[str, str], provided: Mapping[str, str]
) -> Record:
    """Say from which data a report was made, when they were the same before and after."""
    return replace(record, result=result, data=data, kept=kept, provided=provided)
