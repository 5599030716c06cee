"""What a churn model is asked: everything that decides its figures, apart from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from analytics.errors import ParamsError
from analytics.metrics.churn_catalogue import Definition

KIND = "churn"
RECIPE = 4
"""Raised when the same data would give another model, so that models of before are not taken for it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The question of one organisation at one reference date.

    Attributes
    ----------
    organisation : str
    reference_date : datetime.date
    definition : {"contract", "purchase"}
    horizon_days : int
    eligible_days : int or None
        None: everybody with a purchase; always None for contracts.
    cost_of_miss, cost_of_call : float
        Of a customer who leaves uncalled, and of a call, in one unit.
    retrain_after_days : int
    market : str
    seed : int
    """

    organisation: str
    reference_date: date
    definition: Definition
    horizon_days: int = 90
    eligible_days: int | None = 365
    cost_of_miss: float = 5.0
    cost_of_call: float = 1.0
    retrain_after_days: int = 30
    market: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.definition == "contract":
            object.__setattr__(self, "eligible_days", None)
        for name in ("horizon_days", "eligible_days"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParamsError(f"{name} is {value}; allowed are whole numbers from 1 on")
        for name in ("cost_of_miss", "cost_of_call"):
            if not getattr(self, name) > 0:
                raise ParamsError(f"{name} is {getattr(self, name)}; allowed is any number above 0")
        if self.retrain_after_days < 0:
            raise ParamsError(f"retrain_after_days is {self.retrain_after_days}; allowed are 0 and more")

    @property
    def alike(self) -> Mapping[str, Any]:
        """What a kept model's card must say for it to answer this question."""
        names = (
            "definition",
            "horizon_days",
            "eligible_days",
            "cost_of_miss",
            "cost_of_call",
            "market",
            "seed",
        )
        return {"recipe": RECIPE} | {name: asdict(self)[name] for name in names}
