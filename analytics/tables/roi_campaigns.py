"""Tables of what campaigns have shown: effect and cost, groups alike or not, win-back, the share saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import FEW, Column, Table


def campaigns(arms: pd.DataFrame, format: Format) -> Table:
    """Who was contacted, answered and bought, beside the control group; the newest campaign first.

    Parameters
    ----------
    arms : pandas.DataFrame
        Treated groups, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Groups with fewer than 30 in either arm are grey.
    """
    columns = (
        Column("Campaign"),
        Column("Began", number=True),
        Column("Contacted", number=True),
        Column("Answered", number=True),
        Column("Control", number=True),
        Column("Within", number=True),
        Column("Bought or stayed", number=True),
        Column("Of the control", number=True),
        Column("Difference", number=True),
        Column("95% interval", number=True),
        Column("Judged"),
    )
    body = tuple(
        (
            row.label,
            format.month(row.started_at),
            *(format.count(n) for n in (row.contacted, row.responded, row.control)),
            format.days(row.window_days),
            format.percent(row.conversion_rate),
            format.percent(row.control_conversion_rate),
            format.points(row.conversion_lift, sign=True),
            _points(row.conversion_lift_low, row.conversion_lift_high, format),
            row.status_words,
        )
        for row in _rows(arms)
    )
    return Table(columns, body, unsure=_few(arms))


def returns(arms: pd.DataFrame, format: Format) -> Table:
    """What each treated group brought beyond its control, and what it cost.

    Parameters
    ----------
    arms : pandas.DataFrame
        Treated groups, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Profit where it is known, else revenue, which a column says. Groups with fewer than 30 are grey.
    """
    columns = (
        Column("Campaign"),
        Column("In"),
        Column("Extra a head", number=True),
        Column("95% interval", number=True),
        Column("Smallest visible", number=True),
        Column("Cost", number=True),
        Column("After cost", number=True),
        Column("95% interval", number=True),
        Column("Return", number=True),
        Column("p, Holm", number=True),
    )
    body = []
    for row in _rows(arms):
        net, low, high, rate = after_cost(row)
        head = [getattr(row, f"{row.measure}_lift{side}") for side in ("", "_low", "_high")]
        body.append(
            (
                row.label,
                row.measure,
                format.money_exact(head[0]),
                _interval(head[1], head[2], format.money_exact),
                format.money_exact(row.smallest_visible_lift),
                format.money(row.cost),
                format.money(net),
                _interval(low, high, format.money),
                format.percent(rate, 0),
                format.number(row.p_holm, 3),
            )
        )
    return Table(columns, tuple(body), folded="Gain, cost and return of each group", unsure=_few(arms))


def after_cost(row: Any) -> tuple[float, float, float, float]:
    """Give what a campaign brought beyond its cost, the interval of that, and the return in percent.

    Where no profit is known it is revenue: ``incremental_revenue`` is before cost, ``incremental_profit``
    after it.
    """
    if row.measure == "profit":
        return (
            row.incremental_profit,
            row.incremental_profit_low,
            row.incremental_profit_high,
            row.roi_percentage,
        )
    before = (row.incremental_revenue, row.incremental_revenue_low, row.incremental_revenue_high)
    net, low, high = (float(amount) - float(row.cost) for amount in before)
    return net, low, high, row.revenue_roi_percentage


def balance(rows: pd.DataFrame, format: Format) -> Table:
    """What treated and control were like before the campaign.

    Parameters
    ----------
    rows : pandas.DataFrame
        Comparisons, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Campaign"),
        Column("Compared by"),
        Column("Treated", number=True),
        Column("Control", number=True),
        Column("Difference, in standard deviations", number=True),
        Column("A fair split stays below", number=True),
        Column("Alike"),
    )
    body = tuple(
        (
            row.label,
            row.characteristic_words,
            _mean(row.characteristic, row.treated_mean, format),
            _mean(row.characteristic, row.control_mean, format),
            format.number(row.standardised_difference, 2, sign=True),
            format.number(row.by_chance, 2),
            _alike(row),
        )
        for row in _rows(rows)
    )
    return Table(columns, body, folded="The comparisons, campaign by campaign")


