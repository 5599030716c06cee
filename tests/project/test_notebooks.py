"""Every notebook is thin, clean and shaped alike."""

import ast
import copy
import re
from datetime import date
from pathlib import Path

import nbformat
import papermill
import pytest
from nbstripout import strip_output

from analytics.data.contract import CONTRACT
from analytics.params.notebooks import read_card
from analytics.timeframe import parse_timeframe

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EVERY_REPORT_TAKES = ["organisation", "timeframe", "as_of"]
LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.While, ast.If, ast.IfExp, ast.Match, ast.Try, ast.With),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
SAYS = {
    *("title", "question", "tables", "optional_tables", "needs", "provides", "blocks"),
    *("default_timeframe", "parameters", "reports", "opens_refused"),
}


def test_there_are_notebooks():
    assert {"segmentation", "retention", "clv"} <= {path.stem for path in NOTEBOOKS}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@pytest.fixture
def cells(notebook):
    return notebook.cells


@pytest.fixture
def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


class TestForm:
    def test_is_a_valid_notebook_with_cell_ids_of_its_own(self, notebook, cells):
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True)
        assert len({cell.id for cell in cells}) == len(cells)

    def test_runs_on_the_kernel_that_comes_with_the_environment(self, notebook):
        assert notebook.metadata.kernelspec.name == "python3"

    def test_opens_with_a_title_a_question_and_how_to_read_it(self, cells):
        assert cells[0].cell_type == "markdown"
        assert cells[0].source.startswith("# ")
        assert "**Question.**" in cells[0].source
        assert "**Reading.**" in cells[0].source

    def test_tags_its_first_code_cells_parameters_setup_and_data(self, cells):
        tagged = [tuple(cell.metadata.get("tags", [])) for cell in cells[1:4]]
        assert tagged == [("parameters",), ("setup",), ("data",)]

    def test_declares_typed_and_explained_parameters(self, path, cells):
        lines = ast.parse(cells[1].source).body
        assert all(isinstance(line, ast.AnnAssign) for line in lines), "a parameter has no type"
        assert [line.target.id for line in lines][:3] == EVERY_REPORT_TAKES
        assert all(line.count("=") == 1 for line in cells[1].source.splitlines() if line.strip())
        declared = papermill.inspect_notebook(path)
        assert list(declared) == [line.target.id for line in lines]
        assert all(parameter["help"] for parameter in declared.values())

    def test_uses_every_parameter(self, cells):
        declared = {line.target.id for line in ast.parse(cells[1].source).body}
        later = "\n".join(cell.source for cell in cells[2:] if cell.cell_type == "code")
        used = {node.id for node in ast.walk(ast.parse(later)) if isinstance(node, ast.Name)}
        assert declared - used == set()

    def test_imports_in_its_setup_cell_and_nowhere_else(self, code):
        for cell in code:
            imports = [isinstance(line, ast.Import | ast.ImportFrom) for line in ast.parse(cell.source).body]
            assert all(imports) if "setup" in cell.metadata.get("tags", []) else not any(imports)

    def test_prose_comes_before_each_result(self, cells):
        body = cells[4:]
        assert body[0].cell_type == "markdown"
        assert any(cell.source.startswith("## ") for cell in body if cell.cell_type == "markdown")

    def test_ends_with_how_it_was_measured(self, cells):
        last = [cell for cell in cells if cell.cell_type == "markdown"][-1]
        assert last.source.startswith("## How this was measured")

    def test_publishes_its_figures_in_its_last_code_cell(self, code):
        assert "report.publish(" in code[-1].source


