"""What a report needs is made before it; where it cannot be made, the report itself says so.

One run of three organisations: one that has nothing yet and can train, one that cannot, and one that no
longer can but has a batch of an earlier run.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analytics.cli import main
from analytics.data.batches import kept_batches, write_batch
from tests.data.test_batches import predictions
from tests.reporting.tiny import PIECE, write_notebook, write_params

ROOT = Path(__file__).resolve().parents[2]
PARAMS = """
jobs: 2
notebooks: [value]
organisations:
  - {id: able, timeframes: [2026-Q3, 2026-Q2], source: {path: data, owned: true}}
  - {id: unable, timeframes: [2026-Q3], source: {path: data, owned: true}}
  - {id: was-able, timeframes: [2026-Q3], notebooks: [training, value], source: {path: data, owned: true}}
"""
OPEN = """from analytics.report import open_report
report = open_report("{name}", organisation, timeframe, as_of=as_of)
day = report.timeframe.reference_date
"""
TRAIN = """from analytics.data.batches import batch_id, kept_batches, write_batch
from tests.data.test_batches import predictions
before = len(kept_batches(organisation, "predictions"))
if organisation == "able":
    write_batch(organisation, "predictions", predictions(day, batch_id(organisation, day, f"after {before}")))
else:
    1 / 0
"""
SAY = f"""from IPython.display import display
found = sorted(set(report.predictions.batch_id.to_pandas()))
said = dict(kind="publish", state="ready" if found else "no data", reason=", ".join(found), headlines=[])
display({{"{PIECE}": said, "text/plain": "published"}}, raw=True)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder of a project, from which commands are given."""
    root = tmp_path_factory.mktemp("project")
    trained = {"provides": ["predictions"], "tables": ["sales"]}
    write_notebook(root / "notebooks", "training", OPEN.format(name="training"), TRAIN, workbook=trained)
    needy = {"needs": ["predictions"], "optional_tables": ["predictions"]}
    write_notebook(root / "notebooks", "value", OPEN.format(name="value"), SAY, workbook=needy)
    write_params(root, PARAMS)
    (root / "data").mkdir()
    days = pd.to_datetime(["2026-01-01", "2026-10-31"])
    sales = pd.DataFrame({"sale_id": ["1", "2"], "customer_id": ["001", "002"], "sold_at": days})
    sales.assign(total_amount=10.0).to_parquet(root / "data" / "sales.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("WORKBOOK_MODELS", str(root / "models"))
        patch.setenv("WORKBOOK_NOTEBOOKS", str(root / "notebooks"))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield root


@pytest.fixture(scope="module")
def said(project):
    """What the run says; its record lies beside the reports."""
    write_batch("was-able", "predictions", predictions(date(2025, 12, 31), "of-last-year"))
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("sys.stdout.write", lines.append, raising=False)
        code = main(["run", "params.yml"])
    assert code == 1, "two trainings fail"
    return "".join(lines)


@pytest.fixture(scope="module")
def results(said, project):
    """Organisation, timeframe and notebook → state and reason."""
    record = json.loads((project / "reports" / "run.json").read_text())
    return {
        (one["report"]["organisation"], one["report"]["timeframe"], one["report"]["notebook"]): (
            one["state"],
            one["reason"],
        )
        for one in record["results"]
    }


def test_a_run_without_predictions_trains_first_and_says_so(results, said):
    assert "able  2026-Q2  training: added to the run, because value needs predictions" in said
    assert results["able", "2026-Q3", "training"][0] == "ready"
    assert results["able", "2026-Q3", "value"][0] == "ready"


def test_training_goes_from_the_earliest_timeframe_on_one_after_another(results):
    """Each batch is named by how many there were before; two at once would both have found none."""
    names = [path.stem.split("_")[1] for path in kept_batches("able", "predictions")]
    assert [name[:8] for name in names] == ["20260701", "20261001"]
    assert results["able", "2026-Q2", "value"][1] == names[0], "what is dated later is not known yet"
    assert results["able", "2026-Q3", "value"][1] == ", ".join(names)


def test_with_no_way_to_train_the_report_is_made_and_says_so_itself(results):
    assert results["unable", "2026-Q3", "training"][0] == "failed"
    assert results["unable", "2026-Q3", "value"] == ("no data", "")


def test_an_older_batch_serves_where_training_fails_today(results):
    assert results["was-able", "2026-Q3", "training"][0] == "failed"
    assert results["was-able", "2026-Q3", "value"] == ("ready", "of-last-year")


def test_what_an_earlier_run_made_is_not_made_again(results, capsys):
    assert main(["run", "params.yml", "--dry-run"]) == 0
    pages = capsys.readouterr().out.splitlines()
    assert not [line for line in pages if line.startswith(("able", "was-able")) and "added" in line]
    assert "reports/able/2026-Q3/training.html" not in pages
    assert "unable  2026-Q3  training: added to the run, because value needs predictions" in "\n".join(pages)


def test_a_timeframe_before_the_first_batch_has_one_made(results, capsys):
    command = ["run", "params.yml", "--dry-run", "--organisation", "able", "--timeframe", "2026-Q1"]
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "reports/able/2026-Q1/training.html",
        "reports/able/2026-Q1/value.html",
    ]
