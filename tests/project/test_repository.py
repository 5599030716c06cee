"""What holds for every file of the project, and for what its README and Makefile promise."""

import ast
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def listed_by_git() -> list[str]:
    """Files that are, or would be, committed."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted({name for name in names if name and (ROOT / name).is_file()})


FILES = listed_by_git()
MODULES = [name for name in FILES if name.startswith("analytics/") and name.endswith(".py")]


def text_of(name: str) -> str:
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


class TestEveryFile:
    def test_names_no_machine_and_no_registry(self):
        """Paths and hosts of one machine are put together here, so that this file passes its own test."""
        homes = [f"/{folder}/" for folder in ("root", "home/[a-z]", "Users/[a-z]", "work", "opt/[a-z]+")]
        hosts = [rf"\b{name}\.(org|com|io)\b" for name in ("pypi", "pythonhosted", "anaconda", "jfrog")]
        own = re.compile("|".join([*(rf"(?<![\w.}}*-]){home}" for home in homes), *hosts]))
        found = {name: own.findall(text_of(name)) for name in FILES if own.search(text_of(name))}
        assert found == {}

    def test_holds_no_secret(self):
        key = re.compile("-----BEGIN [A-Z ]*" + "PRIVATE KEY-----")
        assert [name for name in FILES if key.search(text_of(name))] == []

    def test_is_small(self):
        assert [name for name in FILES if (ROOT / name).stat().st_size > 1_000_000] == []

    def test_ends_with_a_newline_and_has_no_trailing_space(self):
        kinds = (".py", ".md", ".yml", ".toml", ".css", ".j2", ".html")
        names = [name for name in FILES if name.endswith(kinds) and text_of(name)]
        assert [name for name in names if not text_of(name).endswith("\n")] == []
        assert [name for name in names if re.search(r"[ \t]+$", text_of(name), re.MULTILINE)] == []

    def test_is_named_for_what_it_is_about(self):
        nothing_words = {"utils", "util", "helpers", "helper", "common", "misc", "stuff", "html", "email"}
        assert [name for name in FILES if Path(name).stem in nothing_words] == []


class TestPackage:
    @pytest.mark.parametrize("name", MODULES)
    def test_modules_and_functions_fit_the_eye(self, name):
        text = text_of(name)
        assert len(text.splitlines()) <= 500
        functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef))
        assert {f.name: lines for f in functions if (lines := lines_of(f)) > 60} == {}

    def test_asks_the_clock_in_no_metric_and_no_chart(self):
        towers = ("metrics", "models", "charts", "tables", "words", "page")
        clock = re.compile(r"\b(date|datetime|Timestamp)\.(now|today|utcnow)\(|\btime\.time\(")
        names = [name for name in MODULES if name.split("/")[1] in towers]
        assert [name for name in names if clock.search(text_of(name))] == []


def lines_of(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring: what has to be held in mind at once."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def tree_of_readme() -> list[str]:
    """Paths named in the README's tree: four columns of indentation a level, names before two spaces."""
    (block,) = re.findall(r"^## The tree\n.*?```text\n(.*?)```", text_of("README.md"), re.M | re.S)
    paths, parents = [], []
    for line in block.splitlines()[1:]:
        found = re.match(r"^(?P<lead>[│ ├└─]*)(?P<names>\S.*?)(  .*)?$", line)
        if not found:
            continue
        level = len(found["lead"]) // 4
        names = found["names"].split()
        parents = [*parents[: level - 1], names[0]]
        paths += ["/".join([*(p.rstrip("/") for p in parents[:-1]), name]) for name in names]
    return paths


