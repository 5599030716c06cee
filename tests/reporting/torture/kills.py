"""Kill runs of a small batch at random moments, and hold what they leave against what was promised.

Moments are chosen by the clock, and among all the steps of a run, each of which is a file that is written
through, renamed or removed. Before the first kill a run is stopped with Ctrl-C.

``python -m tests.reporting.torture.kills [NUMBER [SEED]]`` prints what was found; ``make torture`` kills 200.
Every report is a page, a notebook, figures, a workbook and a table, all of which name the run that made them:
those of two runs under one name are found.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import nbformat
import psutil

from tests.reporting.tiny import publish, write_notebook, write_params
from tests.reporting.torture.command import FORK, Steps, run

PARAMS = """
jobs: 2
timeframes: [2026-Q1, 2026-Q2, 2026-Q3]
organisations:
  - {id: acme, source: {path: data, owned: true}}
  - {id: bolt, source: {path: data, owned: true}}
"""
WRITES = """import json, os, pathlib, zipfile
made = pathlib.Path(os.environ["WORKBOOK_OUTPUT"])
run = os.environ["WORKBOOK_STARTED"]
lines = [f"{run} {timeframe} {n}" for n in range(3000)]
(made / "NAME.json").write_text(json.dumps({"success": True, "run": run, "lines": lines}))
(made / "NAME.sales.parquet").write_text("\\n".join([*lines, "end", ""]))
with zipfile.ZipFile(made / "NAME.xlsx", "w") as book:
    book.writestr(zipfile.ZipInfo("sheet.xml"), "\\n".join(lines))
print(run)"""
NOTEBOOKS = {"first": {"provides": ["predictions"]}, "second": {}, "third": {"needs": ["predictions"]}}
SUFFIXES_COMPARED = (".html", ".ipynb", ".json", ".parquet", ".xlsx")
SUFFIXES = {"html", "ipynb", "json", "sales.parquet", "xlsx"}
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)|(?<=\"duration\": )[\d.e-]+|(?<=\"seconds\": )[\d.e-]+"
    r"|(?<=\"peak_memory\": )\d+|(?<=UTC, )[\d.]+ seconds"
)


class Runs:
    """Runs of one small batch into one folder.

    Parameters
    ----------
    root : pathlib.Path
        An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.number = root, root / "reports", 0
        for name, workbook in NOTEBOOKS.items():
            cell = WRITES.replace("NAME", name)
            write_notebook(root / "notebooks", name, cell, publish(), workbook=workbook)
        write_params(root, PARAMS)
        (root / "data").mkdir()
        self.pages = len(NOTEBOOKS) * 6

    def start(
        self, *options: str, out: str = "reports", begun: str = "", hold_at: int = 0
    ) -> tuple[BaseProcess, Steps]:
        """Start a run a minute after the last; the steps may hold it."""
        self.number += 1
        begun = begun or (_BEGAN + timedelta(minutes=self.number)).isoformat()
        places = {f"WORKBOOK_{name.upper()}": str(self.root / name) for name in ("notebooks", "models")}
        steps = Steps(hold_at)
        process = FORK.Process(target=run, args=(self.root, ("--out", out, *options), begun, places, steps))
        process.start()
        return process, steps

    def finish(self, *options: str, out: str = "reports", begun: str = "") -> int:
        """Run to the end; return how many steps it took."""
        process, steps = self.start(*options, out=out, begun=begun)
        process.join(600)
        if process.exitcode:
            raise AssertionError(f"exit code {process.exitcode}: {(self.root / 'said').read_text()}")
        return steps.taken.value

    def kill(self, moment: float | int, *options: str, whole_group: bool) -> int | None:
        """Start a run and kill it after some seconds, or as it is about to take a step.

        Returns how many processes outlived it by five seconds; None where it had ended by itself.
        """
        process, steps = self.start(*options, hold_at=moment if isinstance(moment, int) else 0)
        if isinstance(moment, int):
            while process.is_alive() and not steps.held.wait(0.02):
                pass
        else:
            process.join(moment)
        try:
            family = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        killed = process.is_alive()
        if killed:
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        process.join()
        until = time.monotonic() + 5
        while (left := sum(map(_lives, family))) and time.monotonic() < until:
            time.sleep(0.01)
        return left if killed else None


