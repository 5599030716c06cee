"""Customers at past cutoffs, with what was known of them then and what they did afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from analytics.metrics.churn_features import account_features_at, names, purchase_features_at, visits_at
from analytics.metrics.churn_labels import (
    churn_labels_at,
    customers_who_left,
    newest_day,
    oldest_day,
    snapshot_days,
)
from analytics.models.churn.settings import Settings
from analytics.models.lifetime_value import fit_purchases, no_purchase_probability

MOST_DAYS = 730
"""Training looks back from the test cutoff so many days at most: older customers were others."""

MOST_CUTOFFS = 24

MOST_ROWS = 100_000
"""Training rows at most; of more, a random part of the customers is taken."""


@dataclass(frozen=True)
class Tables:
    """The tables that churn is read from; None where the organisation has none."""

    sales: ibis.Table | None = None
    accounts: ibis.Table | None = None
    sale_items: ibis.Table | None = None

    def main(self, settings: Settings) -> tuple[ibis.Table | None, str]:
        """The table that a definition reads, and the column that dates its rows."""
        if settings.definition == "contract":
            return self.accounts, "snapshot_at"
        return self.sales, "sold_at"


@dataclass(frozen=True)
class Window:
    """The customers at risk at one cutoff.

    Attributes
    ----------
    cutoff : datetime.date
    customers : pandas.DataFrame
        ``customer_id``, the features of the definition, ``value``; by id.
    churned : pandas.Series of bool
        Whether they left in the horizon; empty at the reference date, whose horizon is yet to come.
    """

    cutoff: date
    customers: pd.DataFrame
    churned: pd.Series = field(default_factory=lambda: pd.Series([], dtype=bool))


@dataclass(frozen=True)
class Plan:
    """The cutoffs of one reference date.

    Attributes
    ----------
    known_until : datetime.date
        The day up to which it is known who left: the reference date; for contracts the day after the last
        snapshot before it, because nobody knows yet who has left since.
    test : datetime.date
        known_until − horizon; for contracts the day after the last snapshot whose horizon is over by then.
    training : tuple of datetime.date
        Earlier ones in the same way, the oldest first; each one's horizon is over by the next.
    first_day, newest_day : datetime.date or None
        Of the data before the reference date.
    """

    known_until: date
    test: date
    training: tuple[date, ...]
    first_day: date | None
    newest_day: date | None


def plan_cutoffs(tables: Tables, settings: Settings) -> Plan:
    """Lay the cutoffs back from the reference date, as far as there is history before them.

    A cutoff needs history: of purchases at least as many days as the horizon (who bought once, yesterday,
    has no rhythm), of contracts a snapshot. A contract's horizon runs from a snapshot, so that its cutoffs
    are days after one, the latest whose horizon is over: a few days more than the horizon apart.
    """
    table, at = tables.main(settings)
    reference, step = settings.reference_date, timedelta(days=settings.horizon_days)
    if table is None:
        return Plan(reference, reference - step, (), None, None)
    contract = settings.definition == "contract"
    days = snapshot_days(table, reference) if contract else []
    after = [day + timedelta(days=1) for day in days]
    if contract:
        first, newest = (days[-1], days[0]) if days else (None, None)
    else:
        first, newest = (find(table, reference, at=at) for find in (oldest_day, newest_day))
    if first is None or newest is None:
        return Plan(reference, reference - step, (), first, newest)

    def earlier(cutoff: date) -> date | None:
        """The latest cutoff whose horizon is over by another; None where there is no history before it."""
        latest = cutoff - step
        if contract:
            return next((day for day in after if day <= latest), None)
        return latest if latest - step >= first else None

    known = after[0] if contract else reference
    test = (earlier(known) if contract else None) or known - step
    training: list[date] = []
    cutoff = earlier(test)
    oldest = test - timedelta(days=MOST_DAYS)
    while cutoff is not None and cutoff >= oldest and len(training) < MOST_CUTOFFS:
        training.append(cutoff)
        cutoff = earlier(cutoff)
    return Plan(known, test, tuple(reversed(training)), first, newest)


def read_window(tables: Tables, settings: Settings, cutoff: date, known_until: date | None = None) -> Window:
    """Read the customers at risk at a cutoff.

    Parameters
    ----------
    tables : Tables
    settings : Settings
    cutoff : datetime.date
        Features come from strictly before it.
    known_until : datetime.date, optional
        Adds what they did in the horizon, which must end by then.

    Returns
    -------
    Window
    """
    return read_windows(tables, settings, [cutoff], known_until)[0]


def read_windows(
    tables: Tables, settings: Settings, cutoffs: Sequence[date], known_until: date | None = None
) -> list[Window]:
    """Read the customers at risk at several cutoffs, in their order, with a few queries for all of them."""
    features = _features(tables, settings, cutoffs)
    kept = [frame[["customer_id", *names(settings.definition), "value"]] for frame in features]
    windows = [Window(cutoff, frame) for cutoff, frame in zip(cutoffs, kept, strict=True)]
    return windows if known_until is None else _labelled(tables, settings, windows, known_until)


def read_current(tables: Tables, settings: Settings, plan: Plan) -> Window:
    """Read the customers to score: those at risk at the reference date, as last known."""
    return _still_here(tables, settings, read_window(tables, settings, plan.known_until))


def read_plan(tables: Tables, settings: Settings, plan: Plan) -> tuple[list[Window], Window]:
    """Read the customers of every cutoff, and those to score, with the queries that one of them takes.

    Returns
    -------
    past : list of Window
        Of the training, the oldest first, then of the test.
    current : Window
        As returned by `read_current`.
    """
    *past, now = read_windows(tables, settings, [*plan.training, plan.test, plan.known_until])
    return _labelled(tables, settings, past, plan.known_until), _still_here(tables, settings, now)


def _labelled(tables: Tables, settings: Settings, windows: list[Window], known_until: date) -> list[Window]:
    """The same windows with what their customers did in the horizon."""
    if all(window.customers.empty for window in windows):
        return windows
    churned = churn_labels_at(
        [window.customers["customer_id"] for window in windows],
        settings.definition,
        [window.cutoff for window in windows],
        settings.horizon_days,
        sales=tables.sales,
        accounts=tables.accounts,
        known_until=known_until,
    )
    return [replace(window, churned=fate) for window, fate in zip(windows, churned, strict=True)]


def _still_here(tables: Tables, settings: Settings, window: Window) -> Window:
    """The window without the accounts that have left since."""
    if settings.definition == "contract" and tables.accounts is not None:
        reference = settings.reference_date
        gone = customers_who_left(tables.accounts, window.cutoff, reference, known_until=reference)
        inside = ~window.customers["customer_id"].isin(gone)
        return Window(window.cutoff, window.customers[inside].reset_index(drop=True))
    return window


def _features(tables: Tables, settings: Settings, cutoffs: Sequence[date]) -> list[pd.DataFrame]:
    contract = settings.definition == "contract"
    if contract and tables.accounts is not None:
        return account_features_at(tables.accounts, cutoffs, horizon_days=settings.horizon_days)
    if contract or tables.sales is None:
        empty = pd.DataFrame(columns=["customer_id", *names(settings.definition), "value"])
        return [empty for _ in cutoffs]
    found = purchase_features_at(
        tables.sales, cutoffs, sale_items=tables.sale_items, eligible_days=settings.eligible_days
    )
    pairs = zip(found, visits_at(tables.sales, cutoffs), strict=True)
    return [_with_silence(features, histories, settings.horizon_days) for features, histories in pairs]


def _with_silence(features: pd.DataFrame, histories: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    """Add the chance that a customer will not buy, by a model of the visits of all."""
    if histories.empty:
        return features.assign(no_purchase_probability=np.nan)
    silence = no_purchase_probability(fit_purchases(histories, model="mbg_nbd"), histories, horizon_days)
    by_customer = pd.Series(silence, index=histories["customer_id"])
    return features.assign(no_purchase_probability=by_customer.reindex(features["customer_id"]).to_numpy())


def sampled(windows: list[Window], seed: int) -> list[Window]:
    """The same windows with a part of the customers, where all together are more than `MOST_ROWS` rows."""
    rows = sum(len(window.customers) for window in windows)
    if rows <= MOST_ROWS:
        return windows
    ids = pd.concat([window.customers["customer_id"] for window in windows]).drop_duplicates().sort_values()
    random = np.random.default_rng(seed)
    kept = set(ids.to_numpy()[random.random(len(ids)) < MOST_ROWS / rows])
    found = []
    for window in windows:
        inside = window.customers["customer_id"].isin(kept)
        customers = window.customers[inside].reset_index(drop=True)
        found.append(Window(window.cutoff, customers, window.churned[inside].reset_index(drop=True)))
    return found


def digest(windows: list[Window]) -> str:
    """Fingerprint of what windows hold: the same for the same customers, features and answers."""
    said = hashlib.sha256()
    for window in windows:
        said.update(window.cutoff.isoformat().encode())
        frame = window.customers.reset_index(drop=True)
        if len(window.churned):
            frame = frame.assign(churned=window.churned.to_numpy())
        said.update(",".join(frame.columns).encode())
        said.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return said.hexdigest()
