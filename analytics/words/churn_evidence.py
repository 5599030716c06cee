"""What the report on churn says of its own evidence: the test, its baselines, its errors, its limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.churn_evidence import (
    beaten_by,
    called,
    depth_of,
    enough_tested,
    model_row,
    row_of,
    within,
)
from analytics.page.pieces import FEW, Statement

Status = Mapping[str, Any]
"""`status` of `analytics.models.churn.ChurnResult`."""

OFF_BY = 2.0
"""Points by which the mean prediction must lie off what happened, beyond chance, to be worth a heading."""
FAR_OFF = 5.0
"""Points by which it must lie off to be said before the first figure."""
HOLDS = 3.0
"""Points off on average up to which predictions are said to hold."""
_Z = 1.96
_THUMBS = {
    "recency": "days since the last purchase",
    "logins": "the change of logins",
    "clv_probability": "the CLV model's own chance",
    "prior": "the same chance for everybody",
}


def scores(status: Status, rows: pd.DataFrame, leader: str, format: Format) -> Statement | None:
    """Whether the model ranks customers better than what needs no model.

    Parameters
    ----------
    status : mapping
    rows : pandas.DataFrame
        As `scores` of `analytics.models.churn.ChurnResult`. It is not modified.
    leader : str
        Whose figure leads.
    format : Format

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    model, based = model_row(rows), _tested(status, rows, format)
    read = (
        "AUC: of pairs of one who left and one who stayed, the share in which the leaver got the higher "
        f"chance; {format.number(0.5, 1)} is a guess. Bands are 95% intervals, all on the same customers."
    )
    lead = (
        f"At one threshold the model is right about {format.share(model['accuracy'])} of the customers; "
        f"saying the same of everybody, about {format.share(model['majority_share'])}."
    )
    if not enough_tested(rows):
        return Statement("Too few customers left or stayed to compare the model", "", read, based)
    own, rule = _auc(model, format), rule_of_thumb(rows)
    if leader == "prior":
        return Statement(f"The model ranks no better than a guess: AUC {own}", lead, read, based)
    if beaten_by(rows, leader):
        found = row_of(rows, leader)
        well = "better" if found["auc_gain_high"] < 0 else "as well"
        heading = f"{thumb_name(found)} {agree(found, 'rank')} {well}: AUC {_auc(found, format)}, model {own}"
        return Statement(
            heading, f"The model adds nothing to it here; its chances still say how many. {lead}", read, based
        )
    if rule is None:
        return Statement(f"The model ranks customers with an AUC of {own}", lead, read, based)
    against, other = thumb_name(rule, start=False), _auc(rule, format)
    if rule["auc_gain_low"] > 0:
        return Statement(f"The model beats {against}: AUC {own} against {other}", lead, read, based)
    return Statement(f"The model may not beat {against}: AUC {own} and {other}", lead, read, based)


def calibration(status: Status, rows: pd.DataFrame, tests: pd.DataFrame, format: Format) -> Statement | None:
    """Whether as many left as was predicted.

    Parameters
    ----------
    status, format
        As for `scores`.
    rows : pandas.DataFrame
        As `calibration` of `analytics.models.churn.ChurnResult`. It is not modified.
    tests : pandas.DataFrame
        Its `scores`.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    based = _tested(status, tests, format)
    read = (
        "A dot is a group of customers with like chances: to the right, more were expected to leave; higher "
        "up, more did. Lines are 95% intervals. Below: where the customers scored now stand."
    )
    n = float(rows["customers"].sum())
    if n < FEW:
        return Statement("Too few were tested to check the chances", "", read, based)
    expected, happened, chance = on_the_whole(rows)
    off = 100 * float(model_row(tests)["calibration_error"])
    points = f"{format.points(off)} off on average"
    lead = (
        f"Over all customers {format.share(expected)} were expected to leave, and "
        f"{format.share(happened)} did."
    )
    heading = f"The chances hold: {points}" if off <= HOLDS else f"The chances are {points}"
    if abs(expected - happened) > max(chance, OFF_BY / 100):
        heading = ran_off(rows, format)
        lead = f"By groups of like chances they were {points}."
    return Statement(heading, lead, read, based)


def on_the_whole(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Over all customers tested: share expected to leave, share who did, and how far they may lie by chance.

    Parameters
    ----------
    rows : pandas.DataFrame
        As for `calibration`, with customers.

    Returns
    -------
    tuple of float
        All 0–1; the last is half the width of the 95 % interval of a share.
    """
    n = float(rows["customers"].sum())
    expected = float((rows["customers"] * rows["predicted"]).sum()) / n
    happened = float((rows["customers"] * rows["actual"]).sum()) / n
    return expected, happened, _Z * math.sqrt(happened * (1 - happened) / n)


