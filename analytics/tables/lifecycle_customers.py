"""Tables of customers: how they fare, where they came from, who they are, and the way of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import FEW, Column, Table
from analytics.tables.cells import FIRST, of_rows, text


def success(rows: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """NPS, logins, seats and tickets month by month, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.success_by_month`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None without a snapshot.
    """
    if rows.empty:
        return None
    names = (
        *("Accounts", "Answers", "NPS", "95% interval", "Logins an account", "Seats in use"),
        *("Tickets in 90 days", "Critical"),
    )
    newest = rows.iloc[::-1]
    body = tuple(
        (
            format.month(row["month"]),
            format.count(row["accounts"]),
            format.count(row["responses"]),
            format.number(row["nps"], 1),
            MISSING
            if pd.isna(row["nps_low"])
            else f"{format.number(row['nps_low'])} to {format.number(row['nps_high'])}",
            format.number(row["logins"]),
            format.percent(row["seat_use_percent"]),
            format.number(row["tickets"], 2),
            format.number(row["critical_tickets"], 2),
        )
        for row in newest.head(limit).to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(newest["responses"].head(limit)) if n < FEW)
    return Table(
        _columns("Month", names),
        body,
        of_rows=of_rows(rows, limit, format),
        unsure=few,
        folded="Month by month",
    )


def channels(rows: pd.DataFrame, format: Format) -> Table | None:
    """Customers, revenue and value by first and by last channel, side by side.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.channels.by_channel`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a new customer.
    """
    if not rows["first_customers"].sum():
        return None
    names = (
        *("First touch of", "Last touch of", "Revenue, first", "Revenue, last", "Value a year, first"),
        *("Value a year, last", "Spent", "Spent a customer"),
    )
    body = tuple(
        (
            str(row["channel"]).capitalize() if row["channel"] == "none known" else str(row["channel"]),
            *(format.count(row[f"{side}_customers"]) for side in ("first", "last")),
            *(format.money(row[f"{side}_revenue"]) for side in ("first", "last")),
            *(format.money(row[f"{side}_value"]) for side in ("first", "last")),
            format.money(row["acquisition_cost"]),
            format.money(row["cac"]),
        )
        for row in rows.to_dict("records")
    )
    sums = rows.drop(columns=["channel", "cac"]).sum(min_count=1)
    total = (
        "All",
        *(format.count(sums[f"{side}_customers"]) for side in ("first", "last")),
        *(format.money(sums[f"{side}_revenue"]) for side in ("first", "last")),
        *(format.money(sums[f"{side}_value"]) for side in ("first", "last")),
        format.money(sums["acquisition_cost"]),
        "",
    )
    return Table(_columns("Channel", names), body, total=total)


def customers(rows: pd.DataFrame, format: Format, *, limit: int = FIRST) -> Table | None:
    """The list of customers and leads, the most valuable first; folded where more than ten are asked for.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.customer_list`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None without anybody, or where the first ten are all.
    """
    if rows.empty or (limit > FIRST and len(rows) <= FIRST):
        return None
    columns = (
        Column("Name"),
        Column("Id"),
        Column("Stage"),
        Column("Since"),
        Column("Risk"),
        Column("Owner"),
        Column("Value a year", number=True),
        Column("Engagement", number=True),
    )
    body = tuple(
        (
            text(row["name"]),
            str(row["customer_id"] or row["subject_id"]),
            str(row["stage"]),
            format.date(row["since"]),
            _risk(row, format),
            text(row["owner"]),
            format.money(row["value"]),
            format.number(row["engagement_score"]),
        )
        for row in rows.head(limit).to_dict("records")
    )
    return Table(
        columns, body, of_rows=of_rows(rows, limit, format), folded="The list" if limit > FIRST else ""
    )


def journey(events: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """One customer's events, the newest first.

    Parameters
    ----------
    events : pandas.DataFrame
        As returned by `analytics.metrics.journey.customer_journey`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None without an event.
    """
    if events.empty:
        return None
    body = tuple(
        (format.date(row["at"]), _LANES[str(row["lane"])], _what(row), _number(row, format))
        for row in events.iloc[::-1].head(limit).to_dict("records")
    )
    columns = (Column("Day"), Column("Kind"), Column("What"), Column("Figure", number=True))
    return Table(
        columns, body, of_rows=of_rows(events, limit, format), folded="Event by event, the newest first"
    )


def _risk(row: Mapping[Any, Any], format: Format) -> str:
    level = row["risk_level"]
    if not isinstance(level, str):
        return MISSING
    return f"{level} ({format.share(row['churn_probability'], 0)})"


def _what(row: Mapping[Any, Any]) -> str:
    if row["lane"] == "prediction":
        return f"{row['what']} risk" if isinstance(row["what"], str) else "Prediction"
    if row["lane"] == "nps":
        return "Answer"
    return str(row["what"]).replace("_", " ").capitalize() if row["lane"] != "stage" else str(row["what"])


def _number(row: Mapping[Any, Any], format: Format) -> str:
    match row["lane"]:
        case "purchase":
            return format.money_exact(row["number"])
        case "nps":
            return format.number(row["number"])
        case "prediction":
            return format.share(row["number"])
        case _:
            return ""


def _columns(first: str, others: Any) -> tuple[Column, ...]:
    return (Column(first), *(Column(name, number=True) for name in others))


_LANES = {
    "stage": "Stage", "purchase": "Purchase", "ticket": "Ticket", "nps": "NPS", "prediction": "Prediction",
}  # fmt: skip
