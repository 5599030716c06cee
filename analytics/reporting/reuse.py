"""Nothing twice: which reports stand as they are, which only want another page, and which must be made.

The data's state is taken when a report's turn comes, for those before it may have changed it, and again when
the report was made: only where both are the same is it known what the report was made from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from analytics.errors import AnalyticsError
from analytics.params import Job, Organisation
from analytics.params.file_digests import FileDigests
from analytics.reporting import records
from analytics.reporting.keys import Keys
from analytics.reporting.manifest import ReportResult
from analytics.reporting.plan import Batch
from analytics.reporting.progress import Reporter
from analytics.reporting.records import Journal, Record
from analytics.reporting.task import Task

MODELS_CODE = "analytics.models.registry"
"""The module through which trained models are found: a report that does not reach it knows none."""

_NEAR = timedelta(
    days=3
)  # events of the day after the run's may be read, and days begin at other hours elsewhere


class DataStates(Protocol):
    """Tells the state of an organisation's data, cheaply; the module `analytics.data.source_state` does."""

    def source_state(self, organisation: Organisation, tables: Collection[str], digests: FileDigests) -> str:
        """Sum up the state of the tables that a report reads."""

    def kept_state(
        self,
        organisation: str,
        tables: Collection[str],
        digests: FileDigests,
        *,
        models: bool,
        reference_date: date | None = None,
    ) -> dict[str, str]:
        """Sum up what a report may know of what the workbook keeps."""

    def provided_state(
        self, organisation: str, tables: Collection[str], digests: FileDigests, reference_date: date
    ) -> dict[str, str]:
        """Sum up the batches of a day, which a report has made."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a report would find: the source, and what it may read of what is kept."""

    source: str
    kept: Mapping[str, str]


