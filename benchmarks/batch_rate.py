"""Reports a minute: the demo batch against the commands of today, ``papermill`` and ``jupyter nbconvert``.

    python -m benchmarks.batch_rate [--rounds 3]

Both make the reports of the same notebooks from the same data with two workers, each process on one thread.
The batch is the whole command, its start included, for all organisations and timeframes of params/demo.yml.
The two commands make every notebook for every organisation, for one timeframe each, because all of them would
take minutes more and the same time each: papermill executes, nbconvert makes the page; in order of need, with
models and predictions in a folder of their own. Both take turns: an organisation by the two commands, the
batch, the next organisation, the batch, the last.

The ratio of each notebook is shown as well. What the batch saves is about the same for each (the start of a
kernel, the imports, nbconvert), so that one which computes long gains less.
"""

import argparse
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter

from analytics.reporting.schedule import in_order
from benchmarks.ratio import Ratio, table
from benchmarks.workbench import BIN, DEMO, LIMIT, demo_jobs, run_workbook, surroundings

WORKERS = 2
ROUNDS = (("demo-retail", "last-quarter"), ("demo-saas", "last-12-months"), ("demo-vietnam", "last-quarter"))
LEAST = 12.0
FIRST = ("--organisation", "demo-saas", "--timeframe", "last-quarter", "--jobs", "2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=len(ROUNDS), choices=range(1, len(ROUNDS) + 1))
    print(table(measure(parser.parse_args().rounds)))


def measure(rounds: int = len(ROUNDS), *, whole: bool = True) -> list[Ratio]:
    """Measure; where not `whole`, the batch makes no more than the two commands."""
    theirs, ours = [], []
    parts: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run_workbook(DEMO, folder / "first", surroundings(folder / "first-models"), *FIRST)  # disk caches
        for number, (organisation, timeframe) in enumerate(ROUNDS[:rounds]):
            jobs = demo_jobs(organisation, timeframe)
            seconds, each = two_commands(jobs, folder / "theirs")
            theirs += [seconds / len(jobs)]
            for name, took in each.items():
                parts.setdefault(name, []).append(took)
            if number == len(ROUNDS) - 1:
                break  # the batch stands between the rounds of the two commands
            own = folder / f"ours-{number}"
            chosen = () if whole else ("--organisation", organisation, "--timeframe", timeframe)
            models = folder / f"models-{number}"
            options = ("--jobs", str(WORKERS), "--force", *chosen)
            seconds, record = run_workbook(DEMO, own, surroundings(models), *options)
            ours += [seconds / len(record["results"])]
            print(f"  seconds a report: commands {theirs[-1]:.2f}, batch {ours[-1]:.2f}", flush=True)
    before, after = sum(theirs) / len(theirs), median(ours)
    figures = {
        "two_commands_reports_a_minute": 60 / before,
        "batch_reports_a_minute": 60 / after,
        "two_commands_seconds_a_report": theirs,
        "batch_seconds_a_report": ours,
    }
    each = by_notebook(record)
    return [
        Ratio("reports a minute, the two commands = 1", before / after, least=LEAST, figures=figures),
        *(
            Ratio(
                f"    a report of {name} by the two commands, by the batch = 1",
                median(parts[name]) / each[name],
                figures={"two_commands_seconds": parts[name], "batch_seconds": each[name]},
            )
            for name in each
        ),
    ]


def two_commands(jobs, folder: Path) -> tuple[float, dict[str, float]]:
    """Make reports as one does by hand, two at once; return the seconds of all and of each."""
    environment = surroundings(folder / "models")
    took = {}

    def make(job) -> None:
        began = perf_counter()
        made = folder / job.organisation.id / job.slug
        made.mkdir(parents=True, exist_ok=True)
        executed = made / f"{job.card.name}.ipynb"
        given = json.dumps(dict(job.parameters), default=str)
        own = environment | {"WORKBOOK_OUTPUT": str(made)}
        command = [
            BIN / "papermill",
            job.card.path,
            executed,
            "-y",
            given,
            "-k",
            "python3",
            "--no-progress-bar",
        ]
        _call(command, own)
        _call([BIN / "jupyter", "nbconvert", "--to", "html", executed], own)
        took[job.card.name] = round(perf_counter() - began, 2)

    began = perf_counter()
    with ThreadPoolExecutor(WORKERS) as threads:
        after = [job.after for job in jobs]
        for _, future, _ in in_order(after, lambda n: threads.submit(make, jobs[n]), workers=lambda: WORKERS):
            future.result()
    return perf_counter() - began, took


def _call(command, environment) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-2000:]}")


def by_notebook(record) -> dict[str, float]:
    """Median seconds of each notebook's reports in a run of the batch."""
    found: dict[str, list[float]] = {}
    for result in record["results"]:
        found.setdefault(result["report"]["notebook"], []).append(result["seconds"])
    return {name: round(median(seconds), 2) for name, seconds in found.items()}


if __name__ == "__main__":
    main()
