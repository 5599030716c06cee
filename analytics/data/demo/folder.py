"""Where demonstration data are written: whole, or not at all, and never over anybody else's files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.errors import ParamsError

MARKER = ".workbook-demo.json"
ROWS_AT_ONCE = 200_000


class TableFiles:
    """The Parquet files of one organisation; rows are gathered and written in groups of some size."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._waiting: dict[str, list[Any]] = {}

    def write(self, name: str, columns: Mapping[str, Any]) -> None:
        """Append rows to a table; the first ones decide columns and types."""
        waiting = self._waiting.setdefault(name, [])
        waiting.append(pa.table(dict(columns)))
        if sum(table.num_rows for table in waiting) >= ROWS_AT_ONCE:
            self._flush(name)

    def _flush(self, name: str) -> None:
        table = pa.concat_tables(self._waiting.pop(name)).combine_chunks()
        if name not in self._writers:
            path = self._folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(path, table.schema, compression="zstd")
        self._writers[name].write_table(table, row_group_size=ROWS_AT_ONCE)

    def __enter__(self) -> TableFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name in list(self._waiting):
                self._flush(name)
        for writer in self._writers.values():
            writer.close()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object with sorted keys, always the same bytes for the same content."""
    path.write_text(
        json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


@contextmanager
def replaced_folder(out: Path, written_by: Mapping[str, Any]) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `out` when everything in it is written.

    Parameters
    ----------
    out : Path
        Folder to write. It may be missing, empty, or hold nothing but what an earlier run wrote.
    written_by : mapping
        Remembered in the marker file, beside the list of files.

    Yields
    ------
    Path
        A private folder beside `out`. When an exception leaves the block, it is removed and `out` untouched.

    Raises
    ------
    ParamsError
        If `out` holds anything that this function did not write.
    """
    refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as private:
        fresh = Path(private) / "new"
        fresh.mkdir()
        yield fresh
        files = sorted(path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file())
        write_json(fresh / MARKER, {**written_by, "files": files})
        refuse_foreign(out)
        before = Path(private) / "old"
        if out.exists():
            out.rename(before)
        try:
            fresh.rename(out)
        except OSError:
            if before.exists():
                before.rename(out)
            raise


def refuse_foreign(out: Path) -> None:
    """Raise ParamsError unless `out` is missing, empty, or holds only what `workbook demo` wrote."""
    if not out.exists():
        return
    if not out.is_dir() or out.is_symlink():
        raise ParamsError(f"{out} is not a folder; name a new or an empty folder for the demonstration data")
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    foreign = sorted(present - _listed(out / MARKER))
    if foreign:
        some = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ParamsError(
            f"{out} holds {len(foreign)} file(s) that `workbook demo` did not write ({some}); "
            "nothing was changed. Name a new or an empty folder with --out, or move these files away"
        )


def _listed(marker: Path) -> set[str]:
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
        return {str(name) for name in content["files"]} | {MARKER}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
