"""The pages of the index, drawn: of an organisation, of a group of them, of all, and of what needs a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from markupsafe import Markup

from analytics.page.pieces import Bold, Runs
from analytics.reporting.filtering import Chip, Column, key_of, rules_of
from analytics.reporting.grouping import Group
from analytics.reporting.history import LINKS, ROWS, TITLE, day_of
from analytics.reporting.manifest import RECORD, STATES, State
from analytics.reporting.shell import style_sheet, templates
from analytics.reporting.standing import MOST_COLUMNS, Standing, Tally, number, shown, timeframes

AT, OPENED, TOP, FOOT = "<!--at-->", "<!--opened-->", "<!--top-->", "<!--foot-->"
"""What stands in kept pieces for what is filled in later: text from data holds no such mark."""
FAILURES = "_index/failures.html"
MOST_TROUBLES = 20
"""So many stand on a page itself; more have a page of their own."""
_SAID_ONCE = 4
"""What befell so many organisations in the same words is said once on the front page."""
_MOST_NAMES = 1000
_FEW = 60
"""Up to so many reports, all organisations stand open."""

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
    """One report in several timeframes."""

    title: str
    figure: str
    classes: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A table: reports in a few timeframes."""

    title: str
    timeframes: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation's part of a page."""

    id: str
    name: str
    own: str
    more: str
    figured: str
    figures: tuple[tuple[str, str], ...]
    tally: tuple[tuple[State, str], ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that needs a look."""

    state: State
    where: str
    words: str
    address: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of organisations on the front page."""

    title: str
    counts: str
    tally: tuple[tuple[State, str], ...]
    address: str
    names: tuple[tuple[str, str, str], ...]


def organisation_part(sums: Tally, reports: Sequence[Standing]) -> str:
    """Draw an organisation's part of a page of several.

    Returns
    -------
    str
        HTML in which `AT` stands before every address and `OPENED` where it may be opened.
    """
    columns = [slug for slug, _ in sums.timeframes]
    left = len({one.slug for one in reports}) - len(columns)
    at = Markup(AT)
    one = _organisation(sums, reports, [columns], at + f"{sums.id}/", at + RECORD)
    more = f"{number(left)} more timeframe{'s' if left > 1 else ''}" if left else ""
    one = replace(one, own=at + f"{sums.id}/index.html", more=more)
    return templates().get_template("_organisation.html").render(one=one, opened=Markup(OPENED))


def organisation_page(sums: Tally, reports: Sequence[Standing]) -> str:
    """Draw the index of one organisation, ``<organisation>/index.html``; it names no other."""
    recent = [slug for slug, _ in sums.timeframes]
    older = [slug for slug in timeframes(reports) if slug not in recent][::-1]
    slices = [older[i : i + MOST_COLUMNS][::-1] for i in range(0, len(older), MOST_COLUMNS)]
    one = _organisation(sums, reports, [recent, *slices], "", f"../{RECORD}")
    columns = tuple(Column(key_of(slug), label) for slug, label in shown(reports, most=len(reports)))
    todo = [
        ToDo(trouble.state, trouble.when, trouble.words, trouble.page or f"../{RECORD}")
        for trouble in sums.troubles
    ]
    part = templates().get_template("_organisation.html").render(one=one, opened=Markup(" open"))
    return _page(
        title=f"Customer reports, {sums.name}",
        heading=sums.name,
        crumbs=[("All reports", "../index.html"), (sums.name, "")],
        sums=[sums],
        todo=todo,
        most=len(todo),
        columns=columns,
        states=sums.states,
        names=[],
        parts=part,
    )


def front_page(tallies: Sequence[Tally], groups: Sequence[Group], parts: Sequence[str]) -> str:
    """Draw the index of all reports: with all of them where they fit on one page, else with the way to them.

    Parameters
    ----------
    tallies : sequence of Tally
        Of all organisations.
    groups : sequence of Group
        The pages that they stand on.
    parts : sequence of str
        As `organisation_part` draws them; empty where there are several groups.

    Returns
    -------
    str
        HTML in which `TOP` and `FOOT` stand for what the last run is to say.
    """
    few = sum(one.total for one in tallies) <= _FEW
    todo = _todo(tallies, "")
    filled = "".join(parts).replace(AT, "").replace(OPENED, " open" if few else "")
    return _page(
        title="Customer reports",
        heading="Customer reports",
        crumbs=[],
        sums=tallies,
        todo=_in_short(todo),
        more=f"All {_how_many(todo)}" if needs_failures_page(tallies) else "",
        columns=_columns(tallies) if parts else (),
        states=_shown(tallies) if parts else {},
        names=[(one.id, one.name) for one in tallies] if parts else [],
        parts=filled,
        groups=[] if parts else _lines(tallies, groups),
        top=Markup(TOP),
        foot=Markup(FOOT),
    )


def group_page(which: int, groups: Sequence[Group], tallies: Sequence[Tally], parts: Sequence[str]) -> str:
    """Draw one group's page: its organisations, folded, and the way to the groups before and after."""
    here = groups[which]
    near = []
    if which:
        near.append((f"Before: {groups[which - 1].title}", f"{groups[which - 1].number}.html"))
    if which + 1 < len(groups):
        near.append((f"After: {groups[which + 1].title}", f"{groups[which + 1].number}.html"))
    return _page(
        title=f"Customer reports, {here.title}",
        heading=here.title,
        crumbs=[("All reports", "../index.html"), (here.title, "")],
        sums=tallies,
        todo=[],
        columns=_columns(tallies),
        states=_shown(tallies),
        names=[(one.id, one.name) for one in tallies],
        parts="".join(parts).replace(AT, "../").replace(OPENED, ""),
        near=near,
    )


def needs_failures_page(tallies: Sequence[Tally]) -> bool:
    """Whether more needs a look than the front page says by itself."""
    todo = _todo(tallies, "")
    return len(todo) > MOST_TROUBLES or _in_short(todo) != todo


def failures_page(tallies: Sequence[Tally]) -> str:
    """Draw the page of all that needs a look: failures, then warnings."""
    todo = _todo(tallies, "../")
    return _page(
        title="Customer reports, all that needs a look",
        heading="All that needs a look",
        crumbs=[("All reports", "../index.html"), ("All that needs a look", "")],
        sums=[],
        said=(Bold(_how_many(todo)), ". What has one cause in an organisation is said once."),
        todo=todo,
        most=len(todo),
    )


def history_shell() -> str:
    """Draw the page of a month's runs without its runs."""
    return templates().get_template("history.html").render(
        title=Markup(f"Runs of {TITLE}"),
        description="What each run did",
        css=style_sheet("index"),
        skip="To the runs",
        month=Markup(TITLE),
        rows=Markup(ROWS),
        links=Markup(LINKS),
    )  # fmt: skip


def _page(
    *,
    title: str,
    heading: str,
    crumbs: Sequence[tuple[str, str]],
    sums: Sequence[Tally],
    todo: Sequence[ToDo],
    most: int = MOST_TROUBLES,
    more: str = "",
    columns: Sequence[Column] = (),
    states: Mapping[str, int] | None = None,
    names: Sequence[tuple[str, str]] = (),
    parts: str = "",
    groups: Sequence[GroupLine] = (),
    near: Sequence[tuple[str, str]] = (),
    top: str = "",
    foot: str = "",
    said: Runs = (),
) -> str:
    chips = tuple(
        Chip(state.replace(" ", ""), f"{_WORDS[state][2]} {states[state]}")
        for state in STATES
        if states and state != "ready" and states.get(state)
    )
    counts = said or _counts(sums)
    return templates().get_template("index.html").render(
        title=title,
        description="".join(map(str, counts)),
        css=style_sheet("index") + Markup(rules_of([id for id, _ in names], columns, chips)),
        skip="To the reports",
        crumbs=crumbs,
        heading=heading,
        top=top,
        counts=counts,
        todo=todo[:most],
        more=more,
        more_address=FAILURES,
        filters=len(names) > 1 or len(columns) > 1 or bool(chips),
        names=names,
        timeframes=columns,
        chips=chips,
        parts=Markup(parts),
        groups=groups,
        near=near,
        foot=foot,
    )  # fmt: skip


def _organisation(
    sums: Tally, reports: Sequence[Standing], slices: Sequence[Sequence[str]], at: str, record: str
) -> Organisation:
    labels = {one.slug: one.timeframe for one in reports}
    by_notebook: dict[str, dict[str, Standing]] = {}
    for one in reports:
        by_notebook.setdefault(one.notebook, {})[one.slug] = one
    parts = []
    for slugs in slices:
        rows = tuple(
            _row([mine.get(slug) for slug in slugs], at, record)
            for mine in by_notebook.values()
            if any(slug in mine for slug in slugs)
        )
        title = "Earlier: " + ", ".join(labels[slug] for slug in slugs)
        parts.append(Part(title, tuple(Column(key_of(slug), labels[slug]) for slug in slugs), rows))
    figured, figures = _figures(reports)
    return Organisation(
        id=sums.id,
        name=sums.name,
        own="",
        more="",
        figured=figured,
        figures=figures,
        tally=tuple(_tally(sums.states)),
        parts=tuple(parts),
    )


def _tally(states: Mapping[str, int]) -> Iterator[tuple[State, str]]:
    for state in STATES:
        count = states.get(state, 0)
        if count and state != "ready":
            yield state, f"{count:,} {state}{'s' if state == 'warning' and count > 1 else ''}"


def _figures(reports: Sequence[Standing]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Give the timeframe that was made last, and in it the main figure of the first two reports with one."""
    there = [(one, one.headline) for one in reports if one.headline]
    if not there:
        return "", ()
    newest, _ = max(there, key=lambda pair: pair[0].made)
    mine = [(label, value) for one, (label, value, _) in there if one.slug == newest.slug]
    return newest.timeframe, tuple(mine[:2])


def _row(reports: Sequence[Standing | None], at: str, record: str) -> Row:
    there = [one for one in reports if one is not None]
    figure = next((one.headline[0] for one in there if one.headline), "")
    classes = []
    for one in there:
        state, key = one.state.replace(" ", ""), key_of(one.slug)
        classes += [f"r-{state}", f"r-{state}-{key}", f"r-{key}"]
    cells = tuple(None if one is None else _cell(one, at, record) for one in reports)
    return Row(there[0].title, figure, " ".join(dict.fromkeys(classes)), cells)


def _cell(one: Standing, at: str, record: str) -> Cell:
    address = at + one.page if one.seen else record  # what stands there, if anything does, is of another run
    if one.headline:
        return Cell(address, one.headline[1], True, one.headline[2], one.state)
    return Cell(address, _WITHOUT_VALUE[one.state], False, "", one.state)


def _todo(tallies: Sequence[Tally], at: str) -> list[ToDo]:
    found = [
        ToDo(
            trouble.state,
            f"{one.name}, {trouble.when}",
            trouble.words,
            f"{at}{one.id}/{trouble.page}" if trouble.page else f"{at}{RECORD}",
        )
        for one in tallies
        for trouble in one.troubles
    ]
    return sorted(found, key=lambda item: STATES.index(item.state))


def _in_short(todo: Sequence[ToDo]) -> list[ToDo]:
    """Say once what befell many organisations in the same words, as when a common source was away."""
    same: dict[tuple[State, str], list[ToDo]] = {}
    for item in todo:
        same.setdefault((item.state, item.words), []).append(item)
    many = {key: group for key, group in same.items() if len(group) >= _SAID_ONCE}
    common = [
        replace(
            group[0], where=f"{group[0].where} and {len(group) - 1:,} more organisations", address=FAILURES
        )
        for group in sorted(many.values(), key=len, reverse=True)
    ]
    alone = [item for item in todo if (item.state, item.words) not in many]
    return sorted([*common, *alone], key=lambda item: STATES.index(item.state))


def _columns(tallies: Sequence[Tally]) -> tuple[Column, ...]:
    labels = {slug: label for one in tallies for slug, label in one.timeframes}
    return tuple(Column(key_of(slug), label) for slug, label in labels.items())


def _sum(states: Sequence[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in states:
        total.update(one)
    return total


def _shown(tallies: Sequence[Tally]) -> Counter[str]:
    return _sum([one.shown for one in tallies])


def _lines(tallies: Sequence[Tally], groups: Sequence[Group]) -> list[GroupLine]:
    by_id = {one.id: one for one in tallies}
    lines = []
    for group in groups:
        members = [by_id[id] for id in group.members]
        states = _sum([one.states for one in members])
        names = [
            (one.name, f"{one.id}/index.html", "failed" if one.states.get("failed") else "")
            for one in members
        ]
        counts = f"{len(members)} organisation{'s' if len(members) > 1 else ''}, {states.total():,} reports"
        address = f"_index/{group.number}.html"
        few = len(tallies) <= _MOST_NAMES
        lines.append(
            GroupLine(group.title, counts, tuple(_tally(states)), address, tuple(names) if few else ())
        )
    return lines


def _counts(tallies: Sequence[Tally]) -> Runs:
    """Say in one or two sentences what stands."""
    states = _sum([one.states for one in tallies])
    total = states.total()
    who = "" if len(tallies) < 2 else f" for {number(len(tallies))} organisations"
    made = _made([one.first for one in tallies if one.first], [one.last for one in tallies if one.last])
    parts = []
    for state in ("ready", "warning", "no data", "failed"):
        if count := states[state]:
            said = "all" if count == total and total > 1 else f"{count:,}"
            parts.append(f"{said} {_WORDS[state][0 if count == 1 else 1]}")
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    said = said[:1].upper() + said[1:] + "." if said else "Nothing stands here yet."
    return Bold(f"{total:,} report{'' if total == 1 else 's'}"), f"{who}{made}. {said}"


def _how_many(todo: Sequence[ToDo]) -> str:
    count = Counter(item.state for item in todo)
    words: tuple[tuple[State, str], ...] = (("failed", "failure"), ("warning", "warning"))
    return " and ".join(
        f"{count[state]:,} {word}{'' if count[state] == 1 else 's'}" for state, word in words if count[state]
    )


def _made(first: Sequence[str], last: Sequence[str]) -> str:
    if not first:
        return ""
    oldest, newest = date.fromisoformat(min(first)), date.fromisoformat(max(last))
    until = day_of(datetime.combine(newest, datetime.min.time()))
    if oldest == newest:
        return f", made on {until}"
    since = day_of(datetime.combine(oldest, datetime.min.time()))
    if oldest.year == newest.year:
        since = since.rsplit(" ", 1)[0]
        if oldest.month == newest.month:
            since = str(oldest.day)
    return f", made from {since} to {until}"
