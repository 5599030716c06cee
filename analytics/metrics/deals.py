"""Deals as they stood on a day: what their history says, and where there is none, what dates prove.

A deal is open at the reference date where it was created before it and not closed before it. What its table
says of today, a date may prove for then: a stage that was entered before the day was the deal's stage on it.
Counts and yes-or-no columns have no date; they are the last known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.purchases import SECONDS_A_DAY, day_number

COUNTS = ("interactions", "objections_handled", "competitors_mentioned", "lead_score")
YES_OR_NO = ("champion_identified", "budget_confirmed", "decision_maker_engaged")
TERMS = ("seats", "price_per_seat", "contract_months", "discount", "expansion_factor")
TEXTS = ("name", "company", "customer_id", "owner", "industry", "product_plan")
DAYS = ("created_day", "closed_day", "stage_day", "active_day", "expected_day")
MOST_CLOSED = 20_000
"""Closed deals that a model learns from at most: the latest."""


def open_deals(
    deals: ibis.Table, history: ibis.Table | None, edges: Sequence[date]
) -> dict[date, pd.DataFrame]:
    """The deals that are open at each of some reference dates, as they stood then.

    Parameters
    ----------
    deals, history : ibis.Table
        ``deals`` and ``deal_history`` as in the contract; without a history, None or no rows.
    edges : sequence of datetime.date
        At least one; nothing on or after each is read for it.

    Returns
    -------
    dict of datetime.date to pandas.DataFrame
        One row for each deal, by ``deal_id``. Numbers are float64, missing where nothing proves them:

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
    """
    days = sorted({day_number(edge) for edge in edges})
    return _by_day(_frame(_known(_open(_rows(deals), days), history)), edges)


def open_and_closed_deals(
    deals: ibis.Table, history: ibis.Table | None, edges: Sequence[date]
) -> tuple[dict[date, pd.DataFrame], pd.DataFrame]:
    """Give `open_deals` at each of some dates, and `closed_deals` before the last of them, in one query.

    Parameters
    ----------
    deals, history, edges
        As for `open_deals`.

    Returns
    -------
    opened : dict of datetime.date to pandas.DataFrame
    closed : pandas.DataFrame
    """
    days, rows = sorted({day_number(edge) for edge in edges}), _rows(deals)
    both = ibis.union(_open(rows, days), _closed(rows, days[-1]))
    found = _frame(_known(both, history))
    over = found["closed_day"].notna()
    return _by_day(found[~over], edges), found[over].reset_index(drop=True)


def _by_day(found: pd.DataFrame, edges: Sequence[date]) -> dict[date, pd.DataFrame]:
    by_day = {float(str(day)): rows for day, rows in found.groupby("edge")}
    none = found.iloc[:0]
    return {
        edge: with_days(by_day.get(day_number(edge), none).reset_index(drop=True), day_number(edge))
        for edge in edges
    }


def closed_deals(deals: ibis.Table, history: ibis.Table | None, edge: date) -> pd.DataFrame:
    """Deals won or lost before a day, as they stood at the last: at most the latest `MOST_CLOSED`.

    Parameters
    ----------
    deals, history : ibis.Table
        As for `open_deals`.
    edge : datetime.date

    Returns
    -------
    pandas.DataFrame
        Its columns but those that count days, by ``deal_id``; ``outcome`` is ``won`` or ``lost``.
    """
    return _frame(_known(_closed(_rows(deals), day_number(edge)), history))


def stage_entries(deals: ibis.Table, history: ibis.Table | None, edge: date) -> pd.DataFrame:
    """When deals came into their stages, as the history says.

    Parameters
    ----------
    deals, history : ibis.Table
        As for `open_deals`.
    edge : datetime.date
        Nothing on or after it is read.

    Returns
    -------
    pandas.DataFrame
        ``deal_id``, ``stage`` (small letters), ``day`` (int64, days since 1970-01-01), by deal and time,
        of the latest `MOST_CLOSED` deals closed before the day and of all that are open; a change that leaves
        the stage as it was is no entry.
    """
    if history is None:
        kinds: Any = {"deal_id": "object", "stage": "object", "day": "int64"}
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    day, known = day_number(edge), _rows(deals)
    wanted = ibis.union(
        _last_closed(known, day).select("deal_id"), known.filter(_is_open(known, day)).select("deal_id")
    )
    rows = _changes(history).semi_join(wanted, "deal_id")
    rows = rows.mutate(entry=_entries(rows))  # SQLite finds no column in a window that it filters by at once
    rows = rows.filter(rows.entry, rows.day < day).order_by("deal_id", "at", "stage")
    found: pd.DataFrame = rows.select("deal_id", "stage", "day").to_pandas()
    return found


def with_days(rows: pd.DataFrame, day: int | pd.Series) -> pd.DataFrame:
    """Count, for deals as they stood on a day, how long they had been where they were.

    Parameters
    ----------
    rows : pandas.DataFrame
        With `DAYS`. It is not modified.
    day : int or pandas.Series
        The reference date of all rows, or of each, as days since 1970-01-01.

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


