"""What validation costs: 20 million sales in Parquet, against a hand-written statement in the same run.

    python benchmarks/validation.py [--rows 20000000] [--rounds 3] [--folder DIR]

The rival is one SQL aggregate that an expert would write for the same counts, on the same engine with the
same settings. Rounds alternate, so that both see the same state of the machine; the medians and their ratio
are printed.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter

import duckdb

from analytics.data.contract import CONTRACT
from analytics.data.mapping import stage
from analytics.data.sources import open_source
from analytics.data.validation import validate
from analytics.params import Organisation
from analytics.params.source import Source, TableMapping

STARTED = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)

RIVAL = """
SELECT count(*) AS n,
       count(*) FILTER (WHERE sale_id IS NULL) AS no_id,
       count(*) FILTER (WHERE sold_at IS NULL) AS no_time,
       count(*) FILTER (WHERE total_amount IS NULL) AS no_amount,
       count(*) FILTER (WHERE NOT isfinite(total_amount)) AS infinite_amount,
       count(*) FILTER (WHERE NOT isfinite(total_profit)) AS infinite_profit,
       count(*) FILTER (WHERE NOT isfinite(units)) AS infinite_units,
       count(*) FILTER (WHERE sold_at < TIMESTAMP '1970-01-02' OR sold_at >= TIMESTAMP '2026-11-03') AS wrong_day,
       count(*) FILTER (WHERE customer_id IS NOT NULL AND customer_id NOT IN (SELECT customer_id FROM '{customers}')) AS strangers,
       count(DISTINCT sale_id) AS keys,
       min(sold_at) AS first, max(sold_at) AS newest
FROM '{sales}'
"""  # noqa: E501


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="1500MB")
    parser.add_argument("--folder", type=Path, help="where the data are kept for another run")
    parser.add_argument("--json", action="store_true", help="a last line for programs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        write(folder, asked.rows)
        found = measure(folder, asked.rounds, asked.memory)
    if asked.json:
        print(json.dumps(found))


def write(folder: Path, rows: int) -> None:
    """Write sales of as many customers as a tenth of the rows, in no order of ids."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "sales.parquet").exists():
        return
    with duckdb.connect(
        config={"memory_limit": "1500MB", "temp_directory": str(folder / "spill")}
    ) as connection:
        connection.execute(
            f"COPY (SELECT 'c' || i AS customer_id FROM range({rows // 10}) t(i)) "
            f"TO '{folder}/customers.parquet'"
        )
        connection.execute(
            f"""
            COPY (
              SELECT 's' || i AS sale_id,
                     CASE WHEN i % 50 > 0 THEN 'c' || (hash(i) % {rows // 10}) END AS customer_id,
                     TIMESTAMP '2023-11-01' + INTERVAL (hash(i + 1) % 94000000) SECOND AS sold_at,
                     round((hash(i + 2) % 100000) / 100.0 - 20, 2)::DOUBLE AS total_amount,
                     round((hash(i + 3) % 10000) / 100.0, 2)::DOUBLE AS total_profit,
                     (1 + hash(i + 4) % 5)::DOUBLE AS units
              FROM range({rows}) t(i)
            ) TO '{folder}/sales.parquet'
            """
        )


def measure(folder: Path, rounds: int, memory: str) -> dict[str, float]:
    ours, theirs = [], []
    for _round in range(rounds):
        ours.append(validated(folder, memory))
        theirs.append(by_hand(folder, memory))
    for name, seconds in (("one aggregate query", ours), ("hand-written SQL", theirs)):
        print(f"{name:20}: {median(seconds):6.2f} s  ({', '.join(f'{second:.2f}' for second in seconds)})")
    ratio, peak = median(ours) / median(theirs), getrusage(RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'ratio':20}: {ratio:6.2f}")
    print(f"{'peak memory':20}: {peak:6.0f} MB")
    return {"ratio": ratio, "seconds": median(ours), "peak_megabytes": peak}


def validated(folder: Path, memory: str) -> float:
    organisation = Organisation(id="big", source=Source(path=folder, owned=True, memory=memory))
    source = open_source(organisation)
    known = {}
    for name in ("customers", "sales"):
        raw = source.table(name, TableMapping())
        assert raw is not None
        plain = frozenset(c.name for c in CONTRACT[name].columns if c.type in ("id", "text"))
        staged = stage(raw, CONTRACT[name], TableMapping(), plain)
        started = perf_counter()
        verdict = validate(staged, known, STARTED)
        seconds = perf_counter() - started
        assert not verdict.findings, verdict.findings
        known[name] = stage(raw, CONTRACT[name], TableMapping(), verdict.trusted).table
    source.close()
    return seconds


def by_hand(folder: Path, memory: str) -> float:
    with duckdb.connect(
        config={"memory_limit": memory, "temp_directory": str(folder / "spill")}
    ) as connection:
        statement = RIVAL.format(sales=folder / "sales.parquet", customers=folder / "customers.parquet")
        started = perf_counter()
        connection.execute(statement).fetchall()
        return perf_counter() - started


if __name__ == "__main__":
    main()
