"""However a report fails, all that is left of the run says so: page, notebook, record, index, exit code.

Each of these ways to end is called "completed" by somebody's tool. The other reports of the run are made.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pandas as pd
import psutil
import pytest

from analytics.cli import main
from analytics.params import expand, load_workbook
from analytics.reporting.batch import run
from analytics.reporting.plan import Batch
from analytics.reporting.task import ORDINARY
from tests.reporting.test_batch import Told
from tests.reporting.tiny import publish, write_notebook, write_params

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and /dev/full are Linux's")
PARAMS = """
timeframes: [2026-Q3]
jobs: 2
retry_after: [0, 0]
limits: {endless: {time_limit: 15}, greedy: {memory_limit: 0.3}}
organisations: [{id: acme, name: Acme, source: {path: data, owned: true}}]
"""
FAULTS = {  # notebook: the cell that ends it, the type of the failure, words of its reason, tries
    "raising": ("raise KeyError('Ada Lovelace')", "KeyError", "cell 2 of 3", 1),
    "leaving": ("import sys; sys.exit(1)", "SystemExit", "ended itself before its last cell", 1),
    "killed": ("os.kill(os.getpid(), 9)", "DeadKernel", "died without a word", 3),
    "greedy": ("x = b'x' * (600 << 20); time.sleep(60)", "MemoryLimit", "memory limit of 0.3 GiB", 1),
    "endless": ("import ctypes; ctypes.PyDLL(None).sleep(60)", "TimeLimit", "time limit of 15 s", 1),
    "full": ("(made / 'full.xlsx').symlink_to('/dev/full'); (made / 'full.xlsx').write_text('x')",
             "OSError", "No space left on device", 1),
}  # fmt: skip
ENDED_FROM_OUTSIDE = ("killed", "greedy", "endless")
CASES = [("the command", name) for name in FAULTS]
CASES += [("ordinary kernels", name) for name in ENDED_FROM_OUTSIDE]
IMPORTS = "import os, pathlib, time; made = pathlib.Path(os.environ['WORKBOOK_OUTPUT']); "


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def write_project(root: Path, params: str = PARAMS, **notebooks: str) -> Path:
    """A project whose notebooks have three cells: parameters, the given one, one that says it was reached."""
    write_params(root, params)
    (root / "data").mkdir()
    for name, source in notebooks.items():
        reached = f"pathlib.Path({str(root)!r}, '{name} was reached').touch()\n{publish()}"
        write_notebook(root / "notebooks", name, IMPORTS + source, reached)
    return root


def batch_of(root: Path, **choice) -> Batch:
    params, notebooks = root / "params.yml", root / "notebooks"
    jobs = expand(load_workbook(params, notebooks=notebooks), folder=notebooks)
    return Batch(jobs=jobs, params=params, notebooks=notebooks, out=root / "reports", **choice)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a run of all faults leaves, by the command with its own kernels and by ordinary ones."""

    @cache
    def by(kernels):
        root = tmp_path_factory.mktemp("faults")
        names = FAULTS if kernels == "the command" else ENDED_FROM_OUTSIDE
        write_project(root, calm="pass", **{name: FAULTS[name][0] for name in names})
        if kernels == "ordinary kernels":
            run(batch_of(root, engine=ORDINARY, workers=2), Told())
            return root
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root)
            patch.setenv("WORKBOOK_NOTEBOOKS", str(root / "notebooks"))
            patch.setenv("PYTHONPATH", str(ROOT))
            patch.setattr("analytics.cli.refuse_bad_data", accept)
            root.joinpath("code").write_text(str(main(["run", "params.yml"])))
        return root

    return by


def accept(organisation, told):
    """Tiny notebooks read no data."""


