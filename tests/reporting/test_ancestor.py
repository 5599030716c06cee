"""The workers of one machine have what they fork reports from forked from one process, which imports once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from analytics.reporting.execution import execute
from analytics.reporting.task import ORDINARY, WARM
from analytics.reporting.warm.ancestor import can_fork
from analytics.reporting.watch import Request
from analytics.reporting.workers import LocalPool
from tests.reporting.tiny import write_notebook

pytestmark = pytest.mark.skipif(not can_fork(), reason="there are no warm kernels on this system")

FAMILY = "import os, psutil; print(*(p.pid for p in [psutil.Process(), *psutil.Process().parents()][:3]))"


def ended(notebook, folder, time_limit=90.0):
    """Execute a notebook in a worker; return the name of its kernel, the last cell's text, and the worker."""
    folder.mkdir()
    outcome = execute(Request(notebook=notebook, parameters={}, folder=folder, time_limit=time_limit))
    cell = outcome.notebook.cells[-1]
    return outcome.kernel, "".join(output.get("text", "") for output in cell.outputs), os.getpid()


def wait_for(file):
    until = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    return [int(number) for number in file.read_text().split()]


def have_ended(processes):
    found = [psutil.Process(number) for number in processes if psutil.pid_exists(number)]
    return not [p for p in psutil.wait_procs(found, timeout=20)[1] if p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def pool(tmp_path):
    pool = LocalPool(2)
    yield pool
    pool.stop()


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A notebook that waits for another, and whose import is counted in a file."""
    count = f"import os\nwith open({str(tmp_path / 'imports')!r}, 'a') as file: print(os.getpid(), file=file)"
    (tmp_path / "warm_counted.py").write_text(count)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    meets = (
        "import pathlib, time, uuid\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "(here / f'{uuid.uuid4()}.here').touch()\n"
        "while len(list(here.glob('*.here'))) < 2: time.sleep(0.01)"
    )
    return write_notebook(tmp_path, "counted", "import warm_counted", meets, FAMILY)


def test_it_imports_once_for_two_workers_that_have_a_parent_each(pool, counted, tmp_path):
    pool.prepare([counted], tmp_path)
    both = [pool.submit(ended, counted, tmp_path / name) for name in "ab"]
    (kind, one, worker), (other_kind, other, other_worker) = (each.result(90) for each in both)
    (child, parent, ancestor), (other_child, other_parent, same) = one.split(), other.split()
    assert (kind, other_kind, ancestor) == (WARM, WARM, same)
    assert len({worker, other_worker, int(parent), int(other_parent), int(child), int(other_child)}) == 6
    assert (tmp_path / "imports").read_text() == f"{ancestor}\n"
    pool.close()
    assert have_ended([worker, other_worker, *map(int, [*one.split(), *other.split()])])
    assert not list(tmp_path.glob("warm-*")), "its folder is gone"


def test_one_worker_less_is_free_while_the_imports_take_the_last_core(pool, tmp_path, monkeypatch):
    go = tmp_path / "go"
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)"
    (tmp_path / "warm_waits.py").write_text(waits)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert pool.free == 2, "nothing is imported yet"
    pool.prepare([write_notebook(tmp_path, "waits", "import warm_waits")], tmp_path)
    assert pool.free == 1
    with monkeypatch.context() as roomy:
        roomy.setattr(os, "cpu_count", lambda: 3)
        assert pool.free == 2
    go.touch()
    until = time.monotonic() + 60
    while pool.free == 1:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_worker_s_death_ends_its_parent_and_report_and_the_next_worker_has_a_parent(pool, tmp_path):
    family = tmp_path / "family"
    tells = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(family)!r}).write_text(f'{{os.getpid()}} {{os.getppid()}}')\n"
        "time.sleep(300)"
    )
    long, short = write_notebook(tmp_path, "long", tells), write_notebook(tmp_path, "short", FAMILY)
    pool.prepare([long, short], tmp_path)
    dying = pool.submit(ended, long, tmp_path / "a")
    report, parent = wait_for(family)
    os.kill(pool._all[0].process.pid, signal.SIGKILL)
    assert pool.is_lost(dying.exception(60))
    assert have_ended([report, parent])
    kind, after, _ = pool.submit(ended, short, tmp_path / "b").result(90)
    assert kind == WARM
    pool.stop()
    assert have_ended(map(int, after.split()))


LEFT = {
    "threads behind": "threading.Thread(target=time.sleep, args=(300,), daemon=True).start()",
    "connections open": "pair = socket.socketpair()",
}


@pytest.mark.parametrize("left", LEFT)
def test_imports_that_leave_something_to_share_spoil_no_other_notebook(pool, tmp_path, monkeypatch, left):
    (tmp_path / "warm_left.py").write_text(f"import socket, threading, time\n{LEFT[left]}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    bad = write_notebook(tmp_path, "bad", "import warm_left", "print(1)")
    good = write_notebook(tmp_path, "good", "import json", "print(2)")
    pool.prepare([bad, good], tmp_path)
    assert pool.submit(ended, good, tmp_path / "a").result(90)[:2] == (WARM, "2\n")
    kind, text, _ = pool.submit(ended, bad, tmp_path / "b").result(90)
    assert (kind.split()[0], text) == (ORDINARY, "1\n")
    assert left in kind


@pytest.fixture
def endless(tmp_path, monkeypatch):
    """A notebook whose import tells its process and does not end."""
    file = tmp_path / "importing"
    tells = f"import os, pathlib, time\npathlib.Path({str(file)!r}).write_text(str(os.getpid()))\n"
    (tmp_path / "warm_endless.py").write_text(f"{tells}time.sleep(300)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return write_notebook(tmp_path, "endless", "import warm_endless")


def test_an_import_that_does_not_end_leaves_others_time_to_import_themselves(pool, endless, tmp_path):
    good = write_notebook(tmp_path, "good", "print(2)")
    pool.prepare([endless, good], tmp_path)
    assert pool.submit(ended, good, tmp_path / "a", 16.0).result(90)[:2] == (WARM, "2\n")


def test_a_parent_that_imports_ends_with_the_run(pool, endless, tmp_path):
    good = write_notebook(tmp_path, "good", "print(2)")
    pool.prepare([good], tmp_path)
    pool.submit(ended, endless, tmp_path / "a")
    importing = wait_for(tmp_path / "importing")
    pool.stop()
    assert have_ended(importing)


def test_an_ancestor_that_died_is_missed_by_nobody(pool, tmp_path):
    notebook = write_notebook(tmp_path, "short", "print(1)")
    pool.prepare([notebook], tmp_path)
    os.kill(pool._ancestor._started._process.pid, signal.SIGKILL)
    assert pool.submit(ended, notebook, tmp_path / "a").result(90)[:2] == (WARM, "1\n")


def test_the_runner_s_death_ends_all_of_them(tmp_path):
    tells = (
        "import os, pathlib, psutil, time\n"
        "family = [os.getpid(), *(p.pid for p in psutil.Process().parents()[:2])]\n"
        f"pathlib.Path({str(tmp_path / 'family')!r}).write_text(' '.join(map(str, family)))\n"
        "time.sleep(300)"
    )
    notebook = write_notebook(tmp_path, "long", tells)
    runs = (
        "from pathlib import Path; from analytics.reporting.workers import LocalPool; "
        "from tests.reporting.test_ancestor import ended; pool = LocalPool(1); "
        f"pool.prepare([Path({str(notebook)!r})], Path({str(tmp_path)!r})); "
        f"pool.submit(ended, Path({str(notebook)!r}), Path({str(tmp_path / 'a')!r})).result()"
    )
    root = str(Path(__file__).parents[2])
    runner = subprocess.Popen([sys.executable, "-c", runs], cwd=root, env={**os.environ, "PYTHONPATH": root})
    try:
        family = wait_for(tmp_path / "family")
    finally:
        runner.kill()
        runner.wait()
    assert have_ended(family)
