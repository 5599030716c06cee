"""Open an organisation's data: validated, typed, its own rows only."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ibis

from analytics.data.batches import KEPT
from analytics.data.contract import CONTRACT, NEWEST_OF
from analytics.data.contract_terms import ENGINE_TYPES, TableContract
from analytics.data.diagnosis import diagnose
from analytics.data.fingerprint import basis, fingerprint
from analytics.data.kept_tables import KeptRows, kept_rows
from analytics.data.mapping import LINE_TIME, Staged, items_mapping, missing_columns
from analytics.data.reading import TableReading
from analytics.data.sources import OpenSource, View, open_source
from analytics.data.validation import Finding, Verdict, breaks, validate
from analytics.data.verdicts import Verdicts
from analytics.errors import ContractError, SourceError, nearest
from analytics.params.run import STARTED
from analytics.params.source import ColumnMapping, Source, TableMapping

if TYPE_CHECKING:
    from analytics.params import Organisation

Edge = Callable[[date | None, date | None], date]
"""From the first and the newest day of the data to the day that a report is about."""
CRUCIAL = frozenset({"customers", "sales"})


class Tables(Mapping[str, Any]):
    """Canonical tables by name; a refused one raises `ContractError` when it is asked for.

    An absent one is made, without rows, when it is asked for; one that was not read raises `KeyError`,
    so that nobody takes it for empty.
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        refused: Mapping[str, str],
        make: Callable[[str], Any],
        unread: Collection[str] = (),
    ) -> None:
        self._tables, self._refused, self._make = dict(tables), dict(refused), make
        self._unread = frozenset(unread)

    def __getitem__(self, name: str) -> Any:
        if name in self._unread:
            raise KeyError(f"{name} was not read: name it among the tables that are needed")
        if name in self._refused:
            raise ContractError(self._refused[name])
        if name not in self._tables:
            self._tables[name] = self._make(name)
        return self._tables[name]

    def without_refused(self, names: Collection[str]) -> Tables:
        """The same, but these are empty where they are refused."""
        gone = self._refused.keys() & set(names)
        kept = {name: table for name, table in self._tables.items() if name not in gone}
        refused = {name: why for name, why in self._refused.items() if name not in gone}
        return Tables(kept, refused, self._make, self._unread)

    def __contains__(self, name: object) -> bool:
        return name in CONTRACT

    def __iter__(self) -> Iterator[str]:
        return iter(CONTRACT)

    def __len__(self) -> int:
        return len(CONTRACT)


@dataclass(frozen=True)
class Dataset:
    """An organisation's data as the reports see them.

    Attributes
    ----------
    organisation : str
    tables : mapping of str to ibis.Table
        Every table of the contract. Contract columns in the contract's order and types, behind them as text
        those that the params name as features; rows set aside are gone; an absent column is missing in every
        row, an absent table has no rows. A refused table raises `ContractError`.
    present : frozenset of str
        Tables that the source has, or that the workbook has kept batches of.
    findings : tuple of Finding
        Every rule that rows break, of all tables.
    rows, left_out : mapping of str to int
        Rows used, and rows set aside, of each table that is present.
    checked : mapping of (table, rule) to int
        Rows that each rule was applied to.
    refused : mapping of str to str
        Why a table is refused.
    fingerprint : str
        The same for the same data and mapping, whenever and wherever it is computed.
    fingerprint_basis : str
        What it was made from, in words.
    first_day, newest_day : date, optional
        Days of the first event and of the newest one before the run: of ``sales``, else ``accounts``,
        ``deals``, ``leads``.
    coming_day : date, optional
        Day of the first event after the run: from then on the same data look otherwise.
    given : mapping of str to frozenset of str
        Of each table that could be read, the contract columns that the source has.
    last_days : mapping of str to date
        Day of the newest event of each table; without those that have none, or one after the run.
    """

    organisation: str
    tables: Mapping[str, Any]
    present: frozenset[str]
    findings: tuple[Finding, ...]
    rows: Mapping[str, int]
    left_out: Mapping[str, int]
    checked: Mapping[tuple[str, str], int]
    refused: Mapping[str, str]
    fingerprint: str
    fingerprint_basis: str
    first_day: date | None
    newest_day: date | None
    coming_day: date | None
    _source: OpenSource = field(repr=False)
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    last_days: Mapping[str, date] = field(default_factory=dict)
    _staged: Mapping[str, Callable[[], Any]] = field(default_factory=dict, repr=False)

    def __getattr__(self, name: str) -> Any:
        if name in CONTRACT:
            return self.tables[name]
        raise AttributeError(f"a dataset has no {name!r}{nearest(name, CONTRACT)}")

    def without_refused(self, names: Collection[str]) -> Dataset:
        """The same data, but some refused tables have no rows instead of raising.

        For a report that can do without them; it must say that they were refused, and why.
        """
        assert isinstance(self.tables, Tables)
        return replace(self, tables=self.tables.without_refused(names))

    def as_read(self, name: str) -> Any:
        """A table before the contract: with the rows that are set aside, and also where it is refused.

        Parameters
        ----------
        name : str
            One of `given`. What does not read as its type is missing. Lines that sales are summed from have
            their own time in `LINE_TIME`, which tells lines apart that are otherwise equal.
        """
        return self._staged[name]()

    def keep(self, table: Any) -> Any:
        """Compute once what several queries rest on; it stays lazy where an engine may write nothing."""
        return self._source.keep(table)

    def close(self) -> None:
        """End the connection; the tables cannot be read any more."""
        self._source.close()


