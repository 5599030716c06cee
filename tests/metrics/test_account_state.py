"""Accounts as they stood: the last snapshot of who is live, with the last answer on NPS."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd

from analytics.metrics.account_state import NUMBERS, live_accounts
from analytics.metrics.purchases import as_table

EDGE = date(2026, 1, 1)


def snapshots(rows):
    columns = ["customer_id", "snapshot_at", "nps", "acv", "churned_at"]
    frame = pd.DataFrame(rows, columns=columns)
    for name in ("snapshot_at", "churned_at", "started_at", "renews_at"):
        frame[name] = pd.to_datetime(frame.get(name))
    empty = {name: np.nan for name in NUMBERS if name not in columns}
    return as_table(frame.assign(**empty, plan="Team", owner="Bo"))


def test_an_account_is_its_last_snapshot_with_its_last_answer_of_a_year():
    rows = [
        ("answered earlier", datetime(2025, 6, 1), 40.0, 1.0, None),
        ("answered earlier", datetime(2025, 9, 1), 50.0, 2.0, None),
        ("answered earlier", datetime(2025, 12, 1), None, 3.0, None),
        ("answered long ago", datetime(2024, 6, 1), 90.0, 4.0, None),
        ("answered long ago", datetime(2025, 12, 1), None, 5.0, None),
        ("answered later", datetime(2025, 12, 1), None, 6.0, None),
        ("answered later", datetime(2026, 1, 1), 70.0, 7.0, None),
        ("has left", datetime(2025, 12, 1), 10.0, 8.0, datetime(2025, 12, 31)),
        ("will leave", datetime(2025, 12, 1), 20.0, 9.0, datetime(2026, 1, 1)),
    ]
    found = live_accounts(snapshots(rows), None, EDGE).set_index("customer_id")[["nps", "acv"]]
    expected = {
        "answered earlier": (50.0, 3.0), "answered later": (np.nan, 6.0),
        "answered long ago": (np.nan, 5.0), "will leave": (20.0, 9.0),
    }  # fmt: skip
    plain = pd.DataFrame.from_dict(expected, orient="index", columns=["nps", "acv"])
    pd.testing.assert_frame_equal(found, plain, check_names=False)
