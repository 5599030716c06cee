"""What a churn report gets: the figures of one organisation at one reference date, as frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.models.churn.measures import confusion, threshold_for

SCORE_COLUMNS = (
    *("model", "label", "role", "chosen"),
    *(f"{m}{e}" for m in ("roc_auc", "average_precision", "brier", "log_loss", "calibration_error")
      for e in ("", "_low", "_high")),
    *("accuracy", "majority_share", "customers", "churned", "forward_log_loss"),
    *("auc_gain", "auc_gain_low", "auc_gain_high"),
)  # fmt: skip
HORIZON_COLUMNS = (
    *("horizon_days", "cutoff", "customers", "churned", "own"),
    *("churn_rate", "churn_rate_n", "churn_rate_low", "churn_rate_high"),
)
CALIBRATION_COLUMNS = ("bin", "predicted", "actual", "low", "high", "customers", "churned")
LIFT_COLUMNS = (
    "depth_percent",
    "customers",
    "churned",
    "precision_rate",
    "low",
    "high",
    "lift",
    "recall_rate",
)
FEATURE_COLUMNS = ("feature", "label", "importance", "sd", "low", "high")
DRIFT_COLUMNS = ("feature", "label", "psi", "by_chance", "drifted")
OUTCOME_COLUMNS = ("churn_probability", "churned")
PREDICTION_COLUMNS = (
    *("batch_id", "predicted_at", "customer_id", "churn_probability", "risk_level", "risk_factors"),
    *("recommendations", "prediction_confidence", "monetary_score"),
)


def _empty(columns: tuple[str, ...]) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class ChurnResult:
    """A churn model's evidence and predictions, or what is missing for one.

    Frames without rows and ``verdict`` "none" where there is no model. Shares and probabilities are 0–1;
    columns that end in ``_rate`` or ``_percent`` are percentages; intervals are 95 %.

    Attributes
    ----------
    status : dict
        - ``total_customers``, ``active_customers``, ``churned_customers`` (int): as of the reference date;
          contract: live accounts and those that have left; purchase: customers with a purchase, active with
          one in the last `horizon_days`. ``scored_customers``: rows of `predictions`.
        - ``models_trained`` (int): candidates that the model in use was chosen from; 0 without a model.
        - ``training_timestamp`` (ISO date or None): the reference date of the training, never the clock.
        - ``training_cutoffs`` (list of ISO dates), ``test_cutoff`` (ISO date), ``training_rows`` (int).
        - ``model_version``, ``batch_id`` (str or None), ``model_age_days`` (int, 0 where trained for this
          date), ``pinned`` (bool), ``drifted_features`` (list of str; ``score`` is the model's score).
        - ``definition`` ("contract" | "purchase"), ``horizon_days``, ``eligible_days`` (int or None).
        - ``base_rate`` (percent of the test customers who churned, None without test).
        - ``threshold`` (float or None): call from this probability on.
        - ``recommendations`` (list of str): what to do next.
        - ``missing`` (list of str): what is lacking for a model, in words; empty where there is one.
        - ``notes`` (list of str): what a reader must know, in plain sentences.
    horizons : pandas.DataFrame
        How the answer changes with the horizon (60, own, 180 days): `HORIZON_COLUMNS`; ``cutoff`` is a date,
        ``own`` marks the horizon that the model predicts, rates are percentages with Wilson bounds.
    scores : pandas.DataFrame
        One row for each candidate and baseline, all on the customers of the test cutoff: `SCORE_COLUMNS`.
        ``model``: ``random_forest``, ``logistic``, ``boosting``, ``mean`` (candidates), ``recency`` or
        ``logins`` (the rule of thumb), ``clv_probability``, ``prior`` (baselines); ``role``: ``chosen`` (the
        model in use), ``candidate`` or ``baseline``; ``chosen`` (bool) marks the model. ``accuracy`` and
        ``majority_share`` are 0–1. ``forward_log_loss`` is what candidates were chosen by, on training
        cutoffs only. ``auc_gain`` is the model's ROC AUC less the row's, with its paired interval (0 for the
        model).
    leader : str
        ``model`` of the row whose figure leads: the model, or the baseline that orders customers as well or
        better. Empty without a model, or where fewer than 30 left or stayed in its test.
    verdict : str
        "model", "recency", "logins", "clv_probability", "prior", or "none" where nobody leads.
    calibration : pandas.DataFrame
        `CALIBRATION_COLUMNS`: tenths of the test customers by predicted probability; ``predicted`` and
        ``actual`` 0–1, ``low`` and ``high`` the Wilson bounds of ``actual``.
    lift : pandas.DataFrame
        `LIFT_COLUMNS` by depth (1, 5, 10, 20 … 100 % of the test customers, the riskiest first):
        ``precision_rate`` = churned among them with Wilson bounds ``low`` and ``high``, ``recall_rate`` = of
        all who churned, ``lift`` = precision / base rate.
    confusion : dict
        ``threshold``, ``true_positives``, ``false_positives``, ``false_negatives``, ``true_negatives``,
        ``cost``, ``cost_of_calling_all``, ``cost_of_calling_none``, ``cost_of_miss``, ``cost_of_call``;
        empty without a model. The threshold was chosen on training cutoffs, the counts are those of the test.
    features : pandas.DataFrame
        `FEATURE_COLUMNS`: ``importance`` = fall of the test's ROC AUC where the feature is shuffled, mean of
        repeats with standard deviation and 2.5 and 97.5 % quantiles; the most important first.
    drift : pandas.DataFrame
        `DRIFT_COLUMNS`: population stability index of each feature and of ``score``, scored customers against
        training.
    predictions : pandas.DataFrame
        `PREDICTION_COLUMNS`, the riskiest first (ties by id); ``risk_factors`` are up to three phrases joined
        with "; ".
    forward, tested : pandas.DataFrame
        `OUTCOME_COLUMNS`, ``churned`` 0 or 1: the customers on whom the threshold was chosen, and those of
        the test, on whom its costs are counted. `forward` is without rows where history had one training
        window only, and None where the model was kept without it.
    model_card : dict
        Plain values: version, kind, data window, rows, features, parameters, scores, library versions.
    """

    status: Mapping[str, Any]
    horizons: pd.DataFrame = field(default_factory=_empty(HORIZON_COLUMNS))
    scores: pd.DataFrame = field(default_factory=_empty(SCORE_COLUMNS))
    leader: str = ""
    verdict: str = "none"
    calibration: pd.DataFrame = field(default_factory=_empty(CALIBRATION_COLUMNS))
    lift: pd.DataFrame = field(default_factory=_empty(LIFT_COLUMNS))
    confusion: Mapping[str, Any] = field(default_factory=dict)
    features: pd.DataFrame = field(default_factory=_empty(FEATURE_COLUMNS))
    drift: pd.DataFrame = field(default_factory=_empty(DRIFT_COLUMNS))
    predictions: pd.DataFrame = field(default_factory=_empty(PREDICTION_COLUMNS))
    model_card: Mapping[str, Any] = field(default_factory=dict)
    forward: pd.DataFrame | None = None
    tested: pd.DataFrame = field(default_factory=_empty(OUTCOME_COLUMNS))

    def what_if(self, *, cost_of_miss: float, cost_of_call: float) -> dict[str, Any]:
        """Choose and count anew under other costs, with the same model; nothing is read or trained again.

        Parameters
        ----------
        cost_of_miss, cost_of_call : float
            Above 0, in one unit.

        Returns
        -------
        dict
            As `confusion`, with ``called_today``: the customers of `predictions` from the threshold on. Empty
            without a model, or where `forward` is None.
        """
        if self.forward is None or self.tested.empty:
            return {}
        costs = {"cost_of_miss": cost_of_miss, "cost_of_call": cost_of_call}
        threshold = threshold_for(self.forward, **costs)
        said, churned = self.tested["churn_probability"], self.tested["churned"]
        counts = confusion(said.to_numpy(), churned.to_numpy(dtype=bool), threshold, **costs)
        called = threshold < 1 and (self.predictions["churn_probability"] >= threshold)
        return counts | {"called_today": int(np.sum(called))}
