"""The command: refusals come at once, name what was meant, run nothing and write nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from analytics.cli import main
from tests.reporting.tiny import publish, write_notebook, write_params

ROOT = Path(__file__).resolve().parents[1]
ACME = """
timeframes: [2026-Q3]
organisations:
  - {id: acme, name: Acme, source: {path: data, owned: true}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one organisation and one notebook, in the current folder."""
    write_notebook(tmp_path / "notebooks", "stay", publish(), workbook={"tables": ["sales"]})
    write_notebook(tmp_path / "notebooks", "pipeline", publish(), workbook={"tables": ["deals"]})
    write_params(tmp_path, ACME)
    (tmp_path / "data").mkdir()
    sales = pd.DataFrame({"sale_id": ["1", "2"], "customer_id": ["a", "b"], "total_amount": [10.0, -1.0]})
    sales["sold_at"] = pd.to_datetime(["2026-07-01", "2026-08-01"])
    sales.to_parquet(tmp_path / "data" / "sales.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def said(capsys):
    """Run a command in this process; return its exit code and all that it said."""

    def call(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["rnu"],
            'no command "rnu" (did you mean "run"?); there are demo, run, check, email, models, lab',
        ),
        ([], "COMMAND"),
        (["run"], "PARAMS"),
        (["run", "parms.yml"], 'there is no file parms.yml (did you mean "params.yml"?)'),
        (["run", "params.yml", "--organization", "acme"], '(did you mean "--organisation"?)'),
        (["run", "params.yml", "--forse"], 'workbook run does not take "--forse" (did you mean "--force"?)'),
        (["run", "params.yml", "--organisation", "amce"], '(did you mean "acme"?)'),
        (["run", "params.yml", "--organisation", "../x"], 'there is no organisation "../x"'),
        (["run", "params.yml", "--timeframe", "last-moth"], '(did you mean "last-month"?)'),
        (["run", "params.yml", "--notebook", "sty"], '(did you mean "stay"?)'),
        (["run", "params.yml", "--jobs", "0"], 'a whole number from 1 to 256 is needed, not "0"'),
        (["run", "params.yml", "--out", "params.yml"], "params.yml is a file; give a folder"),
        (["check", "params.yml", "--organisation", "amce"], '(did you mean "acme"?)'),
        (["demo", "--customers", "5"], "a whole number from 50 to 5000000 is needed"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_nearest_and_nothing_is_written(project, said, arguments, words):
    before = sorted(project.rglob("*"))
    code, text = said(*arguments)
    assert code == 2
    assert words in text
    assert "Traceback" not in text
    assert sorted(project.rglob("*")) == before


def test_wrong_params_are_refused_before_anything_runs(project, said):
    write_params(project, ACME.replace("name:", "nmae:") + "notebooks: [sty]\n")
    code, text = said("run", "params.yml")
    assert code == 2
    assert "2 things are wrong" in text
    assert "params.yml, line 4: organisations[0].nmae: unknown key" in text
    assert not (project / "reports").exists()


def test_a_dry_run_names_the_pages_and_writes_nothing(project, said):
    code, text = said("run", "params.yml", "--dry-run", "--timeframe", "2026-01-01..2026-03-31")
    assert code == 0
    assert text.splitlines() == [
        f"reports/acme/2026-01-01_2026-03-31/{name}.html" for name in ("pipeline", "stay")
    ]
    assert not (project / "reports").exists()


def test_refused_data_of_the_only_organisation_run_nothing(project, said):
    pd.DataFrame({"sale_id": ["1"]}).to_parquet(project / "data" / "sales.parquet")
    code, text = said("run", "params.yml")
    assert code == 2
    assert "acme: " in text
    assert "total_amount" in text
    assert not (project / "reports").exists()


def test_a_run_ends_with_the_path_of_its_index(project, said):
    code, text = said("run", "params.yml", "--notebook", "stay", "--out", "pages")
    assert code == 0
    lines = text.splitlines()
    assert lines[-1] == "pages/index.html"
    assert lines[-2].startswith("1 report in ")
    assert lines[-2].endswith(": 1 ready.")
    assert lines[0].startswith("[1/1] acme  2026-Q3  stay")
    assert (project / "pages/index.html").is_file()


def test_a_failed_report_makes_the_exit_code_1(project, said):
    write_notebook(project / "notebooks", "stay", "1 / 0")
    code, text = said("run", "params.yml", "--notebook", "stay")
    assert code == 1
    assert "× failed: cell 2 of 2: division by zero" in text
    assert "Traceback" not in text


def test_check_says_of_each_notebook_whether_it_is_ready(project, said):
    code, text = said("check", "params.yml")
    assert code == 0
    words = [line.split() for line in text.splitlines()]
    assert ["sales", "2", "0"] in words
    assert ["pipeline", "lacks", "deals"] in words
    assert ["stay", "ready"] in words


def test_check_refuses_data_that_break_the_contract(project, said):
    pd.DataFrame({"sale_id": ["1"]}).to_parquet(project / "data" / "sales.parquet")
    code, text = said("check", "params.yml")
    assert code == 1
    assert "refused" in text
    assert "total_amount" in text


def test_check_does_not_call_rows_of_a_refused_table_used(project, said):
    columns = {"sale_id": ["1"], "sold_at": ["31.01.2026"], "total_amount": [1.0]}
    pd.DataFrame(columns).to_parquet(project / "data" / "sales.parquet")
    code, text = said("check", "params.yml")
    assert code == 1
    assert ["sales", "refused", "0"] in [line.split() for line in text.splitlines()]
    assert "  refused, 1 row: sales sold_at_type" in text


def test_check_shows_why_a_table_that_no_notebook_needs_is_refused(project, said):
    pd.DataFrame({"lead_id": ["1"]}).to_parquet(project / "data" / "leads.parquet")
    code, text = said("check", "params.yml")
    assert code == 1
    assert "leads (leads.parquet) has no column created_at" in text
    assert "leads column_missing" in text
    assert max(map(len, text.splitlines())) <= 110


def test_an_error_that_nobody_foresaw_is_named_without_a_traceback(project, said, monkeypatch):
    monkeypatch.setattr("analytics.params.load_workbook", lambda *_, **__: {}["Ada Lovelace"])
    code, text = said("run", "params.yml")
    assert code == 1
    assert "KeyError" in text
    assert "Ada" not in text
    assert "Traceback" not in text


def test_help_and_refusals_import_nothing_heavy(project):
    program = "import sys; from analytics.cli import main; main(['run', 'parms.yml'])\n"
    program += (
        "heavy = {'pandas', 'ibis', 'duckdb', 'papermill', 'matplotlib'}; print(*heavy & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert "did you mean" in done.stderr


def test_the_package_is_a_command(project):
    done = subprocess.run(
        [sys.executable, "-m", "analytics", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "usage: workbook" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is SIGINT")
def test_ctrl_c_stops_cleanly(project):
    started = project / "started"
    slow = f"import os, pathlib, time\npathlib.Path({str(started)!r}).write_text(str(os.getpid()))\n"
    slow += "time.sleep(300)"
    write_notebook(project / "notebooks", "stay", slow)
    command = [sys.executable, "-m", "analytics", "run", "params.yml", "--jobs", "1"]
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 90
    while not started.exists() or not started.read_text():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped" in err
    assert "Traceback" not in out + err
    record = json.loads((project / "reports/run.json").read_text())
    assert record["complete"] is False
    assert "acme/2026-Q3/stay.html" in record["not_run"]
    assert [path.name for path in (project / "reports").glob(".*")] == [".records"]
    kernel = int(started.read_text())
    for _ in range(100):
        if not Path(f"/proc/{kernel}").exists() or "Z" in Path(f"/proc/{kernel}/stat").read_text().split()[2]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the kernel outlived the run")


class TestLab:
    @pytest.fixture
    def opened(self, tmp_path, monkeypatch):
        """What `workbook lab` turns into, without turning into it; its home is a folder of the test."""
        calls = []
        monkeypatch.setattr("analytics.cli._home", lambda: tmp_path)
        monkeypatch.setattr("analytics.data.demo.write_demo", lambda out: calls.append(f"demo in {out}"))
        monkeypatch.setattr(os, "execve", lambda *given: calls.append(given[1][1:3]))
        return calls

    def test_writes_the_demonstration_first_so_that_the_defaults_run(self, opened, tmp_path):
        main(["lab"])
        assert opened == [f"demo in {tmp_path / 'data' / 'demo'}", ["-m", "jupyterlab"]]

    def test_leaves_a_demonstration_alone_that_is_there(self, opened, tmp_path):
        (tmp_path / "data" / "demo").mkdir(parents=True)
        main(["lab"])
        assert opened == [["-m", "jupyterlab"]]

    def test_hands_on_what_is_meant_for_jupyterlab(self, opened, monkeypatch):
        monkeypatch.setattr(os, "execve", lambda *given: opened.append(given[1][-2:]))
        main(["lab", "--", "--no-browser", "--port=8890"])
        assert opened[-1] == ["--no-browser", "--port=8890"]

    def test_an_option_of_jupyterlab_is_refused_with_where_it_stands(self, opened, capsys):
        with pytest.raises(SystemExit):
            main(["lab", "--no-browser"])
        assert "workbook lab -- --no-browser" in capsys.readouterr().err
        assert opened == []

    def test_opens_the_whole_project_at_its_notebooks(self, opened, tmp_path, monkeypatch):
        monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
        monkeypatch.setattr(os, "execve", lambda *given: opened.append(given[1][3:]))
        main(["lab"])
        root, first = f"root_dir={tmp_path}", f"preferred_dir={tmp_path / 'notebooks'}"
        assert opened[-1] == [f"--ServerApp.{root}", f"--ServerApp.{first}"]
        monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path.parent / "others"))
        main(["lab"])
        assert opened[-1][0] == f"--ServerApp.root_dir={tmp_path.parent / 'others'}"
