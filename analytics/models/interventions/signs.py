"""What is seen of a customer: signs with their urgency, and reasons in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analytics.metrics.churn_catalogue import FEATURE, FEATURES
from analytics.params.intervention_rules import SIGNS, Signs

IN_FAVOUR = "in favour:"
"""How predictions begin what speaks for a customer; it is no reason to call."""
OTHER = "other"
"""Reason of predictions from elsewhere, whose words are not the catalogue's."""
NO_REASON = "no single reason stands out"
MOST_REASONS = 4
"""Reasons that are given of one customer."""

_REASON = {
    "health": "account_health",
    "overdue": "days_overdue",
    "critical_tickets": "critical_tickets_90d",
    "renewal": "days_to_renewal",
    "logins": "login_change",
    "nps": "nps",
    "stage_late": "stage_late",
    "tickets": "tickets_90d",
    "seats": "seat_use",
}
"""Sign → the reason that it is, by the names under which a churn model gives reasons."""
_SAME = {"logins_30d": "login_change"}
"""Reasons of the model that tell the same story as a sign."""
_FALLS = {"nps_change": "nps"}
"""Reasons of the model that stand for a sign that is not there itself; beside it they say nothing more."""
_ANSWERED_AS = {"sentiment": "nps", "feature_adoption": "logins"} | _FALLS
"""Reasons that only the model gives → the sign whose step answers them."""


def read_signs(subjects: pd.DataFrame, signs: Signs, *, threshold: float) -> pd.DataFrame:
    """Which signs are there, for each customer by themselves.

    Parameters
    ----------
    subjects : pandas.DataFrame
        As returned by `analytics.models.interventions.subjects.read_subjects`. It is not modified.
    signs : Signs
    threshold : float
        0–1; with a greater chance to leave a customer is at high risk.

    Returns
    -------
    pandas.DataFrame of bool
        With the index of `subjects`, a column for each of `SIGNS`. What is not known is no sign. ``stake`` is
        said in relation to everybody, see `stakes`.
    """
    ahead = subjects["days_to_renewal"]
    before = subjects["logins_previous_30d"].where(subjects["logins_previous_30d"] > 0)
    seats = subjects["seats_used"] / subjects["seats_purchased"].where(subjects["seats_purchased"] > 0)
    found = {
        "leaving": subjects["churn_probability"] > threshold,
        "stake": stakes(subjects, signs.stake.at),
        "health": subjects["account_risk"] >= signs.health.at,
        "overdue": subjects["days_overdue"] >= signs.overdue.at,
        "critical_tickets": subjects["critical_tickets_90d"] >= signs.critical_tickets.at,
        "renewal": (ahead >= 0) & (ahead <= signs.renewal.at),
        "logins": 1 - subjects["logins_30d"] / before >= signs.logins.at,
        "nps": subjects["nps"] <= signs.nps.at,
        "stage_late": subjects["late_deal_over"].astype("float64") >= signs.stage_late.at,
        "tickets": subjects["support_tickets_90d"] >= signs.tickets.at,
        "seats": seats <= signs.seats.at,
    }
    return pd.DataFrame({name: found[name].fillna(False).astype(bool) for name in SIGNS})


def in_order(subjects: pd.DataFrame) -> pd.DataFrame:
    """Put customers in total order: who has the most at risk first.

    Returns
    -------
    pandas.DataFrame
        The rows, with their index: by value at risk; those of unknown value after them, by `weight`, then by
        ``customer_id``.
    """
    order = ["value_at_risk", "weight", "customer_id"]
    rows = subjects.assign(weight=weight(subjects).fillna(-np.inf))
    return rows.sort_values(order, ascending=[False, False, True], na_position="last").drop(columns="weight")


def weight(subjects: pd.DataFrame) -> pd.Series:
    """What an account is worth × its churn risk in points / 100.

    It orders accounts without a prediction. It is no value at risk, for points are no chance.
    """
    found: pd.Series = (subjects["account_risk"] * subjects["worth_if_stays"] / 100).astype("float64")
    return found


def stakes(subjects: pd.DataFrame, share: float) -> pd.Series:
    """Mark those with the most at risk, who together hold a share of it.

    Parameters
    ----------
    subjects : pandas.DataFrame
        ``customer_id``, ``value_at_risk``, ``account_risk``, ``worth_if_stays``. It is not modified.
    share : float
        0–1.

    Returns
    -------
    pandas.Series of bool
        As few as hold the share, in the order of `in_order`. Where nobody's value at risk is known, `weight`
        stands in for it. What is missing, 0 or less is not marked.

    Examples
    --------
    >>> four = pd.DataFrame({"customer_id": list("abcd"), "value_at_risk": [5.0, 50.0, 30.0, 15.0],
    ...                      "account_risk": None, "worth_if_stays": 100.0})
    >>> stakes(four, 0.5).tolist(), stakes(four, 0.51).tolist()
    ([False, True, False, False], [False, True, True, False])
    """
    rows = in_order(subjects)
    value = rows["value_at_risk"] if rows["value_at_risk"].notna().any() else weight(rows)
    value = value.where(value > 0).fillna(0.0).astype("float64")
    before = value.cumsum() - value
    return ((value > 0) & (before < share * float(value.sum()))).reindex(subjects.index)


