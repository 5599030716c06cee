"""What `survival` promises, held against the published example of the field."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.survival import kaplan_meier, survival, survival_at
from analytics.timeframe import parse_timeframe

# Weeks to relapse of 21 leukaemia patients on 6-MP (Freireich et al., 1963), as printed by Cox and Oakes
# (1984), Analysis of Survival Data; + in print is False here.
MP6 = [
    *[(6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False)],
    *[(11, False), (13, True), (16, True), (17, False), (19, False), (20, False), (22, True), (23, True)],
    *[(25, False), (32, False), (32, False), (34, False), (35, False)],
]


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
    """Snapshots from ``(customer, plan, snapshot, started, churned)``."""
    data = pd.DataFrame(rows, columns=["customer_id", "plan", "snapshot_at", "started_at", "churned_at"])
    for name in ("snapshot_at", "started_at", "churned_at"):
        data[name] = pd.to_datetime(data[name], format="ISO8601").astype("datetime64[us]")
    data["plan"] = data["plan"].astype("str").where(data["plan"].notna(), None)
    return stored(data, engine)


class TestPublished:
    def test_the_curve_and_its_standard_errors_are_those_in_print(self):
        weeks, relapsed = zip(*MP6, strict=True)
        curve = kaplan_meier(np.zeros(21), weeks, relapsed).set_index("days")
        printed = {  # Kaplan–Meier estimate and Greenwood's standard error, three and four decimals
            6: (21, 0.857, 0.0764),
            7: (17, 0.807, 0.0869),
            10: (15, 0.753, 0.0963),
            13: (12, 0.690, 0.1068),
            16: (11, 0.627, 0.1141),
            22: (7, 0.538, 0.1282),
            23: (6, 0.448, 0.1346),
        }
        for week, (risk, share, error) in printed.items():
            assert curve.loc[week, "at_risk"] == risk
            assert curve.loc[week, "survival_rate"] == pytest.approx(100 * share, abs=0.05)
            assert curve.loc[week, "standard_error"] == pytest.approx(100 * error, abs=0.005)

    def test_the_band_is_the_one_that_r_prints_for_the_log_log_scale(self):
        weeks, relapsed = zip(*MP6, strict=True)
        row = kaplan_meier(np.zeros(21), weeks, relapsed).set_index("days").loc[10]
        # exp(-exp(log(-log 0.7529) ± 1.96 × 0.0963 / (0.7529 × |log 0.7529|)))
        assert row["survival_rate_low"] == pytest.approx(50.3, abs=0.05)
        assert row["survival_rate_high"] == pytest.approx(88.9, abs=0.05)


class TestLateEntry:
    def test_who_enters_late_is_not_at_risk_before(self):
        # Two are watched from the start, one leaves on day 10; two enter on day 20, one leaves on day 30.
        curve = kaplan_meier([0, 0, 20, 20], [10, 40, 30, 40], [True, False, True, False])
        assert curve[["days", "at_risk", "churned"]].to_numpy().tolist() == [
            [0, 2, 0], [10, 2, 1], [30, 3, 1], [40, 2, 0],
        ]  # fmt: skip
        assert curve["survival_rate"].tolist() == [
            100.0,
            50.0,
            pytest.approx(100 / 3),
            pytest.approx(100 / 3),
        ]

    def test_ignoring_it_would_flatter(self):
        entry, leave, left = [0, 300, 300, 300], [10, 400, 400, 400], [True, False, False, False]
        honest = kaplan_meier(entry, leave, left)["survival_rate"].iloc[-1]
        flattering = kaplan_meier([0] * 4, leave, left)["survival_rate"].iloc[-1]
        assert (honest, flattering) == (0.0, 75.0)

    def test_who_enters_on_the_day_of_another_departure_is_not_at_risk_that_day(self):
        curve = kaplan_meier([0, 0, 10], [10, 20, 20], [True, False, False]).set_index("days")
        assert curve.loc[10, "at_risk"] == 2

    def test_a_spell_that_was_never_watched_says_nothing(self):
        assert kaplan_meier([5], [5], [True]).empty

    def test_bounds_are_missing_once_nobody_is_left_and_100_before_anybody_leaves(self):
        curve = kaplan_meier([0, 0], [5, 9], [True, True])
        assert curve[["survival_rate_low", "survival_rate_high"]].iloc[0].tolist() == [100.0, 100.0]
        assert curve["survival_rate"].iloc[-1] == 0.0
        assert curve[["survival_rate_low", "survival_rate_high"]].iloc[-1].isna().all()


def _last(curves):
    return curves["days"] == curves.groupby("plan")["days"].transform("max")


class TestAccounts:
    YEAR = parse_timeframe("2026", as_of=date(2026, 11, 1))

    def rates(self, *rows, engine="duckdb"):
        found = survival(accounts_of(*rows, engine=engine), self.YEAR)
        return found[
            (found["plan"] == "all") & ((found["days"] == 0) | (found["churned"] > 0) | _last(found))
        ]

    def test_an_account_is_watched_from_its_first_snapshot_to_its_departure(self):
        curve = self.rates(
            ("a", "Pro", "2026-01-31 23:00", "2026-01-01 12:00", None),
            ("a", "Pro", "2026-02-28 23:00", "2026-01-01 12:00", "2026-02-10"),
            ("b", "Pro", "2026-01-31 23:00", "2026-01-01", None),
            ("b", "Pro", "2026-03-31 23:00", "2026-01-01", None),
        )
        assert curve[["days", "at_risk", "churned"]].to_numpy().tolist() == [
            [0, 0, 0],
            [40, 2, 1],
            [89, 1, 0],
        ]
        assert curve["survival_rate"].tolist() == [100.0, 50.0, 50.0]

    def test_who_had_left_by_the_first_snapshot_is_left_out(self):
        assert self.rates(("a", "Pro", "2026-01-31", "2026-01-01", "2026-01-20")).empty

    def test_nothing_on_or_after_the_reference_date_is_read(self):
        rows = [
            ("a", "Pro", "2026-09-30", "2026-01-01", None),
            ("a", "Pro", "2026-10-31", "2026-01-01", None),
            ("a", "Pro", "2026-11-30", "2026-01-01", "2026-11-15"),
        ]
        assert self.rates(*rows)["churned"].sum() == 0

    def test_a_planned_departure_that_was_called_off_is_none(self):
        rows = [
            ("a", "Pro", "2026-01-31", "2026-01-01", "2026-06-30"),
            ("a", "Pro", "2026-02-28", "2026-01-01", None),
            ("a", "Pro", "2026-08-31", "2026-01-01", None),
        ]
        assert self.rates(*rows)["churned"].sum() == 0
        assert self.rates(rows[0])["churned"].sum() == 1  # not called off as far as anybody knows

    def test_who_comes_back_is_followed_to_the_first_departure(self):
        rows = [
            ("a", "Pro", "2026-01-31", "2026-01-01", None),
            ("a", "Pro", "2026-02-28", "2026-01-01", "2026-02-20"),
            ("a", "Pro", "2026-08-31", "2026-01-01", None),
        ]
        assert self.rates(*rows)["days"].tolist() == [0, 50]

    def test_plans_are_those_of_the_first_snapshot_largest_first(self):
        rows = [
            ("a", "Pro", "2026-01-31", "2026-01-01", None),
            ("a", "Max", "2026-03-31", "2026-01-01", None),
            *[
                (f"b{i}", "Lite", f"2026-0{month}-28", "2026-01-01", None)
                for i in range(2)
                for month in (1, 3)
            ],
            *[("c", None, f"2026-0{month}-28", "2026-01-01", None) for month in (1, 3)],
        ]
        found = survival(accounts_of(*rows), self.YEAR).drop_duplicates("plan")
        assert found[["plan", "accounts"]].to_numpy().tolist() == [
            ["all", 4], ["Lite", 2], ["Pro", 1], ["no plan", 1],
        ]  # fmt: skip

    def test_one_customer_type_only(self):
        rows = [(c, "Pro", f"2026-0{month}-28", "2026-01-01", None) for c in "ab" for month in (1, 3)]
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a", "b"], "customer_type": ["X", "Y"]}))
        found = survival(accounts_of(*rows), self.YEAR, customers=customers, customer_type="X")
        assert found["accounts"].unique().tolist() == [1]

    def test_no_accounts_give_an_empty_table(self):
        assert self.rates(("a", "Pro", "2027-01-31", "2026-01-01", None)).empty

    def test_read_at_a_day_only_where_somebody_was_watched_for_so_long(self):
        rows = [(c, p, f"2026-0{m}-28", "2026-01-01", None) for c, p, m in [("a", "Pro", 1), ("a", "Pro", 8)]]
        curves = survival(accounts_of(*rows), self.YEAR)
        assert survival_at(curves, 200)["survival_rate"].tolist() == [100.0, 100.0]
        assert survival_at(curves, 365).empty

    def test_the_curve_has_a_row_where_it_is_read_off(self):
        rows = [("a", "Pro", f"2026-0{month}-28", "2026-01-01", None) for month in (1, 8)]
        found = survival(accounts_of(*rows), self.YEAR)
        assert found[found["plan"] == "all"]["days"].tolist() == [0, 30, 60, 90, 180, 239]
        assert found["at_risk"].tolist()[:5] == [0, 1, 1, 1, 1]

    def test_engines_agree(self):
        rows = [
            ("a", "Pro", "2026-01-31", "2026-01-01", None),
            ("a", "Pro", "2026-02-28", "2026-01-01", "2026-02-10"),
            ("b", None, "2026-01-31", "2026-01-01", None),
            ("b", None, "2026-05-31", "2026-01-01", None),
        ]
        duck, lite = (
            survival(accounts_of(*rows, engine=engine), self.YEAR) for engine in ("duckdb", "sqlite")
        )
        pd.testing.assert_frame_equal(duck, lite)


spells = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40), st.booleans()), min_size=1, max_size=30)


class TestLaws:
    @settings(max_examples=25)
    @given(spells)
    def test_agrees_with_the_product_spelled_out(self, rows):
        entry = [start for start, _length, _left in rows]
        leave = [start + length for start, length, _left in rows]
        left = [gone for _start, _length, gone in rows]
        curve = kaplan_meier(entry, leave, left).set_index("days")
        share = 1.0
        for day in sorted({end for end, gone in zip(leave, left, strict=True) if gone}):
            risk = sum(a < day <= b for a, b in zip(entry, leave, strict=True))
            gone = sum(b == day and g for b, g in zip(leave, left, strict=True))
            share *= 1 - gone / risk
            assert curve.loc[day, ["at_risk", "churned"]].tolist() == [risk, gone]
            assert curve.loc[day, "survival_rate"] == pytest.approx(100 * share)
        rates = curve["survival_rate"]
        assert rates.is_monotonic_decreasing
        known = curve.dropna()
        assert (known["survival_rate_low"] <= known["survival_rate"] + 1e-9).all()
        assert (known["survival_rate"] <= known["survival_rate_high"] + 1e-9).all()

    @settings(max_examples=10)
    @given(spells)
    def test_a_weight_of_two_is_the_spell_twice(self, rows):
        entry, length, left = (np.array(column) for column in zip(*rows, strict=True))
        twice = kaplan_meier(np.tile(entry, 2), np.tile(entry + length, 2), np.tile(left, 2))
        weighted = kaplan_meier(entry, entry + length, left, weights=np.full(len(entry), 2))
        pd.testing.assert_frame_equal(twice, weighted)
