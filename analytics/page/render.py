"""Pieces to HTML: the only place where words become markup, and are escaped.

Every template is autoescaped, so whatever stands in a piece is shown as it is: a customer called
``<img src=x onerror=alert(1)>`` appears under just that name. Drawings pass `analytics.page.guard.drawing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension

from analytics.page import guard, pieces, tokens

_TEMPLATES: dict[type, str] = {
    pieces.Masthead: "masthead.html",
    pieces.Notice: "notice.html",
    pieces.Summary: "summary.html",
    pieces.Cards: "cards.html",
    pieces.Section: "section.html",
    pieces.Empty: "empty.html",
    pieces.Notes: "notes.html",
}


class OneLine(Extension):
    """Templates are written in lines for people and joined for the page; data are not touched."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Join a template's lines without their indentation."""
        del name, filename
        return "".join(line.strip() for line in source.splitlines())


def environment(package: str) -> Environment:
    """Make the template environment of a package: autoescaped, and strict about names.

    Parameters
    ----------
    package : str
        Package with a folder ``templates``; those of `analytics.page` are found as well.

    Returns
    -------
    jinja2.Environment
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[OneLine],
        auto_reload=False,
    )
    made.filters |= {"drawing": guard.drawing, "spark": spark, "runs": _runs, "bar": bar_width}
    made.filters |= {"signed_bars": signed_bars, "wordy": wordy}
    made.tests["heat"] = lambda piece: isinstance(piece, pieces.Heat)
    made.tests["link"] = lambda value: isinstance(value, pieces.Link)
    made.globals |= {"change_sentence": change_sentence, "hatched": f"fewer than {pieces.FEW} customers"}
    return made


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return environment("analytics.page")


def fragment(piece: pieces.Piece) -> str:
    """Render one piece.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    str
        HTML for the page's main column; empty for a piece that shows nothing.

    Raises
    ------
    analytics.page.guard.UnsafeDrawing
        If a drawing holds anything but shapes and words.

    Examples
    --------
    >>> fragment(pieces.Notice("<b> & co"))
    '<div class="notice warn" role="note"><b>&lt;b&gt; &amp; co</b></div>'
    """
    template = _TEMPLATES.get(type(piece))
    return "" if template is None else _environment().get_template(template).render(piece=piece)


@dataclass(frozen=True, slots=True)
class ChangeSentence:
    """A change as a card says it: a sign, the size, and how that compares with what."""

    sign: str
    size: str
    rest: str


def change_sentence(change: pieces.Change) -> ChangeSentence:
    """Say a change in words; what is within the usual spread or the margin of error may be chance."""
    match change.verdict:
        case "none":
            return ChangeSentence("–", "", f"not comparable with {change.than}")
        case "close" if change.words:
            way = "up" if change.up else "down"
            return ChangeSentence("≈", change.words, f"{way} on {change.than}, may be chance")
        case "close":
            return ChangeSentence("≈", "", f"the same as {change.than}")
        case verdict:
            return ChangeSentence("▲" if change.up else "▼", change.words, f"{verdict} than {change.than}")


def change_words(change: pieces.Change) -> str:
    """Say a change as one text, with its sign.

    Examples
    --------
    >>> change_words(pieces.Change("5.8 pts", "Q1 2026", up=True, verdict="better"))
    '▲ 5.8 pts better than Q1 2026'
    >>> change_words(pieces.Change("2.7 pts", "joiners of Q4", verdict="close"))
    '≈ 2.7 pts down on joiners of Q4, may be chance'
    >>> change_words(pieces.Change("", "Q1 2025"))
    '– not comparable with Q1 2025'
    """
    said = change_sentence(change)
    return " ".join(part for part in (said.sign, said.size, said.rest) if part)


_SENTENCE = 28  # from so many characters on, a cell is read and not looked up


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline's line, its dot (now) and its ring (a year ago), in a box of 200 by 40."""

    path: str
    dot: tuple[str, str] | None
    ring: tuple[str, str] | None


def spark(headline: pieces.Headline) -> Spark | None:
    """Lay out the small line of a card; None where fewer than three figures are known.

    Missing figures leave a gap. Each line has a scale of its own.
    """
    known = [value for value in headline.history if value is not None and value == value]
    if len(known) < 3:
        return None
    low, high = min(known), max(known)
    step = 192 / (len(headline.history) - 1)
    points: list[tuple[str, str] | None] = [
        None
        if value is None or value != value
        else (f"{3 + i * step:.0f}", f"{35 - (value - low) / ((high - low) or 1) * 30:.1f}")
        for i, value in enumerate(headline.history)
    ]
    words, before = [], None
    for point in points:
        if point:
            words.append(f"{'L' if before else 'M'}{point[0]} {point[1]}")
        before = point
    ring = points[headline.year_ago] if headline.year_ago is not None else None
    return Spark("".join(words), points[-1], ring)


