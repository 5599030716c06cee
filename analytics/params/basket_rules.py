"""Where basket ranges begin: amounts mean something in one currency only, so that each may have its own."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from analytics.params.problems import ParamsModel, fail
from analytics.params.values import Currency

Bounds = Annotated[tuple[float, ...], Field(min_length=1, max_length=12)]


class BasketRanges(ParamsModel):
    """Bounds of basket ranges by currency.

    Parameters
    ----------
    usual : tuple of float
        For currencies that are not named: the second and every later range begins here, ascending, above 0.
    currencies : mapping of str to tuple of float
        ISO 4217 code → its own bounds.

    Examples
    --------
    >>> ranges = BasketRanges(usual=[100, 250], currencies={"VND": [500_000]})
    >>> ranges.bounds("EUR"), ranges.bounds("VND"), ranges.bounds("VND", given=[1_000_000])
    ((100.0, 250.0), (500000.0,), (1000000.0,))
    """

    usual: Bounds
    currencies: dict[Currency, Bounds] = Field(default_factory=dict)

    def bounds(self, currency: str, *, given: tuple[float, ...] | list[float] = ()) -> tuple[float, ...]:
        """Give the bounds of a currency, or those that params give in their place."""
        return tuple(float(bound) for bound in given) or self.currencies.get(currency, self.usual)

    @model_validator(mode="after")
    def _check(self) -> BasketRanges:
        faults = [
            f"{name}: {list(bounds)} do not ascend from above 0; write for instance [100, 250, 500, 1000]"
            for name, bounds in {"usual": self.usual, **self.currencies}.items()
            if any(not later > earlier for earlier, later in pairwise((0.0, *bounds)))
        ]
        if faults:
            fail("; ".join(faults))
        return self
