"""Tables of the pipeline: formatted rows, in the order of the column that matters."""

from __future__ import annotations

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import Cell, Column, Table
from analytics.tables.cells import FIRST, between, of_rows, text
from analytics.tables.pipeline_cells import WHO, health, when, who


def stages(rows: pd.DataFrame, format: Format) -> Table | None:
    """Open deals by stage, with the historical rate of winning from it.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.by_stage`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without an open deal.
    """
    if not rows["deal_count"].sum():
        return None
    columns = (
        Column("Stage"),
        *(
            Column(name, number=True)
            for name in ("Deals", "Value", "Weighted", "By stage rate", "Days in stage", "Normal", "Stagnant")
        ),
        Column("Won once in it", number=True),
        Column("95% interval", number=True),
        Column("Closed", number=True),
    )
    body = tuple(
        (
            str(row["stage"]).capitalize(),
            format.count(row["deal_count"]),
            format.money(row["value"]),
            format.money(row["weighted_value"]),
            format.money(row["stage_weighted_value"]),
            format.number(row["avg_days_in_stage"]),
            format.number(row["normal_days"]),
            format.count(row["stagnant_deals"]),
            format.percent(row["won_percent"]),
            between(row["won_percent_low"], row["won_percent_high"], format),
            format.count(row["won_percent_n"]),
        )
        for row in rows.to_dict("records")
    )
    sums = rows[["deal_count", "value", "weighted_value", "stage_weighted_value", "stagnant_deals"]].sum()
    money = (format.money(sums[name]) for name in ("value", "weighted_value", "stage_weighted_value"))
    counts = [format.count(sums[name]) for name in ("deal_count", "stagnant_deals")]
    total = ("All", counts[0], *money, "", "", counts[1], "", "", "")
    return Table(columns, body, total=total, folded="Stages in figures")


def deals(rows: pd.DataFrame, format: Format) -> Table | None:
    """The first ten open deals by likely value.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.by_priority`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without an open deal.
    """
    if rows.empty:
        return None
    columns = (
        *WHO,
        Column("Stage"),
        Column("Value", number=True),
        Column("Chance", number=True),
        Column("Likely value", number=True),
        Column("Health", number=True),
        Column("Beside the stage, in points"),
    )
    body = tuple(
        (
            *who(row),
            text(row["stage"]),
            format.money(row["deal_value"]),
            format.percent(row["close_probability"], 0),
            format.money(row["priority_value"]),
            health(row, format),
            text(row["key_factors"]),
        )
        for row in rows.head(FIRST).to_dict("records")
    )
    return Table(columns, body, of_rows=of_rows(rows, FIRST, format))


