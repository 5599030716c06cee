"""Pictures of the queue: drawn where there is something to compare, with words for those who do not see."""

import pytest

from analytics.charts import interventions as charts
from analytics.formats import Format
from analytics.words.interventions import reasons
from tests.intervention_data import CYD, THREE, page_of

BRITISH = Format("en_GB", "GBP")


@pytest.fixture(scope="module")
def kpis():
    return page_of(*THREE)[1]


def test_days_say_how_many_are_due(kpis):
    chart = charts.days(kpis["days"], BRITISH)
    assert chart.alt == "Columns of calls by due day: 1 October 2026 2; 8 October 2026 1."
    assert all("Oct" in drawing for drawing in (chart.wide, chart.narrow))


def test_owners_say_who_has_most_and_draw_those_without_one(kpis):
    chart = charts.owners(kpis["owners"], BRITISH)
    assert chart.alt == "Bars of value at risk by owner, 2 of them; the most has Team 1 with £8,100."
    assert "No owner" in chart.wide


def test_reasons_say_the_commonest(kpis):
    chart = charts.causes(kpis["causes"], reasons(kpis), BRITISH)
    assert chart.alt == "Bars of customers by reason, 5 reasons; the commonest is Poor account health with 1."
    assert "Payment overdue" in chart.wide


def test_one_day_one_reason_and_no_owner_are_no_picture():
    _, alone, _ = page_of(CYD)
    assert charts.days(alone["days"], BRITISH) is None
    assert charts.owners(alone["owners"], BRITISH) is None
    assert charts.causes(alone["causes"], reasons(alone), BRITISH) is None
