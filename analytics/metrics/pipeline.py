"""The pipeline in figures: what is open, by stage, owner and month, what is at risk and what is next.

Open deals are a state at the reference date; what was won or lost is a flow of the timeframe. These functions
take open deals that carry their chance and health (`analytics.models.deals.book`), one row each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.closings import with_win_rate
from analytics.metrics.monthly_revenue import month_start
from analytics.metrics.purchases import month_number
from analytics.metrics.rates import add_rate

AHEAD_DAYS = 90
HORIZON = 12
"""Months ahead, and months of forecasts held against what came."""
UNKNOWN = "unknown"
ALL = "all"

DEAL_COLUMNS = (
    *("deal_id", "name", "company", "owner", "industry", "product_plan", "stage", "days_in_stage"),
    *("expected_close_at", "deal_value", "close_probability", "priority_value", "basis"),
    *("points_probability", "points_total", "base_points", "engagement_points", "qualification_points"),
    *("velocity_points", "competition_points", "confidence", "key_factors", "health_score"),
    *("health_category", "risk_factors", "estimated_value", "list_value", "adjusted_value"),
    *("similar_deals", "estimate_confidence"),
)


def headlines(opened: Sequence[pd.DataFrame], closed: pd.DataFrame, *, min_deal_value: float) -> pd.DataFrame:
    """The figures that lead the page, for each of some timeframes.

    Parameters
    ----------
    opened : sequence of pandas.DataFrame
        Open deals at the reference date of each timeframe, scored.
    closed : pandas.DataFrame
        As returned by `analytics.metrics.closings.closings` for the same timeframes.
    min_deal_value : float
        Least value of a deal at risk that is counted.

    Returns
    -------
    pandas.DataFrame
        The rows of `closed` with, in the organisation's currency:

        - ``total_pipeline``, ``deal_count``, ``avg_deal_size`` (missing without a deal).
        - ``weighted_forecast_90d`` = Σ value × close_probability / 100 of deals expected to close within 90
          days from the reference date, and ``stage_weighted_forecast_90d`` by historical rates of their
          stages;
          ``expected_90d_deals``, ``expected_90d_value``.
        - ``overdue_deals``, ``overdue_value``, ``overdue_weighted_value``, and the same for ``undated``: in
          no forecast.
        - ``unweighted_deals``: open deals without a chance that is known; they weigh nothing.
        - ``at_risk_deals``, ``at_risk_value``.
        - ``velocity_per_day`` = deals × win rate × average size / cycle: what the pipeline brings a day;
          missing where one of them is.
        - ``won_percent`` with n and interval: the win rate in percent.
    """
    rows = pd.DataFrame([_state(deals, min_deal_value) for deals in opened], index=closed.index)
    found = closed.join(rows)
    cycle = found["sales_cycle_days"].where(found["sales_cycle_days"] > 0)
    found["velocity_per_day"] = found["total_pipeline"] * found["win_rate"] / cycle
    for suffix in ("", "_low", "_high"):
        found[f"won_percent{suffix}"] = 100 * found[f"win_rate{suffix}"]
    return found.assign(won_percent_n=found["win_rate_n"])


def by_stage(deals: pd.DataFrame, rates: pd.DataFrame, normal_days: Mapping[str, int]) -> pd.DataFrame:
    """Open deals by stage.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.
    rates : pandas.DataFrame
        As returned by `analytics.metrics.stage_moves.stage_rates`: its stages, in its order.
    normal_days : mapping of str to int

    Returns
    -------
    pandas.DataFrame
        One row for each stage, also without deals; ``unknown`` last where some deals are in no stage that is
        known: ``stage``, ``deal_count``, ``value``, ``weighted_value``, ``stage_weighted_value``,
        ``avg_days_in_stage``, ``normal_days``, ``stagnant_deals``, and ``won_percent`` (of the closed deals
        that have been in it) with n and interval. Days are missing where nobody's are known.
    """
    order = list(rates["stage"])
    known = deals.assign(stage=deals["stage"].where(deals["stage"].isin(order), UNKNOWN))
    names = [*order, *([UNKNOWN] if (known["stage"] == UNKNOWN).any() else [])]
    sums = _sums(known.groupby("stage")).reindex(names)
    found = _filled(sums).reset_index(names="stage")
    found["normal_days"] = found["stage"].map(normal_days).astype("float64")
    return found.merge(rates, on="stage", how="left")


def owners(
    deals: pd.DataFrame,
    closed: pd.DataFrame,
    been: pd.DataFrame,
    ended: pd.DataFrame,
    order: Sequence[str],
    days: tuple[int, int],
) -> pd.DataFrame:
    """Open deals by owner and stage, with how often deals moved on and were won in the timeframe.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.
    closed : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.closed`.
    been, ended : pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.entries`, and as returned by
        `analytics.metrics.stage_moves.stays`.
    order : sequence of str
        The stages.
    days : tuple of int
        First day of the timeframe, and the reference date, as days since 1970-01-01.

    Returns
    -------
    pandas.DataFrame
        One row for each owner and stage, and before them one with stage ``all``, the owner with most open
        value first: the columns of `by_stage`, ``conversion_rate`` (percent of stays in the stage that ended
        in the timeframe by moving on; missing for ``all`` and without a history) with n and interval, and
        ``win_rate`` (0–1; of deals closed in the timeframe that have been in the stage), ``won_deals``,
        ``lost_deals``, ``won_value``. Deals without an owner are under ``nobody``.
    """
    start, end = days
    now = deals.assign(owner=_owner(deals), stage=deals["stage"].where(deals["stage"].isin(order), UNKNOWN))
    over = closed[(closed["closed_day"] >= start) & (closed["closed_day"] < end)]
    over = over.assign(owner=_owner(over), won_deals=(over["outcome"] == "won").astype("int64"))
    over = over.assign(lost_deals=1 - over["won_deals"], won_value=over["value"] * over["won_deals"])
    seen = been[been["stage"].isin(order)].drop_duplicates(["deal_id", "stage"])[["deal_id", "stage"]]
    by = over.drop(columns="stage").merge(seen, on="deal_id")
    results = pd.concat([over.assign(stage=ALL), by])
    flows = results.groupby(["owner", "stage"])[["won_deals", "lost_deals", "won_value"]].sum()
    states = _sums(pd.concat([now.assign(stage=ALL), now]).groupby(["owner", "stage"]))
    who = pd.concat([closed, deals]).drop_duplicates("deal_id")
    owner_of = pd.Series(_owner(who).to_numpy(), index=who["deal_id"].to_numpy())
    inside = ended[(ended["day"] >= start) & (ended["day"] < end)]
    inside = inside.assign(owner=inside["deal_id"].map(owner_of))
    moved = inside.groupby(["owner", "stage"])["moved_on"].agg(["sum", "size"])
    names = [ALL, *order, *([UNKNOWN] if (now["stage"] == UNKNOWN).any() else [])]
    pairs = pd.MultiIndex.from_product(
        [sorted({*now["owner"], *over["owner"]}), names], names=["owner", "stage"]
    )
    found = _filled(states.reindex(pairs)).join(flows.reindex(pairs).fillna(0))
    found = found.astype({"won_deals": "int64", "lost_deals": "int64", "won_value": "float64"})
    stays = moved.reindex(pairs).fillna(0).astype("int64")
    found = add_rate(found, "conversion_rate", stays["sum"].to_numpy(), stays["size"].to_numpy())
    whole = found.xs(ALL, level="stage")["value"] if len(found) else pd.Series(dtype="float64")
    found = with_win_rate(found).reset_index()
    found["rank"], found["place"] = -found["owner"].map(whole), found["stage"].map(names.index)
    ordered = found.sort_values(["rank", "owner", "place"], ignore_index=True)
    return ordered.drop(columns=["rank", "place"])


def monthly_forecast(deals: pd.DataFrame, past: pd.DataFrame, reference_date: date) -> pd.DataFrame:
    """What was forecast for past months with what came, then the months ahead.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.
    past : pandas.DataFrame
        As returned by `forecast_against_actual`.
    reference_date : datetime.date
        The first month ahead is its month, which may have begun.

    Returns
    -------
    pandas.DataFrame
        ``timing``: ``past``, ``expected``, then ``later`` (beyond 12 months), ``overdue``, ``undated`` where
        there are such deals; ``month`` (datetime64; missing for the last three), ``deals`` (int64),
        ``value``,
        ``weighted_value`` (by close probability), ``stage_weighted_value`` (by historical rates of stages),
        and of past months ``won_value``, ``won_from_forecast`` (of the deals in the forecast) and
        ``finished``.
    """
    start = month_number(reference_date)
    expected = deals["expected_close_at"]
    month = expected.dt.year * 12 + expected.dt.month - 1
    overdue = deals["days_to_close"] < 0
    timing = pd.Series("expected", index=deals.index)
    timing = timing.mask(month >= start + HORIZON, "later").mask(overdue, "overdue")
    rows = deals.assign(timing=timing.mask(expected.isna(), "undated"), month=month)
    dated = rows[rows["timing"] == "expected"].groupby("month")
    ahead = _filled(_sums(dated).reindex(range(start, start + HORIZON)))
    ahead = ahead.assign(timing="expected", month=[month_start(int(m)) for m in ahead.index])
    others = _sums(rows[rows["timing"] != "expected"].groupby("timing"))
    others = _filled(others.loc[[t for t in ("later", "overdue", "undated") if t in others.index]])
    others = others.reset_index(names="timing").assign(month=pd.Timestamp("NaT"))
    columns = ["timing", "month", "deals", "value", "weighted_value", "stage_weighted_value"]
    parts = [part.rename(columns={"deal_count": "deals"})[columns] for part in (ahead, others) if len(part)]
    found = pd.concat([past, *parts], ignore_index=True) if len(past) else pd.concat(parts, ignore_index=True)
    for name in ("won_value", "won_from_forecast"):
        found[name] = found[name].astype("float64") if name in found else float("nan")
    if "finished" not in found:
        found["finished"] = None
    found["month"] = pd.to_datetime(found["month"])
    return found.astype({"deals": "int64"})[[*columns, "won_value", "won_from_forecast", "finished"]]


def forecast_against_actual(
    opened: Mapping[date, pd.DataFrame], won: pd.DataFrame, reference_date: date
) -> pd.DataFrame:
    """What was forecast on the first day of each past month, and what was won in it.

    Parameters
    ----------
    opened : mapping of datetime.date to pandas.DataFrame
        First days of months → the deals open then, scored with what was known then.
    won : pandas.DataFrame
        Closed deals, as `analytics.metrics.deals.DealsThen.closed`.
    reference_date : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row for each month, ascending: ``timing`` (past), ``month``, ``deals``, ``value``,
        ``weighted_value``,
        ``stage_weighted_value``, ``won_value`` (all deals won in the month, those opened in it too),
        ``won_from_forecast`` (of the deals that were expected), ``finished``.
    """
    sold = won[won["outcome"] == "won"]
    closed_month = sold["closed_day"].to_numpy("datetime64[D]").astype("datetime64[M]")
    rows = []
    for day in sorted(opened):
        month, deals = np.datetime64(day, "M"), opened[day]
        due = deals["expected_close_at"].to_numpy().astype("datetime64[M]") == month
        came = sold.loc[closed_month == month, ["deal_id", "value"]]
        expected = came["deal_id"].isin(deals["deal_id"][due])
        row: dict[str, Any] = {"timing": "past", "month": pd.Timestamp(month), "deals": int(due.sum())}
        row |= {name: round(float(deals[name][due].sum()), 4) for name in _WEIGHTED}
        row["won_value"] = round(float(came["value"].sum()), 4)
        row["won_from_forecast"] = round(float(came["value"][expected].sum()), 4)
        row["finished"] = (month + 1).astype("datetime64[D]").item() <= reference_date
        rows.append(row)
    return pd.DataFrame(rows)


def forecast_months(first_day: date | None, reference_date: date) -> list[date]:
    """First days of the last months that a forecast can be held against, ascending.

    Parameters
    ----------
    first_day : datetime.date or None
        First day of the data.
    reference_date : datetime.date

    Returns
    -------
    list of datetime.date
        At most `HORIZON` whole months before the reference date, each with data before its first day.
    """
    last = month_number(reference_date)
    days = [month_start(last - i).date() for i in range(HORIZON, 0, -1)]
    return [day for day in days if first_day is not None and first_day < day]


def at_risk_deals(deals: pd.DataFrame, *, min_deal_value: float) -> pd.DataFrame:
    """Open deals worth a call: large enough, and critical or stagnant; the most valuable first.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.
    min_deal_value : float
        Least value.

    Returns
    -------
    pandas.DataFrame
        ``deal_id``, ``name``, ``company``, ``deal_value``, ``health_score``, ``health_category``,
        ``risk_factors``, ``owner``, ``stage``, ``days_in_stage``, ``close_probability``.
    """
    columns = ["deal_id", "name", "company", "deal_value", "health_score", "health_category", "risk_factors"]
    found = deals[_is_at_risk(deals, min_deal_value)]
    found = found.sort_values(["deal_value", "deal_id"], ascending=[False, True], ignore_index=True)
    return found[[*columns, "owner", "stage", "days_in_stage", "close_probability"]]


def _is_at_risk(deals: pd.DataFrame, min_deal_value: float) -> pd.Series:
    risky = (deals["health_category"] == "critical") | deals["stagnant"]
    return risky & (deals["deal_value"] >= min_deal_value)


def upcoming(deals: pd.DataFrame) -> pd.DataFrame:
    """Open deals expected to close within 90 days from the reference date, overdue ones first.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.

    Returns
    -------
    pandas.DataFrame
        By expected day: ``deal_id``, ``name``, ``company``, ``owner``, ``stage``, ``expected_close_at``,
        ``days_to_close`` (negative where overdue), ``overdue`` (boolean), ``deal_value``,
        ``close_probability``, ``weighted_value``, ``health_category``.
    """
    found = deals[deals["days_to_close"] < AHEAD_DAYS]
    found = found.assign(overdue=found["days_to_close"] < 0)
    found = found.sort_values(["expected_close_at", "deal_id"], ignore_index=True)
    columns = [
        "deal_id",
        "name",
        "company",
        "owner",
        "stage",
        "expected_close_at",
        "days_to_close",
        "overdue",
    ]
    return found[[*columns, "deal_value", "close_probability", "weighted_value", "health_category"]]


def by_priority(deals: pd.DataFrame) -> pd.DataFrame:
    """All open deals by ``priority_value`` = value × probability, with everything that they were scored by.

    Parameters
    ----------
    deals : pandas.DataFrame
        Open deals, scored.

    Returns
    -------
    pandas.DataFrame
        `DEAL_COLUMNS`; those without a chance stand last.
    """
    order = ["priority_value", "deal_value", "deal_id"]
    found = deals.sort_values(order, ascending=[False, False, True], na_position="last", ignore_index=True)
    return found[list(DEAL_COLUMNS)]


_WEIGHTED = ("value", "weighted_value", "stage_weighted_value")


def _state(deals: pd.DataFrame, min_deal_value: float) -> dict[str, Any]:
    money = {name: deals[name].to_numpy("float64") for name in _WEIGHTED}
    left = deals["days_to_close"].to_numpy("float64")
    soon, overdue, undated = (left >= 0) & (left < AHEAD_DAYS), left < 0, np.isnan(left)
    risky = _is_at_risk(deals, min_deal_value).to_numpy("bool")

    def total_of(column: str, where: NDArray[np.bool_]) -> float:
        return round(float(np.nansum(money[column][where])), 4)

    count, total = len(deals), total_of("value", np.ones(len(deals), dtype=bool))
    return {
        "total_pipeline": total,
        "deal_count": count,
        "avg_deal_size": total / count if count else float("nan"),
        "weighted_forecast_90d": total_of("weighted_value", soon),
        "stage_weighted_forecast_90d": total_of("stage_weighted_value", soon),
        "expected_90d_deals": int(soon.sum()),
        "expected_90d_value": total_of("value", soon),
        "overdue_deals": int(overdue.sum()),
        "overdue_value": total_of("value", overdue),
        "overdue_weighted_value": total_of("weighted_value", overdue),
        "undated_deals": int(undated.sum()),
        "undated_value": total_of("value", undated),
        "undated_weighted_value": total_of("weighted_value", undated),
        "unweighted_deals": int(deals["close_probability"].isna().sum()),
        "at_risk_deals": int(risky.sum()),
        "at_risk_value": total_of("value", risky),
    }


def _sums(groups: Any) -> pd.DataFrame:
    found: pd.DataFrame = groups[[*_WEIGHTED, "stagnant"]].sum()
    found = found.rename(columns={"stagnant": "stagnant_deals"}).assign(
        deal_count=groups.size(), avg_days_in_stage=groups["days_in_stage"].mean()
    )
    found = found[["deal_count", *_WEIGHTED, "avg_days_in_stage", "stagnant_deals"]]
    return found.astype(dict.fromkeys((*_WEIGHTED, "avg_days_in_stage"), "float64")).round(
        dict.fromkeys(_WEIGHTED, 4)
    )


def _filled(sums: pd.DataFrame) -> pd.DataFrame:
    """Groups without deals have none: counts and sums of 0, and no mean."""
    counts = ["deal_count", "stagnant_deals"]
    return sums.fillna(dict.fromkeys([*counts, *_WEIGHTED], 0)).astype(dict.fromkeys(counts, "int64"))


def _owner(rows: pd.DataFrame) -> pd.Series:
    return rows["owner"].where(rows["owner"].notna(), "nobody")
