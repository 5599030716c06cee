"""Visits: how often, when and for how much each customer has come, as models of buying want it.

A visit is a day with a purchase. Histories are aggregates, one row a customer, that the engine makes.
"""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
from ibis import _

from analytics.errors import ParamsError
from analytics.metrics.purchases import day_number, exact_sum, purchases

COLUMNS = ("customer_id", "visits", "first_day", "last_day", "observed_day", "repeat_value")
"""What every frame of histories has; a model of buying needs no more."""


def visit_history(sales: ibis.Table, reference_date: date, *, until: date | None = None) -> pd.DataFrame:
    """Each customer's visits before a day and, for a holdout, what came after it.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Nothing on or after it enters the history; the last observed day is the one before.
    until : datetime.date, optional
        Adds what the same customers did from `reference_date` up to, and without, this day.

    Returns
    -------
    pandas.DataFrame
        One row for each identified customer with a purchase before `reference_date`, by id:

        - ``customer_id`` (text)
        - ``visits`` (int64): days with a purchase. Returns are no purchases.
        - ``first_day``, ``last_day`` (int64): of the visits, days since 1970-01-01.
        - ``observed_day`` (int64): the last observed day, `reference_date` − 1, the same on every row.
        - ``repeat_value`` (money): net revenue after the first day, returns deducted, a repeat visit; missing
          without a repeat visit. It can be 0 or less.
        - with `until`: ``later_visits`` (int64) and ``later_revenue`` (money, net of returns; 0 without any)

    Raises
    ------
    ParamsError
        If `until` is not after `reference_date`.

    Examples
    --------
    >>> from analytics.metrics.purchases import as_table
    >>> sales = as_table(pd.DataFrame({
    ...     "sale_id": ["1", "2", "3", "4"], "customer_id": ["ada", "ada", "ada", "ben"],
    ...     "sold_at": pd.to_datetime(["2026-01-01", "2026-01-08", "2026-01-22", "2026-01-05"]),
    ...     "total_amount": [30.0, 20.0, 50.0, 60.0]}))
    >>> visit_history(sales, date(2026, 2, 1))[["customer_id", "visits", "repeat_value"]]
      customer_id  visits  repeat_value
    0         ada       3          35.0
    1         ben       1           NaN
    """
    if until is not None and until <= reference_date:
        raise ParamsError(
            f"a holdout up to {until} has no day after {reference_date}; allowed: a later day; "
            "shorten the history or leave out the holdout"
        )
    end = day_number(reference_date)
    past = _.day < end
    people = _days(sales, day_number(until) if until else end).group_by("customer_id")
    later = {
        "later_visits": (_.is_visit & ~past).sum(),
        "later_revenue": exact_sum(_.revenue, where=~past),
    }
    found: pd.DataFrame = (
        people.agg(
            visits=(_.is_visit & past).sum(),
            first_day=_.first_day.min(),
            last_day=_.day.max(where=_.is_visit & past),
            repeat_revenue=exact_sum(_.revenue, where=past & (_.day > _.first_day)),
            **(later if until else {}),
        )
        .filter(_.visits > 0)
        .to_pandas()
        .sort_values("customer_id", ignore_index=True)
    )
    repeats = found["visits"] - 1
    found["observed_day"] = end - 1
    found["repeat_value"] = found["repeat_revenue"].astype("float64").fillna(0.0) / repeats.where(repeats > 0)
    integers = ["visits", "first_day", "last_day", "observed_day", *(["later_visits"] if until else [])]
    found[integers] = found[integers].astype("int64")
    if until:
        found["later_revenue"] = found["later_revenue"].astype("float64").fillna(0.0)
    return found[[*COLUMNS, *(later if until else ())]]


def repeat_visits_by_week(
    sales: ibis.Table, reference_date: date, *, acquired_before: date, first_day: int
) -> pd.DataFrame:
    """Count the repeat visits of the customers acquired before a day, week by week.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    reference_date : datetime.date
        Nothing on or after it is read.
    acquired_before : datetime.date
        Only customers whose first purchase is before it.
    first_day : int
        Day on which week 1 begins, days since 1970-01-01; not after the first visit.

    Returns
    -------
    pandas.DataFrame
        One row for each whole or begun week up to `reference_date`, without gaps: ``week`` (int64, from 1),
        ``repeat_visits`` (int64). A customer's first visit is none.
    """
    end, cut = day_number(reference_date), day_number(acquired_before)
    found = (
        _days(sales, end)
        .filter(_.is_visit, _.first_day < cut, _.day > _.first_day)
        .group_by(week=((_.day - first_day) // 7 + 1).cast("int64"))
        .agg(repeat_visits=_.count())
        .to_pandas()
        .set_index("week")["repeat_visits"]
    )
    weeks = pd.RangeIndex(1, max(0, -(-(end - first_day) // 7)) + 1, name="week")
    counted: pd.DataFrame = found.reindex(weeks, fill_value=0).astype("int64").reset_index()
    return counted


def _days(sales: ibis.Table, end: int) -> ibis.Table:
    """One row for each customer and day before `end`, with the customer's first visit."""
    days = (
        purchases(sales)
        .filter(_.day < end)
        .group_by("customer_id", "day")
        .agg(is_visit=_.is_order.ifelse(1, 0).max() > 0, revenue=_.revenue.sum())
    )
    first = days.filter(_.is_visit).group_by("customer_id").agg(first_day=_.day.min())
    return days.inner_join(first, "customer_id")
