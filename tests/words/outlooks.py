"""Blocks of the lifetime value report as a notebook publishes them, for tests of its words and pictures."""

from datetime import date

import numpy as np
import pandas as pd


def totals_of(revenue=100_000.0, low=80_000.0, high=125_000.0, share=0.4):
    rows = [
        ("12m", "purchases", 5000.0, 4500.0, 5500.0, True),
        ("12m", "revenue", revenue, low, high, True),
        ("36m", "revenue", 2.5 * revenue, 2 * revenue, 3 * revenue, True),
        ("12m", "clv", revenue * share, low * share, high * share, True),
    ]
    return pd.DataFrame(rows, columns=["horizon", "measure", "value", "low", "high", "widened"])


def tenths_of(customers=40, active=(0.9, 0.7, 0.002)):
    revenue = np.array([60_000.0, 39_800.0, 200.0])
    return pd.DataFrame(
        {
            "decile": [1, 2, 3],
            "customers": [customers] * 3,
            "predicted_revenue_12m": revenue,
            "revenue_contribution": 100 * revenue / revenue.sum(),
            "probability_alive": active,
            "expected_purchases_12m": [9.0, 4.0, 0.1],
            "total_revenue": [90_000.0, 50_000.0, 30_000.0],
        }
    )


def candidates_of(chosen="mbg_nbd", mbg=-100.0, bg=-101.0):
    rows = [("mbg_nbd", "MBG/NBD", mbg, True), ("bg_nbd", "BG/NBD", bg, True)]
    frame = pd.DataFrame(rows, columns=["model", "label", "log_likelihood", "converged"])
    return frame.assign(chosen=frame["model"] == chosen)


def model_of(**other):
    """The block ``model``; `other` replaces entries."""
    parameters = pd.DataFrame(
        {
            "model": ["mbg_nbd"] * 2 + ["gamma_gamma"],
            "label": ["MBG/NBD"] * 2 + ["Gamma-Gamma"],
            "parameter": ["r", "alpha", "p"],
            "estimate": [0.24259, 4.41353, 6.25],
            "standard_error": [0.01256, np.nan, 1.189],
            "chosen": True,
        }
    )
    repeats = pd.DataFrame(
        {
            "visits": ["0", "1", "2", "3", "4", "5", "6", "7+"],
            "actual": [60, 20, 10, 10, 8, 6, 4, 2],
            "expected": [54.0, 23.0, 13.0, 9.0, 8.0, 6.0, 4.0, 3.0],
        }
    )
    block = {
        "purchases": "mbg_nbd", "value": "gamma_gamma", "customers": 120, "repeat_customers": 60,
        "leader": "model", "profit_share": 0.4, "discount_rate": 0.1, "correlation": 0.05,
        "correlation_customers": 60, "notes": None, "same_rate_purchases_12m": 9000.0,
        "same_rate_revenue_12m": 180_000.0, "same_rate_clv_12m": 72_000.0, "candidates": candidates_of(),
        "parameters": parameters, "totals": totals_of(), "repeat_visits": repeats, "tenths": tenths_of(),
    }  # fmt: skip
    return block | other


def nothing_known(customers=5):
    """The block ``model`` where too few customers have come back."""
    empty = model_of()
    return empty | {
        "purchases": None, "value": None, "customers": customers, "repeat_customers": 1, "leader": None,
        "notes": "few_repeat_customers; few_values", "candidates": empty["candidates"].head(0),
        "parameters": empty["parameters"].head(0), "tenths": empty["tenths"].head(0),
        "totals": totals_of(np.nan, np.nan, np.nan),
        "repeat_visits": empty["repeat_visits"].assign(expected=np.nan),
    }  # fmt: skip


def checked_of(total=110.0, actual=100, rmse=(1.5, 2.5, 2.2), **other):
    """The block ``validation``."""
    scores = pd.DataFrame(
        {
            "method": ["model", "same_rate", "zero"],
            "total": [total, 170.0, 0.0],
            "actual_total": [actual] * 3,
            "error_percent": [100 * (total - actual) / actual, 70.0, -100.0],
            "rmse": rmse,
            "mae": [0.9, 1.1, 0.8],
            "log_score": [1.2, np.nan, np.nan],
        }
    )
    bins = pd.DataFrame(
        {
            "visits": ["0", "1", "7+"],
            "customers": [60, 40, 20],
            "actual": [0.2, 0.9, 9.0],
            "expected": [0.25, 0.5, 1.0],
        }
    )
    weekly = pd.DataFrame(
        {
            "week": range(1, 41),
            "actual": np.arange(1, 41) * 5,
            "expected": np.arange(1, 41) * 5.5,
            "holdout": np.arange(1, 41) > 20,
        }
    )
    coverage = pd.DataFrame(
        {"measure": ["visits", "value", "revenue"], "customers": [120, 50, 120],
         "coverage": [0.81, np.nan, 0.79], "tempering": [1.0, 1.2, 1.2]}
    )  # fmt: skip
    block = {
        "calibration_start": date(2025, 1, 1), "holdout_start": date(2025, 5, 21), "calibration_days": 140,
        "holdout_days": 140, "customers": 120, "scores": scores, "bins": bins, "weekly": weekly,
        "coverage": coverage, "tempering": 1.2, "total_error": 0.1, "revenue_error": 0.1, "notes": None,
        "missing": None,
    }  # fmt: skip
    return block | other


