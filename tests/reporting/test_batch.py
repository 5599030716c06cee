"""The batch: every report is tried, every state is true, nothing half stands under a good name.

One run with every kind of report is made for most tests, because each report starts a kernel.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from analytics.errors import AnalyticsError
from analytics.params import expand, load_workbook
from analytics.reporting.batch import Batch, run
from analytics.reporting.manifest import read_record
from tests.reporting.tiny import PARAMETERS, publish, refuse_all, refuse_bolt, write_notebook, write_params

MANY = """
timeframes: [2026-01-01..2026-03-31]
time_limit: 20
parameters: {good: {search: Ada Lovelace, days: 30}}
organisations:
  - {id: acme, name: Acme & Sons, source: {path: data}}
  - {id: bolt, source: {path: data}, notebooks: [good]}
"""
ONE = "timeframes: [2026-Q3]\norganisations: [{id: acme, source: {path: data}}]\n"
WRITES = """import json, os, pathlib
made = pathlib.Path(os.environ["WORKBOOK_OUTPUT"])
wanted = ["WORKBOOK_PARAMS", "WORKBOOK_STARTED", "WORKBOOK_NOTEBOOKS", "OMP_NUM_THREADS", "PYTHONHASHSEED"]
said = {"organisation": organisation, "timeframe": timeframe}
said |= {"environment": {name: os.environ[name] for name in wanted}}
said |= {"days": globals().get("days"), "process": os.getpid(), "folder": os.getcwd()}
"""
GOOD = (
    WRITES
    + '(made / "good.json").write_text(json.dumps(said))\n(made / "good.sales.parquet").write_text("all")'
)
BAD = WRITES + '(made / "bad.json").write_text("{}"); (made / "bad.xlsx").write_text("x")'
FOLDER = "acme/2026-01-01_2026-03-31"


class Told:
    """A reporter that remembers."""

    def __init__(self):
        self.lines = []
        self.results = []

    def say(self, text):
        self.lines.append(text)

    def done(self, result, number, total):
        self.results.append((number, total, result))


def batch_of(root: Path, params: str, *, out: str = "out", check=None, workers=1, **choice) -> Batch:
    path, notebooks = write_params(root, params), root / "notebooks"
    jobs = expand(load_workbook(path, notebooks=notebooks), folder=notebooks, **choice)
    return Batch(jobs=jobs, params=path, notebooks=notebooks, out=root / out, workers=workers, check=check)


MEMORY = {".records", "_index", "_history"}
"""Folders in which a folder of reports remembers its runs."""


def names(folder: Path) -> set[str]:
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {str(path) for path in found if path.parts[0] not in MEMORY}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project with every kind of notebook."""
    root = tmp_path_factory.mktemp("project")
    notebooks = root / "notebooks"
    more = 'days: int = 90  # days\nsearch: str = ""  # part of a name\n'
    write_notebook(notebooks, "good", GOOD, publish(), parameters=PARAMETERS + more)
    write_notebook(notebooks, "odd", publish("warning", "3.1% of rows left out"))
    write_notebook(notebooks, "none", publish("no data", "no sales before 1 May 2024", "–"))
    write_notebook(
        notebooks,
        "bad",
        BAD,
        "secret = 'Ada' + ' Lovelace'\nraise KeyError(secret)",
        "1 + 1",
        workbook={"provides": ["x"]},
    )
    write_notebook(notebooks, "late", publish(), workbook={"needs": ["x"]})
    params_error = (
        "from analytics.errors import ParamsError\nraise ParamsError('days is \"x\"; allowed: 1 to 9')"
    )
    write_notebook(notebooks, "wrong", params_error)
    return root


@pytest.fixture(scope="module")
def told():
    return Told()


@pytest.fixture(scope="module")
def record(root, told):
    """The run: what an earlier one left of the bad report is there already."""
    stale = root / "out" / FOLDER
    stale.mkdir(parents=True)
    for suffix in ("html", "xlsx", "json", "sales.parquet"):
        (stale / f"bad.{suffix}").write_text("figures of yesterday")
    return run(batch_of(root, MANY, check=refuse_bolt, workers=2), told)


@pytest.fixture(scope="module")
def out(root, record):
    return root / "out"