def ran_off(rows: pd.DataFrame, format: Format) -> str:
    """Say which way the chances ran in the test, and how far."""
    expected, happened, _ = on_the_whole(rows)
    return (
        f"The chances ran too {'high' if expected > happened else 'low'}: {format.share(expected, 0)} "
        f"expected to leave, {format.share(happened, 0)} did"
    )


def lift(status: Status, rows: pd.DataFrame, tests: pd.DataFrame, format: Format) -> Statement | None:
    """How many leavers a short call list would have held.

    Parameters
    ----------
    status, format
        As for `scores`.
    rows : pandas.DataFrame
        As `lift` of `analytics.models.churn.ChurnResult`. It is not modified.
    tests : pandas.DataFrame
        Its `scores`.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    based = _tested(status, tests, format)
    read = (
        "Customers stand with the highest chance first. The further the curve bends from the dashed line, "
        "the "
        "more of those who left were on a call list of that length."
    )
    row = depth_of(rows)
    if row is None:
        return Statement("Too few were tested to say what a call list would hold", "", read, based)
    depth, whole = format.percent(row["depth_percent"], 0), float(row["precision_rate"] / row["lift"])
    found, all_of_them = format.percent(row["precision_rate"], 0), format.percent(whole, 0)
    heading = f"Of the riskiest {depth}, {found} left; of all customers {all_of_them}"
    if row["low"] <= whole <= row["high"]:
        heading = f"Of the riskiest {depth}, {found} left, of all {all_of_them}: it may be chance"
    lead = (
        f"They held {format.percent(row['recall_rate'], 0)} of all who left, "
        f"{format.number(row['lift'], 1)} times their share."
    )
    return Statement(heading, lead, read, based)


def threshold(status: Status, counts: Mapping[str, Any], format: Format) -> Statement | None:
    """From which chance on a call pays, and what that would have cost in the test.

    Parameters
    ----------
    status, format
        As for `scores`.
    counts : mapping
        As `confusion` of `analytics.models.churn.ChurnResult`.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"] or not counts:
        return None
    above = format.share(counts["threshold"], 0)
    cost, everybody, nobody = (
        float(counts[name]) for name in ("cost", "cost_of_calling_all", "cost_of_calling_none")
    )
    said = {name: format.number(value) for name, value in
            (("cost", cost), ("all", everybody), ("none", nobody))}  # fmt: skip
    least = min(everybody, nobody)
    if cost < least:
        heading = (
            f"Calling from {above} on costs least: {said['cost']}; all {said['all']}, none {said['none']}"
        )
    elif cost == least:
        heading = (
            f"Calling from {above} on costs as much as calling {_which(everybody, nobody)}: {said['cost']}"
        )
    else:
        other = said["all" if everybody <= nobody else "none"]
        heading = f"Calling {_which(everybody, nobody)} would have cost less: {other} against {said['cost']}"
    left_in_all = counts["true_positives"] + counts["false_negatives"]
    wasted = counts["false_positives"]
    if min(left_in_all, wasted + counts["true_negatives"]) < FEW:
        heading = "Too few left or stayed to weigh calls against losses"
    lead = (
        f"It reaches {format.count(counts['true_positives'])} of {format.count(left_in_all)} who left, with "
        f"{format.count(wasted)} call{'' if wasted == 1 else 's'} to customers who stayed anyway."
    )
    read = (
        f"Costs count a call as {_plain(counts['cost_of_call'], format)} and a customer lost without a "
        "call as "
        f"{_plain(counts['cost_of_miss'], format)}, as if a call kept everybody. The threshold was "
        "chosen on "
        "earlier cutoffs."
    )
    return Statement(
        heading, lead, read, "the customers of the test; what a call really saves, the ROI report asks"
    )


