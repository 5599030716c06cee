"""A run that is killed at any moment leaves whole files that belong together, and the next finishes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reporting.torture.kills import faults

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups and SIGKILL")


def wrong(found):
    return [what for what in found if what.startswith("wrong")]


def test_after_ctrl_c_and_a_few_kills_files_are_whole_and_resume_finishes_to_the_same_bytes():
    """In a process of its own, which may fork because it has but one thread."""
    command = [sys.executable, "-m", "tests.reporting.torture.kills", "6", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    said = dict(reversed(line.split(maxsplit=1)) for line in done.stdout.splitlines()[2:])
    assert (done.returncode, wrong(said), done.stderr) == (0, [], "")
    assert int(said["kills, all told"]) >= 6
    assert int(said["runs stopped with Ctrl-C"]) == 1
    assert 4 <= int(said["reports made before Ctrl-C"]) < 18
    assert int(said["runs finished with --resume"]) == 2
    assert int(said["files compared with an undisturbed run's"]) > 180


def test_the_search_finds_what_is_truncated_and_what_is_mixed(tmp_path):
    folder = tmp_path / "acme" / "2026-Q1"
    folder.mkdir(parents=True)
    (folder / "first.json").write_text('{"run": "2026-01-01T00:01:00"}')
    (folder / "first.sales.parquet").write_text("2026-01-01T00:02:00 2026-Q1 0\nend\n")
    (folder / "second.html").write_text("<dt>Made on</dt><dd>1 January 2026, 00:01 UTC</dd></html>\n")
    (tmp_path / "run.json").write_text('{"complete": tr')
    (tmp_path / "index.html").write_text("<html><bo")
    (tmp_path / ".part-index.html.1").write_text("<ht")
    assert [fault.partition(":")[0] for fault in faults(tmp_path)] == [
        "index.html", "run.json", "acme/2026-Q1/first", "acme/2026-Q1/second",
    ]  # fmt: skip
