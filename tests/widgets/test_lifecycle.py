"""A search box in JupyterLab: an id or a part of a name is entered, who matches is offered, a way answers."""

from datetime import date
from types import SimpleNamespace

import pandas as pd

from analytics.charts import lifecycle as charts
from analytics.formats import Format
from analytics.page.display import Shown
from analytics.timeframe import compare, parse_timeframe
from analytics.widgets.lifecycle import MOST_MATCHES, search
from analytics.words import lifecycle_customers as words
from analytics.words.lifecycle import Setting

QUARTER = parse_timeframe("2026-Q1", as_of=date(2026, 5, 1))
COMPARISON = compare(QUARTER, first_day=date(2025, 7, 1))
SETTING = Setting(Format("en_GB", "GBP"), COMPARISON, 30, 1.0, 30, 90, False, ())
LISTED = pd.DataFrame(
    {
        "lead_id": ["L1", None, "L3"], "customer_id": ["A1", "A2", None], "subject_id": ["L1", "A2", "L3"],
        "name": ["Acme", "<i>Bolt</i>", "Bolton"], "stage": ["Customer", "Retained", "Lead"],
        "since": pd.to_datetime(["2026-01-02", "2026-02-03", "2026-03-04"]),
        "value": [1200.0, 600.0, float("nan")],
    }
)  # fmt: skip


def way_of(one):
    return pd.DataFrame(
        {"at": [one["since"]], "lane": ["stage"], "what": [one["stage"]], "number": [float("nan")]}
    )


def shown(listed=LISTED, on=True):
    found = SimpleNamespace(customers=listed, way_of=way_of, journey=way_of(LISTED.iloc[0]))
    return search(found, SETTING, words=words, charts=charts, on=on)


def opened(listed=LISTED):
    """The search box, who matches, how many they are, and the picture."""
    controls, picture = shown(listed).children
    return *controls.children, picture


def test_whoever_is_entered_is_shown_and_an_empty_box_shows_nobody():
    box, matches, _, picture = opened()
    assert (box.value, matches.options, picture.value) == ("", (), "")
    box.value = " acm "
    assert "Acme: Customer since 2 January 2026" in picture.value
    assert "<svg" in picture.value
    assert "most valuable" not in picture.value
    box.value = "L3"
    assert "Bolton: Lead since 4 March 2026" in picture.value
    assert "Acme" not in picture.value
    box.value = " "
    assert (matches.options, picture.value) == ((), "")


def test_all_who_match_are_offered_and_the_one_chosen_is_shown():
    box, matches, number, picture = opened()
    box.value = "bolt"
    assert [label for label, _ in matches.options] == [
        "<i>Bolt</i> · A2 · Retained · £600 a year",
        "Bolton · L3 · Lead",
    ]
    assert "Bolt&lt;/i&gt;: Retained since 3 February 2026" in picture.value
    matches.index = 1
    assert "Bolton: Lead since 4 March 2026" in picture.value
    box.value = "bolto"
    assert "Bolton: Lead since 4 March 2026" in picture.value, "the same one by another search"
    assert number.value == ""


def test_of_many_who_match_the_first_are_offered_and_their_number_is_said():
    many = pd.concat([LISTED.iloc[[0]]] * (MOST_MATCHES + 5), ignore_index=True)
    box, matches, number, _ = opened(many)
    box.value = "acme"
    assert len(matches.options) == MOST_MATCHES
    assert number.value == "20 of 25"


def test_an_id_that_another_has_as_a_part_or_in_another_table_is_not_mistaken():
    numbers = LISTED.assign(lead_id=["11", None, "2"], customer_id=[None, "2", "1"])
    box, matches, _, picture = opened(numbers)
    box.value = "1"
    assert "Bolton: Lead" in picture.value, "who bears it comes before whose id begins with it"
    box.value = "2"
    assert "Bolton: Lead" in picture.value, "a lead's id comes before a customer's"
    matches.index = 1
    assert "Bolt&lt;/i&gt;: Retained" in picture.value


def test_who_is_not_there_is_said_and_text_stays_text():
    box, matches, _, picture = opened()
    box.value = "acme"
    box.value = "nobody at all"
    assert matches.options == ()
    assert "Nobody matches" in picture.value
    assert "<svg" not in picture.value
    box.value = ""
    assert picture.value == ""
    box.value = "bolt"
    assert "&lt;i&gt;Bolt&lt;/i&gt;: Retained" in picture.value
    assert "<i>Bolt" not in picture.value


def test_a_batch_and_a_page_without_anybody_show_none():
    assert isinstance(shown(on=False), Shown)
    assert isinstance(shown(LISTED.iloc[:0]), Shown)
