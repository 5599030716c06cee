"""A warm kernel: it shows what an ordinary one shows, and nothing goes from one report to the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from unittest.mock import Mock

import pytest

from analytics.reporting.execution import execute
from analytics.reporting.task import ORDINARY, WARM
from analytics.reporting.warm import ancestor, client, preload
from analytics.reporting.warm.preload import import_for, imported_names, other_threads
from analytics.reporting.watch import Request
from tests.reporting.tiny import write_notebook

pytestmark = pytest.mark.skipif(not client.can_fork(), reason="there are no warm kernels on this system")

SHOWN = """print("one", end=" "); print("line"); import sys; print("aside", file=sys.stderr); print("two")
from IPython.display import HTML, Markdown, clear_output, display, update_display
display(HTML("<b>x</b>"), metadata={"text/html": {"isolated": True}}); display(Markdown("# h"))
handle = display("first", display_id="abc")
update_display(HTML("third"), display_id="abc")
print("gone"); clear_output(); print("kept")
for step in range(3): clear_output(wait=True); print("step", step)
display({"application/x+json": {"k": [1, None, 2.0]}, "text/plain": "p"}, raw=True)
[1.5, None, "é"]
import asyncio; await asyncio.sleep(0.01, 42)
import matplotlib.pyplot as plt; figure, axes = plt.subplots(figsize=(2, 1)); axes.plot([1, 3, 2]); None
_, sorted(Out), len(In), __name__
%%capture text
print("hidden")
text.stdout
!echo shell $organisation
import warnings; warnings.warn("careful")
import ipywidgets; box = ipywidgets.Output()
with box: print("in the box")
box.outputs
import pandas; pandas.DataFrame({"a": [1, None], "b": ["x", "y"]})
1 / 0""".replace("text\nprint", "text\\nprint").split("\n")
SHOWN = [line.replace("\\n", "\n") for line in SHOWN]


@pytest.fixture(autouse=True)
def own_parent():
    """Each test may spoil its thread's parent; the next one has a good one again."""
    yield
    client.has_served()


@pytest.fixture
def end_parent():
    """End the parent before and after a test that wants one of its own."""
    client.forget_parent()
    yield client.forget_parent
    client.forget_parent()
    client.has_served()


@pytest.fixture
def ended(tmp_path):
    """Execute a notebook of the given cells in a folder of its own, and return how it ended."""
    numbers = count()

    def call(*cells, engine=WARM, **more):
        folder = tmp_path / str(next(numbers))
        notebook = write_notebook(folder, "end", *cells)
        asked = {"notebook": notebook, "parameters": {"organisation": "bolt"}, "folder": folder}
        return execute(Request(**{**asked, "engine": engine, "time_limit": 90.0, **more}))

    return call


def texts(outcome):
    return "".join(output.get("text", "") for output in outcome.notebook.cells[-1].outputs)


def states(outcome):
    return [c.metadata.papermill.status for c in outcome.notebook.cells if c.cell_type == "code"]


