"""What stands before and after the figures on the pipeline: what is not proven, and how they were made."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from analytics.page.pieces import Notice
from analytics.words.pipeline import Setting


def notice(setting: Setting, headlines: pd.DataFrame, newest_day: date | None) -> Notice | None:
    """Say that the past is known from dates only; None where it is not, or where a history tells it.

    Parameters
    ----------
    setting : Setting
    headlines : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.headlines`.
    newest_day : datetime.date or None
        Newest day of the data.
    """
    if setting.with_history or not _past(setting, newest_day) or not headlines.iloc[-1]["deal_count"]:
        return None
    return Notice(
        "There is no history of deals: the past is what dates prove",
        "Which deals were open is certain. Their value and expected date are the last known, and a stage "
        "is known "
        "only where it was entered by then; deals in other stages weigh nothing by points.",
    )


def notes(
    setting: Setting, headlines: pd.DataFrame, model: Any, test: Any, newest_day: date | None
) -> dict[str, Any]:
    """Give definitions, method and limits.

    Parameters
    ----------
    setting, headlines, newest_day
        As for `notice`.
    model, test
        `CloseModel` and `Holdout` of `analytics.models.deals.close_probability`.

    Returns
    -------
    dict
        Keywords of `analytics.report.Report.notes`.
    """
    return {
        "definitions": _definitions(setting),
        "method": _method(setting, model, test),
        "limits": _limits(setting, headlines.iloc[-1], newest_day),
    }


def _definitions(setting: Setting) -> list[tuple[str, str]]:
    least = setting.format.money(setting.min_deal_value)
    return [
        ("Open", f"Created by {setting.last_day} and not closed by then."),
        (
            "Chance to close",
            "1 to 99 in 100. Weighted value is value × chance; it counts each deal's own value.",
        ),
        ("Historical rate of a stage", "Of the closed deals that have been in the stage, the share won."),
        ("Win rate", "Won / (won + lost) of the deals closed in the timeframe."),
        (
            "Health",
            "0 to 100: 40 for pace (10 less for each full week beyond the stage's normal days), 30 for "
            "contact, 30 "
            "for champion, budget and decision maker. Healthy from 70, watch from 40, below critical.",
        ),
        ("Stagnant", "More than 60 days in one stage."),
        ("At risk", f"Open, worth {least} or more, and critical or stagnant."),
        (
            "Moved on",
            "Of the stays in a stage that ended in the timeframe, those into a later stage, or won.",
        ),
        (
            "Velocity",
            "Open value × win rate / mean days from creation to winning: what the pipeline brings a day.",
        ),
    ]


def _method(setting: Setting, model: Any, test: Any) -> list[str]:
    show = setting.format
    lines = [
        "Weights of chances, health, values and risks stand in the rule table pipeline_rules; a vertical "
        "may have "
        "its own. What is not known of a deal earns no points in its chance, and is left out of its "
        "health, the "
        "rest rescaled.",
        "An estimated value is seats × price × months less discount, times the factors of industry, "
        "stage and "
        "expansion, blended with similar won deals. No forecast uses it: the stage would count twice.",
    ]
    if model.basis == "classifier":
        lines.append(
            f"The chance is that of a logistic regression, calibrated by cross-validation over deals, on "
            f"{show.count(len(model.inputs))} columns of the same nine inputs. It learns from "
            f"{show.count(model.closed)} "
            "closed deals as they stood once a week while they were open; a deal open for longer than 99 "
            "of 100 won "
            "deals took counts as not won from then on."
        )
    if len(test.scores):
        lines.append(
            f"The test trains on {show.count(test.trained_on)} deals closed before "
            f"{show.date(test.since)} and asks for "
            "those closed since, week by week; the interval of the difference takes the weeks of one "
            "deal as one."
        )
    return lines


def _limits(setting: Setting, now: pd.Series, newest_day: date | None) -> list[str]:
    show = setting.format
    lines = ["What goes with winning is an association: nobody drew lots over who gets a champion."]
    if _past(setting, newest_day):
        lines.append(
            "Contacts, objections, competitors, qualification and lead score have no date: they are as "
            "of the "
            "newest day, for earlier days too."
        )
    if now["unweighted_deals"]:
        lines.append(
            f"{setting.deals(now['unweighted_deals'])} worth something stand in a stage without a known "
            "chance and "
            "weigh nothing."
        )
    if now["overdue_deals"]:
        lines.append(
            f"{setting.deals(now['overdue_deals'])} that should have closed already, worth "
            f"{show.money(now['overdue_value'])}, are in no forecast; nor are those without a date."
        )
    if not setting.with_history:
        lines.append("Without a history of deals nothing is known of how long earlier stages took.")
    return lines


def _past(setting: Setting, newest_day: date | None) -> bool:
    return newest_day is not None and setting.comparison.this.reference_date <= newest_day
