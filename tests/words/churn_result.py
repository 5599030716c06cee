"""A churn model's evidence, made up by hand: the frames that words, charts and tables are tested on."""

from datetime import date

import numpy as np
import pandas as pd

REFERENCE = date(2026, 11, 1)
NAMES = {
    "mean": "Mean of logistic regression and boosting",
    "logistic": "Logistic regression",
    "boosting": "Gradient boosting",
    "random_forest": "Random forest",
    "recency": "Days since the last purchase",
    "clv_probability": "Chance of no purchase, from the rhythm of visits",
    "prior": "The same for everybody",
}


def status_of(**changes):
    """What a model for a shop of 2,000 customers says of itself."""
    usual = {
        "total_customers": 2600, "active_customers": 1500, "churned_customers": 1100,
        "scored_customers": 2000,
        "models_trained": 4, "training_timestamp": "2026-11-01", "training_rows": 7400,
        "training_cutoffs": ["2025-11-06", "2026-02-04", "2026-05-05"], "test_cutoff": "2026-08-03",
        "model_version": "2026-11-01_1a2b3c4d", "batch_id": "2026-11-01_1a2b3c4d_9f8e", "model_age_days": 0,
        "pinned": False, "drifted_features": [], "definition": "purchase", "horizon_days": 90,
        "eligible_days": 365, "base_rate": 40.0, "threshold": 0.17,
        "recommendations": ["Call the 37 best customers at risk this week.", "Train again in 30 days."],
        "missing": [], "notes": [],
    }  # fmt: skip
    return usual | changes


