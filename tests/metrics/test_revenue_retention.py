"""What `revenue_retention` promises: contract value at the start, what happened to it, and at the end."""

from datetime import date
from decimal import Decimal

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.revenue_retention import (
    MOVEMENTS,
    contract_figures,
    movements,
    revenue_retention,
)
from analytics.timeframe import compare, parse_timeframe
from tests.books import books_of

AS_OF = date(2026, 11, 1)
JUNE, JULY, SEPTEMBER = "2026-06-30 23:00", "2026-07-31 23:00", "2026-09-30 23:00"


def stored(data, engine):
    """The rows as a table of an engine; SQLite takes no NaT, so it gets text and nulls."""
    connection = getattr(ibis, engine).connect()
    if engine == "duckdb":
        return connection.create_table("accounts", data)
    table = connection.create_table("accounts", schema=ibis.memtable(data).schema())
    rows = [
        [
            None if pd.isna(value) else str(value) if isinstance(value, pd.Timestamp) else value
            for value in row
        ]
        for row in data.itertuples(index=False)
    ]
    connection.con.executemany(f"insert into accounts values ({', '.join('?' * len(data.columns))})", rows)
    return table


def accounts_of(*rows, engine="duckdb"):
    """Snapshots from ``(customer, snapshot, acv, started, churned)``."""
    data = pd.DataFrame(rows, columns=["customer_id", "snapshot_at", "acv", "started_at", "churned_at"])
    for name in ("snapshot_at", "started_at", "churned_at"):
        data[name] = pd.to_datetime(data[name], format="ISO8601").astype("datetime64[us]")
    data = data.astype({"customer_id": "str", "acv": "float64"})
    return stored(data, engine)


def rows_of(accounts, *texts, as_of=AS_OF, **options):
    return revenue_retention(accounts, [parse_timeframe(text, as_of=as_of) for text in texts], **options)


def account(customer, start, end, *, started="2025-01-01", churned=None):
    """An account with one snapshot before the third quarter of 2026 and one at its end."""
    shots = [] if start is None else [(customer, JUNE, start, started, None)]
    return [*shots, (customer, SEPTEMBER, start if end is None else end, started, churned)]


BOOK = (
    *account("grows", 100.0, 150.0),
    *account("shrinks", 100.0, 70.0),
    *account("stays", 100.0, 100.0),
    *account("leaves", 100.0, None, churned="2026-08-15"),
    *account("new", None, 40.0, started="2026-08-01"),
    *account("back", 60.0, 60.0),
    ("back", "2025-12-31", 60.0, "2025-01-01", None),
    ("back", "2026-01-31", 60.0, "2025-01-01", "2026-01-15"),
)
# The June snapshot of "back" would show it live; replace it by nothing between its departure and its return.
BOOK = tuple(row for row in BOOK if row[:2] != ("back", JUNE))


class TestDefinition:
    def test_each_movement_worked_by_hand(self):
        row = rows_of(accounts_of(*BOOK), "2026-Q3").iloc[0]
        assert (row.starting_acv, row.ending_acv) == (400.0, 420.0)
        assert (row.starting_accounts, row.ending_accounts) == (4, 5)
        found = {name: (row[f"{name}_accounts"], row[f"{name}_acv"]) for name in MOVEMENTS}
        assert found == {
            "new": (1, 40.0),
            "expansion": (1, 50.0),
            "reactivated": (1, 60.0),
            "contraction": (1, -30.0),
            "churned": (1, -100.0),
        }

    def test_gross_counts_no_growth_and_net_counts_it(self):
        row = rows_of(accounts_of(*BOOK), "2026-Q3").iloc[0]
        assert row.gross_revenue_retention == pytest.approx(100 * (100 + 70 + 100 + 0) / 400)
        assert row.net_revenue_retention == pytest.approx(100 * (150 + 70 + 100 + 0) / 400)
        assert row.account_retention_rate == 75.0
        assert row.quick_ratio == pytest.approx((40 + 50 + 60) / (30 + 100))

    def test_the_bridge_has_a_row_for_each_movement(self):
        row = rows_of(accounts_of(*BOOK), "2026-Q3").iloc[0]
        bridge = movements(row)
        assert bridge["movement"].tolist() == list(MOVEMENTS)
        assert row.starting_acv + bridge["acv"].sum() == row.ending_acv
        assert bridge["accounts"].tolist() == [1, 1, 1, 1, 1]


