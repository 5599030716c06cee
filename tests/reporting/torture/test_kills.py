"""A run that is killed at any moment leaves whole files that belong together, and the next finishes it."""

from __future__ import annotations

import os

import pytest

from tests.reporting.torture.kills import faults, torture

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups and SIGKILL")


def wrong(found):
    return [what for what in found if what.startswith("wrong")]


def test_a_few_kills_leave_only_whole_files_and_resume_finishes_to_the_same_bytes(tmp_path):
    found = torture(tmp_path, number=5, seed=4, finish_every=5)
    assert wrong(found) == []
    assert found["kills of the whole group"] + found["kills of the runner alone"] >= 5
    assert found["runs finished with --resume"] == 1
    assert found["files compared with an undisturbed run's"] > 90


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
