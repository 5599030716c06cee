"""Measure what the models reach, beside what they must reach: ``python -m benchmarks.evidence [--area clv]``.

One table for all, the same as JSON in ``.cache/evidence.json``; the exit code is 1 where a figure misses its
bound, and 2 where the published data are not there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.evidence.row import Row

AREAS = ("clv", "churn", "forecast", "roi")
"""Each a module beside this one, with ``rows() -> Iterator[Row]``."""

HOME = Path(__file__).resolve().parents[2]
DATA, MODELS = "WORKBOOK_REFERENCE_DATA", "WORKBOOK_MODELS"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(arguments: list[str] | None = None) -> int:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=about)
    parser.add_argument("--area", action="append", choices=AREAS, help="only this one; may be repeated")
    parser.add_argument("--out", type=Path, default=HOME / ".cache" / "evidence.json", metavar="FILE")
    given = parser.parse_args(arguments)
    folder = Path(os.environ.get(DATA) or HOME.parent / "shared" / "data")
    if not folder.is_dir():
        sys.stderr.write(
            f"evidence: there is no folder {folder} with the published data; name it in {DATA}. Nothing was "
            "measured\n"
        )
        return 2
    rows: list[Row] = []
    with TemporaryDirectory(prefix="evidence-") as models:
        # Trained anew each time; and several threads would only measure how busy the machine is.
        os.environ |= {DATA: str(folder), MODELS: models} | dict.fromkeys(_THREADS, "1")
        for area in given.area or AREAS:
            rows += measured(area)
    Console(width=None if sys.stdout.isatty() else 160).print(table_of(rows))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps([as_plain(row) for row in rows], ensure_ascii=False, indent=1) + "\n")
    missed = sum(not row.holds for row in rows)
    print(f"figures: {len(rows)}; beyond their bound: {missed}; also in {given.out}")
    return 1 if missed else 0


def measured(area: str) -> list[Row]:
    """The rows of one area; what breaks while measuring is a row that does not hold."""
    module = f"{__package__}.{area}"
    if find_spec(module) is None:
        return [Row(area, "everything", "not measured", "a module of its own", False)]
    rows: list[Row] = []
    began = time.monotonic()
    try:
        for row in import_module(module).rows():
            rows.append(row)
            sys.stderr.write(f"{area}: {row.what}\n")
    except Exception as error:  # noqa: BLE001 - the other areas are measured all the same
        rows.append(Row(area, "the rest of it", f"{type(error).__name__}: {error}"[:200], "no error", False))
    sys.stderr.write(f"{area}: {len(rows)} figures in {time.monotonic() - began:.0f} s\n")
    return rows


def table_of(rows: list[Row]) -> Table:
    table = Table("area", "what was measured", "measured", "must be", "holds", title="Evidence")
    table.columns[2].justify = "right"
    for row in rows:
        shown = f"{row.measured:,.6g}" if isinstance(row.measured, float) else row.measured
        table.add_row(row.area, row.what, shown, row.bound, "yes" if row.holds else "[bold red]NO[/]")
    return table


def as_plain(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__dataclass_fields__}


if __name__ == "__main__":
    sys.exit(main())
