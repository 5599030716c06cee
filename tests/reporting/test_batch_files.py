"""Files are whole or not there, and yesterday's do not stand beside today's."""

from __future__ import annotations

import pytest

from analytics.reporting.files import put_into_place, work_folder, write_whole


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(tmp_path):
    path = tmp_path / "deep" / "run.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert path.read_text() == "old"
    with path.open() as reader:
        write_whole(path, "new")
        assert reader.read() == "old", "who reads the old file reads it to its end"
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["run.json"]


def test_new_files_replace_all_old_ones_of_the_same_report_and_no_other(tmp_path):
    made, target = tmp_path / "made", tmp_path / "target"
    old = ("clv.html", "clv.xlsx", "clv.a.parquet", "clv2.html")
    for folder, names in ((made, ("clv.html", "clv.json")), (target, old)):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(folder.name)
    assert put_into_place(made, target, "clv") == ("clv.html", "clv.json")
    found = {path.name: path.read_text() for path in target.iterdir()}
    assert found == {"clv.html": "made", "clv.json": "made", "clv2.html": "target"}


def test_a_work_folder_is_private_beside_the_reports_and_gone_afterwards(tmp_path):
    with work_folder(tmp_path / "out") as one, work_folder(tmp_path / "out") as other:
        assert one != other
        assert one.parent == tmp_path / "out"
    assert list((tmp_path / "out").iterdir()) == []
