"""Pictures of what comes in next: the fan, the test of the candidates, the season, growth, the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms.fan import fan
from analytics.charts.theme import Words
from analytics.formats import Format
from analytics.page.model_names import SHORT, inside, named
from analytics.page.pieces import Chart

SLIGHT = 10.0
"""Percent at least to which the axis of a season goes, so that a slight one does not look large."""
SHOWN_MONTHS = 36
"""Months of history beside a forecast: enough to see three seasons."""


def forecast(months: pd.DataFrame, ahead: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the last months and the fan of those to come.

    Parameters
    ----------
    months : pandas.DataFrame
        ``month`` (datetime64) and ``revenue`` (missing in gaps) of the whole months. It is not modified.
    ahead : pandas.DataFrame
        ``month``, ``value``, ``lower_80``, ``upper_80``, ``lower_95``, ``upper_95``, one row a month.
    format : Format

    Returns
    -------
    Chart or None
        None without a forecast.
    """
    if ahead.empty:
        return None
    past = months.tail(SHOWN_MONTHS)
    first, last = ahead.iloc[0], ahead.iloc[-1]
    alt = (
        f"Fan chart: revenue a month since {format.month(past['month'].iloc[0])}, and the forecast from "
        f"{format.month(first['month'])}, {format.money(first['value'])}, to {format.month(last['month'])}, "
        f"{format.money(last['value'])}, 80% interval {format.money(last['lower_80'])} to "
        f"{format.money(last['upper_80'])}."
    )
    return _fan("revenuefan", alt, past, ahead, format, "Revenue a month; bands hold 80 and 95 of 100")


