"""What has not changed is not made again; a change re-runs what depends on it, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from analytics.data import source_state
from analytics.params import expand, load_workbook
from analytics.reporting import records, reuse
from analytics.reporting.batch import Stopped
from analytics.reporting.making import make_report
from analytics.reporting.manifest import Failure, ReportResult, read_record
from analytics.reporting.page import render_report
from analytics.reporting.plan import Batch, tasks_of
from tests.reporting.pretended import DAYS, EACH, OLD, PARAMS, Place, interrupt_after
from tests.reporting.tiny import PIECE, write_params


@pytest.fixture
def place(tmp_path, monkeypatch, models):
    return Place(tmp_path, monkeypatch)


# Nothing changed ----------------------------------------------------------------------------------------


def test_the_second_run_makes_nothing_and_says_so(place):
    assert place.run() == (EACH, 0)
    pages = {path: path.stat().st_mtime_ns for path in place.out.glob("*/*/*.html")}
    assert place.run() == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in place.out.glob("*/*/*.html")} == pages
    said = read_record(place.out)
    assert all(result.reused for result in said.results)
    assert {result.made.day for result in said.results} == {2}  # of the run that made them


def test_kernels_get_ready_for_the_notebooks_that_are_run_and_for_no_other(place):
    place.notebook("second", "1", tables=["sales"])
    place.run()
    assert place.workers.prepared == ["plain", "second"]
    place.run()
    assert place.workers.prepared == []
    place.notebook("second", "2", tables=["sales"])
    place.run()
    assert place.workers.prepared == ["second"]
    place.run(force=True, engine="ordinary")
    assert place.workers.prepared == []


def test_force_makes_all_the_same(place):
    place.run()
    assert place.run(force=True) == (EACH, 0)
    assert place.run() == (0, 0)


def test_without_a_way_to_tell_the_data_everything_is_made(place):
    place.run()
    place.monkeypatch.setattr(source_state, "source_state", lambda *_: (_ for _ in ()).throw(OSError()))
    assert place.run() == (EACH, 0)


def test_touching_a_file_makes_nothing_again(place):
    place.run()
    os.utime(place.folder / "acme" / "sales.csv")
    assert place.run() == (0, 0)


# What changed -------------------------------------------------------------------------------------------


def test_a_change_of_data_makes_the_reports_of_that_organisation(place):
    place.run()
    place.data("acme", "sales", "1,a,2026-01-01,2")
    assert place.run() == (EACH / 2, 0)
    assert all(page.startswith("acme/") for page in place.workers.made)


def test_a_table_that_a_report_does_not_read_makes_nothing(place):
    place.run()
    place.data("acme", "campaigns", "1,a,2026-01-01,2")
    assert place.run() == (0, 0)


def test_a_change_of_a_parameter_makes_that_organisations_reports(place):
    place.run()
    write_params(place.folder, PARAMS.replace("acme, currency: EUR", "acme, currency: GBP"))
    assert place.run() == (EACH / 2, 0)


def test_limits_and_the_order_of_params_make_nothing(place):
    place.run()
    text = PARAMS.replace("{id: acme, currency: EUR,", "{currency: EUR, id: acme, time_limit: 60,")
    write_params(place.folder, text)
    assert place.run() == (0, 0)


def test_a_change_of_a_notebook_makes_its_own_reports(place):
    place.notebook("other", tables=["sales"])
    place.run()
    place.notebook("other", "1 + 1", tables=["sales"])
    assert place.run() == (EACH, 0)
    assert all(page.endswith("other.html") for page in place.workers.made)


def test_outputs_in_a_notebook_are_no_change(place):
    place.run()
    path = place.folder / "notebooks" / "plain.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="seen")]
    notebook.cells[-1].execution_count = 3
    nbformat.write(notebook, path)
    assert place.run() == (0, 0)


def test_a_report_whose_file_is_gone_or_changed_is_made(place):
    place.run()
    (place.out / "acme/2026-Q2/plain.html").unlink()
    (place.out / "bolt/2026-Q2/plain.html").write_text("mended by hand")
    assert place.run() == (2, 0)
    assert place.run() == (0, 0)


def test_data_that_change_while_a_report_is_made_are_read_again(place):
    def change(task):
        if task.name.page.match("acme/2026-Q2/*"):
            place.data("acme", "sales", "1,a,2026-01-01,3")

    place.run({"plain": change})
    assert place.run() == (1, 0)
    assert place.workers.made == ["acme/2026-Q2/plain.html"]
    assert place.run() == (0, 0)


def test_a_failed_report_is_made_again(place):
    def fail(task):
        failure = Failure(type="ValueError", message="why")
        return ReportResult(report=task.name, state="failed", failure=failure)

    place.run({"plain": fail})
    assert place.run() == (EACH, 0)


# What the workbook keeps --------------------------------------------------------------------------------


def keep(organisation, table, name, text="x"):
    from analytics.params.kept import kept_of

    path = kept_of(organisation) / table / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (OLD, OLD))
    return path


def train(task):
    keep(task.name.organisation, "predictions", f"{DAYS[task.name.timeframe]}_b1.parquet")


@pytest.fixture
def chain(place):
    place.notebook("train", tables=["sales"], provides=["predictions"])
    place.notebook("use", tables=["sales", "predictions"], needs=["predictions"])
    assert place.run({"train": train}) == (3 * EACH, 0)
    return place


def test_a_provider_is_not_made_again_for_what_it_wrote_itself(chain):
    assert chain.run({"train": train}) == (0, 0)


def test_a_new_batch_makes_what_reads_it_and_only_from_its_day_on(chain):
    keep("acme", "predictions", "2026-08-01_other.parquet")
    assert chain.run() == (1, 0)
    assert chain.workers.made == ["acme/2026-Q3/use.html"]


def test_a_batch_that_is_gone_makes_its_provider_and_what_reads_it(chain):
    keep("acme", "predictions", "2026-07-01_b1.parquet").unlink()
    chain.run({"train": train})
    assert "acme/2026-Q2/train.html" in chain.workers.made
    assert not any("plain" in page or "bolt" in page for page in chain.workers.made)


def test_another_model_in_use_makes_what_looks_at_models(place):
    place.notebook("use", "from analytics.models import registry", tables=["sales"])
    card = keep("acme", "churn/m1", "card.json", json.dumps({"reference_date": "2026-07-01"}))
    place.run()
    (card.parents[1] / "in_use.json").write_text("m1")
    assert place.run() == (2, 0)
    assert {page.split("/")[-1] for page in place.workers.made} == {"use.html"}


# What reports have published ----------------------------------------------------------------------------


@pytest.fixture
def board(place):
    """A report that reads the figures of another; the text that this one publishes can be set."""
    place.text = {}

    def publish_figures(task):
        figures = task.out / task.name.file("json")
        figures.parent.mkdir(parents=True, exist_ok=True)
        figures.write_text(place.text.get(task.name.organisation, "first"))
        os.utime(figures, (OLD, OLD))

    place.figures = {"plain": publish_figures}
    place.notebook("board", tables=[], reports=["plain", "absent"])
    assert place.run(place.figures) == (2 * EACH, 0)
    order = place.workers.made
    assert all(order.index(p.replace("board", "plain")) < n for n, p in enumerate(order) if "board" in p)
    return place


def test_what_was_published_anew_but_the_same_makes_no_reader_again(board):
    assert board.run(board.figures) == (0, 0)
    board.data("acme", "sales", "1,a,2026-01-01,2")
    board.notebook("plain", "1 + 1", tables=["sales"])
    board.run(board.figures, notebooks=["plain"])
    assert all("plain" in page for page in board.workers.made)


def test_other_figures_make_what_reads_them_in_the_same_run_and_nothing_else(board):
    board.text["acme"] = "other"
    board.notebook("plain", "1 + 1", tables=["sales"])
    assert board.run(board.figures) == (EACH + 2, 0)
    assert [page for page in board.workers.made if "board" in page] == [
        "acme/2026-Q2/board.html",
        "acme/2026-Q3/board.html",
    ]
    assert board.run(board.figures) == (0, 0)


def test_figures_that_a_run_of_one_report_changed_make_their_reader_in_the_next(board):
    board.text["bolt"] = "other"
    board.run(board.figures, notebooks=["plain"], timeframes=["2026-Q2"], force=True)
    assert board.run(board.figures) == (1, 0)
    assert board.workers.made == ["bolt/2026-Q2/board.html"]


def test_figures_that_come_or_go_make_their_reader(board):
    (board.out / "acme/2026-Q2/absent.json").write_text("come")
    assert board.run(board.figures, notebooks=["board"]) == (1, 0)
    (board.out / "acme/2026-Q2/absent.json").unlink()
    assert board.run(board.figures, notebooks=["board"]) == (1, 0)
    assert board.run(board.figures) == (0, 0)


@pytest.mark.parametrize("text", ["first", "other"])
def test_a_resumed_run_makes_what_reads_figures_that_were_made_since(board, text):
    board.notebook("later", tables=["sales"])
    with pytest.raises(Stopped):
        board.run(board.figures | {"later": interrupt_after(0)}, force=True)
    (board.out / "acme/2026-Q3/plain.json").write_text(text)
    board.run(board.figures, resume=True)
    again = [page for page in board.workers.made if page.startswith("acme") and "board" in page]
    assert again == (["acme/2026-Q3/board.html"] if text == "other" else [])


# Pages --------------------------------------------------------------------------------------------------


def test_a_new_report_beside_others_only_redraws_their_pages(place):
    place.run()
    place.notebook("other", tables=["sales"])
    assert place.run() == (EACH, EACH)
    assert place.run() == (0, 0)


def test_a_run_of_one_notebook_loses_no_link_and_makes_the_next_run_make_nothing(place):
    place.notebook("other", tables=["sales"])
    place.run()
    assert place.run(notebooks=["other"]) == (0, 0)
    assert place.run(notebooks=["plain"], force=True) == (EACH, 0)
    assert place.run() == (0, 0)


def test_a_change_of_page_code_draws_pages_and_makes_nothing(place):
    place.run()
    place.monkeypatch.setattr(reuse.Keys, "of_page", lambda *_: "another page")
    assert place.run() == (0, EACH)
    assert place.run() == (0, 0)


# Events that are yet to come ----------------------------------------------------------------------------


def test_data_with_events_to_come_are_read_again_when_their_day_is_near(place):
    place.run()
    for path in (place.out / records.FOLDER).glob("*/*/*.json"):
        body = json.loads(path.read_text()) | {"coming_day": "2026-11-08"}
        path.write_text(json.dumps(body))
    place.day = 3
    assert place.run() == (0, 0)  # the 5th
    place.day = 5
    assert place.run() == (EACH, 0)  # three days before it may count


# What it costs ------------------------------------------------------------------------------------------


def test_an_unchanged_run_by_the_command_starts_no_worker_and_imports_nothing_heavy(place):
    """No timed assertion: what takes the time is named instead."""
    place.run()
    heavy = ("pandas", "numpy", "ibis", "duckdb", "matplotlib", "nbformat", "papermill", "pyarrow", "rich")
    program = f"""
