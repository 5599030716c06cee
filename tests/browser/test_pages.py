"""Reports and index in a real browser: nothing leaves the page, everybody can read it, on every screen."""

import pytest

from tests.browser.pages import (
    FAILED,
    FOCUS,
    LETTERS,
    NARROW,
    OUTSIDE,
    PAGES,
    PAINTS,
    WALK,
    WIDE,
    Sheet,
    axe_faults,
    failed_page,
)
from tests.rendered import SHOP

NARROW_RULES = ("scrollable-region-focusable", "target-size", "meta-viewport", "region")
REPORT = "lifecycle"
"""Has a folded table, and tables wider than a phone."""
OF_EVERY_MAKE = ("data_quality", "executive", REPORT, "roi", "failed", "index")
"""Pages on which there is, together, each piece that pages are made of; `make long` looks so at all."""

GROUND = "getComputedStyle(document.body).backgroundColor"
SIDEWAYS = "document.scrollingElement.scrollWidth"
DRAWINGS = """['wide', 'narrow'].map(kind => [...document.querySelectorAll(`figure > svg.${kind}`)]
    .filter(one => one.checkVisibility()).length)"""
"""How many charts are shown in their wide form, and how many in their narrow one."""

# Both go through the same pages in the same order, so that pytest opens each page once for the tests of both.
every_page = pytest.mark.parametrize("sheet", PAGES, indirect=True, scope="module")
closely = pytest.mark.parametrize(
    "sheet",
    [name if name in OF_EVERY_MAKE else pytest.param(name, marks=pytest.mark.long) for name in PAGES],
    indirect=True,
    scope="module",
)


@pytest.fixture(scope="module")
def reports(rendered, tmp_path_factory):
    """Where each page is."""
    failed = tmp_path_factory.mktemp("failed") / FAILED
    failed.write_text(failed_page())
    return {name: failed if name == "failed" else rendered / "reports" / path for name, path in PAGES.items()}


@pytest.fixture(scope="module")
def table(chromium):
    """Where the pages are laid, one after another."""
    sheet = Sheet(chromium.new_context().new_page())
    yield sheet
    sheet.page.context.close()


@pytest.fixture(scope="module")
def sheet(request, reports, table):
    """Each page once, for all tests of it."""
    return table.open(reports[request.param])


@pytest.fixture
def fresh(reports, chromium):
    """Open a page as nobody has touched it."""
    opened = []

    def show(name, **options):
        opened.append(chromium.new_context(**options).new_page())
        return Sheet(opened[-1]).open(reports[name]).page

    yield show
    for page in opened:
        page.context.close()


# The tests of a page go from view to view, since each change lays out the page anew: a screen in the light
# and in the dark, a phone, paper.


@every_page
def test_axe_finds_no_fault(sheet):
    assert axe_faults(sheet.look()) == []


@closely
def test_nothing_runs_out_of_the_window_and_no_word_out_of_a_chart(sheet):
    page = sheet.look()
    assert page.evaluate(SIDEWAYS) <= WIDE
    assert page.evaluate(OUTSIDE) == []


@closely
def test_every_control_shows_that_it_has_the_focus(sheet):
    page = sheet.look()
    page.evaluate("document.querySelectorAll('.menu').forEach(one => one.open = true)")
    faults = page.evaluate(FOCUS)
    page.evaluate("document.querySelectorAll('.menu').forEach(one => one.open = false)")
    assert faults == []


@closely
def test_letters_of_charts_stand_out_from_what_is_under_them(sheet):
    assert sheet.look().evaluate(LETTERS) == []


@closely
def test_the_dark_page_is_dark_and_every_mark_of_its_charts_follows(sheet):
    page = sheet.look()
    bright, light = page.evaluate(GROUND), page.evaluate(PAINTS)
    page = sheet.look(scheme="dark")
    dark = page.evaluate(PAINTS)
    assert (bright, page.evaluate(GROUND)) == ("rgb(255, 255, 255)", "rgb(17, 23, 28)")
    assert len(light) == len(dark)
    same = [
        one
        for (one, *paints), (_, *others) in zip(light, dark, strict=True)
        if any(paint == other != "none" for paint, other in zip(paints, others, strict=True))
    ]
    assert same == []


