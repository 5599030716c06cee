"""Customer lifetime value as it stands: what each customer has brought so far, and what that adds up to.

Everything here is a state: it uses the whole history before the reference date, for every identified
customer with a purchase before it, except the figures whose names say ``in_timeframe``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import ibis
import pandas as pd
from ibis import _

from analytics.errors import ParamsError, nearest
from analytics.metrics.customer_sums import day_of, members, members_by_period, money, share_of, spans
from analytics.metrics.purchases import day_number, label_periods, periods_table
from analytics.metrics.rates import percentage
from analytics.metrics.selection import EVERYONE, Selection
from analytics.timeframe import Timeframe

SortBy = Literal["revenue", "profit", "orders", "aov"]

TOP = 10
"""The headline share is that of one customer in this many, rounded up."""

_SORT_COLUMNS: dict[SortBy, str] = {
    "revenue": "total_revenue",
    "profit": "total_profit",
    "orders": "total_orders",
    "aov": "average_order_value",
}


def headlines(
    sales: ibis.Table,
    customers: ibis.Table | None,
    periods: Sequence[Timeframe],
    *,
    selection: Selection = EVERYONE,
) -> pd.DataFrame:
    """What the customers have brought so far, as it stood at the reference date of each timeframe.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; `customers` may be None where the organisation has no such table.
    periods : sequence of Timeframe
        At least one; they may overlap. One query answers for all.
    selection : Selection
        Acts at each reference date on what was known then.

    Returns
    -------
    pandas.DataFrame of shape (n_periods, 18)
        One row for each of `periods`, in their order:

        - ``period`` (label), ``start``, ``end`` (dates; end is the reference date)
        - ``total_customers`` (int64): identified customers with a purchase before the reference date.
        - ``total_revenue`` (money): their net revenue so far, returns deducted.
        - ``average_clv`` (money): total_revenue / total_customers; missing without customers.
        - ``median_clv`` (money): half of the customers have brought no more; the mean of the two in the
          middle where their number is even.
        - ``top_customer_revenue`` (money): of the customer with the most.
        - ``top_10_percent_contribution`` (percent): net revenue of the ⌈10 %⌉ of customers with the most,
          of total_revenue; missing where that is 0 or less. It can exceed 100 where others have returned
          more than they bought. ``top_10_percent_customers`` (int64) is how many they are, and
          ``top_10_percent_contribution_n`` (int64) of how many. A share of money has no Wilson interval.
        - ``gini`` (share in [0, 1]): 0 where all have brought the same; net revenue below 0 is taken as 0;
          missing where nobody has brought anything.
        - ``total_orders`` (int64), ``average_order_value`` (money): total_revenue / total_orders.
        - ``revenue_in_timeframe`` (money): their net revenue from the timeframe's start on; a flow.
        - ``guest_revenue`` (money): net revenue so far of all sales without a known customer; it belongs
          to no selection. ``guest_revenue_in_timeframe`` is the part from the start on.
        - ``customers_with_returns_only`` (int64): identified customers, of the selected type, with returns
          but no purchase; they are in none of the figures above.
    """
    span = spans(periods)
    partition = {"group_by": ["period", "is_member"]}
    sums = (
        members_by_period(sales, customers, periods, selection)
        .mutate(
            place=ibis.row_number().over(**partition, order_by=_.revenue.desc()) + 1,
            n=_.count().over(**partition),
        )
        .group_by("period")
        .agg(**_totals())
    )
    starts = periods_table(periods).select("period", start_span=span(_.start), end_span=span(_.end))
    guests = (
        sales.filter(sales.customer_id.isnull())
        .group_by(span=span(day_of(_.sold_at)))
        .agg(revenue=_.total_amount.cast("decimal(18, 4)").sum())
        .cross_join(starts)
        .filter(_.span < _.end_span)
        .group_by("period")
        .agg(
            guest_revenue=money(_.revenue.sum()),
            guest_revenue_in_timeframe=money(_.revenue.sum(where=_.span >= _.start_span)),
        )
    )
    found = starts.left_join(sums, "period", rname="{name}_of_sums")
    return _finished(found.left_join(guests, "period", rname="{name}_of_guests").to_pandas(), periods)


def profits(
    sales: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    *,
    selection: Selection = EVERYONE,
    of_everyone: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What the customers have earned the organisation so far, as far as profit is known.

    Parameters
    ----------
    sales, customers, timeframe, selection
        As for `customer_values`.
    of_everyone : pandas.DataFrame, optional
        The same without a selection, where it is known: given back where nobody is left out.

    Returns
    -------
    pandas.DataFrame of shape (1, 6)

        - ``total_profit`` (money): of the sales whose profit is known; missing where it never is.
        - ``profit_margin`` (percent): profit / net revenue of the sales whose profit is known; missing
          where that revenue is 0 or less.
        - ``average_profit_per_customer`` (money): total_profit / ``customers_with_profit``, the customers
          with a sale whose profit is known (int64).
        - ``total_sales`` (int64): all sales of the selected customers, returns included;
          ``sales_without_profit`` (int64): those whose profit is not known.
    """
    if of_everyone is not None and selection.everyone:
        return of_everyone
    sums = members(sales, customers, timeframe, selection).agg(
        total_profit=money(_.profit.sum()),
        base=money(_.revenue_with_profit.sum()),
        customers_with_profit=_.profit.count(),
        total_sales=_.sales.sum().fill_null(0).cast("int64"),
        sales_without_profit=_.sales_without_profit.sum().fill_null(0).cast("int64"),
    )
    frame: pd.DataFrame = sums.to_pandas().astype({"total_profit": "float64", "base": "float64"})
    frame.insert(1, "profit_margin", share_of(frame["total_profit"], frame["base"]))
    average = percentage(frame["total_profit"], frame["customers_with_profit"]) / 100
    frame.insert(2, "average_profit_per_customer", average)
    return frame.drop(columns="base")


