"""A YAML file as plain values, with the line of every key, and all that is wrong with it at once.

The dialect is the plain core of YAML: ``true`` and ``false`` are the only truth values, so that a country
code ``no`` stays a text; dates stay texts until a model asks for a date. ``${NAME}`` and
``${NAME:-default}`` inside a text are taken from the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from analytics.errors import ParamsError, nearest

Location = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with its place."""

    path: Path
    line: int
    where: Location
    message: str

    def __str__(self) -> str:
        """Write the problem as one line: file, line, key path, what is wrong."""
        key = spelled(self.where)
        return f"{shown(self.path)}, line {self.line}: {f'{key}: ' if key else ''}{self.message}"


@dataclass(frozen=True)
class Document:
    """The content of one YAML file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    data : object
        Its content: mappings, lists, texts, numbers, truth values and None.
    lines : mapping of key path to int
        The line of every key and list item, counted from 1.
    variables : mapping of key path to bool
        The texts that hold a ``${NAME}``; True where its value came from the environment and must never be
        quoted, False where it is the default that the file itself gives.
    """

    path: Path
    data: Any
    lines: Mapping[Location, int] = field(repr=False)
    variables: Mapping[Location, bool] = field(repr=False)

    def line(self, where: Location) -> int:
        """Return the line of a key, or of the nearest key around it."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.lines:
                return self.lines[where[:length]]
        return 1

    def problem(self, where: Location, message: str) -> Problem:
        """Describe something wrong at a key."""
        return Problem(self.path, self.line(where), where, message)

    def is_secret(self, where: Location) -> bool:
        """Whether a value must not be quoted: it came from the environment, or its key says so."""
        return self.variables.get(where, False) or any(
            re.search("url|password|secret|token|dsn|credential", str(part), re.IGNORECASE) for part in where
        )


def read_document(path: Path, *, environment: Mapping[str, str] | None = None) -> Document:
    """Read a YAML file.

    Parameters
    ----------
    path : pathlib.Path
        The file, in UTF-8.
    environment : mapping of str to str, optional
        Where ``${NAME}`` is looked up; by default the environment of the process.

    Returns
    -------
    Document
        Values with their lines.

    Raises
    ------
    ParamsError
        If the file is missing, empty, not YAML or not UTF-8, if a key stands twice, or if a variable of the
        environment is missing; all that can be found at once.
    """
    text = _text(path)
    try:
        root = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        line = (mark.line if mark else 0) + 1
        raise ParamsProblems([Problem(path, line, (), f"this is not YAML: {said}")]) from None
    except yaml.YAMLError as error:
        said = str(error).splitlines()[0]
        raise ParamsProblems([Problem(path, 1, (), f"this is not YAML: {said}")]) from None
    if root is None:
        raise ParamsProblems(
            [Problem(path, 1, (), "the file is empty; it must be a mapping of keys to values")]
        )
    reader = _Reader(path, os.environ if environment is None else environment)
    data = reader.value(root, ())
    refuse(reader.problems)
    return Document(path, data, reader.lines, reader.variables)


class ParamsProblems(ParamsError):
    """Params are wrong in one or more places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(set(problems), key=lambda p: (str(p.path), p.line, spelled(p.where), p.message))
        )
        lines = [str(problem) for problem in self.problems]
        many = [f"{len(lines)} things are wrong:", *(f"  {line}" for line in lines)]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(many))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise one error that names all problems, in the order of the files.

    Raises
    ------
    ParamsProblems
        Always, unless there is no problem.
    """
    if found := list(problems):
        raise ParamsProblems(found)


def spelled(where: Location) -> str:
    """Write a key path as people do.

    Examples
    --------
    >>> spelled(("organisations", 2, "source", "path"))
    'organisations[2].source.path'
    """
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def shown(path: Path) -> str:
    """Return a path as short as it can be said: relative to where the command was given, if inside."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def quoted(value: object) -> str:
    """Quote a value of a params file in a message, in its own words and at most 60 characters.

    Examples
    --------
    >>> quoted(True), quoted("x" * 100)[-3:], quoted({"a": 1})
    ('true', 'x…"', 'a mapping')
    """
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\n", " ")
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'


