"""Types of values that params share: ids, currencies, locales, time zones, shares."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from analytics.errors import nearest
from analytics.params.problems import fail

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def is_id(text: str) -> bool:
    """Whether a text can be an organisation's id, and so the name of a folder.

    Examples
    --------
    >>> is_id("demo-retail"), is_id("../demo"), is_id("")
    (True, False, False)
    """
    return _ID.fullmatch(text) is not None


def _organisation_id(text: str) -> str:
    if not is_id(text):
        fail(
            f'"{text[:80]}" is no id: it names a folder, so it has 1 to 63 small letters, digits and '
            "hyphens, and begins with a letter or digit"
        )
    return text


def _currency(code: str) -> str:
    known = _currencies()
    if code not in known:
        fail(f'"{code[:40]}" is no currency{nearest(code, known)}; give the ISO 4217 code, such as EUR')
    return code


def _locale(name: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (UnknownLocaleError, ValueError, TypeError):
        known = _locales()
        return fail(
            f'"{name[:40]}" is no locale{nearest(name, known)}; give a language and a country, such as en_GB'
        )


def _timezone(name: str) -> str:
    if name not in _zones():
        fail(f'"{name[:60]}" is no time zone{nearest(name, _zones())}; give an IANA name: Europe/London')
    return name


@cache
def _currencies() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


@cache
def _locales() -> tuple[str, ...]:
    from babel.localedata import locale_identifiers

    return tuple(locale_identifiers())


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_shares(shares: dict[str, float]) -> dict[str, float]:
    """Accept shares that are none below 0 and that add up to exactly 1, as they are written.

    Parameters
    ----------
    shares : dict of str to float
        Name → share of the whole, 0–1.

    Returns
    -------
    dict of str to float
        The same.

    Raises
    ------
    ValueError
        If a share lies outside 0–1 or the sum is not 1.

    Examples
    --------
    >>> check_shares({"a": 0.7, "b": 0.2, "c": 0.1})
    {'a': 0.7, 'b': 0.2, 'c': 0.1}
    >>> check_shares({"a": 0.5, "b": 0.45})
    Traceback (most recent call last):
    ValueError: the shares add up to 0.95, 0.05 too little; they must add up to 1
    """
    outside = [name for name, share in shares.items() if not 0 <= share <= 1]
    if outside:
        fail(f"the share of {', '.join(outside)} is not between 0 and 1")
    total = sum((Decimal(str(share)) for share in shares.values()), Decimal(0))
    if total != 1:
        off = f"{abs(total - 1).normalize():f} too {'little' if total < 1 else 'much'}"
        fail(f"the shares add up to {total.normalize():f}, {off}; they must add up to 1")
    return shares


def as_text(value: Any) -> Any:
    """Take a whole number where a text is meant: a year, written without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


OrganisationId = Annotated[str, AfterValidator(_organisation_id)]
Currency = Annotated[str, AfterValidator(_currency)]
LocaleName = Annotated[str, AfterValidator(_locale)]
ZoneName = Annotated[str, AfterValidator(_timezone)]
Shares = Annotated[dict[str, Annotated[float, Field(strict=True)]], AfterValidator(check_shares)]
"""Shares of a whole by name: a validated type for params, such as a breakdown of costs."""
