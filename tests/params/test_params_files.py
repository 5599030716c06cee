"""A params file is read whole or refused whole: every fault at once, each with its place and its remedy."""

from __future__ import annotations

import re
from datetime import date

import pytest

from analytics.errors import ParamsError
from analytics.params import find_organisation, load_workbook
from analytics.params.document import read_document
from analytics.params.problems import ParamsModel, validated
from analytics.params.values import Shares
from tests.reporting.tiny import PARAMETERS, write_notebook, write_params

ONE = "organisations:\n  - {id: acme, source: {path: data}}\n"


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    more = 'churn_days: int = 90  # d\nsegment_type: str = "all"  # kind\nshares: dict = {"a": 1.0}  # s\n'
    limits = {
        "churn_days": {"min": 1},
        "segment_type": {"allowed": ["rfm", "tier", "all"]},
        "shares": {"adds_up_to": 1},
    }
    write_notebook(folder, "retention", parameters=PARAMETERS + more, workbook={"parameters": limits})
    write_notebook(folder, "clv")
    return folder


@pytest.fixture
def load(tmp_path, notebooks):
    def call(text):
        return load_workbook(write_params(tmp_path, text), notebooks=notebooks)

    return call


@pytest.fixture
def refusal(load):
    """Load a file that must be refused, and return the message."""

    def call(text):
        with pytest.raises(ParamsError) as caught:
            load(text)
        return str(caught.value)

    return call


def test_what_an_organisation_leaves_out_is_what_its_file_says(load, tmp_path):
    workbook = load(
        "timeframes: [2026, last-month]\npage_rows: 20\n"
        "parameters: {retention: {churn_days: 60, segment_type: rfm}}\n"
        "organisations:\n"
        "  - {id: acme, source: {path: data/acme}, parameters: {retention: {churn_days: 30}}}\n"
        "  - {id: bolt, name: Bolt Ltd, source: {path: /data}, timeframes: [all], page_rows: 10,\n"
        "     as_of: 2026-10-01}\n"
    )
    acme, bolt = workbook.organisations
    assert (acme.name, acme.timeframes, acme.page_rows) == ("acme", ("2026", "last-month"), 20)
    assert acme.parameters == {"retention": {"churn_days": 30, "segment_type": "rfm"}}
    assert acme.source.path == tmp_path / "data/acme", "paths are relative to the file"
    assert (bolt.name, bolt.timeframes, bolt.page_rows, bolt.as_of) == (
        "Bolt Ltd",
        ("all",),
        10,
        date(2026, 10, 1),
    )
    assert (acme.currency, acme.timezone, acme.export_rows, acme.time_limit, acme.memory_limit) == (
        "EUR", "UTC", 100_000, 600, 2.0,
    )  # fmt: skip


def test_a_notebook_s_own_limits_come_before_those_of_all_reports(load):
    workbook = load(
        "time_limit: 300\n"
        "limits: {retention: {time_limit: 900, memory_limit: 4}}\n"
        "organisations:\n"
        "  - {id: acme, source: {path: data}, memory_limit: 3, limits: {retention: {memory_limit: 8}}}\n"
        "  - {id: bolt, source: {path: data}, time_limit: 60, retry_after: []}\n"
    )
    acme, bolt = workbook.organisations
    assert (acme.limits_of("retention"), acme.limits_of("segmentation")) == ((900, 8.0), (300, 3.0))
    assert (bolt.limits_of("retention"), bolt.limits_of("segmentation")) == ((900, 4.0), (60, 2.0))
    assert (acme.retry_after, bolt.retry_after) == ((1.0, 4.0), ())


def test_wrong_limits_are_refused_with_the_nearest(refusal):
    said = refusal(
        "limits:\n"
        "  retension: {time_limit: 900}\n"
        "  segmentation: {time_limt: 900}\n"
        "  retention: {memory_limit: 0.1}\n"
        "retry_after: [soon]\n"
        "organisations: [{id: acme, source: {path: data}}]\n"
    )
    assert 'line 2: limits.retension: there is no notebook "retension" (did you mean "retention"?)' in said
    assert 'line 3: limits.segmentation.time_limt: unknown key (did you mean "time_limit"?)' in said
    assert "line 4: limits.retention.memory_limit: " in said
    assert 'line 5: retry_after[0]: a number is needed here, not "soon"' in said


