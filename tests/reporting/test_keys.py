"""The key of a report: another wherever a figure may be another, the same where none can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from analytics.params import expand, load_workbook
from analytics.params.file_digests import FileDigests
from analytics.params.source import Source
from analytics.reporting import keys as module
from analytics.reporting.keys import EXECUTING, Keys
from analytics.reporting.plan import Batch, tasks_of
from analytics.reporting.source_code import SourceCode
from tests.reporting.tiny import publish, write_notebook, write_params

PARAMS = "organisations: [{id: acme, timeframes: [2026-Q3], source: {path: data, owned: true}}]"


@pytest.fixture(scope="module")
def digests():
    return FileDigests()


@pytest.fixture
def report(tmp_path):
    """One task and its job."""
    folder = tmp_path / "notebooks"
    write_notebook(folder, "stay", "from analytics.timeframe import compare", publish())
    params = write_params(tmp_path, PARAMS)
    jobs = expand(load_workbook(params, notebooks=folder), folder=folder)
    batch = Batch(jobs=jobs, params=params, notebooks=folder, out=tmp_path / "out")
    return tasks_of(batch, tmp_path / "work", tmp_path)[0], jobs[0]


def key(report, digests):
    return Keys(digests).of_report(*report)


def test_the_order_of_parameters_does_not_matter_and_their_values_do(report, digests):
    task, job = report
    one, other = ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1})
    assert key((replace(task, parameters=one), job), digests) == key(
        (replace(task, parameters=other), job), digests
    )
    assert key((replace(task, parameters=one), job), digests) != key(
        (replace(task, parameters=one | {"a": 2}), job), digests
    )


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "GBP"}, {"locale": "de_DE"}, {"timezone": "Asia/Tokyo"}, {"fiscal_year_start": 2},
        {"market": "vietnam"}, {"complete_history": True}, {"show_contact_details": True}, {"page_rows": 3},
        {"export_rows": 3}, {"source": Source(path=Path("data"), owned=False)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_setting_of_the_organisation_changes_it(report, digests, change):
    task, job = report
    other = replace(job, organisation=job.organisation.model_copy(update=change))
    assert key((task, other), digests) != key(report, digests)


@pytest.mark.parametrize(
    "change",
    [
        {"time_limit": 5}, {"memory_limit": 9.0}, {"retry_after": ()}, {"timeframes": ("2026",)},
        {"source": Source(path=Path("elsewhere"), owned=True, memory="1GB", threads=1)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_limits_and_places_do_not_change_it(report, digests, change):
    task, job = report
    other = replace(job, organisation=job.organisation.model_copy(update=change))
    assert key((task, other), digests) == key(report, digests)


def test_a_password_does_not_go_into_it(report, digests):
    task, job = report

    def of(url):
        source = Source(kind="postgres", url=SecretStr(url))
        other = job.organisation.model_copy(update={"source": source})
        return key((task, replace(job, organisation=other)), digests)

    assert of("postgresql://u:one@h/d") == of("postgresql://u:two@h/d")


def test_a_rule_table_of_its_own_changes_it(report, digests, tmp_path):
    task, job = report
    rules = tmp_path / "rules.yml"
    rules.write_text("one")
    other = replace(job, organisation=job.organisation.model_copy(update={"rules": {"rfm_segments": rules}}))
    said = {key(report, digests), key((task, other), digests)}
    rules.write_text("other")
    assert len(said | {key((task, other), digests)}) == 3


class TestAReportThatTellsWhichReportsAreReady:
    """Its readiness hangs on what other notebooks say of themselves, not on what they do."""

    @pytest.fixture
    def about(self, tmp_path, report):
        """The key of such a report beside another one that says and does what is given."""
        task, job = report
        folder = task.notebook.parent
        teller = write_notebook(folder, "about", "from analytics.data.readiness import readiness", publish())

        def key_of(*cells, notebooks=(), notebook=teller, **says):
            write_notebook(folder, "other", *cells, workbook=says)
            organisation = job.organisation.model_copy(update={"notebooks": notebooks})
            mine = replace(task, notebook=notebook), replace(job, organisation=organisation)
            return Keys(FileDigests()).of_report(*mine)

        return key_of

    @pytest.mark.parametrize(
        "says",
        [
            {"title": "Another"}, {"tables": ["sales"]}, {"optional_tables": ["sales"]},
            {"blocks": {"kpis": ["sales"]}}, {"opens_refused": True},
        ],
        ids=lambda says: next(iter(says)),
    )  # fmt: skip
    def test_is_another_where_one_says_something_else(self, about, report, says):
        assert about(**says) != about()
        assert about(notebook=report[0].notebook, **says) == about(notebook=report[0].notebook)

    def test_stands_where_one_only_does_something_else(self, about):
        assert about("1 + 1") == about("1 + 2")

    def test_is_another_where_the_organisation_has_other_reports(self, about):
        assert len({about(), about(notebooks=("about",)), about(notebooks=("about", "other"))}) == 3

    def test_is_the_one_on_data_quality(self, digests):
        folder, found = Path(__file__).parents[2] / "notebooks", Keys(digests)
        telling = [p.stem for p in folder.glob("*.ipynb") if module.READINESS_CODE in found.modules(p)]
        assert telling == ["data_quality"]


def test_a_package_of_another_version_changes_it(report, digests, monkeypatch):
    before = key(report, digests)
    assert {"pandas", "duckdb", "ibis-framework", "psycopg", "python"} <= module.installed().keys()
    assert "-" not in module.installed().values()
    monkeypatch.setattr(module, "installed", lambda: {"python": "4"})
    assert key(report, digests) != before


def test_links_change_the_page_and_not_the_report(report, digests):
    task, job = report
    alone = replace(task, context=replace(task.context, siblings=()))
    assert Keys(digests).of_page(alone) != Keys(digests).of_page(task)
    assert key((alone, job), digests) == key(report, digests)


def test_the_modules_that_execute_are_there():
    """One that was renamed would drop out of every key unseen."""
    assert SourceCode(FileDigests()).reached_from(EXECUTING) >= set(EXECUTING)


def test_a_change_of_the_charts_of_clv_reaches_no_other_notebook(digests):
    folder = Path(__file__).parents[2] / "notebooks"
    found = Keys(digests)
    reaching = [p.stem for p in folder.glob("*.ipynb") if "analytics.charts.clv" in found.modules(p)]
    assert reaching == ["clv"]
