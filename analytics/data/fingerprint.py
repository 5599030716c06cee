"""A fingerprint of an organisation's data: the same data and mapping give the same text, anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.data.sources import OpenSource

LARGE = 64 * 1024 * 1024
_ENDS = 1024 * 1024


def fingerprint(
    source: OpenSource, figures: Mapping[str, Mapping[str, Any]], kept: Sequence[str] = ()
) -> str:
    """Sum up what an organisation's data are.

    Parameters
    ----------
    source : OpenSource
        After its tables were read.
    figures : mapping of table to mapping
        Answers of the validation queries: counts, first and newest event, sums.
    kept : sequence of str
        Digests of the batches of the workbook's own that were read beside the source.

    Returns
    -------
    str
        16 hexadecimal digits of the SHA-256 of the mapping, of each file's name and content, for a database
        of the figures of its tables, and of the kept batches. No clock and no absolute path goes in.
    """
    digest = hashlib.sha256()
    params = source.source.model_dump(mode="json", exclude={"path", "url", "memory", "threads"})
    digest.update(json.dumps([source.organisation, params], sort_keys=True).encode())
    if source.dialect.name == "postgres":
        timeless = {
            table: {n: v for n, v in said.items() if n != "coming"} for table, said in figures.items()
        }
        digest.update(json.dumps(timeless, sort_keys=True, default=str).encode())
    for file in sorted(with_logs(source.files)):
        name = file.relative_to(source.folder) if source.folder is not None else file.name
        digest.update(str(name).encode())
        digest.update(content(file))
    for batch in kept:
        digest.update(batch.encode())
    return digest.hexdigest()[:16]


def basis(source: OpenSource) -> str:
    """Say what a fingerprint was made from, for the page.

    Parameters
    ----------
    source : OpenSource
        After its tables were read.

    Returns
    -------
    str
        Such as ``from the content of 3 files``.
    """
    if source.dialect.name == "postgres":
        return "from counts, first and newest events and checksums of the tables"
    files = with_logs(source.files)
    large = sum(file.stat().st_size > LARGE for file in files)
    said = []
    if len(files) > large:
        said.append(f"the content of {_files(len(files) - large)}")
    if large:
        said.append(f"size, time of change and both ends of {_files(large)} above {LARGE >> 20} MB")
    return f"from {' and '.join(said)}"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def with_logs(files: list[Path]) -> list[Path]:
    """Add the write-ahead logs of databases, which hold what their files do not yet."""
    logs = [file.with_name(file.name + end) for file in files for end in ("-wal", ".wal")]
    return [*files, *(log for log in logs if log.is_file())]


def content(file: Path) -> bytes:
    """Identify a file's content.

    Up to 64 MB by its bytes. A larger one by its size, its time of change and its two ends, where Parquet
    keeps its statistics: reading 20 GB to tell whether they changed would cost more than the report.
    """
    status = file.stat()
    with file.open("rb") as stream:
        if status.st_size <= LARGE:
            return hashlib.file_digest(stream, "sha256").digest()
        digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode())
        digest.update(stream.read(_ENDS))
        stream.seek(-_ENDS, 2)
        digest.update(stream.read(_ENDS))
        return digest.digest()
