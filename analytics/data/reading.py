"""How one table of a source is read as a table of the contract."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analytics.data.contract_terms import TableContract
from analytics.data.kept_tables import together
from analytics.data.mapping import Raw, Staged, stage
from analytics.data.sources import OpenSource
from analytics.params.source import ColumnMapping, TableMapping


@dataclass(frozen=True)
class TableReading:
    """A source's table that is read as a contract table, the workbook's own batches below its rows."""

    raw: Raw
    contract: TableContract
    mapping: TableMapping
    source: OpenSource
    kept: Raw | None = None
    digests: tuple[str, ...] = ()
    line_time: ColumnMapping | None = None

    @property
    def once(self) -> bool:
        """Whether it is dear to compute and kept: text, and sums of lines."""
        return self.raw.text or (self.mapping.lines is not None and self.contract.name == "sales")

    def stage(self, trusted: frozenset[str]) -> Staged:
        """Read it, the trusted columns without precautions."""
        trusted = frozenset() if self.once else trusted
        staged = stage(self.raw, self.contract, self.mapping, trusted, self.line_time)
        if self.kept is not None:
            staged = together(staged, stage(self.kept, self.contract, TableMapping(), trusted))
        return replace(staged, table=self.source.keep(staged.table)) if self.once else staged
