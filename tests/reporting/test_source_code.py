"""Which code a report reaches, told from its imports alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from analytics.params.file_digests import FileDigests
from analytics.reporting.source_code import SourceCode, imported_by

FILES = {
    "__init__.py": "",
    "errors.py": "",
    "one/__init__.py": "",
    "one/top.py": "from analytics.one import deep\nfrom .. import errors\nimport os",
    "one/deep.py": "def f():\n    import analytics.two.inside",
    "one/table.html": "old",
    "two/__init__.py": "from importlib import import_module\nimport_module('analytics.late')",
    "two/inside.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from analytics import alone",
    "two/loop.py": "from analytics.two import loop",
    "late.py": "",
    "alone.py": "",
}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "analytics"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def code(home):
    return SourceCode(FileDigests(), home)


def test_it_follows_imports_of_every_kind_and_depth(home):
    names = {"one", "one.top", "one.deep", "errors", "two", "two.inside", "late"}
    assert code(home).reached_from(["analytics.one.top"]) == {"analytics", *(f"analytics.{n}" for n in names)}


def test_what_only_a_type_checker_reads_is_not_reached(home):
    assert "analytics.alone" not in code(home).reached_from(["analytics.two.inside"])


def test_a_circle_ends(home):
    assert "analytics.two.loop" in code(home).reached_from(["analytics.two.loop"])


def test_a_name_inside_a_module_means_the_module(home):
    assert "analytics.one.deep" in code(home).reached_from(["analytics.one.deep.f"])
    assert code(home).reached_from(["numpy", "analytics_of_others"]) == frozenset()


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_file_changes_the_digest_exactly_where_it_is_reached(home, name):
    reached = code(home).reached_from(["analytics.one.top"])
    before = code(home).digest(reached)
    path = home / name
    path.write_text(path.read_text() + "\n# another line\n")
    unreached = {"alone.py", "two/loop.py"}
    assert (code(home).digest(reached) == before) == (name in unreached)


def test_the_order_of_modules_does_not_matter_and_data_files_count_where_asked(home):
    names = ["analytics.one", "analytics.one.top"]
    assert code(home).digest(names) == code(home).digest(names[::-1])
    before, alone = code(home).digest(names), code(home).digest(names, beside=False)
    (home / "one" / "table.html").write_text("new")
    assert code(home).digest(names) != before
    assert code(home).digest(names, beside=False) == alone


def test_lines_for_the_shell_are_passed_over():
    assert imported_by("%matplotlib inline\n!ls\nimport analytics") == {"analytics"}


def test_static_reach_covers_what_a_report_really_imports():
    """The oracle: import what a notebook imports, and look at what came with it."""
    program = (
        "import sys, analytics.report; print(*(m for m in sys.modules if m.split('.')[0] == 'analytics'))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    reached = SourceCode(FileDigests()).reached_from(["analytics.report"])
    assert set(done.stdout.split()) <= reached
