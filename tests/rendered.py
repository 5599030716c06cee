"""Every notebook's report, made by a batch: once for the tests of all processes of a session."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.cli import refuse_bad_data
from analytics.data.demo import write_demo
from analytics.params import expand, load_workbook
from analytics.params.kept import MODELS
from analytics.reporting import batch
from analytics.reporting.lock import InUseError, only_run
from analytics.reporting.plan import Batch
from tests.reporting.test_batch import Told

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
SHOP, SLUG = "demo-vietnam", "last-quarter"
PARAMS = """
timeframes: [last-quarter]
organisations:
  - id: demo-vietnam  # has data for every notebook, and the longest words: amounts in dong
    name: Demo Vietnam
    currency: VND
    locale: vi_VN
    timezone: Asia/Ho_Chi_Minh
    market: vietnam
    complete_history: true
    source: {path: data/demo-vietnam, owned: true}
    parameters:
      roi: {contact_cost: 50000, revenue_multiplier: 100000, high_risk_threshold: 0.2}
      interventions: {high_risk_threshold: 0.2}
      pipeline: {min_deal_value: 50000000}
      executive: {customer_value_over: 20000000, deal_value_over: 100000000}
      campaign: {m_bounds: [5000000, 10000000, 20000000, 40000000, 80000000]}
  - id: demo-saas
    name: Demo SaaS
    currency: USD
    source: {path: data/demo-saas, owned: true}
    notebooks: [campaign, retention, lifecycle, executive]
  - id: demo-retail
    name: Demo Retail
    currency: GBP
    source: {path: data/demo-retail, owned: true}
    notebooks: [campaign, retention, data_quality, executive]
  - {id: nothing, name: Nothing & Sons, source: {path: data/nothing}, notebooks: [retention, clv]}
"""
"""All notebooks of one organisation, some of each for its message, one without data, and refused data."""

CUSTOMERS = 600
"""Few, for speed; enough that every chart has something to draw."""
STARTED = datetime(2026, 11, 21, 6, tzinfo=UTC)


def render_once(root: Path) -> Path:
    """Make the reports in a folder, unless another process has; while it does, wait.

    Returns
    -------
    pathlib.Path
        Folder with the data, ``params.yml`` and the reports in ``reports``. It belongs to all: write nothing.
    """
    made = root / "made"
    while not (root / "done").exists():
        try:
            with only_run(root):
                if not (root / "done").exists():
                    shutil.rmtree(made, ignore_errors=True)  # of a process that failed
                    made.mkdir()
                    _render(made)
                    (root / "done").touch()
        except InUseError:
            time.sleep(0.2)
    return made


def _render(root: Path) -> None:
    write_demo(root / "data", customers=CUSTOMERS)
    (root / "data" / "nothing").mkdir()
    (root / "params.yml").write_text(PARAMS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODELS, str(root / "models"))
        record = batch.run(replace(asked(root, root / "reports"), check=refuse_bad_data), Told())
    states = {(one.report.organisation, one.report.notebook): one.state for one in record.results}
    assert [name for name in NAMES if states[SHOP, name] not in ("ready", "warning")] == []


def asked(root: Path, out: Path) -> Batch:
    """What the batch makes of the data in a folder."""
    params = root / "params.yml"
    jobs = expand(load_workbook(params, notebooks=NOTEBOOKS), folder=NOTEBOOKS)
    return Batch(jobs=jobs, params=params, notebooks=NOTEBOOKS, out=out, started=STARTED)


def shared_folder(own: Path) -> Path:
    """The folder that all processes of a session have in common, given the one of this process."""
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "rendered"
