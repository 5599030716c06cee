"""From a workbook to the jobs of a run: organisation × timeframe × notebook, in order of need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analytics.errors import ParamsError
from analytics.params.notebooks import NotebookCard, notebook_names, read_card
from analytics.params.organisation import Organisation
from analytics.params.workbook import Workbook
from analytics.timeframe import Timeframe, parse_timeframe

_LONG_AGO = date(1900, 1, 1)
_NOT_SAID = date(2190, 1, 1)  # relative timeframes then come after those of the calendar


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
    """

    organisation: Organisation
    timeframe: str
    slug: str
    card: NotebookCard
    parameters: Mapping[str, Any]
    after: tuple[int, ...] = ()


def expand(
    workbook: Workbook,
    *,
    organisations: Sequence[str] = (),
    timeframes: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    folder: Path | None = None,
    today: date | None = None,
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
    A notebook waits for all jobs of the same organisation that provide what it needs, in all timeframes. A
    provider that is not part of the run is not waited for: what it made in an earlier run is used.
    """
    cards = _cards(folder)
    chosen = [workbook.organisation(name) for name in dict.fromkeys(organisations)] or workbook.organisations
    for name in notebooks:
        read_card(name, folder)
    jobs: list[Job] = []
    for organisation in chosen:
        wanted = notebooks or organisation.notebooks or sorted(cards)
        frames = _frames(timeframes, organisation, today)
        first = len(jobs)
        for card in _in_order([cards[name] for name in dict.fromkeys(wanted)], cards):
            after = tuple(
                number
                for number, job in enumerate(jobs[first:], first)
                if set(job.card.provides) & set(card.needs)
            )
            own = frames or _frames((card.default_timeframe,), organisation, today)
            jobs += [_job(organisation, frame, card, after) for frame in own]
    return tuple(jobs)


def slug(label: str) -> str:
    """Return the folder name of a timeframe's label.

    Examples
    --------
    >>> slug("2026-Q3"), slug("2026-01-01..2026-03-31")
    ('2026-Q3', '2026-01-01_2026-03-31')
    """
    return label.replace("..", "_")


def _job(organisation: Organisation, frame: Timeframe, card: NotebookCard, after: tuple[int, ...]) -> Job:
    as_of = str(organisation.as_of or "latest")
    given = {"organisation": organisation.id, "timeframe": frame.label, "as_of": as_of}
    parameters = {name: value for name, value in given.items() if name in card.parameters}
    parameters |= organisation.parameters.get(card.name, {})
    return Job(organisation, frame.label, slug(frame.label), card, parameters, after)


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
    return sorted(frames.values(), key=lambda frame: (frame.end, frame.start, frame.label))


def _in_order(chosen: Sequence[NotebookCard], cards: Mapping[str, NotebookCard]) -> list[NotebookCard]:
    """Put notebooks behind those that provide what they need, otherwise as they were."""
    ordered: list[NotebookCard] = []
    waiting: list[str] = []

    def place(card: NotebookCard) -> None:
        if card in ordered:
            return
        if card.name in waiting:
            circle = " → ".join([*waiting[waiting.index(card.name) :], card.name])
            raise ParamsError(f"notebooks need each other in a circle: {circle}")
        waiting.append(card.name)
        for provider in cards.values():
            if set(provider.provides) & set(card.needs):
                place(provider)
        waiting.pop()
        ordered.append(card)

    for card in chosen:
        place(card)
    return [card for card in ordered if card in chosen]
