"""Chance, health and value of deals by points: every part stands beside the sum, so that it can be discussed.

The weights come from params and may differ by vertical, which is the deal's industry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analytics.params.pipeline_rules import PipelineRules, Weights

INPUTS = (
    *("stage", "days_in_stage", "interactions", "objections_handled", "lead_score"),
    *("champion_identified", "budget_confirmed", "decision_maker_engaged", "competitors_mentioned"),
)
"""The nine inputs of a close probability."""
PARTS = ("base_points", "engagement_points", "qualification_points", "velocity_points", "competition_points")
"""What a close probability is made of, before clipping."""
LEAST, MOST = 1, 99
_QUALIFICATION = {
    "champion_identified": "champion",
    "budget_confirmed": "budget",
    "decision_maker_engaged": "decision maker",
}


def by_vertical(
    rows: pd.DataFrame, rules: PipelineRules, score: Callable[[pd.DataFrame, Weights], pd.DataFrame]
) -> pd.DataFrame:
    """Score rows with the weights of their industry.

    Parameters
    ----------
    rows : pandas.DataFrame
        With ``industry``. It is not modified.
    rules : PipelineRules
    score : callable
        Gives the scores of rows that have the same weights, with their index.

    Returns
    -------
    pandas.DataFrame
        The scores, in the order of the rows.
    """
    if not rules.verticals:
        return score(rows, rules)
    verticals = rows["industry"].map(lambda name: str(name or "").strip().casefold())
    known = {name.strip().casefold() for name in rules.verticals}
    keys = verticals.where(verticals.isin(known), "")
    parts = [score(rows[keys == key], rules.of(key)) for key in sorted(set(keys))]
    return pd.concat(parts).loc[rows.index] if parts else score(rows, rules)


def half_up(values: pd.Series) -> pd.Series:
    """Round to whole numbers, a half upwards; what is missing stays so.

    Examples
    --------
    >>> half_up(pd.Series([93.5, 2.4999, None])).tolist()
    [94.0, 2.0, nan]
    """
    return (values.astype("float64").round(9) + 0.5).floordiv(1)


def close_points(rows: pd.DataFrame, rules: PipelineRules) -> pd.DataFrame:
    """The chance of deals to be won by points.

    Parameters
    ----------
    rows : pandas.DataFrame
        Deals with `INPUTS` and ``industry``; a missing input has no points. It is not modified.
    rules : PipelineRules

    Returns
    -------
    pandas.DataFrame
        With the index of the rows:

        - `PARTS` (percent): the stage's base, engagement, qualification, and what velocity and competition
          take, 0 or below. The base is missing in a stage that the rules do not know.
        - ``points_total``: their sum.
        - ``points_probability`` (1–99): the sum clipped, then rounded half up; missing without a base.
        - ``inputs_known`` (int64, of nine) and ``confidence``: ``high`` with all of `INPUTS`, ``medium`` with
          6 to 8, else ``low``.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> deal = {"stage": "proposal", "days_in_stage": 12, "lead_score": 75, "interactions": 8,
    ...         "objections_handled": 2, "champion_identified": 1, "budget_confirmed": 1,
    ...         "decision_maker_engaged": 0, "competitors_mentioned": 1, "industry": None}
    >>> found = close_points(pd.DataFrame([deal]), load_rules("pipeline_rules")).iloc[0]
    >>> [float(found[part]) for part in PARTS], float(found.points_total), int(found.points_probability)
    ([50.0, 23.5, 25.0, 0.0, -5.0], 93.5, 94)
    """
    return by_vertical(rows, rules, _close_points)


def deal_health(rows: pd.DataFrame, rules: PipelineRules) -> pd.DataFrame:
    """How well deals are doing, 0–100, with reasons in words.

    Parameters
    ----------
    rows : pandas.DataFrame
        Deals with ``stage``, ``days_in_stage``, ``days_silent``, ``interactions``, the three of
        qualification and ``industry``. It is not modified.
    rules : PipelineRules

    Returns
    -------
    pandas.DataFrame
        With the index of the rows:

        - ``velocity_health``, ``engagement_health``, ``qualification_health``: points, not below 0; missing
          where nothing of the part is known.
        - ``health_score``: their sum; what is not known of a deal is left out and the rest rescaled to 100.
          Missing where nothing is known.
        - ``health_category``: ``healthy``, ``watch``, ``critical`` or ``unknown``.
        - ``stagnant`` (boolean): beyond the days after which a deal in one stage is stagnant.
        - ``risk_factors``: reasons in words, parted by semicolons; empty where there is none.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> deal = {"stage": "proposal", "days_in_stage": 75, "days_silent": 21, "interactions": 7,
    ...         "champion_identified": 1, "budget_confirmed": 1, "decision_maker_engaged": 0,
    ...         "industry": None}
    >>> found = deal_health(pd.DataFrame([deal]), load_rules("pipeline_rules")).iloc[0]
    >>> float(found.health_score), found.health_category
    (35.0, 'critical')
    >>> found.risk_factors
    'stagnant: 75 days in proposal, normal are 30; silent for 21 days; no decision maker'
    """
    return by_vertical(rows, rules, _deal_health)


def deal_value(
    rows: pd.DataFrame, won: pd.DataFrame, rules: PipelineRules, days: pd.Series | None = None
) -> pd.DataFrame:
    """What deals are worth by their terms and by similar deals that were won.

    Parameters
    ----------
    rows : pandas.DataFrame
        Deals with ``seats``, ``price_per_seat`` (a month), ``contract_months``, ``discount`` (0–1),
        ``expansion_factor``, ``industry``, ``product_plan`` and ``stage``. It is not modified.
    won : pandas.DataFrame
        Won deals with ``industry``, ``product_plan`` and ``value``; of one industry and plan are similar.
    rules : PipelineRules
    days : pandas.Series, optional
        With the index of the rows, the day (since 1970-01-01) that each is valued on: similar are then only
        deals with a ``closed_day`` before it.

    Returns
    -------
    pandas.DataFrame
        With the index of the rows: ``list_value`` (currency): seats × price × months × (1 − discount), no
        discount where it is not known; ``adjusted_value``: × factors of industry, stage and expansion;
        ``similar_deals`` (int64); ``estimated_value``: blended with their mean, weight n / (n + 5);
        ``estimate_confidence`` (50–100): 50 + 50 × that weight. Missing where terms or stage are.

    Examples
    --------
    >>> from analytics.params import load_rules
    >>> deal = {"seats": 50, "price_per_seat": 29, "contract_months": 12, "discount": 0.15,
    ...         "stage": "proposal", "expansion_factor": 1.5, "industry": "tech", "product_plan": "Team"}
    >>> similar = pd.DataFrame({"industry": ["Tech"] * 5, "product_plan": ["Team"] * 5, "value": 5 * [15e3]})
    >>> found = deal_value(pd.DataFrame([deal]), similar, load_rules("pipeline_rules")).iloc[0]
    >>> [round(float(found[name]), 2) for name in ("list_value", "adjusted_value", "estimated_value")]
    [14790.0, 19966.5, 17483.25]
    >>> float(found.estimate_confidence)
    75.0
    """
    alike = won.dropna(subset=["industry", "product_plan"])
    alike = alike.assign(industry=alike["industry"].str.casefold())
    keys = ["valued_on", "industry", "product_plan"]
    if days is None:
        known = alike.assign(valued_on=0)
    else:
        known = alike[[*keys[1:], "value", "closed_day"]].merge(
            pd.Series(days.unique(), name=keys[0]), how="cross"
        )
        known = known[known["closed_day"] < known["valued_on"]]
    sums = known.groupby(keys)["value"].agg(["mean", "size"])
    dated = rows.assign(valued_on=0 if days is None else days)

    def score(part: pd.DataFrame, weights: Weights) -> pd.DataFrame:
        return _deal_value(part, sums, weights)

    return by_vertical(dated, rules, score)


def weeks_late(rows: pd.DataFrame, weights: Weights) -> pd.Series:
    """Full weeks beyond the stage's normal days; missing where stage or days are not known."""
    normal = rows["stage"].map({name: stage.normal_days for name, stage in weights.stages.items()})
    beyond: pd.Series = rows["days_in_stage"] - normal.astype("float64")
    return beyond.floordiv(7).clip(lower=0)


