"""Whom to call: what a batch of predictions adds up to, and who of it comes first."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np
import pandas as pd

LEVELS = ("Critical", "High", "Medium", "Low")
"""Risk levels, the highest first."""
AT_RISK = LEVELS[:2]
BEST = 80.0
"""Customers with this `monetary_score` or more are the best fifth: 80 in 100 have no more revenue."""
TENTH = 10
"""One customer in so many is on the call list at least."""
_Z = 1.959964


class Outlook(TypedDict):
    """What a batch of predictions adds up to.

    ``customers`` scored; ``expected_to_leave``, the sum of their probabilities, with its 95 % interval
    (``_low``, ``_high``); ``at_risk`` and ``critical``, customers at high or critical and at critical risk;
    ``best_customers`` and ``best_at_risk``, those with a monetary score of 80 or more, and how many of them
    are at high or critical risk; ``list_customers`` and ``list_expected``, the length of the call list
    (`call_list`) and the sum of its probabilities; ``highest_chance``, the greatest probability of all.
    """

    customers: int
    expected_to_leave: float
    expected_to_leave_low: float
    expected_to_leave_high: float
    at_risk: int
    critical: int
    best_customers: int
    best_at_risk: int
    list_customers: int
    list_expected: float
    highest_chance: float


def outlook(predictions: pd.DataFrame, calibration: pd.DataFrame) -> Outlook:
    """Add up a batch of predictions.

    Parameters
    ----------
    predictions : pandas.DataFrame
        One row a customer: ``churn_probability`` (0–1), ``risk_level``, ``monetary_score`` (0–100). It is
        not modified.
    calibration : pandas.DataFrame
        Groups of tested customers: ``predicted`` and ``actual`` (both 0–1), ``customers``. It is not
        modified.

    Returns
    -------
    Outlook
        Without predictions counts are 0, and sums of chances and the highest are missing. The interval is
        that of a sum of independent events, widened by how far the sum of the predictions was off in the
        test: a share of all customers, the same either way.

    Notes
    -----
    The variance of a sum of independent events is Σ p (1 − p). Customers do not leave quite independently,
    and a prediction for all of them can be off as a whole; the test shows by how much it last was.

    Examples
    --------
    >>> batch = pd.DataFrame(
    ...     [(0.9, "Critical", 100), (0.5, "Medium", 50)],
    ...     columns=["churn_probability", "risk_level", "monetary_score"],
    ... ).assign(customer_id=["7", "8"])
    >>> held = pd.DataFrame({"predicted": [0.5], "actual": [0.5], "customers": [100]})
    >>> found = outlook(batch, held)
    >>> found["expected_to_leave"], found["at_risk"], found["best_at_risk"]
    (1.4, 1, 1)
    """
    chances = predictions["churn_probability"].to_numpy(dtype="float64")
    n, expected = chances.size, float(chances.sum())
    tested = float(calibration["customers"].sum())
    off = float((calibration["customers"] * (calibration["predicted"] - calibration["actual"])).sum())
    drift = n * off / tested if tested else 0.0
    half = math.hypot(_Z * math.sqrt(float((chances * (1 - chances)).sum())), drift)
    risky = predictions["risk_level"].isin(AT_RISK)
    best = predictions["monetary_score"] >= BEST
    return Outlook(
        customers=n,
        expected_to_leave=round(expected, 9) if n else math.nan,
        expected_to_leave_low=max(0.0, expected - half) if n else math.nan,
        expected_to_leave_high=min(float(n), expected + half) if n else math.nan,
        at_risk=int(risky.sum()),
        critical=int((predictions["risk_level"] == LEVELS[0]).sum()),
        best_customers=int(best.sum()),
        best_at_risk=int((best & risky).sum()),
        list_customers=len(called := call_list(predictions)),
        list_expected=round(float(called["churn_probability"].sum()), 9) if n else math.nan,
        highest_chance=float(chances.max()) if n else math.nan,
    )


def risk_levels(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count customers by risk level.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `outlook`. It is not modified.

    Returns
    -------
    pandas.DataFrame
        ``risk_level`` (all four, the highest first), ``customers``, ``expected_to_leave`` (the sum of their
        probabilities), ``monetary_score`` (their mean, missing where there is nobody).

    Examples
    --------
    >>> batch = pd.DataFrame(
    ...     {"churn_probability": [0.9, 0.1], "risk_level": ["Critical", "Low"], "monetary_score": [100, 50]}
    ... )
    >>> risk_levels(batch)["customers"].tolist()
    [1, 0, 0, 1]
    """
    grouped = predictions.groupby("risk_level", observed=True)
    counted = pd.DataFrame(
        {
            "customers": grouped.size(),
            "expected_to_leave": grouped["churn_probability"].sum(),
            "monetary_score": grouped["monetary_score"].mean(),
        }
    ).reindex(list(LEVELS))
    counted["customers"] = counted["customers"].fillna(0).astype("int64")
    counted["expected_to_leave"] = counted["expected_to_leave"].fillna(0.0)
    return counted.rename_axis("risk_level").reset_index()


def call_list(predictions: pd.DataFrame) -> pd.DataFrame:
    """Put those whom to call in the order in which to call them: the most valuable first.

    The list holds all at high or critical risk. Where they are fewer than a tenth of those scored, as with
    contracts, of which few end in any quarter, it holds the riskiest tenth (rounded up).

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `outlook`, with ``customer_id``. It is not modified.

    Returns
    -------
    pandas.DataFrame
        Rows by ``monetary_score`` descending, then ``churn_probability`` descending, then ``customer_id``.
        **Why** not by probability: those who are surest to leave have often bought once, long ago, and are
        worth no call.
    """
    at_risk = int(predictions["risk_level"].isin(AT_RISK).sum())
    length = max(at_risk, -(-len(predictions) // TENTH))
    risky = _ordered(predictions, "churn_probability", "monetary_score").head(length)
    return _ordered(risky, "monetary_score", "churn_probability")


def _ordered(rows: pd.DataFrame, first: str, then: str) -> pd.DataFrame:
    """Rows by two columns descending, then by id."""
    keys = (
        rows["customer_id"].astype("string").to_numpy(dtype=object),
        -rows[then].to_numpy(dtype="float64"),
        -rows[first].to_numpy(dtype="float64"),
    )
    return rows.iloc[np.lexsort(keys)].reset_index(drop=True)
