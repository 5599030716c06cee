"""What stands before and after the figures on customer lifetime value: who is in them, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Notice
from analytics.timeframe import Timeframe


def notice(parameters: Mapping[str, Any], format: Format) -> Notice | None:
    """Say before the first figure that the report is about some of the customers only.

    Parameters
    ----------
    parameters : mapping
        ``customer_type``, ``start_date``, ``end_date``, ``min_revenue``, ``min_profit``.
    format : Format

    Returns
    -------
    Notice or None
        None where nobody is left out.
    """
    limits = []
    if parameters.get("customer_type", "all") != "all":
        limits.append(f"of type {parameters['customer_type']}")
    first, last = parameters.get("start_date"), parameters.get("end_date")
    if first:
        limits.append(f"joined on or after {format.date(pd.Timestamp(first))}")
    if last:
        limits.append(f"joined on or before {format.date(pd.Timestamp(last))}")
    for name, words in (("min_revenue", "net revenue"), ("min_profit", "profit")):
        if parameters.get(name) is not None:
            limits.append(f"{words} of {format.money_exact(parameters[name])} or more")
    if not limits:
        return None
    return Notice(
        "Only some customers are in this report",
        f"They are chosen by: {'; '.join(limits)}. All figures but guest revenue are theirs alone.",
    )


def notes(
    figures: pd.DataFrame, profit: pd.DataFrame, format: Format, timeframe: Timeframe
) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits for the end of the page.

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    now, gain = figures.iloc[-1], profit.iloc[0]
    day = format.date(timeframe.reference_date)
    definitions = (
        ("Customer", f"An identified customer with a purchase before {day}. A return alone is no purchase."),
        ("Customer lifetime value", "Net revenue so far: all sales before that day, returns deducted."),
        ("Best 10%", "The tenth of customers with the most revenue, rounded up."),
        ("Order value", "Net revenue by number of orders; a return lowers revenue and is no order."),
        ("Margin", "Profit in percent of net revenue, both of the sales whose profit is known."),
        ("Joining date", "The day of registration, else of the first purchase."),
        (
            "Gini coefficient",
            "Twice the area between the curve and the line on which all would spend the same.",
        ),
    )
    method = (
        "Figures are a state: they use the whole history before the reference date. Only the revenue in the "
        "timeframe is a flow.",
        "A change is called close when it is within two standard deviations of the figure's own changes over "
        "up to 12 earlier timeframes.",
    )
    limits = [
        "Older customers have had longer to buy; between joining years only first-year values compare.",
    ]
    if now["customers_with_returns_only"]:
        only = _customers(now["customers_with_returns_only"], format)
        limits.append(f"{only} with nothing but returns: in no figure of this report.")
    if now["guest_revenue"]:
        limits.append(
            f"Sales without a known customer, {format.money(now['guest_revenue'])} so far, are nobody's."
        )
    if gain["sales_without_profit"]:
        lacking = f"{format.count(gain['sales_without_profit'])} of {format.count(gain['total_sales'])}"
        limits.append(f"{lacking} sales have no profit: profit and margins are without them.")
    return {"definitions": definitions, "method": method, "limits": tuple(limits)}


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"
