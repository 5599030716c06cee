"""What the candidates of a forecast are called, the same in words, tables and pictures."""

from __future__ import annotations

NAMES = {
    "mean": "Mean of candidates",
    "mean_of_months": "Mean of the months",
    "seasonal_naive": "Last year repeated",
    "seasonal_drift": "Last year and its growth",
    "exponential_smoothing": "Exponential smoothing",
    "theta": "Theta",
    "arima": "ARIMA",
    "random_forest": "Random forest",
}
"""Beginning a row; a model from outside keeps its own name."""

SHORT = {
    "mean": "Mean",
    "mean_of_months": "Mean",
    "seasonal_naive": "Last year",
    "seasonal_drift": "With growth",
    "exponential_smoothing": "Smoothing",
    "random_forest": "Forest",
}
"""Beside a bar, where a phone has little room."""

_INSIDE = {
    "mean": "the mean of candidates",
    "mean_of_months": "the mean of the months",
    "seasonal_naive": "last year repeated",
    "seasonal_drift": "last year and its growth",
    "exponential_smoothing": "exponential smoothing",
    "theta": "Theta",
    "arima": "ARIMA",
    "random_forest": "a random forest",
}


def named(model: str) -> str:
    """A model at the beginning of a row.

    Examples
    --------
    >>> named("arima"), named("somebody's own")
    ('ARIMA', "somebody's own")
    """
    return NAMES.get(model, model)


def inside(model: str) -> str:
    """A model inside a sentence."""
    return _INSIDE.get(model, model)
