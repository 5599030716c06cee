"""Tables of what calling customers would bring: by depth, by assumption, customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import Column, Table

STAKE = "Call: with {amount} at stake it is expected to pay."
"""What to do about a customer whom it pays to call although few like them leave."""


def depths(curve: pd.DataFrame, format: Format) -> Table:
    """What more and more calls bring, in tenths of the customers, with the best point between them.

    Parameters
    ----------
    curve : pandas.DataFrame
        As returned by `analytics.models.expected_profit.profit_curve`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Called"),
        Column("Customers", number=True),
        Column("Adds", number=True),
        Column("", bar=True),
        Column("Expected so far", number=True),
        Column("95% interval", number=True),
        Column("By risk alone", number=True),
        Column("By spend alone", number=True),
        Column("At random", number=True),
    )
    tenth = curve["depth_percent"].round(6) % 10 == 0
    rows = curve[(tenth | curve["best"].astype(bool)) & (curve["customers"] > 0)].drop_duplicates("customers")
    adds = rows["profit"].diff().fillna(rows["profit"])
    most = float(adds.abs().max()) if len(rows) else 0.0
    everybody = int(curve["customers"].max()) if len(curve) else 0
    body = tuple(
        (
            f"{'Best: ' if row.best else ''}{_depth(row.customers, everybody, format)}",
            format.count(row.customers),
            format.money(added, sign=True),
            100 * added / most if most else "",
            format.money(row.profit),
            _interval(row.profit_low, row.profit_high, format),
            format.money(row.profit_by_risk),
            format.money(row.profit_by_money),
            format.money(row.profit_random),
        )
        for row, added in zip(_rows(rows), adds, strict=True)
    )
    return Table(columns, body, folded="The figures, by share of customers called")


def sensitivity(rows: pd.DataFrame, format: Format) -> Table:
    """What each assumption does to the profit of calling all at high risk.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.words.roi.assumptions`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Assumption"),
        Column("As planned", number=True),
        Column("Low", number=True),
        Column("Calls", number=True),
        Column("Brings", number=True),
        Column("High", number=True),
        Column("Calls", number=True),
        Column("Brings", number=True),
    )
    body = []
    for row in _rows(rows):
        body.append(
            (
                row.label,
                row.base_words,
                row.low_words,
                format.count(row.customers_at_low),
                format.money(row.profit_at_low),
                row.high_words,
                format.count(row.customers_at_high),
                format.money(row.profit_at_high),
            )
        )
    return Table(columns, tuple(body))


def customers(calls: pd.DataFrame, format: Format, *, rows: int, first: int = 0) -> Table | None:
    """Whom to call, in the order of the expected gain.

    Parameters
    ----------
    calls : pandas.DataFrame
        As returned by `analytics.models.expected_profit.call_list`. It is not modified.
    format : Format
    rows : int
        Up to which row to show.
    first : int, default 0
        How many rows to leave out because another table shows them; then this one is folded.

    Returns
    -------
    Table or None
        Customers worth a call only; names and ids as the data have them, never a number or an address. None
        where there is nobody to show.
    """
    called = calls[calls["worth_calling"].astype(bool)]
    most = float(called["expected_profit"].max()) if len(called) else 0.0
    listed = called.head(rows)
    shown = listed.iloc[first:]
    grouped, why, what = (
        bool(listed[name].notna().any()) for name in ("rfm_segment", "risk_factors", "recommendations")
    )
    columns = (
        Column("Customer"),
        *((Column("Segment"),) if grouped else ()),
        Column("Chance to leave", number=True),
        Column("Worth if stays", number=True),
        Column("Expected gain", number=True),
        Column("", bar=True),
        *((Column("What the model sees"),) if why else ()),
        *((Column("What to do"),) if what else ()),
    )
    body = tuple(
        (
            named(row.customer_id, row.customer_name),
            *((_text(row.rfm_segment),) if grouped else ()),
            format.share(row.churn_probability, 0),
            format.money(row.worth_if_stays),
            format.money(row.expected_profit),
            100 * row.expected_profit / most if most > 0 else "",
            *((_text(row.risk_factors),) if why else ()),
            *((_advice(row, format),) if what else ()),
        )
        for row in _rows(shown)
    )
    if not body:
        return None
    if not first:
        return Table(columns, body, "Customers worth a call")
    span = f"{format.count(first + 1)} to {format.count(len(listed))}"
    return Table(columns, body, folded=f"The next calls: {span} of {format.count(len(called))}")


def named(customer_id: Any, customer_name: Any) -> str:
    """Name a customer by name and id, or by the id alone.

    Examples
    --------
    >>> named("A7", "Harbour & Vale"), named("A7", None)
    ('Harbour & Vale (A7)', 'A7')
    """
    return str(customer_id) if pd.isna(customer_name) else f"{customer_name} ({customer_id})"


def costs(figures: Mapping[str, Any], rows: pd.DataFrame, format: Format) -> Table:
    """The restated figures, cost by cost.

    Parameters
    ----------
    figures : mapping
        As returned by `analytics.metrics.roi.roi_metrics`.
    rows : pandas.DataFrame
        `analytics.metrics.roi.cost_breakdown`, labelled. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Restated"),
        Column("Amount", number=True),
        Column("Of the costs", number=True),
        Column("A customer", number=True),
    )
    n = int(figures["customer_count"])
    if not n:
        return Table(columns, ())
    lines = [
        ("Revenue", figures["total_revenue"], None),
        *((row.label, -row.cost, row.share) for row in _rows(rows)),
    ]
    body = tuple(
        (
            name,
            format.money(amount),
            "" if share is None else format.share(share, 0),
            format.money(amount / n),
        )
        for name, amount, share in lines
    )
    paid = figures["payback_months"]
    total = (
        "Profit" if pd.isna(paid) else f"Profit; costs are back after {format.number(paid, 1)} months",
        format.money(figures["net_profit"]),
        f"{format.percent(figures['roi_percentage'], 0)} of them",
        format.money(figures["net_profit"] / n),
    )
    return Table(columns, body, total=total, folded="The figures, cost by cost")


