"""How monthly revenue moves: growth, season by quarter, and months that stand out.

These read the few rows that `monthly_revenue` has summed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analytics.metrics.seasons import FEWEST_MONTHS, YEAR, Floats, centred_mean

UNUSUAL = 4.0
"""Median absolute deviations from what the season would have, from which on a month stands out."""


def revenue_growth(months: pd.DataFrame) -> pd.DataFrame:
    """Growth of each month, and whether it stands out.

    Parameters
    ----------
    months : pandas.DataFrame
        ``month`` (datetime64) and ``revenue`` (currency, missing in gaps), one row for each month without a
        break. It is not modified.

    Returns
    -------
    pandas.DataFrame
        One row for each month:

        - ``month``, ``revenue``.
        - ``month_over_month_rate``, ``year_over_year_rate`` (percent): change from the month before and from
          the same month a year before; missing where that is unknown, zero or less.
        - ``expected_revenue`` (currency): the centred mean of 12 months, times (where all months are above
          zero; else plus) the median of what the same calendar month had against it. Missing under 24 months.
        - ``unusual`` (boolean): further from that than 4 times the median distance of all months that are not
          met exactly.

    Examples
    --------
    >>> rows = pd.DataFrame({"month": pd.date_range("2026-01-01", periods=3, freq="MS"),
    ...                      "revenue": [100.0, 110.0, 99.0]})
    >>> revenue_growth(rows)["month_over_month_rate"].round(6).tolist()
    [nan, 10.0, -10.0]
    """
    revenue = months["revenue"].astype("float64").reset_index(drop=True)
    expected, unusual = _standing_out(np.asarray(revenue, dtype=np.float64))
    return pd.DataFrame(
        {
            "month": months["month"].reset_index(drop=True),
            "revenue": revenue,
            "month_over_month_rate": _change(revenue, 1),
            "year_over_year_rate": _change(revenue, YEAR),
            "expected_revenue": expected.round(4),
            "unusual": unusual,
        }
    )


def quarter_seasonality(months: pd.DataFrame) -> pd.DataFrame:
    """What each quarter of the calendar year is against an average one.

    Each month is divided by the centred mean of the twelve months around it; a calendar month is the mean of
    its years, and a quarter the mean of its three months.

    Parameters
    ----------
    months : pandas.DataFrame
        As for `revenue_growth`. Gaps are left out.

    Returns
    -------
    pandas.DataFrame
        One row for each of the four quarters: ``quarter`` (``Q1`` …), ``seasonal_index`` (1 is an average
        quarter), ``low``, ``high`` (95 % t interval over the years; missing under three), ``years`` (int64:
        whole quarters it is made from), ``average_revenue`` (currency a month). Empty under 24 months, or
        where twelve months together bring nothing.
    """
    revenue = months["revenue"].to_numpy(dtype="float64")
    columns = ["quarter", "seasonal_index", "low", "high", "years", "average_revenue"]
    if len(revenue) < FEWEST_MONTHS:
        return pd.DataFrame(columns=columns)
    trend = centred_mean(revenue)
    usable = np.isfinite(trend) & (trend > 0)
    frame = pd.DataFrame(
        {
            "quarter": months["month"].dt.quarter.to_numpy(),
            "year": months["month"].dt.year.to_numpy(),
            "month": months["month"].dt.month.to_numpy(),
            "index": np.divide(revenue, trend, out=np.full(len(revenue), np.nan), where=usable),
        }
    )
    known = frame.dropna()
    index = known.groupby(["quarter", "month"])["index"].mean().groupby("quarter").mean().reindex(range(1, 5))
    if index.isna().any():
        return pd.DataFrame(columns=columns)
    # How far years differ can be told from quarters of which all three months are known.
    each = known.groupby(["quarter", "year"])["index"].agg(["mean", "count"])
    whole = each[each["count"] == 3].reset_index().pivot_table("mean", "quarter", "year").reindex(range(1, 5))
    years = whole.notna().sum(axis=1)
    index = index / index.mean()
    spread = whole.std(axis=1, ddof=1) / np.sqrt(years.clip(lower=1))
    reach = spread.where(years >= 3) * stats.t.ppf(0.975, (years - 1).clip(lower=1))
    average = months.groupby(months["month"].dt.quarter)["revenue"].mean().reindex(range(1, 5))
    return pd.DataFrame(
        {
            "quarter": [f"Q{number}" for number in range(1, 5)],
            "seasonal_index": index.to_numpy(),
            "low": (index - reach).to_numpy(),
            "high": (index + reach).to_numpy(),
            "years": years.astype("int64").to_numpy(),
            "average_revenue": average.to_numpy(),
        }
    )


def _change(revenue: pd.Series, lag: int) -> pd.Series:
    base = revenue.shift(lag)
    changed: pd.Series = 100 * (revenue - base) / base.where(base > 0)
    return changed


def _standing_out(revenue: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """What each month's season would have, and whether it is far from it.

    A month that is far off bends the trend around it, so that it is replaced by what was expected and all is
    computed again, three times.
    """
    far = np.zeros(len(revenue), dtype=bool)
    expected = np.full(len(revenue), np.nan)
    if len(revenue) < FEWEST_MONTHS or np.isfinite(revenue).sum() < FEWEST_MONTHS:
        return expected, far
    series = pd.Series(revenue).interpolate(limit_direction="both")
    clean, floor = np.asarray(series, dtype=np.float64), 1e-9 * float(np.nanmax(np.abs(revenue)))
    for _ in range(3):
        expected = _seasonal_expectation(clean)
        size = np.abs(revenue - expected)
        # Months that are met exactly, as in a table that repeats itself, would make all others look far away.
        others = size[np.isfinite(size) & (size > floor)]
        if not len(others):
            return expected, np.zeros(len(revenue), dtype=bool)
        far = np.nan_to_num(size, nan=0.0) > UNUSUAL * float(np.median(others))
        clean = np.where(far, expected, np.asarray(series, dtype=np.float64))
    return expected, far


def _seasonal_expectation(values: Floats) -> Floats:
    """Trend times season where all is above zero, else trend plus season.

    The season of a month is the median of the same month in the other years: were its own among them, one of
    three years would be its own expectation.
    """
    trend = _trend(values)
    ratio = bool(values.min() > 0 and trend.min() > 0)
    against = values / trend if ratio else values - trend
    shape = np.empty_like(against)
    for month in range(YEAR):
        years = against[month::YEAR]
        shape[month::YEAR] = [np.median(np.delete(years, own)) for own in range(len(years))]
    found: Floats = trend * shape if ratio else trend + shape
    return found


def _trend(values: Floats) -> Floats:
    """Centred mean of twelve months; beyond its ends it goes on as in the year nearest to them."""
    inner = centred_mean(values)
    first, last = YEAR // 2, len(values) - YEAR // 2 - 1
    steps, places = np.diff(inner[first : last + 1]), np.arange(len(values))
    before, after = np.median(steps[:YEAR]), np.median(steps[-YEAR:])
    lead = inner[first] - before * (first - places)
    tail = inner[last] + after * (places - last)
    found: Floats = np.where(places < first, lead, np.where(places > last, tail, inner))
    return found
