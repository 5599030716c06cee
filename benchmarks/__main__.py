"""Every benchmark beside its rival: a table of ratios, the same as JSON, exit code 1 where a bound is missed.

    python -m benchmarks [--only NAME]… [--json FILE] [--quick]

`--quick` takes one round of each and few organisations: it shows that everything works, and its ratios mean
nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from benchmarks import batch_rate, cluster_workers, growth, index, report_overhead
from benchmarks.ratio import Ratio, table
from benchmarks.workbench import LIMIT, ROOT

LATEST = ROOT / "benchmarks" / "latest.json"
BUSY = 0.7  # load of a machine on which something else runs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=ALL, help="may be repeated")
    parser.add_argument(
        "--json", type=Path, default=LATEST, metavar="FILE", help="where to (benchmarks/latest.json)"
    )
    parser.add_argument("--quick", action="store_true", help="one short round of each, to see that it works")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f"The machine is not quiet (load {load:.1f}): the ratios are worth less.\n")
    found: list[Ratio] = []
    broken: list[str] = []
    for name in asked.only or ALL:
        print(f"{name}: {ALL[name].__doc__}", flush=True)
        began = perf_counter()
        try:
            found += ALL[name](asked.quick)
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            broken.append(name)
            print(f"  failed: {error}", flush=True)
        print(f"  ({perf_counter() - began:.0f} s)\n", flush=True)
    body = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": load,
        "quick": asked.quick,
        "ratios": [ratio.as_json() for ratio in found],
        "failed": broken,
    }
    asked.json.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    print(f"{table(found)}\n\n{machine()['description']}\n{asked.json}")
    return 1 if broken or not all(ratio.kept for ratio in found) else 0


def machine() -> dict:
    """Say on what it was measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpu = platform.processor() or platform.machine()
    details = Path("/proc/cpuinfo")
    if details.exists():
        names = [
            line.partition(":")[2].strip()
            for line in details.read_text().splitlines()
            if "model name" in line
        ]
        cpu = names[0] if names else cpu
    described = f"{cores} cores of {cpu}, {platform.system()}, Python {platform.python_version()}"
    packages = {name: version(name) for name in ("papermill", "nbconvert", "pandas", "duckdb", "lifetimes")}
    return {"description": described, "packages": packages}


def rate(quick: bool) -> list[Ratio]:
    """the demo batch against papermill and nbconvert, two workers each"""
    return batch_rate.measure(1 if quick else 3, whole=not quick)


def overhead(_quick: bool) -> list[Ratio]:
    """a report against its cells as calls in a warm process"""
    return report_overhead.measure(1)


def organisations(quick: bool) -> list[Ratio]:
    """a batch of 200 organisations against one of 50"""
    return growth.measure(8 if quick else 200)


def cluster(quick: bool) -> list[Ratio]:
    """two Dask workers against one"""
    return cluster_workers.measure(1 if quick else 2)


def appending(quick: bool) -> list[Ratio]:
    """a run appended to an index of 10,000 reports"""
    return index.measure(1_000 if quick else 10_000)


def lifetime_value(quick: bool) -> list[Ratio]:
    """predicted lifetime value of a million customers, beside lifetimes"""
    said = _script("clv", "--customers", "50000" if quick else "1000000")
    return [
        Ratio("lifetime value, seconds for a million customers", said["seconds"], most=15),
        Ratio("lifetime value, memory in GB", said["gigabytes"], most=1.5),
        Ratio("lifetime value, speed of the fits, lifetimes = 1", said["ratio"], least=10),
    ]


def validation(quick: bool) -> list[Ratio]:
    """validation of 20 million sales, beside a hand-written statement"""
    said = _script("validation", *(("--rows", "500000", "--rounds", "1") if quick else ()))
    return [Ratio("validation, hand-written SQL = 1", said["ratio"], most=2, figures=said)]


def _script(name: str, *options: str) -> dict:
    """Run a benchmark that stands alone; its last line is for programs."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *options, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    *lines, last = done.stdout.splitlines()
    print("\n".join(f"  {line}" for line in lines))
    return json.loads(last)


ALL = {
    "rate": rate,
    "overhead": overhead,
    "organisations": organisations,
    "cluster": cluster,
    "index": appending,
    "lifetime_value": lifetime_value,
    "validation": validation,
}

if __name__ == "__main__":
    sys.exit(main())