def test_everything_wrong_is_said_at_once_with_file_line_and_key(refusal):
    said = refusal(
        "timeframes: [last-moth]\n"
        "notebooks: [retension]\n"
        "jobs: many\n"
        "organisations:\n"
        "  - id: ../x\n"
        "    curency: EUR\n"
        "    source: {path: data, kind: foldr}\n"
        "  - id: bolt\n"
        "    timezone: Europe/Londn\n"
    )
    lines = said.splitlines()
    assert lines[0] == "8 things are wrong:"
    expected = [
        (1, "timeframes[0]", "last-month"),
        (2, "notebooks[0]", "retention"),
        (3, "jobs", 'a whole number is needed here, not "many"'),
        (5, "organisations[0].id", "names a folder"),
        (6, "organisations[0].curency", "currency"),
        (7, "organisations[0].source.kind", "folder"),
        (8, "organisations[1].source", "this key is needed"),
        (9, "organisations[1].timezone", "Europe/London"),
    ]
    for line, (number, key, remedy) in zip(lines[1:], expected, strict=True):
        assert f"params.yml, line {number}, {key}: " in line.replace(
            f"line {number}: ", f"line {number}, ", 1
        )
        assert remedy in line


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "line 1", "the file is empty"),
        ("# only a comment\n", "line 1", "the file is empty"),
        ("just words\n", "line 1", 'a mapping of keys to values is needed here, not "just words"'),
        ("- a\n- b\n", "line 1", "not a list"),
        ("a: [1, 2\nb: 3\n", "line 2", "this is not YAML"),
        ("a:\n\tb: 1\n", "line 2", "this is not YAML"),
        ("<!DOCTYPE html>\n<html></html>\n", "line 1", "this is a web page"),
        (ONE + "organisations: []\n", "line 3", "this key stands twice, first in line 1"),
        (ONE + "jobs: 2\njobs: 3\n", "line 4", "this key stands twice, first in line 3"),
        (ONE + "  - {id: acme, source: {path: data}}\n", "line 3", 'the id "acme" stands twice, first in'),
        ("organisations: []\n", "line 1", "at least 1 item"),
        ("timeframes: [2026]\n", "line 1", "organisations: this key is needed"),
        (ONE + "timeframes: []\n", "line 3", "the list is empty"),
        (ONE + "notebooks: [clv, clv]\n", "line 3", '"clv" stands twice'),
        (ONE + "timeframes: last-month\n", "line 3", 'a list is needed here, not "last-month"'),
        (ONE + "timeframes: [2026-Q5]\n", "line 3", "a year has quarters Q1 to Q4"),
        (ONE + "as_of: yesterday\n", "line 3", "as_of"),
        (ONE + "page_rows: 0\n", "line 3", "greater than or equal to 1, not 0"),
        (ONE + "shape: [html]\n", "line 3", "unknown key"),
        (ONE + "parameters: {retention: {churn_day: 30}}\n", "line 3", '(did you mean "churn_days"?)'),
        (
            ONE + "parameters: {retention: {churn_days: soon}}\n",
            "line 3",
            'a whole number is needed here, not "soon"',
        ),
        (
            ONE + "parameters: {retention: {churn_days: true}}\n",
            "line 3",
            "a whole number is needed here, not true",
        ),
        (ONE + "parameters: {retention: {churn_days: 0}}\n", "line 3", "the smallest value is 1"),
        (ONE + "parameters: {retention: {segment_type: tiers}}\n", "line 3", '(did you mean "tier"?)'),
        (ONE + "parameters: {retention: {organisation: bolt}}\n", "line 3", "cannot be set here"),
        (ONE + "parameters: {retension: {}}\n", "line 3", '(did you mean "retention"?)'),
        (
            ONE + "parameters:\n  retention:\n    shares: {a: 0.5, b: 0.45}\n",
            "line 5",
            "add up to 0.95, 0.05 too little",
        ),
        (ONE + "rules: {rfm_segments: x.yml}\n", "line 3", "unknown key"),
        (
            "organisations:\n  - {id: no, source: {path: d}, currency: EURO}\n",
            "line 2",
            '(did you mean "EUR"?)',
        ),
        ("organisations:\n  - {id: acme, source: {path: d}, locale: xx_YY}\n", "line 2", "is no locale"),
        (
            "organisations:\n  - {id: acme, source: {path: d}, rules: {rfm: x}}\n",
            "line 2",
            "there are rfm_segments",
        ),
        ("organisations:\n  - {id: 12, source: {path: d}}\n", "line 2", "a text is needed here, not 12"),
        ("organisations:\n  - {id: Acme, source: {path: d}}\n", "line 2", "small letters"),
        (
            "organisations:\n  - {id: acme, source: {path: d}, fiscal_year_start: 13}\n",
            "line 2",
            "12, not 13",
        ),
        ("a: &x [*x]\n", "line 1", "an anchor refers to itself"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "line 2", "merge keys"),
        ("a: !!binary x\n", "line 1", "is not supported"),
        ("? [a]\n: 1\n", "line 1", "a key must be a text"),
    ],
)
def test_each_fault_has_its_place_and_its_remedy(refusal, text, where, what):
    said = refusal(text)
    assert what in said
    assert where in said
    assert "params.yml" in said


