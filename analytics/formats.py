"""How money, numbers, shares and dates are written for one organisation.

Locale and currency decide separators, where the currency sign stands and how dates read; the rules of the
house decide the rest: three significant figures for money, a true minus before everything, "–" for what is
missing. The unrounded figure stays in JSON and Excel: rounding happens here, once, half away from zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

import pandas as pd
from babel import Locale, UnknownLocaleError, localedata
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import (
    NumberPattern,
    format_currency,
    format_decimal,
    get_currency_precision,
    list_currencies,
)

from analytics.errors import ParamsError, nearest

MISSING = "–"
MINUS = "−"

_WHOLE_BELOW = 10_000  # money under this is written in whole units, from it on with three significant figures
_FIGURES = 3
# The house writes £90.7k and £2.41m. Elsewhere the locale's own short words hold, but for Vietnamese, whose
# readers know "triệu" and "tỷ" better than the letters that the locale data shorten them to.
_ENGLISH = {"K": "k", "M": "m", "B": "bn", "T": "tn"}
_LONG_WORDS = {"vi"}
_ANY_SIZE = Context(prec=400)  # a float has at most 309 digits before its point


@dataclass(frozen=True, slots=True)
class Format:
    """Writes figures for the readers of one organisation.

    Every method returns text, and ``"–"`` for a missing value (None, NaN, NaT, infinite). With ``sign=True``
    an increase gets a plus; a figure that rounds to zero never has a sign.

    Parameters
    ----------
    locale : str
        Language and country, such as ``"en_GB"`` or ``"vi_VN"``.
    currency : str
        ISO 4217 code, such as ``"GBP"``.

    Raises
    ------
    ParamsError
        If the locale or the currency does not exist.

    Examples
    --------
    >>> british = Format("en_GB", "GBP")
    >>> british.money(90_718.4), british.money_exact(-3.005), british.percent(43.66)
    ('£90.7k', '−£3.01', '43.7%')
    >>> british.points(5.84, sign=True), british.points(float("nan"))
    ('+5.8 pts', '–')
    >>> british.span(date(2026, 7, 1), date(2026, 10, 1))
    '1 July to 30 September 2026'
    >>> Format("de_DE", "EUR").number(1234.5, digits=2)
    '1.234,50'
    """

    locale: str
    currency: str

    def __post_init__(self) -> None:
        _locale(self.locale)
        _require_currency(self.currency)

    @property
    def symbol(self) -> str:
        """The currency's sign as this locale writes it: ``"£"``."""
        found: str = _locale(self.locale).currency_symbols.get(self.currency, self.currency)
        return found

    @property
    def minor_digits(self) -> int:
        """Decimal places of the currency: 2 for the pound, 0 for the dong."""
        return int(get_currency_precision(self.currency))

    def money(self, value: Any, *, sign: bool = False) -> str:
        """Write an amount for a card or a sentence: ``"£90.7k"``, below 10,000 in whole units."""
        return self._signed(value, sign, self._compact)

    def money_exact(self, value: Any, *, sign: bool = False) -> str:
        """Write an amount to the currency's minor unit: ``"£1,234.50"``."""

        def write(amount: Decimal) -> tuple[Decimal, str]:
            rounded = _round(amount, self.minor_digits)
            return rounded, self._currency(rounded, self.minor_digits)

        return self._signed(value, sign, write)

    def money_axis(self, value: Any) -> str:
        """Write an amount beside an axis, without decimals that say nothing: ``"£20k"``, ``"£1.5m"``."""

        def write(amount: Decimal) -> tuple[Decimal, str]:
            return self._compact(amount, trailing_zeros=False)

        return self._signed(value, False, write)

    def count(self, value: Any, *, sign: bool = False) -> str:
        """Write a number of things in full: ``"12,345"``."""
        return self.number(value, 0, sign=sign)

    def number(self, value: Any, digits: int = 0, *, sign: bool = False) -> str:
        """Write a plain number with that many decimals."""

        def write(amount: Decimal) -> tuple[Decimal, str]:
            rounded = _round(amount, digits)
            return rounded, self._decimal(rounded, digits)

        return self._signed(value, sign, write)

    def percent(self, value: Any, digits: int = 1, *, sign: bool = False) -> str:
        """Write a percentage, given as 0–100: ``"43.7%"``."""
        pattern = _locale(self.locale).percent_formats[None]

        def write(amount: Decimal) -> tuple[Decimal, str]:
            rounded = _round(amount, digits)
            return rounded, f"{pattern.prefix[0]}{self._decimal(rounded, digits)}{pattern.suffix[0]}"

        return self._signed(value, sign, write)

    def share(self, value: Any, digits: int = 1, *, sign: bool = False) -> str:
        """Write a share, given as 0–1, as a percentage: 0.437 is ``"43.7%"``."""
        exact = _exact(value)
        return self.percent(None if exact is None else exact * 100, digits, sign=sign)

    def points(self, value: Any, digits: int = 1, *, sign: bool = False) -> str:
        """Write a difference of two percentages: ``"5.8 pts"``."""
        text = self.number(value, digits, sign=sign)
        return text if text == MISSING else f"{text} pts"

    def days(self, value: Any, digits: int = 0) -> str:
        """Write a length in days: ``"31 days"``, ``"1 day"``."""
        exact = _exact(value)
        if exact is None:
            return MISSING
        return f"{self.number(exact, digits)} {'day' if abs(_round(exact, digits)) == 1 else 'days'}"

    def date(self, value: Any) -> str:
        """Write a day in full: ``"20 November 2026"``."""
        day = _day(value)
        return MISSING if day is None else str(format_date(day, "long", locale=_locale(self.locale)))

    def month(self, value: Any) -> str:
        """Write a month shortly: ``"Oct 2026"``."""
        day = _day(value)
        return MISSING if day is None else str(format_skeleton("yMMM", day, locale=_locale(self.locale)))

    def span(self, start: Any, end: Any) -> str:
        """Write the days from `start` to the day before `end`: ``"1 July to 30 September 2026"``."""
        first, after = _day(start), _day(end)
        if first is None or after is None:
            return MISSING
        last = after - timedelta(days=1)
        if last <= first:
            return self.date(first)
        locale = _locale(self.locale)
        if locale.language != "en":
            return str(format_interval(first, last, "yMMMd", locale=locale))
        month = str(format_date(last, "MMMM", locale=locale))
        return _english_span(self.date(first), self.date(last), month, f"{last.year}")

    def _signed(self, value: Any, sign: bool, write: Callable[[Decimal], tuple[Decimal, str]]) -> str:
        """Put the sign of what is *shown* before the text of its size."""
        exact = _exact(value)
        if exact is None:
            return MISSING
        with localcontext(_ANY_SIZE):  # Babel quantizes in the context that it finds
            size, text = write(abs(exact))
        if size == 0 or (exact > 0 and not sign):
            return text
        return f"{MINUS if exact < 0 else '+'}{text}"

    def _decimal(self, size: Decimal, digits: int) -> str:
        return str(format_decimal(size, _places("#,##0", digits), locale=_locale(self.locale)))

    def _currency(self, size: Decimal, digits: int) -> str:
        pattern = _locale(self.locale).currency_formats["standard"].pattern.split(";")[0]
        return str(
            format_currency(
                size,
                self.currency,
                pattern.replace(".00", _places("", digits)),
                locale=_locale(self.locale),
                currency_digits=False,
            )
        )

    def _compact(self, amount: Decimal, *, trailing_zeros: bool = True) -> tuple[Decimal, str]:
        whole = _round(amount, 0)
        if whole < _WHOLE_BELOW and (trailing_zeros or amount == whole):
            return whole, self._currency(whole, 0)
        size = _significant(amount)
        if size < _WHOLE_BELOW:  # an axis of small steps: £2.5
            digits = min(_digits(size), self.minor_digits)
            return size, self._currency(_round(size, digits), digits)
        word, power = _magnitude(self.locale, size)
        if not power:
            return whole, self._currency(whole, 0)
        scaled = size.scaleb(-power)
        digits = max(_FIGURES - 1 - scaled.adjusted(), 0) if trailing_zeros else _digits(scaled)
        number = self._decimal(scaled, digits)
        return size, self._currency(Decimal(0), 0).replace(_zero(self.locale), number + word)