def _lives(process: psutil.Process) -> bool:
    """Whether a process still does something: a dead one may wait long for somebody to take note of it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def faults(out: Path) -> Iterator[str]:
    """Find what is truncated or mixed among the files of a folder of reports."""
    runs: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for path in sorted(out.rglob("*")):
        place = path.relative_to(out)
        if not path.is_file() or any(part.startswith((".work-", ".part-", ".lock")) for part in place.parts):
            continue
        try:
            run = _run_of(path)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            yield f"{place}: {type(error).__name__}: {error}"
            continue
        if len(place.parts) == 3 and place.parts[0][0] not in "._":
            stem, _, suffix = place.name.partition(".")
            runs.setdefault(f"{place.parent}/{stem}", set()).add(run)
            found.setdefault(f"{place.parent}/{stem}", set()).add(suffix)
    for report, stamps in runs.items():
        if len(stamps) > 1:
            yield f"{report}: files of {len(stamps)} runs: {', '.join(sorted(stamps))}"
        if "html" in found[report] and found[report] != SUFFIXES:
            yield f"{report}: a page without {', '.join(sorted(SUFFIXES - found[report]))}"


def _run_of(path: Path) -> str:
    """Read a file to its end; return in which minute the run began that made it, where it says so."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            lines = book.read("sheet.xml").decode().splitlines()
        return _minute(lines[-1])
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        if not text.rstrip().endswith("</html>") and path.parent.parts[-2:] != ("kept", "organisations"):
            raise ValueError("truncated")
        said = re.search(r"<dt>Made on</dt><dd>1 January 2026, (\d\d:\d\d) UTC", text)
        return said[1] if said else ""
    if path.suffix == ".parquet":
        if not text.endswith("\nend\n"):
            raise ValueError("truncated")
        return _minute(text)
    if path.suffix == ".ipynb":
        nbformat.validate(json.loads(text))
        (printed,) = re.findall(r'"(2026-01-01T[^" ]+?)\\n"', text)
        return _minute(printed)
    if path.suffix == ".json":
        return _minute(str(json.loads(text).get("run", "")))
    return ""


def _minute(text: str) -> str:
    return text[11:16]


def contents(out: Path) -> dict[str, str]:
    """Read all files of a folder of reports, but for what a run's time is."""
    found = {}
    for path in sorted(out.rglob("*")):
        inner = path.relative_to(out).parts[0] in (".records", "_history", "_index")  # these tell of all runs
        if path.is_file() and path.suffix in SUFFIXES_COMPARED and not inner:
            text = path.read_bytes().decode("utf-8", errors="surrogateescape")
            found[str(path.relative_to(out))] = _TIMES.sub("…", text)
    return found


def unfinished(out: Path) -> bool:
    """Whether the record says that the last run did not end."""
    return not json.loads((out / "run.json").read_text(encoding="utf-8"))["complete"]


def pages(out: Path) -> list[Path]:
    """Return the pages of reports."""
    return list(out.glob("[a-z]*/*/*.html"))


