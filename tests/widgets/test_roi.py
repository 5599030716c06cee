"""Sliders in JupyterLab: an assumption moves, the picture answers; a batch shows none."""

from types import SimpleNamespace

import pytest

from analytics.charts import roi as charts
from analytics.formats import Format
from analytics.page.display import Shown
from analytics.widgets.roi import SLIDERS, what_if
from analytics.words import roi as words
from tests import roi_figures as figures

BRITISH = Format("en_GB", "GBP")


def weighed(asked, calls=None, **moved):
    """What the sliders ask: figures of one call list, and the changes that were asked for."""
    asked.append(moved)
    calls = figures.calls_of(contact_cost=moved.get("contact_cost", 5.0)) if calls is None else calls
    return SimpleNamespace(
        value=figures.value_of(calls),
        curve=figures.curve_of(calls),
        metrics=figures.METRICS,
        rules=SimpleNamespace(
            high_risk_threshold=0.8, top_share=0.1, revenue_multiplier=100.0, retention_cost_share=0.1
        ),
        economics=SimpleNamespace(save_share=SimpleNamespace(value=0.2), contact_cost=5.0),
        what_if=lambda **more: weighed(asked, **more),
    )


@pytest.fixture
def asked():
    return []


@pytest.fixture
def shown(asked):
    return what_if(weighed(asked), BRITISH, words=words, charts=charts, on=True)


def sliders_of(shown):
    *rows, picture = shown.children
    return {slider.description: slider for row in rows for slider in row.children}, picture


def test_there_is_a_slider_for_each_assumption_at_its_own_value(shown):
    sliders, _ = sliders_of(shown)
    assert list(sliders) == [label for label, _ in SLIDERS.values()]
    assert [slider.value for slider in sliders.values()] == [0.2, 5.0, 0.8, 0.1, 100.0, 0.1]


def test_a_moved_slider_is_asked_about_alone_and_the_picture_answers(shown, asked):
    sliders, picture = sliders_of(shown)
    before = picture.value
    assert "Stop at 76%" in before
    sliders["Cost of a call"].value = 10.0
    assert asked[-1] == {"contact_cost": 10.0}
    assert picture.value != before
    sliders["Cost of a call"].value = 5.0
    assert asked[-1] == {}
    assert picture.value == before


def test_the_answer_has_the_restated_figures_too(shown):
    _, picture = sliders_of(shown)
    assert "Restated: £8,500 of revenue, £7,650 of profit, 900%." in picture.value


def test_a_batch_and_a_report_without_predictions_show_none(asked):
    found = weighed(asked)
    assert isinstance(what_if(found, BRITISH, words=words, charts=charts, on=False), Shown)
    nobody = weighed(asked, figures.calls_of().head(0))
    assert isinstance(what_if(nobody, BRITISH, words=words, charts=charts, on=True), Shown)
