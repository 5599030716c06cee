"""A report's figures as files: JSON for programs, Excel for people, Parquet for what is too long for both.

The files hold the numbers themselves, unrounded; only pages round, and only for show.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
import pandas as pd
import xlsxwriter

Block = pd.DataFrame | Mapping[str, Any] | None
"""A block of figures: a frame of rows, named figures (which may hold frames in turn), or nothing."""

CONTACT_COLUMNS = frozenset({"mobile", "email", "customer_mobile", "customer_email"})
PERSONAL_PARAMETERS = frozenset({"customer_mobile", "customer_name", "search"})
MASK = "••••"
_SHEET_NAME = 31  # Excel's own limit
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a formula begins with in a file without types
_CELL_TEXT = 32_767  # and its limit for the text of one cell
_RICH, _RICH_END = "<r>", "</r>"
_JSON = frozenset({str, int, bool, type(None)})  # what stands in JSON as it is; a float may be infinite
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def versions() -> dict[str, str]:
    """Versions of what figures are computed with."""
    return dict(_installed())


@cache
def _installed() -> Mapping[str, str]:
    names = {
        "workbook": "customer-analytics-workbook",
        "duckdb": "duckdb",
        "ibis": "ibis-framework",
        "pandas": "pandas",
    }
    return {name: version(package) for name, package in names.items()}


def masked(text: object) -> object:
    """Hide a mobile number or an e-mail address but for its last four characters.

    Examples
    --------
    >>> masked("+44 7700 900123")
    '•••• 0123'
    >>> masked("")
    ''
    """
    if text is None or text is pd.NA or not str(text).strip() or str(text) == "nan":
        return "" if isinstance(text, str) else None
    shown = re.sub(r"\s", "", str(text))
    return f"{MASK} {shown[-4:]}" if len(shown) > 4 else MASK


def masked_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hide the values of parameters that name a person.

    Examples
    --------
    >>> masked_parameters({"churn_days": 90, "customer_name": "Ada"})
    {'churn_days': 90, 'customer_name': '••••'}
    """
    return {
        name: MASK if name in PERSONAL_PARAMETERS and value else value for name, value in parameters.items()
    }


@overload
def without_contacts(block: pd.DataFrame) -> pd.DataFrame: ...
@overload
def without_contacts(block: Block) -> Block: ...
def without_contacts(block: Block) -> Block:
    """Mask the columns of a block that hold mobile numbers or e-mail addresses."""
    if isinstance(block, pd.DataFrame):
        found = [name for name in block.columns if name in CONTACT_COLUMNS]
        return block.assign(**{name: block[name].map(masked) for name in found}) if found else block
    if block is None:
        return None
    return {
        name: without_contacts(value)
        if isinstance(value, pd.DataFrame)
        else (masked(value) if name in CONTACT_COLUMNS else value)
        for name, value in block.items()
    }


def write_files(
    folder: Path,
    name: str,
    blocks: Mapping[str, Block],
    meta: Mapping[str, Any],
    headlines: Sequence[Mapping[str, Any]],
    *,
    rows: int,
    made: date,
) -> None:
    """Write a report's figures as JSON and Excel, and what is too long for both as Parquet.

    Parameters
    ----------
    folder : Path
    name : str
        Of the report: the stem of its files.
    blocks, meta, rows, made
        As for `write_json` and `write_excel`.
    headlines : sequence of mapping
        The figures that other pages may quote, with their changes, as `analytics.page.pieces.Headline` has
        them; they stand in the JSON file as ``headlines`` of ``meta``.
    """
    stem = folder / name
    read = _read(blocks, rows)  # once for both
    write_json(stem.with_suffix(".json"), read, {**meta, "headlines": headlines}, rows=rows)
    write_excel(stem.with_suffix(".xlsx"), read, meta, rows=rows, made=made)
    write_parquet(folder, name, blocks, rows=rows)