def reasons(row: Mapping[str, Any], signs: list[str], leads: str | None = None) -> list[tuple[str, str]]:
    """Why a customer may leave, in words: what is seen, then what else the model sees.

    Parameters
    ----------
    row : mapping
        A row of `analytics.models.interventions.subjects.read_subjects`.
    signs : list of str
        The customer's, in the order in which to name them.
    leads : str, optional
        The sign whose reason comes first wherever it is there; where it is not, a fall that the model sees.

    Returns
    -------
    list of tuple
        Reason and words, each reason once. Chance and value are none: they stand beside. What the model sees
        in favour of the customer is left out. Numbers are in one neutral form, thousands parted by commas.

    Examples
    --------
    >>> row = {"days_overdue": 45.0, "nps": -40.0,
    ...        "risk_factors": "payment 45 days overdue; in favour: 9 logins in 30 days; small purchases"}
    >>> for reason, words in reasons(row, ["overdue", "nps"]):
    ...     print(reason, "=", words)
    days_overdue = payment 45 days overdue
    nps = latest NPS answer −40
    basket_value = small purchases
    >>> [reason for reason, _ in reasons(row, ["overdue", "nps"], leads="nps")]
    ['nps', 'days_overdue', 'basket_value']
    """
    found: dict[str, str] = {}
    for sign in signs:
        if sign in _REASON:
            found.setdefault(_REASON[sign], _words(row, sign))
    first = {_REASON.get(leads or "")} if leads in signs else {r for r, of in _FALLS.items() if of == leads}
    for text in factors(row.get("risk_factors")):
        reason = reason_of(text)
        if _FALLS.get(reason) not in signs:
            found.setdefault(_SAME.get(reason, reason), text)
    return sorted(found.items(), key=lambda item: item[0] not in first)


def asking(why: list[tuple[str, str]], signs: list[str]) -> list[str]:
    """Signs whose steps answer the reasons, in their order; signs that are no reason come last.

    Examples
    --------
    >>> asking([("sentiment", "tense tone"), ("days_overdue", "…")], ["stake", "overdue"])
    ['nps', 'overdue', 'stake']
    """
    by_reason = {reason: sign for sign, reason in _REASON.items()} | _ANSWERED_AS
    if "nps" not in signs:  # an answer that is lower than usual, but not low, disappoints nobody
        by_reason.pop(_REASON["nps"])
    found = [by_reason[reason] for reason, _ in why if reason in by_reason]
    return list(dict.fromkeys([*found, *signs]))


def factors(text: Any) -> list[str]:
    """Part what predictions give as risk factors, without what speaks for the customer."""
    if not isinstance(text, str):
        return []
    parts = (part.strip() for part in text.split(";"))
    return [part for part in parts if part and not part.lower().startswith(IN_FAVOUR)]


def reason_of(text: str) -> str:
    """Name the reason that words of a prediction give; `OTHER` where they are not the catalogue's.

    Examples
    --------
    >>> reason_of("no purchase for 1,301 days"), reason_of("moved house")
    ('recency_days', 'other')
    """
    return next((reason for pattern, reason in _TOLD if pattern.fullmatch(text)), OTHER)


def _pattern(template: str) -> re.Pattern[str]:
    text = re.escape(template)
    for field, stands_for in (("value", r".+?"), ("size", r"[\d.,]+"), ("s", "s?")):
        text = text.replace(re.escape("{" + field + "}"), stands_for)
    return re.compile(text)


_TOLD = [
    (_pattern(template), feature.reason) for feature in FEATURES for template in (feature.more, feature.less)
]


def _words(row: Mapping[str, Any], sign: str) -> str:
    """One sign in words, the same that a churn model would use."""
    match sign:
        case "health":
            return f"account health: risk {row['account_risk']:.0f} of 100"
        case "renewal" if row["days_to_renewal"] == 0:
            return "renews today"
        case "stage_late":
            days, over = row["late_deal_days"], np.ceil(row["late_deal_over"])
            return f"deal in {row['late_deal_stage']} for {days:,.0f} days, {over:,.0f} longer than usual"
        case "logins":
            change = row["logins_30d"] / row["logins_previous_30d"] - 1
            return FEATURE["login_change"].words(change, more=False)
        case "seats":
            return FEATURE["seat_use"].words(row["seats_used"] / row["seats_purchased"], more=False)
    name, column = {
        "overdue": ("days_overdue", "days_overdue"),
        "critical_tickets": ("critical_tickets_90d", "critical_tickets_90d"),
        "renewal": ("days_to_renewal", "days_to_renewal"),
        "nps": ("nps_latest", "nps"),
        "tickets": ("tickets_90d", "support_tickets_90d"),
    }[sign]
    return FEATURE[name].words(row[column], more=True)
