"""How a page of the index filters without script: the style sheet reads which choice is checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One timeframe."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter by state."""

    key: str
    words: str


def key_of(slug: str) -> str:
    """Return the part of a class name that stands for a timeframe.

    Examples
    --------
    >>> key_of("2026-Q3"), key_of("a b")
    ('2026-Q3', 'a_20_b')
    """
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", slug)


def rules_of(ids: Sequence[str], columns: Sequence[Column], chips: Sequence[Chip]) -> str:
    """Write what each choice hides. Browsers without ``:has`` show everything."""
    rules = [
        f'body:has(#o option[value="{id}"]:checked) .org:not([data-o="{id}"]){{display:none}}'
        for id in ids
        if len(ids) > 1
    ]
    if len(columns) > 1:
        for i, column in enumerate(columns):
            chosen, mine = f"body:has(#f-{i}:checked)", column.key
            hidden = f".t:not(.t-{mine}),{chosen} .ix tbody tr:not(.r-{mine})"
            rules.append(f"{chosen} {hidden}{{display:none!important}}")
            rules.append(
                f"{chosen} .org:not(:has(.r-{mine})),{chosen} .older:not(:has(.r-{mine})){{display:none}}"
            )
    for chip in chips:
        chosen = f"body:has(#s-{chip.key}:checked)"
        rules.append(_only(chosen, f".r-{chip.key}"))
        if len(columns) > 1:
            for i, column in enumerate(columns):
                rules.append(_only(f"{chosen}:has(#f-{i}:checked)", f".r-{chip.key}-{column.key}"))
    return "".join(rules)


def _only(chosen: str, one: str) -> str:
    return f"{chosen} .ix tbody tr:not({one}),{chosen} .org:not(:has({one})){{display:none}}"
