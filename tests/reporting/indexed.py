"""Runs whose reports are nothing but names, and what a reader finds on their index."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from analytics.reporting import index
from analytics.reporting.manifest import HeadlineFigure, ReportName, ReportResult, RunRecord
from tests.page.hostile import read, values_of

STARTED = datetime(2026, 11, 20, 6, 12, tzinfo=UTC)
NOTEBOOKS = {"segmentation": "Segmentation", "retention": "Retention", "clv": "Lifetime value"}


def result(
    organisation="acme", timeframe="2026-Q3", notebook="retention", state="ready", reason="", figure=None
):
    report = ReportName(
        organisation=organisation,
        organisation_name=organisation.title() + " & Co",
        timeframe=timeframe,
        slug=timeframe.replace("/", "_"),
        notebook=notebook,
        title=NOTEBOOKS[notebook],
    )
    figure = figure or HeadlineFigure("Customers who stayed", "43.7%", "+5.8 pts")
    return ReportResult(
        report=report,
        state=state,
        reason=reason,
        headlines=() if state in ("failed", "no data") else (figure,),
        files=(str(report.page),),
        made=STARTED,
    )


def record(*results, **options):
    return RunRecord(**{"started": STARTED, "seconds": 41.2, "results": tuple(results)} | options)


def run(organisations=("acme", "bolt"), timeframes=("2026-Q3", "all")):
    return record(*(result(o, t, n) for o in organisations for t in timeframes for n in NOTEBOOKS))


def put(out, made):
    """Leave the pages of a run, and bring the index up to it."""
    for each in made.results:
        if each.files and each.made == made.started:
            (out / each.report.folder).mkdir(parents=True, exist_ok=True)
            (out / each.report.page).write_text(f"{each.state} {made.started}")
            success = "false" if each.state == "failed" else "true"
            (out / each.report.page).with_suffix(".json").write_text(f'{{"success": {success}}}')
    index.update(out, made)


def render_index(made):
    with tempfile.TemporaryDirectory() as out:
        put(Path(out), made)
        return (Path(out) / "index.html").read_text()


def render_organisation_index(made, organisation):
    with tempfile.TemporaryDirectory() as out:
        put(Path(out), made)
        return (Path(out) / organisation / "index.html").read_text()


def pages(out):
    """Every page of the index, but for what the last run says at its foot and the history."""
    found = {}
    for path in [out / "index.html", *out.glob("*/index.html"), *out.glob("_index/*.html")]:
        found[str(path.relative_to(out))] = path.read_text().split('<p class="key">Last run')[0]
    return found


def text(page):
    return " ".join("".join(read(page).texts).split())


def links(page):
    return [address for address in values_of(read(page), "href", "a") if not address.startswith("#")]
