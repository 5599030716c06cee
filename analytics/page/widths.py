"""In which widths charts are drawn: in both, but where they are drawn anew at every move of a slider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WIDE_ONLY: ContextVar[bool] = ContextVar("wide_only", default=False)


@contextmanager
def wide_only() -> Iterator[None]:
    """Have charts drawn in their wide form alone, which takes half the time.

    Examples
    --------
    >>> with wide_only():
    ...     narrow_wanted()
    False
    >>> narrow_wanted()
    True
    """
    before = _WIDE_ONLY.set(True)
    try:
        yield
    finally:
        _WIDE_ONLY.reset(before)


def narrow_wanted() -> bool:
    """Whether a chart is drawn for phones, too."""
    return not _WIDE_ONLY.get()
