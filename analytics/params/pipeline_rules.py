"""How deals and accounts are weighed: a table that people may change without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, model_validator

from analytics.errors import nearest
from analytics.params.problems import ParamsModel, fail

Points = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]


def _adds_up(what: str, total: float) -> None:
    if abs(total - 100) > 1e-9:
        fail(f"the most points of {what} must add up to 100, not {total:g}")


class Stage(ParamsModel):
    """One stage of a deal.

    Parameters
    ----------
    close_probability : float
        Chance that a deal in it is won, in percent, before anything else is known of the deal.
    normal_days : int
        Days that a deal usually stays.
    value_factor : float
        Share of the list value that is expected at this stage.
    """

    close_probability: Annotated[float, Field(ge=0, le=100)]
    normal_days: Annotated[int, Field(ge=1)]
    value_factor: Annotated[float, Field(gt=0, le=1)]


class ClosePoints(ParamsModel):
    """Points of a close probability beside the stage's, in percent each.

    ``an_…`` and ``a_…`` are for one of the kind; ``most_interactions`` and ``most_objections`` are how many
    count, ``most_late`` and ``most_competition`` how many points can be lost.
    """

    an_interaction: Points = 1.5
    most_interactions: Count = 10
    an_objection_handled: Points = 2
    most_objections: Count = 5
    a_lead_score_point: Points = 0.1
    champion_identified: Points = 10
    budget_confirmed: Points = 15
    decision_maker_engaged: Points = 10
    a_week_late: Points = 2
    most_late: Points = 20
    a_competitor: Points = 5
    most_competition: Points = 15


class Health(ParamsModel):
    """Points of a deal's health, and from where it is called what.

    Parameters
    ----------
    velocity, activity : float
        Points for a deal that is not late, and for one with activity today.
    a_week_late, an_interaction, champion_identified, budget_confirmed, decision_maker_engaged : float
        Points lost for each full week beyond the stage's normal days, and points won.
    most_interactions, silent_after_days : float
        How many interactions count; after how many days without activity no points are left for it.
    healthy_from, watch_from : float
        Least health of ``healthy`` and of ``watch``; below is ``critical``.
    stagnant_days, silent_days : int
        A deal is stagnant beyond so many days in its stage, and silent from so many without activity.
    """

    velocity: Points = 40
    a_week_late: Points = 10
    an_interaction: Points = 1.5
    most_interactions: Count = 10
    activity: Points = 15
    silent_after_days: Count = 30
    champion_identified: Points = 10
    budget_confirmed: Points = 10
    decision_maker_engaged: Points = 10
    healthy_from: Points = 70
    watch_from: Points = 40
    stagnant_days: Annotated[int, Field(ge=1)] = 60
    silent_days: Annotated[int, Field(ge=1)] = 14

    @property
    def most_for_interactions(self) -> float:
        """Points for as many interactions as count."""
        return self.an_interaction * self.most_interactions

    @model_validator(mode="after")
    def _check(self) -> Health:
        parts = self.velocity + self.most_for_interactions + self.activity
        parts += self.champion_identified + self.budget_confirmed + self.decision_maker_engaged
        _adds_up("velocity, interactions, activity and qualification", parts)
        if self.watch_from >= self.healthy_from:
            fail(f"watch_from {self.watch_from:g} must be below healthy_from {self.healthy_from:g}")
        return self


class DealValue(ParamsModel):
    """Factors of a deal's value.

    Parameters
    ----------
    industry_factors : mapping of str to float
        Industry as it stands in the deals, in any case → factor.
    other_industries : float
        Factor of all others.
    similar_deals : float
        So many similar won deals weigh as much as the deal's own terms.
    """

    industry_factors: dict[str, Count] = Field(default_factory=dict)
    other_industries: Count = 1.0
    similar_deals: Count = 5

    def factor(self, industry: str | None) -> float:
        """Give the factor of an industry.

        Examples
        --------
        >>> DealValue(industry_factors={"tech": 1.2}).factor("Tech"), DealValue().factor(None)
        (1.2, 1.0)
        """
        known = {name.casefold(): factor for name, factor in self.industry_factors.items()}
        return known.get(str(industry or "").strip().casefold(), self.other_industries)


class ChurnRisk(ParamsModel):
    """Points of an account's churn risk; ``most_…`` bounds what single ones add up to."""

    fall_of_logins: Points = 40
    a_ticket: Points = 2
    most_tickets: Points = 10
    a_critical_ticket: Points = 5
    most_critical_tickets: Points = 10
    overdue: Points = 20
    overdue_days: Count = 60
    nps: Points = 10
    sentiment: Points = 10

    @model_validator(mode="after")
    def _check(self) -> ChurnRisk:
        parts = self.fall_of_logins + self.most_tickets + self.most_critical_tickets
        _adds_up("all parts of the churn risk", parts + self.overdue + self.nps + self.sentiment)
        return self


