"""Where `write_demo` writes, what it refuses, and that it writes the same bytes again."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest

import analytics.data.demo as demo
from analytics.data.demo import ORGANISATIONS, write_demo
from analytics.data.demo.folder import MARKER
from analytics.errors import ParamsError


def fingerprints(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestRepeatability:
    def test_the_same_seed_and_size_write_the_same_bytes(self, tmp_path):
        write_demo(tmp_path / "one", 60, 7)
        write_demo(tmp_path / "other", 60, 7)
        assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "other")

    def test_another_seed_writes_other_sales(self, tmp_path):
        write_demo(tmp_path / "one", 60, 7)
        write_demo(tmp_path / "other", 60, 8)
        sales = "demo-retail/sales.parquet"
        assert fingerprints(tmp_path / "one")[sales] != fingerprints(tmp_path / "other")[sales]

    def test_nothing_asks_the_clock(self, tmp_path, monkeypatch):
        write_demo(tmp_path / "one", 60)
        monkeypatch.setattr("time.time", lambda: 4e9)
        write_demo(tmp_path / "other", 60)
        assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "other")


class TestWhatIsWritten:
    def test_a_folder_for_each_organisation_with_its_truth(self, tmp_path):
        folders = write_demo(tmp_path / "demo", 60)
        assert [folder.name for folder in folders] == ["demo-retail", "demo-saas", "demo-vietnam"]
        for folder in folders:
            truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
            assert (truth["organisation"], truth["customers"]) == (folder.name, 60)

    def test_a_software_company_has_no_sales(self, tmp_path):
        _, saas, both = write_demo(tmp_path / "demo", 60)
        assert not (saas / "sales.parquet").exists()
        assert (saas / "accounts.parquet").exists()
        assert (both / "sales.parquet").exists()
        assert (both / "accounts.parquet").exists()

    @pytest.mark.parametrize("customers", [50, 333])
    def test_every_organisation_has_as_many_customers_as_asked_for(self, tmp_path, customers):
        for folder in write_demo(tmp_path / "demo", customers):
            assert pq.read_metadata(folder / "customers.parquet").num_rows == customers

    def test_progress_names_each_organisation_when_it_is_written(self, tmp_path):
        seen = []
        write_demo(tmp_path / "demo", 60, done=seen.append)
        assert seen == list(ORGANISATIONS)

    def test_blocks_of_customers_share_no_id(self, tmp_path, monkeypatch):
        monkeypatch.setattr(demo, "CUSTOMERS_AT_ONCE", 40)
        retail, saas, _ = write_demo(tmp_path / "demo", 100)
        for path, key in (
            (retail / "customers.parquet", "customer_id"),
            (retail / "payments.parquet", "payment_id"),
            (saas / "customers.parquet", "customer_id"),
            (saas / "leads.parquet", "lead_id"),
            (saas / "deals.parquet", "deal_id"),
        ):
            ids = pq.read_table(path)[key].to_pylist()
            assert len(set(ids)) == len(ids), path.name
        sales = pq.read_table(retail / "sales.parquet").to_pandas().drop_duplicates()
        assert sales["sale_id"].is_unique


class TestRefusals:
    def test_a_folder_with_a_foreign_file_is_left_alone(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        with pytest.raises(ParamsError, match=r"did not write \(notes.txt\); nothing was changed"):
            write_demo(tmp_path, 60)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_foreign_file_among_our_own_is_kept_too(self, tmp_path):
        write_demo(tmp_path / "demo", 60)
        mine = tmp_path / "demo" / "demo-retail" / "mine.parquet"
        mine.write_text("mine", encoding="utf-8")
        with pytest.raises(ParamsError, match=r"demo-retail/mine\.parquet"):
            write_demo(tmp_path / "demo", 70)
        assert mine.read_text(encoding="utf-8") == "mine"

    def test_a_damaged_marker_protects_the_folder(self, tmp_path):
        write_demo(tmp_path / "demo", 60)
        (tmp_path / "demo" / MARKER).write_text("{", encoding="utf-8")
        with pytest.raises(ParamsError, match="did not write"):
            write_demo(tmp_path / "demo", 60)

    def test_a_file_in_the_place_of_the_folder(self, tmp_path):
        (tmp_path / "demo").write_text("mine", encoding="utf-8")
        with pytest.raises(ParamsError, match="is not a folder"):
            write_demo(tmp_path / "demo", 60)

    def test_its_own_folder_is_replaced_whole(self, tmp_path):
        write_demo(tmp_path / "demo", 90)
        write_demo(tmp_path / "demo", 60)
        write_demo(tmp_path / "fresh", 60)
        assert fingerprints(tmp_path / "demo") == fingerprints(tmp_path / "fresh")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "fresh"]

    def test_an_empty_folder_may_be_used(self, tmp_path):
        (tmp_path / "demo").mkdir()
        assert len(write_demo(tmp_path / "demo", 60)) == 3

    @pytest.mark.parametrize(
        ("customers", "seed", "message"),
        [(49, 0, "customers is 49; allowed are 50"), (5_000_001, 0, "to 5,000,000"), (60, -1, "seed is -1")],
    )
    def test_sizes_and_seeds_out_of_range(self, tmp_path, customers, seed, message):
        with pytest.raises(ParamsError, match=message):
            write_demo(tmp_path / "demo", customers, seed)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("before", [None, 90], ids=["nothing was there", "an earlier run was there"])
    def test_a_failure_half_way_leaves_everything_as_it_was(self, tmp_path, monkeypatch, before):
        if before:
            write_demo(tmp_path / "demo", before)
        then = fingerprints(tmp_path)

        def fail(organisation):
            if organisation == "demo-saas":
                raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            write_demo(tmp_path / "demo", 60, done=fail)
        assert fingerprints(tmp_path) == then
        assert [path.name for path in tmp_path.iterdir()] == (["demo"] if before else [])
