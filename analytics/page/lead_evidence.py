"""How the evidence on leads is read: what words, tables and pictures must agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from analytics.page.pieces import FEW

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "company_size": "Company size",
        "industry": "Industry",
        "role": "Role",
        "source": "Source",
        "region": "Region",
        "owner": "Owner",
        "points": "Points of the CRM",
        "email_opens": "E-mails opened",
        "page_views": "Pages viewed",
        "content_downloads": "Papers downloaded",
        "demo_requested": "Asked for a demonstration",
        "book_consultant": "Asked for a consultant",
    }
)
"""Features of the contract in words; columns of an organisation's own keep their names."""

READ_AT = (20.0, 10.0)
"""Lengths of a call list, in percent, that sentences may speak of; the first with 30 leads counts."""


@dataclass(frozen=True, slots=True)
class Top:
    """The leads to call first: those of the highest bands, as many as evidence needs.

    Attributes
    ----------
    from_score : float
    open_leads, tested_leads, converted : int
    expected : float
        Conversions to expect of the open ones.
    rate, all_rate : float
        Percent of the tested ones in these bands, and of all tested ones, that converted.
    """

    from_score: float
    open_leads: int
    tested_leads: int
    converted: int
    expected: float
    rate: float
    all_rate: float


def top_of(bands: pd.DataFrame) -> Top | None:
    """The highest bands that together have an open lead and 30 tested ones; None without.

    Parameters
    ----------
    bands : pandas.DataFrame
        As `bands` of a lead result, the highest band first.

    Examples
    --------
    >>> bands = pd.DataFrame({"from_score": [40.0, 0.0], "open_leads": [9, 50], "tested_leads": [40, 160],
    ...     "converted": [20, 20], "expected_conversions": [4.0, 5.0]})
    >>> top_of(bands).rate, top_of(bands).all_rate
    (50.0, 20.0)
    """
    sums = bands[["open_leads", "tested_leads", "converted", "expected_conversions"]].cumsum()
    fits = (sums["open_leads"] > 0) & (sums["tested_leads"] >= FEW)
    if not fits.any():
        return None
    place = int(fits.to_numpy().argmax())
    row, last = sums.iloc[place], sums.iloc[-1]
    return Top(
        from_score=float(bands["from_score"].iloc[place]),
        open_leads=int(row["open_leads"]),
        tested_leads=int(row["tested_leads"]),
        converted=int(row["converted"]),
        expected=float(row["expected_conversions"]),
        rate=100 * float(row["converted"] / row["tested_leads"]),
        all_rate=100 * float(last["converted"] / last["tested_leads"]),
    )


def read_off(gains: pd.DataFrame) -> pd.Series | None:
    """The length of the call list that sentences speak of; None where too few were tested."""
    for depth in READ_AT if len(gains) else ():
        found = gains[(gains["depth_percent"] == depth) & (gains["leads"] >= FEW)]
        if len(found):
            return found.iloc[0]
    return None


def enough_tested(status: Mapping[str, object]) -> bool:
    """Whether at least 30 converted and 30 did not among the tested leads."""
    tested, won = int(str(status["test_leads"])), int(str(status["test_converted"]))
    return min(won, tested - won) >= FEW
