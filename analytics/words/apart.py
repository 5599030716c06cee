"""What a page on customers says of those who are in none of its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.formats import Format


def in_no_figure(show: Format, apart: Mapping[str, Any], figures: str) -> tuple[str, ...]:
    """Say how much was sold to nobody known, and how many customers have nothing but returns.

    Parameters
    ----------
    show : Format
    apart : mapping
        As returned by `analytics.metrics.apart.sales_apart` for the whole history.
    figures : str
        What they are not part of: "no figure of this page".

    Returns
    -------
    tuple of str
        One sentence; none where there is nobody of either kind.
    """
    parts = []
    if apart["guest_revenue"]:
        parts.append(f"sales without a known customer ({show.money(apart['guest_revenue'])} so far)")
    if apart["customers_with_returns_only"]:
        parts.append(returned_only(show, apart["customers_with_returns_only"]))
    if not parts:
        return ()
    text = " and ".join(parts)
    one = len(parts) == 1 and apart["customers_with_returns_only"] == 1
    return (f"{text[0].upper()}{text[1:]} {'is' if one else 'are'} in {figures}.",)


def returned_only(show: Format, count: int) -> str:
    """Name customers with nothing but returns by their number: "2 customers with nothing but returns"."""
    return f"{show.count(count)} customer{'' if count == 1 else 's'} with nothing but returns"
