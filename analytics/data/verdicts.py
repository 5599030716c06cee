"""What validation has said of a table in this run, so that no report of the run need ask again.

The batch holds every organisation's data against the contract before anything runs, and each report opens
them in a process of its own. Between the two stands a folder of the run, named in `CHECKED`: one small file
for each table, valid for the same files in the same state, the same params and the same run. Nothing is kept
where the source cannot say cheaply that it has not changed: a database server is asked again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.data.contract import CONTRACT
from analytics.data.fingerprint import with_logs
from analytics.data.sources import OpenSource, View
from analytics.data.validation import Finding, Verdict
from analytics.params.run import CHECKED


@dataclass(frozen=True)
class Said:
    """What is remembered of a table: the verdict, and the view that leaves the rows that it leaves.

    Without a view, where that needs what a session has computed for itself.
    """

    verdict: Verdict
    view: View | None = None


class Verdicts:
    """The verdicts of a run on one organisation's tables.

    Parameters
    ----------
    source : OpenSource
    started : datetime
        When the run started: a rule asks whether events lie after it.
    folder : pathlib.Path, optional
        Where verdicts are; by default what `CHECKED` names. Without one nothing is remembered.
    """

    def __init__(self, source: OpenSource, started: datetime, folder: Path | None = None) -> None:
        self._source, self._started = source, started
        self._folder = folder or (Path(said) if (said := os.environ.get(CHECKED)) else None)

    def key(
        self, table: str, files: Collection[Path], known: Collection[str], kept: Collection[str] = ()
    ) -> str:
        """Sum up all that a verdict depends on; take it before the table is read.

        Parameters
        ----------
        table : str
            Name in the contract.
        files : collection of Path
            Those of the table and of the tables that it refers to.
        known : collection of str
            Tables whose keys references are looked up in.
        kept : collection of str
            Digests of the batches that the workbook keeps of the table.

        Returns
        -------
        str
            Empty where nothing can be remembered.
        """
        if self._folder is None or not (files or kept):
            return ""
        states = [[str(file), *_state(file)] for file in sorted(with_logs(list(files)))]
        params = self._source.source.model_dump(mode="json", exclude={"url"})
        asked = [self._source.organisation, table, sorted(known), self._started.isoformat(), params, states]
        asked.append(list(kept))
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()

    def recall(self, key: str) -> Said | None:
        """Return what was said under a key, or None."""
        if not key or self._folder is None:
            return None
        try:
            body = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        rules = {rule.code: rule for rule in CONTRACT[body.pop("table")].rules}
        findings = [Finding(**{**one, "examples": tuple(one["examples"])}) for one in body["findings"]]
        said: dict[str, Any] = {
            "findings": tuple(findings),
            "first": _day(body["first"]),
            "newest": _day(body["newest"]),
            "coming": _day(body["coming"]),
            "failing": tuple(rules[code] for code in body["failing"]),
            "trusted": frozenset(body["trusted"]),
            "given": frozenset(body["given"]),
            "figures": {},
        }
        view = View(*known) if (known := body.pop("view")) else None
        return Said(Verdict(**{**body, **said}), view)

    def keep(self, key: str, table: str, verdict: Verdict, view: View | None = None) -> None:
        """Write down what was said; where it cannot be written, it is asked again."""
        if not key or self._folder is None:
            return
        body: dict[str, Any] = asdict(verdict) | {
            "table": table,
            "failing": [rule.code for rule in verdict.failing],
            "trusted": sorted(verdict.trusted),
            "given": sorted(verdict.given),
            "view": view,
        }
        del body["figures"]  # only a server's fingerprint is made of them
        temporary = self._folder / f".{key}.{os.getpid()}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(body, default=datetime.isoformat), encoding="utf-8")
            temporary.replace(self._folder / f"{key}.json")


def _state(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _day(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