@LINUX
@pytest.mark.parametrize(("kernels", "name"), CASES)
def test_a_fault_is_told_in_all_that_is_left_of_the_report(left, kernels, name):
    left = left(kernels)
    _, kind, words, tries = FAULTS[name]
    out = left / "reports"
    (result,) = [r for r in read(out / "run.json")["results"] if r["report"]["notebook"] == name]
    assert (result["state"], result["failure"]["type"], result["tries"]) == ("failed", kind, tries)
    assert (result["failure"]["cell"], result["failure"]["cells"]) == (2, 3)
    assert words in result["reason"]
    folder = out / "acme" / "2026-Q3"
    page = (folder / f"{name}.html").read_text()
    assert "This report was not made: cell 2 of 3 failed" in page
    assert "3 cells: 1 ran, cell 2 failed, 1 were not run" in page
    assert kind in page
    figures = read(folder / f"{name}.json")
    assert (figures["success"], figures["error"]["type"], figures["error"]["cell"]) == (False, kind, 2)
    executed = read(folder / f"{name}.ipynb")
    states = [c["metadata"]["papermill"]["status"] for c in executed["cells"] if c["cell_type"] == "code"]
    assert states == ["completed", "completed", "failed", "pending"]
    assert executed["metadata"]["papermill"]["exception"] is True
    assert not (left / f"{name} was reached").exists()
    assert {path.name for path in folder.glob(f"{name}.*")} == {
        f"{name}.{s}" for s in ("html", "ipynb", "json")
    }
    for index in (out / "index.html", out / "acme" / "index.html"):
        assert f"{name.capitalize()}: cell 2 of 3: " in index.read_text()


@LINUX
@pytest.mark.parametrize("kernels", ["the command", "ordinary kernels"])
def test_the_others_go_on_and_the_exit_code_says_that_not_all_is_well(left, kernels):
    left = left(kernels)
    results = read(left / "reports" / "run.json")["results"]
    assert [r["report"]["notebook"] for r in results if r["state"] != "failed"] == ["calm"]
    assert (left / "calm was reached").exists()
    assert "not made" not in (left / "reports/acme/2026-Q3/calm.html").read_text()
    if (left / "code").exists():
        assert (left / "code").read_text() == "1"


# The disk, and Ctrl-C -----------------------------------------------------------------------------------


@pytest.fixture
def mounted():
    """Mount something for the length of a test; needs the rights of an administrator."""
    places = []

    def call(*arguments):
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        places.append(arguments[-1])

    yield call
    for place in reversed(places):
        subprocess.run(["umount", "--lazy", place], check=True)


def write_old_pages(folder, *notebooks):
    """What a run of yesterday left."""
    folder.mkdir(parents=True)
    for name in notebooks:
        for suffix in ("html", "xlsx", "ipynb"):
            (folder / f"{name}.{suffix}").write_text("figures of yesterday")


@contextmanager
def read_only(folder, mounted):
    """Make a folder one that nobody may write to, not even the administrator."""
    if os.geteuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
    else:
        mounted("--bind", folder, folder)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield


@LINUX
def test_a_disk_that_another_program_fills_is_told_by_record_and_index_and_leaves_no_old_page(
    tmp_path, mounted
):
    """The file that fills it stays, so that not even the failure's page finds room."""
    out = tmp_path / "reports"
    out.mkdir()
    mounted("-t", "tmpfs", "-o", "size=3m", "none", out)
    fill = f"(open({str(out / 'of-another-program')!r}, 'wb').write(bytes(8 << 20)))"
    write_project(tmp_path, PARAMS.replace("limits:", "#"), after=fill, filling=fill)
    write_old_pages(out / "acme" / "2026-Q3", "after", "filling")
    record = run(batch_of(tmp_path, engine=ORDINARY), Told())
    assert [(r.state, r.failure.type) for r in record.results] == [("failed", "OSError")] * 2
    assert "No space left on device" in record.results[0].reason
    assert read(out / "run.json")["complete"] is True
    assert "After and Filling: cell 2 of 3: " in (out / "index.html").read_text(), "one cause, said once"
    for name in ("after", "filling"):
        page = out / "acme" / "2026-Q3" / f"{name}.html"
        assert not page.exists() or "This report was not made" in page.read_text()


