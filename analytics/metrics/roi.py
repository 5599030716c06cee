"""Return on investment as a batch of predictions restates it: the selected customers, and shares of them.

These figures restate their own assumptions: where costs are a fixed share of revenue, the return is the same
whatever the customers do. What calling is worth stands in `analytics.models.expected_profit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import fsum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import ParamsError
from analytics.metrics.rates import add_rate

COST_BREAKDOWN: Mapping[str, float] = MappingProxyType(
    {
        "retention_campaigns": 0.50,
        "customer_success": 0.20,
        "technology_and_tools": 0.15,
        "support_and_service": 0.10,
        "other": 0.05,
    }
)
"""What the costs are spent on, as shares that add up to 1."""

TIERS: Mapping[str, Fraction | None] = MappingProxyType(
    {"top": Fraction(3, 100), "high": Fraction(10, 100), "premium": Fraction(25, 100), "moderate": None}
)
"""Cumulative share of the high-risk customers at which each tier ends; None takes all that are left."""

LOWER_THRESHOLDS = (0.70, 0.60, 0.50)
"""Thresholds that the page offers where few customers are selected."""

MONTHS = 12
ROUNDING = 4
GROUPINGS = ("rfm_segment", "tier", "customer_type")
UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class RoiRules:
    """Whom the report selects, and what it takes them to bring and to cost.

    Attributes
    ----------
    high_risk_threshold : float
        In [0, 1]; a customer with a greater churn probability is at high risk.
    top_share : float
        In (0, 1]; the share of the high-risk customers that is selected, by monetary score, rounded up.
    revenue_multiplier : float
        Revenue for each point of monetary score, in the organisation's currency; 0 or more.
    retention_cost_share : float
        In [0, 1]; costs as a share of that revenue.
    cost_breakdown : mapping of str to float
        Category to share of the costs; the shares add up to 1.

    Raises
    ------
    ParamsError
        If a value lies outside its range, or the shares of the costs do not add up to 1.
    """

    high_risk_threshold: float = 0.80
    top_share: float = 0.10
    revenue_multiplier: float = 100.0
    retention_cost_share: float = 0.10
    cost_breakdown: Mapping[str, float] = field(default_factory=lambda: COST_BREAKDOWN)

    def __post_init__(self) -> None:
        for name in ("high_risk_threshold", "top_share", "retention_cost_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ParamsError(f"{name} is {value}, but has to be a share from 0 to 1")
        if self.top_share == 0:
            raise ParamsError("top_share is 0, which selects nobody; it has to be above 0")
        if not 0 <= self.revenue_multiplier < float("inf"):
            raise ParamsError(f"revenue_multiplier is {self.revenue_multiplier}, but has to be 0 or more")
        if wrong := [f"{name} {share}" for name, share in self.cost_breakdown.items() if not 0 <= share <= 1]:
            raise ParamsError(f"cost_breakdown has {', '.join(wrong)}; each has to be a share from 0 to 1")
        if (total := sum(exact_share(share) for share in self.cost_breakdown.values())) != 1:
            raise ParamsError(
                f"the shares of cost_breakdown add up to {float(total):g}, but have to add up to 1"
            )


def exact_share(share: float) -> Fraction:
    """Take a share as it was written: 0.1 is one tenth, not the nearest binary fraction.

    Examples
    --------
    >>> exact_share(0.1)
    Fraction(1, 10)
    """
    return Fraction(repr(float(share)))


def part_of(count: int, share: Fraction) -> int:
    """Give so many of `count`, rounded up in exact arithmetic.

    Why up: rounded down, a tenth of nine customers is nobody.

    Examples
    --------
    >>> part_of(9, Fraction(1, 10)), part_of(30, Fraction(1, 10)), part_of(0, Fraction(1, 10))
    (1, 3, 0)
    """
    return -((-count * share.numerator) // share.denominator)


def high_risk(scored: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Keep the customers above the threshold, the greatest monetary score first, ties by id."""
    risky = scored[scored["churn_probability"] > threshold]
    return risky.sort_values(
        ["monetary_score", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )


def selected(scored: pd.DataFrame, rules: RoiRules) -> pd.DataFrame:
    """Select the high-risk customers with the greatest monetary scores.

    Parameters
    ----------
    scored : pandas.DataFrame
        One row for each customer of a batch, as `analytics.metrics.roi_batches.scored_customers` returns it:
        at least ``customer_id``, ``churn_probability`` and ``monetary_score``.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        The first ⌈`RoiRules.top_share`⌉ of the customers above the threshold, columns as in `scored`, with
        ``rank`` (int64, from 1) in front. Ties go by id.
    """
    risky = high_risk(scored, rules.high_risk_threshold)
    chosen = risky.head(part_of(len(risky), exact_share(rules.top_share))).copy()
    chosen.insert(0, "rank", np.arange(1, len(chosen) + 1, dtype="int64"))
    return chosen


def restated(score: float, customers: int, rules: RoiRules) -> dict[str, Any]:
    """What the sum of some customers' monetary scores is taken to bring.

    Parameters
    ----------
    score : float
        Sum of their monetary scores, in points.
    customers : int
        How many they are.
    rules : RoiRules

    Returns
    -------
    dict
        ``total_revenue``, ``total_costs``, ``net_profit``, ``average_customer_ltv``, ``cost_per_retention``
        (money), ``roi_percentage`` (percent), ``payback_months`` (months), ``customer_count``; NaN where
        the denominator is 0.

    Examples
    --------
    One customer with a monetary score of 85:

    >>> figures = restated(85.0, 1, RoiRules())
    >>> [figures[name] for name in ("total_revenue", "total_costs", "net_profit", "roi_percentage")]
    [8500.0, 850.0, 7650.0, 900.0]
    >>> figures["payback_months"]
    1.2
    """
    revenue = round(score * rules.revenue_multiplier, ROUNDING)
    unrounded = revenue * rules.retention_cost_share
    costs = round(unrounded, ROUNDING)
    profit = round(revenue - costs, ROUNDING)
    return {
        "total_revenue": revenue,
        "total_costs": costs,
        "net_profit": profit,
        # Of the costs before they are rounded: 900 %, and not 899.999998.
        "roi_percentage": round(_ratio(100 * (revenue - unrounded), unrounded), 9),
        "customer_count": customers,
        "average_customer_ltv": _ratio(revenue, customers),
        "cost_per_retention": _ratio(costs, customers),
        "payback_months": round(_ratio(MONTHS * unrounded, revenue), 9),
    }


def roi_metrics(scored: pd.DataFrame, rules: RoiRules) -> dict[str, Any]:
    """The restated figures of one batch.

    Parameters
    ----------
    scored : pandas.DataFrame
        One row for each customer of the batch in force; none where there is no batch.
    rules : RoiRules

    Returns
    -------
    dict
        As in `restated`, of the selected customers, and:

        - ``scored_customers``, ``high_risk_customers`` (int): of the batch, and above the threshold.
        - ``high_risk_percent`` (percent of the scored, with ``_n``, ``_low``, ``_high``: Wilson 95 %).
        - ``batch_id`` (text) and ``predicted_at`` (Timestamp): None without a batch.
    """
    chosen = selected(scored, rules)
    risky = int((scored["churn_probability"] > rules.high_risk_threshold).sum())
    share = add_rate(pd.DataFrame(index=[0]), "high_risk_percent", [risky], [len(scored)]).iloc[0]
    return {
        **restated(fsum(chosen["monetary_score"]), len(chosen), rules),
        "scored_customers": len(scored),
        "high_risk_customers": risky,
        **{str(name): value for name, value in share.items()},
        "high_risk_percent_n": len(scored),
        "batch_id": scored["batch_id"].iloc[0] if len(scored) else None,
        "predicted_at": scored["predicted_at"].max() if len(scored) else None,
    }


def thresholds(scored: pd.DataFrame, rules: RoiRules) -> pd.DataFrame:
    """How many customers would be selected at lower thresholds.

    Returns
    -------
    pandas.DataFrame
        One row for the threshold in use and for each of `LOWER_THRESHOLDS`, the highest first:
        ``threshold``, ``high_risk_customers`` and ``selected_customers`` (int64).
    """
    values = sorted({rules.high_risk_threshold, *LOWER_THRESHOLDS}, reverse=True)
    risky = [int((scored["churn_probability"] > value).sum()) for value in values]
    share = exact_share(rules.top_share)
    return pd.DataFrame(
        {
            "threshold": pd.Series(values, dtype="float64"),
            "high_risk_customers": pd.Series(risky, dtype="int64"),
            "selected_customers": pd.Series([part_of(count, share) for count in risky], dtype="int64"),
        }
    )


def cost_breakdown(metrics: Mapping[str, Any], rules: RoiRules) -> pd.DataFrame:
    """What the costs are spent on.

    Parameters
    ----------
    metrics : mapping
        As returned by `roi_metrics`.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        One row for each category, in the order of `RoiRules.cost_breakdown`: ``category``, ``share`` (0–1),
        ``cost`` (money). The costs add up to ``total_costs``.
    """
    shares = pd.Series(dict(rules.cost_breakdown), dtype="float64")
    costs = (shares * metrics["total_costs"]).round(ROUNDING)
    return pd.DataFrame({"category": shares.index, "share": shares.to_numpy(), "cost": costs.to_numpy()})


def retention_savings(scored: pd.DataFrame, rules: RoiRules) -> pd.DataFrame:
    """What keeping the high-risk customers is taken to save, the most valuable ones first.

    Parameters
    ----------
    scored : pandas.DataFrame
        One row for each customer of the batch in force.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame of shape (4, 5)
        One row for each of `TIERS`, also an empty one: ``tier``, ``customers`` (int64), ``value`` (Σ
        monetary_score × multiplier), ``cost``, ``saving`` (money). The bounds are cumulative and rounded up:
        with 9 customers the first three tiers hold 1, 0 and 2.
    """
    scores = high_risk(scored, rules.high_risk_threshold)["monetary_score"].to_numpy(dtype="float64")
    rows, start = [], 0
    for tier, share in TIERS.items():
        end = len(scores) if share is None else part_of(len(scores), share)
        figures = restated(fsum(scores[start:end]), end - start, rules)
        rows.append(
            {
                "tier": tier,
                "customers": end - start,
                "value": figures["total_revenue"],
                "cost": figures["total_costs"],
                "saving": figures["net_profit"],
            }
        )
        start = end
    return pd.DataFrame(rows).astype({"customers": "int64"})


def segments(chosen: pd.DataFrame, standing: pd.DataFrame, rules: RoiRules) -> pd.DataFrame:
    """The selected customers by what they are in other reports.

    Parameters
    ----------
    chosen : pandas.DataFrame
        As returned by `selected`.
    standing : pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.standing`: ``customer_id`` and `GROUPINGS`.
    rules : RoiRules

    Returns
    -------
    pandas.DataFrame
        One row for each value of each of `GROUPINGS` that a selected customer has, the most revenue first:
        ``grouping``, ``segment`` (``Unknown`` where a customer has none), ``customers`` (int64),
        ``total_revenue``, ``total_costs``, ``net_profit`` (money), ``percentage`` (of the customers). The
        revenue of each grouping adds up to that of the selected customers.
    """
    known = chosen[["customer_id", "monetary_score"]].merge(standing, on="customer_id", how="left")
    rows = []
    for grouping in GROUPINGS:
        names = known[grouping].astype(object).where(known[grouping].notna(), UNKNOWN)
        for name, group in known.groupby(names, sort=True):
            figures = restated(fsum(group["monetary_score"]), len(group), rules)
            kept = {key: figures[key] for key in ("total_revenue", "total_costs", "net_profit")}
            share = _ratio(100 * len(group), len(known))
            rows.append(
                {"grouping": grouping, "segment": name, "customers": len(group), **kept, "percentage": share}
            )
    columns = ["grouping", "segment", "customers", "total_revenue", "total_costs", "net_profit", "percentage"]
    frame = pd.DataFrame(rows, columns=columns)
    order = frame["grouping"].map({name: place for place, name in enumerate(GROUPINGS)})
    return (
        frame.assign(order=order)
        .sort_values(["order", "total_revenue", "segment"], ascending=[True, False, True], ignore_index=True)
        .drop(columns="order")
        .astype({"customers": "int64"})
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
