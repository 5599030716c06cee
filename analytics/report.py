"""A report as its notebook sees it: the organisation's data, the timeframes to compare, and the page to fill.

This is the one place that knows both towers' borders: it hands out tables and takes back pieces. It computes
no figure.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import ibis

from analytics.data.batches import KEPT
from analytics.data.contract import CONTRACT
from analytics.data.dataset import Dataset, check_dataset, open_dataset, run_start
from analytics.data.published import Published, read_published
from analytics.data.validation import Finding
from analytics.errors import ParamsError, nearest
from analytics.export import Block, masked_parameters, versions, without_contacts, write_files
from analytics.formats import Format
from analytics.page.display import Shown
from analytics.page.pieces import (
    Cards,
    Chart,
    Empty,
    Headline,
    Heat,
    Masthead,
    Notes,
    Notice,
    Publication,
    Runs,
    Section,
    State,
    Statement,
    Summary,
    Table,
)
from analytics.params import Organisation, find_organisation, load_rules
from analytics.params.notebooks import NotebookCard, read_card
from analytics.params.run import reports_folder
from analytics.timeframe import Comparison, Timeframe, compare, parse_timeframe
from analytics.words.headlines import CARDS_KEY, span_name

OUTPUT = "WORKBOOK_OUTPUT"
ROWS = {
    "accounts": "account snapshots",
    "deal_history": "deal changes",
}  # what a table's rows are, where its name does not say it
LOOKED_AT_BEFORE = timedelta(days=2)  # a run makes a report anew from so many days before its coming day on
NOTICE_SHARE = 0.01  # from this share of a table's rows on, what was set aside is a notice of its own


@dataclass(frozen=True)
class Report:
    """One notebook for one organisation and timeframe.

    Attributes
    ----------
    card : NotebookCard
        What the notebook says of itself: title, question, which block needs which table.
    organisation : Organisation
    dataset : Dataset
        The organisation's tables, limited to its rows; an absent table is an empty one.
    timeframe : Timeframe
    comparison : Comparison
        This timeframe and those to compare it with, as far as the data cover them.
    format : Format
        Money, numbers and dates in the organisation's currency and locale.
    parameters : mapping
        All parameters of the notebook.
    asked : frozenset of str or None
        The blocks that a parameter asked for; None where all are.
    """

    card: NotebookCard
    organisation: Organisation
    dataset: Dataset
    timeframe: Timeframe
    comparison: Comparison
    format: Format
    parameters: Mapping[str, Any]
    started: datetime
    asked: frozenset[str] | None = None
    _headlines: list[Headline] = field(default_factory=list)
    _beside: list[Headline] = field(default_factory=list)
    _again: list[date] = field(default_factory=list)
    _notices: list[Notice] = field(default_factory=list)

    def __getattr__(self, name: str) -> ibis.Table:
        """One of the organisation's tables, as in the contract: ``report.sales``, ``report.deals``."""
        if name in CONTRACT:
            return self.dataset.tables[name]
        raise AttributeError(f"a report has no {name!r}{nearest(name, CONTRACT)}")

    def rules(self, name: str) -> Any:
        """Read one of the organisation's rule tables, ``rfm_segments`` for instance."""
        return load_rules(name, self.organisation)

    # What is missing -------------------------------------------------------------------------------

    @property
    def interactive(self) -> bool:
        """Whether somebody may be looking on: a batch, which asks for files, has nobody to move a slider."""
        return OUTPUT not in os.environ

    def missing(self, block: str) -> tuple[str, ...]:
        """Tables that a block needs and the organisation lacks."""
        return tuple(t for t in self.card.blocks.get(block, ()) if t not in self.dataset.present)

    def wants(self, block: str) -> bool:
        """Whether a block is asked for; those that are not are null, and their sections absent."""
        return self.asked is None or block in self.asked

    @property
    def empty(self) -> str:
        """Why the whole report has nothing to show; an empty text where it has something."""
        if self.card.blocks and all(self.missing(block) for block in self.card.blocks):
            lacking = sorted({table for block in self.card.blocks for table in self.missing(block)})
            if why := [self.dataset.refused[table] for table in lacking if table in self.dataset.refused]:
                return f"the data break the contract: {'; '.join(why)}"
            return f"{self.organisation.name} has no table {' and no table '.join(lacking)}"
        first = self.dataset.first_day
        begun = first is not None and first < self.timeframe.reference_date
        if not (begun or self.card.opens_refused):
            return f"no data before {self.format.date(self.timeframe.reference_date)}"
        return ""

    @cached_property
    def published(self) -> Mapping[str, Published]:
        """What the reports that the notebook's metadata name have published for this timeframe."""
        where, who, linked = reports_folder(), self.organisation, not self.interactive
        return read_published(where, self.card.reports, who.id, self.timeframe, who.currency, linked=linked)

    # Pieces ----------------------------------------------------------------------------------------

    def opening(self, *notices: Notice | None) -> Shown:
        """Show the masthead, and what must be known before the first figure."""
        pieces: list[Any] = [Masthead(self.organisation.name, self.card.title, self._facts())]
        if self.empty:
            return Shown(*pieces, Empty(f"Nothing to show: {self.empty}", self._remedy()))
        self._notices[:] = [*self._data_notices(), *(notice for notice in notices if notice)]
        return Shown(*pieces, *self._notices)

    def summary(self, *sentences: Runs) -> Shown:
        """Show the reader's summary."""
        return self._shown(Summary(tuple(s for s in sentences if s)))

    def cards(self, *headlines: Headline, about: str = "", beside: Sequence[Headline] = ()) -> Shown:
        """Show the headline figures; the first is what the index quotes, `about` stands before their key.

        Those `beside` them are published with their changes and not shown: other pages quote them.
        """
        self._headlines[:], self._beside[:] = headlines, beside
        key = CARDS_KEY if any(headline.changes or headline.history for headline in headlines) else ""
        return self._shown(Cards(tuple(headlines), f"{about} {key}".strip()))

    def section(
        self,
        block: str,
        statement: Statement | None,
        chart: Chart | None = None,
        *,
        full: Heat | Table | None = None,
        table: Table | None = None,
        missing: str = "",
    ) -> Shown:
        """Show one statement with its picture; nothing where the block's tables are absent, or without one.

        Where there are neither picture nor rows, the section says so: no data is a normal answer. A second
        section on the figures of one block is named ``block/part``.
        """
        source = block.partition("/")[0]
        if statement is None or self.missing(source) or not self.wants(source):
            return Shown()
        if not missing and chart is None and full is None and (table is None or not table.rows):
            missing = f"No data for this in {self.timeframe.label}."
        return self._shown(Section(block.replace("/", "-"), statement, chart, full, table, missing))

    def notes(
        self,
        definitions: Sequence[tuple[str, str]] = (),
        method: Sequence[str] = (),
        limits: Sequence[str] = (),
    ) -> Shown:
        """Show the end matter, with where the figures come from."""
        said = Notes(provenance=tuple(self._provenance()))
        if not self.empty:
            wanted = [
                f"Not shown, for want of the table {t}: {what}." for t, what in self._not_shown().items()
            ]
            beside = (*limits, *wanted, *self._left_out())
            said = replace(said, definitions=tuple(definitions), method=tuple(method), limits=beside)
        return Shown(said)

    def look_again(self, day: date | None) -> None:
        """Take note from which day on this page would say something else of the same data."""
        self._again.extend([day + LOOKED_AT_BEFORE] if day else [])

    # Files -----------------------------------------------------------------------------------------

    def publish(self, **blocks: Block) -> Shown:
        """Write the figures beside the page, where a batch asks for them, and tell the index.

        Parameters
        ----------
        **blocks : DataFrame, mapping or None
            The report's JSON blocks by name. A block whose tables are absent is null.

        Raises
        ------
        ParamsError
            If a block that the notebook's metadata name is not given.
        """
        if forgotten := sorted(self.card.blocks.keys() - blocks.keys()):
            raise ParamsError(f"{self.card.name}.ipynb publishes no block {', '.join(forgotten)}")
        kept: dict[str, Block] = {
            name: None if self.empty or self.missing(name) or not self.wants(name) else block
            for name, block in blocks.items()
        }
        if not self.organisation.show_contact_details:
            kept = {name: without_contacts(block) for name, block in kept.items()}
        if folder := os.environ.get(OUTPUT):
            said = [] if self.empty else [asdict(one) for one in (*self._headlines, *self._beside)]
            most, made = self.organisation.export_rows, self.timeframe.reference_date
            write_files(Path(folder), self.card.name, kept, self.meta(), said, rows=most, made=made)
        state: State = "no data" if self.empty else "warning" if self._notices else "ready"
        reason = self.empty or "; ".join(notice.title for notice in self._notices)
        headlines = () if self.empty else tuple(self._headlines)
        coming = filter(None, [self.dataset.coming_day, *self._again])
        return Shown(
            Publication(
                state,
                reason,
                headlines,
                tuple(name for name in kept if kept[name] is not None),
                reference_date=self.timeframe.reference_date,
                coming_day=min(coming, default=None) if self.dataset.newest_day else self.started.date(),
            )
        )

    def meta(self) -> dict[str, Any]:
        """What the figures are about, as it stands in their JSON."""
        return {
            "organisation": self.organisation.id,
            "timeframe": {
                "label": self.timeframe.label,
                "start": self.timeframe.start,
                "end": self.timeframe.end,
            },
            "reference_date": self.timeframe.reference_date,
            "currency": self.organisation.currency,
            "parameters": masked_parameters(self.parameters),
            "rows_used": self._rows,
            "rows_left_out": self._of_this_report(self.dataset.left_out),
            "data_fingerprint": self.dataset.fingerprint,
            "versions": versions(),
        }

    # Words of its own ------------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> dict[str, int]:
        """Rows of this report's tables that may be read: those of the reference date or later are not."""
        edge = self.timeframe.reference_date
        counts = {}
        for table, rows in self._of_this_report(self.dataset.rows).items():
            event = CONTRACT[table].event
            last = self.dataset.last_days.get(table)
            if event and table not in KEPT and rows and not (last and last < edge):
                day = self.dataset.tables[table][event]
                later = self.dataset.tables[table].filter(day >= datetime.combine(edge, time.min))
                rows -= int(later.count().execute())
            counts[table] = rows
        return counts

    def _of_this_report(self, counts: Mapping[str, int]) -> dict[str, int]:
        used = set(self.card.tables) - self.dataset.refused.keys()
        return {table: count for table, count in counts.items() if table in used}

    def _shown(self, piece: Summary | Cards | Section) -> Shown:
        return Shown() if self.empty else Shown(piece)

    def _facts(self) -> tuple[tuple[str, str], ...]:
        show = self.format
        frame = show.span(self.timeframe.start, self.timeframe.end)
        if not self.timeframe.finished:
            frame += f", read up to {show.date(self.timeframe.reference_date - timedelta(days=1))}"
        others = [span_name(t, show) for t in (self.comparison.previous, self.comparison.year_earlier) if t]
        used = [
            f"{show.count(rows)} {ROWS.get(table, table.replace('_', ' '))}"
            for table, rows in self._rows.items()
            if rows
        ]
        if self.card.reports:
            made = sum(one.state == "found" for one in self.published.values())
            used.append(f"the figures of {show.count(made)} report{'' if made == 1 else 's'}")
        since = f" since {show.date(self.dataset.first_day)}" if self.dataset.first_day else ""
        newest, edge = self.dataset.newest_day, self.timeframe.reference_date
        if newest and edge <= newest:
            since += f"; what is dated {show.date(edge)} or later is not read"
        return (
            ("Timeframe", frame),
            ("Compared with", " and ".join(dict.fromkeys(others)) or self._incomparable()),
            ("Made from", (", ".join(used) or "no rows") + since),
            ("Made on", show.date(self.started.date())),
        )

    def _incomparable(self) -> str:
        if self.timeframe.unit == "all":
            return "nothing: this is all of the data"
        return (
            "nothing: the timeframe has not begun"
            if not self.timeframe.days
            else "nothing: the data begin too late"
        )

    def _data_notices(self) -> list[Notice]:
        if self.card.opens_refused:
            return []  # its page is about nothing else
        notices = []
        for table, rows in self._of_this_report(self.dataset.left_out).items():
            read = rows + self.dataset.rows[table]
            if rows >= NOTICE_SHARE * read > 0:
                share = self.format.percent(100 * rows / read)
                of = f"{self.format.count(rows)} of {self.format.count(read)}"
                what = f"{of} rows of {table} ({share}) were left out"
                why = "; ".join(_rule(f) for f in self.dataset.findings if f.table == table and f.rows)
                notices.append(Notice(what, f"They break these rules: {why}. The figures are without them."))
        notices += [
            Notice(
                f"Nothing here is made from {table}",
                f"{self.organisation.name} has no such table. What needs it is not shown; the notes list it.",
            )
            for table in self._not_shown()
            if table in self.card.required and table not in self.dataset.refused
        ]
        notices += [
            Notice(
                f"The table {table} was refused",
                f"{why}. Nothing here is made from it until the source, or its mapping in params, is mended.",
            )
            for table, why in self.dataset.refused.items()
            if table in self.card.tables
        ]
        if self.timeframe.start >= self.timeframe.as_of:
            notices.append(
                Notice("This timeframe has not begun", "Figures stand as of the newest day of the data.")
            )
        return notices

    def _not_shown(self) -> dict[str, str]:
        """Tables that the organisation lacks, with the blocks that need them in words."""
        by_table: dict[str, list[str]] = {}
        for block in self.card.blocks:
            for table in self.missing(block):
                by_table.setdefault(table, []).append(block.replace("_", " "))
        return {table: ", ".join(blocks) for table, blocks in by_table.items()}

    def _left_out(self) -> list[str]:
        """Say of the tables of this report which rows broke which rule, without a single id."""
        did = {"set aside": "were left out", "kept": "were kept in the totals only"}
        return [
            f"{self.format.count(finding.rows)} rows of {finding.table} {did[finding.action]}: "
            f"they break the rule that {_rule(finding)}."
            for finding in self.dataset.findings
            if finding.rows and finding.table in self.card.tables and finding.action in did
        ]

    def _remedy(self) -> str:
        lacking = sorted({table for block in self.card.blocks for table in self.missing(block)})
        if any(table in self.dataset.refused for table in lacking):
            return "Mend the source, or its mapping in the organisation's params; `workbook check` lists all."
        if lacking and all(self.missing(block) for block in self.card.blocks):
            return (
                f"The report needs {', '.join(lacking)}. Add the table to the organisation's source, or its "
                "mapping to the organisation's params; the other reports are not affected."
            )
        return "Choose a later timeframe, or check that the source holds the days in question."

    def _provenance(self) -> list[tuple[str, str]]:
        parts = [f"{table}: {self.format.count(rows)} rows" for table, rows in self._rows.items() if rows]
        aside = [
            f"{table}: {self.format.count(n)} set aside"
            for table, n in self._of_this_report(self.dataset.left_out).items()
            if n
        ]
        shown = masked_parameters(self.parameters)
        return [
            ("Run", f"{self.started:%Y-%m-%d %H:%M} {self.started.tzname() or ''}".strip()),
            ("Notebook", f"{self.card.name}.ipynb"),
            ("Data", f"fingerprint {self.dataset.fingerprint}, {self.dataset.fingerprint_basis}"),
            ("Rows", "; ".join([*parts, *aside]) or "none"),
            (
                "Reference date",
                f"{self.timeframe.reference_date.isoformat()}: nothing on or after it is read",
            ),
            ("Time zone", self.organisation.timezone),
            ("Parameters", ", ".join(f"{name}={value}" for name, value in shown.items())),
            ("Versions", ", ".join(f"{name} {number}" for name, number in versions().items())),
        ]


