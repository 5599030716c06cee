"""Why a column does not read as its type: the counts by which its owner can tell how it is written.

Made only where validation found unreadable values. Nothing is decided here: 03/04/2011 is a day in April or
in March, and only the params may say which.
"""

from __future__ import annotations

from typing import Any

from analytics.data.casting import normal_number, tidy
from analytics.data.contract_terms import TableContract
from analytics.data.mapping import Raw, source_columns
from analytics.params.source import DateOrder, TableMapping

_STYLES: tuple[dict[str, Any], ...] = (
    {"decimal": "point", "thousands": "none"},
    {"decimal": "comma", "thousands": "none"},
    {"decimal": "point", "thousands": "comma"},
    {"decimal": "comma", "thousands": "point"},
    {"decimal": "comma", "thousands": "space"},
    {"decimal": "point", "thousands": "space"},
    {"decimal": "point", "thousands": "apostrophe"},
)


def diagnose(raw: Raw, contract: TableContract, mapping: TableMapping, name: str) -> str:
    """Say how the values of a column that does not read as its type might be written.

    Parameters
    ----------
    raw : Raw
    contract : TableContract
    mapping : TableMapping
    name : str
        The contract's column.

    Returns
    -------
    str
        Counts and what to say in the params; no value of any row.
    """
    said = []
    for source in source_columns(raw, mapping, name):
        column = raw.table[source]
        kind = column.type()
        if not (kind.is_string() or kind.is_integer() or raw.dialect.name == "sqlite"):
            said.append(f"the column {source!r} is of the type {kind}")
        elif contract[name].type == "timestamp":
            said.append(_dates(raw, source, name))
        elif contract[name].type in ("money", "number"):
            said.append(_numbers(raw, source))
        else:
            said.append(f"the column {source!r} may hold true or false, yes or no, 1 or 0")
    return "; ".join(text for text in said if text)


def _dates(raw: Raw, source: str, name: str) -> str:
    text = tidy(raw.table[source].cast("string"), raw.form)
    orders: tuple[DateOrder, ...] = ("iso", "dmy", "mdy")
    ways = {order: raw.dialect.instant(text, order).notnull() for order in orders}
    counts = _counts(
        raw,
        values=text.notnull(),
        iso=ways["iso"],
        dmy=ways["dmy"] & ~ways["iso"],
        mdy=ways["mdy"] & ~ways["iso"],
        both=ways["dmy"] & ways["mdy"] & ~ways["iso"],
    )
    if not counts["dmy"] + counts["mdy"]:
        return (
            f"of {counts['values']:,} values of {source!r}, {counts['iso']:,} are year-first dates "
            "(2026-03-31, with or without a time) and the others no dates; words for “none” go under "
            "csv: {nulls: […]}"
        )
    return (
        f"of {counts['values']:,} values of {source!r}, {counts['dmy']:,} read as day first (dmy), "
        f"{counts['mdy']:,} as month first (mdy) and {counts['both']:,} as both; say which it is: "
        f"csv: {{dates: dmy}} or csv: {{dates: mdy}}, or for this column "
        f"{name}: {{column: {source}, dates: …}}"
    )


def _numbers(raw: Raw, source: str) -> str:
    column = raw.table[source]
    text = tidy(column.cast("string"), raw.form)
    styles = [raw.form.model_copy(update=style) for style in _STYLES]
    reads = [raw.dialect.number(normal_number(text, style), "number").notnull() for style in styles]
    counts = _counts(raw, values=text.notnull(), **{f"way{i}": read for i, read in enumerate(reads)})
    for number, style in enumerate(styles):
        if counts[f"way{number}"] == counts["values"] and column.type().is_string():
            return (
                f"all {counts['values']:,} values of {source!r} read with decimal: {style.decimal} and "
                f"thousands: {style.thousands}; if they are written so, say csv: {{decimal: "
                f"{style.decimal}, thousands: {style.thousands}}}"
            )
    best = max(counts[f"way{number}"] for number in range(len(styles)))
    return (
        f"at most {best:,} of {counts['values']:,} values of {source!r} read as numbers, however they are "
        "written; export plain numbers without currency signs or words, or name the words for “none” under "
        "csv: {nulls: […]}"
    )


def _counts(raw: Raw, **flags: Any) -> dict[str, int]:
    counts = {name: raw.table.count(where=flag) for name, flag in flags.items()}
    row = raw.table.aggregate(**counts).to_pandas().iloc[0]
    return {str(name): int(value) for name, value in row.items()}
