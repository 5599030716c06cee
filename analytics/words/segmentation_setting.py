"""What every sentence of the segmentation report needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from analytics.formats import Format
from analytics.timeframe import Comparison, Timeframe


class Bounds(Protocol):
    """The parameters that the words have to name."""

    @property
    def blocks(self) -> frozenset[str]:
        """Blocks of the report that are asked for."""

    @property
    def customer_type(self) -> str:
        """Type of the customers shown, or ``all``."""

    @property
    def include_inactive(self) -> bool:
        """Whether customers who have been away for long are scored."""

    @property
    def inactive_days(self) -> int:
        """For how long."""

    @property
    def churn_days(self) -> int:
        """Days without an order after which a customer is not active."""

    @property
    def new_days(self) -> int:
        """Days for which a customer is new."""

    @property
    def at_risk_days(self) -> int:
        """Days without an order after which a customer is at risk."""

    @property
    def top_percent(self) -> int:
        """Per cent of customers that are the top by revenue."""

    @property
    def fewest_customers(self) -> int:
        """Fewer customers are too few to rank."""

    @property
    def fewest_days(self) -> int:
        """Fewer distinct days of a last order are too few to rank."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
        How to write figures.
    comparison : Comparison
        The timeframe, and those to compare it with.
    bounds : Bounds
        The parameters that words have to name.
    first_day : datetime.date or None
        First day of the data.
    complete_history : bool
        Whether nobody can have bought before it.
    """

    format: Format
    comparison: Comparison
    bounds: Bounds
    first_day: date | None = None
    complete_history: bool = True

    @property
    def timeframe(self) -> Timeframe:
        """The timeframe of the report."""
        return self.comparison.this

    @property
    def shows_segments(self) -> bool:
        """Whether the page has a section on segments; those of tiers, credit or behaviour alone have none."""
        return "rfm_segments" in self.bounds.blocks

    @property
    def last_day(self) -> str:
        """The last day that was read, in words."""
        return self.format.date(self.timeframe.reference_date - timedelta(days=1))

    @property
    def heads(self) -> tuple[str, str]:
        """The last days of the previous timeframe and of this one, in words."""
        previous = self.comparison.previous
        if previous is None:
            return "before", self.last_day
        return self.format.date(previous.reference_date - timedelta(days=1)), self.last_day

    def truncation(self, new_since: date) -> str:
        """Say that who looks new since a day may be older, where the data begin too late to know.

        Customers first seen in the first `Bounds.churn_days` of the data may have bought before.
        """
        if self.complete_history or self.first_day is None:
            return ""
        if new_since >= self.first_day + timedelta(days=self.bounds.churn_days):
            return ""
        begin = self.format.date(self.first_day)
        return f" The data begin on {begin}, so that customers who look new may be older."

    @property
    def kind(self) -> str:
        """Of which type the customers are, after their noun; empty where all are shown."""
        kind = self.bounds.customer_type
        return "" if kind == "all" else f" of type {shortened(kind, 20)}"

    @property
    def window(self) -> str:
        """When a customer has to have ordered to be in the figures."""
        if self.bounds.include_inactive:
            return f"up to {self.last_day}"
        return f"in the {self.format.days(self.bounds.inactive_days)} to {self.last_day}"

    def customers(self, n: int, *, kind: bool = False) -> str:
        """Count customers in words, with their type where it is asked for."""
        noun = "customer" if n == 1 else "customers"
        return f"{self.format.count(n)} {noun}{self.kind if kind else ''}"

    def based(self, n: int) -> str:
        """Name the base of a picture."""
        return f"{self.customers(n, kind=True)} with an order {self.window}"


def shortened(text: str, most: int) -> str:
    """Cut words to a number of characters, with an ellipsis where something was left out.

    Examples
    --------
    >>> shortened("Potential Loyalists", 12)
    'Potential L…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
