"""What became of deals in each stage: moved on, lost, won in the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.metrics.rates import add_rate, percentage


def stage_rates(closed: pd.DataFrame, entries: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Of the closed deals that have been in a stage, how many were won.

    Parameters
    ----------
    closed : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.closed`.
    entries : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.entries`. Without any, a deal is taken to have been in
        every stage up to the one that it closed in.
    order : sequence of str
        The stages in their order.

    Returns
    -------
    pandas.DataFrame
        One row for each stage, in their order: ``stage``, ``won_percent`` (missing where none has closed)
        with
        ``won_percent_n``, ``won_percent_low``, ``won_percent_high``.
    """
    counts = _been(closed, entries, order).groupby("stage")["won"].agg(["sum", "size"])
    counts = counts.reindex(list(order)).fillna(0).astype("int64")
    rates = pd.DataFrame({"stage": list(order)})
    return add_rate(rates, "won_percent", counts["sum"].to_numpy(), counts["size"].to_numpy())


def won_percents(
    closed: pd.DataFrame, entries: pd.DataFrame, order: Sequence[str], days: Sequence[int]
) -> pd.Series:
    """The percent won of `stage_rates` as it was known on each of some days.

    Parameters
    ----------
    closed, entries, order
        As for `stage_rates`; what closed on a day or after it does not count for the day.
    days : sequence of int
        Days since 1970-01-01, ascending.

    Returns
    -------
    pandas.Series
        By stage and day: percent, missing where none had closed.
    """
    been = _been(closed, entries, order)
    first = np.searchsorted(days, been["closed_day"], side="right")  # the first day that knows of it
    cell = (pd.Index(order).get_indexer(pd.Index(been["stage"])), first)
    won, n = (np.zeros((len(order), len(days) + 1)) for _ in range(2))
    np.add.at(won, cell, been["won"])
    np.add.at(n, cell, 1)
    percents = percentage(won.cumsum(axis=1), n.cumsum(axis=1))[:, :-1]
    return pd.Series(percents.ravel(), pd.MultiIndex.from_product([order, days]))


def stays(closed: pd.DataFrame, entries: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Stays in stages that are over: when each ended, and whether the deal moved on.

    Parameters
    ----------
    closed, entries, order
        As for `stage_rates`; without entries there are none.

    Returns
    -------
    pandas.DataFrame
        ``deal_id``, ``stage``, ``day`` (days since 1970-01-01) when it ended, and ``moved_on`` (boolean):
        into a later stage, or won in it. A deal that went back, or was lost, did not move on.
    """
    place = {stage: i for i, stage in enumerate(order)}
    rows = entries[entries["stage"].isin(place)].copy()
    rows["position"] = rows["stage"].map(place).astype("float64")
    following = rows.groupby("deal_id")[["day", "position"]].shift(-1)
    ends = closed.set_index("deal_id")[["closed_day", "outcome"]].reindex(rows["deal_id"])
    left = following["day"].notna().to_numpy()
    rows["ended"] = np.where(left, following["day"], ends["closed_day"].to_numpy())
    onward = (following["position"] > rows["position"]).to_numpy()
    rows["moved_on"] = np.where(left, onward, (ends["outcome"] == "won").to_numpy()).astype("bool")
    over = rows[rows["ended"].notna()]
    return over.assign(day=over["ended"].astype("int64"))[["deal_id", "stage", "day", "moved_on"]]


def _been(closed: pd.DataFrame, entries: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Which closed deals have been in which stages, with their ``closed_day`` and ``won`` (0 or 1)."""
    seen = entries[entries["stage"].isin(order)][["deal_id", "stage"]].drop_duplicates()
    place = {stage: i for i, stage in enumerate(order)}
    rest = closed[~closed["deal_id"].isin(seen["deal_id"]) & closed["stage"].isin(place)]
    last = rest["stage"].map(place)
    passed = [
        rest.loc[last >= position, ["deal_id"]].assign(stage=stage) for stage, position in place.items()
    ]
    ends = closed[["deal_id", "closed_day"]].assign(won=(closed["outcome"] == "won").astype("int64"))
    return pd.concat([seen, *passed], ignore_index=True).merge(ends, on="deal_id")
