"""Tables of contract customers: movements of contract value, and how many stay how long."""

from __future__ import annotations

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Column, Table

NAMES = {
    "new": "New",
    "expansion": "Grew",
    "reactivated": "Came back",
    "contraction": "Shrank",
    "churned": "Left",
}
"""Movements in words, in the order of the bridge."""


def movements(rows: pd.DataFrame, row: pd.Series, format: Format) -> Table | None:
    """Movements of contract value, and what they add up to.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.movements`. It is not modified.
    row : pandas.Series
        The timeframe's row, with start and end.
    format : Format

    Returns
    -------
    Table or None
        None where no account was live at either end.
    """
    if not row["starting_accounts"] and not row["ending_accounts"]:
        return None
    body = (
        ("At the start", format.count(row["starting_accounts"]), format.money_exact(row["starting_acv"])),
        *(
            (NAMES[str(one.movement)], format.count(one.accounts), format.money_exact(one.acv, sign=True))
            for one in rows.itertuples()
        ),
    )
    return Table(
        columns=(
            Column("Movement"),
            Column("Accounts", number=True),
            Column("Contract value a year", number=True),
        ),
        rows=body,
        total=("At the end", format.count(row["ending_accounts"]), format.money_exact(row["ending_acv"])),
        folded="The figures, to the cent",
    )


def survival(
    curves: pd.DataFrame, format: Format, *, ages: tuple[int, ...] = (90, 180, 365, 730, 1095)
) -> Table | None:
    """Share of accounts still customers at round ages, by plan.

    Parameters
    ----------
    curves : pandas.DataFrame
        As returned by `analytics.metrics.survival.survival`. It is not modified.
    format : Format
    ages : tuple of int
        Days after the start.

    Returns
    -------
    Table or None
        None without a curve; a dash where fewer than 30 were watched.
    """
    if curves.empty:
        return None
    reached = [age for age in ages if (curves["days"] == age).any()]
    body = []
    for plan, part in curves.groupby("plan", sort=False):
        cells = []
        for age in reached:
            found = part[(part["days"] == age) & (part["at_risk"] >= FEW)]
            if found.empty:
                cells.append(format.percent(None))
                continue
            one = found.iloc[0]
            low, high = (
                format.percent(one["survival_rate_low"], 0),
                format.percent(one["survival_rate_high"], 0),
            )
            cells.append(f"{format.percent(one['survival_rate'], 0)} ({low} to {high})")
        name = "All plans" if plan == "all" else str(plan)
        body.append((name, format.count(part["accounts"].iloc[0]), *cells))
    return Table(
        columns=(
            Column("Plan"),
            Column("Accounts", number=True),
            *(Column(f"After {format.days(age)}", number=True) for age in reached),
        ),
        rows=tuple(body[:50]),
        caption="Accounts that are still customers, with 95% intervals",
        folded="The figures, by plan",
    )
