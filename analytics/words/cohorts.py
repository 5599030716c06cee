"""What the retention report says of new customers, of those who come back, and of how long that takes."""

from __future__ import annotations

import pandas as pd

from analytics.page.pieces import FEW, Statement
from analytics.words.retention import Setting

YOUNG, YEAR = 4, 365
"""Data that cover fewer days than so many times `churn_days`, or than a year, call no silence long: most of
the long gaps have not ended in them, and are not counted."""


def cohorts(setting: Setting, rows: pd.DataFrame, period: str) -> Statement:
    """Say how many of the new customers come back in the period after their first order.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.cohorts.cohort_analysis`.
    period : str
        ``month``, ``quarter`` or ``year``.
    """
    show = setting.format
    if rows.empty:
        return Statement("No customer ordered for the first time in this timeframe")
    average, cohorts = rows.iloc[-1], rows.iloc[:-1]
    number = int(average["initial_customers"])
    based = (
        f"{setting.customers(number)} with a first order in the timeframe, in {_many(len(cohorts), 'cohort')}"
    )
    marked = int(cohorts["left_truncated"].sum())
    lead = (
        f"The data begin too late to know whether the first {_many(marked, 'cohort')} "
        f"{'is' if marked == 1 else 'are'} new: marked *."
        if marked
        else ""
    )
    reached = _reached(rows)
    read = (
        f"A row is the customers of one {period}; columns are {period}s after the first order, per "
        "cent of them "
        "who ordered. A stronger colour is more."
    )
    if number < FEW:
        return Statement(f"Too few to follow: {_many(number, 'new customer')}", lead, read, based)
    if not reached:
        return Statement(
            f"{setting.customers(number)} are new, and no {period} after is over yet", lead, read, based
        )
    heading = (
        f"{show.percent(average['period_1_retention'], 0)} of new customers order again in the next {period}"
    )
    # The last column may stand for one old cohort alone: say the last that most customers have reached.
    waited = [k for k in reached if _followed(cohorts, k) >= number / 2]
    if waited and waited[-1] >= 3:
        far = min(waited[-1], 12 if period == "month" else 4)
        heading += f", {show.percent(average[f'period_{far}_retention'], 0)} in the {_ordinal(far)}"
    return Statement(heading, lead, read, based)


def cohorts_missing(rows: pd.DataFrame, period: str) -> str:
    """Say why there is no triangle; empty where there is one."""
    if _reached(rows):
        return ""
    if rows.empty:
        return "Cohorts are made of customers whose first order lies in the timeframe; a longer one has more."
    return (
        f"No {period} after that of the first order is over yet. A longer timeframe, or a shorter "
        "cohort_period, "
        "shows how many come back."
    )


def _reached(rows: pd.DataFrame) -> list[int]:
    """Periods after the first that any cohort has reached."""
    if rows.empty:
        return []
    average = rows.iloc[-1]
    return [k for k in range(1, len(rows.columns)) if pd.notna(average.get(f"period_{k}_retention"))]


def _followed(cohorts: pd.DataFrame, step: int) -> int:
    """Customers of the cohorts that have reached a step."""
    return int(cohorts.loc[cohorts[f"period_{step}_retention"].notna(), "initial_customers"].sum())


def gaps(setting: Setting, rows: pd.DataFrame, p90: float, longer: float) -> Statement:
    """Say whether `churn_days` is longer than customers usually stay away.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.repeat.visit_gaps`.
    p90 : float
        90th percentile of the gaps, in days.
    longer : float
        Percentage of the gaps that last ``churn_days`` or more.
    """
    show, days = setting.format, setting.churn_days
    number = int(rows["gaps"].sum())
    if not number:
        return Statement("Nobody has come back yet, so nobody knows how long is long")
    usual = show.days(p90)
    read = (
        "Each bar counts the gaps of that length between one visit and the customer's next; a visit is a day "
        "with an order. The gap that a customer is in now is not among them."
    )
    based = f"{show.count(number)} gaps between visits up to {setting.until}"
    if number < FEW:
        return Statement(f"Too few gaps to judge {days} days by: {show.count(number)}", "", read, based)
    share, seen = show.percent(longer, 0), setting.history_days
    lead = f"{share} of gaps lasted {show.days(days)} or more"
    if days < p90:
        heading = f"{show.days(days)} is short: nine gaps in ten last up to {usual}"
        return Statement(heading, f"{lead}: some of the lapsed may be back.", read, based)
    if seen is not None and seen < max(YOUNG * days, YEAR):
        heading = f"The data are too young to judge {show.days(days)} by: they cover {show.days(seen)}"
        return Statement(heading, "Long gaps take time to end; one that has not is not counted.", read, based)
    heading = f"Nine gaps in ten last up to {usual}: {show.days(days)} of silence is long"
    return Statement(heading, f"{lead}.", read, based)


def repeat(setting: Setting, row: pd.Series, orders: pd.DataFrame) -> Statement:
    """Say how many have ordered more than once, and what they bring.

    Parameters
    ----------
    setting : Setting
    row : pandas.Series
        The timeframe, as in `analytics.metrics.retention.retention_books`.
    orders : pandas.DataFrame
        As returned by `analytics.metrics.repeat.customers_by_orders`.
    """
    show, number = setting.format, int(row["customers"])
    read = "Of all customers so far, and of all they have spent: the share of those with so many orders."
    based = f"{setting.customers(number)} with an order up to {setting.until}"
    if number < FEW:
        return Statement(
            f"{show.count(row['repeat_buyers'])} of {setting.customers(number)} ordered again",
            "",
            read,
            based,
        )
    share = orders.loc[orders["orders"] != "1", "revenue_contribution"].sum(min_count=1)
    heading = f"{show.percent(row['repeat_purchase_rate'], 0)} of customers have ordered more than once"
    if pd.notna(share):
        heading += f" and bring {show.percent(share, 1 if 99 <= share < 100 else 0)} of revenue"
    lead = (
        f"Customers placed {show.number(row['avg_purchases_per_customer'], 1)} orders each on average; "
        f"{show.days(row['avg_customer_lifespan_days'])} lie between a customer's first and last order."
    )
    return Statement(heading, lead, read, based)


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number // 10 != 1 else 0, "th")
    return f"{number}{suffix}"
