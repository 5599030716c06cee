"""The key of a report: what it is made from, apart from its data, summed up in one text.

Two keys of a report are equal where its notebook, the code that it reaches, the packages installed and its
parameters are; then the same data give the same figures. A second key is for what stands around the figures
on their page, which can be drawn again without them.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from analytics.params import Job, Organisation
from analytics.params.file_digests import FileDigests
from analytics.params.notebooks import notebook_names, read_card
from analytics.params.rules import rule_files
from analytics.reporting.source_code import PACKAGE, SourceCode, imported_by
from analytics.reporting.task import Task

DISTRIBUTION = "customer-analytics-workbook"
_REPORTING = f"{PACKAGE}.reporting"
EXECUTING = tuple(
    f"{_REPORTING}.{name}"
    for name in (
        "execution", "kernel", "ordinary", "watch",
        "warm.child", "warm.client", "warm.engine", "warm.parent", "warm.preload", "warm.wire",
    )
)  # fmt: skip
"""The modules by which notebooks are executed; what they import beside is not part of any report."""

READINESS_CODE = f"{PACKAGE}.data.readiness"
"""The module that holds what notebooks need against the data: a report that reaches it tells of them all."""

_DRAWING = (f"{_REPORTING}.making", f"{_REPORTING}.failures")
_NO_FIGURE = frozenset(
    {
        *("timeframes", "notebooks", "parameters", "rules"),
        *("time_limit", "memory_limit", "limits", "retry_after", "email"),
    }
)
_NO_DATA = frozenset({"path", "url", "memory", "threads"})


class Keys:
    """The keys of a run's reports; code, notebooks and rules are read once.

    Parameters
    ----------
    digests : FileDigests
    code : SourceCode, optional
        By default the package as it is on the disk.
    """

    def __init__(self, digests: FileDigests, code: SourceCode | None = None) -> None:
        self._digests, self._code = digests, code or SourceCode(digests)
        self._notebooks: dict[Path, tuple[str, frozenset[str], str]] = {}
        self._settings: dict[str, str] = {}
        self._needs: dict[str, list[Any]] = {}
        self._drawing = ""
        self._executing = ""

    def of_report(self, task: Task, job: Job) -> str:
        """Sum up what a report is made from, apart from its data.

        Parameters
        ----------
        task : Task
        job : Job
            The same report's, for the organisation.

        Returns
        -------
        str
            SHA-256 in hexadecimal digits. The order of mappings, where things lie, limits of time and memory
            and secrets do not go into it.

        Raises
        ------
        OSError, ParamsError
            If the notebook or a module cannot be read; another notebook, for a report that tells of all.
        """
        cells, modules, code = self._notebook(task.notebook)
        self._executing = self._executing or self._code.digest(EXECUTING, beside=False)
        organisation = job.organisation
        if organisation.id not in self._settings:
            self._settings[organisation.id] = _digest(self._said(organisation))
        said = {
            "notebook": cells,
            "code": [code, self._executing],
            "installed": installed(),
            "parameters": dict(task.parameters),
            "organisation": self._settings[organisation.id],
        }
        if READINESS_CODE in modules:
            said["reports"] = self._cards(organisation, task.notebook.parent)
        return _digest(said)

    def of_page(self, task: Task) -> str:
        """Sum up what stands around a report's figures: the page's code, and the links to other reports."""
        if not self._drawing:
            modules = self._code.reached_from([f"{_REPORTING}.page"])
            self._drawing = self._code.digest(modules.union(_DRAWING))
        context = task.context
        links = [[asdict(name) for name in names] for names in (context.siblings, context.timeframes)]
        said = [context.locale, context.currency, context.parameters, context.versions]
        return _digest([self._drawing, asdict(context.report), links, *said])

    def modules(self, notebook: Path) -> frozenset[str]:
        """Return the modules of the package that a notebook reaches."""
        return self._notebook(notebook)[1]

    def _notebook(self, path: Path) -> tuple[str, frozenset[str], str]:
        """Return a notebook's digest without its outputs, the modules that it reaches, and their digest."""
        if path not in self._notebooks:
            content = json.loads(path.read_text(encoding="utf-8"))
            cells = [[c["cell_type"], _text(c["source"]), c.get("metadata", {})] for c in content["cells"]]
            names: set[str] = set()
            for kind, source, _ in cells:
                if kind == "code":
                    names |= _imports(source)
            modules = self._code.reached_from(names)
            said = _digest([cells, content.get("metadata", {})])
            self._notebooks[path] = said, modules, self._code.digest(modules)
        return self._notebooks[path]

    def _cards(self, organisation: Organisation, folder: Path) -> list[Any]:
        """Return what each of an organisation's notebooks says of its tables and blocks, in their order."""
        for name in set(notebook_names(folder)) - self._needs.keys():
            card = read_card(name, folder)
            self._needs[name] = [
                name,
                card.title,
                card.required,
                card.optional,
                card.blocks,
                card.opens_refused,
            ]
        return [self._needs.get(name) for name in organisation.notebooks or sorted(self._needs)]

    def _said(self, organisation: Organisation) -> dict[str, Any]:
        """Return an organisation's settings, as far as a figure may depend on them."""
        said = organisation.model_dump(mode="json", exclude=set(_NO_FIGURE))
        said["source"] = {name: value for name, value in said["source"].items() if name not in _NO_DATA}
        said["rules"] = {name: self._digests.of(path) for name, path in rule_files(organisation).items()}
        return said


@cache
def installed() -> Mapping[str, str]:
    """Return the versions of Python and of every package that the workbook asks for, without its extras.

    Returns
    -------
    mapping of str to str
        A package that is missing has the version ``-``.
    """
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        lines = []
    found = {"python": sys.version}
    for line in lines:
        if "extra ==" not in line and (name := re.match(r"[\w.-]+", line)):
            try:
                found[name[0]] = version(name[0])
            except PackageNotFoundError:
                found[name[0]] = "-"
    return found


def _imports(source: str) -> frozenset[str]:
    try:
        return imported_by(source)
    except SyntaxError:
        return frozenset({PACKAGE})  # it will fail, and is made again each time


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _digest(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
