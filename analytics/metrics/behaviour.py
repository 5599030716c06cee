"""Behaviour: what each customer's buying looks like, in the features that groups are made of."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from analytics.metrics.customer_scores import Scoring, of_type, population
from analytics.metrics.purchases import SECONDS_A_DAY, day_number
from analytics.timeframe import Timeframe


def behaviour_features(
    sales: ibis.Table,
    customers: ibis.Table | None,
    sale_items: ibis.Table | None,
    timeframe: Timeframe,
    scoring: Scoring,
    *,
    people: ibis.Table | None = None,
) -> pd.DataFrame:
    """What each customer's buying looks like: the features that behaviour clusters are made of.

    Parameters
    ----------
    sales, customers, sale_items : ibis.Table
        As in the contract; `sale_items` may be None or empty.
    timeframe : Timeframe
    scoring : Scoring
    people : ibis.Table, optional
        What `analytics.metrics.customer_scores.population` gives for the timeframe, where it is kept.

    Returns
    -------
    pandas.DataFrame
        One row for each scored customer, by id; none where behaviour is not asked for:

        - ``customer_id``, ``shown`` (bool): whether of the `Scoring.customer_type`
        - ``recency_days``, ``tenure_days`` (int64): days since the last and since the first order
        - ``frequency`` (int64): orders; ``monetary`` (float64): net revenue
        - ``basket_size`` (float64): net revenue an order
        - ``category_breadth`` (float64): distinct categories bought; missing where not known
    """
    columns = ["customer_id", "shown", "recency_days", "frequency", "monetary", "tenure_days"]
    columns += ["basket_size", "category_breadth"]
    if "behaviour_segments" not in scoring.blocks:
        return pd.DataFrame(columns=columns)
    people = population(sales, [timeframe], scoring) if people is None else people
    shown = of_type(people, customers, scoring.customer_type).select("customer_id", shown=ibis.literal(True))
    breadth = _category_breadth(sales, sale_items, timeframe)
    joined = people.left_join(shown, "customer_id", rname="{name}_of_type")
    if breadth is not None:
        joined = joined.left_join(breadth, "customer_id", rname="{name}_of_breadth")
    else:
        joined = joined.mutate(category_breadth=ibis.null("float64"))
    found: pd.DataFrame = joined.select(
        "customer_id",
        "recency_days",
        "tenure_days",
        shown=_.shown.notnull(),
        frequency=_.orders,
        monetary=_.revenue.cast("float64"),
        basket_size=_.revenue.cast("float64") / _.orders,
        category_breadth=_.category_breadth.cast("float64"),
    ).to_pandas()
    sorted_rows = found.sort_values("customer_id", ignore_index=True)[columns]
    return sorted_rows.astype({"shown": bool, "category_breadth": "float64"})


def _category_breadth(
    sales: ibis.Table, sale_items: ibis.Table | None, timeframe: Timeframe
) -> ibis.Table | None:
    if sale_items is None or "category" not in sale_items.columns:
        return None
    bought = sales.filter(
        sales.customer_id.notnull(),
        sales.total_amount >= 0,
        sales.sold_at.epoch_seconds() // SECONDS_A_DAY < day_number(timeframe.reference_date),
    ).select("sale_id", "customer_id")
    lines = sale_items.filter(sale_items.category.notnull()).select("sale_id", "category")
    pairs = lines.inner_join(bought, "sale_id").select("customer_id", "category").distinct()
    return pairs.group_by("customer_id").agg(category_breadth=_.count())