@closely
def test_in_the_dark_every_word_stands_out_from_its_ground(sheet):
    page = sheet.look(scheme="dark")
    assert page.evaluate(LETTERS) == []
    assert axe_faults(page, "color-contrast", "link-in-text-block") == []


@every_page
def test_nothing_runs_out_of_a_phone(sheet):
    page = sheet.look(width=NARROW)
    assert page.evaluate(SIDEWAYS) <= NARROW
    assert page.evaluate(OUTSIDE) == []


@closely
def test_on_a_phone_what_scrolls_is_reached_by_keys_and_what_is_tapped_is_large_enough(sheet):
    assert axe_faults(sheet.look(width=NARROW), *NARROW_RULES) == []


@closely
def test_a_phone_gets_the_narrow_drawings_and_paper_the_wide_ones(sheet):
    count = sheet.page.locator("figure").count()
    assert sheet.look(width=NARROW).evaluate(DRAWINGS) == [0, count]
    assert sheet.look(width=NARROW, scheme="dark", media="print").evaluate(DRAWINGS) == [count, 0]


@closely
def test_paper_is_light_and_carries_no_way_to_other_pages(sheet):
    page = sheet.look(width=NARROW, scheme="dark", media="print")
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert page.locator("h1").is_visible()
    left_out = page.locator("nav.crumbs, nav.set, section.code, .skip")
    assert left_out.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 0


@every_page
def test_a_page_asks_for_nothing_and_draws_no_complaint(sheet):
    """Last, after all views of the tests above."""
    sheet.look(width=NARROW, scheme="dark")
    sheet.look(width=NARROW, scheme="dark", media="print")
    assert sheet.asked == [sheet.address]
    assert sheet.said == []


class TestKeys:
    @pytest.mark.parametrize("name", ["index", REPORT, "failed"])
    def test_tab_meets_every_control_in_the_order_of_reading(self, fresh, name):
        page = fresh(name)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        count = page.evaluate(WALK)
        for _ in range(count):
            page.keyboard.press("Tab")
        assert page.evaluate("met") == list(range(count))

    def test_the_first_tab_offers_to_skip_the_navigation(self, fresh):
        page = fresh(REPORT)
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        assert skip.evaluate("one => one === document.activeElement && one.getBoundingClientRect().left >= 0")
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")

    def test_enter_and_space_unfold_and_fold(self, fresh):
        page = fresh(REPORT)
        for folded in (page.locator("main details.more").first, page.locator("details.menu")):
            folded.locator("summary").focus()
            assert folded.get_attribute("open") is None
            page.keyboard.press("Enter")
            assert folded.get_attribute("open") is not None
            page.keyboard.press("Space")
            assert folded.get_attribute("open") is None

    def test_arrows_scroll_a_table_that_is_wider_than_the_phone(self, fresh):
        page = fresh(REPORT, viewport={"width": NARROW, "height": 700})
        wide = page.locator(".scroll").evaluate_all(
            "all => all.findIndex(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 40)"
        )
        assert wide >= 0
        page.locator(".scroll").nth(wide).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "which => document.querySelectorAll('.scroll')[which].scrollLeft > 0", arg=wide
        )

    def test_letters_and_arrows_filter_the_index(self, fresh):
        page = fresh("index")
        rows = page.locator(".ix tbody tr:visible")
        everything = rows.count()
        page.locator("#o").focus()
        page.keyboard.type("Demo V")
        assert page.locator("#o").input_value() == SHOP
        assert page.locator("details.org:visible").count() == 1
        assert 0 < rows.count() < everything
        page.locator("#o").select_option("")
        page.locator("#s-all").focus()
        page.keyboard.press("ArrowRight")
        assert page.locator("#s-failed").is_checked()
        assert rows.count() == 2


class TestWithoutScript:
    def test_a_report_is_read_and_unfolded(self, fresh):
        page = fresh(REPORT, java_script_enabled=False)
        assert page.locator("h1").is_visible()
        assert page.locator(".card .val").first.is_visible()
        assert all(one.is_visible() for one in page.locator("figure").all())
        folded = page.locator("main details.more").first
        folded.locator("summary").click()
        assert folded.locator("table").is_visible()

    def test_the_index_is_filtered(self, fresh):
        page = fresh("index", java_script_enabled=False)
        assert page.locator("details.org:visible").count() == 4
        page.locator("#o").select_option("nothing")
        assert page.locator("details.org:visible").count() == 1
