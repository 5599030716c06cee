"""The index of all reports, kept up run by run: only what a run changed is drawn again.

What stands is kept in ``_index/kept``: a file for each organisation, and one with a line for each of them
(`standing`). Before the first is changed that is written down, so that after a kill everything is drawn anew
from the organisations' files, or where somebody removed those, from what is remembered of each report
(`records`). No organisation can be called ``_index`` or ``_history``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from analytics.reporting import grouping, history, records
from analytics.reporting.files import write_whole
from analytics.reporting.manifest import RECORD, ReportResult, RunRecord
from analytics.reporting.standing import Standing, Tally, changed, remembered, stand, tally

FOLDER = "_index"
PAGE = "index.html"
_TOP, _FOOT = "<!--top-->", "<!--foot-->"
_SOURCES = ("drawing", "filtering", "grouping", "history", "index", "shell", "standing")
_FEW_MONTHS = 12


def announce(out: Path, started: datetime) -> None:
    """Say on the index that a run has begun, until `update` says how it ended."""
    said = f"A run that began on {_moment(started)} has not ended. What stands here may be from before it."
    with suppress(OSError):  # there is none yet, or the end of the run will say what is wrong
        shell = (out / FOLDER / "kept" / PAGE).read_text(encoding="utf-8")
        write_whole(out / PAGE, shell.replace(_TOP, _short(said)).replace(_FOOT, ""), wait=False)


def update(out: Path, record: RunRecord) -> None:
    """Bring the index and the history up to a run that has ended.

    Parameters
    ----------
    out : pathlib.Path
        The folder of reports.
    record : RunRecord
        Of the run.

    Raises
    ------
    OSError
        If a file could not be written, after all others were. What could not be written is not that of an
        earlier run either, where it could be removed.
    """
    index = _Index(out)
    index.stand(record)
    index.draw()
    index.say(record)
    index.end()
    if index.refused:
        raise index.refused


class _Index:
    """An index that is being brought up to date."""

    def __init__(self, out: Path) -> None:
        self.out, self.kept = out, out / FOLDER / "kept"
        self.each = self.kept / "organisations"
        self.refused: OSError | None = None
        self.tallies: dict[str, Tally] = {}
        self.lines: dict[str, dict[str, Any]] = {}
        self.pages: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        self.pending = self.kept / "pending"
        self.anew = not self._read()
        self.dirty = self.redrawn = self.anew
        self._begun = False

    # What stands ----------------------------------------------------------------------------------------

    def _read(self) -> bool:
        """Read the tallies; false where they cannot be relied on."""
        try:
            body = json.loads((self.kept / "all.json").read_text(encoding="utf-8"))
            if self.pending.exists() or body["view"] != view():
                return False
            self.lines = {line["id"]: line for line in body["organisations"]}
            self.tallies = {name: Tally.from_json(line) for name, line in self.lines.items()}
            self.pages = body["pages"]
        except (OSError, ValueError, KeyError, TypeError):
            self.tallies, self.lines = {}, {}
            return False
        return True

    def stand(self, record: RunRecord) -> None:
        """Find out what the run, or somebody's hands, changed."""
        results: dict[str, list[ReportResult]] = {}
        for result in record.results:
            results.setdefault(result.report.organisation, []).append(result)
        known = self._known() if self.anew else set(self.tallies)
        for organisation in sorted(known | set(results)):
            mine = results.get(organisation, [])
            if self.anew or self._touched(record, organisation, mine):
                self._stand(organisation, mine)

    def _known(self) -> set[str]:
        """Return whose reports are written down anywhere, if no longer here then in their own records."""
        mine = {path.stem for path in self.each.glob("*.json")}
        return mine | {path.name for path in (self.out / records.FOLDER).glob("*/")}

    def _touched(self, record: RunRecord, organisation: str, results: Sequence[ReportResult]) -> bool:
        known = self.tallies.get(organisation)
        if known is None or any(not history.unchanged(record, result) for result in results):
            return True
        folder = f"{self.out}/{organisation}"
        return (
            not _there(f"{folder}/{PAGE}")
            or any(changed(f"{folder}/{slug}") != at for slug, at in known.folders.items())
            or any(result.report.slug not in known.folders for result in results)
            or any(result.report.organisation_name != known.name for result in results)
        )

    def _stand(self, organisation: str, results: Sequence[ReportResult]) -> None:
        name, before = self._organisation(organisation)
        folder = self.out / organisation
        name = results[0].report.organisation_name if results else name
        reports = stand(folder, before, results)
        if not reports:
            self._forget(organisation)
            return
        sums = tally(organisation, name, reports, folder)
        last = self.tallies.get(organisation)
        same = last and (reports, name) == (before, last.name) and _there(folder / PAGE)
        if last and same and _there(self.each / f"{organisation}.html"):
            sums = replace(sums, drawn=last.drawn)
        else:
            from analytics.reporting import drawing  # Jinja: only where something is drawn

            self.parts[organisation] = part = drawing.organisation_part(sums, reports)
            sums = replace(sums, drawn=_digest(part))
            self._begin()
            body = {"name": name, "reports": [asdict(one) for one in reports]}
            self._write(self.each / f"{organisation}.json", _json(body), wait=True)
            self._write(self.each / f"{organisation}.html", part)
            self._write(folder / PAGE, drawing.organisation_page(sums, reports))
        if sums != last:
            self.tallies[organisation], self.lines[organisation] = sums, asdict(sums)
            self.dirty = True

    def _organisation(self, organisation: str) -> tuple[str, tuple[Standing, ...]]:
        """Return an organisation's name and its reports, as they were kept."""
        try:
            body = json.loads((self.each / f"{organisation}.json").read_text(encoding="utf-8"))
            return body["name"], tuple(_standing(item) for item in body["reports"])
        except (OSError, ValueError, KeyError, TypeError):
            return remembered(self.out, organisation)

    def _forget(self, organisation: str) -> None:
        self.lines.pop(organisation, None)
        if self.tallies.pop(organisation, None) is not None or self.anew:
            self._begin()
        for path in (f"{organisation}.json", f"{organisation}.html"):
            self._remove(self.each / path)
        self._remove(self.out / organisation / PAGE)

    # What is drawn --------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw the pages of all organisations and of their groups, where what stands on them changed."""
        shell = self.kept / PAGE
        if not self.redrawn and shell.is_file() and all(_there(self.out / page) for page in self.pages):
            return
        from analytics.reporting import drawing

        self._begin()
        tallies = grouping.in_order(list(self.tallies.values()))
        groups = grouping.groups_of(tallies)
        if len(tallies) <= grouping.MOST:
            groups = []
        drawn: dict[str, str] = {}
        for which, group in enumerate(groups):
            members = [self.tallies[each] for each in group.members]
            near = [each.title for each in groups[max(0, which - 1) : which + 2]]
            key = _digest((near, [(one.drawn, one.first, one.last) for one in members]))
            path = f"{FOLDER}/{group.number}.html"
            drawn[path] = key
            if not self._stands(path, key):
                parts = self._parts(members)
                self._write(self.out / path, drawing.group_page(which, groups, members, parts))
        troubles = [(one.name, one.troubles) for one in tallies if one.troubles]
        if drawing.needs_failures_page(tallies):
            drawn[drawing.FAILURES] = key = _digest(troubles)
            if not self._stands(drawing.FAILURES, key):
                self._write(self.out / drawing.FAILURES, drawing.failures_page(tallies))
        for page in (self.out / FOLDER).glob("*.html"):
            if f"{FOLDER}/{page.name}" not in drawn:
                self._remove(page)
        parts = [] if groups else self._parts(tallies)
        self._write(shell, drawing.front_page(tallies, groups, parts))
        self.pages = drawn

    def _stands(self, path: str, key: str) -> bool:
        return not self.anew and self.pages.get(path) == key and _there(self.out / path)

    def _parts(self, members: Sequence[Tally]) -> list[str]:
        """Return the organisations' parts of a page; if one cannot be read, all is to be drawn anew."""
        found = []
        for one in members:
            try:
                part = self.parts.get(one.id) or (self.each / f"{one.id}.html").read_text(encoding="utf-8")
                found.append(part)
            except OSError as error:
                self.refused = error
        return found

    # What the run says ----------------------------------------------------------------------------------

    def say(self, record: RunRecord) -> None:
        """Write the run into the history, and on the front page how it ended."""
        try:
            part = history.append(self.out, record)
            self._write_history(part)
        except OSError as error:
            self.refused = error
        try:
            shell = (self.kept / PAGE).read_text(encoding="utf-8")
        except OSError as error:
            self.refused = self.refused or error
            self._remove(self.out / PAGE)
            return
        self._write(self.out / PAGE, shell.replace(_TOP, _top(record)).replace(_FOOT, self._foot(record)))

    def _write_history(self, part: str) -> None:
        folder, shell = self.out / history.FOLDER, self.kept / "history.html"
        drawn = [part]
        if self.anew or not shell.is_file():
            from analytics.reporting import drawing

            self._write(shell, drawing.history_shell())
            drawn = [each.stem for each in folder.glob("*.jsonl")]
        text = shell.read_text(encoding="utf-8")
        others = [each.stem for each in folder.glob("*.jsonl")]
        for name in drawn:
            runs = history.read(folder / f"{name}.jsonl")
            self._write(folder / f"{name}.html", history.page_of(name, runs, others, text))

    def _foot(self, record: RunRecord) -> str:
        run = history.line_of(record)
        said = f"Last run: {_moment(record.started)}, {history.lasted(record.seconds)}"
        said += f"; {run['asked']}: {history.did(run)}."
        months = [
            f'<a href="{history.FOLDER}/{part}.html">{history.title_of(part)}</a>'
            for part in history.parts(self.out)
        ]
        listed = ", ".join(months[:_FEW_MONTHS])
        if older := ", ".join(months[_FEW_MONTHS:]):
            listed += f"<details><summary>older</summary>{older}</details>"
        return (
            f'<p class="key">{escape(said)} <a href="{RECORD}">Record of the run</a></p>'
            f'<div class="months">Runs of {listed}</div>'
        )

    def end(self) -> None:
        """Keep the tallies, and that all is drawn."""
        if self.refused:
            return  # the next run draws everything anew
        if self.dirty or self.redrawn:
            lines = [self.lines[each] for each in sorted(self.lines)]
            body = {"view": view(), "pages": self.pages, "organisations": lines}
            self._write(self.kept / "all.json", _json(body))  # if it were lost, the others tell it all
        self._remove(self.pending)

    # Files ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Write down that files are about to change which belong together."""
        if not self._begun:
            self.redrawn = self._begun = True
            self._write(self.pending, "")

    def _write(self, path: Path, text: str, *, wait: bool = False) -> None:
        """Write a file; a page that a power cut leaves empty is drawn again."""
        try:
            write_whole(path, text, wait=wait)
        except OSError as error:
            self.refused = error
            self._remove(path)

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def view() -> str:
    """Return a digest of all that makes the index look as it does: where it is another, all is drawn anew."""
    here = Path(__file__).parent
    paths = [*(here / "templates").iterdir(), *(here / f"{name}.py" for name in _SOURCES)]
    paths += [here.parent / "page" / "report.css", here.parent / "page" / "tokens.py"]
    return sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


def _standing(item: dict[str, Any]) -> Standing:
    item["headline"] = tuple(item["headline"]) if item["headline"] else None
    return Standing(**item)


def _there(path: Path | str) -> bool:
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116 - quicker, and called often
    except OSError:
        return False


def _digest(drawn: object) -> str:
    return sha256(repr(drawn).encode()).hexdigest()[:16]


def _json(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"


def _moment(moment: datetime) -> str:
    return f"{history.day_of(moment)}, {moment:%H:%M} {moment.tzname() or ''}".strip()


def _short(said: str) -> str:
    return f'<p class="short">{escape(said)}</p>'


def _top(record: RunRecord) -> str:
    if not record.not_run:
        return ""
    return _short(f"The last run was stopped before {len(record.not_run):,} more were tried.")
