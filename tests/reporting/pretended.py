"""Runs on workers that only pretend: they write the files of a report, as real ones do, without a kernel."""

from __future__ import annotations

import os
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from analytics.data import source_state
from analytics.params import expand, load_workbook
from analytics.reporting import batch as module
from analytics.reporting import records
from analytics.reporting.batch import run
from analytics.reporting.manifest import ReportResult
from analytics.reporting.plan import Batch
from analytics.reporting.records import Record
from tests.reporting.test_batch import Told
from tests.reporting.tiny import publish, write_notebook, write_params

PARAMS = """
timeframes: [2026-Q2, 2026-Q3]
organisations:
  - {id: acme, currency: EUR, source: {path: acme, owned: true}}
  - {id: bolt, currency: EUR, source: {path: bolt, owned: true}}
"""
EACH = 2 * 2  # organisations × timeframes: reports of one notebook
DAYS = {"2026-Q2": date(2026, 7, 1), "2026-Q3": date(2026, 10, 1)}
OLD = 1_700_000_000  # a time of change long ago, so that nothing is racily clean


class Workers:
    """A pool that writes a report's files and its record here and now."""

    workers = free = 1

    def __init__(self, place):
        self.place, self.made, self.drawn, self.during = place, [], [], {}
        self.prepared = []

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(self.report(arguments[0]))
        except Exception as error:  # noqa: BLE001 - as an executor has it; Ctrl-C interrupts the run itself
            future.set_exception(error)
        return future

    def report(self, task):
        name = task.name
        if act := self.during.get(name.notebook):
            outcome = act(task)
            if isinstance(outcome, ReportResult):
                return outcome
        if task.redraw:
            self.drawn.append(str(name.page))
            record = records.read_record_of(task.out, name)
            records.write_record(task.out, replace(record, page_key=task.page_key))
            return replace(record.result, reused=True)
        self.made.append(str(name.page))
        page = task.out / name.page
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"page {task.context.started:%d}")
        result = ReportResult(report=name, state="ready", made=task.context.started, files=(str(name.page),))
        record = Record(
            result=result,
            key=task.key,
            page_key=task.page_key,
            files=records.of_files(task.out, result),
            reference_date=DAYS.get(name.timeframe),
        )
        records.write_record(task.out, record)
        return result

    def is_lost(self, error):
        return False

    def stop(self):
        pass

    def prepare(self, notebooks, temporary):
        self.prepared = [notebook.stem for notebook in notebooks]

    def close(self):
        pass


class Place:
    """Notebooks, params and data of two organisations, and runs on them."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.day, self.monkeypatch = folder, 0, monkeypatch
        self.out = folder / "out"
        for name in ("acme", "bolt"):
            self.data(name, "sales", "1,a,2026-01-01,1")
        cell = "from analytics.charts import retention"
        self.notebook("plain", cell, tables=["sales"])
        write_params(folder, PARAMS)

    def notebook(self, name, *cells, **said):
        write_notebook(self.folder / "notebooks", name, *cells, publish(), workbook=said)

    def data(self, organisation, table, *rows):
        path = self.folder / organisation / f"{table}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["sale_id,customer_id,sold_at,total_amount", *rows]))
        os.utime(path, (OLD, OLD))

    def run(self, during=None, **choice):
        """Run once, a day later than before; return what was made and what was drawn anew."""
        self.day += 1
        self.workers = Workers(self)
        self.workers.during = during or {}
        self.monkeypatch.setattr(module, "LocalPool", lambda _: self.workers)
        notebooks = self.folder / "notebooks"
        workbook = load_workbook(self.folder / "params.yml", notebooks=notebooks)
        chosen = {key: choice.pop(key) for key in ("notebooks", "timeframes") if key in choice}
        started = datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(days=self.day)
        wanted = Batch(
            jobs=expand(workbook, folder=notebooks, **chosen),
            whole=expand(workbook, folder=notebooks),
            params=self.folder / "params.yml",
            notebooks=notebooks,
            out=self.out,
            data=source_state,
            started=started,
            **choice,
        )
        self.record = run(wanted, told := Told())
        self.said = told
        return len(self.workers.made), len(self.workers.drawn)


def interrupt_after(count):
    """Ctrl-C when so many reports are made."""
    left = [count]

    def act(task):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    return act
