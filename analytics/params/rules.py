"""Rule tables: decisions that people may change without touching code, checked when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from analytics.errors import ParamsError, nearest
from analytics.params.basket_rules import BasketRanges
from analytics.params.churn_rules import ChurnRecommendations
from analytics.params.document import read_document
from analytics.params.intervention_rules import InterventionRules
from analytics.params.lead_rules import LeadRules
from analytics.params.organisation import Organisation
from analytics.params.pipeline_rules import PipelineRules
from analytics.params.problems import ParamsModel, fail, validated

_FOLDER = Path(__file__).resolve().parents[2] / "params" / "rules"
SCORES = range(1, 6)


def _scores(value: Any) -> Any:
    """Read ``4-5``, ``1`` or ``any`` into the scores it means."""
    text = str(value).strip().replace("–", "-")
    if text == "any":
        return tuple(SCORES)
    found = re.fullmatch(r"([1-5])(?:-([1-5]))?", text)
    if found is None or int(found[1]) > int(found[2] or found[1]):
        fail(f'"{text[:40]}" is no range of scores; allowed: any, a score such as 1, or a range such as 4-5')
    return tuple(range(int(found[1]), int(found[2] or found[1]) + 1))


Scores = Annotated[tuple[int, ...], BeforeValidator(_scores)]


class SegmentRule(ParamsModel):
    """One row of the table: the segment of customers with these scores, unless a row above took them."""

    segment: str
    r: Scores
    f: Scores
    m: Scores

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that fit the row, such as ``455``: recency, frequency, monetary."""
        return tuple(f"{r}{f}{m}" for r, f, m in product(self.r, self.f, self.m))


class SegmentText(ParamsModel):
    """What a segment means and what to do about it."""

    description: str = Field(min_length=1)
    action: str = Field(min_length=1)


class RfmSegments(ParamsModel):
    """The table that names a customer's segment from the three scores; the first row that fits wins.

    Parameters
    ----------
    segments : mapping of str to SegmentText
        Every segment, in the order in which reports list them.
    rules : tuple of SegmentRule
        In order. Every row wins at least one of the 125 codes, and every code is won.
    """

    segments: dict[str, SegmentText]
    rules: tuple[SegmentRule, ...]

    @cached_property
    def winners(self) -> Mapping[str, int]:
        """Code → number of the row that wins it, counted from 0."""
        won: dict[str, int] = {}
        for number, rule in enumerate(self.rules):
            for code in rule.codes:
                won.setdefault(code, number)
        return dict(sorted(won.items()))

    @cached_property
    def table(self) -> Mapping[str, str]:
        """Code → segment, for all 125 codes."""
        return {code: self.rules[number].segment for code, number in self.winners.items()}

    def segment(self, r: int, f: int, m: int) -> str:
        """Return the segment of three scores, each 1–5."""
        return self.table[f"{r}{f}{m}"]

    def codes(self, segment: str) -> tuple[str, ...]:
        """Return the codes that a segment really wins, in ascending order."""
        return tuple(code for code, name in self.table.items() if name == segment)

    @model_validator(mode="after")
    def _check(self) -> RfmSegments:
        faults = []
        for number, rule in enumerate(self.rules):
            if rule.segment not in self.segments:
                hint = nearest(rule.segment, self.segments)
                faults.append(f'rule {number + 1}: segment "{rule.segment}" has no description{hint}')
            if number not in set(self.winners.values()):
                faults.append(
                    f"rule {number + 1} ({rule.segment}) is never reached: rows above take all its codes"
                )
        named = {rule.segment for rule in self.rules}
        faults += [
            f'segment "{name}" is described, but no rule names it'
            for name in self.segments
            if name not in named
        ]
        missing = [f"{r}{f}{m}" for r, f, m in product(SCORES, repeat=3) if f"{r}{f}{m}" not in self.winners]
        if missing:
            shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            faults.append(
                f"{len(missing)} of 125 codes fit no rule: {shown}; add a last row with any, any, any"
            )
        if faults:
            fail("; ".join(faults))
        return self


RULES: Mapping[str, type[ParamsModel]] = {
    "rfm_segments": RfmSegments,
    "churn_recommendations": ChurnRecommendations,
    "lead_rules": LeadRules,
    "basket_ranges": BasketRanges,
    "pipeline_rules": PipelineRules,
    "intervention_rules": InterventionRules,
}
"""Every rule table by name, with the type that it is read into."""


def load_rules(name: str, organisation: Organisation | None = None) -> Any:
    """Read a rule table.

    Parameters
    ----------
    name : str
        Name of the table, ``rfm_segments`` for instance.
    organisation : Organisation, optional
        Whose params may name a file of their own for it, under ``rules``.

    Returns
    -------
    RfmSegments or ChurnRecommendations
        The typed table.

    Raises
    ------
    ParamsError
        If there is no such table, or it breaks one of its rules.

    Examples
    --------
    >>> load_rules("rfm_segments").codes("Champions")
    ('445', '454', '455', '545', '554', '555')
    """
    if name not in RULES:
        raise ParamsError(
            f'there is no rule table "{name}"{nearest(name, RULES)}; there are {", ".join(RULES)}'
        )
    return _read(name, rule_files(organisation)[name])


def rule_files(organisation: Organisation | None = None) -> dict[str, Path]:
    """Return the file of each rule table: the organisation's own, else the project's."""
    own = organisation.rules if organisation else {}
    return {name: own.get(name) or _FOLDER / f"{name}.yml" for name in RULES}


@cache
def _read(name: str, path: Path) -> ParamsModel:
    return validated(RULES[name], read_document(path))