def deal_points(rows: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """What the chance of each open deal is made of by points, and what terms and similar deals make of it.

    Parameters
    ----------
    rows, format
        As for `deals`.
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None without an open deal.
    """
    if rows.empty:
        return None
    parts = ("Stage", "Engaged", "Qualified", "Late", "Rivals")
    columns = (
        *WHO[:2],
        *(Column(name, number=True) for name in ("Value", "Chance", "Points", *parts)),
        Column("Inputs known"),
        Column("Estimated value", number=True),
        Column("Sure of it", number=True),
    )
    known = {"high": "all", "medium": "most", "low": "few"}
    body = tuple(
        (
            *who(row)[:2],
            format.money(row["deal_value"]),
            format.percent(row["close_probability"], 0),
            format.number(row["points_total"], 1),
            *(format.number(row[f"{part}_points"], 1) for part in _PARTS),
            known.get(str(row["confidence"]), MISSING),
            format.money(row["estimated_value"]),
            format.percent(row["estimate_confidence"], 0),
        )
        for row in rows.head(limit).to_dict("records")
    )
    return Table(
        columns,
        body,
        caption="Points are the sum of the five columns after them. No forecast uses the estimated value",
        of_rows=of_rows(rows, limit, format),
        folded="What chances are made of, deal by deal",
    )


def forecast(rows: pd.DataFrame, format: Format) -> Table | None:
    """The months ahead, then what has no month.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without an open deal.
    """
    ahead = rows[(rows["timing"] != "past") & (rows["deals"] > 0)]
    if ahead.empty:
        return None
    columns = (
        Column("Expected"),
        *(Column(name, number=True) for name in ("Deals", "Value", "Weighted", "By stage rate")),
    )
    body = tuple(
        (
            format.month(row["month"]) if row["timing"] == "expected" else str(row["timing"]).capitalize(),
            format.count(row["deals"]),
            format.money(row["value"]),
            format.money(row["weighted_value"]),
            format.money(row["stage_weighted_value"]),
        )
        for row in ahead.to_dict("records")
    )
    sums = ahead[["deals", "value", "weighted_value", "stage_weighted_value"]].sum()
    total = (
        "All open",
        format.count(sums["deals"]),
        *(format.money(sums[name]) for name in list(sums.index)[1:]),
    )
    return Table(columns, body, total=total, folded="The forecast, month by month")


def actual(rows: pd.DataFrame, format: Format) -> Table | None:
    """Past months: what was forecast on their first day and what was won, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a past month.
    """
    past = rows[(rows["timing"] == "past")].iloc[::-1]
    if past.empty:
        return None
    names = ("Deals expected", "Their value", "Forecast", "By stage rate", "Won", "Of those expected")
    body = tuple(
        (
            format.month(row["month"]),
            format.count(row["deals"]),
            *(
                format.money(row[name])
                for name in (
                    "value",
                    "weighted_value",
                    "stage_weighted_value",
                    "won_value",
                    "won_from_forecast",
                )
            ),
        )
        for row in past.to_dict("records")
    )
    return Table(
        (Column("Month"), *(Column(name, number=True) for name in names)), body, folded="Month by month"
    )


def at_risk(rows: pd.DataFrame, format: Format, *, limit: int = FIRST) -> Table | None:
    """Deals at risk with what is wrong, the most valuable first; folded where more than ten are asked for.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.at_risk_deals`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None where none is, or the first ten are all.
    """
    if rows.empty or (limit > FIRST and len(rows) <= FIRST):
        return None
    columns = (
        *WHO,
        Column("Value", number=True),
        Column("Health", number=True),
        Column("What is wrong"),
    )
    body = tuple(
        (*who(row), format.money(row["deal_value"]), health(row, format), text(row["risk_factors"]))
        for row in rows.head(limit).to_dict("records")
    )
    return Table(
        columns, body, of_rows=of_rows(rows, limit, format), folded="All at risk" if limit > FIRST else ""
    )


def upcoming(rows: pd.DataFrame, format: Format, *, limit: int) -> Table | None:
    """Deals that should close in 90 days, overdue ones first, folded.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.upcoming`. It is not modified.
    format : Format
    limit : int
        Rows that the page shows.

    Returns
    -------
    Table or None
        None where none should.
    """
    if rows.empty:
        return None
    columns = (
        Column("Expected"),
        Column("When"),
        *WHO,
        Column("Stage"),
        Column("Value", number=True),
        Column("Chance", number=True),
        Column("Health"),
    )
    body = tuple(
        (
            format.date(row["expected_close_at"]),
            when(row["days_to_close"], format),
            *who(row),
            text(row["stage"]),
            format.money(row["deal_value"]),
            format.percent(row["close_probability"], 0),
            text(row["health_category"]),
        )
        for row in rows.head(limit).to_dict("records")
    )
    return Table(columns, body, of_rows=of_rows(rows, limit, format), folded="Deal by deal, overdue first")


def scenario(row: pd.Series, format: Format) -> Table | None:
    """The what-if in figures.

    Parameters
    ----------
    row : pandas.Series
        Of `analytics.models.deals.what_if.scenario`.
    format : Format

    Returns
    -------
    Table or None
        None without a win rate.
    """
    if pd.isna(row["baseline_forecast"]):
        return None
    columns = (Column("What"), *(Column(name, number=True) for name in ("As it is", "What if", "Difference")))
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            "Pipeline",
            format.money_exact(row["baseline_pipeline"]),
            format.money_exact(row["projected_pipeline"]),
            format.money_exact(row["projected_pipeline"] - row["baseline_pipeline"], sign=True),
        ),
        (
            "Win rate",
            format.share(row["baseline_win_rate"]),
            format.share(row["projected_win_rate"]),
            format.points(100 * (row["projected_win_rate"] - row["baseline_win_rate"]), sign=True),
        ),
    )
    total = (
        "Forecast",
        format.money_exact(row["baseline_forecast"]),
        format.money_exact(row["projected_forecast"]),
        format.money_exact(row["delta_forecast"], sign=True),
    )
    return Table(columns, rows, total=total, folded="The what-if in figures")


_PARTS = ("base", "engagement", "qualification", "velocity", "competition")
