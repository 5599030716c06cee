"""What the revenue forecast reaches on 150 monthly retail series, 18 months held out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.models.forecast.candidates import MEAN, NAIVE
from analytics.models.forecast.revenue_forecast import forecast_revenue
from benchmarks.evidence.row import Row, at_most, within

HELD_OUT = 18
ENOUGH = 60
"""Shorter series (two of them) have no history left to speak of."""


def rows() -> Iterator[Row]:
    series = retail_series()
    long = measure(series, 120)
    yield at_most("forecast", "aus_retail, 120 months: MASE of the mean", long["mase"].mean(), 1.04)
    naive = long["naive_mase"].mean()
    yield within("forecast", "aus_retail: MASE of last year repeated", naive, 1.36, 1.38)
    yield within("forecast", "aus_retail, 120 months: months within 80 %", _share(long, "inside_80"), 77, 88)
    yield within("forecast", "aus_retail, 120 months: months within 95 %", _share(long, "inside_95"), 92, 98)
    yield within(
        "forecast", "aus_retail, 120 months: year's total within 80 %", _share(long, "total_80"), 70, 90
    )
    yield within(
        "forecast", "aus_retail, 120 months: what the backtest said of 80 %", long["said_80"].mean(), 77, 90
    )
    led = long["led_mase"].mean()
    yield at_most("forecast", "aus_retail, 120 months: MASE of what pages lead with", led, naive)
    slowest = long["seconds"].mean()
    yield at_most("forecast", "forecast, backtest, intervals: seconds a series (CPU)", slowest, 0.4)
    short = measure(series, 24)
    yield at_most("forecast", "aus_retail, 24 months: MASE of the mean", short["mase"].mean(), 1.26)
    for months, bound in ((36, 1.10), (48, 1.10)):
        middle = measure(series, months)
        what = f"aus_retail, {months} months"
        yield at_most("forecast", f"{what}: MASE of the mean", middle["mase"].mean(), bound)
        yield within("forecast", f"{what}: months within 80 %", _share(middle, "inside_80"), 77, 88)
    began = time.process_time()
    forecast_revenue(as_months(series[0][:-HELD_OUT][-120:]))
    spent = time.process_time() - began
    yield at_most("forecast", "a page's modelling, all candidates, 120 months: seconds (CPU)", spent, 4.0)


def retail_series() -> list[np.ndarray]:
    """All series that are long enough, by their id, oldest month first."""
    folder = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
    frame = pd.read_parquet(folder / "timeseries" / "aus_retail.parquet")
    found = [each.sort_values("Month")["Turnover"].to_numpy() for _, each in frame.groupby("Series_ID")]
    return [values for values in found if len(values) >= ENOUGH]


def as_months(values: np.ndarray) -> pd.DataFrame:
    months = pd.date_range("2009-01-01", periods=len(values), freq="MS")
    return pd.DataFrame({"month": months, "revenue": values})


def measure(series: list[np.ndarray], months: int) -> pd.DataFrame:
    """Forecast the held-out months of each series from the months before them, one row for each."""
    return pd.DataFrame([_measure_one(values, months) for values in series])


def _measure_one(values: np.ndarray, months: int) -> dict[str, object]:
    history, actual = values[:-HELD_OUT], values[-HELD_OUT:]
    scale = np.abs(history[12:] - history[:-12]).mean()  # of the whole history, as is usual for MASE
    began = time.process_time()
    found = forecast_revenue(as_months(history[-months:]), horizon=HELD_OUT, beside=False)
    seconds = time.process_time() - began
    by_model = dict(iter(found.others.groupby("model")))
    mean = by_model[MEAN]
    errors = {name: float(np.abs(rows["value"] - actual).mean() / scale) for name, rows in by_model.items()}
    total = found.totals.set_index("model").loc[MEAN]
    year = actual[: int(total["months"])].sum()
    said = found.backtest.set_index("model")["coverage_80"]
    return {
        "mase": errors[MEAN],
        "naive_mase": errors[NAIVE],
        "led_mase": errors[found.leader],
        "inside_80": ((actual >= mean["lower_80"]) & (actual <= mean["upper_80"])).mean(),
        "inside_95": ((actual >= mean["lower_95"]) & (actual <= mean["upper_95"])).mean(),
        "total_80": total["lower_80"] <= year <= total["upper_80"],
        "said_80": float(said.get(MEAN, np.nan)),
        "seconds": seconds,
    }


def _share(frame: pd.DataFrame, column: str) -> float:
    return 100 * float(frame[column].mean())
