"""Deals as they stood on a day: what their history says, and where there is none, what dates prove.

A deal is open at the reference date where it was created before it and not closed before it. What its table
says of today, a date may prove for then: a stage that was entered before the day was the deal's stage on it.
Counts and yes-or-no columns have no date; they are the last known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.purchases import SECONDS_A_DAY, day_number

Integers = NDArray[np.int64]

COUNTS = ("interactions", "objections_handled", "competitors_mentioned", "lead_score")
YES_OR_NO = ("champion_identified", "budget_confirmed", "decision_maker_engaged")
TERMS = ("seats", "price_per_seat", "contract_months", "discount", "expansion_factor")
TEXTS = ("name", "company", "customer_id", "owner", "industry", "product_plan")
DAYS = ("created_day", "closed_day", "stage_day", "active_day", "expected_day")
MOST_CLOSED = 20_000
"""Closed deals that a model learns from at most: the latest."""


@dataclass(frozen=True)
class DealsThen:
    """Deals as they stood at some reference dates.

    Attributes
    ----------
    opened : dict of datetime.date to pandas.DataFrame
        Reference date → the deals that were open on it, one row each, by ``deal_id``. Numbers are float64,
        missing where nothing proves them:

        - `TEXTS`: the last known.
        - ``value`` (currency): from the history, else the last known.
        - ``stage``: in small letters. Without a history it is known where it was entered before the day, and
          of a deal without a day of entry where that deal has not been closed since.
        - ``created_day``, ``expected_day``, ``stage_day`` (when the stage was entered): days since
          1970-01-01; ``closed_day`` and ``outcome`` are missing.
        - ``active_day``: the last activity, where that lies before the day; else the latest event before it
          (creation or a change in the history) of a deal that has had an activity since.
        - `COUNTS`, `YES_OR_NO` (0 or 1) and `TERMS`: the last known.
        - ``days_in_stage``, ``days_silent``, ``days_open``, ``days_to_close``, ``expected_close_at``: as in
          `with_days`.
    closed : pandas.DataFrame
        Deals won or lost before the last of the dates, as they stood on it, by ``deal_id``: at most the
        latest `MOST_CLOSED`. Columns as above but those that count days; ``outcome`` is ``won`` or ``lost``.
    entries : pandas.DataFrame
        When these deals, and those open at the last date, came into their stages, as the history says:
        ``deal_id``, ``stage`` (small letters), ``day`` (int64, days since 1970-01-01), by deal and time. A
        change that leaves the stage as it was is no entry.
    """

    opened: dict[date, pd.DataFrame]
    closed: pd.DataFrame
    entries: pd.DataFrame


def deals_then(deals: ibis.Table, history: ibis.Table | None, edges: Sequence[date]) -> DealsThen:
    """Read deals and their changes once, and see how they stood at each of some reference dates.

    Parameters
    ----------
    deals, history : ibis.Table
        ``deals`` and ``deal_history`` as in the contract; without a history, None or no rows.
    edges : sequence of datetime.date
        At least one; nothing on or after each is read for it.

    Returns
    -------
    DealsThen
    """
    days = [day_number(edge) for edge in edges]
    last = max(days)
    wanted = _wanted(deals, min(days), last)
    rows = _typed(wanted.to_pandas())
    theirs = None if history is None else history.semi_join(wanted.select("deal_id"), "deal_id")
    said = _Said.read(theirs, last, pd.Index(rows["deal_id"]))
    is_open = [_open_on(rows, day) for day in days]
    over = np.flatnonzero((rows["over"] == 1) & (rows["place"] < MOST_CLOSED))
    sizes = [len(some) for some in is_open]
    then = np.repeat(days, sizes)
    every = with_days(_as_they_stood(rows, np.concatenate(is_open), then, said), then)
    ends = np.cumsum(sizes)
    opened = {
        edge: every.iloc[end - size : end].reset_index(drop=True)
        for edge, end, size in zip(edges, ends, sizes, strict=True)
    }
    closed = _as_they_stood(rows, over, np.full(len(over), last), said)
    kept = np.isin(said.entered.deal, np.concatenate([over, _open_on(rows, last)]))
    entered = {
        "deal_id": rows["deal_id"].to_numpy()[said.entered.deal[kept]],
        "stage": said.entered.value[kept],
        "day": said.entered.day[kept],
    }
    return DealsThen(opened, closed, pd.DataFrame(entered))


def with_days(rows: pd.DataFrame, day: Integers) -> pd.DataFrame:
    """Count, for deals as they stood on a day, how long they had been where they were.

    Parameters
    ----------
    rows : pandas.DataFrame
        With `DAYS`. It is not modified.
    day : numpy.ndarray of int
        The reference date of each row, as days since 1970-01-01.

    Returns
    -------
    pandas.DataFrame
        With ``days_in_stage``, ``days_silent``, ``days_open``, ``days_to_close`` and ``expected_close_at``.
    """
    return rows.assign(
        days_in_stage=day - rows["stage_day"],
        days_silent=day - rows["active_day"],
        days_open=day - rows["created_day"],
        days_to_close=rows["expected_day"] - day,
        expected_close_at=pd.to_datetime(rows["expected_day"], unit="D").astype("datetime64[s]"),
    )


def _day(time: Any) -> Any:
    return (time.epoch_seconds() // SECONDS_A_DAY).cast("int64")


def _exact(money: Any) -> Any:
    """An amount with the contract's four places."""
    return money.cast("decimal(18, 4)").cast("float64")


