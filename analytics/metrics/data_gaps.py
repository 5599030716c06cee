"""What is missing: of each column, month by month, and of what a CRM's export should hold.

All is a state up to the reference date.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from analytics.data.readiness import COLUMNS
from analytics.metrics.data_profile import Profile
from analytics.metrics.purchases import day_number

CRM_FIELDS = (
    ("customers", "email"), ("customers", "owner"), ("leads", "owner"), ("deals", "owner"),
    ("deals", "stage"), ("deals", "expected_close_at"), ("deals", "closed_at"), ("accounts", "owner"),
)  # fmt: skip
WANTED = frozenset(name for names in COLUMNS.values() for name in names) | {"sales.customer_id"}
CRM_TABLES = frozenset({"leads", "deals", "accounts"})
MAY_BE_EMPTY = frozenset(
    {
        *("churned_at", "closed_at", "outcome", "converted_at", "ended_at", "responded_at", "contacted_at"),
        *(
            "credit_limit",
            "outstanding_balance",
            "nps",
            "leads.customer_id",
            "campaign_contacts.revenue",
            "deals.customer_id",
        ),
    }
)
"""Columns, of every table or of one, that are rightly empty: nothing happened yet, or there is no credit."""


def columns(profile: Profile) -> pd.DataFrame:
    """What each column that the source has holds, up to the reference date.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``column``, ``type``, ``required``, ``wanted`` (boolean: reports say less without it),
        ``may_be_empty`` (boolean: see `MAY_BE_EMPTY`), ``rows``, ``missing`` (int64), ``missing_percent``
        (float64); ``negative``, ``zero``, ``before_1970``, ``in_future``, ``outliers`` (float64: missing
        where the column cannot have any), ``low``, ``high`` (sizes that are usual, in the column's unit).
    """
    outliers: dict[tuple[str, str], Any] = {
        (str(row["table"]), str(row["column"])): row for row in profile.outliers.to_dict("records")
    }
    rows = []
    for name, counts in profile.states.items():
        for column in profile.given(name):
            here, total = column.name, int(counts["rows"])
            size = outliers.get((name, here), {})
            rows.append(
                {
                    "table": name,
                    "column": here,
                    "type": column.type,
                    "required": column.required,
                    "wanted": f"{name}.{here}" in WANTED,
                    "may_be_empty": _may_be_empty(name, here),
                    "rows": total,
                    "missing": int(counts[f"missing {here}"]),
                    "missing_percent": 100 * counts[f"missing {here}"] / total if total else None,
                    "negative": _number(counts.get(f"negative {here}")),
                    "zero": _number(counts.get(f"zero {here}")),
                    "before_1970": _number(counts.get(f"early {here}")),
                    "in_future": _number(counts.get(f"future {here}")),
                    "outliers": _number(size.get("outliers")),
                    "low": _number(size.get("low")),
                    "high": _number(size.get("high")),
                }
            )
    return pd.DataFrame(rows).astype({"missing_percent": "float64"}) if rows else pd.DataFrame()


def completeness(profile: Profile, months: int = 24) -> pd.DataFrame:
    """Share of missing values by month, of the columns that have gaps and not only gaps.

    Parameters
    ----------
    profile : Profile
    months : int, default 24
        The last whole or begun months before the reference date.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``column``, ``month`` (first day), ``rows`` (int64), ``missing_percent`` (float64,
        missing in a month without rows); tables with a time only.
    """
    newest = np.datetime64(profile.until - timedelta(days=1), "M")
    grid = newest - np.arange(months)[::-1]
    first_days = grid.astype("datetime64[D]").tolist()
    rows: list[tuple[Any, ...]] = []
    for name in profile.tables:
        frame = profile.days[name]
        frame = frame[(frame["day"] >= 1) & (frame["day"] < day_number(profile.until))]
        if frame.empty:
            continue
        columns = [c.name for c in profile.given(name) if not _may_be_empty(name, c.name)]
        counts = frame[["rows", *(f"missing {column}" for column in columns)]].to_numpy("int64")
        month = frame["day"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")
        place = (month - grid[0]).astype("int64")
        by_month = np.zeros((months, counts.shape[1]), dtype="int64")
        np.add.at(by_month, place[place >= 0], counts[place >= 0])
        all_rows = by_month[:, 0]
        for column, gaps in zip(columns, by_month.T[1:], strict=True):
            if 0 < gaps.sum() < all_rows.sum():
                share = 100 * gaps / np.where(all_rows > 0, all_rows, np.nan)
                rows += [
                    (name, column, at, int(n), value)
                    for at, n, value in zip(first_days, all_rows, share, strict=True)
                ]
    found = pd.DataFrame(rows, columns=["table", "column", "month", "rows", "missing_percent"])
    first = found.loc[found["rows"] > 0, "month"].min()  # nothing is drawn of the time before the data
    return found[found["month"] >= first].reset_index(drop=True) if rows else found


def crm(profile: Profile) -> pd.DataFrame:
    """What an export of a CRM often lacks: e-mail, owner, stage and close date.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``field``, ``rows``, ``missing`` (int64), ``missing_percent``, ``in_export`` (boolean:
        whether the source has the column at all). ``expected_close_at`` is asked of open deals,
        ``closed_at`` of deals with an outcome. Empty where the organisation has no leads, deals or accounts.
    """
    names = ["table", "field", "rows", "missing", "missing_percent", "in_export"]
    if not CRM_TABLES & set(profile.tables):
        return pd.DataFrame(columns=names)
    rows = []
    for name, field in CRM_FIELDS:
        if name not in profile.states:
            continue
        counts, given = profile.states[name], field in profile.dataset.given[name]
        total = int(counts["rows"])
        gaps = int(counts[f"missing {field}"]) if given else total
        if field == "expected_close_at":
            total = int(counts.get("open", total))
            gaps = int(counts["open undated"]) if given and "open undated" in counts else total
        if field == "closed_at":
            total -= int(counts.get("open", 0))
            gaps = int(counts.get("closed undated", gaps if given else total))
        rows.append((name, field, total, gaps, 100 * gaps / total if total else None, given))
    return pd.DataFrame(rows, columns=names).astype({"missing_percent": "float64"})


def _may_be_empty(table: str, column: str) -> bool:
    return bool({column, f"{table}.{column}"} & MAY_BE_EMPTY)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
