"""Which messages the last run calls for: one for each organisation and timeframe, and one on what failed."""

from __future__ import annotations

import hashlib
import shlex
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from analytics.errors import ParamsError
from analytics.mail.content import content_of
from analytics.mail.envelope import Envelope, seal, seal_text
from analytics.params import Job, Organisation
from analytics.params.mailing import Email
from analytics.reporting.manifest import ReportName, ReportResult, RunRecord, read_record
from analytics.reporting.plan import name_of
from analytics.reporting.records import read_record_of, unfinished_run


def messages_of(
    jobs: Sequence[Job], out: Path, params: Path, *, organisations: Collection[str] = ()
) -> list[Envelope]:
    """Make the messages of the last run.

    Parameters
    ----------
    jobs : sequence of Job
        All that the params name.
    out : pathlib.Path
        Folder of all reports.
    params : pathlib.Path
        As it was named, for the command that repeats a report.
    organisations : collection of str
        Ids of those to write to; empty for all.

    Returns
    -------
    list of Envelope
        To managers in the order of the params, then on failures.

    Raises
    ------
    ParamsError
        If nothing was run, the run has not ended, or params name nobody to write to.
    """
    record = _last_run(out, params)
    of_id = {job.organisation.id: job.organisation for job in jobs}
    wanted = [one for name, one in of_id.items() if not organisations or name in organisations]
    refuse_without_readers(wanted, params)
    found: list[Envelope] = []
    for organisation in wanted:
        if organisation.email and organisation.email.to:
            found += _to_readers(organisation, organisation.email, jobs, record, out)
    return found + list(_on_failures(wanted, record, params, out))


def refuse_without_readers(organisations: Iterable[Organisation], params: Path) -> None:
    """Refuse params that name nobody to write to.

    Raises
    ------
    ParamsError
        If none of the organisations has anybody.
    """
    if not any(one.email and (one.email.to or one.email.failures_to) for one in organisations):
        raise ParamsError(f'nobody is named in {params} to get messages; add "email" with "sender" and "to"')


def _last_run(out: Path, params: Path) -> RunRecord:
    """Read the record of the last run, which must have ended: half of it would be said as the whole."""
    again = f"workbook run {shlex.quote(str(params))}" + _folder(out)
    try:
        record = read_record(out)
    except (ValueError, KeyError, TypeError):
        raise ParamsError(
            f"the record of the last run in {out} is of another version, or damaged; run again: {again}"
        ) from None
    if record is None:
        raise ParamsError(f"there is no run in {out} to write about; make one with: {again}")
    if unfinished_run(out) or record.not_run:
        raise ParamsError(f"the last run in {out} has not ended; finish it with: {again} --resume")
    return record


def _folder(out: Path) -> str:
    """The option of a command that names the folder of reports, where it is not the usual one."""
    return "" if out == Path("reports") else f" --out {shlex.quote(str(out))}"


def _to_readers(
    organisation: Organisation, settings: Email, jobs: Sequence[Job], record: RunRecord, out: Path
) -> Iterator[Envelope]:
    """Yield the message of each timeframe of which the run made something."""
    own = [result for result in record.results if result.report.organisation == organisation.id]
    for slug in dict.fromkeys(result.report.slug for result in own):
        made = {result.report.notebook: result for result in own if result.report.slug == slug}
        names = [name_of(job) for job in jobs if job.organisation.id == organisation.id and job.slug == slug]
        results, missing = _standing(names, made, out)
        said = content_of(organisation, results, missing, out, settings)
        yield seal(
            said,
            sender=_sender(settings),
            recipients=settings.to,
            made=record.started,
            attachments=list(_attachments(results, said.page, settings, out)),
        )


def _standing(
    names: Sequence[ReportName], made: dict[str, ReportResult], out: Path
) -> tuple[list[ReportResult], list[ReportName]]:
    """The run's reports with those of earlier runs that stand beside them, and what is missing."""
    results, missing = [], []
    for name in names:
        earlier = None if name.notebook in made else read_record_of(out, name)
        result = made.get(name.notebook) or (earlier and earlier.result)
        if result and (result.state == "failed" or (out / name.page).is_file()):
            results.append(result)
        else:
            missing.append(name)
    listed = {name.notebook for name in names}
    return results + [result for notebook, result in made.items() if notebook not in listed], missing


def _attachments(results: Sequence[ReportResult], first: str, settings: Email, out: Path) -> Iterator[Path]:
    """Yield the files to attach, those of the page that leads the message before all others."""
    order = sorted(results, key=lambda result: str(result.report.page) != first)
    for result in order:
        for kind in settings.attached if result.state != "failed" else ():
            path = out / result.report.file(kind)
            if path.is_file():
                yield path


def _on_failures(
    wanted: Sequence[Organisation], record: RunRecord, params: Path, out: Path
) -> Iterator[Envelope]:
    """Yield one message for each list of people that is told of failures."""
    lists: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for organisation in wanted:
        if organisation.email and organisation.email.failures_to:
            key = _sender(organisation.email), organisation.email.failures_to
            lists.setdefault(key, []).append(organisation.id)
    for number, ((sender, recipients), ids) in enumerate(lists.items(), start=1):
        failed = [
            result
            for result in record.results
            if result.state == "failed" and result.report.organisation in ids
        ]
        if failed:
            many = "1 report" if len(failed) == 1 else f"{len(failed)} reports"
            text = _failures(failed, record, params, out)
            yield seal_text(
                "failures" if len(lists) == 1 else f"failures_{number}",
                f"{many} failed in the run of {record.started:%Y-%m-%d %H:%M %Z}",
                text,
                hashlib.sha256(f"{record.started.isoformat()}\n{text}".encode()).hexdigest(),
                sender=sender,
                recipients=recipients,
                made=record.started,
            )


def _failures(failed: Sequence[ReportResult], record: RunRecord, params: Path, out: Path) -> str:
    """Say of each report that failed what it is, why, and how to make it again."""
    many = f"{len(failed)} of {len(record.results)} reports failed"
    parts = [f"Run of {record.started:%Y-%m-%d %H:%M %Z}: {many}."]
    for result in failed:
        name = result.report
        command = (
            f"workbook run {shlex.quote(str(params))} --organisation {name.organisation}"
            f" --timeframe {shlex.quote(name.timeframe)} --notebook {name.notebook}{_folder(out)}"
        )
        cause = textwrap.fill(f"Cause: {result.reason}", 72, break_long_words=False, break_on_hyphens=False)
        parts.append(
            f"{name.title}\nOrganisation: {name.organisation}\nTimeframe: {name.timeframe}\n"
            f"{cause}\nAgain: {command}"
        )
    return "\n\n".join(parts) + "\n"


def _sender(settings: Email) -> str:
    if settings.sender is None:  # params with recipients have a sender, see `analytics.params.workbook`
        raise ParamsError('"email" names recipients and no "sender"')
    return settings.sender
