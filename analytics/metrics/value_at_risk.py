"""What a customer is worth over the next twelve months if they stay, and how much of it is at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.customer_scores import Scoring, SegmentRule, SegmentTable, customer_scores
from analytics.metrics.customer_sums import day_of, exact, money
from analytics.metrics.purchases import day_number, purchases
from analytics.timeframe import Timeframe

YEAR = 365
LEAST_ALIVE = 0.10
"""Predicted value is divided by no smaller probability of being alive."""
SOURCES = ("lifetime model", "trailing profit", "contract", "lifetime revenue", "trailing revenue", "unknown")
"""Where a customer's worth comes from; the two with revenue stand in where no profit is known."""

INACTIVE = "Inactive"
"""Segment of customers who have bought, but not in the last 365 days: they are not scored."""


def customer_worth(
    scored: pd.DataFrame,
    sales: ibis.Table,
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    lifetime: pd.DataFrame | None = None,
    contract_margin: float = 1.0,
    history: pd.DataFrame | None = None,
    contracts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What each scored customer is worth if they stay, and the part of it that is at risk.

    Parameters
    ----------
    scored : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.scored_customers`.
    sales, accounts : ibis.Table
        As in the contract; either may be without rows.
    timeframe : Timeframe
        Its reference date is where the next twelve months begin.
    lifetime : pandas.DataFrame, optional
        As returned by `analytics.models.lifetime_value.predict_lifetime_value`: ``customer_id``,
        ``predicted_clv_12m``, ``predicted_revenue_12m`` and ``probability_alive``.
    contract_margin : float, default 1
        Profit as a share of the annual contract value.
    history, contracts : pandas.DataFrame, optional
        As returned by `trailing_year` and `contract_values`, where they have been read already.

    Returns
    -------
    pandas.DataFrame
        One row for each of `scored`, in their order:

        - ``customer_id``
        - ``worth_if_stays`` (money): the profit of twelve months, by the first of these that is known:
          ``acv`` × `contract_margin` of an account, 0 of one that has left; predicted profit /
          ``probability_alive``; profit of the last 365 days; and where the organisation knows no profit,
          predicted revenue / ``probability_alive`` or revenue of the last 365 days. Missing where nothing is
          known of the customer. May be negative.
        - ``value_source``: which of `SOURCES`.
        - ``is_revenue`` (bool): revenue stands in for profit.
        - ``value_at_risk`` (money): churn_probability × worth_if_stays.
        - ``probability_alive`` (0–1): as predicted; missing where it played no part.

    Notes
    -----
    Why the division: the predicted value already counts the chance that the customer has gone, and
    multiplying by another such chance would count death twice. Divided by the probability of being alive it
    is the value of a customer who is there.

    Why `LEAST_ALIVE`: of a good customer who is silent for a year the model may say that they are there with
    a chance of one in a million. Divided by that, they would head the list of those to call, although nobody
    who has gone can be kept. Below it their worth fades in proportion instead.

    A customer whose own sales all lack their profit is worth their revenue × the organisation's profit share
    of revenue in those days: beside customers valued by profit, bare revenue would put them in front.
    """
    history = trailing_year(sales, timeframe) if history is None else history
    contracts = contract_values(accounts, timeframe) if contracts is None else contracts
    frame = scored[["customer_id", "churn_probability"]].merge(history, on="customer_id", how="left")
    frame = frame.merge(contracts, on="customer_id", how="left")
    frame = frame.merge(_lifetimes(lifetime), on="customer_id", how="left")
    profit, knows_profit = _trailing_profit(frame, history)
    live = frame["has_contract"].eq(True)
    candidates: list[tuple[str, Any]] = [
        ("contract", frame["acv"].where(live) * contract_margin),
        ("lifetime model", frame["clv_if_alive"]),
        ("trailing profit", profit if knows_profit else frame["revenue"] * np.nan),
        ("lifetime revenue", frame["revenue_if_alive"]),
        ("trailing revenue", frame["revenue"]),
    ]
    worth = np.full(len(frame), np.nan)
    source = np.full(len(frame), "unknown", dtype=object)
    for name, values in candidates:
        amount = values.to_numpy(dtype="float64")
        takes = np.isnan(worth) & np.isfinite(amount)
        if name != "contract":  # a contract is the whole of what an account pays, known or not
            takes &= ~live.to_numpy()
        worth[takes], source[takes] = amount[takes], name
    risk = frame["churn_probability"].to_numpy(dtype="float64")
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "worth_if_stays": worth.round(4),
            "value_source": pd.Series(source, dtype="str"),
            "is_revenue": np.isin(source.astype(str), ("lifetime revenue", "trailing revenue")),
            "value_at_risk": (risk * worth).round(4),
            "probability_alive": frame["probability_alive"].where(
                pd.Series(source).str.startswith("lifetime")
            ),
        }
    )


def worth_sources(worth: pd.DataFrame) -> pd.DataFrame:
    """Count the customers by where their worth comes from.

    Returns
    -------
    pandas.DataFrame
        One row for each of `SOURCES` that occurs: ``value_source``, ``customers`` (int64), ``value_at_risk``
        (money; missing where the worth is unknown).
    """
    sums = worth.groupby("value_source")["value_at_risk"].agg(
        customers="size", value_at_risk=lambda values: values.sum(min_count=1)
    )
    found = sums.reindex([name for name in SOURCES if name in sums.index]).reset_index()
    return found.astype({"customers": "int64", "value_at_risk": "float64"})


def trailing_year(sales: ibis.Table, timeframe: Timeframe) -> pd.DataFrame:
    """What each customer has brought in the 365 days before the reference date.

    Returns
    -------
    pandas.DataFrame
        One row for each customer with a purchase before the reference date: ``customer_id``, ``revenue``
        (money, 0 where they bought earlier only), ``profit`` (of the sales whose profit is known; missing
        where there are sales in those days and none of them has one) and ``revenue_with_profit``.
    """
    end = day_number(timeframe.reference_date)
    recent = _.day >= end - YEAR
    sums = (
        purchases(sales)
        .filter(_.day < end)
        .group_by("customer_id")
        .agg(
            orders=_.is_order.ifelse(1, 0).sum(),
            sales=recent.ifelse(1, 0).sum(),
            revenue=money(exact(_.revenue.sum(where=recent))),
            profit=money(exact(_.profit.sum(where=recent))),
            revenue_with_profit=money(exact(_.revenue.sum(where=recent & _.profit.notnull()))),
        )
        .filter(_.orders > 0)
    )
    frame: pd.DataFrame = sums.to_pandas().sort_values("customer_id", ignore_index=True)
    frame = frame.astype(dict.fromkeys(("revenue", "profit", "revenue_with_profit"), "float64"))
    frame[["revenue", "revenue_with_profit"]] = frame[["revenue", "revenue_with_profit"]].fillna(0.0)
    frame["profit"] = frame["profit"].mask(frame["sales"].eq(0), 0.0)
    return frame[["customer_id", "revenue", "profit", "revenue_with_profit"]]


def contract_values(accounts: ibis.Table, timeframe: Timeframe) -> pd.DataFrame:
    """The annual contract value of each account, as its last snapshot before the reference date says.

    Returns
    -------
    pandas.DataFrame
        One row for each account with a snapshot: ``customer_id``, ``has_contract`` (always true) and ``acv``
        (money; 0 where it has left by then, missing where the snapshot does not say).
    """
    end = day_number(timeframe.reference_date)
    last = ibis.row_number().over(group_by="customer_id", order_by=ibis.desc("snapshot_at"))
    found: pd.DataFrame = (
        accounts.filter(day_of(_.snapshot_at) < end)
        .mutate(place=last, gone=_.churned_at.notnull() & (day_of(_.churned_at) < end))
        .filter(_.place == 0)
        .select("customer_id", acv=_.gone.ifelse(0.0, _.acv.cast("float64")))
        .to_pandas()
    )
    found = found.astype({"acv": "float64"}).sort_values("customer_id", ignore_index=True)
    return found.assign(has_contract=True)[["customer_id", "has_contract", "acv"]]


def standing(
    sales: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    table: SegmentTable,
    scoring: Scoring | None = None,
    *,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What each customer is called and where they stand in the segmentation.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract.
    timeframe : Timeframe
    table : SegmentTable
        The rule table of the RFM segments.
    scoring : Scoring, optional
        Who is scored, as in the segmentation report; by default as there.
    history : pandas.DataFrame, optional
        As returned by `trailing_year`, where it has been read already.

    Returns
    -------
    pandas.DataFrame
        One row for each customer with a purchase, or in `customers`, by id: ``customer_id``,
        ``customer_name``, ``customer_type`` (missing where not known), ``rfm_segment``, ``tier``
        (``Inactive`` for buyers who are not scored, missing for those who never bought).
    """
    history = trailing_year(sales, timeframe) if history is None else history
    found = history[["customer_id"]].assign(rfm_segment=None, tier=None)
    if len(found):  # without a buyer there is nobody to score
        rules: Sequence[SegmentRule] = table.rules
        scores = customer_scores(sales, None, [timeframe], rules, scoring or Scoring())
        scored = scores.select("customer_id", rfm_segment=_.segment_name, tier=_.tier).to_pandas()
        found = history[["customer_id"]].merge(scored, on="customer_id", how="left")
        found[["rfm_segment", "tier"]] = found[["rfm_segment", "tier"]].fillna(INACTIVE)
    found = found.merge(_identities(customers), on="customer_id", how="outer")
    names = ["customer_id", "customer_name", "customer_type", "rfm_segment", "tier"]
    return found.sort_values("customer_id", ignore_index=True)[names]


def _identities(customers: ibis.Table | None) -> pd.DataFrame:
    names = ["customer_id", "customer_name", "customer_type"]
    if customers is None:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    columns = set(customers.columns)
    found: pd.DataFrame = customers.select(
        customer_id=_.customer_id,
        customer_name=customers.name if "name" in columns else ibis.null("string"),
        customer_type=customers.customer_type if "customer_type" in columns else ibis.null("string"),
    ).to_pandas()
    return found


_ALIVE = ("probability_alive", "clv_if_alive", "revenue_if_alive")


def _lifetimes(lifetime: pd.DataFrame | None) -> pd.DataFrame:
    """Predicted value of a customer who is there; missing where either part is not fitted."""
    if lifetime is None or lifetime.empty:
        numbers = {name: pd.Series(dtype="float64") for name in _ALIVE}
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), **numbers})
    alive = lifetime["probability_alive"].astype("float64")
    alive = alive.where(alive > 0)
    by = alive.clip(lower=LEAST_ALIVE)
    return pd.DataFrame(
        {
            "customer_id": lifetime["customer_id"],
            "probability_alive": alive,
            "clv_if_alive": lifetime["predicted_clv_12m"].astype("float64") / by,
            "revenue_if_alive": lifetime["predicted_revenue_12m"].astype("float64") / by,
        }
    )


def _trailing_profit(frame: pd.DataFrame, history: pd.DataFrame) -> tuple[pd.Series, bool]:
    """Profit of the last year by customer, and whether the organisation knows any."""
    revenue = float(history["revenue_with_profit"].sum())
    knows = bool((history["profit"].notna() & history["revenue_with_profit"].ne(0)).any())
    share = float(history["profit"].sum()) / revenue if revenue > 0 else np.nan
    return frame["profit"].fillna(frame["revenue"] * share), knows
