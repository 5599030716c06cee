"""Files that are whole or not there: written under another name, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader finds the old one or the new one, never a part.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if needed.
    text : str
        Its content, written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """Provide a private folder on the file system of `out`, so that its files can be renamed into place."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_into_place(made: Path, target: Path, stem: str) -> tuple[str, ...]:
    """Rename a report's finished files into its folder, in place of those of an earlier run.

    Files that the earlier run made and this one did not are removed first: an old workbook must not stand
    beside a new page as if it were current. The page comes last.

    Parameters
    ----------
    made : pathlib.Path
        Folder with the finished files, all named ``<stem>.<something>``.
    target : pathlib.Path
        The report's folder.
    stem : str
        Name of the notebook.

    Returns
    -------
    tuple of str
        Names of the files, the page first.
    """
    target.mkdir(parents=True, exist_ok=True)
    new = sorted(made.glob(f"{stem}.*"), key=lambda path: (path.suffix == ".html", path.name))
    names = {path.name for path in new}
    for old in target.glob(f"{stem}.*"):
        if old.name not in names:
            old.unlink()
    for path in new:
        path.replace(target / path.name)
    return tuple(path.name for path in reversed(new))
