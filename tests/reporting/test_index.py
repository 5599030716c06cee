"""The index of a run: counts in a sentence, what needs a look, and a link to every page that stands."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reporting import grouping
from analytics.reporting.manifest import HeadlineFigure, ReportName, ReportResult
from analytics.reporting.standing import Tally
from tests.page.hostile import PAYLOADS, read, values_of
from tests.reporting.indexed import (
    NOTEBOOKS,
    STARTED,
    links,
    put,
    record,
    render_index,
    render_organisation_index,
    result,
    run,
    text,
)


class TestSentence:
    def test_counts_reports_by_state(self):
        made = record(
            result(),
            result("bolt"),
            result("bolt", notebook="clv", state="warning"),
            result(notebook="clv", state="no data"),
            result("bolt", "all", state="failed"),
        )
        said = (
            "5 reports for two organisations, made on 20 November 2026. "
            "2 are ready, 1 is ready with a warning, 1 has no data and 1 failed."
        )
        assert said in text(render_index(made))

    def test_says_all_where_all_are_alike(self):
        assert "12 reports for two organisations, made on 20 November 2026. All are ready." in text(
            render_index(run())
        )

    def test_of_one_report_counts_one(self):
        assert "1 report, made on 20 November 2026. 1 is ready." in text(render_index(record(result())))

    def test_of_none_says_so(self):
        assert "0 reports. Nothing stands here yet." in text(render_index(record()))

    def test_says_what_a_stopped_run_did_not_reach(self):
        page = render_index(record(result(), not_run=("acme/all/clv.html",) * 3))
        assert "The last run was stopped before 3 more were tried." in text(page)


class TestNeedsALook:
    def test_lists_failures_before_warnings_and_leaves_out_the_rest(self):
        made = record(
            result(state="warning", reason="3.1% of rows were left out"),
            result("bolt", state="failed", reason="cell 4 of 11: no amount"),
            result("bolt", "all", "clv", state="no data", reason="no table accounts"),
        )
        todo = re.search(r'<section class="todo">.*?</section>', render_index(made))[0]
        assert re.findall(r'<a href="[^"]*">([^<]*)</a>', todo) == [
            "Retention: cell 4 of 11: no amount",
            "Retention: 3.1% of rows were left out",
        ]
        assert links(todo) == ["bolt/2026-Q3/retention.html", "acme/2026-Q3/retention.html"]

    def test_says_the_same_trouble_once(self):
        frames = ("2026-Q3", "2026", "all")
        page = render_index(
            record(*(result(timeframe=t, state="warning", reason="few rows") for t in frames))
        )
        todo = re.search(r'<section class="todo">.*?</section>', page)[0]
        assert todo.count("<li>") == 1
        assert "Acme &amp; Co, three timeframes" in todo

    def test_is_left_out_where_nothing_does(self):
        assert "Needs a look" not in render_index(run())

    def test_stays_a_list_one_can_read(self):
        many = record(*(result(f"o{i}", state="failed", reason=f"cell {i} of 99") for i in range(50)))
        page = render_index(many)
        assert re.search(r'<section class="todo">.*?</section>', page)[0].count("<li>") == 20
        assert '<p><a href="_index/failures.html">All 50 failures</a></p>' in page

    def test_says_once_what_befell_many_organisations_and_lists_them_on_a_page(self, tmp_path):
        put(tmp_path, record(*(result(f"o{i}", state="failed", reason="no source") for i in range(5))))
        todo = re.search(r'<section class="todo">.*?</section>', (tmp_path / "index.html").read_text())[0]
        assert "O0 &amp; Co, 2026-Q3 and 4 more organisations" in todo
        assert set(links(todo)) == {"_index/failures.html"}
        assert "All 5 failures</a>" in todo
        listed = (tmp_path / "_index/failures.html").read_text()
        assert {f"../o{i}/2026-Q3/retention.html" for i in range(5)} < set(links(listed))
        assert "5 failures. What has one cause" in text(listed)

    def test_says_first_what_befell_most_then_goes_by_name(self):
        alone = [result("abel", state="failed", reason="one"), result("zoe", state="failed", reason="two")]
        many = [result(f"o{i}", state="failed", reason="no source") for i in range(5)]
        many += [result(f"p{i}", state="failed", reason="time limit") for i in range(6)]
        warned = [result(f"w{i}", state="warning", reason="few rows") for i in range(7)]
        todo = re.search(r'<section class="todo">.*?</section>', render_index(record(*alone, *many, *warned)))
        said = re.findall(r"<span>(\w+) &amp; Co", todo[0])
        assert said == ["P0", "O0", "Abel", "Zoe", "W0"]

    def test_cuts_a_long_reason_at_a_word(self):
        page = render_index(record(result(state="failed", reason="word " * 60)))
        assert "word word…</a>" in page


class TestTable:
    def test_links_the_headline_figure_to_its_page(self):
        page = render_index(record(result()))
        assert (
            '<a href="acme/2026-Q3/retention.html" aria-label="43.7%: Retention, 2026-Q3"><b>43.7%</b></a>'
            in page
        )
        assert '<span class="change">+5.8 pts</span>' in page

    def test_says_state_in_words_and_is_silent_where_all_is_well(self):
        page = render_index(
            record(
                result(),
                result(notebook="clv", state="failed"),
                result(notebook="segmentation", state="no data"),
            )
        )
        assert '<span class="state failed">failed</span>' in page
        assert ">Why it failed</a>" in page
        assert ">What is missing</a>" in page
        assert '<span class="state ready">' not in page

    def test_leaves_a_gap_where_a_report_was_not_asked_for(self):
        page = render_index(record(result(), result(timeframe="all", notebook="clv")))
        assert re.search(r'<td class="t t-all" data-t="all"></td>', page)

    @pytest.mark.parametrize("count", [1, 2, 3, 6])
    def test_has_a_column_for_each_timeframe(self, count):
        frames = tuple(f"2026-{i:02}" for i in range(1, count + 1))
        page = render_index(run(timeframes=frames))
        assert page.count('<th scope="col" class="t t-') == 2 * count
        assert page.count('<td class="t t-') == 2 * 3 * count
        assert ('<table class="ix many">' in page) == (count > 2)


def test_an_organisation_is_summed_up_by_two_figures_of_the_timeframe_that_was_made_last(tmp_path):
    old = [result(timeframe="2026-Q2", notebook=n, figure=HeadlineFigure("Old", "1", "")) for n in NOTEBOOKS]
    put(tmp_path, record(*old))
    later = STARTED + timedelta(days=1)
    new = [replace(result(notebook=n), made=later) for n in NOTEBOOKS]
    put(tmp_path, record(*new, started=later))
    summed = re.search(r'<p class="fig">(.*?)</p>', (tmp_path / "index.html").read_text())[1]
    assert summed == "2026-Q3: " + "; ".join(["Customers who stayed <b>43.7%</b>"] * 2)


class TestFilter:
    def test_needs_no_script_and_its_rules_meet_something(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        for rule in re.findall(r"body:has\(#([\w-]+)", page):
            assert f'id="{rule}"' in page
        for name in re.findall(r'option\[value="([\w-]+)"\]', page):
            assert f'<option value="{name}">' in page
            assert f'data-o="{name}"' in page
        assert "<script" not in page

    def test_hides_other_organisations(self):
        page = render_index(run())
        hidden = 'body:has(#o option[value="bolt"]:checked) .org:not([data-o="bolt"]){display:none}'
        assert hidden in page

    def test_hides_rows_of_other_states_in_other_timeframes(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        assert 'class="r-failed r-failed-all r-all"' in page
        assert "body:has(#s-failed:checked):has(#f-1:checked) .ix tbody tr:not(.r-failed-all)" in page

    def test_offers_only_choices_that_exist(self):
        page = render_index(record(result(), result("bolt", "all", state="failed")))
        assert "Failed 1" in page
        assert "Warnings" not in page
        assert 'class="filter"' not in render_index(record(result()))


class TestLinks:
    def test_from_the_index_of_all_lead_to_every_page_and_every_organisation(self):
        made = run()
        expected = {str(r.report.page) for r in made.results} | {
            "acme/index.html",
            "bolt/index.html",
            "run.json",
            "_history/2026-11.html",
        }
        assert set(links(render_index(made))) == expected

    def test_from_the_index_of_one_lead_to_its_pages_and_back(self):
        made = run()
        found = {
            PurePosixPath("acme") / address for address in links(render_organisation_index(made, "acme"))
        }
        own = {r.report.page for r in made.results if r.report.organisation == "acme"}
        assert found == own | {PurePosixPath("acme/../index.html")}

    def test_of_one_organisation_name_no_other(self):
        page = render_organisation_index(run(), "acme")
        assert "Acme &amp; Co" in page
        assert "olt" not in text(page)
        assert "bolt" not in page


def test_counts_of_the_front_page_take_in_timeframes_that_are_not_shown_there(tmp_path):
    put(tmp_path, run(("acme",), tuple(f"2026-{month:02}" for month in range(1, 12))))
    front = (tmp_path / "index.html").read_text()
    assert "33 reports, made" in text(front)
    assert "with five more timeframes" in text(front)
    assert "2026-11" in front
    assert len(set(links(front)) & {f"acme/2026-01/{name}.html" for name in NOTEBOOKS}) == 0
    own = (tmp_path / "acme/index.html").read_text()
    assert {f"2026-{month:02}/clv.html" for month in range(1, 12)} <= set(links(own))


def test_few_reports_stand_open_and_many_are_folded():
    assert re.search(r'id="acme"[^>]* open>', render_index(run()))
    assert " open>" not in render_index(run(tuple(f"o{i}" for i in range(30))))


def test_index_allows_nothing_from_elsewhere():
    assert values_of(read(render_index(run())), "content", "meta")[1].startswith("default-src 'none'")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_from_params_are_words_on_every_page(payload, tmp_path):
    odd = result(state="failed", reason=payload)
    named = {"organisation_name": payload, "timeframe": payload, "title": payload, "question": ""}
    report = ReportName(organisation="acme", slug="2026-Q3", notebook="clv", **named)
    put(tmp_path, record(ReportResult(**{**{f: getattr(odd, f) for f in odd.__slots__}, "report": report})))
    for page in [*tmp_path.glob("*.html"), *tmp_path.glob("acme/*.html"), *tmp_path.glob("_*/*.html")]:
        assert not read(page.read_text()).running


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    out = tmp_path_factory.mktemp("many")
    names = [f"{letter}{i}" for letter in "abcd" for i in range(14)] + [f"e{i}" for i in range(40)]
    put(out, record(*(result(name, state="failed" if name == "c3" else "ready") for name in names)))
    return out


def test_names_are_in_the_order_in_which_readers_look_for_them():
    names = ["bolt", "\u00c4ther", "Aldgate", "\u00c9clair", "zoe", "Dent"]
    ordered = grouping.in_order([Tally(id=str(i), name=name) for i, name in enumerate(names)])
    assert [one.name for one in ordered] == ["Aldgate", "\u00c4ther", "bolt", "Dent", "\u00c9clair", "zoe"]


@pytest.mark.parametrize(("second", "pages"), [(10, [30]), (11, [20, 11]), (35, [20, 30, 5])])
def test_a_letter_goes_on_the_page_of_the_one_before_where_both_fit(second, pages):
    names = [f"a{i}" for i in range(20)] + [f"b{i}" for i in range(second)]
    groups = grouping.groups_of([Tally(id=name, name=name) for name in names])
    assert [len(group.members) for group in groups] == pages


@given(st.lists(st.sampled_from("abcde\u00e4"), max_size=120))
def test_law_every_organisation_stands_on_one_page_of_at_most_thirty(letters):
    tallies = grouping.in_order([Tally(id=str(i), name=f"{x}{i}") for i, x in enumerate(letters)])
    groups = grouping.groups_of(tallies)
    assert [each for group in groups for each in group.members] == [one.id for one in tallies]
    assert all(0 < len(group.members) <= 30 for group in groups)


class TestManyOrganisations:
    def test_stand_at_most_thirty_on_a_page_and_letters_stay_together(self, many):
        groups = sorted(path.name for path in many.glob("_index/*.html"))
        assert groups == ["1.html", "2.html", "3.html", "4.html"]
        found = [
            re.findall(r'data-o="(\w+)"><summary>', (many / "_index" / name).read_text()) for name in groups
        ]
        assert [len(names) for names in found] == [28, 28, 30, 10]
        assert [{name[0] for name in names} for names in found] == [{"a", "b"}, {"c", "d"}, {"e"}, {"e"}]

    def test_are_all_reached_from_the_front_page(self, many):
        front = links((many / "index.html").read_text())
        assert len([link for link in front if re.fullmatch(r"\w+/index.html", link)]) == 96
        assert "9 organisations" not in front

    def test_have_links_that_lead_to_files(self, many):
        (many / "run.json").touch()
        for page in [many / "index.html", *many.glob("_*/*.html"), many / "c3/index.html"]:
            for link in links(page.read_text()):
                assert (page.parent / link).exists(), f"{page.name}: {link}"

    def test_are_drawn_again_only_where_they_changed(self, many):
        before = {path: path.stat().st_ino for path in many.rglob("*.html")}
        put(many, record(result("a1", state="warning", reason="few rows")))
        new = {str(path.relative_to(many)) for path, inode in before.items() if path.stat().st_ino != inode}
        drawn = {"index.html", "a1/index.html", "_index/1.html", "_history/2026-11.html"}
        assert {name for name in new if "kept" not in name} == drawn | {"a1/2026-Q3/retention.html"} & new
