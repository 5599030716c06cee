"""Predicted lifetime value without a contract: visits × value, discounted, with 80 % intervals.

A model of purchases (MBG/NBD, BG/NBD or Pareto/NBD) says how often a customer will come, Gamma-Gamma what a
visit brings, and a holdout how far to trust both. What notebooks and other models use of
`analytics.models.purchases`:

>>> import pandas as pd
>>> few = pd.DataFrame({"customer_id": ["ada"], "visits": [1], "first_day": [0], "last_day": [0],
...                     "observed_day": [9], "repeat_value": [None]})
>>> model = fit_lifetime_value(few)
>>> model.purchases, model.notes
(None, ('few_repeat_customers', 'few_values'))
"""

from __future__ import annotations

from analytics.models.purchases.fit import PurchaseFit, fit_purchases
from analytics.models.purchases.gamma_gamma import GammaGammaFit
from analytics.models.purchases.holdout import Validation, compare_methods, validate_lifetime_value
from analytics.models.purchases.learning import (
    LifetimeValueModel,
    fit_lifetime_value,
    independence,
    no_purchase_probability,
    repeat_visits,
)
from analytics.models.purchases.prediction import discounted, expect_lifetime_value, predict_lifetime_value
from analytics.models.purchases.totals import totals

__all__ = [
    "GammaGammaFit",
    "LifetimeValueModel",
    "PurchaseFit",
    "Validation",
    "compare_methods",
    "discounted",
    "expect_lifetime_value",
    "fit_lifetime_value",
    "fit_purchases",
    "independence",
    "no_purchase_probability",
    "predict_lifetime_value",
    "repeat_visits",
    "totals",
    "validate_lifetime_value",
]
