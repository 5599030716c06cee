"""The end matter of the campaign dashboard: what the words mean, how it was done, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.words.campaign import Setting


def definitions() -> list[tuple[str, str]]:
    """Define the terms of the page."""
    return [
        ("Customer", "An identified customer with at least one purchase in the timeframe."),
        ("Visit", "A day with a purchase. An order is one sale; several orders on one day are one visit."),
        ("Spending", "The total of sales, returns taken away."),
        ("Repeat visit rate", "Customers with two visits or more in the timeframe, of all customers in it."),
        ("Days to return", "The mean over all gaps between one visit and the next of the same customer."),
        (
            "R, F and M scores",
            "Recency (days since the last purchase), frequency (orders) and money (spending), each from 1 to "
            "5: in fifths, how many of all customers of the timeframe are strictly worse.",
        ),
        (
            "Segments",
            "Champions: R, F and M of 3 or more. Potential Loyalists: R and F of 2 or more. New Customers: "
            "R of 4 or more. Need Attention: all others.",
        ),
    ]


def method(setting: Setting) -> list[str]:
    """Say how the figures were made."""
    lines = [
        "Figures are a flow: only sales from the first day of the timeframe to its last count; only the "
        "first purchase ever, for new and old customers, is looked for before.",
        "Scores and buckets come from all customers of the timeframe; the filters then select, and every "
        "figure of the page is of the selected ones. Bucket counts add up to them.",
    ]
    if setting.selection:
        lines.append(f"This page shows customers {setting.selection}.")
    return lines


def limits(setting: Setting, left_out: Mapping[str, Any], *, named: bool) -> list[str]:
    """Say what the figures do not show.

    Parameters
    ----------
    setting : Setting
    left_out : mapping
        As returned by `analytics.metrics.campaign.beside`.
    named : bool
        Whether there is a table of customers to look names and mobile numbers up in.
    """
    lines, show = [], setting.format
    if left_out["guest_revenue"]:
        lines.append(
            f"{show.money(left_out['guest_revenue'])} of sales without a known customer is in no figure."
        )
    only = left_out["returns_only_customers"]
    if only:
        lines.append(
            f"{setting.customers(only)} with nothing but returns in the timeframe "
            f"{'is' if only == 1 else 'are'} in no figure."
        )
    if not named and (setting.asked.customer_mobile or setting.asked.customer_name):
        lines.append("There is no table of customers, so nobody can be found by name or mobile number.")
    lines.append("A segment compares customers with each other in this timeframe; in another it may differ.")
    return lines
