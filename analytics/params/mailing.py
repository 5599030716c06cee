"""Who gets an organisation's reports by e-mail, and in which form."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from analytics.params.problems import ParamsModel, fail

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LINK = re.compile(r"(https?|file)://[^\s<>\"']+")


def _address(text: str) -> str:
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        fail("this is no e-mail address; one looks like reports@example.org, without a name around it")
    return text


def _web_address(text: str) -> str:
    if text and not _LINK.fullmatch(text):
        fail("this is no address of a folder of reports; one looks like https://reports.example.org/weekly")
    return text.rstrip("/")


def _once(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if len({each.casefold() for each in addresses}) < len(addresses):
        fail("an address stands here twice; each gets one message")
    return addresses


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], AfterValidator(_once)]


class Email(ParamsModel):
    """What messages are like and where they go. What an organisation leaves out is that of its file.

    Parameters
    ----------
    sender : str
        The address that messages come from.
    to : tuple of str
        Who gets the organisation's message of each timeframe; without anybody there is none.
    failures_to : tuple of str
        Who is told of reports that failed: what, why, and the command that repeats it, never data.
    link : str
        Address under which the folder of reports can be opened. Without one the pages are attached.
    attach : tuple of {'html', 'xlsx', 'pdf'}, optional
        What is attached; by default nothing where there is a link, else the pages.
    charts : int
        Most charts in a message, 0–5.
    """

    sender: Address | None = None
    to: Addresses = ()
    failures_to: Addresses = ()
    link: Annotated[str, AfterValidator(_web_address)] = ""
    attach: tuple[Literal["html", "xlsx", "pdf"], ...] | None = None
    charts: Annotated[int, Field(ge=0, le=5)] = 5

    @property
    def attached(self) -> tuple[str, ...]:
        """The kinds of files that a message carries."""
        return self.attach if self.attach is not None else () if self.link else ("html",)
