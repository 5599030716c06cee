"""A real scheduler and real workers: nothing is lost or done twice, and the files are those of one machine.

All processes belong to this module; no test depends on how long anything takes.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from analytics.errors import AnalyticsError, ParamsError
from analytics.params import expand, load_workbook
from analytics.reporting import cluster as cluster_module
from analytics.reporting import fitness
from analytics.reporting.batch import Stopped, run
from analytics.reporting.cluster import ClusterPool
from analytics.reporting.files import work_folder
from analytics.reporting.plan import Batch, tasks_of
from analytics.reporting.task import make
from tests.reporting.tiny import publish, write_notebook, write_params

pytest.importorskip("distributed")

ROOT = Path(__file__).resolve().parents[2]
STARTED = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
PARAMS = """
timeframes: [2026-Q3]
organisations:
  - {id: acme, notebooks: [long, short, brief], source: {path: data, owned: true}}
  - {id: bolt, notebooks: [short, brief], source: {path: "${BOLT:-data}", owned: true}}
"""
EVERY = [("acme", "brief"), ("acme", "long"), ("acme", "short"), ("bolt", "brief"), ("bolt", "short")]
NOTE = """import os, pathlib
log = pathlib.Path(os.environ["WORKBOOK_PARAMS"]).with_name("log")
def note(*words):
    with log.open("a") as file:
        file.write(" ".join(map(str, words)) + "\\n")
name = os.environ["WORKBOOK_OUTPUT"].split(os.sep)[-2]
note("begins", organisation, {name!r}, os.environ.get("WORKER", "here"), os.getpid())
(pathlib.Path(os.environ["WORKBOOK_OUTPUT"]) / "{name}.json").write_text("[1, 2]")
"""
WAIT = """import time
gate = log.with_name("gate")
while not gate.exists():
    time.sleep(0.02)
"""
END = 'note("ends", organisation, "{name}")'


class Quiet:
    """A reporter that says nothing; one that is given `stop_at` presses Ctrl-C at that report."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at

    def say(self, text):
        pass

    def done(self, result, number, total):
        if number == self.stop_at:
            raise KeyboardInterrupt


class Cluster:
    """A scheduler and the workers that a test asks for."""

    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        self.start("scheduler", "scheduler", "--port", "0", "--scheduler-file", folder / "scheduler.json")
        until(lambda: (folder / "scheduler.json").exists())
        self.address = json.loads((folder / "scheduler.json").read_text())["address"]

    def start(self, name, kind, *options, **environment):
        command = [sys.executable, "-m", "dask", kind, *options, "--host", "127.0.0.1", "--no-dashboard"]
        own = {"WORKER": name, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TMPDIR": str(self.folder)}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, env=os.environ | own | environment, stdout=log, stderr=log, cwd=self.folder
            )

    def add(self, name, threads=1, **environment):
        options = ("--no-nanny", "--nthreads", str(threads), "--name", name)
        self.start(name, "worker", self.address, *options, **environment)

    def ready(self, names):
        """Wait until exactly these workers are known."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            until(lambda: {w["name"] for w in client.scheduler_info()["workers"].values()} == set(names))

    def end(self, *names):
        for name in names:
            self.processes[name].kill()
        for name in names:
            self.processes.pop(name).wait()


def until(what, limit=300):
    """Wait for something that will come; the limit only keeps a broken test from waiting for ever."""
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    found.add("one")
    found.add("two")
    yield found
    found.end(*found.processes)


@pytest.fixture
def root(tmp_path):
    """A project of five reports, one of which waits for a gate to be opened."""
    for name in ("long", "short", "brief"):
        cells = [WAIT] if name == "long" else []
        cells = [NOTE.replace("{name!r}", repr(name)).replace("{name}", name), *cells]
        write_notebook(tmp_path / "notebooks", name, *cells, END.replace("{name}", name), publish())
    write_params(tmp_path, PARAMS)
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def _own_models(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path / "models"))


def batch_of(root, scheduler="", out="out", **choice):
    params, notebooks = root / "params.yml", root / "notebooks"
    jobs = expand(load_workbook(params, notebooks=notebooks), folder=notebooks, **choice)
    return Batch(
        jobs=jobs,
        params=params,
        notebooks=notebooks,
        out=root / out,
        scheduler=scheduler,
        check=accept,
        started=STARTED,
    )


def accept(organisation, told):
    """Find nothing wrong with an organisation's data."""


