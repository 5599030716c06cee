"""Which organisations share a page of the index: by letter, at most thirty."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from analytics.reporting.standing import Tally

MOST = 30
"""So many organisations stand on one page."""


@dataclass(frozen=True, slots=True)
class Group:
    """The organisations of one page.

    Parameters
    ----------
    number : int
        From 1; also the name of its page.
    title : str
        The first and the last of their names.
    members : tuple of str
        Their ids, in the order of their names.
    """

    number: int
    title: str
    members: tuple[str, ...]


def in_order(tallies: Sequence[Tally]) -> list[Tally]:
    """Sort organisations by name as readers look for them: case and accents do not count."""
    return sorted(tallies, key=lambda one: (_plain(one.name), one.name, one.id))


def groups_of(tallies: Sequence[Tally], most: int = MOST) -> list[Group]:
    """Share out organisations, in their order: a letter stays on one page where it fits on one.

    Examples
    --------
    >>> names = [Tally(id=name, name=name.title()) for name in ("ada", "abe", "bo", "cy", "zoe")]
    >>> [group.title for group in groups_of(in_order(names), most=3)]
    ['Abe – Bo', 'Cy – Zoe']
    """
    pages: list[list[Tally]] = []
    for _, members in groupby(tallies, key=lambda one: _plain(one.name)[:1]):
        letter = list(members)
        if pages and len(pages[-1]) + len(letter) <= most:
            pages[-1] += letter
        else:
            pages += [letter[i : i + most] for i in range(0, len(letter), most)]
    return [
        Group(number, _title(page), tuple(one.id for one in page))
        for number, page in enumerate(pages, start=1)
    ]


def _title(page: Sequence[Tally]) -> str:
    return page[0].name if len(page) == 1 else f"{page[0].name} – {page[-1].name}"


def _plain(name: str) -> str:
    folded = name.casefold()
    if folded.isascii():  # most are, and thousands are sorted at each run
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
