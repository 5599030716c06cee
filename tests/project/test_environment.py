"""One set of bounds, written in three files that cannot disagree."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def in_pyproject() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return {canonicalize_name((found := Requirement(line)).name): found for line in lines}


def in_environment() -> dict[str, Requirement]:
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (from_pip,) = [line["pip"] for line in lines if isinstance(line, dict)]
    wanted = [line for line in lines if isinstance(line, str)] + [one for one in from_pip if one[0] != "-"]
    found = [Requirement(line) for line in wanted]
    return {CONDA_NAMES.get(one.name, canonicalize_name(one.name)): one for one in found}


def in_lock() -> dict[str, set[Version]]:
    """Every pinned version; a package may have one for each kind of machine."""
    pinned: dict[str, set[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE):
        pinned.setdefault(canonicalize_name(name), set()).add(Version(version))
    return pinned


LOCK = (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("name", sorted(in_pyproject()))
class TestEachDependency:
    def test_has_bounds_on_both_sides_or_a_reason_to_have_one(self, name):
        sides = {specifier.operator for specifier in in_pyproject()[name].specifier}
        one_sided = {"sqlglot": {"<"}, "tzdata": {">="}}  # a cap for ibis; a calendar that only grows
        assert sides == one_sided.get(name, {">=", "<"})

    def test_has_the_same_bounds_for_conda(self, name):
        assert in_environment()[name].specifier == in_pyproject()[name].specifier

    def test_is_pinned_inside_its_bounds(self, name):
        versions = in_lock()[name]
        assert versions
        assert all(version in in_pyproject()[name].specifier for version in versions)


def test_conda_gets_nothing_that_pyproject_does_not_ask_for():
    assert in_environment().keys() - in_pyproject().keys() == {"python", "pip"}


def test_python_has_the_same_bound_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["requires-python"]
    assert str(in_environment()["python"].specifier) == wanted == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert sys.version_info >= (3, 11)


class TestLock:
    def test_holds_versions_and_hashes_and_no_address(self):
        for line in LOCK.splitlines():
            assert re.fullmatch(
                r"#.*|[\w.-]+==[^\s;/:]+( ; [^/:]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line
            ), line

    def test_every_version_has_a_hash(self):
        pinned = [block for block in re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE) if "==" in block]
        assert len(pinned) > 100
        assert all("--hash=sha256:" in block for block in pinned)

    def test_is_what_runs_these_tests_under_make(self):
        if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
            pytest.skip("not in the environment that make made")
        from importlib.metadata import version

        for name in in_pyproject():
            assert Version(version(name)) in in_lock()[name]
