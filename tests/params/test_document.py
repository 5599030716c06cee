"""libyaml reads params as Python's own reader of YAML does, only faster."""

from pathlib import Path

import pytest

from analytics.params import document
from analytics.params.document import read_document

FILES = sorted((Path(__file__).resolve().parents[2] / "params").rglob("*.yml"))
ODD = """
# a comment
a: &one {b: [1, -2.5e3, yes, null, ~, "x"], "ü": 'it''s'}
c: |
  two
  lines
d: >-
  folded
  text
e: {f: 2026-01-01, again: *one, empty: }
"""


def both(path, monkeypatch):
    fast = read_document(path, environment={})
    monkeypatch.setattr(document, "_FastLoader", document._CoreLoader)
    return fast, read_document(path, environment={})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_projects_files_are_the_same_values_on_the_same_lines(path, monkeypatch):
    fast, plain = both(path, monkeypatch)
    assert fast == plain


def test_odd_writing_is_the_same_values_on_the_same_lines(tmp_path, monkeypatch):
    path = tmp_path / "odd.yml"
    path.write_text(ODD, encoding="utf-8")
    fast, plain = both(path, monkeypatch)
    assert fast == plain
    assert fast.data["a"]["b"] == [1, -2500.0, "yes", None, None, "x"]
