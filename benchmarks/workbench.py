"""What the benchmarks of the batch share: the demo batch, the same surroundings for everyone, the clock."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep

from analytics.params import expand, load_workbook
from analytics.reporting.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "params" / "demo.yml"
NOTEBOOKS = ROOT / "notebooks"
BIN = Path(sys.executable).parent
LIMIT = 1800  # seconds after which a benchmark that hangs is given up

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


def surroundings(models: Path, params: Path = DEMO, notebooks: Path = NOTEBOOKS) -> dict[str, str]:
    """Return the environment of every contender: one thread each, no display, models of its own.

    Bytecode is kept, as where nothing is said: else each start of each of them would compile this package.
    """
    own = {
        "WORKBOOK_PARAMS": str(params),
        "WORKBOOK_NOTEBOOKS": str(notebooks),
        "WORKBOOK_MODELS": str(models),
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "PYTHONWARNINGS": "ignore",
    }
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **_ONE_THREAD, **own}


def demo_jobs(organisation: str | None = None, timeframe: str | None = None) -> tuple:
    """Return what `make report` renders, or a part of it, in order of need."""
    return expand(
        load_workbook(DEMO, notebooks=NOTEBOOKS),
        folder=NOTEBOOKS,
        organisations=[organisation] if organisation else [],
        timeframes=[timeframe] if timeframe else [],
    )


def run_workbook(
    params: Path, out: Path, environment: Mapping[str, str], *options: str
) -> tuple[float, dict]:
    """Run ``workbook run`` as a command; return its seconds and its record.

    Raises
    ------
    RuntimeError
        If a report failed: a time without all of its work is no time.
    """
    command = [sys.executable, "-m", "analytics", "run", str(params), "--out", str(out), *options]
    began = perf_counter()
    done = subprocess.run(
        command, env=dict(environment), cwd=out.parent, capture_output=True, text=True, timeout=LIMIT
    )
    seconds = perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds, json.loads((out / "run.json").read_text())


def write_params(path: Path, text: str) -> Path:
    write_whole(path, text)
    return path


class Memory:
    """Watches the resident memory of a process and of all that it starts, from its own side, in bytes."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.own = self.all = 0

    def watch_until(self, ended) -> None:
        """Look twice a second until `ended` says so: seldom enough to cost next to nothing."""
        while not ended():
            self.look()
            sleep(0.5)

    def look(self) -> None:
        sizes, parents = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError, ValueError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        family, found = {self.process}, True
        while found:
            found = {child for child, parent in parents.items() if parent in family} - family
            family |= found
        for each in family:
            with suppress(OSError):
                sizes[each] = _proportional(each)
        self.own = max(self.own, _resident(self.process))
        self.all = max(self.all, sum(sizes.values()))


def _resident(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):  # the peak so far
                return int(line.split()[1]) << 10
    return 0


def _proportional(process: int) -> int:
    """Resident memory, pages that several share divided among them: forked processes share most of theirs."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0
