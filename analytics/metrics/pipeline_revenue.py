"""What open deals would bring, weighted by how likely each is, in the month in which it should close.

A deal is open at the reference date where it was created before it and not closed before it; what was known
of it then comes from the deals' history where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.monthly_revenue import month_of, month_start, running_sums
from analytics.metrics.purchases import SECONDS_A_DAY, day_number, exact_sum, month_number
from analytics.metrics.rates import wilson
from analytics.timeframe import Timeframe

STAGE_PERCENT = {"discovery": 10, "qualified": 25, "proposal": 50, "negotiation": 75}
"""Chance that a deal in a stage is won, in percent; a deal in any other stage has none that is known."""
MEASURED_DAYS = 365
"""Deals closed in so many days before the reference date say how many are won."""


@dataclass(frozen=True)
class Pipeline:
    """Open deals by the month in which they are expected to close.

    Attributes
    ----------
    months : pandas.DataFrame
        One row for each month ahead, then what has no month of its own:

        - ``timing``: ``expected``, ``later`` (beyond the horizon), ``overdue`` (expected before the reference
          date) or ``undated``; the last three only where there are such deals.
        - ``month`` (datetime64): first day of the month; missing but for ``expected``.
        - ``deals`` (int64), ``value``, ``weighted_value`` (currency): open deals, their value, and the value
          times the chance of their stage.
    deals : int
        All open deals.
    unweighted : int
        Open deals in a stage of which no chance is known: in ``value``, not in ``weighted_value``.
    won, closed : int
        Deals won, and won or lost, in the `MEASURED_DAYS` before the reference date.
    win_rate, win_rate_low, win_rate_high : float
        Percent of them won with Wilson's 95 % interval; NaN where none closed.
    """

    months: pd.DataFrame
    deals: int = 0
    unweighted: int = 0
    won: int = 0
    closed: int = 0
    win_rate: float = float("nan")
    win_rate_low: float = float("nan")
    win_rate_high: float = float("nan")


def pipeline_revenue(
    deals: ibis.Table, history: ibis.Table | None, timeframe: Timeframe, *, horizon: int = 12
) -> Pipeline:
    """Weigh the open deals by stage, and put them in the months in which they are expected to close.

    Parameters
    ----------
    deals : ibis.Table
        As in the contract.
    history : ibis.Table or None
        ``deal_history`` as in the contract: stage, value and expected day as they stood at the reference
        date. Without it they are today's.
    timeframe : Timeframe
        Its reference date counts.
    horizon : int, default 12
        Months ahead; the first is the month of the reference date, which may have begun.

    Returns
    -------
    Pipeline
    """
    edge, start = timeframe.reference_date, month_number(timeframe.reference_date)
    known = _as_they_stood(deals, history, edge)
    expected = known.expected.epoch_seconds()
    timing = ibis.cases(
        (known.expected.isnull(), "undated"),
        (expected < day_number(edge) * SECONDS_A_DAY, "overdue"),
        (month_of(known.expected) >= start + horizon, "later"),
        else_="expected",
    )
    chance = ibis.cases(
        *((known.stage.lower() == stage, percent) for stage, percent in STAGE_PERCENT.items()), else_=0
    )
    rows = known.select(
        timing=timing,
        month=(timing == "expected").ifelse(month_of(known.expected), ibis.null("int64")),
        amount=known.amount,
        weighted=known.amount * chance.cast("int64"),
        unknown=(chance == 0).ifelse(1, 0),
    )
    sums = rows.group_by("timing", "month").agg(
        deals=_.count(), value=exact_sum(_.amount), weighted=exact_sum(_.weighted), unknown=_.unknown.sum()
    )
    found = sums.to_pandas().astype({"value": "float64", "weighted": "float64"})
    won, closed = _won(deals, edge)
    low, high = wilson(won, closed)
    return Pipeline(
        months=_by_month(found, start, horizon),
        deals=int(found["deals"].sum()),
        unweighted=int(found["unknown"].sum()),
        won=won,
        closed=closed,
        win_rate=100 * won / closed if closed else float("nan"),
        win_rate_low=float(low),
        win_rate_high=float(high),
    )


def open_pipeline(deals: ibis.Table, months: pd.Series) -> pd.Series:
    """Value of the deals open at each month's end, as their dates prove it.

    Parameters
    ----------
    deals : ibis.Table
        As in the contract. The value is the one last known of each deal.
    months : pandas.Series
        First days of months without a break, ascending (datetime64).

    Returns
    -------
    pandas.Series
        In the order of `months`; empty where there is no month.
    """
    if not len(months):
        return pd.Series(dtype="float64")
    rows = deals.select(
        since=month_of(deals.created_at),
        until=month_of(deals.closed_at),
        amount=deals["value"].cast("decimal(18, 4)"),
    )
    first, last = (month_number(pd.Timestamp(months.iloc[place]).date()) for place in (0, -1))
    return running_sums(rows, first, last)["amount"]


def with_baseline(pipeline: Pipeline, forecast: pd.DataFrame, *, added: bool) -> pd.DataFrame:
    """Put the forecast beside the open deals, month by month.

    Parameters
    ----------
    pipeline : Pipeline
    forecast : pandas.DataFrame
        ``month`` (datetime64) and ``value`` (currency), one row for each month. It may be empty.
    added : bool
        Whether deals come on top of the forecast, because what it is made from has none of them. Where they
        are part of it, adding them would count them twice.

    Returns
    -------
    pandas.DataFrame
        The rows of ``pipeline.months`` with ``baseline`` (currency; missing where there is no forecast of the
        month) and ``total`` (baseline + weighted value; missing unless `added`).
    """
    values = (
        forecast.set_index("month")["value"].astype("float64") if len(forecast) else pd.Series(dtype=float)
    )
    rows = pipeline.months.copy()
    rows["baseline"] = rows["month"].map(values).astype("float64")
    rows["total"] = rows["baseline"] + rows["weighted_value"] if added else float("nan")
    return rows


def _as_they_stood(deals: ibis.Table, history: ibis.Table | None, edge: date) -> ibis.Table:
    """Open deals with stage, value and expected day as they were known on the day before the edge."""
    limit = day_number(edge) * SECONDS_A_DAY
    begun = deals.created_at.epoch_seconds() < limit
    still = deals.closed_at.isnull() | (deals.closed_at.epoch_seconds() >= limit)
    now = deals.filter(begun & still).select(
        deal_id=deals.deal_id,
        stage=deals.stage,
        amount=deals["value"].cast("decimal(18, 4)"),
        expected=deals.expected_close_at,
    )
    if history is None:
        return now
    before = history.filter(history.changed_at.epoch_seconds() < limit)
    newest = ibis.window(group_by=before.deal_id, order_by=before.changed_at.desc())
    then = before.mutate(place=ibis.row_number().over(newest)).filter(_.place == 0)
    then = then.select(
        of_deal=_.deal_id,
        stage_then=_.stage,
        amount_then=_["value"].cast("decimal(18, 4)"),
        expected_then=_.expected_close_at,
    )
    both = now.left_join(then, now.deal_id == then.of_deal)
    return both.select(
        stage=ibis.coalesce(both.stage_then, both.stage),
        amount=ibis.coalesce(both.amount_then, both.amount),
        expected=ibis.coalesce(both.expected_then, both.expected),
    )


def _by_month(found: pd.DataFrame, start: int, horizon: int) -> pd.DataFrame:
    dated = found[found["timing"] == "expected"].set_index("month").reindex(range(start, start + horizon))
    ahead = pd.DataFrame(
        {
            "timing": "expected",
            "month": [month_start(month) for month in dated.index],
            "deals": dated["deals"].fillna(0).astype("int64").to_numpy(),
            "value": dated["value"].fillna(0.0).to_numpy(),
            "weighted_value": (dated["weighted"].fillna(0.0) / 100).round(4).to_numpy(),
        }
    )
    rest = found[found["timing"] != "expected"].set_index("timing")
    rest = rest.loc[[name for name in ("later", "overdue", "undated") if name in rest.index]]
    others = pd.DataFrame(
        {
            "timing": rest.index,
            "month": pd.NaT,
            "deals": rest["deals"].to_numpy(),
            "value": rest["value"].to_numpy(),
            "weighted_value": (rest["weighted"] / 100).round(4).to_numpy(),
        }
    ).astype(ahead.dtypes)
    return pd.concat([ahead, others], ignore_index=True) if len(others) else ahead


def _won(deals: ibis.Table, edge: date) -> tuple[int, int]:
    """Deals won, and won or lost, in the year before the edge."""
    closed = deals.closed_at.epoch_seconds()
    first = day_number(edge - timedelta(days=MEASURED_DAYS)) * SECONDS_A_DAY
    inside = deals.filter((closed >= first) & (closed < day_number(edge) * SECONDS_A_DAY))
    counts = inside.agg(
        won=(inside.outcome == "won").ifelse(1, 0).sum(),
        closed=inside.outcome.isin(["won", "lost"]).ifelse(1, 0).sum(),
    )
    row = counts.to_pandas().iloc[0].fillna(0)
    return int(row["won"]), int(row["closed"])
