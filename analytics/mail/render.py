"""A message's HTML and its plain text: the same words in the same order."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from analytics.errors import AnalyticsError
from analytics.mail.content import Content
from analytics.mail.picture import WIDTH
from analytics.page.pieces import Headline
from analytics.page.render import change_sentence
from analytics.page.tokens import DARK, LIGHT

GOOD_SIZE, LARGEST = 90_000, 100_000
"""Bytes of HTML that a message should have at most, and must: beyond some 102 KB Gmail cuts it off."""

_COLUMNS = 72


def html_of(said: Content, cids: Sequence[str], footer: Sequence[str]) -> str:
    """Draw a message.

    Parameters
    ----------
    said : Content
    cids : sequence of str
        The Content-ID of each picture, without angle brackets.
    footer : sequence of str
        The last lines.

    Raises
    ------
    AnalyticsError
        If it has grown so large that mail clients would cut it off.
    """
    page = (
        _environment()
        .get_template("message.html")
        .render(said=said, cids=cids, footer=footer, light=LIGHT, dark=DARK, width=WIDTH, beside=beside)
    )
    if (size := len(page.encode())) > LARGEST:
        raise AnalyticsError(
            f"the message {said.organisation} {said.slug} has {size:,} bytes of HTML; mail clients cut off "
            f"what has more than {LARGEST:,}. Choose fewer notebooks for it in params, or fewer charts"
        )
    return page


def text_of(said: Content, footer: Sequence[str]) -> str:
    """Write a message in plain text, in lines of 72 columns.

    Parameters
    ----------
    said, footer
        As for `html_of`.
    """
    parts = [f"{said.title.upper()}\n{said.about}", *map(_filled, said.summary)]
    if said.alerts:
        parts.append("TO LOOK AT\n\n" + "\n".join(_filled(alert, "- ", "  ") for alert in said.alerts))
    parts += [_filled(f"Note: {notice}") for notice in said.notices]
    if said.figures:
        parts.append("KEY FIGURES\n\n" + "\n".join(map(_row, said.figures)))
    for picture in said.pictures:
        heading = ": ".join(filter(None, (picture.title, picture.heading)))
        parts.append(f"{_filled(heading.upper())}\n\n{_filled(picture.alt)}")
    if said.link:
        parts.append(f"Read the full report:\n{said.link}")
    parts.append("\n".join(_filled(line) for line in footer))
    return "\n\n".join(parts) + "\n"


def beside(figure: Headline) -> Iterator[str]:
    """Say what stands behind a figure, and how it has changed since the previous timeframe and a year."""
    yield from filter(None, [figure.base])
    for change in figure.changes:
        words = change_sentence(change)
        yield " ".join(filter(None, (words.sign, words.size, words.rest)))


def _row(figure: Headline) -> str:
    room = _COLUMNS - len(figure.value) - 2
    label, *more = textwrap.wrap(figure.label, room)
    lines = [f"{label:<{room}}  {figure.value}", *more]
    return "\n".join([*lines, *(_filled(words, "    ", "    ") for words in beside(figure))])


def _filled(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, _COLUMNS, initial_indent=first, subsequent_indent=rest, break_long_words=False)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("analytics.mail"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
