"""Tables on the data: formatted rows, ids and never a row's values."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import Column, Table

Named = Callable[[str], str]


def tables(frame: pd.DataFrame, format: Format) -> Table:
    """Each table: state, rows, set aside, first and newest day, age.

    Parameters
    ----------
    frame : pandas.DataFrame
        `analytics.metrics.data_quality.Quality.tables`. It is not modified.
    format : Format
    """
    heads = (
        "Table",
        "State",
        "Rows",
        "Set aside",
        "Pass",
        "First day",
        "Newest row",
        "Days old",
        "Late after",
    )
    cells = [
        (
            str(row["table"]),
            "refused" if row["state"] == "refused" else "late" if row["late"] else _unbroken("in use"),
            format.count(row["rows"]),
            format.count(row["rows_left_out"]),
            _share(row["passing_percent"], format),
            _unbroken(format.date(row["first_day"])),
            _unbroken(format.date(row["newest_day"])),
            format.count(row["freshness_days"]),
            format.count(row["allowed_days"]),
        )
        for _, row in frame.iterrows()
    ]
    used, read = frame["rows_used"].sum(), frame["rows"].sum()
    whole = _share(100 * used / read if read else None, format)
    total = ("All", "", format.count(read), format.count(frame["rows_left_out"].sum()), whole, "", "", "", "")
    columns = tuple(Column(head, number=i in (2, 3, 4, 7, 8)) for i, head in enumerate(heads))
    return Table(columns, tuple(cells), total=total)


def rules(frame: pd.DataFrame, format: Format) -> Table:
    """Every rule of the contract with rows checked and failing; those that rows break first."""
    heads = ("Table", "Rule", "Rows checked", "Rows failing", "Share", "Then")
    known = frame[frame["origin"] == "contract"]
    order = known.assign(failing=known["rows_failing"].fillna(-1)).sort_values(
        "failing", ascending=False, kind="stable"
    )
    cells = [
        (
            str(row["table"]),
            str(row["text"]),
            format.count(row["rows_checked"])
            if row["rows_checked"] == row["rows_checked"]
            else "not checked",
            format.count(row["rows_failing"]),
            _share(row["failing_percent"], format),
            str(row["action"]),
        )
        for _, row in order.iterrows()
    ]
    columns = tuple(Column(head, number=1 < i < 5) for i, head in enumerate(heads))
    return Table(columns, tuple(cells), folded="Every rule, with the rows checked and failing")


def findings(frame: pd.DataFrame, name: Named, remedy: Named, format: Format) -> Table | None:
    """What is wrong, how much of it, what becomes of the rows and what mends it; None where nothing is.

    Parameters
    ----------
    frame : pandas.DataFrame
        `analytics.metrics.data_quality.Quality.mend`, or rows of ``broken``. It is not modified.
    name, remedy : callable
        Words of a rule, and what mends a kind of rule.
    format : Format
    """
    if frame.empty:
        return None
    heads = ("Table", "Finding", "Rows", "Share", "Then", "What to do")
    cells = tuple(
        (
            str(row["table"]),
            name(row["rule"]),
            format.count(row["rows_failing"]),
            _share(row["failing_percent"], format),
            _unbroken(str(row["action"])),
            remedy(row["kind"]),
        )
        for _, row in frame.iterrows()
    )
    return Table(tuple(Column(head, number=i in (2, 3)) for i, head in enumerate(heads)), cells)


def examples(frame: pd.DataFrame, broken: pd.DataFrame, name: Named, format: Format) -> Table | None:
    """The first ids of each finding in one line; None without any."""
    if frame.empty:
        return None
    sizes = {(row["table"], row["rule"]): row["rows_failing"] for _, row in broken.iterrows()}
    cells = tuple(
        (str(table), name(str(rule)), format.count(sizes.get((table, rule))), ", ".join(ids["id"]))
        for (table, rule), ids in frame.groupby(["table", "rule"], sort=False)
    )
    heads = (Column("Table"), Column("Finding"), Column("Rows", number=True), Column("First ids"))
    return Table(heads, cells)


def columns(frame: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """Columns with something missing, those with most first; None without any."""
    if frame.empty or not (frame["missing"] > 0).any():
        return None
    gaps = frame[frame["missing"] > 0].sort_values(
        ["may_be_empty", "missing_percent", "table", "column"], ascending=[True, False, True, True]
    )
    cells = tuple(
        (
            f"{row['table']}.{row['column']}",
            format.count(row["rows"]),
            format.count(row["missing"]),
            _share(row["missing_percent"], format),
            "empty until it happens" if row["may_be_empty"] else "required" if row["required"] else "a gap",
        )
        for _, row in gaps[:limit].iterrows()
    )
    heads = ("Column", "Rows", "Missing", "Share", "What it is")
    return Table(
        tuple(Column(head, number=0 < i < 4) for i, head in enumerate(heads)),
        cells,
        of_rows=format.count(len(gaps)) if len(gaps) > limit else "",
        folded="Columns with missing values",
    )


def values(frame: pd.DataFrame, format: Format) -> Table | None:
    """Negative, zero and outlying values and impossible dates by column; None where there are none."""
    counts = ["negative", "zero", "before_1970", "in_future", "outliers"]
    if frame.empty or not (frame[counts].sum(axis=1) > 0).any():
        return None
    odd = frame[frame[counts].sum(axis=1) > 0]
    cells = tuple(
        (
            f"{row['table']}.{row['column']}",
            *(format.count(row[count]) for count in counts),
            _sizes(row, format),
        )
        for _, row in odd.iterrows()
    )
    heads = ("Column", "Negative", "Zero", "Before 1970", "In the future", "Outliers", "Usual sizes")
    return Table(
        tuple(Column(head, number=0 < i < 6) for i, head in enumerate(heads)),
        cells,
        "Negative values are returns and credits where a column may have them",
        folded="Negative values, zeros, impossible dates and outliers by column",
    )


def crm(frame: pd.DataFrame, format: Format) -> Table | None:
    """What an export of a CRM lacks; None where there is none."""
    if frame.empty:
        return None
    cells = tuple(
        (
            str(row["table"]),
            str(row["field"]) if row["in_export"] else f"{row['field']} (no such column)",
            format.count(row["rows"]),
            format.count(row["missing"]),
            _share(row["missing_percent"], format),
        )
        for _, row in frame.iterrows()
    )
    heads = ("Table", "Field", "Rows", "Missing", "Share")
    return Table(tuple(Column(head, number=i > 1) for i, head in enumerate(heads)), cells)


def left_out(frame: pd.DataFrame, name: Named, effect: Named, format: Format) -> Table | None:
    """Which rows are left out of which reports; None where none are."""
    if frame.empty:
        return None
    readers = frame.groupby("table")["title"].nunique().to_dict()
    cells = tuple(
        (
            str(table),
            name(str(rule)),
            format.count(rows["rows"].iloc[0]),
            effect(str(how)),
            _reports(rows, str(how), readers[table], format),
        )
        for (table, rule, how), rows in frame.groupby(["table", "rule", "effect"], sort=False)
    )
    heads = ("Table", "Which rows", "How many", "What becomes of them", "In which reports")
    return Table(tuple(Column(head, number=i == 2) for i, head in enumerate(heads)), cells)


def readiness(frame: pd.DataFrame, format: Format) -> Table:
    """Each report: ready, or what it lacks."""
    cells = tuple((str(row["title"]), str(row["state"]), _lacks(row, format)) for _, row in frame.iterrows())
    return Table((Column("Report"), Column("State"), Column("What it lacks")), cells)


def _lacks(row: pd.Series, format: Format) -> str:
    said = []
    if row["refused_tables"]:
        said.append(f"{row['refused_tables']} refused")
    if row["tables"]:
        said.append(f"table {row['tables']}")
    elif row["blocks"]:
        said.append(f"without {row['blocks'].replace('_', ' ')}")
    if row["columns"]:
        said.append(f"columns {row['columns']}")
    if row["needed_days"] == row["needed_days"]:
        said.append(f"{format.days(row['days'])} of history, {format.count(row['needed_days'])} needed")
    return "; ".join(said) or MISSING


def _reports(rows: pd.DataFrame, effect: str, readers: int, format: Format) -> str:
    """The reports by name, or how many, where they are many."""
    count = len(rows)
    if effect == "stopped" and count > 2:
        return f"{format.count(count)} reports"
    if count == readers > 2:
        return f"all {format.count(count)} that read {rows['table'].iloc[0]}"
    return ", ".join(rows["title"])


def _unbroken(words: str) -> str:
    """Keep words in one line: a date in three is no date."""
    return words.replace(" ", "\xa0")


def _sizes(row: pd.Series, format: Format) -> str:
    if row["low"] != row["low"]:
        return MISSING
    if row["type"] == "money":
        return f"{format.money(row['low'])} to {format.money(row['high'])}"
    return f"{format.number(row['low'], int(row['low'] < 10))} to {format.number(row['high'])}"


def _share(percent: float | None, format: Format) -> str:
    least = 0.1
    if percent is None or percent != percent:
        return MISSING
    if 100 - least < percent < 100:
        return f"over {format.percent(100 - least)}"
    return f"under {format.percent(least)}" if 0 < percent < least else format.percent(percent)
