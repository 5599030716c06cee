"""What to do about a customer who may leave: a table that people may change without touching code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from analytics.errors import nearest
from analytics.params.problems import ParamsModel, fail

LEVELS = ("Low", "Medium", "High", "Critical")
FACTORS = (
    "recency_days",
    "frequency",
    "monetary_90",
    "monetary_365",
    "tenure_days",
    "mean_gap_days",
    "gap_trend",
    "basket_value",
    "category_breadth",
    "return_share",
    "logins_30d",
    "login_change",
    "seat_use",
    "nps",
    "nps_change",
    "tickets_90d",
    "critical_tickets_90d",
    "days_overdue",
    "plan",
    "acv",
    "acv_change",
    "days_to_renewal",
    "feature_adoption",
    "sentiment",
)
"""The reasons that a churn model gives; a table names those from columns of one's own beside them."""


def _several(value: Any) -> Any:
    """Read ``any``, one name, or a list of names; ``any`` is the empty tuple."""
    if value == "any":
        return ()
    if value == []:
        fail('the list is empty; write "any" for all')
    return tuple(value) if isinstance(value, list) else (value,)


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
Cell = tuple[str, str, str]


class Recommendation(ParamsModel):
    """One row: what to do for customers of these levels, with one of these reasons, in these markets.

    Parameters
    ----------
    level, factor, market : tuple of str
        Empty for ``any``.
    do : str
        The step, as an order to whoever looks after the customer.
    """

    level: Names
    factor: Names
    market: Names = ()
    do: Annotated[str, Field(min_length=1)]

    def fits(self, level: str, factors: Sequence[str], market: str) -> bool:
        """Whether the row speaks of such a customer.

        Examples
        --------
        >>> row = Recommendation(level="High", factor=["nps", "sentiment"], do="Call.")
        >>> row.fits("High", ["seat_use", "nps"], ""), row.fits("High", ["seat_use"], "")
        (True, False)
        """
        return (
            (not self.level or level in self.level)
            and (not self.factor or any(factor in self.factor for factor in factors))
            and (not self.market or market in self.market)
        )


class ChurnRecommendations(ParamsModel):
    """The table of recommendations: the first row that fits wins, and the last fits everybody.

    Parameters
    ----------
    rules : tuple of Recommendation
        In order. Every row wins for somebody.
    own_factors : tuple of str
        Reasons that come from columns of the organisation's own, which rows may name.

    Examples
    --------
    >>> rules = ChurnRecommendations(rules=[
    ...     {"level": "Critical", "factor": "nps", "do": "Call today."},
    ...     {"level": "any", "factor": "any", "do": "Do nothing."},
    ... ])
    >>> rules.recommend("Critical", ["seat_use", "nps"]), rules.recommend("Low", ["nps"])
    ('Call today.', 'Do nothing.')
    """

    rules: Annotated[tuple[Recommendation, ...], Field(min_length=1)]
    own_factors: tuple[str, ...] = ()

    def recommend(self, risk_level: str, factors: Sequence[str], market: str | None = None) -> str:
        """Return what to do for one customer.

        Parameters
        ----------
        risk_level : str
            One of `LEVELS`.
        factors : sequence of str
            Reasons that push the customer's risk up, in any order: the table's order decides.
        market : str, optional
            The organisation's market.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the level is none of `LEVELS`.
        """
        if risk_level not in LEVELS:
            raise ValueError(f"a risk level is one of {', '.join(LEVELS)}")
        return next(rule.do for rule in self.rules if rule.fits(risk_level, factors, market or ""))

    @cached_property
    def _cells(self) -> dict[Cell, int]:
        """Level, single reason and market, each also for what no row names → number of the row that wins it.

        A customer with several reasons is no cell of its own: what a row wins with several, it wins with one.
        """
        factors = dict.fromkeys(factor for rule in self.rules for factor in rule.factor)
        markets = dict.fromkeys(market for rule in self.rules for market in rule.market)
        return {
            (level, factor, market): next(
                (n for n, rule in enumerate(self.rules) if rule.fits(level, [factor], market)), -1
            )
            for level, factor, market in product(LEVELS, [*factors, ""], [*markets, ""])
        }

    @model_validator(mode="after")
    def _check(self) -> ChurnRecommendations:
        if faults := [*self._unknown(), *self._unreached()]:
            fail("; ".join(faults))
        return self

    def _unknown(self) -> Iterator[str]:
        allowed = {"level": LEVELS, "factor": (*FACTORS, *self.own_factors)}
        for number, rule in enumerate(self.rules, 1):
            for key, names in allowed.items():
                for name in getattr(rule, key):
                    if name not in names:
                        more = "; name columns of your own under own_factors" if key == "factor" else ""
                        yield (
                            f'rule {number}: there is no {key} "{name}"{nearest(name, names)}; '
                            f"there are any, {', '.join(names)}{more}"
                        )

    def _unreached(self) -> Iterator[str]:
        winners = set(self._cells.values())
        if -1 in winners:
            yield (
                "not every customer has a recommendation: add a last row with level: any, factor: any "
                "and no market"
            )
        for number, rule in enumerate(self.rules):
            if number not in winners:
                yield (
                    f'rule {number + 1} ("{rule.do[:40]}…") is never reached: rows above it take all its '
                    "customers"
                )
