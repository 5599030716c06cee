"""Which reports stand in a folder, organisation by organisation: what the index is drawn from.

Each organisation has a small file of its own, and all of them together a line each in one more: an index of
thousands of reports is kept up by reading what changed. A report whose page is gone stands no longer; a page
that another run than the noted one has left (it was killed before it could say so) is shown for what its own
JSON says, without a figure.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.reporting import records
from analytics.reporting.manifest import STATES, ReportResult, State

MOST_COLUMNS = 6
"""So many timeframes of an organisation stand on a page of several organisations: those made last."""

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One report that stands.

    Parameters
    ----------
    slug, timeframe, notebook, title : str
        As in `ReportName`.
    state : {'ready', 'warning', 'no data', 'failed'}
    reason : str
        Why it is not simply ready.
    headline : tuple of str or None
        Label, value and change of its main figure.
    made : str
        Day on which the run began that made it, such as ``2026-11-20``.
    seen : int or None
        Time of its page in nanoseconds; None for a failed report whose page could not be written.
    """

    slug: str
    timeframe: str
    notebook: str
    title: str
    state: State
    reason: str = ""
    headline: tuple[str, str, str] | None = None
    made: str = ""
    seen: int | None = None

    @property
    def page(self) -> str:
        """Its page, relative to the organisation's folder."""
        return f"{self.slug}/{self.notebook}.html"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that needs a look: said once, however many reports of an organisation it befell."""

    state: State
    when: str
    words: str
    page: str
    """Relative to the organisation's folder; empty where no page could be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """An organisation's line among all: what the front page needs to know of it.

    Parameters
    ----------
    id, name : str
        Of the organisation.
    states : mapping of str to int
        How many of its reports are in each state.
    shown : mapping of str to int
        The same of the reports in the timeframes that a page of several organisations shows.
    timeframes : tuple of (str, str)
        Slug and label of those timeframes.
    first, last : str
        Days on which its oldest and its newest report were made.
    troubles : tuple of Trouble
        Failures, then warnings.
    folders : mapping of str to int
        Its timeframes' folders and when each was last changed, in nanoseconds.
    drawn : str
        Digest of its part of a page.
    """

    id: str
    name: str
    states: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, int] = field(default_factory=dict)
    timeframes: tuple[tuple[str, str], ...] = ()
    first: str = ""
    last: str = ""
    troubles: tuple[Trouble, ...] = ()
    folders: Mapping[str, int] = field(default_factory=dict)
    drawn: str = ""

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Tally:
        """Read it back from its JSON."""
        timeframes = tuple((slug, label) for slug, label in body["timeframes"])
        troubles = tuple(Trouble(**item) for item in body["troubles"])
        return cls(**{**body, "timeframes": timeframes, "troubles": troubles})

    @property
    def total(self) -> int:
        """How many reports of it stand."""
        return sum(self.states.values())


def stand(folder: Path, known: Sequence[Standing], results: Sequence[ReportResult]) -> tuple[Standing, ...]:
    """Return which reports of an organisation stand after a run.

    Parameters
    ----------
    folder : pathlib.Path
        The organisation's folder.
    known : sequence of Standing
        What stood before the run.
    results : sequence of ReportResult
        What the run says about this organisation, in its order.

    Returns
    -------
    tuple of Standing
        By notebook, then by timeframe. Notebooks and timeframes keep their order where a run made only some.
    """
    before = {one.page: one for one in known}
    new = {f"{result.report.slug}/{result.report.notebook}.html": result for result in results}
    notebooks = _merged([one.notebook for one in known], [r.report.notebook for r in results])
    slugs = _merged(timeframes(known), [r.report.slug for r in results])
    found = []
    for notebook in notebooks:
        for slug in slugs:
            page = f"{slug}/{notebook}.html"
            if page in new:
                one = _of_result(folder, new[page])
            elif page in before:
                one = _still(folder, before[page])
            else:
                continue
            if one is not None:
                found.append(one)
    return tuple(found)


def timeframes(reports: Sequence[Standing]) -> list[str]:
    """Return the slugs of all timeframes, each behind those that stand before it in any notebook's reports.

    The first notebook need not have all of them: what it lacks is not therefore the last.
    """
    before: dict[str, list[str]] = {}
    for one, following in zip([None, *reports], reports, strict=False):
        earlier = before.setdefault(following.slug, [])
        if one and one.notebook == following.notebook:
            earlier.append(one.slug)
    order: dict[str, None] = {}
    met: set[str] = set()
    for slug in before:
        waiting = [slug]
        while waiting:
            met.add(waiting[-1])
            missing = next((earlier for earlier in before[waiting[-1]] if earlier not in met), None)
            if missing is None:
                order[waiting.pop()] = None
            else:
                waiting.append(missing)
    return list(order)


def _merged(known: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Merge two orders: the newer where it names everything, else each new name beside its neighbour."""
    order, newer = list(dict.fromkeys(known)), list(dict.fromkeys(asked))
    if set(order) <= set(newer):
        return newer
    for place, name in enumerate(newer):
        if name not in order:
            before = order.index(newer[place - 1]) + 1 if place else None
            after = next((order.index(later) for later in newer[place:] if later in order), len(order))
            order.insert(after if before is None else before, name)
    return order


