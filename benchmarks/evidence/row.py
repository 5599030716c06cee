"""One line of the table of evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that was measured, and what it must be.

    Parameters
    ----------
    area : str
        ``clv``, ``churn``, ``forecast`` or ``roi``.
    what : str
        What was measured, on which data: ``CDNOW BG/NBD, r``.
    measured : float or str
    bound : str
        What it must be, in words: ``0.242 ± 0.001``.
    holds : bool
    """

    area: str
    what: str
    measured: float | str
    bound: str
    holds: bool


def at_least(area: str, what: str, measured: float, bound: float) -> Row:
    """A figure that must not be smaller.

    Examples
    --------
    >>> at_least("churn", "AUC", 0.84, 0.835)
    Row(area='churn', what='AUC', measured=0.84, bound='≥ 0.835', holds=True)
    """
    return Row(area, what, float(measured), f"≥ {bound:g}", bool(measured >= bound))


def at_most(area: str, what: str, measured: float, bound: float) -> Row:
    """A figure that must not be greater."""
    return Row(area, what, float(measured), f"≤ {bound:g}", bool(measured <= bound))


def within(area: str, what: str, measured: float, low: float, high: float) -> Row:
    """A figure that must lie between two bounds, both included."""
    return Row(area, what, float(measured), f"{low:g} to {high:g}", bool(low <= measured <= high))


def close_to(area: str, what: str, measured: float, published: float, tolerance: float) -> Row:
    """A figure that must equal a published one, but for a tolerance.

    A thousandth of the tolerance is allowed beyond it: 0.243 is within 0.001 of 0.242 although the binary
    numbers are not.
    """
    holds = math.isfinite(measured) and abs(measured - published) <= tolerance * 1.001
    return Row(area, what, float(measured), f"{published:.10g} ± {tolerance:g}", bool(holds))


def holds(area: str, what: str, measured: str, bound: str, *, true: bool) -> Row:
    """A statement that must be true, such as that the page says so."""
    return Row(area, what, measured, bound, bool(true))