def summary(figures: pd.DataFrame, profit: pd.DataFrame) -> dict[str, Any]:
    """The figures of one timeframe by name, as they are published.

    Parameters
    ----------
    figures : pandas.DataFrame
        As returned by `headlines`; the last row is the timeframe.
    profit : pandas.DataFrame
        As returned by `profits` for that timeframe.

    Returns
    -------
    dict
        All figures of both, by name.
    """
    kept = figures.drop(columns=["period", "start", "end"])
    return {str(name): frame[name].iloc[-1] for frame in (kept, profit) for name in frame.columns}


def customer_values(
    sales: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    *,
    selection: Selection = EVERYONE,
    sort_by: SortBy = "revenue",
) -> ibis.Table:
    """Each customer's past up to the reference date, as an expression that has not run yet.

    For whoever wants all customers without bringing them into memory: ``.to_parquet(path)`` and
    ``.to_pyarrow_batches()`` stream it. `customers_by_value` is the same as a frame.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; `customers` may be None.
    timeframe : Timeframe
    selection : Selection
    sort_by : {"revenue", "profit", "orders", "aov"}, default "revenue"
        What `rank` counts by, the greatest first; customers whose profit is not known come last.

    Returns
    -------
    ibis.Table
        As the frame of `customers_by_value`, in no order, and with ``first_day`` and ``last_day``
        (days since 1970-01-01) in place of the two dates.

    Raises
    ------
    ParamsError
        If `sort_by` is none of the four.
    """
    if sort_by not in _SORT_COLUMNS:
        known = ", ".join(get_args(SortBy))
        raise ParamsError(
            f'sort_by "{sort_by}" is not known{nearest(sort_by, _SORT_COLUMNS)}; allowed: {known}'
        )
    end = day_number(timeframe.reference_date)
    base = _.revenue_with_profit
    values = members(sales, customers, timeframe, selection).select(
        customer_id=_.customer_id,
        customer_name=_.customer_name,
        customer_type=_.customer_type,
        total_revenue=money(_.revenue),
        total_profit=money(_.profit),
        profit_margin=(base > 0).ifelse(100 * money(_.profit) / money(base), ibis.null("float64")),
        total_orders=_.orders,
        average_order_value=money(_.revenue) / _.orders,
        first_day=_.first_day,
        last_day=_.last_day,
        days_as_customer=_.last_day - _.first_day + 1,
        tenure_days=end - _.first_day,
        purchase_frequency_days=(_.orders > 1).ifelse(
            (_.last_day - _.first_day + 1).cast("float64") / _.orders, ibis.null("float64")
        ),
        sales_without_profit=_.sales_without_profit,
    )
    by = [ibis.desc(values[_SORT_COLUMNS[sort_by]], nulls_first=False), values.customer_id]
    return values.mutate(rank=ibis.row_number().over(order_by=by) + 1)


