"""How the value of customers is spread: over few or many, by size, by orders, by the year they joined.

Like lifetime value itself, all of it is a state at the reference date, over the selected customers.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from analytics.metrics.customer_sums import exact, members, money, share_of
from analytics.metrics.purchases import day_number, purchases
from analytics.metrics.rates import Z, percentage
from analytics.metrics.selection import EVERYONE, Selection
from analytics.timeframe import Timeframe

PERCENTILES = 100
DECILES = 10
STEPS_A_DECADE = 8
"""Steps of the distribution between two powers of ten: each is a third wider than the one below."""
VALUE_STEPS_A_DECADE = 4
MOST_ORDERS = 10
"""Customers with this many orders or more stand together."""
YEAR = 365
"""Days from the first purchase that make a customer's first year."""


def percentiles(
    sales: ibis.Table, customers: ibis.Table | None, timeframe: Timeframe, *, selection: Selection = EVERYONE
) -> pd.DataFrame:
    """The customers in up to 100 groups of equal size, by net revenue, the greatest first.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; `customers` may be None.
    timeframe : Timeframe
    selection : Selection

    Returns
    -------
    pandas.DataFrame of shape (at most 100, 10)
        One row for each group with a customer:

        - ``percentile`` (int64): the first p groups hold the ⌈p %⌉ of customers with the most revenue.
        - ``customers``, ``total_orders`` (int64)
        - ``total_revenue`` (money), ``least_revenue`` (money): of all of them, and of the one with least.
        - ``positive_revenue`` (money): with net revenue below 0 taken as 0.
        - ``total_profit`` (money, missing where none is known), ``revenue_with_profit`` (money): of the
          sales whose profit is known.
        - ``sales_without_profit`` (int64)
        - ``before_half`` (int64): those who, with all before them, have brought less than half of the
          revenue of all (net revenue below 0 taken as 0).
    """
    order = {"order_by": [_.revenue.desc(), _.customer_id]}
    positive = _.revenue.clip(lower=0)
    found: pd.DataFrame = (
        members(sales, customers, timeframe, selection)
        .mutate(
            place=ibis.row_number().over(**order),
            n=_.count().over(),
            running=positive.sum().over(**order, rows=(None, 0)),
            whole=positive.sum().over(),
        )
        .group_by(percentile=(PERCENTILES * _.place // _.n + 1).cast("int64"))
        .agg(
            customers=_.count(),
            total_orders=_.orders.sum().cast("int64"),
            total_revenue=money(_.revenue.sum()),
            least_revenue=money(_.revenue.min()),
            positive_revenue=money(_.revenue.clip(lower=0).sum()),
            total_profit=money(_.profit.sum()),
            revenue_with_profit=money(_.revenue_with_profit.sum()),
            sales_without_profit=_.sales_without_profit.sum().cast("int64"),
            before_half=(2 * _.running < _.whole).sum().cast("int64"),
        )
        .order_by("percentile")
        .to_pandas()
    )
    return found.astype({"total_profit": "float64", "revenue_with_profit": "float64"})


def lorenz(groups: pd.DataFrame) -> pd.DataFrame:
    """Lorenz curve: what share of the revenue the customers with least of it have brought.

    Parameters
    ----------
    groups : pandas.DataFrame
        As returned by `percentiles`.

    Returns
    -------
    pandas.DataFrame of shape (at most 101, 2)
        From (0, 0) to (1, 1), those who have brought least first, net revenue below 0 taken as 0; no rows
        where nobody has brought anything:

        - ``customer_share`` (share): of all customers.
        - ``revenue_share`` (share): of all their revenue. Read from the other end, the best x of the
          customers have brought 1 − (share at 1 − x).

    References
    ----------
    .. [1] M. O. Lorenz, "Methods of measuring the concentration of wealth", *Publications of the American
       Statistical Association* 9(70), 1905.

    Examples
    --------
    >>> lorenz(pd.DataFrame({"customers": [1, 1], "positive_revenue": [30.0, 10.0]}))
       customer_share  revenue_share
    0             0.0           0.00
    1             0.5           0.25
    2             1.0           1.00
    """
    upwards = groups.iloc[::-1]
    whole = float(groups["positive_revenue"].sum())
    if not whole > 0:
        return pd.DataFrame({"customer_share": [], "revenue_share": []}, dtype="float64")
    heads = np.cumsum(upwards["customers"].to_numpy(dtype="int64"))
    brought = np.cumsum(upwards["positive_revenue"].to_numpy(dtype="float64"))
    return pd.DataFrame(
        {"customer_share": [0.0, *(heads / heads[-1])], "revenue_share": [0.0, *(brought / brought[-1])]}
    )


def half_of_revenue(groups: pd.DataFrame) -> int:
    """How few customers, the best first, have brought half of the revenue.

    Parameters
    ----------
    groups : pandas.DataFrame
        As returned by `percentiles`.

    Returns
    -------
    int
        Net revenue below 0 is taken as 0; 0 where nobody has brought anything.
    """
    return int(groups["before_half"].sum()) + 1 if groups["positive_revenue"].sum() > 0 else 0


def deciles(groups: pd.DataFrame) -> pd.DataFrame:
    """The customers in tenths, those with the most revenue first.

    Parameters
    ----------
    groups : pandas.DataFrame
        As returned by `percentiles`.

    Returns
    -------
    pandas.DataFrame of shape (at most 10, 13)
        One row for each tenth with a customer; the first d tenths hold the ⌈10 × d %⌉ of customers with
        the most revenue:

        - ``decile`` (int64): 1 for the tenth with the most.
        - ``customers``, ``total_orders`` (int64)
        - ``total_revenue`` (money), ``least_revenue`` (money): what it takes to belong to it.
        - ``revenue_contribution``, ``cumulative_contribution`` (percent of the net revenue of all; missing
          where that is 0 or less)
        - ``average_clv``, ``average_order_value`` (money)
        - ``total_profit``, ``revenue_with_profit`` (money, missing where no profit is known),
          ``profit_margin`` (percent, of the sales whose profit is known; missing where their revenue is 0 or
          less), ``sales_without_profit`` (int64)
    """
    tenth = (groups["percentile"] - 1) // (PERCENTILES // DECILES) + 1
    sums = groups.groupby(tenth.rename("decile"))
    frame = sums[["customers", "total_orders", "total_revenue", "sales_without_profit"]].sum()
    frame["least_revenue"] = sums["least_revenue"].min()
    frame["total_profit"] = sums["total_profit"].sum(min_count=1)
    frame["revenue_with_profit"] = sums["revenue_with_profit"].sum(min_count=1)
    whole = pd.Series(float(frame["total_revenue"].sum()), index=frame.index)
    frame["revenue_contribution"] = share_of(frame["total_revenue"], whole)
    frame["cumulative_contribution"] = share_of(frame["total_revenue"].cumsum(), whole)
    frame["average_clv"] = percentage(frame["total_revenue"], frame["customers"]) / 100
    frame["average_order_value"] = percentage(frame["total_revenue"], frame["total_orders"]) / 100
    frame["profit_margin"] = share_of(frame["total_profit"], frame["revenue_with_profit"])
    return frame.reset_index()[
        [
            *("decile", "customers", "total_revenue", "least_revenue", "revenue_contribution"),
            *("cumulative_contribution", "average_clv", "total_orders", "average_order_value"),
            *("total_profit", "revenue_with_profit", "profit_margin", "sales_without_profit"),
        ]
    ]


def concentration(groups: pd.DataFrame, figures: pd.DataFrame) -> dict[str, Any]:
    """How unequal customers are, as it is published.

    Parameters
    ----------
    groups : pandas.DataFrame
        As returned by `percentiles`.
    figures : pandas.DataFrame
        As returned by `analytics.metrics.clv.headlines`; the last row is the timeframe.

    Returns
    -------
    dict
        ``gini`` (share), ``top_10_percent_contribution`` (percent), ``half_of_revenue_customers`` (int),
        ``lorenz`` and ``deciles`` (frames).
    """
    return {
        "gini": figures["gini"].iloc[-1],
        "top_10_percent_contribution": figures["top_10_percent_contribution"].iloc[-1],
        "half_of_revenue_customers": half_of_revenue(groups),
        "lorenz": lorenz(groups),
        "deciles": deciles(groups),
    }


def distribution(people: pd.DataFrame) -> pd.DataFrame:
    """How many customers have brought how much, counted in steps that grow with the amount.

    Parameters
    ----------
    people : pandas.DataFrame
        As returned by `analytics.metrics.clv.customers_by_value`, all of them.

    Returns
    -------
    pandas.DataFrame
        One row for each step between the least and the greatest customer, empty steps included; the counts
        add up to all customers:

        - ``from_revenue``, ``to_revenue`` (money): [from, to); each step is wider by one factor. Customers
          whose net revenue is 0 or less stand in a row of their own, from missing to 0; so do those below
          the smallest step.
        - ``customers`` (int64), ``total_revenue`` (money)

    Examples
    --------
    >>> distribution(pd.DataFrame({"total_revenue": [10.0, 12.5, 14.0]}))
       from_revenue  to_revenue  customers  total_revenue
    0       10.0000     13.3352          2           22.5
    1       13.3352     17.7828          1           14.0
    """
    edges = _edges(STEPS_A_DECADE)
    groups = people.groupby(_steps(people["total_revenue"], edges))["total_revenue"]
    counted = pd.DataFrame({"customers": groups.size(), "total_revenue": groups.sum().round(4)})
    steps = [step for step in counted.index if step > 0]
    filled = [*([0] if 0 in counted.index else []), *(range(min(steps), max(steps) + 1) if steps else [])]
    frame = counted.reindex(filled, fill_value=0)
    frame.insert(0, "from_revenue", [edges[step - 1] if step else np.nan for step in filled])
    frame.insert(1, "to_revenue", [edges[step] if step else edges[0] for step in filled])
    types = {
        "from_revenue": "float64",
        "to_revenue": "float64",
        "customers": "int64",
        "total_revenue": "float64",
    }
    return frame.reset_index(drop=True).astype(types)


def orders_and_value(people: pd.DataFrame) -> pd.DataFrame:
    """Customers counted by how often they have ordered and by their average order value.

    Parameters
    ----------
    people : pandas.DataFrame
        As for `distribution`.

    Returns
    -------
    pandas.DataFrame
        One row for each combination with a customer, by orders, then by value:

        - ``total_orders`` (int64): 1 to 10; 10 stands for 10 or more.
        - ``from_value``, ``to_value`` (money): the average order value lies in [from, to); from is missing
          where it is 0 or less.
        - ``customers`` (int64), ``orders`` (int64): all orders of theirs, ``total_revenue`` (money)
    """
    edges = _edges(VALUE_STEPS_A_DECADE)
    orders = people["total_orders"].clip(upper=MOST_ORDERS)
    groups = people.groupby([orders, _steps(people["average_order_value"], edges)])
    sums = groups[["total_orders", "total_revenue"]].sum().round({"total_revenue": 4})
    steps = sums.index.get_level_values(1)
    return pd.DataFrame(
        {
            "total_orders": sums.index.get_level_values(0).astype("int64"),
            "from_value": np.array([edges[step - 1] if step else np.nan for step in steps], dtype="float64"),
            "to_value": np.array([edges[step] if step else edges[0] for step in steps], dtype="float64"),
            "customers": groups.size().to_numpy(dtype="int64"),
            "orders": sums["total_orders"].to_numpy(dtype="int64"),
            "total_revenue": sums["total_revenue"].to_numpy(dtype="float64"),
        }
    )


def by_orders(grid: pd.DataFrame) -> pd.DataFrame:
    """What customers bring by how often they have ordered.

    Parameters
    ----------
    grid : pandas.DataFrame
        As returned by `orders_and_value`.

    Returns
    -------
    pandas.DataFrame of shape (at most 10, 8)
        One row for each number of orders that a customer has, 10 standing for 10 or more:

        - ``total_orders``, ``customers`` (int64), ``customer_percent`` (percent of all customers)
        - ``orders`` (int64): all orders of theirs.
        - ``total_revenue`` (money), ``revenue_contribution`` (percent of the net revenue of all; missing
          where that is 0 or less)
        - ``average_order_value``, ``average_clv`` (money)
    """
    frame = grid.groupby("total_orders")[["customers", "orders", "total_revenue"]].sum().reset_index()
    heads = pd.Series(float(frame["customers"].sum()), index=frame.index)
    whole = pd.Series(float(frame["total_revenue"].sum()), index=frame.index)
    frame["customer_percent"] = percentage(frame["customers"], heads)
    frame["revenue_contribution"] = share_of(frame["total_revenue"], whole)
    frame["average_order_value"] = percentage(frame["total_revenue"], frame["orders"]) / 100
    frame["average_clv"] = percentage(frame["total_revenue"], frame["customers"]) / 100
    return frame[
        [
            *("total_orders", "customers", "customer_percent", "orders", "total_revenue"),
            *("revenue_contribution", "average_order_value", "average_clv"),
        ]
    ]


def by_joining_year(
    sales: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    *,
    selection: Selection = EVERYONE,
    first_day: date | None = None,
    complete_history: bool = False,
    churn_days: int = 90,
) -> pd.DataFrame:
    """What customers bring by the calendar year they joined in, so far and in their first year.

    Older customers have had longer to buy; the first 365 days from the first purchase are the same for all,
    so they alone can be compared between years.

    Parameters
    ----------
    sales, customers, timeframe, selection
        As for `percentiles`.
    first_day : date, optional
        First day of the data.
    complete_history : bool, default False
        Whether the data hold the first purchase of everybody.
    churn_days : int, default 90
        Who is first seen less than so many days after `first_day` may have bought before it, and counts as
        ``maybe_older``; nobody does where the history is complete.

    Returns
    -------
    pandas.DataFrame
        One row for each year in which a customer joined (registration, else first purchase), oldest first:

        - ``joining_year`` (int64), ``customers`` (int64)
        - ``total_revenue``, ``average_clv`` (money): so far.
        - ``first_year_customers`` (int64): those whose first 365 days are over.
        - ``first_year_value`` (money): their mean net revenue in those days; ``first_year_value_low`` and
          ``first_year_value_high`` bound it (95 %, normal approximation); missing under two customers.
        - ``maybe_older`` (int64): customers that may have bought before the data begin.
        - ``year_complete`` (bool): every customer of the year has had a whole first year.
    """
    end = day_number(timeframe.reference_date)
    who = members(sales, customers, timeframe, selection).select(
        "customer_id", "first_day", "joined_month", total=_.revenue
    )
    early = purchases(sales).filter(_.day < end).group_by("customer_id", "day").agg(revenue=_.revenue.sum())
    young = (
        early.inner_join(who.select("customer_id", "first_day"), "customer_id")
        .filter((_.day >= _.first_day) & (_.day < _.first_day + YEAR) & (_.first_day + YEAR <= end))
        .group_by("customer_id")
        .agg(first_year=exact(_.revenue.sum()))
    )
    new_from = 0 if first_day is None or complete_history else day_number(first_day) + churn_days
    found: pd.DataFrame = (
        who.left_join(young, "customer_id", rname="{name}_of_young")
        .mutate(
            square=_.first_year.cast("float64") * _.first_year.cast("float64"),
            unsure=(_.first_day < new_from).ifelse(1, 0),
        )
        .group_by(joining_year=(_.joined_month // 12).cast("int64"))
        .agg(
            customers=_.count(),
            total_revenue=money(_.total.sum()),
            first_year_customers=_.first_year.count(),
            first_year=money(_.first_year.sum()),
            squares=_.square.sum(),
            maybe_older=_.unsure.sum().cast("int64"),
        )
        .order_by("joining_year")
        .to_pandas()
    )
    return _with_means(found.astype({"first_year": "float64", "squares": "float64"}))


def _with_means(sums: pd.DataFrame) -> pd.DataFrame:
    n = sums["first_year_customers"].to_numpy(dtype="float64")
    mean = percentage(sums["first_year"], n) / 100
    spread = np.clip(sums["squares"].to_numpy() - n * mean**2, 0, None)
    half = np.full(len(sums), np.nan)
    np.divide(spread, n * (n - 1), out=half, where=n > 1)
    half = Z * np.sqrt(half)
    return pd.DataFrame(
        {
            "joining_year": sums["joining_year"],
            "customers": sums["customers"],
            "total_revenue": sums["total_revenue"],
            "average_clv": percentage(sums["total_revenue"], sums["customers"]) / 100,
            "first_year_customers": sums["first_year_customers"],
            "first_year_value": mean,
            # Squares are not summed exactly: beyond the places of money stands only the order of addition.
            "first_year_value_low": (mean - half).round(4),
            "first_year_value_high": (mean + half).round(4),
            "maybe_older": sums["maybe_older"],
            "year_complete": sums["first_year_customers"] == sums["customers"],
        }
    )


def _edges(steps_a_decade: int) -> list[float]:
    """Edges of steps that grow by one factor, from a hundredth to a million million, with four places."""
    return [
        round(10 ** (step / steps_a_decade), 4)
        for step in range(-2 * steps_a_decade, 12 * steps_a_decade + 1)
    ]


def _steps(amounts: pd.Series, edges: list[float]) -> NDArray[np.int64]:
    """Numbers of the steps that amounts lie in: 0 below the first edge, the last one for all above."""
    return np.searchsorted(edges[:-1], amounts.to_numpy(dtype="float64"), side="right")
