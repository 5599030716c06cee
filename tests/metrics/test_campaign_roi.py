"""What is read of each contact, before it and after it, and nothing from after the reference date."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analytics.metrics.campaign_roi import campaign_list, contact_outcomes, sells
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe

AUTUMN = parse_timeframe("2026-10", as_of=date(2026, 11, 1))


def frame(columns, rows):
    return pd.DataFrame(
        {
            name: pd.Series([row[place] for row in rows], dtype=kind)
            for place, (name, kind) in enumerate(columns.items())
        }
    )


WHEN, TEXT, NUMBER = "datetime64[us]", "str", "float64"


def campaigns_of(*rows):
    """Campaigns from (id, start, cost)."""
    columns = {"campaign_id": TEXT, "started_at": WHEN, "cost": NUMBER}
    return as_table(frame(columns, rows).assign(name="A letter", channel="Post", purpose="retention"))


def contacts_of(*rows):
    """Contacts from (campaign, customer, arm, contacted or None, answered or None)."""
    columns = {
        "campaign_id": TEXT,
        "customer_id": TEXT,
        "arm": TEXT,
        "contacted_at": WHEN,
        "responded_at": WHEN,
    }
    padded = [(*row, None, None)[:5] for row in rows]
    return as_table(frame(columns, padded).assign(revenue=pd.Series([None] * len(rows), dtype=NUMBER)))


def sales_of(*rows):
    """Sales from (customer, day, amount, profit)."""
    columns = {"customer_id": TEXT, "sold_at": WHEN, "total_amount": NUMBER, "total_profit": NUMBER}
    sales = frame(columns, [(*row, None)[:4] for row in rows])
    return as_table(sales.assign(sale_id=[str(i) for i in range(len(rows))]))


def accounts_of(*rows):
    """Snapshots from (customer, moment, acv, started, churned or None)."""
    columns = {
        "customer_id": TEXT,
        "snapshot_at": WHEN,
        "acv": NUMBER,
        "started_at": WHEN,
        "churned_at": WHEN,
    }
    return as_table(frame(columns, rows))


def outcomes(
    contacts, sales=(), accounts=(), campaigns=(("k", "2026-06-01", 100.0),), timeframe=AUTUMN, **options
):
    found = contact_outcomes(
        campaigns_of(*campaigns),
        contacts_of(*contacts),
        sales_of(*sales),
        accounts_of(*accounts),
        timeframe,
        **options,
    )
    return found.set_index(["campaign_id", "customer_id"])


def one(*args, **options):
    return outcomes(*args, **options).iloc[0]


class TestTheDaysThatCount:
    CONTACT = (("k", "ada", "letter", "2026-06-10 15:00"),)

    @pytest.mark.parametrize(
        ("day", "counts"),
        [("2026-06-09", 0), ("2026-06-10", 1), ("2026-07-09", 1), ("2026-07-10", 0)],
    )
    def test_thirty_whole_days_the_first_is_the_day_of_the_contact(self, day, counts):
        assert one(self.CONTACT, [("ada", f"{day} 09:00", 10.0, 4.0)]).orders == counts

    def test_a_control_without_a_date_counts_from_the_start_of_the_campaign(self):
        row = one(
            [("k", "ada", "control")],
            [("ada", "2026-06-30 23:59", 10.0, 4.0), ("ada", "2026-07-01", 7.0, 3.0)],
        )
        assert (row.orders, row.revenue, row.profit) == (1, 10.0, 4.0)

    def test_returns_are_deducted_but_are_no_order(self):
        row = one(self.CONTACT, [("ada", "2026-06-11", 10.0, 4.0), ("ada", "2026-06-12", -10.0, -4.0)])
        assert (row.orders, row.revenue, row.profit) == (1, 0.0, 0.0)

    def test_who_buys_nothing_brings_nothing(self):
        row = one(self.CONTACT)
        assert (row.orders, row.revenue, row.profit, row.later_orders) == (0, 0.0, 0.0, 0)
        assert np.isnan(row.recency_days)

    def test_profit_is_missing_only_where_no_sale_has_one(self):
        assert np.isnan(one(self.CONTACT, [("ada", "2026-06-11", 10.0)]).profit)
        both = one(self.CONTACT, [("ada", "2026-06-11", 10.0), ("ada", "2026-06-12", 10.0, 4.0)])
        assert (both.profit, both.sales_without_profit) == (4.0, 1)

    def test_what_was_bought_before_tells_recency_and_spend(self):
        row = one(
            self.CONTACT,
            [("ada", "2024-01-01", 99.0), ("ada", "2026-05-01", 20.0), ("ada", "2026-06-09 23:00", -5.0)],
        )
        assert (row.recency_days, row.spend_365d, row.earlier_orders, row.orders_365d) == (40, 15.0, 2, 1)
        assert row.tenure_days == (date(2026, 6, 10) - date(2024, 1, 1)).days

    def test_a_purchase_within_90_days_keeps_a_customer(self):
        assert one(self.CONTACT, [("ada", "2026-09-07", 1.0)]).later_orders == 1
        assert one(self.CONTACT, [("ada", "2026-09-08", 1.0)]).later_orders == 0

    def test_an_answer_counts_within_the_days(self):
        within = ("k", "ada", "letter", "2026-06-10", "2026-07-09 20:00")
        assert one([within]).responded
        assert not one([(*within[:4], "2026-07-10")]).responded


class TestWhoIsRead:
    def test_a_customer_named_twice_counts_once_from_the_first_contact(self):
        twice = [("k", "ada", "letter", "2026-06-20"), ("k", "ada", "letter", "2026-06-10")]
        found = outcomes(twice, [("ada", "2026-06-11", 10.0)])
        assert len(found) == 1
        assert (found["arms"].item(), found["orders"].item()) == (1, 1)

    def test_a_customer_in_two_arms_is_marked(self):
        assert one([("k", "ada", "letter"), ("k", "ada", "control")]).arms == 2

    def test_contacts_of_a_campaign_that_is_not_listed_are_not_read(self):
        assert outcomes([("ghost", "ada", "letter", "2026-06-10")]).empty


class TestReferenceDate:
    ROWS = (("ada", "2026-10-31", 10.0, 4.0), ("ada", "2026-11-01", 99.0, 99.0))

    def test_sales_from_then_on_are_not_read(self):
        row = one([("k", "ada", "letter", "2026-10-20")], self.ROWS)
        assert (row.orders, row.revenue) == (1, 10.0)

    def test_contacts_from_then_on_are_not_read(self):
        assert outcomes([("k", "ada", "letter", "2026-11-01")]).empty
        assert outcomes([("late", "ada", "control")], campaigns=[("late", "2026-11-01", 1.0)]).empty

    @pytest.mark.parametrize(("day", "over"), [("2026-10-02", True), ("2026-10-03", False)])
    def test_days_are_over_when_the_last_of_them_is(self, day, over):
        assert one([("k", "ada", "letter", day)]).over == over

    def test_an_answer_from_then_on_is_not_read(self):
        assert not one([("k", "ada", "letter", "2026-10-20", "2026-11-01")]).responded


class TestAccounts:
    CONTACT = (("k", "ada", "call", "2026-06-30 10:00"),)
    LIVE = ("ada", "2026-06-30 23:00", 1200.0, "2025-06-30", None)

    def test_the_contract_as_the_last_snapshot_up_to_the_day_says(self):
        earlier = ("ada", "2026-05-31", 1000.0, "2025-06-30", None)
        later = ("ada", "2026-07-31", 5000.0, "2025-06-30", None)
        row = one(self.CONTACT, accounts=[earlier, self.LIVE, later])
        assert (row.acv, row.contract_days, row.has_contract, row.left_contract) == (1200.0, 365, True, False)

    @pytest.mark.parametrize(("day", "left"), [("2026-09-27 12:00", True), ("2026-09-28", False)])
    def test_it_has_left_within_90_days(self, day, left):
        gone = ("ada", "2026-09-30", 1200.0, "2025-06-30", day)
        assert one(self.CONTACT, accounts=[self.LIVE, gone]).left_contract == left

    def test_an_account_gone_before_the_contact_has_no_contract(self):
        gone = ("ada", "2026-06-15", 1200.0, "2025-06-30", "2026-06-10")
        row = one(self.CONTACT, accounts=[gone])
        assert not row.has_contract
        assert not row.left_contract

    def test_what_snapshots_after_the_reference_date_say_is_not_read(self):
        timeframe = parse_timeframe("2026-07", as_of=date(2026, 11, 1))
        gone = ("ada", "2026-08-01", 1200.0, "2025-06-30", "2026-07-15")
        assert not one(self.CONTACT, accounts=[self.LIVE, gone], timeframe=timeframe).left_contract


class TestCampaigns:
    def test_those_that_had_begun_the_newest_first(self):
        found = campaign_list(
            campaigns_of(("a", "2026-06-01", 1.0), ("b", "2026-10-05", 2.0), ("c", "2026-11-01", 3.0)), AUTUMN
        )
        assert found["campaign_id"].tolist() == ["b", "a"]
        assert found["in_timeframe"].tolist() == [True, False]

    def test_guests_alone_are_no_sales_to_read_from(self):
        assert not sells(sales_of((None, "2026-06-01", 5.0)))
        assert sells(sales_of(("ada", "2026-06-01", 5.0)))


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_every_engine_reads_the_same(engine):
    connection = getattr(ibis, engine).connect()

    def stored(name, table):
        rows = table.to_pandas()
        plain = rows.astype(object).where(rows.notna(), None)
        return connection.create_table(name, ibis.memtable(plain, schema=table.schema()))

    tables = [
        campaigns_of(("k", "2026-06-01", 100.0), ("m", "2026-06-05", 10.0)),
        contacts_of(
            ("k", "ada", "letter", "2026-06-10", "2026-06-12"),
            ("k", "bob", "control"),
            ("m", "firm", "call", "2026-06-30"),
            ("m", "bob", "control"),
            ("m", "bob", "call", "2026-06-30"),
        ),
        sales_of(("ada", "2026-06-11", 10.0, 4.0), ("bob", "2026-01-11", 7.25), ("bob", "2026-06-11", -1.5)),
        accounts_of(
            ("firm", "2026-06-30", 900.5, "2025-01-01", None),
            ("firm", "2026-07-31", 900.5, "2025-01-01", "2026-07-20"),
        ),
    ]
    names = ("campaigns", "contacts", "sales", "accounts")
    there = [stored(name, table) for name, table in zip(names, tables, strict=True)]
    pd.testing.assert_frame_equal(contact_outcomes(*there, AUTUMN), contact_outcomes(*tables, AUTUMN))
    pd.testing.assert_frame_equal(campaign_list(there[0], AUTUMN), campaign_list(tables[0], AUTUMN))
    connection.disconnect()