def torture(
    root: Path,
    number: int,
    seed: int,
    *,
    finish_every: int = 10,
    tell: Callable[[int, Counter[str]], None] = lambda *_: None,
) -> Counter[str]:
    """Kill runs, one after another into the same folder, and finish one now and then.

    Parameters
    ----------
    root : pathlib.Path
        An empty folder.
    number : int
        How many kills.
    seed : int
        Of the moments.
    finish_every : int
        After so many kills a run is finished with ``--resume`` and compared with an undisturbed one.
    tell : callable, optional
        Is told then, after how many kills, what was found so far.

    Returns
    -------
    Counter
        What happened, and whatever is wrong under "wrong: …".
    """
    chance, runs, found = random.Random(seed), Runs(root), Counter[str]()
    stop(runs, found)
    began = time.time()
    steps = runs.finish("--force")
    length = time.time() - began
    first = min(page.stat().st_mtime for page in pages(runs.out)) - began
    done = 0
    while done < number:
        due = (done + 1) % finish_every == 0 or done + 1 == number
        options = ("--resume",) if not due and done and chance.random() < 0.5 else ("--force",)
        whole_group, by_clock = chance.random() < 0.5, chance.random() < 0.5
        earliest = first if due or chance.random() < 0.5 else 0.0  # half of these while reports are made
        moment = chance.uniform(earliest, length) if by_clock else chance.randint(1, steps)
        left = runs.kill(moment, *options, whole_group=whole_group)
        if left is None:
            continue
        if left:
            found[f"wrong: {left} processes outlived a kill"] += 1
        for fault in faults(runs.out):
            found[f"wrong: after kill {done + 1}: {fault}"] += 1
        found["kills, all told"] += 1
        found["kills of the whole group" if whole_group else "kills of the runner alone"] += 1
        found["kills by the clock" if by_clock else "kills before a step"] += 1
        found[f"kills {phase(runs.out)}"] += 1
        found["reports found half placed, without a page"] += runs.pages - len(pages(runs.out))
        if due and not unfinished(runs.out):
            continue  # it had ended already: there is nothing to resume yet
        done += 1
        if due:
            finish(runs, found)
            tell(done, found)
    found["steps of an undisturbed run"] = steps
    return found


def stop(runs: Runs, found: Counter[str]) -> None:
    """Stop a run with Ctrl-C when some of its reports are made, and finish it."""
    process, _ = runs.start("--force")
    while process.is_alive() and len(pages(runs.out)) < 4:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.join(60)
    if process.exitcode != 130:
        raise AssertionError(f"exit code {process.exitcode}: {(runs.root / 'said').read_text()}")
    found["runs stopped with Ctrl-C"] += 1
    found["reports made before Ctrl-C"] += len(pages(runs.out))
    for fault in faults(runs.out):
        found[f"wrong: after Ctrl-C: {fault}"] += 1
    finish(runs, found)


def phase(out: Path) -> str:
    """Say from what a killed run left how far it had come."""
    if not any(out.glob(".work-*")):
        return "before the run had a folder to work in, or after that was removed"
    if any(out.glob(".work-*/*/intent.json")):
        return "while files of a report were put into place"
    begun, said = (out / ".records" / "running.json").exists(), json.loads((out / "run.json").read_text())
    if said["complete"]:
        return "after the record of the run was written" if not begun else "around the begin or the end"
    if any(out.glob(".work-*/ballast")):
        return "while reports were made"
    return "while index and record were written"


def finish(runs: Runs, found: Counter[str]) -> None:
    """Finish what was killed, and hold every byte against a run that nobody disturbed."""
    runs.finish("--resume")
    found["runs finished with --resume"] += 1
    for fault in faults(runs.out):
        found[f"wrong: after --resume: {fault}"] += 1
    rest = [path.name for path in runs.out.rglob(".*") if path.name.startswith((".work-", ".part-", ".lock"))]
    if rest:
        found[f"wrong: after --resume there is {rest}"] += 1
    begun = json.loads((runs.out / "run.json").read_text())["started"]
    runs.finish("--force", out="undisturbed", begun=begun)
    ours, theirs = contents(runs.out), contents(runs.root / "undisturbed")
    for name in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(name, ""), theirs.get(name, "")
        if here != there:
            pairs = enumerate(zip(here, there, strict=False))
            at = max(next((n for n, (a, b) in pairs if a != b), 0) - 40, 0)
            told = f"{here[at : at + 120]!r} for {there[at : at + 120]!r}"
            found[f"wrong: {name} is not as in an undisturbed run: {told}"] += 1
    found["files compared with an undisturbed run's"] += len(ours)


def _print(kills: int, found: Counter[str]) -> None:
    lines = [f"after {kills} kills:", *(f"{count:>8,}  {what}" for what, count in sorted(found.items()))]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def main() -> int:
    """Kill, and print what was found."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        sys.stdout.write(f"seed {seed}\n")
        found = torture(Path(folder), number, seed, tell=_print)
    return int(any(what.startswith("wrong") for what in found))


if __name__ == "__main__":
    sys.exit(main())
