"""The table of evidence: what holds, what misses, and what is said where nothing can be measured."""

from __future__ import annotations

import json
import os
import sys
import types

import pytest

from benchmarks.evidence import __main__ as evidence
from benchmarks.evidence.row import at_least, at_most, close_to, holds, within


class TestRows:
    @pytest.mark.parametrize(
        ("row", "true"),
        [
            (at_least("a", "w", 0.835, 0.835), True),
            (at_least("a", "w", 0.8349, 0.835), False),
            (at_most("a", "w", 1.61, 1.61), True),
            (at_most("a", "w", 1.6101, 1.61), False),
            (within("a", "w", 0.83, 0.77, 0.83), True),
            (within("a", "w", 0.8301, 0.77, 0.83), False),
            (close_to("a", "w", 0.243, 0.242, 0.001), True),
            (close_to("a", "w", 0.2432, 0.242, 0.001), False),
            (holds("a", "w", "no evidence", "no evidence", true=True), True),
        ],
    )
    def test_bounds_are_included_and_nothing_beyond_them(self, row, true):
        assert row.holds is true

    @pytest.mark.parametrize("make", [at_least, at_most])
    def test_a_figure_that_is_missing_never_holds(self, make):
        assert not make("a", "w", float("nan"), 1.0).holds
        assert not within("a", "w", float("nan"), 0, 1).holds
        assert not close_to("a", "w", float("nan"), 1, 1).holds


class TestCommand:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch, capsys):
        """Measure areas of the test's own; returns the exit code, what was said, and the JSON."""
        monkeypatch.setenv("WORKBOOK_REFERENCE_DATA", str(tmp_path))
        monkeypatch.setenv("WORKBOOK_MODELS", "the project's own")
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            monkeypatch.setenv(name, "1")

        def call(rows, *arguments):
            for area in evidence.AREAS:
                module = types.ModuleType(f"benchmarks.evidence.{area}")
                module.rows = rows
                module.__spec__ = types.SimpleNamespace()
                monkeypatch.setitem(sys.modules, module.__name__, module)
            code = evidence.main([*arguments, "--out", str(tmp_path / "out" / "e.json")])
            said = capsys.readouterr()
            return code, said.out + said.err, json.loads((tmp_path / "out" / "e.json").read_text())

        return call

    def test_all_areas_stand_in_one_table_and_in_json(self, run):
        code, text, plain = run(lambda: iter([at_least("clv", "the figure", 2.0, 1.0)]))
        assert code == 0
        assert "beyond their bound: 0" in text
        assert plain[0] == {
            "area": "clv",
            "what": "the figure",
            "measured": 2.0,
            "bound": "≥ 1",
            "holds": True,
        }
        assert len(plain) == len(evidence.AREAS)

    def test_one_figure_beyond_its_bound_fails_the_command(self, run):
        code, text, _ = run(lambda: iter([at_least("clv", "the figure", 0.5, 1.0)]), "--area", "clv")
        assert code == 1
        assert "NO" in text

    def test_what_breaks_is_a_row_that_does_not_hold_and_what_was_measured_before_it_stands(self, run):
        def rows():
            yield at_least("clv", "the figure", 2.0, 1.0)
            raise ValueError("no such column")

        code, _, plain = run(rows, "--area", "clv")
        assert code == 1
        assert [(row["what"], row["holds"]) for row in plain] == [
            ("the figure", True),
            ("the rest of it", False),
        ]
        assert plain[1]["measured"] == "ValueError: no such column"

    def test_without_the_published_data_nothing_is_measured_and_said_so(
        self, run, tmp_path, monkeypatch, capsys
    ):
        monkeypatch.setenv("WORKBOOK_REFERENCE_DATA", str(tmp_path / "nowhere"))
        assert evidence.main([]) == 2
        assert "name it in WORKBOOK_REFERENCE_DATA" in capsys.readouterr().err

    def test_models_are_trained_in_a_place_of_their_own(self, run):
        seen = []
        run(lambda: seen.append(os.environ["WORKBOOK_MODELS"]) or iter([]), "--area", "roi")
        assert len(seen) == 1
        assert "evidence-" in seen[0]
