"""From a workbook to the jobs of a run: organisation × timeframe × notebook, in order of need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analytics.errors import ParamsError
from analytics.params.notebooks import NotebookCard, notebook_names, read_card
from analytics.params.organisation import Organisation
from analytics.params.workbook import Workbook
from analytics.timeframe import Timeframe, parse_timeframe

Lacking = Callable[[Organisation, str, Sequence[str]], Collection[str]]
"""Asked what an organisation has already: whose, what is needed (``predictions``), and the timeframes of the
reports that need it; answers with the timeframes for which there is none of it."""

_LONG_AGO = date(1900, 1, 1)
_NOT_SAID = date(2190, 2, 15)
"""Relative timeframes then come after those of the calendar, and among themselves as on every other day: on
the first of a quarter last-quarter and last-12-months would end together."""


@dataclass(frozen=True, slots=True)
class Job:
    """One report to be made.

    Parameters
    ----------
    organisation : Organisation
    timeframe : str
        Its label.
    slug : str
        Name of its folder: the label, with nothing in it that a path could trip over.
    card : NotebookCard
        What the notebook says of itself.
    parameters : mapping
        What the notebook is given: organisation, timeframe and as_of first, then what params set.
    after : tuple of int
        Positions of the jobs that must be done before.
    added_for : str
        Why a job is there that nobody asked for: ``roi needs predictions``.
    """

    organisation: Organisation
    timeframe: str
    slug: str
    card: NotebookCard
    parameters: Mapping[str, Any]
    after: tuple[int, ...] = ()
    added_for: str = ""


def expand(
    workbook: Workbook,
    *,
    organisations: Sequence[str] = (),
    timeframes: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    folder: Path | None = None,
    today: date | None = None,
    lacking: Lacking | None = None,
) -> tuple[Job, ...]:
    """Turn a workbook into jobs.

    Parameters
    ----------
    workbook : Workbook
        What to make.
    organisations, timeframes, notebooks : sequence of str
        Make only these; empty means what the params say. A timeframe or a notebook may be one that the
        params do not name.
    folder : pathlib.Path, optional
        Where the notebooks are; by default the project's own.
    today : datetime.date, optional
        The day against which relative timeframes are put in order, where params give no ``as_of``.
    lacking : callable, optional
        Says what an organisation has of what its notebooks need, where no notebook of the run provides it;
        by default it has everything.

    Returns
    -------
    tuple of Job
        Organisation by organisation, as params name them; in each, notebooks in order of need; in each,
        timeframes from the earliest.

    Raises
    ------
    ParamsError
        For a name that does not exist, a need that no notebook provides, or needs that go in a circle.

    Notes
    -----
    A notebook waits for all jobs of the same organisation that provide what it needs, or a table that it
    reads where it is there, in all timeframes. Jobs of one notebook that provides something run one after
    another, the earliest first. What is found, and which model is in use for a timeframe, must not depend on
    which worker was quicker. A provider of something needed that is not part of the run is
    added, in front, for the timeframes for which the organisation has none of what is needed; otherwise what
    it made in an earlier run is used. One that reads the figures of other reports waits for those of the same
    organisation and timeframe that are part of the run; none is added.
    """
    cards = _cards(folder)
    chosen = [workbook.organisation(name) for name in dict.fromkeys(organisations)] or workbook.organisations
    for name in notebooks:
        read_card(name, folder)
    jobs: list[Job] = []
    for organisation in chosen:
        wanted = notebooks or organisation.notebooks or sorted(cards)
        frames = _frames(timeframes, organisation, today)
        plan = {
            name: frames or _frames((cards[name].default_timeframe,), organisation, today)
            for name in dict.fromkeys(wanted)
        }
        why = _add_providers(plan, cards, organisation, lacking) if lacking else {}
        order = _in_order([cards[name] for name in plan], cards)
        jobs += _jobs(organisation, {card.name: plan[card.name] for card in order}, cards, why, len(jobs))
    return tuple(jobs)


def slug(label: str) -> str:
    """Return the folder name of a timeframe's label.

    Examples
    --------
    >>> slug("2026-Q3"), slug("2026-01-01..2026-03-31")
    ('2026-Q3', '2026-01-01_2026-03-31')
    """
    return label.replace("..", "_")


def _add_providers(
    plan: dict[str, list[Timeframe]],
    cards: Mapping[str, NotebookCard],
    organisation: Organisation,
    lacking: Lacking,
) -> dict[str, str]:
    """Add notebooks that make what those of the plan need and the organisation has not; say why of each."""
    why: dict[str, str] = {}
    waiting = list(plan)
    while waiting:
        name = waiting.pop(0)
        for need in cards[name].needs:
            providers = [card.name for card in cards.values() if need in card.provides]
            if any(provider in plan and provider not in why for provider in providers):
                continue
            without = lacking(organisation, need, [frame.label for frame in plan[name]])
            there = plan.get(providers[0], [])
            new = [frame for frame in plan[name] if frame.label in without and frame not in there]
            if new:
                plan[providers[0]] = sorted([*there, *new], key=_earliest_first)
                why.setdefault(providers[0], f"{name} needs {need}")
                waiting.append(providers[0])
    return why


def _jobs(
    organisation: Organisation,
    plan: Mapping[str, list[Timeframe]],
    cards: Mapping[str, NotebookCard],
    why: Mapping[str, str],
    first: int,
) -> list[Job]:
    """Jobs of one organisation, notebooks in order, the first job at a position of the run."""
    jobs: list[Job] = []
    for name, frames in plan.items():
        card = cards[name]
        needed = [n for n, job in enumerate(jobs, first) if _provides(job.card, card)]
        for number, frame in enumerate(frames):
            before = [first + len(jobs) - 1] if number and card.provides else []
            read = [
                n
                for n, job in enumerate(jobs, first)
                if job.card.name in card.reports and job.timeframe == frame.label
            ]
            after = tuple(sorted({*needed, *before, *read}))
            jobs.append(_job(organisation, frame, card, after, why.get(name, "")))
    return jobs


def _job(
    organisation: Organisation, frame: Timeframe, card: NotebookCard, after: tuple[int, ...], why: str
) -> Job:
    as_of = str(organisation.as_of or "latest")
    given = {"organisation": organisation.id, "timeframe": frame.label, "as_of": as_of}
    parameters = {name: value for name, value in given.items() if name in card.parameters}
    parameters |= organisation.parameters.get(card.name, {})
    return Job(organisation, frame.label, slug(frame.label), card, parameters, after, why)


def _cards(folder: Path | None) -> dict[str, NotebookCard]:
    """Read all notebooks, and see that each can run and that every need is provided by one of them."""
    cards = {name: read_card(name, folder) for name in notebook_names(folder)}
    provided = {thing: card.name for card in cards.values() for thing in card.provides}
    for card in cards.values():
        if not {"organisation", "timeframe"} <= card.parameters.keys():
            raise ParamsError(
                f"{card.path.name} cannot be run: its parameters cell must declare organisation and timeframe"
            )
        for need in card.needs:
            if need not in provided:
                listed = ", ".join(provided) or "nothing"
                raise ParamsError(
                    f'{card.path.name} needs "{need}", which no notebook provides; provided: {listed}'
                )
    return cards


def _frames(texts: Iterable[str], organisation: Organisation, today: date | None) -> list[Timeframe]:
    """Read timeframes and put them in order, the earliest first."""
    as_of = organisation.as_of if isinstance(organisation.as_of, date) else today or _NOT_SAID
    frames = {
        frame.label: frame
        for text in tuple(texts) or organisation.timeframes or ()
        for frame in [
            parse_timeframe(
                text, as_of=as_of, first_day=_LONG_AGO, fiscal_year_start=organisation.fiscal_year_start
            )
        ]
    }
    return sorted(frames.values(), key=_earliest_first)


def _earliest_first(frame: Timeframe) -> tuple[date, date, str]:
    return frame.end, frame.start, frame.label


def _in_order(chosen: Sequence[NotebookCard], cards: Mapping[str, NotebookCard]) -> list[NotebookCard]:
    """Put notebooks behind those that provide or publish what they need, otherwise as they were."""
    ordered: list[NotebookCard] = []
    waiting: list[str] = []

    def place(card: NotebookCard) -> None:
        if card in ordered:
            return
        if card.name in waiting:
            circle = " → ".join([*waiting[waiting.index(card.name) :], card.name])
            raise ParamsError(f"notebooks need each other in a circle: {circle}")
        waiting.append(card.name)
        for other in cards.values():
            if _provides(other, card) or other.name in card.reports:
                place(other)
        waiting.pop()
        ordered.append(card)

    for card in chosen:
        place(card)
    return [card for card in ordered if card in chosen]


def _provides(other: NotebookCard, card: NotebookCard) -> bool:
    """Whether another notebook makes what a notebook needs, or a table that it reads where it is there."""
    return other is not card and bool(set(other.provides) & {*card.needs, *card.tables})
