"""What monthly revenue promises: whole months only, every sale once, contracts where there are no sales."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.forecast_accuracy import accuracy_summary, forecast_accuracy
from analytics.metrics.monthly_revenue import monthly_revenue
from analytics.metrics.pipeline_revenue import open_pipeline, pipeline_revenue, with_baseline
from analytics.metrics.revenue_growth import quarter_seasonality, revenue_growth
from analytics.timeframe import parse_timeframe

AS_OF = date(2026, 11, 1)


def until(text="2026-10", as_of=AS_OF):
    return parse_timeframe(text, as_of=as_of)


def stored(data, engine="duckdb", name="rows"):
    """The rows as a table of an engine; SQLite takes no NaT, so it gets text and nulls."""
    connection = getattr(ibis, engine).connect()
    if engine == "duckdb":
        return connection.create_table(name, data)
    table = connection.create_table(name, schema=ibis.memtable(data).schema())
    rows = [
        [None if pd.isna(v) else str(v) if isinstance(v, pd.Timestamp) else v for v in row]
        for row in data.itertuples(index=False)
    ]
    connection.con.executemany(f"insert into {name} values ({', '.join('?' * len(data.columns))})", rows)
    return table


def sales_of(*rows, engine="duckdb"):
    """Sales from ``(day, amount)`` or ``(day, amount, customer)``."""
    data = pd.DataFrame(
        {
            "sale_id": [f"s{i}" for i in range(len(rows))],
            "customer_id": pd.Series([row[2] if len(row) > 2 else "ada" for row in rows], dtype="str"),
            "sold_at": pd.to_datetime([row[0] for row in rows], format="ISO8601").astype("datetime64[us]"),
            "total_amount": pd.Series([row[1] for row in rows], dtype="float64"),
        }
    )
    return stored(data, engine)


def accounts_of(*rows, engine="duckdb"):
    """Snapshots from ``(customer, snapshot, acv, started, churned)``."""
    data = pd.DataFrame(rows, columns=["customer_id", "snapshot_at", "acv", "started_at", "churned_at"])
    for name in ("snapshot_at", "started_at", "churned_at"):
        data[name] = pd.to_datetime(data[name], format="ISO8601").astype("datetime64[us]")
    return stored(data.astype({"customer_id": "str", "acv": "float64"}), engine)


def deals_of(*rows, engine="duckdb"):
    """Deals from ``(id, stage, value, created, expected, closed, outcome)``."""
    names = ["deal_id", "stage", "value", "created_at", "expected_close_at", "closed_at", "outcome"]
    data = pd.DataFrame(rows, columns=names)
    for name in names[3:6]:
        data[name] = pd.to_datetime(data[name], format="ISO8601").astype("datetime64[us]")
    return stored(data.astype({"value": "float64", "outcome": "str"}), engine)


NO_SALES = sales_of()


class TestFromSales:
    def test_returns_and_guests_are_part_of_it(self):
        found = monthly_revenue(
            sales_of(("2026-09-01", 100), ("2026-09-20", -130.5), ("2026-10-31 23:59", 7, None)),
            None,
            until(),
        )
        assert found.months["revenue"].tolist() == [-30.5, 7.0]
        assert found.months["rows"].tolist() == [2, 1]
        assert found.source == "sales"

    def test_nothing_on_the_reference_date_or_later_is_read(self):
        rows = [("2026-08-01", 1), ("2026-09-30 23:59:59", 2), ("2026-10-01", 4)]
        assert monthly_revenue(sales_of(*rows), None, until("2026-09")).months["revenue"].tolist() == [1, 2]

    def test_the_unfinished_month_is_left_out(self):
        rows = sales_of(("2026-09-01", 1), ("2026-10-01", 2), ("2026-11-03", 4))
        found = monthly_revenue(rows, None, until("all", date(2026, 11, 9)))
        assert found.months["revenue"].tolist() == [1, 2]
        assert found.unfinished == pd.Timestamp("2026-11-01")
        assert pd.isna(monthly_revenue(rows, None, until()).unfinished)

    @pytest.mark.parametrize(("first", "months"), [("2026-08-03", 3), ("2026-08-04", 2)])
    def test_a_first_month_that_begins_in_its_middle_is_left_out(self, first, months):
        found = monthly_revenue(sales_of((first, 1), ("2026-09-10", 2)), None, until())
        assert len(found.months) == months

    def test_a_month_without_a_sale_is_zero_for_who_sells_little_and_a_gap_for_who_sells_much(self):
        days = ["2026-07-01", "2026-08-01", "2026-10-01"]
        few = monthly_revenue(sales_of(*((day, 5) for day in days)), None, until())
        assert few.months["revenue"].tolist() == [5, 5, 0, 5]
        many = monthly_revenue(sales_of(*((day, 5) for day in days for _ in range(30))), None, until())
        assert many.months["revenue"].isna().tolist() == [False, False, True, False]
        assert many.months["rows"].tolist() == [30, 30, 0, 30]

    def test_without_anything_there_is_nothing(self):
        found = monthly_revenue(NO_SALES, None, until())
        assert (len(found.months), found.source) == (0, "none")

    amounts = st.decimals(-500, 500, places=2).map(float)
    days = st.dates(date(2026, 1, 1), date(2026, 11, 20))

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(days, amounts), min_size=1, max_size=30), st.sampled_from(["duckdb", "sqlite"]))
    def test_it_is_a_plain_sum_on_every_engine(self, rows, engine):
        found = monthly_revenue(
            sales_of(*((str(d), a) for d, a in rows), engine=engine), None, until()
        ).months
        for row in found.itertuples():
            inside = [a for d, a in rows if (d.year, d.month) == (row.month.year, row.month.month)]
            assert row.revenue == pytest.approx(sum(inside), abs=1e-6)
            assert row.rows == len(inside)


class TestFromAccounts:
    BOOK = tuple((f"a{i:02}", "2026-06-30", 1200.0, "2025-01-01", None) for i in range(16))

    def test_a_twelfth_of_the_contracts_live_at_the_month_end(self):
        changes = [
            ("a00", "2026-08-31", 2400.0, "2025-01-01", None),
            ("a01", "2026-09-30", 1200.0, "2025-01-01", "2026-09-15"),
            ("new", "2026-10-31", 600.0, "2026-10-05", None),
        ]
        found = monthly_revenue(NO_SALES, accounts_of(*self.BOOK, *changes), until())
        assert found.source == "accounts"
        assert found.months["revenue"].tolist() == [1600, 1600, 1700, 1600, 1650]
        assert found.months["rows"].tolist() == [16, 16, 16, 15, 16]

    def test_fewer_than_fifteen_are_refused_with_their_number(self):
        found = monthly_revenue(NO_SALES, accounts_of(*self.BOOK[:14]), until())
        assert (found.too_few, len(found.months)) == (14, 0)

    def test_months_before_there_were_fifteen_are_left_out(self):
        early = [("a00", "2026-03-31", 1200.0, "2025-01-01", None)]
        assert len(monthly_revenue(NO_SALES, accounts_of(*early, *self.BOOK), until()).months) == 5

    def test_sales_come_first_and_contracts_beside_them_are_named(self):
        found = monthly_revenue(sales_of(("2026-10-01", 3)), accounts_of(*self.BOOK), until())
        assert (found.source, found.contracts) == ("sales", 16 * 1200)
        assert found.months["revenue"].tolist() == [3]
        assert monthly_revenue(sales_of(("2026-10-01", 3)), None, until()).contracts is None

    def test_engines_agree(self):
        rows = [*self.BOOK, ("a03", "2026-08-15", 99.0, None, "2026-10-02")]
        one, other = (
            monthly_revenue(NO_SALES, accounts_of(*rows, engine=engine), until()).months
            for engine in ("duckdb", "sqlite")
        )
        pd.testing.assert_frame_equal(one, other)


class TestPipeline:
    DEALS = (
        ("won", "negotiation", 900.0, "2026-01-01", "2026-03-01", "2026-03-05", "won"),
        ("lost", "proposal", 900.0, "2026-01-01", "2026-03-01", "2026-10-31 12:00", "lost"),
        ("old", "proposal", 9.0, "2024-01-01", "2024-03-01", "2025-10-31", "won"),
        ("soon", "discovery", 1000.0, "2026-09-01", "2026-11-30", None, None),
        ("then", "Negotiation", 200.0, "2026-09-01", "2027-01-01", None, None),
        ("far", "proposal", 100.0, "2026-09-01", "2028-01-01", None, None),
        ("late", "qualified", 40.0, "2026-09-01", "2026-10-31", None, None),
        ("undated", "proposal", 10.0, "2026-09-01", None, None, None),
        ("odd", "handshake", 7.0, "2026-09-01", "2026-11-05", None, None),
        ("unborn", "proposal", 5000.0, "2026-11-01", "2026-12-01", None, None),
        ("closes", "qualified", 400.0, "2026-09-01", "2026-11-05", "2026-11-01", "won"),
    )  # fmt: skip

    @pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
    def test_open_deals_weigh_by_stage_in_the_month_they_should_close(self, engine):
        found = pipeline_revenue(deals_of(*self.DEALS, engine=engine), None, until())
        rows = found.months
        dated = rows[rows["timing"] == "expected"].reset_index(drop=True)
        assert len(dated) == 12
        assert dated.loc[0, ["deals", "value", "weighted_value"]].tolist() == [3, 1407.0, 200.0]
        assert dated.loc[2, ["deals", "value", "weighted_value"]].tolist() == [1, 200.0, 150.0]
        others = rows[rows["timing"] != "expected"].set_index("timing")["weighted_value"].to_dict()
        assert others == {"later": 50.0, "overdue": 10.0, "undated": 5.0}
        assert (found.deals, found.unweighted) == (7, 1)

    def test_only_deals_closed_in_the_year_before_say_how_many_are_won(self):
        found = pipeline_revenue(deals_of(*self.DEALS), None, until())
        assert (found.won, found.closed, found.win_rate) == (1, 2, 50.0)
        assert found.win_rate_low < 50 < found.win_rate_high
        assert np.isnan(pipeline_revenue(deals_of(*self.DEALS[3:7]), None, until()).win_rate)

    def test_stage_and_value_are_those_of_that_day(self):
        deal = ("soon", "negotiation", 1000.0, "2026-09-01", "2026-11-30", None, None)
        history = stored(
            pd.DataFrame(
                {
                    "deal_id": ["soon"] * 3,
                    "changed_at": pd.to_datetime(["2026-09-01", "2026-09-20", "2026-11-02"]),
                    "stage": ["discovery", "qualified", "negotiation"],
                    "value": [100.0, 400.0, 1000.0],
                    "expected_close_at": pd.to_datetime(["2026-11-30", "2026-12-15", "2026-11-30"]),
                }
            )
        )
        connection = ibis.duckdb.connect()
        tables = [
            connection.create_table(n, t.to_pandas()) for n, t in (("d", deals_of(deal)), ("h", history))
        ]
        rows = pipeline_revenue(*tables, until()).months
        assert rows["weighted_value"].tolist()[:2] == [0.0, 100.0]

    def test_open_value_at_each_month_end(self):
        months = pd.Series(pd.to_datetime(["2026-02-01", "2026-03-01", "2026-09-01", "2026-10-01"]))
        whole = pd.Series(pd.date_range("2026-02-01", "2026-10-01", freq="MS"))
        found = open_pipeline(deals_of(*self.DEALS[:2]), whole)
        assert found.tolist() == [1800.0, *[900.0] * 7, 0.0]
        assert len(open_pipeline(deals_of(*self.DEALS), months[:0])) == 0

    def test_deals_are_added_only_where_revenue_has_none_of_them(self):
        found = pipeline_revenue(deals_of(*self.DEALS), None, until())
        ahead = pd.DataFrame({"month": pd.to_datetime(["2026-11-01"]), "value": [5000.0]})
        assert with_baseline(found, ahead, added=True)["total"].iloc[0] == 5200.0
        assert with_baseline(found, ahead, added=False)["total"].isna().all()
        assert with_baseline(found, ahead[:0], added=True)["baseline"].isna().all()


def months_of(values, start="2022-01-01"):
    return pd.DataFrame({"month": pd.date_range(start, periods=len(values), freq="MS"), "revenue": values})


class TestGrowth:
    SEASON = np.tile([80.0, 80, 80, 90, 90, 90, 100, 100, 100, 130, 130, 130], 4)

    def test_a_base_of_zero_or_less_has_no_growth(self):
        found = revenue_growth(months_of([0.0, 10.0, -5.0, 5.0, np.nan, 5.0]))
        rates = found["month_over_month_rate"].tolist()
        assert [None if np.isnan(rate) else rate for rate in rates] == [None, None, -150.0, None, None, None]

    def test_growth_on_a_year_before(self):
        found = revenue_growth(months_of(np.r_[np.full(12, 50.0), 60.0]))
        assert found["year_over_year_rate"].iloc[-1] == pytest.approx(20.0)

    def test_a_month_far_from_its_season_stands_out_and_hardly_another(self):
        noise = np.random.default_rng(1).uniform(0.94, 1.06, size=48)
        values = self.SEASON * np.exp(0.01 * np.arange(48)) * noise
        assert not revenue_growth(months_of(values))["unusual"].any()
        values[29] *= 2
        found = revenue_growth(months_of(values))
        assert found["unusual"].iloc[29]
        assert found["unusual"].sum() <= 2

    @pytest.mark.parametrize("values", [np.zeros(36), np.full(36, 9.0), np.arange(20.0)])
    def test_nothing_stands_out_of_what_never_moves_or_is_short(self, values):
        assert not revenue_growth(months_of(values))["unusual"].any()

    def test_quarters_against_an_average_one(self):
        found = quarter_seasonality(months_of(self.SEASON))
        assert found["seasonal_index"].tolist() == pytest.approx([0.8, 0.9, 1.0, 1.3])
        assert found["years"].tolist() == [3, 3, 3, 3]
        assert (found["low"] <= found["seasonal_index"]).all()

    def test_growth_is_no_season(self):
        found = quarter_seasonality(months_of(100 * np.exp(0.02 * np.arange(48))))
        assert found["seasonal_index"].tolist() == pytest.approx([1.0] * 4, abs=1e-6)

    @pytest.mark.parametrize("values", [np.ones(23), np.zeros(36)])
    def test_no_season_without_two_years_or_revenue(self, values):
        assert quarter_seasonality(months_of(values)).empty


class TestAccuracy:
    def forecasts(self):
        rows = [
            ("2026-08-01", "2026-08-01", "mean", 90.0, 80.0, 120.0),
            ("2026-08-01", "2026-09-01", "mean", 150.0, 140.0, 160.0),
            ("2026-08-01", "2026-10-01", "outside", 100.0, None, None),
            ("2026-08-01", "2026-11-01", "mean", 100.0, 90.0, 110.0),
            ("2026-08-20", "2026-08-01", "mean", 100.0, 90.0, 110.0),
            ("2026-11-01", "2026-10-01", "mean", 1.0, 0.0, 2.0),
        ]
        data = pd.DataFrame(rows, columns=["made_at", "month", "model", "value", "lower_80", "upper_80"])
        data["made_at"], data["month"] = pd.to_datetime(data["made_at"]), pd.to_datetime(data["month"])
        return stored(
            data.assign(lower_95=data["lower_80"], upper_95=data["upper_80"]).astype({"lower_80": "float64"})
        )

    MONTHS = months_of([100.0, 120.0, 0.0], "2026-08-01")

    def test_each_forecast_of_a_known_month_is_held_against_it(self):
        found = forecast_accuracy(self.forecasts(), self.MONTHS, until())
        assert found[["model", "months_ahead", "error"]].to_numpy().tolist() == [
            ["mean", 1, -10.0],
            ["mean", 2, 30.0],
            ["outside", 3, 100.0],
        ]
        assert found["inside_80"].tolist() == [True, False, pd.NA]
        assert found["error_percent"].tolist()[:2] == [-10.0, 25.0]
        assert np.isnan(found["error_percent"].iloc[2])

    def test_a_month_that_had_begun_is_no_forecast_and_a_later_one_is_not_read(self):
        found = forecast_accuracy(self.forecasts(), self.MONTHS, until())
        assert set(found["made_at"]) == {pd.Timestamp("2026-08-01")}

    def test_it_is_summed_up_by_model(self):
        rows = accuracy_summary(forecast_accuracy(self.forecasts(), self.MONTHS, until())).set_index("model")
        assert rows.loc["mean", ["forecasts", "months", "mape"]].tolist() == [1, 2, 17.5]
        assert rows.loc["mean", "coverage_80"] == 50.0
        assert rows.loc["mean", "bias_percent"] == pytest.approx(100 * 20 / 220)
        assert np.isnan(rows.loc["outside", "coverage_80"])

    def test_nothing_kept_is_nothing_to_compare(self):
        none = forecast_accuracy(self.forecasts().limit(0), self.MONTHS, until())
        assert none.empty
        assert accuracy_summary(none).empty