def savings(rows: pd.DataFrame, format: Format) -> Table:
    """The restated saving by tier of the customers at high risk.

    Parameters
    ----------
    rows : pandas.DataFrame
        `analytics.metrics.roi.retention_savings`, labelled. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Customers at high risk, by spend"),
        Column("Customers", number=True),
        Column("Value", number=True),
        Column("Cost", number=True),
        Column("Saving", number=True),
        Column("", bar=True),
        Column("A customer", number=True),
    )
    most = float(rows["saving"].max()) if len(rows) else 0.0
    body = tuple(
        (
            row.label,
            format.count(row.customers),
            format.money(row.value),
            format.money(row.cost),
            format.money(row.saving),
            100 * row.saving / most if most > 0 else "",
            format.money(row.saving / row.customers if row.customers else None),
        )
        for row in _rows(rows)
    )
    sums = {name: rows[name].sum() for name in ("customers", "value", "cost", "saving")}
    if not sums["customers"]:
        return Table(columns, ())
    total = (
        "All",
        format.count(sums["customers"]),
        *(format.money(sums[name]) for name in ("value", "cost", "saving")),
        "",
        format.money(sums["saving"] / sums["customers"]),
    )
    return Table(columns, body, total=total)


def segments(rows: pd.DataFrame, format: Format) -> Table:
    """The selected customers by what they are in other reports.

    Parameters
    ----------
    rows : pandas.DataFrame
        `analytics.metrics.roi.segments`, labelled. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Group"),
        Column("Grouping"),
        Column("Customers", number=True),
        Column("Of those selected", number=True),
        Column("", bar=True),
        Column("Restated revenue", number=True),
        Column("Costs", number=True),
        Column("Profit", number=True),
    )
    body = tuple(
        (
            row.named,
            row.label,
            format.count(row.customers),
            format.percent(row.percentage),
            float(row.percentage),
            format.money(row.total_revenue),
            format.money(row.total_costs),
            format.money(row.net_profit),
        )
        for row in _rows(rows)
    )
    return Table(columns, body)


def trend(rows: pd.DataFrame, format: Format) -> Table:
    """The restated figures batch by batch.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.profit_trend`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Month"),
        Column("Predicted on", number=True),
        Column("Customers scored", number=True),
        Column("At high risk", number=True),
        Column("Selected", number=True),
        Column("Restated revenue", number=True),
        Column("Costs", number=True),
        Column("Profit", number=True),
    )
    body = tuple(
        (
            format.month(row.month),
            format.date(row.predicted_at),
            *(format.count(n) for n in (row.scored_customers, row.high_risk_customers, row.customer_count)),
            *(format.money(amount) for amount in (row.total_revenue, row.total_costs, row.net_profit)),
        )
        for row in _rows(rows)
    )
    return Table(columns, body)


def forecast(rows: pd.DataFrame, format: Format) -> Table:
    """What the restated profit would be month by month if the trend went on.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.roi_forecast.roi_forecast`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Month"),
        Column("Restated profit", number=True),
        Column("80% interval", number=True),
        Column("95% interval", number=True),
    )
    body = tuple(
        (
            format.month(row.month),
            format.money(row.net_profit),
            _interval(row.lower_80, row.upper_80, format),
            _interval(row.lower_95, row.upper_95, format),
        )
        for row in _rows(rows)
    )
    return Table(columns, body, folded="The figures, month by month")


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _depth(n: int, of: int, format: Format) -> str:
    """A share of all without decimals, and never a whole that is not all."""
    percent = 100 * n / of
    return f"all but {format.count(of - n)}" if 99.5 <= percent < 100 else format.percent(percent, 0)


def _interval(low: Any, high: Any, format: Format) -> str:
    return MISSING if pd.isna(low) or pd.isna(high) else f"{format.money(low)} to {format.money(high)}"


def _advice(row: Any, format: Format) -> str:
    """What to do; rules that go by the risk alone would tell to leave in peace whom it pays to call."""
    if str(row.risk_level).lower() != "low":
        return _text(row.recommendations)
    return STAKE.format(amount=format.money(row.value_at_risk))


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
