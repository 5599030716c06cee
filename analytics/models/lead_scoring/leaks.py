"""Columns that hold the answer: what each tells alone, and which are suspected to be filled in afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.models.churn.measures import auc_interval
from analytics.params.lead_rules import LeakScreen

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

COLUMNS = ("feature", "alone_auc", "alone_auc_low", "alone_auc_high", "known_share", "suspected", "why")
_BINS, _PARTS, _PRIOR = 20, 5, 5.0


def screen(frame: pd.DataFrame, converted: Bools, features: Sequence[str], rule: LeakScreen) -> pd.DataFrame:
    """What each feature tells alone, the one that tells most first.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of leads that had time to convert.
    converted : numpy.ndarray of bool, shape (n,)
        With both outcomes.
    features : sequence of str
    rule : LeakScreen

    Returns
    -------
    pandas.DataFrame
        One row for each feature, ties by name:

        - ``feature``
        - ``alone_auc``, ``alone_auc_low``, ``alone_auc_high`` (float64, 0–1): how well the share of other
          leads with the same value that converted ranks a lead; a value that is missing is a value.
        - ``known_share`` (float64, 0–1): leads for which it is known.
        - ``suspected`` (boolean), ``why``: "separates" from `LeakScreen.separates_from` on; "name" where the
          name has one of `LeakScreen.names` and the column tells anything; else empty.

    Notes
    -----
    Leads are dealt out to five parts in turn and each part is ranked by the others, so that a column with a
    value of its own for every lead tells nothing. Numbers are cut into twenty groups of like size.
    """
    rows = []
    for name in features:
        auc, low, high = auc_interval(_told(_groups(frame[name]), converted), converted)
        why = "separates" if auc >= rule.separates_from else "name" if rule.named(name) and low > 0.5 else ""
        rows.append((name, auc, low, high, float(frame[name].notna().mean()), bool(why), why))
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found.sort_values(["alone_auc", "feature"], ascending=[False, True], ignore_index=True)


def _groups(values: pd.Series) -> NDArray[np.int64]:
    """Number of the group of like values that each lead belongs to; −1 for a missing one."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > _BINS:
        ranks = values.rank(method="min", pct=True)
        cut = np.ceil(ranks.to_numpy(dtype="float64", na_value=np.nan) * _BINS)
        return np.asarray(np.where(np.isnan(cut), -1, cut), dtype="int64")
    return np.asarray(pd.factorize(values, sort=False)[0], dtype="int64")


def _told(groups: NDArray[np.int64], converted: Bools) -> Floats:
    """Share converted of the same group in the other parts, drawn to that of all."""
    part, place = np.arange(len(groups)) % _PARTS, groups + 1
    told = np.zeros(len(groups))
    for number in range(_PARTS):
        outside, size = part != number, int(place.max()) + 1
        base = float(converted[outside].mean())
        won = np.bincount(place[outside], converted[outside], minlength=size)
        all_of_them = np.bincount(place[outside], minlength=size)
        told[~outside] = ((won + _PRIOR * base) / (all_of_them + _PRIOR))[place[~outside]]
    return told
