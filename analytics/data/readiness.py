"""Whether a notebook has what it needs of an organisation's data, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from analytics.data.dataset import CRUCIAL, Dataset
from analytics.params.notebooks import NotebookCard

State = Literal["ready", "partly ready", "lacks tables", "too short", "refused"]

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "campaign": ("sales.total_profit", "sales.units", "customers.mobile", "customers.name"),
        "churn_training": ("accounts.nps", "accounts.logins_30d", "sale_items.category"),
        "clv": ("sales.total_profit", "customers.registered_at", "customers.customer_type"),
        "interventions": ("sales.total_profit", "accounts.owner", "accounts.nps", "customers.owner"),
        "lead_scoring": (
            *("leads.company_size", "leads.industry", "leads.role", "leads.source"),
            *("leads.converted_at", "leads.points"),
        ),
        "lifecycle": ("sales.total_profit", "leads.source", "leads.region", "accounts.nps"),
        "pipeline": (
            *("deals.owner", "deals.expected_close_at", "deals.interactions", "deals.objections_handled"),
            *("deals.champion_identified", "deals.budget_confirmed", "deals.decision_maker_engaged"),
            *("deals.competitors_mentioned", "deals.lead_score"),
        ),
        "purchase_patterns": (
            *("sales.total_profit", "sales.units", "sales.payment_method"),
            "sale_items.category",
        ),
        "revenue_forecast": ("accounts.acv", "deals.expected_close_at"),
        "roi": ("sales.total_profit",),
        "segmentation": ("customers.credit_limit", "customers.outstanding_balance", "sale_items.category"),
    }
)
"""Columns that the contract leaves open and without which a report has less to say."""

HISTORY: Mapping[str, int] = MappingProxyType(
    {"churn_training": 180, "lead_scoring": 90, "retention": 90, "revenue_forecast": 183}
)
"""Days of data that a report needs to say what it is for: two horizons for a model of churn, the days after
which a lead counts as lost or a customer as gone, half a year of whole months for a forecast."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a notebook finds of its needs.

    Attributes
    ----------
    notebook, title : str
    refused : mapping of str to str
        Refused tables that it reads, with the reason; where `stopped`, it is not made for want of them.
    stopped : bool
    tables : tuple of str
        Required tables that are absent; ``a or b`` where one of several would do.
    blocks : tuple of str
        Blocks that are null for want of a table.
    columns : tuple of str
        Columns that the source has not, ``table.column``, of tables that are there.
    days, needed_days : int or None
        Length of the history, where it is shorter than the report needs, and how long it should be.
    """

    notebook: str
    title: str
    refused: Mapping[str, str]
    stopped: bool
    tables: tuple[str, ...]
    blocks: tuple[str, ...]
    columns: tuple[str, ...]
    days: int | None = None
    needed_days: int | None = None

    @property
    def state(self) -> State:
        """In one or two words."""
        if self.stopped:
            return "refused"
        if self.tables:
            return "lacks tables"
        if self.needed_days is not None:
            return "too short"
        return "partly ready" if self.blocks or self.columns or self.refused else "ready"

    @property
    def words(self) -> str:
        """The state in one line, as ``workbook check`` prints it below the reasons why tables are refused."""
        if self.stopped:
            return f"refused, because of {', '.join(self.refused)}"
        if self.tables:
            return f"lacks {', '.join(self.tables)}"
        without = [block.replace("_", " ") for block in self.blocks]
        without += [f"{table}, which is refused" for table in self.refused]
        return f"ready, without {', '.join(without)}" if without else "ready"


def readiness(card: NotebookCard, dataset: Dataset, until: date | None = None) -> Readiness:
    """Hold a notebook's needs against an organisation's data.

    Parameters
    ----------
    card : NotebookCard
    dataset : Dataset
        As `analytics.data.dataset.check_dataset` gives it, all tables read.
    until : datetime.date, optional
        Reference date of the report: how long the history is by then. By default that is not looked at.

    Returns
    -------
    Readiness
        A refused table of ``customers`` or ``sales`` stops every report but those that open refused data; any
        other stops those that require it.
    """
    read = {table: why for table, why in dataset.refused.items() if table in card.tables}
    crucial = {table: why for table, why in dataset.refused.items() if table in CRUCIAL}
    stopped = not card.opens_refused and bool(crucial or read.keys() & set(card.required))
    days, needed = None, HISTORY.get(card.name)
    if until is not None and needed is not None:
        days = max(0, (until - dataset.first_day).days) if dataset.first_day else 0
    short = days is not None and needed is not None and days < needed
    return Readiness(
        notebook=card.name,
        title=card.title,
        refused={} if card.opens_refused else crucial | read if stopped else read,
        stopped=stopped,
        tables=tuple(_lacking(card, dataset)),
        blocks=tuple(
            block
            for block, tables in card.blocks.items()
            if any(table not in dataset.present for table in tables)
        ),
        columns=tuple(
            name
            for name in COLUMNS.get(card.name, ())
            if (table := name.partition(".")[0]) in dataset.present
            and name.partition(".")[2] not in dataset.given.get(table, ())
        ),
        days=days if short else None,
        needed_days=needed if short else None,
    )


def _lacking(card: NotebookCard, dataset: Dataset) -> Iterator[str]:
    yield from (table for table in card.required if table not in dataset.present)
    some_would_do = not card.required and bool(card.optional) and not card.opens_refused
    if some_would_do and not dataset.present & set(card.optional):
        yield " or ".join(card.optional)
