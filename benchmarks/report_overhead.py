"""What a report costs over its analysis: the batch against the same cells as calls in one warm process.

    python -m benchmarks.report_overhead [--rounds 2] [--organisation demo-retail]

One worker, one thread. A report's time is that of the record of the run: a process of its own, its cells, the
executed notebook, the page, the files put into place. The rival runs the same cells with the same displays
and does nothing else. An organisation that is not counted goes before in both, so that imports are done.
Rounds alternate.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.ratio import Ratio, table
from benchmarks.workbench import DEMO, LIMIT, run_workbook, surroundings

MOST = 1.4
FIRST, COUNTED, TIMEFRAME = "demo-saas", "demo-retail", "last-quarter"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    print(table(measure(parser.parse_args().rounds)))


def measure(rounds: int = 2) -> list[Ratio]:
    reports: dict[str, list[float]] = {}
    calls: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number in range(rounds):
            for name, seconds in made(folder / f"made-{number}").items():
                reports.setdefault(name, []).append(seconds)
            for name, seconds in called(folder / f"called-{number}").items():
                calls.setdefault(name, []).append(seconds)
    ours = {name: median(seconds) for name, seconds in reports.items()}
    floor = {name: median(calls[name]) for name in ours}
    for name in ours:
        print(f"  {name:20} report {ours[name]:6.2f} s, its cells {floor[name]:6.2f} s", flush=True)
    figures = {"report_seconds": ours, "cells_seconds": floor}
    value = sum(ours.values()) / sum(floor.values())
    return [Ratio("time of a report, its analysis = 1", value, most=MOST, figures=figures)]


def made(folder: Path) -> dict[str, float]:
    """Seconds of each report in a batch with one worker."""
    folder.mkdir()
    chosen = ["--organisation", FIRST, "--organisation", COUNTED, "--timeframe", TIMEFRAME]
    _, record = run_workbook(
        DEMO, folder / "out", surroundings(folder / "models"), *chosen, "--jobs", "1", "--force"
    )
    return {
        result["report"]["notebook"]: result["seconds"]
        for result in record["results"]
        if result["report"]["organisation"] == COUNTED
    }


def called(folder: Path) -> dict[str, float]:
    """Seconds of the same notebooks' cells in one warm process."""
    command = [sys.executable, "-m", "benchmarks.same_cells", COUNTED]
    command += ["--timeframe", TIMEFRAME, "--warm", FIRST]
    done = subprocess.run(
        command, env=surroundings(folder / "models"), capture_output=True, text=True, timeout=LIMIT
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    said = json.loads(done.stdout.splitlines()[-1])
    return {name.split()[-1]: took["seconds"] for name, took in said.items()}


if __name__ == "__main__":
    main()
