"""What `account_snapshots` promises: what was known of each account at a day, and what it brought after."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.account_values import NUMBERS, account_snapshots, cutoffs, months_after
from analytics.metrics.selection import Selection
from analytics.timeframe import parse_timeframe

YEAR = parse_timeframe("2025", as_of=date(2026, 1, 1))
CUTOFF = pd.Timestamp("2025-01-01")
COLUMNS = {
    "plan": "str", "seats_purchased": "Int64", "seats_used": "Int64", "acv": "float64", "nps": "Int64",
    "logins_30d": "Int64", "logins_previous_30d": "Int64", "support_tickets_90d": "Int64",
    "critical_tickets_90d": "Int64", "days_overdue": "Int64", "feature_adoption": "float64",
    "sentiment": "float64",
}  # fmt: skip
DATES = ("snapshot_at", "started_at", "renews_at", "churned_at")


def frame_of(*rows):
    """Snapshots from dicts with ``customer_id``, ``snapshot_at`` and ``acv`` at the least."""
    frame = pd.DataFrame(rows).reindex(columns=["customer_id", *DATES, *COLUMNS])
    frame = frame.astype(COLUMNS | {"customer_id": "str"})
    for name in DATES:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[us]")
    return frame


def shot(customer, day, acv=120.0, *, started="2024-01-01", churned=None, **more):
    return {
        "customer_id": customer, "snapshot_at": f"{day} 23:00", "acv": acv, "started_at": started,
        "churned_at": churned, **more,
    }  # fmt: skip


def stored(frame, engine):
    """The rows as a table of an engine; SQLite takes no NaT, so it gets text and nulls."""
    connection = getattr(ibis, engine).connect()
    if engine == "duckdb":
        return connection.create_table("accounts", frame)
    table = connection.create_table("accounts", schema=ibis.memtable(frame).schema())
    rows = [
        [None if pd.isna(v) else str(v) if isinstance(v, pd.Timestamp) else v for v in row]
        for row in frame.astype(object).itertuples(index=False)
    ]
    connection.con.executemany(f"insert into accounts values ({', '.join('?' * len(frame.columns))})", rows)
    return table


def found(*rows, timeframe=YEAR, customers=None, **options):
    return account_snapshots(ibis.memtable(frame_of(*rows)), customers, timeframe, **options)


def at_cutoff(frame, cutoff=CUTOFF):
    return frame[frame["cutoff"] == cutoff].set_index("customer_id")


class TestWhatAnAccountBroughtAfter:
    def test_all_its_value_where_nothing_changes(self):
        row = at_cutoff(found(shot("a", "2024-12-31"), shot("a", "2025-12-31"))).loc["a"]
        assert (row.revenue_12m, row.months_live) == (120.0, 12)

    def test_a_twelfth_for_each_month_end_at_which_it_is_a_customer(self):
        rows = shot("a", "2024-12-31"), shot("a", "2025-07-31", churned="2025-07-09")
        row = at_cutoff(found(*rows)).loc["a"]
        assert (row.revenue_12m, row.months_live) == (60.0, 6)  # January to June

    def test_each_month_by_what_it_is_worth_at_its_end(self):
        rows = [shot("a", "2024-12-31"), shot("a", "2025-03-31", 240.0), shot("a", "2025-11-30", 60.0)]
        assert at_cutoff(found(*rows)).loc["a"].revenue_12m == pytest.approx(
            (2 * 120 + 8 * 240 + 2 * 60) / 12
        )

    def test_counts_again_who_comes_back(self):
        rows = [
            shot("a", "2024-12-31"), shot("a", "2025-02-28", churned="2025-02-03"), shot("a", "2025-05-31"),
        ]  # fmt: skip
        assert at_cutoff(found(*rows)).loc["a"].months_live == 1 + 8

    def test_is_missing_where_the_year_is_not_over(self):
        frame = found(shot("a", "2024-12-31"), shot("a", "2025-12-31"))
        assert (
            at_cutoff(frame, pd.Timestamp("2026-01-01"))[["revenue_12m", "months_live"]].isna().all(axis=None)
        )


class TestWhoStands:
    def test_only_those_who_are_customers_at_the_cutoff(self):
        rows = [
            shot("live", "2024-12-31"),
            shot("left", "2024-12-31", churned="2024-12-05"),
            shot("later", "2025-06-30", started="2025-06-01"),
        ]
        assert list(at_cutoff(found(*rows)).index) == ["live"]

    def test_cutoffs_are_the_reference_date_and_every_third_month_from_a_year_before(self):
        table = ibis.memtable(frame_of(shot("a", "2024-03-31"), shot("a", "2025-12-31")))
        days = cutoffs(table, date(2026, 1, 1))
        assert days == (date(2026, 1, 1), date(2025, 1, 1), date(2024, 10, 1), date(2024, 7, 1),
                        date(2024, 4, 1))  # fmt: skip

    def test_without_a_snapshot_there_is_no_row_but_every_column(self):
        frame = found(shot("a", "2026-01-01"))
        assert frame.empty
        assert set(NUMBERS) < set(frame.columns)

    def test_months_keep_their_day_where_they_have_it(self):
        assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
        assert months_after(date(2025, 11, 30), 3) == date(2026, 2, 28)
        assert months_after(date(2025, 12, 1), -12) == date(2024, 12, 1)


class TestWhatIsKnown:
    def test_worked_by_hand(self):
        more = {
            "plan": "Team", "seats_purchased": 10, "seats_used": 7, "logins_30d": 30,
            "logins_previous_30d": 40, "nps": 20, "support_tickets_90d": 3, "critical_tickets_90d": 1,
            "days_overdue": 12, "feature_adoption": 0.5, "sentiment": -0.25, "renews_at": "2025-01-31",
        }  # fmt: skip
        rows = [
            shot("a", "2023-12-31", 50.0, nps=-100),  # over a year back: neither its raise nor its answer
            shot("a", "2024-06-30", 100.0, nps=60),
            shot("a", "2024-09-30", 90.0),
            shot("a", "2024-12-31", 120.0, **more),
        ]
        row = at_cutoff(found(*rows)).loc["a"]
        expected = {
            "acv": 120.0, "tenure_days": 366, "raises_365d": 2, "cuts_365d": 1,
            "raised_share_365d": (50 + 30) / 120, "seat_use": 0.7, "logins_per_seat": 3.0,
            "login_change": -0.25, "nps_365d": 40.0, "feature_adoption": 0.5, "sentiment": -0.25,
            "tickets_90d": 3, "critical_tickets_90d": 1, "days_overdue": 12, "days_to_renewal": 30,
        }  # fmt: skip
        assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected)
        assert row["plan"] == "Team"

    def test_what_is_not_known_is_missing(self):
        row = at_cutoff(found(shot("a", "2024-12-31", seats_purchased=0, seats_used=0))).loc["a"]
        assert (
            row[["seat_use", "logins_per_seat", "login_change", "nps_365d", "days_to_renewal"]].isna().all()
        )

    def test_an_unknown_contract_value_is_nought_and_an_unknown_start_the_first_snapshot(self):
        row = at_cutoff(found(shot("a", "2024-12-22", None, started=None))).loc["a"]
        assert (row.acv, row.tenure_days) == (0.0, 9)

    def test_stands_on_a_table_that_has_nothing_but_contract_values(self):
        table = ibis.memtable(frame_of(shot("a", "2024-12-31"))).select(
            "customer_id", "snapshot_at", "acv", "started_at", "churned_at"
        )
        row = at_cutoff(account_snapshots(table, None, YEAR)).loc["a"]
        assert (row.acv, row.revenue_12m) == (120.0, 120.0)
        assert pd.isna(row.seat_use)


class TestSelection:
    CUSTOMERS = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["a", "b"], "name": ["Ada", "Ben"], "customer_type": ["SMALL", None],
                "registered_at": pd.to_datetime(["2023-05-01", None]),
            }
        )
    )  # fmt: skip
    ROWS = (shot("a", "2024-12-31"), shot("b", "2024-12-31"), shot("c", "2024-12-31"))

    def shown(self, **chosen):
        frame = found(*self.ROWS, customers=self.CUSTOMERS, selection=Selection(**chosen))
        assert len(at_cutoff(frame)) == 3  # rows are marked, none is taken from the model
        return sorted(at_cutoff(frame).query("shown").index)

    def test_marks_a_type(self):
        assert self.shown(customer_type="SMALL") == ["a"]

    def test_marks_by_registration_and_else_by_the_start_of_the_contract(self):
        assert self.shown(end_date="2023-05-01") == ["a"]
        assert self.shown(start_date="2024-01-01") == ["b", "c"]

    def test_knows_names(self):
        frame = found(*self.ROWS, customers=self.CUSTOMERS)
        assert at_cutoff(frame)["customer_name"].fillna("").to_dict() == {"a": "Ada", "b": "Ben", "c": ""}


def random_book(seed, accounts=8):
    """Monthly snapshots over 20 months of accounts that come, change, leave and return."""
    random = np.random.default_rng(seed)
    ends = [months_after(date(2023, 1, 1), month) - timedelta(days=1) for month in range(18, 37)]
    rows = []
    for number in range(accounts):
        started = date(2022, 1, 1) + timedelta(days=int(random.integers(0, 1200)))
        acv, gone = float(random.integers(0, 9) * 100), None
        for end in ends:
            if end < started or random.random() < 0.05 or gone:
                gone = None if random.random() < 0.2 else gone
                continue
            acv = max(acv + float(random.choice([0, 0, 0, 100, -100])), 0.0)
            gone = end - timedelta(days=int(random.integers(0, 25))) if random.random() < 0.08 else None
            nps = int(random.integers(-10, 11)) * 10 if random.random() < 0.3 else None
            rows.append(shot(f"a{number:02}", end, acv, started=str(started), nps=nps,
                             churned=gone and str(gone), seats_purchased=10, seats_used=5))  # fmt: skip
    return frame_of(*rows)


def spelled_out(book, cutoff, reference):
    """The same for one cutoff, account by account and month by month."""
    rows = {}
    for customer, shots in book[book["snapshot_at"] < reference].groupby("customer_id"):

        def live(day, shots=shots):
            before = shots[shots["snapshot_at"] < day]
            if before.empty:
                return None
            last = before.iloc[-1]
            is_customer = last.started_at < day and not last.churned_at < day
            return last if is_customer else None

        stands = live(cutoff)
        if stands is None:
            continue
        ends = [cutoff + pd.DateOffset(months=month) for month in range(1, 13)]
        worth = [0 if live(end) is None else live(end).acv for end in ends]
        steps = shots["acv"].diff()[(shots["snapshot_at"] >= cutoff - pd.Timedelta(days=365))
                                    & (shots["snapshot_at"] < cutoff)]  # fmt: skip
        over = ends[-1] <= reference
        rows[customer] = {
            "acv": stands.acv, "raises_365d": (steps > 0).sum(), "cuts_365d": (steps < 0).sum(),
            "revenue_12m": sum(worth) / 12 if over else np.nan,
            "months_live": sum(live(end) is not None for end in ends) if over else np.nan,
        }  # fmt: skip
    return rows


class TestAgainstPlainPython:
    @settings(max_examples=1, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_every_row_of_every_cutoff(self, seed):
        book = random_book(seed)
        frame = account_snapshots(ibis.memtable(book), None, YEAR)
        assert frame["cutoff"].nunique() == 4
        for cutoff in frame["cutoff"].unique():
            expected = spelled_out(book, cutoff, pd.Timestamp("2026-01-01"))
            rows = at_cutoff(frame, cutoff)
            assert sorted(rows.index) == sorted(expected)
            for customer, figures in expected.items():
                assert rows.loc[customer, list(figures)].astype(float).to_dict() == pytest.approx(
                    figures, nan_ok=True
                )


class TestLaws:
    def test_nothing_after_a_cutoff_changes_what_was_known_at_it(self):
        book = random_book(1)
        before = at_cutoff(account_snapshots(ibis.memtable(book), None, YEAR))
        after = book["snapshot_at"] >= CUTOFF
        changed = book.assign(acv=book["acv"].where(~after, 9999.0), nps=book["nps"].where(~after, 100))
        again = at_cutoff(account_snapshots(ibis.memtable(changed), None, YEAR))
        pd.testing.assert_frame_equal(before[list(NUMBERS)], again[list(NUMBERS)])
        assert (before["revenue_12m"] != again["revenue_12m"]).any()

    def test_nothing_from_the_reference_date_on_changes_anything(self):
        book = random_book(2)
        later = frame_of(shot("a00", "2026-01-01", 1e6), shot("new", "2026-02-28", 5.0))
        whole = account_snapshots(ibis.memtable(pd.concat([book, later])), None, YEAR)
        pd.testing.assert_frame_equal(whole, account_snapshots(ibis.memtable(book), None, YEAR))

    def test_another_engine_finds_the_same(self):
        book = random_book(3)
        tables = (stored(book, engine) for engine in ("duckdb", "sqlite"))
        first, second = (account_snapshots(table, None, YEAR) for table in tables)
        pd.testing.assert_frame_equal(first, second, check_exact=False, rtol=1e-12)
