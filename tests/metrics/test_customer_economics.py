"""What a customer costs and brings: small books done by hand, and a slow count day by day."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.metrics import customer_economics as metrics
from analytics.metrics.purchases import day_number
from analytics.timeframe import parse_timeframe
from tests.lifecycle_data import company, tables

EDGE = date(2026, 4, 1)
QUARTER = parse_timeframe("2026-Q1", as_of=EDGE)
DAYS = 90


def shot(customer, day, **more):
    return {"customer_id": customer, "snapshot_at": day, "acv": 3652.5} | more


def sale(customer, day, amount=10.0, profit=None):
    return {
        "sale_id": f"{customer}{day}", "customer_id": customer, "sold_at": day, "total_amount": amount,
        "total_profit": profit,
    }  # fmt: skip


def measured(new=0, costs=None, margin=1.0, only=None, **frames):
    flows = metrics.daily_flows(tables(**frames), EDGE, churn_days=30, only=only)
    known = pd.DataFrame({"period": [], "channel": [], "cost": []}) if costs is None else costs
    return metrics.financial(flows, known, [new], [QUARTER], contract_margin=margin).iloc[0]


def cost(amount):
    return pd.DataFrame({"period": [0], "channel": ["Fair"], "cost": [amount]})


class TestByHand:
    def test_contracts_count_for_as_long_as_they_run(self):
        """Ten a day: one for the whole quarter, one for its last 31 days, one for its first 31."""
        row = measured(
            new=2,
            costs=cost(500.0),
            accounts=[
                shot("a", "2025-11-30", started_at="2025-06-01"),
                shot("a", "2026-03-31"),
                shot("b", "2026-03-31", started_at="2026-03-01"),
                shot("c", "2025-12-31", started_at="2025-12-01"),
                shot("c", "2026-01-31 23:00", churned_at="2026-02-01 12:00"),
                shot("c", "2026-02-28", churned_at="2026-02-01 12:00"),
            ],
        )
        days = 90 + 31 + 31
        assert row["customer_months"] == pytest.approx(days / (365.25 / 12))
        assert row["profit"] == pytest.approx(10 * days)
        assert row["lost_customers"] == 1
        assert row["monthly_profit_per_customer"] == pytest.approx(10 * 365.25 / 12)
        assert row["ltv"] == pytest.approx(10 * days)
        assert row["cac"] == 250
        assert row["ltv_cac"] == pytest.approx(10 * days / 250)
        assert row["payback_months"] == pytest.approx(250 / (10 * 365.25 / 12))
        assert row["ltv_low"] < row["ltv"] < row["ltv_high"]

    def test_one_who_came_back_begins_again(self):
        accounts = [
            shot("a", "2026-01-31", started_at="2026-01-01", churned_at="2026-01-11"),
            shot("a", "2026-03-31", started_at="2026-03-22"),
        ]
        row = measured(accounts=[shot("a", "2026-01-10", started_at="2026-01-01"), *accounts])
        assert row["customer_months"] * 365.25 / 12 == pytest.approx(10 + 10)
        assert row["lost_customers"] == 1

    def test_who_buys_is_a_customer_until_silent_for_the_days_given(self):
        """Bought on 1 and 21 January: there for 50 days, then lost; again from 2 March to the end."""
        sales = [
            sale("a", day, 10.0, 4.0) for day in ("2026-01-01", "2026-01-21", "2026-03-02", "2026-03-20")
        ]
        row = measured(
            new=1, sales=[*sales, sale("a", "2026-01-25", -2.0, -1.0), sale(None, "2026-01-25", 99.0, 9.0)]
        )
        assert row["customer_months"] * 365.25 / 12 == pytest.approx(50 + 30)
        assert row["lost_customers"] == 1
        assert row["profit"] == 15.0
        assert row["ltv"] == pytest.approx(15.0)

    def test_sales_of_an_account_are_profit_of_the_contract_and_no_spell_of_buying(self):
        row = measured(
            margin=0.5,
            accounts=[shot("a", "2025-12-31", started_at="2025-12-31"), shot("a", "2026-03-31")],
            sales=[sale("a", "2026-01-01", 40.0, 7.0)],
        )
        assert row["lost_customers"] == 0
        assert row["profit"] == pytest.approx(0.5 * 10 * DAYS + 7)
        assert np.isnan(row["ltv"])

    def test_revenue_stands_in_where_no_profit_is_known_at_all_and_it_is_said(self):
        some = measured(sales=[sale("a", "2026-01-01", 10.0, 4.0), sale("a", "2026-01-02", 30.0)])
        none = measured(sales=[sale("a", "2026-01-01", 10.0), sale("a", "2026-01-02", 30.0)])
        assert (some["profit"], some["revenue_without_profit"], bool(some["is_revenue"])) == (
            4.0,
            30.0,
            False,
        )
        assert (none["profit"], bool(none["is_revenue"])) == (40.0, True)

    def test_nothing_is_divided_by_nothing(self):
        row = measured()
        names = ["cac", "ltv", "ltv_cac", "payback_months", "monthly_churn_percent", "acquisition_cost"]
        assert row[names].isna().all()
        assert np.isnan(measured(costs=cost(100.0))["cac"])

    def test_a_loss_has_neither_worth_nor_payback(self):
        row = measured(new=1, costs=cost(9.0), sales=[sale("a", "2026-01-01", 10.0, -4.0)])
        assert row["lost_customers"] == 1
        assert row[["ltv", "payback_months"]].isna().all()


def test_flows_are_those_of_a_slow_count_day_by_day():
    book = company()
    found = metrics.daily_flows(tables(**book), EDGE, churn_days=30)
    start, end = day_number(QUARTER.start), day_number(EDGE)
    live = dict.fromkeys(metrics.KINDS, 0)
    for day in range(start, end):
        live["contract"] += slow_accounts(book["accounts"], day)
        live["purchase"] += slow_buyers(book["sales"], day)
    for kind, days in live.items():
        rows = found[found["kind"] == kind]
        there = np.clip(end - rows["day"].clip(lower=start), 0, None)
        assert (rows["change"] * there).sum() == days > 100


def slow_accounts(accounts, day):
    """Accounts that run on a day by the snapshots: the newest so far, else the first one's beginning."""
    number = 0
    for customer in {row["customer_id"] for row in accounts}:
        own = [
            row
            for row in accounts
            if row["customer_id"] == customer and row["snapshot_at"] < pd.Timestamp(EDGE)
        ]
        if not own or day < number_of(own[0]["started_at"]):
            continue
        churned = [number_of(row["churned_at"]) for row in own if row["churned_at"] is not None]
        number += not churned or day < min(churned)
    return number


