"""JupyterLab in a real browser: each notebook runs to its last cell, each widget is moved and answers."""

import csv
import re

import pytest
from playwright.sync_api import expect

from analytics.page.tokens import DARK, LIGHT
from analytics.widgets.churn_training import SLIDERS as COSTS
from analytics.widgets.pipeline import SLIDERS as CHANGES
from analytics.widgets.roi import SLIDERS as ASSUMPTIONS
from analytics.widgets.segmentation import SHOWN
from tests.browser.lab import HOME, running

CHURN = "churn_training"
AFTER = {"roi": CHURN, "interventions": CHURN}
"""What a notebook reads predictions from."""
OF_THEIR_OWN = (CHURN, "roi", "pipeline", "segmentation", "lifecycle", "executive")
"""The notebooks that have a test of their own: those with a widget, and one in the dark."""
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'

pytestmark = pytest.mark.skipif(
    not (HOME / "data/demo").is_dir(),
    reason="the demonstration data are not there; `workbook demo` writes them",
)


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    with running(chromium, tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(autouse=True)
def no_complaint(lab):
    """The console stays empty, and nothing is asked of any other machine."""
    yield
    said = [*lab.complaints]
    lab.complaints.clear()
    assert said == []


def without_fault(panel):
    """Every cell has said what it had to say, and nothing that it shows is wider than its place."""
    assert panel.locator(ERRORS).all_inner_texts() == []
    prompts = panel.locator(".jp-CodeCell .jp-InputPrompt")
    expect(prompts).to_have_text([re.compile(r"\[\d+\]:")] * prompts.count())
    pages = panel.locator(".jp-OutputArea-output:has(.workbook), .jupyter-widgets, .widget-label")
    wider = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
    assert pages.evaluate_all(wider) == []


def slider(panel, label):
    return panel.locator(".widget-slider", has=panel.page.get_by_text(label, exact=True))


def answer_of(panel):
    """What stands below the controls."""
    return panel.locator(".jupyter-widgets .widget-html-content").last


def drag(panel, label):
    """Take the knob of a slider a little to the right, with the mouse."""
    knob, mouse = slider(panel, label).locator(".noUi-handle"), panel.page.mouse
    for _ in range(5):  # what lies above may still be taking its place, and the knob slip away
        knob.hover()
        mouse.down()
        if "noUi-active" in knob.get_attribute("class"):
            break
        mouse.up()
    box = knob.bounding_box()
    mouse.move(box["x"] + box["width"] / 2 + 30, box["y"] + box["height"] / 2, steps=3)
    mouse.up()


def press(panel, label, key):
    slider(panel, label).locator(".noUi-handle").press(key)


def enter(panel, label, text):
    """Write a number into the field beside a slider."""
    field = slider(panel, label).locator(".widget-readout")
    field.click()
    field.press("Control+a")
    field.press_sequentially(text)
    field.press("Enter")


def said(statement):
    """What the kernel is asked for: heading and lead of a statement."""
    return f"(lambda one: (one.heading, one.lead))({statement})"


def says(answer, statement):
    """The answer is this heading and this lead."""
    heading, lead = statement
    expect(answer.locator("h2")).to_have_text(heading)
    expect(answer).to_contain_text(lead)


def test_the_cost_of_a_miss_and_of_a_call_move_the_threshold(lab):
    with lab.opened(CHURN) as panel:
        without_fault(panel)
        answer, miss, call = answer_of(panel), COSTS["cost_of_miss"], COSTS["cost_of_call"]
        picture = answer.locator("svg").first.inner_html()
        lab.changed(answer, lambda: drag(panel, call))
        assert answer.locator("svg").first.inner_html() != picture
        lab.changed(answer, lambda: enter(panel, miss, "12.5"))
        lab.changed(answer, lambda: press(panel, call, "End"))
        counts = "result.what_if(cost_of_miss=12.5, cost_of_call=4.0)"
        says(answer, lab.ask(said(f"evidence.what_if(status, {counts}, show)")))
        lab.keep("churn_training-moved")


def test_each_assumption_moves_the_return_of_the_calls(lab):
    ends = {"save_share": 1.0, "contact_cost": 20.0, "high_risk_threshold": 0.0}
    ends |= {"top_share": 1.0, "revenue_multiplier": 400.0, "retention_cost_share": 1.0}
    assert ends.keys() == ASSUMPTIONS.keys()
    with lab.opened("roi", after=CHURN) as panel:
        without_fault(panel)
        answer, moved = answer_of(panel), {}
        picture = answer.locator("svg").first.inner_html()
        lab.changed(answer, lambda: drag(panel, ASSUMPTIONS["contact_cost"][0]))
        assert answer.locator("svg").first.inner_html() != picture
        for name, value in ends.items():
            moved[name] = value
            key = "End" if value else "Home"
            lab.changed(answer, lambda: press(panel, ASSUMPTIONS[name][0], key))  # noqa: B023 - called at once
        says(answer, lab.ask(said(f"words.what_if(found.what_if(**{moved}), show)")))
        lab.keep("roi-moved")


def test_each_change_moves_what_the_pipeline_would_bring(lab):
    asked = {"pipeline_change": -20.0, "win_rate_change": 40.5, "deal_size_change": 0.0}
    assert asked.keys() == CHANGES.keys()
    with lab.opened("pipeline") as panel:
        without_fault(panel)
        answer = answer_of(panel)
        picture = answer.locator("svg").first.inner_html()
        lab.changed(answer, lambda: drag(panel, CHANGES["pipeline_change"]))
        assert answer.locator("svg").first.inner_html() != picture
        for name, value in asked.items():
            lab.changed(answer, lambda: enter(panel, CHANGES[name], f"{value:g}"))  # noqa: B023 - called at once
        row = f"what_if.scenario(row['baseline_pipeline'], row['baseline_win_rate'], **{asked}).iloc[0]"
        says(answer, lab.ask(said(f"words.scenario(setting, {row}, of_timeframe=of_timeframe)")))
        lab.keep("pipeline-moved")


def test_a_segment_shows_its_customers_and_writes_them(lab):
    with lab.opened("segmentation") as panel:
        without_fault(panel)
        answer, buttons = answer_of(panel), panel.locator(".widget-toggle-buttons button")
        sizes = lab.ask("people['segment_name'].value_counts().to_dict()")
        assert buttons.count() == len(sizes) > 3
        for name in (*sizes,)[:3]:
            button = buttons.filter(has_text=f"{name} (")
            expect(button).to_have_text(f"{name} ({sizes[name]:,})")
            if "mod-active" not in button.get_attribute("class"):
                lab.changed(answer, button.click)
            expect(answer.locator("h2")).to_contain_text(f"{name}: {sizes[name]:,} customers")
            expect(answer.locator("tbody tr")).to_have_count(min(sizes[name], SHOWN))
        panel.get_by_role("button", name="Write as CSV").click()
        expect(panel.get_by_text(f"{sizes[name]:,} customers written to")).to_be_visible()
        (written,) = lab.folder.glob("*.csv")
        with written.open(newline="", encoding="utf-8-sig") as rows:
            assert {row["segment_name"] for row in csv.DictReader(rows)} == {name}
        lab.keep("segmentation-moved")


def test_a_customer_is_searched_and_the_way_of_the_one_chosen_is_shown(lab):
    with lab.opened("lifecycle") as panel:
        without_fault(panel)
        box, matches = panel.get_by_placeholder("An id or a name"), panel.locator(".widget-select select")
        answer = answer_of(panel)
        listed = "__import__('analytics.metrics.journey', fromlist=['']).find_subjects(listed, '1')"
        everybody = lab.ask(f"len({listed})")

        def search(text):
            box.fill(text)
            box.press("Enter")

        lab.changed(answer, lambda: search("1"))
        expect(panel.get_by_text(f"20 of {everybody:,}")).to_be_visible()
        expect(matches.locator("option")).to_have_count(20)
        for place in (0, 1):
            if place:
                # By the mouse: JupyterLab takes the arrow keys for itself.
                lab.changed(answer, matches.locator("option").nth(place).click)
            one = f"{listed}.iloc[{place}]"
            way = f"people.journey(setting, {one}, found.way_of({one}), {one}['subject_id'])"
            says(answer, lab.ask(said(way)))
            assert answer.locator("svg").count() > 0
        lab.keep("lifecycle-moved")
        lab.changed(answer, lambda: search("nobody at all"))
        expect(answer).to_contain_text("Nobody matches")
        expect(matches.locator("option")).to_have_count(0)


def test_a_page_is_dark_where_jupyterlab_is(lab):
    with lab.opened("executive") as panel:
        without_fault(panel)
        page = panel.locator(".workbook").first
        expect(page).to_have_css("background-color", rgb(LIGHT["paper"]))
        lab.choose("Settings", "Theme", "JupyterLab Dark")
        expect(page).to_have_css("background-color", rgb(DARK["paper"]))
        lab.keep("executive-dark", whole=True)
        lab.choose("Settings", "Theme", "JupyterLab Light")
        expect(page).to_have_css("background-color", rgb(LIGHT["paper"]))


def rgb(colour):
    """``rgb(255, 255, 255)`` of ``#ffffff``: how a browser says it."""
    return f"rgb({', '.join(str(part) for part in bytes.fromhex(colour[1:]))})"


def others():
    """Every other notebook, none of which has anything to move."""
    names = {path.stem for path in HOME.glob("notebooks/*.ipynb")} | {"explore"}
    return sorted(names - set(OF_THEIR_OWN))


@pytest.mark.parametrize("name", others())
def test_every_cell_of_the_notebook_runs(lab, name):
    with lab.opened(name, after=AFTER.get(name, "")) as panel:
        without_fault(panel)
        assert panel.locator(".jupyter-widgets").count() == 0, "what can be moved has a test of its own"