def open_dataset(
    organisation: Organisation,
    *,
    started: datetime | None = None,
    tables: Collection[str] | None = None,
    edge: Edge | None = None,
    checked: Path | None = None,
) -> Dataset:
    """Open an organisation's data for reports.

    Parameters
    ----------
    organisation : Organisation
    started : datetime, optional
        When the run started; by default what the batch says in ``WORKBOOK_STARTED``, else now.
    tables : collection of str, optional
        Tables that are needed; by default all. Those that they refer to, and the one whose newest event
        says what ``latest`` means, are read beside them; any other raises when it is asked for.
    edge : callable, optional
        From ``first_day`` and ``newest_day`` to the reference date: of the batches that the workbook keeps,
        only those that a report of that day may know are read; by default all. What the source itself has in
        ``predictions`` and ``forecasts`` is always read.
    checked : pathlib.Path, optional
        Folder of the run with what was found of its tables before; by default what the batch says in
        ``WORKBOOK_CHECKED``, if anything.

    Returns
    -------
    Dataset

    Raises
    ------
    SourceError
        If the source cannot be opened or read as the params say.
    ContractError
        If ``customers`` or ``sales`` is refused; the message lists all violations of all tables.
    """
    dataset = check_dataset(
        organisation, started=started, tables=tables, edge=edge, checked=checked, once=True
    )
    if CRUCIAL & dataset.refused.keys():
        dataset.close()
        raise ContractError(refusal(dataset))
    return dataset


def refusal(dataset: Dataset) -> str:
    """All violations of a dataset in one message, those that refuse a table first."""
    ordered = sorted(dataset.findings, key=lambda finding: finding.action != "refused")
    lines = [f"- {finding.action}: {finding.message}" for finding in ordered]
    return f"the data of {dataset.organisation} break the contract:\n" + "\n".join(lines)


def check_dataset(
    organisation: Organisation,
    *,
    started: datetime | None = None,
    tables: Collection[str] | None = None,
    edge: Edge | None = None,
    checked: Path | None = None,
    once: bool = False,
) -> Dataset:
    """Hold an organisation's data against the contract without refusing them.

    Parameters, returns and `SourceError` are those of `open_dataset`; what is refused is in
    ``Dataset.refused``. Tables of few rows are computed `once` where many queries of them are to come.
    """
    local_start = (started or run_start()).astimezone(ZoneInfo(organisation.timezone)).replace(tzinfo=None)
    source = open_source(organisation)
    try:
        return _Reader(organisation.source, source, local_start, edge, checked, once=once).read(tables)
    except BaseException:
        source.close()
        raise


def run_start() -> datetime:
    """When the run started: what the batch says in ``WORKBOOK_STARTED``, else now.

    Returns
    -------
    datetime
        With a time zone. Nothing below this asks the clock.
    """
    said = os.environ.get(STARTED)
    if said is None:
        return datetime.now(UTC)
    started = datetime.fromisoformat(said)
    return started if started.tzinfo is not None else started.replace(tzinfo=UTC)


def _with_references(names: Collection[str]) -> frozenset[str]:
    """Add the tables in which references of these must be known, and theirs."""
    found = frozenset(names)
    added = found | {rule.table for name in found for rule in CONTRACT[name].rules if rule.table}
    return found if added == found else _with_references(added)


def _plain(contract: TableContract) -> frozenset[str]:
    return frozenset(column.name for column in contract.columns if column.type in ("id", "text"))


