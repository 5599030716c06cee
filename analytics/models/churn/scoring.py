"""From a model to the batch of predictions: chances, levels, reasons, recommendations."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.models.churn.factors import risk_factors
from analytics.models.churn.keeping import restore
from analytics.models.churn.result import PREDICTION_COLUMNS
from analytics.models.churn.training import Model
from analytics.models.registry import StoredModel
from analytics.params.churn_rules import ChurnRecommendations

Floats = NDArray[np.float64]

LEVELS = ("Low", "Medium", "High", "Critical")


def risk_levels(probability: Floats) -> NDArray[np.str_]:
    """Name levels: Low < 0.3 ≤ Medium < 0.6 ≤ High ≤ 0.8 < Critical.

    Examples
    --------
    >>> risk_levels(np.array([0.29, 0.3, 0.6, 0.8, 0.81])).tolist()
    ['Low', 'Medium', 'High', 'High', 'Critical']
    """
    place = (probability >= 0.3).astype(int) + (probability >= 0.6) + (probability > 0.8)
    return np.take(np.array(LEVELS), place)


def monetary_scores(value: pd.Series) -> Floats:
    """100 × the share of the customers whose value is no greater than each one's.

    Examples
    --------
    >>> monetary_scores(pd.Series([10.0, 30.0, 10.0, 0.0])).tolist()
    [75.0, 100.0, 75.0, 25.0]
    """
    return np.asarray(100 * value.rank(method="max") / len(value), dtype="float64")


def predict(
    model: Model,
    customers: pd.DataFrame,
    *,
    predicted_at: date,
    market: str = "",
    rules: ChurnRecommendations | None = None,
) -> pd.DataFrame:
    """Say of each customer how likely they are to leave, why, and what to do.

    Parameters
    ----------
    model : Model
    customers : pandas.DataFrame
        ``customer_id``, the model's features, ``value``.
    predicted_at : datetime.date
        The reference date.
    market : str, default ""
    rules : ChurnRecommendations, optional
        Without them ``recommendations`` is missing.

    Returns
    -------
    pandas.DataFrame
        The contract's columns of ``predictions``, the riskiest first, ties by id; ``batch_id`` is empty until
        the batch is kept. Probabilities, confidences and scores are rounded to six decimals.
    """
    if customers.empty:
        return pd.DataFrame(columns=list(PREDICTION_COLUMNS))
    matrix = model.matrix(customers)
    probability = np.round(model.probability(matrix), 6)
    levels = risk_levels(probability)
    factors = risk_factors(model, customers, market=market, matrix=matrix)

    @cache
    def recommended(level: str, rising: tuple[str, ...]) -> str | None:
        return None if rules is None else rules.recommend(level, rising, market)

    frame = pd.DataFrame(
        {
            "batch_id": "",
            "predicted_at": pd.Timestamp(predicted_at),
            "customer_id": customers["customer_id"].to_numpy(),
            "churn_probability": probability,
            "risk_level": levels,
            "risk_factors": factors.words,
            "recommendations": [
                recommended(str(level), rising) for level, rising in zip(levels, factors.rising, strict=True)
            ],
            "prediction_confidence": np.round(model.confidence(matrix), 6),
            "monetary_score": np.round(monetary_scores(customers["value"]), 6),
        }
    )
    return frame.sort_values(
        ["churn_probability", "customer_id"], ascending=[False, True], ignore_index=True
    )[list(PREDICTION_COLUMNS)]


def rescore(stored: StoredModel, features: pd.DataFrame) -> Floats:
    """Apply a kept model to the features of customers, those of another model's test for instance.

    Returns
    -------
    numpy.ndarray of shape (n_customers,)
        Chance of leaving.
    """
    model = restore(stored)
    return model.probability(model.matrix(features))
