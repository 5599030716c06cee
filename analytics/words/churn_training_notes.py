"""What stands before and after the figures on churn: why there is no model, who leaves, how it was tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.churn_evidence import beaten_by, enough_tested, row_of
from analytics.page.pieces import Notice
from analytics.timeframe import Timeframe
from analytics.words.churn_evidence import FAR_OFF, on_the_whole, ran_off, sentences, thumb_name, window


def notices(
    status: Mapping[str, Any], calibration: pd.DataFrame, scores: pd.DataFrame, leader: str, format: Format
) -> tuple[Notice, ...]:
    """Say before the first figure why it may not be believed.

    There is no model, or a simple rule is as good, or its chances ran off in the test, or it has drifted.

    Parameters
    ----------
    status : mapping
        `status` of `analytics.models.churn.ChurnResult`.
    calibration, scores : pandas.DataFrame
        Its `calibration` and `scores`. They are not modified.
    leader : str
        Whose figure leads.
    format : Format

    Returns
    -------
    tuple of Notice
        Empty where all is well.
    """
    if status["missing"]:
        return (Notice("Too little data for a model", sentences(status["missing"])),)
    said = []
    if not enough_tested(scores):
        said.append(
            Notice(
                "Too few customers left or stayed to test the model",
                "Its chances are shown, but how far they can be trusted is not known.",
            )
        )
    elif leader == "prior":
        said.append(
            Notice(
                "The model does not know who will leave",
                "In the test it ranked customers no better than a guess. How many leave can be said, not "
                "who.",
            )
        )
    elif beaten_by(scores, leader):
        name = thumb_name(row_of(scores, leader), start=False)
        said.append(
            Notice(
                "A simple rule is as good as the model",
                f"In the test, {name} ranked customers as well or better. The churn model adds nothing.",
            )
        )
    if enough_tested(scores) and _far_off(calibration):
        way = "fewer" if on_the_whole(calibration)[0] > on_the_whole(calibration)[1] else "more"
        said.append(
            Notice(
                ran_off(calibration, format),
                f"Should that go on, {way} customers will leave than the chances add up to; the interval of "
                "their number allows for it.",
            )
        )
    if status["drifted_features"] and status["model_age_days"]:
        n = len(set(status["drifted_features"]) - {"score"})
        what = f"{format.count(n)} feature{'' if n == 1 else 's'}" if n else "The chances"
        said.append(
            Notice(
                f"{what} drifted since the model was trained",
                "Customers no longer look like those it learnt from. Its chances may be off either way.",
            )
        )
    return tuple(said)


def notes(
    status: Mapping[str, Any], scores: pd.DataFrame, format: Format, timeframe: Timeframe
) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits for the end of the page.

    Parameters
    ----------
    status, scores, format
        As for `notices`.
    timeframe : Timeframe

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    days, contract = window(status, format), status["definition"] == "contract"
    method = (
        f"Features come strictly from before a cutoff; cutoffs lie {days} apart. The test's cutoff lies "
        f"{days} before "
        "the reference date, and no training window reaches beyond it.",
        "Random forest, logistic regression, boosting and the mean of the last two compete by log loss on "
        "later "
        "cutoffs, never on rows shuffled; logistic regression, the simplest, is taken unless another's is "
        "lower by more than its standard error. Chances are calibrated where a later slice says that it "
        "helps.",
        "A model is used for later reports while it is young and its features have not drifted; only a "
        "model trained "
        "on a day not after the reference date is used.",
        "The expected number is the sum of the chances. Its interval takes customers as independent, and "
        "is widened by "
        "how far the sum was off in the test.",
        *(str(each) for each in status["notes"]),
    )
    limits = [
        "What goes with leaving need not cause it; that a customer will leave does not say that a call "
        "would help.",
    ]
    if not contract:
        limits.append("Who orders rarely counts as left after a pause; another horizon gives another answer.")
    if len(scores) and not status["missing"]:
        limits.append("The test is one window of time; a season that differs from it moves the chances.")
    return {"definitions": _definitions(status, format, timeframe), "method": method, "limits": tuple(limits)}


def _definitions(
    status: Mapping[str, Any], format: Format, timeframe: Timeframe
) -> tuple[tuple[str, str], ...]:
    """What the page's words mean, under the definition of leaving that is in use."""
    days, day = window(status, format), format.date(timeframe.reference_date)
    contract = status["definition"] == "contract"
    gone = f"The contract ended in the {days} after a day on which it was live."
    if not contract:
        since = (
            "ever before"
            if status["eligible_days"] is None
            else f"in the {format.days(status['eligible_days'])} before"
        )
        gone = (
            f"No purchase in the {days} after a day, of those with a purchase {since}. Others are not scored."
        )
    return (
        ("Left", gone),
        ("Chance to leave", f"The probability to leave in the {days} from {day} on, between 0 and 1."),
        (
            "Risk level",
            f"Low under {format.percent(30, 0)}, medium from there, high from {format.percent(60, 0)}, "
            "critical above "
            f"{format.percent(80, 0)}.",
        ),
        (
            "Value",
            "Of 100 customers scored, how many have no more "
            f"{'contract value' if contract else 'revenue in 365 days'}"
            " than this one.",
        ),
        ("AUC", "The chance that one who left got a higher chance to leave than one who stayed."),
        ("Calibration error", "Mean distance of predicted from actual shares over groups of customers."),
        (
            "Sure",
            "1 less twice the standard deviation of the chance over 20 models trained on resampled "
            "customers; at least 0.",
        ),
        ("Rule of thumb", "What ranks customers without a model; it must be beaten, or it leads."),
    )


def _far_off(calibration: pd.DataFrame) -> bool:
    """Whether the sum of the chances lay far from what happened, beyond chance."""
    if not calibration["customers"].sum() > 0:
        return False
    expected, happened, chance = on_the_whole(calibration)
    return abs(expected - happened) > max(chance, FAR_OFF / 100)
