"""What fixed shares restate: revenue, costs and profit of the selected, by tier, segment and batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Statement

FEW_SELECTED = 10
"""With fewer selected, the page says how many there would be at lower thresholds."""
TIERS = {
    "top": "Top 3%",
    "high": "Next 7%",
    "premium": "Next 15%",
    "moderate": "All others",
}
"""The tiers of customers at high risk, in words."""
CATEGORIES = {
    "retention_campaigns": "Campaigns",
    "customer_success": "Success team",
    "technology_and_tools": "Technology",
    "support_and_service": "Support",
}
"""What costs are spent on, in words; others are shown by their own name."""
GROUPINGS = {"rfm_segment": "segment", "tier": "tier", "customer_type": "customer type"}
"""What the selected customers are grouped by, in words."""
UNKNOWN = "Unknown"
"""The segment of customers who are in none."""
NAMELESS = {
    "rfm_segment": "No purchases on record",
    "tier": "No purchases on record",
    "customer_type": "Type not recorded",
}
"""What customers are who have no segment, no tier or no type: whoever has bought has the first two."""
MONTHS_NEEDED = 6
"""Monthly batches before a forecast is made."""


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Put tiers, categories of costs and groupings into words, for pictures and tables.

    Parameters
    ----------
    rows : pandas.DataFrame
        With one of ``tier``, ``category`` and ``grouping``. It is not modified.

    Returns
    -------
    pandas.DataFrame
        `rows` with ``label``; groupings also with ``is_known`` (bool) and ``named``: the group's name, or
        what those are who have none.

    Examples
    --------
    >>> labelled(pd.DataFrame({"category": ["other", "legal_advice"]}))["label"].tolist()
    ['Other', 'Legal advice']
    """
    column = next(name for name in ("grouping", "tier", "category") if name in rows)
    known = GROUPINGS | TIERS | CATEGORIES
    names = [known.get(str(name), str(name).replace("_", " ")) for name in rows[column]]
    named = rows.assign(label=[f"{name[:1].upper()}{name[1:]}" for name in names])
    if column != "grouping":
        return named
    known_group = rows["segment"] != UNKNOWN
    pairs = zip(rows["grouping"], rows["segment"], known_group, strict=True)
    return named.assign(
        is_known=known_group,
        named=[str(segment) if one else NAMELESS[str(grouping)] for grouping, segment, one in pairs],
    )


def metrics(
    figures: Mapping[str, Any],
    thresholds: pd.DataFrame,
    format: Format,
    *,
    threshold: float,
    top_share: float,
) -> Statement:
    """That the return restates its own assumption, with the figures all the same.

    Parameters
    ----------
    figures : mapping
        As returned by `analytics.metrics.roi.roi_metrics`.
    thresholds : pandas.DataFrame
        As returned by `analytics.metrics.roi.thresholds`.
    format : Format
    threshold, top_share : float
        The rule by which customers are selected, 0–1.

    Returns
    -------
    Statement
    """
    n = int(figures["customer_count"])
    based = (
        f"{_customers(n, format)}: the {format.share(top_share, 0)} with the most spend of "
        f"{format.count(figures['high_risk_customers'])} with a risk above {format.share(threshold, 0)}"
    )
    lead = _lower(thresholds, format, threshold=threshold) if n < FEW_SELECTED else ""
    if not n:
        return Statement(
            f"Nobody's risk is above {format.share(threshold, 0)}: nobody is selected", lead, "", based
        )
    rate = figures["roi_percentage"]
    if pd.isna(rate):
        return Statement("No costs are assumed, so that there is no return on them", lead, "", based)
    heading = f"The return of {format.percent(rate, 0)} is built in: it restates the cost share"
    built = (
        "Revenue is monetary score times a fixed amount, costs are a fixed share of it: the return is the "
        "same whatever customers do."
    )
    return Statement(heading, " ".join(part for part in (built, lead) if part), "", based)


def selected_missing(figures: Mapping[str, Any], *, threshold: float, format: Format) -> str:
    """Say why nothing is restated; an empty text where something is."""
    if figures["customer_count"]:
        return ""
    return (
        f"These figures are about customers with a risk above {format.share(threshold, 0)}, and there are "
        "none. The parameter high_risk_threshold says from which risk on; what is expected of calls needs "
        "no threshold."
    )


