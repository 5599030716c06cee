"""The queue in figures, held against plain sums over its rows."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics import interventions as metrics
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe
from tests.intervention_data import THREE, THURSDAY, queue_of

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "churn_probability": st.sampled_from([0.1, 0.6, 0.9]),
            "worth_if_stays": st.sampled_from([float("nan"), -20.0, 0.0, 50.0, 100.0, 3000.0]),
            "owner": st.sampled_from([None, "Ada", "Ben"]),
            "kind": st.sampled_from(["customer", "account"]),
            "days_overdue": st.sampled_from([0.0, 40.0]),
            "days_to_renewal": st.sampled_from([-3.0, 4.0, 30.0, 300.0]),
            "nps": st.sampled_from([float("nan"), -50.0, 40.0]),
            "is_revenue": st.booleans(),
        }
    ),
    max_size=14,
)


def known(values):
    return [value for value in values if not math.isnan(value)]


@given(ROWS)
@settings(max_examples=8, deadline=None)
def test_figures_are_sums_over_the_rows(rows):
    queue = queue_of(*rows).rows
    figures = metrics.figures(queue)
    listed = queue.to_dict("records")
    values = known(row["value_at_risk"] for row in listed)
    assert figures["to_call"] == figures["customers_to_call"] + figures["accounts_to_call"] == len(listed)
    assert figures["unvalued"] == len(listed) - len(values)
    if values or not listed:
        assert figures["value_at_risk"] == pytest.approx(sum(values), abs=1e-3)
    else:
        assert math.isnan(figures["value_at_risk"])
    assert figures["due_today"] == sum(row["due_date"].date() == THURSDAY for row in listed)
    assert figures["due_this_week"] == sum((row["due_date"].date() - THURSDAY).days <= 3 for row in listed)
    assert figures["high_risk_customers"] == sum(row["churn_probability"] > 0.5 for row in listed)
    assert figures["unassigned"] == sum(row["owner"] not in ("Ada", "Ben") for row in listed)
    told = [row["value_at_risk"] for row in listed if row["is_revenue"]]
    assert figures["revenue_value_at_risk"] == pytest.approx(sum(known(told)), abs=1e-3)


@given(ROWS)
@settings(max_examples=8, deadline=None)
def test_owners_and_days_add_up_to_the_figures(rows):
    queue = queue_of(*rows).rows
    figures = metrics.figures(queue)
    owners, days = metrics.by_owner(queue), metrics.by_day(queue)
    assert owners["to_call"].sum() == days["to_call"].sum() == figures["to_call"]
    for name in ("due_today", "due_this_week"):
        assert owners[name].sum() == figures[name]
    total = 0.0 if math.isnan(figures["value_at_risk"]) else figures["value_at_risk"]
    assert owners["value_at_risk"].sum() == pytest.approx(total, abs=1e-3)
    assert days["value_at_risk"].sum() == pytest.approx(total, abs=1e-3)
    week = 0.0 if math.isnan(figures["due_this_week_value"]) else figures["due_this_week_value"]
    assert owners["due_this_week_value"].sum() == pytest.approx(week, abs=1e-3)
    assert owners["owner"].is_unique
    assert days["due_date"].is_monotonic_increasing


def test_owners_stand_by_value_and_those_without_one_last():
    rows = metrics.by_owner(queue_of(*THREE).rows)
    assert rows["owner"].tolist() == ["Team 1", "Team 2", None]
    assert rows["value_at_risk"].tolist() == [8100.0, 450.0, 72.0]
    assert rows["due_this_week_value"].tolist() == [8100.0, 450.0, 0.0]


def test_a_reason_counts_each_customer_once_and_those_of_others_not():
    queue = queue_of(*THREE)
    doubled = pd.concat([queue.told, queue.told])
    rows = metrics.by_reason(queue.rows.head(1), doubled)
    assert set(rows["reason"]) == {"days_overdue", "nps", "account_health"}
    assert rows["to_call"].tolist() == [1, 1, 1]
    assert rows["value_at_risk"].tolist() == [8100.0] * 3


def test_an_empty_queue_has_zeros_and_no_rows():
    queue = queue_of()
    figures = metrics.figures(queue.rows)
    assert set(figures.values()) == {0}
    assert all(frame.empty for frame in (queue.owners, queue.days, queue.causes, queue.told))


def test_history_has_a_row_for_each_timeframe_and_gaps_where_nothing_is_known():
    first, second = (parse_timeframe(name, as_of=THURSDAY) for name in ("2026-08", "2026-09"))
    frame = metrics.history([first, second], [None, metrics.figures(queue_of(*THREE).rows)])
    assert frame["period"].tolist() == ["2026-08", "2026-09"]
    assert frame["end"].tolist() == [first.end, second.end]
    assert frame["to_call"].isna().tolist() == [True, False]
    assert frame["value_at_risk"].iloc[1] == 8622.0


def test_who_customers_are_is_missing_without_the_table_or_its_columns():
    assert metrics.identities(None).empty
    rows = metrics.identities(as_table(pd.DataFrame({"customer_id": ["a"], "name": ["Ada"]})))
    assert rows.iloc[0].tolist() == ["a", "Ada", None, None]
