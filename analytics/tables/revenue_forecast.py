"""Tables of what comes in next: the months ahead, the test, season, growth, earlier forecasts, open deals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.model_names import named
from analytics.page.pieces import Column, Table

PAGE_ROWS = 50


def forecast(ahead: pd.DataFrame, totals: pd.DataFrame, format: Format) -> Table | None:
    """The months ahead with both intervals, and the sum of the first twelve.

    Parameters
    ----------
    ahead : pandas.DataFrame
        As `analytics.models.forecast.revenue_forecast.ForecastResult.forecast`. It is not modified.
    totals : pandas.DataFrame
        As its ``totals``; the first row is the leader's.
    format : Format

    Returns
    -------
    Table or None
        None without a forecast.
    """
    if ahead.empty:
        return None
    sums = totals.iloc[0]
    columns = (
        Column("Month"),
        Column("Expected", number=True),
        Column("80% interval", number=True),
        Column("95% interval", number=True),
    )
    body = tuple((format.month(row.month), *_bounds(row, format)) for row in _rows(ahead))
    months = int(sums["months"])
    head = "Sum" if months == len(ahead) else f"Sum of the first {format.count(months)} months"
    return Table(columns, body, total=(head, *_bounds(sums, format)), folded="The forecast, month by month")


def scores(rows: pd.DataFrame, format: Format) -> Table | None:
    """Every candidate's errors in the backtest, the nearest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.models.forecast.backtest.Backtest.scores`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a backtest.
    """
    if rows.empty:
        return None
    columns = (
        Column("Candidate"),
        Column("MASE", number=True),
        Column("sMAPE (0–200)", number=True),
        Column("Mean miss", number=True),
        Column("Bias", number=True),
        Column("Within 80%", number=True),
        Column("Within 95%", number=True),
    )
    body = tuple(
        (
            named(row.model),
            format.number(row.mase, 2),
            format.number(row.smape, 1),
            format.percent(row.mape),
            format.percent(row.bias_percent, sign=True),
            format.percent(row.coverage_80, 0),
            format.percent(row.coverage_95, 0),
        )
        for row in _rows(rows)
    )
    return Table(columns, body, folded="All candidates in the test")


def tested(past: pd.DataFrame, format: Format) -> Table | None:
    """The latest forecast of the test, month by month, with what came.

    Parameters
    ----------
    past : pandas.DataFrame
        As `analytics.models.forecast.revenue_forecast.ForecastResult.past`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a backtest.
    """
    if past.empty:
        return None
    then = past[past["origin"] == past["origin"].max()]
    columns = (
        Column("Month"),
        Column("Forecast then", number=True),
        Column("80% interval", number=True),
        Column("What came", number=True),
        Column("Within", number=True),
    )
    body = tuple(
        (
            format.month(row.month),
            format.money_exact(row.value),
            _interval(row.lower_80, row.upper_80, format),
            format.money_exact(row.actual),
            format.money(None) if pd.isna(row.actual) else _yes(row.lower_80 <= row.actual <= row.upper_80),
        )
        for row in _rows(then)
    )
    return Table(columns, body, folded="That forecast, month by month")


def seasonality(rows: pd.DataFrame, format: Format) -> Table | None:
    """Each quarter against an average one.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.metrics.revenue_growth.quarter_seasonality`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a season.
    """
    if rows.empty:
        return None
    columns = (
        Column("Quarter"),
        Column("Against an average one", number=True),
        Column("95% interval", number=True),
        Column("Whole quarters", number=True),
        Column("Revenue a month", number=True),
    )
    body = tuple(
        (
            row.quarter,
            _above(row.seasonal_index, format),
            format.percent(None)
            if pd.isna(row.low)
            else f"{_above(row.low, format)} to {_above(row.high, format)}",
            format.count(row.years),
            format.money_exact(row.average_revenue),
        )
        for row in _rows(rows)
    )
    return Table(columns, body, folded="The figures, by quarter")


def growth(rows: pd.DataFrame, format: Format) -> Table | None:
    """Revenue and growth of the months, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.metrics.revenue_growth.revenue_growth`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None without a month.
    """
    if rows.empty:
        return None
    shown = rows.iloc[::-1].head(PAGE_ROWS)
    columns = (
        Column("Month"),
        Column("Revenue", number=True),
        Column("On the month before", number=True),
        Column("On a year before", number=True),
        Column("Usual for the season", number=True),
        Column("Stands out", number=True),
    )
    body = tuple(
        (
            format.month(row.month),
            format.money_exact(row.revenue),
            format.percent(row.month_over_month_rate, sign=True),
            format.percent(row.year_over_year_rate, sign=True),
            format.money_exact(row.expected_revenue),
            "yes" if row.unusual else "",
        )
        for row in _rows(shown)
    )
    of = format.count(len(rows)) if len(rows) > len(shown) else ""
    return Table(columns, body, of_rows=of, folded="The figures, by month")


def accuracy(rows: pd.DataFrame, format: Format) -> Table | None:
    """Earlier forecasts of one model against what came, the newest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.metrics.forecast_accuracy.forecast_accuracy`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where nothing can be compared yet.
    """
    if rows.empty:
        return None
    ordered = rows.sort_values(["made_at", "month", "model"], ascending=[False, True, True])
    shown = ordered.head(PAGE_ROWS)
    columns = (
        Column("Made on"),
        Column("For"),
        Column("By"),
        Column("Forecast", number=True),
        Column("What came", number=True),
        Column("Missed by", number=True),
        Column("Within 80%", number=True),
    )
    body = tuple(
        (
            format.date(row.made_at),
            format.month(row.month),
            named(row.model),
            format.money_exact(row.value),
            format.money_exact(row.actual),
            format.percent(row.error_percent, sign=True),
            format.percent(None) if pd.isna(row.inside_80) else _yes(bool(row.inside_80)),
        )
        for row in _rows(shown)
    )
    of = format.count(len(rows)) if len(rows) > len(shown) else ""
    return Table(columns, body, of_rows=of, folded="Earlier forecasts, one by one")


def pipeline(rows: pd.DataFrame, format: Format) -> Table | None:
    """Open deals by the month in which they should close, beside the forecast.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `analytics.metrics.pipeline_revenue.with_baseline`. It is not modified.
    format : Format

    Returns
    -------
    Table or None
        None where no deal is open.
    """
    if not rows["deals"].sum():
        return None
    added = bool(rows["total"].notna().any())
    heads = ["Expected to close", "Open deals", "Value", "Weighted value", "Revenue forecast"]
    columns = [Column(heads[0]), *(Column(head, number=True) for head in heads[1:])]
    if added:
        columns.append(Column("Both together", number=True))
    body = tuple(_pipeline_row(row, format, added) for row in _rows(rows))
    sums = [
        format.count(rows["deals"].sum()),
        *(format.money_exact(rows[n].sum()) for n in ("value", "weighted_value")),
    ]
    rest = ("", "") if added else ("",)
    return Table(tuple(columns), body, total=("All", *sums, *rest), folded="Open deals, month by month")


_TIMINGS = {
    "later": "Later",
    "overdue": "Overdue: should have closed",
    "undated": "No date",
}


def _pipeline_row(row: Any, format: Format, added: bool) -> tuple[str, ...]:
    cells = (
        format.month(row.month) if row.timing == "expected" else _TIMINGS[row.timing],
        format.count(row.deals),
        format.money_exact(row.value),
        format.money_exact(row.weighted_value),
        format.money_exact(row.baseline),
    )
    return (*cells, format.money_exact(row.total)) if added else cells


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _bounds(row: Any, format: Format) -> tuple[str, str, str]:
    return (
        format.money_exact(row.value),
        _interval(row.lower_80, row.upper_80, format),
        _interval(row.lower_95, row.upper_95, format),
    )


def _interval(low: float, high: float, format: Format) -> str:
    return f"{format.money(low)} to {format.money(high)}"


def _above(index: float, format: Format) -> str:
    return format.percent(100 * (index - 1), sign=True)


def _yes(inside: bool) -> str:
    return "yes" if inside else "no"
