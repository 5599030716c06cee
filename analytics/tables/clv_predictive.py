"""Tables of what is to come: customer by customer and contract by contract, and how the checks went.

`model`, `checked` and `block` are the blocks ``model``, ``validation`` and ``accounts`` as they are
published, see `analytics.models.customer_outlook` and `analytics.models.account_value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Cell, Column, Table

METHODS = {"model": "Model", "same_rate": "Same rate as before", "zero": "No visit at all"}
CONTRACT_METHODS = {
    "ensemble": "Ensemble",
    "forest": "Random forest alone",
    "linear": "Linear regression alone",
    "baseline": "Contract value × expected lifetime",
    "unchanged": "Contract value unchanged",
}
THIRDS = {"low": "Lowest third", "middle": "Middle third", "high": "Highest third"}
UNITS = {"visits": "Visits", "value": "Revenue, visits known", "revenue": "Revenue"}


def outlook(people: pd.DataFrame, format: Format, *, rows: int = 50) -> Table:
    """The customers of whom most is expected, one by one.

    Parameters
    ----------
    people : pandas.DataFrame
        As `analytics.models.customer_outlook.Outlook.customers`. It is not modified.
    format : Format
    rows : int, default 50
        The most rows to show.

    Returns
    -------
    Table
        No rows where nothing is expected; names and ids as the data have them, no contact details.
    """
    columns = (
        Column("Customer"),
        Column("Expected revenue, 12 months", number=True),
        Column("", bar=True),
        Column("80% interval", number=True),
        Column("36 months", number=True),
        Column("Visits, 90 days", number=True),
        Column("Visits, 12 months", number=True),
        Column("A visit brings", number=True),
        Column("Still active", number=True),
        Column("Last order", number=True),
    )
    known = people[people["predicted_revenue_12m"].notna()]
    order = ["predicted_revenue_12m", "customer_id"]
    shown = known.sort_values(order, ascending=[False, True]).head(rows)
    most = float(shown["predicted_revenue_12m"].max()) if len(shown) else 0.0
    body = tuple(_person(row, most, format) for row in _rows(shown))
    of_rows = format.count(len(known)) if len(known) > len(body) else ""
    folded = "Customers by what they are expected to bring, one by one"
    return Table(columns, body, "", None, of_rows, folded)


def _person(row: Any, most: float, format: Format) -> tuple[Cell, ...]:
    named = row.customer_id if pd.isna(row.customer_name) else f"{row.customer_name} ({row.customer_id})"
    low, high = format.money(row.predicted_revenue_12m_low), format.money(row.predicted_revenue_12m_high)
    few, many = format.count(row.expected_purchases_12m_low), format.count(row.expected_purchases_12m_high)
    return (
        str(named),
        format.money(row.predicted_revenue_12m),
        max(0.0, 100 * float(row.predicted_revenue_12m) / most) if most > 0 else "",
        f"{low} to {high}",
        format.money(row.predicted_revenue_36m),
        format.number(row.expected_purchases_90d, 1),
        f"{format.number(row.expected_purchases_12m, 1)} ({few} to {many})",
        format.money(row.expected_average_value),
        format.share(row.probability_alive, 0),
        format.date(row.last_purchase_date),
    )


def parameters(model: Mapping[str, Any], format: Format) -> Table:
    """What was fitted: the likelihood of each candidate, and each parameter with its standard error.

    Parameters
    ----------
    model : mapping
        The block ``model``.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Model"),
        Column("Taken"),
        Column("Log-likelihood", number=True),
        Column("Parameters (standard errors); times in weeks"),
    )
    candidates, found = model["candidates"], model["parameters"]
    likelihoods = candidates.set_index("label")["log_likelihood"] if len(candidates) else pd.Series()
    body = []
    for label, rows in found.groupby("label", sort=False):
        said = ", ".join(
            f"{row.parameter} {_figures(row.estimate, format)} ({_figures(row.standard_error, format)})"
            for row in _rows(rows)
        )
        taken = "yes" if bool(rows["chosen"].any()) else ""
        body.append((str(label), taken, format.number(likelihoods.get(label), 2), said))
    return Table(columns, tuple(body), folded="The models and their parameters")


