"""A run is told as it goes: plain lines in a log, a bar in a terminal."""

from __future__ import annotations

import io

from analytics.reporting.manifest import ReportName, ReportResult
from analytics.reporting.progress import progress


def result(state, reason=""):
    name = ReportName(
        organisation="acme",
        organisation_name="Acme",
        timeframe="2026-Q3",
        slug="2026-Q3",
        notebook="clv",
        title="CLV",
    )
    return ReportResult(report=name, state=state, reason=reason, seconds=1.25)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def told(stream):
    with progress(stream, 12) as reporter:
        reporter.say("bolt: refused: [no] sales")
        reporter.done(result("ready"), 1, 12)
        reporter.done(result("failed", "cell 3 of 9: [bold]KeyError"), 2, 12)
    return stream.getvalue()


def test_a_log_gets_one_plain_line_for_each_report():
    assert told(io.StringIO()).splitlines() == [
        "bolt: refused: [no] sales",
        "[ 1/12] acme  2026-Q3  clv  1.2 s  ready",
        "[ 2/12] acme  2026-Q3  clv  1.2 s  × failed: cell 3 of 9: [bold]KeyError",
    ]


def test_a_terminal_gets_a_bar_and_a_line_for_what_needs_a_look():
    said = told(Terminal())
    assert "2/12" in said
    assert "× failed: cell 3 of 9: [bold]KeyError" in said
    assert "bolt: refused: [no] sales" in said
    assert "clv  1.2 s  ready" not in said