def _wanted(deals: ibis.Table, first: int, last: int) -> ibis.Table:
    """Deals that may have been open between two days, and the latest won or lost before the second.

    ``over`` is 1 of deals that were won or lost before that day, and ``place`` counts those from the latest.
    """
    created, closed = _day(deals.created_at), _day(deals.closed_at)
    outcome = deals.outcome.strip().lower()
    over = (outcome.isin(["won", "lost"]) & (closed < last)).fill_null(False).ifelse(1, 0)
    latest_first = ibis.window(order_by=[over.desc(), closed.desc(), deals.deal_id])
    rows = deals.filter(created < last).select(
        deal_id=deals.deal_id,
        **{name: deals[name] for name in TEXTS},
        value=_exact(deals["value"]),
        stage=deals.stage.strip().lower(),
        expected_day=_day(deals.expected_close_at),
        created_day=created,
        entered_day=_day(deals.stage_entered_at),
        last_active=_day(deals.last_activity_at),
        closed_day=closed,
        outcome=outcome,
        over=over,
        place=ibis.row_number().over(latest_first),
        **{name: deals[name].cast("float64") for name in (*COUNTS, *TERMS)},
        # PostgreSQL makes a short number of a truth value, and no long one.
        **{name: deals[name].cast("int32").cast("float64") for name in YES_OR_NO},
    )
    may_be_open = rows.closed_day.isnull() | (rows.closed_day >= first)
    return rows.filter(may_be_open | ((rows.over == 1) & (rows.place < MOST_CLOSED)))


def _typed(found: pd.DataFrame) -> pd.DataFrame:
    texts = ["deal_id", *TEXTS, "stage", "outcome"]
    kinds: Any = dict.fromkeys(found.columns, "float64") | dict.fromkeys(texts, "object")
    rows = found.astype(kinds)
    for name in texts:
        rows[name] = rows[name].where(rows[name].notna(), None)
    return rows.sort_values("deal_id", ignore_index=True)


def _open_on(rows: pd.DataFrame, day: int) -> Integers:
    """Places of the rows that are open on a day."""
    created, closed = rows["created_day"].to_numpy(), rows["closed_day"].to_numpy()
    return np.flatnonzero((created < day) & ~(closed < day))


