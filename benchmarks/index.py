"""What an index costs as it grows: appending a run to 100, 1,000 and 10,000 reports, and to as many runs.

    python -m benchmarks.index

A run of one organisation of 28 reports is appended, in a process that has drawn before; with a run of which
nothing had changed beside it. Time of the disk counts.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from analytics.reporting import history, index
from analytics.reporting.manifest import HeadlineFigure, ReportName, ReportResult, RunRecord
from benchmarks.ratio import Ratio, table

MOST = 50.0
NOTEBOOKS = [f"notebook_{number}" for number in range(14)]
TIMEFRAMES = ["2026-Q2", "2026-Q3"]
BEGAN = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
ROUNDS = 9


def main() -> None:
    print(table(measure()))


def measure(most: int = 10_000) -> list[Ratio]:
    found = []
    for count in (most // 100, most // 10, most):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            changed, unchanged, largest, cpu = append(out, count)
        print(
            f"  {count:6,} reports and runs: {changed:5.1f} ms ({cpu:.1f} of processor), "
            f"{unchanged:.1f} ms where nothing changed; "
            f"largest page {largest / 1024:.0f} KiB",
            flush=True,
        )
        found.append((count, changed, unchanged, largest, cpu))
    figures = {str(count): rest for count, *rest in found}
    name = f"appending a run to an index of {most:,} reports and a history of {most:,} runs, ms"
    return [
        Ratio(name, found[-1][1], most=MOST, figures=figures),
        Ratio("the same, where nothing had changed, ms", found[-1][2], most=MOST),
    ]


def append(out: Path, count: int) -> tuple[float, float, int, float]:
    """Return ms of a run of 28 reports, of one that made none, the largest page, ms of processor."""
    reports = [each for number in range(-(-count // 28)) for each in made(out, number, BEGAN)]
    index.update(out, record(BEGAN, reports))
    fill_history(out, count)
    changed, unchanged, cpu = [], [], []
    for day in range(1, ROUNDS + 1):
        started = BEGAN + timedelta(days=60, minutes=day)
        some = made(out, 7 * day % (count // 28 + 1), started)
        before = process_time()
        run = record(started, some)
        changed.append(seconds(out, run))
        cpu.append(process_time() - before)
        unchanged.append(seconds(out, record(started + timedelta(seconds=30), some)))
    pages = [*out.glob("*.html"), *out.glob("_*/*.html"), *out.glob("*/index.html")]
    return (
        median(changed) * 1e3,
        median(unchanged) * 1e3,
        max(page.stat().st_size for page in pages),
        median(cpu) * 1e3,
    )


def seconds(out: Path, run: RunRecord) -> float:
    began = perf_counter()
    index.announce(out, run.started)
    index.update(out, run)
    return perf_counter() - began


def fill_history(out: Path, count: int) -> None:
    """Write down earlier runs, one every five minutes."""
    for number in range(count):
        part = (
            out / history.FOLDER / f"{number // history.MOST_RUNS // 12 + 2000}-{number // 500 % 12 + 1:02}"
        )
        line = history.line_of(record(BEGAN - timedelta(minutes=5 * (count - number)), []))
        with part.with_suffix(".jsonl").open("a") as file:
            file.write(f"{line}\n".replace("'", '"'))
        part.with_suffix(".html").touch()


def made(out: Path, number: int, started: datetime) -> list[ReportResult]:
    """Leave the pages of an organisation, and say so."""
    results = []
    for notebook in NOTEBOOKS:
        for timeframe in TIMEFRAMES:
            name = ReportName(
                organisation=f"o-{number:05}",
                organisation_name=f"{chr(65 + number % 25)} organisation {number}",
                timeframe=timeframe,
                slug=timeframe,
                notebook=notebook,
                title=notebook.replace("_", " "),
            )
            (out / name.folder).mkdir(parents=True, exist_ok=True)
            new = out / name.folder / "new"
            new.touch()
            new.replace(out / name.page)
            failed = (number + len(results)) % 97 == 0
            results.append(
                ReportResult(
                    report=name,
                    state="failed" if failed else "ready",
                    reason="cell 4 of 11: no amounts" if failed else "",
                    headlines=(HeadlineFigure("Revenue", "£1.24m", "+5.8%"),),
                    files=(str(name.page),),
                    made=started,
                )
            )
    return results


def record(started: datetime, results: list[ReportResult]) -> RunRecord:
    return RunRecord(started=started, seconds=41.2, results=tuple(results))


if __name__ == "__main__":
    main()