def scores_of(*, tested=1900, churned=760, model="mean", **aucs):
    """Scores on the test: by default the model is clearly better than the rules of thumb."""
    values = {
        "mean": 0.841, "logistic": 0.836, "boosting": 0.838, "random_forest": 0.825, "recency": 0.801,
        "clv_probability": 0.812, "prior": 0.5,
    } | aucs  # fmt: skip
    rows = []
    for name, auc in values.items():
        gain = values[model] - auc
        rows.append(
            {
                "model": name, "label": NAMES[name], "chosen": name == model,
                "role": "chosen" if name == model
                else "baseline" if name in ("recency", "clv_probability", "prior") else "candidate",
                "roc_auc": auc, "roc_auc_low": auc - 0.02, "roc_auc_high": auc + 0.02,
                "average_precision": 0.7, "average_precision_low": 0.66, "average_precision_high": 0.74,
                "brier": 0.16, "brier_low": 0.15, "brier_high": 0.17,
                "log_loss": 0.49, "log_loss_low": 0.47, "log_loss_high": 0.51,
                "calibration_error": 0.018, "calibration_error_low": 0.01, "calibration_error_high": 0.03,
                "accuracy": 0.78, "majority_share": 0.6, "customers": tested, "churned": churned,
                "forward_log_loss": np.nan if name == "prior" else 0.5,
                "auc_gain": gain, "auc_gain_low": gain - 0.008, "auc_gain_high": gain + 0.008,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def calibration_of(off=0.0, customers=190):
    """Tenths of the tested customers; `off` is how far predictions lie above what happened."""
    actual = np.linspace(0.05, 0.85, 10)
    return pd.DataFrame(
        {
            "bin": range(1, 11), "predicted": np.clip(actual + off, 0, 1), "actual": actual,
            "low": actual - 0.04, "high": actual + 0.04, "customers": customers,
            "churned": (actual * customers).round().astype(int),
        }
    )  # fmt: skip


def lift_of(top=90.0, base=40.0, n=190):
    """Lift by depth: `top` percent of the riskiest tenth left."""
    depth = np.array([1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    precision = np.interp(depth, [1, 10, 100], [min(top + 3, 100), top, base])
    return pd.DataFrame(
        {
            "depth_percent": depth, "customers": (depth * n / 10).round().astype(int),
            "churned": (depth * n / 10 * precision / 100).round().astype(int), "precision_rate": precision,
            "low": precision - 4, "high": np.minimum(precision + 4, 100), "lift": precision / base,
            "recall_rate": depth * precision / base,
        }
    )  # fmt: skip


def horizons_of(*rates, own=90, customers=1900):
    """Churn rates at 60 days, the model's own horizon and 180 days."""
    rates = rates or (55.0, 40.0, 22.0)
    days = [60, own, 180]
    return pd.DataFrame(
        {
            "horizon_days": days, "cutoff": [date(2026, 9, 2), date(2026, 8, 3), date(2026, 5, 5)],
            "customers": customers, "churned": [round(customers * r / 100) for r in rates],
            "own": [d == own for d in days], "churn_rate": rates, "churn_rate_n": customers,
            "churn_rate_low": [r - 2 for r in rates], "churn_rate_high": [r + 2 for r in rates],
        }
    )  # fmt: skip


def confusion_of(**changes):
    usual = {
        "threshold": 0.17, "true_positives": 700, "false_positives": 400, "false_negatives": 60,
        "true_negatives": 740, "cost": 1400.0, "cost_of_calling_all": 1900.0, "cost_of_calling_none": 3800.0,
        "cost_of_miss": 5.0, "cost_of_call": 1.0,
    }  # fmt: skip
    return usual | changes


def features_of(*importances):
    """Importances of that many features, the greatest first."""
    values = importances or (0.081, 0.034, 0.012, 0.004, 0.0, -0.001)
    labels = ["Days since the last purchase", "Days with a purchase", "Categories bought"]
    return pd.DataFrame(
        {
            "feature": [f"feature_{i}" for i in range(len(values))],
            "label": [labels[i] if i < len(labels) else f"Feature {i}" for i in range(len(values))],
            "importance": values, "sd": 0.002, "low": [v - 0.004 for v in values],
            "high": [v + 0.004 for v in values],
        }
    )  # fmt: skip


def drift_of(*values):
    """Drift of the score and of some features, as given."""
    values = values or (0.03, 0.02, 0.11)
    return pd.DataFrame(
        {
            "feature": ["score", *(f"feature_{i}" for i in range(len(values) - 1))],
            "psi": values,
            "by_chance": 0.05,
            "drifted": [v > 0.2 for v in values],
        }
    )


def predictions_of(n=2000, seed=3):
    """A batch: the riskiest first; every probability and every monetary score occurs."""
    random = np.random.default_rng(seed)
    chance = np.sort(random.beta(1, 1.6, n))[::-1]
    level = pd.cut(chance, [-1, 0.3, 0.6, 0.8, 1], labels=["Low", "Medium", "High", "Critical"]).astype(str)
    return pd.DataFrame(
        {
            "batch_id": "b", "predicted_at": pd.Timestamp(REFERENCE),
            "customer_id": [f"c{i:04}" for i in range(n)],
            "churn_probability": chance, "risk_level": level,
            "risk_factors": "no purchase for 120 days; bought on 2 days only",
            "recommendations": "Ask what went wrong with the last order, in person.",
            "prediction_confidence": 0.9, "monetary_score": random.permutation(n) / n * 100,
        }
    )  # fmt: skip


def rates_of(comparison, *, last=40.0, n=1900, swing=0.5):
    """Observed churn rates of a comparison's timeframes, that swing a little."""
    count = len(comparison.periods)
    rate = 40.0 + swing * np.where(np.arange(count) % 2, 1, -1)
    rate[-1] = last
    return pd.DataFrame(
        {
            "period": [p.label for p in comparison.periods], "start": [p.start for p in comparison.periods],
            "end": [p.reference_date for p in comparison.periods], "churn_rate": rate, "churn_rate_n": n,
            "churn_rate_low": rate - 2, "churn_rate_high": rate + 2,
            "churned_customers": (rate * n / 100).round().astype(int),
        }
    )  # fmt: skip


CARD = {
    "version": "2026-11-01_1a2b3c4d", "kind": "churn", "trained": "2026-11-01", "rows": 7400,
    "features": ["recency_days", "frequency"], "parameters": {"horizon_days": 90, "seed": 0},
    "libraries": {"scikit-learn": "1.9.0"},
}  # fmt: skip
