"""Files are whole or not there, and yesterday's do not stand beside today's, whenever the run is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.reporting.files import put_into_place, recover, take_away, work_folder, write_whole

OLD = ("clv.html", "clv.ipynb", "clv.xlsx", "clv.a.parquet")
NEW = ("clv.html", "clv.ipynb", "clv.json", "clv.b.parquet")


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


class KilledError(BaseException):
    """From here on, the process does nothing more."""


@pytest.fixture
def killed(monkeypatch):
    """Let every change of the file system fail after so many; as if killed, nobody cleans up."""

    def after(changes):
        done = [0]

        def counted(real):
            def change(*arguments, **options):
                done[0] += 1
                if done[0] > changes:
                    raise KilledError
                return real(*arguments, **options)

            return change

        for name in ("replace", "unlink", "open"):
            monkeypatch.setattr(Path, name, counted(getattr(Path, name)))

    return after


def write_all(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(folder.name)


@pytest.mark.parametrize("changes", range(18))
def test_a_report_whose_placing_is_killed_is_never_of_two_runs_and_is_finished_by_the_next(
    tmp_path, killed, monkeypatch, changes
):
    out = tmp_path / "out"
    work = out / ".work-of-the-dead" / "3"
    write_all(work / "new", NEW)
    write_all(out / "old", OLD)
    (out / "old").rename(out / "acme")
    killed(changes)
    try:
        put_into_place(work / "new", out / "acme", "clv")
        ended = True
    except KilledError:
        ended = False
    monkeypatch.undo()
    found = {path.name: path.read_text() for path in (out / "acme").iterdir()}
    assert len(set(found.values())) <= 1, "all of one run"
    if "clv.html" in found:
        assert set(found) == set(OLD if found["clv.html"] == "old" else NEW), "a page stands beside its files"
    began = len(list((work / "new").iterdir())) < len(NEW) or "clv.html" not in found
    assert recover(out) == 1
    recovered = {path.name: path.read_text() for path in (out / "acme").iterdir()}
    if ended or began:
        assert recovered == dict.fromkeys(NEW, "new")
    else:
        assert set(recovered) in (set(OLD), set(NEW))
    assert sorted(path.name for path in out.iterdir()) == ["acme"]


def test_what_a_run_left_half_written_is_removed_by_the_next(tmp_path, killed, monkeypatch):
    (tmp_path / ".work-of-the-dead").mkdir()
    killed(1)
    with pytest.raises(KilledError):
        write_whole(tmp_path / "acme" / "index.html", "half")
    monkeypatch.undo()
    assert [path.name[:6] for path in (tmp_path / "acme").iterdir()] == [".part-"]
    assert recover(tmp_path) == 1
    assert list((tmp_path / "acme").iterdir()) == []
    assert recover(tmp_path) == 0


def test_a_report_that_a_stopped_worker_had_begun_to_place_is_finished_by_the_same_run(
    tmp_path, killed, monkeypatch
):
    with work_folder(tmp_path) as work:
        write_all(work / "0" / "new", NEW)
        killed(8)
        with pytest.raises(KilledError):
            put_into_place(work / "0" / "new", tmp_path / "acme", "clv")
        monkeypatch.undo()
    assert {path.name for path in (tmp_path / "acme").iterdir()} == set(NEW)


def test_a_file_that_cannot_be_put_there_leaves_no_intent(tmp_path, monkeypatch):
    write_all(tmp_path / "0" / "new", NEW)

    def refuse(path, _):
        raise OSError(30, "Read-only file system", str(path))

    real = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda p, t: real(p, t) if p.name.startswith(".part") else refuse(p, t)
    )
    with pytest.raises(OSError, match="Read-only"):
        put_into_place(tmp_path / "0" / "new", tmp_path / "acme", "clv")
    assert [path.name for path in (tmp_path / "0").iterdir()] == ["new"]


def test_an_old_report_is_taken_away_page_first_and_no_other(tmp_path, monkeypatch):
    write_all(tmp_path / "acme", (*OLD, "clv2.html"))
    real, gone = Path.unlink, []
    monkeypatch.setattr(Path, "unlink", lambda path, **o: (gone.append(path.name), real(path, **o)))
    take_away(tmp_path / "acme", "clv")
    assert gone[0] == "clv.html"
    assert set(gone) == set(OLD)
