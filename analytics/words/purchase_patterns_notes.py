"""The end matter of the report on buying: what the words mean, how it was done, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.words.apart import returned_only
from analytics.words.purchase_patterns import Setting, begins_inside


def definitions(setting: Setting) -> tuple[tuple[str, str], ...]:
    """Say what the words of the page mean.

    Parameters
    ----------
    setting : Setting
    """
    thing = "category" if setting.level == "category" else "product"
    return (
        ("Order", "A sale that is no return; returns have a negative amount. An order of 0 is one."),
        (
            "Revenue",
            "Of orders, returns taken off, in the timeframe; sales without a known customer included.",
        ),
        ("Revenue an order", "Revenue, returns taken off, over the number of orders."),
        ("Visit", "A day with an order; two orders on one day are one visit."),
        ("Support", f"Share of the orders with lines that hold both {setting.things}."),
        ("Confidence", f"Of the orders with the first {thing}, the share that hold the other, too."),
        ("Lift", f"Confidence over the share of all orders that hold the other {thing}; chance gives 1."),
        (
            "Offer",
            f"A {thing} that others first bought after one that the customer has, more often than after the "
            "rest, and that the customer has never bought.",
        ),
    )


def method(setting: Setting, timezone: str) -> tuple[str, ...]:
    """Say how the figures were made.

    Parameters
    ----------
    setting : Setting
    timezone : str
        The organisation's.
    """
    return (
        "Figures are a flow: what was bought in the timeframe. The season and the offers use the history "
        "before its last day as well: a season takes years, and nothing is offered that was ever bought.",
        f"Days and hours are those of the clock in {timezone.replace('_', ' ')}, in winter and in summer; "
        "the hour that comes twice when clocks go back counts both times.",
        "Weekdays and months are divided by the days that lie in the timeframe, so that five Mondays beside "
        "four Tuesdays make no difference.",
        "The method of payment is that of the sale, else that of its largest payment so far.",
        "Pairs need 20 orders with both. The interval of a lift is the Wilson interval of its confidence. "
        f"Offers need 20 customers who went the same way; of those who could, the share that did, against "
        f"the same share after all other {setting.things}.",
        "The season is the mean of what each month was against the twelve months around it.",
    )


def limits(setting: Setting, apart: Mapping[str, Any], *, without_profit: int = 0) -> tuple[str, ...]:
    """Say what the figures do not show.

    Parameters
    ----------
    setting : Setting
    apart : mapping
        As returned by `analytics.metrics.apart.sales_apart` for the timeframe.
    without_profit : int, default 0
        Sales of the timeframe whose profit is not known.
    """
    lines = [
        "Bought together is not bought because of each other: try an offer against a control group.",
        "With many pairs some lie above chance by chance; the interval of each is for that pair alone.",
    ]
    if setting.level == "product":
        lines.append("The lines have no category, so products stand in for them.")
    if guests := apart["guest_revenue"]:
        lines.append(
            f"{setting.format.money(guests)} of the revenue is of sales without a known customer: of no "
            "customer's orders, visits or gaps."
        )
    if only := apart["customers_with_returns_only"]:
        lines.append(
            f"{returned_only(setting.format, only)} in the timeframe count{'s' if only == 1 else ''} in the "
            "revenue and not among the customers."
        )
    if without_profit:
        count = setting.format.count(without_profit)
        lines.append(f"The profit of {count} sales is not known; profit is that of the others.")
    if late := begins_inside(setting):
        lines.append(late)
    if setting.who:
        lines.append(
            f"Only purchases{setting.who} are counted. Offers are learned from all customers"
            + ("" if setting.customer_type == "all" else f" of type {setting.customer_type[:24]}")
            + "."
        )
    return tuple(lines)
