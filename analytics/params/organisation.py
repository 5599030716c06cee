"""An organisation: who it is, where its data are, and how its reports differ."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from analytics.errors import ParamsError
from analytics.params.mailing import Email
from analytics.params.problems import ParamsModel, fail
from analytics.params.source import Source
from analytics.params.values import Currency, LocaleName, OrganisationId, ZoneName, as_text
from analytics.timeframe import parse_timeframe

ParameterValue = Any  # checked against what the notebook declares, in jobs.py
AsOf = Annotated[date | Literal["latest"], Field(union_mode="left_to_right")]

_SOME_DAY = date(2026, 1, 1)  # any day will do to tell whether a timeframe can be read


def _readable(text: str) -> str:
    try:
        parse_timeframe(text, as_of=_SOME_DAY, first_day=_SOME_DAY.replace(year=2000))
    except ParamsError as error:
        fail(str(error))
    return text


TimeframeText = Annotated[str, BeforeValidator(as_text), AfterValidator(_readable)]
"""A timeframe as it is written; a year may stand without quotes."""


class Limits(ParamsModel):
    """What one notebook's reports may take, where that is not what every report may.

    Parameters
    ----------
    time_limit : int, optional
        Seconds.
    memory_limit : float, optional
        GiB.
    """

    time_limit: Annotated[int, Field(ge=1)] | None = None
    memory_limit: Annotated[float, Field(ge=0.25)] | None = None


class Settings(ParamsModel):
    """What can be said for all organisations of a file, and again for one of them.

    Parameters
    ----------
    timeframes : tuple of str
        As `analytics.timeframe.parse_timeframe` accepts them.
    notebooks : tuple of str
        Names of the reports; all notebooks where nothing is said.
    as_of : date or 'latest'
        Nothing on or after this day is read; ``latest`` is the day after the newest event.
    parameters : mapping
        Notebook → parameter → value.
    page_rows, export_rows : int
        Rows of a table on the page, and in Excel and JSON.
    time_limit : int
        Seconds that a report may take.
    memory_limit : float
        GiB that a report may use.
    limits : mapping of str to Limits
        Notebook → limits of its own, which come before those of all reports.
    retry_after : tuple of float
        Seconds before a report is tried a second time, a third, …, where its connection, kernel or worker was
        lost; nothing else is tried again. Empty: never.
    formats : tuple of {'html', 'pdf'}
        What is made of each page; a PDF needs a Chromium on the machine.
    email : Email, optional
        Who gets messages on the reports; without it nobody.
    """

    timeframes: tuple[TimeframeText, ...] | None = None
    notebooks: tuple[str, ...] | None = None
    as_of: AsOf | None = None
    parameters: dict[str, dict[str, ParameterValue]] = Field(default_factory=dict)
    page_rows: Annotated[int, Field(ge=1)] = 50
    export_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    time_limit: Annotated[int, Field(ge=1)] = 600
    memory_limit: Annotated[float, Field(ge=0.25)] = 2.0
    limits: dict[str, Limits] = Field(default_factory=dict)
    retry_after: tuple[Annotated[float, Field(ge=0, le=3600)], ...] = (1.0, 4.0)
    formats: tuple[Literal["html", "pdf"], ...] = ("html",)
    email: Email | None = None

    @field_validator("formats")
    @classmethod
    def _with_pages(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if "html" not in formats:
            fail("html cannot be left out: the index leads to the pages")
        return formats

    @field_validator("timeframes", "notebooks")
    @classmethod
    def _not_twice(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for position, name in enumerate(names or ()):
            if name in (names or ())[:position]:
                fail(f'"{name}" stands twice')
        if names is not None and not names:
            fail("the list is empty; leave the key out for the default")
        return names


class Organisation(Settings):
    """One organisation; whose data never meet those of another.

    Parameters
    ----------
    id : str
        Small letters, digits and hyphens; the name of its folder of reports.
    name : str
        As its readers know it; by default the id.
    currency, locale, timezone : str
        ISO 4217, such as ``en_GB``, IANA.
    fiscal_year_start : int
        Month in which its fiscal year begins, 1–12.
    market : str, optional
        Which table of market rules applies.
    complete_history : bool
        Whether the data go back to the organisation's first customer, so that nobody seen early is older.
    show_contact_details : bool
        Whether mobile numbers and e-mail addresses are shown in full.
    source : Source
        Where its data are and how their columns are called.
    rules : mapping of str to path
        Rule tables of its own, in place of the project's.
    """

    id: OrganisationId
    name: Annotated[str, Field(min_length=1)] = ""
    currency: Currency = "EUR"
    locale: LocaleName = "en_GB"
    timezone: ZoneName = "UTC"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    market: str | None = None
    complete_history: bool = False
    show_contact_details: bool = False
    source: Source
    rules: dict[str, Path] = Field(default_factory=dict)

    def limits_of(self, notebook: str) -> tuple[int, float]:
        """Return the seconds and the GiB that a report of a notebook may take."""
        own = self.limits.get(notebook, Limits())
        return own.time_limit or self.time_limit, own.memory_limit or self.memory_limit

    def model_post_init(self, _context: Any, /) -> None:
        """Call an organisation without a name by its id."""
        if not self.name:
            object.__setattr__(self, "name", self.id)
