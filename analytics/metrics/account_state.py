"""Accounts as they stood at a reference date: the last snapshot of each that is live."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd

from analytics.metrics.purchases import SECONDS_A_DAY, day_number

NUMBERS = (
    *("seats_purchased", "seats_used", "acv", "nps", "logins_30d", "logins_previous_30d"),
    *("support_tickets_90d", "critical_tickets_90d", "days_overdue", "feature_adoption", "sentiment"),
)
ANSWER_DAYS = 365
"""An answer on NPS counts for so many days: most snapshots have none."""


def live_accounts(accounts: ibis.Table, customers: ibis.Table | None, reference_date: date) -> pd.DataFrame:
    """The last snapshot before a reference date of each account that has not left by it.

    Parameters
    ----------
    accounts : ibis.Table
        As in the contract.
    customers : ibis.Table or None
        As in the contract, for ``name`` and ``industry``.
    reference_date : datetime.date
        Nothing on or after it is read.

    Returns
    -------
    pandas.DataFrame
        One row for each account, by ``customer_id``: ``name``, ``industry``, ``plan``, ``owner``, `NUMBERS`
        (float64, missing where not known), ``nps`` the last answer of the `ANSWER_DAYS` before the date,
        ``renews_at`` (datetime64) and ``snapshot_day`` (days since 1970-01-01).
    """
    edge = day_number(reference_date)
    limit = edge * SECONDS_A_DAY
    seen = accounts.filter(_seconds(accounts.snapshot_at) < limit)
    recent = seen.nps.notnull() & (_seconds(seen.snapshot_at) >= limit - ANSWER_DAYS * SECONDS_A_DAY)
    last = seen.group_by(last_of="customer_id").agg(
        newest=seen.snapshot_at.max(), answered=seen.snapshot_at.max(where=recent)
    )
    answers = seen.select(answer_of="customer_id", answered_at="snapshot_at", last_nps="nps")
    found = seen.inner_join(last, [seen.customer_id == last.last_of, seen.snapshot_at == last.newest])
    same = [found.customer_id == answers.answer_of, found.answered == answers.answered_at]
    found = found.left_join(answers, same)
    name = industry = ibis.null("string")
    if customers is not None:
        who = customers.select(known_id="customer_id", name="name", industry="industry")
        found = found.left_join(who, found.customer_id == who.known_id)
        name, industry = found["name"], found.industry
    churned, started = _seconds(found.churned_at), _seconds(found.started_at)
    live = (churned.isnull() | (churned >= limit)) & (started.isnull() | (started < limit))
    found = found.filter(live).select(
        "customer_id", "plan", "owner", name=name, industry=industry,
        renews=_seconds(found.renews_at), at=_seconds(found.snapshot_at),
        **{number: found["last_nps" if number == "nps" else number].cast("float64") for number in NUMBERS},
    )  # fmt: skip
    return _typed(found.to_pandas())


def _seconds(time: Any) -> Any:
    return time.epoch_seconds().cast("int64")


def _typed(found: pd.DataFrame) -> pd.DataFrame:
    found = found.astype(dict.fromkeys(NUMBERS, "float64"))
    for name in ("plan", "owner", "name", "industry"):
        found[name] = found[name].astype("object").where(found[name].notna(), None)
    found["renews_at"] = pd.to_datetime(found["renews"].astype("float64") // SECONDS_A_DAY, unit="D")
    found["snapshot_day"] = found["at"] // SECONDS_A_DAY
    columns = ["customer_id", "name", "industry", "plan", "owner", *NUMBERS, "renews_at", "snapshot_day"]
    return found.sort_values("customer_id", ignore_index=True)[columns]
