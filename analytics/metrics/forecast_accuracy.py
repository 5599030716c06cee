"""What earlier forecasts said, and what came: joined when read, never stored."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.timeframe import Timeframe

_MONEY = ("value", "lower_80", "upper_80", "lower_95", "upper_95")
COLUMNS = (
    *("made_at", "month", "model", "months_ahead", "value", "lower_80", "upper_80", "lower_95", "upper_95"),
    *("actual", "error", "error_percent", "inside_80", "inside_95"),
)


def forecast_accuracy(forecasts: ibis.Table, months: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    """Hold forecasts made before the reference date against the whole months that have come since.

    Parameters
    ----------
    forecasts : ibis.Table
        As in the contract; an absent table is an empty one.
    months : pandas.DataFrame
        ``month`` (datetime64) and ``revenue`` (currency, missing in gaps) of the whole months.
    timeframe : Timeframe
        Forecasts made on its reference date or later are not read.

    Returns
    -------
    pandas.DataFrame
        One row for each forecast of a month whose revenue is known, by ``made_at``, ``month``, ``model``:
        the contract's columns, ``months_ahead`` (int64: 1 is the first month after it was made), ``actual``
        (currency), ``error`` (forecast − actual, currency), ``error_percent`` (of the actual; missing where
        that is 0), ``inside_80``, ``inside_95`` (boolean; missing without the bounds).
    """
    limit = day_number(timeframe.reference_date) * SECONDS_A_DAY
    made = forecasts.filter(forecasts.made_at.epoch_seconds() < limit)
    money = {name: made[name].cast("float64") for name in _MONEY}
    ordered = made.select("made_at", "month", "model", **money).order_by("made_at", "month", "model")
    rows: pd.DataFrame = ordered.to_pandas()
    for name in ("made_at", "month"):
        rows[name] = pd.to_datetime(rows[name]).astype("datetime64[us]")
    rows["month"] = rows["month"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    actual = months.dropna(subset=["revenue"]).set_index("month")["revenue"].astype("float64")
    rows["actual"] = rows["month"].map(actual).astype("float64")
    # A month that had begun when the forecast was made is no forecast of it.
    rows = rows[rows["actual"].notna() & (rows["month"] >= rows["made_at"])].reset_index(drop=True)
    rows["error"] = (rows["value"] - rows["actual"]).round(4)
    rows["error_percent"] = 100 * rows["error"] / rows["actual"].abs().where(rows["actual"] != 0)
    made_in = 12 * rows["made_at"].dt.year + rows["made_at"].dt.month + (rows["made_at"].dt.day > 1)
    rows["months_ahead"] = (12 * rows["month"].dt.year + rows["month"].dt.month - made_in + 1).astype("int64")
    for level in ("80", "95"):
        low, high = rows[f"lower_{level}"], rows[f"upper_{level}"]
        within = (rows["actual"] >= low) & (rows["actual"] <= high)
        rows[f"inside_{level}"] = within.astype("boolean").mask(low.isna() | high.isna())
    return rows[list(COLUMNS)]


def accuracy_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum up how near earlier forecasts came, one row for each model.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `forecast_accuracy`.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``forecasts`` (int64: days on which one was made), ``months`` (int64: months compared, one
        counted once for each forecast of it), ``first_made``, ``last_made`` (datetime64), ``mape``,
        ``bias_percent`` (percent), ``coverage_80``, ``coverage_95`` (percent; missing without bounds).
    """
    found = []
    for model, each in rows.groupby("model", sort=True):
        total = float(each["actual"].abs().sum())
        found.append(
            {
                "model": model,
                "forecasts": each["made_at"].nunique(),
                "months": len(each),
                "first_made": each["made_at"].min(),
                "last_made": each["made_at"].max(),
                "mape": float(each["error_percent"].abs().mean()),
                "bias_percent": 100 * float(each["error"].sum()) / total if total else np.nan,
                "coverage_80": _share(each["inside_80"]),
                "coverage_95": _share(each["inside_95"]),
            }
        )
    columns = ["model", "forecasts", "months", "first_made", "last_made", "mape", "bias_percent"]
    return pd.DataFrame(found, columns=[*columns, "coverage_80", "coverage_95"])


def _share(inside: pd.Series) -> float:
    known = inside.dropna()
    return 100 * float(known.astype("float64").mean()) if len(known) else float("nan")
