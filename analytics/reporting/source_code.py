"""Which code a report is made by: the modules of the package that its notebook reaches, and their content.

Imports are read as syntax, nothing is imported: those inside functions count like any other, so that too
much is reached rather than too little. Files that are not Python, templates for instance, belong to every
module of the package in whose folder they lie.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from analytics.params.file_digests import FileDigests

PACKAGE = "analytics"
_HOME = Path(__file__).resolve().parents[1]
_READ = "code-1"  # another name where what is read from a file changes


class SourceCode:
    """The package's modules, as they are on the disk now.

    Parameters
    ----------
    digests : FileDigests
        Remembers what was read from which file.
    home : pathlib.Path
        Folder of the package.
    """

    def __init__(self, digests: FileDigests, home: Path = _HOME) -> None:
        self._digests, self._home = digests, home
        self._modules: dict[str, tuple[str, frozenset[str]]] = {}
        self._meant: dict[str, tuple[str, ...]] = {}
        self._data: dict[Path, list[Path]] = {}
        for path in sorted(_data_files(home)):
            self._data.setdefault(_package_of(path), []).append(path)

    def reached_from(self, names: Iterable[str]) -> frozenset[str]:
        """Return the modules that some names reach, those of the names included.

        Parameters
        ----------
        names : iterable of str
            Dotted names of modules or of what they hold; other packages' are passed over.

        Returns
        -------
        frozenset of str
            With the packages that they lie in, whose ``__init__`` runs as well.
        """
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            for module in self._of_the_package(waiting.pop()):
                if module not in found:
                    found.add(module)
                    waiting += self._module(module)[1]
        return frozenset(found)

    def digest(self, modules: Iterable[str], *, beside: bool = True) -> str:
        """Sum up modules: their names, their content, and the data files beside them.

        Parameters
        ----------
        modules : iterable of str
            As `reached_from` returns them.
        beside : bool
            Whether the data files count.

        Returns
        -------
        str
            SHA-256 in hexadecimal digits; the order of the modules does not matter.
        """
        said = hashlib.sha256()
        modules = sorted(set(modules))
        for name in modules:
            said.update(f"{name} {self._module(name)[0]}\n".encode())
        for path in (
            ()
            if not beside
            else dict.fromkeys(p for name in modules for p in self._data.get(self._path(name).parent, ()))
        ):
            said.update(f"{path.relative_to(self._home).as_posix()} {self._digests.of(path)}\n".encode())
        return said.hexdigest()

    def _of_the_package(self, name: str) -> tuple[str, ...]:
        """Return the module that a name means or lies in, and the packages above it."""
        if name not in self._meant:
            parts = name.split(".") if name.partition(".")[0] == PACKAGE else []
            above = [".".join(parts[: n + 1]) for n in range(len(parts))]
            while above and not self._path(above[-1]).is_file():
                above.pop()
            self._meant[name] = tuple(above)
        return self._meant[name]

    def _path(self, name: str) -> Path:
        place = self._home.joinpath(*name.split(".")[1:])
        return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")

    def _module(self, name: str) -> tuple[str, frozenset[str]]:
        """Return a module's digest, and the names that it imports."""
        if name not in self._modules:
            path = self._path(name)
            digest, imports = json.loads(self._digests.of(path, f"{_READ}:{name}", lambda p: _read(name, p)))
            self._modules[name] = digest, frozenset(imports)
        return self._modules[name]


def imported_by(source: str, package: str = "") -> frozenset[str]:
    """Read the names that a piece of code imports, at any depth.

    Parameters
    ----------
    source : str
        Python; lines that begin with ``%`` or ``!``, as notebooks have them, are passed over.
    package : str
        What relative imports are relative to.

    Returns
    -------
    frozenset of str
        ``a.b`` for ``import a.b``; ``a.b`` and ``a.b.c`` for ``from a.b import c``.

    Raises
    ------
    SyntaxError
        If it is not Python.

    Examples
    --------
    >>> sorted(imported_by("from analytics.words import clv"))
    ['analytics.words', 'analytics.words.clv']
    """
    plain = "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in source.splitlines())
    return frozenset(_names(ast.parse(plain), package))


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _dynamic(node):
            yield from (
                a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk through code without what only type checkers read."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _dynamic(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def _read(name: str, path: Path) -> str:
    """Read what must be known of a module, as JSON: it is remembered as text."""
    body = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return json.dumps([hashlib.sha256(body).hexdigest(), sorted(set(_names(ast.parse(body), package)))])


def _data_files(home: Path) -> Iterator[Path]:
    """Files of the package that are no Python, without what caches leave there."""
    for folder, folders, files in os.walk(home):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        yield from (
            Path(folder, name) for name in files if not name.endswith((".py", ".pyc")) and name[0] != "."
        )


def _package_of(path: Path) -> Path:
    return next(folder for folder in path.parents if (folder / "__init__.py").is_file())
