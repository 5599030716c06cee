"""Choosing a churn model forward in time, and testing it strictly later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.models.churn.calibrate import Calibration, choose_calibration
from analytics.models.churn.candidates import (
    CANDIDATES,
    PARTS,
    SIMPLEST,
    fit_estimators,
    fit_resampled,
    probabilities,
)
from analytics.models.churn.matrix import Column, design, log_odds, plan_columns
from analytics.models.churn.measures import losses, roc_auc, roc_aucs, threshold_for
from analytics.models.churn.windows import Window
from analytics.models.threads import one_thread

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_FOLDS = 3
FOLD_ROWS = 30_000
REFITS = 20
REFIT_ROWS = 20_000
FEWEST_CUSTOMERS = 10


@dataclass(frozen=True)
class Fold:
    """Predictions for one training cutoff by models that saw only earlier ones."""

    probabilities: Mapping[str, Floats]
    churned: Bools


@dataclass(frozen=True)
class Model:
    """A trained churn model.

    Attributes
    ----------
    name : str
        Of the candidate.
    columns : tuple of Column
    estimators : mapping of str to estimator
        By name; fresh from training all of ``logistic``, ``boosting``, ``random_forest``, so that those that
        lost can be compared, from the registry only those that the candidate is made of.
    refits : tuple of mapping
        The chosen candidate's estimators, fitted again on resampled customers; see `confidence`.
    refit_scale : float
        What the spread of the refits is multiplied by, because each saw a part of the rows only.
    calibration : Calibration
    threshold : float
    reference : numpy.ndarray of shape (n_columns,)
        An ordinary customer: the median of each number, the commonest level of each category.
    """

    name: str
    columns: tuple[Column, ...]
    estimators: Mapping[str, Any]
    refits: tuple[Mapping[str, Any], ...]
    refit_scale: float
    calibration: Calibration
    threshold: float
    reference: Floats

    def matrix(self, customers: pd.DataFrame) -> Floats:
        """The numbers that the model sees of some customers."""
        return design(customers, self.columns)

    def probability(self, matrix: Floats) -> Floats:
        """Calibrated chance of leaving."""
        return self.calibration(probabilities(self.name, self.estimators, matrix))

    def confidence(self, matrix: Floats) -> Floats:
        """1 − 2 × the standard deviation of the refits' probabilities, at least 0."""
        said = [self.calibration(probabilities(self.name, refit, matrix)) for refit in self.refits]
        spread = np.std(said, axis=0, ddof=1) * self.refit_scale
        found: Floats = np.clip(1 - 2 * spread, 0.0, 1.0)
        return found


@dataclass(frozen=True)
class Choice:
    """How the model was chosen.

    Attributes
    ----------
    name : str
    forward_log_loss : mapping of str to float
        Of each candidate over all forward folds; empty where history allows none.
    why, calibration_why : str
        Plain sentences.
    calibration : Calibration
    threshold : float
    forward : pandas.DataFrame
        What the threshold was chosen on: ``churn_probability`` and ``churned`` (0 or 1) of all forward folds.
    """

    name: str
    forward_log_loss: Mapping[str, float]
    why: str
    calibration: Calibration
    calibration_why: str
    threshold: float
    forward: pd.DataFrame


def stacked(windows: Sequence[Window]) -> tuple[pd.DataFrame, Bools]:
    """The customers of several windows below each other, and whether they left."""
    customers = pd.concat([window.customers for window in windows], ignore_index=True)
    return customers, np.concatenate([window.churned.to_numpy(dtype=bool) for window in windows])


def both_outcomes(churned: Bools) -> bool:
    """Whether some left and some stayed."""
    return bool(churned.any()) and not bool(churned.all())


def forward_folds(
    windows: Sequence[Window], features: Sequence[str], *, seed: int, most: int = MOST_FOLDS
) -> list[Fold]:
    """Predict each of the latest training windows by models that were trained on the ones before it.

    Parameters
    ----------
    windows : sequence of Window
        The oldest first; the horizon of each ends at the cutoff of the next.
    features : sequence of str
    seed : int
    most : int, default 3
        The latest so many windows.

    Returns
    -------
    list of Fold
        The oldest first; windows without both outcomes before them or in them are left out.
    """
    folds = []
    for place in range(max(1, len(windows) - most), len(windows)):
        customers, churned = stacked(windows[:place])
        fate = windows[place].churned.to_numpy(dtype=bool)
        if not both_outcomes(churned) or not both_outcomes(fate) or len(churned) < FEWEST_CUSTOMERS:
            continue
        kept = _some(len(churned), FOLD_ROWS, seed)
        customers, churned = customers.iloc[kept], churned[kept]
        columns = plan_columns(customers, features)
        if not columns or not both_outcomes(churned):
            continue
        names = tuple(sorted({name for parts in PARTS.values() for name in parts}))
        estimators = fit_estimators(names, design(customers, columns), churned, seed=seed)
        later = design(windows[place].customers, columns)
        folds.append(Fold({name: probabilities(name, estimators, later) for name in CANDIDATES}, fate))
    return folds


