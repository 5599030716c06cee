"""How leads are banded, qualified and screened: a table that people may change without touching code."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from analytics.params.problems import ParamsModel, fail

Text = Annotated[str, Field(min_length=1)]


class Band(ParamsModel):
    """One band of scores: from where it begins, and what to do with the leads in it.

    Parameters
    ----------
    name : str
    begins : float
        In params ``from``: the least score of the band, 0–100.
    do : str
        The nurturing step, as an order to whoever looks after the lead.
    """

    name: Text
    begins: Annotated[float, Field(alias="from", ge=0, lt=100)]
    do: Text


class PointRules(ParamsModel):
    """The point rules of one market: which leads sales should take over, and who takes them.

    Parameters
    ----------
    sql_from_points : float
        So many points, or more, make an SQL; fewer an MQL. Points have no upper limit.
    book_consultant_is_sql : bool
        Whether a lead that asked for a consultant is an SQL whatever its points.
    assignees : mapping of str to str
        Region → who takes its leads. A lead of another region stays with its owner.

    Examples
    --------
    >>> rules = PointRules(sql_from_points=110, book_consultant_is_sql=True, assignees={"DACH": "DACH desk"})
    >>> rules.stage(109, asked=False), rules.stage(110, asked=False), rules.stage(0, asked=True)
    ('MQL', 'SQL', 'SQL')
    >>> rules.assignee("DACH", "Sales team 1"), rules.assignee("Hanoi", "Sales team 1")
    ('DACH desk', 'Sales team 1')
    """

    sql_from_points: float
    book_consultant_is_sql: bool = False
    assignees: dict[str, Text] = Field(default_factory=dict)

    def stage(self, points: float | None, *, asked: bool | None) -> str:
        """Qualify a lead: ``SQL`` or ``MQL``; a lead without points has not reached any number of them."""
        if asked and self.book_consultant_is_sql:
            return "SQL"
        return "SQL" if points is not None and points >= self.sql_from_points else "MQL"

    def assignee(self, region: str | None, owner: str | None) -> str | None:
        """Say who takes a lead: whom its region is assigned to, else its owner, None without either."""
        return self.assignees.get(region or "", owner)


class LeakScreen(ParamsModel):
    """When a column is suspected to hold the answer.

    Parameters
    ----------
    separates_from : float
        AUC of the column alone from which it separates almost perfectly.
    names : tuple of str
        Words, or several in a row, of names that say that a column is filled in after contact.

    Examples
    --------
    >>> screen = LeakScreen(separates_from=0.9, names=("last", "lead profile"))
    >>> screen.named("Last Notable Activity"), screen.named("lead_profile"), screen.named("Blast")
    (True, True, False)
    """

    separates_from: Annotated[float, Field(gt=0.5, le=1)] = 0.9
    names: tuple[Text, ...] = ()

    def named(self, column: str) -> bool:
        """Whether a column's name has one of the words."""
        parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
        words = " ".join(["", *re.findall(r"[^\W_]+", parted.lower()), ""])
        return any(f" {name.lower()} " in words for name in self.names)


class LeadRules(ParamsModel):
    """Bands, point rules of markets, and the screen for leaks.

    Parameters
    ----------
    bands : tuple of Band
        From the highest to the lowest, the last from 0.
    markets : mapping of str to PointRules
        Market profile → its point rules; another market has none.
    leaks : LeakScreen

    Examples
    --------
    >>> rules = LeadRules(bands=[{"name": "Hot", "from": 50, "do": "Call."}, {"name": "Cold", "from": 0,
    ...                          "do": "Wait."}], leaks={"separates_from": 0.9})
    >>> rules.band(50), rules.band(49.9), rules.points(None)
    ('Hot', 'Cold', None)
    """

    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    markets: dict[str, PointRules] = Field(default_factory=dict)
    leaks: LeakScreen = LeakScreen()

    def band(self, score: float) -> str:
        """Name the band of a score, 0–100."""
        return next(band.name for band in self.bands if score >= band.begins)

    def points(self, market: str | None) -> PointRules | None:
        """Give the point rules of a market; None where it has none."""
        return self.markets.get(market or "")

    @model_validator(mode="after")
    def _check(self) -> LeadRules:
        faults = []
        begins = [band.begins for band in self.bands]
        if any(later >= earlier for earlier, later in pairwise(begins)):
            faults.append("bands: each must begin below the one before it; write the highest first")
        if begins[-1] != 0:
            faults.append(
                f'bands: the last, "{self.bands[-1].name}", must begin at 0, so that no score is left'
            )
        names = [band.name for band in self.bands]
        faults += [
            f'bands: "{name}" stands twice' for name in sorted({n for n in names if names.count(n) > 1})
        ]
        if faults:
            fail("; ".join(faults))
        return self
