"""What a basket is worth and how it is paid. A flow: the orders of the timeframe, before returns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.errors import ParamsError
from analytics.metrics.purchase_flow import day_of, orders
from analytics.metrics.purchases import day_number, exact_sum
from analytics.timeframe import Timeframe


def basket_analysis(
    sales: ibis.Table, timeframe: Timeframe, *, bounds: Sequence[float], quantiles: int = 0
) -> pd.DataFrame:
    """Count orders by their value.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract, limited as wanted (`analytics.metrics.purchase_flow.chosen_sales`).
    timeframe : Timeframe
    bounds : sequence of float
        Where the second and every later range begins, ascending, above 0, in the currency.
    quantiles : int, default 0
        From 2 on, ranges of about as many orders each in place of `bounds`. Equal amounts stay together, so
        that there may be fewer.

    Returns
    -------
    pandas.DataFrame
        One row for each range, the lowest first: ``basket_range`` (``0-100``, ``1000+``), ``lower``,
        ``upper`` (currency; lower included, upper not, missing for the last), ``transaction_count`` (int64),
        ``percentage`` (of orders; missing without any), ``avg_items`` (units an order, of the orders whose
        units are known; an order of 0 that only takes units back has none to count), ``avg_amount``
        (currency an order, before returns). Means over nothing are missing.

    Raises
    ------
    ParamsError
        If `bounds` do not ascend from above 0, or `quantiles` is 1 or negative.

    Examples
    --------
    >>> from datetime import date
    >>> from analytics.metrics.purchases import as_table
    >>> from analytics.timeframe import parse_timeframe
    >>> sales = pd.DataFrame({"sale_id": list("abc"), "customer_id": ["ada"] * 3,
    ...     "sold_at": pd.to_datetime(["2026-01-02"] * 3), "total_amount": [99.99, 100.0, -20.0]})
    >>> january = parse_timeframe("2026-01", as_of=date(2026, 2, 1))
    >>> found = basket_analysis(as_table(sales), january, bounds=[100, 250])
    >>> found[["basket_range", "transaction_count", "percentage"]]
      basket_range  transaction_count  percentage
    0        0-100                  1        50.0
    1      100-250                  1        50.0
    2         250+                  0         0.0
    """
    bought = orders(sales, timeframe)
    begins = _refuse_unordered(bounds) if not quantiles else _quantile_bounds(bought, quantiles)
    amount = bought.revenue.cast("float64")
    steps = [(amount < bound, ibis.literal(i, "int64")) for i, bound in enumerate(begins)]
    last = ibis.literal(len(begins), "int64")
    place = ibis.cases(*steps, else_=last) if steps else last
    found = (
        bought.group_by(place=place)
        .agg(
            transaction_count=_.count(),
            avg_items=_.units.mean(where=_.units >= 0),
            amount=exact_sum(_.revenue),
        )
        .to_pandas()
        .set_index("place")
        .reindex(range(len(begins) + 1))
    )
    counts = found["transaction_count"].fillna(0).astype("int64").to_numpy()
    total = int(counts.sum())
    share = 100 * counts / total if total else np.full(len(counts), np.nan)
    lower = [0.0, *begins]
    if quantiles and total:
        lower[0] = float(bought.agg(least=amount.min()).to_pandas()["least"].iloc[0])
    upper = [*begins, float("nan")]
    with_orders = pd.Series(counts).where(counts > 0).to_numpy(dtype="float64")
    return pd.DataFrame(
        {
            "basket_range": [
                f"{low:g}+" if np.isnan(high) else f"{low:g}-{high:g}"
                for low, high in zip(lower, upper, strict=True)
            ],
            "lower": lower,
            "upper": upper,
            "transaction_count": counts,
            "percentage": share,
            "avg_items": found["avg_items"].astype("float64").to_numpy(),
            "avg_amount": found["amount"].astype("float64").to_numpy() / with_orders,
        }
    )


def payment_preferences(sales: ibis.Table, payments: ibis.Table | None, timeframe: Timeframe) -> pd.DataFrame:
    """How orders are paid.

    Parameters
    ----------
    sales : ibis.Table
        As for `basket_analysis`.
    payments : ibis.Table or None
        As in the contract. Where a sale does not say its method, its largest payment made before the
        reference date does (of equals, that with the smallest ``payment_id``).
    timeframe : Timeframe

    Returns
    -------
    pandas.DataFrame
        One row for each method, the commonest first, ties by name: ``payment_method``, ``transaction_count``
        (int64), ``percentage`` (of the orders whose method is known), ``avg_transaction_value`` (currency an
        order, before returns). In ``attrs["unknown"]`` the orders whose method is not known, which are in no
        row.
    """
    bought = orders(sales, timeframe).select("sale_id", "payment_method", "revenue")
    method = bought.payment_method
    if payments is not None:
        paid = payments.filter(
            payments.sale_id.notnull(), day_of(payments.paid_at) < day_number(timeframe.reference_date)
        ).semi_join(bought.filter(_.payment_method.isnull()), "sale_id")
        order = ibis.window(group_by=_.sale_id, order_by=[_.amount.desc(), _.payment_id])
        largest = paid.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
        chosen = largest.select(paid_sale=_.sale_id, method=_.method)
        bought = bought.left_join(chosen, bought.sale_id == chosen.paid_sale)
        method = ibis.coalesce(bought.payment_method, bought.method)
    found = (
        bought.group_by(chosen_method=method)
        .agg(transaction_count=_.count(), amount=exact_sum(_.revenue))
        .to_pandas()
        .rename(columns={"chosen_method": "payment_method"})
    )
    known = found[found["payment_method"].notna()]
    rows = known.sort_values(["transaction_count", "payment_method"], ascending=[False, True])
    counts = rows["transaction_count"].astype("int64")
    total = int(counts.sum())
    table = pd.DataFrame(
        {
            "payment_method": rows["payment_method"].astype("object"),
            "transaction_count": counts,
            "percentage": 100 * counts / total if total else counts.astype("float64"),
            "avg_transaction_value": rows["amount"].astype("float64") / counts,
        }
    ).reset_index(drop=True)
    table.attrs["unknown"] = int(found["transaction_count"].sum()) - total
    return table


def _refuse_unordered(bounds: Sequence[float]) -> list[float]:
    numbers = [float(bound) for bound in bounds]
    if any(not later > earlier for earlier, later in pairwise([0.0, *numbers])):
        raise ParamsError(
            f"basket_bounds {numbers} do not ascend from above 0; write for instance [100, 250, 500, 1000]"
        )
    return numbers


def _quantile_bounds(bought: ibis.Table, quantiles: int) -> list[float]:
    """Amounts at which a new bin begins: those at the ranks n·k/q, equal ones once."""
    if quantiles < 2:
        raise ParamsError(f"quantile_bins {quantiles} is not allowed; write 0 for fixed ranges, or 2 or more")
    number = int(bought.count().execute())
    ranks = sorted({k * number // quantiles for k in range(1, quantiles)} - {0})
    if not ranks:
        return []
    order = ibis.window(order_by=[bought.revenue, bought.sale_id])
    placed = bought.select(amount=bought.revenue, place=ibis.row_number().over(order))
    least = float(placed.filter(_.place == 0).to_pandas()["amount"].iloc[0])
    found = placed.filter(_.place.isin(ranks)).to_pandas()["amount"].astype("float64")
    return sorted({float(amount) for amount in found} - {least})