import sys
from analytics.reporting import workers
from analytics.cli import main
workers._Worker = None
code = main(["run", "params.yml", "--out", "out"])
print("heavy:", [name for name in {heavy} if name in sys.modules], code)
"""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "WORKBOOK_NOTEBOOKS": str(place.folder / "notebooks")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "4 reports" in done.stdout
    assert "4 unchanged" in done.stdout
    assert "heavy: [] 0" in done.stdout


# A real page --------------------------------------------------------------------------------------------


def test_a_page_is_redrawn_from_its_notebook_to_the_same_bytes(place):
    """As if it had been made again, but for the links that are new."""
    place.run()
    jobs = expand(load_workbook(place.folder / "params.yml"), folder=place.folder / "notebooks")
    batch = Batch(
        jobs=jobs, params=place.folder / "params.yml", notebooks=place.folder / "notebooks", out=place.out,
        started=datetime(2026, 11, 9, tzinfo=UTC),
    )  # fmt: skip
    task = replace(tasks_of(batch, place.folder / "work", place.folder)[0], redraw=True, page_key="new")
    record = records.read_record_of(place.out, task.name)
    notebook = nbformat.read(place.folder / "notebooks" / "plain.ipynb", as_version=4)
    shown = {
        PIECE: {"kind": "summary", "sentences": ["Fine."]},
        "text/html": '<div class="workbook"><p>Fine.</p>\n</div>',
    }
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data=shown)]
    context = replace(task.context, started=record.result.made, seconds=record.result.seconds)
    page = render_report(notebook, context)
    nbformat.write(notebook, place.out / task.name.file("ipynb"))
    result = make_report(task)
    assert (place.out / task.name.page).read_text() == page
    assert "Fine." in page
    assert result.reused
    assert result.made == record.result.made
    after = records.read_record_of(place.out, task.name)
    assert after.page_key == "new"
    assert records.are_whole(place.out, after)
