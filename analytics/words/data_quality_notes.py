"""What stands before and after the figures on the data: why tables are refused, and how it was measured."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.page.pieces import Notice
from analytics.words.data_quality import Setting

LONGEST = 500


def notices(tables: pd.DataFrame) -> list[Notice]:
    """Say of each refused table the rule, how many rows, the first ids, and how to mend it.

    Parameters
    ----------
    tables : pandas.DataFrame
        `analytics.metrics.data_quality.Quality.tables`. It is not modified.
    """
    refused = tables[tables["state"] == "refused"]
    return [
        Notice(f"The table {table} is refused", _short(f"{reason[:1].upper()}{reason[1:]}."))
        for table, reason in zip(refused["table"], refused["reason"], strict=True)
    ]


def notes(setting: Setting, *, late_days: int | None, widths: float) -> dict[str, Any]:
    """Give definitions, method and limits.

    Parameters
    ----------
    setting : Setting
    late_days : int or None
    widths : float

    Returns
    -------
    dict
        Keywords of `analytics.report.Report.notes`.
    """
    show = setting.format
    late = (
        f"The newest row is more than {show.days(late_days)} older than the reference date."
        if late_days is not None
        else "The days from the newest row to the reference date are more than 19 of 20 pauses between days "
        "with rows in the year before it, plus one. A table with fewer than ten pauses is never late."
    )
    wide = show.number(widths, 1 if widths % 1 else 0)
    return {
        "definitions": [
            ("Set aside", "The row breaks a rule and is in no figure; the source is not changed."),
            ("Kept", "The row stays with a correction: a sale of an unknown customer counts as a guest's."),
            (
                "Refused",
                "The table cannot be used: a key is not unique, or a column does not read as its type.",
            ),
            ("Late", late),
            (
                "Can be acted on",
                "Nothing is refused or late, and under 1% of each table's rows are set aside. With care: "
                "another table than customers or sales is refused, one is late, or 1% or more are set aside.",
            ),
            (
                "Outlier",
                f"A size above Q3 · r or below Q1 / r, signs and zeros left out, with r = (Q3 / Q1)^{wide}, "
                "at least 10: another unit or a lost decimal point, not every large customer.",
            ),
        ],
        "method": [
            "Rules and counts are those of the validation that every report and the command “workbook check” "
            "use.",
            "Rows, rules, ids and what is set aside are a state of the source as it stands. Gaps, outliers, "
            "ages and facts such as guest sales are a state up to the reference date; rows of the "
            "timeframe are a flow.",
        ],
        "limits": [
            "Where as_of is “latest” the reference date follows the newest row of the table that dates the "
            "data, which is then never late; give as_of a day to hold it against the calendar.",
            "What was true when a row was written and is wrong since cannot be seen here.",
        ],
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
