"""What is read of each customer for the queue, and the queues of other timeframes."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.purchases import as_table
from analytics.models.interventions.queue import Wanted, read_interventions
from analytics.models.interventions.subjects import read_subjects
from analytics.params import load_rules
from analytics.timeframe import compare, parse_timeframe
from tests.deal_data import table as deal_table
from tests.intervention_data import THURSDAY

RULES = load_rules("intervention_rules")


def tables(**other):
    """Tables of the contract as the data layer hands them out, with two batches and everything else small."""
    times = {"predicted_at": ["2026-09-01"] + ["2026-10-01"] * 4 + ["2026-10-02"]}
    predictions = pd.DataFrame(
        {
            "batch_id": ["old"] + ["now"] * 4 + ["later"],
            "customer_id": ["both", "both", "gone", "shop", "lapsed", "shop"],
            "churn_probability": [0.1, 0.9, 0.9, 0.8, 0.7, 0.1],
            "monetary_score": 50.0,
            "risk_level": "Critical", "risk_factors": "no purchase for 80 days", "recommendations": "Write.",
            "prediction_confidence": 0.9,
        }
    ).assign(**times)  # fmt: skip
    accounts = pd.DataFrame(
        {
            "customer_id": ["both", "both", "gone", "new"],
            "snapshot_at": ["2026-09-30", "2026-10-01", "2026-08-31", "2026-09-30"],
            "plan": "Team", "owner": ["Ada", "Future", "Ada", None],
            "acv": [1000.0, 9.0, 500.0, 300.0], "started_at": "2025-01-01", "renews_at": "2026-10-11",
            "churned_at": [None, None, "2026-09-01", None],
        }
    )  # fmt: skip
    numbers = ("seats_purchased", "seats_used", "nps", "logins_30d", "logins_previous_30d", "sentiment")
    numbers += ("support_tickets_90d", "critical_tickets_90d", "days_overdue", "feature_adoption")
    accounts = accounts.assign(**dict.fromkeys(numbers, np.nan)).assign(days_overdue=[40.0, 99.0, 0.0, 60.0])
    sales = pd.DataFrame(
        {
            "sale_id": ["1", "2", "3"], "customer_id": ["both", "shop", "lapsed"],
            "sold_at": ["2026-07-01", "2026-07-01", "2025-09-30"],
            "total_amount": [70.0, 50.0, 20.0], "total_profit": [7.0, 5.0, 2.0],
        }
    )  # fmt: skip
    customers = pd.DataFrame(
        {
            "customer_id": ["both", "shop", "new"], "name": ["Both Ltd", "Corner shop", "New Ltd"],
            "customer_type": "SMALL", "owner": ["Ben", "Ben", "Cyd"], "industry": "Tech",
        }
    )  # fmt: skip
    frames = {
        "predictions": predictions,
        "accounts": accounts,
        "sales": sales,
        "customers": customers,
    } | other
    for frame in frames.values():
        for name in [name for name in frame.columns if name.endswith("_at")]:
            frame[name] = pd.to_datetime(frame[name])
    return {name: as_table(frame) for name, frame in frames.items()}


@pytest.fixture(scope="module")
def read():
    this = parse_timeframe("2026-09", as_of=date(2026, 10, 20))
    known = tables()
    return read_subjects(known, known, this, load_rules("pipeline_rules"), contract_margin=0.5)


class TestSubjects:
    def test_who_is_a_customer_and_an_account_stands_once_as_an_account(self, read):
        assert read["customer_id"].tolist() == ["both", "lapsed", "new", "shop"]
        assert read["kind"].tolist() == ["account", "customer", "account", "customer"]

    def test_whose_contract_has_ended_is_left_out(self, read):
        assert "gone" not in set(read["customer_id"])

    def test_the_batch_in_force_is_the_newest_up_to_the_reference_date(self, read):
        chances = dict(zip(read["customer_id"], read["churn_probability"], strict=True))
        assert (chances["both"], chances["shop"], chances["lapsed"]) == (0.9, 0.8, 0.7)
        assert math.isnan(chances["new"])

    def test_value_at_risk_is_chance_times_contract_or_profit_and_says_which(self, read):
        rows = read.set_index("customer_id")
        assert rows.loc["both", ["value_source", "worth_if_stays"]].tolist() == ["contract", 500.0]
        assert rows.loc["shop", ["value_source", "worth_if_stays"]].tolist() == ["trailing profit", 5.0]
        assert rows["value_at_risk"].to_dict() == pytest.approx(
            {"both": 450.0, "lapsed": 0.0, "new": math.nan, "shop": 4.0}, nan_ok=True
        )
        assert not rows["is_revenue"].any()

    def test_the_owner_is_the_accounts_else_the_customers(self, read):
        assert read["owner"].fillna("nobody").tolist() == ["Ada", "nobody", "Cyd", "Ben"]

    def test_accounts_stand_as_the_last_snapshot_before_the_day_says(self, read):
        rows = read.set_index("customer_id")
        assert rows["days_overdue"].dropna().to_dict() == {"both": 40.0, "new": 60.0}
        assert rows.loc["both", "days_to_renewal"] == 10

    def test_revenue_that_stands_in_for_profit_is_marked(self):
        without = pd.DataFrame(
            {"sale_id": ["1"], "customer_id": ["shop"], "sold_at": ["2026-07-01"], "total_amount": [50.0]}
        ).assign(total_profit=np.nan)
        known = tables(sales=without)
        this = parse_timeframe("2026-09", as_of=date(2026, 10, 20))
        rows = read_subjects(known, known, this, load_rules("pipeline_rules")).set_index("customer_id")
        assert rows.loc["shop", ["value_source", "is_revenue"]].tolist() == ["trailing revenue", True]


def interventions(known, timeframe="2026-09", **other):
    comparison = compare(parse_timeframe(timeframe, as_of=date(2026, 10, 20)), first_day=date(2024, 1, 1))
    return read_interventions(known, known, comparison, RULES, load_rules("pipeline_rules"), **other)


@pytest.fixture(scope="module")
def small():
    return tables()


class TestHistory:
    def test_other_timeframes_are_read_with_the_batch_in_force_then_and_are_missing_before_the_first(
        self, small
    ):
        found = interventions(small, high_risk_threshold=0.05)
        assert found.queue.rows["customer_id"].tolist() == ["both", "shop", "lapsed", "new"]
        history = found.history.set_index("period")["to_call"]
        # On the first of September the old batch is in force: of one customer, who had no contract yet.
        assert history["2026-08"] == 1
        assert math.isnan(history["2025-09"])
        assert history.dropna().to_dict() == {"2026-08": 1, "2026-09": 4}

    def test_a_filter_acts_on_the_other_timeframes_too(self, small):
        part = interventions(small, high_risk_threshold=0.05, wanted=Wanted(kind="account"))
        assert part.history.set_index("period")["to_call"].dropna().to_dict() == {"2026-08": 0, "2026-09": 2}
        assert part.published()["to_call"] == 2


def test_the_market_factor_reaches_the_queue():
    """A deal of 40 days in proposal is late at 30 normal days, and not at 45."""
    day = pd.Timestamp(THURSDAY)
    deal = {
        "deal_id": "d",
        "customer_id": "both",
        "stage": "Proposal",
        "created_at": day - pd.Timedelta(days=60),
    }
    deal |= {
        "stage_entered_at": day - pd.Timedelta(days=40),
        "value": 10.0,
        "closed_at": pd.NaT,
        "outcome": None,
    }
    deal |= {"last_activity_at": day - pd.Timedelta(days=3), "expected_close_at": day, "lead_id": None}
    deal |= dict.fromkeys(("name", "company", "owner", "industry", "product_plan"), "x")
    deal |= dict.fromkeys(("interactions", "objections_handled", "competitors_mentioned", "lead_score"), 1)
    deal |= dict.fromkeys(("seats", "price_per_seat", "contract_months", "discount", "expansion_factor"), 1.0)
    deal |= dict.fromkeys(("champion_identified", "budget_confirmed", "decision_maker_engaged"), True)
    known = tables() | {"deals": deal_table(pd.DataFrame([deal]).assign(closed_at=pd.NaT))}
    said = {}
    for market in (None, "vietnam"):
        rows = interventions(known, market=market, high_risk_threshold=0.05).queue.rows.set_index(
            "customer_id"
        )
        said[market] = rows.loc["both", "reasons"]
    assert "deal in proposal for 40 days, 10 longer than usual" in said[None]
    assert "deal in proposal" not in said["vietnam"]
