"""Tables of the queue of interventions: whom to call, by owner, by reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Column, Table
from analytics.tables.cells import FIRST, text
from analytics.tables.churn_training import localised
from analytics.tables.roi import named


def calls(
    rows: pd.DataFrame, format: Format, *, steps: bool = True, first: int = 0, limit: int = FIRST
) -> Table | None:
    """Whom to call: why, what to do, who, by when, and what is at risk.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.models.interventions.queue.Queue.rows`, or a part of it. It is not modified.
    format : Format
    steps : bool, default True
        Whether all steps are given and what the customer is worth, or only the first step and a bar.
    first : int, default 0
        How many rows to leave out because another table shows them; then this one is folded.
    limit : int, default 10
        Up to which row to show.

    Returns
    -------
    Table or None
        Names and ids as the data have them, never a number or an address. Columns of which nothing is known
        are left out. None where there is nobody to show.
    """
    shown = rows.head(limit).iloc[first:]
    if shown.empty:
        return None
    most = float(rows["value_at_risk"].max())
    owned, kinds = bool(rows["owner"].notna().any()), rows["kind"].nunique() > 1
    valued, scored = bool(rows["value_at_risk"].notna().any()), bool(rows["churn_probability"].notna().any())
    columns = (
        Column("Customer"),
        *((Column("Kind"),) if kinds else ()),
        Column("Why"),
        Column("What to do" if steps else "First step"),
        *((Column("Owner"),) if owned else ()),
        Column("Due"),
        Column("Chance to leave" if scored else "Churn risk, of 100", number=True),
        *((Column("Worth a year", number=True),) if steps or not valued else ()),
        *((Column("At risk", number=True),) if valued else ()),
        *((Column("", bar=True),) if valued and not steps else ()),
    )
    body = tuple(
        (
            named(row["customer_id"], row["customer_name"]),
            *((str(row["kind"]),) if kinds else ()),
            localised(str(row["reasons"]), format),
            _steps(row) if steps else str(row["recommendation"]),
            *((text(row["owner"]),) if owned else ()),
            _day(row, format),
            format.share(row["churn_probability"], 0) if scored else format.number(row["account_risk"]),
            *((format.money(row["worth_if_stays"]),) if steps or not valued else ()),
            *((format.money(row["value_at_risk"]),) if valued else ()),
            *((_bar(row["value_at_risk"], most),) if valued and not steps else ()),
        )
        for row in shown.to_dict("records")
    )
    span = f"{format.count(first + 1)} to {format.count(first + len(shown))} of {format.count(len(rows))}"
    return Table(columns, body, folded=f"The next: {span}" if first else "")


def owners(rows: pd.DataFrame, format: Format) -> Table | None:
    """Who has how much on their hands.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_owner`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where nobody is to be called.
    """
    if rows.empty:
        return None
    names = ("To call", "Due today", "Due this week", "Value at risk", "Of it this week")
    columns = (Column("Owner"), *(Column(name, number=True) for name in names))
    body = tuple(
        (
            "No owner" if row["owner"] is None else str(row["owner"]),
            format.count(row["to_call"]),
            format.count(row["due_today"]),
            format.count(row["due_this_week"]),
            format.money(row["value_at_risk"]),
            format.money(row["due_this_week_value"]),
        )
        for row in rows.to_dict("records")
    )
    sums = rows[["to_call", "due_today", "due_this_week"]].sum()
    money = rows[["value_at_risk", "due_this_week_value"]].sum(min_count=1)
    total = ("All", *(format.count(n) for n in sums), *(format.money(amount) for amount in money))
    return Table(columns, body, total=total, folded="The figures, by owner")


def days(rows: pd.DataFrame, format: Format) -> Table | None:
    """What is due on which day.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_day`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where nothing is due.
    """
    if rows.empty:
        return None
    columns = (
        Column("Due"),
        Column(""),
        Column("To call", number=True),
        Column("Value at risk", number=True),
    )
    body = tuple(
        (
            format.date(row["due_date"]),
            WHEN[row["due"]],
            format.count(row["to_call"]),
            format.money(row["value_at_risk"]),
        )
        for row in rows.to_dict("records")
    )
    return Table(columns, body, folded="The figures, by day")


def causes(rows: pd.DataFrame, names: Mapping[str, str], format: Format) -> Table | None:
    """How often each reason is seen.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.interventions.by_reason`. It is not modified.
    names : mapping of str to str
        Reason → its name in words.
    format : Format

    Returns
    -------
    Table or None
        None where there is no reason.
    """
    if rows.empty:
        return None
    columns = (Column("Reason"), Column("To call", number=True), Column("Value at risk", number=True))
    body = tuple(
        (names[row["reason"]], format.count(row["to_call"]), format.money(row["value_at_risk"]))
        for row in rows.to_dict("records")
    )
    return Table(columns, body, folded="The figures, by reason")


WHEN = {"today": "today", "this_week": "this week", "next_week": "next week", "later": "later"}


def _steps(row: Mapping[Any, Any]) -> str:
    """All steps, numbered where there are several."""
    found = [str(row["recommendation"]), *(step for step in str(row["next_steps"]).split("\n") if step)]
    return found[0] if len(found) == 1 else " ".join(f"{n}. {step}" for n, step in enumerate(found, 1))


def _day(row: Mapping[Any, Any], format: Format) -> str:
    """Today, or the day without its year: no call is due so far ahead."""
    if row["due"] == "today":
        return "Today"
    day = format.date(row["due_date"]).replace(str(row["due_date"].year), "").strip(" ,/.")
    return day.replace(" ", "\N{NO-BREAK SPACE}")  # of a column so narrow, a day would take two lines


def _bar(amount: float, most: float) -> float | str:
    return 100 * amount / most if amount == amount and most > 0 else ""