def late_weeks(rows: pd.DataFrame, rules: PipelineRules) -> pd.Series:
    """Give `weeks_late` of deals of different verticals."""
    found = by_vertical(rows, rules, lambda part, weights: weeks_late(part, weights).to_frame("weeks"))
    return found["weeks"].astype("float64")


def key_factors(points: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """What moves a deal's chance by points most, in words: up to three, the strongest first.

    Parameters
    ----------
    points : pandas.DataFrame
        As returned by `close_points`.
    rows : pandas.DataFrame
        The deals.

    Returns
    -------
    pandas.Series
        Texts, parted by semicolons; empty where nothing but the stage counts.
    """
    words = {
        "engagement_points": ("engagement", "no engagement"),
        "qualification_points": ("qualification", "no qualification"),
        "velocity_points": ("", "late in its stage"),
        "competition_points": ("", "competitors named"),
    }
    table = points[list(words)].fillna(0.0)
    missing = [
        ", ".join(name for column, name in _QUALIFICATION.items() if known[column] == 0)
        for known in rows[list(_QUALIFICATION)].to_dict("records")
    ]

    def said(row: dict[Any, float], lacks: str) -> str:
        strongest = sorted(row.items(), key=lambda item: (-abs(item[1]), item[0]))
        found = [
            f"{words[name][0] if value > 0 else words[name][1]} {value:+.1f}".replace("-", "−")
            for name, value in strongest
            if value
        ][:2]
        return "; ".join([*found, *([f"no {lacks}"] if lacks else [])])

    records: list[dict[Any, Any]] = table.to_dict("records")
    found = [said(row, lacks) for row, lacks in zip(records, missing, strict=True)]
    return pd.Series(found, index=points.index, dtype="object")


def _close_points(rows: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    by = weights.close_probability
    base = rows["stage"].map({name: stage.close_probability for name, stage in weights.stages.items()})
    engagement = (
        by.an_interaction * rows["interactions"].clip(0, by.most_interactions).fillna(0.0)
        + by.an_objection_handled * rows["objections_handled"].clip(0, by.most_objections).fillna(0.0)
        + by.a_lead_score_point * rows["lead_score"].clip(0, 100).fillna(0.0)
    )
    qualification = sum(
        (getattr(by, name) * rows[name].fillna(0.0) for name in _QUALIFICATION),
        start=pd.Series(0.0, rows.index),
    )
    late = (by.a_week_late * weeks_late(rows, weights)).clip(upper=by.most_late).fillna(0.0)
    competitors = rows["competitors_mentioned"].clip(lower=0).fillna(0.0)
    competition = (by.a_competitor * competitors).clip(upper=by.most_competition)
    parts = pd.DataFrame(
        {
            "base_points": base.astype("float64"),
            "engagement_points": engagement,
            "qualification_points": qualification,
            "velocity_points": 0.0 - late,
            "competition_points": 0.0 - competition,
        },
        index=rows.index,
    ).round(6)
    total = parts.sum(axis=1, skipna=False).round(6)
    known = rows[list(INPUTS)].notna().sum(axis=1).astype("int64")
    known -= (rows["stage"].notna() & base.isna()).astype("int64")  # a stage without a base tells nothing
    return parts.assign(
        points_total=total,
        points_probability=half_up(total.clip(LEAST, MOST)),
        inputs_known=known,
        confidence=np.select([known == len(INPUTS), known >= 6], ["high", "medium"], "low"),
    )


def _deal_health(rows: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    by = weights.health
    weeks = weeks_late(rows, weights)
    velocity = (by.velocity - by.a_week_late * weeks).clip(lower=0)
    contacts = by.an_interaction * rows["interactions"].clip(0, by.most_interactions)
    activity = by.activity * (1 - rows["days_silent"] / by.silent_after_days).clip(lower=0)
    asked = pd.DataFrame({name: getattr(by, name) * rows[name] for name in _QUALIFICATION}, index=rows.index)
    parts = pd.DataFrame({"velocity": velocity, "contacts": contacts, "activity": activity}).join(asked)
    most = pd.Series(
        {"velocity": by.velocity, "contacts": by.most_for_interactions, "activity": by.activity}
        | {name: getattr(by, name) for name in _QUALIFICATION}
    )
    possible = (parts.notna() * most).sum(axis=1)
    score = (100 * parts.sum(axis=1) / possible.where(possible > 0)).round(6)
    category = np.select(
        [score.isna(), score >= by.healthy_from, score >= by.watch_from],
        ["unknown", "healthy", "watch"],
        "critical",
    )
    stagnant = rows["days_in_stage"] > by.stagnant_days
    return pd.DataFrame(
        {
            "velocity_health": velocity,
            "engagement_health": parts[["contacts", "activity"]].sum(axis=1, min_count=1),
            "qualification_health": asked.sum(axis=1, min_count=1),
            "health_score": score,
            "health_category": pd.Series(category, rows.index, dtype="object"),
            "stagnant": stagnant.astype("bool"),
            "risk_factors": _reasons(rows.assign(weeks=weeks, stagnant=stagnant), weights),
        },
        index=rows.index,
    )


def _reasons(rows: pd.DataFrame, weights: Weights) -> pd.Series:
    by = weights.health
    normal = {name: stage.normal_days for name, stage in weights.stages.items()}

    def said(deal: dict[Any, Any]) -> str:
        found = []
        usual = normal.get(deal["stage"])
        if deal["stagnant"] or deal["weeks"] > 0:
            what = "stagnant" if deal["stagnant"] else "late"
            where = f"in {deal['stage']}" if deal["stage"] else "in its stage"
            beside = f", normal are {usual}" if usual else ""
            found.append(f"{what}: {deal['days_in_stage']:.0f} days {where}{beside}")
        if deal["days_silent"] >= by.silent_days:
            found.append(f"silent for {deal['days_silent']:.0f} days")
        lacks = [name for column, name in _QUALIFICATION.items() if deal[column] == 0]
        if lacks:
            found.append("no " + (" and no ".join(lacks) if len(lacks) < 3 else ", no ".join(lacks)))
        if deal["interactions"] == 0:
            found.append("no interaction yet")
        return "; ".join(found)

    read = ["stage", "stagnant", "weeks", "days_in_stage", "days_silent", *_QUALIFICATION, "interactions"]
    records: list[dict[Any, Any]] = rows[read].to_dict("records")
    return pd.Series([said(deal) for deal in records], index=rows.index, dtype="object")


def _deal_value(rows: pd.DataFrame, won: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    by = weights.value
    stages = rows["stage"].map({name: stage.value_factor for name, stage in weights.stages.items()})
    discount = rows["discount"].fillna(0.0)
    listed = rows["seats"] * rows["price_per_seat"] * rows["contract_months"] * (1 - discount)
    industry = rows["industry"].map(by.factor).astype("float64")
    adjusted = listed * industry * stages.astype("float64") * rows["expansion_factor"].fillna(1.0)
    lower = rows["industry"].map(lambda name: str(name).casefold() if name else None)
    keys = pd.MultiIndex.from_arrays([rows["valued_on"], lower, rows["product_plan"]])
    similar = won.reindex(keys).set_index(rows.index) if len(rows) else won.iloc[:0].set_index(rows.index)
    n = similar["size"].fillna(0).astype("int64")
    weight = n / (n + by.similar_deals)
    return pd.DataFrame(
        {
            "list_value": listed.round(4),
            "adjusted_value": adjusted.round(4),
            "similar_deals": n,
            "estimated_value": (adjusted * (1 - weight) + similar["mean"].fillna(0.0) * weight).round(4),
            "estimate_confidence": (50 + 50 * weight).where(adjusted.notna()),
        },
        index=rows.index,
    )
