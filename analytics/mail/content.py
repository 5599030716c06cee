"""What a message says: one organisation, one timeframe, everything that was made for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from analytics.formats import Format
from analytics.mail.published import Picture, Said, read_said
from analytics.page.board import alert_words, rule_words
from analytics.page.pieces import Headline
from analytics.params.mailing import Email
from analytics.params.organisation import Organisation
from analytics.reporting.manifest import ReportName, ReportResult

BOARD = "executive"
"""The report that leads a message where it was made: it has the figures of all others, and the alerts."""
UNFIT_BESIDE_BOARD = ("churn_training",)
"""Reports without a picture beside the board's figures: their levels of risk are not those that it counts."""

MOST_FIGURES, MOST_NOTICES = 10, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one message says, in finished words.

    Attributes
    ----------
    organisation, slug : str
        Id of the organisation and name of the timeframe's folder.
    name : str
        The organisation's, for people.
    subject : str
        With the headline figure.
    title, about : str
        What leads the message; for whom and when it is.
    summary : tuple of str
        Two or three sentences.
    alerts : tuple of str
        What needs a look, what failed first.
    notices : tuple of str
        What must be known before figures are believed.
    figures : tuple of Headline
        Key figures with their changes.
    pictures : tuple of Picture
    page : str
        The page that the message leads to, below the folder of reports.
    link : str
        Its address; empty where the pages are attached, or there is none to read.
    """

    organisation: str
    slug: str
    name: str
    subject: str
    title: str
    about: str
    summary: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    figures: tuple[Headline, ...] = ()
    pictures: tuple[Picture, ...] = ()
    page: str = ""
    link: str = ""

    @property
    def digest(self) -> str:
        """The same for messages that say the same, whenever they are made."""
        said = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


def content_of(
    organisation: Organisation,
    results: Sequence[ReportResult],
    missing: Sequence[ReportName],
    out: Path,
    settings: Email,
) -> Content:
    """Collect what a message says.

    Parameters
    ----------
    organisation : Organisation
    results : sequence of ReportResult
        The reports of the organisation and one timeframe, in the order of the index.
    missing : sequence of ReportName
        Reports that were asked for and are not there; one at least where there are no results.
    out : pathlib.Path
        Folder of all reports.
    settings : Email

    Returns
    -------
    Content
        Of a timeframe of which every report failed, with alerts alone.
    """
    name = [*(one.report for one in results), *missing][0]
    good = [result for result in results if result.state != "failed"]
    said = {one.report.notebook: read_said(out / one.report.file("ipynb")) for one in good}
    lead = _lead(good, said)
    show = Format(organisation.locale, organisation.currency)
    alerts = _alerts(out / name.folder) if BOARD in said else []
    when = _when(out, good, show) or name.timeframe
    title = lead.report.title if lead else "No reports"
    page = str((lead.report if lead else name).page)
    return Content(
        organisation=organisation.id,
        slug=name.slug,
        name=organisation.name,
        subject=_subject(organisation.name, when, lead, said),
        title=title,
        about=f"{organisation.name}, {when}",
        summary=said[lead.report.notebook].summary if lead else (_nothing(settings),),
        alerts=(*_not_made(results, missing), *(_alert(show, row) for row in alerts)),
        notices=_notices(good, said),
        figures=_figures(good, said),
        pictures=_pictures(good, said, settings.charts, lead),
        page=page,
        link=f"{settings.link}/{quote(page)}" if settings.link and lead else "",
    )


def _nothing(settings: Email) -> str:
    told = " Those who run the reports have been told why." if settings.failures_to else ""
    return f"No report could be made.{told}"


def _alert(show: Format, row: Mapping[str, Any]) -> str:
    """Say what an alert is about and by which rule: without it a count contradicts those of the figures."""
    return f"{alert_words(show, row)}. {rule_words(show, row)}."


def _lead(good: Sequence[ReportResult], said: Mapping[str, Said]) -> ReportResult | None:
    """The report that the message is named after: the board's, else the first that has figures."""
    with_figures = [one for one in good if said[one.report.notebook].headlines]
    board = [one for one in with_figures if one.report.notebook == BOARD]
    return next(iter([*board, *with_figures, *good]), None)