def tested(months: pd.DataFrame, past: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the latest forecast that can be held against all of its months.

    Parameters
    ----------
    months : pandas.DataFrame
        As for `forecast`.
    past : pandas.DataFrame
        What the leading model would have said at each origin: ``origin``, the columns of a forecast and
        ``actual`` (missing where the month is unknown). It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a backtest.
    """
    if past.empty:
        return None
    then = past[past["origin"] == past["origin"].max()]
    known = months[months["month"] < then["origin"].iloc[0]].tail(SHOWN_MONTHS - len(then))
    held = ((then["actual"] >= then["lower_80"]) & (then["actual"] <= then["upper_80"])).sum()
    compared = int(then["actual"].notna().sum())
    alt = (
        f"Fan chart of what would have been forecast in {format.month(then['origin'].iloc[0])}, dots: what "
        f"came; {format.count(held)} of {format.count(compared)} months lie within the 80% band."
    )
    title = "Revenue a month; dots: what came"
    heads = ("Known then", "Forecast then")
    return _fan("revenuetest", alt, known, then, format, title, came=then["actual"], heads=heads)


def candidates(scores: pd.DataFrame, format: Format, *, leader: str) -> Chart | None:
    """Draw the error of every candidate in the backtest, the nearest first.

    Parameters
    ----------
    scores : pandas.DataFrame
        ``model`` and ``mase``, the lowest first. It is not modified.
    format : Format
    leader : str
        The model whose forecast the page shows.

    Returns
    -------
    Chart or None
        None without a backtest, or where no error can be scaled.
    """
    rows = scores[scores["mase"].notna()].reset_index(drop=True)
    if rows.empty:
        return None
    said = "; ".join(f"{inside(str(row.model))} {format.number(row.mase, 2)}" for row in rows.itertuples())
    return theme.both(
        forms.bars,
        "revenuescores",
        f"Bars of the error of each candidate, the nearest first: {said}."[:300],
        wide=(760, 44 + 34 * len(rows)),
        narrow=(344, 56 + 34 * len(rows)),
        names=[SHORT.get(model, named(model)) for model in rows["model"]],
        values=rows["mase"].tolist(),
        words=_decimals(format),
        title="Error (MASE), lower is better",
        focus=[int(place) for place in rows.index[rows["model"] == leader]],
    )


def seasonality(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how far each quarter lies from an average one.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``quarter``, ``seasonal_index``, ``low``, ``high`` (missing under three years). It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a season to show.
    """
    if rows.empty:
        return None
    above = (100 * (rows["seasonal_index"] - 1)).tolist()
    low, high = ((100 * (rows[edge] - 1)).tolist() for edge in ("low", "high"))
    said = "; ".join(
        f"{quarter} {format.percent(value, sign=True)}"
        for quarter, value in zip(rows["quarter"], above, strict=True)
    )
    whiskers = {"low": low, "high": high} if rows["low"].notna().all() else {}
    strongest = int(rows["seasonal_index"].to_numpy().argmax())
    return theme.both(
        forms.bars,
        "revenueseason",
        f"Bars of each quarter against an average one: {said}.",
        wide=(760, 180),
        narrow=(344, 190),
        names=rows["quarter"].tolist(),
        values=above,
        words=lambda value: format.percent(value, sign=True),
        title="Against an average quarter",
        focus=[strongest],
        top=max(SLIGHT, *above, *(value for value in high if pd.notna(value))),
        **whiskers,
    )


def growth(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw revenue beside what the season would have had, and where a month last stood out.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``month``, ``revenue``, ``expected_revenue`` (missing under 24 months), ``unusual``. Not modified.
    format : Format

    Returns
    -------
    Chart or None
        None under three months.
    """
    if rows["revenue"].notna().sum() < 3:
        return None
    shown = rows.tail(SHOWN_MONTHS).reset_index(drop=True)
    known = shown[shown["revenue"].notna()]
    first, last = known.iloc[0], known.iloc[-1]
    far = [format.month(month) for month in shown.loc[shown["unusual"], "month"]]
    alt = (
        f"Line chart of revenue a month from {format.money(first['revenue'])} in "
        f"{format.month(first['month'])} to {format.money(last['revenue'])} in "
        f"{format.month(last['month'])}; "
        f"{'stand out: ' + ', '.join(far) if far else 'no month stands out'}."
    )
    places = shown.index[shown["unusual"]]
    series = [_line("Revenue", shown["revenue"], format, colour="c1")]
    if shown["expected_revenue"].notna().any():
        series.append(_line("Usual for season", shown["expected_revenue"], format, colour="ghost"))
    return theme.both(
        forms.line,
        "revenuegrowth",
        alt[:300],
        labels=_labels(shown["month"], format),
        series=series,
        words=format.money_axis,
        title="Revenue a month",
        event=(float(places[-1]), "Stands out") if len(places) else None,
        **_ends([value for one in series for value in one.values if value is not None]),
    )


def accuracy(rows: pd.DataFrame, format: Format, *, leader: str) -> Chart | None:
    """Draw what came beside what had been forecast last before each month.

    Parameters
    ----------
    rows : pandas.DataFrame
        Earlier forecasts against actuals: ``made_at``, ``month``, ``model``, ``value``, ``lower_80``,
        ``upper_80``, ``actual``. It is not modified.
    format : Format
    leader : str
        The model that is drawn; where it made none, the one that made the most.

    Returns
    -------
    Chart or None
        None under three months.
    """
    own = rows[rows["model"] == leader]
    if own.empty and len(rows):
        own = rows[rows["model"] == rows["model"].mode().iloc[0]]
    newest = own.sort_values("made_at").groupby("month").tail(1).sort_values("month")
    if len(newest) < 3:
        return None
    series = [
        _line("What came", newest["actual"], format, colour="c1"),
        forms.Series(
            "Forecast",
            _values(newest["value"]),
            _values(newest["lower_80"]),
            _values(newest["upper_80"]),
            colour="ghost",
            dashed=True,
        ),
    ]
    ends = [*newest["upper_80"], *newest["actual"], *newest["lower_80"]]
    return theme.both(
        forms.line,
        "revenueaccuracy",
        f"Line chart of {format.count(len(newest))} months: what came, and what had been forecast for them.",
        labels=_labels(newest["month"], format),
        series=series,
        words=format.money_axis,
        title="Revenue a month; band: 80% interval",
        **_ends([float(value) for value in ends if pd.notna(value)]),
    )


def pipeline(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the weighted value of open deals by the month in which they should close.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``timing``, ``month``, ``weighted_value``. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no open deal should close in the months ahead.
    """
    dated = rows[rows["timing"] == "expected"]
    filled = dated[dated["weighted_value"] > 0]
    if filled.empty:
        return None
    shown = dated[dated["month"] <= max(filled["month"].max(), dated["month"].iloc[min(5, len(dated) - 1)])]
    said = "; ".join(
        f"{format.month(row.month)} {format.money(row.weighted_value)}" for row in filled.itertuples()
    )
    return theme.both(
        forms.columns,
        "revenuepipeline",
        f"Columns of the weighted value of open deals by the month in which they should close: {said}."[:300],
        narrow=(344, 280),
        labels=_labels(shown["month"], format),
        groups=[("Open deals", shown["weighted_value"].tolist(), "c1")],
        words=format.money_axis,
        title="Weighted value of open deals, by expected month of closing",
    )


def _fan(
    uid: str,
    alt: str,
    past: pd.DataFrame,
    ahead: pd.DataFrame,
    format: Format,
    title: str,
    *,
    came: pd.Series | None = None,
    heads: tuple[str, str] = ("Measured", "Forecast"),
) -> Chart:
    bounds = {name: ahead[name].to_list() for name in ("lower_80", "upper_80", "lower_95", "upper_95")}
    return theme.both(
        fan,
        uid,
        alt[:300],
        wide=(760, 380),
        narrow=(344, 340),
        labels=_labels([*past["month"], *ahead["month"]], format),
        measured=_values(past["revenue"]),
        expected=ahead["value"].tolist(),
        inner=(bounds["lower_80"], bounds["upper_80"]),
        outer=(bounds["lower_95"], bounds["upper_95"]),
        words=format.money,
        axis_words=format.money_axis,
        title=title,
        heads=heads,
        came=None if came is None else _values(came),
    )


def _line(name: str, values: pd.Series, format: Format, *, colour: str) -> forms.Series:
    known = values.dropna()
    end = format.money(known.iloc[-1]) if len(known) else ""
    return forms.Series(name, _values(values), colour=colour, dashed=colour == "ghost", end=end)


def _values(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in values]


def _ends(values: Sequence[float]) -> dict[str, Any]:
    """Ends of an axis that has to show what lies below zero; none to set where nothing does."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if low >= 0:
        return {}
    return {"bottom": 1.1 * low, "top": max(1.1 * high, -0.1 * low)}


def _labels(months: Sequence[object] | pd.Series, format: Format) -> list[str]:
    r"""Names of months on an axis, the year on a second line: ``Oct\n2026``."""
    found = []
    for month in months:
        day = pd.Timestamp(str(month))
        year = str(day.year)
        found.append(f"{format.month(day.date()).replace(year, '').strip(' ,/.')}\n{year}")
    return found


def _decimals(format: Format) -> Words:
    return lambda value: format.number(value, 2)