def _text(path: Path) -> str:
    """Read the file's text, or say why it cannot be read."""
    if path.is_dir():
        raise ParamsError(f"{shown(path)} is a folder; a YAML file is needed here")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        others = (
            [p.name for p in folder.iterdir() if p.suffix in {".yml", ".yaml"}] if folder.is_dir() else []
        )
        hint = nearest(path.name, others) or (
            f"; the folder has {', '.join(sorted(others))}" if others else ""
        )
        raise ParamsError(f"there is no file {shown(path)}{hint}") from None
    except OSError as error:
        raise ParamsError(f"{shown(path)} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ParamsError(f"{shown(path)}, line {line}: not UTF-8; save the file as UTF-8") from None
    if text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        raise ParamsError(f"{shown(path)}, line 1: this is a web page, not YAML")
    return text


class _CoreLoader(yaml.SafeLoader):
    """SafeLoader with the truth values, numbers and null of YAML's core schema, and nothing cleverer."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first)
    )


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same rules in libyaml, which PyYAML brings along for most systems."""

    yaml_implicit_resolvers = _CoreLoader.yaml_implicit_resolvers


def _composed(text: str) -> yaml.Node | None:
    """Read the nodes of a file; where libyaml stumbles, Python's own reader says why."""
    try:
        return yaml.compose(text, Loader=_FastLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_CoreLoader)


class _Reader:
    """Walk the nodes of one file, noting lines and problems."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path = path
        self.environment = environment
        self.lines: dict[Location, int] = {}
        self.variables: dict[Location, bool] = {}
        self.problems: list[Problem] = []
        self._inside: list[int] = []

    def value(self, node: yaml.Node, where: Location) -> Any:
        """Return the plain value of a node."""
        self.lines.setdefault(where, node.start_mark.line + 1)
        if id(node) in self._inside:
            self._report(node, where, "an anchor refers to itself")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        self._inside.append(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*where, i)) for i, item in enumerate(node.value)]
            return self._mapping(node, where)
        finally:
            self._inside.pop()

    def _mapping(self, node: yaml.Node, where: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(key_node, where, "a key must be a text")
                continue
            if key_node.tag.endswith(":merge"):
                self._report(key_node, where, "merge keys (<<) are not supported; write the keys out")
                continue
            key = key_node.value
            if key in first_line:
                self.problems.append(
                    Problem(
                        self.path,
                        line,
                        (*where, key),
                        f"this key stands twice, first in line {first_line[key]}; leave one of the two out",
                    )
                )
                continue
            first_line[key] = line
            self.lines[(*where, key)] = line
            found[key] = self.value(value_node, (*where, key))
        return found

    def _scalar(self, node: yaml.ScalarNode, where: Location) -> Any:
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "null":
            return None
        if kind == "bool":
            return node.value.lower() == "true"
        if kind == "int":
            return int(node.value)
        if kind == "float":
            return float(node.value)
        if kind != "str":
            self._report(node, where, f"the tag {node.tag} is not supported; write a plain value")
            return None
        return self._substituted(node, where)

    def _substituted(self, node: yaml.ScalarNode, where: Location) -> str:
        text = str(node.value)
        if "${" not in text:
            return text

        def look_up(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            found = self.environment.get(name) or default
            if found is None:
                hint = nearest(name, self.environment)
                self._report(
                    node,
                    where,
                    f"the environment has no variable {name}{hint}; set it, or write ${{{name}:-default}}",
                )
            from_environment = bool(self.environment.get(name))
            self.variables[where] = self.variables.get(where, False) or from_environment
            return found or ""

        replaced = _VARIABLE.sub(look_up, text)
        if "${" in _VARIABLE.sub("", text):
            self._report(node, where, "${…} must hold a name: ${NAME} or ${NAME:-default}")
        return replaced

    def _report(self, node: yaml.Node, where: Location, message: str) -> None:
        self.problems.append(Problem(self.path, node.start_mark.line + 1, where, message))
