"""What a model is worth: it and its baselines on the same customers, strictly later than the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.churn_catalogue import Definition, Kind, label
from analytics.models.churn.candidates import CANDIDATES, LABELS, probabilities
from analytics.models.churn.matrix import scaled
from analytics.models.churn.measures import (
    auc_difference,
    calibration_table,
    confusion,
    lift_table,
    score_row,
)
from analytics.models.churn.result import FEATURE_COLUMNS, SCORE_COLUMNS
from analytics.models.churn.training import Choice, Model, importance, one_score, stacked
from analytics.models.churn.windows import Window

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Said:
    """What one model or baseline says of the test customers: an order, and a probability."""

    score: Floats
    probability: Floats


@dataclass(frozen=True)
class Evidence:
    """The frames of a test, as `ChurnResult` has them.

    ``test`` is what ``workbook models compare`` reads: ``customer_id``, the features, ``churned`` (0 or 1)
    and ``churn_probability``.
    """

    scores: pd.DataFrame
    leader: str
    calibration: pd.DataFrame
    lift: pd.DataFrame
    confusion: dict[str, Any]
    features: pd.DataFrame
    test: pd.DataFrame


def baselines(training: list[Window], test: Window, definition: Definition) -> dict[str, Said]:
    """What needs no model: one thing known of the customer, the CLV model, and the class prior.

    Recency, and for contracts the change of logins, are turned into probabilities by a logistic curve
    through the training customers; the order is their own. The CLV model's probability stands as it is;
    where it could not be fitted it is absent.
    """
    customers, churned = stacked(training)
    share, found = float(churned.mean()), {}
    rule, sign = ("login_change", -1.0) if definition == "contract" else ("recency_days", 1.0)
    before, after = (
        sign * frame[rule].to_numpy(dtype="float64", na_value=np.nan) for frame in (customers, test.customers)
    )
    if np.isfinite(before).any() and np.isfinite(after).any():
        middle = float(np.nanmedian(before))
        before, after = (np.where(np.isfinite(values), values, middle) for values in (before, after))
        name = "logins" if definition == "contract" else "recency"
        kind: Kind = "number" if definition == "contract" else "amount"
        found[name] = Said(after, one_score(scaled(kind, before), churned, scaled(kind, after)))
    if "no_purchase_probability" in test.customers:
        silence = test.customers["no_purchase_probability"].to_numpy(dtype="float64", na_value=np.nan)
        if np.isfinite(silence).any():
            silence = np.where(np.isfinite(silence), silence, share)
            found["clv_probability"] = Said(silence, silence)
    constant = np.full(len(test.customers), share)
    return found | {"prior": Said(constant, constant)}


def test_model(
    model: Model, choice: Choice, training: list[Window], test: Window, definition: Definition,
    *, cost_of_miss: float, cost_of_call: float, seed: int,
) -> Evidence:  # fmt: skip
    """Hold a model, the candidates that lost and the baselines against what customers did.

    Parameters
    ----------
    model : Model
        Trained on `training`.
    choice : Choice
        How it was chosen.
    training : list of Window
        The windows of the training.
    test : Window
        Strictly later; with both outcomes.
    definition : {"contract", "purchase"}
    cost_of_miss, cost_of_call : float
    seed : int

    Returns
    -------
    Evidence
        ``leader`` is the model, unless a baseline has a greater or equal ROC AUC: then the best of those.
    """
    matrix, churned = model.matrix(test.customers), test.churned.to_numpy(dtype=bool)
    own = model.probability(matrix)
    said = {model.name: Said(own, own)}
    for name in CANDIDATES:
        if name != model.name:
            probability = probabilities(name, model.estimators, matrix)
            said[name] = Said(probability, probability)
    simple = baselines(training, test, definition)
    scores = _scores(said | simple, model.name, set(simple), choice, churned, seed)
    aucs = scores.set_index("model")["roc_auc"]
    best = max(simple, key=lambda name: aucs[name])
    leader = best if aucs[best] >= aucs[model.name] else model.name
    features = importance(model, matrix, churned, seed=seed)
    features.insert(1, "label", [label(name) for name in features["feature"]])
    return Evidence(
        scores,
        leader,
        calibration_table(own, churned),
        lift_table(own, churned),
        confusion(own, churned, model.threshold, cost_of_miss=cost_of_miss, cost_of_call=cost_of_call),
        features[list(FEATURE_COLUMNS)],
        test.customers.drop(columns="value").assign(churned=churned.astype("int64"), churn_probability=own),
    )


def _scores(
    said: dict[str, Said], chosen: str, simple: set[str], choice: Choice, churned: Bools, seed: int
) -> pd.DataFrame:
    rows = []
    for name, each in said.items():
        role = "chosen" if name == chosen else "baseline" if name in simple else "candidate"
        row = {"model": name, "label": LABELS[name], "role": role, "chosen": name == chosen}
        row |= score_row(each.score, each.probability, churned, seed=seed)
        row["forward_log_loss"] = choice.forward_log_loss.get(name, np.nan)
        gain = auc_difference(said[chosen].score, each.score, churned)
        row |= dict(zip(("auc_gain", "auc_gain_low", "auc_gain_high"), gain, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)[list(SCORE_COLUMNS)]
