"""Why a customer is at risk: the features that move the model's answer most, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.churn_catalogue import FEATURE, known, label, reasons
from analytics.models.churn.matrix import Column
from analytics.models.churn.training import Model, push

Floats = NDArray[np.float64]

MOST = 3
LEAST_PUSH = 0.05
"""Log odds that a reason must move to be named: a twentieth, about 1 % of a chance of one half."""

LEADING: Mapping[str, tuple[str, ...]] = {"vietnam": ("nps", "nps_change")}
"""Reasons that come first in a market, where they raise the risk."""

IN_FAVOUR = "in favour: "
SEPARATOR = "; "


@dataclass(frozen=True)
class Factors:
    """What moves each customer's risk.

    Attributes
    ----------
    words : list of str
        Up to three phrases for each customer, joined with "; ": those that raise the risk first, then those
        that lower it, each after "in favour: ". Empty where nothing moves the risk.
    rising : list of tuple of str
        Names of the named reasons that raise the risk, for the rule table.
    """

    words: list[str]
    rising: list[tuple[str, ...]]


def risk_factors(
    model: Model, customers: pd.DataFrame, *, market: str = "", matrix: Floats | None = None
) -> Factors:
    """Name the three reasons that move each customer's risk most.

    The effect of a reason is the change of the log odds where its features had ordinary values instead (the
    training's median, the commonest plan) and all others stayed. Features of one reason are exchanged
    together, so that days since the last purchase and the usual gap do not stand in for each other. What is
    not known of a customer is no reason.

    Parameters
    ----------
    model : Model
    customers : pandas.DataFrame
        With the model's features.
    market : str, default ""
        In ``vietnam`` the NPS and its change come first, where they raise the risk.
    matrix : numpy.ndarray of shape (n, k), optional
        The model's numbers for `customers`, where they are known.

    Returns
    -------
    Factors
        In the order of `customers`.
    """
    if customers.empty:
        return Factors([], [])
    matrix = model.matrix(customers) if matrix is None else matrix
    groups = _groups(model.columns)
    names = list(groups)
    own = model.probability(matrix)
    effect = np.column_stack([push(model, matrix, groups[name], own) for name in names])
    rank = np.abs(effect)
    for name in LEADING.get(market, ()):
        if name in names:
            place = names.index(name)
            rank[effect[:, place] >= LEAST_PUSH, place] += 1e6
    phrases = [_phrases(name, model, customers, matrix, effect[:, place]) for place, name in enumerate(names)]
    rank[np.array([[not words for words in said] for said in phrases]).T] = 0
    top = np.argsort(-rank, axis=1, kind="stable")[:, :MOST]
    words, rising = [], []
    for row, places in enumerate(top):
        told = [place for place in places if abs(effect[row, place]) >= LEAST_PUSH and phrases[place][row]]
        up = [place for place in told if effect[row, place] > 0]
        down = [place for place in told if effect[row, place] < 0]
        said = [phrases[place][row] for place in up]
        words.append(SEPARATOR.join(said + [IN_FAVOUR + phrases[place][row] for place in down]))
        rising.append(tuple(names[place] for place in up))
    return Factors(words, rising)


def _groups(columns: Sequence[Column]) -> dict[str, list[int]]:
    """Columns by the reason under which they count."""
    groups: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        groups.setdefault(reasons([column.feature])[0], []).append(place)
    return groups


def _phrases(reason: str, model: Model, customers: pd.DataFrame, matrix: Floats, effect: Floats) -> list[str]:
    """What a reason shows of each customer whom it moves: its own feature's words, else another's of its."""
    features = list(dict.fromkeys(c.feature for c in model.columns if reasons([c.feature])[0] == reason))
    features.sort(key=lambda name: name != reason)
    said = [""] * len(customers)
    for name in features:
        values = customers[name].tolist()
        sides = _sides(name, model, matrix)
        for row in np.flatnonzero((np.abs(effect) >= LEAST_PUSH) & _plausible(name, sides, effect)):
            if not said[row] and known(values[row]):
                said[row] = _phrase(name, values[row], more=sides[row] > 0)
    return said


def _plausible(name: str, sides: Floats, effect: Floats) -> NDArray[np.bool_]:
    """Where an effect has the direction that the catalogue knows of, or any if it knows none."""
    risk = FEATURE[name].risk if name in FEATURE else 0
    found: NDArray[np.bool_] = sides != 0 if risk == 0 else risk * sides * effect > 0
    return found


def _sides(name: str, model: Model, matrix: Floats) -> Floats:
    """Whether each customer has more (1) or less (−1) of a feature than is ordinary, or as much (0)."""
    places = [place for place, column in enumerate(model.columns) if column.feature == name]
    own, ordinary = matrix[:, places], model.reference[places]
    if model.columns[places[0]].kind == "category":
        return np.where((own != ordinary).any(axis=1), 1.0, 0.0)
    found: Floats = np.nan_to_num(np.sign(own[:, 0] - ordinary[0]))
    return found


def _phrase(name: str, value: object, *, more: bool) -> str:
    if name in FEATURE:
        return FEATURE[name].words(value, more=more)
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return f"{'high' if more else 'low'} {label(name)}"
    return f"{label(name)}: {value}"
