"""The net profit that the batches of the next twelve months would restate, if their trend goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from analytics.metrics.roi import RoiRules

Floats = NDArray[np.float64]

MONTHS_NEEDED = 6
"""Monthly batches under which no trend is told."""

_COLUMNS = (
    *("month", "net_profit", "lower_80", "upper_80", "lower_95", "upper_95"),
    *("total_revenue", "total_costs", "roi_percentage"),
)


def roi_forecast(history: pd.DataFrame, rules: RoiRules, *, horizon: int = 12) -> pd.DataFrame:
    """Carry the net profit of monthly batches on.

    Parameters
    ----------
    history : pandas.DataFrame
        ``history`` of `analytics.metrics.roi_batches.batch_figures`: ``month`` and ``net_profit``, oldest
        first. A month without a batch takes the value between its neighbours.
    rules : RoiRules
        Their share of costs turns profit into revenue and costs.
    horizon : int, default 12
        Months ahead, from the month after the last batch.

    Returns
    -------
    pandas.DataFrame of shape (horizon, 9)
        ``month`` (datetime64, first day), ``net_profit`` with ``lower_80``, ``upper_80``, ``lower_95``,
        ``upper_95`` (money, not below 0: no batch restates a loss), ``total_revenue``, ``total_costs``,
        ``roi_percentage``. No rows under `MONTHS_NEEDED` batches.

    Notes
    -----
    The Theta method for a series without a season: the mean of simple exponential smoothing and of the
    straight line through the series. The interval counts the errors of the smoothing one month ahead, how
    they add up over months, and how unsure the line is, by Student's t on n − 2 degrees of freedom.

    References
    ----------
    .. [1] V. Assimakopoulos, K. Nikolopoulos, "The theta model: a decomposition approach to forecasting",
       *International Journal of Forecasting* 16(4), 2000.
    """
    if len(history) < MONTHS_NEEDED or horizon < 1:
        empty = pd.DataFrame(columns=list(_COLUMNS)).astype("float64")
        return empty.astype({"month": "datetime64[us]"})
    series = history.set_index("month")["net_profit"].astype("float64")
    series = series.reindex(pd.date_range(series.index[0], series.index[-1], freq="MS")).interpolate()
    y = np.asarray(series, dtype="float64")
    ahead = np.arange(1, horizon + 1)
    slope, slope_error = _line(y)
    alpha, level, sigma = _smoothing(y)
    # The line adds half its slope a month; after n months smoothing has forgotten where it began.
    drift = slope / 2 * (ahead - 1 + (1 - (1 - alpha) ** len(y)) / max(alpha, 1e-6))
    middle = level + drift
    error = np.sqrt(sigma**2 * (1 + (ahead - 1) * alpha**2) + (slope_error / 2 * ahead) ** 2)
    frame: dict[str, Any] = {
        "month": _months_after(series.index[-1], horizon),
        "net_profit": middle,
    }
    for level_percent in (80, 95):
        half = stats.t.ppf(0.5 + level_percent / 200, len(y) - 2) * error
        frame |= {f"lower_{level_percent}": middle - half, f"upper_{level_percent}": middle + half}
    money = {name: np.round(np.maximum(value, 0.0), 4) for name, value in frame.items() if name != "month"}
    return pd.DataFrame(frame | money | _restated(money["net_profit"], rules))[list(_COLUMNS)]


def _months_after(month: Any, count: int) -> Any:
    return pd.date_range(month, periods=count + 1, freq="MS")[1:].astype("datetime64[us]")


def _line(y: Floats) -> tuple[float, float]:
    """Slope of the straight line through a series, and its standard error."""
    x = np.arange(len(y)) - (len(y) - 1) / 2
    slope = float((x * y).sum() / (x**2).sum())
    left = y - y.mean() - slope * x
    return slope, float(np.sqrt((left**2).sum() / (len(y) - 2) / (x**2).sum()))


def _smoothing(y: Floats) -> tuple[float, float, float]:
    """Simple exponential smoothing: weight, last level, and spread of the errors one month ahead."""

    def run(alpha: float) -> tuple[float, Floats]:
        level, errors = float(y[0]), np.empty(len(y) - 1)
        for place, value in enumerate(y[1:]):
            errors[place] = value - level
            level += alpha * errors[place]
        return level, errors

    best = optimize.minimize_scalar(
        lambda a: float((run(a)[1] ** 2).sum()), bounds=(0.01, 0.99), method="bounded"
    )
    level, errors = run(float(best.x))
    return float(best.x), level, float(np.sqrt((errors**2).sum() / max(len(errors) - 1, 1)))


def _restated(profit: Floats, rules: RoiRules) -> dict[str, Any]:
    kept = 1 - rules.retention_cost_share
    revenue = np.round(profit / kept, 4) if kept > 0 else np.full(len(profit), np.nan)
    costs = np.round(revenue * rules.retention_cost_share, 4)
    # Of the shares, not of the rounded money: the return is the same in every month.
    share = rules.retention_cost_share
    percent = np.where(costs > 0, round(100 * kept / share, 4) if share else np.nan, np.nan)
    return {"total_revenue": revenue, "total_costs": costs, "roi_percentage": percent}