def slow_buyers(sales, day):
    """Buyers whose last purchase up to a day is less than 30 days before it."""
    bought = {}
    for row in sales:
        if row["total_amount"] >= 0 and number_of(row["sold_at"]) <= day:
            bought.setdefault(row["customer_id"], []).append(number_of(row["sold_at"]))
    return sum(day - max(days) < 30 for days in bought.values())


def number_of(moment):
    return day_number(pd.Timestamp(moment).date())


class TestAcquisitionCosts:
    CAMPAIGNS = (
        ("C1", "Fair", "acquisition", "2025-12-22", "2026-01-10", 1000.0),  # half of its 20 days
        ("C2", "Fair", "acquisition", "2026-02-01", None, 50.0),  # all on its first day
        ("C3", None, "acquisition", "2026-03-31", "2026-04-09", 100.0),  # one of ten days
        ("C4", "Post", "retention", "2026-02-01", None, 999.0),
        ("C5", "Web", "acquisition", "2026-04-01", None, 999.0),
    )

    def costs(self, *periods):
        names = ("campaign_id", "channel", "purpose", "started_at", "ended_at", "cost")
        rows = [dict(zip(names, row, strict=True)) for row in self.CAMPAIGNS]
        return metrics.acquisition_costs(tables(campaigns=rows)["campaigns"], periods)

    def test_a_cost_is_spread_over_the_days_of_its_campaign(self):
        rows = self.costs(QUARTER).set_index("channel", drop=False)
        assert rows.loc["Fair", ["campaigns", "cost"]].tolist() == [2, 550.0]
        assert rows[rows["channel"].isna()]["cost"].tolist() == [10.0]
        assert len(rows) == 2

    def test_timeframes_side_by_side_hold_all_of_it(self):
        spans = [parse_timeframe(text, as_of=date(2026, 7, 1)) for text in ("2025-Q4", "2026-Q1", "2026-Q2")]
        rows = self.costs(*spans)
        assert rows.groupby("period")["cost"].sum().tolist() == [500.0, 560.0, 1089.0]


def test_kinds_are_measured_apart_and_add_up():
    flows = metrics.daily_flows(tables(**company()), EDGE, churn_days=30)
    rows = metrics.by_kind(flows, QUARTER, {"contract": 3}, contract_margin=1.0)
    whole = metrics.financial(flows, cost(0.0), [3], [QUARTER], contract_margin=1.0).iloc[0]
    assert rows["kind"].tolist() == ["contract", "purchase"]
    for name in ("customer_months", "lost_customers", "profit"):
        assert rows[name].sum() == pytest.approx(whole[name])
    assert rows["new_customers"].tolist() == [3, 0]
    assert rows["cac"].isna().all()
    assert metrics.by_kind(flows.iloc[:0], QUARTER, {}, contract_margin=1.0).empty
