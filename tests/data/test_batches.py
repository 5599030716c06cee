"""A batch is one dated file: whole or not there, never changed, its organisation's alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.data.batches import batch_id, kept_batches, read_batch, write_batch
from analytics.data.contract import CONTRACT
from analytics.errors import ContractError, ParamsError

pytestmark = pytest.mark.usefixtures("models")
DAY = date(2026, 10, 1)
ROOT = Path(__file__).resolve().parents[2]


def predictions(day=DAY, batch="b1", **columns):
    frame = pd.DataFrame(
        {
            "batch_id": batch,
            "predicted_at": pd.Timestamp(day),
            "customer_id": ["002", "001"],
            "churn_probability": [0.25, 0.75],
            "risk_factors": ["no purchase for 90 days; few returns", None],
            "monetary_score": [50, 100],
            "words_of_the_page_only": "x",
        }
    )
    return frame.assign(**columns)


def forecasts(value, months=3, model="mean", day=DAY):
    return pd.DataFrame(
        {
            "made_at": pd.Timestamp(day),
            "month": pd.date_range("2026-10-01", periods=months, freq="MS"),
            "model": model,
            "value": value,
        }
    )


class TestWriting:
    def test_a_batch_is_a_file_named_by_its_day_and_its_id(self, models):
        path = write_batch("acme", "predictions", predictions())
        assert path == models / "acme" / "predictions" / "2026-10-01_b1.parquet"
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_it_holds_the_columns_and_types_of_the_contract_in_the_order_of_its_key(self):
        rows = pq.read_table(write_batch("acme", "predictions", predictions()))
        assert rows.column_names == [column.name for column in CONTRACT["predictions"].columns]
        assert rows.schema.field("predicted_at").type == pa.timestamp("us")
        assert rows.schema.field("monetary_score").type == pa.float64()
        assert rows["customer_id"].to_pylist() == ["001", "002"]
        assert rows["risk_factors"].to_pylist() == [None, "no purchase for 90 days; few returns"]
        assert rows["prediction_confidence"].null_count == 2

    def test_money_is_exact_to_four_places(self):
        path = write_batch("acme", "forecasts", forecasts([1.23456, 0.1 + 0.2, 7]))
        assert [str(value) for value in pq.read_table(path)["value"].to_pylist()] == [
            "1.2346",
            "0.3000",
            "7.0000",
        ]

    def test_the_same_batch_again_changes_nothing(self):
        path = write_batch("acme", "predictions", predictions())
        before = path.stat()
        assert write_batch("acme", "predictions", predictions().iloc[::-1]) == path
        after = path.stat()
        assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)

    def test_another_content_under_the_same_name_is_refused_and_the_first_stands(self):
        path = write_batch("acme", "predictions", predictions())
        before = path.read_bytes()
        with pytest.raises(ContractError, match="b1 of predictions of acme is kept already, with another"):
            write_batch("acme", "predictions", predictions(churn_probability=0.5))
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"churn_probability": [0.5, 1.0001]}, "churn_probability is from 0 to 1; 1 of 2 rows do not"),
            ({"churn_probability": [-0.1, 0.5]}, "churn_probability is from 0 to 1"),
            ({"churn_probability": [float("inf"), 0.5]}, "churn_probability is finite"),
            ({"monetary_score": [101, 5]}, "monetary_score is from 0 to 100"),
            ({"monetary_score": [None, 5]}, "monetary_score has a value; 1 of 2 rows have none"),
            ({"customer_id": ["1", "1"]}, "batch_id and customer_id together name one row"),
            ({"churn_probability": ["high", 0.5]}, "churn_probability cannot be written as number"),
            ({"batch_id": ["b1", "b2"]}, "has one batch_id"),
            ({"batch_id": "../b1"}, "has one batch_id: letters"),
            (
                {"predicted_at": pd.Timestamp("2026-10-01 10:00")},
                "has one predicted_at, a day without a time",
            ),
            ({"predicted_at": [pd.Timestamp(DAY), pd.Timestamp("2026-10-02")]}, "has one predicted_at"),
        ],
    )
    def test_what_breaks_the_contract_is_refused_in_words_and_leaves_nothing(self, models, columns, words):
        with pytest.raises(ContractError) as caught:
            write_batch("acme", "predictions", predictions(**columns))
        assert words in str(caught.value)
        assert "001" not in str(caught.value), "no row of data is shown"
        assert not models.exists() or not list(models.rglob("*.parquet"))

    def test_a_batch_without_rows_or_without_a_column_is_refused(self):
        with pytest.raises(ContractError, match="it has no row"):
            write_batch("acme", "predictions", predictions().head(0))
        with pytest.raises(ContractError, match="has no column monetary_score"):
            write_batch("acme", "predictions", predictions().drop(columns="monetary_score"))

    def test_a_write_that_is_killed_leaves_nothing_under_a_good_name(self, models):
        program = (
            "import os, signal, sys\n"
            "import pyarrow.parquet as pq\n"
            "from analytics.data import batches\n"
            "from tests.data.test_batches import predictions\n"
            "def killed(rows, file, **_):\n"
            "    file.write(b'PAR1 half of a file'); file.flush()\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
            "pq.write_table = killed\n"
            "batches.write_batch('acme', 'predictions', predictions())\n"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ, check=False)
        assert done.returncode == -signal.SIGKILL
        assert kept_batches("acme", "predictions") == []
        assert list((models / "acme" / "predictions").iterdir()), "it was killed in the middle of writing"
        assert write_batch("acme", "predictions", predictions()) in kept_batches("acme", "predictions")

    def test_a_file_gets_its_good_name_by_renaming_a_whole_one(self, models, monkeypatch):
        def full_disk(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_batch("acme", "predictions", predictions())
        assert not [path for path in models.rglob("*") if path.is_file()]


class TestForecasts:
    def test_what_was_said_first_of_a_day_a_month_and_a_model_stands(self):
        first = write_batch("acme", "forecasts", forecasts(100.0))
        assert write_batch("acme", "forecasts", forecasts(100.0)) is None
        assert write_batch("acme", "forecasts", forecasts(200.0)) is None
        more = write_batch("acme", "forecasts", forecasts(300.0, months=5))
        assert {float(value) for value in pq.read_table(first)["value"].to_pylist()} == {100.0}
        assert [f"{month:%Y-%m}" for month in pq.read_table(more)["month"].to_pylist()] == [
            "2027-01",
            "2027-02",
        ]

    def test_another_model_and_another_day_say_their_own(self):
        write_batch("acme", "forecasts", forecasts(100.0))
        assert write_batch("acme", "forecasts", forecasts(100.0, model="naive"))
        assert write_batch("acme", "forecasts", forecasts(100.0, day=date(2026, 11, 1)))
        assert len(kept_batches("acme", "forecasts")) == 3


class TestListing:
    def test_earliest_first_and_nothing_that_a_report_of_the_day_cannot_know(self):
        for day in (date(2026, 11, 1), DAY, date(2025, 12, 31)):
            write_batch("acme", "predictions", predictions(day, f"b{day:%Y%m%d}"))
            write_batch("acme", "forecasts", forecasts(1.0, day=day))
        days = [path.name[:10] for path in kept_batches("acme", "predictions")]
        assert days == ["2025-12-31", "2026-10-01", "2026-11-01"]
        assert [p.name[:10] for p in kept_batches("acme", "predictions", DAY)] == ["2025-12-31", "2026-10-01"]
        assert [p.name[:10] for p in kept_batches("acme", "forecasts", DAY)] == ["2025-12-31"]

    def test_only_what_is_named_like_a_batch_is_one(self, models):
        path = write_batch("acme", "predictions", predictions())
        for name in (".2026-10-01_b2.parquet.77", "2026-10-01_b3.parquet.part", "notes.txt", "b4.parquet"):
            shutil.copy(path, path.parent / name)
        (path.parent / "2026-10-01_b5.parquet").mkdir()
        assert kept_batches("acme", "predictions") == [path]

    def test_an_organisation_without_any_has_none(self):
        assert kept_batches("acme", "predictions") == []

    @pytest.mark.parametrize("name", ["../acme", "acme/../bolt", "", "ACME", "a" * 64, "."])
    def test_no_name_leads_out_of_the_folder(self, name):
        with pytest.raises(ParamsError, match="is no id of an organisation"):
            kept_batches(name, "predictions")
        with pytest.raises(ParamsError, match="is no id of an organisation"):
            write_batch(name, "predictions", predictions())


class TestReading:
    def test_a_file_that_was_changed_is_not_read(self):
        path = write_batch("acme", "predictions", predictions())
        rows = pq.read_table(path)
        changed = rows.set_column(3, "churn_probability", pa.array([0.9, 0.9]))
        pq.write_table(changed.replace_schema_metadata(rows.schema.metadata), path)
        with pytest.raises(ContractError, match="was changed after it was written; remove the file"):
            read_batch(path, "acme", "predictions")

    def test_a_text_that_was_changed_is_noticed_as_well(self):
        path = write_batch("acme", "predictions", predictions())
        rows = pq.read_table(path)
        place = rows.column_names.index("risk_factors")
        changed = rows.set_column(place, "risk_factors", pa.array(["<b>all is well</b>", None]))
        pq.write_table(changed.replace_schema_metadata(rows.schema.metadata), path)
        with pytest.raises(ContractError, match="was changed after it was written"):
            read_batch(path, "acme", "predictions")

    @pytest.mark.parametrize("content", [b"", b"PAR1 half", b"not Parquet at all"])
    def test_half_a_file_is_not_read(self, content):
        path = write_batch("acme", "predictions", predictions())
        path.write_bytes(content)
        with pytest.raises(ContractError, match="cannot be read"):
            read_batch(path, "acme", "predictions")

    def test_a_file_that_the_workbook_did_not_write_is_not_read(self):
        path = write_batch("acme", "predictions", predictions())
        predictions().to_parquet(path)
        with pytest.raises(ContractError, match="not a batch that the workbook wrote"):
            read_batch(path, "acme", "predictions")

    def test_a_file_of_another_organisation_in_this_ones_folder_is_not_read(self, models):
        path = write_batch("bolt", "predictions", predictions())
        target = models / "acme" / "predictions"
        target.mkdir(parents=True)
        stolen = shutil.copy(path, target / path.name)
        with pytest.raises(ContractError, match="was written for another organisation"):
            read_batch(Path(stolen), "acme", "predictions")


class TestNaming:
    def test_the_same_things_give_the_same_id_before_and_after_the_batch_is_kept(self):
        name = batch_id("acme", DAY, "v1", "fingerprint", {"horizon": 90})
        assert name == batch_id("acme", DAY, "v1", "fingerprint", {"horizon": 90})
        write_batch("acme", "predictions", predictions(batch=name))
        assert name == batch_id("acme", DAY, "v1", "fingerprint", {"horizon": 90})
        assert name.startswith("20261001-001-")

    def test_of_several_batches_of_a_day_the_one_made_last_has_the_greatest_id(self):
        names = []
        for version in ("v1", "v2", "v3"):
            names.append(batch_id("acme", DAY, version))
            write_batch("acme", "predictions", predictions(batch=names[-1]))
        assert names == sorted(names)
        assert len(set(names)) == 3
        assert batch_id("acme", DAY, "v1") == names[0]

    def test_another_day_and_another_organisation_count_anew(self):
        name = batch_id("acme", DAY, "v1")
        write_batch("acme", "predictions", predictions(batch=name))
        assert batch_id("acme", date(2026, 10, 2), "v1").startswith("20261002-001-")
        assert batch_id("bolt", DAY, "v1").startswith("20261001-001-")
        assert batch_id("bolt", DAY, "v1") != name