def log(root):
    path = root / "log"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def noted(root, word):
    return sorted((words[1], words[2]) for words in log(root) if words[0] == word)


def reports(folder):
    """Path of each report's files → content, without what tells when something was, and how long it took."""
    found = {}
    for path in folder.glob("*/2026-Q3/*"):
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.:+Z]*", "TIME", path.read_text())
        text = re.sub(r'"duration": [\d.e-]+', '"duration": 0', text)
        found[str(path.relative_to(folder))] = re.sub(r'"id": "[0-9a-f]{8}"', '"id": "of Papermill"', text)
    return found


# A run --------------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_over_a_report_loses_nothing_and_nothing_is_done_twice(cluster, root):
    cluster.ready(["one", "two"])

    def kill():
        try:
            until(lambda: ("acme", "long") in noted(root, "begins"))
            (worker,) = [words[3] for words in log(root) if words[2] == "long"]
            cluster.end(worker)
        finally:
            (root / "gate").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    record = run(batch_of(root, cluster.address), Quiet())
    killer.join()
    assert noted(root, "ends") == EVERY, "each was finished once"
    assert noted(root, "begins") == sorted([*EVERY, ("acme", "long")]), "one was begun twice"
    assert {result.state for result in record.results} == {"ready"}
    assert {r.report.notebook: r.tries for r in record.results} == {"long": 2, "short": 1, "brief": 1}
    assert not list((root / "models").iterdir()), "the proof that folders are shared was taken away"
    run(batch_of(root, out="local"), Quiet())
    assert len(reports(root / "out")) == 3 * len(EVERY)
    assert reports(root / "out") == reports(root / "local")


@pytest.fixture
def pair(cluster):
    """The cluster is one worker with two threads."""
    if "pair" not in cluster.processes:
        cluster.end(*(cluster.processes.keys() - {"scheduler"}))
        cluster.add("pair", threads=2, BOLT="nowhere/else")
    cluster.ready(["pair"])
    return cluster


def test_a_worker_with_two_threads_makes_two_reports_at_once_in_warm_kernels(pair, root):
    meet = """import time
note("begins", organisation, "meet")
while len(log.read_text().splitlines()) < 4:
    time.sleep(0.02)
"""
    write_notebook(root / "notebooks", "meet", NOTE.replace("{name!r}", "'meet'"), meet, publish())
    write_params(root, PARAMS.replace("[long, short, brief]", "[meet]").replace("[short, brief]", "[meet]"))
    (root / "nowhere" / "else").mkdir(parents=True)
    record = run(batch_of(root, pair.address), Quiet())
    assert [(result.state, result.kernel) for result in record.results] == [("ready", "warm")] * 2


def test_ctrl_c_calls_back_what_is_queued_and_what_runs_and_its_processes_end(pair, root):
    (root / "nowhere" / "else").mkdir(parents=True)
    old = root / "out/acme/2026-Q3/long.html"
    old.parent.mkdir(parents=True)
    old.write_text("of yesterday")
    with pytest.raises(Stopped) as stopped:
        run(batch_of(root, pair.address), Quiet(stop_at=2))
    (process,) = [int(words[4]) for words in log(root) if words[:3] == ["begins", "acme", "long"]]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert "acme/2026-Q3/long.html" in stopped.value.record.not_run
    assert old.read_text() == "of yesterday", "what was called back puts nothing into place"
    assert noted(root, "ends") == [(r.report.organisation, r.report.notebook) for r in ended(stopped)]
    left = [path.name for pattern in (".work-*", ".shared-*", ".part-*") for path in root.rglob(pattern)]
    assert left == [], "nothing private is left behind"