class Reuse:
    """Knows what earlier runs have made.

    Parameters
    ----------
    batch : Batch
        With `Batch.data`.
    tasks : sequence of Task
        In the order of the batch's jobs.
    resumed : bool
        Whether this is a run that was begun before: what it made then is not made again.
    """

    def __init__(self, batch: Batch, tasks: Sequence[Task], *, resumed: bool = False) -> None:
        self._batch, self._resumed = batch, resumed
        self._jobs = {task.name.page: job for task, job in zip(tasks, batch.jobs, strict=True)}
        self._digests = FileDigests(batch.out / records.FOLDER / "files.json")
        self._keys = Keys(self._digests)
        self._found: dict[object, _State | None] = {}

    def stands(self, task: Task) -> bool:
        """Whether a report is as it would be made now; its organisation's data are then not checked again."""
        if records.read_record_of(self._batch.out, task.name) is None:
            return False  # said before its code and its data are looked at, which takes time
        found = self._looked_up(self._keyed(task), self._state(task))
        return not isinstance(found, Task) or found.redraw

    def turn(self, task: Task) -> Task | ReportResult:
        """Return the standing result, or the task to make, its keys taken now."""
        page = task.name.page
        task = self._keyed(task)
        again, state = page in self._found, self._state(task)
        self._found[page] = state
        return task if again else self._looked_up(task, state)

    def made(self, task: Task, result: ReportResult) -> None:
        """Take note that a report was made: from which data is only known if they are what they were.

        What a provider keeps itself is what it will find again: it counts as it is afterwards.
        """
        record = records.read_record_of(self._batch.out, task.name)
        before = self._found.get(task.name.page)
        if result.state == "failed" or result.reused or not record or record.result.made != result.made:
            return
        after, card = self._state(task), self._job(task).card
        if before is None or after is None or before.source != after.source:
            return
        if not card.provides and before.kept != after.kept:
            return
        kept, provided = self._kept(task, record.reference_date), self._provided(task, record.reference_date)
        try:
            records.write_record(
                self._batch.out, records.confirmed(record, result, after.source, kept, provided)
            )
        except OSError:
            return  # a full disk: it will be made again

    def save(self) -> None:
        """Keep what was learnt of files, for the next run."""
        self._digests.save()

    def _keyed(self, task: Task) -> Task:
        """Give a task its keys; one whose notebook cannot be read has none, and says so when it is made."""
        if self._batch.data is None:
            return task
        try:
            key = self._keys.of_report(task, self._job(task))
            return replace(task, key=key, page_key=self._keys.of_page(task))
        except (AnalyticsError, OSError, ValueError, KeyError, TypeError):
            return task

    def _looked_up(self, task: Task, state: _State | None) -> Task | ReportResult:
        """Return the result that stands; else the task, perhaps only to draw the page."""
        record = records.read_record_of(self._batch.out, task.name)
        if record is None or record.key != task.key or not records.are_whole(self._batch.out, record):
            return task
        of_this_run = self._resumed and record.result.made == self._batch.started
        if of_this_run and record.result.state == "failed":
            return record.result
        if of_this_run and self._job(task).card.reports and not self._unchanged(task, record, state):
            return task  # what it quotes may have been made since
        if not of_this_run and (self._batch.force or not self._unchanged(task, record, state)):
            return task
        if record.page_key != task.page_key:
            return replace(task, redraw=True)
        return replace(record.result, reused=not of_this_run)

    # What a report would find ---------------------------------------------------------------------------

    def _unchanged(self, task: Task, record: Record, state: _State | None) -> bool:
        """Whether a report that was made well would find now what it found then."""
        if record.result.state == "failed" or state is None or record.data != state.source:
            return False
        today, made, coming = task.context.started.date(), record.result.made, record.coming_day
        if coming and (made is None or today != made.date()) and today > coming - _NEAR:
            return False
        there = self._provided(task, record.reference_date)
        return self._kept(task, record.reference_date) == record.kept and all(
            there.get(name) == digest for name, digest in record.provided.items()
        )

    def _state(self, task: Task) -> _State | None:
        """Return the state of a report's data; None where it cannot be told."""
        card = self._job(task).card
        data = self._batch.data
        if data is None:
            return None
        try:
            source = data.source_state(self._job(task).organisation, card.tables, self._digests)
            return _State(source, self._kept(task, None))
        except (AnalyticsError, OSError):
            return None

    def _kept(self, task: Task, day: date | None) -> dict[str, str]:
        assert self._batch.data is not None
        card = self._job(task).card
        models = MODELS_CODE in self._keys.modules(task.notebook)
        name = task.name.organisation
        kept = self._batch.data.kept_state(
            name, card.tables, self._digests, models=models, reference_date=day
        )
        return kept | {f"report {other}": self._published(task, other) for other in card.reports}

    def _published(self, task: Task, other: str) -> str:
        """Sum up the figures of another report, which this one reads; an empty text where there are none."""
        try:
            return self._digests.of(self._batch.out / task.name.folder / f"{other}.json")
        except OSError:
            return ""

    def _provided(self, task: Task, day: date | None) -> dict[str, str]:
        assert self._batch.data is not None
        if day is None:
            return {}
        provides = self._job(task).card.provides
        return self._batch.data.provided_state(task.name.organisation, provides, self._digests, day)

    def _job(self, task: Task) -> Job:
        return self._jobs[task.name.page]


def resume(batch: Batch, reporter: Reporter) -> tuple[Batch, bool]:
    """Go on with the last run, where that is wanted and it did not end.

    Parameters
    ----------
    batch : Batch
    reporter : Reporter
        Is told what is gone on with, and what has changed since.

    Returns
    -------
    batch : Batch
        With the time at which the unfinished run began.
    resumed : bool
    """
    if not batch.resume:
        return batch, False
    journal = records.unfinished_run(batch.out)
    if journal is None:
        reporter.say("there is no unfinished run to go on with; this is a new one")
        return batch, False
    reporter.say(_going_on(journal, batch))
    return replace(batch, started=journal.started, force=batch.force or journal.force), True


def _going_on(journal: Journal, batch: Batch) -> str:
    asked = {f"{job.organisation.id}/{job.slug}/{job.card.name}.html" for job in batch.jobs}
    said = f"going on with the run that was begun on {journal.started:%Y-%m-%d at %H:%M} "
    said += journal.started.tzname() or ""
    left, new = len({*journal.pages} - asked), len(asked - {*journal.pages})
    others = [f"{left} of its reports are not asked for now" if left else "", f"{new} are new" if new else ""]
    return "; ".join(filter(None, [said.strip(), *others]))
