"""Accounts as they stood at a reference date: the last snapshot of each that is live."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis import _

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
    rows = accounts.select(
        customer_id=accounts.customer_id,
        at=accounts.snapshot_at.epoch_seconds().cast("int64"),
        plan=accounts.plan,
        owner=accounts.owner,
        renews=_seconds(accounts.renews_at),
        started=_seconds(accounts.started_at),
        churned=_seconds(accounts.churned_at),
        answered=accounts.nps.notnull().ifelse(1, 0),
        **{name: accounts[name].cast("float64") for name in NUMBERS},
    ).filter(_["at"] < limit)
    newest = ibis.window(group_by=rows.customer_id, order_by=rows["at"].desc())
    answers = ibis.window(group_by=rows.customer_id, order_by=[rows.answered.desc(), rows["at"].desc()])
    recent = (rows.answered == 1) & (rows["at"] >= limit - ANSWER_DAYS * SECONDS_A_DAY)
    ranked = rows.mutate(
        place=ibis.row_number().over(newest),
        answer=ibis.row_number().over(answers),
        recent_nps=recent.ifelse(rows.nps, ibis.null("float64")),
    )
    answer = (ranked.answer == 0).ifelse(ranked.recent_nps, ibis.null("float64"))
    of_account = ibis.window(group_by=ranked.customer_id)
    found = (
        ranked.mutate(last_nps=answer.max().over(of_account))
        .filter(
            _.place == 0,
            _.churned.isnull() | (_.churned >= limit),
            _.started.isnull() | (_.started < limit),
        )
        .select(
            "customer_id", "plan", "owner", "renews", "at",
            **{name: "last_nps" if name == "nps" else name for name in NUMBERS},
        )
    )  # fmt: skip
    if customers is not None:
        who = customers.select(known_id="customer_id", name="name", industry="industry")
        found = found.left_join(who, found.customer_id == who.known_id).drop("known_id")
    else:
        found = found.mutate(name=ibis.null("string"), industry=ibis.null("string"))
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
