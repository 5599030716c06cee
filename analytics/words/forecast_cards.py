"""The headline figures of the report on coming revenue."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Change, Headline, Verdict

YEAR = 12


def cards(
    months: pd.DataFrame, totals: pd.DataFrame, ahead: pd.DataFrame, scores: pd.DataFrame, format: Format
) -> tuple[Headline, ...]:
    """The four headline figures: the year ahead, the year behind, the next month, and how far tests missed.

    Parameters
    ----------
    months : pandas.DataFrame
        ``month`` and ``revenue`` of the whole months.
    totals, ahead, scores : pandas.DataFrame
        As ``totals``, ``forecast`` and ``backtest`` of
        `analytics.models.forecast.revenue_forecast.ForecastResult`.
    format : Format

    Returns
    -------
    tuple of Headline
    """
    return (
        _sum_card(totals, format),
        _past_card(months, format),
        _next_card(months, ahead, format),
        _miss_card(ahead, scores, format),
    )


def _sum_card(totals: pd.DataFrame, format: Format) -> Headline:
    name, label = "forecast_revenue", "Expected in the next 12 months"
    if totals.empty:
        return Headline(name, label, format.money(None), "too little is known for a forecast")
    row = totals.iloc[0]
    label = f"Expected in the next {month_count(row['months'], format)}"
    base = f"80% interval {format.money(row['lower_80'])} to {format.money(row['upper_80'])}"
    close = row["lower_80"] <= row["year_before"] <= row["upper_80"]
    change = _change(
        row["year_before"],
        row["value"],
        f"the last {month_count(row['months'], format)}",
        format,
        close=close,
    )
    value = float(row["value"])
    return Headline(name, label, format.money(value), base, (change,), number=value, unit="money")


def _past_card(months: pd.DataFrame, format: Format) -> Headline:
    revenue = months["revenue"].astype("float64").reset_index(drop=True)
    span = min(YEAR, len(revenue))
    label = f"Revenue of the last {month_count(span, format)}" if span else "Revenue so far"
    if not span:
        return Headline("revenue_12m", label, format.money(None), "no whole month is known")
    sums = revenue.rolling(span, min_periods=span).sum()
    earlier = sums.iloc[-1 - YEAR] if len(sums) > YEAR else float("nan")
    history = tuple(None if pd.isna(value) else float(value) for value in sums.tail(YEAR + 1))
    base = f"whole months up to {format.month(months['month'].iloc[-1])}"
    change = _change(earlier, sums.iloc[-1], f"the {month_count(span, format)} before", format)
    year_ago = 0 if len(history) > YEAR and history[0] is not None else None
    shown = format.money(sums.iloc[-1])
    number = history[-1]
    return Headline(
        "revenue_12m", label, shown, base, (change,), history, year_ago, number=number, unit="money"
    )


def _next_card(months: pd.DataFrame, ahead: pd.DataFrame, format: Format) -> Headline:
    if ahead.empty:
        return Headline("forecast_next_month", "Expected next month", format.money(None), "no forecast")
    row = ahead.iloc[0]
    base = f"80% interval {format.money(row['lower_80'])} to {format.money(row['upper_80'])}"
    then = pd.Timestamp(row["month"]) - pd.DateOffset(years=1)
    found = months.loc[months["month"] == then, "revenue"]
    before = float(found.iloc[0]) if len(found) else float("nan")
    close = bool(row["lower_80"] <= before <= row["upper_80"])
    change = _change(before, row["value"], format.month(then), format, close=close)
    label = f"Expected in {format.month(row['month'])}"
    return Headline("forecast_next_month", label, format.money(row["value"]), base, (change,))


def _miss_card(ahead: pd.DataFrame, scores: pd.DataFrame, format: Format) -> Headline:
    name, label = "backtest_mape", "Mean miss of a month, tested"
    found = scores.set_index("model") if len(scores) else scores
    leader = str(ahead["model"].iloc[0]) if len(ahead) else ""
    if leader not in found.index:
        return Headline(name, label, format.percent(None), "too few months for a test")
    row = found.loc[leader]
    base = f"{format.count(row['months'])} months tested"
    if leader != "seasonal_naive" and "seasonal_naive" in found.index:
        base += f"; last year repeated {format.percent(found.loc['seasonal_naive', 'mape'])}"
    return Headline(name, label, format.percent(row["mape"]), base)


def _change(before: float, now: float, than: str, format: Format, *, close: bool = False) -> Change:
    if pd.isna(before) or pd.isna(now) or before <= 0:
        return Change("", than)
    change = 100 * (now - before) / before
    verdict: Verdict = "close" if close or change == 0 else "more" if change > 0 else "less"
    digits = 1 if abs(change) < 100 else 0
    words = format.percent(abs(change), digits)
    return Change(words, than, up=bool(change > 0), verdict=verdict, amount=float(change))


def month_count(n: Any, format: Format) -> str:
    """A number of months with its unit: ``12 months``, ``1 month``."""
    count = int(n)
    return f"{format.count(count)} month{'' if count == 1 else 's'}"


def moved(change: float, format: Format) -> str:
    """A change in percent with its direction; one that has ten-folded says no more than that."""
    if change >= 900:
        return "over ten times more"
    return f"{format.percent(abs(change), 0)} {'more' if change > 0 else 'less'}"


def deal_count(n: Any, format: Format) -> str:
    """A number of deals with its unit: ``12 deals``, ``1 deal``."""
    count = int(n)
    return f"{format.count(count)} deal{'' if count == 1 else 's'}"
