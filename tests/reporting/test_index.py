"""The index: counts in a sentence, what needs a look, and a link to every page that stands, run after run."""

import re
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.reporting import grouping, index, records
from analytics.reporting.manifest import HeadlineFigure, ReportName, ReportResult, RunRecord
from analytics.reporting.standing import Tally
from tests.page.hostile import PAYLOADS, read, values_of

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


class TestWhatStands:
    def test_of_an_earlier_run_stays(self, tmp_path):
        put(tmp_path, run())
        put(tmp_path, record(result("bolt", state="failed", reason="no source")))
        said = text((tmp_path / "index.html").read_text())
        assert (
            "12 reports for two organisations, made on 20 November 2026. 11 are ready and 1 failed." in said
        )

    def test_is_said_with_the_days_of_its_making(self, tmp_path):
        put(tmp_path, run())
        later = record(started=STARTED + timedelta(days=20))
        again = ReportResult(report=result().report, state="ready", files=("a",), made=later.started)
        put(tmp_path, record(again, started=later.started))
        assert "made from 20 November to 10 December 2026" in text((tmp_path / "index.html").read_text())

    def test_goes_with_its_folder(self, tmp_path):
        put(tmp_path, run())
        shutil.rmtree(tmp_path / "bolt")
        put(tmp_path, record())
        assert "6 reports, made" in text((tmp_path / "index.html").read_text())
        assert "olt" not in (tmp_path / "index.html").read_text().split("</style>")[1]

    def test_goes_with_its_page(self, tmp_path):
        put(tmp_path, run())
        (tmp_path / "acme/all/clv.html").unlink()
        put(tmp_path, record())
        assert "acme/all/clv.html" not in links((tmp_path / "index.html").read_text())

    @pytest.mark.parametrize(
        ("success", "said"), [("true", "12 are ready|All are ready"), ("false", "1 failed")]
    )
    def test_is_no_better_than_a_page_that_a_killed_run_left(self, tmp_path, success, said):
        put(tmp_path, run())
        new = tmp_path / "acme/all/new"
        new.write_text("of a run that was killed")
        new.replace(tmp_path / "acme/all/clv.html")
        (tmp_path / "acme/all/clv.json").write_text(
            f'{{"success": {success}, "error": {{"message": "gone"}}}}'
        )
        put(tmp_path, record())
        page = (tmp_path / "index.html").read_text()
        assert re.search(said, text(page))
        assert 'aria-label="43.7%: Lifetime value, all"' in page, "of bolt"
        assert page.count('aria-label="43.7%: Lifetime value, all"') == 1

    def test_without_a_page_of_its_own_leads_to_the_record(self, tmp_path):
        put(tmp_path, run())
        bad = result(state="failed", reason="disk full")
        put(
            tmp_path,
            record(ReportResult(report=bad.report, state="failed", reason="disk full", made=STARTED)),
        )
        page = (tmp_path / "acme/index.html").read_text()
        assert 'href="2026-Q3/retention.html"' not in page
        assert 'href="../run.json"' in page

    def test_in_many_timeframes_shows_those_made_last_and_the_others_folded(self, tmp_path):
        for month in range(1, 9):
            started = datetime(2026, month, 2, tzinfo=UTC)
            one = result(timeframe=f"2026-{month:02}")
            made = ReportResult(report=one.report, state="ready", files=one.files, made=started)
            put(tmp_path, record(made, started=started))
        front, own = ((tmp_path / name).read_text() for name in ("index.html", "acme/index.html"))
        assert re.findall(r'<th scope="col" class="t [^>]*>([^<]*)', front) == [
            f"2026-{i:02}" for i in range(3, 9)
        ]
        assert "with two more timeframes" in text(front)
        assert "<summary>Earlier: 2026-01, 2026-02</summary>" in own


class TestRunThatChangedNothing:
    def test_draws_nothing_and_says_so_at_the_foot(self, tmp_path, monkeypatch):
        made = run()
        put(tmp_path, made)
        monkeypatch.setattr("analytics.reporting.shell.templates", None)  # nothing can be drawn
        monkeypatch.setattr("analytics.reporting.drawing.templates", None)
        before = pages(tmp_path)
        put(tmp_path, record(*made.results, started=STARTED + timedelta(days=1)))
        assert pages(tmp_path) == before
        said = text((tmp_path / "index.html").read_text())
        assert "Last run: 21 November 2026, 06:12 UTC, 41 seconds" in said
        assert "12 unchanged." in said

    def test_while_it_goes_on_the_index_says_that_it_has_not_ended(self, tmp_path):
        index.announce(tmp_path, STARTED)
        assert not list(tmp_path.iterdir()), "there is no index yet"
        put(tmp_path, run())
        index.announce(tmp_path, STARTED + timedelta(days=1))
        said = text((tmp_path / "index.html").read_text())
        assert "A run that began on 21 November 2026, 06:12 UTC has not ended." in said
        put(tmp_path, run())
        assert "has not ended" not in (tmp_path / "index.html").read_text()


