"""The RFM table: twelve rows, first match, every row reached, every code named."""

from __future__ import annotations

from itertools import product

import pytest

from analytics.errors import ParamsError
from analytics.params import load_rules, load_workbook
from analytics.params.document import read_document
from analytics.params.problems import validated
from analytics.params.rules import RfmSegments
from tests.reporting.tiny import write_params

PUBLISHED = [  # segment, then the least and greatest r, f and m: the table of the specification, by hand
    ("Loyal", 4, 5, 3, 4, 3, 4),
    ("Champions", 4, 5, 4, 5, 4, 5),
    ("Can't Lose Them", 1, 2, 4, 5, 4, 5),
    ("At Risk", 1, 2, 3, 5, 3, 5),
    ("Hibernating", 1, 2, 1, 2, 1, 2),
    ("New Customers", 4, 5, 1, 1, 1, 2),
    ("Potential Loyalists", 3, 4, 1, 3, 2, 3),
    ("Loyal", 4, 5, 3, 5, 3, 5),
    ("Potential Loyalists", 4, 5, 1, 5, 1, 5),
    ("At Risk", 1, 2, 1, 5, 3, 5),
    ("Hibernating", 1, 2, 1, 5, 1, 5),
    ("Need Attention", 1, 5, 1, 5, 1, 5),
]


def by_hand(r, f, m):
    for segment, r0, r1, f0, f1, m0, m1 in PUBLISHED:
        if r0 <= r <= r1 and f0 <= f <= f1 and m0 <= m <= m1:
            return segment
    raise AssertionError


def test_champions_are_the_six_published_codes():
    assert load_rules("rfm_segments").codes("Champions") == ("445", "454", "455", "545", "554", "555")


def test_all_125_codes_go_where_the_published_table_sends_them():
    rules = load_rules("rfm_segments")
    assert len(rules.rules) == 12
    for r, f, m in product(range(1, 6), repeat=3):
        assert rules.segment(r, f, m) == by_hand(r, f, m), (r, f, m)


def test_every_segment_says_what_it_is_and_what_to_do():
    rules = load_rules("rfm_segments")
    assert set(rules.segments) == {row[0] for row in PUBLISHED}
    assert sum(len(rules.codes(name)) for name in rules.segments) == 125
    assert all(
        text.description.endswith(".") and text.action.endswith(".") for text in rules.segments.values()
    )


TEXT = "{description: d., action: a.}"


@pytest.mark.parametrize(
    ("rules", "segments", "what"),
    [
        ([("A", "any", "any", "any"), ("A", "1", "1", "1")], "A", "rule 2 (A) is never reached"),
        ([("A", "1-4", "any", "any")], "A", "25 of 125 codes fit no rule: 511, 512, 513, 514, 515 …"),
        ([("A", "any", "any", "any")], "A B", 'segment "B" is described, but no rule names it'),
        (
            [("Loyl", "any", "any", "any")],
            "Loyal",
            'segment "Loyl" has no description (did you mean "Loyal"?)',
        ),
        ([("A", "0-3", "any", "any")], "A", '"0-3" is no range of scores'),
        ([("A", "5-4", "any", "any")], "A", '"5-4" is no range of scores'),
        ([("A", "some", "any", "any")], "A", "allowed: any, a score such as 1, or a range such as 4-5"),
    ],
)
def test_a_table_that_leaves_a_gap_or_a_dead_row_is_refused(tmp_path, rules, segments, what):
    rows = "".join(f"  - {{segment: {s}, r: {r}, f: {f}, m: {m}}}\n" for s, r, f, m in rules)
    texts = "".join(f"  {name}: {TEXT}\n" for name in segments.split())
    path = write_params(tmp_path, f"rules:\n{rows}segments:\n{texts}")
    with pytest.raises(ParamsError) as caught:
        validated(RfmSegments, read_document(path))
    assert what in str(caught.value)


def test_an_organisation_may_bring_a_table_of_its_own(tmp_path):
    write_params(
        tmp_path, f"rules: [{{segment: All, r: any, f: any, m: any}}]\nsegments: {{All: {TEXT}}}", "own.yml"
    )
    text = "organisations: [{id: acme, source: {path: d}, rules: {rfm_segments: own.yml}}]"
    acme = load_workbook(write_params(tmp_path, text), notebooks=tmp_path).organisation("acme")
    assert load_rules("rfm_segments", acme).segment(1, 1, 1) == "All"
    with pytest.raises(
        ParamsError, match=r'no rule table "rfm" \(did you mean|no rule table "rfm"; there are'
    ):
        load_rules("rfm")


def test_a_broken_table_is_refused_with_the_params(tmp_path):
    write_params(tmp_path, "rules: []\nsegments: {}", "own.yml")
    text = "organisations: [{id: acme, source: {path: d}, rules: {rfm_segments: own.yml}}]"
    with pytest.raises(ParamsError, match=r"own\.yml.*125 of 125 codes fit no rule"):
        load_workbook(write_params(tmp_path, text), notebooks=tmp_path)
