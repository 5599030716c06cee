"""What other reports have published: a report that quotes figures reads them here, and computes none anew.

Only the folder of one organisation and one timeframe is looked into, and what lies there is believed only
where it says itself that it is that organisation's, of that timeframe, up to the same day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any, Literal

from analytics.errors import ParamsError
from analytics.params.jobs import slug
from analytics.params.values import is_id
from analytics.timeframe import Timeframe

State = Literal["found", "no data", "failed", "missing", "other"]

_NUMBER = (int, float, NoneType)
_CARD: Mapping[str, Any] = {
    **dict.fromkeys(("name", "label", "value", "base", "unit"), str),
    **{"number": _NUMBER, "changes": list, "history": list, "year_ago": (int, NoneType), "unsure": bool},
}
_CHANGE: Mapping[str, Any] = {
    **dict.fromkeys(("words", "than", "verdict"), str),
    **{"up": bool, "amount": _NUMBER, "usual": _NUMBER},
}
"""What is quoted of a headline figure and of its change; see `analytics.page.pieces.Headline`."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one report has published.

    Attributes
    ----------
    report : str
        Its name.
    state : {"found", "no data", "failed", "missing", "other"}
        ``other``: what lies there is of another timeframe or reference date, and must not be quoted;
        ``no data``: it was made and has not a single figure.
    reason : str
        Why it is not found, in a few words.
    data : mapping
        Its JSON blocks; empty unless found.
    headlines : mapping of str to mapping
        Its headline figures by name, with number, unit, changes and history, as
        `analytics.page.pieces.Headline` has them; empty unless found.
    parameters : mapping
        What it was made with; empty unless found.
    linked : bool
        Whether the reader is on a page beside it, and not in a notebook.
    """

    report: str
    state: State
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    headlines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    linked: bool = True

    @property
    def page(self) -> str:
        """Address of its page from a page beside it; empty where there is none to go to."""
        return f"{self.report}.html" if self.linked and self.state not in ("missing", "other") else ""

    def rows(self, block: str) -> list[dict[str, Any]]:
        """Rows of a block; none where it is absent or null."""
        found = self.data.get(block)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def read_published(
    folder: Path,
    reports: Iterable[str],
    organisation: str,
    timeframe: Timeframe,
    currency: str,
    *,
    linked: bool = True,
) -> dict[str, Published]:
    """Read what reports of one organisation and timeframe have published.

    Parameters
    ----------
    folder : pathlib.Path
        Of all reports; it need not exist.
    reports : iterable of str
        Names of notebooks.
    organisation : str
        Its id, which is the name of its folder.
    timeframe : Timeframe
    currency : str
        The organisation's: amounts in another one are not quoted.
    linked : bool
        Whether addresses of pages lead anywhere from where the reader is.

    Returns
    -------
    dict of str to Published
        One for each name, in their order. A file that is missing, unreadable, of another organisation,
        timeframe or day is an answer, not an error.

    Raises
    ------
    ParamsError
        If the organisation is no id or a report no name, so that neither leads out of the folder.
    """
    if not is_id(organisation):
        raise ParamsError(f'"{organisation[:80]}" is no id of an organisation')
    place = folder / organisation / slug(timeframe.label)
    found = {name: _read(place, name, organisation, timeframe, currency) for name in reports}
    return found if linked else {name: replace(one, linked=False) for name, one in found.items()}


def _read(place: Path, name: str, organisation: str, timeframe: Timeframe, currency: str) -> Published:
    if not name.isidentifier():
        raise ParamsError(f'"{name[:80]}" is no name of a report')
    try:
        body = json.loads((place / f"{name}.json").read_text(encoding="utf-8"))
        meta = body["meta"]
        if (meta["organisation"], meta["timeframe"]["label"]) != (organisation, timeframe.label):
            return Published(name, "other", "what lies there is another report's")
        if not body["success"]:
            error = body["error"]
            return Published(name, "failed", f"{error['type']}: {error['message']}")
        known = (meta["timeframe"]["start"], meta["timeframe"]["end"], meta["reference_date"])
        wanted = (timeframe.start, timeframe.end, timeframe.reference_date)
        if known != tuple(day.isoformat() for day in wanted):
            first, last = date.fromisoformat(known[0]), date.fromisoformat(known[2])
            return Published(name, "other", f"it was made for {first} up to {last}")
        if meta["currency"] != currency:
            return Published(name, "other", f"it was made in {meta['currency']}")
        data, parameters = _mapping(body["data"]), _mapping(meta.get("parameters", {}))
        headlines = {one["name"]: one for one in map(_card, meta.get("headlines", ()))}
    except FileNotFoundError:
        return Published(name, "missing", "it has not been made")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Published(name, "missing", "its figures cannot be read")
    if all(block is None for block in data.values()):
        return Published(name, "no data", "it has nothing to show")
    return Published(name, "found", "", data, headlines, parameters)


def _mapping(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise TypeError
    return found


def _card(found: Any) -> Mapping[str, Any]:
    """Take a headline figure that is whole; half of one, or another version's, must not be quoted."""
    changes = found["changes"]
    if not (_is_like(found, _CARD) and all(_is_like(change, _CHANGE) for change in changes)):
        raise TypeError
    return _mapping(found)


def _is_like(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(isinstance(found[name], types) for name, types in wanted.items())
