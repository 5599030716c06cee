"""Which of an organisation's customers a report is about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from analytics.errors import ParamsError


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParamsError(f'{name} "{text}" is no day; write it as 2026-01-31, or leave it empty') from None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the identified customers a report is about.

    Parameters
    ----------
    customer_type : str, default "all"
        Customers of this type only.
    start_date, end_date : str, default ""
        First and last joining date, both included, as ``YYYY-MM-DD``; empty for no limit. A customer joins
        when registered, and where that is not known with the first purchase.
    min_revenue, min_profit : float, optional
        Least net revenue and least profit so far, in the organisation's currency. A customer whose profit
        is not known has none to reach a least profit with.

    Raises
    ------
    ParamsError
        If a date is none, or the first is after the last.
    """

    customer_type: str = "all"
    start_date: str = ""
    end_date: str = ""
    min_revenue: float | None = None
    min_profit: float | None = None

    def __post_init__(self) -> None:
        first, last = self.joined
        if first and last and first > last:
            raise ParamsError(f'start_date "{self.start_date}" is after end_date "{self.end_date}"')

    @property
    def joined(self) -> tuple[date | None, date | None]:
        """First and last joining date; None for no limit."""
        return _day("start_date", self.start_date), _day("end_date", self.end_date)

    @property
    def everyone(self) -> bool:
        """Whether nobody is left out."""
        return all(getattr(self, field.name) == field.default for field in fields(self))


EVERYONE = Selection()
