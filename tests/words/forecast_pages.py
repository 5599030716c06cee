"""Frames of a revenue forecast, for tests of its words, pictures and tables."""

import numpy as np
import pandas as pd

from analytics.metrics.revenue_growth import quarter_seasonality, revenue_growth

PLACES = np.arange(36)
VALUES = 50_000 * np.exp(0.01 * PLACES + 0.2 * np.sin(PLACES * np.pi / 6))


def months(values=VALUES):
    start = pd.Timestamp("2026-11-01") - pd.DateOffset(months=len(values))
    return pd.DataFrame(
        {
            "month": pd.date_range(start, periods=len(values), freq="MS"),
            "revenue": np.asarray(values, dtype=float),
        }
    )


def ahead(value=60_000.0, model="mean", n=12, wide=0.2):
    low, high = 1 - wide, 1 + wide
    return pd.DataFrame(
        {
            "month": pd.date_range("2026-11-01", periods=n, freq="MS"),
            "model": model,
            "value": value,
            "lower_80": low * value,
            "upper_80": high * value,
            "lower_95": (1 - 1.5 * wide) * value,
            "upper_95": (1 + 1.5 * wide) * value,
        }
    )


def totals(value=720_000.0, before=600_000.0, model="mean", wide=0.1, n=12, others=()):
    rows = [(model, value), *others]
    return pd.DataFrame(
        [
            {
                "model": name, "months": n, "value": amount,
                "lower_80": (1 - wide) * amount, "upper_80": (1 + wide) * amount,
                "lower_95": (1 - 1.5 * wide) * amount, "upper_95": (1 + 1.5 * wide) * amount,
                "year_before": before,
            }
            for name, amount in rows
        ]
    )  # fmt: skip


def scores(**mase):
    """Scores of models by their MASE; a miss of 20 % goes with a MASE of 1."""
    found = mase or {"arima": 0.5, "mean": 0.6, "seasonal_naive": 1.1}
    rows = [
        {
            "model": name, "mase": error, "smape": 20 * error, "mape": 20 * error, "bias": -100.0,
            "bias_percent": -2.0, "coverage_80": 81.0, "coverage_95": 96.0, "origins": 6, "horizon": 7,
            "months": 42, "zero_months": 0,
        }
        for name, error in found.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def past():
    then = ahead(n=6).assign(month=pd.date_range("2026-05-01", periods=6, freq="MS"))
    then["actual"] = [60_000.0, 61_000, 59_000, 90_000, np.nan, 60_000]
    return then.assign(origin=pd.Timestamp("2026-05-01"))


def growth(values=VALUES):
    return revenue_growth(months(values))


def seasons(values=VALUES):
    return quarter_seasonality(months(values))


def earlier(n=8):
    rows = ahead(n=n).assign(
        month=pd.date_range("2026-03-01", periods=n, freq="MS"), made_at=pd.Timestamp("2026-03-01")
    )
    rows["actual"] = 55_000.0
    rows["error_percent"] = 100 * (rows["value"] - rows["actual"]) / rows["actual"]
    rows["inside_80"] = True
    return rows


def pipeline(added=False):
    rows = pd.DataFrame(
        {
            "timing": [*["expected"] * 12, "overdue", "undated"],
            "month": [*pd.date_range("2026-11-01", periods=12, freq="MS"), pd.NaT, pd.NaT],
            "deals": [5, 2, *[0] * 10, 3, 1],
            "value": [9000.0, 4000.0, *[0.0] * 10, 2000.0, 100.0],
            "weighted_value": [4500.0, 400.0, *[0.0] * 10, 700.0, 10.0],
            "baseline": [*[60_000.0] * 12, np.nan, np.nan],
        }
    )
    return rows.assign(total=rows["baseline"] + rows["weighted_value"] if added else np.nan)