def write_json(path: Path, blocks: Mapping[str, Block], meta: Mapping[str, Any], *, rows: int) -> None:
    """Write a report's figures as JSON.

    Parameters
    ----------
    path : Path
        Where to; an existing file is replaced.
    blocks : mapping of str to Block
        The blocks by name. A frame becomes a list of its rows, each on a line of its own, a missing value
        ``null``, a date its ISO form, and a block that could not be computed ``null``.
    meta : mapping
        What the figures are about: organisation, timeframe, parameters, versions.
    rows : int
        The most rows of a frame to write; see `write_parquet` for the rest.
    """
    body = {"success": True, "data": blocks, "meta": meta}
    path.write_text(_lines(body, rows) + "\n", encoding="utf-8")


def write_excel(
    path: Path, blocks: Mapping[str, Block], meta: Mapping[str, Any], *, rows: int, made: date
) -> None:
    """Write a report's figures as an Excel file, a sheet for each block.

    Parameters
    ----------
    path : Path
        Where to; an existing file is replaced.
    blocks : mapping of str to Block
        As in `write_json`. A block of named figures becomes a sheet of two columns, and each frame in it
        a sheet of its own; a block that could not be computed has a sheet that says so.
    meta : mapping
        Becomes the first sheet, ``about``.
    rows : int
        The most rows of a frame to write.
    made : date
        The date written into the file's properties, so that the same figures give the same bytes.
    """
    # Text from the data must never become a formula or a link that Excel would follow.
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
        "in_memory": True,  # no temporary file for each sheet
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(made.year, made.month, made.day)})  # noqa: DTZ001
        bold = book.add_format({"bold": True})
        taken: set[str] = set()
        for name, (heads, columns) in _sheets(_read({"about": _flat(meta), **blocks}, rows)):
            sheet = book.add_worksheet(_sheet_name(name, taken))
            sheet.freeze_panes(1, 0)
            for column, head in enumerate(heads):
                sheet.write_string(0, column, _text(head), bold)
                sheet.set_column(column, column, min(40, max(10, len(head) + 2)))
                _write_column(sheet, column, columns[column])


def write_csv(path: Path, rows: pd.DataFrame) -> None:
    """Write rows as a CSV file that Excel opens as it is meant: in UTF-8, and without running any text.

    Parameters
    ----------
    path : Path
        Where to; an existing file is replaced.
    rows : pandas.DataFrame
        Numbers are written unrounded, missing values empty. Text that Excel would take for a formula gets an
        apostrophe before it. It is not modified.
    """
    texts = rows.select_dtypes(exclude=["number", "bool", "datetime"])
    safe = {str(name): texts[name].map(_no_formula) for name in texts}
    rows.assign(**safe).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def write_parquet(folder: Path, stem: str, blocks: Mapping[str, Block], *, rows: int) -> list[Path]:
    """Write the frames that are longer than JSON and Excel take, whole, as ``<stem>.<block>.parquet``.

    Returns
    -------
    list of Path
        The files written; empty where nothing was longer than `rows`.
    """
    written = []
    for name, frame in _sheets(blocks):
        if isinstance(frame, pd.DataFrame) and len(frame) > rows:
            written.append(folder / f"{stem}.{name}.parquet")
            frame.to_parquet(written[-1], index=False)
    return written


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Rows(NamedTuple):
    """The first rows of a frame in JSON's own types, column by column."""

    names: list[str]
    columns: list[list[Any]]


def _read(block: Any, rows: int) -> Any:
    """Turn frames, however deep in blocks, into their first rows; what was turned before stays."""
    if isinstance(block, pd.DataFrame):
        return _Rows([str(name) for name in block.columns], _columns(block, rows))
    if isinstance(block, Mapping):
        return {name: _read(item, rows) for name, item in block.items()}
    if isinstance(block, (list, tuple)) and not isinstance(block, _Rows):
        return [_read(item, rows) for item in block]
    return block