def _english_span(first: str, last: str, month: str, year: str) -> str:
    """Join English dates, a shared month and year said once: "1 to 30 July 2026", "July 1 to 30, 2026"."""
    if not first.endswith(year):
        return f"{first} to {last}"
    opening = first.removesuffix(year).rstrip(", ")
    if opening.startswith(month):
        return f"{opening} to {last.removeprefix(month).strip()}"
    return f"{opening.removesuffix(month).rstrip()} to {last}"


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        hint = nearest(str(name), localedata.locale_identifiers())
        raise ParamsError(
            f'locale "{name}" is not known{hint}; allowed: a language and a country, such as en_GB or de_DE'
        ) from error


@lru_cache(maxsize=64)
def _require_currency(code: str) -> None:
    known = list_currencies()
    if code not in known:
        hint = nearest(str(code), known)
        raise ParamsError(f'currency "{code}" is not known{hint}; allowed: an ISO 4217 code, such as GBP')


@lru_cache(maxsize=256)
def _magnitude(locale: str, size: Decimal) -> tuple[str, int]:
    """The locale's word for thousands, millions …, and the power of ten that it stands for.

    ``("", 0)`` where the locale writes a number of this size in full.
    """
    parsed = _locale(locale)
    long = parsed.language in _LONG_WORDS
    patterns = parsed.compact_decimal_formats["long" if long else "short"]["other"]
    largest = min(size.adjusted(), max(len(key) - 1 for key in patterns))
    if largest < 3:
        return "", 0
    pattern: NumberPattern = patterns["1" + "0" * largest]
    word = pattern.pattern.replace("'", "").lstrip("0")
    if not word.strip():
        return "", 0
    zeros = len(pattern.pattern) - len(pattern.pattern.lstrip("0"))
    if parsed.language == "en":
        word = _ENGLISH.get(word, word)
    return word.replace(" ", "\xa0"), largest + 1 - zeros


@lru_cache(maxsize=64)
def _zero(locale: str) -> str:
    return str(format_decimal(0, "0", locale=_locale(locale)))


def _places(pattern: str, digits: int) -> str:
    return pattern + ("." + "0" * digits if digits else "")


def _digits(number: Decimal) -> int:
    """Decimal places that are not trailing zeros."""
    return max(-int(number.normalize().as_tuple().exponent), 0)


def _exact(value: Any) -> Decimal | None:
    """The figure as it would be printed, or None where there is none.

    A float goes through its shortest decimal form: 2.675 is that, and not a hair less.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise TypeError(f"{type(value).__name__} is no number that can be written") from None
    return exact if exact.is_finite() else None


def _round(number: Decimal, digits: int) -> Decimal:
    """Round half away from zero."""
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_ANY_SIZE)


def _significant(number: Decimal) -> Decimal:
    """Round to three significant figures, half away from zero."""
    return _round(number, _FIGURES - 1 - number.adjusted())


def _day(value: Any) -> date | None:
    """The day of a date, a timestamp or a datetime64; None where it is missing."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return None if pd.isna(value) else pd.Timestamp(value).date()
