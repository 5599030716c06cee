"""Whether a batch grows as it should: 50, 100 and 200 organisations, three notebooks each, two workers.

    python -m benchmarks.growth [--organisations 200]

The notebooks are light (each asks DuckDB for one sum and draws nothing), so that the batch itself is measured
and not an analysis. Neither the time of a report may rise with their number, nor the memory of the runner,
nor that of all processes together, in which pages that several share are counted once.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import nbformat
import numpy as np
import pandas as pd

from benchmarks.ratio import Ratio, table
from benchmarks.workbench import LIMIT, Memory, surroundings, write_params

MOST = 1.25
NAMES = ("one", "two", "three")
PARAMETERS = """organisation: str = "o-0"  # id of the organisation
timeframe: str = "2026-Q3"  # as in params
as_of: str = "latest"  # nothing on or after it is read
"""
SHOW = """import duckdb
from IPython.display import display
found = duckdb.sql("select sum(total_amount) from '{sales}'").fetchall()[0][0]
figure = {{"label": "Revenue", "value": str(found), "changes": []}}
said = {{"kind": "publish", "state": "ready", "reason": "", "headlines": [figure]}}
display({{"application/vnd.workbook.piece+json": said, "text/plain": "published"}}, raw=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--organisations", type=int, default=200)
    print(table(measure(parser.parse_args().organisations)))


def measure(organisations: int = 200) -> list[Ratio]:
    steps = [organisations // 4, organisations // 2, organisations]
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_data(folder / "data")
        write_notebooks(folder / "notebooks", folder / "data" / "sales.parquet")
        run_one(folder, 2)  # disk caches
        for count in steps:
            found[count] = run_one(folder, count)
            seconds, own, everything = found[count]
            print(
                f"  {count:4} organisations: {seconds:6.1f} s, runner {own / 2**20:5.0f} MiB, "
                f"all {everything / 2**20:5.0f} MiB",
                flush=True,
            )
    (few, few_own, few_all), (many, own, everything) = found[steps[0]], found[steps[-1]]
    figures = {
        str(count): {"seconds": seconds, "runner_bytes": own, "all_bytes": everything}
        for count, (seconds, own, everything) in found.items()
    }
    said = f"{steps[-1]} organisations, {steps[0]} = 1: "
    return [
        Ratio(f"{said}time of a report", many / few * steps[0] / steps[-1], most=MOST, figures=figures),
        Ratio(f"{said}memory of the runner", own / few_own, most=MOST),
        Ratio(f"{said}memory of all", everything / few_all, most=MOST),
    ]


def write_data(folder: Path) -> None:
    folder.mkdir()
    number = np.arange(1000)
    sold = pd.Timestamp("2026-06-01") + pd.to_timedelta(number % 150, unit="D")
    ids = {"sale_id": number.astype(str), "customer_id": (number % 200).astype(str)}
    pd.DataFrame({**ids, "sold_at": sold, "total_amount": number / 10}).to_parquet(folder / "sales.parquet")


def write_notebooks(folder: Path, sales: Path) -> None:
    folder.mkdir()
    for name in NAMES:
        declared = nbformat.v4.new_code_cell(PARAMETERS)
        declared.metadata.tags = ["parameters"]
        title = nbformat.v4.new_markdown_cell(f"# {name.capitalize()}\n\n**Question.** How much?")
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [title, declared, nbformat.v4.new_code_cell(SHOW.format(sales=sales))]
        nbformat.write(notebook, folder / f"{name}.ipynb")


def run_one(folder: Path, organisations: int) -> tuple[float, int, int]:
    """Run a batch; return its seconds, the peak memory of the runner and that of all processes."""
    listed = "\n".join(
        f"  - {{id: o-{n}, source: {{path: data, owned: true}}}}" for n in range(organisations)
    )
    params = write_params(
        folder / f"{organisations}.yml", f"timeframes: [2026-Q3]\norganisations:\n{listed}\n"
    )
    environment = surroundings(folder / "models", params, folder / "notebooks")
    began = perf_counter()
    command = [sys.executable, "-m", "analytics", "run", params, "--jobs", "2"]
    command += ["--out", folder / f"out-{organisations}"]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    memory = Memory(process.pid)
    memory.watch_until(lambda: process.poll() is not None or perf_counter() - began > LIMIT)
    if process.poll() != 0:
        process.kill()
        raise RuntimeError((folder / "said").read_text()[-2000:])
    return perf_counter() - began, memory.own, memory.all


if __name__ == "__main__":
    main()