def ended(stopped):
    results = stopped.value.record.results
    return sorted(results, key=lambda result: (result.report.organisation, result.report.notebook))


def test_a_task_that_comes_twice_is_answered_from_its_record(pair, root):
    (root / "nowhere" / "else").mkdir(parents=True)
    batch = batch_of(root, pair.address, notebooks=["short"], organisations=["acme"])
    pool = ClusterPool(pair.address, batch)
    with work_folder(batch.out) as work:
        (task,) = tasks_of(batch, work, work)
        first = pool.submit(make, task).result()
        assert pool.submit(make, task).result() == first
        assert noted(root, "begins") == [("acme", "short")], "it was run once"
        (batch.out / first.files[0]).unlink()
        assert pool.submit(make, task).result().state == "ready"
        assert len(noted(root, "begins")) == 2, "what is not there any more is made"
    pool.close()


def where_the_data_are(organisation):
    return str(organisation.source.path)


def test_an_organisation_travels_as_its_id_and_the_worker_reads_its_params_itself(pair, root, monkeypatch):
    monkeypatch.setenv("BOLT", "s3cret-of-the-runner")
    (root / "s3cret-of-the-runner").mkdir()
    (root / "nowhere" / "else").mkdir(parents=True)
    batch = batch_of(root, pair.address, organisations=["bolt"])
    (organisation,) = {job.organisation.id: job.organisation for job in batch.jobs}.values()
    assert b"s3cret" in pickle.dumps(organisation)
    assert b"s3cret" not in pickle.dumps([*cluster_module._sent([organisation]), fitness.described(batch)])
    pool = ClusterPool(pair.address, batch)
    assert pool.submit(where_the_data_are, organisation).result() == str(root / "nowhere/else")
    assert pool.workers == 2
    pool.close()


# Refusals, before anything runs -------------------------------------------------------------------------


def test_a_worker_with_another_version_of_the_package_is_named_and_makes_nothing(pair, root, tmp_path):
    (root / "nowhere" / "else").mkdir(parents=True)
    batch = batch_of(root, pair.address)
    pool = ClusterPool(pair.address, batch)
    assert pool.submit(str, 1).result() == "1"
    copytree(ROOT / "analytics", tmp_path / "older/analytics", ignore=ignore_patterns("__pycache__", ".*"))
    (tmp_path / "older/analytics/py.typed").touch()
    pair.add("older", PYTHONPATH=str(tmp_path / "older"))
    until(lambda: pool.workers == 3)
    three = [pool.submit(time.sleep, 0.5) for _ in range(3)]
    (refused,) = filter(None, [future.exception() for future in three])
    pool.close()
    assert re.match("a worker came later.* it has another version of the package analytics", str(refused))
    with pytest.raises(AnalyticsError) as refused:
        run(batch, Quiet())
    pair.end("older")
    assert "1 of 2 workers cannot make these reports, and nothing was run" in str(refused.value)
    assert "worker older on 127.0.0.1 has another version of the package analytics" in str(refused.value)
    assert log(root) == []
    assert not (root / "out/run.json").exists()


def test_a_run_without_workers_gives_up_and_one_without_scheduler_or_worker_does_not_begin(
    pair, root, monkeypatch
):
    (root / "nowhere" / "else").mkdir(parents=True)
    monkeypatch.setattr(cluster_module, "_CONNECT", 1)
    monkeypatch.setattr(cluster_module, "_NO_WORKER", 1)
    with pytest.raises(AnalyticsError, match=r"no scheduler answered within 1 s.*dask scheduler"):
        run(batch_of(root, "tcp://127.0.0.1:9"), Quiet())
    pool = ClusterPool(pair.address, batch_of(root, pair.address))
    asleep = pool.submit(time.sleep, 600)
    pair.end("pair")
    error = asleep.exception()
    assert re.search(r"is lost: start it again, .* --resume \(no worker for 1 s\)", str(error))
    assert not pool.is_lost(error), "it would not help to try again"
    pool.close()
    with pytest.raises(AnalyticsError, match="the scheduler has no worker; start some"):
        run(batch_of(root, pair.address), Quiet())
    assert not (root / "out/run.json").exists()


