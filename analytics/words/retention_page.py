"""The frame of the retention report: cards and summary of whichever customers there are, and the notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.page.pieces import Headline, Runs, sentence
from analytics.words import retention, revenue_retention
from analytics.words.apart import in_no_figure
from analytics.words.retention import Setting, brief


def headlines(setting: Setting, rows: pd.DataFrame, contracts: pd.DataFrame) -> tuple[Headline, ...]:
    """Cards on customers, on contracts, or on both; those of customers where there is neither.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.retention.retention_books` for ``comparison.periods``.
    contracts : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.revenue_retention` for the same.

    Returns
    -------
    tuple of Headline
        Four, or eight.
    """
    of_contracts = revenue_retention.headlines(setting, contracts)
    if of_contracts and not _ordered(rows):
        return of_contracts
    return retention.headlines(setting, rows) + of_contracts


def beside(setting: Setting, rows: pd.DataFrame, contracts: pd.DataFrame) -> tuple[Headline, ...]:
    """How many customers and accounts there are at the end, with their changes, for pages that quote them.

    Parameters
    ----------
    setting, rows, contracts
        As for `headlines`.

    Returns
    -------
    tuple of Headline
        Customers where anybody has ordered, accounts where there were any.
    """
    of_customers = (retention.at_the_end(setting, rows),) if _ordered(rows) else ()
    return of_customers + revenue_retention.at_the_end(setting, contracts)


def summary(setting: Setting, rows: pd.DataFrame, contracts: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences on customers, on contracts, or on both.

    Parameters
    ----------
    setting, rows, contracts
        As for `headlines`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    has_contracts = bool(revenue_retention.headlines(setting, contracts))
    if has_contracts and not _ordered(rows):
        return revenue_retention.summary(setting, contracts)
    if not has_contracts and not _ordered(rows):
        nothing = "{nobody} has ordered or had a contract up to {day}."
        return (sentence(nothing, nobody=setting.nobody, day=setting.until),)
    on_customers = retention.summary(setting, rows)
    on_contracts = revenue_retention.kept(setting, contracts) if has_contracts else ()
    if not on_contracts or setting.instead:
        return on_customers
    return brief(on_customers[0], on_contracts, *on_customers[2:])


def definitions(
    setting: Setting, contracts: pd.DataFrame, rows: pd.DataFrame | None = None
) -> tuple[tuple[str, str], ...]:
    """Say what the words of the page mean; those of contracts, and of orders, only where there are any.

    Parameters
    ----------
    setting, contracts
        As for `headlines`.
    rows : pandas.DataFrame, optional
        As for `headlines`; without it there are orders.
    """
    silence = setting.format.days(setting.churn_days)
    on_orders = (
        ("Active", f"The last order is less than {silence} old. Returns are no orders."),
        ("Lapsed, lost", f"No order for {silence} or more; lost: active at the start, lapsed at the end."),
        ("Stayed", "Active at the start and at the end, in percent of those active at the start."),
        ("Came back", "Lapsed at the start, ordered since, active at the end."),
        ("New", "First order ever inside the timeframe."),
        ("Visit", "A day with an order; two orders on one day are one visit."),
    )
    on_contracts = (
        (
            "Gross and net revenue retention",
            "Of the contract value at the start, what the same accounts are worth at the end; gross counts "
            "no account above its start, net counts growth.",
        ),
    )
    return (
        *(on_orders if _of_orders(contracts, rows) else ()),
        *(on_contracts if revenue_retention.any_contract(contracts) else ()),
        ("Points", "Difference of two percentages."),
    )


def method(contracts: pd.DataFrame, rows: pd.DataFrame | None = None) -> tuple[str, ...]:
    """Say how the figures are made; those of contracts, and of orders, only where there are any.

    Parameters
    ----------
    contracts, rows
        As for `definitions`.
    """
    of_orders = _of_orders(contracts, rows)
    on_books = (
        "The books balance: active at the end = active at the start + new and still active + came "
        "back − lost.",
    )
    on_cohorts = (
        "A cohort's cell counts those with an order in that calendar period; the row All is weighted by "
        "customers, over the cohorts that have reached the period.",
    )
    on_contracts = (
        "An account is worth what its last snapshot before the day says. Curves are Kaplan–Meier "
        "estimates with "
        "Greenwood intervals; an account is watched from its first snapshot on, by the plan it then had.",
    )
    return (
        *(on_books if of_orders else ()),
        "Intervals of shares are Wilson intervals at 95%. A change is called close when it is within two "
        "standard deviations of the figure's own earlier changes, or when the 95% interval of the difference "
        "of two shares holds zero. With fewer than six earlier timeframes, a number of customers or accounts "
        "lost or gained is close to another where chance alone may part them: by up to 1.96 times the root "
        "of their sum.",
        *(on_cohorts if of_orders else ()),
        *(on_contracts if revenue_retention.any_contract(contracts) else ()),
    )


def limits(
    setting: Setting,
    apart: Mapping[str, Any],
    contracts: pd.DataFrame | None = None,
    rows: pd.DataFrame | None = None,
) -> tuple[str, ...]:
    """Say what the figures do not show; what concerns orders only where there are any.

    Parameters
    ----------
    setting : Setting
    apart : mapping
        As returned by `analytics.metrics.apart.sales_apart`.
    contracts : pandas.DataFrame, optional
        As for `headlines`; without it there are none.
    rows : pandas.DataFrame, optional
        As for `headlines`; without it there are orders.
    """
    why = "Nothing here says why customers stay or leave."
    if contracts is not None and not _of_orders(contracts, rows):
        return (why,)
    return (
        f"Without a contract nobody says goodbye: {setting.format.days(setting.churn_days)} of silence stand "
        "for it, and some who count as lapsed may order again.",
        why,
        *in_no_figure(setting.format, apart, "no figure of this page"),
    )


def _of_orders(contracts: pd.DataFrame, rows: pd.DataFrame | None) -> bool:
    """Whether the page speaks of orders, as `headlines` does: not where there are contracts alone."""
    return rows is None or _ordered(rows) or not revenue_retention.any_contract(contracts)


def _ordered(rows: pd.DataFrame) -> bool:
    return bool(rows["customers"].iloc[-1])