class TestEdges:
    def test_nothing_is_kept_through_a_timeframe_that_has_not_begun(self):
        row = rows_of(accounts_of(*BOOK), "2027-Q1").iloc[0]
        rates = ["gross_revenue_retention", "net_revenue_retention", "account_retention_rate"]
        assert row[rates].isna().all()
        assert row["gross_revenue_retention_n"] == 0
        assert row.starting_acv == row.ending_acv > 0

    def test_no_losses_have_no_quick_ratio_and_nobody_starting_no_retention(self):
        row = rows_of(
            accounts_of(
                ("z", "2026-05-31", 1.0, "2026-01-01", "2026-05-01"), *account("n", None, 5.0, started=JULY)
            ),
            "2026-Q3",
        ).iloc[0]
        assert (row.starting_accounts, row.new_acv) == (0, 5.0)
        missing = [
            "gross_revenue_retention",
            "net_revenue_retention",
            "quick_ratio",
            "account_retention_rate",
        ]
        assert row[missing].isna().all()

    def test_the_last_snapshot_before_an_edge_speaks_and_one_on_it_does_not(self):
        accounts = accounts_of(
            ("a", "2026-06-01", 10.0, "2025-01-01", None),
            ("a", "2026-07-01", 20.0, "2025-01-01", None),
            ("a", "2026-10-01", 90.0, "2025-01-01", None),
        )
        row = rows_of(accounts, "2026-Q3").iloc[0]
        assert (row.starting_acv, row.ending_acv, row.expansion_acv) == (10.0, 20.0, 10.0)

    def test_a_departure_told_in_advance_counts_from_its_day(self):
        accounts = accounts_of(("a", JUNE, 10.0, "2025-01-01", "2026-08-15"))
        august, september = rows_of(accounts, "2026-08", "2026-09").to_dict("records")
        assert (august["starting_accounts"], august["churned_acv"]) == (1, -10.0)
        assert september["starting_accounts"] == 0

    def test_an_account_that_has_not_started_is_not_live(self):
        accounts = accounts_of(("x", JUNE, 1.0, "2025-01-01", None), ("a", JUNE, 10.0, "2026-08-15", None))
        row = rows_of(accounts, "2026-Q3").iloc[0]
        assert (row.starting_acv, row.new_accounts, row.new_acv) == (1.0, 1, 10.0)

    def test_an_unknown_contract_value_is_an_account_worth_nothing(self):
        row = rows_of(accounts_of(*account("a", float("nan"), 10.0)), "2026-Q3").iloc[0]
        assert (row.starting_accounts, row.starting_acv, row.expansion_acv) == (1, 0.0, 10.0)
        assert pd.isna(row.net_revenue_retention)

    def test_before_the_first_snapshot_the_books_open_with_it(self):
        accounts = accounts_of(*account("a", 10.0, 15.0))
        row = rows_of(accounts, "2025-01-01..2026-10-31").iloc[0]
        assert (row.starting_acv, row.expansion_acv, row.new_accounts) == (10.0, 5.0, 0)
        assert row.left_truncated
        assert not rows_of(accounts, "2026-Q3").iloc[0].left_truncated

    def test_no_accounts_are_zeros(self):
        row = rows_of(accounts_of(*account("a", 10.0, 15.0)), "2025").iloc[0]
        assert row[["starting_accounts", "ending_accounts", "ending_acv"]].eq(0).all()
        empty = rows_of(accounts_of(), "2026-Q3").iloc[0]
        assert empty[["starting_accounts", "ending_accounts", "ending_acv"]].eq(0).all()

    def test_one_customer_type_only(self):
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a", "b"], "customer_type": ["X", None]}))
        accounts = accounts_of(*account("a", 10.0, 15.0), *account("b", 1.0, 1.0))
        row = rows_of(accounts, "2026-Q3", customers=customers, customer_type="X").iloc[0]
        assert (row.starting_accounts, row.starting_acv) == (1, 10.0)


