"""What another report has published is believed only where it is this organisation's, of this timeframe."""

from dataclasses import replace
from datetime import date

import pytest

from analytics.data.published import read_published
from analytics.errors import ParamsError
from tests.board_reports import QUARTER, body, card, change, failure, write

NAME = "retention"


@pytest.fixture
def read(tmp_path):
    def call(content=None, span=QUARTER, organisation="acme", name=NAME):
        if content is not None:
            write(tmp_path, "acme", "2026-Q3", **{NAME: content})
        return read_published(tmp_path, [name], organisation, span, "GBP")[name]

    return call


def test_a_report_is_found_with_blocks_headlines_and_parameters(read):
    found = read(body(card("retention_rate", 66.8), summary={"a": 1}, rows=[{"b": 2}], parameters={"c": 3}))
    assert (found.state, found.reason, found.page) == ("found", "", "retention.html")
    assert found.data["summary"] == {"a": 1}
    assert found.rows("rows") == [{"b": 2}]
    assert found.rows("summary") == found.rows("absent") == []
    assert found.headlines["retention_rate"]["number"] == 66.8
    assert found.parameters == {"c": 3}


def test_what_is_not_there_is_missing_and_leads_nowhere(read):
    found = read()
    assert (found.state, found.page) == ("missing", "")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"success": true}', '{"success": true, "meta": 3}'])
def test_what_cannot_be_read_is_missing_and_no_error(read, text):
    assert read(text).state == "missing"


HALF = [
    {**card("retention_rate", 1.0), "changes": None},
    {**card("retention_rate", 1.0), "changes": ["+1"]},
    {**card("retention_rate", 1.0, change(1.0)), "number": "1"},
    {**card("retention_rate", 1.0), "year_ago": []},
    {**card("retention_rate", 1.0), "label": None},
    {name: value for name, value in card("retention_rate", 1.0).items() if name != "unit"},
    "retention_rate",
]


@pytest.mark.parametrize("headline", HALF)
def test_half_of_a_headline_or_another_version_s_is_not_quoted(read, headline):
    found = read(body(card("other", 2.0), headline))
    assert (found.state, found.reason) == ("missing", "its figures cannot be read")
    assert not found.headlines


@pytest.mark.parametrize("changed", [{"data": None}, {"data": [1]}, {"meta": {"parameters": None}}])
def test_nor_is_what_has_no_blocks_or_parameters(read, changed):
    whole = body(card("retention_rate", 1.0))
    assert read(whole | changed | {"meta": whole["meta"] | changed.get("meta", {})}).state == "missing"


def test_what_is_no_row_of_a_block_is_none(read):
    assert read(body(rows=[{"b": 2}, None, "x"])).rows("rows") == [{"b": 2}]


def test_a_failed_report_says_why_and_leads_to_its_page(read):
    found = read(failure())
    assert (found.state, found.reason, found.page) == (
        "failed",
        "SourceError: no such host",
        "retention.html",
    )
    assert not found.headlines


def test_a_report_of_null_blocks_has_no_data(read):
    assert read(body(summary=None, rows=None)).state == "no data"


@pytest.mark.parametrize(
    "content",
    [
        body(organisation="bolt"),
        body(span=replace(QUARTER, label="last-quarter")),
        body(span=replace(QUARTER, start=date(2026, 4, 1), end=date(2026, 7, 1))),
        body(span=replace(QUARTER, as_of=date(2026, 9, 15))),
        body(currency="EUR"),
        failure(organisation="bolt"),
        failure(label="2026-Q2"),
    ],
    ids=["organisation", "label", "days", "reference date", "currency", "failure of another", "failed label"],
)
def test_what_is_of_something_else_is_never_quoted(read, content):
    found = read(content)
    assert (found.state, found.page) == ("other", "")
    assert not found.data
    assert not found.headlines


def test_a_range_of_days_lies_in_its_slug(tmp_path):
    span = replace(QUARTER, label="2026-07-01..2026-09-30")
    write(tmp_path, "acme", "2026-07-01_2026-09-30", retention=body(span=span))
    assert read_published(tmp_path, [NAME], "acme", span, "GBP")[NAME].state == "found"


@pytest.mark.parametrize("organisation", ["../acme", "acme/..", "", "/etc", "Acme"])
def test_an_organisation_never_leads_out_of_the_folder(read, organisation):
    with pytest.raises(ParamsError, match="no id"):
        read(body(), organisation=organisation)


@pytest.mark.parametrize("name", ["../../bolt/2026-Q3/retention", "a/b", "", ".."])
def test_nor_does_a_report(read, name):
    with pytest.raises(ParamsError, match="no name of a report"):
        read(body(), name=name)