def _changes(history: ibis.Table) -> ibis.Table:
    rows = history.select(
        deal_id=history.deal_id,
        at=history.changed_at.epoch_seconds().cast("int64"),
        day=_day(history.changed_at),
        stage=history.stage.strip().lower(),
        amount=history["value"].cast("decimal(18, 4)"),
        expected=_day(history.expected_close_at),
    )
    return rows.mutate(known=rows.stage.notnull().ifelse(1, 0))


def _entries(rows: ibis.Table) -> Any:
    """Whether a change is the entry into another stage; changes that name no stage are passed over."""
    inside = ibis.window(group_by=[rows.deal_id, rows.known], order_by=[rows["at"], rows.stage])
    before = rows.stage.lag().over(inside)
    return (rows.known == 1) & (before.isnull() | (before != rows.stage))


def _known(now: ibis.Table, history: ibis.Table | None) -> ibis.Table:
    """Deals at a day of each row: the history's word, else what their own row proves."""
    then = None if history is None else _latest(history, now)
    if then is None:
        rows = now.mutate(**{name: ibis.null(kind) for name, kind in _THEN.items()})
    else:
        rows = now.left_join(then, (now.deal_id == then.of_deal) & (now.edge == then.of_edge))
    from_history = rows.then_stage.notnull()
    event = ibis.coalesce(rows.then_changed, rows.created_day)
    since = (rows.active_since == 1).ifelse(event, ibis.null("int64"))
    return rows.select(
        edge=rows.edge,
        deal_id=rows.deal_id,
        **{name: rows[name] for name in TEXTS},
        value=ibis.coalesce(rows.then_amount, rows.now_value),
        stage=ibis.coalesce(rows.then_stage, rows.now_stage),
        created_day=rows.created_day,
        closed_day=rows.closed_day,
        stage_day=from_history.ifelse(rows.then_stage_day, rows.now_stage_day),
        active_day=ibis.coalesce(rows.active_then, since),
        expected_day=ibis.coalesce(rows.then_expected, rows.now_expected),
        outcome=rows.outcome,
        **{name: rows[name] for name in (*COUNTS, *YES_OR_NO, *TERMS)},
    )


_THEN = {
    "then_stage": "string",
    "then_amount": "decimal(18, 4)",
    "then_expected": "int64",
    "then_stage_day": "int64",
    "then_changed": "int64",
}


def _rows(deals: ibis.Table) -> ibis.Table:
    """Deals as their own rows have them."""
    return deals.select(
        deal_id=deals.deal_id,
        **{name: deals[name] for name in TEXTS},
        now_value=deals["value"].cast("decimal(18, 4)"),
        raw_stage=deals.stage.strip().lower(),
        now_expected=_day(deals.expected_close_at),
        created_day=_day(deals.created_at),
        entered_day=_day(deals.stage_entered_at),
        last_active=_day(deals.last_activity_at),
        closes=_day(deals.closed_at),
        won_or_lost=deals.outcome.strip().lower(),
        **{name: deals[name].cast("float64") for name in (*COUNTS, *TERMS)},
        # PostgreSQL makes a short number of a truth value, and no long one.
        **{name: deals[name].cast("int32").cast("float64") for name in YES_OR_NO},
    )


