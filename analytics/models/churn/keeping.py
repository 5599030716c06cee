"""Putting a churn model into the registry, and taking it out again as it was."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from typing import Any

import numpy as np

from analytics.metrics.churn_catalogue import names
from analytics.models.churn.calibrate import Calibration
from analytics.models.churn.candidates import CANDIDATES, LABELS, PARTS
from analytics.models.churn.forest import Forest
from analytics.models.churn.learning import Learnt
from analytics.models.churn.logistic import Logistic
from analytics.models.churn.matrix import as_plain, from_plain
from analytics.models.churn.settings import KIND, Settings
from analytics.models.churn.training import Model, stacked
from analytics.models.churn.windows import Plan, Window, digest
from analytics.models.drift import drift_profile
from analytics.models.registry import StoredModel, save_model

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
_REFIT = "refit"


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a model depends on."""
    return {"python": platform.python_version()} | {name: installed(name) for name in _LIBRARIES}


def model_version(settings: Settings, training: Sequence[Window], test: Window) -> str:
    """Name a model by its day and by everything that it is made from.

    Returns
    -------
    str
        ``2026-11-01-3f2a9c0d51``: the same data, question and libraries give the same.
    """
    said = [dict(settings.alike), digest([*training, test]), versions()]
    made = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    return f"{settings.reference_date.isoformat()}-{made[:10]}"


def keep(
    settings: Settings,
    plan: Plan,
    training: Sequence[Window],
    test: Window,
    learnt: Learnt,
    version: str,
) -> StoredModel:
    """Save a model with its evidence under its `model_version`, and read it back.

    The run that trains sees exactly what later runs will see, because both see what was read back. The
    candidates that lost are not kept: their scores are.

    Returns
    -------
    StoredModel
    """
    model, evidence = learnt.model, learnt.evidence
    customers, churned = stacked(training)
    profile = customers[list(names(settings.definition))].assign(
        score=model.probability(model.matrix(customers))
    )
    seen = {
        "rows": len(churned),
        "customers": int(customers["customer_id"].nunique()),
        "churned": int(churned.sum()),
    }
    card = _card(settings, plan, seen, test, learnt)
    frames = {
        "scores": evidence.scores,
        "calibration": evidence.calibration,
        "lift": evidence.lift,
        "features": evidence.features,
        "test": evidence.test,
        "forward": learnt.choice.forward,
        "profile": drift_profile(profile),
    }
    return save_model(settings.organisation, KIND, version, card, kept_estimators(model), frames)


def kept_estimators(model: Model) -> dict[str, Any]:
    """What the chosen candidate is made of, and its refits, as the registry keeps them; see `restore`."""
    found = {part: _kept(model.estimators[part]) for part in PARTS[model.name]}
    for number, refit in enumerate(model.refits):
        found |= {f"{_REFIT}_{number:02d}_{name}": _kept(each) for name, each in refit.items()}
    return found


def _kept(estimator: Any) -> Any:
    """An estimator as the registry keeps it: of a forest the trees, of a regression the coefficients."""
    if isinstance(estimator, Forest):
        return list(estimator.trees)
    return estimator.coefficients if isinstance(estimator, Logistic) else estimator


def _restored(kept: Any) -> Any:
    """The estimator that was kept."""
    if isinstance(kept, list):
        return Forest(kept)
    return Logistic(kept) if isinstance(kept, np.ndarray) else kept


def restore(stored: StoredModel) -> Model:
    """Make the model from what the registry kept."""
    card = stored.card["model"]
    whole: dict[str, Any] = {}
    refits: dict[str, dict[str, Any]] = {}
    for name, kept in stored.estimators.items():
        estimator = _restored(kept)
        if name.startswith(f"{_REFIT}_"):
            number, part = name.removeprefix(f"{_REFIT}_").split("_", 1)
            refits.setdefault(number, {})[part] = estimator
        else:
            whole[name] = estimator
    return Model(
        card["name"],
        from_plain(card["columns"]),
        whole,
        tuple(refits[number] for number in sorted(refits)),
        float(card["refit_scale"]),
        Calibration(*card["calibration"]),
        float(card["threshold"]),
        np.array(card["reference"], dtype="float64"),
    )


def _card(
    settings: Settings, plan: Plan, seen: Mapping[str, int], test: Window, learnt: Learnt
) -> dict[str, Any]:
    choice, model, evidence = learnt.choice, learnt.model, learnt.evidence
    own = evidence.scores[evidence.scores["chosen"]].to_dict("records")[0]
    measures = ("roc_auc", "average_precision", "brier", "log_loss", "calibration_error")
    return dict(settings.alike) | {
        "kind": KIND,
        "reference_date": settings.reference_date,
        "trained_until": plan.test,
        "data_window": [plan.first_day, plan.known_until],
        "training_cutoffs": list(plan.training),
        "test_window": [plan.test, plan.known_until],
        **seen,
        "test_customers": len(test.churned),
        "test_churned": int(test.churned.sum()),
        "features": list(names(settings.definition)),
        "candidates": list(CANDIDATES),
        "scores": {name: float(own[name]) for name in measures},
        "forward_log_loss": dict(choice.forward_log_loss),
        "leader": evidence.leader,
        "confusion": evidence.confusion,
        "notes": [f"{LABELS[model.name]}: {choice.why[0].lower()}{choice.why[1:]}", choice.calibration_why],
        "model": plain_model(model),
        "versions": versions(),
    }


def plain_model(model: Model) -> Mapping[str, Any]:
    """What a card says of a model; with `kept_estimators` it is the whole of it."""
    return {
        "name": model.name,
        "columns": as_plain(model.columns),
        "reference": [float(value) for value in model.reference],
        "refit_scale": model.refit_scale,
        "calibration": [model.calibration.intercept, model.calibration.slope],
        "threshold": model.threshold,
    }