def _some(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def choose(folds: Sequence[Fold], *, cost_of_miss: float, cost_of_call: float) -> Choice:
    """Choose the candidate, its calibration and its threshold from forward predictions.

    The candidate is the one with the lowest log loss, unless chance alone could put it before the logistic
    regression. Without any prediction the mean of logistic regression and boosting is taken, because it was
    the best of them on every set measured, without calibration, and the threshold is where a call costs what
    it is expected to save.
    """
    costs = {"cost_of_miss": cost_of_miss, "cost_of_call": cost_of_call}
    if not folds:
        nobody = pd.DataFrame({"churn_probability": np.empty(0), "churned": np.empty(0)})
        return Choice(
            "mean",
            {},
            "There is one training window only, so nothing could be chosen by it; the mean of logistic "
            "regression and boosting is used.",
            *choose_calibration([]),
            threshold_for(nobody, **costs),
            nobody,
        )
    loss = {
        name: np.concatenate([losses(fold.probabilities[name], fold.churned)[1] for fold in folds])
        for name in CANDIDATES
    }
    chosen, why = _simplest_of_the_best(loss)
    slices = [(fold.probabilities[chosen], fold.churned) for fold in folds]
    calibration, calibration_why = choose_calibration(slices)
    known = pd.DataFrame(
        {
            "churn_probability": calibration(np.concatenate([probability for probability, _ in slices])),
            "churned": np.concatenate([fold.churned for fold in folds]).astype("int64"),
        }
    )
    windows = "window" if len(folds) == 1 else "windows"
    why = f"{why} on {len(folds)} training {windows}, each predicted from those before it."
    forward = {name: float(each.mean()) for name, each in loss.items()}
    return Choice(chosen, forward, why, calibration, calibration_why, threshold_for(known, **costs), known)


def _simplest_of_the_best(loss: Mapping[str, Floats]) -> tuple[str, str]:
    """The candidate to take by the log loss of each customer, and why, without its end.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, R. Olshen and C. Stone, *Classification and Regression Trees*, 1984,
       section 3.4.3: the simplest model within one standard error of the best.
    """
    best = min(CANDIDATES, key=lambda name: float(loss[name].mean()))
    behind = loss[SIMPLEST] - loss[best]
    if best == SIMPLEST or behind.mean() > behind.std() / np.sqrt(len(behind)):
        return best, "It had the lowest log loss"
    return SIMPLEST, "It is the simplest, and none had a log loss lower by more than its standard error"


def fit_model(
    windows: Sequence[Window], features: Sequence[str], choice: Choice, *, seed: int, refits: int = REFITS
) -> Model:
    """Fit all candidates on all training windows, and the chosen one again on resampled customers.

    Parameters
    ----------
    windows : sequence of Window
        With both outcomes among them.
    features : sequence of str
    choice : Choice
    seed : int

    Returns
    -------
    Model
    """
    customers, churned = stacked(windows)
    columns = plan_columns(customers, features)
    matrix = design(customers, columns)
    names = tuple(sorted({name for parts in PARTS.values() for name in parts}))
    estimators = fit_estimators(names, matrix, churned, seed=seed)
    again, scale = refit(choice.name, matrix, churned, customers["customer_id"], seed=seed, most=refits)
    return Model(
        choice.name,
        columns,
        estimators,
        again,
        scale,
        choice.calibration,
        choice.threshold,
        _ordinary(matrix, columns),
    )


def refit(
    name: str, matrix: Floats, churned: Bools, customer_id: pd.Series, *, seed: int, most: int = REFITS
) -> tuple[tuple[Mapping[str, Any], ...], float]:
    """Fit a candidate many times on customers drawn with replacement, all their rows with them.

    Of more than 20,000 rows each fit sees a part; the spread is then too wide by the root of the share, and
    the second value that is returned says by how much to narrow it.

    References
    ----------
    .. [1] P. J. Bickel, F. Götze and W. R. van Zwet, "Resampling Fewer Than n Observations", *Statistica
       Sinica* 7, 1997.
    """
    codes, ids = pd.factorize(customer_id, sort=True)
    share = min(1.0, REFIT_ROWS / len(matrix))
    draws = max(2, round(share * len(ids)))
    random = np.random.default_rng([seed, 1])
    samples = []
    for _ in range(most):
        drawn = np.bincount(random.integers(0, len(ids), draws), minlength=len(ids))[codes]
        samples.append(drawn if both_outcomes(churned[drawn > 0]) else np.ones_like(drawn))
    parts = [fit_resampled(part, matrix, churned, samples, seed=seed + 1) for part in PARTS[name]]
    found = tuple(dict(zip(PARTS[name], each, strict=True)) for each in zip(*parts, strict=True))
    return found, float(np.sqrt(draws / len(ids)))


def _ordinary(matrix: Floats, columns: Sequence[Column]) -> Floats:
    """Median of each number; of each category the commonest level."""
    reference = np.zeros(len(columns))
    seen: set[str] = set()
    for place, column in enumerate(columns):
        if column.kind == "category":  # levels stand in the order of how common they are
            reference[place] = 0.0 if column.feature in seen else 1.0
            seen.add(column.feature)
        else:
            reference[place] = np.nanmedian(matrix[:, place])
    return reference


def importance(
    model: Model, matrix: Floats, churned: Bools, *, seed: int, repeats: int = 5, most: int = 5_000
) -> pd.DataFrame:
    """How much worse the model ranks where one feature is shuffled among customers.

    Parameters
    ----------
    model : Model
    matrix : numpy.ndarray of shape (n, k)
        Of the test customers; at most `most` of them are used.
    churned : numpy.ndarray of bool, shape (n,)
    seed : int
    repeats : int, default 5
    most : int, default 5000

    Returns
    -------
    pandas.DataFrame
        ``feature``, ``importance`` (mean fall of the ROC AUC), ``sd``, ``low`` and ``high`` (mean ± 1.96 ×
        sd / √repeats); the most important first, ties by name. The columns of a category are shuffled
        together.

    References
    ----------
    .. [1] L. Breiman, "Random Forests", *Machine Learning* 45(1), 2001.
    """
    kept = _some(len(matrix), most, seed)
    matrix, churned = matrix[kept], churned[kept]
    columns = ["feature", "importance", "sd", "low", "high"]
    if not both_outcomes(churned):
        return pd.DataFrame(columns=columns)
    random = np.random.default_rng([seed, 2])
    base, rows = roc_auc(model.probability(matrix), churned)[0], []
    for feature in dict.fromkeys(column.feature for column in model.columns):
        places = [place for place, column in enumerate(model.columns) if column.feature == feature]
        shuffled = np.tile(matrix, (repeats, 1, 1))  # one call for all repeats: a call has a price of its own
        for each in shuffled:
            each[:, places] = matrix[random.permutation(len(matrix))][:, places]
        said = model.probability(shuffled.reshape(-1, matrix.shape[1])).reshape(repeats, -1)
        falls = base - roc_aucs(said, churned)
        mean, sd = float(np.mean(falls)), float(np.std(falls, ddof=1))
        half = 1.959964 * sd / np.sqrt(repeats)
        rows.append((feature, mean, sd, mean - half, mean + half))
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)