class TestReadme:
    @pytest.fixture
    def tree(self):
        return tree_of_readme()

    def test_tree_names_only_what_is_there(self, tree):
        folders = {str(parent) + "/" for name in FILES for parent in Path(name).parents}
        assert [path for path in tree if path not in {*FILES, *folders}] == []

    def test_tree_names_every_folder_and_file_at_the_top(self, tree):
        top = {name.split("/")[0] + ("/" if "/" in name else "") for name in FILES}
        hidden = {name for name in top if name.startswith(".")} - {".ci/"}
        assert top - hidden - {path for path in tree if "/" not in path.rstrip("/")} == set()

    def test_tree_names_every_part_of_the_package(self, tree):
        parts = {"/".join(name.split("/")[:2]) + ("/" if name.count("/") > 1 else "") for name in MODULES}
        assert parts - {"analytics/__init__.py", "analytics/__main__.py"} - set(tree) == set()

    def test_tree_names_every_notebook(self, tree):
        notebooks = {name for name in FILES if name.startswith("notebooks/") and name.endswith(".ipynb")}
        assert notebooks - set(tree) == set()

    def test_asks_each_notebooks_question_beside_its_picture(self):
        text = text_of("README.md")
        for name in FILES:
            if name.startswith("notebooks/") and name.endswith(".ipynb"):
                stem, card = Path(name).stem, json.loads(text_of(name))["metadata"]["workbook"]
                row = next(line for line in text.splitlines() if f"docs/pictures/{stem}.png" in line)
                assert f"**{card['question']}**" in row
                assert f"The top of the report {card['title']}" in row
                assert 5_000 < (ROOT / "docs" / "pictures" / f"{stem}.png").stat().st_size < 60_000

    def test_commands_of_make_exist(self):
        asked = set(
            re.findall(r"`?make ([a-z]+)`?", re.sub(r"```text.*?```", "", text_of("README.md"), flags=re.S))
        )
        assert asked >= {"report", "test"}
        assert asked <= targets()

    def test_links_lead_somewhere(self):
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
            links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(name))
            assert [link for link in links if not (ROOT / link).exists()] == []


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))


class TestMakefile:
    def test_alone_prints_what_there_is(self):
        # Called by make itself, make would say which folder it enters and leaves.
        alone = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
        printed = subprocess.run(
            ["make"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
        ).stdout
        assert {line.split()[1] for line in printed.splitlines()} == targets()

    def test_every_target_is_explained_and_phony(self):
        makefile = text_of("Makefile")
        assert set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) == targets()
        assert set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()) == targets()

    def test_an_older_python_is_told_what_is_needed(self, tmp_path):
        old = tmp_path / "python3"
        old.write_text('#!/bin/sh\nexec python3 -c "import sys; sys.version_info = (3, 9); $2"\n')
        old.chmod(0o755)
        made = subprocess.run(
            ["make", "env", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 2
        assert "needs 3.11 or newer" in made.stderr
        assert not (tmp_path / "venv").exists()

    def test_continuous_integration_runs_the_tests(self):
        script = ROOT / ".ci/run"
        assert os.access(script, os.X_OK)
        assert text_of(".ci/run").rstrip().endswith("make test")
        subprocess.run(["bash", "-n", str(script)], check=True)


class TestPapers:
    @pytest.mark.parametrize("name", [name for name in FILES if re.match(r"docs/adr/\d", name)])
    def test_a_decision_says_why_and_what_would_change_it(self, name):
        headings = re.findall(r"^## (.*)$", text_of(name), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequence", "What would change our mind"]
        assert len(text_of(name).split()) <= 650

    def test_decisions_are_numbered_without_a_gap(self):
        numbers = [int(Path(name).name[:4]) for name in FILES if re.match(r"docs/adr/\d{4}-", name)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 9

    def test_the_decision_on_dependencies_gives_each_a_reason(self):
        project = tomllib.loads(text_of("pyproject.toml"))["project"]
        lines = [*project["dependencies"], *project["optional-dependencies"]["test"]]
        names = {re.match(r"[\w.-]+", line)[0].lower() for line in lines}
        (paper,) = [name for name in FILES if re.match(r"docs/adr/\d{4}-dependencies", name)]
        explained = {n.lower() for n in re.findall(r"^\| `([\w.-]+)", text_of(paper), re.MULTILINE)}
        assert names ^ explained == set()

    def test_the_changelog_knows_this_version(self):
        version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
        assert re.search(rf"^## {re.escape(version)}", text_of("CHANGELOG.md"), re.MULTILINE)

    def test_contributing_says_how_to_add_a_report_in_six_steps(self):
        steps = re.findall(r"^(\d)\. ", text_of("CONTRIBUTING.md"), re.MULTILINE)
        assert steps[:6] == list("123456")