def test_a_missing_file_is_named_with_its_nearest_neighbour(tmp_path, notebooks):
    write_params(tmp_path, ONE, "demo.yml")
    with pytest.raises(ParamsError, match=r'there is no file .*dmeo\.yml \(did you mean "demo\.yml"\?\)'):
        load_workbook(tmp_path / "dmeo.yml", notebooks=notebooks)


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(tmp_path, notebooks):
    path = tmp_path / "latin.yml"
    path.write_bytes(b"organisations:\n  - {id: caf, name: caf\xe9}\n")
    with pytest.raises(ParamsError, match=r"latin\.yml, line 2: not UTF-8"):
        load_workbook(path, notebooks=notebooks)


def test_a_folder_is_all_its_files_each_with_its_own_settings(tmp_path, notebooks):
    folder = tmp_path / "params"
    write_params(folder, "timeframes: [2025]\njobs: 3\n" + ONE, "a.yml")
    write_params(folder, "timeframes: [2026]\norganisations: [{id: bolt, source: {path: ../b}}]\n", "b.yaml")
    write_params(folder / "rules", "not: [params", "rfm.yml")
    workbook = load_workbook(folder, notebooks=notebooks)
    assert [(o.id, o.timeframes) for o in workbook.organisations] == [
        ("acme", ("2025",)),
        ("bolt", ("2026",)),
    ]
    assert workbook.jobs == 3


def test_faults_of_several_files_are_said_together(tmp_path, notebooks):
    folder = tmp_path / "params"
    write_params(folder, ONE + "jobs: x\n", "a.yml")
    write_params(folder, ONE + "page_rows: y\n", "b.yml")
    with pytest.raises(ParamsError) as caught:
        load_workbook(folder, notebooks=notebooks)
    assert re.findall(r"(\w\.yml), line (\d)", str(caught.value).replace("first in", "")) == [
        ("a.yml", "3"), ("b.yml", "2"), ("a.yml", "2"), ("b.yml", "3"),
    ]  # fmt: skip


def test_an_empty_folder_is_refused(tmp_path, notebooks):
    with pytest.raises(ParamsError, match=r"holds no \.yml file"):
        load_workbook(tmp_path, notebooks=notebooks)


# The dialect ---------------------------------------------------------------------------------------------


def test_only_true_and_false_are_truth_values(tmp_path):
    text = "a: no\nb: on\nc: true\nd: 1:30\ne: 2026-10-01\nf: 0x10\ng: 1_000\nh: 1.5\ni: 7\nj:\n"
    path = write_params(tmp_path, text)
    assert read_document(path).data == {
        "a": "no", "b": "on", "c": True, "d": "1:30", "e": "2026-10-01", "f": "0x10", "g": "1_000", "h": 1.5,
        "i": 7, "j": None,
    }  # fmt: skip


# The environment -----------------------------------------------------------------------------------------