def _is_open(rows: ibis.Table, day: Any) -> Any:
    return (rows.created_day < day) & (rows.closes.isnull() | (rows.closes >= day))


def _last_closed(rows: ibis.Table, day: int) -> ibis.Table:
    """Deals won or lost before a day, at most the latest."""
    over = rows.filter(_.closes < day, _.created_day < day, _.won_or_lost.isin(["won", "lost"]))
    return over.order_by(_.closes.desc(), _.deal_id).limit(MOST_CLOSED)


def _open(rows: ibis.Table, days: Sequence[int]) -> ibis.Table:
    """One row for each deal and day on which it is open; the days are few, and so are open deals."""
    edges = _edges(days)
    return _at(rows.join(edges, _is_open(rows, edges.edge)))


def _closed(rows: ibis.Table, day: int) -> ibis.Table:
    return _at(_last_closed(rows, day).mutate(edge=ibis.literal(day, "int64")))


def _at(rows: ibis.Table) -> ibis.Table:
    """What a deal's own row proves for the day ``edge``."""
    entered = rows.entered_day < rows.edge
    undated = rows.entered_day.isnull() & (rows.closes.isnull() | (rows.closes < rows.edge))
    no_day = ibis.null("int64")
    return rows.mutate(
        now_stage=(entered | undated).ifelse(rows.raw_stage, ibis.null("string")),
        now_stage_day=entered.ifelse(rows.entered_day, no_day),
        active_then=(rows.last_active < rows.edge).ifelse(rows.last_active, no_day),
        active_since=(rows.last_active >= rows.edge).ifelse(1, 0),
        closed_day=(rows.closes < rows.edge).ifelse(rows.closes, no_day),
        outcome=(rows.closes < rows.edge).ifelse(rows.won_or_lost, ibis.null("string")),
    )


def _edges(days: Sequence[int]) -> ibis.Table:
    """The days as rows, of literals, in pairs and pairs of pairs, as `periods_table` has them."""
    rows = [ibis.literal(day, "int64").name("edge").as_table() for day in days]
    while len(rows) > 1:
        pairs = [rows[i : i + 2] for i in range(0, len(rows), 2)]
        rows = [ibis.union(*pair, distinct=False) if len(pair) == 2 else pair[0] for pair in pairs]
    return rows[0]


def _latest(history: ibis.Table, wanted: ibis.Table) -> ibis.Table:
    """Each deal's last known stage, value and expected day before a day, and when they came about."""
    rows = _changes(history)
    rows = rows.mutate(entry=_entries(rows).ifelse(rows.day, ibis.null("int64")))
    pairs = wanted.select(of_deal=wanted.deal_id, of_edge=wanted.edge)
    rows = rows.join(pairs, [rows.deal_id == pairs.of_deal, rows.day < pairs.of_edge])

    def place(column: str) -> Any:
        newest = [rows[column].isnull().ifelse(1, 0), rows["at"].desc(), rows[column].desc()]
        return ibis.row_number().over(ibis.window(group_by=[rows.of_edge, rows.of_deal], order_by=newest))

    columns = ("stage", "amount", "expected")
    ranked = rows.mutate(**{f"{name}_place": place(name) for name in columns})
    return ranked.group_by("of_deal", "of_edge").agg(
        **{f"then_{name}": ranked[name].max(where=ranked[f"{name}_place"] == 0) for name in columns},
        then_stage_day=ranked.entry.max(),
        then_changed=ranked.day.max(),
    )


def _frame(rows: ibis.Table) -> pd.DataFrame:
    numbers = dict.fromkeys(("edge", "value", *DAYS, *COUNTS, *YES_OR_NO, *TERMS), "float64")
    texts = dict.fromkeys(("deal_id", *TEXTS, "stage", "outcome"), "object")
    found: pd.DataFrame = rows.to_pandas().astype(numbers).astype(texts)
    for name in texts:
        found[name] = found[name].where(found[name].notna(), None)
    return found.sort_values("deal_id", ignore_index=True)
