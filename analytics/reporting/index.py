"""The index of a run: what there is, what needs a look, and the headline of every report.

One page lists all organisations, and each organisation has one of its own. Both filter without script: chips
and a list whose choice the style sheet reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from markupsafe import Markup

from analytics.formats import Format
from analytics.page.pieces import Bold, Runs
from analytics.reporting.manifest import RECORD, STATES, ReportResult, RunRecord, State
from analytics.reporting.page import style_sheet, templates

_FEW_ROWS = 60
"""Up to so many reports, all organisations stand open."""
_MOST_TO_DO = 20

_WORDS: dict[State, tuple[str, str, str]] = {
    "ready": ("is ready", "are ready", ""),
    "warning": ("is ready with a warning", "are ready with a warning", "Warnings"),
    "no data": ("has no data", "have no data", "No data"),
    "failed": ("failed", "failed", "Failed"),
}
_WITHOUT_VALUE: dict[State, str] = {
    "failed": "Why it failed",
    "no data": "What is missing",
    "warning": "See report",
    "ready": "See report",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ENGLISH = Format("en_GB", "GBP")


@dataclass(frozen=True, slots=True)
class Cell:
    """One report in one timeframe: its figure or its trouble, and where it is."""

    address: str
    words: str
    value: bool
    change: str
    state: State


@dataclass(frozen=True, slots=True)
class Row:
    """One report in all timeframes."""

    title: str
    figure: str
    classes: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation's part of an index."""

    id: str
    name: str
    own: str
    figures: tuple[tuple[str, str], ...]
    tally: tuple[tuple[State, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that needs a look."""

    state: State
    where: str
    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter by state."""

    key: str
    words: str


def render_index(record: RunRecord) -> str:
    """Make the index of all reports of a run: ``index.html`` in the folder of all reports.

    Parameters
    ----------
    record : RunRecord

    Returns
    -------
    str
        One HTML file whose links are relative to the folder of all reports.
    """
    return _render(record, record.standing, None)


def render_organisation_index(record: RunRecord, organisation: str) -> str:
    """Make the index of one organisation: ``<organisation>/index.html``.

    Parameters
    ----------
    record : RunRecord
    organisation : str
        Id of the organisation; nothing of another one is on the page.

    Returns
    -------
    str
        One HTML file whose links are relative to the organisation's folder.
    """
    return _render(record, record.of(organisation), organisation)


def _render(record: RunRecord, results: Sequence[ReportResult], only: str | None) -> str:
    timeframes = tuple(dict.fromkeys(result.report.timeframe for result in results))
    names = dict.fromkeys((result.report.organisation, result.report.organisation_name) for result in results)
    organisations = tuple(
        _organisation(key, name, [r for r in results if r.report.organisation == key], timeframes, only)
        for key, name in names
    )
    todo = list(_tasks(results, only))
    chips = tuple(
        Chip(_key(state), f"{_WORDS[state][2]} {count}")
        for state in STATES
        if state != "ready" and (count := sum(result.state == state for result in results))
    )
    heading = organisations[0].name if only is not None and organisations else "Customer reports"
    return templates().get_template("index.html").render(
        title=f"Customer reports, {heading}" if only is not None else heading,
        description=f"{len(results)} reports made on {_ENGLISH.date(record.started.date())}",
        css=style_sheet("index") + Markup(_filter_rules(len(organisations), len(timeframes), chips)),
        skip="To the reports",
        up="../index.html" if only is not None else "",
        heading=heading,
        counts=_counts(record, results, len(organisations)),
        todo=todo[:_MOST_TO_DO],
        more=max(0, len(todo) - _MOST_TO_DO),
        filters=len(organisations) > 1 or len(timeframes) > 1 or bool(chips),
        organisations=organisations,
        timeframes=timeframes,
        chips=chips,
        open=only is not None or len(results) <= _FEW_ROWS,
        foot=_foot(record),
        record=RECORD if only is None else f"../{RECORD}",
    )  # fmt: skip


def _key(state: State) -> str:
    return state.replace(" ", "")


def _address(result: ReportResult, only: str | None) -> str:
    page = result.report.page
    return str(page if only is None else PurePosixPath(*page.parts[1:]))


def _organisation(
    key: str, name: str, results: Sequence[ReportResult], timeframes: Sequence[str], only: str | None
) -> Organisation:
    notebooks = dict.fromkeys((result.report.notebook, result.report.title) for result in results)
    rows = []
    for notebook, title in notebooks:
        mine = {r.report.timeframe: r for r in results if r.report.notebook == notebook}
        rows.append(_row(title, [mine.get(label) for label in timeframes], only))
    tally = []
    for state in STATES:
        count = sum(result.state == state for result in results)
        if count and state != "ready":
            plural = "s" if state == "warning" and count > 1 else ""
            tally.append((state, f"{count} {state}{plural}"))
    return Organisation(
        id=key,
        name=name,
        own=f"{key}/index.html" if only is None else "",
        figures=tuple(_figures(results)),
        tally=tuple(tally),
        rows=tuple(rows),
    )


def _figures(results: Sequence[ReportResult]) -> Iterator[tuple[str, str]]:
    """Give the first headline of the first two reports that have one, in their first timeframe."""
    first: dict[str, tuple[str, str]] = {}
    for result in results:
        if result.headlines and result.report.notebook not in first:
            first[result.report.notebook] = (result.headlines[0].label, result.headlines[0].value)
    yield from list(first.values())[:2]


def _row(title: str, results: Sequence[ReportResult | None], only: str | None) -> Row:
    figure = next((r.headlines[0].label for r in results if r is not None and r.headlines), "")
    classes = []
    for i, result in enumerate(results):
        if result is not None:
            classes += [f"r-{_key(result.state)}", f"r-{_key(result.state)}-{i}", f"r-{i}"]
    cells = tuple(None if result is None else _cell(result, only) for result in results)
    return Row(title, figure, " ".join(dict.fromkeys(classes)), cells)


def _cell(result: ReportResult, only: str | None) -> Cell:
    if result.headlines and result.state not in ("failed", "no data"):
        head = result.headlines[0]
        return Cell(_address(result, only), head.value, True, head.change, result.state)
    return Cell(_address(result, only), _WITHOUT_VALUE[result.state], False, "", result.state)


def _tasks(results: Sequence[ReportResult], only: str | None) -> Iterator[Task]:
    """Give failures, then warnings; the same trouble of a report in several timeframes is said once."""
    wanted: tuple[State, ...] = ("failed", "warning")
    for state in wanted:
        same: dict[tuple[str, str, str], list[ReportResult]] = {}
        for result in results:
            if result.state == state:
                key = (result.report.organisation, result.report.notebook, result.reason)
                same.setdefault(key, []).append(result)
        for group in same.values():
            report = group[0].report
            frames = [result.report.timeframe for result in group]
            when = " and ".join(frames) if len(frames) < 3 else f"{_number(len(frames))} timeframes"
            where = when if only is not None else f"{report.organisation_name}, {when}"
            reason = _first_words(group[0].reason)
            words = f"{report.title}: {reason}" if reason else report.title
            yield Task(state, where, words, _address(group[0], only))


def _first_words(reason: str, most: int = 90) -> str:
    reason = " ".join(reason.split())
    return reason if len(reason) <= most else reason[:most].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _counts(record: RunRecord, results: Sequence[ReportResult], organisations: int) -> Runs:
    """Say in one or two sentences what the run made."""
    total = len(results)
    who = "" if organisations < 2 else f" for {_number(organisations)} organisations"
    made = f"{who}, made on {_ENGLISH.date(record.started.date())}. "
    parts = []
    for state in ("ready", "warning", "no data", "failed"):
        count = sum(result.state == state for result in results)
        if count:
            parts.append(
                f"{'all' if count == total and total > 1 else count} {_WORDS[state][0 if count == 1 else 1]}"
            )
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    stopped = f" The run was stopped before {len(record.not_run)} more were tried." if record.not_run else ""
    return (
        Bold(f"{total:,} report{'' if total == 1 else 's'}"),
        made + (said[:1].upper() + said[1:] + "." if said else "Nothing was run.") + stopped,
    )


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def _foot(record: RunRecord) -> str:
    zone = record.started.tzname() or ""
    return f"Run of {record.started:%Y-%m-%d %H:%M} {zone}".rstrip() + f", {_duration(record.seconds)}."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _filter_rules(organisations: int, timeframes: int, chips: Sequence[Chip]) -> str:
    """Write what each choice hides. Browsers without ``:has`` show everything."""
    rules = [
        f"body:has(#o option[value=o{i}]:checked) .org:not(.o{i}){{display:none}}"
        for i in range(organisations)
    ]
    for i in range(timeframes):
        chosen = f"body:has(#f-{i}:checked)"
        rules.append(f"{chosen} .t:not(.t{i}),{chosen} .ix tbody tr:not(.r-{i}){{display:none!important}}")
    for chip in chips:
        chosen = f"body:has(#s-{chip.key}:checked)"
        rules.append(
            f"{chosen} .ix tbody tr:not(.r-{chip.key}),{chosen} .org:not(:has(.r-{chip.key})){{display:none}}"
        )
        for i in range(timeframes):
            both = f"{chosen}:has(#f-{i}:checked)"
            one = f".r-{chip.key}-{i}"
            rules.append(f"{both} .ix tbody tr:not({one}),{both} .org:not(:has({one})){{display:none}}")
    return "".join(rules)
