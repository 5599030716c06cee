"""Every notebook makes the same files in a warm kernel as in an ordinary one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from analytics.data.demo import write_demo
from analytics.mail.messages import messages_of
from analytics.params import expand, load_workbook
from analytics.params.kept import MODELS
from analytics.reporting.manifest import RunRecord
from analytics.reporting.plan import Batch, tasks_of
from analytics.reporting.records import read_record_of
from analytics.reporting.task import ORDINARY, WARM, make
from analytics.reporting.warm.client import can_fork
from tests.mail.lint import faults, read

pytestmark = pytest.mark.skipif(not can_fork(), reason="there are no warm kernels on this system")

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
PARAMS = """
timeframes: [2026-Q3]
organisations: [{id: demo-retail, currency: GBP, source: {path: data/demo-retail, owned: true}}]
"""
OF_THE_RUN = re.compile(r"\b\d+(\.\d+)?\s(s|seconds?)\b")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """The same reports for both kinds of kernel, on few customers: it is the kernels that are compared."""
    root = tmp_path_factory.mktemp("parity")
    write_demo(root / "data", customers=150)
    params = root / "params.yml"
    params.write_text(PARAMS)
    jobs = expand(load_workbook(params, notebooks=NOTEBOOKS), folder=NOTEBOOKS)
    started = datetime(2026, 11, 21, tzinfo=UTC)
    found = {}
    for engine in (ORDINARY, WARM):
        out = root / engine
        out.mkdir()
        batch = Batch(jobs=jobs, params=params, notebooks=NOTEBOOKS, out=out, started=started, engine=engine)
        for task in tasks_of(batch, root / f"work-{engine}", tmp_path_factory.mktemp("s")):
            environment = {**task.environment, MODELS: str(root / f"models-{engine}")}
            found[task.name.notebook, engine] = replace(task, environment=environment)
    return found


def test_every_notebook_is_compared(tasks):
    assert {notebook for notebook, _ in tasks} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_makes_the_same_figures_tables_and_charts(tasks, name):
    asked, asked_warm = tasks[name, ORDINARY], tasks[name, WARM]
    ordinary, warm = make(asked), make(asked_warm)
    assert (ordinary.kernel, warm.kernel) == (ORDINARY, WARM)
    assert warm.state == ordinary.state != "failed", ordinary.reason
    assert (warm.reason, warm.headlines) == (ordinary.reason, ordinary.headlines)
    assert warm.files == ordinary.files
    for file in warm.files:
        one, other = asked_warm.out / file, asked.out / file
        if file.endswith(".ipynb"):
            assert outputs(one) == outputs(other)
        elif file.endswith(".html"):
            assert OF_THE_RUN.sub("", one.read_text()) == OF_THE_RUN.sub("", other.read_text())
        else:
            assert one.read_bytes() == other.read_bytes(), file


def test_mail_clients_bear_the_message_of_these_reports(tasks):
    asked = [tasks[name, WARM] for name in NAMES]
    results = [make(task) for task in asked if not (task.out / task.name.page).is_file()]  # mostly none
    assert [result.reason for result in results if result.state == "failed"] == []
    out, root = asked[0].out, asked[0].out.parent
    results = [read_record_of(out, task.name).result for task in asked]
    record = RunRecord(started=datetime(2026, 11, 21, tzinfo=UTC), seconds=1.0, results=tuple(results))
    (out / "run.json").write_text(record.to_json())
    params = root / "mailed.yml"
    params.write_text(PARAMS + "email: {sender: reports@example.org, to: [all@example.net], charts: 5}\n")
    jobs = expand(load_workbook(params, notebooks=NOTEBOOKS), folder=NOTEBOOKS)
    (message,) = messages_of(jobs, out, params)
    assert faults(message.content) == []
    assert message.content.count(b"Content-ID:") == 5
    customers = pd.read_parquet(root / "data" / "demo-retail" / "customers.parquet")
    names = [*customers["name"].dropna(), *customers["email"].dropna()]
    said = read(message.content)
    words = "".join(said.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert not any(name in words for name in names)


def outputs(path):
    return [cell.get("outputs", cell["source"]) for cell in json.loads(path.read_text())["cells"]]
