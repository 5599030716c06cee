"""Two Dask workers against one, each with one thread, on this machine: what a second worker brings.

    python -m benchmarks.cluster_workers [--rounds 2]

The same reports go to a cluster with one worker and to one with two, in turn. Each cluster has made some
reports before, so that its workers have done their imports.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import sleep

from benchmarks.ratio import Ratio, table
from benchmarks.workbench import DEMO, run_workbook, surroundings

LEAST = 1.5
NAMES = ("retention", "revenue_forecast", "segmentation")
CHOSEN = ("--timeframe", "last-quarter", *(word for name in NAMES for word in ("--notebook", name)))
FIRST = ("--organisation", "demo-saas", *CHOSEN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    print(table(measure(parser.parse_args().rounds)))


def measure(rounds: int = 2) -> list[Ratio]:
    took: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = surroundings(folder / "models")
        with cluster(folder / "1", 1, environment) as one, cluster(folder / "2", 2, environment) as two:
            for address in (one, two):
                run_workbook(DEMO, folder / "first", environment, *FIRST, "--scheduler", address, "--force")
            for _ in range(rounds):
                for workers, address in ((1, one), (2, two)):
                    options = (*CHOSEN, "--scheduler", address, "--force")
                    seconds, record = run_workbook(DEMO, folder / "out", environment, *options)
                    took[workers].append(seconds)
                    print(
                        f"  {len(record['results'])} reports, {workers} workers: {seconds:.1f} s", flush=True
                    )
    figures = {"one_worker_seconds": took[1], "two_workers_seconds": took[2]}
    value = median(took[1]) / median(took[2])
    return [Ratio("reports a minute of two Dask workers, one = 1", value, least=LEAST, figures=figures)]


@contextmanager
def cluster(folder: Path, workers: int, environment):
    """Start a scheduler and workers, and end them."""
    folder.mkdir()
    found = folder / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    commands = [["scheduler", "--port", "0", "--scheduler-file", str(found)]]
    commands += [["worker", "--scheduler-file", str(found), "--nthreads", "1", "--no-nanny"]] * workers
    processes = []
    try:
        for command in commands:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *command, *local],
                    env=environment,
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            while not found.exists() and processes[0].poll() is None:
                sleep(0.05)
        address = json.loads(found.read_text())["address"]
        _until_there(address, workers)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def _until_there(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


if __name__ == "__main__":
    main()
