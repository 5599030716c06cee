"""Sliders in JupyterLab: the cost of a miss or a call moves, the threshold answers; a batch shows none."""

import numpy as np
import pandas as pd
import pytest

from analytics.charts import churn_training as charts
from analytics.formats import Format
from analytics.models.churn.result import ChurnResult
from analytics.page.display import Shown
from analytics.widgets.churn_training import SLIDERS, threshold
from analytics.words import churn_evidence as words
from tests.words import churn_result as made

BRITISH = Format("en_GB", "GBP")
CHANCES = np.repeat([0.1, 0.3, 0.6], 100)
LEFT = np.concatenate([np.arange(100) < share for share in (10, 30, 60)])
"""Of a hundred customers each with a chance of 10, 30 and 60%, just so many left."""
KNOWN = pd.DataFrame({"churn_probability": CHANCES, "churned": LEFT.astype("int64")})
TODAY = pd.DataFrame({"churn_probability": [0.1] * 7 + [0.3] * 5 + [0.6] * 2})


def result(**changes):
    """A model of those customers, at the page's own costs of 5 and 1."""
    found = {"forward": KNOWN, "tested": KNOWN, "predictions": TODAY, "confusion": made.confusion_of()}
    return ChurnResult(made.status_of(), pd.DataFrame(), **(found | changes))


def shown_of(found, *, on=True):
    return threshold(found, BRITISH, words=words, charts=charts, on=on)


@pytest.fixture
def opened():
    """The sliders by the cost that they say, and the picture."""
    row, picture = shown_of(result()).children
    return dict(zip(SLIDERS, row.children, strict=True)), picture


def test_each_cost_has_a_slider_at_the_value_of_the_page(opened):
    sliders, _ = opened
    assert {name: slider.value for name, slider in sliders.items()} == {
        "cost_of_miss": 5.0,
        "cost_of_call": 1.0,
    }
    assert all(slider.min > 0 for slider in sliders.values()), "a cost of nothing is refused"


def test_the_answer_is_the_threshold_how_many_to_call_and_what_it_costs(opened):
    """A call of 1 pays where a chance times a miss of 5 is more: from 30% on. 200 calls, 10 missed: 250."""
    _, picture = opened
    assert "Calling from 30% on costs least: 250; all 300, none 500" in picture.value
    assert "It reaches 90 of 100 who left, with 110 calls to customers who stayed anyway." in picture.value
    assert "Today 7 customers have such a chance; calling them costs 7." in picture.value


def test_a_dearer_call_raises_the_threshold_and_a_cheaper_miss_too(opened):
    sliders, picture = opened
    before = picture.value
    sliders["cost_of_call"].value = 2.0
    assert "Calling from 60% on costs least: 400" in picture.value
    assert "Today 2 customers have such a chance; calling them costs 4." in picture.value
    assert "by who is called: from 60% on 400, everybody 600, nobody 500." in picture.value
    sliders["cost_of_call"].value = 1.0
    assert picture.value == before
    sliders["cost_of_miss"].value = 2.5
    assert "Calling from 60% on costs least: 200" in picture.value


def test_where_no_call_pays_nobody_is_called(opened):
    sliders, picture = opened
    sliders["cost_of_miss"].value, sliders["cost_of_call"].value = 4.0, 4.0
    assert "No call pays: those who leave uncalled cost 400" in picture.value


def test_one_customer_is_one():
    one = TODAY.iloc[[0, -1]]
    _, picture = shown_of(result(predictions=one)).children
    assert "Today 1 customer has such a chance; calling them costs 1." in picture.value


def test_without_a_forward_window_the_threshold_is_where_a_call_costs_what_it_saves():
    found = result(forward=KNOWN.head(0)).what_if(cost_of_miss=4.0, cost_of_call=1.0)
    assert found["threshold"] == 0.25
    assert result(forward=KNOWN.head(0)).what_if(cost_of_miss=1.0, cost_of_call=3.0)["threshold"] == 1.0


@pytest.mark.parametrize("lacking", [{"confusion": {}}, {"forward": None}, {"tested": KNOWN.head(0)}])
def test_a_report_without_a_model_or_without_what_it_was_chosen_on_shows_none(lacking):
    assert isinstance(shown_of(result(**lacking)), Shown)


def test_a_batch_shows_none():
    assert isinstance(shown_of(result(), on=False), Shown)