def customers_by_value(
    sales: ibis.Table,
    customers: ibis.Table | None,
    timeframe: Timeframe,
    *,
    selection: Selection = EVERYONE,
    sort_by: SortBy = "revenue",
    limit: int | None = None,
) -> pd.DataFrame:
    """Each customer's past up to the reference date, the best first.

    Parameters
    ----------
    sales, customers, timeframe, selection, sort_by
        As for `customer_values`.
    limit : int, optional
        The most rows to return; ``total_customers`` of `headlines` says of how many. Without it, all.

    Returns
    -------
    pandas.DataFrame of shape (n_customers, 16)
        One row for each customer, by rank:

        - ``customer_id``, ``customer_name``, ``customer_type`` (text, the latter two missing where unknown)
        - ``total_revenue`` (money): net revenue so far, returns deducted.
        - ``total_profit`` (money): of the sales whose profit is known; missing where it never is.
        - ``profit_margin`` (percent): profit / net revenue of the sales whose profit is known; missing
          where that revenue is 0 or less.
        - ``total_orders`` (int64)
        - ``average_order_value`` (money): total_revenue / total_orders.
        - ``first_purchase_date``, ``last_purchase_date`` (datetime64): returns are no purchases.
        - ``days_as_customer`` (int64, days): first to last purchase, both counted.
        - ``tenure_days`` (int64, days): first purchase to the reference date.
        - ``purchase_frequency_days`` (float64, days): days_as_customer / total_orders; missing under two
          orders.
        - ``sales_without_profit`` (int64): sales, returns included, whose profit is not known.
        - ``rank`` (int64): from 1, ties by id.

    Raises
    ------
    ParamsError
        If `sort_by` is none of the four.

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.metrics.purchases import as_table
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = pd.DataFrame({
    ...     "sale_id": ["1", "2", "3"], "customer_id": ["ada", "ada", "ben"],
    ...     "sold_at": pd.to_datetime(["2026-01-01", "2026-01-10", "2026-01-05"]),
    ...     "total_amount": [30.0, 20.0, 60.0]})
    >>> january = parse_timeframe("2026-01", as_of=date(2026, 2, 1))
    >>> found = customers_by_value(as_table(sales), None, january)
    >>> found[["rank", "customer_id", "total_revenue", "days_as_customer", "purchase_frequency_days"]]
       rank customer_id  total_revenue  days_as_customer  purchase_frequency_days
    0     1         ben           60.0                 1                      NaN
    1     2         ada           50.0                10                      5.0
    """
    rows = customer_values(sales, customers, timeframe, selection=selection, sort_by=sort_by).order_by("rank")
    frame: pd.DataFrame = (rows if limit is None else rows.limit(limit)).to_pandas()
    for name in ("total_profit", "profit_margin", "purchase_frequency_days"):
        frame[name] = frame[name].astype("float64")
    for day, name in (("first_day", "first_purchase_date"), ("last_day", "last_purchase_date")):
        frame[day] = pd.to_datetime(frame[day], unit="D")
        frame = frame.rename(columns={day: name})
    return frame


