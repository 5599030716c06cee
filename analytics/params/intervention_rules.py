"""Whom to call by when, and what to do first: a table that people may change without touching code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from analytics.errors import nearest
from analytics.params.problems import ParamsModel, fail

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS = ("service", "relationship", "commercial")
"""What a step does: mends something, cares for the relation, speaks of money and terms."""
ANY = "any"

Text = Annotated[str, Field(min_length=1)]
Days = Annotated[int, Field(ge=0, le=365)]


class Leaving(ParamsModel):
    """A sign without a bound of its own.

    Parameters
    ----------
    within : int
        Working days from the reference date within which somebody calls; 0 is today.
    opens : bool
        Whether the sign alone brings a customer into the queue.
    """

    within: Days
    opens: bool = False


class Sign(Leaving):
    """A sign that is there from some bound on.

    Parameters
    ----------
    at : float
        The bound; which way it counts, and in what unit, is the sign's own.
    """

    at: float


class Share(Leaving):
    """A sign whose bound is a share, 0–1."""

    at: Annotated[float, Field(ge=0, le=1)]


class Stake(Share):
    """A share of all value at risk.

    Parameters
    ----------
    likely_within : int
        Working days within which somebody calls where the chance to leave is high as well.
    """

    likely_within: Days


class Renewal(Sign):
    """A renewal ahead.

    Parameters
    ----------
    lead_days : int
        The call comes so many calendar days before the renewal at the latest.
    """

    lead_days: Days


class Signs(ParamsModel):
    """What is seen of a customer; where two are equally urgent, the one named first here goes before."""

    leaving: Leaving
    stake: Stake
    health: Sign
    overdue: Sign
    critical_tickets: Sign
    renewal: Renewal
    logins: Share
    nps: Sign
    stage_late: Sign
    tickets: Sign
    seats: Share


SIGNS = tuple(Signs.model_fields)


class Step(ParamsModel):
    """One step of a recommendation.

    Parameters
    ----------
    sign : str
        In params ``for``: one of `SIGNS`, or ``any``.
    kind : str
        One of `KINDS`.
    do : str
        The step, as an order to whoever looks after the customer.
    market : str, optional
        The market profile that it is for; all where nothing is said.
    """

    sign: Annotated[Text, Field(alias="for")]
    kind: Text
    do: Text
    market: str | None = None


class Market(ParamsModel):
    """What a market profile changes.

    Parameters
    ----------
    leads : str, optional
        The sign that comes first among reasons and steps wherever it is there.
    kinds : tuple of str
        All of `KINDS` in the order in which steps are taken; empty: steps follow the reasons.
    normal_days_factor : float
        What the normal days of a deal's stage are multiplied by.
    """

    leads: str | None = None
    kinds: tuple[str, ...] = ()
    normal_days_factor: Annotated[float, Field(gt=0)] = 1.0


class InterventionRules(ParamsModel):
    """Signs with their urgency, steps, and what market profiles change.

    Parameters
    ----------
    working_days : tuple of str
        Names of weekdays.
    days_off : tuple of datetime.date
    most_steps : int
    signs : Signs
    steps : tuple of Step
        For each sign the first row that fits the market wins; ``any`` has one row for each kind at most.
    markets : mapping of str to Market

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> rules = load_rules("intervention_rules")
    >>> rules.of("vietnam").normal_days_factor, rules.of(None).normal_days_factor
    (1.5, 1.0)
    >>> [step.kind for step in rules.plan(["overdue", "nps"], "vietnam")]
    ['relationship', 'commercial']
    >>> [step.sign for step in rules.plan(["overdue", "nps"], None)]
    ['overdue', 'nps']
    """

    working_days: Annotated[tuple[str, ...], Field(min_length=1)] = WEEKDAYS[:5]
    days_off: tuple[date, ...] = ()
    most_steps: Annotated[int, Field(ge=1)] = 3
    signs: Signs
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    markets: dict[str, Market] = Field(default_factory=dict)

    def of(self, market: str | None) -> Market:
        """Give what a market profile changes; nothing where it has no entry."""
        return self.markets.get(market or "", Market())

    def led(self, signs: Sequence[str], market: str | None) -> list[str]:
        """Put the sign that leads in a market first; the others keep their order."""
        return sorted(signs, key=lambda name: name != self.of(market).leads)

    def plan(self, signs: Sequence[str], market: str | None, advice: str = "") -> list[Step]:
        """Choose the steps for one customer.

        Parameters
        ----------
        signs : sequence of str
            The customer's, the most urgent first.
        market : str or None
            The organisation's market profile.
        advice : str, default ""
            What the predictions recommend. It is taken where no sign has a step, and counts as commercial,
            for it may speak of offers.

        Returns
        -------
        list of Step
            At most `most_steps`. Without an order of kinds they follow the signs, and the step for any comes
            last. With one, the step of the sign that leads comes first, then kinds in their order. A step for
            any is taken where no other is of its kind.
        """
        profile = self.of(market)
        found = [step for name in self.led(signs, market) if (step := self._step(name, market))]
        if not found and advice:
            found = [Step(sign=ANY, kind="commercial", do=advice, market=None)]
        there = {step.kind for step in found}
        found += [step for step in self._generic(market) if step.kind not in there]
        if profile.kinds:
            place = {kind: number for number, kind in enumerate(profile.kinds)}
            found.sort(key=lambda step: (step.sign != profile.leads, place[step.kind]))
        return found[: self.most_steps]

    def _step(self, sign: str, market: str | None) -> Step | None:
        rows = (step for step in self.steps if step.sign == sign and step.market in (None, market))
        return next(rows, None)

    def _generic(self, market: str | None) -> list[Step]:
        rows: dict[str, Step] = {}
        for step in self.steps:
            if step.sign == ANY and step.market in (None, market):
                rows.setdefault(step.kind, step)
        return list(rows.values())

    @model_validator(mode="after")
    def _check(self) -> InterventionRules:
        if faults := [*self._unknown(), *self._unreached(), *self._of_markets()]:
            fail("; ".join(faults))
        return self

    def _unknown(self) -> Iterator[str]:
        for name in self.working_days:
            if name not in WEEKDAYS:
                yield _no("working day", name, WEEKDAYS)
        for number, step in enumerate(self.steps, 1):
            if step.sign not in (*SIGNS, ANY):
                yield f"step {number}: {_no('sign', step.sign, (*SIGNS, ANY))}"
            if step.kind not in KINDS:
                yield f"step {number}: {_no('kind', step.kind, KINDS)}"
            if step.market is not None and step.market not in self.markets:
                yield f"step {number}: {_no('market', step.market, self.markets)}"

    def _unreached(self) -> Iterator[str]:
        taken: dict[tuple[str, ...], set[str | None]] = {}
        for number, step in enumerate(self.steps, 1):
            key = (step.sign, step.kind) if step.sign == ANY else (step.sign,)
            before = taken.setdefault(key, set())
            if None in before or step.market in before:
                yield f'step {number} ("{step.do[:40]}…") is never reached: a row above takes its customers'
            before.add(step.market)
        if not any(step.sign == ANY and step.market is None for step in self.steps):
            yield "not everybody has a step: add a last row with for: any and no market"

    def _of_markets(self) -> Iterator[str]:
        for name, market in self.markets.items():
            if market.leads is not None and market.leads not in SIGNS:
                yield f'market "{name}": leads: {_no("sign", market.leads, SIGNS)}'
            if market.kinds and sorted(market.kinds) != sorted(KINDS):
                yield f'market "{name}": kinds must name each of {", ".join(KINDS)} once, in their order'


def _no(what: str, name: str, known: Collection[str]) -> str:
    return f'there is no {what} "{name}"{nearest(name, known)}; there are {", ".join(known)}'
