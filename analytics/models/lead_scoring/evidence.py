"""What the scores are worth: the model and what needs none on the same leads, which none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.rates import add_rate
from analytics.models.churn.calibrate import fit_calibration
from analytics.models.churn.matrix import design, plan_columns
from analytics.models.churn.measures import auc_difference, calibration_table, lift_table, score_row
from analytics.models.churn.training import one_score
from analytics.models.lead_scoring.scorer import FOLDS, fit_scorer, folds, out_of_fold
from analytics.params.lead_rules import LeadRules

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LABELS = {
    "model": "Score",
    "points": "Points of the CRM alone",
    "source": "Source of the lead alone",
    "prior": "The same chance for everybody",
}
_AS_LEADS = {"customers": "leads", "churned": "converted"}
_PRIOR = 10.0


@dataclass(frozen=True)
class Said:
    """What one model or rule says of the tested leads: an order, and a probability."""

    score: Floats
    probability: Floats


@dataclass(frozen=True)
class Trial:
    """Leads of known fate, and what was said of them before.

    Attributes
    ----------
    kind : {"later", "folds"}
        Leads that came later than all that the model learnt from, or five parts in turn.
    said : dict of str to Said
        ``model`` first, then the baselines that there are.
    converted : numpy.ndarray of bool, shape (n,)
    """

    kind: Literal["later", "folds"]
    said: dict[str, Said]
    converted: Bools


def try_on_later(
    before: pd.DataFrame, before_ripe: Bools, after: pd.DataFrame, features: Sequence[str], *, seed: int
) -> Trial:
    """Train on leads as they were known on a day, and test on those that came from then on.

    Parameters
    ----------
    before : pandas.DataFrame
        Leads created before the day, with what was known on it, ``converted`` and the `features`.
    before_ripe : numpy.ndarray of bool
        Those of them that had time to convert by then.
    after : pandas.DataFrame
        Leads created since, all old enough, with what is known now.
    features : sequence of str
    seed : int

    Returns
    -------
    Trial
    """
    past, fate = before["converted"].to_numpy(bool), after["converted"].to_numpy(bool)
    own = fit_scorer(before, past, before_ripe, features, seed=seed).probability(after)
    ripe = before[before_ripe]
    simple = _baselines(ripe, ripe["converted"].to_numpy(bool), after)
    return Trial("later", {"model": Said(own, own)} | simple, fate)


def try_in_folds(frame: pd.DataFrame, features: Sequence[str], *, seed: int) -> Trial:
    """Trial each of five parts by what the other four say.

    The calibration of a part is fitted on what was said of the other parts out of fold: two numbers, from
    leads that the part's own outcome has hardly touched.
    """
    converted = frame["converted"].to_numpy(bool)
    place = folds(converted, seed)
    raw = out_of_fold(design(frame, plan_columns(frame, features)), converted, place, seed=seed)
    own, simple = np.zeros(len(frame)), []
    for number in range(FOLDS):
        inside = place == number
        own[inside] = fit_calibration(raw[~inside], converted[~inside])(raw[inside])
        simple.append((inside, _baselines(frame[~inside], converted[~inside], frame[inside])))
    said = {"model": Said(own, own)}
    for name in simple[0][1]:
        score, probability = np.zeros(len(frame)), np.zeros(len(frame))
        for inside, each in simple:
            score[inside], probability[inside] = each[name].score, each[name].probability
        said[name] = Said(score, probability)
    return Trial("folds", said, converted)


def _baselines(before: pd.DataFrame, past: Bools, after: pd.DataFrame) -> dict[str, Said]:
    """What needs no model: the CRM's points, the share of the lead's source, and one chance for all."""
    share, found = float(past.mean()), {}
    if "points" in before and before["points"].nunique() > 1:
        middle = float(before["points"].median())
        known, later = (f["points"].fillna(middle).to_numpy("float64") for f in (before, after))
        found["points"] = Said(later, one_score(known, past, later))
    if "source" in before and before["source"].nunique() > 1:
        sums = pd.Series(past).groupby(before["source"].to_numpy()).agg(["sum", "size"])
        rates = (sums["sum"] + _PRIOR * share) / (sums["size"] + _PRIOR)
        found_share = after["source"].map(rates).astype("float64").fillna(share)
        said = np.asarray(found_share, dtype="float64")
        found["source"] = Said(said, said)
    constant = np.full(len(after), share)
    return found | {"prior": Said(constant, constant)}


def measured(test: Trial, *, seed: int) -> pd.DataFrame:
    """All measures of the model and of each baseline, the model first.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``label``, ``role`` (model or baseline), the measures of
        `analytics.models.churn.measures.score_row` with ``leads`` and ``converted``, and ``auc_gain`` (the
        model's AUC less this one's) with ``_low`` and ``_high``.
    """
    rows: list[dict[str, Any]] = []
    for name, each in test.said.items():
        row: dict[str, Any] = {"model": name, "label": LABELS[name]}
        row["role"] = "model" if name == "model" else "baseline"
        row |= score_row(each.score, each.probability, test.converted, seed=seed)
        gain = auc_difference(test.said["model"].score, each.score, test.converted)
        rows.append(row | dict(zip(("auc_gain", "auc_gain_low", "auc_gain_high"), gain, strict=True)))
    return pd.DataFrame(rows).rename(columns=_AS_LEADS)


def calibration(test: Trial) -> pd.DataFrame:
    """Predicted and actual share by tenths of the chance given, as `calibration_table` has them."""
    return calibration_table(test.said["model"].probability, test.converted).rename(columns=_AS_LEADS)


def gains(test: Trial) -> pd.DataFrame:
    """How many of those who convert the first so many percent of the list hold, as `lift_table` has them."""
    return lift_table(test.said["model"].score, test.converted).rename(columns=_AS_LEADS)


def band_rates(test: Trial | None, open_scores: Floats, rules: LeadRules) -> pd.DataFrame:
    """Bands of scores: how many leads stand in each now, and how many of the tested ones converted.

    Parameters
    ----------
    test : Trial or None
        Without one the rates are missing.
    open_scores : numpy.ndarray of shape (m,)
        Scores 0–100 of the leads that may still be called.
    rules : LeadRules

    Returns
    -------
    pandas.DataFrame
        One row for each band, the highest first:

        - ``band``, ``from_score``, ``to_score`` (float64): the scores that it holds, the end not included but
          for 100.
        - ``open_leads`` (int64), ``expected_conversions`` (float64): Σ score / 100 of them.
        - ``tested_leads``, ``converted`` (int64), ``conversion_rate`` (float64, percent) with ``_n``,
          ``_low``, ``_high``: what really became of tested leads in it.
        - ``predicted_rate`` (float64, percent): mean chance given to the tested ones; missing without any.
        - ``step``: what to do.
    """
    names = [band.name for band in rules.bands]
    begins = np.array([band.begins for band in rules.bands])
    rows = pd.DataFrame({"band": names, "from_score": begins, "to_score": [100.0, *begins[:-1]]})
    now = _place(open_scores, begins)
    rows["open_leads"] = np.bincount(now, minlength=len(names)).astype("int64")
    rows["expected_conversions"] = np.bincount(now, open_scores / 100, minlength=len(names))
    said = test.said["model"].probability if test else np.zeros(0)
    fate = test.converted if test else np.zeros(0, dtype=bool)
    then = _place(100 * said, begins)
    rows["tested_leads"] = np.bincount(then, minlength=len(names)).astype("int64")
    rows["converted"] = np.bincount(then, fate, minlength=len(names)).astype("int64")
    rows = add_rate(rows, "conversion_rate", rows["converted"], rows["tested_leads"])
    size = rows["tested_leads"].where(rows["tested_leads"] > 0)
    rows["predicted_rate"] = 100 * np.bincount(then, said, minlength=len(names)) / size
    return rows.assign(step=[band.do for band in rules.bands])


def _place(scores: Floats, begins: Floats) -> NDArray[np.int64]:
    """Number of the band of each score; the bands fall."""
    return np.asarray((scores[:, None] < begins[None, :]).sum(axis=1), dtype="int64")
