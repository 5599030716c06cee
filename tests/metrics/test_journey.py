"""The way of one customer, and how that customer is found."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics.journey import customer_journey, find_subject, find_subjects
from tests.lifecycle_data import events, tables

EDGE = date(2026, 4, 1)
LISTED = pd.DataFrame(
    {
        "lead_id": [None, "L1", "L2"],
        "customer_id": ["A9", "A1", None],
        "name": ["Zenith & Co", "Acme", "Acme Two"],
        "value": [9.0, 5.0, None],
    }
)
FRAMES = {
    "leads": [
        {"lead_id": "L1", "created_at": "2026-01-01", "customer_id": "A1", "converted_at": "2026-02-01"},
    ],
    "stage_events": [
        *events("A1", Customer="2026-02-02", Churned="2026-04-01"), *events("L9", Lead="2026-01-01"),
    ],
    "sales": [
        {"sale_id": "1", "customer_id": "A1", "sold_at": "2026-02-03", "total_amount": 20.0},
        {"sale_id": "2", "customer_id": "A1", "sold_at": "2026-02-04", "total_amount": -5.0},
        {"sale_id": "3", "customer_id": "A2", "sold_at": "2026-02-04", "total_amount": 99.0},
    ],
    "activities": [
        {"subject_id": who, "kind": kind, "occurred_at": day, "value": value}
        for who, kind, day, value in (
            ("A1", "critical_ticket", "2026-02-05", 1.0),
            ("L1", "email_open", "2026-01-05", 1.0),
            ("A1", "nps", "2026-02-06", -30.0),
            ("A1", "ticket", "2026-04-01", 1.0),
        )
    ],
    "accounts": [{"customer_id": "A1", "snapshot_at": "2026-02-28", "nps": 70.0}],
    "predictions": [
        {"batch_id": str(day), "predicted_at": day, "customer_id": "A1", "churn_probability": 0.7,
         "risk_level": "High", "monetary_score": 1.0}
        for day in ("2026-04-01", "2026-04-02")
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def way():
    return customer_journey(tables(**FRAMES), EDGE, lead_id="L1", customer_id="A1")


def test_everything_of_the_lead_and_the_customer_is_there_in_the_order_of_time(way):
    assert way[["lane", "what"]].to_numpy().tolist() == [
        ["stage", "Lead"],
        ["stage", "Customer"],
        ["purchase", "purchase"],
        ["purchase", "return"],
        ["ticket", "critical_ticket"],
        ["nps", "nps"],
        ["prediction", "High"],
    ]
    assert way["at"].is_monotonic_increasing
    assert way["number"].dropna().tolist() == [20.0, -5.0, -30.0, 0.7]


def test_a_recorded_stage_is_told_once_and_with_its_own_day(way):
    customer = way[way["what"] == "Customer"]
    assert customer["at"].tolist() == [pd.Timestamp("2026-02-02")]


def test_answers_of_snapshots_stand_in_where_no_activity_tells_of_one():
    frames = FRAMES | {"activities": []}
    found = customer_journey(tables(**frames), EDGE, lead_id=None, customer_id="A1")
    assert found.loc[found["lane"] == "nps", "number"].tolist() == [70.0]


def test_a_lead_has_a_way_too_and_a_stranger_none():
    found = customer_journey(tables(**FRAMES), EDGE, lead_id="L9", customer_id=None)
    assert found["what"].tolist() == ["Lead"]
    assert customer_journey(tables(**FRAMES), EDGE, lead_id="L0", customer_id=None).empty


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", 0), ("A1", 1), (" L2 ", 2), ("acme", 1), ("zen", 0), ("A", 0), ("nobody", None), ("a.me", None)],
)
def test_a_customer_is_found_by_either_id_else_by_a_part_the_most_valuable_first(wanted, found):
    row = find_subject(LISTED, wanted)
    assert (None if row is None else row.name) == found


def test_nobody_is_found_in_an_empty_list():
    assert find_subject(LISTED.iloc[:0], "") is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", ["Zenith & Co", "Acme", "Acme Two"]),
        ("acme", ["Acme", "Acme Two"]),
        ("a", ["Zenith & Co", "Acme", "Acme Two"]),
        ("L2", ["Acme Two"]),
        ("nobody", []),
    ],
)
def test_all_who_match_are_found_in_the_order_of_the_list(wanted, found):
    assert find_subjects(LISTED.iloc[:0], wanted).empty
    assert find_subjects(LISTED, wanted)["name"].tolist() == found


def test_who_bears_an_id_comes_first_the_lead_before_the_customer():
    listed = LISTED.assign(lead_id=["11", None, "1"], customer_id=["1", "7", None])
    listed["name"] = ["Best", "Number 1", "Last"]
    assert find_subjects(listed, "1")["name"].tolist() == ["Last", "Best", "Number 1"]
    assert find_subject(listed, " 1 ")["name"] == "Last"
