"""Two kept models on the same customers: which orders them better, and is the difference more than chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import ModelError
from analytics.models.churn.measures import auc_difference, auc_interval, losses
from analytics.models.registry import KeptModel, StoredModel

Floats = NDArray[np.float64]
Rescore = Callable[[StoredModel, pd.DataFrame], Floats]
_Z = 1.959964
_SAME = ("definition", "horizon_days")


@dataclass(frozen=True)
class Comparison:
    """What two models reach on one test window.

    Attributes
    ----------
    window : tuple of str
        First day, and the day after the last, in ISO form.
    customers, churned : int
        Of the window, known to both.
    measures : DataFrame
        One row a measure: ``measure`` (``roc_auc``, ``log_loss``, ``brier``), ``first``, ``second``,
        ``difference`` (second − first), ``low`` and ``high`` (its paired 95 % interval), ``better``
        (``first``, ``second``, or ``no difference`` where the interval holds 0).
    rescored : str
        Version of the model that was applied anew because its own test window is another; empty where both
        were tested on the same one.
    """

    window: tuple[str, str]
    customers: int
    churned: int
    measures: pd.DataFrame
    rescored: str = ""


def compare_models(first: StoredModel, second: StoredModel, rescore: Rescore | None = None) -> Comparison:
    """Hold two models against what really happened in one window, customer by customer.

    Parameters
    ----------
    first, second : StoredModel
        Of the same organisation and kind, with a frame ``test`` (``customer_id``, ``churned``,
        ``churn_probability``, and the features where the model may be applied anew).
    rescore : callable, optional
        Applies a model to the features of customers. Where the windows differ, the earlier model is applied
        to the later window, which it cannot have seen when its training ended before.

    Returns
    -------
    Comparison

    Raises
    ------
    ModelError
        If the two cannot be compared, with the reason: another organisation, another question, no common
        window, or no customer in both tests.
    """
    _refuse_strangers(first, second)
    windows = [_window(model) for model in (first, second)]
    if windows[0] == windows[1]:
        ours, theirs = _tested(first), _tested(second)
        both = ours.merge(theirs[["customer_id", "churn_probability"]], on="customer_id")
        return _compared(both, windows[0])
    earlier, later = sorted((first, second), key=_window)
    said = "; ".join(f"{m.version}: {_window(m)[0]} to {_window(m)[1]}" for m in (first, second))
    if rescore is None or set(later.card.get("features", ())) - set(later.frames["test"].columns):
        raise ModelError(f"the models were tested on different windows ({said}), and cannot be applied anew")
    if earlier.card.get("trained_until", earlier.card["reference_date"]) > _window(later)[0]:
        raise ModelError(
            f"the models were tested on different windows that overlap ({said}): {earlier.version} has seen "
            "part of the later one, and would look better than it is"
        )
    test = _tested(later)
    anew = test.assign(churn_probability=rescore(earlier, later.frames["test"]))
    pair = (anew, test) if earlier is first else (test, anew)
    both = pair[0].merge(pair[1][["customer_id", "churn_probability"]], on="customer_id")
    return _compared(both, _window(later), rescored=earlier.version)


def _refuse_strangers(first: KeptModel, second: KeptModel) -> None:
    if first.organisation != second.organisation or first.kind != second.kind:
        raise ModelError("models of different organisations or kinds have no customers in common")
    for key in _SAME:
        if first.card.get(key) != second.card.get(key):
            raise ModelError(
                f"the models answer different questions: {key} is {first.card.get(key)} and "
                f"{second.card.get(key)}"
            )


def _window(model: KeptModel) -> tuple[str, str]:
    window = model.card.get("test_window")
    if not isinstance(window, list) or len(window) != 2:
        raise ModelError(f"the card of {model.version} names no test_window")
    return str(window[0]), str(window[1])


def _tested(model: StoredModel) -> pd.DataFrame:
    """The customers of a model's test, each with what happened and what the model had said."""
    columns = ["customer_id", "churned", "churn_probability"]
    if "test" not in model.frames or set(columns) - set(model.frames["test"].columns):
        raise ModelError(f"{model.version} was kept without the customers of its test")
    return model.frames["test"][columns]


def _compared(both: pd.DataFrame, window: tuple[str, str], rescored: str = "") -> Comparison:
    churned = both["churned"].to_numpy(dtype=bool)
    if not churned.any() or churned.all():
        raise ModelError("the customers whom both tests hold do not have both outcomes")
    one, two = (both[f"churn_probability_{end}"].to_numpy(dtype=float) for end in "xy")
    difference, low, high = auc_difference(two, one, churned)
    rows = [("roc_auc", auc_interval(one, churned)[0], auc_interval(two, churned)[0], difference, low, high)]
    for name, a, b in zip(("brier", "log_loss"), losses(one, churned), losses(two, churned), strict=True):
        change = b - a
        half = _Z * float(change.std(ddof=1)) / np.sqrt(len(change))
        rows.append((name, a.mean(), b.mean(), change.mean(), change.mean() - half, change.mean() + half))
    measures = pd.DataFrame(rows, columns=["measure", "first", "second", "difference", "low", "high"])
    # A greater area is better, a smaller loss.
    gain = np.where(measures["measure"] == "roc_auc", 1, -1)
    worse, better = measures["low"] * gain, measures["high"] * gain
    measures["better"] = np.select(
        [np.minimum(worse, better) > 0, np.maximum(worse, better) < 0], ["second", "first"], "no difference"
    )
    return Comparison(window, len(both), int(churned.sum()), measures, rescored)