def what_if(status: Status, counts: Mapping[str, Any], format: Format) -> Statement | None:
    """What other costs of a call and of a customer lost would make of the threshold.

    Parameters
    ----------
    status, format
        As for `scores`.
    counts : mapping
        As `analytics.models.churn.ChurnResult.what_if` gives them.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    said = threshold(status, counts, format)
    if said is None:
        return None
    if counts["threshold"] >= 1:
        heading = f"No call pays: those who leave uncalled cost {format.number(counts['cost'])}"
        return replace(said, heading=heading, lead="A call costs more than it is expected to save.")
    calls = counts["called_today"]
    who = "customer has" if calls == 1 else "customers have"
    cost = format.number(calls * counts["cost_of_call"])
    today = f"Today {format.count(calls)} {who} such a chance; calling them costs {cost}."
    return replace(said, lead=f"{said.lead} {today}")


def features(status: Status, rows: pd.DataFrame, tests: pd.DataFrame, format: Format) -> Statement | None:
    """What the model goes by.

    Parameters
    ----------
    status, format
        As for `scores`.
    rows : pandas.DataFrame
        As `features` of `analytics.models.churn.ChurnResult`. It is not modified.
    tests : pandas.DataFrame
        Its `scores`.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    based = _tested(status, tests, format)
    read = (
        "A bar is the fall of the AUC when a feature is shuffled among customers; the line is the range "
        "of the "
        "repeats. Features that say the same share their weight, so each alone looks smaller."
    )
    telling = rows[(rows["importance"] > 0) & (rows["low"] > 0)]
    if telling.empty:
        return Statement("No single feature tells much by itself", "", read, based)
    first = telling.iloc[0]
    fall = format.number(first["importance"], 3)
    ends = f"{format.number(first['low'], 3)} to {format.number(first['high'], 3)}"
    lead = f"Shuffled among customers, it takes {fall} off the model's AUC ({ends})."
    return Statement(f"Most telling: {within(str(first['label']))}"[:80], lead, read, based)


