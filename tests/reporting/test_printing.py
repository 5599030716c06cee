"""A page as a PDF: printed by a real browser, whole or not at all."""

import json
import re
from datetime import UTC, datetime

import pytest

from analytics.errors import AnalyticsError, ParamsError
from analytics.params import expand, load_workbook
from analytics.reporting import batch
from analytics.reporting.plan import Batch
from analytics.reporting.printing import BROWSER, browser, print_page
from tests.reporting import tiny
from tests.reporting.test_batch import Told

PARAMS = """
timeframes: [2026-Q3]
organisations: [{id: acme, name: Acme, source: {path: .}, formats: [html, pdf]}]
"""
A4 = (595, 842)  # points


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a script in the browser's place."""

    def put(script):
        path = tmp_path / "browser"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv(BROWSER, str(path))

    return put


@pytest.mark.usefixtures("chromium_program")
def test_a_report_has_its_pdf_beside_its_page_on_a4(tmp_path):
    folder = tmp_path / "notebooks"
    tiny.write_notebook(folder, "clv", tiny.publish())
    params = tiny.write_params(tmp_path, PARAMS)
    jobs = expand(load_workbook(params, notebooks=folder), folder=folder)
    started = datetime(2026, 11, 21, tzinfo=UTC)
    wanted = Batch(jobs=jobs, params=params, notebooks=folder, out=tmp_path / "out", started=started)
    record = batch.run(wanted, Told())
    (result,) = record.results
    assert "acme/2026-Q3/clv.pdf" in result.files
    content = (tmp_path / "out" / "acme" / "2026-Q3" / "clv.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    (box,) = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", content))
    assert tuple(round(float(side)) for side in box) == A4


@pytest.mark.usefixtures("chromium_program")
def test_a_page_is_printed_without_anything_from_elsewhere(tmp_path):
    page = tmp_path / "a b#c.html"
    page.write_text('<img src="http://127.0.0.1:9/x.png"><h1>Title</h1>')
    print_page(page, tmp_path / "page.pdf", limit=120)
    assert (tmp_path / "page.pdf").read_bytes().rstrip().endswith(b"%%EOF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a b#c.html", "page.pdf"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "ended with code 3"),
        ("exit 0", "ended with code 0"),
        ('for a; do case $a in --print-to-pdf=*) echo half > "${a#*=}";; esac; done', "ended with code 0"),
        ("sleep 600", "not printed within 0.5 s"),
    ],
)
def test_what_is_not_whole_is_not_kept(tmp_path, program, script, said):
    program(script)
    (tmp_path / "page.html").write_text("x")
    with pytest.raises(AnalyticsError, match=said):
        print_page(tmp_path / "page.html", tmp_path / "page.pdf", limit=0.5 if "sleep" in script else 60)
    assert not (tmp_path / "page.pdf").exists()


def test_a_report_whose_pdf_fails_has_failed(tmp_path, program):
    program("exit 3")
    folder = tmp_path / "notebooks"
    tiny.write_notebook(folder, "clv", tiny.publish())
    params = tiny.write_params(tmp_path, PARAMS)
    jobs = expand(load_workbook(params, notebooks=folder), folder=folder)
    record = batch.run(Batch(jobs=jobs, params=params, notebooks=folder, out=tmp_path / "out"), Told())
    (result,) = record.results
    assert result.state == "failed"
    assert "the PDF could not be printed" in result.reason
    written = json.loads((tmp_path / "out" / "acme" / "2026-Q3" / "clv.json").read_text())
    assert written["success"] is False
    assert not list((tmp_path / "out").rglob("*.pdf"))


def test_without_a_browser_it_is_said_how_to_mend_it():
    with pytest.raises(ParamsError, match="apt install chromium"):
        browser({"PATH": "/nowhere"})
    with pytest.raises(ParamsError, match='names "netscape", which is no program'):
        browser({"PATH": "/nowhere", BROWSER: "netscape"})


def test_a_page_cannot_be_left_out(tmp_path):
    params = tiny.write_params(tmp_path, PARAMS.replace("[html, pdf]", "[pdf]"))
    with pytest.raises(ParamsError, match="html cannot be left out"):
        load_workbook(params)
