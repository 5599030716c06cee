"""Two runs never mix: the second says who holds the folder, and one that died holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.cli import main
from analytics.reporting.lock import LOCK, InUseError, only_run
from tests.reporting.tiny import publish, write_notebook, write_params

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, pathlib, time
from analytics.reporting.lock import only_run
with only_run(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder ``out``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_folder_since_when_and_what_to_do(tmp_path, holder):
    out = tmp_path / "out"
    with pytest.raises(InUseError) as caught, only_run(out):
        pass
    said = str(caught.value)
    assert f"process {holder.pid} on {os.uname().nodename}, since 20" in said
    assert "--out" in said
    assert [path.name for path in out.iterdir()] == [LOCK]


def test_the_second_command_stops_with_exit_code_2_before_any_work(tmp_path, holder, monkeypatch, capsys):
    write_notebook(tmp_path / "notebooks", "stay", publish())
    write_params(tmp_path, "timeframes: [2026-Q3]\norganisations: [{id: acme, source: {path: data}}]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
    assert main(["run", "params.yml", "--out", "out"]) == 2
    assert f"another run is making reports in out: process {holder.pid}" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK]


def test_who_was_killed_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert (tmp_path / "out" / LOCK).exists(), "its file is still there, and says nothing any more"
    with (
        only_run(tmp_path / "out"),
        pytest.raises(InUseError, match=f"process {os.getpid()} on"),
        only_run(tmp_path / "out"),
    ):
        pass


def test_a_folder_that_was_made_for_nothing_is_gone(tmp_path):
    with only_run(tmp_path / "out"):
        assert (tmp_path / "out" / LOCK).exists()
    assert list(tmp_path.iterdir()) == []
    with only_run(tmp_path / "out"):
        (tmp_path / "out" / "run.json").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.json"]


def test_a_lock_on_a_file_that_its_owner_has_just_removed_is_taken_anew(tmp_path, monkeypatch):
    """Between opening and locking, the run before ended."""
    import analytics.reporting.lock as module

    real, removed = module._lock_now, []

    def lock_late(held):
        if not removed:
            removed.append((tmp_path / LOCK).unlink())
        real(held)

    monkeypatch.setattr(module, "_lock_now", lock_late)
    with only_run(tmp_path), pytest.raises(InUseError), only_run(tmp_path):
        pass
