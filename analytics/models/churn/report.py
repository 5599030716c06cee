"""The churn report's figures: train or reuse a model, score today's customers, keep both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pandas as pd

from analytics.data.batches import batch_id, write_batch
from analytics.metrics.churn_catalogue import Definition, label
from analytics.metrics.churn_labels import Asked, choose_definition, churn_by_horizon, standing
from analytics.models.churn.candidates import LABELS
from analytics.models.churn.keeping import keep, model_version, restore
from analytics.models.churn.learning import learn, missing_for, past_windows
from analytics.models.churn.result import OUTCOME_COLUMNS, ChurnResult
from analytics.models.churn.scoring import predict
from analytics.models.churn.settings import KIND, RECIPE, Settings
from analytics.models.churn.windows import (
    Plan,
    Tables,
    Window,
    digest,
    plan_cutoffs,
    read_current,
    read_plan,
)
from analytics.models.drift import drift
from analytics.models.registry import KeptModel, StoredModel, load_model, model_in_use
from analytics.params.churn_rules import ChurnRecommendations

OTHER_HORIZONS = (60, 180)
WELL_CALIBRATED = 0.05
FEW = 30
"""Under so many who left, or who stayed, nothing is said of how good a model is."""


def train_or_reuse(
    *,
    organisation: str,
    reference_date: date,
    sales: ibis.Table | None = None,
    accounts: ibis.Table | None = None,
    sale_items: ibis.Table | None = None,
    definition: Asked = "auto",
    horizon_days: int = 90,
    eligible_days: int | None = 365,
    cost_of_miss: float = 5.0,
    cost_of_call: float = 1.0,
    retrain_after_days: int = 30,
    market: str | None = None,
    seed: int = 0,
    rules: ChurnRecommendations | None = None,
) -> ChurnResult:
    """Say who is about to leave, with a model that brings its evidence, or say what is missing for one.

    The model in use scores while it is younger than `retrain_after_days` and undrifted, or pinned; otherwise
    one is trained on past cutoffs, tested on a strictly later one, and kept. The predictions are kept as one
    dated batch: the same data and model write the same batch once.

    Parameters
    ----------
    organisation : str
        Id, under which models and batches are kept.
    reference_date : datetime.date
        Nothing on or after it is read.
    sales, accounts, sale_items : ibis.Table or None
        As in the contract; None, or without rows, where the organisation has none.
    definition : {"auto", "contract", "purchase"}, default "auto"
        What leaving means: ``churned_at`` in the horizon, or no purchase in it. "auto": contract where there
        are snapshots of accounts.
    horizon_days : int, default 90
    eligible_days : int or None, default 365
        Customers without a purchase in so many days are neither trained on nor scored; None: nobody is left
        out. It does not concern contracts.
    cost_of_miss, cost_of_call : float, default 5 and 1
        The threshold for calls is where these cost least.
    retrain_after_days : int, default 30
    market : str, optional
        ``vietnam`` puts the NPS first among the reasons.
    seed : int, default 0
    rules : ChurnRecommendations, optional
        The organisation's table of recommendations.

    Returns
    -------
    ChurnResult
        With ``status["missing"]`` and without rows where there is too little data; then nothing is kept.

    Raises
    ------
    ParamsError
        If a parameter is out of range.
    """
    chosen = choose_definition(definition, accounts, reference_date)
    settings = Settings(
        organisation,
        reference_date,
        chosen,
        horizon_days,
        eligible_days,
        cost_of_miss,
        cost_of_call,
        retrain_after_days,
        market or "",
        seed,
    )
    tables = Tables(sales, accounts, sale_items)
    plan = plan_cutoffs(tables, settings)
    result = ChurnResult(_facts(tables, settings, plan), _horizons(tables, settings, plan))
    stored, missing, current = _model(tables, settings, plan)
    if stored is None:
        return replace(
            result, status=dict(result.status) | {"missing": missing, "recommendations": _wait(missing)}
        )
    return _scored(result, settings, current, stored, rules)


def _facts(tables: Tables, settings: Settings, plan: Plan) -> dict[str, Any]:
    """The status as far as it needs no model."""
    people = standing(
        settings.definition,
        settings.reference_date,
        settings.horizon_days,
        sales=tables.sales,
        accounts=tables.accounts,
    )
    return people | {
        "scored_customers": 0,
        "models_trained": 0,
        "training_timestamp": None,
        "training_cutoffs": [],
        "test_cutoff": None,
        "training_rows": 0,
        "model_version": None,
        "batch_id": None,
        "model_age_days": 0,
        "pinned": False,
        "drifted_features": [],
        "definition": settings.definition,
        "horizon_days": settings.horizon_days,
        "eligible_days": settings.eligible_days,
        "known_until": plan.known_until.isoformat(),
        "base_rate": None,
        "threshold": None,
        "recommendations": [],
        "missing": [],
        "notes": [],
    }


def _horizons(tables: Tables, settings: Settings, plan: Plan) -> pd.DataFrame:
    """How the answer changes with the horizon, as far as the data reach back."""
    found = churn_by_horizon(
        settings.definition,
        plan.known_until,
        OTHER_HORIZONS,
        own=settings.horizon_days,
        sales=tables.sales,
        accounts=tables.accounts,
        eligible_days=settings.eligible_days,
    )
    return found[found["customers"] > 0].reset_index(drop=True)


# Which model --------------------------------------------------------------------------------------------


def _model(tables: Tables, settings: Settings, plan: Plan) -> tuple[StoredModel | None, list[str], Window]:
    """The model to score with, or what is missing for one; and the customers to score."""
    kept = model_in_use(settings.organisation, KIND, settings.reference_date, alike=settings.alike)
    if kept is not None and _young(kept, settings):
        stored = load_model(settings.organisation, KIND, kept.version)
        current = read_current(tables, settings, plan)
        if kept.pinned or not _drift(stored, current)["drifted"].any():
            return stored, [], current
    past, current = read_plan(tables, settings, plan)
    training, test = past_windows(past, settings)
    missing = missing_for(settings, plan, training, test)
    if not missing:
        version = model_version(settings, training, test)
        if kept is not None and kept.version == version:  # of this very day, and of these very data
            return load_model(settings.organisation, KIND, version), [], current
        learnt = learn(settings, training, test)
        stored = keep(settings, plan, training, test, learnt, version)
        return stored, [], current
    if kept is not None:  # too little has been left to learn from since; the old model still knows more
        return load_model(settings.organisation, KIND, kept.version), [], current
    return None, missing, current


def _age(kept: KeptModel, settings: Settings) -> int:
    return (settings.reference_date - kept.reference_date).days


def _young(kept: KeptModel, settings: Settings) -> bool:
    """Whether a model may score without looking at what it would be trained on today.

    One of this very day may not: the day's data may have come in since.
    """
    return kept.pinned or 0 < _age(kept, settings) < settings.retrain_after_days


def _drift(stored: StoredModel, current: Window) -> pd.DataFrame:
    """Today's customers against those of the training, feature by feature, and the score."""
    model, frame = restore(stored), current.customers
    found = drift(stored.frames["profile"], frame.assign(score=model.probability(model.matrix(frame))))
    words = [("The model's score" if name == "score" else label(name)) for name in found["feature"]]
    found.insert(1, "label", words)
    return found


