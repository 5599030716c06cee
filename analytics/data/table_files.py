"""Which files of a source are which table's: found by name, inside the source's folder and nowhere else.

No engine is imported: the state of a source can be told from its files alone.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from analytics.data import delimited
from analytics.errors import SourceError, nearest
from analytics.params.source import Source

_PARQUET = (".parquet", ".pq")


def find_files(folder: Path, name: str, wanted: str | None) -> list[Path]:
    """Find a table's files inside a folder, and nowhere else.

    Parameters
    ----------
    folder : Path
        Symbolic links resolved.
    name : str
        Name in the contract: ``sales`` is ``sales.parquet``, ``sales.csv``, ``sales/*.parquet``, …
    wanted : str, optional
        A file's name or pattern from the params, in place of those.

    Returns
    -------
    list of Path
        In order of their names; empty where nothing was named and nothing is there.

    Raises
    ------
    SourceError
        If a named file is missing, or lies outside the folder.
    """
    if wanted is not None:
        if Path(wanted).is_absolute() or ".." in Path(wanted).parts:
            raise SourceError(
                f"tables: {name}: from: {wanted!r} leads out of the source's folder; name a file in it"
            )
        files = sorted(folder.glob(wanted))
        if not files:
            inside = [path.name for path in folder.iterdir()]
            raise SourceError(
                f"tables: {name}: from: there is no {wanted!r} in {folder}{nearest(wanted, inside)}; "
                f"the folder holds {listed(inside)}"
            )
    else:
        suffixes = (*_PARQUET, *delimited.SUFFIXES)
        files = [path for suffix in suffixes if (path := folder / f"{name}{suffix}").exists()]
        if (folder / name).is_dir():
            files += sorted(p for p in (folder / name).iterdir() if p.name.lower().endswith(suffixes))
        if len({path.parent for path in files}) > 1 or sum(path.parent == folder for path in files) > 1:
            found = listed([str(path.relative_to(folder)) for path in files])
            raise SourceError(
                f"{name} is there more than once: {found}; keep one, or name it (tables: {name}: from)"
            )
    for path in files:
        if not path.resolve().is_relative_to(folder):
            raise SourceError(
                f"{path.name} is a link that leads out of the source's folder; put the file there"
            )
        if not path.is_file():
            raise SourceError(
                f"tables: {name}: from: {path.name} is not a file; name one, or a pattern like "
                f"{path.name}/*.csv"
            )
    return files


def existing_folder(source: Source) -> Path:
    """Return the folder of a source of files, symbolic links resolved.

    Raises
    ------
    SourceError
        If there is none, or it leads out of the package that it lies in.
    """
    if source.kind == "package":
        spec = find_spec(source.package or "")  # finds, never imports: importing may change the process
        if spec is None or not spec.submodule_search_locations:
            raise SourceError(
                f"the Python package {source.package!r} is not installed; install it, or name another source"
            )
        base = Path(next(iter(spec.submodule_search_locations))).resolve()
        folder = (base / (source.path or "")).resolve()
        if not folder.is_relative_to(base):
            raise SourceError(f"path {source.path} leads out of the package {source.package!r}")
    else:
        assert source.path is not None
        folder = source.path.expanduser().resolve()
    if not folder.exists():
        raise SourceError(f"there is no folder {folder}; check path (it is relative to the params file)")
    if not folder.is_dir():
        raise SourceError(
            f"{folder} is a file; give path the folder it lies in, and name the file under tables: from"
        )
    return folder


def existing_file(source: Source) -> Path:
    """Return the file of a database that is a file, symbolic links resolved.

    Raises
    ------
    SourceError
        If there is none.
    """
    assert source.path is not None
    file = source.path.expanduser().resolve()
    if not file.is_file():
        raise SourceError(f"there is no file {file}; check path (it is relative to the params file)")
    return file


def listed(names: list[str], limit: int = 10) -> str:
    """Name a few things, and say how many more there are."""
    shown = sorted(names)[:limit]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{', '.join(shown)}{more}" if names else "nothing"