class TestReport:
    def test_books_that_open_late_measure_nothing_later(self):
        quarter = parse_timeframe("2026-Q3", as_of=AS_OF)
        comparison = compare(quarter, first_day=date(2026, 1, 1))
        accounts = accounts_of(
            ("a", "2026-05-31", 10.0, "2025-01-01", None), ("a", SEPTEMBER, 15.0, "2025-01-01", None)
        )
        found = contract_figures(accounts, quarter, comparison)
        assert found.headlines["period"].tolist() == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert found.headlines["net_revenue_retention"].isna().tolist() == [True, True, False]
        assert found.leading["net_revenue_retention"] == 150.0
        block = found.published()
        assert (block["period"], block["ending_acv"]) == ("2026-Q3", 15.0)
        assert block["movements"]["acv"].sum() == 5.0


cents = st.integers(0, 10**7).map(lambda n: n / 100)
shots = st.tuples(
    st.sampled_from("abcd"),
    st.integers(1, 10),
    cents,
    st.sampled_from([None, "2026-03-15", "2026-07-10"]),
)
snapshot_books = books_of(shots, least=1, most=30, unique_by=lambda row: row[:2])


class TestLaws:
    MONTHS = tuple(f"2026-{month:02}" for month in range(2, 11))

    def accounts(self, book, engine="duckdb"):
        rows = [(c, f"2026-{month:02}-28", acv, "2025-01-01", churned) for c, month, acv, churned in book]
        return accounts_of(*rows, engine=engine)

    @settings(max_examples=10)
    @given(snapshot_books)
    def test_movements_add_up_to_the_cent_and_months_chain(self, book):
        found = rows_of(self.accounts(book), *self.MONTHS)
        for row in found.itertuples():
            parts = [Decimal(str(getattr(row, f"{name}_acv"))) for name in MOVEMENTS]
            assert Decimal(str(row.starting_acv)) + sum(parts) == Decimal(str(row.ending_acv))
            kept = row.starting_accounts - row.churned_accounts
            assert row.ending_accounts == kept + row.new_accounts + row.reactivated_accounts
        usual = found[~found["left_truncated"]]
        assert usual["starting_acv"].tolist()[1:] == usual["ending_acv"].tolist()[:-1]

    @settings(max_examples=15)
    @given(snapshot_books)
    def test_agrees_with_a_loop_over_accounts(self, book):
        row = rows_of(self.accounts(book), "2026-Q3").iloc[0]

        def worth(customer, edge):
            past = sorted(shot for shot in book if shot[0] == customer and date(2026, shot[1], 28) < edge)
            if not past:
                return None
            _customer, _month, acv, churned = past[-1]
            return None if churned is not None and date.fromisoformat(churned) < edge else acv

        opening = min(date(2026, month, 28) for _c, month, _acv, _churned in book)
        start = max(date(2026, 7, 1), date.fromordinal(opening.toordinal() + 1))
        if start >= date(2026, 10, 1):
            assert row.ending_accounts == 0 or row.left_truncated
            return
        pairs = [(worth(c, start), worth(c, date(2026, 10, 1))) for c in {shot[0] for shot in book}]
        first = [(a, b or 0.0) for a, b in pairs if a is not None]
        total = sum(a for a, _b in first)
        assert row.starting_acv == pytest.approx(total)
        assert row.churned_accounts == sum(a is not None and b is None for a, b in pairs)
        if total:
            assert row.gross_revenue_retention == pytest.approx(
                100 * sum(min(a, b) for a, b in first) / total
            )
            assert row.net_revenue_retention == pytest.approx(100 * sum(b for _a, b in first) / total)
            assert row.gross_revenue_retention <= 100 + 1e-9

    @settings(max_examples=5)
    @given(snapshot_books)
    def test_every_engine_gives_the_same_figures(self, book):
        duck, lite = (rows_of(self.accounts(book, engine), *self.MONTHS) for engine in ("duckdb", "sqlite"))
        pd.testing.assert_frame_equal(duck, lite)