def win_back(rows: pd.DataFrame, format: Format) -> Table:
    """Who had lapsed and came back, treated and control.

    Parameters
    ----------
    rows : pandas.DataFrame
        Groups, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Groups with fewer than 30 lapsed customers in either arm are grey.
    """
    columns = (
        Column("Campaign"),
        Column("Lapsed, contacted", number=True),
        Column("Came back", number=True),
        Column("Lapsed, control", number=True),
        Column("Came back without", number=True),
        Column("Difference", number=True),
        Column("95% interval", number=True),
        Column("Judged"),
    )
    body = tuple(
        (
            row.label,
            format.count(row.lapsed_contacts),
            format.percent(row.reactivated_rate),
            format.count(row.control_lapsed),
            format.percent(row.control_reactivated_rate),
            format.points(row.difference, sign=True),
            _points(row.difference_low, row.difference_high, format),
            row.status_words,
        )
        for row in _rows(rows)
    )
    few = [i for i, row in enumerate(_rows(rows)) if min(row.lapsed_contacts, row.control_lapsed) < FEW]
    return Table(columns, body, unsure=frozenset(few))


def save_share(rows: pd.DataFrame, format: Format) -> Table:
    """The share of leavers that each retention campaign saved.

    Parameters
    ----------
    rows : pandas.DataFrame
        Groups, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Campaigns whose control lost fewer than 30 are grey.
    """
    columns = (
        Column("Campaign"),
        Column("Within", number=True),
        Column("Treated", number=True),
        Column("Left", number=True),
        Column("Control", number=True),
        Column("Left without", number=True),
        Column("Saved", number=True),
        Column("95% interval", number=True),
        Column("Judged"),
    )
    body = tuple(
        (
            row.label,
            format.days(row.window_days),
            format.count(row.treated),
            format.percent(row.churn_rate_treated),
            format.count(row.control),
            format.percent(row.churn_rate_control),
            format.share(row.save_share, 0),
            MISSING
            if pd.isna(row.save_share_low)
            else f"{format.share(row.save_share_low, 0)} to {format.share(row.save_share_high, 0)}",
            row.status_words,
        )
        for row in _rows(rows)
    )
    few = [i for i, lost in enumerate(rows["churned_control"]) if not lost >= FEW]
    return Table(columns, body, unsure=frozenset(few))


def uplift(scores: pd.DataFrame, format: Format) -> Table:
    """How well each order finds those whom a campaign moves.

    Parameters
    ----------
    scores : pandas.DataFrame
        ``scores`` of `analytics.models.uplift.campaign_uplift`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Order of customers"),
        Column("Qini", number=True),
        Column("95% interval", number=True),
        Column("Chance alone, one standard deviation", number=True),
    )
    body = tuple(
        (
            f"{str(row.targeting)[:1].upper()}{str(row.targeting)[1:]}",
            format.number(row.qini, 4),
            MISSING if pd.isna(row.low) else f"{format.number(row.low, 4)} to {format.number(row.high, 4)}",
            format.number(row.random_sd, 4),
        )
        for row in _rows(scores)
    )
    return Table(columns, body)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _few(arms: pd.DataFrame) -> frozenset[int]:
    return frozenset(i for i, row in enumerate(_rows(arms)) if min(row.contacted, row.control) < FEW)


def _interval(low: Any, high: Any, write: Callable[[Any], str]) -> str:
    return MISSING if pd.isna(low) or pd.isna(high) else f"{write(low)} to {write(high)}"


def _mean(characteristic: str, value: Any, format: Format) -> str:
    if characteristic in ("spend_365d", "acv"):
        return format.money(value)
    return format.number(value, 0)


def _alike(row: Any) -> str:
    if pd.isna(row.standardised_difference):
        return "not known"
    if row.beyond_chance:
        return "apart" if row.unbalanced else "slightly apart"
    return "apart, perhaps by chance" if row.unbalanced else "alike"


def _points(low: Any, high: Any, format: Format) -> str:
    return (
        MISSING if pd.isna(low) else f"{format.number(low, 1, sign=True)} to {format.points(high, sign=True)}"
    )