def _alerts(folder: Path) -> list[dict[str, Any]]:
    """The alerts that the board has found, without names: a message holds nothing on single customers.

    Failed reports are left out, of those the run knows best.
    """
    try:
        body = json.loads((folder / f"{BOARD}.json").read_text(encoding="utf-8"))
        rows = body["data"]["alerts"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    named = ("high_risk_customers", "at_risk_deals")
    return [
        row | ({"subject": ""} if row["kind"] in named else {})
        for row in rows
        if row["kind"] != "failed_report"
    ]


def _when(out: Path, good: Sequence[ReportResult], show: Format) -> str:
    """The timeframe's days, from the first report that says them."""
    for one in good:
        try:
            body = json.loads((out / one.report.file("json")).read_text(encoding="utf-8"))
            timeframe = body["meta"]["timeframe"]
            return show.span(timeframe["start"], timeframe["end"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ""


def _subject(organisation: str, when: str, lead: ReportResult | None, said: Mapping[str, Said]) -> str:
    """Name the organisation and its headline first: a list of messages shows some forty letters."""
    if lead is None:
        return f"{organisation}: no reports, {when}"
    figures = said[lead.report.notebook].headlines
    headline = f"{figures[0].label} {figures[0].value}{_moved(figures[0])}" if figures else lead.report.title
    return f"{organisation}: {headline}, {when}"


def _moved(figure: Headline) -> str:
    """The latest change with its sign; nothing where it may be chance, which a subject has no room to say."""
    change = next((change for change in figure.changes if change.words), None)
    if change is None or change.verdict == "close":
        return ""
    return f" ({'+' if change.up else '−'}{change.words})"


def _not_made(results: Sequence[ReportResult], missing: Sequence[ReportName]) -> Iterator[str]:
    for result in results:
        if result.state == "failed":
            yield f"{_short(result.report)} failed and has no figures."
    for name in missing:
        yield f"{_short(name)} was not made."


def _short(report: ReportName) -> str:
    """The title before its colon: ``Churn`` of ``Churn: who is about to leave``."""
    return report.title.partition(":")[0]


def _figures(good: Sequence[ReportResult], said: Mapping[str, Said]) -> tuple[Headline, ...]:
    """The board's figures; without a board the first of each report."""
    if board := said.get(BOARD, Said()).headlines:
        return board[:MOST_FIGURES]
    first = [said[one.report.notebook].headlines[:1] for one in good]
    return tuple(figure for figures in first for figure in figures)[:MOST_FIGURES]


def _pictures(
    good: Sequence[ReportResult], said: Mapping[str, Said], most: int, lead: ReportResult | None
) -> tuple[Picture, ...]:
    """The first picture of each report, the board's before all others, with titles but the lead's."""
    unfit = UNFIT_BESIDE_BOARD if said.get(BOARD, Said()).headlines else ()
    order = sorted(good, key=lambda one: one.report.notebook != BOARD)
    order = [one for one in order if one.report.notebook not in unfit]
    first = [
        replace(picture, title="" if one is lead else _short(one.report))
        for one in order
        for picture in said[one.report.notebook].pictures[:1]
    ]
    return tuple(first[:most])


def _notices(good: Sequence[ReportResult], said: Mapping[str, Said]) -> tuple[str, ...]:
    """What must be known of the data, each once, under the first report that says it.

    Those of the board are on reports that are not there, which stands among the alerts.
    """
    found: dict[str, str] = {}
    for one in good:
        for notice in said[one.report.notebook].notices if one.report.notebook != BOARD else ():
            found.setdefault(notice, f"{_short(one.report)}: {notice}")
    return tuple(found.values())[:MOST_NOTICES]
