"""Whether there is a batch in time, from the source or from an earlier run."""

from __future__ import annotations

from datetime import date

import pytest

from analytics.data.batches import write_batch
from analytics.data.needs import timeframes_without
from analytics.params import Organisation
from analytics.params.source import Source
from tests.data.test_batches import predictions

pytestmark = pytest.mark.usefixtures("models")
QUARTERS = ["2026-Q1", "2026-Q2", "2026-Q3"]
OUTSIDE = "batch_id,predicted_at,customer_id,churn_probability,monetary_score\nb,2026-05-01,a,{},5\n"


@pytest.fixture
def lacking(tmp_path):
    """Timeframes without predictions, of an organisation whose data end with September 2026."""

    def call(need="predictions", timeframes=QUARTERS, org="acme", as_of="latest", **files):
        sales = "sale_id,customer_id,sold_at,total_amount\n1,a,2026-01-01,10\n2,a,2026-09-30,10\n"
        for name, text in {"sales": sales, **files}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        organisation = Organisation(id=org, as_of=as_of, source=Source(path=tmp_path, owned=True))
        return timeframes_without(organisation, need, timeframes)

    return call


def test_without_any_all_lack_them(lacking):
    assert lacking() == QUARTERS
    assert lacking("forecasts") == QUARTERS


def test_a_kept_batch_serves_the_timeframes_that_end_on_its_day_or_later(lacking):
    write_batch("acme", "predictions", predictions(date(2026, 7, 1)))
    assert lacking() == ["2026-Q1"]
    assert lacking("forecasts") == QUARTERS


def test_so_do_predictions_from_outside(lacking):
    assert lacking(predictions=OUTSIDE.format(0.5)) == ["2026-Q1"]


def test_an_unfinished_timeframe_is_read_up_to_the_newest_day(lacking):
    write_batch("acme", "predictions", predictions(date(2026, 10, 2)))
    assert lacking(timeframes=["2026-Q4"]) == ["2026-Q4"]
    write_batch("acme", "predictions", predictions(date(2026, 10, 1), "b2"))
    assert lacking(timeframes=["2026-Q4"]) == []


def test_nothing_on_or_after_the_as_of_of_the_params_counts(lacking):
    write_batch("acme", "predictions", predictions(date(2026, 6, 1)))
    assert lacking(timeframes=["2026"], as_of=date(2026, 5, 1)) == ["2026"]


def test_another_organisations_batches_do_not_count(lacking):
    write_batch("bolt", "predictions", predictions(date(2026, 1, 1)))
    assert lacking() == QUARTERS


def test_where_they_are_refused_training_would_not_mend_it(lacking):
    assert lacking(predictions=OUTSIDE.format(1.5)) == []


def test_where_the_data_cannot_be_read_the_run_says_so(lacking):
    assert lacking(sales="sale_id\n1\n") == []


def test_of_things_that_are_no_table_nothing_is_known(lacking):
    assert lacking("weather") == []
