"""Whether a report that is being made is still wanted.

A process of this machine is ended when the run is stopped. A thread of a cluster's worker cannot be ended:
what runs in it asks here, and gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class RecalledError(Exception):
    """The report is not wanted any more: the run was stopped, or another worker was given it."""


def _always() -> bool:
    return True


_asked: ContextVar[Callable[[], bool]] = ContextVar("wanted", default=_always)


@contextmanager
def while_wanted(ask: Callable[[], bool]) -> Iterator[None]:
    """Let what runs inside know whether it is still wanted.

    Parameters
    ----------
    ask : callable
        Answers quickly, from any thread.
    """
    token = _asked.set(ask)
    try:
        yield
    finally:
        _asked.reset(token)


def wanted() -> Callable[[], bool]:
    """Return what tells whether the present report is wanted; threads started later do not find it here."""
    return _asked.get()


def refuse_if_recalled() -> None:
    """Go no further with a report that is not wanted any more.

    Raises
    ------
    RecalledError

    Examples
    --------
    >>> refuse_if_recalled()
    >>> with while_wanted(lambda: False):
    ...     refuse_if_recalled()
    Traceback (most recent call last):
    analytics.reporting.recall.RecalledError
    """
    if not wanted()():
        raise RecalledError
