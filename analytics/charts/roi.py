"""Pictures of what calling customers would bring, what must be right, and what fixed shares restate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms.profit_curve import profit_curve as curve_form
from analytics.charts.forms.tornado import Assumption, tornado
from analytics.formats import Format
from analytics.page.pieces import Chart

MOST_BARS = 12
"""Segments that one picture shows."""


def profit_curve(curve: pd.DataFrame, format: Format, *, gain: str) -> Chart | None:
    """Draw the expected profit by the share of customers called, with the best point and everybody.

    Parameters
    ----------
    curve : pandas.DataFrame
        As returned by `analytics.models.expected_profit.profit_curve`. It is not modified.
    format : Format
    gain : str
        What is gained: ``profit`` or ``revenue``.

    Returns
    -------
    Chart or None
        None where no customer is scored.
    """
    if len(curve) < 2:
        return None
    at = int(curve["best"].to_numpy().argmax())
    best, last = curve.iloc[at], curve.iloc[-1]
    depth = "nobody" if not best["customers"] else _depth(best, int(last["customers"]), format)
    if at == len(curve) - 1:
        depth = "everybody"
    profit, everybody = format.money(best["profit"]), format.money(last["profit"])
    span = f"{format.money(best['profit_low'])} to {format.money(best['profit_high'])}"
    return theme.both(
        curve_form,
        "roicurve",
        f"Line of expected {gain} by share of customers called, with a 95% band. Best: {depth}, {profit} "
        f"({span}); everybody, {everybody}. Calls by risk alone or at random bring no more at any depth.",
        wide=(760, 380),
        narrow=(344, 360),
        depth=curve["depth_percent"].tolist(),
        profit=curve["profit"].tolist(),
        low=curve["profit_low"].tolist(),
        high=curve["profit_high"].tolist(),
        best=at,
        names=(f"Best: call {depth}\n{profit}", f"Everybody\n{everybody}"),
        words=format.money_axis,
        percent=lambda v: format.percent(v, 0),
        title=f"Expected {gain} after the cost of the calls, 12 months",
        xtitle="Share of customers called, those with the largest expected gain first",
        short_xtitle="Share of customers called",
        others=[
            ("by risk alone", curve["profit_by_risk"].tolist()),
            ("at random", curve["profit_random"].tolist()),
        ],
    )


def sensitivity(
    rows: pd.DataFrame,
    format: Format,
    *,
    gain: str,
) -> Chart | None:
    """Draw what the plan to call all at high risk brings when one assumption after the other is wrong.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.words.roi.assumptions`. It is not modified.
    format : Format
    gain : str
        What is gained: ``profit`` or ``revenue``.

    Returns
    -------
    Chart or None
        None where there is no plan: nobody is at high risk.
    """
    if not rows[["customers_at_low", "customers_at_high"]].to_numpy().any():
        return None
    planned = float(rows["base_profit"].iloc[0])
    bars = [
        Assumption(
            row.label,
            row.low_words,
            row.high_words,
            float(row.profit_at_low),
            float(row.profit_at_high),
        )
        for row in _rows(rows)
    ]
    said = "; ".join(
        f"{bar.name.lower()} {bar.low_words} to {bar.high_words}, "
        f"{format.money(bar.at_low)} to {format.money(bar.at_high)}"
        for bar in bars
    )
    return theme.both(
        tornado,
        "roitornado",
        f"Tornado of the {gain} of calling all at high risk, {format.money(planned)} as planned: {said}."[
            :300
        ],
        wide=(760, 108 + 56 * len(bars)),
        narrow=(344, 108 + 76 * len(bars)),
        planned=planned,
        rows=bars,
        words=format.money_axis,
        planned_words=f"as planned {format.money(planned)}",
        title=f"Expected {gain} if one assumption is wrong, the others as planned",
    )


def metrics(figures: Mapping[str, Any], costs: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how restated revenue becomes restated profit, cost by cost.

    Parameters
    ----------
    figures : mapping
        As returned by `analytics.metrics.roi.roi_metrics`.
    costs : pandas.DataFrame
        `analytics.metrics.roi.cost_breakdown`, labelled. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nobody is selected.
    """
    if not figures["customer_count"]:
        return None
    spent = costs[costs["cost"] > 0]
    steps = [forms.Step(str(row.label), -float(row.cost)) for row in _rows(spent)]
    revenue = float(figures["total_revenue"])
    profit = revenue - float(spent["cost"].sum())
    return theme.both(
        forms.bridge,
        "roibridge",
        f"Bridge from restated revenue of {format.money(revenue)} to profit of {format.money(profit)}: "
        f"{len(steps)} costs, together {format.money(figures['total_costs'])}.",
        wide=(760, 260),
        narrow=(344, 60 + 44 * (len(steps) + 2)),
        start=revenue,
        end=profit,
        steps=steps,
        names=("Revenue", "Profit"),
        words=format.money,
        signed=lambda v: format.money(v, sign=True),
        title="Restated revenue, costs and profit",
    )


def savings(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the restated saving of each tier of the customers at high risk.

    Parameters
    ----------
    rows : pandas.DataFrame
        `analytics.metrics.roi.retention_savings`, labelled. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nobody is at high risk.
    """
    if not rows["customers"].sum():
        return None
    values = rows["saving"].tolist()
    said = ", ".join(f"{str(row.label).lower()} {format.money(row.saving)}" for row in _rows(rows))
    return theme.both(
        forms.bars,
        "roisavings",
        f"Bars of restated saving by tier of the customers at high risk: {said}.",
        wide=(760, 56 + 38 * len(rows)),
        narrow=(344, 56 + 38 * len(rows)),
        names=rows["label"].tolist(),
        values=values,
        words=format.money,
        title="Restated saving after costs",
        notes=[_customers(n, format) for n in rows["customers"]],
        focus=[max(range(len(values)), key=values.__getitem__)],
    )


def segments(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw in which segments the selected customers are.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.words.roi_restated.labelled` for the segments. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nobody is selected, or nothing is known of those who are.
    """
    known = rows[rows["is_known"].astype(bool)]
    found = rows[rows["grouping"].isin(known["grouping"].head(1))]
    found = found.sort_values(["customers", "named"], ascending=[False, True]).head(MOST_BARS)
    if found.empty:
        return None
    first = found.iloc[0]
    return theme.both(
        forms.bars,
        "roisegments",
        f"Bars of the selected customers by segment, the largest first: {first['named']} with "
        f"{_customers(first['customers'], format)}, {format.percent(first['percentage'], 0)} of all."[:300],
        wide=(760, 56 + 34 * len(found)),
        narrow=(344, 56 + 34 * len(found)),
        names=found["named"].astype(str).tolist(),
        values=found["customers"].astype(float).tolist(),
        words=format.count,
        title="Customers selected",
        notes=[f"{format.money(amount)} restated profit" for amount in found["net_profit"]],
    )


def trend(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the restated profit of the last batch of each month.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.profit_trend`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two batches: one is said in the heading.
    """
    if len(rows) < 2:
        return None
    first, last = rows.iloc[0], rows.iloc[-1]
    ends = " to ".join(
        f"{format.money(r['net_profit'])} in {format.month(r['month'])}" for r in (first, last)
    )
    return theme.both(
        forms.columns,
        "roitrend",
        f"Columns of restated profit by month of the batch: {ends}.",
        wide=(760, 300),
        narrow=(344, 300),
        labels=[_month(month, format) for month in rows["month"]],
        groups=[("Profit", rows["net_profit"].tolist(), "c1")],
        words=format.money_axis,
        title="Restated profit, last batch of each month",
    )


