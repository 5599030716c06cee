"""The forecast on monthly retail series: some of them quickly, all of them where time allows."""

import pytest

from benchmarks.evidence import forecast


@pytest.fixture
def series(reference_data, monkeypatch):
    monkeypatch.setenv("WORKBOOK_REFERENCE_DATA", str(reference_data))
    return forecast.retail_series()


def test_there_are_150_series_long_enough(series):
    assert len(series) == 150


def test_the_mean_beats_last_year_on_every_fifteenth_series(series):
    found = forecast.measure(series[::15], 120)
    assert found["mase"].mean() < 0.9 * found["naive_mase"].mean()
    assert 0.7 <= found["inside_80"].mean() <= 0.95
    assert found["inside_95"].mean() >= 0.9


def test_two_years_of_history_are_enough_to_beat_last_year(series):
    found = forecast.measure(series[::5], 24)
    assert found["mase"].mean() < 0.95 * found["naive_mase"].mean()


@pytest.mark.long
def test_every_bound_of_the_evidence_holds_but_for_time(series):
    rows = [row for row in forecast.rows() if "seconds" not in row.what]
    assert len(rows) > 10
    assert [row for row in rows if not row.holds] == []