def unchecked(reason="history_too_short"):
    """The block ``validation`` where there is no evidence."""
    block = checked_of(missing=reason, customers=0)
    frames = {name: block[name].head(0) for name in ("scores", "bins", "weekly", "coverage")}
    return block | frames | {"calibration_start": None, "holdout_start": None}


def accounts_of(leader="ensemble", accounts=40, **other):
    """The block ``accounts``: each of them worth 1,000 a year, the first ones losing most."""
    share = np.linspace(0.7, 1.05, accounts)
    people = pd.DataFrame(
        {
            "rank": range(1, accounts + 1),
            "customer_id": [f"a{i}" for i in range(accounts)],
            "customer_name": ["Ada", *[None] * (accounts - 1)][:accounts],
            "plan": [None, *["Team"] * (accounts - 1)][:accounts],
            "acv": 1000.0,
            "tenure_days": 400.0,
            "predicted_revenue_12m": 1000 * share,
            "predicted_revenue_12m_low": 700 * share,
            "predicted_revenue_12m_high": 1200 * share,
            "expected_change_12m": 1000 * (share - 1),
            "ensemble_revenue_12m": 1000 * share,
            "baseline_revenue_12m": 850.0,
            "prediction_confidence": 0.9,
            "factor_1": "seat_use",
            "factor_1_effect": -120.0,
            "factor_2": "plan",
            "factor_2_effect": 60.0,
            "factor_3": None,
            "factor_3_effect": np.nan,
        }
    )
    scores = pd.DataFrame(
        {
            "method": ["ensemble", "forest", "linear", "baseline", "unchanged"],
            "share_error": [0.30, 0.31, 0.32, 0.35, 0.4],
            "revenue_error": [300.0, 310.0, 320.0, 350.0, 400.0],
            "total_predicted": [9_100.0] * 5,
            "total_actual": [9_000.0] * 5,
            "total_error_percent": [1.11, 2.0, 3.0, -8.0, 6.0],
            "checked_accounts": 400,
        }
    )
    total = people["predicted_revenue_12m"].sum()
    groups = pd.DataFrame(
        {
            "from_share": [np.nan, 0.8, 1.0], "to_share": [0.8, 0.9, np.nan], "accounts": [10, 20, 10],
            "acv": [10_000.0, 20_000.0, 10_000.0], "predicted_revenue_12m": [7_500.0, 17_000.0, 10_200.0],
        }
    )  # fmt: skip
    bands = pd.DataFrame(
        {"predicted": [0.7, 0.9], "actual": [0.72, 0.88], "low": [0.65, 0.8], "high": [0.8, 0.95],
         "accounts": [200, 200]}
    )  # fmt: skip
    thirds = pd.DataFrame(
        {"third": ["low", "middle", "high"], "confidence": [0.8, 0.9, 0.95], "share_error": [0.4, 0.3, 0.2],
         "accounts": [133, 133, 134]}
    )  # fmt: skip
    block = {
        "accounts": accounts, "acv": 1000.0 * accounts, "predicted_revenue_12m": total,
        "predicted_revenue_12m_low": 0.9 * total, "predicted_revenue_12m_high": 1.1 * total,
        "baseline_revenue_12m": 850.0 * accounts, "expected_months": 10.2, "leader": leader, "missing": None,
        "folds": 4, "trained_on": 900, "coverage": 0.79, "difference": -0.03, "difference_low": -0.05,
        "difference_high": -0.01, "customers": people, "scores": scores, "bands": bands,
        "confidence": thirds, "groups": groups,
        "drivers": pd.DataFrame({"feature": ["seat_use", "plan"], "effect": [0.05, 0.02]}),
    }  # fmt: skip
    return block | other


def no_year(accounts=40):
    """The block ``accounts`` where there is no year of snapshots to learn from."""
    block = accounts_of(None, accounts)
    gaps = [name for name in block if name.startswith(("predicted", "baseline", "expected", "difference"))]
    people = block["customers"]
    unknown = [
        name
        for name in people
        if name not in ("rank", "customer_id", "customer_name", "plan", "acv", "tenure_days")
    ]
    frames = {name: block[name].head(0) for name in ("scores", "bands", "confidence", "groups", "drivers")}
    block |= frames | dict.fromkeys(gaps, np.nan) | {"missing": "too little history", "folds": 0}
    return block | {"coverage": np.nan, "customers": people.assign(**dict.fromkeys(unknown, np.nan))}


def no_accounts():
    """The block ``accounts`` of an organisation without contracts."""
    block = no_year(0)
    return block | {"missing": "no accounts", "acv": 0.0}
