"""Jobs: organisation × timeframe × notebook, in order of need, on paths that cannot escape."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath

import pytest

from analytics.errors import ParamsError
from analytics.params import expand, load_workbook, read_card
from analytics.timeframe import parse_timeframe
from tests.reporting.tiny import PARAMETERS, write_notebook, write_params

TWO = """
timeframes: [2026-Q3, 2026-Q1, 2026-01-01..2026-03-31]
organisations:
  - {id: acme, source: {path: data}}
  - {id: bolt, source: {path: data}, timeframes: [last-month], as_of: 2026-05-15}
"""


@pytest.fixture
def notebooks(tmp_path):
    return tmp_path / "notebooks"


@pytest.fixture
def jobs(tmp_path, notebooks):
    def call(text=TWO, **choice):
        workbook = load_workbook(write_params(tmp_path, text), notebooks=notebooks)
        return expand(workbook, folder=notebooks, **choice)

    return call


def triples(jobs):
    return [(job.organisation.id, job.timeframe, job.card.name) for job in jobs]


def test_what_provides_runs_for_all_timeframes_before_what_needs_it_earliest_first(jobs, notebooks):
    write_notebook(notebooks, "a_roi", workbook={"needs": ["predictions"]})
    write_notebook(notebooks, "b_training", workbook={"provides": ["predictions"]})
    write_notebook(notebooks, "c_other")
    made = jobs(organisations=["acme"])
    quarters = ["2026-01-01..2026-03-31", "2026-Q1", "2026-Q3"]
    assert triples(made) == [
        ("acme", q, name) for name in ("b_training", "a_roi", "c_other") for q in quarters
    ]
    assert [job.after for job in made] == [(), (0,), (1,)] + [(0, 1, 2)] * 3 + [()] * 3


def test_what_reads_a_table_that_another_provides_waits_for_it_and_brings_nothing(jobs, notebooks):
    """Else the page on the data would show the predictions of this run or not, as workers happen to be."""
    write_notebook(notebooks, "a_quality", workbook={"optional_tables": ["sales", "predictions"]})
    write_notebook(notebooks, "b_other", workbook={"optional_tables": ["sales"]})
    write_notebook(notebooks, "c_training", workbook={"provides": ["predictions"], "tables": ["predictions"]})
    made = jobs(organisations=["bolt"])
    assert [job.card.name for job in made] == ["c_training", "a_quality", "b_other"]
    assert [job.after for job in made] == [(), (0,), ()]
    asked_for = {"organisations": ["bolt"], "notebooks": ["a_quality"], "lacking": lambda *_: {"last-month"}}
    assert [(job.card.name, job.after) for job in jobs(**asked_for)] == [("a_quality", ())]


def test_an_organisation_waits_for_its_own_providers_only(jobs, notebooks):
    write_notebook(notebooks, "roi", workbook={"needs": ["predictions"]})
    write_notebook(notebooks, "training", workbook={"provides": ["predictions"]})
    last = jobs()[-1]
    assert (last.organisation.id, last.card.name, last.after) == ("bolt", "roi", (6,))


def test_what_reads_reports_waits_for_those_of_its_own_organisation_and_timeframe(jobs, notebooks):
    write_notebook(notebooks, "a_board", workbook={"reports": ["b_clv", "c_roi", "absent"]})
    for name in ("b_clv", "c_roi", "d_other"):
        write_notebook(notebooks, name)
    made = jobs()
    names = [(job.organisation.id, job.timeframe, job.card.name) for job in made]
    boards = [n for n, job in enumerate(made) if job.card.name == "a_board"]
    assert len(boards) == 4
    for n in boards:
        assert [names[other] for other in made[n].after] == [
            (*names[n][:2], "b_clv"),
            (*names[n][:2], "c_roi"),
        ]
        assert max(made[n].after) < n


def test_reports_that_are_read_are_not_added_to_a_run(jobs, notebooks):
    write_notebook(notebooks, "board", workbook={"reports": ["clv"]})
    write_notebook(notebooks, "clv")
    made = jobs(organisations=["bolt"], notebooks=["board"])
    assert [(job.card.name, job.after) for job in made] == [("board", ())]


def test_reports_that_read_each_other_are_refused(jobs, notebooks):
    write_notebook(notebooks, "board", workbook={"reports": ["other"]})
    write_notebook(notebooks, "other", workbook={"reports": ["board"]})
    with pytest.raises(ParamsError, match="in a circle: board → other → board"):
        jobs()


def test_a_provider_that_is_not_asked_for_is_not_waited_for(jobs, notebooks):
    write_notebook(notebooks, "roi", workbook={"needs": ["predictions"]})
    write_notebook(notebooks, "training", workbook={"provides": ["predictions"]})
    assert triples(jobs(notebooks=["roi"], organisations=["bolt"])) == [("bolt", "last-month", "roi")]


def test_a_need_that_nothing_provides_is_refused(jobs, notebooks):
    write_notebook(notebooks, "roi", workbook={"needs": ["predictoins"]})
    write_notebook(notebooks, "training", workbook={"provides": ["predictions"]})
    with pytest.raises(ParamsError, match=r'roi\.ipynb needs "predictoins", which no notebook provides'):
        jobs()


def test_needs_in_a_circle_are_refused(jobs, notebooks):
    write_notebook(notebooks, "a", workbook={"needs": ["z"], "provides": ["x"]})
    write_notebook(notebooks, "b", workbook={"needs": ["x"], "provides": ["y"]})
    write_notebook(notebooks, "c", workbook={"needs": ["y"], "provides": ["z"]})
    with pytest.raises(ParamsError, match="in a circle: a → c → b → a"):
        jobs()


def test_the_notebook_is_given_its_organisation_timeframe_and_parameters(jobs, notebooks):
    write_notebook(notebooks, "stay", parameters=PARAMETERS + "days: int = 90  # d\n")
    text = TWO + "parameters: {stay: {days: 30}}\n"
    job = jobs(text, organisations=["bolt"])[0]
    assert job.parameters == {
        "organisation": "bolt",
        "timeframe": "last-month",
        "as_of": "2026-05-15",
        "days": 30,
    }


def test_a_notebook_without_organisation_or_timeframe_cannot_be_run(jobs, notebooks):
    write_notebook(notebooks, "stay", parameters='organisation: str = "a"  # id\n')
    with pytest.raises(ParamsError, match="must declare organisation and timeframe"):
        jobs()


def test_a_notebook_without_a_timeframe_in_params_runs_on_its_default(jobs, notebooks):
    write_notebook(notebooks, "stay", workbook={"default_timeframe": "last-12-months"})
    assert triples(jobs("organisations: [{id: acme, source: {path: d}}]")) == [
        ("acme", "last-12-months", "stay")
    ]


def test_a_timeframe_written_twice_is_run_once_in_a_folder_that_is_a_plain_name(jobs, notebooks):
    write_notebook(notebooks, "stay")
    made = jobs(timeframes=["2026-q3", "2026-Q3", "2026-01-01..2026-03-31"], organisations=["acme"])
    assert [job.slug for job in made] == ["2026-01-01_2026-03-31", "2026-Q3"]
    assert all(len(PurePosixPath(job.slug).parts) == 1 and ".." not in job.slug for job in made)


@pytest.mark.parametrize(
    ("choice", "what"),
    [
        ({"organisations": ["amce"]}, 'no organisation "amce" (did you mean "acme"?); there are acme, bolt'),
        ({"organisations": ["../x"]}, 'no organisation "../x"'),
        ({"timeframes": ["last-moth"]}, '(did you mean "last-month"?)'),
        ({"timeframes": ["../x"]}, 'timeframe "../x" is not known'),
        ({"notebooks": ["sty"]}, 'no notebook "sty" (did you mean "stay"?); there are stay'),
        ({"notebooks": ["../stay"]}, 'no notebook "../stay"'),
    ],
)
def test_a_name_that_does_not_exist_is_refused_with_the_nearest(jobs, notebooks, choice, what):
    write_notebook(notebooks, "stay")
    with pytest.raises(ParamsError) as caught:
        jobs(**choice)
    assert what in str(caught.value)


# What a notebook says of itself ---------------------------------------------------------------------------


def test_a_card_holds_title_question_parameters_and_needs(notebooks):
    declared = PARAMETERS + (
        "days: int = 90  # days without a purchase\nrate: float = 0.5  # r\nkind: str | None = None  # k\n"
        "wide: bool = False  # or not\nbounds: list = [1, 2]  # money\n"
    )
    said = {
        "tables": ["sales"],
        "optional_tables": ["accounts"],
        "blocks": {"summary": ["sales"]},
        "needs": ["x"],
    }
    write_notebook(notebooks, "stay", parameters=declared, workbook=said)
    card = read_card("stay", notebooks)
    assert (card.name, card.title, card.question) == ("stay", "Stay", "What happens?")
    assert (card.required, card.optional, card.tables) == (("sales",), ("accounts",), ("sales", "accounts"))
    assert (card.blocks, card.needs) == ({"summary": ("sales",)}, ("x",))
    kinds = {name: (p.kind, p.optional, p.default) for name, p in card.parameters.items()}
    assert kinds["days"] == ("int", False, 90)
    assert kinds["kind"] == ("str", True, None)
    assert kinds["bounds"] == ("list", False, [1, 2])
    assert card.parameters["days"].help == "days without a purchase"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("days", 30, ""),
        ("days", 30.5, "a whole number is needed"),
        ("days", True, "a whole number is needed here, not true"),
        ("rate", 1, ""),
        ("rate", "1", "a number is needed"),
        ("rate", float("nan"), "not allowed"),
        ("rate", 1.5, "the greatest value is 1"),
        ("wide", "yes", 'true or false is needed here, not "yes"'),
        ("wide", 1, "true or false is needed here, not 1"),
        ("kind", None, ""),
        ("kind", 5, "a text is needed"),
        ("days", None, "a whole number is needed here, not nothing"),
        ("shares", [0.5, 0.5], ""),
        ("shares", [0.5, 0.6], "add up to 1.1, 0.1 too much"),
        ("shares", [0.5, "0.5"], "every share must be a number"),
        ("dyas", 1, '(did you mean "days"?)'),
    ],
)
def test_a_value_is_held_against_the_declaration(notebooks, name, value, what):
    declared = PARAMETERS + (
        "days: int = 90  # d\nrate: float = 0.5  # r\nkind: str | None = None  # k\nwide: bool = False  # w\n"
        "shares: list = [1]  # s\n"
    )
    limits = {"rate": {"min": 0, "max": 1}, "shares": {"adds_up_to": 1}}
    write_notebook(notebooks, "stay", parameters=declared, workbook={"parameters": limits})
    said = read_card("stay", notebooks).fault(name, value)
    assert what in said
    assert bool(said) == bool(what)


@pytest.mark.parametrize(
    ("parameters", "workbook", "what"),
    [
        ("x: int = ", None, "is not Python"),
        ("x: int = f()", None, "is not a plain value"),
        ("x: set = {1}", None, "the type of x is none of"),
        ("import os", None, "line 1 of the parameters cell"),
        ("x: int = 1", {"parameters": {"y": {"min": 1}}}, "limit a parameter y that it does not declare"),
        ("x: int = 1", {"parameters": {"x": {"least": 1}}}, "unknown limit least"),
    ],
)
def test_a_card_that_cannot_be_read_is_refused(notebooks, parameters, workbook, what):
    write_notebook(notebooks, "stay", parameters=parameters, workbook=workbook)
    with pytest.raises(ParamsError, match=what):
        read_card("stay", notebooks)


def test_a_file_that_is_no_notebook_is_refused(notebooks):
    notebooks.mkdir()
    (notebooks / "stay.ipynb").write_text("<html>")
    with pytest.raises(ParamsError, match=r"stay\.ipynb is not a notebook"):
        read_card("stay", notebooks)


def test_relative_timeframes_are_put_in_order_against_the_day_of_the_run(jobs, notebooks):
    write_notebook(notebooks, "stay")
    made = jobs(timeframes=["2026-Q3", "last-month"], organisations=["acme"], today=date(2026, 2, 10))
    assert [job.timeframe for job in made] == ["last-month", "2026-Q3"]


RELATIVE = ["this-month", "last-month", "last-quarter", "last-12-months", "last-year", "last-30-days"]


@pytest.mark.parametrize("month", range(1, 13))
def test_without_the_day_of_the_run_relative_timeframes_are_in_the_order_of_every_day(jobs, notebooks, month):
    """A forecast of October must be there before November is held against it, in the first run as well."""
    write_notebook(notebooks, "stay")
    made = [job.timeframe for job in jobs(timeframes=RELATIVE, organisations=["acme"])]
    for day in (1, 15, 28):
        seen = [parse_timeframe(text, as_of=date(2026, month, day)).reference_date for text in made]
        assert seen == sorted(seen)


# What is needed and not there -----------------------------------------------------------------------------


@pytest.fixture
def two(notebooks):
    write_notebook(notebooks, "roi", workbook={"needs": ["predictions"]})
    write_notebook(notebooks, "training", workbook={"provides": ["predictions"]})


@pytest.mark.usefixtures("two")
class TestProvidersThatNobodyAskedFor:
    def test_are_added_in_front_for_the_timeframes_that_have_nothing(self, jobs):
        asked = []

        def lacking(organisation, need, timeframes):
            asked.append((organisation.id, need, list(timeframes)))
            return ["2026-Q3"]

        made = jobs(organisations=["acme"], notebooks=["roi"], lacking=lacking)
        quarters = ["2026-01-01..2026-03-31", "2026-Q1", "2026-Q3"]
        assert asked == [("acme", "predictions", quarters)]
        assert triples(made) == [("acme", "2026-Q3", "training")] + [("acme", q, "roi") for q in quarters]
        assert [job.after for job in made] == [(), (0,), (0,), (0,)]
        assert [job.added_for for job in made] == ["roi needs predictions", "", "", ""]

    def test_are_left_out_where_nothing_is_lacking(self, jobs):
        made = jobs(organisations=["acme"], notebooks=["roi"], lacking=lambda *_: [])
        assert {job.card.name for job in made} == {"roi"}

    def test_are_not_asked_after_where_they_are_part_of_the_run(self, jobs):
        made = jobs(organisations=["acme"], lacking=lambda *_: pytest.fail("nobody needs to know"))
        assert {job.added_for for job in made} == {""}

    def test_are_added_for_each_organisation_on_its_own(self, jobs):
        made = jobs(notebooks=["roi"], lacking=lambda *_: ["last-month"])
        assert [job.organisation.id for job in made if job.card.name == "training"] == ["bolt"]
        assert made[-1].after == (len(made) - 2,)

    def test_bring_what_they_need_themselves(self, jobs, notebooks):
        write_notebook(notebooks, "training", workbook={"provides": ["predictions"], "needs": ["labels"]})
        write_notebook(notebooks, "labelling", workbook={"provides": ["labels"]})
        made = jobs(organisations=["bolt"], notebooks=["roi"], lacking=lambda *_: ["last-month"])
        assert [(job.card.name, job.added_for) for job in made] == [
            ("labelling", "training needs labels"),
            ("training", "roi needs predictions"),
            ("roi", ""),
        ]

    def test_two_reports_that_need_the_same_bring_it_once(self, jobs, notebooks):
        write_notebook(notebooks, "value", workbook={"needs": ["predictions"]})
        made = jobs(organisations=["bolt"], notebooks=["roi", "value"], lacking=lambda *_: ["last-month"])
        assert [job.card.name for job in made] == ["training", "roi", "value"]


@pytest.mark.usefixtures("two")
def test_jobs_of_a_provider_run_one_after_another_and_those_that_need_it_at_once(jobs):
    made = jobs()
    assert [(job.organisation.id, job.card.name, job.after) for job in made] == [
        ("acme", "training", ()),
        ("acme", "training", (0,)),
        ("acme", "training", (1,)),
        *[("acme", "roi", (0, 1, 2))] * 3,
        ("bolt", "training", ()),
        ("bolt", "roi", (6,)),
    ]
