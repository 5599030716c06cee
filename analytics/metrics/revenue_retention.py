"""Revenue retention of contract customers: what the contracts of the start are worth at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.purchases import (
    SECONDS_A_DAY,
    at_boundary,
    day_number,
    label_periods,
    periods_table,
)
from analytics.metrics.rates import add_rate, percentage
from analytics.timeframe import Comparison, Timeframe

MOVEMENTS = ("new", "expansion", "reactivated", "contraction", "churned")
"""How annual contract value moves, in the order of the bridge."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """The retention report's figures on contract customers, from one statement.

    Attributes
    ----------
    comparison : Comparison
        The timeframe that the page leads with, and those that it is compared with.
    summary : pandas.Series
        The timeframe asked for, columns as in `revenue_retention`.
    headlines : pandas.DataFrame
        One row for each of ``comparison.periods``, columns as in `revenue_retention`; rates and losses of
        an earlier timeframe that is ``left_truncated`` are missing, because it is no measure for this one.
    """

    comparison: Comparison
    summary: pd.Series
    headlines: pd.DataFrame

    @property
    def leading(self) -> pd.Series:
        """The timeframe that the page leads with."""
        return self.headlines.iloc[-1]

    def published(self) -> dict[str, Any]:
        """Give the block that the report publishes: the timeframe asked for, its movements one row each."""
        figures = {str(name): value for name, value in self.summary.items()}
        return figures | {"movements": movements(self.summary)}


def contract_figures(
    accounts: ibis.Table,
    timeframe: Timeframe,
    comparison: Comparison,
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> Contracts:
    """Measure the timeframe asked for and those that the page leads with.

    Parameters
    ----------
    accounts, customers, customer_type
        As for `revenue_retention`.
    timeframe : Timeframe
        What was asked for.
    comparison : Comparison
        What the page leads with.

    Returns
    -------
    Contracts
    """
    rows = revenue_retention(
        accounts, [timeframe, *comparison.periods], customers=customers, customer_type=customer_type
    )
    headlines = rows.iloc[1:].reset_index(drop=True)
    # Books that open late cover fewer days than the timeframe: nothing to compare it with.
    late = headlines["left_truncated"] & (headlines.index < len(headlines) - 1)
    rates = ("gross_revenue_retention", "net_revenue_retention", "account_retention_rate", "churned_accounts")
    headlines = headlines.assign(**{name: headlines[name].mask(late) for name in rates})
    return Contracts(comparison, rows.iloc[0], headlines)


def revenue_retention(
    accounts: ibis.Table,
    periods: Sequence[Timeframe],
    *,
    customers: ibis.Table | None = None,
    customer_type: str = "all",
) -> pd.DataFrame:
    """Gross and net revenue retention, and the movements between a period's start and its end.

    An account is worth at an instant what its last snapshot before it says, and nothing where it had not
    started by then or had left. So the end of one period is the start of the next, and no movement falls
    between two of them. Where no snapshot of any account lies before the start, the books open with the
    first snapshot.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.
    customers : ibis.Table, optional
        As in the contract; needed only for a `customer_type`.
    customer_type : str, default "all"
        Only customers of this type.

    Returns
    -------
    pandas.DataFrame
        One row for each period, in their order. Counts are int64; contract value (``_acv``) is a year's
        worth in the organisation's currency, an unknown one counts as 0.

        - ``period``, ``start``, ``end``: label, first day, reference date.
        - ``starting_accounts``, ``ending_accounts``: live then.
        - ``starting_acv``, ``ending_acv``.
        - ``new_accounts``, ``new_acv``: live at the end only, and never before the start.
        - ``reactivated_accounts``, ``reactivated_acv``: live at the end only, and once before the start.
        - ``expansion_accounts``, ``expansion_acv``; ``contraction_accounts``, ``contraction_acv``: live at
          both, worth more or less.
        - ``churned_accounts``, ``churned_acv``: live at the start only.
          Losses are negative, so that the five add up: starting + movements = ending, to the cent.
        - ``gross_revenue_retention`` = Σ min(end, start) / Σ start, ``net_revenue_retention`` =
          Σ end / Σ start, both in percent over the accounts live at the start; missing where those are
          worth nothing; ``gross_revenue_retention_n`` and ``net_revenue_retention_n`` are those accounts.
        - ``account_retention_rate`` (percent): accounts of the start that are live at the end, with ``_n``,
          ``_low``, ``_high``.
        - ``quick_ratio``: (new + expansion + reactivated) / −(contraction + churned); missing without
          losses.
        - ``left_truncated`` (boolean): the books open with the first snapshot, not with the start.

    Examples
    --------
    Ada grows from 100 to 150 a year, Ben leaves.

    >>> from datetime import date
    >>> from analytics.timeframe import parse_timeframe
    >>> accounts = ibis.memtable(pd.DataFrame({
    ...     "customer_id": ["ada", "ada", "ben", "ben"],
    ...     "snapshot_at": pd.to_datetime(["2025-12-31", "2026-03-31"] * 2),
    ...     "started_at": pd.to_datetime(["2025-01-01"] * 4),
    ...     "churned_at": pd.to_datetime([None, None, None, "2026-02-01"]),
    ...     "acv": [100.0, 150.0, 60.0, 60.0],
    ... }))
    >>> quarter = parse_timeframe("2026-Q1", as_of=date(2026, 6, 1))
    >>> row = revenue_retention(accounts, [quarter]).iloc[0]
    >>> float(row.gross_revenue_retention), float(row.net_revenue_retention), round(float(row.quick_ratio), 3)
    (62.5, 93.75, 0.833)
    """
    snapshots = _snapshots(accounts, customers, customer_type)
    first = snapshots.at.min().to_pandas()
    opening = None if pd.isna(first) else int(first) + 1
    starts = [day_number(period.start) * SECONDS_A_DAY for period in periods]
    ends = [day_number(period.reference_date) * SECONDS_A_DAY for period in periods]
    edges = [(min(max(start, opening or 0), end), end) for start, end in zip(starts, ends, strict=True)]
    sums = _sums()
    if opening is None:  # nobody has a contract: there is nothing to add up
        found = pd.DataFrame(columns=["period", *sums])
    else:
        states = _at_both_ends(snapshots, periods, edges, opening)
        found = states.group_by("period").agg(**sums).to_pandas()
    frame = found.set_index("period").reindex(range(len(periods))).fillna(0)
    counts = [name for name in sums if name.endswith("_accounts")]
    frame = frame.astype("float64").astype(dict.fromkeys(counts, "int64"))
    frame = label_periods(frame.reset_index(), periods)
    gains = frame["new_acv"] + frame["expansion_acv"] + frame["reactivated_acv"]
    losses = -(frame["contraction_acv"] + frame["churned_acv"])
    begun = pd.Series([period.days > 0 for period in periods])  # nothing is kept through days to come
    starting, accounts_then = frame["starting_acv"].where(begun), frame["starting_accounts"] * begun
    kept = (frame["starting_accounts"] - frame["churned_accounts"]) * begun
    frame = frame.assign(
        gross_revenue_retention=percentage(frame["kept_acv"], starting),
        net_revenue_retention=percentage(frame["staying_acv"], starting),
        gross_revenue_retention_n=accounts_then,
        net_revenue_retention_n=accounts_then,
        quick_ratio=percentage(gains, losses.where(losses > 0)) / 100,
        left_truncated=[opening is None or opening > start for start in starts],
    )
    frame = add_rate(frame, "account_retention_rate", kept, accounts_then)
    return frame.drop(columns=["kept_acv", "staying_acv"])


def movements(row: pd.Series) -> pd.DataFrame:
    """One period's movements, one row each, for a bridge from the starting to the ending contract value.

    Parameters
    ----------
    row : pandas.Series
        A row of `revenue_retention`.

    Returns
    -------
    pandas.DataFrame of shape (5, 3)
        ``movement``, ``accounts`` (int64), ``acv`` (currency, losses negative).
    """
    return pd.DataFrame(
        {
            "movement": list(MOVEMENTS),
            "accounts": [int(row[f"{name}_accounts"]) for name in MOVEMENTS],
            "acv": [float(row[f"{name}_acv"]) for name in MOVEMENTS],
        }
    )


def _snapshots(accounts: ibis.Table, customers: ibis.Table | None, customer_type: str) -> ibis.Table:
    """Snapshots with the time until which each is the last word, in seconds since 1970."""
    if customer_type != "all" and customers is not None:
        wanted = customers.filter(customers.customer_type == customer_type).select("customer_id")
        accounts = accounts.semi_join(wanted, "customer_id")
    at = accounts.snapshot_at.epoch_seconds().cast("int64")
    following = ibis.window(group_by=accounts.customer_id, order_by=at)
    return accounts.select(
        customer_id=accounts.customer_id,
        at=at,
        until=at.lead().over(following),
        started=accounts.started_at.epoch_seconds().cast("int64"),
        churned=accounts.churned_at.epoch_seconds().cast("int64"),
        acv=ibis.coalesce(accounts.acv.cast("decimal(18, 4)"), ibis.literal(0, "decimal(18, 4)")),
    )


def _at_edges(snapshots: ibis.Table, edges: Iterable[int]) -> ibis.Table:
    """One row for each account: its value at each edge, null where it is not live, and since when."""
    nothing = ibis.null("decimal(18, 4)")
    begun = _.started.isnull() | (_.started <= _.at)
    lived = begun & (_.churned.isnull() | (_.churned > _.at))
    was_customer = (lived | (_.churned <= _.at)).ifelse(_.at, ibis.null("int64"))
    return snapshots.group_by("customer_id").agg(
        since=was_customer.min(),
        **{f"acv_{edge}": _live(edge).ifelse(_.acv, nothing).max() for edge in sorted(edges)},
    )


def _live(edge: int) -> Any:
    last_word = (_.at < edge) & (_.until.isnull() | (_.until >= edge))
    return last_word & (_.started.isnull() | (_.started < edge)) & (_.churned.isnull() | (_.churned >= edge))


def _at_both_ends(
    snapshots: ibis.Table, periods: Sequence[Timeframe], edges: Sequence[tuple[int, int]], opening: int
) -> ibis.Table:
    """One row for each account and period: its value at the start and at the end, and if known before."""
    starts, ends = (set(seconds) for seconds in zip(*edges, strict=True))
    spans = periods_table(periods).mutate(end=_.end * SECONDS_A_DAY)
    spans = spans.mutate(start=ibis.least(ibis.greatest(_.start * SECONDS_A_DAY, opening), _.end))
    pairs = _at_edges(snapshots, starts | ends).cross_join(spans)
    return pairs.select(
        "period",
        known=ibis.coalesce(pairs.since < pairs.start, ibis.literal(False)),
        before=at_boundary(pairs, "acv", pairs.start, starts),
        after=at_boundary(pairs, "acv", pairs.end, ends),
    )


def _sums() -> dict[str, Any]:
    """What is counted and added up of the accounts of one period, as `_at_both_ends` gives them."""
    none, zero = ibis.null("decimal(18, 4)"), ibis.literal(0, "decimal(18, 4)")
    stays, gone = _.before.notnull() & _.after.notnull(), _.before.notnull() & _.after.isnull()
    come = _.before.isnull() & _.after.notnull()
    value, change = ibis.coalesce(_.after, zero), _.after - _.before
    groups = {
        "starting": (_.before.notnull(), _.before),
        "ending": (_.after.notnull(), _.after),
        "new": (come & ~_.known, _.after),
        "reactivated": (come & _.known, _.after),
        "expansion": (stays & (change > 0), change),
        "contraction": (stays & (change < 0), change),
        "churned": (gone, -_.before),
    }
    sums: dict[str, Any] = {}
    for name, (belongs, amount) in groups.items():
        sums[f"{name}_accounts"] = belongs.ifelse(1, 0).sum()
        sums[f"{name}_acv"] = _money(belongs.ifelse(amount, none))
    kept = (value < _.before).ifelse(value, _.before)
    sums["kept_acv"] = _money(_.before.notnull().ifelse(kept, none))
    sums["staying_acv"] = _money(_.before.notnull().ifelse(value, none))
    return sums


def _money(amount: Any) -> Any:
    """Sum money exactly; see `analytics.metrics.purchases.exact_sum`."""
    return amount.sum().round(4).cast("float64")