def bar_width(value: pieces.Cell) -> str:
    """Give the length of an in-cell bar, 0 to 100, from a number or from nothing."""
    number = value if isinstance(value, int | float) and value == value else 0.0
    return f"{min(abs(number), 100.0):.1f}".removesuffix(".0")


def signed_bars(table: pieces.Table) -> frozenset[int]:
    """Say which bar columns hold a negative number somewhere: their bars start in the middle."""
    return frozenset(
        i
        for i, column in enumerate(table.columns)
        if column.bar and any(isinstance(row[i], int | float) and row[i] < 0 for row in table.rows)  # type: ignore[operator]
    )


def wordy(table: pieces.Table) -> frozenset[int]:
    """Say which columns, the first aside, hold sentences: they keep a width to be read at."""
    return frozenset(
        i
        for i in range(1, len(table.columns))
        if any(isinstance(row[i], str) and len(str(row[i])) > _SENTENCE for row in table.rows)
    )


def _runs(runs: Sequence[str | pieces.Bold]) -> list[tuple[bool, str]]:
    return [(isinstance(run, pieces.Bold), run.text if isinstance(run, pieces.Bold) else run) for run in runs]


def text(piece: pieces.Piece) -> str:
    """Say a piece in plain text: what a terminal, a log or a page of text shows of it."""
    match piece:
        case pieces.Masthead():
            return f"{piece.organisation}: {piece.title} (" + ", ".join(b for _, b in piece.facts) + ")"
        case pieces.Notice():
            word = "Note" if piece.level == "warning" else "Failed"
            return f"{word}: {piece.title}." + (f" {piece.text}" if piece.text else "")
        case pieces.Summary():
            return " ".join(pieces.plain(runs) for runs in piece.sentences)
        case pieces.Cards():
            return "\n".join(_card_text(headline) for headline in piece.headlines)
        case pieces.Section():
            more = piece.missing or piece.statement.lead or (piece.chart.alt if piece.chart else "")
            return f"{piece.statement.heading}." + (f" {more}" if more else "")
        case pieces.Empty():
            return f"{piece.title}. {piece.text}"
        case pieces.Notes():
            return "\n".join(f"{term}: {meaning}" for term, meaning in piece.definitions)
        case pieces.Publication():
            return ""


def _card_text(headline: pieces.Headline) -> str:
    parts = [f"{headline.label}: {headline.value}", headline.base, *map(change_words, headline.changes)]
    return "; ".join(part for part in parts if part)


def minified(css: str) -> str:
    r"""Take comments and needless space out of a style sheet.

    Examples
    --------
    >>> minified("/* a */ .b > .c {\n  margin: 0 auto;\n  color: red\n}\n")
    '.b > .c{margin:0 auto;color:red}'
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    return css.replace(": ", ":").replace(";}", "}").strip()


@lru_cache(maxsize=1)
def page_css() -> str:
    """Give the style sheet of a report's page: tokens and rules, without comments."""
    return minified(tokens.css() + _source())


_IN_JUPYTERLAB = (
    "table{table-layout:auto}tr,tr:hover{background:none}td,th{text-align:left}dt,dd{float:none;width:auto}"
    "svg.wide:only-child{display:block}"
)
"""Takes back what JupyterLab's rules add: stripes, text to the right, terms beside each other; and shows the
one drawing of a widget's answer however narrow the cell is."""


@lru_cache(maxsize=1)
def notebook_css() -> str:
    """Give the style sheet for JupyterLab: the same rules, for what stands inside ``.workbook`` alone.

    A cell is laid out by its own width, not the window's, and takes JupyterLab's theme. The class is repeated
    because JupyterLab's rules for outputs bear two classes, and the more specific rule wins.
    """
    own = (
        "background:var(--paper);color:var(--ink);font:16px/1.5 var(--font);padding:0 20px 20px;--main:760px;"
        "container-type:inline-size"
    )
    inside = _source().replace(":root{", "&{")
    without_page = re.sub(r"@page\s*\{(?:[^{}]|\{[^{}]*\})*\}", "", inside)
    fitted = re.sub(r"@media (?:screen and )?(?=\(max-width:)", "@container ", without_page)
    look = tokens.css(".workbook") + tokens.jupyterlab_css(".workbook")
    return minified(f"{look}.workbook{{{own}}}.workbook.workbook.workbook{{{_IN_JUPYTERLAB}{fitted}}}")


def _source() -> str:
    return (resources.files("analytics.page") / "report.css").read_text(encoding="utf-8")
