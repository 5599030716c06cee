"""What was known of each lead on a day, and how many come and convert: by hand, then by a plain oracle."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from analytics.metrics.lead_scoring import (
    COUNTERS,
    as_known,
    further_columns,
    lead_history,
    lead_list,
    read_leads,
    read_log,
)
from analytics.timeframe import compare, parse_timeframe

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo" / "demo-vietnam"


def table(**columns):
    return ibis.memtable(pd.DataFrame(columns))


def days(*texts):
    return pd.to_datetime(list(texts), format="ISO8601")


@pytest.fixture
def leads():
    """Three leads: one converted, one that converts later, one created on the day of the report."""
    return table(
        lead_id=["a", "b", "c"],
        created_at=days("2026-01-01 23:59", "2026-02-01", "2026-04-01"),
        converted_at=days("2026-03-01 12:00", "2026-04-01", None),
        email_opens=[5.0, 4.0, 1.0],
        demo_requested=[True, None, False],
        City=["Hue", None, "Hanoi"],
    )


class TestLeadList:
    def test_reads_nothing_on_or_after_the_day(self, leads):
        found = lead_list(leads, None, date(2026, 4, 1))
        assert found["lead_id"].tolist() == ["a", "b"]
        assert found["converted"].tolist() == [True, False]
        assert found["converted_day"].isna().tolist() == [False, True]
        assert found["age_days"].tolist() == [90, 59]

    def test_counts_engagement_up_to_the_conversion_and_no_further(self, leads):
        """Two e-mails opened after signing, one of them on the very instant of it, are no sign of signing."""
        log = table(
            subject_id=["a", "a", "a", "b", "z"],
            kind=["email_open", "email_open", "email_open", "email_open", "email_open"],
            occurred_at=days("2026-02-28", "2026-03-01 12:00", "2026-03-05", "2026-05-01", "2026-03-02"),
        )
        found = lead_list(leads, log, date(2026, 4, 1)).set_index("lead_id")
        assert found["email_opens"].to_dict() == {"a": 3.0, "b": 3.0}

    def test_takes_the_log_where_there_is_no_counter_and_nothing_for_what_is_never_logged(self, leads):
        log = table(
            subject_id=["a", "a"], kind=["page_view"] * 2, occurred_at=days("2026-02-01", "2026-03-02")
        )
        found = lead_list(leads, log, date(2026, 4, 1)).set_index("lead_id")
        assert found["page_views"].to_dict() == {"a": 1.0, "b": 0.0}
        assert found["content_downloads"].isna().all()

    def test_one_reading_serves_an_earlier_day_too(self, leads):
        who, at = ["a", "b", "b"], days("2026-02-20", "2026-02-10", "2026-03-20")
        log = table(subject_id=who, kind=["email_open"] * 3, occurred_at=at)
        both = [date(2026, 4, 1), date(2026, 2, 15)]
        rows, logged = read_leads(leads, both[0]), read_log(leads, log, both)
        for day, opens in zip(both, ([5.0, 4.0], [4.0, 3.0]), strict=True):
            found = as_known(rows, logged, day)
            pd.testing.assert_frame_equal(found, lead_list(leads, log, day))
            assert found["email_opens"].tolist() == opens

    def test_a_counter_never_falls_below_nothing(self, leads):
        log = table(subject_id=["b"] * 6, kind=["email_open"] * 6, occurred_at=days(*["2026-05-01"] * 6))
        assert lead_list(leads, log, date(2026, 4, 1))["email_opens"].tolist() == [5.0, 0.0]

    def test_keeps_flags_that_are_not_known_missing_and_columns_beyond_the_contract(self, leads):
        found = lead_list(leads, None, date(2026, 4, 1))
        assert found["demo_requested"].iloc[0] == 1.0
        assert np.isnan(found["demo_requested"].iloc[1])
        assert further_columns(found) == ["City"]

    def test_an_empty_table_gives_no_rows(self, leads):
        assert lead_list(leads, None, date(2025, 1, 1)).empty


class TestLeadHistory:
    def test_counts_by_hand(self, leads):
        span = parse_timeframe("2026-03", as_of=date(2026, 4, 2))
        row = lead_history(leads, [span], conversion_days=45).iloc[0]
        assert (row["new_leads"], row["converted_leads"]) == (0, 1)
        # b was 45 days old on 18 March and had not converted; a had been so on 15 February.
        assert (row["conversion_rate"], row["conversion_rate_n"]) == (0.0, 1)

    def test_a_conversion_after_the_days_given_is_none_within_them(self, leads):
        span = parse_timeframe("2026-02", as_of=date(2026, 4, 2))
        assert lead_history(leads, [span], conversion_days=45).iloc[0]["conversion_rate"] == 0.0
        assert lead_history(leads, [span], conversion_days=30).iloc[0]["conversion_rate_n"] == 0
        late = parse_timeframe("2026-03", as_of=date(2026, 4, 2))
        assert lead_history(leads, [late], conversion_days=60).iloc[0]["conversion_rate"] == 100.0

    def test_a_month_without_leads_has_no_rate(self, leads):
        row = lead_history(
            leads, [parse_timeframe("2024-02", as_of=date(2026, 4, 2))], conversion_days=9
        ).iloc[0]
        assert np.isnan(row["conversion_rate"])
        assert row["new_leads"] == 0


@pytest.fixture(scope="module")
def raw():
    """The demonstration's leads and activities as they lie there."""
    return pd.read_parquet(DEMO / "leads.parquet"), pd.read_parquet(DEMO / "activities.parquet")


@pytest.mark.skipif(not DEMO.is_dir(), reason="the demonstration data are not there: workbook demo")
class TestDemonstration:
    """Against plain pandas on the whole table."""

    def test_counters_are_what_a_loop_over_the_log_counts(self, raw):
        leads, log = raw
        edge = pd.Timestamp("2026-05-10")
        found = lead_list(ibis.memtable(leads), ibis.memtable(log), edge.date()).set_index("lead_id")
        end = leads.set_index("lead_id")["converted_at"].fillna(edge).clip(upper=edge)
        for name in ("email_opens", "content_downloads"):
            mine = log[log["kind"] == COUNTERS[name]]
            before = mine[mine["occurred_at"] < mine["subject_id"].map(end)]
            expected = before.groupby("subject_id").size().reindex(found.index, fill_value=0)
            pd.testing.assert_series_equal(found[name], expected.astype("float64"), check_names=False)

    def test_history_is_what_pandas_counts(self, raw):
        leads, _ = raw
        span = parse_timeframe("2026-Q3", as_of=date(2026, 11, 1))
        periods = compare(span, first_day=date(2023, 11, 1)).periods
        found = lead_history(ibis.memtable(leads), periods, conversion_days=90)
        created, won = leads["created_at"].dt.normalize(), leads["converted_at"].dt.normalize()
        due = created + pd.Timedelta(days=90)
        for row in found.itertuples():
            start, end = pd.Timestamp(row.start), pd.Timestamp(row.end)
            ripe = (due >= start) & (due < end)
            assert row.new_leads == ((created >= start) & (created < end)).sum()
            assert row.converted_leads == ((won >= start) & (won < end)).sum()
            assert row.conversion_rate_n == ripe.sum()
            assert row.conversion_rate == pytest.approx(100 * (won[ripe] < due[ripe]).mean())
