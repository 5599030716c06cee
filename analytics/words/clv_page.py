"""The frame of the report on lifetime value: cards, summary and notes of whichever customers there are.

`model`, `checked` and `contracts` are the blocks ``model``, ``validation`` and ``accounts`` as they are
published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import Headline, Runs
from analytics.timeframe import Comparison, Timeframe
from analytics.words import account_value, clv, clv_notes, clv_predictive
from analytics.words.retention import brief

Blocks = Mapping[str, Any]


def cards(
    figures: pd.DataFrame,
    model: Blocks,
    contracts: Blocks,
    books: pd.DataFrame,
    comparison: Comparison,
    format: Format,
) -> tuple[Headline, ...]:
    """Four cards: on customers and what they should bring, on contracts, or on both.

    Parameters
    ----------
    figures : pandas.DataFrame
        As returned by `analytics.metrics.clv.headlines` for ``comparison.periods``.
    model, contracts : mapping
    books : pandas.DataFrame
        As returned by `analytics.metrics.revenue_retention.revenue_retention` for ``comparison.periods``.
    comparison : Comparison
    format : Format

    Returns
    -------
    tuple of Headline
        Where there are customers and contracts, the revenue in the timeframe gives way to the contracts.
    """
    if contracts["accounts"] and not _bought(figures):
        return account_value.cards(contracts, books, comparison, format)
    average, in_timeframe, customers, top = clv.cards(figures, comparison, format)
    if not _bought(figures):
        return average, in_timeframe, customers, top
    people = f"{format.count(figures['total_customers'].iloc[-1])} customers"
    average = replace(average, base=f"{people}; {average.base}")
    label = "Expected from orders, next 12 months" if contracts["accounts"] else ""
    expected = clv_predictive.card(model, format, label=label)
    second = account_value.card(contracts, format) if contracts["accounts"] else in_timeframe
    return average, expected, second, top


def summary(
    figures: pd.DataFrame,
    model: Blocks,
    contracts: Blocks,
    comparison: Comparison,
    format: Format,
    **known: Any,
) -> tuple[Runs, ...]:
    """Two or three sentences: what has come, what should come, what to do next.

    Parameters
    ----------
    figures, model, contracts, comparison, format
        As for `cards`.
    **known
        ``half``, ``best``, ``sort_by``: as for `analytics.words.clv.summary`.

    Returns
    -------
    tuple of runs
        At most 60 words and four bold figures.
    """
    if not _bought(figures):
        if contracts["accounts"]:
            return account_value.summary(contracts, format)
        return clv.summary(figures, comparison, format, **known)
    ahead = clv_predictive.ahead(model, format)
    on_contracts = account_value.ahead(contracts, format) if contracts["accounts"] else ()
    opening, *others = clv.summary(figures, comparison, format, **known)
    if not (ahead or on_contracts):
        return opening, *others
    if on_contracts:  # two forecasts are enough to remember: whom to call stands further down
        return tuple(runs for runs in (opening, ahead, on_contracts) if runs)
    return brief(opening, ahead, *others[-1:])


def notes(
    figures: pd.DataFrame,
    profit: pd.DataFrame,
    model: Blocks,
    checked: Blocks,
    contracts: Blocks,
    format: Format,
    timeframe: Timeframe,
) -> dict[str, tuple[Any, ...]]:
    """Definitions, method and limits of whichever customers there are.

    Parameters
    ----------
    figures, model, checked, contracts, format
        As for `cards`.
    profit : pandas.DataFrame
        As returned by `analytics.metrics.clv.profits`.
    timeframe : Timeframe

    Returns
    -------
    dict
        ``definitions``, ``method`` and ``limits``, as `analytics.report.Report.notes` takes them.
    """
    empty: dict[str, tuple[Any, ...]] = {"definitions": (), "method": (), "limits": ()}
    alone = contracts["accounts"] and not _bought(figures)
    past = empty if alone else clv_notes.notes(figures, profit, format, timeframe)
    return {
        "definitions": (
            *past["definitions"],
            *clv_predictive.definitions(model),
            *account_value.definitions(contracts),
        ),
        "method": (*past["method"], *clv_predictive.method(model), *account_value.method(contracts)),
        "limits": (
            *past["limits"],
            *clv_predictive.limits(model, checked),
            "What is expected takes the future to be as the past: no campaign, price or rival is in it.",
        ),
    }


def _bought(figures: pd.DataFrame) -> bool:
    return bool(figures["total_customers"].iloc[-1])
