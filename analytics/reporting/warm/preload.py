"""Import and rehearse in the parent what notebooks will; see that it left nothing that a fork would break."""

from __future__ import annotations

import ast
import json
import sys
import threading
from collections.abc import Iterator, Set
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_SURVIVES_A_FORK = frozenset({"jemalloc_bg_thd"})  # pyarrow's allocator brings its own handlers for forks

_LATER = {
    "ibis": ("ibis.backends.duckdb", "ibis.backends.duckdb.converter", "ibis.formats.pandas"),
    "duckdb": ("ipywidgets",),  # for its progress bar, where there is a shell
    "pyarrow": ("pyarrow.pandas_compat",),
    "matplotlib": ("matplotlib.pyplot", "seaborn"),
}
"""What reports import by and by, once they have imported a library: by name, and only imports."""

_REHEARSALS = {"analytics.report": "analytics.rehearsal:rehearse", "sklearn": "analytics.rehearsal:fit"}
"""Where a module was imported, a function that does once what all reports with it begin with."""

_LATER_IN = {"analytics.models.churn": ("skops.io",)}
"""The same of notebooks that import a module themselves: to keep a model takes skops, slow to import."""


def import_for(notebook: Path) -> None:
    """Import what a notebook's cells import.

    What cannot be imported is left to the report, whose traceback says it best.

    Parameters
    ----------
    notebook : pathlib.Path
    """
    own = set()
    for name in imported_names(notebook):
        module, _, attribute = name.partition(":")
        own.add(module)
        with suppress(Exception, SystemExit):
            found = import_module(module)
            if attribute and not hasattr(found, attribute) and find_spec(f"{module}.{attribute}"):
                import_module(f"{module}.{attribute}")
    for needed, known in ((_LATER, sys.modules), (_LATER_IN, own)):
        for module in (module for name, modules in needed.items() if name in known for module in modules):
            with suppress(Exception):
                import_module(module)
    for library, rehearsal in _REHEARSALS.items():
        if library in sys.modules:
            _rehearse(rehearsal)


@cache
def _rehearse(name: str) -> None:
    """Call a function once; reports begin without it where it fails."""
    module, _, function = name.partition(":")
    with suppress(Exception):
        getattr(import_module(module), function)()


def imported_names(notebook: Path) -> list[str]:
    """Return what a notebook imports at the top level of its cells, as ``module`` or ``module:name``.

    Parameters
    ----------
    notebook : pathlib.Path
        One that cannot be read imports nothing; nor does a cell that is not plain Python.

    Returns
    -------
    list of str
        In the notebook's order.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for cell in cells if cell.get("cell_type") == "code" for name in _names(cell)]


def _names(cell: dict[str, list[str] | str]) -> Iterator[str]:
    try:
        body = ast.parse("".join(cell["source"])).body
    except (SyntaxError, ValueError):
        return
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield from (f"{statement.module}:{alias.name}" for alias in statement.names)


def other_threads() -> list[str]:
    """Name the threads beside the one that calls: a fork would copy the locks they hold, but not them.

    Returns
    -------
    list of str
        Those of Python by their names there, those of libraries by the system's; empty where a fork is safe.
    """
    own, current = threading.get_native_id(), threading.current_thread()  # whose number is old after a fork
    python = {t.native_id: t.name for t in threading.enumerate() if t is not current}
    found = sorted(python.values())
    if sys.platform.startswith("linux"):
        for task in Path("/proc/self/task").iterdir():
            name = (task / "comm").read_text().strip()
            if int(task.name) not in python | {own: ""} and name not in _SURVIVES_A_FORK:
                found.append(name)
    return found


def other_sockets(known: Set[int]) -> list[str]:
    """Name the sockets beside those that are known: reports that were forked would read each other's answers.

    Parameters
    ----------
    known : set of int
        Numbers of files.

    Returns
    -------
    list of str
        As the system names them; empty where a fork is safe.
    """
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # what lists the folder is in it
            if int(entry.name) not in known and (name := str(entry.readlink())).startswith("socket:"):
                found.append(name)
    return sorted(found)
