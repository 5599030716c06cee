"""The page of one report: what an executed notebook shows, in a shell that needs nothing from elsewhere.

Only outputs that carry the workbook's own record reach the page, in their order, and only after
`analytics.page.guard` has read them; a notebook's other outputs stay in the notebook. A report that failed
gets a page as well, which is made without the notebook, so that no half figure and no row of data is on it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analytics.formats import Format
from analytics.page import guard, render
from analytics.page.display import fragment_of, records
from analytics.page.pieces import Masthead, Notes, Notice
from analytics.reporting.manifest import LOST_WORKER, Failure, PageContext, ReportName
from analytics.reporting.shell import style_sheet, templates

_AFTER_MAIN = "notes"
_AROUND = 4  # lines shown before and after the one that failed


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a list of reports."""

    words: str
    address: str
    here: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where a page stands among the others: what its crumbs and its foot list."""

    index: str
    organisation_index: str
    organisation: str
    timeframe: str
    title: str
    reports: tuple[Link, ...]
    timeframes: tuple[Link, ...]

    @classmethod
    def of(cls, context: PageContext) -> Navigation:
        """Read it from what the page knows about itself."""

        def link(other: ReportName, words: str) -> Link:
            return Link(words, context.link(other), other == context.report)

        return cls(
            index=context.index,
            organisation_index=context.organisation_index,
            organisation=context.report.organisation_name,
            timeframe=context.report.timeframe,
            title=context.report.title,
            reports=tuple(link(other, other.title) for other in context.siblings),
            timeframes=tuple(link(other, other.timeframe) for other in context.timeframes),
        )


def render_report(notebook: Any, context: PageContext) -> str:
    """Make the page of a report.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The executed notebook.
    context : PageContext
        Which report it is, and which others there are.

    Returns
    -------
    str
        One HTML file: no script, no request, the same text for the same input.

    Raises
    ------
    analytics.page.guard.UnsafeFragment
        If an output holds anything that pieces do not use.
    """
    shown: list[tuple[str, str]] = []
    found: list[dict[str, Any]] = []
    for data in _outputs(notebook):
        here = records(data)
        if here:
            found += here
            shown.append((here[0]["kind"], guard.fragment(fragment_of(data))))
    if not any(record["kind"] == "masthead" for record in found):
        shown.insert(0, ("masthead", render.fragment(_masthead(context, "Made on"))))
    main = "".join(fragment for kind, fragment in shown if kind != _AFTER_MAIN)
    notes = "".join(fragment for kind, fragment in shown if kind == _AFTER_MAIN)
    return templates().get_template("report.html").render(
        title=f"{context.report.title}, {context.report.organisation_name}, {context.report.timeframe}",
        description=_description(found, context),
        css=style_sheet(),
        skip="To the report",
        nav=Navigation.of(context),
        main=Markup(main),
        notes=Markup(notes),
        code=_code(notebook),
    )  # fmt: skip


def _outputs(notebook: Any) -> list[Mapping[str, Any]]:
    return [
        output["data"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell.get("outputs", ())
        if "data" in output
    ]


def _code(notebook: Any) -> list[str]:
    """Give the sources of the code cells; injected values stand among the notes, masked."""
    return [
        cell["source"].strip()
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        and cell["source"].strip()
        and "injected-parameters" not in cell.get("metadata", {}).get("tags", ())
    ]


def _description(found: list[dict[str, Any]], context: PageContext) -> str:
    for record in found:
        if record["kind"] == "summary" and record["sentences"]:
            return str(record["sentences"][0])
        if record["kind"] == "empty":
            return str(record["title"])
    return context.report.question


def _masthead(context: PageContext, word: str) -> Masthead:
    show = Format(context.locale, context.currency)
    zone = context.started.tzname() or ""
    made = f"{show.date(context.started.date())}, {context.started:%H:%M} {zone}".strip()
    facts = (
        ("Timeframe", context.report.timeframe),
        ("Compared with", "not reached"),
        ("Made from", "not reached"),
        (word, made),
    )
    return Masthead(context.report.organisation_name, context.report.title, facts)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the cell that failed."""

    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done about a failure, with the command that does it."""

    words: str
    command: str = ""


_KINDS: dict[str, tuple[str, str]] = {
    "TimeLimit": (
        "It ran longer than it may.",
        "Give it more time in the params, or a shorter timeframe, and run it again:",
    ),
    "MemoryLimit": (
        "It needed more memory than it may use.",
        "Give it more memory in the params, or run fewer reports at once, and run it again:",
    ),
    "DeadKernel": (
        "The process that computed it ended by itself; often because memory ran out.",
        "Run it again by itself:",
    ),
}
_KINDS[LOST_WORKER] = _KINDS["DeadKernel"]
_ON_PURPOSE = (
    "The workbook stopped on purpose: the message says what it found and what it allows.",
    "Mend what the message at the top names, then run this one report again:",
)
_UNFORESEEN = (
    "The workbook did not foresee this error. Its own words may quote data and are kept off this page.",
    "Run this one report again; if the source was being written to at the time, that may be all:",
)


def render_failure(failure: Failure, context: PageContext, *, command: str) -> str:
    """Make the page of a report that failed: why, where, with what, and what to do.

    Parameters
    ----------
    failure : Failure
        What went wrong; its message quotes no row of data.
    context : PageContext
        Which report it is; its parameters are masked already.
    command : str
        The command that repeats just this report.

    Returns
    -------
    str
        One HTML file without a figure.
    """
    report = context.report
    where, stopped = _where(failure)
    notice = Notice(
        f"This report was not made: {where}",
        f"{failure.message.strip().rstrip('.')}. No figure of this report should be quoted.",
        level="failure",
    )
    known = _ON_PURPOSE if failure.deliberate else _KINDS.get(failure.type, _UNFORESEEN)
    return templates().get_template("failure.html").render(
        title=f"Failed: {report.title}, {report.organisation_name}, {report.timeframe}",
        description=f"This report was not made: {where}.",
        css=style_sheet("failure"),
        skip="To the report",
        nav=Navigation.of(context),
        masthead=Markup(render.fragment(_masthead(context, "Tried on"))),
        notice=Markup(render.fragment(notice)),
        failure=failure,
        stopped=stopped,
        kind=known[0],
        ran=_cells(1, (failure.cell or 1) - 1) + " ran",
        left=_cells((failure.cell or 0) + 1, failure.cells) + " not run",
        lines=_lines(failure),
        actions=_actions(failure, known[1], command),
        parameters=[(name, _value(value)) for name, value in context.parameters.items()],
        not_made=f"The report, its figures and its tables; {report.notebook}.json only repeats what is said "
        "here. Reports that do not need this one were made as if nothing had happened.",
        notes=Markup(render.fragment(_failure_notes(context))),
    )  # fmt: skip


def _where(failure: Failure) -> tuple[str, str]:
    """Say how far it came, in the notice and as a heading."""
    if failure.cell:
        at = f"at “{failure.cell_title}”" if failure.cell_title else f"in cell {failure.cell}"
        return f"cell {failure.cell} of {failure.cells} failed", f"The run stopped {at}"
    if failure.cells:
        return f"all {failure.cells} cells ran, but it was not kept", "The run stopped after the last cell"
    if failure.type == LOST_WORKER:
        return "its process died", "How far it came, nobody knows"
    return "no cell was run", "The run stopped before the first cell"


def _cells(first: int, last: int) -> str:
    return f"cell {first}" if first == last else f"cells {first}–{last}"


def _lines(failure: Failure) -> list[Line]:
    lines = failure.source.rstrip().splitlines()
    if failure.line is None:
        return [Line(text, here=False) for text in lines[: 2 * _AROUND + 1]]
    first = max(0, failure.line - 1 - _AROUND)
    return [
        Line(text, here=number == failure.line)
        for number, text in enumerate(lines[first : failure.line + _AROUND], start=first + 1)
    ]


def _actions(failure: Failure, words: str, command: str) -> list[Action]:
    actions = [Action(words, command)]
    if failure.deliberate:
        params = shlex.split(command)[2]
        check = f"workbook check {shlex.quote(params)}"
        actions.insert(0, Action("See all findings about the data at once:", check))
    actions.append(
        Action(
            "If it fails again, send this page to whoever looks after the workbook. It holds what they need "
            "to begin, and no customer data."
        )
    )
    return actions


def _value(value: object) -> str:
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _failure_notes(context: PageContext) -> Notes:
    return Notes(
        provenance=(
            ("Run", f"{context.started:%Y-%m-%d %H:%M} {context.started.tzname() or ''}".strip()),
            ("Notebook", f"{context.report.notebook}.ipynb"),
            (
                "Versions",
                ", ".join(f"{name} {number}" for name, number in context.versions.items()) or "not known",
            ),
        )
    )
