"""What a market profile changes in reports, where no rule table says it: one place, so that all agree."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CHURN_HORIZON = 90
"""Days within which a customer leaves or stays, where neither params nor a market say otherwise."""

_CHURN_HORIZONS: Mapping[str, int] = MappingProxyType({"vietnam": 120})


def churn_horizon(given: int | None, market: str | None) -> int:
    """Say how many days ahead churn is predicted.

    Parameters
    ----------
    given : int or None
        What params say; it wins where it is there.
    market : str or None
        The organisation's market profile.

    Returns
    -------
    int
        Days: what is given, else 120 in the market ``vietnam``, else 90. A market without an entry here has
        no horizon of its own.

    Examples
    --------
    >>> churn_horizon(None, None), churn_horizon(None, "vietnam"), churn_horizon(60, "vietnam")
    (90, 120, 60)
    """
    return _CHURN_HORIZONS.get(market or "", CHURN_HORIZON) if given is None else given
