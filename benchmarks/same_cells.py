"""The floor under a report: its cells, run as plain calls in one process that has everything imported.

    python -m benchmarks.same_cells ORGANISATION [--timeframe T] [--warm OTHER] [--rounds 1]

Prints JSON: for each notebook the seconds of its cells, displays included. No kernel of its own, no notebook
written, no page. An organisation that is not counted goes before, so that imports and caches are warm.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from benchmarks.workbench import demo_jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("organisation")
    parser.add_argument("--timeframe")
    parser.add_argument("--warm")
    asked = parser.parse_args()
    shell = InteractiveShell.instance()
    shell.run_cell("%matplotlib inline")
    with tempfile.TemporaryDirectory() as out:
        os.environ["WORKBOOK_OUTPUT"] = out
        if asked.warm:
            run_all(shell, demo_jobs(asked.warm, asked.timeframe))
        print(json.dumps(run_all(shell, demo_jobs(asked.organisation, asked.timeframe))))


def run_all(shell, jobs) -> dict[str, dict[str, float]]:
    return {f"{job.slug} {job.card.name}": run(shell, job) for job in jobs}


def run(shell, job) -> dict[str, float]:
    """Run a notebook's cells with its parameters, in a fresh namespace."""
    cells = json.loads(Path(job.card.path).read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    shell.reset(new_session=True)
    began, cpu = perf_counter(), process_time()
    for cell in code:
        _run(shell, "".join(cell["source"]), job)
        if "parameters" in cell["metadata"].get("tags", ()):
            shell.push(dict(job.parameters))
    return {"seconds": perf_counter() - began, "cpu": process_time() - cpu}


def _run(shell, source: str, job) -> None:
    with capture_output():
        done = shell.run_cell(source)
    if not done.success:
        raise RuntimeError(f"{job.card.name} failed: {done.error_in_exec or done.error_before_exec!r}")


if __name__ == "__main__":
    main()