def scores(checked: Mapping[str, Any], format: Format) -> Table:
    """How far off the model was in the held-out weeks, beside the rules that it must beat.

    Parameters
    ----------
    checked : mapping
        The block ``validation``.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Expected by"),
        Column("Visits expected", number=True),
        Column("Visits that came", number=True),
        Column("Total off by", number=True),
        Column("A customer off by (root mean square)", number=True),
        Column("(mean)", number=True),
        Column("Log score", number=True),
    )
    body = tuple(
        (
            METHODS[row.method],
            format.count(round(row.total)),
            format.count(row.actual_total),
            format.percent(row.error_percent, sign=True),
            format.number(row.rmse, 2),
            format.number(row.mae, 2),
            format.number(row.log_score, 3),
        )
        for row in _rows(checked["scores"])
    )
    return Table(columns, body)


def coverage(checked: Mapping[str, Any], format: Format) -> Table:
    """How many of the held-out customers lay inside their 80 % intervals."""
    columns = (Column("Interval of"), Column("Customers", number=True), Column("Held", number=True))
    body = tuple(
        (UNITS[row.measure], format.count(row.customers), format.share(row.coverage))
        for row in _rows(checked["coverage"])
    )
    return Table(columns, body, folded="How many lay inside their 80% intervals")


def contracts(
    block: Mapping[str, Any], format: Format, factors: Callable[[Any, Format], str], *, rows: int = 50
) -> Table:
    """The accounts that should lose most of their contract value, one by one.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    format : Format
    factors : callable
        Words of the factors of one row.
    rows : int, default 50
        The most rows to show.

    Returns
    -------
    Table
        With a total; names and ids as the data have them, no contact details. Where nothing can be
        predicted, contract values alone; confidence and factors only where there is an ensemble.
    """
    found = block["customers"]
    shown = found.sort_values(["expected_change_12m", "rank"]).head(rows)
    known, told = bool(block["leader"]), bool(found["prediction_confidence"].notna().any())
    columns = [
        Column("Account"),
        Column("Plan"),
        Column("Contract value", number=True),
        *([Column("Expected, 12 months", number=True), Column("80% interval", number=True)] if known else []),
        *([Column("Against its value", number=True)] if known else []),
        *([Column("Confidence", number=True), Column("Moved most by")] if told else []),
    ]
    body = []
    for row in _rows(shown):
        named = row.customer_id if pd.isna(row.customer_name) else f"{row.customer_name} ({row.customer_id})"
        cells: list[Cell] = [str(named), "" if pd.isna(row.plan) else str(row.plan), format.money(row.acv)]
        if known:
            low, high = row.predicted_revenue_12m_low, row.predicted_revenue_12m_high
            between = format.money(None) if pd.isna(low) else f"{format.money(low)} to {format.money(high)}"
            change = format.money(row.expected_change_12m, sign=True)
            cells += [format.money(row.predicted_revenue_12m), between, change]
        cells += [format.share(row.prediction_confidence, 0), factors(row, format)] if told else []
        body.append(tuple(cells))
    total: list[Cell] = ["All accounts", "", format.money(block["acv"])]
    if known:
        change = format.money(block["predicted_revenue_12m"] - block["acv"], sign=True)
        total += [format.money(block["predicted_revenue_12m"]), _total_interval(block, format), change]
    total += ["", ""] if told else []
    of_rows = format.count(len(found)) if len(found) > len(body) else ""
    ending = tuple(total) if body else None
    caption = "Accounts by what they should lose of their contract value" if known else "Accounts"
    folded = f"{caption}, one by one"
    return Table(tuple(columns), tuple(body), "", ending, of_rows, folded)


def contract_scores(block: Mapping[str, Any], format: Format) -> Table:
    """How far off each way of predicting was on past days.

    Parameters
    ----------
    block : mapping
        The block ``accounts``.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Predicted by"),
        Column("An account off by, of its contract value", number=True),
        Column("In money", number=True),
        Column("Predicted in all", number=True),
        Column("Came", number=True),
        Column("Total off by", number=True),
    )
    body = tuple(
        (
            CONTRACT_METHODS[row.method],
            format.share(row.share_error),
            format.money(row.revenue_error),
            format.money(row.total_predicted),
            format.money(row.total_actual),
            format.percent(row.total_error_percent, sign=True),
        )
        for row in _rows(block["scores"])
    )
    return Table(columns, body)


def contract_confidence(block: Mapping[str, Any], format: Format) -> Table:
    """Whether predictions with more confidence were nearer."""
    columns = (
        Column("By confidence"),
        Column("Mean confidence", number=True),
        Column("An account off by, of its contract value", number=True),
        Column("Predictions", number=True),
    )
    body = tuple(
        (
            THIRDS[row.third],
            format.share(row.confidence, 0),
            format.share(row.share_error),
            format.count(row.accounts),
        )
        for row in _rows(block["confidence"])
    )
    return Table(columns, body, folded="How far off predictions were, by confidence")


def _total_interval(block: Mapping[str, Any], format: Format) -> str:
    low, high = block["predicted_revenue_12m_low"], block["predicted_revenue_12m_high"]
    return "" if pd.isna(low) else f"{format.money(low)} to {format.money(high)}"


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _figures(value: float, format: Format) -> str:
    """A parameter with four significant figures, whatever its size."""
    if pd.isna(value):
        return format.number(None)
    digits = max(0, 3 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 4
    return format.number(value, digits)