def _totals() -> dict[str, Any]:
    """The sums that `headlines` returns, of the members among the ranked customers of each timeframe."""
    of, positive = _.is_member, _.revenue.clip(lower=0)
    top = of & (_.place <= (_.n + TOP - 1) // TOP)
    middle = of & ((_.place == (_.n + 1) // 2) | (_.place == (_.n + 2) // 2))
    return {
        "total_customers": of.sum(),
        "total_revenue": money(_.revenue.sum(where=of)),
        "median_clv": money(_.revenue.sum(where=middle)) / middle.sum().nullif(0),
        "top_customer_revenue": money(_.revenue.max(where=of)),
        "top_revenue": money(_.revenue.sum(where=top)),
        "top_10_percent_customers": top.sum(),
        "positive_revenue": money(positive.sum(where=of)),
        "running_revenue": money((positive * (_.n - _.place + 1).cast("decimal(38, 0)")).sum(where=of)),
        "total_orders": _.orders.sum(where=of),
        "revenue_in_timeframe": money(_.revenue_inside.sum(where=of)),
        "customers_with_returns_only": (_.orders == 0).sum(),
    }


COUNTS = (
    "total_customers",
    "top_10_percent_customers",
    "total_orders",
    "customers_with_returns_only",
)
_ORDER = (
    *("period", "start", "end", "total_customers", "total_revenue", "average_clv", "median_clv"),
    *("top_customer_revenue", "top_10_percent_contribution", "top_10_percent_contribution_n"),
    *("top_10_percent_customers", "gini", "total_orders", "average_order_value"),
    *("revenue_in_timeframe", "guest_revenue", "guest_revenue_in_timeframe", "customers_with_returns_only"),
)


def _finished(sums: pd.DataFrame, periods: Sequence[Timeframe]) -> pd.DataFrame:
    """Divide what the engine has summed; a figure over nothing is missing."""
    frame = label_periods(
        sums.astype({name: "float64" for name in sums.columns if name != "period"}), periods
    )
    counts = frame[list(COUNTS)].fillna(0).astype("int64")
    frame = frame.assign(**{name: counts[name] for name in COUNTS})
    money = ["total_revenue", "revenue_in_timeframe", "guest_revenue", "guest_revenue_in_timeframe"]
    frame[money] = frame[money].fillna(0.0)
    customers = frame["total_customers"]
    frame["average_clv"] = percentage(frame["total_revenue"], customers) / 100
    frame["average_order_value"] = percentage(frame["total_revenue"], frame["total_orders"]) / 100
    frame["top_10_percent_contribution"] = share_of(frame["top_revenue"], frame["total_revenue"])
    frame["top_10_percent_contribution_n"] = customers
    frame["gini"] = gini(frame["running_revenue"], frame["positive_revenue"], customers)
    return frame[list(_ORDER)]


def gini(running: pd.Series, total: pd.Series, n: pd.Series) -> pd.Series:
    """Gini coefficient from the sum of the running totals of a ranking.

    Parameters
    ----------
    running : pandas.Series
        Sum over all places of what the customers up to that place have brought, the greatest first.
    total : pandas.Series
        What all have brought; no part of it negative.
    n : pandas.Series
        How many they are.

    Returns
    -------
    pandas.Series
        In [0, 1): (2 × running / total − 1) / n − 1, twice the area between the Lorenz curve and the line
        of equality; missing where nobody has brought anything.

    References
    ----------
    .. [1] C. Gini, "Measurement of inequality of incomes", *The Economic Journal* 31(121), 1921.

    Examples
    --------
    Of four customers, one has brought everything: the running totals are 8, 8, 8, 8.

    >>> gini(pd.Series([32.0]), pd.Series([8.0]), pd.Series([4])).tolist()
    [0.75]
    """
    some = total.where(total > 0)
    found: pd.Series = ((2 * running / some - 1) / n - 1).clip(lower=0)
    return found
