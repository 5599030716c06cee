"""How a churn model's evidence is read: which row leads, what counts as enough, and what rows are called.

Words, tables and pictures read the same frames; what they must agree on stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW

DEPTHS = (10.0, 20.0)
"""Depths of a call list that a sentence may be built on, in percent; the first with 30 customers counts."""
_SHORT = {
    "random_forest": "Random forest",
    "logistic": "Logistic regression",
    "boosting": "Boosting",
    "mean": "Logistic and boosting",
    "recency": "Days since the last purchase alone",
    "logins": "Change of logins alone",
    "clv_probability": "Chance of no purchase from the CLV model",
    "prior": "The same for everybody",
}


def pairs(row: pd.Series, format: Format) -> str:
    """An AUC as a number out of 100, never a whole hundred that is none: ``84 of 100``."""
    of = 100 * float(row["roc_auc"])
    return f"{format.number(of, 1 if 99.5 <= of < 100 else 0)} of {format.count(100)}"


def row_of(rows: pd.DataFrame, name: str) -> pd.Series:
    """The row of a model or a baseline."""
    return rows[rows["model"] == name].iloc[0]


def model_row(rows: pd.DataFrame) -> pd.Series:
    """The row of the model in use."""
    return rows[rows["chosen"].astype(bool)].iloc[0]


def lead_of(rows: pd.DataFrame, leader: str) -> pd.Series:
    """The row whose figure leads: a baseline that ranks better, else the model; never the prior."""
    return row_of(rows, leader) if beaten_by(rows, leader) else model_row(rows)


def beaten_by(rows: pd.DataFrame, leader: str) -> bool:
    """Whether a rule of thumb, not the model and not the prior, leads in a test that is large enough."""
    found = rows[rows["model"] == leader]
    beaten = leader != "prior" and not found.empty and found["role"].iloc[0] == "baseline"
    return beaten and enough_tested(rows)


def short_name(row: pd.Series) -> str:
    """Name a row of the scores in few words, the model as such."""
    name = _SHORT.get(str(row["model"]), str(row["label"]))
    return f"The model: {within(name)}" if row["chosen"] else name


def called(feature: str, labels: Mapping[str, str]) -> str:
    """What a feature is called, or the model's own score."""
    return "The chance to leave itself" if feature == "score" else labels.get(feature, feature)


def enough_tested(rows: pd.DataFrame) -> bool:
    """Whether at least 30 left and 30 stayed among those tested."""
    if rows.empty:
        return False
    tested, churned = float(rows["customers"].iloc[0]), float(rows["churned"].iloc[0])
    return min(churned, tested - churned) >= FEW


def depth_of(rows: pd.DataFrame) -> pd.Series | None:
    """The depth that sentences speak of: the riskiest 10 %, or 20 % where 10 % are fewer than 30."""
    for depth in DEPTHS:
        found = rows[(rows["depth_percent"] == depth) & (rows["customers"] >= FEW)]
        if not found.empty and float(found["lift"].iloc[0]) > 0:
            return found.iloc[0]
    return None


def within(name: str) -> str:
    """A name within a sentence: its first letter small, unless it is an abbreviation."""
    return name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"
