"""Every notebook makes the same files in a warm kernel, as the batch has it, as in an ordinary one."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from analytics.cli import refuse_bad_data
from analytics.params.kept import MODELS
from analytics.reporting.manifest import read_record
from analytics.reporting.plan import tasks_of
from analytics.reporting.task import ORDINARY, WARM, make
from analytics.reporting.warm.client import can_fork
from tests.rendered import NAMES, SHOP, asked

pytestmark = pytest.mark.skipif(not can_fork(), reason="there are no warm kernels on this system")

OF_THE_RUN = re.compile(r"\b\d+([.,]\d+)?\s(s|seconds?)\b")


@pytest.fixture(scope="module")
def warm(rendered):
    """What the batch made, which asks for warm kernels."""
    record = read_record(rendered / "reports")
    return {result.report.notebook: result for result in record.results if result.report.organisation == SHOP}


@pytest.fixture(scope="module")
def ordinary(rendered, tmp_path_factory):
    """Make the same report in an ordinary kernel, after those that it needs."""
    out, work = tmp_path_factory.mktemp("ordinary"), tmp_path_factory.mktemp("work")
    batch = replace(asked(rendered, out), engine=ORDINARY)
    tasks = tasks_of(batch, work, tmp_path_factory.mktemp("s"))
    environment = {**tasks[0].environment, MODELS: str(tmp_path_factory.mktemp("models"))}
    refuse_bad_data(batch.jobs[0].organisation, environment)  # so that it is not looked for in each kernel
    numbers = {(task.name.organisation, task.name.notebook): number for number, task in enumerate(tasks)}
    made = {}

    def result_of(number):
        if number not in made:
            for needed in batch.jobs[number].after:
                result_of(needed)
            made[number] = make(replace(tasks[number], environment=environment))
        return made[number]

    return lambda name: (result_of(numbers[SHOP, name]), out)


def test_every_notebook_is_compared(warm):
    assert set(warm) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_makes_the_same_figures_tables_and_charts(warm, ordinary, rendered, name):
    (one, out), other = ordinary(name), warm[name]
    assert (one.kernel, other.kernel) == (ORDINARY, WARM)
    assert other.state == one.state != "failed", one.reason
    assert (other.reason, other.headlines) == (one.reason, one.headlines)
    assert other.files == one.files
    for file in other.files:
        ours, theirs = out / file, rendered / "reports" / file
        if file.endswith(".ipynb"):
            assert outputs(ours) == outputs(theirs)
        elif file.endswith(".html"):
            assert OF_THE_RUN.sub("", ours.read_text()) == OF_THE_RUN.sub("", theirs.read_text())
        else:
            assert ours.read_bytes() == theirs.read_bytes(), file


def outputs(path):
    return [cell.get("outputs", cell["source"]) for cell in json.loads(path.read_text())["cells"]]
