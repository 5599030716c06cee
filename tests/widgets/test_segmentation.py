"""Buttons in JupyterLab: a segment is chosen, its customers answer, and are written; a batch shows none."""

from datetime import date

import pandas as pd
import pytest

from analytics.formats import Format
from analytics.metrics.customer_scores import Scoring
from analytics.page.display import Shown
from analytics.tables import segmentation as tables
from analytics.timeframe import compare, parse_timeframe
from analytics.widgets.segmentation import SHOWN, explore
from analytics.words.segmentation import Setting

OCTOBER = parse_timeframe("2026-10", as_of=date(2026, 11, 1))
SETTING = Setting(Format("en_GB", "GBP"), compare(OCTOBER, first_day=date(2025, 1, 1)), Scoring())
SEGMENTS = pd.DataFrame({"segment_name": ["Champions", "Nobody's", "../At Risk!"]})
PEOPLE = pd.DataFrame(
    {
        "customer_id": ["7", "=1+1", "<b>9</b>"],
        "segment_name": ["../At Risk!", "Champions", "../At Risk!"],
        "tier": ["VIP", "Regular", "New"],
        "r_score": [1, 5, 2], "f_score": [1, 5, 2], "m_score": [5, 5, 1],
        "recency_days": [80, 3, 70], "frequency": [9, 12, 1], "monetary": [900.0, 800.25, 10.5],
    }
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(people=PEOPLE):
    """The segments, the button that writes, what it says, and the customers."""
    choices, writing, rows = explore(
        people, SEGMENTS, SETTING, stem="corner-shop", tables=tables, on=True
    ).children
    return *choices.children, *writing.children, rows


def test_each_segment_with_customers_has_a_button_in_the_order_of_the_page():
    choice, *_ = opened()
    assert [label for label, _ in choice.options] == ["Champions (1)", "../At Risk! (2)"]


def test_the_segment_chosen_shows_its_customers_and_no_others():
    choice, *_, rows = opened()
    assert "Champions: 1 customer, £800 of revenue" in rows.value
    assert "=1+1" in rows.value
    choice.value = "../At Risk!"
    assert "../At Risk!: 2 customers, £911 of revenue" in rows.value
    assert "&lt;b&gt;9&lt;/b&gt;" in rows.value
    assert "<b>9</b>" not in rows.value
    assert "=1+1" not in rows.value
    assert "<details" not in rows.value, "the table stands open"


def test_the_button_writes_the_segment_chosen_into_the_working_folder(folder):
    choice, button, said, _ = opened()
    choice.value = "../At Risk!"
    button.click()
    assert [path.name for path in folder.iterdir()] == ["corner-shop_at-risk.csv"]
    assert said.value == "2 customers written to corner-shop_at-risk.csv"
    written = pd.read_csv(folder / "corner-shop_at-risk.csv", dtype={"customer_id": str})
    expected = PEOPLE[PEOPLE["segment_name"] == "../At Risk!"].reset_index(drop=True)
    pd.testing.assert_frame_equal(written, expected, check_dtype=False)
    choice.value = "Champions"
    assert said.value == "", "what was written is not said of another segment"


def test_contacts_are_masked_and_text_never_becomes_a_formula(folder):
    _, button, *_ = opened(PEOPLE.assign(email="ada@example.org", mobile="+44 7700 900123"))
    button.click()
    written = (folder / "corner-shop_champions.csv").read_text(encoding="utf-8-sig")
    assert "ada@" not in written
    assert "7700" not in written
    assert "'=1+1," in written


def test_the_table_has_the_first_and_the_file_has_all(folder):
    many = pd.concat([PEOPLE.iloc[[1]]] * (SHOWN + 5), ignore_index=True)
    _, button, _, rows = opened(many)
    assert rows.value.count("<tr") == SHOWN + 1  # and the heads
    button.click()
    assert len(pd.read_csv(folder / "corner-shop_champions.csv")) == SHOWN + 5


@pytest.mark.parametrize(("people", "on"), [(PEOPLE, False), (PEOPLE.head(0), True)])
def test_a_batch_and_a_report_without_customers_show_none(people, on):
    shown = explore(people, SEGMENTS, SETTING, stem="corner-shop", tables=tables, on=on)
    assert isinstance(shown, Shown)
