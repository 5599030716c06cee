"""Figures of a report on return as its models give them, small enough to follow, for tests of words."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

NAN = float("nan")


def calls_of(n=200, *, save_share=0.2, contact_cost=5.0, worth=300.0):
    """A call list of `n` customers whose risk and worth fall from the first to the last."""
    risk = np.linspace(0.95, 0.05, n)
    value = np.linspace(worth, worth / 10, n)
    at_risk = risk * value
    gain = at_risk * save_share - contact_cost
    best = gain > 0
    return pd.DataFrame(
        {
            "rank": np.arange(1, n + 1),
            "customer_id": [f"C{i:04d}" for i in range(n)],
            "customer_name": [f"Customer {i}" if i % 2 else None for i in range(n)],
            "customer_type": ["RETAIL"] * n,
            "churn_probability": risk,
            "risk_level": ["high"] * n,
            "monetary_score": np.linspace(100, 1, n),
            "rfm_segment": ["At Risk" if i % 3 else None for i in range(n)],
            "tier": ["Gold"] * n,
            "worth_if_stays": value,
            "value_source": ["lifetime model" if i % 4 else "trailing profit" for i in range(n)],
            "value_at_risk": at_risk,
            "expected_profit": gain,
            "high_risk": risk > 0.8,
            "selected": [i < 4 for i in range(n)],
            "worth_calling": best,
            "risk_factors": ["no purchase for 80 days; buys less often"] * n,
            "recommendations": ["Call in person"] * n,
            "prediction_confidence": [0.8] * n,
        }
    )


def value_of(calls=None, **changed):
    """What `calls` bring together, as the block ``expected_value`` has it."""
    calls = calls_of() if calls is None else calls
    best, risky = calls[calls["worth_calling"]], calls[calls["high_risk"]]

    def profit(rows):
        return float(rows["expected_profit"].sum())

    def even(rows):
        at_risk = float(rows["value_at_risk"].sum())
        return 5.0 * len(rows) / at_risk if at_risk > 0 else NAN

    value = {
        "scored_customers": len(calls), "unknown_worth_customers": 0,
        "value_at_risk": float(calls["value_at_risk"].sum()),
        "best_depth_percent": 100 * len(best) / len(calls) if len(calls) else NAN,
        "best_customers": len(best), "best_profit": profit(best), "best_cost": 5.0 * len(best),
        "best_roi_percentage": 100 * profit(best) / (5 * len(best)) if len(best) else NAN,
        "best_saved_customers": 0.2 * float(best["churn_probability"].sum()),
        "call_all_profit": profit(calls),
        "high_risk_customers": len(risky), "high_risk_profit": profit(risky),
        "selected_customers": 4, "selected_profit": profit(calls.head(4)),
        "by_risk_profit": 0.9 * profit(best), "by_money_profit": 0.8 * profit(best),
        "random_profit": 0.5 * profit(best),
        "break_even_save_share": even(risky), "break_even_save_share_best": even(best),
        "save_share": 0.2, "save_share_low": NAN, "save_share_high": NAN, "save_share_measured": False,
        "save_share_reason": "no retention campaign", "contact_cost": 5.0,
        "revenue_based_customers": 0, "probably_gone_customers": 0,
        "verdict": "nobody scored" if not len(calls) else "call" if len(best) else "do not call",
    }  # fmt: skip
    for name in ("best_profit", "call_all_profit", "high_risk_profit", "selected_profit"):
        value[f"{name}_low"], value[f"{name}_high"] = value[name] * 0.7 - 10, value[name] * 1.3 + 10
    return value | changed


def curve_of(calls=None):
    """Profit by depth, with the best point."""
    calls = calls_of() if calls is None else calls
    n = len(calls)
    counts = sorted({round(n * i / 100) for i in range(101)} | {int(calls["worth_calling"].sum())})
    so_far = np.r_[0.0, calls["expected_profit"].cumsum()]
    frame = pd.DataFrame({"customers": counts})
    frame["depth_percent"] = 100 * frame["customers"] / max(n, 1)
    frame["profit"] = so_far[frame["customers"]]
    frame["profit_low"] = frame["profit"] - 2 * np.sqrt(frame["customers"]) * 5
    frame["profit_high"] = frame["profit"] + 2 * np.sqrt(frame["customers"]) * 5
    frame["profit_random"] = frame["customers"] / max(n, 1) * so_far[-1]
    frame["profit_by_risk"] = (frame["profit"] + frame["profit_random"]) / 2
    frame["profit_by_money"] = frame["profit_random"]
    frame["best"] = frame["customers"] == int(calls["worth_calling"].sum())
    return frame


SENSITIVITY = pd.DataFrame(
    {
        "assumption": ["save_share", "contact_cost", "high_risk_threshold"],
        "base_value": [0.2, 5.0, 0.8],
        "low_value": [0.1, 2.5, 0.7],
        "high_value": [0.3, 10.0, 0.9],
        "base_profit": [1500.0] * 3,
        "profit_at_low": [650.0, 1600.0, 2200.0],
        "profit_at_high": [2350.0, 1300.0, 800.0],
        "swing": [1700.0, 300.0, 1400.0],
        "customers_at_low": [34, 34, 56],
        "customers_at_high": [34, 34, 12],
    }
)
THRESHOLDS = pd.DataFrame(
    {
        "threshold": [0.8, 0.7, 0.6, 0.5],
        "high_risk_customers": [34, 56, 78, 100],
        "selected_customers": [4, 6, 8, 10],
    }
)
COSTS = pd.DataFrame(
    {
        "category": [
            "retention_campaigns",
            "customer_success",
            "technology_and_tools",
            "support_and_service",
            "other",
        ],
        "share": [0.5, 0.2, 0.15, 0.1, 0.05],
        "cost": [425.0, 170.0, 127.5, 85.0, 42.5],
    }
)
METRICS = {
    "total_revenue": 8500.0, "total_costs": 850.0, "net_profit": 7650.0, "roi_percentage": 900.0,
    "customer_count": 1, "average_customer_ltv": 8500.0, "cost_per_retention": 850.0, "payback_months": 1.2,
    "scored_customers": 9, "high_risk_customers": 1, "high_risk_percent": 11.1,
    "batch_id": "b1", "predicted_at": pd.Timestamp("2026-10-01"),
}  # fmt: skip
NOBODY = (
    METRICS
    | dict.fromkeys(("total_revenue", "total_costs", "net_profit"), 0.0)
    | dict.fromkeys(("customer_count", "high_risk_customers"), 0)
    | dict.fromkeys(("roi_percentage", "average_customer_ltv", "cost_per_retention", "payback_months"), NAN)
)
SAVINGS = pd.DataFrame(
    {
        "tier": ["top", "high", "premium", "moderate"],
        "customers": [2, 2, 5, 25],
        "value": [19_000.0, 17_000.0, 35_000.0, 90_000.0],
        "cost": [1_900.0, 1_700.0, 3_500.0, 9_000.0],
        "saving": [17_100.0, 15_300.0, 31_500.0, 81_000.0],
    }
)
SEGMENTS = pd.DataFrame(
    {
        "grouping": ["rfm_segment", "rfm_segment", "tier", "customer_type"],
        "segment": ["At Risk", "Champions", "Gold", "Unknown"],
        "customers": [3, 1, 4, 4],
        "total_revenue": [25_500.0, 8_500.0, 34_000.0, 34_000.0],
        "total_costs": [2_550.0, 850.0, 3_400.0, 3_400.0],
        "net_profit": [22_950.0, 7_650.0, 30_600.0, 30_600.0],
        "percentage": [75.0, 25.0, 100.0, 100.0],
    }
)


def batches_of(*profits, start="2026-01"):
    """One batch a month with these restated profits."""
    months = pd.date_range(start, periods=len(profits), freq="MS")
    profit = np.asarray(profits, dtype=float)
    return pd.DataFrame(
        {
            "month": months,
            "batch_id": [f"b{i}" for i in range(len(profits))],
            "predicted_at": months + pd.Timedelta(days=27),
            "customer_count": [4] * len(profits),
            "high_risk_customers": [34] * len(profits),
            "scored_customers": [200] * len(profits),
            "total_revenue": profit / 0.9,
            "total_costs": profit / 9,
            "net_profit": profit,
            "roi_percentage": [900.0] * len(profits),
        }
    )


def forecast_of(last=8_000.0, months=12):
    """Twelve months ahead, evenly up."""
    profit = last * (1 + 0.01 * np.arange(1, months + 1))
    return pd.DataFrame(
        {
            "month": pd.date_range("2026-11", periods=months, freq="MS"),
            "net_profit": profit,
            "lower_80": profit * 0.8, "upper_80": profit * 1.2,
            "lower_95": profit * 0.7, "upper_95": profit * 1.3,
            "total_revenue": profit / 0.9, "total_costs": profit / 9, "roi_percentage": 900.0,
        }
    )  # fmt: skip


def arm_of(name="Spring voucher", arm="voucher", **changed):
    """A treated group: 150 contacted, 150 in control, £10 more profit a head for £3 of cost."""
    return {
        "campaign_id": "R1", "name": name, "channel": "E-mail", "purpose": "retention",
        "started_at": pd.Timestamp("2026-04-08"), "arm": arm, "in_timeframe": True, "outcome": "sales",
        "measure": "profit", "status": "measured", "window_days": 30, "contacted": 150, "control": 150,
        "responded": 12, "left_out": 0, "unfinished": 0, "cost": 450.0,
        "conversion_rate": 20.0, "control_conversion_rate": 12.0,
        "conversion_lift": 8.0, "conversion_lift_low": 1.0, "conversion_lift_high": 15.0,
        "profit_lift": 10.0, "profit_lift_low": 4.0, "profit_lift_high": 16.0,
        "incremental_profit": 1_050.0, "incremental_profit_low": 150.0, "incremental_profit_high": 1_950.0,
        "roi_percentage": 233.3, "roi_percentage_low": 33.3, "roi_percentage_high": 433.3,
        "revenue_lift": 20.0, "revenue_lift_low": 8.0, "revenue_lift_high": 32.0,
        "incremental_revenue": 3_000.0, "incremental_revenue_low": 1_200.0,
        "incremental_revenue_high": 4_800.0, "revenue_roi_percentage": 566.7,
        "p_value": 0.001, "p_holm": 0.002,
        "smallest_visible_lift": 8.6, "smallest_visible_total": 1_290.0, "gross_revenue": 9_000.0,
        "gross_profit": 4_000.0, "verdict": "pays", "sales_without_profit": 0,
    } | changed  # fmt: skip


UNSEEN = {
    "profit_lift": 1.0, "profit_lift_low": -5.0, "profit_lift_high": 7.0, "incremental_profit": -300.0,
    "incremental_profit_low": -1_200.0, "incremental_profit_high": 600.0, "verdict": "no evidence",
}  # fmt: skip
WITHOUT_CONTROL = {
    name: NAN
    for name, value in arm_of().items()
    if isinstance(value, float) and not name.startswith(("gross", "cost", "conversion_rate"))
} | {"status": "no control group", "verdict": "not measurable", "control": 0}


def arms_of(*rows):
    """Treated groups as a frame; no rows where none is given."""
    return pd.DataFrame([arm_of(**row) for row in rows], columns=list(arm_of()))


BALANCE = pd.DataFrame(
    {
        "campaign_id": ["R1", "R1"], "name": ["Spring voucher"] * 2, "arm": ["voucher"] * 2,
        "characteristic": ["recency_days", "spend_365d"], "treated_mean": [80.0, 300.0],
        "control_mean": [81.0, 420.0], "standardised_difference": [0.02, -0.3], "by_chance": [0.22, 0.22],
        "unbalanced": [False, True], "beyond_chance": [False, True],
    }
)  # fmt: skip
WIN_BACK = pd.DataFrame(
    {
        "campaign_id": ["R1", "R2"], "name": ["Spring voucher", "We miss you"], "arm": ["voucher", "letter"],
        "outcome": ["sales"] * 2, "window_days": [30, 30],
        "lapsed_contacts": [60, 140], "reactivated": [6, 21], "reactivated_rate": [10.0, 15.0],
        "control_lapsed": [58, 141], "control_reactivated": [5, 7], "control_reactivated_rate": [8.6, 5.0],
        "difference": [1.4, 10.0], "difference_low": [-9.0, 3.0], "difference_high": [12.0, 17.0],
        "p_value": [0.8, 0.005], "status": ["measured", "measured"],
    }
)  # fmt: skip
SAVE_SHARE = pd.DataFrame(
    {
        "campaign_id": ["R1"], "name": ["Spring voucher"], "arm": ["voucher"], "purpose": ["retention"],
        "outcome": ["sales"], "window_days": [90], "treated": [150], "churned_treated": [30],
        "control": [150], "churned_control": [40], "churn_rate_treated": [20.0], "churn_rate_control": [26.7],
        "save_share": [0.25], "save_share_low": [-0.05], "save_share_high": [0.45], "status": ["measured"],
    }
)  # fmt: skip
GAINS = pd.DataFrame({"share": np.linspace(0, 1, 21)})
GAINS["at_random"] = 0.045 * GAINS["share"]
GAINS["by_effect"] = 0.045 * np.sqrt(GAINS["share"])
GAINS["by_effect_low"] = GAINS["by_effect"] - 0.01 * GAINS["share"]
GAINS["by_effect_high"] = GAINS["by_effect"] + 0.01 * GAINS["share"]
GAINS["by_risk"] = 0.045 * GAINS["share"] ** 1.2
SCORES = pd.DataFrame(
    {
        "targeting": ["predicted effect", "risk", "at random"], "qini": [0.0036, -0.0004, 0.0],
        "low": [0.0021, -0.0012, NAN], "high": [0.0051, 0.0004, NAN], "random_sd": [0.0004] * 3,
    }
)  # fmt: skip


def uplift_of(verdict="evidence", status="measured", qini=0.0036, **changed):
    """What an uplift model found, with the fields that words read."""
    scores = SCORES.assign(qini=[qini, -0.0004, 0.0])
    found = {
        "status": status, "verdict": verdict, "name": "Spring mail", "arm": "women", "treated": 21_000,
        "control": 21_300, "largest_arm": 21_000, "scores": scores, "curve": GAINS,
    }  # fmt: skip
    return SimpleNamespace(**(found | changed))