@pytest.fixture
def result(record):
    def call(notebook, organisation="acme"):
        (one,) = [
            r
            for r in record.results
            if (r.report.organisation, r.report.notebook) == (organisation, notebook)
        ]
        return one

    return call


def test_every_report_has_its_state_and_its_reason(result):
    found = {name: (result(name).state, result(name).reason) for name in ("good", "odd", "none")}
    assert found == {
        "good": ("ready", ""),
        "odd": ("warning", "3.1% of rows left out"),
        "none": ("no data", "no sales before 1 May 2024"),
    }
    assert {name: result(name).state for name in ("bad", "wrong")} == dict.fromkeys(
        ("bad", "wrong"), "failed"
    )
    assert result("good").headlines[0].value == "43.7%"


def test_a_report_is_a_page_with_its_notebook_and_figures_beside_it(out, result):
    assert set(result("good").files) == {
        f"{FOLDER}/good.{s}" for s in ("html", "ipynb", "json", "sales.parquet")
    }
    assert result("good").files[0] == f"{FOLDER}/good.html"
    assert names(out) == {
        "index.html", "run.json", "acme/index.html", "bolt/index.html",
        *(f"{FOLDER}/good.{suffix}" for suffix in ("html", "ipynb", "json", "sales.parquet")),
        *(f"{FOLDER}/{name}.{suffix}" for name in ("odd", "none", "late") for suffix in ("html", "ipynb")),
        *(f"{FOLDER}/{name}.{suffix}" for name in ("bad", "wrong") for suffix in ("html", "ipynb", "json")),
        *(f"{FOLDER.replace('acme', 'bolt')}/good.{suffix}" for suffix in ("html", "json")),
    }  # fmt: skip


