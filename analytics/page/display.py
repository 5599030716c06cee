"""How a piece leaves a notebook: shown in JupyterLab, and found again by the page.

A cell's last expression is a `Shown`. Its HTML is the finished fragment; beside it stands a small record
under the workbook's own media type, by which the batch knows the fragments that belong on the page and
reads the few figures that the index quotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from analytics.page import pieces, render

_KINDS: dict[type[Any], str] = {
    pieces.Masthead: "masthead",
    pieces.Notice: "notice",
    pieces.Summary: "summary",
    pieces.Cards: "cards",
    pieces.Section: "section",
    pieces.Empty: "empty",
    pieces.Notes: "notes",
    pieces.Publication: "publish",
}


def kind_of(piece: pieces.Piece) -> str:
    """Give the name under which a piece is recorded: ``section``, ``publish``."""
    return _KINDS[type(piece)]


def record(piece: pieces.Piece) -> dict[str, Any]:
    """Give the small structured record of a piece, without drawings and tables.

    Returns
    -------
    dict
        ``kind`` and the piece's own fields as JSON knows them; of a section only its block and heading.
    """
    kind = kind_of(piece)
    if isinstance(piece, pieces.Section):
        return {"kind": kind, "block": piece.block, "heading": piece.statement.heading}
    if isinstance(piece, pieces.Summary):
        return {"kind": kind, "sentences": [pieces.plain(runs) for runs in piece.sentences]}
    return {"kind": kind} | {name: _json(value) for name, value in asdict(piece).items()}


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return None
    return value


_OPEN, _CLOSE = '<div class="workbook">', "</div>"


def records(bundle: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Read the records back from the data of a notebook's output; none where it is not a piece.

    Parameters
    ----------
    bundle : mapping
        ``data`` of an output, as nbformat has it.

    Returns
    -------
    tuple of dict
        One record for each piece of the cell, in order.
    """
    first = bundle.get(pieces.MIME)
    if not isinstance(first, dict):
        return ()
    also = first.get("also", ())
    return ({name: value for name, value in first.items() if name != "also"}, *also)


def fragment_of(bundle: Mapping[str, Any]) -> str:
    """Take the finished fragment out of an output, without what only JupyterLab needs around it."""
    text = bundle.get("text/html", "")
    text = "".join(text) if isinstance(text, list) else str(text)
    _, found, inside = text.partition(_OPEN)
    return inside.removesuffix(_CLOSE) if found else ""


class Shown:
    """The pieces of a notebook cell, as its value; none where the cell has nothing to show.

    Parameters
    ----------
    *parts : Piece
        Shown one below the other; nothing at all where there are none. Where several are given (masthead and
        notices), the record is that of the first, and ``also`` holds those of the rest.

    Examples
    --------
    >>> print(Shown(pieces.Notice("3 of 100 rows were left out", "They carry no date.")))
    Note: 3 of 100 rows were left out. They carry no date.
    """

    styled = False
    """Whether the look comes along though no masthead brings it."""

    def __init__(self, *parts: pieces.Piece) -> None:
        self.parts = parts

    def __str__(self) -> str:
        return "\n\n".join(text for text in map(render.text, self.parts) if text)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002  (IPython's signature)
        if not self.parts:
            return {"text/plain": ""}
        first, *rest = map(record, self.parts)
        bundle = {
            pieces.MIME: first | ({"also": rest} if rest else {}),
            "text/plain": str(self) or kind_of(self.parts[0]),
        }
        if fragment := "".join(map(render.fragment, self.parts)):
            bundle["text/html"] = f"{_OPEN}{fragment}{_CLOSE}"
        if self.styled or any(isinstance(part, pieces.Masthead) for part in self.parts):
            bundle["text/html"] = f"<style>{render.notebook_css()}</style>{bundle['text/html']}"
        return bundle


class Alone(Shown):
    """Pieces in a notebook of one's own, which has no masthead to bring the look."""

    styled = True