def _sheets(blocks: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, block in blocks.items():
        if block is None:
            yield name, _Rows(["note"], [["not computed: see the report's page"]])
        elif isinstance(block, (pd.DataFrame, _Rows)):
            yield name, block
        else:
            frames = {key: value for key, value in block.items() if isinstance(value, (pd.DataFrame, _Rows))}
            figures = {key: _plain(value, 0) for key, value in block.items() if key not in frames}
            if figures:
                yield name, _Rows(["name", "value"], [[*figures], [*figures.values()]])
            yield from ((f"{name}.{key}", frame) for key, frame in frames.items())


def _sheet_name(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[\[\]:*?/\\']", " ", name)[:_SHEET_NAME]
    shown, number = stem, 2
    while shown.lower() in taken:
        shown, number = f"{stem[: _SHEET_NAME - 3]} {number}", number + 1
    taken.add(shown.lower())
    return shown


def _write_column(sheet: Any, column: int, values: Sequence[Any]) -> None:
    """Write a column's cells below its head, each as what it is; nothing where a value is missing."""
    for number, value in enumerate(values, start=1):
        kind = type(value)
        if kind is float or kind is int:
            sheet.write_number(number, column, value)
        elif kind is bool:
            sheet.write_boolean(number, column, value)
        elif value is not None:
            sheet.write_string(number, column, _text(value if isinstance(value, str) else _encode(value)))


def _text(text: str) -> str:
    """Cut a text to what a cell takes, and see that XlsxWriter takes none for markup of its own."""
    text = text[:_CELL_TEXT]
    return f"{text[: _CELL_TEXT - 1]} " if text.startswith(_RICH) and text.endswith(_RICH_END) else text


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _columns(frame: pd.DataFrame, rows: int) -> list[list[Any]]:
    """Give the first rows of each column in JSON's own types; numpy's numbers and days all at once."""
    columns = []
    for _, column in frame.head(rows).items():
        values: list[Any]
        if column.dtype.kind == "M" and (days := _days(column)) is not None:
            values = days
        elif column.dtype in ("float64", "float32"):
            values = [value if math.isfinite(value) else None for value in column.tolist()]
        else:
            values = [value if type(value) in _JSON else _plain(value, rows) for value in column.tolist()]
        columns.append(values)
    return columns


def _days(column: pd.Series[Any]) -> list[str | None] | None:
    """Give the ISO form of moments that are all midnights, or missing; None where one is neither."""
    moments = column.to_numpy()
    if moments.dtype.kind != "M":  # with a time zone they are objects
        return None
    days = moments.astype("datetime64[D]")
    if not ((days == moments) | np.isnat(moments)).all():
        return None
    return [None if day == "NaT" else day for day in np.datetime_as_string(days).tolist()]


def _lines(value: Any, rows: int) -> str:
    """Give JSON in lines for people: one for each row of a frame, and for each named figure."""
    if isinstance(value, Mapping):
        named = [f"{_encode(str(name))}: {_lines(item, rows)}" for name, item in value.items()]
        return "{\n" + ",\n".join(named) + "\n}" if named else "{}"
    plain = _plain(value, rows)
    if isinstance(plain, list) and plain and isinstance(plain[0], dict):
        return "[\n" + ",\n".join(map(_encode, plain)) + "\n]"
    return _encode(plain)


def _plain(value: Any, rows: int) -> Any:
    """Give a value in JSON's own types; frames as lists of rows, whatever is missing as None."""
    if isinstance(value, pd.DataFrame):
        value = _read(value, rows)
    if isinstance(value, _Rows):
        return [dict(zip(value.names, row, strict=True)) for row in zip(*value.columns, strict=True)]
    if isinstance(value, Mapping):
        return {str(name): _plain(item, rows) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, rows) for item in value]
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, (Real, Decimal)):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "item"):  # numpy's booleans are no Python booleans
        return _plain(value.item(), rows)
    return str(value)
