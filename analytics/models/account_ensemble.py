"""The ensemble that predicts what a contract customer brings: a random forest and a linear regression.

Both predict the share of its contract value that an account will bring in the next 12 months; their mean,
times the contract value, is the prediction. Shares, because contracts differ a hundredfold: in money, the few
largest would be all that a model learns from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV

from analytics.metrics.account_values import NUMBERS

Floats = NDArray[np.float64]

LEAST_ROWS = 100
"""Past accounts with a whole year after them that an ensemble learns from at the least."""
MOST_ROWS = 20_000
"""Rows to learn from at the most; of more, a sample is drawn."""
TREES, LEAF = 30, 40
"""Size of the forest; no leaf, and no plan of its own, rests on fewer accounts."""
SEEN, MOST_SEEN = 0.5, 1_000
"""Share of the rows that a tree draws, and the most: trees that differ more err less on average."""
PENALTIES = np.logspace(0, 5, 11)
"""What the regression may charge for large coefficients; generalised cross-validation chooses."""


@dataclass(frozen=True)
class Ensemble:
    """A forest and a regression on one matrix, whose mean is the prediction of the share."""

    columns: tuple[str, ...]
    plans: tuple[str, ...]
    low: pd.Series
    middle: pd.Series
    high: pd.Series
    mean: Floats
    scale: Floats
    forest: RandomForestRegressor
    linear: RidgeCV
    rows: int

    @classmethod
    def fit(cls, rows: pd.DataFrame, seed: int) -> Ensemble | None:
        """Learn the share that accounts bring; None where all of them look alike or none has a value."""
        rows = rows[rows["acv"] > 0]
        if len(rows) > MOST_ROWS:
            picked = np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)
            rows = rows.iloc[np.sort(picked)]
        share = (rows["revenue_12m"] / rows["acv"]).to_numpy()
        numbers = _numbers(rows)
        known = numbers.columns[numbers.nunique() > 1]
        counts = rows["plan"].value_counts()
        plans = tuple(sorted(counts.index[counts >= LEAF], key=str))[1:]
        if len(rows) < LEAST_ROWS or not (len(known) or plans):
            return None
        quantiles = numbers[known].quantile([0.01, 0.5, 0.99])
        low, middle, high = (quantiles.iloc[i] for i in range(3))
        matrix = _matrix(rows, known, plans, low, middle, high)
        mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
        scale[scale == 0] = 1.0
        seen = min(round(SEEN * len(rows)), MOST_SEEN)
        forest = RandomForestRegressor(
            TREES, min_samples_leaf=LEAF, max_features=1 / 3, max_samples=seen, random_state=seed, n_jobs=1
        ).fit(matrix, share)
        linear = RidgeCV(PENALTIES).fit((matrix - mean) / scale, share)
        return cls(tuple(known), plans, low, middle, high, mean, scale, forest, linear, len(rows))

    def matrix(self, rows: pd.DataFrame) -> Floats:
        """The features of rows as numbers: what is missing takes the median, what is beyond 1 % the bound."""
        return _matrix(rows, pd.Index(self.columns), self.plans, self.low, self.middle, self.high)

    def members(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Predicted shares of the trees (trees × rows) and of the regression (rows)."""
        single = matrix.astype(np.float32)
        trees = np.array([tree.predict(single, check_input=False) for tree in self.forest.estimators_])
        return trees, np.asarray(self.linear.predict((matrix - self.mean) / self.scale))

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Shares ``ensemble``, ``forest``, ``linear``, none below 0, and the ``confidence`` in the first."""
        trees, linear = self.members(self.matrix(rows))
        forest = trees.mean(axis=0)
        mean = (forest + linear) / 2
        spread = np.sqrt((((trees - mean) ** 2).mean(axis=0) + (linear - mean) ** 2) / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            confidence = np.where(mean > 0, np.clip(1 - spread / mean, 0, 1), 0.0)
        shares = {"ensemble": mean, "forest": forest, "linear": linear}
        frame = pd.DataFrame({name: np.maximum(value, 0) for name, value in shares.items()}, index=rows.index)
        return frame.assign(confidence=confidence)

    def effects(self, rows: pd.DataFrame) -> pd.DataFrame:
        """How far each feature moves each row's share from the ensemble's own average, `average`."""
        matrix = self.matrix(rows)
        moved = np.asarray(self.linear.coef_) * ((matrix - self.mean) / self.scale)
        for tree in self.forest.estimators_:
            moved += _path_effects(tree.tree_, matrix) / len(self.forest.estimators_)
        names = [*self.columns, *(["plan"] * len(self.plans))]
        frame = pd.DataFrame(moved / 2, index=rows.index)
        return frame.T.groupby(names, sort=False).sum().T

    @property
    def average(self) -> float:
        """What `effects` are counted from; with them it adds up to the prediction."""
        roots = np.mean([tree.tree_.value[0].item() for tree in self.forest.estimators_])
        return float((roots + self.linear.intercept_) / 2)


def _numbers(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = rows[list(NUMBERS)].astype("float64")
    return numbers.assign(acv=np.log1p(numbers["acv"]))


def _matrix(
    rows: pd.DataFrame,
    known: pd.Index,
    plans: tuple[str, ...],
    low: pd.Series,
    middle: pd.Series,
    high: pd.Series,
) -> Floats:
    numbers = _numbers(rows)[known].to_numpy()
    numbers = np.clip(np.where(np.isnan(numbers), middle, numbers), low, high)
    dummies = [(rows["plan"] == plan).to_numpy(dtype="float64") for plan in plans]
    return np.column_stack([numbers, *dummies])


def _path_effects(tree: Any, matrix: Floats) -> Floats:
    """Move every row down a tree, one level at a time, and note by which feature its value changes."""
    rows, single = np.arange(len(matrix)), matrix.astype(np.float32)
    effects, node = np.zeros_like(matrix), np.zeros(len(matrix), dtype=np.int64)
    value = tree.value[:, 0, 0]
    while len(rows):
        rows = rows[tree.children_left[node[rows]] >= 0]
        at = node[rows]
        split = tree.feature[at]
        goes_left = single[rows, split] <= tree.threshold[at]
        node[rows] = np.where(goes_left, tree.children_left[at], tree.children_right[at])
        effects[rows, split] += value[node[rows]] - value[at]
    return effects