def open_report(
    notebook: str,
    organisation: str,
    timeframe: str,
    *,
    as_of: str = "latest",
    parameters: Mapping[str, Any] | None = None,
    blocks: Collection[str] | None = None,
) -> Report:
    """Open an organisation's data for one report.

    Parameters
    ----------
    notebook : str
        Name of the notebook, ``retention`` for instance.
    organisation : str
        Id of an organisation in params. Its address and its secrets stay there.
    timeframe : str
        As `analytics.timeframe.parse_timeframe` accepts it.
    as_of : str, default "latest"
        The day on or after which nothing is read, as ``YYYY-MM-DD``; ``latest`` is the day after the
        newest event.
    parameters : mapping, optional
        The notebook's other parameters, for the record.
    blocks : collection of str, optional
        The blocks that the parameters ask for; by default all. Others are null, their sections absent.

    Returns
    -------
    Report

    Raises
    ------
    ParamsError
        If the organisation, the timeframe or the date is not known, or a parameter is not what the notebook
        declares: who runs it without a params file is told the same as with one.
    SourceError, ContractError
        If the organisation's data cannot be read or break the contract. A refused table that the report uses
        only where it is there has no rows, and a notice says why.
    """
    found = find_organisation(organisation)
    card = read_card(notebook)
    card.refuse(parameters or {})
    started = run_start()

    def asked_for(first_day: date | None, newest_day: date | None) -> Timeframe:
        day = as_of_day(as_of, newest_day, started)
        return parse_timeframe(
            timeframe, as_of=day, first_day=first_day, fiscal_year_start=found.fiscal_year_start
        )

    check = partial(check_dataset, once=True)
    dataset = (check if card.opens_refused else open_dataset)(
        found, started=started, tables=card.tables, edge=lambda *days: asked_for(*days).reference_date
    )
    window = asked_for(dataset.first_day, dataset.newest_day)
    return Report(
        card=card,
        organisation=found,
        dataset=dataset.without_refused(card.optional),
        timeframe=window,
        comparison=compare(window, first_day=dataset.first_day),
        format=Format(found.locale, found.currency),
        parameters={"organisation": organisation, "timeframe": timeframe, "as_of": as_of}
        | dict(parameters or {}),
        started=started,
        asked=None if blocks is None else frozenset(blocks),
    )


def _rule(finding: Finding) -> str:
    """Give the rule that rows break, in the contract's words."""
    return next(
        (rule.text for rule in CONTRACT[finding.table].rules if rule.code == finding.rule), finding.rule
    )


def as_of_day(text: str, newest: date | None, started: datetime) -> date:
    """Read ``as_of``: a date, or ``latest`` for the day after the newest event, else the run's.

    Raises
    ------
    ParamsError
        If it is neither.
    """
    if text == "latest":
        return newest + timedelta(days=1) if newest else started.date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParamsError(f'as_of "{text}" is neither a date such as 2026-10-31 nor "latest"') from error
