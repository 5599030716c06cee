"""Files that are whole or not there: written under another name, then renamed.

A report is several files that belong together. They are renamed one after another, so before the first is,
the intent to place them is written down: whoever finds it after a kill finishes what was begun (`recover`).
Until then the report has no page: the old one goes first and the new one comes last, so that no page ever
stands beside figures of another run.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part-"
"""How the names of files begin that are still being written."""
WORK = ".work-"
_INTENT = "intent.json"
_PAGE = ".html"


def write_whole(path: Path, content: str | bytes, *, wait: bool = True) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if needed.
    content : str or bytes
        Text is written as UTF-8, its lines as they are.
    wait : bool
        Wait until the disk has it, lest a power cut leave it empty. Not needed for what can be drawn again.

    Raises
    ------
    OSError
        If it cannot be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{PART}{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            if wait:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """Provide a private folder on the file system of `out`, so that its files can be renamed into place."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=WORK, dir=out))
    try:
        yield folder
    finally:
        with suppress(OSError):
            _finish(folder)
        _remove(folder)


def put_into_place(made: Path, target: Path, stem: str) -> tuple[str, ...]:
    """Rename a report's finished files into its folder, in place of those of an earlier run.

    Parameters
    ----------
    made : pathlib.Path
        Folder with the finished files, all named ``<stem>.<something>``, inside a folder of the report's own.
    target : pathlib.Path
        The report's folder.
    stem : str
        Name of the notebook.

    Returns
    -------
    tuple of str
        Names of the files, the page first.

    Raises
    ------
    OSError
        If they cannot be put there; the report then has no page, or the old one with all that is its own.
    """
    target.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in made.glob(f"{stem}.*"))
    for name in names:
        _sync(made / name)
    intent = made.parent / _INTENT
    into = os.path.relpath(target, made.parent)
    write_whole(intent, json.dumps({"made": made.name, "target": into, "stem": stem, "names": names}))
    try:
        _place(made, target, stem, names)
    finally:  # not reached where the process is killed
        intent.unlink()
    return tuple(sorted(names, key=_page_last, reverse=True))


def take_away(target: Path, stem: str) -> None:
    """Remove a report's files of an earlier run, the page first."""
    for old in sorted(target.glob(f"{stem}.*"), key=lambda path: _page_last(path.name), reverse=True):
        old.unlink()


def recover(out: Path) -> int:
    """Finish what a run that was killed had begun to put into place, and remove what it left half written.

    Parameters
    ----------
    out : pathlib.Path
        The folder of reports, which no other run may be using.

    Returns
    -------
    int
        How many runs left something.
    """
    left = list(out.glob(f"{WORK}*"))
    for folder in left:
        _finish(folder)
        _remove(folder)
    if left:
        remove_parts(out)
    return len(left)


def remove_parts(out: Path) -> None:
    """Remove what processes that are no more have left half written; a part that stays harms nobody."""
    for part in out.rglob(f"{PART}*"):
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _finish(work: Path) -> None:
    """Finish what was begun in a work folder."""
    for intent in work.glob(f"*/{_INTENT}"):
        said = json.loads(intent.read_text(encoding="utf-8"))
        target = (intent.parent / said["target"]).resolve()
        _place(intent.parent / said["made"], target, said["stem"], said["names"])
        intent.unlink()


def _place(made: Path, target: Path, stem: str, names: Sequence[str]) -> None:
    """Bring files from one folder to another; where it was begun before, the rest of them.

    A file that is no longer where it was made is in place already.
    """
    there = [name for name in names if not (made / name).exists()]
    for old in sorted(target.glob(f"{stem}.*"), key=lambda path: _page_last(path.name), reverse=True):
        if old.name not in there:
            old.unlink()
    for name in sorted(set(names) - set(there), key=_page_last):
        (made / name).replace(target / name)


def _page_last(name: str) -> tuple[bool, str]:
    return name.endswith(_PAGE), name


def _sync(path: Path) -> None:
    """Have a file's content on the disk before its name, lest a power cut leave an empty one under it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    """Remove a folder in which a process that is being killed may still be writing."""
    for pause in (0.0, 0.05, 0.2, 0.5):
        time.sleep(pause)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
