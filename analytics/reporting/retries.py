"""Which failures are worth another try, how often, and after which wait.

What a second try cannot mend is never tried again: a wrong parameter, refused data, an error in a cell, a
limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analytics.reporting.manifest import LOST_WORKER, Failure

_PASSING = frozenset(
    {
        LOST_WORKER,
        "DeadKernel",
        "LostConnectionError",
        "ConnectionError",
        "ConnectionAbortedError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "BrokenPipeError",
        # PostgreSQL's, by the names that psycopg gives them
        "AdminShutdown",
        "CannotConnectNow",
        "ConnectionDoesNotExist",
        "ConnectionException",
        "ConnectionFailure",
        "CrashShutdown",
    }
)
_GENERAL = frozenset({"OperationalError", "InterfaceError"})
"""Errors of database drivers that may be a lost connection; their words tell."""
_LOST = re.compile(r"connect|server closed|terminat|ssl|eof|network|locked", re.IGNORECASE)


def may_pass(failure: Failure) -> bool:
    """Return whether another try may end well.

    Parameters
    ----------
    failure : Failure
        Why a report was not made.

    Examples
    --------
    >>> may_pass(Failure(type="DeadKernel", message="the process of the report died"))
    True
    >>> may_pass(Failure(type="OperationalError", message="server closed the connection unexpectedly"))
    True
    >>> [may_pass(Failure(type=kind, message="")) for kind in ("ParamsError", "TimeLimit", "KeyError")]
    [False, False, False]
    """
    if failure.type in _GENERAL:
        return bool(_LOST.search(failure.message))
    return failure.type in _PASSING


def wait_before_next(failure: Failure | None, tried: int, waits: Sequence[float]) -> float | None:
    """Return after how many seconds a report is tried again.

    Parameters
    ----------
    failure : Failure or None
        Why it was not made; None where it was.
    tried : int
        How often it was tried, this time included.
    waits : sequence of float
        Seconds before the second try, the third, …; as many more tries there are.

    Returns
    -------
    float or None
        None where it is not tried again.
    """
    if failure is None or tried > len(waits) or not may_pass(failure):
        return None
    return waits[tried - 1]