# The result ---------------------------------------------------------------------------------------------


def _scored(
    result: ChurnResult,
    settings: Settings,
    current: Window,
    stored: StoredModel,
    rules: ChurnRecommendations | None,
) -> ChurnResult:
    """Score today's customers, keep the batch, and lay the evidence beside it."""
    predictions = predict(
        restore(stored),
        current.customers,
        predicted_at=settings.reference_date,
        market=settings.market,
        rules=rules,
    )
    # Named by what it says too: a rule or a word that changes makes another batch, never a contradiction.
    said = hashlib.sha256(predictions.to_csv(index=False).encode()).hexdigest()
    made_from = (RECIPE, stored.version, digest([current]), said)
    name = batch_id(settings.organisation, settings.reference_date, *made_from)
    predictions["batch_id"] = name
    if len(predictions):
        write_batch(settings.organisation, "predictions", predictions)
    moved = _drift(stored, current)
    leader, chosen = stored.card["leader"], stored.card["model"]["name"]
    if _fewer(stored.card) < FEW:
        leader = ""
    status = dict(result.status) | _of_model(settings, stored, moved) | {"scored_customers": len(predictions)}
    status["batch_id"] = name if len(predictions) else None
    status["recommendations"] = _next_steps(stored, status, predictions)
    return replace(
        result,
        status=status,
        scores=stored.frames["scores"],
        leader=leader,
        verdict="model" if leader == chosen else leader or "none",
        calibration=stored.frames["calibration"],
        lift=stored.frames["lift"],
        confusion=stored.card["confusion"],
        features=stored.frames["features"],
        drift=moved,
        predictions=predictions,
        forward=stored.frames.get("forward", result.forward),
        tested=stored.frames["test"][list(OUTCOME_COLUMNS)],
        model_card={"version": stored.version}
        | {k: v for k, v in stored.card.items() if k != "kept"}
        | {"leader": leader or None},
    )


