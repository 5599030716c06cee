"""What stands before and after the figures on coming revenue: what they are made from, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Notice

_SOURCES = {
    "sales": "All sales of the month, returns deducted, those without a known customer included.",
    "accounts": "A twelfth of the yearly contract value of all accounts live at the month's end: there "
    "are no "
    "sales.",
    "none": "There are neither sales nor accounts.",
}
_RECIPES = {
    "mean_of_months": "Between 6 and 11 months the forecast is their mean: no season can be known.",
    "seasonal_naive": "Between 12 and 23 months the forecast is last year repeated.",
    "theta": "Between 24 and 35 months the forecast is the mean of Theta and of last year with as "
    "much of its growth as all months share.",
    "arima": "From 36 months on the forecast is the mean of exponential smoothing, Theta and ARIMA, each "
    "with the "
    "most likely of its forms; the last 120 months are read.",
}


def notice(remarks: Sequence[str]) -> Notice | None:
    """Say before the first figure what is odd about the history.

    Parameters
    ----------
    remarks : sequence of str
        As in `analytics.models.forecast.revenue_forecast.ForecastResult`.

    Returns
    -------
    Notice or None
        None where there is nothing to know.
    """
    if "zero" in remarks:
        return Notice(
            "Every month of the history is zero", "So is the forecast. Check what is mapped as amount."
        )
    if "constant" in remarks:
        return Notice(
            "Every month of the history is alike",
            "The forecast is that amount, and its interval has no width: nothing can be learned of change.",
        )
    if "after_gap" in remarks:
        return Notice(
            "A year or more of the history is missing",
            "Only the months after the gap are read: what lies before it says little of what comes.",
        )
    if "filled" in remarks:
        return Notice(
            "Months without a single sale are missing from the history",
            "The usual month has many sales, so that these are gaps in the data. The models read what "
            "their season "
            "would have; no test counts them.",
        )
    return None


def notes(
    remarks: Sequence[str],
    recipe: Sequence[str],
    source: str,
    unfinished: Any,
    format: Format,
) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits for the end of the page.

    Parameters
    ----------
    remarks, recipe : sequence of str
        As in `ForecastResult`.
    source : {"sales", "accounts", "none"}
    unfinished : pandas.Timestamp or NaT
        The month that has begun and is left out.
    format : Format

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    definitions = (
        ("Revenue of a month", _SOURCES[source]),
        ("MASE", "Mean error, divided by the mean change of the training months from a year before (under 24 "
         "months, from the month before)."),
        ("sMAPE", "Mean of 200 × error / (actual + forecast): 0 is none, 200 the most."),
        ("Mean miss", "Mean of error / actual (MAPE); months of zero revenue are left out."),
        ("Bias", "Mean of forecast − actual, in percent of revenue; above zero is too high."),
        ("Stands out", "Further from what is usual for the season than four times the median distance."),
    )  # fmt: skip
    method = [
        *(text for name, text in _RECIPES.items() if recipe and recipe[-1] == name),
        "The length of the history decides which candidates the mean is of, not the test: on every set "
        "of series "
        "measured the mean was nearer than the candidate a test had chosen. Only where last year "
        "repeated has the "
        "lower MASE does it lead.",
        "The test goes back month by month and forecasts from what was known then. Intervals are the "
        "models' own, "
        "scaled by √(1.1 × factor); the factor is the 80% quantile of what errors were in the test "
        "against the "
        "interval (0.3 to 4). Their coverage is measured with the errors of the other tests.",
        "The interval of a sum takes the errors of two months to be half alike.",
    ]
    limits = ["A forecast carries on what was: a new shop, a price or a campaign is not in it."]
    if not pd.isna(unfinished):
        limits.append(f"{format.month(unfinished)} has not ended and is read nowhere.")
    if "negative" in remarks:
        limits.append("A month was below zero, so that candidates that multiply are left out.")
    if "no_backtest" in remarks:
        limits.append("The forecast has not been tested; its intervals are the model's own.")
    if "mixed_backtest" in remarks:
        limits.append(
            "The test reaches back to when fewer months were known, and the mean was of fewer candidates."
        )
    if source == "accounts":
        limits.append("Contract value is spread evenly over its year; what is invoiced or paid may differ.")
    return {"definitions": definitions, "method": tuple(method), "limits": tuple(limits)}