RUNS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(["acme", "bolt", "crux"])),
        st.sets(st.sampled_from(["2026-Q1", "2026-Q2", "all"]), min_size=1),
        st.lists(st.sampled_from(list(NOTEBOOKS)), min_size=1, unique=True),
        st.sampled_from(["ready", "warning", "no data", "failed"]),
        st.sampled_from(["", "acme", "bolt/all", "bolt/2026-Q1/clv.html"]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=12, deadline=None)
@given(RUNS, st.integers(0, 12))
def test_law_an_index_kept_up_run_by_run_is_the_one_drawn_anew_wherever_a_run_was_killed(runs, killed):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        stands = {}
        for day, (organisations, timeframes, notebooks, state, gone) in enumerate(runs):
            started = STARTED + timedelta(days=day)
            made = [
                ReportResult(report=r.report, state=state, headlines=r.headlines, files=r.files, made=started)
                for o in sorted(organisations)
                for n in notebooks
                for t in sorted(timeframes)
                for r in [result(o, t, n, state)]
            ]
            with pytest.MonkeyPatch.context() as patch:
                if day == len(runs) - 1:
                    patch.setattr(index, "write_whole", killed_after(killed))
                try:
                    put(out, record(*made, started=started))
                except KeyboardInterrupt:
                    patch.undo()
                    index.update(out, record(*made, started=started))
            stands |= {str(r.report.page): state for r in made}
            path = out / gone
            if gone and path.exists():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                stands = {page: is_in for page, is_in in stands.items() if not page.startswith(gone)}
        index.update(out, record(started=STARTED + timedelta(days=9)))
        kept_up = pages(out)
        (out / "_index/kept/all.json").unlink()
        index.update(out, record(started=STARTED + timedelta(days=9)))
        assert pages(out) == kept_up
        front = kept_up["index.html"]
        assert {link for link in links(front) if not link.endswith("index.html") and link[0] != "_"} == set(
            stands
        )
        assert f"{len(stands)} report" in text(front)
        failed = sum(state == "failed" for state in stands.values())
        assert len(re.findall(r">Why it failed</a>", front)) == failed


def killed_after(count):
    """A `write_whole` that does its work so many times; then the process is gone."""
    left = [count]

    def write(path, content, *, wait=True):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(path, content, wait=wait)

    real = index.write_whole
    return write


class TestLostIndex:
    """Somebody removed `_index`: what stands is still known from the reports' own records."""

    @pytest.fixture
    def lost(self, tmp_path):
        made = run()
        put(tmp_path, made)
        for each in made.results:
            known = records.Record(result=each, key="", page_key="", files=records.of_files(tmp_path, each))
            records.write_record(tmp_path, known)
        shutil.rmtree(tmp_path / "_index")
        return tmp_path

    def test_is_whole_again_after_a_run_of_one_report(self, lost):
        again = record(result("bolt", state="failed", reason="no source"))
        put(lost, again)
        front = (lost / "index.html").read_text()
        assert "12 reports for two organisations" in text(front)
        assert "11 are ready and 1 failed." in text(front)
        assert {str(each.report.page) for each in run().results} <= set(links(front))
        assert "Acme &amp; Co" in front

    def test_shows_no_figure_of_a_page_that_a_killed_run_left(self, lost):
        new = lost / "acme/all/new"
        new.write_text("of a run that was killed")
        new.replace(lost / "acme/all/clv.html")
        put(lost, record())
        page = (lost / "acme/index.html").read_text()
        assert 'aria-label="See report: Lifetime value, all"' in page
        assert 'aria-label="43.7%: Lifetime value, 2026-Q3"' in page

    def test_names_no_report_whose_page_is_gone(self, lost):
        shutil.rmtree(lost / "bolt")
        put(lost, record())
        assert "6 reports, made" in text((lost / "index.html").read_text())