def forecast(rows: pd.DataFrame, batches: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the restated profit of past batches, and of the twelve months to come if the trend goes on.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.roi_forecast.roi_forecast`. It is not modified.
    batches : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.batch_history`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a forecast.
    """
    if rows.empty:
        return None
    past, ahead = len(batches), len(rows)
    months = [*batches["month"], *rows["month"]]
    known = [*batches["net_profit"].tolist(), *[None] * ahead]
    # The line of what comes begins where the line of what was ends.
    joined = [*[None] * (past - 1), batches["net_profit"].iloc[-1]]
    last = rows.iloc[-1]
    low, high = ([*joined, *rows[name].tolist()] for name in ("lower_80", "upper_80"))
    coming = forms.Series(
        "If it goes on", [*joined, *rows["net_profit"].tolist()], low, high, dashed=True,
        end=format.money(last["net_profit"]),
    )  # fmt: skip
    return theme.both(
        forms.line,
        "roiforecast",
        f"Line of restated profit in {format.count(past)} past batches, then {format.count(ahead)} months "
        f"ahead with an 80% band: {format.money(last['net_profit'])} in {format.month(last['month'])}, from "
        f"{format.money(last['lower_80'])} to {format.money(last['upper_80'])}.",
        wide=(760, 320),
        narrow=(344, 320),
        labels=[_month(month, format) for month in months],
        series=[coming, forms.Series("", known, colour="c6")],
        words=format.money_axis,
        title="Restated profit by month of the batch",
        bottom=min(0.0, float(rows["lower_80"].min()), float(batches["net_profit"].min())),
    )


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _depth(best: pd.Series, of: int, format: Format) -> str:
    """A share without decimals, and never a nought that is none or a whole that is not all."""
    percent = float(best["depth_percent"])
    if 0 < percent < 0.5:
        return f"under {format.percent(1, 0)}"
    others = of - int(best["customers"])
    return f"all but {format.count(others)}" if 99.5 <= percent < 100 else format.percent(percent, 0)


def _month(month: Any, format: Format) -> str:
    r"""Give a month for an axis, the year on a line of its own where the language puts it last."""
    words = format.month(month)
    first, _, year = words.rpartition(" ")
    return f"{first}\n{year}" if first else words


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"