class _Reader:
    """Reads one table after the other, those that others refer to first."""

    def __init__(
        self,
        params: Source,
        source: OpenSource,
        started: datetime,
        edge: Edge | None,
        checked: Path | None,
        *,
        once: bool,
    ) -> None:
        self.params, self.source, self.started, self.edge, self.once = params, source, started, edge, once
        self.tables: dict[str, Any] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.findings: list[Finding] = []
        self.kept: list[str] = []
        self.staged: dict[str, Callable[[], Any]] = {}
        self.said = Verdicts(source, started, checked)
        self.found = False

    def read(self, tables: Collection[str] | None) -> Dataset:
        unknown = [name for name in self.params.tables if name not in CONTRACT]
        if unknown:
            raise SourceError(
                f"tables: {unknown[0]} is no table of the contract{nearest(unknown[0], CONTRACT)}; "
                f"it has {', '.join(CONTRACT)}"
            )
        wanted = _with_references(CONTRACT if tables is None else tables)
        unread = {name: contract for name, contract in CONTRACT.items() if name not in wanted}
        for contract in CONTRACT.values():
            if contract.name in wanted or self._dates_the_data(contract.name):
                unread.pop(contract.name, None)
                self._read_table(contract)
        if not self.found:
            for contract in unread.values():
                self._read_table(contract)
        if not self.found:
            raise SourceError(
                f"none of the contract's tables is there ({', '.join(CONTRACT)}); {self.source.contents()}; "
                "where they have other names, say so in the params: tables: sales: {from: …}"
            )
        self.source.seal()
        refused: dict[str, list[str]] = {}
        for finding in self.findings:
            if finding.action == "refused":
                refused.setdefault(finding.table, []).append(finding.message)
        reasons = {name: "; ".join(messages) for name, messages in refused.items()}
        present = frozenset(self.verdicts) - reasons.keys()
        first_day, newest_day = self._days()
        return Dataset(
            organisation=self.source.organisation,
            tables=Tables(self.tables, reasons, self._empty, unread.keys()),
            present=present,
            findings=tuple(self.findings),
            rows={name: verdict.used for name, verdict in self.verdicts.items()},
            left_out={name: verdict.rows - verdict.used for name, verdict in self.verdicts.items()},
            checked={
                (n, code): rows
                for n, verdict in self.verdicts.items()
                for code, rows in verdict.checked.items()
            },
            refused=reasons,
            fingerprint=fingerprint(
                self.source, {name: v.figures for name, v in self.verdicts.items()}, self.kept
            ),
            fingerprint_basis=basis(self.source),
            first_day=first_day,
            newest_day=newest_day,
            coming_day=min((v.coming.date() for v in self.verdicts.values() if v.coming), default=None),
            _source=self.source,
            given={name: verdict.given for name, verdict in self.verdicts.items()},
            last_days={
                name: verdict.newest.date()
                for name, verdict in self.verdicts.items()
                if verdict.newest and not verdict.coming
            },
            _staged=self.staged,
        )

    def _days(self) -> tuple[date | None, date | None]:
        """First and newest day of the data, as far as tables were read."""
        refused = {finding.table for finding in self.findings if finding.action == "refused"}
        usable = [self.verdicts[name] for name in NEWEST_OF if name in self.verdicts and name not in refused]
        said = next((verdict for verdict in usable if verdict.used), None)
        first, newest = (said.first, said.newest) if said else (None, None)
        return first.date() if first else None, newest.date() if newest else None

    def _dates_the_data(self, name: str) -> bool:
        """Whether the table's newest event may say what ``latest`` means: none before it in rank has rows."""
        if name not in NEWEST_OF:
            return False
        before = NEWEST_OF[: NEWEST_OF.index(name)]
        return not any(other in self.verdicts and self.verdicts[other].used for other in before)

    def _read_table(self, contract: TableContract) -> None:
        mapping = self.params.tables.get(contract.name, TableMapping())
        reading = self._with_kept(self._open(contract, mapping), contract)
        if reading is None:
            return
        key = self._key(contract, reading.digests)
        staged = reading.stage(_plain(contract)) if reading.once else None
        said = self.said.recall(key)
        verdict = said.verdict if said else self._validated(reading, staged)
        view = said.view if said else None
        if verdict.rows or self.params.owned:  # else a shared source has nothing of this organisation's
            view = self._take(reading, staged, verdict, view)
        if said is None:
            self.said.keep(key, contract.name, verdict, view)

    def _take(
        self, reading: TableReading, staged: Staged | None, verdict: Verdict, view: View | None
    ) -> View | None:
        """Take a table into the dataset; gives the view by which another session has it again."""
        name = reading.contract.name
        self.verdicts[name] = verdict
        self.findings += verdict.findings
        self.staged[name] = cache(lambda: self._as_read(reading, staged, verdict))
        if verdict.refused:
            return None
        if view is None:
            table = self._canonical(staged or reading.stage(verdict.trusted), verdict)
            view = self.source.view_of(table)
        few = verdict.used if self.once else None
        self.tables[name] = self.source.viewed(f"read_{name}__", view, rows=few) if view else table
        return None if reading.once else view

    def _validated(self, reading: TableReading, staged: Staged | None) -> Verdict:
        """Hold a table against the contract."""
        if staged is not None:
            return self._diagnosed(reading, validate(staged, self.tables, self.started))
        # Most ids need no tidying: they are first taken as they are, and looked at again if one does.
        verdict = validate(reading.stage(_plain(reading.contract)), self.tables, self.started)
        if verdict.untidy:
            verdict = validate(reading.stage(frozenset()), self.tables, self.started)
        return self._diagnosed(reading, verdict)

    def _key(self, contract: TableContract, kept: Collection[str]) -> str:
        """Sum up what the verdict on a table depends on: it, and what it refers to."""
        needed = _with_references({contract.name})
        files = [file for name in needed for file in self.source.files_of.get(name, ())]
        if self.source.folder is None:
            files = self.source.files
        if not self.source.files:
            return ""  # a server does not say whether it has changed
        return self.said.key(contract.name, files, needed & self.tables.keys(), kept)

    def _with_kept(self, reading: TableReading | None, contract: TableContract) -> TableReading | None:
        """Add the batches that the workbook keeps; they are read after what says which day it is."""
        table = next((name for name in KEPT if name == contract.name), None)
        if table is None or any(finding.table == table for finding in self.findings):
            return reading
        kept = kept_rows(self.source, table, self.edge(*self._days()) if self.edge else None)
        if isinstance(kept, Finding):
            self.findings.append(kept)
        if not isinstance(kept, KeptRows):
            return reading
        self.kept += kept.digests
        if reading is None:
            return TableReading(kept.raw, contract, TableMapping(), self.source, digests=kept.digests)
        return replace(reading, kept=kept.raw, digests=kept.digests)

    def _diagnosed(self, reading: TableReading, verdict: Verdict) -> Verdict:
        """The verdict, its findings about unreadable values with what may be wrong with them."""
        columns = {rule.code: rule.columns[0] for rule in reading.contract.rules if rule.check == "type"}
        findings = []
        for finding in verdict.findings:
            if finding.rule in columns:
                why = diagnose(reading.raw, reading.contract, reading.mapping, columns[finding.rule])
                finding = replace(finding, message=f"{finding.message}: {why}")
            findings.append(finding)
        return replace(verdict, findings=tuple(findings))

    def _open(self, contract: TableContract, mapping: TableMapping) -> TableReading | None:
        """Find a table of the source; what it lacks of required columns is a finding."""
        sales = self.params.tables.get("sales", TableMapping())
        from_lines = contract.name == "sale_items" and mapping == TableMapping() and sales.lines is not None
        raw = self.source.table("sales", sales) if from_lines else self.source.table(contract.name, mapping)
        if raw is None:
            return None
        self.found = True
        if from_lines:
            at = sales.columns.get("sold_at", ColumnMapping(column="sold_at"))
            return TableReading(raw, contract, items_mapping(sales), self.source, line_time=at)
        lacking = missing_columns(raw, contract, mapping)
        self.findings += [
            Finding(contract.name, "column_missing", "refused", 0, (), text) for text in lacking
        ]
        return None if lacking else TableReading(raw, contract, mapping, self.source)

    def _canonical(self, staged: Staged, verdict: Verdict) -> Any:
        """The rows that the contract leaves, its columns and nothing else."""
        table = staged.table
        failing = [breaks(rule, staged, self.tables, self.started) for rule in verdict.failing]
        failing = [flag for flag in failing if flag is not None]
        if failing:
            table = table.filter(*(~flag for flag in failing))
        names = [column.name for column in staged.contract.columns]
        table = table.select([*names, *staged.features])
        if verdict.duplicated:
            table = self._merged(table, staged.contract)
        if verdict.unknown and "customers" in self.tables:
            known = table.customer_id.isin(self.tables["customers"].customer_id)
            table = table.mutate(
                customer_id=ibis.cases((known, table.customer_id), else_=ibis.null("string"))
            )
        return table

    def _as_read(self, reading: TableReading, staged: Staged | None, verdict: Verdict) -> Any:
        if not (verdict.findings or reading.line_time):
            return self.tables[reading.contract.name]
        read = (staged or reading.stage(verdict.trusted)).table
        names = [column.name for column in reading.contract.columns]
        chosen = read.select([*names, *(set(read.columns) & {LINE_TIME})])
        return self.source.named(f"as_read_{reading.contract.name}__", chosen, rows=verdict.rows)

    def _merged(self, table: Any, contract: TableContract) -> Any:
        """One of each group of equal rows; only the keys that are there twice are looked at."""
        key = list(contract.key)
        twice = table.group_by(key).having(ibis._.count() > 1).aggregate()
        twice = self.source.computed(f"twice_{contract.name}__", twice)
        once = table.anti_join(twice, key)
        return once.union(table.semi_join(twice, key).distinct())

    def _empty(self, name: str) -> Any:
        money = self.source.dialect.money
        types = {c.name: money if c.type == "money" else ENGINE_TYPES[c.type] for c in CONTRACT[name].columns}
        return self.source.empty(ibis.schema(types))
