"""Predictions are the source's own and those that the workbook keeps, on every engine."""

from __future__ import annotations

import shutil
from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.data.batches import write_batch
from analytics.data.dataset import open_dataset
from analytics.errors import ContractError
from analytics.params import Organisation
from analytics.params.source import Source
from tests.data.test_batches import DAY, forecasts, predictions

pytestmark = pytest.mark.usefixtures("models")
SALES = pd.DataFrame(
    {"sale_id": ["1"], "customer_id": ["001"], "sold_at": [datetime(2026, 10, 20)], "total_amount": [10.0]}
)
FROM_OUTSIDE = pd.DataFrame(
    {
        "batch_id": "theirs",
        "predicted_at": datetime(2026, 9, 1),
        "customer_id": ["001", "003"],
        "churn_probability": [0.1, 0.2],
        "monetary_score": [10.0, 20.0],
    }
)


def read(dataset):
    frame = dataset.predictions.order_by(["predicted_at", "customer_id"]).to_pandas()
    return frame[["batch_id", "customer_id", "churn_probability", "monetary_score"]].values.tolist()


class TestTables:
    def test_kept_batches_alone_are_the_table(self, engine, opened):
        write_batch("acme", "predictions", predictions())
        write_batch("acme", "forecasts", forecasts([1.5, 2.25, 3]))
        dataset = opened(engine({"sales": SALES}, owned=True))
        assert read(dataset) == [["b1", "001", 0.75, 100.0], ["b1", "002", 0.25, 50.0]]
        assert {"predictions", "forecasts"} <= dataset.present
        assert dataset.rows["predictions"] == 2
        kept = dataset.forecasts.order_by("month").to_pandas()
        assert kept["value"].astype(float).tolist() == [1.5, 2.25, 3.0]
        assert kept["month"].tolist() == list(pd.date_range("2026-10-01", periods=3, freq="MS"))
        assert kept["lower_80"].isna().all()

    def test_kept_batches_lie_below_the_sources_own(self, engine, opened):
        write_batch("acme", "predictions", predictions())
        dataset = opened(engine({"sales": SALES, "predictions": FROM_OUTSIDE}, owned=True))
        assert read(dataset) == [
            ["theirs", "001", 0.1, 10.0],
            ["theirs", "003", 0.2, 20.0],
            ["b1", "001", 0.75, 100.0],
            ["b1", "002", 0.25, 50.0],
        ]
        assert dataset.rows["predictions"] == 4
        assert dataset.findings == ()

    def test_they_can_be_joined_with_the_sources_tables(self, engine, opened):
        write_batch("acme", "predictions", predictions())
        dataset = opened(engine({"sales": SALES}, owned=True))
        joined = dataset.sales.join(dataset.predictions, "customer_id")
        assert joined.churn_probability.sum().to_pandas() == 0.75

    def test_without_any_the_table_is_absent_and_empty(self, engine, opened):
        dataset = opened(engine({"sales": SALES}, owned=True))
        assert "predictions" not in dataset.present
        assert dataset.predictions.count().to_pandas() == 0

    def test_the_source_is_left_as_it_was(self, database, opened):
        write_batch("acme", "predictions", predictions())
        source = database({"sales": SALES}, owned=True)
        opened(source).close()
        shutil.rmtree(write_batch("acme", "predictions", predictions()).parent)
        assert "predictions" not in opened(source).present


class TestIsolation:
    def test_only_the_organisations_own_folder_is_read(self, engine, opened):
        write_batch("bolt", "predictions", predictions(customer_id=["canary", "canary2"]))
        write_batch("acme2", "predictions", predictions(customer_id=["canary", "canary2"]))
        write_batch("acme", "predictions", predictions())
        source = engine({"sales": SALES}, owned=True)
        assert {row[1] for row in read(opened(source))} == {"001", "002"}

    def test_a_shared_source_shares_no_batch(self, engine, opened):
        shared = engine(
            {"sales": SALES.assign(org_id="acme"), "predictions": FROM_OUTSIDE.assign(org_id="bolt")}
        )
        write_batch("bolt", "predictions", predictions(batch="b2"))
        assert "predictions" not in opened(shared).present
        write_batch("acme", "predictions", predictions())
        assert {row[0] for row in read(opened(shared))} == {"b1"}

    def test_anothers_batch_in_the_folder_refuses_the_table_and_nothing_else(self, from_csv, models):
        path = write_batch("bolt", "predictions", predictions(customer_id=["canary", "canary2"]))
        shutil.copytree(path.parent, models / "acme" / "predictions")
        dataset = from_csv(sales=SALES.to_csv(index=False))
        assert "written for another organisation" in dataset.refused["predictions"]
        assert "canary" not in str(dataset.findings)
        assert dataset.rows["sales"] == 1