def one_score(training: Floats, churned: Bools, later: Floats) -> Floats:
    """Turn a single score into a probability: a logistic curve through the training customers.

    Parameters
    ----------
    training : numpy.ndarray of shape (n,)
        The score, missing as NaN (taken for the median).
    churned : numpy.ndarray of bool, shape (n,)
    later : numpy.ndarray of shape (m,)

    Returns
    -------
    numpy.ndarray of shape (m,)
    """
    fitted = fit_estimators(("logistic",), training[:, None], churned, seed=0)
    with one_thread():
        found: Floats = fitted["logistic"].predict_proba(later[:, None])[:, 1]
    return found


def push(model: Model, matrix: Floats, places: Sequence[int], own: Floats | None = None) -> Floats:
    """How far some columns move each customer's log odds, against an ordinary value in their place.

    Parameters
    ----------
    model : Model
    matrix : numpy.ndarray of shape (n, k)
    places : sequence of int
        Columns that are exchanged together; a missing value is left missing.
    own : numpy.ndarray of shape (n,), optional
        The model's probabilities for `matrix`, where they are known.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Positive where the customer's own values raise the risk.
    """
    changed = matrix.copy()
    for place in places:
        known = ~np.isnan(matrix[:, place])
        changed[known, place] = model.reference[place]
    own = model.probability(matrix) if own is None else own
    return log_odds(own) - log_odds(model.probability(changed))