def savings(rows: pd.DataFrame, format: Format) -> Statement:
    """Among how few of the customers at high risk the saving lies.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.roi.retention_savings`.
    format : Format

    Returns
    -------
    Statement
    """
    n, total = int(rows["customers"].sum()), float(rows["saving"].sum())
    based = f"{_customers(n, format)} at high risk, by fixed shares"
    if not n or total <= 0:
        return Statement("There is nothing to save among customers at high risk", "", "", based)
    few = rows.iloc[:2]
    share = format.percent(100 * float(few["saving"].sum()) / total, 0)
    heading = f"A tenth of those at high risk holds {share} of the saving"
    read = "Customers at high risk in the order of their spend, in four groups; the saving is after costs."
    return Statement(heading, "", read, based)


def segments(rows: pd.DataFrame, format: Format) -> Statement:
    """Who the selected customers are in other reports.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `labelled` for `analytics.metrics.roi.segments`.
    format : Format

    Returns
    -------
    Statement
    """
    n = int(rows.loc[rows["grouping"] == "tier", "customers"].sum())
    based = f"{_customers(n, format)} selected, in three groupings with the same sum"
    if rows.empty:
        return Statement("Nobody is selected, so that there are no segments")
    known = rows[rows["is_known"].astype(bool)]
    if known.empty:
        return Statement("Where the selected customers stand in other reports is not known", "", "", based)
    found = rows[rows["grouping"] == known["grouping"].iloc[0]]
    most = found.sort_values(["customers", "named"], ascending=[False, True]).iloc[0]
    share = format.percent(most["percentage"], 0)
    whom = "All" if len(found) == 1 else share
    kind = GROUPINGS[str(most["grouping"])]
    if not most["is_known"]:
        return Statement(f"{share} of those selected are in no {kind}", "", "", based)
    return Statement(f"{whom} of those selected are {most['named']} by {kind}"[:80], "", "", based)


def trend(rows: pd.DataFrame, format: Format) -> Statement:
    """How the restated profit has moved from batch to batch.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.profit_trend`.
    format : Format

    Returns
    -------
    Statement
    """
    n = len(rows)
    based = f"{format.count(n)} dated batch{'' if n == 1 else 'es'} of predictions, the last of each month"
    if not n:
        return Statement("No batch of predictions was made in this timeframe")
    last = rows.iloc[-1]
    profit = format.money(last["net_profit"])
    if n == 1:
        return Statement(f"One batch so far: {profit} in {format.month(last['month'])}", "", "", based)
    first = rows.iloc[0]
    then = format.money(first["net_profit"])
    now, before = format.month(last["month"]), format.month(first["month"])
    word = "up" if last["net_profit"] > first["net_profit"] else "down"
    heading = f"Restated profit is {word}: {profit} in {now}, {then} in {before}"
    if profit == then:
        heading = f"Restated profit has not moved: {profit} since {before}"
    lead = (
        "It moves with how many customers are at high risk and how much they spend, not with what was done."
    )
    return Statement(heading, lead, "", based)


def forecast(rows: pd.DataFrame, batches: pd.DataFrame, format: Format) -> Statement:
    """What the restated profit would be if the trend went on.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.roi_forecast.roi_forecast`.
    batches : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.batch_history`.
    format : Format

    Returns
    -------
    Statement
    """
    if rows.empty:
        return Statement("There is no forecast yet")
    last = rows.iloc[-1]
    span = f"{format.money(last['lower_80'])} to {format.money(last['upper_80'])}"
    heading = f"By {format.month(last['month'])}, {format.money(last['net_profit'])} if the trend goes on"
    lead = f"80 of 100 outcomes lie within {span}."
    read = (
        "The line is past batches, dashed where their trend is carried on; the band holds 80 of 100 outcomes."
    )
    return Statement(heading, lead, read, f"{format.count(len(batches))} monthly batches of predictions")


def forecast_missing(rows: pd.DataFrame, batches: pd.DataFrame, format: Format) -> str:
    """Say what a forecast needs; an empty text where there is one."""
    if len(rows):
        return ""
    n = len(batches)
    return (
        f"A forecast needs monthly batches of predictions from {MONTHS_NEEDED} months; there "
        f"{'is' if n == 1 else 'are'} {format.count(n)}. Each month that churn_training runs adds one."
    )


def _lower(thresholds: pd.DataFrame, format: Format, *, threshold: float) -> str:
    """Say how many would be selected at lower thresholds."""
    parts = [
        f"{format.count(row.selected_customers)} at {format.share(row.threshold, 0)}"
        for row in _rows(thresholds[thresholds["threshold"] < threshold])
    ]
    return f"With a lower threshold there would be {', '.join(parts)}." if parts else ""


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _customers(n: Any, format: Format) -> str:
    return f"{format.count(n)} customer{'' if int(n) == 1 else 's'}"
