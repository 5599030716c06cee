"""A report about the data themselves is made although the data are refused; no other is."""

import pytest

from analytics.errors import AnalyticsError, SourceError
from analytics.params import expand, load_workbook
from analytics.reporting.batch import Batch, run
from tests.reporting.test_batch import Told
from tests.reporting.tiny import publish, refuse_all, write_notebook, write_params

ONE = "timeframes: [2026-Q3]\norganisations: [{id: acme, source: {path: data}}]\n"


def cannot_open(organisation, told):
    """A check that finds no source at all; importable by the workers."""
    raise SourceError(f"there is no folder of {organisation.id}")


def batch_of(root, check, *chosen):
    notebooks = root / "notebooks"
    write_notebook(notebooks, "about", publish(), workbook={"opens_refused": True})
    write_notebook(notebooks, "other", publish())
    path = write_params(root, ONE)
    jobs = expand(load_workbook(path, notebooks=notebooks), folder=notebooks, notebooks=chosen)
    return Batch(jobs=jobs, params=path, notebooks=notebooks, out=root / "out", check=check)


def test_it_alone_is_made_of_refused_data(tmp_path):
    told = Told()
    record = run(batch_of(tmp_path, refuse_all), told)
    assert {r.report.notebook: r.state for r in record.results} == {"about": "ready", "other": "failed"}
    assert told.lines == ["acme: refused: sales of acme have no occurred_at"]


@pytest.mark.parametrize(("check", "chosen"), [(refuse_all, ["other"]), (cannot_open, [])])
def test_without_it_or_without_a_source_nothing_is_written(tmp_path, check, chosen):
    with pytest.raises(AnalyticsError, match="nothing was run"):
        run(batch_of(tmp_path, check, *chosen), Told())
    assert not (tmp_path / "out").exists()
