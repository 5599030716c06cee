"""Linear algebra on one thread: sums are made in one order, so that the number of threads changes no figure.

Looking for the libraries that have threads reads the map of the whole process; models ask hundreds of times.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


def one_thread() -> Any:
    """Keep numpy, scipy and scikit-learn on one thread inside a ``with`` block.

    Examples
    --------
    >>> with one_thread():
    ...     pass
    """
    return _libraries(with_sklearn="sklearn" in sys.modules).limit(limits=1)


@cache
def _libraries(*, with_sklearn: bool) -> ThreadpoolController:  # noqa: ARG001  it brings a library of its own
    return ThreadpoolController()
