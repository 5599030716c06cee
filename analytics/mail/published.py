"""What a report says of itself, read from its executed notebook: sentences, figures, pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from analytics.page import display
from analytics.page.pieces import Change, Headline

_SECTION = re.compile(r'<section class="[^"]*" id="([^"]+)">(.*?)</section>', re.DOTALL)
_FIGURE = re.compile(
    r'<figure role="img" aria-label="([^"]*)">.*?(<svg class="chart narrow".*?</svg>)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart of a report, and the words that stand around it.

    Attributes
    ----------
    report, block : str
        Which report and which section it comes from.
    heading, alt : str
        The section's heading; the chart in words.
    svg : str
        The narrow drawing.
    title : str
        The report's, where the message is not named after it: two reports may count the same thing otherwise.
    """

    report: str
    block: str
    heading: str
    alt: str
    svg: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says.

    Attributes
    ----------
    summary : tuple of str
    headlines : tuple of Headline
    notices : tuple of str
    pictures : tuple of Picture
        In the order of the page.
    """

    summary: tuple[str, ...] = ()
    headlines: tuple[Headline, ...] = ()
    notices: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


def read_said(path: Path) -> Said:
    """Read what a report says.

    Parameters
    ----------
    path : pathlib.Path
        Its executed notebook.

    Returns
    -------
    Said
        Empty where there is no such notebook, it has published nothing, or another version wrote it.
    """
    try:
        return _said(path.stem, json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Said()


def _said(report: str, cells: list[Mapping[str, Any]]) -> Said:
    summary: list[str] = []
    headlines: list[Headline] = []
    notices: list[str] = []
    pictures: list[Picture] = []
    for record, markup in _outputs(cells):
        match record.get("kind"):
            case "summary":
                summary += record["sentences"]
            case "cards":
                headlines += (_headline(said) for said in record["headlines"])
            case "notice":
                notices.append(" ".join(filter(None, (record["title"].rstrip(".") + ".", record["text"]))))
            case "section":
                pictures += _picture(report, record, markup)
    return Said(tuple(summary), tuple(headlines), tuple(notices), tuple(pictures))


def _outputs(cells: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield each piece's record with the markup of the output that it stands in."""
    for cell in cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            for record in display.records(data):
                yield record, display.fragment_of(data)


def _headline(said: Mapping[str, Any]) -> Headline:
    changes = tuple(Change(**change) for change in said["changes"])
    return Headline(**{**said, "changes": changes, "history": tuple(said["history"])})


def _picture(report: str, record: Mapping[str, Any], markup: str) -> list[Picture]:
    """Find the section's chart; an empty list where it has none."""
    for block, inner in _SECTION.findall(markup):
        if block == record["block"] and (found := _FIGURE.search(inner)):
            return [Picture(report, block, record["heading"], unescape(found[1]), found[2])]
    return []