def test_a_notebook_is_given_its_parameters_and_its_surroundings(out, root, record):
    said = json.loads((out / FOLDER / "good.json").read_text())
    assert (said["organisation"], said["timeframe"], said["days"]) == ("acme", "2026-01-01..2026-03-31", 30)
    assert said["environment"] == {
        "WORKBOOK_PARAMS": str(root / "params.yml"),
        "WORKBOOK_NOTEBOOKS": str(root / "notebooks"),
        "WORKBOOK_STARTED": record.started.isoformat(),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    assert said["process"] != os.getpid()
    assert Path(said["folder"]).parent.parent == out
    assert not Path(said["folder"]).exists(), "the private folder is gone"


def test_old_figures_do_not_stand_beside_a_new_failure(out):
    assert names(out / FOLDER) & {"bad.xlsx", "bad.sales.parquet"} == set()
    assert "figures of yesterday" not in (out / FOLDER / "bad.html").read_text()


def test_a_failure_says_which_cell_and_which_error(out, result):
    failure = result("bad").failure
    assert (failure.type, failure.cell, failure.cells, failure.line) == ("KeyError", 3, 4, 2)
    assert not failure.deliberate
    page = (out / FOLDER / "bad.html").read_text()
    assert "KeyError" in page
    body = json.loads((out / FOLDER / "bad.json").read_text())
    assert body["success"] is False
    assert body["error"] == {"type": "KeyError", "message": "…", "cell": 3}
    assert body["meta"]["timeframe"]["label"] == "2026-01-01..2026-03-31"


def test_a_failure_s_page_gives_the_command_that_makes_it_again(root, out):
    page = (out / FOLDER / "bad.html").read_text()
    chosen = "--organisation acme --timeframe 2026-01-01..2026-03-31 --notebook bad"
    assert f"workbook run {root / 'params.yml'} {chosen} --out {out}</code>" in page


def test_no_row_of_data_is_in_a_failure_s_files_or_in_the_log(out, record, told):
    texts = [path.read_text() for path in (out / FOLDER).glob("bad.*")]
    texts += [(out / "run.json").read_text(), (out / "index.html").read_text(), *told.lines]
    assert texts
    assert not [text for text in texts if "Ada Lovelace" in text]


def test_later_cells_of_a_failed_notebook_are_marked_as_not_run(out):
    cells = json.loads((out / FOLDER / "bad.ipynb").read_text())["cells"]
    states = [cell["metadata"]["papermill"]["status"] for cell in cells if cell["cell_type"] == "code"]
    assert states == ["completed", "completed", "completed", "failed", "pending"]


def test_a_deliberate_error_is_shown_in_its_own_words(out, result):
    assert (result("wrong").failure.message, result("wrong").failure.deliberate) == (
        'days is "x"; allowed: 1 to 9',
        True,
    )
    assert "allowed: 1 to 9" in (out / FOLDER / "wrong.html").read_text()


def test_a_report_whose_need_failed_is_made_all_the_same_and_says_itself_what_it_lacks(result):
    assert (result("bad").state, result("late").state) == ("failed", "ready")


def test_a_refused_organisation_gets_error_pages_and_the_others_go_on(out, result, told):
    refused = result("good", "bolt")
    assert (refused.state, refused.failure.type, refused.kernel) == ("failed", "ContractError", "none")
    assert "2 keys stand twice" in (out / FOLDER.replace("acme", "bolt") / "good.html").read_text()
    assert told.lines == ["bolt: refused: sales.sale_id: 2 keys stand twice with different content"]


def test_personal_parameters_are_masked_wherever_they_are_written(out, result):
    assert result("good").parameters["search"] == "••••"
    assert not [p for p in (out / FOLDER).glob("good.*") if "Ada Lovelace" in p.read_text()]
    executed = json.loads((out / FOLDER / "good.ipynb").read_text())
    assert executed["metadata"]["papermill"]["parameters"]["search"] == "••••"
    assert 'search = "••••"' in "".join(line for cell in executed["cells"] for line in cell["source"])


def test_no_path_of_the_machine_is_in_an_executed_notebook(out, root):
    text = (out / FOLDER / "odd.ipynb").read_text()
    assert str(root) not in text
    assert json.loads(text)["metadata"]["papermill"]["input_path"] == "odd.ipynb"


def test_the_record_says_what_ran_how_long_and_with_how_much_memory(out, record, result):
    assert read_record(out) == record
    assert (record.workers, record.complete, record.count("failed"), record.count("ready")) == (2, True, 3, 2)
    assert 0 < result("good").seconds < record.seconds
    assert result("good").peak_memory is None or result("good").peak_memory > 10 << 20
    assert result("good").kernel.split()[0] in ("warm", "ordinary")
    body = json.loads((out / "run.json").read_text())
    assert body["complete"] is True
    assert "traceback" not in json.dumps(body).lower()


def test_what_provides_runs_before_what_needs_it_and_all_are_told(told, record):
    order = [(r.report.organisation, r.report.notebook) for _, _, r in told.results]
    assert order.index(("acme", "bad")) < order.index(("acme", "late"))
    assert [number for number, _, _ in told.results] == list(range(1, 8))
    assert {total for _, total, _ in told.results} == {7}


def test_the_indexes_link_to_pages_that_are_there(out):
    for index in (out / "index.html", out / "acme" / "index.html", out / "bolt" / "index.html"):
        links = re.findall(r'href="([^"#:]+\.html)', index.read_text())
        assert links
        assert not [link for link in links if not (index.parent / link).is_file()]
    assert "Acme &amp; Sons" in (out / "index.html").read_text()
    assert "Acme" not in (out / "bolt" / "index.html").read_text()


def test_nothing_private_is_left_behind(out):
    assert not [path for path in out.rglob(".*") if path.name not in MEMORY]


def test_a_later_run_of_one_report_keeps_the_others_in_the_index(root, out, record):
    again = run(batch_of(root, MANY, check=refuse_bolt, notebooks=["odd"], organisations=["acme"]), Told())
    assert [r.report.notebook for r in again.results] == ["odd"]
    assert f"{FOLDER}/good.html" in (out / "index.html").read_text()
    assert read_record(out) == again


def test_if_every_organisation_is_refused_nothing_is_written(root, record):
    with pytest.raises(AnalyticsError, match=r"(?s)sales of acme have no occurred_at.*sales of bolt"):
        run(batch_of(root, MANY, out="nowhere", check=refuse_all), Told())
    assert not (root / "nowhere").exists()


def test_a_page_that_cannot_be_drawn_is_a_failed_report(tmp_path):
    write_notebook(tmp_path / "notebooks", "odd", publish("splendid"))
    record = run(batch_of(tmp_path, ONE), Told())
    assert [(r.state, r.failure.type) for r in record.results] == [("failed", "ValueError")]
    assert "not made" in (tmp_path / "out/acme/2026-Q3/odd.html").read_text()
