"""From feature frames to the numbers that estimators see, the same way in training and in scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.churn_catalogue import FEATURE, Kind

Floats = NDArray[np.float64]

MOST_LEVELS = 20
_EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the matrix.

    Attributes
    ----------
    feature : str
    kind : {"number", "amount", "probability", "category"}
    level : str
        The level of a category that the column marks with 1; empty for numbers.
    """

    feature: str
    kind: Kind
    level: str = ""


def kind_of(name: str, values: pd.Series) -> Kind:
    """Kind of a feature: the catalogue's, else category for text and number for the rest."""
    if name in FEATURE:
        return FEATURE[name].kind
    numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    return "number" if numeric else "category"


def plan_columns(frame: pd.DataFrame, features: Sequence[str]) -> tuple[Column, ...]:
    """Decide from training data which columns the matrix has.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training rows with the columns `features`.
    features : sequence of str

    Returns
    -------
    tuple of Column
        A number that is never known, or is the same for everybody, is left out. A category has a column for
        each of its (at most 20, the most frequent) levels; another level later has 0 in all of them.
    """
    columns: list[Column] = []
    for name in features:
        values, kind = frame[name], kind_of(name, frame[name])
        if kind == "category":
            counts = values.dropna().astype(str).value_counts().sort_index(kind="stable")
            levels = counts.sort_values(ascending=False, kind="stable").index[:MOST_LEVELS]
            columns += [Column(name, kind, level) for level in levels if len(levels) > 1]
        elif values.nunique() > 1 or (values.nunique() == 1 and values.isna().any()):
            columns.append(Column(name, kind))
    return tuple(columns)


def design(frame: pd.DataFrame, columns: Sequence[Column]) -> Floats:
    """Make the matrix of some customers.

    Parameters
    ----------
    frame : pandas.DataFrame
        With every feature of `columns`; one that is absent is missing in every row.
    columns : sequence of Column

    Returns
    -------
    numpy.ndarray of shape (n_customers, n_columns)
        Amounts as sign × log(1 + size), probabilities as log odds (kept within 0.0001 of their ends), levels
        as 0 or 1, missing as NaN.

    Examples
    --------
    >>> frame = pd.DataFrame({"monetary_30": [0.0, np.e - 1], "plan": ["Team", None]})
    >>> design(frame, [Column("monetary_30", "amount"), Column("plan", "category", "Team")]).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    matrix = np.full((len(frame), len(columns)), np.nan)
    levels: dict[str, NDArray[np.object_]] = {}
    for place, column in enumerate(columns):
        if column.feature not in frame:
            continue
        values = frame[column.feature]
        if column.kind == "category":
            if column.feature not in levels:
                levels[column.feature] = _texts(values)
            matrix[:, place] = levels[column.feature] == column.level
            continue
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        matrix[:, place] = scaled(column.kind, numbers)
    matrix[~np.isfinite(matrix)] = np.nan
    return matrix


def _texts(values: pd.Series) -> NDArray[np.object_]:
    """Levels as texts; None where missing."""
    known = values.notna().to_numpy()
    found = values.to_numpy(dtype=object)
    return np.array([str(v) if k else None for v, k in zip(found, known, strict=True)], dtype=object)


def _logarithm(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))


def log_odds(probability: Floats) -> Floats:
    """Log odds of probabilities, kept within 0.0001 of 0 and 1."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(inside) - np.log1p(-inside)
    return odds


def scaled(kind: Kind, values: Floats) -> Floats:
    """Numbers on the scale on which models see a kind of feature."""
    found: Floats = _SCALES[kind](values)
    return found


_SCALES: Mapping[str, Any] = {"number": np.asarray, "amount": _logarithm, "probability": log_odds}


def as_plain(columns: Sequence[Column]) -> list[list[str]]:
    """Columns as lists of texts, for a model's card."""
    return [[column.feature, column.kind, column.level] for column in columns]


def from_plain(rows: Sequence[Sequence[Any]]) -> tuple[Column, ...]:
    """Columns from a model's card."""
    return tuple(Column(feature, kind, level) for feature, kind, level in rows)