def has_ended(process, seconds=20.0):
    """Wait until a process is gone, or only its number is left."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


class TestWhatAReportShows:
    def test_is_what_it_shows_in_an_ordinary_kernel(self, ended):
        def shown(outcome):
            """Outputs but for what names a process; text of one kind in a row counts as one."""
            found = []
            for cell in outcome.notebook.cells[-len(SHOWN) :]:
                found.append([])
                for output in json.loads(json.dumps(cell.outputs)):
                    if output["output_type"] == "stream":
                        output["text"] = output["text"].partition("ipykernel_")[0]
                    output.pop("traceback", None)
                    output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
                    found[-1].append(output)
                found[-1].sort(key=lambda output: output.get("name", ""))  # two pipes have no order
            return found

        ordinary, warm = ended(*SHOWN, engine=ORDINARY), ended(*SHOWN)
        assert (ordinary.error, warm.error, warm.kernel) == ("ZeroDivisionError", "ZeroDivisionError", WARM)
        assert warm.cell == ordinary.cell
        for source, one, other in zip(SHOWN, shown(warm), shown(ordinary), strict=True):
            assert one == other, source
        assert warm.notebook.metadata.language_info == ordinary.notebook.metadata.language_info
        assert [c.get("execution_count") for c in warm.notebook.cells] == [
            c.get("execution_count") for c in ordinary.notebook.cells
        ]

    def test_text_that_was_shown_before_a_sudden_end_is_there(self, ended):
        outcome = ended("print('before', end='')\nimport os; os.kill(os.getpid(), 9)", "1")
        assert (outcome.error, states(outcome)[-2:]) == ("DeadKernel", ["failed", "pending"])
        assert outcome.notebook.cells[-2].outputs[0].text == "before"

    def test_a_process_that_the_report_forks_writes_to_the_log(self, ended, tmp_path):
        forks = "import os\nif os.fork() == 0:\n    print('mine'); os._exit(0)\nos.wait()\nprint('ours')"
        assert texts(ended(forks)) == "ours\n"
        assert (tmp_path / "0/kernel.log").read_text() == "mine\n"

    def test_leaving_is_told_as_by_an_ordinary_kernel(self, ended):
        def end(engine):
            outcome = ended("exit()", "import time; time.sleep(5)", "1", engine=engine)
            return bool(outcome.error), outcome.cell, states(outcome)[-1]

        assert end(WARM) == end(ORDINARY)

    def test_an_error_that_there_was_no_memory_to_show_is_in_the_cell(self, ended):
        fills = "x = []\nwhile True: x.append(bytearray(1 << 22))"
        outcome = ended(fills, memory_limit=2 << 30, time_limit=90)
        assert outcome.error in ("MemoryError", "MemoryLimit")
        assert states(outcome)[-1] == "failed"


DIRTY = """import builtins, decimal, json, logging, os, random, sys, warnings
import matplotlib, numpy, pandas
os.environ["LEFT"] = "1"; os.chdir("/"); sys.path.insert(0, "/left"); os.umask(0)
builtins.left = json.left = 1; pandas.options.display.max_rows = 3; matplotlib.rcParams["figure.dpi"] = 33
decimal.getcontext().prec = 3; logging.disable(50); sys.setrecursionlimit(5000)
warnings.simplefilter("error")
get_ipython().run_line_magic("config", "InlineBackend.figure_formats = ['svg']"); left = 1
get_ipython().db["left"] = 1"""
PROBE = """import builtins, decimal, json, logging, os, random, sys, warnings
import matplotlib, numpy, pandas
shell = get_ipython()
seen = dict(env=os.environ.get("LEFT"), folder=os.getcwd() != '/', path=sys.path, umask=os.umask(0o22))
seen |= dict(left=[hasattr(builtins, "left"), hasattr(json, "left"), "left" in dir(), "left" in shell.db])
seen |= dict(rows=pandas.options.display.max_rows, dpi=matplotlib.rcParams["figure.dpi"], argv=len(sys.argv))
seen |= dict(prec=decimal.getcontext().prec, level=logging.root.manager.disable, count=shell.execution_count)
seen |= dict(filters=len(warnings.filters), depth=sys.getrecursionlimit(), lines=len(In), hash=hash("x"))
print(json.dumps(seen))"""


class TestIsolation:
    def test_nothing_goes_from_one_report_to_the_next(self, ended):
        before = json.loads(texts(ended(PROBE)))
        parent = client._own.parent.process
        assert ended(DIRTY).error == ""
        after = json.loads(texts(ended(PROBE)))
        assert client._own.parent.process == parent, "both came of the parent that the dirty one came of"
        assert after == before
        assert before["left"] == [False] * 4

    def test_what_a_report_sees_first_is_what_it_sees_in_an_ordinary_kernel(self, ended):
        warm, ordinary = (json.loads(texts(ended(PROBE, engine=each))) for each in (WARM, ORDINARY))
        for own in ("argv", "filters"):
            warm.pop(own), ordinary.pop(own)
        assert warm == ordinary

    def test_random_numbers_differ_between_reports(self, ended):
        draw = "import random, numpy.random; print(random.random(), numpy.random.rand())"
        one, other = ended(draw), ended(draw)
        assert (one.kernel, other.kernel) == (WARM, WARM)
        assert not set(texts(one).split()) & set(texts(other).split())

    def test_a_report_s_environment_is_its_own(self, ended):
        look = "import os; print(os.environ.get('WORKBOOK_X'), os.environ['OMP_NUM_THREADS'])"
        assert texts(ended(look, environment={"WORKBOOK_X": "1"})) == "1 1\n"
        assert texts(ended(look)) == "None 1\n"

    def test_what_a_report_started_ends_with_it(self, ended):
        starts = "import subprocess; print(subprocess.Popen(['sleep', '300']).pid)"
        assert has_ended(int(texts(ended(starts))))


class TestTheParentSDeath:
    def test_fails_the_report_that_runs_and_no_other(self, ended, end_parent):
        killed = ended("print('on')", "import os, time; os.kill(os.getppid(), 9); time.sleep(60)", "1")
        assert (killed.error, killed.kernel) == ("DeadKernel", WARM)
        assert states(killed)[-3:] == ["completed", "failed", "pending"]
        after = ended("print('on')")
        assert (after.error, after.kernel) == ("", WARM)

    def test_between_two_reports_is_made_good(self, ended, end_parent):
        assert ended("1").error == ""
        process = client._own.parent.process
        os.kill(process, signal.SIGKILL)
        assert has_ended(process)
        after = ended("1")
        assert (after.error, after.kernel) == ("", WARM)

    def test_s_absence_on_other_systems_leaves_the_ordinary_kernel_and_the_record_says_why(
        self, ended, end_parent, monkeypatch
    ):
        monkeypatch.setattr(client, "can_fork", lambda: False)
        outcome = ended("print(organisation)")
        assert (outcome.error, texts(outcome)) == ("", "bolt\n")
        assert outcome.kernel == "ordinary (warm kernels need Linux 5.3 or newer)"

    def test_before_there_is_one_leaves_the_ordinary_kernel_and_the_record_says_why(
        self, ended, end_parent, monkeypatch
    ):
        monkeypatch.setattr(ancestor, "PROGRAM", "no_such_program")
        outcome = ended("print(organisation)")
        assert (outcome.error, texts(outcome)) == ("", "bolt\n")
        assert outcome.kernel == "ordinary (the process to fork from ended)"

    def test_that_the_system_refuses_is_none(self, end_parent, monkeypatch):
        monkeypatch.setattr(ancestor.subprocess, "Popen", Mock(side_effect=OSError(11, "out of processes")))
        with pytest.raises(client.NoParentError, match="could not be started: out of processes"):
            client.own_parent(os.environ, None, 30)

    def test_again_and_again_is_not_tried_for_ever(self, end_parent, monkeypatch):
        monkeypatch.setattr(ancestor, "PROGRAM", "no_such_program")
        for _ in range(3):
            with pytest.raises(client.NoParentError, match="the process to fork from ended"):
                client.own_parent(os.environ, None, 30)
        with pytest.raises(client.NoParentError, match="3 processes to fork from could not be used"):
            client.own_parent(os.environ, None, 30)

    def test_the_runner_s_death_ends_parent_and_child(self, tmp_path):
        tell = "import os, pathlib, time; pathlib.Path('at').write_text(f'{os.getppid()} {os.getpid()}')"
        write_notebook(tmp_path, "long", f"{tell}\ntime.sleep(300)")
        runs = (
            "from pathlib import Path; from analytics.reporting.execution import execute; "
            "from analytics.reporting.watch import Request; "
            "execute(Request(notebook=Path('long.ipynb').resolve(), parameters={}, folder=Path.cwd()))"
        )
        root = str(Path(client.__file__).parents[3])
        runner = subprocess.Popen(
            [sys.executable, "-c", runs],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path)},  # where it leaves its parent's
        )
        try:
            until = time.monotonic() + 60
            while not (tmp_path / "at").exists() or not (tmp_path / "at").read_text():
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            runner.kill()
            runner.wait()
        assert all(has_ended(int(process)) for process in (tmp_path / "at").read_text().split())


class TestThreadsOfOneProcess:
    def test_have_a_parent_each_that_ends_with_its_thread(self, ended):
        both = threading.Barrier(2)

        def run(_):
            first = ended("import os; print(os.getppid())")
            both.wait(60)
            return [
                first.kernel,
                *(int(texts(each)) for each in (first, ended("import os; print(os.getppid())"))),
            ]

        with ThreadPoolExecutor(2) as pool:
            (kind, one, again), (other_kind, other, other_again) = pool.map(run, range(2))
        assert (kind, other_kind) == (WARM, WARM)
        assert (one, other) == (again, other_again)
        assert one != other
        assert has_ended(one)
        assert has_ended(other)


class TestImportsOfTheParent:
    def test_are_those_at_the_top_of_the_notebook_s_cells(self, tmp_path):
        notebook = write_notebook(
            tmp_path,
            "n",
            "import json, os.path\nfrom xml import dom as d\nfrom . import x",
            "%magic\nimport never",
            "if False:\n    import neither",
        )
        assert imported_names(notebook) == ["json", "os.path", "xml:dom"]

    def test_of_a_file_that_is_no_notebook_are_none(self, tmp_path):
        (tmp_path / "odd.ipynb").write_text("[]")
        assert imported_names(tmp_path / "odd.ipynb") == imported_names(tmp_path / "none.ipynb") == []

    def test_reach_a_package_s_modules(self, tmp_path, monkeypatch):
        (tmp_path / "warm_package").mkdir()
        for name in ("__init__", "part"):
            (tmp_path / f"warm_package/{name}.py").write_text("")
        monkeypatch.syspath_prepend(tmp_path)
        import_for(write_notebook(tmp_path, "n", "import no_such\nfrom warm_package import part, absent"))
        assert "warm_package.part" in sys.modules

    def test_of_a_report_bring_its_rehearsal(self, ended):
        outcome = ended("import analytics.report", "import sys; 'analytics.rehearsal' in sys.modules")
        assert (outcome.kernel, outcome.notebook.cells[-1].outputs[0].data["text/plain"]) == (WARM, "True")

    def test_go_without_a_rehearsal_that_fails_and_try_it_once(self, tmp_path, monkeypatch):
        (tmp_path / "warm_rehearsal.py").write_text(
            "tried = []\ndef fails():\n    tried.append(1)\n    1 / 0\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(preload, "_REHEARSALS", {"json": "warm_rehearsal:fails"})
        for _ in range(2):
            import_for(write_notebook(tmp_path, "n", "import json"))
        assert sys.modules["warm_rehearsal"].tried == [1]

    def test_reach_what_comes_later_only_where_a_notebook_needs_it(self, tmp_path, monkeypatch):
        for name in ("warm_user", "warm_later"):
            (tmp_path / f"{name}.py").write_text("")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(preload, "_LATER_IN", {"warm_user": ("warm_later",)})
        import_for(write_notebook(tmp_path, "n", "import json"))
        assert "warm_later" not in sys.modules
        import_for(write_notebook(tmp_path, "n", "from warm_user import something"))
        assert "warm_later" in sys.modules

    def test_that_fail_are_the_report_s_to_tell(self, ended):
        outcome = ended("import no_such_module", "1")
        assert (outcome.error, outcome.kernel) == ("ModuleNotFoundError", WARM)

    def test_that_leave_a_thread_are_not_forked(self, ended, end_parent, tmp_path, monkeypatch):
        (tmp_path / "starts_one.py").write_text(
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(600,), name='left', daemon=True).start()"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        outcome = ended("import starts_one\nprint('ran')")
        assert (outcome.error, texts(outcome)) == ("", "ran\n")
        assert outcome.kernel == "ordinary (its imports left threads behind: left)"

    def test_are_checked_for_threads_of_python_and_of_libraries(self):
        here, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: (here.set(), done.wait()), name="mine")
        thread.start()
        here.wait()
        assert "mine" in other_threads()
        done.set()
        thread.join()
        assert "mine" not in other_threads()
