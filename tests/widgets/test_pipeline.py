"""Sliders in JupyterLab: a change of the pipeline moves, the bridge answers; a batch shows none."""

import re
from datetime import date

import pytest

from analytics.charts import pipeline as charts
from analytics.formats import Format
from analytics.models.deals.what_if import scenario
from analytics.page.display import Shown
from analytics.timeframe import compare, parse_timeframe
from analytics.widgets.pipeline import SLIDERS, what_if
from analytics.words import pipeline as words

OCTOBER = parse_timeframe("2026-10", as_of=date(2026, 11, 20))
SETTING = words.Setting(Format("en_GB", "GBP"), compare(OCTOBER, first_day=date(2024, 1, 1)), 5000.0, True)
ASKED = {"pipeline_change": 10.0, "win_rate_change": 5.0, "deal_size_change": 15.0}


def shown_of(pipeline=450_000.0, win_rate=0.30, *, on=True, **changes):
    row = scenario(pipeline, win_rate, **changes).iloc[0]
    return what_if(row, SETTING, of_timeframe=True, words=words, charts=charts, on=on)


def opened(**changes):
    """The sliders by the change that they make, and the picture."""
    row, picture = shown_of(**changes).children
    return dict(zip(SLIDERS, row.children, strict=True)), picture


def test_each_change_has_a_slider_at_the_value_of_its_parameter():
    sliders, _ = opened(**ASKED)
    assert {name: slider.value for name, slider in sliders.items()} == ASKED
    assert [slider.description for slider in sliders.values()] == list(SLIDERS.values())


def test_the_answer_is_that_of_the_specification():
    """450,000 at 30% brings 135,000; 10% more pipeline, 5% more won and 15% larger deals: 44,313.75 more."""
    sliders, picture = opened()
    assert "Pipeline × win rate: £135k" in picture.value
    for name, value in ASKED.items():
        sliders[name].value = value
    assert "The what-if would bring £44.3k more (+32.8%)" in picture.value
    assert "With +10% pipeline, +5% win rate, +15% deal size; the changes multiply." in picture.value


def test_a_slider_moves_the_picture_and_moved_back_leaves_it_as_it_was():
    sliders, picture = opened(**ASKED)
    before = picture.value
    sliders["win_rate_change"].value = 40.0
    assert picture.value != before
    assert "Bridge from £135k as it is to £239k with the changes." in picture.value
    sliders["win_rate_change"].value = 5.0
    assert picture.value == before


def test_the_answer_shares_no_id_with_the_static_picture_above_it():
    _, picture = opened(**ASKED)
    static = charts.scenario(scenario(450_000.0, 0.30, **ASKED).iloc[0], SETTING.format)
    ids = set(re.findall(r' id="([^"]+)"', picture.value))
    assert ids.isdisjoint(re.findall(r' id="([^"]+)"', static.wide + static.narrow))
    assert ids.issuperset(re.findall(r"url\(#([^)]+)\)", picture.value))
    assert "url(#" in picture.value


def test_the_answer_has_one_drawing_and_the_page_still_has_two():
    _, picture = opened(**ASKED)
    static = charts.scenario(scenario(450_000.0, 0.30, **ASKED).iloc[0], SETTING.format)
    assert picture.value.count("<svg") == 1
    assert static.wide.count("<svg") == static.narrow.count("<svg") == 1


def test_a_win_rate_is_held_at_what_is_possible():
    sliders, picture = opened(win_rate=0.8)
    sliders["win_rate_change"].value = 50.0
    assert "The projected win rate is held at 100%." in picture.value


@pytest.mark.parametrize(("start", "reach"), [(0.0, (-50, 50)), (-60.0, (-100, 50)), (80.0, (-50, 160))])
def test_a_slider_reaches_half_as_much_and_twice_what_was_asked_and_never_below_nothing(start, reach):
    sliders, _ = opened(pipeline_change=start)
    slider = sliders["pipeline_change"]
    assert (slider.min, slider.max, slider.value) == (*reach, start)


def test_no_pipeline_at_all_is_an_answer_too():
    sliders, picture = opened(pipeline_change=-100.0)
    assert sliders["pipeline_change"].min == -100.0
    assert "The what-if would bring £135k less (−100.0%)" in picture.value


@pytest.mark.parametrize(
    "found", [{"on": False}, {"pipeline": 0.0}, {"win_rate": 0.0}, {"win_rate": float("nan")}]
)
def test_a_batch_and_a_report_without_deals_show_none(found):
    assert isinstance(shown_of(**found), Shown)
