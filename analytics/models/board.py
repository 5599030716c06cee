"""The board's ten figures, taken from the reports that show them; not one is computed here.

A figure has several reports that may show it, the best one first: an organisation with contracts has no
orders, and what is not rendered cannot be quoted. What is quoted is the report's own headline figure, with
the number, the words and the changes that stand on its card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.data.published import Published

FIGURES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "leads": (("lifecycle", "leads"), ("lead_scoring", "new_leads")),
    "conversion": (("lifecycle", "mature_conversion_rate"), ("lead_scoring", "conversion_rate")),
    "revenue": (("purchase_patterns", "total_revenue"), ("revenue_forecast", "revenue_12m")),
    "profit": (("purchase_patterns", "total_profit"),),
    "active_customers": (
        ("segmentation", "active_customers"),
        ("retention", "ending_customers"),
        ("retention", "ending_accounts"),
    ),
    "at_risk_customers": (("roi", "high_risk_customers"), ("churn_training", "at_risk_customers")),
    "retention": (("retention", "retention_rate"), ("retention", "net_revenue_retention")),
    "clv": (("clv", "average_clv"), ("clv", "predicted_contract_revenue_12m")),
    "pipeline": (("pipeline", "total_pipeline"),),
    "forecast": (("revenue_forecast", "forecast_revenue"),),
}
"""Figure → the reports that show it with the name it has there, the one to quote first."""

QUOTED = tuple(dict.fromkeys(report for sources in FIGURES.values() for report, _ in sources))
"""Reports that figures are quoted from."""


def read_figures(published: Mapping[str, Published]) -> pd.DataFrame:
    """Quote the board's figures.

    Parameters
    ----------
    published : mapping of str to Published
        As `analytics.data.published.read_published` gives it.

    Returns
    -------
    pandas.DataFrame
        One row for each of `FIGURES`, in their order:

        - ``figure``, ``report`` (whose figure it is; the one that should show it where none does), ``name``
          (its name there), ``link`` (address of that page, empty where there is none)
        - ``label``, ``shown``, ``base``: the words of its card there
        - ``value`` (float64, unrounded), ``unit``; missing where no report shows it
        - ``change``, ``usual_change`` (float64): against the previous timeframe, and two standard deviations
          of the changes before; in points for a rate, else in percent; missing where the report has a dash
        - ``change_against``: what the change is against, in the report's words: a forecast has no timeframe
          before it
        - ``change_from_year_earlier`` (float64), where the report has one
        - ``earlier_timeframes`` (int64): earlier ones of which the report knows the figure
        - ``unsure`` (bool): fewer than 30 stand behind the rate
        - ``unusual`` (bool): the change is larger than ``usual_change``, and not put down to chance
        - ``state``, ``missing``: of the report, and why there is no figure; empty where there is one
        - ``changes``, ``history``, ``year_ago``: as on the card

    Notes
    -----
    A figure has moved beyond what is usual where its change against the previous timeframe is larger than two
    standard deviations of its own changes from one timeframe to the next, over up to 12 and at least 6
    earlier timeframes of the same kind. Change and spread are the source's own
    (`analytics.words.headlines.usual_spread`). A change that the source calls close, because it lies within
    the margin of error of a rate, and a rate with fewer than 30 behind it are not called unusual.
    """
    return pd.DataFrame([_row(figure, published) for figure in FIGURES])


def published_kpis(figures: pd.DataFrame) -> pd.DataFrame:
    """The same as the JSON block ``kpis``: without what only draws the cards."""
    return figures.drop(columns=["shown", "base", "changes", "history", "year_ago", "state"])


def read_funnel(published: Mapping[str, Published]) -> dict[str, pd.DataFrame]:
    """Quote the funnel of the report on the life cycle.

    Parameters
    ----------
    published : mapping of str to Published

    Returns
    -------
    dict of str to pandas.DataFrame
        ``stages`` and ``conversion_rates`` with the rows and columns of that report, values untouched; empty
        where it has none.
    """
    report = published.get("lifecycle")
    block = report.data.get("funnel") if report else None
    stages = block.get("stages") if isinstance(block, Mapping) else None
    if report is None or not isinstance(stages, list) or not all(map(_is_stage, stages)) or not stages:
        return {}
    return {
        "stages": pd.DataFrame(stages, dtype=object),
        "conversion_rates": pd.DataFrame(report.rows("conversion_rates"), dtype=object),
    }


def stages(funnel: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Stages of the funnel; no rows where there is none."""
    return funnel.get("stages", pd.DataFrame({"stage": [], "subjects": []}))


def published_funnel(funnel: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame] | None:
    """The funnel as the JSON block ``funnel``: null where there is none."""
    return dict(funnel) or None


def _is_stage(row: Any) -> bool:
    return isinstance(row, Mapping) and {"stage", "subjects"} <= row.keys()


def _row(figure: str, published: Mapping[str, Published]) -> dict[str, Any]:
    found = [
        (published.get(report, Published(report, "missing", "it has not been made")), name)
        for report, name in FIGURES[figure]
    ]
    for one, name in found:
        if _number(one.headlines.get(name)) is not None:
            return _quoted(figure, one, name)
    # nobody shows it: one that failed, or has nothing, says best why; else the one to be made
    order = {"failed": 0, "other": 1, "found": 2, "no data": 2, "missing": 3}
    one, name = min(found, key=lambda each: order[each[0].state])
    return (
        {"figure": figure, "report": one.report, "name": name, "link": one.page}
        | {"label": "", "shown": "", "base": "", "value": None, "unit": ""}
        | _changes({})
        | {"state": one.state, "missing": one.reason or "the report does not have it"}
    )


def _quoted(figure: str, report: Published, name: str) -> dict[str, Any]:
    card = report.headlines[name]
    return (
        {"figure": figure, "report": report.report, "name": name, "link": report.page}
        | {"label": card["label"], "shown": card["value"], "base": card["base"]}
        | {"value": _number(card), "unit": card["unit"]}
        | _changes(card)
        | {"state": report.state, "missing": ""}
    )


def _changes(card: Mapping[str, Any]) -> dict[str, Any]:
    changes, history = list(card.get("changes", ())), list(card.get("history", ()))
    previous: Mapping[str, Any] = changes[0] if changes else {}
    return {
        "change": previous.get("amount"),
        "change_against": previous.get("than") or "",
        "usual_change": previous.get("usual"),
        "change_from_year_earlier": changes[1].get("amount") if len(changes) > 1 else None,
        "earlier_timeframes": sum(value is not None for value in history[:-1]),
        "unsure": bool(card.get("unsure")),
        "unusual": _is_unusual(previous) and not card.get("unsure"),
        "changes": changes,
        "history": history,
        "year_ago": card.get("year_ago"),
    }


def _is_unusual(change: Mapping[str, Any]) -> bool:
    amount, usual = change.get("amount"), change.get("usual")
    if amount is None or usual is None:
        return False
    return bool(abs(amount) > usual and change["verdict"] not in ("close", "none"))


def _number(card: Mapping[str, Any] | None) -> float | None:
    number = None if card is None else card.get("number")
    return None if number is None else float(number)