class TestCleanliness:
    def test_is_stored_without_outputs(self, cells):
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]

    def test_is_as_nbstripout_leaves_it_tags_included(self, notebook):
        before = copy.deepcopy(notebook)
        after = strip_output(notebook, keep_output=False, keep_count=False, keep_id=True)
        assert after == before

    def test_is_thin(self, code):
        assert len(code) <= 12
        _, *others = code  # a parameter has a line of its own, however many there are
        assert max(len(cell.source.splitlines()) for cell in others) <= 12

    def test_holds_no_logic(self, code):
        for cell in code:
            assert not [
                type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if type(node) in LOGIC
            ]

    def test_names_no_day_no_file_and_no_address(self, code):
        texts = [
            node.value
            for cell in code
            if "parameters" not in cell.metadata.get("tags", [])
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        file = r"^[./~]|\\|\.(csv|parquet|duckdb|sqlite|json|yml|ipynb)\b"
        unwanted = re.compile(rf"\d{{4}}-\d\d|{file}|://|\bselect\b", re.IGNORECASE)
        assert [text for text in texts if unwanted.search(text)] == []

    def test_silences_nothing(self, code):
        assert not [cell for cell in code if re.search(r"warnings|filterwarnings|^[%!]", cell.source, re.M)]

    def test_prose_holds_no_figure_of_one_run(self, cells):
        """An amount, a percentage with a decimal, or a date would be true for one organisation only."""
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert not re.findall(r"[£$€₫]\s?\d|\d\.\d+ ?%|\b20\d\d\b(?!\))|\bQ[1-4]\b", prose)


class TestWhatItSaysOfItself:
    def test_uses_only_known_words(self, notebook):
        assert notebook.metadata.workbook.keys() <= SAYS
        assert notebook.metadata.workbook.keys() >= SAYS - {"parameters", "reports", "opens_refused"}

    def test_title_is_that_of_the_first_cell_and_the_question_is_one(self, notebook, cells):
        said = notebook.metadata.workbook
        assert cells[0].source.splitlines()[0] == f"# {said.title}"
        asked = re.search(r"\*\*Question\.\*\* (.*?)(\n\n|$)", cells[0].source, re.DOTALL)[1]
        assert asked.endswith("?")
        assert said.question.endswith("?")
        assert len(said.question) <= 100

    def test_tables_are_those_of_the_contract(self, path):
        card = read_card(path.stem)
        tables = {*card.required, *card.optional, *(table for each in card.blocks.values() for table in each)}
        assert tables <= set(CONTRACT)
        assert tables == {*card.required, *card.optional}

    def test_blocks_are_those_that_it_publishes(self, path, code):
        (call,) = (
            node
            for node in ast.walk(ast.parse(code[-1].source))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "publish"
        )
        assert {keyword.arg for keyword in call.keywords} == set(read_card(path.stem).blocks)

    def test_its_timeframes_can_be_read(self, path, cells):
        card = read_card(path.stem)
        for text in (card.default_timeframe, card.parameters["timeframe"].default):
            assert parse_timeframe(text, as_of=date(2026, 11, 20)).label == text

    def test_its_defaults_obey_its_own_limits(self, path):
        for parameter in read_card(path.stem).parameters.values():
            assert parameter.fault(parameter.default) == ""

    def test_what_it_needs_is_provided_by_another(self, path):
        provided = {thing for other in NOTEBOOKS for thing in read_card(other.stem).provides if other != path}
        assert set(read_card(path.stem).needs) <= provided

    def test_the_reports_that_it_reads_are_others_of_the_project(self, path):
        assert set(read_card(path.stem).reports) <= {other.stem for other in NOTEBOOKS} - {path.stem}

    def test_the_board_reads_all_others_so_that_it_knows_which_failed(self):
        others = {other.stem for other in NOTEBOOKS} - {"executive"}
        assert set(read_card("executive").reports) == others


class TestCleaner:
    """The cleaner that commits go through takes outputs away and leaves tags: Papermill looks for them."""

    def test_keeps_tags_and_takes_outputs(self):
        cell = nbformat.v4.new_code_cell(
            "x: int = 1  # a number",
            execution_count=3,
            metadata={"tags": ["parameters"]},
            outputs=[nbformat.v4.new_output("stream", text="1\n")],
        )
        notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"workbook": {"title": "Any"}})
        cleaned = strip_output(notebook, keep_output=False, keep_count=False, keep_id=True)
        assert cleaned.cells[0].metadata == {"tags": ["parameters"]}
        assert (cleaned.cells[0].outputs, cleaned.cells[0].execution_count) == ([], None)
        assert cleaned.metadata.workbook == {"title": "Any"}