def drift(status: Status, rows: pd.DataFrame, labels: Mapping[str, str], format: Format) -> Statement | None:
    """Whether the customers scored still look like those the model was trained on.

    Parameters
    ----------
    status, format
        As for `scores`.
    rows : pandas.DataFrame
        As `drift` of `analytics.models.churn.ChurnResult`. It is not modified.
    labels : mapping of str to str
        What a feature is called.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    own = rows[rows["feature"] != "score"]
    flagged = own[own["drifted"].astype(bool)].sort_values("psi", ascending=False, kind="stable")
    score_moved = bool(rows.loc[rows["feature"] == "score", "drifted"].astype(bool).any())
    read = (
        "The index compares how a feature is spread now and in training: 0 is the same. Flagged is what "
        f"exceeds both {format.number(0.2, 1)} and the index that chance alone gives so few; a kept model is "
        "then trained anew."
    )
    based = f"{format.count(len(own))} features and the model's chance itself"
    if flagged.empty and not score_moved:
        heading = "Customers look like those the model learnt from: nothing has drifted"
        return Statement(heading, "", read, based)
    n = len(flagged)
    heading = f"{format.count(n)} of {format.count(len(own))} features {'has' if n == 1 else 'have'} drifted"
    heading = f"{heading}, and so have the chances" if score_moved else f"{heading}; the chances have not"
    lead = ""
    if n:
        top = flagged.iloc[0]
        lead = f"Most of all: {called(str(top['feature']), labels)}, {format.number(top['psi'], 2)}."
        if not status["model_age_days"]:
            lead += " The model is new, but part of what it learnt from is old."
    elif score_moved:
        heading = "No feature has drifted alone, but the chances have"
    return Statement(heading, lead, read, based)


def model_card(status: Status, format: Format) -> Statement | None:
    """Which model this is, and what it was trained on.

    Parameters
    ----------
    status, format
        As for `scores`.

    Returns
    -------
    Statement or None
        None where there is no model.
    """
    if status["missing"]:
        return None
    age = int(status["model_age_days"])
    cutoffs = len(status["training_cutoffs"])
    learnt = (
        f"{format.count(status['training_rows'])} rows of {cutoffs} past cutoff{'' if cutoffs == 1 else 's'}"
    )
    heading = f"Trained for this report on {learnt}"
    if age:
        heading = f"The model is {format.days(age)} old, trained on {learnt}"
    lead = "It is used because it was chosen by hand." if status["pinned"] else ""
    return Statement(heading, lead)


def next_steps(status: Status) -> Statement | None:
    """Head what is to be done next; None where nothing is.

    Parameters
    ----------
    status : mapping
    """
    n = len(status["recommendations"])
    return Statement("One thing to do next" if n == 1 else f"{n} things to do next") if n else None


def leave(status: Status) -> str:
    """What those do who leave: ``order nothing``."""
    return "end their contract" if status["definition"] == "contract" else "order nothing"


def left(status: Status) -> str:
    """What those did who left: ``ordered nothing``."""
    return "ended their contract" if status["definition"] == "contract" else "ordered nothing"


def window(status: Status, format: Format) -> str:
    """The horizon in words: ``90 days``."""
    return format.days(status["horizon_days"])


def sentences(reasons: Iterable[Any]) -> str:
    """Put reasons one after the other, each as a sentence.

    Examples
    --------
    >>> sentences(["too few customers", "Nobody left."])
    'Too few customers. Nobody left.'
    """
    texts = [str(each).strip().rstrip(".") for each in reasons]
    return " ".join(f"{text[:1].upper()}{text[1:]}." for text in texts)


def people(n: Any, format: Format) -> str:
    """Count customers: ``1 customer``, ``2,000 customers``."""
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"


def rule_of_thumb(rows: pd.DataFrame) -> pd.Series | None:
    """The best of the baselines that rank customers; None without one."""
    found = rows[(rows["role"] == "baseline") & (rows["model"] != "prior") & rows["roc_auc"].notna()]
    return None if found.empty else found.sort_values("roc_auc", ascending=False, kind="stable").iloc[0]


def thumb_name(row: pd.Series, *, start: bool = True) -> str:
    """Name a baseline, at the start of a sentence or within one."""
    text = _THUMBS.get(str(row["model"]), str(row["label"]))
    return f"{text[:1].upper()}{text[1:]}" if start else text


def _tested(status: Status, rows: pd.DataFrame, format: Format) -> str:
    if rows.empty:
        return ""
    n, k = rows["customers"].iloc[0], rows["churned"].iloc[0]
    day = format.date(pd.Timestamp(status["test_cutoff"])) if status["test_cutoff"] else format.date(None)
    return f"{people(n, format)} as of {day}, of whom {format.count(k)} left; none of it was seen in training"


def _plain(value: float, format: Format) -> str:
    return format.number(value, 0 if float(value).is_integer() else 2)


def _auc(row: pd.Series, format: Format) -> str:
    return format.number(row["roc_auc"], 3)


def agree(row: pd.Series, verb: str) -> str:
    """The verb in the number of a rule of thumb's name."""
    return verb if row["model"] == "recency" else f"{verb}s"


def _which(everybody: float, nobody: float) -> str:
    return "everybody" if everybody <= nobody else "nobody"
