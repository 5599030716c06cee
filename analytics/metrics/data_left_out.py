"""What is left out of which report, and which reports are ready.

Rows set aside are those of the source as it stands; rows that break no rule and are in some figures only are
counted up to the reference date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Any

import pandas as pd
from ibis import _

from analytics.data.dataset import CRUCIAL, Dataset
from analytics.data.readiness import COLUMNS, readiness
from analytics.metrics.data_profile import Profile
from analytics.params.notebooks import NotebookCard, notebook_names, read_card
from analytics.params.organisation import Organisation


def cards_of(organisation: Organisation) -> list[NotebookCard]:
    """The reports that are made for an organisation, as ``workbook check`` lists them."""
    return [read_card(name) for name in organisation.notebooks or notebook_names()]


def left_out(profile: Profile, cards: Sequence[NotebookCard]) -> pd.DataFrame:
    """What is left out of which report because of its rows.

    Parameters
    ----------
    profile : Profile
    cards : sequence of NotebookCard
        The organisation's reports.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``rule``, ``rows`` (float64; missing where a table is refused before its rows are
        counted), ``effect``, ``report``, ``title``. The effect is ``stopped`` (the report is not made),
        ``without_table``, ``left_out``, ``totals_only`` (in no per-customer figure), ``incomplete`` (an
        amount lacks a line), ``no_order`` (reduces revenue only), ``no_profit``, ``no_units``,
        ``no_forecast`` or ``nobody`` (customers with nothing but returns, in no per-customer figure).
    """
    rows = []
    for table, rule, count, effect in [*_effects(profile.dataset), *_facts(profile)]:
        for card in cards:
            how = _effect_on(card, table, effect)
            if how:
                rows.append((table, rule, _number(count), how, card.name, card.title))
    return pd.DataFrame(rows, columns=["table", "rule", "rows", "effect", "report", "title"])


def _effect_on(card: NotebookCard, table: str, effect: str) -> str:
    if card.opens_refused:
        return ""
    stops = effect == "refused" and (table in CRUCIAL or table in card.required)
    if stops or (effect == "refused" and table in card.tables):
        return "stopped" if stops else "without_table"
    column = {"no_profit": "sales.total_profit", "no_units": "sales.units"}.get(effect)
    if column is not None:
        return effect if column in COLUMNS.get(card.name, ()) else ""
    return effect if table in card.tables else ""


def _effects(dataset: Dataset) -> Iterator[tuple[str, str, int | None, str]]:
    for finding in dataset.findings:
        if finding.action == "refused":
            yield finding.table, finding.rule, finding.rows or None, "refused"
        elif finding.table not in dataset.refused:
            kept = "incomplete" if finding.rule == "line_amount_missing" else "totals_only"
            how = "left_out" if finding.action == "set aside" else kept
            yield finding.table, finding.rule, finding.rows, how


def _facts(profile: Profile) -> Iterator[tuple[str, str, int, str]]:
    """Rows that break no rule and are in some figures only."""
    sales = profile.states.get("sales")
    if sales is not None and "sales" in profile.dataset.present:
        for rule, flag, effect in (
            ("guest_sales", "missing customer_id", "totals_only"),
            ("returns", "negative total_amount", "no_order"),
            ("profit_unknown", "missing total_profit", "no_profit"),
            ("units_unknown", "missing units", "no_units"),
        ):
            if sales.get(flag, 0):
                yield "sales", rule, int(sales[flag]), effect
        if only := _only_returns(profile):
            yield "sales", "customers_with_returns_only", only, "nobody"
    lines = profile.states.get("sale_items")
    if lines is not None and "sale_items" in profile.dataset.present:
        for rule, flag, effect in (
            ("lines_of_guests", "guest", "totals_only"),
            ("returned_lines", "returned", "no_order"),
        ):
            if lines.get(flag, 0):
                yield "sale_items", rule, int(lines[flag]), effect
    deals = profile.states.get("deals")
    if deals is not None and "deals" in profile.dataset.present and deals.get("open undated", 0):
        yield "deals", "open_without_expected_close", int(deals["open undated"]), "no_forecast"


def _only_returns(profile: Profile) -> int:
    """Customers known by returns alone."""
    sales, edge = profile.dataset.tables["sales"], datetime.combine(profile.until, time.min)
    known = sales.filter(_.customer_id.notnull(), _.sold_at < edge)
    best = known.group_by("customer_id").aggregate(best=_.total_amount.max())
    return int(best.filter(_.best < 0).count().execute())


def ready(profile: Profile, cards: Sequence[NotebookCard]) -> pd.DataFrame:
    """For each notebook, ready or what it lacks.

    Returns
    -------
    pandas.DataFrame
        ``notebook``, ``title``, ``state`` (``ready``, ``partly ready``, ``lacks tables``, ``too short``,
        ``refused``), ``tables``, ``blocks``, ``columns`` (text: what is not there, separated by
        commas), ``refused_tables``, ``days``, ``needed_days`` (float64: length of the history where it is
        too short).
    """
    found = [readiness(card, profile.dataset, profile.until) for card in cards]
    return pd.DataFrame(
        {
            "notebook": [one.notebook for one in found],
            "title": [one.title for one in found],
            "state": [one.state for one in found],
            "tables": [", ".join(one.tables) for one in found],
            "blocks": [", ".join(one.blocks) for one in found],
            "columns": [", ".join(one.columns) for one in found],
            "refused_tables": [", ".join(one.refused) for one in found],
            "days": [_number(one.days) for one in found],
            "needed_days": [_number(one.needed_days) for one in found],
        }
    )


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