def test_values_come_from_the_environment_with_a_default(tmp_path):
    path = write_params(tmp_path, "a: ${HERE}/x\nb: ${GONE:-./y}\nc: ${HERE}-${HERE}\nd: $HERE\n")
    document = read_document(path, environment={"HERE": "/data"})
    assert document.data == {"a": "/data/x", "b": "./y", "c": "/data-/data", "d": "$HERE"}


def test_a_missing_variable_is_named_and_never_its_neighbour_s_value(tmp_path):
    path = write_params(tmp_path, "a: ${DATABASE_URI}\n")
    with pytest.raises(ParamsError) as caught:
        read_document(path, environment={"DATABASE_URL": "postgresql://me:hunter2@db"})
    assert 'no variable DATABASE_URI (did you mean "DATABASE_URL"?)' in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", ["kind: '${SECRET}'", "path: x, url: 'x${SECRET}'", "kind: postgres, url: ['${SECRET}']"]
)
def test_a_secret_is_in_no_message_and_no_repr(load, refusal, monkeypatch, wrong):
    monkeypatch.setenv("SECRET", "hunter2")
    said = refusal(f"organisations:\n  - {{id: acme, source: {{{wrong}}}}}\n")
    assert "hunter2" not in said
    assert "YAML" not in said
    good = load(
        "organisations:\n  - {id: acme, source: {kind: postgres, url: 'postgresql://me:${SECRET}@db/x'}}\n"
    )
    assert "hunter2" not in repr(good)
    assert "hunter2" not in str(good.model_dump())
    assert "hunter2" in good.organisations[0].source.url.get_secret_value()


def test_a_url_written_into_the_file_is_not_quoted_either(refusal):
    assert "hunter2" not in refusal(
        "organisations:\n  - {id: acme, source: {kind: postgres, url: {x: hunter2}}}\n"
        "  - {id: acme, source: {kind: folder, url: 'postgresql://me:hunter2@db/x'}}\n"
    )


def test_a_parameter_cannot_come_from_the_environment(refusal, monkeypatch):
    monkeypatch.setenv("SECRET", "tier")
    said = refusal(ONE + "parameters: {retention: {segment_type: '${SECRET}'}}\n")
    assert "cannot come from the environment" in said


# Looking one organisation up -----------------------------------------------------------------------------


def test_an_organisation_is_found_in_the_file_that_the_batch_names(tmp_path, monkeypatch):
    path = write_params(tmp_path, ONE)
    monkeypatch.setenv("WORKBOOK_PARAMS", str(path))
    assert find_organisation("acme").source.path == tmp_path / "data"
    with pytest.raises(
        ParamsError, match=r'no organisation "amce" \(did you mean "acme"\?\); there are acme'
    ):
        find_organisation("amce")


def test_a_fault_in_another_file_does_not_hide_an_organisation(tmp_path):
    write_params(tmp_path, ONE, "a.yml")
    write_params(tmp_path, "organisations: [{id: bolt, source: {path: '${NOWHERE_TO_BE_FOUND}'}}]\n", "b.yml")
    assert find_organisation("acme", tmp_path).id == "acme"
    with pytest.raises(ParamsError, match="NOWHERE_TO_BE_FOUND"):
        find_organisation("bolt", tmp_path)


# Shares --------------------------------------------------------------------------------------------------


class Costs(ParamsModel):
    """A model with shares, as params of a report may have them."""

    shares: Shares


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("shares: {a: 0.5, b: 0.15, c: 0.10, d: 0.2, e: 0.04}", "add up to 0.99, 0.01 too little"),
        ("shares: {a: 0.7, b: 0.4}", "add up to 1.1, 0.1 too much"),
        ("shares: {a: 1.5, b: -0.5}", "the share of a, b is not between 0 and 1"),
        ("shares: {}", "add up to 0, 1 too little"),
    ],
)
def test_shares_must_add_up_to_one(tmp_path, text, what):
    with pytest.raises(ParamsError, match=re.escape(what)):
        validated(Costs, read_document(write_params(tmp_path, text)))


def test_shares_are_added_as_they_are_written(tmp_path):
    text = "shares: {a: 0.7, b: 0.1, c: 0.1, d: 0.1}"  # in binary floating point: 0.9999999999999999
    assert validated(Costs, read_document(write_params(tmp_path, text))).shares["a"] == 0.7
