"""The queue of interventions in figures: how many to call, what is at risk, by when, for whom and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import pandas as pd

from analytics.timeframe import Timeframe

DUE = ("today", "this_week", "next_week", "later")
"""When a call is due: each day is in one of them, and what is due today is not counted again in the week."""
COUNTS = (
    *("to_call", "customers_to_call", "accounts_to_call", "high_risk_customers", "high_risk_accounts"),
    *("due_today", "due_this_week", "unassigned", "unvalued"),
)
MONEY = ("value_at_risk", "worth_if_stays", "due_today_value", "due_this_week_value", "revenue_value_at_risk")


def identities(customers: ibis.Table | None) -> pd.DataFrame:
    """Name, type and owner of each customer.

    Parameters
    ----------
    customers : ibis.Table or None
        As in the contract.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``customer_name``, ``customer_type``, ``customer_owner``; missing where not known. No
        rows without the table.
    """
    columns = {"customer_name": "name", "customer_type": "customer_type", "customer_owner": "owner"}
    if customers is None:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in ("customer_id", *columns)})
    found: pd.DataFrame = customers.select(
        "customer_id",
        **{
            name: customers[source] if source in customers.columns else ibis.null("string")
            for name, source in columns.items()
        },
    ).to_pandas()
    return found.astype("object").where(found.notna(), None)


def figures(queue: pd.DataFrame) -> dict[str, Any]:
    """The queue in a few figures.

    Parameters
    ----------
    queue : pandas.DataFrame
        As `analytics.models.interventions.queue.Queue.rows`.

    Returns
    -------
    dict
        - ``to_call`` (int) and, adding up to it, ``customers_to_call`` and ``accounts_to_call``.
        - ``high_risk_customers`` (int): with a chance to leave above the threshold; ``high_risk_accounts``:
          with a churn risk at which account health calls it high.
        - ``value_at_risk`` (money, 12 months): Σ churn_probability × worth_if_stays; ``worth_if_stays``: its
          sum. Missing where no one's is known, 0 where nobody is to be called.
        - ``revenue_value_at_risk`` (money): the part of it in which revenue stands in for profit.
        - ``unvalued`` (int): of no known value at risk; they are in no sum.
        - ``due_today``, ``due_this_week`` (int; the week holds today), and their ``_value`` (money).
        - ``unassigned`` (int): without an owner.
    """
    known = queue["value_at_risk"].notna()
    today, week = queue["due"].eq("today"), queue["due"].isin(DUE[:2])
    return {
        "to_call": len(queue),
        "customers_to_call": int(queue["kind"].eq("customer").sum()),
        "accounts_to_call": int(queue["kind"].eq("account").sum()),
        "high_risk_customers": int(queue["high_risk"].sum()),
        "high_risk_accounts": int(queue["account_level"].eq("high").sum()),
        "value_at_risk": _sum(queue["value_at_risk"]),
        "worth_if_stays": _sum(queue["worth_if_stays"]),
        "revenue_value_at_risk": _sum(queue.loc[known & queue["is_revenue"].eq(True), "value_at_risk"], 0.0),
        "unvalued": int((~known).sum()),
        "due_today": int(today.sum()),
        "due_today_value": _sum(queue.loc[today, "value_at_risk"]),
        "due_this_week": int(week.sum()),
        "due_this_week_value": _sum(queue.loc[week, "value_at_risk"]),
        "unassigned": int(queue["owner"].isna().sum()),
    }


def history(periods: Sequence[Timeframe], known: Sequence[dict[str, Any] | None]) -> pd.DataFrame:
    """The figures of several timeframes.

    Parameters
    ----------
    periods : sequence of Timeframe
    known : sequence of dict or None
        The `figures` of each, None where there are none.

    Returns
    -------
    pandas.DataFrame
        One row for each of `periods`, in their order: ``period`` (label), ``start``, ``end`` (dates; end is
        the reference date) and the figures (float64, missing where there are none).
    """
    spans = [
        {"period": period.label, "start": period.start, "end": period.reference_date} for period in periods
    ]
    rows = [span | (found or {}) for span, found in zip(spans, known, strict=True)]
    columns = ["period", "start", "end", *COUNTS, *MONEY]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys((*COUNTS, *MONEY), "float64"))


def by_owner(queue: pd.DataFrame) -> pd.DataFrame:
    """Who has how much on their hands.

    Parameters
    ----------
    queue : pandas.DataFrame
        As for `figures`. It is not modified.

    Returns
    -------
    pandas.DataFrame
        One row for each owner, and one where it is missing: ``owner``, ``to_call``, ``due_today``,
        ``due_this_week`` (int64; the week holds today), ``value_at_risk``, ``due_this_week_value`` (money;
        missing where no one's is known). By value at risk, the most first, then by calls, then by name, and
        those without an owner last.
    """
    keys = queue["owner"].fillna("")
    week = queue["due"].isin(DUE[:2])
    parts = pd.DataFrame(
        {
            "owner": keys,
            "to_call": 1,
            "due_today": queue["due"].eq("today").astype("int64"),
            "due_this_week": week.astype("int64"),
            "value_at_risk": queue["value_at_risk"],
            "due_this_week_value": queue["value_at_risk"].where(week),
        }
    )
    counts = ["to_call", "due_today", "due_this_week"]
    money = ["value_at_risk", "due_this_week_value"]
    groups = parts.groupby("owner", sort=True)
    found = groups[counts].sum().join(groups[money].sum(min_count=1)).reset_index()
    found = found.astype(dict.fromkeys(counts, "int64") | dict.fromkeys(money, "float64"))
    found["owner"] = found["owner"].astype("object").where(found["owner"] != "", None)
    nothing_due = found["value_at_risk"].notna() & found["due_this_week"].eq(0)
    found["due_this_week_value"] = found["due_this_week_value"].mask(nothing_due, 0.0)
    found = found.assign(nobody=found["owner"].isna())
    order = ["nobody", "value_at_risk", "to_call", "owner"]
    found = found.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return found.drop(columns="nobody")


def by_day(queue: pd.DataFrame) -> pd.DataFrame:
    """What is due on which day.

    Parameters
    ----------
    queue : pandas.DataFrame
        As for `figures`. It is not modified.

    Returns
    -------
    pandas.DataFrame
        One row for each day on which a call is due, in order: ``due_date`` (datetime64), ``due`` (one of
        `DUE`), ``to_call`` (int64) and ``value_at_risk`` (money; missing where no one's is known).
    """
    groups = queue.groupby(["due_date", "due"], sort=True)["value_at_risk"]
    found = groups.agg(to_call="size", value_at_risk=lambda values: values.sum(min_count=1)).reset_index()
    return found.astype({"to_call": "int64", "value_at_risk": "float64"})


def by_reason(queue: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """How often each reason is seen, and what is at risk with it.

    Parameters
    ----------
    queue : pandas.DataFrame
        As for `figures`. It is not modified.
    reasons : pandas.DataFrame
        One row for each customer and reason: ``customer_id``, ``reason``.

    Returns
    -------
    pandas.DataFrame
        ``reason``, ``to_call`` (int64: customers who have it, among others perhaps) and ``value_at_risk``
        (money). By customers, the most first, then by value, then by name. A customer with several reasons is
        in several rows, so that they do not add up to the queue.
    """
    pairs = reasons[["customer_id", "reason"]].drop_duplicates()
    pairs = pairs.merge(queue[["customer_id", "value_at_risk"]], on="customer_id")
    groups = pairs.groupby("reason", sort=True)["value_at_risk"]
    found = groups.agg(to_call="size", value_at_risk=lambda values: values.sum(min_count=1)).reset_index()
    found = found.astype({"to_call": "int64", "value_at_risk": "float64"})
    order = ["to_call", "value_at_risk", "reason"]
    return found.sort_values(order, ascending=[False, False, True], ignore_index=True)


def _sum(values: pd.Series, nothing: float = float("nan")) -> float:
    """Sum of what is known; of nobody at all 0."""
    if values.empty:
        return 0.0
    return round(float(values.sum()), 4) if values.notna().any() else nothing
