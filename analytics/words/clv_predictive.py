"""What the report says of customers' future: how much is expected, how well the model fits, how far to trust.

`model` and `checked` are the blocks ``model`` and ``validation`` as they are published, see
`analytics.models.customer_outlook`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence

TOO_SHORT = "history_too_short"

CLOSE_PERCENT = 10.0
"""A total that the check missed by no more is called close."""

METHODS = {"model": "the model", "same_rate": "the same rate as before", "zero": "no visit at all"}

MEASURES = {"visits": "visits", "value": "revenue once visits are known", "revenue": "revenue"}

WHY_NOT = {
    "few_repeat_customers": "Fewer than 10 customers have come back: too few to learn how customers come.",
    "few_values": "Fewer than 10 customers have spent again: too few to learn what a visit brings.",
    "no_sales": "There are no sales yet.",
    "history_too_short": "The history is under 16 weeks: too short to hold a part of it out, so nothing is "
    "said of the next 12 or 36 months.",
}
"""What is missing, by the codes of the models."""

CAUTIONS = {
    "frequent_visits": "Half of those who return come more often than every two weeks: visits so regular "
    "break the model's chance, and its intervals for single customers are unreliable.",
    "value_goes_with_frequency": "Those who come more often spend differently a visit (correlation beyond "
    "0.3), which the model of value takes not to be so.",
    "no_visible_dropout": "No customer is seen to stop coming: everybody counts as still active.",
    "not_converged": "The fit found no clear optimum; its figures are a best guess.",
    "mbg_nbd_not_converged": "The MBG/NBD found no clear optimum, so another model was taken.",
    "lifetimes_failed": "The package lifetimes failed on these data; the fitter of the workbook answered.",
    "value_not_converged": "The model of value found no optimum: each visit counts with the average value.",
    "equal_amounts": "All visits bring the same, so values have no spread.",
    "spread_assumed": "How much the visits of one customer differ in value cannot be told from these data: "
    "it is taken from a published shop (40% off the customer's mean).",
    "spread_unsure": "How far revenue may lie from what is expected could not be learnt: intervals of single "
    "customers' revenue are unreliable.",
    "seasonality": "Visits swing with the season around the constant rate of the model: parts of a year come "
    "out too high or too low.",
}
"""What a reader must know, by the codes of the models."""


def missing(model: Mapping[str, Any]) -> str:
    """Say why nothing is predicted; an empty text where something is."""
    codes = str(model["notes"] or "").split("; ")
    if model["customers"] == 0:
        return WHY_NOT["no_sales"]
    wanted = [code for code in ("few_repeat_customers", "few_values", TOO_SHORT) if code in codes]
    return WHY_NOT[wanted[0]] if wanted else ""


def expected_revenue(model: Mapping[str, Any]) -> tuple[float, float, float]:
    """Give the figure that leads for 12 months, with its interval; what is not known is NaN.

    Returns
    -------
    tuple of float
        Value, low, high. The model's where it leads; where the same rate as before was nearer in the
        check, that rate's, without an interval; nothing where expecting nothing was nearer.
    """
    nothing = float("nan")
    if model["leader"] == "model":
        row = total(model, "12m", "revenue")
        return float(row["value"]), float(row["low"]), float(row["high"])
    if model["leader"] == "same_rate":
        return float(model["same_rate_revenue_12m"]), nothing, nothing
    return nothing, nothing, nothing


def total(model: Mapping[str, Any], horizon: str, measure: str) -> pd.Series:
    """One row of the totals: ``value``, ``low``, ``high``, ``widened``."""
    rows: pd.DataFrame = model["totals"]
    return rows[(rows["horizon"] == horizon) & (rows["measure"] == measure)].iloc[0]


def card(model: Mapping[str, Any], format: Format, *, label: str = "") -> Headline:
    """The headline figure: revenue that is expected in the next 12 months.

    Parameters
    ----------
    model : mapping
        The block ``model``.
    format : Format
    label : str, optional
        The name in words, where there are several such figures.

    Returns
    -------
    Headline
        Without changes: what was expected at other days is not computed.
    """
    value, low, high = expected_revenue(model)
    if model["leader"] == "model" and not pd.isna(value):
        profit = total(model, "12m", "clv")["value"]
        earned = "" if pd.isna(profit) else f"; {format.money(profit)} as profit"
        unchecked = "" if total(model, "12m", "revenue")["widened"] else "; unchecked"
        base = f"80% interval {format.money(low)} to {format.money(high)}{unchecked}{earned}"
    elif model["leader"] == "same_rate" and _has(model, "unchecked"):
        base = "if each goes on as so far; the model is unchecked"
    elif _has(model, TOO_SHORT):
        base = "not said: the history is under 16 weeks"
    elif model["leader"] == "same_rate" and not pd.isna(value):
        base = "if each goes on as so far, which was nearer than the model"
    elif model["leader"] == "zero":
        base = "not said: in the check, no visit at all was nearer"
    else:
        base = "too few customers have come back"
    return Headline(
        name="predicted_revenue_12m",
        label=label or "Expected revenue, next 12 months",
        value=format.money(value),
        base=base,
        unsure=model["repeat_customers"] < FEW,
    )


def ahead(model: Mapping[str, Any], format: Format) -> Runs:
    """One sentence for the summary: what the next 12 months should bring; nothing where it is not known."""
    value, low, high = expected_revenue(model)
    if _has(model, TOO_SHORT):
        return sentence("What they will bring cannot be said yet: the history is under 16 weeks.")
    if pd.isna(value) or model["repeat_customers"] < FEW:
        return ()
    if pd.isna(low):
        return sentence(
            "If each goes on as so far, they bring {value} in the next 12 months.",
            value=Bold(format.money(value)),
        )
    return sentence(
        "In the next 12 months they should bring {value} ({low} to {high}{unchecked}).",
        value=Bold(format.money(value)),
        low=format.money(low),
        high=format.money(high),
        unchecked="" if total(model, "12m", "revenue")["widened"] else ", unchecked",
    )


def outlook(model: Mapping[str, Any], format: Format) -> Statement:
    """How much is expected, and from whom.

    Parameters
    ----------
    model : mapping
        The block ``model``.
    format : Format

    Returns
    -------
    Statement
    """
    value, low, high = expected_revenue(model)
    tenths = model["tenths"]
    n = int(tenths["customers"].sum()) if len(tenths) else 0
    rate = format.percent(100 * model["discount_rate"], 0)
    checked = total(model, "12m", "revenue")["widened"]
    widened = ", widened by what the check missed" if checked else ", unchecked by later revenue"
    based = f"{_customers(n, format)}; 80% interval{widened}; months discounted at {rate} a year"
    if pd.isna(value):
        if model["leader"] == "zero":
            heading = "What customers will bring cannot be said: the check favours nothing at all"
            return Statement(heading, based=f"{_customers(n, format)}")
        return Statement("What customers will bring cannot be said yet")
    read = (
        "Customers stand in tenths by what each is expected to bring in 12 months, the best first. "
        "Beside each tenth: its part of all, and how many are likely to be still active where some have left."
    )
    if model["leader"] == "same_rate":
        heading = f"At the same rate as before, 12 months bring {format.money(value)}"
        why = "In the check below that was nearer than the model, so it leads"
        if _has(model, "unchecked"):
            why = "The model could not be checked on later visits, so it does not lead"
        lead = f"{why}; the model expects {format.money(total(model, '12m', 'revenue')['value'])}."
        return Statement(heading, lead, read, based)
    heading = f"Next 12 months: {format.money(value)} expected, {format.money(low)} to {format.money(high)}"
    return Statement(heading, " ".join(_longer(model, format)), read, based)


def _has(model: Mapping[str, Any], code: str) -> bool:
    return code in str(model["notes"] or "").split("; ")


def _longer(model: Mapping[str, Any], format: Format) -> list[str]:
    tenths = model["tenths"]
    said = []
    if tenths["customers"].sum() >= FEW and pd.notna(tenths["revenue_contribution"].iloc[0]):
        best = format.percent(tenths["revenue_contribution"].iloc[0], 0)
        said.append(f"The best 10% should bring {best} of it.")
    profit, far = total(model, "12m", "clv"), total(model, "36m", "revenue")
    if pd.notna(profit["value"]):
        share = format.percent(100 * model["profit_share"])
        said.append(f"As profit, at {share} of revenue: {format.money(profit['value'])}.")
    else:
        said.append("What of it is profit is not known.")
    said.append(f"Over 36 months: {format.money(far['value'])} of revenue.")
    return said


def fit(model: Mapping[str, Any], format: Format) -> Statement:
    """Which model was taken, and whether it gives as many customers by visits as there are.

    Parameters
    ----------
    model : mapping
        The block ``model``.
    format : Format

    Returns
    -------
    Statement
    """
    rows, candidates = model["repeat_visits"], model["candidates"]
    if model["purchases"] is None or candidates.empty:
        return Statement("There is no model of visits")
    chosen = candidates[candidates["chosen"]].iloc[0]
    n = int(rows["actual"].sum())
    read = (
        "Columns count customers by how often they came again after the first day; the lines are what the "
        "model would expect of as many new customers, each watched as long."
    )
    off = 100 * float((rows["actual"] - rows["expected"]).abs().sum()) / 2 / n if n else float("nan")
    right = format.percent(100 - off, 1 if 0 < off < 0.5 else 0)
    heading = f"{chosen['label']} puts {right} of customers where they are, by repeat visits"
    based = f"{_customers(n, format)}, {format.count(model['repeat_customers'])} of whom came back"
    return Statement(heading, " ".join([_why(candidates, chosen, format), *_cautions(model)]), read, based)


def _why(candidates: pd.DataFrame, chosen: pd.Series, format: Format) -> str:
    others = candidates[~candidates["chosen"] & candidates["converged"]]
    usual = others[others["model"] == "mbg_nbd"]
    if len(usual):
        gap = chosen["log_likelihood"] - usual["log_likelihood"].iloc[0]
        better, other = format.number(gap, 1), usual["label"].iloc[0]
        return f"It was taken because its log-likelihood is {better} better than that of {other}."
    if others.empty:
        return "It was asked for; no other was tried."
    best = others.iloc[int(others["log_likelihood"].argmax())]
    gap = best["log_likelihood"] - chosen["log_likelihood"]
    if gap > 0:
        near = format.number(gap, 1)
        return f"The log-likelihood of {best['label']} is {near} better, too little to leave the usual model."
    return f"No other has a better log-likelihood; {best['label']} comes nearest."


def _cautions(model: Mapping[str, Any]) -> list[str]:
    codes = str(model["notes"] or "").split("; ")
    return [text for code, text in CAUTIONS.items() if code in codes]


def holdout(model: Mapping[str, Any], checked: Mapping[str, Any], format: Format) -> Statement:
    """What the model would have expected of the last months, fitted on what came before them.

    Parameters
    ----------
    model, checked : mapping
        The blocks ``model`` and ``validation``.
    format : Format

    Returns
    -------
    Statement
    """
    if checked["missing"] or checked["scores"].empty:
        return Statement("The model could not be checked on later visits")
    scores = checked["scores"].set_index("method")
    one = scores.loc["model"]
    weeks = round(checked["holdout_days"] / 7)
    came, expected = format.count(one["actual_total"]), format.count(round(one["total"]))
    word = "close to" if abs(one["error_percent"]) <= CLOSE_PERCENT else "against"
    heading = f"Held out {weeks} weeks: {expected} visits expected, {word} {came} that came"
    lead = (
        f"The total was {_missed(one, format)}; at the same rate as before it would have been "
        f"{_missed(scores.loc['same_rate'], format)}. {_nearest(model, scores, format)}"
    )
    if "seasonality" in str(checked["notes"] or ""):
        lead += f" {CAUTIONS['seasonality']}"
    read = (
        "Repeat visits of the customers known at the dotted line, added up by week: blue what came, "
        "grey what the model expects. Right of the line it has seen nothing."
    )
    based = (
        f"{_customers(checked['customers'], format)}; fitted on {format.count(checked['calibration_days'])} "
        f"days, checked on {format.count(checked['holdout_days'])}"
    )
    return Statement(heading, lead, read, based)


def _missed(row: pd.Series, format: Format) -> str:
    way = "high" if row["error_percent"] > 0 else "low"
    return f"{format.percent(abs(row['error_percent']))} too {way}"


def _nearest(model: Mapping[str, Any], scores: pd.DataFrame, format: Format) -> str:
    errors = [f"{METHODS[str(name)]} {format.number(error, 2)}" for name, error in scores["rmse"].items()]
    off = f"(visits off, root mean square: {', '.join(errors)})"
    if model["leader"] == "model":
        return f"For single customers the model is nearest {off}."
    return f"For single customers {METHODS[model['leader']]} was nearer {off}, so the page leads with that."


def holdout_missing(model: Mapping[str, Any], checked: Mapping[str, Any]) -> str:
    """Say why there is no check; an empty text where there is one."""
    if model["customers"] == 0 or not checked["missing"]:
        return WHY_NOT["no_sales"] if model["customers"] == 0 else ""
    if checked["missing"] == "few_repeat_customers" and model["leader"]:
        return "Fewer than 10 customers had come back before the last months: too few for a check."
    return WHY_NOT.get(checked["missing"], "There is too little history for a check.")


def bins(checked: Mapping[str, Any], format: Format) -> Statement:
    """Whether those who came often before the holdout came as often in it as expected.

    Parameters
    ----------
    checked : mapping
        The block ``validation``.
    format : Format

    Returns
    -------
    Statement
    """
    rows = checked["bins"]
    if rows.empty:
        return Statement("There is no check by how often customers came before")
    known = rows[rows["customers"] >= FEW]
    if known.empty:
        return Statement("Too few customers to compare the model by how often they came")
    far = known.iloc[int((known["actual"] - known["expected"]).abs().argmax())]
    heading = (
        f"Furthest off, after {far['visits']} repeat visits: {format.number(far['actual'], 2)} came, "
        f"{format.number(far['expected'], 2)} expected"
    )
    covered = checked["coverage"]
    said = [
        f"{format.percent(100 * row.coverage, 0)} for {MEASURES[str(row.measure)]}"
        for row in covered.itertuples()
        if pd.notna(row.coverage)
    ]
    lead = f"Intervals meant to hold 80% of customers held {_and(said)}." if said else ""
    codes = str(checked["notes"] or "").split("; ")
    told = [CAUTIONS[code] for code in ("spread_assumed", "spread_unsure") if code in codes]
    lead = " ".join([lead, *told]).strip()
    read = (
        "Customers by repeat visits before the held-out weeks; columns are their mean visits in those weeks, "
        "lines what the model expected of them."
    )
    based = f"{_customers(checked['customers'], format)}; groups under {FEW} are not drawn"
    return Statement(heading, lead, read, based)


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def definitions(model: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Say what the words about the future mean; nothing where nothing is predicted."""
    if not model["leader"]:
        return ()
    return (
        ("Visit", "A day with a purchase; the first one is no repeat visit."),
        (
            "Still active",
            "The chance that a customer has not stopped coming for good; it is no forecast of a visit.",
        ),
        (
            "Expected revenue",
            "Expected visits × expected value of a visit, month by month, each discounted to its end.",
        ),
        ("Expected profit", "Expected revenue × the organisation's profit as a share of net revenue so far."),
        ("80% interval", "Eight of ten such intervals should hold what comes, if customers go on as so far."),
    )


def method(model: Mapping[str, Any]) -> tuple[str, ...]:
    """Say how the figures about the future are made."""
    if not model["leader"]:
        return ()
    return (
        "Visits follow BG/NBD, MBG/NBD or Pareto/NBD, fitted by maximum likelihood to all customers, "
        "one-time buyers included; MBG/NBD unless another's log-likelihood is more than 2 better. "
        "Gamma-Gamma gives the value of a visit, fitted to customers with repeat visits. Filters act after "
        "fitting.",
        "The check fits on the first part of history and predicts the last 39 weeks, or the second half "
        "where there are under 78. Totals are widened by what it missed. Intervals of value are tempered so "
        "that they would have held 80% of earlier outcomes.",
    )


def limits(model: Mapping[str, Any], checked: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what the figures about the future do not show."""
    if not model["leader"]:
        return ()
    said = ["The forecast is of today's customers: those who have yet to come are not in it."]
    if model["profit_share"] is None:
        said.append("No profit is known, so value is given as revenue only.")
    if checked["missing"]:
        said.append(f"The model is unchecked: {holdout_missing(model, checked)}")
    return tuple(said)


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"
