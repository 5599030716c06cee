"""The board's figures are those of the reports, to the last digit; none is computed."""

import pandas as pd
import pytest

from analytics.data.published import read_published
from analytics.models.board import (
    FIGURES,
    QUOTED,
    published_funnel,
    published_kpis,
    read_figures,
    read_funnel,
    stages,
)
from tests.board_reports import QUARTER, body, card, change, failure, whole_set, write


@pytest.fixture
def read(tmp_path):
    def call(**reports):
        write(tmp_path, "acme", "2026-Q3", **reports)
        return read_published(tmp_path, QUOTED, "acme", QUARTER, "GBP")

    return call


def by_figure(published):
    return {row["figure"]: row for row in read_figures(published).to_dict("records")}


def test_there_are_the_ten_figures_of_the_specification_in_its_order():
    assert list(FIGURES) == [
        *("leads", "conversion", "revenue", "profit", "active_customers", "at_risk_customers"),
        *("retention", "clv", "pipeline", "forecast"),
    ]


def test_each_figure_is_the_headline_of_its_report_to_the_last_digit(read):
    reports = whole_set()
    rows = by_figure(read(**reports))
    assert list(rows) == list(FIGURES)
    for figure, row in rows.items():
        (source,) = [one for one in reports[row["report"]]["meta"]["headlines"] if one["name"] == row["name"]]
        assert (row["value"], row["unit"], row["label"], row["shown"], row["base"]) == tuple(
            source[key] for key in ("number", "unit", "label", "value", "base")
        ), figure
        assert row["changes"] == source["changes"]
        assert row["link"] == f"{row['report']}.html"
        assert row["missing"] == ""
    assert rows["revenue"]["value"] == 100_000.125


def test_its_change_is_the_source_s_with_a_year_and_the_usual_spread_beside_it(read):
    row = by_figure(read(**whole_set()))["revenue"]
    assert (row["change"], row["usual_change"], row["change_from_year_earlier"]) == (4.0, 9.0, 20.0)
    assert row["earlier_timeframes"] == 7


def test_the_report_on_the_life_cycle_comes_first_and_that_on_leads_stands_in(read):
    reports = whole_set()
    assert by_figure(read(**reports))["leads"]["value"] == 200.0
    reports["lifecycle"] = body(card("leads", None))
    rows = by_figure(read(**reports))
    assert [(rows[name]["report"], rows[name]["value"]) for name in ("leads", "conversion")] == [
        ("lead_scoring", 999.0),
        ("lead_scoring", 9.0),
    ]


@pytest.mark.parametrize(
    ("reports", "state", "why"),
    [
        ({}, "missing", "it has not been made"),
        ({"pipeline": failure()}, "failed", "SourceError: no such host"),
        ({"pipeline": body(kpis=None)}, "no data", "it has nothing to show"),
        ({"pipeline": body(card("won", 3.0))}, "found", "the report does not have it"),
        ({"pipeline": body(card("total_pipeline", 3.0), currency="USD")}, "other", "it was made in USD"),
    ],
)
def test_a_figure_that_no_report_shows_is_missing_with_the_reason(read, reports, state, why):
    row = by_figure(read(**reports))["pipeline"]
    assert pd.isna(row["value"])
    assert (row["report"], row["state"], row["missing"]) == ("pipeline", state, why)
    assert pd.isna(row["change"])


@pytest.mark.parametrize(
    ("one", "unusual"),
    [
        (change(10.1, 10.0), True),
        (change(-10.1, 10.0, "less"), True),
        (change(10.0, 10.0), False),
        (change(10.1, None), False),
        (change(None, 10.0), False),
        (change(10.1, 10.0, "close"), False),
        (change(0.1, 0.0), True),
    ],
)
def test_a_change_is_unusual_beyond_the_usual_spread_and_where_the_source_does_not_call_it_chance(
    read, one, unusual
):
    published = read(pipeline=body(card("total_pipeline", 5.0, one)))
    assert bool(by_figure(published)["pipeline"]["unusual"]) is unusual


def test_a_rate_with_few_behind_it_is_never_unusual(read):
    published = read(retention=body(card("retention_rate", 5.0, change(99.0, 1.0), unsure=True)))
    assert not by_figure(published)["retention"]["unusual"]


def test_the_json_block_has_no_words_of_cards(read):
    kpis = published_kpis(read_figures(read(**whole_set())))
    assert set(kpis.columns) == {
        *("figure", "report", "name", "link", "label", "value", "unit", "change", "usual_change"),
        "change_against",
        *("change_from_year_earlier", "earlier_timeframes", "unsure", "unusual", "missing"),
    }


def test_the_funnel_is_the_life_cycle_s_untouched(read):
    reports = whole_set()
    funnel = read_funnel(read(**reports))
    data = reports["lifecycle"]["data"]
    assert stages(funnel).to_dict("records") == data["funnel"]["stages"]
    assert funnel["conversion_rates"].to_dict("records") == data["conversion_rates"]
    assert set(published_funnel(funnel)) == {"stages", "conversion_rates"}


@pytest.mark.parametrize(
    "reports",
    [
        {},
        {"lifecycle": body(funnel=None)},
        {"lifecycle": failure()},
        {"lifecycle": body(funnel={"stages": "x"})},
        {"lifecycle": body(funnel={"stages": [{"stage": "Lead"}]})},
    ],
)
def test_without_one_it_is_null(read, reports):
    funnel = read_funnel(read(**reports))
    assert published_funnel(funnel) is None
    assert stages(funnel).empty
