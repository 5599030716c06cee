"""What the prediction of contracts reaches on the demonstration organisations, beside the simple rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from analytics.data.dataset import open_dataset
from analytics.metrics.account_values import account_snapshots
from analytics.models.account_value import value_accounts
from analytics.params import find_organisation
from analytics.timeframe import parse_timeframe
from benchmarks.evidence.row import Row, at_most, within

HOME = Path(__file__).resolve().parents[2]
TIMEFRAME = parse_timeframe("2026-Q3", as_of=date(2026, 11, 1))


def rows() -> Iterator[Row]:
    """The error beside contract value × expected lifetime, and the coverage of the intervals."""
    for name in ("demo-saas", "demo-vietnam"):
        data = open_dataset(find_organisation(name, HOME / "params"), tables=("accounts", "customers"))
        tables = data.tables["accounts"], data.tables["customers"]
        found = value_accounts(account_snapshots(*tables, TIMEFRAME))
        data.close()
        errors = found.scores.set_index("method")["share_error"]
        what, ratio = f"{name}, contracts", errors["ensemble"] / errors["baseline"]
        yield at_most("clv", f"{what}: error / that of contract value × expected lifetime", ratio, 1.0)
        yield within("clv", f"{what}: coverage of 80 % intervals", found.coverage, 0.75, 0.87)