@dataclass(frozen=True)
class _Events:
    """What became known of deals, by deal (its place among the rows) and time."""

    deal: Integers
    day: Integers
    value: NDArray[Any]

    def before(self, deal: Integers, day: Integers) -> NDArray[Any]:
        """The last known of some deals, each before a day; missing where nothing is."""
        last, known = self._last(deal, day)
        found = np.full(len(deal), None if self.value.dtype == object else np.nan, dtype=self.value.dtype)
        found[known] = self.value[last[known]]
        return found

    def day_before(self, deal: Integers, day: Integers) -> NDArray[np.float64]:
        """The day on which that became known."""
        last, known = self._last(deal, day)
        found = np.full(len(deal), np.nan)
        found[known] = self.day[last[known]]
        return found

    def _last(self, deal: Integers, day: Integers) -> tuple[Integers, NDArray[np.bool_]]:
        """Places of the last events of deals before a day, and whether they have any."""
        last = np.searchsorted(_FAR * self.deal + self.day, _FAR * deal + day) - 1
        known = last >= 0
        known[known] = self.deal[last[known]] == deal[known]
        return last, known


_FAR = 10**8
"""Days; nothing is so far apart, so that a deal and a day make one number."""


@dataclass(frozen=True)
class _Said:
    """What the history says: changes of stage, value and expected day, entries into stages, any change."""

    stage: _Events
    amount: _Events
    expected: _Events
    entered: _Events
    changed: _Events

    @classmethod
    def read(cls, history: ibis.Table | None, last: int, deal_id: pd.Index) -> _Said:
        """Read the changes before a day of some deals."""
        columns = ("deal_id", "at", "day", "stage", "amount", "expected")
        found = pd.DataFrame(columns=columns) if history is None else _changes(history, last)
        kinds = {"at": "int64", "day": "int64", "amount": "float64", "expected": "float64", "stage": "object"}
        rows = found.astype(kinds).assign(deal=deal_id.get_indexer(pd.Index(found["deal_id"])))

        def of(column: str) -> pd.DataFrame:
            # Of several at one instant, the last is taken to be the greatest.
            return rows[rows[column].notna()].sort_values(["deal", "at", column])

        def events(part: pd.DataFrame, column: str) -> _Events:
            return _Events(part["deal"].to_numpy("int64"), part["day"].to_numpy(), part[column].to_numpy())

        stages = of("stage")
        before = stages[["deal", "stage"]].shift()
        entered = stages[(stages["deal"] != before["deal"]) | (stages["stage"] != before["stage"])]
        return cls(
            stage=events(stages, "stage"),
            amount=events(of("amount"), "amount"),
            expected=events(of("expected"), "expected"),
            entered=events(entered, "stage"),
            changed=events(of("day"), "day"),
        )


def _changes(history: ibis.Table, last: int) -> pd.DataFrame:
    rows = history.select(
        deal_id=history.deal_id,
        at=history.changed_at.epoch_seconds().cast("int64"),
        day=_day(history.changed_at),
        stage=history.stage.strip().lower(),
        amount=_exact(history["value"]),
        expected=_day(history.expected_close_at),
    )
    found: pd.DataFrame = rows.filter(rows.day < last).to_pandas()
    return found


def _as_they_stood(rows: pd.DataFrame, at: Integers, day: Integers, said: _Said) -> pd.DataFrame:
    """Deals, by their places among the rows, each on a day: the history's word, else what the row proves."""
    then = rows.iloc[at].reset_index(drop=True)
    entered, active = then["entered_day"], then["last_active"]
    closed = then["closed_day"] < day
    proven = (entered < day) | (entered.isna() & (then["closed_day"].isna() | closed))
    stage = pd.Series(said.stage.before(at, day), dtype="object")
    known = stage.notna()
    stage_day = pd.Series(said.entered.day_before(at, day)).where(known, entered.where(entered < day))
    event = pd.Series(said.changed.day_before(at, day)).fillna(then["created_day"])
    amount, expected = (pd.Series(events.before(at, day)) for events in (said.amount, said.expected))
    return then.drop(columns=["entered_day", "last_active", "over", "place"]).assign(
        value=amount.fillna(then["value"]),
        stage=stage.where(known, then["stage"].where(proven, None)),
        stage_day=stage_day,
        active_day=active.where(active < day, event.where(active >= day)),
        expected_day=expected.fillna(then["expected_day"]),
        closed_day=then["closed_day"].where(closed),
        outcome=then["outcome"].where(closed, None),
    )