class Expansion(ParamsModel):
    """Points of an account's room to grow.

    Parameters
    ----------
    seat_use, higher_plan, adoption, nps : float
        Most points of each part.
    seat_use_from : float
        Share of seats used from which the first points are won; all are won when every seat is used.
    not_above_churn_risk : float
        An account with a higher risk has no room to grow.
    plans : tuple of str
        From the smallest to the greatest; of a plan that is not named nothing higher is known.
    """

    seat_use: Points = 40
    seat_use_from: Annotated[float, Field(ge=0, lt=1)] = 0.5
    higher_plan: Points = 20
    adoption: Points = 20
    nps: Points = 20
    not_above_churn_risk: Points = 60
    plans: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Expansion:
        _adds_up("all parts of the expansion", self.seat_use + self.higher_plan + self.adoption + self.nps)
        if len({plan.casefold() for plan in self.plans}) < len(self.plans):
            fail("a plan stands twice")
        return self


class Weights(ParamsModel):
    """Everything that deals and accounts of one vertical are weighed by."""

    stages: Annotated[dict[Text, Stage], Field(min_length=1)]
    close_probability: ClosePoints = ClosePoints()
    health: Health = Health()
    value: DealValue = DealValue()
    churn_risk: ChurnRisk = ChurnRisk()
    expansion: Expansion = Expansion()

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The stages in the order in which a deal passes them."""
        return tuple(self.stages)

    @model_validator(mode="after")
    def _check(self) -> Weights:
        for (before, low), (after, high) in pairwise(self.stages.items()):
            if high.close_probability < low.close_probability:
                fail(f'stage "{after}" comes after "{before}" and must not be less likely to close')
        if wrong := [name for name in self.stages if name != name.strip().lower()]:
            fail(f'stage "{wrong[0]}" must be written in small letters; the deals may write it as they like')
        return self


class PipelineRules(Weights):
    """The weights of all deals and accounts, and what differs in single verticals.

    Parameters
    ----------
    verticals : mapping of str to Weights
        Industry, in any case → its weights. In the file only what differs is said.

    Examples
    --------
    >>> stages = {"open": {"close_probability": 10, "normal_days": 14, "value_factor": 0.5}}
    >>> rules = PipelineRules(stages=stages, verticals={
    ...     "Health": {"stages": {"open": {"normal_days": 60}}, "close_probability": {"a_week_late": 1}}})
    >>> rules.of("health").stages["open"].normal_days, rules.of(None).stages["open"].normal_days
    (60, 14)
    >>> rules.of("health").close_probability.budget_confirmed
    15
    """

    verticals: dict[Text, Weights] = Field(default_factory=dict)

    def of(self, industry: str | None) -> Weights:
        """Give the weights of an industry: its vertical's, else those of all."""
        return self._by_name.get(str(industry or "").strip().casefold(), self)

    @cached_property
    def _by_name(self) -> dict[str, Weights]:
        return {name.strip().casefold(): weights for name, weights in self.verticals.items()}

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Fill in, for each vertical, what it does not say of its own."""
        if not isinstance(given, Mapping) or not isinstance(given.get("verticals"), Mapping):
            return given
        common = {name: said for name, said in given.items() if name != "verticals"}
        whole = {name: _merged(common, own) for name, own in given["verticals"].items()}
        return {**given, "verticals": whole}

    @model_validator(mode="after")
    def _verticals_have_the_same_stages(self) -> PipelineRules:
        for name, weights in self.verticals.items():
            if other := [stage for stage in weights.stages if stage not in self.stages]:
                hint = nearest(other[0], self.stages)
                fail(f'vertical "{name}" has a stage "{other[0]}" that is not among the stages{hint}')
        if len(self._by_name) < len(self.verticals):
            fail("a vertical stands twice")
        return self


def _merged(common: Any, own: Any) -> Any:
    if not (isinstance(common, Mapping) and isinstance(own, Mapping)):
        return own
    return {**common, **{name: _merged(common.get(name), said) for name, said in own.items()}}
