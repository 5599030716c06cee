"""The pieces of a page: what words, charts and tables hand to a notebook, and a notebook to the page.

A piece holds finished words and drawings and nothing that still has to be computed. Text in a piece is
plain text: it is escaped where it becomes HTML (`analytics.page.render`), once, and nowhere else.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

MIME = "application/vnd.workbook.piece+json"
"""Outputs of an executed notebook with this type belong on the page, in their order."""

FEW = 30
"""With fewer behind it a rate is shown grey or hatched, no line is drawn and no sentence is built on it."""

Verdict = Literal["better", "worse", "more", "less", "close", "none"]
State = Literal["ready", "warning", "no data"]


@dataclass(frozen=True, slots=True)
class Bold:
    """A few words of a sentence that the reader's eye should stop at."""

    text: str


Runs = tuple[str | Bold, ...]
"""A sentence as runs of plain and bold text."""


def sentence(template: str, **values: str | Bold) -> Runs:
    """Fill a sentence with words, some of them bold.

    Parameters
    ----------
    template : str
        Text with ``{name}`` fields.
    **values : str or Bold
        What to put in the fields. Values are never read as templates themselves.

    Returns
    -------
    tuple of str or Bold
        The sentence as runs, empty ones left out.

    Examples
    --------
    >>> sentence("{n} customers stayed, {rate} of all.", n="412", rate=Bold("71.3%"))
    ('412 customers stayed, ', Bold(text='71.3%'), ' of all.')
    """
    runs: list[str | Bold] = []
    for literal, name, _, _ in string.Formatter().parse(template):
        for part in (literal, values[name] if name else ""):
            if isinstance(part, str) and runs and isinstance(runs[-1], str):
                runs[-1] += part
            elif part:
                runs.append(part)
    return tuple(runs)


def plain(runs: Runs) -> str:
    """Give a sentence without its emphasis.

    Examples
    --------
    >>> plain(("Revenue is ", Bold("£90.7k"), "."))
    'Revenue is £90.7k.'
    """
    return "".join(run.text if isinstance(run, Bold) else run for run in runs)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a section says: a heading computed from the data, and how to read its picture.

    Attributes
    ----------
    heading : str
        Subject, verb, figure; at most 80 characters.
    lead : str
        One more sentence, or empty.
    read : str
        How to read the picture, at most 40 words, or empty.
    based : str
        The base: how many customers, orders or months, or empty.
    """

    heading: str
    lead: str = ""
    read: str = ""
    based: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of a figure from another timeframe, in words.

    Attributes
    ----------
    words : str
        The difference itself: ``5.8 pts``, ``17.9%``; empty where there is none to give.
    than : str
        What it is compared with: ``Q1 2026``.
    up : bool
        Whether the figure has risen.
    verdict : {"better", "worse", "more", "less", "close", "none"}
        ``close`` is within the usual spread or the margin of error; ``none`` shows a dash.
    amount : float or None
        The difference as a number: points for a rate, percent for anything else.
    usual : float or None
        The figure's usual spread, in the unit of `amount`; None where too little is known for one.
    """

    words: str
    than: str
    up: bool = False
    verdict: Verdict = "none"
    amount: float | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure that leads a page: a card there, a line on the index, a row in a message.

    Attributes
    ----------
    name : str
        Field name as in the specification: ``retention_rate``.
    label : str
        The name in words: ``Customers who stayed``.
    value : str
        The formatted figure, a dash where it is missing.
    base : str
        What stands behind it: ``710 of 1,623 customers``.
    changes : tuple of Change
        Against the previous timeframe, then against a year earlier.
    history : tuple of float or None
        The figure in up to 12 earlier timeframes and in this one, oldest first, for the sparkline.
    year_ago : int or None
        Which entry of `history` lies a year back; it gets the ring.
    unsure : bool
        Fewer than 30 in the denominator: shown grey, and no sentence is built on it.
    number : float or None
        The figure itself, unrounded.
    unit : str
        What it is counted in, as in `analytics.words.headlines.Unit`; empty where nobody has said.
    link : str
        Address of the page that shows how it comes about; empty on that page itself.
    """

    name: str
    label: str
    value: str
    base: str = ""
    changes: tuple[Change, ...] = ()
    history: tuple[float | None, ...] = ()
    year_ago: int | None = None
    unsure: bool = False
    number: float | None = None
    unit: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Masthead:
    """Who, what, when: the top of a page. Four facts, always in the same order."""

    organisation: str
    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know before the first figure: what, how many of how many, which way it bends them."""

    title: str
    text: str = ""
    level: Literal["warning", "failure"] = "warning"


