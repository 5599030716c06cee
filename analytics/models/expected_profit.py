"""Is calling worth it: what contacting customers at risk can be expected to bring, and what must be right.

Each call costs `contact_cost` and saves a customer who would have left with the chance `save_share`; a saved
customer is worth twelve months of their profit. Everything else here is a sum of that term over customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analytics.errors import ParamsError
from analytics.metrics.roi import RoiRules, selected
from analytics.metrics.value_at_risk import LEAST_ALIVE
from analytics.models.profit_interval import gain_interval, sums
from analytics.models.save_share import SaveShare

Floats = NDArray[np.float64]

THRESHOLD_STEP = 0.10
CURVE_STEPS = 100

_PEOPLE = ("customer_id", "customer_name", "customer_type", "rfm_segment", "tier")
_CALLS = (
    *("rank", "customer_id", "customer_name", "customer_type", "churn_probability", "risk_level"),
    *(
        "monetary_score",
        "rfm_segment",
        "tier",
        "worth_if_stays",
        "value_source",
        "value_at_risk",
        "probability_alive",
    ),
    *("expected_profit", "high_risk", "selected", "worth_calling", "risk_factors", "recommendations"),
    "prediction_confidence",
)


@dataclass(frozen=True, slots=True)
class Economics:
    """What a contact costs and achieves.

    Attributes
    ----------
    save_share : SaveShare
    contact_cost : float
        Cost of contacting one customer, in the organisation's currency; 0 or more.
    """

    save_share: SaveShare
    contact_cost: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.contact_cost < float("inf"):
            raise ParamsError(f"contact_cost is {self.contact_cost}, but has to be 0 or more")


def call_list(
    scored: pd.DataFrame,
    worth: pd.DataFrame,
    standing: pd.DataFrame,
    rules: RoiRules,
    economics: Economics,
) -> pd.DataFrame:
    """Every scored customer in the order in which calling them pays.

    Parameters
    ----------
    scored : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.scored_customers`.
    worth : pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.customer_worth`.
    standing : pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.standing`.
    rules : RoiRules
    economics : Economics

    Returns
    -------
    pandas.DataFrame
        One row for each of `scored`, the greatest expected profit first, ties by id, customers of unknown
        worth last: ``rank`` (int64, from 1), what is known of the customer, ``worth_if_stays``,
        ``value_source``, ``value_at_risk``, and

        - ``expected_profit`` (money): value_at_risk × save_share − contact_cost; missing where the worth is.
        - ``high_risk`` (bool): above the threshold. ``selected`` (bool): among the top share of those by
          monetary score. ``worth_calling`` (bool): an expected profit above 0, which is what the best depth
          of the profit curve consists of.
    """
    alone = worth.drop_duplicates("customer_id")
    if "probability_alive" not in alone:
        alone = alone.assign(probability_alive=np.nan)
    frame = scored.merge(alone, on="customer_id", how="left")
    frame = frame.merge(standing[list(_PEOPLE)], on="customer_id", how="left")
    frame["expected_profit"] = _term(frame["value_at_risk"], economics).round(4)
    frame["high_risk"] = frame["churn_probability"] > rules.high_risk_threshold
    frame["selected"] = frame["customer_id"].isin(selected(scored, rules)["customer_id"])
    frame["worth_calling"] = frame["expected_profit"] > 0
    frame = frame.sort_values(
        ["expected_profit", "value_at_risk", "customer_id"],
        ascending=[False, False, True],
        na_position="last",
        ignore_index=True,
    )
    frame["rank"] = np.arange(1, len(frame) + 1, dtype="int64")
    return frame[list(_CALLS)]


def expected_value(calls: pd.DataFrame, economics: Economics, rules: RoiRules) -> dict[str, Any]:
    """The answer in figures: how many to call, what it brings, and when it stops paying.

    Parameters
    ----------
    calls : pandas.DataFrame
        As returned by `call_list`.
    economics : Economics
    rules : RoiRules

    Returns
    -------
    dict
        - ``scored_customers``, ``unknown_worth_customers``, ``revenue_based_customers`` (int): all; those
          of no known worth, who are in no sum; those for whom revenue stands in for profit.
        - ``probably_gone_customers`` (int): less likely than `LEAST_ALIVE` to be there at all.
        - ``value_at_risk`` (money): of all scored customers.
        - ``best_customers`` (int), ``best_depth_percent`` (percent of those of known worth; missing without
          any): where the profit curve is highest. ``best_profit``, ``best_cost`` (money),
          ``best_roi_percentage`` (percent, missing without costs), ``best_saved_customers`` (expected).
        - ``call_all_profit``, ``high_risk_profit``, ``selected_profit`` (money): of calling everybody, all
          above the threshold, the selected; ``high_risk_customers``, ``selected_customers`` (int).
        - These profits, and the best one, have ``_low`` and ``_high`` (95 %): the chance of who leaves and
          who is saved, and the interval of the save share where it is measured; see
          `analytics.models.profit_interval.gain_interval`. They hold only what can happen: with no worth
          below 0, nothing under the cost of the calls.
        - ``by_risk_profit``, ``by_money_profit``, ``random_profit`` (money): of calling as many as the best
          depth does, by churn probability, by monetary score, and at random on average.
        - ``break_even_save_share`` (0–1, above 1 where no share pays): of all above the threshold;
          missing where nothing is at risk. ``break_even_save_share_best``: of the best depth.
        - ``save_share`` and what is known of it, ``contact_cost``.
        - ``verdict``: ``call``, ``do not call`` where no customer's own term is above 0, or ``nobody scored``
          where there is no customer of known worth.
    """
    known = calls[calls["value_at_risk"].notna()]
    best, risky, chosen = (known[known[name]] for name in ("worth_calling", "high_risk", "selected"))
    cost = round(len(best) * economics.contact_cost, 4)
    figures: dict[str, Any] = {
        "scored_customers": len(calls),
        "unknown_worth_customers": len(calls) - len(known),
        "revenue_based_customers": int(known["value_source"].str.endswith("revenue").sum()),
        "probably_gone_customers": int((known["probability_alive"] < LEAST_ALIVE).sum()),
        "value_at_risk": _sum(known["value_at_risk"]),
        "best_customers": len(best),
        "best_depth_percent": 100 * len(best) / len(known) if len(known) else float("nan"),
        **_profits("best", best, economics),
        "best_cost": cost,
        "best_roi_percentage": _percent(_profit(best, economics), cost),
        "best_saved_customers": float(best["churn_probability"].sum()) * economics.save_share.value,
        **_profits("call_all", known, economics),
        "high_risk_customers": len(risky),
        **_profits("high_risk", risky, economics),
        "selected_customers": len(chosen),
        **_profits("selected", chosen, economics),
    }
    for name, curve in _baseline_curves(known, economics).items():
        figures[f"{name}_profit"] = round(float(curve[len(best)]), 4)
    share = economics.save_share
    return figures | {
        "break_even_save_share": break_even(risky, economics),
        "break_even_save_share_best": break_even(best, economics),
        "save_share": share.value,
        "save_share_low": share.low,
        "save_share_high": share.high,
        "save_share_measured": share.measured,
        "save_share_raw": share.raw,
        "save_share_reason": share.reason,
        "contact_cost": economics.contact_cost,
        "high_risk_threshold": rules.high_risk_threshold,
        "verdict": "nobody scored" if known.empty else "call" if len(best) else "do not call",
    }


def break_even(calls: pd.DataFrame, economics: Economics) -> float:
    """The save share at which calling these customers brings exactly what it costs.

    Returns
    -------
    float
        Contacts × contact_cost / Σ value_at_risk; above 1 where no share pays, NaN where nobody is called or
        nothing is at risk.
    """
    at_risk = _sum(calls["value_at_risk"])
    known = int(calls["value_at_risk"].notna().sum())
    return known * economics.contact_cost / at_risk if known and at_risk > 0 else float("nan")


def profit_curve(calls: pd.DataFrame, economics: Economics) -> pd.DataFrame:
    """Expected profit by how many of the scored customers are called.

    Parameters
    ----------
    calls : pandas.DataFrame
        As returned by `call_list`; customers of unknown worth are left out.
    economics : Economics

    Returns
    -------
    pandas.DataFrame
        One row for each whole percent of the customers that is a different number of them, and one for the
        best depth: ``depth_percent`` (percent), ``customers`` (int64), ``profit`` (money, in the order of the
        customers' own terms) with ``profit_low`` and ``profit_high`` (95 %), ``profit_by_risk``,
        ``profit_by_money`` and ``profit_random`` (the same number of customers in other orders), ``best``
        (bool). Without customers no rows.
    """
    known = calls[calls["value_at_risk"].notna()]
    n = len(known)
    best = int(known["worth_calling"].sum())
    steps = {round(n * step / CURVE_STEPS) for step in range(CURVE_STEPS + 1)} | {best}
    at = np.array(sorted(steps), dtype="int64") if n else np.empty(0, dtype="int64")
    profit = sums(_term(known["value_at_risk"], economics))
    low, high = _ends(known, economics, at)
    others = _baseline_curves(known, economics)
    return pd.DataFrame(
        {
            "depth_percent": 100 * at / max(n, 1),
            "customers": at,
            "profit": profit[at].round(4),
            "profit_low": low.round(4),
            "profit_high": high.round(4),
            "profit_by_risk": others["by_risk"][at].round(4),
            "profit_by_money": others["by_money"][at].round(4),
            "profit_random": others["random"][at].round(4),
            "best": at == best,
        }
    )


def sensitivity(calls: pd.DataFrame, economics: Economics, rules: RoiRules) -> pd.DataFrame:
    """How the profit of calling all above the threshold moves with each assumption alone.

    Parameters
    ----------
    calls : pandas.DataFrame
        As returned by `call_list`.
    economics : Economics
        The save share moves over its interval where it is measured, else from half to one and a half times;
        the cost of a contact from half to double.
    rules : RoiRules
        The threshold moves by 0.10 either way.

    Returns
    -------
    pandas.DataFrame of shape (3, 10)
        One row for each assumption, the one with the widest swing first: ``assumption`` (``save_share``,
        ``contact_cost``, ``high_risk_threshold``), ``base_value``, ``low_value``, ``high_value``,
        ``base_profit``, ``profit_at_low``, ``profit_at_high``, ``swing`` (money, the distance between the
        two), ``customers_at_low``, ``customers_at_high`` (int64).
    """
    base = _above(calls, rules.high_risk_threshold)
    rows = []
    for name, (value, low, high) in _ranges(economics, rules).items():
        ends = [_moved(calls, economics, rules, {name: end}) for end in (low, high)]
        (low_profit, low_count), (high_profit, high_count) = ends
        rows.append(
            {
                "assumption": name,
                "base_value": value,
                "low_value": low,
                "high_value": high,
                "base_profit": _profit(base, economics),
                "profit_at_low": low_profit,
                "profit_at_high": high_profit,
                "swing": round(abs(high_profit - low_profit), 4),
                "customers_at_low": low_count,
                "customers_at_high": high_count,
            }
        )
    frame = pd.DataFrame(rows)
    return frame.sort_values(["swing", "assumption"], ascending=[False, True], ignore_index=True)


def worst(
    calls: pd.DataFrame, economics: Economics, rules: RoiRules, assumptions: pd.DataFrame
) -> dict[str, float]:
    """The least profit of calling all above the threshold, with each assumption at one end or the other.

    Parameters
    ----------
    calls, economics, rules
        As for `sensitivity`.
    assumptions : pandas.DataFrame
        As returned by `sensitivity`.

    Returns
    -------
    dict
        ``profit`` (money), and each assumption's value there.

    Notes
    -----
    Why all corners: a higher threshold alone costs profit, but calls fewer where calls lose.
    """
    ends = assumptions.set_index("assumption")[["low_value", "high_value"]]
    corners = [dict(zip(ends.index, corner, strict=True)) for corner in product(*ends.to_numpy().tolist())]
    profits = [_moved(calls, economics, rules, corner)[0] for corner in corners]
    least = int(np.argmin(profits))
    return {"profit": profits[least], **corners[least]}


def _term(value_at_risk: pd.Series, economics: Economics) -> pd.Series:
    return value_at_risk * economics.save_share.value - economics.contact_cost


def _sum(values: pd.Series) -> float:
    return round(float(values.sum()), 4)


def _profit(calls: pd.DataFrame, economics: Economics) -> float:
    return _sum(_term(calls["value_at_risk"], economics))


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else float("nan")


def _profits(name: str, calls: pd.DataFrame, economics: Economics) -> dict[str, float]:
    low, high = _ends(calls, economics, [len(calls)])
    return {
        f"{name}_profit": _profit(calls, economics),
        f"{name}_profit_low": round(float(low[0]), 4),
        f"{name}_profit_high": round(float(high[0]), 4),
    }


def _ends(calls: pd.DataFrame, economics: Economics, first: ArrayLike) -> tuple[Floats, Floats]:
    """Interval of the profit of the first so many calls, which cost what they cost in any case."""
    gain = gain_interval(calls["churn_probability"], calls["worth_if_stays"], economics.save_share, first)
    spent = np.asarray(first) * economics.contact_cost
    return gain[0] - spent, gain[1] - spent


def _baseline_curves(known: pd.DataFrame, economics: Economics) -> dict[str, Floats]:
    """Profit of the first 0, 1, …, n customers in the orders that calling could follow instead."""
    curves: dict[str, Floats] = {}
    for name, column in (("by_risk", "churn_probability"), ("by_money", "monetary_score")):
        ordered = known.sort_values([column, "customer_id"], ascending=[False, True], kind="stable")
        curves[name] = sums(_term(ordered["value_at_risk"], economics))
    mean = _profit(known, economics) / max(len(known), 1)  # below, + 0.0 keeps nobody from costing −0
    curves["random"] = mean * np.arange(len(known) + 1, dtype="float64") + 0.0
    return curves


def _above(calls: pd.DataFrame, threshold: float) -> pd.DataFrame:
    return calls[(calls["churn_probability"] > threshold) & calls["value_at_risk"].notna()]


def _ranges(economics: Economics, rules: RoiRules) -> dict[str, tuple[float, float, float]]:
    """Each assumption's value, and the two ends between which it may lie."""
    share, cost, threshold = economics.save_share, economics.contact_cost, rules.high_risk_threshold
    shares = (share.low, share.high) if share.measured else (share.value / 2, min(1.0, share.value * 1.5))
    # Ten decimals: 0.8 + 0.1 would otherwise be a little above 0.9.
    bounds = round(max(0.0, threshold - THRESHOLD_STEP), 10), round(min(1.0, threshold + THRESHOLD_STEP), 10)
    return {
        "save_share": (share.value, *shares),
        "contact_cost": (cost, cost / 2, cost * 2),
        "high_risk_threshold": (threshold, *bounds),
    }


def _moved(
    calls: pd.DataFrame, economics: Economics, rules: RoiRules, values: dict[str, float]
) -> tuple[float, int]:
    """Profit and number of the customers above the threshold under other assumptions."""
    share = values.get("save_share", economics.save_share.value)
    cost = values.get("contact_cost", economics.contact_cost)
    called = _above(calls, values.get("high_risk_threshold", rules.high_risk_threshold))
    return _profit(called, Economics(SaveShare.from_assumption(share), cost)), len(called)
