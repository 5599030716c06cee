"""First and last touch before somebody became a customer, side by side."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics import channels as metrics
from analytics.timeframe import parse_timeframe
from tests.lifecycle_data import tables

QUARTER = parse_timeframe("2026-Q1", as_of=date(2026, 4, 1))


@pytest.fixture(scope="module")
def touched():
    leads = [
        {"lead_id": "L1", "created_at": "2026-01-01", "source": "Fair", "customer_id": "A1",
         "converted_at": "2026-02-01"},
        {"lead_id": "L2", "created_at": "2025-10-01", "source": "Web", "customer_id": "A2",
         "converted_at": "2025-12-31"},
        {"lead_id": "L3", "created_at": "2026-01-01", "source": "Web"},
        {"lead_id": "L4", "created_at": "2026-01-02", "customer_id": "A4", "converted_at": "2026-03-01"},
    ]  # fmt: skip
    acts = [
        ("L1", "email_open", "2026-01-20"), ("A1", "meeting", "2026-02-01 00:00"),
        ("L1", "ticket", "2025-12-01"),
        ("L1", "meeting", "2026-02-01 00:01"), ("L4", "email_open", "2026-03-02"),
    ]  # fmt: skip
    contacts = [
        ("B1", "letter", "2026-01-15"),
        ("B2", "control", "2026-01-15"),
        ("B1", "letter", "2026-03-20"),
    ]
    sales = [("B1", "2026-02-10", "Shop"), ("B1", "2026-02-11", "Web"), ("B2", "2026-02-10", None)]
    return metrics.first_and_last(
        tables(
            leads=leads,
            activities=[dict(zip(("subject_id", "kind", "occurred_at"), row, strict=True)) for row in acts],
            campaigns=[{"campaign_id": "C", "channel": "Post", "purpose": "other", "started_at": "2026-01-01",
                        "cost": 1.0}],
            campaign_contacts=[
                {"campaign_id": "C", "customer_id": who, "arm": arm, "contacted_at": day}
                for who, arm, day in contacts
            ],
            sales=[
                {"sale_id": str(i), "customer_id": who, "sold_at": day, "channel": channel}
                | {"total_amount": 1.0}
                for i, (who, day, channel) in enumerate(sales)
            ],
        ),
        QUARTER,
    )  # fmt: skip


def of(touched, customer):
    rows = touched[touched["customer_id"] == customer]
    return None if rows.empty else rows.iloc[0][["first_channel", "last_channel", "touches"]].tolist()


def test_touches_end_with_becoming_a_customer(touched):
    assert of(touched, "A1") == ["Fair", "Meeting", 3]


def test_who_became_one_in_another_timeframe_and_who_never_did_are_not_there(touched):
    assert of(touched, "A2") is None
    assert touched["lead_id"].tolist().count("L3") == 0


def test_a_contact_counts_for_who_was_contacted_and_not_for_the_control_group(touched):
    assert of(touched, "B1") == ["Post", "Shop", 2]
    assert of(touched, "B2") is None


def test_what_comes_after_the_conversion_is_no_touch(touched):
    assert of(touched, "A4") is None


def test_either_way_of_counting_adds_up_to_the_same_customers_and_money(touched):
    customers = pd.DataFrame(
        {"lead_id": ["L1", "L4", None, None], "customer_id": ["A1", "A4", "B1", "B2"],
         "revenue": [10.0, 5.0, 2.0, 1.0], "value": [100.0, 50.0, 20.0, None]}
    )  # fmt: skip
    costs = pd.DataFrame({"channel": ["Fair", "Radio", None], "cost": [30.0, 9.0, 1.0]})
    rows = metrics.by_channel(customers, touched, costs).set_index("channel")
    assert rows.index[-1] == "none known"
    for name, total in (("customers", 4), ("revenue", 18.0), ("value", 170.0)):
        assert rows[f"first_{name}"].sum() == rows[f"last_{name}"].sum() == total
    assert rows.loc["Fair", ["first_customers", "last_customers", "acquisition_cost", "cac"]].tolist() == [
        1,
        0,
        30,
        30,
    ]
    assert rows.loc["Radio", ["first_customers", "acquisition_cost"]].tolist() == [0, 9.0]
    assert pd.isna(rows.loc["Radio", "cac"])
    assert rows.loc["none known", ["first_customers", "last_customers"]].tolist() == [2, 2]
    assert rows.loc["Meeting", "last_value"] == 100
