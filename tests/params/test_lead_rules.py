"""Bands, point rules and the screen for leaks: the project's table, and what a wrong one is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.params import load_rules
from analytics.params.document import read_document
from analytics.params.lead_rules import LeadRules
from analytics.params.problems import validated
from tests.reporting.tiny import write_params

ONE_BAND = "bands: [{name: All, from: 0, do: Call.}]\n"


@pytest.fixture
def table(tmp_path):
    """Read a table from the text of its file."""

    def read(text):
        return validated(LeadRules, read_document(write_params(tmp_path, text, "rules.yml")))

    return read


class TestPointRulesOfVietnam:
    rules = load_rules("lead_rules").points("vietnam")

    @pytest.mark.parametrize(
        ("points", "asked", "stage"),
        [(109, False, "MQL"), (110, False, "SQL"), (109.9, False, "MQL"), (0, True, "SQL"),
         (None, True, "SQL"), (None, False, "MQL"), (100_000, None, "SQL")],
    )  # fmt: skip
    def test_a_lead_is_sql_from_110_points_on_or_on_asking_for_a_consultant(self, points, asked, stage):
        assert self.rules.stage(points, asked=asked) == stage

    def test_the_region_decides_the_assignee_and_elsewhere_the_owner_keeps_the_lead(self):
        taken = {region: self.rules.assignee(region, "owner") for region in ("DACH", "APAC", "Hanoi", None)}
        assert taken["DACH"] != taken["APAC"]
        assert "owner" not in (taken["DACH"], taken["APAC"])
        assert taken["Hanoi"] == taken[None] == "owner"

    def test_other_markets_have_none(self):
        assert load_rules("lead_rules").points("germany") is None
        assert load_rules("lead_rules").points(None) is None


@given(st.floats(0, 100))
def test_every_score_has_one_band_and_a_higher_score_never_a_lower_one(score):
    rules = load_rules("lead_rules")
    names = [band.name for band in rules.bands]
    assert names.index(rules.band(score)) >= names.index(rules.band(min(100.0, score + 5)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bands: [{name: Hot, from: 50, do: Call.}]\n", "must begin at 0"),
        ("bands: [{name: A, from: 0, do: x}, {name: B, from: 0, do: x}]\n", "highest first"),
        ("bands: [{name: A, from: 9, do: x}, {name: A, from: 0, do: x}]\n", '"A" stands twice'),
        (ONE_BAND + "leaks: {separates_from: 0.4}\n", "separates_from"),
        (ONE_BAND + "markets: {vietnam: {sql_from_point: 110}}\n", "sql_from_points"),
        ("bands: [{name: A, from: 0}]\n", "do"),
    ],
)
def test_a_wrong_table_is_told_what_is_wrong(table, text, said):
    with pytest.raises(ParamsError, match=said):
        table(text)


def test_names_of_columns_filled_in_after_contact_are_known_however_they_are_written():
    screen = load_rules("lead_rules").leaks
    for name in ("Tags", "Lead Quality", "lead_profile", "Last Activity", "lastNotableActivity"):
        assert screen.named(name), name
    for name in ("Lead Source", "City", "Blast radius", "Total Time Spent on Website", "lead_origin"):
        assert not screen.named(name), name