@LINUX
def test_a_report_whose_folder_is_read_only_has_failed_and_the_others_go_on(tmp_path, mounted):
    params = PARAMS.replace("organisations: [", "organisations: [{id: bolt, source: {path: data}}, ")
    write_project(tmp_path, params.replace("limits:", "#"), calm="pass")
    out = tmp_path / "reports"
    write_old_pages(out / "acme" / "2026-Q3", "calm")
    with read_only(out / "acme" / "2026-Q3", mounted):
        record = run(batch_of(tmp_path, engine=ORDINARY), Told())
    states = {r.report.organisation: r.state for r in record.results}
    assert states == {"bolt": "ready", "acme": "failed"}
    (failed,) = [r for r in record.results if r.state == "failed"]
    assert "nor could its page be written" in failed.reason
    assert failed.files == ()
    index = (out / "acme" / "index.html").read_text()
    assert "nor could its page" in index
    assert 'href="2026-Q3/calm.html"' not in index, "the page that stands there is an old one"


@LINUX
def test_where_no_report_can_be_written_nothing_is_run(tmp_path, mounted):
    """Without the administrator's rights, who may write anywhere, but not to what is mounted to be read."""
    write_project(tmp_path, calm="pass", **dict.fromkeys(("endless", "greedy"), "pass"))
    (tmp_path / "reports").mkdir()
    with read_only(tmp_path / "reports", mounted), pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
        said = []
        patch.setattr("sys.stderr.write", said.append, raising=False)
        assert main(["run", "params.yml"]) == 2
    assert "reports cannot be written to" in "".join(said)
    assert not (tmp_path / "calm was reached").exists()
    assert list((tmp_path / "reports").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_ctrl_c_stops_the_run_cleanly_and_says_what_was_not_run(tmp_path):
    half = (
        tmp_path / "reports" / ".records" / ".part-slow.json.1"
    )  # as of a worker that is ended as it writes
    places = f"for at in ({str(half)!r}, {str(tmp_path / 'slow runs')!r}): pathlib.Path(at).touch()"
    slow = f"pass\n{places}\ntime.sleep(600)"
    params = PARAMS.replace("limits:", "#").replace("jobs: 2", "jobs: 1")  # zealous must not begin
    write_project(tmp_path, params, calm="pass", slow=slow, zealous="pass")
    sales = pd.DataFrame({"sale_id": ["1"], "customer_id": ["a"], "total_amount": [10.0]})
    sales["sold_at"] = pd.to_datetime(["2026-07-01"])
    sales.to_parquet(tmp_path / "data" / "sales.parquet")
    command = subprocess.Popen(
        [sys.executable, "-m", "analytics", "run", "params.yml"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "WORKBOOK_NOTEBOOKS": str(tmp_path / "notebooks")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(tmp_path / "slow runs", command)
    family = psutil.Process(command.pid).children(recursive=True)
    os.killpg(command.pid, signal.SIGINT)
    said, complained = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "[1/3] acme  2026-Q3  calm" in said
    assert complained.startswith("workbook: stopped. 1 report in ")
    assert complained.endswith(": 1 ready, 2 not run.\n"), "no traceback, of no process"
    record = read(tmp_path / "reports" / "run.json")
    assert record["complete"] is False
    assert record["not_run"] == [f"acme/2026-Q3/{name}.html" for name in ("slow", "zealous")]
    assert [r["report"]["notebook"] for r in record["results"]] == ["calm"]
    assert "stopped before 2 more were tried" in (tmp_path / "reports" / "index.html").read_text()
    assert psutil.wait_procs(family, timeout=10)[1] == [], "no process is left"
    assert not half.exists()
    left = {str(path.relative_to(tmp_path / "reports")) for path in (tmp_path / "reports").rglob("*.*")}
    assert {name for name in left if not name.startswith((".records", "_index", "_history"))} == {
        "index.html", "run.json", "acme/index.html", "acme/2026-Q3/calm.html", "acme/2026-Q3/calm.ipynb",
    }  # fmt: skip


def wait_for(path, command):
    """Wait until a file is there, as long as the command lives."""
    while not path.exists():
        try:
            command.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(command.communicate())