@dataclass(frozen=True, slots=True)
class Summary:
    """Two or three sentences that a reader in a hurry takes away; at most 60 words, four bold figures."""

    sentences: tuple[Runs, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """The headline figures side by side; at most four in a row."""

    headlines: tuple[Headline, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture in two drawings, and its words for those who do not see it.

    Attributes
    ----------
    wide, narrow : str
        Inline SVG for screens and paper, and for phones; a narrow one may be lacking: an empty text.
    alt : str
        Kind of chart, range or ends, the point; at most 300 characters.
    """

    wide: str
    narrow: str
    alt: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its words, and whether figures stand in it.

    Attributes
    ----------
    label : str
        The head, with the unit unless the cells have it.
    number : bool
        Figures are right-aligned.
    bar : bool
        Cells hold a number from −100 to 100 that is drawn as a bar, not printed.
    """

    label: str
    number: bool = False
    bar: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another page of the same folder."""

    text: str
    address: str


Cell = str | float | Link


@dataclass(frozen=True, slots=True)
class Table:
    """Formatted rows for the page, in the order of the column that matters.

    Attributes
    ----------
    columns : tuple of Column
        The first holds words.
    rows : tuple of tuple
        Formatted text, perhaps as a `Link`, or a number in a `Column.bar` column.
    caption : str
        One line above the table.
    total : tuple or None
        The last, bold row.
    of_rows : str
        How many rows there are in all, as the organisation writes numbers; empty where all are shown.
    folded : str
        Where given, the table is folded under these words.
    unsure : frozenset of int
        Rows to show grey: fewer than 30 stand behind them.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    total: tuple[Cell, ...] | None = None
    of_rows: str = ""
    folded: str = ""
    unsure: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of a cohort triangle: text on a step of the scale.

    ``state`` is ``shown``, ``hidden`` (fewer than 30 customers: hatched) or ``blank`` (not yet happened).
    """

    text: str = ""
    step: int = 0
    state: Literal["shown", "hidden", "blank"] = "blank"


@dataclass(frozen=True, slots=True)
class Heat:
    """A cohort triangle: a table whose cells stand on a fixed scale of seven steps."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[HeatCell, ...]], ...]
    average: tuple[str, str, tuple[str, ...]] | None
    scale: str


@dataclass(frozen=True, slots=True)
class Section:
    """One statement, one picture, how to read it, and the figures behind it.

    Attributes
    ----------
    block : str
        Name of the JSON block that holds the section's figures; also its anchor.
    statement : Statement
    chart : Chart or None
    full : Heat or Table or None
        What takes the page's whole width.
    table : Table or None
        The figures behind the picture.
    missing : str
        Where given, the section has nothing to show, and this says what is missing and what would fill it.
    """

    block: str
    statement: Statement
    chart: Chart | None = None
    full: Heat | Table | None = None
    table: Table | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """The whole report has nothing to show: what is missing, and what would fill it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """The end matter: definitions, method, limits, and where the figures come from."""

    definitions: tuple[tuple[str, str], ...] = ()
    method: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """What the index, the run's record and a message quote of a report; shows nothing on its page.

    `reference_date` is the report's; from `coming_day` on, a run on the same data would say something else,
    for they hold events of that day, which is yet to come.
    """

    state: State
    reason: str = ""
    headlines: tuple[Headline, ...] = ()
    blocks: tuple[str, ...] = ()
    newest_day: date | None = None
    notices: tuple[Notice, ...] = field(default=())
    reference_date: date | None = None
    coming_day: date | None = None


Piece = Masthead | Notice | Summary | Cards | Section | Empty | Notes | Publication
