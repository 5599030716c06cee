"""Which accounts may leave, and which have room to grow: points with reasons, from their last snapshot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analytics.models.deals.points import by_vertical
from analytics.params.pipeline_rules import PipelineRules, Weights

RISK_INPUTS, EXPANSION_INPUTS = 6, 4
LEVELS = (("high", 60.0), ("medium", 30.0), ("low", 0.0))
"""Words for a churn risk, each from so many points on."""


def account_scores(accounts: pd.DataFrame, rules: PipelineRules) -> pd.DataFrame:
    """Churn risk and room to grow of accounts, 0–100 each.

    Parameters
    ----------
    accounts : pandas.DataFrame
        As returned by `analytics.metrics.account_state.live_accounts`. It is not modified.
    rules : PipelineRules

    Returns
    -------
    pandas.DataFrame
        By churn risk, the highest first, then by contract value: ``customer_id``, ``name``, ``plan``,
        ``owner``,
        ``acv`` (a year), ``renews_at``, and

        - ``churn_risk``: points of the inputs that are known, rescaled to 100; missing where none is.
        - ``risk_level`` (high from 60, medium from 30, low), ``risk_inputs`` (int64, of six) and
          ``risk_reasons``: the parts with the most points, in words.
        - ``expansion_score``: likewise of four inputs; 0 where the churn risk is above the rules' bound.
          ``expansion_inputs``, ``expansion_reasons``.

    Notes
    -----
    Logins have not fallen where there are none to fall from, and that input is not known then.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> account = {"customer_id": "a", "name": None, "industry": None, "plan": "Team", "owner": None,
    ...            "acv": 9.0, "seats_purchased": 10, "seats_used": 9, "nps": 50, "logins_30d": 50,
    ...            "logins_previous_30d": 100, "support_tickets_90d": 2, "critical_tickets_90d": 1,
    ...            "days_overdue": 30, "feature_adoption": 0.5, "sentiment": 0.0, "renews_at": pd.NaT}
    >>> row = account_scores(pd.DataFrame([account]), load_rules("pipeline_rules")).iloc[0]
    >>> float(row.churn_risk), row.risk_reasons
    (46.5, 'logins fell by 50%; 30 days overdue; 1 critical ticket')
    >>> float(row.expansion_score)
    77.0
    """
    scores = by_vertical(accounts, rules, _scores)
    columns = ["customer_id", "name", "plan", "owner", "acv", "renews_at"]
    found = accounts[columns].join(scores)
    order = ["churn_risk", "acv", "customer_id"]
    return found.sort_values(order, ascending=[False, False, True], na_position="last", ignore_index=True)


def _scores(rows: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    risk_parts, risk_most = _risk(rows, weights)
    risk = _rescaled(risk_parts, risk_most)
    growth_parts, growth_most = _growth(rows, weights)
    growth = _rescaled(growth_parts, growth_most)
    held = risk > weights.expansion.not_above_churn_risk
    level = np.select(
        [risk.isna(), *(risk >= bound for _, bound in LEVELS)], ["unknown", *(n for n, _ in LEVELS)], ""
    )
    return pd.DataFrame(
        {
            "churn_risk": risk,
            "risk_level": pd.Series(level, rows.index, dtype="object"),
            "risk_inputs": risk_parts.notna().sum(axis=1).astype("int64"),
            "risk_reasons": _reasons(rows, risk_parts, _RISK_WORDS),
            "expansion_score": growth.mask(held & growth.notna(), 0.0),
            "expansion_inputs": growth_parts.notna().sum(axis=1).astype("int64"),
            "expansion_reasons": _reasons(rows, growth_parts, _GROWTH_WORDS).mask(held, "churn risk first"),
        },
        index=rows.index,
    )


def _risk(rows: pd.DataFrame, weights: Weights) -> tuple[pd.DataFrame, pd.Series]:
    by = weights.churn_risk
    before = rows["logins_previous_30d"].where(rows["logins_previous_30d"] > 0)
    parts = {
        "logins": by.fall_of_logins * (1 - rows["logins_30d"] / before).clip(0, 1),
        "tickets": (by.a_ticket * rows["support_tickets_90d"]).clip(0, by.most_tickets),
        "critical": (by.a_critical_ticket * rows["critical_tickets_90d"]).clip(0, by.most_critical_tickets),
        "overdue": by.overdue * (rows["days_overdue"] / by.overdue_days).clip(0, 1),
        "nps": by.nps * (100 - rows["nps"]) / 200,
        "sentiment": by.sentiment * (1 - rows["sentiment"]) / 2,
    }
    most = [by.fall_of_logins, by.most_tickets, by.most_critical_tickets, by.overdue, by.nps, by.sentiment]
    return pd.DataFrame(parts, index=rows.index), pd.Series(most, index=list(parts))


def _growth(rows: pd.DataFrame, weights: Weights) -> tuple[pd.DataFrame, pd.Series]:
    by = weights.expansion
    use = rows["seats_used"] / rows["seats_purchased"].where(rows["seats_purchased"] > 0)
    place = {plan.casefold(): i for i, plan in enumerate(by.plans)}
    plan = rows["plan"].map(lambda name: place.get(str(name or "").casefold()))
    higher = (plan.astype("float64") < len(by.plans) - 1).astype("float64").where(plan.notna())
    parts = {
        "seat_use": by.seat_use * ((use - by.seat_use_from) / (1 - by.seat_use_from)).clip(0, 1),
        "higher_plan": by.higher_plan * higher,
        "adoption": by.adoption * rows["feature_adoption"].clip(0, 1),
        "nps": by.nps * (rows["nps"] + 100) / 200,
    }
    most = [by.seat_use, by.higher_plan, by.adoption, by.nps]
    return pd.DataFrame(parts, index=rows.index), pd.Series(most, index=list(parts))


def _rescaled(parts: pd.DataFrame, most: pd.Series) -> pd.Series:
    """Points of what is known, in percent of what they could have been."""
    possible = (parts.notna() * most).sum(axis=1)
    return (100 * parts.sum(axis=1) / possible.where(possible > 0)).clip(0, 100).round(6)


def _several(number: float, what: str) -> str:
    return f"{number:.0f} {what}" if number == 1 else f"{number:.0f} {what}s"


_RISK_WORDS = {
    "logins": lambda row: f"logins fell by {100 * (1 - row['logins_30d'] / row['logins_previous_30d']):.0f}%",
    "tickets": lambda row: _several(row["support_tickets_90d"], "ticket"),
    "critical": lambda row: _several(row["critical_tickets_90d"], "critical ticket"),
    "overdue": lambda row: f"{_several(row['days_overdue'], 'day')} overdue",
    "nps": lambda row: f"NPS {row['nps']:.0f}".replace("-", "−") if row["nps"] <= 0 else "",
    "sentiment": lambda row: "negative tone" if row["sentiment"] < 0 else "",
}
_GROWTH_WORDS = {
    "seat_use": lambda row: f"uses {100 * row['seats_used'] / row['seats_purchased']:.0f}% of its seats",
    "higher_plan": lambda row: f"could move up from {row['plan']}",
    "adoption": lambda row: f"uses {100 * row['feature_adoption']:.0f}% of features",
    "nps": lambda row: f"NPS {row['nps']:.0f}" if row["nps"] > 0 else "",
}


def _reasons(rows: pd.DataFrame, parts: pd.DataFrame, words: dict[str, Any]) -> pd.Series:
    """The up to three parts with the most points, in words; half a point is no reason."""
    found = []
    records: list[dict[Any, Any]] = rows.to_dict("records")
    for row, points in zip(records, parts.fillna(0.0).to_dict("records"), strict=True):
        strongest = sorted(points.items(), key=lambda item: (-item[1], str(item[0])))
        said = [words[str(name)](row) for name, value in strongest if value > 0.5]
        found.append("; ".join([text for text in said if text][:3]))
    return pd.Series(found, index=rows.index, dtype="object")
