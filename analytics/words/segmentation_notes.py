"""The end matter of the segmentation report: what the words mean, how it was done, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.words.apart import in_no_figure
from analytics.words.segmentation_setting import Setting


def definitions(setting: Setting, segments: pd.DataFrame) -> list[tuple[str, str]]:
    """Define the terms of the page, and each segment with the codes that it wins.

    Parameters
    ----------
    setting : Setting
    segments : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments`.

    Returns
    -------
    list of tuple of str
        Term and meaning.
    """
    bounds, days = setting.bounds, setting.format.days
    terms = [
        (
            "R, F and M scores",
            "Recency (days since the last order), frequency (orders) and money (net revenue), each "
            "from 1 to 5. "
            "5 is best: a score counts in fifths how many of all customers are strictly worse.",
        ),
        ("Active", f"The last order is less than {days(bounds.churn_days)} old."),
        (
            "Top customers",
            f"The {bounds.top_percent}% with the most net revenue, rounded up; ties go by id.",
        ),
        ("Lost VIP", f"A top customer under At-Risk: no order for {days(bounds.at_risk_days)} or more."),
        (
            "Tier",
            f"The first that fits: New (first order in the last {days(bounds.new_days)}), At-Risk, VIP (top "
            f"{bounds.top_percent}%), Low Value (bottom {bounds.top_percent}%), Regular.",
        ),
    ]
    described = segments[segments["criteria"] != ""]
    terms += [
        (str(row.segment_name), f"{row.description} Codes (R, F, M): {row.criteria}.")
        for row in described.itertuples()
    ]
    return terms


def method(setting: Setting, fitted_on: int, measured_on: int, resamples: int = 10) -> list[str]:
    """Say how the figures were made.

    Parameters
    ----------
    setting : Setting
    fitted_on, measured_on : int
        Customers that behaviour groups were fitted on, and silhouettes measured on; 0 where there are none.
    resamples : int, default 10
        How often groups were made again.
    """
    count = setting.format.count
    lines = [
        "Figures are a state: they use the whole history up to the last day, whatever the timeframe's start. "
        "Returns take from revenue and are no order.",
        "The first rule that holds a customer's three scores decides the segment; the codes listed are those "
        "that a segment really wins. A move is up when the new segment stands better: first by recency, then "
        "by frequency and money.",
    ]
    if fitted_on:
        lines.append(
            "Behaviour groups are k-means on recency, frequency, money, tenure, revenue an order and, where "
            "lines of sales are known, categories; skewed measures as logarithms, all scaled to the "
            "same spread. "
            f"Centres come from {count(fitted_on)} customers, silhouettes from {count(measured_on)}; every "
            f"customer is then assigned. Agreement is the mean adjusted Rand index over "
            f"{count(resamples)} resamples."
        )
    return lines


def limits(setting: Setting, apart: Mapping[str, Any]) -> list[str]:
    """Say what the figures do not show.

    Parameters
    ----------
    setting : Setting
    apart : mapping
        As returned by `analytics.metrics.apart.sales_apart`.
    """
    bounds = setting.bounds
    lines = [
        "Scores compare customers with each other: when all buy more, the segments stay as large as "
        "they were.",
        "A customer without a contract does not say when they leave; At-Risk means silence, not departure.",
        *in_no_figure(setting.format, apart, "no segment and no tier, nor in any sum of them"),
    ]
    if not bounds.include_inactive:
        days = setting.format.days(bounds.inactive_days)
        lines.append(f"Customers without an order in the last {days} are in no figure of this page.")
    if bounds.customer_type != "all":
        lines.append(
            f"Only customers of type {bounds.customer_type} are shown; their scores, tiers and "
            f"groups are those "
            "among all customers."
        )
    return lines