def _of_result(folder: Path, result: ReportResult) -> Standing | None:
    report = result.report
    seen = (
        None
        if result.state == "failed" and not result.files
        else _time(folder / report.slug, report.notebook)
    )
    if seen is None and (result.state != "failed" or result.files):
        return None
    good = result.headlines and result.state not in ("failed", "no data")
    head = result.headlines[0] if good else None
    return Standing(
        slug=report.slug,
        timeframe=report.timeframe,
        notebook=report.notebook,
        title=report.title,
        state=result.state,
        reason=first_words(result.reason),
        headline=(head.label, head.value, head.change) if head else None,
        made=result.made.date().isoformat() if result.made else "",
        seen=seen,
    )


def remembered(out: Path, organisation: str) -> tuple[str, tuple[Standing, ...]]:
    """Return an organisation's name and what its reports' own records say: for an index that was lost.

    Parameters
    ----------
    out : pathlib.Path
        The folder of all reports.
    organisation : str
        Its id.

    Returns
    -------
    tuple of str and tuple of Standing
        In the order of their addresses, as that of the params is not in the records.
    """
    name, found = organisation, []
    for report in records.standing_reports(out, [organisation]):
        record = records.read_record_of(out, report)
        one = _of_result(out / organisation, record.result) if record else None
        if record and one:
            name = report.organisation_name
            _, seen, _ = record.files.get(str(report.page), (0, 0, ""))
            found.append(replace(one, seen=seen or one.seen))
    return name, tuple(found)


def _still(folder: Path, one: Standing) -> Standing | None:
    """Return what has become of a report that the run was not asked for."""
    if one.seen is None:
        return one if folder.is_dir() else None
    seen = _time(folder / one.slug, one.notebook)
    if seen is None or seen == one.seen:
        return one if seen else None
    return _unnoted(folder, one, seen)


def _unnoted(folder: Path, one: Standing, seen: int) -> Standing:
    """Return a report that a run made which never came to say so: what its JSON tells, and no more."""
    said: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        said = json.loads((folder / one.slug / f"{one.notebook}.json").read_text(encoding="utf-8"))
    failed = not said.get("success", False)
    why = (said.get("error") or {}).get("message") or "made by a run that did not end"
    return Standing(
        slug=one.slug,
        timeframe=one.timeframe,
        notebook=one.notebook,
        title=one.title,
        state="failed" if failed else "ready",
        reason=first_words(why) if failed else "",
        made=datetime.fromtimestamp(seen / 1e9).astimezone().date().isoformat(),
        seen=seen,
    )


def _time(folder: Path, notebook: str) -> int | None:
    try:
        return os.stat(f"{folder}/{notebook}.html").st_mtime_ns  # noqa: PTH116 - quicker, and called often
    except OSError:
        return None


def tally(organisation: str, name: str, reports: Sequence[Standing], folder: Path) -> Tally:
    """Sum up an organisation's reports."""
    columns = shown(reports)
    days = sorted(one.made for one in reports if one.made)
    return Tally(
        id=organisation,
        name=name,
        states=_count(reports),
        shown=_count([one for one in reports if one.slug in dict(columns)]),
        timeframes=columns,
        first=days[0] if days else "",
        last=days[-1] if days else "",
        troubles=tuple(troubles(reports)),
        folders={slug: changed(folder / slug) or 0 for slug in timeframes(reports)},
    )


def changed(folder: Path | str) -> int | None:
    """Return when a folder was last changed, in nanoseconds; None where there is none."""
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116
    except OSError:
        return None


def _count(reports: Sequence[Standing]) -> dict[str, int]:
    states = [one.state for one in reports]
    return {state: states.count(state) for state in STATES if state in states}


def shown(reports: Sequence[Standing], most: int = MOST_COLUMNS) -> tuple[tuple[str, str], ...]:
    """Return slug and label of the timeframes made last, in their order."""
    label_of = {one.slug: one.timeframe for one in reports}
    labels = {slug: label_of[slug] for slug in timeframes(reports)}
    newest = dict.fromkeys(labels, "")
    for one in reports:
        newest[one.slug] = max(newest[one.slug], one.made)
    order = {slug: number for number, slug in enumerate(labels)}
    kept = sorted(labels, key=lambda slug: (newest[slug], order[slug]), reverse=True)[:most]
    return tuple((slug, labels[slug]) for slug in labels if slug in kept)


def troubles(reports: Sequence[Standing]) -> Iterator[Trouble]:
    """Give failures, then warnings; what has one cause is said once."""
    wanted: tuple[State, ...] = ("failed", "warning")
    for state in wanted:
        same: dict[str, list[Standing]] = {}
        for one in reports:
            if one.state == state:
                same.setdefault(one.reason, []).append(one)
        for reason, group in same.items():
            frames = list(dict.fromkeys(one.timeframe for one in group))
            titles = list(dict.fromkeys(one.title for one in group))
            when = " and ".join(frames) if len(frames) < 3 else f"{number(len(frames))} timeframes"
            what = " and ".join(titles) if len(titles) < 3 else f"{number(len(titles)).capitalize()} reports"
            page = group[0].page if group[0].seen else ""
            yield Trouble(state, when, f"{what}: {reason}" if reason else what, page)


def first_words(reason: str, most: int = 90) -> str:
    """Cut a reason at a word.

    Examples
    --------
    >>> first_words("cell 4 of 11: no amounts", most=20)
    'cell 4 of 11: no…'
    """
    reason = " ".join(reason.split())
    return reason if len(reason) <= most else reason[:most].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def number(count: int) -> str:
    """Write a count as a sentence does.

    Examples
    --------
    >>> number(3), number(1200)
    ('three', '1,200')
    """
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
