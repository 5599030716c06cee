"""Tables of owners, wins, what goes with them, the test of chances, and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import FEW, Column, Table
from analytics.tables.cells import FIRST, between, of_rows, text


def owners(rows: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """Owners by stage: open deals, how often deals moved on, and how often they were won.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.owners`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None without deals.
    """
    if rows.empty:
        return None
    names = (
        "Deals",
        "Value",
        "Weighted",
        "Days in stage",
        "Moved on",
        "Of stays",
        "Won",
        "95% interval",
        "Of closed",
    )
    columns = (Column("Owner"), Column("Stage"), *(Column(name, number=True) for name in names))
    shown = rows.head(limit)
    body = tuple(
        (
            text(row["owner"]),
            "All" if row["stage"] == "all" else text(row["stage"]),
            format.count(row["deal_count"]),
            format.money(row["value"]),
            format.money(row["weighted_value"]),
            format.number(row["avg_days_in_stage"]),
            format.percent(row["conversion_rate"], 0),
            format.count(row["conversion_rate_n"]),
            format.share(row["win_rate"], 0),
            between(100 * row["win_rate_low"], 100 * row["win_rate_high"], format),
            format.count(row["win_rate_n"]),
        )
        for row in shown.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(shown["win_rate_n"]) if n < FEW)
    return Table(columns, body, unsure=few, of_rows=of_rows(rows, limit, format), folded="Owners by stage")


def won(rows: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """Won deals by quarter and month, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.won_deals`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None where nothing has closed.
    """
    if rows.empty:
        return None
    columns = (
        Column("Period"),
        *(
            Column(name, number=True)
            for name in ("Won", "Lost", "Value won", "Each", "Win rate", "95% interval")
        ),
    )
    newest = pd.concat([rows[rows["grain"] == grain].iloc[::-1] for grain in ("quarter", "month")]).head(
        limit
    )
    body = tuple(
        (
            _period(row, format),
            format.count(row["won_deals"]),
            format.count(row["lost_deals"]),
            format.money(row["won_value"]),
            format.money(row["avg_won_value"]),
            format.share(row["win_rate"], 0),
            between(100 * row["win_rate_low"], 100 * row["win_rate_high"], format),
        )
        for row in newest.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(newest["win_rate_n"]) if n < FEW)
    marked = "" if rows["finished"].astype(bool).all() else "* has not ended"
    return Table(
        columns,
        body,
        caption=marked,
        unsure=few,
        of_rows=of_rows(rows, limit, format),
        folded="Quarters and months",
    )


def drivers(rows: pd.DataFrame, names: Mapping[str, str], format: Format) -> Table | None:
    """Win rates by how deals were worked.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.win_drivers`. It is not modified.
    names : mapping of str to str
        Driver → its name in words.
    format : Format

    Returns
    -------
    Table or None
        None where nothing is known of closed deals.
    """
    if rows.empty:
        return None
    columns = (
        Column("Of deals"),
        *(Column(name, number=True) for name in ("Closed", "Won", "Win rate", "95% interval")),
    )
    body = tuple(
        (
            f"{names[row['driver']]}: {row['level']}",
            format.count(row["win_rate_n"]),
            format.count(row["won_deals"]),
            format.share(row["win_rate"]),
            between(100 * row["win_rate_low"], 100 * row["win_rate_high"], format),
        )
        for row in rows.to_dict("records")
    )
    few = frozenset(i for i, n in enumerate(rows["win_rate_n"]) if n < FEW)
    return Table(columns, body, unsure=few, folded="Win rates in figures")


def calibration(test: Any, format: Format) -> Table | None:
    """Log losses on later deals.

    Parameters
    ----------
    test
        `Holdout` of `analytics.models.deals.close_probability`.
    format : Format

    Returns
    -------
    Table or None
        None without a test.
    """
    if test.scores.empty:
        return None
    names = {"classifier": "Classifier", "points": "Points", "base_rate": "The same chance for every deal"}
    columns = (
        Column("Chance by"),
        *(
            Column(name, number=True)
            for name in ("Log loss", "Better than points by", "95% interval", "Deals")
        ),
    )
    body = tuple(
        (
            names[row["method"]],
            format.number(row["log_loss"], 3),
            format.number(row["better_by"], 3, sign=True),
            f"{format.number(row['better_by_low'], 3, sign=True)} to "
            f"{format.number(row['better_by_high'], 3, sign=True)}"
            if pd.notna(row["better_by_low"])
            else MISSING,
            format.count(row["deals"]),
        )
        for row in test.scores.to_dict("records")
    )
    return Table(columns, body, folded="Log losses on later deals")


def accounts(rows: pd.DataFrame, format: Format, *, limit: int = FIRST) -> Table | None:
    """Accounts by churn risk, with reasons; folded where more than ten are asked for.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.deals.account_health.account_scores`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None where no account has a known risk.
    """
    known = rows[rows["churn_risk"].notna()]
    return _accounts(known, "churn_risk", "risk_reasons", "Churn risk", "risk_inputs", format, limit)


def expansion(rows: pd.DataFrame, format: Format, *, limit: int = FIRST) -> Table | None:
    """Accounts by room to grow, with reasons; folded where more than ten are asked for.

    Parameters
    ----------
    rows, format, limit
        As for `accounts`.

    Returns
    -------
    Table or None
        None where nothing is known of any.
    """
    known = rows[rows["expansion_score"] > 0]
    order = ["expansion_score", "acv", "customer_id"]
    known = known.sort_values(order, ascending=[False, False, True])
    return _accounts(
        known, "expansion_score", "expansion_reasons", "Room to grow", "expansion_inputs", format, limit
    )


def _accounts(
    rows: pd.DataFrame, score: str, reasons: str, title: str, inputs: str, format: Format, limit: int
) -> Table | None:
    if rows.empty or (limit > FIRST and len(rows) <= FIRST):
        return None
    columns = (
        Column("Account"),
        Column("Plan"),
        Column("Owner"),
        Column("A year", number=True),
        Column("Renews"),
        Column(title, number=True),
        Column("Inputs", number=True),
        Column("Why"),
    )
    body = tuple(
        (
            text(row["name"] or row["customer_id"]),
            text(row["plan"]),
            text(row["owner"]),
            format.money(row["acv"]),
            format.date(row["renews_at"]) if pd.notna(row["renews_at"]) else MISSING,
            format.number(row[score]),
            format.count(row[inputs]),
            text(row[reasons]),
        )
        for row in rows.head(limit).to_dict("records")
    )
    return Table(
        columns, body, of_rows=of_rows(rows, limit, format), folded="More of them" if limit > FIRST else ""
    )


def _period(row: Mapping[Any, Any], format: Format) -> str:
    star = "" if row["finished"] else " *"
    if row["grain"] == "month":
        return format.month(row["start"]) + star
    year, _, quarter = str(row["period"]).partition("-")
    return f"{quarter} {year}{star}"