@pytest.mark.parametrize(
    "wrong", ["render-1", "render-1:8786", "tcp://render-1", "tcp://:1", "http://a:1", "tcp://a:70000"]
)
def test_what_is_no_address_is_refused(root, wrong):
    with pytest.raises(ParamsError, match="no address of a scheduler; give one such as tcp://"):
        run(batch_of(root, wrong), Quiet())


def test_without_dask_it_is_said_how_to_install_it(root, monkeypatch):
    monkeypatch.setattr(cluster_module, "find_spec", lambda _: None)
    with pytest.raises(
        AnalyticsError, match=r"not installed here; install it with: pip install '.\[cluster\]'"
    ):
        run(batch_of(root, "tcp://render-1:8786"), Quiet())


def test_the_folder_of_a_worker_for_sockets_goes_with_the_worker(tmp_path):
    """Also with one that was started as a nanny starts its own."""
    program = tmp_path / "program.py"
    program.write_text(
        "from multiprocessing import get_context\n"
        "from analytics.reporting.cluster import _sockets\n"
        "def work():\n    print(_sockets().is_dir(), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    work()\n    other = get_context('spawn').Process(target=work)\n"
        "    other.start()\n    other.join()\n"
    )
    (tmp_path / "temporary").mkdir()
    own = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run(
        [sys.executable, program], env=os.environ | own, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("True\n" * 2, "")
    assert list((tmp_path / "temporary").iterdir()) == []


class TestFitness:
    """What a worker finds when it holds itself against the runner."""

    @pytest.fixture
    def expected(self, root, monkeypatch):
        monkeypatch.setattr(fitness, "_package", lambda: "digest")
        monkeypatch.setattr(fitness, "_LOADED", "digest")
        found = fitness.described(batch_of(root))
        yield found
        fitness.forget(found)

    def test_the_same_surroundings_have_no_fault(self, expected):
        assert fitness.faults(expected) == []
        assert ("pandas", fitness._version("pandas")) in expected.packages

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ({"python": "3.10.1"}, r"runs Python [\d.]+, not 3.10.1: start it with the same Python"),
            ({"packages": (("pandas", "9.9"),)}, r"has pandas [\d.]+, not 9.9: install requirements.lock"),
            ({"packages": (("nosuch", "1"),)}, "has nosuch missing, not 1"),
            ({"package": "0" * 64}, "has another version of the package analytics"),
            ({"notebooks_digest": "0" * 64}, "has other notebooks in"),
            ({"organisations": ("carl",)}, 'cannot use the params .*there is no organisation "carl"'),
        ],
    )
    def test_what_differs_is_named_with_what_to_do(self, expected, other, said):
        (fault,) = fitness.faults(replace(expected, **other))
        assert re.match(said, fault)

    def test_a_process_that_began_before_the_package_changed_must_be_restarted(self, expected, monkeypatch):
        monkeypatch.setattr(fitness, "_LOADED", "0" * 64)
        assert fitness.faults(expected) == [
            "still holds the package analytics as it was before a change: restart it"
        ]

    def test_folders_that_are_not_shared_are_named(self, expected, root):
        (proof,) = (root / "out").iterdir()
        proof.write_bytes(b"of another machine")
        next((root / "models").iterdir()).unlink()
        found = fitness.faults(expected)
        assert [re.search(r"the folder of ([\w ]+), ", fault)[1] for fault in found] == [
            "reports",
            "trained models",
        ]

    def test_notebooks_params_and_data_that_are_not_there_are_named(self, expected, root):
        (root / "data").rmdir()
        found = fitness.faults(expected)
        assert [fault.split(",")[0] for fault in found] == [
            f"does not see the data of {o}" for o in ("acme", "bolt")
        ]
        (root / "params.yml").unlink()
        (root / "notebooks/short.ipynb").unlink()
        found = fitness.faults(expected)
        assert [fault[:24] for fault in found] == [
            "cannot read the notebook",
            "cannot use the params " + str(root)[:2],
        ]
