"""Pictures of contract customers: the bridge of contract value, and survival by plan."""

from __future__ import annotations

import pandas as pd

from analytics.charts import forms, theme
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

GROUPS = 4
"""Curves in one picture at most."""
_COLOURS = ("c1", "c2", "c3", "c4")

NAMES = {
    "new": "New",
    "expansion": "Grew",
    "reactivated": "Came back",
    "contraction": "Shrank",
    "churned": "Left",
}


def bridge(rows: pd.DataFrame, row: pd.Series, format: Format) -> Chart | None:
    """Bridge from the contract value of the start to that of the end.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.movements`. It is not modified.
    row : pandas.Series
        The timeframe's row, with start and end.
    format : Format

    Returns
    -------
    Chart or None
        None where no account was live at either end.
    """
    start, end = float(row["starting_acv"]), float(row["ending_acv"])
    if not row["starting_accounts"] and not row["ending_accounts"]:
        return None
    steps = [
        forms.Step(NAMES[str(one.movement)], float(str(one.acv)), f"{format.count(one.accounts)} accounts")
        for one in rows.itertuples()
    ]
    parts = "; ".join(f"{step.name} {format.money(step.value, sign=True)}" for step in steps)
    alt = f"Bridge from {format.money(start)} at the start to {format.money(end)} at the end: {parts}."
    return theme.both(
        forms.bridge,
        "acv",
        alt[:300],
        narrow=(344, 280),
        start=start,
        end=end,
        steps=steps,
        names=("At the start", "At the end"),
        words=format.money,
        signed=lambda value: format.money(value, sign=True),
        title="Contract value a year",
    )


def survival(curves: pd.DataFrame, format: Format) -> Chart | None:
    """Share of accounts still customers by days since they started, one curve for each plan.

    Parameters
    ----------
    curves : pandas.DataFrame
        As returned by `analytics.metrics.survival.survival`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nowhere 30 accounts are watched for three months. The four largest plans are drawn, and
        all accounts together where there is only one.
    """
    plans = [plan for plan in curves["plan"].unique() if plan != "all"] if len(curves) else []
    reach = {plan: _reach(curves[curves["plan"] == plan]) for plan in ["all", *plans]}
    drawn = [plan for plan in plans if reach[plan] >= 365][:GROUPS]
    if len(drawn) < 2:
        drawn = ["all"] if len(curves) else []
    end = min((reach[plan] for plan in drawn), default=0)
    marks = _marks(end)
    if not marks:
        return None
    found = [
        _curve(curves[curves["plan"] == plan], marks, colour)
        for plan, colour in zip(drawn, _COLOURS, strict=False)
    ]
    at = 365 if 365 in marks else marks[-1]
    parts = "; ".join(f"{one.name} {format.percent(_at(one, at), 0)}" for one in found)
    alt = (
        f"Falling curves over {format.days(marks[-1])}. After {format.days(at)} the share still customers "
        f"is: {parts}."
    )
    return theme.both(
        forms.survival,
        "survival",
        alt[:300],
        wide=(760, 360 + 18 * len(found)),
        narrow=(344, 340 + 34 * len(found)),
        curves=found,
        words=lambda value: format.percent(value, 0),
        count=format.count,
        title="Share of accounts still customers",
        xtitle="Days since the contract started",
        marks=marks,
        at=at if at != marks[-1] else None,
        top=100,
    )


_MARKS = (90, 180, 365, 545, 730, 1095, 1460, 1825, 2555, 3650)


def _marks(end: int) -> list[int]:
    """Round ages up to the end, far enough apart to be read."""
    marks: list[int] = []
    for age in (age for age in _MARKS if age <= end):
        if age - (marks[-1] if marks else 0) >= end / 8:
            marks.append(age)
    return marks


def _reach(curve: pd.DataFrame) -> int:
    """Last day on which 30 accounts are watched; 0 where they never are."""
    enough = curve[curve["at_risk"] >= FEW]
    return int(enough["days"].max()) if len(enough) else 0


def _curve(curve: pd.DataFrame, marks: list[int], colour: str) -> forms.Curve:
    kept = curve[curve["days"] <= marks[-1]]
    risk = dict(zip(curve["days"], curve["at_risk"], strict=True))
    plan = str(kept["plan"].iloc[0])
    return forms.Curve(
        "All accounts" if plan == "all" else plan,
        kept["days"].to_list(),
        kept["survival_rate"].to_list(),
        kept["survival_rate_low"].to_list(),
        kept["survival_rate_high"].to_list(),
        [int(risk.get(day, 0)) for day in (0, *marks)],
        colour,
    )


def _at(one: forms.Curve, day: int) -> float:
    return [value for age, value in zip(one.days, one.values, strict=True) if age <= day][-1]