class TestRefusals:
    def test_a_probability_above_1_from_outside_refuses_the_table_and_says_why(self, engine, opened):
        outside = FROM_OUTSIDE.assign(churn_probability=[1.2, 0.5])
        write_batch("acme", "predictions", predictions())
        dataset = opened(engine({"sales": SALES, "predictions": outside}, owned=True))
        assert "churn_probability is from 0 to 1; 1 of 4 rows does not" in dataset.refused["predictions"]
        assert "predictions" not in dataset.present
        with pytest.raises(ContractError, match="churn_probability is from 0 to 1"):
            dataset.predictions  # noqa: B018 - asking for it is what is refused
        assert dataset.without_refused(["predictions"]).predictions.count().to_pandas() == 0

    def test_a_batch_from_outside_with_the_id_of_a_kept_one_refuses_the_table(self, from_csv):
        write_batch("acme", "predictions", predictions(batch="theirs"))
        files = {"sales": SALES.to_csv(index=False), "predictions": FROM_OUTSIDE.to_csv(index=False)}
        assert "together name one row" in from_csv(**files).refused["predictions"]

    def test_a_changed_batch_refuses_the_table_and_names_the_file(self, from_csv):
        path = write_batch("acme", "predictions", predictions())
        rows = pq.read_table(path)
        changed = rows.set_column(3, "churn_probability", pa.array([0.9, 0.9]))
        pq.write_table(changed.replace_schema_metadata(rows.schema.metadata), path)
        dataset = from_csv(sales=SALES.to_csv(index=False))
        assert "2026-10-01_b1.parquet" in dataset.refused["predictions"]
        assert "was changed after it was written" in dataset.refused["predictions"]
        assert dataset.rows["sales"] == 1


class TestWhatAReportMayKnow:
    @pytest.fixture
    def fingerprint(self, tmp_path):
        """Open for a reference date; the fingerprint and what was read."""
        SALES.to_parquet(tmp_path / "sales.parquet")
        organisation = Organisation(id="acme", source=Source(path=tmp_path, owned=True))

        def call(day=None, tables=("predictions", "forecasts")):
            edge = None if day is None else lambda *_: day
            dataset = open_dataset(organisation, tables=tables, edge=edge)
            found = dataset.fingerprint, dict(dataset.rows)
            dataset.close()
            return found

        return call

    def test_batches_dated_after_the_reference_date_are_not_there(self, fingerprint):
        write_batch("acme", "predictions", predictions(date(2026, 10, 1), "b1"))
        write_batch("acme", "predictions", predictions(date(2026, 11, 1), "b2"))
        assert fingerprint(date(2026, 9, 30))[1].get("predictions") is None
        assert fingerprint(date(2026, 10, 1))[1]["predictions"] == 2
        assert fingerprint(date(2026, 11, 1))[1]["predictions"] == 4
        assert fingerprint()[1]["predictions"] == 4

    def test_the_days_that_decide_are_those_of_the_data(self, fingerprint, tmp_path):
        write_batch("acme", "predictions", predictions(date(2030, 1, 1), "far"))
        organisation = Organisation(id="acme", source=Source(path=tmp_path, owned=True))
        asked = []
        open_dataset(
            organisation, tables=["predictions"], edge=lambda *days: asked.append(days) or date(2026, 1, 1)
        ).close()
        assert asked == [(date(2026, 10, 20), date(2026, 10, 20))]

    def test_the_fingerprint_tells_which_batches_were_read(self, fingerprint):
        before = fingerprint(DAY)[0]
        write_batch("acme", "predictions", predictions())
        one = fingerprint(DAY)[0]
        write_batch("acme", "predictions", predictions(batch="b2"))
        assert len({before, one, fingerprint(DAY)[0]}) == 3

    def test_a_report_that_does_not_need_them_has_the_fingerprint_of_its_source(self, fingerprint):
        before = fingerprint(DAY, tables=("sales",))
        write_batch("acme", "predictions", predictions())
        assert fingerprint(DAY, tables=("sales",)) == before

    def test_the_report_that_makes_a_forecast_finds_the_same_data_when_it_runs_again(self, fingerprint):
        before = fingerprint(DAY, tables=("sales", "forecasts"))
        write_batch("acme", "forecasts", forecasts(1.0))
        assert fingerprint(DAY, tables=("sales", "forecasts")) == before