def _of_model(settings: Settings, stored: StoredModel, moved: pd.DataFrame) -> dict[str, Any]:
    card = stored.card
    return {
        "models_trained": len(card["candidates"]),
        "training_timestamp": card["reference_date"],
        "training_cutoffs": card["training_cutoffs"],
        "test_cutoff": card["test_window"][0],
        "training_rows": card["rows"],
        "model_version": stored.version,
        "model_age_days": _age(stored, settings),
        "pinned": stored.pinned,
        "drifted_features": moved.loc[moved["drifted"], "feature"].tolist(),
        "base_rate": 100 * card["test_churned"] / card["test_customers"],
        "threshold": card["model"]["threshold"],
        "notes": list(card["notes"]),
    }


def _next_steps(stored: StoredModel, status: Mapping[str, Any], predictions: pd.DataFrame) -> list[str]:
    """What to do next, in plain sentences; numbers in the neutral form that stored text has."""
    card, fewer = stored.card, _fewer(stored.card)
    if fewer < FEW:
        steps = [
            f"Wait with judging the model: only {fewer} of the customers it was tested on "
            f"{'left' if card['test_churned'] == fewer else 'stayed'}."
        ]
    else:
        steps = [*_whether_to_call(card, predictions), *_order_of(stored)]
        if card["scores"]["calibration_error"] > WELL_CALIBRATED:
            steps.append(
                "Take the probabilities as an order rather than as chances: in the test they were off by "
                f"{100 * card['scores']['calibration_error']:.0f} percentage points on average."
            )
    drifted = len(set(status["drifted_features"]) - {"score"})
    if drifted or status["drifted_features"]:
        what = f"{drifted} of the model's inputs" if drifted else "the chances themselves"
        steps.append(f"Look at what has moved since the training ({what}) before relying on single figures.")
    return steps


def _fewer(card: Mapping[str, Any]) -> int:
    """How many of the test had the rarer outcome."""
    return int(min(card["test_churned"], card["test_customers"] - card["test_churned"]))


def _whether_to_call(card: Mapping[str, Any], predictions: pd.DataFrame) -> list[str]:
    """From which chance on to call, if that was the cheapest in the test; else what was."""
    counts, threshold = card["confusion"], 100 * card["model"]["threshold"]
    count = int((predictions["churn_probability"] >= card["model"]["threshold"]).sum())
    everybody, nobody = counts["cost_of_calling_all"], counts["cost_of_calling_none"]
    if counts["cost"] >= min(everybody, nobody):
        cost = "as much" if counts["cost"] == min(everybody, nobody) else "less"
        return [
            f"Do not choose whom to call by the threshold of {threshold:.0f}%: in the test, calling "
            f"{'everybody' if everybody <= nobody else 'nobody'} would have cost {cost}."
        ]
    if not count:
        return []
    noun = "customer has" if count == 1 else "customers have"
    return [
        f"In the test, calls from a chance of {threshold:.0f}% on cost least: {count:,} {noun} one today."
    ]


def _order_of(stored: StoredModel) -> list[str]:
    """What the order by the model's chance is worth beside a baseline that leads: level, or worse."""
    leader = stored.card["leader"]
    if leader == stored.card["model"]["name"]:
        return []
    scores = stored.frames["scores"]
    gain_high = float(scores.loc[scores["model"] == leader, "auc_gain_high"].iloc[0])
    if gain_high < 0:
        return [
            f"Do not lean on the order of the chances: “{LABELS[leader]}” told apart better who left than "
            "the model did."
        ]
    return [
        "Do not take the order of the chances for more than a simple rule gives: in the test it was level "
        f"with “{LABELS[leader]}”."
    ]


def _wait(missing: list[str]) -> list[str]:
    return (
        ["Add what is missing, or wait until the history holds it; until then nobody is scored."]
        if missing
        else []
    )


def definition_in_words(definition: Definition, horizon_days: int) -> str:
    """Say what leaving means."""
    if definition == "contract":
        return f"the contract ends within {horizon_days} days"
    return f"no purchase within {horizon_days} days"
