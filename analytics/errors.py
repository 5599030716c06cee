"""Every deliberate error of the workbook.

A message says what is wrong, where, what is allowed and how to mend it, and never quotes a row of data.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AnalyticsError(Exception):
    """Root of all errors that the workbook raises on purpose."""


class ParamsError(AnalyticsError):
    """Params, a parameter or a command-line argument is wrong; nothing has been run."""


class SourceError(AnalyticsError):
    """An organisation's source cannot be opened or read as its params say."""


class LostConnectionError(SourceError):
    """A source did not answer, or went away; it may answer later."""


class ContractError(AnalyticsError):
    """A source was read, but its data break a rule of the contract that refuses them."""


class ModelError(AnalyticsError):
    """A model that was kept is not there, is damaged, or was changed by somebody else."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Suggest the allowed name closest to a misspelt one.

    Parameters
    ----------
    name : str
        The name that was given.
    allowed : iterable of str
        The names that would have been accepted.

    Returns
    -------
    str
        `` (did you mean "…"?)`` with a leading space, or an empty string where nothing is close.

    Examples
    --------
    >>> nearest("retension", ["clv", "retention"])
    ' (did you mean "retention"?)'
    >>> nearest("x", ["clv", "retention"])
    ''
    """
    lowered = {candidate.lower(): candidate for candidate in allowed}
    found = get_close_matches(name.lower(), lowered, n=1)
    return f' (did you mean "{lowered[found[0]]}"?)' if found else ""
